/* The pattern library's learning half: windows, the autoencoder's fit and what it says of itself, the gate that categories
 * make, its file. */
#include <omp.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "models/api/gate_model.h"
#include "models/patterns/pattern_gate.h"
#include "models/patterns/patterns.h"
#include "set.h"
#include "test.h"

enum { ROWS = 1500, FIRST = 60, TRAIN = 900, VALIDATION = 300, P = 16 };

struct market {
    struct gw_bar bar[ROWS];
    int8_t label[GW_N_GATES][ROWS];
    struct gw_series series;
    struct gw_sample sample[ROWS];
    struct pattern_windows train, validation;
};

/* Waves that drift in length, under noise: shapes to learn. A bar is a positive of the long gate when the next eight rise. */
static struct market *market_make(void) {
    struct market *m = calloc(1, sizeof *m);
    struct gw_rng rng;
    double phase = 0, price = 100;
    gw_rng_key(&rng, 3, "waves", 0, 0, 0);
    for (size_t t = 0; t < ROWS; t++) {
        const double open = price;
        phase += .35 + .05 * gw_rng_normal(&rng);
        price = 100 * exp(.02 * sin(phase) + .001 * gw_rng_normal(&rng));
        m->bar[t] = (struct gw_bar){(int64_t)t,
                                    open,
                                    fmax(open, price) * 1.0005,
                                    fmin(open, price) * .9995,
                                    price,
                                    exp(.3 * gw_rng_normal(&rng))};
        m->sample[t] = (struct gw_sample){0, (uint32_t)t};
    }
    for (size_t t = 0; t < ROWS; t++)
        for (size_t g = 0; g < GW_N_GATES; g++)
            m->label[g][t] = t + 8 >= ROWS ? GW_LABEL_MISSING
                             : g           ? m->bar[t + 8].close < m->bar[t].close * .985
                                           : m->bar[t + 8].close > m->bar[t].close * 1.015;
    m->series = (struct gw_series){.n_rows = ROWS, .label = {m->label[0], m->label[1]}, .bar = m->bar};
    m->train = (struct pattern_windows){&m->series, m->sample + FIRST, TRAIN};
    m->validation = (struct pattern_windows){&m->series, m->sample + FIRST + TRAIN + 20, VALIDATION};
    return m;
}

static struct patterns_config small_config(void) {
    struct patterns_config config;
    patterns_config_default(&config);
    config.model.pattern_bars = P;
    config.model.pattern_width = 16;
    config.model.pattern_heads = 2;
    config.model.pattern_layers = 1;
    config.model.latent = 8;
    config.training.epochs = 12;
    config.training.warmup_epochs = 1;
    config.training.learning_rate = 3e-3;
    config.training.batch_size = 128;
    return config;
}

static struct patterns_model *fit(const struct market *m, const struct patterns_config *config, int threads,
                                  const struct patterns_model *previous, struct patterns_log *log) {
    const struct patterns_options options = {.seed = 4, .previous = previous};
    struct patterns_model *model = NULL;
    int rc = GW_OK;
#pragma omp parallel num_threads(threads)
#pragma omp single
    rc = patterns_fit(config, &m->train, &m->validation, &options, &model, log);
    assert_ok(rc);
    return model;
}

/* ---- windows -------------------------------------------------------------------------------------------------------- */

