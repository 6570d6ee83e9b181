/* Features: golden values, exact warm-up, streaming = batch, and no look into the future, for every row
 * of the table. */
#include "engine/base/base.h"
#include "random_market.h"

#include <stdlib.h>

#include "gatewalk/feature.h"

enum { N_BARS = 700 };

/* ---- helpers ------------------------------------------------------------------------------ */

/* Of the user's data, of another symbol, and a rank: in the order in which a set of all features has them. */
enum { COLUMN_DATA, COLUMN_CLOSE, COLUMN_RANK, COLUMN_FUNDING, COLUMN_INTEREST, TEST_COLUMNS };
static const char *const test_column[TEST_COLUMNS] = {"x", "x.close", "x.rank", "funding_rate", "open_interest"};

static size_t column_of(const struct gw_feature_desc *desc) {
    if (desc->of_column) return strcmp(desc->of_column, "funding_rate") == 0 ? COLUMN_FUNDING : COLUMN_INTEREST;
    return !desc->market ? COLUMN_DATA : strcmp(desc->market, ".close") == 0 ? COLUMN_CLOSE : COLUMN_RANK;
}

static struct gw_feature_input input_at(const struct gw_bars *bars, size_t t) {
    static double columns[TEST_COLUMNS];
    for (size_t c = 0; c < TEST_COLUMNS; c++) columns[c] = bars->n_columns ? bars->column[c].value[t] : (double)NAN;
    return (struct gw_feature_input){
        .bar = &bars->bar[t],
        .close_ns = gw_bar_close_ns(bars, t),
        .quote_volume = bars->quote_volume ? bars->quote_volume[t] : NAN,
        .trade_count = bars->trade_count ? bars->trade_count[t] : NAN,
        .taker_buy_base = bars->taker_buy_base ? bars->taker_buy_base[t] : NAN,
        .columns = columns,
    };
}

/* What the set's fitted features learn from bars from..to; NULL when none is fitted. Caller mem_free()s. */
static double *learn(const struct gw_feature_set *set, const struct gw_bars *bars, size_t from, size_t to) {
    const struct gw_feature_slice slice = {.bars = bars, .samples = {from, to}};
    if (gw_feature_set_learnt(set) == 0) return NULL;
    double *learnt = mem_calloc(gw_feature_set_learnt(set), sizeof *learnt);
    assert_non_null(learnt);
    assert_ok(gw_feature_set_learn(set, &slice, 1, 0, learnt));
    return learnt;
}

static void build(const struct gw_feature_set *set, const double *learnt, const struct gw_bars *bars,
                  struct gw_feature_matrix *out) {
    assert_ok(gw_feature_set_build(set, bars, out));
    if (learnt) assert_ok(gw_feature_set_apply(set, learnt, bars, 0, bars->n, out->value));
}

/* All values of one feature in double. Caller mem_free()s. */
static double *run_feature(const struct gw_feature_desc *desc, const void *own, const struct gw_bars *bars) {
    size_t size = desc->state_size(own);
    void *state = mem_calloc(1, size ? size : 1);
    double *value = mem_calloc(bars->n ? bars->n : 1, sizeof *value);
    assert_non_null(state);
    assert_non_null(value);
    for (size_t t = 0; t < bars->n; t++) {
        struct gw_feature_input in = input_at(bars, t);
        in.column = in.columns[column_of(desc)];
        value[t] = desc->push(state, own, &in);
    }
    mem_free(state);
    return value;
}

/* Arguments to try: 0 the defaults, 1 the least, 2 something odd between. */
enum { N_VARIANTS = 3 };
static bool make_variant(const struct gw_feature_desc *desc, int variant, struct gw_own_params *own) {
    char why[GW_PARAM_WHY];
    if (variant > 0 && desc->own.n == 0) return false;
    gw_param_defaults(&desc->own, own);
    for (size_t k = 0; variant > 0 && k < desc->own.n; k++) {
        const struct gw_param *param = &desc->own.param[k];
        if (param->type == GW_PARAM_CHOICE) continue;
        assert_ok(gw_param_put_number(param, param->low + (variant == 2 ? 4 + (double)k : 0), own, why));
    }
    return true;
}

