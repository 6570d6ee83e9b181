/* A run in a few numbers a gate, from its tables alone: what any C library must give, whatever else the run writes. */
#ifndef GATEWALK_TEST_RUN_GOLDEN_NUMBERS_H
#define GATEWALK_TEST_RUN_GOLDEN_NUMBERS_H

#include "golden_run.h"

/* One gate of one contestant. */
struct number_row {
    const char *strategy;
    uint64_t seed;
    int gate;
};

static inline size_t numbers_column(const struct table *t, const char *name) {
    size_t column;
    assert_ok(table_column(t, name, &column));
    return column;
}

static inline bool numbers_row_is_of(const struct table *t, size_t row, const struct number_row *of) {
    return strcmp(t->cell[row * t->n_columns + numbers_column(t, "strategy")], of->strategy) == 0 &&
           table_number(t, row, numbers_column(t, "seed")) == (double)of->seed;
}

/* Mean probability of all rows; average precision and precision of the top K % of those with a label. */
static inline void numbers_put_scores(FILE *out, const struct table *t, const struct number_row *of, double k_percent) {
    size_t p = numbers_column(t, of->gate ? "p_short" : "p_long"),
           y = numbers_column(t, of->gate ? "label_short" : "label_long");
    size_t f = numbers_column(t, "fold"), n_rows = 0, n_folds = 0;
    struct gw_top_k top = {.precision = NAN};
    double sum = 0, ap = NAN;
    char a[32], b[32], c[32];
    float *score = mem_calloc(t->n_rows + 1, sizeof *score);
    int8_t *label = mem_calloc(t->n_rows + 1, sizeof *label);
    uint32_t *fold = mem_calloc(t->n_rows + 1, sizeof *fold);
    assert_true(score && label && fold);
    struct gw_gate_sample sample = {.score = score, .label = label, .fold = fold};
    for (size_t row = 0; row < t->n_rows; row++) n_folds = (size_t)fmax((double)n_folds, table_number(t, row, f) + 1);
    for (size_t k = 0; k < n_folds; k++)
        for (size_t row = 0; row < t->n_rows; row++) {
            if (table_number(t, row, f) != (double)k || !numbers_row_is_of(t, row, of)) continue;
            sum += table_number(t, row, p), n_rows++;
            if (isnan(table_number(t, row, y))) continue;
            score[sample.n] = (float)table_number(t, row, p);
            label[sample.n] = (int8_t)table_number(t, row, y);
            fold[sample.n++] = (uint32_t)k;
        }
    if (sample.n) {
        assert_ok(gw_metric_average_precision(score, label, sample.n, &ap));
        assert_ok(gw_metric_top_k(&sample, k_percent, &top));
    }
    fprintf(out, "%zu,%s,%s,%s", sample.n, n_rows ? number_format(sum / (double)n_rows, a) : "",
            isnan(ap) ? "" : number_format(ap, b), isnan(top.precision) ? "" : number_format(top.precision, c));
    mem_free(score);
    mem_free(label);
    mem_free(fold);
}

static inline void numbers_put_trading(FILE *out, const struct table *trades, const struct table *equity,
                                       const struct number_row *of) {
    size_t n = 0, side = numbers_column(trades, "side"), column = numbers_column(equity, "equity");
    char text[32];
    double last = NAN;
    for (size_t row = 0; row < trades->n_rows; row++)
        n += numbers_row_is_of(trades, row, of) &&
             strcmp(trades->cell[row * trades->n_columns + side], of->gate ? "short" : "long") == 0;
    for (size_t row = 0; row < equity->n_rows; row++)
        if (numbers_row_is_of(equity, row, of)) last = table_number(equity, row, column);
    fprintf(out, ",%zu,%s\n", n, number_format(last, text));
}

static const char numbers_header[] = "experiment,strategy,seed,gate,labelled,mean_probability,average_precision,"
                                     "precision_at_k,trades,final_equity\n";

/* A row for every contestant, seed and gate of the run in the scratch folder's `run`. */
static inline void numbers_put(FILE *out, const struct experiment *e, const char *run) {
    struct table scores, trades, equity;
    assert_ok(table_read(golden_made(run, GW_RUN_SCORES), &scores));
    assert_ok(table_read(golden_made(run, GW_RUN_TRADES), &trades));
    assert_ok(table_read(golden_made(run, GW_RUN_EQUITY), &equity));
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < strategy_repeats(e, &e->strategy[s]); k++)
            for (int gate = 0; gate < GW_N_GATES; gate++) {
                struct number_row of = {e->strategy[s].name, strategy_seed(e, &e->strategy[s], k), gate};
                fprintf(out, "%s,%s,%" PRIu64 ",%s,", e->name, of.strategy, of.seed, gate ? "short" : "long");
                numbers_put_scores(out, &scores, &of, e->signals.act_on);
                numbers_put_trading(out, &trades, &equity, &of);
            }
    table_free(&scores);
    table_free(&trades);
    table_free(&equity);
}

#endif
