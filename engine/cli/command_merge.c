/* gatewalk merge: the shares of a run, put together and walked to the end. */
#include <getopt.h>

#include "cli.h"
#include "engine/cluster/cluster.h"
#include "show_run.h"

static const struct command_option options[] = {
    {"out", 'o', "DIR", "run directory (default: the shares' name without .shard-I-of-N)", NULL},
    OPTION_FORCE,
    OPTION_JOBS,
    OPTION_EVENTS,
    OPTION_NO_REPORT,
    OPTION_NO_HTML,
    OPTION_QUIET,
};

static int command(int argc, char **argv) {
    struct gw_run_options run = {.on_begin = forget_report};
    struct show_options show = {0};
    char dir[1024];
    int c;
    while ((c = cli_option(&command_merge, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &run.out_dir));
        if (c == 'e') run.events = true;
        if (c == 'f') run.force = true;
        if (c == 'j') TRY(cli_count("--jobs", optarg, 1, 1024, &run.jobs));
        if (c == 'R') show.no_report = true;
        if (c == 'H') show.no_html = true;
        if (c == 'q') progress_quiet(true);
    }
    int n = argc - optind > 1 ? argc - optind : 1;
    TRY(cli_arguments(&command_merge, argc, argv, n, "SHARE_DIR"));
    TRY(cluster_merge(argv + optind, (size_t)n, &run, dir));
    return show_run(dir, &show);
}

const struct command command_merge = {
    .name = "merge",
    .summary = "the shares of `run --shard I/N` put together: results and report",
    .arguments = "DIR...",
    .about =
        "Takes the finished fits out of the shares' directories, wherever those were computed, replays, compares and "
        "reports: the files have the bytes of a run that was not shared out. A fit that is in none of them is done "
        "here.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk merge reports/out/big.shard-*-of-16",
    .run = command,
};
