/* PnL@K judges every contestant's scores by its own exits: trailing stops of gates, stop, target, trail and time of rules. */
#include "engine/base/base.h"
#include "rundir.h"

#include "engine/walk/replays.h"
#include "gatewalk/rng.h"

static const char text[] =
    "{'name':'isolated','data':['EARLY.csv','LATE.csv'],'features':['log_return(1)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'folds':{'train':150,'validation':60,'test':60},"
    "'costs':{'taker_bps':3,'maker_bps':1},'model':{'encoder':'logistic','lookback':4},'strategies':["
    "{'name':'plain','strategy':'gate'},"
    "{'name':'trails','strategy':'gate','trading':{'trail':0.003,'stop_moves':0}},"
    "{'name':'ranges','strategy':'gate','trading':{'trail_atr':1.5,'atr_length':5,'target_moves':0}},"
    "{'name':'again','strategy':'gate','trading':{'trail':0.003,'stop_moves':0}},"
    "{'name':'ruled','enter_long':'p_long > 0.5','stop':'0.002 + 0.5 * mean(high - low, "
    "3) / close',"
    "'target':'close > ago(close, 2) and 0.006 or 0.004','trail':'0.01','max_bars':'4'},"
    "{'name':'silent','enter_long':'p_long > 0.5'},'buy_and_hold',"
    "{'name':'opposite','strategy':'gate','trading':{'exit_on_opposite':true,'trail':0.004,'stop_moves':0}},"
    "{'name':'turns','enter_long':'p_long >= tau_long','enter_short':'p_short >= tau_short','exit_long':'p_long < 0.2',"
    "'stop':'close > open and 0.004 or 0.006','max_bars':'9'},"
    "{'name':'looks','enter_long':'p_long > 0.6 and position == 0','exit_long':'bars_held >= 2 and close > entry_price "
    "* 1.001 or ago(p_long, 1) < 0.1 or rsi(5) > 75','trail':'0.02','trading':{'horizon':0}}]}";

static double range_of(const struct gw_bars *bars, size_t t, size_t n) {
    double sum = 0;
    for (size_t i = t + 1 - n; i <= t; i++) {
        const struct gw_bar *b = &bars->bar[i];
        sum += fmax(b->high, bars->bar[i - 1].close) - fmin(b->low, bars->bar[i - 1].close);
    }
    return sum / (double)n;
}

/* Written down once more. */
static struct gw_exits wanted(const char *name, const struct gw_bars *bars, size_t t, double move) {
    const struct gw_bar *b = bars->bar;
    const double stop = move / 1.2, target = move;
    if (strcmp(name, "trails") == 0 || strcmp(name, "again") == 0) return (struct gw_exits){0, target, .003, 0, 6};
    if (strcmp(name, "ranges") == 0) return (struct gw_exits){stop, 0, 0, 1.5 * range_of(bars, t, 5), 6};
    if (strcmp(name, "ruled") != 0) return (struct gw_exits){stop, target, 0, 0, 6};
    double ranges = 0;
    for (size_t i = t - 2; i <= t; i++) ranges += (b[i].high - b[i].low) / 3;
    return (struct gw_exits){.002 + .5 * ranges / b[t].close, b[t].close > b[t - 2].close ? .006 : .004, .01, 0, 4};
}

static void test_own_exits(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct prepared *p;
    struct score_set set;
    size_t n_trailed = 0, n_different = 0;
    assert_ok(prepare(e, &p));
    assert_ok(scores_index(e, p, &set));
    assert_null(set.isolated[0].exits[0]);
    scores_free(&set);
    p->keeps_exits = true;
    assert_ok(scores_index(e, p, &set));
    assert_true(set.n_labelled > 300);
    assert_ptr_equal(set.isolated[1].pnl[0][0], set.isolated[3].pnl[0][0]); /* one answer for one question */
    assert_null(set.isolated[6].pnl[0][0]);
    for (size_t s = 0; s < 6; s++)
        for (size_t k = 0; k < set.n_labelled; k++)
            for (int g = 0; g < GW_N_GATES; g++) {
                const struct test_bar *at = &set.bar[set.labelled[k]];
                const struct gw_bars *bars = &p->market.symbol[at->symbol];
                const struct gw_exits want =
                    wanted(e->strategy[s].name, bars, at->bar, p->labels[at->symbol].min_move[at->bar]);
                const struct gw_exits *got = &set.isolated[s].exits[g][k];
                struct gw_cost_config costs = e->strategy[s].costs;
                struct gw_trade trade;
                assert_near(got->stop, want.stop, 1e-12, 1e-15);
                assert_near(got->target, want.target, 1e-12, 1e-15);
                assert_near(got->trail, want.trail, 1e-12, 1e-15);
                assert_near(got->trail_distance, want.trail_distance, 1e-9, 1e-12);
                assert_int_equal(got->max_bars, want.max_bars);
                costs.multiplier = 2;
                const bool entered = gw_trade_isolated_by(bars, at->bar, g ? GW_SIDE_SHORT : GW_SIDE_LONG, got, &costs,
                                                          e->broker.intrabar, &trade);
                const double pnl = set.isolated[s].pnl[g][2][k];
                assert_int_equal(entered, !isnan(pnl));
                if (!entered) continue;
                assert_true(pnl == trade.return_fraction);
                n_trailed += trade.reason == GW_EXIT_TRAIL;
                n_different += s > 0 && s < 5 && pnl != set.isolated[0].pnl[g][2][k];
            }
    assert_true(n_trailed > 200 && n_different > 500);
    scores_free(&set);
    prepared_free(p);
    experiment_free(e);
}

