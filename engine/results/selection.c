/* What the best of so many is worth. A trial is a strategy over its seeds; every variant that a study tried on validation
 * before the walk counts as one too. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/score/overfitting.h"
#include "results.h"

/* Mean over the seeds of the returns per bar. false when the equity of one fell to nothing. */
static bool mean_returns(const struct strategy_result *result, double initial, size_t n, double *out) {
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < result->n_seeds; k++) {
        const struct gw_replay_result *replay = &result->seed[k].replay;
        double before = initial;
        for (size_t t = 0; t < n; t++) {
            double now = replay->equity[t].equity;
            if (t % REST_EVERY == REST_EVERY - 1) mem_rest();
            if (!(before > 0)) return false;
            out[t] += (now / before - 1) / (double)result->n_seeds;
            before = now;
        }
    }
    return true;
}

/* Mean over standard deviation per bar; 0 for a trial that never moved. */
static double sharpe_of(const double *returns, size_t n) {
    double sum = 0, squares = 0;
    for (size_t t = 0; t < n; t++) sum += returns[t];
    double mean = sum / (double)n;
    for (size_t t = 0; t < n; t++) squares += pow(returns[t] - mean, 2);
    return squares > 1e-24 * (double)n * mean * mean ? mean / sqrt(squares / (double)(n - 1)) : 0;
}

static void sum_parts(struct selection *out, struct scored_trial *trial, const double *returns) {
    for (size_t b = 0; b < TRIAL_PARTS; b++) {
        size_t begin = b * out->n_bars / TRIAL_PARTS, end = (b + 1) * out->n_bars / TRIAL_PARTS;
        out->part_bars[b] = (double)(end - begin);
        for (size_t t = begin; t < end; t++) {
            trial->sum[b] += returns[t];
            trial->square[b] += returns[t] * returns[t];
        }
    }
}

/* One trial of this run; the returns of the best so far are kept. */
static void add_trial(const struct experiment *e, const struct results *r, size_t s, struct selection *out,
                      double *returns) {
    struct scored_trial *trial = &out->trial[out->n_traded++];
    *trial = (struct scored_trial){.strategy = s, .sharpe = NAN};
    if (!mean_returns(&r->strategy[s], e->broker.initial_cash, out->n_bars, returns)) return;
    trial->sharpe = sharpe_of(returns, out->n_bars);
    sum_parts(out, trial, returns);
    for (size_t i = 0; i + 1 < out->n_traded; i++)
        if (!(trial->sharpe > out->trial[i].sharpe)) return; /* nor is the best known when an earlier one is ruined */
    out->best = s;
    memcpy(out->best_return, returns, out->n_bars * sizeof *returns);
}

/* Of this run's trials and of those of its search, as if of one sample (Chan, Golub & LeVeque 1979). */
static double variance_of(const struct selection *s) {
    double mean = 0, squares = 0, n = (double)s->n_traded, m = (double)s->searched.n_sharpe;
    for (size_t i = 0; i < s->n_traded; i++) mean += s->trial[i].sharpe / n;
    for (size_t i = 0; i < s->n_traded; i++) squares += pow(s->trial[i].sharpe - mean, 2);
    if (m > 0) squares += s->searched.squares + pow(s->searched.mean - mean, 2) * n * m / (n + m);
    return n + m > 1 ? squares / (n + m - 1) : 0;
}

/* Sums as overfitting_of_sums wants them, parts outside and trials inside. NAN when there are too few bars. */
static int overfitting_over(const struct selection *s, size_t n, const double *sum, const double *square, double *out) {
    *out = NAN;
    if (n < 2 || s->n_bars < 2 * TRIAL_PARTS) return GW_OK;
    double *room = mem_calloc(2 * TRIAL_PARTS * n, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    for (size_t k = 0; k < n; k++)
        for (size_t b = 0; b < TRIAL_PARTS; b++) {
            room[b * n + k] = sum[k * TRIAL_PARTS + b];
            room[(TRIAL_PARTS + b) * n + k] = square[k * TRIAL_PARTS + b];
        }
    int rc = overfitting_of_sums(TRIAL_PARTS, n, s->part_bars, room, room + TRIAL_PARTS * n, out);
    mem_free(room);
    return rc;
}

static int judge(struct selection *s) {
    double sum[MAX_STRATEGIES * TRIAL_PARTS], square[MAX_STRATEGIES * TRIAL_PARTS];
    for (size_t i = 0; i < s->n_traded; i++) {
        if (isnan(s->trial[i].sharpe)) return GW_OK; /* the best of what includes a ruin is no selection */
        memcpy(sum + i * TRIAL_PARTS, s->trial[i].sum, sizeof s->trial[i].sum);
        memcpy(square + i * TRIAL_PARTS, s->trial[i].square, sizeof s->trial[i].square);
    }
    s->deflated_sharpe = gw_deflated_sharpe(s->best_return, s->n_bars, s->n_trials, variance_of(s));
    return overfitting_over(s, s->n_traded, sum, square, &s->overfitting);
}

int results_selection(const struct experiment *e, struct results *r) {
    size_t n = r->strategy[0].seed[0].replay.n_equity;
    struct selection *out = &r->selection;
    mem_free(out->best_return);
    *out = (struct selection){
        .n_searched = e->n_searched, .searched = e->searched, .deflated_sharpe = NAN, .overfitting = NAN};
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            if (r->strategy[s].seed[k].replay.n_equity != n) n = 0; /* never: all are replayed over the same bars */
    for (size_t s = 0; s < e->n_strategies; s++) out->n_trials += strategy_is_trial(&e->strategy[s]);
    if (out->n_trials == 0 || n < 3) return GW_OK;
    out->n_trials += e->n_searched;
    out->n_bars = n;
    out->best_return = mem_calloc(n, sizeof *out->best_return);
    double *returns = mem_calloc(n, sizeof *returns);
    if (!out->best_return || !returns) {
        mem_free(returns);
        return GW_ERR_NOMEM;
    }
    for (size_t s = 0; s < e->n_strategies; s++)
        if (strategy_is_trial(&e->strategy[s])) add_trial(e, r, s, out, returns);
    mem_free(returns);
    return judge(out);
}

int results_selection_on_data(struct results *r, size_t n_trials, double variance, size_t n_alike, const double *sum,
                              const double *square) {
    struct selection *s = &r->selection;
    struct trials_on_data *all = &s->on_data;
    all->known = true;
    all->n_trials = n_trials;
    all->deflated_sharpe = all->overfitting = NAN;
    if (isnan(s->deflated_sharpe)) return GW_OK;
    all->deflated_sharpe =
        gw_deflated_sharpe(s->best_return, s->n_bars, n_trials + s->n_searched - s->searched.n_on_record, variance);
    return overfitting_over(s, n_alike, sum, square, &all->overfitting);
}
