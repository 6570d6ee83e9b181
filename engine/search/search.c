/* A search as one command: everything is checked, the trials are evaluated on validation slices, the best walks forward on
 * folds that nobody has looked at. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "gatewalk/version.h"
#include "search_private.h"

const char *search_strategy_name(size_t i) { return searcher_at(i) ? searcher_at(i)->name : NULL; }

/* ---- evaluating ----------------------------------------------------------------------------------------------------- */

struct here {
    const struct search *search;
    const struct prepared *shared;
    const struct search_helpers *helpers; /* NULL: nobody */
};
static int name_here(void *context, struct evaluation *evaluation) {
    const struct here *here = context;
    return evaluation_name(here->search, here->shared, evaluation);
}
/* What one who helps is asked. */
struct trial_job {
    struct evaluation evaluation;
    char states[1024]; /* "": nowhere */
};

static int run_here(void *context, struct evaluation *evaluation) {
    const struct here *here = context;
    const struct search_helpers *h = here->helpers;
    bool own = true;
    if (h) {
        struct trial_job job = {.evaluation = *evaluation}, said = job;
        if (here->search->states) snprintf(job.states, sizeof job.states, "%s", here->search->states);
        TRY(h->ask(h->context, &job, sizeof job, &said, sizeof said, &own));
        if (!own) *evaluation = said.evaluation;
        if (!own) {
            if (evaluation->state != EVALUATION_DONE)
                progress_message("trial %zu %s, says one who helps", evaluation->trial + 1,
                                 evaluation->state == EVALUATION_INVALID ? "cannot be made" : "failed");
            return GW_OK;
        }
    }
    const int rc = evaluate(here->search, here->shared, evaluation);
    if (h) h->done_here(h->context);
    return rc;
}

/* What all who work on a search must have in common. */
enum { AID_KEY_SIZE = 128 };
static void aid_key(const struct search *s, char key[AID_KEY_SIZE]) {
    snprintf(key, AID_KEY_SIZE, "search %016llx %.64s %s", (unsigned long long)s->experiment->study_key,
             gw_source_hash(), gw_kernels_selected());
}

struct trying {
    struct search *search;
    const struct evaluator *evaluator;
    size_t threads;
    const char *dir;
    int lock;
};
static int work_all(void *context) {
    const struct trying *t = context;
    return search_work(t->search, t->evaluator, t->threads, t->dir, t->lock);
}

static size_t job_count(const struct gw_run_options *options) {
    return options->jobs ? options->jobs : (size_t)omp_get_max_threads();
}

static int try_all(struct search *s, const struct prepared *shared, size_t jobs, const struct search_helpers *helpers,
                   const char *dir, int lock) {
    char trials[1024], key[AID_KEY_SIZE];
    struct here here = {s, shared, helpers};
    const struct evaluator evaluator = {name_here, run_here, &here};
    TRY(path_join(trials, sizeof trials, dir, GW_RUN_STAGES "/trials"));
    TRY(dir_make(trials));
    TRY(rungs_begin(s, dir));
    struct trying trying = {s, &evaluator, jobs + (helpers ? helpers->n : 0), dir, lock};
    if (helpers) aid_key(s, key);
    const int rc = helpers ? helpers->during(helpers->context, key, jobs, work_all, &trying) : work_all(&trying);
    if (rc == GW_OK) rungs_end(s);
    return rc;
}

/* The experiment's contestant alone, as it stands. */
static int prepare_shared(struct search *s, struct prepared **out) {
    struct point low = {{0}};
    struct experiment *e;
    *out = NULL;
    if (!s->shares_inputs) return GW_OK;
    space_settle(&s->space, &low);
    TRY(trial_experiment(s, &low, true, &e));
    int rc = validation_prepare(s, e, out);
    experiment_free(e);
    return rc;
}

/* ---- the directory --------------------------------------------------------------------------------------------------- */

