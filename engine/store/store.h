/* The trial ledger: one SQLite file beside the results that remembers every run (schema_1.sql says what of it).
 *
 * Several processes may use it at once: it is opened for the moment of each use, writes are transactions (WAL,
 * synchronous=FULL) and wait for one another. What comes from outside is bound, never made a part of a statement. */
#ifndef GATEWALK_STORE_H
#define GATEWALK_STORE_H

#include "engine/base/base.h"

#define STORE_FILE     "trials.sqlite"
#define STORE_VARIABLE "GATEWALK_STORE"

/* Where the ledger of the runs beside `run_dir` (NULL: of reports/out) is: what GATEWALK_STORE says, else trials.sqlite in the
 * parent folder. "": switched off. */
int store_place(const char *run_dir, char path[1024]) GW_MUST_USE;

struct store;
enum store_access { STORE_READ, STORE_WRITE };
/* For writing it is made where there is none, and brought to the present version. Errors (GW_ERR_IO): not there, a newer
 * version, somebody else's file, no right to it, in use for more than ten seconds. */
int store_open(const char *path, enum store_access access, struct store **out) GW_MUST_USE;
void store_close(struct store *store);

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* All or nothing; only one process at a time is between the two. Closing without commit undoes it. */
int store_begin(struct store *store) GW_MUST_USE;
int store_commit(struct store *store) GW_MUST_USE;

struct store_run {
    const char *name, *title, *dir, *command, *config, *config_hash, *data_hash, *symbols, *interval, *seeds;
    const char *test_begin, *test_end, *version, *build, *source_hash, *kernels;
    size_t n_folds;
};
/* A new row with status "running" and this process as its owner, or (*id set already) that row brought up to date. */
int store_put_run(struct store *store, const struct store_run *run, int64_t *id) GW_MUST_USE;
int store_put_data(struct store *store, int64_t run, size_t position, const char *symbol, const char *file,
                   const char *fingerprint, size_t bars) GW_MUST_USE;
int store_put_fold(struct store *store, int64_t run, size_t fold, const char *const time[4]) GW_MUST_USE;
struct store_contestant {
    const char *name, *strategy, *encoder, *attention, *trial; /* the last three NULL: none */
    size_t parameters;                                         /* 0: none */
};
int store_put_contestant(struct store *store, int64_t run, size_t contestant,
                         const struct store_contestant *what) GW_MUST_USE;
struct store_metric {
    size_t fold, contestant;
    const char *gate, *metric;
    int64_t seed;
    double value; /* what is undefined has no row */
};
int store_put_metric(struct store *store, int64_t run, const struct store_metric *metric) GW_MUST_USE;
/* status: finished, failed, interrupted; error: NULL when none. */
int store_end_run(struct store *store, int64_t run, const char *status, const char *error) GW_MUST_USE;

/* ---- trials ------------------------------------------------------------------------------------------------- */

enum { STORE_PARTS = 16 };
struct store_trial {
    const char *data_hash, *trial, *name, *test_begin, *test_end;
    size_t n_seeds, n_bars;
    double sharpe; /* NAN: ruined */
    size_t part_bars[STORE_PARTS];
    double sum[STORE_PARTS], square[STORE_PARTS];
};
/* The same trial again takes the place of what it was before. */
int store_put_trial(struct store *store, int64_t run, const struct store_trial *trial) GW_MUST_USE;
/* All trials on the data: how many, and the Sharpe ratios of those that have one. */
struct store_count {
    size_t n_trials, n_runs, n_sharpe;
    double variance; /* of those ratios; 0 when fewer than two */
};
int store_count(struct store *store, const char *data_hash, struct store_count *out) GW_MUST_USE;
/* The sums of all trials that were replayed over the same bars as `like`: [*n × STORE_PARTS] each, mem_free()d by the
 * caller. *n is 0 when there are more than `most`. */
int store_parts(struct store *store, const struct store_trial *like, size_t most, size_t *n, double **sum,
                double **square) GW_MUST_USE;

/* ---- people's own words ------------------------------------------------------------------------------------------ */

int store_tag(struct store *store, int64_t run, const char *tag) GW_MUST_USE;
int store_note(struct store *store, int64_t run, const char *note) GW_MUST_USE;
int store_forget(struct store *store, int64_t run) GW_MUST_USE;
/* Runs whose process is gone become "interrupted". */
int store_sweep(struct store *store) GW_MUST_USE;

/* ---- reading ------------------------------------------------------------------------------------------------ */

enum store_kind { STORE_NULL, STORE_INTEGER, STORE_REAL, STORE_TEXT };
struct store_row {
    size_t n;
    const char *const *name;  /* of the columns */
    const char *const *value; /* as text; "" for NULL */
    const enum store_kind *kind;
};
enum { STORE_COLUMNS_MAX = 64 };
/* Once with every row; a negative result ends the query and is its result. */
struct store_reader {
    int (*on_row)(void *context, const struct store_row *row);
    void *context;
};
struct store_filter {
    const char *data; /* a symbol, or how a fingerprint or data_hash begins; NULL: any */
    const char *tag;  /* NULL: any */
    const char *sort; /* a key of store_sort_key; NULL: the newest first */
    size_t limit;     /* 0: all */
    bool forgotten;   /* these too */
};
const char *store_sort_key(size_t i); /* NULL past the last */
/* Columns: run_id, name, folder, status, started, symbols, trials, ap, sharpe, return, tags, note, data_hash, dir; the best of the run's
 * trials, each by itself, means over seeds (and gates). */
int store_list(struct store *store, const struct store_filter *filter, const struct store_reader *to) GW_MUST_USE;
/* One row with all that `runs` has of it; contestants with their metrics; data. */
int store_show_run(struct store *store, int64_t run, const struct store_reader *to) GW_MUST_USE;
int store_show_contestants(struct store *store, int64_t run, const struct store_reader *to) GW_MUST_USE;
int store_show_data(struct store *store, int64_t run, const struct store_reader *to) GW_MUST_USE;
/* Columns: key, a, b; and strategy, gate, metric, a, b. What both have alike is left out. */
int store_diff_config(struct store *store, int64_t a, int64_t b, const struct store_reader *to) GW_MUST_USE;
int store_diff_metrics(struct store *store, int64_t a, int64_t b, const struct store_reader *to) GW_MUST_USE;
/* One SELECT of the user's; everything that could change or reach anything is refused (GW_ERR_USAGE). */
int store_select(struct store *store, const char *sql, const struct store_reader *to) GW_MUST_USE;
/* A number, the folder of a run, or its name: the newest finished one, else the newest. GW_ERR_USAGE when there is none. dir may be NULL. */
int store_find(struct store *store, const char *id_or_name, int64_t *run, char dir[1024]) GW_MUST_USE;

#endif
