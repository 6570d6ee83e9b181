/* The run directory: whose it is, and what of an earlier run must go before a new one. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "gatewalk/version.h"
#include "walk.h"

/* run.json is what marks a folder as ours: it says so by schema, status and build. */
static bool is_mark(const json_value *root) {
    if (json_kind(root) != JSON_OBJECT) return false;
    const json_value *schema = json_get(root, "schema"), *status = json_get(root, "status");
    const json_value *build = json_get(root, "build");
    if (!schema || !status || !build || json_kind(schema) != JSON_NUMBER || json_kind(status) != JSON_STRING)
        return false;
    if (json_kind(build) != JSON_OBJECT || !json_get(build, "version")) return false;
    double number = json_number(schema, NAN);
    return number >= 1 && number <= GW_RUN_SCHEMA && number == floor(number);
}

/* *ours: a run of this program, of this schema or an earlier one that has a number. */
static int read_mark(const char *dir, bool *there, bool *ours) {
    char path[1024];
    struct json_document *document;
    *ours = false;
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    *there = file_exists(path);
    if (!*there) return GW_OK;
    int rc = json_load(path, GW_ERR_DATA, &document);
    if (rc == GW_ERR_DATA) return GW_OK; /* no JSON, a folder: nobody's mark */
    TRY(rc);
    *ours = is_mark(json_root(document));
    json_free(document);
    return GW_OK;
}

static int write_mark(const char *dir) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "status", "claimed");
    json_begin_object(&w, "build");
    json_put_string(&w, "version", GW_VERSION);
    json_end_object(&w);
    json_end_object(&w);
    return out_commit(&file);
}

int run_claim_directory(const char *dir, int *lock) {
    bool there, ours;
    char models[1024];
    TRY(read_mark(dir, &there, &ours));
    if (!ours && !run_folder_is_empty(dir))
        FAIL(GW_ERR_USAGE, "%s is not empty and holds no gatewalk run (%s); give another --out", dir,
             there ? "its " GW_RUN_JSON " is none that this gatewalk knows" : "there is no " GW_RUN_JSON);
    TRY(run_folder_judge(dir));
    TRY(dir_make(dir));
    TRY(dir_lock(dir, lock));
    TRY(run_folder_sweep(dir, *lock >= 0));
    if (!ours) TRY(write_mark(dir));
    TRY(path_join(models, sizeof models, dir, GW_RUN_MODELS));
    return dir_make(models);
}

int run_directory_name(const char *asked, const char *name, char dir[1024]) {
    int n = asked ? snprintf(dir, 1024, "%s", asked) : snprintf(dir, 1024, "reports/out/%s", name);
    if (n < 0 || n >= 900) FAIL(GW_ERR_USAGE, "--out: the path is too long");
    return GW_OK;
}

/* An earlier summary would make `report` show its numbers as this run's until this one is finished. */
int run_drop_results(const char *dir, const struct gw_run_options *options, const char *keep) {
    static const char *const name[] = {GW_RUN_SUMMARY, GW_RUN_STUDY};
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[1024];
        if (strcmp(name[i], keep) == 0) continue;
        TRY(path_join(path, sizeof path, dir, name[i]));
        if (unlink(path) != 0 && errno != ENOENT)
            FAIL(GW_ERR_IO, "%s: cannot be removed: %s; give another --out", path, strerror(errno));
    }
    return options->on_begin ? options->on_begin(dir) : GW_OK;
}
