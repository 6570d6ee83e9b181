/* A trained autoencoder at work: windows to latents and back, in shards of a fixed shape. */
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "patterns_model.h"

struct transformer_shape patterns_shape(const struct patterns_params *params) {
    return (struct transformer_shape){.steps = params->pattern_bars,
                                      .channels = PATTERN_CHANNELS,
                                      .width = params->pattern_width,
                                      .heads = params->pattern_heads,
                                      .layers = params->pattern_layers,
                                      .latent = params->latent};
}

int patterns_borrow(const struct patterns_config *config, float *weights, struct patterns_model **out) {
    struct patterns_model *model = mem_calloc(1, sizeof *model);
    *out = model;
    if (!model) return GW_ERR_NOMEM;
    const struct transformer_shape shape = patterns_shape(&config->model);
    model->config = *config;
    R(autoencoder_init)(&model->net, &shape, true);
    model->weights = weights;
    model->borrowed = true;
    return GW_OK;
}

void patterns_free(struct patterns_model *model) {
    if (!model) return;
    if (!model->borrowed) mem_free(model->weights);
    mem_free(model);
}

const struct patterns_config *patterns_config_of(const struct patterns_model *model) { return &model->config; }

/* ---- shards ------------------------------------------------------------------------------------------------------ */

struct worker {
    struct R(batch) batch;
    struct R(tile) tile;
};
struct team {
    size_t n;
    struct worker *worker; /* [n] by thread number */
};

static void team_free(struct team *team) {
    for (size_t i = 0; i < team->n; i++) {
        R(batch_free)(&team->worker[i].batch);
        R(tile_free)(&team->worker[i].tile);
    }
    mem_free(team->worker);
}

static int team_init(struct team *team, const struct autoencoder *net) {
    const size_t n = (size_t)omp_get_num_threads();
    *team = (struct team){.worker = mem_calloc(n, sizeof *team->worker)};
    if (!team->worker) return GW_ERR_NOMEM;
    while (team->n < n) {
        struct worker *worker = &team->worker[team->n++];
        TRY(R(batch_init)(&worker->batch, net, TRANSFORMER_SHARD, false));
        TRY(R(tile_init)(&worker->tile, net, false));
    }
    return GW_OK;
}

/* From one of three to one of two. */
struct job {
    const struct patterns_model *model;
    const struct pattern_windows *windows;
    const float *x, *latent;
    size_t n;
    float *to_latent, *to_x;
};

static void encode_shard(const struct job *job, const struct R(pieces) *with, size_t at, size_t n) {
    const size_t P = job->model->net.shape.steps, row = P * PATTERN_CHANNELS;
    /* OpenBLAS gives a row other last bits in other company: with it the shape is always that of a whole shard. */
    const size_t rows = with->k->rows_together ? TRANSFORMER_SHARD : n;
    float *x = with->batch->x;
    for (size_t b = 0; b < n && job->windows; b++) {
        const struct gw_sample *sample = &job->windows->sample[at + b];
        pattern_window(job->windows->series[sample->series].bar, sample->row, P, x + b * row);
    }
    if (!job->windows) memcpy(x, job->x + at * row, n * row * sizeof *x);
    memset(x + n * row, 0, (rows - n) * row * sizeof *x);
    R(encode_layers)(with, 0, rows);
    R(narrow_forward)(with, rows, false);
    const size_t L = job->model->net.shape.latent;
    memcpy(job->to_latent + at * L, with->batch->z, n * L * sizeof *job->to_latent);
}

static void decode_shard(const struct job *job, const struct R(pieces) *with, struct R(tile) *tile, size_t at,
                         size_t n) {
    const size_t L = job->model->net.shape.latent, row = job->model->net.shape.steps * PATTERN_CHANNELS;
    const size_t rows = with->k->rows_together ? TRANSFORMER_SHARD : n;
    memcpy(with->batch->z, job->latent + at * L, n * L * sizeof *job->latent);
    memset(with->batch->z + n * L, 0, (rows - n) * L * sizeof *job->latent);
    R(widen_forward)(with, rows, false);
    R(decode_layers)(with, 0, rows, 0, NULL, tile, with->batch->x);
    memcpy(job->to_x + at * row, with->batch->x, n * row * sizeof *job->to_x);
}

static void run_shard(const struct job *job, const struct team *team, size_t s) {
    struct worker *worker = &team->worker[omp_get_thread_num()];
    const size_t at = s * TRANSFORMER_SHARD, n = job->n - at < TRANSFORMER_SHARD ? job->n - at : TRANSFORMER_SHARD;
    const struct R(pieces) with = {&job->model->net, R(kernels_active)(), job->model->weights, &worker->batch};
    if (job->to_latent)
        encode_shard(job, &with, at, n);
    else
        decode_shard(job, &with, &worker->tile, at, n);
}

static int run(const struct job *job) {
    const size_t n_shards = (job->n + TRANSFORMER_SHARD - 1) / TRANSFORMER_SHARD;
    struct team team;
    int rc = team_init(&team, &job->model->net);
    if (rc == GW_OK) {
        const struct team *all = &team;
        struct cpu_time *work = cpu_current();
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(job, all, n_shards, work)
        for (size_t s = 0; s < n_shards; s++) {
#pragma GCC diagnostic pop
            const struct cpu_span span = cpu_enter(work);
            run_shard(job, all, s);
            cpu_leave(span);
        }
    }
    team_free(&team);
    return rc;
}

int patterns_encode(const struct patterns_model *model, const struct pattern_windows *windows, float *latent) {
    return run(&(struct job){.model = model, .windows = windows, .n = windows->n, .to_latent = latent});
}

int patterns_encode_x(const struct patterns_model *model, const float *x, size_t n, float *latent) {
    return run(&(struct job){.model = model, .x = x, .n = n, .to_latent = latent});
}

int patterns_decode(const struct patterns_model *model, const float *latent, size_t n, float *x) {
    return run(&(struct job){.model = model, .latent = latent, .n = n, .to_x = x});
}
