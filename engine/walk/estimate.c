/* The estimate before the first fit: a moment's measurement of every contestant's training and of the bootstrap, and what
 * there is to do of either. */
#include "estimate.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "fit_features.h"
#include "fold_data.h"
#include "gatewalk/rng.h"

enum {
    BATCHES_MEASURED = 4,
    BARS_MEASURED = 4000, /* of the bootstrap: beyond, its time grows with the bars */
    REPLICATES_MEASURED = 8
};
/* A batch that took so long says enough. */
static const double LONG_SECONDS = 0.05;
/* A window that is only scored needs no backward pass; from the figures of `gatewalk bench`. */
static const double SCORED_SHARE = 0.36;

/* ---- fits ------------------------------------------------------------------------------------------------------ */

/* Seconds for a window of training, those of the validation after every epoch in their proportion. Negative: unknown. */
static int measure_windows(const struct experiment *e, size_t strategy, const struct fold_data *d, size_t n,
                           double *seconds) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    struct gw_gate_model *model = NULL;
    struct gw_training_log log = {0};
    struct gw_train_config train = spec->train;
    size_t n_train = d->n[GW_SLICE_TRAIN] < n ? d->n[GW_SLICE_TRAIN] : n;
    size_t share = d->n[GW_SLICE_TRAIN] ? n_train * d->n[GW_SLICE_VALIDATION] / d->n[GW_SLICE_TRAIN] : 0;
    size_t n_validation = share < d->n[GW_SLICE_VALIDATION] ? share + 1 : d->n[GW_SLICE_VALIDATION];
    struct gw_fit_input input = {.n_series = d->n_symbols,
                                 .n_features = d->n_features,
                                 .series = fold_fit_series(d, strategy),
                                 .train = d->sample[GW_SLICE_TRAIN],
                                 .n_train = n_train,
                                 .validation = d->sample[GW_SLICE_VALIDATION],
                                 .n_validation = n_validation};
    struct gw_fit_options options = {.seed = 1};
    train.epochs = 1;
    train.schedule = 0; /* constant: one epoch cannot be several cycles */
    train.retrain = GW_RETRAIN_FRESH;
    train.calibration = GW_CALIBRATION_NONE;
    double begin = clock_seconds();
    int rc = gw_model_fit(&spec->model, &train, &input, &options, &model, &log);
    *seconds = rc == GW_OK && n_train ? (clock_seconds() - begin) / (double)n_train : -1;
    gw_model_free(model);
    gw_training_log_free(&log);
    if (rc == GW_ERR_NOMEM || rc == GW_ERR_INTERRUPTED) return rc;
    if (rc < 0) gw_error_adopt(""); /* the fit itself will say what is wrong, if all of its windows are no better */
    return GW_OK;
}

static int measure_strategy(const struct experiment *e, size_t s, const struct fold_data *d, double *seconds) {
    const struct strategy_spec *spec = &e->strategy[s];
    double first;
    TRY(measure_windows(e, s, d, spec->train.batch_size, &first)); /* cold caches, too */
    *seconds = first;
    if (first < 0 || first * (double)spec->train.batch_size > LONG_SECONDS) return GW_OK;
    return measure_windows(e, s, d, BATCHES_MEASURED * spec->train.batch_size, seconds);
}

/* Windows' worth of work in one fit. */
static double windows_of(const struct experiment *e, const struct prepared *p, const struct fit *fit) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    size_t n[GW_N_SLICES];
    for (int slice = 0; slice < GW_N_SLICES; slice++) n[slice] = fit_count_samples(p, fit, slice);
    double trained = (double)spec->train.epochs * (double)n[GW_SLICE_TRAIN];
    double scored = (double)n[GW_SLICE_TEST] + (double)n[GW_SLICE_VALIDATION];
    if (e->verdict.importance) scored += (double)gw_model_inputs(&spec->model) * (double)n[GW_SLICE_VALIDATION];
    if (gw_train_snapshots(&spec->train)) scored *= (double)gw_train_snapshots(&spec->train);
    return trained + SCORED_SHARE * scored;
}

