/* Is a candidate better than the baseline? The paired deltas, the reference study's success test, and plain words. */
#include <math.h>
#include <string.h>

#include "engine/walk/run_private.h"

/* scores of one strategy and gate, one array of labelled bars per seed */
static int seed_scores(const struct results *r, size_t n_seeds, size_t strategy, int gate, const float **out) {
    const struct strategy_result *result = &r->strategy[strategy];
    for (size_t k = 0; k < n_seeds; k++) {
        size_t own = k < result->n_seeds ? k : 0; /* an ensemble is the same beside every seed */
        float *score = mem_calloc(r->scores.n_labelled ? r->scores.n_labelled : 1, sizeof *score);
        if (!score) return GW_ERR_NOMEM;
        for (size_t i = 0; i < r->scores.n_labelled; i++)
            score[i] = result->seed[own].scores.at[r->scores.labelled[i]].p[gate];
        out[k] = score;
    }
    return GW_OK;
}

static int compare_gate(const struct experiment *e, size_t n_symbols, const struct results *r, size_t candidate,
                        size_t baseline, int gate, struct gw_gate_verdict *out) {
    const float *a[MAX_SEEDS] = {NULL}, *b[MAX_SEEDS] = {NULL};
    struct gw_verdict_config config = {
        .n_bootstrap = e->verdict.bootstrap,
        .confidence = e->verdict.confidence,
        .seed = e->seed[0],
        .block_length = e->verdict.block,
        .horizon = e->labels.horizon * n_symbols, /* in rows: symbols alternate within a bar */
    };
    int rc;
    TRY_GOTO(seed_scores(r, e->n_seeds, candidate, gate, a), done);
    TRY_GOTO(seed_scores(r, e->n_seeds, baseline, gate, b), done);
    struct gw_paired_sample sample = {
        .n = r->scores.n_labelled,
        .n_seeds = e->n_seeds,
        .score_a = a,
        .score_b = b,
        .label = r->scores.label[gate],
        .fold = r->scores.fold,
        .pnl = r->scores.pnl[gate][1],
    };
    TRY_GOTO(gw_verdict_compare(&sample, &config, out), done);
done:
    for (size_t k = 0; k < MAX_SEEDS; k++) {
        mem_free((void *)(uintptr_t)a[k]);
        mem_free((void *)(uintptr_t)b[k]);
    }
    return rc;
}

/* "long +4.90 points [-13.34, +23.14]", without the interval where there is none. */
static size_t describe(char *out, size_t size, const char *name, const struct gw_delta *d, double unit,
                       const char *suffix) {
    if (isnan(d->value)) {
        int undefined = snprintf(out, size, "%s undefined", name);
        return undefined > 0 && (size_t)undefined < size ? (size_t)undefined : 0;
    }
    int n = isnan(d->lo) ? snprintf(out, size, "%s %+.2f%s", name, d->value * unit, suffix)
                         : snprintf(out, size, "%s %+.2f%s [%+.2f, %+.2f]", name, d->value * unit, suffix, d->lo * unit,
                                    d->hi * unit);
    return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

static void add_check(struct candidate_verdict *v, const char *name, int delta, double need, double unit,
                      const char *suffix) {
    struct check *check = &v->check[v->n_checks++];
    snprintf(check->name, sizeof check->name, "%s", name);
    size_t used = 0, size = sizeof check->detail;
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct gw_delta *d = &v->gate[g].delta[delta];
        if (d->value > 0 && d->value >= need) check->pass = true;
        if (g && used + 2 < size) used += (size_t)snprintf(check->detail + used, size - used, "; ");
        used += describe(check->detail + used, size - used, gw_gate_name[g], d, unit, suffix);
    }
}

static const struct {
    int delta;
    const char *word;
} spoken[] = {{GW_DELTA_AP, "PR-AUC"}, {GW_DELTA_P1, "P@1 %"}, {GW_DELTA_P5, "P@5 %"}, {GW_DELTA_PNL1, "PnL@1 %"}};

/* "better at long P@1 %, short PR-AUC" for the significant deltas of one sign. */
static size_t list_significant(const struct candidate_verdict *v, bool better, char *out, size_t size) {
    size_t n = 0, used = 0;
    out[0] = '\0';
    for (int g = 0; g < GW_N_GATES; g++)
        for (size_t i = 0; i < COUNT_OF(spoken); i++) {
            const struct gw_delta *d = &v->gate[g].delta[spoken[i].delta];
            if (!d->significant || (d->value > 0) != better) continue;
            int length = snprintf(out + used, size - used, "%s%s %s", n ? ", " : "", gw_gate_name[g], spoken[i].word);
            if (length > 0 && (size_t)length < size - used) used += (size_t)length;
            n++;
        }
    return n;
}

