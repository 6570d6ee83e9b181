/* gatewalk bench: how fast the parts are on this machine. */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "engine/base/json.h"
#include "engine/bench/bench.h"
#include "gatewalk/model.h"

static const char *bench_choice(size_t i) {
    if (i == bench_count()) return "all";
    return i < bench_count() ? bench_at(i)->name : NULL;
}

static const struct command_option options[] = {
    {"seconds", 's', "N", "time per figure (default 2)", NULL},
    {"threads", 't', "N", "most threads (default: all cores)", NULL},
    {"kernels", 'k', "NAME", "the set that is also measured with threads", cli_kernels_choice},
    {"file", 'f', "FILE", "import: read this file instead of a made one", NULL},
    {"json", 'j', NULL, "for machines", NULL},
    {"csv", 'c', NULL, "for machines", NULL},
};

enum format { TEXT, JSON, CSV };

static void print_rows(const struct bench_list *list, enum format format) {
    struct json_writer w = {.stream = stdout};
    if (format == JSON) json_begin_array(&w, NULL);
    if (format == CSV) printf("what,kernels,value,unit,share_of_peak\n");
    for (size_t i = 0; i < list->n; i++) {
        const struct bench_row *row = &list->row[i];
        if (format == JSON) {
            json_begin_object(&w, NULL);
            json_put_string(&w, "what", row->what);
            json_put_string(&w, "kernels", *row->kernels ? row->kernels : NULL);
            json_put_number(&w, "value", row->value);
            json_put_string(&w, "unit", row->unit);
            json_put_number(&w, "share_of_peak", row->share);
            json_end_object(&w);
        } else if (format == CSV) {
            char what[64];
            snprintf(what, sizeof what, "%s", row->what);
            for (char *comma; (comma = strchr(what, ','));) *comma = ';';
            printf("%s,%s,%.6g,%s,", what, row->kernels, row->value, row->unit);
            isnan(row->share) ? printf("\n") : printf("%.3f\n", row->share);
        } else {
            printf("%-44s %-9s %14.*f %-10s", row->what, row->kernels, row->value < 1000 ? 1 : 0, row->value,
                   row->unit);
            isnan(row->share) ? printf("\n") : printf(" %5.1f %% of sgemm peak\n", 100 * row->share);
        }
    }
    if (format == JSON) json_end_array(&w);
}

static int run_named(const char *name, const struct bench_options *o, struct bench_list *list) {
    const char *names[32];
    bool all = strcmp(name, "all") == 0, found = false;
    for (size_t i = 0; i < bench_count(); i++) {
        names[i] = bench_at(i)->name;
        if (!all && strcmp(names[i], name) != 0) continue;
        found = true;
        message("bench %s: %s", names[i], bench_at(i)->help);
        TRY(bench_at(i)->run(o, list));
    }
    if (found) return GW_OK;
    const char *near = nearest_word(name, names, bench_count());
    if (near) FAIL(GW_ERR_USAGE, "bench: nothing called \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE,
         "bench: nothing called \"%s\"; use gemm, train, score, patterns, features, import, replay or all", name);
}

static int command(int argc, char **argv) {
    static struct bench_list list; /* large, and there is only one */
    struct bench_options o = {.threads = (size_t)omp_get_max_threads(), .seconds = 2};
    enum format format = TEXT;
    const char *kernels = "auto";
    size_t seconds = 2;
    int c;
    while ((c = cli_option(&command_bench, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'j') format = JSON;
        if (c == 'c') format = CSV;
        if (c == 'k') kernels = optarg;
        if (c == 'f') o.file = optarg;
        if (c == 's') TRY(cli_count("--seconds", optarg, 0, 3600, &seconds));
        if (c == 't') TRY(cli_count("--threads", optarg, 1, 1024, &o.threads));
    }
    TRY(cli_arguments(&command_bench, argc, argv, 1, "a bench or \"all\""));
    o.seconds = (double)seconds;
    o.threads = threads_startable(o.threads);
    TRY(gw_kernels_select(kernels));
    TRY(run_named(argv[optind], &o, &list));
    print_rows(&list, format);
    return GW_OK;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "throughput of training, scoring, import, features and replay",
    .arguments = "WHAT",
    .about = "Prints throughput, a row per kernel set this CPU has; products also as a share of the sgemm "
             "peak of one core (the best of OpenBLAS and of our own sets), measured in the same run. "
             "Figures are the best of several repeats.",
    .choice = bench_choice,
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk bench train --seconds 5 --json",
    .run = command,
};
