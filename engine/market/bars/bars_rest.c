/* Bars that lie in the cache are read from there when they are asked for; those that were changed are kept. */
#include <math.h>
#include <sys/mman.h>

#include "bars_rest.h"
#include "engine/base/base.h"

/* An unknown volume is marked after the bars are read: their pages are this process's own since then. */
static bool lies_in_file(const struct gw_bars *bars) { return bars->map && !(bars->n && isnan(bars->bar[0].volume)); }

static void rest(const struct gw_bars *bars) { (void)madvise(bars->map, bars->map_size, MADV_DONTNEED); }

void market_rest(const struct gw_market *market) {
    for (size_t s = 0; s < market->n_symbols; s++)
        if (lies_in_file(&market->symbol[s])) rest(&market->symbol[s]);
    mem_rest();
}

int market_holds(const struct gw_market *market) {
    for (size_t s = 0; s < market->n_symbols; s++) {
        struct gw_bars now = market->symbol[s];
        if (!lies_in_file(&now)) continue;
        gw_bars_fingerprint(&now);
        rest(&now);
        if (now.fingerprint != market->symbol[s].fingerprint ||
            now.columns_fingerprint != market->symbol[s].columns_fingerprint)
            FAIL(GW_ERR_IO,
                 "%s: its bars were changed in the import cache while they were in use, and so may be what was made of "
                 "them; remove the results and start again, with GATEWALK_CACHE naming another folder if others write "
                 "there",
                 now.symbol);
    }
    return GW_OK;
}
