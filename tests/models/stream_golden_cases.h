/* The golden test of streaming gates, once per precision: test_stream_golden.c in float64 to 1e-10, test_stream_golden_f32.c
 * in float32 to 1e-5. */
#ifndef GATEWALK_TESTS_STREAM_GOLDEN_CASES_H
#define GATEWALK_TESTS_STREAM_GOLDEN_CASES_H

#include "probe.h"
#include "stream_probe.h"

/* Below this size an error counts absolutely: sums of terms of size one are rounded at that level. */
static const double floor_size = GOLDEN_FLOOR;

static void compare(const struct golden *golden, const struct golden_array *want, size_t from, size_t n,
                    const real *got) {
    for (size_t i = 0; i < n; i++)
        if (!near((double)got[i], want->value[from + i], GOLDEN_TOLERANCE, floor_size))
            fail_msg("%s: %s %s [%zu] = %.17g, want %.17g", golden->name, want->kind, want->name, from + i,
                     (double)got[i], want->value[from + i]);
}

static void build(struct stream_probe *probe, const struct golden *golden) {
    struct gw_model_config config;
    static const char *const gates[GW_N_GATES] = {"long", "short"};
    const struct golden_array *x = golden_get(golden, "x", "series"), *rows = golden_get(golden, "segment", "rows");
    probe_config(golden, &config);
    config.unroll = GW_UNROLL_STREAM;
    stream_probe_build(probe, &config, golden->loss_name, x->rows, x->rows, x->rows);
    for (size_t i = 0; i < x->rows * x->columns; i++) probe->x[i] = (float)x->value[i];
    static const char *const loss_key[] = {"pos_weight", "focal_gamma", "focal_alpha", "bootstrap_beta"};
    for (size_t k = 0; k < COUNT_OF(loss_key); k++) train_set_number(&probe->train, loss_key[k], golden->loss[k]);
    memcpy(probe->lambda, golden->loss + 4, sizeof probe->lambda);
    probe->n = rows->rows;
    for (size_t i = 0; i < probe->n; i++)
        probe->segment[i] = (struct segment){0, (uint32_t)rows->value[3 * i], (uint32_t)rows->value[3 * i + 1],
                                             (uint32_t)rows->value[3 * i + 2]};
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (size_t row = 0; row < x->rows; row++)
            probe->label[gate][row] = (int8_t)golden_get(golden, "label", gates[gate])->value[row];
    stream_probe_count_labels(probe);
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        const struct golden_array *weight = golden_get(golden, "weight", tensor->name);
        assert_int_equal(weight->rows * weight->columns, tensor->rows * tensor->columns);
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            probe->weights[tensor->offset + j] = (real)weight->value[j];
    }
}

/* Forward over a carried state, from each segment's zero state, `at_once` bars at a time. */
static void check_carried(struct stream_probe *probe, const struct golden *golden, size_t at_once) {
    const struct golden_array *logit = golden_get(golden, "expect", "logit"),
                              *map = golden_find(golden, "expect", "map");
    size_t per_row = probe->net.maps * probe->net.config.lookback, done = 0;
    struct R(carry) carry;
    float *got_map = calloc(64 * (per_row + 1), sizeof *got_map);
    real got[64 * GW_N_GATES];
    assert_int_equal(map != NULL, probe->net.maps > 0);
    assert_ok(R(carry_init)(&carry, &probe->net));
    R(network_pack)(&probe->net, probe->weights, probe->packed);
    for (size_t i = 0; i < probe->n; i++) {
        const struct segment *segment = &probe->segment[i];
        R(carry_reset)(&carry);
        for (size_t row = segment->start; row < segment->end;) {
            size_t end = row < segment->first ? segment->first : segment->end,
                   n = end - row < at_once ? end - row : at_once;
            size_t scored = row < segment->first ? 0 : n;
            R(carry_bars)(&carry, probe->weights, probe->packed, probe->x + row * probe->net.config.n_features, n,
                          scored, got, per_row ? got_map : NULL);
            compare(golden, logit, done * GW_N_GATES, scored * GW_N_GATES, got);
            for (size_t j = 0; j < scored * per_row; j++) {
                double weight = (double)got_map[j], want = map->value[done * per_row + j]; /* maps leave as float32 */
                if (!near(weight, want, 1e-5, .1))
                    fail_msg("%s: map [%zu] = %.9g, want %.9g", golden->name, done * per_row + j, weight, want);
            }
            row += n;
            done += scored;
        }
    }
    assert_int_equal(done * GW_N_GATES, logit->rows * logit->columns);
    free(got_map);
    R(carry_free)(&carry);
}

static void check_case(const struct golden *golden) {
    struct stream_probe probe;
    build(&probe, golden);
    double loss = stream_probe_run(&probe, R(kernels_active)());
    assert_near(loss, golden_get(golden, "expect", "loss")->value[0], GOLDEN_TOLERANCE, 0);
    for (size_t i = 0; i < probe.net.tensors.n; i++) {
        const struct tensor *tensor = &probe.net.tensors.item[i];
        compare(golden, golden_get(golden, "gradient", tensor->name), 0, tensor->rows * tensor->columns,
                probe.gradient + tensor->offset);
    }
    check_carried(&probe, golden, 1);
    check_carried(&probe, golden, 4);
    check_carried(&probe, golden, 30);
    stream_probe_free(&probe);
}

static void test_models(void **state) {
    (void)state;
    struct golden golden;
    FILE *file = golden_open_at("tests/golden/stream.txt");
    size_t n = 0;
    while (golden_next(file, &golden)) {
        check_case(&golden);
        n++;
        golden_free(&golden);
    }
    fclose(file);
    assert_true(n >= 15);
}

/* Every row of attention.def that streams has a golden case. */
static void test_every_attention_is_covered(void **state) {
    (void)state;
    for (size_t i = 0; gw_model_option_name("attention", i); i++) {
        const char *name = gw_model_option_name("attention", i);
        struct golden golden;
        char value[24];
        bool covered = R(attention_at)(i)->windowed_only != NULL;
        FILE *file = golden_open_at("tests/golden/stream.txt");
        while (golden_next(file, &golden)) {
            golden_text(&golden, "attention", value);
            covered = covered || strcmp(value, name) == 0;
            golden_free(&golden);
        }
        fclose(file);
        if (!covered) fail_msg("attention \"%s\" has no golden case: add one to make_stream.py", name);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_models),
    cmocka_unit_test(test_every_attention_is_covered),
};

#endif
