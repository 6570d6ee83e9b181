/* Bad market data. Included by test_bad_input.c alone. */
#include "bad_cases.h"

#include <zlib.h>

static void make_folder(void) { mkdir(work("b.csv"), 0700); }
static void make_empty(void) { put_bytes("b.csv", "", 0); }

static void make_with_nul(void) {
    static const char text[] = "time,open,high,low,close,volume\n1600000000,10,11,9,10.5,100\n16000\0,10,11,9,10.5,1\n";
    put_bytes("b.csv", text, sizeof text - 1);
}

static void make_garbage(void) {
    unsigned char bytes[20000];
    uint32_t x = 2463534242u;
    for (size_t i = 0; i < sizeof bytes; i++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        bytes[i] = (unsigned char)(x >> 24) | 1; /* no NUL: it must not be what gives the file away */
    }
    bytes[0] = 0xC3;
    put_bytes("b.csv", bytes, sizeof bytes);
}

/* rw.csv, packed: whole, cut off, with a flipped bit, with something behind it. */
static size_t packed(unsigned char *out, size_t room) {
    size_t length;
    char *text = get_file(work("rw.csv"), &length);
    z_stream z = {0};
    if (!text || deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)length;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    deflateEnd(&z);
    free(text);
    return z.total_out;
}
static unsigned char packed_bytes[1 << 18];
static void make_cut_gz(void) { put_bytes("b.csv", packed_bytes, packed(packed_bytes, sizeof packed_bytes) / 2); }
static void make_flipped_gz(void) {
    size_t length = packed(packed_bytes, sizeof packed_bytes);
    packed_bytes[length / 2] ^= 0x10;
    put_bytes("b.csv", packed_bytes, length);
}
static void make_gz_with_tail(void) {
    size_t length = packed(packed_bytes, sizeof packed_bytes);
    memcpy(packed_bytes + length, "tail", 4);
    put_bytes("b.csv", packed_bytes, length + 4);
}

/* The smallest zip with two stored, empty files. */
static void make_two_in_zip(void) {
    static const unsigned char bytes[] = {
        'P', 'K', 3, 4, 10,  0,   0,   0, 0, 0,   0,   0,   0x21, 0, 0,  0, 0,  0,    0, 0,    0, 0,  0, 0, 0,    0,
        1,   0,   0, 0, 'a', 'P', 'K', 3, 4, 10,  0,   0,   0,    0, 0,  0, 0,  0x21, 0, 0,    0, 0,  0, 0, 0,    0,
        0,   0,   0, 0, 0,   1,   0,   0, 0, 'b', 'P', 'K', 1,    2, 10, 0, 10, 0,    0, 0,    0, 0,  0, 0, 0x21, 0,
        0,   0,   0, 0, 0,   0,   0,   0, 0, 0,   0,   0,   1,    0, 0,  0, 0,  0,    0, 0,    0, 0,  0, 0, 0,    0,
        0,   0,   0, 0, 'a', 'P', 'K', 1, 2, 10,  0,   10,  0,    0, 0,  0, 0,  0,    0, 0x21, 0, 0,  0, 0, 0,    0,
        0,   0,   0, 0, 0,   0,   0,   1, 0, 0,   0,   0,   0,    0, 0,  0, 0,  0,    0, 0,    0, 31, 0, 0, 0,    'b',
        'P', 'K', 5, 6, 0,   0,   0,   0, 2, 0,   2,   0,   94,   0, 0,  0, 62, 0,    0, 0,    0, 0};
    put_bytes("b.csv", bytes, sizeof bytes);
}
static void make_zip_cut(void) { put_bytes("b.csv", "PK\3\4\n\0\0\0", 8); }
static void make_parquet(void) { put_text("b.csv", "PAR1\x15\x04\x15\x10"); }
static void make_utf16(void) { put_bytes("b.csv", "\xff\xfet\0i\0m\0e\0", 10); }

/* The first lines of rw.csv: too few for one fold. */
static void make_short(void) {
    size_t length;
    char *text = get_file(work("rw.csv"), &length);
    if (!text) abort();
    char *end = text;
    for (int i = 0; i < 300; i++) end = strchr(end, '\n') + 1;
    put_bytes("b.csv", text, (size_t)(end - text));
    free(text);
}

#define ROW(title, text, ...)                                                                                          \
    {                                                                                                                  \
        .name = title, .args = RUN_DATA, .exit = 3, .row = text, .says = { __VA_ARGS__ }                               \
    }
#define WHOLE(title, text, ...)                                                                                        \
    {                                                                                                                  \
        .name = title, .args = RUN_DATA, .exit = 3, .file = text, .says = { __VA_ARGS__ }                              \
    }
#define MADE(title, maker, ...)                                                                                        \
    {                                                                                                                  \
        .name = title, .args = RUN_DATA, .exit = 3, .make = maker, .says = { __VA_ARGS__ }                             \
    }

