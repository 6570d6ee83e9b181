/* Two walks of the same market, one with its bars poisoned after a cut: what was known at the cut must be the same
 * bytes. Every stage of the pipeline is one bit, so that a test can say where a leak has to show. */
#ifndef GATEWALK_TEST_RUN_AUDIT_H
#define GATEWALK_TEST_RUN_AUDIT_H

#include "pipeline.h"

enum stage {
    STAGE_PLAN = 1 << 0,
    STAGE_FEATURES = 1 << 1,
    STAGE_LABELS = 1 << 2,
    STAGE_MIN_MOVE = 1 << 3,
    STAGE_SCALER = 1 << 4,
    STAGE_TRAIN_ONLY = 1 << 5,
    STAGE_MODEL_FILE = 1 << 6,
    STAGE_LOG = 1 << 7,
    STAGE_TAU = 1 << 8,
    STAGE_PROBABILITY = 1 << 9,
    STAGE_ATTENTION = 1 << 10,
    STAGE_SCORES = 1 << 11,
    STAGE_ISOLATED = 1 << 12,
    STAGE_ORDERS = 1 << 13,
    STAGE_TRADES = 1 << 14,
    STAGE_FILLS = 1 << 15,
    STAGE_EQUITY = 1 << 16,
    /* not by poison but by asking what a walk claims: */
    STAGE_FOLD_AUDIT = 1 << 17,
    STAGE_FILL_RULES = 1 << 18,
    STAGE_ROLLING = 1 << 19,
};

struct audit {
    int64_t cut_ns;
    enum poison poison;
    unsigned caught;
    char first[256];
    size_t n_compared; /* items: an audit that looks at nothing proves nothing */
};

static inline void GW_PRINTF_LIKE(3, 4) audit_note(struct audit *audit, unsigned stage, const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (!audit->caught) vsnprintf(audit->first, sizeof audit->first, format, list);
    va_end(list);
    audit->caught |= stage;
}

static inline void audit_bytes(struct audit *audit, unsigned stage, const void *a, const void *b, size_t length,
                               const char *what, size_t i, size_t j) {
    audit->n_compared++;
    if (length && memcmp(a, b, length) != 0) audit_note(audit, stage, "%s of %zu at %zu", what, i, j);
}

/* ---- inputs ------------------------------------------------------------------------------------------------ */

static inline void audit_inputs(const struct run *a, const struct run *b, struct audit *audit) {
    size_t h = a->e->labels.horizon;
    for (size_t s = 0; s < a->p->market.n_symbols; s++) {
        size_t n = known_bars(&a->p->market.symbol[s], audit->cut_ns), F = a->e->n_features;
        for (size_t t = 0; t < n; t++)
            audit_bytes(audit, STAGE_FEATURES, a->p->features[s].value + t * F, b->p->features[s].value + t * F,
                        F * sizeof(float), "features", s, t);
        for (int g = 0; g < GW_N_GATES; g++)
            audit_bytes(audit, STAGE_LABELS, a->p->labels[s].gate[g], b->p->labels[s].gate[g], n > h ? n - h : 0,
                        "labels", s, 0);
        audit_bytes(audit, STAGE_MIN_MOVE, a->p->labels[s].min_move, b->p->labels[s].min_move, n * sizeof(double),
                    "min_move", s, 0);
    }
    audit->n_compared++;
    if (a->p->plan.n_folds != b->p->plan.n_folds) {
        audit_note(audit, STAGE_PLAN, "number of folds");
        return;
    }
    for (size_t f = 0; f < a->p->plan.n_folds; f++) {
        const struct gw_fold *x = &a->p->plan.fold[f], *y = &b->p->plan.fold[f];
        audit_bytes(audit, STAGE_PLAN, x->begin_ns, y->begin_ns, sizeof x->begin_ns, "begin", f, 0);
        audit_bytes(audit, STAGE_PLAN, x->end_ns, y->end_ns, sizeof x->end_ns, "end", f, 0);
        for (int k = 0; k < GW_N_SLICES; k++)
            audit_bytes(audit, STAGE_PLAN, x->samples[k], y->samples[k], a->p->market.n_symbols * sizeof *x->samples[k],
                        "samples", f, (size_t)k);
    }
}

/* ---- fits ---------------------------------------------------------------------------------------------------- */

static inline void audit_files(struct audit *audit, unsigned stage, const char *a, const char *b, size_t fold) {
    char *x = NULL, *y = NULL;
    size_t n = 0, m = 0;
    assert_ok(file_read_all(a, 1 << 24, GW_ERR_DATA, &x, &n));
    assert_ok(file_read_all(b, 1 << 24, GW_ERR_DATA, &y, &m));
    audit->n_compared++;
    if (n != m || memcmp(x, y, n) != 0) audit_note(audit, stage, "model file %s of fold %zu", a, fold + 1);
    mem_free(x);
    mem_free(y);
}

