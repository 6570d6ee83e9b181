/* Finished runs side by side on paper: what each comes to, one table, the verdicts, and all accounts on one axis. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "gatewalk/report.h"
#include "gnuplot.h"
#include "reports/data/account_view.h"
#include "reports/plots/equity.h"
#include "reports/plots/plot.h"
#include "reports/words/sentences.h"
#include "scripts.h"

static const struct plot_desc desc = {.name = "compare", .title = "Runs side by side", .help = "several finished runs"};
static const double timeout_seconds = 120, LEFT = PAGE_LEFT, RIGHT = PAGE_RIGHT, LOWEST = 0.125, ROW = 0.0215;
static const char caption[] = "AP: average precision (area under the precision-recall curve). P@K: share of positives "
                              "among the best K % of bars, K the "
                              "run's first; PnL@K: their mean return as single trades after costs; both in percent. "
                              "Sharpe: yearly return over its "
                              "deviation; max. DD: deepest drawdown. Means over seeds. Runs on other bars or labels "
                              "are not comparable line by line.";

struct comparison {
    struct run_view *run; /* [n] owned */
    const char *const *dir;
    size_t n;
    struct run_view view; /* what the heading tells */
    struct scratch scratch;
    struct plot_job job;
};

/* ---- pages of text ---------------------------------------------------------------------------------------------- */

struct writer {
    struct comparison *of;
    struct page page;
    double y;
    bool has_chart;
};

static int begin(struct writer *w) {
    TRY(page_begin(&w->of->job, &w->page, "", caption));
    page_set(&w->page, "has_chart", w->has_chart);
    w->y = w->page.top + 0.008;
    return GW_OK;
}

/* Another page when there is less room than that. */
static int need(struct writer *w, double height) {
    if (w->y - height >= LOWEST) return GW_OK;
    TRY(page_end(&w->page));
    return begin(w);
}

static int paragraph(struct writer *w, const char *text, enum text_font font, double x, double line_height) {
    enum { LINES = 16 };
    char *line[LINES];
    size_t n;
    TRY(text_wrap(&w->of->view.arena, text, font_size_pt[font], RIGHT + 0.05 - x, LINES, line, &n));
    for (size_t i = 0; i < n; i++, w->y -= line_height) {
        TRY(need(w, 0));
        page_text(&w->page, font, ALIGN_LEFT, x, w->y, INK, line[i]);
    }
    return GW_OK;
}

static const char *name_of(const struct comparison *c, size_t i) {
    return c->run[i].name[0] ? c->run[i].name : c->dir[i];
}

static int write_findings(struct writer *w) {
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        char text[FINDING_MAX], facts[500];
        TRY(finding_words(run, text, sizeof text));
        TRY(need(w, 0.07));
        snprintf(facts, sizeof facts, "%s · %s · %.10s to %.10s · %.0f folds · %zu seed%s", run->symbols, run->interval,
                 run->begin, run->end, run->n_folds, run->n_seeds, run->n_seeds == 1 ? "" : "s");
        char *name = text_fit(&run->arena, name_of(w->of, i), font_size_pt[FONT_HEAD], 0.4),
             *fitted = text_fit(&run->arena, facts, font_size_pt[FONT_SMALL], 0.5);
        if (!name || !fitted) return GW_ERR_NOMEM;
        page_text(&w->page, FONT_HEAD, ALIGN_LEFT, LEFT, w->y, INK, name);
        page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, RIGHT, w->y, INK_SOFT, fitted);
        w->y -= 0.0245;
        TRY(paragraph(w, text[0] ? text : "This run has no finding on record.", FONT_SMALL, LEFT, 0.0182));
        w->y -= 0.013;
    }
    return GW_OK;
}

/* The table's columns: a metric of a gate, or of the portfolio (gate -1). */
static const struct {
    const char *over, *under, *metric;
    int gate, kind; /* kind: 0 a fraction, 1 percent, 2 signed percent, 3 signed, 4 a count, 5 percent, a loss */
    double right;
} column[] = {{"AP", "long", "average_precision", 0, 0, 0.430},       {NULL, "short", "average_precision", 1, 0, 0.478},
              {"P@K (%)", "long", "precision_at_k", 0, 1, 0.530},     {NULL, "short", "precision_at_k", 1, 1, 0.574},
              {"PnL@K (%)", "long", "pnl_mean_at_k_1x", 0, 2, 0.630}, {NULL, "short", "pnl_mean_at_k_1x", 1, 2, 0.680},
              {"Traded", "return (%)", "total_return", -1, 2, 0.752}, {NULL, "Sharpe", "sharpe", -1, 3, 0.812},
              {NULL, "max. DD (%)", "max_drawdown", -1, 5, 0.890},    {NULL, "trades", "n_trades", -1, 4, 0.945}};