static void test_windows(void **state) {
    (void)state;
    struct market *m = market_make();
    float x[P * PATTERN_CHANNELS], other[P * PATTERN_CHANNELS];
    const size_t last = 200, first = last + 1 - P;
    pattern_window(m->bar, last, P, x);
    const struct pattern_scale scale = pattern_scale_of(m->bar, last, P);
    double high = 0, low = 1e9, sum = 0;
    for (size_t t = first; t <= last; t++) high = fmax(high, m->bar[t].high), low = fmin(low, m->bar[t].low);
    for (size_t t = last - 9; t <= last; t++) sum += m->bar[t].close / 10;
    assert_near(scale.base, m->bar[first].close, 0, 1);
    assert_near(scale.scale, (high - low) / 2, 1e-15, 0);
    assert_true(x[PATTERN_CLOSE] == 0); /* the first close is the origin */
    const float *end = x + (P - 1) * PATTERN_CHANNELS;
    assert_near((double)end[PATTERN_HIGH] * scale.scale + scale.base, m->bar[last].high, 1e-6, 0);
    assert_near((double)end[PATTERN_AVERAGE] * scale.scale + scale.base, sum, 1e-6, 0);
    assert_near(scale.median * (2 * exp((double)end[PATTERN_VOLUME]) - 1), m->bar[last].volume, 1e-5, 0);
    /* Level and unit do not count; what comes after, and what is before its reach, neither. */
    for (size_t t = 0; t < ROWS; t++) {
        struct gw_bar *b = &m->bar[t];
        if (t > last || t + pattern_reach(P) <= last) *b = (struct gw_bar){0, NAN, NAN, NAN, NAN, NAN};
        b->open *= 64, b->high *= 64, b->low *= 64, b->close *= 64, b->volume *= 1024;
    }
    pattern_window(m->bar, last, P, other);
    assert_memory_equal(x, other, sizeof x);
    /* No range and no volume: zeros, not NaN. */
    for (size_t t = 0; t < ROWS; t++) m->bar[t] = (struct gw_bar){0, 5, 5, 5, 5, NAN};
    pattern_window(m->bar, last, P, x);
    for (size_t i = 0; i < COUNT_OF(x); i++) assert_true(x[i] == 0);
    free(m);
}

/* ---- the fit ---------------------------------------------------------------------------------------------------------- */

static void test_learns_and_repeats(void **state) {
    (void)state;
    struct market *m = market_make();
    struct patterns_config config = small_config();
    const double bound = log(2 * 128 - 1) + 2 / .5;
    struct patterns_log log, again;
    char text[PATTERN_ADVICE];
    for (int nt_xent = 0; nt_xent < 2; nt_xent++) {
        config.model.contrastive = nt_xent ? PATTERN_NT_XENT : PATTERN_MEAN_COSINE;
        config.training.epochs = nt_xent ? 2 : 12;
        config.model.pattern_stride = nt_xent ? 3 : 1;
        struct patterns_model *model = fit(m, &config, 1, NULL, &log), *other = fit(m, &config, 3, NULL, &again);
        assert_memory_equal(model->weights, other->weights, model->net.tensors.size * sizeof(float));
        assert_int_equal(log.n, config.training.epochs);
        assert_int_equal(log.windows, (nt_xent ? TRAIN / 3 : TRAIN) * config.training.epochs);
        assert_memory_equal(log.epoch, again.epoch, log.n * sizeof *log.epoch);
        if (nt_xent) {
            /* From near log(2B - 1) on, B the last batch's 44 at least, and never above its bound. */
            assert_true(log.epoch[0].train_c < bound && log.epoch[0].train_c > 2);
        } else {
            assert_true(log.epoch[log.best - 1].valid_r < .3 && log.epoch[0].valid_r > .5);
            assert_true(log.epoch[log.n - 1].train_r < log.epoch[0].train_r / 3);
            assert_string_equal(patterns_advice(&config, &log, text), "");
        }
        patterns_free(model);
        patterns_free(other);
        patterns_log_free(&log);
        patterns_log_free(&again);
    }
    free(m);
}

/* The study's failures: 1e-7 learns nothing and says so; a weight that lets the contrast pull harder than the
 * reconstruction is told. (The third, a loss that explodes, is in test_transformer.c.) */
static void test_failures_are_told(void **state) {
    (void)state;
    struct market *m = market_make();
    struct patterns_config config = small_config();
    struct patterns_log log;
    char text[PATTERN_ADVICE];
    config.training.learning_rate = 1e-7;
    config.training.epochs = 3;
    patterns_free(fit(m, &config, 2, NULL, &log));
    assert_true(pattern_learnt(log.epoch[log.best - 1].valid_r) == PATTERN_NOT_LEARNT);
    assert_non_null(strstr(patterns_advice(&config, &log, text), "has not learnt"));
    assert_non_null(strstr(text, "learning_rate (now 1e-07"));
    patterns_log_free(&log);
    config = small_config();
    config.model.contrastive = PATTERN_NT_XENT;
    config.model.contrastive_weight = 3;
    config.training.epochs = 4;
    patterns_free(fit(m, &config, 2, NULL, &log));
    const double pull = log.epoch[log.best - 1].pull;
    assert_true(pull > 1);
    patterns_log_free(&log);
    assert_string_equal(pattern_learnt_word(pattern_learnt(.05)), "good");
    assert_string_equal(pattern_learnt_word(pattern_learnt(.15)), "fair");
    assert_string_equal(pattern_learnt_word(pattern_learnt(.3)), "poor");
    assert_string_equal(pattern_learnt_word(pattern_learnt(.5)), "not learnt");
    free(m);
}

