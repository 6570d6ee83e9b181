/* Streaming gates: a score is a function of a stated finite history, whoever asks for it and however; fits repeat byte for
 * byte; what does not stream says so. */
#include "gatewalk/stream.h"
#include "models/api/gate_model.h"
#include "toy.h"

static void stream_toy(struct toy *toy, const char *attention) {
    toy_build(toy);
    model_set(&toy->model, "unroll", "stream");
    model_set(&toy->model, "attention", attention);
    toy->training.segment = 20;
    toy->training.segments = 3;
    toy->training.epochs = 2;
}

static const struct R(attention_ops) *row_of(const char *attention) {
    size_t i = 0;
    while (strcmp(R(attention_at)(i)->name, attention) != 0) i++;
    return R(attention_at)(i);
}
static bool streams(const char *attention) { return !row_of(attention)->windowed_only; }
static bool combines(const char *attention) {
    const struct gw_param_table *own = &row_of(attention)->own;
    for (size_t i = 0; i < own->n; i++)
        if (strcmp(own->param[i].name, "luong_combine") == 0) return true;
    return false;
}

static struct gw_gate_model *fit_on(struct toy *toy, int threads, struct gw_training_log *log) {
    struct gw_gate_model *model = NULL;
    toy_fit_on(toy, &toy->options, threads, &model, log);
    return model;
}

static struct gw_gate_model *quick_fit(struct toy *toy) {
    struct gw_training_log log;
    struct gw_gate_model *model = fit_on(toy, 1, &log);
    gw_training_log_free(&log);
    return model;
}

static const real *weights_of(const struct gw_gate_model *model) { return model->gate.weights; }
static size_t weights_size(const struct gw_gate_model *model) { return model->gate.net.tensors.size * sizeof(real); }

/* ---- the same bits, however asked for ------------------------------------------------------------------------ */

enum { LIVE = TOY_VALIDATION };

/* Scores and maps of the validation slice, in one call. */
static void batch(const struct toy *toy, const struct gw_gate_model *model, float *p, float *map) {
    struct gw_attention_out attention = {.time = map};
    assert_ok(gw_model_score(model, &toy->series, 1, toy->validation, LIVE, p, map ? &attention : NULL));
}

static void same_bits(const char *attention, bool combine, size_t warm) {
    struct toy toy;
    stream_toy(&toy, attention);
    model_set(&toy.model, "luong_combine", combine ? "true" : "false");
    model_set_size(&toy.model, "warm", warm);
    toy.model.layers = combine ? 2 : 1;
    struct gw_gate_model *model = quick_fit(&toy);
    size_t per_bar = gw_model_attention_maps(&toy.model) * TOY_LOOKBACK;
    size_t first = toy.validation[0].row, start = first - (warm ? warm : 4 * TOY_LOOKBACK);
    float *p = calloc(LIVE * GW_N_GATES, sizeof *p), *map = calloc(LIVE * (per_bar + 1), sizeof *map);
    batch(&toy, model, p, per_bar ? map : NULL);
    const char *path = "test_stream.state";
    struct gw_stream *stream, *again;
    assert_ok(gw_stream_open(model, 2, &stream));
    for (size_t row = start; row < TOY_ROWS; row++) {
        struct gw_stream_bar bar;
        if (row % 61 == 7 || row == first + 2) { /* a process that ends and one that goes on from what it left */
            assert_ok(gw_stream_save(stream, path));
            gw_stream_close(stream);
            assert_ok(gw_stream_load(model, path, &again));
            stream = again;
            assert_int_equal(gw_stream_symbols(stream), 2);
        }
        assert_ok(gw_stream_push(stream, 0, toy.x + (row - 1) * TOY_FEATURES, &bar)); /* another symbol, other bars */
        assert_ok(gw_stream_push(stream, 1, toy.x + row * TOY_FEATURES, &bar));
        assert_int_equal(bar.bars, row - start + 1);
        assert_int_equal(bar.ready, row >= first);
        if (row < first) continue;
        assert_memory_equal(bar.p, p + (row - first) * GW_N_GATES, sizeof bar.p);
        assert_int_equal(bar.n_maps * TOY_LOOKBACK, per_bar);
        if (per_bar) assert_memory_equal(bar.attention, map + (row - first) * per_bar, per_bar * sizeof *map);
    }
    gw_stream_close(stream);
    remove(path);
    free(map);
    free(p);
    gw_model_free(model);
}

