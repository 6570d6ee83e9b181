/* Options of the commands that put a fit to work. */
#include <getopt.h>

#include "cli.h"
#include "engine/live/live.h"

int cli_live_option(int c, struct live_choice *choice) {
    switch (c) {
    case 'S':
        return cli_text("--strategy", optarg, &choice->strategy);
    case 's':
        choice->seed_given = true;
        return cli_count("--seed", optarg, 0, SIZE_MAX, &choice->seed);
    case 'F':
        return cli_count("--fold", optarg, 1, 100000, &choice->fold);
    case 'k':
        choice->kernels = optarg;
        return GW_OK;
    default:
        return GW_OK;
    }
}
