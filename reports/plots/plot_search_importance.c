/* Which keys of a search's space matter. */
#include <math.h>

#include "engine/base/base.h"
#include "plot.h"
#include "reports/data/search_view.h"

static const double NAMES_RIGHT = 0.33;

static void sort_keys(const struct search_view_data *s, size_t *order) {
    for (size_t i = 0; i < s->n_keys; i++) {
        size_t at = i;
        for (; at > 0 && s->key[order[at - 1]].share < s->key[i].share; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}

static int write_page(struct page *page, const struct search_view_data *s) {
    FILE *bars;
    struct gw_range range = range_empty();
    size_t order[SEARCH_KEYS_MAX];
    double rest = 100;
    sort_keys(s, order);
    range_add(&range, 0);
    TRY(page_file(page, "bars", &bars));
    const double height = (page->top - PAGE_BOTTOM) / (double)s->n_keys, row = fmin(height, 0.06);
    for (size_t i = 0; i < s->n_keys; i++) {
        const struct search_key_view *key = &s->key[order[i]];
        char *name = text_fit(&page->job->run->arena, key->name, font_size_pt[FONT_BODY], NAMES_RIGHT - PAGE_LEFT);
        if (!name) return GW_ERR_NOMEM;
        page_text(page, FONT_BODY, ALIGN_RIGHT, NAMES_RIGHT, page->top - row * ((double)i + 0.5), INK, name);
        PAGE_ROW(bars, 100 * key->share, -(double)i);
        range_add(&range, 100 * key->share);
        rest -= 100 * key->share;
    }
    page_textf(page, FONT_SMALL, ALIGN_LEFT, PAGE_LEFT, PAGE_BOTTOM - 0.055, INK_SOFT,
               "%.0f %% are explained by several keys together, or by nothing that the forest sees.", fmax(rest, 0));
    page_range(page, "share", range_round(range));
    page_set(page, "n_keys", (double)s->n_keys);
    page_set(page, "area_left", NAMES_RIGHT + 0.012);
    page_set(page, "area_top", page->top);
    page_set(page, "area_bottom", page->top - row * (double)s->n_keys);
    return GW_OK;
}

static int prepare(struct plot_job *job) {
    const struct search_view_data *s;
    struct page page;
    bool known = false;
    TRY(search_view_read(job->run, &s));
    if (!s) return plot_skip(job, "no search");
    for (size_t d = 0; d < s->n_keys; d++) known |= isfinite(s->key[d].share);
    if (!known) return plot_skip(job, "too few trials");
    int rc = page_begin(
        job, &page, "",
        "Share of the objective's variance over the space that each key explains alone (functional analysis of "
        "variance on a random forest of the trials). The estimate is of the space as it was given: a key that "
        "matters between narrow bounds only has a small share.");
    if (rc == GW_OK) rc = write_page(&page, s);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

const struct plot_desc plot_desc_search_importance = {
    .name = "search_importance",
    .title = "Which keys matter",
    .help = "share of the objective's variance that each key of a search explains",
    .prepare = prepare,
    .optional = true,
};
