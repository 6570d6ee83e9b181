/* Gate models: from windows of features to two probabilities, p_long and p_short.
 *
 *   window [T × F] → encoder (LSTM, H) → context (attention or last state) → dropout → Dense(64, ReLU) → 2 sigmoid
 * heads
 *
 * A fit is a pure function of (input, config, seed): same bytes for any number of threads. Inside an OpenMP
 * parallel region fits spread their shards as tasks; outside they run on the calling thread. */
#ifndef GATEWALK_MODEL_H
#define GATEWALK_MODEL_H

#include "labels.h"

enum { GW_NAME_MAX = 24 };

struct gw_model_config {
    char encoder[GW_NAME_MAX]; /* "lstm" (default) or "logistic" (the last bar's features, a sanity floor) */
    char attention
        [GW_NAME_MAX]; /* a row of models/attention/attention.def: none, bahdanau, luong_dot, …, multihead, dual_stage */
    size_t n_features;      /* F */
    size_t lookback;        /* T, default 96 */
    size_t hidden;          /* H, default 64 */
    size_t layers;          /* stacked LSTM layers, default 1 */
    size_t attention_units; /* bahdanau, luong_concat, dual_stage; default 64 */
    size_t heads, key_dim;  /* multihead; default 4 × 32 */
    bool luong_combine;     /* h~ = tanh(Wc[c;q]) (and [c;q] for bahdanau) */
    bool causal_mask;
    size_t dense_units;            /* default 64 */
    double dropout;                /* default 0.3 */
    char forget_init[GW_NAME_MAX]; /* "one" (default) or "chrono" (Tallec & Ollivier 2018) */
};

struct gw_train_config {
    char loss[GW_NAME_MAX];                          /* a row of models/loss/loss.def; default "bce" */
    double pos_weight;                               /* default 1 */
    double focal_gamma, focal_alpha, bootstrap_beta; /* beta 0: the loss's own default */
    double self_paced_start, self_paced_epochs;      /* first quantile and epochs until all samples are in */
    char optimizer[GW_NAME_MAX];                     /* "adam" (default), "adamw", "sgd" */
    double learning_rate;                            /* 1e-3 */
    double weight_decay;                             /* adamw: decoupled, .01 */
    double momentum;                                 /* sgd */
    char schedule[GW_NAME_MAX];                      /* "constant" (default), "linear", "cosine", "polynomial" */
    double warmup_epochs;
    double schedule_power;
    double clip_norm;                /* global norm, default 1; 0 off */
    size_t batch_size;               /* windows per update, default 256 */
    size_t block;                    /* contiguous windows per block of a batch, default 32; 1 = full shuffling */
    size_t accumulate;               /* batches per update, default 1 */
    size_t epochs;                   /* at most, default 50 */
    size_t patience;                 /* epochs without improvement, default 5; 0 = never stop early */
    char monitor[GW_NAME_MAX];       /* "loss" (default) or "average_precision", on the validation slice */
    double positive_fraction;        /* class-balanced sampling: share of blocks/windows drawn by a positive; 0 = off */
    char retrain[GW_NAME_MAX];       /* "fresh" (default), "warm", "lora" */
    char lora_on[GW_NAME_MAX];       /* a row of "lora_on": "all" (default), "recurrent", "attention" */
    size_t lora_rank;                /* 16 */
    double lora_alpha, lora_dropout; /* 16, .05 */
    char calibration[GW_NAME_MAX];   /* "none" (default), "platt", "isotonic": fitted on validation only */
    char precision[GW_NAME_MAX];     /* a row of "precision": "float32" */
};

void gw_model_config_default(struct gw_model_config *config);
void gw_train_config_default(struct gw_train_config *config);
/* Every field against its range and the tables; GW_ERR_CONFIG names the key ("model.heads: …"). Non-fatal advice (heads
 * below 16 dims, heads without width) is returned through `warning` (buffer of 256, "" when none). */
int gw_model_config_check(const struct gw_model_config *config, const struct gw_train_config *train,
                          char warning[256]) GW_MUST_USE;

/* Names in the tables, for `list` and config validation. kind: "encoder", "attention", "loss", "optimizer", "schedule",
 * "retrain", "calibration", "precision", "monitor", "forget_init", "lora_on". NULL past the end. */
const char *gw_model_option_name(const char *kind, size_t i);
const char *gw_model_option_help(const char *kind, size_t i);

/* Parameters by tensor; returns total. tensor callback may be NULL. */
size_t gw_model_parameter_count(const struct gw_model_config *config);

/* ---- fitting ------------------------------------------------------------------------------ */

/* Scaled features of one symbol, as far as the fit may look. Rows are bars. */
struct gw_series {
    const float *x; /* [n_rows × n_features], finite wherever a sample's window reaches */
    size_t n_rows;
    const int8_t *label[GW_N_GATES]; /* [n_rows]; GW_LABEL_MISSING is skipped in the loss */
};
/* The window that ends at (and includes) row `row` of series `series`: rows row-T+1 … row. */
struct gw_sample {
    uint32_t series, row;
};

struct gw_fit_input {
    size_t n_series, n_features;
    const struct gw_series *series;
    const struct gw_sample *train, *validation; /* each sorted by (series, row) */
    size_t n_train, n_validation;
};

