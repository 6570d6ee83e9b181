/* The trades of the chart and of the page's table: trades.csv. */
#include <math.h>
#include <string.h>

#include "chart.h"

enum { STRATEGY, SEED, SYMBOL, SIDE, ENTRY, EXIT, REASON, N_COLUMNS };
enum { TRADES_MOST = 60000 };
static const char *const column[] = {"strategy", "seed", "symbol", "side", "entry_time", "exit_time", "reason", NULL};
const char *const chart_trade_number[N_TRADE_NUMBERS] = {"entry_price", "exit_price", "return",    "pnl",
                                                         "mae",         "mfe",        "bars_held", "probability"};

static int make_room(struct chart_trades *t, size_t n) {
    t->group = mem_calloc(n, sizeof *t->group);
    t->side = mem_calloc(n, 1);
    t->reason = mem_calloc(n, 1);
    t->entry_s = mem_calloc(n, sizeof *t->entry_s);
    t->exit_s = mem_calloc(n, sizeof *t->exit_s);
    bool all = t->group && t->side && t->reason && t->entry_s && t->exit_s;
    for (size_t i = 0; i < N_TRADE_NUMBERS; i++) all &= (t->number[i] = mem_calloc(n, sizeof(float))) != NULL;
    return all ? GW_OK : GW_ERR_NOMEM;
}

/* Reasons are a few words; what goes beyond the room for them counts as the last. */
static unsigned char reason_of(struct chart_trades *t, const char *word) {
    size_t i = 0;
    while (i < t->n_reasons && strncmp(t->reason_name[i], word, sizeof t->reason_name[i] - 1) != 0) i++;
    if (i == COUNT_OF(t->reason_name)) return (unsigned char)(i - 1);
    if (i == t->n_reasons) snprintf(t->reason_name[t->n_reasons++], sizeof t->reason_name[0], "%s", word);
    return (unsigned char)i;
}

static double seconds_in(const char *text) {
    int64_t ns;
    return time_parse(text, &ns) == GW_OK ? (double)ns / (double)NS_PER_SECOND : (double)NAN;
}

int chart_read_trades(struct chart *chart) {
    struct chart_trades *t = &chart->trades;
    const struct table *rows;
    size_t c[N_COLUMNS], number[N_TRADE_NUMBERS];
    TRY(run_view_table(chart->run, TABLE_TRADES, &rows));
    if (!rows) return GW_OK;
    for (size_t i = 0; i < N_COLUMNS; i++) TRY(table_column(rows, column[i], &c[i]));
    for (size_t i = 0; i < N_TRADE_NUMBERS; i++) TRY(table_column(rows, chart_trade_number[i], &number[i]));
    TRY(make_room(t, rows->n_rows < TRADES_MOST ? rows->n_rows : TRADES_MOST));
    for (size_t row = 0; row < rows->n_rows; row++) {
        char *const *cell = &rows->cell[row * rows->n_columns];
        size_t group = SIZE_MAX;
        if (t->n < TRADES_MOST) TRY(chart_group_of(chart, cell[c[STRATEGY]], cell[c[SEED]], cell[c[SYMBOL]], &group));
        if (group == SIZE_MAX) {
            t->n_left_out++;
            continue;
        }
        t->group[t->n] = (uint16_t)group;
        t->side[t->n] = strcmp(cell[c[SIDE]], "short") == 0;
        t->reason[t->n] = reason_of(t, cell[c[REASON]]);
        t->entry_s[t->n] = seconds_in(cell[c[ENTRY]]);
        t->exit_s[t->n] = seconds_in(cell[c[EXIT]]);
        for (size_t i = 0; i < N_TRADE_NUMBERS; i++) t->number[i][t->n] = (float)table_number(rows, row, number[i]);
        t->n++;
    }
    if (t->n_left_out) chart_note(chart, "%zu trades are here, %zu more in trades.csv.", t->n, t->n_left_out);
    return GW_OK;
}
