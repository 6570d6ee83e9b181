/* Trades of a contestant by symbol and period (symbol_months.h). */
#include "symbol_months.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

enum { STRATEGY, SYMBOL, EXIT_TIME, PNL };
enum { COLUMNS_MOST = 72, MONTHS_LEAST = 4, DAYS_MOST = 21 };
static const double NAME_WIDEST = 0.092;

/* ---- the calendar ------------------------------------------------------------------------------------------------- */

const char *const period_word[N_PERIODS] = {"day", "week", "month", "quarter", "year"};

/* Counted from one that is the same for all. A midnight ends its day; weeks begin on Mondays, as 1970-01-05 was. */
static int64_t period_of(enum period period, double seconds) {
    int year, month, day, second, weekday;
    const int64_t days = (int64_t)floor((seconds - 1) / 86400);
    time_to_civil(days * NS_PER_DAY, &year, &month, &day, &second, &weekday);
    const int64_t months = (int64_t)year * 12 + month - 1;
    switch (period) {
    case PERIOD_DAY:
        return days;
    case PERIOD_WEEK:
        return (int64_t)floor((double)(days - 4) / 7);
    case PERIOD_MONTH:
        return months;
    case PERIOD_QUARTER:
        return months / 3;
    default:
        return year;
    }
}

void symbol_months_label(const struct symbol_months *months, size_t column, char text[PERIOD_LABEL]) {
    const int64_t at = months->first + (int64_t)column;
    int year, month, day, second, weekday;
    switch (months->period) {
    case PERIOD_DAY:
    case PERIOD_WEEK:
        time_to_civil((months->period == PERIOD_WEEK ? 7 * at + 4 : at) * NS_PER_DAY, &year, &month, &day, &second,
                      &weekday);
        snprintf(text, PERIOD_LABEL, "%04d-%02d-%02d", year, month, day);
        return;
    case PERIOD_MONTH:
        snprintf(text, PERIOD_LABEL, "%04d-%02d", (int)(at / 12), (int)(at % 12) + 1);
        return;
    case PERIOD_QUARTER:
        snprintf(text, PERIOD_LABEL, "%04d Q%d", (int)(at / 4), (int)(at % 4) + 1);
        return;
    default:
        snprintf(text, PERIOD_LABEL, "%04d", (int)at);
    }
}

static enum period period_for(double first, double last) {
    const int64_t months = period_of(PERIOD_MONTH, last) - period_of(PERIOD_MONTH, first) + 1;
    if (months < MONTHS_LEAST)
        return period_of(PERIOD_DAY, last) - period_of(PERIOD_DAY, first) < DAYS_MOST ? PERIOD_DAY : PERIOD_WEEK;
    return months <= COLUMNS_MOST ? PERIOD_MONTH : months <= 3 * COLUMNS_MOST ? PERIOD_QUARTER : PERIOD_YEAR;
}

bool symbol_months_span(const struct table *trades, size_t exit_time, struct symbol_months *out) {
    double first = INFINITY, last = -INFINITY;
    for (size_t row = 0; row < trades->n_rows; row++) {
        const double at = seconds_of(trades->cell[row * trades->n_columns + exit_time]);
        if (!isfinite(at)) continue;
        first = fmin(first, at);
        last = fmax(last, at);
    }
    *out = (struct symbol_months){0};
    if (!(last >= first)) return false;
    out->period = period_for(first, last);
    out->first = period_of(out->period, first);
    out->n_columns = (size_t)(period_of(out->period, last) - out->first) + 1;
    return true;
}

/* ---- trades --------------------------------------------------------------------------------------------------------- */

struct ended {
    const char *symbol;
    int64_t period;
    double pnl;
};

static int by_symbol(const void *a, const void *b) {
    const struct ended *x = a, *y = b;
    const int c = strcmp(x->symbol, y->symbol);
    if (c) return c;
    if (x->period != y->period) return x->period < y->period ? -1 : 1;
    return (x->pnl > y->pnl) - (x->pnl < y->pnl); /* sums have one order */
}

static int by_total(const void *a, const void *b) {
    const struct symbol_row *x = a, *y = b;
    if (x->total != y->total) return x->total < y->total ? 1 : -1;
    return strcmp(x->label, y->label);
}

