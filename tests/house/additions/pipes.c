/* Pipe-separated bars with a header, close before open: time|close|open|high|low|volume. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    static const char *const names[] = {"time", "close", "open", "high", "low", "volume"};
    if (!sample_has_header(sample, 0, '|', names, COUNT_OF(names))) return 0;
    layout_columns(layout, "tCOHLv");
    layout->delimiter = '|';
    layout->skip_lines = sample->line[0].number;
    return 1;
}

const struct gw_import_format import_format_pipes = {
    .name = "pipes",
    .help = "time|close|open|high|low|volume with header",
    .detect = detect,
};
