/* What a walk comes to: replayed, measured, compared, as facts. */
#ifndef GATEWALK_RESULTS_H
#define GATEWALK_RESULTS_H

#include "engine/score/null_bands.h"
#include "engine/walk/scores.h"
#include "success_test.h"

enum { METRICS_MAX = 48, PORTFOLIO_MAX = 64 };

struct gate_values {
    double value[METRICS_MAX][GW_METRIC_KS_MAX]; /* metrics without K use column 0 */
};
struct seed_result {
    uint64_t number; /* the seed's, as the files name it */
    struct contestant_scores scores;
    struct gate_values pooled[GW_N_GATES];
    struct gate_values *fold[GW_N_GATES]; /* [n_folds] */
    struct gw_replay_result replay;
    double portfolio[PORTFOLIO_MAX], optimistic[PORTFOLIO_MAX];
};
/* How far what was traded rests on what nobody knows (the order of prices inside a bar, costs), and what entries at random
 * moments would have come to, as many, as long and on the same sides. */
enum fill_path { FILL_WORST, FILL_DEFAULT, FILL_OPTIMISTIC, N_FILL_PATHS };
enum { COST_LEVELS = 3, BOUND_POINTS_MAX = 500 };
extern const char *const fill_path_id[N_FILL_PATHS];
struct bound_point {
    int64_t time_ns;
    double low, high; /* of the equity by all paths and costs, mean over seeds, as a multiple of the initial cash */
    double random_low, random_high; /* 90 % of the random ones; NAN: none */
};
struct traded_bounds {
    double total_return[N_FILL_PATHS][COST_LEVELS]; /* at 0, 1 and 2 times the costs; means over seeds */
    size_t n_random;                                /* replays of random entries matched to the first seed's trades */
    double own_return;                              /* of that seed */
    double random_mean, random_low, random_high;    /* returns: mean, 5th and 95th percentile */
    double random_p;                                /* share of them at least as high, the own one counted among them */
    size_t n_points;
    struct bound_point *point; /* owned */
};
struct strategy_result {
    size_t n_seeds; /* 1 for strategies without a model */
    struct seed_result *seed;
    const struct outside *outside; /* whose scores they are, or the mean of; NULL: of models of this run, or none */
    bool ranking_only[GW_N_GATES]; /* scores from outside that are no probabilities */
    struct gw_null_result null[GW_N_GATES];
    struct null_bands null_bands[GW_N_GATES]; /* of the same shifts */
    struct traded_bounds *bounds;             /* owned; NULL: nobody asked, or a contestant that follows others */
    double null_holm[GW_N_GATES];             /* its p-value corrected for all contestants and gates */
};
/* How the significant differences of a pair lie. */
enum outcome { OUTCOME_NOT_MEASURED, OUTCOME_NO_DIFFERENCE, OUTCOME_BETTER, OUTCOME_WORSE, OUTCOME_MIXED, N_OUTCOMES };
/* Of the best gate without attention beside the best one with it. */
enum simpler_gate { SIMPLER_NOT_ASKED, SIMPLER_BEHIND, SIMPLER_AS_GOOD, SIMPLER_BETTER, N_SIMPLER };
/* How the files of a run spell these; NULL: not asked. */
extern const char *const outcome_id[N_OUTCOMES], *const simpler_id[N_SIMPLER];
/* Two contestants compared: the differences, the success test, and what they come to. */
struct pair_verdict {
    size_t candidate, baseline; /* strategy indexes */
    struct gw_gate_verdict gate[GW_N_GATES];
    size_t n_bars[GW_N_GATES]; /* labelled bars that both have scored with every seed: what they are compared on */
    struct criterion_result criterion[N_CRITERIA];
    struct gw_forecast_test log_loss[GW_N_GATES]; /* the candidate's less the baseline's; NAN for rankings */
    size_t n_comparisons;                         /* that the p-values are corrected for */
    enum outcome outcome;
    enum simpler_gate simpler;
};
/* Is the best of the candidates better than the baseline? (Hansen 2005) */
struct best_difference {
    bool found;
    struct gw_superior_ability test;
    size_t candidate; /* strategy index of the one that stands out most */
    int gate, delta;
};
/* All differences to the baseline, resampled together and corrected together. */
struct family_verdict {
    size_t n_comparisons; /* differences that have a p-value */
    double block_length;
    struct best_difference best, best_attention; /* of all candidates; of those with attention */
};
/* A trial: a strategy over its seeds whose test slice was scored. It returns the mean of its seeds, as if each had an
 * equal share of the cash. */
