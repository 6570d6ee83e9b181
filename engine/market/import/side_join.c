/* The as-of join: at a bar's close the row counts whose time is the latest of all that were known by then. A row that became
 * known after a later one (a revision that came late) changes nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "side_private.h"

struct known {
    int64_t known_ns;
    size_t row;
};

static int by_known(const void *a, const void *b) {
    const struct known *x = a, *y = b;
    if (x->known_ns != y->known_ns) return x->known_ns < y->known_ns ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Rows in the order in which they became known; most files are that already. */
static struct known *order_of(const struct side_rows *rows) {
    struct known *order = mem_calloc(rows->n, sizeof *order);
    bool sorted = true;
    for (size_t i = 0; order && i < rows->n; i++) {
        order[i] = (struct known){rows->known_ns[i], i};
        sorted = sorted && (i == 0 || order[i - 1].known_ns <= order[i].known_ns);
    }
    if (order && !sorted) qsort(order, rows->n, sizeof *order, by_known);
    return order;
}

/* Age counts from the time a value is of, not from when it was known. */
static bool is_stale(int64_t close_ns, int64_t time_ns, int64_t stale_ns) {
    return stale_ns > 0 && (uint64_t)close_ns - (uint64_t)time_ns > (uint64_t)stale_ns;
}

/* at[t]: the row of bar t, SIZE_MAX when there is none. */
static void match(const struct side_rows *rows, const struct known *order, int64_t stale_ns, const struct gw_bars *bars,
                  size_t *at, struct side_account *account) {
    size_t next = 0, now = SIZE_MAX;
    for (size_t t = 0; t < bars->n; t++) {
        const int64_t close_ns = gw_bar_close_ns(bars, t);
        for (; next < rows->n && order[next].known_ns <= close_ns; next++)
            if (now == SIZE_MAX || order[next].row > now) now = order[next].row; /* rows rise in time */
        at[t] = now;
        account->n_before += now == SIZE_MAX;
        if (now == SIZE_MAX || !is_stale(close_ns, rows->time_ns[now], stale_ns)) continue;
        at[t] = SIZE_MAX;
        account->n_stale++;
    }
}

static int add_columns(const struct side_source *source, const struct side_rows *rows, const size_t *at,
                       bool first_wins, struct gw_bars *bars) {
    double *value = mem_calloc(bars->n ? bars->n : 1, sizeof *value);
    int rc = value ? GW_OK : GW_ERR_NOMEM;
    for (size_t c = 0; rc == GW_OK && c < rows->n_columns; c++) {
        if (gw_bars_column(bars, rows->name[c])) {
            if (first_wins) continue;
            rc = gw_error_set(
                GW_ERR_CONFIG,
                "col(%s): both %s and the data or another extra file of %s hold a column of this name; rename one",
                rows->name[c], source->file, bars->symbol);
            break;
        }
        for (size_t t = 0; t < bars->n; t++) value[t] = at[t] == SIZE_MAX ? (double)NAN : rows->value[c][at[t]];
        rc = gw_bars_add_column(bars, rows->name[c], value);
    }
    mem_free(value);
    return rc;
}

int side_file_join(const struct side_source *source, const char *const *asked, size_t n, bool first_wins,
                   struct gw_bars *bars, struct side_account *account) {
    struct side_rows rows;
    TRY(side_rows_read(source, asked, n, bars->symbol, &rows, account));
    struct known *order = order_of(&rows);
    size_t *at = mem_calloc(bars->n ? bars->n : 1, sizeof *at);
    int rc = order && at ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        match(&rows, order, source->stale_ns, bars, at, account);
        rc = add_columns(source, &rows, at, first_wins, bars);
    }
    mem_free(at);
    mem_free(order);
    side_rows_free(&rows);
    return rc;
}
