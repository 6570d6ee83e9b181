/* The training loop on a planted problem: it repeats, it stops and restores, it refuses to go on with NaN. */
/* The training loop on a planted problem: it learns, it repeats, it stops and restores, it refuses to go on with NaN. */
#include <float.h>
#include <omp.h>
#include <signal.h>

#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "models/api/gate_model.h"
#include "toy.h"

static void same_model(const struct gw_gate_model *a, const struct gw_gate_model *b) {
    assert_int_equal(a->gate.net.tensors.size, b->gate.net.tensors.size);
    assert_memory_equal(a->gate.weights, b->gate.weights, a->gate.net.tensors.size * sizeof(float));
}

static void same_for_any_threads(const char *encoder, const char *attention) {
    static struct toy toy;
    struct gw_gate_model *alone, *together;
    struct gw_training_log log_alone, log_together;
    toy_build(&toy);
    toy.training.epochs = 2;
    toy.training.accumulate = 2;
    model_set(&toy.model, "encoder", encoder);
    model_set(&toy.model, "attention", attention);
    toy_fit(&toy, &alone, &log_alone); /* outside any parallel region */
    for (int threads = 1; threads <= 4; threads *= 2) {
        toy_fit_on(&toy, &toy.options, threads, &together, &log_together);
        same_model(alone, together);
        assert_int_equal(log_alone.n_epochs, log_together.n_epochs);
        for (size_t e = 0; e < log_alone.n_epochs; e++) {
            assert_true(log_alone.epoch[e].train_loss == log_together.epoch[e].train_loss);
            assert_true(log_alone.epoch[e].validation_loss == log_together.epoch[e].validation_loss);
        }
        gw_training_log_free(&log_together);
        gw_model_free(together);
    }
    gw_training_log_free(&log_alone);
    gw_model_free(alone);
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    for (size_t i = 0; gw_model_option_name("attention", i); i++)
        same_for_any_threads("lstm", gw_model_option_name("attention", i));
    for (size_t i = 0; encoder_at_f32(i); i++)
        if (encoder_at_f32(i)->window && encoder_at_f32(i)->fits == FITS_NETWORK)
            same_for_any_threads(encoder_at_f32(i)->name, "none");
}

/* Several fits at once share the threads of one region. */
static void test_fits_side_by_side(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *reference[3], *model[3];
    struct gw_training_log log;
    toy_build(&toy);
    toy.training.epochs = 2;
    for (size_t i = 0; i < 3; i++) {
        toy.options.seed = 100 + i;
        toy_fit(&toy, &reference[i], &log);
        gw_training_log_free(&log);
    }
    int failed = 0;
    omp_set_num_threads(3);
#pragma omp parallel
#pragma omp single
    for (size_t i = 0; i < 3; i++) {
#pragma omp task shared(model, failed)
        {
            struct gw_fit_options options = {.seed = 100 + i};
            struct gw_training_log own;
            int rc = gw_model_fit(&toy.model, &toy.training, &toy.input, &options, &model[i], &own);
            if (rc == GW_OK)
                gw_training_log_free(&own);
            else
#pragma omp atomic
                failed++;
        }
    }
    omp_set_num_threads(1);
    assert_int_equal(failed, 0);
    for (size_t i = 0; i < 3; i++) {
        same_model(reference[i], model[i]);
        gw_model_free(model[i]);
        gw_model_free(reference[i]);
    }
}

static void test_seed_matters(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *a, *b;
    struct gw_training_log log;
    toy_build(&toy);
    toy.training.epochs = 1;
    toy_fit(&toy, &a, &log);
    gw_training_log_free(&log);
    toy.options.seed++;
    toy_fit(&toy, &b, &log);
    gw_training_log_free(&log);
    assert_memory_not_equal(a->gate.weights, b->gate.weights, a->gate.net.tensors.size * sizeof(float));
    gw_model_free(a);
    gw_model_free(b);
}

struct epochs_seen {
    size_t n, windows;
    struct gw_epoch_record record[64];
};
static void on_epoch(void *context, const struct gw_epoch_record *record, size_t epochs, double rate) {
    struct epochs_seen *history = context;
    history->record[history->n++] = *record;
    assert_true(epochs >= history->n);
    assert_true(rate > 0);
}
static void on_windows(void *context, size_t windows) { ((struct epochs_seen *)context)->windows += windows; }

