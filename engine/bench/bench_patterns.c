/* The pattern library's autoencoder at the study's size (P 50, D 64, 2 + 2 layers, batches of 256), one fit on all threads. */
#include <math.h>
#include <string.h>

#include "bench_private.h"
#include "gatewalk/bars.h"
#include "models/patterns/patterns.h"

enum { WINDOWS = 256, FIRST = 64, EPOCHS = 8 };

/* An epoch is one batch: its gradient and its update, without what a fit needs before the first. */
static void on_epoch(void *context, const struct patterns_epoch *epoch, size_t epochs, double windows_per_second) {
    double *best = context;
    (void)epoch, (void)epochs;
    *best = fmax(*best, windows_per_second);
}

static int fit_once(const struct gw_bars *bars, const struct patterns_config *config, size_t threads, double *best) {
    struct gw_sample sample[WINDOWS];
    const struct gw_series series = {.n_rows = bars->n, .bar = bars->bar};
    const struct pattern_windows train = {&series, sample, WINDOWS}, none = {&series, sample, 0};
    const struct patterns_options options = {.seed = 1, .on_epoch = on_epoch, .context = best};
    struct patterns_model *model = NULL;
    struct patterns_log log;
    int rc = GW_OK;
    for (uint32_t i = 0; i < WINDOWS; i++) sample[i] = (struct gw_sample){0, FIRST + i};
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    rc = patterns_fit(config, &train, &none, &options, &model, &log);
    if (rc < 0) return rc;
    patterns_log_free(&log);
    patterns_free(model);
    return GW_OK;
}

static int best_rate(const struct gw_bars *bars, const struct bench_options *o, const struct patterns_config *config,
                     double *best) {
    const double begin = clock_seconds();
    const size_t threads = threads_startable(o->threads);
    *best = 0;
    do {
        TRY(fit_once(bars, config, threads, best));
        TRY(interrupt_check());
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

int bench_run_patterns(const struct bench_options *o, struct bench_list *list) {
    static const enum gw_precision precision[] = {GW_PRECISION_FLOAT32, GW_PRECISION_BF16};
    static const char *const name[] = {"float32", "bf16"};
    struct patterns_config config;
    struct gw_bars bars;
    int rc = bench_random_walk(WINDOWS + 2 * FIRST, &bars);
    patterns_config_default(&config);
    config.training.epochs = EPOCHS;
    config.training.warmup_epochs = 0;
    for (size_t i = 0; rc == GW_OK && i < COUNT_OF(precision); i++) {
        char what[64];
        double rate = 0;
        config.training.precision = precision[i];
        rc = best_rate(&bars, o, &config, &rate);
        snprintf(what, sizeof what, "patterns %s, one fit on %zu threads", name[i], o->threads);
        if (rc == GW_OK) bench_add(list, what, gw_kernels_selected(), rate, "windows/s", NAN);
    }
    gw_bars_free(&bars);
    return rc;
}
