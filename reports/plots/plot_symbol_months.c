/* What every symbol's trades brought month by month: a heat map, best symbols first. Of a large universe the best and the
 * worst have a row each, those between share rows. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "symbol_months.h"

static const char *const column_name[] = {"strategy", "symbol", "exit_time", "pnl", NULL};
enum { EXIT_TIME = 2, N_COLUMNS = 4, SYMBOLS_LEAST = 3, COLUMNS_LEAST = 2 };
/* A page has room for ROWS_MOST. Of more symbols EDGE are shown at each end, the others in at most GROUPS rows. */
enum { ROWS_MOST = 50, EDGE = 18, GROUPS = 12, GROUP_LEAST = 3, BLOCKS_MOST = 32, KEY_BOXES = 11 };

static const double NAME_WIDTH = 0.098, TOTAL_WIDTH = 0.05, CELL_WIDEST = 0.052, CELL_DIGITS = 0.036,
                    ROW_TALLEST = 0.0188, ROW_DIGITS = 0.0165, HEADING = 0.046, GAP = 0.006, BETWEEN = 0.034,
                    BOTTOM = PAGE_BOTTOM - 0.03, KEY_WIDTH = 0.11, KEY_HEIGHT = 0.012;

/* Where the next contestant begins. */
struct place {
    struct page page;
    bool begun;
    double y;
    size_t n_blocks;
    FILE *cells, *digits;
};

/* How one contestant is drawn. */
struct layout {
    const struct symbol_months *months;
    struct symbol_row group[GROUPS], all; /* means: of the symbols between the best and the worst, of all */
    size_t n_groups;
    double cell_width, row_height;
    bool digits;  /* in the cells */
    int decimals; /* of percents: one of thousands of symbols is little of an account */
};

static double height_of(const struct layout *l) {
    const size_t rows = l->n_groups ? 2 * EDGE + l->n_groups : l->months->n;
    return HEADING + (double)(rows + 1) * l->row_height + (l->n_groups ? 3 : 1) * GAP;
}

/* The symbols between the best and the worst, EDGE each, in equal groups. */
static int make_groups(struct arena *arena, struct layout *l) {
    const struct symbol_months *m = l->months;
    if (m->n <= ROWS_MOST) return GW_OK;
    const size_t between = m->n - 2 * EDGE;
    l->n_groups = between / GROUP_LEAST < GROUPS ? between / GROUP_LEAST : GROUPS;
    for (size_t g = 0; g < l->n_groups; g++) {
        const size_t from = EDGE + g * between / l->n_groups, to = EDGE + (g + 1) * between / l->n_groups;
        char *label = arena_alloc(arena, 64, 1);
        if (!label) return GW_ERR_NOMEM;
        snprintf(label, 64, "%zu–%zu, mean", from + 1, to);
        TRY(symbol_months_mean(arena, m, m->row + from, to - from, &l->group[g]));
        l->group[g].label = label;
    }
    return GW_OK;
}

static int lay_out(struct arena *arena, const struct symbol_months *m, double room, struct layout *l) {
    *l = (struct layout){.months = m, .row_height = ROW_TALLEST};
    TRY(make_groups(arena, l));
    TRY(symbol_months_mean(arena, m, m->row, m->n, &l->all));
    l->all.label = "mean of all";
    l->cell_width = fmin(CELL_WIDEST, (PAGE_RIGHT - PAGE_LEFT - NAME_WIDTH - TOTAL_WIDTH) / (double)m->n_columns);
    const double too_tall = height_of(l) - room, rows = (height_of(l) - HEADING) / ROW_TALLEST;
    if (too_tall > 0) l->row_height -= too_tall / rows;
    while (height_of(l) > room) l->row_height *= 0.999; /* the gaps do not shrink */
    const double most = m->n ? 100 * fmax(fabs(m->row[0].total), fabs(m->row[m->n - 1].total)) : 0;
    l->decimals = most >= 1 ? 2 : most >= 0.1 ? 3 : 4;
    l->digits = l->cell_width >= CELL_DIGITS && l->row_height >= ROW_DIGITS;
    return GW_OK;
}

/* ---- what is drawn ------------------------------------------------------------------------------------------------- */

