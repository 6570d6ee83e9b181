/* Low-rank adapters. With W = W0 + s (m∘A) B: dA = s m∘(dW Bᵀ), dB = s (m∘A)ᵀ dW. */
#include "lora.h"

#include <math.h>
#include <string.h>

#include "rng.h"

static size_t plan(struct R(lora) *lora, const struct R(network) *net) {
    size_t largest = 0;
    for (size_t i = 0; i < net->tensors.n; i++) {
        const struct tensor *tensor = &net->tensors.item[i];
        if (!tensor->adapt) continue;
        struct R(lora_matrix) *matrix = &lora->matrix[lora->n++];
        matrix->tensor = tensor;
        matrix->a = lora->size;
        matrix->b = lora->size + tensor->rows * lora->rank;
        lora->size = matrix->b + lora->rank * tensor->columns;
        if (tensor->rows > largest) largest = tensor->rows;
    }
    return largest;
}

int R(lora_init)(struct R(lora) *lora, const struct R(network) *net, const struct train_config *config, uint64_t seed,
                 const real *weights) {
    memset(lora, 0, sizeof *lora);
    lora->rank = config->lora_rank;
    lora->scale = config->lora_alpha / (double)config->lora_rank;
    lora->dropout = config->lora_dropout;
    lora->seed = seed;
    size_t largest = plan(lora, net);
    lora->frozen = mem_calloc(net->tensors.size, sizeof *lora->frozen);
    lora->theta = mem_calloc(lora->size, sizeof *lora->theta);
    lora->gradient = mem_calloc(lora->size, sizeof *lora->gradient);
    lora->masked = mem_calloc(largest * lora->rank, sizeof *lora->masked);
    if (!lora->frozen || !lora->theta || !lora->gradient || !lora->masked) return ERR_NOMEM;
    memcpy(lora->frozen, weights, net->tensors.size * sizeof *weights);
    for (size_t i = 0; i < lora->n; i++) {
        const struct R(lora_matrix) *matrix = &lora->matrix[i];
        double limit = 1 / sqrt((double)matrix->tensor->rows);
        struct rng rng;
        rng_key(&rng, seed, "lora", i, 0, 0);
        for (size_t j = matrix->a; j < matrix->b; j++) lora->theta[j] = (real)((2 * rng_uniform(&rng) - 1) * limit);
    }
    return OK;
}

void R(lora_free)(struct R(lora) *lora) {
    mem_free(lora->masked);
    mem_free(lora->gradient);
    mem_free(lora->theta);
    mem_free(lora->frozen);
    memset(lora, 0, sizeof *lora);
}

/* out = mask ∘ in, a factor per row. Update 0 leaves out what is random. */
static void mask_rows(const struct R(lora) *lora, size_t i, uint64_t update, const real *in, real *out) {
    const struct tensor *tensor = lora->matrix[i].tensor;
    double rate = update == 0 ? 0 : lora->dropout;
    struct rng rng;
    rng_key(&rng, lora->seed, "lora dropout", update, i, 0);
    for (size_t row = 0; row < tensor->rows; row++) {
        real factor = rng_uniform(&rng) < rate ? 0 : (real)(1 / (1 - rate));
        for (size_t c = 0; c < lora->rank; c++) out[row * lora->rank + c] = factor * in[row * lora->rank + c];
    }
}

void R(lora_merge)(const struct R(lora) *lora, const struct R(kernels) *k, uint64_t update, real *weights) {
    size_t r = lora->rank;
    for (size_t i = 0; i < lora->n; i++) {
        const struct R(lora_matrix) *matrix = &lora->matrix[i];
        const struct tensor *tensor = matrix->tensor;
        real *w = weights + tensor->offset;
        mask_rows(lora, i, update, lora->theta + matrix->a, lora->masked);
        k->gemm_nn(tensor->rows, tensor->columns, r, lora->masked, r, lora->theta + matrix->b, tensor->columns, w,
                   tensor->columns, false);
        for (size_t j = 0; j < tensor->rows * tensor->columns; j++)
            w[j] = lora->frozen[tensor->offset + j] + (real)lora->scale * w[j];
    }
}

void R(lora_gradient)(struct R(lora) *lora, const struct R(kernels) *k, uint64_t update, const real *dweights) {
    size_t r = lora->rank;
    for (size_t i = 0; i < lora->n; i++) {
        const struct R(lora_matrix) *matrix = &lora->matrix[i];
        const struct tensor *tensor = matrix->tensor;
        const real *dw = dweights + tensor->offset;
        real *da = lora->gradient + matrix->a, *db = lora->gradient + matrix->b;
        mask_rows(lora, i, update, lora->theta + matrix->a, lora->masked);
        k->gemm_tn(r, tensor->columns, tensor->rows, lora->masked, r, dw, tensor->columns, db, tensor->columns, false);
        k->gemm_nt(tensor->rows, r, tensor->columns, dw, tensor->columns, lora->theta + matrix->b, tensor->columns, da,
                   r, false);
        mask_rows(lora, i, update, da, da);
    }
    for (size_t j = 0; j < lora->size; j++) lora->gradient[j] *= (real)lora->scale;
}
