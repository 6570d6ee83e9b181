/* Reader of the golden files that make_metrics.py writes: cases with named arrays and expected values. */
#ifndef GATEWALK_TEST_SCORE_GOLDEN_H
#define GATEWALK_TEST_SCORE_GOLDEN_H

#include <stdlib.h>

#include "engine/base/base.h"
#include "test.h"

enum { GOLDEN_CASES = 32, GOLDEN_ARRAYS = 24, GOLDEN_EXPECTS = 128 };

struct golden_array {
    char name[48];
    size_t n;
    double *value;
};
struct golden_expect {
    char name[48];
    double k, value;
};
struct golden_case {
    char name[48];
    size_t n_arrays, n_expects;
    struct golden_array array[GOLDEN_ARRAYS];
    struct golden_expect expect[GOLDEN_EXPECTS];
};
struct golden {
    size_t n_cases;
    struct golden_case *cases;
};

static inline double golden_number(FILE *file) {
    char word[64], *end;
    if (fscanf(file, "%63s", word) != 1) fail_msg("golden file ends in the middle");
    double value = strtod(word, &end);
    if (*end) fail_msg("golden file: '%s' is not a number", word);
    return value;
}

static inline void golden_read_array(FILE *file, struct golden_case *in) {
    struct golden_array *array = &in->array[in->n_arrays++];
    assert_true(in->n_arrays <= GOLDEN_ARRAYS);
    assert_int_equal(fscanf(file, "%47s %zu", array->name, &array->n), 2);
    array->value = calloc(array->n + 1, sizeof *array->value);
    assert_non_null(array->value);
    for (size_t i = 0; i < array->n; i++) array->value[i] = golden_number(file);
}

static inline void golden_read(const char *path, struct golden *golden) {
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s: cannot open; tests run from the root of the repository", path);
    golden->n_cases = 0;
    golden->cases = calloc(GOLDEN_CASES, sizeof *golden->cases);
    assert_non_null(golden->cases);
    struct golden_case *now = NULL;
    char word[64];
    while (fscanf(file, "%63s", word) == 1) {
        if (word[0] == '#') {
            if (fscanf(file, "%*[^\n]") < 0) break;
        } else if (!strcmp(word, "case")) {
            assert_true(golden->n_cases < GOLDEN_CASES);
            now = &golden->cases[golden->n_cases++];
            assert_int_equal(fscanf(file, "%47s", now->name), 1);
        } else if (!strcmp(word, "array")) {
            assert_non_null(now);
            golden_read_array(file, now);
        } else {
            assert_string_equal(word, "expect");
            assert_non_null(now);
            struct golden_expect *expect = &now->expect[now->n_expects++];
            assert_true(now->n_expects <= GOLDEN_EXPECTS);
            assert_int_equal(fscanf(file, "%47s", expect->name), 1);
            expect->k = golden_number(file);
            expect->value = golden_number(file);
        }
    }
    fclose(file);
    assert_true(golden->n_cases > 0);
}

static inline void golden_free(struct golden *golden) {
    for (size_t c = 0; c < golden->n_cases; c++)
        for (size_t a = 0; a < golden->cases[c].n_arrays; a++) free(golden->cases[c].array[a].value);
    free(golden->cases);
}

static inline const struct golden_array *golden_find(const struct golden_case *in, const char *name) {
    for (size_t a = 0; a < in->n_arrays; a++)
        if (!strcmp(in->array[a].name, name)) return &in->array[a];
    return NULL;
}

static inline const struct golden_array *golden_get(const struct golden_case *in, const char *name) {
    const struct golden_array *array = golden_find(in, name);
    if (!array) fail_msg("case %s has no array %s", in->name, name);
    return array;
}

static inline double golden_want(const struct golden_case *in, const char *name) {
    for (size_t e = 0; e < in->n_expects; e++)
        if (!strcmp(in->expect[e].name, name)) return in->expect[e].value;
    fail_msg("case %s expects no %s", in->name, name);
    return NAN;
}

#endif