static void test_batch_push_and_resume(void **state) {
    (void)state;
    for (size_t k = 0; gw_kernels_name(k); k++) {
        if (!gw_kernels_supported(k)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(k)));
        for (size_t a = 0; gw_model_option_name("attention", a); a++) {
            const char *name = gw_model_option_name("attention", a);
            if (!streams(name)) continue;
            same_bits(name, false, 0);
            same_bits(name, false, 300);
            if (combines(name)) same_bits(name, true, 2);
        }
    }
    assert_ok(gw_kernels_select("auto"));
}

/* A windowed model through the same door: every bar has the numbers of its window, which is alone there and one of many in
 * a batch. */
static void same_windows(const char *encoder, const char *attention, const char *hidden) {
    struct toy toy;
    stream_toy(&toy, attention);
    model_set(&toy.model, "unroll", "window");
    model_set(&toy.model, "encoder", encoder);
    model_set(&toy.model, "hidden", hidden);
    struct gw_gate_model *model = quick_fit(&toy);
    struct gw_stream *stream;
    struct gw_stream_bar bar;
    float p[LIVE * GW_N_GATES];
    size_t reach = strcmp(encoder, "logistic") != 0 ? TOY_LOOKBACK : 1, first = toy.validation[0].row;
    batch(&toy, model, p, NULL);
    assert_ok(gw_stream_open(model, 1, &stream));
    assert_int_equal(gw_stream_history(stream), reach - 1);
    for (size_t row = first + 1 - reach; row < TOY_ROWS; row++) {
        assert_ok(gw_stream_push(stream, 0, toy.x + row * TOY_FEATURES, &bar));
        assert_int_equal(bar.ready, row >= first);
        assert_int_equal(isnan(bar.p[0]), row < first);
        if (row >= first && memcmp(bar.p, p + (row - first) * GW_N_GATES, sizeof bar.p) != 0)
            fail_msg("%s %s, hidden %s: row %zu has %.9g, not %.9g", encoder, attention, hidden, row, (double)bar.p[0],
                     (double)p[(row - first) * GW_N_GATES]);
        if (row == first + 30) {
            assert_ok(gw_stream_save(stream, "test_stream.state"));
            gw_stream_close(stream);
            assert_ok(gw_stream_load(model, "test_stream.state", &stream));
        }
    }
    remove("test_stream.state");
    gw_stream_close(stream);
    gw_model_free(model);
}

static void test_windowed_models_stream_too(void **state) {
    (void)state;
    for (size_t k = 0; gw_kernels_name(k); k++) {
        if (!gw_kernels_supported(k)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(k)));
        same_windows("logistic", "none", "8");
        for (size_t e = 0; R(encoder_at)(e); e++)
            if (R(encoder_at)(e)->window && R(encoder_at)(e)->fits == FITS_NETWORK)
                same_windows(R(encoder_at)(e)->name, "none", "9");
        for (size_t a = 0; gw_model_option_name("attention", a); a++) {
            same_windows("lstm", gw_model_option_name("attention", a), "9");
            same_windows("lstm", gw_model_option_name("attention", a), "32");
        }
    }
    assert_ok(gw_kernels_select("auto"));
}

/* ---- history ---------------------------------------------------------------------------------------------------- */

/* A later bar changes nothing before it; the bars before the stated start change nothing at all; one within does. */
static void test_a_score_knows_its_history_only(void **state) {
    (void)state;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct toy toy;
        const char *name = gw_model_option_name("attention", a);
        if (!streams(name)) continue;
        stream_toy(&toy, name);
        struct gw_gate_model *model = quick_fit(&toy);
        float before[LIVE * GW_N_GATES], after[LIVE * GW_N_GATES];
        batch(&toy, model, before, NULL);
        size_t first = toy.validation[0].row, start = first - 4 * TOY_LOOKBACK;
        for (size_t i = 0; i < start * TOY_FEATURES; i++) toy.x[i] = 1e30f;
        for (size_t i = (first + 100) * TOY_FEATURES; i < COUNT_OF(toy.x); i++) toy.x[i] = -toy.x[i] + 1;
        batch(&toy, model, after, NULL);
        assert_memory_equal(before, after, 100 * GW_N_GATES * sizeof *before);
        assert_true(before[100 * GW_N_GATES] != after[100 * GW_N_GATES]);
        toy.x[start * TOY_FEATURES] += 3; /* 24 bars away: no window of 6 would see it */
        batch(&toy, model, before, NULL);
        assert_true(before[0] != after[0]);
        gw_model_free(model);
    }
}

