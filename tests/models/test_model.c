/* The public face: parameter counts, initial values, names and checks, scoring, saving and loading, importance. */
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

/* ---- parameters --------------------------------------------------------------------------------------------- */

/* Published counts of the reference study at 66 features; the others follow from their formulas. */
static void test_parameter_counts(void **state) {
    (void)state;
    static const struct {
        const char *attention;
        bool combine;
        size_t count;
    } known[] = {
        {"none", false, 37826},
        {"bahdanau", false, 46082},
        {"multihead", false, 71042},
        {"luong_dot", false, 37826},
        {"luong_general", false, 37826 + 4096},
        {"luong_concat", false, 37826 + 8256},
        {"luong_dot", true, 37826 + 8192},
        {"bahdanau", true, 46082 + 4096},
        {"mean_pool", false, 37826},
        {"linear", false, 71042},
        {"linear", true, 71042 + 4096},
        {"local_m", false, 37826 + 4096},
        {"local_p", false, 37826 + 8192 + 64},
        {"local_p", true, 37826 + 8192 + 64 + 8192},
        {"sparse", false, 37826 + 4096},
        {"sparse", true, 37826 + 4096 + 8192},
        {"max_pool", false, 37826},
        {"dual_stage", false, 46082 + 128 * 64 + 96 * 64 + 64},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct gw_model_config config;
        gw_model_config_default(&config);
        config.n_features = 66;
        model_set(&config, "attention", known[i].attention);
        model_set(&config, "luong_combine", known[i].combine ? "true" : "false");
        assert_int_equal(gw_model_parameter_count(&config), known[i].count);
    }
    struct gw_model_config config;
    gw_model_config_default(&config);
    config.n_features = 66;
    model_set(&config, "attention", "multihead");
    model_set(&config, "position", "learned");
    assert_int_equal(gw_model_parameter_count(&config), 71042 + 96 * 64);
    model_set(&config, "attention", "none");
    config.layers = 2;
    assert_int_equal(gw_model_parameter_count(&config), 37826 + 64 * 256 + 64 * 256 + 256);
    model_set(&config, "encoder", "logistic");
    assert_int_equal(gw_model_parameter_count(&config), 66 * 2 + 2);
}

/* A control is as wide as the LSTM's parameters allow, whatever the sizes: never more, and one step wider would be. */
static void test_control_widths(void **state) {
    (void)state;
    static const struct {
        const char *encoder;
        size_t width, count; /* at 66 features and the defaults */
    } known[] = {
        {"gru", 76, 198 * 76 + 3 * 76 * 76 + 4 * 76 + 64 * 76 + 64 + 130},
        {"tcn", 31, (4 * 66 + 1) * 31 + 27 * 31 * 31 + 9 * 31 + 64 * 31 + 64 + 130},
        {"causal_transformer", 36, 67 * 36 + 2 * (12 * 36 * 36 + 13 * 36) + 2 * 36 + 64 * 36 + 64 + 130},
    };
    static const size_t features[] = {3, 20, 66, 200}, hidden[] = {16, 64, 128};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct gw_model_config lstm, control;
        gw_model_config_default(&lstm);
        for (size_t f = 0; f < COUNT_OF(features); f++)
            for (size_t h = 0; h < COUNT_OF(hidden); h++) {
                lstm.n_features = features[f];
                lstm.hidden = hidden[h];
                control = lstm;
                model_set(&control, "encoder", known[i].encoder);
                size_t most = gw_model_parameter_count(&lstm), count = gw_model_parameter_count(&control);
                struct network_f32 net;
                assert_ok(network_init_f32(&net, &control));
                bool twos = strcmp(known[i].encoder, "causal_transformer") == 0; /* of its two heads */
                assert_true(count <= most);
                model_set_size(&control, "encoder_width", net.context);
                assert_int_equal(gw_model_parameter_count(&control), count);
                model_set_size(&control, "encoder_width", net.context + (twos ? 2 : 1));
                assert_true(gw_model_parameter_count(&control) > most);
                if (features[f] != 66 || hidden[h] != 64) continue;
                assert_int_equal(net.context, known[i].width);
                assert_int_equal(count, known[i].count);
            }
    }
}

