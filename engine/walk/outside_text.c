/* Records of a CSV file: one line each, cells parted by commas, semicolons or tabs. */
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

int record_fail(const struct record *record, size_t column, const char *format, ...) {
    char what[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (!record->document)
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: %s", record->path, record->line,
             column == SIZE_MAX ? (size_t)1 : record->place[column], what);
    /* The document is one line and knows no other: its place is "path:1:column: …". */
    const json_value *value = column == SIZE_MAX ? NULL : record->value[column];
    json_fail(record->document, value ? value : json_root(record->document), GW_ERR_DATA, "%s", what);
    char said[1024];
    snprintf(said, sizeof said, "%s", gw_error_message() + strlen(record->path) + strlen(":1:"));
    FAIL(GW_ERR_DATA, "%s:%zu:%s", record->path, record->line, said);
}

/* Whichever stands most often in the header. */
static char delimiter_of(const char *begin, const char *end) {
    static const char known[] = {',', ';', '\t'};
    size_t most = 0;
    char best = ',';
    for (size_t i = 0; i < sizeof known; i++) {
        size_t n = 0;
        for (const char *at = begin; at < end; at++) n += *at == known[i];
        if (n > most) most = n, best = known[i];
    }
    return best;
}

/* A quote that opens a cell must close it on the same line. */
static int check_quotes(const struct record *record, const char *begin, const char *end) {
    size_t n = 0, last = 0;
    for (const char *at = begin; at < end; at++)
        if (*at == '"') n++, last = (size_t)(at - begin) + 1;
    if (n % 2 == 0) return GW_OK;
    FAIL(GW_ERR_DATA,
         "%s:%zu:%zu: a quote is opened and not closed on this line; write answers of several lines as JSON lines, or "
         "leave their text out",
         record->path, record->line, last);
}

static int cut(struct record *record, const char *begin, const char *end, char delimiter) {
    if (memchr(begin, '"', (size_t)(end - begin))) TRY(check_quotes(record, begin, end));
    record->n = 0;
    for (const char *at = begin; at;) {
        if (record->n == OUTSIDE_COLUMNS)
            FAIL(GW_ERR_DATA, "%s:%zu:%td: more than %d columns; leave out those that are not needed", record->path,
                 record->line, at - begin + 1, OUTSIDE_COLUMNS);
        struct field cell = field_next(&at, end, delimiter);
        record->cell[record->n] = cell;
        record->place[record->n++] = (size_t)(cell.text - begin) + 1;
    }
    return GW_OK;
}

static int check_width(const struct record *record, size_t n_columns) {
    if (record->n == n_columns) return GW_OK;
    size_t at = record->n < n_columns ? record->n - 1 : n_columns;
    return record_fail(record, at,
                       "the line has %zu cells, the header %zu; is the line cut short, or a comma too much?", record->n,
                       n_columns);
}

int outside_read_text(struct reading *r, const char *path, const char *text, const char *end) {
    struct record record = {.path = path, .line = 1};
    size_t n_columns = 0;
    char delimiter = ',';
    for (const char *at = text; at < end; record.line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        const char *line_end = stop > at && stop[-1] == '\r' ? stop - 1 : stop, *begin = at;
        at = stop + 1;
        if (field_trim(begin, line_end).length == 0) continue;
        if (n_columns == 0) {
            delimiter = delimiter_of(begin, line_end);
            TRY(cut(&record, begin, line_end, delimiter));
            TRY(outside_columns(r, &record));
            n_columns = record.n;
            continue;
        }
        TRY(cut(&record, begin, line_end, delimiter));
        TRY(check_width(&record, n_columns));
        TRY(outside_row(r, &record));
    }
    if (n_columns == 0) FAIL(GW_ERR_DATA, "%s:1:1: is empty; a line of column names was expected", path);
    return GW_OK;
}
