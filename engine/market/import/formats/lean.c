/* QuantConnect LEAN: zipped CSV without header, "YYYYMMDD HH:MM". Equities have six columns, prices in 1/10000 dollar and New
 * York time (their first hour is 09:00 all year). Currencies have bid and ask bars (the bid is read), no volume, and UTC: their
 * week begins at 21:00 in America's summer and at 22:00 in its winter, and changes with America's clocks. */
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    sample_row_split(sample, 0, ',', &row);
    layout->zone = ZONE_NEW_YORK;
    if (!field_has_shape(row.field[0], "99999999 99:99") || row.field[0].length != 14) return 0;
    if (row.n_fields == 6) {
        layout_columns(layout, "tOHLCv");
        layout->price_divisor = 10000;
        return field_is_whole(row.field[1]);
    }
    layout_columns(layout, "tOHLCv-----");
    layout->zone = ZONE_UTC;
    return row.n_fields == 11 && field_is_number(row.field[1]);
}

const struct gw_import_format import_format_lean = {
    .name = "lean",
    .help = "LEAN: YYYYMMDD HH:MM, equities in New York time and prices times 10000, currencies in UTC, bid and ask",
    .detect = detect,
};
