/* One row of fields becomes one bar, or an error that says exactly where and what. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

/* Prices in points such as 130583.99999999999 come from arithmetic in floats: high and low may miss open
 * and close by this share of themselves without being wrong. */
static const double PRICE_TOLERANCE = 1e-9;

/* Wide enough for the smallest unit of any token and for any currency; narrow enough that squares, products with a
 * volume and their sums stay far from the ends of a double and of a float32. Told in the messages below. */
static const double PRICE_MIN = 1e-18, PRICE_MAX = 1e18, VOLUME_MIN = 1e-30, VOLUME_MAX = 1e30;

static bool price_fits(double price) { return price >= PRICE_MIN && price <= PRICE_MAX; }
/* NAN: a hole in an optional column. */
static bool volume_fits(double v) { return v == 0 || isnan(v) || (v >= VOLUME_MIN && v <= VOLUME_MAX); }

int import_row_bad(struct import_reader *reader, size_t line, size_t column, const char *format, ...) {
    char text[sizeof reader->report.first_problem - 64];
    struct gw_import_report *report = &reader->report;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text); /* the report keeps it, and reports are printed */
    if (!reader->options.repair && !reader->options.tolerant)
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: %s", reader->path, line, column, text);
    if (report->n_bad_rows++ == 0) {
        report->first_bad_line = line;
        snprintf(report->first_problem, sizeof report->first_problem, "%zu:%zu: %s", line, column, text);
    }
    return GW_OK;
}

/* The same for a field that lies somewhere in the text. Only the first of many bad rows is told. */
static void place_in_text(const struct import_reader *reader, const struct import_row *row, size_t k, size_t *line,
                          size_t *column) {
    const char *at = k < row->n_fields ? row->field[k].text : row->end, *line_begin = reader->text;
    *line = 1;
    *column = 1;
    if (reader->report.n_bad_rows) return;
    for (const char *c = reader->text; c < at; c++) {
        if (*c != '\n') continue;
        ++*line;
        line_begin = c + 1;
    }
    *column = (size_t)(at - line_begin) + 1;
}

/* Where field k of a row stands in the source text; records may span lines when quoted. */
static void place_of(const struct import_reader *reader, const struct import_row *row, size_t k, size_t *line,
                     size_t *column) {
    if (row->in_text) {
        place_in_text(reader, row, k, line, column);
        return;
    }
    const char *at = row->begin;
    for (size_t i = 0; i < k && at; i++) field_next(&at, row->end, reader->layout.delimiter);
    if (!at) at = row->end;
    while (at < row->end && (*at == ' ' || *at == '\t')) at++;
    const char *line_begin = row->begin;
    *line = row->line;
    *column = row->indent + 1;
    for (const char *c = row->begin; c < at; c++) {
        if (*c != '\n') continue;
        ++*line;
        line_begin = c + 1;
        *column = 1;
    }
    *column += (size_t)(at - line_begin);
}

const char *import_role_name(unsigned role) {
    static const char *const name[N_COLUMN_ROLES] = {"column", "time",         "time of day", "symbol",
                                                     "open",   "high",         "low",         "close",
                                                     "volume", "quote volume", "trade count", "taker buy volume"};
    return name[role];
}

/* Index in the row of the column with a role. */
static size_t column_of(const struct import_reader *reader, unsigned role) {
    for (size_t i = 0; i < reader->n_used; i++)
        if (reader->layout.column[reader->used[i]] == role) return reader->used[i];
    return 0;
}

/* As messages call it. */
static const char *column_name(const struct import_reader *reader, size_t k) {
    const unsigned role = reader->layout.column[k];
    return role < N_COLUMN_ROLES ? import_role_name(role) : reader->extra_name[role - N_COLUMN_ROLES];
}

static int bad_field(struct import_reader *reader, const struct import_row *row, size_t k, const char *what,
                     const char *advice) {
    size_t line, column;
    struct field field = row->field[k];
    int shown = field.length < 40 ? (int)field.length : 40;
    place_of(reader, row, k, &line, &column);
    return import_row_bad(reader, line, column, "%s \"%.*s\" %s; %s", column_name(reader, k), shown, field.text, what,
                          advice);
}

