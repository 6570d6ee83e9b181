/* Market data from files: CSV of many makers, JSON, compressed or not, into bars. */
#ifndef GATEWALK_IMPORT_H
#define GATEWALK_IMPORT_H

#include "bars.h"

GW_BEGIN_DECLS

struct gw_import_options {
    const char *symbol;     /* NULL: derived from the file name */
    const char *format;     /* NULL or "auto": detected from the content */
    int64_t interval_ns;    /* 0: the most frequent distance between rows */
    int64_t from_ns, to_ns; /* keep bars with from <= open < to; 0 on either side: no limit there */
    /* Sort rows, drop exact duplicates, cut-off rows and the like (up to 5 + 1 % of the rows), convert mixed
     * unix units, and report instead of failing. */
    bool repair;
    /* For `inspect`: collect every problem and keep the good rows, however few. A row in another unix unit than the first
     * is a bad one, as it is for a run, unless `repair` converts it. */
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

/* Reads plain, gzip or single-entry zip files of at most 2 GiB of text; what is packed may unpack to 64 MiB and, beyond
 * that, to 100 times its size. Bad rows are GW_ERR_DATA with "path:line:column: …". `report` may be NULL.
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

GW_END_DECLS

#endif
