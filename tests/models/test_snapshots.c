/* Snapshot ensembles: the rates and weights of independent implementations (tests/golden/make_snapshots.py), a mixture of the
 * very fits that end where its snapshots do, the same bytes for any number of threads and from a file, and what they refuse. */
#include <math.h>
#include <unistd.h>

#include "base/scratch.h"
#include "engine/score/mixture.h"
#include "gatewalk/stream.h"
#include "models/api/gate_model.h"
#include "models/export/gate_onnx.h"
#include "models/store/differ.h"
#include "toy.h"

enum { CYCLES = 3, CYCLE_EPOCHS = 4, SAID_MAX = 400 };

/* Numbers of one line of the golden file. */
static size_t golden_line(const char *name, double *value, size_t most) {
    FILE *file = fopen("tests/golden/snapshots.txt", "r");
    char *line = NULL, *at = NULL, *end;
    size_t size = 0, n = 0, length = strlen(name);
    assert_non_null(file);
    while (!at && getline(&line, &size, file) > 0)
        if (strncmp(line, name, length) == 0 && line[length] == ' ') at = line + length;
    assert_non_null(at);
    for (double x = strtod(at, &end); end != at; x = strtod(at, &end)) {
        assert_true(n < most);
        value[n++] = x;
        at = end;
    }
    free(line);
    fclose(file);
    return n;
}

static void snapshot_toy(struct toy *toy, const char *how) {
    toy_build(toy);
    toy->training.epochs = CYCLES * CYCLE_EPOCHS;
    train_set(&toy->training, "schedule", "cosine");
    train_set(&toy->training, "cycles", "3");
    train_set(&toy->training, "snapshots", how);
}

/* ---- against independent implementations ----------------------------------------------------------------------------- */

