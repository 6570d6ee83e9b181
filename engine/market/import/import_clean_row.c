/* Nearly all rows of nearly all files are clean: the right number of fields, plain digits, nothing to trim or to
 * complain of. Those are read here in one pass over their bytes. Whatever looks different in any way is left to
 * import_row_accept(), which reads clean rows to the same bits and knows all the messages. */
#include "import_private.h"

/* The first byte at or behind `at` that ends a field; a carriage return does, so that stray ones are noticed. */
static const char *field_stop(const char *at, const char *end, char delimiter) {
    while (at < end && *at != delimiter && *at != '\n' && *at != '\r') at++;
    return at;
}

static bool stops(const char *at, const char *end, char delimiter) {
    return at == end || *at == delimiter || *at == '\n' || *at == '\r';
}

struct clean {
    const char *at, *end;
    char delimiter;
    double value[N_COLUMN_ROLES];
    int64_t time_ns, clock_ns;
    enum time_style style;
    uint16_t symbol;
};

static bool take_time(struct import_reader *reader, struct clean *row) {
    const char *begin = row->at;
    if (import_time_take(reader, &row->at, &row->time_ns, &row->style) && stops(row->at, row->end, row->delimiter))
        return true;
    row->at = field_stop(begin, row->end, row->delimiter);
    return !import_time_parse(reader, field_trim(begin, row->at), &row->time_ns, &row->style);
}

static bool take_clock(struct clean *row) {
    const char *begin = row->at;
    row->at = field_stop(begin, row->end, row->delimiter);
    return !import_clock_parse(field_trim(begin, row->at), &row->clock_ns);
}

static bool take_symbol(struct import_reader *reader, struct clean *row) {
    const char *begin = row->at;
    row->at = field_stop(begin, row->end, row->delimiter);
    return import_symbol_find(reader->symbols, field_trim(begin, row->at), &row->symbol) > 0;
}

static inline bool take_number(struct clean *row, double *value) {
    const char *begin = row->at;
    if (number_take(&row->at, row->end, value) && stops(row->at, row->end, row->delimiter)) return true;
    row->at = field_stop(begin, row->end, row->delimiter);
    return number_parse(field_trim(begin, row->at), value);
}

/* Into the place of the row that is being read: it counts once the row is stored. */
static bool take_extra(struct import_reader *reader, struct clean *row, unsigned role) {
    const char *begin = row->at;
    row->at = field_stop(begin, row->end, row->delimiter);
    return import_extra_value(field_trim(begin, row->at), false,
                              &reader->rows.extra[role - N_COLUMN_ROLES][reader->rows.n]);
}

static inline bool take_field(struct import_reader *reader, struct clean *row, unsigned role) {
    if (role >= N_COLUMN_ROLES) return take_extra(reader, row, role);
    if (role >= COLUMN_OPEN) return take_number(row, &row->value[role]);
    if (role == COLUMN_TIME) return take_time(reader, row);
    if (role == COLUMN_CLOCK) return take_clock(row);
    if (role == COLUMN_SYMBOL) return take_symbol(reader, row);
    row->at = field_stop(row->at, row->end, row->delimiter);
    return true;
}

/* Behind the line end; NULL when something else follows the last field. */
static const char *line_end(const char *at, const char *end) {
    if (at < end && *at == '\r') at++;
    if (at == end) return end;
    return *at == '\n' ? at + 1 : NULL;
}

const char *import_clean_row(struct import_reader *reader, const char *at, size_t line) {
    const struct import_layout *layout = &reader->layout;
    struct clean row = {.at = at, .end = reader->end, .delimiter = layout->delimiter};
    if (layout->decorated || layout->decimal_comma || reader->rows.n == reader->rows.capacity) return NULL;
    for (size_t k = 0; k < layout->n_columns; k++) {
        if (k > 0 && (row.at == row.end || *row.at++ != row.delimiter)) return NULL;
        if (!take_field(reader, &row, layout->column[k])) return NULL;
    }
    const char *next = line_end(row.at, row.end);
    if (!next || row.style != reader->time_style) return NULL;
    if (layout->price_divisor > 0)
        for (unsigned role = COLUMN_OPEN; role <= COLUMN_CLOSE; role++) row.value[role] /= layout->price_divisor;
    if (!import_row_good(row.value)) return NULL;
    int64_t time_ns = row.time_ns + row.clock_ns;
    if (row.style == TIME_CIVIL && !import_to_utc(reader, row.symbol, &time_ns)) return NULL;
    reader->report.n_rows++;
    import_row_store(&reader->rows, line, time_ns, row.value, row.symbol);
    return next;
}
