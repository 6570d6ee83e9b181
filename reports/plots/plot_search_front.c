/* Two objectives against each other, and the front of those that none beats in both. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/search_view.h"

struct spot {
    double x, y;
};
static int by_x(const void *a, const void *b) {
    const double x = ((const struct spot *)a)->x, y = ((const struct spot *)b)->x;
    return (x > y) - (x < y);
}

static int write_page(struct page *page, const struct search_view_data *s, size_t other) {
    FILE *points, *front;
    struct gw_range x = range_empty(), y = range_empty();
    struct spot *spot = arena_alloc(&page->job->run->arena, s->n, sizeof *spot);
    size_t n = 0;
    static const struct legend_entry legend[] = {
        {"a trial", 10, MARK_POINT}, {"on the front", 2, MARK_LINE_POINT}, {"chosen", 3, MARK_POINT}};
    if (!spot) return GW_ERR_NOMEM;
    TRY(page_legend(page, legend, COUNT_OF(legend)));
    TRY(page_file(page, "points", &points));
    TRY(page_file(page, "front", &front));
    for (size_t i = 0; i < s->n; i++) {
        const struct search_trial_view *t = &s->trial[i];
        if (t->budget < 1 || !isfinite(t->value[0]) || !isfinite(t->value[other])) continue;
        PAGE_ROW(points, t->value[other], t->value[0], t->chosen);
        range_add(&x, t->value[other]);
        range_add(&y, t->value[0]);
        if (t->front) spot[n++] = (struct spot){t->value[other], t->value[0]};
    }
    if (n) qsort(spot, n, sizeof *spot, by_x);
    for (size_t i = 0; i < n; i++) PAGE_ROW(front, spot[i].x, spot[i].y);
    if (n == 0) PAGE_ROW(front, NAN, NAN);
    page_textf(page, FONT_BODY, ALIGN_LEFT, PAGE_LEFT, page->top + 0.012, INK,
               "Upwards: %s, %s is better. To the right: %s, %s is better.", s->objective[0],
               s->max[0] ? "more" : "less", s->objective[other], s->max[other] ? "more" : "less");
    page->top -= 0.03;
    page_grid(page, 1, 1, 0, 0);
    page_range(page, "x", range_round(x));
    page_range(page, "y", range_round(y));
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct search_view_data *s;
    TRY(search_view_read(job->run, &s));
    if (!s || s->n == 0 || s->n_objectives < 2) return plot_skip(job, "no search of several objectives");
    for (size_t other = 1; other < s->n_objectives; other++) {
        struct page page;
        int rc = page_begin(
            job, &page, s->n_objectives > 2 ? s->objective[other] : "",
            "A trial on the front is beaten by none in all objectives at once (of more than two, the front is "
            "of all of them). Of those the one with the best first objective was chosen; the others stand in "
            "trials.csv.");
        if (rc == GW_OK) rc = write_page(&page, s, other);
        if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
        TRY(rc);
    }
    return GW_OK;
}

const struct plot_desc plot_desc_search_front = {
    .name = "search_front",
    .title = "The front of the objectives",
    .help = "two objectives of a search against each other, and who is beaten by none",
    .prepare = prepare,
    .optional = true,
};
