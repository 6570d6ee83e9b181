/* gatewalk plan: how long a walk would take on many ranks. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_experiment.h"
#include "engine/cluster/plan.h"
#include "engine/config/config.h"

enum { MOST_COUNTS = 32, MOST_RANKS = 1000000 };

static const struct command_option options[] = {
    {"ranks", 'r', "N,N…", "how many processes, one thread each (default 1,8,64,512,4096)", NULL},
    {"network", 'w', "US,GBPS",
     "latency in microseconds and gigabytes a second of every link (default 50,1.25: 10 Gbit Ethernet)", NULL},
    {"per-node", 'N', "N", "ranks on a node, which reads the data once for all of them (default 32)", NULL},
    {"root", 'R', "MS", "milliseconds of rank 0 for every fit that comes back (default 1)", NULL},
    {"copies", 'c', "N", "as many such walks in one job, as for N symbols with models of their own (default 1)", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_SEEDS,
    OPTION_KERNELS,
    {"json", 'J', NULL, "as JSON", NULL},
};

struct plan_arguments {
    struct cli_experiment x;
    size_t ranks[MOST_COUNTS], n_ranks, copies;
    struct plan_network network;
    bool json;
};

static int take_ranks(const char *text, struct plan_arguments *a) {
    const char *at = text;
    a->n_ranks = 0;
    do {
        char *end;
        unsigned long n = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (n < 1 || n > MOST_RANKS || (*end && *end != ',') || a->n_ranks == MOST_COUNTS)
            FAIL(GW_ERR_USAGE, "--ranks %.60s: give up to %d numbers from 1 to %d, as in 1,8,64", text, MOST_COUNTS,
                 MOST_RANKS);
        a->ranks[a->n_ranks++] = n;
        at = *end ? end + 1 : NULL;
    } while (at);
    return GW_OK;
}

static int take_network(const char *text, struct plan_network *out) {
    char *end;
    double us = strtod(text, &end), gb = *end == ',' && end != text ? strtod(end + 1, &end) : -1;
    if (*end || !(us >= 0 && us <= 1e6) || !(gb >= 1e-6 && gb <= 1e6))
        FAIL(GW_ERR_USAGE, "--network %.60s: give microseconds and gigabytes a second, as in 2,12.5", text);
    out->latency = us * 1e-6;
    out->bandwidth = gb * 1e9;
    return GW_OK;
}

static int take_option(struct plan_arguments *a, int c) {
    double ms;
    switch (c) {
    case 'r':
        return take_ranks(optarg, a);
    case 'w':
        return take_network(optarg, &a->network);
    case 'N':
        return cli_count("--per-node", optarg, 1, 4096, &a->network.per_node);
    case 'R':
        TRY(cli_number("--root", optarg, 0, 1e6, &ms));
        a->network.root = ms / 1000;
        return GW_OK;
    case 'c':
        return cli_count("--copies", optarg, 1, 100000, &a->copies);
    case 'n':
        return cli_seeds_option(&a->x);
    case 'J':
        a->json = true;
        return GW_OK;
    default:
        return cli_experiment_option(&command_plan, c, &a->x);
    }
}

static const char *span(double seconds, char out[32]) {
    if (seconds < 600)
        snprintf(out, 32, "%.3g s", seconds);
    else if (seconds < 36000)
        snprintf(out, 32, "%.0f min", seconds / 60);
    else if (seconds < 5 * 86400)
        snprintf(out, 32, "%.1f h", seconds / 3600);
    else
        snprintf(out, 32, "%.1f days", seconds / 86400);
    return out;
}

static int show(const struct plan_arguments *a, const struct plan_work *work, bool measured) {
    char sum[32], most[32], read[32], tail[32], time[32];
    printf("%zu fits in %zu chains: %s of one thread, the longest chain %s; before them %s on every rank, after them "
           "%s on "
           "rank 0\n",
           work->n_all_fits, work->n_chains, span(work->sum, sum), span(work->n_chains ? work->chain[0] : 0, most),
           span(work->read, read), span(work->tail, tail));
    printf("times %s; data %.1f MB, a fit sends %.1f kB; %g us, %g GB/s, %zu ranks a node; rank 0 takes %g ms for a "
           "fit\n\n",
           measured ? "of this run" : "estimated: fits that stop early take less", work->data_bytes / 1e6,
           work->fit_bytes / 1e3, a->network.latency * 1e6, a->network.bandwidth / 1e9, a->network.per_node,
           a->network.root * 1e3);
    printf("%7s %12s %9s %11s  %s\n", "ranks", "time", "speed-up", "efficiency", "what limits");
    for (size_t i = 0; i < a->n_ranks; i++) {
        struct plan_outcome o;
        TRY(plan_play(work, &a->network, a->ranks[i], &o));
        printf("%7zu %12s %9.*f %9.1f %%  %s\n", a->ranks[i], span(o.seconds, time),
               o.efficiency * (double)a->ranks[i] < 100 ? 1 : 0, o.efficiency * (double)a->ranks[i], 100 * o.efficiency,
               plan_limit_text[o.limit]);
    }
    return GW_OK;
}

static int show_json(const struct plan_arguments *a, const struct plan_work *work, bool measured) {
    struct json_writer w = {.stream = stdout};
    json_begin_object(&w, NULL);
    json_put_bool(&w, "measured", measured);
    json_put_int(&w, "fits", (int64_t)work->n_all_fits);
    json_put_int(&w, "chains", (int64_t)work->n_chains);
    json_put_number(&w, "work_seconds", work->sum);
    json_begin_array(&w, "plan");
    for (size_t i = 0; i < a->n_ranks; i++) {
        struct plan_outcome o;
        TRY(plan_play(work, &a->network, a->ranks[i], &o));
        json_begin_object(&w, NULL);
        json_put_int(&w, "ranks", (int64_t)a->ranks[i]);
        json_put_number(&w, "seconds", o.seconds);
        json_put_number(&w, "reading_seconds", o.reading);
        json_put_number(&w, "fitting_seconds", o.fitting);
        json_put_number(&w, "tail_seconds", o.tail);
        json_put_number(&w, "efficiency", o.efficiency);
        json_put_number(&w, "root_busy", o.root_busy);
        json_put_string(&w, "limit", plan_limit_text[o.limit]);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return GW_OK;
}

static int load(const char *path, const struct plan_arguments *a, bool is_run, struct plan_work *work) {
    struct experiment *experiment;
    if (is_run && (a->x.override.data || a->x.override.timerange || a->x.override.n_seeds || a->x.override.n_set))
        FAIL(GW_ERR_USAGE, "plan: a finished run is planned as it was; give its experiment to change something");
    if (is_run) return plan_of_run(path, a->copies, work);
    TRY(gw_kernels_select(a->x.kernels ? a->x.kernels : "auto"));
    TRY(experiment_load(path, &a->x.override, &experiment));
    int rc = plan_of_experiment(experiment, a->copies, work);
    experiment_free(experiment);
    return rc;
}

static int command(int argc, char **argv) {
    struct plan_arguments a = {.ranks = {1, 8, 64, 512, 4096},
                               .n_ranks = 5,
                               .copies = 1,
                               .network = {.latency = 50e-6, .bandwidth = 1.25e9, .per_node = 32, .root = 1e-3}};
    struct plan_work work;
    struct stat status;
    int c;
    while ((c = cli_option(&command_plan, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_plan, argc, argv, 1, "EXPERIMENT.json or RUN_DIR"));
    bool is_run = stat(argv[optind], &status) == 0 && S_ISDIR(status.st_mode);
    TRY(load(argv[optind], &a, is_run, &work));
    int rc = a.json ? show_json(&a, &work, is_run) : show(&a, &work, is_run);
    plan_free(&work);
    return rc;
}

const struct command command_plan = {
    .name = "plan",
    .summary = "how long a walk would take on 1, 8, … 4096 ranks, and what limits it",
    .arguments = "EXPERIMENT.json|RUN_DIR",
    .about = "Plays the schedule that `mpirun gatewalk run` follows, with the times of a finished run (best one of "
             "--jobs 1), "
             "or with those that `run` measures before it begins, over a network that you state. Nothing is fitted.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk plan reports/out/demo --ranks 1,8,64,512,4096 --network 2,12.5",
    .run = command,
};
