/* gatewalk search: values of an experiment's keys, chosen on validation, walked forward once. */
#include <getopt.h>

#include "cli_experiment.h"
#include "engine/base/base.h"
#include "engine/cluster/farm.h"
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
    OPTION_EVENTS,
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

/* ---- the ranks of an MPI job ------------------------------------------------------------------------------- */

/* What cluster and search say to each other. */
struct ranks {
    struct cluster *cluster;
    struct farm *farm;
    int (*work)(void *context);
    void *context;
};

static int work_with(void *context, struct farm *farm) {
    struct ranks *r = context;
    r->farm = farm;
    return r->work(r->context);
}

static int during(void *context, const char *key, size_t jobs, int (*work)(void *work_context), void *work_context) {
    struct ranks *r = context;
    r->work = work;
    r->context = work_context;
    return cluster_farm(r->cluster, key, jobs, work_with, r);
}

static int ask(void *context, const void *job, size_t n_job, void *result, size_t n_result, bool *here) {
    return farm_ask(((struct ranks *)context)->farm, job, n_job, result, n_result, here);
}

static void done_here(void *context) { farm_done_here(((struct ranks *)context)->farm); }

static int serve(const char *path, const struct cli_experiment *x, struct cluster *cluster) {
    struct search_aid *aid = NULL;
    int rc = cluster_kernels(cluster, x->kernels);
    if (rc == GW_OK) rc = search_aid_open(path, &x->override, &aid);
    const struct farm_hand hand = {search_aid_answer, search_aid_size(), aid};
    rc = rc == GW_OK ? cluster_serve_jobs(cluster, search_aid_key(aid), x->jobs, &hand) : cluster_refuse(cluster, rc);
    search_aid_close(aid);
    return rc;
}

/* Trials are spread over the ranks; the final walk is rank 0's. */
static int lead(const char *path, struct cli_experiment *x, bool events, struct cluster *cluster) {
    struct gw_run_options run = {
        .on_begin = forget_report, .out_dir = x->out, .events = events, .jobs = x->jobs, .force = x->force};
    struct ranks ranks = {.cluster = cluster};
    const struct search_helpers helpers = {.during = during,
                                           .ask = ask,
                                           .done_here = done_here,
                                           .context = &ranks,
                                           .n = cluster->transport ? (size_t)cluster->transport->size - 1 : 0};
    char dir[1024];
    TRY(cluster_kernels(cluster, x->kernels));
    if (x->dry_run) return look_ahead(path, &x->override, &run);
    TRY(run_search_with(path, &x->override, &run, helpers.n ? &helpers : NULL, dir));
    cluster_leave(cluster); /* the report needs no others */
    return show_run(dir, &x->show);
}

static int command(int argc, char **argv) {
    struct cli_experiment x = {0};
    bool events = false;
    int c;
    while ((c = cli_option(&command_search, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'e') events = true;
        TRY(c == 'n' ? cli_seeds_option(&x) : cli_experiment_option(&command_search, c, &x));
    }
    TRY(cli_arguments(&command_search, argc, argv, 1, "SEARCH.json"));
    struct cluster cluster;
    TRY(cluster_join(&cluster));
    const int rc =
        cluster_is_worker(&cluster) ? serve(argv[optind], &x, &cluster) : lead(argv[optind], &x, events, &cluster);
    cluster_leave(&cluster);
    return rc;
}

const struct command command_search = {
    .name = "search",
    .ranks = true,
    .summary = "try many values of an experiment's keys on validation, walk the best forward",
    .arguments = "SEARCH.json",
    .about =
        "Checks the space, tries points of it by grid, random, Sobol, TPE, halving or another strategy on the "
        "validation slices of the first folds, keeps the best, and walks it forward on later folds beside what it was "
        "before. Every trial is in trials.csv and counts in the deflated Sharpe ratio; the chosen experiment is "
        "best.json. An interrupted search continues with the same command.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk search strategies/search_planted.json --data planted.csv",
    .run = command,
};
