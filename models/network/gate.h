/* Inside a gate model: encoder → attention → head, each a table of functions, run over shards of windows.
 *
 * Legend of shapes, everywhere below:
 *   B windows of a shard (at most SHARD_WINDOWS)   T steps (lookback)   F features   H hidden units
 *   rows: distinct bars under a shard's windows    n: windows of a tile (a part of a shard)   C width of the context
 *
 * A mini-batch is cut into shards of SHARD_WINDOWS whatever the number of threads. A shard runs on one thread, in its
 * own workspace, into its own gradient; gradients are added in shard order. So results do not depend on threads. */
#ifndef GATEWALK_MODELS_GATE_H
#define GATEWALK_MODELS_GATE_H

#include "models/export/onnx.h"
#include "models/kernels/kernels.h"
#include "models/loss/loss.h"
#include "models/network/cross.h"
#include "models/network/decoder.h"
#include "models/store/tensors.h"

enum {
    SHARD_WINDOWS = 32,
    PROJECT_ROWS = 64, /* rows per input projection: a fixed shape gives a row the same bits in any company */
    ATTENTION_TENSORS_MAX = 12,
};

struct R(network);
struct R(workspace);
struct R(shard);

/* One pass of one shard. */
struct R(pass) {
    const struct R(network) *net;
    const struct R(kernels) *k;
    const real *weights; /* the flat block */
    const real *packed;  /* U of every layer in the kernels' layout, see network_pack */
    real *gradient;      /* flat block, accumulated into; NULL when only scoring */
    struct R(workspace) *ws;
};

/* ---- encoder: windows to hidden states ---------------------------------------------------------- */

struct R(encoder_ops) {
    const char *name, *help;
    struct gw_param_table own; /* its parameters, in a struct of its own: own_of_encoder */
    bool sequence;             /* leaves hidden states for an attention; otherwise the context itself (logistic) */
    bool window;               /* leaves the context, and takes the features of a whole window for it */
    /* An encoder that looks at the bars themselves: its windows' reach, and the channels that importance is told of. */
    size_t (*reach)(const struct gw_model_config *config);
    const char *const *channels;
    size_t n_channels;
    enum { FITS_NETWORK, FITS_PATTERNS, FITS_TREES } fits;        /* the latter two have no heads: see gate_model.h */
    size_t (*context_size)(const struct gw_model_config *config); /* it leaves a context of that width, for heads */
    /* Takes the windows of a shard from their bars; NULL: rows of features are gathered for it. */
    void (*gather)(const struct R(pass) *pass, const struct R(shard) *shard);
    const char *windowed_only; /* it cannot stream, and why */
    int (*check)(const struct gw_model_config *config,
                 const struct gw_train_config *train); /* optional: GW_ERR_CONFIG */
    void (*tensors)(const struct gw_model_config *config, struct tensor_list *list);
    /* Elements of scratch it wants in the workspace beside the common buffers. */
    size_t (*extra_size)(const struct gw_model_config *config);
    void (*forward)(const struct R(pass) *pass);
    /* Gradient of h at every step in ws->dh, and/or of the last one in ws->dh_last. */
    void (*backward)(const struct R(pass) *pass, bool use_dh, bool use_dh_last);
    /* After backward: gradient of the rows in ws->x, assigned, [n_rows × F]. NULL: nobody asks it of this encoder. */
    void (*input_gradient)(const struct R(pass) *pass, real *dx);
    /* Its part of an exported graph: scaled windows [N × T × F] to states [N × T × H], or to the context [N × C]. NULL: it has
     * none, and why. */
    struct onnx_value (*onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value x);
    const char *no_onnx;
};

/* ---- attention: hidden states to a context vector ------------------------------------------------ */

/* A tile of windows, window-major and contiguous, so that one window's states lie side by side in the cache. */
struct R(attention_run) {
    const struct gw_model_config *config;
    const struct R(kernels) *k;
    const real *w[ATTENTION_TENSORS_MAX]; /* own tensors in the order they were added */
    real *g[ATTENTION_TENSORS_MAX];       /* their gradients, accumulated */
    size_t n;
    const real *h;        /* [n × T × H] */
    real *dh;             /* [n × T × H] out, assigned */
    real *context;        /* [n × C] out */
    const real *dcontext; /* [n × C] */
    real *map;            /* [n × maps × T] out, kept for backward */
    real *keep;           /* [n × keep_size], forward to backward */
    real *scratch;        /* [scratch_size] */
};

