#include "bars_view.h"

#include <math.h>
#include <string.h>

enum { TIME, SYMBOL, OPEN, HIGH, LOW, CLOSE, N_COLUMNS };

static int find(struct bars_view *bars, const char *symbol, struct symbol_bars **found) {
    for (size_t i = bars->n; i-- > 0;)
        if (strcmp(bars->symbol[i].symbol, symbol) == 0) {
            *found = &bars->symbol[i];
            return GW_OK;
        }
    struct symbol_bars *grown = mem_realloc(bars->symbol, bars->n + 1, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    bars->symbol = grown;
    *found = &grown[bars->n];
    const size_t length = strlen(symbol);
    **found = (struct symbol_bars){.symbol = mem_calloc(length + 1, 1)};
    if (!(*found)->symbol) return GW_ERR_NOMEM;
    memcpy((*found)->symbol, symbol, length);
    bars->n++;
    return GW_OK;
}

static int add(struct symbol_bars *s, const struct bar_view *bar) {
    if (s->n && bar->open_ns <= s->bar[s->n - 1].open_ns) return GW_OK; /* out of order: not ours */
    if (s->n == s->capacity) {
        const size_t capacity = 2 * s->capacity + 256;
        struct bar_view *grown = mem_realloc(s->bar, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        s->bar = grown;
        s->capacity = capacity;
    }
    s->bar[s->n++] = *bar;
    return GW_OK;
}

static int read_rows(struct bars_view *bars, struct table_stream *rows) {
    static const char *const name[N_COLUMNS] = {"open_time", "symbol", "open", "high", "low", "close"};
    size_t c[N_COLUMNS];
    for (size_t i = 0; i < N_COLUMNS; i++) TRY(table_column(&rows->row, name[i], &c[i]));
    for (bool more = true;;) {
        TRY(table_stream_next(rows, &more));
        if (!more) return GW_OK;
        int64_t ns;
        struct symbol_bars *symbol;
        if (time_parse(rows->row.cell[c[TIME]], &ns) < 0) continue;
        const struct bar_view bar = {ns,
                                     (double)ns / (double)NS_PER_SECOND,
                                     table_number(&rows->row, 0, c[OPEN]),
                                     table_number(&rows->row, 0, c[HIGH]),
                                     table_number(&rows->row, 0, c[LOW]),
                                     table_number(&rows->row, 0, c[CLOSE])};
        if (!isfinite(bar.open + bar.high + bar.low + bar.close)) continue;
        TRY(find(bars, rows->row.cell[c[SYMBOL]], &symbol));
        TRY(add(symbol, &bar));
    }
}

int bars_read(const struct run_view *run, struct bars_view *bars) {
    char file[1024];
    struct table_stream rows;
    *bars = (struct bars_view){0};
    TRY(path_join(file, sizeof file, run->dir, GW_RUN_BARS));
    if (!file_exists(file)) return GW_OK;
    TRY(table_stream_open(file, &rows));
    int rc = read_rows(bars, &rows);
    table_stream_close(&rows);
    return rc;
}

void bars_free(struct bars_view *bars) {
    for (size_t i = 0; i < bars->n; i++) {
        mem_free(bars->symbol[i].symbol);
        mem_free(bars->symbol[i].bar);
    }
    mem_free(bars->symbol);
    *bars = (struct bars_view){0};
}

const struct symbol_bars *bars_of(const struct bars_view *bars, const char *symbol) {
    for (size_t i = 0; i < bars->n; i++)
        if (strcmp(bars->symbol[i].symbol, symbol) == 0) return &bars->symbol[i];
    return NULL;
}

size_t bar_at(const struct symbol_bars *bars, double seconds) {
    size_t lo = 0, hi = bars->n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (bars->bar[middle].open_time <= seconds)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo ? lo - 1 : SIZE_MAX;
}