static inline void audit_log(struct audit *audit, const struct gw_training_log *a, const struct gw_training_log *b,
                             size_t fold) {
    audit->n_compared++;
    if (a->n_epochs != b->n_epochs || a->best_epoch != b->best_epoch || a->windows != b->windows) {
        audit_note(audit, STAGE_LOG, "epochs of fold %zu", fold + 1);
        return;
    }
    for (size_t i = 0; i < a->n_epochs; i++) {
        const struct gw_epoch_record *x = &a->epoch[i], *y = &b->epoch[i];
        double u[] = {x->learning_rate, x->train_loss, x->validation_loss, x->validation_ap[0], x->validation_ap[1]};
        double v[] = {y->learning_rate, y->train_loss, y->validation_loss, y->validation_ap[0], y->validation_ap[1]};
        audit_bytes(audit, STAGE_LOG, u, v, sizeof u, "training log", fold, i);
        if (x->epoch != y->epoch || x->best != y->best) audit_note(audit, STAGE_LOG, "epoch of fold %zu", fold + 1);
    }
}

static inline void audit_test_rows(const struct run *a, const struct run *b, size_t i, struct audit *audit) {
    const struct fit *x = &a->fits.fit[i], *y = &b->fits.fit[i];
    const struct gw_model_config *config = &a->e->strategy[x->strategy].model;
    size_t width = gw_model_attention_maps(config) * config->lookback, row = 0;
    for (size_t s = 0; s < a->p->market.n_symbols; s++) {
        const struct gw_range *r = &a->p->plan.fold[x->fold].samples[GW_SLICE_TEST][s];
        for (size_t t = r->begin; t < r->end; t++, row++) {
            if (gw_bar_close_ns(&a->p->market.symbol[s], t) > audit->cut_ns) continue;
            audit_bytes(audit, STAGE_PROBABILITY, x->probability + row * GW_N_GATES, y->probability + row * GW_N_GATES,
                        GW_N_GATES * sizeof(float), "probability", x->fold, t);
            if (a->attention[i] && b->attention[i])
                audit_bytes(audit, STAGE_ATTENTION, a->attention[i] + row * width, b->attention[i] + row * width,
                            width * sizeof(float), "attention", x->fold, t);
        }
    }
}

static inline void audit_fits(const struct run *a, const struct run *b, struct audit *audit) {
    for (size_t f = 0; f < a->p->plan.n_folds; f++) {
        const struct gw_scaler *x = &a->scaler[f], *y = &b->scaler[f];
        if (y->n == 0) continue; /* the training slice is not over yet */
        audit_bytes(audit, STAGE_SCALER, x->center, y->center, x->n * sizeof(double), "center", f, 0);
        audit_bytes(audit, STAGE_SCALER, x->inverse_scale, y->inverse_scale, x->n * sizeof(double), "scale", f, 0);
        if (!a->blind[f] || !b->blind[f]) continue;
        char one[800], two[800];
        snprintf(one, sizeof one, "%s/blind", a->dir);
        snprintf(two, sizeof two, "%s/blind", b->dir);
        assert_ok(gw_model_save(a->blind[f], NULL, NULL, 0, NULL, 0, one));
        assert_ok(gw_model_save(b->blind[f], NULL, NULL, 0, NULL, 0, two));
        audit_files(audit, STAGE_TRAIN_ONLY, one, two, f);
    }
    for (size_t i = 0; i < a->fits.n; i++) {
        const struct fit *x = &a->fits.fit[i], *y = &b->fits.fit[i];
        if (!b->model[i]) continue; /* a stand-in */
        audit_files(audit, STAGE_MODEL_FILE, x->model_path, y->model_path, x->fold);
        audit_log(audit, &x->log, &y->log, x->fold);
        audit_bytes(audit, STAGE_TAU, x->tau, y->tau, a->p->market.n_symbols * sizeof *x->tau, "tau", x->fold, 0);
        audit_test_rows(a, b, i, audit);
    }
}

/* ---- scores -------------------------------------------------------------------------------------------------- */

/* Whether an isolated trade from this bar at `multiplier` costs has ended by the cut, in a history that ends there. */
static inline bool isolated_over(const struct run *run, size_t strategy, const struct test_bar *at, int gate,
                                 int multiplier, int64_t cut_ns) {
    struct gw_bars past = run->p->market.symbol[at->symbol];
    const struct gw_strategy_config *trading = &run->e->strategy[strategy].trading;
    double move = run->p->labels[at->symbol].min_move[at->bar];
    struct gw_cost_config costs = run->e->strategy[strategy].costs;
    struct gw_trade trade;
    costs.multiplier = multiplier;
    past.n = known_bars(&past, cut_ns);
    return gw_trade_isolated(&past, at->bar, gate == GW_GATE_LONG ? GW_SIDE_LONG : GW_SIDE_SHORT,
                             trading->stop_moves * move, trading->target_moves * move, trading->horizon, &costs,
                             GW_INTRABAR_STOP_FIRST, &trade) &&
           trade.reason != GW_EXIT_END;
}

