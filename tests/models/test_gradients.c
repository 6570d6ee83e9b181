/* Every row of attention.def × every row of loss.def: the gradient against central differences, in float64, signed and
 * coordinate by coordinate; and proof that the check notices one wrong coordinate. */
#define GW_REAL_F64
#include "engine/base/base.h"
#include "probe.h"

static const double step = 1e-5, tolerance = 2e-7, floor_size = 1e-3;

/* First coordinate where the two disagree, -1 when none does. */
static long first_wrong(const double *analytic, const double *numeric, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!near(analytic[i], numeric[i], tolerance, floor_size)) return (long)i;
    return -1;
}

static void small_config(struct gw_model_config *config, const char *encoder, const char *attention) {
    gw_model_config_default(config);
    model_set(config, "encoder", encoder);
    model_set(config, "attention", attention);
    config->n_features = 3;
    config->lookback = 5;
    config->hidden = 4;
    model_set_size(config, "attention_units", 3);
    model_set_size(config, "heads", 2);
    model_set_size(config, "key_dim", 3);
    config->dense_units = 6;
}

/* Random weights of a size that makes every part bend, four windows, one label missing, dropout on. */
static void small_probe(struct probe *probe, const struct gw_model_config *config, const char *loss) {
    static const uint32_t rows[] = {4, 5, 8, 11};
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "gradients", 0, 0, 0);
    probe_build(probe, config, loss, 12);
    for (size_t i = 0; i < 12 * config->n_features; i++) probe->x[i] = (float)gw_rng_normal(&rng);
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            probe->weights[tensor->offset + j] = .7 * gw_rng_normal(&rng);
    }
    probe->n = COUNT_OF(rows);
    for (size_t i = 0; i < probe->n; i++) {
        probe->sample[i] = (struct gw_sample){0, rows[i]};
        probe->label[GW_GATE_LONG][rows[i]] = (int8_t)(i % 2);
        probe->label[GW_GATE_SHORT][rows[i]] = (int8_t)(i == 1 ? GW_LABEL_MISSING : i == 2);
    }
    probe_count_labels(probe);
    train_set(&probe->train, "pos_weight", "2.5");
    train_set(&probe->train, "bootstrap_beta", "0.9");
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (int class = 0; class < 2; class ++) probe->lambda[gate][class] = .9 + .3 * class;
    static const uint32_t second[] = {2, 6, 7, 10}, columns[] = {1, 2};
    if (config->cross != GW_CROSS_NONE) probe_cross(probe, second, COUNT_OF(second), columns, COUNT_OF(columns));
    probe->loss.dropout = .3;
    probe->loss.seed = 5;
    probe->loss.epoch = 2;
    if (!probe->net.decoder.on) return;
    probe_paths(probe);
    for (size_t i = 0; i < probe->n; i++) /* of rows that are known by no window's time; one has none */
        for (size_t k = 0; i != 2 && k < probe->net.decoder.steps * GW_PATH_SIDES; k++)
            probe->path[rows[i] * probe->net.decoder.steps * GW_PATH_SIDES + k] = (float)(1.5 * gw_rng_normal(&rng));
    probe_weigh_paths(probe);
}

/* What the gradient is of: the gates' loss and that of a decoder's paths. */
static double whole_loss(struct probe *probe) {
    const double gates = probe_run(probe, true); /* with dropout, so as in training */
    return gates + probe->path_loss;
}

static void numeric_gradient(struct probe *probe, double *numeric) {
    for (size_t i = 0; i < probe->net.tensors.size; i++) {
        double kept = probe->weights[i];
        probe->weights[i] = kept + step;
        double above = whole_loss(probe);
        probe->weights[i] = kept - step;
        double below = whole_loss(probe);
        probe->weights[i] = kept;
        numeric[i] = (above - below) / (2 * step);
    }
}

static bool has_own(const struct gw_param_table *own, const char *name) {
    struct gw_param_key key;
    return gw_param_find(own, name, &key);
}

static void check(const struct gw_model_config *config, const char *loss) {
    struct probe probe;
    small_probe(&probe, config, loss);
    size_t n = probe.net.tensors.size;
    double *analytic = calloc(n, sizeof *analytic), *numeric = calloc(n, sizeof *numeric), largest = 0;
    numeric_gradient(&probe, numeric);
    probe_run(&probe, true);
    memcpy(analytic, probe.gradient, n * sizeof *analytic);
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(analytic[i]));
    long wrong = first_wrong(analytic, numeric, n);
    if (wrong >= 0)
        fail_msg("%s, %s × %s: weight %ld: gradient %.12g, differences say %.12g", model_word(config, "encoder"),
                 model_word(config, "attention"), loss, wrong, analytic[wrong], numeric[wrong]);
    assert_true(largest > 1e-3);
    free(analytic);
    free(numeric);
    probe_free(&probe);
}

