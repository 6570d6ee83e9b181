/* gatewalk inspect: what a data file holds, before anything is built on it. */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "engine/base/json.h"
#include "gatewalk/import.h"
#include "gatewalk/labels.h"

static const char *format_choice(size_t i) { return i < gw_import_format_count() ? gw_import_format_name(i) : NULL; }

static const struct command_option options[] = {
    {"format", 'f', "NAME", "instead of detecting it; `gatewalk list formats` shows all", format_choice},
    {"interval", 'i', "D", "bar length such as 15m, instead of the most frequent distance", NULL},
    {"timezone", 'z', "ZONE", "of times that state none: Europe/Berlin, +02:00, America/New_York+7; else UTC", NULL},
    {"time-format", 't', "FORMAT", "as strptime: %d.%m.%Y %H:%M", NULL},
    {"repair", 'r', NULL, "count what a repair would mend", NULL},
    {"json", 'j', NULL, "one JSON object", NULL},
};

static double prevalence(const int8_t *gate, size_t n) {
    size_t labelled = 0, positive = 0;
    for (size_t i = 0; i < n; i++) {
        labelled += gate[i] != GW_LABEL_MISSING;
        positive += gate[i] == 1;
    }
    return labelled ? (double)positive / (double)labelled : NAN;
}

static int label_prevalence(const struct gw_bars *bars, double out[GW_N_GATES]) {
    struct gw_label_config config = {.horizon = 24, .ratio = 2, .min_move = 0.01, .atr_length = 14};
    struct gw_labels labels;
    TRY(gw_labels_build(bars, &config, &labels));
    for (int g = 0; g < GW_N_GATES; g++) out[g] = prevalence(labels.gate[g], bars->n);
    gw_labels_free(&labels);
    return GW_OK;
}

static void line(const char *what, size_t n, size_t first_line) {
    printf("  %-22s %zu", what, n);
    if (n && first_line) printf("  (first at line %zu)", first_line);
    printf("\n");
}

/* What was found, and the words in which a run refuses the file, "" when it takes it. */
struct finding {
    struct gw_bars bars;
    struct gw_import_report report;
    double prevalence[GW_N_GATES];
    char refused[1024];
};

static void print_text(const char *path, const struct finding *found) {
    const struct gw_bars *bars = &found->bars;
    const struct gw_import_report *r = &found->report;
    char first[40], last[40], interval[40], longest[40], at[40];
    printf("%s\n", CLI_SHOWN(path));
    printf("  %-22s %s (%s)\n", "symbol", bars->symbol, r->format);
    printf("  %-22s %zu rows, %zu bars\n", "size", r->n_rows, r->n_bars);
    if (bars->n)
        printf("  %-22s %s to %s (open times, UTC)\n", "span", time_format(r->first_ns, first),
               time_format(r->last_ns, last));
    printf("  %-22s %s%s\n", "interval", duration_format(r->interval_ns, interval),
           r->newest_first ? ", newest first in the file" : "");
    printf("  %-22s %zu (%zu missing bars)", "gaps", r->n_gaps, r->n_missing_bars);
    if (r->n_gaps)
        printf("  longest %s after %s", duration_format(r->longest_gap_ns, longest),
               time_format(r->longest_gap_at_ns, at));
    printf("\n");
    line("duplicates", r->n_duplicates, r->first_duplicate_line);
    line("backward", r->n_backward, r->first_backward_line);
    line("off-grid", r->n_off_grid, r->first_off_grid_line);
    line("zero volume", r->n_zero_volume, 0);
    line("OHLC violations", r->n_ohlc_violations, r->first_violation_line);
    line("bad rows", r->n_bad_rows, r->first_bad_line);
    if (r->n_mixed_units) line("converted unix units", r->n_mixed_units, 0);
    if (*r->first_problem) printf("  %-22s %s\n", "first problem", r->first_problem);
    if (*r->columns_used) printf("  %-22s %s\n", "columns", r->columns_used);
    if (*r->columns_ignored)
        printf("  %-22s %s  (col(name) makes features of them)\n", "other columns", r->columns_ignored);
    printf("  %-22s %s\n", "refused by a run", *found->refused ? found->refused : "no");
    printf("  %-22s long %.2f %%, short %.2f %% (horizon 24, ratio 2, min_move 0.01)\n", "label prevalence",
           100 * found->prevalence[0], 100 * found->prevalence[1]);
}

