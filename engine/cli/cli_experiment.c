/* Options of the commands that read an experiment (cli_experiment.h). */
#include "cli_experiment.h"

#include <getopt.h>

static int take_text(int c, struct cli_experiment *out) {
    switch (c) {
    case 'd':
        return cli_text("--data", optarg, &out->override.data);
    case 'o':
        return cli_text("--out", optarg, &out->out);
    case 't':
        out->override.timerange = optarg;
        return GW_OK;
    case 'S':
        out->override.strategies = optarg;
        return GW_OK;
    case 'k':
        out->kernels = optarg;
        return GW_OK;
    default:
        return GW_OK;
    }
}

int cli_experiment_option(const struct command *command, int c, struct cli_experiment *out) {
    switch (c) {
    case 's':
        if (out->override.n_set == CLI_SETS_MAX)
            FAIL(GW_ERR_USAGE, "%s: more than %d --set", command->name, CLI_SETS_MAX);
        out->override.set = out->set;
        out->set[out->override.n_set++] = optarg;
        return GW_OK;
    case 'j':
        return cli_count("--jobs", optarg, 1, 1024, &out->jobs);
    case 'f':
        out->force = true;
        return GW_OK;
    case 'y':
        out->dry_run = true;
        return GW_OK;
    case 'R':
        out->show.no_report = true;
        return GW_OK;
    case 'H':
        out->show.no_html = true;
        return GW_OK;
    case 'q':
        progress_quiet(true);
        return GW_OK;
    default:
        return take_text(c, out);
    }
}

int cli_seeds_option(struct cli_experiment *out) {
    return cli_count("--seeds", optarg, 1, MAX_SEEDS, &out->override.n_seeds);
}
