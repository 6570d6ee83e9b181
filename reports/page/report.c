/* A run directory in, pictures out: prepares every page's data, writes one fixed script and lets gnuplot draw it. */
#include "gatewalk/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gnuplot.h"
#include "reports/plots/bar_chart.h"
#include "reports/plots/plot.h"

static const struct plot_desc *const plots[] = {
#define PLOT(name) &plot_desc_##name,
#include "reports/plots/plots.def"
#undef PLOT
};

static const double timeout_seconds = 180;
static const size_t largest_picture = (size_t)256 << 20;

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

/* ---- scripts ------------------------------------------------------------------------------------------ */

static int write_script(const struct scratch *scratch, const char *name, const char *text) {
    char path[1024];
    TRY(path_join(path, sizeof path, scratch->dir, name));
    FILE *stream = fopen(path, "w");
    if (!stream) FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    bool bad = fputs(text, stream) < 0;
    bad |= fclose(stream) != 0;
    if (bad) FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    return GW_OK;
}

static bool wanted(const struct rendering *r, size_t i) {
    return !r->options->only || strcmp(r->options->only, plots[i]->name) == 0;
}

static int write_scripts(const struct rendering *r) {
    TRY(write_script(&r->scratch, "style.gp", style_script));
    TRY(write_script(&r->scratch, "frame.gp", frame_script));
    TRY(write_script(&r->scratch, "panel.gp", panel_script));
    TRY(write_script(&r->scratch, "bars.gp", bars_script));
    for (size_t i = 0; i < COUNT_OF(plots); i++) {
        char name[80];
        snprintf(name, sizeof name, "%s.gp", plots[i]->name);
        if (r->job[i].n_pages) TRY(write_script(&r->scratch, name, plots[i]->script));
    }
    return GW_OK;
}

/* The picture of page `page` (1 …): NAME.png, then NAME-2.png and so on. */
static void picture_name(char name[100], const char *plot, size_t page) {
    if (page == 1)
        snprintf(name, 100, "%.60s.png", plot);
    else
        snprintf(name, 100, "%.60s-%zu.png", plot, page);
}

/* The driver: names of our own files and numbers, nothing else. pdf: one output with all pages. */
static int write_driver(const struct rendering *r, const char *name, bool pdf) {
    char path[1024];
    TRY(path_join(path, sizeof path, r->scratch.dir, name));
    FILE *to = fopen(path, "w");
    if (!to) FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    if (pdf) /* the cairo terminals draw a point as 1/54 inch: 0.75 makes it 1/72 */
        fputs("set terminal pdfcairo noenhanced color size 29.7cm, 21cm font 'Liberation Sans,9' fontscale 0.75 "
              "linewidth 1.6 butt\n"
              "set output 'report.pdf'\n",
              to);
    else /* A4 at 150 dots per inch; scales carry points over to pixels */
        fputs("set terminal pngcairo noenhanced color size 1754, 1240 font 'Liberation Sans,9' fontscale 1.5625 "
              "linewidth 2.0 "
              "pointscale 2.0 butt\n",
              to);
    fprintf(to, "load 'style.gp'\npage_count = %zu\npage_number = 0\n", r->n_pages);
    for (size_t i = 0; i < COUNT_OF(plots); i++)
        for (size_t page = 1; page <= r->job[i].n_pages; page++) {
            char picture[100];
            picture_name(picture, plots[i]->name, page);
            if (!pdf) fprintf(to, "set output '%s'\n", picture);
            fprintf(to, "page_number = page_number + 1\ncall 'frame.gp' '%s-%zu'\n", plots[i]->name, page);
            fprintf(to, "call '%s.gp' '%s-%zu'\nunset multiplot\n", plots[i]->name, plots[i]->name, page);
        }
    fputs("unset output\n", to);
    bool bad = ferror(to) != 0;
    bad |= fclose(to) != 0;
    if (bad) FAIL(GW_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    return GW_OK;
}

/* ---- results into the run directory ----------------------------------------------------------------------- */

/* A cairo PDF carries the minute it was made, so the same run would not give the same bytes: blank the digits. */
static void forget_time(char *bytes, size_t length) {
    static const char key[] = "/CreationDate (D:";
    for (char *at = bytes; (at = memmem(at, length - (size_t)(at - bytes), key, sizeof key - 1));) {
        at += sizeof key - 1;
        for (const char *epoch = "19700101000000"; *epoch && at < bytes + length && *at >= '0' && *at <= '9'; epoch++)
            *at++ = *epoch;
    }
}

static int deliver(const struct rendering *r, const char *from_name, const char *magic, const char *to_path) {
    char from[1024];
    char *bytes = NULL;
    size_t length;
    struct out_file out = {0};
    TRY(path_join(from, sizeof from, r->scratch.dir, from_name));
    int rc = file_read_all(from, largest_picture, GW_ERR_TOOL, &bytes, &length);
    if (rc == GW_OK && (length < 100 || memcmp(bytes, magic, strlen(magic)) != 0))
        rc = gw_error_set(GW_ERR_TOOL, "gnuplot left a broken %s", from_name);
    if (rc < 0) goto cleanup;
    forget_time(bytes, length);
    TRY_GOTO(out_open(&out, to_path), cleanup);
    fwrite(bytes, 1, length, out.stream);
    rc = out_commit(&out);
cleanup:
    out_abort(&out);
    mem_free(bytes);
    return rc;
}

/* Pictures of an earlier rendering that this one did not draw would show another run's state. */
static void remove_stale(const char *dir, const char *plot, size_t n_pages) {
    for (size_t page = n_pages + 1; page <= PLOT_PAGES_MAX; page++) {
        char name[100], path[1024];
        picture_name(name, plot, page);
        if (path_join(path, sizeof path, dir, name) == GW_OK) unlink(path);
    }
}

static int deliver_png(const struct rendering *r) {
    char dir[1024], name[100], path[1024];
    TRY(path_join(dir, sizeof dir, r->run_dir, GW_RUN_PLOTS));
    TRY(dir_make(dir));
    for (size_t i = 0; i < COUNT_OF(plots); i++) {
        if (!wanted(r, i)) continue;
        for (size_t page = 1; page <= r->job[i].n_pages; page++) {
            picture_name(name, plots[i]->name, page);
            TRY(path_join(path, sizeof path, dir, name));
            TRY(deliver(r, name, "\x89PNG", path));
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
        return deliver(r, "report.pdf", "%PDF-", path);
    }
    TRY(path_join(dir, sizeof dir, r->run_dir, GW_RUN_PLOTS));
    TRY(dir_make(dir));
    snprintf(name, sizeof name, "%.60s.pdf", r->options->only);
    TRY(path_join(path, sizeof path, dir, name));
    return deliver(r, "report.pdf", "%PDF-", path);
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
    const char *driver = pdf ? "driver-pdf.gp" : "driver-png.gp";
    TRY(write_driver(r, driver, pdf));
    TRY(gnuplot_run(r->gnuplot, &r->scratch, driver, timeout_seconds));
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
    static const struct gw_report_options everything = {.pdf = true, .png = true};
    if (!options) options = &everything;
    if (options->only) TRY(check_only(options->only));
    char gnuplot[1024];
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
cleanup:
    scratch_close(&r->scratch);
    run_view_close(&r->run);
    mem_free(r);
    return rc;
}
