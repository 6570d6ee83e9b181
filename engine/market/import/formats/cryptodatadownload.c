/* CryptoDataDownload: newest first, CRLF. With a header (behind a line with the vendor's address in older
 * files) or, for some pairs, without any: ms, date, symbol, prices, base and quote volume, trades. */
#include "engine/base/base.h"
#include "engine/market/import/import_private.h"

static bool is_preamble(const struct sample_line *line) {
    const char *const marks[] = {"http", "www.", "crypto"};
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        struct field begin = {line->begin, 4 + 2 * (i == 2)};
        if ((size_t)(line->end - line->begin) > begin.length && field_equals(begin, marks[i])) return true;
    }
    return false;
}

static bool has_symbol_column(const struct sample_row *header, bool *unix_first) {
    char key[64];
    if (header->n_fields < 8 || header->n_fields > IMPORT_COLUMNS_MAX) return false;
    header_key(header->field[0], key, sizeof key);
    *unix_first = key[0] == 'u';
    return (*unix_first || key[0] == 'd' || key[0] == 't') &&
           field_equals(header->field[*unix_first ? 2 : 1], "symbol");
}

static int detect(const struct import_sample *sample, struct import_layout *layout) {
    struct sample_row row;
    bool unix_first = false;
    size_t line = is_preamble(&sample->line[0]) ? 1 : 0;
    sample_row_split(sample, line, ',', &row);
    if (row.n_fields == 10 && field_is_whole(row.field[0]) && field_has_shape(row.field[1], "9999-99-99")) {
        layout_columns(layout, "t--OHLCvqn");
        layout->skip_lines = line ? sample->line[0].number : 0;
        return !field_is_number(row.field[2]);
    }
    if (!has_symbol_column(&row, &unix_first)) return 0;
    bool trades = row.n_fields == (unix_first ? 10u : 9u);
    if (row.n_fields != (unix_first ? 9u : 8u) && !trades) return 0;
    layout_columns(layout, unix_first ? (trades ? "t--OHLCvqn" : "t--OHLCvq") : (trades ? "t-OHLCvqn" : "t-OHLCvq"));
    layout->skip_lines = sample->line[line].number;
    return 1;
}

const struct gw_import_format import_format_cryptodatadownload = {
    .name = "cryptodatadownload",
    .help = "CryptoDataDownload: unix,date,symbol,open,high,low,close,volumes; newest first",
    .detect = detect,
};
