/* What JSON is accepted and what is not: mistakes are pointed at, values keep their places. */
#include "json_text.h"
#include "scratch.h"

static void reads_values(void **state) {
    (void)state;
    struct json_document *document =
        parsed("\xEF\xBB\xBF {\"n\": -1.5e2, \"s\": \"\\u00fc\\ud83d\\ude00\\n\", \"t\": true, "
               "\"f\": false, \"z\": null, \"a\": [1, [], {}], \"\": 0}\r\n\t ");
    const json_value *root = json_root(document), *array = json_get(root, "a");
    assert_int_equal(json_kind(root), JSON_OBJECT);
    assert_int_equal(json_size(root), 7);
    assert_true(json_number(json_get(root, "n"), 0) == -150);
    assert_string_equal(json_string(json_get(root, "s"), ""), "\xC3\xBC\xF0\x9F\x98\x80\n");
    assert_true(json_bool(json_get(root, "t"), false));
    assert_false(json_bool(json_get(root, "f"), true));
    assert_int_equal(json_kind(json_get(root, "z")), JSON_NULL);
    assert_int_equal(json_kind(array), JSON_ARRAY);
    assert_int_equal(json_size(array), 3);
    assert_true(json_number(json_at(array, 0), 0) == 1);
    assert_null(json_at(array, 3));
    assert_null(json_key(json_at(array, 0)));
    assert_string_equal(json_key(json_at(root, 2)), "t");
    assert_string_equal(json_key(json_at(root, 6)), "");
    /* What is absent or of another kind gives the fallback. */
    assert_null(json_get(root, "N")); /* names keep their case */
    assert_null(json_get(array, "n"));
    assert_null(json_get(NULL, "n"));
    assert_true(json_number(json_get(root, "s"), 7) == 7);
    assert_true(json_number(NULL, 7) == 7);
    assert_string_equal(json_string(json_get(root, "n"), "other"), "other");
    assert_true(json_bool(json_get(root, "n"), true));
    assert_int_equal(json_size(NULL), 0);
    assert_string_equal(json_kind_name(json_get(root, "s")), "a string");
    assert_string_equal(json_kind_name(array), "an array");
    assert_string_equal(json_kind_name(root), "an object");
    assert_string_equal(json_kind_name(json_get(root, "n")), "a number");
    assert_string_equal(json_kind_name(json_get(root, "f")), "true or false");
    assert_string_equal(json_kind_name(json_get(root, "z")), "null");
    assert_string_equal(json_kind_name(NULL), "nothing");
    json_free(document);
    json_free(NULL);
}

static void accepts_what_rfc_8259_accepts(void **state) {
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0",
        "1E+2",
        "1e-2",
        "123456789012345678901234567890",
        "1e-400",
        "1.7976931348623157e308",
        "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\"",
        "\"\x7F\"",
        "\"\\ud800\\udc00\"",
        "\"\\uDBFF\\uDFFF\"",
        "[]",
        "{}",
        "[[[[]]]]",
        " [ 1 , 2 ] ",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "true",
        "false",
        "null",
        "\"\xF4\x8F\xBF\xBF\"",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) json_free(parsed(texts[i]));
    struct json_document *document = parsed("-0");
    assert_true(signbit(json_number(json_root(document), 1)) != 0);
    json_free(document);
}

#define ROW(text, place, says)                                                                                         \
    { text, sizeof text - 1, place, says }

