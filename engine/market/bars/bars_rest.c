/* Bars that lie in the cache are read from there when they are asked for; those that were changed are kept. */
#include <math.h>
#include <sys/mman.h>

#include "bars_rest.h"
#include "engine/base/base.h"

void market_rest(const struct gw_market *market) {
    for (size_t s = 0; s < market->n_symbols; s++) {
        const struct gw_bars *bars = &market->symbol[s];
        const bool changed = bars->n && isnan(bars->bar[0].volume); /* an unknown volume is marked after it is read */
        if (bars->map && !changed) (void)madvise(bars->map, bars->map_size, MADV_DONTNEED);
    }
    mem_rest();
}
