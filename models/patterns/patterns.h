/* The pattern library: windows of price and volume, a transformer autoencoder that learns their shapes without labels,
 * and categories of shapes.
 *
 *   window [P × 6], scaled by itself → encoder → latent on the unit sphere [L] → decoder → the window rebuilt
 *
 * Everything here may be called inside an OpenMP parallel region, where it spreads its work as tasks, or outside of one,
 * where the calling thread does it all; the bytes are the same for any number of threads. */
#ifndef GATEWALK_MODELS_PATTERNS_H
#define GATEWALK_MODELS_PATTERNS_H

#include "gatewalk/bars.h"
#include "gatewalk/model.h"
#include "kmeans.h"

/* ---- windows ------------------------------------------------------------------------------------------------- */

enum pattern_channel {
    PATTERN_OPEN,
    PATTERN_HIGH,
    PATTERN_LOW,
    PATTERN_CLOSE,
    PATTERN_VOLUME,
    PATTERN_AVERAGE, /* of the last 10 closes, those before the window included */
    PATTERN_CHANNELS
};
enum { PATTERN_AVERAGE_BARS = 10 };

/* Bars that a window of n_bars bars follows from: its own and those under its first average. */
static inline size_t pattern_reach(size_t n_bars) { return n_bars + PATTERN_AVERAGE_BARS - 1; }

/* The window whose last bar is bar[last], oldest bar first: [n_bars × PATTERN_CHANNELS]; last + 1 >= pattern_reach(n_bars).
 * Prices and their average: (x - first close) / half of the window's range, highest high less lowest low; a window without
 * range is 0. Volume v: log((v + m) / 2m), m the window's median; 0 where the median is 0 or not known. */
void pattern_window(const struct gw_bar *bar, size_t last, size_t n_bars, float *out);
/* What turns a rebuilt window into prices and volumes again: price = base + x * scale, volume = median * (2 exp(x) - 1). */
struct pattern_scale {
    double base, scale, median;
};
struct pattern_scale pattern_scale_of(const struct gw_bar *bar, size_t last, size_t n_bars);

/* Windows that are made when they are read: the one of sample i ends at (and includes) series[sample.series].bar[sample.row].
 * Of the series only bar and n_rows are read. */
struct pattern_windows {
    const struct gw_series *series;
    const struct gw_sample *sample; /* [n] */
    size_t n;
};

/* ---- the autoencoder ------------------------------------------------------------------------------------------ */

enum pattern_contrast { PATTERN_MEAN_COSINE, PATTERN_NT_XENT };
enum pattern_rates { PATTERN_RATES_OWN, PATTERN_RATES_NEAR };

/* What the encoder "patterns" declares as its own, and "transformer" a part of: patterns_params says what each means. */
struct patterns_params {
    size_t pattern_bars;  /* P */
    size_t pattern_width; /* D */
    size_t pattern_heads, pattern_layers, latent;
    double pattern_dropout;
    enum pattern_contrast contrastive;
    enum pattern_rates category_rates; /* of the gate, as categories */
    double contrastive_weight, temperature;
    size_t pattern_stride; /* an epoch visits every stride-th window, others each time */
    size_t categories;     /* of the gate; patterns_fit itself makes none */
};
extern const struct gw_param_table patterns_params;
extern const struct gw_param_table transformer_params;

struct patterns_config {
    struct patterns_params model;
    struct gw_train_config
        training; /* epochs, patience, batch_size, learning_rate, warmup_epochs, clip_norm, optimizer,
                                        schedule and precision; nothing else of it counts */
};
/* The study's: AdamW 1e-4 with decay .01, clip 1, warm-up of 5 epochs, then a cosine, 2000 epochs, patience 100. */
void patterns_config_default(struct patterns_config *config);

struct patterns_epoch {
    uint32_t epoch; /* from 1 */
    double learning_rate;
    double train, train_r,
        train_c; /* R + weight * C; R: mean squared error of the rebuilt windows; C: contrastive loss */
    double valid, valid_r, valid_c; /* NaN without validation windows */
    double pull; /* how much harder weight * C pulls at the latents than R does: Σ |dC/dz| / Σ |dR/dz| */
    bool best;
};
struct patterns_log {
    struct patterns_epoch *epoch; /* owned */
    size_t n, best;               /* best: the number of the epoch that was kept, from 1 */
    uint64_t windows;             /* trained on, all epochs */
    double seconds;               /* wall time; part of no result that must repeat */
};
void patterns_log_free(struct patterns_log *log);

enum { PATTERN_LINE = 192, PATTERN_ADVICE = 256 };
/* "epoch 0042/2000 | lr 9.51e-05 | train .1235 (R .1200 C .0346) | valid .0990 (R .0950 C .0377) | best" */
char *patterns_epoch_line(const struct patterns_epoch *epoch, size_t epochs, char out[PATTERN_LINE]);