static void print_json(const char *path, const struct finding *found) {
    const struct gw_bars *bars = &found->bars;
    const struct gw_import_report *r = &found->report;
    char text[40];
    struct json_writer w = {.stream = stdout};
    json_begin_object(&w, NULL);
    json_put_string(&w, "file", path);
    json_put_string(&w, "symbol", bars->symbol);
    json_put_string(&w, "format", r->format);
    json_put_int(&w, "rows", (int64_t)r->n_rows);
    json_put_int(&w, "bars", (int64_t)r->n_bars);
    json_put_string(&w, "first", bars->n ? time_format(r->first_ns, text) : NULL);
    json_put_string(&w, "last", bars->n ? time_format(r->last_ns, text) : NULL);
    json_put_string(&w, "interval", duration_format(r->interval_ns, text));
    json_put_int(&w, "gaps", (int64_t)r->n_gaps);
    json_put_int(&w, "missing_bars", (int64_t)r->n_missing_bars);
    json_put_string(&w, "longest_gap", r->n_gaps ? duration_format(r->longest_gap_ns, text) : NULL);
    json_put_string(&w, "longest_gap_after", r->n_gaps ? time_format(r->longest_gap_at_ns, text) : NULL);
    json_put_int(&w, "duplicates", (int64_t)r->n_duplicates);
    json_put_int(&w, "backward", (int64_t)r->n_backward);
    json_put_int(&w, "off_grid", (int64_t)r->n_off_grid);
    json_put_string(&w, "first_off_grid", r->n_off_grid ? time_format(r->first_off_grid_ns, text) : NULL);
    json_put_int(&w, "zero_volume", (int64_t)r->n_zero_volume);
    json_put_int(&w, "ohlc_violations", (int64_t)r->n_ohlc_violations);
    json_put_int(&w, "bad_rows", (int64_t)r->n_bad_rows);
    json_put_int(&w, "mixed_units", (int64_t)r->n_mixed_units);
    json_put_string(&w, "refused", *found->refused ? found->refused : NULL);
    json_put_string(&w, "first_problem", *r->first_problem ? r->first_problem : NULL);
    json_put_string(&w, "columns", r->columns_used);
    json_put_string(&w, "other_columns", r->columns_ignored);
    json_begin_object(&w, "label_prevalence");
    for (int g = 0; g < GW_N_GATES; g++) json_put_number(&w, gw_gate_name[g], found->prevalence[g]);
    json_end_object(&w);
    json_end_object(&w);
    printf("\n");
}

/* A run tolerates nothing that it was not told to repair: its own import is asked. */
static int judge_as_run(const char *path, const struct gw_import_options *import, struct finding *found) {
    struct gw_import_options strict = *import;
    struct gw_bars bars;
    strict.tolerant = false;
    int rc = gw_bars_import(path, &strict, &bars, NULL);
    if (rc == GW_OK) gw_bars_free(&bars);
    if (rc != GW_OK && rc != GW_ERR_DATA) return rc;
    snprintf(found->refused, sizeof found->refused, "%s", rc == GW_OK ? "" : gw_error_message());
    return GW_OK;
}

static int inspect(const char *path, const struct gw_import_options *import, bool json) {
    struct finding found = {.prevalence = {NAN, NAN}};
    TRY(gw_bars_import(path, import, &found.bars, &found.report));
    int rc = judge_as_run(path, import, &found);
    if (rc == GW_OK && found.bars.n) rc = label_prevalence(&found.bars, found.prevalence);
    if (rc == GW_OK) (json ? print_json : print_text)(path, &found);
    gw_bars_free(&found.bars);
    return rc;
}

static int command(int argc, char **argv) {
    struct gw_import_options import = {.tolerant = true};
    bool json = false;
    int c;
    while ((c = cli_option(&command_inspect, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'f') import.format = optarg;
        if (c == 'j') json = true;
        if (c == 'z') import.timezone = optarg;
        if (c == 't') import.time_format = optarg;
        if (c == 'r') import.repair = true;
        if (c == 'i' && duration_parse(optarg, &import.interval_ns) < 0)
            return gw_error_prefix(GW_ERR_USAGE, "--interval");
    }
    TRY(cli_arguments(&command_inspect, argc, argv, 1, "a data file"));
    return inspect(argv[optind], &import, json);
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "rows, span, gaps, duplicates, violations and label prevalence of a data file",
    .arguments = "FILE",
    .about = "Reports what a file holds without failing on bad rows: they are counted and the first one "
             "is named. A file may be plain, gzip or a zip of one entry, with at most 2 GiB of text; what "
             "is packed may unpack to 64 MiB and, beyond that, to 100 times its size.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk inspect datasets/sp500_daily.csv --json",
    .run = command,
};
