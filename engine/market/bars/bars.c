/* Bars in memory: release, fingerprint, longer intervals, and CSV out. */
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "closes.h"
#include "engine/base/base.h"

/* What lies in the mapping goes with it. */
static void release(const struct gw_bars *bars, void *block) {
    const char *map = bars->map, *at = block;
    if (map && at >= map && at < map + bars->map_size) return;
    mem_free(block);
}

void gw_bars_free(struct gw_bars *bars) {
    if (!bars) return;
    release(bars, bars->bar);
    release(bars, bars->quote_volume);
    release(bars, bars->trade_count);
    release(bars, bars->taker_buy_base);
    for (size_t c = 0; c < bars->n_columns; c++) release(bars, bars->column[c].value);
    mem_free(bars->column);
    if (bars->map) (void)munmap(bars->map, bars->map_size);
    *bars = (struct gw_bars){0};
}

void gw_market_free(struct gw_market *market) {
    if (!market) return;
    for (size_t i = 0; market->symbol && i < market->n_symbols; i++) gw_bars_free(&market->symbol[i]);
    mem_free(market->symbol);
    *market = (struct gw_market){0};
}

/* Each part seeds the next; an absent column is told from an empty one by its own salt. */
void gw_bars_fingerprint(struct gw_bars *bars) {
    const double *column[] = {bars->quote_volume, bars->trade_count, bars->taker_buy_base};
    uint64_t hash = hash_bytes(bars->symbol, strlen(bars->symbol), 0);
    hash = hash_bytes(&bars->interval_ns, sizeof bars->interval_ns, hash);
    hash = hash_bytes(bars->bar, bars->n * sizeof *bars->bar, hash);
    for (size_t i = 0; i < COUNT_OF(column); i++)
        hash = column[i] ? hash_bytes(column[i], bars->n * sizeof(double), hash) : hash_bytes("absent", 6, hash);
    bars->fingerprint = hash;
    hash = 0;
    for (size_t c = 0; c < bars->n_columns; c++) {
        hash = hash_bytes(bars->column[c].name, strlen(bars->column[c].name) + 1, hash);
        hash = hash_bytes(bars->column[c].value, bars->n * sizeof(double), hash);
    }
    bars->columns_fingerprint = hash;
}

/* ---- columns --------------------------------------------------------------------------------- */

const double *gw_bars_column(const struct gw_bars *bars, const char *name) {
    for (size_t c = 0; c < bars->n_columns; c++)
        if (strcmp(bars->column[c].name, name) == 0) return bars->column[c].value;
    return NULL;
}

static int append_column(struct gw_bars *bars, const char *name, const double *value) {
    struct gw_column *grown = mem_realloc(bars->column, bars->n_columns + 1, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    bars->column = grown;
    struct gw_column *column = &grown[bars->n_columns];
    *column = (struct gw_column){.value = mem_calloc(bars->n ? bars->n : 1, sizeof(double))};
    if (!column->value) return GW_ERR_NOMEM;
    memcpy(column->name, name, strlen(name));
    if (value && bars->n) memcpy(column->value, value, bars->n * sizeof(double));
    bars->n_columns++;
    return GW_OK;
}

int gw_bars_add_column(struct gw_bars *bars, const char *name, const double *value) {
    if (!name_is_safe(name) || strlen(name) >= GW_COLUMN_NAME_MAX)
        FAIL(GW_ERR_DATA,
             "column \"%.64s\": use at most %d letters, digits, '_', '-', '.', beginning with a letter or digit", name,
             GW_COLUMN_NAME_MAX - 1);
    if (gw_bars_column(bars, name)) FAIL(GW_ERR_DATA, "%s: has a column \"%s\" already", bars->symbol, name);
    if (bars->n_columns == GW_COLUMNS_MAX) FAIL(GW_ERR_DATA, "%s: more than %d columns", bars->symbol, GW_COLUMNS_MAX);
    for (size_t i = 0; i < bars->n; i++)
        if (isinf(value[i]))
            FAIL(GW_ERR_DATA, "%s: column \"%s\" is infinite at bar %zu (from 0)", bars->symbol, name, i);
    TRY(append_column(bars, name, value));
    gw_bars_fingerprint(bars);
    return GW_OK;
}

/* ---- from memory ---------------------------------------------------------------------------- */

static const char *what_is_wrong(const struct gw_bar *bar) {
    if (!isfinite(bar->open) || !isfinite(bar->high) || !isfinite(bar->low) || !isfinite(bar->close))
        return "a price is not finite";
    if (!(bar->low > 0)) return "a price is not above 0";
    if (bar->low > bar->open || bar->low > bar->close || bar->high < bar->open || bar->high < bar->close)
        return "open or close lies outside low to high";
    if (!isfinite(bar->volume) || bar->volume < 0) return "the volume is negative or not finite";
    return NULL;
}

int gw_bars_create(const char *symbol, int64_t interval_ns, const struct gw_bar *bar, size_t n, struct gw_bars *out) {
    *out = (struct gw_bars){.interval_ns = interval_ns, .n = n};
    if (!name_is_safe(symbol) || strlen(symbol) >= sizeof out->symbol)
        FAIL(GW_ERR_DATA, "symbol: \"%.64s\" is no name of at most %d letters, digits, '_', '-', '.'", symbol,
             GW_SYMBOL_MAX - 1);
    if (interval_ns <= 0) FAIL(GW_ERR_DATA, "%s: the interval must be above 0", symbol);
    for (size_t i = 0; i < n; i++) {
        const char *wrong = what_is_wrong(&bar[i]);
        if (!wrong && i && bar[i].open_ns <= bar[i - 1].open_ns) wrong = "its time is not after the one before";
        if (wrong) FAIL(GW_ERR_DATA, "%s: bar %zu (from 0): %s", symbol, i, wrong);
    }
    memcpy(out->symbol, symbol, strlen(symbol) + 1);
    out->bar = mem_calloc(n, sizeof *out->bar);
    if (!out->bar) return GW_ERR_NOMEM;
    if (n) memcpy(out->bar, bar, n * sizeof *bar);
    gw_bars_fingerprint(out);
    return GW_OK;
}

/* ---- resampling ---------------------------------------------------------------------------- */

/* Where the bucket begins in which bar i closes. */
static int64_t bucket_begin(const struct gw_bars *bars, size_t i, int64_t interval_ns) {
    int64_t last_ns = gw_bar_close_ns(bars, i) - 1, r = last_ns % interval_ns;
    return last_ns - (r < 0 ? r + interval_ns : r);
}

static bool closes(const struct gw_bars *bars, size_t t, int64_t interval_ns) {
    const int64_t begin_ns = bucket_begin(bars, t, interval_ns);
    if (gw_bar_close_ns(bars, t) >= begin_ns + interval_ns) return true;
    if (t == 0) return false;
    const int64_t before_ns = bucket_begin(bars, t - 1, interval_ns); /* left open by a gap? */
    return before_ns != begin_ns && gw_bar_close_ns(bars, t - 1) < before_ns + interval_ns;
}

size_t bars_closes(const struct gw_bars *bars, size_t first, size_t n, int64_t interval_ns, uint32_t *row) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (interval_ns == 0 || closes(bars, first + i, interval_ns)) row[found++] = (uint32_t)i;
    return found;
}

