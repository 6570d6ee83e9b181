/* A ledger of one's own for every test, and what is written into it. */
#ifndef GATEWALK_TEST_STORE_FIXTURE_H
#define GATEWALK_TEST_STORE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/scratch.h"
#include "engine/store/store_private.h"
#include "test.h"

static char path[1024];

static inline int fresh(void **state) {
    (void)state;
    static int n;
    snprintf(path, sizeof path, "%s", scratch("ledger"));
    snprintf(path + strlen(path), 20, "%d.sqlite", n++);
    return 0;
}

static inline struct store *open_it(enum store_access access) {
    struct store *store = NULL;
    assert_ok(store_open(path, access, &store));
    return store;
}

static inline int64_t number(struct store *store, const char *sql) {
    int64_t value;
    assert_ok(store_ask_int(store, sql, NULL, 0, -1, &value));
    return value;
}

static const struct store_run plain = {.name = "plain",
                                       .title = "",
                                       .dir = "/x/plain",
                                       .command = "run",
                                       .config = "{\"a\":1}",
                                       .config_hash = "c0",
                                       .data_hash = "d0",
                                       .symbols = "WALK",
                                       .interval = "1h",
                                       .seeds = "[1]",
                                       .test_begin = "2020",
                                       .test_end = "2021",
                                       .version = "0",
                                       .build = "b",
                                       .source_hash = "s",
                                       .kernels = "portable",
                                       .n_folds = 1};

static inline int64_t put_run(struct store *store, const struct store_run *run) {
    int64_t id = 0;
    assert_ok(store_put_run(store, run, &id));
    assert_true(id > 0);
    return id;
}

static inline struct store_trial trial_of(const char *data, const char *key, double sharpe) {
    struct store_trial t = {.data_hash = data, .trial = key, .name = "t", .test_begin = "2020", .test_end = "2021"};
    t.n_seeds = 1;
    t.n_bars = 160;
    t.sharpe = sharpe;
    for (size_t b = 0; b < STORE_PARTS; b++) {
        t.part_bars[b] = 10;
        t.sum[b] = sharpe + (double)b;
        t.square[b] = 1 + (double)b;
    }
    return t;
}

static inline void put_trial(struct store *store, int64_t run, const char *data, const char *key, double sharpe) {
    const struct store_trial t = trial_of(data, key, sharpe);
    assert_ok(store_put_trial(store, run, &t));
}

#endif
