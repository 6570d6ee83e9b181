/* Metrics of every contestant: pooled over the walk and per fold, per gate and seed, from the metric tables. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "results.h"

int sample_room_make(const struct results *r, struct sample_room *room) {
    size_t n = r->scores.n_labelled ? r->scores.n_labelled : 1;
    *room = (struct sample_room){
        .score = mem_calloc(n, sizeof *room->score),
        .acted = mem_calloc(n, sizeof *room->acted),
        .label = mem_calloc(n, sizeof *room->label),
        .fold = mem_calloc(n, sizeof *room->fold),
    };
    bool made = room->score && room->acted && room->label && room->fold;
    for (int c = 0; c < 3; c++) made &= (room->pnl[c] = mem_calloc(n, sizeof(double))) != NULL;
    return made ? GW_OK : GW_ERR_NOMEM;
}

void sample_room_free(struct sample_room *room) {
    mem_free(room->score);
    mem_free(room->acted);
    mem_free(room->label);
    mem_free(room->fold);
    for (int c = 0; c < 3; c++) mem_free(room->pnl[c]);
}

static bool is_scored(const struct strategy_result *result, size_t seed, bool shared, int gate, uint32_t bar) {
    if (!shared) return !isnan(result->seed[seed].scores.at[bar].p[gate]);
    for (size_t k = 0; k < result->n_seeds; k++)
        if (isnan(result->seed[k].scores.at[bar].p[gate])) return false;
    return true;
}

void results_sample(const struct results *r, const struct strategy_result *result, size_t seed, int gate, size_t begin,
                    size_t end, bool shared, struct sample_room *room, struct gw_gate_sample *out) {
    const struct score_set *set = &r->scores;
    double *const *pnl = isolated_returns(set, (size_t)(result - r->strategy), &result->seed[seed].scores, gate);
    size_t n = 0;
    for (size_t i = begin; i < end; i++) {
        if (i % REST_EVERY == REST_EVERY - 1) mem_rest();
        if (!is_scored(result, seed, shared, gate, set->labelled[i])) continue;
        const struct gw_score *at = &result->seed[seed].scores.at[set->labelled[i]];
        room->score[n] = at->p[gate];
        room->acted[n] = at->p[gate] >= at->tau[gate];
        room->label[n] = set->label[gate][i];
        room->fold[n] = set->fold[i];
        for (int c = 0; c < 3; c++) room->pnl[c][n] = pnl[c][i];
        n++;
    }
    *out = (struct gw_gate_sample){
        .n = n,
        .score = room->score,
        .label = room->label,
        .fold = room->fold,
        .acted = room->acted,
        .pnl = {room->pnl[0], room->pnl[1], room->pnl[2]},
        .ranking_only = result->ranking_only[gate],
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
                        struct strategy_result *result, size_t k, int gate, struct sample_room *room) {
    const struct score_set *set = &r->scores;
    struct seed_result *seed = &result->seed[k];
    struct gw_gate_sample sample;
    results_sample(r, result, k, gate, 0, set->n_labelled, false, room, &sample);
    TRY(compute(e, &sample, &seed->pooled[gate]));
    seed->fold[gate] = mem_calloc(p->plan.n_folds, sizeof *seed->fold[gate]);
    if (!seed->fold[gate]) return GW_ERR_NOMEM;
    for (size_t f = 0, begin = 0; f < p->plan.n_folds; f++) {
        size_t end = begin;
        while (end < set->n_labelled && set->fold[end] == f) end++;
        results_sample(r, result, k, gate, begin, end, false, room, &sample);
        TRY(compute(e, &sample, &seed->fold[gate][f]));
        begin = end;
    }
    return interrupt_check();
}

/* Labels go around the whole circle of a fold. To leave out shifts that are close to where labels belong, as if they told
 * something of it, makes the null too narrow: over 6,000 markets without skill, folds of 200 bars and shifts of at least 48
 * rejected 12.0 % at 5 % (of 800 bars: 5.6 %), any shift 5.0 % (4.8 %). */
enum { ANY_SHIFT = 1 };

