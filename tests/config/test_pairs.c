/* Every two numeric keys of the tables, each at either end of its range: a configuration that holds, and then it is written
 * with both in it; or an error that names one of the two at its value's place. A new row is paired with all others by being
 * there. Pairs of one section are all tried, of others one in a few (PAIRS=1 in the environment: all). */
#include "engine/config/config_private.h"
#include "walk/rundir.h"

enum { MOST_KEYS = 400, ENDS = 2, ONE_IN = 14 };

struct numeric {
    const char *section;
    struct gw_param_key key;
};
static struct numeric numeric[MOST_KEYS];
static size_t n_numeric, n_pairs, n_taken, n_refused;
static FILE *real; /* standard error */

static bool is_number(const struct gw_param *param) {
    return param->type == GW_PARAM_SIZE || param->type == GW_PARAM_NUMBER || param->type == GW_PARAM_SPAN;
}

static void list_keys(void) {
    for (size_t s = 0; s < config_n_sections; s++)
        for (struct gw_param_key key = {0}; gw_param_next(config_section[s].table, &key);) {
            if (!is_number(key.param)) continue;
            assert_true(n_numeric < MOST_KEYS);
            numeric[n_numeric++] = (struct numeric){config_section[s].name, key};
        }
}

/* The choice whose row declares it stands in its section; a strategy's among the contestants. */
static bool needs_row(const struct numeric *n) { return n->key.by && n->key.by->name; }
static const char *row_of(const struct numeric *n) { return gw_choice_at(n->key.by->choices, n->key.row).name; }
static bool needs_strategy(const struct numeric *n) {
    return n->key.by && !n->key.by->name && strcmp(row_of(n), "gate") != 0; /* which walks in any case */
}

/* One choice cannot be two rows. */
static bool exclude_each_other(const struct numeric *a, const struct numeric *b) {
    return needs_row(a) && needs_row(b) && a->key.by == b->key.by && a->key.row != b->key.row &&
           strcmp(a->section, b->section) == 0;
}

static size_t put_row(char *to, size_t size, const struct numeric *n) {
    return needs_row(n) ? (size_t)snprintf(to, size, ",\"%s\":\"%s\"", n->key.by->name, row_of(n)) : 0;
}

/* What the section folds cannot do without, the two keys apart. */
static size_t put_lengths(char *to, size_t size, const struct numeric *a, const struct numeric *b) {
    static const char *const length[] = {"train", "validation", "test"};
    size_t used = 0;
    for (size_t i = 0; i < COUNT_OF(length); i++)
        if (strcmp(a->key.param->name, length[i]) != 0 && strcmp(b->key.param->name, length[i]) != 0)
            used += (size_t)snprintf(to + used, size - used, ",\"%s\":90", length[i]);
    return used;
}

/* Some cannot do without a file of their own. */
static size_t put_strategy(char *to, size_t size, const struct numeric *n) {
    if (strcmp(row_of(n), "ensemble") == 0)
        return (size_t)snprintf(to, size, ",{\"name\":\"all\",\"strategy\":\"ensemble\",\"members\":\"gate\"}");
    if (strcmp(row_of(n), "script") != 0) return (size_t)snprintf(to, size, ",\"%s\"", row_of(n));
    scratch_write("own.lua", "function on_bar() end", 21);
    return (size_t)snprintf(to, size, ",{\"name\":\"own\",\"strategy\":\"script\",\"script\":\"own.lua\"}");
}

/* Line 2 begins with the first key, line 3 with the second. */
static void write_pair(const struct numeric *a, double x, const struct numeric *b, double y) {
    static const struct gw_param none = {.name = ""};
    static const struct numeric nothing = {.section = "", .key = {.param = &none}};
    char text[4096];
    bool same = strcmp(a->section, b->section) == 0;
    bool folds_a = strcmp(a->section, "folds") == 0, folds_b = strcmp(b->section, "folds") == 0;
    size_t n = (size_t)snprintf(text, sizeof text, "{\"name\":\"x\",\"data\":\"d.csv\",\"strategies\":[\"gate\"");
    if (needs_strategy(a)) n += put_strategy(text + n, sizeof text - n, a);
    if (needs_strategy(b) && !(needs_strategy(a) && a->key.row == b->key.row))
        n += put_strategy(text + n, sizeof text - n, b);
    n += (size_t)snprintf(text + n, sizeof text - n, "]");
    if (!folds_a && !folds_b)
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"folds\":{\"train\":900,\"validation\":90,\"test\":90}");
    n += (size_t)snprintf(text + n, sizeof text - n, ",\n\"%s\":{\"%s\":%.17g", a->section, a->key.param->name, x);
    if (same) {
        n += (size_t)snprintf(text + n, sizeof text - n, "\n,\"%s\":%.17g", b->key.param->name, y);
        n += put_row(text + n, sizeof text - n, a);
        if (!needs_row(a) || !needs_row(b) || a->key.by != b->key.by) n += put_row(text + n, sizeof text - n, b);
        if (folds_a) n += put_lengths(text + n, sizeof text - n, a, b);
    } else {
        n += put_row(text + n, sizeof text - n, a);
        if (folds_a) n += put_lengths(text + n, sizeof text - n, a, &nothing);
        n += (size_t)snprintf(text + n, sizeof text - n, "},\n\"%s\":{\"%s\":%.17g", b->section, b->key.param->name, y);
        n += put_row(text + n, sizeof text - n, b);
        if (folds_b) n += put_lengths(text + n, sizeof text - n, &nothing, b);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "}}");
    assert_true(n < sizeof text);
    scratch_write("pair.json", text, n);
}

