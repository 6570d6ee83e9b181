/* Every portfolio metric against numpy and pandas. */
#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "golden.h"

static const char GOLDEN[] = "tests/golden/metrics_portfolio.txt";

struct loaded {
    struct gw_equity_point equity[512];
    struct gw_trade trade[64];
    struct gw_portfolio_input input;
};

static void load(const struct golden_case *in, struct loaded *out) {
    const struct golden_array *equity = golden_get(in, "equity"), *pnl = golden_get(in, "trade_pnl");
    assert_true(equity->n <= 512 && pnl->n <= 64);
    *out = (struct loaded){0};
    for (size_t i = 0; i < equity->n; i++)
        out->equity[i] = (struct gw_equity_point){
            .time_ns = (int64_t)golden_get(in, "seconds")->value[i] * NS_PER_SECOND,
            .equity = equity->value[i],
            .exposure = golden_get(in, "exposure")->value[i],
        };
    for (size_t i = 0; i < pnl->n; i++)
        out->trade[i] = (struct gw_trade){
            .side = golden_get(in, "trade_side")->value[i] > 0 ? GW_SIDE_LONG : GW_SIDE_SHORT,
            .exit_ns = (int64_t)golden_get(in, "trade_exit_seconds")->value[i] * NS_PER_SECOND,
            .entry_ns = (int64_t)golden_get(in, "trade_entry_seconds")->value[i] * NS_PER_SECOND,
            .pnl = pnl->value[i],
            .return_fraction = golden_get(in, "trade_return_fraction")->value[i],
            .mae = golden_get(in, "trade_mae")->value[i],
            .mfe = golden_get(in, "trade_mfe")->value[i],
            .bars_held = (uint32_t)golden_get(in, "trade_bars_held")->value[i],
            .ambiguous = golden_get(in, "trade_ambiguous")->value[i] != 0,
            .fees = golden_get(in, "trade_fees")->value[i],
            .slippage = golden_get(in, "trade_slippage")->value[i],
            .funding = golden_get(in, "trade_funding")->value[i],
        };
    out->input = (struct gw_portfolio_input){.equity = out->equity,
                                             .n_equity = equity->n,
                                             .trade = out->trade,
                                             .n_trades = pnl->n,
                                             .initial_cash = golden_get(in, "initial")->value[0],
                                             .turnover = golden_get(in, "turnover")->value[0],
                                             .periods_per_year = golden_get(in, "periods_per_year")->value[0],
                                             .n_ambiguous_bars = (size_t)golden_get(in, "n_ambiguous_bars")->value[0]};
}

static const struct gw_portfolio_metric_desc *find_metric(const char *name) {
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        if (!strcmp(gw_portfolio_metric_at(i)->name, name)) return gw_portfolio_metric_at(i);
    fail_msg("%s: golden value of a metric that is not in the table", name);
    return NULL;
}

static void matches_golden_values(void **state) {
    (void)state;
    struct golden golden;
    struct loaded loaded;
    golden_read(GOLDEN, &golden);
    for (size_t c = 0; c < golden.n_cases; c++) {
        load(&golden.cases[c], &loaded);
        for (size_t e = 0; e < golden.cases[c].n_expects; e++) {
            const struct golden_expect *want = &golden.cases[c].expect[e];
            double got = find_metric(want->name)->compute(&loaded.input);
            if (!near(got, want->value, 1e-10, 1e-6))
                fail_msg("case %s: %s = %.17g, want %.17g", golden.cases[c].name, want->name, got, want->value);
        }
    }
    golden_free(&golden);
}

/* A metric without golden values must not get by; nor one whose only values are "undefined". */
static void every_metric_has_golden_values(void **state) {
    (void)state;
    struct golden golden;
    golden_read(GOLDEN, &golden);
    assert_true(gw_portfolio_metric_count() > 0);
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++) {
        const struct gw_portfolio_metric_desc *metric = gw_portfolio_metric_at(i);
        size_t finite = 0, same_name = 0;
        for (size_t c = 0; c < golden.n_cases; c++)
            for (size_t e = 0; e < golden.cases[c].n_expects; e++)
                finite +=
                    !strcmp(golden.cases[c].expect[e].name, metric->name) && isfinite(golden.cases[c].expect[e].value);
        if (finite < 2)
            fail_msg("portfolio metric %s has no golden values in %s: add it to tests/golden/make_metrics.py",
                     metric->name, GOLDEN);
        for (size_t j = 0; j < gw_portfolio_metric_count(); j++)
            same_name += !strcmp(gw_portfolio_metric_at(j)->name, metric->name);
        assert_int_equal(same_name, 1);
        assert_true(name_is_safe(metric->name) && metric->help && metric->unit);
    }
    assert_null(gw_portfolio_metric_at(gw_portfolio_metric_count()));
    golden_free(&golden);
}

