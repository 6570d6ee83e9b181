/* The trial ledger by itself: versions, trials once each, what is forgotten, hostile words, a full disk. */
#include <math.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store_fixture.h"

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
        cmocka_unit_test_setup(test_a_full_disk, fresh),
        cmocka_unit_test_setup(test_where_it_is, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
