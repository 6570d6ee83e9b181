/* The fit: start weights, epochs, early stopping with the best weights restored, calibration. */
#include "training.h"
#include "engine/base/base.h"
#include "models/kernels/subnormal.h"

#include <math.h>
#include <string.h>

/* ---- setting up ------------------------------------------------------------------------------------------ */

static int check_samples(const struct R(training) *fit, const struct gw_sample *sample, size_t n, const char *what) {
    size_t reach = R(network_reach)(&fit->net);
    for (size_t i = 0; i < n; i++)
        if (sample[i].series >= fit->input->n_series || sample[i].row + (size_t)1 < reach ||
            sample[i].row >= fit->input->series[sample[i].series].n_rows)
            FAIL(GW_ERR_INTERNAL, "%s sample %zu (series %u, row %u) has no full window", what, i, sample[i].series,
                 sample[i].row);
    return GW_OK;
}

static int check_input(const struct R(training) *fit) {
    const struct gw_fit_input *input = fit->input;
    if (input->n_features != fit->net.config.n_features)
        FAIL(GW_ERR_INTERNAL, "the model has %zu features, its input %zu", fit->net.config.n_features,
             input->n_features);
    if (input->n_features == 0) FAIL(GW_ERR_CONFIG, "features: a model needs at least one feature");
    if (input->n_train == 0)
        FAIL(GW_ERR_DATA,
             "no training samples: the training slice is shorter than the lookback, the horizon and the purge");
    if (input->n_train > UINT32_MAX) FAIL(GW_ERR_DATA, "more than %u training samples", UINT32_MAX);
    TRY(check_samples(fit, input->train, input->n_train, "training"));
    return check_samples(fit, input->validation, input->n_validation, "validation");
}

static int allocate(struct R(training) *fit) {
    size_t size = fit->net.tensors.size, n_train = fit->input->n_train, n_validation = fit->input->n_validation;
    size_t batch = fit->config->batch_size < n_train ? fit->config->batch_size : n_train;
    size_t scored = fit->loss_ops->self_paced && n_train > n_validation ? n_train : n_validation;
    fit->n_shards = (batch + SHARD_WINDOWS - 1) / SHARD_WINDOWS;
    if (fit->net.stream) TRY(R(training_stream_init)(fit)); /* has its own shards and its own team */
    fit->weights = mem_calloc(size, sizeof(real));
    fit->best = mem_calloc(size, sizeof(real));
    fit->gradient = mem_calloc(size, sizeof(real));
    fit->packed = mem_calloc(fit->net.pack_size, sizeof(real));
    fit->shard_gradient = mem_calloc(fit->n_shards * size, sizeof(real));
    fit->shard_loss = mem_calloc(fit->n_shards, sizeof *fit->shard_loss);
    fit->shard_path = mem_calloc(fit->n_shards, sizeof *fit->shard_path);
    fit->logit = mem_calloc(scored * GW_N_GATES, sizeof(real));
    fit->loss_value = mem_calloc(fit->loss_ops->self_paced ? n_train : 1, sizeof *fit->loss_value);
    fit->order = mem_calloc(n_train, sizeof *fit->order);
    if (!fit->weights || !fit->best || !fit->gradient || !fit->packed || !fit->shard_gradient || !fit->shard_loss ||
        !fit->shard_path || !fit->logit || !fit->loss_value || !fit->order)
        return GW_ERR_NOMEM;
    return fit->net.stream ? GW_OK : R(team_init)(&fit->team, &fit->net, true);
}

/* Adapters on the weights as they are; nothing else is trained from here on. */
static int start_adapters(struct R(training) *fit) {
    TRY(R(lora_init)(&fit->lora, &fit->net, fit->config, fit->options->seed, fit->weights));
    R(lora_merge)(&fit->lora, 1, fit->weights);
    for (fit->n_parts = 0; fit->n_parts < fit->lora.plan.n; fit->n_parts++) {
        const struct tensor *tensor = &fit->net.tensors.item[fit->lora.plan.matrix[fit->n_parts].tensor];
        fit->part[fit->n_parts].first = tensor->offset;
        fit->part[fit->n_parts].n = tensor->rows * tensor->columns;
    }
    return GW_OK;
}

