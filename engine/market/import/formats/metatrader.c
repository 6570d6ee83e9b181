/* MetaTrader exports without header. Times are the broker's, taken as UTC unless `timezone` says whose. (MetaTrader 5 exports with
 * <DATE> <TIME> headers come in by the header format.) */
#include "engine/market/import/import_private.h"

static int detect4(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    layout->zone = ZONE_BROKER;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tcOHLCv");
    return row.n_fields == 7 && row.field[0].length == 10 && field_has_shape(row.field[0], "9999.99.99") &&
           field_has_shape(row.field[1], "99:99");
}

const struct gw_import_format import_format_metatrader4 = {
    .name = "metatrader4",
    .help = "MetaTrader 4: YYYY.MM.DD,HH:MM,open,high,low,close,volume",
    .detect = detect4,
};

static int detect5(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    layout->zone = ZONE_BROKER;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tOHLCv--"); /* tick volume; spread and real volume are passed over */
    return row.n_fields == 8 &&
           (field_has_shape(row.field[0], "9999-99-99 ") || field_has_shape(row.field[0], "9999.99.99 ")) &&
           field_is_number(row.field[1]) && field_is_whole(row.field[5]) && field_is_whole(row.field[6]) &&
           field_is_whole(row.field[7]);
}

const struct gw_import_format import_format_metatrader5 = {
    .name = "metatrader5",
    .help = "MetaTrader 5: time,open,high,low,close,tick volume,spread,real volume without header",
    .detect = detect5,
};