static void figure(char out[FIGURE_SIZE], double value, int kind) {
    if (!isfinite(value) || kind == 2 || kind == 3) {
        figure_signed(out, kind == 2 ? 100 * value : value, 2);
        return;
    }
    if (kind == 5)
        figure_signed(out, -100 * fabs(value), 1);
    else
        snprintf(out, FIGURE_SIZE, kind == 0 ? "%.3f" : kind == 4 ? "%.0f" : "%.1f", kind == 1 ? 100 * value : value);
}

static double value_of(const struct run_view *run, const struct strategy_view *s, size_t c) {
    char key[GW_METRIC_KEY_MAX];
    if (column[c].gate < 0) return portfolio_metric(s, "mean", column[c].metric);
    gw_metric_key_write(key, column[c].metric, run->n_ks ? run->k[0] : 1);
    return gate_metric(s, column[c].gate, "mean", key);
}

static void table_head(struct writer *w) {
    page_box(&w->page, LEFT - 0.006, w->y - 0.036, RIGHT + 0.006, w->y + 0.016, FILL_HEAD);
    page_text(&w->page, FONT_BOLD, ALIGN_LEFT, LEFT, w->y - 0.022, INK, "Run");
    page_text(&w->page, FONT_BOLD, ALIGN_LEFT, 0.21, w->y - 0.022, INK, "Strategy");
    for (size_t c = 0; c < COUNT_OF(column); c++) {
        if (column[c].over) /* over its own column and the next */
            page_text(&w->page, FONT_BOLD, ALIGN_CENTER,
                      column[c].gate < 0 ? 0.83 : (column[c].right + column[c + 1].right - 0.036) / 2, w->y, INK,
                      column[c].over);
        page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, column[c].right, w->y - 0.022, INK, column[c].under);
    }
    w->y -= 0.055;
}

static int write_table(struct writer *w) {
    TRY(need(w, 0.14));
    table_head(w);
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        for (size_t s = 0; s < run->n_strategies; s++) {
            if (w->y < LOWEST) {
                TRY(need(w, 1));
                table_head(w);
            }
            const struct strategy_view *strategy = &run->strategy[s];
            char *name = s ? "" : text_fit(&run->arena, name_of(w->of, i), font_size_pt[FONT_BOLD], 0.15);
            char *label = text_fit(&run->arena, strategy->label, font_size_pt[FONT_SMALL], 0.165);
            if (!name || !label) return GW_ERR_NOMEM;
            if (s == 0 && i) page_rule(&w->page, LEFT - 0.006, w->y + ROW / 2, RIGHT + 0.006, w->y + ROW / 2, 0.7);
            page_text(&w->page, FONT_BOLD, ALIGN_LEFT, LEFT, w->y, INK, name);
            page_text(&w->page, FONT_SMALL, ALIGN_LEFT, 0.21, w->y, INK, label);
            for (size_t c = 0; c < COUNT_OF(column); c++) {
                char text[FIGURE_SIZE];
                figure(text, value_of(run, strategy, c), column[c].kind);
                page_text(&w->page, FONT_SMALL, ALIGN_RIGHT, column[c].right, w->y, INK, text);
            }
            w->y -= ROW;
        }
    }
    w->y -= 0.02;
    return GW_OK;
}

static int write_verdicts(struct writer *w) {
    bool headed = false;
    for (size_t i = 0; i < w->of->n; i++) {
        struct run_view *run = &w->of->run[i];
        for (size_t v = 0; run->verdict && v < json_size(run->verdict); v++) {
            char said[CONCLUSION_MAX], line[CONCLUSION_MAX + 80];
            TRY(conclusion_words(run, json_at(run->verdict, v), said));
            if (!said[0]) continue;
            TRY(need(w, headed ? 0.05 : 0.09));
            if (!headed) {
                page_text(&w->page, FONT_HEAD, ALIGN_LEFT, LEFT, w->y, INK, "Verdicts");
                w->y -= 0.028;
                headed = true;
            }
            snprintf(line, sizeof line, "%.64s: %s", name_of(w->of, i), said);
            text_clean(line);
            TRY(paragraph(w, line, FONT_SMALL, LEFT, 0.0182));
            w->y -= 0.006;
        }
    }
    return GW_OK;
}

static int write_text(struct comparison *c) {
    struct writer w = {.of = c};
    int rc = begin(&w);
    if (rc == GW_OK) rc = write_findings(&w);
    if (rc == GW_OK) rc = write_table(&w);
    if (rc == GW_OK) rc = write_verdicts(&w);
    return page_end(&w.page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* ---- the chart ------------------------------------------------------------------------------------------------------ */

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
        snprintf(label, sizeof label, "%.90s: %.90s", name_of(c, i), run->strategy[best].label);
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
        page_text(page, FONT_BODY, ALIGN_LEFT, LEFT, page->top, INK_SOFT,
                  "None of these runs has an account on record.");
        return GW_OK;
    }
    return page_time_axis(page, chart.time.lo, chart.time.hi, 0.87);
}

