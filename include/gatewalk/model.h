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
#include "param.h"

GW_BEGIN_DECLS

enum { GW_NAME_MAX = 24 };

enum gw_monitor_kind {
    GW_MONITOR_LOSS,
    GW_MONITOR_AVERAGE_PRECISION
}; /* what decides the best epoch, on the validation slice */
enum gw_retrain { GW_RETRAIN_FRESH, GW_RETRAIN_WARM, GW_RETRAIN_LORA };
enum gw_calibration_kind { GW_CALIBRATION_NONE, GW_CALIBRATION_PLATT, GW_CALIBRATION_ISOTONIC };
enum gw_unroll { GW_UNROLL_WINDOW, GW_UNROLL_STREAM }; /* every bar's own window, or a state carried from bar to bar */
enum gw_cross_kind { GW_CROSS_NONE, GW_CROSS_INTERVAL, GW_CROSS_SYMBOL };
enum gw_decoder_kind { GW_DECODER_NONE, GW_DECODER_PATH };
enum gw_precision { GW_PRECISION_FLOAT32, GW_PRECISION_BF16, GW_PRECISION_FP16 };

/* Settings of a model; gw_model_params says what each means. Words are rows of the tables in models/ (gw_choice_find,
 * gw_model_option_name). The own structs hold what the rows themselves declare: see the row's file, or set them by name,
 * gw_model_config_set(&config, "attention_units", "32"). */
struct gw_model_config {
    int encoder;       /* row of models/encoder/encoder.def */
    int attention;     /* row of models/attention/attention.def */
    size_t n_features; /* F; from the data, not a key */
    size_t lookback;   /* T */
    size_t hidden;     /* H */
    size_t layers;
    size_t dense_units;
    double dropout;
    enum gw_unroll unroll;
    enum gw_cross_kind cross; /* a second sequence that the gate's last state attends to: cross_own */
    size_t cross_features;    /* its columns; from the data, not a key */
    struct gw_own_params cross_own[GW_OWN_ROWS_MAX];
    enum gw_decoder_kind decoder; /* over the label's horizon, asking the window's states: decoder_own */
    struct gw_own_params decoder_own[GW_OWN_ROWS_MAX];
    struct gw_own_params encoder_own[GW_OWN_ROWS_MAX], attention_own[GW_OWN_ROWS_MAX];
    struct gw_own_params unroll_own[GW_OWN_ROWS_MAX];
};

/* Settings of a training; gw_train_params says what each means. */
struct gw_train_config {
    int loss, optimizer, schedule; /* rows of models/loss/loss.def, optimizer.def, schedule.def */
    double learning_rate;
    double warmup_epochs;
    double clip_norm;
    size_t batch_size; /* windows per gradient */
    size_t block;      /* contiguous windows per block of a batch; 1 = full shuffling */
    size_t accumulate;
    size_t epochs, patience;
    enum gw_monitor_kind monitor;
    double positive_fraction;
    size_t segment, segment_warmup; /* streaming: scored bars of a segment (L; 0 = 2T), bars before them (W; 0 = T) */
    size_t segments;                /* streaming: segments per gradient; 0 = batch_size / 32 */
    enum gw_retrain retrain;
    enum gw_calibration_kind calibration;
    enum gw_precision precision;
    struct gw_own_params loss_own[GW_OWN_ROWS_MAX], optimizer_own[GW_OWN_ROWS_MAX], schedule_own[GW_OWN_ROWS_MAX];
    struct gw_own_params retrain_own[GW_OWN_ROWS_MAX], precision_own[GW_OWN_ROWS_MAX];
};

extern const struct gw_param_table gw_model_params;
extern const struct gw_param_table gw_train_params;
void gw_model_config_default(struct gw_model_config *config);
void gw_train_config_default(struct gw_train_config *config);
/* One key from text, whether its row is chosen already or not: GW_ERR_CONFIG names it. */
int gw_model_config_set(struct gw_model_config *config, const char *key, const char *value) GW_MUST_USE;
int gw_train_config_set(struct gw_train_config *config, const char *key, const char *value) GW_MUST_USE;

