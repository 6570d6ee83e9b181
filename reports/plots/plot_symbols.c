/* Every symbol of a universe with what its trades brought: a table whose cells are coloured, best symbols first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

enum { STRATEGY, BY, GROUP, TRADES, WINS, PNL, MEAN_RETURN, N_COLUMNS };
enum { SYMBOLS_LEAST = 3, COLUMNS = 4, PAGES_EACH = 3, N_CELLS = 3 };
static const char *const column_name[] = {"strategy", "by", "group", "trades", "wins", "pnl", "mean_return", NULL};

static const double NAME_WIDTH = 0.098, CELL_WIDTH = 0.0385, ROW_HEIGHT = 0.0188, HEADING = 0.046, BETWEEN = 0.03,
                    COLUMN_WIDTH = 0.2285, BOTTOM = PAGE_BOTTOM - 0.03;

/* One symbol, sums over the seeds; money as a share of what the account began with. */
struct line {
    const char *symbol;
    double trades, wins, returns, pnl;
};
struct lines {
    struct line *line;
    size_t n;
    double seeds;
    double full[N_CELLS]; /* where a colour is full */
};

static int by_symbol(const void *a, const void *b) {
    return strcmp(((const struct line *)a)->symbol, ((const struct line *)b)->symbol);
}

static int by_pnl(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    if (x->pnl != y->pnl) return x->pnl < y->pnl ? 1 : -1;
    return by_symbol(a, b);
}

/* Rows of one symbol stand together after sorting, whatever their seeds. */
static void join(struct lines *lines) {
    size_t n = 0;
    qsort(lines->line, lines->n, sizeof *lines->line, by_symbol);
    for (size_t i = 0; i < lines->n; i++) {
        struct line *last = n ? &lines->line[n - 1] : NULL;
        if (!last || strcmp(last->symbol, lines->line[i].symbol) != 0) {
            lines->line[n++] = lines->line[i];
            continue;
        }
        last->trades += lines->line[i].trades;
        last->wins += lines->line[i].wins;
        last->returns += lines->line[i].returns;
        last->pnl += lines->line[i].pnl;
    }
    lines->n = n;
    qsort(lines->line, lines->n, sizeof *lines->line, by_pnl);
}

static double cell_value(const struct lines *lines, const struct line *line, size_t cell) {
    if (cell == 0) return line->wins / line->trades - 0.5;
    return cell == 1 ? line->returns / line->trades : line->pnl / lines->seeds;
}

static int full_colours(struct run_view *run, struct lines *lines) {
    double *size = arena_alloc(&run->arena, lines->n + 1, sizeof *size);
    if (!size) return GW_ERR_NOMEM;
    for (size_t c = 0; c < N_CELLS; c++) {
        for (size_t i = 0; i < lines->n; i++) size[i] = fabs(cell_value(lines, &lines->line[i], c));
        lines->full[c] = shade_full(size, lines->n);
    }
    return GW_OK;
}

static int gather(struct run_view *run, const struct table *t, const size_t *c, const struct strategy_view *s,
                  double initial, struct lines *lines) {
    *lines = (struct lines){.seeds = s->has_model && run->n_seeds ? (double)run->n_seeds : 1};
    for (int pass = 0; pass < 2; pass++) {
        if (pass && !(lines->line = arena_alloc(&run->arena, lines->n + 1, sizeof *lines->line))) return GW_ERR_NOMEM;
        lines->n = 0;
        for (size_t row = 0; row < t->n_rows; row++) {
            char *const *cell = t->cell + row * t->n_columns;
            if (strcmp(cell[c[BY]], "symbol") != 0 || strcmp(cell[c[STRATEGY]], s->name) != 0) continue;
            const double trades = table_number(t, row, c[TRADES]), mean = table_number(t, row, c[MEAN_RETURN]);
            if (!(trades > 0) || !isfinite(mean)) continue;
            if (pass)
                lines->line[lines->n] = (struct line){.symbol = cell[c[GROUP]],
                                                      .trades = trades,
                                                      .wins = table_number(t, row, c[WINS]),
                                                      .returns = mean * trades,
                                                      .pnl = table_number(t, row, c[PNL]) / initial};
            lines->n++;
        }
    }
    join(lines);
    return full_colours(run, lines);
}

/* ---- what is drawn ------------------------------------------------------------------------------------------------ */

static void heading(struct page *page, double x, double y) {
    static const char *const name[N_CELLS] = {"won, %", "mean, %", "P&L, %"};
    for (size_t c = 0; c < N_CELLS; c++)
        page_text(page, FONT_SMALL, ALIGN_CENTER, x + NAME_WIDTH + ((double)c + 0.5) * CELL_WIDTH, y, INK_SOFT,
                  name[c]);
}