/* A slice that is asked for with gaps: the state goes on through them. */
static void test_gaps_do_not_reset(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "bahdanau");
    struct gw_gate_model *model = quick_fit(&toy);
    float whole[LIVE * GW_N_GATES], some[LIVE * GW_N_GATES];
    struct gw_sample sample[LIVE];
    size_t n = 0;
    batch(&toy, model, whole, NULL);
    for (size_t i = 0; i < LIVE; i++)
        if (i < 10 || (i > 40 && i % 3 == 0)) sample[n++] = toy.validation[i];
    assert_ok(gw_model_score(model, &toy.series, 1, sample, n, some, NULL));
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(some + i * GW_N_GATES, whole + (sample[i].row - toy.validation[0].row) * GW_N_GATES,
                            GW_N_GATES * sizeof *some);
    gw_model_free(model);
}

/* A row that is not finite has no score, and the history begins anew behind it. */
static void test_rows_that_are_not_finite(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "multihead");
    struct gw_gate_model *model = quick_fit(&toy);
    float whole[LIVE * GW_N_GATES];
    size_t first = toy.validation[0].row;
    toy.x[(first - 3) * TOY_FEATURES + 1] = NAN; /* in the warm-up */
    toy.x[(first + 50) * TOY_FEATURES] = INFINITY;
    batch(&toy, model, whole, NULL);
    struct gw_stream *stream;
    struct gw_stream_bar bar;
    assert_ok(gw_stream_open(model, 1, &stream));
    for (size_t row = first - 2; row < TOY_ROWS; row++) {
        assert_ok(gw_stream_push(stream, 0, toy.x + row * TOY_FEATURES, &bar));
        assert_int_equal(isnan(bar.p[0]), row == first + 50);
        assert_int_equal(bar.bars, row <= first + 49 ? row - (first - 3) : row - (first + 50));
        if (row >= first && row != first + 50)
            assert_memory_equal(bar.p, whole + (row - first) * GW_N_GATES, sizeof bar.p);
        if (row == first + 50) assert_true(isnan(whole[50 * GW_N_GATES]));
    }
    gw_stream_close(stream);
    gw_model_free(model);
}

/* ---- fits ----------------------------------------------------------------------------------------------------- */

/* Two symbols, so that scoring has tasks as well; more segments a batch than a shard holds. */
static void test_threads_do_not_matter(void **state) {
    (void)state;
    static const char *const attentions[] = {"none", "bahdanau", "multihead"};
    for (size_t a = 0; a < COUNT_OF(attentions); a++) {
        struct toy toy;
        stream_toy(&toy, attentions[a]);
        static struct gw_series series[2];
        static struct gw_sample validation[2 * 200];
        series[0] = series[1] = toy.series;
        for (uint32_t i = 0; i < 400; i++) validation[i] = (struct gw_sample){i / 200, 1300 + i % 200};
        toy.input.series = series;
        toy.input.n_series = 2;
        toy.input.validation = validation;
        toy.input.n_validation = 400;
        toy.training.segments = 21;
        struct gw_gate_model *model[3];
        struct gw_training_log log[3];
        for (int threads = 1; threads <= 3; threads++) model[threads - 1] = fit_on(&toy, threads, &log[threads - 1]);
        for (size_t i = 1; i < 3; i++) {
            assert_memory_equal(weights_of(model[i]), weights_of(model[0]), weights_size(model[0]));
            assert_memory_equal(log[i].epoch, log[0].epoch, log[0].n_epochs * sizeof *log[0].epoch);
        }
        for (size_t i = 0; i < 3; i++) {
            gw_model_free(model[i]);
            gw_training_log_free(&log[i]);
        }
    }
}

