/* The stored line: cleaned, bounded, one per thread. */
#include "engine/base/base.h"
#include "test.h"

#include <pthread.h>

static void stores_and_prefixes(void **state) {
    (void)state;
    assert_int_equal(gw_error_set(GW_ERR_DATA, "row %d is %s", 7, "bad"), GW_ERR_DATA);
    assert_string_equal(gw_error_message(), "row 7 is bad");
    assert_int_equal(gw_error_prefix(GW_ERR_CONFIG, "x.json:%d", 3), GW_ERR_CONFIG);
    assert_string_equal(gw_error_message(), "x.json:3: row 7 is bad");
    gw_error_set(GW_ERR_IO, "again: %s", gw_error_message()); /* the argument is the buffer itself */
    assert_string_equal(gw_error_message(), "again: x.json:3: row 7 is bad");
    gw_error_adopt(NULL);
    assert_string_equal(gw_error_message(), "");
    gw_error_adopt("from a\nworker");
    assert_string_equal(gw_error_message(), "from a?worker");
}

static void cleans_hostile_text(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"a\nb\rc\td", "a?b?c?d"},
        {"\033[31mred\033[0m\x7f", "?[31mred?[0m?"},
        {"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"\xC3(", "?("},
        {"\xE2\x82", "??"},
        {"\xC0\xAF\xED\xA0\x80\xF5\x80\x80\x80\xFF", "??????????"},
        {"\xC2\x9B"
         "31m",
         "?31m"}, /* the one-character CSI */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gw_error_set(GW_ERR_DATA, "%s", rows[i].in);
        assert_string_equal(gw_error_message(), rows[i].out);
    }
}

static void is_bounded(void **state) {
    (void)state;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    gw_error_set(GW_ERR_DATA, "%s", text);
    assert_int_equal(strlen(gw_error_message()), 1023);
    assert_string_equal(gw_error_message() + 1020, "...");
    gw_error_prefix(GW_ERR_DATA, "%s", text);
    assert_int_equal(strlen(gw_error_message()), 1023);
    text[1023] = '\0'; /* the longest that fits is kept whole */
    gw_error_set(GW_ERR_DATA, "%s", text);
    assert_string_equal(gw_error_message(), text);
    for (size_t shift = 0; shift < 4; shift++) { /* no character is cut in two */
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4) memcpy(text + i, "\xF0\x9F\x98\x80", 5);
        gw_error_set(GW_ERR_DATA, "%s", text);
        assert_null(strchr(gw_error_message(), '?'));
        assert_in_range(strlen(gw_error_message()), 1018, 1023);
    }
}

static void *other_thread(void *got) {
    int empty = gw_error_message()[0] == '\0';
    gw_error_set(GW_ERR_IO, "from the other thread");
    *(int *)got = empty;
    return NULL;
}

static void belongs_to_a_thread(void **state) {
    (void)state;
    pthread_t thread;
    int was_empty = 0;
    gw_error_set(GW_ERR_DATA, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &was_empty), 0);
    pthread_join(thread, NULL);
    assert_true(was_empty);
    assert_string_equal(gw_error_message(), "mine");
}

static int try_twice(int first, int second, int *steps) {
    int rc;
    TRY(first);
    ++*steps;
    TRY_GOTO(second, out);
    ++*steps;
out:
    return rc;
}

static void forwards(void **state) {
    (void)state;
    int steps = 0;
    assert_int_equal(try_twice(GW_ERR_IO, GW_OK, &steps), GW_ERR_IO);
    assert_int_equal(steps, 0);
    assert_int_equal(try_twice(GW_OK, GW_ERR_DATA, &steps), GW_ERR_DATA);
    assert_int_equal(steps, 1);
    assert_int_equal(try_twice(GW_OK, 5, &steps), 5); /* positive results are results */
    assert_int_equal(steps, 3);
}

static void exit_codes(void **state) {
    (void)state;
    static const int rows[][2] = {{GW_OK, 0},        {4, 0},
                                  {GW_ERR_USAGE, 2}, {GW_ERR_CONFIG, 2},
                                  {GW_ERR_DATA, 3},  {GW_ERR_IO, 1},
                                  {GW_ERR_NOMEM, 1}, {GW_ERR_INTERRUPTED, 1},
                                  {GW_ERR_TOOL, 1},  {GW_ERR_INTERNAL, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(gw_error_exit_code(rows[i][0]), rows[i][1]);
}

/* Threads fail in whatever order; what is told is the same. */
static void tells_the_first_of_parallel_failures(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct failure failure = {.code = GW_OK};
        assert_false(atomic_load(&failure.any));
        assert_int_equal(failure_tell(&failure), GW_OK);
#pragma omp parallel for num_threads(4) schedule(dynamic, 1)
        for (int i = 63; i >= 7; i--)
            failure_note(&failure, (size_t)i, gw_error_set(i % 2 ? GW_ERR_IO : GW_ERR_DATA, "part %d", i));
        gw_error_set(GW_ERR_TOOL, "something else");
        assert_true(atomic_load(&failure.any));
        assert_int_equal(failure_tell(&failure), GW_ERR_IO);
        assert_int_equal(failure.at, 7);
        assert_string_equal(gw_error_message(), "part 7");
    }
}

/* Work that was interrupted goes on later: no failure that came of it takes its place, and it takes that of none before it. */
static void an_interruption_stays(void **state) {
    (void)state;
    struct failure failure = {.code = GW_OK};
    failure_note(&failure, 9, gw_error_set(GW_ERR_INTERRUPTED, "interrupted"));
    failure_note(&failure, 2, gw_error_set(GW_ERR_IO, "half a file"));
    assert_int_equal(failure_tell(&failure), GW_ERR_INTERRUPTED);
    assert_string_equal(gw_error_message(), "interrupted");
    struct failure other = {.code = GW_OK};
    failure_note(&other, 2, gw_error_set(GW_ERR_IO, "no room"));
    failure_note(&other, 9, gw_error_set(GW_ERR_INTERRUPTED, "interrupted"));
    assert_int_equal(failure_tell(&other), GW_ERR_IO);
    assert_string_equal(gw_error_message(), "no room");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_and_prefixes),
        cmocka_unit_test(cleans_hostile_text),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(belongs_to_a_thread),
        cmocka_unit_test(forwards),
        cmocka_unit_test(exit_codes),
        cmocka_unit_test(tells_the_first_of_parallel_failures),
        cmocka_unit_test(an_interruption_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
