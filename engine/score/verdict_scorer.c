/* Statistics of a scorer, and of a pair of them, under resampling. */
#include "verdict_scorer.h"
#include "engine/base/base.h"

#include <omp.h>

#include "gatewalk/rng.h"

static void scorer_free(struct verdict_scorer *scorer) {
    top_ranking_free(&scorer->top);
    ap_ranking_free(&scorer->ranking);
}

static int scorer_init(struct verdict_scorer *scorer, const struct verdict_pair *pair,
                       const struct gw_paired_sample *sample, const float *score, const double *pnl) {
    *scorer =
        (struct verdict_scorer){.sample = sample,
                                .score = score,
                                .value = {[GW_DELTA_P1] = pair->hit, [GW_DELTA_P5] = pair->hit, [GW_DELTA_PNL1] = pnl}};
    int rc = GW_OK;
    TRY_GOTO(ap_ranking_init(&scorer->ranking, score, sample->label, sample->n), fail);
    TRY_GOTO(top_ranking_init(&scorer->top, score, pair->fold_begin, pair->n_folds), fail);
    return GW_OK;
fail:
    scorer_free(scorer);
    return rc;
}

double verdict_scorer_measure(const struct verdict_scorer *scorer, int delta, const struct resample *resample) {
    if (delta == GW_DELTA_AP) return ap_ranking_resample(&scorer->ranking, resample->count);
    if (!scorer->value[delta]) return NAN;
    return top_ranking_resample(&scorer->top, resample, gw_delta_metric[delta].k, scorer->value[delta]);
}

/* A bar among the top moves their mean by its distance from it, and moves the border, too: what enters or leaves there
 * is taken to be as good as the top's mean, so that only the first counts. */
static int top_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign, double *weight,
                         double *influence) {
    const struct gw_paired_sample *sample = scorer->sample;
    const struct gw_gate_sample gate = {
        .n = sample->n, .score = scorer->score, .label = sample->label, .fold = sample->fold};
    const double *value = scorer->value[delta];
    TRY(gw_metric_top_k_weights(&gate, gw_delta_metric[delta].k, weight));
    for (size_t i = 0; i < sample->n; i++)
        if (weight[i] > 0 && !isnan(value[i])) influence[i] += sign * weight[i] * (value[i] - observed);
    return GW_OK;
}

int verdict_scorer_influence(const struct verdict_scorer *scorer, int delta, double observed, double sign, double *room,
                             double *influence) {
    if (delta != GW_DELTA_AP) return top_influence(scorer, delta, observed, sign, room, influence);
    /* A positive contributes the precision at its own score. */
    const struct ap_ranking *ranking = &scorer->ranking;
    size_t positive = 0;
    for (size_t g = 0; g < ranking->n_groups; g++) {
        double precision = (double)ranking->positive_end[g] / (double)ranking->end[g];
        for (; positive < ranking->positive_end[g]; positive++)
            influence[ranking->positive[positive]] += sign * (precision - observed);
    }
    return GW_OK;
}

static int pair_folds(struct verdict_pair *pair, const struct gw_paired_sample *sample) {
    pair->hit = mem_calloc(sample->n, sizeof *pair->hit);
    pair->fold_begin = mem_calloc(sample->n + 1, sizeof *pair->fold_begin);
    if (!pair->hit || !pair->fold_begin) return GW_ERR_NOMEM;
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        pair->fold_begin[++pair->n_folds] = (uint32_t)end;
    }
    for (size_t i = 0; i < sample->n; i++) pair->hit[i] = sample->label[i];
    return GW_OK;
}

int verdict_pair_init(struct verdict_pair *pair, const struct gw_paired_sample *sample) {
    *pair = (struct verdict_pair){.n = sample->n, .n_seeds = sample->n_seeds};
    int rc = GW_OK;
    TRY_GOTO(pair_folds(pair, sample), fail);
    pair->a = mem_calloc(sample->n_seeds, sizeof *pair->a);
    pair->b = mem_calloc(sample->n_seeds, sizeof *pair->b);
    if (!pair->a || !pair->b) {
        rc = GW_ERR_NOMEM;
        goto fail;
    }
    for (size_t s = 0; s < sample->n_seeds; s++) {
        TRY_GOTO(scorer_init(&pair->a[s], pair, sample, sample->score_a[s], sample->pnl_a), fail);
        TRY_GOTO(scorer_init(&pair->b[s], pair, sample, sample->score_b[s], sample->pnl_b), fail);
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
    mem_free(pair->fold_begin);
    mem_free(pair->hit);
    *pair = (struct verdict_pair){0};
}

static double pair_difference(const struct verdict_pair *pair, int delta, const struct resample *resample) {
    double sum = 0;
    for (size_t s = 0; s < pair->n_seeds; s++)
        sum +=
            verdict_scorer_measure(&pair->a[s], delta, resample) - verdict_scorer_measure(&pair->b[s], delta, resample);
    return sum / (double)pair->n_seeds;
}

/* One resample. room: n counts and n_folds sums of them. */
static struct resample draw(const struct verdict_pair *pair, double block_length, uint64_t seed, size_t r,
                            uint32_t *room) {
    uint32_t *count = room, *drawn = room + pair->n;
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "bootstrap", r, 0, 0);
    bootstrap_counts(&rng, pair->n, block_length, count);
    for (size_t f = 0; f < pair->n_folds; f++) {
        drawn[f] = 0;
        for (uint32_t i = pair->fold_begin[f]; i < pair->fold_begin[f + 1]; i++) drawn[f] += count[i];
    }
    return (struct resample){count, drawn};
}

/* So many replicates between two looks at whether the user wants to stop. */
enum { REPLICATES_AT_ONCE = 64 };

int verdict_pair_replicates(const struct verdict_pair *pair, const struct gw_verdict_config *config,
                            double block_length, double *replicate) {
    const size_t n_threads = threads_startable(config->n_threads ? config->n_threads : 1);
    const size_t room = pair->n + pair->n_folds, total = config->n_bootstrap;
    uint32_t *rooms = mem_calloc(n_threads * room, sizeof *rooms);
    if (!rooms) return GW_ERR_NOMEM;
    int rc = GW_OK;
    for (size_t begin = 0; rc == GW_OK && begin < total; begin += REPLICATES_AT_ONCE) {
        const size_t end = begin + REPLICATES_AT_ONCE < total ? begin + REPLICATES_AT_ONCE : total;
#pragma omp parallel for num_threads((int)n_threads) schedule(dynamic)
        for (size_t r = begin; r < end; r++) {
            const struct resample resample =
                draw(pair, block_length, config->seed, r, rooms + (size_t)omp_get_thread_num() * room);
            for (int d = 0; d < GW_N_DELTAS; d++)
                replicate[(size_t)d * total + r] = pair_difference(pair, d, &resample);
        }
        if (config->on_replicates) config->on_replicates(config->context, end - begin);
        rc = interrupt_check();
    }
    mem_free(rooms);
    return rc;
}
