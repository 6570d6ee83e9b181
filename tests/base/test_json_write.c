/* JSON written and read back, paths set, and mutated documents: no crash, no leak, every value where the text has it. */
#include "json_text.h"
#include "scratch.h"

#include "gatewalk/rng.h"

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
        cmocka_unit_test(sets_values),
        cmocka_unit_test(refuses_bad_sets),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(mutated_documents_never_crash),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