static void test_attention_times_loss(void **state) {
    (void)state;
    struct gw_model_config config;
    size_t pairs = 0;
    for (size_t a = 0; gw_model_option_name("attention", a); a++)
        for (size_t l = 0; gw_model_option_name("loss", l); l++, pairs++) {
            small_config(&config, "lstm", gw_model_option_name("attention", a));
            check(&config, gw_model_option_name("loss", l));
        }
    assert_true(pairs >= 9 * 6);
}

static void test_options(void **state) {
    (void)state;
    struct gw_model_config config;
    small_config(&config, "logistic", "none");
    check(&config, "bce");
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        const struct R(attention_ops) *ops = R(attention_at)(a);
        small_config(&config, "lstm", ops->name);
        if (!ops->encoder) {
            config.layers = 3;
            check(&config, "bce");
        }
        config.layers = 1;
        model_set(&config, "luong_combine", has_own(&ops->own, "luong_combine") ? "true" : "false");
        model_set(&config, "causal_mask", has_own(&ops->own, "causal_mask") ? "true" : "false");
        if (has_own(&ops->own, "luong_combine") || has_own(&ops->own, "causal_mask")) check(&config, "bce");
    }
}

/* ---- of the features ------------------------------------------------------------------------------------------- */

/* Σ over the windows of what a row does to the loss, which windows that share it add up. */
static void check_inputs(const struct gw_model_config *config) {
    struct probe probe;
    small_probe(&probe, config, "bce");
    const size_t F = config->n_features, first = 0; /* the windows lie on rows 0 … 11 side by side */
    double *dx = calloc(R(rows_most)(config) * F, sizeof *dx), largest = 0;
    probe_run(&probe, true);
    assert_int_equal(probe.ws.n_rows, 12);
    struct R(pass) pass = {&probe.net, R(kernels_active)(), probe.weights, probe.packed, probe.gradient, &probe.ws};
    probe.net.encoder->input_gradient(&pass, dx);
    for (size_t i = first; i < 12 * F; i++) {
        const float kept = probe.x[i];
        const float above = kept + 1e-3f, below = kept - 1e-3f;
        probe.x[i] = above;
        double numeric = probe_run(&probe, true);
        probe.x[i] = below;
        numeric = (numeric - probe_run(&probe, true)) / ((double)above - (double)below);
        probe.x[i] = kept;
        if (!near(dx[i], numeric, 1e-4, 1e-2))
            fail_msg("%s, %s: feature %zu: gradient %.12g, differences say %.12g", model_word(config, "encoder"),
                     model_word(config, "attention"), i, dx[i], numeric);
        largest = fmax(largest, fabs(dx[i]));
    }
    assert_true(largest > 1e-3);
    free(dx);
    probe_free(&probe);
}

static void test_inputs(void **state) {
    (void)state;
    struct gw_model_config config;
    size_t checked = 0;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        if (R(attention_at)(a)->encoder) continue;
        for (size_t layers = 1; layers <= 2; layers++, checked++) {
            small_config(&config, "lstm", gw_model_option_name("attention", a));
            config.layers = layers;
            check_inputs(&config);
        }
    }
    assert_true(checked >= 20);
    for (size_t layers = 1; layers <= 2; layers++) {
        small_config(&config, "gru", "none");
        config.layers = layers;
        check_inputs(&config);
    }
}

/* What an attention of attention.def can be beside its defaults. */
static void test_forms(void **state) {
    (void)state;
    static const struct {
        const char *attention, *set[4][2];
    } form[] = {
        {"multihead", {{"tiled", "true"}}},
        {"multihead", {{"tiled", "true"}, {"causal_mask", "true"}}},
        {"multihead", {{"position", "sinusoidal"}}},
        {"multihead", {{"position", "learned"}, {"luong_combine", "true"}}},
        {"multihead", {{"position", "learned"}, {"tiled", "true"}}},
        {"multihead", {{"position", "alibi"}}},
        {"multihead", {{"position", "alibi"}, {"causal_mask", "true"}, {"luong_combine", "true"}}},
        {"local_m", {{"local_span", "2"}}},
        {"local_p", {{"local_span", "2"}}},
        {"local_p", {{"local_span", "1"}, {"luong_combine", "true"}}},
        {"sparse", {{"sparse_rule", "top_k"}, {"sparse_keep", "2"}}},
        {"sparse", {{"sparse_rule", "strided"}, {"sparse_keep", "1"}, {"sparse_stride", "2"}}},
        {"sparse", {{"sparse_rule", "sparsemax"}}},
        {"sparse", {{"sparse_rule", "sparsemax"}, {"luong_combine", "true"}}},
        {"sparse", {{"sparse_rule", "entmax15"}}},
    };
    for (size_t i = 0; i < COUNT_OF(form); i++) {
        struct gw_model_config config;
        small_config(&config, "lstm", form[i].attention);
        for (size_t k = 0; k < COUNT_OF(form[i].set) && form[i].set[k][0]; k++)
            model_set(&config, form[i].set[k][0], form[i].set[k][1]);
        check(&config, "bce");
    }
}