static inline void audit_scores(const struct run *a, const struct run *b, struct audit *audit) {
    const struct score_set *x = &a->results.scores, *y = &b->results.scores;
    size_t u = 0, v = 0;
    if (x->n != y->n) {
        audit_note(audit, STAGE_PLAN, "number of test bars");
        return;
    }
    for (size_t i = 0; i < x->n; i++) {
        const struct test_bar *at = &x->bar[i];
        size_t row = u, other = v;
        u += at->labelled;
        v += y->bar[i].labelled;
        if (at->close_ns > audit->cut_ns) continue;
        audit_bytes(audit, STAGE_PLAN, at, &y->bar[i], offsetof(struct test_bar, labelled), "test bar", at->fold, i);
        for (size_t k = 0; k < THRESHOLDS; k++)
            for (size_t s = 0; s < a->e->n_strategies; s++)
                if (a->scored[k][s].at)
                    audit_bytes(audit, STAGE_SCORES, &a->scored[k][s].at[i], &b->scored[k][s].at[i],
                                sizeof(struct gw_score), threshold_name[k], s, i);
        for (size_t s = 0; at->labelled && y->bar[i].labelled && s < a->e->n_strategies; s++)
            for (int g = 0; a->e->strategy[s].desc->needs_model && g < GW_N_GATES; g++)
                for (int c = 0; c < 3; c++)
                    if (isolated_over(a, s, at, g, c, audit->cut_ns))
                        audit_bytes(audit, STAGE_ISOLATED, &x->isolated[s].pnl[g][c][row],
                                    &y->isolated[s].pnl[g][c][other], sizeof(double), "isolated trade", at->fold, i);
    }
}

/* ---- replay -------------------------------------------------------------------------------------------------- */

static inline const struct gw_trade *same_signal(const struct gw_replay_result *replay, const struct gw_trade *want) {
    for (size_t i = 0; i < replay->n_trades; i++)
        if (replay->trade[i].symbol == want->symbol && replay->trade[i].signal_ns == want->signal_ns)
            return &replay->trade[i];
    return NULL;
}

/* `from` in `in`, as far as it was known: the signal, then the entry, then everything. */
static inline void audit_trades(const struct run *a, const struct gw_replay_result *from,
                                const struct gw_replay_result *in, struct audit *audit) {
    for (size_t i = 0; i < from->n_trades; i++) {
        const struct gw_trade *x = &from->trade[i];
        int64_t entry_known_ns = x->entry_ns + a->p->market.symbol[x->symbol].interval_ns;
        /* After the cut nothing trades in a market of NaN, a book may be ruined by a jump, and an order that waits may
         * be withdrawn: then a signal need not become a trade. */
        bool entered = entry_known_ns <= audit->cut_ns, fills_next = x->entry_ns == x->signal_ns;
        bool signalled = x->signal_ns <= audit->cut_ns && fills_next && audit->poison == POISON_SHUFFLE;
        if (!entered && !signalled) continue;
        const struct gw_trade *y = same_signal(in, x);
        audit->n_compared++;
        if (!y || y->side != x->side || memcmp(&x->probability, &y->probability, sizeof x->probability) != 0) {
            audit_note(audit, STAGE_ORDERS, "signal of trade %zu", i);
            continue;
        }
        if (!entered) continue;
        if (x->entry_ns != y->entry_ns || x->quantity != y->quantity || x->entry_price != y->entry_price)
            audit_note(audit, STAGE_TRADES, "entry of trade %zu", i);
        if (x->exit_ns < audit->cut_ns) audit_bytes(audit, STAGE_TRADES, x, y, sizeof *x, "trade", i, 0);
    }
}

static inline void audit_book(const struct gw_replay_result *a, const struct gw_replay_result *b, struct audit *audit) {
    for (size_t i = 0; i < a->ledger.n_fills || i < b->ledger.n_fills; i++) {
        const struct gw_fill *x = i < a->ledger.n_fills ? &a->ledger.fill[i] : NULL;
        const struct gw_fill *y = i < b->ledger.n_fills ? &b->ledger.fill[i] : NULL;
        bool x_known = x && x->time_ns < audit->cut_ns, y_known = y && y->time_ns < audit->cut_ns;
        if (!x_known && !y_known) break;
        audit->n_compared++;
        if (!x_known || !y_known || x->time_ns != y->time_ns || x->symbol != y->symbol || x->quantity != y->quantity ||
            x->price != y->price || x->fee != y->fee)
            audit_note(audit, STAGE_FILLS, "fill %zu", i);
    }
    for (size_t i = 0; i < a->n_equity && a->equity[i].time_ns <= audit->cut_ns; i++) {
        if (i < b->n_equity)
            audit_bytes(audit, STAGE_EQUITY, &a->equity[i], &b->equity[i], sizeof a->equity[i], "equity", 0, i);
        else
            audit_note(audit, STAGE_EQUITY, "equity point %zu is missing", i);
    }
}

