/* Documents from texts, as if of a file x.json. */
#ifndef GATEWALK_TEST_JSON_TEXT_H
#define GATEWALK_TEST_JSON_TEXT_H

#include "test.h"

#include <stdlib.h>

#include "engine/base/json.h"

static inline int parse(const char *text, size_t length, struct json_document **document) {
    char *exact = malloc(length ? length : 1); /* no NUL behind it: the sanitizer sees a read too far */
    assert_non_null(exact);
    memcpy(exact, text, length);
    int rc = json_parse("x.json", exact, length, GW_ERR_CONFIG, document);
    free(exact);
    return rc;
}

static inline struct json_document *parsed(const char *text) {
    struct json_document *document;
    assert_ok(parse(text, strlen(text), &document));
    return document;
}

#endif
