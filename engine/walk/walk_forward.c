/* The main job as a list: prepare, fit every fold, replay, measure, judge, write. */
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/results/write.h"
#include "estimate.h"
#include "forewarn.h"
#include "library_files.h"
#include "outside.h"
#include "record.h"
#include "replays.h"

static size_t thread_count(size_t asked) {
    int n = asked ? (int)asked : omp_get_max_threads();
    return n < 1 ? 1 : (size_t)n;
}

/* Some bytes a bar, contestant and seed are worth a file from here on. */
enum { PARKED_BYTES = 1 << 20 };
static size_t parked_bars = 1000000;

size_t walk_park_from(size_t n_bars) {
    const size_t before = parked_bars;
    parked_bars = n_bars;
    return before;
}

/* What a walk over many bars leaves of them is parked in its own folder. */
static void park_in(const struct prepared *p, const char *dir) {
    size_t n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) n += p->market.symbol[s].n;
    if (n >= parked_bars) mem_park_in(dir, parked_bars ? PARKED_BYTES : 0);
}

static double lap(double *mark) {
    double now = clock_seconds(), passed = now - *mark;
    *mark = now;
    return passed;
}

/* Nobody who asked for silence waits for it. */
static int say_estimate(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                        size_t n_threads) {
    struct estimate estimate;
    char text[512];
    if (progress_is_quiet()) return GW_OK;
    TRY(estimate_make(e, p, fits, &estimate, NULL));
    estimate_text(e, &estimate, n_threads, text);
    progress_message("%s", text);
    return GW_OK;
}

static int do_fits(const struct experiment *e, const struct prepared *p, const struct gw_run_options *options,
                   struct fit_list *fits, size_t jobs) {
    const struct gw_fit_executor *other = options->executor;
    return other ? other->execute(other->context, e, p, fits, jobs) : fits_execute(e, p, fits, jobs);
}

static size_t threads_after(const struct gw_run_options *options, size_t jobs) {
    const struct gw_fit_executor *other = options->executor;
    return other && other->threads_after ? other->threads_after(other->context, jobs) : jobs;
}

/* Before the hour that it takes, not after. */
static void say_warnings(const struct experiment *e, const struct prepared *p) {
    char text[FOREWARNING_MAX];
    for (int which = 0; which < N_FOREWARNINGS; which++)
        if (forewarn(e, p, (enum forewarning)which, text)) progress_message("warning: %s", text);
}

/* The replays, and what happens in them as a file where that is asked for. */
static int replay_all(const struct experiment *e, const struct prepared *p, const struct gw_run_options *options,
                      const struct fit_list *fits, const char *dir, struct results *r) {
    struct event_log *events = NULL;
    char path[1024];
    if (!options->events) return results_replay(e, p, fits, NULL, r);
    TRY(fits_place_holds(fits));
    TRY(run_folder_judge(dir));
    TRY(path_join(path, sizeof path, dir, GW_RUN_EVENTS));
    TRY(events_open(e, p, fits, path, NULL, &events));
    int rc = results_replay(e, p, fits, events, r);
    if (rc == GW_OK) rc = events_commit(events);
    events_free(events);
    return rc;
}

static int walk(const struct experiment *e, struct prepared *p, const struct gw_run_options *options, const char *dir,
                const char *command, struct record *record, struct fit_list *fits, struct results *r, int lock) {
    size_t jobs = thread_count(options->jobs);
    struct phase_times times = {.import = p->import_seconds, .features = p->feature_seconds};
    double mark = clock_seconds();
    r->baseline = SIZE_MAX;
    TRY(fits_plan(e, p, p->plan.n_folds, dir, fits));
    fits->lock = lock;
    TRY(write_folds(p, dir));
    TRY(write_scripts(e, dir));
    TRY(write_run_json(e, p, fits, NULL, &times, jobs, "running", dir));
    TRY(run_drop_results(dir, options, command));
    if (options->n_shards) TRY(fits_keep_share(e, p, fits, options->shard, options->n_shards));
    say_warnings(e, p);
    if (!options->executor) TRY(say_estimate(e, p, fits, jobs));
    mark = clock_seconds();
    TRY(do_fits(e, p, options, fits, jobs));
    TRY(market_holds(&p->market));
    times.fits = lap(&mark);
    if (options->n_shards) return write_run_json(e, p, fits, NULL, &times, jobs, "shard", dir);
    prepared_drop_features(p);
    const size_t after = threads_after(options, jobs);
    TRY(replay_all(e, p, options, fits, dir, r));
    TRY(results_bounds(e, p, r, threads_startable(after)));
    prepared_drop_features(p); /* the replays have looked at every bar */
    times.replay = lap(&mark);
    TRY(results_measure(e, p, r, threads_startable(after)));
    times.metrics = lap(&mark);
    TRY(results_verdict(e, p, r, after));
    mem_rest();
    TRY(results_selection(e, r));
    TRY(market_holds(&p->market));
    TRY(market_holds(&p->detail));
    record_trials(record, e, p, r);
    times.verdict = lap(&mark);
    /* Hours may have passed since it was looked through. */
    TRY(fits_place_holds(fits));
    TRY(run_folder_judge(dir));
    TRY(write_tables(e, p, fits, r, dir, threads_startable(after)));
    TRY(write_attention(e, p, fits, r, dir));
    TRY(write_gradients(e, p, fits, r, dir));
    TRY(write_forecasts(e, p, fits, r, dir));
    TRY(write_library(e, p, fits, after, dir));
    TRY(write_summary(e, p, fits, r, dir));
    times.files = lap(&mark);
    TRY(write_run_json(e, p, fits, r, &times, jobs, "finished", dir));
    record_finished(record, e, r, p->plan.n_folds);
    return GW_OK;
}

int run_walk(const struct experiment *e, const struct gw_run_options *options, const char *command,
             struct record *record, char dir[1024], int *lock) {
    struct prepared *p = NULL;
    struct fit_list fits = {0};
    struct results results = {0};
    char key[RUN_KEY_SIZE];
    int rc;
    TRY(run_directory_name(options->out_dir, e->name, dir));
    if (options->n_shards) sprintf(dir + strlen(dir), ".shard-%zu-of-%zu", options->shard, options->n_shards);
    if (options->out_dir) TRY(dir_lock(dir, lock)); /* at once, where there is a directory already … */
    TRY_GOTO(prepare(e, &p), done);
    TRY_GOTO(outside_prepare(e, p), done);
    config_key(e, p, key);
    if (!options->out_dir && !options->force) TRY_GOTO(run_directory_number(key, dir), done);
    /* … and a new one is made only when the data are fine */
    TRY_GOTO(run_claim_directory(dir, key, options->force, lock), done);
    if (!options->n_shards) record_begin(record, e, p, dir, command); /* a share of the fits is no trial yet */
    park_in(p, dir);
    rc = walk(e, p, options, dir, command, record, &fits, &results, *lock);
done:
    if (rc < 0 && !options->n_shards) record_failed(record, rc);
    results_free(e, &results);
    fits_free(&fits);
    prepared_free(p);
    mem_park_in(NULL, 0);
    return rc;
}

int run_experiment(const struct experiment *e, const struct gw_run_options *options, char dir[1024]) {
    struct record record = {.run = 0};
    int lock = -1, rc = run_walk(e, options, "run", &record, dir, &lock);
    dir_unlock(&lock);
    return rc;
}

int gw_run_experiment(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                      char dir[1024]) {
    struct experiment *experiment;
    TRY(experiment_load(path, override, &experiment));
    const int rc = run_experiment(experiment, options, dir);
    experiment_free(experiment);
    return rc;
}
