/* gatewalk init: an experiment to begin with, made from a look at the data. */
#include <getopt.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/config/config.h"
#include "engine/walk/walk.h"
#include "init_plan.h"

static const struct command_option options[] = {
    {"out", 'o', "FILE", "the experiment (default: SYMBOL.json here)", NULL},
    {"symbol", 's', "NAME", "only this one of several", NULL},
    {"timezone", 'z', "ZONE", "of times that state none: Europe/Berlin, +02:00, America/New_York+7; else UTC", NULL},
    {"time-format", 't', "FORMAT", "as strptime: %d.%m.%Y %H:%M", NULL},
    {"force", 'f', NULL, "replace the experiment that is there", NULL},
    {"quiet", 'q', NULL, "do not measure how long it will take", NULL},
};

/* A path that means the same from everywhere, or stays short where the experiment lies beside the data. */
static int name_data(struct init_plan *p) {
    char *whole = strpbrk(p->file, "*?[") ? NULL : realpath(p->file, NULL);
    const char *slash = strrchr(p->path, '/');
    bool beside = !slash && p->file[0] != '/';
    int n = snprintf(p->absolute, sizeof p->absolute, "%s", beside || !whole ? p->file : whole);
    free(whole);
    if (n < 0 || (size_t)n >= 1024) FAIL(GW_ERR_USAGE, "%.60s…: the path is too long", p->file);
    return GW_OK;
}

static int name_experiment(struct init_plan *p) {
    if (p->out)
        snprintf(p->path, sizeof p->path, "%.1000s", p->out);
    else
        snprintf(p->path, sizeof p->path, "%s.json",
                 p->market->n_symbols > 1 ? "symbols" : p->market->symbol[0].symbol);
    TRY(cli_spare(p->path, p->file));
    if (!p->force && file_exists(p->path))
        FAIL(GW_ERR_USAGE, "%s is there already; --force replaces it, --out FILE goes elsewhere", p->path);
    return name_data(p);
}

static int tell(const struct init_plan *p) {
    printf("%s: %zu bars of %s, positive %.1f %% of the first training slice at min_move_atr %g\n", CLI_SHOWN(p->path),
           p->market->symbol[0].n, p->market->symbol[0].symbol, 100 * p->share, p->min_move_atr);
    struct experiment *experiment;
    struct walk_outlook outlook;
    const struct gw_run_options run = {.jobs = 0};
    TRY(experiment_load(p->path, NULL, &experiment)); /* what was written is what a run reads */
    int rc = p->quiet ? GW_OK : walk_outlook(experiment, &run, &outlook);
    if (rc == GW_OK && !p->quiet) printf("%zu folds; %s\n", outlook.n_folds, outlook.estimate);
    experiment_free(experiment);
    TRY(rc);
    printf("next:\n  gatewalk folds %s      the slices\n  gatewalk run %s        fit, replay, compare, report\n",
           CLI_SHOWN(p->path), CLI_SHOWN(p->path));
    return GW_OK;
}

static int init_from(struct init_plan *p, const struct gw_market *market, const struct gw_import_report *reports) {
    struct finding finding;
    if (market->n_symbols > MAX_SYMBOLS)
        FAIL(GW_ERR_DATA, "%s: holds %zu symbols, a run takes at most %d; choose one with --symbol", p->file,
             market->n_symbols, MAX_SYMBOLS);
    TRY(finding_make(&market->symbol[0], &reports[0], NULL, &finding));
    p->market = market;
    p->finding = &finding;
    int rc = name_experiment(p);
    if (rc == GW_OK) rc = init_choose(p);
    if (rc == GW_OK) rc = init_write(p);
    if (rc == GW_OK) rc = tell(p);
    finding_free(&finding);
    return rc;
}

/* Without a name: the one file of bars that lies here. */
static int find_data(char path[1024]) {
    static const char *const patterns[] = {"*.csv", "*.csv.gz", "*.csv.xz", "*.csv.zst",
                                           "*.zip", "*.jsonl",  "*.parquet"};
    glob_t files = {0};
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &files) == GLOB_NOSPACE) {
            globfree(&files);
            FAIL(GW_ERR_NOMEM, "not enough memory to list the files here");
        }
    size_t n = files.gl_pathc;
    if (n == 1) snprintf(path, 1024, "%s", files.gl_pathv[0]);
    globfree(&files);
    if (n == 1) return GW_OK;
    if (n == 0) FAIL(GW_ERR_USAGE, "init: no data file here; name one: gatewalk init FILE");
    FAIL(GW_ERR_USAGE, "init: %zu data files here; name one, a folder or a pattern: gatewalk init FILE", n);
}

static int command(int argc, char **argv) {
    struct init_plan p = {.file = NULL};
    struct gw_market market;
    struct gw_import_report *reports;
    char found[1024];
    int c;
    while ((c = cli_option(&command_init, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'o') TRY(cli_text("--out", optarg, &p.out));
        if (c == 's') p.import.symbol = optarg;
        if (c == 'z') p.import.timezone = optarg;
        if (c == 't') p.import.time_format = optarg;
        if (c == 'f') p.force = true;
        if (c == 'q') p.quiet = true;
    }
    if (optind == argc) {
        TRY(find_data(found));
        p.file = found;
    } else {
        TRY(cli_arguments(&command_init, argc, argv, 1, "a data file"));
        p.file = argv[optind];
    }
    TRY(gw_kernels_select("auto"));
    TRY(gw_market_import(p.file, &p.import, &market, &reports));
    int rc = init_from(&p, &market, reports);
    gw_import_reports_free(reports);
    gw_market_free(&market);
    return rc;
}

const struct command command_init = {
    .name = "init",
    .summary = "write an experiment to begin with, from a look at the data",
    .arguments = "[FILE]",
    .about =
        "Looks at bars (a file, a folder or a pattern) and writes a commented experiment with folds, labels, features "
        "and costs for that market and the contestants that have earned their place, and the JSON Schema that "
        "editors know its keys by. Says what to run and how long it will take.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk init datasets/sp500_daily.csv --out sp500.json",
    .run = command,
};
