#include "text_table.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

static const char GAP[] = "  ";
enum { NAME_SHORTEST = 14 };

size_t text_columns(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void text_table_begin(struct text_table *table, struct arena *arena) {
    memset(table, 0, sizeof *table);
    table->arena = arena;
}

void text_table_column(struct text_table *table, const char *heading, bool left, int priority) {
    if (table->n_columns == TEXT_COLUMNS_MAX) return;
    table->column[table->n_columns++] = (struct text_column){heading, left, priority};
}

int text_table_row(struct text_table *table) {
    size_t n = table->n_rows;
    if ((n & (n + 1)) == 0) { /* capacity 1, 3, 7 …: the arena has no realloc */
        char ***cell = arena_alloc(table->arena, 2 * n + 2, sizeof *cell);
        bool *rule = arena_alloc(table->arena, 2 * n + 2, sizeof *rule);
        if (!cell || !rule) return GW_ERR_NOMEM;
        if (n) {
            memcpy(cell, table->cell, n * sizeof *cell);
            memcpy(rule, table->rule, n * sizeof *rule);
        }
        table->cell = cell;
        table->rule = rule;
    }
    table->cell[n] = arena_alloc(table->arena, table->n_columns + 1, sizeof **table->cell);
    if (!table->cell[n]) return GW_ERR_NOMEM;
    table->n_rows++;
    return GW_OK;
}

void text_table_rule(struct text_table *table) { table->rule[table->n_rows - 1] = true; }

int text_table_cell(struct text_table *table, size_t column, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (column >= table->n_columns) return GW_OK;
    table->cell[table->n_rows - 1][column] = arena_strdup(table->arena, text);
    return table->cell[table->n_rows - 1][column] ? GW_OK : GW_ERR_NOMEM;
}

static const char *cell_text(const struct text_table *table, size_t row, size_t column) {
    const char *text = table->cell[row][column];
    return text ? text : "";
}

static size_t natural_width(const struct text_table *table, size_t column) {
    size_t widest = text_columns(table->column[column].heading);
    for (size_t row = 0; row < table->n_rows; row++) {
        size_t w = text_columns(cell_text(table, row, column));
        if (w > widest) widest = w;
    }
    return widest;
}

static void pad(FILE *stream, size_t n) {
    while (n-- > 0) fputc(' ', stream);
}

/* One line of output; spaces at its end are dropped. */
struct line {
    char text[2048];
    size_t used;
};

static void line_add(struct line *line, const char *text, size_t bytes) {
    if (bytes > sizeof line->text - 1 - line->used) bytes = sizeof line->text - 1 - line->used;
    memcpy(line->text + line->used, text, bytes);
    line->used += bytes;
}

static void line_pad(struct line *line, size_t n) {
    while (n-- > 0) line_add(line, " ", 1);
}

static void line_end(struct line *line, FILE *stream) {
    while (line->used > 0 && line->text[line->used - 1] == ' ') line->used--;
    line->text[line->used] = 0;
    fprintf(stream, "%s\n", line->text);
}

static void put_cell(struct line *line, const char *text, size_t width, bool left) {
    size_t have = text_columns(text);
    if (have > width) { /* cut by characters, with an ellipsis in the last column */
        const char *end = text;
        for (size_t n = 0; *end && n + 1 < width; n++) {
            do end++;
            while (((unsigned char)*end & 0xC0) == 0x80);
        }
        line_add(line, text, (size_t)(end - text));
        line_add(line, "…", strlen("…"));
        return;
    }
    if (!left) line_pad(line, width - have);
    line_add(line, text, strlen(text));
    if (left) line_pad(line, width - have);
}

static void print_line(const struct text_table *table, FILE *stream, const size_t *width, const bool *shown,
                       size_t row) {
    struct line line = {.used = 0};
    for (size_t c = 0; c < table->n_columns; c++) {
        if (!shown[c]) continue;
        if (line.used) line_add(&line, GAP, sizeof GAP - 1);
        put_cell(&line, row == SIZE_MAX ? table->column[c].heading : cell_text(table, row, c), width[c],
                 table->column[c].left);
    }
    line_end(&line, stream);
}

static void print_rule(FILE *stream, size_t total) {
    for (size_t i = 0; i < total; i++) fputs("─", stream);
    fputc('\n', stream);
}

/* First the name column gives way down to a readable minimum, then whole columns by priority. */
static size_t fit(const struct text_table *table, size_t width, size_t *column_width, bool *shown) {
    size_t total = 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        column_width[c] = natural_width(table, c);
        shown[c] = true;
        total += column_width[c] + (c ? sizeof GAP - 1 : 0);
    }
    while (total > width) {
        size_t give = column_width[0] > NAME_SHORTEST ? column_width[0] - NAME_SHORTEST : 0, over = total - width;
        if (give >= over || (give > 0 && table->n_columns == 1)) {
            column_width[0] -= give < over ? give : over;
            return total - (give < over ? give : over);
        }
        size_t drop = SIZE_MAX;
        for (size_t c = 1; c < table->n_columns; c++)
            if (shown[c] && table->column[c].priority > 0 &&
                (drop == SIZE_MAX || table->column[c].priority >= table->column[drop].priority))
                drop = c;
        if (drop == SIZE_MAX) {
            column_width[0] -= give;
            return total - give;
        }
        shown[drop] = false;
        total -= column_width[drop] + sizeof GAP - 1;
    }
    return total;
}

int text_table_print(const struct text_table *table, FILE *stream, size_t width) {
    size_t column_width[TEXT_COLUMNS_MAX] = {0};
    bool shown[TEXT_COLUMNS_MAX] = {false};
    size_t total = fit(table, width, column_width, shown), dropped = 0;
    print_line(table, stream, column_width, shown, SIZE_MAX);
    print_rule(stream, total);
    for (size_t row = 0; row < table->n_rows; row++) {
        if (table->rule[row] && row > 0) print_rule(stream, total);
        print_line(table, stream, column_width, shown, row);
    }
    char note[512] = "";
    for (size_t c = 0; c < table->n_columns; c++) {
        if (shown[c]) continue;
        size_t used = strlen(note);
        snprintf(note + used, sizeof note - used, "%s%s",
                 dropped++ ? ", " : "in a wider terminal also: ", table->column[c].heading);
    }
    if (dropped) {
        fputc('(', stream);
        strncat(note, ")", sizeof note - strlen(note) - 1);
        text_print_wrapped(stream, note, 1, width);
    }
    return GW_OK;
}

void text_print_wrapped(FILE *stream, const char *text, size_t indent, size_t width) {
    size_t at = indent;
    bool first = true;
    while (text += strspn(text, " "), *text) {
        size_t bytes = strcspn(text, " ");
        if (text[bytes] == ' ' && text[bytes + 1] == '%') bytes += 1 + strcspn(text + bytes + 1, " "); /* keep "5 %" */
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)(bytes < 255 ? bytes : 255), text);
        size_t columns = text_columns(word);
        if (!first && at + 1 + columns > width) {
            fputc('\n', stream);
            pad(stream, indent);
            at = indent;
            first = true;
        }
        if (!first) {
            fputc(' ', stream);
            at++;
        }
        fputs(word, stream);
        at += columns;
        first = false;
        text += bytes < 255 ? bytes : 255;
    }
    fputc('\n', stream);
}

const char *text_of_no_number(double value) { return isnan(value) ? "—" : value > 0 ? "∞" : "−∞"; }
