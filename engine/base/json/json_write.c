/* Writing JSON as it comes. Errors of the stream are sticky: out_commit reports them. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "json_internal.h"

static void new_line(struct json_writer *w) {
    if (w->compact) return;
    fputc('\n', w->stream);
    for (int i = 0; i < w->depth; i++) fputs("  ", w->stream);
}

/* Bytes of the UTF-8 character at `text`, 0 when it is broken. */
static size_t character(const char *text) {
    for (size_t n = 1; n <= 4; n++) {
        if (utf8_valid(text, n, NULL)) return n;
        if (text[n] == '\0') return 0;
    }
    return 0;
}

/* Broken UTF-8 becomes U+FFFD: the file must stay readable whatever a name held. */
static void put_text(FILE *stream, const char *text) {
    static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    fputc('"', stream);
    for (size_t step; *text; text += step ? step : 1) {
        const char *special = strchr(escaped, *text);
        step = character(text);
        if (special)
            fprintf(stream, "\\%c", letters[special - escaped]);
        else if (step == 0)
            fputs("\\ufffd", stream);
        else if ((unsigned char)*text < 0x20 || *text == 0x7F)
            fprintf(stream, "\\u%04x", (unsigned)*text);
        else
            fwrite(text, 1, step, stream);
    }
    fputc('"', stream);
}

/* Comma, line break and key: all that goes before a value. */
static void before_value(struct json_writer *w, const char *key) {
    if (w->depth == 0) return;
    assert(w->in_array[w->depth] == (key == NULL)); /* members have keys, elements have none */
    if (!w->first[w->depth]) fputc(',', w->stream);
    w->first[w->depth] = false;
    new_line(w);
    if (!key) return;
    put_text(w->stream, key);
    fputs(w->compact ? ":" : ": ", w->stream);
}

static void after_value(struct json_writer *w) {
    if (w->depth == 0) fputc('\n', w->stream);
}

static void begin(struct json_writer *w, const char *key, bool array) {
    before_value(w, key);
    w->depth++;
    assert(w->depth < (int)COUNT_OF(w->first));
    w->first[w->depth] = true;
    w->in_array[w->depth] = array;
    fputc(array ? '[' : '{', w->stream);
}

static void end(struct json_writer *w, bool array) {
    assert(w->depth > 0 && w->in_array[w->depth] == array);
    bool empty = w->first[w->depth];
    w->depth--;
    if (!empty) new_line(w);
    fputc(array ? ']' : '}', w->stream);
    after_value(w);
}

void json_begin_object(struct json_writer *w, const char *key) { begin(w, key, false); }
void json_end_object(struct json_writer *w) { end(w, false); }
void json_begin_array(struct json_writer *w, const char *key) { begin(w, key, true); }
void json_end_array(struct json_writer *w) { end(w, true); }

void json_put_number(struct json_writer *w, const char *key, double value) {
    char text[32];
    before_value(w, key);
    fputs(isfinite(value) ? number_format(value, text) : "null", w->stream);
    after_value(w);
}

void json_put_int(struct json_writer *w, const char *key, int64_t value) {
    before_value(w, key);
    fprintf(w->stream, "%" PRId64, value);
    after_value(w);
}

void json_put_string(struct json_writer *w, const char *key, const char *value) {
    before_value(w, key);
    if (value)
        put_text(w->stream, value);
    else
        fputs("null", w->stream);
    after_value(w);
}

void json_put_bool(struct json_writer *w, const char *key, bool value) {
    before_value(w, key);
    fputs(value ? "true" : "false", w->stream);
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
