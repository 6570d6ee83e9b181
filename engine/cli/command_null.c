/* gatewalk null: what does the whole pipeline find in noise? */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_experiment.h"
#include "engine/results/run_finding.h"
#include "engine/results/run_key.h"
#include "engine/study/null_refits.h"
#include "engine/walk/outside.h"
#include "gatewalk/run_files.h"

struct null_arguments {
    struct cli_experiment x;
    size_t n_refits;
    bool json;
};

static const struct command_option options[] = {
    {"refits", 'n', "N", "how many times all models are trained on labels of noise (default 20)", NULL},
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_STRATEGIES,
    {"out", 'o', "DIR", "where the refits are kept (default: the run directory's name with .null)", NULL},
    {"json", 'J', NULL, "every figure of every refit and what they come to, on standard output", NULL},
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_QUIET,
};

static int take_option(struct null_arguments *a, int c) {
    switch (c) {
    case 'n':
        return cli_count("--refits", optarg, 1, 100000, &a->n_refits);
    case 'J':
        a->json = true;
        return GW_OK;
    default:
        return cli_experiment_option(&command_null, c, &a->x);
    }
}

/* ---- experiment or run -------------------------------------------------------------------------------------------- */

struct null_subject {
    struct experiment *e;
    char run[1024], kernels[32]; /* directory of the finished run, "": none */
    char dir[1024];
};

static bool is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int open_subject(struct null_arguments *a, const char *what, struct null_subject *out) {
    *out = (struct null_subject){0};
    if (is_directory(what)) {
        if (a->x.override.n_set || a->x.override.data || a->x.override.timerange || a->x.override.strategies)
            FAIL(GW_ERR_USAGE, "null: %s is a run; --data, --set, --timerange and --strategies are for an experiment",
                 what);
        TRY(experiment_of_run(what, &out->e, out->kernels));
        snprintf(out->run, sizeof out->run, "%s", what);
    } else {
        TRY(experiment_load(what, &a->x.override, &out->e));
    }
    TRY(run_directory_name(out->run[0] ? out->run : NULL, out->e->name, out->dir));
    size_t n = strlen(out->dir);
    while (n > 1 && out->dir[n - 1] == '/') out->dir[--n] = '\0';
    if (a->x.out) return path_join(out->dir, sizeof out->dir, a->x.out, "");
    if (n + sizeof ".null" > sizeof out->dir) FAIL(GW_ERR_USAGE, "%s: the path is too long", out->dir);
    strcpy(out->dir + n, ".null");
    return GW_OK;
}

/* ---- what is shown ------------------------------------------------------------------------------------------------ */

static int show_figures(const struct null_refits *r) {
    printf("\n  %-16s %-5s %-20s %10s %10s %10s %10s %7s\n", "contestant", "gate", "figure", "yours", "noise", "95 %",
           "best", "p");
    for (size_t i = 0; i < r->n && r->value[i].refit == 0; i++) {
        const struct null_value *v = &r->value[i];
        struct null_summary s;
        if (!*v->strategy) continue;
        TRY(null_refits_summary(r, v, &s));
        printf("  %-16.16s %-5s %-20.20s %10.4g %10.4g %10.4g %10.4g %7.3f\n", v->strategy,
               v->gate < 0 ? "" : gw_gate_name[v->gate], v->measure, s.own, s.mean, s.upper, s.best, s.p_value);
    }
    return GW_OK;
}

/* Refits of noise of which a figure of the whole run is at least so high. */
static size_t count_runs(const struct null_refits *r, const char *measure, double least) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->value[i].refit > 0 && !*r->value[i].strategy && strcmp(r->value[i].measure, measure) == 0 &&
             r->value[i].value >= least;
    return n;
}

