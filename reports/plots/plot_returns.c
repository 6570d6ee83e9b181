/* What each account returned month by month: a table whose cells are coloured, years downwards. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, BY, GROUP, EQUITY_RETURN, N_COLUMNS, MONTHS = 12 };
enum { YEAR_MIN = 1900, YEAR_MAX = 2200 };
static const char *const column_name[] = {"strategy", "by", "group", "equity_return", NULL};

static const double YEAR_WIDTH = 0.034, CELL_WIDTH = 0.0274, TOTAL_WIDTH = 0.040, ROW_HEIGHT = 0.020, HEADING = 0.048,
                    BETWEEN = 0.026, BOTTOM = PAGE_BOTTOM - 0.03;

/* Means over seeds of one strategy. */
struct months {
    int first, last;                       /* years */
    double (*value)[MONTHS], (*n)[MONTHS]; /* [last - first + 1]; n: seeds that have the month */
};

static bool month_of(const char *text, int *year, int *month) {
    char *end;
    *year = (int)strtol(text, &end, 10);
    if (end == text || *end != '-' || *year < YEAR_MIN || *year > YEAR_MAX) return false;
    *month = (int)strtol(end + 1, &end, 10) - 1;
    return !*end && *month >= 0 && *month < MONTHS;
}

/* Rows of the strategy's months: calls for each of them are few, so the table is simply walked. */
static bool next_month(const struct table *t, const size_t *c, const char *strategy, size_t *row, int *year, int *month,
                       double *value) {
    for (; *row < t->n_rows; ++*row) {
        char *const *cell = t->cell + *row * t->n_columns;
        if (strcmp(cell[c[BY]], "month") != 0 || strcmp(cell[c[STRATEGY]], strategy) != 0) continue;
        *value = table_number(t, *row, c[EQUITY_RETURN]);
        if (!isfinite(*value) || !month_of(cell[c[GROUP]], year, month)) continue;
        ++*row;
        return true;
    }
    return false;
}

static int collect(struct run_view *run, const struct table *t, const size_t *c, const char *strategy,
                   struct months *m) {
    int year, month;
    double value;
    *m = (struct months){.first = YEAR_MAX + 1, .last = 0};
    for (size_t row = 0; next_month(t, c, strategy, &row, &year, &month, &value);) {
        if (year < m->first) m->first = year;
        if (year > m->last) m->last = year;
    }
    if (m->last < m->first) return GW_OK;
    const size_t years = (size_t)(m->last - m->first + 1);
    m->value = arena_alloc(&run->arena, years, sizeof *m->value);
    m->n = arena_alloc(&run->arena, years, sizeof *m->n);
    if (!m->value || !m->n) return GW_ERR_NOMEM;
    for (size_t row = 0; next_month(t, c, strategy, &row, &year, &month, &value);) {
        m->value[year - m->first][month] += value;
        m->n[year - m->first][month]++;
    }
    for (size_t y = 0; y < years; y++)
        for (int i = 0; i < MONTHS; i++) m->value[y][i] = m->n[y][i] > 0 ? m->value[y][i] / m->n[y][i] : (double)NAN;
    return GW_OK;
}

/* ---- colours -------------------------------------------------------------------------------------------------- */

/* Of all strategies: what is coloured alike is alike. */
static int full_colour(struct run_view *run, const struct months *all, size_t n, double *full) {
    size_t count = 0, months = 0;
    for (size_t s = 0; s < n; s++)
        if (all[s].last >= all[s].first) months += (size_t)(all[s].last - all[s].first + 1) * MONTHS;
    double *size = arena_alloc(&run->arena, months + 1, sizeof *size);
    if (!size) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++)
        for (int y = all[s].first; y <= all[s].last; y++)
            for (int i = 0; i < MONTHS; i++) {
                const double value = fabs(all[s].value[y - all[s].first][i]);
                if (value > 0) size[count++] = value;
            }
    *full = shade_full(size, count);
    return GW_OK;
}

/* ---- one strategy ------------------------------------------------------------------------------------------------ */

static void heading(struct page *page, const char *name, const struct months *m, double x, double y, bool continued) {
    double best = -INFINITY, worst = INFINITY;
    size_t n = 0, up = 0;
    for (int i = 0; i < MONTHS * (m->last - m->first + 1); i++) {
        const double value = m->value[i / MONTHS][i % MONTHS];
        if (!isfinite(value)) continue;
        n++;
        up += value > 0;
        best = fmax(best, value);
        worst = fmin(worst, value);
    }
    char high[FIGURE_SIZE], low[FIGURE_SIZE];
    figure_percent(high, best);
    figure_percent(low, worst);
    page_text(page, FONT_BOLD, ALIGN_LEFT, x, y, INK, name);
    if (continued)
        page_text(page, FONT_SMALL, ALIGN_RIGHT, x + YEAR_WIDTH + MONTHS * CELL_WIDTH + TOTAL_WIDTH, y, INK_SOFT,
                  "continued");
    else
        page_textf(page, FONT_SMALL, ALIGN_RIGHT, x + YEAR_WIDTH + MONTHS * CELL_WIDTH + TOTAL_WIDTH, y, INK_SOFT,
                   "%zu of %zu months up · best %s %% · worst %s %%", up, n, high, low);
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int i = 0; i < MONTHS; i++)
        page_text(page, FONT_SMALL, ALIGN_CENTER, x + YEAR_WIDTH + (i + 0.5) * CELL_WIDTH, y - 0.023, INK_SOFT,
                  month[i]);
    page_text(page, FONT_SMALL, ALIGN_RIGHT, x + YEAR_WIDTH + MONTHS * CELL_WIDTH + TOTAL_WIDTH, y - 0.023, INK_SOFT,
              "year");
}

