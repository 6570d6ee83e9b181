/* Investing.com downloads: everything quoted, thousands commas, "Jun 19, 2021", volumes such as 105.76K. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    static const char *const names[] = {"date", "price", "open", "high", "low", "vol", "change"};
    if (!sample_has_header(sample, 0, ',', names, COUNT_OF(names))) return 0;
    layout_columns(layout, "tCOHLv-");
    layout->month_first = layout->decorated = true;
    layout->skip_lines = sample->line[0].number;
    return 1;
}

const struct gw_import_format import_format_investing = {
    .name = "investing",
    .help = "Investing.com: \"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"",
    .detect = detect,
};
