/* Scoring: forward passes over any number of windows. */
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/training/training.h"

int R(team_init)(struct R(team) *team, const struct R(network) *net, bool train) {
    size_t n = (size_t)omp_get_num_threads();
    team->ws = mem_calloc(n, sizeof *team->ws);
    if (!team->ws) return GW_ERR_NOMEM;
    for (team->n = 0; team->n < n; team->n++) TRY(R(workspace_init)(&team->ws[team->n], net, train));
    return GW_OK;
}

int R(team_init_stream)(struct R(team) *team, const struct R(network) *net, size_t steps, size_t scored) {
    size_t n = (size_t)omp_get_num_threads();
    team->ws = mem_calloc(n, sizeof *team->ws);
    team->carry = mem_calloc(n, sizeof *team->carry);
    if (!team->ws || !team->carry) return GW_ERR_NOMEM;
    for (team->n = 0; team->n < n; team->n++) {
        TRY(R(carry_init)(&team->carry[team->n], net));
        if (steps > 0) TRY(R(segment_workspace)(&team->ws[team->n], net, steps, scored));
    }
    return GW_OK;
}

void R(team_free)(struct R(team) *team) {
    for (size_t i = 0; team->carry && i < team->n; i++) R(carry_free)(&team->carry[i]);
    mem_free(team->carry);
    for (size_t i = 0; i < team->n; i++) R(workspace_free)(&team->ws[i]);
    mem_free(team->ws);
    memset(team, 0, sizeof *team);
}

static void copy_attention(const struct R(network) *net, const struct R(workspace) *ws, size_t first, size_t n,
                           const struct gw_attention_out *out) {
    size_t per_window = net->maps * net->config.lookback, F = net->config.n_features;
    if (out->time)
        for (size_t i = 0; i < n * per_window; i++) out->time[first * per_window + i] = (float)ws->map[i];
    const size_t said = net->decoder.steps * GW_PATH_SIDES;
    if (out->path)
        for (size_t i = 0; i < n * said; i++) out->path[first * said + i] = (float)ws->decoder.forecast[i];
    if (out->cross)
        for (size_t i = 0; i < n * net->cross.lookback; i++)
            out->cross[first * net->cross.lookback + i] = (float)ws->cross.map[i];
    if (out->feature && net->attention->encoder)
        for (size_t i = 0; i < n * F; i++) out->feature[first * F + i] = (float)ws->feature_map[i];
}

/* Series are carried side by side, each by one thread. */
static void score_streams(const real *weights, const real *packed, const struct R(team) *team,
                          const struct gw_series *series, const struct gw_sample *sample, size_t n, real *logit,
                          const struct gw_attention_out *attention) {
    struct cpu_time *work = cpu_current();
    size_t end;
#pragma omp taskgroup
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && sample[end].series == sample[i].series;) end++;
#pragma omp task default(none) firstprivate(i, end, weights, packed, team, series, sample, logit, attention, work)
        {
            const struct cpu_span span = cpu_enter(work);
            struct R(carry) *carry = &team->carry[omp_get_thread_num()];
            size_t per_sample = carry->net->maps * carry->net->config.lookback;
            struct gw_attention_out own = {.n_maps = carry->net->maps};
            if (attention && attention->time) own.time = attention->time + i * per_sample;
            R(stream_logits)
            (carry, weights, packed, series, sample + i, end - i, logit + i * GW_N_GATES, own.time ? &own : NULL);
            cpu_leave(span);
        }
    }
}

void R(score_logits)(const struct R(network) *net, const real *weights, const real *packed, const struct R(team) *team,
                     const struct gw_series *series, const struct gw_sample *sample, size_t n, real *logit,
                     const struct gw_attention_out *attention) {
    size_t n_shards = (n + SHARD_WINDOWS - 1) / SHARD_WINDOWS;
    const struct R(kernels) *k = R(kernels_active)();
    struct cpu_time *work = cpu_current();
    /* A bar that comes live is a window alone. Shards are filled up so that a window's bits do not depend on its
     * neighbours; our own kernels give them to any number of rows, OpenBLAS does not, and an encoder may count on all. */
    bool alone = n == 1 && !net->attention->encoder && !*gw_kernels_build();
    if (net->stream) {
        score_streams(weights, packed, team, series, sample, n, logit, attention);
        return;
    }
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none)                                                                        \
    firstprivate(n_shards, k, net, weights, packed, team, series, sample, n, logit, attention, alone, work)
    for (size_t s = 0; s < n_shards; s++) {
#pragma GCC diagnostic pop
        size_t first = s * SHARD_WINDOWS, count = n - first < SHARD_WINDOWS ? n - first : SHARD_WINDOWS;
        uint32_t index[SHARD_WINDOWS];
        for (size_t b = 0; b < SHARD_WINDOWS; b++) index[b] = (uint32_t)(first + (b < count ? b : count - 1));
        const struct cpu_span span = cpu_enter(work);
        struct R(workspace) *ws = &team->ws[omp_get_thread_num()];
        struct R(pass) pass = {net, k, weights, packed, NULL, ws};
        struct R(shard) shard = {.series = series, .sample = sample, .index = index, .n = alone ? 1 : SHARD_WINDOWS};
        R(shard_run)(&pass, &shard);
        memcpy(logit + first * GW_N_GATES, ws->logit, count * GW_N_GATES * sizeof *logit);
        if (attention) copy_attention(net, ws, first, count, attention);
        cpu_leave(span);
    }
}

int R(gate_logits)(const struct R(gate) *gate, const struct gw_series *series, const struct gw_sample *sample, size_t n,
                   real *logit, const struct gw_attention_out *attention) {
    struct R(team) team = {0};
    int rc = GW_ERR_NOMEM;
    real *packed = mem_calloc(gate->net.pack_size, sizeof *packed);
    if (!packed) goto end;
    TRY_GOTO(gate->net.stream ? R(team_init_stream)(&team, &gate->net, 0, 0) : R(team_init)(&team, &gate->net, false),
             end);
    R(network_pack)(&gate->net, gate->weights, packed);
    R(score_logits)(&gate->net, gate->weights, packed, &team, series, sample, n, logit, attention);
end:
    R(team_free)(&team);
    mem_free(packed);
    return rc;
}

void R(gate_free)(struct R(gate) *gate) {
    for (size_t i = 0; i < GW_N_GATES; i++) calibration_free(&gate->calibration[i]);
    mem_free(gate->theta);
    mem_free(gate->weights);
    mem_free(gate->snapshot);
    mem_free(gate->mix);
    gate->weights = gate->theta = gate->snapshot = NULL;
    gate->mix = NULL;
    gate->n_snapshots = 0;
}
