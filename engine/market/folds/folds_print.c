/* The audit table: what a person reads to see that no label crosses into the next slice. */
#include "engine/base/base.h"
#include "gatewalk/folds.h"

/* Over all symbols of one slice. */
struct line {
    size_t bars, samples;
    int64_t first_ns, last_ns; /* close times of its first and last bar */
    int64_t label_ns;          /* close time of the last bar that a label looks at; INT64_MIN without samples */
    int64_t next_ns;           /* close time of the first bar of the next slice */
    size_t between;            /* bars between those two, the least of all symbols */
};

static void add_symbol(struct line *line, const struct gw_bars *bars, struct gw_range slice, struct gw_range samples,
                       size_t horizon, bool is_test) {
    if (slice.begin == slice.end) return;
    int64_t first_ns = gw_bar_close_ns(bars, slice.begin), last_ns = gw_bar_close_ns(bars, slice.end - 1);
    if (first_ns < line->first_ns) line->first_ns = first_ns;
    if (last_ns > line->last_ns) line->last_ns = last_ns;
    line->bars += slice.end - slice.begin;
    line->samples += samples.end - samples.begin;
    if (is_test || samples.begin == samples.end) return;
    size_t label = samples.end - 1 + horizon;
    if (label >= bars->n) label = bars->n - 1; /* a plan that the audit would refuse: show what there is */
    size_t between = label < slice.end ? slice.end - 1 - label : 0;
    if (gw_bar_close_ns(bars, label) > line->label_ns) line->label_ns = gw_bar_close_ns(bars, label);
    if (slice.end < bars->n && gw_bar_close_ns(bars, slice.end) < line->next_ns)
        line->next_ns = gw_bar_close_ns(bars, slice.end);
    if (between < line->between) line->between = between;
}

static struct line sum_up(const struct gw_market *market, const struct gw_fold *fold, int slice, size_t horizon) {
    struct line line = {
        .first_ns = INT64_MAX, .last_ns = INT64_MIN, .label_ns = INT64_MIN, .next_ns = INT64_MAX, .between = SIZE_MAX};
    for (size_t s = 0; s < market->n_symbols; s++)
        add_symbol(&line, &market->symbol[s], fold->bars[slice][s], fold->samples[slice][s], horizon,
                   slice == GW_SLICE_TEST);
    return line;
}

static const char *when(int64_t time_ns, char text[40]) {
    return time_ns == INT64_MAX || time_ns == INT64_MIN ? "-" : time_format(time_ns, text);
}

static void print_line(const struct line *line, const struct gw_fold *fold, size_t number, int slice, FILE *stream) {
    char first[40], last[40], label[40], next[40];
    fprintf(stream, "%4zu  %-10s  %-20s  %-20s  %7zu  %7zu  %6zu  ", number + 1, gw_slice_name[slice],
            when(line->first_ns, first), when(line->last_ns, last), line->bars, line->samples,
            slice < GW_SLICE_TEST ? fold->purged[slice] : 0);
    if (line->label_ns == INT64_MIN) {
        fputs("-\n", stream);
        return;
    }
    fprintf(stream, "%-20s  %-20s  %7zu  %s\n", when(line->label_ns, label), when(line->next_ns, next), line->between,
            line->label_ns < line->next_ns ? "ok" : "OVERLAP");
}

void gw_folds_print(const struct gw_market *market, const struct gw_fold_plan *plan, FILE *stream) {
    const struct gw_fold_config *config = &plan->config;
    fprintf(stream, "purge: a label looks %zu bars ahead; embargo: %zu bars more; times are bar closes (UTC)\n",
            config->horizon, config->embargo);
    fprintf(stream, "%4s  %-10s  %-20s  %-20s  %7s  %7s  %6s  %-20s  %-20s  %7s\n", "fold", "slice", "first bar",
            "last bar", "bars", "samples", "purged", "last label ends", "next slice begins", "between");
    for (size_t i = 0; i < plan->n_folds; i++)
        for (int k = 0; k < GW_N_SLICES; k++) {
            struct line line = sum_up(market, &plan->fold[i], k, config->horizon);
            print_line(&line, &plan->fold[i], i, k, stream);
        }
}
