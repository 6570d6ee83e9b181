/* gatewalk audit: does anything in a user's own experiment look ahead? */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli_experiment.h"
#include "engine/audit/audit.h"
#include "engine/results/run_key.h"
#include "engine/walk/outside.h"
#include "gatewalk/run_files.h"

struct audit_arguments {
    struct cli_experiment x;
    struct audit_options options;
    bool json;
};

static const struct command_option options[] = {
    OPTION_DATA,
    OPTION_SET,
    OPTION_TIMERANGE,
    OPTION_STRATEGIES,
    {"cuts", 'c', "N", "bars after which the future is exchanged, spread over the folds (default 120)", NULL},
    {"refits", 'n', "N", "folds per model that are fitted again in another future (default 2)", NULL},
    {"out", 'o', "DIR", "run directory of this experiment: its fits are used, audit.json goes there", NULL},
    {"json", 'J', NULL, "what audit.json holds, on standard output", NULL},
    OPTION_JOBS,
    OPTION_KERNELS,
    OPTION_QUIET,
};

static int take_option(struct audit_arguments *a, int c) {
    switch (c) {
    case 'c':
        return cli_count("--cuts", optarg, 1, 100000, &a->options.n_cuts);
    case 'n':
        return cli_count("--refits", optarg, 0, 10000, &a->options.n_refits);
    case 'J':
        a->json = true;
        return GW_OK;
    default:
        return cli_experiment_option(&command_audit, c, &a->x);
    }
}

/* ---- the run that is audited ------------------------------------------------------------------------------------------ */

/* Which run directory, and what it says of itself. */
struct audited_run {
    char dir[1024]; /* "": none */
    char key[32], kernels[32];
};

/* The one that is named, else the one that the experiment goes to by itself, when its run is finished there. */
static int find_run(const struct audit_arguments *a, const struct experiment *e, struct audited_run *run) {
    char path[1024];
    struct json_document *document;
    memset(run, 0, sizeof *run);
    TRY(run_directory_name(a->x.out, e->name, run->dir));
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_JSON));
    int rc = file_exists(path) ? json_load(path, GW_ERR_DATA, &document) : GW_ERR_DATA;
    if (rc == GW_OK) {
        const json_value *root = json_root(document);
        bool finished =
            json_kind(root) == JSON_OBJECT && strcmp(json_string(json_get(root, "status"), ""), "finished") == 0;
        if (finished) snprintf(run->key, sizeof run->key, "%s", json_string(json_get(root, "config_hash"), ""));
        if (finished) snprintf(run->kernels, sizeof run->kernels, "%s", json_string(json_get(root, "kernels"), ""));
        json_free(document);
    }
    if (rc == GW_ERR_NOMEM) return rc;
    if (run->key[0]) return GW_OK;
    if (a->x.out)
        FAIL(GW_ERR_USAGE, "--out %s: holds no finished run; run the experiment there first, or leave --out away",
             a->x.out);
    run->dir[0] = '\0';
    return GW_OK;
}

static int match_run(const struct audit_arguments *a, const struct experiment *e, const struct prepared *p,
                     struct audited_run *run) {
    char key[RUN_KEY_SIZE];
    config_key(e, p, key);
    if (!run->dir[0] || strcmp(run->key, key) == 0) return GW_OK;
    if (a->x.out)
        FAIL(GW_ERR_USAGE, "--out %s: holds the run of another configuration or of other data than %s", a->x.out,
             e->path);
    run->dir[0] = '\0';
    return GW_OK;
}

/* ---- what is shown ----------------------------------------------------------------------------------------------------- */

