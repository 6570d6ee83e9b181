/* An experiment: everything that decides a result, read from one JSON file and checked before anything runs.
 *
 * Keys live in one table (engine/config/config_keys.c): reading, checking, the resolved copy in run.json and
 * `gatewalk list keys` iterate it. Unknown keys are errors that name the nearest valid one. */
#ifndef GATEWALK_CONFIG_H
#define GATEWALK_CONFIG_H

#include "engine/base/json.h"
#include "gatewalk/feature.h"
#include "gatewalk/folds.h"
#include "gatewalk/labels.h"
#include "gatewalk/model.h"
#include "gatewalk/replay.h"
#include "gatewalk/run.h"

enum { MAX_K = 4, MAX_SEEDS = 64, MAX_STRATEGIES = 32, MAX_SYMBOLS = 64, MAX_FEATURES = 256 };

struct data_source {
    char symbol[GW_SYMBOL_MAX]; /* "": from the file name */
    char format[GW_NAME_MAX];   /* "auto" */
    char file[1024];            /* resolved against the experiment file's directory */
    int64_t interval_ns;        /* 0: from the data */
    bool repair;
};

struct signal_config {
    double k[MAX_K]; /* percent of bars, ascending */
    size_t n_k;
    double act_on;               /* one of k */
    char threshold[GW_NAME_MAX]; /* validation | rolling | fixed */
    size_t rolling_bars;         /* M of the rolling quantile */
    double fixed_long, fixed_short;
    char pool[GW_NAME_MAX]; /* all | each | cross_section */
};

struct scaler_config {
    char kind[GW_NAME_MAX];
    double clip;
};

struct broker_config {
    char intrabar[GW_NAME_MAX]; /* stop_first | target_first */
    double initial_cash;
};

struct verdict_settings {
    char baseline[48]; /* a strategy's name; "": the first gate strategy without attention */
    size_t bootstrap, null_resamples, block;
    double confidence;
    bool importance; /* permutation importance on the validation slices */
};

struct fold_settings {
    char mode[GW_NAME_MAX]; /* rolling | expanding */
    struct gw_span train, validation, test, step;
    size_t embargo;
    size_t skip; /* folds left out at the beginning: their validation slices have served a search */
};

/* One contestant. */
struct strategy_spec {
    char name[48]; /* name_is_safe, unique */
    const struct gw_strategy_desc *desc;
    struct gw_model_config model; /* meaningful when desc->needs_model */
    struct gw_train_config train;
    struct gw_strategy_config trading;
    char ensemble_of[48]; /* averages the probabilities of this strategy's seeds instead of training; "": trains */
};

struct experiment {
    char path[1024];
    char name[64];   /* name_is_safe: the run directory's name */
    char title[256]; /* any UTF-8 */
    struct data_source data[MAX_SYMBOLS];
    size_t n_data;
    int64_t from_ns, to_ns; /* 0,0: everything; bars with from <= open < to */
    char *feature[MAX_FEATURES];
    size_t n_features;
    struct gw_label_config labels;
    struct scaler_config scaler;
    struct fold_settings folds;
    struct signal_config signals;
    struct gw_cost_config costs;
    struct broker_config broker;
    struct verdict_settings verdict;
    uint64_t seed[MAX_SEEDS];
    size_t n_seeds;
    struct strategy_spec common; /* defaults of all strategies: top-level model, training, trading */
    struct strategy_spec strategy[MAX_STRATEGIES];
    size_t n_strategies;
    size_t n_searched; /* trials of the search that chose these strategies; 0 outside a study */
};

static inline bool strategy_trains(const struct strategy_spec *spec) {
    return spec->desc->needs_model && !spec->ensemble_of[0];
}
/* Repetitions of a contestant: one per seed when it trains, else a single one that is written as seed 0. */
static inline size_t strategy_repeats(const struct experiment *experiment, const struct strategy_spec *spec) {
    return strategy_trains(spec) ? experiment->n_seeds : 1;
}
static inline uint64_t strategy_seed(const struct experiment *experiment, const struct strategy_spec *spec, size_t k) {
    return strategy_trains(spec) ? experiment->seed[k] : 0;
}

int experiment_load(const char *path, const struct gw_config_override *override, struct experiment **out) GW_MUST_USE;
void experiment_free(struct experiment *experiment);
/* Every key with its resolved value, as one JSON object named `key`. */
void experiment_write(const struct experiment *experiment, struct json_writer *w, const char *key);

/* One configuration key, for `list keys`. */
struct key_desc {
    const char *name;
    int type;
    size_t offset;
    double min, max;
    const char *options; /* kind of the allowed words, NULL when free */
    const char *help;
};
struct key_section {
    const char *name;
    const struct key_desc *key;
    size_t n_keys;
    size_t offset;        /* of the section's struct in struct experiment */
    size_t common_offset; /* of the struct in struct strategy_spec, when per_strategy */
    bool per_strategy;    /* may be given per strategy as well */
};
enum key_type { KEY_SIZE, KEY_NUMBER, KEY_BOOL, KEY_WORD, KEY_TEXT48, KEY_SPAN, KEY_KS };
extern const struct key_section config_section[];
extern const size_t config_n_sections;
const char *config_option_name(const char *kind, size_t i); /* NULL past the end */
const char *key_type_name(int type);
/* The value of a section's key when nothing gives it; "" when there is none or it follows from other keys. ERR_NOMEM. */
int config_default_text(const struct key_section *section, size_t key, char out[48]) GW_MUST_USE;

#endif
