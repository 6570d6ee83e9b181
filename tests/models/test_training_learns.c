/* Every attention, encoder, loss, optimizer and schedule learns a planted problem, in blocks and shuffled, calibrated and carried on. */
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

static void fit_text(struct toy *toy, const char *attention, struct gw_gate_model **model,
                     struct gw_training_log *log) {
    model_set(&toy->model, "attention", attention);
    toy_fit(toy, model, log);
}

static void test_learns(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    for (size_t i = 0; gw_model_option_name("attention", i); i++) {
        toy_build(&toy);
        fit_text(&toy, gw_model_option_name("attention", i), &model, &log);
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            if (!(toy_best(&log)->validation_ap[gate] > .8)) /* prevalence is .16 */
                fail_msg("%s: average precision %.3f", model_word(&toy.model, "attention"),
                         toy_best(&log)->validation_ap[gate]);
        assert_true(log.windows == toy.training.epochs * TOY_TRAIN);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void test_controls_learn(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    size_t n = 0;
    for (size_t i = 0; encoder_at_f32(i); i++) {
        if (!encoder_at_f32(i)->window || encoder_at_f32(i)->fits != FITS_NETWORK) continue;
        toy_build(&toy);
        model_set(&toy.model, "encoder", encoder_at_f32(i)->name);
        model_set(&toy.model, "encoder_width", "16"); /* an LSTM of 12 units leaves a transformer six */
        toy_fit(&toy, &model, &log);
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            if (!(toy_best(&log)->validation_ap[gate] > .8))
                fail_msg("%s: average precision %.3f", encoder_at_f32(i)->name, toy_best(&log)->validation_ap[gate]);
        gw_training_log_free(&log);
        gw_model_free(model);
        n++;
    }
    assert_true(n >= 3);
}

/* The last bar shows nothing, so the logistic floor finds nothing beyond prevalence. */
static void test_logistic_floor(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    model_set(&toy.model, "encoder", "logistic");
    toy_fit(&toy, &model, &log);
    assert_true(toy_best(&log)->validation_ap[GW_GATE_LONG] < .35);
    gw_training_log_free(&log);
    gw_model_free(model);
    for (uint32_t r = 0; r < TOY_ROWS; r++) toy.label[GW_GATE_LONG][r] = toy.x[r * TOY_FEATURES] > 1; /* now it does */
    toy_fit(&toy, &model, &log);
    assert_true(toy_best(&log)->validation_ap[GW_GATE_LONG] > .95);
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* Block batches learn as well as a full shuffle. */
static void test_blocks_and_shuffling(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    static const size_t blocks[] = {1, 7, 16, 32};
    for (size_t i = 0; i < 2 * COUNT_OF(blocks); i++) {
        toy_build(&toy);
        toy.training.block = blocks[i / 2];
        toy.training.positive_fraction = i % 2 ? .5 : 0;
        toy_fit(&toy, &model, &log);
        for (size_t gate = 0; gate < GW_N_GATES; gate++) assert_true(toy_best(&log)->validation_ap[gate] > .85);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void test_losses_learn(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    for (size_t i = 0; gw_model_option_name("loss", i); i++) {
        toy_build(&toy);
        train_set(&toy.training, "loss", gw_model_option_name("loss", i));
        train_set_number(&toy.training, "self_paced_epochs", 4);
        train_set_number(&toy.training, "pos_weight", 2);
        toy.training.epochs = 15;
        toy_fit(&toy, &model, &log);
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            if (!(toy_best(&log)->validation_ap[gate] > .8))
                fail_msg("%s: average precision %.3f", train_word(&toy.training, "loss"),
                         toy_best(&log)->validation_ap[gate]);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void test_optimizers_and_schedules_learn(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    for (size_t o = 0; gw_model_option_name("optimizer", o); o++)
        for (size_t s = 0; gw_model_option_name("schedule", s); s++) {
            toy_build(&toy);
            train_set(&toy.training, "optimizer", gw_model_option_name("optimizer", o));
            train_set(&toy.training, "schedule", gw_model_option_name("schedule", s));
            toy.training.warmup_epochs = 1;
            if (strcmp(gw_model_option_name("optimizer", o), "sgd") == 0) toy.training.learning_rate = 1;
            toy_fit(&toy, &model, &log);
            assert_true(toy_best(&log)->validation_loss < .8 * log.epoch[0].validation_loss);
            if (strcmp(gw_model_option_name("schedule", s), "constant") != 0)
                assert_true(log.epoch[log.n_epochs - 1].learning_rate < .1 * toy.training.learning_rate);
            gw_training_log_free(&log);
            gw_model_free(model);
        }
}

static double first_loss(struct toy *toy, const char *retrain, const struct gw_gate_model *previous) {
    struct gw_gate_model *model;
    struct gw_training_log log;
    train_set(&toy->training, "retrain", retrain);
    toy->options.previous = previous;
    toy_fit(toy, &model, &log);
    double loss = log.epoch[0].train_loss;
    gw_training_log_free(&log);
    gw_model_free(model);
    return loss;
}

static void test_retraining(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *previous, *adapted;
    struct gw_training_log log;
    toy_build(&toy);
    toy_fit(&toy, &previous, &log);
    gw_training_log_free(&log);
    toy.training.epochs = 1;
    toy.training.learning_rate = 2e-3;
    double fresh = first_loss(&toy, "fresh", previous), warm = first_loss(&toy, "warm", previous);
    double lora = first_loss(&toy, "lora", previous);
    assert_true(warm < .6 * fresh && lora < .6 * fresh);
    assert_true(first_loss(&toy, "warm", NULL) == fresh); /* the first fold has nothing to start from */

    /* lora moves the adapted matrices only, by matrices of rank r */
    train_set(&toy.training, "retrain", "lora");
    toy.options.previous = previous;
    train_set_number(&toy.training, "lora_rank", 2);
    toy.training.epochs = 3;
    toy_fit(&toy, &adapted, &log);
    const struct tensor_list *list = &previous->gate.net.tensors;
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *tensor = &list->item[i];
        size_t bytes = tensor->rows * tensor->columns * sizeof(float);
        bool same = memcmp(previous->gate.weights + tensor->offset, adapted->gate.weights + tensor->offset, bytes) == 0;
        assert_int_equal(same, !tensor->adapt);
    }
    gw_training_log_free(&log);
    gw_model_free(adapted);

    toy.model.hidden = 8;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &adapted, &log), GW_ERR_CONFIG,
                 "same shape");
    gw_model_free(previous);
}

static void test_calibrated(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    float p[TOY_VALIDATION * GW_N_GATES];
    static const char *const kinds[] = {"platt", "isotonic"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        toy_build(&toy);
        train_set_number(&toy.training, "pos_weight", 8); /* pushes probabilities far above the rates */
        train_set(&toy.training, "calibration", kinds[i]);
        toy_fit(&toy, &model, &log);
        toy_scores(&toy, model, p);
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            double mean = 0, rate = 0;
            for (size_t s = 0; s < TOY_VALIDATION; s++) {
                mean += (double)p[s * GW_N_GATES + gate] / TOY_VALIDATION;
                rate += toy.label[gate][toy.validation[s].row] / (double)TOY_VALIDATION;
            }
            assert_near(mean, rate, .05, 0);
        }
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),         cmocka_unit_test(test_controls_learn),
        cmocka_unit_test(test_logistic_floor), cmocka_unit_test(test_blocks_and_shuffling),
        cmocka_unit_test(test_losses_learn),   cmocka_unit_test(test_optimizers_and_schedules_learn),
        cmocka_unit_test(test_retraining),     cmocka_unit_test(test_calibrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
