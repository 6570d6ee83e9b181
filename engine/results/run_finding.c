#include "run_finding.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/walk/outside.h"

static bool at_level(const struct experiment *e, double p_value) {
    return p_value <= 1 - e->verdict.confidence + 1e-12; /* NAN never is */
}

double draws_needed(const struct experiment *e, size_t family) {
    return ceil((double)family / (1 - e->verdict.confidence) - 1e-9) - 1;
}

/* ---- is there anything to find? --------------------------------------------------------------------------------- */

static double above_null(const struct gw_null_result *null) { return null->observed / null->null_mean; }

static void find_skill(const struct experiment *e, const struct results *r, struct found_facts *out) {
    *out = (struct found_facts){.strategy = SIZE_MAX};
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model) continue;
        for (int g = 0; g < GW_N_GATES; g++) {
            const struct gw_null_result *null = &r->strategy[s].null[g];
            if (isnan(null->p_value)) continue;
            out->n_asked++;
            out->n_found += at_level(e, r->strategy[s].null_holm[g]);
            const struct gw_null_result *best =
                out->strategy == SIZE_MAX ? NULL : &r->strategy[out->strategy].null[out->gate];
            if (best && (null->p_value > best->p_value ||
                         (!(null->p_value < best->p_value) && !(above_null(null) > above_null(best)))))
                continue;
            out->strategy = s;
            out->gate = g;
        }
    }
    const double needed = draws_needed(e, out->n_asked);
    if (out->strategy != SIZE_MAX && at_level(e, r->strategy[out->strategy].null[out->gate].p_value) &&
        (double)e->verdict.null_resamples < needed)
        out->needed = needed; /* what stands out by itself has no chance once corrected */
    out->state = out->n_found                           ? FOUND_SOMETHING
                 : out->n_asked == 0 || out->needed > 0 ? FOUND_NOT_MEASURED
                                                        : FOUND_NOTHING;
}

/* ---- is attention better? --------------------------------------------------------------------------------------- */

static bool has_attention(const struct experiment *e, size_t strategy) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    return strategy_trains(spec) && gw_model_attends(&spec->model);
}

/* An interval's width falls with the root of the number of bars. */
static void how_many_bars(const struct pair_verdict *v, struct attention_facts *out) {
    for (int g = 0; g < GW_N_GATES; g++) {
        const struct gw_delta *delta = &v->gate[g].delta[GW_DELTA_P1];
        double half = (delta->hi - delta->lo) / 2;
        if (isnan(half) || !(isnan(out->half_width) || half < out->half_width)) continue;
        out->half_width = half;
        out->needed = pow(half / out->need, 2);
    }
}

/* Of equal p, which resamples leave often, the one that lies further out of its interval. */
static bool surer(const struct gw_delta *one, const struct gw_delta *than) {
    if (!than || one->p_value < than->p_value) return true;
    return !(one->p_value > than->p_value) &&
           fabs(one->value) * (than->hi - than->lo) > fabs(than->value) * (one->hi - one->lo);
}

static void keep_surest(struct surest *kept, const struct surest *one) {
    if (surer(one->difference, kept->difference)) *kept = *one;
}

static void count_difference(const struct experiment *e, const struct surest *one, struct attention_facts *out) {
    keep_surest(&out->any, one);
    if (!one->difference->holds) return;
    if (one->difference->value < 0) {
        out->n_worse++;
        keep_surest(&out->worse, one);
    } else if (isnan(one->null_p) || at_level(e, one->null_p)) {
        out->n_better++;
        keep_surest(&out->better, one);
    } else {
        out->n_as_null++;
        keep_surest(&out->as_null, one);
    }
}

/* The comparison with the best gate without attention, which some runs end with. */
static void ask_control(const struct pair_verdict *v, struct attention_facts *out) {
    out->simpler = v->simpler;
    out->control = v->baseline;
    for (int g = 0; g < GW_N_GATES; g++)
        for (int d = 0; d < GW_N_DELTAS; d++) {
            const struct gw_delta *delta = &v->gate[g].delta[d];
            if (v->simpler == SIMPLER_BETTER && !(delta->value < 0)) continue;
            out->control_p = fmin(out->control_p, delta->p_holm); /* of a number and NAN it is the number */
        }
}

