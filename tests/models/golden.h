/* Reads tests/golden/models.txt and stream.txt: sections of named number arrays, made by make_models.py and
 * make_stream.py. */
#ifndef GATEWALK_TESTS_GOLDEN_H
#define GATEWALK_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stdlib.h>

#include "test.h"

enum { ARRAYS_MAX = 128 };

struct golden_array {
    char kind[24], name[40];
    size_t rows, columns;
    double *value;
};

struct golden {
    char kind[24], name[64];         /* "case", "bahdanau combine" */
    char config[512], loss_name[24]; /* "encoder=lstm attention=…" */
    double loss[8];                  /* pos_weight gamma alpha beta, lambda [gate][class] */
    size_t n;
    struct golden_array array[ARRAYS_MAX];
};

static inline FILE *golden_open_at(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s cannot be read: run the tests from the root of the repository", path);
    return file;
}
static inline FILE *golden_open(void) { return golden_open_at("tests/golden/models.txt"); }

static inline void golden_free(struct golden *golden) {
    for (size_t i = 0; i < golden->n; i++) free(golden->array[i].value);
    memset(golden, 0, sizeof *golden);
}

static inline void golden_read_array(struct golden *golden, char *line) {
    struct golden_array *array = &golden->array[golden->n++];
    int used = 0;
    assert_true(golden->n < ARRAYS_MAX);
    assert_int_equal(
        sscanf(line, "%23s %39s %zu %zu%n", array->kind, array->name, &array->rows, &array->columns, &used), 4);
    array->value = calloc(array->rows * array->columns, sizeof(double));
    assert_non_null(array->value);
    char *at = line + used;
    for (size_t i = 0; i < array->rows * array->columns; i++) {
        char *end;
        array->value[i] = strtod(at, &end);
        assert_true(end != at);
        at = end;
    }
}

/* The next section; false at the end of the file. */
static inline bool golden_next(FILE *file, struct golden *golden) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    memset(golden, 0, sizeof *golden);
    while ((length = getline(&line, &size, file)) > 0) {
        line[length - 1] = '\0';
        if (line[0] == '#') continue;
        if (strcmp(line, "end") == 0) break;
        if (golden->kind[0] == '\0') {
            sscanf(line, "%23s %63[^\n]", golden->kind, golden->name);
        } else if (strncmp(line, "config ", 7) == 0) {
            snprintf(golden->config, sizeof golden->config, "%s", line + 6);
        } else if (strncmp(line, "loss ", 5) == 0) {
            double *v = golden->loss;
            assert_int_equal(sscanf(line, "loss %23s %lf %lf %lf %lf %lf %lf %lf %lf", golden->loss_name, v, v + 1,
                                    v + 2, v + 3, v + 4, v + 5, v + 6, v + 7),
                             9);
        } else {
            golden_read_array(golden, line);
        }
    }
    free(line);
    return length > 0;
}

/* NULL when the section has no such array. */
static inline const struct golden_array *golden_find(const struct golden *golden, const char *kind, const char *name) {
    for (size_t i = 0; i < golden->n; i++)
        if (strcmp(golden->array[i].kind, kind) == 0 && strcmp(golden->array[i].name, name) == 0)
            return &golden->array[i];
    return NULL;
}

static inline const struct golden_array *golden_get(const struct golden *golden, const char *kind, const char *name) {
    const struct golden_array *array = golden_find(golden, kind, name);
    if (!array) fail_msg("%s: no %s %s", golden->name, kind, name);
    return array;
}

/* Value of "key=…" in the config line. */
static inline void golden_text(const struct golden *golden, const char *key, char out[24]) {
    char pattern[32];
    snprintf(pattern, sizeof pattern, " %s=", key);
    const char *at = strstr(golden->config, pattern);
    if (!at) fail_msg("%s: no %s", golden->name, key);
    sscanf(at + strlen(pattern), "%23s", out);
}

static inline size_t golden_size(const struct golden *golden, const char *key) {
    char text[24];
    golden_text(golden, key, text);
    return (size_t)strtoul(text, NULL, 10);
}

#endif
