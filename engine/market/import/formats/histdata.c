/* HistData.com generic ASCII bars: YYYYMMDD HHMMSS;open;high;low;close;volume in Eastern Standard Time, which
 * the vendor keeps all year (no daylight saving). */
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    layout->delimiter = ';';
    layout->zone = ZONE_EST;
    sample_row_split(sample, 0, ';', &row);
    layout_columns(layout, "tOHLCv");
    return row.n_fields == 6 && row.field[0].length == 15 && field_has_shape(row.field[0], "99999999 999999");
}

const struct gw_import_format import_format_histdata = {
    .name = "histdata",
    .help = "HistData ASCII: YYYYMMDD HHMMSS;open;high;low;close;volume, Eastern Standard Time all year",
    .detect = detect,
};
