/* Every trial as a line through its values: parallel coordinates (Inselberg 1985), coloured by rank. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/search_view.h"

enum { AXES_MAX = 12 };

struct ranked {
    const struct search_trial_view *trial;
    double value, rank; /* turned so that more is better; 0 the worst, 1 the best */
};

static int ascending(const void *a, const void *b) {
    const double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;
    return (x > y) - (x < y);
}

static size_t rank_trials(const struct search_view_data *s, struct ranked *out) {
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double value = s->trial[i].value[0];
        if (s->trial[i].budget == 1 && isfinite(value))
            out[n++] = (struct ranked){.trial = &s->trial[i], .value = s->max[0] ? value : -value};
    }
    if (n) qsort(out, n, sizeof *out, ascending);
    for (size_t i = 0; i < n; i++) out[i].rank = n > 1 ? (double)i / (double)(n - 1) : 1;
    return n;
}

/* The keys that matter most, in the order of the space. */
static size_t choose_axes(const struct search_view_data *s, size_t *axis) {
    size_t n = 0;
    for (size_t d = 0; d < s->n_keys; d++) {
        size_t ahead = 0;
        for (size_t other = 0; other < s->n_keys; other++)
            ahead += s->key[other].share > s->key[d].share || (other < d && !(s->key[other].share < s->key[d].share));
        if (ahead < AXES_MAX) axis[n++] = d;
    }
    return n;
}

static int label_axis(struct page *page, double x, double bottom, const char *name, const char *low, const char *high,
                      size_t number) {
    struct arena *arena = &page->job->run->arena;
    char *title = text_fit(arena, name, font_size_pt[FONT_SMALL], 0.15);
    if (!title) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_CENTER, x, page->top + (number % 2 ? 0.052 : 0.034), INK, title);
    title = text_fit(arena, high, font_size_pt[FONT_SMALL], 0.075);
    if (!title) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_CENTER, x, page->top + 0.014, INK_SOFT, title);
    title = text_fit(arena, low, font_size_pt[FONT_SMALL], 0.075);
    if (!title) return GW_ERR_NOMEM;
    page_text(page, FONT_SMALL, ALIGN_CENTER, x, bottom - 0.018, INK_SOFT, title);
    return GW_OK;
}

static int write_page(struct page *page, const struct search_view_data *s) {
    FILE *lines;
    struct ranked *ranked = arena_alloc(&page->job->run->arena, s->n, sizeof *ranked);
    size_t axis[SEARCH_KEYS_MAX], n_axes = choose_axes(s, axis), n;
    const double left = PAGE_LEFT + 0.05, right = PAGE_RIGHT - 0.06, bottom = PAGE_BOTTOM + 0.03;
    char low[40], high[40];
    if (!ranked) return GW_ERR_NOMEM;
    n = rank_trials(s, ranked);
    page->top -= 0.075;
    TRY(page_file(page, "lines", &lines));
    const double worst = n ? ranked[0].value : 0, best = n ? ranked[n - 1].value : 1;
    for (size_t i = 0; i < n; i++) { /* the best are drawn last */
        for (size_t a = 0; a < n_axes; a++)
            if (isfinite(ranked[i].trial->position[axis[a]]))
                PAGE_ROW(lines, (double)a, ranked[i].trial->position[axis[a]], ranked[i].rank);
        PAGE_ROW(lines, (double)n_axes, best > worst ? (ranked[i].value - worst) / (best - worst) : 1, ranked[i].rank);
        fputs("\n", lines);
    }
    if (n == 0) PAGE_ROW(lines, NAN, NAN, NAN);
    for (size_t a = 0; a <= n_axes; a++) {
        const double x = left + (right - left) * (double)a / (double)n_axes;
        page_rule(page, x, bottom, x, page->top, 0.45);
        snprintf(low, sizeof low, "%.4g", s->max[0] ? worst : -worst);
        snprintf(high, sizeof high, "%.4g", s->max[0] ? best : -best);
        if (a < n_axes)
            TRY(label_axis(page, x, bottom, s->key[axis[a]].name, s->key[axis[a]].low, s->key[axis[a]].high, a));
        else
            TRY(label_axis(page, x, bottom, s->objective[0], low, high, a));
    }
    page_set(page, "n_axes", (double)n_axes);
    page_set(page, "area_left", left);
    page_set(page, "area_right", right);
    page_set(page, "area_top", page->top);
    page_set(page, "area_bottom", bottom);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct search_view_data *s;
    struct page page;
    TRY(search_view_read(job->run, &s));
    if (!s || s->n == 0 || s->n_keys == 0 || s->n_objectives == 0) return plot_skip(job, "no search");
    int rc = page_begin(
        job, &page, "",
        "A line is a trial with the whole budget, from the worst (blue, thin) to the best (yellow, thick, drawn last); "
        "an axis is a key of the space between its bounds, choices in their order, the last one the objective. A trial "
        "without the key passes its axis by. Of more than twelve keys those that matter most are shown.");
    if (rc == GW_OK) rc = write_page(&page, s);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_search_parallel = {
    .name = "search_parallel",
    .title = "What the trials had",
    .help = "parallel coordinates of a search's trials",
    .prepare = prepare,
    .optional = true,
};
