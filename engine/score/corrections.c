/* Many differences at once: Holm's correction, and Hansen's test of the best against the baseline. */
#include "engine/base/base.h"
#include "gatewalk/verdict.h"

#include <math.h>
#include <stdlib.h>

/* ---- Holm (1979) ----------------------------------------------------------------------------------------------- */

struct ranked {
    double p;
    size_t at;
};

static int by_p(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    return a->p != b->p ? (a->p > b->p) - (a->p < b->p) : (a->at > b->at) - (a->at < b->at);
}

int gw_holm(const double *p_value, size_t n, size_t family, double *adjusted) {
    struct ranked *ranked = mem_calloc(n ? n : 1, sizeof *ranked);
    if (!ranked) return GW_ERR_NOMEM;
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p_value[i])) ranked[m++] = (struct ranked){p_value[i], i};
    }
    qsort(ranked, m, sizeof *ranked, by_p);
    const size_t size = family > m ? family : m;
    double highest = 0;
    for (size_t r = 0; r < m; r++) {
        highest = fmax(highest, fmin(1, (double)(size - r) * ranked[r].p));
        adjusted[ranked[r].at] = highest;
    }
    mem_free(ranked);
    return GW_OK;
}

/* ---- Hansen (2005) --------------------------------------------------------------------------------------------- */

/* Root mean squared distance of the replicates from what was observed. */
static double spread_of(double value, const double *replicate, size_t n) {
    double squares = 0;
    size_t m = 0;
    for (size_t r = 0; r < n; r++) {
        if (isnan(replicate[r])) continue;
        squares += (replicate[r] - value) * (replicate[r] - value);
        m++;
    }
    return m ? sqrt(squares / (double)m) : 0;
}

/* Which difference a replicate is recentred by, if the truth is taken to be: as bad as it looks (lower), not better than
 * the baseline unless hopeless (consistent), exactly the baseline (upper). */
enum { LOWER, CONSISTENT, UPPER, N_CENTRES };

static double centre_of(int kind, double value, double spread, double hopeless) {
    if (kind == UPPER) return value;
    if (kind == LOWER) return fmax(value, 0);
    return value >= -hopeless * spread ? value : 0;
}

int gw_superior_ability(const double *value, const double *const *replicate, size_t n, size_t n_replicates,
                        size_t n_bars, struct gw_superior_ability *out) {
    *out = (struct gw_superior_ability){
        .best = SIZE_MAX, .statistic = NAN, .p_lower = NAN, .p_value = NAN, .p_upper = NAN};
    double *spread = mem_calloc(n ? n : 1, sizeof *spread);
    if (!spread) return GW_ERR_NOMEM;
    for (size_t k = 0; k < n; k++) {
        spread[k] = spread_of(value[k], replicate[k], n_replicates);
        if (!(spread[k] > 0) || !isfinite(value[k])) continue;
        out->n++;
        if (out->best == SIZE_MAX || value[k] / spread[k] > out->statistic) {
            out->best = k;
            out->statistic = value[k] / spread[k];
        }
    }
    if (out->n == 0 || n_replicates == 0) {
        mem_free(spread);
        return GW_OK;
    }
    const double observed = fmax(out->statistic, 0), hopeless = sqrt(2 * log(log(fmax((double)n_bars, 3))));
    size_t reached[N_CENTRES] = {0};
    for (size_t r = 0; r < n_replicates; r++)
        for (int kind = 0; kind < N_CENTRES; kind++) {
            double highest = 0;
            for (size_t k = 0; k < n; k++) {
                if (!(spread[k] > 0) || !isfinite(value[k]) || isnan(replicate[k][r])) continue;
                double z = (replicate[k][r] - centre_of(kind, value[k], spread[k], hopeless)) / spread[k];
                highest = fmax(highest, z);
            }
            reached[kind] += highest >= observed;
        }
    out->p_lower = (double)(1 + reached[LOWER]) / (double)(n_replicates + 1);
    out->p_value = (double)(1 + reached[CONSISTENT]) / (double)(n_replicates + 1);
    out->p_upper = (double)(1 + reached[UPPER]) / (double)(n_replicates + 1);
    mem_free(spread);
    return GW_OK;
}
