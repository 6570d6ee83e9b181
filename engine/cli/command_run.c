/* gatewalk run: the main job. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "engine/walk/walk.h"
#include "show_run.h"

enum { MAX_SETS = 128 };

struct run_arguments {
    struct gw_config_override override;
    struct gw_run_options options;
    const char *set[MAX_SETS];
    const char *kernels;
    bool no_report;
};

static const struct option options[] = {
    {"data", required_argument, NULL, 'd'},
    {"set", required_argument, NULL, 's'},
    {"timerange", required_argument, NULL, 't'},
    {"strategies", required_argument, NULL, 'S'},
    {"seeds", required_argument, NULL, 'n'},
    {"jobs", required_argument, NULL, 'j'},
    {"out", required_argument, NULL, 'o'},
    {"kernels", required_argument, NULL, 'k'},
    {"no-report", no_argument, NULL, 'R'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
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
    case 'k':
        a->kernels = optarg;
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

static int command(int argc, char **argv) {
    struct run_arguments a = {.options.on_begin = forget_report};
    int c;
    while ((c = cli_option(&command_run, argc, argv, ":h", options)) != CLI_END) {
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
    int rc = run_experiment(experiment, &a.options, dir);
    experiment_free(experiment);
    TRY(rc);
    return show_run(dir, a.no_report);
}

const struct command command_run = {
    .name = "run",
    .summary = "walk an experiment forward: fit, replay, compare, report",
    .usage = "usage: gatewalk run EXPERIMENT.json [options]\n"
             "\n"
             "Fits every strategy of the experiment on every fold, replays the test slices, prints the comparison "
             "table and\n"
             "renders the report. An interrupted run continues when the same command is given again.\n"
             "\n"
             "  --data FILE          bars to use instead of the experiment's file\n"
             "  --set KEY=VALUE      override a configuration key (repeatable); `gatewalk list keys` shows all\n"
             "  --timerange FROM-TO  e.g. 20200101-20221231; either side may be empty\n"
             "  --strategies A,B     only these contestants\n"
             "  --seeds N            repeat every fit with seeds 1..N\n"
             "  --jobs N             threads (default: all cores); results do not depend on it\n"
             "  --kernels NAME       auto, portable, avx2, avx512\n"
             "  --out DIR            run directory (default reports/out/NAME)\n"
             "  --no-report          files and table only\n"
             "  --quiet              no progress on stderr\n"
             "\n"
             "example: gatewalk run strategies/demo.json --set training.epochs=5 --seeds 3 --out reports/out/try\n",
    .run = command,
};