/* Every loss, schedule, retraining, calibration and precision goes through; the planted rule is learnt. */
static void test_it_learns(void **state) {
    (void)state;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct toy toy;
        struct gw_training_log log;
        const char *name = gw_model_option_name("attention", a);
        if (!streams(name)) continue;
        stream_toy(&toy, name);
        toy.training.epochs = 25;
        struct gw_gate_model *model = fit_on(&toy, 1, &log);
        const struct gw_epoch_record *best = toy_best(&log);
        /* prevalence is .16; means of outputs over six bars blur a rule of one bar */
        double floor = strcmp(name, "multihead") == 0 || strstr(name, "pool") ? .3 : .7;
        if (!(best->validation_ap[0] > floor && best->validation_ap[1] > floor))
            fail_msg("%s: AP %.3f/%.3f", name, best->validation_ap[0], best->validation_ap[1]);
        assert_int_equal(log.windows, log.n_epochs * TOY_TRAIN);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void check_variant(const char *key, struct toy *toy, const struct gw_gate_model *before) {
    struct gw_training_log log;
    struct gw_gate_model *model;
    float p[LIVE * GW_N_GATES], q[LIVE * GW_N_GATES];
    toy->options.previous = before;
    toy_fit(toy, &model, &log);
    for (size_t i = 0; i < log.n_epochs; i++) assert_true(isfinite(log.epoch[i].train_loss));
    if (log.epoch[0].validation_loss == 0) fail_msg("%s: nothing was validated", key);
    toy_scores(toy, model, p);
    for (size_t i = 0; i < COUNT_OF(p); i++) assert_true(p[i] >= 0 && p[i] <= 1);
    struct gw_gate_model *loaded; /* a stored fit says which unroll it was trained with */
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, "test_stream.safetensors"));
    assert_ok(gw_model_load_onto("test_stream.safetensors", before, NULL, 0, &loaded, NULL, NULL, NULL));
    assert_string_equal(model_word(gw_model_get_config(loaded), "unroll"), "stream");
    toy_scores(toy, loaded, q);
    assert_memory_equal(p, q, sizeof p);
    remove("test_stream.safetensors");
    gw_model_free(loaded);
    gw_model_free(model);
    gw_training_log_free(&log);
}

static void test_every_setting(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "bahdanau");
    struct gw_gate_model *before = quick_fit(&toy);
    static const char *const kinds[] = {"loss",        "schedule",  "optimizer", "retrain",
                                        "calibration", "precision", "monitor"};
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t i = 0; gw_model_option_name(kinds[k], i); i++) {
            stream_toy(&toy, "bahdanau");
            train_set(&toy.training, kinds[k], gw_model_option_name(kinds[k], i));
            if (k == 0) toy.training.accumulate = 2;
            check_variant(kinds[k], &toy, before);
        }
    stream_toy(&toy, "bahdanau");
    model_set(&toy.model, "forget_init", "chrono");
    check_variant("chrono", &toy, NULL);
    gw_model_free(before);
}

/* The bar is the window of an encoder without states. */
static void test_logistic_is_the_same(void **state) {
    (void)state;
    struct toy toy;
    struct gw_gate_model *model[2];
    for (size_t i = 0; i < 2; i++) {
        stream_toy(&toy, "none");
        model_set(&toy.model, "encoder", "logistic");
        if (i) model_set(&toy.model, "unroll", "window");
        model[i] = quick_fit(&toy);
    }
    assert_memory_equal(weights_of(model[0]), weights_of(model[1]), weights_size(model[0]));
    gw_model_free(model[0]);
    gw_model_free(model[1]);
}

static void test_importance(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "none");
    toy.training.epochs = 12;
    struct gw_gate_model *model = quick_fit(&toy);
    double drop[GW_N_GATES * TOY_FEATURES];
    assert_ok(gw_model_permutation_importance(model, &toy.input, 1, drop));
    for (size_t f = 1; f < TOY_FEATURES; f++) assert_true(drop[0] > drop[f] + .2); /* the long gate follows feature 0 */
    gw_model_free(model);
}