static int show(const struct null_refits *r, const char *dir) {
    printf("Of %zu refits on labels of noise (%d is 5 %%):\n", r->n_refits, (int)lround(0.05 * (double)r->n_refits));
    printf("  %3zu found something that shifted labels do not reach\n", count_runs(r, NULL_FOUND_GATES, 1));
    printf("  %3zu found a contestant better than the baseline in something\n",
           count_runs(r, NULL_BETTER_DIFFERENCES, 1));
    printf("  %3zu would have called attention better\n", count_runs(r, NULL_ATTENTION_BETTER, 1));
    printf("  %3zu met every criterion of the success test significantly\n", count_runs(r, NULL_SUCCESS_TESTS, 1));
    printf(
        "  %3zu had a strategy that made money after costs, %zu one that beat buy and hold (markets drift: no 5 %%)\n",
        count_runs(r, NULL_TRADED, TRADED_GAINED), count_runs(r, NULL_TRADED, TRADED_BEAT_MARKET));
    TRY(show_figures(r));
    printf("\nall figures: %s/" NULL_REFITS_TABLE "\n", CLI_SHOWN(dir));
    return GW_OK;
}

static int show_json(const struct null_refits *r) {
    struct json_writer w = {.stream = stdout};
    json_begin_object(&w, NULL);
    json_put_int(&w, "refits", (int64_t)r->n_refits);
    json_begin_array(&w, "figures");
    for (size_t i = 0; i < r->n && r->value[i].refit == 0; i++) {
        const struct null_value *v = &r->value[i];
        struct null_summary s;
        TRY(null_refits_summary(r, v, &s));
        json_begin_object(&w, NULL);
        json_put_string(&w, "strategy", *v->strategy ? v->strategy : NULL);
        json_put_string(&w, "gate", v->gate < 0 ? NULL : gw_gate_name[v->gate]);
        json_put_string(&w, "measure", v->measure);
        json_put_number(&w, "own", s.own);
        json_put_number(&w, "noise_mean", s.mean);
        json_put_number(&w, "noise_95", s.upper);
        json_put_number(&w, "noise_best", s.best);
        json_put_number(&w, "p_value", s.p_value);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    printf("\n");
    return GW_OK;
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

static int refit(const struct null_arguments *a, struct null_subject *subject) {
    struct prepared *p = NULL;
    struct null_refits refits = {0};
    int rc = gw_kernels_select(a->x.kernels ? a->x.kernels : subject->kernels[0] ? subject->kernels : "auto");
    if (rc == GW_OK) rc = prepare(subject->e, &p);
    if (rc == GW_OK) rc = outside_prepare(subject->e, p);
    if (rc == GW_OK)
        rc = null_refits_make(subject->e, p, subject->dir, subject->run, a->n_refits,
                              a->x.jobs ? a->x.jobs : (size_t)omp_get_max_threads(), &refits);
    if (rc == GW_OK) rc = a->json ? show_json(&refits) : show(&refits, subject->dir);
    null_refits_free(&refits);
    prepared_free(p);
    return rc;
}

static int command(int argc, char **argv) {
    struct null_arguments a = {.n_refits = 20};
    struct null_subject subject;
    int c;
    while ((c = cli_option(&command_null, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_null, argc, argv, 1, "an experiment or the directory of a finished run"));
    int rc = open_subject(&a, argv[optind], &subject);
    if (rc == GW_OK) rc = refit(&a, &subject);
    experiment_free(subject.e);
    return rc;
}

const struct command command_null = {
    .name = "null",
    .summary = "what the whole pipeline finds in labels of noise",
    .arguments = "RUN_DIR|EXPERIMENT.json",
    .about =
        "Trains every model again on labels that are turned around each symbol's history, so that they keep their "
        "bunches and have nothing to do with the bars, and takes them through scores, replay and verdict as in a run, "
        "N times. Says how often something was found in that noise, and how the experiment's own figures lie among "
        "those. After every refit the table is whole; the same command, also with a larger --refits, goes on where it "
        "was, fit by fit, and gives the same bytes as in one go. The fits of a finished run are taken for the "
        "experiment's own figures.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk null reports/out/demo --refits 40",
    .run = command,
};
