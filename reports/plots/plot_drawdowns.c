/* The underwater list: each account's deepest drawdowns with their dates, depth, length and recovery. */
#include <math.h>
#include <string.h>

#include "account_plot.h"
#include "engine/base/base.h"

enum { ROWS = 4, LOW_POINTS = 1500 };
static const double CHART_RIGHT = 0.47, TABLE_LEFT = 0.505, LINE = 0.0205;

/* Right edges of the table's columns. */
enum { PEAK, LOW, RECOVERED, DEPTH, DOWN, UP, LENGTH, N_COLUMNS };
static const struct {
    const char *heading;
    double right;
} column[N_COLUMNS] = {{"peak", 0.598},    {"lowest", 0.672}, {"recovered", 0.752}, {"depth, %", 0.812},
                       {"falling", 0.862}, {"rising", 0.910}, {"in all", 0.955}};

/* Days are joined where there are more than a panel can show: the worst of them stands for all. */
static double write_low(FILE *to, const struct account *a) {
    const size_t step = a->n_days / LOW_POINTS + 1;
    double lowest = 0;
    for (size_t day = 0; day < a->n_days; day += step) {
        double low = 0;
        for (size_t i = day; i < a->n_days && i < day + step; i++) low = fmin(low, 100 * a->low[i]);
        PAGE_ROW(to, a->day[day], low);
        lowest = fmin(lowest, low);
    }
    fputs("\n\n", to);
    return lowest;
}

/* A stretch too short for its number goes without: the table has its dates. */
static void write_worst(FILE *to, const struct account *a) {
    for (size_t i = 0; i < a->n_worst; i++) {
        const struct drawdown *d = &a->worst[i];
        const double end = isfinite(d->recovered) ? d->recovered : a->end, span = (end - d->peak) / (a->end - a->begin);
        PAGE_ROW(to, d->peak, end, (d->peak + end) / 2, (double)i + 1, span > 0.025);
    }
    if (!a->n_worst) PAGE_ROW(to, NAN, NAN, NAN, NAN, 0);
    fputs("\n\n", to);
}

static void date(char out[16], double seconds) {
    char text[40];
    time_format((int64_t)seconds * NS_PER_SECOND, text);
    snprintf(out, 16, "%.10s", text);
}

static void write_table(struct page *page, const struct account *a, double y) {
    for (size_t i = 0; i < N_COLUMNS; i++)
        page_text(page, FONT_SMALL, ALIGN_RIGHT, column[i].right, y, INK_SOFT, column[i].heading);
    page_rule(page, TABLE_LEFT, y - 0.012, column[LENGTH].right, y - 0.012, 0.55);
    for (size_t i = 0; i < a->n_worst; i++) {
        const struct drawdown *d = &a->worst[i];
        const bool over = isfinite(d->recovered);
        char text[N_COLUMNS][FIGURE_SIZE];
        date(text[PEAK], d->peak);
        date(text[LOW], d->low);
        if (over)
            date(text[RECOVERED], d->recovered);
        else
            strcpy(text[RECOVERED], "not yet");
        figure_percent(text[DEPTH], -d->depth);
        figure_span(text[DOWN], d->low - d->peak);
        figure_span(text[UP], over ? d->recovered - d->low : (double)NAN);
        figure_span(text[LENGTH], (over ? d->recovered : a->end) - d->peak);
        y -= i ? LINE : LINE + 0.006;
        page_textf(page, FONT_BOLD, ALIGN_LEFT, TABLE_LEFT, y, INK, "%zu", i + 1);
        for (size_t c = 0; c < N_COLUMNS; c++)
            page_text(page, FONT_SMALL, ALIGN_RIGHT, column[c].right, y, c == RECOVERED && !over ? INK_BAD : INK,
                      text[c]);
    }
    if (!a->n_worst)
        page_text(page, FONT_SMALL, ALIGN_LEFT, TABLE_LEFT, y - LINE - 0.006, INK_SOFT, "never below its peak");
}

static int write_row(struct page *page, const struct account *a, const struct panel_grid *grid, size_t row) {
    struct run_view *run = page->job->run;
    const struct strategy_view *s = &run->strategy[a->strategy];
    const double y = grid_top(grid, row) + 0.016;
    char *name = text_fit(&run->arena, s->label, font_size_pt[FONT_BOLD], 0.36);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(grid, 0), y, INK, name);
    if (s->has_model && run->n_seeds > 1)
        page_textf(page, FONT_SMALL, ALIGN_RIGHT, CHART_RIGHT, y, INK_SOFT, "seed %.20s", a->seed);
    write_table(page, a, y);
    return GW_OK;
}

static int write_page(struct page *page, const struct account *const *account, size_t n) {
    FILE *low, *worst;
    struct gw_range time = range_empty();
    TRY(page_file(page, "low", &low));
    TRY(page_file(page, "worst", &worst));
    page->top -= 0.014; /* for the first row's heading */
    const struct panel_grid grid = page_grid(page, n, 1, 0, 0.062);
    page_set(page, "chart_right", CHART_RIGHT);
    page_array(page, "low_lo", n);
    for (size_t i = 0; i < n; i++) {
        struct gw_range span = {fmin(write_low(low, account[i]), -0.5), 0};
        write_worst(worst, account[i]);
        page_set_at(page, "low_lo", i, range_round(span).lo);
        range_add(&time, account[i]->begin);
        range_add(&time, account[i]->end);
        TRY(write_row(page, account[i], &grid, i));
    }
    return page_time_axis(page, time.lo, time.hi, CHART_RIGHT - PAGE_LEFT - 0.03);
}

static int draw(struct plot_job *job, const struct accounts *all) {
    struct run_view *run = job->run;
    const struct account **account = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *account);
    size_t n = 0;
    if (!account) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++)
        if ((account[n] = account_median(all, s))) n++;
    size_t below = 0;
    for (size_t i = 0; i < n; i++) below += account[i]->n_worst > 0;
    if (!below) return plot_skip(job, n ? "no account was ever below its peak" : "no equity recorded");
    for (size_t first = 0; first < n && job->n_pages < PLOT_PAGES_MAX; first += ROWS) {
        struct page page;
        int rc = page_begin(
            job, &page, "",
            "How far each account stood below its highest point, after costs, and its five deepest stretches: from the "
            "last bar at the peak down to the lowest and back. Days are of the calendar. Of several seeds the one is "
            "shown whose deepest drawdown is the median.");
        if (rc == GW_OK) rc = write_page(&page, account + first, n - first < ROWS ? n - first : ROWS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

static int prepare(struct plot_job *job) { return account_plot(job, draw); }

const struct plot_desc plot_desc_drawdowns = {
    .name = "drawdowns",
    .title = "Drawdowns",
    .help = "the deepest drawdowns of every account: dates, depth, length, recovery",
    .prepare = prepare,
};
