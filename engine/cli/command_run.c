/* gatewalk run: the main job. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/walk/walk.h"
#include "show_outlook.h"
#include "show_run.h"

enum { MAX_SETS = 128 };

struct run_arguments {
    struct gw_config_override override;
    struct gw_run_options options;
    const char *set[MAX_SETS];
    const char *kernels;
    bool no_report, dry_run;
};

static const char *strategy_choice(size_t i) { return i < gw_strategy_count() ? gw_strategy_at(i)->name : NULL; }

static const struct command_option options[] = {
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    {"strategies", 'S', "A,B", "only these contestants, by name; plain strategies go by theirs", strategy_choice},
    {"seeds", 'n', "N", "repeat every fit with seeds 1..N, at most 64", NULL},
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_OUT,
    OPTION_FORCE,
    OPTION_NO_REPORT,
    OPTION_DRY_RUN,
    OPTION_QUIET,
};

static int take_option(struct run_arguments *a, int c) {
    switch (c) {
    case 'd':
        return cli_text("--data", optarg, &a->override.data);
    case 't':
        a->override.timerange = optarg;
        break;
    case 'S':
        a->override.strategies = optarg;
        break;
    case 'o':
        return cli_text("--out", optarg, &a->options.out_dir);
    case 'f':
        a->options.force = true;
        break;
    case 'k':
        a->kernels = optarg;
        break;
    case 'y':
        a->dry_run = true;
        break;
    case 'R':
        a->no_report = true;
        break;
    case 'q':
        progress_quiet(true);
        break;
    case 'n':
        return cli_count("--seeds", optarg, 1, MAX_SEEDS, &a->override.n_seeds);
    case 'j':
        return cli_count("--jobs", optarg, 1, 1024, &a->options.jobs);
    case 's':
        if (a->override.n_set == MAX_SETS) FAIL(GW_ERR_USAGE, "run: more than %d --set", MAX_SETS);
        a->set[a->override.n_set++] = optarg;
        break;
    default:
        break;
    }
    return GW_OK;
}

static int look_ahead(const struct experiment *experiment, const struct gw_run_options *run) {
    struct walk_outlook outlook;
    TRY(walk_outlook(experiment, run, &outlook));
    show_outlook(&outlook);
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct run_arguments a = {.options.on_begin = forget_report};
    int c;
    while ((c = cli_option(&command_run, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_run, argc, argv, 1, "EXPERIMENT.json"));
    TRY(gw_kernels_select(a.kernels ? a.kernels : "auto"));
    a.override.set = a.set;
    struct experiment *experiment;
    char dir[1024];
    TRY(experiment_load(argv[optind], &a.override, &experiment));
    int rc = a.dry_run ? look_ahead(experiment, &a.options) : run_experiment(experiment, &a.options, dir);
    experiment_free(experiment);
    TRY(rc);
    if (a.dry_run) return GW_OK;
    return show_run(dir, a.no_report);
}

const struct command command_run = {
    .name = "run",
    .summary = "walk an experiment forward: fit, replay, compare, report",
    .arguments = "EXPERIMENT.json",
    .about = "Fits every strategy of the experiment on every fold, replays the test slices, prints the "
             "comparison table and renders the report. An interrupted run continues when the same command "
             "is given again.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk run strategies/demo.json --set training.epochs=5 --seeds 3 --out reports/out/try",
    .run = command,
};
