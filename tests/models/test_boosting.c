/* Boosted trees: what they see, that they say what XGBoost says, repeat, come back from files, and end where validation says.
 * Without the library what needs it is skipped. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "gatewalk/stream.h"
#include "models/api/gate_model.h"
#include "models/boosting/xgboost_api.h"
#include "toy.h"

static bool here(void) {
    const struct xgboost_api *api;
    return xgboost_api_load(&api) == GW_OK;
}
#define NEED_XGBOOST()                                                                                                 \
    if (!here()) skip()

/* Long: the last bar, which every tree sees. Short: the mean of a window. */
static void boosted_toy(struct toy *toy) {
    toy_build(toy);
    for (size_t r = TOY_LOOKBACK; r < TOY_ROWS; r++) {
        float mean = 0;
        for (size_t s = 0; s < TOY_LOOKBACK; s++) mean += toy->x[(r - s) * TOY_FEATURES + 2] / TOY_LOOKBACK;
        toy->label[GW_GATE_LONG][r] = toy->x[r * TOY_FEATURES] > 1;
        toy->label[GW_GATE_SHORT][r] = mean < -.4f;
    }
    for (size_t r = 0; r < TOY_ROWS; r += 50) toy->label[GW_GATE_SHORT][r] = GW_LABEL_MISSING;
    model_set(&toy->model, "encoder", "xgboost");
    toy->training.epochs = 12;
}

/* ---- without the library --------------------------------------------------------------------------------------------- */

static void test_columns(void **state) {
    (void)state;
    static const float x[] = {1, 10, 4, -2, 1, 1}; /* 3 steps of 2 features */
    float out[N_COLUMNS * 2];
    window_columns(x, 3, 2, out);
    const double want[] = {1, 1, 2, 3, sqrt(2), sqrt(26), 1, -2, 4, 10, 0, -9};
    for (size_t i = 0; i < COUNT_OF(want); i++) assert_near((double)out[i], want[i], 1e-6, 1e-6);
}

