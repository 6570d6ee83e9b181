/* Fields of a line. */
#include <string.h>

#include "import_private.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

struct field field_trim(const char *begin, const char *end) {
    while (begin < end && is_blank(*begin)) begin++;
    while (begin < end && is_blank(end[-1])) end--;
    return (struct field){begin, (size_t)(end - begin)};
}

bool field_equals(struct field field, const char *lower_case_text) {
    return strlen(lower_case_text) == field.length && strncasecmp(field.text, lower_case_text, field.length) == 0;
}

bool field_is_hole(struct field field) {
    static const char *const words[] = {"nan", "null", "na", "n/a", "none", "-", "<na>"};
    if (field.length == 0) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (field_equals(field, words[i])) return true;
    return false;
}

/* Good for header lines and for finding places: doubled quotes stay doubled. */
struct field field_next(const char **at, const char *line_end, char delimiter) {
    const char *begin = *at, *scan = begin;
    while (scan < line_end && (*scan == ' ')) scan++;
    if (scan < line_end && *scan == '"') {
        const char *inside = ++scan;
        while (scan < line_end && (*scan != '"' || (scan + 1 < line_end && scan[1] == '"'))) scan += 1 + (*scan == '"');
        const char *inside_end = scan < line_end ? scan : line_end;
        const char *stop = memchr(inside_end, delimiter, (size_t)(line_end - inside_end));
        *at = stop ? stop + 1 : NULL;
        return (struct field){inside, (size_t)(inside_end - inside)};
    }
    const char *stop = memchr(begin, delimiter, (size_t)(line_end - begin));
    *at = stop ? stop + 1 : NULL;
    return field_trim(begin, stop ? stop : line_end);
}
