/* A finished run as the reports see it: summary.json and run.json decoded, the CSV files read on first use. */
#ifndef GATEWALK_RUN_VIEW_H
#define GATEWALK_RUN_VIEW_H

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "gatewalk/metric_key.h"
#include "gatewalk/run_files.h"
#include "run_columns.h"

enum { GW_GATE_LONG, GW_GATE_SHORT, N_GATES_SHOWN, KS_SHOWN = 4, STYLES_MODEL = 8, STYLES_ALL = 10 };
extern const char *const gate_word[N_GATES_SHOWN]; /* "long", "short": the keys of summary.json and the CSV files */

struct strategy_view {
    const char *name;                       /* as in the files: the key that joins them */
    const char *label;                      /* safe to show: one line, no control characters */
    const char *kind, *encoder, *attention; /* "" when null */
    double parameters;                      /* NAN without a model */
    bool has_model, is_baseline;
    size_t style;                             /* line type: 1 baseline, 2–8 models, 9–10 without model */
    const json_value *gate[N_GATES_SHOWN];    /* NULL without a model */
    const json_value *portfolio, *optimistic; /* may be NULL */
    const json_value *breakdown;              /* of its trades; NULL in runs of earlier versions */
    const json_value *forecast;               /* of its decoder; NULL when it has none */
    const json_value *outside;                /* of its scores from outside; NULL when it has none */
};

enum run_table {
    TABLE_FOLDS,
    TABLE_TRADES,
    TABLE_TRAINING,
    TABLE_CURVES,
    TABLE_ATTENTION_INDEX,
    TABLE_ATTENTION_MEAN,
    TABLE_SIGNALS,
    TABLE_IMPORTANCE,
    TABLE_GRADIENTS_INDEX,
    TABLE_GRADIENTS_MEAN,
    TABLE_BREAKDOWN,
    TABLE_FORECAST_SIGNALS,
    N_RUN_TABLES
};

struct run_view {
    const char *dir; /* borrowed */
    struct arena arena;
    struct json_document *document, *process_document;
    const json_value *root, *verdict;                            /* verdict: array or NULL */
    const json_value *process;                                   /* run.json; NULL when missing */
    double confidence;                                           /* of the intervals; NAN when unknown */
    const char *title, *name, *symbols, *interval, *begin, *end; /* safe to show; never NULL */
    double n_bars, n_folds, horizon, lookback, act_on, prevalence[N_GATES_SHOWN]; /* NAN when absent */
    size_t n_seeds, n_ks, n_strategies;
    double k[KS_SHOWN];             /* percent of bars */
    struct strategy_view *strategy; /* [n_strategies] */
    struct metric_columns gate_columns, portfolio_columns;
    struct table table[N_RUN_TABLES];
    bool table_read[N_RUN_TABLES];
};

/* A JSON file of a run, if its schema is the one that is read here (run_files.h); else an GW_ERR_DATA that says what to do. */
int run_file_load(const char *path, struct json_document **document) GW_MUST_USE;

int run_view_open(const char *dir, struct run_view *run) GW_MUST_USE;
void run_view_close(struct run_view *run);

/* The rows of one CSV file, read once. *table is NULL when the file is missing or has no rows. */
int run_view_table(struct run_view *run, enum run_table which, const struct table **table) GW_MUST_USE;
/* Position of the strategy with this name, SIZE_MAX when the run has none. */
size_t run_strategy_find(const struct run_view *run, const char *name);
/* 0 long, 1 short, -1 anything else. */
int gate_find(const char *word);

/* A number or a text of an object; NAN or "" when it is missing or something else. The text is safe to show; NULL means
 * that memory ran out. */
double member_number(const json_value *object, const char *key);
const char *member_text(struct run_view *run, const json_value *object, const char *key) GW_MUST_USE;

/* Metrics of summary.json; NAN when missing or null. `part` is "mean" or "sd". */
double gate_metric(const struct strategy_view *strategy, int gate, const char *part, const char *metric);
double portfolio_metric(const struct strategy_view *strategy, const char *part, const char *metric);
/* Any text on one line: control characters and broken UTF-8 become spaces or '?', straight double quotes and
 * backslashes (the only two characters that mean something in a data file) their typographic look-alikes. */
char *text_safe(struct arena *arena, const char *text) GW_MUST_USE;

#endif