static const char model_text[] =
    "{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":["
    "{\"left_children\":[1,-1,3,-1,-1],\"right_children\":[2,-1,4,-1,-1],\"split_indices\":[1,0,0,0,0],"
    "\"split_conditions\":[0.5,-1,2,0.25,0.75]},"
    "{\"left_children\":[-1],\"right_children\":[-1],\"split_indices\":[0],\"split_conditions\":[10]}]}}}}";

static void test_trees_are_walked(void **state) {
    (void)state;
    struct trees trees;
    assert_ok(trees_read(model_text, sizeof model_text - 1, 2, 2, &trees));
    trees.base = 100;
    static const struct {
        float x[2];
        double sum;
    } known[] = {{{0, 0}, 109}, {{1.9f, .5f}, 110.25}, {{2, .5f}, 110.75}, {{9, .4f}, 109}};
    for (size_t i = 0; i < COUNT_OF(known); i++) assert_true(trees_sum(&trees, known[i].x) == known[i].sum);
    trees_free(&trees);
    assert_ok(trees_read(model_text, sizeof model_text - 1, 1, 2, &trees)); /* the first alone */
    assert_int_equal(trees.n_trees, 1);
    assert_true(trees_sum(&trees, known[0].x) == -1);
    trees_free(&trees);
    assert_fails(trees_read(model_text, sizeof model_text - 1, 3, 2, &trees), GW_ERR_TOOL, "(trees)");
    assert_fails(trees_read(model_text, sizeof model_text - 1, 2, 1, &trees), GW_ERR_TOOL, "(a node)");
    char bad[sizeof model_text];
    memcpy(bad, model_text, sizeof bad);
    strstr(bad, "3,-1,-1]")[0] = '0'; /* a child that is its own forefather */
    assert_fails(trees_read(bad, sizeof bad - 1, 2, 2, &trees), GW_ERR_TOOL, "(children)");
}

static void test_unsound_trees(void **state) {
    (void)state;
    struct trees trees;
    assert_ok(trees_read(model_text, sizeof model_text - 1, 2, 2, &trees));
    assert_true(trees_sound(&trees, 2));
    const struct tree_node kept = trees.node[0];
    trees.node[0].right = 0; /* back to where it came from */
    assert_false(trees_sound(&trees, 2));
    trees.node[0].right = 5; /* into the next tree */
    assert_false(trees_sound(&trees, 2));
    trees.node[0] = kept;
    trees.node[0].column = 2;
    assert_false(trees_sound(&trees, 2));
    trees.node[0] = kept;
    trees.node[1].value = INFINITY;
    assert_false(trees_sound(&trees, 2));
    trees.node[1].value = 0;
    trees.root[1] = 4; /* in the middle of the first */
    assert_false(trees_sound(&trees, 2));
    trees.root[1] = 5;
    assert_true(trees_sound(&trees, 2));
    trees.base = NAN;
    assert_false(trees_sound(&trees, 2));
    trees_free(&trees);
}

/* In a process of its own: the library is looked for once. */
static void test_no_library(void **state) {
    (void)state;
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("GATEWALK_XGBOOST", "/nowhere/libxgboost.so", 1);
        static struct toy toy;
        struct gw_gate_model *model;
        struct gw_training_log log;
        boosted_toy(&toy);
        int rc = gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log);
        bool clear = rc == GW_ERR_TOOL && strstr(gw_error_message(), "apt-get install libxgboost0");
        _exit(clear && gw_model_ready(&toy.model) == GW_ERR_TOOL && !*gw_model_library(&toy.model) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_refusals(void **state) {
    (void)state;
    static struct toy toy;
    boosted_toy(&toy);
    train_set(&toy.training, "retrain", "warm");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG,
                 "grows new trees in every fold");
    train_set(&toy.training, "retrain", "lora");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG, "names no matrix");
    train_set(&toy.training, "retrain", "fresh");
    model_set(&toy.model, "attention", "bahdanau");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG, "no states to attend to");
    model_set(&toy.model, "attention", "none");
    model_set(&toy.model, "unroll", "stream");
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG, "cannot stream");
    model_set(&toy.model, "unroll", "window");
    toy.training.positive_fraction = .5;
    assert_fails(gw_model_config_check(&toy.model, &toy.training, NULL), GW_ERR_CONFIG, "pos_weight");
}

/* ---- with it ------------------------------------------------------------------------------------------------------------ */

/* Our walk over the trees gives the loss that XGBoost's own predictions gave while they grew. */
static void test_says_what_xgboost_says(void **state) {
    (void)state;
    NEED_XGBOOST();
    static struct toy toy;
    static float p[TOY_VALIDATION * GW_N_GATES];
    struct gw_gate_model *model;
    struct gw_training_log log;
    boosted_toy(&toy);
    toy_fit(&toy, &model, &log);
    toy_scores(&toy, model, p);
    double loss = 0;
    for (size_t g = 0; g < GW_N_GATES; g++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < TOY_VALIDATION; i++) {
            const int8_t label = toy.label[g][toy.validation[i].row];
            const double q = (double)p[i * GW_N_GATES + g];
            if (label == GW_LABEL_MISSING) continue;
            sum -= label ? log1p(q - 1) : log1p(-q);
            n++;
        }
        loss += sum / (double)n / GW_N_GATES;
        assert_true(toy_best(&log)->validation_ap[g] > .9);
        assert_int_equal(model->trees->trees[g].n_trees, log.best_epoch * 10);
    }
    assert_near(loss, toy_best(&log)->validation_loss, 1e-5, 0);
    gw_training_log_free(&log);
    gw_model_free(model);
}

