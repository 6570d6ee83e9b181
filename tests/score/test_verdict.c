/* The verdict against a slow reference, and what it must not depend on. */
#include <stdlib.h>

#include "ap.h"
#include "engine/base/base.h"
#include "market.h"
#include "test.h"

static struct made_market market;
static const struct gw_verdict_config CONFIG = {
    .n_bootstrap = 199, .confidence = 0.95, .seed = 11, .horizon = MARKET_HORIZON};

static const double K_PERCENT[GW_N_DELTAS] = {0, 1, 5, 1};

static int by_position(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* ---- the slow reference ------------------------------------------------------------------------------------------ */

enum { SLOW_BARS = 3000, SLOW_REPLICATES = 199, SLOW_TWINS = SLOW_REPLICATES / 2 };

/* The bars that `index` lists in rising order, copied: the public metrics are asked of them, which know of no resamples. */
static struct gw_gate_sample copy_bars(const float *score, const double *pnl, const uint32_t *index, size_t n) {
    static float copied_score[MARKET_BARS_MAX];
    static int8_t copied_label[MARKET_BARS_MAX];
    static uint32_t copied_fold[MARKET_BARS_MAX];
    static double copied_pnl[MARKET_BARS_MAX];
    for (size_t i = 0; i < n; i++) {
        copied_score[i] = score[index[i]];
        copied_label[i] = market.label[index[i]];
        copied_fold[i] = market.fold[index[i]];
        copied_pnl[i] = pnl[index[i]];
    }
    return (struct gw_gate_sample){
        .n = n, .score = copied_score, .label = copied_label, .fold = copied_fold, .pnl[1] = copied_pnl};
}

static double slow_statistic(int delta, const float *score, const double *pnl, const uint32_t *index, size_t n) {
    const struct gw_gate_sample copied = copy_bars(score, pnl, index, n);
    if (delta == GW_DELTA_AP) return ap_of(copied.score, copied.label, n);
    struct gw_top_k top;
    assert_ok(gw_metric_top_k(&copied, K_PERCENT[delta], &top));
    return delta == GW_DELTA_PNL1 ? top.pnl_mean[1] : top.precision;
}

static double slow_difference(int delta, uint32_t *index) {
    const struct gw_paired_sample *sample = &market.sample;
    double sum = 0;
    qsort(index, sample->n, sizeof *index, by_position);
    for (size_t s = 0; s < sample->n_seeds; s++)
        sum += slow_statistic(delta, sample->score_a[s], sample->pnl_a[s], index, sample->n) -
               slow_statistic(delta, sample->score_b[s], sample->pnl_b[s], index, sample->n);
    return sum / (double)sample->n_seeds;
}

/* What every bar weighs in one side's mean over the best. */
static void slow_weights(int delta, const float *const *score, const double *const *pnl, const uint32_t *index,
                         double weight[SLOW_BARS]) {
    static double chosen[SLOW_BARS];
    for (size_t i = 0; i < SLOW_BARS; i++) weight[i] = 0;
    for (size_t s = 0; s < market.sample.n_seeds; s++) {
        const struct gw_gate_sample copied = copy_bars(score[s], pnl[s], index, SLOW_BARS);
        double all = 0;
        assert_ok(gw_metric_top_k_weights(&copied, K_PERCENT[delta], chosen));
        for (size_t i = 0; i < SLOW_BARS; i++) {
            if (delta == GW_DELTA_PNL1 && isnan(copied.pnl[1][i])) chosen[i] = 0;
            all += chosen[i];
        }
        for (size_t i = 0; i < SLOW_BARS; i++) weight[index[i]] += chosen[i] / all / (double)market.sample.n_seeds;
    }
}

static void slow_pair_weights(int delta, bool same_exits, uint32_t *index, double weight[2][SLOW_BARS]) {
    const struct gw_paired_sample *m = &market.sample;
    qsort(index, SLOW_BARS, sizeof *index, by_position);
    slow_weights(delta, m->score_a, m->pnl_a, index, weight[0]);
    slow_weights(delta, m->score_b, m->pnl_b, index, weight[1]);
    for (size_t i = 0; i < SLOW_BARS && (same_exits || delta != GW_DELTA_PNL1); i++) {
        weight[0][i] -= weight[1][i];
        weight[1][i] = 0;
    }
}

/* Sum over pairs of bars of both weights and 1 - distance / horizon, where that is positive. */
static double slow_variance(double weight[2][SLOW_BARS]) {
    double sum = 0;
    for (int k = 0; k < 2; k++)
        for (long i = 0; i < SLOW_BARS; i++)
            for (long j = i - MARKET_HORIZON; weight[k][i] != 0 && j <= i + MARKET_HORIZON; j++)
                if (j >= 0 && j < SLOW_BARS)
                    sum += weight[k][i] * weight[k][j] * (1 - (double)labs(i - j) / MARKET_HORIZON);
    return sum;
}

static void slow_draw(uint64_t r, double block_length, uint32_t *index) {
    struct gw_rng rng;
    gw_rng_key(&rng, CONFIG.seed, "bootstrap", r, 0, 0);
    gw_bootstrap_stationary(&rng, SLOW_BARS, block_length, index);
}

/* How much wider the replicates should be. */
static double slow_width(int delta, bool same_exits, double block_length) {
    static uint32_t index[SLOW_BARS];
    static double sample[2][SLOW_BARS], twin[2][2][SLOW_BARS];
    double twice = 0;
    for (uint32_t i = 0; i < SLOW_BARS; i++) index[i] = i;
    slow_pair_weights(delta, same_exits, index, sample);
    for (uint64_t i = 0; i < SLOW_TWINS; i++) {
        for (uint64_t k = 0; k < 2; k++) {
            slow_draw(2 * i + k, block_length, index);
            slow_pair_weights(delta, same_exits, index, twin[k]);
        }
        for (size_t t = 0; t < 2 * SLOW_BARS; t++)
            twin[0][t / SLOW_BARS][t % SLOW_BARS] -= twin[1][t / SLOW_BARS][t % SLOW_BARS];
        twice += slow_variance(twin[0]) / SLOW_TWINS;
    }
    return sqrt(slow_variance(sample) / (twice / 2));
}

static void slow_widen(double *replicate, double observed, double times) {
    double mean = 0;
    for (size_t r = 0; r < SLOW_REPLICATES; r++) mean += replicate[r] / SLOW_REPLICATES;
    for (size_t r = 0; r < SLOW_REPLICATES; r++) replicate[r] = observed + times * (replicate[r] - mean);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_against_slow(const struct gw_gate_verdict *got, int d, bool same_exits) {
    static uint32_t index[SLOW_BARS];
    double far[SLOW_REPLICATES], as_far = 0;
    for (uint32_t i = 0; i < SLOW_BARS; i++) index[i] = i;
    const double observed = slow_difference(d, index);
    assert_near(got->delta[d].value, observed, 1e-10, 1e-3);
    assert_near(got->delta[d].candidate - got->delta[d].baseline, observed, 1e-10, 1e-3);
    for (uint64_t r = 0; r < SLOW_REPLICATES; r++) {
        slow_draw(r, got->block_length, index);
        far[r] = slow_difference(d, index);
        assert_true(isfinite(far[r]));
    }
    if (d != GW_DELTA_AP) {
        const double times = slow_width(d, same_exits, got->block_length);
        assert_true(times > 1.02 && times < 2); /* noise lives for ten bars: the best come in stretches */
        slow_widen(far, observed, times);
    }
    for (size_t r = 0; r < SLOW_REPLICATES; r++) {
        far[r] = fabs(far[r] - observed);
        as_far += far[r] >= fabs(observed);
    }
    qsort(far, SLOW_REPLICATES, sizeof *far, by_value);
    assert_near(got->delta[d].lo, observed - far[189], 1e-9, 1e-3); /* ceil(0.95 × 200) = 190th */
    assert_near(got->delta[d].hi, observed + far[189], 1e-9, 1e-3);
    assert_near(got->delta[d].p_value, (1 + as_far) / 200, 1e-12, 1e-3);
}

static void agrees_with_a_slow_reference(void **state) {
    (void)state;
    static double own_exits[SLOW_BARS];
    struct gw_gate_verdict got;
    market_make(&market, 4, SLOW_BARS, 2, 1.2, 0.8);
    for (size_t i = 0; i < SLOW_BARS; i++) market.fold[i] += i >= 2960; /* a fold that some resamples miss */
    for (size_t i = 0; i < SLOW_BARS; i += 7) market.pnl[i] = NAN;
    for (size_t i = 0; i < SLOW_BARS; i++) /* ties, also across the border of the top */
        for (int s = 0; s < 2; s++) market.score_a[s][i] = roundf(market.score_a[s][i] * 20) / 20;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    assert_true(got.block_length >= MARKET_HORIZON);
    for (int d = 0; d < GW_N_DELTAS; d++) check_against_slow(&got, d, true);

    /* One side leaves by exits of its own: its outcomes are others. */
    for (size_t i = 0; i < SLOW_BARS; i++) own_exits[i] = market.pnl[i] * (i % 3 ? 1 : 0.5);
    const double *const exits_of_b[] = {own_exits, own_exits};
    market.sample.pnl_b = exits_of_b;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    check_against_slow(&got, GW_DELTA_PNL1, false);
}

static void observed_values_are_the_metrics(void **state) {
    (void)state;
    market_make(&market, 5, 2000, 3, 1, .5);
    struct gw_gate_verdict got;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    double want[GW_N_DELTAS] = {0}, by_seed[3], spread = 0;
    for (size_t s = 0; s < 3; s++) {
        struct gw_gate_sample gate = {.n = 2000, .score = market.a[s], .label = market.label, .fold = market.fold};
        gate.pnl[1] = market.pnl;
        struct gw_top_k one, five, baseline;
        assert_ok(gw_metric_top_k(&gate, 1, &one));
        assert_ok(gw_metric_top_k(&gate, 5, &five));
        want[GW_DELTA_AP] += ap_of(gate.score, gate.label, gate.n) / 3;
        want[GW_DELTA_P1] += one.precision / 3;
        want[GW_DELTA_P5] += five.precision / 3;
        want[GW_DELTA_PNL1] += one.pnl_mean[1] / 3;
        gate.score = market.b[s];
        assert_ok(gw_metric_top_k(&gate, 5, &baseline));
        by_seed[s] = five.precision - baseline.precision;
    }
    for (int d = 0; d < GW_N_DELTAS; d++) assert_near(got.delta[d].candidate, want[d], 1e-12, 1e-6);
    double mean = (by_seed[0] + by_seed[1] + by_seed[2]) / 3;
    for (size_t s = 0; s < 3; s++) spread += (by_seed[s] - mean) * (by_seed[s] - mean) / 2;
    assert_near(got.delta[GW_DELTA_P5].seed_sd, sqrt(spread), 1e-9, 1e-6);
}

static void exchanging_the_sides_mirrors_everything(void **state) {
    (void)state;
    market_make(&market, 6, 2500, 1, 1.1, .9);
    struct gw_gate_verdict there, back;
    struct gw_paired_sample swapped = market.sample;
    swapped.score_a = market.b;
    swapped.score_b = market.a;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &there));
    assert_ok(gw_verdict_compare(&swapped, &CONFIG, &back));
    for (int d = 0; d < GW_N_DELTAS; d++) {
        assert_true(isfinite(there.delta[d].p_value));
        assert_near(back.delta[d].value, -there.delta[d].value, 1e-12, 1e-6);
        assert_near(back.delta[d].lo, -there.delta[d].hi, 1e-12, 1e-6);
        assert_near(back.delta[d].hi, -there.delta[d].lo, 1e-12, 1e-6);
        assert_near(back.delta[d].p_value, there.delta[d].p_value, 1e-12, 1e-6);
        assert_true(isnan(there.delta[d].seed_sd));
    }
}