static int write_chart(struct comparison *c) {
    struct page page;
    int rc =
        page_begin(&c->job, &page, "equity",
                   "Equity after costs, each account from 100, mean over seeds, day by day; a colour for each run. "
                   "Thick: the gate of the run that returned most, which is chosen by its result and no "
                   "forecast; thin: the others.");
    if (rc == GW_OK) rc = chart_page(c, &page);
    return page_end(&page) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *ending) {
    const size_t n = strlen(path), e = strlen(ending);
    return n > e && strcasecmp(path + n - e, ending) == 0;
}

static int open_runs(struct comparison *c) {
    c->run = mem_calloc(c->n ? c->n : 1, sizeof *c->run);
    if (!c->run) return GW_ERR_NOMEM;
    for (size_t i = 0; i < c->n; i++) TRY(run_view_open(c->dir[i], &c->run[i]));
    return GW_OK;
}

/* The heading: how many runs, over which time. */
static int describe(struct comparison *c) {
    struct run_view *view = &c->view;
    char title[64];
    snprintf(title, sizeof title, "%zu run%s", c->n, c->n == 1 ? "" : "s");
    view->dir = c->scratch.dir;
    view->title = arena_strdup(&view->arena, title);
    view->name = "compare";
    view->symbols = c->run[0].symbols;
    view->interval = c->run[0].interval;
    view->begin = c->run[0].begin;
    view->end = c->run[0].end;
    view->n_folds = NAN;
    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(c->run[i].symbols, view->symbols) != 0) view->symbols = "several markets";
        if (strcmp(c->run[i].interval, view->interval) != 0) view->interval = "several intervals";
        if (strcmp(c->run[i].begin, view->begin) < 0) view->begin = c->run[i].begin;
        if (strcmp(c->run[i].end, view->end) > 0) view->end = c->run[i].end;
    }
    return view->title ? GW_OK : GW_ERR_NOMEM;
}

static int list_pages(const struct comparison *c) {
    struct page_list list = {0};
    int rc = page_list_open(&list, c->scratch.dir, c->job.n_pages);
    for (size_t page = 1; rc == GW_OK && page <= c->job.n_pages; page++) rc = page_list_add(&list, desc.name, page);
    return page_list_close(&list) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* NAME.png, NAME-2.png … */
static int deliver(const struct comparison *c, const char *picture, bool pdf) {
    if (pdf) return gnuplot_deliver(&c->scratch, "report.pdf", "%PDF-", picture);
    for (size_t page = 1; page <= c->job.n_pages; page++) {
        char name[100], to[1100];
        picture_name(name, desc.name, page);
        if (page == 1)
            snprintf(to, sizeof to, "%.1000s", picture);
        else
            snprintf(to, sizeof to, "%.*s-%zu%s", (int)(strlen(picture) - 4), picture, page,
                     picture + strlen(picture) - 4);
        TRY(gnuplot_deliver(&c->scratch, name, "\x89PNG", to));
    }
    return GW_OK;
}

static int draw(struct comparison *c, const char *picture, bool pdf) {
    char gnuplot[1024];
    TRY(open_runs(c));
    TRY(gnuplot_find(NULL, gnuplot));
    TRY(scratch_open(&c->scratch));
    TRY(describe(c));
    c->job = (struct plot_job){.run = &c->view, .plot = &desc, .dir = c->scratch.dir, .not_shown = ""};
    TRY(write_text(c));
    TRY(write_chart(c));
    TRY(scripts_write(c->scratch.dir));
    TRY(list_pages(c));
    TRY(gnuplot_run(gnuplot, &c->scratch, pdf ? "report_pdf.gp" : "report_png.gp", timeout_seconds));
    return deliver(c, picture, pdf);
}

int gw_report_compare_pages(const char *const *run_dir, size_t n, const char *picture) {
    const bool pdf = ends_in(picture, ".pdf");
    if (!pdf && !ends_in(picture, ".png")) FAIL(GW_ERR_USAGE, "%s: a picture ends in .png or .pdf", picture);
    if (strlen(picture) > 1000) FAIL(GW_ERR_USAGE, "the picture's name is longer than 1000 bytes");
    struct comparison *c = mem_calloc(1, sizeof *c);
    if (!c) return GW_ERR_NOMEM;
    *c = (struct comparison){.dir = run_dir, .n = n, .scratch = {.lock = -1}};
    int rc = draw(c, picture, pdf);
    scratch_close(&c->scratch);
    for (size_t i = 0; c->run && i < n; i++) run_view_close(&c->run[i]);
    mem_free(c->run);
    arena_free(&c->view.arena);
    mem_free(c);
    return rc;
}
