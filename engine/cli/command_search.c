/* gatewalk search: values of an experiment's keys, chosen on validation, walked forward once. */
#include <getopt.h>

#include "cli_experiment.h"
#include "engine/base/base.h"
#include "engine/search/search.h"
#include "show_outlook.h"
#include "show_run.h"

static const struct command_option options[] = {
    {"seeds", 'n', "N", "seeds of the final walk, at most 64", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_OUT,
    OPTION_FORCE,
    OPTION_NO_REPORT,
    OPTION_NO_HTML,
    OPTION_DRY_RUN,
    OPTION_QUIET,
};

static int look_ahead(const char *path, const struct gw_config_override *override, const struct gw_run_options *run) {
    struct search_outlook o;
    TRY(search_outlook(path, override, run, &o));
    printf(
        "search: %s over %zu keys, %zu evaluations on %zu folds and %zu seeds; %zu points were checked\n%s\nthen the "
        "experiment walks with what was chosen:\n",
        o.strategy, o.n_keys, o.n_evaluations, o.n_folds, o.n_seeds, o.n_checked, o.estimate);
    show_outlook(&o.walk);
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct cli_experiment x = {0};
    int c;
    while ((c = cli_option(&command_search, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(c == 'n' ? cli_seeds_option(&x) : cli_experiment_option(&command_search, c, &x));
    }
    TRY(cli_arguments(&command_search, argc, argv, 1, "SEARCH.json"));
    TRY(gw_kernels_select(x.kernels ? x.kernels : "auto"));
    struct gw_run_options run = {.on_begin = forget_report, .out_dir = x.out, .jobs = x.jobs, .force = x.force};
    if (x.dry_run) return look_ahead(argv[optind], &x.override, &run);
    char dir[1024];
    TRY(run_search(argv[optind], &x.override, &run, dir));
    return show_run(dir, &x.show);
}

const struct command command_search = {
    .name = "search",
    .summary = "try many values of an experiment's keys on validation, walk the best forward",
    .arguments = "SEARCH.json",
    .about =
        "Checks the space, tries points of it by grid, random, Sobol, TPE, halving or another strategy on the "
        "validation "
        "slices of the first folds, keeps the best, and walks it forward on later folds beside what it was before. "
        "Every trial is in trials.csv and counts in the deflated Sharpe ratio; the chosen experiment is best.json. An "
        "interrupted search continues with the same command.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk search strategies/search_planted.json --data planted.csv",
    .run = command,
};
