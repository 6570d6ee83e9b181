/* One epoch: mini-batches of shards, gradients added in shard order, one update after every `accumulate` batches. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/api/batches.h"
#include "models/kernels/subnormal.h"
#include "training.h"

/* Weight of a labelled sample of this batch in the loss: mean over samples per gate, mean over gates. */
static void set_weights(struct R(training) *fit, const uint32_t *index, size_t n) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        size_t labelled = 0;
        for (size_t i = 0; i < n; i++) {
            const struct gw_sample *sample = &fit->input->train[index[i]];
            labelled += fit->input->series[sample->series].label[gate][sample->row] != GW_LABEL_MISSING;
        }
        fit->loss.weight[gate] = labelled ? 1.0 / (double)(labelled * GW_N_GATES) : 0;
    }
    const size_t paths = R(decoder_count)(&fit->net, fit->input->series, fit->input->train, index, n);
    fit->loss.path_weight =
        paths ? decoder_own(&fit->net.config)->decoder_weight / (double)(paths * fit->net.decoder.steps * GW_PATH_SIDES)
              : 0;
    R(training_scale_loss)(fit);
}

void R(training_scale_loss)(struct R(training) *fit) {
    for (size_t gate = 0; gate < GW_N_GATES; gate++) fit->loss.weight[gate] *= fit->scale.now;
    fit->loss.path_weight *= fit->scale.now;
}

static void run_shard(struct R(training) *fit, const uint32_t *index, size_t n, size_t s) {
    size_t first = s * SHARD_WINDOWS, size = fit->net.tensors.size;
    real *gradient = fit->shard_gradient + s * size;
    memset(gradient, 0, size * sizeof *gradient);
    struct R(pass) pass = {&fit->net, fit->k, fit->weights, fit->packed, gradient, &fit->team.ws[omp_get_thread_num()]};
    struct R(shard) shard = {
        .series = fit->input->series,
        .sample = fit->input->train,
        .index = index + first,
        .n = n - first < SHARD_WINDOWS ? n - first : SHARD_WINDOWS,
        .loss = &fit->loss,
        .encoder_frozen = fit->lora.plan.n > 0 && !fit->lora.plan.in_encoder,
    };
    const unsigned mode = subnormal_off();
    R(shard_run)(&pass, &shard);
    subnormal_restore(mode);
    fit->shard_loss[s] = shard.loss_sum;
    fit->shard_path[s] = shard.path_sum;
}

/* What the batch's moves lost, its weight taken out again: the epoch's line shows the mean, which no lambda or batch changes. */
static void gather_paths(struct R(training) *fit, size_t n_shards) {
    const double weight = fit->loss.path_weight;
    if (!(weight > 0)) return;
    fit->paths.moves += decoder_own(&fit->net.config)->decoder_weight * fit->scale.now / weight;
    for (size_t s = 0; s < n_shards; s++) fit->paths.loss += fit->shard_path[s] / weight;
}

/* Adds the batch's gradient to fit->gradient and returns its loss. */
static double run_batch(struct R(training) *fit, const uint32_t *index, size_t n) {
    struct cpu_time *work = cpu_current();
    size_t n_shards = (n + SHARD_WINDOWS - 1) / SHARD_WINDOWS;
    set_weights(fit, index, n);
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(fit, index, n, n_shards, work)
    for (size_t s = 0; s < n_shards; s++) {
#pragma GCC diagnostic pop
        const struct cpu_span span = cpu_enter(work);
        run_shard(fit, index, n, s);
        cpu_leave(span);
    }
    gather_paths(fit, n_shards);
    return R(training_sum_shards)(fit, n_shards);
}

double R(training_sum_shards)(struct R(training) *fit, size_t n_shards) {
    size_t size = fit->net.tensors.size;
    double loss = 0;
    for (size_t s = 0; s < n_shards; s++) {
        for (size_t p = 0; p < fit->n_parts; p++) {
            size_t first = fit->part[p].first;
            fit->k->axpy(fit->part[p].n, 1, fit->shard_gradient + s * size + first, fit->gradient + first);
        }
        loss += fit->shard_loss[s];
    }
    return loss / fit->scale.now;
}

