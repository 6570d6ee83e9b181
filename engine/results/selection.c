/* What the best of so many is worth. Every strategy and seed that was traded is a trial, and every variant that a study
 * tried on validation before the walk counts as one too; what was tried in other runs is not known here. */
#include <math.h>

#include "engine/base/base.h"
#include "results.h"

enum { SPLITS = 16 }; /* Bailey et al. 2017: 12,870 ways to choose half of them */

/* Returns per bar of one trial into column `column` of [n × n_trials]. false when equity fell to nothing. */
static bool put_returns(const struct gw_replay_result *replay, double initial, size_t n, size_t n_trials, size_t column,
                        double *returns) {
    double before = initial;
    for (size_t t = 0; t < n; t++) {
        double now = replay->equity[t].equity;
        if (!(before > 0)) return false;
        returns[t * n_trials + column] = now / before - 1;
        before = now;
    }
    return true;
}

/* Mean over standard deviation per bar; 0 for a trial that never moved. */
static double sharpe_of(const double *returns, size_t n, size_t n_trials, size_t column) {
    double sum = 0, squares = 0;
    for (size_t t = 0; t < n; t++) sum += returns[t * n_trials + column];
    double mean = sum / (double)n;
    for (size_t t = 0; t < n; t++) squares += pow(returns[t * n_trials + column] - mean, 2);
    return squares > 1e-24 * (double)n * mean * mean ? mean / sqrt(squares / (double)(n - 1)) : 0;
}

static double variance_of(const double *x, size_t n) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? squares / (double)(n - 1) : 0;
}

static int judge_trials(struct selection *out, const double *returns, size_t n, size_t n_traded, double *sharpe,
                        double *column) {
    size_t best = 0;
    for (size_t k = 0; k < n_traded; k++) {
        sharpe[k] = sharpe_of(returns, n, n_traded, k);
        if (sharpe[k] > sharpe[best]) best = k;
    }
    for (size_t t = 0; t < n; t++) column[t] = returns[t * n_traded + best];
    out->best = best;
    out->deflated_sharpe = gw_deflated_sharpe(column, n, out->n_trials, variance_of(sharpe, n_traded));
    return gw_backtest_overfitting(returns, n, n_traded, SPLITS, &out->overfitting);
}

/* The trial at position `index`, strategies one after the other, seeds within them. */
static void name_best(struct results *r, size_t index) {
    size_t s = 0;
    while (index >= r->strategy[s].n_seeds) index -= r->strategy[s++].n_seeds;
    r->selection.best = s;
    r->selection.best_seed = index;
}

int results_selection(const struct experiment *e, struct results *r) {
    size_t n_traded = 0, n = r->strategy[0].seed[0].replay.n_equity;
    struct selection *out = &r->selection;
    for (size_t s = 0; s < e->n_strategies; s++) n_traded += r->strategy[s].n_seeds;
    *out = (struct selection){
        .n_trials = n_traded + e->n_searched, .n_searched = e->n_searched, .deflated_sharpe = NAN, .overfitting = NAN};
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            if (r->strategy[s].seed[k].replay.n_equity != n) n = 0; /* never: all are replayed over the same bars */
    if (n < 3) return GW_OK;
    double *room = mem_calloc(n * n_traded + n_traded + n, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    bool solvent = true;
    int rc = GW_OK;
    for (size_t s = 0, column = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            solvent &= put_returns(&r->strategy[s].seed[k].replay, e->broker.initial_cash, n, n_traded, column++, room);
    if (solvent) {
        rc = judge_trials(out, room, n, n_traded, room + n * n_traded, room + n * n_traded + n_traded);
        name_best(r, out->best);
    }
    mem_free(room);
    return rc;
}
