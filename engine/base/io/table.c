/* CSV files of our own making, read back as columns of text. Anything we would not have written is an error. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

static const size_t largest_table = (size_t)1 << 30;

/* Cuts one line into at most `n` cells; returns how many it had. */
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

/* ---- row by row ----------------------------------------------------------------------------- */

/* The next line without its end; *more false after the last one. */
static int read_line(struct table_stream *s, bool *more) {
    errno = 0;
    ssize_t got = getline(&s->line, &s->capacity, s->stream);
    *more = got >= 0;
    if (got < 0 && !feof(s->stream)) FAIL(GW_ERR_IO, "%s: cannot be read: %s", s->row.path, strerror(errno));
    if (got < 0) return GW_OK;
    s->line_number++;
    size_t length = (size_t)got, bad;
    if (length > 0 && s->line[length - 1] == '\n') length--;
    if (length > 0 && s->line[length - 1] == '\r') length--;
    s->line[length] = '\0';
    if (!memchr(s->line, '\0', length) && !memchr(s->line, '"', length) && utf8_valid(s->line, length, &bad))
        return GW_OK;
    FAIL(GW_ERR_DATA, "%s:%zu: holds a quote, a zero byte or broken UTF-8: gatewalk did not write this file",
         s->row.path, s->line_number);
}

static int read_header(struct table_stream *s) {
    struct table *row = &s->row;
    bool more;
    TRY(read_line(s, &more));
    if (!more) FAIL(GW_ERR_DATA, "%s: is empty, a header line was expected", row->path);
    row->n_columns = 1;
    for (const char *at = s->line; (at = strchr(at, ',')); at++) row->n_columns++;
    row->text = mem_strdup(s->line);
    row->header = mem_calloc(row->n_columns, sizeof *row->header);
    row->cell = mem_calloc(row->n_columns, sizeof *row->cell);
    if (!row->text || !row->header || !row->cell) return GW_ERR_NOMEM;
    split_line(row->text, row->header, row->n_columns);
    for (size_t i = 0; i < row->n_columns; i++) {
        if (row->header[i][0] == '\0') FAIL(GW_ERR_DATA, "%s:1: column %zu has no name", row->path, i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(row->header[i], row->header[j]) == 0)
                FAIL(GW_ERR_DATA, "%s:1: column \"%s\" appears twice", row->path, row->header[i]);
    }
    return GW_OK;
}

int table_stream_open(const char *path, struct table_stream *s) {
    int rc = GW_OK;
    memset(s, 0, sizeof *s);
    if (!(s->row.path = mem_strdup(path))) return GW_ERR_NOMEM;
    TRY_GOTO(file_open(path, GW_ERR_IO, &s->stream), failed);
    TRY_GOTO(read_header(s), failed);
    return GW_OK;
failed:
    table_stream_close(s);
    return rc;
}

int table_stream_next(struct table_stream *s, bool *more) {
    s->row.n_rows = 0;
    TRY(read_line(s, more));
    if (!*more) return GW_OK;
    size_t found = split_line(s->line, s->row.cell, s->row.n_columns);
    if (found != s->row.n_columns)
        FAIL(GW_ERR_DATA, "%s:%zu: has %zu cells, the header has %zu: the file was damaged or cut short", s->row.path,
             s->line_number, found, s->row.n_columns);
    s->row.n_rows = 1;
    return GW_OK;
}

void table_stream_close(struct table_stream *s) {
    if (s->stream) fclose(s->stream);
    free(s->line); /* getline's own memory */
    table_free(&s->row);
    memset(s, 0, sizeof *s);
}

/* ---- the whole file ------------------------------------------------------------------------- */

/* Cells one behind the other, each with its NUL. */
struct cells {
    char *text;
    size_t used, room, n;
};

static int add_row(struct cells *cells, const struct table *row) {
    for (size_t c = 0; c < row->n_columns; c++) {
        size_t length = strlen(row->cell[c]) + 1;
        if (cells->used + length > cells->room) {
            size_t more = 2 * cells->room + length + 4096;
            char *text = mem_realloc(cells->text, more, 1);
            if (!text) return GW_ERR_NOMEM;
            cells->text = text;
            cells->room = more;
        }
        memcpy(cells->text + cells->used, row->cell[c], length);
        cells->used += length;
        cells->n++;
    }
    return GW_OK;
}

static int read_rows(struct table_stream *s, struct cells *cells) {
    bool more;
    for (;;) {
        TRY(table_stream_next(s, &more));
        if (!more) return GW_OK;
        TRY(add_row(cells, &s->row));
        if (cells->used > largest_table) FAIL(GW_ERR_IO, "%s: is too large for a table", s->row.path);
    }
}

int table_read(const char *path, struct table *table) {
    struct table_stream s;
    struct cells cells = {0};
    memset(table, 0, sizeof *table);
    TRY(table_stream_open(path, &s));
    int rc = read_rows(&s, &cells);
    char **cell = rc == GW_OK ? mem_calloc(cells.n ? cells.n : 1, sizeof *cell) : NULL;
    if (rc == GW_OK && !cell) rc = GW_ERR_NOMEM;
    if (rc == GW_OK) {
        *table = s.row; /* names and path change hands */
        memset(&s.row, 0, sizeof s.row);
        mem_free(table->cell);
        table->cell = cell;
        table->n_rows = cells.n / table->n_columns;
        table->cell_text = cells.text;
        char *at = cells.text;
        for (size_t i = 0; i < cells.n; i++, at += strlen(at) + 1) cell[i] = at;
    } else {
        mem_free(cells.text);
    }
    table_stream_close(&s);
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

size_t table_place(const struct table *table, size_t row, size_t column) {
    size_t place = 1;
    for (size_t c = 0; c < column; c++)
        for (const char *at = table->cell[row * table->n_columns + c];; at++) {
            place += ((unsigned char)*at & 0xC0) != 0x80; /* the comma counts as its end */
            if (!*at) break;
        }
    return place;
}

int table_get_number(const struct table *table, size_t row, size_t column, double *value) {
    const char *text = table->cell[row * table->n_columns + column];
    char *end;
    *value = NAN;
    if (text[0] == '\0') return GW_OK;
    double parsed = strtod(text, &end);
    if (*end != '\0' || strchr(" \t", text[0]))
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: column \"%s\": \"%.40s\" is not a number", table->path, row + 2,
             table_place(table, row, column), table->header[column], text);
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
    mem_free(table->cell_text);
    mem_free(table->path);
    memset(table, 0, sizeof *table);
}
