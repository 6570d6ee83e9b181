/* A finished run `done` to compare others with, and one line of the program as what went wrong. */
#ifndef GATEWALK_TEST_SURROUNDINGS_H
#define GATEWALK_TEST_SURROUNDINGS_H

#include "program.h"
#include "run_tree.h"

static inline void assert_same_run(const char *name) { assert_same_runs(name, "done"); }

static inline void assert_line(const struct run *run, int status, const char *part) {
    const char *line = last_line(run->err);
    if (run->status != status) fail_msg("exit %d, not %d: %s", run->status, status, run->err);
    if (strncmp(line, "gatewalk: ", 10) != 0 || !strstr(line, part)) fail_msg("does not say \"%s\": %s", part, line);
}

static inline int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    mkdir(work("nothing"), 0700);
    return 0;
}

static inline int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

#endif
