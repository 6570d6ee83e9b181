/* Six columns without header: time, open, high, low, close, volume. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    struct import_layout other = *layout;
    size_t fit, misfit, other_fit, other_misfit;
    sample_row_split(sample, 0, ',', &row);
    layout_columns(layout, "tOHLCv");
    layout_columns(&other, "tOCHLv");
    if (row.n_fields != 6 || !field_is_number(row.field[1]) || !field_is_number(row.field[5])) return 0;
    if (!field_is_whole(row.field[0]) && !field_has_shape(row.field[0], "9999")) return 0;
    if (sample->forced) return 1;
    sample_try(sample, 0, layout, &fit, &misfit);
    sample_try(sample, 0, &other, &other_fit, &other_misfit);
    /* Flat bars fit every order of columns; guessing would swap close and low without a trace. */
    if (misfit == 0 && other_misfit == 0)
        FAIL(GW_ERR_DATA,
             "%s:%zu:1: six columns, and the numbers do not tell their order; add a header line or name the format "
             "(plain: open,high,low,close; bitfinex: open,close,high,low)",
             sample->path, sample->line[0].number);
    return 1;
}

const struct gw_import_format import_format_plain = {
    .name = "plain",
    .help = "six columns without header: time, open, high, low, close, volume",
    .detect = detect,
};
