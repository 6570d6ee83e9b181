/* Pieces of a transformer over windows, and the autoencoder that is made of them.
 *
 *   x [P × 6] → x W + b + position → N layers → flat [P·D] → 2D → D → latent [L] / length        the encoder
 *   latent → D → 2D → flat [P·D] + position → N layers → h W + b [P × 6]                         the decoder, mirrored
 *
 * A layer (Vaswani et al. 2017, with the norms before its two parts: Xiong et al. 2020) of rows h [P × D]:
 *   a = norm(h);  q,k,v = a Wqkv + b;  per head A = softmax(q kᵀ / √d), mix = A v;  h += mix Wo + b
 *   c = norm(h);  h += relu(c W1 + b) W2 + b                                                      W1 [D × 4D]
 * A block of the bottleneck: relu(norm(x W + b)) with dropout.
 *
 * A batch is cut into shards of SHARD_WINDOWS, whatever the number of threads: a shard runs on one thread and adds its layers'
 * gradients into its own block; blocks are added in shard order. Bottleneck and contrast see the whole batch at once; their
 * products are cut by rows (kernels_gemm_large). Inside a shard, windows go tile by tile, so that a tile stays in the cache. */
#ifndef GATEWALK_MODELS_TRANSFORMER_H
#define GATEWALK_MODELS_TRANSFORMER_H

#include "models/kernels/kernels.h"
#include "models/store/tensors.h"

struct transformer_shape {
    size_t steps, channels; /* P bars of so many numbers */
    size_t width;           /* D, a multiple of heads */
    size_t heads, layers;
    size_t latent; /* L */
    bool causal;   /* a bar attends only to bars up to itself */
};

enum {
    TRANSFORMER_LAYERS_MAX = 4,
    TRANSFORMER_SHARD = 32, /* windows */
    TRANSFORMER_TILE = 4,   /* windows */
    FFN_FACTOR = 4,
};

/* ---- a layer -------------------------------------------------------------------------------------------------- */

enum layer_tensor {
    NORM1_GAIN,
    NORM1_BIAS,
    QKV_W,
    QKV_B,
    MIX_W,
    MIX_B,
    NORM2_GAIN,
    NORM2_BIAS,
    FFN1_W,
    FFN1_B,
    FFN2_W,
    FFN2_B,
    LAYER_TENSORS
};

/* What a layer leaves for its way back; every array begins with the first window. */
struct R(layer_keep) {
    real *in;               /* [rows × D] what came in */
    real *norm1, *moments1; /* [rows × D], [rows × 2] */
    real *qkv;              /* [rows × 3D] */
    real *prob;             /* [windows × heads × P × ld] */
    real *mix;              /* [rows × D] heads side by side */
    real *between;          /* [rows × D] after the attention */
    real *norm2, *moments2; /* [rows × D], [rows × 2] */
    real *ffn;              /* [rows × 4D] after ReLU */
};
/* A row of attention weights, padded to whole cache lines. */
static inline size_t prob_ld(const struct transformer_shape *shape) { return (shape->steps + 15) / 16 * 16; }

struct R(layer_run) {
    const struct transformer_shape *shape;
    const struct R(kernels) *k;
    const real *weights; /* the flat block */
    real *gradient;      /* the same layout, added into */
    const struct tensor_list *tensors;
    size_t first; /* NORM1_GAIN of this layer in the list */
};

/* By the set's own dense, or in parts. */
void R(dense)(const struct R(kernels) *k, const struct R(dense_run) *run);
void R(layer_tensors)(struct tensor_list *list, const struct transformer_shape *shape, const char *prefix,
                      size_t layer);
/* n windows from keep->in to out [rows × D]; at: their first window in keep's arrays. */
void R(layer_forward)(const struct R(layer_run) *run, const struct R(layer_keep) *keep, size_t at, size_t n, real *out);
/* dh [rows × D] of those windows: of what came out, becomes that of what came in. scratch: layer_scratch elements. */
size_t R(layer_scratch)(const struct transformer_shape *shape);
void R(layer_backward)(const struct R(layer_run) *run, const struct R(layer_keep) *keep, size_t at, size_t n, real *dh,
                       real *scratch);
/* All heads of n windows: qkv → prob, mix; and back: dmix → dqkv (assigned). dprob: [P × ld] scratch. */
void R(attend)(const struct transformer_shape *shape, const struct R(kernels) *k, size_t n, const real *qkv, real *prob,
               real *mix);
void R(attend_backward)(const struct transformer_shape *shape, const struct R(kernels) *k, size_t n, const real *qkv,
                        const real *prob, const real *dmix, real *dqkv, real *dprob);

