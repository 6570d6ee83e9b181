/* Finished runs side by side on paper: what each comes to, one table, the verdicts, and all accounts on one axis. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "compare_parts.h"
#include "gatewalk/report.h"

static const struct plot_desc desc = {.name = "compare", .title = "Runs side by side", .help = "several finished runs"};
static const double timeout_seconds = 120;

const char *comparison_name(const struct comparison *c, size_t i) {
    return c->run[i].name[0] ? c->run[i].name : c->dir[i];
}

static bool ends_in(const char *path, const char *ending) {
    const size_t n = strlen(path), e = strlen(ending);
    return n > e && strcasecmp(path + n - e, ending) == 0;
}

static int open_runs(struct comparison *c) {
    c->run = mem_calloc(c->n ? c->n : 1, sizeof *c->run);
    if (!c->run) return GW_ERR_NOMEM;
    for (size_t i = 0; i < c->n; i++) TRY(run_view_open(c->dir[i], &c->run[i]));
    return GW_OK;
}

/* The heading: how many runs, over which time. */
static int describe(struct comparison *c) {
    struct run_view *view = &c->view;
    char title[64];
    snprintf(title, sizeof title, "%zu run%s", c->n, c->n == 1 ? "" : "s");
    view->dir = c->scratch.dir;
    view->title = arena_strdup(&view->arena, title);
    view->name = "compare";
    view->symbols = c->run[0].symbols;
    view->interval = c->run[0].interval;
    view->begin = c->run[0].begin;
    view->end = c->run[0].end;
    view->n_folds = NAN;
    for (size_t i = 1; i < c->n; i++) {
        if (strcmp(c->run[i].symbols, view->symbols) != 0) view->symbols = "several markets";
        if (strcmp(c->run[i].interval, view->interval) != 0) view->interval = "several intervals";
        if (strcmp(c->run[i].begin, view->begin) < 0) view->begin = c->run[i].begin;
        if (strcmp(c->run[i].end, view->end) > 0) view->end = c->run[i].end;
    }
    return view->title ? GW_OK : GW_ERR_NOMEM;
}

static int list_pages(const struct comparison *c) {
    struct page_list list = {0};
    int rc = page_list_open(&list, c->scratch.dir, c->job.n_pages);
    for (size_t page = 1; rc == GW_OK && page <= c->job.n_pages; page++) rc = page_list_add(&list, desc.name, page);
    return page_list_close(&list) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* NAME.png, NAME-2.png … */
static int deliver(const struct comparison *c, const char *picture, bool pdf) {
    if (pdf) return gnuplot_deliver(&c->scratch, "report.pdf", "%PDF-", picture);
    for (size_t page = 1; page <= c->job.n_pages; page++) {
        char name[100], to[1100];
        picture_name(name, desc.name, page);
        if (page == 1)
            snprintf(to, sizeof to, "%.1000s", picture);
        else
            snprintf(to, sizeof to, "%.*s-%zu%s", (int)(strlen(picture) - 4), picture, page,
                     picture + strlen(picture) - 4);
        TRY(gnuplot_deliver(&c->scratch, name, "\x89PNG", to));
    }
    return GW_OK;
}

static int draw(struct comparison *c, const char *picture, bool pdf) {
    char gnuplot[1024];
    TRY(open_runs(c));
    TRY(gnuplot_find(NULL, gnuplot));
    TRY(scratch_open(&c->scratch));
    TRY(describe(c));
    c->job = (struct plot_job){.run = &c->view, .plot = &desc, .dir = c->scratch.dir, .not_shown = ""};
    TRY(compare_write_text(c));
    TRY(compare_write_chart(c));
    TRY(scripts_write(c->scratch.dir));
    TRY(list_pages(c));
    TRY(gnuplot_run(gnuplot, &c->scratch, pdf ? "report_pdf.gp" : "report_png.gp", timeout_seconds));
    return deliver(c, picture, pdf);
}

int gw_report_compare_pages(const char *const *run_dir, size_t n, const char *picture) {
    const bool pdf = ends_in(picture, ".pdf");
    if (!pdf && !ends_in(picture, ".png")) FAIL(GW_ERR_USAGE, "%s: a picture ends in .png or .pdf", picture);
    if (strlen(picture) > 1000) FAIL(GW_ERR_USAGE, "the picture's name is longer than 1000 bytes");
    struct comparison *c = mem_calloc(1, sizeof *c);
    if (!c) return GW_ERR_NOMEM;
    *c = (struct comparison){.dir = run_dir, .n = n, .scratch = {.lock = -1}};
    int rc = draw(c, picture, pdf);
    scratch_close(&c->scratch);
    for (size_t i = 0; c->run && i < n; i++) run_view_close(&c->run[i]);
    mem_free(c->run);
    arena_free(&c->view.arena);
    mem_free(c);
    return rc;
}
