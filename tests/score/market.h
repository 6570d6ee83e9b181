/* A made-up market for tests of inference: labels that overlap like gate labels (a bar is positive when the sum of the
 * next HORIZON shocks is large) and scorers that see the truth through their own autocorrelated noise. */
#ifndef GATEWALK_TEST_SCORE_MARKET_H
#define GATEWALK_TEST_SCORE_MARKET_H

#include <math.h>

#include "gatewalk/rng.h"
#include "gatewalk/verdict.h"

enum { MARKET_HORIZON = 24, MARKET_BARS_MAX = 8000, MARKET_SEEDS_MAX = 3, MARKET_FOLDS = 4 };

struct made_market {
    float score_a[MARKET_SEEDS_MAX][MARKET_BARS_MAX], score_b[MARKET_SEEDS_MAX][MARKET_BARS_MAX];
    int8_t label[MARKET_BARS_MAX];
    uint32_t fold[MARKET_BARS_MAX];
    double pnl[MARKET_BARS_MAX];
    const float *a[MARKET_SEEDS_MAX], *b[MARKET_SEEDS_MAX];
    const double *returns[MARKET_SEEDS_MAX];
    struct gw_paired_sample sample;
};

/* A scorer's view of one bar: strength × truth + noise that lives for 1/(1 - memory) bars. */
static inline float market_score(struct gw_rng *rng, double *noise, double strength, double truth) {
    const double memory = 0.9;
    *noise = memory * *noise + sqrt(1 - memory * memory) * gw_rng_normal(rng);
    return (float)(1 / (1 + exp(2.5 - strength * truth - *noise)));
}

static inline void market_make(struct made_market *market, uint64_t seed, size_t n, size_t n_seeds, double strength_a,
                               double strength_b) {
    static double shock[MARKET_BARS_MAX + MARKET_HORIZON];
    struct gw_rng rng;
    gw_rng_key(&rng, seed, "market", n, 0, 0);
    double log_volatility = 0, sum = 0, noise_a[MARKET_SEEDS_MAX], noise_b[MARKET_SEEDS_MAX];
    for (size_t i = 0; i < n + MARKET_HORIZON; i++) { /* volatility comes in spells, and so do labels */
        log_volatility = 0.98 * log_volatility + 0.07 * gw_rng_normal(&rng);
        shock[i] = gw_rng_normal(&rng) * exp(log_volatility);
    }
    for (size_t s = 0; s < MARKET_SEEDS_MAX; s++) noise_a[s] = gw_rng_normal(&rng), noise_b[s] = gw_rng_normal(&rng);
    for (size_t i = 0; i < MARKET_HORIZON; i++) sum += shock[i];
    for (size_t i = 0; i < n; i++) {
        market->label[i] = sum > 6.5;
        market->fold[i] = (uint32_t)(i * MARKET_FOLDS / n);
        market->pnl[i] = (sum > 6.5 ? 0.01 : -0.005) + 0.002 * gw_rng_normal(&rng);
        for (size_t s = 0; s < n_seeds; s++) {
            market->score_a[s][i] = market_score(&rng, &noise_a[s], strength_a, sum / 5);
            market->score_b[s][i] = market_score(&rng, &noise_b[s], strength_b, sum / 5);
        }
        sum += shock[i + MARKET_HORIZON] - shock[i];
    }
    for (size_t s = 0; s < n_seeds; s++) {
        market->a[s] = market->score_a[s];
        market->b[s] = market->score_b[s];
        market->returns[s] = market->pnl;
    }
    market->sample = (struct gw_paired_sample){.n = n,
                                               .n_seeds = n_seeds,
                                               .score_a = market->a,
                                               .score_b = market->b,
                                               .label = market->label,
                                               .fold = market->fold,
                                               .pnl_a = market->returns,
                                               .pnl_b = market->returns};
}

#endif