static void points_at_mistakes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *place, *says;
    } rows[] = {
        ROW("", "1:1", "the text is empty"),
        ROW("  \n ", "2:2", "the text is empty"),
        ROW("\xEF\xBB\xBF", "1:1", "the text is empty"),
        ROW("\xEF\xBB\xBFx", "1:1", "a value was expected"),
        ROW("{\n  \"a\": 1,\n  \"b\": }\n", "3:8", "a value was expected"),
        ROW("{\"a\": 1,}", "1:9", "a comma must not stand before }"),
        ROW("[1,\n2,\n]", "3:1", "a comma must not stand before ]"),
        ROW("{\"a\": 1 \"b\": 2}", "1:9", "a comma or } was expected"),
        ROW("[1 2]", "1:4", "a comma or ] was expected"),
        ROW("[1, 2", "1:6", "a ] is missing"),
        ROW("[1,", "1:4", "a ] is missing"),
        ROW("[", "1:2", "a ] is missing"),
        ROW("{", "1:2", "a } is missing"),
        ROW("{\"a\": 1", "1:8", "a } is missing"),
        ROW("{\"a\": 1,", "1:9", "a } is missing"),
        ROW("{\"a\":", "1:6", "the text ends where a value was expected"),
        ROW("{\"a\" 1}", "1:6", "a colon was expected"),
        ROW("{\"a\"", "1:5", "a colon was expected"),
        ROW("{a: 1}", "1:2", "a key in \"quotes\""),
        ROW("{1: 1}", "1:2", "a key in \"quotes\""),
        ROW("{'a': 1}", "1:2", "a key in \"quotes\""),
        ROW("['a']", "1:2", "double quotes"),
        ROW("[1] // note", "1:5", "follows the end"),
        ROW("[// note\n1]", "1:2", "no comments"),
        ROW("[# note\n1]", "1:2", "no comments"),
        ROW("{} {}", "1:4", "follows the end"),
        ROW("1 2", "1:3", "follows the end"),
        ROW("]", "1:1", "a value was expected"),
        ROW("[True]", "1:2", "write true, false"),
        ROW("[None]", "1:2", "write true, false"),
        ROW("[NaN]", "1:2", "write true, false"),
        ROW("[-Infinity]", "1:3", "a digit must follow the minus"),
        ROW("[truely]", "1:2", "a value was expected"),
        ROW("[nul", "1:2", "a value was expected"),
        ROW("[01]", "1:2", "begin with a zero"),
        ROW("[-01]", "1:3", "begin with a zero"),
        ROW("[1.]", "1:4", "a digit must follow the decimal point"),
        ROW("[.5]", "1:2", "a value was expected"),
        ROW("[+5]", "1:2", "a value was expected"),
        ROW("[1e]", "1:4", "a digit must follow the exponent"),
        ROW("[1e+]", "1:5", "a digit must follow the exponent"),
        ROW("[0x10]", "1:3", "a comma or ]"),
        ROW("[1e309]", "1:2", "too large"),
        ROW("[-1e999]", "1:2", "too large"),
        ROW("[1234567890123456789012345678901234567890123456789012345678901234]", "1:2", "longer than 63"),
        ROW("[\"abc]", "1:2", "is not closed"),
        ROW("[\"abc\\\"]", "1:2", "is not closed"),
        ROW("[\"abc\\", "1:6", "unknown escape"),
        ROW("[\"a\nb\"]", "1:4", "over the end of the line"),
        ROW("[\"a\tb\"]", "1:4", "control character"),
        ROW("[\"a\\xb\"]", "1:4", "unknown escape"),
        ROW("[\"\\u12g4\"]", "1:3", "four hexadecimal digits"),
        ROW("[\"\\u12\"]", "1:3", "four hexadecimal digits"),
        ROW("[\"\\u0000\"]", "1:3", "\\u0000 is not allowed"),
        ROW("[\"\\ud800\"]", "1:3", "surrogate"),
        ROW("[\"\\udc00\\ud800\"]", "1:3", "surrogate"),
        ROW("[\"\\ud800\\ud800\"]", "1:3", "surrogate"),
        ROW("[\"\\ud800\\ue000\"]", "1:3", "surrogate"),
        ROW("[\"\\ud800\\u", "1:3", "surrogate"),
        ROW("[\"\xFF\"]", "1:3", "not valid UTF-8"),
        ROW("[\n\"\xED\xA0\x80\"]", "2:2", "not valid UTF-8"),
        ROW("[1]\0", "1:4", "zero byte"),
        ROW("[\"a\0b\"]", "1:4", "zero byte"),
        ROW("{\"f\xC3\xBC\xC3\xBC\": \"\xE2\x82\xAC\", x}", "1:14", "a key in"), /* characters, not bytes */
        ROW("{\r\n\t\"a\": x\r\n}", "2:7", "a value was expected"),
        ROW("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "3:2", "the key \"a\" appears twice"),
        ROW("{\"o\": [{\"a\": 1, \"\\u0061\": 2}]}", "1:17", "the key \"a\" appears twice"),
        ROW("{\"z\": 1, \"b\": 2, \"b\": 3, \"a\": 1, \"a\": 2}", "1:18", "the key \"b\" appears twice"),
        ROW("{\"a\": 1, \"a\": 2, \"b\": 1, \"b\": 2}", "1:10", "the key \"a\" appears twice"),
        ROW("{\"\": 1, \"\": 2}", "1:9", "the key \"\" appears twice"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json_document *document;
        char start[64];
        snprintf(start, sizeof start, "x.json:%s: ", rows[i].place);
        assert_fails(parse(rows[i].text, rows[i].length, &document), GW_ERR_CONFIG, rows[i].says);
        assert_null(document);
        if (strncmp(gw_error_message(), start, strlen(start)) != 0)
            fail_msg("%s is not at %s", gw_error_message(), start);
    }
}

