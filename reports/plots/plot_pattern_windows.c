/* Windows chosen by hand: the members of one category, or those most alike to one of now. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "pattern_files.h"

struct shown {
    struct pattern_files files;
    struct table members, next;
    bool has_members, has_next;
};

/* When each of them was; hit: of either gate. */
static int write_times(struct page *page, const struct table *t) {
    enum { MEMBER, TIME, LONG, SHORT, STEP, N };
    static const char *const name[] = {"member", "time", "label_long", "label_short", "step", NULL};
    size_t c[N];
    FILE *to;
    struct gw_range span = range_empty();
    TRY(table_columns(t, name, c));
    TRY(page_file(page, "times", &to));
    for (size_t row = 0; row < t->n_rows; row++) {
        if (table_number(t, row, c[STEP]) != 0 || table_number(t, row, c[MEMBER]) == 0) continue;
        const double time = seconds_of(t->cell[row * t->n_columns + c[TIME]]);
        const double hit = table_number(t, row, c[LONG]) == 1 ? 1 : table_number(t, row, c[SHORT]) == 1 ? 2 : 0;
        if (!isfinite(time)) continue;
        PAGE_ROW(to, time, hit);
        range_add(&span, time);
    }
    const double air = fmax(86400, 0.02 * (span.hi - span.lo));
    return page_time_axis(page, span.lo - air, span.hi + air, PAGE_RIGHT - PAGE_LEFT);
}

static int draw(struct plot_job *job, const struct shown *s) {
    struct page page;
    struct pattern_panels panels;
    const char *title = member_text(job->run, s->files.root, "title");
    if (!title) return GW_ERR_NOMEM;
    TRY(page_begin(
        job, &page, title,
        "Left of the upright line the windows' closes, right what came next: median, half and four fifths of the "
        "windows; in half ranges of the window, from the last close; in colour, the window that they are alike to. "
        "Below: when they closed, and whether a clean move "
        "followed."));
    static const struct legend_entry legend[] = {
        {"long move followed", 2, MARK_POINT}, {"short move followed", 3, MARK_POINT}, {"neither", 9, MARK_POINT}};
    int rc = page_legend(&page, legend, COUNT_OF(legend));
    if (rc == GW_OK) rc = pattern_panels_begin(&page, &s->members, &s->next, 1, &panels);
    page_set(&page, "window_bars", s->files.bars);
    page_set(&page, "horizon", s->files.horizon);
    page_grid(&page, 1, 1, 0, 0);
    if (rc == GW_OK) rc = pattern_panels_add(&page, &panels, 0);
    if (rc == GW_OK) rc = write_times(&page, &s->members);
    if (page_end(&page) < 0 && rc == GW_OK) rc = GW_ERR_IO;
    return rc;
}

static int prepare(struct plot_job *job) {
    struct shown s = {0};
    int rc = pattern_files_open(job->run, &s.files);
    if (rc == GW_OK && s.files.root && isfinite(member_number(s.files.root, "windows"))) {
        rc = pattern_table(job->run, GW_RUN_PATTERNS_MEMBERS, &s.members, &s.has_members);
        if (rc == GW_OK && s.has_members) rc = pattern_table(job->run, GW_RUN_PATTERNS_NEXT, &s.next, &s.has_next);
    }
    if (rc == GW_OK) rc = s.has_next ? draw(job, &s) : plot_skip(job, "no windows were chosen");
    if (s.has_next) table_free(&s.next);
    if (s.has_members) table_free(&s.members);
    pattern_files_close(&s.files);
    return rc;
}

const struct plot_desc plot_desc_pattern_windows = {
    .name = "pattern_windows",
    .title = "Windows",
    .help = "windows on top of each other, what came next, and when they were (gatewalk patterns show and find)",
    .prepare = prepare,
    .optional = true,
};