/* Fresh weights, or those of the fold before; under "lora" adapters on top of them. */
static int start_weights(struct R(training) *fit, const struct R(gate) *previous) {
    bool fresh = fit->config->retrain == GW_RETRAIN_FRESH || !previous;
    size_t size = fit->net.tensors.size, trained = size;
    fit->part[0].n = size;
    fit->n_parts = 1;
    if (fresh) {
        TRY(R(network_start)(&fit->net, fit->options->seed, fit->weights));
    } else {
        if (!tensors_same_shape(&previous->net.tensors, &fit->net.tensors))
            FAIL(GW_ERR_CONFIG, "training.retrain: \"%s\" needs a previous model of the same shape",
                 gw_param_word(&gw_train_params, fit->config, "retrain"));
        memcpy(fit->weights, previous->weights, size * sizeof *fit->weights);
    }
    if (!fresh && fit->config->retrain == GW_RETRAIN_LORA) {
        TRY(start_adapters(fit));
        trained = fit->lora.plan.size;
    }
    R(network_pack_for)(&fit->net, fit->k, fit->weights, fit->packed);
    fit->state = mem_calloc(fit->optimizer->state_blocks * trained, sizeof *fit->state);
    return fit->state ? GW_OK : GW_ERR_NOMEM;
}

static void set_loss(struct R(training) *fit) {
    fit->loss = (struct R(shard_loss)){
        .ops = fit->loss_ops,
        .own = loss_own(fit->config),
        .lambda = fit->loss_ops->self_paced ? (const double(*)[2])fit->lambda : NULL,
        .dropout = fit->net.config.dropout,
        .seed = fit->options->seed,
    };
}

static uint64_t updates_of(const struct R(training) *fit, uint64_t epoch) {
    if (fit->net.stream) return R(training_stream_updates)(fit, epoch);
    const size_t per_update = fit->config->batch_size * fit->config->accumulate;
    return (fit->input->n_train + per_update - 1) / per_update;
}

/* The schedule begins anew; only the first cycle warms up. */
static void begin_cycle(struct R(training) *fit, uint64_t epoch) {
    fit->cycle.first = fit->updates;
    fit->cycle.updates = 0;
    for (uint64_t k = 0; k < fit->cycle.epochs; k++) fit->cycle.updates += updates_of(fit, epoch + k);
    const double warmup = epoch == 1 ? fit->config->warmup_epochs : 0;
    fit->cycle.warmup_updates = (uint64_t)llround(warmup * (double)updates_of(fit, epoch));
}

static int set_up(struct R(training) *fit, const struct gw_model_config *model, const struct R(gate) *previous) {
    TRY(R(network_init)(&fit->net, model));
    fit->k = R(kernels_active)();
    if (fit->config->precision == GW_PRECISION_BF16) fit->k = R(kernels_mixed)();
    if (fit->config->precision == GW_PRECISION_FP16) fit->k = R(kernels_half)();
    const bool goes_on = previous && fit->config->retrain != GW_RETRAIN_FRESH;
    loss_scale_begin(&fit->scale, fit->config, goes_on ? previous->scale.now : 0);
    fit->loss_ops = R(loss_at)((size_t)fit->config->loss);
    fit->optimizer = R(optimizer_at)((size_t)fit->config->optimizer);
    fit->schedule = R(schedule_at)((size_t)fit->config->schedule);
    if (!fit->loss_ops || !fit->optimizer || !fit->schedule)
        FAIL(GW_ERR_CONFIG, "training: loss %d, optimizer %d or schedule %d is no row of its table", fit->config->loss,
             fit->config->optimizer, fit->config->schedule);
    TRY(check_input(fit));
    TRY(allocate(fit));
    TRY(start_weights(fit, previous));
    set_loss(fit);
    fit->cycle.epochs = fit->config->epochs / R(schedule_cycles)(fit->config).cycles;
    return R(snapshots_init)(fit);
}

