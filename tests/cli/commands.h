/* Tests of commands: each leaves the folders o and p, which are gone before the next. */
#ifndef GATEWALK_TEST_COMMANDS_H
#define GATEWALK_TEST_COMMANDS_H

#include "program.h"
#include "run_tree.h"

static inline int setup_an_experiment(void **state) {
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    return 0;
}

/* With a run of two models in `done`. */
static inline int setup_a_run(void **state) {
    if (setup_an_experiment(state) != 0) return -1;
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

static inline int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    remove_tree(work("p"));
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

#endif
