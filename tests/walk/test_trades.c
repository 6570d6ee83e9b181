/* trades.csv, equity.csv, scores.csv and the portfolio values of summary.json tell one story. */
#include "engine/base/base.h"
#include "results/results.h"

/* ---- trades, equity and scores ---------------------------------------------------------------------------------------------- */

static const struct strategy_spec *spec_of(const struct run_files *r, const struct table *t, size_t row) {
    for (size_t s = 0; s < r->e->n_strategies; s++)
        if (is(t, row, "strategy", r->e->strategy[s].name)) return &r->e->strategy[s];
    fail_msg("%s:%zu: unknown strategy", t->path, row + 2);
    return NULL;
}

/* The signal stands in scores.csv: this probability, at or above this tau. */
static void check_signal(const struct run_files *r, size_t row) {
    const struct table *t = &r->trades, *scores = &r->scores;
    bool is_long = is(t, row, "side", "long");
    for (size_t i = 0; i < scores->n_rows; i++) {
        if (!is(scores, i, "time", cell(t, row, "signal_time")) || !is(scores, i, "symbol", cell(t, row, "symbol")) ||
            !same_contestant(t, row, scores, i))
            continue;
        double p = number(scores, i, is_long ? "p_long" : "p_short"),
               tau = number(scores, i, is_long ? "tau_long" : "tau_short");
        assert_true(p >= tau);
        assert_string_equal(cell(t, row, "probability"), cell(scores, i, is_long ? "p_long" : "p_short"));
        return;
    }
    fail_msg("trades.csv:%zu: no score at its signal", row + 2);
}

/* Whether the exit is over when the bars that close at `now` are marked: at this very instant a close counts and an
 * open does not. */
static bool exited(const struct run_files *r, size_t row, int64_t now) {
    const struct table *t = &r->trades;
    int64_t exit = time_of(t, row, "exit_time");
    if (exit != now) return exit < now;
    if (is(t, row, "reason", "end")) return true;
    if (is(t, row, "reason", "signal")) return false;
    double side = is(t, row, "side", "long") ? 1 : -1, price = number(t, row, "exit_price");
    const struct gw_cost_config *c = &r->e->common.costs;
    double slip = is(t, row, "reason", "target") ? 0 : (c->half_spread_bps + c->slippage_bps) * 1e-4;
    const struct gw_bars *bars = &r->p->market.symbol[symbol_of(r, t, row)];
    for (size_t i = 0; i < bars->n; i++)
        if (bars->bar[i].open_ns == exit && near(price, bars->bar[i].open * (1 - side * slip), 1e-12, 0)) return false;
    return true;
}

/* Price times days held: the time since the mark before it counts at the close of every bar up to `closes_ns`, what is
 * left until `end_ns` at the price `last`. */
static double marked_days(const struct gw_bars *bars, int64_t begin_ns, int64_t end_ns, int64_t closes_ns,
                          double last) {
    double sum = 0;
    int64_t since = begin_ns;
    for (size_t i = 0; i < bars->n && gw_bar_close_ns(bars, i) <= closes_ns; i++) {
        if (gw_bar_close_ns(bars, i) <= begin_ns) continue;
        sum += bars->bar[i].close * (double)(gw_bar_close_ns(bars, i) - since);
        since = gw_bar_close_ns(bars, i);
    }
    return (sum + last * (double)(end_ns - since)) / (double)NS_PER_DAY;
}

static void test_trades_add_up(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct run_files *r = &run[i];
        const struct table *t = &r->trades;
        assert_true(t->n_rows > 50);
        for (size_t row = 0; row < t->n_rows; row++) {
            double side = is(t, row, "side", "long") ? 1 : -1, entry = number(t, row, "entry_price");
            double quantity = number(t, row, "quantity"), fees = number(t, row, "fees"), pnl = number(t, row, "pnl");
            double gross = side * quantity * (number(t, row, "exit_price") - entry);
            assert_near(pnl, gross - fees - number(t, row, "funding"), 1e-9, 1);
            assert_near(number(t, row, "return"), pnl / (quantity * entry), 1e-9, 1e-9);
            assert_true(number(t, row, "mae") <= 0 && number(t, row, "mfe") >= 0);
            const struct gw_cost_config *c = &r->e->common.costs;
            double slip = is(t, row, "reason", "target") ? 0 : (c->half_spread_bps + c->slippage_bps) * 1e-4;
            double raw = number(t, row, "exit_price") / (1 - side * slip);
            int64_t exit_ns = time_of(t, row, "exit_time"); /* an exit at the open comes after the close before it */
            double owed = marked_days(&r->p->market.symbol[symbol_of(r, t, row)], time_of(t, row, "entry_time"),
                                      exit_ns, exited(r, row, exit_ns) ? exit_ns - 1 : exit_ns, raw);
            assert_near(number(t, row, "funding"), side * 30e-4 * quantity * owed, 1e-9, 1e-3);
            assert_true(time_of(t, row, "entry_time") >= time_of(t, row, "signal_time"));
            assert_true(time_of(t, row, "exit_time") >= time_of(t, row, "entry_time"));
            const struct strategy_spec *spec = spec_of(r, t, row);
            if (spec->desc->needs_model) /* a bar without volume lets the time exit wait */
                assert_true(number(t, row, "bars_held") <= (double)spec->trading.horizon + 2);
            if (spec->desc->needs_model)
                check_signal(r, row);
            else
                assert_string_equal(cell(t, row, "probability"), "");
        }
    }
}