/* "name(1,2)@1h" */
static char *spec_text(const struct gw_feature_desc *desc, const void *own, const char *interval, char text[128]) {
    char value[GW_PARAM_SHOWN];
    size_t used = (size_t)snprintf(text, 128, "%s%s", desc->name, desc->takes_column ? "(x" : "");
    for (size_t k = 0; k < desc->own.n; k++)
        used += (size_t)snprintf(text + used, 128 - used, "%c%s", k || desc->takes_column ? ',' : '(',
                                 gw_param_show(&desc->own.param[k], own, value));
    if (desc->own.n || desc->takes_column) used += (size_t)snprintf(text + used, 128 - used, ")");
    snprintf(text + used, 128 - used, "%s", interval);
    return text;
}

/* What a pattern library says has tests of its own, tests/patterns/test_pattern_features.c: it takes seconds to learn, and its parts are
 * held against PyTorch there. */
static bool of_library(const struct gw_feature_desc *desc) { return desc->fit && desc->fit->values; }

/* Every feature at every variant, plain and on longer intervals. */
static struct gw_feature_set *everything(void) {
    static const char *const interval[] = {"", "@1h", "@45m"};
    static char text[1024][128];
    const char *spec[1024];
    size_t n = 0;
    for (size_t i = 0; i < gw_feature_count(); i++)
        for (int variant = 0; variant < N_VARIANTS; variant++)
            for (size_t k = 0; k < COUNT_OF(interval); k++) {
                struct gw_own_params own;
                if (!make_variant(gw_feature_at(i), variant, &own) || of_library(gw_feature_at(i))) continue;
                assert_true(n < COUNT_OF(spec));
                spec_text(gw_feature_at(i), &own, interval[k], text[n]);
                bool known = false;
                for (size_t j = 0; j < n; j++) known = known || !strcmp(spec[j], text[n]);
                if (known) continue;
                spec[n] = text[n];
                n++;
            }
    struct gw_feature_set *set = NULL;
    assert_ok(gw_feature_set_parse(spec, n, &set));
    assert_int_equal(gw_feature_set_size(set), n);
    return set;
}

/* Known from the first bar on; with holes when asked. */
static void give_column(struct gw_bars *bars, bool holes) {
    double *x = mem_calloc(bars->n, sizeof *x);
    for (size_t t = 0; t < bars->n; t++) x[t] = holes && t % 13 == 7 ? (double)NAN : sin((double)t) * 5 - 1;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_DATA], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = exp(0.1 * sin((double)t / 3) + 0.001 * (double)(t % 17)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_CLOSE], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = (double)(t % 5) / 4 + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_RANK], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = 1e-4 * sin((double)(t / 8)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_FUNDING], x));
    for (size_t t = 0; t < bars->n; t++) x[t] = 5e6 * exp(0.2 * sin((double)t / 9)) + x[t] * 0;
    assert_ok(gw_bars_add_column(bars, test_column[COLUMN_INTEREST], x));
    mem_free(x);
}

static struct gw_bars hard_walk(uint64_t seed) {
    struct gw_bars bars;
    make_walk(
        (struct walk){
            .n = N_BARS, .seed = seed, .volatility = .004, .gap_chance = .03, .flat_chance = .02, .columns = true},
        &bars);
    give_column(&bars, true);
    return bars;
}

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

/* ---- streaming = batch ------------------------------------------------------------------------- */

