/* UTF-8, names, suggestions, numbers, hashes. */
#include "test.h"

#include "gatewalk/rng.h"

#include <stdlib.h>

#include "engine/base/base.h"

static void utf8(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        long bad; /* -1: valid */
    } rows[] = {
        {"", 0, -1},
        {"plain", 5, -1},
        {"a\0b", 3, -1},
        {"\xC2\x80\xDF\xBF", 4, -1},
        {"\xE0\xA0\x80\xEF\xBF\xBF", 6, -1},
        {"\xED\x9F\xBF\xEE\x80\x80", 6, -1},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8, -1},
        {"ab\x80", 3, 2},
        {"\xC1\xBF", 2, 0},
        {"x\xC3", 2, 1},
        {"\xE0\x9F\xBF", 3, 0},
        {"\xED\xA0\x80", 3, 0},
        {"\xED\xBF\xBF", 3, 0},
        {"\xE2\x82", 2, 0},
        {"\xE2\x28\xA1", 3, 0},
        {"\xF0\x8F\xBF\xBF", 4, 0},
        {"\xF4\x90\x80\x80", 4, 0},
        {"ok\xF0\x9F\x98", 5, 2},
        {"\xF8\x88\x80\x80\x80", 5, 0},
        {"\xFE", 1, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t bad = 999;
        char *exact = malloc(rows[i].length + 1); /* so that the sanitizer sees a read too far */
        assert_non_null(exact);
        memmove(exact + 1, rows[i].text, rows[i].length);
        bool valid = utf8_valid(exact + 1, rows[i].length, &bad);
        if (valid != (rows[i].bad < 0)) fail_msg("row %zu", i);
        if (!valid) assert_int_equal(bad, rows[i].bad);
        assert_int_equal(utf8_valid(exact + 1, rows[i].length, NULL), valid);
        free(exact);
    }
}

static void safe_names(void **state) {
    (void)state;
    static const char *const good[] = {"a", "run-1", "EUR_USD.15m", "0", "_x"};
    static const char *const bad[] = {"",    "-rf", ".hidden", "..",       "a/b", "a b",
                                      "a\n", "`x`", "a;b",     "\xC3\xBC", "a'b", "a%b"};
    for (size_t i = 0; i < COUNT_OF(good); i++) assert_true(name_is_safe(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++) assert_false(name_is_safe(bad[i]));
    assert_false(name_is_safe(NULL));
}

static void suggestions(void **state) {
    (void)state;
    static const char *const words[] = {"none",      "bahdanau",   "luong_dot", "luong_general",
                                        "multihead", "dual_stage", "lr"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"bahdanu", "bahdanau"},
        {"Bahdanau", "bahdanau"},
        {"multi-head", "multihead"},
        {"dual-stage", "dual_stage"},
        {"dualstage", "dual_stage"},
        {"luong_dto", "luong_dot"},
        {"noen", "none"},
        {"nome", "none"},
        {"rl", "lr"},
        {"learning", NULL},
        {"zz", NULL},
        {"", NULL},
        {"transformer", NULL},
        {"a_word_of_more_than_sixty_three_letters_is_surely_no_slip_of_the_pen_", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *nearest = nearest_word(rows[i].word, words, COUNT_OF(words));
        if (rows[i].nearest)
            assert_string_equal(nearest ? nearest : "nothing", rows[i].nearest);
        else
            assert_null(nearest);
    }
    assert_null(nearest_word("x", words, 0));
}

static void shortest_numbers(void **state) {
    (void)state;
    struct table table;
    char buffer[32];
    assert_ok(table_read("tests/golden/base_number.csv", &table));
    assert_true(table.n_rows > 1500);
    for (size_t row = 0; row < table.n_rows; row++) {
        uint64_t bits = strtoull(table.cell[2 * row], NULL, 16);
        double value, back;
        memcpy(&value, &bits, sizeof value);
        assert_string_equal(number_format(value, buffer), table.cell[2 * row + 1]);
        back = strtod(buffer, NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
    table_free(&table);
    assert_string_equal(number_format(NAN, buffer), "nan");
    assert_string_equal(number_format(INFINITY, buffer), "inf");
    assert_string_equal(number_format(-INFINITY, buffer), "-inf");
}

/* As printf and strtod find it. */
static void slowly(double value, char *text, size_t size) {
    int digits = 15;
    do snprintf(text, size, "%.*g", digits, value);
    while (strtod(text, NULL) != value && digits++ < 17);
}

/* Prices of few decimals, their neighbours on both sides, sums that need all digits, and powers of ten. */
static void numbers_of_tables(void **state) {
    (void)state;
    struct gw_rng rng;
    gw_rng_key(&rng, 7, "numbers", 0, 0, 0);
    for (int i = 0; i < 40000; i++) {
        const int decimals = (int)gw_rng_below(&rng, 19), size = (int)gw_rng_below(&rng, 16);
        const double whole = floor(pow(10, size) * gw_rng_uniform(&rng)), sign = gw_rng_below(&rng, 2) ? 1 : -1;
        const double price = sign * (i % 8 ? whole : pow(10, size)) / pow(10, decimals);
        const double value[] = {price, nextafter(price, 1e300), nextafter(price, -1e300), price * gw_rng_uniform(&rng)};
        for (size_t k = 0; k < COUNT_OF(value); k++) {
            char text[64], buffer[32];
            if (fabs(value[k]) < 1e-300 || fabs(value[k]) >= 1e15 || value[k] == floor(value[k])) continue;
            slowly(value[k], text, sizeof text);
            assert_string_equal(number_format(value[k], buffer), text);
        }
    }
}

/* Examples of FIPS 180-4 and of NIST's secure hashing page, whole and in pieces that split blocks everywhere. */
static void sha256_vectors(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t times;
        const char *hex;
    } rows[] = {
        {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t piece = 1; piece <= 64; piece += 9) {
            struct sha256 hash;
            unsigned char digest[32];
            char hex[65];
            size_t length = strlen(rows[i].text);
            sha256_begin(&hash);
            for (size_t k = 0; k < rows[i].times; k++)
                for (size_t at = 0; at < length; at += piece)
                    sha256_add(&hash, rows[i].text + at, length - at < piece ? length - at : piece);
            sha256_end(&hash, digest);
            for (size_t b = 0; b < sizeof digest; b++) snprintf(hex + 2 * b, 3, "%02x", digest[b]);
            assert_string_equal(hex, rows[i].hex);
        }
}

static void hashes(void **state) {
    (void)state;
    assert_true(hash_bytes("", 0, 0) == UINT64_C(0x2D06800538D394C2)); /* the vector XXH3's author publishes */
    assert_true(hash_bytes(NULL, 0, 0) == hash_bytes("", 0, 0));
    assert_true(hash_bytes("abc", 3, 0) == UINT64_C(0x78AF5F94892F3950));
    assert_true(hash_bytes("abc", 3, 1) != hash_bytes("abc", 3, 0));
    assert_true(hash_bytes("abd", 3, 0) != hash_bytes("abc", 3, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8),
        cmocka_unit_test(safe_names),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(shortest_numbers),
        cmocka_unit_test(numbers_of_tables),
        cmocka_unit_test(hashes),
        cmocka_unit_test(sha256_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
