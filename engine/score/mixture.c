/* The likeliest mixture, by expectation maximisation. */
#include "mixture.h"

#include <math.h>
#include <string.h>

/* The mean log likelihood is within this of the highest there is. */
static const double GAP = 1e-9;
enum { ROUNDS_MAX = 2000 };

/* Mean log likelihood of weights, and ratio_i = mean of row_i / mixture: of a concave function nothing is further above than
 * the largest of them less 1. */
static double judge(const double *likelihood, size_t n_rows, size_t n, const double *weight, double *ratio) {
    double sum = 0;
    memset(ratio, 0, n * sizeof *ratio);
    for (size_t v = 0; v < n_rows; v++) {
        const double *row = likelihood + v * n;
        double mixture = 0;
        for (size_t i = 0; i < n; i++) mixture += weight[i] * row[i];
        for (size_t i = 0; i < n; i++) ratio[i] += row[i] / mixture / (double)n_rows;
        sum += log(mixture) / (double)n_rows;
    }
    return sum;
}

/* to_i ∝ from_i ratio_i^power; with power 1 a round of expectation maximisation, which never falls. */
static void move(const double *from, const double *ratio, double power, size_t n, double *to) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += to[i] = from[i] * pow(ratio[i], power);
    for (size_t i = 0; i < n; i++) to[i] /= sum;
}

void mixture_weights(const double *likelihood, size_t n_rows, size_t n, double *weight) {
    double ratio[MIXTURE_MAX], next[MIXTURE_MAX], next_ratio[MIXTURE_MAX], power = 1;
    for (size_t i = 0; i < n; i++) weight[i] = 1 / (double)n;
    if (n_rows == 0 || n < 2) return;
    double now = judge(likelihood, n_rows, n, weight, ratio);
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        double most = 0;
        for (size_t i = 0; i < n; i++) most = fmax(most, ratio[i]);
        if (most - 1 <= GAP) return;
        move(weight, ratio, power, n, next);
        const double then = judge(likelihood, n_rows, n, next, next_ratio);
        if (!(then >= now) && power > 1) { /* too far: shorter steps again */
            power = fmax(1, power / 4);
            continue;
        }
        now = then;
        power *= 1.5;
        memcpy(weight, next, n * sizeof *weight);
        memcpy(ratio, next_ratio, n * sizeof *ratio);
    }
}
