/* A decoder beside the gate (model.decoder): an LSTM over M coarse steps of the label's horizon that asks the window's states
 * at each of them and says how far the market will have run by then, at best and at worst; the gate reads what its last
 * step was answered. */
#ifndef GATEWALK_MODELS_DECODER_H
#define GATEWALK_MODELS_DECODER_H

#include "gatewalk/labels.h"
#include "models/export/onnx.h"
#include "models/kernels/kernels.h"
#include "models/store/tensors.h"

struct R(network);
struct R(pass);
struct R(shard);
struct R(shard_loss);
struct R(workspace);
struct R(attention_run);
struct R(asked_ops);

enum decoder_teacher { TEACHER_SCHEDULED, TEACHER_FULL, TEACHER_NONE };
enum decoder_decay { DECAY_LINEAR, DECAY_EXPONENTIAL, DECAY_INVERSE_SIGMOID };
/* Own parameters of model.decoder. */
struct decoder_params {
    size_t decoder_steps;
    enum decoder_teacher decoder_teacher;
    enum decoder_decay decoder_decay;
    double decoder_decay_epochs, decoder_weight;
};
static inline const struct decoder_params *decoder_own(const struct gw_model_config *config) {
    return (const struct decoder_params *)(const void *)config->decoder_own[config->decoder].bytes;
}
static inline bool R(decoder_wanted)(const struct gw_model_config *config) {
    return config->decoder != GW_DECODER_NONE;
}

/* Of a network. */
struct R(decoder) {
    bool on;
    size_t first;                     /* its rows of the tensor list: W, U, b, Wy, by */
    size_t steps, hidden, read;       /* M, H, and how many numbers a forecast is read from */
    bool tilde;                       /* h~ = tanh([c; s] Wc) stands in the place of [c; s] */
    bool joined;                      /* the gate reads [c; s] and not c alone */
    const struct R(asked_ops) *asked; /* of the attention that it asks */
};

/* One way over the steps, of the n windows of a tile; kept for the way back. */
struct R(decoder_walk) {
    real *state, *cell; /* [(M + 1) × n × H], slot 0 before the first step */
    real *gates;        /* [M × n × 4H] activated i,f,g,o; the way back leaves dz */
    real *in;           /* [M × n × (2 + H)] what a step takes: moves by then, context or h~ */
    real *query;        /* [M × n × query_size] */
    real *map;          /* [n × M × T] */
    real *both, *tilde; /* [M × n × 2H] [c; s], [M × n × H] */
    real *moves;        /* [M × n × 2] what it says */
    const real *told;   /* [n × M] 1: the step takes what came; NULL: always what was said */
};

enum decoder_taught { TAUGHT_NOTHING, TAUGHT_FREE, TAUGHT_FORCED }; /* by which walk's moves the paths have a loss */

/* Of a running shard; tiles use it one after another. */
struct R(decoder_space) {
    struct R(decoder_walk) free, forced;
    enum decoder_taught taught;
    real *memory, *dmemory;      /* what the attention makes of the windows */
    real *truth, *told;          /* [n × M × 2], [n × M] */
    real *dmoves;                /* [M × n × 2] of the loss */
    real *dstate, *dcell, *dfed; /* [n × H] */
    real *din, *dboth, *dtilde;  /* [n × (2 + H)], [n × 2H], [n × H] */
    real *dscore, *dquery;       /* [n × T], [n × (H or query_size)] */
    real *forecast;              /* [B × M × 2] of the free walk: what the shard's windows forecast */
};

void R(decoder_init)(struct R(network) *net);
void R(decoder_tensors)(struct R(decoder) *decoder, struct tensor_list *list);
void R(decoder_cut)(struct R(workspace) *ws, const struct R(network) *net, bool train, size_t *used);
/* A tile's contexts into run->context, its forecasts into the workspace: always by the decoder's own moves. With a loss of
 * paths also the walk that is taught, the loss, and its gradient by the moves. */
void R(decoder_forward)(const struct R(pass) *pass, struct R(shard) *shard, const struct R(attention_run) *run,
                        size_t first);
/* From run->dcontext and the loss of paths to run->dh, assigned, and all tensors. */
void R(decoder_backward)(const struct R(pass) *pass, const struct R(attention_run) *run);

/* Its part of an exported graph: states [N × T × H] to what the gate reads [N × C]. */
struct onnx_value R(decoder_onnx)(const struct R(network) *net, struct onnx *graph, const struct onnx_model *model,
                                  struct onnx_value states);

/* ---- pieces (decoder_walk.c, decoder_teach.c) ---------------------------------------------------------------------- */

/* One way over the steps; truth [n × M × 2] is read where walk->told says so. */
void R(decoder_walk)(const struct R(pass) *pass, const struct R(attention_run) *run, const struct R(decoder_walk) *walk,
                     const real *truth);
/* What the gate reads of a walk. */
void R(decoder_read)(const struct R(pass) *pass, const struct R(decoder_walk) *walk, size_t n, real *context);
/* And back. dmoves or dcontext may be NULL. Adds to run->dh. */
void R(decoder_walk_backward)(const struct R(pass) *pass, const struct R(attention_run) *run,
                              const struct R(decoder_walk) *walk, const real *dmoves, const real *dcontext);
/* Share of steps that take what came, in an epoch (from 1). */
double R(decoder_share)(const struct decoder_params *own, uint64_t epoch);
/* Paths of a tile's windows and who is told them: what is taught, TAUGHT_NOTHING without paths. */
enum decoder_taught R(decoder_lesson)(const struct R(pass) *pass, const struct R(shard) *shard, size_t first, size_t n);
/* Loss of the moves against the paths; dmoves. */
double R(decoder_loss)(const struct R(pass) *pass, const struct R(shard) *shard, size_t n,
                       const struct R(decoder_walk) *walk);
/* Samples of a batch that have a path, of which the loss is the mean. */
size_t R(decoder_count)(const struct R(network) *net, const struct gw_series *series, const struct gw_sample *sample,
                        const uint32_t *index, size_t n);

#endif
