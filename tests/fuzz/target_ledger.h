/* Fuzz target: a trial ledger that somebody else may have written, read and written on. SQLite checks its own pages; what is
 * tried here is that we trust none of them. */
#ifndef GATEWALK_TEST_FUZZ_LEDGER_H
#define GATEWALK_TEST_FUZZ_LEDGER_H

#include <math.h>

#include "engine/base/base.h"
#include "engine/store/store.h"
#include "fuzz.h"

static const char *const fuzz_ledger_words[] = {
    "SQLite format 3",
    "CREATE TABLE",
    "CREATE VIEW",
    "CREATE TRIGGER",
    "AUTOINCREMENT",
    "WITHOUT ROWID",
    "runs",
    "trials",
    "trial_parts",
    "metrics",
    "finished",
    "running",
    "NULL",
    "\x1b[2J",
    "1e999",
    "load_extension('x')",
    "randomblob(999999999)",
    "zeroblob(2000000000)",
};

static int fuzz_ledger_fill(struct store *store) {
    int64_t run = 0;
    const struct store_run row = {.name = "n",
                                  .title = "t",
                                  .dir = "/d",
                                  .command = "run",
                                  .config = "{\"a\":{\"b\":1}}",
                                  .config_hash = "0123456789abcdef",
                                  .data_hash = "fedcba9876543210",
                                  .symbols = "R",
                                  .interval = "1h",
                                  .seeds = "[1]",
                                  .test_begin = "2020-01-01",
                                  .test_end = "2020-02-01",
                                  .version = "0",
                                  .build = "b",
                                  .source_hash = "h",
                                  .kernels = "portable",
                                  .n_folds = 1};
    const struct store_contestant contestant = {.name = "c", .strategy = "gate", .trial = "0011223344556677"};
    const struct store_metric metric = {
        .contestant = 1, .gate = "portfolio", .metric = "sharpe", .seed = 1, .value = 0.5};
    struct store_trial trial = {.data_hash = row.data_hash,
                                .trial = contestant.trial,
                                .name = "c",
                                .n_seeds = 1,
                                .n_bars = 160,
                                .test_begin = row.test_begin,
                                .test_end = row.test_end,
                                .sharpe = 0.1};
    TRY(store_put_run(store, &row, &run));
    TRY(store_put_data(store, run, 0, "R", "/r.csv", "00", 10));
    TRY(store_put_contestant(store, run, 1, &contestant));
    TRY(store_put_metric(store, run, &metric));
    TRY(store_put_trial(store, run, &trial));
    TRY(store_tag(store, run, "good"));
    return store_end_run(store, run, "finished", NULL);
}

static size_t fuzz_ledger_setup(struct fuzz_input seed[MOST_SOUND]) {
    struct store *store = NULL;
    if (store_open(fuzz_path("seed.sqlite"), STORE_WRITE, &store) < 0) fuzz_die(gw_error_message());
    seed[0] = fuzz_get(fuzz_path("seed.sqlite"));
    if (fuzz_ledger_fill(store) < 0) fuzz_die(gw_error_message());
    store_close(store);
    seed[1] = fuzz_get(fuzz_path("seed.sqlite"));
    return 2;
}

static int fuzz_ledger_row(void *context, const struct store_row *row) {
    size_t *bytes = context;
    for (size_t i = 0; i < row->n; i++) *bytes += strlen(row->name[i]) + strlen(row->value[i]);
    return GW_OK;
}

/* All that the commands ask of it; what it answers is read to the last byte. */
static const char *fuzz_ledger_ask(struct store *store) {
    size_t bytes = 0;
    int64_t run;
    char dir[1024];
    struct store_count count;
    const struct store_reader to = {fuzz_ledger_row, &bytes};
    struct store_trial like = {
        .data_hash = "fedcba9876543210", .test_begin = "2020-01-01", .test_end = "2020-02-01", .n_bars = 160};
    double *sum = NULL, *square = NULL;
    size_t n;
    int rc[] = {store_list(store, &(struct store_filter){.sort = "sharpe"}, &to),
                store_show_run(store, 1, &to),
                store_show_contestants(store, 1, &to),
                store_diff_config(store, 1, 1, &to),
                store_select(store, "SELECT * FROM results", &to),
                store_find(store, "n", &run, dir),
                store_count(store, like.data_hash, &count),
                store_parts(store, &like, 100, &n, &sum, &square)};
    if (rc[7] == GW_OK && n)
        for (size_t i = 0; i < n * STORE_PARTS; i++) bytes += isnan(sum[i]) || isnan(square[i]);
    if (rc[7] == GW_OK) mem_free(sum), mem_free(square);
    for (size_t i = 0; i < COUNT_OF(rc); i++) {
        if (rc[i] != GW_OK && rc[i] != GW_ERR_IO && rc[i] != GW_ERR_USAGE && rc[i] != GW_ERR_NOMEM &&
            rc[i] != GW_ERR_DATA)
            return "a query ends in another error";
    }
    return NULL;
}

static const char *fuzz_ledger_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *path = fuzz_path("x.sqlite"), *complaint = NULL;
    struct store *store = NULL;
    static const char *const beside[] = {"x.sqlite-wal", "x.sqlite-shm", "x.sqlite-journal"};
    for (size_t i = 0; i < COUNT_OF(beside); i++) unlink(fuzz_path(beside[i]));
    fuzz_put(path, bytes, n);
    bool writes = fuzz_one_in(random, 3);
    int rc = store_open(path, writes ? STORE_WRITE : STORE_READ, &store);
    if (rc == GW_OK) {
        fuzz_accepted++;
        complaint = fuzz_ledger_ask(store);
        if (!complaint && writes && store_begin(store) == GW_OK) {
            rc = fuzz_ledger_fill(store);
            if (rc == GW_OK) rc = store_commit(store);
            if (rc != GW_OK && rc != GW_ERR_IO && rc != GW_ERR_NOMEM) complaint = "writing ends in another error";
        }
        store_close(store);
        return complaint;
    }
    if (rc != GW_ERR_IO && rc != GW_ERR_NOMEM) return "neither success nor ERR_IO";
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_ledger = {
    .name = "ledger",
    .setup = fuzz_ledger_setup,
    .check = fuzz_ledger_check,
    .words = fuzz_ledger_words,
    .n_words = COUNT_OF(fuzz_ledger_words),
    .slow_seconds = 10,
};

#endif