/* Scores of nobody, with thresholds that both gates reach now and then. */
static void make_scores(const struct score_set *set, struct contestant_scores *out) {
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "isolated", 0, 0, 0);
    *out = (struct contestant_scores){.at = mem_calloc(set->n, sizeof *out->at)};
    assert_non_null(out->at);
    for (size_t i = 0; i < set->n; i++)
        for (int g = 0; g < GW_N_GATES; g++) out->at[i].p[g] = (float)gw_rng_uniform(&rng), out->at[i].tau[g] = .7F;
}

static size_t row_of(const struct prepared *p, const struct score_set *set, const struct gw_trade *t) {
    for (size_t k = 0; k < set->n_labelled; k++) {
        const struct test_bar *at = &set->bar[set->labelled[k]];
        if (at->symbol == t->symbol && gw_bar_close_ns(&p->market.symbol[at->symbol], at->bar) == t->signal_ns)
            return k;
    }
    return SIZE_MAX;
}

/* What the broker made of an entry is what PnL@K says of its bar, opposite gates, exit rules and turns included. */
static void as_traded(const struct experiment *e, const struct prepared *p, const struct score_set *set, size_t s,
                      size_t n_closed_wanted) {
    const struct strategy_spec *spec = &e->strategy[s];
    struct contestant_scores scores;
    struct gw_score **by_symbol;
    struct gw_replay_result replay;
    const double *moves[2] = {p->labels[0].min_move, p->labels[1].min_move};
    size_t n_closed = 0, n_compared = 0;
    make_scores(set, &scores);
    assert_ok(scores_isolate_seed(e, p, set, s, &scores, &scores.own));
    assert_non_null(scores.own);
    assert_null(set->isolated[s].pnl[0][0]);
    assert_true(set->isolated[s].own[GW_GATE_LONG]);
    assert_ok(replay_scores_make(p, set, &scores, &by_symbol));
    const struct gw_replay_config config = replay_settings(e, p, spec, false);
    assert_ok(gw_replay_run(&p->market, &config, spec->desc, &spec->trading, (const struct gw_score *const *)by_symbol,
                            moves, &replay));
    for (size_t i = 0; i < replay.n_trades; i++) {
        const struct gw_trade *t = &replay.trade[i];
        const size_t k = row_of(p, set, t);
        if (k == SIZE_MAX || t->reason == GW_EXIT_END) continue;
        const int gate = t->side == GW_SIDE_LONG ? GW_GATE_LONG : GW_GATE_SHORT;
        assert_near(isolated_returns(set, s, &scores, gate)[1][k], t->return_fraction, 1e-9, 1e-13);
        const struct gw_bars *bars = &p->market.symbol[t->symbol];
        const size_t last = scores.own->last_bar[gate][1][k];
        assert_true(last < bars->n &&
                    (bars->bar[last].open_ns == t->exit_ns || gw_bar_close_ns(bars, last) == t->exit_ns));
        n_closed += t->reason == GW_EXIT_SIGNAL;
        n_compared++;
    }
    assert_true(n_closed >= n_closed_wanted && n_compared > 60);
    gw_replay_result_free(&replay);
    replay_scores_free(p, by_symbol);
    seed_returns_free(scores.own);
    mem_free(scores.at);
}

static void test_closed_by_what_it_sees(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(text);
    struct prepared *p;
    struct score_set set;
    struct seed_returns *none;
    assert_ok(prepare(e, &p));
    assert_ok(scores_index(e, p, &set));
    for (size_t s = 7; s < 10; s++) as_traded(e, p, &set, s, 20);
    assert_false(set.isolated[5].own[GW_GATE_SHORT] || set.isolated[5].own[GW_GATE_LONG]);
    assert_ok(scores_isolate_seed(e, p, &set, 1, NULL, &none));
    assert_null(none);
    scores_free(&set);
    prepared_free(p);
    experiment_free(e);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_own_exits), cmocka_unit_test(test_closed_by_what_it_sees)};
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
