/* Metrics of every contestant: pooled over the walk and per fold, per gate and seed, from the metric tables. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "results.h"

void results_sample(const struct results *r, const struct contestant_scores *scores, int gate, size_t begin, size_t end,
                    float *score, uint8_t *acted, struct gw_gate_sample *out) {
    const struct score_set *set = &r->scores;
    for (size_t i = begin; i < end; i++) {
        const struct gw_score *at = &scores->at[set->labelled[i]];
        score[i] = at->p[gate];
        acted[i] = at->p[gate] >= at->tau[gate];
    }
    *out = (struct gw_gate_sample){
        .n = end - begin,
        .score = score + begin,
        .label = set->label[gate] + begin,
        .fold = set->fold + begin,
        .acted = acted + begin,
        .pnl = {set->pnl[gate][0] + begin, set->pnl[gate][1] + begin, set->pnl[gate][2] + begin},
    };
}

static int compute(const struct experiment *e, const struct gw_gate_sample *sample, struct gate_values *out) {
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_desc *metric = gw_metric_at(m);
        size_t n_k = metric->per_k ? e->signals.n_k : 1;
        for (size_t k = 0; k < n_k; k++) {
            out->value[m][k] = NAN;
            if (sample->n == 0) continue;
            TRY(metric->compute(sample, metric->per_k ? e->signals.k[k] : e->signals.act_on, &out->value[m][k]));
        }
    }
    return GW_OK;
}

static int measure_seed(const struct experiment *e, const struct prepared *p, const struct results *r,
                        struct seed_result *seed, int gate, float *score, uint8_t *acted) {
    const struct score_set *set = &r->scores;
    struct gw_gate_sample sample;
    results_sample(r, &seed->scores, gate, 0, set->n_labelled, score, acted, &sample);
    TRY(compute(e, &sample, &seed->pooled[gate]));
    seed->fold[gate] = mem_calloc(p->plan.n_folds, sizeof *seed->fold[gate]);
    if (!seed->fold[gate]) return GW_ERR_NOMEM;
    for (size_t f = 0, begin = 0; f < p->plan.n_folds; f++) {
        size_t end = begin;
        while (end < set->n_labelled && set->fold[end] == f) end++;
        results_sample(r, &seed->scores, gate, begin, end, score, acted, &sample);
        TRY(compute(e, &sample, &seed->fold[gate][f]));
        begin = end;
    }
    return interrupt_check();
}

/* Over all seeds at once: their mean is what the tables show. */
static int null_control(const struct experiment *e, size_t n_symbols, const struct results *r,
                        struct strategy_result *result, int gate, uint8_t *acted) {
    result->null[gate] = (struct gw_null_result){NAN, NAN, NAN, NAN};
    if (e->verdict.null_resamples == 0) return GW_OK;
    float *score[MAX_SEEDS] = {NULL};
    struct gw_gate_sample sample = {0};
    int rc = GW_OK;
    for (size_t k = 0; rc == GW_OK && k < result->n_seeds; k++) {
        score[k] = mem_calloc(r->scores.n_labelled ? r->scores.n_labelled : 1, sizeof *score[k]);
        if (!score[k]) rc = GW_ERR_NOMEM;
        if (rc == GW_OK)
            results_sample(r, &result->seed[k].scores, gate, 0, r->scores.n_labelled, score[k], acted, &sample);
    }
    if (rc == GW_OK)
        rc = gw_null_average_precision(&sample, (const float *const *)score, result->n_seeds, e->verdict.null_resamples,
                                       2 * e->labels.horizon * n_symbols, e->seed[0], &result->null[gate]);
    for (size_t k = 0; k < result->n_seeds; k++) mem_free(score[k]);
    return rc;
}

int results_measure(const struct experiment *e, const struct prepared *p, struct results *r) {
    size_t n = r->scores.n_labelled ? r->scores.n_labelled : 1;
    float *score = mem_calloc(n, sizeof *score);
    uint8_t *acted = mem_calloc(n, 1);
    int rc = score && acted ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model) continue;
        struct strategy_result *result = &r->strategy[s];
        for (int g = 0; rc == GW_OK && g < GW_N_GATES; g++) {
            for (size_t k = 0; rc == GW_OK && k < result->n_seeds; k++)
                rc = measure_seed(e, p, r, &result->seed[k], g, score, acted);
            if (rc == GW_OK) rc = null_control(e, p->market.n_symbols, r, result, g, acted);
        }
    }
    mem_free(score);
    mem_free(acted);
    return rc;
}
