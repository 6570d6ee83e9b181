/* Where the money came from: trades by side, exit reason, symbol, hour (or fold) and month. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, BY, GROUP, TRADES, WINS, PNL, MEAN_RETURN, FEES, SLIPPAGE, FUNDING, N_COLUMNS };
enum { ROWS = 2, TRADES_LEAST = 10 };
static const char *const column_name[] = {"strategy",    "by",   "group",    "trades",  "wins", "pnl",
                                          "mean_return", "fees", "slippage", "funding", NULL};

/* All trades of one group, means over seeds; money as a share of what the account began with. */
struct line {
    const char *group;
    double trades, wins, returns, pnl, costs;
};
struct lines {
    struct line *line;
    size_t n;
};

struct source {
    struct run_view *run;
    const struct table *t;
    size_t c[N_COLUMNS];
    double initial; /* cash */
};

static const char *cell(const struct source *from, size_t row, size_t column) {
    return from->t->cell[row * from->t->n_columns + from->c[column]];
}
static double number(const struct source *from, size_t row, size_t column) {
    const double value = table_number(from->t, row, from->c[column]);
    return isfinite(value) ? value : 0;
}
static bool is_row(const struct source *from, size_t row, const char *strategy, const char *by) {
    return strcmp(cell(from, row, BY), by) == 0 && strcmp(cell(from, row, STRATEGY), strategy) == 0;
}

static struct line *line_of(struct lines *lines, const char *group) {
    for (size_t i = lines->n; i-- > 0;)
        if (strcmp(lines->line[i].group, group) == 0) return &lines->line[i];
    lines->line[lines->n] = (struct line){.group = group};
    return &lines->line[lines->n++];
}

static int gather(const struct source *from, const struct strategy_view *s, const char *by, struct lines *lines) {
    size_t n = 0;
    const double seeds = s->has_model && from->run->n_seeds ? (double)from->run->n_seeds : 1;
    for (size_t row = 0; row < from->t->n_rows; row++) n += is_row(from, row, s->name, by);
    *lines = (struct lines){.line = arena_alloc(&from->run->arena, n + 1, sizeof *lines->line)};
    if (!lines->line) return GW_ERR_NOMEM;
    for (size_t row = 0; row < from->t->n_rows; row++) {
        if (!is_row(from, row, s->name, by)) continue;
        struct line *line = line_of(lines, cell(from, row, GROUP));
        const double trades = number(from, row, TRADES);
        line->trades += trades / seeds;
        line->wins += number(from, row, WINS) / seeds;
        line->returns += number(from, row, MEAN_RETURN) * trades / seeds;
        line->pnl += number(from, row, PNL) / from->initial / seeds;
        line->costs += (number(from, row, FEES) + number(from, row, SLIPPAGE) + number(from, row, FUNDING)) /
                       from->initial / seeds;
    }
    return GW_OK;
}