static const char *const stage_words[N_STAGES] = {
    [STAGE_PLAN] = "folds and samples",
    [STAGE_FOLDS] = "no label reaches the next slice",
    [STAGE_FEATURES] = "features",
    [STAGE_LABELS] = "labels whose horizon is over",
    [STAGE_MIN_MOVE] = "the label's least move",
    [STAGE_FITTED] = "fitted features",
    [STAGE_SCALER] = "scaler",
    [STAGE_TRAINING] = "weights by the training slice alone",
    [STAGE_WEIGHTS] = "weights and calibration",
    [STAGE_LOG] = "epochs, losses, early stopping",
    [STAGE_THRESHOLD] = "thresholds from validation",
    [STAGE_PROBABILITY] = "what models say",
    [STAGE_ATTENTION] = "attention",
    [STAGE_SCORES] = "scores and thresholds in force",
    [STAGE_ISOLATED] = "every bar as a trade of its own",
    [STAGE_ORDERS] = "orders",
    [STAGE_TRADES] = "trades",
    [STAGE_FILLS] = "fills",
    [STAGE_EQUITY] = "equity",
};
static const char *const poison_words[N_POISONS] = {"", "are no numbers", "are a million times as large",
                                                    "come in another order"};

/* "rsi(14) of SP500 at 2004-01-05T00:00:00Z is 53.2; when the bars after 2004-… come in another order it is 41" */
static void describe(const struct audit_difference *d, char *text, size_t size) {
    char time[40], cut[40], clean[32], dirty[32], where[128] = "", when[64] = "";
    if (d->strategy[0] || d->symbol[0])
        snprintf(where, sizeof where, " of %s%s%s", d->strategy, d->strategy[0] && d->symbol[0] ? ", " : "", d->symbol);
    if (d->time_ns != INT64_MIN && d->time_ns != INT64_MAX)
        snprintf(when, sizeof when, " at %s", time_format(d->time_ns, time));
    if (d->fold) snprintf(when + strlen(when), sizeof when - strlen(when), " (fold %zu)", d->fold);
    if (d->poison == POISON_NONE)
        snprintf(text, size, "%s%s%s", d->value, where, when);
    else
        snprintf(text, size, "%s%s%s is %s; when the bars that close after %s %s it is %s", d->value, where, when,
                 number_format(d->clean, clean), time_format(d->cut_ns, cut), poison_words[d->poison],
                 number_format(d->dirty, dirty));
}

static void show_stages(const struct audit *found) {
    printf("\n  %-34s %14s\n", "stage", "values");
    for (enum audit_stage stage = 0; stage < N_STAGES; stage++) {
        if (found->n_compared[stage] == 0) continue;
        printf("  %-34s %14zu   %s\n", stage_words[stage], found->n_compared[stage],
               found->first[stage].found ? "DIFFERS" : "same bits");
    }
}

/* How many bars until a feature is within a thousandth of its deviation; SIZE_MAX: not within what was tried. */
static size_t settles_after(const struct history_check *check, size_t f) {
    for (size_t k = 0; k < HISTORY_STEPS; k++)
        if (check->feature[f].n[k] && check->feature[f].difference[k] < 1e-3) return check->bars[k];
    return SIZE_MAX;
}

static void show_history(const struct prepared *p, const struct history_check *check) {
    size_t exact = 0;
    for (size_t f = 0; f < check->n_features; f++) exact += check->feature[f].exact[0] && check->feature[f].n[0];
    printf("\nhistory: %zu of %zu features have the same bits from %zu bars alone\n", exact, check->n_features,
           check->bars[0]);
    for (size_t f = 0; f < check->n_features; f++) {
        const struct feature_history *h = &check->feature[f];
        size_t bars = settles_after(check, f), last = HISTORY_STEPS;
        while (last > 0 && !h->n[last - 1]) last--;
        if (last == 0 || (h->exact[0] && h->n[0])) continue;
        if (bars == SIZE_MAX)
            printf("  %s depends on where the data begin: off by %.2g deviations after %zu bars\n",
                   gw_feature_set_name(p->set, f), h->difference[last - 1], check->bars[last - 1]);
        else
            printf("  %s remembers without end: within 0.001 deviations from %zu bars on\n",
                   gw_feature_set_name(p->set, f), bars);
    }
}

