/* One line, one bar. The fields of a CSV line and the members of a JSON object go through the row engine of the import,
 * so a bar that comes live has the bits of the same bar in a file. */
#include "bar_lines.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "import_private.h"

enum form { FORM_UNKNOWN, FORM_CSV, FORM_JSON };
static const size_t NO_COLUMN = SIZE_MAX;

struct bar_lines {
    const char *name;
    struct import_reader reader;
    enum form form;
    char *header; /* owned; the layout is made with the first row below it */
    bool laid_out, any_bar;
    size_t line, symbol_column;
};

int bar_lines_open(const char *name, const char *const *column, size_t n_columns, struct bar_lines **out) {
    struct bar_lines *lines = mem_calloc(1, sizeof *lines);
    *out = lines;
    if (!lines) return GW_ERR_NOMEM;
    lines->name = lines->reader.path = name;
    lines->symbol_column = NO_COLUMN;
    lines->reader.options.column = column;
    lines->reader.options.n_columns = n_columns;
    return GW_OK;
}

void bar_lines_close(struct bar_lines *lines) {
    if (!lines) return;
    import_rows_free(&lines->reader.rows);
    mem_free(lines->header);
    mem_free(lines);
}

size_t bar_lines_number(const struct bar_lines *lines) { return lines->line; }

static void use_columns(struct import_reader *reader) {
    reader->n_used = 0;
    for (size_t i = 0; i < reader->layout.n_columns; i++)
        if (reader->layout.column[i] != COLUMN_SKIP) reader->used[reader->n_used++] = (uint8_t)i;
}

/* ---- what both forms share ---------------------------------------------------------------------- */

static bool take_symbol(struct field field, char *symbol) {
    if (field.length >= GW_SYMBOL_MAX) return false;
    memcpy(symbol, field.text, field.length);
    symbol[field.length] = '\0';
    return field.length == 0 || name_is_safe(symbol);
}

static double optional(const double *column) { return column ? column[0] : NAN; }

/* The row becomes the one bar that the reader's rows hold at a time. */
static int accept(struct bar_lines *lines, struct import_row *row, struct bar_line *out) {
    struct import_reader *reader = &lines->reader;
    if (!lines->any_bar) reader->time_style = TIME_UNSET; /* what was no bar settles nothing */
    reader->rows.n = 0;
    TRY(import_row_accept(reader, row));
    /* In a file that is a gap which somebody wrote out. */
    if (reader->rows.n == 0) FAIL(GW_ERR_DATA, "%s:%zu:1: the line has no prices", lines->name, row->line);
    if (reader->rows.n != 1) FAIL(GW_ERR_INTERNAL, "%s:%zu: gave %zu bars", lines->name, row->line, reader->rows.n);
    lines->any_bar = true;
    out->bar = reader->rows.bar[0];
    out->quote_volume = optional(reader->rows.quote_volume);
    out->trade_count = optional(reader->rows.trade_count);
    out->taker_buy_base = optional(reader->rows.taker_buy_base);
    for (size_t c = 0; c < reader->rows.n_extra; c++) out->column[c] = reader->rows.extra[c][0];
    return GW_OK;
}

/* ---- CSV ---------------------------------------------------------------------------------------- */

/* Nobody could tell a column that is left out from one in which nothing is new. */
static int judge_header(const struct bar_lines *lines) {
    const struct import_reader *reader = &lines->reader;
    for (size_t i = 0, c = 0; i < reader->options.n_columns; i++) {
        if (c < reader->layout.n_extra && reader->extra_name[c] == reader->options.column[i]) {
            c++;
            continue;
        }
        FAIL(GW_ERR_DATA, "%s:1:1: the header names no column \"%s\", which a feature of the model is made of",
             lines->name, reader->options.column[i]);
    }
    return GW_OK;
}

/* The header with the first row below it, as the import's detection wants them. */
static int lay_out(struct bar_lines *lines, const char *row, size_t length) {
    size_t n = strlen(lines->header);
    char *text = mem_calloc(n + length + 2, 1);
    struct import_sample sample;
    struct sample_row header;
    struct import_layout *layout = &lines->reader.layout;
    if (!text) return GW_ERR_NOMEM;
    memcpy(text, lines->header, n);
    text[n] = '\n';
    memcpy(text + n + 1, row, length);
    import_sample_take(&sample, lines->name, text, text + n + 1 + length, true);
    int rc = import_format_header.detect(&sample, layout);
    if (rc == 0)
        rc = gw_error_set(GW_ERR_DATA,
                          "%s:1:1: a header is needed whose names are time, open, high, low, close and "
                          "volume; or give JSON objects with these members",
                          lines->name);
    if (rc > 0 && (rc = import_columns_choose(&lines->reader, &sample)) == GW_OK) rc = judge_header(lines);
    if (rc == GW_OK) {
        sample_row_split(&sample, 0, layout->delimiter, &header);
        for (size_t i = 0; i < header.n_fields; i++) {
            if (layout->column[i] != COLUMN_SYMBOL) continue;
            layout->column[i] = COLUMN_SKIP; /* the symbol goes with the line, not with the rows */
            lines->symbol_column = i;
        }
        use_columns(&lines->reader);
        lines->laid_out = true;
    }
    mem_free(text);
    return rc < 0 ? rc : GW_OK;
}