static double share_of_symbols(const struct prepared *p, const struct fit *fit) {
    return (double)fit_count_symbols(p, fit) / (double)p->market.n_symbols;
}

static int estimate_fits(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                         struct estimate *out, double *each) {
    double window[MAX_STRATEGIES] = {0}, begin = clock_seconds();
    struct fold_data data;
    const double *learnt;
    if (fits->n == 0) return GW_OK;
    TRY(fitted_learnt(p, 0, &learnt)); /* kept for the walk; once a fold, whatever the number of its fits */
    if (learnt) out->fits += (clock_seconds() - begin) * (double)p->plan.n_folds;
    begin = clock_seconds();
    TRY(fold_data_build(e, p, 0, NULL, &data));
    const double build = clock_seconds() - begin;
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && s < e->n_strategies; s++)
        if (strategy_trains(&e->strategy[s])) rc = measure_strategy(e, s, &data, &window[s]);
    fold_data_free(&data);
    out->n_fits = fits->n - fits->n_shared;
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->source) continue;
        if (fit->elsewhere) {
            out->n_fits--;
            continue;
        }
        bool stored = file_exists(fit->model_path), unknown = window[fit->strategy] < 0;
        out->n_stored += stored;
        out->n_unknown += unknown && !stored;
        double seconds = build * (fit->models == MODELS_POOLED ? 1 : share_of_symbols(p, fit));
        if (!stored && !unknown) seconds += window[fit->strategy] * windows_of(e, p, fit);
        if (each) each[i] = seconds;
        out->fits += seconds;
    }
    return rc;
}

/* ---- the verdict ----------------------------------------------------------------------------------------------- */

static size_t count_pairs(const struct experiment *e) {
    size_t n = 0;
    bool has_baseline = false;
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (strcmp(e->strategy[s].name, e->verdict.baseline) == 0)
            has_baseline = true;
        else
            n += e->strategy[s].desc->needs_model;
    }
    return has_baseline ? n : 0;
}

static size_t count_test_bars(const struct prepared *p) {
    size_t n = 0;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        n += gw_fold_count_samples(&p->plan.fold[f], GW_SLICE_TEST, p->market.n_symbols);
    return n;
}

/* Bars that nobody has scored: what is in them does not matter, only how many, in how many folds. */
static void fill_sample(size_t n, size_t n_folds, float *score[2], int8_t *label, uint32_t *fold, double *pnl) {
    struct gw_rng rng;
    gw_rng_key(&rng, 1, "estimate", 0, 0, 0);
    for (size_t i = 0; i < n; i++) {
        for (int side = 0; side < 2; side++) score[side][i] = (float)gw_rng_uniform(&rng);
        label[i] = gw_rng_uniform(&rng) < 0.1;
        fold[i] = (uint32_t)(i * n_folds / n);
        pnl[i] = gw_rng_uniform(&rng) - 0.5;
    }
}

static void note_time(void *context, size_t done) {
    (void)done;
    *(double *)context = clock_seconds();
}

/* What follows the replicates takes the same time however many they are, and little beside the thousands of a run. */
static int time_replicates(const struct experiment *e, size_t n, float *score[2], const int8_t *label,
                           const uint32_t *fold, const double *pnl, double *seconds) {
    const float *a = score[0], *b = score[1];
    struct gw_paired_sample sample = {
        .n = n, .n_seeds = 1, .score_a = &a, .score_b = &b, .label = label, .fold = fold, .pnl_a = &pnl, .pnl_b = &pnl};
    size_t block = e->verdict.block ? e->verdict.block : e->labels.horizon;
    struct gw_verdict_config config = {.n_bootstrap = REPLICATES_MEASURED,
                                       .confidence = 0.5,
                                       .seed = 1,
                                       .block_length = block < n / 20 ? block : n / 20 + 1,
                                       .on_replicates = note_time};
    struct gw_gate_verdict verdict;
    double begin = clock_seconds(), end = begin;
    config.context = &end;
    TRY(gw_verdict_compare(&sample, &config, &verdict));
    *seconds = (end - begin) / REPLICATES_MEASURED;
    return GW_OK;
}

