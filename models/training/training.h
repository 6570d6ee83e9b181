/* A trained gate and the fit that makes it. */
#ifndef GATEWALK_MODELS_TRAINING_H
#define GATEWALK_MODELS_TRAINING_H

#include "models/api/calibration.h"
#include "models/network/gate.h"
#include "models/network/lora.h"
#include "models/optimizer/optimizer.h"
#include "models/schedule/schedule.h"
#include "models/stream/stream.h"
#include "models/training/loss_scale.h"

struct R(gate) {
    struct R(network) net;
    struct gw_train_config train;
    uint64_t seed;
    real *weights; /* [net.tensors.size] owned */
    real *theta;   /* the adapters merged into them, as lora_lay_out orders them; owned; NULL: not a lora fit */
    uint64_t base; /* lora_hash of the weights that the adapters were trained on */
    struct calibration calibration[GW_N_GATES];
    struct loss_scale scale; /* as a fit in fp16 left it; now 0: of no such fit */
    /* Of a snapshot ensemble: the weights above are the last snapshot's. */
    size_t n_snapshots; /* 0: none */
    real *snapshot;     /* [n_snapshots × net.tensors.size] owned */
    double *mix;        /* [GW_N_GATES × n_snapshots] owned: not negative, sum 1 for each gate */
};
void R(gate_free)(struct R(gate) *gate);

/* Workspaces for the threads that may run shards: those of the enclosing parallel region, or one. */
struct R(team) {
    size_t n;
    struct R(workspace) *ws; /* [n] by thread number */
    struct R(carry) *carry;  /* [n] of a streaming network, for scoring */
};
int R(team_init)(struct R(team) *team, const struct R(network) *net, bool train) GW_MUST_USE;
/* The same of a streaming network, with workspaces for segments of `steps` bars, `scored` of them with a loss; 0: for
 * scoring only. */
int R(team_init_stream)(struct R(team) *team, const struct R(network) *net, size_t steps, size_t scored) GW_MUST_USE;
void R(team_free)(struct R(team) *team);

/* Logits [n × GW_N_GATES] of samples, spread as tasks over the enclosing parallel region; attention may be NULL.
 * Shards are always full (the last one repeats its last window), so a window gets the same bits in any company. Of a
 * streaming network the samples must be sorted, and those of a series are one slice: see stream_logits. */
void R(score_logits)(const struct R(network) *net, const real *weights, const real *packed, const struct R(team) *team,
                     const struct gw_series *series, const struct gw_sample *sample, size_t n, real *logit,
                     const struct gw_attention_out *attention);
/* The same from a trained gate: allocates what it needs. */
int R(gate_logits)(const struct R(gate) *gate, const struct gw_series *series, const struct gw_sample *sample, size_t n,
                   real *logit, const struct gw_attention_out *attention) GW_MUST_USE;

/* Mixed probabilities [n × GW_N_GATES] of a snapshot ensemble, before calibration; attention is the snapshots' mean, weighed
 * by their shares in both gates. The logit of such a probability is what calibration takes. */
int R(snapshots_score)(const struct R(gate) *gate, const struct gw_series *series, const struct gw_sample *sample,
                       size_t n, double *p, struct gw_attention_out *attention) GW_MUST_USE;
double R(snapshots_logit)(double p);

/* ---- fit --------------------------------------------------------------------------------------------- */

