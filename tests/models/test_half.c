/* training.precision "fp16": what is rounded is rounded to half precision exactly, by every table to the same bytes, and the loss
 * scale keeps gradients between underflow and overflow. */
#include <omp.h>

#include "base/scratch.h"
#include "engine/base/base.h"
#include "kernel_layer.h"
#include "kernel_mixed.h"
#include "models/api/gate_model.h"
#include "models/store/differ.h"
#include "models/training/loss_scale.h"
#include "toy.h"

#define HALF_STEP      (1.0 / 1024) /* distance of two numbers of size one in half precision */
#define FLOAT_HALF_ULP (1.0 / 16777216)

static void for_each_half(void (*check)(fast_set set)) {
    bool supported;
    for (size_t i = 0; kernels_half_at(i, &supported) != NULL; i++) {
        if (supported)
            check(kernels_half_at(i, &supported));
        else
            print_message("%s: not supported by this CPU, skipped\n", kernels_half_at(i, &supported)->name);
    }
}

/* ---- rounding --------------------------------------------------------------------------------------------------------- */

/* By arithmetic in double: the multiple of 2^(e-11), but of 2^-24 at least, that is nearest to x, ties to even. */
static double to_half(double x) {
    int exponent;
    if (isnan(x) || isinf(x) || x == 0) return x;
    frexp(x, &exponent);
    const double unit = fmax(ldexp(1, exponent - 11), 0x1p-24), n = fabs(x) / unit, down = floor(n), rest = n - down;
    const double to = down + (rest > .5 || (rest == .5 && fmod(down, 2) != 0));
    return copysign(to * unit > 65504 ? INFINITY : to * unit, x);
}

/* Products with 1 show what an operand was rounded to, in all places of A and B. */
static void check_rounding(fast_set set) {
    enum { CHUNK = 4099, STEP = 15013 };
    static float x[CHUNK], left[CHUNK], right[CHUNK];
    const float one = 1;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        size_t n = 0;
        for (; n < CHUNK && bits <= UINT32_MAX; n++, bits += STEP) {
            uint32_t pattern = (uint32_t)bits;
            if (n % 2) pattern = (pattern & 0xffffe000u) | 0x1000u;                       /* a tie of normal numbers */
            if (n % 5 == 0) pattern = 0x33000000u + (pattern & 0x8fffffffu) % 0x6000000u; /* around the smallest */
            if (n % 7 == 0) pattern = 0x477fe000u + pattern % 0x2000u;                    /* around the largest */
            memcpy(&x[n], &pattern, sizeof pattern);
        }
        set->large_nn(n, 1, 1, x, 1, &one, 1, left, 1, false);
        set->large_nn(1, n, 1, &one, 1, x, n, right, n, false);
        for (size_t i = 0; i < n; i++) {
            const double want = to_half((double)x[i]);
            const bool same =
                isnan(want) ? isnan(left[i]) && isnan(right[i]) : (double)left[i] == want && (double)right[i] == want;
            if (!same)
                fail_msg("%s: %a rounds to %a and %a, want %a", set->name, (double)x[i], (double)left[i],
                         (double)right[i], want);
        }
    }
}
static void test_rounding(void **state) {
    (void)state;
    assert_true(to_half(65519.99) == 65504 && isinf(to_half(65520)) && to_half(0x1p-25) == 0 &&
                to_half(0x1.8p-24) == 0x1p-23 && to_half(2049) == 2048 && to_half(2051) == 2052);
    for_each_half(check_rounding);
}

/* ---- products --------------------------------------------------------------------------------------------------------- */