/* ---- refusals ------------------------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "dual_stage");
    assert_int_equal(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG);
    assert_non_null(strstr(gw_error_message(), "model.unroll: attention \"dual_stage\" cannot stream"));
    stream_toy(&toy, "none");
    toy.training.positive_fraction = .5;
    assert_int_equal(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG);
    assert_non_null(strstr(gw_error_message(), "training.positive_fraction"));
    stream_toy(&toy, "none");
    assert_int_equal(gw_model_config_set(&toy.model, "unroll", "streams"), GW_ERR_CONFIG);
}

/* The state of another model, a damaged one and a symbol that is not there. */
static void test_a_foreign_state(void **state) {
    (void)state;
    struct toy toy;
    struct gw_gate_model *model[2];
    struct gw_stream *stream, *loaded;
    struct gw_stream_bar bar;
    for (size_t i = 0; i < 2; i++) {
        stream_toy(&toy, "bahdanau");
        toy.options.seed = 7 + i;
        model[i] = quick_fit(&toy);
    }
    assert_ok(gw_stream_open(model[0], 1, &stream));
    assert_int_equal(gw_stream_push(stream, 1, toy.x, &bar), GW_ERR_USAGE);
    assert_ok(gw_stream_push(stream, 0, toy.x, &bar));
    assert_ok(gw_stream_save(stream, "test_stream.state"));
    assert_int_equal(gw_stream_load(model[1], "test_stream.state", &loaded), GW_ERR_DATA);
    assert_non_null(strstr(gw_error_message(), "another model"));
    FILE *file = fopen("test_stream.state", "r+b");
    assert_non_null(file);
    fseek(file, -3, SEEK_END);
    fputc(1, file);
    fclose(file);
    assert_int_equal(gw_stream_load(model[0], "test_stream.state", &loaded), GW_ERR_DATA);
    assert_null(loaded);
    remove("test_stream.state");
    gw_stream_close(stream);
    gw_model_free(model[0]);
    gw_model_free(model[1]);
}

static void test_top_lags(void **state) {
    (void)state;
    struct toy toy;
    stream_toy(&toy, "multihead");
    struct gw_gate_model *model = quick_fit(&toy);
    struct gw_stream *stream;
    struct gw_stream_bar bar;
    size_t lag[4];
    float weight[4];
    assert_ok(gw_stream_open(model, 1, &stream));
    assert_ok(gw_stream_push(stream, 0, toy.x, &bar));
    assert_int_equal(gw_stream_top_lags(stream, &bar, 4, lag, weight), 1); /* there is but one bar */
    assert_int_equal(lag[0], 0);
    assert_true(weight[0] == 1);
    for (size_t row = 1; row < 20; row++) assert_ok(gw_stream_push(stream, 0, toy.x + row * TOY_FEATURES, &bar));
    assert_int_equal(gw_stream_top_lags(stream, &bar, 4, lag, weight), 4);
    for (size_t i = 0; i < 4; i++) {
        float mean = 0, larger = 0;
        for (size_t map = 0; map < bar.n_maps; map++)
            mean += bar.attention[map * TOY_LOOKBACK + TOY_LOOKBACK - 1 - lag[i]] / (float)bar.n_maps;
        assert_true(weight[i] == mean);
        for (size_t s = 0; s < TOY_LOOKBACK; s++) {
            float other = 0;
            for (size_t map = 0; map < bar.n_maps; map++)
                other += bar.attention[map * TOY_LOOKBACK + s] / (float)bar.n_maps;
            larger += other > weight[i];
        }
        assert_true(larger == (float)i);
    }
    gw_stream_close(stream);
    gw_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_push_and_resume),
        cmocka_unit_test(test_windowed_models_stream_too),
        cmocka_unit_test(test_a_score_knows_its_history_only),
        cmocka_unit_test(test_gaps_do_not_reset),
        cmocka_unit_test(test_rows_that_are_not_finite),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_it_learns),
        cmocka_unit_test(test_every_setting),
        cmocka_unit_test(test_logistic_is_the_same),
        cmocka_unit_test(test_importance),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_foreign_state),
        cmocka_unit_test(test_top_lags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
