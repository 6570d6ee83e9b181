/* Cross-attention: the gate's last state asks a second sequence, an LSTM over the closed bars of a longer interval or of
 * another symbol (gw_cross), and what it answers stands in the context beside the gate's own. */
#ifndef GATEWALK_MODELS_CROSS_H
#define GATEWALK_MODELS_CROSS_H

#include "models/export/onnx.h"
#include "models/kernels/kernels.h"
#include "models/store/tensors.h"

struct R(network);
struct R(pass);
struct R(shard);
struct R(workspace);

/* Own parameters of model.cross. */
struct cross_params {
    int64_t cross_interval; /* ns; 0: the other symbol's own */
    size_t cross_lookback, cross_hidden, cross_units;
    char cross_symbol[40];
};
static inline const struct cross_params *cross_own(const struct gw_model_config *config) {
    return (const struct cross_params *)(const void *)config->cross_own[config->cross].bytes;
}
static inline bool R(cross_wanted)(const struct gw_model_config *config) { return config->cross != GW_CROSS_NONE; }

/* Of a network. */
struct R(cross) {
    bool on;
    size_t first;                               /* its rows of the tensor list: W, U, b, Wq, Wk, v */
    size_t lookback, hidden, units, n_features; /* T', H', A, F' */
    size_t query;                               /* H: the asking state */
    size_t pack_at, pack_stride;                /* U in the packed block, forward and backward */
};

/* Of a running shard. Windows that end with the same bar of the second sequence are one: U of them. */
struct R(cross_space) {
    size_t n_windows, n_rows;
    uint32_t *slot;      /* [B] which of them a window of the shard has */
    uint32_t *first_row; /* [U] its first row of x */
    real *x, *xw, *dxw;  /* [rows × F'], [rows × 4H'] */
    real *gates, *c, *h; /* as lstm_run, [(T' + 1) × U × H'] */
    real *dh, *scratch;
    real *state, *dstate;             /* [U × T' × H'] the same window by window */
    real *key, *dkey;                 /* [U × T' × A] */
    real *act;                        /* [B × T' × A] tanh values, then their gradients */
    real *query, *dquery, *dq;        /* [B × A], [B × A], [B × H] */
    real *map, *dscore;               /* [B × T'] */
    real *context, *dcontext;         /* [B × H'] */
    real *own_context, *own_dcontext; /* [B × own C]: what stands beside it */
};

void R(cross_init)(struct R(network) *net);
void R(cross_tensors)(struct R(cross) *cross, struct tensor_list *list);
void R(cross_pack)(const struct R(network) *net, const struct R(kernels) *k, const real *weights, real *packed);
void R(cross_cut)(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used);
/* After the encoder: the second context of every window of the shard. */
void R(cross_forward)(const struct R(pass) *pass, const struct R(shard) *shard);
/* Own and second context of a tile side by side, and their gradient apart. */
void R(cross_join)(const struct R(pass) *pass, size_t first, size_t n);
void R(cross_part)(const struct R(pass) *pass, size_t first, size_t n);
/* Gradients of its own tensors; into_encoder: that of the asking states is added to what reaches the encoder. */
void R(cross_backward)(const struct R(pass) *pass, bool into_encoder);
/* [c; c'] of the states h and the gate's own context, from the second sequence's scaled features [N × T' × F']. */
struct onnx_value R(cross_onnx)(const struct R(cross) *cross, struct onnx *graph, const struct onnx_model *model,
                                struct onnx_value second, struct onnx_value h, struct onnx_value context);

#endif
