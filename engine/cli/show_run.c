/* Table, verdict and report of a finished run. */
#include "show_run.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "report.h"
#include "run_files.h"

static size_t terminal_width(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60) return size.ws_col;
    return 120;
}

/* A report that cannot be drawn does not undo a finished run. */
int show_run(const char *dir, bool no_report) {
    TRY(report_text(dir, stdout, terminal_width()));
    if (no_report) {
        printf("\nresults: %s\n", dir);
        return OK;
    }
    struct report_options all = {.pdf = true, .png = true};
    int rc = report_render(dir, &all);
    if (rc == ERR_TOOL) {
        message("gatewalk: %s", error_message());
        printf("\nresults: %s (no report yet: `gatewalk report %s` renders it)\n", dir, dir);
        return OK;
    }
    if (rc == ERR_INTERRUPTED)
        FAIL(ERR_INTERRUPTED, "interrupted while drawing; all results are in %s, `gatewalk report %s` draws them", dir,
             dir);
    TRY(rc);
    printf("\nreport: %s/" RUN_REPORT "\n", dir);
    return OK;
}
