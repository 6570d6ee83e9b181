/* What every symbol's trades brought by period: the numbers of the heat map. */
#ifndef GATEWALK_SYMBOL_MONTHS_H
#define GATEWALK_SYMBOL_MONTHS_H

#include "plot.h"

/* Months, unless they are so few that nothing is seen, or more than a page is wide. */
enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR, N_PERIODS };
extern const char *const period_word[N_PERIODS];
enum { PERIOD_LABEL = 32 };

/* Money as a share of what the account began with, mean over seeds. */
struct symbol_row {
    const char *label;
    double *value, total; /* [n_columns]; NAN: no trade ended then */
};
struct symbol_months {
    enum period period;
    int64_t first;            /* period of the first column */
    size_t n_columns, n_used; /* n_used: columns in which trades ended */
    size_t n, n_up;           /* symbols that traded, those of them that made money */
    struct symbol_row *row;   /* [n] best first */
    double full;              /* where a colour is full */
};

/* The calendar of all trades of the run, one for all contestants; false: none ended. */
bool symbol_months_span(const struct table *trades, size_t exit_time, struct symbol_months *out);
/* One contestant's rows; `out` has the calendar. Columns of trades.csv: strategy, symbol, exit_time, pnl. */
int symbol_months_gather(struct run_view *run, const struct table *trades, const size_t column[4],
                         const struct strategy_view *strategy, struct symbol_months *out) GW_MUST_USE;
/* The mean of n rows; a symbol without a trade in a period had nothing then. */
int symbol_months_mean(struct arena *arena, const struct symbol_months *months, const struct symbol_row *of, size_t n,
                       struct symbol_row *mean) GW_MUST_USE;
/* "2021-03", "2021 Q1", "2021"; a day or a week's Monday: "2021-03-15". */
void symbol_months_label(const struct symbol_months *months, size_t column, char text[PERIOD_LABEL]);

#endif
