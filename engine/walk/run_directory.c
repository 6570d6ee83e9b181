/* The run directory: whose it is, and what of an earlier run must go before a new one. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "walk.h"

static bool holds(const char *dir, const char *name) {
    char probe[1024];
    return path_join(probe, sizeof probe, dir, name) == GW_OK && file_exists(probe);
}

static bool is_empty(const char *dir) {
    DIR *stream = opendir(dir);
    size_t n = 0;
    while (stream && n < 3 && readdir(stream)) n++;
    if (stream) closedir(stream);
    return n < 3; /* . and .. */
}

int run_claim_directory(const char *dir) {
    if (!is_empty(dir) && !holds(dir, GW_RUN_JSON) && !holds(dir, GW_RUN_MODELS) && !holds(dir, GW_RUN_STAGES))
        FAIL(GW_ERR_USAGE, "%s is not empty and holds no gatewalk run; give another --out", dir);
    char models[1024];
    TRY(dir_make(dir));
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
