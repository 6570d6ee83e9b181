/* Low-rank adapters; W0 may be kept in few bits (QLoRA, Dettmers et al. 2023). With W = W0 + s (m∘A) B: dA = s m∘(dW Bᵀ), dB = s (m∘A)ᵀ dW. */
#include "lora.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "gatewalk/rng.h"

/* ---- which matrices, and how they are merged ---------------------------------------------------------------- */

bool R(lora_is_named)(const struct tensor *tensor, const char *word, size_t length) {
    const char *name = tensor->name, *end = name + strlen(name), *dot = strchr(name, '.');
    if ((size_t)(end - name) == length && memcmp(name, word, length) == 0) return true;
    if (dot && strchr(dot + 1, '.') && strcmp(end - 2, ".W") == 0) end -= 2;
    if (dot) name = dot + 1;
    return (size_t)(end - name) == length && memcmp(name, word, length) == 0;
}

/* A word that names nothing is found by check_adapters (models/api/options.c). */
static bool targeted(const struct tensor *tensor, const char *targets) {
    for (size_t length; *targets; targets += length + (targets[length] == ',')) {
        length = strcspn(targets, ",");
        if (R(lora_is_named)(tensor, targets, length)) return true;
    }
    return false;
}

static bool named(const struct tensor *tensor, const struct lora_params *own) {
    const enum lora_on on = own->lora_on;
    if (!tensor->adapt) return false;
    if (*own->lora_targets) return targeted(tensor, own->lora_targets);
    bool recurrent = strncmp(tensor->name, "lstm", 4) == 0 || strncmp(tensor->name, "gru", 3) == 0 ||
                     strcmp(tensor->name, "cross.U") == 0 || strcmp(tensor->name, "decoder.U") == 0;
    return on == LORA_ON_ALL || recurrent == (on == LORA_ON_RECURRENT);
}

void R(lora_lay_out)(const struct R(network) *net, const struct gw_train_config *config, struct R(lora_plan) *plan) {
    memset(plan, 0, sizeof *plan);
    const struct lora_params *own = lora_own(config);
    plan->rank = own->lora_rank;
    plan->base = own->lora_base;
    plan->scale = (real)(own->lora_alpha / (double)own->lora_rank);
    for (size_t i = 0; i < net->tensors.n; i++) {
        const struct tensor *tensor = &net->tensors.item[i];
        if (!named(tensor, own)) continue;
        struct R(lora_matrix) *matrix = &plan->matrix[plan->n++];
        matrix->tensor = i;
        matrix->a = plan->size;
        matrix->b = plan->size + tensor->rows * plan->rank;
        plan->size = matrix->b + plan->rank * tensor->columns;
        if (tensor->rows > plan->largest) plan->largest = tensor->rows;
        if (i < net->attention_first) plan->in_encoder = true;
    }
}

/* One matrix: w = base + s A B, row by row, the sum over the rank from first to last. */
static void merge(const struct R(lora_plan) *plan, const struct tensor *tensor, const real *a, const real *b,
                  const real *base, real *w) {
    size_t columns = tensor->columns, rank = plan->rank;
    for (size_t row = 0; row < tensor->rows; row++, base += columns, w += columns) {
        memset(w, 0, columns * sizeof *w);
        for (size_t k = 0; k < rank; k++) {
            real factor = a[row * rank + k];
#pragma omp simd
            for (size_t c = 0; c < columns; c++) w[c] += factor * b[k * columns + c];
        }
#pragma omp simd
        for (size_t c = 0; c < columns; c++) w[c] = base[c] + plan->scale * w[c];
    }
}

void R(lora_apply)(const struct R(lora_plan) *plan, const struct tensor_list *list, const real *theta, const real *base,
                   real *weights) {
    for (size_t i = 0; i < plan->n; i++) {
        const struct R(lora_matrix) *matrix = &plan->matrix[i];
        const struct tensor *tensor = &list->item[matrix->tensor];
        merge(plan, tensor, theta + matrix->a, theta + matrix->b, base + tensor->offset, weights + tensor->offset);
    }
}

void R(lora_round)(const struct R(lora_plan) *plan, const struct tensor_list *list, real *weights) {
    for (size_t i = 0; i < plan->n; i++) {
        const struct tensor *tensor = &list->item[plan->matrix[i].tensor];
        R(quantise_round)(plan->base, tensor->rows * tensor->columns, weights + tensor->offset);
    }
}

size_t R(lora_base_bytes)(const struct R(lora_plan) *plan, const struct tensor_list *list) {
    size_t bytes = list->count * sizeof(float);
    for (size_t i = 0; i < plan->n; i++) {
        const struct tensor *tensor = &list->item[plan->matrix[i].tensor];
        const size_t n = tensor->rows * tensor->columns;
        bytes -= n * sizeof(float) - R(quantised_bytes)(plan->base, n);
    }
    return bytes;
}

