/* The fits of a walk: what each leaves behind, and all of them on several threads. */
#ifndef GATEWALK_WALK_FITS_H
#define GATEWALK_WALK_FITS_H

#include "walk.h"

/* One bar whose attention is kept: a signal of the traded K. */
struct attention_row {
    size_t test_row; /* row of the fit's test samples */
    int gate;
    float *weight;   /* [n_maps × T], then those over the second sequence, gw_model_attention_width; owned */
    float *gradient; /* [T × F] integrated gradients, oldest bar first, owned; NULL: not taken */
    struct gw_integrated integrated;
};

/* Sums of attention by lag over a fold's test bars. */
struct attention_sums {
    double *top, *rest; /* as of attention_row */
    size_t n_top, n_rest;
};

/* Around one step and side of a decoder's forecasts (fit_paths.h). */
enum { PATH_LEVELS = 7 };
static inline double path_level(size_t i) {
    static const double level[PATH_LEVELS] = {.05, .1, .25, .5, .75, .9, .95};
    return level[i];
}
struct path_fan {
    double residual
        [PATH_LEVELS]; /* quantiles of what came less what was said, over the validation slice; NaN: nothing came */
    double naive[PATH_LEVELS]; /* of what came there */
};

/* Quantile of a forecast: what was said, moved by the residual's; of one side of the decision's close, as the path is. */
static inline double path_quantile(const struct path_fan *fan, size_t side, size_t level, double said) {
    const double q = said + fan->residual[level];
    return side == GW_PATH_BEST ? (q < 0 ? 0 : q) : q > 0 ? 0 : q;
}

/* What one fit leaves behind: a pure function of (bars up to the fold's end, config, seed). */
struct fit {
    size_t strategy, seed, fold; /* indexes into the experiment and the plan */
    enum fit_models models;      /* whose bars it knows: all symbols', or … */
    size_t group;                /* … those of this symbol, or of the group that begins with it … */
    const char *label; /* … which is called so (the market's or the experiment's text); NULL: all symbols' */
    bool goes_on;      /* another fold's fit of these comes before it in the list */
    char model_path[1024];
    const struct fit
        *source;       /* another contestant's fit with this key: it is done once; NULL: this one is done itself */
    char key[17];      /* hash of everything that decides the fit: a stored model with another key is stale */
    bool done, reused; /* reused: loaded, not trained; its log knows no seconds */
    bool borrowed;     /* model_path is only read from, "": not even that; nothing is written */
    bool elsewhere;    /* another process's share: not done here */

    size_t n_test;            /* test samples of its symbols, in (symbol, bar) order */
    float *validation;        /* [n_validation × GW_N_GATES]: probabilities of the validation samples */
    float *probability;       /* [n_test × GW_N_GATES] */
    float (*tau)[GW_N_GATES]; /* [its symbols]: causal threshold of the traded K from validation */
    float (
        *own_tau)[GW_N_GATES]; /* [n_test]: thresholds that came with scores from outside (their memory); NULL: none */
    struct gw_training_log log;
    size_t n_maps;
    struct attention_sums attention[GW_N_GATES];
    struct attention_row *row;
    size_t n_rows;
    char advice[256];          /* what the model says against itself; "" for nothing */
    double *permutation;       /* [GW_N_GATES × gw_model_inputs] or NULL */
    double *feature_attention; /* [F] mean over test bars, or NULL */
    float *path;          /* [n_test × steps × GW_PATH_SIDES] what a decoder forecasts, in ATR; NULL: it has none */
    struct path_fan *fan; /* [steps × GW_PATH_SIDES] */
    size_t path_width;    /* that product; 0 without a decoder */
};
void fit_release(struct fit *fit);
static inline bool fit_knows(const struct prepared *p, const struct fit *fit, size_t symbol) {
    if (fit->models == MODELS_POOLED) return true;
    return (fit->models == MODELS_PER_SYMBOL ? symbol : p->group[symbol]) == fit->group;
}
/* Samples of its symbols in a slice of its fold; how many symbols these are. */
size_t fit_count_samples(const struct prepared *prepared, const struct fit *fit, int slice);
size_t fit_count_symbols(const struct prepared *prepared, const struct fit *fit);
/* Another fit of the same place, nothing done yet. */
static inline struct fit fit_beside(const struct fit *of) {
    return (struct fit){.strategy = of->strategy,
                        .seed = of->seed,
                        .fold = of->fold,
                        .models = of->models,
                        .group = of->group,
                        .label = of->label,
                        .goes_on = of->goes_on};
}
/* "lstm-s1-f003", with "-AAPL" behind it when it is not all symbols': what its model is called. */
int fit_name(const struct experiment *experiment, const struct fit *fit, char *name, size_t size) GW_MUST_USE;
/* Of a fit of some symbols (`of`): its own. */
int fit_thresholds_of(const struct experiment *experiment, const struct prepared *prepared, const struct fit *of,
                      const float *validation, float (*tau)[GW_N_GATES]) GW_MUST_USE;
