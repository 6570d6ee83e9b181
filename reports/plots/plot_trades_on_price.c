/* Where on the price each contestant got in and out, and its best and worst trades bar by bar. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/bars_view.h"

enum { STRATEGY, SEED, SYMBOL, SIDE, ENTRY_TIME, EXIT_TIME, ENTRY, EXIT, RETURN, REASON, N_COLUMNS };
enum { PATH_POINTS = 1200, MARKS_MAX = 500, ZOOMS = 6, BEFORE = 16, AFTER = 8, ZOOM_BARS = 160, TRADES_LEAST = 3 };
static const char *const column_name[] = {"strategy",    "seed",       "symbol", "side",   "entry_time", "exit_time",
                                          "entry_price", "exit_price", "return", "reason", NULL};

struct trade {
    const char *symbol, *reason; /* borrowed */
    bool is_short;
    double entry_time, exit_time, entry, exit, result;
};
struct trades {
    size_t n, n_zooms;
    struct trade *trade;       /* [n] in the order of the file */
    struct trade zoom[ZOOMS];  /* the best and the worst, by their result */
    const char *seed, *symbol; /* the seed that is shown, and its most traded symbol */
};

static const char *cell(const struct table *t, size_t row, size_t column) {
    return t->cell[row * t->n_columns + column];
}

/* The trades of the strategy's first seed that the file names. */
static int gather(struct run_view *run, const struct table *t, const size_t *c, const char *strategy,
                  struct trades *out) {
    size_t n = 0;
    *out = (struct trades){0};
    for (size_t row = 0; row < t->n_rows; row++) n += strcmp(cell(t, row, c[STRATEGY]), strategy) == 0;
    out->trade = arena_alloc(&run->arena, n + 1, sizeof *out->trade);
    if (!out->trade) return GW_ERR_NOMEM;
    for (size_t row = 0; row < t->n_rows; row++) {
        if (strcmp(cell(t, row, c[STRATEGY]), strategy) != 0) continue;
        if (!out->seed) out->seed = cell(t, row, c[SEED]);
        if (strcmp(cell(t, row, c[SEED]), out->seed) != 0) continue;
        const struct trade trade = {.symbol = cell(t, row, c[SYMBOL]),
                                    .reason = cell(t, row, c[REASON]),
                                    .is_short = strcmp(cell(t, row, c[SIDE]), "short") == 0,
                                    .entry_time = seconds_of(cell(t, row, c[ENTRY_TIME])),
                                    .exit_time = seconds_of(cell(t, row, c[EXIT_TIME])),
                                    .entry = table_number(t, row, c[ENTRY]),
                                    .exit = table_number(t, row, c[EXIT]),
                                    .result = table_number(t, row, c[RETURN])};
        if (isfinite(trade.entry_time + trade.exit_time + trade.entry + trade.exit + trade.result))
            out->trade[out->n++] = trade;
    }
    return GW_OK;
}

/* The symbol of most trades; of equals the first of those that have bars. */
static int choose_symbol(struct trades *trades, struct name_index *known) {
    size_t most = 0, *n = mem_calloc(known->n + 1, sizeof *n);
    if (!n) return GW_ERR_NOMEM;
    for (size_t i = 0; i < trades->n; i++) {
        const size_t number = name_index_find(known, trades->trade[i].symbol);
        if (number != SIZE_MAX) n[number]++;
    }
    for (size_t s = 0; s < known->n; s++)
        if (n[s] > most) {
            most = n[s];
            trades->symbol = known->name[s];
        }
    mem_free(n);
    return GW_OK;
}

static int by_result(const void *a, const void *b) {
    const struct trade *x = a, *y = b;
    if (x->result != y->result) return x->result < y->result ? 1 : -1;
    return (x->entry_time > y->entry_time) - (x->entry_time < y->entry_time);
}

