/* Inside of the import: how a file becomes bars.
 *
 *   source   bytes of a plain, gzip or zip file             import_source.c
 *   format   which known layout fits the first lines        import_detect.c, import_<format>.c
 *   rows     lines cut into fields, fields into bars        import_rows.c, import_row.c, import_number.c, import_time.c
 *            the same in one pass, for clean rows           import_clean_row.c
 *   order    direction, sorting, duplicates, time range     import_order.c
 *   facts    interval, gaps, off-grid bars                  import_facts.c
 *
 * import.c strings them together and keeps the result in a cache (import_cache.h). A format is one file with a
 * const descriptor and a row in import_formats.def; most only describe a layout and leave the reading to the row
 * engine. */
#ifndef GATEWALK_MARKET_IMPORT_H
#define GATEWALK_MARKET_IMPORT_H

#include <glob.h>

#include "gatewalk/import.h"

enum { IMPORT_PATH_MAX = 1024, IMPORT_COLUMNS_MAX = 64, IMPORT_SAMPLE_LINES = 64, IMPORT_FIELD_MAX = 256 };

/* ---- source ------------------------------------------------------------------------------- */

/* The whole text of the file, decompressed, terminated by NUL. Of an archive of several files the texts of all, each
 * with its NUL, in the order of their names. "-" is standard input, which is read once and kept. */
struct import_member {
    char name[128]; /* clean enough to be shown */
    size_t begin, length;
};
struct import_source {
    char *text;
    size_t length;
    uint64_t raw_hash; /* of the file's own bytes, when it was asked for */
    size_t raw_length;
    struct import_member *member; /* [n_members] when it is an archive of more than one */
    size_t n_members;
};
int import_source_load(const char *path, bool hash_raw, struct import_source *out) GW_MUST_USE;
void import_source_free(struct import_source *source);
/* The beginning of what import_source_load() would give, of at most `size` bytes; *many when there is more than one file in
 * it. false: it cannot be told without reading it. */
bool import_source_peek(const char *path, char *text, size_t size, size_t *length, bool *many);
/* A path that stands for several files: a folder, a pattern. */
bool import_path_is_many(const char *path);
/* A folder's or pattern's files in the order of their names; globfree() them. */
int import_list_files(const char *path, glob_t *files) GW_MUST_USE;
/* Most files hold one symbol, and their beginning says so. */
bool import_holds_one(const char *path, const struct gw_import_options *options);

/* ---- fields ------------------------------------------------------------------------------- */

struct field {
    const char *text; /* not terminated, blanks at both ends cut off */
    size_t length;
};

struct field field_trim(const char *begin, const char *end);
bool field_equals(struct field field, const char *lower_case_text); /* ignores ASCII case */

/* The next field of a line that may hold quotes; *at moves behind its delimiter, or to NULL at the end. */
struct field field_next(const char **at, const char *line_end, char delimiter);

/* Takes digits with at most one point among them, when so few that one division gives the rounded value (both
 * sides of it are exact, as in Clinger 1990): what markets print nearly always. *at moves behind them.
 * False: number_parse() has to look at the field. */
static inline bool number_take(const char **at, const char *end, double *value) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    const char *c = *at;
    uint64_t units = 0;
    ptrdiff_t n, places = 0;
    unsigned digit;
    for (; c < end && (digit = (unsigned)(unsigned char)*c - '0') <= 9; c++) units = units * 10 + digit;
    n = c - *at;
    if (c < end && *c == '.') {
        const char *point = c++;
        for (; c < end && (digit = (unsigned)(unsigned char)*c - '0') <= 9; c++) units = units * 10 + digit;
        places = c - point - 1;
        n += places;
    }
    if (n == 0 || n > 19 || units > (uint64_t)1 << 53) return false;
    *value = places ? (double)units / power[places] : (double)units;
    *at = c;
    return true;
}

/* A decimal number, correctly rounded as strtod does it; no hex, inf, nan or trailing text. */
bool number_parse(struct field field, double *value);
/* The same with thousands commas, a leading $ and a trailing K, M, B, T or %; "-" alone is 0. */
bool number_parse_decorated(struct field field, double *value);
/* What is wrong with text that is not a number; never NULL. */
const char *number_complaint(struct field field);
/* Nothing, or one of the words that programs write for it: nan, null, NA, None, "-". */
bool field_is_hole(struct field field);