struct gw_epoch_record {
    uint32_t epoch; /* from 1 */
    double learning_rate, train_loss, validation_loss, validation_ap[GW_N_GATES];
    bool best;
};
struct gw_training_log {
    struct gw_epoch_record *epoch; /* owned */
    size_t n_epochs, best_epoch;
    uint64_t windows; /* windows trained on, all epochs */
    double seconds;   /* wall time; not part of any result that must repeat */
};
void gw_training_log_free(struct gw_training_log *log);

struct gw_gate_model; /* trained, const */

struct gw_fit_options {
    uint64_t seed;                        /* already mixed from (seed, strategy, fold) by the caller */
    const struct gw_gate_model *previous; /* for warm and lora; NULL for the first fold */
    void (*on_epoch)(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second);
    void (*on_windows)(void *context, size_t windows); /* progress in between; any thread */
    void *context;
};

/* Stops with GW_ERR_INTERRUPTED when interrupt_requested(). */
int gw_model_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                 const struct gw_fit_input *input, const struct gw_fit_options *options, struct gw_gate_model **out,
                 struct gw_training_log *log) GW_MUST_USE;
void gw_model_free(struct gw_gate_model *model);
const struct gw_model_config *gw_model_get_config(const struct gw_gate_model *model);

/* Attention of scored windows, where the model has any. time sums to 1 per map. */
struct gw_attention_out {
    size_t n_maps;  /* 1, or the number of heads; 0: the model has no attention */
    float *time;    /* [n × n_maps × T], caller's, may be NULL; lag of entry s is T-1-s */
    float *feature; /* [n × F] input attention of dual_stage averaged over time, may be NULL */
};
size_t gw_model_attention_maps(const struct gw_model_config *config);
bool gw_model_has_feature_attention(const struct gw_model_config *config);
/* probability: [n × GW_N_GATES]. Same bits for any grouping of the samples. */
int gw_model_score(const struct gw_gate_model *model, const struct gw_series *series, size_t n_series,
                   const struct gw_sample *sample, size_t n, float *probability,
                   struct gw_attention_out *attention) GW_MUST_USE;

/* Drop of AP per feature when that feature's rows are permuted in blocks (permutation importance), on the given
 * samples. */
int gw_model_permutation_importance(const struct gw_gate_model *model, const struct gw_fit_input *input, uint64_t seed,
                                    double *drop /* [GW_N_GATES × n_features] */) GW_MUST_USE;

/* safetensors with named tensors; `meta_key/meta_value` pairs go into __metadata__ beside the model's own (config,
 * seed, training log, payload hash). extra: more tensors (scaler), e.g. "scaler.center".
 * A lora fit stores only its adapters, A [rows × r] and B [r × columns] of every adapted matrix ("lstm0.U.lora_a",
 * "lstm0.U.lora_b"), and in __metadata__ "base" and "merged": hashes of the weights it was trained on, which are those
 * of the fold before, and of the two together. The first fold of a chain has no fold before and stores all weights. */
struct gw_extra_tensor {
    char name[48];
    size_t n;
    double *value; /* [n], stored as F64; owned by the caller on save, by the callee's caller after load (mem_free) */
};
struct gw_meta_pair {
    const char *key, *value;
};
int gw_model_save(const struct gw_gate_model *model, const struct gw_training_log *log, const struct gw_meta_pair *meta,
                  size_t n_meta, const struct gw_extra_tensor *extra, size_t n_extra, const char *path) GW_MUST_USE;
/* Checks magic, sizes, hash. `expect`: metadata that must match, else GW_ERR_DATA (a stale file). *n_extra is the capacity
 * of `extra` on entry and the number of tensors on return; extra NULL leaves them out. log->seconds is not stored, so
 * that the same fit always gives the same file. */
int gw_model_load(const char *path, const struct gw_meta_pair *expect, size_t n_expect, struct gw_gate_model **out,
                  struct gw_training_log *log, struct gw_extra_tensor *extra, size_t *n_extra) GW_MUST_USE;
/* The same for any fold of a lora chain: `previous` is the model of the fold before, loaded the same way, const and no
 * longer needed afterwards; files with all weights ignore it (NULL will do). Gives the weights of the fit bit for bit,
 * on any instruction set; GW_ERR_DATA when previous is missing or not the one that the adapters were trained on. */
int gw_model_load_onto(const char *path, const struct gw_gate_model *previous, const struct gw_meta_pair *expect,
                       size_t n_expect, struct gw_gate_model **out, struct gw_training_log *log,
                       struct gw_extra_tensor *extra, size_t *n_extra) GW_MUST_USE;

/* ---- kernels ------------------------------------------------------------------------------ */

/* "auto", "portable", "avx2", "avx512"; GW_ERR_USAGE when unknown or not supported by this CPU. Call before any fit. */
int gw_kernels_select(const char *name) GW_MUST_USE;
const char *gw_kernels_selected(void);
/* The variant of the set in use that training with precision "bf16" takes: "avx512 bf16", "avx512 amx bf16" … */
const char *gw_kernels_selected_bf16(void);
const char *gw_kernels_name(size_t i); /* NULL past the end */
bool gw_kernels_supported(size_t i);

#endif
