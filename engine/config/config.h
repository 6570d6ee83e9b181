/* An experiment: everything that decides a result, read from one JSON file and checked before anything runs.
 *
 * Every key is a row of a table beside the struct that it fills (param.h); a section of the file is such a table.
 * Reading, checking, the resolved copy in run.json, `gatewalk list keys` and `list schema` walk them. Unknown keys are
 * errors that name the nearest valid one. */
#ifndef GATEWALK_CONFIG_H
#define GATEWALK_CONFIG_H

#include "engine/base/json.h"
#include "engine/market/import/side_file.h"
#include "gatewalk/feature.h"
#include "gatewalk/folds.h"
#include "gatewalk/labels.h"
#include "gatewalk/model.h"
#include "gatewalk/replay.h"
#include "gatewalk/run.h"
#include "strategies/own/rule.h"

enum {
    MAX_K = 4,
    MAX_SEEDS = 64,
    MAX_STRATEGIES = 32,
    MAX_SYMBOLS = 4096,
    MAX_FEATURES = 256,
    MAX_SCORE_FILES = 8,
    MAX_EXTRA = 8
};

struct data_source {
    char symbol[GW_SYMBOL_MAX]; /* "": as its rows, else its name, say; of a file of several the one that is meant */
    int format;                 /* 0: found out; else import format `format - 1` */
    char file[1024];            /* resolved against the experiment file's directory */
    int64_t interval_ns;        /* 0: from the data */
    char timezone[64];          /* of times that state none; "": UTC */
    char time_format[64];       /* "": found out */
    bool repair;
    struct gw_instrument instrument;
    char quote[16];                /* currency of its prices; "": the account's */
    char rate[GW_SYMBOL_MAX + 2];  /* symbol that prices it in the account's, "1/" before it: the other way round */
    size_t rate_line, rate_column; /* where that stands in the experiment; 0: not in the file */
    char group[48];                /* those that share models where a contestant has one a group; "": none */
    char funding[1024];            /* table of time,rate; "": pro rata by the costs */
    char detail[1024];             /* bars of a shorter interval; "": none */
    struct side_source extra[MAX_EXTRA]; /* files of further columns */
    size_t n_extra;
};

enum threshold { THRESHOLD_VALIDATION, THRESHOLD_ROLLING, THRESHOLD_FIXED };
enum pool { POOL_ALL, POOL_EACH, POOL_CROSS_SECTION };
struct signal_config {
    double k[MAX_K]; /* percent of bars, ascending */
    size_t n_k;
    double act_on; /* one of k */
    enum threshold threshold;
    size_t rolling_bars; /* M of the rolling quantile */
    double fixed_long, fixed_short;
    enum pool pool;
};

struct broker_config {
    enum gw_intrabar intrabar;
    double initial_cash;
    char account_currency[16]; /* "": the one that everything is quoted in */
    double participation;
    bool limit_touch, target_through;
    enum gw_account account;
    double initial_margin, maintenance_margin, liquidation_fee_bps;
    double interest_bps_per_year, loan_bps_per_year;
};

struct verdict_settings {
    char baseline[48]; /* a strategy's name; "": the first gate strategy without attention */
    size_t bootstrap, null_resamples, block;
    double confidence;
    bool importance;       /* permutation importance on the validation slices */
    size_t gradients;      /* signals of a fit and gate whose integrated gradients are taken; 0: none */
    size_t random_entries; /* at most so many replays with entries at random beside each account */
};

enum fold_mode { FOLDS_ROLLING, FOLDS_EXPANDING };
struct fold_settings {
    enum fold_mode mode;
    struct gw_span train, validation, test, step;
    size_t embargo;
    size_t skip; /* folds left out at the beginning: their validation slices have served a search */
};