/* The model returned scores the validation slice exactly as the best epoch did, and training stopped in time. */
static void test_restores_best_and_stops(void **state) {
    (void)state;
    static struct toy toy;
    static struct epochs_seen history;
    struct gw_gate_model *model;
    struct gw_training_log log;
    float p[TOY_VALIDATION * GW_N_GATES];
    toy_build(&toy);
    history = (struct epochs_seen){0};
    toy.training.epochs = 60;
    toy.training.patience = 3;
    toy.training.learning_rate = .1; /* jumps about: the last epoch is not the best */
    toy.options.on_epoch = on_epoch;
    toy.options.on_windows = on_windows;
    toy.options.context = &history;
    toy_fit(&toy, &model, &log);
    assert_int_equal(log.n_epochs, log.best_epoch + 3);
    assert_true(log.n_epochs < 60);
    assert_int_equal(history.n, log.n_epochs);
    assert_int_equal(history.windows, log.windows);
    size_t best = 0;
    for (size_t i = 0; i < log.n_epochs; i++) {
        assert_int_equal(log.epoch[i].epoch, i + 1);
        if (log.epoch[i].validation_loss < log.epoch[best].validation_loss) best = i;
        assert_int_equal(log.epoch[i].best, best == i);
        assert_memory_equal(&log.epoch[i], &history.record[i], sizeof log.epoch[i]);
    }
    assert_int_equal(log.best_epoch, best + 1);
    toy_scores(&toy, model, p);
    double loss = 0;
    for (size_t i = 0; i < TOY_VALIDATION; i++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            double q = (double)p[i * GW_N_GATES + gate];
            loss -= log1p((toy.label[gate][toy.validation[i].row] ? q : 1 - q) - 1) / (GW_N_GATES * TOY_VALIDATION);
        }
    assert_near(loss, log.epoch[best].validation_loss, 1e-4, 0);
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* Average precision over the labelled samples of a gate, the others left out. */
static double labelled_precision(const struct toy *toy, const struct gw_gate_model *model, size_t gate) {
    float p[TOY_VALIDATION * GW_N_GATES], score[TOY_VALIDATION];
    int8_t label[TOY_VALIDATION];
    size_t n = 0;
    double ap;
    toy_scores(toy, model, p);
    for (size_t i = 0; i < TOY_VALIDATION; i++) {
        if (toy->label[gate][toy->validation[i].row] == GW_LABEL_MISSING) continue;
        score[n] = p[i * GW_N_GATES + gate];
        label[n++] = toy->label[gate][toy->validation[i].row];
    }
    assert_ok(gw_metric_average_precision(score, label, n, &ap));
    return ap;
}

static void test_monitor_average_precision(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    for (size_t i = 0; i < 50; i++) toy.label[GW_GATE_LONG][toy.validation[3 * i].row] = GW_LABEL_MISSING;
    train_set(&toy.training, "monitor", "average_precision");
    toy_fit(&toy, &model, &log);
    double best = 0;
    for (size_t i = 0; i < log.n_epochs; i++) {
        double mean = (log.epoch[i].validation_ap[0] + log.epoch[i].validation_ap[1]) / 2;
        assert_int_equal(log.epoch[i].best, mean > best);
        best = fmax(best, mean);
    }
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        assert_near(toy_best(&log)->validation_ap[gate], labelled_precision(&toy, model, gate), 1e-12, 0);
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* Two accumulated batches of 16 are one batch of 32 when no label is missing. */
static void test_accumulation(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *whole, *parts;
    struct gw_training_log log;
    toy_build(&toy);
    toy.input.n_train = 1152; /* a multiple of both */
    toy.training.epochs = 1;
    toy.model.dropout = 0;
    toy_fit(&toy, &whole, &log);
    gw_training_log_free(&log);
    toy.training.batch_size = 16;
    toy.training.accumulate = 2;
    toy_fit(&toy, &parts, &log);
    gw_training_log_free(&log);
    for (size_t i = 0; i < whole->gate.net.tensors.size; i++)
        assert_near((double)parts->gate.weights[i], (double)whole->gate.weights[i], 2e-3, .05);
    gw_model_free(whole);
    gw_model_free(parts);
}

/* Plain descent by one update: with clipping the step has length rate × clip_norm, whatever the gradient. */
static void test_clipping(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    double length[2];
    for (int clipped = 0; clipped < 2; clipped++) {
        toy_build(&toy);
        toy.input.n_train = toy.training.batch_size = 64;
        toy.training.epochs = 1;
        train_set_number(&toy.training, "momentum", 0);
        toy.training.learning_rate = 1e-2;
        toy.training.clip_norm = clipped ? 1e-2 : 0;
        train_set(&toy.training, "optimizer", "sgd");
        toy_fit(&toy, &model, &log);
        size_t size = model->gate.net.tensors.size;
        float *start = calloc(size, sizeof *start);
        double sum = 0;
        assert_ok(network_start_f32(&model->gate.net, toy.options.seed, start));
        for (size_t i = 0; i < size; i++) sum += pow((double)model->gate.weights[i] - (double)start[i], 2);
        length[clipped] = sqrt(sum);
        free(start);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
    assert_near(length[1], 1e-4, 1e-2, 0); /* a step of 1e-4 over weights of size .5 is read with float32's grain */
    assert_true(length[0] > 5 * length[1]);
}

static void test_divergence_is_reported(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    toy.x[50 * TOY_FEATURES] = NAN;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_DATA,
                 "training diverged at epoch 1");
    assert_non_null(strstr(gw_error_message(), "training.learning_rate"));
    assert_null(model);
    assert_null(log.epoch);
}

static void test_bad_input(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    toy.input.n_train = 0;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_DATA,
                 "no training samples");
    toy_build(&toy);
    toy.train[0].row = TOY_LOOKBACK - 2;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_INTERNAL,
                 "full window");
    toy_build(&toy);
    toy.validation[3].row = TOY_ROWS;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_INTERNAL,
                 "full window");
    toy_build(&toy);
    toy.training.loss = 1000;
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_CONFIG,
                 "training.loss: 1000 is no row of its table");
}