struct R(training) {
    const struct gw_train_config *config;
    const struct gw_fit_input *input;
    const struct gw_fit_options *options;
    const struct R(kernels) *k;
    const struct loss_ops *loss_ops;
    const struct R(optimizer_ops) *optimizer;
    const struct schedule_ops *schedule;
    struct R(network) net;
    struct R(team) team;
    struct R(lora) lora; /* plan.n == 0 unless config->retrain is "lora" and there is a fold before */
    /* Parts of the block whose gradient is wanted: all of it, or the adapted matrices. */
    struct {
        size_t first, n;
    } part[TENSORS_MAX];
    size_t n_parts;
    struct R(shard_loss) loss;
    struct loss_scale scale; /* in loss.weight already */
    double lambda[GW_N_GATES][2];
    size_t n_shards; /* of a full batch */
    struct {
        struct segment_plan plan;
        struct segment *segment; /* [plan.most] of this epoch */
        uint32_t *order;         /* [plan.most] */
        size_t side;             /* segments of a batch */
    } stream;
    real *weights, *best, *packed;
    real *shard_gradient; /* [n_shards × size] */
    double *shard_loss;   /* [n_shards] */
    double *shard_path;   /* [n_shards] what of it is of a decoder's paths */
    struct {
        double moves, loss; /* of this epoch: moves that had a loss, and their sum without weights */
    } paths;
    real *gradient;     /* [size] summed over a group of accumulated batches */
    real *state;        /* of the optimiser */
    real *logit;        /* [max(n_validation, n_train if self-paced) × GW_N_GATES] */
    double *loss_value; /* [n_train] scratch of self-paced quantiles */
    uint32_t *order;    /* [n_train] */
    uint64_t updates;
    struct {
        size_t epochs;                           /* of every cycle of the schedule */
        uint64_t first, updates, warmup_updates; /* of the one that is under way */
    } cycle;
    struct R(snapshots) {
        size_t n, taken; /* n 0: none are wanted */
        enum snapshots how;
        real *weights; /* [n × size] */
        double *said;  /* [n_validation × GW_N_GATES × n] */
    } snapshots;
    double epoch_start, epoch_loss; /* seconds; Σ batch loss × windows */
    uint64_t windows;
};

/* One pass over the training samples in this epoch's order. */
int R(training_epoch)(struct R(training) *fit, uint64_t epoch, struct gw_epoch_record *record) GW_MUST_USE;
/* The same over segments (training_stream.c), and what it needs. */
int R(training_stream_init)(struct R(training) *fit) GW_MUST_USE;
void R(training_stream_free)(struct R(training) *fit);
int R(training_stream_epoch)(struct R(training) *fit, uint64_t epoch, struct gw_epoch_record *record) GW_MUST_USE;
uint64_t R(training_stream_updates)(const struct R(training) *fit, uint64_t epoch); /* updates of an epoch to come */
/* What epochs of both kinds are made of. Adds the gradients of n shards up in order and returns their loss. */
/* Puts the loss scale into the weights of a batch, which are those of its loss. */
void R(training_scale_loss)(struct R(training) *fit);
double R(training_sum_shards)(struct R(training) *fit, size_t n_shards);
/* Clips to the global norm, moves the weights (or adapters) and repacks what the kernels read. */
int R(training_update)(struct R(training) *fit, uint64_t epoch, size_t n_batches, double *rate) GW_MUST_USE;
int R(training_diverged)(const struct R(training) *fit, uint64_t epoch, const char *what);
/* Loss and average precision on the validation slice with the weights as they are, into the record. */
int R(training_validate)(struct R(training) *fit, struct gw_epoch_record *record) GW_MUST_USE;
/* The same of what fit->logit holds of that slice. */
int R(training_measure)(struct R(training) *fit, struct gw_epoch_record *record) GW_MUST_USE;
/* What a later fit needs to go on behind this one's last epoch, in options->checkpoint. Without a sound one of the same key and
 * of at most so many epochs everything stays as it is. */
int R(training_state_store)(const struct R(training) *fit, const struct gw_training_log *log) GW_MUST_USE;
void R(training_state_load)(struct R(training) *fit, size_t epochs_most, struct gw_training_log *log);
/* Snapshots, if they are wanted: room for them; the weights that validation has just seen; the gate made of them. */
int R(snapshots_init)(struct R(training) *fit) GW_MUST_USE;
void R(snapshots_free)(struct R(training) *fit);
void R(snapshots_take)(struct R(training) *fit);
int R(snapshots_finish)(struct R(training) *fit, struct R(gate) *gate, struct gw_training_log *log) GW_MUST_USE;
/* Self-paced losses: lambda per gate and class for this epoch, from a forward pass over the training samples. */
void R(training_pace)(struct R(training) *fit, uint64_t epoch);

int R(gw_model_fit)(const struct gw_model_config *model, const struct gw_train_config *train,
                    const struct gw_fit_input *input, const struct gw_fit_options *options,
                    const struct R(gate) *previous, struct R(gate) *out, struct gw_training_log *log) GW_MUST_USE;

#endif