static void conclude(const struct experiment *e, struct candidate_verdict *v) {
    const char *a = e->strategy[v->candidate].name, *b = e->strategy[v->baseline].name;
    char better[200], worse[200];
    size_t n_better = list_significant(v, true, better, sizeof better),
           n_worse = list_significant(v, false, worse, sizeof worse);
    size_t passed = 0;
    for (size_t i = 0; i < v->n_checks; i++) passed += v->check[i].pass;
    double level = e->verdict.confidence * 100;
    const char *seeds = e->n_seeds == 1 ? " One seed only: repeat with --seeds 3 or more before believing it." : "";
    size_t used = 0;
    int n;
    if (n_better + n_worse == 0)
        n = snprintf(v->conclusion, sizeof v->conclusion, "No difference between %s and %s is significant at %g %%.", a,
                     b, level);
    else if (n_worse == 0)
        n = snprintf(
            v->conclusion, sizeof v->conclusion,
            "%s is significantly better than %s at %s (%g %% intervals, not corrected for the %d comparisons).", a, b,
            better, level, GW_N_GATES * GW_N_DELTAS);
    else if (n_better == 0)
        n = snprintf(v->conclusion, sizeof v->conclusion,
                     "%s is significantly WORSE than %s at %s (%g %% intervals, not corrected for the %d comparisons).",
                     a, b, worse, level, GW_N_GATES * GW_N_DELTAS);
    else
        n = snprintf(v->conclusion, sizeof v->conclusion,
                     "Mixed: %s is significantly better than %s at %s, but worse at %s.", a, b, better, worse);
    if (n > 0) used = (size_t)n;
    snprintf(v->conclusion + used, sizeof v->conclusion - used,
             " On point estimates it meets %zu of the %zu criteria on results.%s", passed, v->n_checks, seeds);
}

static int compare(const struct experiment *e, const struct prepared *p, const struct results *r,
                   struct candidate_verdict *v) {
    for (int g = 0; g < GW_N_GATES; g++)
        TRY(compare_gate(e, p->market.n_symbols, r, v->candidate, v->baseline, g, &v->gate[g]));
    add_check(v, "PR-AUC better on at least one gate", GW_DELTA_AP, 0, 1, "");
    add_check(v, "P@1 % at least 5 points better", GW_DELTA_P1, 0.05, 100, " points");
    add_check(v, "P@5 % at least 3 points better", GW_DELTA_P5, 0.03, 100, " points");
    add_check(v, "PnL@1 % better", GW_DELTA_PNL1, 0, 100, " %");
    conclude(e, v);
    return interrupt_check();
}

/* P@1 % of a strategy, mean over the gates, as a verdict holds it; NaN when it is in none. */
static double precision_of(const struct results *r, size_t strategy) {
    for (size_t i = 0; i < r->n_verdicts; i++) {
        const struct candidate_verdict *v = &r->verdict[i];
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
 * compared already. */
static size_t best_gate(const struct experiment *e, const struct results *r, bool attention) {
    size_t best = SIZE_MAX;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (!spec->desc->needs_model || spec->ensemble_of[0]) continue;
        if ((gw_model_attention_maps(&spec->model) > 0) != attention || isnan(precision_of(r, s))) continue;
        if (best == SIZE_MAX || precision_of(r, s) > precision_of(r, best)) best = s;
    }
    return best;
}

/* What the comparison of the best gate with attention and the best one without says of the need for attention. */
static const char *need_of_attention(const struct candidate_verdict *v) {
    if (v->gate[GW_GATE_LONG].delta[GW_DELTA_P1].value + v->gate[GW_GATE_SHORT].delta[GW_DELTA_P1].value > 0) return "";
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++)
            if (v->gate[g].delta[d].significant && v->gate[g].delta[d].value < 0)
                return ": the simpler one does better";
    return ": the simpler one does as well";
}

/* Is it attention, or would pooling, another start or a wider layer do as well? Where a gate without attention beats the
 * baseline, the best attention gate has to stand beside that one too. */
static int compare_with_control(const struct experiment *e, const struct prepared *p, struct results *r) {
    size_t attention = best_gate(e, r, true), control = best_gate(e, r, false);
    if (attention == SIZE_MAX || control == SIZE_MAX || control == r->baseline) return GW_OK;
    struct candidate_verdict *v = &r->verdict[r->n_verdicts];
    v->candidate = attention;
    v->baseline = control;
    TRY(compare(e, p, r, v));
    size_t used = strlen(v->conclusion);
    snprintf(v->conclusion + used, sizeof v->conclusion - used,
             " They have the highest P@1 %% of the gates with and without attention%s.", need_of_attention(v));
    r->n_verdicts++;
    return GW_OK;
}

int results_verdict(const struct experiment *e, const struct prepared *p, struct results *r) {
    r->baseline = SIZE_MAX;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strcmp(e->strategy[s].name, e->verdict.baseline) == 0) r->baseline = s;
    if (r->baseline == SIZE_MAX) return GW_OK;
    r->verdict = mem_calloc(e->n_strategies, sizeof *r->verdict); /* the baseline's place is the control's */
    if (!r->verdict) return GW_ERR_NOMEM;
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (s == r->baseline || !e->strategy[s].desc->needs_model) continue;
        struct candidate_verdict *v = &r->verdict[r->n_verdicts];
        v->candidate = s;
        v->baseline = r->baseline;
        TRY(compare(e, p, r, v));
        r->n_verdicts++;
    }
    return compare_with_control(e, p, r);
}
