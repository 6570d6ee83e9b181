/* Hostile and broken files: each must fail with GW_ERR_DATA, name the place and say what to do. */
#include "engine/base/base.h"
#include "test.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/scratch.h"
#include "gatewalk/import.h"
#include "gatewalk/rng.h"

#define HEADER  "time,open,high,low,close,volume\n"
#define ROW1    "2021-03-01 00:00,1,2,0.5,1.5,10\n"
#define ROW2    "2021-03-01 00:01,1,2,0.5,1.5,10\n"
#define BINANCE "1614556800000,1,2,0.5,1.5,10,1614556859999,15,3,5,7,0\n"

/* ---- one broken text each --------------------------------------------------------------------- */

static const struct bad_case {
    const char *what, *text;
    size_t length; /* 0: strlen */
    const char *place, *message;
} bad_cases[] = {
    {"empty file", "", 0, ":1:1:", "empty"},
    {"blank lines only", "\n \n\t\r\n", 0, ":1:1:", "empty"},
    {"byte-order mark only", "\xef\xbb\xbf", 0, ":1:1:", "empty"},
    {"header only", HEADER, 0, ":1:1:", "no bars"},
    {"prose", "Dear all,\nplease find attached\n", 0, ":1:1:", "no known layout"},
    {"web page", "<!DOCTYPE html>\n<html><body>404</body></html>\n", 0, ":1:1:", "a web page"},
    {"unknown headerless columns", "1,2,3\n4,5,6\n", 0, ":1:1:", "no known layout"},
    {"header after a blank line, without rows", "\n" HEADER, 0, ":1:1:", "no bars"},

    {"header without time", "open,high,low,close,volume\n1,2,3,1,2\n", 0, ":1:1:", "no time column"},
    {"header without low", "\ndate,open,high,close,volume\n1,2,3,1,2\n", 0, ":2:1:", "no low column"},

    {"close twice", "time,open,high,low,close,volume,close\n1,1,2,.5,1,1,1\n", 0,
     ":1:33:", "columns 5 (\"close\") and 7 (\"close\") both hold the close; remove or rename one"},
    {"close and last", "time,open,high,low,close,volume,Last\n1,1,2,.5,1,1,1\n", 0,
     ":1:33:", "columns 5 (\"close\") and 7 (\"Last\") both hold the close"},
    {"close in two spellings", "time,open,high,low,Close,volume,CLOSE price\n1,1,2,.5,1,1,1\n", 0,
     ":1:33:", "columns 5 (\"Close\") and 7 (\"CLOSE price\")"},
    {"open twice", "time,open,Open,high,low,close,volume\n1,1,1,2,.5,1,1\n", 0, ":1:11:", "both hold the open"},
    {"volume twice", "time,open,high,low,close,volume,vol\n1,1,2,.5,1,1,1\n", 0, ":1:33:", "both hold the volume"},
    {"time twice", "time,time,open,high,low,close,volume\n1,1,1,2,.5,1,1\n", 0, ":1:6:", "both hold the time"},
    {"date twice", "date,Date,time,open,high,low,close,volume\n1,1,1,1,2,.5,1,1\n", 0, ":1:6:", "both hold the time"},
    {"a third volume", "time,open,high,low,close,volume,Volume BTC,Volume USD\n1,1,2,.5,1,1,1,1\n", 0,
     ":1:44:", "columns 7 (\"Volume BTC\") and 8 (\"Volume USD\") both hold the quote volume"},
    {"trades twice", "time,open,high,low,close,volume,trades,count\n1,1,2,.5,1,1,1,1\n", 0,
     ":1:40:", "both hold the trade count"},

    {"too few columns", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5\n", 0, ":3:29:", "5 columns instead of 6"},
    {"too many columns", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5,10,7\n", 0, ":3:33:", "7 columns instead of 6"},
    {"cut off in a row", BINANCE "1614556860000,1,2,0.", 0, ":2:21:", "4 columns instead of 12"},
    {"text behind the data", HEADER ROW1 ROW2 "Total rows: 2\n", 0, ":4:14:", "1 columns instead of 6"},
    {"a second header", HEADER ROW1 HEADER, 0, ":3:1:", "time \"time\" is no time"},
    {"other delimiter later", HEADER ROW1 "2021-03-01 00:01;1;2;0.5;1.5;10\n", 0, ":3:32:", "1 columns"},

    {"hexadecimal", HEADER ROW1 "2021-03-01 00:01,0x1p3,20,0.5,1.5,10\n", 0, ":3:18:", "hexadecimal"},
    {"nan", HEADER ROW1 "2021-03-01 00:01,1,NaN,0.5,1.5,10\n", 0, ":3:20:", "high \"NaN\" is not a number"},
    {"nan with payload", HEADER "2021-03-01 00:01,1,nan(1),0.5,1.5,10\n", 0, ":2:20:", "not a number"},
    {"infinity", HEADER ROW1 "2021-03-01 00:01,1,inf,0.5,1.5,10\n", 0, ":3:20:", "infinite"},
    {"minus infinity", HEADER ROW1 "2021-03-01 00:01,1,2,-Infinity,1.5,10\n", 0, ":3:22:", "infinite"},
    {"overflow", HEADER ROW1 "2021-03-01 00:01,1,1e400,0.5,1.5,10\n", 0, ":3:20:", "too large"},
    {"underflow to zero", HEADER ROW1 "2021-03-01 00:01,1,2,1e-400,1.5,10\n", 0, ":3:22:", "low \"1e-400\" is zero"},
    {"trailing garbage", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5x,10\n", 0, ":3:26:", "behind the number"},
    {"two points", HEADER ROW1 "2021-03-01 00:01,1,2,0.5.5,1.5,10\n", 0, ":3:22:", "no number"},
    {"decimal comma beside points", "time;open;high;low;close;volume\n2021-03-01 00:01;1.5;2;0,5;1,5;10\n", 0,
     ":2:24:", "decimal comma"},
    {"thousands comma", HEADER "2021-03-01 00:01,1,2,0.5,1.5,\"1,000\"\n", 0, ":2:30:", "thousands commas"},
    {"empty price", HEADER ROW1 "2021-03-01 00:01,1,,0.5,1.5,10\n", 0, ":3:20:", "high \"\" is empty"},
    {"lone sign", HEADER ROW1 "2021-03-01 00:01,-,2,0.5,1.5,10\n", 0, ":3:18:", "open \"-\""},
    {"lone exponent", HEADER ROW1 "2021-03-01 00:01,1e,2,0.5,1.5,10\n", 0, ":3:18:", "open \"1e\""},
    {"number words", HEADER ROW1 "2021-03-01 00:01,one,2,0.5,1.5,10\n", 0, ":3:18:", "no number"},

    {"negative price", HEADER ROW1 "2021-03-01 00:01,-37.5,2,0.5,1.5,10\n", 0, ":3:18:", "open \"-37.5\" is negative"},
    {"zero price", HEADER ROW1 "2021-03-01 00:01,1,2,0,1.5,10\n", 0, ":3:22:", "low \"0\" is zero"},
    {"negative volume", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5,-1\n", 0, ":3:30:", "volume \"-1\" is negative"},
    {"high below low", HEADER ROW1 "2021-03-01 00:01,1,1,1.5,1.2,1\n", 0,
     ":3:20:", "high \"1\" lies below the low 1.5"},
    {"open above high", HEADER ROW1 "2021-03-01 00:01,3,2,0.5,1.5,1\n", 0,
     ":3:18:", "open \"3\" lies above the high 2"},
    {"open below low under a high spike", HEADER ROW1 "2021-03-01 00:01,.4,2e9,.5,1.5,1\n", 0,
     ":3:18:", "lies below the low 0.5"},
    {"open below low", HEADER ROW1 "2021-03-01 00:01,.4,2,.5,1.5,1\n", 0, ":3:18:", "lies below the low 0.5"},
    {"close above high", HEADER ROW1 "2021-03-01 00:01,1,2,.5,2.1,1\n", 0, ":3:25:", "close \"2.1\" lies above"},
    {"close below low", HEADER ROW1 "2021-03-01 00:01,1,2,.5,.4,1\n", 0, ":3:25:", "close \".4\" lies below"},
    {"just beyond the tolerance", HEADER "2021-03-01 00:01,1,2,0.5,2.00000001,1\n", 0,
     ":2:26:", "lies above the high 2"},

    {"price beyond arithmetic", HEADER ROW1 "2021-03-01 00:01,1,1e308,0.5,1.5,10\n", 0,
     ":3:20:", "high \"1e308\" lies outside 1e-18 to 1e18"},
    {"price just above", HEADER ROW1 "2021-03-01 00:01,1e18,1.01e18,1,1,10\n", 0, ":3:23:", "high \"1.01e18\" lies"},
    {"subnormal price", HEADER ROW1 "2021-03-01 00:01,1,2,4e-320,1.5,10\n", 0, ":3:22:", "low \"4e-320\" lies outside"},
    {"volume beyond arithmetic", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5,1e300\n", 0,
     ":3:30:", "volume \"1e300\" lies outside 1e-30 to 1e30 and is not 0"},
    {"subnormal volume", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1.5,4e-320\n", 0, ":3:30:", "volume \"4e-320\" lies"},

    {"exact duplicate", HEADER ROW1 ROW2 ROW2, 0, ":4:1:", "second row for 2021-03-01T00:01:00Z, the same as line 3"},
    {"conflicting duplicate", HEADER ROW1 ROW2 "2021-03-01 00:01,1,2,0.5,1.6,10\n", 0, ":4:1:", "with other values"},
    {"time goes back",
     HEADER ROW1 ROW2 "2021-02-28 00:01,1,2,0.5,1.6,10\n"
                      "2021-03-02 00:01,1,2,0.5,1.6,10\n",
     0, ":4:1:", "goes back to 2021-02-28T00:01:00Z after 2021-03-01T00:01:00Z on line 3"},
    {"one bar", HEADER ROW1, 0, ":2:1:", "name the interval"},

    {"seconds, then ms", HEADER "1614556800,1,2,0.5,1.5,10\n1614556860000,1,2,0.5,1.5,10\n", 0,
     ":3:1:", "in unix milliseconds, but in unix seconds on line 2"},
    {"ms, then us", BINANCE "1614556860000000,1,2,0.5,1.5,10,1614556919999999,15,3,5,7,0\n", 0,
     ":2:1:", "unix microseconds"},
    {"date, then unix", HEADER ROW1 "1614556860,1,2,0.5,1.5,10\n", 0, ":3:1:", "dates without a zone on line 2"},
    {"zone, then none", HEADER "2021-03-01T00:00Z,1,2,0.5,1.5,10\n" ROW2, 0, ":3:1:", "dates with a zone on line 2"},
    {"no such day", HEADER ROW1 "2021-02-29 00:01,1,2,0.5,1.5,10\n", 0, ":3:1:", "no such day"},
    {"no such month", HEADER ROW1 "2021-13-01 00:01,1,2,0.5,1.5,10\n", 0, ":3:1:", "month"},
    {"no such hour", HEADER ROW1 "2021-03-01 24:00,1,2,0.5,1.5,10\n", 0, ":3:1:", "time of day"},
    {"no such minute", HEADER ROW1 "2021-03-01 23:60,1,2,0.5,1.5,10\n", 0, ":3:1:", "time of day"},
    {"leap second", HEADER ROW1 "2016-12-31 23:59:60,1,2,0.5,1.5,10\n", 0, ":3:1:", "time of day"},
    {"time with garbage", HEADER ROW1 "2021-03-01 00:01 noon,1,2,0.5,1.5,10\n", 0, ":3:1:", "no zone"},
    {"unix time with garbage", HEADER "1614556800,1,2,.5,1,1\n1614556860s,1,2,0.5,1.5,10\n", 0,
     ":3:1:", "time \"1614556860s\""},
    {"ambiguous date", HEADER "03/01/2021,1,2,0.5,1.5,10\n03/02/2021,1,2,0.5,1.5,10\n", 0, ":2:1:", "day and month"},
    {"empty time", HEADER ROW1 ",1,2,0.5,1.5,10\n", 0, ":3:1:", "time \"\" is empty; correct the row"},
    {"year 1066", HEADER ROW1 "1066-10-14,1,2,0.5,1.5,10\n", 0, ":3:1:", "1678"},
    {"year 2300", HEADER ROW1 "2300-01-01,1,2,0.5,1.5,10\n", 0, ":3:1:", "2261"},
    {"seconds beyond 2262", HEADER "9999999999,1,2,0.5,1.5,10\n", 0, ":2:1:", "2262"},
    {"huge time", HEADER "99999999999999999999999,1,2,0.5,1.5,10\n", 0, ":2:1:", "time \"99999999999999999999999\""},
    {"largest time", HEADER "9223372036854775808,1,2,0.5,1.5,10\n", 0, ":2:1:", "2262"},

    {"unclosed quote", HEADER ROW1 "\"2021-03-01 00:01,1,2,0.5,1.5,10\n" ROW2, 0, ":3:1:", "never closed"},
    {"quote inside a field", HEADER ROW1 "2021-03-01 00:01,1\"2,2,0.5,1.5,10\n", 0, ":3:19:", "quote"},
    {"text behind a quote", HEADER ROW1 "\"2021-03-01 00:01\"x,1,2,0.5,1.5,10\n", 0, ":3:", "quote"},
    {"error behind a quoted line break",
     "time,open,note,high,low,close,volume\n"
     "1614556800,1,\"a\nb\nc\",2,0.5,9,10\n",
     0, ":4:10:", "close \"9\" lies above"},
    {"old Mac line ends", "time,open,high,low,close,volume\r1614556800,1,2,.5,1,1\r1614556860,1,2,.5,1,1\r", 0,
     ":1:1:", ""},
    {"carriage return in a row", HEADER ROW1 "2021-03-01 00:01,1,2,\r0.5,1.5,10\n", 0, ":3:22:", "carriage return"},
    {"NUL byte", HEADER ROW1 "2021-03-01 00:01,1,2,0.5,1\0,10\n", sizeof(HEADER ROW1) - 1 + 32, ":3:27:", "NUL byte"},
    {"only NUL bytes", "\0\0\0\0", 4, ":1:1:", "NUL byte"},

    {"ambiguous six columns", "1614556800,1,1,1,1,5\n1614556860,2,2,2,2,5\n", 0, ":1:1:", "name the format"},
    {"wrong column order", "1614556800,1,2,3,4,5\n1614556860,1,2,3,4,5\n", 0, ":1:", ""},

    {"JSON: empty array", "[]", 0, ":1:1:", "no bars"},
    {"JSON: not rows", "[1,2,3]", 0, ":1:2:", "a row such as"},
    {"JSON: object", "{\"a\":1}", 0, ":1:1:", "no known layout"},
    {"JSON: null", "[[1614556800000,1,2,null,1.5,10]]", 0, ":1:21:", "low \"null\" is no number"},
    {"JSON: too few", "[[1614556800000,1,2,0.5,1.5,10],\n[1614556860000,1,2]]", 0, ":2:", "3 columns instead of 6"},
    {"JSON: cut off", "[[1614556800000,1,2,0.5,1.5,10],\n[1614556860000,1,2", 0, ":2:19:", "ends inside a row"},
    {"JSON: not closed", "[[1614556800000,1,2,0.5,1.5,10]\n", 0, ":2:1:", "closing"},
    {"JSON: text behind", "[[1614556800000,1,2,0.5,1.5,10]]\nx", 0, ":2:1:", "follows"},
    {"JSON: missing comma", "[[1614556800000,1,2,0.5,1.5,10]\n[1614556860000,1,2,0.5,1.5,10]]", 0, ":2:1:", "','"},
    {"JSON: nested", "[[[1,2]]]", 0, ":1:", ""},
    {"JSON: unclosed quote", "[[1614556800000,\"1,2,0.5,1.5,10]]", 0, ":1:", "quote"},
};

static void every_broken_text_is_refused_with_its_place(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_cases); i++) {
        const struct bad_case *c = &bad_cases[i];
        struct gw_bars bars;
        const char *path = scratch("bad.csv");
        char place[1200];
        scratch_write("bad.csv", c->text, c->length ? c->length : strlen(c->text));
        int rc = gw_bars_import(path, NULL, &bars, NULL);
        snprintf(place, sizeof place, "%s%s", path, c->place);
        if (rc != GW_ERR_DATA || strncmp(gw_error_message(), place, strlen(place)) != 0 ||
            !strstr(gw_error_message(), c->message))
            fail_msg("%s: got %d \"%s\", want \"%s\" and \"%s\"", c->what, rc, rc ? gw_error_message() : "", place,
                     c->message);
        if (!strchr(gw_error_message(), ';'))
            fail_msg("%s: \"%s\" does not say what to do", c->what, gw_error_message());
        if (bars.bar) fail_msg("%s: left bars behind", c->what);
    }
}

/* ---- the file itself --------------------------------------------------------------------------- */

static void folders_and_missing_files(void **state) {
    (void)state;
    struct gw_bars bars;
    assert_int_equal(mkdir(scratch("nothing"), 0755), 0);
    assert_fails(gw_bars_import(scratch("nothing"), NULL, &bars, NULL), GW_ERR_DATA, "holds no file of bars");
    assert_fails(gw_bars_import(scratch("no*thing.csv"), NULL, &bars, NULL), GW_ERR_DATA, "no file fits this pattern");
    assert_fails(gw_bars_import(scratch("absent.csv"), NULL, &bars, NULL), GW_ERR_DATA, "absent.csv");
}

/* Copies a fixture with its last bytes cut off or one byte changed. */
static const char *damaged(const char *fixture, size_t cut, long flip) {
    char bytes[8192];
    FILE *stream = fopen(fixture, "rb");
    assert_non_null(stream);
    size_t n = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    assert_true(n > cut && n < sizeof bytes);
    if (flip >= 0) bytes[flip] = (char)(bytes[flip] ^ 0x5a);
    scratch_write("damaged", bytes, n - cut);
    return scratch("damaged");
}

static void damaged_archives(void **state) {
    (void)state;
    struct gw_bars bars;
    const char *gz = "tests/market/fixtures/header-adjclose.csv.gz", *zip = "tests/market/fixtures/lean.zip";
    assert_fails(gw_bars_import(damaged(gz, 20, -1), NULL, &bars, NULL), GW_ERR_DATA, "end early");
    assert_fails(gw_bars_import(damaged(gz, 4, -1), NULL, &bars, NULL), GW_ERR_DATA, "end early");
    assert_fails(gw_bars_import(damaged(gz, 0, 60), NULL, &bars, NULL), GW_ERR_DATA, "damaged");
    assert_fails(gw_bars_import(damaged(zip, 0, 60), NULL, &bars, NULL), GW_ERR_DATA, "damaged");
    assert_fails(gw_bars_import("tests/market/fixtures/two-files.zip", NULL, &bars, NULL), GW_ERR_DATA,
                 "holds 2 symbols; name the one that is meant: a, b");
    scratch_write("empty.zip", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    assert_fails(gw_bars_import(scratch("empty.zip"), NULL, &bars, NULL), GW_ERR_DATA, "an archive without data");
    scratch_write("utf16.csv", "\xff\xfet\0i\0", 6);
    assert_fails(gw_bars_import(scratch("utf16.csv"), NULL, &bars, NULL), GW_ERR_DATA, ":1:1: no known layout");
    scratch_write("x.zst", "\x28\xb5\x2f\xfd----", 8);
    assert_fails(gw_bars_import(scratch("x.zst"), NULL, &bars, NULL), GW_ERR_DATA, "damaged");
}

/* ---- size -------------------------------------------------------------------------------------- */

/* A header, `n` bytes of the pattern, two rows; packed: what is said of them. */
static void assert_packed(const char *pattern, size_t n, int want, const char *message) {
    struct gw_bars bars;
    gzFile packed = gzopen(scratch("packed.gz"), "wb1");
    size_t length = strlen(pattern);
    char *block = malloc(1 << 20);
    assert_true(packed && block);
    for (size_t i = 0; i < 1 << 20; i++) block[i] = pattern[i % length];
    assert_int_equal(gzputs(packed, HEADER), sizeof HEADER - 1);
    for (size_t done = 0; done < n; done += 1 << 20) {
        unsigned part = n - done < 1 << 20 ? (unsigned)(n - done) : 1 << 20;
        assert_int_equal(gzwrite(packed, block, part), part);
    }
    assert_int_equal(gzputs(packed, "\n" ROW1 ROW2), sizeof("\n" ROW1 ROW2) - 1);
    assert_int_equal(gzclose(packed), Z_OK);
    free(block);
    int rc = gw_bars_import(scratch("packed.gz"), NULL, &bars, NULL);
    if (want == GW_OK) assert_ok(rc);
    if (want != GW_OK) assert_fails(rc, want, message);
    gw_bars_free(&bars);
}

static void many_blank_lines(void **state) {
    (void)state;
    assert_packed("\n", 1 << 16, GW_OK, "");
    assert_packed("\n", 1 << 20, GW_OK, "");
    assert_packed("\r\n", 1 << 18, GW_OK, "");
}

/* The same as a zip of one entry. */
static void put_zip(const char *name, const void *text, size_t length, size_t n_times) {
    struct archive *zip = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_true(zip && entry);
    assert_int_equal(archive_write_set_format_zip(zip), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(zip, scratch(name)), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "bars.csv");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)(length * n_times));
    assert_int_equal(archive_write_header(zip, entry), ARCHIVE_OK);
    while (n_times--) assert_int_equal(archive_write_data(zip, text, length), length);
    archive_entry_free(entry);
    assert_int_equal(archive_write_free(zip), ARCHIVE_OK);
}

