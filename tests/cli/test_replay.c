/* `gatewalk replay`: what it shows of a moment stands so in the run's files and in the data. */
#include "program.h"

#include "engine/base/io/io.h"

static size_t column_of(const struct table *t, const char *name) {
    size_t column;
    assert_ok(table_column(t, name, &column));
    return column;
}

/* A bar of the middle of the walk at which the contestant put an order. */
static void test_moment(void **state) {
    (void)state;
    struct table orders, scores;
    struct run run;
    assert_ok(table_read(work("o/orders.csv"), &orders));
    assert_ok(table_read(work("o/scores.csv"), &scores));
    size_t row = 0, score = 0, n = orders.n_columns;
    while (row < orders.n_rows &&
           (strcmp(orders.cell[row * n + column_of(&orders, "strategy")], "bahdanau") != 0 || row < 40))
        row++;
    assert_true(row < orders.n_rows);
    const char *at = orders.cell[row * n + column_of(&orders, "put_time")];
    while (score < scores.n_rows &&
           (strcmp(scores.cell[score * scores.n_columns], at) != 0 ||
            strcmp(scores.cell[score * scores.n_columns + column_of(&scores, "strategy")], "bahdanau") != 0))
        score++;
    assert_true(score < scores.n_rows);
    run_fine(&run, "replay", "o", "--at", at, "--bars", "1", "--strategy", "bahdanau", "--quiet");
    assert_string_equal(run.err, "");
    char want[200];
    snprintf(want, sizeof want, "> %s  %s", scores.cell[score * scores.n_columns + 1], at); /* open_time, time */
    if (!strstr(run.out, want)) fail_msg("no \"%s\" in %s", want, run.out);
    snprintf(want, sizeof want, "known at the close, %s", at);
    assert_non_null(strstr(run.out, want));
    snprintf(want, sizeof want, "  %s  %s ", at, orders.cell[row * n + column_of(&orders, "id")]);
    if (!strstr(run.out, want)) fail_msg("no \"%s\" in %s", want, run.out);
    assert_non_null(strstr(run.out, scores.cell[score * scores.n_columns + column_of(&scores, "p_long")]));
    assert_null(strstr(run.out, "lstm"));
    run_free(&run);
    table_free(&orders);
    table_free(&scores);
}

static void test_mistakes(void **state) {
    (void)state;
    static const struct {
        const char *at, *option, *value, *says;
        int status;
    } wrong[] = {{"1999-01-01", "--bars", "1", "RW has bars from 2020-01-01T00:00:00Z to ", 2},
                 {"yesterday", "--bars", "1", "--at yesterday: is no time", 2},
                 {"2020-01-05", "--strategy", "none", "no such contestant", 2},
                 {"2020-01-05", "--symbol", "XX", "no such symbol", 2}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct run run;
        run_program(&run, "replay", "o", "--at", wrong[i].at, wrong[i].option, wrong[i].value, "--quiet");
        if (run.status != wrong[i].status || !strstr(run.err, wrong[i].says))
            fail_msg("%s: %d, %s", wrong[i].at, run.status, run.err);
        run_free(&run);
    }
    struct run run;
    run_program(&run, "replay", "o");
    assert_int_equal(run.status, 2);
    run_free(&run);
}

static int setup(void **state) {
    struct run run;
    if (program_setup(state) != 0) return -1;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_moment), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
