/* The JSON files of a run, and whether this program knows what they say. */
#include <math.h>

#include "engine/base/base.h"
#include "run_view.h"

static int check_schema(const char *path, const struct json_document *document) {
    const json_value *root = json_root(document);
    if (json_kind(root) != JSON_OBJECT)
        return json_fail(document, root, GW_ERR_DATA, "expected an object, found %s", json_kind_name(root));
    const json_value *value = json_get(root, "schema");
    if (!value)
        FAIL(GW_ERR_DATA, "%s: written by an older gatewalk (no schema number; this one reads %d): run it again", path,
             GW_RUN_SCHEMA);
    double schema = json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : (double)NAN;
    if (!(schema >= 1 && schema == floor(schema)))
        return json_fail(document, value, GW_ERR_DATA, "schema must be a whole number from 1, found %s",
                         json_kind(value) == JSON_NUMBER ? "another" : json_kind_name(value));
    char number[32];
    if (schema < GW_RUN_SCHEMA)
        FAIL(GW_ERR_DATA, "%s: written by an older gatewalk (schema %s; this one reads %d): run it again", path,
             number_format(schema, number), GW_RUN_SCHEMA);
    if (schema > GW_RUN_SCHEMA)
        FAIL(GW_ERR_DATA,
             "%s: written by a newer gatewalk (schema %s; this one reads up to %d): update gatewalk or run it again",
             path, number_format(schema, number), GW_RUN_SCHEMA);
    return GW_OK;
}

int run_file_load(const char *path, struct json_document **document) {
    TRY(json_load(path, GW_ERR_DATA, document));
    int rc = check_schema(path, *document);
    if (rc == GW_OK) return GW_OK;
    json_free(*document);
    *document = NULL;
    return rc;
}