/* Over several tiles, the last one cut short, tiled weights give what whole ones give. */
static void check_tiles(const char *causal) {
    enum { T = 75, ROWS = 80 };
    struct probe probe[2];
    for (int tiled = 0; tiled < 2; tiled++) {
        struct gw_model_config config;
        struct gw_rng rng;
        small_config(&config, "lstm", "multihead");
        config.lookback = T;
        model_set(&config, "causal_mask", causal);
        model_set(&config, "tiled", tiled ? "true" : "false");
        probe_build(&probe[tiled], &config, "bce", ROWS);
        gw_rng_key(&rng, 8, "tiles", 0, 0, 0);
        for (size_t i = 0; i < ROWS * config.n_features; i++) probe[tiled].x[i] = (float)gw_rng_normal(&rng);
        for (size_t i = 0; i < probe[tiled].net.tensors.size; i++) probe[tiled].weights[i] = gw_rng_normal(&rng);
        probe[tiled].n = 5;
        for (uint32_t i = 0; i < 5; i++) {
            probe[tiled].sample[i] = (struct gw_sample){0, T - 1 + i};
            for (size_t gate = 0; gate < GW_N_GATES; gate++) probe[tiled].label[gate][T - 1 + i] = (i >> gate) & 1;
        }
        probe_count_labels(&probe[tiled]);
    }
    assert_near(probe_run(&probe[1], true), probe_run(&probe[0], true), 1e-12, 0);
    assert_int_equal(first_wrong(probe[1].gradient, probe[0].gradient, probe[0].net.tensors.size), -1);
    for (int tiled = 0; tiled < 2; tiled++) probe_free(&probe[tiled]);
}

static void test_tiles(void **state) {
    (void)state;
    check_tiles("false");
    check_tiles("true");
}

/* The controls, narrow and in several layers; the convolutions over two levels and over one that ends before the window. */
static void small_control(struct gw_model_config *config, size_t encoder, size_t layers) {
    const struct R(encoder_ops) *ops = R(encoder_at)(encoder);
    small_config(config, ops->name, "none");
    config->layers = layers;
    model_set(config, "encoder_width", "4");
    if (has_own(&ops->own, "conv_taps")) model_set_size(config, "conv_taps", 1 + layers);
    if (has_own(&ops->own, "encoder_blocks")) model_set_size(config, "encoder_blocks", layers);
}

static bool is_control(size_t encoder) {
    return R(encoder_at)(encoder)->window && R(encoder_at)(encoder)->fits == FITS_NETWORK;
}

static void test_controls(void **state) {
    (void)state;
    struct gw_model_config config;
    size_t n = 0;
    for (size_t e = 0; R(encoder_at)(e); e++)
        for (size_t layers = 1; layers <= 2 && is_control(e); layers++, n++) {
            small_control(&config, e, layers);
            check(&config, "bce");
            check(&config, "focal");
        }
    assert_true(n >= 6);
}