/* ---- layout ------------------------------------------------------------------------------- */

enum import_column {
    COLUMN_SKIP,
    COLUMN_TIME,   /* full time, or the date when a COLUMN_CLOCK follows */
    COLUMN_CLOCK,  /* time of day, added to COLUMN_TIME */
    COLUMN_SYMBOL, /* whose bar it is, where a file holds several */
    COLUMN_OPEN,
    COLUMN_HIGH,
    COLUMN_LOW,
    COLUMN_CLOSE,
    COLUMN_VOLUME,
    COLUMN_QUOTE_VOLUME,
    COLUMN_TRADE_COUNT,
    COLUMN_TAKER_BUY,
    N_COLUMN_ROLES, /* from here on: the columns that the caller asked for, in their order */
};

const char *import_role_name(unsigned role); /* as messages say it: "quote volume" */

enum import_zone { ZONE_UTC, ZONE_EST, ZONE_NEW_YORK, ZONE_BROKER };
enum date_order { DATES_UNKNOWN, DATES_DAY_FIRST, DATES_MONTH_FIRST };

/* How a file is laid out: what a format's detect() fills in. */
struct import_layout {
    char delimiter;
    size_t skip_lines; /* preamble and header */
    size_t n_columns;  /* fields of every row */
    size_t n_extra;    /* columns that the caller asked for and the file has */
    size_t n_required; /* rows may end early after so many fields; 0: all of them */
    uint8_t column[IMPORT_COLUMNS_MAX];
    enum import_zone zone; /* of times that state none themselves */
    bool month_first;      /* 12/31/2020 is a date, unless rows say 31/12/2020 */
    bool decorated;        /* numbers as number_parse_decorated reads them */
    bool decimal_comma;    /* 1234,5 is a number */
    double price_divisor;  /* 0: prices stand as they are */
};

/* Column roles from one letter each: t time, c clock, O H L C prices, v volume, q quote volume, n trade
 * count, b taker buy base volume, s symbol, '-' skipped. */
void layout_columns(struct import_layout *layout, const char *letters);

/* ---- detection ---------------------------------------------------------------------------- */

/* The first lines that are not blank. */
struct import_sample {
    const char *path;
    const char *text, *end; /* the whole text, behind a byte-order mark */
    bool forced;            /* the user named the format: ambiguity is settled */
    size_t n_lines;
    struct sample_line {
        const char *begin, *end;
        size_t number; /* 1-based */
    } line[IMPORT_SAMPLE_LINES];
};
void import_sample_take(struct import_sample *sample, const char *path, const char *text, const char *end, bool forced);

struct sample_row {
    size_t n_fields; /* may exceed IMPORT_COLUMNS_MAX, then only the first ones are kept */
    struct field field[IMPORT_COLUMNS_MAX];
};
void sample_row_split(const struct import_sample *sample, size_t line, char delimiter, struct sample_row *row);
bool field_is_number(struct field field);
bool field_is_whole(struct field field); /* digits only, an optional sign and ".0" */
/* Digits are '9' in the shape, every other byte stands for itself: "9999.99.99". Only the beginning must fit. */
bool field_has_shape(struct field field, const char *shape);
/* The first row has this header (names compared as header_key() writes them), separated by `delimiter`. */
bool sample_has_header(const struct import_sample *sample, size_t line, char delimiter, const char *const *names,
                       size_t n);
/* Lower case letters and digits of a column name. */
void header_key(struct field field, char *key, size_t size);
/* Could rows of the sample from `line` on be bars with these roles? Counts those that fit and do not. */
void sample_try(const struct import_sample *sample, size_t line, const struct import_layout *layout, size_t *fit,
                size_t *misfit);

/* ---- rows --------------------------------------------------------------------------------- */

enum time_style { TIME_UNSET, TIME_SECONDS, TIME_MILLIS, TIME_MICROS, TIME_NANOS, TIME_CIVIL, TIME_ZONED };

/* What was parsed, as parallel arrays. */
struct import_rows {
    size_t n, capacity;
    struct gw_bar *bar;
    double *quote_volume, *trade_count, *taker_buy_base; /* NULL when the layout has no such column */
    uint32_t *line;                                      /* where each row came from */
    uint16_t *symbol;                                    /* whose it is; NULL: the file does not say */
    double *extra[GW_COLUMNS_MAX];                       /* [n_extra]: columns that were asked for */
    size_t n_extra;
};

