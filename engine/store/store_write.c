/* Rows of runs, of their parts, and of people's own words. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "store_private.h"

static char *now(char buffer[40]) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time_format((int64_t)time.tv_sec * NS_PER_SECOND, buffer);
}

static int insert_run(struct store *store, const struct store_run *r, int64_t *id) {
    struct store_owner self;
    char started[40];
    store_owner_self(&self);
    TRY(store_do(
        store,
        "INSERT INTO runs (name, title, dir, command, started, status, host, pid, pid_started, config,"
        " config_hash, data_hash, symbols, interval, seeds, n_folds, test_begin, test_end, version, build,"
        " source_hash, kernels) VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,"
        " ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        BOUND(BIND_TEXT(r->name), BIND_TEXT(r->title), BIND_TEXT(r->dir), BIND_TEXT(r->command),
              BIND_TEXT(now(started)), BIND_TEXT(self.host), BIND_INT(self.pid), BIND_INT(self.started),
              BIND_TEXT(r->config), BIND_TEXT(r->config_hash), BIND_TEXT(r->data_hash), BIND_TEXT(r->symbols),
              BIND_TEXT(r->interval), BIND_TEXT(r->seeds), BIND_INT(r->n_folds), BIND_TEXT(r->test_begin),
              BIND_TEXT(r->test_end), BIND_TEXT(r->version), BIND_TEXT(r->build), BIND_TEXT(r->source_hash),
              BIND_TEXT(r->kernels))));
    *id = sqlite3_last_insert_rowid(store->db);
    return GW_OK;
}

/* A study knows only after its search what walks in the end. */
static int update_run(struct store *store, const struct store_run *r, int64_t id) {
    TRY(store_do(store, "DELETE FROM folds WHERE run_id = ?1", BOUND(BIND_INT(id))));
    return store_do(store,
                    "UPDATE runs SET config = ?2, config_hash = ?3, seeds = ?4, n_folds = ?5, test_begin = ?6,"
                    " test_end = ?7, name = ?8, title = ?9 WHERE run_id = ?1",
                    BOUND(BIND_INT(id), BIND_TEXT(r->config), BIND_TEXT(r->config_hash), BIND_TEXT(r->seeds),
                          BIND_INT(r->n_folds), BIND_TEXT(r->test_begin), BIND_TEXT(r->test_end), BIND_TEXT(r->name),
                          BIND_TEXT(r->title)));
}

int store_put_run(struct store *store, const struct store_run *run, int64_t *id) {
    return *id ? update_run(store, run, *id) : insert_run(store, run, id);
}

int store_put_data(struct store *store, int64_t run, size_t position, const char *symbol, const char *file,
                   const char *fingerprint, size_t bars) {
    return store_do(store, "INSERT OR REPLACE INTO run_data VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    BOUND(BIND_INT(run), BIND_INT(position), BIND_TEXT(symbol), BIND_TEXT(file), BIND_TEXT(fingerprint),
                          BIND_INT(bars)));
}

int store_put_fold(struct store *store, int64_t run, size_t fold, const char *const time[4]) {
    return store_do(store, "INSERT INTO folds VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    BOUND(BIND_INT(run), BIND_INT(fold), BIND_TEXT(time[0]), BIND_TEXT(time[1]), BIND_TEXT(time[2]),
                          BIND_TEXT(time[3])));
}

int store_put_contestant(struct store *store, int64_t run, size_t contestant, const struct store_contestant *what) {
    return store_do(store, "INSERT OR REPLACE INTO contestants VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), ?8)",
                    BOUND(BIND_INT(run), BIND_INT(contestant), BIND_TEXT(what->name), BIND_TEXT(what->strategy),
                          BIND_TEXT(what->encoder), BIND_TEXT(what->attention), BIND_INT(what->parameters),
                          BIND_TEXT(what->trial)));
}

int store_put_metric(struct store *store, int64_t run, const struct store_metric *m) {
    if (isnan(m->value)) return GW_OK; /* undefined; infinite is a number of SQL's, too */
    return store_do(store,
                    "INSERT INTO metrics (run_id, fold, contestant, gate, metric, seed, value)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    BOUND(BIND_INT(run), BIND_INT(m->fold), BIND_INT(m->contestant), BIND_TEXT(m->gate),
                          BIND_TEXT(m->metric), BIND_INT(m->seed), BIND_REAL(m->value)));
}

int store_end_run(struct store *store, int64_t run, const char *status, const char *error) {
    char finished[40];
    return store_do(store, "UPDATE runs SET status = ?2, error = ?3, finished = ?4 WHERE run_id = ?1",
                    BOUND(BIND_INT(run), BIND_TEXT(status), BIND_TEXT(error), BIND_TEXT(now(finished))));
}

int store_tag(struct store *store, int64_t run, const char *tag) {
    return store_do(store, "INSERT OR IGNORE INTO tags VALUES (?1, ?2)", BOUND(BIND_INT(run), BIND_TEXT(tag)));
}
int store_note(struct store *store, int64_t run, const char *note) {
    return store_do(store, "UPDATE runs SET note = ?2 WHERE run_id = ?1", BOUND(BIND_INT(run), BIND_TEXT(note)));
}
int store_forget(struct store *store, int64_t run) {
    return store_do(store, "UPDATE runs SET forgotten = 1 WHERE run_id = ?1", BOUND(BIND_INT(run)));
}