/* Whether a fit finds the library that its encoder takes (XGBoost's): GW_ERR_TOOL says what to install. Trained models need
 * none. gw_model_library: that library with its version, "" for models that take none. */
int gw_model_ready(const struct gw_model_config *config) GW_MUST_USE;
const char *gw_model_library(const struct gw_model_config *config);

/* What a check has to say beside its error. */
struct gw_model_report {
    const char *key[3]; /* on GW_ERR_CONFIG the keys that do not go together, "model.layers" first; NULL: none */
    char advice[256];   /* nothing fatal: heads below 16 dimensions, heads without width; "" for none */
};
/* Every field against its range and the tables; GW_ERR_CONFIG names the key ("model.layers: …"). report may be NULL. */
int gw_model_config_check(const struct gw_model_config *config, const struct gw_train_config *train,
                          struct gw_model_report *report) GW_MUST_USE;
/* Whether it is an LSTM that is read at its last state, which every attention is measured against. */
bool gw_model_is_baseline(const struct gw_model_config *config);
bool gw_model_is_recurrent(const struct gw_model_config *config); /* an LSTM, whatever attends to its states */
/* An LSTM or a control in its place: it sees the features of `lookback` bars, not one bar's and not the bars themselves. */
bool gw_model_takes_windows(const struct gw_model_config *config);

/* Cycles of the schedule, 1 for those that know none. A training whose "snapshots" are wanted leaves a mixture of the weights at
 * the ends of as many cycles, so that all its epochs are run and none is the best: how many snapshots, else 0. */
size_t gw_train_cycles(const struct gw_train_config *config);
size_t gw_train_snapshots(const struct gw_train_config *config);
/* Whether a fit can end early and another one go on from there, unless it begins with the weights of a fold before it. */
bool gw_model_resumes(const struct gw_model_config *model, const struct gw_train_config *train);

/* Names in the tables. kind: the name of a key of gw_model_params or gw_train_params that is a choice. NULL past the end. */
const char *gw_model_option_name(const char *kind, size_t i);
const char *gw_model_option_help(const char *kind, size_t i);

/* Parameters by tensor; returns total. tensor callback may be NULL. */
size_t gw_model_parameter_count(const struct gw_model_config *config);

/* ---- fitting ------------------------------------------------------------------------------ */

/* The second sequence of cross-attention: chosen columns of chosen rows of a series, which are the closed bars of a longer
 * interval or of another symbol. At a row of the series that looks at it the last `lookback` of those that are known by that
 * row's close are seen; where there are fewer, zeros (every feature at the scaler's center) stand before the first. */
struct gw_cross {
    uint32_t series; /* whose rows */
    size_t n;
    const uint32_t *row;    /* [n] rising */
    const uint32_t *known;  /* [n_rows of the series that looks] how many of them */
    const uint32_t *column; /* [model's cross_features] */
};
/* Scaled features of one symbol, as far as the fit may look. Rows are bars. */
struct gw_series {
    const float *x; /* [n_rows × n_features], finite wherever a sample's window reaches */
    size_t n_rows;
    const int8_t *label[GW_N_GATES]; /* [n_rows]; GW_LABEL_MISSING is skipped in the loss */
    const struct gw_bar *bar;        /* [n_rows] the bars themselves, for encoders that look at them; NULL: not there */
    const struct gw_cross *cross;    /* of models with cross-attention */
    /* [n_rows × gw_model_path_steps × GW_PATH_SIDES] of struct gw_paths, by which a decoder is taught; NaN: that bar has none.
     * Read by gw_model_fit of training samples alone, never by a score. */
    const float *path;
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
    bool has_parts;     /* the encoder "patterns": */
    double parts[2][2]; /* train, validation: error of the reconstruction, contrast; not stored with the log */
    bool has_paths;     /* a decoder that is taught by paths: */
    double path_loss;   /* the mean of their moves in training, before decoder_weight; not stored with the log either */
};
struct gw_training_log {
    struct gw_epoch_record *epoch; /* owned */
    size_t n_epochs, best_epoch;
    uint64_t windows;         /* windows trained on, all epochs */
    double seconds;           /* wall time; not part of any result that must repeat */
    double processor_seconds; /* of all threads that worked on it; neither is this */
};
void gw_training_log_free(struct gw_training_log *log);