/* Against the product of the rounded matrices only the sum errs, in float32. */
static void check_products(fast_set set) {
    static const size_t shape[][3] = {{1, 1, 1}, {5, 17, 3}, {6, 16, 16}, {13, 63, 300}, {32, 64, 257}, {66, 250, 127}};
    slow_set slow = kernels_active_f64();
    for (size_t s = 0; s < COUNT_OF(shape); s++) {
        const size_t m = shape[s][0], n = shape[s][1], k = shape[s][2];
        struct twin a = twin_make(m * k, 1), b = twin_make(k * n, 1), c = twin_make(m * n, 1),
                    size = twin_make(m * n, 0);
        for (size_t i = 0; i < c.n; i++) size.d[i] = fabs(c.d[i]);
        set->large_nn(m, n, k, a.f, k, b.f, n, c.f, n, true);
        for (size_t i = 0; i < a.n; i++) a.d[i] = to_half(a.d[i]);
        for (size_t i = 0; i < b.n; i++) b.d[i] = to_half(b.d[i]);
        slow->gemm_nn(m, n, k, a.d, k, b.d, n, c.d, n, true);
        for (size_t i = 0; i < a.n; i++) a.d[i] = fabs(a.d[i]);
        for (size_t i = 0; i < b.n; i++) b.d[i] = fabs(b.d[i]);
        slow->gemm_nn(m, n, k, a.d, k, b.d, n, size.d, n, true);
        for (size_t i = 0; i < c.n; i++)
            if (!(fabs((double)c.f[i] - c.d[i]) <= (double)(k + 2) * FLOAT_HALF_ULP * size.d[i]))
                fail_msg("%s %zux%zux%zu: [%zu] = %.12g, want %.12g", set->name, m, n, k, i, (double)c.f[i], c.d[i]);
        twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&size);
    }
}
static void test_products(void **state) {
    (void)state;
    for_each_half(check_products);
}

/* Products are exact and summed in one order: one result, whatever converts. Rows have it in any company. */
static void test_same_bits(void **state) {
    (void)state;
    enum { M = 41, N = 71, K = 301 };
    struct twin a = twin_make(M * K, 3), b = twin_make(N * K, 3), c = twin_make(M * N, 3), d = twin_make(M * N, 0);
    struct twin first = twin_make(M * N, 0);
    bool supported;
    for (size_t i = 0; kernels_half_at(i, &supported) != NULL; i++) {
        fast_set set = kernels_half_at(i, &supported);
        if (!supported) continue;
        memcpy(d.f, c.f, M * N * sizeof *d.f);
        set->large_nn(M, N, K, a.f, K, b.f, N, d.f, N, true);
        set->large_tn(M, N, K, a.f, M, b.f, N, d.f, N, true);
        set->large_nt(M, N, K, a.f, K, b.f, K, d.f, N, true);
        if (i == 0) memcpy(first.f, d.f, M * N * sizeof *d.f);
        assert_same_bits(first.f, d.f, M * N);
        set->large_nn(M, N, K, a.f, K, b.f, N, d.f, N, false);
        for (size_t row = 0; row < M; row += 3) {
            float alone[N];
            set->large_nn(1, N, K, a.f + row * K, K, b.f, N, alone, N, false);
            assert_same_bits(alone, d.f + row * N, N);
        }
    }
    twin_free(&a), twin_free(&b), twin_free(&c), twin_free(&d), twin_free(&first);
}

/* ---- recurrent layer --------------------------------------------------------------------------------------------------- */