static void same_trees(const struct gw_gate_model *a, const struct gw_gate_model *b) {
    for (size_t g = 0; g < GW_N_GATES; g++) {
        const struct trees *x = &a->trees->trees[g], *y = &b->trees->trees[g];
        assert_int_equal(x->n_nodes, y->n_nodes);
        assert_memory_equal(x->node, y->node, x->n_nodes * sizeof *x->node);
    }
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    NEED_XGBOOST();
    static struct toy toy;
    struct gw_gate_model *alone, *together[4] = {NULL};
    struct gw_training_log log, logs[4];
    boosted_toy(&toy);
    toy.training.epochs = 3;
    toy_fit(&toy, &alone, &log);
    gw_training_log_free(&log);
    omp_set_num_threads(4);
#pragma omp parallel for schedule(dynamic, 1)
    for (int i = 0; i < 4; i++)
        if (gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &together[i], &logs[i]) != GW_OK)
            together[i] = NULL;
    omp_set_num_threads(1);
    for (int i = 0; i < 4; i++) {
        assert_non_null(together[i]);
        same_trees(alone, together[i]);
        gw_training_log_free(&logs[i]);
        gw_model_free(together[i]);
    }
    toy.options.seed++;
    struct gw_gate_model *other;
    toy_fit(&toy, &other, &log);
    assert_true(other->trees->trees[0].n_nodes != alone->trees->trees[0].n_nodes ||
                memcmp(other->trees->trees[0].node, alone->trees->trees[0].node,
                       alone->trees->trees[0].n_nodes * sizeof(struct tree_node)) != 0);
    gw_training_log_free(&log);
    gw_model_free(other);
    gw_model_free(alone);
}

/* From a file, and bar by bar: the same bits. */
static void test_file_and_stream(void **state) {
    (void)state;
    NEED_XGBOOST();
    static struct toy toy;
    static float p[TOY_VALIDATION * GW_N_GATES], again[TOY_VALIDATION * GW_N_GATES];
    struct gw_gate_model *model, *loaded;
    struct gw_training_log log;
    struct gw_stream *stream;
    struct gw_stream_bar bar;
    char path[256];
    snprintf(path, sizeof path, "%s/gatewalk_boosting_%ld.safetensors", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir,
             (long)getpid());
    boosted_toy(&toy);
    train_set(&toy.training, "calibration", "platt");
    toy_fit(&toy, &model, &log);
    toy_scores(&toy, model, p);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, path));
    assert_ok(gw_model_load(path, NULL, 0, &loaded, NULL, NULL, NULL));
    same_trees(model, loaded);
    toy_scores(&toy, loaded, again);
    assert_memory_equal(p, again, sizeof p);
    assert_ok(gw_stream_open(loaded, 1, &stream));
    for (size_t row = toy.validation[0].row + 1 - TOY_LOOKBACK; row < TOY_ROWS; row++) {
        assert_ok(gw_stream_push(stream, 0, toy.x + row * TOY_FEATURES, &bar));
        if (row >= toy.validation[0].row)
            assert_memory_equal(bar.p, p + (row - toy.validation[0].row) * GW_N_GATES, sizeof bar.p);
    }
    remove(path);
    gw_stream_close(stream);
    gw_training_log_free(&log);
    gw_model_free(loaded);
    gw_model_free(model);
}

/* Labels that nothing foretells: the first trees are the best, and patience ends it. */
static void test_stops_early(void **state) {
    (void)state;
    NEED_XGBOOST();
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    boosted_toy(&toy);
    for (size_t r = 0; r < TOY_ROWS; r++)
        for (size_t g = 0; g < GW_N_GATES; g++) toy.label[g][r] = (int8_t)((r * 2654435761u >> 7) % 3 == g);
    toy.training.epochs = 50;
    toy.training.patience = 3;
    toy_fit(&toy, &model, &log);
    assert_in_range(log.n_epochs, 4, 30);
    assert_int_equal(log.n_epochs, log.best_epoch + 3);
    gw_training_log_free(&log);
    gw_model_free(model);
    for (size_t r = 0; r < TOY_ROWS; r++) toy.label[GW_GATE_LONG][r] = 0; /* one class: its prevalence, no trees */
    toy_fit(&toy, &model, &log);
    assert_int_equal(model->trees->trees[GW_GATE_LONG].n_trees, 0);
    assert_true(model->trees->trees[GW_GATE_SHORT].n_trees > 0);
    gw_training_log_free(&log);
    gw_model_free(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_library), /* first: before another test has found it */
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_trees_are_walked),
        cmocka_unit_test(test_unsound_trees),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_says_what_xgboost_says),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_file_and_stream),
        cmocka_unit_test(test_stops_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
