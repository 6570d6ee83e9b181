/* Is a candidate better than the baseline? The paired deltas, the reference study's success test, and what follows. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "samples.h"

/* ---- one pair --------------------------------------------------------------------------------------------------- */

static enum outcome outcome_of(const struct gw_gate_verdict gate[GW_N_GATES]) {
    size_t n_better = 0, n_worse = 0, n_measured = 0;
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++) {
            const struct gw_delta *delta = &gate[g].delta[d];
            n_measured += isfinite(delta->p_value);
            if (delta->holds) delta->value > 0 ? n_better++ : n_worse++;
        }
    if (n_measured == 0) return OUTCOME_NOT_MEASURED;
    if (n_better && n_worse) return OUTCOME_MIXED;
    return n_better ? OUTCOME_BETTER : n_worse ? OUTCOME_WORSE : OUTCOME_NO_DIFFERENCE;
}

/* The candidate's loss on the logarithmic score less the baseline's, bar by bar, both means over seeds. */
static int compare_losses(const struct strategy_result *a, const struct strategy_result *b, int gate, size_t horizon,
                          const struct gw_paired_sample *sample, struct gw_forecast_test *out) {
    *out = (struct gw_forecast_test){.mean = NAN, .statistic = NAN, .p_value = NAN};
    if (a->ranking_only[gate] || b->ranking_only[gate]) return GW_OK; /* no probabilities */
    double *difference = mem_calloc(sample->n ? sample->n : 1, sizeof *difference);
    if (!difference) return GW_ERR_NOMEM;
    for (size_t i = 0; i < sample->n; i++)
        for (size_t k = 0; k < sample->n_seeds; k++)
            difference[i] += (gw_metric_log_loss(sample->score_a[k][i], sample->label[i]) -
                              gw_metric_log_loss(sample->score_b[k][i], sample->label[i])) /
                             (double)sample->n_seeds;
    /* Labels tie neighbours together over the horizon, and scores that move slowly for longer. */
    const double block = gw_bootstrap_block_length(difference, sample->n);
    int rc = isnan(block) ? GW_ERR_NOMEM : GW_OK; /* the series is finite: memory ran out, and its message is stored */
    if (rc == GW_OK) gw_diebold_mariano(difference, sample->n, (size_t)ceil(fmax(block, (double)horizon)), out);
    mem_free(difference);
    return rc;
}

static bool at_level(const struct experiment *e, double p_value) {
    return p_value <= 1 - e->verdict.confidence + 1e-12; /* NAN never is */
}

static void conclude(const struct experiment *e, const struct results *r, struct pair_verdict *v) {
    bool as_null[GW_N_GATES]; /* corrected: of many gates that know nothing some beat the null at its level */
    for (int g = 0; g < GW_N_GATES; g++) {
        const double p_value = r->strategy[v->candidate].null_holm[g];
        as_null[g] = !isnan(p_value) && !at_level(e, p_value);
    }
    for (size_t i = 0; i < N_CRITERIA; i++) v->criterion[i] = criterion_apply(&success_test[i], v->gate, as_null);
    v->outcome = outcome_of(v->gate);
}

/* ---- all of them as one family ---------------------------------------------------------------------------------- */

/* n_in_all: of which these differences are chosen, when it is more than they are. */
static int correct(const struct experiment *e, struct gw_gate_verdict *gate, size_t n, size_t n_in_all,
                   size_t *n_judged) {
    const size_t most = n * GW_N_DELTAS;
    double *p_value = mem_calloc(most, 2 * sizeof *p_value), *adjusted = p_value + most;
    if (!p_value) return GW_ERR_NOMEM;
    *n_judged = 0;
    for (size_t i = 0; i < most; i++) {
        p_value[i] = gate[i / GW_N_DELTAS].delta[i % GW_N_DELTAS].p_value;
        *n_judged += isnan(p_value[i]) ? 0 : 1;
    }
    int rc = gw_holm(p_value, most, n_in_all, adjusted);
    for (size_t i = 0; rc == GW_OK && i < most; i++) {
        struct gw_delta *delta = &gate[i / GW_N_DELTAS].delta[i % GW_N_DELTAS];
        delta->p_holm = adjusted[i];
        delta->holds = at_level(e, adjusted[i]);
    }
    mem_free(p_value);
    return rc;
}

