/* Features: golden values, exact warm-up, neutral values and windows that do not drift, for every row of the table. */
#include "feature_sets.h"

/* ---- the table ---------------------------------------------------------------------------- */

/* What a spec's argument can be: a number within its range, in room for it. */
static void check_param(const struct gw_feature_desc *desc, const struct gw_param *param) {
    bool whole = param->type == GW_PARAM_SIZE;
    if (param->type == GW_PARAM_CHOICE) return; /* a word: tests/patterns/test_pattern_features.c */
    if (!whole && param->type != GW_PARAM_NUMBER)
        fail_msg("%s: %s is a %s", desc->name, param->name, gw_param_type_name(param));
    assert_true(param->offset + (whole ? sizeof(size_t) : sizeof(double)) <= GW_OWN_PARAMS_SIZE);
    assert_true(param->low <= param->initial && param->initial <= param->high);
    assert_true(param->unit[0] && strlen(param->help) > 10);
}

static void test_table_is_well_formed(void **state) {
    (void)state;
    assert_true(gw_feature_count() >= 30);
    assert_null(gw_feature_at(gw_feature_count()));
    assert_null(gw_feature_find("no_such_feature"));
    for (size_t i = 0; i < gw_feature_count(); i++) {
        const struct gw_feature_desc *desc = gw_feature_at(i);
        assert_ptr_equal(gw_feature_find(desc->name), desc); /* also: no name twice */
        assert_true(name_is_safe(desc->name));
        assert_true(desc->help && strlen(desc->help) > 10);
        assert_true(desc->source && strlen(desc->source) > 10);
        assert_true(desc->own.n <= GW_FEATURE_PARAMS_MAX);
        for (size_t k = 0; k < desc->own.n; k++) check_param(desc, &desc->own.param[k]);
        struct gw_own_params own;
        gw_param_defaults(&desc->own, &own);
        if (desc->check) assert_null(desc->check(&own));
    }
    char text[GW_FEATURE_NAME_MAX + 32];
    assert_string_equal(gw_feature_signature(gw_feature_find("bollinger_b"), text), "bollinger_b(n=20,k=2)");
    assert_string_equal(gw_feature_signature(gw_feature_find("gap"), text), "gap");
}

/* ---- golden ------------------------------------------------------------------------------- */

static void load_bars(struct gw_bars *bars) {
    struct table table;
    assert_ok(table_read("tests/golden/features_bars.csv", &table));
    assert_int_equal(table.n_columns, 9 + TEST_COLUMNS);
    size_t n = table.n_rows;
    *bars = (struct gw_bars){.symbol = "GOLDEN", .interval_ns = 15 * NS_PER_MINUTE, .n = n};
    bars->bar = mem_calloc(n, sizeof *bars->bar);
    bars->quote_volume = mem_calloc(n, sizeof(double));
    bars->trade_count = mem_calloc(n, sizeof(double));
    bars->taker_buy_base = mem_calloc(n, sizeof(double));
    for (size_t t = 0; t < n; t++) {
        struct gw_bar *bar = &bars->bar[t];
        bar->open_ns = strtoll(table.cell[t * table.n_columns], NULL, 10);
        bar->open = table_number(&table, t, 1);
        bar->high = table_number(&table, t, 2);
        bar->low = table_number(&table, t, 3);
        bar->close = table_number(&table, t, 4);
        bar->volume = table_number(&table, t, 5);
        bars->quote_volume[t] = table_number(&table, t, 6);
        bars->trade_count[t] = table_number(&table, t, 7);
        bars->taker_buy_base[t] = table_number(&table, t, 8);
    }
    double *x = mem_calloc(n, sizeof *x);
    for (size_t c = 0; c < TEST_COLUMNS; c++) {
        for (size_t t = 0; t < n; t++) x[t] = table_number(&table, t, 9 + c); /* NAN when empty */
        assert_ok(gw_bars_add_column(bars, test_column[c], x));
    }
    mem_free(x);
    table_free(&table);
}

static void compare_golden(const char *spec, const struct table *golden, size_t column, size_t t, double got,
                           double tolerance) {
    double want = table_number(golden, t, column);
    /* Below 1e-4 an error counts absolutely: 1e-13, that of a price of 1 in double. */
    if (!near(got, want, tolerance, 1e-4)) fail_msg("%s, row %zu: %.17g, golden %.17g", spec, t, got, want);
}

/* A plain spec in double, through the descriptor. */
static void check_golden_exact(const char *spec, const struct table *golden, size_t column,
                               const struct gw_bars *bars) {
    char name[GW_FEATURE_NAME_MAX];
    size_t length = strcspn(spec, "(");
    snprintf(name, sizeof name, "%.*s", (int)length, spec);
    const struct gw_feature_desc *desc = gw_feature_find(name);
    assert_non_null(desc);
    struct gw_own_params own;
    char why[GW_PARAM_WHY];
    const char *at = spec + length + (desc->takes_column ? 2 : 0); /* behind "(x" */
    for (size_t k = 0; k < desc->own.n; k++) {
        char *end;
        assert_ok(gw_param_put_number(&desc->own.param[k], strtod(at + 1, &end), &own, why));
        at = end;
    }
    double *value = run_feature(desc, &own, bars);
    for (size_t t = 0; t < bars->n; t++) compare_golden(spec, golden, column, t, value[t], 1e-9);
    mem_free(value);
}

