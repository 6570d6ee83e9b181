/* gatewalk folds: the audit table of an experiment's walk. */
#include <getopt.h>

#include "cli_experiment.h"
#include "engine/base/base.h"
#include "engine/walk/outside.h"
#include "show_run.h"

enum { WIDE = 130 }; /* columns of the whole table */

static const struct command_option options[] = {
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
};

/* The same facts in less room: dates without seconds, and what proves that nothing overlaps left to wider terminals (it is
 * checked all the same). */
static void print_narrow(const struct gw_market *market, const struct gw_fold_plan *plan) {
    char first[40], last[40];
    printf("purge: a label looks %zu bars ahead; embargo: %zu bars more; bar closes (UTC)\n", plan->config.horizon,
           plan->config.embargo);
    printf("%4s  %-10s  %-16s  %-16s  %8s  %6s\n", "fold", "slice", "from", "before", "samples", "purged");
    for (size_t i = 0; i < plan->n_folds; i++)
        for (int k = 0; k < GW_N_SLICES; k++) {
            const struct gw_fold *fold = &plan->fold[i];
            time_format(fold->begin_ns[k], first);
            time_format(fold->end_ns[k], last);
            printf("%4zu  %-10s  %.10s %.5s  %.10s %.5s  %8zu  %6zu\n", i + 1, gw_slice_name[k], first, first + 11,
                   last, last + 11, gw_fold_count_samples(fold, k, market->n_symbols), k < 2 ? fold->purged[k] : 0);
        }
    printf("(a terminal of 130 columns shows where labels end and slices begin)\n");
}

static int command(int argc, char **argv) {
    struct cli_experiment x = {0};
    int c;
    while ((c = cli_option(&command_folds, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(cli_experiment_option(&command_folds, c, &x));
    }
    TRY(cli_arguments(&command_folds, argc, argv, 1, "EXPERIMENT.json"));
    struct experiment *experiment;
    struct prepared *prepared;
    TRY(experiment_load(argv[optind], &x.override, &experiment));
    int rc = prepare(experiment, &prepared);
    if (rc == GW_OK) {
        if (terminal_width(WIDE) < WIDE)
            print_narrow(&prepared->market, &prepared->plan);
        else
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