static int by_pnl(const void *a, const void *b) {
    const double x = fabs(((const struct line *)a)->pnl), y = fabs(((const struct line *)b)->pnl);
    return (x < y) - (x > y);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const double NAME_RIGHT = 0.165, LINE = 0.0192;
static const struct {
    const char *heading;
    double right;
} column[] = {{"trades", 0.215}, {"won, %", 0.262}, {"mean, %", 0.316}, {"P&L, %", 0.372}, {"costs, %", 0.426}};

/* "take_profit" is an id; a reader wants words. */
static int words(struct arena *arena, const char *id, char **out) {
    char *copy = text_safe(arena, id);
    if (!copy) return GW_ERR_NOMEM;
    for (char *c = copy; *c; c++)
        if (*c == '_') *c = ' ';
    *out = text_fit(arena, copy, font_size_pt[FONT_SMALL], NAME_RIGHT - PAGE_LEFT - 0.02);
    return *out ? GW_OK : GW_ERR_NOMEM;
}

static void figures(struct page *page, const struct line *line, double y) {
    char text[COUNT_OF(column)][FIGURE_SIZE];
    snprintf(text[0], FIGURE_SIZE, line->trades < 10 && line->trades != floor(line->trades) ? "%.1f" : "%.0f",
             line->trades);
    snprintf(text[1], FIGURE_SIZE, "%.0f", 100 * line->wins / line->trades);
    figure_signed(text[2], 100 * line->returns / line->trades, 3);
    figure_percent(text[3], line->pnl);
    figure_percent(text[4], -line->costs);
    for (size_t i = 0; i < COUNT_OF(column); i++)
        page_text(page, FONT_SMALL, ALIGN_RIGHT, column[i].right, y, INK, text[i]);
}

/* The lines that matter most, down to `bottom`; one line stands for what does not fit. */
static int block(struct page *page, const char *heading, struct lines *lines, size_t most, bool names, double *y) {
    struct line rest = {.group = NULL};
    size_t shown = lines->n;
    if (lines->n == 0) return GW_OK;
    if (lines->n > most) {
        qsort(lines->line, lines->n, sizeof *lines->line, by_pnl);
        shown = most - 1;
        for (size_t i = shown; i < lines->n; i++) {
            rest.trades += lines->line[i].trades;
            rest.wins += lines->line[i].wins;
            rest.returns += lines->line[i].returns;
            rest.pnl += lines->line[i].pnl;
            rest.costs += lines->line[i].costs;
        }
    }
    page_text(page, FONT_SMALL, ALIGN_LEFT, PAGE_LEFT, *y, INK_SOFT, heading);
    for (size_t i = 0; i < shown; i++, *y -= LINE) {
        if (!(lines->line[i].trades > 0)) continue;
        char *name = text_fit(&page->job->run->arena, lines->line[i].group, font_size_pt[FONT_SMALL], 0.075);
        if (name && !names) TRY(words(&page->job->run->arena, lines->line[i].group, &name));
        if (name) name = text_safe(&page->job->run->arena, name);
        if (!name) return GW_ERR_NOMEM;
        page_text(page, FONT_SMALL, ALIGN_RIGHT, NAME_RIGHT, *y, INK, name);
        figures(page, &lines->line[i], *y);
    }
    if (rest.trades > 0) {
        page_textf(page, FONT_SMALL, ALIGN_RIGHT, NAME_RIGHT, *y, INK, "%zu others", lines->n - shown);
        figures(page, &rest, *y);
        *y -= LINE;
    }
    *y -= 0.008;
    return GW_OK;
}

static int table_of(struct page *page, const struct source *from, const struct strategy_view *s, double y) {
    static const struct {
        const char *by, *heading;
        size_t most;
        bool names;
    } part[] = {{"side", "side", 2, false}, {"reason", "exit", 6, false}, {"symbol", "symbol", 5, true}};
    for (size_t i = 0; i < COUNT_OF(column); i++)
        page_text(page, FONT_SMALL, ALIGN_RIGHT, column[i].right, y, INK_SOFT, column[i].heading);
    page_rule(page, PAGE_LEFT, y - 0.012, column[COUNT_OF(column) - 1].right, y - 0.012, 0.55);
    y -= 0.026;
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        struct lines lines;
        TRY(gather(from, s, part[i].by, &lines));
        TRY(block(page, part[i].heading, &lines, part[i].most, part[i].names, &y));
    }
    return GW_OK;
}

/* ---- the charts --------------------------------------------------------------------------------------------------- */

struct chart {
    FILE *to;
    struct gw_range place;
};

static int write_chart(struct chart *chart, const struct source *from, const struct strategy_view *s, const char *by,
                       bool is_month, struct gw_range *height) {
    struct lines lines;
    size_t rows = 0;
    TRY(gather(from, s, by, &lines));
    *height = range_empty();
    range_add(height, 0);
    for (size_t i = 0; i < lines.n; i++) {
        char day[40], *end;
        double at = strtod(lines.line[i].group, &end);
        if (is_month) {
            snprintf(day, sizeof day, "%.10s-15T00:00:00Z", lines.line[i].group);
            at = seconds_of(day);
        } else if (*end) {
            continue;
        }
        if (!isfinite(at) || !(lines.line[i].trades > 0)) continue;
        PAGE_ROW(chart->to, at, 100 * lines.line[i].pnl);
        range_add(&chart->place, at);
        range_add(height, 100 * lines.line[i].pnl);
        rows++;
    }
    if (!rows) PAGE_ROW(chart->to, NAN, NAN);
    fputs("\n\n", chart->to);
    return GW_OK;
}

/* Daily bars enter at one hour: then the folds are shown instead. */
static bool several_hours(const struct source *from) {
    const char *first = NULL;
    for (size_t row = 0; row < from->t->n_rows; row++) {
        if (strcmp(cell(from, row, BY), "hour") != 0) continue;
        if (first && strcmp(first, cell(from, row, GROUP)) != 0) return true;
        first = cell(from, row, GROUP);
    }
    return false;
}