/* The best half first, the very worst last. */
static int choose_zooms(struct trades *trades) {
    struct trade *sorted = mem_calloc(trades->n + 1, sizeof *sorted);
    if (!sorted) return GW_ERR_NOMEM;
    memcpy(sorted, trades->trade, trades->n * sizeof *sorted);
    qsort(sorted, trades->n, sizeof *sorted, by_result);
    trades->n_zooms = trades->n < ZOOMS ? trades->n : ZOOMS;
    const size_t best = (trades->n_zooms + 1) / 2;
    for (size_t i = 0; i < trades->n_zooms; i++)
        trades->zoom[i] = sorted[i < best ? i : trades->n - trades->n_zooms + i];
    mem_free(sorted);
    return GW_OK;
}

/* ---- the overview ------------------------------------------------------------------------------------------------ */

static void write_path(FILE *to, const struct symbol_bars *bars, struct gw_range *price) {
    const size_t step = bars->n / PATH_POINTS + 1;
    for (size_t i = 0; i < bars->n; i += step) {
        double low = INFINITY, high = -INFINITY;
        size_t last = i;
        for (size_t j = i; j < bars->n && j < i + step; j++, last = j - 1) {
            low = fmin(low, bars->bar[j].low);
            high = fmax(high, bars->bar[j].high);
        }
        PAGE_ROW(to, bars->bar[i].open_time, low, high, bars->bar[last].close);
        range_add(price, low);
        range_add(price, high);
    }
}

/* Evenly thinned where there are more than can be told apart. Returns how many trades are marked. */
static size_t write_marks(FILE *to, const struct trades *trades) {
    size_t n = 0, shown = 0;
    for (size_t i = 0; i < trades->n; i++) n += strcmp(trades->trade[i].symbol, trades->symbol) == 0;
    const size_t step = n / MARKS_MAX + 1;
    for (int block = 0; block < 3; block++) {
        size_t at = 0, rows = 0;
        for (size_t i = 0; i < trades->n; i++) {
            const struct trade *t = &trades->trade[i];
            if (strcmp(t->symbol, trades->symbol) != 0 || at++ % step) continue;
            if (block < 2 && t->is_short != (block == 1)) continue;
            if (block < 2)
                PAGE_ROW(to, t->entry_time, t->entry);
            else
                PAGE_ROW(to, t->exit_time, t->exit);
            rows++;
        }
        if (!rows) PAGE_ROW(to, NAN, NAN);
        if (block == 2) shown = rows;
        fputs("\n\n", to);
    }
    return shown;
}

/* ---- single trades ------------------------------------------------------------------------------------------------ */

static int zoom_heading(struct page *page, const struct trade *t, bool many_symbols, size_t panel) {
    char text[200], when[40], result[FIGURE_SIZE];
    /* the same arithmetic as in the script */
    const double width = (PAGE_RIGHT - PAGE_LEFT - 0.042 - 2 * 0.055) / 3,
                 split = PAGE_BOTTOM + 0.56 * (page->top - PAGE_BOTTOM), top = split - 0.085,
                 height = (top - PAGE_BOTTOM - 0.105) / 2;
    time_format((int64_t)t->entry_time * NS_PER_SECOND, when);
    figure_percent(result, t->result);
    snprintf(text, sizeof text, "%.10s %.5s  %s  %s %%", when, when + 11, t->is_short ? "short" : "long", result);
    const double x = PAGE_LEFT + 0.042 + (double)(panel % 3) * (width + 0.055),
                 y = top - (double)(panel / 3) * (height + 0.105) + 0.034;
    char *fitted = text_fit(&page->job->run->arena, text, font_size_pt[FONT_SMALL], width + 0.03);
    char *reason = text_safe(&page->job->run->arena, t->reason);
    char *symbol = many_symbols ? text_safe(&page->job->run->arena, t->symbol) : "";
    if (!fitted || !reason || !symbol) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_LEFT, x, y, INK, fitted);
    snprintf(text, sizeof text, "out by %.40s%s%.40s", reason, many_symbols ? " · " : "", symbol);
    fitted = text_fit(&page->job->run->arena, text, font_size_pt[FONT_SMALL], width + 0.03);
    if (!fitted) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_LEFT, x, y - 0.0185, INK_SOFT, fitted);
    return GW_OK;
}

