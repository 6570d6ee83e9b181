/* A pattern library on bars: rates and their intervals, the family-wise null, members, fans and files. The categories are those
 * of an autoencoder that has seen one epoch: what they are does not matter here. */
#include "base/scratch.h"
#include "engine/patterns/library.h"
#include "gatewalk/run_files.h"
#include "gatewalk/synth.h"
#include "test.h"

#include <stdlib.h>

enum { N_BARS = 2500, LEARNED = 2000, HORIZON = 8, CATEGORIES = 12 };
static struct gw_bars bars;
static struct gw_labels labels;
static struct gw_gate_model *gate;
static struct library library;

static int setup(void **state) {
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_training_log log;
    struct gw_series series = {.n_rows = N_BARS};
    static struct gw_sample sample[LEARNED];
    const struct gw_label_config config = {.horizon = HORIZON, .ratio = 1.5, .min_move = 0.003, .atr_length = 14};
    const char *const key[][2] = {{"encoder", "patterns"}, {"pattern_bars", "12"}, {"pattern_width", "8"},
                                  {"pattern_layers", "1"}, {"latent", "6"},        {"categories", "12"}};
    const struct gw_synth_options options = {.kind = "shapes", .n_bars = N_BARS, .seed = 4};
    size_t n = 0;
    if (scratch_make(state) != 0) return -1;
    progress_quiet(true);
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    assert_ok(gw_labels_build(&bars, &config, &labels));
    gw_model_config_default(&model);
    gw_train_config_default(&train);
    for (size_t i = 0; i < COUNT_OF(key); i++) assert_ok(gw_model_config_set(&model, key[i][0], key[i][1]));
    assert_ok(gw_train_config_set(&train, "epochs", "1"));
    model.n_features = 1;
    series.bar = bars.bar;
    for (int g = 0; g < GW_N_GATES; g++) series.label[g] = labels.gate[g];
    for (uint32_t t = 40; t < LEARNED; t++) sample[n++].row = t;
    const struct gw_fit_input input = {.n_series = 1,
                                       .n_features = 1,
                                       .series = &series,
                                       .train = sample,
                                       .n_train = n - 300,
                                       .validation = sample + n - 200,
                                       .n_validation = 200};
    assert_ok(gw_model_fit(&model, &train, &input, &(struct gw_fit_options){.seed = 1}, &gate, &log));
    gw_training_log_free(&log);
    library = (struct library){.model = gate_patterns(gate),
                               .categories = gate_pattern_categories(gate),
                               .log = gate_patterns_log(gate),
                               .symbol = &bars,
                               .labels = &labels,
                               .n_symbols = 1,
                               .horizon = HORIZON,
                               .name = "test"};
    const struct library_range learned = {0, LEARNED}, later = {LEARNED, N_BARS};
    assert_ok(library_build(&library, (const struct library_range *const[]){&learned, &later}));
    assert_int_equal(library.categories->n, CATEGORIES);
    return 0;
}

static int teardown(void **state) {
    library_free(&library);
    gw_model_free(gate);
    gw_labels_free(&labels);
    gw_bars_free(&bars);
    return scratch_remove(state);
}

static void windows_are_those_of_the_ranges(void **state) {
    (void)state;
    const size_t first = pattern_reach(12) - 1;
    assert_int_equal(library.n, N_BARS - first);
    assert_int_equal(library.first[LIBRARY_LATER], LEARNED - first);
    for (size_t i = 0; i < library.n; i++) {
        assert_int_equal(library.sample[i].row, first + i);
        assert_true(library.category[i] < CATEGORIES && library.distance[i] >= -1e-5f);
        assert_int_equal(library_label(&library, (uint32_t)i, 1), labels.gate[1][first + i]);
    }
    assert_int_equal(library_time(&library, 0), gw_bar_close_ns(&bars, first));
}

static void rates_are_counts(void **state) {
    (void)state;
    struct library_rate rate[CATEGORIES * GW_N_GATES];
    assert_ok(library_rates(&library, LIBRARY_LEARNED, &(struct library_rates_config){.seed = 3}, rate));
    size_t judged = 0;
    for (size_t c = 0; c < CATEGORIES; c++)
        for (int g = 0; g < GW_N_GATES; g++) {
            const struct library_rate *r = &rate[c * GW_N_GATES + (size_t)g];
            size_t n = 0, hits = 0;
            for (size_t i = 0; i < library.first[LIBRARY_LATER]; i++) {
                const int label = library_label(&library, (uint32_t)i, g);
                if (library.category[i] != c || label == GW_LABEL_MISSING) continue;
                n++;
                hits += (size_t)label;
            }
            assert_int_equal(r->n, n);
            assert_int_equal(r->hits, hits);
            if (n == 0) continue;
            assert_near(r->rate, (double)hits / (double)n, 1e-12, 0);
            if (isnan(r->lo)) continue;
            assert_true(r->lo <= r->rate + 1e-6 && r->rate <= r->hi + 1e-6 && r->lo >= 0 && r->hi <= 1);
            if (n < LIBRARY_LEAST) assert_true(isnan(r->p_value));
            if (isnan(r->p_value)) continue;
            assert_true(r->p_value > 0 && r->p_value <= 1);
            judged++;
        }
    assert_true(judged > 8);
}

