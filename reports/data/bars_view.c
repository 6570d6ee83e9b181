#include "bars_view.h"

#include <math.h>
#include <string.h>

enum { TIME, SYMBOL, OPEN, HIGH, LOW, CLOSE, N_COLUMNS };

static int add(struct symbol_bars *s, const struct bar_view *bar, size_t most) {
    if (s->n && bar->open_ns <= s->bar[s->n - 1].open_ns) return GW_OK; /* out of order: not ours */
    if (most && s->n == 2 * most) {
        memcpy(s->bar, s->bar + most, most * sizeof *s->bar);
        s->n = most;
    }
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

static int read_rows(struct bars_view *bars, size_t most, struct table_stream *rows) {
    static const char *const name[N_COLUMNS] = {"open_time", "symbol", "open", "high", "low", "close"};
    size_t c[N_COLUMNS];
    for (size_t i = 0; i < N_COLUMNS; i++) TRY(table_column(&rows->row, name[i], &c[i]));
    for (bool more = true;;) {
        TRY(table_stream_next(rows, &more));
        if (!more) return GW_OK;
        int64_t ns;
        const size_t symbol = name_index_find(&bars->index, rows->row.cell[c[SYMBOL]]);
        if (symbol == SIZE_MAX || time_parse(rows->row.cell[c[TIME]], &ns) < 0) continue;
        const struct bar_view bar = {ns,
                                     (double)ns / (double)NS_PER_SECOND,
                                     table_number(&rows->row, 0, c[OPEN]),
                                     table_number(&rows->row, 0, c[HIGH]),
                                     table_number(&rows->row, 0, c[LOW]),
                                     table_number(&rows->row, 0, c[CLOSE])};
        if (!isfinite(bar.open + bar.high + bar.low + bar.close)) continue;
        TRY(add(&bars->symbol[symbol], &bar, most));
    }
}

static int open_rows(const struct run_view *run, struct table_stream *rows, bool *there) {
    char file[1024];
    TRY(path_join(file, sizeof file, run->dir, GW_RUN_BARS));
    *there = file_exists(file);
    return *there ? table_stream_open(file, rows) : GW_OK;
}

static int count_rows(struct table_stream *rows, struct name_index *index, size_t **n_rows) {
    size_t column, room = 0, number;
    TRY(table_column(&rows->row, "symbol", &column));
    for (bool more = true;;) {
        TRY(table_stream_next(rows, &more));
        if (!more) return GW_OK;
        TRY(name_index_add(index, rows->row.cell[column], &number));
        if (number >= room) {
            const size_t before = room;
            room = 2 * room + 16;
            size_t *grown = mem_realloc(*n_rows, room, sizeof *grown);
            if (!grown) return GW_ERR_NOMEM;
            *n_rows = grown;
            memset(grown + before, 0, (room - before) * sizeof *grown);
        }
        (*n_rows)[number]++;
    }
}

int bars_count(const struct run_view *run, struct name_index *index, size_t **n_rows) {
    struct table_stream rows;
    bool there;
    *n_rows = NULL;
    TRY(open_rows(run, &rows, &there));
    if (!there) return GW_OK;
    const int rc = count_rows(&rows, index, n_rows);
    table_stream_close(&rows);
    return rc;
}

int bars_read(const struct run_view *run, const char *const *symbol, size_t n, size_t most, struct bars_view *bars) {
    struct table_stream rows;
    bool there;
    *bars = (struct bars_view){.symbol = mem_calloc(n + 1, sizeof *bars->symbol)};
    if (!bars->symbol) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        size_t number;
        TRY(name_index_add(&bars->index, symbol[i], &number));
        bars->symbol[number].symbol = symbol[i];
    }
    bars->n = bars->index.n;
    if (n == 0) return GW_OK;
    TRY(open_rows(run, &rows, &there));
    if (!there) return GW_OK;
    const int rc = read_rows(bars, most, &rows);
    table_stream_close(&rows);
    return rc;
}

void bars_free(struct bars_view *bars) {
    for (size_t i = 0; i < bars->n; i++) mem_free(bars->symbol[i].bar);
    mem_free(bars->symbol);
    name_index_free(&bars->index);
    *bars = (struct bars_view){0};
}

const struct symbol_bars *bars_of(struct bars_view *bars, const char *symbol) {
    const size_t number = name_index_find(&bars->index, symbol);
    return number < bars->n && bars->symbol[number].n ? &bars->symbol[number] : NULL;
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