/* A hash of what the search was told, from which all that it chooses follows. */
static int key_of(struct search *s, const struct prepared *p) {
    struct json_writer w = {.compact = true};
    struct experiment *e = mem_calloc(1, sizeof *e);
    char *text = NULL, bars[RUN_KEY_SIZE];
    size_t length = 0;
    if (!e) return GW_ERR_NOMEM;
    *e = *s->experiment; /* its texts are the search's */
    if (experiment_own_data(e) < 0) {
        mem_free(e);
        return GW_ERR_NOMEM;
    }
    e->name[0] = e->title[0] = '\0';
    for (size_t d = 0; d < e->n_data; d++) e->data[d].file[0] = '\0'; /* the bars count, not where they lie */
    data_key(p, bars);
    json_begin_array(&w, NULL);
    json_put_string(&w, NULL, bars);
    experiment_write(e, &w, NULL);
    json_begin_object(&w, NULL);
    json_put_params(&w, &search_params, &s->settings, false);
    json_end_object(&w);
    space_write(&w, &s->space, NULL);
    for (size_t o = 0; o < s->n_objectives; o++) {
        json_put_string(&w, NULL, s->objective[o].name);
        json_put_bool(&w, NULL, s->objective[o].max);
    }
    json_end_array(&w);
    mem_free(e->data);
    mem_free(e);
    TRY(json_take_text(&w, &text, &length));
    s->experiment->study_key = hash_bytes(text, length, 0) | 1; /* 0 is no search */
    s->experiment->study_key_has_bars = true;
    mem_free(text);
    return GW_OK;
}

static int nothing_to_choose(const struct search *s) {
    FAIL(GW_ERR_CONFIG,
         "%s: none of %zu evaluations has a value of %s on validation; give it longer slices or another objective",
         s->path, s->n, s->objective[0].name);
}

/* Trials, choice, files; the directory is ours afterwards. */
static int search_in(struct search *s, const struct gw_run_options *options, const struct search_helpers *helpers,
                     struct record *record, char dir[1024], int *lock) {
    struct prepared *whole = NULL, *shared = NULL;
    const struct chosen_on what = {s->path, "search", "search", s->settings.folds};
    char line[256];
    size_t n;
    if (options->out_dir) TRY(dir_lock(dir, lock));
    TRY(prepare(s->experiment, &whole));
    int rc = key_of(s, whole);
    if (rc == GW_OK) rc = run_open_search(s->experiment, whole, &what, options, record, dir, lock);
    if (rc == GW_OK) rc = prepare_shared(s, &shared);
    if (rc == GW_OK && !progress_is_quiet()) {
        rc = search_estimate(s, shared, job_count(options), &n, line);
        if (rc == GW_OK) progress_message("%s", line);
    }
    if (rc == GW_OK) rc = try_all(s, shared, job_count(options), helpers, dir, *lock);
    if (s->n > 0 && (rc == GW_OK || rc == GW_ERR_INTERRUPTED)) { /* what was looked at was looked at */
        char kept[1024];
        snprintf(kept, sizeof kept, "%s", rc < 0 ? gw_error_message() : "");
        const int recorded = search_record(s, whole, record);
        if (rc < 0)
            gw_error_adopt(kept);
        else
            rc = recorded;
    }
    if (rc == GW_OK) rc = search_choose(s);
    if (rc == GW_OK && s->chosen == SIZE_MAX) rc = nothing_to_choose(s);
    if (rc == GW_OK) rc = trials_write(s, dir);
    prepared_free(shared);
    prepared_free(whole);
    if (rc < 0) record_failed(record, rc);
    return rc;
}

static void tell_choice(const struct search *s) {
    const struct evaluation *v = &s->evaluation[s->chosen];
    progress_message("chosen of %zu trials: trial %zu with %s %.4g on validation; now the final walk on later folds",
                     search_trials(s), v->trial + 1, s->objective[0].name,
                     objective_value(&s->objective[0], v->cost[0]));
}

static int walk_best(struct search *s, const struct gw_run_options *options, struct record *record, char dir[1024],
                     int *lock) {
    struct gw_run_options own = *options;
    struct experiment *e;
    struct final_result final;
    char used[1024];
    TRY(final_experiment(s, &e));
    e->searched.n_on_record = record->run && record->path[0] ? e->n_searched : 0;
    int rc = best_write(e, dir);
    own.out_dir = dir;
    if (rc == GW_OK) rc = run_walk(e, &own, "search", record, used, lock);
    experiment_free(e);
    if (rc == GW_OK) rc = final_read(s, dir, &final);
    if (rc == GW_OK) rc = dir_lock_holds(dir, *lock);
    return rc == GW_OK ? search_write(s, &final, dir) : rc;
}

