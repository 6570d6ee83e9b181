/* The latents as a picture: t-SNE, coloured by category and by what followed. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

enum { X, Y, CATEGORY, LONG, SHORT, N_COLUMNS };
static const char *const column_name[] = {"x", "y", "category", "label_long", "label_short", NULL};

/* Neighbouring numbers get hues far apart: steps of the golden angle, at three lightnesses. */
static unsigned colour_of(size_t category) {
    const double hue = fmod((double)category * 0.6180339887498949, 1) * 6;
    const double light = 0.38 + 0.12 * (double)(category % 3), span = 0.75 * (1 - fabs(2 * light - 1));
    const double x = span * (1 - fabs(fmod(hue, 2) - 1)), low = light - span / 2;
    const double red[6] = {span, x, 0, 0, x, span}, green[6] = {x, span, span, x, 0, 0},
                 blue[6] = {0, 0, x, span, span, x};
    const size_t part = (size_t)hue;
    const double rgb[3] = {red[part] + low, green[part] + low, blue[part] + low};
    return (unsigned)(255 * rgb[0]) << 16 | (unsigned)(255 * rgb[1]) << 8 | (unsigned)(255 * rgb[2]);
}

static int write_page(struct page *page, const struct table *t) {
    size_t c[N_COLUMNS];
    FILE *to;
    struct gw_range x = range_empty(), y = range_empty();
    static const struct legend_entry legend[] = {
        {"long move followed", 2, MARK_POINT}, {"short move followed", 3, MARK_POINT}, {"neither", 10, MARK_POINT}};
    TRY(table_columns(t, column_name, c));
    TRY(page_file(page, "points", &to));
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    for (size_t row = 0; row < t->n_rows; row++) {
        const double at[2] = {table_number(t, row, c[X]), table_number(t, row, c[Y])},
                     number = table_number(t, row, c[CATEGORY]);
        const double label = table_number(t, row, c[LONG]) == 1 ? 1 : table_number(t, row, c[SHORT]) == 1 ? 2 : 0;
        if (!isfinite(at[0]) || !isfinite(at[1]) || !(number >= 0 && number < 1e9)) continue;
        PAGE_ROW(to, at[0], at[1], (double)colour_of((size_t)number), label);
        range_add(&x, at[0]);
        range_add(&y, at[1]);
    }
    struct panel_grid grid = page_grid(page, 1, 2, 0.04, 0);
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(&grid, 0), grid.top + 0.02, INK, "By category");
    page_text(page, FONT_BOLD, ALIGN_LEFT, grid_left(&grid, 1), grid.top + 0.02, INK, "By what followed");
    page_range(page, "x", range_round(x));
    page_range(page, "y", range_round(y));
    return GW_OK;
}

static int draw(struct plot_job *job, const struct table *t, const struct pattern_files *files) {
    struct page page;
    char caption[400];
    const char *about;
    TRY(pattern_about(job->run, files, &about));
    snprintf(caption, sizeof caption,
             "t-SNE of %zu windows' latents, evenly spaced in time: near ones are alike; distances between clumps and "
             "the clumps' sizes mean nothing. Neighbouring windows share most of their bars, so that time draws "
             "threads.",
             t->n_rows);
    int rc = page_begin(job, &page, about, caption);
    if (rc == GW_OK) rc = write_page(&page, t);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) { return pattern_plot(job, GW_RUN_PATTERNS_MAP, draw); }

const struct plot_desc plot_desc_pattern_map = {
    .name = "pattern_map",
    .title = "Map of the patterns",
    .help = "t-SNE of the windows' latents by category and by what followed",
    .prepare = prepare,
    .optional = true,
};
