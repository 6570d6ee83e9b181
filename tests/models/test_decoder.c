/* Models with a decoder: exact numbers of parameters, what they refuse, how sampling is scheduled, and that what it is taught
 * by is no part of any score: the same bits alone and in company, from a file, for any number of threads, with and without
 * paths. Its equations are held in test_golden.c and test_gradients.c. */
#include "gatewalk/stream.h"
#include "models/network/gate.h"
#include "toy.h"

#include "base/scratch.h"

enum { STEPS = 3, MOVES = STEPS * GW_PATH_SIDES };

/* The toy's market runs as far as the jump that opens its gates says, and further step by step. */
struct run {
    struct toy toy;
    float path[TOY_ROWS * MOVES];
};

static void run_build(struct run *run, const char *attention, const char *teacher) {
    struct toy *toy = &run->toy;
    toy_build(toy);
    for (size_t r = 0; r < TOY_ROWS; r++)
        for (size_t m = 0; m < STEPS; m++) {
            float *move = run->path + r * MOVES + m * GW_PATH_SIDES;
            const float up = r >= 2 ? toy->x[(r - 2) * TOY_FEATURES] : 0,
                        down = r >= 1 ? toy->x[(r - 1) * TOY_FEATURES + 1] : 0;
            move[GW_PATH_BEST] = fmaxf(up, 0) * (float)(m + 1);
            move[GW_PATH_WORST] = fminf(down, 0) * (float)(m + 1);
        }
    toy->series.path = run->path;
    model_set(&toy->model, "attention", attention);
    model_set(&toy->model, "decoder", "path");
    model_set_size(&toy->model, "decoder_steps", STEPS);
    model_set(&toy->model, "decoder_teacher", teacher);
    model_set(&toy->model, "decoder_weight", "0.5");
}

static size_t parameters(const char *attention, bool combine) {
    struct gw_model_config config;
    gw_model_config_default(&config);
    config.n_features = 66;
    model_set(&config, "attention", attention);
    model_set(&config, "decoder", "path");
    model_set(&config, "luong_combine", combine ? "true" : "false");
    return gw_model_parameter_count(&config);
}

/* LSTM 4H(2 + H + H + 1), and 2(O + 1) to read moves from O = 2H numbers, or from H with h~. */
static void test_counts(void **state) {
    (void)state;
    const size_t lstm = 256 * (2 + 64 + 64 + 1), read = 2 * (128 + 1), tilde = 2 * (64 + 1);
    assert_int_equal(lstm + read, 33794);
    assert_int_equal(parameters("bahdanau", false), 46082 + lstm + read);
    assert_int_equal(parameters("bahdanau", true), 46082 + 64 * 64 + lstm + read); /* [c; s] for the dense layer */
    assert_int_equal(parameters("luong_dot", false), 37826 + lstm + read);
    assert_int_equal(parameters("luong_general", false), 37826 + 4096 + lstm + read);
    assert_int_equal(parameters("luong_concat", false), 46082 + lstm + read);
    assert_int_equal(parameters("luong_dot", true), 37826 + 128 * 64 + lstm + tilde);
}

static void refuses(const char *key, const char *value, const char *why, const char *place) {
    struct gw_model_config config;
    struct gw_train_config train;
    struct gw_model_report report;
    gw_train_config_default(&train);
    gw_model_config_default(&config);
    config.n_features = 3;
    model_set(&config, "attention", "bahdanau");
    model_set(&config, "decoder", "path");
    assert_ok(gw_model_config_check(&config, &train, &report));
    if (strcmp(key, "cross") == 0) model_set(&config, key, value), config.cross_features = 1;
    model_set(&config, key, value);
    if (strcmp(key, "encoder") == 0) model_set(&config, "attention", "none");
    assert_fails(gw_model_config_check(&config, &train, &report), GW_ERR_CONFIG, why);
    assert_string_equal(report.key[0], "model.decoder");
    assert_string_equal(report.key[1], place);
}

static void test_refusals(void **state) {
    (void)state;
    refuses("attention", "none", "attention \"none\" cannot be asked by a decoder; use \"bahdanau\"",
            "model.attention");
    refuses("attention", "dual_stage", "attention \"dual_stage\" cannot be asked", "model.attention");
    refuses("attention", "multihead", "attention \"multihead\" cannot be asked", "model.attention");
    refuses("encoder", "gru", "encoder \"gru\" leaves no states", "model.encoder");
    refuses("unroll", "stream", "use unroll \"window\"", "model.unroll");
    refuses("cross", "interval", "use cross \"none\"", "model.cross");
}

