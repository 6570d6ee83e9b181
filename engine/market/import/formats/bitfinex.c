/* Bitfinex candles: ms, open, CLOSE, HIGH, LOW, volume without header. Only the numbers tell them from plain
 * six columns: no row may contradict this order, and some row must contradict the usual one. */
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    struct import_layout usual = *layout;
    size_t fit, misfit, usual_fit, usual_misfit;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tOCHLv");
    layout_columns(&usual, "tOHLCv");
    if (row.n_fields != 6 || !field_is_whole(row.field[0]) || !field_is_number(row.field[1])) return 0;
    if (sample->forced) return 1;
    sample_try(sample, 0, layout, &fit, &misfit);
    sample_try(sample, 0, &usual, &usual_fit, &usual_misfit);
    return misfit == 0 && usual_misfit > 0;
}

const struct gw_import_format import_format_bitfinex = {
    .name = "bitfinex",
    .help = "Bitfinex candles: ms, open, close, high, low, volume without header",
    .detect = detect,
};
