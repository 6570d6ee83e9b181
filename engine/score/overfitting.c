/* Probability of backtest overfitting (Bailey, Borwein, Lopez de Prado & Zhu 2017): cut time into S blocks; for every
 * choice of S/2 of them find the trial with the best Sharpe ratio there, and see where it ranks among all trials on the
 * other half. PBO is the share of choices whose winner falls below the median. */
#include "overfitting.h"
#include "engine/base/base.h"
#include "gatewalk/verdict.h"
#include "ranking.h"

enum { SPLITS_MAX = 20 }; /* 184,756 choices; the next even number has 705,432 */

/* Sums over the chosen blocks are sums of block sums, so one choice costs S × trials, not periods × trials. */
struct block_sums {
    size_t n_splits, n_trials;
    const double *count;        /* [n_splits] periods */
    const double *sum, *square; /* [n_splits × n_trials] */
};

static void fill_sums(size_t splits, size_t trials, const double *returns, size_t n_periods, double *count, double *sum,
                      double *square) {
    for (size_t b = 0; b < splits; b++) {
        size_t begin = b * n_periods / splits, end = (b + 1) * n_periods / splits;
        count[b] = (double)(end - begin);
        for (size_t t = begin; t < end; t++) {
            for (size_t k = 0; k < trials; k++) {
                double r = returns[t * trials + k];
                sum[b * trials + k] += r;
                square[b * trials + k] += r * r;
            }
        }
    }
}

/* Sharpe ratios of all trials over the blocks of a mask; a trial that did nothing has 0. */
static void sharpe_over(const struct block_sums *blocks, uint32_t mask, double *sharpe) {
    for (size_t k = 0; k < blocks->n_trials; k++) {
        double count = 0, sum = 0, square = 0;
        for (size_t b = 0; b < blocks->n_splits; b++) {
            if (!(mask >> b & 1)) continue;
            count += blocks->count[b];
            sum += blocks->sum[b * blocks->n_trials + k];
            square += blocks->square[b * blocks->n_trials + k];
        }
        double mean = sum / count, variance = square / count - mean * mean;
        sharpe[k] = variance > 1e-14 * square / count ? mean / sqrt(variance) : 0.0;
    }
}

/* 1 when the trial lies below the median of all, 1/2 on it, 0 above. */
static double below_median(const double *sharpe, size_t n, size_t trial) {
    size_t lower = 0, higher = 0;
    for (size_t k = 0; k < n; k++) {
        lower += sharpe[k] < sharpe[trial];
        higher += sharpe[k] > sharpe[trial];
    }
    return lower < higher ? 1.0 : lower == higher ? 0.5 : 0.0;
}

static double share_below(const struct block_sums *blocks, double *inside, double *outside) {
    uint32_t all = (uint32_t)((UINT64_C(1) << blocks->n_splits) - 1);
    double below = 0, choices = 0;
    for (uint32_t mask = 0; mask < all; mask++) {
        if ((size_t)__builtin_popcount(mask) != blocks->n_splits / 2) continue;
        sharpe_over(blocks, mask, inside);
        sharpe_over(blocks, all & ~mask, outside);
        size_t best = 0;
        for (size_t k = 1; k < blocks->n_trials; k++)
            if (inside[k] > inside[best]) best = k;
        below += below_median(outside, blocks->n_trials, best);
        choices += 1;
    }
    return below / choices;
}

int overfitting_of_sums(size_t n_splits, size_t n_trials, const double *count, const double *sum, const double *square,
                        double *probability) {
    *probability = NAN;
    if (n_trials < 2 || n_splits < 2 || n_splits % 2 || n_splits > SPLITS_MAX) return GW_OK;
    const struct block_sums blocks = {n_splits, n_trials, count, sum, square};
    double *room = mem_calloc(2 * n_trials, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    *probability = share_below(&blocks, room, room + n_trials);
    mem_free(room);
    return GW_OK;
}

int gw_backtest_overfitting(const double *returns, size_t n_periods, size_t n_trials, size_t n_splits,
                            double *probability) {
    *probability = NAN;
    if (n_trials < 2 || n_splits < 2 || n_splits % 2 || n_splits > SPLITS_MAX || n_periods < 2 * n_splits) return GW_OK;
    for (size_t i = 0; i < n_periods * n_trials; i++)
        if (!isfinite(returns[i])) return GW_OK;
    double *room = mem_calloc(n_splits + 2 * n_splits * n_trials, sizeof *room);
    if (!room) return GW_ERR_NOMEM;
    double *sum = room + n_splits, *square = sum + n_splits * n_trials;
    fill_sums(n_splits, n_trials, returns, n_periods, room, sum, square);
    int rc = overfitting_of_sums(n_splits, n_trials, room, sum, square, probability);
    mem_free(room);
    return rc;
}