/* The same attention streaming: every bar of a run looks at the last T bars of the run, itself included. The bars lie one
 * behind the other, oldest first: row r looks at rows max(0, r - T + 1) … r. */
struct R(band_run) {
    const struct gw_model_config *config;
    const struct R(kernels) *k;
    const real *w[ATTENTION_TENSORS_MAX]; /* own tensors in the order they were added */
    real *g[ATTENTION_TENSORS_MAX];       /* their gradients, accumulated */
    size_t n;                             /* rows */
    size_t fresh;         /* rows before this one were fresh in an earlier call and have their memory; 0 in training */
    size_t query;         /* contexts are wanted of the rows from this one on, fresh ones */
    const real *h;        /* [n × H] */
    real *memory;         /* [n × memory_size] what later rows want to know of a row, made when it is fresh */
    real *context;        /* [queries × C] out */
    real *map;            /* [queries × maps × T] out, the bar itself last, 0 before the run; kept for backward */
    bool want_map;        /* somebody reads it */
    real *keep;           /* [keep_size] forward to backward */
    const real *dcontext; /* [queries × C] */
    real *dh;             /* [n × H] added to */
    real *dmemory;        /* [n × memory_size] for the way back's own use */
    real *scratch;        /* [scratch_size] */
};
static inline size_t R(band_queries)(const struct R(band_run) *run) { return run->n - run->query; }
/* The first row that row r looks at. */
static inline size_t R(band_first)(const struct R(band_run) *run, size_t r) {
    return r + 1 > run->config->lookback ? r + 1 - run->config->lookback : 0;
}

struct R(band_ops) {
    size_t (*memory_size)(const struct gw_model_config *config);                               /* elements per row */
    size_t (*keep_size)(const struct gw_model_config *config, size_t rows, size_t queries);    /* elements */
    size_t (*scratch_size)(const struct gw_model_config *config, size_t rows, size_t queries); /* elements */
    void (*forward)(const struct R(band_run) *run);
    void (*backward)(const struct R(band_run) *run);
};

/* The same scores for a query that is no state of the window: the state of a decoder, asked step by step. */
struct R(asked_run) {
    const struct gw_model_config *config;
    const struct R(kernels) *k;
    const real *w[ATTENTION_TENSORS_MAX]; /* own tensors in the order they were added */
    real *g[ATTENTION_TENSORS_MAX];       /* their gradients, accumulated */
    size_t n;                             /* windows, one query each */
    const real *h;                        /* [n × T × H] */
    real *dh;                             /* [n × T × H] added to */
    real *memory, *dmemory;               /* [n × memory_size] what queries want to know of a window, made once */
};

/* What a decoder's queries meet in a graph. */
struct onnx_asked {
    struct onnx_value key, query_weight, v;
};

struct R(asked_ops) {
    bool before; /* the state before a step asks, and the step takes the answer (Bahdanau); else the step's own */
    int wc;      /* which own tensor makes h~ of [c; q] with luong_combine; -1: [c; q] is it */
    size_t (*memory_size)(const struct gw_model_config *config); /* elements per window */
    size_t (*query_size)(const struct gw_model_config *config);  /* elements per query */
    void (*prepare)(const struct R(asked_run) *run);
    /* score [n × T] with leading dimension ld, of states [n × H]; query [n × query_size] is kept for the way back. */
    void (*ask)(const struct R(asked_run) *run, const real *state, real *query, real *score, size_t ld);
    /* Adds to dstate [n × H], to dh or dmemory; dscore [n × T]; dquery: scratch, [n × (H or query_size)]. */
    void (*ask_backward)(const struct R(asked_run) *run, const real *state, const real *query, const real *dscore,
                         real *dquery, real *dstate);
    void (*finish)(const struct R(asked_run) *run); /* behind the last of them: from dmemory on */
    /* In an exported graph: what is made of states [N × T × H] once, and scores [N × T] of a state [N × H]. */
    void (*onnx_prepare)(struct onnx *graph, const struct onnx_model *model, struct onnx_value states,
                         struct onnx_asked *out);
    struct onnx_value (*onnx_ask)(struct onnx *graph, const struct onnx_asked *asked, struct onnx_value state);
};

