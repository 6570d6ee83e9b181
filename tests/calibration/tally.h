/* How often each test and each statement of a run rejects what is true. */
#ifndef GATEWALK_TEST_CALIBRATION_TALLY_H
#define GATEWALK_TEST_CALIBRATION_TALLY_H

#include "engine/results/results.h"
#include "engine/results/run_finding.h"
#include "scorers.h"

/* TEST(id): one hypothesis, 5 % asked. STATEMENT(id): one of a family, at most 5 % asked of the family. */
#define CALIBRATION_ROWS(TEST, STATEMENT)                                                                              \
    TEST(null_control)                                                                                                 \
    TEST(average_precision)                                                                                            \
    TEST(precision_at_1)                                                                                               \
    TEST(precision_at_5)                                                                                               \
    TEST(pnl_at_1)                                                                                                     \
    TEST(diebold_mariano)                                                                                              \
    TEST(probabilistic_sharpe)                                                                                         \
    TEST(superior_ability)                                                                                             \
    STATEMENT(null_holm)                                                                                               \
    STATEMENT(differences_holm)                                                                                        \
    STATEMENT(last_comparison)                                                                                         \
    STATEMENT(deflated_sharpe)                                                                                         \
    STATEMENT(success_test)

enum measured {
#define ROW(id) ROW_##id,
    CALIBRATION_ROWS(ROW, ROW)
#undef ROW
        N_ROWS
};
static const char *const row_id[N_ROWS] = {
#define ROW(id) #id,
    CALIBRATION_ROWS(ROW, ROW)
#undef ROW
};
static const bool row_is_statement[N_ROWS] = {
#define ONE(id) false,
#define ALL(id) true,
    CALIBRATION_ROWS(ONE, ALL)
#undef ONE
#undef ALL
};

/* Over series: a series counts by the share of its p-values that reject, because they are not independent of each other. */
struct tally {
    double n[N_ROWS], sum[N_ROWS], squares[N_ROWS];
    double n_series, prevalence, overfitting, n_overfitting; /* sums */
};

struct share {
    double asked, rejected;
};

static inline void share_add(struct share *share, double p_value, double level) {
    if (isnan(p_value)) return;
    share->asked += 1;
    share->rejected += p_value <= level + 1e-12;
}

static inline void tally_add(struct tally *tally, const struct share share[N_ROWS]) {
    for (int i = 0; i < N_ROWS; i++) {
        if (!(share[i].asked > 0)) continue;
        const double rate = row_is_statement[i] ? share[i].rejected > 0 : share[i].rejected / share[i].asked;
        tally->n[i] += 1;
        tally->sum[i] += rate;
        tally->squares[i] += rate * rate;
    }
}

static inline void tally_join(struct tally *tally, const struct tally *other) {
    for (int i = 0; i < N_ROWS; i++) {
        tally->n[i] += other->n[i];
        tally->sum[i] += other->sum[i];
        tally->squares[i] += other->squares[i];
    }
    tally->n_series += other->n_series;
    tally->prevalence += other->prevalence;
    tally->overfitting += other->overfitting;
    tally->n_overfitting += other->n_overfitting;
}

/* What a row should come to in a world. */
enum expected { FIVE_PERCENT, AT_MOST_FIVE, FOUND, NOT_A_NULL };
static const char *const expected_word[] = {"5 %", "at most 5 %", "power", "no null"};

static inline enum expected expected_of(enum knowledge knowledge, int row) {
    const bool of_null = row == ROW_null_control || row == ROW_null_holm;
    if (knowledge == FORESIGHT && row != ROW_last_comparison) return FOUND; /* candidates are equally good */
    if (knowledge == VOLATILITY && of_null) return FOUND; /* how much moves says how likely a label is */
    /* What two regressions have learnt of noise costs them unequally much log loss: their difference is true. */
    if (knowledge == LOGISTIC && row == ROW_diebold_mariano) return NOT_A_NULL;
    /* Hansen's null is that none is better: where candidates are alike he rejects less. */
    return row_is_statement[row] || row == ROW_superior_ability ? AT_MOST_FIVE : FIVE_PERCENT;
}

static inline double tally_rate(const struct tally *tally, int row) { return tally->sum[row] / tally->n[row]; }

/* Standard error of a rate. */
static inline double tally_error(const struct tally *tally, int row) {
    const double n = tally->n[row], rate = tally_rate(tally, row);
    return sqrt(fmax(tally->squares[row] / n - rate * rate, 0) / n);
}

static inline bool all_criteria_significant(const struct pair_verdict *v) {
    for (size_t i = 0; i < N_CRITERIA; i++)
        if (success_test[i].compares != TRAINING_TIME && !v->criterion[i].significant) return false;
    return true;
}

static inline void tally_series(const struct experiment *e, const struct results *r, size_t sharpe,
                                struct tally *tally) {
    struct share share[N_ROWS] = {{0, 0}};
    const double level = 1 - e->verdict.confidence;
    static const int row_of_delta[GW_N_DELTAS] = {ROW_average_precision, ROW_precision_at_1, ROW_precision_at_5,
                                                  ROW_pnl_at_1};
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_result *result = &r->strategy[s];
        share_add(&share[ROW_probabilistic_sharpe], 1 - result->seed[0].portfolio[sharpe], level);
        for (int g = 0; e->strategy[s].desc->needs_model && g < GW_N_GATES; g++) {
            share_add(&share[ROW_null_control], result->null[g].p_value, level);
            share_add(&share[ROW_null_holm], result->null_holm[g], level);
        }
    }
    for (size_t i = 0; i < r->n_verdicts; i++) {
        const struct pair_verdict *v = &r->verdict[i];
        const bool last = v->baseline != r->baseline;
        for (int g = 0; g < GW_N_GATES; g++) {
            if (!last) share_add(&share[ROW_diebold_mariano], v->log_loss[g].p_value, level);
            for (int d = 0; d < GW_N_DELTAS; d++) {
                const struct gw_delta *delta = &v->gate[g].delta[d];
                share_add(&share[last ? ROW_last_comparison : ROW_differences_holm], delta->p_holm, level);
                if (!last) share_add(&share[row_of_delta[d]], delta->p_value, level);
            }
        }
        share_add(&share[ROW_success_test], all_criteria_significant(v) ? 0 : 1, level);
    }
    if (r->family.best.found) share_add(&share[ROW_superior_ability], r->family.best.test.p_value, level);
    share_add(&share[ROW_deflated_sharpe], 1 - r->selection.deflated_sharpe, level);
    tally_add(tally, share);
    tally->n_series += 1;
    for (size_t i = 0; i < r->scores.n_labelled; i++)
        tally->prevalence += (double)r->scores.label[0][i] / (double)r->scores.n_labelled;
    if (isnan(r->selection.overfitting)) return;
    tally->overfitting += r->selection.overfitting;
    tally->n_overfitting += 1;
}

#endif
