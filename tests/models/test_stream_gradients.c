/* Every attention that streams × every loss: the gradient of a shard of segments against central differences, in float64,
 * signed and coordinate by coordinate. */
#define GW_REAL_F64
#include "engine/base/base.h"
#include "stream_probe.h"

static const double step = 1e-5, tolerance = 2e-7, floor_size = 1e-3;
enum { ROWS = 40, STEPS = 17 };

static void small_config(struct gw_model_config *config, const char *attention) {
    gw_model_config_default(config);
    model_set(config, "attention", attention);
    model_set(config, "unroll", "stream");
    config->n_features = 3;
    config->lookback = 5;
    config->hidden = 4;
    model_set_size(config, "attention_units", 3);
    model_set_size(config, "heads", 2);
    model_set_size(config, "key_dim", 3);
    config->dense_units = 6;
}

/* Random weights of a size that makes every part bend; segments of different length, one that begins with its first scored
 * bar, two that overlap, one shorter than a band; every third label missing, dropout on. */
static void small_probe(struct stream_probe *probe, const struct gw_model_config *config, const char *loss) {
    static const struct segment segments[] = {{0, 0, 6, 17}, {0, 11, 18, 26}, {0, 20, 20, 31}, {0, 33, 35, 37}};
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "gradients", 0, 0, 0);
    stream_probe_build(probe, config, loss, ROWS, STEPS, STEPS);
    for (size_t i = 0; i < ROWS * config->n_features; i++) probe->x[i] = (float)gw_rng_normal(&rng);
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            probe->weights[tensor->offset + j] = .7 * gw_rng_normal(&rng);
    }
    probe->n = COUNT_OF(segments);
    memcpy(probe->segment, segments, sizeof segments);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            probe->label[gate][row] = (int8_t)((row + gate) % 3 == 0 ? GW_LABEL_MISSING : (int)gw_rng_below(&rng, 2));
    stream_probe_count_labels(probe);
    train_set(&probe->train, "pos_weight", "2.5");
    train_set(&probe->train, "bootstrap_beta", "0.9");
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (int class = 0; class < 2; class ++) probe->lambda[gate][class] = .9 + .3 * class;
    probe->loss.dropout = .3;
    probe->loss.seed = 5;
    probe->loss.epoch = 2;
}

static double run(struct stream_probe *probe) { return stream_probe_run(probe, R(kernels_active)()); }

static long first_wrong(const double *analytic, const double *numeric, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!near(analytic[i], numeric[i], tolerance, floor_size)) return (long)i;
    return -1;
}

static void numeric_gradient(struct stream_probe *probe, double *numeric) {
    for (size_t i = 0; i < probe->net.tensors.size; i++) {
        double kept = probe->weights[i];
        probe->weights[i] = kept + step;
        double above = run(probe);
        probe->weights[i] = kept - step;
        double below = run(probe);
        probe->weights[i] = kept;
        numeric[i] = (above - below) / (2 * step);
    }
}

static void check(const struct gw_model_config *config, const char *loss) {
    struct stream_probe probe;
    small_probe(&probe, config, loss);
    size_t n = probe.net.tensors.size;
    double *numeric = calloc(n, sizeof *numeric), largest = 0;
    numeric_gradient(&probe, numeric);
    run(&probe);
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(probe.gradient[i]));
    long wrong = first_wrong(probe.gradient, numeric, n);
    if (wrong >= 0)
        fail_msg("%s × %s: weight %ld: gradient %.12g, differences say %.12g", model_word(config, "attention"), loss,
                 wrong, probe.gradient[wrong], numeric[wrong]);
    assert_true(largest > 1e-3);
    free(numeric);
    stream_probe_free(&probe);
}

static bool streams(const struct R(attention_ops) *ops) { return !ops->windowed_only; }
static bool combines_of(const struct R(attention_ops) *ops) {
    for (size_t i = 0; i < ops->own.n; i++)
        if (strcmp(ops->own.param[i].name, "luong_combine") == 0) return true;
    return false;
}

static void test_attention_times_loss(void **state) {
    (void)state;
    struct gw_model_config config;
    size_t pairs = 0;
    for (size_t a = 0; gw_model_option_name("attention", a); a++)
        for (size_t l = 0; gw_model_option_name("loss", l); l++) {
            if (!streams(R(attention_at)(a))) continue;
            small_config(&config, gw_model_option_name("attention", a));
            check(&config, gw_model_option_name("loss", l));
            pairs++;
        }
    assert_true(pairs >= 8 * 6);
}

static void test_options(void **state) {
    (void)state;
    struct gw_model_config config;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        const struct R(attention_ops) *ops = R(attention_at)(a);
        if (!streams(ops)) continue;
        small_config(&config, ops->name);
        config.layers = 3;
        check(&config, "bce");
        config.layers = 1;
        config.lookback = 1;
        check(&config, "bce");
        config.lookback = 30; /* longer than any segment */
        bool combines = combines_of(ops);
        model_set(&config, "luong_combine", combines ? "true" : "false");
        check(&config, "bce");
        config.lookback = 5;
        if (combines) check(&config, "bce");
    }
}

/* The way back ends at a segment's start and not at its first scored bar: input before `first` moves the gradient. */
static void test_warm_up_has_gradient(void **state) {
    (void)state;
    struct gw_model_config config;
    struct stream_probe probe;
    small_config(&config, "none");
    small_probe(&probe, &config, "bce");
    probe.segment[0] = (struct segment){0, 0, 6, 8};
    probe.n = 1;
    for (size_t f = 0; f < 3; f++)
        for (size_t row = 1; row < 8; row++) probe.x[row * 3 + f] = 0; /* only bar 0 speaks, six bars before a loss */
    run(&probe);
    double largest = 0;
    const struct tensor *w = &probe.net.tensors.item[0];
    for (size_t i = 0; i < w->rows * w->columns; i++) largest = fmax(largest, fabs(probe.gradient[w->offset + i]));
    assert_true(largest > 1e-7);
    stream_probe_free(&probe);
}

/* Neither other segments of the shard nor their length change a segment's loss and gradient. */
static void test_segments_add_up(void **state) {
    (void)state;
    struct gw_model_config config;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct stream_probe probe;
        if (!streams(R(attention_at)(a))) continue;
        small_config(&config, gw_model_option_name("attention", a));
        small_probe(&probe, &config, "bce");
        size_t n = probe.net.tensors.size, n_segments = probe.n;
        double *sum = calloc(n, sizeof *sum), loss = 0, together;
        for (uint32_t i = 0; i < n_segments; i++) {
            probe.index[0] = i;
            probe.n = 1;
            loss += run(&probe);
            for (size_t j = 0; j < n; j++) sum[j] += probe.gradient[j];
        }
        probe.index[0] = 0;
        probe.n = n_segments;
        together = run(&probe);
        assert_near(together, loss, 1e-13, 0);
        for (size_t j = 0; j < n; j++) assert_near(probe.gradient[j], sum[j], 1e-12, 1e-6);
        free(sum);
        stream_probe_free(&probe);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention_times_loss),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_warm_up_has_gradient),
        cmocka_unit_test(test_segments_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
