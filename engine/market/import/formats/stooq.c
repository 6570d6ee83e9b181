/* Stooq daily history: a header of six names, yet early rows (back to 1789) end before the volume. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    static const char *const names[] = {"date", "open", "high", "low", "close", "volume"};
    struct sample_row row;
    if (!sample_has_header(sample, 0, ',', names, COUNT_OF(names))) return 0;
    sample_row_split(sample, 1, ',', &row);
    layout_columns(layout, "tOHLCv");
    layout->n_required = 5;
    layout->skip_lines = sample->line[0].number;
    return sample->forced || row.n_fields == 5;
}

const struct gw_import_format import_format_stooq = {
    .name = "stooq",
    .help = "Stooq daily: Date,Open,High,Low,Close,Volume where early rows lack the volume (taken as 0)",
    .detect = detect,
};