static void equal_seeds_count_as_one(void **state) {
    (void)state;
    market_make(&market, 8, 1500, 1, 1.3, .7);
    struct gw_gate_verdict one, three;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &one));
    market.a[1] = market.a[2] = market.a[0];
    market.b[1] = market.b[2] = market.b[0];
    market.sample.n_seeds = 3;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &three));
    for (int d = 0; d < GW_N_DELTAS; d++) {
        assert_near(three.delta[d].lo, one.delta[d].lo, 1e-10, 1e-6);
        assert_near(three.delta[d].seed_sd, 0, 1, 1e-12);
    }
}

static void the_same_seed_gives_the_same_bits(void **state) {
    (void)state;
    market_make(&market, 9, 1500, 2, 1, .8);
    struct gw_gate_verdict first, again, other;
    struct gw_verdict_config reseeded = CONFIG;
    reseeded.seed++;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &first));
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &again));
    assert_ok(gw_verdict_compare(&market.sample, &reseeded, &other));
    for (int d = 0; d < GW_N_DELTAS; d++) {
        assert_true(first.delta[d].lo == again.delta[d].lo && first.delta[d].p_value == again.delta[d].p_value);
        assert_true(first.delta[d].value == other.delta[d].value && first.delta[d].lo != other.delta[d].lo);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    market_make(&market, 14, 2000, 2, 1, .8);
    struct gw_gate_verdict one, many;
    struct gw_verdict_config config = CONFIG;
    assert_ok(gw_verdict_compare(&market.sample, &config, &one));
    for (config.n_threads = 1; config.n_threads <= 5; config.n_threads += 2) {
        assert_ok(gw_verdict_compare(&market.sample, &config, &many));
        assert_memory_equal(&many, &one, sizeof one);
    }
}