struct R(attention_ops) {
    const char *name, *help;
    struct gw_param_table own;            /* its parameters, in a struct of its own: own_of_attention */
    const struct R(band_ops) *band;       /* streaming; NULL: the context is the state itself, or … */
    const char *windowed_only;            /* … it cannot stream, and why */
    const struct R(asked_ops) *asked;     /* a decoder may ask it; NULL: none can */
    const struct R(encoder_ops) *encoder; /* replaces the configured encoder (dual_stage), or NULL */
    size_t tile;                          /* windows at a time: what it keeps should stay in the L2 cache */
    size_t (*context_size)(const struct gw_model_config *config);
    size_t (*maps)(const struct gw_model_config *config); /* attention maps per window, 0 when it has none */
    void (*tensors)(const struct gw_model_config *config, struct tensor_list *list);
    size_t (*keep_size)(const struct gw_model_config *config);    /* elements per window */
    size_t (*scratch_size)(const struct gw_model_config *config); /* elements */
    /* NULL: the context is the last hidden state and nothing is gathered. */
    void (*forward)(const struct R(attention_run) *run);
    void (*backward)(const struct R(attention_run) *run);
    /* Its part of an exported graph: states [N × T × H] to the context [N × C]; NULL: it has none. */
    struct onnx_value (*onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value states);
    int (*check)(const struct gw_model_config *config);                     /* optional: GW_ERR_CONFIG */
    void (*advise)(const struct gw_model_config *config, char advice[256]); /* what is allowed but unwise; optional */
};

static inline const void *own_of_encoder(const struct gw_model_config *config) {
    return config->encoder_own[config->encoder].bytes;
}
static inline const void *own_of_attention(const struct gw_model_config *config) {
    return config->attention_own[config->attention].bytes;
}

/* Own parameters of model.unroll "stream". */
struct stream_params {
    size_t warm; /* bars before a scored slice from which the state is carried; 0: 4T */
};

/* ---- the network: a description, const once built ------------------------------------------------ */

struct R(network) {
    struct gw_model_config config;
    const struct R(encoder_ops) *encoder;
    const struct R(attention_ops) *attention;
    struct tensor_list tensors;
    size_t attention_first, attention_n; /* its rows of the list */
    size_t context;                      /* C */
    size_t own_context;                  /* of which the encoder and its attention make so many; the rest is cross's */
    size_t maps;
    struct R(cross) cross;
    struct R(decoder) decoder;
    bool stream;                   /* the state is carried from bar to bar: model.unroll */
    bool dense;                    /* dropout and Dense(ReLU) between context and logits; logistic has none */
    size_t dense_first;            /* dense.W, dense.b, head.W, head.b, or the last two only */
    size_t pack_stride, pack_size; /* elements of one packed U, and of forward + backward of all layers */
};

/* Looks the rows up and lays the tensors out. */
int R(network_init)(struct R(network) *net, const struct gw_model_config *config) GW_MUST_USE;
/* The kernels that it scores with. */
static inline const struct R(kernels) *R(network_scorer)(const struct R(network) *net) {
    return net->stream ? R(kernels_by_row)() : R(kernels_active)();
}
/* Whether rows of features are gathered for a whole window, or of the bar alone. */
static inline bool R(takes_windows)(const struct R(network) *net) {
    return net->encoder->sequence || net->encoder->window;
}
/* Rows that a prediction cannot do without: a window's, or the bar's own. */
static inline size_t R(network_reach)(const struct R(network) *net) {
    if (net->encoder->reach) return net->encoder->reach(&net->config);
    return R(takes_windows)(net) && !net->stream ? net->config.lookback : 1;
}
/* Bars before a scored slice from which a state is carried. */
static inline size_t R(network_warm)(const struct R(network) *net) {
    size_t warm = ((const struct stream_params *)net->config.unroll_own[net->config.unroll].bytes)->warm;
    return warm ? warm : 4 * net->config.lookback;
}
static inline const real *R(tensor_of)(const struct R(pass) *pass, size_t i) {
    return pass->weights + pass->net->tensors.item[i].offset;
}
static inline real *R(gradient_of)(const struct R(pass) *pass, size_t i) {
    return pass->gradient + pass->net->tensors.item[i].offset;
}
/* Initial weights; `weights` has net->tensors.size elements. */
int R(network_start)(const struct R(network) *net, uint64_t seed, real *weights) GW_MUST_USE;
/* Copies U of every layer into the layout of the kernels in use: after every change of the weights. */
void R(network_pack)(const struct R(network) *net, const real *weights, real *packed);
/* The same for a table of kernels by name: that of mixed precision has its own layout. */
void R(network_pack_for)(const struct R(network) *net, const struct R(kernels) *k, const real *weights, real *packed);