/* ---- a stack of layers between a projection and whatever comes next -------------------------------------------------- */

struct R(stack) {
    struct R(layer_keep) keep[TRANSFORMER_LAYERS_MAX];
    real *out; /* [rows × D] of the last layer */
};
/* Elements for n windows; memory NULL only counts. `train`: with what the way back needs, else layers share their arrays. */
size_t R(stack_cut)(struct R(stack) *stack, const struct transformer_shape *shape, size_t n, bool train, real *memory);
/* first: NORM1_GAIN of layer 0. From keep[0].in; at and n as above. */
void R(stack_forward)(const struct R(layer_run) *run, const struct R(stack) *stack, size_t at, size_t n);
void R(stack_backward)(const struct R(layer_run) *run, const struct R(stack) *stack, size_t at, size_t n, real *dh,
                       real *scratch);

/* ---- the bottleneck ----------------------------------------------------------------------------------------------- */

/* Products of the whole batch go out as tasks, those inside a task stay in it. */
struct R(products) {
    const struct R(kernels) *k;
    bool tasks;
};
void R(multiply)(const struct R(products) *by, enum kernels_product product, size_t m, size_t n, size_t k,
                 const real *a, size_t lda, const real *b, size_t ldb, real *c, size_t ldc, bool accumulate);

enum block_tensor { BLOCK_W, BLOCK_B, BLOCK_GAIN, BLOCK_BIAS, BLOCK_TENSORS };
/* One block: relu(norm(in W + b)) * mask. */
struct R(block) {
    size_t inputs, outputs, first; /* first: BLOCK_W in the list */
    real *linear, *moments, *out;  /* [n × outputs], [n × 2], [n × outputs] after ReLU and dropout */
    const real *mask;              /* [n × mask_ld] dropout factors; NULL: none */
    size_t mask_ld;
};
struct R(flat_run) {
    struct R(products) by;
    const real *weights;
    real *gradient;
    const struct tensor_list *tensors;
    size_t n; /* windows */
};
void R(block_forward)(const struct R(flat_run) *run, const struct R(block) *block, const real *in);
/* dout [n × outputs] is overwritten; din may be NULL. */
void R(block_backward)(const struct R(flat_run) *run, const struct R(block) *block, const real *in, real *dout,
                       real *din);
/* out = in W + b with W and b at `first`, and back. */
void R(affine_forward)(const struct R(flat_run) *run, size_t first, size_t inputs, size_t outputs, const real *in,
                       real *out);
void R(affine_backward)(const struct R(flat_run) *run, size_t first, size_t inputs, size_t outputs, const real *in,
                        const real *dout, real *din);
/* Rows divided by their length, which is kept; and back: draw = (dunit - unit (unit · dunit)) / length. */
void R(unit_forward)(size_t n, size_t d, const real *raw, real *unit, real *length);
void R(unit_backward)(size_t n, size_t d, const real *unit, const real *length, const real *dunit, real *draw);
/* Sines and cosines of the position (Vaswani et al. 2017, §3.5): [P × D]. */
void R(position_code)(const struct transformer_shape *shape, real *code);

/* ---- contrast ------------------------------------------------------------------------------------------------------ */

/* Mean cosine of different rows of z [n × d], unit rows; adds weight times its gradient to dz where dz is not NULL. */
double R(mean_cosine)(size_t n, size_t d, const real *z, double weight, real *dz);
/* NT-Xent (Chen et al. 2020, eq. 1): rows i and i + n/2 are two views of one window; mean over all rows of -log softmax of
 * the other view's cosine / temperature among all other rows, by log-sum-exp: at most log(n - 1) + 2 / temperature.
 * similarity [n × n] is scratch. */
double R(nt_xent)(const struct R(products) *by, size_t n, size_t d, const real *z, double temperature, double weight,
                  real *similarity, real *dz);

/* ---- the autoencoder ------------------------------------------------------------------------------------------------ */

struct autoencoder {
    struct transformer_shape shape;
    struct tensor_list tensors;
    bool has_decoder;
    size_t embed, encoder, decoder, rebuild;                 /* first tensor of each part that shards work on … */
    size_t narrow1, narrow2, latent, widen1, widen2, unfold; /* … and, behind them, of those that see the batch */
    size_t shared; /* elements of the block before narrow1: a shard's gradient */
};
/* Dropout factors of one window: 2D, D of the encoder, D, 2D of the decoder. */
static inline size_t autoencoder_mask(const struct transformer_shape *shape) { return 6 * shape->width; }
/* Without a decoder the list ends with the latent. */
void R(autoencoder_init)(struct autoencoder *net, const struct transformer_shape *shape, bool has_decoder);
int R(autoencoder_start)(const struct autoencoder *net, uint64_t seed, real *weights) GW_MUST_USE;

