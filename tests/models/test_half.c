/* training.precision "fp16": the loss scale keeps gradients between underflow and overflow, and fits are as reproducible as others
 * (the products themselves: test_kernels_half.c). */
#include "base/scratch.h"
#include "engine/base/base.h"
#include "kernel_mixed.h"
#include "models/api/gate_model.h"
#include "models/store/differ.h"
#include "models/training/loss_scale.h"
#include "toy.h"

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
        toy_fit_on(&toy, &toy.options, threads, &together, &log);
        same(alone, together);
        gw_training_log_free(&log);
        gw_model_free(together);
    }
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
        cmocka_unit_test(test_scale_steps),   cmocka_unit_test(test_underflow),
        cmocka_unit_test(test_overflow),      cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_scale_goes_on), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
