/* Reading JSON: the strict scan, cJSON's tree, the origin of every node, and the accessors. */
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"

enum { LARGEST_FILE = 16 << 20 };

/* Gives every node its place. The tree and the scan list the values in the same order. */
static void stamp(cJSON *node, int *next) {
    node->valueint = (*next)++;
    for (cJSON *child = node->child; child; child = child->next) stamp(child, next);
}

static int by_name_then_place(const void *a, const void *b) {
    const cJSON *left = *(const cJSON *const *)a, *right = *(const cJSON *const *)b;
    int order = strcmp(left->string, right->string);
    return order ? order : (left->valueint > right->valueint) - (left->valueint < right->valueint);
}

/* The first member, in the order of the text, whose name an earlier one has; NULL when there is none. */
static int find_duplicate(const cJSON *object, const cJSON **duplicate) {
    size_t n = json_size(object), i = 0;
    *duplicate = NULL;
    if (n < 2) return GW_OK;
    const cJSON **members = mem_calloc(n, sizeof *members);
    if (!members) return GW_ERR_NOMEM;
    for (const cJSON *child = object->child; child; child = child->next) members[i++] = child;
    qsort(members, n, sizeof *members, by_name_then_place);
    for (i = 1; i < n; i++) {
        bool same = strcmp(members[i - 1]->string, members[i]->string) == 0;
        if (same && (!*duplicate || members[i]->valueint < (*duplicate)->valueint)) *duplicate = members[i];
    }
    mem_free(members);
    return GW_OK;
}

static int check_duplicates(const struct json_document *document, const cJSON *node, int code) {
    const cJSON *duplicate = NULL;
    if (cJSON_IsObject(node)) TRY(find_duplicate(node, &duplicate));
    if (duplicate) {
        char what[200];
        snprintf(what, sizeof what, "the key \"%.100s\" appears twice in this object; remove one", duplicate->string);
        size_t offset = document->places.items[duplicate->valueint - 1].key;
        return json_fail_at(document->path, document->text, offset, code, what);
    }
    for (const cJSON *child = node->child; child; child = child->next) TRY(check_duplicates(document, child, code));
    return GW_OK;
}

/* The text was judged sound, so that only memory can stop cJSON. */
static int build_tree(struct json_document *document) {
    const char *end = NULL;
    document->root = cJSON_ParseWithLengthOpts(document->text, document->length + 1, &end, 1);
    if (document->root) return GW_OK;
    FAIL(GW_ERR_NOMEM, "%s: out of memory while reading %zu bytes of JSON", document->path, document->length);
}

static int read_document(struct json_document *document, int code) {
    struct json_mistake mistake = {0};
    int rc = json_scan(document->text, document->length, &document->places, &mistake);
    if (rc == GW_ERR_INTERNAL) return json_fail_at(document->path, document->text, mistake.offset, code, mistake.what);
    TRY(rc);
    TRY(build_tree(document));
    int next = 1;
    stamp(document->root, &next);
    return check_duplicates(document, document->root, code);
}

int json_parse(const char *path, const char *text, size_t length, int code, struct json_document **out) {
    *out = NULL;
    int rc = GW_ERR_NOMEM;
    struct json_document *document = mem_calloc(1, sizeof *document);
    if (!document) return GW_ERR_NOMEM;
    document->path = mem_strdup(path);
    document->text = mem_calloc(length + 1, 1);
    document->length = length;
    if (!document->path || !document->text) goto failed;
    if (length) memcpy(document->text, text, length);
    TRY_GOTO(read_document(document, code), failed);
    *out = document;
    return GW_OK;
failed:
    json_free(document);
    return rc;
}

/* Comments become blanks: what stands elsewhere keeps its place, for messages. */
static void blank_comments(char *text, size_t length) {
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (quoted && text[i] == '\n') {
            quoted = false; /* a text that is not closed: the scan will say so */
        } else if (!quoted && text[i] == '/' && i + 1 < length && text[i + 1] == '/') {
            while (i < length && text[i] != '\n') text[i++] = ' ';
        }
    }
}

static int load(const char *path, int code, bool commented, struct json_document **out) {
    char *text;
    size_t length;
    *out = NULL;
    TRY((commented ? file_read_all : file_read_own)(path, LARGEST_FILE, code, &text, &length));
    if (commented) blank_comments(text, length);
    int rc = json_parse(path, text, length, code, out);
    mem_free(text);
    return rc;
}

int json_load(const char *path, int code, struct json_document **out) { return load(path, code, false, out); }

int json_load_commented(const char *path, int code, struct json_document **out) { return load(path, code, true, out); }

void json_free(struct json_document *document) {
    if (!document) return;
    cJSON_Delete(document->root);
    for (size_t i = 0; i < document->n_overrides; i++) {
        mem_free(document->overrides[i].path);
        mem_free(document->overrides[i].text);
    }
    mem_free(document->overrides);
    mem_free(document->places.items);
    mem_free(document->text);
    mem_free(document->path);
    mem_free(document);
}

const json_value *json_root(const struct json_document *document) { return document->root; }

enum json_kind json_kind(const json_value *value) {
    if (cJSON_IsBool(value)) return JSON_BOOL;
    if (cJSON_IsNumber(value)) return JSON_NUMBER;
    if (cJSON_IsString(value)) return JSON_STRING;
    if (cJSON_IsArray(value)) return JSON_ARRAY;
    return cJSON_IsObject(value) ? JSON_OBJECT : JSON_NULL;
}

const char *json_kind_name(const json_value *value) {
    static const char *const names[] = {
        [JSON_NULL] = "null",       [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
        [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",     [JSON_OBJECT] = "an object",
    };
    return value ? names[json_kind(value)] : "nothing";
}

size_t json_size(const json_value *value) {
    size_t n = 0;
    for (const cJSON *child = value ? value->child : NULL; child; child = child->next) n++;
    return n;
}

const json_value *json_at(const json_value *value, size_t index) {
    const cJSON *child = value ? value->child : NULL;
    while (child && index-- > 0) child = child->next;
    return child;
}

const char *json_key(const json_value *value) { return value ? value->string : NULL; }

const json_value *json_get(const json_value *object, const char *key) {
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

double json_number(const json_value *value, double fallback) {
    return cJSON_IsNumber(value) ? value->valuedouble : fallback;
}

const char *json_string(const json_value *value, const char *fallback) {
    return cJSON_IsString(value) ? value->valuestring : fallback;
}

bool json_bool(const json_value *value, bool fallback) { return cJSON_IsBool(value) ? cJSON_IsTrue(value) : fallback; }
