/* bars.csv: the bars that the walk was tested on, so that whoever reads a run needs no other file to draw its prices. */
#include <math.h>

#include "engine/base/base.h"
#include "write.h"

/* The symbol's bars from its first test bar to the last; none: begin == end. */
static void tested_span(const struct prepared *p, size_t symbol, size_t *begin, size_t *end) {
    *begin = *end = 0;
    for (size_t f = 0; f < p->plan.n_folds; f++) {
        const struct gw_range *test = &p->plan.fold[f].bars[GW_SLICE_TEST][symbol];
        if (test->begin >= test->end) continue;
        if (*begin == *end || test->begin < *begin) *begin = test->begin;
        if (test->end > *end) *end = test->end;
    }
}

int write_bars(const struct prepared *p, const char *dir) {
    struct out_file file;
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_BARS));
    TRY(out_open(&file, path));
    out_printf(&file, "time,open_time,symbol,open,high,low,close,volume\n");
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        size_t begin, end;
        tested_span(p, s, &begin, &end);
        for (size_t i = begin; i < end; i++) {
            const struct gw_bar *bar = &bars->bar[i];
            char time[40], open[40], n[5][32];
            market_rest_at(&p->market, i);
            out_printf(&file, "%s,%s,%s,%s,%s,%s,%s,%s\n", time_format(gw_bar_close_ns(bars, i), time),
                       time_format(bar->open_ns, open), bars->symbol, number_format(bar->open, n[0]),
                       number_format(bar->high, n[1]), number_format(bar->low, n[2]), number_format(bar->close, n[3]),
                       isnan(bar->volume) ? "" : number_format(bar->volume, n[4]));
        }
    }
    return out_commit(&file);
}