/* Windows that go through together; every array begins with the first window. */
struct R(batch) {
    real *memory; /* owns everything below */
    size_t most;
    bool train;
    real *x;    /* [n × P × channels] */
    real *mask; /* [n × 6D] dropout factors; read when masked */
    bool masked;
    real *code; /* [P × D] */
    struct R(stack) encoder;
    struct R(block) narrow[2], widen[2];
    real *raw, *length, *z, *dz; /* [n × L], [n], [n × L], [n × L] */
    real *flat;        /* [n × P·D] what the decoder takes, its gradient, and that of the encoder's output */
    real *wide, *thin; /* [n × 2D], [n × D] gradients on their way through the bottleneck */
};
int R(batch_init)(struct R(batch) *batch, const struct autoencoder *net, size_t most, bool train) GW_MUST_USE;
void R(batch_free)(struct R(batch) *batch);
/* The same in memory of somebody's, all zero at first; NULL only counts. Returns its elements. A second call for the same
 * memory finds what the first has left there. */
size_t R(batch_place)(struct R(batch) *batch, const struct autoencoder *net, size_t most, bool train, real *memory);

/* What one thread needs while it works on a tile. */
struct R(tile) {
    real *memory;
    struct R(stack) decoder; /* of a tile */
    real *dh, *rebuilt, *scratch;
};
int R(tile_init)(struct R(tile) *tile, const struct autoencoder *net, bool train) GW_MUST_USE;
void R(tile_free)(struct R(tile) *tile);
size_t R(tile_place)(struct R(tile) *tile, const struct autoencoder *net, bool train,
                     real *memory); /* as batch_place */

struct R(pieces) { /* what all of the following work with */
    const struct autoencoder *net;
    const struct R(kernels) *k;
    const real *weights;
    struct R(batch) *batch;
};
/* Windows at … at + n of the batch, on the calling thread, tile by tile: x to the last layer's output; and back, from its
 * gradient in batch->flat into `gradient` (a shard's). */
void R(encode_layers)(const struct R(pieces) *with, size_t at, size_t n);
void R(encode_layers_backward)(const struct R(pieces) *with, size_t at, size_t n, real *gradient, struct R(tile) *tile);
/* The first n windows: layers' output to z; and back from dz to batch->flat. Products as tasks or not. */
void R(narrow_forward)(const struct R(pieces) *with, size_t n, bool tasks);
void R(narrow_backward)(const struct R(pieces) *with, size_t n, bool tasks, real *gradient);
/* z to batch->flat; and back to dz, which is added to; returns what was added [n × L], until narrow_backward. */
void R(widen_forward)(const struct R(pieces) *with, size_t n, bool tasks);
const real *R(widen_backward)(const struct R(pieces) *with, size_t n, bool tasks, real *gradient);
/* batch->flat to rebuilt windows; returns Σ (rebuilt - x)². gradient not NULL: batch->flat becomes its own gradient of
 * scale * that sum. out not NULL: the rebuilt windows go there instead of being compared. */
double R(decode_layers)(const struct R(pieces) *with, size_t at, size_t n, double scale, real *gradient,
                        struct R(tile) *tile, real *out);

/* ---- a batch's loss ----------------------------------------------------------------------------------------------------- */

struct contrast {
    bool nt_xent; /* rows i and i + n/2 are views of one window */
    double weight, temperature;
};
struct R(trainer) {
    struct R(pieces) with;
    struct contrast contrast;
    size_t n_tiles; /* threads */
    struct R(tile) *tile;
    real *shard_gradient; /* [shards × shared] */
    double *shard_error;  /* [shards] */
    real *similarity;     /* [most × most] of nt_xent */
};
int R(trainer_init)(struct R(trainer) *trainer, const struct autoencoder *net, const struct R(kernels) *k,
                    const struct contrast *contrast, size_t most) GW_MUST_USE;
void R(trainer_free)(struct R(trainer) *trainer);
struct batch_loss {
    double r, c; /* the loss is r + weight c */
    double pull; /* with a gradient: Σ |weight dc/dz| / Σ |dr/dz| over the windows' latents */
};
/* Of the first n windows of the trainer's batch; gradient [tensors.size] is assigned, NULL: only the loss. Spreads tasks
 * over the enclosing parallel region. */
struct batch_loss R(trainer_run)(struct R(trainer) *trainer, const real *weights, size_t n, real *gradient);

#endif