static void interval_and_p_value_agree(void **state) {
    (void)state;
    size_t significant = 0, not = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        market_make(&market, 100 + seed, 1000, 1, 1.6, .6);
        struct gw_gate_verdict got;
        assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
        for (int d = 0; d < GW_N_DELTAS; d++) {
            const struct gw_delta *delta = &got.delta[d];
            if (isnan(delta->p_value)) continue;
            assert_int_equal(delta->significant, delta->lo > 0 || delta->hi < 0);
            assert_int_equal(delta->significant, delta->p_value <= .05 + 1e-12);
            *(delta->significant ? &significant : &not ) += 1;
        }
    }
    assert_true(significant > 10 && not > 10);
}

static void block_length_is_asked_or_at_least_the_horizon(void **state) {
    (void)state;
    market_make(&market, 10, 3000, 1, 1, 1);
    struct gw_verdict_config config = CONFIG;
    struct gw_gate_verdict got;
    config.block_length = 7;
    assert_ok(gw_verdict_compare(&market.sample, &config, &got));
    assert_near(got.block_length, 7, 0, 1);
    config.block_length = 0;
    config.horizon = 200;
    assert_ok(gw_verdict_compare(&market.sample, &config, &got));
    assert_near(got.block_length, 200, 0, 1);
    config.horizon = 0; /* the automatic choice sees the overlap by itself */
    assert_ok(gw_verdict_compare(&market.sample, &config, &got));
    assert_true(got.block_length > 10 && got.block_length < 200);
}