/* Causal thresholds of the traded K from a fold's validation probabilities [n × GW_N_GATES]; tau: [n_symbols]. NaN where
 * fewer than half of them are known (scores from outside may be missing). */
int fit_thresholds(const struct experiment *experiment, const struct prepared *prepared, size_t fold,
                   const float *validation, float (*tau)[GW_N_GATES]) GW_MUST_USE;

struct fit_list;
struct fold_data;
struct fit_context {
    const struct fit_list *list; /* NULL: of none, whose folder nobody holds */
    const struct experiment *experiment;
    const struct prepared *prepared;
    /* A cheap trial's fits end after so many epochs, where gw_model_resumes; 0: none does. */
    size_t stop_after;
    const char *states;   /* the folder where they go on from; NULL: nowhere */
    bool states_are_last; /* nobody goes on from these */
    void (*on_epoch)(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second);
    void *context;
};
/* Trains (or loads the stored model of the same key), scores, thresholds, stores. `previous` and `model_out` serve
 * warm and lora retraining; both may be NULL. A stored lora fold loads onto `previous` only. */
int fit_execute(const struct fit_context *context, const struct gw_gate_model *previous, struct fit *fit,
                struct gw_gate_model **model_out) GW_MUST_USE;
/* The part after training: thresholds from validation, scores of the test slice. */
int fit_apply(const struct fit_context *context, const struct fold_data *data, const struct gw_gate_model *model,
              struct fit *fit) GW_MUST_USE;
/* Writes the fit's model file, with whatever gw_scorer needs of it. */
int fit_store(const struct prepared *prepared, const struct gw_gate_model *model, const struct fold_data *data,
              const struct fit *fit) GW_MUST_USE;
/* Where a fit's state is kept in a folder of such. */
int fit_state_path(const char *states, const struct fit *fit, char path[1024]) GW_MUST_USE;
void fit_key(const struct experiment *experiment, const struct prepared *prepared, struct fit *fit);
/* What the key would be with other sources (gw_source_hash): those may do the same sums differently. */
void fit_key_of(const char *sources, const struct experiment *experiment, const struct prepared *prepared,
                struct fit *fit);

/* All fits of the experiment on `jobs` threads, with progress; keeps what is done when interrupted. */
struct fit_list {
    struct fit *fit;
    size_t n;
    struct gw_gate_model **model; /* [n] when the caller wants to keep them, else NULL; fits_free releases them */
    struct fit *whole;            /* [n_whole] owned (fits_join) */
    size_t n_whole;
    size_t n_reused, n_shared; /* of n: taken from an earlier run; another contestant's of this one */
    double seconds;
    const char *dir; /* the caller's, in which their models are kept … */
    int lock;        /* … while this lock is on it (dir_lock); -1: none */
};
/* GW_ERR_IO when the folder is no longer the one that was locked, or its models lie behind a link: somebody has put
 * something else in its place since the run began. */
