/* Market bars: description only, const after creation. */
#ifndef GATEWALK_BARS_H
#define GATEWALK_BARS_H

#include "engine/base/base.h"

enum { GW_SYMBOL_MAX = 32 };

/* One record is 48 bytes, so a replay reads one cache line per bar. Time is the OPEN time in UTC ns;
 * the bar may be known to anyone only from its close time = open_ns + interval_ns on. */
struct gw_bar {
    int64_t open_ns;
    double open, high, low, close, volume;
};

/* One symbol's history in time order, strictly increasing open times. Gaps are gaps. */
struct gw_bars {
    char symbol[GW_SYMBOL_MAX]; /* name_is_safe */
    int64_t interval_ns;
    size_t n;
    struct gw_bar *bar;     /* [n] owned */
    double *quote_volume;   /* [n] or NULL when the source lacks it */
    double *trade_count;    /* [n] or NULL */
    double *taker_buy_base; /* [n] or NULL: base volume bought by takers */
    uint64_t fingerprint;   /* hash of all of the above: names the data in a run's record */
};

static inline int64_t gw_bar_close_ns(const struct gw_bars *bars, size_t i) {
    return bars->bar[i].open_ns + bars->interval_ns;
}

void gw_bars_free(struct gw_bars *bars);
/* Closed bars of a longer interval (a multiple of bars->interval_ns), aligned to UTC midnight/epoch.
 * A bucket that the data does not close is not emitted. A bar off the grid counts where it CLOSES, so that a
 * longer bar never holds what is known only after its own close. */
int gw_bars_resample(const struct gw_bars *bars, int64_t interval_ns, struct gw_bars *out) GW_MUST_USE;
void gw_bars_fingerprint(struct gw_bars *bars);

/* All symbols of a run, in config order (ties in time go by this order). */
struct gw_market {
    size_t n_symbols;
    struct gw_bars *symbol; /* [n_symbols] owned */
};
void gw_market_free(struct gw_market *market);

/* ---- import ------------------------------------------------------------------------------- */

struct gw_import_options {
    const char *symbol;     /* NULL: derived from the file name */
    const char *format;     /* NULL or "auto": detected from the content */
    int64_t interval_ns;    /* 0: the most frequent distance between rows */
    int64_t from_ns, to_ns; /* keep bars with from <= open < to; 0 on either side: no limit there */
    /* Sort rows, drop exact duplicates, cut-off rows and the like (up to 5 + 1 % of the rows), convert mixed
     * unix units, and report instead of failing. */
    bool repair;
    /* For `inspect`: collect every problem and keep the good rows, however few. */
    bool tolerant;
    /* Neither look up nor keep the result in the cache (see gw_bars_import). */
    bool no_cache;
};

/* What `inspect` says of a file. Counts, and the first place (1-based line) where each occurred. Filled as
 * far as the import came, also when it fails. */
struct gw_import_report {
    char format[32];
    size_t n_rows; /* rows in the file */
    size_t n_bars; /* bars kept: rows less bad ones, duplicates and those outside from..to */
    size_t n_gaps, n_missing_bars, n_duplicates, n_backward, n_off_grid, n_zero_volume, n_ohlc_violations;
    int64_t longest_gap_ns, longest_gap_at_ns;
    int64_t first_ns, last_ns, interval_ns;
    size_t first_off_grid_line, first_duplicate_line, first_violation_line;
    int64_t first_off_grid_ns;
    int64_t grid_phase_ns; /* most frequent open time modulo interval */
    size_t n_overlaps;     /* bars that open before the one before has closed */
    size_t n_conflicts;    /* duplicates whose values differ; always an error but for `tolerant` */
    size_t n_mixed_units;  /* rows in another unix unit than the first one, converted */
    size_t n_bad_rows;     /* rows left out because they are no bars (violations are among them) */
    size_t first_bad_line, first_backward_line;
    bool newest_first;       /* the file runs backwards and was turned round */
    char first_problem[256]; /* "line:column: …" of the first bad row */
};

/* Reads plain, gzip or single-entry zip files. Bad rows are GW_ERR_DATA with "path:line:column: …".
 * `report` may be NULL.
 * What was made of a file is cached under the hash of its bytes and the options (.npy, numpy opens it) in
 * $GATEWALK_CACHE, else $XDG_CACHE_HOME/gatewalk, else $HOME/.cache/gatewalk, at most 2 GiB; bars, report and
 * fingerprint are the same with it and without. GATEWALK_CACHE=off switches it off; files below 64 KiB are not kept. */
int gw_bars_import(const char *path, const struct gw_import_options *options, struct gw_bars *out,
                   struct gw_import_report *report) GW_MUST_USE;

/* One import format: a file + a row in engine/market/import/formats.def. */
struct gw_import_format;
size_t gw_import_format_count(void);
const char *gw_import_format_name(size_t i);
const char *gw_import_format_help(size_t i);

/* Writes time,open,high,low,close,volume and the optional columns that are there, with ISO times; read back
 * by gw_bars_import to the same bits. */
int gw_bars_write_csv(const struct gw_bars *bars, const char *path) GW_MUST_USE;

/* ---- synthetic markets ---------------------------------------------------------------------- */

struct gw_synth_options {
    const char *kind;       /* "planted", "random-walk", "garch" */
    const char *difficulty; /* planted: "easy", "default", "hard" */
    size_t n_bars;
    uint64_t seed;
    double volatility; /* random-walk, garch: standard deviation of a bar's log-return; 0: 0.002 */
    double tail_df;    /* garch: degrees of freedom of Student's t, > 2; 0: 5; INFINITY: normal */
};
/* Truth of a planted market, one row per bar with something planted. */
struct gw_synth_truth {
    size_t n;
    struct gw_synth_event {
        size_t bar;      /* index of the marked bar */
        uint8_t trigger; /* the volume trigger marks this bar */
        uint8_t motif;   /* a motif precedes it: the bar is predictable */
        int8_t side;     /* +1 long gate, -1 short gate */
        uint16_t lag;    /* bars between the motif's end and this bar */
    } * event;           /* owned */
};
int gw_synth_generate(const struct gw_synth_options *options, struct gw_bars *out,
                      struct gw_synth_truth *truth) GW_MUST_USE;
void gw_synth_truth_free(struct gw_synth_truth *truth);
/* CSV with columns time,bar,trigger,motif,side,lag. */
int gw_synth_truth_write(const struct gw_bars *bars, const struct gw_synth_truth *truth, const char *path) GW_MUST_USE;
size_t gw_synth_kind_count(void);
const char *gw_synth_kind_name(size_t i);
const char *gw_synth_kind_help(size_t i);

#endif
