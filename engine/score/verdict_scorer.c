/* Statistics of a scorer, and of a pair of them, under resampling. */
#include "verdict_scorer.h"
#include "engine/base/base.h"

#include "gatewalk/rng.h"

static int init_picks(struct verdict_scorer *scorer, const struct gw_paired_sample *sample, const float *score,
                      double *weight, double *hit) {
    struct gw_gate_sample gate = {.n = sample->n, .score = score, .label = sample->label, .fold = sample->fold};
    for (size_t i = 0; i < sample->n; i++) hit[i] = sample->label[i];
    for (int d = GW_DELTA_P1; d < GW_N_DELTAS; d++) {
        if (d == GW_DELTA_PNL1 && !sample->pnl) continue;
        TRY(gw_metric_top_k_weights(&gate, gw_delta_metric[d].k, weight));
        TRY(picks_init(&scorer->pick[d], weight, d == GW_DELTA_PNL1 ? sample->pnl : hit, sample->n));
    }
    return GW_OK;
}

static void scorer_free(struct verdict_scorer *scorer) {
    for (int d = 0; d < GW_N_DELTAS; d++) picks_free(&scorer->pick[d]);
    ap_ranking_free(&scorer->ranking);
}

static int scorer_init(struct verdict_scorer *scorer, const struct gw_paired_sample *sample, const float *score) {
    *scorer = (struct verdict_scorer){0};
    int rc = GW_OK;
    double *room = mem_calloc(sample->n, 2 * sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    TRY_GOTO(ap_ranking_init(&scorer->ranking, score, sample->label, sample->n), cleanup);
    TRY_GOTO(init_picks(scorer, sample, score, room, room + sample->n), cleanup);
cleanup:
    mem_free(room);
    if (rc < 0) scorer_free(scorer);
    return rc;
}

double verdict_scorer_measure(const struct verdict_scorer *scorer, int delta, const uint32_t *count) {
    return delta == GW_DELTA_AP ? ap_ranking_resample(&scorer->ranking, count)
                                : picks_resample(&scorer->pick[delta], count);
}

void verdict_scorer_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign,
                              double *influence) {
    if (delta != GW_DELTA_AP) {
        const struct picks *picks = &scorer->pick[delta];
        for (size_t i = 0; i < picks->n; i++)
            influence[picks->bar[i]] += sign * (picks->weighted_value[i] - picks->weight[i] * observed);
        return;
    }
    /* A positive contributes the precision at its own score. */
    const struct ap_ranking *ranking = &scorer->ranking;
    size_t positive = 0;
    for (size_t g = 0; g < ranking->n_groups; g++) {
        double precision = (double)ranking->positive_end[g] / (double)ranking->end[g];
        for (; positive < ranking->positive_end[g]; positive++)
            influence[ranking->positive[positive]] += sign * (precision - observed);
    }
}

int verdict_pair_init(struct verdict_pair *pair, const struct gw_paired_sample *sample) {
    *pair = (struct verdict_pair){.n = sample->n, .n_seeds = sample->n_seeds};
    int rc = GW_OK;
    pair->a = mem_calloc(sample->n_seeds, sizeof *pair->a);
    pair->b = mem_calloc(sample->n_seeds, sizeof *pair->b);
    if (!pair->a || !pair->b) {
        rc = GW_ERR_NOMEM;
        goto fail;
    }
    for (size_t s = 0; s < sample->n_seeds; s++) {
        TRY_GOTO(scorer_init(&pair->a[s], sample, sample->score_a[s]), fail);
        TRY_GOTO(scorer_init(&pair->b[s], sample, sample->score_b[s]), fail);
    }
    return GW_OK;
fail:
    verdict_pair_free(pair);
    return rc;
}

void verdict_pair_free(struct verdict_pair *pair) {
    for (size_t s = 0; s < pair->n_seeds; s++) {
        if (pair->b) scorer_free(&pair->b[s]);
        if (pair->a) scorer_free(&pair->a[s]);
    }
    mem_free(pair->b);
    mem_free(pair->a);
    *pair = (struct verdict_pair){0};
}

static void pair_difference(const struct verdict_pair *pair, const uint32_t *count, double difference[GW_N_DELTAS]) {
    for (int d = 0; d < GW_N_DELTAS; d++) {
        double sum = 0;
        for (size_t s = 0; s < pair->n_seeds; s++)
            sum += verdict_scorer_measure(&pair->a[s], d, count) - verdict_scorer_measure(&pair->b[s], d, count);
        difference[d] = sum / (double)pair->n_seeds;
    }
}

int verdict_pair_replicates(const struct verdict_pair *pair, size_t n_bootstrap, double block_length, uint64_t seed,
                            double *replicate) {
    uint32_t *index = mem_calloc(pair->n, 2 * sizeof *index), *count = index + pair->n;
    if (!index) return GW_ERR_NOMEM;
    int rc = GW_OK;
    for (size_t r = 0; rc == GW_OK && r < n_bootstrap; r++) {
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "bootstrap", r, 0, 0);
        gw_bootstrap_stationary(&rng, pair->n, block_length, index);
        for (size_t i = 0; i < pair->n; i++) count[i] = 0;
        for (size_t i = 0; i < pair->n; i++) count[index[i]]++;
        double difference[GW_N_DELTAS];
        pair_difference(pair, count, difference);
        for (int d = 0; d < GW_N_DELTAS; d++) replicate[(size_t)d * n_bootstrap + r] = difference[d];
        rc = interrupt_check();
    }
    mem_free(index);
    return rc;
}
