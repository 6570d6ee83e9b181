/* Retraining by adapters: what moves and what does not, what a file holds, and that a chain of files gives the weights
 * of the fits bit for bit. */
#include <unistd.h>

#include "engine/base/base.h"
#include "models/api/adapters.h"
#include "models/api/gate_model.h"
#include "toy.h"

enum { CHAIN = 3 };

static char path[CHAIN][256];

static void toy_lora(struct toy *toy, const char *attention, const char *lora_on) {
    toy_build(toy);
    model_set(&toy->model, "attention", attention);
    train_set(&toy->training, "lora_on", lora_on);
    train_set(&toy->training, "retrain", "lora");
    train_set_number(&toy->training, "lora_rank", 2);
    toy->training.epochs = 2;
}

static bool fits(const struct toy *toy) { return gw_model_config_check(&toy->model, &toy->training, NULL) == GW_OK; }

/* Another fold: other samples, another seed, from the model before. */
static void fit_fold(struct toy *toy, size_t fold, const struct gw_gate_model *previous, struct gw_gate_model **model,
                     struct gw_training_log *log) {
    toy->input.train = toy->train + 100 * fold;
    toy->input.n_train = 600;
    toy->options.seed = 70 + fold;
    toy->options.previous = previous;
    toy_fit(toy, model, log);
}

static const float *weights_of(const struct gw_gate_model *model, size_t tensor) {
    return model->gate.weights + model->gate.net.tensors.item[tensor].offset;
}

static void same_weights(const struct gw_gate_model *a, const struct gw_gate_model *b) {
    assert_int_equal(a->gate.net.tensors.size, b->gate.net.tensors.size);
    assert_memory_equal(a->gate.weights, b->gate.weights, a->gate.net.tensors.size * sizeof(float));
}

static size_t bytes_of(const char *file) {
    char *bytes;
    size_t n;
    assert_ok(file_read_all(file, 1 << 24, GW_ERR_DATA, &bytes, &n));
    mem_free(bytes);
    return n;
}

static int make_paths(void **state) {
    (void)state;
    for (size_t i = 0; i < CHAIN; i++)
        snprintf(path[i], sizeof path[i], "%s/gatewalk_lora_%ld_%zu.safetensors",
                 getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir, (long)getpid(), i + 1);
    return 0;
}

static int remove_paths(void **state) {
    (void)state;
    for (size_t i = 0; i < CHAIN; i++) remove(path[i]);
    return 0;
}

/* ---- training ------------------------------------------------------------------------------------------------- */

/* A 2 x 2 minor of the change is zero when its rank is one. */
static void expect_rank_one(const float *before, const float *after, size_t rows, size_t columns) {
    double largest = 0, minor = 0;
#define CHANGE(r, c) ((double)after[(r)*columns + (c)] - (double)before[(r)*columns + (c)])
    for (size_t r = 0; r + 1 < rows; r++)
        for (size_t c = 0; c + 1 < columns; c++) {
            largest = fmax(largest, fabs(CHANGE(r, c)));
            minor = fmax(minor, fabs(CHANGE(r, c) * CHANGE(r + 1, c + 1) - CHANGE(r, c + 1) * CHANGE(r + 1, c)));
        }
#undef CHANGE
    assert_true(largest > 1e-4);
    assert_true(minor < 1e-3 * largest * largest + 1e-8);
}