static void key(struct page *page, const struct layout *l, double y) {
    char least[FIGURE_SIZE], most[FIGURE_SIZE];
    const double full = l->months->full, right = PAGE_RIGHT - 0.048, width = KEY_WIDTH / KEY_BOXES;
    figure_signed(least, -100 * full, l->decimals);
    figure_signed(most, 100 * full, l->decimals);
    page_textf(page, FONT_SMALL, ALIGN_RIGHT, right - KEY_WIDTH - 0.005, y, INK_SOFT, "%s %%", least);
    page_textf(page, FONT_SMALL, ALIGN_LEFT, right + 0.005, y, INK_SOFT, "%s %%", most);
    for (int i = 0; i < KEY_BOXES; i++) {
        const double value = full * (2.0 * i / (KEY_BOXES - 1) - 1), x = right - KEY_WIDTH + i * width;
        page_box(page, x, y - KEY_HEIGHT / 2, x + width, y + KEY_HEIGHT / 2,
                 shade_of(value, full, l->digits ? SHADE_UNDER_DIGITS : SHADE_ALONE));
    }
}

static void columns_heading(struct page *page, const struct layout *l, double y) {
    char text[PERIOD_LABEL];
    symbol_months_label(l->months, 0, text);
    const double label = 1.15 * text_width(text, font_size_pt[FONT_SMALL]), left = PAGE_LEFT + NAME_WIDTH;
    const size_t n = l->months->n_columns, step = (size_t)ceil(label / l->cell_width);
    for (size_t c = 0; c < n; c += step) {
        const double x = left + ((double)c + 0.5) * l->cell_width;
        symbol_months_label(l->months, c, text);
        page_text(page, FONT_SMALL, ALIGN_CENTER, x, y, INK_SOFT, text);
        if (step > 1) page_rule(page, x, y - 0.009, x, y - 0.0125, 0.6);
    }
    page_text(page, FONT_SMALL, ALIGN_RIGHT, left + (double)n * l->cell_width + TOTAL_WIDTH, y, INK_SOFT, "all");
}

static int heading(struct page *page, const struct strategy_view *s, const struct layout *l, double y) {
    const struct symbol_months *m = l->months;
    char *name = text_fit(&page->job->run->arena, s->label, font_size_pt[FONT_BOLD], 0.3);
    if (!name) return GW_ERR_NOMEM;
    page_text(page, FONT_BOLD, ALIGN_LEFT, PAGE_LEFT, y, INK, name);
    page_textf(page, FONT_SMALL, ALIGN_RIGHT, PAGE_RIGHT - 0.048 - KEY_WIDTH - 0.06, y, INK_SOFT,
               l->n_groups ? "%zu of %zu symbols made money · the %d best, the %d worst, the others as means"
                           : "%zu of %zu symbols made money",
               m->n_up, m->n, EDGE, EDGE);
    key(page, l, y);
    columns_heading(page, l, y - 0.0235);
    return GW_OK;
}

static void cell(struct place *place, const struct layout *l, size_t column, size_t row, double value) {
    const unsigned ink =
        isfinite(value) ? shade_of(value, l->months->full, l->digits ? SHADE_UNDER_DIGITS : SHADE_ALONE) : FILL_BAND;
    PAGE_ROW(place->cells, (double)column, (double)row, (ink >> 16) & 0xFF, (ink >> 8) & 0xFF, ink & 0xFF);
}

static void digits(struct place *place, const struct layout *l, size_t column, double row, double value) {
    char text[FIGURE_SIZE];
    if (!isfinite(value)) return;
    figure_signed(text, 100 * value, l->decimals);
    fprintf(place->digits, "%zu\t%g\t%s\n", column, row, text);
}

/* Rows without a gap: one image. */
static void block(struct place *place, const struct layout *l, const struct symbol_row *row, size_t n, bool of_many) {
    struct page *page = &place->page;
    const size_t i = place->n_blocks++, columns = l->months->n_columns;
    const double left = PAGE_LEFT + NAME_WIDTH, right = left + (double)columns * l->cell_width;
    page_set_at(page, "block_top", i, place->y);
    page_set_at(page, "block_bottom", i, place->y - (double)n * l->row_height);
    page_set_at(page, "block_left", i, left);
    page_set_at(page, "block_right", i, right);
    const size_t halves =
        n == 1 ? 2 : 1; /* an image has two rows at least: a single one is drawn twice, half as tall */
    page_set_at(page, "block_rows", i, (double)(n * halves));
    page_set_at(page, "block_columns", i, (double)columns);
    fputs("-9\t-9\t \n", place->digits); /* beyond the axes: a block without figures has an index, too */
    for (size_t r = 0; r < n; r++, place->y -= l->row_height) {
        char total[FIGURE_SIZE];
        const double y = place->y - l->row_height / 2;
        figure_signed(total, 100 * row[r].total, l->decimals);
        page_text(page, FONT_SMALL, ALIGN_LEFT, PAGE_LEFT, y, of_many ? INK_SOFT : INK, row[r].label);
        page_text(page, FONT_SMALL, ALIGN_RIGHT, right + TOTAL_WIDTH, y, of_many ? INK_SOFT : INK, total);
        for (size_t h = 0; h < halves; h++)
            for (size_t c = 0; c < columns; c++) cell(place, l, c, r + h, row[r].value[c]);
        for (size_t c = 0; l->digits && c < columns; c++)
            digits(place, l, c, (double)r + 0.5 * (double)(halves - 1), row[r].value[c]);
    }
    fputs("\n\n", place->cells);
    fputs("\n\n", place->digits);
    place->y -= GAP;
}