int R(training_diverged)(const struct R(training) *fit, uint64_t epoch, const char *what) {
    FAIL(GW_ERR_DATA, "training diverged at epoch %llu (%s is not finite); lower training.learning_rate (now %g)",
         (unsigned long long)epoch, what, fit->config->learning_rate);
}

/* An update with what the batches have gathered; `norm` is that of its gradient. */
static void take_step(struct R(training) *fit, struct R(optimizer_step) *step, double norm) {
    if (fit->config->clip_norm > 0 && norm > fit->config->clip_norm) step->scale *= fit->config->clip_norm / norm;
    fit->optimizer->step(step);
}

int R(training_update)(struct R(training) *fit, uint64_t epoch, size_t n_batches, double *rate) {
    bool adapters = fit->lora.plan.n > 0;
    if (adapters) R(lora_gradient)(&fit->lora, fit->k, fit->updates + 1, fit->gradient);
    *rate = R(schedule_rate)(fit->schedule, fit->config->learning_rate, (double)(fit->updates - fit->cycle.first),
                             (double)fit->cycle.warmup_updates, (double)fit->cycle.updates,
                             fit->config->schedule_own[fit->config->schedule].bytes);
    struct R(optimizer_step) step = {
        .k = fit->k,
        .own = fit->config->optimizer_own[fit->config->optimizer].bytes,
        .n = adapters ? fit->lora.plan.size : fit->net.tensors.size,
        .w = adapters ? fit->lora.theta : fit->weights,
        .g = adapters ? fit->lora.gradient : fit->gradient,
        .state = fit->state,
        .scale = 1 / (double)n_batches / fit->scale.now,
        .number = fit->updates - fit->scale.skipped + 1, /* one that is skipped leaves no trace in the optimiser */
        .rate = *rate,
    };
    const double norm = sqrt(fit->k->sum_squares(step.n, step.g)) * step.scale;
    const bool finite = isfinite(norm);
    if (!loss_scale_note(&fit->scale, finite)) return R(training_diverged)(fit, epoch, "the gradient");
    if (finite) take_step(fit, &step, norm);
    fit->updates++;
    if (adapters) R(lora_merge)(&fit->lora, fit->updates + 1, fit->weights);
    R(network_pack_for)(&fit->net, fit->k, fit->weights, fit->packed);
    memset(fit->gradient, 0, fit->net.tensors.size * sizeof *fit->gradient);
    return GW_OK;
}

int R(training_epoch)(struct R(training) *fit, uint64_t epoch, struct gw_epoch_record *record) {
    size_t n = fit->input->n_train, batch = fit->config->batch_size, group = 0;
    TRY(batches_order(fit->input, fit->config, fit->options->seed, epoch, fit->order));
    fit->loss.epoch = epoch;
    fit->paths.moves = fit->paths.loss = 0;
    double loss_sum = 0;
    for (size_t first = 0; first < n; first += batch) {
        size_t count = n - first < batch ? n - first : batch;
        TRY(interrupt_check());
        double loss = run_batch(fit, fit->order + first, count);
        if (!isfinite(loss)) return R(training_diverged)(fit, epoch, "the loss");
        loss_sum += loss * (double)count;
        if (++group == fit->config->accumulate || first + count == n) {
            TRY(R(training_update)(fit, epoch, group, &record->learning_rate));
            group = 0;
        }
        fit->windows += count;
        if (fit->options->on_windows) fit->options->on_windows(fit->options->context, count);
    }
    record->epoch = (uint32_t)epoch;
    record->train_loss = loss_sum / (double)n;
    record->has_paths = fit->paths.moves > 0;
    record->path_loss = record->has_paths ? fit->paths.loss / fit->paths.moves : NAN;
    return GW_OK;
}