/* Decay of adamw would move whatever the optimiser sweeps over, gradient or not. */
static void check_frozen(const char *attention, const char *lora_on) {
    static struct toy toy;
    struct gw_gate_model *previous, *adapted;
    struct gw_training_log log;
    toy_lora(&toy, attention, lora_on);
    train_set(&toy.training, "optimizer", "adamw");
    train_set_number(&toy.training, "weight_decay", .1);
    train_set_number(&toy.training, "lora_rank", 1);
    if (!fits(&toy)) return;
    fit_fold(&toy, 0, NULL, &previous, &log);
    gw_training_log_free(&log);
    assert_null(previous->gate.theta); /* the first fold has nothing to adapt */
    fit_fold(&toy, 1, previous, &adapted, &log);
    const struct tensor_list *list = &previous->gate.net.tensors;
    size_t moved = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct tensor *tensor = &list->item[i];
        bool recurrent = strstr(tensor->name, "lstm") != NULL;
        bool named = tensor->adapt && (strcmp(lora_on, "all") == 0 || recurrent == (strcmp(lora_on, "recurrent") == 0));
        const float *before = weights_of(previous, i), *after = weights_of(adapted, i);
        bool same = memcmp(before, after, tensor->rows * tensor->columns * sizeof(float)) == 0;
        if (same == named) fail_msg("%s, %s: %s %s", attention, lora_on, tensor->name, same ? "stays" : "moves");
        if (named) expect_rank_one(before, after, tensor->rows, tensor->columns);
        moved += named;
    }
    assert_true(moved > 0);
    assert_non_null(adapted->gate.theta);
    gw_training_log_free(&log);
    gw_model_free(adapted);
    gw_model_free(previous);
}

static void test_only_named_matrices_move(void **state) {
    (void)state;
    for (size_t a = 0; gw_model_option_name("attention", a); a++)
        for (size_t w = 0; gw_model_option_name("lora_on", w); w++)
            check_frozen(gw_model_option_name("attention", a), gw_model_option_name("lora_on", w));
}

