/* Is a candidate better than the baseline? The paired deltas, the reference study's success test, and what follows. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "results.h"

/* A pair's labelled bars that both have scored with every seed. */
struct shared_bars {
    size_t n;
    uint32_t *at; /* [n] positions among the labelled bars */
    int8_t *label;
    uint32_t *fold;
    double *pnl_a, *pnl_b; /* each side by its own exits */
};

static void shared_free(struct shared_bars *shared) {
    mem_free(shared->at);
    mem_free(shared->label);
    mem_free(shared->fold);
    mem_free(shared->pnl_a);
    mem_free(shared->pnl_b);
}

static bool all_scored(const struct strategy_result *result, uint32_t bar, int gate) {
    for (size_t k = 0; k < result->n_seeds; k++)
        if (isnan(result->seed[k].scores.at[bar].p[gate])) return false;
    return true;
}

static int shared_make(const struct results *r, size_t a, size_t b, int gate, struct shared_bars *out) {
    const struct score_set *set = &r->scores;
    size_t n = set->n_labelled ? set->n_labelled : 1;
    *out = (struct shared_bars){
        .at = mem_calloc(n, sizeof *out->at),
        .label = mem_calloc(n, sizeof *out->label),
        .fold = mem_calloc(n, sizeof *out->fold),
        .pnl_a = mem_calloc(n, sizeof *out->pnl_a),
        .pnl_b = mem_calloc(n, sizeof *out->pnl_b),
    };
    if (!out->at || !out->label || !out->fold || !out->pnl_a || !out->pnl_b) return GW_ERR_NOMEM;
    for (size_t i = 0; i < set->n_labelled; i++) {
        uint32_t bar = set->labelled[i];
        if (!all_scored(&r->strategy[a], bar, gate) || !all_scored(&r->strategy[b], bar, gate)) continue;
        out->at[out->n] = (uint32_t)i;
        out->label[out->n] = set->label[gate][i];
        out->fold[out->n] = set->fold[i];
        out->pnl_a[out->n] = set->isolated[a].pnl[gate][1][i];
        out->pnl_b[out->n++] = set->isolated[b].pnl[gate][1][i];
    }
    return GW_OK;
}

/* scores of one strategy and gate, one array of the shared bars per seed */
static int seed_scores(const struct results *r, const struct shared_bars *shared, size_t n_seeds, size_t strategy,
                       int gate, const float **out) {
    const struct strategy_result *result = &r->strategy[strategy];
    for (size_t k = 0; k < n_seeds; k++) {
        size_t own = k < result->n_seeds ? k : 0; /* what has no seeds is the same beside every seed */
        float *score = mem_calloc(shared->n ? shared->n : 1, sizeof *score);
        if (!score) return GW_ERR_NOMEM;
        for (size_t i = 0; i < shared->n; i++)
            score[i] = result->seed[own].scores.at[r->scores.labelled[shared->at[i]]].p[gate];
        out[k] = score;
    }
    return GW_OK;
}

static void on_replicates(void *context, size_t done) { progress_add(context, done); }

static int compare_gate(const struct experiment *e, size_t n_symbols, const struct results *r, struct pair_verdict *v,
                        int gate, size_t n_threads, struct progress *progress) {
    const float *a[MAX_SEEDS] = {NULL}, *b[MAX_SEEDS] = {NULL};
    struct shared_bars shared;
    struct gw_verdict_config config = {
        .n_bootstrap = e->verdict.bootstrap,
        .n_threads = n_threads,
        .confidence = e->verdict.confidence,
        .seed = e->seed[0],
        .block_length = e->verdict.block,
        .horizon = e->labels.horizon * n_symbols, /* in rows: symbols alternate within a bar */
        .on_replicates = on_replicates,
        .context = progress,
    };
    int rc;
    TRY_GOTO(shared_make(r, v->candidate, v->baseline, gate, &shared), done);
    TRY_GOTO(seed_scores(r, &shared, e->n_seeds, v->candidate, gate, a), done);
    TRY_GOTO(seed_scores(r, &shared, e->n_seeds, v->baseline, gate, b), done);
    struct gw_paired_sample sample = {
        .n = shared.n,
        .n_seeds = e->n_seeds,
        .score_a = a,
        .score_b = b,
        .label = shared.label,
        .fold = shared.fold,
        .pnl_a = shared.pnl_a,
        .pnl_b = shared.pnl_b,
    };
    v->n_bars[gate] = shared.n;
    TRY_GOTO(gw_verdict_compare(&sample, &config, &v->gate[gate]), done);
done:
    for (size_t k = 0; k < MAX_SEEDS; k++) {
        mem_free((void *)(uintptr_t)a[k]);
        mem_free((void *)(uintptr_t)b[k]);
    }
    shared_free(&shared);
    return rc;
}

static enum outcome outcome_of(const struct gw_gate_verdict gate[GW_N_GATES]) {
    size_t n_better = 0, n_worse = 0, n_measured = 0;
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++) {
            const struct gw_delta *delta = &gate[g].delta[d];
            n_measured += isfinite(delta->p_value);
            if (delta->significant) delta->value > 0 ? n_better++ : n_worse++;
        }
    if (n_measured == 0) return OUTCOME_NOT_MEASURED;
    if (n_better && n_worse) return OUTCOME_MIXED;
    return n_better ? OUTCOME_BETTER : n_worse ? OUTCOME_WORSE : OUTCOME_NO_DIFFERENCE;
}

