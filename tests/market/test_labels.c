/* Gate labels against their definition, bar by bar, and against known figures. */
#include "engine/base/base.h"
#include "random_market.h"

#include "gatewalk/feature.h"
#include "gatewalk/labels.h"

static const struct gw_label_config defaults = {.horizon = 24, .ratio = 2, .min_move = .01, .atr_length = 14};

/* ---- the definition, written out ------------------------------------------------------------ */

static void label_by_definition(const struct gw_bars *bars, size_t t, const struct gw_label_config *config,
                                double min_move, int gate[GW_N_GATES]) {
    gate[GW_GATE_LONG] = gate[GW_GATE_SHORT] = GW_LABEL_MISSING;
    if (t + config->horizon >= bars->n || isnan(min_move)) return;
    double top = -INFINITY, bottom = INFINITY, close = bars->bar[t].close;
    for (size_t i = t + 1; i <= t + config->horizon; i++) {
        if (bars->bar[i].high > top) top = bars->bar[i].high;
        if (bars->bar[i].low < bottom) bottom = bars->bar[i].low;
    }
    double upside = top > close ? top - close : 0, downside = bottom < close ? close - bottom : 0;
    gate[GW_GATE_LONG] = upside > config->ratio * downside && upside / close > min_move;
    gate[GW_GATE_SHORT] = downside > config->ratio * upside && downside / close > min_move;
}

/* Wilder's average true range as a fraction of the close, from his book's recursion. */
static double atr_by_definition(const struct gw_bars *bars, size_t t, size_t n) {
    double atr = 0;
    if (t < n) return NAN;
    for (size_t i = 1; i <= t; i++) {
        const struct gw_bar *b = &bars->bar[i];
        double last = b[-1].close;
        double range = fmax(b->high - b->low, fmax(fabs(b->high - last), fabs(b->low - last)));
        atr = i <= n ? atr + range / (double)n : (atr * (double)(n - 1) + range) / (double)n;
    }
    return atr / bars->bar[t].close;
}

static void check_labels(const struct gw_bars *bars, const struct gw_label_config *config) {
    struct gw_labels labels;
    assert_ok(gw_labels_build(bars, config, &labels));
    assert_int_equal(labels.n, bars->n);
    for (size_t t = 0; t < bars->n; t++) {
        double least = config->min_move;
        if (config->min_move_atr > 0) {
            least = config->min_move_atr * atr_by_definition(bars, t, config->atr_length);
            assert_near(labels.min_move[t], least, 1e-12, 0);
            least = labels.min_move[t]; /* a bar on the edge must not fail for the last digit */
        } else {
            assert_true(labels.min_move[t] == least);
        }
        int want[GW_N_GATES];
        label_by_definition(bars, t, config, least, want);
        for (int g = 0; g < GW_N_GATES; g++)
            if (labels.gate[g][t] != want[g])
                fail_msg("%s gate of bar %zu is %d, by definition %d (h %zu)", gw_gate_name[g], t, labels.gate[g][t],
                         want[g], config->horizon);
    }
    gw_labels_free(&labels);
}

static void test_against_the_definition(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 1, "label test", 0, 0, 0);
    for (uint64_t trial = 0; trial < 150; trial++) {
        struct gw_bars bars;
        make_walk((struct walk){.n = gw_rng_below(&rng, 160),
                                .seed = trial,
                                .volatility = .02 * gw_rng_uniform(&rng),
                                .gap_chance = .05,
                                .flat_chance = trial % 3 ? 0 : .05},
                  &bars);
        /* Prices on a coarse grid: equal highs, equal lows, moves exactly at the limits. */
        for (size_t i = 0; i < bars.n && trial % 2; i++) {
            struct gw_bar *b = &bars.bar[i];
            b->open = round(b->open), b->high = round(b->high), b->low = round(b->low), b->close = round(b->close);
        }
        struct gw_label_config config = {
            .horizon = 1 + gw_rng_below(&rng, 40),
            .ratio = (double)gw_rng_below(&rng, 7) / 2,
            .min_move = gw_rng_below(&rng, 4) ? .02 * gw_rng_uniform(&rng) : 0,
            .min_move_atr = gw_rng_below(&rng, 3) ? 0 : 1 + 3 * gw_rng_uniform(&rng),
            .atr_length = 1 + gw_rng_below(&rng, 20),
        };
        check_labels(&bars, &config);
        free_bars(&bars);
    }
}