void run_finding_attention(const struct experiment *e, const struct results *r, struct attention_facts *out) {
    *out = (struct attention_facts){.control = SIZE_MAX,
                                    .control_p = NAN,
                                    .needed = NAN,
                                    .half_width = NAN,
                                    .need = success_test[CRITERION_precision_at_1].need};
    for (size_t i = 0; i < r->n_verdicts; i++) {
        const struct pair_verdict *v = &r->verdict[i];
        if (v->simpler != SIMPLER_NOT_ASKED) ask_control(v, out);
        if (v->baseline != r->baseline || !has_attention(e, v->candidate)) continue;
        out->asked = true;
        how_many_bars(v, out);
        for (int g = 0; g < GW_N_GATES; g++)
            for (int d = 0; d < GW_N_DELTAS; d++) {
                const struct surest one = {&v->gate[g].delta[d], v->candidate, g, d,
                                           r->strategy[v->candidate].null_holm[g]};
                if (isfinite(one.difference->p_value)) count_difference(e, &one, out);
            }
    }
    out->state = !out->any.difference            ? OUTCOME_NOT_MEASURED
                 : out->n_better && out->n_worse ? OUTCOME_MIXED
                 : out->n_better                 ? OUTCOME_BETTER
                 : out->n_worse                  ? OUTCOME_WORSE
                                                 : OUTCOME_NO_DIFFERENCE;
}

/* ---- did it pay? ------------------------------------------------------------------------------------------------ */

static size_t portfolio_index(const char *name) {
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        if (strcmp(gw_portfolio_metric_at(i)->name, name) == 0) return i;
    return 0;
}

static double mean_of(const struct strategy_result *result, size_t metric) {
    double sum = 0;
    for (size_t k = 0; k < result->n_seeds; k++) sum += result->seed[k].portfolio[metric];
    return sum / (double)result->n_seeds;
}

static double spread_of(const struct strategy_result *result, size_t metric) {
    double mean = mean_of(result, metric), squares = 0;
    if (result->n_seeds < 2) return NAN;
    for (size_t k = 0; k < result->n_seeds; k++) squares += pow(result->seed[k].portfolio[metric] - mean, 2);
    return sqrt(squares / (double)(result->n_seeds - 1));
}

/* From the open of a symbol's first test bar to the close of its last one, the mean over symbols. */
static double market_return(const struct prepared *p) {
    double sum = 0;
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bar *first = NULL, *last = NULL;
        for (size_t f = 0; f < p->plan.n_folds; f++) {
            const struct gw_range *test = &p->plan.fold[f].samples[GW_SLICE_TEST][s];
            if (test->begin >= test->end) continue;
            last = &p->market.symbol[s].bar[test->end - 1];
            if (!first) first = &p->market.symbol[s].bar[test->begin];
        }
        if (!first || !(first->open > 0)) continue;
        sum += last->close / first->open - 1;
        n++;
    }
    return n ? sum / (double)n : (double)NAN;
}

static void ask_money(const struct experiment *e, const struct prepared *p, const struct results *r,
                      struct traded_facts *out) {
    const size_t gain = portfolio_index("total_return"), trades = portfolio_index("n_trades"),
                 sure = portfolio_index("probabilistic_sharpe");
    *out = (struct traded_facts){.strategy = SIZE_MAX, .total_return = NAN, .sd = NAN, .probabilistic_sharpe = NAN};
    out->market_return = market_return(p);
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_result *result = &r->strategy[s];
        if (!strategy_is_trial(&e->strategy[s]) || !(mean_of(result, trades) > 0)) continue;
        const double now = mean_of(result, gain);
        out->n_traded++;
        out->n_gained += now > 0;
        if (out->strategy != SIZE_MAX && !(now > out->total_return)) continue;
        out->strategy = s;
        out->total_return = now;
    }
    if (out->strategy == SIZE_MAX) return;
    const struct strategy_result *best = &r->strategy[out->strategy];
    out->sd = spread_of(best, gain);
    out->probabilistic_sharpe = mean_of(best, sure);
    for (size_t k = 0; k < best->n_seeds; k++) out->n_seeds_gained += best->seed[k].portfolio[gain] > 0;
    out->state = !(out->total_return > 0)                 ? TRADED_LOST
                 : out->total_return > out->market_return ? TRADED_BEAT_MARKET
                                                          : TRADED_GAINED;
}

