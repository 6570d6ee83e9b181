/* Binance kline archives: 12 columns without header, milliseconds or (since 2025) microseconds. */
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tOHLCv-qnb--");
    return row.n_fields == 12 && field_is_whole(row.field[0]) && field_is_whole(row.field[6]) &&
           field_is_number(row.field[1]) && field_is_whole(row.field[8]);
}

const struct gw_import_format import_format_binance = {
    .name = "binance",
    .help = "Binance klines: 12 columns without header, time in ms or us",
    .detect = detect,
};
