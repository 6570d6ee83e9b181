/* Inside of the outside scores: how files become scores.
 *
 *   patterns  which files, of which seed and symbol         outside_files.c
 *   records   lines cut into cells                          outside_text.c (CSV), outside_json.c (JSON lines)
 *   columns   what each cell is                             outside_columns.c
 *   rows      cells as times, symbols, seeds, scores        outside_row.c
 *   bars      arrays aligned to the bars                    outside_array.c (.npy)
 *   join      rows to bars: leaks, duplicates, the account  outside_join.c, outside_leak.c
 *   times     open times taken for close times              outside_times.c
 *   scores    as a fit leaves them                          outside_scores.c
 *
 * outside.c strings them together. */
#ifndef GATEWALK_WALK_OUTSIDE_PRIVATE_H
#define GATEWALK_WALK_OUTSIDE_PRIVATE_H

#include "engine/market/import/import_private.h"
#include "outside.h"

enum { OUTSIDE_COLUMNS = 4 * MAX_SEEDS + 16 };

/* ---- records ------------------------------------------------------------------------------------ */

/* One line as cells; an empty cell has no length. */
struct record {
    const char *path;
    size_t line, n;
    struct field cell[OUTSIDE_COLUMNS];
    size_t place[OUTSIDE_COLUMNS];            /* column of the line */
    const struct json_document *document;     /* of a JSON line, whose values know their places themselves … */
    const json_value *value[OUTSIDE_COLUMNS]; /* … NULL: this line has no such member */
};
/* "path:line:column: …"; column SIZE_MAX: the line as a whole. */
int record_fail(const struct record *record, size_t column, const char *format, ...) GW_PRINTF_LIKE(3, 4);

/* ---- columns ------------------------------------------------------------------------------------ */

enum role {
    ROLE_NONE,
    ROLE_TIME, /* close */
    ROLE_OPEN_TIME,
    ROLE_SYMBOL,
    ROLE_SEED,
    ROLE_FOLD,
    ROLE_TRAINED_UNTIL,
    ROLE_STRATEGY,
    ROLE_ACTION,
    ROLE_CONFIDENCE,
    ROLE_P_LONG,
    ROLE_P_SHORT,
    ROLE_TAU_LONG,
    ROLE_TAU_SHORT,
    N_ROLES
};
struct columns {
    size_t n;
    enum role role[OUTSIDE_COLUMNS];
    uint64_t seed[OUTSIDE_COLUMNS]; /* of a column such as p_long_3; UINT64_MAX: none in its name */
    size_t of[N_ROLES];             /* the column of a role, SIZE_MAX: none; with seeds in the names the first */
    bool seeds_in_names;
};

/* ---- the reading --------------------------------------------------------------------------------- */

/* What a row says of one bar with one seed. */
struct said {
    float p[GW_N_GATES], tau[GW_N_GATES]; /* NaN: nothing */
};
struct slot {
    struct said said;
    uint32_t file, line; /* where; line 0: nobody has said anything */
};
/* A row without its scores. */
struct row {
    size_t symbol, seed; /* seed: index into the experiment's; n_seeds: of no seed */
    int64_t time_ns;     /* as written */
    bool has_fold, has_trained_until;
    size_t fold; /* from 1 */
    int64_t trained_until_ns;
};

struct reading {
    const struct experiment *e;
    const struct prepared *p;
    struct arena *memory; /* what outlives the reading */
    const struct strategy_spec *spec;
    struct outside *out;

    /* the file at hand */
    struct outside_file *file;
    size_t file_seed, file_symbol; /* from {seed} and {symbol}; SIZE_MAX: the rows say */
    struct columns columns;
    struct import_reader times;     /* the state of the time parser */
    enum time_style style[N_ROLES]; /* one file keeps to one way of writing times */

    /* the rows of all files, by seed (n_seeds: of no seed), and there by symbol and bar, or by fold and validation sample */
    struct slot **bar, **validation;
    size_t *rows_of_seed;   /* [n_seeds + 1] */
    size_t *hint[2];        /* [n_symbols] the bar that the next row probably opens, closes */
    size_t *by_name;        /* [n_symbols] in the order of their names */
    bool by_open, by_close; /* how files name their times … */
    bool unclear;           /* … and whether one only says "time" */
    struct {                /* the first file's column of times */
        char path[1024];
        size_t line, column;
    } named;
    uint8_t **use;        /* [n_symbols][bars]: USE_ flags */
    char strategy[64];    /* the only one that the column strategy has named so far */
    bool wrote_zero;      /* rows of no seed say seed 0, as runs write them */
    uint64_t stranger[4]; /* seeds that the experiment has not */
    size_t n_strangers;
    bool some_fold, some_time;     /* stated by any row */
    int64_t reach_of_ns, reach_ns; /* the last trained_until, and how far its labels look */
    bool reach_known;
    struct { /* the first row at no bar's time */
        char path[1024];
        size_t line, column;
        int64_t time_ns;
    } lost;
};
enum { USE_TEST = 1, USE_VALIDATION = 2, HIT_CLOSE = 4, HIT_OPEN = 8 };

/* A pattern's files in a fixed order, each handed to read() with its seed and symbol in the reading. */
int outside_each_file(struct reading *r, int (*read)(struct reading *r, const char *path)) GW_MUST_USE;
/* Text of a file, one record after the other; the first one names the columns. */
int outside_read_text(struct reading *r, const char *path, const char *text, const char *end) GW_MUST_USE;
int outside_read_json(struct reading *r, const char *path, const char *text, const char *end) GW_MUST_USE;
int outside_read_array(struct reading *r, const char *path) GW_MUST_USE;
/* What the columns are, from their names. */
int outside_columns(struct reading *r, const struct record *header) GW_MUST_USE;
int outside_row(struct reading *r, const struct record *record) GW_MUST_USE;

int outside_join_begin(struct reading *r) GW_MUST_USE;
/* Which symbol of the run has this name; SIZE_MAX: none. */
size_t outside_symbol(const struct reading *r, const char *name, size_t length);
/* Puts what a row says at its bar. time_column: to point at. */
int outside_join(struct reading *r, const struct row *row, const struct said *said, const struct record *record,
                 size_t time_column, size_t score_column) GW_MUST_USE;
/* The same for a bar that is known: of an array. */
int outside_join_bar(struct reading *r, const struct row *row, size_t t, const struct said *said,
                     const struct record *record, size_t column) GW_MUST_USE;
void outside_join_end(struct reading *r);
/* Has the model that a row is of seen the bar? Then it is an error. */
int outside_check_leak(struct reading *r, const struct row *row, size_t t, const struct record *record) GW_MUST_USE;
/* Are these times what they are said to be? */
int outside_check_times(struct reading *r) GW_MUST_USE;
/* Lays the slots out as fits, with thresholds, and closes the account. */
int outside_lay_out(struct reading *r) GW_MUST_USE;

#endif
