/* gatewalk run: the main job. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli_experiment.h"
#include "engine/base/base.h"
#include "engine/cluster/cluster.h"
#include "engine/walk/walk.h"
#include "show_outlook.h"
#include "show_run.h"

struct run_arguments {
    struct cli_experiment x;
    struct gw_run_options options;
};

static const char *strategy_choice(size_t i) { return i < gw_strategy_count() ? gw_strategy_at(i)->name : NULL; }

static const struct command_option options[] = {
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    {"strategies", 'S', "A,B", "only these contestants, by name; plain strategies go by theirs", strategy_choice},
    OPTION_SEEDS,
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_OUT,
    OPTION_FORCE,
    {"shard", 'p', "I/N", "only share I of the fits when N share them out; `gatewalk merge` puts them together", NULL},
    OPTION_EVENTS,
    OPTION_NO_REPORT,
    OPTION_NO_HTML,
    OPTION_DRY_RUN,
    OPTION_QUIET,
};

/* "3/16" */
static int take_shard(const char *text, struct gw_run_options *out) {
    char *end;
    unsigned long i = strtoul(text, &end, 10), n = *end == '/' ? strtoul(end + 1, &end, 10) : 0;
    if (*end || i < 1 || n < 1 || i > n || n > 100000)
        FAIL(GW_ERR_USAGE, "--shard \"%.40s\": give I/N, share I (from 1) of N, as in 3/16", text);
    out->shard = i;
    out->n_shards = n;
    return GW_OK;
}

static int take_option(struct run_arguments *a, int c) {
    switch (c) {
    case 'e':
        a->options.events = true;
        return GW_OK;
    case 'p':
        return take_shard(optarg, &a->options);
    case 'n':
        return cli_seeds_option(&a->x);
    default:
        return cli_experiment_option(&command_run, c, &a->x);
    }
}

static int look_ahead(const struct experiment *experiment, const struct gw_run_options *run) {
    struct walk_outlook outlook;
    TRY(walk_outlook(experiment, run, &outlook));
    show_outlook(&outlook);
    return GW_OK;
}

static int parse(int argc, char **argv, struct run_arguments *a, bool *help) {
    int c;
    while ((c = cli_option(&command_run, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) {
            *help = true;
            return GW_OK;
        }
        if (c < 0) return c;
        TRY(take_option(a, c));
    }
    a->options.out_dir = a->x.out;
    a->options.jobs = a->x.jobs;
    a->options.force = a->x.force;
    return cli_arguments(&command_run, argc, argv, 1, "EXPERIMENT.json");
}

static int finish(const struct run_arguments *a, const char *dir) {
    if (!a->options.n_shards) return show_run(dir, &a->x.show);
    printf("share %zu of %zu: %s\nwhen all are there: gatewalk merge %.*s.shard-*-of-%zu\n", a->options.shard,
           a->options.n_shards, CLI_SHOWN(dir), (int)(strstr(dir, ".shard-") - dir), dir, a->options.n_shards);
    return GW_OK;
}

static int lead(const char *path, struct run_arguments *a, struct cluster *cluster) {
    struct experiment *experiment;
    char dir[1024];
    TRY(cluster_kernels(cluster, a->x.kernels));
    TRY(experiment_load(path, &a->x.override, &experiment));
    a->options.executor = cluster_executor(cluster);
    int rc = a->x.dry_run ? look_ahead(experiment, &a->options) : run_experiment(experiment, &a->options, dir);
    experiment_free(experiment);
    if (rc < 0 || a->x.dry_run) return rc;
    cluster_leave(cluster); /* the report needs no others */
    return finish(a, dir);
}

static int serve(const char *path, const struct run_arguments *a, struct cluster *cluster) {
    struct experiment *experiment = NULL;
    int rc = cluster_kernels(cluster, a->x.kernels);
    if (rc == GW_OK) rc = experiment_load(path, &a->x.override, &experiment);
    rc = rc == GW_OK ? cluster_serve(cluster, experiment, a->options.jobs) : cluster_refuse(cluster, rc);
    experiment_free(experiment);
    return rc;
}

static int command(int argc, char **argv) {
    struct run_arguments a = {.options.on_begin = forget_report};
    struct cluster cluster;
    bool help = false;
    TRY(parse(argc, argv, &a, &help));
    if (help) return GW_OK;
    TRY(cluster_join(&cluster));
    int rc;
    if (cluster.transport && a.options.n_shards)
        rc = gw_error_set(GW_ERR_USAGE,
                          "--shard is for processes that do not know of each other; leave it out under MPI");
    else
        rc = cluster_is_worker(&cluster) ? serve(argv[optind], &a, &cluster) : lead(argv[optind], &a, &cluster);
    cluster_leave(&cluster);
    return rc;
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
    .ranks = true,
    .example = "gatewalk run strategies/demo.json --set training.epochs=5 --seeds 3 --out reports/out/try",
    .run = command,
};
