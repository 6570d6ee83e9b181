/* Dual-stage attention (DA-RNN; Qin et al. 2017): attention over the features at every step inside the encoder
 * (encoder_dual_stage.c), then additive attention over the states. Its decoder is replaced by the last state as
 * query, as for bahdanau, because a gate is one decision and not a sequence. */
#include "attention_combine.h"

enum { W1, W2, V };

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W1", config->hidden, config->attention_units, INIT_GLOROT, true);
    tensor_add(list, "attention.W2", config->hidden, config->attention_units, INIT_GLOROT, true);
    tensor_add(list, "attention.v", config->attention_units, 1, INIT_GLOROT, false);
}

static void forward(const struct R(attention_run) *run) {
    R(additive_scores)(run, run->w[W1], run->w[W2], run->w[V]);
    R(concat_forward)(run);
}

static void backward(const struct R(attention_run) *run) {
    real *dscore = run->scratch + run->n * run->config->attention_units; /* behind the query gradients */
    R(concat_backward)(run, dscore);
    R(additive_scores_backward)(run, dscore, run->w[W1], run->w[W2], run->w[V], run->g[W1], run->g[W2], run->g[V]);
}

const struct R(attention_ops) R(attention_dual_stage) = {
    .name = "dual_stage",
    .help = "attention over features at every step, then over time (DA-RNN, Qin et al. 2017)",
    .encoder = &R(encoder_dual_stage),
    .tile = 8,
    .combines = true,
    .context_size = R(concat_size),
    .maps = R(one_map),
    .tensors = tensors,
    .keep_size = R(additive_keep),
    .scratch_size = R(additive_scratch),
    .forward = forward,
    .backward = backward,
};
