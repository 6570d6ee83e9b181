/* A run directory in, pictures out: every plot prepares its pages' data, fixed scripts draw them. */
#include "gatewalk/report.h"
#include "engine/base/base.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gnuplot.h"
#include "reports/html/html.h"
#include "reports/plots/plot.h"
#include "scripts.h"

static const struct plot_desc *const plots[] = {
#define PLOT(name) &plot_desc_##name,
#include "reports/plots/plots.def"
#undef PLOT
};

static const double timeout_seconds = 180;

size_t gw_plot_count(void) { return COUNT_OF(plots); }
const struct plot_desc *plot_at(size_t i) { return i < COUNT_OF(plots) ? plots[i] : NULL; }
const char *gw_plot_name(size_t i) { return i < COUNT_OF(plots) ? plots[i]->name : NULL; }
const char *gw_plot_help(size_t i) { return i < COUNT_OF(plots) ? plots[i]->help : NULL; }

struct rendering {
    const char *run_dir, *gnuplot;
    const struct gw_report_options *options;
    struct run_view run;
    struct scratch scratch;
    struct plot_job job[COUNT_OF(plots)];
    size_t n_pages;
    char not_shown[600];
};

static bool wanted(const struct rendering *r, size_t i) {
    return !r->options->only || strcmp(r->options->only, plots[i]->name) == 0;
}

static int list_pages(const struct rendering *r, struct page_list *list) {
    TRY(page_list_open(list, r->scratch.dir, r->n_pages));
    for (size_t i = 0; i < COUNT_OF(plots); i++)
        for (size_t page = 1; page <= r->job[i].n_pages; page++) TRY(page_list_add(list, plots[i]->name, page));
    return GW_OK;
}

/* Everything that gnuplot reads besides the pages' own files. */
static int write_scripts(const struct rendering *r) {
    struct page_list list = {0};
    TRY(scripts_write(r->scratch.dir));
    int rc = list_pages(r, &list);
    return page_list_close(&list) < 0 && rc == GW_OK ? GW_ERR_IO : rc;
}

/* ---- results into the run directory ----------------------------------------------------------------------- */

/* Pictures of an earlier rendering that this one did not draw would show another run's state. */
static void remove_stale(const char *dir, const char *plot, size_t n_pages) {
    for (size_t page = n_pages + 1; page <= PLOT_PAGES_MAX; page++) {
        char name[100], path[1024];
        picture_name(name, plot, page);
        if (path_join(path, sizeof path, dir, name) == GW_OK) unlink(path);
    }
}

/* The pictures' folder, which must be a folder: a link would have them drawn elsewhere. */
static int plots_folder(const struct rendering *r, char dir[1024]) {
    struct stat status;
    TRY(path_join(dir, 1024, r->run_dir, GW_RUN_PLOTS));
    if (lstat(dir, &status) == 0 && S_ISLNK(status.st_mode))
        FAIL(GW_ERR_IO, "%s: is a symbolic link, and nothing is drawn through it; remove it", dir);
    return dir_make(dir);
}

static int deliver_png(const struct rendering *r) {
    char dir[1024], name[100], path[1024];
    TRY(plots_folder(r, dir));
    for (size_t i = 0; i < COUNT_OF(plots); i++) {
        if (!wanted(r, i)) continue;
        for (size_t page = 1; page <= r->job[i].n_pages; page++) {
            picture_name(name, plots[i]->name, page);
            TRY(path_join(path, sizeof path, dir, name));
            TRY(gnuplot_deliver(&r->scratch, name, "\x89PNG", path));
        }
        remove_stale(dir, plots[i]->name, r->job[i].n_pages);
    }
    return GW_OK;
}

/* One plot alone goes to plots/NAME.pdf: report.pdf always is the whole report. */
static int deliver_pdf(const struct rendering *r) {
    char dir[1024], name[100], path[1024];
    if (!r->options->only) {
        TRY(path_join(path, sizeof path, r->run_dir, GW_RUN_REPORT));
        return gnuplot_deliver(&r->scratch, "report.pdf", "%PDF-", path);
    }
    TRY(plots_folder(r, dir));
    snprintf(name, sizeof name, "%.60s.pdf", r->options->only);
    TRY(path_join(path, sizeof path, dir, name));
    return gnuplot_deliver(&r->scratch, "report.pdf", "%PDF-", path);
}

/* ---- the page for a browser ------------------------------------------------------------------------------------ */

static size_t html_pictures(const struct rendering *r, struct html_picture *picture) {
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(plots); i++)
        for (size_t page = 1; !plots[i]->in_words && page <= r->job[i].n_pages; page++) {
            struct html_picture *one = &picture[n++];
            *one = (struct html_picture){.plot = plots[i]->name, .title = plots[i]->title, .page = page};
            svg_name(one->file, plots[i]->name, page);
        }
    return n;
}

