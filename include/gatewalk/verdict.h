/* Is the candidate better than the baseline? Paired, same folds, same seeds, block bootstrap.
 *
 * AP is taken on the pooled scores of a seed; P@K and PnL@K rank within each fold; both are means over seeds. A
 * replicate draws bars in blocks, the same bars for both sides and all seeds, and ranks what it drew anew within each
 * fold: keeping the bars that were picked once would leave out that the border moves. The few stretches that the best come
 * in make replicates of P@K and PnL@K vary too little: they are stretched to what the weights of the bars and the label
 * horizon say. Replicate r uses the stream gw_rng_key(seed, "bootstrap", r, 0, 0). What is resampled are the bars, not the trainings: an interval says how sure
 * the difference of THESE fitted models is, and seed_sd how much it varies from training to training. */
#ifndef GATEWALK_VERDICT_H
#define GATEWALK_VERDICT_H

#include "metric_key.h"
#include "metrics.h"

GW_BEGIN_DECLS

struct gw_verdict_config {
    size_t n_bootstrap; /* default 10000 */
    size_t n_threads;   /* that share the replicates, to the same bits for any number; 0: one */
    double confidence;  /* default 0.95 */
    uint64_t seed;
    size_t block_length; /* 0: Politis & White (2004, corrected 2009), but never below the label horizon */
    size_t horizon;
    void (*on_replicates)(void *context, size_t done); /* so many more; from the calling thread; may be NULL */
    void *context;
};

/* One gate. score_a/b: [n_seeds] arrays of n; labels and folds shared. */
struct gw_paired_sample {
    size_t n, n_seeds;
    const float *const *score_a; /* candidate */
    const float *const *score_b; /* baseline */
    const int8_t *label;
    const uint32_t *fold;
    /* [n_seeds] arrays of n: isolated return at 1x costs, of each side by its own exits; NaN when not enterable. NULL: unknown */
    const double *const *pnl_a, *const *pnl_b;
};

enum { GW_DELTA_AP, GW_DELTA_P1, GW_DELTA_P5, GW_DELTA_PNL1, GW_N_DELTAS };
extern const struct gw_metric_key gw_delta_metric[GW_N_DELTAS]; /* the metric whose difference it is */

/* How many bootstrap replicates an interval of this confidence (above 0 and below 1) takes at least. */
size_t gw_verdict_replicates_needed(double confidence);

struct gw_delta {
    double candidate, baseline; /* means over seeds */
    double value, lo, hi;       /* difference and its symmetric basic bootstrap interval */
    double seed_sd;             /* standard deviation of the difference over seeds; NaN with one seed */
    double p_value;             /* two-sided, (1 + as extreme) / (replicates + 1) */
    bool significant;           /* 0 outside [lo, hi], the same as p_value <= 1 - confidence */
    double p_holm;              /* corrected for the family that it was judged in; NaN where it was judged alone */
    bool holds;                 /* p_holm <= 1 - confidence: significant after the correction */
};
struct gw_gate_verdict {
    struct gw_delta delta[GW_N_DELTAS];
    double block_length; /* mean length used, entries */
};
/* NaN where something is undefined, never a failure: no positives; nothing to enter; fewer than ten blocks; no spread
 * (both sides choose the same bars); more than a tenth of the replicates undefined. GW_ERR_CONFIG for a confidence outside
 * (0, 1) or too few replicates for it, GW_ERR_DATA for a NaN score or a label other than 0 and 1. */
int gw_verdict_compare(const struct gw_paired_sample *sample, const struct gw_verdict_config *config,
                       struct gw_gate_verdict *out) GW_MUST_USE;

/* Null control: does AP beat label series that keep their own autocorrelation but not the scores'? Labels
 * are circularly shifted within folds, each fold by its own amount of at least min_shift bars (a fold shorter than four
 * times that uses its middle half), the same shifts for all seeds. AP is the mean over n_seeds score arrays; of the
 * sample only labels and folds count. p_value is one-sided. NaN without positives. Lift is against the mean of the null. */
struct gw_null_result {
    double observed, null_mean, null_sd, p_value;
};
int gw_null_average_precision(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds,
                              size_t n_resamples, size_t min_shift, uint64_t seed,
                              struct gw_null_result *out) GW_MUST_USE;

