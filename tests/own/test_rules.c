/* Rules: read as Lua reads them, refused with their place, and traded as they say. */
#include "own.h"
#include "strategies/own/lua_api.h"

#include "engine/market/features/feature_set.h"

/* ---- what an expression comes to -------------------------------------------------------------------------- */

static struct rule_scene scene = {.variable = {[VAR_OPEN] = 101,
                                               [VAR_HIGH] = 104.5,
                                               [VAR_LOW] = 99.25,
                                               [VAR_CLOSE] = 103,
                                               [VAR_VOLUME] = 7,
                                               [VAR_BAR] = 12,
                                               [VAR_PENDING] = 1,
                                               [VAR_POSITION] = -2.5,
                                               [VAR_ENTRY_PRICE] = NAN}};

static double value_of(const char *text, bool truth) {
    struct rule_book *book = mem_calloc(1, sizeof *book);
    struct rule_code code;
    assert_non_null(book);
    if (rule_parse(book, text, truth, &code) < 0) fail_msg("%s: %s", text, gw_error_message());
    const double value = rule_run(book, code, &scene);
    mem_free(book);
    return value;
}

static void expressions_have_their_values(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool truth;
        double value;
    } cases[] = {
        {"1 + 2 * 3", false, 7},
        {"(1 + 2) * 3", false, 9},
        {"2 ^ 3 ^ 2", false, 512},
        {"-2 ^ 2", false, -4},
        {"2 ^ -1", false, .5},
        {"7 // 2", false, 3},
        {"-7 // 2", false, -4},
        {"-7 % 3", false, 2},
        {"7 % -3", false, -2},
        {"10 - 4 - 3", false, 3},
        {"64 / 4 / 2", false, 8},
        {"max(1, 5, 3)", false, 5},
        {"math.min(4, 2) + abs(-1)", false, 3},
        {"floor(2.7) * 10 + ceil(.2)", false, 21},
        {"close > open", true, 1},
        {"close > open and low > 100", true, 0},
        {"not pending or volume == 7", true, 1},
        {"not (pending and true)", true, 0},
        {"close > open and 1 or 2", false, 1},
        {"close < open and 1 or 2", false, 2},
        {"close < open and 1 or close > low and 5 or 9", false, 5},
        {"close < open and 1 or close < low and 5 or 9", false, 9},
        {"position == -2.5", true, 1},
        {"position ~= -2.5", true, 0},
        {"entry_price > 0", true, 0},
        {"entry_price <= 0", true, 0},
        {"1e3 + .5e1", false, 1005},
        {"high - low >= 5.25", true, 1},
        {"pending == false", true, 0},
        {"3 - -2", false, 5},
        {"- - 2", false, 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (value_of(cases[i].text, cases[i].truth) != cases[i].value)
            fail_msg("%s is %g, want %g", cases[i].text, value_of(cases[i].text, cases[i].truth), cases[i].value);
}

/* Random expressions, the same text for both. */
struct writer {
    struct gw_rng rng;
    char text[900];
    size_t n;
};
static void say(struct writer *w, const char *word) {
    w->n += (size_t)snprintf(w->text + w->n, sizeof w->text - w->n, "%s", word);
}
static const char *one_of(struct writer *w, const char *const *word, size_t n) {
    return word[gw_rng_below(&w->rng, n)];
}
#define ONE_OF(w, ...)                                                                                                 \
    one_of((w), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void say_number(struct writer *w, int depth) {
    const uint64_t which = depth > 0 ? gw_rng_below(&w->rng, 6) : gw_rng_below(&w->rng, 2);
    if (which == 0) {
        char number[32];
        snprintf(number, sizeof number, "%.2f", 10 * gw_rng_uniform(&w->rng));
        say(w, number);
    } else if (which == 1) {
        say(w, ONE_OF(w, "open", "high", "low", "close", "volume", "bar", "position", "entry_price"));
    } else if (which == 2) {
        say(w, ONE_OF(w, "math.abs(", "math.floor(", "math.sqrt(", "-(", "("));
        say_number(w, depth - 1);
        say(w, ")");
    } else {
        if (gw_rng_below(&w->rng, 2)) say(w, "- ");
        say_number(w, depth - 1);
        say(w, ONE_OF(w, " + ", " - ", " * ", " / ", " // ", " % ", " ^ "));
        say_number(w, depth - 1);
    }
}

static void say_truth(struct writer *w, int depth) {
    if (depth == 0 || gw_rng_below(&w->rng, 3) == 0) {
        say_number(w, depth > 2 ? 2 : depth);
        say(w, ONE_OF(w, " < ", " <= ", " > ", " >= ", " == ", " ~= "));
        say_number(w, depth > 2 ? 2 : depth);
        return;
    }
    if (gw_rng_below(&w->rng, 3) == 0) {
        say(w, "not (");
        say_truth(w, depth - 1);
        say(w, ")");
        return;
    }
    say_truth(w, depth - 1);
    say(w, ONE_OF(w, " and ", " or "));
    say_truth(w, depth - 1);
}

static void rules_mean_what_lua_means(void **state) {
    (void)state;
    if (lua_api_load() < 0) skip();
    struct writer w = {.n = 0};
    gw_rng_key(&w.rng, 17, "expressions", 0, 0, 0);
    size_t n_true = 0, n = 0;
    struct program *program = NULL;
    assert_ok(own_read("function on_bar() end", &program)); /* Lua is there */
    program_free(program);
    for (int i = 0; i < 3000; i++) {
        char lua[1400];
        w.n = 0;
        say_truth(&w, 3);
        if (w.n > 800) continue;
        const bool ours = value_of(w.text, true) != 0;
        snprintf(
            lua, sizeof lua,
            "local open, high, low, close, volume, bar, position, entry_price = 101.0, 104.5, 99.25, 103.0, 7.0, 12.0, "
            "-2.5, 0/0\nif (%s) ~= %s then error('differs') end function on_bar() end",
            w.text, ours ? "true" : "false");
        if (own_read(lua, &program) < 0) fail_msg("%s: ours %d; %s", w.text, ours, gw_error_message());
        program_free(program);
        n_true += ours;
        n++;
    }
    assert_in_range(n_true, n / 5, n - n / 5); /* both happen */
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

static void wrong_rules_are_refused_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
        int column;
        bool number;
    } cases[] = {
        {"", "something is missing", 1, false},
        {"close >", "something is missing", 8, false},
        {"close", "compare it", 1, false},
        {"close > open", "wants a number", 1, true},
        {"close = 3", "\"==\"", 7, false},
        {"close != 3", "\"~=\"", 7, false},
        {"close > 1 && open > 1", "\"and\"", 11, false},
        {"close > 1 || open > 1", "\"and\" or \"or\"", 11, false},
        {"close > 1 open > 1", "should have ended", 11, false},
        {"1 < close < 3", "truth value", 1, false},
        {"close and open > 1", "compare it", 1, false},
        {"open > 1 and close", "number or false", 1, false},
        {"not close", "compare it", 5, false},
        {"-pending", "wants a number", 2, true},
        {"open > 1 and 2 or close > 3", "must be one too", 19, true},
        {"(open > 1", "')' is missing", 10, false},
        {"open > 1)", "should have ended", 9, false},
        {"opn > 1", "did you mean \"open\"", 1, false},
        {"nothing_like_it > 1", "unknown name", 1, false},
        {"rsii(14) > 1", "did you mean \"rsi\"", 1, false},
        {"rsi(close) > 1", "rsi", 1, false},
        {"rsi(14 > 1", "not closed", 4, false},
        {"rsi(14)@ > 1", "rsi(14)@", 1, false},
        {"rsi(14)@1x > 1", "1x", 1, false},
        {"rsi(0) > 1", "rsi", 1, false},
        {"rsi(1,2,3) > 1", "rsi", 1, false},
        {"abs > 1", "arguments are missing", 1, false},
        {"abs(1, 2) > 1", "')' is missing", 6, false},
        {"max(1) > 1", "comma", 6, false},
        {"abs(open > 1) > 1", "truth value", 5, false},
        {"ago(close) > 1", "comma", 10, false},
        {"ago(close, 0) > 1", "whole number", 12, false},
        {"ago(close, 1.5) > 1", "whole number", 12, false},
        {"ago(close, open) > 1", "whole number", 12, false},
        {"ago(close, 99999) > 1", "whole number", 12, false},
        {"ago > 1", "ago(x, bars)", 1, false},
        {"highest(pending, 3) > 1", "truth value", 9, false},
        {"crosses_above(close) ", "comma", 20, false},
        {"crosses_above > 1", "(x, y)", 1, false},
        {"crosses_above(close, open) > 1", "truth value", 1, false},
        {"close(1) > 1", "ago(close, 1)", 1, false},
        {"close[1] > 1", "ago(close, 1)", 1, false},
        {"close > 0x10", "0x10", 9, false},
        {"close > 1..2", "1..2", 9, false},
        {"close > 1e999", "1e999", 9, false},
        {"close > 3close", "3close", 9, false},
        {"close > 'a'", "no texts", 9, false},
        {"close > \"a\"", "no texts", 9, false},
        {"close > #open", "'#'", 9, false},
        {"close > {}", "'{'", 9, false},
        {"close --1 > 2", "should have ended", 7, false},
        {"--close > 2", "comment", 1, false},
        {"close > 1; open > 1", "should have ended", 10, false},
        {"math.sin(1) > 0", "sin", 1, false},
        {"os.exit(1) > 0", "os", 1, false},
        {"close > \x01", "'?'", 9, false},
        {"and close > 1", "and", 1, false},
        {"pending == 1", "truth value", 12, false},
        {"close @ 1", "should have ended", 7, false},
        {"function() end", "function", 1, false},
    };
    assert_true(COUNT_OF(cases) >= 60);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_book *book = mem_calloc(1, sizeof *book);
        struct rule_code code;
        char place[32];
        const int rc = rule_parse(book, cases[i].text, !cases[i].number, &code);
        snprintf(place, sizeof place, "column %d: ", cases[i].column);
        mem_free(book);
        if (rc != GW_ERR_CONFIG || strncmp(gw_error_message(), place, strlen(place)) != 0 ||
            !strstr(gw_error_message(), cases[i].says))
            fail_msg("%s: %d \"%s\", want %s… %s", cases[i].text, rc, rc < 0 ? gw_error_message() : "", place,
                     cases[i].says);
    }
}