/* Bars are counted from the entry: nights and weekends take no room. Long trades are joined to as many bars as can be told
 * apart. */
static void write_zoom(struct page *page, FILE *zoom, FILE *legs, const struct symbol_bars *bars, const struct trade *t,
                       size_t panel) {
    const size_t in = bar_at(bars, t->entry_time), out = bar_at(bars, t->exit_time);
    const size_t entry = in == SIZE_MAX ? 0 : in, exit = out == SIZE_MAX ? 0 : out > entry ? out : entry;
    const size_t from = entry > BEFORE ? entry - BEFORE : 0, to = exit + AFTER < bars->n ? exit + AFTER : bars->n - 1;
    const size_t step = (to - from) / ZOOM_BARS + 1;
    struct gw_range span = range_empty();
    for (size_t i = from; i <= to; i += step) {
        double low = bars->bar[i].low, high = bars->bar[i].high, close = bars->bar[i].close;
        for (size_t j = i + 1; j <= to && j < i + step; j++) {
            low = fmin(low, bars->bar[j].low);
            high = fmax(high, bars->bar[j].high);
            close = bars->bar[j].close;
        }
        PAGE_ROW(zoom, (double)i - (double)entry, bars->bar[i].open, high, low, close);
        range_add(&span, low);
        range_add(&span, high);
    }
    fputs("\n\n", zoom);
    range_add(&span, t->entry);
    range_add(&span, t->exit);
    PAGE_ROW(legs, 0, t->entry, (double)(exit - entry), t->exit, t->is_short, t->result > 0);
    fputs("\n\n", legs);
    page_set_at(page, "zoom_from", panel, (double)from - (double)entry);
    page_set_at(page, "zoom_to", panel, (double)to - (double)entry);
    page_range_at(page, "zoom", panel, range_round(span));
}