static void check_layer(fast_set set) {
    static const size_t shape[][3] = {{1, 1, 1}, {5, 13, 3}, {32, 2, 17}, {31, 13, 64}, {131, 7, 24}};
    for (size_t s = 0; s < COUNT_OF(shape); s++) {
        struct layer l = layer_make(shape[s][0], shape[s][1], shape[s][2], 1, 1);
        memset(l.du.f, 0, l.du.n * sizeof(float)), memset(l.du.d, 0, l.du.n * sizeof(double));
        memset(l.dxw.f, 0, l.dxw.n * sizeof(float)), memset(l.dxw.d, 0, l.dxw.n * sizeof(double));
        run_fast(set, &l, 0), run_slow(&l, 0);
        assert_true(twin_error(&l.gates, 1) < 3 * HALF_STEP && twin_error(&l.h, 1) < 3 * HALF_STEP);
        run_fast(set, &l, EVERY_STEP | LAST_STEP), run_slow(&l, EVERY_STEP | LAST_STEP);
        assert_same_direction("dz", &l.gates, 3e-6, 2 * HALF_STEP);
        assert_same_direction("dU", &l.du, 3e-6, 2 * HALF_STEP);
        assert_same_direction("dxw", &l.dxw, 3e-6, 2 * HALF_STEP);
        layer_free(&l);
    }
    fast_set mixed = kernels_mixed_f32(); /* by whose sizes workspaces are cut */
    for (size_t hidden = 1; hidden < 200; hidden += 7) {
        assert_true(set->lstm_pack_size(hidden) <= mixed->lstm_pack_size(hidden) || set != kernels_half_f32());
        assert_true(set->lstm_scratch_size(32, hidden) <= mixed->lstm_scratch_size(32, hidden) ||
                    set != kernels_half_f32());
        assert_true(set->head_scratch_size(96, hidden) <= mixed->head_scratch_size(96, hidden) ||
                    set != kernels_half_f32());
    }
}
static void test_layer(void **state) {
    (void)state;
    for_each_half(check_layer);
}

static void check_belongs(fast_set set) {
    fast_set half = kernels_half_f32();
    assert_non_null(half);
    assert_true(strncmp(half->name, set->name, strlen(set->name)) == 0 && strstr(half->name, "fp16"));
    assert_true(half->gemm_nn == set->gemm_nn && half->adam == set->adam && half->large_nn != set->large_nn);
}
static void test_belongs(void **state) {
    (void)state;
    for_each_set(check_belongs);
}

/* ---- the loss scale ---------------------------------------------------------------------------------------------------- */

static void test_scale_steps(void **state) {
    (void)state;
    struct gw_train_config config;
    struct loss_scale scale;
    gw_train_config_default(&config);
    loss_scale_begin(&scale, &config, 8); /* float32: never another than 1, and an overflow is the end */
    assert_true(scale.now == 1 && !scale.adapts);
    assert_true(loss_scale_note(&scale, true) && scale.now == 1);
    assert_false(loss_scale_note(&scale, false));
    train_set(&config, "precision", "fp16");
    train_set(&config, "loss_scale_updates", "3");
    loss_scale_begin(&scale, &config, 0);
    assert_true(scale.now == 65536);
    static const struct {
        bool finite;
        double then;
    } steps[] = {{true, 65536}, {true, 65536},  {true, 131072}, {true, 131072}, {true, 131072}, {false, 65536},
                 {true, 65536}, {false, 32768}, {true, 32768},  {true, 32768},  {true, 65536}};
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        assert_true(loss_scale_note(&scale, steps[i].finite));
        assert_true(scale.now == steps[i].then);
    }
    assert_int_equal(scale.updates, COUNT_OF(steps));
    assert_int_equal(scale.skipped, 2);
    for (size_t i = 0; i < 100; i++) assert_true(loss_scale_note(&scale, true));
    assert_true(scale.now == LOSS_SCALE_MOST);
    size_t falls = 0;
    while (loss_scale_note(&scale, false)) falls++;
    assert_int_equal(falls, 24); /* 2^24 down to 1, and no further */
    assert_true(scale.now == 1);
    loss_scale_begin(&scale, &config, 256); /* goes on */
    assert_true(scale.now == 256);
}

static void half_toy(struct toy *toy, const char *precision, const char *scale) {
    toy_build(toy);
    train_set(&toy->training, "precision", precision);
    train_set(&toy->training, "loss_scale", scale);
}