static bool has_attention(const struct experiment *e, size_t strategy) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    return strategy_trains(spec) && gw_model_attends(&spec->model);
}

static int find_best(const struct experiment *e, const struct results *r, const struct family *family,
                     const struct gw_gate_verdict *gate, const struct pair_verdict *v, bool attention,
                     struct best_difference *out) {
    bool *wanted = mem_calloc(family->n_pairs, sizeof *wanted);
    size_t which;
    if (!wanted) return GW_ERR_NOMEM;
    for (size_t i = 0; i < family->n_pairs; i++)
        wanted[i] = !attention || has_attention(e, v[i / GW_N_GATES].candidate);
    int rc = family_superior_ability(family, gate, wanted, r->scores.n_labelled, &out->test, &which);
    mem_free(wanted);
    TRY(rc);
    out->found = which != SIZE_MAX;
    if (!out->found) return GW_OK;
    out->candidate = v[which / GW_N_DELTAS / GW_N_GATES].candidate;
    out->gate = (int)(which / GW_N_DELTAS % GW_N_GATES);
    out->delta = (int)(which % GW_N_DELTAS);
    return GW_OK;
}

static void on_replicates(void *context, size_t done) { progress_add(context, done); }

/* The replicates of n pairs on both gates, which are resampled together. */
static int compare_family(const struct experiment *e, const struct pair_verdict *v, size_t n,
                          const struct family_pair *pair, size_t n_rows, struct gw_verdict_config config,
                          struct gw_gate_verdict *gate, struct family *family) {
    struct progress *progress;
    TRY(progress_begin(&progress, "verdict", e->verdict.bootstrap, "replicates"));
    if (n > 1)
        progress_note(progress, "%zu candidates and %s", n, e->strategy[v->baseline].name);
    else
        progress_note(progress, "%s and %s", e->strategy[v->candidate].name, e->strategy[v->baseline].name);
    config.on_replicates = on_replicates;
    config.context = progress;
    int rc = family_compare(pair, n * GW_N_GATES, n_rows, &config, gate, family);
    progress_end(progress);
    return rc;
}

/* Samples, differences and what they come to, of the n pairs at v. judged: NULL for a pair chosen by its results, which
 * has to stand among all the n_in_all that it was chosen of. */
static int judge_pairs(const struct experiment *e, const struct prepared *p, const struct results *r,
                       const struct score_columns *columns, size_t n_threads, struct pair_verdict *v, size_t n,
                       size_t n_in_all, struct family_verdict *judged) {
    const struct gw_verdict_config config = {
        .n_bootstrap = e->verdict.bootstrap,
        .n_threads = n_threads,
        .confidence = e->verdict.confidence,
        .seed = e->seed[0],
        .block_length = e->verdict.block,
        .horizon = e->labels.horizon * p->market.n_symbols, /* in rows: symbols alternate within a bar */
    };
    const size_t n_gates = n * GW_N_GATES;
    struct family family = {0};
    struct pair_sample *sample = mem_calloc(n_gates, sizeof *sample);
    struct family_pair *pair = mem_calloc(n_gates, sizeof *pair);
    struct gw_gate_verdict *gate = mem_calloc(n_gates, sizeof *gate);
    int rc = sample && pair && gate ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n_gates; i++) {
        struct pair_verdict *one = &v[i / GW_N_GATES];
        const int g = (int)(i % GW_N_GATES);
        rc = pair_sample_make(e, r, columns, one, g, &sample[i]);
        pair[i] = sample[i].pair;
        one->n_bars[g] = pair[i].sample.n;
        if (rc == GW_OK)
            rc = compare_losses(&r->strategy[one->candidate], &r->strategy[one->baseline], g, config.horizon,
                                &pair[i].sample, &one->log_loss[g]);
    }
    if (rc < 0) goto done;
    size_t n_judged;
    TRY_GOTO(compare_family(e, v, n, pair, r->scores.n_labelled, config, gate, &family), done);
    TRY_GOTO(correct(e, gate, n_gates, n_in_all, &n_judged), done);
    for (size_t i = 0; i < n_gates; i++) v[i / GW_N_GATES].gate[i % GW_N_GATES] = gate[i];
    for (size_t i = 0; i < n; i++) {
        v[i].n_comparisons = n_in_all > n_judged ? n_in_all : n_judged;
        conclude(e, r, &v[i]);
    }
    if (!judged) goto done;
    judged->n_comparisons = n_judged;
    judged->block_length = family.block_length;
    TRY_GOTO(find_best(e, r, &family, gate, v, false, &judged->best), done);
    TRY_GOTO(find_best(e, r, &family, gate, v, true, &judged->best_attention), done);
