/* gatewalk: walk-forward comparison of gate models.
 *
 *   datasets, CSV ─ import ─▶ bars ─┬─▶ features ─┐
 *                                   └─▶ labels  ──┴─▶ folds (purge, embargo) ─▶ fit per fold ─▶ gate model
 *                                                                                      │
 *   replay: merged bar closes ─▶ strategy.on_bar ─▶ orders ─▶ broker ─▶ fills ─▶ ledger│(scores, attention)
 *                                     ▲__________________ retrain at fold boundaries __│
 *   scores + labels + trades + equity ─▶ metrics ─▶ verdict ─▶ report (gnuplot → PDF, PNG)
 *
 *   engine/cli     a file a command            engine/replay  event loop, broker, ledger
 *   engine/run     config → plan → walk        strategies     what acts on scores and bars
 *   engine/market  import, features, labels,   models         gate models, training, kernels
 *                  folds                       engine/score   metrics, bootstrap, verdict
 *   engine/base    errors, memory, files       reports        plots and pages
 *   engine/live    a fit on bars one by one
 *
 * Only this file turns an error into an exit status: 0 fine, 2 usage or config, 3 data, 1 the rest. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/cli/cli.h"
#include "gatewalk/version.h"

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_overview(stderr);
        FAIL(GW_ERR_USAGE, "no command given");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_overview(stdout);
        return GW_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("gatewalk %s (%s, sources %.12s)\n", GW_VERSION, gw_build_commit(), gw_source_hash());
        return GW_OK;
    }
    const struct command *command = cli_find(argv[1]);
    return command ? cli_run(command, argc - 1, argv + 1) : cli_unknown(argv[1]);
}

/* A program started without standard streams (`>&-`) must not get a result file as its "standard output". What takes
 * their place cannot be written to, so that lost output is still noticed. */
static void hold_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) _exit(1);
}

/* All output so far must have arrived; an earlier lost write shows in ferror alone. */
static int flush_output(void) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return GW_OK;
    FAIL(GW_ERR_IO, "cannot write to standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
}

int main(int argc, char **argv) {
    hold_standard_streams();
    setlocale(LC_ALL, "C"); /* numbers are written and read with a point everywhere */
    interrupt_install();
    lost_page_install();
    int rc = dispatch(argc, argv);
    if (rc >= 0) rc = flush_output();
    if (rc < 0) message("gatewalk: %s", gw_error_message());
    return gw_error_exit_code(rc);
}