/* One step of plain descent on all windows: the distance to what float32 would have done, over the length of the step. */
static double step_error(const char *scale) {
    static struct toy toy;
    struct gw_gate_model *model[3];
    struct gw_training_log log;
    double off = 0, length = 0;
    for (int i = 0; i < 3; i++) {
        half_toy(&toy, i == 1 ? "fp16" : "float32", scale);
        toy.training.epochs = 1;
        toy.training.batch_size = TOY_TRAIN;
        toy.training.clip_norm = 0;
        toy.training.learning_rate = i == 2 ? 1e-9 : 1; /* 2: where they begin */
        train_set(&toy.training, "optimizer", "sgd");
        train_set(&toy.training, "loss", "focal"); /* whose gradients are a thousandth at first */
        train_set(&toy.training, "focal_gamma", "10");
        toy_fit(&toy, &model[i], &log);
        gw_training_log_free(&log);
    }
    const struct tensor_list *list = &model[0]->gate.net.tensors; /* U alone: what the recurrence sends back */
    for (size_t k = 0; k < list->n; k++) {
        if (strcmp(list->item[k].name, "lstm0.U") != 0) continue;
        for (size_t i = list->item[k].offset, end = i + list->item[k].rows * list->item[k].columns; i < end; i++) {
            const double want = (double)model[0]->gate.weights[i] - (double)model[2]->gate.weights[i];
            const double got = (double)model[1]->gate.weights[i] - (double)model[2]->gate.weights[i];
            off += (got - want) * (got - want), length += want * want;
        }
    }
    for (int i = 0; i < 3; i++) gw_model_free(model[i]);
    assert_true(length > 0);
    return sqrt(off / length);
}

/* Small gradients over 1,200 windows lie below what half precision tells apart; scaled they do not. */
static void test_underflow(void **state) {
    (void)state;
    const double lost = step_error("1"), kept = step_error("65536");
    print_message("off by %.3g of the step without a loss scale, by %.3g with 65536\n", lost, kept);
    assert_true(kept < 2 * HALF_STEP && lost > 4 * kept);
}

/* A scale too large is halved until gradients are finite; those updates leave the weights alone. */
static void test_overflow(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model, *before;
    struct gw_training_log log;
    uint64_t skipped, updates;
    double scale;
    half_toy(&toy, "fp16", "16777216");
    toy_fit(&toy, &model, &log);
    assert_true(gw_model_loss_scale(model, &skipped, &updates, &scale));
    print_message("from 2^24 to %g: %llu of %llu updates skipped\n", scale, (unsigned long long)skipped,
                  (unsigned long long)updates);
    assert_true(skipped > 0 && skipped < updates / 4 && scale == ldexp(LOSS_SCALE_MOST, -(int)skipped));
    assert_int_equal(updates, 15 * ((TOY_TRAIN + 31) / 32));
    const double half = toy_best(&log)->validation_loss;
    gw_training_log_free(&log);
    gw_model_free(model);
    half_toy(&toy, "float32", "65536");
    toy_fit(&toy, &model, &log);
    assert_false(gw_model_loss_scale(model, &skipped, &updates, &scale));
    assert_near(half, toy_best(&log)->validation_loss, .15, 0); /* learns as well */
    gw_training_log_free(&log);
    gw_model_free(model);
    /* Nothing but overflows: the weights are those it began with. */
    half_toy(&toy, "fp16", "16777216");
    toy.training.epochs = 1;
    toy.training.batch_size = TOY_TRAIN / 2;
    train_set(&toy.training, "pos_weight", "10000");
    toy_fit(&toy, &model, &log);
    assert_true(gw_model_loss_scale(model, &skipped, &updates, &scale) && skipped == 2 && updates == 2);
    gw_training_log_free(&log);
    train_set(&toy.training, "precision", "float32");
    toy.training.learning_rate = 1e-9;
    toy_fit(&toy, &before, &log);
    for (size_t i = 0; i < model->gate.net.tensors.size; i++)
        assert_true(fabs((double)model->gate.weights[i] - (double)before->gate.weights[i]) < 1e-7);
    gw_training_log_free(&log);
    gw_model_free(before);
    gw_model_free(model);
}

