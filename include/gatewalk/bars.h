/* Market bars: description only, const after creation. */
#ifndef GATEWALK_BARS_H
#define GATEWALK_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

GW_BEGIN_DECLS

enum { GW_SYMBOL_MAX = 32, GW_COLUMNS_MAX = 32, GW_COLUMN_NAME_MAX = 48 };

/* One record is 48 bytes, so a replay reads one cache line per bar. Time is the OPEN time in UTC ns;
 * the bar may be known to anyone only from its close time = open_ns + interval_ns on. */
struct gw_bar {
    int64_t open_ns;
    double open, high, low, close, volume;
};

/* A column of the data beside the bars' own, or of another file joined by the time at which its values were known. */
struct gw_column {
    char name[GW_COLUMN_NAME_MAX]; /* as it was asked for: letters, digits, '_', '-', '.' */
    double *value;                 /* [n] owned; what was known at each bar's close, NaN: nothing */
};

/* One symbol's history in time order, strictly increasing open times. Gaps are gaps. */
struct gw_bars {
    char symbol[GW_SYMBOL_MAX]; /* letters, digits, '_', '-', '.' */
    int64_t interval_ns;
    size_t n;
    struct gw_bar *bar;           /* [n] owned */
    double *quote_volume;         /* [n] or NULL when the source lacks it */
    double *trade_count;          /* [n] or NULL */
    double *taker_buy_base;       /* [n] or NULL: base volume bought by takers */
    uint64_t fingerprint;         /* hash of all of the above: names the data in a run's record */
    struct gw_column *column;     /* [n_columns] owned: those that were asked for */
    size_t n_columns;             /* at most GW_COLUMNS_MAX */
    uint64_t columns_fingerprint; /* hash of their names and values; 0 without any */
    /* A private mapping of a cached file that bars and columns may lie in: what is written there stays this process's. NULL: all
     * of them were allocated. */
    void *map;
    size_t map_size;
};

static inline int64_t gw_bar_close_ns(const struct gw_bars *bars, size_t i) {
    return bars->bar[i].open_ns + bars->interval_ns;
}

/* Bars of your own: n records are copied. The symbol is letters, digits, '_', '-' and '.'; times rise strictly; prices are
 * finite, > 0 and within low … high; volume is finite and not negative. GW_ERR_DATA names the bar that is otherwise. */
int gw_bars_create(const char *symbol, int64_t interval_ns, const struct gw_bar *bar, size_t n,
                   struct gw_bars *out) GW_MUST_USE;
void gw_bars_free(struct gw_bars *bars);
/* Closed bars of a longer interval (a multiple of bars->interval_ns), aligned to UTC midnight/epoch.
 * A bucket that the data does not close is not emitted. A bar off the grid counts where it CLOSES, so that a
 * longer bar never holds what is known only after its own close. */
int gw_bars_resample(const struct gw_bars *bars, int64_t interval_ns, struct gw_bars *out) GW_MUST_USE;
void gw_bars_fingerprint(struct gw_bars *bars); /* both */
/* Gives the bars one column more: n values are copied. GW_ERR_DATA for a name that cannot be one or is there already, for an
 * infinite value, and beyond GW_COLUMNS_MAX. */
int gw_bars_add_column(struct gw_bars *bars, const char *name, const double *value) GW_MUST_USE;
/* NULL: the bars have no column of this name. */
const double *gw_bars_column(const struct gw_bars *bars, const char *name);

/* All symbols of a run, in config order (ties in time go by this order). */
struct gw_market {
    size_t n_symbols;
    struct gw_bars *symbol; /* [n_symbols] owned */
};
void gw_market_free(struct gw_market *market);

/* Writes time,open,high,low,close,volume and the optional columns that are there, with ISO times; read back
 * by gw_bars_import (import.h) to the same bits. */
int gw_bars_write_csv(const struct gw_bars *bars, const char *path) GW_MUST_USE;

GW_END_DECLS

#endif
