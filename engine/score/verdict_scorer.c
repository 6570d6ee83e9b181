/* Statistics of a scorer under resampling. */
#include "verdict_scorer.h"
#include "engine/base/base.h"

void verdict_scorer_free(struct verdict_scorer *scorer) {
    top_ranking_free(&scorer->top);
    ap_ranking_free(&scorer->ranking);
}

int verdict_scorer_init(struct verdict_scorer *scorer, const struct verdict_bars *bars, const float *score,
                        const double *pnl) {
    *scorer =
        (struct verdict_scorer){.bars = bars,
                                .score = score,
                                .value = {[GW_DELTA_P1] = bars->hit, [GW_DELTA_P5] = bars->hit, [GW_DELTA_PNL1] = pnl}};
    int rc = GW_OK;
    TRY_GOTO(ap_ranking_init(&scorer->ranking, score, bars->label, bars->n), fail);
    TRY_GOTO(top_ranking_init(&scorer->top, score, bars->fold_begin, bars->n_folds), fail);
    return GW_OK;
fail:
    verdict_scorer_free(scorer);
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
    const struct verdict_bars *bars = scorer->bars;
    const struct gw_gate_sample gate = {.n = bars->n, .score = scorer->score, .label = bars->label, .fold = bars->fold};
    const double *value = scorer->value[delta];
    TRY(gw_metric_top_k_weights(&gate, gw_delta_metric[delta].k, weight));
    for (size_t i = 0; i < bars->n; i++)
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

int verdict_bars_init(struct verdict_bars *bars, const struct gw_paired_sample *sample, const uint32_t *at) {
    *bars = (struct verdict_bars){.n = sample->n, .at = at, .label = sample->label, .fold = sample->fold};
    bars->hit = mem_calloc(sample->n, sizeof *bars->hit);
    bars->fold_begin = mem_calloc(sample->n + 1, sizeof *bars->fold_begin);
    if (!bars->hit || !bars->fold_begin) {
        verdict_bars_free(bars);
        return GW_ERR_NOMEM;
    }
    for (size_t begin = 0, end; begin < sample->n; begin = end) {
        end = fold_end(sample->fold, begin, sample->n);
        bars->fold_begin[++bars->n_folds] = (uint32_t)end;
    }
    for (size_t i = 0; i < sample->n; i++) bars->hit[i] = sample->label[i];
    return GW_OK;
}

void verdict_bars_free(struct verdict_bars *bars) {
    mem_free(bars->fold_begin);
    mem_free(bars->hit);
    *bars = (struct verdict_bars){0};
}