static void year_row(struct page *page, const struct months *m, int year, double full, double x, double y) {
    char text[FIGURE_SIZE];
    double growth = 1;
    page_textf(page, FONT_SMALL, ALIGN_LEFT, x, y, INK, "%d", year);
    for (int i = 0; i < MONTHS; i++) {
        const double value = m->value[year - m->first][i], left = x + YEAR_WIDTH + i * CELL_WIDTH;
        if (!isfinite(value)) continue;
        growth *= 1 + value;
        page_box(page, left + 0.0006, y - ROW_HEIGHT / 2 + 0.0008, left + CELL_WIDTH - 0.0006,
                 y + ROW_HEIGHT / 2 - 0.0008, shade_of(value, full, SHADE_UNDER_DIGITS));
        figure_signed(text, 100 * value, fabs(value) < 1 ? 1 : 0);
        page_text(page, FONT_SMALL, ALIGN_CENTER, left + CELL_WIDTH / 2, y, INK, text);
    }
    figure_signed(text, 100 * (growth - 1), fabs(growth - 1) < 1 ? 1 : 0);
    page_text(page, FONT_BOLD, ALIGN_RIGHT, x + YEAR_WIDTH + MONTHS * CELL_WIDTH + TOTAL_WIDTH, y, INK, text);
}

/* ---- pages --------------------------------------------------------------------------------------------------------- */

/* Two columns a page; a strategy of many years is continued in the next one. */
struct place {
    struct page page;
    bool begun;
    int column;
    double y;
};

static int new_column(struct plot_job *job, struct place *place, const char *caption) {
    if (place->begun && place->column == 0) {
        place->column = 1;
    } else {
        if (place->begun) TRY(page_end(&place->page));
        place->begun = false;
        if (job->n_pages == PLOT_PAGES_MAX) return GW_OK;
        TRY(page_begin(job, &place->page, "", caption));
        place->begun = true;
        place->column = 0;
    }
    place->y = place->page.top;
    return GW_OK;
}

static int strategy_table(struct plot_job *job, struct place *place, const char *name, const struct months *m,
                          double full, const char *caption) {
    for (int year = m->first; year <= m->last;) {
        /* what fits into a column is not parted */
        const double all = HEADING + ROW_HEIGHT * (m->last - year + 1), column = place->page.top - BOTTOM,
                     least = all <= column ? all : HEADING + 3 * ROW_HEIGHT;
        if (!place->begun || place->y - least < BOTTOM - ROW_HEIGHT / 2) TRY(new_column(job, place, caption));
        if (!place->begun) return GW_OK; /* more pages than a report has */
        const double x = place->column ? 0.505 : PAGE_LEFT;
        char *fitted = text_fit(&job->run->arena, name, font_size_pt[FONT_BOLD], 0.17);
        if (!fitted) return GW_ERR_NOMEM;
        heading(&place->page, fitted, m, x, place->y, year > m->first);
        place->y -= HEADING - 0.004;
        for (; year <= m->last && place->y > BOTTOM; year++, place->y -= ROW_HEIGHT)
            year_row(&place->page, m, year, full, x, place->y);
        place->y -= BETWEEN;
    }
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS], known = 0;
    double full;
    char caption[500], limit[FIGURE_SIZE];
    TRY(run_view_table(run, TABLE_BREAKDOWN, &t));
    if (!t) return plot_skip(job, "no results by month on record");
    TRY(table_columns(t, column_name, c));
    struct months *all = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *all);
    if (!all) return GW_ERR_NOMEM;
    for (size_t s = 0; s < run->n_strategies; s++) {
        TRY(collect(run, t, c, run->strategy[s].name, &all[s]));
        known += all[s].last >= all[s].first;
    }
    if (!known) return plot_skip(job, "no results by month on record");
    TRY(full_colour(run, all, run->n_strategies, &full));
    if (!(full > 0)) return plot_skip(job, "no account ever moved");
    figure_signed(limit, 100 * full, full < 0.01 ? 2 : 1);
    snprintf(
        caption, sizeof caption,
        "Percent, after costs, of the whole account%s; the first and the last month may be cut by the walk. Blue is "
        "gained, orange lost; the colour is full from %s %% on (nine of ten months are below). The year is its "
        "months compounded.",
        run->n_seeds > 1 ? ", mean over seeds" : "", limit[0] == '+' ? limit + 1 : limit);
    struct place place = {.begun = false};
    int rc = GW_OK;
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies; s++)
        if (all[s].last >= all[s].first)
            rc = strategy_table(job, &place, run->strategy[s].label, &all[s], full, caption);
    if ((place.begun || rc < 0) && page_end(&place.page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_returns = {
    .name = "returns",
    .title = "Returns by month",
    .help = "monthly returns of every account as a coloured table, years downwards",
    .prepare = prepare,
};
