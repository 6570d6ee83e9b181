/* Shared by the phases of a run. The way data goes: prepared → fits → scores → replays → results → files. */
#ifndef GATEWALK_RUN_PRIVATE_H
#define GATEWALK_RUN_PRIVATE_H

#include "engine/results/success_test.h"
#include "walk.h"

enum { METRICS_MAX = 48, PORTFOLIO_MAX = 48 };

/* Makes the run directory; one that holds something else is never written into. */
int run_claim_directory(const char *dir) GW_MUST_USE;
int run_directory_name(const char *asked, const char *name, char dir[1024]) GW_MUST_USE;
/* What an earlier run or study has left and would be taken for this one's: its summary, the path of its study (but for
 * `keep`, a file's name or ""), and what options->on_begin knows of. */
int run_drop_results(const char *dir, const struct gw_run_options *options, const char *keep) GW_MUST_USE;
/* run_experiment for a caller who may have locked the directory (dir_lock) already, and unlocks it. */
int run_walk(const struct experiment *experiment, const struct gw_run_options *options, bool in_study, char dir[1024],
             int *lock) GW_MUST_USE;

/* ---- fits ----------------------------------------------------------------------------------- */

/* One bar whose attention is kept: a signal of the traded K. */
struct attention_row {
    size_t test_row; /* row of the fold's test samples */
    int gate;
    float *weight; /* [n_maps × T] owned */
};

/* Sums of attention by lag over a fold's test bars. */
struct attention_sums {
    double *top, *rest; /* [n_maps × T] */
    size_t n_top, n_rest;
};

/* What one fit leaves behind: a pure function of (bars up to the fold's end, config, seed). */
struct fit {
    size_t strategy, seed, fold; /* indexes into the experiment and the plan */
    char model_path[1024];
    char key[17];      /* hash of everything that decides the fit: a stored model with another key is stale */
    bool done, reused; /* reused: loaded, not trained; its log knows no seconds */

    size_t n_test;            /* test samples of all symbols, in (symbol, bar) order */
    float *validation;        /* [n_validation × GW_N_GATES]: probabilities of the validation samples */
    float *probability;       /* [n_test × GW_N_GATES] */
    float (*tau)[GW_N_GATES]; /* [n_symbols]: causal threshold of the traded K from validation */
    struct gw_training_log log;
    size_t n_maps;
    struct attention_sums attention[GW_N_GATES];
    struct attention_row *row;
    size_t n_rows;
    double *permutation;       /* [GW_N_GATES × F] or NULL */
    double *feature_attention; /* [F] mean over test bars, or NULL */
};
void fit_release(struct fit *fit);
/* Causal thresholds of the traded K from a fold's validation probabilities [n × GW_N_GATES]; tau: [n_symbols]. */
int fit_thresholds(const struct experiment *experiment, const struct prepared *prepared, size_t fold,
                   const float *validation, float (*tau)[GW_N_GATES]) GW_MUST_USE;
/* How many of n bars the top k percent are: ceil(k n / 100), at least 1, at most n, as gw_metric_top_k counts. */
size_t top_count(double k_percent, size_t n);

struct fit_context {
    const struct experiment *experiment;
    const struct prepared *prepared;
    void (*on_epoch)(void *context, const struct gw_epoch_record *record, size_t epochs, double windows_per_second);
    void *context;
};
/* Trains (or loads the stored model of the same key), scores, thresholds, stores. `previous` and `model_out` serve
 * warm and lora retraining; both may be NULL. A stored lora fold loads onto `previous` only. */
int fit_execute(const struct fit_context *context, const struct gw_gate_model *previous, struct fit *fit,
                struct gw_gate_model **model_out) GW_MUST_USE;
void fit_key(const struct experiment *experiment, const struct prepared *prepared, struct fit *fit);
/* What the key would be in another version: another one may do the same sums differently. */
void fit_key_of(const char *version, const struct experiment *experiment, const struct prepared *prepared,
                struct fit *fit);

/* All fits of the experiment on `jobs` threads, with progress; keeps what is done when interrupted. */
struct fit_list {
    struct fit *fit;
    size_t n;
    size_t n_reused;
    double seconds;
};
int fits_plan(const struct experiment *experiment, const struct prepared *prepared, const char *dir,
              struct fit_list *out) GW_MUST_USE;
int fits_execute(const struct experiment *experiment, const struct prepared *prepared, struct fit_list *fits,
                 size_t jobs) GW_MUST_USE;
void fits_free(struct fit_list *fits);

/* ---- scores --------------------------------------------------------------------------------- */