static inline void audit_replays(const struct run *a, const struct run *b, struct audit *audit) {
    for (size_t s = 0; s < a->e->n_strategies; s++)
        for (size_t k = 0; k < a->results.strategy[s].n_seeds; k++) {
            const struct gw_replay_result *x = &a->results.strategy[s].seed[k].replay;
            const struct gw_replay_result *y = &b->results.strategy[s].seed[k].replay;
            audit_trades(a, x, y, audit);
            audit_trades(b, y, x, audit);
            audit_book(x, y, audit);
            audit->n_compared++;
            if (k == 0 && run_orders(a, s, audit->cut_ns) != run_orders(b, s, audit->cut_ns))
                audit_note(audit, STAGE_ORDERS, "number of orders of %s", a->e->strategy[s].name);
        }
}

static inline void audit_compare(const struct run *clean, const struct run *dirty, struct audit *audit) {
    audit_inputs(clean, dirty, audit);
    if (audit->caught & STAGE_PLAN) return;
    audit_fits(clean, dirty, audit);
    audit_scores(clean, dirty, audit);
    audit_replays(clean, dirty, audit);
}

/* ---- what a single walk claims ----------------------------------------------------------------------------------- */

/* A trade opens at the first bar that trades and opens no earlier than its signal, at that bar's open plus costs. */
static inline bool fill_is_honest(const struct run *run, const struct gw_trade *t) {
    const struct gw_bars *bars = &run->p->market.symbol[t->symbol];
    const struct gw_cost_config *costs = &run->e->common.costs;
    size_t i = 0;
    while (i < bars->n && !(bars->bar[i].open_ns >= t->signal_ns && bars->bar[i].volume > 0)) i++;
    if (i == bars->n || bars->bar[i].open_ns != t->entry_ns) return false;
    double slip = (costs->half_spread_bps + costs->slippage_bps) * costs->multiplier * 1e-4;
    return near(t->entry_price, bars->bar[i].open * (1 + (double)t->side * slip), 1e-12, 1e-9) &&
           t->exit_ns > t->signal_ns && t->exit_ns >= t->entry_ns;
}

/* tau by brute force: the quantile of the M probabilities before this bar, of this pool. */
static inline float rolling_tau(const struct run *run, const struct gw_score *at, size_t i, size_t gate,
                                float otherwise) {
    const struct score_set *set = &run->results.scores;
    size_t most = run->e->signals.rolling_bars, n = 0;
    float *last = mem_calloc(most, sizeof *last);
    assert_non_null(last);
    for (size_t j = i; j-- > 0 && n < most;)
        if (run->e->signals.pool != POOL_EACH || set->bar[j].symbol == set->bar[i].symbol) last[n++] = at[j].p[gate];
    float tau = n == most ? pipeline_quantile(last, n, run->e->signals.act_on) : otherwise;
    mem_free(last);
    return tau;
}

static inline void audit_claims(const struct run *run, struct audit *audit) {
    audit->n_compared++;
    if (gw_folds_audit(&run->p->market, &run->p->plan) < 0)
        audit_note(audit, STAGE_FOLD_AUDIT, "%s", gw_error_message());
    for (size_t s = 0; s < run->e->n_strategies; s++) {
        const struct gw_replay_result *replay = &run->results.strategy[s].seed[0].replay;
        for (size_t i = 0; i < replay->n_trades; i++, audit->n_compared++)
            if (!fill_is_honest(run, &replay->trade[i]))
                audit_note(audit, STAGE_FILL_RULES, "trade %zu of %s", i, run->e->strategy[s].name);
        const struct gw_score *frozen = run->scored[0][s].at, *rolling = run->scored[1][s].at;
        if (run->e->signals.pool == POOL_CROSS_SECTION) continue; /* there only the best symbol has a tau */
        for (size_t i = 0; frozen && i < run->results.scores.n; i++)
            for (size_t g = 0; g < GW_N_GATES; g++, audit->n_compared++)
                if (rolling[i].tau[g] != rolling_tau(run, rolling, i, g, frozen[i].tau[g]))
                    audit_note(audit, STAGE_ROLLING, "rolling tau of %s at %zu", run->e->strategy[s].name, i);
    }
}

#endif
