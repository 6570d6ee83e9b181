/* Rows of the trial ledger as a table on the terminal, as JSON or as CSV. */
#ifndef GATEWALK_CLI_SHOW_ROWS_H
#define GATEWALK_CLI_SHOW_ROWS_H

#include "cli.h"
#include "engine/base/json.h"
#include "engine/store/store.h"
#include "reports/text/text_table.h"

/* A column of the rows as a table shows it. */
struct shown_column {
    const char *name, *heading; /* of the row's column; above the table's */
    int priority;               /* text_table's: the largest goes first where there is no room */
    double times;               /* numbers are shown times this … */
    int digits;                 /* … with so many after the point; -1: as they are */
    size_t most;                /* characters of a text that are shown; 0: all */
};
/* Collects the rows of a query; columns NULL: all the query has, the first the most important. */
struct shown_rows {
    const struct shown_column *column;
    size_t n_columns;
    const char *json_key;     /* of the list, within an object */
    struct json_writer *json; /* NULL: a table, or … */
    bool csv;                 /* … all the query has, under its names; no row is no line */
    struct arena arena;
    struct text_table table;
    size_t n_rows;
};
void rows_begin(struct shown_rows *rows, const struct shown_column *column, size_t n, struct json_writer *json,
                const char *json_key);
struct store_reader rows_reader(struct shown_rows *rows);
/* The table, or `none` when there is no row; ends a JSON list. Releases what it holds; call it after an error too. */
int rows_end(struct shown_rows *rows, int rc, const char *none) GW_MUST_USE;
/* One row's values as members of the open JSON object. */
void rows_put_members(struct json_writer *w, const struct store_row *row);

#endif