/* No validation slice: the last epoch is kept, nothing stops early. */
static void test_without_validation(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    toy.input.n_validation = 0;
    toy.training.epochs = 3;
    toy.training.patience = 1;
    toy_fit(&toy, &model, &log);
    assert_int_equal(log.n_epochs, 3);
    assert_int_equal(log.best_epoch, 3);
    assert_true(isnan(log.epoch[0].validation_loss));
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* Each class keeps its share of easy samples: neither is left out by the other's quantile. */
static void test_pace_is_per_class(void **state) {
    (void)state;
    static struct toy toy;
    struct training_f32 fit = {0};
    toy_build(&toy);
    train_set_number(&toy.training, "self_paced_start", .25);
    train_set_number(&toy.training, "self_paced_epochs", 10);
    fit.config = &toy.training;
    fit.input = &toy.input;
    fit.options = &toy.options;
    fit.k = kernels_active_f32();
    train_set(&toy.training, "loss", "self_paced_hard");
    train_set(&toy.training, "pos_weight", "1");
    fit.loss_ops = loss_at_f32((size_t)toy.training.loss);
    fit.loss.own = loss_own(&toy.training);
    assert_ok(network_init_f32(&fit.net, &toy.model));
    fit.weights = calloc(fit.net.tensors.size, sizeof(float));
    fit.packed = aligned_alloc(64, (fit.net.pack_size + 16) / 16 * 16 * sizeof(float));
    fit.logit = calloc(TOY_TRAIN * GW_N_GATES, sizeof(float));
    fit.loss_value = calloc(TOY_TRAIN, sizeof(double));
    assert_ok(network_start_f32(&fit.net, 3, fit.weights));
    fit.weights[fit.net.tensors.item[fit.net.tensors.n - 1].offset] = -2; /* long positives are costly */
    network_pack_f32(&fit.net, fit.weights, fit.packed);
    assert_ok(team_init_f32(&fit.team, &fit.net, true));
    training_pace_f32(&fit, 1);
    size_t in[2] = {0}, all[2] = {0};
    for (size_t i = 0; i < TOY_TRAIN; i++) {
        int label = toy.label[GW_GATE_LONG][toy.train[i].row];
        double dz, z = (double)fit.logit[i * GW_N_GATES];
        all[label]++;
        in[label] += fit.loss_ops->value(fit.loss.own, z, label, HUGE_VAL, &dz) < fit.lambda[GW_GATE_LONG][label];
    }
    for (int class = 0; class < 2; class ++) assert_near((double)in[class] / (double)all[class], .25, .03, 0);
    assert_true(fit.lambda[GW_GATE_LONG][1] > 1.5 * fit.lambda[GW_GATE_LONG][0]);
    training_pace_f32(&fit, 11);
    assert_true(isinf(fit.lambda[GW_GATE_LONG][0]) && isinf(fit.lambda[GW_GATE_SHORT][1]));
    team_free_f32(&fit.team);
    free(fit.loss_value);
    free(fit.logit);
    free(fit.packed);
    free(fit.weights);
}

/* Last, because the request stays. */
static void test_interrupt(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    toy_build(&toy);
    interrupt_install();
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log),
                     GW_ERR_INTERRUPTED);
    assert_null(model);
}

/* Half of the least normal number, by this thread's arithmetic as it stands. */
static float half_of_least(void) {
    volatile float least = FLT_MIN;
    return least * 0.5F;
}

static void note_mode(void *context, size_t windows) {
    (void)windows;
    *(bool *)context |= half_of_least() > 0;
}

/* A gradient that fades over many steps costs no more than another: what is below the least normal number is zero while a fit
 * trains, in both unrolls, and what comes after has its own arithmetic back. */
static void test_what_fades_is_zero(void **state) {
    (void)state;
#ifndef __SSE2__
    skip(); /* the processor is left as it is */
#endif
    static struct toy toy;
    for (int stream = 0; stream < 2; stream++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        bool seen = false;
        toy_build(&toy);
        toy.training.epochs = 1;
        if (stream) model_set(&toy.model, "unroll", "stream");
        toy.options.on_windows = note_mode;
        toy.options.context = &seen;
        toy_fit_on(&toy, &toy.options, 2, &model, &log);
        assert_false(seen);
        assert_true(half_of_least() > 0);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_fits_side_by_side),
        cmocka_unit_test(test_seed_matters),
        cmocka_unit_test(test_restores_best_and_stops),
        cmocka_unit_test(test_monitor_average_precision),
        cmocka_unit_test(test_accumulation),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_divergence_is_reported),
        cmocka_unit_test(test_bad_input),
        cmocka_unit_test(test_without_validation),
        cmocka_unit_test(test_pace_is_per_class),
        cmocka_unit_test(test_what_fades_is_zero),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
