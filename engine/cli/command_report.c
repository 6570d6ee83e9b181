/* gatewalk report: render a finished run again from its files. */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "engine/base/base.h"
#include "gatewalk/run_files.h"
#include "show_run.h"

static const char *plot_choice(size_t i) { return i < gw_plot_count() ? gw_plot_name(i) : NULL; }

static const char *breakdown_choice(size_t i) { return i == 0 ? "all" : gw_report_breakdown_by(i - 1); }

static const struct command_option options[] = {
    {"only", 'o', "PLOT", "one plot as PNG; `gatewalk list plots` shows the names", plot_choice},
    {"html", 'w', NULL, "report.html alone", NULL},
    OPTION_NO_HTML,
    {"text", 't', NULL, "print the comparison table and verdict instead", NULL},
    {"breakdown", 'b', "BY", "print the trades by symbol, side, reason, month, hour, fold or all of them",
     breakdown_choice},
    {"sort", 's', "KEY", "with --breakdown (default: symbol): groups by this column, the largest first",
     gw_report_breakdown_key},
    {"json", 'j', NULL, "print all facts instead: metrics, trades taken apart, verdict (summary.json)", NULL},
};

static int known_plot(const char *name) {
    const char *names[64];
    size_t n = 0;
    for (; n < gw_plot_count() && n < COUNT_OF(names); n++) {
        names[n] = gw_plot_name(n);
        if (strcmp(names[n], name) == 0) return GW_OK;
    }
    const char *near = nearest_word(name, names, n);
    if (near) FAIL(GW_ERR_USAGE, "--only: unknown plot \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "--only: unknown plot \"%s\"; `gatewalk list plots` shows all", name);
}

static int known_breakdown(const char *name) {
    const char *names[16];
    size_t n = 0;
    for (; n < COUNT_OF(names) && breakdown_choice(n); n++) {
        names[n] = breakdown_choice(n);
        if (strcmp(names[n], name) == 0) return GW_OK;
    }
    const char *near = nearest_word(name, names, n);
    if (near) FAIL(GW_ERR_USAGE, "--breakdown: unknown \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "--breakdown: unknown \"%s\"; give symbol, side, reason, month, hour, fold or all", name);
}

static int known_key(const char *name) {
    const char *names[16];
    size_t n = 0;
    for (; n < COUNT_OF(names) && gw_report_breakdown_key(n); n++) {
        names[n] = gw_report_breakdown_key(n);
        if (strcmp(names[n], name) == 0) return GW_OK;
    }
    const char *near = nearest_word(name, names, n);
    FAIL(GW_ERR_USAGE, "--sort: unknown \"%s\"; did you mean \"%s\"?", name, near ? near : "pnl");
}

/* Is there a run to draw at all? Asked first, so that a missing gnuplot is only spoken of where it would have helped. */
static int check_run(const char *dir) {
    FILE *nowhere = fopen("/dev/null", "w");
    if (!nowhere) return GW_OK;
    int rc = gw_report_text(dir, nowhere, 120);
    fclose(nowhere);
    return rc;
}

/* The bytes of a summary that reads as a run's. */
static int print_facts(const char *dir) {
    char path[1024], *text;
    size_t n;
    TRY(check_run(dir));
    TRY(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    TRY(file_read_own(path, (size_t)1 << 30, GW_ERR_DATA, &text, &n));
    fwrite(text, 1, n, stdout); /* whether it arrived, main asks at the end */
    mem_free(text);
    return GW_OK;
}

static int command(int argc, char **argv) {
    struct gw_report_options what = {.pdf = true, .png = true, .html = true};
    bool text = false, facts = false;
    const char *breakdown = NULL, *sort = NULL;
    int c;
    while ((c = cli_option(&command_report, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 't') text = true;
        if (c == 'j') facts = true;
        if (c == 'b') {
            TRY(known_breakdown(optarg));
            breakdown = optarg;
        }
        if (c == 's') {
            TRY(known_key(optarg));
            sort = optarg;
        }
        if (c == 'w') what.pdf = what.png = false;
        if (c == 'H') what.html = false;
        if (c == 'o') {
            TRY(known_plot(optarg));
            what.only = optarg;
            what.pdf = what.html = false;
        }
    }
    TRY(cli_arguments(&command_report, argc, argv, 1, "RUN_DIR"));
    if (facts) return print_facts(argv[optind]);
    if (sort && !breakdown) breakdown = "symbol";
    if (breakdown)
        return gw_report_breakdown(argv[optind], strcmp(breakdown, "all") == 0 ? NULL : breakdown, sort, stdout, 120);
    if (text) return gw_report_text(argv[optind], stdout, 120);
    TRY(check_run(argv[optind]));
    TRY(draw_report(argv[optind], &what));
    if (what.only) printf("plot: %s/" GW_RUN_PLOTS "/%s.png\n", CLI_SHOWN(argv[optind]), what.only);
    if (what.pdf) printf("report: %s/" GW_RUN_REPORT "\n", CLI_SHOWN(argv[optind]));
    if (what.html) printf("%s %s/" GW_RUN_HTML "\n", what.pdf ? "       " : "report:", CLI_SHOWN(argv[optind]));
    return GW_OK;
}

const struct command command_report = {
    .name = "report",
    .summary = "render report.pdf, report.html and plots/*.png of a finished run again",
    .arguments = "RUN_DIR",
    .about = "Draws report.pdf, plots/*.png and report.html, one file with an interactive chart, from the files of a "
             "finished run; "
             "nothing is computed again.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk report reports/out/demo --only equity",
    .run = command,
};
