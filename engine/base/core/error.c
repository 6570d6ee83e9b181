/* The one line that says what failed. Each thread has its own, so that workers do not overwrite each other. */
#include "gatewalk/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core.h"

enum { LINE_SIZE = 1024 }; /* with the terminating NUL */

static _Thread_local char line[LINE_SIZE];

/* Takes a text that may alias `line`; a cut one ends in "..." and never inside a character. */
static void store(const char *text) {
    char clean[LINE_SIZE];
    size_t length = strlen(text);
    bool cut = length >= LINE_SIZE;
    if (cut) {
        length = LINE_SIZE - 4;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(clean, text, length);
    strcpy(clean + length, cut ? "..." : "");
    strcpy(line, text_clean(clean));
}

int gw_error_set(int code, const char *format, ...) {
    char text[2 * LINE_SIZE]; /* the arguments may be the old line: build beside it */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    store(text);
    return code;
}

int gw_error_prefix(int code, const char *format, ...) {
    char text[3 * LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, LINE_SIZE, format, arguments);
    va_end(arguments);
    size_t used = written < 0 ? 0 : written < LINE_SIZE ? (size_t)written : LINE_SIZE - 1;
    snprintf(text + used, sizeof text - used, ": %s", line);
    store(text);
    return code;
}

const char *gw_error_message(void) { return line; }

void gw_error_adopt(const char *text) { store(text ? text : ""); }

int gw_error_exit_code(int code) {
    if (code >= 0) return 0;
    switch (code) {
    case GW_ERR_USAGE:
    case GW_ERR_CONFIG:
        return 2;
    case GW_ERR_DATA:
        return 3;
    default:
        return 1;
    }
}
