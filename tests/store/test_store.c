/* The trial ledger by itself: versions, trials once each, what is forgotten, hostile words, writers killed and writers at once. */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/scratch.h"
#include "engine/store/store_private.h"
#include "test.h"

static char path[1024];

static int fresh(void **state) {
    (void)state;
    static int n;
    snprintf(path, sizeof path, "%s", scratch("ledger"));
    snprintf(path + strlen(path), 20, "%d.sqlite", n++);
    return 0;
}

static struct store *open_it(enum store_access access) {
    struct store *store = NULL;
    assert_ok(store_open(path, access, &store));
    return store;
}

static int64_t number(struct store *store, const char *sql) {
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

static int64_t put_run(struct store *store, const struct store_run *run) {
    int64_t id = 0;
    assert_ok(store_put_run(store, run, &id));
    assert_true(id > 0);
    return id;
}

static struct store_trial trial_of(const char *data, const char *key, double sharpe) {
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

static void put_trial(struct store *store, int64_t run, const char *data, const char *key, double sharpe) {
    const struct store_trial t = trial_of(data, key, sharpe);
    assert_ok(store_put_trial(store, run, &t));
}

/* ---- versions ---------------------------------------------------------------------------------------------------- */

static void test_a_new_ledger(void **state) {
    (void)state;
    struct store *store = open_it(STORE_WRITE);
    assert_int_equal(number(store, "PRAGMA user_version"), store_n_versions);
    assert_int_equal(number(store, "PRAGMA synchronous"), 2); /* FULL */
    assert_int_equal(number(store, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    store_close(store);
    char log[1100];
    snprintf(log, sizeof log, "%s-wal", path);
    assert_false(file_exists(log)); /* one file, when nobody has it open */
}

static void test_it_moves_forward_and_not_back(void **state) {
    (void)state;
    const char *const next[] = {store_version[0], "ALTER TABLE runs ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'"};
    const char *const broken[] = {next[0], next[1], "CREATE TABLE half (x); no statement at all"};
    struct store *store = open_it(STORE_WRITE);
    put_run(store, &plain);
    assert_ok(store_migrate(store, next, 2));
    assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE mood = 'fine' AND name = 'plain'"), 1);
    assert_int_equal(number(store, "PRAGMA user_version"), 2);
    /* A step that fails leaves nothing of itself. */
    assert_int_equal(store_migrate(store, broken, 3), GW_ERR_IO);
    assert_int_equal(number(store, "PRAGMA user_version"), 2);
    assert_int_equal(number(store, "SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
    store_close(store);
    /* This program knows one version less. */
    store = NULL;
    assert_int_equal(store_open(path, STORE_WRITE, &store), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "newer gatewalk (version 2 of the ledger; this one knows up to 1)"));
    assert_int_equal(store_open(path, STORE_READ, &store), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "newer gatewalk"));
    assert_null(store);
}

/* Somebody else's database, and what is none, stay as they are. */
static void test_a_foreign_file_is_left_alone(void **state) {
    (void)state;
    struct store *store = NULL;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE accounts (x)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    char *before, *after;
    size_t n, m;
    assert_ok(file_read_all(path, 1 << 20, GW_ERR_IO, &before, &n));
    assert_int_equal(store_open(path, STORE_WRITE, &store), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "no ledger of gatewalk's"));
    assert_ok(file_read_all(path, 1 << 20, GW_ERR_IO, &after, &m));
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    mem_free(before);
    mem_free(after);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    for (int i = 0; i < 200; i++) fputs("no database at all\n", stream);
    fclose(stream);
    assert_int_equal(store_open(path, STORE_WRITE, &store), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "move it away"));
    assert_null(store);
}

/* ---- trials ---------------------------------------------------------------------------------------------------- */

static void test_a_trial_counts_once(void **state) {
    (void)state;
    struct store *store = open_it(STORE_WRITE);
    struct store_count count;
    int64_t first = put_run(store, &plain), second = put_run(store, &plain);
    put_trial(store, first, "d0", "a", 0.1);
    put_trial(store, first, "d0", "b", 0.2);
    put_trial(store, second, "d0", "b", 0.3); /* again: the later result stands */
    put_trial(store, second, "d0", "ruined", (double)NAN);
    put_trial(store, second, "other", "a", 7);
    assert_ok(store_count(store, "d0", &count));
    assert_int_equal(count.n_trials, 3);
    assert_int_equal(count.n_runs, 2);
    assert_int_equal(count.n_sharpe, 2);
    assert_near(count.variance, 0.02, 1e-14, 0); /* of .1 and .3 */
    assert_int_equal(
        number(store, "SELECT first_run * 10 + last_run FROM trials WHERE data_hash = 'd0' AND trial = 'b'"),
        first * 10 + second);
    assert_ok(store_count(store, "nothing", &count));
    assert_int_equal(count.n_trials, 0);
    store_close(store);
}

static void test_forgetting_hides_and_counts(void **state) {
    (void)state;
    struct store *store = open_it(STORE_WRITE);
    struct store_count before, after;
    int64_t id, run = put_run(store, &plain);
    put_trial(store, run, "d0", "a", 0.1);
    put_trial(store, run, "d0", "b", 0.4);
    assert_ok(store_count(store, "d0", &before));
    assert_ok(store_find(store, "plain", &id, NULL));
    assert_ok(store_forget(store, run));
    assert_ok(store_count(store, "d0", &after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(store_find(store, "plain", &id, NULL), GW_ERR_USAGE);
    assert_int_equal(number(store, "SELECT count(*) FROM results"), 0);
    store_close(store);
}

/* Only trials over the same bars can be put side by side, in the order of their keys. */
static void test_parts_of_those_alike(void **state) {
    (void)state;
    struct store *store = open_it(STORE_WRITE);
    int64_t run = put_run(store, &plain);
    struct store_trial like = trial_of("d0", "b", 2), longer = trial_of("d0", "c", 3);
    double *sum = NULL, *square = NULL;
    size_t n;
    longer.n_bars = 320;
    put_trial(store, run, "d0", "b", 2);
    put_trial(store, run, "d0", "a", 1);
    put_trial(store, run, "other", "a", 1);
    assert_ok(store_put_trial(store, run, &longer));
    assert_ok(store_parts(store, &like, 10, &n, &sum, &square));
    assert_int_equal(n, 2);
    for (size_t b = 0; b < STORE_PARTS; b++) {
        assert_true(sum[b] == 1 + (double)b && sum[STORE_PARTS + b] == 2 + (double)b);
        assert_true(square[b] == 1 + (double)b);
    }
    mem_free(sum);
    mem_free(square);
    assert_ok(store_parts(store, &like, 1, &n, &sum, &square));
    assert_int_equal(n, 0);
    store_close(store);
}

/* ---- words that mean something elsewhere --------------------------------------------------------------------------- */

static int keep_text(void *context, const struct store_row *row) {
    snprintf(context, 400, "%s", row->value[0]);
    return GW_OK;
}

static void test_hostile_words_are_words(void **state) {
    (void)state;
    static const char *const word[] = {
        "'); DROP TABLE runs; --", "\"; DELETE FROM trials; --", "%s%n%d", "?1", "\x1b[2J\xff", "a' OR '1'='1"};
    struct store *store = open_it(STORE_WRITE);
    for (size_t i = 0; i < COUNT_OF(word); i++) {
        struct store_run run = plain;
        int64_t found;
        char dir[1024], text[400];
        run.name = run.title = word[i];
        run.dir = word[i];
        int64_t id = put_run(store, &run);
        assert_ok(store_tag(store, id, word[i]));
        assert_ok(store_note(store, id, word[i]));
        assert_ok(store_find(store, word[i], &found, dir));
        assert_int_equal(found, id);
        assert_string_equal(dir, word[i]);
        const struct store_reader to = {keep_text, text};
        const struct store_value at = BIND_INT(id);
        assert_ok(store_ask(store, "SELECT note FROM runs WHERE run_id = ?1", &at, 1, &to));
        assert_string_equal(text, word[i]);
        const struct store_filter filter = {.data = word[i], .tag = word[i]};
        text[0] = '\0';
        assert_ok(store_list(store, &filter, &to));
        assert_string_equal(text, "");
        assert_int_equal(store_list(store, &(struct store_filter){.sort = word[i]}, &to), GW_ERR_USAGE);
    }
    assert_int_equal(number(store, "SELECT count(*) FROM runs"), COUNT_OF(word));
    store_close(store);
}

static void test_a_query_only_reads(void **state) {
    (void)state;
    static const char *const refused[] = {
        "DELETE FROM runs",
        "UPDATE runs SET note = 'x'",
        "INSERT INTO tags VALUES (1, 'x')",
        "DROP TABLE runs",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x (y)",
        "ATTACH '/tmp/x' AS x",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version",
        "VACUUM",
        "VACUUM INTO '/tmp/x'",
        "BEGIN",
        "WITH x AS (SELECT 1) DELETE FROM runs",
        "SELECT load_extension('/tmp/x')",
        "SELECT 1; SELECT 2",
        "SELECT",
        "",
        " ; ",
        "-- nothing",
        "EXPLAIN SELECT writefile('/tmp/x', 'y')",
    };
    char text[400] = "";
    const struct store_reader to = {keep_text, text};
    struct store *store = open_it(STORE_WRITE);
    put_run(store, &plain);
    store_close(store);
    for (int writable = 0; writable < 2; writable++) { /* not by the file's being read-only alone */
        store = open_it(writable ? STORE_WRITE : STORE_READ);
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
            int rc = store_select(store, refused[i], &to);
            if (rc != GW_ERR_USAGE && !strstr(refused[i], "load_extension")) fail_msg("%s: %d", refused[i], rc);
            if (rc >= 0) fail_msg("%s: was done", refused[i]);
        }
        assert_ok(store_select(store,
                               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)"
                               " SELECT name || max(i) FROM runs, n;",
                               &to));
        assert_string_equal(text, "plain5");
        assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE note = ''"), 1);
        store_close(store);
    }
}

/* ---- several processes -------------------------------------------------------------------------------------------- */

static void write_one(int child, int i) {
    struct store *store = NULL;
    int64_t id = 0;
    char key[40];
    if (store_open(path, STORE_WRITE, &store) < 0 || store_begin(store) < 0) _exit(2);
    snprintf(key, sizeof key, "%d-%d", child, i);
    struct store_trial trial = trial_of("d0", key, 0.1);
    if (store_put_run(store, &plain, &id) < 0 || store_put_trial(store, id, &trial) < 0) _exit(3);
    if (store_end_run(store, id, "finished", NULL) < 0 || store_commit(store) < 0) _exit(4);
    store_close(store);
}

/* The file is not there yet: they also meet while it is made, and once more for every further one. */
static void test_writers_at_once(void **state) {
    enum { FILES = 12, CHILDREN = 4, EACH = 6 };
    for (int file = 0; file < FILES; file++) {
        fresh(state);
        for (int child = 0; child < CHILDREN; child++) {
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                for (int i = 0; i < EACH; i++) write_one(child, i);
                _exit(0);
            }
        }
        for (int child = 0; child < CHILDREN; child++) {
            int status;
            assert_true(wait(&status) > 0);
            if (!WIFEXITED(status) || WEXITSTATUS(status)) fail_msg("a writer ended with %x", (unsigned)status);
        }
        struct store *store = open_it(STORE_READ);
        assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE status = 'finished'"), CHILDREN * EACH);
        assert_int_equal(number(store, "SELECT count(*) FROM trials"), CHILDREN * EACH);
        assert_int_equal(number(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
        store_close(store);
    }
}

/* A full disk: what was begun is undone, and said to be about the disk. */
static void test_a_full_disk(void **state) {
    (void)state;
    struct store *store = open_it(STORE_WRITE);
    int64_t full = 0;
    put_run(store, &plain);
    assert_ok(store_do(store, "PRAGMA max_page_count = 20", NULL, 0)); /* below what it has: not one more */
    int rc = GW_OK;
    assert_ok(store_begin(store));
    for (int i = 0; rc == GW_OK && i < 10000; i++) {
        full = 0;
        rc = store_put_run(store, &plain, &full);
    }
    assert_int_equal(rc, GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "the disk is full"));
    store_close(store);
    store = open_it(STORE_WRITE);
    assert_int_equal(number(store, "SELECT count(*) FROM runs"), 1);
    assert_int_equal(number(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    store_close(store);
}

static bool take_number(int fd, int *last) {
    int value;
    bool any = false;
    while (read(fd, &value, sizeof value) == sizeof value) *last = value, any = true;
    return any;
}

/* Whatever a killed writer had committed is there, what it had not is not, and the next one goes on. */
static void test_killed_writers_lose_nothing(void **state) {
    (void)state;
    enum { KILLS = 40 };
    int64_t committed = 0;
    for (int k = 0; k < KILLS; k++) {
        int ends[2], status, last = 0;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            for (int i = 1;; i++) {
                write_one(k, i);
                if (write(ends[1], &i, sizeof i) != sizeof i) _exit(5);
            }
        }
        close(ends[1]);
        /* Every other one is let commit first, however busy the machine is. */
        if (k % 2) assert_int_equal(poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 20000), 1);
        nanosleep(&(struct timespec){.tv_nsec = 1000000L + (k * 7919L % 23) * 700000L}, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        take_number(ends[0], &last);
        close(ends[0]);
        struct store *store = open_it(STORE_WRITE);
        int64_t runs = number(store, "SELECT count(*) FROM runs"),
                trials = number(store, "SELECT count(*) FROM trials");
        /* One more may have been committed before its number was told. */
        if (runs < committed + last || runs > committed + last + 1)
            fail_msg("%d told, %d there", last, (int)(runs - committed));
        assert_int_equal(runs, trials);
        assert_int_equal(number(store, "SELECT count(*) FROM trial_parts"), STORE_PARTS * trials);
        assert_int_equal(number(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
        store_close(store);
        committed = runs;
    }
    assert_true(committed >= KILLS / 2); /* not all were killed before they did anything */
}

/* Writes until somebody else's end of `stop` is closed, and tells each number. */
static void write_on(int child, int stop, int tell) {
    for (int i = 1; poll(&(struct pollfd){.fd = stop, .events = POLLIN}, 1, 0) == 0; i++) {
        write_one(child, i);
        if (write(tell, &i, sizeof i) != sizeof i) _exit(5);
    }
    _exit(0);
}

/* Others are killed again and again in the middle of their writing, while one writes on: it never notices, and of nobody is
 * anything lost that was committed. */
static void test_one_writes_on_while_others_are_killed(void **state) {
    (void)state;
    enum { KILLS = 20, SURVIVOR = 1000 };
    int stop[2], told[2], status, written = 0;
    int64_t least = 0;
    assert_true(pipe(stop) == 0 && pipe(told) == 0);
    const pid_t survivor = fork();
    assert_true(survivor >= 0);
    if (survivor == 0) {
        close(stop[1]);
        write_on(SURVIVOR, stop[0], told[1]);
    }
    close(told[1]);
    for (int k = 0; k < KILLS; k++) {
        int ends[2], last = 0;
        assert_int_equal(pipe(ends), 0);
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(stop[1]);
            close(ends[0]);
            write_on(k, stop[0], ends[1]);
        }
        close(ends[1]);
        if (k % 2) assert_int_equal(poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 20000), 1);
        nanosleep(&(struct timespec){.tv_nsec = 1000000L + (k * 7919L % 23) * 700000L}, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        take_number(ends[0], &last);
        close(ends[0]);
        least += last;
    }
    close(stop[1]);
    assert_int_equal(waitpid(survivor, &status, 0), survivor);
    assert_int_equal(status, 0);
    assert_true(take_number(told[0], &written) && written > 1);
    close(stop[0]);
    close(told[0]);
    struct store *store = open_it(STORE_READ);
    const int64_t all = number(store, "SELECT count(*) FROM trials"),
                  own = number(store, "SELECT count(*) FROM trials WHERE trial LIKE '1000-%'");
    assert_int_equal(own, written);
    if (all - own < least || all - own > least + KILLS) /* each may have committed one more than it told */
        fail_msg("%d told, %d there", (int)least, (int)(all - own));
    assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE status = 'finished'"), all);
    assert_int_equal(number(store, "SELECT count(*) FROM trial_parts"), STORE_PARTS * all);
    assert_int_equal(number(store, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    store_close(store);
}

static void test_a_dead_process_is_seen(void **state) {
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *store = NULL;
        int64_t id = 0;
        if (store_open(path, STORE_WRITE, &store) < 0 || store_put_run(store, &plain, &id) < 0) _exit(2);
        _exit(0); /* without a word */
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct store *store = open_it(STORE_WRITE);
    put_run(store, &plain); /* ours, and we live */
    assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE status = 'running'"), 2);
    assert_ok(store_sweep(store));
    assert_int_equal(number(store, "SELECT group_concat(status) = 'interrupted,running' FROM runs"), 1);
    /* A later process of the same number is not the one that wrote the row. */
    assert_ok(store_do(store, "UPDATE runs SET pid_started = pid_started - 1 WHERE run_id = 2", NULL, 0));
    assert_ok(store_sweep(store));
    assert_int_equal(number(store, "SELECT count(*) FROM runs WHERE status = 'interrupted'"), 2);
    store_close(store);
}

static void test_where_it_is(void **state) {
    (void)state;
    char found[1024], want[1100];
    assert_ok(dir_make(scratch("place/run")));
    unsetenv(STORE_VARIABLE);
    assert_ok(store_place(scratch("place/run/"), found));
    assert_true(realpath(scratch("place"), want));
    strcat(want, "/" STORE_FILE);
    assert_string_equal(found, want);
    assert_ok(store_place(scratch("place/run/../run/."), found));
    assert_string_equal(found, want);
    assert_ok(store_place(NULL, found));
    assert_string_equal(found, "reports/out/" STORE_FILE);
    setenv(STORE_VARIABLE, "/else/where.db", 1);
    assert_ok(store_place(scratch("place/run"), found));
    assert_string_equal(found, "/else/where.db");
    setenv(STORE_VARIABLE, "off", 1);
    assert_ok(store_place(scratch("place/run"), found));
    assert_string_equal(found, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_new_ledger, fresh),
        cmocka_unit_test_setup(test_it_moves_forward_and_not_back, fresh),
        cmocka_unit_test_setup(test_a_foreign_file_is_left_alone, fresh),
        cmocka_unit_test_setup(test_a_trial_counts_once, fresh),
        cmocka_unit_test_setup(test_forgetting_hides_and_counts, fresh),
        cmocka_unit_test_setup(test_parts_of_those_alike, fresh),
        cmocka_unit_test_setup(test_hostile_words_are_words, fresh),
        cmocka_unit_test_setup(test_a_query_only_reads, fresh),
        cmocka_unit_test_setup(test_writers_at_once, fresh),
        cmocka_unit_test_setup(test_a_full_disk, fresh),
        cmocka_unit_test_setup(test_killed_writers_lose_nothing, fresh),
        cmocka_unit_test_setup(test_one_writes_on_while_others_are_killed, fresh),
        cmocka_unit_test_setup(test_a_dead_process_is_seen, fresh),
        cmocka_unit_test_setup(test_where_it_is, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