/* The best half on the upper row, the worst below. */
static int write_zooms(struct page *page, struct bars_view *bars, bool many_symbols, const struct trades *trades) {
    FILE *zoom, *legs;
    TRY(page_file(page, "zoom", &zoom));
    TRY(page_file(page, "legs", &legs));
    size_t panel = 0;
    page_array(page, "zoom_from", ZOOMS);
    page_array(page, "zoom_to", ZOOMS);
    page_range_array(page, "zoom", ZOOMS);
    for (size_t i = 0; i < trades->n_zooms; i++) {
        const struct trade *t = &trades->zoom[i];
        const struct symbol_bars *of = bars_of(bars, t->symbol);
        if (!of) continue;
        write_zoom(page, zoom, legs, of, t, panel);
        TRY(zoom_heading(page, t, many_symbols, panel));
        panel++;
    }
    page_set(page, "n_zooms", (double)panel);
    return GW_OK;
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

static int write_page(struct page *page, struct bars_view *bars, bool many_symbols, const struct trades *trades) {
    const struct symbol_bars *of = bars_of(bars, trades->symbol);
    struct gw_range price = range_empty();
    FILE *path, *marks;
    TRY(page_file(page, "path", &path));
    TRY(page_file(page, "marks", &marks));
    write_path(path, of, &price);
    const size_t shown = write_marks(marks, trades);
    size_t all = 0;
    for (size_t i = 0; i < trades->n; i++) all += strcmp(trades->trade[i].symbol, trades->symbol) == 0;
    char *symbol = text_safe(&page->job->run->arena, trades->symbol);
    if (!symbol) return GW_ERR_NOMEM;
    page_textf(page, FONT_SMALL, ALIGN_LEFT, PAGE_LEFT + 0.042, page->top + 0.012, INK_SOFT,
               "%.60s · %zu of %zu trades marked · ▲ long entry (blue), ▼ short entry (orange), × exit", symbol, shown,
               all);
    page->top -= 0.004;
    TRY(write_zooms(page, bars, many_symbols, trades));
    page_range(page, "price", range_round(price));
    return page_time_axis(page, of->bar[0].open_time, of->bar[of->n - 1].open_time, 0.86);
}

static int draw(struct plot_job *job, struct bars_view *bars, bool many_symbols, const struct trades *all) {
    struct run_view *run = job->run;
    bool any = false;
    for (size_t i = 0; i < bars->n; i++) any |= bars->symbol[i].n > 0;
    if (!any && bars->n) return plot_skip(job, "the run holds no bars");
    for (size_t s = 0; s < run->n_strategies && job->n_pages < PLOT_PAGES_MAX; s++) {
        char about[300], seed[40] = "";
        if (!all[s].symbol || !bars_of(bars, all[s].symbol)) continue;
        if (run->strategy[s].has_model && run->n_seeds > 1) snprintf(seed, sizeof seed, " · seed %.20s", all[s].seed);
        snprintf(about, sizeof about, "%.200s%s", run->strategy[s].label, seed);
        struct page page;
        int rc = page_begin(job, &page, about,
                            "Above, the whole test period of the symbol with most trades. Below, the three best trades "
                            "and the three worst of all symbols by their return after costs, bar by bar; the line from "
                            "entry to exit is blue when it earned and orange when it lost.");
        if (rc == GW_OK) rc = write_page(&page, bars, many_symbols, &all[s]);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return job->n_pages ? GW_OK : plot_skip(job, "nobody traded three times");
}

/* Of a universe only the bars that are drawn are read. */
static int read_and_draw(struct plot_job *job, bool many_symbols, const struct trades *all) {
    struct run_view *run = job->run;
    struct bars_view bars;
    size_t n = 0;
    const char **wanted = arena_alloc(&run->arena, (ZOOMS + 1) * run->n_strategies + 1, sizeof *wanted);
    if (!wanted) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++) {
        if (!all[s].symbol) continue;
        wanted[n++] = all[s].symbol;
        for (size_t i = 0; i < all[s].n_zooms; i++) wanted[n++] = all[s].zoom[i].symbol;
    }
    int rc = bars_read(run, wanted, n, 0, &bars);
    if (rc == GW_OK) rc = draw(job, &bars, many_symbols, all);
    bars_free(&bars);
    return rc;
}

/* What each contestant did; `symbol` stays NULL where that is too little to draw. */
static int gather_all(struct run_view *run, const struct table *t, struct name_index *known, struct trades *all) {
    const json_value *list = json_get(run->root, "symbols");
    const size_t n = json_kind(list) == JSON_ARRAY ? json_size(list) : 0;
    size_t c[N_COLUMNS], number;
    TRY(table_columns(t, column_name, c));
    for (size_t i = 0; i < n; i++) TRY(name_index_add(known, json_string(json_at(list, i), ""), &number));
    for (size_t s = 0; s < run->n_strategies; s++) {
        TRY(gather(run, t, c, run->strategy[s].name, &all[s]));
        if (all[s].n < TRADES_LEAST) continue;
        TRY(choose_symbol(&all[s], known));
        TRY(choose_zooms(&all[s]));
    }
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct table *t;
    struct name_index known = {.n = 0};
    TRY(run_view_table(job->run, TABLE_TRADES, &t));
    if (!t) return plot_skip(job, "no trades");
    struct trades *all = arena_alloc(&job->run->arena, job->run->n_strategies + 1, sizeof *all);
    int rc = all ? gather_all(job->run, t, &known, all) : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = read_and_draw(job, known.n > 1, all);
    name_index_free(&known);
    return rc;
}

const struct plot_desc plot_desc_trades_on_price = {
    .name = "trades_on_price",
    .title = "Trades on the price",
    .help = "entries and exits of every contestant on the price, its best and worst trades bar by bar",
    .prepare = prepare,
};