/* Over all seeds at once: their mean is what the tables show. */
static int null_control(const struct experiment *e, const struct results *r, struct strategy_result *result, int gate,
                        struct sample_room *room) {
    result->null[gate] = (struct gw_null_result){NAN, NAN, NAN, NAN};
    if (e->verdict.null_resamples == 0) return GW_OK;
    float *score[MAX_SEEDS] = {NULL};
    struct gw_gate_sample sample = {0};
    int rc = GW_OK;
    for (size_t k = 0; rc == GW_OK && k < result->n_seeds; k++) {
        score[k] = mem_calloc(r->scores.n_labelled ? r->scores.n_labelled : 1, sizeof *score[k]);
        if (!score[k]) rc = GW_ERR_NOMEM;
        if (rc < 0) break;
        results_sample(r, result, k, gate, 0, r->scores.n_labelled, true, room, &sample);
        memcpy(score[k], room->score, sample.n * sizeof *score[k]);
    }
    if (rc == GW_OK)
        rc = gw_null_average_precision(&sample, (const float *const *)score, result->n_seeds, e->verdict.null_resamples,
                                       ANY_SHIFT, e->seed[0], &result->null[gate]);
    if (rc == GW_OK)
        rc = null_bands_make(&sample, (const float *const *)score, result->n_seeds, e->signals.k, e->signals.n_k,
                             e->verdict.null_resamples, ANY_SHIFT, e->seed[0], &result->null_bands[gate]);
    for (size_t k = 0; k < result->n_seeds; k++) mem_free(score[k]);
    return rc;
}

/* Whether anything is found at all is asked of every contestant and gate. */
static int correct_nulls(const struct experiment *e, struct results *r) {
    double p_value[MAX_STRATEGIES * GW_N_GATES], adjusted[MAX_STRATEGIES * GW_N_GATES];
    for (size_t i = 0; i < e->n_strategies * GW_N_GATES; i++)
        p_value[i] = e->strategy[i / GW_N_GATES].desc->needs_model
                         ? r->strategy[i / GW_N_GATES].null[i % GW_N_GATES].p_value
                         : (double)NAN;
    TRY(gw_holm(p_value, e->n_strategies * GW_N_GATES, 0, adjusted));
    for (size_t i = 0; i < e->n_strategies * GW_N_GATES; i++)
        r->strategy[i / GW_N_GATES].null_holm[i % GW_N_GATES] = adjusted[i];
    return GW_OK;
}

static int measure_gate(const struct experiment *e, const struct prepared *p, struct results *r, size_t s, int gate,
                        struct sample_room *room) {
    struct strategy_result *result = &r->strategy[s];
    for (size_t k = 0; k < result->n_seeds; k++) TRY(measure_seed(e, p, r, result, k, gate, room));
    const int rc = null_control(e, r, result, gate, room);
    mem_rest();
    return rc;
}

/* Every thread has room for the samples of all bars; of a large universe's few threads have. */
static size_t threads_with_room(const struct results *r, size_t n_jobs, size_t n_threads) {
    enum { BYTES_A_BAR = 64 };
    const size_t most = ((size_t)512 << 20) / (BYTES_A_BAR * (r->scores.n_labelled + 1)) + 1;
    const size_t n = n_jobs < n_threads ? n_jobs : n_threads;
    return n < most ? n : most;
}

/* Contestants and gates are independent, so the numbers are the same for any number of threads. */
int results_measure(const struct experiment *e, const struct prepared *p, struct results *r, size_t n_threads) {
    struct failure failure = {.code = GW_OK};
    const size_t n = e->n_strategies * GW_N_GATES, threads = threads_with_room(r, n, n_threads);
#pragma omp parallel num_threads((int)(threads ? threads : 1))
    {
        struct sample_room room;
        int rc = sample_room_make(r, &room);
        if (rc < 0) failure_note(&failure, 0, rc);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < n; i++) {
            if (atomic_load(&failure.any) || !e->strategy[i / GW_N_GATES].desc->needs_model) continue;
            rc = measure_gate(e, p, r, i / GW_N_GATES, (int)(i % GW_N_GATES), &room);
            if (rc < 0) failure_note(&failure, i, rc);
        }
        sample_room_free(&room);
    }
    TRY(failure_tell(&failure));
    return correct_nulls(e, r);
}