int run_search(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
               char dir[1024]) {
    return run_search_with(path, override, options, NULL, dir);
}

int run_search_with(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                    const struct search_helpers *helpers, char dir[1024]) {
    struct search *s;
    struct record record = {.run = 0};
    int lock = -1;
    TRY(search_load(path, override, &s));
    progress_message("%zu points of the space were checked", s->n_checked);
    int rc = run_directory_name(options->out_dir, s->name, dir);
    if (rc == GW_OK) rc = search_in(s, options, helpers, &record, dir, &lock);
    if (rc == GW_OK) tell_choice(s);
    if (rc == GW_OK) rc = walk_best(s, options, &record, dir, &lock);
    dir_unlock(&lock);
    search_free(s);
    return rc;
}

/* ---- who helps ------------------------------------------------------------------------------------------------------ */

struct search_aid {
    struct search *search;
    struct prepared *shared;
    char key[AID_KEY_SIZE];
};

int search_aid_open(const char *path, const struct gw_config_override *override, struct search_aid **out) {
    struct prepared *whole = NULL;
    struct search_aid *aid = mem_calloc(1, sizeof *aid);
    if (!aid) return GW_ERR_NOMEM;
    int rc = search_load(path, override, &aid->search);
    if (rc == GW_OK) rc = prepare(aid->search->experiment, &whole);
    if (rc == GW_OK) rc = key_of(aid->search, whole);
    prepared_free(whole);
    if (rc == GW_OK) rc = prepare_shared(aid->search, &aid->shared);
    if (rc < 0) {
        search_aid_close(aid);
        return rc;
    }
    aid_key(aid->search, aid->key);
    *out = aid;
    return GW_OK;
}

const char *search_aid_key(const struct search_aid *aid) { return aid->key; }

size_t search_aid_size(void) { return sizeof(struct trial_job); }

int search_aid_answer(void *context, const void *job, size_t n_job, void *result) {
    const struct search_aid *aid = context;
    struct search search = *aid->search; /* its texts are the aid's */
    struct trial_job own;
    if (n_job != sizeof own) FAIL(GW_ERR_DATA, "a trial of another size was asked for");
    memcpy(&own, job, sizeof own);
    own.states[sizeof own.states - 1] = '\0';
    /* Where folders are not shared each fit begins anew, to the same bytes. */
    search.states = own.states[0] && file_exists(own.states) ? own.states : NULL;
    TRY(interrupt_check());
    TRY(evaluate(&search, aid->shared, &own.evaluation));
    memcpy(result, &own, sizeof own);
    return GW_OK;
}

void search_aid_close(struct search_aid *aid) {
    if (!aid) return;
    prepared_free(aid->shared);
    if (aid->search) search_free(aid->search);
    mem_free(aid);
}

/* ---- without doing it ------------------------------------------------------------------------------------------------- */

/* Of the final walk, with the first point of the space in the place of the best. */
static int outlook_of_walk(struct search *s, const struct gw_run_options *options, struct walk_outlook *out) {
    struct experiment *e;
    s->evaluation = mem_calloc(1, sizeof *s->evaluation);
    if (!s->evaluation) return GW_ERR_NOMEM;
    s->n = 1;
    s->chosen = 0;
    space_settle(&s->space, &s->evaluation[0].point);
    TRY(final_experiment(s, &e));
    int rc = walk_outlook(e, options, out);
    experiment_free(e);
    return rc;
}

int search_outlook(const char *path, const struct gw_config_override *override, const struct gw_run_options *options,
                   struct search_outlook *out) {
    struct search *s;
    struct prepared *shared = NULL;
    *out = (struct search_outlook){0};
    TRY(search_load(path, override, &s));
    int rc = prepare_shared(s, &shared);
    if (rc == GW_OK) rc = search_estimate(s, shared, job_count(options), &out->n_evaluations, out->estimate);
    if (rc == GW_OK) rc = outlook_of_walk(s, options, &out->walk);
    if (rc == GW_OK && !options->out_dir) rc = run_directory_name(NULL, s->name, out->walk.dir);
    out->strategy = s->searcher->name;
    out->n_keys = s->space.n;
    out->n_trials = s->settings.trials;
    out->n_folds = s->settings.folds;
    out->n_seeds = s->settings.seeds;
    out->n_checked = s->n_checked;
    prepared_free(shared);
    search_free(s);
    return rc;
}