static void test_golden(void **state) {
    (void)state;
    struct gw_bars bars;
    struct table golden;
    load_bars(&bars);
    assert_ok(table_read("tests/golden/features_golden.csv", &golden));
    assert_int_equal(golden.n_rows, bars.n);
    for (size_t c = 0; c < golden.n_columns; c++) {
        char spec[GW_FEATURE_NAME_MAX];
        snprintf(spec, sizeof spec, "%s", golden.header[c]);
        for (char *at = spec; *at; at++) *at = *at == ';' ? ',' : *at;
        const char *one = spec;
        struct gw_feature_set *set;
        struct gw_feature_matrix matrix;
        assert_ok(gw_feature_set_parse(&one, 1, &set));
        assert_string_equal(gw_feature_set_name(set, 0), spec);
        double *learnt = learn(set, &bars, 40, 220); /* as tests/golden/make_regime.py does */
        build(set, learnt, &bars, &matrix);
        for (size_t t = 0; t < bars.n; t++) compare_golden(spec, &golden, c, t, matrix.value[t], 1e-7);
        if (!strchr(spec, '@') && !learnt) check_golden_exact(spec, &golden, c, &bars);
        mem_free(learnt);
        gw_feature_matrix_free(&matrix);
        gw_feature_set_free(set);
    }
    table_free(&golden);
    free_bars(&bars);
}

static void test_every_row_has_a_golden_column(void **state) {
    (void)state;
    struct table golden;
    assert_ok(table_read("tests/golden/features_golden.csv", &golden));
    for (size_t i = 0; i < gw_feature_count(); i++) {
        char want[128];
        struct gw_own_params own;
        if (of_library(gw_feature_at(i))) continue;
        make_variant(gw_feature_at(i), 0, &own);
        spec_text(gw_feature_at(i), &own, "", want);
        for (char *at = want; *at; at++) *at = *at == ',' ? ';' : *at;
        size_t c = 0;
        while (c < golden.n_columns && strcmp(golden.header[c], want)) c++;
        if (c == golden.n_columns)
            fail_msg("feature %s has no golden column: add it to tests/golden/make_features.py", want);
        bool finite = false;
        for (size_t t = 0; t < golden.n_rows; t++) finite = finite || isfinite(table_number(&golden, t, c));
        if (!finite) fail_msg("golden column %s holds no value", want);
    }
    table_free(&golden);
}

/* ---- warm-up and finiteness ----------------------------------------------------------------- */

static void check_warmup(const struct gw_feature_desc *desc, const void *own, const struct gw_bars *bars,
                         const char *kind) {
    char spec[128];
    double *value = run_feature(desc, own, bars);
    size_t warmup = desc->warmup(own);
    spec_text(desc, own, "", spec);
    assert_true(warmup < bars->n);
    for (size_t t = 0; t < bars->n; t++) {
        if (t < warmup && !isnan(value[t]))
            fail_msg("%s, %s: row %zu is %g before the warm-up of %zu", spec, kind, t, value[t], warmup);
        if (t >= warmup && !isfinite(value[t]))
            fail_msg("%s, %s: row %zu is %g after the warm-up of %zu", spec, kind, t, value[t], warmup);
    }
    mem_free(value);
}

/* Markets on which a careless formula divides by zero. */
static void spoil(struct gw_bars *bars, int kind) {
    for (size_t t = 0; t < bars->n; t++) {
        struct gw_bar *b = &bars->bar[t];
        double price = kind == 1 ? 1e-9 : kind == 2 ? 1e12 : 77.7;
        bool flat = kind != 3 || t > bars->n / 3;
        if (flat) b->open = b->high = b->low = b->close = price;
        if (kind != 4) b->volume = 0;
        if (kind == 4) b->volume = t % 97 == 5 ? 1e15 : 1e-9; /* flat price, wild volume */
        bars->quote_volume[t] = kind == 1 ? NAN : b->volume * b->close;
        bars->trade_count[t] = kind == 1 ? NAN : kind == 4 ? 3 : 0;
        bars->taker_buy_base[t] = kind == 1 ? NAN : 0;
    }
}

static void test_warmup_is_exact_and_values_finite(void **state) {
    (void)state;
    static const char *const kind_name[] = {"walk", "flat tiny", "flat huge", "dies", "flat, wild volume", "flat"};
    for (int kind = 0; kind < 6; kind++) {
        struct gw_bars bars = hard_walk(11);
        if (kind > 0) spoil(&bars, kind);
        for (size_t i = 0; i < gw_feature_count(); i++)
            for (int variant = 0; variant < N_VARIANTS; variant++) {
                struct gw_own_params own;
                if (make_variant(gw_feature_at(i), variant, &own))
                    check_warmup(gw_feature_at(i), &own, &bars, kind_name[kind]);
            }
        free_bars(&bars);
    }
}

