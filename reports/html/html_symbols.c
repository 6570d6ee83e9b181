/* What the trades of each contestant, seed and symbol brought, as data of the page: rows of breakdown.csv. */
#include <string.h>

#include "engine/base/json.h"
#include "html.h"

enum { STRATEGY, SEED, BY, GROUP, TRADES, WINS, PNL, MEAN_RETURN, N_COLUMNS };
static const char *const column_name[N_COLUMNS] = {"strategy", "seed", "by",  "group",
                                                   "trades",   "wins", "pnl", "mean_return"};

static void put_row(struct json_writer *w, const struct table *t, size_t row, const size_t *c, size_t strategy) {
    char *const *cell = t->cell + row * t->n_columns;
    json_begin_object(w, NULL);
    json_put_int(w, "strategy", (int64_t)strategy);
    json_put_string(w, "seed", cell[c[SEED]]);
    json_put_string(w, "symbol", cell[c[GROUP]]);
    json_put_number(w, "trades", table_number(t, row, c[TRADES]));
    json_put_number(w, "wins", table_number(t, row, c[WINS]));
    json_put_number(w, "mean", table_number(t, row, c[MEAN_RETURN]));
    json_put_number(w, "pnl", table_number(t, row, c[PNL]));
    json_end_object(w);
}

int html_symbols(struct json_writer *w, struct run_view *run) {
    const struct table *t;
    size_t c[N_COLUMNS];
    TRY(run_view_table(run, TABLE_BREAKDOWN, &t));
    for (size_t i = 0; t && i < N_COLUMNS; i++) TRY(table_column(t, column_name[i], &c[i]));
    json_begin_array(w, "by_symbol");
    for (size_t row = 0; t && row < t->n_rows; row++) {
        char *const *cell = t->cell + row * t->n_columns;
        size_t s = 0;
        if (strcmp(cell[c[BY]], "symbol") != 0 || !(table_number(t, row, c[TRADES]) > 0)) continue;
        while (s < run->n_strategies && strcmp(run->strategy[s].name, cell[c[STRATEGY]]) != 0) s++;
        if (s < run->n_strategies) put_row(w, t, row, c, s);
    }
    json_end_array(w);
    return GW_OK;
}
