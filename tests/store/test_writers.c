/* The trial ledger and several processes: writers at once, writers that are killed, processes that are no more. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "store_fixture.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_writers_at_once, fresh),
        cmocka_unit_test_setup(test_killed_writers_lose_nothing, fresh),
        cmocka_unit_test_setup(test_one_writes_on_while_others_are_killed, fresh),
        cmocka_unit_test_setup(test_a_dead_process_is_seen, fresh),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
