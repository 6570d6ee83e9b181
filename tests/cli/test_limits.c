/* Little memory, few threads, no OpenBLAS: what needs none of them works, and what does says so in one line. */
#include "program.h"
#include "run_tree.h"

/* Sanitizers map terabytes. */
#if defined(__SANITIZE_ADDRESS__)
#define NEEDS_LIMITS()                                                                                                 \
    (void)state;                                                                                                       \
    skip()
#else
#define NEEDS_LIMITS() (void)state
#endif

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet", "--jobs", "2");
    run_free(&run);
    return 0;
}

static void assert_one_line(const struct run *run, int status, const char *part) {
    if (run->status != status) fail_msg("exit %d, not %d: %s", run->status, status, run->err);
    if (strncmp(run->err, "gatewalk: ", 10) != 0 || count_lines(run->err) != 1 || !strstr(run->err, part))
        fail_msg("not one line that says \"%s\": %s", part, run->err);
}

/* A program that maps a BLAS it does not use, or starts threads for it, needs more or waits for ever at its end. */
static void test_little_address_space(void **state) {
    NEEDS_LIMITS();
    static const char *const commands[][MAX_ARGS] = {{"--version"}, {"list", "models"}, {"inspect", "rw.csv"}};
    static const size_t limits_kb[] = {60000, 92000, 150000, 220000};
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        for (size_t j = 0; j < COUNT_OF(limits_kb); j++) {
            struct run run;
            double begun = now_seconds();
            run_how(&run, &(struct how){.address_space_kb = limits_kb[j], .seconds = 20}, commands[i]);
            double took = now_seconds() - begun;
            if (run.status != 0 || run.n_err != 0 || run.n_out == 0)
                fail_msg("%s within %zu KB: exit %d: %s", commands[i][0], limits_kb[j], run.status, run.err);
            if (took > 1) fail_msg("%s within %zu KB took %.1f s", commands[i][0], limits_kb[j], took);
            run_free(&run);
        }
}

static void test_openblas_is_missing(void **state) {
    (void)state;
    struct run run;
    setenv("GATEWALK_OPENBLAS", "/nowhere/libopenblas.so", 1);
    run_program(&run, "run", "small.json", "--out", "o", "--no-report", "--kernels", "openblas");
    assert_one_line(&run, 2, "OpenBLAS cannot be loaded (/nowhere/libopenblas.so");
    assert_false(is_there("o"));
    run_free(&run);
    run_fine(&run, "list", "kernels");
    assert_non_null(strstr(run.out, "openblas   OpenBLAS cannot be loaded\n"));
    run_free(&run);
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_same_runs("o", "done");
    run_free(&run);
    /* A library without the functions is none either. */
    setenv("GATEWALK_OPENBLAS", "libz.so.1", 1);
    run_program(&run, "bench", "gemm", "--kernels", "openblas");
    assert_one_line(&run, 2, "libz.so.1 is there, but is no OpenBLAS");
    run_free(&run);
    unsetenv("GATEWALK_OPENBLAS");
}

/* OpenBLAS without room for its buffers waits for ever. */
static void test_openblas_without_room(void **state) {
    NEEDS_LIMITS();
    struct run run;
    run_how(&run, &(struct how){.address_space_kb = 150000, .seconds = 20},
            (const char *const[MAX_ARGS]){"run", "small.json", "--out", "o", "--kernels", "openblas"});
    assert_one_line(&run, 2, "address space");
    run_free(&run);
}

static bool has_openblas(void) {
    struct run run;
    run_fine(&run, "list", "kernels");
    bool has = strstr(run.out, "openblas   available") != NULL;
    run_free(&run);
    if (!has) print_message("skip: OpenBLAS is not installed\n");
    return has;
}

/* Asked for by name it works, and like every set it gives the same bytes for any number of threads. */
static void test_openblas_and_threads(void **state) {
    (void)state;
    struct run run;
    if (!has_openblas()) skip();
    run_fine(&run, "run", "small.json", "--out", "one", "--no-report", "--quiet", "--kernels", "openblas", "--jobs",
             "1");
    run_free(&run);
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--kernels", "openblas", "--jobs", "3");
    assert_same_runs("o", "one");
    run_free(&run);
}

/* 64 stacks of 8 MB do not fit: fewer threads do the same work, and libgomp has nothing to say. */
static void test_too_many_threads(void **state) {
    NEEDS_LIMITS();
    struct run run;
    run_how(&run, &(struct how){.address_space_kb = 500000},
            (const char *const[MAX_ARGS]){"run", "small.json", "--out", "o", "--no-report", "--quiet", "--jobs", "64"});
    if (run.status != 0 || strstr(run.err, "libgomp")) fail_msg("exit %d: %s", run.status, run.err);
    if (!strstr(run.err, "of 64 threads can be started")) fail_msg("does not say it: %s", run.err);
    assert_same_runs("o", "done");
    run_free(&run);
}

static int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    return 0;
}
#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_little_address_space), TEST(test_openblas_is_missing), TEST(test_openblas_without_room),
        TEST(test_openblas_and_threads), TEST(test_too_many_threads),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
