/* Nasdaq historical quotes, old and new: close before open, American dates, dollar signs. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    static const char *const old_names[] = {"date", "close", "volume", "open", "high", "low"};
    static const char *const new_names[] = {"date", "closelast", "volume", "open", "high", "low"};
    if (!sample_has_header(sample, 0, ',', old_names, COUNT_OF(old_names)) &&
        !sample_has_header(sample, 0, ',', new_names, COUNT_OF(new_names)))
        return 0;
    layout_columns(layout, "tCvOHL");
    layout->month_first = layout->decorated = true;
    layout->skip_lines = sample->line[0].number;
    return 1;
}

const struct gw_import_format import_format_nasdaq = {
    .name = "nasdaq",
    .help = "Nasdaq historical quotes: date,close,volume,open,high,low with month/day/year",
    .detect = detect,
};