static const char mend_the_row[] = "correct the row, or import with repair to leave it out";

/* ---- time --------------------------------------------------------------------------------- */

/* Magnitude tells the unit of a unix time for sure, so a mixture can be repaired; dates with and without
 * zone cannot be reconciled. */
static bool style_may_change(const struct import_reader *reader, enum time_style style) {
    bool both_unix = style <= TIME_NANOS && reader->time_style <= TIME_NANOS;
    return both_unix && reader->options.repair;
}

static int judge_style(struct import_reader *reader, const struct import_row *row, enum time_style style, bool *good) {
    if (reader->time_style == style) return GW_OK;
    if (reader->time_style == TIME_UNSET) {
        reader->time_style = style;
        reader->time_style_line = row->line;
        return GW_OK;
    }
    if (style_may_change(reader, style)) {
        reader->report.n_mixed_units++;
        return GW_OK;
    }
    size_t line, column;
    *good = false;
    place_of(reader, row, column_of(reader, COLUMN_TIME), &line, &column);
    return import_row_bad(reader, line, column, "time is in %s, but in %s on line %zu; use one unit in the whole file",
                          import_style_name(style), import_style_name(reader->time_style), reader->time_style_line);
}

static int row_time(struct import_reader *reader, const struct import_row *row, int64_t *time_ns, bool *good) {
    enum time_style style = TIME_UNSET;
    int64_t clock_ns = 0;
    *good = true;
    for (size_t i = 0; i < reader->n_used && *good; i++) {
        size_t k = reader->used[i];
        const char *wrong = NULL;
        if (reader->layout.column[k] == COLUMN_TIME)
            wrong = import_time_parse(reader, row->field[k], time_ns, &style);
        else if (reader->layout.column[k] == COLUMN_CLOCK)
            wrong = import_clock_parse(row->field[k], &clock_ns);
        if (!wrong) continue;
        *good = false;
        bool empty = row->field[k].length == 0; /* then `wrong` says no more than that */
        TRY(bad_field(reader, row, k, empty ? "is empty" : "is no time", empty ? mend_the_row : wrong));
    }
    if (!*good) return GW_OK;
    TRY(judge_style(reader, row, style, good));
    *time_ns += clock_ns;
    if (style != TIME_CIVIL || import_to_utc(reader, row->symbol, time_ns)) return GW_OK;
    *good = false;
    return bad_field(reader, row, column_of(reader, COLUMN_TIME), "was shown by no clock there: it was put forward",
                     "is the timezone right?");
}

/* ---- prices ------------------------------------------------------------------------------- */

static int bad_value(struct import_reader *reader, const struct import_row *row, unsigned role, const char *what) {
    return bad_field(reader, row, column_of(reader, role), what, mend_the_row);
}

static int bad_prices(struct import_reader *reader, const struct import_row *row, unsigned role, const char *what,
                      double other) {
    char text[96], number[32];
    if (reader->report.n_ohlc_violations++ == 0) reader->report.first_violation_line = row->line;
    snprintf(text, sizeof text, "%s %s", what, number_format(other, number));
    return bad_value(reader, row, role, text);
}

