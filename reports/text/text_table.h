/* A table on a terminal: columns as wide as their text, the least important ones left out where they do not fit. */
#ifndef GATEWALK_TEXT_TABLE_H
#define GATEWALK_TEXT_TABLE_H

#include "engine/base/base.h"

enum { TEXT_COLUMNS_MAX = 48 };
struct text_table {
    struct arena *arena;
    size_t n_columns, n_rows;
    struct text_column {
        const char *heading;
        bool left;
        int priority; /* 0: always shown; the largest goes first */
    } column[TEXT_COLUMNS_MAX];
    char ***cell; /* [n_rows][n_columns] */
    bool *rule;   /* [n_rows] a line before this row */
};

void text_table_begin(struct text_table *table, struct arena *arena);
void text_table_column(struct text_table *table, const char *heading, bool left, int priority);
int text_table_row(struct text_table *table) GW_MUST_USE;
void text_table_rule(struct text_table *table); /* a line before the row just begun */
int text_table_cell(struct text_table *table, size_t column, const char *format, ...) GW_MUST_USE GW_PRINTF_LIKE(3, 4);
/* Prints within `width` columns; names of columns that had to go are listed below. */
int text_table_print(const struct text_table *table, FILE *stream, size_t width) GW_MUST_USE;

/* The same, but where columns do not fit the table is folded: groups of them, neighbours with the same number, stand one
 * below the other, each behind the columns of group 0. Columns that may go first (priority 5) are left out before that. */
int text_table_print_folded(const struct text_table *table, const int *group, FILE *stream, size_t width) GW_MUST_USE;

size_t text_columns(const char *text); /* characters of UTF-8 */
/* Text broken at spaces, every line after the first indented. */
void text_print_wrapped(FILE *stream, const char *text, size_t indent, size_t width);

/* What stands in place of a value that no digits show: "—" where it is undefined, "∞" or "−∞". */
const char *text_of_no_number(double value);

#endif