/* What unpacks to far more than any market compresses is refused while it unpacks, not when memory is full. */
static void bombs_are_refused(void **state) {
    (void)state;
    struct gw_bars bars;
    char *block = calloc(1, 1 << 20);
    assert_non_null(block);
    memset(block, '\n', 1 << 20);
    assert_packed("\n", (size_t)100 << 20, GW_ERR_DATA, "more than 100 times its size");
    put_zip("packed.zip", block, 1 << 20, 100);
    assert_fails(gw_bars_import(scratch("packed.zip"), NULL, &bars, NULL), GW_ERR_DATA, "more than 100 times its size");
    free(block);
    assert_true(mem_peak_bytes() < (size_t)1 << 30);
}

static void nested_archives_are_named(void **state) {
    (void)state;
    struct gw_bars bars;
    char bytes[8192];
    size_t n = 0;
    assert_packed("\n", 1, GW_OK, "");
    FILE *stream = fopen(scratch("packed.gz"), "rb");
    assert_non_null(stream);
    n = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    put_zip("nested.zip", bytes, n, 1);
    assert_fails(gw_bars_import(scratch("nested.zip"), NULL, &bars, NULL), GW_ERR_DATA, "is gzip inside");
    put_zip("nested.zip", "PK\3\4----", 8, 1);
    assert_fails(gw_bars_import(scratch("nested.zip"), NULL, &bars, NULL), GW_ERR_DATA, "is zip inside");
}