static void test_streaming_equals_batch(void **state) {
    (void)state;
    static const size_t chunk[] = {1, 2, 3, 5, 7, 13};
    struct gw_bars bars = hard_walk(21);
    struct gw_feature_set *set = everything();
    size_t n = gw_feature_set_size(set);
    struct gw_feature_matrix whole;
    double *learnt = learn(set, &bars, 0, bars.n);
    build(set, learnt, &bars, &whole);
    float *row = mem_calloc(n, sizeof *row);
    for (size_t c = 0; c < COUNT_OF(chunk); c++) {
        struct gw_feature_stream *stream;
        assert_ok(gw_feature_stream_open(set, bars.interval_ns, &stream));
        gw_feature_stream_learnt(stream, learnt);
        for (size_t t = 0; t < bars.n; t++) {
            struct gw_feature_input in = input_at(&bars, t);
            gw_feature_stream_push(stream, &in, row);
            assert_memory_equal(row, whole.value + t * n, n * sizeof *row);
        }
        gw_feature_stream_close(stream);
        /* A history that grows by `chunk` bars, built afresh each time: its rows never change. */
        for (size_t k = chunk[c], step = 1; k < bars.n; k += chunk[c] * step, step += 3) {
            struct gw_feature_matrix part;
            struct gw_bars known;
            copy_bars(&bars, k, &known);
            build(set, learnt, &known, &part);
            assert_memory_equal(part.value, whole.value, k * n * sizeof *row);
            gw_feature_matrix_free(&part);
            free_bars(&known);
        }
    }
    mem_free(row);
    mem_free(learnt);
    gw_feature_matrix_free(&whole);
    gw_feature_set_free(set);
    free_bars(&bars);
}

static void test_matrix_warmup(void **state) {
    (void)state;
    static const char *const spec[] = {"rsi(14)", "atr(5)@1h", "macd_hist(3,8,4)", "volume_z(20)"};
    struct gw_bars bars = hard_walk(22);
    struct gw_feature_set *set;
    struct gw_feature_matrix m;
    assert_ok(gw_feature_set_parse(spec, COUNT_OF(spec), &set));
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_true(m.warmup >= 19 && m.warmup < bars.n); /* volume_z(20) alone needs 19 */
    for (size_t t = 0; t < m.n_bars; t++) {
        bool finite = true;
        for (size_t j = 0; j < m.n_features; j++) finite = finite && isfinite(m.value[t * m.n_features + j]);
        assert_int_equal(finite, t >= m.warmup);
    }
    gw_feature_matrix_free(&m);
    bars.n = 7; /* too short to warm up */
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_int_equal(m.warmup, 7);
    gw_feature_matrix_free(&m);
    bars.n = 0;
    assert_ok(gw_feature_set_build(set, &bars, &m));
    assert_int_equal(m.warmup, 0);
    gw_feature_matrix_free(&m);
    gw_feature_set_free(set);
    free_bars(&bars);
}

/* ---- the past only ------------------------------------------------------------------------------- */

enum { POISON_NAN, POISON_HUGE, POISON_SHUFFLE, POISON_LATER, N_POISONS };

static void poison_column(double *value, size_t n, size_t from, double factor) {
    for (size_t i = from; i < n; i++) value[i] *= factor;
}

static void poison(struct gw_bars *bars, size_t t, int kind, struct gw_rng *rng) {
    double factor = kind == POISON_NAN ? NAN : 1e6;
    if (kind == POISON_NAN || kind == POISON_HUGE) {
        for (size_t i = t + 1; i < bars->n; i++) {
            struct gw_bar *b = &bars->bar[i];
            b->open *= factor;
            b->high *= factor;
            b->low *= factor;
            b->close *= factor;
            b->volume *= factor;
        }
        poison_column(bars->quote_volume, bars->n, t + 1, factor);
        poison_column(bars->trade_count, bars->n, t + 1, factor);
        poison_column(bars->taker_buy_base, bars->n, t + 1, factor);
    }
    /* Later times too: a bucket must not know when the next bar comes. */
    if (kind == POISON_LATER)
        for (size_t i = t + 1; i < bars->n; i++) bars->bar[i].open_ns += 5 * NS_PER_HOUR;
    if (kind != POISON_SHUFFLE) return;
    for (size_t i = bars->n - 1; i > t + 1; i--) {
        size_t j = t + 1 + gw_rng_below(rng, i - t);
        struct gw_bar swap = bars->bar[i];
        bars->bar[i] = bars->bar[j];
        bars->bar[j] = swap;
        int64_t time = bars->bar[i].open_ns;
        bars->bar[i].open_ns = bars->bar[j].open_ns;
        bars->bar[j].open_ns = time;
    }
}

