/* A pattern library as features: what they say is what the library says that is fitted on the slice, and nothing else is looked at. */
#include "engine/base/base.h"
#include "gatewalk/feature.h"
#include "gatewalk/rng.h"
#include "market/random_market.h"
#include "models/patterns/patterns.h"

enum { N = 500, FIRST = 60, LAST = 380, BARS = 12, LATENT = 3, CATEGORIES = 6, REACH = BARS + 9 };

static const char *const spec[] = {"latent(1,12,3,6)", "log_return(1)", "category_rate(long,12,3,6)",
                                   "latent(3,12,3,6)", "category_rate(short,12,3,6)"};
enum { F = COUNT_OF(spec) };

struct scene {
    struct gw_bars bars;
    int8_t label[GW_N_GATES][N];
    struct gw_feature_set *set;
};

static void make(struct scene *s) {
    struct gw_rng rng;
    gw_rng_key(&rng, 3, "pattern features", 0, 0, 0);
    make_walk((struct walk){.n = N, .seed = 9, .volatility = .004}, &s->bars);
    for (size_t t = 0; t < N; t++)
        for (size_t g = 0; g < GW_N_GATES; g++)
            s->label[g][t] = gw_rng_uniform(&rng) < 0.1 ? GW_LABEL_MISSING : gw_rng_uniform(&rng) < 0.3;
    assert_ok(gw_feature_set_parse(spec, F, &s->set));
}

static void unmake(struct scene *s) {
    gw_feature_set_free(s->set);
    free_bars(&s->bars);
}

static double *learn(const struct scene *s) {
    const struct gw_feature_slice slice = {
        .bars = &s->bars, .samples = {FIRST, LAST}, .label = {s->label[0], s->label[1]}};
    double *learnt = mem_calloc(gw_feature_set_learnt(s->set), sizeof *learnt);
    assert_non_null(learnt);
    assert_ok(gw_feature_set_learn(s->set, &slice, 1, 11, learnt));
    return learnt;
}

static float *values(const struct scene *s, const double *learnt) {
    struct gw_feature_matrix m;
    assert_ok(gw_feature_set_build(s->set, &s->bars, &m));
    assert_int_equal(m.warmup, REACH - 1);
    assert_true(isnan(m.value[N / 2 * F]));
    assert_ok(gw_feature_set_apply(s->set, learnt, &s->bars, 0, N, m.value));
    return m.value;
}

/* The same library, made by hand: its whole autoencoder where the feature keeps the encoder's half. */
static void test_is_the_library(void **state) {
    (void)state;
    struct scene s;
    struct patterns_config config;
    struct patterns_model *model;
    struct patterns_log log;
    struct pattern_categories categories;
    static struct gw_sample sample[N];
    make(&s);
    double *learnt = learn(&s);
    float *got = values(&s, learnt);
    patterns_config_default(&config);
    config.model.pattern_bars = BARS;
    config.model.pattern_width = 32;
    config.model.latent = LATENT;
    config.training.epochs = 20;
    config.training.patience = 0;
    config.training.batch_size = 64;
    config.training.learning_rate = 1e-3;
    config.training.warmup_epochs = 1;
    const struct gw_series series = {.n_rows = LAST, .bar = s.bars.bar, .label = {s.label[0], s.label[1]}};
    for (size_t t = FIRST; t < LAST; t++) sample[t - FIRST].row = (uint32_t)t;
    const struct pattern_windows train = {&series, sample, LAST - FIRST}, none = {&series, sample, 0};
    assert_ok(patterns_fit(&config, &train, &none, &(struct patterns_options){.seed = 11}, &model, &log));
    assert_true(log.epoch[log.n - 1].train_r < 0.5 * log.epoch[0].train_r); /* it learns */
    static float latent[N * LATENT], all[N * LATENT];
    assert_ok(patterns_encode(model, &train, latent));
    assert_ok(pattern_categories_fit(&train, latent, LATENT, CATEGORIES, 11, NULL, &categories));
    assert_int_equal(categories.n, CATEGORIES);
    const struct gw_series whole = {.n_rows = N, .bar = s.bars.bar};
    for (size_t t = REACH - 1; t < N; t++) sample[t + 1 - REACH].row = (uint32_t)t;
    const struct pattern_windows every = {&whole, sample, N + 1 - REACH};
    assert_ok(patterns_encode(model, &every, all));
    for (size_t t = 0; t < N; t++) {
        const float *row = got + t * F;
        if (t < REACH - 1) {
            assert_true(isnan(row[0]) && isnan(row[2]) && isnan(row[3]) && isnan(row[4]));
            continue;
        }
        const float *z = all + (t + 1 - REACH) * LATENT;
        assert_true(row[0] == z[0] && row[3] == z[2]);
        size_t best = 0;
        double most = -2;
        for (size_t c = 0; c < CATEGORIES; c++) { /* centres are of length 1, as latents are */
            double cosine = 0;
            for (size_t i = 0; i < LATENT; i++) cosine += (double)z[i] * (double)categories.centre[c * LATENT + i];
            if (cosine > most) most = cosine, best = c;
        }
        assert_true(row[2] == (float)categories.posterior[best * 2] &&
                    row[4] == (float)categories.posterior[best * 2 + 1]);
    }
    pattern_categories_free(&categories);
    patterns_log_free(&log);
    patterns_free(model);
    mem_free(got);
    mem_free(learnt);
    unmake(&s);
}

