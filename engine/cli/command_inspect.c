/* gatewalk inspect: what a data file holds, before anything is built on it. */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "engine/base/json.h"
#include "finding.h"

static const char *format_choice(size_t i) { return i < gw_import_format_count() ? gw_import_format_name(i) : NULL; }

static const struct command_option options[] = {
    {"format", 'f', "NAME", "instead of detecting it; `gatewalk list formats` shows all", format_choice},
    {"interval", 'i', "D", "bar length such as 15m, instead of the most frequent distance", NULL},
    {"symbol", 's', "NAME", "only this one of several", NULL},
    {"timezone", 'z', "ZONE", "of times that state none: Europe/Berlin, +02:00, America/New_York+7; else UTC", NULL},
    {"time-format", 't', "FORMAT", "as strptime: %d.%m.%Y %H:%M", NULL},
    {"calendar", 'c', "HOURS", "24x7, fx, weekdays or 09:30-16:00@America/New_York, instead of what the bars say",
     NULL},
    {"repair", 'r', NULL, "count what a repair would mend", NULL},
    {"picture", 'p', "FILE", "draw price, volume, gaps and labels by month to a .png or .pdf", NULL},
    {"json", 'j', NULL, "one JSON object", NULL},
};

struct inspection {
    const char *path, *calendar, *picture;
    struct gw_import_options import;
    bool json;
};

/* ---- text ----------------------------------------------------------------------------------------------- */

#define ROW "  %-17s "

static void line(const char *what, size_t n, size_t first_line) {
    printf(ROW "%zu", what, n);
    if (n && first_line) printf("  (first at line %zu)", first_line);
    printf("\n");
}

static void print_shape(const struct finding *f) {
    const struct gw_import_report *r = &f->report;
    char first[40], last[40], words[160];
    printf(ROW "%s\n", "symbol", f->bars->symbol);
    printf(ROW "%s\n", "format", r->format);
    printf(ROW "%s%s%s\n", "columns", r->columns_used, *r->columns_ignored ? "; ignored: " : "", r->columns_ignored);
    printf(ROW "%zu rows, %zu bars", "size", r->n_rows, r->n_bars);
    if (r->n_parts > 1) printf(" from %zu files", r->n_parts);
    printf("\n");
    if (f->bars->n)
        printf(ROW "%s to %s (open times, UTC)\n", "span", time_format(r->first_ns, first),
               time_format(r->last_ns, last));
    printf(ROW "%s%s\n", "interval", duration_words(r->interval_ns, words),
           r->newest_first ? ", newest first in the file" : "");
    printf(ROW "%s\n", "time zone", r->zone);
    if (!f->bars->n) return;
    if (*r->columns_ignored) printf(ROW "col(name) makes features of the ignored columns\n", "");
    calendar_words(&f->calendar, words);
    printf(ROW "%s%s\n", "open", words, f->calendar.given ? "" : " (inferred)");
}

static void print_missing(const struct finding *f) {
    const struct survey *s = &f->survey;
    char longest[48], at[40];
    printf(ROW "%zu bars in %zu gaps while open", "missing", s->n_missing, s->n_gaps);
    if (s->n_gaps)
        printf(", longest %s after %s", duration_words(s->longest_ns, longest), time_format(s->longest_after_ns, at));
    printf("\n");
    if (s->n_closed_days) printf(ROW "%zu without a bar (holidays, or not in the file)\n", "days", s->n_closed_days);
    if (s->n_outside) printf(ROW "%zu bars while closed\n", "out of hours", s->n_outside);
}

static void print_events(const char *what, size_t n, const struct survey_event *event, const char *format) {
    char at[40];
    printf(ROW "%zu", what, n);
    for (size_t i = 0; i < n && i < SURVEY_SHOWN; i++) {
        printf("%s%s ", i ? ", " : "  ", time_format(event[i].time_ns, at));
        printf(format, event[i].size);
    }
    printf("%s\n", n > SURVEY_SHOWN ? " …" : "");
}