/* Scores of a model that was trained elsewhere (engine/walk/outside.h). */
enum confidence { CONFIDENCE_FRACTION, CONFIDENCE_PERCENT };
struct score_source {
    char file[MAX_SCORE_FILES][1024]; /* paths or patterns, resolved; with {seed} and {symbol} */
    size_t n_files;                   /* 0: trained here */
    char strategy[48];                /* rows with this name in their column "strategy"; "": all rows */
    enum confidence confidence;       /* of answers in words: 0 to 1, or 0 to 100 */
};

/* One contestant. */
struct experiment;
enum { MEMBERS_TEXT = 512 };
enum ensemble_weights { WEIGHTS_EQUAL, WEIGHTS_VALIDATION };
/* Whose bars a model is trained on, and whose it scores. */
enum fit_models { MODELS_POOLED, MODELS_PER_SYMBOL, MODELS_PER_GROUP };
struct strategy_spec {
    char name[48]; /* name_is_safe, unique */
    const struct gw_strategy_desc *desc;
    struct gw_model_config model; /* meaningful when desc->needs_model */
    struct gw_train_config train;
    struct gw_strategy_config trading;
    struct gw_cost_config costs;
    char ensemble_of[MEMBERS_TEXT]; /* "a,b": averages the probabilities of these contestants' seeds; "": trains */
    enum ensemble_weights weights;  /* of that average */
    struct score_source scores;
    enum fit_models models;
    char members
        [MEMBERS_TEXT]; /* "a,b,c": earlier contestants whose positions the strategy "ensemble" follows; "" for all others */
    bool members_trained; /* one of them has a repetition a seed, and so has it */
};
/* Position among the contestants before `end` of the i-th of spec->members; SIZE_MAX: none has that name. False: no more names. */
bool config_member(const struct experiment *experiment, const struct strategy_spec *spec, size_t i, size_t end,
                   size_t *member);
/* The same of spec->ensemble_of. */
bool config_averaged(const struct experiment *experiment, const struct strategy_spec *spec, size_t i, size_t end,
                     size_t *member);

/* What a contestant's entry says of a strategy of the user's own (config_own.c). */
struct own_keys {
    struct rule_text rules;
    char script[1024], plugin[1024];
};

/* Trials on validation slices before this walk. */
struct searched {
    size_t n_on_record;   /* of them in the trial ledger */
    size_t n_sharpe;      /* of them traded and not ruined … */
    double mean, squares; /* … their Sharpe ratios' mean and sum of squared deviations */
};

struct experiment {
    char path[1024];
    char name[64];            /* name_is_safe: the run directory's name */
    char title[256];          /* any UTF-8 */
    struct data_source *data; /* [n_data] owned: as many as there are symbols */
    size_t n_data;
    size_t *group;          /* [n_data] owned: the first source of the same group */
    int64_t from_ns, to_ns; /* 0,0: everything; bars with from <= open < to */
    char *feature[MAX_FEATURES];
    size_t n_features;
    struct gw_label_config labels;
    struct gw_scaler_config scaler;
    struct fold_settings folds;
    struct signal_config signals;
    struct broker_config broker;
    struct verdict_settings verdict;
    uint64_t seed[MAX_SEEDS];
    size_t n_seeds;
    struct strategy_spec common; /* defaults of all strategies: top-level model, training, trading, costs */
    struct strategy_spec strategy[MAX_STRATEGIES];
    size_t n_strategies;
    struct program *program[MAX_STRATEGIES]; /* of the user's own, which the contestants' trading names; owned */
    size_t n_programs;
    bool is_record;           /* read out of a run directory: names no code to be loaded */
    size_t n_searched;        /* trials of the search that chose these strategies; 0 outside a study */
    struct searched searched; /* more of them, as far as a search kept it */
    uint64_t study_key;       /* hash of what the study or search of this experiment was told; 0 outside one */
    bool study_key_has_bars;  /* the bars are a part of that, since the search may choose them */
};

