/* One epoch over segments: batches of segments side by side, cut into shards whose gradients are added in order. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/kernels/subnormal.h"
#include "training.h"

/* One batch_size serves both unrolls: neighbouring bars say much the same, and a segment counts as 32 windows. */
enum { WINDOWS_PER_SEGMENT = 32 };

int R(training_stream_init)(struct R(training) *fit) {
    const struct gw_train_config *config = fit->config;
    size_t T = fit->net.config.lookback, length = config->segment ? config->segment : 2 * T;
    size_t warmup = config->segment_warmup ? config->segment_warmup : T;
    TRY(segment_plan_init(&fit->stream.plan, fit->input, T, length, warmup));
    fit->stream.side = config->segments ? config->segments : (config->batch_size - 1) / WINDOWS_PER_SEGMENT + 1;
    fit->stream.segment = mem_calloc(fit->stream.plan.most, sizeof *fit->stream.segment);
    fit->stream.order = mem_calloc(fit->stream.plan.most, sizeof *fit->stream.order);
    if (!fit->stream.segment || !fit->stream.order) return GW_ERR_NOMEM;
    size_t most = fit->stream.side < fit->stream.plan.most ? fit->stream.side : fit->stream.plan.most;
    fit->n_shards = (most + SHARD_SEGMENTS - 1) / SHARD_SEGMENTS;
    return R(team_init_stream)(&fit->team, &fit->net, warmup + length, length);
}

void R(training_stream_free)(struct R(training) *fit) {
    segment_plan_free(&fit->stream.plan);
    mem_free(fit->stream.order);
    mem_free(fit->stream.segment);
}

uint64_t R(training_stream_updates)(const struct R(training) *fit, uint64_t epoch) {
    size_t n = segments_draw(&fit->stream.plan, fit->options->seed, epoch, NULL, NULL);
    size_t per_update = fit->stream.side * fit->config->accumulate;
    return (n + per_update - 1) / per_update;
}

/* Weight of a labelled bar of this batch in the loss: mean over bars per gate, mean over gates. Returns the scored bars. */
static size_t set_weights(struct R(training) *fit, const uint32_t *index, size_t n) {
    size_t labelled[GW_N_GATES] = {0}, bars = 0;
    for (size_t i = 0; i < n; i++) {
        const struct segment *segment = &fit->stream.segment[index[i]];
        bars += segment->end - segment->first;
        for (size_t gate = 0; gate < GW_N_GATES; gate++)
            for (size_t row = segment->first; row < segment->end; row++)
                labelled[gate] += fit->stream.plan.label[gate][segment->series][row] != GW_LABEL_MISSING;
    }
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        fit->loss.weight[gate] = labelled[gate] ? 1.0 / (double)(labelled[gate] * GW_N_GATES) : 0;
    R(training_scale_loss)(fit);
    return bars;
}

static void run_shard(struct R(training) *fit, const uint32_t *index, size_t n, size_t s) {
    size_t first = s * SHARD_SEGMENTS, size = fit->net.tensors.size;
    real *gradient = fit->shard_gradient + s * size;
    memset(gradient, 0, size * sizeof *gradient);
    struct R(pass) pass = {&fit->net, fit->k, fit->weights, fit->packed, gradient, &fit->team.ws[omp_get_thread_num()]};
    struct R(segment_shard) shard = {
        .series = fit->input->series,
        .segment = fit->stream.segment,
        .index = index + first,
        .n = n - first < SHARD_SEGMENTS ? n - first : SHARD_SEGMENTS,
        .label = {fit->stream.plan.label[GW_GATE_LONG], fit->stream.plan.label[GW_GATE_SHORT]},
        .loss = &fit->loss,
        .encoder_frozen = fit->lora.plan.n > 0 && !fit->lora.plan.in_encoder,
    };
    const unsigned mode = subnormal_off();
    R(segments_run)(&pass, &shard);
    subnormal_restore(mode);
    fit->shard_loss[s] = shard.loss_sum;
}

static double run_batch(struct R(training) *fit, const uint32_t *index, size_t n) {
    struct cpu_time *work = cpu_current();
    size_t n_shards = (n + SHARD_SEGMENTS - 1) / SHARD_SEGMENTS;
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
    return R(training_sum_shards)(fit, n_shards);
}

int R(training_stream_epoch)(struct R(training) *fit, uint64_t epoch, struct gw_epoch_record *record) {
    size_t n = segments_draw(&fit->stream.plan, fit->options->seed, epoch, fit->stream.segment, fit->stream.order),
           group = 0;
    double loss_sum = 0, bars_sum = 0;
    fit->loss.epoch = epoch;
    for (size_t first = 0; first < n; first += fit->stream.side) {
        size_t count = n - first < fit->stream.side ? n - first : fit->stream.side;
        TRY(interrupt_check());
        size_t bars = set_weights(fit, fit->stream.order + first, count);
        double loss = run_batch(fit, fit->stream.order + first, count);
        if (!isfinite(loss)) return R(training_diverged)(fit, epoch, "the loss");
        loss_sum += loss * (double)bars;
        bars_sum += (double)bars;
        if (++group == fit->config->accumulate || first + count == n) {
            TRY(R(training_update)(fit, epoch, group, &record->learning_rate));
            group = 0;
        }
        fit->windows += bars;
        if (fit->options->on_windows) fit->options->on_windows(fit->options->context, bars);
    }
    record->epoch = (uint32_t)epoch;
    record->train_loss = loss_sum / bars_sum;
    return GW_OK;
}
