/* Low-rank adapters (Hu et al. 2021): the weights of the fold before stay frozen, W + (α/r) A B is trained. */
#ifndef GATEWALK_MODELS_LORA_H
#define GATEWALK_MODELS_LORA_H

#include "gate.h"
#include "quantise.h"

enum lora_on { LORA_ON_ALL, LORA_ON_RECURRENT, LORA_ON_ATTENTION };
struct lora_params {
    enum lora_on lora_on;
    size_t lora_rank;
    double lora_alpha, lora_dropout;
    enum lora_base lora_base;
    char lora_targets[48]; /* names of matrices with commas between; "": lora_on decides */
};
static inline const struct lora_params *lora_own(const struct gw_train_config *config) {
    return (const struct lora_params *)(const void *)config->retrain_own[GW_RETRAIN_LORA].bytes;
}

/* Which matrices are adapted and where A and B lie in theta: follows from the network and the settings alone. */
struct R(lora_plan) {
    size_t n;            /* adapted matrices; 0: not in use */
    size_t rank, size;   /* elements of theta */
    size_t largest;      /* rows of the tallest matrix */
    real scale;          /* α/r */
    enum lora_base base; /* how the frozen matrices are kept beneath their adapters */
    bool in_encoder;     /* gradients must reach the encoder */
    struct R(lora_matrix) {
        size_t tensor; /* row of the tensor list */
        size_t a, b;   /* offsets of A [rows × r] and B [r × columns] in theta */
    } matrix[TENSORS_MAX];
};
/* A tensor marked `adapt` by its name or the short one of it: "attention.query.W" or "query". */
bool R(lora_is_named)(const struct tensor *tensor, const char *word, size_t length);
/* The tensors marked `adapt` that training.lora_targets names, or else training.lora_on: "recurrent" are those of LSTM and GRU, "attention" the others. */
void R(lora_lay_out)(const struct R(network) *net, const struct gw_train_config *config, struct R(lora_plan) *plan);
/* weights = base + (α/r) A B for the adapted matrices; all others are left as they are. Plain sums in a fixed order,
 * no kernels: the same bits while training and from a file, on any instruction set. */
void R(lora_apply)(const struct R(lora_plan) *plan, const struct tensor_list *list, const real *theta, const real *base,
                   real *weights);
/* The adapted matrices of `weights` as lora_base keeps them, in place: what W0 is from then on. */
void R(lora_round)(const struct R(lora_plan) *plan, const struct tensor_list *list, real *weights);
/* Bytes that a fold keeps of its frozen matrices, the adapted ones as lora_base keeps them. */
size_t R(lora_base_bytes)(const struct R(lora_plan) *plan, const struct tensor_list *list);
/* Names weights in files: adapters belong to the base of this hash and to no other. */
uint64_t R(lora_hash)(const struct tensor_list *list, const real *weights);

/* Adapters in training. */
struct R(lora) {
    struct R(lora_plan) plan;
    const struct tensor_list *list; /* of the network in training */
    double dropout;
    uint64_t seed;
    uint64_t base;  /* lora_hash of the weights before lora_round */
    real *frozen;   /* [tensors.size] */
    real *theta;    /* [plan.size] A and B of all matrices: what the optimiser moves */
    real *best;     /* [plan.size] theta of the best epoch */
    real *gradient; /* [plan.size] */
    real *masked;   /* [largest A] scratch */
};

/* A uniform ±1/√rows, B zero, so that training starts where the previous fold ended. */
int R(lora_init)(struct R(lora) *lora, const struct R(network) *net, const struct gw_train_config *config,
                 uint64_t seed, const real *weights) GW_MUST_USE;
void R(lora_free)(struct R(lora) *lora);
/* weights = frozen + (α/r) (mask ∘ A) B. Dropout acts on the adapters' inputs, one mask per update (that is, on rows
 * of A), so that merged weights can serve the whole batch; update 0 is without dropout. */
void R(lora_merge)(const struct R(lora) *lora, uint64_t update, real *weights);
/* Gradient of theta from the gradient of the merged weights, of which only the adapted matrices are read. */
void R(lora_gradient)(struct R(lora) *lora, const struct R(kernels) *k, uint64_t update, const real *dweights);

#endif
