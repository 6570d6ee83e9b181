/* The objective along each key. */
#include <math.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/search_view.h"

enum { COLUMNS = 4, ROWS = 3, PANELS = COLUMNS * ROWS };

static int write_panels(struct page *page, const struct search_view_data *s, size_t first, size_t n) {
    FILE *points;
    struct gw_range range = range_empty();
    struct arena *arena = &page->job->run->arena;
    const size_t columns = n < COLUMNS ? n : COLUMNS, rows = (n + columns - 1) / columns;
    page->top -= 0.02;
    struct panel_grid grid = page_grid(page, rows, columns, 0.055, 0.095);
    TRY(page_file(page, "points", &points));
    for (size_t p = 0; p < n; p++) {
        const struct search_key_view *key = &s->key[first + p];
        const double left = grid_left(&grid, p % columns), top = grid_top(&grid, p / columns);
        char *name = text_fit(arena, key->name, font_size_pt[FONT_BOLD], grid.width),
             *low = text_fit(arena, key->low, font_size_pt[FONT_SMALL], grid.width / 2),
             *high = text_fit(arena, key->high, font_size_pt[FONT_SMALL], grid.width / 2);
        if (!name || !low || !high) return GW_ERR_NOMEM;
        page_text(page, FONT_BOLD, ALIGN_LEFT, left, top + 0.017, INK, name);
        page_text(page, FONT_SMALL, ALIGN_LEFT, left, top - grid.height - 0.022, INK_SOFT, low);
        page_text(page, FONT_SMALL, ALIGN_RIGHT, left + grid.width, top - grid.height - 0.022, INK_SOFT, high);
        for (size_t i = 0; i < s->n; i++) {
            const struct search_trial_view *t = &s->trial[i];
            if (t->budget < 1 || !isfinite(t->value[0])) continue;
            PAGE_ROW(points, (double)p, t->position[first + p], t->value[0], t->chosen, (double)i / (double)s->n);
            range_add(&range, t->value[0]);
        }
    }
    page_range(page, "value", range_round(range));
    page_set(page, "n_panels", (double)n);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct search_view_data *s;
    TRY(search_view_read(job->run, &s));
    if (!s || s->n == 0 || s->n_keys == 0 || s->n_objectives == 0) return plot_skip(job, "no search");
    for (size_t first = 0; first < s->n_keys; first += PANELS) {
        struct page page;
        int rc = page_begin(
            job, &page, "",
            "The objective on validation of every trial with the whole budget against each key, from its lower "
            "to its upper bound (choices in their order); early trials blue, late ones yellow, the chosen one "
            "ringed. Where the late ones crowd at a bound, the space may be too narrow.");
        if (rc == GW_OK) rc = write_panels(&page, s, first, s->n_keys - first < PANELS ? s->n_keys - first : PANELS);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_search_slices = {
    .name = "search_slices",
    .title = "The objective along each key",
    .help = "the objective of a search's trials against each key",
    .prepare = prepare,
    .optional = true,
};
