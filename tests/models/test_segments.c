/* Cutting training samples into segments: every sample is scored once an epoch, wherever the borders fall. */
#include <math.h>

#include "models/api/segments.h"
#include "toy.h"

enum { LENGTH = 20, WARMUP = 9 };

struct drawn {
    struct segment_plan plan;
    struct segment *segment;
    uint32_t *order;
    size_t n;
};

static void draw(struct drawn *drawn, const struct gw_fit_input *input, uint64_t seed, uint64_t epoch) {
    assert_ok(segment_plan_init(&drawn->plan, input, TOY_LOOKBACK, LENGTH, WARMUP));
    drawn->segment = calloc(drawn->plan.most, sizeof *drawn->segment);
    drawn->order = calloc(drawn->plan.most, sizeof *drawn->order);
    drawn->n = segments_draw(&drawn->plan, seed, epoch, drawn->segment, drawn->order);
    assert_true(drawn->n <= drawn->plan.most);
    assert_int_equal(drawn->n, segments_draw(&drawn->plan, seed, epoch, NULL, NULL));
}

static void release(struct drawn *drawn) {
    segment_plan_free(&drawn->plan);
    free(drawn->order);
    free(drawn->segment);
}

static void test_every_sample_once(void **state) {
    (void)state;
    struct toy toy;
    toy_build(&toy); /* two runs: the samples have a gap of 30 bars, more than a lookback */
    for (uint64_t epoch = 1; epoch < 40; epoch++) {
        struct drawn drawn;
        size_t scored[TOY_ROWS] = {0}, seen[TOY_ROWS] = {0};
        draw(&drawn, &toy.input, 7, epoch);
        assert_int_equal(drawn.plan.n_runs, 2);
        for (size_t i = 0; i < drawn.n; i++) {
            const struct segment *segment = &drawn.segment[drawn.order[i]];
            seen[drawn.order[i]]++;
            assert_true(segment->start <= segment->first && segment->first < segment->end);
            assert_true(segment->end - segment->first <= LENGTH && segment->first - segment->start <= WARMUP);
            assert_true(segment->first - segment->start == WARMUP || segment->start == 0);
            for (size_t row = segment->first; row < segment->end; row++) scored[row]++;
        }
        for (size_t i = 0; i < drawn.n; i++) assert_int_equal(seen[i], 1);
        size_t total = 0;
        for (size_t i = 0; i < TOY_TRAIN; i++) assert_int_equal(scored[toy.train[i].row], 1);
        for (size_t row = 0; row < TOY_ROWS; row++) total += scored[row];
        assert_int_equal(total, TOY_TRAIN);
        release(&drawn);
    }
}

static void test_borders_and_order_move(void **state) {
    (void)state;
    struct toy toy;
    struct drawn one, same, other;
    size_t firsts = 0;
    bool seen[LENGTH] = {false};
    toy_build(&toy);
    draw(&one, &toy.input, 7, 1);
    draw(&same, &toy.input, 7, 1);
    draw(&other, &toy.input, 7, 2);
    assert_int_equal(one.n, same.n);
    assert_memory_equal(one.segment, same.segment, one.n * sizeof *one.segment);
    assert_memory_equal(one.order, same.order, one.n * sizeof *one.order);
    assert_memory_not_equal(one.order, other.order, one.n * sizeof *one.order);
    for (uint64_t epoch = 1; epoch < 400; epoch++) {
        segments_draw(&one.plan, 7, epoch, one.segment, one.order);
        size_t phase = one.segment[0].end - one.segment[0].first;
        firsts += !seen[phase - 1];
        seen[phase - 1] = true;
    }
    assert_int_equal(firsts, LENGTH);
    release(&one);
    release(&same);
    release(&other);
}

/* Short gaps are gone through without a label, a symbol's start is not crossed, what is not finite is not read. */
static void test_gaps_starts_and_labels(void **state) {
    (void)state;
    struct toy toy;
    toy_build(&toy);
    struct gw_series series[2] = {toy.series, toy.series};
    struct gw_sample sample[30];
    for (uint32_t i = 0; i < 10; i++) sample[i] = (struct gw_sample){0, 50 + i + (i >= 4 ? TOY_LOOKBACK - 1 : 0)};
    for (uint32_t i = 10; i < 30; i++) sample[i] = (struct gw_sample){1, i - 8};
    toy.x[44 * TOY_FEATURES] = NAN;
    struct gw_fit_input input = toy.input;
    input.series = series;
    input.n_series = 2;
    input.train = sample;
    input.n_train = 30;
    struct drawn drawn;
    draw(&drawn, &input, 1, 1);
    assert_int_equal(drawn.plan.n_runs, 2);
    assert_int_equal(drawn.plan.run[0].begin, 45);
    assert_int_equal(drawn.plan.run[0].first, 50);
    assert_int_equal(drawn.plan.run[0].end, 65);
    assert_int_equal(drawn.plan.run[1].begin, 0);
    assert_int_equal(drawn.plan.run[1].first, 2);
    for (size_t i = 0; i < drawn.n; i++) assert_true(drawn.segment[i].series == 1 || drawn.segment[i].start >= 45);
    for (size_t row = 54; row < 54 + TOY_LOOKBACK - 1; row++)
        assert_int_equal(drawn.plan.label[0][0][row], GW_LABEL_MISSING);
    for (size_t i = 0; i < 30; i++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            assert_int_equal(drawn.plan.label[gate][sample[i].series][sample[i].row], toy.label[gate][sample[i].row]);
    assert_int_equal(drawn.plan.label[0][1][22], GW_LABEL_MISSING);
    release(&drawn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sample_once),
        cmocka_unit_test(test_borders_and_order_move),
        cmocka_unit_test(test_gaps_starts_and_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
