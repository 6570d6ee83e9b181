/* The comparison: observed differences, a block length, replicates, and from those an interval and a p-value.
 *
 * Interval and p-value come from the same distribution, |replicate - observed|, so that they never disagree: 0 lies
 * outside the interval exactly when p <= 1 - confidence. This symmetric form of the basic bootstrap interval (Hall
 * 1988) was chosen by a coverage study (tests/score/test_verdict_coverage.c is its program): over 16 settings of 4,000
 * to 20,000 bars, two exchangeable scorers on autocorrelated labels were called different at nominal 5 % in 2.6–9.4 %
 * of the markets, against 3.3–12.4 % with the percentile interval and 1.4–12.6 % with the equal-tailed basic one. With
 * 500–3,000 bars, some tens of label spells, average precision comes to 7–11 % (percentile 9–13 %, basic 7–18 %). The
 * figures for P@K and PnL@K are from when a replicate kept the bars picked once. Now each one ranks what it drew, and
 * replicates of P@K and PnL@K are stretched (family_width.c); one setting was counted anew, 300 markets in which both
 * scorers know much: 5.0 % (AP), 2.0 (P@1), 4.3 (P@5), 2.7 (PnL@1); of scorers that know nothing it is tests/calibration. */
#include "engine/base/base.h"
#include "family.h"
#include "ranking.h"
#include "verdict_scorer.h"

#include <stdlib.h>

const struct gw_metric_key gw_delta_metric[GW_N_DELTAS] = {[GW_DELTA_AP] = {"average_precision", NAN},
                                                           [GW_DELTA_P1] = {"precision_at_k", 1},
                                                           [GW_DELTA_P5] = {"precision_at_k", 5},
                                                           [GW_DELTA_PNL1] = {"pnl_mean_at_k_1x", 1}};

/* A replicate can miss all positives or all picks; when that is common the rest is no sample of anything. */
static const double MIN_DEFINED_SHARE = 0.9;

/* With fewer, no replicate lies as far out as the interval's end. */
size_t gw_verdict_replicates_needed(double confidence) { return (size_t)(ceil(1.0 / (1.0 - confidence) - 1e-9) - 1.0); }

int verdict_check(const struct gw_paired_sample *sample, const struct gw_verdict_config *config) {
    double confidence = config->confidence;
    if (!(confidence > 0 && confidence < 1))
        FAIL(GW_ERR_CONFIG, "confidence = %g: must be above 0 and below 1", confidence);
    size_t needed = gw_verdict_replicates_needed(confidence);
    if (config->n_bootstrap < needed)
        FAIL(GW_ERR_CONFIG, "n_bootstrap = %zu: confidence %g needs at least %zu replicates", config->n_bootstrap,
             confidence, needed);
    if (!labels_binary(sample->label, sample->n))
        FAIL(GW_ERR_DATA, "labels must be 0 or 1: bars without label must be left out");
    return GW_OK;
}

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void verdict_interval(double *replicate, size_t n_bootstrap, double confidence, struct gw_delta *delta) {
    size_t m = 0, as_far = 0;
    for (size_t r = 0; r < n_bootstrap; r++)
        if (!isnan(replicate[r])) replicate[m++] = fabs(replicate[r] - delta->value);
    if (isnan(delta->value) || (double)m < MIN_DEFINED_SHARE * (double)n_bootstrap) return;
    qsort(replicate, m, sizeof *replicate, by_value);
    size_t rank = (size_t)ceil(confidence * (double)(m + 1) - 1e-9);
    /* No spread at all: the scorers are the same where it counts, and there is nothing to be sure of. */
    if (rank > m || replicate[m - 1] <= 1e-12 * fabs(delta->candidate)) return;
    for (size_t r = 0; r < m; r++) as_far += replicate[r] >= fabs(delta->value);
    delta->lo = delta->value - replicate[rank - 1];
    delta->hi = delta->value + replicate[rank - 1];
    delta->p_value = (double)(1 + as_far) / (double)(m + 1);
    delta->significant = fabs(delta->value) > replicate[rank - 1];
}

int gw_verdict_compare(const struct gw_paired_sample *sample, const struct gw_verdict_config *config,
                       struct gw_gate_verdict *out) {
    const struct family_pair pair = {.sample = *sample};
    struct family family;
    int rc = family_compare(&pair, 1, sample->n, config, out, &family);
    family_free(&family);
    return rc;
}