static void test_rates(void **state) {
    (void)state;
    static struct toy toy;
    double want[CYCLES * CYCLE_EPOCHS];
    assert_int_equal(golden_line("rates", want, COUNT_OF(want)), COUNT_OF(want));
    for (int streams = 0; streams < 2; streams++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        snapshot_toy(&toy, "none");
        toy.training.learning_rate = .02;
        toy.training.batch_size = TOY_TRAIN; /* one update an epoch */
        if (streams) model_set(&toy.model, "unroll", "stream");
        toy.training.segments = 4096;
        toy_fit(&toy, &model, &log);
        for (size_t e = 0; e < COUNT_OF(want); e++) assert_near(log.epoch[e].learning_rate, want[e], 1e-12, 0);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void test_weights(void **state) {
    (void)state;
    static const char *const name[] = {"alike", "apart"};
    for (size_t c = 0; c < COUNT_OF(name); c++) {
        double said[SAID_MAX], want[8], weight[8], value, sum = 0, got = 0;
        char line[32];
        snprintf(line, sizeof line, "%s.said", name[c]);
        size_t rows = golden_line(line, said, SAID_MAX);
        snprintf(line, sizeof line, "%s.weight", name[c]);
        const size_t n = golden_line(line, want, COUNT_OF(want));
        snprintf(line, sizeof line, "%s.value", name[c]);
        assert_int_equal(golden_line(line, &value, 1), 1);
        rows /= n;
        mixture_weights(said, rows, n, weight);
        for (size_t s = 0; s < n; s++) {
            assert_true(weight[s] >= 0);
            sum += weight[s];
            if (!(fabs(weight[s] - want[s]) < 1e-4))
                fail_msg("%s: weight %zu is %.9g, not %.9g", name[c], s, weight[s], want[s]);
        }
        assert_near(sum, 1, 1e-12, 0);
        for (size_t r = 0; r < rows; r++) {
            double p = 0;
            for (size_t s = 0; s < n; s++) p += weight[s] * said[r * n + s];
            got += log(p) / (double)rows;
        }
        assert_near(got, value, 1e-8, 0);
    }
}

/* ---- a mixture of fits that end where its snapshots do ------------------------------------------------------------------ */

/* Without a validation slice the last epoch is kept: the fit of the first `cycles` cycles. */
static void fit_of_cycles(struct toy *toy, size_t cycles, struct gw_gate_model **model) {
    const struct gw_train_config training = toy->training;
    struct gw_training_log log;
    toy->training.epochs = cycles * CYCLE_EPOCHS;
    train_set_number(&toy->training, "cycles", (double)cycles);
    train_set(&toy->training, "snapshots", "none");
    train_set(&toy->training, "calibration", "none");
    toy->input.n_validation = 0;
    toy_fit(toy, model, &log);
    gw_training_log_free(&log);
    toy->training = training;
    toy->input.n_validation = TOY_VALIDATION;
}

static void mixed_of(struct toy *toy, bool learned) {
    enum { N = TOY_VALIDATION * GW_N_GATES };
    static float said[CYCLES][N], p[N];
    static double likelihood[TOY_VALIDATION * CYCLES];
    struct gw_gate_model *one, *mixture;
    struct gw_training_log log;
    double weight[CYCLES] = {1. / CYCLES, 1. / CYCLES, 1. / CYCLES};
    for (size_t s = 0; s < CYCLES; s++) {
        fit_of_cycles(toy, s + 1, &one);
        toy_scores(toy, one, said[s]);
        gw_model_free(one);
    }
    toy_fit(toy, &mixture, &log);
    toy_scores(toy, mixture, p);
    assert_int_equal(mixture->gate.n_snapshots, CYCLES);
    assert_true(gw_model_mixes(mixture));
    double unlike = 0;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        for (size_t i = 0; i < TOY_VALIDATION; i++)
            for (size_t s = 0; s < CYCLES; s++)
                likelihood[i * CYCLES + s] =
                    mixture_likelihood((double)said[s][i * GW_N_GATES + g], toy->label[g][toy->validation[i].row] == 1);
        if (learned) mixture_weights(likelihood, TOY_VALIDATION, CYCLES, weight);
        for (size_t s = 0; s < CYCLES; s++) {
            assert_near(mixture->gate.mix[g * CYCLES + s] + 1, weight[s] + 1, 1e-4, 0);
            unlike += fabs(weight[s] - 1. / CYCLES);
        }
        for (size_t i = 0; i < TOY_VALIDATION; i++) {
            double want = 0;
            for (size_t s = 0; s < CYCLES; s++)
                want += mixture->gate.mix[g * CYCLES + s] * (double)said[s][i * GW_N_GATES + g];
            assert_near((double)p[i * GW_N_GATES + g], want, 1e-6, 0);
        }
    }
    assert_true(learned == (unlike > .1)); /* else weights prove nothing */
    /* The log ends with what is kept: the mixture. */
    assert_int_equal(log.best_epoch, log.n_epochs);
    assert_int_equal(log.n_epochs, CYCLES * CYCLE_EPOCHS);
    for (size_t e = 0; e < log.n_epochs; e++) assert_true(log.epoch[e].best == (e + 1 == log.n_epochs));
    double loss = 0;
    for (size_t i = 0; i < N; i++) {
        const bool came = toy->label[i % GW_N_GATES][toy->validation[i / GW_N_GATES].row] == 1;
        loss -= log1p(came ? (double)p[i] - 1 : -(double)p[i]) / N;
    }
    assert_near(log.epoch[log.n_epochs - 1].validation_loss, loss, 1e-5, 0);
    gw_training_log_free(&log);
    gw_model_free(mixture);
}

static void test_mixes_the_fits_of_its_cycles(void **state) {
    (void)state;
    static struct toy toy;
    snapshot_toy(&toy, "mean");
    mixed_of(&toy, false);
    snapshot_toy(&toy, "validation");
    toy.training.warmup_epochs = 1;
    mixed_of(&toy, true);
    snapshot_toy(&toy, "validation");
    model_set(&toy.model, "attention", "bahdanau");
    mixed_of(&toy, true);
    snapshot_toy(&toy, "validation");
    model_set(&toy.model, "unroll", "stream");
    mixed_of(&toy, true);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------- */

static void same(const struct gw_gate_model *a, const struct gw_gate_model *b) {
    struct model_difference difference;
    if (model_differs(a, b, &difference))
        fail_msg("%s [%zu, %zu]: %.17g and %.17g", difference.tensor, difference.row, difference.column,
                 difference.value[0], difference.value[1]);
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *alone, *together;
    struct gw_training_log log;
    struct model_difference difference;
    snapshot_toy(&toy, "validation");
    model_set(&toy.model, "attention", "bahdanau");
    train_set(&toy.training, "calibration", "isotonic");
    toy_fit(&toy, &alone, &log);
    gw_training_log_free(&log);
    for (int threads = 1; threads <= 4; threads *= 2) {
        toy_fit_on(&toy, &toy.options, threads, &together, &log);
        same(alone, together);
        gw_training_log_free(&log);
        if (threads < 4) gw_model_free(together);
    }
    together->gate.snapshot[3] += 1; /* such a difference is seen */
    assert_true(model_differs(alone, together, &difference));
    assert_string_equal(difference.tensor, "snapshot");
    together->gate.snapshot[3] = alone->gate.snapshot[3];
    together->gate.mix[1] += 1e-9;
    assert_true(model_differs(alone, together, &difference));
    assert_string_equal(difference.tensor, "snapshots.weight");
    gw_model_free(together);
    gw_model_free(alone);
}

static int load(const char *path, struct gw_gate_model **model) {
    return gw_model_load(path, NULL, 0, model, NULL, NULL, NULL);
}

static void test_stored(void **state) {
    (void)state;
    enum { N = TOY_VALIDATION * GW_N_GATES };
    static struct toy toy;
    static float p[N], again[N], map[TOY_VALIDATION * TOY_LOOKBACK], map_again[TOY_VALIDATION * TOY_LOOKBACK];
    struct gw_attention_out attention = {.time = map}, attention_again = {.time = map_again};
    struct gw_gate_model *model, *stored;
    struct gw_training_log log;
    snapshot_toy(&toy, "validation");
    toy.training.epochs = CYCLES;
    model_set(&toy.model, "attention", "bahdanau");
    train_set(&toy.training, "calibration", "platt");
    toy_fit(&toy, &model, &log);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("snapshots.safetensors")));
    assert_ok(load(scratch("snapshots.safetensors"), &stored));
    same(model, stored);
    assert_ok(gw_model_score(model, &toy.series, 1, toy.validation, TOY_VALIDATION, p, &attention));
    assert_ok(gw_model_score(stored, &toy.series, 1, toy.validation, TOY_VALIDATION, again, &attention_again));
    assert_memory_equal(p, again, sizeof p);
    assert_memory_equal(map, map_again, sizeof map);
    for (size_t i = 0; i < TOY_VALIDATION; i++) { /* a mean of maps is one */
        double sum = 0;
        for (size_t t = 0; t < TOY_LOOKBACK; t++) sum += (double)map[i * TOY_LOOKBACK + t];
        assert_near(sum, 1, 1e-5, 0);
    }
    gw_model_free(stored);
    /* Forged: shares that are none; a number of snapshots that the settings do not have. */
    const double share = model->gate.mix[0];
    model->gate.mix[0] = share + .5;
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("forged.safetensors")));
    assert_fails(load(scratch("forged.safetensors"), &stored), GW_ERR_DATA, "no shares of a whole");
    model->gate.mix[0] = share;
    train_set(&model->gate.train, "cycles", "2");
    model->gate.train.epochs = 4;
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("forged.safetensors")));
    assert_fails(load(scratch("forged.safetensors"), &stored), GW_ERR_DATA, "belongs to no snapshot of the model");
    train_set(&model->gate.train, "cycles", "3");
    model->gate.train.epochs = CYCLES;
    model->gate.n_snapshots = 0;
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("forged.safetensors")));
    assert_fails(load(scratch("forged.safetensors"), &stored), GW_ERR_DATA, "bytes of weights, but it holds");
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* ---- what does not go -------------------------------------------------------------------------------------------------- */

