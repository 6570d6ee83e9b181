/* What a single walk claims of itself, by brute force: fills at the next open that trades, thresholds that roll over what came
 * before. That nothing looks ahead in general is tests/audit. */
#include "fixture.h"

static const char experiment_text[] =
    "{'name':'claims','data':'none.csv',"
    "'features':['log_return(1)','rsi(6)','log_return(1)@1h'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':160,'validation':60,'test':60},"
    "'signals':{'k':[5,20],'act_on':20,'rolling_bars':40,'pool':'%s','threshold':'%s'},"
    "'model':{'lookback':8,'hidden':4,'dense_units':4},"
    "'training':{'epochs':1,'batch_size':64,'block':8,'learning_rate':0.01},"
    "'verdict':{'importance':false},'trading':{'size':0.4},"
    "'strategies':[{'name':'none','strategy':'gate'},{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'"
    "}},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':3,'slow':9}}]}";

struct walked {
    struct experiment *e;
    struct prepared *p;
    struct fit_list fits;
    struct results r;
};

static void walk(const char *pool, const char *threshold, struct walked *w) {
    char text[2048];
    snprintf(text, sizeof text, experiment_text, pool, threshold);
    memset(w, 0, sizeof *w);
    w->e = fixture_experiment(text);
    w->p = mem_calloc(1, sizeof *w->p);
    assert_non_null(w->p);
    w->p->market.n_symbols = 2;
    w->p->market.symbol = mem_calloc(2, sizeof *w->p->market.symbol);
    fixture_walk(&w->p->market.symbol[0], "EARLY", 490, 21, 0, 0);
    fixture_walk(&w->p->market.symbol[1], "LATE", 330, 22, 70, 0.08);
    assert_ok(prepare_inputs(w->e, w->p));
    assert_ok(dir_make(scratch("run/models")));
    assert_ok(fits_plan(w->e, w->p, w->p->plan.n_folds, scratch("run"), &w->fits));
    assert_ok(fits_execute(w->e, w->p, &w->fits, 2));
    assert_ok(results_replay(w->e, w->p, &w->fits, NULL, &w->r));
}

static void walk_drop(struct walked *w) {
    results_free(w->e, &w->r);
    fits_free(&w->fits);
    prepared_free(w->p);
    experiment_free(w->e);
}

/* ---- fills ---------------------------------------------------------------------------------------------------- */

/* A trade opens at the first bar that trades and opens no earlier than its signal, at that bar's open plus costs. */
static bool fill_is_honest(const struct walked *w, const struct gw_trade *t) {
    const struct gw_bars *bars = &w->p->market.symbol[t->symbol];
    const struct gw_cost_config *costs = &w->e->common.costs;
    size_t i = 0;
    while (i < bars->n && !(bars->bar[i].open_ns >= t->signal_ns && bars->bar[i].volume > 0)) i++;
    if (i == bars->n || bars->bar[i].open_ns != t->entry_ns) return false;
    double slip = (costs->half_spread_bps + costs->slippage_bps) * costs->multiplier * 1e-4;
    return near(t->entry_price, bars->bar[i].open * (1 + (double)t->side * slip), 1e-12, 1e-9) &&
           t->exit_ns > t->signal_ns && t->exit_ns >= t->entry_ns;
}

static size_t dishonest_fills(const struct walked *w, size_t *n) {
    size_t wrong = *n = 0;
    for (size_t s = 0; s < w->e->n_strategies; s++) {
        const struct gw_replay_result *replay = &w->r.strategy[s].seed[0].replay;
        for (size_t i = 0; i < replay->n_trades; i++, ++*n) wrong += !fill_is_honest(w, &replay->trade[i]);
    }
    return wrong;
}

static const struct gw_bar *bar_of_signal(const struct walked *w, const struct gw_trade *t) {
    const struct gw_bars *bars = &w->p->market.symbol[t->symbol];
    size_t i = 0;
    while (i + 1 < bars->n && gw_bar_close_ns(bars, i) < t->signal_ns) i++;
    return &bars->bar[i];
}

static void test_fills(void **state) {
    (void)state;
    struct walked w;
    size_t n;
    walk("all", "validation", &w);
    assert_int_equal(dishonest_fills(&w, &n), 0);
    assert_true(n > 30);
    struct gw_replay_result *replay = &w.r.strategy[0].seed[0].replay;
    for (size_t i = 0; i < replay->n_trades; i++) /* at the signal bar's close */
        replay->trade[i].entry_price = bar_of_signal(&w, &replay->trade[i])->close;
    assert_true(dishonest_fills(&w, &n) > replay->n_trades / 2);
    for (size_t i = 0; i < replay->n_trades; i++) { /* at its open */
        replay->trade[i].entry_ns = bar_of_signal(&w, &replay->trade[i])->open_ns;
        replay->trade[i].entry_price = bar_of_signal(&w, &replay->trade[i])->open;
    }
    assert_int_equal(dishonest_fills(&w, &n), replay->n_trades);
    walk_drop(&w);
}

/* ---- rolling thresholds ------------------------------------------------------------------------------------------ */

static int descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The quantile of the M probabilities before this bar (or up to it), of this pool; NaN: there are fewer. */
static float rolling_tau(const struct walked *w, const struct gw_score *at, size_t i, size_t gate, bool with_this) {
    const struct score_set *set = &w->r.scores;
    size_t most = w->e->signals.rolling_bars, n = 0;
    float last[64];
    assert_true(most <= COUNT_OF(last));
    for (size_t j = i + with_this; j-- > 0 && n < most;)
        if (w->e->signals.pool != POOL_EACH || set->bar[j].symbol == set->bar[i].symbol) last[n++] = at[j].p[gate];
    if (n < most) return NAN;
    qsort(last, n, sizeof *last, descending);
    return last[(size_t)ceil(w->e->signals.act_on * (double)n / 100 - 1e-9) - 1]; /* 14 % of 50 are 7, also in binary */
}

static void check_rolling(const char *pool) {
    struct walked w;
    size_t n = 0, unlike = 0;
    walk(pool, "rolling", &w);
    for (size_t s = 0; s < 2; s++) {
        const struct gw_score *at = w.r.strategy[s].seed[0].scores.at;
        for (size_t i = 0; i < w.r.scores.n; i++)
            for (size_t g = 0; g < GW_N_GATES; g++) {
                float before = rolling_tau(&w, at, i, g, false);
                if (isnan(before)) continue;
                if (at[i].tau[g] != before) fail_msg("%s: tau at %zu", w.e->strategy[s].name, i);
                unlike += at[i].tau[g] != rolling_tau(&w, at, i, g, true);
                n++;
            }
    }
    assert_true(n > 300 && unlike > 20); /* with the bar itself it would be another */
    walk_drop(&w);
}

static void test_rolling(void **state) {
    (void)state;
    check_rolling("all");
    check_rolling("each");
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fills), cmocka_unit_test(test_rolling)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