/* More windows than an attention takes in one tile, and windows that share bars. */
static void check_many_windows(const struct gw_model_config *config) {
    struct probe probe;
    small_probe(&probe, config, "bce");
    for (uint32_t i = 0; i < 8; i++) { /* rows 4 … 11 */
        probe.sample[i] = (struct gw_sample){0, 4 + i};
        for (size_t gate = 0; gate < GW_N_GATES; gate++) probe.label[gate][4 + i] = (int8_t)((i >> gate) & 1);
        for (size_t k = 0; k < probe.net.decoder.steps * GW_PATH_SIDES; k++)
            probe.path[(4 + i) * probe.net.decoder.steps * GW_PATH_SIDES + k] = (float)(k + i) / 5 - 1;
    }
    for (uint32_t i = 0; i < PROBE_WINDOWS_MAX; i++) probe.index[i] = (i * 5) % 8; /* out of order, twice each */
    probe.n = PROBE_WINDOWS_MAX;
    for (size_t gate = 0; gate < GW_N_GATES; gate++) probe.loss.weight[gate] = 1.0 / (2 * PROBE_WINDOWS_MAX);
    size_t n = probe.net.tensors.size;
    double *numeric = calloc(n, sizeof *numeric);
    numeric_gradient(&probe, numeric);
    probe_run(&probe, true);
    long wrong = first_wrong(probe.gradient, numeric, n);
    if (wrong >= 0)
        fail_msg("%s, %s: weight %ld: gradient %.12g, differences say %.12g", model_word(config, "encoder"),
                 model_word(config, "attention"), wrong, probe.gradient[wrong], numeric[wrong]);
    free(numeric);
    probe_free(&probe);
}

/* A second sequence that starts late (zeros before it), on which windows share what they see; wider and narrower than the
 * gate, beside every kind of context. */
static void cross_config(struct gw_model_config *config, const char *attention, const char *lookback,
                         const char *hidden) {
    small_config(config, "lstm", attention);
    model_set(config, "cross", "interval");
    model_set(config, "cross_lookback", lookback);
    model_set(config, "cross_hidden", hidden);
    model_set(config, "cross_units", "3");
    config->cross_features = 2;
}

static void test_cross(void **state) {
    (void)state;
    static const char *const attention[] = {"none", "bahdanau", "multihead", "dual_stage", "mean_pool"};
    struct gw_model_config config;
    for (size_t a = 0; a < COUNT_OF(attention); a++) {
        cross_config(&config, attention[a], a % 2 ? "2" : "4", a % 2 ? "5" : "3");
        check(&config, "bce");
        check_many_windows(&config);
    }
    cross_config(&config, "bahdanau", "3", "0");
    config.layers = 2;
    model_set(&config, "luong_combine", "true");
    check(&config, "focal");
}

/* Every attention that a decoder may ask, by every teacher, with and without the state beside the context; the walk that the
 * gate reads and the one that is taught at once. */
static void decoder_config(struct gw_model_config *config, const char *attention, const char *teacher, bool combine) {
    small_config(config, "lstm", attention);
    model_set(config, "decoder", "path");
    model_set(config, "decoder_steps", "3");
    model_set(config, "decoder_weight", "0.8");
    model_set(config, "decoder_teacher", teacher);
    model_set(config, "decoder_decay_epochs", "3"); /* two in three are told in epoch 2 */
    model_set(config, "luong_combine", combine ? "true" : "false");
}

static void test_decoder(void **state) {
    (void)state;
    static const char *const teacher[] = {"full", "scheduled", "none"};
    struct gw_model_config config;
    size_t n = 0;
    for (size_t a = 0; R(attention_at)(a); a++)
        for (size_t t = 0; R(attention_at)(a)->asked && t < COUNT_OF(teacher); t++, n++)
            for (int combine = 0; combine < 2; combine++) {
                decoder_config(&config, R(attention_at)(a)->name, teacher[t], combine);
                check(&config, t ? "bce" : "focal");
                if (t == 1 && combine) check_many_windows(&config);
            }
    assert_true(n >= 12);
    decoder_config(&config, "bahdanau", "scheduled", true);
    config.layers = 2;
    check(&config, "bce");
    decoder_config(&config, "luong_concat", "none", false);
    model_set(&config, "decoder_weight", "0");
    struct probe probe;
    small_probe(&probe, &config, "bce"); /* the gates alone: no loss of paths */
    assert_true(probe.loss.path_weight == 0 && whole_loss(&probe) == probe_run(&probe, true));
    probe_free(&probe);
}

static void test_many_windows(void **state) {
    (void)state;
    struct gw_model_config config;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        small_config(&config, "lstm", gw_model_option_name("attention", a));
        check_many_windows(&config);
    }
    for (size_t e = 0; R(encoder_at)(e); e++)
        if (is_control(e)) {
            small_control(&config, e, 2);
            check_many_windows(&config);
        }
}