static void refuses(struct toy *toy, const char *key, const char *value, const char *says) {
    struct gw_model_report report;
    train_set(&toy->training, key, value);
    assert_fails(gw_model_config_check(&toy->model, &toy->training, &report), GW_ERR_CONFIG, says);
    assert_non_null(report.key[0]);
}

static void test_refusals(void **state) {
    (void)state;
    static struct toy toy;
    snapshot_toy(&toy, "mean");
    assert_ok(gw_model_config_check(&toy.model, &toy.training, NULL));
    assert_int_equal(gw_train_cycles(&toy.training), 3);
    assert_int_equal(gw_train_snapshots(&toy.training), 3);
    refuses(&toy, "epochs", "13", "training.cycles: 3 cycles do not divide 13 epochs; set training.epochs to 15");
    snapshot_toy(&toy, "mean");
    refuses(&toy, "patience", "5",
            "training.snapshots: every cycle has to come to its end; set training.patience to 0 (now 5)");
    snapshot_toy(&toy, "mean");
    refuses(&toy, "cycles", "1", "training.snapshots: there is one snapshot a cycle, and one cycle");
    snapshot_toy(&toy, "mean");
    refuses(&toy, "warmup_epochs", "5", "training.warmup_epochs: 5 is more than the 4 of the first cycle");
    snapshot_toy(&toy, "mean");
    refuses(&toy, "retrain", "lora", "training.snapshots: adapters are kept of one set of weights");
    snapshot_toy(&toy, "none");
    assert_int_equal(gw_train_snapshots(&toy.training), 0);
    toy.training.patience = 5; /* cycles alone may stop early */
    assert_ok(gw_model_config_check(&toy.model, &toy.training, NULL));
    train_set(&toy.training, "schedule", "linear"); /* another's parameters are nobody's */
    assert_int_equal(gw_train_cycles(&toy.training), 1);
    snapshot_toy(&toy, "none");
    model_set(&toy.model, "encoder", "xgboost");
    refuses(&toy, "cycles", "2", "training.cycles: encoder \"xgboost\" is trained in one cycle");
}

static void test_what_a_mixture_cannot(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_stream *stream;
    struct gw_integrated about;
    struct gw_scaler scaler = {.n = 0};
    struct protobuf graph = {0};
    float value[TOY_LOOKBACK * TOY_FEATURES];
    const int gate = GW_GATE_LONG;
    snapshot_toy(&toy, "mean");
    toy.training.epochs = CYCLES;
    toy_fit(&toy, &model, &log);
    gw_training_log_free(&log);
    assert_fails(gw_stream_open(model, 1, &stream), GW_ERR_USAGE, "a mixture of 3 snapshots (training.snapshots)");
    assert_fails(gw_model_integrated_gradients(model, &toy.series, 1, toy.validation, &gate, 1, value, &about),
                 GW_ERR_CONFIG, "is a mixture of snapshots");
    assert_fails(gate_onnx(model, &scaler, NULL, &graph), GW_ERR_CONFIG, "training.snapshots cannot be exported");
    protobuf_free(&graph);
    gw_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_mixes_the_fits_of_its_cycles),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_stored),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_what_a_mixture_cannot),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
