/* Walks over JSON text without building anything: values are fields of the text where they stand. */
#ifndef GATEWALK_MARKET_JSON_SCAN_H
#define GATEWALK_MARKET_JSON_SCAN_H

#include "engine/market/import/import_private.h"

struct json_scan {
    struct import_reader *reader;
    const char *at, *line_begin;
    size_t line;
    bool first; /* a list or object was just opened: no comma stands before its first element */
    int rc;     /* of json_scan_close(), which can find what is neither a comma nor the end */
};

/* GW_ERR_DATA "path:line:column: what; …" */
int json_scan_fail(const struct json_scan *scan, const char *what) GW_MUST_USE;
char json_scan_peek(struct json_scan *scan); /* the next character that is no blank; '\0' at the end */
int json_scan_open(struct json_scan *scan, char bracket) GW_MUST_USE;
/* True behind the closing bracket, and when the text is wrong: look at scan->rc. False: an element follows. */
bool json_scan_close(struct json_scan *scan, char bracket);
int json_scan_key(struct json_scan *scan, struct field *key) GW_MUST_USE; /* and its colon */
/* A number, text or word; a list or object is passed over and gives an empty field. */
int json_scan_scalar(struct json_scan *scan, struct field *value) GW_MUST_USE;
int json_scan_skip(struct json_scan *scan) GW_MUST_USE;

#endif