static void show(const struct prepared *p, const struct audit_report *r) {
    char text[512], first[40], last[40];
    enum audit_stage stage = audit_first(&r->found);
    if (stage == N_STAGES)
        printf("No look-ahead found: what is known at %zu bars from %s to %s is the same in %zu markets with another "
               "future.\n",
               r->n_cuts, time_format(r->first_cut_ns, first), time_format(r->last_cut_ns, last), r->n_markets);
    else {
        describe(&r->found.first[stage], text, sizeof text);
        printf("LOOK-AHEAD in %s: %s\n", stage_words[stage], text);
    }
    printf("%zu folds, %zu models, %zu fits done again\n", r->n_folds, r->n_fits, r->n_refits);
    show_stages(&r->found);
    show_history(p, &r->history);
}

/* ---- the command ---------------------------------------------------------------------------------------------------------- */

static int conclude(const struct audit_report *r) {
    char text[512];
    enum audit_stage stage = audit_first(&r->found);
    if (stage == N_STAGES) return GW_OK;
    describe(&r->found.first[stage], text, sizeof text);
    FAIL(GW_ERR_INTERNAL, "audit: look-ahead, first in %s: %s", stage_words[stage], text);
}

static int write_certificate(const struct experiment *e, const struct prepared *p, const struct audit_report *r,
                             const struct audited_run *run, bool tell) {
    int lock = -1;
    if (!run->dir[0]) return GW_OK;
    TRY(dir_lock(run->dir, &lock));
    int rc = write_audit(e, p, r, run->dir);
    dir_unlock(&lock);
    if (rc == GW_OK && tell) printf("\ncertificate: %s/" GW_RUN_AUDIT "\n", CLI_SHOWN(run->dir));
    return rc;
}

static int audit(struct audit_arguments *a, const struct experiment *e, struct prepared *p, struct audited_run *run) {
    struct audit_report report;
    TRY(outside_prepare(e, p));
    TRY(match_run(a, e, p, run));
    a->options.models = run->dir;
    TRY(audit_experiment(e, p, &a->options, &report));
    progress_message("%zu of %zu models were taken from the run", report.n_reused, report.n_fits);
    if (a->json) {
        struct json_writer w = {.stream = stdout};
        put_audit(&w, e, p, &report);
        printf("\n");
    } else
        show(p, &report);
    int rc = write_certificate(e, p, &report, run, !a->json);
    if (rc == GW_OK) rc = conclude(&report);
    audit_report_free(&report);
    return rc;
}

static int command(int argc, char **argv) {
    struct audit_arguments a = {.options = {.n_cuts = 120, .n_refits = 2}};
    struct audited_run run;
    struct experiment *experiment;
    struct prepared *prepared = NULL;
    int c;
    while ((c = cli_option(&command_audit, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        TRY(take_option(&a, c));
    }
    TRY(cli_arguments(&command_audit, argc, argv, 1, "EXPERIMENT.json"));
    a.options.jobs = a.x.jobs;
    TRY(experiment_load(argv[optind], &a.x.override, &experiment));
    int rc = find_run(&a, experiment, &run);
    /* A run's fits are only its fits with its kernels. */
    if (rc == GW_OK) rc = gw_kernels_select(a.x.kernels ? a.x.kernels : run.kernels[0] ? run.kernels : "auto");
    if (rc == GW_OK) rc = prepare(experiment, &prepared);
    if (rc == GW_OK) rc = audit(&a, experiment, prepared, &run);
    prepared_free(prepared);
    experiment_free(experiment);
    return rc;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "does anything in an experiment look ahead?",
    .arguments = "EXPERIMENT.json",
    .about =
        "Walks the experiment through markets that agree up to a bar and have another future after it: no numbers, "
        "prices a million times as large, the same bars in another order. Whatever was known at the bar must have "
        "the same bits in all of them, from features and scaler over weights (of fits that are done again), "
        "thresholds and scores to orders and equity; the first stage, bar and value that differ are named, and the "
        "exit status is 1. Own rules, scripts, columns and scores take part like everything else. Audits the first "
        "seed. The run in --out, or else in reports/out/NAME when it is this experiment's, lends its fits "
        "and gets audit.json; otherwise models are trained first. At the end: which features change with a longer "
        "history.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk audit strategies/demo.json --cuts 300",
    .run = command,
};