/* ---- a worked example ----------------------------------------------------------------------- */

static void test_worked_example(void **state) {
    (void)state;
    /* h 2, ratio 2, min_move 1 %; only high, low and close matter. */
    struct gw_bar bar[] = {
        {0, 100, 100, 100, 100, 1}, /* up 3, down 1: long (3 > 2, 3 %) */
        {1, 100, 102, 99, 100, 1},  /* up 3, down 4: neither is twice the other */
        {2, 100, 103, 100, 102, 1}, /* up 0, down 6: short (6 of 102) */
        {3, 102, 102, 96, 97, 1},   /* up 2, down 1: 2 > 2 is false */
        {4, 97, 99, 96.5, 98, 1},   /* no label: one bar follows */
        {5, 98, 98.5, 96, 97, 1},   /* no label */
    };
    struct gw_bars bars = {.symbol = "HAND", .interval_ns = 1, .n = COUNT_OF(bar), .bar = bar};
    struct gw_label_config config = defaults;
    struct gw_labels labels;
    config.horizon = 2;
    assert_ok(gw_labels_build(&bars, &config, &labels));
    static const int8_t want_long[] = {1, 0, 0, 0, GW_LABEL_MISSING, GW_LABEL_MISSING};
    static const int8_t want_short[] = {0, 0, 1, 0, GW_LABEL_MISSING, GW_LABEL_MISSING};
    assert_memory_equal(labels.gate[GW_GATE_LONG], want_long, sizeof want_long);
    assert_memory_equal(labels.gate[GW_GATE_SHORT], want_short, sizeof want_short);
    gw_labels_free(&labels);
}

/* Both conditions are strict: a move of exactly 1 %, or exactly twice the other side, is none. */
static void test_limits_are_strict(void **state) {
    (void)state;
    static const struct {
        double high, low;
        int gate_long, gate_short;
    } next[] = {
        {101, 100, 0, 0}, {101.5, 100, 1, 0}, {100, 99, 0, 0}, {100, 98.5, 0, 1},
        {104, 98, 0, 0},  {104.5, 98, 1, 0},  {102, 96, 0, 0}, {102, 95.5, 0, 1},
    };
    struct gw_label_config config = defaults;
    config.horizon = 1;
    for (size_t i = 0; i < COUNT_OF(next); i++) {
        struct gw_bar bar[] = {{0, 100, 100, 100, 100, 1}, {1, 100, next[i].high, next[i].low, 100, 1}};
        struct gw_bars bars = {.symbol = "HAND", .interval_ns = 1, .n = 2, .bar = bar};
        struct gw_labels labels;
        assert_ok(gw_labels_build(&bars, &config, &labels));
        assert_int_equal(labels.gate[GW_GATE_LONG][0], next[i].gate_long);
        assert_int_equal(labels.gate[GW_GATE_SHORT][0], next[i].gate_short);
        gw_labels_free(&labels);
    }
}

static void test_no_label_without_a_whole_horizon(void **state) {
    (void)state;
    for (size_t n = 0; n <= 26; n++) {
        struct gw_bars bars;
        struct gw_labels labels;
        make_walk((struct walk){.n = n, .seed = n, .volatility = .02}, &bars);
        assert_ok(gw_labels_build(&bars, &defaults, &labels));
        for (size_t t = 0; t < n; t++)
            for (int g = 0; g < GW_N_GATES; g++) assert_int_equal(labels.gate[g][t] == GW_LABEL_MISSING, t + 24 >= n);
        gw_labels_free(&labels);
        free_bars(&bars);
    }
}

static void test_atr_labels_wait_for_the_atr(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_labels labels;
    make_walk((struct walk){.n = 300, .seed = 4, .volatility = .001}, &bars);
    struct gw_label_config config = defaults;
    config.min_move_atr = 2;
    assert_ok(gw_labels_build(&bars, &config, &labels));
    size_t fired = 0;
    for (size_t t = 0; t < 300; t++) {
        assert_int_equal(isnan(labels.min_move[t]), t < 14);
        assert_int_equal(labels.gate[GW_GATE_LONG][t] == GW_LABEL_MISSING, t < 14 || t + 24 >= 300);
        fired += labels.gate[GW_GATE_LONG][t] == 1;
    }
    assert_true(fired > 30); /* moves of .1 % a bar: 1 % would hardly ever fire */
    gw_labels_free(&labels);
    free_bars(&bars);
}