/* Pairs that are compared one after the other, on how many threads, and how far they are. */
struct comparing {
    size_t n_threads;
    struct progress *progress;
    size_t n_pairs, begun;
};

static int begin_comparing(const struct experiment *e, struct comparing *c, size_t n_pairs) {
    c->n_pairs = n_pairs;
    c->begun = 0;
    return progress_begin(&c->progress, "verdict", n_pairs * GW_N_GATES * e->verdict.bootstrap, "replicates");
}

static int compare(const struct experiment *e, const struct prepared *p, const struct results *r, struct comparing *c,
                   struct pair_verdict *v) {
    c->begun++;
    for (int g = 0; g < GW_N_GATES; g++) {
        progress_note(c->progress, "%zu/%zu %s and %s, %s", c->begun, c->n_pairs, e->strategy[v->candidate].name,
                      e->strategy[v->baseline].name, gw_gate_name[g]);
        TRY(compare_gate(e, p->market.n_symbols, r, v, g, c->n_threads, c->progress));
    }
    for (size_t i = 0; i < N_CRITERIA; i++) v->criterion[i] = criterion_apply(&success_test[i], v->gate);
    v->outcome = outcome_of(v->gate);
    return interrupt_check();
}

/* P@1 % of a strategy, mean over the gates, as a verdict holds it; NaN when it is in none. */
static double precision_of(const struct results *r, size_t strategy) {
    for (size_t i = 0; i < r->n_verdicts; i++) {
        const struct pair_verdict *v = &r->verdict[i];
        double sum = 0;
        for (int g = 0; g < GW_N_GATES; g++) {
            const struct gw_delta *d = &v->gate[g].delta[GW_DELTA_P1];
            sum += v->candidate == strategy ? d->candidate : d->baseline;
        }
        if (v->candidate == strategy || v->baseline == strategy) return sum / GW_N_GATES;
    }
    return NAN;
}

/* The best gate with or without attention weights by P@1 %; SIZE_MAX: none. Ensembles stand apart: their members are
 * compared already; what came from outside has an attention that nobody here knows. */
static size_t best_gate(const struct experiment *e, const struct results *r, bool attention) {
    size_t best = SIZE_MAX;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (!strategy_trains(spec)) continue;
        if ((gw_model_attention_maps(&spec->model) > 0) != attention || isnan(precision_of(r, s))) continue;
        if (best == SIZE_MAX || precision_of(r, s) > precision_of(r, best)) best = s;
    }
    return best;
}

/* What the comparison of the best gate with attention and the best one without says of the need for attention. */
static enum simpler_gate judge_simpler(const struct gw_gate_verdict gate[GW_N_GATES]) {
    if (gate[GW_GATE_LONG].delta[GW_DELTA_P1].value + gate[GW_GATE_SHORT].delta[GW_DELTA_P1].value > 0)
        return SIMPLER_BEHIND;
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++)
            if (gate[g].delta[d].significant && gate[g].delta[d].value < 0) return SIMPLER_BETTER;
    return SIMPLER_AS_GOOD;
}

/* Is it attention, or would pooling, another start or a wider layer do as well? Where a gate without attention beats the
 * baseline, the best attention gate has to stand beside that one too. */
static int compare_with_control(const struct experiment *e, const struct prepared *p, struct results *r,
                                size_t n_threads) {
    size_t attention = best_gate(e, r, true), control = best_gate(e, r, false);
    if (attention == SIZE_MAX || control == SIZE_MAX || control == r->baseline) return GW_OK;
    struct pair_verdict *v = &r->verdict[r->n_verdicts];
    v->candidate = attention;
    v->baseline = control;
    struct comparing c = {.n_threads = n_threads};
    TRY(begin_comparing(e, &c, 1));
    int rc = compare(e, p, r, &c, v);
    progress_end(c.progress);
    if (rc < 0) return rc;
    v->simpler = judge_simpler(v->gate);
    r->n_verdicts++;
    return GW_OK;
}

static bool is_candidate(const struct experiment *e, const struct results *r, size_t s) {
    return s != r->baseline && e->strategy[s].desc->needs_model;
}

static int compare_with_baseline(const struct experiment *e, const struct prepared *p, struct results *r,
                                 size_t n_threads) {
    struct comparing c = {.n_threads = n_threads};
    size_t n = 0;
    int rc = GW_OK;
    for (size_t s = 0; s < e->n_strategies; s++) n += is_candidate(e, r, s);
    if (n == 0) return GW_OK;
    TRY(begin_comparing(e, &c, n));
    for (size_t s = 0; rc == GW_OK && s < e->n_strategies; s++) {
        if (!is_candidate(e, r, s)) continue;
        struct pair_verdict *v = &r->verdict[r->n_verdicts];
        v->candidate = s;
        v->baseline = r->baseline;
        rc = compare(e, p, r, &c, v);
        if (rc == GW_OK) r->n_verdicts++;
    }
    progress_end(c.progress);
    return rc;
}

int results_verdict(const struct experiment *e, const struct prepared *p, struct results *r, size_t n_threads) {
    r->baseline = SIZE_MAX;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strcmp(e->strategy[s].name, e->verdict.baseline) == 0) r->baseline = s;
    if (r->baseline == SIZE_MAX) return GW_OK;
    r->verdict = mem_calloc(e->n_strategies, sizeof *r->verdict); /* the baseline's place is the control's */
    if (!r->verdict) return GW_ERR_NOMEM;
    TRY(compare_with_baseline(e, p, r, n_threads));
    return compare_with_control(e, p, r, n_threads);
}