/* What a validation R says: up to .05 good, up to .2 fair, below .5 poor, else not learnt. */
enum pattern_learnt { PATTERN_GOOD, PATTERN_FAIR, PATTERN_POOR, PATTERN_NOT_LEARNT };
enum pattern_learnt pattern_learnt(double r);
const char *pattern_learnt_word(enum pattern_learnt learnt); /* "good" … "not learnt" */
/* One line on what is wrong with a training and what to do, "" when nothing: R that was not learnt (a learning rate too low,
 * too few epochs), a contrast that pulls harder than R does (its weight too large). */
char *patterns_advice(const struct patterns_config *config, const struct patterns_log *log, char out[PATTERN_ADVICE]);

struct patterns_model; /* trained, const: any number of threads may use one */

struct patterns_options {
    uint64_t seed;
    const struct patterns_model *previous; /* warm: start from its weights; of the same shape; NULL: fresh ones */
    void (*on_epoch)(void *context, const struct patterns_epoch *epoch, size_t epochs, double windows_per_second);
    void *context;
    const char *checkpoint, *checkpoint_key; /* as in struct gw_fit_options */
};

/* A pure function of (windows, config, options): validation decides the best epoch and nothing else. Without validation
 * windows the last epoch is kept. GW_ERR_INTERRUPTED on Ctrl-C where the program takes it as a wish to stop. */
int patterns_fit(const struct patterns_config *config, const struct pattern_windows *train,
                 const struct pattern_windows *validation, const struct patterns_options *options,
                 struct patterns_model **out, struct patterns_log *log) GW_MUST_USE;
void patterns_free(struct patterns_model *model);
const struct patterns_config *patterns_config_of(const struct patterns_model *model);

/* latent: [n × config->model.latent], rows of length 1. The same bits for a window in any company. */
int patterns_encode(const struct patterns_model *model, const struct pattern_windows *windows,
                    float *latent) GW_MUST_USE;
/* The same of windows that are there already, x [n × P × PATTERN_CHANNELS]. */
int patterns_encode_x(const struct patterns_model *model, const float *x, size_t n, float *latent) GW_MUST_USE;
/* x: [n × P × PATTERN_CHANNELS]. */
int patterns_decode(const struct patterns_model *model, const float *latent, size_t n, float *x) GW_MUST_USE;

/* ---- categories --------------------------------------------------------------------------------------- */

/* What followed the windows of every category on the slice it was made from. */
struct pattern_categories {
    size_t n, latent;
    float *centre;     /* [n × latent] owned */
    uint32_t *size;    /* [n] owned: windows */
    uint32_t *labels;  /* [n × GW_N_GATES] owned: windows with a label */
    uint32_t *hits;    /* [n × GW_N_GATES] owned: positives among them */
    double *posterior; /* [n × GW_N_GATES] owned: Beta means, (hits + 20 prevalence) / (labels + 20) */
    double prevalence[GW_N_GATES];
};
enum { PATTERN_PRIOR = 20, PATTERN_LEAST = 50 }; /* windows of the prior; windows per category at least, on average */
/* k-means of the windows' latents [windows->n × latent] into n categories, but at most one for every PATTERN_LEAST windows (one
 * at least), and what followed. Labels are those of the windows' series. previous: categories whose centres it begins from,
 * so that they keep their numbers; NULL, or of another shape: afresh. */
int pattern_categories_fit(const struct pattern_windows *windows, const float *latents, size_t latent, size_t n,
                           uint64_t seed, const struct pattern_categories *previous,
                           struct pattern_categories *out) GW_MUST_USE;
/* Empty ones, and their prevalence and posteriors from labels and hits. */
int pattern_categories_make(size_t n, size_t latent, struct pattern_categories *out) GW_MUST_USE;
void pattern_categories_judge(struct pattern_categories *categories);
/* Share of the largest category; and one line on it, "" where it is below a tenth: categories that hold too much say little. */
double pattern_categories_largest(const struct pattern_categories *categories);
char *pattern_categories_advice(const struct pattern_categories *categories, char out[PATTERN_ADVICE]);
void pattern_categories_free(struct pattern_categories *categories);

/* ---- as a gate -------------------------------------------------------------------------------------------------- */

/* The library inside a gate with the encoder "patterns" (gw_model_load opens its file, gw_model_fit makes one with or
 * without a walk); NULL for other gates. They live as long as the model. */
const struct patterns_model *gate_patterns(const struct gw_gate_model *model);
const struct pattern_categories *gate_pattern_categories(const struct gw_gate_model *model);
/* Its R and C by epoch, as stored with it; NULL for other gates. */
const struct patterns_log *gate_patterns_log(const struct gw_gate_model *model);

#endif
