/* The parameters of a model: one flat block and the list that says where every tensor lies in it.
 *
 * The list is the only place that knows names and shapes; allocation, initial values, the optimiser, adapters,
 * save/load and the gradient checks walk it. Tensors are row-major and start at multiples of TENSOR_ALIGN elements;
 * the gaps stay zero (a zero gradient never moves them). */
#ifndef GATEWALK_MODELS_TENSORS_H
#define GATEWALK_MODELS_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gatewalk/model.h"

enum { TENSORS_MAX = 136, TENSOR_NAME_MAX = 32, TENSOR_ALIGN = 16, LAYERS_MAX = 8 };

enum tensor_init {
    INIT_ZERO,
    INIT_ONE,
    INIT_GLOROT,      /* uniform ±sqrt(6 / (rows + columns)) (Glorot & Bengio 2010) */
    INIT_ORTHOGONAL,  /* orthonormal rows (Saxe et al. 2013) */
    INIT_LSTM_BIAS,   /* 4 blocks i,f,c,o: forget block 1 */
    INIT_LSTM_CHRONO, /* the same with memories of up to lookback steps */
};

struct tensor {
    char name[TENSOR_NAME_MAX];
    size_t rows, columns, offset;
    enum tensor_init init;
    bool adapt; /* may have a low-rank adapter under "lora" */
};

struct tensor_list {
    size_t n;
    size_t size;  /* elements of the block, gaps included */
    size_t count; /* parameters */
    struct tensor item[TENSORS_MAX];
};

/* Appends a tensor and returns its index. The number of tensors is bounded by model_config_check. */
size_t tensor_add(struct tensor_list *list, const char *name, size_t rows, size_t columns, enum tensor_init init,
                  bool adapt);
/* Same with a number in the name: tensor_add_layer(list, "lstm", 0, "W", …) makes "lstm0.W". */
size_t tensor_add_layer(struct tensor_list *list, const char *prefix, size_t layer, const char *suffix, size_t rows,
                        size_t columns, enum tensor_init init, bool adapt);

/* The same names and sizes in the same order: weights of one fit the other. */
bool tensors_same_shape(const struct tensor_list *a, const struct tensor_list *b);

/* Initial values of one tensor in double. Keyed by (seed, tensor name): models that share a tensor share its start. */
void tensor_init_values(const struct tensor *tensor, const struct gw_model_config *config, uint64_t seed,
                        double *value);

#endif