static void files_beyond_the_limit(void **state) {
    (void)state;
    struct gw_bars bars;
    scratch_write("large.csv", HEADER, sizeof HEADER - 1);
    assert_int_equal(truncate(scratch("large.csv"), ((off_t)2 << 30) + 1), 0); /* sparse */
    assert_fails(gw_bars_import(scratch("large.csv"), NULL, &bars, NULL), GW_ERR_DATA, "at most 2147483648 are read");
    unlink(scratch("large.csv"));
}

/* A line of 100 MB, and brackets 10 MB deep. */
static void long_lines_and_deep_nesting(void **state) {
    (void)state;
    struct gw_bars bars;
    size_t n = (size_t)100 << 20;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, '7', n);
    memcpy(text, HEADER ROW1, sizeof(HEADER ROW1) - 1);
    scratch_write("long.csv", text, n);
    assert_fails(gw_bars_import(scratch("long.csv"), NULL, &bars, NULL), GW_ERR_DATA, ":3:");
    memset(text, '[', (size_t)10 << 20);
    scratch_write("long.csv", text, (size_t)10 << 20);
    assert_fails(gw_bars_import(scratch("long.csv"), NULL, &bars, NULL), GW_ERR_DATA, ":1:");
    free(text);
    unlink(scratch("long.csv"));
}