/* ---- only the next h bars --------------------------------------------------------------------- */

static void test_label_sees_its_horizon_only(void **state) {
    (void)state;
    struct gw_bars bars, spoiled;
    struct gw_labels clean, labels;
    make_walk((struct walk){.n = 400, .seed = 9, .volatility = .005}, &bars);
    assert_ok(gw_labels_build(&bars, &defaults, &clean));
    for (size_t t = 3; t < 370; t += 13)
        for (int kind = 0; kind < 2; kind++) {
            copy_bars(&bars, bars.n, &spoiled);
            for (size_t i = t + 25; i < bars.n; i++) {
                struct gw_bar *b = &spoiled.bar[i];
                b->high *= kind ? NAN : 1e6;
                b->low *= kind ? NAN : 1e-6;
                b->close *= kind ? NAN : 1e6;
            }
            assert_ok(gw_labels_build(&spoiled, &defaults, &labels));
            for (int g = 0; g < GW_N_GATES; g++) assert_memory_equal(labels.gate[g], clean.gate[g], t + 1);
            gw_labels_free(&labels);
            /* … and its last bar does count: a crash in bar t+h ends every long gate of bar t. */
            spoiled.bar[t + 24].low = 1e-6;
            assert_ok(gw_labels_build(&spoiled, &defaults, &labels));
            assert_int_equal(labels.gate[GW_GATE_LONG][t], 0);
            assert_int_equal(labels.gate[GW_GATE_SHORT][t], 1);
            gw_labels_free(&labels);
            free_bars(&spoiled);
        }
    gw_labels_free(&clean);
    free_bars(&bars);
}

/* ---- prevalence on a random walk ---------------------------------------------------------------- */

/* A driftless walk fires on 3.7 / 26 / 36 / 36 % of bars, each gate, at a volatility of .1/.2/.3/1 % a bar
 * and h 24: prevalence is no edge. The tolerance covers sampling (labels overlap over 24 bars) and the
 * eight steps a bar is made of; labels that count only closes, count bar t itself, or test the move on
 * the wrong side are outside it. */
/* ---- paths ------------------------------------------------------------------------------------ */

/* By the definition, and nothing of a bar that has no whole horizon or no ATR. */
static void check_paths(const struct gw_bars *bars, const struct gw_label_config *config, size_t steps) {
    struct gw_paths paths;
    size_t known = 0;
    assert_ok(gw_paths_build(bars, config, steps, &paths));
    assert_true(paths.n == bars->n && paths.steps == steps);
    for (size_t t = 0; t < bars->n; t++)
        for (size_t m = 1; m <= steps; m++) {
            const float *move = paths.move + (t * steps + m - 1) * GW_PATH_SIDES;
            const double close = bars->bar[t].close, atr = close * atr_by_definition(bars, t, config->atr_length);
            double best = 0, worst = 0;
            if (t + config->horizon >= bars->n || isnan(atr)) {
                assert_true(isnan(move[GW_PATH_BEST]) && isnan(move[GW_PATH_WORST]));
                continue;
            }
            for (size_t i = 1; (double)i < (double)(m * config->horizon) / (double)steps + 1 - 1e-9; i++) {
                best = fmax(best, bars->bar[t + i].high - close);
                worst = fmin(worst, bars->bar[t + i].low - close);
            }
            assert_near((double)move[GW_PATH_BEST], best / atr, 1e-6, 1e-6);
            assert_near((double)move[GW_PATH_WORST], worst / atr, 1e-6, 1e-6);
            known++;
        }
    assert_true(known > 100 * steps);
    gw_paths_free(&paths);
}

