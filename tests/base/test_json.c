/* Mistakes are pointed at, values keep their places, --set, and mutated documents never crash. */
#include "scratch.h"
#include "test.h"

#include <stdlib.h>

#include "engine/base/json.h"
#include "gatewalk/rng.h"

static int parse(const char *text, size_t length, struct json_document **document) {
    char *exact = malloc(length ? length : 1); /* no NUL behind it: the sanitizer sees a read too far */
    assert_non_null(exact);
    memcpy(exact, text, length);
    int rc = json_parse("x.json", exact, length, GW_ERR_CONFIG, document);
    free(exact);
    return rc;
}

static struct json_document *parsed(const char *text) {
    struct json_document *document;
    assert_ok(parse(text, strlen(text), &document));
    return document;
}

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

static void sets_values(void **state) {
    (void)state;
    struct json_document *document = parsed("{\"training\": {\"epochs\": 5, \"lr\": 0.1}, \"s\": [{\"m\": \"a\"}, 2]}");
    const json_value *root = json_root(document);
    static const char *const rows[][2] = {
        {"training.epochs", "20"},
        {"training.name", "plain words"},
        {"training.on", "true"},
        {"training.list", "[1, {\"k\": 2}]"},
        {"training.text", "\"20\""},
        {"training.none", "null"},
        {"new.deep.key", "-1e-3"},
        {"s.0.m", "b"},
        {"s.1", "3"},
        {"training.empty", ""},
        {"training.odd", "1 2"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) assert_ok(json_set_path(document, rows[i][0], rows[i][1]));
    const json_value *training = json_get(root, "training"), *strategies = json_get(root, "s");
    assert_true(json_number(json_get(training, "epochs"), 0) == 20);
    assert_int_equal(json_size(training), 9);
    assert_string_equal(json_key(json_at(training, 0)), "epochs"); /* replaced in place */
    assert_string_equal(json_string(json_get(training, "name"), ""), "plain words");
    assert_true(json_bool(json_get(training, "on"), false));
    assert_true(json_number(json_get(json_at(json_get(training, "list"), 1), "k"), 0) == 2);
    assert_string_equal(json_string(json_get(training, "text"), ""), "20");
    assert_int_equal(json_kind(json_get(training, "none")), JSON_NULL);
    assert_string_equal(json_string(json_get(training, "empty"), "x"), "");
    assert_string_equal(json_string(json_get(training, "odd"), "x"), "1 2");
    assert_true(json_number(json_get(json_get(json_get(root, "new"), "deep"), "key"), 0) == -1e-3);
    assert_string_equal(json_string(json_get(json_at(strategies, 0), "m"), ""), "b");
    assert_true(json_number(json_at(strategies, 1), 0) == 3);
    /* Errors name what was typed; untouched neighbours keep their places. */
    json_fail(document, json_get(training, "epochs"), GW_ERR_CONFIG, "is too many");
    assert_string_equal(gw_error_message(), "--set training.epochs=20: is too many");
    json_fail(document, json_get(json_at(json_get(training, "list"), 1), "k"), GW_ERR_CONFIG, "inside");
    assert_string_equal(gw_error_message(), "--set training.list=[1, {\"k\": 2}]: inside");
    json_fail_key(document, json_get(json_get(root, "new"), "deep"), GW_ERR_CONFIG, "on the way");
    assert_string_equal(gw_error_message(), "--set new.deep.key=-1e-3: on the way");
    json_fail(document, json_get(training, "lr"), GW_ERR_CONFIG, "x");
    assert_string_equal(gw_error_message(), "x.json:1:34: x");
    assert_ok(json_set_path(document, "training.epochs", "21")); /* the last one counts */
    json_fail(document, json_get(training, "epochs"), GW_ERR_CONFIG, "x");
    assert_string_equal(gw_error_message(), "--set training.epochs=21: x");
    json_free(document);
}

static void refuses_bad_sets(void **state) {
    (void)state;
    struct json_document *document = parsed("{\"n\": 5, \"s\": [1, 2], \"e\": []}");
    static const char *const rows[][3] = {
        {"", "1", "empty step"},
        {".a", "1", "empty step"},
        {"a.", "1", "empty step"},
        {"a..b", "1", "empty step"},
        {"n.x", "1", "\"x\" lies inside a number"},
        {"n.x.y", "1", "\"x\" lies inside a number"},
        {"s.2", "1", "an element from 0 to 1"},
        {"s.-1", "1", "an element from 0 to 1"},
        {"s.x", "1", "an element from 0 to 1"},
        {"s.99999999999999999999", "1", "an element from 0 to 1"},
        {"s.1.x", "1", "\"x\" lies inside a number"},
        {"e.0", "1", "the array is empty"},
        {"a", "[1,", "--set a: value:1:4: the text ends inside an array"},
        {"a", "{\"b\" 1}", "a colon"},
        {"a", "\"open", "not closed"},
        {"a", "\xFF", "not valid UTF-8"},
        {"\xFF", "1", "not valid UTF-8"},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "1", "more than 16 steps"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_fails(json_set_path(document, rows[i][0], rows[i][1]), GW_ERR_USAGE, rows[i][2]);
    assert_int_equal(json_size(json_root(document)), 3); /* nothing was changed */
    char path[300];
    memset(path, 'p', sizeof path);
    path[299] = '\0';
    assert_fails(json_set_path(document, path, "1"), GW_ERR_USAGE, "longer than 255");
    json_free(document);
    document = parsed("[1]");
    assert_fails(json_set_path(document, "a.b", "1"), GW_ERR_USAGE, "an element from 0 to 0");
    json_free(document);
    document = parsed("7");
    assert_fails(json_set_path(document, "a", "1"), GW_ERR_USAGE, "inside a number");
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

static void write_sample(struct json_writer *w, const struct json_document *document) {
    json_begin_object(w, NULL);
    json_put_string(w, "s", "q\"\\/\b\f\n\r\t\x01\x7F \xC3\xBC\xF0\x9F\x98\x80 \xFF\xC3");
    json_put_number(w, "n", 0.1);
    json_put_number(w, "big", 1e300);
    json_put_number(w, "nan", NAN);
    json_put_number(w, "inf", -INFINITY);
    json_put_int(w, "i", INT64_MIN);
    json_put_bool(w, "t", true);
    json_put_string(w, "null", NULL);
    json_begin_array(w, "empty");
    json_end_array(w);
    json_begin_array(w, "list");
    json_put_int(w, NULL, 1);
    json_begin_object(w, NULL);
    json_end_object(w);
    json_end_array(w);
    json_put_value(w, "copy", document ? json_root(document) : NULL);
    json_end_object(w);
}

static char *written(bool compact, const struct json_document *document) {
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    struct json_writer w = {.stream = stream, .compact = compact};
    write_sample(&w, document);
    assert_int_equal(w.depth, 0);
    fclose(stream);
    return text;
}

static char *value_text(const struct json_document *document) {
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    struct json_writer w = {.stream = stream, .compact = true};
    json_put_value(&w, NULL, json_root(document));
    fclose(stream);
    return text;
}

static void writes_what_it_reads(void **state) {
    (void)state;
    struct json_document *document = parsed("{\"a\": [1, 2.5, \"x\"], \"o\": {\"b\": [[], [true, null]]}}"), *back;
    static const char strings[] = "\"q\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f \xC3\xBC\xF0\x9F\x98\x80 \\ufffd\\ufffd\"";
    char want[2000];
    char *compact = written(true, document), *pretty = written(false, document);
    snprintf(
        want, sizeof want,
        "{\"s\":%s,\"n\":0.1,\"big\":1e+300,\"nan\":null,\"inf\":null,\"i\":-9223372036854775808,\"t\":true,"
        "\"null\":null,\"empty\":[],\"list\":[1,{}],\"copy\":{\"a\":[1,2.5,\"x\"],\"o\":{\"b\":[[],[true,null]]}}}\n",
        strings);
    assert_string_equal(compact, want);
    snprintf(
        want, sizeof want,
        "{\n  \"s\": %s,\n  \"n\": 0.1,\n  \"big\": 1e+300,\n  \"nan\": null,\n  \"inf\": null,\n"
        "  \"i\": -9223372036854775808,\n  \"t\": true,\n  \"null\": null,\n  \"empty\": [],\n  \"list\": [\n    1,\n"
        "    {}\n  ],\n  \"copy\": {\n    \"a\": [1,2.5,\"x\"],\n    \"o\": {\n      \"b\": [\n        [],\n"
        "        [true,null]\n      ]\n    }\n  }\n}\n",
        strings);
    assert_string_equal(pretty, want);
    assert_ok(parse(pretty, strlen(pretty), &back)); /* both spellings are the same document */
    char *again = value_text(back);
    assert_true(json_number(json_get(json_root(back), "big"), 0) == 1e300);
    json_free(back);
    assert_ok(parse(compact, strlen(compact), &back));
    char *from_compact = value_text(back);
    assert_string_equal(again, from_compact);
    json_free(back);
    json_free(document);
    free(again), free(from_compact), free(compact), free(pretty);
}

/* Every value must be found where the text has it: the byte there begins a value of that kind. */
static void check_places(const struct json_document *document, const char *text, const json_value *value) {
    size_t line, column;
    json_fail(document, value, GW_ERR_DATA, "here");
    assert_int_equal(sscanf(gw_error_message(), "x.json:%zu:%zu: here", &line, &column), 2);
    const char *at = text;
    if (memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
    for (; line > 1; at++) line -= *at == '\n';
    for (; column > 1; column--) do
            at++;
        while (((unsigned char)*at & 0xC0) == 0x80);
    static const char *const begins[] = {"n", "tf", "-0123456789", "\"", "[", "{"};
    if (!*at || !strchr(begins[json_kind(value)], *at))
        fail_msg("%s: no %s", gw_error_message(), json_kind_name(value));
    if (json_kind(value) == JSON_NUMBER) assert_true(strtod(at, NULL) == json_number(value, 0));
    for (size_t i = 0; i < json_size(value); i++) check_places(document, text, json_at(value, i));
}

static size_t mutate(struct gw_rng *rng, char *text, size_t length, size_t capacity) {
    static const char *const pieces[] = {"{",    "}",    "[",        "]",        ",",       ":",
                                         "\"",   "\\",   "\\u",      "\\ud83d",  "\\u0000", "1e999",
                                         "-",    "null", "\"a\":",   "\"a\":1,", "\n",      "\xEF\xBB\xBF",
                                         "\xC3", "\x80", "[[[[[[[[", "0",        "e",       "."};
    size_t at = gw_rng_below(rng, length + 1), n = gw_rng_below(rng, 1 + (length - at > 12 ? 12 : length - at));
    switch (gw_rng_below(rng, 5)) {
    case 0: /* another byte */
        if (at < length) text[at] = (char)gw_rng_below(rng, 256);
        return length;
    case 1: /* a cut */
        memmove(text + at, text + at + n, length - at - n);
        return length - n;
    case 2: /* an early end */
        return at;
    case 3: { /* a piece of grammar in between */
        const char *piece = pieces[gw_rng_below(rng, COUNT_OF(pieces))];
        size_t m = strlen(piece);
        if (length + m > capacity) return length;
        memmove(text + at + m, text + at, length - at);
        memcpy(text + at, piece, m);
        return length + m;
    }
    default: /* a part twice */
        if (length + n > capacity) return length;
        memmove(text + at + n, text + at, length - at);
        return length + n;
    }
}

static void mutated_documents_never_crash(void **state) {
    (void)state;
    static const char sample[] =
        "{\"name\": \"f\\u00fcr \xE2\x82\xAC\", \"n\": [1, -2.5e-3, 0, 1e10],\n \"on\": true, \"off\": false, "
        "\"none\": null,\n \"deep\": {\"a\": {\"b\": [{\"c\": []}, {}]}}, \"s\": \"\\ud83d\\ude00\\\"\"}";
    struct gw_rng rng;
    char text[4096];
    size_t accepted = 0, live = mem_live_bytes();
    gw_rng_key(&rng, 1, "json mutations", 0, 0, 0);
    for (int i = 0; i < 20000; i++) {
        size_t length = sizeof sample - 1, steps = 1 + gw_rng_below(&rng, 4);
        struct json_document *document;
        memcpy(text, sample, sizeof sample);
        while (steps-- > 0) length = mutate(&rng, text, length, sizeof text - 1);
        text[length] = '\0';
        int rc = parse(text, length, &document);
        if (rc == GW_OK) {
            accepted++;
            check_places(document, text, json_root(document));
            if (json_kind(json_root(document)) == JSON_OBJECT) {
                assert_ok(json_set_path(document, "new.key", text));
                assert_int_equal(json_kind(json_get(json_get(json_root(document), "new"), "key")), JSON_OBJECT);
            }
        } else {
            size_t line, column;
            assert_int_equal(rc, GW_ERR_CONFIG);
            assert_null(document);
            assert_int_equal(sscanf(gw_error_message(), "x.json:%zu:%zu: ", &line, &column), 2);
            assert_true(utf8_valid(gw_error_message(), strlen(gw_error_message()), NULL));
        }
        json_free(document);
    }
    assert_in_range(accepted, 500, 10000); /* both ways were exercised */
    assert_int_equal(mem_live_bytes(), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values),         cmocka_unit_test(accepts_what_rfc_8259_accepts),
        cmocka_unit_test(points_at_mistakes),   cmocka_unit_test(limits_depth),
        cmocka_unit_test(points_at_values),     cmocka_unit_test(sets_values),
        cmocka_unit_test(refuses_bad_sets),     cmocka_unit_test(loads_files),
        cmocka_unit_test(writes_what_it_reads), cmocka_unit_test(mutated_documents_never_crash),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
