/* Trains the autoencoder: shuffled batches, validation after every epoch, the best weights kept. */
#include "patterns_fit.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/rng.h"
#include "models/optimizer/optimizer.h"
#include "models/schedule/schedule.h"

enum { UPDATE_PIECE = 65536 };

struct fit {
    const struct patterns_config *config;
    const struct pattern_windows *train, *validation;
    const struct patterns_options *options;
    struct transformer_shape shape;
    struct autoencoder net;
    struct R(trainer) trainer;
    const struct R(optimizer_ops) *optimizer;
    const struct schedule_ops *schedule;
    size_t batch, views; /* windows per batch, rows per window */
    float *weights, *best, *gradient, *state;
    uint32_t *order, *check; /* [train windows], the validation windows that are looked at */
    size_t n_check;
    uint64_t updates, total_updates, warmup_updates, windows;
};

/* ---- setting up --------------------------------------------------------------------------------------------------- */

static int check_windows(const struct fit *fit, const struct pattern_windows *windows, const char *what) {
    for (size_t i = 0; i < windows->n; i++) {
        const struct gw_sample *sample = &windows->sample[i];
        const struct gw_series *series = &windows->series[sample->series];
        if (!series->bar || sample->row + (size_t)1 < pattern_reach(fit->shape.steps) || sample->row >= series->n_rows)
            FAIL(GW_ERR_INTERNAL, "%s window %zu (series %u, row %u) does not have all of its bars", what, i,
                 sample->series, sample->row);
    }
    return GW_OK;
}

static int check_input(const struct fit *fit) {
    const struct patterns_params *model = &fit->config->model;
    if (model->pattern_width % model->pattern_heads != 0)
        FAIL(GW_ERR_CONFIG, "model.pattern_width: %zu is no multiple of model.pattern_heads (%zu)",
             model->pattern_width, model->pattern_heads);
    if (fit->train->n < 2)
        FAIL(GW_ERR_DATA, "a pattern library needs two windows to train on and has %zu", fit->train->n);
    if (fit->train->n > UINT32_MAX) FAIL(GW_ERR_DATA, "more than %u training windows", UINT32_MAX);
    TRY(check_windows(fit, fit->train, "training"));
    return check_windows(fit, fit->validation, "validation");
}

static size_t visited(size_t n, size_t stride) { return n / stride > 1 ? n / stride : n < 2 ? n : 2; }

static int allocate(struct fit *fit) {
    const size_t size = fit->net.tensors.size, stride = fit->config->model.pattern_stride;
    fit->weights = mem_calloc(size, sizeof *fit->weights);
    fit->best = mem_calloc(size, sizeof *fit->best);
    fit->gradient = mem_calloc(size, sizeof *fit->gradient);
    fit->state = mem_calloc(size * fit->optimizer->state_blocks, sizeof *fit->state);
    fit->order = mem_calloc(fit->train->n, sizeof *fit->order);
    fit->check = mem_calloc(fit->validation->n / stride + 1, sizeof *fit->check);
    if (!fit->weights || !fit->best || !fit->gradient || !fit->state || !fit->order || !fit->check) return GW_ERR_NOMEM;
    for (size_t i = 0; i < fit->validation->n; i += stride) fit->check[fit->n_check++] = (uint32_t)i;
    return GW_OK;
}

static int start_weights(struct fit *fit) {
    const struct patterns_model *previous = fit->options->previous;
    if (!previous) return R(autoencoder_start)(&fit->net, fit->options->seed, fit->weights);
    if (!tensors_same_shape(&previous->net.tensors, &fit->net.tensors))
        FAIL(GW_ERR_CONFIG, "training.retrain: \"warm\" needs a previous pattern library of the same shape");
    memcpy(fit->weights, previous->weights, fit->net.tensors.size * sizeof *fit->weights);
    return GW_OK;
}

static int set_up(struct fit *fit) {
    const struct patterns_params *model = &fit->config->model;
    const struct gw_train_config *training = &fit->config->training;
    const struct contrast contrast = {model->contrastive == PATTERN_NT_XENT, model->contrastive_weight,
                                      model->temperature};
    fit->shape = patterns_shape(model);
    fit->optimizer = R(optimizer_at)((size_t)training->optimizer);
    fit->schedule = R(schedule_at)((size_t)training->schedule);
    if (!fit->optimizer || !fit->schedule)
        FAIL(GW_ERR_CONFIG, "training: optimizer %d or schedule %d is no row of its table", training->optimizer,
             training->schedule);
    TRY(check_input(fit));
    R(autoencoder_init)(&fit->net, &fit->shape, true);
    fit->views = contrast.nt_xent ? 2 : 1;
    fit->batch = training->batch_size < fit->train->n ? training->batch_size : fit->train->n;
    if (fit->batch < 2) fit->batch = 2;
    TRY(allocate(fit));
    TRY(start_weights(fit));
    TRY(R(trainer_init)(&fit->trainer, &fit->net,
                        training->precision == GW_PRECISION_BF16 ? R(kernels_mixed)() : R(kernels_active)(), &contrast,
                        fit->batch * fit->views));
    const size_t n = visited(fit->train->n, model->pattern_stride), per_epoch = (n + fit->batch - 1) / fit->batch;
    fit->total_updates = per_epoch * training->epochs;
    fit->warmup_updates = (uint64_t)llround(training->warmup_epochs * (double)per_epoch);
    return GW_OK;
}

