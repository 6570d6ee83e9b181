/* Planted shapes keep what is promised of them: how many, what follows them, and that they can be told apart. */
#include "synth_market.h"

/* Share of positives among the shape's last bar and the three behind it. */
static double share_positive(const struct gw_bars *bars, const struct gw_synth_truth *truth, const int8_t *label,
                             int side) {
    double n = 0, positive = 0;
    for (size_t i = 0; i < truth->n_shapes; i++)
        for (size_t lag = 0; truth->shape[i].side == side && lag < 4; lag++) {
            const size_t bar = truth->shape[i].bar + lag;
            if (bar >= bars->n || label[bar] == GW_LABEL_MISSING) continue;
            n++;
            positive += label[bar];
        }
    return positive / n;
}

static void shapes_keep_their_contract(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct gw_synth_options options = {.kind = "shapes", .n_bars = 60000, .seed = seed};
        struct gw_bars bars;
        struct gw_synth_truth truth;
        struct gw_labels labels;
        double side[2] = {0, 0}, kinds[20] = {0};
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        assert_ok(gw_labels_build(&bars, &LABELS, &labels));
        for (size_t i = 0; i < truth.n_shapes; i++) {
            const struct gw_synth_shape *shape = &truth.shape[i];
            assert_true(shape->kind < 20 && shape->bar < bars.n && shape->length <= shape->bar);
            assert_true(i == 0 || shape->bar >= truth.shape[i - 1].bar + shape->length + 15);
            assert_int_equal(shape->side, shape->kind % 4 == 0 ? 1 : shape->kind % 4 == 1 ? -1 : 0);
            assert_true(shape->length >= 38 && shape->length <= 46 && shape->amplitude <= 0.0079);
            kinds[shape->kind]++;
            if (shape->side) side[shape->side < 0]++;
        }
        for (size_t k = 0; k < 20; k++) assert_in_range((int)kinds[k], 20, 75);
        for (int gate = 0; gate < GW_N_GATES; gate++) {
            const int its = gate == GW_GATE_LONG ? 1 : -1;
            const double told = share_positive(&bars, &truth, labels.gate[gate], its);
            const double untold = share_positive(&bars, &truth, labels.gate[gate], 0);
            const double other = share_positive(&bars, &truth, labels.gate[gate], -its);
            print_message("seed %d %s: P(label | foretold) %.3f, after other shapes %.3f, %.3f; %.2f %% of the bars\n",
                          (int)seed, gw_gate_name[gate], told, untold, other, 400 * side[gate] / (double)bars.n);
            assert_true(told > 0.85 && told < 0.97 && untold < 0.05 && other < 0.05);
            assert_true(4 * side[gate] > 0.0105 * (double)bars.n); /* the top 1 % can be such bars */
        }
        gw_labels_free(&labels);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
}

enum { SHAPE_POINTS = 30 };

/* A shape's closes at evenly spaced places, about their mean and of length 1. */
static void course_of(const struct gw_bars *bars, const struct gw_synth_shape *shape, double out[SHAPE_POINTS]) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < SHAPE_POINTS; i++) {
        const size_t back = (size_t)round((double)shape->length * (double)(SHAPE_POINTS - 1 - i) / (SHAPE_POINTS - 1));
        mean += out[i] = log(bars->bar[shape->bar - back].close) / SHAPE_POINTS;
    }
    for (size_t i = 0; i < SHAPE_POINTS; i++) out[i] = out[i] * SHAPE_POINTS - mean, square += out[i] * out[i];
    for (size_t i = 0; i < SHAPE_POINTS; i++) out[i] /= sqrt(square);
}

/* Who knows where a shape stands can tell its kind: the mean course of its kind in the first half of the market. */
static double recognised(size_t n_kinds, double noise) {
    struct gw_synth_options options = {.kind = "shapes", .n_bars = 60000, .seed = 5, .kinds = n_kinds, .noise = noise};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    double(*mean)[SHAPE_POINTS] = calloc(n_kinds, sizeof *mean), course[SHAPE_POINTS], right = 0;
    assert_non_null(mean);
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    const size_t half = truth.n_shapes / 2;
    for (size_t i = 0; i < half; i++) {
        course_of(&bars, &truth.shape[i], course);
        for (size_t p = 0; p < SHAPE_POINTS; p++) mean[truth.shape[i].kind][p] += course[p];
    }
    for (size_t i = half; i < truth.n_shapes; i++) {
        double best = -INFINITY;
        size_t kind = 0;
        course_of(&bars, &truth.shape[i], course);
        for (size_t k = 0; k < n_kinds; k++) {
            double dot = 0, square = 0;
            for (size_t p = 0; p < SHAPE_POINTS; p++) dot += course[p] * mean[k][p], square += mean[k][p] * mean[k][p];
            if (dot / sqrt(square) > best) best = dot / sqrt(square), kind = k;
        }
        right += kind == truth.shape[i].kind;
    }
    right /= (double)(truth.n_shapes - half);
    print_message("%zu kinds, noise %g: recognised %.3f\n", n_kinds, noise, right);
    free(mean);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    return right;
}

static void shapes_can_be_told_apart(void **state) {
    (void)state;
    assert_true(recognised(20, 0) > 0.98);
    assert_true(recognised(6, 0.3) > 0.9);
    assert_true(recognised(20, 1) < 0.9); /* noise as large as the shape hides it */
}

static void shapes_are_written_as_csv(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "shapes", .n_bars = 3000, .seed = 1};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct table table;
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    assert_ok(gw_synth_truth_write(&bars, &truth, scratch("shapes.csv")));
    assert_ok(table_read(scratch("shapes.csv"), &table));
    const char *const names[] = {"time", "bar", "kind", "length", "amplitude", "side", "followed"};
    assert_true(truth.n_shapes > 30 && table.n_rows == truth.n_shapes && truth.n == 0);
    for (size_t c = 0; c < 7; c++) assert_string_equal(table.header[c], names[c]);
    for (size_t i = 0; i < truth.n_shapes; i++) {
        const struct gw_synth_shape *shape = &truth.shape[i];
        assert_true(table_number(&table, i, 1) == (double)shape->bar && table_number(&table, i, 2) == shape->kind);
        assert_true(table_number(&table, i, 3) == shape->length && table_number(&table, i, 4) == shape->amplitude);
        assert_true(table_number(&table, i, 5) == shape->side && table_number(&table, i, 6) == shape->followed);
    }
    table_free(&table);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    options.kinds = 1;
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "1 kinds of shapes: ask for 2 to 500");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .noise = 2};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "noise 2");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .stretch = 0.6};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "stretch 0.6");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .amplitude = -1};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "amplitude -1");
    for (options = (struct gw_synth_options){.kind = "shapes"}; options.n_bars++ < 150;) {
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        for (size_t i = 0; i < truth.n_shapes; i++) assert_true(truth.shape[i].bar < options.n_bars);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_keep_their_contract),
        cmocka_unit_test(shapes_can_be_told_apart),
        cmocka_unit_test(shapes_are_written_as_csv),
    };
    return cmocka_run_group_tests_name("synth", tests, scratch_make, scratch_remove);
}