static void assert_undecided(const struct gw_delta *delta) {
    assert_true(isnan(delta->lo) && isnan(delta->hi) && isnan(delta->p_value));
    assert_false(delta->significant);
}

static void nothing_to_compare_is_undefined(void **state) {
    (void)state;
    struct gw_gate_verdict got;

    market_make(&market, 12, 1500, 1, 1, 1);
    memset(market.label, 0, sizeof market.label); /* no positives */
    market.sample.pnl_a = market.sample.pnl_b = NULL;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    assert_true(isnan(got.delta[GW_DELTA_AP].value) && isnan(got.delta[GW_DELTA_PNL1].value));
    for (int d = 0; d < GW_N_DELTAS; d++) assert_undecided(&got.delta[d]);

    market_make(&market, 12, 1500, 1, 1, 1);
    for (size_t i = 0; i < 1500; i++) market.score_a[0][i] = market.score_b[0][i] = .5f; /* all equal */
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    for (int d = 0; d < GW_N_DELTAS; d++) {
        assert_near(got.delta[d].value, 0, 0, 1);
        assert_undecided(&got.delta[d]);
    }

    market_make(&market, 12, 1500, 1, 1, 1);
    market.b[0] = market.a[0]; /* one and the same model */
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    for (int d = 0; d < GW_N_DELTAS; d++) assert_undecided(&got.delta[d]);

    for (size_t n = 0; n < 30; n++) { /* tiny, with and without a horizon */
        market_make(&market, 12, n ? n : 1, 1, 1, 1);
        market.sample.n = n;
        struct gw_verdict_config config = CONFIG;
        assert_ok(gw_verdict_compare(&market.sample, &config, &got));
        for (int d = 0; d < GW_N_DELTAS; d++) assert_undecided(&got.delta[d]);
        config.horizon = 0;
        assert_ok(gw_verdict_compare(&market.sample, &config, &got));
    }

    market_make(&market, 12, 1500, 1, 1, 1);
    for (size_t i = 0; i < 1500; i++) market.pnl[i] = NAN; /* nothing can be entered */
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    assert_true(isnan(got.delta[GW_DELTA_PNL1].value));
    assert_undecided(&got.delta[GW_DELTA_PNL1]);
    assert_true(isfinite(got.delta[GW_DELTA_P5].p_value));
    market.sample.n_seeds = 0;
    assert_ok(gw_verdict_compare(&market.sample, &CONFIG, &got));
    assert_undecided(&got.delta[GW_DELTA_AP]);
}