static int symbol_row(struct page *page, const struct lines *lines, const struct line *line, double x, double y) {
    char text[N_CELLS][FIGURE_SIZE];
    char *name = text_fit(&page->job->run->arena, line->symbol, font_size_pt[FONT_SMALL], NAME_WIDTH - 0.006);
    if (name) name = text_safe(&page->job->run->arena, name);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_LEFT, x, y, INK, name);
    snprintf(text[0], FIGURE_SIZE, "%.0f", 100 * line->wins / line->trades);
    figure_signed(text[1], 100 * line->returns / line->trades, 2);
    figure_signed(text[2], 100 * line->pnl / lines->seeds, 2);
    for (size_t c = 0; c < N_CELLS; c++) {
        const double left = x + NAME_WIDTH + (double)c * CELL_WIDTH;
        page_box(page, left + 0.0006, y - ROW_HEIGHT / 2 + 0.0008, left + CELL_WIDTH - 0.0006,
                 y + ROW_HEIGHT / 2 - 0.0008, shade_of(cell_value(lines, line, c), lines->full[c], SHADE_UNDER_DIGITS));
        page_text(page, FONT_SMALL, ALIGN_CENTER, left + CELL_WIDTH / 2, y, INK, text[c]);
    }
    return GW_OK;
}

/* Where the next contestant begins. */
struct place {
    struct page page;
    bool begun;
    double y;
};

static size_t room_below(double y) {
    const double room = (y - HEADING - BOTTOM) / ROW_HEIGHT;
    return room > 0 ? (size_t)room + 1 : 0;
}

/* As many lines from *next on as there is room for. */
static int write_part(struct place *place, const struct strategy_view *s, const struct lines *lines, size_t *next) {
    struct page *page = &place->page;
    size_t up = 0, rows = room_below(place->y);
    const bool continued = *next > 0;
    if (rows * COLUMNS > lines->n - *next)
        rows = (lines->n - *next + COLUMNS - 1) / COLUMNS; /* columns of one height */
    for (size_t i = 0; i < lines->n; i++) up += lines->line[i].pnl > 0;
    char *name = text_fit(&page->job->run->arena, s->label, font_size_pt[FONT_BOLD], 0.36);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, FONT_BOLD, ALIGN_LEFT, PAGE_LEFT, place->y, INK, name);
    page_textf(page, FONT_SMALL, ALIGN_RIGHT,
               PAGE_LEFT + (COLUMNS - 1) * COLUMN_WIDTH + NAME_WIDTH + N_CELLS * CELL_WIDTH, place->y, INK_SOFT,
               "%zu of %zu symbols made money%s", up, lines->n, continued ? " · continued" : "");
    for (size_t column = 0; column < COLUMNS && *next < lines->n; column++) {
        const double x = PAGE_LEFT + (double)column * COLUMN_WIDTH;
        double y = place->y - HEADING;
        heading(page, x, y + 0.021);
        for (size_t row = 0; row < rows && *next < lines->n; row++, y -= ROW_HEIGHT, ++*next)
            TRY(symbol_row(page, lines, &lines->line[*next], x, y));
    }
    place->y -= HEADING + (double)rows * ROW_HEIGHT + BETWEEN;
    return GW_OK;
}

static int new_page(struct plot_job *job, struct place *place, const char *caption) {
    if (place->begun) TRY(page_end(&place->page));
    place->begun = false;
    if (job->n_pages == PLOT_PAGES_MAX) return GW_OK;
    TRY(page_begin(job, &place->page, "", caption));
    place->begun = true;
    place->y = place->page.top;
    return GW_OK;
}

/* What fits on the page is not parted; of what takes more pages than it may the worst are on the last. */
static int write_strategy(struct plot_job *job, struct place *place, const struct strategy_view *s,
                          const struct lines *lines, const char *caption) {
    size_t next = 0;
    for (int pages = 1; next < lines->n && pages <= PAGES_EACH; pages++) {
        if (!place->begun || room_below(place->y) * COLUMNS < lines->n - next) TRY(new_page(job, place, caption));
        if (!place->begun) return GW_OK; /* more pages than a report has */
        const size_t room = room_below(place->y) * COLUMNS;
        if (pages == PAGES_EACH && lines->n - next > room) next = lines->n - room;
        TRY(write_part(place, s, lines, &next));
    }
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    const struct table *t;
    size_t c[N_COLUMNS], n_drawn = 0;
    char caption[640];
    struct place place = {.begun = false};
    int rc = GW_OK;
    TRY(run_view_table(run, TABLE_BREAKDOWN, &t));
    if (!t) return plot_skip(job, "no results by group on record");
    TRY(table_columns(t, column_name, c));
    double initial = member_number(json_get(json_get(run->process, "config"), "broker"), "initial_cash");
    if (!(initial > 0)) initial = 100000; /* broker.initial_cash' default */
    snprintf(
        caption, sizeof caption,
        "%sBest P&L first; P&L: percent of what the account began with; mean: return of a trade; all after costs. Blue "
        "is good (won: above 50 %%), orange bad; a colour is full where nine of ten symbols are below. Of a universe "
        "that takes more pages the best and the worst are shown. gatewalk report RUN_DIR --breakdown symbol --sort pnl "
        "has all.",
        run->n_seeds > 1 ? "Means over seeds. " : "");
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies; s++) {
        struct lines lines;
        rc = gather(run, t, c, &run->strategy[s], initial, &lines);
        if (rc < 0 || lines.n < SYMBOLS_LEAST) continue;
        rc = write_strategy(job, &place, &run->strategy[s], &lines, caption);
        n_drawn++;
    }
    if (place.begun && page_end(&place.page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc < 0 || n_drawn ? rc : plot_skip(job, "nobody traded three symbols");
}

const struct plot_desc plot_desc_symbols = {
    .name = "symbols",
    .title = "Symbol by symbol",
    .help = "what the trades of every symbol brought, as a coloured table, best first",
    .optional = true,
    .prepare = prepare,
};