static void print_problems(const struct finding *f) {
    const struct gw_import_report *r = &f->report;
    const struct survey *s = &f->survey;
    char remark[256];
    line("duplicates", r->n_duplicates, r->first_duplicate_line);
    line("backward", r->n_backward, r->first_backward_line);
    line("off-grid", r->n_off_grid, r->first_off_grid_line);
    line("zero volume", r->n_zero_volume, 0);
    line("OHLC violations", r->n_ohlc_violations, r->first_violation_line);
    line("bad rows", r->n_bad_rows, r->first_bad_line);
    if (r->n_mixed_units) line("converted units", r->n_mixed_units, 0);
    print_events("splits suspected", s->n_splits, s->split, "(%.4g for 1)");
    print_events("spikes", s->n_spikes, s->spike, "(%+.3g)");
    print_events("flat runs", s->n_flat_runs, s->flat, "(%.0f bars)");
    for (size_t i = 0; gw_import_remark(r, i, remark); i++) printf(ROW "%s\n", "note", remark);
    if (*r->first_problem) printf(ROW "%s\n", "first problem", r->first_problem);
    printf(ROW "%s\n", "refused by a run", *f->refused ? f->refused : "no");
    printf(ROW "long %.2f %%, short %.2f %% (horizon %zu, ratio %g, min_move %g)\n", "positive labels",
           100 * f->prevalence[0], 100 * f->prevalence[1], f->labels.horizon, f->labels.ratio, f->labels.min_move);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void put_events(struct json_writer *w, const char *name, size_t n, const struct survey_event *event) {
    char at[40];
    json_begin_array(w, name);
    for (size_t i = 0; i < n && i < SURVEY_SHOWN; i++) {
        json_begin_object(w, NULL);
        json_put_string(w, "time", time_format(event[i].time_ns, at));
        json_put_number(w, "size", event[i].size);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_survey(struct json_writer *w, const struct finding *f) {
    const struct survey *s = &f->survey;
    char text[160];
    json_begin_object(w, "open");
    if (f->bars->n) calendar_words(&f->calendar, text);
    json_put_string(w, "hours", f->bars->n ? text : NULL);
    json_put_bool(w, "inferred", !f->calendar.given);
    json_put_int(w, "gaps", (int64_t)s->n_gaps);
    json_put_int(w, "missing_bars", (int64_t)s->n_missing);
    json_put_number(w, "longest_gap_seconds", (double)s->longest_ns / (double)NS_PER_SECOND);
    json_put_int(w, "days_without_bars", (int64_t)s->n_closed_days);
    json_put_int(w, "bars_while_closed", (int64_t)s->n_outside);
    json_end_object(w);
    json_put_int(w, "n_splits_suspected", (int64_t)s->n_splits);
    put_events(w, "splits_suspected", s->n_splits, s->split);
    json_put_int(w, "n_spikes", (int64_t)s->n_spikes);
    put_events(w, "spikes", s->n_spikes, s->spike);
    json_put_int(w, "n_flat_runs", (int64_t)s->n_flat_runs);
    json_put_int(w, "n_flat_bars", (int64_t)s->n_flat_bars);
    put_events(w, "longest_flat_runs", s->n_flat_runs, s->flat);
}

static void put_finding(struct json_writer *w, const struct finding *f) {
    const struct gw_import_report *r = &f->report;
    char text[256];
    bool any = f->bars->n > 0;
    json_put_string(w, "symbol", f->bars->symbol);
    json_put_string(w, "format", r->format);
    json_put_string(w, "columns_used", r->columns_used);
    json_put_string(w, "columns_ignored", r->columns_ignored);
    json_put_int(w, "rows", (int64_t)r->n_rows);
    json_put_int(w, "bars", (int64_t)r->n_bars);
    json_put_int(w, "files", r->n_parts > 1 ? (int64_t)r->n_parts : 1);
    json_put_string(w, "first", any ? time_format(r->first_ns, text) : NULL);
    json_put_string(w, "last", any ? time_format(r->last_ns, text) : NULL);
    json_put_string(w, "interval", duration_format(r->interval_ns, text));
    json_put_string(w, "time_zone", r->zone);
    json_put_bool(w, "time_zone_is_guessed", r->zone_is_guessed);
    json_put_int(w, "gaps", (int64_t)r->n_gaps);
    json_put_int(w, "missing_bars", (int64_t)r->n_missing_bars);
    json_put_string(w, "longest_gap", r->n_gaps ? duration_words(r->longest_gap_ns, text) : NULL);
    json_put_number(w, "longest_gap_seconds", (double)r->longest_gap_ns / (double)NS_PER_SECOND);
    json_put_string(w, "longest_gap_after", r->n_gaps ? time_format(r->longest_gap_at_ns, text) : NULL);
    put_survey(w, f);
    json_put_int(w, "duplicates", (int64_t)r->n_duplicates);
    json_put_int(w, "backward", (int64_t)r->n_backward);
    json_put_int(w, "off_grid", (int64_t)r->n_off_grid);
    json_put_string(w, "first_off_grid", r->n_off_grid ? time_format(r->first_off_grid_ns, text) : NULL);
    json_put_int(w, "zero_volume", (int64_t)r->n_zero_volume);
    json_put_bool(w, "has_volume", r->has_volume);
    json_put_int(w, "ohlc_violations", (int64_t)r->n_ohlc_violations);
    json_put_int(w, "bad_rows", (int64_t)r->n_bad_rows);
    json_put_int(w, "mixed_units", (int64_t)r->n_mixed_units);
    json_put_string(w, "refused", *f->refused ? f->refused : NULL);
    json_put_string(w, "first_problem", *r->first_problem ? r->first_problem : NULL);
    json_begin_array(w, "notes");
    for (size_t i = 0; gw_import_remark(r, i, text); i++) json_put_string(w, NULL, text);
    json_end_array(w);
    json_begin_object(w, "label_prevalence");
    for (int g = 0; g < GW_N_GATES; g++) json_put_number(w, gw_gate_name[g], f->prevalence[g]);
    json_end_object(w);
}

/* ---- looking --------------------------------------------------------------------------------------------- */

/* A run tolerates nothing that it was not told to repair: its own import is asked. */
static int judge_as_run(const struct inspection *in, const char *symbol, bool alone, char refused[1024]) {
    struct gw_import_options strict = in->import;
    struct gw_bars bars;
    strict.tolerant = false;
    if (!alone) strict.symbol = symbol;
    int rc = gw_bars_import(in->path, &strict, &bars, NULL);
    if (rc == GW_OK) gw_bars_free(&bars);
    if (rc != GW_OK && rc != GW_ERR_DATA) return rc;
    snprintf(refused, 1024, "%s", rc == GW_OK ? "" : gw_error_message());
    return GW_OK;
}

/* "page.png" of the second symbol is "page-SYMBOL.png". */
static void picture_path(const char *path, const char *symbol, bool alone, char out[1100]) {
    const char *dot = strrchr(path, '.');
    int stem = dot ? (int)(dot - path) : (int)strlen(path);
    if (alone)
        snprintf(out, 1100, "%.1000s", path);
    else
        snprintf(out, 1100, "%.*s-%s%s", stem < 1000 ? stem : 1000, path, symbol, dot ? dot : "");
}

static int show(const struct inspection *in, const struct finding *f, bool alone, struct json_writer *w) {
    char path[1100];
    if (!in->json) {
        print_shape(f);
        if (f->bars->n) print_missing(f);
        print_problems(f);
    } else {
        if (!alone) json_begin_object(w, NULL);
        put_finding(w, f);
        if (!alone) json_end_object(w);
    }
    if (!in->picture) return GW_OK;
    picture_path(in->picture, f->bars->symbol, alone, path);
    TRY(finding_picture(f, in->path, path));
    if (!in->json) printf(ROW "%s\n", "picture", CLI_SHOWN(path));
    return GW_OK;
}

static int look(const struct inspection *in, const struct gw_market *market, const struct gw_import_report *reports) {
    struct json_writer w = {.stream = stdout};
    bool alone = market->n_symbols == 1;
    struct finding f;
    int rc = GW_OK;
    for (size_t s = 0; s < market->n_symbols && rc == GW_OK; s++) {
        rc = finding_make(&market->symbol[s], &reports[s], in->calendar, &f);
        if (rc < 0) break;
        rc = judge_as_run(in, market->symbol[s].symbol, alone, f.refused);
        if (rc == GW_OK && s == 0) {
            if (in->json) {
                json_begin_object(&w, NULL);
                json_put_string(&w, "file", in->path);
                if (!alone) json_begin_array(&w, "symbols");
            } else {
                printf("%s\n", strcmp(in->path, "-") == 0 ? "standard input" : CLI_SHOWN(in->path));
            }
        }
        if (rc == GW_OK) rc = show(in, &f, alone, &w);
        finding_free(&f);
    }
    if (rc < 0 || !in->json) return rc;
    if (!alone) json_end_array(&w);
    json_end_object(&w);
    printf("\n");
    return GW_OK;
}

static int inspect(const struct inspection *in) {
    struct gw_market market;
    struct gw_import_report *reports;
    TRY(gw_market_import(in->path, &in->import, &market, &reports));
    int rc = look(in, &market, reports);
    gw_import_reports_free(reports);
    gw_market_free(&market);
    return rc;
}

static int command(int argc, char **argv) {
    struct inspection in = {.import.tolerant = true};
    int c;
    while ((c = cli_option(&command_inspect, argc, argv)) != CLI_END) {
        if (c == CLI_HELP) return GW_OK;
        if (c < 0) return c;
        if (c == 'f') in.import.format = optarg;
        if (c == 'j') in.json = true;
        if (c == 's') in.import.symbol = optarg;
        if (c == 'z') in.import.timezone = optarg;
        if (c == 't') in.import.time_format = optarg;
        if (c == 'c') in.calendar = optarg;
        if (c == 'p') TRY(cli_text("--picture", optarg, &in.picture));
        if (c == 'r') in.import.repair = true;
        if (c == 'i' && duration_parse(optarg, &in.import.interval_ns) < 0)
            return gw_error_prefix(GW_ERR_USAGE, "--interval");
    }
    TRY(cli_arguments(&command_inspect, argc, argv, 1, "a data file"));
    in.path = argv[optind];
    return inspect(&in);
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "format, span, hours, gaps, what looks wrong and label prevalence of a data file",
    .arguments = "FILE",
    .about = "Reports what a file holds without failing on bad rows: they are counted and the first one "
             "is named. FILE may be plain or packed (gzip, bzip2, xz, zstd, zip, tar), a folder, a pattern or - for "
             "standard input, with at most 2 GiB of text; what is packed may unpack to 64 MiB and, beyond that, to 100 "
             "times its size. Gaps count while the market is open: its hours are inferred from the bars, or given.",
    .option = options,
    .n_options = COUNT_OF(options),
    .example = "gatewalk inspect datasets/sp500_daily.csv --picture sp500.png",
    .run = command,
};