/* ---- limits of repair --------------------------------------------------------------------------- */

static void repair_does_not_choose_between_values(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_options repair = {.repair = true};
    static const char text[] = HEADER ROW1 ROW2 "2021-03-01 00:01,1,2,0.5,1.6,10\n";
    scratch_write("conflict.csv", text, sizeof text - 1);
    assert_fails(gw_bars_import(scratch("conflict.csv"), &repair, &bars, NULL), GW_ERR_DATA, ":4:1: a second row");
}

static void repair_refuses_a_file_full_of_damage(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_report report;
    struct gw_import_options repair = {.repair = true}, tolerant = {.tolerant = true};
    FILE *stream = fopen(scratch("full.csv"), "w");
    assert_non_null(stream);
    fputs(HEADER, stream);
    for (int i = 0; i < 40; i++) fprintf(stream, "%d,1,2,%s,1.5,10\n", 1614556800 + 60 * i, i % 4 ? "0.5" : "nan");
    fclose(stream);
    assert_fails(gw_bars_import(scratch("full.csv"), &repair, &bars, NULL), GW_ERR_DATA, ":2:16: low \"nan\"");
    assert_ok(gw_bars_import(scratch("full.csv"), &tolerant, &bars, &report));
    assert_int_equal(report.n_bad_rows, 10);
    assert_int_equal(report.first_bad_line, 2);
    assert_int_equal(bars.n, 30);
    gw_bars_free(&bars);
}

