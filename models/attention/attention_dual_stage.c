/* Dual-stage attention (DA-RNN; Qin et al. 2017): attention over the features at every step inside the encoder
 * (encoder_dual_stage.c), then bahdanau's over the states. Its decoder is replaced by the last state as query, because a
 * gate is one decision and not a sequence. */
#include "attention_combine.h"

static const struct gw_param own_params[] = {ATTENTION_UNITS_ROW, LUONG_COMBINE_ROW};

const struct R(attention_ops) R(attention_dual_stage) = {
    .name = "dual_stage",
    .help = "attention over features at every step, then over time (DA-RNN, Qin et al. 2017)",
    .windowed_only = "its input attention reads a feature's whole window before the first step",
    .own = GW_PARAM_TABLE(own_params),
    .encoder = &R(encoder_dual_stage),
    .tile = 8,
    .context_size = R(concat_size),
    .maps = R(one_map),
    .tensors = R(bahdanau_tensors),
    .keep_size = R(additive_keep),
    .scratch_size = R(additive_scratch),
    .forward = R(bahdanau_forward),
    .backward = R(bahdanau_backward),
    .onnx = R(bahdanau_onnx),
};
