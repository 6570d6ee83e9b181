/* Shared by the files of a search. */
#ifndef GATEWALK_SEARCH_PRIVATE_H
#define GATEWALK_SEARCH_PRIVATE_H

#include <math.h>

#include "engine/results/results.h"
#include "engine/walk/fits.h"
#include "engine/walk/record.h"
#include "search.h"
#include "searcher.h"

struct objective {
    char name[64]; /* as a metric's key: "precision_at_1", "sharpe"; or validation_loss, parameters */
    bool max;      /* more is better */
    enum { OF_GATES, OF_PORTFOLIO, OF_TRAINING_LOSS, OF_PARAMETERS } of;
    size_t metric; /* row of its table */
    double k;      /* of a metric per K */
};
static inline double objective_cost(const struct objective *o, double value) {
    return !isfinite(value) ? (double)INFINITY : o->max ? -value : value;
}
static inline double objective_value(const struct objective *o, double cost) {
    return !isfinite(cost) ? (double)NAN : o->max ? -cost : cost;
}

struct search {
    const char *path; /* the caller's */
    char name[64], title[256];
    char experiment_path[2048];
    const struct gw_config_override *override; /* the caller's */
    struct json_document *document;
    struct experiment *experiment; /* as it stands without the search */
    size_t contestant;             /* index of its strategies */
    struct search_settings settings;
    const struct searcher *searcher;
    struct objective objective[OBJECTIVES_MAX];
    size_t n_objectives;
    struct space space;
    struct gw_model_config
        widest;         /* of the model that reaches back furthest: all trials see the samples that it leaves */
    bool shares_inputs; /* no key of the space changes bars, features, labels or folds */
    bool keeps_others;  /* nor anything else of the experiment as a whole: the untuned contestant can walk too */
    size_t n_checked;   /* points that were checked before anything ran */

    char states_path[1024];
    const char
        *states; /* the folder of fits that a higher rung goes on from; NULL: they begin anew, to the same bytes */
    struct evaluation *evaluation; /* all that were decided */
    size_t n, room;
    size_t chosen; /* index; SIZE_MAX: nothing could be evaluated */
};

int search_load(const char *path, const struct gw_config_override *override, struct search **out) GW_MUST_USE;
void search_free(struct search *search);
/* "objective": a name, {"max": name}, {"min": name}, or an array of them. */
int objectives_read(const struct json_document *document, const json_value *value, const struct experiment *e,
                    const struct strategy_spec *contestant, struct objective *out, size_t *n) GW_MUST_USE;

/* ---- a point as an experiment (trial.c) ----------------------------------------------------------------------- */

/* Alone: with the contestant and nobody else. */
int trial_experiment(const struct search *search, const struct point *point, bool alone,
                     struct experiment **out) GW_MUST_USE;
/* Corners of the space, each key's bounds and choices, before anything is fitted: what is wrong is pointed at in the search
 * file. Finds the widest model. */
int trials_check(struct search *search) GW_MUST_USE;

/* ---- rungs (rungs.c) ------------------------------------------------------------------------------------------- */

size_t rung_folds(const struct search *search, const struct evaluation *evaluation); /* of its budget */
size_t rung_epochs(const struct search *search, size_t whole, double share);
/* Can a fit of a higher rung begin where that of the rung below ended? Whole fits of earlier folds are there again; one that
 * ended early has a state, but the fold behind it would have begun with other weights than it will. */
bool rung_goes_on(const struct search *search, const struct experiment *e);
/* Epochs after which its fits end, the schedule being that of all of them; 0: they do not end early. */
size_t rung_stop(const struct search *search, const struct experiment *e, double share);
/* Share of the whole budget that is trained for it. */
double rung_paid(const struct search *search, const struct experiment *e, const struct evaluation *evaluation);
/* Whole budgets that its trials pay for, about, if fits go on. */
double rungs_budget(const struct search *search);
/* Has its fits begin where those of the rung below ended, and leave what the next one needs. */
int rung_keep(const struct search *search, const struct evaluation *evaluation, struct fit_context *context,
              struct fit_list *fits) GW_MUST_USE;
/* After a whole trial: nobody goes on from its fits. */
void rung_forget(const struct search *search, const struct evaluation *evaluation, const struct experiment *e,
                 const struct fit_list *fits);
int rungs_begin(struct search *search, const char *dir) GW_MUST_USE; /* search->states */
void rungs_end(struct search *search);

/* ---- a trial on validation (validate.c) ------------------------------------------------------------------------ */

/* Inputs whose bars end with the last searched validation slice, which stand as the slices that are scored. */
int validation_prepare(const struct search *search, const struct experiment *e, struct prepared **out) GW_MUST_USE;
/* Fits, scores, replays and measures one evaluation, going on from search->states; p: shared inputs, or NULL. A trial that cannot be made or trained is a
 * state, not an error. */
int evaluate(const struct search *search, const struct prepared *p, struct evaluation *evaluation) GW_MUST_USE;
/* The key of its result (evaluation->key), as far as it is known without fitting, and what is paid for it. */
int evaluation_name(const struct search *search, const struct prepared *p, struct evaluation *evaluation) GW_MUST_USE;
/* One line about how long it will take; *n: evaluations. */
int search_estimate(const struct search *search, const struct prepared *p, size_t jobs, size_t *n,
                    char out[256]) GW_MUST_USE;

/* ---- all of them (work.c) ---------------------------------------------------------------------------------------- */

/* What is asked of each evaluation; a test or a stored table may answer instead of `evaluate`. */
struct evaluator {
    int (*name)(void *context, struct evaluation *evaluation);
    int (*run)(void *context, struct evaluation *evaluation);
    void *context;
};
/* Until the searcher ends or an interrupt; dir: where results are remembered, held by `lock`; NULL: nowhere. */
int search_work(struct search *search, const struct evaluator *evaluator, size_t jobs, const char *dir,
                int lock) GW_MUST_USE;
/* The best that had the whole budget. */
int search_choose(struct search *search) GW_MUST_USE;

/* ---- files -------------------------------------------------------------------------------------------------------- */

int trials_write(const struct search *search, const char *dir) GW_MUST_USE; /* trials.csv */
/* An evaluation's result by its key in a file of its own, and back. lock: of dir (dir_lock). */
int trial_remember(const struct search *search, const char *dir, int lock,
                   const struct evaluation *evaluation) GW_MUST_USE;
int trial_recall(const struct search *search, const char *dir, struct evaluation *evaluation, bool *found) GW_MUST_USE;

struct final_result {
    double validation[OBJECTIVES_MAX], test[OBJECTIVES_MAX], untuned[OBJECTIVES_MAX];
    bool walked, has_untuned;
    char null_state[24];
    double deflated_sharpe;
    const char *state;
};
int search_write(const struct search *search, const struct final_result *final, const char *dir) GW_MUST_USE;
/* The experiment of the final walk: what was chosen, what it was before, and those that were not searched. */
int final_experiment(struct search *search, struct experiment **out) GW_MUST_USE;
int best_write(const struct experiment *e, const char *dir) GW_MUST_USE;
int final_read(const struct search *search, const char *dir, struct final_result *out) GW_MUST_USE;
#define UNTUNED "-untuned" /* behind the contestant's name */

/* What is known of the trials as a whole. */
size_t search_trials(const struct search *search); /* configurations that were evaluated, reference ones among them */
void search_sharpes(const struct search *search, struct searched *out);
int search_overfitting(const struct search *search, double *out) GW_MUST_USE;
int search_record(const struct search *search, const struct prepared *p, struct record *record) GW_MUST_USE;

#endif
