/* Writing JSON as it comes. Errors of the stream are sticky: out_commit reports them. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "json_internal.h"

/* All output goes through here: into the stream, or into memory that grows. */
static void put(struct json_writer *w, const char *bytes, size_t n) {
    if (w->stream && fwrite(bytes, 1, n, w->stream) != n) w->failed = true;
    if (w->stream || w->failed) return;
    if (w->capacity - w->length < n + 1) {
        size_t wider = 2 * (w->capacity + n) + 1024;
        char *grown = mem_realloc(w->text, wider, 1);
        w->failed = !grown;
        if (!grown) return;
        w->text = grown;
        w->capacity = wider;
    }
    memcpy(w->text + w->length, bytes, n);
    w->length += n;
    w->text[w->length] = '\0';
}

static void put_string(struct json_writer *w, const char *text) { put(w, text, strlen(text)); }
static void put_char(struct json_writer *w, char c) { put(w, &c, 1); }

int json_take_text(struct json_writer *w, char **text, size_t *length) {
    *text = NULL;
    if (w->failed || !w->text) {
        mem_free(w->text);
        *w = (struct json_writer){.failed = true};
        FAIL(GW_ERR_NOMEM, "out of memory while writing JSON; free memory or use smaller settings");
    }
    if (w->length > 0 && w->text[w->length - 1] == '\n') w->text[--w->length] = '\0';
    *text = w->text;
    if (length) *length = w->length;
    *w = (struct json_writer){.failed = true};
    return GW_OK;
}

static void new_line(struct json_writer *w) {
    if (w->compact) return;
    put_char(w, '\n');
    for (int i = 0; i < w->depth; i++) put_string(w, "  ");
}

/* Bytes of the UTF-8 character at `text`, 0 when it is broken. */
static size_t character(const char *text) {
    for (size_t n = 1; n <= 4; n++) {
        if (utf8_valid(text, n, NULL)) return n;
        if (text[n] == '\0') return 0;
    }
    return 0;
}

static void put_code(struct json_writer *w, char c) {
    char code[16];
    snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
    put_string(w, code);
}

/* Broken UTF-8 becomes U+FFFD: the file must stay readable whatever a name held. */
static void put_text(struct json_writer *w, const char *text) {
    static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    put_char(w, '"');
    for (size_t step; *text; text += step ? step : 1) {
        const char *special = strchr(escaped, *text);
        step = character(text);
        if (special)
            put(w, (const char[]){'\\', letters[special - escaped]}, 2);
        else if (step == 0)
            put_string(w, "\\ufffd");
        else if ((unsigned char)*text < 0x20 || *text == 0x7F)
            put_code(w, *text);
        else
            put(w, text, step);
    }
    put_char(w, '"');
}

/* Comma, line break and key: all that goes before a value. */
static void before_value(struct json_writer *w, const char *key) {
    if (w->depth == 0) return;
    assert(w->in_array[w->depth] == (key == NULL)); /* members have keys, elements have none */
    if (!w->first[w->depth]) put_char(w, ',');
    w->first[w->depth] = false;
    new_line(w);
    if (!key) return;
    put_text(w, key);
    put_string(w, w->compact ? ":" : ": ");
}

static void after_value(struct json_writer *w) {
    if (w->depth == 0) put_char(w, '\n');
}

static void begin(struct json_writer *w, const char *key, bool array) {
    before_value(w, key);
    w->depth++;
    assert(w->depth < (int)COUNT_OF(w->first));
    w->first[w->depth] = true;
    w->in_array[w->depth] = array;
    put_char(w, array ? '[' : '{');
}

static void end(struct json_writer *w, bool array) {
    assert(w->depth > 0 && w->in_array[w->depth] == array);
    bool empty = w->first[w->depth];
    w->depth--;
    if (!empty) new_line(w);
    put_char(w, array ? ']' : '}');
    after_value(w);
}

void json_begin_object(struct json_writer *w, const char *key) { begin(w, key, false); }
void json_end_object(struct json_writer *w) { end(w, false); }
void json_begin_array(struct json_writer *w, const char *key) { begin(w, key, true); }
void json_end_array(struct json_writer *w) { end(w, true); }

void json_put_number(struct json_writer *w, const char *key, double value) {
    char text[32];
    before_value(w, key);
    put_string(w, isfinite(value) ? number_format(value, text) : "null");
    after_value(w);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value) {
    char text[32];
    before_value(w, key);
    snprintf(text, sizeof text, "%" PRId64, value);
    put_string(w, text);
    after_value(w);
}

void json_put_string(struct json_writer *w, const char *key, const char *value) {
    before_value(w, key);
    if (value)
        put_text(w, value);
    else
        put_string(w, "null");
    after_value(w);
}

void json_put_bool(struct json_writer *w, const char *key, bool value) {
    before_value(w, key);
    put_string(w, value ? "true" : "false");
    after_value(w);
}

static bool only_scalars(const cJSON *array) {
    for (const cJSON *child = array->child; child; child = child->next)
        if (child->child) return false;
    return true;
}

static void put_members(struct json_writer *w, const char *key, const json_value *value, bool array) {
    bool outside = w->compact;
    begin(w, key, array);
    if (array && only_scalars(value)) w->compact = true; /* a list of numbers stays on one line */
    for (const cJSON *child = value->child; child; child = child->next)
        json_put_value(w, array ? NULL : child->string, child);
    end(w, array);
    w->compact = outside;
}

void json_put_value(struct json_writer *w, const char *key, const json_value *value) {
    switch (value ? json_kind(value) : JSON_NULL) {
    case JSON_NULL:
        json_put_string(w, key, NULL);
        break;
    case JSON_BOOL:
        json_put_bool(w, key, cJSON_IsTrue(value));
        break;
    case JSON_NUMBER:
        json_put_number(w, key, value->valuedouble);
        break;
    case JSON_STRING:
        json_put_string(w, key, value->valuestring);
        break;
    case JSON_ARRAY:
        put_members(w, key, value, true);
        break;
    case JSON_OBJECT:
        put_members(w, key, value, false);
        break;
    }
}
