/* Training and scoring rates at the study's shapes: T 96, F 66, H 64, batches of 256 in contiguous blocks of 32. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/model.h"
#include "gatewalk/rng.h"

enum { FEATURES = 66, BARS = 12000, VALIDATION = 256, LOOKBACK = 96 };

struct bench_data {
    float *x;
    int8_t *label[GW_N_GATES];
    struct gw_series series;
    struct gw_sample *sample;
    size_t n;
};

/* Noise with labels that follow it a little, so that gradients have ordinary sizes. */
static int make_data(struct bench_data *d) {
    struct gw_rng rng;
    memset(d, 0, sizeof *d);
    gw_rng_key(&rng, 1, "bench", 0, 0, 0);
    d->x = mem_calloc((size_t)BARS * FEATURES, sizeof *d->x);
    d->n = BARS - LOOKBACK + 1;
    d->sample = mem_calloc(d->n, sizeof *d->sample);
    for (int g = 0; g < GW_N_GATES; g++) d->label[g] = mem_calloc(BARS, 1);
    if (!d->x || !d->sample || !d->label[0] || !d->label[1]) return GW_ERR_NOMEM;
    for (size_t i = 0; i < (size_t)BARS * FEATURES; i++) d->x[i] = (float)gw_rng_normal(&rng);
    for (size_t t = 0; t < BARS; t++)
        for (int g = 0; g < GW_N_GATES; g++)
            d->label[g][t] = gw_rng_uniform(&rng) < 0.1 || d->x[t * FEATURES + (size_t)g] > 2.5f;
    for (size_t i = 0; i < d->n; i++) d->sample[i] = (struct gw_sample){0, (uint32_t)(i + LOOKBACK - 1)};
    d->series = (struct gw_series){.x = d->x, .n_rows = BARS, .label = {d->label[0], d->label[1]}};
    return GW_OK;
}

static void free_data(struct bench_data *d) {
    mem_free(d->x);
    mem_free(d->sample);
    for (int g = 0; g < GW_N_GATES; g++) mem_free(d->label[g]);
}

static int settings(const char *attention, const char *unroll, const char *precision, size_t epochs,
                    struct gw_model_config *model, struct gw_train_config *train) {
    gw_model_config_default(model);
    gw_train_config_default(train);
    model->n_features = FEATURES;
    model->lookback = LOOKBACK;
    train->epochs = epochs;
    train->patience = 0;
    TRY(gw_model_config_set(model, "attention", attention));
    TRY(gw_model_config_set(model, "unroll", unroll));
    return gw_train_config_set(train, "precision", precision);
}

static int fit_rate(const struct bench_data *d, const struct gw_model_config *model,
                    const struct gw_train_config *train, double *rate, struct gw_gate_model **out) {
    struct gw_fit_input input = {
        .n_series = 1,
        .n_features = FEATURES,
        .series = &d->series,
        .train = d->sample,
        .n_train = d->n - VALIDATION,
        .validation = d->sample + d->n - VALIDATION,
        .n_validation = VALIDATION,
    };
    struct gw_fit_options options = {.seed = 1};
    struct gw_training_log log = {0};
    struct gw_gate_model *fitted = NULL;
    double start = clock_seconds();
    TRY(gw_model_fit(model, train, &input, &options, &fitted, &log));
    *rate = (double)log.windows / (clock_seconds() - start);
    gw_training_log_free(&log);
    if (out)
        *out = fitted;
    else
        gw_model_free(fitted);
    return GW_OK;
}

/* `fits` fits side by side on `threads` threads; the rate of all together. */
static int parallel_rate(const struct bench_data *d, const struct gw_model_config *model,
                         const struct gw_train_config *train, size_t threads, size_t fits, double *rate) {
    int rc = GW_OK;
    double total = 0, start = clock_seconds();
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    for (size_t i = 0; i < fits; i++) {
#pragma omp task shared(rc, total)
        {
            double own;
            int result = fit_rate(d, model, train, &own, NULL);
#pragma omp critical(gatewalk_bench)
            {
                if (result < 0)
                    rc = result;
                else
                    total += (double)((d->n - VALIDATION) * train->epochs);
            }
        }
    }
    *rate = total / (clock_seconds() - start);
    return rc;
}

