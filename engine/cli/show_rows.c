/* Texts in the ledger are a user's or somebody else's: what goes to the terminal is cleaned. */
#include "show_rows.h"

#include <stdlib.h>
#include <string.h>

#include "show_run.h"

enum { CELL_MOST = 48 };

void rows_begin(struct shown_rows *rows, const struct shown_column *column, size_t n, struct json_writer *json,
                const char *json_key) {
    *rows = (struct shown_rows){.column = column, .n_columns = n, .json = json, .json_key = json_key};
    text_table_begin(&rows->table, &rows->arena);
    for (size_t i = 0; i < n; i++)
        text_table_column(&rows->table, column[i].heading, column[i].digits < 0, column[i].priority);
    if (json) json_begin_array(json, json_key);
}

void rows_put_members(struct json_writer *w, const struct store_row *row) {
    for (size_t i = 0; i < row->n; i++) {
        if (row->kind[i] == STORE_INTEGER)
            json_put_int(w, row->name[i], strtoll(row->value[i], NULL, 10));
        else if (row->kind[i] == STORE_REAL)
            json_put_number(w, row->name[i], strtod(row->value[i], NULL));
        else
            json_put_string(w, row->name[i], row->kind[i] == STORE_NULL ? NULL : row->value[i]);
    }
}

/* The query's own columns; the heading must live as long as the table. */
static int name_columns(struct shown_rows *rows, const struct store_row *row) {
    if (row->n > TEXT_COLUMNS_MAX)
        FAIL(GW_ERR_USAGE, "%zu columns are more than a table has (%d); ask for fewer, or give --csv or --json", row->n,
             (int)TEXT_COLUMNS_MAX);
    for (size_t i = 0; i < row->n; i++) {
        char *heading = arena_strdup(&rows->arena, row->name[i]);
        if (!heading) return GW_ERR_NOMEM;
        text_table_column(&rows->table, text_clean(heading), row->kind[i] == STORE_TEXT, (int)i);
    }
    return GW_OK;
}

static size_t column_of(const struct store_row *row, const char *name) {
    for (size_t i = 0; i < row->n; i++)
        if (strcmp(row->name[i], name) == 0) return i;
    return SIZE_MAX;
}

static int put_cell(struct shown_rows *rows, size_t column, const struct store_row *row, size_t i,
                    const struct shown_column *how) {
    if (i == SIZE_MAX || row->kind[i] == STORE_NULL) return text_table_cell(&rows->table, column, "%s", "");
    double value = strtod(row->value[i], NULL);
    if (how && how->digits >= 0) return text_table_cell(&rows->table, column, "%.*f", how->digits, value * how->times);
    if (row->kind[i] == STORE_REAL) return text_table_cell(&rows->table, column, "%.6g", value);
    const size_t most = how ? how->most : CELL_MOST;
    const char *shown = CLI_SHOWN(row->value[i]), *end = shown;
    for (size_t n = 0; *end && (most == 0 || n < most); n++) {
        do end++;
        while (((unsigned char)*end & 0xC0) == 0x80);
    }
    return text_table_cell(&rows->table, column, "%.*s%s", (int)(end - shown), shown, *end && most > 20 ? "…" : "");
}

static void put_quoted(const char *text) {
    for (const char *c = text; *c; c++) {
        if (*c == '"') putchar('"');
        putchar(*c);
    }
}

/* A cell as RFC 4180 has it, of any length: lines stay lines. An empty text stands in quotes, so that it is not taken for no
 * value. */
static int print_text_cell(struct shown_rows *rows, const char *text) {
    if (*text && !text[strcspn(text, ",\"\r\n")]) {
        char *copy = arena_strdup(&rows->arena, text);
        if (!copy) return GW_ERR_NOMEM;
        fputs(text_clean(copy), stdout);
        return GW_OK;
    }
    char *line = arena_strdup(&rows->arena, text);
    if (!line) return GW_ERR_NOMEM;
    putchar('"');
    for (;;) {
        char *end = line + strcspn(line, "\n\t"), kept = *end;
        *end = '\0';
        put_quoted(text_clean(line));
        if (!kept) break;
        putchar(kept);
        line = end + 1;
    }
    putchar('"');
    return GW_OK;
}

static int print_csv(struct shown_rows *rows, const struct store_row *row) {
    for (size_t i = 0; rows->n_rows == 0 && i < row->n; i++) {
        if (i) putchar(',');
        TRY(print_text_cell(rows, row->name[i]));
    }
    if (rows->n_rows++ == 0) putchar('\n');
    for (size_t i = 0; i < row->n; i++) {
        if (i) putchar(',');
        if (row->kind[i] == STORE_TEXT)
            TRY(print_text_cell(rows, row->value[i]));
        else if (row->kind[i] != STORE_NULL)
            fputs(row->value[i], stdout);
    }
    putchar('\n');
    arena_free(&rows->arena);
    return interrupt_check();
}

static int on_row(void *context, const struct store_row *row) {
    struct shown_rows *rows = context;
    if (rows->json) {
        json_begin_object(rows->json, NULL);
        rows_put_members(rows->json, row);
        json_end_object(rows->json);
        rows->n_rows++;
        return interrupt_check();
    }
    if (rows->csv) return print_csv(rows, row);
    if (rows->n_rows++ == 0 && !rows->column) TRY(name_columns(rows, row));
    TRY(text_table_row(&rows->table));
    const size_t n = rows->column ? rows->n_columns : row->n;
    for (size_t i = 0; i < n; i++) {
        const struct shown_column *how = rows->column ? &rows->column[i] : NULL;
        TRY(put_cell(rows, i, row, how ? column_of(row, how->name) : i, how));
    }
    return interrupt_check();
}

struct store_reader rows_reader(struct shown_rows *rows) {
    return (struct store_reader){on_row, rows};
}

int rows_end(struct shown_rows *rows, int rc, const char *none) {
    if (rc == GW_OK && rows->json) json_end_array(rows->json);
    const bool table = !rows->json && !rows->csv;
    if (rc == GW_OK && table && rows->n_rows) rc = text_table_print(&rows->table, stdout, terminal_width(80));
    if (rc == GW_OK && table && !rows->n_rows) printf("%s\n", none);
    arena_free(&rows->arena);
    return rc;
}