static void test_paths(void **state) {
    (void)state;
    static const size_t shape[][2] = {{24, 6}, {24, 24}, {7, 3}, {5, 1}, {1, 1}};
    struct gw_bars bars;
    struct gw_paths paths;
    make_walk((struct walk){.n = 400, .seed = 5, .volatility = .01, .gap_chance = .01}, &bars);
    struct gw_label_config config = defaults;
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        config.horizon = shape[i][0];
        check_paths(&bars, &config, shape[i][1]);
    }
    assert_fails(gw_paths_build(&bars, &config, 2, &paths), GW_ERR_CONFIG, "a path of 2 steps");
    assert_fails(gw_paths_build(&bars, &config, 0, &paths), GW_ERR_CONFIG, "a path of 0 steps");
    free_bars(&bars);
}

/* The label's own moves are those of the last step. */
static void test_paths_end_as_labels(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_paths paths;
    struct gw_labels labels;
    make_walk((struct walk){.n = 500, .seed = 6, .volatility = .01}, &bars);
    assert_ok(gw_paths_build(&bars, &defaults, 6, &paths));
    assert_ok(gw_labels_build(&bars, &defaults, &labels));
    size_t open = 0;
    for (size_t t = 0; t < bars.n; t++) {
        const float *move = paths.move + (t * 6 + 5) * GW_PATH_SIDES;
        if (isnan(move[0])) continue;
        const double up = (double)move[GW_PATH_BEST], down = -(double)move[GW_PATH_WORST];
        const double least = .01 / atr_by_definition(&bars, t, 14);
        if (fabs(up - 2 * down) < 1e-4 || fabs(up - least) < 1e-4) continue;
        assert_int_equal(labels.gate[GW_GATE_LONG][t], up > 2 * down && up > least);
        open += labels.gate[GW_GATE_LONG][t] == 1;
    }
    assert_true(open > 20);
    gw_labels_free(&labels);
    gw_paths_free(&paths);
    free_bars(&bars);
}

static void test_random_walk_prevalence(void **state) {
    (void)state;
    static const struct { double volatility, percent; } known[] = {{.001, 3.7}, {.002, 26}, {.003, 36}, {.01, 36}};
    for (size_t k = 0; k < COUNT_OF(known); k++) {
        struct gw_bars bars;
        struct gw_labels labels;
        size_t n = 150000;
        make_walk((struct walk){.n = n, .seed = 77 + k, .volatility = known[k].volatility}, &bars);
        for (size_t i = 1; i < n; i++) { /* without the walk's opening jumps */
            struct gw_bar *b = &bars.bar[i];
            double shift = b[-1].close / b->open;
            b->open *= shift, b->high *= shift, b->low *= shift, b->close *= shift;
        }
        assert_ok(gw_labels_build(&bars, &defaults, &labels));
        double fired = 0;
        for (size_t t = 0; t + 24 < n; t++) fired += labels.gate[GW_GATE_LONG][t] + labels.gate[GW_GATE_SHORT][t];
        assert_near(100 * fired / (2 * (double)(n - 24)), known[k].percent, .06, 0);
        gw_labels_free(&labels);
        free_bars(&bars);
    }
}

static void test_config_errors(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_labels labels;
    make_walk((struct walk){.n = 60, .seed = 1, .volatility = .01}, &bars);
    static const struct {
        struct gw_label_config config;
        const char *part;
    } bad[] = {
        {{0, 2, .01, 0, 14}, "labels.horizon: 0 is outside 1 to 100000"},
        {{24, -1, .01, 0, 14}, "ratio"},
        {{24, NAN, .01, 0, 14}, "ratio"},
        {{24, 2, -.01, 0, 14}, "labels.min_move: "},
        {{24, 2, INFINITY, 0, 14}, "labels.min_move: "},
        {{24, 2, .01, -1, 14}, "min_move_atr"},
        {{24, 2, .01, 1, 0}, "labels.atr_length: 0 is outside 1 to"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_fails(gw_labels_build(&bars, &bad[i].config, &labels), GW_ERR_CONFIG, bad[i].part);
    free_bars(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_the_definition),
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_limits_are_strict),
        cmocka_unit_test(test_no_label_without_a_whole_horizon),
        cmocka_unit_test(test_atr_labels_wait_for_the_atr),
        cmocka_unit_test(test_label_sees_its_horizon_only),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_paths_end_as_labels),
        cmocka_unit_test(test_random_walk_prevalence),
        cmocka_unit_test(test_config_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
