/* Are the times what they are said to be? On a market without gaps the open time of a bar is the close time of the one
 * before, so a wrong word moves all scores by one bar, ahead of what they knew, and most rows still find a bar. Where the
 * market has gaps the wrong reading misses bars that the right one finds. */
#include <stdlib.h>

#include "engine/base/base.h"
#include "outside_private.h"

struct hits {
    size_t as_close, as_open;           /* bars that some row's time closes, opens */
    size_t test, test_close, test_open; /* of them tested ones, and all of these */
};

static struct hits count_hits(const struct reading *r) {
    struct hits hits = {0};
    for (size_t s = 0; s < r->p->market.n_symbols; s++)
        for (size_t t = 0; t < r->p->market.symbol[s].n; t++) {
            uint8_t use = r->use[s][t];
            bool test = use & USE_TEST;
            hits.as_close += (use & HIT_CLOSE) != 0;
            hits.as_open += (use & HIT_OPEN) != 0;
            hits.test += test;
            hits.test_close += test && (use & HIT_CLOSE);
            hits.test_open += test && (use & HIT_OPEN);
        }
    return hits;
}

/* The close (or open) nearest to a time, of any symbol. */
static int64_t nearest_time(const struct reading *r, int64_t time_ns, bool opening) {
    int64_t best = INT64_MIN;
    for (size_t s = 0; s < r->p->market.n_symbols; s++) {
        const struct gw_bars *bars = &r->p->market.symbol[s];
        for (size_t t = 0; t < bars->n; t++) {
            int64_t at = opening ? bars->bar[t].open_ns : gw_bar_close_ns(bars, t);
            if (best == INT64_MIN || llabs(at / 2 - time_ns / 2) < llabs(best / 2 - time_ns / 2)) best = at;
        }
    }
    return best;
}

static int fail_no_bar(const struct reading *r, bool opening) {
    char time[40], nearest[40];
    const char *what = opening ? "opens" : "closes";
    FAIL(
        GW_ERR_DATA,
        "%s:%zu:%zu: no bar %s at %s nor at any other row's time; the nearest one %s at %s. Are these times of another "
        "market, interval or zone (UTC is meant where none is written)?",
        r->lost.path, r->lost.line, r->lost.column, what, time_format(r->lost.time_ns, time), what,
        time_format(nearest_time(r, r->lost.time_ns, opening), nearest));
}

int outside_check_times(struct reading *r) {
    const struct hits hits = count_hits(r);
    bool opening = r->by_open;
    if (r->by_open == r->by_close) return GW_OK; /* arrays have no times; files that differ do not judge each other */
    size_t own = opening ? hits.as_open : hits.as_close, other = opening ? hits.as_close : hits.as_open;
    size_t own_test = opening ? hits.test_open : hits.test_close,
           other_test = opening ? hits.test_close : hits.test_open;
    if (r->lost.line && own + 2 <= other)
        FAIL(GW_ERR_DATA,
             "%s:%zu:%zu: no bar %s at this time. The rows fit %zu bars as %s times, %zu as the %s times that they are "
             "said to be: call the column \"%s\"",
             r->lost.path, r->lost.line, r->lost.column, opening ? "opens" : "closes", other,
             opening ? "close" : "open", own, opening ? "open" : "close", opening ? "time" : "open_time");
    if (r->lost.line && own == 0) return fail_no_bar(r, opening);
    r->out->perhaps_shifted = (r->lost.line && own < other) || (own_test < other_test && other_test == hits.test);
    if (!r->out->perhaps_shifted || !r->unclear) return GW_OK;
    FAIL(GW_ERR_DATA,
         "%s:%zu:%zu: as close times these times fit %zu of the %zu test bars, as open times %zu. Taken wrongly, every "
         "score would stand one bar before what it knew: call the column \"open_time\" if that is what it is, and "
         "\"close_time\" if it is not",
         r->named.path, r->named.line, r->named.column, own_test, hits.test, other_test);
}
