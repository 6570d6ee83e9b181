/* Where bars of a longer interval close among those of a shorter one. */
#ifndef GATEWALK_MARKET_BARS_CLOSES_H
#define GATEWALK_MARKET_BARS_CLOSES_H

#include "gatewalk/bars.h"

/* Of the bars first … first + n - 1 those by whose close another bar of the interval is known to be whole, counted from
 * `first`, into row; returns how many. As for features "@1h": it closes with its last bar or, when that one is missing, with
 * the first later one. Interval 0: every bar. */
size_t bars_closes(const struct gw_bars *bars, size_t first, size_t n, int64_t interval_ns, uint32_t *row);
/* known[i]: how many of the m bars in row, counted from `of_first` on, had closed when bar first + i did. */
void bars_known(const struct gw_bars *bars, size_t first, size_t n, const struct gw_bars *of, size_t of_first,
                const uint32_t *row, size_t m, uint32_t *known);

#endif
