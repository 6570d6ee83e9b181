/* What a file is like: its interval and where it departs from an even grid. Facts, not errors: markets
 * pause, exchanges go down, minutes pass without a trade. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "import_private.h"

static int compare_int64(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The most frequent of n values (the smallest of equally frequent ones); sorts them only when no value has
 * an absolute majority, which Boyer and Moore's vote finds in one pass (1991). */
static int64_t most_frequent(int64_t *value, size_t n) {
    int64_t candidate = value[0];
    size_t votes = 0, count = 0;
    for (size_t i = 0; i < n; i++) {
        if (votes == 0) candidate = value[i];
        votes = value[i] == candidate ? votes + 1 : votes - 1;
    }
    for (size_t i = 0; i < n; i++) count += value[i] == candidate;
    if (2 * count > n) return candidate;
    qsort(value, n, sizeof *value, compare_int64);
    size_t best = 0;
    for (size_t i = 0, run = 0; i < n; i++) {
        run = i > 0 && value[i] == value[i - 1] ? run + 1 : 1;
        if (run > best) {
            best = run;
            candidate = value[i];
        }
    }
    return candidate;
}

static int64_t residue(int64_t time_ns, int64_t interval_ns) {
    int64_t r = time_ns % interval_ns;
    return r < 0 ? r + interval_ns : r;
}

/* Distances between bars, and the close of the last one, must fit 64 bits of nanoseconds (292 years). */
static int check_span(const struct import_reader *reader, int64_t interval_ns) {
    const struct gw_bar *first = reader->rows.bar, *last = first + reader->rows.n - 1;
    int64_t ignored;
    char from[40], to[40];
    if (!__builtin_sub_overflow(last->open_ns, first->open_ns, &ignored) &&
        !__builtin_add_overflow(last->open_ns, interval_ns, &ignored))
        return GW_OK;
    FAIL(GW_ERR_DATA, "%s: bars from %s to %s: a span of centuries does not fit; correct the dates", reader->path,
         time_format(first->open_ns, from), time_format(last->open_ns, to));
}

static int choose_interval(struct import_reader *reader, int64_t *scratch) {
    const struct import_rows *rows = &reader->rows;
    int64_t asked = reader->options.interval_ns, spacing = 0;
    char spacing_text[40], asked_text[40];
    TRY(check_span(reader, 0));
    for (size_t i = 1; i < rows->n; i++) scratch[i - 1] = rows->bar[i].open_ns - rows->bar[i - 1].open_ns;
    if (rows->n > 1) spacing = most_frequent(scratch, rows->n - 1);
    if (asked < 0) FAIL(GW_ERR_CONFIG, "the interval of bars must be positive");
    if (asked == 0 && spacing == 0 && !reader->part)
        FAIL(GW_ERR_DATA, "%s:%u:1: one bar does not tell its interval; name the interval", reader->path,
             rows->line[0]);
    /* Sparse bars may mostly lie several intervals apart, but never a part of one. */
    if (asked && spacing && spacing % asked != 0)
        FAIL(GW_ERR_DATA,
             "%s: bars lie mostly %s apart, which does not fit the asked interval of %s; resample afterwards",
             reader->path, duration_format(spacing, spacing_text), duration_format(asked, asked_text));
    reader->report.interval_ns = asked ? asked : spacing;
    return check_span(reader, reader->report.interval_ns);
}

/* Where each bar opens within its interval. A division costs more than all else that is done for a bar, and one
 * interval on the phase is the same. */
static void fill_phases(const struct import_rows *rows, int64_t interval_ns, int64_t *phase) {
    for (size_t i = 0; i < rows->n; i++) {
        bool next = i > 0 && rows->bar[i].open_ns - rows->bar[i - 1].open_ns == interval_ns;
        phase[i] = next ? phase[i - 1] : residue(rows->bar[i].open_ns, interval_ns);
    }
}

/* Bars off the grid that most bars keep; midnight UTC lies on the grid of most, but not of all markets. */
static void count_off_grid(struct import_reader *reader, int64_t *scratch) {
    const struct import_rows *rows = &reader->rows;
    struct gw_import_report *report = &reader->report;
    fill_phases(rows, report->interval_ns, scratch);
    report->grid_phase_ns = most_frequent(scratch, rows->n);
    fill_phases(rows, report->interval_ns, scratch); /* the search may have sorted them */
    for (size_t i = 0; i < rows->n; i++) {
        if (scratch[i] == report->grid_phase_ns) continue;
        if (report->n_off_grid++) continue;
        report->first_off_grid_line = rows->line[i];
        report->first_off_grid_ns = rows->bar[i].open_ns;
    }
}

static void count_gaps(struct import_reader *reader) {
    const struct import_rows *rows = &reader->rows;
    struct gw_import_report *report = &reader->report;
    for (size_t i = 1; i < rows->n; i++) {
        int64_t distance = rows->bar[i].open_ns - rows->bar[i - 1].open_ns;
        if (distance == report->interval_ns) continue;
        if (distance < report->interval_ns) {
            report->n_overlaps++;
            continue;
        }
        report->n_gaps++;
        /* Rounded, as an off-grid stretch may begin or end beside a gap. */
        int64_t intervals = distance / report->interval_ns;
        intervals += 2 * (distance % report->interval_ns) >= report->interval_ns;
        report->n_missing_bars += (size_t)(intervals - 1);
        if (distance <= report->longest_gap_ns) continue;
        report->longest_gap_ns = distance;
        report->longest_gap_at_ns = rows->bar[i - 1].open_ns;
    }
}

int import_facts(struct import_reader *reader) {
    const struct import_rows *rows = &reader->rows;
    struct gw_import_report *report = &reader->report;
    int64_t *scratch = mem_calloc(rows->n, sizeof *scratch);
    int rc = scratch ? choose_interval(reader, scratch) : GW_ERR_NOMEM;
    if (rc == GW_OK && report->interval_ns) { /* else it is one bar of a larger whole */
        count_off_grid(reader, scratch);
        count_gaps(reader);
        for (size_t i = 0; i < rows->n; i++) report->n_zero_volume += rows->bar[i].volume == 0;
        report->n_bars = rows->n;
        report->first_ns = rows->bar[0].open_ns;
        report->last_ns = rows->bar[rows->n - 1].open_ns;
    }
    mem_free(scratch);
    return rc;
}