static int write_html(struct rendering *r, const char *no_pictures) {
    struct html_picture *picture = mem_calloc(r->n_pages + 1, sizeof *picture);
    if (!picture) return GW_ERR_NOMEM;
    struct html_request request = {.run = &r->run,
                                   .picture_dir = r->scratch.dir,
                                   .picture = picture,
                                   .not_shown = r->not_shown,
                                   .no_pictures = no_pictures};
    if (!no_pictures) request.n_pictures = html_pictures(r, picture);
    int rc = html_report_write(&request);
    mem_free(picture);
    return rc;
}

static int draw_html(struct rendering *r) {
    TRY(gnuplot_run(r->gnuplot, &r->scratch, "report_svg.gp", timeout_seconds));
    return write_html(r, NULL);
}

/* There is no gnuplot: the page has everything but pictures, and says so. What is missing stays the error, and an earlier page
 * with pictures stays as well. */
static int html_alone(const char *run_dir, const struct gw_report_options *options) {
    char path[1024];
    TRY(path_join(path, sizeof path, run_dir, GW_RUN_HTML));
    if (file_exists(path)) return GW_OK;
    struct rendering *r = mem_calloc(1, sizeof *r);
    if (!r) return GW_ERR_NOMEM;
    r->options = options;
    int rc = run_view_open(run_dir, &r->run);
    if (rc == GW_OK) rc = write_html(r, "gnuplot was not installed when this was written");
    run_view_close(&r->run);
    mem_free(r);
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static int prepare_one(struct rendering *r, size_t i) {
    struct plot_job *job = &r->job[i];
    *job = (struct plot_job){.run = &r->run, .plot = plots[i], .dir = r->scratch.dir, .not_shown = r->not_shown};
    if (!wanted(r, i)) return GW_OK;
    int rc = plots[i]->prepare(job);
    if (rc < 0) return gw_error_prefix(rc, "plot %s", plots[i]->name);
    r->n_pages += job->n_pages;
    if (job->n_pages || !job->skipped[0]) return GW_OK;
    if (r->options->only) message("plot %s is empty: %s", plots[i]->name, job->skipped);
    if (plots[i]->optional) return GW_OK;
    size_t used = strlen(r->not_shown);
    snprintf(r->not_shown + used, sizeof r->not_shown - used, "%s%s (%s)", used ? "; " : "", plots[i]->name,
             job->skipped);
    return GW_OK;
}

/* The summary comes first on paper but last here: it lists what could not be shown. */
static int prepare_all(struct rendering *r) {
    for (size_t i = COUNT_OF(plots); i-- > 0;) {
        TRY(interrupt_check());
        TRY(prepare_one(r, i));
    }
    return GW_OK;
}

static int draw(const struct rendering *r, bool pdf) {
    TRY(gnuplot_run(r->gnuplot, &r->scratch, pdf ? "report_pdf.gp" : "report_png.gp", timeout_seconds));
    return pdf ? deliver_pdf(r) : deliver_png(r);
}

static int check_only(const char *only) {
    const char *known[COUNT_OF(plots)];
    for (size_t i = 0; i < COUNT_OF(plots); i++) {
        known[i] = plots[i]->name;
        if (strcmp(only, known[i]) == 0) return GW_OK;
    }
    const char *near = nearest_word(only, known, COUNT_OF(plots));
    if (near) FAIL(GW_ERR_USAGE, "unknown plot \"%s\"; did you mean \"%s\"?", only, near);
    FAIL(GW_ERR_USAGE, "unknown plot \"%s\"; `gatewalk list plots` shows all", only);
}

int gw_report_render(const char *run_dir, const struct gw_report_options *options) {
    static const struct gw_report_options everything = {.pdf = true, .png = true, .html = true};
    if (!options) options = &everything;
    if (options->only) TRY(check_only(options->only));
    char gnuplot[1024];
    const bool html = options->html && !options->only; /* the whole report, or none */
    if (html && gnuplot_find(run_dir, gnuplot) < 0) TRY(html_alone(run_dir, options));
    TRY(gnuplot_find(run_dir, gnuplot));
    struct rendering *r = mem_calloc(1, sizeof *r);
    if (!r) return GW_ERR_NOMEM;
    r->run_dir = run_dir;
    r->options = options;
    r->gnuplot = gnuplot;
    int rc;
    TRY_GOTO(run_view_open(run_dir, &r->run), cleanup);
    TRY_GOTO(scratch_open(&r->scratch), cleanup);
    TRY_GOTO(prepare_all(r), cleanup);
    if (r->n_pages == 0) { /* `only` named a plot that has nothing to show: its old picture goes */
        if (options->png) rc = deliver_png(r);
        goto cleanup;
    }
    TRY_GOTO(write_scripts(r), cleanup);
    if (options->png) TRY_GOTO(draw(r, false), cleanup);
    if (options->pdf) TRY_GOTO(draw(r, true), cleanup);
    if (html) TRY_GOTO(draw_html(r), cleanup);
cleanup:
    scratch_close(&r->scratch);
    run_view_close(&r->run);
    mem_free(r);
    return rc;
}