struct gw_gate_model; /* trained, const */

struct gw_fit_options {
    uint64_t seed;                        /* already mixed from (seed, strategy, fold) by the caller */
    const struct gw_gate_model *previous; /* for warm and lora; NULL for the first fold */
    void (*on_epoch)(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second);
    void (*on_windows)(void *context, size_t windows); /* progress in between; any thread */
    void *context;
    /* The file that holds the fit as it stands, and that a fit with the same key (of all that decides it) goes on from to the
     * same bytes; the caller's to remove. Pattern libraries, whose fits are long, write it after every epoch; those that may
     * end early (gw_model_resumes) at their end. Others have none. NULL: none. */
    const char *checkpoint, *checkpoint_key;
    /* Of those, the first so many epochs of training.epochs, whose schedule it keeps: the best of them is the model; 0: all. The
     * last one's checkpoint is read and not written. */
    size_t stop_after;
    bool checkpoint_is_last;
};

/* `log` must be freed by gw_training_log_free. GW_ERR_INTERRUPTED where the program takes Ctrl-C as a wish to stop. */
int gw_model_fit(const struct gw_model_config *model, const struct gw_train_config *train,
                 const struct gw_fit_input *input, const struct gw_fit_options *options, struct gw_gate_model **out,
                 struct gw_training_log *log) GW_MUST_USE;
void gw_model_free(struct gw_gate_model *model);
const struct gw_model_config *gw_model_get_config(const struct gw_gate_model *model);

/* Attention of scored windows, where the model has any. time sums to 1 per map; of a model with a decoder a map is a step. */
struct gw_attention_out {
    size_t n_maps;  /* 1, or the number of heads or of a decoder's steps; 0: the model has no attention */
    float *time;    /* [n × n_maps × T], caller's, may be NULL; lag of entry s is T-1-s */
    float *feature; /* [n × F] input attention of dual_stage averaged over time, may be NULL */
    float *path;    /* [n × gw_model_path_steps × GW_PATH_SIDES] moves in ATR that a decoder forecasts; may be NULL */
    float *cross; /* [n × gw_model_cross_lookback] over the second sequence, sums to 1, newest bar last; may be NULL */
};
size_t gw_model_attention_maps(const struct gw_model_config *config);
/* Steps of its decoder; 0: it has none. */
size_t gw_model_path_steps(const struct gw_model_config *config);
/* Bars of the second sequence that it attends to; 0: it has none. */
size_t gw_model_cross_lookback(const struct gw_model_config *config);
int64_t gw_model_cross_interval(const struct gw_model_config *config); /* ns; 0: that of the bars */
/* Bars of the gate's own interval under them, at most: what a window needs beside gw_model_reach. */
size_t gw_model_cross_reach(const struct gw_model_config *config, int64_t interval_ns);
/* Whether it has attention over time, of either kind. */
bool gw_model_attends(const struct gw_model_config *config);
/* Weights of one window: all maps one behind the other, then that of the second sequence. */
size_t gw_model_attention_width(const struct gw_model_config *config);
bool gw_model_has_feature_attention(const struct gw_model_config *config);
/* Bars before the first one of a call that its score depends on, as far as they exist: the rest of its window, or
 * model.warm. Bars further back change nothing. */
size_t gw_model_history(const struct gw_gate_model *model);
/* probability: [n × GW_N_GATES]. Of a windowed model the same bits for any grouping of the samples. Of a streaming one the
 * samples are sorted by (series, row) and those of a series are one slice: its state is zero model.warm bars before the
 * first of them (as far as rows exist and are finite) and carried to the last, also over rows that are not asked for. */
int gw_model_score(const struct gw_gate_model *model, const struct gw_series *series, size_t n_series,
                   const struct gw_sample *sample, size_t n, float *probability,
                   struct gw_attention_out *attention) GW_MUST_USE;