static void deep_and_long_rules_are_refused(void **state) {
    (void)state;
    static char text[40000];
    struct rule_code code;
    static const char *const piece[] = {"(", "-(", "not ", "1+", "2^", "abs(", "1+(", "ago("};
    for (size_t k = 0; k < COUNT_OF(piece); k++) {
        struct rule_book *book = mem_calloc(1, sizeof *book);
        text[0] = '\0';
        for (size_t i = 0, n = 0; i < 9000; i++, n += strlen(piece[k])) strcpy(text + n, piece[k]);
        assert_true(rule_parse(book, text, false, &code) == GW_ERR_CONFIG);
        mem_free(book);
    }
}

/* ---- trading ---------------------------------------------------------------------------------------------------- */

/* The cross of two means as rules is the built-in one, from the moment both know their means. */
static void a_cross_of_means_is_sma_cross(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result ours, theirs;
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    struct rule_text text = {.text = {[RULE_ENTER_LONG] = "crosses_above(mean(close, 7), mean(close, 19))",
                                      [RULE_ENTER_SHORT] = "crosses_below(mean(close, 7), mean(close, 19))"}};
    struct program *program = NULL;
    enum rule which;
    own_market(&market, 2, 3000);
    assert_ok(program_of_rules(&text, &which, &program));
    assert_ok(own_replay(program, &market, &ours));
    fixture_config(&config, &trading);
    config.costs.taker_bps = 5;
    trading.size = .5;
    const struct gw_strategy_desc *cross = gw_strategy_find("sma_cross");
    trading.strategy = gw_strategy_row(cross);
    assert_ok(gw_strategy_config_set(&trading, "fast", "7"));
    assert_ok(gw_strategy_config_set(&trading, "slow", "19"));
    assert_ok(gw_replay_run(&market, &config, cross, &trading, NULL, NULL, &theirs));
    assert_true(theirs.n_trades > 100);
    own_same(&ours, &theirs);
    gw_replay_result_free(&ours);
    gw_replay_result_free(&theirs);
    program_free(program);
    fixture_free(&market);
}

