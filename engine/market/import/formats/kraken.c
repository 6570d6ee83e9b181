/* Kraken OHLCVT archives: 7 columns without header, unix seconds; hours without trades are absent. */
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tOHLCvn");
    return row.n_fields == 7 && field_is_whole(row.field[0]) && row.field[0].length <= 10 &&
           field_is_number(row.field[1]) && field_is_whole(row.field[6]);
}

const struct gw_import_format import_format_kraken = {
    .name = "kraken",
    .help = "Kraken OHLCVT: 7 columns without header, time in seconds",
    .detect = detect,
};
