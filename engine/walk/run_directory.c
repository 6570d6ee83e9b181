/* The run directory: whose it is, and what of an earlier run must go before a new one. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "engine/results/run_key.h"
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

/* What a folder says of itself. */
struct mark {
    bool there, ours; /* a run.json; of this program, of this schema or an earlier one that has a number */
    bool says;        /* which configuration its run is of: `key`, "" when an earlier program did not write that down */
    char key[RUN_KEY_SIZE];
};

static int read_mark(const char *dir, struct mark *mark) {
    char path[1024];
    struct json_document *document;
    *mark = (struct mark){.there = false};
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    mark->there = file_exists(path);
    if (!mark->there) return GW_OK;
    int rc = json_load(path, GW_ERR_DATA, &document);
    if (rc == GW_ERR_DATA) return GW_OK; /* no JSON, a folder: nobody's mark */
    TRY(rc);
    const json_value *root = json_root(document), *key = json_get(root, "config_hash");
    mark->ours = is_mark(root);
    mark->says = key || json_get(root, "config");
    snprintf(mark->key, sizeof mark->key, "%s", key && json_kind(key) == JSON_STRING ? json_string(key, "") : "");
    json_free(document);
    return GW_OK;
}

static int write_mark(const char *dir, const char *key) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "status", "claimed");
    json_put_string(&w, "config_hash", key);
    json_begin_object(&w, "build");
    json_put_string(&w, "version", GW_VERSION);
    json_end_object(&w);
    json_end_object(&w);
    return out_commit(&file);
}

/* Is there anything that took work to make? */
static bool holds_work(const char *dir) {
    static const char *const part[] = {GW_RUN_MODELS, GW_RUN_STAGES};
    char path[1024];
    if (path_join(path, sizeof path, dir, GW_RUN_SUMMARY) < 0 || file_exists(path)) return true;
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (path_join(path, sizeof path, dir, part[i]) < 0 || !run_folder_is_empty(path)) return true;
    return false;
}

static bool is_of_another(const struct mark *mark, const char *dir, const char *key) {
    return mark->ours && mark->says && strcmp(mark->key, key) != 0 && holds_work(dir);
}

int run_claim_directory(const char *dir, const char *key, bool force, int *lock) {
    struct mark mark;
    char models[1024];
    TRY(read_mark(dir, &mark));
    if (!mark.ours && !run_folder_is_empty(dir))
        FAIL(GW_ERR_USAGE, "%s is not empty and holds no gatewalk run (%s); give another --out", dir,
             mark.there ? "its " GW_RUN_JSON " is none that this gatewalk knows" : "there is no " GW_RUN_JSON);
    TRY(run_folder_judge(dir));
    if (!force && is_of_another(&mark, dir, key))
        FAIL(
            GW_ERR_USAGE,
            "%s: holds the run of another configuration or of other data; give another --out, or --force to replace it",
            dir);
    TRY(dir_make(dir));
    TRY(dir_lock(dir, lock));
    TRY(run_folder_sweep(dir, *lock >= 0));
    if (!mark.ours) TRY(write_mark(dir, key));
    TRY(path_join(models, sizeof models, dir, GW_RUN_MODELS));
    return dir_make(models);
}

int run_directory_name(const char *asked, const char *name, char dir[1024]) {
    int n = asked ? snprintf(dir, 1024, "%s", asked) : snprintf(dir, 1024, "reports/out/%s", name);
    if (n < 0 || n >= 900) FAIL(GW_ERR_USAGE, "--out: the path is too long");
    return GW_OK;
}

int run_directory_number(const char *key, char dir[1024]) {
    enum { MOST = 10000 };
    char numbered[1024];
    struct mark mark;
    TRY(read_mark(dir, &mark));
    if (!is_of_another(&mark, dir, key)) return GW_OK;
    for (int i = 2; i < MOST; i++) {
        snprintf(numbered, sizeof numbered, "%.900s-%d", dir, i);
        TRY(read_mark(numbered, &mark));
        if (is_of_another(&mark, numbered, key) || (!mark.ours && !run_folder_is_empty(numbered))) continue;
        message("note: %s holds the run of another configuration or of other data; this one goes to %s", dir, numbered);
        strcpy(dir, numbered);
        return GW_OK;
    }
    FAIL(GW_ERR_USAGE, "%s: %d runs of other configurations; give another --out", dir, MOST);
}

/* An earlier summary would make `report` show its numbers as this run's until this one is finished. */
int run_drop_results(const char *dir, const struct gw_run_options *options, const char *command) {
    static const struct {
        const char *name, *of;
    } file[] = {{GW_RUN_SUMMARY, ""},         {GW_RUN_EVENTS, ""},           {GW_RUN_STUDY, "study"},
                {GW_RUN_FORECASTS, ""},       {GW_RUN_FORECAST_SIGNALS, ""}, {GW_RUN_GRADIENTS, ""},
                {GW_RUN_GRADIENTS_INDEX, ""}, {GW_RUN_GRADIENTS_MEAN, ""},   {GW_RUN_SEARCH, "search"},
                {GW_RUN_TRIALS, "search"},    {GW_RUN_BEST, "search"}};
    for (size_t i = 0; i < COUNT_OF(file); i++) {
        char path[1024];
        if (strcmp(file[i].of, command) == 0) continue;
        TRY(path_join(path, sizeof path, dir, file[i].name));
        if (unlink(path) != 0 && errno != ENOENT)
            FAIL(GW_ERR_IO, "%s: cannot be removed: %s; give another --out", path, strerror(errno));
    }
    return options->on_begin ? options->on_begin(dir) : GW_OK;
}
