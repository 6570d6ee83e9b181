/* The stored line: cleaned, bounded, one per thread. */
#include "test.h"

#include <pthread.h>

static void stores_and_prefixes(void **state) {
    (void)state;
    assert_int_equal(error_set(ERR_DATA, "row %d is %s", 7, "bad"), ERR_DATA);
    assert_string_equal(error_message(), "row 7 is bad");
    assert_int_equal(error_prefix(ERR_CONFIG, "x.json:%d", 3), ERR_CONFIG);
    assert_string_equal(error_message(), "x.json:3: row 7 is bad");
    error_set(ERR_IO, "again: %s", error_message()); /* the argument is the buffer itself */
    assert_string_equal(error_message(), "again: x.json:3: row 7 is bad");
    error_adopt(NULL);
    assert_string_equal(error_message(), "");
    error_adopt("from a\nworker");
    assert_string_equal(error_message(), "from a?worker");
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
        error_set(ERR_DATA, "%s", rows[i].in);
        assert_string_equal(error_message(), rows[i].out);
    }
}

static void is_bounded(void **state) {
    (void)state;
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    error_set(ERR_DATA, "%s", text);
    assert_int_equal(strlen(error_message()), 1023);
    assert_string_equal(error_message() + 1020, "...");
    error_prefix(ERR_DATA, "%s", text);
    assert_int_equal(strlen(error_message()), 1023);
    text[1023] = '\0'; /* the longest that fits is kept whole */
    error_set(ERR_DATA, "%s", text);
    assert_string_equal(error_message(), text);
    for (size_t shift = 0; shift < 4; shift++) { /* no character is cut in two */
        memset(text, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 4) memcpy(text + i, "\xF0\x9F\x98\x80", 5);
        error_set(ERR_DATA, "%s", text);
        assert_null(strchr(error_message(), '?'));
        assert_in_range(strlen(error_message()), 1018, 1023);
    }
}

static void *other_thread(void *got) {
    int empty = error_message()[0] == '\0';
    error_set(ERR_IO, "from the other thread");
    *(int *)got = empty;
    return NULL;
}

static void belongs_to_a_thread(void **state) {
    (void)state;
    pthread_t thread;
    int was_empty = 0;
    error_set(ERR_DATA, "mine");
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &was_empty), 0);
    pthread_join(thread, NULL);
    assert_true(was_empty);
    assert_string_equal(error_message(), "mine");
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
    assert_int_equal(try_twice(ERR_IO, OK, &steps), ERR_IO);
    assert_int_equal(steps, 0);
    assert_int_equal(try_twice(OK, ERR_DATA, &steps), ERR_DATA);
    assert_int_equal(steps, 1);
    assert_int_equal(try_twice(OK, 5, &steps), 5); /* positive results are results */
    assert_int_equal(steps, 3);
}

static void exit_codes(void **state) {
    (void)state;
    static const int rows[][2] = {{OK, 0},       {4, 0},           {ERR_USAGE, 2}, {ERR_CONFIG, 2},
                                  {ERR_DATA, 3}, {ERR_IO, 1},      {ERR_NOMEM, 1}, {ERR_INTERRUPTED, 1},
                                  {ERR_TOOL, 1}, {ERR_INTERNAL, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_int_equal(error_exit_code(rows[i][0]), rows[i][1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_and_prefixes),
        cmocka_unit_test(cleans_hostile_text),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(belongs_to_a_thread),
        cmocka_unit_test(forwards),
        cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
