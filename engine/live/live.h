/* A run's gate on bars that come one by one: the features, scaler, model, thresholds and strategy of one of its fits, through
 * the code that the run itself went through. The numbers of a bar are those of the run's scores.csv, bit by bit, when the
 * process saw the bars that the run saw and its first bar was the first of the test slice.
 *
 *   live_run.c    which fit: from a run directory and a choice      live.c        one bar
 *   live_state.c  all that was gathered, as a file                  line_reader.c lines from a descriptor
 *   live_export.c the fit alone, for other programs
 */
#ifndef GATEWALK_LIVE_H
#define GATEWALK_LIVE_H

#include "engine/config/config.h"
#include "engine/market/import/bar_lines.h"

enum { LIVE_LAGS = 3 };

/* Zero or NULL: the only strategy with a model, the run's first seed, its last fold, the kernels it was fitted with. */
struct live_choice {
    const char *strategy;
    bool seed_given;
    size_t seed, fold; /* the seed itself; the fold from 1 */
    const char *kernels;
    bool whole; /* the histories of all symbols will be there before the first bar is pushed: live_fill_across() */
};

struct live;
/* Selects the kernels too. GW_ERR_USAGE for a choice that the run does not have, GW_ERR_CONFIG for what cannot be done bar by
 * bar, GW_ERR_DATA for a damaged run. */
int live_open(const char *dir, const struct live_choice *choice, struct live **out) GW_MUST_USE;
void live_close(struct live *live);

struct live_facts {
    const struct experiment *experiment;
    const struct strategy_spec *strategy;
    uint64_t seed;
    size_t fold, n_symbols;
    int64_t interval_ns;
    size_t history; /* bars that are surely enough before the first one that is scored */
};
struct live_facts live_facts(const struct live *live);
const char *live_symbol_name(const struct live *live, size_t symbol);
size_t live_find_symbol(const struct live *live, const char *name); /* n_symbols: not of this run */
/* The columns that every bar must have: those that features of the model are made of. Returns how many. */
size_t live_columns(const struct live *live, const char *name[GW_COLUMNS_MAX]);
/* Bars of a file as the run would import them, for a symbol of the run. `name`: "FILE" (the run's only symbol, or the one
 * that the file is called) or "SYMBOL=FILE". */
int live_import(const struct live *live, const char *name, struct gw_bars *out, size_t *symbol) GW_MUST_USE;

/* Features across symbols look at columns that are made of all symbols' bars: filled in here. Do any? */
bool live_looks_across(const struct live *live);
int live_fill_across(const struct live *live, struct gw_market *market) GW_MUST_USE;

/* Bar t of what live_import gave, as a line would have brought it; it names no symbol. */
void live_bar_at(const struct live *live, const struct gw_bars *bars, size_t t, struct bar_line *out);

/* The first n of the bars go by as history, once per symbol and before anything else of it. *ready: it was enough. */
int live_warm(struct live *live, size_t symbol, const struct gw_bars *bars, size_t n, bool *ready) GW_MUST_USE;

struct live_signal {
    size_t symbol;
    int64_t open_ns, close_ns;
    float p[GW_N_GATES], tau[GW_N_GATES]; /* NaN: not yet; infinite: no threshold */
    int side;                             /* what a flat account would do: 1 long, -1 short, 0 nothing */
    double stop, target;                  /* prices, measured from this bar's close; NAN: none */
    size_t n_lags, lag[LIVE_LAGS];        /* where attention was strongest, mean over the maps */
    float weight[LIVE_LAGS];
    bool ready; /* it had the history that a score of the run has; before that nothing is done */
};
/* GW_ERR_DATA: the bar repeats one, comes late or cannot be used, and was not. */
int live_push(struct live *live, const struct bar_line *in, struct live_signal *out) GW_MUST_USE;

/* State of all symbols. Loading wants the same fit, kernels and program, and gives GW_ERR_DATA for anything else. */
int live_save(const struct live *live, const char *path) GW_MUST_USE;
int live_load(struct live *live, const char *path) GW_MUST_USE;
int64_t live_last_open(const struct live *live, size_t symbol, uint64_t *n_bars); /* n_bars 0: none yet */

/* ---- for other programs ------------------------------------------------------------------------ */

struct live_exported {
    char strategy[48];
    uint64_t seed;
    size_t fold, lookback, n_features;
    size_t second; /* bars of a second sequence; 0: there is none */
};
/* One fit of a run as an ONNX file (gw_scorer_export). */
int live_export(const char *dir, const struct live_choice *choice, const char *path,
                struct live_exported *out) GW_MUST_USE;

/* ---- lines ------------------------------------------------------------------------------------- */

struct line_reader {
    int fd;
    bool follow; /* at the end of a file wait for more; the end of a pipe is its end */
    char *buffer;
    size_t begin, end;
    bool ended, skipping;
    void (*before_wait)(void); /* may be NULL */
};
int line_reader_open(struct line_reader *reader, int fd, bool follow) GW_MUST_USE;
void line_reader_close(struct line_reader *reader);
/* *more false: the end, or the wish to stop. *text NULL: a line longer than any bar; it was skipped. */
int line_reader_next(struct line_reader *reader, const char **text, size_t *length, bool *more) GW_MUST_USE;

#endif