/* Holm (1979): p-values that may be compared with a level as if there were only one. Never below the uncorrected one;
 * rejecting those at or below 5 % is wrong anywhere in the family in at most 5 % of families, however they depend on each
 * other. NaN is no test and stays NaN. family: how many there are in all, if that is more than are given here. */
int gw_holm(const double *p_value, size_t n, size_t family, double *adjusted /* [n] */) GW_MUST_USE;

/* Hansen (2005), superior predictive ability: is the best of n differences to a baseline more than the best of n that are
 * no better than it? Studentised by the replicates' spread about the observed difference. p_lower and p_upper are the
 * liberal and the conservative version; upper is White's (2000) reality check, studentised. */
struct gw_superior_ability {
    size_t n, best; /* differences that have a spread; the one with the highest statistic, SIZE_MAX: none */
    double statistic, p_lower, p_value, p_upper; /* (1 + as high) / (replicates + 1); NaN without differences */
};
/* replicate[n]: n_replicates bootstrap replicates each, every one from the same draws; NaN: undefined there. n_bars: of the
 * sample; a difference more than sqrt(2 log log n_bars) spreads below zero counts as hopeless. GW_ERR_NOMEM. */
int gw_superior_ability(const double *value, const double *const *replicate, size_t n, size_t n_replicates,
                        size_t n_bars, struct gw_superior_ability *out) GW_MUST_USE;

/* Diebold & Mariano (1995) with the correction of Harvey, Leybourne & Newbold (1997): is the mean loss difference zero?
 * Two-sided, Student's t with n - 1 degrees of freedom; errors are taken to depend on each other up to horizon - 1 rows.
 * NaN for a sample that is shorter than its horizon or has no spread. */
struct gw_forecast_test {
    size_t n;
    double mean, statistic, p_value;
    bool bartlett; /* the plain sum of autocovariances was negative: they are weighted */
};
void gw_diebold_mariano(const double *difference, size_t n, size_t horizon, struct gw_forecast_test *out);

/* Bailey & Lopez de Prado (2012): probability that the true Sharpe ratio per period exceeds the benchmark, and how many
 * periods it takes until that probability reaches `confidence`: infinite when the ratio is not above the benchmark. */
double gw_probabilistic_sharpe(double sharpe, size_t n, double skewness, double kurtosis, double benchmark);
double gw_minimum_track_record(double sharpe, double skewness, double kurtosis, double benchmark, double confidence);

/* Bailey & Lopez de Prado (2014): probability that the Sharpe ratio (per period) exceeds what the best of n_trials
 * unskilled ones would show. returns: [n] per period. trial_sharpe_variance: variance of the trials' Sharpe ratios. */
double gw_deflated_sharpe(const double *returns, size_t n, size_t n_trials, double trial_sharpe_variance);
/* The same from a Sharpe ratio per period, the number of periods, and the returns' skewness and kurtosis (normal: 3). */
double gw_deflated_sharpe_from_moments(double sharpe, size_t n, double skewness, double kurtosis, size_t n_trials,
                                       double trial_sharpe_variance);
/* The Sharpe ratio per period to beat: the expected best of n_trials without skill. 0 for a single trial. */
double gw_deflated_sharpe_threshold(size_t n_trials, double trial_sharpe_variance);
/* Bailey et al. (2017): probability of backtest overfitting by combinatorially symmetric cross-validation.
 * returns: [n_periods × n_trials] row-major; n_splits even, 2 … 20 (16 is usual). A winner exactly on the median of the
 * other half counts half. NaN when it cannot be computed: fewer than 2 trials or 2 periods a split, non-finite returns. */
int gw_backtest_overfitting(const double *returns, size_t n_periods, size_t n_trials, size_t n_splits,
                            double *probability) GW_MUST_USE;

/* Stationary bootstrap (Politis & Romano 1994): fills index[n] with resampled positions. */
struct gw_rng;
void gw_bootstrap_stationary(struct gw_rng *rng, size_t n, double mean_block, uint32_t *index);
/* Politis–White automatic choice for the stationary bootstrap, with the correction of Patton, Politis & White (2009);
 * within [1, ceil(min(3 sqrt(n), n/3))]. 1 for a constant or very short series, NaN when a value is NaN. */
double gw_bootstrap_block_length(const double *series, size_t n);

GW_END_DECLS

#endif