static void threads_change_no_rate(void **state) {
    (void)state;
    struct library_rate alone[CATEGORIES * GW_N_GATES], rate[CATEGORIES * GW_N_GATES];
    const struct library_rates_config config = {.replicates = 200, .resamples = 200, .seed = 8};
    int rc = GW_ERR_IO;
    assert_ok(library_rates(&library, LIBRARY_LEARNED, &config, alone));
#pragma omp parallel num_threads(3)
#pragma omp single
    rc = library_rates(&library, LIBRARY_LEARNED, &config, rate);
    assert_ok(rc);
    assert_memory_equal(alone, rate, sizeof rate);
}

/* Labels of our own: where a category is always followed by a move it is found, and nothing else is; where labels come in blocks
 * that know nothing of the windows, nothing is. */
static void the_null_tells_skill_from_luck(void **state) {
    (void)state;
    int8_t *own = calloc(N_BARS, 1), *held = labels.gate[0], *other = labels.gate[1], *none = calloc(N_BARS, 1);
    struct library_rate rate[CATEGORIES * GW_N_GATES];
    size_t found = 0;
    assert_true(own && none);
    for (size_t i = 0; i < library.n; i++) own[library.sample[i].row] = library.category[i] == 5;
    labels.gate[0] = own;
    labels.gate[1] = none;
    assert_ok(library_rates(&library, LIBRARY_LEARNED, &(struct library_rates_config){.seed = 2}, rate));
    assert_true(rate[5 * GW_N_GATES].n > 50);
    for (size_t c = 0; c < CATEGORIES; c++) {
        if (c == 5)
            assert_true(rate[c * GW_N_GATES].rate == 1 && rate[c * GW_N_GATES].p_value < 0.005);
        else
            assert_true(rate[c * GW_N_GATES].rate == 0 && !(rate[c * GW_N_GATES].p_value < 0.5));
        assert_true(isnan(rate[c * GW_N_GATES + 1].p_value)); /* no label at all: nothing to judge */
    }
    for (int draw = 0; draw < 20; draw++) {
        uint64_t z = (uint64_t)draw + 77;
        for (size_t t = 0; t < N_BARS; t++) {
            if (t % 20 == 0) z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            own[t] = z >> 61 == 0;
        }
        assert_ok(library_rates(&library, LIBRARY_LEARNED,
                                &(struct library_rates_config){.replicates = 20, .resamples = 200, .seed = 2}, rate));
        for (size_t c = 0; c < CATEGORIES; c++)
            if (rate[c * GW_N_GATES].p_value <= 0.05) {
                found++;
                break;
            }
    }
    labels.gate[0] = held;
    labels.gate[1] = other;
    free(own), free(none);
    print_message("of 20 label series without skill %zu have a category beyond the null\n", found);
    assert_true(found <= 4); /* one is expected */
}

/* The real thing: labels of a random walk, categories that know its shapes. Both gates of all categories are one family: with a p
 * for each alone, some category of most walks would stand out. */
static void no_category_of_a_random_walk_stands_out(void **state) {
    (void)state;
    enum { WALKS = 20 };
    struct library_rate rate[CATEGORIES * GW_N_GATES];
    const struct gw_label_config config = {.horizon = HORIZON, .ratio = 1.5, .min_move = 0.003, .atr_length = 14};
    const struct library_range learned = {0, LEARNED}, later = {LEARNED, N_BARS};
    size_t found = 0, alone = 0, judged = 0;
    for (uint64_t seed = 1; seed <= WALKS; seed++) {
        const struct gw_synth_options options = {.kind = "random-walk", .n_bars = N_BARS, .seed = seed};
        struct library walk = {.model = library.model,
                               .categories = library.categories,
                               .log = library.log,
                               .n_symbols = 1,
                               .horizon = HORIZON,
                               .name = "walk"};
        struct gw_bars own;
        struct gw_labels own_labels;
        double least = 1, most = 0;
        assert_ok(gw_synth_generate(&options, &own, NULL));
        assert_ok(gw_labels_build(&own, &config, &own_labels));
        walk.symbol = &own;
        walk.labels = &own_labels;
        assert_ok(library_build(&walk, (const struct library_range *const[]){&learned, &later}));
        assert_ok(library_rates(&walk, LIBRARY_LEARNED,
                                &(struct library_rates_config){.replicates = 20, .resamples = 200, .seed = 2}, rate));
        for (size_t c = 0; c < CATEGORIES * GW_N_GATES; c++) {
            if (isnan(rate[c].p_value)) continue;
            judged++;
            least = fmin(least, rate[c].p_value);
            most = fmax(most, rate[c].z);
        }
        found += least <= 0.05;
        alone += most > 1.645; /* what a cell of its own has by chance once in twenty times */
        library_free(&walk);
        gw_labels_free(&own_labels);
        gw_bars_free(&own);
    }
    print_message("of %d random walks %zu have a category beyond the null, %zu one that would be so alone\n", WALKS,
                  found, alone);
    assert_true(judged > (size_t)WALKS * CATEGORIES); /* there was something to judge */
    assert_true(alone > WALKS / 2);                   /* ... and to be fooled by */
    assert_true(found <= 4);                          /* one is expected */
}

