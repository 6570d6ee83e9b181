/* Fuzz target: gw_bars_import with its options, on real layouts of every kind, plain and packed. */
#ifndef GATEWALK_TEST_FUZZ_IMPORT_H
#define GATEWALK_TEST_FUZZ_IMPORT_H

#include <math.h>

#include "engine/base/base.h"
#include "fuzz.h"
#include "gatewalk/import.h"
#include "gatewalk/labels.h"

static const char *const fuzz_import_words[] = {
    ",",
    ";",
    "\t",
    "\"",
    "\"\"",
    "\r\n",
    "\n",
    "\r",
    "\xEF\xBB\xBF",
    " ",
    "time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "date",
    "timestamp",
    "unix",
    "Adj Close",
    "<DATE>",
    "<TIME>",
    "nan",
    "inf",
    "1e999",
    "0x1p4",
    "-",
    "+",
    "$",
    "%",
    "K",
    "M",
    "B",
    "null",
    "NULL",
    "2020-01-01",
    "01/02/2020",
    "20200101 000000",
    "2020-01-01T00:00:00+05:30",
    "Z",
    "1577836800",
    "1577836800000",
    "1577836800000000",
    "1577836800000000000",
    "[[",
    "]]",
    "[",
    "]",
    "\xC3\xA4",
    "\xFF",
    "Mar 01, 2020",
    "00:00:00",
    "24:00",
};

static size_t fuzz_import_setup(struct fuzz_input seed[MOST_SOUND]) {
    static const char folder[] = "tests/market/fixtures";
    struct dirent **entry;
    size_t n = 0;
    int found = scandir(folder, &entry, NULL, alphasort); /* sorted: numbers must mean the same everywhere */
    for (int i = 0; i < found; i++) {
        char path[400];
        struct stat info;
        snprintf(path, sizeof path, "%s/%.200s", folder, entry[i]->d_name);
        if (n < MOST_SOUND - 1 && stat(path, &info) == 0 && S_ISREG(info.st_mode) && !strstr(path, ".py"))
            seed[n++] = fuzz_get(path);
        free(entry[i]);
    }
    if (found >= 0) free(entry);
    seed[n++] = fuzz_text("time,open,high,low,close,volume,quote_volume,trade_count,taker_buy_base\n"
                          "2020-01-01,1,2,0.5,1.5,10,15,3,4\n2020-01-02,1.5,2,1,1.5,10,,,\n"
                          "2020-01-03,1.5,2,1,1.5,10,15,3,4\n2020-01-06,1.5,2,1,1.5,10,15,3,4\n");
    return n;
}

static const char *fuzz_judge_bars(const struct gw_bars *bars, const struct gw_import_report *report) {
    if (bars->n == 0 || !bars->bar) return "success without a bar";
    if (bars->interval_ns <= 0) return "an interval of nothing";
    if (!name_is_safe(bars->symbol)) return "an unsafe symbol";
    if (report->n_bars != bars->n || report->n_rows < report->n_bars) return "the report counts other bars";
    if (report->first_ns != bars->bar[0].open_ns || report->last_ns != bars->bar[bars->n - 1].open_ns)
        return "the report has another span";
    for (size_t i = 0; i < bars->n; i++) {
        const struct gw_bar *b = &bars->bar[i];
        double slack = 1e-8 * b->high;
        if (i && b->open_ns <= b[-1].open_ns) return "times do not ascend";
        if (!isfinite(b->open) || !isfinite(b->high) || !isfinite(b->low) || !isfinite(b->close) ||
            !isfinite(b->volume))
            return "a value is not finite";
        if (!(b->low > 0) || b->high + slack < b->low || b->open > b->high + slack || b->close > b->high + slack ||
            b->open < b->low - slack || b->close < b->low - slack || b->volume < 0)
            return "prices that make no bar";
        if (bars->quote_volume && bars->quote_volume[i] < 0) return "a negative quote volume";
    }
    return NULL;
}

/* What is built on the bars next must stand them too. */
static const char *fuzz_use_bars(const struct gw_bars *bars) {
    struct gw_label_config config = {.horizon = 3, .ratio = 2, .min_move = 0.01, .atr_length = 14};
    struct gw_labels labels;
    struct gw_bars longer = {0};
    if (gw_labels_build(bars, &config, &labels) < 0) return "labels refuse the bars";
    gw_labels_free(&labels);
    if (bars->interval_ns <= 366 * NS_PER_DAY && gw_bars_resample(bars, 4 * bars->interval_ns, &longer) == GW_OK)
        gw_bars_free(&longer);
    return NULL;
}

static const char *fuzz_import_check(const char *bytes, size_t n, struct fuzz_random *random) {
    static const char *const symbols[] = {NULL, NULL, NULL, "ABC", "../x", "", "a b"};
    static const int64_t intervals[] = {0, 0, 0, NS_PER_MINUTE, NS_PER_DAY, 1};
    const char *path = fuzz_path("x-15m.csv");
    struct gw_import_options options = {
        .symbol = symbols[fuzz_below(random, COUNT_OF(symbols))],
        .interval_ns = intervals[fuzz_below(random, COUNT_OF(intervals))],
        .repair = fuzz_one_in(random, 3),
        .tolerant = fuzz_one_in(random, 3),
    };
    if (fuzz_one_in(random, 4)) options.format = gw_import_format_name(fuzz_below(random, gw_import_format_count()));
    if (fuzz_one_in(random, 6)) {
        options.from_ns = time_from_civil(2020, 1, 1);
        options.to_ns = fuzz_one_in(random, 2) ? INT64_MAX : time_from_civil(2021, 6, 1);
    }
    struct gw_bars bars;
    struct gw_import_report report;
    fuzz_put(path, bytes, n);
    int rc = gw_bars_import(path, &options, &bars, &report);
    if (rc == GW_OK) {
        fuzz_accepted++;
        const char *complaint = fuzz_judge_bars(&bars, &report);
        if (!complaint) complaint = fuzz_use_bars(&bars);
        gw_bars_free(&bars);
        return complaint;
    }
    if (rc != GW_ERR_DATA && !(rc == GW_ERR_CONFIG && options.symbol)) return "neither success nor ERR_DATA";
    if (rc == GW_ERR_DATA && strncmp(gw_error_message(), path, strlen(path)) != 0)
        return "the message does not begin with the file";
    if (bars.bar || bars.n) return "bars are left behind by a failure";
    return fuzz_judge_message(rc);
}

static const struct fuzz_target fuzz_import = {
    .name = "import",
    .setup = fuzz_import_setup,
    .check = fuzz_import_check,
    .words = fuzz_import_words,
    .n_words = COUNT_OF(fuzz_import_words),
    .slow_seconds = 5,
};

#endif
