/* Null control: would labels that have nothing to do with the scores have reached this average precision?
 *
 * Gate labels are autocorrelated over their horizon and beyond, and so are scores. Shuffling single labels destroys
 * that and calls every second scorer skilled; shifting a fold's labels around its own circle keeps it whole. */
#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"
#include "resample.h"

#include <string.h>

/* [low, high]: the shifts a fold of n bars allows. A fold too short for min_shift on both sides uses its middle half.
 */
static void shift_range(size_t n, size_t min_shift, size_t *low, size_t *high) {
    size_t least = min_shift ? min_shift : 1;
    *low = least < n / 4 ? least : n / 4;
    *high = n - *low;
}

static void shift_labels(const struct gw_gate_sample *sample, size_t min_shift, struct gw_rng *rng, int8_t *out) {
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        size_t n = end - begin, low, high;
        shift_range(n, min_shift, &low, &high);
        size_t shift = low + (size_t)gw_rng_below(rng, high - low + 1);
        memcpy(out + begin, sample->label + begin + (shift % n), n - shift % n);
        memcpy(out + end - shift % n, sample->label + begin, shift % n);
    }
}

static void summarise(const double *null, size_t n, struct gw_null_result *out) {
    double sum = 0, squares = 0;
    size_t reached = 0;
    for (size_t r = 0; r < n; r++) {
        sum += null[r];
        reached += null[r] >= out->observed;
    }
    out->null_mean = sum / (double)n;
    for (size_t r = 0; r < n; r++) squares += (null[r] - out->null_mean) * (null[r] - out->null_mean);
    out->null_sd = n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
    out->p_value = (double)(1 + reached) / (double)(n + 1);
}

/* The scores' orders of all seeds, one behind the other. */
static int rank_seeds(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds,
                      uint32_t **order) {
    *order = mem_calloc(sample->n * n_seeds, sizeof **order);
    if (!*order) return GW_ERR_NOMEM;
    for (size_t k = 0; k < n_seeds; k++) TRY(rank_descending(score[k], sample->n, *order + k * sample->n));
    return GW_OK;
}

static double mean_precision(const float *const *score, size_t n_seeds, const uint32_t *order, const int8_t *label,
                             size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n_seeds; k++) sum += average_precision_ranked(score[k], order + k * n, label, n);
    return sum / (double)n_seeds;
}

int gw_null_average_precision(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds,
                              size_t n_resamples, size_t min_shift, uint64_t seed, struct gw_null_result *out) {
    *out = (struct gw_null_result){NAN, NAN, NAN, NAN};
    if (n_resamples == 0) FAIL(GW_ERR_CONFIG, "the null control needs at least 1 resample");
    if (!labels_binary(sample->label, sample->n))
        FAIL(GW_ERR_DATA, "labels must be 0 or 1: bars without label must be left out");
    if (sample->n == 0 || n_seeds == 0) return GW_OK;

    int rc = GW_OK;
    int8_t *label = NULL;
    double *null = NULL;
    uint32_t *order = NULL;
    if (!(label = mem_calloc(sample->n, sizeof *label)) || !(null = mem_calloc(n_resamples, sizeof *null))) {
        rc = GW_ERR_NOMEM;
        goto cleanup;
    }
    TRY_GOTO(rank_seeds(sample, score, n_seeds, &order), cleanup);
    out->observed = mean_precision(score, n_seeds, order, sample->label, sample->n);
    if (isnan(out->observed)) goto cleanup;
    for (size_t r = 0; r < n_resamples; r++) {
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "null", r, 0, 0);
        shift_labels(sample, min_shift, &rng, label);
        null[r] = mean_precision(score, n_seeds, order, label, sample->n);
        TRY_GOTO(interrupt_check(), cleanup);
    }
    summarise(null, n_resamples, out);
cleanup:
    mem_free(null);
    mem_free(label);
    mem_free(order);
    return rc;
}