static inline bool strategy_trains(const struct strategy_spec *spec) {
    return spec->desc->needs_model && !spec->ensemble_of[0] && spec->scores.n_files == 0;
}
/* The rules, script or plugin of the user's that it trades by, or NULL. */
static inline const struct program *strategy_program(const struct strategy_spec *spec) {
    return (const struct program *)spec->trading.program;
}
static inline bool strategy_is_outside(const struct strategy_spec *spec) { return spec->scores.n_files > 0; }
/* Repetitions of a contestant: one per seed when it trains or follows one that does, else a single one that is written as seed 0. How many an
 * outside one has, its files say (outside_repeats). */
static inline size_t strategy_repeats(const struct experiment *experiment, const struct strategy_spec *spec) {
    return strategy_trains(spec) || spec->members_trained ? experiment->n_seeds : 1;
}
static inline uint64_t strategy_seed(const struct experiment *experiment, const struct strategy_spec *spec, size_t k) {
    return strategy_trains(spec) || spec->members_trained ? experiment->seed[k] : 0;
}

/* How the bars of a source are imported; texts are the source's own. */
struct gw_import_options;
void config_import_options(const struct data_source *source, struct gw_import_options *out);

int experiment_load(const char *path, const struct gw_config_override *override, struct experiment **out) GW_MUST_USE;
/* The experiment of a finished run, from its run.json; kernels: the set that it was fitted with. GW_ERR_DATA for a folder
 * that holds no finished run, and for one whose experiment is none. */
int experiment_of_run(const char *dir, struct experiment **out, char kernels[32]) GW_MUST_USE;
int experiment_of_share(const char *dir, struct experiment **out, char kernels[32]) GW_MUST_USE; /* a share is enough */
/* What a script is called in a run directory. */
enum { SCRIPT_NAME_MAX = 64 };
void config_script_name(const struct strategy_spec *spec, char name[SCRIPT_NAME_MAX]);
void experiment_free(struct experiment *experiment);
/* A plain copy of an experiment has its sources in common with it; this gives it its own, to be changed and then released with
 * mem_free(copy->data). GW_ERR_NOMEM leaves those in common. */
int experiment_own_data(struct experiment *copy) GW_MUST_USE;
/* Its files by absolute path, for a record that is read from elsewhere: patterns too, and a name that stands for standard
 * input stays. */
void experiment_make_absolute(struct experiment *experiment);
/* The same by their way from a folder, for an experiment that is written there: both may then move together. */
int experiment_make_relative(struct experiment *experiment, const char *dir) GW_MUST_USE;
/* Every key with its resolved value, as one JSON object named `key`. */
void experiment_write(const struct experiment *experiment, struct json_writer *w, const char *key);

/* ---- the tables, for `list keys`, `list schema` and tests ------------------------------------------ */

/* A section of the file: an object whose members are the keys of one table. */
struct key_section {
    const char *name;
    const struct gw_param_table *table;
    size_t offset;        /* of the section's struct in struct experiment */
    bool per_strategy;    /* may be given per strategy as well */
    size_t common_offset; /* of the struct in struct strategy_spec, when per_strategy */
    const char *help;
};
extern const struct key_section config_section[];
extern const size_t config_n_sections;
const struct key_section *config_find_section(const char *name); /* NULL when unknown */

/* Keys of the experiment itself (name, title), of a source in "data" and of its "extra" files, of an entry of "strategies" beside its sections, and
 * of the "scores" of such an entry. */
extern const struct gw_param_table experiment_params, data_params, extra_params, entry_params, scores_params;
extern const struct gw_param_table own_params; /* the keys of own_keys, in an entry as well */
static inline bool own_key_is_rule(const struct gw_param *param) {
    return param->offset < offsetof(struct own_keys, script);
}
/* Keys that are neither a plain value nor a section. */
struct special_key {
    const char *name, *type, *initial, *help;
    void (*put_schema)(struct json_writer *w); /* what a value may be, as members of the open object */
};
extern const struct special_key config_special[];
extern const size_t config_n_specials;

/* A JSON Schema (draft 2020-12) of an experiment file, as one value. ERR_NOMEM. */
int config_write_schema(struct json_writer *w) GW_MUST_USE;

#endif
