/* Changing one value of a document from the command line: --set training.epochs=20. */
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"

enum { LONGEST_PATH = 255, MOST_STEPS = 16 };

/* Marks a subtree as coming from the override. */
static void mark(cJSON *node, int origin) {
    node->valueint = origin;
    for (cJSON *child = node->child; child; child = child->next) mark(child, origin);
}

/* JSON when it parses. A text that begins like JSON but is broken is refused: as a plain string it would
 * only fail later and less clearly. */
static int read_value(const char *path, const char *text, cJSON **value) {
    struct json_document *parsed;
    *value = NULL;
    if (!utf8_valid(text, strlen(text), NULL)) FAIL(GW_ERR_USAGE, "--set %s: the value is not valid UTF-8", path);
    int rc = json_parse("value", text, strlen(text), GW_ERR_USAGE, &parsed);
    if (rc == GW_OK) {
        *value = parsed->root;
        parsed->root = NULL;
        json_free(parsed);
        return GW_OK;
    }
    if (rc == GW_ERR_NOMEM) return rc;
    if (text[0] && strchr("{[\"", text[0])) return gw_error_prefix(GW_ERR_USAGE, "--set %s", path);
    *value = cJSON_CreateString(text);
    if (!*value) FAIL(GW_ERR_NOMEM, "out of memory for --set %s", path);
    return GW_OK;
}

/* The array element that a step of the path names. */
static int find_element(cJSON *array, const char *step, const char *path, cJSON **element) {
    size_t n = json_size(array), index = n;
    if (strspn(step, "0123456789") == strlen(step) && strlen(step) < 9) index = strtoul(step, NULL, 10);
    if (n == 0) FAIL(GW_ERR_USAGE, "--set %s: the array is empty, \"%s\" names no element of it", path, step);
    if (index >= n) FAIL(GW_ERR_USAGE, "--set %s: \"%s\" must be an element from 0 to %zu", path, step, n - 1);
    *element = array->child;
    while (index-- > 0) *element = (*element)->next;
    return GW_OK;
}

/* One step towards the place, making an object where nothing is. */
static int descend(cJSON **node, const char *step, const char *path, int origin) {
    if (cJSON_IsArray(*node)) return find_element(*node, step, path, node);
    cJSON *child = cJSON_GetObjectItemCaseSensitive(*node, step);
    if (!child) {
        child = cJSON_AddObjectToObject(*node, step);
        if (!child) FAIL(GW_ERR_NOMEM, "out of memory for --set %s", path);
        child->valueint = origin;
    }
    *node = child;
    return GW_OK;
}

static int require_container(const cJSON *node, const char *path, const char *step) {
    if (cJSON_IsArray(node) || cJSON_IsObject(node)) return GW_OK;
    FAIL(GW_ERR_USAGE, "--set %s: \"%s\" lies inside %s, only objects and arrays have parts", path, step,
         json_kind_name(node));
}

/* Takes over `value`, also on failure. */
static int place_value(cJSON *parent, const char *step, const char *path, cJSON *value) {
    cJSON *old = NULL;
    int rc = GW_OK;
    if (cJSON_IsArray(parent))
        rc = find_element(parent, step, path, &old);
    else
        old = cJSON_GetObjectItemCaseSensitive(parent, step);
    bool done = false;
    if (rc == GW_OK && old && cJSON_IsArray(parent)) done = cJSON_ReplaceItemViaPointer(parent, old, value);
    if (rc == GW_OK && old && cJSON_IsObject(parent))
        done = cJSON_ReplaceItemInObjectCaseSensitive(parent, step, value);
    if (rc == GW_OK && !old) done = cJSON_AddItemToObject(parent, step, value);
    if (done) return GW_OK;
    cJSON_Delete(value);
    if (rc != GW_OK) return rc;
    FAIL(GW_ERR_NOMEM, "out of memory for --set %s", path);
}

static int split_path(char *copy, const char *path, char *steps[MOST_STEPS], size_t *n) {
    if (strlen(path) > LONGEST_PATH) FAIL(GW_ERR_USAGE, "--set %.40s...: the path is longer than 255 bytes", path);
    if (!utf8_valid(path, strlen(path), NULL)) FAIL(GW_ERR_USAGE, "--set %s: the path is not valid UTF-8", path);
    strcpy(copy, path);
    *n = 0;
    for (char *step = copy;; step++) {
        if (*n == MOST_STEPS) FAIL(GW_ERR_USAGE, "--set %s: the path has more than 16 steps", path);
        steps[(*n)++] = step;
        size_t length = strcspn(step, ".");
        if (length == 0)
            FAIL(GW_ERR_USAGE, "--set %s: the path has an empty step; write names with dots between", path);
        step += length;
        if (*step == '\0') return GW_OK;
        *step = '\0';
    }
}

/* Remembers what was typed; its origin is -n_overrides. */
static int remember(struct json_document *document, const char *path, const char *text) {
    size_t n = document->n_overrides;
    struct json_override *grown = mem_realloc(document->overrides, n + 1, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    document->overrides = grown;
    grown[n] = (struct json_override){.path = mem_strdup(path), .text = mem_strdup(text)};
    document->n_overrides = n + 1;
    return grown[n].path && grown[n].text ? GW_OK : GW_ERR_NOMEM;
}

/* The object or array that holds the last step. Making objects cannot fail half-way: below a new object
 * everything is new. */
static int find_parent(struct json_document *document, char *const *steps, size_t n, const char *path, int origin,
                       cJSON **parent) {
    *parent = document->root;
    for (size_t i = 0; i < n; i++) {
        TRY(require_container(*parent, path, steps[i]));
        if (i + 1 < n) TRY(descend(parent, steps[i], path, origin));
    }
    return GW_OK;
}

int json_set_path(struct json_document *document, const char *path, const char *text) {
    char copy[LONGEST_PATH + 1], *steps[MOST_STEPS];
    size_t n = 0;
    cJSON *value, *parent;
    TRY(split_path(copy, path, steps, &n));
    TRY(read_value(path, text, &value));
    int rc = remember(document, path, text);
    int origin = -(int)document->n_overrides;
    mark(value, origin);
    if (rc == GW_OK) rc = find_parent(document, steps, n, path, origin, &parent);
    if (rc == GW_OK) return place_value(parent, steps[n - 1], path, value);
    cJSON_Delete(value);
    return rc;
}