done:
    family_free(&family);
    for (size_t i = 0; sample && i < n_gates; i++) pair_sample_free(&sample[i]);
    mem_free(gate);
    mem_free(pair);
    mem_free(sample);
    return rc == GW_OK ? interrupt_check() : rc;
}

/* ---- attention, or something simpler? --------------------------------------------------------------------------- */

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
        if (gw_model_attends(&spec->model) != attention || isnan(precision_of(r, s))) continue;
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
            if (gate[g].delta[d].holds && gate[g].delta[d].value < 0) return SIMPLER_BETTER;
    return SIMPLER_AS_GOOD;
}

/* How many pairs a control comparison is chosen of. */
static size_t pairs_to_choose_from(const struct experiment *e, const struct results *r) {
    size_t n[2] = {0};
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strategy_trains(&e->strategy[s]) && !isnan(precision_of(r, s))) n[has_attention(e, s)]++;
    return n[0] * n[1];
}

/* Is it attention, or would pooling, another start or a wider layer do as well? Where a gate without attention beats the
 * baseline, the best attention gate has to stand beside that one too. */
static int compare_with_control(const struct experiment *e, const struct prepared *p, struct results *r,
                                const struct score_columns *columns, size_t n_threads) {
    size_t attention = best_gate(e, r, true), control = best_gate(e, r, false);
    if (attention == SIZE_MAX || control == SIZE_MAX || control == r->baseline) return GW_OK;
    struct pair_verdict *v = &r->verdict[r->n_verdicts];
    v->candidate = attention;
    v->baseline = control;
    TRY(judge_pairs(e, p, r, columns, n_threads, v, 1, pairs_to_choose_from(e, r) * GW_N_GATES * GW_N_DELTAS, NULL));
    v->simpler = judge_simpler(v->gate);
    r->n_verdicts++;
    return GW_OK;
}

static int judge_all(const struct experiment *e, const struct prepared *p, struct results *r,
                     const struct score_columns *columns, size_t n_threads) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (s == r->baseline || !e->strategy[s].desc->needs_model) continue;
        r->verdict[r->n_verdicts].candidate = s;
        r->verdict[r->n_verdicts++].baseline = r->baseline;
    }
    if (r->n_verdicts == 0) return GW_OK;
    TRY(judge_pairs(e, p, r, columns, n_threads, r->verdict, r->n_verdicts, 0, &r->family));
    return compare_with_control(e, p, r, columns, n_threads);
}

int results_verdict(const struct experiment *e, const struct prepared *p, struct results *r, size_t n_threads) {
    struct score_columns columns;
    r->baseline = SIZE_MAX;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strcmp(e->strategy[s].name, e->verdict.baseline) == 0) r->baseline = s;
    if (r->baseline == SIZE_MAX) return GW_OK;
    r->verdict = mem_calloc(e->n_strategies, sizeof *r->verdict); /* the baseline's place is the control's */
    if (!r->verdict) return GW_ERR_NOMEM;
    int rc = score_columns_make(e, r, &columns);
    if (rc == GW_OK) rc = judge_all(e, p, r, &columns, n_threads);
    score_columns_free(&columns);
    return rc;
}
