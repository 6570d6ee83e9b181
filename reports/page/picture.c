/* A plot by the report's own machinery, without the report. */
#include "picture.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "gnuplot.h"
#include "reports/plots/plot.h"
#include "scripts.h"

static const double timeout_seconds = 120;
static const size_t largest_picture = (size_t)64 << 20;

static bool ends_in(const char *path, const char *ending) {
    const size_t n = strlen(path), e = strlen(ending);
    return n > e && strcasecmp(path + n - e, ending) == 0;
}

int picture_open(const char *picture, struct picture_room *room) {
    struct scratch scratch = {.lock = -1};
    *room = (struct picture_room){.lock = -1};
    if (!ends_in(picture, ".png") && !ends_in(picture, ".pdf"))
        FAIL(GW_ERR_USAGE, "%s: a picture ends in .png or .pdf", picture);
    TRY(scratch_open(&scratch));
    memcpy(room->dir, scratch.dir, sizeof room->dir);
    room->lock = scratch.lock;
    return GW_OK;
}

void picture_close(struct picture_room *room) {
    struct scratch scratch = {.lock = room->lock};
    memcpy(scratch.dir, room->dir, sizeof scratch.dir);
    scratch_close(&scratch);
    *room = (struct picture_room){.lock = -1};
}

/* Its heading, from patterns.json. */
static int describe(struct run_view *view) {
    char path[1024];
    TRY(path_join(path, sizeof path, view->dir, GW_RUN_PATTERNS));
    TRY(run_file_load(path, &view->document));
    view->root = json_root(view->document);
    view->n_folds = NAN;
    const struct {
        const char *key, **to;
    } text[] = {{"name", &view->title},        {"name", &view->name},   {"symbol", &view->symbols},
                {"interval", &view->interval}, {"begin", &view->begin}, {"end", &view->end}};
    for (size_t i = 0; i < COUNT_OF(text); i++)
        if (!(*text[i].to = member_text(view, view->root, text[i].key))) return GW_ERR_NOMEM;
    return GW_OK;
}

static int list_page(const char *dir, const char *plot) {
    struct page_list list = {0};
    int rc = page_list_open(&list, dir, 1);
    if (rc == GW_OK) rc = page_list_add(&list, plot, 1);
    return page_list_close(&list) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* The minute that cairo writes into a PDF is blanked: the same data, the same bytes. */
static void forget_time(char *bytes, size_t length) {
    static const char key[] = "/CreationDate (D:";
    for (char *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), key, sizeof key - 1));) {
        at += sizeof key - 1;
        for (const char *epoch = "19700101000000"; *epoch && at < bytes + length && *at >= '0' && *at <= '9'; epoch++)
            *at++ = *epoch;
    }
}

static int deliver(const char *dir, const char *name, const char *to) {
    char from[1024], *bytes;
    size_t length;
    struct out_file out = {0};
    TRY(path_join(from, sizeof from, dir, name));
    TRY(file_read_all(from, largest_picture, GW_ERR_TOOL, &bytes, &length));
    forget_time(bytes, length);
    out_sweep(to);
    int rc = out_open(&out, to);
    if (rc == GW_OK) {
        out_write(&out, bytes, length);
        rc = out_commit(&out);
    }
    mem_free(bytes);
    return rc;
}

static const struct plot_desc *find_plot(const char *name) {
    for (size_t i = 0; plot_at(i); i++)
        if (strcmp(plot_at(i)->name, name) == 0) return plot_at(i);
    return NULL;
}

int picture_draw(struct picture_room *room, const char *plot, const char *picture) {
    const bool pdf = ends_in(picture, ".pdf");
    char gnuplot[1024], name[100];
    struct scratch scratch = {.lock = -1};
    struct run_view *view = mem_calloc(1, sizeof *view);
    if (!view) return GW_ERR_NOMEM;
    memcpy(scratch.dir, room->dir, sizeof scratch.dir);
    view->dir = room->dir;
    struct plot_job job = {.run = view, .plot = find_plot(plot), .dir = room->dir, .not_shown = ""};
    int rc = gnuplot_find("DIR", gnuplot);
    if (rc == GW_OK) rc = describe(view);
    if (rc == GW_OK) rc = job.plot->prepare(&job);
    if (rc == GW_OK && job.n_pages == 0) rc = gw_error_set(GW_ERR_DATA, "%s: %s", plot, job.skipped);
    if (rc == GW_OK) rc = scripts_write(room->dir);
    if (rc == GW_OK) rc = list_page(room->dir, plot);
    if (rc == GW_OK) rc = gnuplot_run(gnuplot, &scratch, pdf ? "report_pdf.gp" : "report_png.gp", timeout_seconds);
    picture_name(name, plot, 1);
    if (rc == GW_OK) rc = deliver(room->dir, pdf ? "report.pdf" : name, picture);
    run_view_close(view);
    mem_free(view);
    return rc;
}