static void test_later_bars_change_nothing(void **state) {
    (void)state;
    struct gw_bars bars = hard_walk(31);
    struct gw_feature_set *set = everything();
    size_t n = gw_feature_set_size(set);
    struct gw_feature_matrix clean;
    struct gw_rng rng;
    gw_rng_key(&rng, 31, "poison", 0, 0, 0);
    double *learnt = learn(set, &bars, 0, bars.n);
    build(set, learnt, &bars, &clean);
    for (int round = 0; round < 24; round++) {
        int kind = round % N_POISONS;
        size_t t = gw_rng_below(&rng, bars.n - 40);
        struct gw_bars spoiled;
        struct gw_feature_matrix m;
        copy_bars(&bars, bars.n, &spoiled);
        poison(&spoiled, t, kind, &rng);
        build(set, learnt, &spoiled, &m);
        for (size_t i = 0; i <= t; i++)
            for (size_t j = 0; j < n; j++)
                if (memcmp(&m.value[i * n + j], &clean.value[i * n + j], sizeof(float)))
                    fail_msg("%s at bar %zu depends on bars after %zu (poison %d)", gw_feature_set_name(set, j), i, t,
                             kind);
        /* The poison works: something after t is different. */
        assert_memory_not_equal(m.value + (t + 1) * n, clean.value + (t + 1) * n, (bars.n - t - 1) * n * sizeof(float));
        gw_feature_matrix_free(&m);
        free_bars(&spoiled);
    }
    mem_free(learnt);
    gw_feature_matrix_free(&clean);
    gw_feature_set_free(set);
    free_bars(&bars);
}

/* ---- longer intervals ------------------------------------------------------------------------------ */

static int64_t floor_to(int64_t time, int64_t interval) {
    int64_t bucket = time / interval * interval;
    return bucket > time ? bucket - interval : bucket;
}

/* By definition: the buckets complete in the eyes of someone standing at the close of bar t. */
static size_t known_buckets(const struct gw_bars *bars, size_t t, int64_t interval, struct gw_bar *bucket) {
    size_t n = 0;
    for (size_t i = 0; i <= t; i++) {
        int64_t begin = floor_to(bars->bar[i].open_ns, interval);
        if (begin + interval > gw_bar_close_ns(bars, t)) break;
        if (n && bucket[n - 1].open_ns == begin) {
            bucket[n - 1].high = fmax(bucket[n - 1].high, bars->bar[i].high);
            bucket[n - 1].low = fmin(bucket[n - 1].low, bars->bar[i].low);
            bucket[n - 1].close = bars->bar[i].close;
            bucket[n - 1].volume += bars->bar[i].volume;
        } else {
            bucket[n] = bars->bar[i];
            bucket[n++].open_ns = begin;
        }
    }
    return n;
}

