/* Trades one by one: how far they went against and for us, and what was left after costs. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, PRICE, QUANTITY, FEES, SLIPPAGE, FUNDING, RETURN, MAE, MFE, N_COLUMNS };
/* A handful of long trades, buy and hold's single one above all, would stretch the shared axes until nothing is seen. */
enum { ROWS = 4, POINTS_MAX = 3000, BINS = 48, TRADES_LEAST = 10 };
static const char *const column_name[] = {"strategy", "entry_price", "quantity", "fees", "slippage",
                                          "funding",  "return",      "mae",      "mfe",  NULL};

static bool is_trade_of(const struct table *t, const size_t *c, size_t row, const char *strategy) {
    return strcmp(t->cell[row * t->n_columns + c[STRATEGY]], strategy) == 0 &&
           isfinite(table_number(t, row, c[RETURN]));
}

/* Costs as a fraction of the entry's notional; missing ones count as none. */
static double cost_of(const struct table *t, const size_t *c, size_t row) {
    double notional = fabs(table_number(t, row, c[PRICE]) * table_number(t, row, c[QUANTITY])), sum = 0;
    for (size_t i = FEES; i <= FUNDING; i++) {
        double cost = table_number(t, row, c[i]);
        if (isfinite(cost)) sum += cost;
    }
    return notional > 0 ? sum / notional : 0;
}

struct trade_spans {
    struct gw_range mae, mfe, net;
    double density; /* highest share of trades in a bin, percent */
};

static void add_spans(const struct table *t, const size_t *c, const char *strategy, struct trade_spans *spans) {
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!is_trade_of(t, c, row, strategy)) continue;
        range_add(&spans->mae, -100 * table_number(t, row, c[MAE]));
        range_add(&spans->mfe, 100 * table_number(t, row, c[MFE]));
        range_add(&spans->net, 100 * table_number(t, row, c[RETURN]));
        range_add(&spans->net, 100 * (table_number(t, row, c[RETURN]) + cost_of(t, c, row)));
    }
}

/* Thinned evenly where there are more trades than a panel can show. */
static void write_scatter(FILE *to, const struct table *t, const size_t *c, const char *strategy, size_t n) {
    size_t step = n / POINTS_MAX + 1, i = 0;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!is_trade_of(t, c, row, strategy) || i++ % step) continue;
        PAGE_ROW(to, -100 * table_number(t, row, c[MAE]), 100 * table_number(t, row, c[MFE]),
                 table_number(t, row, c[RETURN]) > 0);
    }
    fputs("\n\n", to);
}

struct histogram {
    double net[BINS], gross[BINS], net_mean, gross_mean, wins, n;
};

static void count_returns(const struct table *t, const size_t *c, const char *strategy, struct gw_range span,
                          struct histogram *h) {
    memset(h, 0, sizeof *h);
    double width = (span.hi - span.lo) / BINS;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (!is_trade_of(t, c, row, strategy)) continue;
        double net = 100 * table_number(t, row, c[RETURN]), gross = net + 100 * cost_of(t, c, row);
        h->net[(size_t)fmin(fmax((net - span.lo) / width, 0), BINS - 1)] += 1;
        h->gross[(size_t)fmin(fmax((gross - span.lo) / width, 0), BINS - 1)] += 1;
        h->net_mean += net;
        h->gross_mean += gross;
        h->wins += net > 0;
        h->n += 1;
    }
}

static void write_histogram(FILE *to, const struct histogram *h, struct gw_range span, double *density) {
    double width = (span.hi - span.lo) / BINS;
    for (size_t b = 0; b < BINS; b++)
        for (int side = 0; side < 2; side++)
            PAGE_ROW(to, span.lo + width * (double)(b + (size_t)side), 100 * h->net[b] / h->n,
                     100 * h->gross[b] / h->n);
    for (size_t b = 0; b < BINS; b++) *density = fmax(*density, 100 * fmax(h->net[b], h->gross[b]) / h->n);
    fputs("\n\n", to);
}

static const char *sign_of(double value) { return value < 0 ? "−" : "+"; }