static void members_and_what_came_next(void **state) {
    (void)state;
    uint32_t *window, thin[6];
    size_t n, total = 0;
    for (size_t c = 0; c < CATEGORIES; c++) {
        assert_ok(library_members(&library, LIBRARY_LEARNED, c, &window, &n));
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(library.category[window[i]], c);
            assert_true(i == 0 || library.distance[window[i]] >= library.distance[window[i - 1]]);
        }
        const size_t kept = library_thin(&library, window, n, 6, thin);
        assert_true(n == 0 || (kept >= 1 && thin[0] == window[0]));
        for (size_t i = 0; i < kept; i++)
            for (size_t k = 0; k < i; k++) assert_true(abs((int)thin[i] - (int)thin[k]) >= 6);
        total += n;
        mem_free(window);
    }
    assert_int_equal(total, library.first[LIBRARY_LATER]);
    double path[12 + HORIZON], units[HORIZON * LIBRARY_QUANTILES], returns[HORIZON * LIBRARY_QUANTILES];
    const uint32_t one = 700, last = (uint32_t)library.n - 1;
    const size_t row = library.sample[one].row;
    library_path(&library, one, path);
    assert_true(path[11] == 0 && path[0] != 0);
    assert_near(path[15] / path[0],
                (bars.bar[row + 4].close - bars.bar[row].close) / (bars.bar[row - 11].close - bars.bar[row].close),
                1e-9, 0);
    assert_ok(library_fan(&library, &one, 1, units, returns));
    for (size_t step = 1; step <= HORIZON; step++)
        for (size_t q = 0; q < LIBRARY_QUANTILES; q++) {
            assert_near(returns[(step - 1) * LIBRARY_QUANTILES + q],
                        bars.bar[row + step].close / bars.bar[row].close - 1, 1e-9, 1e-6);
            assert_near(units[(step - 1) * LIBRARY_QUANTILES + q], path[11 + step], 1e-9, 1e-6);
        }
    library_path(&library, last, path); /* nothing comes after the last bar */
    assert_true(isnan(path[12]) && path[11] == 0);
    assert_ok(library_fan(&library, &last, 1, units, returns));
    assert_true(isnan(units[0]) && isnan(returns[0]));
}

static void files_hold_what_they_say(void **state) {
    (void)state;
    struct table table;
    assert_ok(
        library_write(&library, &(struct library_rates_config){.replicates = 50, .resamples = 50}, NULL, scratch("")));
    assert_ok(table_read(scratch(GW_RUN_PATTERNS_CATEGORIES), &table));
    assert_int_equal(table.n_rows, CATEGORIES * LIBRARY_SLICES * GW_N_GATES);
    double share = 0;
    for (size_t row = 0; row < table.n_rows; row += LIBRARY_SLICES * GW_N_GATES) share += table_number(&table, row, 4);
    assert_near(share, 1, 1e-9, 0);
    table_free(&table);
    assert_ok(table_read(scratch(GW_RUN_PATTERNS_REBUILT), &table));
    assert_int_equal(table.n_rows, 5 * 12);
    table_free(&table);
    assert_ok(table_read(scratch(GW_RUN_PATTERNS_MAP), &table));
    assert_int_equal(table.n_rows, library.n);
    table_free(&table);
    assert_ok(table_read(scratch(GW_RUN_PATTERNS_TRAINING), &table));
    assert_int_equal(table.n_rows, 1);
    table_free(&table);
    assert_true(file_exists(scratch(GW_RUN_PATTERNS)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_those_of_the_ranges), cmocka_unit_test(rates_are_counts),
        cmocka_unit_test(threads_change_no_rate),          cmocka_unit_test(no_category_of_a_random_walk_stands_out),
        cmocka_unit_test(the_null_tells_skill_from_luck),  cmocka_unit_test(members_and_what_came_next),
        cmocka_unit_test(files_hold_what_they_say),
    };
    return cmocka_run_group_tests_name("pattern library", tests, setup, teardown);
}
