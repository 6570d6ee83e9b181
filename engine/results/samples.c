#include "samples.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"

/* ---- columns ---------------------------------------------------------------------------------------------------- */

static int column_make(const struct score_set *set, const struct gw_score *from, int gate, const float **out,
                       bool *whole) {
    float *score = mem_calloc(set->n_labelled ? set->n_labelled : 1, sizeof *score);
    if (!score) return GW_ERR_NOMEM;
    for (size_t i = 0; i < set->n_labelled; i++) {
        score[i] = from[set->labelled[i]].p[gate];
        if (isnan(score[i])) *whole = false;
    }
    *out = score;
    return GW_OK;
}

int score_columns_make(const struct experiment *e, const struct results *r, struct score_columns *out) {
    *out = (struct score_columns){.n = r->scores.n_labelled, .n_strategies = e->n_strategies};
    out->at = mem_calloc(e->n_strategies * GW_N_GATES * MAX_SEEDS, sizeof *out->at);
    out->whole = mem_calloc(e->n_strategies * GW_N_GATES, sizeof *out->whole);
    if (!out->at || !out->whole) return GW_ERR_NOMEM;
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model) continue;
        for (size_t g = 0; g < GW_N_GATES; g++) {
            bool *whole = &out->whole[s * GW_N_GATES + g];
            *whole = true;
            for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
                TRY(column_make(&r->scores, r->strategy[s].seed[k].scores.at, (int)g,
                                &out->at[(s * GW_N_GATES + g) * MAX_SEEDS + k], whole));
        }
    }
    return GW_OK;
}

void score_columns_free(struct score_columns *columns) {
    for (size_t i = 0; columns->at && i < columns->n_strategies * GW_N_GATES * MAX_SEEDS; i++)
        mem_free((void *)(uintptr_t)columns->at[i]);
    mem_free(columns->at);
    mem_free(columns->whole);
    *columns = (struct score_columns){0};
}

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

/* What has no seeds is the same beside every seed. */
static const float *column_of(const struct results *r, const struct score_columns *columns, size_t strategy, int gate,
                              size_t seed) {
    const size_t own = seed < r->strategy[strategy].n_seeds ? seed : 0;
    return columns->at[(strategy * GW_N_GATES + (size_t)gate) * MAX_SEEDS + own];
}

static const double *returns_of(const struct results *r, size_t strategy, int gate, size_t seed) {
    const struct strategy_result *result = &r->strategy[strategy];
    return isolated_returns(&r->scores, strategy, &result->seed[seed < result->n_seeds ? seed : 0].scores, gate)[1];
}

static bool all_scored(const struct pair_sample *sample, size_t bar) {
    for (size_t k = 0; k < sample->pair.sample.n_seeds; k++)
        if (isnan(sample->score_a[k][bar]) || isnan(sample->score_b[k][bar])) return false;
    return true;
}

static void take(void *out, const void *from, const uint32_t *at, size_t n, size_t size) {
    for (size_t i = 0; i < n; i++) memcpy((char *)out + i * size, (const char *)from + at[i] * size, size);
}

static int gather(const struct gw_paired_sample *s, const uint32_t *at, const void *from, size_t size, void *out_of) {
    void *out = mem_calloc(s->n ? s->n : 1, size);
    if (!out) return GW_ERR_NOMEM;
    take(out, from, at, s->n, size);
    memcpy(out_of, &out, sizeof out);
    return GW_OK;
}

/* Arrays of its own for a pair that has not scored every bar. */
static int leave_out(struct pair_sample *out, size_t n) {
    struct gw_paired_sample *s = &out->pair.sample, whole = *s;
    uint32_t *at = mem_calloc(n ? n : 1, sizeof *at);
    const float *score_a[MAX_SEEDS], *score_b[MAX_SEEDS];
    const double *pnl_a[MAX_SEEDS], *pnl_b[MAX_SEEDS];
    if (!at) return GW_ERR_NOMEM;
    s->n = 0;
    for (size_t i = 0; i < n; i++)
        if (all_scored(out, i)) at[s->n++] = (uint32_t)i;
    memcpy(score_a, out->score_a, sizeof score_a);
    memcpy(score_b, out->score_b, sizeof score_b);
    memcpy(pnl_a, out->pnl_a, sizeof pnl_a);
    memcpy(pnl_b, out->pnl_b, sizeof pnl_b);
    memset(out->score_a, 0, sizeof out->score_a);
    memset(out->score_b, 0, sizeof out->score_b);
    memset(out->pnl_a, 0, sizeof out->pnl_a);
    memset(out->pnl_b, 0, sizeof out->pnl_b);
    s->label = NULL;
    s->fold = NULL;
    out->pair.at = at;
    out->owned = true;
    TRY(gather(s, at, whole.label, sizeof *whole.label, &s->label));
    TRY(gather(s, at, whole.fold, sizeof *whole.fold, &s->fold));
    for (size_t k = 0; k < s->n_seeds; k++) {
        TRY(gather(s, at, score_a[k], sizeof **score_a, &out->score_a[k]));
        TRY(gather(s, at, score_b[k], sizeof **score_b, &out->score_b[k]));
        TRY(gather(s, at, pnl_a[k], sizeof **pnl_a, &out->pnl_a[k]));
        TRY(gather(s, at, pnl_b[k], sizeof **pnl_b, &out->pnl_b[k]));
    }
    return GW_OK;
}

int pair_sample_make(const struct experiment *e, const struct results *r, const struct score_columns *columns,
                     const struct pair_verdict *verdict, int gate, struct pair_sample *out) {
    const struct score_set *set = &r->scores;
    const size_t a = verdict->candidate, b = verdict->baseline;
    *out = (struct pair_sample){.pair.sample = {.n = set->n_labelled,
                                                .n_seeds = e->n_seeds,
                                                .score_a = out->score_a,
                                                .score_b = out->score_b,
                                                .label = set->label[gate],
                                                .fold = set->fold,
                                                .pnl_a = out->pnl_a,
                                                .pnl_b = out->pnl_b}};
    for (size_t k = 0; k < e->n_seeds; k++) {
        out->score_a[k] = column_of(r, columns, a, gate, k);
        out->score_b[k] = column_of(r, columns, b, gate, k);
        out->pnl_a[k] = returns_of(r, a, gate, k);
        out->pnl_b[k] = returns_of(r, b, gate, k);
    }
    if (columns->whole[a * GW_N_GATES + (size_t)gate] && columns->whole[b * GW_N_GATES + (size_t)gate]) return GW_OK;
    return leave_out(out, set->n_labelled);
}

void pair_sample_free(struct pair_sample *sample) {
    if (!sample->owned) return;
    struct gw_paired_sample *s = &sample->pair.sample;
    mem_free((void *)(uintptr_t)sample->pair.at);
    mem_free((void *)(uintptr_t)s->label);
    mem_free((void *)(uintptr_t)s->fold);
    for (size_t k = 0; k < MAX_SEEDS; k++) {
        mem_free((void *)(uintptr_t)sample->score_a[k]);
        mem_free((void *)(uintptr_t)sample->score_b[k]);
        mem_free((void *)(uintptr_t)sample->pnl_a[k]);
        mem_free((void *)(uintptr_t)sample->pnl_b[k]);
    }
}