uint64_t R(lora_hash)(const struct tensor_list *list, const real *weights) {
    return hash_bytes(weights, list->size * sizeof *weights, list->size);
}

/* ---- in training -------------------------------------------------------------------------------------------- */

int R(lora_init)(struct R(lora) *lora, const struct R(network) *net, const struct gw_train_config *config,
                 uint64_t seed, const real *weights) {
    memset(lora, 0, sizeof *lora);
    R(lora_lay_out)(net, config, &lora->plan);
    lora->list = &net->tensors;
    lora->dropout = lora_own(config)->lora_dropout;
    lora->seed = seed;
    lora->frozen = mem_calloc(net->tensors.size, sizeof *lora->frozen);
    lora->theta = mem_calloc(lora->plan.size, sizeof *lora->theta);
    lora->best = mem_calloc(lora->plan.size, sizeof *lora->best);
    lora->gradient = mem_calloc(lora->plan.size, sizeof *lora->gradient);
    lora->masked = mem_calloc(lora->plan.largest * lora->plan.rank, sizeof *lora->masked);
    if (!lora->frozen || !lora->theta || !lora->best || !lora->gradient || !lora->masked) return GW_ERR_NOMEM;
    memcpy(lora->frozen, weights, net->tensors.size * sizeof *weights);
    lora->base = R(lora_hash)(lora->list, weights);
    R(lora_round)(&lora->plan, lora->list, lora->frozen);
    for (size_t i = 0; i < lora->plan.n; i++) {
        const struct R(lora_matrix) *matrix = &lora->plan.matrix[i];
        double limit = 1 / sqrt((double)net->tensors.item[matrix->tensor].rows);
        struct gw_rng rng;
        gw_rng_key(&rng, seed, "lora", i, 0, 0);
        for (size_t j = matrix->a; j < matrix->b; j++) lora->theta[j] = (real)((2 * gw_rng_uniform(&rng) - 1) * limit);
    }
    return GW_OK;
}

void R(lora_free)(struct R(lora) *lora) {
    mem_free(lora->masked);
    mem_free(lora->gradient);
    mem_free(lora->best);
    mem_free(lora->theta);
    mem_free(lora->frozen);
    memset(lora, 0, sizeof *lora);
}

/* out = mask ∘ in, a factor per row. Update 0 leaves out what is random. */
static void mask_rows(const struct R(lora) *lora, size_t i, uint64_t update, const real *in, real *out) {
    size_t rows = lora->list->item[lora->plan.matrix[i].tensor].rows, rank = lora->plan.rank;
    double rate = update == 0 ? 0 : lora->dropout;
    struct gw_rng rng;
    gw_rng_key(&rng, lora->seed, "lora dropout", update, i, 0);
    for (size_t row = 0; row < rows; row++) {
        real factor = gw_rng_uniform(&rng) < rate ? 0 : (real)(1 / (1 - rate));
        for (size_t c = 0; c < rank; c++) out[row * rank + c] = factor * in[row * rank + c];
    }
}

void R(lora_merge)(const struct R(lora) *lora, uint64_t update, real *weights) {
    if (update == 0) {
        R(lora_apply)(&lora->plan, lora->list, lora->theta, lora->frozen, weights);
        return;
    }
    for (size_t i = 0; i < lora->plan.n; i++) {
        const struct R(lora_matrix) *matrix = &lora->plan.matrix[i];
        const struct tensor *tensor = &lora->list->item[matrix->tensor];
        mask_rows(lora, i, update, lora->theta + matrix->a, lora->masked);
        merge(&lora->plan, tensor, lora->masked, lora->theta + matrix->b, lora->frozen + tensor->offset,
              weights + tensor->offset);
    }
}

void R(lora_gradient)(struct R(lora) *lora, const struct R(kernels) *k, uint64_t update, const real *dweights) {
    size_t r = lora->plan.rank;
    for (size_t i = 0; i < lora->plan.n; i++) {
        const struct R(lora_matrix) *matrix = &lora->plan.matrix[i];
        const struct tensor *tensor = &lora->list->item[matrix->tensor];
        const real *dw = dweights + tensor->offset;
        real *da = lora->gradient + matrix->a, *db = lora->gradient + matrix->b;
        mask_rows(lora, i, update, lora->theta + matrix->a, lora->masked);
        k->gemm_tn(r, tensor->columns, tensor->rows, lora->masked, r, dw, tensor->columns, db, tensor->columns, false);
        k->gemm_nt(tensor->rows, r, tensor->columns, dw, tensor->columns, lora->theta + matrix->b, tensor->columns, da,
                   r, false);
        mask_rows(lora, i, update, da, da);
    }
    for (size_t j = 0; j < lora->plan.size; j++) lora->gradient[j] *= lora->plan.scale;
}