static int write_page(struct page *page, const struct source *from, const size_t *strategy, size_t n) {
    struct run_view *run = from->run;
    struct chart first = {.place = range_empty()}, second = {.place = range_empty()};
    const bool by_hour = several_hours(from);
    TRY(page_file(page, "first", &first.to));
    TRY(page_file(page, "second", &second.to));
    page->top -= 0.022;
    const struct panel_grid grid = page_grid(page, ROWS, 1, 0, 0.115);
    page_range_array(page, "first_y", n);
    page_range_array(page, "second_y", n);
    for (size_t i = 0; i < n; i++) {
        const struct strategy_view *s = &run->strategy[strategy[i]];
        struct gw_range height;
        char *name = text_fit(&run->arena, s->label, font_size_pt[FONT_BOLD], 0.36);
        if (!name) return GW_ERR_NOMEM;
        page_text(page, FONT_BOLD, ALIGN_LEFT, PAGE_LEFT, grid_top(&grid, i) + 0.026, INK, name);
        TRY(table_of(page, from, s, grid_top(&grid, i) + 0.002));
        TRY(write_chart(&first, from, s, by_hour ? "hour" : "fold", false, &height));
        page_range_at(page, "first_y", i, range_round(height));
        TRY(write_chart(&second, from, s, "month", true, &height));
        page_range_at(page, "second_y", i, range_round(height));
    }
    page_set(page, "n_rows", (double)n);
    page_set(page, "by_hour", by_hour);
    page_set(page, "first_left", 0.495);
    page_set(page, "first_right", 0.695);
    page_set(page, "second_left", 0.760);
    page_set(page, "first_lo", by_hour ? -0.6 : first.place.lo - 0.6);
    page_set(page, "first_hi", by_hour ? 23.6 : first.place.hi + 0.6);
    const double month = 31 * 86400.0;
    if (second.place.lo > second.place.hi) second.place = (struct gw_range){0, 0}; /* no month at all */
    return page_time_axis(page, second.place.lo - month, second.place.hi + month, PAGE_RIGHT - 0.760);
}

/* Who traded often enough to be parted into groups; the others are named in the caption. */
static int choose(const struct source *from, size_t *strategy, size_t *n, char *left_out, size_t size) {
    size_t used = 0;
    *n = 0;
    left_out[0] = '\0';
    for (size_t s = 0; s < from->run->n_strategies; s++) {
        struct lines sides;
        double trades = 0;
        TRY(gather(from, &from->run->strategy[s], "side", &sides));
        for (size_t i = 0; i < sides.n; i++) trades += sides.line[i].trades;
        if (trades >= TRADES_LEAST)
            strategy[(*n)++] = s;
        else if (used + 100 < size)
            used += (size_t)snprintf(left_out + used, size - used, "%s%.48s (%.3g)",
                                     used ? ", " : " Too few trades: ", from->run->strategy[s].label, trades);
    }
    if (used) strcpy(left_out + used, ".");
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct source from = {.run = run};
    char left_out[400], caption[900];
    size_t n;
    TRY(run_view_table(run, TABLE_BREAKDOWN, &from.t));
    if (!from.t) return plot_skip(job, "no results by group on record");
    TRY(table_columns(from.t, column_name, from.c));
    from.initial = member_number(json_get(json_get(run->process, "config"), "broker"), "initial_cash");
    if (!(from.initial > 0)) from.initial = 100000; /* broker.initial_cash' default */
    size_t *strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *strategy);
    if (!strategy) return GW_ERR_NOMEM;
    TRY(choose(&from, strategy, &n, left_out, sizeof left_out));
    if (n == 0) return plot_skip(job, "nobody traded ten times");
    snprintf(caption, sizeof caption,
             "%s P&L (profit and loss) and costs: percent of what the account began with; mean: return of a trade. All "
             "after costs. A result that rests on one group alone, an hour, a month or a symbol, is a warning.%s",
             run->n_seeds > 1 ? "Means over seeds." : "", left_out);
    for (size_t first = 0; first < n && job->n_pages < PLOT_PAGES_MAX; first += ROWS) {
        struct page page;
        int rc = page_begin(job, &page, "", caption);
        if (rc == GW_OK) rc = write_page(&page, &from, strategy + first, n - first < ROWS ? n - first : ROWS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_breakdown = {
    .name = "breakdown",
    .title = "Where profit and loss came from",
    .help = "trades by side, exit reason, symbol, hour or fold, and month",
    .prepare = prepare,
};