static const struct bad_case bad_data[] = {
    {.name = "data: missing file", .args = RUN_DATA, .exit = 3, .says = {"b.csv: ", "No such file", "check the path"}},
    {.name = "data: inspect of a missing file",
     .args = {"inspect", "b.csv"},
     .exit = 3,
     .says = {"b.csv: ", "No such file"}},
    MADE("data: a folder", make_folder, "b.csv: ", "holds no file of bars"),
    MADE("data: empty file", make_empty, "b.csv:1:1: ", "empty"),
    WHOLE("data: only white space", " \n\n\t\n", "b.csv:1:1: ", "empty"),
    WHOLE("data: header only", "^time,open,high,low,close,volume\n", "no bars"),
    WHOLE("data: wrong columns", "^a,b,c\n1,2,3\n", "time,open,high,low,close,volume"),
    WHOLE("data: no close column", "^time,open,high,low,volume\n1600000000,1,2,1,5\n1600000900,1,2,1,5\n", "close"),
    WHOLE("data: prose", "^Dear Sir,\nplease find the data enclosed.\n", "header line"),
    ROW("data: too few columns", "1600003600,10,11,9,10.5^", "5 columns instead of 6"),
    ROW("data: too many columns", "1600003600,10,11,9,10.5,100,^7,7", "8 columns instead of 6"),
    ROW("data: decimal comma", "1600003600,10,5,11,9,10,^100", "7 columns instead of 6"),
    ROW("data: unclosed quote", "^\"1600003600,10,11,9,10.5,100", "never closed"),
    {.name = "data: NUL byte",
     .args = RUN_DATA,
     .exit = 3,
     .make = make_with_nul,
     .place_line = 3,
     .place_column = 6,
     .says = {"NUL byte"}},
    ROW("data: high below low", "1600003600,10,^8,9,10,100", "high", "below the low"),
    ROW("data: close above high", "1600003600,10,11,9,^12,100", "close", "above the high"),
    ROW("data: open below low", "1600003600,^8,11,9,10,100", "open", "below the low"),
    ROW("data: negative price", "1600003600,10,11,^-9,10,100", "low \"-9\"", "negative"),
    ROW("data: zero price", "1600003600,^0,11,9,10,100", "open \"0\"", "is zero"),
    ROW("data: negative volume", "1600003600,10,11,9,10,^-1", "volume", "negative"),
    ROW("data: NaN", "1600003600,10,11,9,^nan,100", "close \"nan\"", "not a number"),
    ROW("data: infinity", "1600003600,10,^inf,9,10,100", "high \"inf\"", "infinite"),
    ROW("data: hexadecimal", "1600003600,^0x10,11,9,10,100", "hexadecimal"),
    ROW("data: 1e999", "1600003600,10,^1e999,9,10,100", "1e999", "too large"),
    ROW("data: empty price", "1600003600,10,^,9,10,100", "high", "empty"),
    ROW("data: text for a price", "1600003600,10,11,^low,10,100", "low \"low\""),
    ROW("data: thousands apart", "1600003600,^1 000,1100,900,1000,1", "behind the number"),
    ROW("data: duplicate row", "^1600002700,10,11,9,10.5,100", "the same as line 5", "delete it"),
    ROW("data: two prices for one time", "^1600002700,10,11,9,10.6,100", "other values", "line 5"),
    ROW("data: time goes back", "^1600000450,10,11,9,10.5,100", "goes back", "sort the rows"),
    ROW("data: seconds and milliseconds", "^1600003600000,10,11,9,10.5,100", "milliseconds", "seconds on line 2"),
    ROW("data: empty time", "^,10,11,9,10.5,100", "time"),
    ROW("data: no time", "^yesterday,10,11,9,10.5,100", "time \"yesterday\""),
    ROW("data: the year 3000000000000", "^99999999999999999999,10,11,9,10.5,100", "beyond the year 2262"),
    MADE("data: gzip cut off", make_cut_gz, "b.csv: ", "gzip data end early", "fetch the file again"),
    MADE("data: gzip damaged", make_flipped_gz, "b.csv: ", "gzip data are damaged"),
    MADE("data: gzip with a tail", make_gz_with_tail, "b.csv: ", "4 bytes of junk"),
    MADE("data: zip with two entries", make_two_in_zip, "b.csv/a:1:1: ", "the file is empty"),
    MADE("data: zip cut off", make_zip_cut, "b.csv: ", "packed data are damaged"),
    MADE("data: binary garbage", make_garbage, "b.csv:1:1: ", "no known layout"),
    MADE("data: parquet", make_parquet, "b.csv: ", "parquet", "makes CSV of it"),
    MADE("data: UTF-16", make_utf16, "b.csv:1:1: ", "no known layout"),
    {.name = "data: too few bars for one fold",
     .args = RUN_DATA,
     .exit = 2,
     .make = make_short,
     .says = {"small.json: ", "299 bars", "shorten the slices"}},
    {.name = "data: another format asked for",
     .args = {"inspect", "rw.csv", "--format", "binance"},
     .exit = 3,
     .says = {"rw.csv:1:1: ", "not in the format \"binance\""}},
    {.name = "data: unknown format",
     .args = {"inspect", "rw.csv", "--format", "binanse"},
     .exit = 2,
     .says = {"did you mean \"binance\"?"}},
    {.name = "data: interval that does not fit",
     .args = {"inspect", "rw.csv", "--interval", "1h"},
     .exit = 3,
     .says = {"rw.csv: ", "15m apart", "1h"}},
    {.name = "data: no bars in the time range",
     .args = {"run", "small.json", "--out", "o", "--timerange", "20300101-"},
     .exit = 3,
     .says = {"rw.csv: ", "no bars in the asked time range", "2020-01-01"}},
    {.name = "data: file of the experiment missing",
     .args = RUN_JSON_FILE,
     .exit = 3,
     .find = "rw.csv",
     .replace = "gone.csv",
     .says = {"gone.csv: ", "No such file"}},
};
