/* Cuts text into rows of fields. Plain text goes line by line without copying; where quotes occur libcsv
 * does the cutting. Both hand the same fields to import_row_accept(), so results are identical. */
#include <csv.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

/* ---- storage ------------------------------------------------------------------------------ */

static int grow(void **block, size_t count, size_t size) {
    void *grown = mem_realloc(*block, count, size);
    if (!grown) return GW_ERR_NOMEM;
    *block = grown;
    return GW_OK;
}

static bool has_role(const struct import_reader *reader, unsigned role) {
    for (size_t i = 0; i < reader->layout.n_columns; i++)
        if (reader->layout.column[i] == role) return true;
    return false;
}

int import_rows_reserve(struct import_reader *reader, size_t n_rows) {
    struct import_rows *rows = &reader->rows;
    if (n_rows <= rows->capacity) return GW_OK;
    TRY(grow((void **)&rows->bar, n_rows, sizeof *rows->bar));
    TRY(grow((void **)&rows->line, n_rows, sizeof *rows->line));
    if (has_role(reader, COLUMN_QUOTE_VOLUME)) TRY(grow((void **)&rows->quote_volume, n_rows, sizeof(double)));
    if (has_role(reader, COLUMN_TRADE_COUNT)) TRY(grow((void **)&rows->trade_count, n_rows, sizeof(double)));
    if (has_role(reader, COLUMN_TAKER_BUY)) TRY(grow((void **)&rows->taker_buy_base, n_rows, sizeof(double)));
    if (reader->symbols) TRY(grow((void **)&rows->symbol, n_rows, sizeof *rows->symbol));
    rows->n_extra = reader->layout.n_extra;
    for (size_t c = 0; c < rows->n_extra; c++) TRY(grow((void **)&rows->extra[c], n_rows, sizeof(double)));
    rows->capacity = n_rows;
    return GW_OK;
}

void import_rows_free(struct import_rows *rows) {
    mem_free(rows->bar);
    mem_free(rows->line);
    mem_free(rows->quote_volume);
    mem_free(rows->trade_count);
    mem_free(rows->taker_buy_base);
    mem_free(rows->symbol);
    for (size_t c = 0; c < GW_COLUMNS_MAX; c++) mem_free(rows->extra[c]);
    *rows = (struct import_rows){0};
}

/* From the lines among the first bytes; memory that stays untouched costs nothing, and more is made when it is needed.
 * No row is shorter than "0,1,1,1,1,1", so blank lines cannot make us reserve more than the text's size. */
static size_t rows_expected(const char *text, const char *end) {
    enum { SAMPLE = 1 << 16 };
    size_t size = (size_t)(end - text), sample = size < SAMPLE ? size : SAMPLE, lines = 1;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + sample - at))); at++) lines++;
    size_t by_lines = size == sample ? lines : size / SAMPLE * lines + lines, by_size = size / 10 + 1;
    return by_lines < by_size ? by_lines : by_size;
}

/* ---- lines without quotes ------------------------------------------------------------------ */

static void split(struct import_row *row, const char *begin, const char *end, char delimiter) {
    size_t n = 0;
    for (;;) {
        const char *stop = memchr(begin, delimiter, (size_t)(end - begin));
        const char *field_end = stop ? stop : end;
        if (n < IMPORT_COLUMNS_MAX) row->field[n] = field_trim(begin, field_end);
        n++;
        if (!stop) break;
        begin = stop + 1;
    }
    row->n_fields = n;
}

/* '\r' before '\n' belongs to the line end; anywhere else it is an old Mac's or a damaged file. */
static int judge_line(struct import_reader *reader, const struct import_row *row, bool *good) {
    const char *stray = memchr(row->begin, '\r', (size_t)(row->end - row->begin));
    while (stray && stray + 1 < row->end && stray[1] == '\n') /* inside a quoted field */
        stray = memchr(stray + 1, '\r', (size_t)(row->end - stray - 1));
    *good = !stray;
    if (*good) return GW_OK;
    reader->report.n_rows++;
    return import_row_bad(reader, row->line, (size_t)(stray - row->begin) + 1,
                          "a carriage return inside the line; end lines with LF or CRLF");
}

static int read_plain(struct import_reader *reader, const char *at, size_t line) {
    struct import_row row = {0};
    for (; at < reader->end; line++) {
        const char *next = import_clean_row(reader, at, line);
        if (next) {
            at = next;
            continue;
        }
        const char *stop = memchr(at, '\n', (size_t)(reader->end - at));
        if (!stop) stop = reader->end;
        row.begin = at;
        row.end = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
        row.line = line;
        at = stop + 1;
        if (field_trim(row.begin, row.end).length == 0) continue;
        bool good;
        TRY(judge_line(reader, &row, &good));
        if (!good) continue;
        split(&row, row.begin, row.end, reader->layout.delimiter);
        TRY(import_row_accept(reader, &row));
    }
    return GW_OK;
}