/* A mean cosine that dominates only spreads latents; NT-Xent that does groups them by what its views share, and is let be as
 * long as windows can be rebuilt. */
static void test_dominance_is_told(void **state) {
    (void)state;
    static const struct {
        enum pattern_contrast contrast;
        double r, pull;
        bool told;
    } cases[] = {{PATTERN_MEAN_COSINE, .04, 1.5, true},
                 {PATTERN_MEAN_COSINE, .04, .5, false},
                 {PATTERN_NT_XENT, .06, 15, false},
                 {PATTERN_NT_XENT, .3, 15, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct patterns_config config = small_config();
        struct patterns_epoch epoch = {.epoch = 1, .valid_r = cases[i].r, .pull = cases[i].pull, .best = true};
        const struct patterns_log log = {.epoch = &epoch, .n = 1, .best = 1};
        char text[PATTERN_ADVICE];
        config.model.contrastive = cases[i].contrast;
        patterns_advice(&config, &log, text);
        assert_int_equal(strstr(text, "the contrast dominates") != NULL, cases[i].told);
    }
}

static void test_epoch_line(void **state) {
    (void)state;
    char line[PATTERN_LINE];
    struct patterns_epoch e = {42, 9.51e-5, .1235, .12, .0346, .0990, .0950, .0377, .5, true};
    assert_string_equal(
        patterns_epoch_line(&e, 2000, line),
        "epoch 0042/2000 | lr 9.51e-05 | train .1235 (R .1200 C .0346) | valid .0990 (R .0950 C .0377) | "
        "best");
    e.valid = NAN, e.best = false, e.train_c = -.5, e.train = 1.5;
    assert_string_equal(patterns_epoch_line(&e, 7, line),
                        "epoch 0042/0007 | lr 9.51e-05 | train 1.5000 (R .1200 C -.5000)");
}

static void test_encode_and_decode(void **state) {
    (void)state;
    enum { N = 45, L = 8, ROW = P * PATTERN_CHANNELS };
    struct market *m = market_make();
    struct patterns_config config = small_config();
    struct patterns_log log;
    config.training.epochs = 12;
    struct patterns_model *model = fit(m, &config, 2, NULL, &log);
    const struct pattern_windows some = {&m->series, m->validation.sample, N}, one = {&m->series, some.sample + 37, 1};
    float *latent = calloc(N * L, sizeof *latent), alone[L], *x = calloc(N * ROW, sizeof *x),
          *y = calloc(N * ROW, sizeof *y);
    double error = 0;
    assert_ok(patterns_encode(model, &some, latent));
    assert_ok(patterns_encode(model, &one, alone));
    assert_memory_equal(alone, latent + 37 * L, sizeof alone); /* whatever stands beside it */
    for (size_t i = 0; i < N; i++) {
        double length = 0;
        pattern_window(m->bar, some.sample[i].row, P, x + i * ROW);
        for (size_t j = 0; j < L; j++) length += (double)latent[i * L + j] * (double)latent[i * L + j];
        assert_near(length, 1, 1e-6, 0);
    }
    float *same = calloc(N * L, sizeof *same);
    assert_ok(patterns_encode_x(model, x, N, same));
    assert_memory_equal(same, latent, N * L * sizeof *latent);
    assert_ok(patterns_decode(model, latent, N, y));
    for (size_t i = 0; i < N * ROW; i++) error += pow((double)(y[i] - x[i]), 2) / (N * ROW);
    assert_true(error < 2 * log.epoch[log.best - 1].valid_r); /* what the log calls R, on some of the same windows */
    /* Warm: goes on from there. */
    struct patterns_log further;
    config.training.epochs = 1;
    struct patterns_model *warm = fit(m, &config, 2, model, &further);
    assert_true(further.epoch[0].train_r < log.epoch[0].train_r / 2);
    patterns_free(warm);
    patterns_free(model);
    patterns_log_free(&log);
    patterns_log_free(&further);
    free(latent), free(x), free(y), free(same), free(m);
}

/* ---- categories and the gate ----------------------------------------------------------------------------------------------- */

static void test_posteriors(void **state) {
    (void)state;
    enum { N = 200, L = 2 };
    struct market *m = market_make();
    struct pattern_windows windows = {&m->series, m->sample + FIRST, N};
    struct pattern_categories categories;
    float latent[N * L];
    /* Two shapes, told apart by the latent alone; the first foretells the long gate in 3 of 4. */
    for (size_t i = 0; i < N; i++) {
        const double angle = (i % 4 == 0 ? 0 : 3) + .001 * (double)(i % 7);
        latent[i * L] = (float)cos(angle), latent[i * L + 1] = (float)sin(angle);
        m->label[0][FIRST + i] = i % 4 == 0 ? i % 16 != 0 : 0;
        m->label[1][FIRST + i] = i < 10 ? GW_LABEL_MISSING : 0;
    }
    assert_ok(pattern_categories_fit(&windows, latent, L, 2, 1, NULL, &categories));
    const size_t rare = categories.size[0] == 50 ? 0 : 1;
    assert_int_equal(categories.n, 2);
    assert_int_equal(categories.size[rare], 50);
    assert_int_equal(categories.size[1 - rare], 150);
    const double hits = categories.hits[rare * GW_N_GATES], prevalence = hits / N;
    assert_int_equal(hits, 50 - 13);
    assert_near(categories.prevalence[0], prevalence, 1e-15, 0);
    assert_near(categories.posterior[rare * GW_N_GATES], (hits + 20 * prevalence) / 70, 1e-14, 0);
    assert_near(categories.posterior[(1 - rare) * GW_N_GATES], 20 * prevalence / 170, 1e-14, 0);
    assert_int_equal(categories.labels[1] + categories.labels[3], N - 10);
    assert_true(categories.posterior[1] == 0);
    pattern_categories_free(&categories);
    /* Never fewer than 50 windows each on average, at least one. */
    assert_ok(pattern_categories_fit(&windows, latent, L, 100, 1, NULL, &categories));
    assert_int_equal(categories.n, 4);
    pattern_categories_free(&categories);
    windows.n = 30;
    assert_ok(pattern_categories_fit(&windows, latent, L, 100, 1, NULL, &categories));
    assert_int_equal(categories.n, 1);
    pattern_categories_free(&categories);
    free(m);
}

struct gate {
    struct market *m;
    struct gw_model_config model;
    struct gw_train_config training;
    struct gw_fit_input input;
    struct gw_fit_options options;
};

static struct gate gate_make(void) {
    struct gate g = {.m = market_make(), .options = {.seed = 5}};
    gw_model_config_default(&g.model);
    gw_train_config_default(&g.training);
    model_set(&g.model, "encoder", "patterns");
    model_set_size(&g.model, "pattern_bars", P);
    model_set_size(&g.model, "pattern_width", 16);
    model_set_size(&g.model, "pattern_heads", 2);
    model_set_size(&g.model, "pattern_layers", 1);
    model_set_size(&g.model, "latent", 8);
    model_set_size(&g.model, "categories", 16);
    g.training.learning_rate = 3e-3;
    g.training.epochs = 10;
    g.model.n_features = 1;
    g.input = (struct gw_fit_input){.n_series = 1,
                                    .n_features = 1,
                                    .series = &g.m->series,
                                    .train = g.m->train.sample,
                                    .validation = g.m->validation.sample,
                                    .n_train = TRAIN,
                                    .n_validation = VALIDATION};
    return g;
}

/* Directly: every centre's distance, the nearest eight sorted out by counting who is nearer. */
static double near_rate(const struct pattern_categories *all, const float *z, size_t gate) {
    double sum = 0, weights = 0;
    for (size_t c = 0; c < all->n; c++) {
        double distance[64];
        size_t nearer = 0;
        for (size_t o = 0; o < all->n; o++) {
            distance[o] = 1;
            for (size_t j = 0; j < all->latent; j++)
                distance[o] -= (double)z[j] * (double)all->centre[o * all->latent + j];
        }
        for (size_t o = 0; o < all->n; o++) nearer += distance[o] < distance[c];
        if (nearer >= 8) continue;
        const double weight = 1 / pow(fmax(distance[c], 1e-6), 2);
        sum += weight * all->posterior[c * GW_N_GATES + gate];
        weights += weight;
    }
    return sum / weights;
}

static void test_near_rates(void **state) {
    (void)state;
    enum { N = 11, L = 4, WINDOWS = 40 };
    struct pattern_categories all;
    struct gw_rng rng;
    float z[WINDOWS * L], p[WINDOWS * GW_N_GATES], alone[GW_N_GATES];
    gw_rng_key(&rng, 5, "near rates", 0, 0, 0);
    assert_ok(pattern_categories_make(N, L, &all));
    for (size_t i = 0; i < N + WINDOWS; i++) {
        float *to = i < N ? all.centre + i * L : z + (i - N) * L;
        double square = 0;
        for (size_t j = 0; j < L; j++) to[j] = (float)gw_rng_normal(&rng), square += (double)to[j] * (double)to[j];
        for (size_t j = 0; j < L; j++) to[j] = (float)((double)to[j] / sqrt(square));
    }
    for (size_t i = 0; i < N * GW_N_GATES; i++) all.posterior[i] = gw_rng_uniform(&rng);
    memcpy(z, all.centre, N * L * sizeof *z);
    assert_ok(pattern_near_rates(&all, z, WINDOWS, p));
    for (size_t i = 0; i < WINDOWS; i++)
        for (size_t gate = 0; gate < GW_N_GATES; gate++) {
            assert_near((double)p[i * GW_N_GATES + gate], near_rate(&all, z + i * L, gate), 1e-4, 0);
            if (i < N) assert_near((double)p[i * GW_N_GATES + gate], all.posterior[i * GW_N_GATES + gate], 1e-6, 0);
        }
    /* Fewer categories than are asked for; the same bits alone; and nothing is near what is no number. */
    assert_ok(pattern_near_rates(&all, z + 20 * L, 1, alone));
    assert_memory_equal(alone, p + 20 * GW_N_GATES, sizeof alone);
    all.n = 1;
    assert_ok(pattern_near_rates(&all, z + 20 * L, 1, alone));
    assert_true(alone[1] == (float)all.posterior[1]);
    z[20 * L] = NAN;
    assert_ok(pattern_near_rates(&all, z + 20 * L, 1, alone));
    assert_true(isnan(alone[0]) && isnan(alone[1]));
    pattern_categories_free(&all);
}

/* "near" is another reading of the same fit: what a gate of it says, and its file. */
static void check_near_gate(struct gate *g, const struct pattern_categories *own) {
    static const char path[] = "/tmp/gatewalk-test-patterns-near.safetensors";
    struct gw_gate_model *model, *loaded;
    struct gw_training_log log, log2;
    float p[VALIDATION * GW_N_GATES], q[VALIDATION * GW_N_GATES], latent[VALIDATION * 8];
    model_set(&g->model, "category_rates", "near");
    assert_ok(gw_model_fit(&g->model, &g->training, &g->input, &g->options, &model, &log));
    const struct pattern_categories *all = gate_pattern_categories(model);
    assert_memory_equal(all->posterior, own->posterior, all->n * GW_N_GATES * sizeof(double));
    assert_ok(gw_model_score(model, &g->m->series, 1, g->m->validation.sample, VALIDATION, p, NULL));
    assert_ok(patterns_encode(gate_patterns(model), &g->m->validation, latent));
    assert_true(all->n <= 64);
    for (size_t i = 0; i < VALIDATION * GW_N_GATES; i++)
        assert_near((double)p[i], near_rate(all, latent + i / GW_N_GATES * 8, i % GW_N_GATES), 2e-3, 0);
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, path));
    assert_ok(gw_model_load(path, NULL, 0, &loaded, &log2, NULL, NULL));
    assert_ok(gw_model_score(loaded, &g->m->series, 1, g->m->validation.sample, VALIDATION, q, NULL));
    assert_memory_equal(p, q, sizeof p);
    remove(path);
    model_set(&g->model, "category_rates", "own");
    gw_training_log_free(&log);
    gw_training_log_free(&log2);
    gw_model_free(model);
    gw_model_free(loaded);
}