/* Twice the money, or a clock that is shifted, is the same portfolio. */
static void ratios_do_not_depend_on_scale_or_epoch(void **state) {
    (void)state;
    static const char *const in_cash[] = {"expectancy", "fees", "slippage", "funding"};
    struct golden golden;
    struct loaded a, b;
    golden_read(GOLDEN, &golden);
    load(&golden.cases[0], &a);
    load(&golden.cases[0], &b);
    b.input.initial_cash *= 4;
    for (size_t i = 0; i < b.input.n_equity; i++) {
        b.equity[i].equity *= 4;
        b.equity[i].time_ns += 12345 * NS_PER_DAY;
    }
    for (size_t i = 0; i < b.input.n_trades; i++) {
        b.trade[i].pnl *= 4;
        b.trade[i].exit_ns += 12345 * NS_PER_DAY;
        b.trade[i].entry_ns += 12345 * NS_PER_DAY;
    }
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        const struct gw_portfolio_metric_desc *metric = gw_portfolio_metric_at(m);
        bool cash = false;
        for (size_t i = 0; i < COUNT_OF(in_cash); i++) cash |= !strcmp(metric->name, in_cash[i]);
        assert_int_equal(cash, !strcmp(metric->unit, "cash"));
        if (!cash) assert_near(metric->compute(&b.input), metric->compute(&a.input), 1e-12, 1e-6);
    }
    golden_free(&golden);
}

static void nothing_at_all_is_undefined(void **state) {
    (void)state;
    struct gw_portfolio_input empty = {.initial_cash = 1000, .periods_per_year = 365};
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        const struct gw_portfolio_metric_desc *metric = gw_portfolio_metric_at(m);
        bool countable = !strcmp(metric->unit, "trades") || !strcmp(metric->name, "turnover") ||
                         !strcmp(metric->name, "n_ambiguous_bars") || !strcmp(metric->name, "fees") ||
                         !strcmp(metric->name, "slippage") || !strcmp(metric->name, "funding");
        double got = metric->compute(&empty);
        if (countable ? got != 0 : !isnan(got)) fail_msg("%s = %g", metric->name, got);
    }
}

/* Equal returns have no spread; the ratio of a rounding error must not pass for skill. */
static void constant_growth_has_no_sharpe(void **state) {
    (void)state;
    struct loaded loaded = {0};
    for (double growth = 1.0011; growth < 1.02; growth += 0.0007) {
        double equity = 1000;
        for (size_t i = 0; i < 200; i++) {
            equity *= growth;
            loaded.equity[i] =
                (struct gw_equity_point){.time_ns = (int64_t)i * NS_PER_DAY, .equity = equity, .exposure = 1};
        }
        for (size_t i = 0; i < 49; i++)
            loaded.trade[i] = (struct gw_trade){.side = GW_SIDE_LONG, .pnl = 1, .return_fraction = growth / 1000};
        loaded.input = (struct gw_portfolio_input){.equity = loaded.equity,
                                                   .n_equity = 200,
                                                   .trade = loaded.trade,
                                                   .n_trades = 49,
                                                   .initial_cash = 1000,
                                                   .periods_per_year = 365};
        assert_true(isnan(find_metric("sharpe")->compute(&loaded.input)));
        assert_true(isnan(find_metric("sqn")->compute(&loaded.input)));
        assert_near(find_metric("cagr")->compute(&loaded.input), pow(growth, 365) - 1, 1e-11, 1);
        assert_true(isinf(find_metric("calmar")->compute(&loaded.input)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_golden_values),
        cmocka_unit_test(every_metric_has_golden_values),
        cmocka_unit_test(ratios_do_not_depend_on_scale_or_epoch),
        cmocka_unit_test(nothing_at_all_is_undefined),
        cmocka_unit_test(constant_growth_has_no_sharpe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