static void test_neutral_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double value;
    } neutral[] = {
        {"log_return", 0},
        {"momentum", 0},
        {"gap", 0},
        {"range", 0},
        {"body", 0},
        {"upper_wick", 0},
        {"lower_wick", 0},
        {"high_low_pos", .5},
        {"ma_gap", 0},
        {"ema_gap", 0},
        {"macd_hist", 0},
        {"bollinger_b", .5},
        {"bollinger_width", 0},
        {"rsi", 50},
        {"atr", 0},
        {"adx", 0},
        {"realised_vol", 0},
        {"parkinson_vol", 0},
        {"garman_klass_vol", 0},
        {"skew", 0},
        {"autocorr", 0},
        {"stochastic_k", .5},
        {"donchian_pos", .5},
        {"cci", 0},
        {"volume_z", 0},
        {"volume_ratio", 0},
        {"signed_volume", 0},
        {"mfi", 50},
        {"taker_buy_ratio", .5},
        {"trade_count_z", 0},
        {"vwap_gap", 0},
        {"efficiency_ratio", 0},
        {"linreg_slope", 0},
        {"linreg_r2", 0},
        {"ma_cross", 0},
        {"awesome", 0},
        {"aroon", 0},
        {"dist_high", 0},
        {"dist_low", 0},
        {"channel_width", 0},
        {"cmo", 0},
        {"up_share", 0},
        {"stochastic_d", .5},
        {"ultimate", 50},
        {"rogers_satchell_vol", 0},
        {"yang_zhang_vol", 0},
        {"vol_ratio", 1},
        {"downside_vol", 0},
        {"max_return", 0},
        {"kurtosis", 0},
        {"jump_share", 0},
        {"range_z", 0},
        {"chop", 50},
        {"cmf", 0},
        {"volume_corr", 0},
        {"trade_size_z", 0},
    };
    struct gw_bars bars = hard_walk(12);
    spoil(&bars, 5);
    for (size_t i = 0; i < COUNT_OF(neutral); i++) {
        const struct gw_feature_desc *desc = gw_feature_find(neutral[i].name);
        assert_non_null(desc);
        struct gw_own_params own;
        make_variant(desc, 0, &own);
        double *value = run_feature(desc, &own, &bars);
        if (value[bars.n - 1] != neutral[i].value)
            fail_msg("%s is %.17g on a flat market without volume, documented %g", desc->name, value[bars.n - 1],
                     neutral[i].value);
        mem_free(value);
    }
    free_bars(&bars);
}

/* ---- windows do not drift -------------------------------------------------------------------- */

static bool remembers_everything(const char *name) {
    static const char *const recursive[] = {"ema_gap", "macd_hist", "rsi", "atr", "adx"};
    for (size_t i = 0; i < COUNT_OF(recursive); i++)
        if (!strcmp(recursive[i], name)) return true;
    return false;
}

/* A long history with a monstrous bar in it ends with the same value as its last bars alone. */
static void test_windows_do_not_drift(void **state) {
    (void)state;
    struct gw_bars bars;
    make_walk((struct walk){.n = 30000, .seed = 5, .volatility = .002, .columns = true}, &bars);
    give_column(&bars, false);
    struct gw_bar *monster = &bars.bar[15000];
    monster->high *= 1e7;
    monster->close *= 1e7;
    monster->volume = bars.quote_volume[15000] = bars.trade_count[15000] = 1e15;
    for (size_t i = 0; i < gw_feature_count(); i++) {
        const struct gw_feature_desc *desc = gw_feature_at(i);
        if (remembers_everything(desc->name)) continue;
        struct gw_own_params own;
        make_variant(desc, 0, &own);
        size_t tail = desc->warmup(&own) + 1;
        struct gw_bars last = bars;
        last.bar += bars.n - tail;
        last.quote_volume += bars.n - tail;
        last.trade_count += bars.n - tail;
        last.taker_buy_base += bars.n - tail;
        struct gw_column column[TEST_COLUMNS];
        for (size_t c = 0; c < TEST_COLUMNS; c++) {
            column[c] = bars.column[c];
            column[c].value += bars.n - tail;
        }
        last.column = column;
        last.n = tail;
        double *all = run_feature(desc, &own, &bars);
        double *few = run_feature(desc, &own, &last);
        if (!near(all[bars.n - 1], few[tail - 1], 1e-11, 1e-3))
            fail_msg("%s has drifted: %.17g, afresh %.17g", desc->name, all[bars.n - 1], few[tail - 1]);
        mem_free(all);
        mem_free(few);
    }
    free_bars(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_well_formed),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_row_has_a_golden_column),
        cmocka_unit_test(test_warmup_is_exact_and_values_finite),
        cmocka_unit_test(test_neutral_values),
        cmocka_unit_test(test_windows_do_not_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
