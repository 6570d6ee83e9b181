/* Bars as CSV that imports to the same bits. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/bars.h"

enum { PLACES_MAX = 8 };

/* Market numbers have few decimals. The fewest that give back the same double are found by trying: the whole
 * number of units is exact below 2^53, and one division by a power of ten rounds as reading the text does. */
static bool put_decimal(struct out_file *file, double value) {
    static const double power[PLACES_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    char text[32], *at = text + sizeof text;
    if (!(value >= 0 && value < 1e15) || signbit(value)) return false;
    for (int places = 0; places <= PLACES_MAX; places++) {
        double units = round(value * power[places]);
        if (units >= 1e15) return false;
        if (units / power[places] != value) continue;
        uint64_t left = (uint64_t)units;
        for (int written = 0; written <= places || left > 0; written++, left /= 10) {
            *--at = (char)('0' + left % 10);
            if (places > 0 && written + 1 == places) *--at = '.';
        }
        out_write(file, at, (size_t)(text + sizeof text - at));
        return true;
    }
    return false;
}

static void put_cell(struct out_file *file, double value) {
    char text[32];
    out_write(file, ",", 1);
    if (!isnan(value) && !put_decimal(file, value)) out_printf(file, "%s", number_format(value, text));
}

int gw_bars_write_csv(const struct gw_bars *bars, const char *path) {
    const struct {
        const char *name;
        const double *value;
    } extra[] = {{"quote_volume", bars->quote_volume},
                 {"trade_count", bars->trade_count},
                 {"taker_buy_base", bars->taker_buy_base}};
    struct out_file file;
    char time[40];
    TRY(out_open(&file, path));
    out_printf(&file, "time,open,high,low,close,volume");
    for (size_t c = 0; c < COUNT_OF(extra); c++)
        if (extra[c].value) out_printf(&file, ",%s", extra[c].name);
    for (size_t c = 0; c < bars->n_columns; c++) out_printf(&file, ",%s", bars->column[c].name);
    out_write(&file, "\n", 1);
    for (size_t i = 0; i < bars->n; i++) {
        const struct gw_bar *bar = &bars->bar[i];
        time_format(bar->open_ns, time);
        out_write(&file, time, strlen(time));
        put_cell(&file, bar->open);
        put_cell(&file, bar->high);
        put_cell(&file, bar->low);
        put_cell(&file, bar->close);
        put_cell(&file, bar->volume);
        for (size_t c = 0; c < COUNT_OF(extra); c++)
            if (extra[c].value) put_cell(&file, extra[c].value[i]);
        for (size_t c = 0; c < bars->n_columns; c++) put_cell(&file, bars->column[c].value[i]);
        out_write(&file, "\n", 1);
    }
    return out_commit(&file);
}