/* Features of a replay that begins late are those of the whole history, bit by bit. */
static void features_are_those_of_the_whole_history(void **state) {
    (void)state;
    enum { N = 600, FROM = 400 };
    struct gw_market market;
    struct gw_feature_matrix matrix;
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    struct gw_replay_result r;
    own_market(&market, 1, N);
    struct program *program = own_rules("rsi(9)@5m < 40 and position == 0", "rsi(9)@5m > 60", "");
    assert_ok(gw_feature_set_build(program->set, &market.symbol[0], &matrix));
    fixture_config(&config, &trading);
    trading.program = program;
    config.begin_ns = gw_bar_close_ns(&market.symbol[0], FROM);
    config.end_ns = INT64_MAX;
    assert_ok(gw_replay_run(&market, &config, program->desc, &trading, NULL, NULL, &r));
    assert_true(r.n_trades >= 2);
    size_t k = 0;
    for (size_t t = FROM; t < N && k < own_orders(&r); t++) { /* walked by hand */
        const bool held = k % 2 == 1;
        const float rsi = matrix.value[t];
        if (!(held ? rsi > 60 : rsi < 40)) continue;
        assert_int_equal(r.order[k].put_ns, gw_bar_close_ns(&market.symbol[0], t));
        assert_int_equal(r.order[k].kind, held ? GW_ORDER_CLOSE : GW_ORDER_MARKET);
        k++;
    }
    assert_int_equal(k, own_orders(&r));
    gw_replay_result_free(&r);
    gw_feature_matrix_free(&matrix);
    program_free(program);
    fixture_free(&market);
}

