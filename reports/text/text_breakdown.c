/* The trades of a run taken apart, as a terminal shows them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/report.h"
#include "reports/data/run_view.h"
#include "text_table.h"

static const struct {
    const char *by, *title;
} part[] = {
    {"symbol", "by symbol"},
    {"side", "by side"},
    {"reason", "by the reason of the exit"},
    {"month", "by the month of the exit"},
    {"hour", "by the hour of the entry (UTC)"},
    {"fold", "by the fold of the signal"},
};

enum { COUNTED = -1 }; /* a count, or the mean of some */
static const struct {
    const char *heading, *member;
    double times;
    int decimals, priority;
    bool sign;
} column[] = {
    {"trades", "trades", 1, COUNTED, 0, false},
    {"win %", "win_rate", 100, 1, 0, false},
    {"pnl", "pnl", 1, 2, 0, true},
    {"mean return %", "mean_return", 100, 3, 0, true},
    {"profit factor", "profit_factor", 1, 2, 2, false},
    {"fees", "fees", 1, 2, 3, false},
    {"slippage", "slippage", 1, 2, 5, false},
    {"funding", "funding", 1, 2, 6, false},
    {"bars held", "bars_held", 1, 1, 4, false},
    {"ambiguous", "ambiguous", 1, COUNTED, 7, false},
    {"account %", "equity_return", 100, 2, 1, true},
};

/* The account as a whole has returns over time, not over sides or reasons. */
static size_t columns_of(size_t which) {
    const bool over_time = strcmp(part[which].by, "month") == 0 || strcmp(part[which].by, "fold") == 0;
    return COUNT_OF(column) - (over_time ? 0 : 1);
}

static int put_value(struct text_table *table, size_t at, size_t c, const json_value *group) {
    const char *word = json_string(json_get(group, column[c].member), NULL);
    const double value = column[c].times * member_number(group, column[c].member);
    if (word) return text_table_cell(table, at, "%s", text_of_no_number(strcmp(word, "inf") == 0 ? INFINITY : NAN));
    const int decimals = column[c].decimals != COUNTED ? column[c].decimals : value != floor(value);
    if (!isfinite(value)) return text_table_cell(table, at, "%s", text_of_no_number(value));
    return text_table_cell(table, at, column[c].sign ? "%+.*f" : "%.*f", decimals, value);
}

static const json_value *groups_of(const struct strategy_view *strategy, const char *by) {
    const json_value *groups = strategy->breakdown ? json_get(strategy->breakdown, by) : NULL;
    return groups && json_kind(groups) == JSON_ARRAY ? groups : NULL;
}

/* The largest first; what is no number last; equals as they stand. */
struct keyed {
    double key;
    size_t at;
};
static int largest_first(const void *a, const void *b) {
    const struct keyed *x = a, *y = b;
    if (isnan(x->key) != isnan(y->key)) return isnan(x->key) ? 1 : -1;
    if (x->key != y->key && !isnan(x->key)) return x->key < y->key ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static double key_of(const json_value *group, const char *sort) {
    const char *word = json_string(json_get(group, sort), NULL);
    if (word) return strcmp(word, "inf") == 0 ? INFINITY : NAN;
    return member_number(group, sort);
}

static int order_of(struct run_view *run, const json_value *groups, const char *sort, struct keyed **out) {
    const size_t n = groups ? json_size(groups) : 0;
    *out = arena_alloc(&run->arena, n + 1, sizeof **out);
    if (!*out) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) (*out)[i] = (struct keyed){sort ? key_of(json_at(groups, i), sort) : 0, i};
    qsort(*out, n, sizeof **out, largest_first);
    return GW_OK;
}

static int put_groups(struct run_view *run, struct text_table *table, const struct strategy_view *strategy,
                      size_t which, const char *sort) {
    const json_value *groups = groups_of(strategy, part[which].by);
    struct keyed *order;
    TRY(order_of(run, groups, sort, &order));
    for (size_t i = 0; groups && i < json_size(groups); i++) {
        const json_value *group = json_at(groups, order[i].at);
        const char *name = member_text(run, group, "group");
        if (!name) return GW_ERR_NOMEM;
        TRY(text_table_row(table));
        if (i == 0) text_table_rule(table);
        TRY(text_table_cell(table, 0, "%s", i ? "" : strategy->label));
        TRY(text_table_cell(table, 1, "%s", name));
        for (size_t c = 0; c < columns_of(which); c++) TRY(put_value(table, 2 + c, c, group));
    }
    return GW_OK;
}

static int put_part(struct run_view *run, size_t which, const char *sort, FILE *stream, size_t width) {
    struct text_table table;
    text_table_begin(&table, &run->arena);
    text_table_column(&table, "strategy", true, 0);
    text_table_column(&table, part[which].by, true, 0);
    for (size_t c = 0; c < columns_of(which); c++)
        text_table_column(&table, column[c].heading, false, column[c].priority);
    for (size_t s = 0; s < run->n_strategies; s++) TRY(put_groups(run, &table, &run->strategy[s], which, sort));
    fprintf(stream, "%s\n", part[which].title);
    if (table.n_rows)
        TRY(text_table_print(&table, stream, width));
    else
        fputs("  no trades\n", stream);
    fputc('\n', stream);
    return GW_OK;
}

const char *gw_report_breakdown_by(size_t i) { return i < COUNT_OF(part) ? part[i].by : NULL; }

const char *gw_report_breakdown_key(size_t i) { return i < COUNT_OF(column) ? column[i].member : NULL; }

int gw_report_breakdown(const char *run_dir, const char *by, const char *sort, FILE *stream, size_t width) {
    struct run_view run;
    bool any = false;
    TRY(run_view_open(run_dir, &run));
    int rc = GW_OK;
    for (size_t s = 0; s < run.n_strategies; s++) any |= run.strategy[s].breakdown != NULL;
    if (!any)
        rc = gw_error_set(GW_ERR_DATA,
                          "%s/" GW_RUN_SUMMARY " has no breakdown of its trades; run the experiment again with --force",
                          run_dir);
    for (size_t i = 0; rc == GW_OK && i < COUNT_OF(part); i++)
        if (!by || strcmp(by, part[i].by) == 0) rc = put_part(&run, i, sort, stream, width < 60 ? 60 : width);
    if (rc == GW_OK)
        text_print_wrapped(stream,
                           run.n_seeds > 1 ? "trades and cash: the mean of the seeds; account: what the whole account "
                                             "returned over that month or fold"
                                           : "account: what the whole account returned over that month or fold",
                           2, width);
    run_view_close(&run);
    return rc;
}