static bool begins_at(size_t line, size_t column, const char *key) {
    char place[1200];
    snprintf(place, sizeof place, "%s:%zu:%zu: ", scratch("pair.json"), line, column);
    return strncmp(gw_error_message(), place, strlen(place)) == 0 && strstr(gw_error_message() + strlen(place), key);
}

static char *resolved(const struct experiment *e) {
    char *text = NULL;
    struct json_writer w = {.compact = true};
    experiment_write(e, &w, NULL);
    assert_ok(json_take_text(&w, &text, NULL));
    return text;
}

/* Both settings arrive, whatever else follows from them. */
static void judge_taken(struct experiment *e, const struct numeric *a, const struct numeric *b) {
    char *text = resolved(e), name[100];
    const struct numeric *const both[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "\"%s\":", both[i]->key.param->name);
        if (strstr(text, name)) continue;
        stderr = real;
        fail_msg("%s.%s is lost", both[i]->section, both[i]->key.param->name);
    }
    mem_free(text);
    experiment_free(e);
    n_taken++;
}

/* The rows that two keys belong to need not go together: an encoder without states and an attention. Then the row is named,
 * on their lines. */
static bool rows_clash(const struct numeric *n) {
    char line[2][1200], named[200];
    if (!needs_row(n)) return false;
    for (int i = 0; i < 2; i++) snprintf(line[i], sizeof line[i], "%s:%d:", scratch("pair.json"), i + 2);
    snprintf(named, sizeof named, "%s.%s:", n->section, n->key.by->name);
    bool there = strncmp(gw_error_message(), line[0], strlen(line[0])) == 0 ||
                 strncmp(gw_error_message(), line[1], strlen(line[1])) == 0;
    if (there && strstr(gw_error_message(), named)) return true;
    snprintf(named, sizeof named, "\"%s\"", row_of(n));
    return there && strstr(gw_error_message(), named);
}

static void judge(const struct numeric *a, double x, const struct numeric *b, double y) {
    struct experiment *e = NULL;
    write_pair(a, x, b, y);
    n_pairs++;
    int rc = experiment_load(scratch("pair.json"), NULL, &e);
    if (rc == GW_OK) {
        judge_taken(e, a, b);
        return;
    }
    const char *first = a->key.param->name, *second = b->key.param->name;
    bool same = strcmp(a->section, b->section) == 0;
    size_t column_a = strlen(a->section) + strlen(first) + 8;
    size_t column_b = same ? strlen(second) + 5 : strlen(b->section) + strlen(second) + 8;
    if (rc == GW_ERR_CONFIG && (rows_clash(a) || rows_clash(b))) return;
    if (rc != GW_ERR_CONFIG || !(begins_at(2, column_a, first) || begins_at(3, column_b, second))) {
        stderr = real;
        fail_msg("%s.%s %.17g and %s.%s %.17g: %d %s\nwant 2:%zu or 3:%zu and that key's name", a->section, first, x,
                 b->section, second, y, rc, gw_error_message(), column_a, column_b);
    }
    n_refused++;
}

static void test_every_pair(void **state) {
    (void)state;
    list_keys();
    FILE *nowhere = fopen("/dev/null", "w"); /* advice is given, too, thousands of times */
    assert_non_null(nowhere);
    real = stderr;
    stderr = nowhere;
    assert_in_range(n_numeric, 60, MOST_KEYS); /* the tables were found */
    for (size_t i = 0; i < n_numeric; i++)
        for (size_t j = i + 1; j < n_numeric; j++) {
            const struct numeric *a = &numeric[i], *b = &numeric[j];
            if (exclude_each_other(a, b)) continue;
            if (strcmp(a->section, b->section) != 0 && (i + j) % ONE_IN != 0 && !getenv("PAIRS")) continue;
            const double x[ENDS] = {a->key.param->low, a->key.param->high},
                         y[ENDS] = {b->key.param->low, b->key.param->high};
            for (size_t end = 0; end < ENDS * ENDS; end++) judge(a, x[end / ENDS], b, y[end % ENDS]);
        }
    stderr = real;
    fclose(nowhere);
    print_message("%zu keys, %zu pairs of values: %zu taken, %zu refused at their place\n", n_numeric, n_pairs, n_taken,
                  n_refused);
    assert_true(n_taken > n_pairs / 10 && n_refused > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
