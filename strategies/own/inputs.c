/* Features at the close of a bar, for strategies that a user wrote. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "program.h"

int inputs_open(struct inputs *inputs, const struct gw_feature_set *set, int64_t interval_ns) {
    *inputs = (struct inputs){.set = set, .interval_ns = interval_ns};
    if (!set) return GW_OK;
    inputs->row = mem_calloc(gw_feature_set_size(set), sizeof *inputs->row);
    if (!inputs->row) return GW_ERR_NOMEM;
    return gw_feature_stream_open(set, interval_ns, &inputs->stream);
}

void inputs_close(struct inputs *inputs) {
    gw_feature_stream_close(inputs->stream);
    mem_free(inputs->row);
    *inputs = (struct inputs){.n_seen = 0};
}

static double column(const double *newest, size_t ago) { return newest ? *(newest - ago) : NAN; }

/* What col(name) is made of, by the set's names. */
static void extra_columns(const struct inputs *inputs, const struct gw_history *history, size_t bar, double *value) {
    for (size_t c = 0; inputs->set && c < gw_feature_set_columns(inputs->set); c++) {
        value[c] = NAN;
        for (size_t k = 0; k < history->n_columns; k++)
            if (strcmp(history->column[k].name, gw_feature_set_column(inputs->set, c)) == 0)
                value[c] = history->column[k].value[bar];
    }
}

void inputs_update(struct inputs *inputs, const struct gw_history *history,
                   void (*each)(void *who, const struct gw_bar *bar), void *who) {
    double extra[GW_COLUMNS_MAX];
    if (!inputs->stream && !each) return;
    for (; inputs->n_seen < history->n; inputs->n_seen++) {
        const size_t ago = history->n - 1 - inputs->n_seen;
        const struct gw_bar *bar = gw_history_bar(history, ago);
        extra_columns(inputs, history, inputs->n_seen, extra);
        if (inputs->stream)
            gw_feature_stream_push(inputs->stream,
                                   &(struct gw_feature_input){.bar = bar,
                                                              .close_ns = bar->open_ns + inputs->interval_ns,
                                                              .quote_volume = column(history->quote_volume, ago),
                                                              .trade_count = column(history->trade_count, ago),
                                                              .taker_buy_base = column(history->taker_buy_base, ago),
                                                              .columns = extra},
                                   inputs->row);
        if (each) each(who, bar);
    }
}
