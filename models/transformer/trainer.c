/* The loss of a batch and its gradient: shards as tasks, the bottleneck between them. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "transformer.h"

int R(trainer_init)(struct R(trainer) *trainer, const struct autoencoder *net, const struct R(kernels) *k,
                    const struct contrast *contrast, size_t most) {
    const size_t n_shards = (most + TRANSFORMER_SHARD - 1) / TRANSFORMER_SHARD, n = (size_t)omp_get_num_threads();
    memset(trainer, 0, sizeof *trainer);
    trainer->with = (struct R(pieces)){.net = net, .k = k};
    trainer->contrast = *contrast;
    trainer->with.batch = mem_calloc(1, sizeof *trainer->with.batch);
    trainer->tile = mem_calloc(n, sizeof *trainer->tile);
    trainer->shard_gradient = mem_calloc(n_shards * net->shared, sizeof(real));
    trainer->shard_error = mem_calloc(n_shards, sizeof *trainer->shard_error);
    trainer->similarity = mem_calloc(contrast->nt_xent ? most * most : 1, sizeof(real));
    if (!trainer->with.batch || !trainer->tile || !trainer->shard_gradient || !trainer->shard_error ||
        !trainer->similarity)
        return GW_ERR_NOMEM;
    TRY(R(batch_init)(trainer->with.batch, net, most, true));
    for (; trainer->n_tiles < n; trainer->n_tiles++) TRY(R(tile_init)(&trainer->tile[trainer->n_tiles], net, true));
    return GW_OK;
}

void R(trainer_free)(struct R(trainer) *trainer) {
    for (size_t i = 0; i < trainer->n_tiles; i++) R(tile_free)(&trainer->tile[i]);
    if (trainer->with.batch) R(batch_free)(trainer->with.batch);
    mem_free(trainer->similarity);
    mem_free(trainer->shard_error);
    mem_free(trainer->shard_gradient);
    mem_free(trainer->tile);
    mem_free(trainer->with.batch);
    memset(trainer, 0, sizeof *trainer);
}

/* ---- shards -------------------------------------------------------------------------------------------------------- */

enum phase { ENCODE, DECODE, ENCODE_BACK };

static void run_shard(struct R(trainer) *trainer, enum phase phase, size_t n, size_t s, double scale, bool backward) {
    const size_t at = s * TRANSFORMER_SHARD, count = n - at < TRANSFORMER_SHARD ? n - at : TRANSFORMER_SHARD;
    real *gradient = trainer->shard_gradient + s * trainer->with.net->shared;
    struct R(tile) *tile = &trainer->tile[omp_get_thread_num()];
    if (phase == ENCODE) R(encode_layers)(&trainer->with, at, count);
    if (phase == DECODE && backward) memset(gradient, 0, trainer->with.net->shared * sizeof *gradient);
    if (phase == DECODE)
        trainer->shard_error[s] =
            R(decode_layers)(&trainer->with, at, count, scale, backward ? gradient : NULL, tile, NULL);
    if (phase == ENCODE_BACK) R(encode_layers_backward)(&trainer->with, at, count, gradient, tile);
}

static void run_phase(struct R(trainer) *trainer, enum phase phase, size_t n, double scale, bool backward) {
    const size_t n_shards = (n + TRANSFORMER_SHARD - 1) / TRANSFORMER_SHARD;
    struct cpu_time *work = cpu_current();
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(trainer, phase, n, n_shards, scale, backward, work)
    for (size_t s = 0; s < n_shards; s++) {
#pragma GCC diagnostic pop
        const struct cpu_span span = cpu_enter(work);
        run_shard(trainer, phase, n, s, scale, backward);
        cpu_leave(span);
    }
}

/* A piece of the sum of all shards' gradients, in shard order. */
static void sum_piece(const struct R(trainer) *trainer, size_t n_shards, size_t at, size_t n, real *gradient) {
    const size_t shared = trainer->with.net->shared;
    memcpy(gradient + at, trainer->shard_gradient + at, n * sizeof *gradient);
    for (size_t s = 1; s < n_shards; s++)
        trainer->with.k->axpy(n, 1, trainer->shard_gradient + s * shared + at, gradient + at);
}

static void sum_shards(const struct R(trainer) *trainer, size_t n, real *gradient) {
    enum { PIECE = 16384 };
    const size_t n_shards = (n + TRANSFORMER_SHARD - 1) / TRANSFORMER_SHARD, shared = trainer->with.net->shared;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(trainer, n_shards, shared, gradient)
    for (size_t at = 0; at < shared; at += PIECE) {
#pragma GCC diagnostic pop
        sum_piece(trainer, n_shards, at, shared - at < PIECE ? shared - at : PIECE, gradient);
    }
}

/* ---- the whole batch -------------------------------------------------------------------------------------------------- */

static double contrast_of(struct R(trainer) *trainer, size_t n, bool backward) {
    const struct R(batch) *batch = trainer->with.batch;
    const struct contrast *contrast = &trainer->contrast;
    const size_t L = trainer->with.net->shape.latent;
    const struct R(products) by = {R(kernels_active)(), true}; /* small and near 1: in full precision */
    real *dz = backward ? batch->dz : NULL;
    if (backward) memset(dz, 0, n * L * sizeof *dz);
    return contrast->nt_xent
               ? R(nt_xent)(&by, n, L, batch->z, contrast->temperature, contrast->weight, trainer->similarity, dz)
               : R(mean_cosine)(n, L, batch->z, contrast->weight, dz);
}

static double row_norms(size_t n, size_t d, const real *rows) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double squares = 0;
        for (size_t j = 0; j < d; j++) squares += (double)rows[i * d + j] * (double)rows[i * d + j];
        sum += sqrt(squares);
    }
    return sum;
}

struct batch_loss R(trainer_run)(struct R(trainer) *trainer, const real *weights, size_t n, real *gradient) {
    const struct autoencoder *net = trainer->with.net;
    const size_t n_shards = (n + TRANSFORMER_SHARD - 1) / TRANSFORMER_SHARD, shared = net->shared;
    const double scale = 1 / ((double)n * (double)(net->shape.steps * net->shape.channels));
    const bool backward = gradient != NULL;
    struct batch_loss loss = {0};
    trainer->with.weights = weights;
    run_phase(trainer, ENCODE, n, scale, backward);
    R(narrow_forward)(&trainer->with, n, true);
    loss.c = contrast_of(trainer, n, backward);
    const double pull = backward ? row_norms(n, net->shape.latent, trainer->with.batch->dz) : 0;
    R(widen_forward)(&trainer->with, n, true);
    run_phase(trainer, DECODE, n, scale, backward);
    for (size_t s = 0; s < n_shards; s++) loss.r += trainer->shard_error[s] * scale;
    if (!backward) return loss;
    memset(gradient + shared, 0, (net->tensors.size - shared) * sizeof *gradient);
    const real *of_r = R(widen_backward)(&trainer->with, n, true, gradient);
    loss.pull = pull / row_norms(n, net->shape.latent, of_r);
    R(narrow_backward)(&trainer->with, n, true, gradient);
    run_phase(trainer, ENCODE_BACK, n, scale, backward);
    sum_shards(trainer, n, gradient);
    return loss;
}