static double share(const char *teacher, const char *decay, const char *epochs, uint64_t epoch) {
    struct gw_model_config config;
    gw_model_config_default(&config);
    model_set(&config, "decoder", "path");
    model_set(&config, "decoder_teacher", teacher);
    model_set(&config, "decoder_decay", decay);
    model_set(&config, "decoder_decay_epochs", epochs);
    return R(decoder_share)(decoder_own(&config), epoch);
}

static void test_schedules(void **state) {
    (void)state;
    assert_true(share("full", "linear", "5", 900) == 1 && share("none", "linear", "5", 1) == 0);
    assert_near(share("scheduled", "linear", "5", 1), 1, 0, 0);
    assert_near(share("scheduled", "linear", "5", 3), .6, 1e-15, 0);
    assert_true(share("scheduled", "linear", "5", 6) == 0 && share("scheduled", "linear", "5", 60) == 0);
    assert_near(share("scheduled", "exponential", "8", 1), 1, 0, 0);
    assert_near(share("scheduled", "exponential", "8", 9), .05, 1e-14, 0);
    assert_near(share("scheduled", "exponential", "8", 5), sqrt(.05), 1e-14, 0);
    /* k log k = 10 at k = 5.7289…: k / (k + exp(i / k)), half of it where exp(i / k) = k */
    assert_near(share("scheduled", "inverse_sigmoid", "20", 11), .5, 1e-12, 0);
    assert_near(share("scheduled", "inverse_sigmoid", "20", 1), 5.728925565386944 / 6.728925565386944, 1e-12, 0);
    for (uint64_t e = 1; e < 200; e++)
        assert_true(share("scheduled", "inverse_sigmoid", "1", e) >= share("scheduled", "inverse_sigmoid", "1", e + 1));
}

/* Mean of |error| of what is forecast of the validation rows, and of the best constants there. */
static void judge(const struct run *run, const float *forecast, double *model, double *constant) {
    *model = *constant = 0;
    for (size_t k = 0; k < MOVES; k++) {
        double least = HUGE_VAL;
        for (double guess = -6; guess <= 6; guess += .05) {
            double sum = 0;
            for (size_t i = 0; i < TOY_VALIDATION; i++)
                sum += fabs((double)run->path[run->toy.validation[i].row * MOVES + k] - guess);
            least = fmin(least, sum);
        }
        *constant += least;
        for (size_t i = 0; i < TOY_VALIDATION; i++)
            *model += fabs((double)run->path[run->toy.validation[i].row * MOVES + k] - (double)forecast[i * MOVES + k]);
    }
}

/* Gates and moves are learnt whoever teaches; a score has the same bits alone, in company, from a file, and whatever lies
 * where paths would. */
static void learns(const char *attention, const char *teacher) {
    struct run *run = mem_calloc(1, sizeof *run);
    struct gw_gate_model *model, *stored;
    struct gw_training_log log;
    static float p[TOY_VALIDATION * GW_N_GATES], again[TOY_VALIDATION * GW_N_GATES];
    static float said[TOY_VALIDATION * MOVES], map[TOY_VALIDATION * STEPS * TOY_LOOKBACK], twice[MOVES];
    double error, constant;
    run_build(run, attention, teacher);
    toy_fit(&run->toy, &model, &log);
    assert_true(toy_best(&log)->validation_ap[GW_GATE_LONG] > .7 && toy_best(&log)->validation_ap[GW_GATE_SHORT] > .7);
    struct gw_attention_out out = {.time = map, .path = said};
    assert_ok(gw_model_score(model, &run->toy.series, 1, run->toy.validation, TOY_VALIDATION, p, &out));
    assert_int_equal(out.n_maps, STEPS);
    for (size_t i = 0; i < TOY_VALIDATION * STEPS; i++) {
        double sum = 0;
        for (size_t s = 0; s < TOY_LOOKBACK; s++) sum += (double)map[i * TOY_LOOKBACK + s];
        assert_near(sum, 1, 1e-5, 0);
    }
    judge(run, said, &error, &constant);
    if (!(error < .7 * constant)) fail_msg("%s %s: error %g, of constants %g", attention, teacher, error, constant);
    for (size_t i = 0; i < COUNT_OF(run->path); i++) run->path[i] = i % 3 ? NAN : 1e6f;
    for (size_t i = 0; i < TOY_VALIDATION; i++) {
        struct gw_attention_out alone = {.path = twice};
        run->toy.series.path = i % 2 ? run->path : NULL;
        assert_ok(
            gw_model_score(model, &run->toy.series, 1, &run->toy.validation[i], 1, &again[i * GW_N_GATES], &alone));
        assert_memory_equal(twice, said + i * MOVES, sizeof twice);
    }
    assert_memory_equal(p, again, sizeof p);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, scratch("decoder.safetensors")));
    assert_ok(gw_model_load(scratch("decoder.safetensors"), NULL, 0, &stored, NULL, NULL, NULL));
    assert_int_equal(gw_model_path_steps(gw_model_get_config(stored)), STEPS);
    toy_scores(&run->toy, stored, again);
    assert_memory_equal(p, again, sizeof p);
    gw_training_log_free(&log);
    gw_model_free(stored);
    gw_model_free(model);
    mem_free(run);
}