static void a_named_format_must_fit(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_import_options kraken = {.format = "kraken"}, bitfinex = {.format = "bitfinex"};
    scratch_write("named.csv", HEADER ROW1 ROW2, sizeof(HEADER ROW1 ROW2) - 1);
    assert_fails(gw_bars_import(scratch("named.csv"), &kraken, &bars, NULL), GW_ERR_DATA, ":1:1: is not in the format");
    /* Flat bars: with the format named nothing is ambiguous. */
    static const char flat[] = "1614556800,1,1,1,1,5\n1614556860,2,2,2,2,5\n";
    scratch_write("flat.csv", flat, sizeof flat - 1);
    assert_ok(gw_bars_import(scratch("flat.csv"), &bitfinex, &bars, NULL));
    assert_int_equal(bars.n, 2);
    gw_bars_free(&bars);
}

/* ---- noise -------------------------------------------------------------------------------------- */

/* Random bytes at random places of good files: no crash, no bar that breaks the rules. */
static void mutations_never_pass_a_broken_bar(void **state) {
    (void)state;
    static const char *const seeds[] = {
        HEADER ROW1 ROW2 "2021-03-01 00:02,1,2,0.5,1.5,10\n",
        BINANCE "1614556860000,1,2,0.5,1.5,10,1614556919999,15,3,5,7,0\n",
        "[[1614556800000,1,2,0.5,1.5,10],[1614556860000,\"1\",2,0.5,1.5,10]]",
        "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n"
        "\"Jun 19, 2021\",\"35,755.8\",\"35,770.0\",\"36,357.3\",\"34,845.5\",\"105.76K\",\"0.02%\"\n"
        "\"Jun 18, 2021\",\"35,755.8\",\"35,770.0\",\"36,357.3\",\"34,845.5\",\"105.76K\",\"0.02%\"\n"};
    static const char alphabet[] = "0123456789.,;-+eE\"[]\n\r \t/:xKMn\0\xff";
    struct gw_rng rng;
    size_t n_good = 0;
    gw_rng_key(&rng, 3, "mutations", 0, 0, 0);
    for (int round = 0; round < 4000; round++) {
        char text[1024];
        const char *seed = seeds[gw_rng_below(&rng, COUNT_OF(seeds))];
        size_t n = strlen(seed);
        memcpy(text, seed, n);
        for (size_t k = 1 + gw_rng_below(&rng, 3); k > 0; k--)
            text[gw_rng_below(&rng, n)] = alphabet[gw_rng_below(&rng, sizeof alphabet - 1)];
        if (round % 5 == 0) n = gw_rng_below(&rng, n);
        struct gw_import_options options = {.tolerant = round % 3 == 0, .repair = round % 3 == 1};
        struct gw_bars bars;
        scratch_write("mutated.csv", text, n);
        int rc = gw_bars_import(scratch("mutated.csv"), &options, &bars, NULL);
        if (rc != GW_OK) {
            assert_int_equal(rc, GW_ERR_DATA);
            assert_null(bars.bar);
            continue;
        }
        n_good++;
        for (size_t i = 0; i < bars.n; i++) {
            const struct gw_bar *b = &bars.bar[i];
            assert_true(isfinite(b->high) && b->low > 0 && isfinite(b->volume) && b->volume >= 0);
            assert_true(b->high * (1 + 1e-8) >= fmax(b->open, b->close) &&
                        b->low * (1 - 1e-8) <= fmin(b->open, b->close));
            assert_true(i == 0 || b->open_ns > bars.bar[i - 1].open_ns);
        }
        gw_bars_free(&bars);
    }
    assert_true(n_good > 200); /* the check above has something to look at */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_broken_text_is_refused_with_its_place),
        cmocka_unit_test(folders_and_missing_files),
        cmocka_unit_test(damaged_archives),
        cmocka_unit_test(many_blank_lines),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(nested_archives_are_named),
        cmocka_unit_test(files_beyond_the_limit),
        cmocka_unit_test(long_lines_and_deep_nesting),
        cmocka_unit_test(repair_does_not_choose_between_values),
        cmocka_unit_test(repair_refuses_a_file_full_of_damage),
        cmocka_unit_test(a_named_format_must_fit),
        cmocka_unit_test(mutations_never_pass_a_broken_bar),
    };
    return cmocka_run_group_tests_name("import_bad", tests, scratch_make, scratch_remove);
}
