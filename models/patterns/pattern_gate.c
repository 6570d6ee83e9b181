/* The pattern library's fit as a gate: autoencoder, categories, posteriors, all on the training slice; validation decides the
 * autoencoder's best epoch and nothing else. */
#include "pattern_gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "gatewalk/rng.h"

void pattern_gate_free(struct pattern_gate *gate) {
    if (!gate) return;
    patterns_free(gate->model);
    pattern_categories_free(&gate->categories);
    patterns_log_free(&gate->log);
    mem_free(gate->room);
    mem_free(gate);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances to the centre order the windows of one posterior within the room below it. */
static int make_room(struct pattern_gate *gate) {
    const struct pattern_categories *all = &gate->categories;
    double *sorted = mem_calloc(all->n, sizeof *sorted);
    gate->room = mem_calloc(all->n * GW_N_GATES, sizeof *gate->room);
    if (!sorted || !gate->room) {
        mem_free(sorted);
        return GW_ERR_NOMEM;
    }
    for (size_t g = 0; g < GW_N_GATES; g++) {
        for (size_t c = 0; c < all->n; c++) sorted[c] = all->posterior[c * GW_N_GATES + g];
        qsort(sorted, all->n, sizeof *sorted, ascending);
        for (size_t c = 0; c < all->n; c++) {
            const double p = all->posterior[c * GW_N_GATES + g];
            double below = 0;
            for (size_t low = 0, high = all->n; low < high;) { /* the largest that is smaller */
                const size_t middle = (low + high) / 2;
                if (sorted[middle] < p) {
                    below = sorted[middle];
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            gate->room[c * GW_N_GATES + g] = fmin(p - below, 1e-3 * p);
        }
    }
    mem_free(sorted);
    return GW_OK;
}

int pattern_gate_finish(const struct R(gate) *of, struct pattern_gate *gate) {
    struct patterns_config config = {.model = *(const struct patterns_params *)own_of_encoder(&of->net.config),
                                     .training = of->train};
    TRY(patterns_borrow(&config, of->weights, &gate->model));
    return make_room(gate);
}

/* ---- scores ------------------------------------------------------------------------------------------------------- */

static int score_latents(const struct pattern_gate *gate, const float *latent, size_t n, float *probability) {
    const struct pattern_categories *all = &gate->categories;
    if (gate->model->config.model.category_rates == PATTERN_RATES_NEAR)
        return pattern_near_rates(all, latent, n, probability);
    uint32_t *category = mem_calloc(n, sizeof *category);
    float *distance = mem_calloc(n, sizeof *distance);
    int rc = category && distance ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = kmeans_assign(latent, n, all->latent, all->centre, all->n, category, distance);
    for (size_t i = 0; rc == GW_OK && i < n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            const size_t at = category[i] * GW_N_GATES + g;
            /* A distance is 0 to 2: at most 9/10 of the room. */
            probability[i * GW_N_GATES + g] = (float)(all->posterior[at] - .45 * gate->room[at] * (double)distance[i]);
        }
    mem_free(distance);
    mem_free(category);
    return rc;
}

int pattern_gate_score(const struct pattern_gate *gate, const struct gw_series *series, const struct gw_sample *sample,
                       size_t n, float *probability) {
    const struct pattern_windows windows = {series, sample, n};
    float *latent = mem_calloc(n * gate->categories.latent, sizeof *latent);
    if (!latent) return GW_ERR_NOMEM;
    int rc = patterns_encode(gate->model, &windows, latent);
    if (rc == GW_OK) rc = score_latents(gate, latent, n, probability);
    mem_free(latent);
    return rc;
}

static int average_precision(const struct gw_fit_input *input, const float *probability, double ap[GW_N_GATES]) {
    const size_t n = input->n_validation;
    float *score = mem_calloc(n, sizeof *score);
    int8_t *label = mem_calloc(n, sizeof *label);
    int rc = score && label ? GW_OK : GW_ERR_NOMEM;
    for (size_t g = 0; rc == GW_OK && g < GW_N_GATES; g++) {
        size_t labelled = 0;
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &input->validation[i];
            const int8_t is = input->series[sample->series].label[g][sample->row];
            if (is == GW_LABEL_MISSING) continue;
            score[labelled] = probability[i * GW_N_GATES + g];
            label[labelled++] = is;
        }
        rc = gw_metric_average_precision(score, label, labelled, &ap[g]);
    }
    mem_free(label);
    mem_free(score);
    return rc;
}

/* ---- importance ----------------------------------------------------------------------------------------------------- */

struct importance {
    float *x, *mixed, *latent, *probability;
    uint32_t *from;
};

static int judge(const struct pattern_gate *gate, const struct gw_fit_input *input, const struct importance *work,
                 const float *x, double ap[GW_N_GATES]) {
    const size_t n = input->n_validation;
    TRY(patterns_encode_x(gate->model, x, n, work->latent));
    TRY(score_latents(gate, work->latent, n, work->probability));
    return average_precision(input, work->probability, ap);
}

static int importance_of(const struct pattern_gate *gate, const struct gw_fit_input *input, uint64_t seed,
                         struct importance *work, double *drop) {
    const size_t n = input->n_validation, P = gate->model->net.shape.steps, row = P * PATTERN_CHANNELS;
    double whole[GW_N_GATES], without[GW_N_GATES];
    for (size_t i = 0; i < n; i++) {
        const struct gw_sample *sample = &input->validation[i];
        pattern_window(input->series[sample->series].bar, sample->row, P, work->x + i * row);
        work->from[i] = (uint32_t)i;
    }
    TRY(judge(gate, input, work, work->x, whole));
    for (size_t channel = 0; channel < PATTERN_CHANNELS; channel++) {
        struct gw_rng rng;
        TRY(interrupt_check());
        gw_rng_key(&rng, seed, "importance of a channel", channel, 0, 0);
        gw_rng_shuffle(&rng, work->from, n);
        memcpy(work->mixed, work->x, n * row * sizeof *work->x);
        for (size_t i = 0; i < n; i++)
            for (size_t j = channel; j < row; j += PATTERN_CHANNELS)
                work->mixed[i * row + j] = work->x[work->from[i] * row + j];
        TRY(judge(gate, input, work, work->mixed, without));
        for (size_t g = 0; g < GW_N_GATES; g++) drop[g * PATTERN_CHANNELS + channel] = whole[g] - without[g];
    }
    return GW_OK;
}

int pattern_gate_importance(const struct pattern_gate *gate, const struct gw_fit_input *input, uint64_t seed,
                            double *drop) {
    const size_t n = input->n_validation, row = gate->model->net.shape.steps * PATTERN_CHANNELS;
    struct importance work = {.x = mem_calloc(n * row, sizeof(float)),
                              .mixed = mem_calloc(n * row, sizeof(float)),
                              .latent = mem_calloc(n * gate->categories.latent, sizeof(float)),
                              .probability = mem_calloc(n * GW_N_GATES, sizeof(float)),
                              .from = mem_calloc(n, sizeof(uint32_t))};
    int rc = work.x && work.mixed && work.latent && work.probability && work.from ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = importance_of(gate, input, seed, &work, drop);
    mem_free(work.from);
    mem_free(work.probability);
    mem_free(work.latent);
    mem_free(work.mixed);
    mem_free(work.x);
    return rc;
}

/* ---- the fit --------------------------------------------------------------------------------------------------------- */

static struct gw_epoch_record record_of(const struct patterns_epoch *e) {
    struct gw_epoch_record record = {.epoch = e->epoch,
                                     .learning_rate = e->learning_rate,
                                     .train_loss = e->train,
                                     .validation_loss = e->valid,
                                     .best = e->best,
                                     .parts = {{e->train_r, e->train_c}, {e->valid_r, e->valid_c}},
                                     .has_parts = true};
    for (size_t g = 0; g < GW_N_GATES; g++) record.validation_ap[g] = NAN;
    return record;
}

static void on_epoch(void *context, const struct patterns_epoch *epoch, size_t epochs, double windows_per_second) {
    const struct gw_fit_options *options = context;
    const struct gw_epoch_record record = record_of(epoch);
    if (options->on_epoch) options->on_epoch(options->context, &record, epochs, windows_per_second);
}

static int fill_log(const struct patterns_log *from, struct gw_training_log *log) {
    *log = (struct gw_training_log){.epoch = mem_calloc(from->n, sizeof *log->epoch)};
    if (!log->epoch) return GW_ERR_NOMEM;
    for (; log->n_epochs < from->n; log->n_epochs++) log->epoch[log->n_epochs] = record_of(&from->epoch[log->n_epochs]);
    log->best_epoch = from->best;
    log->windows = from->windows;
    return GW_OK;
}

static int fit_categories(const struct gw_fit_input *input, const struct gw_fit_options *options,
                          const struct patterns_model *model, const struct pattern_gate *previous,
                          struct pattern_categories *out) {
    const struct pattern_windows windows = {input->series, input->train, input->n_train};
    const struct patterns_params *params = &model->config.model;
    float *latent = mem_calloc(windows.n * params->latent, sizeof *latent);
    int rc = latent ? patterns_encode(model, &windows, latent) : GW_ERR_NOMEM;
    if (rc == GW_OK)
        rc = pattern_categories_fit(&windows, latent, params->latent, params->categories, options->seed,
                                    previous ? &previous->categories : NULL, out);
    mem_free(latent);
    return rc;
}

/* What the gate says of the validation slice: into the record of the epoch that was kept, and the calibration. */
static int judge_validation(const struct gw_fit_input *input, const struct pattern_gate *gate, struct R(gate) *out,
                            struct gw_training_log *log) {
    const size_t n = input->n_validation;
    if (n == 0) return GW_OK;
    float *p = mem_calloc(n * GW_N_GATES, sizeof *p);
    double *logit = mem_calloc(n, sizeof *logit);
    int8_t *label = mem_calloc(n, sizeof *label);
    int rc = p && logit && label ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = pattern_gate_score(gate, input->series, input->validation, n, p);
    if (rc == GW_OK) rc = average_precision(input, p, log->epoch[log->best_epoch - 1].validation_ap);
    for (size_t g = 0; rc == GW_OK && g < GW_N_GATES; g++) {
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &input->validation[i];
            logit[i] = pattern_logit(p[i * GW_N_GATES + g]);
            label[i] = input->series[sample->series].label[g][sample->row];
        }
        rc = calibration_fit(out->train.calibration, logit, label, n, &out->calibration[g]);
    }
    mem_free(label);
    mem_free(logit);
    mem_free(p);
    return rc;
}

double pattern_logit(float p) {
    const double inside = fmin(fmax((double)p, 1e-12), 1 - 1e-12);
    return log(inside / (1 - inside));
}

int pattern_gate_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                     const struct gw_fit_input *input, const struct gw_fit_options *options,
                     const struct pattern_gate *previous, struct R(gate) *out, struct pattern_gate **gate,
                     struct gw_training_log *log) {
    const double start = clock_seconds();
    struct cpu_time work = {0};
    const struct cpu_span span = cpu_enter(&work);
    const struct patterns_config config = {.model = *(const struct patterns_params *)own_of_encoder(model),
                                           .training = *train};
    const bool warm = previous && train->retrain != GW_RETRAIN_FRESH;
    const struct patterns_options own = {.seed = options->seed,
                                         .previous = warm ? previous->model : NULL,
                                         .on_epoch = on_epoch,
                                         .context = (void *)options,
                                         .checkpoint = options->checkpoint,
                                         .checkpoint_key = options->checkpoint_key};
    const struct pattern_windows windows[] = {{input->series, input->train, input->n_train},
                                              {input->series, input->validation, input->n_validation}};
    struct patterns_model *trained = NULL;
    int rc = GW_ERR_NOMEM;
    memset(out, 0, sizeof *out);
    memset(log, 0, sizeof *log);
    *gate = mem_calloc(1, sizeof **gate);
    if (!*gate) goto end;
    TRY_GOTO(R(network_init)(&out->net, model), end);
    out->train = *train;
    out->seed = options->seed;
    TRY_GOTO(patterns_fit(&config, &windows[0], &windows[1], &own, &trained, &(*gate)->log), end);
    out->weights = trained->weights;
    trained->borrowed = true;
    TRY_GOTO(fit_categories(input, options, trained, warm ? previous : NULL, &(*gate)->categories), end);
    TRY_GOTO(pattern_gate_finish(out, *gate), end);
    TRY_GOTO(fill_log(&(*gate)->log, log), end);
    TRY_GOTO(judge_validation(input, *gate, out, log), end);
    log->seconds = clock_seconds() - start;
end:
    cpu_leave(span);
    log->processor_seconds = cpu_seconds(&work);
    patterns_free(trained);
    if (rc < 0) {
        pattern_gate_free(*gate);
        *gate = NULL;
        R(gate_free)(out);
        gw_training_log_free(log);
    }
    return rc;
}
