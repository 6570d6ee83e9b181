/* One step at a time through JSON text. */
#include "json_scan.h"

#include <string.h>

#include "engine/base/base.h"

enum { DEPTH_MAX = 64 };

int json_scan_fail(const struct json_scan *scan, const char *what) {
    FAIL(GW_ERR_DATA, "%s:%zu:%td: %s; correct the file or fetch it again", scan->reader->path, scan->line,
         scan->at - scan->line_begin + 1, what);
}

char json_scan_peek(struct json_scan *scan) {
    const char *end = scan->reader->end;
    for (; scan->at < end; scan->at++) {
        if (*scan->at == '\n') {
            scan->line++;
            scan->line_begin = scan->at + 1;
        } else if (*scan->at != ' ' && *scan->at != '\t' && *scan->at != '\r') {
            return *scan->at;
        }
    }
    return '\0';
}

int json_scan_open(struct json_scan *scan, char bracket) {
    if (json_scan_peek(scan) != bracket)
        return json_scan_fail(scan, bracket == '{' ? "a '{' is expected" : "a '[' is expected");
    scan->at++;
    scan->first = true;
    scan->rc = GW_OK;
    return GW_OK;
}

bool json_scan_close(struct json_scan *scan, char bracket) {
    char next = json_scan_peek(scan);
    if (next == bracket) {
        scan->at++;
        scan->first = false;
        return true;
    }
    if (scan->first) {
        scan->first = false;
        if (next) return false;
    } else if (next == ',') {
        scan->at++;
        return false;
    }
    scan->rc = json_scan_fail(scan, next ? "a ',' or the closing bracket is expected" : "the file ends in the middle");
    return true;
}

static int take_text(struct json_scan *scan, struct field *out) {
    const char *begin = ++scan->at, *end = scan->reader->end;
    while (scan->at < end && *scan->at != '"' && *scan->at != '\n')
        scan->at += *scan->at == '\\' && scan->at + 1 < end ? 2 : 1;
    if (scan->at >= end || *scan->at != '"') {
        if (scan->at > end) scan->at = end;
        return json_scan_fail(scan, "a quote is not closed");
    }
    *out = field_trim(begin, scan->at++);
    return GW_OK;
}

int json_scan_key(struct json_scan *scan, struct field *key) {
    if (json_scan_peek(scan) != '"') return json_scan_fail(scan, "a name in quotes is expected");
    TRY(take_text(scan, key));
    if (json_scan_peek(scan) != ':') return json_scan_fail(scan, "a ':' is expected");
    scan->at++;
    return GW_OK;
}

/* Brackets are counted, not matched: what is passed over need not be right. */
static int skip_nested(struct json_scan *scan) {
    int depth = 0;
    struct field text;
    do {
        char next = json_scan_peek(scan);
        if (!next) return json_scan_fail(scan, "the file ends in the middle");
        if (next == '"') {
            TRY(take_text(scan, &text));
            continue;
        }
        depth += next == '{' || next == '[' ? 1 : next == '}' || next == ']' ? -1 : 0;
        if (depth > DEPTH_MAX) return json_scan_fail(scan, "too many brackets inside one another");
        scan->at++;
    } while (depth > 0);
    return GW_OK;
}

int json_scan_scalar(struct json_scan *scan, struct field *value) {
    char next = json_scan_peek(scan);
    const char *begin = scan->at, *end = scan->reader->end;
    *value = (struct field){begin, 0};
    if (next == '"') return take_text(scan, value);
    if (next == '{' || next == '[') return skip_nested(scan);
    while (scan->at < end && !strchr(",]} \t\r\n:\"[{", *scan->at)) scan->at++;
    if (scan->at == begin) return json_scan_fail(scan, "a value is expected");
    *value = field_trim(begin, scan->at);
    if (value->length == 4 && memcmp(value->text, "null", 4) == 0) value->length = 0;
    return GW_OK;
}

int json_scan_skip(struct json_scan *scan) {
    struct field ignored;
    return json_scan_scalar(scan, &ignored);
}
