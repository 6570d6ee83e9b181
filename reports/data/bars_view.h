/* The bars of a run's test slices, as bars.csv has them. */
#ifndef GATEWALK_BARS_VIEW_H
#define GATEWALK_BARS_VIEW_H

#include "run_view.h"

struct bar_view {
    int64_t open_ns;
    double open_time; /* the same in seconds since 1970 */
    double open, high, low, close;
};
struct symbol_bars {
    char *symbol;
    size_t n, capacity;
    struct bar_view *bar; /* [n] in time order */
};
struct bars_view {
    size_t n;
    struct symbol_bars *symbol;
};

/* n is 0 when the run has no such file. Released by bars_free() also after a failure. */
int bars_read(const struct run_view *run, struct bars_view *bars) GW_MUST_USE;
void bars_free(struct bars_view *bars);
/* NULL: no such symbol. */
const struct symbol_bars *bars_of(const struct bars_view *bars, const char *symbol);
/* The last bar that opened at or before `seconds`; SIZE_MAX: none did. */
size_t bar_at(const struct symbol_bars *bars, double seconds);

#endif