static void test_intervals_see_closed_buckets_only(void **state) {
    (void)state;
    static const struct {
        const char *spec, *plain;
        int64_t interval;
    } row[] = {
        {"log_return(1)@1h", "log_return(1)", NS_PER_HOUR},
        {"range@45m", "range", 45 * NS_PER_MINUTE},
        {"volume_z(3)@2h", "volume_z(3)", 2 * NS_PER_HOUR},
        {"hour_sin@30m", "hour_sin", 30 * NS_PER_MINUTE},
        {"gap@15m", "gap", 15 * NS_PER_MINUTE},
        {"range@1w", "range", 7 * NS_PER_DAY},
    };
    struct gw_bars bars;
    make_walk((struct walk){.n = 400, .seed = 8, .volatility = .01, .gap_chance = .15}, &bars);
    for (size_t k = 0; k < COUNT_OF(row); k++) {
        struct gw_feature_set *slow, *plain;
        struct gw_feature_matrix got, want;
        assert_ok(gw_feature_set_parse(&row[k].spec, 1, &slow));
        assert_ok(gw_feature_set_parse(&row[k].plain, 1, &plain));
        assert_ok(gw_feature_set_build(slow, &bars, &got));
        struct gw_bars bucket = {.symbol = "SLOW", .interval_ns = row[k].interval};
        bucket.bar = mem_calloc(bars.n, sizeof *bucket.bar);
        for (size_t t = 0; t < bars.n; t++) {
            bucket.n = known_buckets(&bars, t, row[k].interval, bucket.bar);
            assert_ok(gw_feature_set_build(plain, &bucket, &want));
            float last = bucket.n ? want.value[bucket.n - 1] : NAN;
            if (!near(got.value[t], last, 0, 1)) fail_msg("%s at %zu: %g, not %g", row[k].spec, t, got.value[t], last);
            gw_feature_matrix_free(&want);
            if (t % 37) continue;
            /* gw_bars_resample on what is known so far makes the same buckets. */
            struct gw_bars known = bars, resampled;
            known.n = t + 1;
            assert_ok(gw_bars_resample(&known, row[k].interval, &resampled));
            assert_int_equal(resampled.n, bucket.n);
            assert_memory_equal(resampled.bar, bucket.bar, bucket.n * sizeof *bucket.bar);
            gw_bars_free(&resampled);
        }
        mem_free(bucket.bar);
        gw_feature_matrix_free(&got);
        gw_feature_set_free(slow);
        gw_feature_set_free(plain);
    }
    free_bars(&bars);
}

/* ---- specs -------------------------------------------------------------------------------------------- */

static void check_bad(const char *spec, const char *part) {
    const char *two[] = {"range", spec};
    struct gw_feature_set *set = NULL;
    assert_fails(gw_feature_set_parse(two, 2, &set), GW_ERR_CONFIG, part);
    assert_null(set);
    if (strlen(spec) < 60) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "features: \"%s\": ", spec);
        assert_non_null(strstr(gw_error_message(), quoted));
    }
}

static void test_spec_errors(void **state) {
    (void)state;
    check_bad("rsy(14)", "features: \"rsy(14)\": unknown feature; did you mean \"rsi\"?");
    check_bad("realized_vol(96)", "did you mean \"realised_vol\"?");
    check_bad("qqqqqqqq", "unknown feature");
    check_bad("", "expected a feature name");
    check_bad("(14)", "expected a feature name");
    check_bad("rsi(14,3)", "at most 1 argument: rsi(n=14)");
    check_bad("rsi(1,2,3)", "at most 1 argument: rsi(n=14)");
    check_bad("hour_sin(3)", "at most 0 arguments: hour_sin");
    check_bad("rsi()", "argument 1 is not a number; write rsi(n=14)");
    check_bad("rsi(nan)", "is not a number");
    check_bad("rsi(inf)", "is not a number");
    check_bad("rsi(0x10)", "is not a number");
    check_bad("rsi(ten)", "is not a number");
    check_bad("bollinger_b(20,)", "argument 2 is not a number");
    check_bad("rsi(1)", "n (length of Wilder's averages: weight 1/n) is 1; it must lie between 2 and 20000");
    check_bad("rsi(-3)", "is -3; it must lie between 2 and 20000");
    check_bad("rsi(14.5)", "n (length of Wilder's averages: weight 1/n) must be a whole number");
    check_bad("rsi(1e30)", "is 1e+30; it must lie between 2 and 20000");
    check_bad("rsi(-inf)", "is -inf; it must lie between 2 and 20000");
    check_bad("bollinger_b(20,-nan)", "is -nan; it must lie between 0.1 and 10");
    check_bad("bollinger_b(20,11)",
              "k (standard deviations from the mean to a band) is 11; it must lie between 0.1 and 10");
    check_bad("macd_hist(26,12,9)", "fast must be less than slow");
    check_bad("macd_hist(26)", "fast must be less than slow");
    check_bad("rsi(14", "expected ',' or ')'");
    check_bad("rsi(14 15)", "expected ',' or ')'");
    check_bad("rsi(14)x", "unexpected text \"x\"");
    check_bad("rsi(14)@1h@2h", "is not an interval");
    check_bad("rsi(14)@", "expected an interval");
    check_bad("rsi(14)@1x", "\"1x\" is not an interval");
    check_bad("rsi(14)@0h", "is not an interval");
    check_bad("range", "given twice (entries 1 and 2 are both range)");
    check_bad("a_name_that_is_longer_than_any_feature_may_be_and_then_some_more_letters", "too long");
    struct gw_feature_set *set;
    assert_fails(gw_feature_set_parse(NULL, 0, &set), GW_ERR_CONFIG, "the list is empty");
}