static int take_row(struct bar_lines *lines, const char *text, size_t length, struct bar_line *out) {
    struct import_row row = {.line = lines->line, .begin = text, .end = text + length};
    const char *at = text, *stray = memchr(text, '\r', length);
    if (stray)
        FAIL(GW_ERR_DATA, "%s:%zu:%td: a carriage return inside the line; end lines with LF or CRLF", lines->name,
             lines->line, stray - text + 1);
    while (at) {
        struct field field = field_next(&at, row.end, lines->reader.layout.delimiter);
        if (row.n_fields < IMPORT_COLUMNS_MAX) row.field[row.n_fields] = field;
        row.n_fields++;
    }
    size_t s = lines->symbol_column;
    if (s < row.n_fields && s < IMPORT_COLUMNS_MAX && !take_symbol(row.field[s], out->symbol))
        FAIL(GW_ERR_DATA, "%s:%zu:%td: this is no symbol; use letters, digits, '_', '-' and '.'", lines->name,
             lines->line, row.field[s].text - text + 1);
    return accept(lines, &row, out);
}

static int take_csv(struct bar_lines *lines, const char *text, size_t length, enum bar_line_kind *kind,
                    struct bar_line *out) {
    if (!lines->header) {
        lines->header = mem_calloc(length + 1, 1);
        if (!lines->header) return GW_ERR_NOMEM;
        memcpy(lines->header, text, length);
        return GW_OK;
    }
    /* A file that was begun anew under a reader that follows it says its header again. */
    if (length == strlen(lines->header) && memcmp(text, lines->header, length) == 0) return GW_OK;
    if (!lines->laid_out) {
        *kind = BAR_LINE_UNUSABLE;
        TRY(lay_out(lines, text, length));
        *kind = BAR_LINE_NONE;
    }
    TRY(take_row(lines, text, length, out));
    *kind = BAR_LINE_BAR;
    return GW_OK;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

/* Numbers become text again and take the way of a field: every double has one that reads back to it. */
struct members {
    struct import_row row;
    int rank[N_COLUMN_ROLES];
    char number[N_COLUMN_ROLES + GW_COLUMNS_MAX][32];
    bool given[GW_COLUMNS_MAX];
};
enum { JSON_COLUMNS = 9 };
static const char json_columns[] = "tOHLCvqnb"; /* as enum import_column, but for clock and symbol */

static size_t place_of_role(unsigned role) { return role == COLUMN_TIME ? 0 : role - COLUMN_SYMBOL; }

static struct field member_field(const json_value *value, char number[32]) {
    if (json_kind(value) == JSON_STRING) {
        const char *text = json_string(value, "");
        return field_trim(text, text + strlen(text));
    }
    if (json_kind(value) != JSON_NUMBER) return (struct field){"", 0};
    double x = json_number(value, NAN);
    if (x == floor(x) && fabs(x) < 0x1p53)
        snprintf(number, 32, "%.0f", x);
    else
        number_format(x, number);
    return (struct field){number, strlen(number)};
}

/* Which of the columns that were asked for a member is, or COLUMN_NOT_FOUND. */
static int json_extra(const struct bar_lines *lines, struct field key) {
    for (size_t c = 0; c < lines->reader.options.n_columns; c++)
        if (import_column_find(&key, 1, lines->reader.options.column[c]) == 0) return (int)c;
    return COLUMN_NOT_FOUND;
}

static int take_members(const struct bar_lines *lines, const json_value *root, struct members *m,
                        struct bar_line *out) {
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *value = json_at(root, i);
        const char *name = json_key(value);
        struct field key = {name, strlen(name)};
        int rank;
        unsigned role = import_header_role(key, &rank);
        if (role == COLUMN_SYMBOL) {
            if (json_kind(value) != JSON_STRING || !take_symbol(member_field(value, NULL), out->symbol))
                FAIL(GW_ERR_DATA, "%s:%zu: \"symbol\" is none; use letters, digits, '_', '-' and '.'", lines->name,
                     lines->line);
            continue;
        }
        const int extra = json_extra(lines, key);
        if (extra >= 0) {
            m->given[extra] = true;
            m->row.field[JSON_COLUMNS + extra] = member_field(value, m->number[N_COLUMN_ROLES + extra]);
            continue;
        }
        if (role == COLUMN_SKIP || (m->rank[role] && m->rank[role] <= rank)) continue;
        m->rank[role] = rank;
        m->row.field[place_of_role(role)] = member_field(value, m->number[role]);
    }
    for (size_t c = 0; c < lines->reader.options.n_columns; c++)
        if (!m->given[c])
            FAIL(GW_ERR_DATA,
                 "%s:%zu: the bar has no \"%s\", which a feature of the model is made of; null says that nothing is "
                 "known",
                 lines->name, lines->line, lines->reader.options.column[c]);
    return GW_OK;
}

