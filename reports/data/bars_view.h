/* The bars of a run's test slices, as bars.csv has them. */
#ifndef GATEWALK_BARS_VIEW_H
#define GATEWALK_BARS_VIEW_H

#include "name_index.h"
#include "run_view.h"

struct bar_view {
    int64_t open_ns;
    double open_time; /* the same in seconds since 1970 */
    double open, high, low, close;
};
struct symbol_bars {
    const char *symbol; /* the asker's */
    size_t n, capacity;
    struct bar_view *bar; /* [n] in time order */
};
struct bars_view {
    size_t n;
    struct symbol_bars *symbol; /* [n] by their numbers in the index; without bars where none were found */
    struct name_index index;
};

/* How many rows each symbol has, by the index' numbers: what a universe would take is known before any of it is kept. No
 * symbols when the run has no such file. *n_rows is the caller's; index: freed by him also after a failure. */
int bars_count(const struct run_view *run, struct name_index *index, size_t **n_rows) GW_MUST_USE;
/* Bars of so many symbols, each once; of each at least the newest `most`, 0: all. Released by bars_free() also after a
 * failure. */
int bars_read(const struct run_view *run, const char *const *symbol, size_t n, size_t most,
              struct bars_view *bars) GW_MUST_USE;
void bars_free(struct bars_view *bars);
/* NULL: was not asked for, or has no bars. */
const struct symbol_bars *bars_of(struct bars_view *bars, const char *symbol);
/* The last bar that opened at or before `seconds`; SIZE_MAX: none did. */
size_t bar_at(const struct symbol_bars *bars, double seconds);

#endif