/* What is fitted per fold says nothing to who has no folds. */
static void fitted_features_are_refused(void **state) {
    (void)state;
    struct gw_market market;
    own_market(&market, 1, 50);
    struct program *program = own_rules("regime(2,2) < 0.5", "rsi(9) > 60", "");
    assert_fails(program_check_bars(program, &market.symbol[0]), GW_ERR_CONFIG,
                 "\"regime(2,2,1)\" is fitted anew for every fold");
    program_free(program);
    fixture_free(&market);
}

static void every_kind_of_entry_is_reached(void **state) {
    (void)state;
    static const struct {
        enum gw_order_kind kind;
        const char *limit, *trigger;
    } cases[] = {{GW_ORDER_MARKET, "0", ""},
                 {GW_ORDER_LIMIT, "close * 0.995", ""},
                 {GW_ORDER_STOP, "", "close * 1.004"},
                 {GW_ORDER_STOP_LIMIT, "close * 1.01", "close * 1.004"}};
    struct gw_market market;
    own_market(&market, 1, 1500);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rule_text text = {.text = {[RULE_ENTER_LONG] = "bar % 9 == 0",
                                          [RULE_STOP] = "atr(5) * 2",
                                          [RULE_TARGET] = "0.02",
                                          [RULE_TRAIL] = "rsi(5) > 50 and 0.01 or 0.02",
                                          [RULE_SIZE] = "0.25",
                                          [RULE_MAX_BARS] = "12"}};
        strcpy(text.text[RULE_LIMIT], cases[i].limit);
        strcpy(text.text[RULE_TRIGGER], cases[i].trigger);
        if (cases[i].kind != GW_ORDER_MARKET) strcpy(text.text[RULE_GOOD_BARS], "2");
        struct program *program = NULL;
        struct gw_replay_result r;
        enum rule which;
        size_t n_kind = 0, n_trail = 0, n_stop = 0, n_target = 0, by[GW_N_EXITS] = {0};
        assert_ok(program_of_rules(&text, &which, &program));
        assert_ok(own_replay(program, &market, &r));
        for (size_t k = 0; k < r.n_records; k++) {
            const struct gw_order_record *o = &r.order[k];
            n_kind += o->parent == 0 && o->kind == cases[i].kind;
            n_trail += o->parent && o->kind == GW_ORDER_TRAILING;
            n_stop += o->parent && o->kind == GW_ORDER_STOP;
            n_target += o->parent && o->kind == GW_ORDER_LIMIT;
            if (!o->parent && cases[i].kind != GW_ORDER_MARKET && o->state == GW_ORDER_EXPIRED &&
                o->reason == GW_REASON_TIME_IN_FORCE)
                assert_int_equal(o->end_ns - o->put_ns, 2 * NS_PER_MINUTE);
        }
        for (size_t t = 0; t < r.n_trades; t++) by[r.trade[t].reason]++;
        assert_true(n_kind > 20 && n_trail > 20 && n_stop == n_trail && n_target == n_trail);
        assert_true(by[GW_EXIT_TRAIL] + by[GW_EXIT_STOP] > 5 && by[GW_EXIT_TARGET] + by[GW_EXIT_TIME] > 5);
        gw_replay_result_free(&r);
        program_free(program);
    }
    fixture_free(&market);
}

static void a_value_that_makes_no_sense_ends_the_replay(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result r;
    own_market(&market, 1, 100);
    struct program *program = own_rules("true", "false", "close - 2 * close");
    assert_fails(own_replay(program, &market, &r), GW_ERR_CONFIG, "rule stop: comes to -");
    assert_non_null(strstr(gw_error_message(), "1970-01-01T16:4"));
    program_free(program);
    program = own_rules("true", "false", "rsi(200)"); /* not known: no entry */
    assert_ok(own_replay(program, &market, &r));
    assert_int_equal(r.n_records, 0);
    gw_replay_result_free(&r);
    program_free(program);
    fixture_free(&market);
}