/* *good when the prices make a bar. */
static int judge_prices(struct import_reader *reader, const struct import_row *row, const double *v, bool *good) {
    const double highest = v[COLUMN_HIGH] * (1 + PRICE_TOLERANCE), lowest = v[COLUMN_LOW] * (1 - PRICE_TOLERANCE);
    *good = false;
    for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++) {
        if (!(v[role] > 0)) return bad_value(reader, row, role, v[role] < 0 ? "is negative" : "is zero");
        if (!price_fits(v[role])) return bad_value(reader, row, role, "lies outside 1e-18 to 1e18, where prices are");
    }
    for (unsigned role = COLUMN_VOLUME; role < N_COLUMN_ROLES; role++) {
        if (v[role] < 0) return bad_value(reader, row, role, "is negative");
        if (!volume_fits(v[role])) return bad_value(reader, row, role, "lies outside 1e-30 to 1e30 and is not 0");
    }
    if (highest < v[COLUMN_LOW]) return bad_prices(reader, row, COLUMN_HIGH, "lies below the low", v[COLUMN_LOW]);
    for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role += COLUMN_CLOSE - COLUMN_OPEN) {
        if (v[role] > highest) return bad_prices(reader, row, role, "lies above the high", v[COLUMN_HIGH]);
        if (v[role] < lowest) return bad_prices(reader, row, role, "lies below the low", v[COLUMN_LOW]);
    }
    *good = true;
    return GW_OK;
}

bool import_row_good(const double *v) {
    const double high = v[COLUMN_HIGH] * (1 + PRICE_TOLERANCE), low = v[COLUMN_LOW] * (1 - PRICE_TOLERANCE);
    bool fits = price_fits(v[COLUMN_OPEN]) && price_fits(v[COLUMN_HIGH]) && price_fits(v[COLUMN_LOW]) &&
                price_fits(v[COLUMN_CLOSE]);
    for (unsigned role = COLUMN_VOLUME; role < N_COLUMN_ROLES; role++) fits &= volume_fits(v[role]);
    return fits && high >= v[COLUMN_LOW] && v[COLUMN_OPEN] <= high && v[COLUMN_OPEN] >= low &&
           v[COLUMN_CLOSE] <= high && v[COLUMN_CLOSE] >= low;
}

void import_row_store(struct import_rows *rows, size_t line, int64_t time_ns, const double *value, uint16_t symbol) {
    size_t i = rows->n++;
    rows->bar[i] = (struct gw_bar){.open_ns = time_ns,
                                   .open = value[COLUMN_OPEN],
                                   .high = value[COLUMN_HIGH],
                                   .low = value[COLUMN_LOW],
                                   .close = value[COLUMN_CLOSE],
                                   .volume = value[COLUMN_VOLUME]};
    if (rows->quote_volume) rows->quote_volume[i] = value[COLUMN_QUOTE_VOLUME];
    if (rows->trade_count) rows->trade_count[i] = value[COLUMN_TRADE_COUNT];
    if (rows->taker_buy_base) rows->taker_buy_base[i] = value[COLUMN_TAKER_BUY];
    rows->line[i] = (uint32_t)line;
    if (rows->symbol) rows->symbol[i] = symbol;
}

/* Appends checked values, indexed by role; prices must form a bar. */
static int append(struct import_reader *reader, const struct import_row *row, int64_t time_ns, const double *value) {
    struct import_rows *rows = &reader->rows;
    bool good = import_row_good(value);
    if (!good) TRY(judge_prices(reader, row, value, &good));
    if (!good) return GW_OK;
    if (rows->n == rows->capacity) TRY(import_rows_reserve(reader, 2 * rows->capacity + 16));
    import_row_store(rows, row->line, time_ns, value, row->symbol);
    return GW_OK;
}

/* ---- the row ------------------------------------------------------------------------------ */

static int judge_count(struct import_reader *reader, const struct import_row *row, bool *good) {
    const struct import_layout *layout = &reader->layout;
    size_t line, column, least = layout->n_required ? layout->n_required : layout->n_columns;
    *good = row->n_fields >= least && row->n_fields <= layout->n_columns;
    if (*good) return GW_OK;
    place_of(reader, row, row->n_fields < least ? row->n_fields : layout->n_columns, &line, &column);
    return import_row_bad(reader, line, column, "%zu columns instead of %zu; %s", row->n_fields, layout->n_columns,
                          row->n_fields < least ? "complete the row or delete it, or import with repair to leave it out"
                                                : "correct the row or delete it");
}