/* ---- fits -------------------------------------------------------------------------------------------------------------- */

static void same(const struct gw_gate_model *a, const struct gw_gate_model *b) {
    struct model_difference difference;
    if (model_differs(a, b, &difference)) fail_msg("%s differs", difference.tensor);
    assert_true(a->gate.scale.now == b->gate.scale.now && a->gate.scale.skipped == b->gate.scale.skipped);
}

static void threads_of(const char *attention, const char *unroll) {
    static struct toy toy;
    struct gw_gate_model *alone, *together;
    struct gw_training_log log;
    half_toy(&toy, "fp16", "4194304");
    toy.training.epochs = 2;
    model_set(&toy.model, "attention", attention);
    model_set(&toy.model, "unroll", unroll);
    toy_fit(&toy, &alone, &log);
    gw_training_log_free(&log);
    for (int threads = 1; threads <= 4; threads *= 2) {
        int rc = GW_OK;
        omp_set_num_threads(threads);
#pragma omp parallel
#pragma omp single
        rc = gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &together, &log);
        assert_ok(rc);
        same(alone, together);
        gw_training_log_free(&log);
        gw_model_free(together);
    }
    omp_set_num_threads(1);
    gw_model_free(alone);
}
static void test_threads_do_not_matter(void **state) {
    (void)state;
    threads_of("none", "window");
    threads_of("multihead", "window");
    threads_of("bahdanau", "stream");
}

/* The scale is stored, and a warm start goes on from it: after loading to the same bytes. */
static void test_scale_goes_on(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *first, *loaded, *warm[2];
    struct gw_training_log log;
    half_toy(&toy, "fp16", "16777216");
    toy.training.epochs = 2;
    toy_fit(&toy, &first, &log);
    assert_true(first->gate.scale.now < LOSS_SCALE_MOST);
    assert_ok(gw_model_save(first, &log, NULL, 0, NULL, 0, scratch("half.safetensors")));
    gw_training_log_free(&log);
    assert_ok(gw_model_load(scratch("half.safetensors"), NULL, 0, &loaded, NULL, NULL, NULL));
    same(first, loaded);
    assert_int_equal(loaded->gate.scale.updates, first->gate.scale.updates);
    toy.training.retrain = GW_RETRAIN_WARM;
    for (int i = 0; i < 2; i++) {
        toy.options.previous = i ? loaded : first;
        toy_fit(&toy, &warm[i], &log);
        gw_training_log_free(&log);
    }
    same(warm[0], warm[1]);
    assert_true(warm[0]->gate.scale.now == ldexp(first->gate.scale.now, -(int)warm[0]->gate.scale.skipped));
    first->gate.scale.now = 3; /* forged */
    assert_ok(gw_model_save(first, NULL, NULL, 0, NULL, 0, scratch("forged.safetensors")));
    gw_model_free(loaded);
    assert_fails(gw_model_load(scratch("forged.safetensors"), NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA,
                 "its loss scale is none");
    for (int i = 0; i < 2; i++) gw_model_free(warm[i]);
    gw_model_free(first);
}

static void test_refusals(void **state) {
    (void)state;
    static struct toy toy;
    half_toy(&toy, "fp16", "3");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG,
                 "training.loss_scale: 3 is no power of two");
    half_toy(&toy, "fp16", "8");
    assert_ok(gw_model_config_check(&toy.model, &toy.training, NULL));
    model_set(&toy.model, "encoder", "xgboost");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG,
                 "training.precision: encoder \"xgboost\" has no loss scale; use \"float32\"");
    model_set(&toy.model, "encoder", "patterns");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG, "\"float32\" or \"bf16\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_layer),
        cmocka_unit_test(test_belongs),
        cmocka_unit_test(test_scale_steps),
        cmocka_unit_test(test_underflow),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_scale_goes_on),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
