/* Freqtrade's JSON: [[ms, open, high, low, close, volume], …]. Rows of 12, as Binance's REST interface
 * answers (numbers in quotes), are read too. A reader of its own: no tree is built, files may be large. */
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

struct cursor {
    struct import_reader *reader;
    const char *at, *line_begin;
    size_t line;
};

static int complain(const struct cursor *cursor, const char *what) {
    FAIL(GW_ERR_DATA, "%s:%zu:%td: %s; correct the file or fetch it again", cursor->reader->path, cursor->line,
         cursor->at - cursor->line_begin + 1, what);
}

static void skip_blank(struct cursor *cursor) {
    for (; cursor->at < cursor->reader->end; cursor->at++) {
        if (*cursor->at == '\n') {
            cursor->line++;
            cursor->line_begin = cursor->at + 1;
        } else if (*cursor->at != ' ' && *cursor->at != '\t' && *cursor->at != '\r') {
            return;
        }
    }
}

static bool take(struct cursor *cursor, char c) {
    skip_blank(cursor);
    if (cursor->at >= cursor->reader->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

/* A number, a quoted number or a word such as null, which the row engine will reject. */
static int take_field(struct cursor *cursor, struct import_row *row) {
    skip_blank(cursor);
    bool quoted = take(cursor, '"');
    const char *begin = cursor->at, *end = cursor->reader->end;
    while (cursor->at < end && *cursor->at != '"' && *cursor->at != ',' && *cursor->at != ']' && *cursor->at != '[' &&
           *cursor->at != '\n')
        cursor->at++;
    struct field field = field_trim(begin, cursor->at);
    if (quoted && !take(cursor, '"')) return complain(cursor, "a quote is not closed");
    if (row->n_fields < IMPORT_COLUMNS_MAX) row->field[row->n_fields] = field;
    row->n_fields++;
    return GW_OK;
}

/* One "[…]"; its fields are located like those of a CSV line, as commas part them too. */
static int take_row(struct cursor *cursor) {
    struct import_row row = {0};
    if (!take(cursor, '[')) return complain(cursor, "a row such as [ms, open, high, low, close, volume] is expected");
    row.begin = cursor->at;
    row.line = cursor->line;
    row.indent = (size_t)(cursor->at - cursor->line_begin);
    do TRY(take_field(cursor, &row));
    while (take(cursor, ','));
    row.end = cursor->at;
    if (!take(cursor, ']')) {
        if (cursor->at >= cursor->reader->end) {
            cursor->reader->report.n_rows++;
            return import_row_bad(cursor->reader, cursor->line, (size_t)(cursor->at - cursor->line_begin) + 1,
                                  "the file ends inside a row; fetch it again, or import with repair");
        }
        return complain(cursor, "a ',' or ']' is expected");
    }
    return import_row_accept(cursor->reader, &row);
}

static int read_rows(struct import_reader *reader) {
    struct cursor cursor = {.reader = reader, .at = reader->text, .line_begin = reader->text, .line = 1};
    size_t n_rows = 0;
    for (const char *c = reader->text; (c = memchr(c, '[', (size_t)(reader->end - c))); c++) n_rows++;
    size_t by_size = (size_t)(reader->end - reader->text) / 10 + 1;
    TRY(import_rows_reserve(reader, n_rows < by_size ? n_rows : by_size));
    if (!take(&cursor, '[')) return complain(&cursor, "an array of rows is expected");
    if (!take(&cursor, ']')) {
        do TRY(take_row(&cursor));
        while (take(&cursor, ','));
        bool closed = take(&cursor, ']');
        if (!closed && cursor.at < reader->end) return complain(&cursor, "a ',' or ']' is expected");
        if (!closed)
            return import_row_bad(reader, cursor.line, (size_t)(cursor.at - cursor.line_begin) + 1,
                                  "the file ends before the closing ']'; fetch it again, or import with repair");
    }
    skip_blank(&cursor);
    return cursor.at < reader->end ? complain(&cursor, "something follows the closing ']'") : GW_OK;
}

/* The number of fields in the first row decides. */
static int detect(const struct import_sample *sample, struct import_layout *layout) {
    const char *at = sample->text;
    size_t brackets = 0, commas = 0;
    for (; at < sample->end && brackets < 2; at++) {
        if (*at == '[')
            brackets++;
        else if (!strchr(" \t\r\n", *at))
            break;
    }
    if (brackets == 0) return 0;
    for (; at < sample->end && *at != ']'; at++) commas += *at == ',';
    layout_columns(layout, commas == 11 ? "tOHLCv-qnb--" : "tOHLCv");
    return 1;
}

const struct gw_import_format import_format_freqtrade_json = {
    .name = "freqtrade-json",
    .help = "JSON rows [[ms,open,high,low,close,volume],…] (freqtrade; also Binance REST rows of 12)",
    .detect = detect,
    .read = read_rows,
};