static void tear_down(struct R(training) *fit) {
    R(snapshots_free)(fit);
    R(lora_free)(&fit->lora);
    R(training_stream_free)(fit);
    R(team_free)(&fit->team);
    mem_free(fit->state);
    mem_free(fit->order);
    mem_free(fit->loss_value);
    mem_free(fit->logit);
    mem_free(fit->shard_path);
    mem_free(fit->shard_loss);
    mem_free(fit->shard_gradient);
    mem_free(fit->packed);
    mem_free(fit->gradient);
    mem_free(fit->best);
    mem_free(fit->weights);
}

/* ---- epochs ------------------------------------------------------------------------------------------------ */

/* Higher is better. Average precision is undefined without positives; the loss then stands in for it. */
static double merit(const struct R(training) *fit, const struct gw_epoch_record *record) {
    if (fit->input->n_validation == 0) return record->epoch; /* nothing to choose by: the last epoch */
    if (fit->config->monitor == GW_MONITOR_AVERAGE_PRECISION) {
        double sum = 0;
        size_t n = 0;
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            if (!isnan(record->validation_ap[gate])) {
                sum += record->validation_ap[gate];
                n++;
            }
        if (n > 0) return sum / (double)n;
    }
    return -record->validation_loss;
}

/* Validation sees the adapters whole; training goes on with the next update's dropout in them. */
static int validate(struct R(training) *fit, struct gw_epoch_record *record) {
    if (fit->lora.plan.n > 0) R(lora_merge)(&fit->lora, 0, fit->weights);
    return R(training_validate)(fit, record);
}

static void resume(struct R(training) *fit) {
    if (fit->lora.plan.n == 0) return;
    R(lora_merge)(&fit->lora, fit->updates + 1, fit->weights);
    R(network_pack_for)(&fit->net, fit->k, fit->weights, fit->packed);
}

static int one_epoch(struct R(training) *fit, uint64_t epoch, struct gw_epoch_record *record) {
    fit->epoch_start = clock_seconds();
    if (fit->loss_ops->self_paced) R(training_pace)(fit, epoch);
    const unsigned mode = subnormal_off(); /* of sums and updates, on this thread */
    const int rc =
        fit->net.stream ? R(training_stream_epoch)(fit, epoch, record) : R(training_epoch)(fit, epoch, record);
    subnormal_restore(mode);
    TRY(rc);
    TRY(validate(fit, record));
    if (fit->input->n_validation > 0 && !isfinite(record->validation_loss))
        FAIL(GW_ERR_DATA,
             "training diverged at epoch %llu (validation loss is not finite); lower training.learning_rate "
             "(now %g)",
             (unsigned long long)epoch, fit->config->learning_rate);
    return GW_OK;
}

/* What validation has just seen: merged without dropout. */
static void keep_best(struct R(training) *fit) {
    const struct R(lora) *lora = &fit->lora;
    memcpy(fit->best, fit->weights, fit->net.tensors.size * sizeof *fit->best);
    if (lora->plan.n > 0) memcpy(lora->best, lora->theta, lora->plan.size * sizeof *lora->best);
}

/* The best of them was too long ago. */
static bool gave_up(const struct R(training) *fit, const struct gw_training_log *log) {
    return fit->config->patience > 0 && log->n_epochs > 0 && log->n_epochs - log->best_epoch >= fit->config->patience;
}

static int run_epochs(struct R(training) *fit, struct gw_training_log *log) {
    const size_t stop = fit->options->stop_after;
    const size_t last = stop && stop < fit->config->epochs ? stop : fit->config->epochs;
    const bool kept = fit->options->checkpoint && fit->snapshots.n == 0 && fit->lora.plan.n == 0;
    if (kept) R(training_state_load)(fit, last, log);
    const size_t begun = log->n_epochs;
    double best = begun ? merit(fit, &log->epoch[log->best_epoch - 1]) : -HUGE_VAL;
    for (uint64_t epoch = begun + 1; epoch <= last && !gave_up(fit, log); epoch++) {
        struct gw_epoch_record *record = &log->epoch[log->n_epochs];
        if ((epoch - 1) % fit->cycle.epochs == 0) begin_cycle(fit, epoch);
        TRY(one_epoch(fit, epoch, record));
        if (fit->snapshots.n > 0 && epoch % fit->cycle.epochs == 0) R(snapshots_take)(fit);
        log->n_epochs++;
        double now = merit(fit, record);
        record->best = now > best;
        if (record->best) {
            best = now;
            log->best_epoch = epoch;
            keep_best(fit);
        }
        double seconds = clock_seconds() - fit->epoch_start;
        if (fit->options->on_epoch)
            fit->options->on_epoch(fit->options->context, record, fit->config->epochs,
                                   seconds > 0 ? (double)fit->input->n_train / seconds : 0);
        if (!gave_up(fit, log)) resume(fit);
    }
    if (!kept || fit->options->checkpoint_is_last || log->n_epochs == begun) return GW_OK;
    return R(training_state_store)(fit, log);
}

