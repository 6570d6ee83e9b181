/* Frames with two levels of columns, as yfinance gives them and pandas writes them: one header line names prices, the other
 * tickers, and a third may name the index. Every ticker is a symbol of its own. */
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

enum { ROLES = N_COLUMN_ROLES };

static bool is_price_level(const struct sample_row *row) {
    size_t prices = 0;
    int rank;
    size_t n = row->n_fields < IMPORT_COLUMNS_MAX ? row->n_fields : IMPORT_COLUMNS_MAX;
    for (size_t i = 1; i < n; i++) {
        unsigned role = import_header_role(row->field[i], &rank);
        prices += role >= COLUMN_OPEN && role <= COLUMN_CLOSE;
        if (role == COLUMN_SKIP && field_is_number(row->field[i])) return false;
    }
    return prices >= 4;
}

static bool is_ticker_level(const struct sample_row *row) {
    size_t n = row->n_fields < IMPORT_COLUMNS_MAX ? row->n_fields : IMPORT_COLUMNS_MAX;
    for (size_t i = 1; i < n; i++)
        if (row->field[i].length == 0 || field_is_number(row->field[i])) return false;
    return n > 4;
}

/* Of the two levels, which one names prices: 1 or 0 for the line; -1: this is something else. */
static int price_level(const struct import_sample *sample) {
    struct sample_row level[2];
    for (size_t k = 0; k < 2; k++) sample_row_split(sample, k, ',', &level[k]);
    if (level[0].n_fields != level[1].n_fields || level[0].n_fields < 5) return -1;
    if (is_price_level(&level[0]) && is_ticker_level(&level[1])) return 0;
    return is_price_level(&level[1]) && is_ticker_level(&level[0]) ? 1 : -1;
}

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row third;
    if (price_level(sample) < 0) return 0;
    sample_row_split(sample, 2, ',', &third);
    bool names = third.n_fields > 1 && third.field[1].length == 0;
    layout_columns(layout, "tOHLCv");
    layout->skip_lines = sample->line[names ? 2 : 1].number;
    return 1;
}

/* ---- reading -------------------------------------------------------------------------------------- */

struct wide {
    struct import_reader *reader;
    size_t n_columns, n_tickers;
    struct field *field; /* [n_columns] of the row at hand */
    struct ticker {
        uint16_t symbol;
        size_t column[ROLES]; /* 0: none, as the first column is the index */
    } * ticker;
};

static size_t split(struct field *field, size_t most, const char *at, const char *end) {
    size_t n = 0;
    while (at) {
        struct field next = field_next(&at, end, ',');
        if (n < most) field[n] = next;
        n++;
    }
    return n;
}

static const char *line_end(const struct import_reader *reader, const char *at) {
    const char *stop = memchr(at, '\n', (size_t)(reader->end - at));
    return stop ? stop : reader->end;
}

/* The levels side by side: column i is role price[i] of ticker name[i]. */
static int map_columns(struct wide *wide, const struct field *price, const struct field *name) {
    for (size_t i = 1; i < wide->n_columns; i++) {
        int rank;
        uint16_t symbol;
        unsigned role = import_header_role(price[i], &rank);
        if (role < COLUMN_OPEN) continue; /* adjusted closes, dividends */
        int found = import_symbol_find(wide->reader->symbols, name[i], &symbol);
        if (found < 0) return found;
        if (!found)
            FAIL(GW_ERR_DATA, "%s:1:1: \"%.*s\" is no symbol; use letters, digits, '_', '-' and '.'",
                 wide->reader->path, (int)(name[i].length < 40 ? name[i].length : 40), name[i].text);
        wide->n_tickers = import_symbols_count(wide->reader->symbols);
        wide->ticker[symbol].symbol = symbol;
        wide->ticker[symbol].column[role] = i;
        wide->reader->report.has_volume = wide->reader->report.has_volume || role == COLUMN_VOLUME;
    }
    for (size_t t = 0; t < wide->n_tickers; t++)
        for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++)
            if (!wide->ticker[t].column[role])
                FAIL(GW_ERR_DATA, "%s:1:1: %s has no %s column; add it", wide->reader->path,
                     import_symbol_name(wide->reader->symbols, t), import_role_name(role));
    return GW_OK;
}

static int take_row(struct wide *wide, const char *begin, const char *end, size_t line) {
    static const unsigned role[] = {COLUMN_TIME, COLUMN_OPEN, COLUMN_HIGH, COLUMN_LOW, COLUMN_CLOSE, COLUMN_VOLUME};
    struct import_row row = {.line = line, .begin = begin, .end = end, .in_text = true, .n_fields = COUNT_OF(role)};
    size_t n = split(wide->field, wide->n_columns, begin, end);
    if (n != wide->n_columns) {
        wide->reader->report.n_rows++;
        return import_row_bad(wide->reader, line, 1, "%zu columns instead of %zu; complete the row or delete it", n,
                              wide->n_columns);
    }
    for (size_t t = 0; t < wide->n_tickers; t++) {
        row.symbol = wide->ticker[t].symbol;
        row.field[0] = wide->field[0];
        for (size_t k = 1; k < COUNT_OF(role); k++) {
            size_t column = wide->ticker[t].column[role[k]];
            row.field[k] = column ? wide->field[column] : (struct field){end, 0};
        }
        TRY(import_row_accept(wide->reader, &row));
    }
    return GW_OK;
}

static int read_wide(struct wide *wide, struct field *levels, int prices) {
    struct import_reader *reader = wide->reader;
    const char *at = reader->text;
    size_t line = 1, level = 0;
    for (; line <= reader->layout.skip_lines && at < reader->end; line++) {
        const char *stop = line_end(reader, at);
        if (field_trim(at, stop).length && level < 2)
            split(levels + level++ * wide->n_columns, wide->n_columns, at, stop);
        at = stop < reader->end ? stop + 1 : reader->end;
    }
    TRY(map_columns(wide, levels + (prices ? wide->n_columns : 0), levels + (prices ? 0 : wide->n_columns)));
    TRY(import_dates_decide(reader, at, line));
    TRY(import_rows_reserve(reader, 1024));
    for (; at < reader->end; line++) {
        const char *stop = line_end(reader, at), *end = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
        if (field_trim(at, end).length) TRY(take_row(wide, at, end, line));
        at = stop < reader->end ? stop + 1 : reader->end;
    }
    return GW_OK;
}

static int read_rows(struct import_reader *reader) {
    struct import_sample sample;
    struct wide wide = {.reader = reader, .n_columns = 1};
    import_sample_take(&sample, reader->path, reader->text, reader->end, true);
    for (const char *c = sample.line[0].begin; c < sample.line[0].end; c++) wide.n_columns += *c == ',';
    TRY(import_symbols_open(reader));
    struct field *levels = mem_calloc(2 * wide.n_columns, sizeof *levels);
    wide.field = mem_calloc(wide.n_columns, sizeof *wide.field);
    wide.ticker = mem_calloc(wide.n_columns, sizeof *wide.ticker);
    int rc = levels && wide.field && wide.ticker ? read_wide(&wide, levels, price_level(&sample)) : GW_ERR_NOMEM;
    mem_free(levels);
    mem_free(wide.field);
    mem_free(wide.ticker);
    return rc;
}

const struct gw_import_format import_format_yfinance = {
    .name = "yfinance",
    .help = "two header lines, prices and tickers, as yfinance and pandas write them; each ticker is a symbol",
    .detect = detect,
    .read = read_rows,
    .many = true,
};