static void tear_down(struct fit *fit) {
    R(trainer_free)(&fit->trainer);
    mem_free(fit->check);
    mem_free(fit->order);
    mem_free(fit->state);
    mem_free(fit->gradient);
    mem_free(fit->best);
    mem_free(fit->weights);
}

/* ---- an epoch ------------------------------------------------------------------------------------------------------ */

/* Every stride-th window from a random one on, shuffled; returns their number. */
static size_t draw_order(struct fit *fit, uint64_t epoch) {
    const size_t stride = fit->config->model.pattern_stride, n = visited(fit->train->n, stride);
    struct gw_rng rng;
    gw_rng_key(&rng, fit->options->seed, "patterns", epoch, 0, 0);
    const size_t phase = (size_t)gw_rng_below(&rng, stride);
    for (size_t i = 0; i < n; i++) {
        const size_t at = phase + i * stride;
        fit->order[i] = (uint32_t)(at < fit->train->n ? at : fit->train->n - 1 - i % 2);
    }
    gw_rng_shuffle(&rng, fit->order, n);
    return n;
}

static void step_piece(const struct R(optimizer_step) *all, size_t blocks, size_t at,
                       const struct R(optimizer_ops) *ops) {
    struct R(optimizer_step) step = *all;
    step.n = all->n - at < UPDATE_PIECE ? all->n - at : UPDATE_PIECE;
    step.w += at;
    step.g += at;
    step.state += at * blocks;
    ops->step(&step);
}

static int update(struct fit *fit, uint64_t epoch, double *rate) {
    const struct gw_train_config *training = &fit->config->training;
    const struct R(optimizer_ops) *ops = fit->optimizer;
    struct R(optimizer_step) step = {.k = R(kernels_active)(),
                                     .own = training->optimizer_own[training->optimizer].bytes,
                                     .n = fit->net.tensors.size,
                                     .w = fit->weights,
                                     .g = fit->gradient,
                                     .state = fit->state,
                                     .scale = 1,
                                     .number = fit->updates + 1};
    const double norm = sqrt(step.k->sum_squares(step.n, step.g));
    if (!isfinite(norm))
        FAIL(GW_ERR_DATA,
             "training diverged at epoch %llu (the gradient is not finite); lower training.learning_rate (now %g)",
             (unsigned long long)epoch, training->learning_rate);
    if (training->clip_norm > 0 && norm > training->clip_norm) step.scale = training->clip_norm / norm;
    step.rate = *rate =
        R(schedule_rate)(fit->schedule, training->learning_rate, (double)fit->updates, (double)fit->warmup_updates,
                         (double)fit->total_updates, training->schedule_own[training->schedule].bytes);
    const struct R(optimizer_step) *all = &step;
    const size_t n = step.n;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(all, ops, n)
    for (size_t at = 0; at < n; at += UPDATE_PIECE) {
#pragma GCC diagnostic pop
        step_piece(all, ops->state_blocks, at, ops);
    }
    fit->updates++;
    return GW_OK;
}

struct sums {
    double r, c, pull;
    size_t n, batches;
};

/* Batches of `index` through the trainer; with an epoch > 0 each moves the weights, else they are only looked at. */
static int run_batches(struct fit *fit, const struct pattern_windows *windows, const uint32_t *index, size_t n,
                       uint64_t epoch, double *rate, struct sums *sums) {
    struct batch_source from = {.windows = windows,
                                .views = fit->views,
                                .shape = &fit->shape,
                                .dropout = epoch > 0 ? fit->config->model.pattern_dropout : 0,
                                .seed = fit->options->seed,
                                .epoch = epoch};
    *sums = (struct sums){0};
    for (size_t first = 0; first < n; first += from.n) {
        from.index = index + first;
        from.n = n - first < fit->batch ? n - first : fit->batch;
        if (from.n < 2 && first > 0) break; /* one window alone contrasts with nothing */
        TRY(interrupt_check());
        const size_t rows = batch_fill(&from, fit->trainer.with.batch);
        const struct batch_loss loss =
            R(trainer_run)(&fit->trainer, fit->weights, rows, epoch > 0 ? fit->gradient : NULL);
        if (!isfinite(loss.r + loss.c))
            FAIL(GW_ERR_DATA, "training diverged (the loss is not finite); lower training.learning_rate (now %g)",
                 fit->config->training.learning_rate);
        sums->r += loss.r * (double)from.n;
        sums->c += loss.c * (double)from.n;
        sums->pull += loss.pull;
        sums->n += from.n;
        sums->batches++;
        if (epoch > 0) TRY(update(fit, epoch, rate));
    }
    return GW_OK;
}