/* One raw row: fields plus where it stands, to say exactly where something is wrong. */
struct import_row {
    size_t n_fields, line;
    size_t indent;           /* bytes of its line in front of the record */
    const char *begin, *end; /* of the record in the source text */
    bool in_text;            /* its fields lie in the source text, wherever that is */
    uint16_t symbol;         /* set by the row engine where a column says it, else by the reader */
    struct field field[IMPORT_COLUMNS_MAX];
};

struct import_reader {
    const char *path;
    struct gw_import_options options;
    struct import_layout layout;
    const char *text, *end;
    struct import_rows rows;
    struct gw_import_report report;
    const char *extra_name[GW_COLUMNS_MAX]; /* of layout.n_extra columns, as they were asked for */
    enum time_style time_style;
    size_t time_style_line;
    enum date_order date_order;
    struct import_tz *tz;             /* of `timezone`; NULL: layout.zone */
    struct import_symbols *symbols;   /* NULL: rows do not say whose they are */
    bool part;                        /* of something larger: one bar is enough, and the time range is cut afterwards */
    uint8_t used[IMPORT_COLUMNS_MAX]; /* columns with a role, in file order */
    size_t n_used;
    struct { /* dates repeat from row to row */
        char text[10];
        int64_t ns;
    } last_date;
};

/* Room for the rows that a text of this size can hold at most. */
int import_rows_reserve(struct import_reader *reader, size_t n_rows) GW_MUST_USE;
void import_rows_free(struct import_rows *rows);
/* Which columns of the header the caller wants beside the bars' own. */
int import_columns_choose(struct import_reader *reader, const struct import_sample *sample) GW_MUST_USE;
/* The names of columns are alike as header_key() writes them; of several the one that is the same letter by letter. */
enum { COLUMN_NOT_FOUND = -1, COLUMN_AMBIGUOUS = -2 };
int import_column_find(const struct field *name, size_t n, const char *asked);
/* A value of such a column; empty, "nan", "null" and "na" are NaN. False: it is no number, or beyond ±1e30. */
bool import_extra_value(struct field field, bool decorated, double *value);

/* The default reader: text with one row a line, libcsv where quotes occur. */
int import_rows_read(struct import_reader *reader) GW_MUST_USE;
/* Takes the row at `at` when it is as clean as rows nearly always are, and returns where the next line begins.
 * NULL: nothing was taken, the row has to go the long way, which gives the same bar or says what is wrong. */
const char *import_clean_row(struct import_reader *reader, const char *at, size_t line);
/* Checks one row and appends it. */
int import_row_accept(struct import_reader *reader, struct import_row *row) GW_MUST_USE;
/* The values make a bar (no word about what is wrong), and its room is there: stores them. */
bool import_row_good(const double *value);
void import_row_store(struct import_rows *rows, size_t line, int64_t time_ns, const double *value, uint16_t symbol);
/* A row that is no bar. Fails with "path:line:column: …", or counts the row when asked to collect. */
int import_row_bad(struct import_reader *reader, size_t line, size_t column, const char *format, ...)
    GW_PRINTF_LIKE(4, 5);
/* Parses a time field: *time_ns is UTC, or local when the style is TIME_CIVIL. NULL, or what is wrong. */
const char *import_time_parse(struct import_reader *reader, struct field field, int64_t *time_ns,
                              enum time_style *style);
/* The most usual times: digits of unix time, or the date of the row before with hh:mm[:ss][Z]. *at moves behind
 * them. False, or no field's end at *at: import_time_parse() has to look. */
