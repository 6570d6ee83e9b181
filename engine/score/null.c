/* Null control: would labels that have nothing to do with the scores have reached this average precision?
 *
 * Gate labels are autocorrelated over their horizon and beyond, and so are scores. Shuffling single labels destroys
 * that and calls every second scorer skilled; shifting a fold's labels around its own circle keeps it whole. */
#include "engine/base/base.h"
#include "gatewalk/verdict.h"
#include "resample.h"
#include "shift.h"

#include <string.h>

/* Where the positives are, and where a shift takes them. */
struct positives {
    size_t n;
    uint32_t *bar, *shifted; /* [n] */
};

static int positives_find(const struct gw_gate_sample *sample, struct positives *out) {
    *out = (struct positives){0};
    for (size_t i = 0; i < sample->n; i++) out->n += sample->label[i] == 1;
    out->bar = mem_calloc(out->n ? out->n : 1, sizeof *out->bar);
    out->shifted = mem_calloc(out->n ? out->n : 1, sizeof *out->shifted);
    if (!out->bar || !out->shifted) return GW_ERR_NOMEM;
    for (size_t i = 0, k = 0; i < sample->n; i++)
        if (sample->label[i] == 1) out->bar[k++] = (uint32_t)i;
    return GW_OK;
}

static void shift_labels(const struct gw_gate_sample *sample, size_t min_shift, struct gw_rng *rng,
                         struct positives *positives) {
    size_t k = 0;
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        const size_t n = end - begin, back = shift_draw(n, min_shift, rng);
        for (; k < positives->n && positives->bar[k] < end; k++) {
            const size_t at = positives->bar[k] - begin;
            positives->shifted[k] = (uint32_t)(begin + (at >= back ? at - back : at + n - back));
        }
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

/* ---- average precision of labels that change beside scores that do not ------------------------------------------ */

/* Positives are set as bits by rank and met in that order, so that a resample costs as much as it has positives. */
struct ranks {
    size_t n;
    uint32_t *of;  /* [n] a bar's rank by falling score */
    uint32_t *end; /* [n] ranks before it are at or above the score of this one */
};

static int ranks_make(const float *score, size_t n, struct ranks *out) {
    *out = (struct ranks){.n = n};
    uint32_t *order = mem_calloc(n, sizeof *order);
    out->of = mem_calloc(n, sizeof *out->of);
    out->end = mem_calloc(n, sizeof *out->end);
    int rc = order && out->of && out->end ? rank_descending(score, n, order) : GW_ERR_NOMEM;
    for (size_t begin = 0, end; rc == GW_OK && begin < n; begin = end) {
        end = tie_end(score, order, begin, n);
        for (size_t r = begin; r < end; r++) {
            out->of[order[r]] = (uint32_t)r;
            out->end[r] = (uint32_t)end;
        }
    }
    mem_free(order);
    return rc;
}

enum { WORD = 64 };

/* The sums of average_precision_ranked in their order: the same bits. */
static double precision_of(const struct ranks *ranks, const uint32_t *positive, size_t n_positives, uint64_t *bits) {
    const size_t n_words = (ranks->n + WORD - 1) / WORD;
    double hits = 0, step = 0, area = 0;
    size_t end = 0;
    memset(bits, 0, n_words * sizeof *bits);
    for (size_t k = 0; k < n_positives; k++) {
        const uint32_t rank = ranks->of[positive[k]];
        bits[rank / WORD] |= UINT64_C(1) << rank % WORD;
    }
    for (size_t w = 0; w < n_words; w++)
        for (uint64_t left = bits[w]; left; left &= left - 1) {
            const size_t own = ranks->end[w * WORD + (size_t)__builtin_ctzll(left)];
            if (own != end && step > 0) area += step * hits / (double)end, step = 0;
            end = own;
            hits += 1;
            step += 1;
        }
    if (step > 0) area += step * hits / (double)end;
    return hits > 0 ? area / hits : (double)NAN;
}

static double mean_precision(const struct ranks *ranks, size_t n_seeds, const uint32_t *positive, size_t n_positives,
                             uint64_t *bits) {
    double sum = 0;
    for (size_t k = 0; k < n_seeds; k++) sum += precision_of(&ranks[k], positive, n_positives, bits);
    return sum / (double)n_seeds;
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

int gw_null_average_precision(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds,
                              size_t n_resamples, size_t min_shift, uint64_t seed, struct gw_null_result *out) {
    *out = (struct gw_null_result){NAN, NAN, NAN, NAN};
    if (n_resamples == 0) FAIL(GW_ERR_CONFIG, "the null control needs at least 1 resample");
    if (!labels_binary(sample->label, sample->n))
        FAIL(GW_ERR_DATA, "labels must be 0 or 1: bars without label must be left out");
    if (sample->n == 0 || n_seeds == 0) return GW_OK;

    struct positives positives = {0};
    struct ranks *ranks = mem_calloc(n_seeds, sizeof *ranks);
    double *null = mem_calloc(n_resamples, sizeof *null);
    uint64_t *bits = mem_calloc(sample->n / WORD + 1, sizeof *bits);
    int rc = ranks && null && bits ? positives_find(sample, &positives) : GW_ERR_NOMEM;
    for (size_t k = 0; rc == GW_OK && k < n_seeds; k++) rc = ranks_make(score[k], sample->n, &ranks[k]);
    if (rc < 0) goto cleanup;
    out->observed = mean_precision(ranks, n_seeds, positives.bar, positives.n, bits);
    if (isnan(out->observed)) goto cleanup;
    for (size_t r = 0; r < n_resamples; r++) {
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "null", r, 0, 0);
        shift_labels(sample, min_shift, &rng, &positives);
        null[r] = mean_precision(ranks, n_seeds, positives.shifted, positives.n, bits);
        TRY_GOTO(interrupt_check(), cleanup);
    }
    summarise(null, n_resamples, out);
cleanup:
    for (size_t k = 0; ranks && k < n_seeds; k++) {
        mem_free(ranks[k].of);
        mem_free(ranks[k].end);
    }
    mem_free(positives.shifted);
    mem_free(positives.bar);
    mem_free(bits);
    mem_free(null);
    mem_free(ranks);
    return rc;
}