void bars_known(const struct gw_bars *bars, size_t first, size_t n, const struct gw_bars *of, size_t of_first,
                const uint32_t *row, size_t m, uint32_t *known) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t now_ns = gw_bar_close_ns(bars, first + i);
        while (k < m && gw_bar_close_ns(of, of_first + row[k]) <= now_ns) k++;
        known[i] = (uint32_t)k;
    }
}

static int allocate_columns(const struct gw_bars *in, size_t n, struct gw_bars *out) {
    out->bar = mem_calloc(n, sizeof *out->bar);
    if (in->quote_volume) out->quote_volume = mem_calloc(n, sizeof(double));
    if (in->trade_count) out->trade_count = mem_calloc(n, sizeof(double));
    if (in->taker_buy_base) out->taker_buy_base = mem_calloc(n, sizeof(double));
    bool complete = out->bar && (!in->quote_volume || out->quote_volume) && (!in->trade_count || out->trade_count) &&
                    (!in->taker_buy_base || out->taker_buy_base);
    if (!complete) return GW_ERR_NOMEM;
    out->n = n;
    for (size_t c = 0; c < in->n_columns; c++) TRY(append_column(out, in->column[c].name, NULL));
    return GW_OK;
}

static void add_column(double *out, const double *in, size_t k, size_t i, bool first) {
    if (out) out[k] = first ? in[i] : out[k] + in[i];
}

/* Joins bar i of `in` to bar k of `out`, which begins a new bucket when `first`. */
static void join(struct gw_bars *out, size_t k, const struct gw_bars *in, size_t i, bool first, int64_t begin_ns) {
    const struct gw_bar *from = &in->bar[i];
    struct gw_bar *to = &out->bar[k];
    if (first) {
        *to = *from;
        to->open_ns = begin_ns;
    } else {
        to->high = fmax(to->high, from->high);
        to->low = fmin(to->low, from->low);
        to->close = from->close;
        to->volume += from->volume;
    }
    add_column(out->quote_volume, in->quote_volume, k, i, first);
    add_column(out->trade_count, in->trade_count, k, i, first);
    add_column(out->taker_buy_base, in->taker_buy_base, k, i, first);
    for (size_t c = 0; c < in->n_columns; c++)
        out->column[c].value[k] = in->column[c].value[i]; /* what is known last */
}

/* A bar belongs to the bucket in which it closes: off the grid it may open in an earlier one, but nobody knew
 * it when that one closed. The last bucket is left out when its end has not come. */
int gw_bars_resample(const struct gw_bars *bars, int64_t interval_ns, struct gw_bars *out) {
    char from[40], to[40];
    *out = (struct gw_bars){0};
    if (bars->interval_ns <= 0 || interval_ns < bars->interval_ns || interval_ns % bars->interval_ns != 0)
        FAIL(GW_ERR_CONFIG, "bars of %s cannot be made from bars of %s; choose a multiple",
             duration_format(interval_ns, from), duration_format(bars->interval_ns, to));
    size_t n = 0;
    int64_t begin = 0;
    for (size_t i = 0; i < bars->n; i++) {
        int64_t at = bucket_begin(bars, i, interval_ns);
        n += i == 0 || at != begin;
        begin = at;
    }
    int rc = allocate_columns(bars, n, out);
    if (rc != GW_OK) {
        gw_bars_free(out);
        return rc;
    }
    size_t k = 0;
    for (size_t i = 0; i < bars->n; i++) {
        int64_t at = bucket_begin(bars, i, interval_ns);
        bool first = i == 0 || at != begin;
        if (first && i > 0) k++;
        begin = at;
        join(out, k, bars, i, first, at);
    }
    bool closed = bars->n > 0 && gw_bar_close_ns(bars, bars->n - 1) - begin >= interval_ns;
    out->n = n - (n > 0 && !closed);
    memcpy(out->symbol, bars->symbol, sizeof out->symbol);
    out->interval_ns = interval_ns;
    gw_bars_fingerprint(out);
    return GW_OK;
}
