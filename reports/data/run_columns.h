/* Which metrics the tables show: "columns" of summary.json. Part of run_view.h. */
#ifndef GATEWALK_RUN_COLUMNS_H
#define GATEWALK_RUN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

enum metric_format { FORMAT_FRACTION, FORMAT_PERCENT, FORMAT_SIGNED_PERCENT, FORMAT_LOSS, FORMAT_RATIO, FORMAT_COUNT };
enum metric_best { BEST_HIGHEST, BEST_LOWEST, BEST_NONE };

struct metric_column {
    const char *metric;  /* its key in summary.json */
    double k;            /* NAN: of no K */
    const char *heading; /* "P@1%" on a terminal; "": not there */
    const char *title;   /* "P@1 %, %" in the report's table; "": not there */
    enum metric_format format;
    enum metric_best best;
    bool spread; /* the deviation over seeds stands beside the mean */
    int priority;
};
enum { METRIC_COLUMNS_MAX = 40 };
struct metric_columns {
    size_t n;
    struct metric_column column[METRIC_COLUMNS_MAX];
};

struct run_view;
/* Fills run->gate_columns and run->portfolio_columns. */
int run_columns_read(struct run_view *run);

/* Is `value` better than one other strategy's and no worse than any? NAN never is. */
bool column_is_best(const struct run_view *run, const struct metric_column *column, int gate, double value);

#endif