/* ---- what would help? ------------------------------------------------------------------------------------------- */

static size_t metric_index(const char *name) {
    for (size_t i = 0; i < gw_metric_count(); i++)
        if (strcmp(gw_metric_at(i)->name, name) == 0) return i;
    return 0;
}

/* Whether K % of bars is what its thresholds were made for: fixed ones, those that a file gives and answers in words are not. */
static bool asks_for_share(const struct experiment *e, const struct strategy_result *result) {
    if (e->signals.threshold == THRESHOLD_FIXED) return false;
    return !result->outside || !(result->outside->answers || result->outside->tau_folds[TAU_OWN]);
}

static void ask_coverage(const struct experiment *e, const struct results *r, struct coverage_facts *out) {
    const size_t coverage = metric_index("coverage");
    double furthest = log(2);
    *out = (struct coverage_facts){.asked = e->signals.act_on / 100};
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model || !asks_for_share(e, &r->strategy[s])) continue;
        for (int g = 0; g < GW_N_GATES; g++) {
            double got = 0;
            for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
                got += r->strategy[s].seed[k].pooled[g].value[coverage][0] / (double)r->strategy[s].n_seeds;
            const double distance = fabs(log(fmax(got, 1e-9) / out->asked));
            if (isnan(got) || !(distance > furthest)) continue; /* NAN: nobody has scored this gate */
            furthest = distance;
            out->far = true;
            out->strategy = s;
            out->gate = g;
            out->got = got;
        }
    }
}

static size_t count_cut_short(const struct experiment *e, const struct fit_list *fits) {
    size_t n[MAX_STRATEGIES] = {0}, last[MAX_STRATEGIES] = {0}, found = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        n[fit->strategy]++;
        last[fit->strategy] += fit_cut_short(&e->strategy[fit->strategy].train, &fit->log);
    }
    for (size_t s = 0; s < e->n_strategies; s++) found += 2 * last[s] > n[s];
    return found;
}

static void ask_size(const struct experiment *e, const struct results *r, struct run_finding *out) {
    const struct score_set *set = &r->scores;
    size_t fewest = SIZE_MAX, n_scored = 0;
    out->fewest_of_k = out->k_of_fewest = NAN;
    for (size_t s = 0; s < e->n_strategies; s++) n_scored += e->strategy[s].desc->needs_model;
    if (n_scored == 0) return; /* nobody asks about gates */
    for (int g = 0; g < GW_N_GATES; g++) {
        size_t positives = 0;
        for (size_t i = 0; i < set->n_labelled; i++) positives += set->label[g][i] == 1;
        out->no_positives[g] = positives == 0;
    }
    for (size_t begin = 0, end; begin < set->n_labelled; begin = end) {
        for (end = begin; end < set->n_labelled && set->fold[end] == set->fold[begin]; end++) continue;
        if (end - begin < fewest) fewest = end - begin;
    }
    for (size_t k = 0; fewest != SIZE_MAX && k < e->signals.n_k; k++) {
        const double picked = (double)gw_metric_top_k_count(e->signals.k[k], fewest);
        if (out->fewest_of_k <= picked) continue; /* NAN is not */
        out->fewest_of_k = picked;
        out->k_of_fewest = e->signals.k[k];
    }
}

void run_finding_make(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                      const struct results *r, struct run_finding *out) {
    *out = (struct run_finding){0};
    find_skill(e, r, &out->found);
    run_finding_attention(e, r, &out->attention);
    ask_money(e, p, r, &out->traded);
    ask_coverage(e, r, &out->coverage);
    out->n_cut_short = count_cut_short(e, fits);
    ask_size(e, r, out);
}