/* ---- lines with quotes: libcsv -------------------------------------------------------------- */

/* libcsv hands out one field at a time from a buffer of its own; they gather here until the row ends. */
struct quoted {
    struct import_reader *reader;
    struct import_row row;
    char text[8192];
    size_t used;
    bool too_long, row_done;
    int rc;
};

static void quoted_field(void *data, size_t length, void *context) {
    struct quoted *quoted = context;
    struct import_row *row = &quoted->row;
    if (quoted->used + length > sizeof quoted->text) {
        quoted->too_long = true;
        length = 0;
    }
    if (length) memcpy(quoted->text + quoted->used, data, length);
    if (row->n_fields < IMPORT_COLUMNS_MAX)
        row->field[row->n_fields] = field_trim(quoted->text + quoted->used, quoted->text + quoted->used + length);
    row->n_fields++;
    quoted->used += length;
}

static void quoted_row(int terminator, void *context) {
    (void)terminator;
    ((struct quoted *)context)->row_done = true;
}

static int quoted_finish(struct quoted *quoted) {
    struct import_reader *reader = quoted->reader;
    struct import_row *row = &quoted->row;
    bool good;
    int rc = GW_OK;
    if (quoted->too_long) {
        reader->report.n_rows++;
        rc = import_row_bad(reader, row->line, 1, "the row is longer than %zu bytes; is a quote missing?",
                            sizeof quoted->text);
    } else {
        rc = judge_line(reader, row, &good);
        if (rc == GW_OK && good) rc = import_row_accept(reader, row);
    }
    quoted->used = row->n_fields = 0;
    quoted->too_long = quoted->row_done = false;
    return rc;
}

/* Feeds line by line, so that every row knows where it began. */
static int quoted_lines(struct quoted *quoted, struct csv_parser *csv, const char *at, size_t line) {
    struct import_reader *reader = quoted->reader;
    bool inside = false; /* a quoted field goes on over the line end */
    for (; at < reader->end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(reader->end - at));
        const char *next = stop ? stop + 1 : reader->end;
        if (!inside) {
            quoted->row.begin = at;
            quoted->row.line = line;
        }
        quoted->row.end = stop ? stop : reader->end;
        if (quoted->row.end > at && quoted->row.end[-1] == '\r') quoted->row.end--;
        size_t length = (size_t)(next - at);
        size_t taken = csv_parse(csv, at, length, quoted_field, quoted_row, quoted);
        if (taken != length) {
            if (csv_error(csv) != CSV_EPARSE) FAIL(GW_ERR_NOMEM, "%s: out of memory in a row", reader->path);
            FAIL(GW_ERR_DATA, "%s:%zu:%zu: a quote inside a field; double it (\"\") or remove it", reader->path, line,
                 taken + 1);
        }
        inside = !quoted->row_done && (inside || field_trim(at, quoted->row.end).length > 0);
        if (quoted->row_done) TRY(quoted_finish(quoted));
        at = next;
    }
    if (csv_fini(csv, quoted_field, quoted_row, quoted) != 0) {
        struct import_row *row = &quoted->row;
        size_t column = 1;
        for (const char *c = row->begin; c < reader->end; c++)
            if (*c == '"') column = (size_t)(c - row->begin) + 1;
        reader->report.n_rows++;
        return import_row_bad(reader, row->line, column, "a quote is opened here but never closed; close it");
    }
    return quoted->row_done ? quoted_finish(quoted) : GW_OK;
}

static int read_quoted(struct import_reader *reader, const char *at, size_t line) {
    struct csv_parser csv;
    struct quoted *quoted = mem_calloc(1, sizeof *quoted);
    if (!quoted) return GW_ERR_NOMEM;
    quoted->reader = reader;
    int rc = csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) == 0
                 ? GW_OK
                 : gw_error_set(GW_ERR_NOMEM, "out of memory for %s", reader->path);
    if (rc == GW_OK) {
        csv_set_delim(&csv, (unsigned char)reader->layout.delimiter);
        rc = quoted_lines(quoted, &csv, at, line);
        csv_free(&csv);
    }
    mem_free(quoted);
    return rc;
}

/* ---- entry --------------------------------------------------------------------------------- */

int import_rows_read(struct import_reader *reader) {
    const char *at = reader->text;
    size_t line = 1;
    for (; line <= reader->layout.skip_lines && at < reader->end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(reader->end - at));
        at = stop ? stop + 1 : reader->end;
    }
    TRY(import_dates_decide(reader, at, line));
    TRY(import_rows_reserve(reader, rows_expected(at, reader->end)));
    bool quotes = memchr(at, '"', (size_t)(reader->end - at)) != NULL;
    return quotes ? read_quoted(reader, at, line) : read_plain(reader, at, line);
}
