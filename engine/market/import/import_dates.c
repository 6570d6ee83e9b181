/* 03.04.2021: of one such date nobody can say which is the day. A file says it as soon as one row has a number above 12. */
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

struct order_evidence {
    size_t day_first, month_first; /* lines that say so; 0: none */
};

/* "31.8.2025…": two short numbers and a year. */
static bool short_date(struct field field, int *first, int *second) {
    const char *c = field.text, *end = c + field.length;
    int n[3] = {0}, value[3] = {0};
    char separator = '\0';
    for (int k = 0; k < 3; k++) {
        while (c < end && *c >= '0' && *c <= '9' && n[k] < 4) value[k] = 10 * value[k] + *c++ - '0', n[k]++;
        if (k == 2) break;
        if (c == end || !strchr("./-", *c) || (separator && *c != separator)) return false;
        separator = *c++;
    }
    *first = value[0];
    *second = value[1];
    return n[0] >= 1 && n[0] <= 2 && n[1] >= 1 && n[1] <= 2 && n[2] == 4;
}

static struct field time_field(const struct import_reader *reader, const char *begin, const char *end, size_t column) {
    struct field field = {begin, 0};
    for (size_t k = 0; k <= column && begin; k++) field = field_next(&begin, end, reader->layout.delimiter);
    return field;
}

static void weigh(struct order_evidence *evidence, int first, int second, size_t line) {
    if (first > 12 && second <= 12 && !evidence->day_first) evidence->day_first = line;
    if (second > 12 && first <= 12 && !evidence->month_first) evidence->month_first = line;
}

int import_dates_decide(struct import_reader *reader, const char *at, size_t line) {
    struct order_evidence found = {0};
    size_t column = 0;
    int first, second;
    while (column < reader->layout.n_columns && reader->layout.column[column] != COLUMN_TIME) column++;
    reader->date_order = reader->layout.month_first ? DATES_MONTH_FIRST : DATES_UNKNOWN;
    if (reader->options.time_format || column == reader->layout.n_columns) return GW_OK;
    for (size_t row = 0; at < reader->end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(reader->end - at));
        if (!stop) stop = reader->end;
        if (field_trim(at, stop).length) {
            bool fits = short_date(time_field(reader, at, stop, column), &first, &second);
            if (!fits && row == 0) return GW_OK; /* another style of time */
            if (fits) weigh(&found, first, second, line);
            row++;
        }
        at = stop + 1;
    }
    if (found.day_first && found.month_first)
        FAIL(GW_ERR_DATA, "%s:%zu:1: the day stands first here, the month on line %zu; use one order in the whole file",
             reader->path, found.day_first > found.month_first ? found.day_first : found.month_first,
             found.day_first > found.month_first ? found.month_first : found.day_first);
    if (found.day_first) reader->date_order = DATES_DAY_FIRST;
    if (found.month_first) reader->date_order = DATES_MONTH_FIRST;
    return GW_OK;
}
