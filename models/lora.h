/* Low-rank adapters (Hu et al. 2021): the weights of the fold before stay frozen, W + (α/r) A B is trained. */
#ifndef GATEWALK_MODELS_LORA_H
#define GATEWALK_MODELS_LORA_H

#include "gate.h"

struct R(lora) {
    size_t n;          /* adapted matrices; 0: not in use */
    size_t rank, size; /* elements of theta */
    double scale, dropout;
    uint64_t seed;
    struct R(lora_matrix) {
        const struct tensor *tensor;
        size_t a, b; /* offsets of A [rows × r] and B [r × columns] in theta */
    } matrix[TENSORS_MAX];
    real *frozen;   /* [tensors.size] */
    real *theta;    /* [size] A and B of all matrices: what the optimiser moves */
    real *gradient; /* [size] */
    real *masked;   /* [largest A] scratch */
};

/* Adapters for the tensors marked `adapt`; A uniform ±1/√rows, B zero, so that training starts where the previous
 * fold ended. */
int R(lora_init)(struct R(lora) * lora, const struct R(network) * net, const struct train_config *config, uint64_t seed,
                 const real *weights) MUST_USE;
void R(lora_free)(struct R(lora) * lora);
/* weights = frozen + (α/r) (mask ∘ A) B. Dropout acts on the adapters' inputs, one mask per update (that is, on rows
 * of A), so that merged weights can serve the whole batch; update 0 is without dropout. */
void R(lora_merge)(const struct R(lora) * lora, const struct R(kernels) * k, uint64_t update, real *weights);
/* Gradient of theta from the gradient of the merged weights. */
void R(lora_gradient)(struct R(lora) * lora, const struct R(kernels) * k, uint64_t update, const real *dweights);

#endif