static int run_epoch(struct fit *fit, uint64_t epoch, struct patterns_epoch *out) {
    const double weight = fit->config->model.contrastive_weight;
    struct sums sums;
    const size_t n = draw_order(fit, epoch);
    *out = (struct patterns_epoch){.epoch = (uint32_t)epoch, .valid = NAN, .valid_r = NAN, .valid_c = NAN};
    TRY(run_batches(fit, fit->train, fit->order, n, epoch, &out->learning_rate, &sums));
    fit->windows += sums.n;
    out->train_r = sums.r / (double)sums.n;
    out->train_c = sums.c / (double)sums.n;
    out->train = out->train_r + weight * out->train_c;
    out->pull = sums.pull / (double)sums.batches;
    if (fit->n_check == 0) return GW_OK;
    TRY(run_batches(fit, fit->validation, fit->check, fit->n_check, 0, NULL, &sums));
    out->valid_r = sums.r / (double)sums.n;
    out->valid_c = sums.c / (double)sums.n;
    out->valid = out->valid_r + weight * out->valid_c;
    return GW_OK;
}

static struct patterns_state state_of(const struct fit *fit, struct patterns_log *log) {
    return (struct patterns_state){.weights = fit->weights,
                                   .best = fit->best,
                                   .optimizer = fit->state,
                                   .n = fit->net.tensors.size,
                                   .n_optimizer = fit->net.tensors.size * fit->optimizer->state_blocks,
                                   .updates = fit->updates,
                                   .windows = fit->windows,
                                   .log = log,
                                   .n_epochs = fit->config->training.epochs};
}

static void go_on(struct fit *fit, struct patterns_log *log) {
    struct patterns_state state = state_of(fit, log);
    if (!fit->options->checkpoint) return;
    if (!patterns_state_load(&state, fit->options->checkpoint, fit->options->checkpoint_key)) return;
    fit->updates = state.updates;
    fit->windows = state.windows;
}

static int keep(const struct fit *fit, struct patterns_log *log) {
    const struct patterns_state state = state_of(fit, log);
    if (!fit->options->checkpoint) return GW_OK;
    return patterns_state_store(&state, fit->options->checkpoint, fit->options->checkpoint_key);
}

static bool is_over(const struct gw_train_config *training, const struct patterns_log *log) {
    return log->n == training->epochs || (training->patience > 0 && log->n - log->best >= training->patience);
}

static int run_epochs(struct fit *fit, struct patterns_log *log) {
    const struct gw_train_config *training = &fit->config->training;
    go_on(fit, log);
    double best = log->n > 0 ? log->epoch[log->best - 1].valid : HUGE_VAL;
    for (uint64_t epoch = log->n + 1; !is_over(training, log); epoch++) {
        struct patterns_epoch *now = &log->epoch[log->n];
        const double start = clock_seconds();
        const uint64_t before = fit->windows;
        TRY(run_epoch(fit, epoch, now));
        log->n++;
        now->best = isnan(now->valid) || now->valid < best; /* nothing to choose by: the last epoch */
        if (now->best) {
            best = now->valid;
            log->best = epoch;
            memcpy(fit->best, fit->weights, fit->net.tensors.size * sizeof *fit->best);
        }
        TRY(keep(fit, log));
        const double seconds = clock_seconds() - start;
        if (fit->options->on_epoch)
            fit->options->on_epoch(fit->options->context, now, training->epochs,
                                   seconds > 0 ? (double)(fit->windows - before) / seconds : 0);
    }
    return GW_OK;
}

int patterns_fit(const struct patterns_config *config, const struct pattern_windows *train,
                 const struct pattern_windows *validation, const struct patterns_options *options,
                 struct patterns_model **out, struct patterns_log *log) {
    const double start = clock_seconds();
    int rc = GW_ERR_NOMEM;
    *out = NULL;
    memset(log, 0, sizeof *log);
    struct fit *fit = mem_calloc(1, sizeof *fit);
    log->epoch = mem_calloc(config->training.epochs, sizeof *log->epoch);
    if (!fit || !log->epoch) goto end;
    fit->config = config, fit->train = train, fit->validation = validation, fit->options = options;
    TRY_GOTO(set_up(fit), end);
    TRY_GOTO(run_epochs(fit, log), end);
    TRY_GOTO(patterns_borrow(config, fit->best, out), end);
    (*out)->borrowed = false;
    fit->best = NULL;
    log->windows = fit->windows;
    log->seconds = clock_seconds() - start;
end:
    if (fit) tear_down(fit);
    mem_free(fit);
    if (rc < 0) patterns_log_free(log);
    return rc;
}
