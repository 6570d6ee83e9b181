/* Where a value stands, for error lines. */
#include <string.h>

#include "json_internal.h"

static void count_to(const char *text, size_t offset, size_t *line, size_t *column) {
    size_t begin = strncmp(text, "\xEF\xBB\xBF", 3) == 0 && offset >= 3 ? 3 : 0; /* a BOM is not a column */
    *line = *column = 1;
    for (size_t i = begin; i < offset; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80)
            ++*column;
    }
}

int json_fail_at(const char *path, const char *text, size_t offset, int code, const char *what) {
    size_t line, column;
    count_to(text, offset, &line, &column);
    return gw_error_set(code, "%s:%zu:%zu: %s", path, line, column, what);
}

static int fail_override(const struct json_override *override, int code, const char *what) {
    return gw_error_set(code, "--set %.200s=%.200s: %s", override->path, override->text, what);
}

/* `at_key` points to the member's name instead of its value. */
static int fail_at_origin(const struct json_document *document, const json_value *value, bool at_key, int code,
                          const char *what) {
    int origin = value ? value->valueint : 0;
    if (origin < 0) return fail_override(&document->overrides[-origin - 1], code, what);
    if (origin == 0) return gw_error_set(code, "%s: %s", document->path, what);
    struct json_place place = document->places.items[origin - 1];
    return json_fail_at(document->path, document->text, at_key ? place.key : place.value, code, what);
}

void json_place(const struct json_document *document, const json_value *value, size_t *line, size_t *column) {
    const int origin = value ? value->valueint : 0;
    *line = *column = 0;
    if (origin > 0) count_to(document->text, document->places.items[origin - 1].value, line, column);
}

int json_fail(const struct json_document *document, const json_value *value, int code, const char *format, ...) {
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return fail_at_origin(document, value, false, code, what);
}

int json_fail_key(const struct json_document *document, const json_value *value, int code, const char *format, ...) {
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return fail_at_origin(document, value, true, code, what);
}