enum { TRIAL_PARTS = 16 }; /* Bailey et al. 2017: 12,870 ways to choose half of them */
struct scored_trial {
    size_t strategy;                              /* index */
    double sharpe;                                /* per bar; NAN when a seed lost everything */
    double sum[TRIAL_PARTS], square[TRIAL_PARTS]; /* of the returns over equal parts of the bars */
};
/* What all trials on the same data come to, those of other runs included. */
struct trials_on_data {
    bool known; /* false: nobody kept count */
    size_t n_trials, n_runs;
    double deflated_sharpe, overfitting;
};
/* The best traded strategy, and what it is worth as the best of all trials (verdict.h). */
struct selection {
    size_t n_trials, n_searched; /* all of this run; of them tried on validation only */
    struct searched searched;    /* what is known of those */
    size_t best;                 /* strategy index */
    double deflated_sharpe;      /* Bailey & Lopez de Prado 2014; NAN when nothing was traded or all was lost */
    double overfitting;          /* Bailey et al. 2017, over what was traded */
    struct scored_trial trial[MAX_STRATEGIES];
    size_t n_traded, n_bars;
    double part_bars[TRIAL_PARTS];
    double *best_return; /* [n_bars] of the best, owned; NULL when there is none */
    struct trials_on_data on_data;
};
/* Whether a fit's best epoch was the last that it was given: perhaps it would have gone on improving. A mixture has no best. */
static inline bool fit_cut_short(const struct gw_train_config *train, const struct gw_training_log *log) {
    return gw_train_snapshots(train) == 0 && log->best_epoch == train->epochs;
}
/* A strategy that has no model and no parameters is a yardstick, not a trial: nobody could have tuned it. */
static inline bool strategy_is_trial(const struct strategy_spec *spec) {
    return spec->desc->needs_model || spec->desc->own.n > 0 || strategy_program(spec);
}
struct results {
    struct score_set scores;
    struct strategy_result *strategy; /* [n_strategies] */
    struct pair_verdict *verdict;
    size_t n_verdicts;
    struct family_verdict family;
    size_t baseline; /* strategy index; SIZE_MAX: none */
    struct selection selection;
};

int results_measure(const struct experiment *e, const struct prepared *p, struct results *r,
                    size_t n_threads) GW_MUST_USE;
int results_verdict(const struct experiment *e, const struct prepared *p, struct results *r,
                    size_t n_threads) GW_MUST_USE;
int results_selection(const struct experiment *e, struct results *r) GW_MUST_USE;
/* The same with what is known of other runs: the number of trials on these data, the variance of their Sharpe ratios, and
 * the sums of those over the same bars, [n_alike × TRIAL_PARTS] each. */
int results_selection_on_data(struct results *r, size_t n_trials, double variance, size_t n_alike, const double *sum,
                              const double *square) GW_MUST_USE;

/* Room for one gate_sample of all labelled bars. */
struct sample_room {
    float *score;
    uint8_t *acted;
    int8_t *label;
    uint32_t *fold;
    double *pnl[3];
};
int sample_room_make(const struct results *r, struct sample_room *room) GW_MUST_USE;
void sample_room_free(struct sample_room *room);
/* A contestant's gate over those of the labelled bars [begin, end) that the seed has scored; `shared`: that every seed
 * has. The sample lives in the room. */
void results_sample(const struct results *r, const struct strategy_result *result, size_t seed, int gate, size_t begin,
                    size_t end, bool shared, struct sample_room *room, struct gw_gate_sample *out);

#endif