static void test_gate(void **state) {
    (void)state;
    static const char path[] = "/tmp/gatewalk-test-patterns.safetensors";
    struct gate g = gate_make();
    struct gw_gate_model *model, *loaded;
    struct gw_training_log log, log2;
    float p[VALIDATION * GW_N_GATES], q[VALIDATION * GW_N_GATES];
    double drop[GW_N_GATES * PATTERN_CHANNELS];
    assert_int_equal(gw_model_reach(&g.model), P + 9);
    assert_int_equal(gw_model_inputs(&g.model), PATTERN_CHANNELS);
    assert_string_equal(gw_model_input_name(&g.model, PATTERN_VOLUME), "volume");
    assert_ok(gw_model_fit(&g.model, &g.training, &g.input, &g.options, &model, &log));
    assert_ok(gw_model_score(model, &g.m->series, 1, g.m->validation.sample, VALIDATION, p, NULL));
    /* The shape of a wave foretells where it goes. */
    const struct gw_epoch_record *best = &log.epoch[log.best_epoch - 1];
    double prevalence = 0;
    for (size_t i = 0; i < VALIDATION; i++) prevalence += g.m->label[0][g.input.validation[i].row] / (double)VALIDATION;
    assert_true(best->validation_ap[0] > 2 * prevalence && best->validation_ap[0] > .5);
    /* A window's probability is its category's posterior, less than the next one below in any case. */
    const struct pattern_categories *all = gate_pattern_categories(model);
    float latent[VALIDATION * 8], distance[VALIDATION];
    uint32_t category[VALIDATION];
    assert_ok(patterns_encode(gate_patterns(model), &g.m->validation, latent));
    assert_ok(kmeans_assign(latent, VALIDATION, 8, all->centre, all->n, category, distance));
    for (size_t i = 0; i < VALIDATION; i++)
        for (size_t j = 0; j < VALIDATION; j++) {
            const double mine = all->posterior[category[i] * 2], other = all->posterior[category[j] * 2];
            assert_near((double)p[i * 2], mine, 1.1e-3, 0);
            if (mine > other * (1 + 1e-6)) assert_true(p[i * 2] > p[j * 2]);
            if (category[i] == category[j] && distance[i] < distance[j] - 1e-3f) assert_true(p[i * 2] >= p[j * 2]);
        }
    /* Its file gives the same bits, and all that it knows of itself. */
    assert_ok(gw_model_save(model, &log, NULL, 0, NULL, 0, path));
    assert_ok(gw_model_load(path, NULL, 0, &loaded, &log2, NULL, NULL));
    assert_ok(gw_model_score(loaded, &g.m->series, 1, g.m->validation.sample, VALIDATION, q, NULL));
    assert_memory_equal(p, q, sizeof p);
    const struct patterns_log *kept = gate_patterns_log(loaded);
    assert_int_equal(kept->n, 10);
    assert_int_equal(kept->best, log.best_epoch);
    assert_true(kept->epoch[3].valid_r == gate_patterns_log(model)->epoch[3].valid_r);
    assert_memory_equal(gate_pattern_categories(loaded)->posterior, all->posterior, all->n * 2 * sizeof(double));
    /* The closes tell the shape, the volume is noise. */
    assert_ok(gw_model_permutation_importance(loaded, &g.input, 3, drop));
    double prices = 0;
    for (size_t c = 0; c < PATTERN_CHANNELS; c++)
        if (c != PATTERN_VOLUME) prices = fmax(prices, drop[c]);
    assert_true(prices > .01 && fabs(drop[PATTERN_VOLUME]) < prices);
    check_near_gate(&g, all);
    /* What it cannot do is said. */
    struct gw_series blind = g.m->series;
    blind.bar = NULL;
    assert_fails(gw_model_score(model, &blind, 1, g.m->validation.sample, 1, q, NULL), GW_ERR_USAGE, "bar is missing");
    model_set(&g.model, "unroll", "stream");
    assert_fails(gw_model_config_check(&g.model, &g.training, NULL), GW_ERR_CONFIG, "cannot stream");
    model_set(&g.model, "unroll", "window");
    model_set_size(&g.model, "pattern_heads", 3);
    assert_fails(gw_model_config_check(&g.model, &g.training, NULL), GW_ERR_CONFIG,
                 "no multiple of model.pattern_heads");
    remove(path);
    gw_training_log_free(&log);
    gw_training_log_free(&log2);
    gw_model_free(model);
    gw_model_free(loaded);
    free(g.m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_learns_and_repeats),
        cmocka_unit_test(test_failures_are_told),
        cmocka_unit_test(test_dominance_is_told),
        cmocka_unit_test(test_epoch_line),
        cmocka_unit_test(test_encode_and_decode),
        cmocka_unit_test(test_posteriors),
        cmocka_unit_test(test_near_rates),
        cmocka_unit_test(test_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
