/* Table, verdict and report of a finished run. */
#include "show_run.h"
#include "engine/base/base.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gatewalk/run_files.h"

size_t terminal_width(size_t otherwise) {
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) return size.ws_col < 60 ? 60 : size.ws_col;
    long asked = columns ? strtol(columns, NULL, 10) : 0;
    return asked >= 60 && asked <= 1000 ? (size_t)asked : otherwise;
}

/* ---- the earlier report --------------------------------------------------------------------------------------- */

/* Is it a picture as `report` names them: a plot's name, "-2" and so on for further pages, .png or .pdf? */
static bool is_picture(const char *file) {
    const char *dot = strrchr(file, '.');
    if (!dot || (strcmp(dot, ".png") != 0 && strcmp(dot, ".pdf") != 0)) return false;
    for (size_t i = 0; i < gw_plot_count(); i++) {
        size_t length = strlen(gw_plot_name(i));
        if (strncmp(file, gw_plot_name(i), length) != 0) continue;
        const char *page = file + length;
        if (*page == '-') page += 1 + strspn(page + 1, "0123456789");
        if (page == dot) return true;
    }
    return false;
}

static int remove_file(const char *dir, const char *name) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    if (unlink(path) == 0 || errno == ENOENT) return GW_OK;
    FAIL(GW_ERR_IO, "%s: cannot be removed: %s; give another --out", path, strerror(errno));
}

static int unlisted(const char *dir) {
    FAIL(GW_ERR_IO, "%s: cannot be listed: %s; give another --out", dir, strerror(errno));
}

int forget_report(const char *dir) {
    char plots[1024];
    TRY(remove_file(dir, GW_RUN_REPORT));
    TRY(remove_file(dir, GW_RUN_HTML));
    TRY(path_join(plots, sizeof plots, dir, GW_RUN_PLOTS));
    DIR *stream = opendir(plots);
    if (!stream && errno != ENOENT && errno != ENOTDIR) return unlisted(plots);
    int rc = GW_OK;
    struct dirent *entry = NULL;
    while (rc == GW_OK && stream && (errno = 0, entry = readdir(stream)))
        if (is_picture(entry->d_name)) rc = remove_file(plots, entry->d_name);
    if (rc == GW_OK && stream && errno) rc = unlisted(plots);
    if (stream) closedir(stream);
    if (rc == GW_OK) rmdir(plots); /* stays when somebody keeps other things there */
    return rc;
}

/* ---- results, and the new report ------------------------------------------------------------------------------- */

int draw_report(const char *dir, const struct gw_report_options *options) {
    int lock = -1;
    TRY(dir_lock(dir, &lock));
    int rc = gw_report_render(dir, options);
    dir_unlock(&lock);
    return rc;
}

/* A report that cannot be drawn does not undo a finished run. */
int show_run(const char *dir, const struct show_options *options) {
    TRY(gw_report_text(dir, stdout, terminal_width(120)));
    if (options->no_report) {
        printf("\nresults: %s\n", CLI_SHOWN(dir));
        return GW_OK;
    }
    struct gw_report_options all = {.pdf = true, .png = true, .html = !options->no_html};
    int rc = draw_report(dir, &all);
    if (rc == GW_ERR_TOOL) {
        message("gatewalk: %s", gw_error_message());
        printf("\nresults: %s (no report yet: `gatewalk report %s` renders it)\n", CLI_SHOWN(dir), CLI_SHOWN(dir));
        if (all.html) printf("         %s/" GW_RUN_HTML " has the tables and the chart\n", CLI_SHOWN(dir));
        return GW_OK;
    }
    if (rc == GW_ERR_INTERRUPTED)
        FAIL(GW_ERR_INTERRUPTED, "interrupted while drawing; all results are in %s, `gatewalk report %s` draws them",
             dir, dir);
    TRY(rc);
    printf("\nreport: %s/" GW_RUN_REPORT "\n", CLI_SHOWN(dir));
    if (all.html) printf("        %s/" GW_RUN_HTML "\n", CLI_SHOWN(dir));
    return GW_OK;
}