/* A problem that has changed since the fold before: adapters follow it. */
static void test_learns_what_is_new(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *previous, *adapted;
    struct gw_training_log log;
    float p[TOY_VALIDATION * GW_N_GATES], frozen[TOY_VALIDATION * GW_N_GATES];
    for (size_t w = 0; gw_model_option_name("lora_on", w); w++) {
        toy_lora(&toy, "bahdanau", gw_model_option_name("lora_on", w));
        toy.training.epochs = 10;
        fit_fold(&toy, 0, NULL, &previous, &log);
        gw_training_log_free(&log);
        for (uint32_t r = 4; r < TOY_ROWS; r++) /* now a bar later */
            toy.label[GW_GATE_LONG][r] = toy.x[(r - 3) * TOY_FEATURES] > 1;
        toy_scores(&toy, previous, frozen);
        fit_fold(&toy, 1, previous, &adapted, &log);
        toy_scores(&toy, adapted, p);
        double before = 0, after = 0;
        for (size_t i = 0; i < TOY_VALIDATION; i++) {
            bool label = toy.label[GW_GATE_LONG][toy.validation[i].row];
            before -= log1p((label ? (double)frozen[i * GW_N_GATES] : 1 - (double)frozen[i * GW_N_GATES]) - 1);
            after -= log1p((label ? (double)p[i * GW_N_GATES] : 1 - (double)p[i * GW_N_GATES]) - 1);
        }
        if (!(after < .95 * before))
            fail_msg("%s: loss %.1f, before %.1f", train_word(&toy.training, "lora_on"), after, before);
        gw_training_log_free(&log);
        gw_model_free(adapted);
        gw_model_free(previous);
    }
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *previous, *alone, *together;
    struct gw_training_log log;
    for (size_t w = 0; gw_model_option_name("lora_on", w); w++) {
        toy_lora(&toy, "multihead", gw_model_option_name("lora_on", w));
        fit_fold(&toy, 0, NULL, &previous, &log);
        gw_training_log_free(&log);
        fit_fold(&toy, 1, previous, &alone, &log);
        gw_training_log_free(&log);
        toy_fit_on(&toy, &toy.options, 3, &together, &log);
        same_weights(alone, together);
        gw_training_log_free(&log);
        gw_model_free(together);
        gw_model_free(alone);
        gw_model_free(previous);
    }
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

/* Fits a chain and saves every fold. */
static void make_chain(struct toy *toy, struct gw_gate_model *model[CHAIN]) {
    double centre[2] = {1.5, -2};
    const struct gw_extra_tensor extra = {"scaler.center", 2, centre};
    for (size_t f = 0; f < CHAIN; f++) {
        struct gw_training_log log;
        fit_fold(toy, f, f ? model[f - 1] : NULL, &model[f], &log);
        assert_ok(gw_model_save(model[f], &log, &(struct gw_meta_pair){"fold", "x"}, 1, &extra, 1, path[f]));
        gw_training_log_free(&log);
    }
}

static void load_chain(struct gw_gate_model *model[CHAIN]) {
    for (size_t f = 0; f < CHAIN; f++) {
        struct gw_training_log log;
        struct gw_extra_tensor extra[2];
        size_t n_extra = COUNT_OF(extra);
        assert_ok(gw_model_load_onto(path[f], f ? model[f - 1] : NULL, &(struct gw_meta_pair){"fold", "x"}, 1,
                                     &model[f], &log, extra, &n_extra));
        assert_int_equal(n_extra, 1);
        assert_true(extra[0].value[1] == -2);
        assert_true(log.n_epochs > 0 && log.windows > 0);
        mem_free(extra[0].value);
        gw_training_log_free(&log);
    }
}

static void free_chain(struct gw_gate_model *model[CHAIN]) {
    for (size_t f = 0; f < CHAIN; f++) gw_model_free(model[f]);
}

static void check_chain_of(const char *attention, const char *lora_on, const char *calibration, const char *lora_base) {
    static struct toy toy;
    static float p[TOY_VALIDATION * GW_N_GATES], q[TOY_VALIDATION * GW_N_GATES];
    struct gw_gate_model *fitted[CHAIN], *loaded[CHAIN], *resumed;
    struct gw_training_log log;
    toy_lora(&toy, attention, lora_on);
    train_set(&toy.training, "calibration", calibration);
    train_set(&toy.training, "lora_base", lora_base);
    if (!fits(&toy)) return;
    make_chain(&toy, fitted);
    load_chain(loaded);
    for (size_t f = 0; f < CHAIN; f++) {
        same_weights(fitted[f], loaded[f]);
        assert_int_equal(loaded[f]->gate.theta != NULL, f > 0);
        toy_scores(&toy, fitted[f], p);
        toy_scores(&toy, loaded[f], q);
        assert_memory_equal(p, q, sizeof p);
    }
    /* Going on from the loaded model is going on from the fitted one. */
    fit_fold(&toy, CHAIN - 1, loaded[CHAIN - 2], &resumed, &log);
    same_weights(resumed, fitted[CHAIN - 1]);
    gw_training_log_free(&log);
    gw_model_free(resumed);
    free_chain(loaded);
    free_chain(fitted);
}

static void check_chain(const char *attention, const char *lora_on, const char *calibration) {
    check_chain_of(attention, lora_on, calibration, "float32");
}

/* ---- bases in few bits --------------------------------------------------------------------------------------------- */

static void test_quantised_chains_of_files(void **state) {
    (void)state;
    for (size_t b = 0; gw_model_option_name("lora_base", b); b++) {
        check_chain_of("multihead", "all", "platt", gw_model_option_name("lora_base", b));
        check_chain_of("bahdanau", "attention", "none", gw_model_option_name("lora_base", b));
    }
}

/* Adapters begin on what quantising has left of the matrices beneath them, and on everything else as it was. */
static void test_base_is_quantised_where_adapters_sit(void **state) {
    (void)state;
    static const char *const bases[] = {"int8", "int4"};
    static struct toy toy;
    for (size_t b = 0; b < COUNT_OF(bases); b++) {
        struct gw_gate_model *model;
        struct gw_training_log log;
        struct R(lora) lora;
        toy_lora(&toy, "bahdanau", "attention");
        train_set(&toy.training, "lora_base", bases[b]);
        fit_fold(&toy, 0, NULL, &model, &log);
        const struct R(network) *net = &model->gate.net;
        assert_ok(R(lora_init)(&lora, net, &toy.training, 3, model->gate.weights));
        assert_int_equal(lora.plan.n, 2);
        assert_true(lora.base == R(lora_hash)(&net->tensors, model->gate.weights));
        for (size_t i = 0; i < net->tensors.n; i++) {
            const struct tensor *tensor = &net->tensors.item[i];
            const size_t n = tensor->rows * tensor->columns;
            const bool adapted = i == lora.plan.matrix[0].tensor || i == lora.plan.matrix[1].tensor;
            float *round = mem_calloc(n, sizeof *round);
            memcpy(round, weights_of(model, i), n * sizeof *round);
            if (adapted) R(quantise_round)(lora.plan.base, n, round);
            assert_memory_equal(lora.frozen + tensor->offset, round, n * sizeof *round);
            if (adapted) assert_memory_not_equal(round, weights_of(model, i), n * sizeof *round);
            mem_free(round);
        }
        /* B is zero: nothing but the base is there yet. */
        R(lora_merge)(&lora, 0, model->gate.weights);
        assert_memory_equal(model->gate.weights, lora.frozen, net->tensors.size * sizeof(float));
        size_t kept = net->tensors.count * sizeof(float);
        for (size_t i = 0; i < 2; i++) {
            const struct tensor *tensor = &net->tensors.item[lora.plan.matrix[i].tensor];
            const size_t n = tensor->rows * tensor->columns, blocks = (n + 63) / 64;
            kept -= 4 * n - (b == 0 ? n : (n + 1) / 2) - 4 * blocks;
        }
        assert_int_equal(adapters_base_bytes(&toy.model, &toy.training), kept);
        R(lora_free)(&lora);
        gw_training_log_free(&log);
        gw_model_free(model);
    }
}

static void check_targets(const char *attention, const char *targets, size_t n, const char *first, const char *last) {
    static struct toy toy;
    struct R(network) net;
    struct R(lora_plan) plan;
    toy_lora(&toy, attention, "recurrent"); /* which does not count then */
    train_set(&toy.training, "lora_targets", targets);
    assert_true(fits(&toy));
    assert_ok(R(network_init)(&net, &toy.model));
    R(lora_lay_out)(&net, &toy.training, &plan);
    assert_int_equal(plan.n, n);
    assert_string_equal(net.tensors.item[plan.matrix[0].tensor].name, first);
    assert_string_equal(net.tensors.item[plan.matrix[n - 1].tensor].name, last);
}

static void test_targets_by_name(void **state) {
    (void)state;
    static struct toy toy;
    check_targets("multihead", "query,key,value", 3, "attention.query.W", "attention.value.W");
    check_targets("multihead", "value", 1, "attention.value.W", "attention.value.W");
    check_targets("multihead", "attention.key.W,U", 2, "lstm0.U", "attention.key.W");
    check_targets("bahdanau", "W1,W2", 2, "attention.W1", "attention.W2");
    check_targets("luong_general", "W", 1, "attention.W", "attention.W");
    toy_lora(&toy, "multihead", "all");
    train_set(&toy.training, "lora_targets", "query,output");
    assert_false(fits(&toy)); /* one that takes no adapter */
    assert_non_null(strstr(gw_error_message(), "training.lora_targets: \"output\" names no matrix"));
    assert_non_null(strstr(gw_error_message(), "attention.query.W"));
    train_set(&toy.training, "lora_targets", "query,,key");
    assert_false(fits(&toy));
}

static void test_chain_of_files(void **state) {
    (void)state;
    static const char *const calibrations[] = {"none", "platt", "isotonic"};
    for (size_t a = 0; gw_model_option_name("attention", a); a++)
        for (size_t w = 0; gw_model_option_name("lora_on", w); w++)
            check_chain(gw_model_option_name("attention", a), gw_model_option_name("lora_on", w), calibrations[a % 3]);
}

/* What one instruction set has trained, every other makes of the same file. */
static void test_any_instruction_set_merges_alike(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *fitted[CHAIN], *loaded[CHAIN];
    size_t sets = 0;
    toy_lora(&toy, "multihead", "all");
    make_chain(&toy, fitted);
    for (size_t i = 0; gw_kernels_name(i); i++) {
        if (!gw_kernels_supported(i)) continue;
        assert_ok(gw_kernels_select(gw_kernels_name(i)));
        load_chain(loaded);
        for (size_t f = 0; f < CHAIN; f++) same_weights(fitted[f], loaded[f]);
        free_chain(loaded);
        sets++;
    }
    assert_ok(gw_kernels_select("auto"));
    assert_true(sets >= 1);
    free_chain(fitted);
}

static void test_wrong_base_is_refused(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *fitted[CHAIN], *loaded, *narrow;
    struct gw_training_log log;
    toy_lora(&toy, "bahdanau", "all");
    make_chain(&toy, fitted);
    assert_fails(gw_model_load(path[1], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA,
                 "holds adapters only and needs the model they were trained on");
    assert_null(loaded);
    assert_non_null(strstr(gw_error_message(), path[1]));
    for (size_t f = 1; f < CHAIN; f++) /* the one after next, or the fold itself */
        assert_fails(gw_model_load_onto(path[1], fitted[f], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA,
                     "its adapters belong on the model");
    assert_fails(gw_model_load_onto(path[2], fitted[0], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA, "belong on");
    float *weight = &fitted[0]->gate.weights[7], kept = *weight;
    *weight = nextafterf(kept, 9); /* one bit of one weight */
    assert_fails(gw_model_load_onto(path[1], fitted[0], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA, "belong on");
    *weight = kept;
    assert_ok(gw_model_load_onto(path[1], fitted[0], NULL, 0, &loaded, NULL, NULL, NULL));
    gw_model_free(loaded);
    toy.model.hidden = 8;
    fit_fold(&toy, 0, NULL, &narrow, &log);
    gw_training_log_free(&log);
    assert_fails(gw_model_load_onto(path[1], narrow, NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA, "belong on");
    assert_ok(gw_model_load_onto(path[0], narrow, NULL, 0, &loaded, NULL, NULL, NULL)); /* whole weights need no base */
    same_weights(loaded, fitted[0]);
    gw_model_free(loaded);
    gw_model_free(narrow);
    free_chain(fitted);
}

/* A merge that does not give what training had is noticed, not scored with. */
static void test_merged_weights_are_checked(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *fitted[CHAIN], *loaded;
    toy_lora(&toy, "none", "recurrent");
    make_chain(&toy, fitted);
    fitted[1]->gate.weights[0] =
        nextafterf(fitted[1]->gate.weights[0], 9); /* a frozen one: the adapters cannot say so */
    assert_ok(gw_model_save(fitted[1], NULL, NULL, 0, NULL, 0, path[1]));
    assert_fails(gw_model_load_onto(path[1], fitted[0], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA,
                 "with its base it makes the model");
    assert_null(loaded);
    free_chain(fitted);
}

static void test_damaged_adapters(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *fitted[CHAIN], *loaded;
    char *bytes;
    size_t n, refused = 0;
    toy_lora(&toy, "none", "all");
    make_chain(&toy, fitted);
    assert_ok(file_read_all(path[1], 1 << 24, GW_ERR_DATA, &bytes, &n));
    for (size_t i = 0; i <= n; i += i % 5 + 1, refused++) {
        FILE *file = fopen(path[1], "wb");
        assert_non_null(file);
        if (i < n) bytes[i] ^= 4;
        assert_int_equal(fwrite(bytes, 1, i < n ? n : n - 4, file), i < n ? n : n - 4);
        fclose(file);
        if (i < n) bytes[i] ^= 4;
        assert_int_equal(gw_model_load_onto(path[1], fitted[0], NULL, 0, &loaded, NULL, NULL, NULL), GW_ERR_DATA);
        assert_null(loaded);
    }
    assert_true(refused > 500);
    mem_free(bytes);
    free_chain(fitted);
}

/* The study's bahdanau model, 46,082 parameters: 9,216 in adapters of rank 16 (U 64·16 + 16·256, W1 and W2 64·16 +
 * 16·64 each), 2,304 in adapters of rank 4. */
static void test_bytes(void **state) {
    (void)state;
    enum { F = 66, ROWS = 90, T = 4, N = 64 };
    static float x[ROWS * F];
    static int8_t label[GW_N_GATES][ROWS];
    static const struct {
        size_t rank;
        const char *lora_on;
        size_t numbers;
        double ratio;
    } cases[] = {
        {16, "all", 9216, .22}, {4, "all", 2304, .07}, {16, "recurrent", 5120, .13}, {16, "attention", 4096, .11}};
    struct gw_sample sample[N];
    struct gw_rng rng;
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_gate_model *whole, *adapted;
    struct gw_training_log log;
    gw_rng_key(&rng, 2, "bytes", 0, 0, 0);
    for (size_t i = 0; i < COUNT_OF(x); i++) x[i] = (float)gw_rng_normal(&rng);
    for (size_t r = 0; r < ROWS; r++) label[GW_GATE_LONG][r] = label[GW_GATE_SHORT][r] = x[r * F] > 1;
    for (uint32_t i = 0; i < N; i++) sample[i] = (struct gw_sample){0, T + i};
    struct gw_series series = {.x = x, .n_rows = ROWS, .label = {label[0], label[1]}};
    struct gw_fit_input input = {1, F, &series, sample, sample, N, N};
    struct gw_fit_options options = {.seed = 1};
    gw_model_config_default(&model);
    gw_train_config_default(&train);
    model_set(&model, "attention", "bahdanau");
    train_set(&train, "retrain", "lora");
    model.n_features = F;
    model.lookback = T;
    train.epochs = 1;
    assert_ok(gw_model_fit(&model, &train, &input, &options, &whole, &log));
    assert_ok(gw_model_save(whole, &log, NULL, 0, NULL, 0, path[0]));
    gw_training_log_free(&log);
    size_t bytes = bytes_of(path[0]);
    assert_in_range(bytes, 46082 * 4, 46082 * 4 + 4096);
    options.previous = whole;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        train_set_number(&train, "lora_rank", (double)cases[i].rank);
        train_set(&train, "lora_on", cases[i].lora_on);
        assert_ok(gw_model_fit(&model, &train, &input, &options, &adapted, &log));
        assert_ok(gw_model_save(adapted, &log, NULL, 0, NULL, 0, path[1]));
        size_t small = bytes_of(path[1]);
        assert_in_range(small, cases[i].numbers * 4, cases[i].numbers * 4 + 3072);
        assert_true((double)small < cases[i].ratio * (double)bytes);
        gw_training_log_free(&log);
        gw_model_free(adapted);
    }
    gw_model_free(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_named_matrices_move),  cmocka_unit_test(test_learns_what_is_new),
        cmocka_unit_test(test_threads_do_not_matter),     cmocka_unit_test(test_chain_of_files),
        cmocka_unit_test(test_quantised_chains_of_files), cmocka_unit_test(test_base_is_quantised_where_adapters_sit),
        cmocka_unit_test(test_targets_by_name),           cmocka_unit_test(test_any_instruction_set_merges_alike),
        cmocka_unit_test(test_wrong_base_is_refused),     cmocka_unit_test(test_merged_weights_are_checked),
        cmocka_unit_test(test_damaged_adapters),          cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, make_paths, remove_paths);
}