/* n brackets, and what closes them. */
static char *nested(size_t n, bool objects) {
    static char text[1 << 20];
    size_t used = 0;
    for (size_t i = 0; i < n; i++) used += (size_t)sprintf(text + used, objects ? "{\"a\":" : "[");
    used += (size_t)sprintf(text + used, "1");
    for (size_t i = 0; i < n; i++) text[used++] = objects ? '}' : ']';
    text[used] = '\0';
    return text;
}

static void limits_depth(void **state) {
    (void)state;
    struct json_document *document;
    for (int objects = 0; objects < 2; objects++) {
        json_free(parsed(nested(64, objects)));
        char *text = nested(65, objects);
        assert_fails(parse(text, strlen(text), &document), GW_ERR_CONFIG, "nested more than 64 levels");
        text = nested(150000, objects); /* would exhaust the stack */
        assert_fails(parse(text, strlen(text), &document), GW_ERR_CONFIG, "nested more than 64 levels");
    }
    static char siblings[1000] = "[[]"; /* many, but none deep */
    for (int i = 0; i < 200; i++) strcat(siblings, ",[]");
    json_free(parsed(strcat(siblings, "]")));
    static char open[100000];
    memset(open, '[', sizeof open); /* never closed: still the depth is what is wrong first */
    assert_fails(parse(open, sizeof open, &document), GW_ERR_CONFIG, "x.json:1:65: nested more than 64 levels");
}

static void points_at_values(void **state) {
    (void)state;
    struct json_document *document =
        parsed("{\n  \"a\": [1,\n    {\"\xC3\xBC\": \"x\", \"deep\": [[2]]}],\n  \"b\" :\n  false\n}");
    const json_value *root = json_root(document), *array = json_get(root, "a"), *object = json_at(array, 1);
    const struct {
        const json_value *value;
        const char *place, *key_place;
    } rows[] = {
        {root, "1:1", "1:1"},
        {array, "2:8", "2:3"},
        {json_at(array, 0), "2:9", "2:9"},
        {object, "3:5", "3:5"},
        {json_at(object, 0), "3:11", "3:6"},
        {json_get(object, "deep"), "3:24", "3:16"},
        {json_at(json_at(json_get(object, "deep"), 0), 0), "3:26", "3:26"},
        {json_get(root, "b"), "5:3", "4:3"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char want[64];
        snprintf(want, sizeof want, "x.json:%s: epochs is 7", rows[i].place);
        assert_int_equal(json_fail(document, rows[i].value, GW_ERR_DATA, "epochs is %d", 7), GW_ERR_DATA);
        assert_string_equal(gw_error_message(), want);
        snprintf(want, sizeof want, "x.json:%s: no such key", rows[i].key_place);
        assert_int_equal(json_fail_key(document, rows[i].value, GW_ERR_CONFIG, "no such key"), GW_ERR_CONFIG);
        assert_string_equal(gw_error_message(), want);
    }
    json_fail(document, NULL, GW_ERR_CONFIG, "symbols is missing");
    assert_string_equal(gw_error_message(), "x.json: symbols is missing");
    json_free(document);
}

static void loads_files(void **state) {
    (void)state;
    struct json_document *document;
    scratch_write("good.json", "{\"a\": 1}\n", 9);
    scratch_write("bad.json", "{\"a\": 1\n", 8);
    assert_ok(json_load(scratch("good.json"), GW_ERR_CONFIG, &document));
    assert_true(json_number(json_get(json_root(document), "a"), 0) == 1);
    json_free(document);
    assert_fails(json_load(scratch("bad.json"), GW_ERR_DATA, &document), GW_ERR_DATA,
                 "bad.json:2:1: the text ends inside");
    assert_fails(json_load(scratch("none.json"), GW_ERR_CONFIG, &document), GW_ERR_CONFIG, "No such file");
    assert_fails(json_load(scratch_dir, GW_ERR_CONFIG, &document), GW_ERR_CONFIG, "is a folder");
    assert_fails(json_load("/dev/zero", GW_ERR_CONFIG, &document), GW_ERR_CONFIG, "too large");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),       cmocka_unit_test(accepts_what_rfc_8259_accepts),
        cmocka_unit_test(points_at_mistakes), cmocka_unit_test(limits_depth),
        cmocka_unit_test(points_at_values),   cmocka_unit_test(loads_files),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