static void bad_arguments_are_refused(void **state) {
    (void)state;
    market_make(&market, 13, 1000, 1, 1, 1);
    struct gw_verdict_config config = CONFIG;
    struct gw_gate_verdict got;
    config.n_bootstrap = 18;
    assert_fails(gw_verdict_compare(&market.sample, &config, &got), GW_ERR_CONFIG, "at least 19");
    config.n_bootstrap = 19;
    assert_ok(gw_verdict_compare(&market.sample, &config, &got));
    assert_true(isfinite(got.delta[GW_DELTA_AP].lo));
    config.confidence = 1;
    assert_fails(gw_verdict_compare(&market.sample, &config, &got), GW_ERR_CONFIG, "confidence");
    market.score_b[0][17] = NAN;
    assert_fails(gw_verdict_compare(&market.sample, &CONFIG, &got), GW_ERR_DATA, "bar 17");
    market.score_b[0][17] = 0;
    market.label[3] = -1;
    assert_fails(gw_verdict_compare(&market.sample, &CONFIG, &got), GW_ERR_DATA, "0 or 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_slow_reference),
        cmocka_unit_test(observed_values_are_the_metrics),
        cmocka_unit_test(exchanging_the_sides_mirrors_everything),
        cmocka_unit_test(equal_seeds_count_as_one),
        cmocka_unit_test(the_same_seed_gives_the_same_bits),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(interval_and_p_value_agree),
        cmocka_unit_test(block_length_is_asked_or_at_least_the_horizon),
        cmocka_unit_test(nothing_to_compare_is_undefined),
        cmocka_unit_test(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