int fits_place_holds(const struct fit_list *fits) GW_MUST_USE;
/* Whose fits a contestant takes; SIZE_MAX: it has its own. */
static inline size_t fits_share_of(const struct fit_list *fits, size_t strategy) {
    for (size_t i = 0; i < fits->n; i++)
        if (fits->fit[i].strategy == strategy) return fits->fit[i].source ? fits->fit[i].source->strategy : SIZE_MAX;
    return SIZE_MAX;
}
/* The first n_folds of the plan; a study's search does not walk all of them. */
int fits_plan(const struct experiment *experiment, const struct prepared *prepared, size_t n_folds, const char *dir,
              struct fit_list *out) GW_MUST_USE;
int fits_execute(const struct experiment *experiment, const struct prepared *prepared, struct fit_list *fits,
                 size_t jobs) GW_MUST_USE;
void fits_free(struct fit_list *fits);
/* What the models of symbols or groups say, put together as if one had said it: fits of all symbols with scores and thresholds
 * alone, NaN where no model knows a symbol. Owned by the caller: fits_part() releases them. */
int fits_join(const struct experiment *experiment, const struct prepared *prepared, struct fit_list *fits) GW_MUST_USE;
void fits_part(struct fit_list *fits);

/* ---- what a cluster needs of it ----------------------------------------------------------------------- */

/* A chain is what must be done one after another: all folds of a strategy and seed where each goes on from the one before,
 * else a single fit. It is named by its first fit. */
bool fit_heads_chain(const struct experiment *experiment, const struct fit *fit);
size_t fits_next_in_chain(const struct experiment *experiment, const struct fit_list *fits,
                          size_t i); /* SIZE_MAX: none */
typedef int (*fit_one)(void *context, struct fit *fit, const struct gw_gate_model *previous,
                       struct gw_gate_model **model_out);
/* Every fit of the chain by `one`; *at is the one it is at. */
int fits_run_chain(const struct experiment *experiment, struct fit_list *fits, size_t begin, fit_one one, void *context,
                   size_t *at) GW_MUST_USE;
/* A strategy's advice once, with the number of its fits that have any. */
void fits_tell_advice(const struct experiment *experiment, const struct fit_list *fits);
/* When all are done: those that only trade otherwise get their results. */
int fits_finish(const struct experiment *experiment, struct fit_list *fits) GW_MUST_USE;
int fits_failed(const struct experiment *experiment, const struct fit *fit, int code) GW_MUST_USE; /* says which */

/* Who does the fits of a walk instead of fits_execute. */
struct gw_fit_executor {
    int (*execute)(void *context, const struct experiment *experiment, const struct prepared *prepared,
                   struct fit_list *fits, size_t jobs) GW_MUST_USE;
    /* Threads for what comes after the fits, when those of others are free; NULL: jobs. */
    size_t (*threads_after)(void *context, size_t jobs);
    void *context;
};

/* Of one fit, in a unit that all share: what a window or a streaming bar multiplies, times how many of them. */
double fits_cost(const struct experiment *experiment, const struct prepared *prepared, const struct fit *fit);
/* Work of a chain, in products: what is long begins first. Only ratios matter. */
double fits_chain_cost(const struct experiment *experiment, const struct prepared *prepared,
                       const struct fit_list *fits, size_t begin);
/* Marks what is not the share `shard` (from 1) of `n_shards`, longest chains first, each to the share with the least so far:
 * every process that asks gets the same answer. */
int fits_keep_share(const struct experiment *experiment, const struct prepared *prepared, struct fit_list *fits,
                    size_t shard, size_t n_shards) GW_MUST_USE;
/* The chains' first fits, longest first; *n of them, owned by the caller (mem_free). */
int fits_by_length(const struct experiment *experiment, const struct prepared *prepared, const struct fit_list *fits,
                   size_t **chain, size_t *n) GW_MUST_USE;

#endif
