/* gatewalk compare: finished runs side by side. */
#include <getopt.h>

#include "cli.h"
#include "engine/base/base.h"
#include "gatewalk/report.h"

static int command(int argc, char **argv) {
    int c;
    while ((c = cli_option(&command_compare, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
    }
    if (argc == optind) FAIL(GW_ERR_USAGE, "compare: RUN_DIR is missing; see `gatewalk compare --help`");
    return gw_report_compare((const char *const *)&argv[optind], (size_t)(argc - optind), stdout);
}

const struct command command_compare = {
    .name = "compare",
    .summary = "finished runs side by side",
    .arguments = "RUN_DIR [RUN_DIR ...]",
    .about = "Prints one table with the strategies of all given runs.",
    .example = "gatewalk compare reports/out/demo reports/out/try",
    .run = command,
};