/* Every test bar of the walk, in (fold, time, symbol) order; shared by all strategies. */
struct test_bar {
    uint32_t fold, symbol, bar;
    uint32_t fit_row; /* its row in a fit's probability */
    int64_t close_ns;
    bool labelled;
};
struct score_set {
    size_t n;             /* test bars */
    struct test_bar *bar; /* [n] */
    size_t n_labelled;
    uint32_t *labelled;         /* [n_labelled] indexes into bar */
    int8_t *label[GW_N_GATES];  /* [n_labelled] */
    uint32_t *fold;             /* [n_labelled] */
    double *pnl[GW_N_GATES][3]; /* [n_labelled] isolated trades at 0x, 1x, 2x costs */
};
int scores_index(const struct experiment *experiment, const struct prepared *prepared,
                 struct score_set *out) GW_MUST_USE;
void scores_free(struct score_set *set);

/* One (strategy, seed): probabilities and thresholds of all test bars. */
struct contestant_scores {
    struct gw_score *at; /* [set->n] */
};
int scores_collect(const struct experiment *experiment, const struct prepared *prepared, const struct score_set *set,
                   const struct fit_list *fits, size_t strategy, size_t seed,
                   struct contestant_scores *out) GW_MUST_USE;

/* ---- results -------------------------------------------------------------------------------- */

struct gate_values {
    double value[METRICS_MAX][GW_METRIC_KS_MAX]; /* metrics without K use column 0 */
};
struct seed_result {
    struct contestant_scores scores;
    struct gate_values pooled[GW_N_GATES];
    struct gate_values *fold[GW_N_GATES]; /* [n_folds] */
    struct gw_replay_result replay;
    double portfolio[PORTFOLIO_MAX], optimistic[PORTFOLIO_MAX];
};
struct strategy_result {
    size_t n_seeds; /* 1 for strategies without a model */
    struct seed_result *seed;
    struct gw_null_result null[GW_N_GATES];
};
/* How the significant differences of a pair lie. */
enum outcome { OUTCOME_NOT_MEASURED, OUTCOME_NO_DIFFERENCE, OUTCOME_BETTER, OUTCOME_WORSE, OUTCOME_MIXED, N_OUTCOMES };
/* Of the best gate without attention beside the best one with it. */
enum simpler_gate { SIMPLER_NOT_ASKED, SIMPLER_BEHIND, SIMPLER_AS_GOOD, SIMPLER_BETTER, N_SIMPLER };
/* Two contestants compared: the differences, the success test, and what they come to. */
struct pair_verdict {
    size_t candidate, baseline; /* strategy indexes */
    struct gw_gate_verdict gate[GW_N_GATES];
    struct criterion_result criterion[N_CRITERIA];
    enum outcome outcome;
    enum simpler_gate simpler;
};
/* The best traded strategy and seed, and what it is worth as the best of all trials (verdict.h). */
struct selection {
    size_t n_trials, n_searched; /* all; of them tried on validation only */
    size_t best, best_seed;      /* strategy index, position of the seed */
    double deflated_sharpe;      /* Bailey & Lopez de Prado 2014; NAN when nothing was traded or all was lost */
    double overfitting;          /* Bailey et al. 2017, over what was traded */
};
struct results {
    struct score_set scores;
    struct strategy_result *strategy; /* [n_strategies] */
    struct pair_verdict *verdict;
    size_t n_verdicts;
    size_t baseline; /* strategy index; SIZE_MAX: none */
    struct selection selection;
};

int results_replay(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   struct results *r) GW_MUST_USE;
int results_measure(const struct experiment *e, const struct prepared *p, struct results *r) GW_MUST_USE;
int results_verdict(const struct experiment *e, const struct prepared *p, struct results *r) GW_MUST_USE;
int results_selection(const struct experiment *e, struct results *r) GW_MUST_USE;
void results_free(const struct experiment *e, struct results *r);
/* Fills a gate_sample over [begin, end) of the labelled bars; score and acted are caller's arrays of n_labelled. */
void results_sample(const struct results *r, const struct contestant_scores *scores, int gate, size_t begin, size_t end,
                    float *score, uint8_t *acted, struct gw_gate_sample *out);

/* ---- files ---------------------------------------------------------------------------------- */

struct phase_times {
    double import, features, fits, replay, metrics, verdict, files;
};
int write_tables(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                 const struct results *r, const char *dir) GW_MUST_USE;
int write_attention(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) GW_MUST_USE;
int write_summary(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                  const struct results *r, const char *dir) GW_MUST_USE;
/* The verdict on one pair as an element of summary.json's "verdict". */
void write_verdict(struct json_writer *w, const struct experiment *e, const struct pair_verdict *v);
/* What the success test's criterion is, within an object that has begun. */
void write_criterion(struct json_writer *w, const struct criterion *criterion);
int write_run_json(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   const struct results *r, const struct phase_times *times, size_t jobs, const char *status,
                   const char *dir) GW_MUST_USE;
int write_folds(const struct prepared *p, const char *dir) GW_MUST_USE;

#endif
