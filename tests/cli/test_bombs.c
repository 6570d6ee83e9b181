/* Small files that unpack to gigabytes, lines of 100 MB: with 512 MB of memory and within seconds each ends in one line that
 * names the file, and leaves nothing behind. */
#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "engine/base/base.h"
#include "program.h"

enum { MEMORY_KB = 512 * 1024, SECONDS = 120, MEMBER = 16 << 20, MEMBERS = 128, LINE = 100 << 20 };

static const char header[] = "time,open,high,low,close,volume\n";

/* One gzip member of so many equal bytes; free() it. */
static unsigned char *pack(int byte, size_t n, size_t *packed) {
    unsigned char *from = malloc(n), *to = malloc(n / 100 + 1000);
    z_stream stream = {
        .next_in = from, .avail_in = (unsigned)n, .next_out = to, .avail_out = (unsigned)(n / 100 + 1000)};
    assert_true(from && to);
    memset(from, byte, n);
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *packed = stream.total_out;
    deflateEnd(&stream);
    free(from);
    return to;
}

/* 2 GB of one byte behind a header. */
static void put_bomb(const char *name, int byte) {
    size_t n, packed;
    unsigned char *member = pack(byte, MEMBER, &packed);
    char *file = malloc(MEMBERS * packed);
    assert_non_null(file);
    for (n = 0; n < MEMBERS; n++) memcpy(file + n * packed, member, packed);
    put_bytes(name, file, MEMBERS * packed);
    free(file);
    free(member);
}

/* One member of `MEMBER` line ends, packed by `filter` alone, or as the one file of a zip that is `times` as long; free() it. */
static char *pack_otherwise(int (*filter)(struct archive *), size_t times, size_t *packed) {
    const size_t room = 4 << 20;
    char *to = malloc(room), *from = malloc(MEMBER);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_true(to && from && archive && entry);
    memset(from, '\n', MEMBER);
    assert_int_equal(filter ? archive_write_set_format_raw(archive) : archive_write_set_format_zip(archive),
                     ARCHIVE_OK);
    assert_int_equal(filter ? filter(archive) : ARCHIVE_OK, ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(archive, 1);
    assert_int_equal(archive_write_open_memory(archive, to, room, packed), ARCHIVE_OK);
    archive_entry_set_pathname(entry, "bomb.csv");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, (la_int64_t)(times * MEMBER));
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    for (size_t i = 0; i < times; i++) assert_int_equal(archive_write_data(archive, from, MEMBER), MEMBER);
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    archive_write_free(archive);
    archive_entry_free(entry);
    free(from);
    return to;
}

/* `first`, then one byte 100 million times without an end of line. */
static void put_long_line(const char *name, const char *first, char byte) {
    size_t n = strlen(first);
    char *text = malloc(n + LINE);
    assert_non_null(text);
    memcpy(text, first, n);
    memset(text + n, byte, LINE);
    put_bytes(name, text, n + LINE);
    free(text);
}

static void must_end(const char *file, const char *const *args) {
    struct run run;
    struct how how = {.address_space_kb = MEMORY_KB, .seconds = SECONDS};
    char *before = list_tree(work_dir, false);
    run_how(&run, &how, args);
    if (run.status < 1 || run.status > 3) fail_msg("%s: exit %d: %.500s", file, run.status, run.err);
    if (run.n_err > 4000) fail_msg("%s: %zu bytes of words", file, run.n_err);
    const char *line = last_line(run.err);
    if (strncmp(line, "gatewalk: ", 10) != 0 || strlen(line) < 20) fail_msg("%s: \"%s\"", file, line);
    if (run.status == 3 && !strstr(line, file)) fail_msg("%s is not named: %s", file, line);
    char *after = list_tree(work_dir, false);
    assert_string_equal(before, after);
    free(before);
    free(after);
    run_free(&run);
}
#define MUST_END(file, ...) must_end((file), (const char *const[MAX_ARGS]){__VA_ARGS__})

static void test_packed_gigabytes(void **state) {
    (void)state;
    static const int byte[] = {'\n', 0};
    for (size_t i = 0; i < COUNT_OF(byte); i++) {
        put_bomb("bomb.csv.gz", byte[i]);
        MUST_END("bomb.csv.gz", "inspect", "bomb.csv.gz");
    }
    unlink(work("bomb.csv.gz"));
}

/* The other ways to pack, each a hundredfold and more. */
static void test_packed_otherwise(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int (*filter)(struct archive *);
    } way[] = {{"bomb.csv.xz", archive_write_add_filter_xz},
               {"bomb.csv.zst", archive_write_add_filter_zstd},
               {"bomb.zip", NULL}};
    for (size_t i = 0; i < COUNT_OF(way); i++) {
        size_t packed, times = way[i].filter ? MEMBERS : 1; /* streams behind one another are one */
        char *member = pack_otherwise(way[i].filter, way[i].filter ? 1 : 8, &packed), *file = malloc(times * packed);
        assert_non_null(file);
        for (size_t n = 0; n < times; n++) memcpy(file + n * packed, member, packed);
        put_bytes(way[i].name, file, times * packed);
        free(file);
        free(member);
        MUST_END(way[i].name, "inspect", way[i].name);
        unlink(work(way[i].name));
    }
}

static void test_lines_of_100_megabytes(void **state) {
    (void)state;
    static const char fill[] = ",\"";
    for (size_t i = 0; fill[i]; i++) {
        put_long_line("line.csv", header, fill[i]);
        MUST_END("line.csv", "inspect", "line.csv");
    }
    unlink(work("line.csv"));
    static const char *const begin[] = {"{\"name\":\"", "["};
    for (size_t i = 0; i < COUNT_OF(begin); i++) {
        put_long_line("line.json", begin[i], i == 1 ? '[' : 'a');
        MUST_END("line.json", "folds", "line.json");
        MUST_END("line.json", "study", "line.json");
    }
    unlink(work("line.json"));
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__)
    print_message("skip: the sanitizer maps more than is allowed here\n");
    return print_message("[  PASSED  ] 0 test(s).\n[  SKIPPED ] 3 test(s)\n"), 0;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packed_gigabytes), cmocka_unit_test(test_packed_otherwise),
                                       cmocka_unit_test(test_lines_of_100_megabytes)};
    return cmocka_run_group_tests(tests, program_setup, program_teardown);
}
