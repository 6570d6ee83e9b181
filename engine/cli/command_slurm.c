/* gatewalk slurm: the batch script that walks an experiment on a cluster. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_experiment.h"
#include "engine/cluster/slurm.h"
#include "engine/config/config.h"

enum { MOST_WORDS = 2 * CLI_SETS_MAX + 12 };

static const struct command_option options[] = {
    {"nodes", 'N', "N", "nodes (default 1)", NULL},
    {"ranks", 'r', "N", "processes on each node, one a core is best (default 8)", NULL},
    {"threads", 'c', "N", "threads of each process (default 1)", NULL},
    {"time", 'T', "TIME", "limit of the job as Slurm writes it: minutes, HH:MM:SS, D-HH:MM:SS (default 24:00:00)",
     NULL},
    {"lead", 'l', "SECONDS", "how long before the limit the job makes room and is queued again (default 120)", NULL},
    {"array", 'a', "N", "no MPI: an array of N shares, and a task that merges them", NULL},
    {"mpi", 'M', "NAME", "how srun starts MPI (default pmix; `srun --mpi=list` shows what there is)", NULL},
    {"partition", 'p', "NAME", "partition", NULL},
    {"account", 'A', "NAME", "account", NULL},
    {"memory", 'm', "SIZE", "memory of each core, as in 2G", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_STRATEGIES,
    OPTION_SEEDS,
    OPTION_KERNELS,
    {"out", 'o', "DIR", "run directory (default reports/out/NAME)", NULL},
    OPTION_NO_REPORT,
};

struct slurm_arguments {
    struct slurm_job job;
    struct cli_experiment x;
    const char *word[MOST_WORDS];
};

/* What `run` shall be told as well. */
static int take_run_option(struct slurm_arguments *a, int c) {
    static const struct {
        int value;
        const char *word;
    } handed[] = {{'d', "--data"},  {'t', "--timerange"}, {'S', "--strategies"},
                  {'n', "--seeds"}, {'k', "--kernels"},   {'s', "--set"}};
    TRY(c == 'n' ? cli_seeds_option(&a->x) : cli_experiment_option(&command_slurm, c, &a->x));
    for (size_t i = 0; i < COUNT_OF(handed); i++) {
        if (handed[i].value != c) continue;
        if (a->job.n_options > MOST_WORDS - 2) FAIL(GW_ERR_USAGE, "slurm: too many options for `run`");
        a->word[a->job.n_options++] = handed[i].word;
        a->word[a->job.n_options++] = optarg;
    }
    return GW_OK;
}

static int take_option(struct slurm_arguments *a, int c) {
    switch (c) {
    case 'N':
        return cli_count("--nodes", optarg, 1, 100000, &a->job.nodes);
    case 'r':
        return cli_count("--ranks", optarg, 1, 4096, &a->job.ranks);
    case 'c':
        return cli_count("--threads", optarg, 1, 1024, &a->job.threads);
    case 'l':
        return cli_count("--lead", optarg, 1, 65535, &a->job.lead);
    case 'a':
        return cli_count("--array", optarg, 1, 100000, &a->job.shares);
    case 'T':
        a->job.time = optarg;
        return GW_OK;
    case 'M':
        a->job.mpi = optarg;
        return GW_OK;
    case 'p':
        a->job.partition = optarg;
        return GW_OK;
    case 'A':
        a->job.account = optarg;
        return GW_OK;
    case 'm':
        a->job.memory = optarg;
        return GW_OK;
    default:
        return take_run_option(a, c);
    }
}

static int own_path(char path[1024]) {
    ssize_t n = readlink("/proc/self/exe", path, 1023);
    if (n <= 0 || n >= 1023) FAIL(GW_ERR_IO, "where this program lies cannot be found out (/proc is missing)");
    path[n] = '\0';
    return GW_OK;
}

/* The experiment is read, so that a job does not wait for hours to say that a key is misspelt. */
static int write_script(struct slurm_arguments *a) {
    char program[1024], dir[1024], out[128];
    struct experiment *experiment;
    TRY(experiment_load(a->job.experiment, &a->x.override, &experiment));
    int rc = own_path(program);
    if (rc == GW_OK && !getcwd(dir, sizeof dir)) rc = gw_error_set(GW_ERR_IO, "this folder has no path any more");
    snprintf(out, sizeof out, "reports/out/%s", experiment->name);
    if (!a->job.out) a->job.out = out;
    a->job.name = experiment->name;
    a->job.program = program;
    a->job.dir = dir;
    if (rc == GW_OK) slurm_write(&a->job, stdout);
    experiment_free(experiment);
    return rc;
}

static int command(int argc, char **argv) {
    struct slurm_arguments a = {
        .job = {.nodes = 1, .ranks = 8, .threads = 1, .time = "24:00:00", .lead = 120, .mpi = "pmix"}};
    int c;
    while ((c = cli_option(&command_slurm, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_slurm, argc, argv, 1, "EXPERIMENT.json"));
    a.job.out = a.x.out;
    a.job.no_report = a.x.show.no_report;
    a.job.option = a.word;
    a.job.experiment = argv[optind];
    TRY(slurm_check(&a.job));
    return write_script(&a);
}

const struct command command_slurm = {
    .name = "slurm",
    .summary = "a batch script that walks an experiment on a Slurm cluster",
    .arguments = "EXPERIMENT.json",
    .about =
        "Prints a script for sbatch: srun and MPI over --nodes with --ranks each, or with --array a job array of "
        "shares and the task that merges them (submit that one by `bash FILE`). It stops before its time limit and "
        "after a killed step or a lost node is queued again; finished fits are kept. The experiment, its data and "
        "the run directory must lie at the same paths on all nodes.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk slurm strategies/demo.json --nodes 4 --ranks 32 --time 12:00:00 >job.sh && sbatch job.sh",
    .run = command,
};
