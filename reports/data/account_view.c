#include "account_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_TIME, COLUMN_STRATEGY, COLUMN_SEED, COLUMN_EQUITY, COLUMN_DRAWDOWN, N_COLUMNS };
static const double DAY = 86400;

/* ---- one account, point by point --------------------------------------------------------------------------- */

static int grow(struct account *a) {
    const size_t capacity = 2 * a->capacity + 64;
    double **array[] = {&a->day, &a->equity, &a->low};
    for (size_t i = 0; i < COUNT_OF(array); i++) {
        double *grown = mem_realloc(*array[i], capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        *array[i] = grown;
    }
    a->capacity = capacity;
    return GW_OK;
}

static void keep_drawdown(struct account *a) {
    size_t at = a->n_worst;
    while (at > 0 && a->worst[at - 1].depth < a->open.depth) at--;
    if (at == DRAWDOWNS_KEPT) return;
    if (a->n_worst < DRAWDOWNS_KEPT) a->n_worst++;
    memmove(&a->worst[at + 1], &a->worst[at], (a->n_worst - 1 - at) * sizeof a->worst[0]);
    a->worst[at] = a->open;
}

static void follow_drawdown(struct account *a, double time, double drawdown) {
    if (drawdown < 0) {
        if (a->open.depth < -drawdown) {
            a->open.depth = -drawdown;
            a->open.low = time;
        }
        return;
    }
    if (a->open.depth > 0) {
        a->open.recovered = time;
        keep_drawdown(a);
    }
    a->open = (struct drawdown){.peak = time, .recovered = NAN};
}

static int add_point(struct account *a, double time, double equity, double drawdown) {
    const double day = DAY * floor((time - 1) / DAY);
    if (a->n_days == 0) {
        a->begin = time;
        a->open = (struct drawdown){.peak = time, .recovered = NAN};
        if (!isfinite(a->initial)) a->initial = equity;
    }
    a->end = time;
    if (isfinite(drawdown)) follow_drawdown(a, time, drawdown);
    if (a->n_days == 0 || a->day[a->n_days - 1] != day) {
        if (a->n_days == a->capacity) TRY(grow(a));
        a->day[a->n_days] = day;
        a->low[a->n_days++] = 0;
    }
    a->equity[a->n_days - 1] = equity;
    a->low[a->n_days - 1] = fmin(a->low[a->n_days - 1], drawdown);
    return GW_OK;
}

/* ---- the file ------------------------------------------------------------------------------------------------ */

/* Rows of one account follow one another, or nearly so. NULL in *found: of a strategy that the summary does not know. */
static int find(struct accounts *list, const struct run_view *run, const char *name, const char *seed, size_t *found) {
    if (*found < list->n && strcmp(run->strategy[list->account[*found].strategy].name, name) == 0 &&
        strcmp(list->account[*found].seed, seed) == 0)
        return GW_OK;
    const size_t strategy = run_strategy_find(run, name);
    *found = SIZE_MAX;
    if (strategy == SIZE_MAX || strlen(seed) >= sizeof list->account->seed) return GW_OK;
    for (size_t i = 0; i < list->n; i++)
        if (list->account[i].strategy == strategy && strcmp(list->account[i].seed, seed) == 0) {
            *found = i;
            return GW_OK;
        }
    if (list->n == list->capacity) {
        const size_t capacity = 2 * list->capacity + 16;
        struct account *grown = mem_realloc(list->account, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        list->account = grown;
        list->capacity = capacity;
    }
    struct account *a = &list->account[list->n];
    *a = (struct account){.strategy = strategy,
                          .initial =
                              member_number(json_get(json_get(run->process, "config"), "broker"), "initial_cash")};
    strcpy(a->seed, seed);
    *found = list->n++;
    return GW_OK;
}

static int read_rows(struct accounts *list, const struct run_view *run, struct table_stream *rows) {
    static const char *const name[N_COLUMNS] = {"time", "strategy", "seed", "equity", "drawdown"};
    size_t c[N_COLUMNS], at = SIZE_MAX;
    bool more = true;
    for (size_t i = 0; i < N_COLUMNS; i++) TRY(table_column(&rows->row, name[i], &c[i]));
    for (;;) {
        TRY(table_stream_next(rows, &more));
        if (!more) break;
        char *const *cell = rows->row.cell;
        int64_t ns;
        TRY(find(list, run, cell[c[COLUMN_STRATEGY]], cell[c[COLUMN_SEED]], &at));
        const double equity = table_number(&rows->row, 0, c[COLUMN_EQUITY]);
        if (at == SIZE_MAX || !isfinite(equity) || time_parse(cell[c[COLUMN_TIME]], &ns) < 0) continue;
        TRY(add_point(&list->account[at], (double)(ns / NS_PER_SECOND), equity,
                      table_number(&rows->row, 0, c[COLUMN_DRAWDOWN])));
    }
    for (size_t i = 0; i < list->n; i++)
        if (list->account[i].open.depth > 0) keep_drawdown(&list->account[i]);
    return GW_OK;
}

int accounts_read(const struct run_view *run, struct accounts *accounts) {
    char file[1024];
    struct table_stream rows;
    *accounts = (struct accounts){0};
    TRY(path_join(file, sizeof file, run->dir, GW_RUN_EQUITY));
    if (!file_exists(file)) return GW_OK;
    TRY(table_stream_open(file, &rows));
    int rc = read_rows(accounts, run, &rows);
    table_stream_close(&rows);
    return rc;
}

void accounts_free(struct accounts *accounts) {
    for (size_t i = 0; i < accounts->n; i++) {
        mem_free(accounts->account[i].day);
        mem_free(accounts->account[i].equity);
        mem_free(accounts->account[i].low);
    }
    mem_free(accounts->account);
    *accounts = (struct accounts){0};
}

/* ---- what pages ask -------------------------------------------------------------------------------------------- */

double account_day_return(const struct account *account, size_t i) {
    const double before = i ? account->equity[i - 1] : account->initial;
    return before > 0 ? account->equity[i] / before - 1 : (double)NAN;
}

double account_days_per_year(const struct account *account) {
    const size_t n = account->n_days;
    return n > 1 ? (double)(n - 1) / ((account->day[n - 1] - account->day[0]) / DAY / 365.25) : (double)NAN;
}

static double deepest(const struct account *a) { return a->n_worst ? a->worst[0].depth : 0; }

const struct account *account_median(const struct accounts *accounts, size_t strategy) {
    size_t n = 0;
    for (size_t i = 0; i < accounts->n; i++) n += accounts->account[i].strategy == strategy;
    for (size_t i = 0; i < accounts->n; i++) {
        const struct account *a = &accounts->account[i];
        if (a->strategy != strategy) continue;
        size_t rank = 0; /* those before it by depth, the earlier one first where two are equal */
        for (size_t j = 0; j < accounts->n; j++) {
            const struct account *b = &accounts->account[j];
            rank += b->strategy == strategy && (deepest(b) < deepest(a) || (deepest(b) == deepest(a) && j < i));
        }
        if (rank == (n - 1) / 2) return a;
    }
    return NULL;
}
