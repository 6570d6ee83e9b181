/* The main job as a list: prepare, fit every fold, replay, measure, judge, write. */
#include <errno.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_private.h"

static size_t thread_count(size_t asked) {
    int n = asked ? (int)asked : omp_get_max_threads();
    return n < 1 ? 1 : (size_t)n;
}

static bool holds(const char *dir, const char *name) {
    char probe[1024];
    return path_join(probe, sizeof probe, dir, name) == OK && file_exists(probe);
}

int run_claim_directory(const char *dir) {
    struct stat info;
    if (stat(dir, &info) == 0 && S_ISDIR(info.st_mode) && !holds(dir, RUN_JSON) && !holds(dir, RUN_MODELS) &&
        !holds(dir, RUN_STAGES) && rmdir(dir) != 0)
        FAIL(ERR_USAGE, "%s is not empty and holds no gatewalk run; give another --out", dir);
    char models[1024];
    TRY(dir_make(dir));
    TRY(path_join(models, sizeof models, dir, RUN_MODELS));
    return dir_make(models);
}

int run_directory_name(const char *asked, const char *name, char dir[1024]) {
    int n = asked ? snprintf(dir, 1024, "%s", asked) : snprintf(dir, 1024, "reports/out/%s", name);
    if (n < 0 || n >= 900) FAIL(ERR_USAGE, "--out: the path is too long");
    return OK;
}

/* An earlier summary would make `report` show its numbers as this run's until this one is finished. */
static int drop_summary(const char *dir) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, RUN_SUMMARY));
    if (unlink(path) == 0 || errno == ENOENT) return OK;
    FAIL(ERR_IO, "%s: cannot be removed: %s; give another --out", path, strerror(errno));
}

static double lap(double *mark) {
    double now = clock_seconds(), passed = now - *mark;
    *mark = now;
    return passed;
}

static int walk(const struct experiment *e, struct prepared *p, const char *dir, size_t jobs, struct fit_list *fits,
                struct results *r) {
    struct phase_times times = {.import = p->import_seconds, .features = p->feature_seconds};
    double mark = clock_seconds();
    r->baseline = SIZE_MAX;
    TRY(fits_plan(e, p, dir, fits));
    TRY(write_folds(p, dir));
    TRY(write_run_json(e, p, fits, NULL, &times, jobs, "running", dir));
    TRY(drop_summary(dir));
    TRY(fits_execute(e, p, fits, jobs));
    times.fits = lap(&mark);
    TRY(results_replay(e, p, fits, r));
    times.replay = lap(&mark);
    TRY(results_measure(e, p, r));
    times.metrics = lap(&mark);
    TRY(results_verdict(e, p, r));
    times.verdict = lap(&mark);
    TRY(write_tables(e, p, fits, r, dir));
    TRY(write_attention(e, p, fits, r, dir));
    TRY(write_summary(e, p, r, dir));
    times.files = lap(&mark);
    return write_run_json(e, p, fits, r, &times, jobs, "finished", dir);
}

int run_experiment(const struct experiment *e, const struct run_options *options, char dir[1024]) {
    struct prepared *p = NULL;
    struct fit_list fits = {0};
    struct results results = {0};
    size_t jobs = thread_count(options->jobs);
    int rc;
    TRY_GOTO(prepare(e, &p), done);
    TRY_GOTO(run_directory_name(options->out_dir, e->name, dir), done);
    TRY_GOTO(run_claim_directory(dir), done);
    rc = walk(e, p, dir, jobs, &fits, &results);
done:
    results_free(e, &results);
    fits_free(&fits);
    prepared_free(p);
    return rc;
}