/* A limit or trigger is a price: a distance in its place would be the largest position there is. */
static void a_distance_is_no_price(void **state) {
    (void)state;
    struct gw_market market;
    struct gw_replay_result r;
    own_market(&market, 1, 100);
    for (int k = 0; k < 4; k++) {
        struct rule_text text = {.text = {[RULE_ENTER_SHORT] = "true"}};
        strcpy(text.text[k % 2 ? RULE_TRIGGER : RULE_LIMIT], k < 2 ? "0.003" : k == 2 ? "close * 1.5" : "close / 2");
        enum rule which;
        struct program *program;
        assert_ok(program_of_rules(&text, &which, &program));
        if (k < 2) {
            assert_fails(own_replay(program, &market, &r), GW_ERR_CONFIG,
                         k ? "rule trigger: comes to 0.003 at the close of "
                           : "rule limit: comes to 0.003 at the close of ");
        } else {
            assert_ok(own_replay(program, &market, &r));
            assert_true(r.n_records > 0);
            gw_replay_result_free(&r);
        }
        program_free(program);
    }
    fixture_free(&market);
}

static void taps_look_back(void **state) {
    (void)state;
    enum { N = 60 };
    struct gw_market market;
    own_market(&market, 1, N);
    static const char *const text[] = {"ago(close, 3)", "highest(high, 5)", "lowest(ago(low, 2), 4)",
                                       "mean(close - open, 6)"};
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        struct rule_book *book = mem_calloc(1, sizeof *book);
        struct rule_code code;
        double ring[64], tapped[8];
        struct rule_scene at = {.ring = ring, .tapped = tapped};
        assert_ok(rule_parse(book, text[i], false, &code));
        const struct gw_bar *bar = market.symbol[0].bar;
        for (size_t t = 0; t < N; t++) {
            at.variable[VAR_OPEN] = bar[t].open, at.variable[VAR_HIGH] = bar[t].high;
            at.variable[VAR_LOW] = bar[t].low, at.variable[VAR_CLOSE] = bar[t].close;
            rule_run_taps(book, &at);
            double want = i == 0 ? (t >= 3 ? bar[t - 3].close : NAN) : NAN, sum = 0;
            if (i == 1 && t >= 4) {
                want = 0;
                for (size_t k = 0; k < 5; k++) want = fmax(want, bar[t - k].high);
            }
            if (i == 2 && t >= 5) {
                want = INFINITY;
                for (size_t k = 0; k < 4; k++) want = fmin(want, bar[t - 2 - k].low);
            }
            for (size_t k = 0; k < 6 && t >= 5; k++) sum += bar[t - k].close - bar[t - k].open;
            if (i == 3 && t >= 5) want = sum / 6;
            assert_near(rule_run(book, code, &at), want, 1e-9, 1e-6);
        }
        mem_free(book);
    }
    fixture_free(&market);
}

static void hashes_tell_rules_apart(void **state) {
    (void)state;
    struct program *a = own_rules("close > open", "close < open", "0.01"),
                   *b = own_rules("close > open", "close < open", "0.01"),
                   *c = own_rules("close > open", "close < open", "0.02");
    assert_true(a->hash == b->hash && a->hash != c->hash);
    assert_false(a->desc->needs_model);
    program_free(a), program_free(b), program_free(c);
    a = own_rules("p_long >= tau_long", "", "");
    assert_true(a->desc->needs_model);
    program_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_have_their_values),
        cmocka_unit_test(rules_mean_what_lua_means),
        cmocka_unit_test(wrong_rules_are_refused_with_their_place),
        cmocka_unit_test(deep_and_long_rules_are_refused),
        cmocka_unit_test(a_cross_of_means_is_sma_cross),
        cmocka_unit_test(features_are_those_of_the_whole_history),
        cmocka_unit_test(fitted_features_are_refused),
        cmocka_unit_test(every_kind_of_entry_is_reached),
        cmocka_unit_test(a_value_that_makes_no_sense_ends_the_replay),
        cmocka_unit_test(a_distance_is_no_price),
        cmocka_unit_test(taps_look_back),
        cmocka_unit_test(hashes_tell_rules_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