bool import_time_take(const struct import_reader *reader, const char **at, int64_t *time_ns, enum time_style *style);
const char *import_clock_parse(struct field field, int64_t *ns);
const char *import_date_value(int year, int month, int day, int64_t *ns); /* NULL, or what is wrong */
/* Z, UTC, GMT, +02, +0200, +02:00 behind blanks, or nothing; *zoned says whether there was one. NULL, or what is wrong. */
const char *import_zone_suffix(const char **at, const char *end, int64_t *ns, bool *zoned);
/* GW_ERR_CONFIG: no such format. */
int import_time_format_check(const char *format) GW_MUST_USE;
const char *import_time_by_format(const char *format, struct field field, int64_t *time_ns, enum time_style *style);
/* Looks for a row that tells day and month apart, when dates such as 03.04.2021 need it. */
int import_dates_decide(struct import_reader *reader, const char *at, size_t line) GW_MUST_USE;
/* Time without a zone to UTC; false: the zone's clocks never showed it. */
bool import_to_utc(const struct import_reader *reader, uint16_t symbol, int64_t *time_ns);
const char *import_style_name(enum time_style style);

/* ---- symbols ------------------------------------------------------------------------------ */

enum { IMPORT_SYMBOLS_MAX = 4096 };
/* The rows will say whose they are: room for the names, and for every row's. */
int import_symbols_open(struct import_reader *reader) GW_MUST_USE;
void import_symbols_free(struct import_symbols *symbols);
/* 1: the number of this name, known or new; 0: it is none, or there are too many; or GW_ERR_NOMEM. */
int import_symbol_find(struct import_symbols *symbols, struct field name, uint16_t *out);
size_t import_symbols_count(const struct import_symbols *symbols);
const char *import_symbol_name(const struct import_symbols *symbols, size_t i);
/* Letters, digits, '_', '.' and '-' of a name; "" when nothing is left. */
void import_symbol_clean(struct field name, char symbol[GW_SYMBOL_MAX]);
/* The rows of symbol i, in the order of the file, as rows of their own. */
int import_symbol_rows(const struct import_reader *reader, size_t i, struct import_rows *out) GW_MUST_USE;

/* ---- after parsing ------------------------------------------------------------------------ */

/* Puts rows into strictly increasing time, judging duplicates and backward times. */
int import_order(struct import_reader *reader) GW_MUST_USE;
/* Into the order of time; equal times stay in the order of the file. */
int import_sort(struct import_reader *reader) GW_MUST_USE;
/* The rows' memory passes to the bars. */
int import_hand_over(struct import_reader *reader, struct gw_bars *out) GW_MUST_USE;
/* Keeps from <= open < to. */
int import_keep_range(struct import_reader *reader) GW_MUST_USE;
/* Interval, gaps, off-grid and zero-volume bars; first and last time. */
int import_facts(struct import_reader *reader) GW_MUST_USE;

/* ---- what an import gives ----------------------------------------------------------------- */

struct import_found {
    size_t n, capacity;
    struct gw_bars *bars; /* [n] of different symbols in the end; of parts one may come several times */
    struct gw_import_report *report;
};
void import_found_free(struct import_found *found);
int import_found_add(struct import_found *found, struct gw_bars *bars,
                     const struct gw_import_report *report) GW_MUST_USE;
/* "data/BTCUSDT-15m.csv.gz" is BTCUSDT. */
void import_symbol_of_path(const char *path, char symbol[GW_SYMBOL_MAX]);
/* One file: its symbol, or those that its rows name. options->symbol is what a file that names none is called. */
int import_file(const char *path, const struct gw_import_options *options, bool part, struct import_found *found,
                struct gw_import_report *failed) GW_MUST_USE;
/* Every file that the path stands for. */
int import_many(const char *path, const struct gw_import_options *options, struct import_found *found) GW_MUST_USE;
/* Bars of the same symbol become one history; only then is the asked range of time cut. */
int import_merge(const char *path, const struct gw_import_options *options, struct import_found *found) GW_MUST_USE;

/* ---- formats ------------------------------------------------------------------------------ */

struct gw_import_format {
    const char *name, *help;
    /* 1: this is the format and *layout says how; 0: it is not; ERR_*: it is, but unusable. */
    int (*detect)(const struct import_sample *sample, struct import_layout *layout);
    int (*read)(struct import_reader *reader); /* NULL: import_rows_read */
    bool many;                                 /* such a file may hold several symbols */
};

extern const struct gw_import_format import_format_header;
/* What a column of this name holds; of two that hold the same the lower rank counts. COLUMN_SKIP: nothing known. */
unsigned import_header_role(struct field name, int *rank);

int import_format_find(const struct import_sample *sample, const char *name, const struct gw_import_format **format,
                       struct import_layout *layout) GW_MUST_USE;

#endif
