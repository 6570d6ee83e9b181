/* What audit.json, if there is one and it is of this run's configuration, says of look-ahead. */
#include <math.h>
#include <string.h>

#include "sentences.h"

static const char *text_of(const json_value *object, const char *key) {
    const json_value *value = object && json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;
    return value && json_kind(value) == JSON_STRING ? json_string(value, "") : "";
}

static void found_words(const json_value *root, char *out, size_t size) {
    const json_value *first = json_get(root, "first");
    const char *symbol = text_of(first, "symbol"), *strategy = text_of(first, "strategy"),
               *time = text_of(first, "time");
    snprintf(out, size,
             "LOOK-AHEAD: `gatewalk audit` found that %.40s (%.95s%s%.48s%s%.32s%s%.30s) change with bars that came "
             "later; no number here can be trusted.",
             text_of(first, "stage"), text_of(first, "value"), *strategy ? ", " : "", strategy, *symbol ? ", " : "",
             symbol, *time ? ", " : "", time);
}

int audit_words(struct run_view *run, char *out, size_t size) {
    char path[1024];
    struct json_document *document;
    out[0] = '\0';
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_AUDIT));
    if (!file_exists(path)) return GW_OK;
    int rc = run_file_load(path, &document);
    if (rc == GW_ERR_DATA) return GW_OK; /* of another program, or spoilt: no certificate */
    TRY(rc);
    const json_value *root = json_root(document);
    const char *of = text_of(root, "config_hash"), *state = text_of(root, "state");
    bool ours = *of && strcmp(of, text_of(run->process, "config_hash")) == 0;
    if (ours && strcmp(state, "clean") == 0)
        snprintf(out, size,
                 "Audited for look-ahead: what is known at %.0f bars has the same bits in %.0f markets with another "
                 "future, %.0f fits done again among them.",
                 member_number(root, "cuts"), member_number(root, "markets"), member_number(root, "refits"));
    if (ours && strcmp(state, "leak") == 0) found_words(root, out, size);
    json_free(document);
    text_clean(out);
    return GW_OK;
}
