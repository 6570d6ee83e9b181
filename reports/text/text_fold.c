/* A table too wide for the terminal, folded: its groups of columns one below the other, the keys in front of each. */
#include <string.h>

#include "text_table.h"

enum { GAP = 2, LEFT_OUT_FIRST = 5 }; /* columns of that priority are no reason to fold: they are left out */

static size_t width_of(const struct text_table *table, size_t column) {
    size_t widest = text_columns(table->column[column].heading);
    for (size_t row = 0; row < table->n_rows; row++) {
        const char *text = table->cell[row][column];
        const size_t w = text ? text_columns(text) : 0;
        if (w > widest) widest = w;
    }
    return widest;
}

/* The keys, then the columns from `begin` on, as a table of their own; rows share their cells' texts. */
static int print_some(const struct text_table *table, const int *group, size_t begin, size_t end, FILE *stream,
                      size_t width) {
    struct text_table some;
    size_t from[TEXT_COLUMNS_MAX], n = 0;
    for (size_t c = 0; c < table->n_columns; c++)
        if (group[c] == 0) from[n++] = c;
    for (size_t c = begin; c < end; c++)
        if (group[c] != 0) from[n++] = c;
    text_table_begin(&some, table->arena);
    for (size_t c = 0; c < n; c++) {
        const struct text_column *column = &table->column[from[c]];
        text_table_column(&some, column->heading, column->left, column->priority);
    }
    for (size_t row = 0; row < table->n_rows; row++) {
        TRY(text_table_row(&some));
        if (table->rule[row]) text_table_rule(&some);
        for (size_t c = 0; c < n; c++) some.cell[row][c] = table->cell[row][from[c]];
    }
    return text_table_print(&some, stream, width);
}

/* Where the group that begins at `at` ends, and how wide it is. Keys have no width here: they are always there. */
static size_t group_end(const struct text_table *table, const int *group, size_t at, size_t *width) {
    size_t end = at;
    *width = 0;
    for (; end < table->n_columns && group[end] == group[at]; end++)
        if (group[at]) *width += width_of(table, end) + GAP;
    return end;
}

int text_table_print_folded(const struct text_table *table, const int *group, FILE *stream, size_t width) {
    size_t total = 0, keys = 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->column[c].priority < LEFT_OUT_FIRST) total += width_of(table, c) + GAP;
        if (group[c] == 0) keys += width_of(table, c) + GAP;
    }
    if (total <= width + GAP) return text_table_print(table, stream, width);
    for (size_t at = 0, blocks = 0; at < table->n_columns;) {
        const size_t begin = at;
        size_t used = keys, groups = 0;
        while (at < table->n_columns) {
            size_t more, end = group_end(table, group, at, &more);
            if (groups && group[at] && used + more > width + GAP) break;
            groups += group[at] != 0;
            used += more;
            at = end;
        }
        if (!groups) break; /* nothing but keys was left */
        if (blocks++) fputc('\n', stream);
        TRY(print_some(table, group, begin, at, stream, width));
    }
    return GW_OK;
}