/* ---- workspace: what changes while a shard runs -------------------------------------------------- */

struct R(workspace) {
    real *memory; /* owns everything below */
    size_t n_windows, n_rows, n_rows_padded;
    uint32_t first_row[SHARD_WINDOWS], stack_row[SHARD_WINDOWS];
    real *x;                                                 /* [rows × F] */
    real *xw, *dxw;                                          /* [rows × 4H], stacked layers [T·B × 4H] */
    real *gates[LAYERS_MAX], *c[LAYERS_MAX], *h[LAYERS_MAX]; /* as lstm_run */
    real *dh, *dh_last;                                      /* [T × B × H], [B × H] */
    real *lstm_scratch, *extra;
    bool masked; /* the encoder drops some of its own, too */
    real *tile_h, *tile_dh, *keep, *attention_scratch;
    real *band_memory, *band_dmemory; /* streaming: [rows × memory_size] */
    real *context, *dcontext;         /* [n × C] of the tile */
    real *mask, *dropped;             /* [n × C] dropout factors and dropped context */
    real *dense, *ddense;             /* [n × D] after ReLU */
    real *map;                        /* [B × maps × T] */
    real *feature_map;                /* [B × F] mean input attention, dual_stage */
    struct R(cross_space) cross;
    struct R(decoder_space) decoder;
    real *logit, *dlogit; /* [B × 2] */
};

/* `train`: with what a way back needs. */
int R(workspace_init)(struct R(workspace) *ws, const struct R(network) *net, bool train) GW_MUST_USE;
/* The next n elements of a block, on a cache line of their own; memory NULL only counts. */
real *R(workspace_cut)(real *memory, size_t *used, size_t n);
void R(workspace_free)(struct R(workspace) *ws);

/* ---- shards ------------------------------------------------------------------------------------- */

/* What the loss of a shard needs; NULL members where a pass only scores. */
struct R(shard_loss) {
    const struct loss_ops *ops;
    const void *own;           /* the loss's own parameters */
    const double (*lambda)[2]; /* [GW_N_GATES][class] of self-paced losses */
    double weight[GW_N_GATES]; /* of one labelled sample: 1 / (GW_N_GATES × labelled samples of the batch) */
    double dropout;
    uint64_t seed, epoch;
    double
        path_weight; /* of one move at one step of a decoder: its lambda / (2 M × samples of the batch that have a path) */
};

struct R(shard) {
    const struct gw_series *series;
    const struct gw_sample *sample; /* all samples */
    const uint32_t *index;          /* [n] which of them */
    size_t n;
    const struct R(shard_loss) *loss; /* NULL: score only, logits in ws->logit */
    bool encoder_frozen;              /* nothing in the encoder is trained: the way back ends before it */
    double loss_sum;                  /* out: Σ weight × loss */
    double path_sum;                  /* out: the same of a decoder's paths, which the gradient is of as well */
};

/* Forward, and with a loss and pass->gradient also backward. */
void R(shard_run)(const struct R(pass) *pass, struct R(shard) *shard);

/* Pieces of a shard's run, in files of their own. */
void R(rows_gather)(const struct R(pass) *pass, const struct R(shard) *shard);
void R(rows_project)(const struct R(pass) *pass, const real *w, const real *b);
/* The same without a bias into an array of the caller's: out [padded rows × columns] with leading dimension ld = x W of
 * every distinct bar; and back: dW += xᵀ dout. Rows of out: rows_most. */