/* Messages of the row engine name a column of a line that nobody wrote: it is left out. Those of the parser name line 1. */
static int place_error(const struct bar_lines *lines, int rc, bool with_column) {
    char text[512];
    snprintf(text, sizeof text, "%s", gw_error_message());
    unsigned long column = 0;
    int read = 0;
    size_t name = strlen(lines->name);
    if (rc != GW_ERR_DATA || strncmp(text, lines->name, name) != 0 ||
        sscanf(text + name, ":%*u:%lu: %n", &column, &read) != 1 || read == 0)
        return rc;
    if (with_column) FAIL(rc, "%s:%zu:%lu: %s", lines->name, lines->line, column, text + name + read);
    FAIL(rc, "%s:%zu: %s", lines->name, lines->line, text + name + read);
}

static int take_json(struct bar_lines *lines, const char *text, size_t length, struct bar_line *out) {
    struct json_document *document;
    struct members m = {.row = {.line = lines->line,
                                .n_fields = JSON_COLUMNS + lines->reader.options.n_columns,
                                .begin = text,
                                .end = text}};
    int rc = json_parse(lines->name, text, length, GW_ERR_DATA, &document);
    if (rc < 0) return place_error(lines, rc, true);
    for (size_t i = 0; i < m.row.n_fields; i++) m.row.field[i] = (struct field){"", 0};
    if (json_kind(json_root(document)) != JSON_OBJECT)
        rc = gw_error_set(GW_ERR_DATA, "%s:%zu: is no JSON object; give one bar a line", lines->name, lines->line);
    if (rc == GW_OK) rc = take_members(lines, json_root(document), &m, out);
    if (rc == GW_OK && (rc = accept(lines, &m.row, out)) < 0) rc = place_error(lines, rc, false);
    json_free(document);
    return rc;
}

/* ---- a line ------------------------------------------------------------------------------------- */

static void choose_form(struct bar_lines *lines, char first) {
    lines->form = first == '{' ? FORM_JSON : FORM_CSV;
    if (lines->form == FORM_CSV) return;
    struct import_layout *layout = &lines->reader.layout;
    layout_columns(layout, json_columns);
    for (size_t c = 0; c < lines->reader.options.n_columns; c++) {
        lines->reader.extra_name[c] = lines->reader.options.column[c];
        layout->column[layout->n_columns++] = (uint8_t)(N_COLUMN_ROLES + c);
    }
    layout->n_extra = lines->reader.options.n_columns;
    lines->reader.layout.delimiter = ',';
    use_columns(&lines->reader);
}

int bar_lines_take(struct bar_lines *lines, const char *text, size_t length, enum bar_line_kind *kind,
                   struct bar_line *out) {
    *kind = BAR_LINE_NONE;
    *out = (struct bar_line){.bar = {0}};
    lines->line++;
    if (!text) FAIL(GW_ERR_DATA, "%s:%zu: the line is too long to be a bar", lines->name, lines->line);
    if (lines->line == 1 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, length -= 3;
    while (length && text[length - 1] == '\r') length--;
    struct field whole = field_trim(text, text + length);
    if (whole.length == 0) return GW_OK;
    if (memchr(whole.text, '\0', whole.length))
        FAIL(GW_ERR_DATA, "%s:%zu: a NUL byte; the line is damaged", lines->name, lines->line);
    if (lines->form == FORM_UNKNOWN) choose_form(lines, whole.text[0]);
    if (lines->form == FORM_CSV) return take_csv(lines, text, length, kind, out);
    TRY(take_json(lines, whole.text, whole.length, out));
    *kind = BAR_LINE_BAR;
    return GW_OK;
}