/* What permutation importance judges: the features; for encoders that look at the bars themselves their channels, or
 * nothing. Name of an input, NULL: it is that feature. */
size_t gw_model_inputs(const struct gw_model_config *config);
const char *gw_model_input_name(const struct gw_model_config *config, size_t i);
/* Bars that a prediction cannot do without, its own among them: lookback, or what a pattern's window reaches. */
size_t gw_model_reach(const struct gw_model_config *config);

/* Drop of AP per feature when blocks of lookback rows of it come from anywhere among the given samples' rows, each from
 * a start of its own (permutation importance): the hour of the day is disturbed, too, whatever the lookback. */
int gw_model_permutation_importance(const struct gw_gate_model *model, const struct gw_fit_input *input, uint64_t seed,
                                    double *drop /* [GW_N_GATES × gw_model_inputs] */) GW_MUST_USE;

/* What moved a gate's logit (its output before calibration): integrated gradients (Sundararajan et al. 2017) along the
 * straight line from the window of zeros, which is every feature at the scaler's center, to the sample's own. */
struct gw_integrated {
    double logit, baseline; /* at the sample's window; at the window of zeros */
    double sum;             /* of all values, which should be logit - baseline */
    size_t steps;           /* points on the line: doubled until the sum is right to 1e-3 of the difference */
    bool complete;          /* it is; false: not with the most points that are tried, 8,192 */
};
/* Of a fit in fp16: updates that were skipped because their gradient overflowed, of so many, and what the loss scale came to;
 * false: of no such fit. */
bool gw_model_loss_scale(const struct gw_gate_model *model, uint64_t *skipped, uint64_t *updates, double *scale);
/* A snapshot ensemble, which has none. */
bool gw_model_mixes(const struct gw_gate_model *model);
/* NULL where they can be had; else why not, to stand behind a model's name. */
const char *gw_model_no_gradients(const struct gw_model_config *config);
/* value: [n × lookback × n_features], oldest bar first; about: [n]; gate: [n], of each sample. The same bits whatever the
 * number of threads. */
int gw_model_integrated_gradients(const struct gw_gate_model *model, const struct gw_series *series, size_t n_series,
                                  const struct gw_sample *sample, const int *gate, size_t n, float *value,
                                  struct gw_integrated *about) GW_MUST_USE;

/* safetensors with named tensors; `meta_key/meta_value` pairs go into __metadata__ beside the model's own (config,
 * seed, training log, payload hash). extra: more tensors (scaler), e.g. "scaler.center".
 * A lora fit stores only its adapters, A [rows × r] and B [r × columns] of every adapted matrix ("lstm0.U.lora_a",
 * "lstm0.U.lora_b"), and in __metadata__ "base" and "merged": hashes of the weights it was trained on, which are those
 * of the fold before, and of the two together. The first fold of a chain has no fold before and stores all weights. */
struct gw_extra_tensor {
    char name[48];
    size_t n;
    double *value; /* [n], stored as F64; the caller's on save; after a load gw_extra_tensors_free releases it */
};
struct gw_meta_pair {
    const char *key, *value;
};
void gw_extra_tensors_free(struct gw_extra_tensor *extra, size_t n); /* the values, not the array */
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

/* "auto", "portable", "openblas", "avx2", "avx512"; GW_ERR_USAGE when unknown, not supported by this CPU, or OpenBLAS
 * cannot be loaded. Call before any fit. "auto" takes OpenBLAS only where no vector set of ours is supported. */
int gw_kernels_select(const char *name) GW_MUST_USE;
const char *gw_kernels_selected(void);
/* What the bytes of the set in use depend on beside its name: version and CPU kernels of OpenBLAS; "" for our own sets,
 * whose bytes are those of this version of gatewalk. */
const char *gw_kernels_build(void);
/* The variant of the set in use that training with precision "bf16" takes: "avx512 bf16", "avx512 amx bf16" … */
const char *gw_kernels_selected_bf16(void);
const char *gw_kernels_name(size_t i); /* NULL past the end */
bool gw_kernels_supported(size_t i);

GW_END_DECLS

#endif
