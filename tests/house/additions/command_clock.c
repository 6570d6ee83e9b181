/* gatewalk clock: a time as nanoseconds since 1970, as files keep it. */
#include <getopt.h>
#include <inttypes.h>

#include "cli.h"
#include "engine/base/base.h"

static const struct command_option options[] = {
    {"seconds", 'S', NULL, "whole seconds instead", NULL},
};

static int command(int argc, char **argv) {
    bool seconds = false;
    int64_t time_ns;
    int c;
    while ((c = cli_option(&command_clock, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'S') seconds = true;
    }
    TRY(cli_arguments(&command_clock, argc, argv, 1, "TIME"));
    TRY(time_parse(argv[optind], &time_ns));
    printf("%" PRId64 "\n", seconds ? time_ns / NS_PER_SECOND : time_ns);
    return GW_OK;
}

const struct command command_clock = {
    .name = "clock",
    .summary = "a time in nanoseconds since 1970",
    .arguments = "TIME",
    .about = "Prints a UTC time as the nanoseconds since 1970 that binary files hold.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk clock 2021-03-01T00:00:00Z",
    .run = command,
};