static void test_one_feature_has_one_name(void **state) {
    (void)state;
    static const char *const spec[] = {
        "rsi", " macd_hist( 12 , 26,9 ) @ 60m ", "bollinger_b(20)", "bollinger_b(20,2.5)", "rsi(14)@1h", "hour_sin"};
    static const char *const name[] = {
        "rsi(14)", "macd_hist(12,26,9)@1h", "bollinger_b(20,2)", "bollinger_b(20,2.5)", "rsi(14)@1h", "hour_sin"};
    static const char *const twice[][2] = {
        {"rsi", "rsi(14)"}, {"rsi(14)@60m", "rsi@1h"}, {"bollinger_b(20)", "bollinger_b(20,2.0)"}};
    struct gw_feature_set *set;
    assert_ok(gw_feature_set_parse(spec, COUNT_OF(spec), &set));
    for (size_t i = 0; i < COUNT_OF(spec); i++) assert_string_equal(gw_feature_set_name(set, i), name[i]);
    gw_feature_set_free(set);
    for (size_t i = 0; i < COUNT_OF(twice); i++)
        assert_fails(gw_feature_set_parse(twice[i], 2, &set), GW_ERR_CONFIG, "given twice");
}

static void test_specs_against_the_bars(void **state) {
    (void)state;
    struct gw_bars bars;
    make_walk((struct walk){.n = 50, .seed = 1, .volatility = .01}, &bars);
    static const struct {
        const char *spec[2], *part;
    } bad[] = {
        {{"range", "taker_buy_ratio"}, "\"taker_buy_ratio\" needs taker-buy volume, which the data of WALK"},
        {{"range", "vwap_gap(5)@1h"}, "needs quote volume"},
        {{"range", "trade_count_z(5)"}, "needs trade counts"},
        {{"range", "rsi(14)@50m"}, "\"rsi(14)@50m\": the interval 50m is not a multiple of the bars' 15m"},
        {{"range", "rsi(14)@5m"}, "is not a multiple"},
        {{"rsi(14)@15m", "rsi(14)"}, "is the same as \"rsi(14)\" on bars of 15m"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct gw_feature_set *set;
        struct gw_feature_matrix m;
        assert_ok(gw_feature_set_parse(bad[i].spec, 2, &set));
        assert_fails(gw_feature_set_build(set, &bars, &m), GW_ERR_CONFIG, bad[i].part);
        gw_feature_set_free(set);
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
        cmocka_unit_test(test_streaming_equals_batch),
        cmocka_unit_test(test_matrix_warmup),
        cmocka_unit_test(test_later_bars_change_nothing),
        cmocka_unit_test(test_intervals_see_closed_buckets_only),
        cmocka_unit_test(test_spec_errors),
        cmocka_unit_test(test_one_feature_has_one_name),
        cmocka_unit_test(test_specs_against_the_bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