/* Adapters: loss as a function of theta, through the merge; the way back ends before a frozen encoder. */
static void check_adapters(const char *attention, const char *lora_on, size_t matrices, bool in_encoder, bool cross) {
    struct gw_model_config config;
    struct gw_train_config train;
    struct R(lora) lora;
    struct probe probe;
    const struct R(kernels) *k = R(kernels_active)();
    struct gw_rng rng;
    small_config(&config, "lstm", attention);
    if (cross) cross_config(&config, attention, "3", "3");
    small_probe(&probe, &config, "bce");
    gw_train_config_default(&train);
    train_set(&train, "lora_on", lora_on);
    train_set_number(&train, "lora_rank", 2);
    train_set_number(&train, "lora_alpha", 3);
    train_set_number(&train, "lora_dropout", .4);
    assert_ok(R(lora_init)(&lora, &probe.net, &train, 9, probe.weights));
    assert_int_equal(lora.plan.n, matrices);
    assert_int_equal(lora.plan.in_encoder, in_encoder);
    probe.encoder_frozen = !in_encoder;
    R(lora_merge)(&lora, 1, probe.weights);
    for (size_t i = 0; i < probe.net.tensors.size; i++) assert_true(probe.weights[i] == lora.frozen[i]); /* B is zero */
    gw_rng_key(&rng, 4, "adapters", 0, 0, 0);
    for (size_t i = 0; i < lora.plan.size; i++) lora.theta[i] = .5 * gw_rng_normal(&rng);
    double *numeric = calloc(lora.plan.size, sizeof *numeric), largest = 0;
    for (size_t i = 0; i < lora.plan.size; i++) {
        double kept = lora.theta[i], loss[2];
        for (int side = 0; side < 2; side++) {
            lora.theta[i] = kept + (side ? step : -step);
            R(lora_merge)(&lora, 7, probe.weights);
            loss[side] = probe_run(&probe, true);
        }
        lora.theta[i] = kept;
        numeric[i] = (loss[1] - loss[0]) / (2 * step);
        largest = fmax(largest, fabs(numeric[i]));
    }
    R(lora_merge)(&lora, 7, probe.weights);
    probe_run(&probe, true);
    R(lora_gradient)(&lora, k, 7, probe.gradient);
    assert_int_equal(first_wrong(lora.gradient, numeric, lora.plan.size), -1);
    assert_true(largest > 1e-3);
    for (size_t i = 0; i < probe.net.tensors.item[probe.net.attention_first].offset && !in_encoder; i++)
        assert_true(probe.gradient[i] == 0);
    free(numeric);
    R(lora_free)(&lora);
    probe_free(&probe);
}

static void test_adapters(void **state) {
    (void)state;
    check_adapters("multihead", "all", 4, true, false); /* U, query, key, value */
    check_adapters("multihead", "recurrent", 1, true, false);
    check_adapters("multihead", "attention", 3, false, false);
    check_adapters("bahdanau", "attention", 2, false, false);
    check_adapters("dual_stage", "attention", 4, true, false); /* its input attention lies in the encoder */
    check_adapters("none", "all", 1, true, false);
    check_adapters("bahdanau", "all", 6, true, true); /* of the second sequence U, Wq and Wk */
    check_adapters("bahdanau", "attention", 4, false, true);
    check_adapters("none", "recurrent", 2, true, true);
}

/* The check itself: a flipped sign, a scaled or a swapped coordinate must be seen, and where it is. */
static void test_the_check_can_fail(void **state) {
    (void)state;
    struct gw_model_config config;
    struct probe probe;
    small_config(&config, "lstm", "bahdanau");
    small_probe(&probe, &config, "bce");
    size_t n = probe.net.tensors.size, seen = 0;
    double *numeric = calloc(n, sizeof *numeric);
    numeric_gradient(&probe, numeric);
    probe_run(&probe, true);
    assert_int_equal(first_wrong(probe.gradient, numeric, n), -1);
    for (size_t i = 0; i < n; i++) {
        double kept = probe.gradient[i];
        if (fabs(kept) < 1e-3) continue;
        probe.gradient[i] = -kept;
        assert_int_equal(first_wrong(probe.gradient, numeric, n), (long)i);
        probe.gradient[i] = kept * 1.0001;
        assert_int_equal(first_wrong(probe.gradient, numeric, n), (long)i);
        probe.gradient[i] = 0;
        assert_int_equal(first_wrong(probe.gradient, numeric, n), (long)i);
        probe.gradient[i] = NAN;
        assert_int_equal(first_wrong(probe.gradient, numeric, n), (long)i);
        probe.gradient[i] = kept;
        seen++;
    }
    assert_true(seen > 50);
    free(numeric);
    probe_free(&probe);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_times_loss),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_cross),
        cmocka_unit_test(test_decoder),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_many_windows),
        cmocka_unit_test(test_adapters),
        cmocka_unit_test(test_the_check_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
