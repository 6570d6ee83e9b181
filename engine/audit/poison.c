/* How a future is spoilt. */
#include "poison.h"

#include <math.h>
#include <string.h>

#include "gatewalk/rng.h"

const char *const poison_id[N_POISONS] = {"none", "nan", "million", "shuffle"};

size_t known_bars(const struct gw_bars *bars, int64_t cut_ns) {
    size_t low = 0, high = bars->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (gw_bar_close_ns(bars, middle) <= cut_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool slice_known(const struct prepared *p, size_t fold, int slice, int64_t cut_ns) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        size_t n = known_bars(bars, cut_ns);
        if (n < bars->n && gw_bar_close_ns(bars, n) < p->plan.fold[fold].end_ns[slice]) return false;
    }
    return true;
}

/* What a source may give beside the bar itself. */
enum { EXTRAS = 3 + GW_COLUMNS_MAX };
static size_t extras_of(const struct gw_bars *bars, double *extra[EXTRAS]) {
    size_t n = 0;
    if (bars->quote_volume) extra[n++] = bars->quote_volume;
    if (bars->trade_count) extra[n++] = bars->trade_count;
    if (bars->taker_buy_base) extra[n++] = bars->taker_buy_base;
    for (size_t c = 0; c < bars->n_columns; c++) extra[n++] = bars->column[c].value;
    return n;
}

static void swap_numbers(double *a, double *b) {
    double swap = *a;
    *a = *b, *b = swap;
}

static void swap_bars(struct gw_bars *bars, size_t i, size_t k) {
    struct gw_bar *bar = &bars->bar[i], *other = &bars->bar[k], swap = *bar;
    double *extra[EXTRAS];
    int64_t here = bar->open_ns, there = other->open_ns;
    if (i == k || (bar->volume > 0) != (other->volume > 0)) return; /* where orders can fill stays */
    *bar = *other, *other = swap;
    bar->open_ns = here, other->open_ns = there;
    size_t n = extras_of(bars, extra);
    for (size_t x = 0; x < n; x++) swap_numbers(&extra[x][i], &extra[x][k]);
}

static void scale_bar(struct gw_bars *bars, size_t i, double times) {
    struct gw_bar *bar = &bars->bar[i];
    double *extra[EXTRAS];
    bar->open *= times, bar->high *= times, bar->low *= times, bar->close *= times, bar->volume *= times;
    size_t n = extras_of(bars, extra);
    for (size_t x = 0; x < n; x++) extra[x][i] *= times;
}

/* The first `numbers` bars stay numbers: without a row of features a symbol could not say how long its warm-up is, nor that it
 * has volume, and the plan of the folds would be refused instead of compared. */
static void poison_bars(struct gw_bars *bars, int64_t cut_ns, enum poison poison, size_t numbers) {
    struct gw_rng rng;
    gw_rng_key(&rng, (uint64_t)cut_ns, "poison", 0, 0, 0);
    for (size_t i = known_bars(bars, cut_ns); i < bars->n && poison != POISON_NONE; i++) {
        if (poison == POISON_MILLION || (poison == POISON_NAN && i < numbers))
            scale_bar(bars, i, 1e6);
        else if (poison == POISON_SHUFFLE)
            swap_bars(bars, i, i + gw_rng_below(&rng, bars->n - i));
        else if (i + 3 < bars->n) /* the last bars let the broker close its books */
            scale_bar(bars, i, NAN);
        else if (i + 3 == bars->n)
            bars->bar[i].volume = 0; /* an exit here would take its slippage from the bar before */
    }
}

static int copy_numbers(double **to, const double *from, size_t n) {
    *to = NULL;
    if (!from) return GW_OK;
    if (!(*to = mem_calloc(n ? n : 1, sizeof **to))) return GW_ERR_NOMEM;
    memcpy(*to, from, n * sizeof **to);
    return GW_OK;
}

