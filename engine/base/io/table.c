/* CSV files of our own making, read back as columns of text. Anything we would not have written is an error. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

static const size_t largest_table = (size_t)1 << 30;

static size_t count_char(const char *text, size_t length, char c) {
    size_t n = 0;
    for (size_t i = 0; i < length; i++) n += text[i] == c;
    return n;
}

/* Cuts one line into exactly `n` cells; returns how many it had. */
static size_t split_line(char *line, char **cells, size_t n) {
    size_t found = 0;
    for (char *at = line;; at++) {
        if (found < n) cells[found] = at;
        found++;
        at += strcspn(at, ",");
        if (*at == '\0') return found;
        *at = '\0';
    }
}

/* Ends the line at *at with a NUL (and drops a CR); *at moves to the next one. */
static char *take_line(char **at) {
    char *line = *at;
    size_t length = strcspn(line, "\n");
    *at = line + length + (line[length] == '\n');
    if (length > 0 && line[length - 1] == '\r') length--;
    line[length] = '\0';
    return line;
}

static int check_text(const char *path, const char *text, size_t length) {
    size_t bad;
    if (length == 0) FAIL(GW_ERR_DATA, "%s: is empty, a header line was expected", path);
    const char *foreign = memchr(text, '\0', length);
    if (!foreign) foreign = memchr(text, '"', length);
    if (!foreign && !utf8_valid(text, length, &bad)) foreign = text + bad;
    if (!foreign) return GW_OK;
    FAIL(GW_ERR_DATA, "%s:%zu: holds a quote, a zero byte or broken UTF-8: gatewalk did not write this file", path,
         1 + count_char(text, (size_t)(foreign - text), '\n'));
}

static int read_header(struct table *table, char **at) {
    char *line = take_line(at);
    table->n_columns = 1 + count_char(line, strlen(line), ',');
    table->header = mem_calloc(table->n_columns, sizeof *table->header);
    if (!table->header) return GW_ERR_NOMEM;
    split_line(line, table->header, table->n_columns);
    for (size_t i = 0; i < table->n_columns; i++) {
        if (table->header[i][0] == '\0') FAIL(GW_ERR_DATA, "%s:1: column %zu has no name", table->path, i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(table->header[i], table->header[j]) == 0)
                FAIL(GW_ERR_DATA, "%s:1: column \"%s\" appears twice", table->path, table->header[i]);
    }
    return GW_OK;
}

static int read_rows(struct table *table, char *at) {
    size_t most = count_char(at, strlen(at), '\n') + 1;
    table->cell = mem_calloc(most, table->n_columns * sizeof *table->cell);
    if (!table->cell) return GW_ERR_NOMEM;
    while (*at) {
        char *line = take_line(&at);
        size_t found = split_line(line, table->cell + table->n_rows * table->n_columns, table->n_columns);
        if (found != table->n_columns)
            FAIL(GW_ERR_DATA, "%s:%zu: has %zu cells, the header has %zu: the file was damaged or cut short",
                 table->path, table->n_rows + 2, found, table->n_columns);
        table->n_rows++;
    }
    return GW_OK;
}

int table_read(const char *path, struct table *table) {
    size_t length;
    int rc;
    memset(table, 0, sizeof *table);
    TRY(file_read_all(path, largest_table, GW_ERR_IO, &table->text, &length));
    TRY_GOTO(check_text(path, table->text, length), failed);
    table->path = mem_strdup(path);
    if (!table->path) {
        rc = GW_ERR_NOMEM;
        goto failed;
    }
    char *at = table->text;
    TRY_GOTO(read_header(table, &at), failed);
    TRY_GOTO(read_rows(table, at), failed);
    return GW_OK;
failed:
    table_free(table);
    return rc;
}

int table_column(const struct table *table, const char *name, size_t *column) {
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->header[i], name) != 0) continue;
        *column = i;
        return GW_OK;
    }
    const char *near = nearest_word(name, (const char *const *)table->header, table->n_columns);
    FAIL(GW_ERR_DATA, "%s: has no column \"%s\"%s%s%s", table->path, name, near ? "; the nearest is \"" : "",
         near ? near : "", near ? "\"" : "");
}

int table_get_number(const struct table *table, size_t row, size_t column, double *value) {
    const char *text = table->cell[row * table->n_columns + column];
    char *end;
    *value = NAN;
    if (text[0] == '\0') return GW_OK;
    double parsed = strtod(text, &end);
    if (*end != '\0' || strchr(" \t", text[0]))
        FAIL(GW_ERR_DATA, "%s:%zu: column \"%s\": \"%.40s\" is not a number", table->path, row + 2,
             table->header[column], text);
    *value = parsed;
    return GW_OK;
}

double table_number(const struct table *table, size_t row, size_t column) {
    double value;
    return table_get_number(table, row, column, &value) == GW_OK ? value : NAN;
}

void table_free(struct table *table) {
    mem_free(table->header);
    mem_free(table->cell);
    mem_free(table->text);
    mem_free(table->path);
    memset(table, 0, sizeof *table);
}
