/* Fuzz target: bars that come one by one on standard input, as CSV under a header or a JSON object a line, through a pipe that is
 * cut anywhere, with and without further columns. Two readings of the same bytes agree, however they were cut. */
#ifndef GATEWALK_TEST_FUZZ_LINES_H
#define GATEWALK_TEST_FUZZ_LINES_H

#include <math.h>

#include "engine/live/live.h"
#include "fuzz.h"

enum { FUZZ_PIPE_MOST = 60000 }; /* what a pipe holds without a reader */

static const char *const fuzz_lines_words[] = {
    "time,open,high,low,close,volume\n",
    "open_time,open,high,low,close,volume,symbol,flow\n",
    "2020-01-01T00:00:00Z,1,2,0.5,1.5,10\n",
    "{\"time\":1577836800,\"open\":1,\"high\":2,\"low\":0.5,\"close\":1.5,\"volume\":3}\n",
    "\"flow\":",
    "\"symbol\":\"A\"",
    "\"close\":",
    "null",
    "nan",
    "-inf",
    "1e308",
    "1e-320",
    "0x10",
    "1577836800000",
    "9223372036854775807",
    "\\u0000",
    "\r\n",
    "\n\n",
    "\"",
    ";",
    "\t",
    "{",
    "}",
    "[",
    "[[[[[[[[[[[[[[[[",
    "\xFF",
    "\xEF\xBB\xBF",
};

static size_t fuzz_lines_setup(struct fuzz_input seed[MOST_SOUND]) {
    seed[0] = fuzz_text("time,open,high,low,close,volume\n2020-01-01T00:00:00Z,1,2,0.5,1.5,10\n"
                        "2020-01-01T01:00:00Z,1.5,2,1,1.7,3\n\n2020-01-01T02:00:00Z,1.7,2,1,x,3\n");
    seed[1] = fuzz_text("{\"time\":1577836800,\"open\":1,\"high\":2,\"low\":0.5,\"close\":1.5,\"volume\":3}\n"
                        "{\"time\":1577840400,\"open\":\"1.5\",\"high\":2,\"low\":1,\"close\":1.7,\"volume\":3}\n");
    seed[2] = fuzz_text("open_time;open;high;low;close;volume;symbol;flow\r\n1577836800000;1;2;0.5;1.5;10;BTC;-3\r\n"
                        "1577840400000;1.5;2;1;1.7;3;ETH;\r\n");
    seed[3] =
        fuzz_text("{\"symbol\":\"A\",\"time\":\"2020-01-01 00:00\",\"open\":1,\"high\":2,\"low\":0.5,\"close\":1.5,"
                  "\"volume\":null,\"flow\":2.5,\"quote_volume\":1,\"more\":[1,{\"a\":null}]}\n");
    return 4;
}

/* What came of the lines, as a hash; complaints to *complaint. */
struct fuzz_taking {
    struct bar_lines *lines;
    enum bar_line_kind kind;
    uint64_t hash;
    const char *complaint;
};

static bool fuzz_bar_is_sound(const struct gw_bar *bar) {
    const double high = bar->high * (1 + 1e-9), low = bar->low * (1 - 1e-9); /* as far as the import lets them round */
    return isfinite(bar->high) && bar->low > 0 && bar->low <= high && bar->open <= high && bar->open >= low &&
           bar->close <= high && bar->close >= low && (isnan(bar->volume) || bar->volume >= 0);
}

static void fuzz_take(struct fuzz_taking *t, const char *text, size_t length) {
    struct bar_line line = {.symbol = ""};
    const int rc = bar_lines_take(t->lines, text, length, &t->kind, &line);
    if (rc < 0) t->complaint = rc == GW_ERR_DATA ? fuzz_judge_message(rc) : "neither success nor ERR_DATA";
    if (rc >= 0 && t->kind == BAR_LINE_BAR) {
        fuzz_accepted++;
        if (!fuzz_bar_is_sound(&line.bar)) t->complaint = "a line that is no bar was taken";
        if (strlen(line.symbol) >= sizeof line.symbol) t->complaint = "a symbol without an end";
        t->hash = hash_bytes(&line.bar, sizeof line.bar, t->hash);
        t->hash = hash_bytes(line.symbol, strlen(line.symbol), t->hash);
    }
    t->hash = hash_bytes(&rc, sizeof rc, t->hash);
}

/* As the command does: through a descriptor, in whatever pieces it gives. */
static bool fuzz_take_piped(struct fuzz_taking *t, const char *bytes, size_t n) {
    struct line_reader reader;
    const char *text;
    size_t length;
    bool more = true;
    int end[2];
    if (pipe(end) < 0) fuzz_die("pipe");
    if (write(end[1], bytes, n) != (ssize_t)n) fuzz_die("pipe");
    close(end[1]);
    int rc = line_reader_open(&reader, end[0], false);
    while (rc == GW_OK && !t->complaint && t->kind != BAR_LINE_UNUSABLE) {
        rc = line_reader_next(&reader, &text, &length, &more);
        if (rc < 0 || !more) break;
        fuzz_take(t, text, length);
    }
    line_reader_close(&reader);
    close(end[0]);
    return rc == GW_OK;
}

static void fuzz_take_split(struct fuzz_taking *t, const char *bytes, size_t n) {
    for (size_t begin = 0, end; begin < n && !t->complaint && t->kind != BAR_LINE_UNUSABLE; begin = end + 1) {
        for (end = begin; end < n && bytes[end] != '\n';) end++;
        fuzz_take(t, bytes + begin, end - begin);
    }
}

static const char *fuzz_lines_check(const char *bytes, size_t n, struct fuzz_random *random) {
    static const char *const column[] = {"flow"};
    const size_t n_columns = fuzz_below(random, 2);
    struct fuzz_taking taking[2] = {{.kind = BAR_LINE_NONE}, {.kind = BAR_LINE_NONE}};
    if (n > FUZZ_PIPE_MOST) n = FUZZ_PIPE_MOST;
    const char *complaint = NULL;
    for (size_t i = 0; i < COUNT_OF(taking) && !complaint; i++) {
        if (bar_lines_open("standard input", column, n_columns, &taking[i].lines) < 0) return "no lines";
        if (i == 0)
            fuzz_take_split(&taking[i], bytes, n);
        else if (!fuzz_take_piped(&taking[i], bytes, n))
            complaint = "a pipe is not read";
        bar_lines_close(taking[i].lines);
        if (!complaint) complaint = taking[i].complaint;
    }
    return complaint ? complaint : taking[0].hash != taking[1].hash ? "piped it is something else" : NULL;
}

static const struct fuzz_target fuzz_lines = {
    .name = "lines",
    .setup = fuzz_lines_setup,
    .check = fuzz_lines_check,
    .words = fuzz_lines_words,
    .n_words = COUNT_OF(fuzz_lines_words),
    .slow_seconds = 5,
};

#endif