static int estimate_verdict(const struct experiment *e, const struct prepared *p, struct estimate *out) {
    size_t all = count_test_bars(p), n = all < BARS_MEASURED ? all : BARS_MEASURED;
    out->n_pairs = count_pairs(e);
    if (out->n_pairs == 0 || n == 0) return GW_OK;
    size_t n_folds = p->plan.n_folds * n / all;
    float *score[2] = {mem_calloc(n, sizeof(float)), mem_calloc(n, sizeof(float))};
    int8_t *label = mem_calloc(n, sizeof *label);
    uint32_t *fold = mem_calloc(n, sizeof *fold);
    double *pnl = mem_calloc(n, sizeof *pnl), seconds = 0;
    int rc = score[0] && score[1] && label && fold && pnl ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        fill_sample(n, n_folds ? n_folds : 1, score, label, fold, pnl);
        rc = time_replicates(e, n, score, label, fold, pnl, &seconds);
    }
    out->verdict = seconds * (double)all / (double)n * (double)e->n_seeds * (double)e->verdict.bootstrap *
                   (double)GW_N_GATES * (double)(out->n_pairs + 1) / 2; /* the baseline is resampled once */
    for (int side = 0; side < 2; side++) mem_free(score[side]);
    mem_free(label);
    mem_free(fold);
    mem_free(pnl);
    return rc;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

int estimate_make(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                  struct estimate *out, double *each) {
    *out = (struct estimate){0};
    TRY(estimate_fits(e, p, fits, out, each));
    return estimate_verdict(e, p, out);
}

const char *estimate_span(double seconds, char out[48]) {
    double minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (minutes < 1.5)
        snprintf(out, 48, seconds < 1 ? "1 s" : "%.0f s", seconds);
    else if (hours < 1.5)
        snprintf(out, 48, "%.0f min", minutes);
    else if (days < 2)
        snprintf(out, 48, "%.0f h %.0f min", floor(hours), floor(minutes - 60 * floor(hours)));
    else
        snprintf(out, 48, "%.0f days %.0f h", floor(days), floor(hours - 24 * floor(days)));
    return out;
}

void estimate_text(const struct experiment *e, const struct estimate *estimate, size_t n_threads, char out[512]) {
    char all[48], part[48], stored[96] = "", unknown[96] = "";
    double threads = (double)(n_threads ? n_threads : 1);
    int used = snprintf(out, 512, "expected: up to about %s on %zu thread%s",
                        estimate_span((estimate->fits + estimate->verdict) / threads, all), n_threads,
                        n_threads == 1 ? "" : "s");
    if (estimate->n_stored) snprintf(stored, sizeof stored, ", %zu of them begun or done before", estimate->n_stored);
    if (estimate->n_unknown) snprintf(unknown, sizeof unknown, ", %zu of them not counted", estimate->n_unknown);
    if (estimate->n_fits)
        used +=
            snprintf(out + used, 512 - (size_t)used, ": %zu fit%s %s%s%s", estimate->n_fits,
                     estimate->n_fits == 1 ? "" : "s", estimate_span(estimate->fits / threads, part), stored, unknown);
    if (estimate->n_pairs)
        snprintf(out + used, 512 - (size_t)used, "%s verdict %s (%zu replicates of %zu comparison%s)",
                 estimate->n_fits ? ";" : ":", estimate_span(estimate->verdict / threads, part),
                 (size_t)e->verdict.bootstrap, estimate->n_pairs * GW_N_GATES,
                 estimate->n_pairs * GW_N_GATES == 1 ? "" : "s");
}
