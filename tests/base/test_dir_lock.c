/* Locks on folders, where the file system knows some and where a file stands for them. */
#include "test.h"

#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "engine/base/io/io.h"
#include "engine/base/io/lock_file.h"

/* In place of the C library's: the file system refuses when told to. */
static bool refuses;
int flock(int fd, int how) {
    if (!refuses) return (int)syscall(SYS_flock, fd, how);
    errno = ENOLCK;
    return -1;
}

static char dir[256], file[300];
static int setup(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/gatewalk-lock-XXXXXX");
    if (!mkdtemp(dir)) return -1;
    snprintf(file, sizeof file, "%s/" LOCK_FILE_NAME, dir);
    return 0;
}
static int teardown(void **state) {
    (void)state;
    unlink(file);
    return rmdir(dir); /* fails when anything else is left */
}

/* A process that takes the lock, says so, and keeps it until it is killed. */
static pid_t start_holder(void) {
    int pipe_fd[2];
    char said = 0;
    assert_int_equal(pipe(pipe_fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int lock = -1;
        said = dir_lock(dir, &lock) == GW_OK && lock >= 0 ? 'y' : 'n';
        if (write(pipe_fd[1], &said, 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(pipe_fd[1]);
    assert_int_equal(read(pipe_fd[0], &said, 1), 1);
    close(pipe_fd[0]);
    assert_int_equal(said, 'y');
    return pid;
}
static void end_holder(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
static void take(void) {
    int lock = -1;
    assert_int_equal(dir_lock(dir, &lock), GW_OK);
    assert_true(lock >= 0);
    assert_int_equal(dir_lock_holds(dir, lock), GW_OK);
    dir_unlock(&lock);
    assert_int_equal(lock, -1);
}
static void write_lock(const char *line) {
    FILE *stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(line, stream);
    fclose(stream);
}
/* Some file systems count whole ticks of the kernel's clock. */
static void age_lock(double seconds) {
    struct timespec now, times[2];
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec -= (time_t)seconds;
    times[0] = times[1] = now;
    assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
}

static void test_the_kernels_lock_leaves_no_file(void **state) {
    (void)state;
    int lock = -1;
    refuses = false;
    pid_t holder = start_holder();
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    assert_int_equal(access(file, F_OK), -1);
    end_holder(holder);
    take();
}

static void test_a_file_stands_for_a_lock(void **state) {
    (void)state;
    int lock = -1, other = -1;
    char want[64];
    refuses = true;
    pid_t holder = start_holder();
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    assert_int_equal(lock, -1);
    snprintf(want, sizeof want, "(process %d on ", (int)holder);
    if (!strstr(gw_error_message(), want)) fail_msg("%s", gw_error_message());
    assert_non_null(strstr(gw_error_message(), "120 s"));
    end_holder(holder);
    assert_int_equal(access(file, F_OK), 0); /* left by the kill … */
    take();                                  /* … and no hindrance: that process has ended on this machine */
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(dir_lock(dir, &lock), GW_OK);
    assert_int_equal(dir_lock(dir, &other), GW_ERR_IO); /* not twice in one process either */
    dir_unlock(&lock);
}

/* Of another machine nothing is known but its signs. */
static void test_a_lock_of_elsewhere_is_stale_after_the_time_it_says(void **state) {
    (void)state;
    int lock = -1;
    refuses = true;
    write_lock("gatewalk-lock elsewhere 0-0 1 1 1 3\n");
    age_lock(2);
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "process 1 on elsewhere"));
    age_lock(4);
    take();
    write_lock("gatewalk-lock elsewhere 0-0 1 1 1 7200\n");
    age_lock(3600);
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    /* What is no lock of ours is one for two minutes. */
    write_lock("\x1b[2Jx\n");
    age_lock(100);
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    assert_null(strchr(gw_error_message(), '\x1b'));
    age_lock(130);
    take();
}

/* Clocks that differ: whose lock is renewed lives, however old it looks or however far ahead; whose is not does not. */
static void *renew(void *age) {
    for (int i = 0; i < 10; i++) {
        age_lock(*(double *)age);
        usleep(200000);
    }
    return NULL;
}
/* What `dir_lock` has said on stderr meanwhile. */
static int lock_aloud(int *lock, char *said, size_t size) {
    int kept = dup(STDERR_FILENO), to = memfd_create("said", MFD_CLOEXEC);
    assert_true(kept >= 0 && to >= 0 && dup2(to, STDERR_FILENO) >= 0);
    int rc = dir_lock(dir, lock);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t n = pread(to, said, size - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    close(kept);
    close(to);
    return rc;
}
static void test_clocks_that_differ_do_not_matter(void **state) {
    (void)state;
    char said[2000];
    refuses = true;
    double ages[] = {86400, -86400};
    for (size_t i = 0; i < COUNT_OF(ages); i++) {
        pthread_t owner;
        int lock = -1;
        write_lock("gatewalk-lock elsewhere 0-0 1 1 1 2\n");
        age_lock(ages[i]);
        assert_int_equal(pthread_create(&owner, NULL, renew, &ages[i]), 0);
        assert_int_equal(lock_aloud(&lock, said, sizeof said), GW_ERR_IO);
        pthread_join(owner, NULL);
        if (!strstr(said, "it is watched for "))
            fail_msg("not a word while a lock is watched: %s",
                     said); /* a lock may say that it is renewed once in hours */
    }
    take(); /* nobody renews it any more */
}

/* The number of a process that has ended is another's by now. */
static void test_a_number_that_another_has_is_no_owner(void **state) {
    (void)state;
    char line[256], changed[256];
    int lock = -1;
    unsigned long long space, started;
    char host[65], boot[40];
    refuses = true;
    assert_int_equal(dir_lock(dir, &lock), GW_OK);
    FILE *stream = fopen(file, "r");
    assert_non_null(stream);
    assert_non_null(fgets(line, sizeof line, stream));
    fclose(stream);
    dir_unlock(&lock);
    assert_int_equal(sscanf(line, "gatewalk-lock %64s %39s %llu %*d %llu", host, boot, &space, &started), 4);
    snprintf(changed, sizeof changed, "gatewalk-lock %s %s %llu %d %llu 120\n", host, boot, space, (int)getppid(),
             started + 12345);
    write_lock(changed);
    take();
}

static void test_a_lock_is_renewed_and_one_that_was_taken_over_is_known(void **state) {
    (void)state;
    int lock = -1;
    struct stat before, after;
    refuses = true;
    setenv("GATEWALK_LOCK_STALE", "2", 1);
    assert_int_equal(dir_lock(dir, &lock), GW_OK);
    age_lock(1.9);
    assert_int_equal(stat(file, &before), 0);
    usleep(600000); /* two beats */
    assert_int_equal(stat(file, &after), 0);
    assert_true(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
    write_lock("gatewalk-lock elsewhere 0-0 1 1 1 60\n");
    assert_int_equal(dir_lock_holds(dir, lock), GW_ERR_IO);
    assert_non_null(strstr(gw_error_message(), "taken this folder over"));
    dir_unlock(&lock);
    assert_int_equal(access(file, F_OK), 0); /* the other's stays */
    unsetenv("GATEWALK_LOCK_STALE");
    unlink(file);
}

/* Many find the same stale lock at once: one gets it. */
static void test_one_of_many_gets_it(void **state) {
    (void)state;
    refuses = true;
    for (int round = 0; round < 20; round++) {
        enum { MANY = 8 };
        pid_t pid[MANY];
        int n = 0, go[2];
        const bool watched = round < 2; /* whose owner is known is watched first */
        write_lock(watched ? "gatewalk-lock elsewhere 0-0 1 1 1 2\n" : "of whom nothing is known\n");
        age_lock(watched ? 100 : 130);
        assert_int_equal(pipe(go), 0);
        for (int i = 0; i < MANY; i++) {
            pid[i] = fork();
            if (pid[i] != 0) continue;
            char byte;
            int lock = -1;
            close(go[1]);
            if (read(go[0], &byte, 1) < 0) _exit(2);
            int rc = dir_lock(dir, &lock);
            usleep(watched ? 600000 : 60000); /* all have tried by then */
            if (rc == GW_OK && lock >= 0 && dir_lock_holds(dir, lock) != GW_OK) _exit(3);
            dir_unlock(&lock);
            _exit(rc == GW_OK ? 0 : 1);
        }
        close(go[0]);
        close(go[1]);
        for (int i = 0; i < MANY; i++) {
            int status;
            waitpid(pid[i], &status, 0);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
            n += WEXITSTATUS(status) == 0;
        }
        assert_int_equal(n, 1);
    }
}

static void test_a_link_in_its_place_is_not_followed(void **state) {
    (void)state;
    int lock = -1;
    refuses = true;
    assert_int_equal(symlink("/tmp/gatewalk-lock-nobody-made-this", file), 0);
    assert_int_equal(dir_lock(dir, &lock), GW_ERR_IO);
    assert_int_equal(access("/tmp/gatewalk-lock-nobody-made-this", F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_kernels_lock_leaves_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_file_stands_for_a_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lock_of_elsewhere_is_stale_after_the_time_it_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_clocks_that_differ_do_not_matter, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_number_that_another_has_is_no_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_lock_is_renewed_and_one_that_was_taken_over_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_of_many_gets_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_link_in_its_place_is_not_followed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