static void test_learns(void **state) {
    (void)state;
    learns("bahdanau", "scheduled");
    learns("luong_general", "full");
    learns("luong_concat", "none");
}

/* The mean Huber loss of what a model says of the training samples' moves. */
static double mean_loss(const struct run *run, const struct gw_gate_model *model) {
    static float said[TOY_TRAIN * MOVES], p[TOY_TRAIN * GW_N_GATES];
    struct gw_attention_out out = {.path = said};
    double sum = 0, n = 0;
    assert_ok(gw_model_score(model, &run->toy.series, 1, run->toy.train, TOY_TRAIN, p, &out));
    for (size_t i = 0; i < TOY_TRAIN; i++)
        for (size_t m = 0; m < MOVES; m++) {
            const float came = run->path[run->toy.train[i].row * MOVES + m];
            const double r = fabs((double)said[i * MOVES + m] - (double)came);
            if (isnan(came)) continue;
            sum += r <= 1 ? r * r / 2 : r - .5;
            n++;
        }
    return sum / n;
}

/* What the line of an epoch says of paths is the mean over the moves that are known, for any weight, batch and precision's
 * scale: at a rate of nothing what the first weights come to. */
static void test_path_loss_of_an_epoch(void **state) {
    (void)state;
    static const char *const how[][3] = {{"0.5", "64", "float32"}, {"0.1", "48", "float32"}, {"0.5", "64", "fp16"}};
    struct run *run = mem_calloc(1, sizeof *run);
    run_build(run, "bahdanau", "none");
    model_set(&run->toy.model, "dropout", "0");
    train_set(&run->toy.training, "learning_rate", "1e-9");
    run->toy.training.epochs = 1;
    for (size_t r = 0; r < TOY_ROWS; r += 3)
        for (size_t k = 0; k < MOVES; k++) run->path[r * MOVES + k] = NAN;
    for (size_t i = 0; i <= COUNT_OF(how); i++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        model_set(&run->toy.model, "decoder_weight", i < COUNT_OF(how) ? how[i][0] : "0");
        if (i < COUNT_OF(how)) {
            train_set(&run->toy.training, "batch_size", how[i][1]);
            train_set(&run->toy.training, "precision", how[i][2]);
        }
        toy_fit(&run->toy, &model, &log);
        assert_int_equal(log.epoch[0].has_paths, i < COUNT_OF(how));
        if (i < COUNT_OF(how)) assert_near(log.epoch[0].path_loss, mean_loss(run, model), i < 2 ? 1e-5 : 2e-3, 0);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
    mem_free(run);
}

static void scores_of(const struct run *run, const struct gw_gate_model *previous, int threads, float *p) {
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_fit_options options = run->toy.options;
    options.previous = previous;
    toy_fit_on(&run->toy, &options, threads, &model, &log);
    toy_scores(&run->toy, model, p);
    gw_training_log_free(&log);
    gw_model_free(model);
}

/* What is drawn hangs on seed, epoch and sample alone: the same fit for any number of threads; another seed, teacher, decay
 * or lambda is another fit. A sample without a path is told nothing and teaches nothing of it. */
static void test_draws(void **state) {
    (void)state;
    static const char *const other[][2] = {{"decoder_teacher", "full"},
                                           {"decoder_teacher", "none"},
                                           {"decoder_decay", "exponential"},
                                           {"decoder_decay_epochs", "3"},
                                           {"decoder_weight", "0.4"}};
    struct run *run = mem_calloc(1, sizeof *run);
    static float p[TOY_VALIDATION * GW_N_GATES], q[TOY_VALIDATION * GW_N_GATES];
    run_build(run, "bahdanau", "scheduled");
    run->toy.training.epochs = 3;
    for (size_t r = 0; r < TOY_ROWS; r += 3)
        for (size_t k = 0; k < MOVES; k++) run->path[r * MOVES + k] = NAN;
    scores_of(run, NULL, 1, p);
    for (int threads = 2; threads <= 4; threads += 2) {
        scores_of(run, NULL, threads, q);
        assert_memory_equal(p, q, sizeof p);
    }
    const struct gw_model_config kept = run->toy.model;
    for (size_t i = 0; i < COUNT_OF(other); i++) {
        model_set(&run->toy.model, other[i][0], other[i][1]);
        scores_of(run, NULL, 2, q);
        if (memcmp(p, q, sizeof p) == 0) fail_msg("%s %s changes nothing", other[i][0], other[i][1]);
        run->toy.model = kept;
    }
    run->toy.series.path = NULL; /* nobody taught it: the gates alone */
    scores_of(run, NULL, 2, q);
    model_set(&run->toy.model, "decoder_weight", "0");
    run->toy.series.path = run->path;
    scores_of(run, NULL, 1, p);
    assert_memory_equal(p, q, sizeof p);
    mem_free(run);
}

/* What a bar is scored with does not hang on bars after it. */
static void test_later_bars(void **state) {
    (void)state;
    struct run *run = mem_calloc(1, sizeof *run);
    struct gw_gate_model *model;
    struct gw_training_log log;
    struct gw_stream *stream;
    float p[GW_N_GATES], again[GW_N_GATES];
    run_build(run, "luong_dot", "scheduled");
    run->toy.training.epochs = 2;
    toy_fit(&run->toy, &model, &log);
    const struct gw_sample at = run->toy.validation[57];
    struct gw_stream_bar bar = {.n_maps = 0};
    assert_ok(gw_model_score(model, &run->toy.series, 1, &at, 1, p, NULL));
    /* A stream of windows, bar by bar, says the same. */
    assert_ok(gw_stream_open(model, 1, &stream));
    for (size_t r = at.row - 20; r <= at.row; r++)
        assert_ok(gw_stream_push(stream, 0, run->toy.x + r * TOY_FEATURES, &bar));
    assert_memory_equal(p, bar.p, sizeof p);
    assert_int_equal(bar.n_maps, STEPS);
    gw_stream_close(stream);
    for (size_t i = (at.row + 1) * TOY_FEATURES; i < TOY_ROWS * TOY_FEATURES; i++) run->toy.x[i] = NAN;
    assert_ok(gw_model_score(model, &run->toy.series, 1, &at, 1, again, NULL));
    assert_memory_equal(p, again, sizeof p);
    run->toy.x[(at.row + 1 - TOY_LOOKBACK) * TOY_FEATURES + 3] += 2;
    assert_ok(gw_model_score(model, &run->toy.series, 1, &at, 1, again, NULL));
    assert_true(p[0] != again[0]);
    gw_training_log_free(&log);
    gw_model_free(model);
    mem_free(run);
}

static void test_bf16_warm_and_lora(void **state) {
    (void)state;
    struct run *run = mem_calloc(1, sizeof *run);
    struct gw_gate_model *model;
    struct gw_training_log log;
    static float p[2][TOY_VALIDATION * GW_N_GATES];
    double loss[2];
    run_build(run, "bahdanau", "scheduled");
    run->toy.training.epochs = 6;
    for (int bf16 = 0; bf16 < 2; bf16++) {
        train_set(&run->toy.training, "precision", bf16 ? "bf16" : "float32");
        toy_fit(&run->toy, &model, &log);
        loss[bf16] = toy_best(&log)->validation_loss;
        gw_training_log_free(&log);
        if (!bf16) gw_model_free(model);
    }
    assert_true(loss[0] != loss[1]); /* it was another arithmetic */
    assert_near(loss[1], loss[0], 0.1, 0);
    train_set(&run->toy.training, "precision", "float32");
    run->toy.training.epochs = 2;
    static const char *const retrain[] = {"warm", "lora"};
    for (size_t i = 0; i < COUNT_OF(retrain); i++) {
        train_set(&run->toy.training, "retrain", retrain[i]);
        scores_of(run, model, 1, p[i]);
    }
    assert_true(memcmp(p[0], p[1], sizeof p[0]) != 0);
    gw_model_free(model);
    mem_free(run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_path_loss_of_an_epoch),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_later_bars),
        cmocka_unit_test(test_bf16_warm_and_lora),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