static int panel_heading(struct page *page, const struct strategy_view *s, const struct histogram *h,
                         const struct panel_grid *grid, size_t row) {
    double y = grid_top(grid, row) + 0.016;
    char *name = text_fit(&page->job->run->arena, s->label, font_size_pt[FONT_BOLD], 0.38);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(grid, 0), y, INK, name);
    page_textf(page, FONT_SMALL, ALIGN_LEFT, grid_left(grid, 1), y, INK,
               "%.0f trade%s, %.0f %% with profit · mean %s%.3f %% after costs, %s%.3f %% before", h->n,
               h->n == 1 ? "" : "s", 100 * h->wins / h->n, sign_of(h->net_mean), fabs(h->net_mean / h->n),
               sign_of(h->gross_mean), fabs(h->gross_mean / h->n));
    return GW_OK;
}

static int write_page(struct page *page, const struct table *t, const size_t *c, const size_t *strategy, size_t n) {
    struct run_view *run = page->job->run;
    FILE *scatter, *histogram;
    TRY(page_file(page, "scatter", &scatter));
    TRY(page_file(page, "histogram", &histogram));
    const struct legend_entry legend[] = {{"profit after costs", 16, MARK_POINT},
                                          {"loss after costs", 14, MARK_POINT},
                                          {"returns after costs", 15, MARK_BOX},
                                          {"returns before costs", 13, MARK_LINE}};
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    struct panel_grid grid = page_grid(page, n, 2, 0.085, 0.085);
    struct trade_spans spans = {range_empty(), range_empty(), range_empty(), 0};
    for (size_t i = 0; i < n; i++) add_spans(t, c, run->strategy[strategy[i]].name, &spans);
    range_add(&spans.mae, 0);
    range_add(&spans.mfe, 0);
    range_add(&spans.net, 0);
    struct gw_range net = range_round(spans.net);
    for (size_t i = 0; i < n; i++) {
        const struct strategy_view *s = &run->strategy[strategy[i]];
        struct histogram h;
        count_returns(t, c, s->name, net, &h);
        write_scatter(scatter, t, c, s->name, (size_t)h.n);
        write_histogram(histogram, &h, net, &spans.density);
        TRY(panel_heading(page, s, &h, &grid, i));
    }
    page_range(page, "mae", range_round(spans.mae));
    page_range(page, "mfe", range_round(spans.mfe));
    page_range(page, "net", net);
    page_set(page, "share_hi", range_round((struct gw_range){0, spans.density}).hi);
    return GW_OK;
}

/* Who is drawn: strategies with enough trades, or all when none has. The others are named in the caption. */
static size_t choose(const struct run_view *run, const struct table *t, const size_t *c, size_t *count,
                     size_t *strategy, char *caption, size_t size) {
    size_t n = 0, most = 0, used = strlen(caption), left_out = 0;
    for (size_t s = 0; s < run->n_strategies; s++) {
        for (size_t row = 0; row < t->n_rows; row++) count[s] += is_trade_of(t, c, row, run->strategy[s].name);
        if (count[s] > most) most = count[s];
    }
    size_t least = most < TRADES_LEAST ? 1 : TRADES_LEAST;
    for (size_t s = 0; s < run->n_strategies; s++) {
        if (count[s] >= least)
            strategy[n++] = s;
        else if (count[s] > 0 && used < size)
            used += (size_t)snprintf(caption + used, size - used, "%s%.60s (%zu)",
                                     left_out++ ? ", " : " Not drawn for too few trades: ", run->strategy[s].label,
                                     count[s]);
    }
    if (left_out && used + 1 < size) strcpy(caption + used, ".");
    return n;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS];
    char caption[900] =
        "All seeds together. Left: worst loss (MAE) and best gain (MFE) that each trade saw while open. "
        "Right: share of trades by return; the shift between line and area is what fees, slippage and "
        "funding took. The rows of a page share their axes.";
    TRY(run_view_table(run, TABLE_TRADES, &t));
    if (!t) return plot_skip(job, "no trades");
    TRY(table_columns(t, column_name, c));
    size_t *strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *strategy),
           *count = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *count);
    if (!strategy || !count) return GW_ERR_NOMEM;
    size_t n = choose(run, t, c, count, strategy, caption, sizeof caption);
    if (n == 0) return plot_skip(job, "no trades");
    for (size_t first = 0; first < n; first += ROWS) {
        struct page page;
        int rc = page_begin(job, &page, "", caption);
        if (rc == GW_OK) rc = write_page(&page, t, c, strategy + first, n - first < ROWS ? n - first : ROWS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_trades = {
    .name = "trades",
    .title = "Trades",
    .help = "excursions (MAE, MFE) and returns of all trades before and after costs",
    .prepare = prepare,
};
