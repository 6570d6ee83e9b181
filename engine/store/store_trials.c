/* Trials: each once, and what all of them on the same data come to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

int store_put_trial(struct store *store, int64_t run, const struct store_trial *t) {
    TRY(store_do(store,
                 "INSERT INTO trials VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (data_hash, trial) DO"
                 " UPDATE SET last_run = excluded.last_run, name = excluded.name, n_bars = excluded.n_bars,"
                 " test_begin = excluded.test_begin, test_end = excluded.test_end, sharpe = excluded.sharpe",
                 BOUND(BIND_TEXT(t->data_hash), BIND_TEXT(t->trial), BIND_INT(run), BIND_TEXT(t->name),
                       BIND_INT(t->n_seeds), BIND_INT(t->n_bars), BIND_TEXT(t->test_begin), BIND_TEXT(t->test_end),
                       isfinite(t->sharpe) ? BIND_REAL(t->sharpe) : BIND_TEXT(NULL))));
    for (size_t part = 0; isfinite(t->sharpe) && part < STORE_PARTS; part++)
        TRY(store_do(store, "INSERT OR REPLACE INTO trial_parts VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     BOUND(BIND_TEXT(t->data_hash), BIND_TEXT(t->trial), BIND_INT(part), BIND_INT(t->part_bars[part]),
                           BIND_REAL(t->sum[part]), BIND_REAL(t->square[part]))));
    return GW_OK;
}

/* ---- all of them -------------------------------------------------------------------------------------------------- */

/* Welford's recurrence: ratios lie close together. */
struct spread {
    size_t n;
    double mean, squares;
};

static int add_ratio(void *context, const struct store_row *row) {
    struct spread *spread = context;
    if (row->kind[0] == STORE_NULL) return GW_OK;
    double value = strtod(row->value[0], NULL), from_mean = value - spread->mean;
    spread->mean += from_mean / (double)++spread->n;
    spread->squares += from_mean * (value - spread->mean);
    return GW_OK;
}

int store_count(struct store *store, const char *data_hash, struct store_count *out) {
    struct spread spread = {.n = 0};
    int64_t n_trials, n_runs;
    TRY(store_ask_int(store, "SELECT count(*) FROM trials WHERE data_hash = ?1", BOUND(BIND_TEXT(data_hash)), 0,
                      &n_trials));
    TRY(store_ask_int(store, "SELECT count(*) FROM runs WHERE data_hash = ?1", BOUND(BIND_TEXT(data_hash)), 0,
                      &n_runs));
    TRY(store_ask(store, "SELECT sharpe FROM trials WHERE data_hash = ?1 ORDER BY trial", BOUND(BIND_TEXT(data_hash)),
                  &(struct store_reader){add_ratio, &spread}));
    *out = (struct store_count){.n_trials = (size_t)n_trials,
                                .n_runs = (size_t)n_runs,
                                .n_sharpe = spread.n,
                                .variance = spread.n > 1 ? spread.squares / (double)(spread.n - 1) : 0};
    return GW_OK;
}

/* ---- their parts -------------------------------------------------------------------------------------------------- */

struct parts {
    size_t at, room;
    double *sum, *square;
};

static int add_part(void *context, const struct store_row *row) {
    struct parts *parts = context;
    if (parts->at == parts->room) return GW_OK;
    parts->sum[parts->at] = strtod(row->value[0], NULL);
    parts->square[parts->at++] = strtod(row->value[1], NULL);
    return GW_OK;
}

/* Over the same bars, and not ruined. */
#define ALIKE                                                                                                          \
    " FROM trials t WHERE t.data_hash = ?1 AND t.n_bars = ?2 AND t.test_begin = ?3 AND t.test_end = ?4"                \
    " AND t.sharpe IS NOT NULL"

int store_parts(struct store *store, const struct store_trial *like, size_t most, size_t *n, double **sum,
                double **square) {
    const struct store_value value[] = {BIND_TEXT(like->data_hash), BIND_INT(like->n_bars), BIND_TEXT(like->test_begin),
                                        BIND_TEXT(like->test_end)};
    int64_t count;
    *n = 0;
    TRY(store_ask_int(store, "SELECT count(*)" ALIKE, value, COUNT_OF(value), 0, &count));
    if (count <= 0 || (size_t)count > most) return GW_OK;
    struct parts parts = {.room = (size_t)count * STORE_PARTS};
    parts.sum = mem_calloc(parts.room, sizeof *parts.sum);
    parts.square = mem_calloc(parts.room, sizeof *parts.square);
    int rc = parts.sum && parts.square ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK)
        rc = store_ask(store,
                       "SELECT p.sum, p.sum_of_squares FROM trial_parts p WHERE p.data_hash = ?1 AND p.trial IN"
                       " (SELECT t.trial" ALIKE ") ORDER BY p.trial, p.part",
                       value, COUNT_OF(value), &(struct store_reader){add_part, &parts});
    if (rc < 0 || parts.at != parts.room) {
        mem_free(parts.sum);
        mem_free(parts.square);
        return rc;
    }
    *n = (size_t)count;
    *sum = parts.sum;
    *square = parts.square;
    return GW_OK;
}
