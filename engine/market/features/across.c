/* What features across symbols look at, filled into the bars as columns before features are built: another symbol's close
 * ("BTCUSDT.close"), and the rank of a return among all ("24.rank"). Each value is of bars that had closed by then. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "feature_set.h"

static const struct gw_bars *symbol_of(const struct gw_market *market, const char *name) {
    for (size_t s = 0; s < market->n_symbols; s++)
        if (strcmp(market->symbol[s].symbol, name) == 0) return &market->symbol[s];
    return NULL;
}

/* Moves the cursor: how many of its bars have closed by then. Times only rise. */
static size_t closed_by(const struct gw_bars *bars, size_t cursor, int64_t time_ns) {
    while (cursor < bars->n && gw_bar_close_ns(bars, cursor) <= time_ns) cursor++;
    return cursor;
}

static void fill_closes(const struct gw_bars *of, const struct gw_bars *bars, double *value) {
    for (size_t t = 0, cursor = 0; t < bars->n; t++) {
        cursor = closed_by(of, cursor, gw_bar_close_ns(bars, t));
        value[t] = cursor ? of->bar[cursor - 1].close : (double)NAN;
    }
}

/* The log return over n bars up to the last closed one; NAN without so many, or when that one is an interval old or more. */
static double return_of(const struct gw_bars *bars, size_t cursor, size_t n, int64_t time_ns) {
    if (cursor < n + 1 || gw_bar_close_ns(bars, cursor - 1) <= time_ns - bars->interval_ns) return NAN;
    const double now = bars->bar[cursor - 1].close, before = bars->bar[cursor - 1 - n].close;
    return now > 0 && before > 0 ? log(now / before) : (double)NAN;
}

static int fill_ranks(const struct gw_market *market, size_t n, const struct gw_bars *bars, double *value) {
    size_t *cursor = mem_calloc(market->n_symbols, sizeof *cursor);
    if (!cursor) return GW_ERR_NOMEM;
    for (size_t t = 0; t < bars->n; t++) {
        const int64_t now_ns = gw_bar_close_ns(bars, t);
        const double own = t >= n ? return_of(bars, t + 1, n, now_ns) : (double)NAN;
        double below = 0, others = 0;
        for (size_t s = 0; s < market->n_symbols; s++) {
            const struct gw_bars *other = &market->symbol[s];
            cursor[s] = closed_by(other, cursor[s], now_ns);
            if (other == bars) continue;
            const double its = return_of(other, cursor[s], n, now_ns);
            if (isnan(its)) continue;
            others++;
            below += its < own ? 1 : its == own ? 0.5 : 0;
        }
        value[t] = isnan(own) ? own : others > 0 ? below / others : 0.5;
    }
    mem_free(cursor);
    return GW_OK;
}

/* A column's name without its ending; the ending is left in *ending. */
static void split(const char *name, char stem[GW_COLUMN_NAME_MAX], const char **ending) {
    *ending = strrchr(name, '.');
    snprintf(stem, GW_COLUMN_NAME_MAX, "%.*s", (int)(*ending - name), name);
}

static int no_symbol(const struct gw_market *market, const char *name) {
    char known[300] = "";
    size_t used = 0;
    for (size_t s = 0; s < market->n_symbols && used + 40 < sizeof known; s++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", s ? ", " : "", market->symbol[s].symbol);
    FAIL(GW_ERR_CONFIG, "features: there is no symbol \"%s\" among the data, which have %s; add its bars to \"data\"",
         name, known);
}

static int fill(const char *name, const struct gw_market *market, const struct gw_bars *bars, double *value) {
    char stem[GW_COLUMN_NAME_MAX], *end;
    const char *ending;
    split(name, stem, &ending);
    if (strcmp(ending, ".close") == 0) {
        const struct gw_bars *of = symbol_of(market, stem);
        if (!of) return no_symbol(market, stem);
        fill_closes(of, bars, value);
        return GW_OK;
    }
    const unsigned long n = strtoul(stem, &end, 10);
    if (*end || strspn(stem, "0123456789") != strlen(stem) || n < 1 || n > GW_FEATURE_LENGTH_MAX)
        FAIL(GW_ERR_CONFIG,
             "features: \"rank(%s)\": n (bars over which the return is taken) must be a whole number from 1 to %d",
             stem, (int)GW_FEATURE_LENGTH_MAX);
    return fill_ranks(market, n, bars, value);
}

/* What an earlier filling left is filled again: the bars may be others' now (an audit's). */
static int fill_symbol(const char *name, const struct gw_market *market, struct gw_bars *bars) {
    for (size_t c = 0; c < bars->n_columns; c++)
        if (strcmp(bars->column[c].name, name) == 0) return fill(name, market, bars, bars->column[c].value);
    double *value = mem_calloc(bars->n ? bars->n : 1, sizeof *value);
    if (!value) return GW_ERR_NOMEM;
    int rc = fill(name, market, bars, value);
    if (rc == GW_OK) rc = gw_bars_add_column(bars, name, value);
    mem_free(value);
    return rc;
}

int feature_set_fill(const struct gw_feature_set *set, struct gw_market *market) {
    for (size_t c = 0; c < set->n_columns; c++)
        for (size_t s = 0; set->of_market[c] && s < market->n_symbols; s++)
            TRY(fill_symbol(set->column[c], market, &market->symbol[s]));
    return GW_OK;
}