static int end_page(struct place *place) {
    if (!place->begun) return GW_OK;
    page_set(&place->page, "n_blocks", (double)place->n_blocks);
    place->begun = false;
    return page_end(&place->page);
}

static int new_page(struct plot_job *job, struct place *place, const char *caption) {
    static const char *const array[] = {"block_top",   "block_bottom", "block_left",
                                        "block_right", "block_rows",   "block_columns"};
    TRY(end_page(place));
    if (job->n_pages == PLOT_PAGES_MAX) return GW_OK;
    place->begun = true; /* page_end() wants to be called after a failure, too */
    TRY(page_begin(job, &place->page, "", caption));
    TRY(page_file(&place->page, "cells", &place->cells));
    TRY(page_file(&place->page, "digits", &place->digits));
    for (size_t i = 0; i < COUNT_OF(array); i++) page_array(&place->page, array[i], BLOCKS_MOST);
    place->n_blocks = 0;
    place->y = place->page.top;
    return GW_OK;
}

static int draw(struct plot_job *job, struct place *place, const struct strategy_view *s, const struct symbol_months *m,
                const char *caption) {
    struct layout l;
    if (!place->begun) TRY(new_page(job, place, caption));
    if (!place->begun) return GW_OK; /* more pages than a report has */
    TRY(lay_out(&job->run->arena, m, place->page.top - BOTTOM, &l));
    if (place->y - height_of(&l) < BOTTOM - 1e-9 || place->n_blocks + 4 > BLOCKS_MOST) {
        TRY(new_page(job, place, caption));
        if (!place->begun) return GW_OK;
    }
    TRY(heading(&place->page, s, &l, place->y));
    place->y -= HEADING - 0.008;
    if (l.n_groups) {
        block(place, &l, m->row, EDGE, false);
        block(place, &l, l.group, l.n_groups, true);
        block(place, &l, m->row + m->n - EDGE, EDGE, false);
    } else {
        block(place, &l, m->row, m->n, false);
    }
    block(place, &l, &l.all, 1, true);
    place->y -= BETWEEN;
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    struct run_view *run = job->run;
    struct symbol_months months;
    const struct table *t;
    size_t c[N_COLUMNS], n_drawn = 0;
    char caption[640];
    struct place place = {.begun = false};
    int rc = GW_OK;
    TRY(run_view_table(run, TABLE_TRADES, &t));
    if (!t) return plot_skip(job, "no trades on record");
    TRY(table_columns(t, column_name, c));
    if (!symbol_months_span(t, c[EXIT_TIME], &months)) return plot_skip(job, "no trade ended");
    snprintf(
        caption, sizeof caption,
        "%sProfit and loss after costs of the trades that ended in a %s%s, percent of what the account began with; "
        "best symbol of all first, grey where none ended. Blue is a gain, orange a loss; a colour is full where nine "
        "of ten cells are below. A row of many symbols is the mean of those with these ranks.",
        run->n_seeds > 1 ? "Means over seeds. " : "", period_word[months.period],
        months.period == PERIOD_WEEK ? " (named by its Monday)" : "");
    for (size_t s = 0; rc == GW_OK && s < run->n_strategies; s++) {
        rc = symbol_months_gather(run, t, c, &run->strategy[s], &months);
        if (rc < 0 || months.n < SYMBOLS_LEAST || months.n_used < COLUMNS_LEAST) continue;
        rc = draw(job, &place, &run->strategy[s], &months, caption);
        n_drawn++;
    }
    if (end_page(&place) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc < 0 || n_drawn ? rc : plot_skip(job, "nobody traded three symbols in two periods");
}

const struct plot_desc plot_desc_symbol_months = {
    .name = "symbol_months",
    .title = "Symbols month by month",
    .help = "what the trades of every symbol brought by month, as a heat map, best symbols first",
    .optional = true,
    .prepare = prepare,
};
