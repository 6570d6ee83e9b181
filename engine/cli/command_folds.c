/* gatewalk folds: the audit table of an experiment's walk. */
#include <getopt.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/walk/outside.h"

static const struct command_option options[] = {
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
};

static int command(int argc, char **argv) {
    enum { MOST = 128 };
    struct gw_config_override override = {0};
    const char *set[MOST];
    int c;
    while ((c = cli_option(&command_folds, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'd') TRY(cli_text("--data", optarg, &override.data));
        if (c == 't') override.timerange = optarg;
        if (c == 's') {
            if (override.n_set == MOST) FAIL(GW_ERR_USAGE, "folds: more than %d --set", MOST);
            set[override.n_set++] = optarg;
        }
    }
    TRY(cli_arguments(&command_folds, argc, argv, 1, "EXPERIMENT.json"));
    override.set = set;
    struct experiment *experiment;
    struct prepared *prepared;
    TRY(experiment_load(argv[optind], &override, &experiment));
    int rc = prepare(experiment, &prepared);
    if (rc == GW_OK) {
        gw_folds_print(&prepared->market, &prepared->plan, stdout);
        rc = outside_prepare(experiment, prepared); /* do scores from outside fit these folds? */
        prepared_free(prepared);
    }
    experiment_free(experiment);
    return rc;
}

const struct command command_folds = {
    .name = "folds",
    .summary = "the audit table: every fold's slices, purge and embargo",
    .arguments = "EXPERIMENT.json",
    .about = "Shows every fold's slices in dates and bars, the samples left after warm-up, purge and "
             "embargo, and proves that no label of one slice reaches into the next. Scores from outside are read and "
             "checked against them.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk folds strategies/demo.json --set folds.embargo=10",
    .run = command,
};