static int best_rate(const struct bench_data *d, const struct bench_options *o, const struct gw_model_config *model,
                     const struct gw_train_config *train, size_t threads, size_t fits, double *best) {
    double begin = clock_seconds();
    *best = 0;
    do {
        double rate;
        TRY(parallel_rate(d, model, train, threads, fits, &rate));
        if (rate > *best) *best = rate;
        TRY(interrupt_check());
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

static const char *const attentions[] = {"none", "bahdanau", "multihead"};
/* A trained window is one scored bar, and so is a bar of a stream that has a loss: the rates can be compared. */
static const struct {
    const char *name, *text, *unit;
} unrolls[] = {
    [GW_UNROLL_WINDOW] = {"window", "", "windows/s"},
    [GW_UNROLL_STREAM] = {"stream", " stream", "bars/s"},
};
/* Products of the baseline per trained window (T 96, F 66, H 64): recurrent forward, dh and dU of 3.15 MFLOP each, and
 * the input projection and dW once per distinct bar: 8 blocks of 32 windows hold 1,016 of them instead of 24,576. */
static const double baseline_flop = 9.75e6;

/* One model on one thread, and where all_threads also one fit and several fits on all of them. */
static int train_model(const struct bench_data *d, const struct bench_options *o, const char *kernels,
                       const char *attention, size_t unroll, const char *precision, bool all_threads, double peak,
                       struct bench_list *list) {
    struct gw_model_config model;
    struct gw_train_config train;
    bool baseline = unroll == GW_UNROLL_WINDOW && strcmp(attention, attentions[0]) == 0;
    const char *unit = unrolls[unroll].unit;
    char what[96];
    double rate;
    TRY(settings(attention, unrolls[unroll].name, precision, 1, &model, &train));
    TRY(best_rate(d, o, &model, &train, 1, 1, &rate));
    snprintf(what, sizeof what, "train %s%s %s, 1 thread", attention, unrolls[unroll].text, precision);
    bench_add(list, what, kernels, rate, unit, baseline ? rate * baseline_flop / 1e9 / peak : NAN);
    if (!all_threads || o->threads < 2) return GW_OK;
    TRY(best_rate(d, o, &model, &train, o->threads, 1, &rate));
    snprintf(what, sizeof what, "train %s%s %s, one fit on %zu threads", attention, unrolls[unroll].text, precision,
             o->threads);
    bench_add(list, what, kernels, rate, unit, NAN);
    TRY(best_rate(d, o, &model, &train, o->threads, 2 * o->threads, &rate));
    snprintf(what, sizeof what, "train %s%s %s, %zu fits on %zu threads", attention, unrolls[unroll].text, precision,
             2 * o->threads, o->threads);
    bench_add(list, what, kernels, rate, unit, NAN);
    return GW_OK;
}

static int train_rows(const struct bench_data *d, const struct bench_options *o, const char *kernels,
                      const char *precision, bool all_threads, double peak, struct bench_list *list) {
    for (size_t i = 0; i < COUNT_OF(attentions); i++)
        for (size_t u = 0; u < COUNT_OF(unrolls); u++)
            TRY(train_model(d, o, kernels, attentions[i], u, precision, all_threads, peak, list));
    return GW_OK;
}

/* The samples in as many equal parts as threads, scored side by side: what a run does with its folds. */
static int score_rate(const struct bench_data *d, const struct gw_gate_model *model, size_t threads, float *p,
                      double *rate) {
    int rc = GW_OK;
    size_t part = (d->n + threads - 1) / threads;
    double start = clock_seconds();
#pragma omp parallel for num_threads((int)threads) schedule(static)
    for (size_t i = 0; i < threads; i++) {
        size_t begin = i * part, n = begin + part < d->n ? part : d->n - begin;
        int result = gw_model_score(model, &d->series, 1, d->sample + begin, n, p + begin * GW_N_GATES, NULL);
#pragma omp critical(gatewalk_bench)
        if (result < 0) rc = result;
    }
    *rate = (double)d->n / (clock_seconds() - start);
    return rc;
}

static int best_score_rate(const struct bench_data *d, const struct bench_options *o, const struct gw_gate_model *model,
                           size_t threads, float *p, double *best) {
    double begin = clock_seconds();
    *best = 0;
    do {
        double rate;
        TRY(score_rate(d, model, threads, p, &rate));
        if (rate > *best) *best = rate;
        TRY(interrupt_check());
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

static int score_model(const struct bench_data *d, const struct bench_options *o, const char *attention, size_t unroll,
                       const char *kernels, bool all_threads, float *p, struct bench_list *list) {
    struct gw_model_config model;
    struct gw_train_config train;
    struct gw_gate_model *fitted;
    double rate;
    TRY(settings(attention, unrolls[unroll].name, "float32", 1, &model, &train));
    TRY(fit_rate(d, &model, &train, &rate, &fitted));
    int rc = GW_OK;
    for (size_t threads = 1; rc == GW_OK && threads <= (all_threads ? o->threads : 1); threads += o->threads - 1) {
        char what[64];
        rc = best_score_rate(d, o, fitted, threads, p, &rate);
        snprintf(what, sizeof what, "score %s%s, %zu thread%s", attention, unrolls[unroll].text, threads,
                 threads == 1 ? "" : "s");
        if (rc == GW_OK) bench_add(list, what, kernels, rate, unrolls[unroll].unit, NAN);
        if (o->threads == 1) break;
    }
    gw_model_free(fitted);
    return rc;
}

static int score_rows(const struct bench_data *d, const struct bench_options *o, const char *kernels, bool all_threads,
                      struct bench_list *list) {
    float *p = mem_calloc(d->n * GW_N_GATES, sizeof *p);
    int rc = p ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < COUNT_OF(attentions); i++)
        for (size_t u = 0; rc == GW_OK && u < COUNT_OF(unrolls); u++)
            rc = score_model(d, o, attentions[i], u, kernels, all_threads, p, list);
    mem_free(p);
    return rc;
}

/* Every kernel set this CPU has, forced one after the other; the fastest (last) one also with threads. */
static int each_kernel_set(const struct bench_options *o, struct bench_list *list, bool score) {
    struct bench_data d;
    char selected[16];
    snprintf(selected, sizeof selected, "%s", gw_kernels_selected());
    double peak = score ? 0 : bench_sgemm_peak();
    int rc = make_data(&d);
    for (size_t i = 0; rc == GW_OK && gw_kernels_name(i); i++) {
        if (!gw_kernels_supported(i)) continue;
        rc = gw_kernels_select(gw_kernels_name(i));
        if (rc < 0) break;
        bool chosen = strcmp(gw_kernels_name(i), selected) == 0;
        rc = score ? score_rows(&d, o, gw_kernels_name(i), chosen, list)
                   : train_rows(&d, o, gw_kernels_name(i), "float32", chosen, peak, list);
        if (rc == GW_OK && chosen && !score) rc = train_rows(&d, o, gw_kernels_name(i), "bf16", true, peak, list);
    }
    if (rc == GW_OK) rc = gw_kernels_select(selected);
    free_data(&d);
    return rc;
}

int bench_run_train(const struct bench_options *o, struct bench_list *list) { return each_kernel_set(o, list, false); }
int bench_run_score(const struct bench_options *o, struct bench_list *list) { return each_kernel_set(o, list, true); }
