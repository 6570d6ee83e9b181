/* Who is whose neighbour, and how much. The conditional probabilities of a point over its 3 × perplexity nearest are a Gaussian
 * whose width gives them the entropy log(perplexity); joint ones are their mean both ways (van der Maaten 2014, eq. 5-7). */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "neighbours.h"
#include "tsne.h"

void affinity_free(struct affinity *affinity) {
    mem_free(affinity->p);
    mem_free(affinity->column);
    mem_free(affinity->begin);
    *affinity = (struct affinity){0};
}

/* p: [n] out, of squared distances: bisection of the precision in the exponent. */
static void conditional(const float *distance2, size_t n, double perplexity, double *p) {
    double beta = 1, low = 0, high = INFINITY;
    const double wanted = log(perplexity), nearest = (double)distance2[0];
    for (int step = 0; step < 100; step++) {
        double sum = 0, weighted = 0;
        for (size_t j = 0; j < n; j++) {
            const double apart = (double)distance2[j] - nearest;
            p[j] = exp(-apart * beta);
            sum += p[j];
            weighted += apart * p[j];
        }
        for (size_t j = 0; j < n; j++) p[j] /= sum;
        const double entropy = log(sum) + beta * weighted / sum;
        if (fabs(entropy - wanted) < 1e-5) return;
        if (entropy > wanted)
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2 * beta : (low + high) / 2;
    }
}

struct half_pair {
    uint32_t row, column;
    float p;
};

/* Entries of both directions, in the order of rows; columns follow by a second pass of the same counting sort. */
static int join(const uint32_t *neighbour, const double *p, size_t n, size_t k, struct affinity *out) {
    uint32_t *count = mem_calloc(n + 1, sizeof *count);
    const size_t n_pairs = 2 * n * k;
    struct half_pair *by_column = mem_calloc(n_pairs, sizeof *by_column);
    int rc = count && by_column ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        for (size_t i = 0; i < n * k; i++) count[neighbour[i] + 1]++, count[i / k + 1]++;
        for (size_t i = 0; i < n; i++) count[i + 1] += count[i];
        memcpy(out->begin, count, (n + 1) * sizeof *count);
        for (size_t i = 0; i < n * k; i++) {
            const uint32_t row = (uint32_t)(i / k), column = neighbour[i];
            by_column[count[column]++] = (struct half_pair){row, column, (float)p[i]};
            by_column[count[row]++] = (struct half_pair){column, row, (float)p[i]};
        }
        memcpy(count, out->begin, (n + 1) * sizeof *count);
        for (size_t i = 0; i < n_pairs; i++) {
            const size_t to = count[by_column[i].row]++;
            out->column[to] = by_column[i].column;
            out->p[to] = by_column[i].p;
        }
    }
    mem_free(by_column);
    mem_free(count);
    return rc;
}

/* Two entries of one pair stand side by side: they become one. Then all sum to 1. */
static void merge(struct affinity *out) {
    size_t to = 0;
    double total = 0;
    for (size_t i = 0; i < out->n; i++) {
        const size_t first = out->begin[i], end = out->begin[i + 1];
        const size_t row = to;
        for (size_t e = first; e < end; e++) {
            if (to > row && out->column[to - 1] == out->column[e]) {
                out->p[to - 1] += out->p[e];
            } else {
                out->column[to] = out->column[e];
                out->p[to++] = out->p[e];
            }
        }
        out->begin[i] = (uint32_t)row;
    }
    out->begin[out->n] = (uint32_t)to;
    for (size_t e = 0; e < to; e++) total += (double)out->p[e];
    for (size_t e = 0; e < to; e++) out->p[e] = (float)((double)out->p[e] / total);
}

int affinity_make(const float *x, size_t n, size_t d, double perplexity, struct affinity *out) {
    const size_t wanted = (size_t)(3 * perplexity) + 1, k = wanted < n - 1 ? wanted : n - 1;
    *out = (struct affinity){.n = n};
    uint32_t *neighbour = mem_calloc(n * k, sizeof *neighbour);
    float *distance2 = mem_calloc(n * k, sizeof *distance2);
    double *p = mem_calloc(n * k, sizeof *p);
    out->begin = mem_calloc(n + 1, sizeof *out->begin);
    out->column = mem_calloc(2 * n * k, sizeof *out->column);
    out->p = mem_calloc(2 * n * k, sizeof *out->p);
    int rc = neighbour && distance2 && p && out->begin && out->column && out->p ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = neighbours_of_each(x, n, d, k, neighbour, distance2);
    for (size_t i = 0; i < n && rc == GW_OK; i++) conditional(distance2 + i * k, k, perplexity, p + i * k);
    if (rc == GW_OK) rc = join(neighbour, p, n, k, out);
    if (rc == GW_OK) merge(out);
    mem_free(p);
    mem_free(distance2);
    mem_free(neighbour);
    if (rc != GW_OK) affinity_free(out);
    return rc;
}