static const struct tensor *find(const struct network_f32 *net, const char *name) {
    for (size_t i = 0; i < net->tensors.n; i++)
        if (strcmp(net->tensors.item[i].name, name) == 0) return &net->tensors.item[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void test_initial_values(void **state) {
    (void)state;
    struct network_f32 net;
    struct gw_model_config config;
    gw_model_config_default(&config);
    config.n_features = 66;
    assert_ok(network_init_f32(&net, &config));
    float *w = calloc(net.tensors.size, sizeof *w);
    assert_ok(network_start_f32(&net, 1, w));

    const struct tensor *u = find(&net, "lstm0.U"), *b = find(&net, "lstm0.b"), *kernel = find(&net, "lstm0.W");
    for (size_t i = 0; i < 64; i++) /* orthonormal rows */
        for (size_t j = 0; j <= i; j++) {
            double dot = 0;
            for (size_t c = 0; c < 256; c++)
                dot += (double)w[u->offset + i * 256 + c] * (double)w[u->offset + j * 256 + c];
            assert_near(dot, i == j, 2e-6, 1);
        }
    for (size_t i = 0; i < 256; i++) assert_true(w[b->offset + i] == (i >= 64 && i < 128 ? 1.f : 0.f));
    double limit = sqrt(6.0 / (66 + 256)), largest = 0, sum = 0, squares = 0;
    for (size_t i = 0; i < 66 * 256; i++) {
        double v = (double)w[kernel->offset + i];
        largest = fmax(largest, fabs(v));
        sum += v;
        squares += v * v;
    }
    assert_true(largest <= limit && largest > .999 * limit);
    assert_near(sum / (66 * 256), 0, .02, limit);
    assert_near(squares / (66 * 256), limit * limit / 3, .03, 0); /* of a uniform distribution */
    for (size_t i = 0; i < net.tensors.n; i++)
        if (net.tensors.item[i].init == INIT_GLOROT) {
            const struct tensor *t = &net.tensors.item[i];
            double bound = sqrt(6.0 / (double)(t->rows + t->columns));
            for (size_t j = 0; j < t->rows * t->columns; j++) assert_true(fabs((double)w[t->offset + j]) <= bound);
        }
    free(w);
}

/* Forget biases are log U(1, T - 1), input biases their negatives (Tallec & Ollivier 2018). */
static void test_chrono(void **state) {
    (void)state;
    struct network_f32 net;
    struct gw_model_config config;
    gw_model_config_default(&config);
    config.n_features = 3;
    config.hidden = 500;
    model_set(&config, "forget_init", "chrono");
    assert_ok(network_init_f32(&net, &config));
    float *w = calloc(net.tensors.size, sizeof *w);
    assert_ok(network_start_f32(&net, 1, w));
    const float *b = w + find(&net, "lstm0.b")->offset;
    double mean = 0;
    for (size_t i = 0; i < 500; i++) {
        assert_true(b[500 + i] >= 0 && (double)b[500 + i] <= log(95));
        assert_true(b[i] == -b[500 + i]);
        assert_true(b[1000 + i] == 0 && b[1500 + i] == 0);
        mean += exp((double)b[500 + i]) / 500;
    }
    assert_near(mean, 48, .06, 0);
    free(w);
}

/* Models that share a tensor share its start, so that comparisons between them are paired. */
static void test_shared_start(void **state) {
    (void)state;
    struct network_f32 a, b;
    struct gw_model_config config;
    gw_model_config_default(&config);
    config.n_features = 5;
    assert_ok(network_init_f32(&a, &config));
    model_set(&config, "attention", "multihead");
    assert_ok(network_init_f32(&b, &config));
    float *w = calloc(a.tensors.size, sizeof *w), *v = calloc(b.tensors.size, sizeof *v);
    assert_ok(network_start_f32(&a, 1, w));
    assert_ok(network_start_f32(&b, 1, v));
    for (size_t i = 0; i < a.tensors.n; i++) {
        const struct tensor *t = &a.tensors.item[i], *s = find(&b, t->name);
        assert_memory_equal(w + t->offset, v + s->offset, t->rows * t->columns * sizeof *w);
    }
    free(w);
    free(v);
}

/* ---- names and checks ---------------------------------------------------------------------------------------- */

static void test_names(void **state) {
    (void)state;
    static const char *const kinds[] = {"encoder",     "attention", "loss",    "optimizer",   "schedule", "retrain",
                                        "calibration", "precision", "monitor", "forget_init", "unroll",   "lora_on"};
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        size_t n = 0;
        for (; gw_model_option_name(kinds[k], n); n++) {
            assert_true(strlen(gw_model_option_name(kinds[k], n)) < GW_NAME_MAX);
            assert_true(strlen(gw_model_option_help(kinds[k], n)) > 5);
            for (size_t i = 0; i < n; i++)
                assert_string_not_equal(gw_model_option_name(kinds[k], i), gw_model_option_name(kinds[k], n));
        }
        assert_true(n >= 1);
        assert_null(gw_model_option_name(kinds[k], n));
        assert_null(gw_model_option_help(kinds[k], n));
    }
    assert_null(gw_model_option_name("colour", 0));
}

static void test_check(void **state) {
    (void)state;
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_model_report report;
#define REFUSED(change, part)                                                                                          \
    do {                                                                                                               \
        gw_model_config_default(&model);                                                                               \
        gw_train_config_default(&train);                                                                               \
        assert_ok(gw_model_config_check(&model, &train, &report));                                                     \
        assert_string_equal(report.advice, "");                                                                        \
        change;                                                                                                        \
        assert_fails(gw_model_config_check(&model, &train, &report), GW_ERR_CONFIG, part);                             \
    } while (0)
    REFUSED(model.attention = 1000, "model.attention");
    REFUSED(train.optimizer = -1, "training.optimizer");
    REFUSED(model.lookback = 0, "model.lookback");
    REFUSED(model.layers = LAYERS_MAX + 1, "model.layers");
    REFUSED(model.dropout = 1, "model.dropout");
    REFUSED(model.dropout = NAN, "model.dropout");
    REFUSED(train.learning_rate = 0, "training.learning_rate");
    REFUSED(train.block = 512, "training.block");
    REFUSED(train.epochs = 0, "training.epochs");
    REFUSED(model_set(&model, "encoder", "logistic"); model_set(&model, "attention", "multihead"), "model.attention");
    REFUSED(model_set(&model, "attention", "dual_stage"); model.layers = 2, "model.layers");
    REFUSED(train_set(&train, "retrain", "lora");
            train_set(&train, "lora_on", "attention"), "training.lora_on: \"attention\" names no");
    REFUSED(train_set(&train, "retrain", "lora");
            model_set(&model, "encoder", "logistic"), "training.lora_on: \"all\" names no");
    assert_fails(gw_model_config_set(&model, "attention", "bahdanu"), GW_ERR_CONFIG,
                 "model: attention: unknown value \"bahdanu\"; did you mean \"bahdanau\"?");
    assert_fails(gw_train_config_set(&train, "optimizer", "zzzzzzzzz"), GW_ERR_CONFIG, "use one of adam, adamw, sgd");
    assert_fails(gw_train_config_set(&train, "lora_on", "recurent"), GW_ERR_CONFIG, "did you mean \"recurrent\"?");
    assert_fails(gw_train_config_set(&train, "lora_rank", "0"), GW_ERR_CONFIG,
                 "lora_rank is 0; it must lie between 1 and 512");
    assert_fails(gw_model_config_set(&model, "causal_mask", "1"), GW_ERR_CONFIG, "causal_mask must be true or false");
    assert_fails(gw_model_config_set(&model, "hiden", "8"), GW_ERR_CONFIG, "hiden: unknown parameter");
    gw_model_config_default(&model);
    gw_train_config_default(&train);
    model_set(&model, "attention", "multihead");
    assert_ok(gw_model_config_check(&model, &train, &report));
    assert_string_equal(report.advice, "");
    model_set_size(&model, "key_dim", 8);
    assert_ok(gw_model_config_check(&model, &train, &report));
    assert_non_null(strstr(report.advice, "model.key_dim"));
    model_set_size(&model, "key_dim", 16);
    model_set_size(&model, "heads", 8);
    assert_ok(gw_model_config_check(&model, &train, &report));
    assert_non_null(strstr(report.advice, "model.heads"));
    model.hidden = 128;
    assert_ok(gw_model_config_check(&model, &train, &report));
    assert_string_equal(report.advice, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameter_counts),
        cmocka_unit_test(test_control_widths),
        cmocka_unit_test(test_initial_values),
        cmocka_unit_test(test_chrono),
        cmocka_unit_test(test_shared_start),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