static void spoil(struct gw_bars *bars, size_t from) {
    for (size_t t = from; t < bars->n; t++) {
        bars->bar[t].close *= t % 2 ? 2 : 3;
        bars->bar[t].high *= 4;
        bars->bar[t].volume += 1e6;
    }
}

static void test_knows_the_slice_alone(void **state) {
    (void)state;
    struct scene s;
    make(&s);
    const size_t bytes = gw_feature_set_learnt(s.set) * sizeof(double);
    double *learnt = learn(&s);
    float *clean = values(&s, learnt);
    for (size_t t = LAST; t < N; t++) s.label[0][t] = s.label[1][t] = 1;
    spoil(&s.bars, LAST);
    double *again = learn(&s);
    assert_memory_equal(again, learnt, bytes);
    mem_free(again);
    float *dirty = values(&s, learnt); /* and a bar knows nothing of later ones */
    assert_memory_equal(dirty, clean, LAST * F * sizeof *clean);
    assert_memory_not_equal(dirty + LAST * F, clean + LAST * F, (N - LAST) * F * sizeof *clean);
    mem_free(dirty);
    for (size_t t = FIRST; t < LAST; t++) s.label[1][t] = 0; /* labels of the slice count, in the rates alone */
    again = learn(&s);
    dirty = values(&s, again);
    for (size_t t = REACH; t < LAST; t++) {
        assert_memory_equal(dirty + t * F, clean + t * F, 4 * sizeof *clean);
        assert_true(dirty[t * F + 4] == 0);
    }
    mem_free(dirty);
    mem_free(again);
    mem_free(clean);
    mem_free(learnt);
    unmake(&s);
}

/* Whatever a file claims: values, never another's memory. */
static void test_forged_numbers(void **state) {
    (void)state;
    static const double forged[] = {0, -1, 1e300, 7, NAN};
    struct scene s;
    make(&s);
    double *learnt = learn(&s);
    for (size_t i = 0; i < COUNT_OF(forged); i++) {
        learnt[0] = forged[i];
        mem_free(values(&s, learnt));
    }
    for (size_t i = 0; i < gw_feature_set_learnt(s.set); i++) learnt[i] = i % 2 ? (double)NAN : 1e30;
    mem_free(values(&s, learnt));
    mem_free(learnt);
    unmake(&s);
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *spec, *says;
    } wrong[] = {{"latent(1)@1h", "is of the bars' own interval"},
                 {"latent(9)", "there is no such coordinate"},
                 {"category_rate(up)", "gate"},
                 {"category_rate(1)", "gate"},
                 {"latent(long)", "argument 1 is not a number"}};
    struct scene s;
    struct gw_feature_set *set;
    struct gw_feature_stream *stream;
    float row[F];
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_fails(gw_feature_set_parse(&wrong[i].spec, 1, &set), GW_ERR_CONFIG, wrong[i].says);
    const char *const defaults[] = {"category_rate(short)", "latent ( 2 )", "category_rate"};
    assert_ok(gw_feature_set_parse(defaults, 3, &set));
    assert_string_equal(gw_feature_set_name(set, 0), "category_rate(short,50,8,100)");
    assert_string_equal(gw_feature_set_name(set, 2), "category_rate(long,50,8,100)");
    gw_feature_set_free(set);
    make(&s);
    const struct gw_feature_slice few = {.bars = &s.bars, .samples = {30, 120}};
    double *learnt = mem_calloc(gw_feature_set_learnt(s.set), sizeof *learnt);
    assert_fails(gw_feature_set_learn(s.set, &few, 1, 0, learnt), GW_ERR_CONFIG, "90 windows of training are too few");
    assert_ok(gw_feature_stream_open(s.set, s.bars.interval_ns, &stream)); /* no stream has them */
    gw_feature_stream_learnt(stream, learnt);
    for (size_t t = 0; t < 100; t++) {
        const struct gw_feature_input in = {.bar = &s.bars.bar[t], .close_ns = gw_bar_close_ns(&s.bars, t)};
        gw_feature_stream_push(stream, &in, row);
        assert_true(isnan(row[0]) && isnan(row[2]));
    }
    for (size_t f = 0; f < F; f++) assert_int_equal(gw_feature_set_streams(s.set, f), f == 1);
    gw_feature_stream_close(stream);
    mem_free(learnt);
    unmake(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_the_library),
        cmocka_unit_test(test_knows_the_slice_alone),
        cmocka_unit_test(test_forged_numbers),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
