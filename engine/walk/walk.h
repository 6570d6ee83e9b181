/* A walk: from an experiment to a run directory. The way data goes: prepared → fits → scores → replays → results → files. */
#ifndef GATEWALK_WALK_H
#define GATEWALK_WALK_H

#include "engine/base/base.h"
#include "engine/config/config.h"
#include "engine/market/bars/bars_rest.h"
#include "gatewalk/verdict.h"

struct outside;
struct fitted_folds;

/* Everything a run knows before the first fit; const afterwards. */
struct symbol_sides {
    struct side_account file[MAX_EXTRA];
};
/* Of one number of steps. */
struct path_set {
    size_t steps;
    struct gw_paths *of; /* [n_symbols] */
};
struct prepared {
    struct gw_market market;
    struct gw_import_report *import; /* [n_symbols] */
    struct gw_labels *labels;        /* [n_symbols] */
    struct path_set *paths;          /* [n_paths] what decoders are taught by; as labels, never part of a score */
    size_t n_paths;
    struct gw_feature_set *set;
    struct gw_feature_matrix
        *features;            /* [n_symbols]; without values where they are made when they are needed; those of fitted
                                         * features are NaN: a fold has its own (fold_data.h) */
    struct gw_fold_plan plan; /* audited */
    const size_t *group;      /* [n_symbols] the experiment's: the first symbol of the same group; NULL: nobody asked */
    struct fitted_folds
        *fitted; /* what the folds' fitted features have learnt (fit_features.h); NULL: none is fitted */
    struct gw_instrument *instrument; /* [n_symbols] */
    struct gw_funding *funding;       /* [n_symbols], their events owned; NULL: no symbol has a schedule */
    struct symbol_sides *side;        /* [n_symbols]: what became of each side file; NULL: read by nobody */
    struct gw_market detail;          /* of all symbols, without bars where none are given; no symbols: none at all */
    size_t lookback;                  /* the longest of all models, second sequences included */
    size_t reach;                     /* bars under the longest of them: all see the same samples */
    struct outside **outside;         /* [n_outside]: scores from outside by strategy, NULL for others (outside.h) */
    size_t n_outside;
    bool keeps_exits;            /* of every test bar as an isolated trade, which take 80 bytes a bar */
    struct arena outside_memory; /* of all of them */
    double import_seconds, feature_seconds;
};
int prepare(const struct experiment *experiment, struct prepared **out) GW_MUST_USE;
/* The part after import, for a `prepared` whose market is filled (and whose import reports may be NULL). */
int prepare_inputs(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
/* Which columns are asked for by the features and by what own rules, scripts and plugins look at, for the import; and those that
 * stand in side files, joined to the bars. */
int prepare_column_names(const struct experiment *experiment, const struct gw_feature_set *set,
                         const char *name[GW_COLUMNS_MAX], size_t *n) GW_MUST_USE;
int prepare_columns(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
/* Second sequences: that the market has them, and p->reach. Of a symbol's gate whose bars they are; SIZE_MAX: nobody's. */
int prepare_cross(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
size_t prepare_cross_symbol(const struct prepared *prepared, const struct gw_model_config *model, size_t own);
/* Paths that the contestants' decoders are taught by; those of a symbol [n × steps × GW_PATH_SIDES], NULL: nobody asked. */
int prepare_paths(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
static inline const float *prepared_path(const struct prepared *p, size_t steps, size_t symbol) {
    for (size_t i = 0; i < p->n_paths; i++)
        if (p->paths[i].steps == steps) return p->paths[i].of[symbol].move;
    return NULL;
}
void prepared_free_paths(struct prepared *prepared);
/* What the broker wants to know of each symbol beside its bars: instrument, funding, finer bars. */
int prepare_broker(const struct experiment *experiment, struct prepared *prepared) GW_MUST_USE;
void prepared_free(struct prepared *prepared);
/* A symbol's rows of bars [begin, end), copied: of those that are kept, or made. Features of all symbols together are kept up to
 * some size, beyond it they are made while they are in work. */
int prepared_rows(const struct prepared *prepared, size_t symbol, size_t begin, size_t end, float *out) GW_MUST_USE;
/* Nobody will ask for them again, or for bars for a while: what is left to do is with scores. */
void prepared_drop_features(struct prepared *prepared);
/* All of them, for who compares or shows them. */
int prepared_keep_features(struct prepared *prepared) GW_MUST_USE;
/* Bytes of features that a walk keeps; returns what it was. */
size_t prepare_keep_at_most(size_t bytes);

/* Bars of a walk from which on what it leaves of each is kept in a file (mem_park); 0: of any, every block. Returns what it was. */
size_t walk_park_from(size_t n_bars);

/* gw_run_experiment for an experiment that is already read. */
int run_experiment(const struct experiment *experiment, const struct gw_run_options *options,
                   char dir[1024]) GW_MUST_USE;

/* Makes the run directory, locks it (dir_lock), and removes what a killed run left half-written. One that holds something
 * but no run.json of ours, or anything that leads elsewhere, is never written into: GW_ERR_USAGE. Nor is, without `force`, one
 * that holds work of another configuration than `key` (config_key). */
int run_claim_directory(const char *dir, const char *key, bool force, int *lock) GW_MUST_USE;
/* The parts of it: GW_ERR_USAGE for a link, device or pipe among a run's files; temporaries of dead processes removed (all,
 * when this process is alone there); nothing in it but such temporaries. */
int run_folder_judge(const char *dir) GW_MUST_USE;
int run_folder_sweep(const char *dir, bool alone) GW_MUST_USE;
bool run_folder_is_empty(const char *dir);
int run_directory_name(const char *asked, const char *name, char dir[1024]) GW_MUST_USE;
/* Of a directory that nobody asked for: when it holds work of another configuration, the first of DIR-2, DIR-3 … that does
 * not. */
int run_directory_number(const char *key, char dir[1024]) GW_MUST_USE;
/* What an earlier run, study or search has left and would be taken for this one's: its summary, what studies and searches
 * leave beside it (but for that of `command`), and what options->on_begin knows of. */
int run_drop_results(const char *dir, const struct gw_run_options *options, const char *command) GW_MUST_USE;
/* run_experiment for a caller (`command`: run, study …) who may have locked the directory (dir_lock) already, and unlocks it; and who may have begun
 * the run's record. */
struct record;
int run_walk(const struct experiment *experiment, const struct gw_run_options *options, const char *command,
             struct record *record, char dir[1024], int *lock) GW_MUST_USE;

/* ---- what comes before a walk: a choice on the validation slices of its first folds ----------------------------------- */

/* The directory made ours for a search on the first n_folds of the plan, and its record begun. Nothing is made or removed
 * before the data are known to be fine. `drop` as the command of run_drop_results; `path`: the file that asked for it. */
struct chosen_on {
    const char *path, *command, *drop;
    size_t n_folds;
};
int run_open_search(const struct experiment *experiment, const struct prepared *prepared,
                    const struct chosen_on *search, const struct gw_run_options *options, struct record *record,
                    char dir[1024], int *lock) GW_MUST_USE;

/* What a run would do, without doing it. */
struct walk_outlook {
    char dir[1024]; /* where it would go, if no other run lies there */
    size_t n_symbols, n_bars, n_features, n_folds, n_fits, n_stored;
    char estimate[512]; /* one line on how long it would take */
};
int walk_outlook(const struct experiment *experiment, const struct gw_run_options *options,
                 struct walk_outlook *out) GW_MUST_USE;

#endif