/* The best weights become the gate's, or the mixture of snapshots; calibration is fitted on what they say of the validation
 * slice. */
static int finish(struct R(training) *fit, struct R(gate) *gate, struct gw_training_log *log) {
    size_t n = fit->input->n_validation;
    if (fit->snapshots.n > 0) {
        TRY(R(snapshots_finish)(fit, gate, log));
    } else {
        real *swap = fit->weights;
        fit->weights = fit->best;
        fit->best = swap;
    }
    if (fit->config->calibration != GW_CALIBRATION_NONE && n > 0) {
        if (fit->snapshots.n == 0) {
            R(network_pack)(&fit->net, fit->weights, fit->packed);
            R(score_logits)
            (&fit->net, fit->weights, fit->packed, &fit->team, fit->input->series, fit->input->validation, n,
             fit->logit, NULL);
        }
        double *logit = mem_calloc(n, sizeof *logit);
        int8_t *label = mem_calloc(n, sizeof *label);
        int rc = logit && label ? GW_OK : GW_ERR_NOMEM;
        for (size_t g = 0; g < GW_N_GATES && rc == GW_OK; g++) {
            for (size_t i = 0; i < n; i++) {
                const struct gw_sample *sample = &fit->input->validation[i];
                logit[i] = (double)fit->logit[i * GW_N_GATES + g];
                label[i] = fit->input->series[sample->series].label[g][sample->row];
            }
            rc = calibration_fit(fit->config->calibration, logit, label, n, &gate->calibration[g]);
        }
        mem_free(label);
        mem_free(logit);
        TRY(rc);
    }
    if (fit->scale.adapts) gate->scale = fit->scale;
    gate->net = fit->net;
    gate->train = *fit->config;
    gate->seed = fit->options->seed;
    gate->weights = fit->weights;
    fit->weights = NULL;
    if (fit->lora.plan.n > 0) {
        gate->theta = fit->lora.best;
        fit->lora.best = NULL;
        gate->base = fit->lora.base;
    }
    return GW_OK;
}

int R(gw_model_fit)(const struct gw_model_config *model, const struct gw_train_config *train,
                    const struct gw_fit_input *input, const struct gw_fit_options *options,
                    const struct R(gate) *previous, struct R(gate) *out, struct gw_training_log *log) {
    int rc;
    double start = clock_seconds();
    struct cpu_time work = {0};
    const struct cpu_span span = cpu_enter(&work);
    memset(out, 0, sizeof *out);
    memset(log, 0, sizeof *log);
    struct R(training) *fit = mem_calloc(1, sizeof *fit);
    log->epoch = mem_calloc(train->epochs, sizeof *log->epoch);
    rc = fit && log->epoch ? GW_OK : GW_ERR_NOMEM;
    if (rc < 0) goto end;
    fit->config = train;
    fit->input = input;
    fit->options = options;
    TRY_GOTO(set_up(fit, model, previous), end);
    TRY_GOTO(run_epochs(fit, log), end);
    TRY_GOTO(finish(fit, out, log), end);
    log->windows = fit->windows;
    log->seconds = clock_seconds() - start;
end:
    cpu_leave(span);
    log->processor_seconds = cpu_seconds(&work);
    if (fit) tear_down(fit);
    mem_free(fit);
    if (rc < 0) {
        R(gate_free)(out);
        gw_training_log_free(log);
    }
    return rc;
}
