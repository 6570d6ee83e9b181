/* Market data from files: CSV of many makers, JSON, compressed or not, into bars. */
#ifndef GATEWALK_IMPORT_H
#define GATEWALK_IMPORT_H

#include "bars.h"

GW_BEGIN_DECLS

struct gw_import_options {
    const char *symbol;      /* what a file of one symbol is called (NULL: as its rows, else its name, say), or the
                             * one that is meant of several */
    const char *format;      /* NULL or "auto": detected from the content */
    int64_t interval_ns;     /* 0: the most frequent distance between rows */
    const char *timezone;    /* of times that state none: "Europe/Berlin", "+02:00", "America/New_York+7"; NULL: UTC */
    const char *time_format; /* in the letters of strptime, "%d.%m.%Y %H:%M"; NULL: found out */
    int64_t from_ns, to_ns;  /* keep bars with from <= open < to; 0 on either side: no limit there */
    /* Sort rows, drop exact duplicates, cut-off rows and the like (up to 5 + 1 % of the rows), convert mixed
     * unix units, and report instead of failing. */
    bool repair;
    /* For `inspect`: collect every problem and keep the good rows, however few. A row in another unix unit than the first
     * is a bad one, as it is for a run, unless `repair` converts it. */
    bool tolerant;
    /* Columns to keep beside the bars' own, of those that the header names ("open_interest" finds "Open Interest" too):
     * gw_bars.column. What a file does not have is left out. */
    const char *const *column;
    size_t n_columns;
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
    bool has_volume;         /* else it is 0 throughout */
    size_t n_empty_volume;   /* rows whose volume is empty: 0 */
    size_t n_empty_rows;     /* rows without any price: gaps */
    size_t n_parts;          /* files that made this history, when it is more than one */
    bool zone_is_guessed;    /* times state no zone and nobody named one */
    bool zone_is_broker;     /* … and a broker's clock is rarely UTC */
    char zone[64];           /* in words */
    char columns_used[512], columns_ignored[512];
};

/* Reads a file, plain or packed (gzip, bzip2, xz, zstd, lz4), an archive (zip, tar, 7-zip), every file of a folder, those of a
 * pattern ("data/BTC*.csv"), or standard input ("-"). Files of one symbol become one history. At most 2 GiB of text a file;
 * what is packed may unpack to 64 MiB and, beyond that, to 100 times its size. Bad rows are GW_ERR_DATA with
 * "path:line:column: …"; so are several symbols when options->symbol does not say which is meant. `report` may be NULL.
 * What was made of a file is cached under the hash of its bytes and the options (.npy, numpy opens it) in
 * $GATEWALK_CACHE, else $XDG_CACHE_HOME/gatewalk, else $HOME/.cache/gatewalk, at most 2 GiB; bars, report and
 * fingerprint are the same with it and without. GATEWALK_CACHE=off switches it off; files below 64 KiB are not kept. */
int gw_bars_import(const char *path, const struct gw_import_options *options, struct gw_bars *out,
                   struct gw_import_report *report) GW_MUST_USE;
/* The same for all symbols there are. *reports, unless NULL, is an array of as many; gw_import_reports_free() frees it. */
int gw_market_import(const char *path, const struct gw_import_options *options, struct gw_market *out,
                     struct gw_import_report **reports) GW_MUST_USE;
void gw_import_reports_free(struct gw_import_report *reports);
/* Names of the symbols when a path may hold several; *n is 0 for a file that is sure to hold one. At most `most` are
 * stored, *n counts all. */
int gw_import_symbols(const char *path, const struct gw_import_options *options, char (*name)[GW_SYMBOL_MAX],
                      size_t most, size_t *n) GW_MUST_USE;
/* What a user should hear of an import: the i-th remark as one line without the file's name, false when there is none. */
bool gw_import_remark(const struct gw_import_report *report, size_t i, char text[256]);

/* One import format: a file + a row in engine/market/import/formats.def. */
struct gw_import_format;
size_t gw_import_format_count(void);
const char *gw_import_format_name(size_t i);
const char *gw_import_format_help(size_t i);

GW_END_DECLS

#endif