static int row_begin(struct arena *arena, const struct symbol_months *months, struct symbol_row *row) {
    *row = (struct symbol_row){.label = "", .value = arena_alloc(arena, months->n_columns, sizeof *row->value)};
    if (!row->value) return GW_ERR_NOMEM;
    for (size_t c = 0; c < months->n_columns; c++) row->value[c] = NAN;
    return GW_OK;
}

static void add(double *to, double value) { *to = (isfinite(*to) ? *to : 0) + value; }

int symbol_months_mean(struct arena *arena, const struct symbol_months *months, const struct symbol_row *of, size_t n,
                       struct symbol_row *mean) {
    TRY(row_begin(arena, months, mean));
    for (size_t i = 0; i < n; i++) {
        mean->total += of[i].total / (double)n;
        for (size_t c = 0; c < months->n_columns; c++)
            if (isfinite(of[i].value[c])) add(&mean->value[c], of[i].value[c] / (double)n);
    }
    return GW_OK;
}

/* Trades of one symbol stand together. */
static int make_rows(struct arena *arena, const struct ended *ended, size_t n, struct symbol_months *out) {
    const char *symbol = "";
    out->row = arena_alloc(arena, n + 1, sizeof *out->row);
    if (!out->row) return GW_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        struct symbol_row *row = &out->row[out->n];
        if (i == 0 || strcmp(symbol, ended[i].symbol) != 0) {
            symbol = ended[i].symbol;
            TRY(row_begin(arena, out, row));
            char *fitted = text_fit(arena, symbol, font_size_pt[FONT_SMALL], NAME_WIDEST);
            if (!fitted || !(row->label = text_safe(arena, fitted))) return GW_ERR_NOMEM;
            out->n++;
        }
        row = &out->row[out->n - 1];
        add(&row->value[ended[i].period - out->first], ended[i].pnl);
        row->total += ended[i].pnl;
    }
    return GW_OK;
}

static int summarise(struct arena *arena, struct symbol_months *out) {
    size_t cells = 0;
    double *size = arena_alloc(arena, out->n * out->n_columns + 1, sizeof *size);
    if (!size) return GW_ERR_NOMEM;
    for (size_t c = 0; c < out->n_columns; c++) {
        const size_t before = cells;
        for (size_t r = 0; r < out->n; r++)
            if (isfinite(out->row[r].value[c])) size[cells++] = fabs(out->row[r].value[c]);
        out->n_used += cells > before;
    }
    for (size_t r = 0; r < out->n; r++) out->n_up += out->row[r].total > 0;
    out->full = shade_full(size, cells);
    qsort(out->row, out->n, sizeof *out->row, by_total);
    return GW_OK;
}

int symbol_months_gather(struct run_view *run, const struct table *trades, const size_t column[4],
                         const struct strategy_view *strategy, struct symbol_months *out) {
    const double seeds = strategy->has_model && run->n_seeds ? (double)run->n_seeds : 1;
    double initial = member_number(json_get(json_get(run->process, "config"), "broker"), "initial_cash");
    if (!(initial > 0)) initial = 100000; /* broker.initial_cash' default */
    struct ended *ended = arena_alloc(&run->arena, trades->n_rows + 1, sizeof *ended);
    size_t n = 0;
    if (!ended) return GW_ERR_NOMEM;
    for (size_t row = 0; row < trades->n_rows; row++) {
        char *const *cell = trades->cell + row * trades->n_columns;
        if (strcmp(cell[column[STRATEGY]], strategy->name) != 0) continue;
        const double at = seconds_of(cell[column[EXIT_TIME]]), pnl = table_number(trades, row, column[PNL]);
        if (!isfinite(at) || !isfinite(pnl)) continue;
        ended[n++] = (struct ended){
            .symbol = cell[column[SYMBOL]], .period = period_of(out->period, at), .pnl = pnl / initial / seeds};
    }
    qsort(ended, n, sizeof *ended, by_symbol);
    out->n = out->n_up = out->n_used = 0;
    TRY(make_rows(&run->arena, ended, n, out));
    return summarise(&run->arena, out);
}