static int copy_bars(const struct gw_bars *from, struct gw_bars *to) {
    *to = *from;
    to->quote_volume = to->trade_count = to->taker_buy_base = NULL;
    to->column = NULL;
    to->n_columns = 0;
    to->map = NULL; /* the clean market's: a copy owns what it copies, and takes nothing else with it */
    to->map_size = 0;
    if (!(to->bar = mem_calloc(from->n ? from->n : 1, sizeof *to->bar))) return GW_ERR_NOMEM;
    if (from->n) memcpy(to->bar, from->bar, from->n * sizeof *to->bar);
    TRY(copy_numbers(&to->quote_volume, from->quote_volume, from->n));
    TRY(copy_numbers(&to->trade_count, from->trade_count, from->n));
    TRY(copy_numbers(&to->taker_buy_base, from->taker_buy_base, from->n));
    if (from->n_columns == 0) return GW_OK;
    if (!(to->column = mem_calloc(from->n_columns, sizeof *to->column))) return GW_ERR_NOMEM;
    for (; to->n_columns < from->n_columns; to->n_columns++) {
        struct gw_column *column = &to->column[to->n_columns];
        *column = from->column[to->n_columns];
        TRY(copy_numbers(&column->value, column->value, from->n));
    }
    return GW_OK;
}

/* features: of the clean market, NULL where nobody makes any. */
static int poison_copies(const struct gw_market *clean, const struct gw_feature_matrix *features, int64_t cut_ns,
                         enum poison poison, struct gw_market *out) {
    memset(out, 0, sizeof *out);
    out->symbol = mem_calloc(clean->n_symbols ? clean->n_symbols : 1, sizeof *out->symbol);
    if (!out->symbol) return GW_ERR_NOMEM;
    for (; out->n_symbols < clean->n_symbols; out->n_symbols++) {
        struct gw_bars *bars = &out->symbol[out->n_symbols];
        int rc = copy_bars(&clean->symbol[out->n_symbols], bars);
        if (rc < 0) gw_bars_free(bars);
        TRY(rc);
        poison_bars(bars, cut_ns, poison, features ? features[out->n_symbols].warmup + 1 : 0);
    }
    return GW_OK;
}

int poison_market(const struct gw_market *clean, int64_t cut_ns, enum poison poison, struct gw_market *out) {
    return poison_copies(clean, NULL, cut_ns, poison, out);
}

/* Rates that are charged later than the cut turn round and grow. */
static int poison_funding(const struct prepared *clean, int64_t cut_ns, struct prepared *p) {
    size_t n = clean->market.n_symbols;
    if (!clean->funding) return GW_OK;
    if (!(p->funding = mem_calloc(n, sizeof *p->funding))) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) {
        const struct gw_funding *from = &clean->funding[s];
        if (from->n == 0) continue;
        struct gw_funding_event *event = mem_calloc(from->n, sizeof *event);
        if (!event) return GW_ERR_NOMEM;
        for (size_t i = 0; i < from->n; i++) {
            event[i] = from->event[i];
            if (event[i].time_ns > cut_ns) event[i].rate = 0.01 - event[i].rate;
        }
        p->funding[s] = (struct gw_funding){event, from->n};
    }
    return GW_OK;
}

int poison_prepared(const struct prepared *clean, int64_t cut_ns, enum poison poison, struct prepared **out) {
    struct prepared *p = mem_calloc(1, sizeof *p);
    int rc = GW_ERR_NOMEM;
    if (!p) return rc;
    TRY_GOTO(poison_copies(&clean->market, clean->features, cut_ns, poison, &p->market), fail);
    if (clean->detail.n_symbols) TRY_GOTO(poison_market(&clean->detail, cut_ns, poison, &p->detail), fail);
    if (poison != POISON_NONE) TRY_GOTO(poison_funding(clean, cut_ns, p), fail);
    p->instrument = clean->instrument;
    p->outside = clean->outside;
    p->n_outside = clean->n_outside;
    *out = p;
    return GW_OK;
fail:
    poison_free(p);
    return rc;
}

void poison_free(struct prepared *p) {
    if (!p) return;
    p->instrument = NULL; /* borrowed */
    p->outside = NULL;
    p->n_outside = 0;
    prepared_free(p);
}
