/* What the broker wants to know of each symbol beside its bars: its instrument, whose price says what its quote currency is
 * worth, when funding was charged, finer bars. */
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/import.h"
#include "walk.h"

static int read_event(const struct table *table, size_t row, const size_t column[2], struct gw_funding_event *event) {
    const char *when = table->cell[row * table->n_columns + column[0]];
    if (time_parse(when, &event->time_ns) < 0)
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: \"%.40s\" is no time; write it as 2024-01-31T08:00:00Z", table->path, row + 2,
             table_place(table, row, column[0]), when);
    TRY(table_get_number(table, row, column[1], &event->rate));
    if (!(event->rate > -1 && event->rate < 1))
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: rate must be a fraction between -1 and 1, such as 0.0001", table->path, row + 2,
             table_place(table, row, column[1]));
    if (row && event->time_ns <= event[-1].time_ns)
        FAIL(GW_ERR_DATA, "%s:%zu:%zu: times must rise: %.40s does not follow the row above", table->path, row + 2,
             table_place(table, row, column[0]), when);
    return GW_OK;
}

static int read_events(const struct table *table, struct gw_funding *out) {
    size_t column[2];
    TRY(table_column(table, "time", &column[0]));
    TRY(table_column(table, "rate", &column[1]));
    if (!table->n_rows) FAIL(GW_ERR_DATA, "%s:1:1: holds no funding; rows of time,rate were expected", table->path);
    struct gw_funding_event *event = mem_calloc(table->n_rows, sizeof *event);
    if (!event) return GW_ERR_NOMEM;
    out->event = event;
    for (size_t row = 0; row < table->n_rows; row++) TRY(read_event(table, row, column, &event[row]));
    out->n = table->n_rows;
    return GW_OK;
}

static int read_funding(const struct experiment *e, struct prepared *p, size_t i) {
    struct table table;
    if (!p->funding && !(p->funding = mem_calloc(e->n_data, sizeof *p->funding))) return GW_ERR_NOMEM;
    TRY(table_read(e->data[i].funding, &table));
    int rc = read_events(&table, &p->funding[i]);
    table_free(&table);
    return rc;
}

static int read_detail(const struct experiment *e, struct prepared *p, size_t i) {
    const struct data_source *source = &e->data[i];
    const struct gw_bars *bars = &p->market.symbol[i];
    if (!p->detail.symbol && !(p->detail.symbol = mem_calloc(e->n_data, sizeof *p->detail.symbol))) return GW_ERR_NOMEM;
    p->detail.n_symbols = e->n_data;
    const struct gw_import_options options = {
        .symbol = bars->symbol, .timezone = *source->timezone ? source->timezone : NULL, .repair = source->repair};
    struct gw_bars *detail = &p->detail.symbol[i];
    TRY(gw_bars_import(source->detail, &options, detail, NULL));
    if (detail->interval_ns >= bars->interval_ns || bars->interval_ns % detail->interval_ns)
        FAIL(GW_ERR_DATA, "%s: the interval of detail must divide that of %s", source->detail, source->file);
    return GW_OK;
}

static const char *quote_of(const struct experiment *e, size_t i) {
    return *e->data[i].quote ? e->data[i].quote : e->broker.account_currency;
}

static const char *rate_place(const struct experiment *e, const struct data_source *source, char out[1100]) {
    if (source->rate_line)
        snprintf(out, 1100, "%.1000s:%zu:%zu", e->path, source->rate_line, source->rate_column);
    else
        snprintf(out, 1100, "%.1000s", e->path);
    return out;
}

static int find_rate(const struct experiment *e, struct prepared *p, size_t i) {
    const struct data_source *source = &e->data[i];
    const bool inverse = strncmp(source->rate, "1/", 2) == 0;
    const char *name = source->rate + (inverse ? 2 : 0), *known[MAX_SYMBOLS];
    char place[1100];
    size_t j = 0;
    for (; j < p->market.n_symbols && strcmp(p->market.symbol[j].symbol, name) != 0; j++)
        known[j] = p->market.symbol[j].symbol;
    if (j == p->market.n_symbols) {
        const char *near = nearest_word(name, known, j);
        FAIL(GW_ERR_CONFIG, "%s: data.rate of %s: \"data\" has no symbol \"%s\"%s%s%s", rate_place(e, source, place),
             p->market.symbol[i].symbol, name, near ? "; did you mean \"" : "; give its bars there too",
             near ? near : "", near ? "\"?" : "");
    }
    const char *priced_in = inverse ? source->quote : e->broker.account_currency;
    if (strcmp(quote_of(e, j), priced_in) != 0)
        FAIL(GW_ERR_CONFIG, "%s: data.rate of %s: \"%s\" needs prices in %s, but %s is quoted in %s%s",
             rate_place(e, source, place), p->market.symbol[i].symbol, source->rate, priced_in, name, quote_of(e, j),
             inverse ? "" : "; 1/SYMBOL turns a price round");
    p->instrument[i].rate_symbol = j + 1;
    p->instrument[i].rate_inverse = inverse;
    return GW_OK;
}

int prepare_broker(const struct experiment *e, struct prepared *p) {
    p->instrument = mem_calloc(e->n_data, sizeof *p->instrument);
    if (!p->instrument) return GW_ERR_NOMEM;
    for (size_t i = 0; i < e->n_data; i++) {
        p->instrument[i] = e->data[i].instrument;
        if (*e->data[i].rate) TRY(find_rate(e, p, i));
        if (*e->data[i].funding) TRY(read_funding(e, p, i));
        if (*e->data[i].detail) TRY(read_detail(e, p, i));
    }
    return GW_OK;
}