/* Equity, cash and exposure at one time from the trades and the bars alone. */
static void check_equity_row(const struct run_files *r, size_t row) {
    const struct table *t = &r->trades;
    int64_t now = time_of(&r->equity, row, "time");
    double equity = r->e->broker.initial_cash, held = 0, gross = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        if (!same_contestant(t, i, &r->equity, row) || time_of(t, i, "entry_time") >= now) continue;
        if (exited(r, i, now)) {
            equity += number(t, i, "pnl");
            continue;
        }
        const struct gw_bars *bars = &r->p->market.symbol[symbol_of(r, t, i)];
        size_t last = bars->n;
        while (gw_bar_close_ns(bars, last - 1) > now) last--;
        double side = is(t, i, "side", "long") ? 1 : -1, quantity = number(t, i, "quantity");
        double entry = number(t, i, "entry_price"), mark = bars->bar[last - 1].close;
        equity += side * quantity * (mark - entry) - quantity * entry * r->e->common.costs.taker_bps * 1e-4;
        equity -= side * 30e-4 * quantity *
                  marked_days(bars, time_of(t, i, "entry_time"), gw_bar_close_ns(bars, last - 1), now, 0);
        held += side * quantity * mark;
        gross += quantity * mark;
    }
    if (!near(number(&r->equity, row, "equity"), equity, 1e-9, 1))
        fail_msg("equity.csv:%zu: %.12g, the trades say %.12g", row + 2, number(&r->equity, row, "equity"), equity);
    assert_near(number(&r->equity, row, "cash"), equity - held, 1e-9, 1e5);
    assert_near(number(&r->equity, row, "exposure"), gross / equity, 1e-9, 1e-6);
}

static void test_equity_follows_from_trades(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const struct table *t = &run[i].equity;
        double peak = 0;
        for (size_t row = 0; row < t->n_rows; row++) {
            double equity = number(t, row, "equity");
            bool begins = row == 0 || !same_contestant(t, row, t, row - 1);
            if (begins) peak = run[i].e->broker.initial_cash;
            if (!begins) assert_true(time_of(t, row, "time") > time_of(t, row - 1, "time"));
            peak = fmax(peak, equity);
            assert_near(number(t, row, "drawdown"), equity / peak - 1, 1e-9, 1e-9);
            assert_true(number(t, row, "drawdown") <= 0);
            if (row % 5 == 0 || begins) check_equity_row(&run[i], row);
        }
    }
}

/* One contestant's portfolio values against its trades and the end of its equity. */
static void check_portfolio(const struct run_files *r, const json_value *seed, const char *strategy) {
    double n = 0, wins = 0, fees = 0, pnl = 0, end = NAN;
    char number_text[24];
    snprintf(number_text, sizeof number_text, "%d", (int)json_number(json_get(seed, "seed"), -1));
    for (size_t row = 0; row < r->trades.n_rows; row++) {
        if (!is(&r->trades, row, "strategy", strategy) || !is(&r->trades, row, "seed", number_text)) continue;
        n++;
        wins += number(&r->trades, row, "pnl") > 0;
        fees += number(&r->trades, row, "fees");
        pnl += number(&r->trades, row, "pnl");
    }
    for (size_t row = 0; row < r->equity.n_rows; row++)
        if (is(&r->equity, row, "strategy", strategy) && is(&r->equity, row, "seed", number_text))
            end = number(&r->equity, row, "equity");
    assert_near(end, r->e->broker.initial_cash + pnl, 1e-9, 1);
    check_metric(seed, "n_trades", n);
    check_metric(seed, "total_return", end / r->e->broker.initial_cash - 1);
    check_metric(seed, "win_rate", n > 0 ? wins / n : NAN);
    assert_near(json_number(json_get(seed, "fees"), NAN), fees, 1e-9, 1e-6);
}

static void test_portfolio_agrees_with_trades(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const json_value *list = json_get(json_root(run[i].summary), "strategies");
        for (size_t s = 0; s < json_size(list); s++) {
            const json_value *seeds = json_get(json_get(json_at(list, s), "portfolio"), "seeds");
            assert_int_equal(json_size(seeds), run[i].e->strategy[s].desc->needs_model ? 2 : 1);
            for (size_t k = 0; k < json_size(seeds); k++)
                check_portfolio(&run[i], json_at(seeds, k), run[i].e->strategy[s].name);
        }
    }
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades_add_up),
        cmocka_unit_test(test_equity_follows_from_trades),
        cmocka_unit_test(test_portfolio_agrees_with_trades),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