size_t R(rows_most)(const struct gw_model_config *config);
void R(rows_times)(const struct R(pass) *pass, const real *w, size_t columns, real *out, size_t ld);
void R(rows_times_backward)(const struct R(pass) *pass, size_t columns, const real *dout, size_t ld, real *dw);
void R(head_forward)(const struct R(pass) *pass, size_t n, bool train, real *logit);
void R(head_backward)(const struct R(pass) *pass, size_t n, const real *dlogit);
/* Dropout factors 0 or 1/(1-rate) keyed by (seed, epoch, sample), whatever shard or thread the sample is in. */
void R(dropout_mask)(uint64_t seed, uint64_t epoch, uint32_t sample, double rate, size_t n, real *mask);
/* The same keyed by (seed, epoch, series, row), whatever segment the bar is in. */
void R(dropout_mask_of_bar)(uint64_t seed, uint64_t epoch, uint32_t series, uint32_t row, double rate, size_t n,
                            real *mask);

/* ---- tables --------------------------------------------------------------------------------------- */

#define ENCODER(symbol) extern const struct R(encoder_ops) R(symbol);
#include "models/encoder/encoder.def"
#undef ENCODER
extern const struct R(encoder_ops) R(encoder_dual_stage); /* reached through its attention only */
#define ATTENTION(symbol) extern const struct R(attention_ops) R(symbol);
#include "models/attention/attention.def"
#undef ATTENTION

const struct R(encoder_ops) *R(encoder_at)(size_t row); /* NULL past the end */
const struct R(attention_ops) *R(attention_at)(size_t row);

/* ---- parameters that several encoders and attentions have ----------------------------------------- */

enum forget_init { FORGET_ONE, FORGET_CHRONO };
struct lstm_params {
    enum forget_init forget_init;
};
enum tensor_init R(lstm_bias_init)(const struct gw_model_config *config);

/* Of the additive and the multiplicative attentions; the latter do not declare units. */
struct attention_params {
    size_t attention_units;
    bool luong_combine;
};
#define ATTENTION_UNITS_ROW                                                                                            \
    GW_SIZE_PARAM(struct attention_params, attention_units, "units", 64, 1, 1024, "units of additive attention")
#define LUONG_COMBINE_HELP                                                                                             \
    "the last state q joins the context c: tanh(Wc[c;q]); with bahdanau and multihead plain [c;q], without weights"
#define LUONG_COMBINE_ROW GW_BOOL_PARAM(struct attention_params, luong_combine, false, LUONG_COMBINE_HELP)
static inline size_t attention_units(const struct gw_model_config *config) {
    return ((const struct attention_params *)own_of_attention(config))->attention_units;
}
static inline bool luong_combine(const struct gw_model_config *config) {
    return ((const struct attention_params *)own_of_attention(config))->luong_combine;
}

/* ---- shared parts of attentions (attention_parts.c) ------------------------------------------------ */

size_t R(one_map)(const struct gw_model_config *config);
size_t R(context_hidden)(const struct gw_model_config *config);
/* Through a = softmax(e): da becomes de_i = a_i (da_i - Σ_j a_j da_j), in place. */
void R(softmax_backward)(const struct R(kernels) *k, size_t n, const real *a, real *d);
/* Softmax over the scores in run->map, then context += Σ a_s h_s; and back: dh += a_s dcontext, dscore [n × T]. */
void R(weigh_forward)(const struct R(attention_run) *run, real *context, size_t ld);
void R(weigh_backward)(const struct R(attention_run) *run, const real *dcontext, size_t ld, real *dscore);
/* The sum alone, by weights [n × T] from wherever; da [n × T]. */
void R(sum_states)(const struct R(attention_run) *run, const real *weight, real *context, size_t ld);
void R(sum_states_backward)(const struct R(attention_run) *run, const real *weight, const real *dcontext, size_t ld,
                            real *da);

/* Additive scores e_s = v · tanh(q W1 + h_s W2) with the last state as query q (w1, w2, v: index of own tensors). */
size_t R(additive_keep)(const struct gw_model_config *config);
size_t R(additive_scratch)(const struct gw_model_config *config);
void R(additive_scores)(const struct R(attention_run) *run, const real *w1, const real *w2, const real *v);
void R(additive_scores_backward)(const struct R(attention_run) *run, const real *dscore, const real *w1, const real *w2,
                                 const real *v, real *dw1, real *dw2, real *dv);

#endif
