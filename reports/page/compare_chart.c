/* Runs side by side on one axis: every account from 100, the best gate of each run thick. */
#include <math.h>
#include <string.h>

#include "compare_parts.h"
#include "reports/data/account_view.h"
#include "reports/plots/equity.h"

struct chart {
    FILE *paths, *best;
    struct gw_range time, equity;
    struct legend_entry *entry; /* [n] a run's strategy that is drawn thick */
    size_t n;
};

/* The gate with the highest mean return; of a run without gates any strategy. */
static size_t best_of(const struct run_view *run) {
    size_t best = SIZE_MAX;
    for (size_t s = 0; s < run->n_strategies; s++) {
        const struct strategy_view *one = &run->strategy[s];
        const double value = portfolio_metric(one, "mean", "total_return");
        if (!isfinite(value)) continue;
        const bool more = best == SIZE_MAX || value > portfolio_metric(&run->strategy[best], "mean", "total_return");
        const bool before = best != SIZE_MAX && run->strategy[best].has_model;
        if (one->has_model ? more || !before : more && !before) best = s;
    }
    return best;
}

/* Mean over the strategy's seeds, day by day; each account begins at 100. False: it has none. */
static bool write_strategy(FILE *to, const struct accounts *all, size_t strategy, size_t style, struct chart *chart) {
    const struct account *longest = NULL;
    for (size_t i = 0; i < all->n; i++)
        if (all->account[i].strategy == strategy && (!longest || all->account[i].n_days > longest->n_days))
            longest = &all->account[i];
    if (!longest || longest->n_days < 2) return false;
    for (size_t day = 0; day < longest->n_days; day++) {
        double sum = 0, n = 0;
        for (size_t i = 0; i < all->n; i++) {
            const struct account *a = &all->account[i];
            if (a->strategy != strategy || day >= a->n_days || !(a->initial > 0)) continue;
            sum += 100 * a->equity[day] / a->initial;
            n++;
        }
        PAGE_ROW(to, longest->day[day], n > 0 ? sum / n : (double)NAN, (double)style);
        range_add(&chart->time, longest->day[day]);
        range_add(&chart->equity, n > 0 ? sum / n : (double)NAN);
    }
    return true;
}

static int add_run(struct comparison *c, size_t i, struct chart *chart) {
    struct run_view *run = &c->run[i];
    const size_t style = 1 + i % STYLES_MODEL, best = best_of(run);
    struct accounts all;
    int rc = accounts_read(run, &all);
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies; s++)
        if (write_strategy(chart->paths, &all, s, style, chart)) fputs("\n", chart->paths);
    if (rc == GW_OK && best != SIZE_MAX && write_strategy(chart->best, &all, best, style, chart)) {
        fputs("\n\n", chart->best);
        char label[200];
        snprintf(label, sizeof label, "%.90s: %.90s", comparison_name(c, i), run->strategy[best].label);
        text_clean(label);
        chart->entry[chart->n].label = arena_strdup(&c->view.arena, label);
        chart->entry[chart->n].style = style;
        chart->entry[chart->n].mark = MARK_LINE_POINT;
        if (!chart->entry[chart->n++].label) rc = GW_ERR_NOMEM;
    }
    accounts_free(&all);
    return rc;
}

static int chart_page(struct comparison *c, struct page *page) {
    struct chart chart = {.time = range_empty(), .equity = range_empty()};
    chart.entry = arena_alloc(&c->view.arena, c->n + 1, sizeof *chart.entry);
    if (!chart.entry) return GW_ERR_NOMEM;
    TRY(page_file(page, "paths", &chart.paths));
    TRY(page_file(page, "best", &chart.best));
    for (size_t i = 0; i < c->n; i++) TRY(add_run(c, i, &chart));
    page_set(page, "has_chart", chart.n > 0);
    page_set(page, "n_best", (double)chart.n);
    page_array(page, "style_of", chart.n);
    for (size_t i = 0; i < chart.n; i++) page_set_at(page, "style_of", i, (double)chart.entry[i].style);
    TRY(page_legend(page, chart.entry, chart.n));
    const bool logarithmic = chart.equity.lo > 0 && chart.equity.hi / chart.equity.lo > 4;
    double tick[LOG_TICKS_MAX];
    const size_t n_ticks = logarithmic ? equity_log_ticks(chart.equity.lo, chart.equity.hi, tick) : 0;
    page_set(page, "logarithmic", logarithmic);
    page_array(page, "equity_tick", n_ticks);
    for (size_t i = 0; i < n_ticks; i++) page_set_at(page, "equity_tick", i, tick[i]);
    page_set(page, "n_equity_ticks", (double)n_ticks);
    page_range(page, "equity", logarithmic ? chart.equity : range_round(chart.equity));
    if (!chart.n) {
        page_text(page, FONT_BODY, ALIGN_LEFT, PAGE_LEFT, page->top, INK_SOFT,
                  "None of these runs has an account on record.");
        return GW_OK;
    }
    return page_time_axis(page, chart.time.lo, chart.time.hi, 0.87);
}

int compare_write_chart(struct comparison *c) {
    struct page page;
    int rc =
        page_begin(&c->job, &page, "equity",
                   "Equity after costs, each account from 100, mean over seeds, day by day; a colour for each run. "
                   "Thick: the gate of the run that returned most, which is chosen by its result and no "
                   "forecast; thin: the others.");
    if (rc == GW_OK) rc = chart_page(c, &page);
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}