/* The number in a field with a decimal comma. */
static bool comma_number(struct field field, double *value) {
    char text[IMPORT_FIELD_MAX];
    if (field.length >= sizeof text) return false;
    for (size_t i = 0; i < field.length; i++)
        text[i] = field.text[i] == ',' ? '.' : field.text[i] == '.' ? ',' : field.text[i];
    return number_parse((struct field){text, field.length}, value);
}

/* A hole in a volume is 0, in an optional column it stays one. */
static bool row_number(struct import_reader *reader, struct field field, unsigned role, double *value) {
    const struct import_layout *layout = &reader->layout;
    if (layout->decorated && number_parse_decorated(field, value)) return true;
    if (layout->decimal_comma ? comma_number(field, value) : !layout->decorated && number_parse(field, value))
        return true;
    if (role < COLUMN_VOLUME || !field_is_hole(field)) return false;
    *value = role == COLUMN_VOLUME ? 0 : NAN;
    reader->report.n_empty_volume += role == COLUMN_VOLUME;
    return true;
}

/* A time without any price is how tables with a fixed grid say that nothing was traded. */
static bool no_prices(const struct import_reader *reader, const struct import_row *row) {
    size_t n = 0;
    for (size_t i = 0; i < reader->n_used; i++) {
        unsigned role = reader->layout.column[reader->used[i]];
        if (role < COLUMN_OPEN || role > COLUMN_CLOSE) continue;
        if (reader->used[i] >= row->n_fields || !field_is_hole(row->field[reader->used[i]])) return false;
        n++;
    }
    return n == 4;
}

static int row_symbol(struct import_reader *reader, struct import_row *row, bool *good) {
    *good = true;
    for (size_t i = 0; i < reader->n_used && *good; i++) {
        size_t k = reader->used[i];
        if (reader->layout.column[k] != COLUMN_SYMBOL) continue;
        if (k >= row->n_fields) continue;
        int found = import_symbol_find(reader->symbols, row->field[k], &row->symbol);
        if (found < 0) return found;
        if (found) continue;
        *good = false;
        TRY(bad_field(reader, row, k, "is no symbol", "at most 4096 names of letters, digits, '_', '-' and '.'"));
    }
    return GW_OK;
}

int import_row_accept(struct import_reader *reader, struct import_row *row) {
    const struct import_layout *layout = &reader->layout;
    double value[N_COLUMN_ROLES] = {0}, extra[GW_COLUMNS_MAX];
    const size_t n_before = reader->rows.n;
    int64_t time_ns = 0;
    bool good;
    for (size_t c = 0; c < layout->n_extra; c++) extra[c] = NAN;
    reader->report.n_rows++;
    TRY(judge_count(reader, row, &good));
    if (!good) return GW_OK;
    if (reader->symbols) TRY(row_symbol(reader, row, &good));
    if (!good) return GW_OK;
    TRY(row_time(reader, row, &time_ns, &good));
    if (!good) return GW_OK;
    if (no_prices(reader, row)) {
        reader->report.n_empty_rows++;
        return GW_OK;
    }
    for (size_t i = 0; i < reader->n_used; i++) {
        size_t k = reader->used[i];
        unsigned role = layout->column[k];
        if (role < COLUMN_OPEN || k >= row->n_fields) continue;
        if (role >= N_COLUMN_ROLES) {
            if (import_extra_value(row->field[k], layout->decorated, &extra[role - N_COLUMN_ROLES])) continue;
            return bad_field(reader, row, k, "is no number, or beyond 1e30", "leave unknown values empty");
        }
        if (row_number(reader, row->field[k], role, &value[role])) continue;
        return bad_field(reader, row, k, number_complaint(row->field[k]),
                         "correct the row, or import with repair to leave it out");
    }
    if (layout->price_divisor > 0)
        for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++) value[role] /= layout->price_divisor;
    TRY(append(reader, row, time_ns, value));
    for (size_t c = 0; c < layout->n_extra && reader->rows.n > n_before; c++)
        reader->rows.extra[c][n_before] = extra[c];
    return GW_OK;
}
