/* What keeps latents apart. Both are bounded; sums are in double and in a fixed order. */
#include <math.h>
#include <string.h>

#include "transformer.h"

/* Σ_{i≠j} z_i·z_j = |Σ z|² - Σ |z_i|², over n (n - 1) pairs. */
double R(mean_cosine)(size_t n, size_t d, const real *z, double weight, real *dz) {
    enum { MOST = 1024 };
    double sum[MOST] = {0}, squares = 0, total = 0;
    if (n < 2) return 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++) {
            sum[j] += (double)z[i * d + j];
            squares += (double)z[i * d + j] * (double)z[i * d + j];
        }
    for (size_t j = 0; j < d; j++) total += sum[j] * sum[j];
    const double pairs = (double)n * (double)(n - 1);
    for (size_t i = 0; dz && i < n * d; i++) dz[i] += (real)(weight * 2 * (sum[i % d] - (double)z[i]) / pairs);
    return (total - squares) / pairs;
}

/* Row i of similarity [n] becomes its softmax without the row itself, less 1 at the other view; returns its loss. */
static double row_loss(size_t n, size_t i, double temperature, real *row) {
    const size_t other = (i + n / 2) % n;
    double most = -HUGE_VAL, sum = 0;
    for (size_t j = 0; j < n; j++)
        if (j != i && (double)row[j] / temperature > most) most = (double)row[j] / temperature;
    for (size_t j = 0; j < n; j++)
        if (j != i) sum += exp((double)row[j] / temperature - most);
    const double loss = most + log(sum) - (double)row[other] / temperature;
    for (size_t j = 0; j < n; j++) row[j] = j == i ? 0 : (real)(exp((double)row[j] / temperature - most) / sum);
    row[other] -= 1;
    return loss;
}

double R(nt_xent)(const struct R(products) *by, size_t n, size_t d, const real *z, double temperature, double weight,
                  real *similarity, real *dz) {
    double loss = 0;
    if (n < 2) return 0;
    R(multiply)(by, KERNELS_NT, n, n, d, z, d, z, d, similarity, n, false);
    for (size_t i = 0; i < n; i++) loss += row_loss(n, i, temperature, similarity + i * n);
    if (dz) {
        const real scale = (real)(weight / (temperature * (double)n));
        for (size_t i = 0; i < n * n; i++) similarity[i] *= scale;
        R(multiply)(by, KERNELS_NN, n, d, n, similarity, n, z, d, dz, d, true); /* as the row that asks … */
        R(multiply)(by, KERNELS_TN, n, d, n, similarity, n, z, d, dz, d, true); /* … and as one that is asked about */
    }
    return loss / (double)n;
}
