/* The way data went in a run, once more, from what the run has left. */
#include "verify.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/results/write.h"
#include "engine/walk/outside.h"
#include "engine/walk/replays.h"
#include "gatewalk/run_files.h"
#include "gatewalk/version.h"

static const char *text_of(const json_value *object, const char *key) {
    const json_value *value = object && json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;
    return value && json_kind(value) == JSON_STRING ? json_string(value, "") : "";
}

/* ---- run.json ---------------------------------------------------------------------------------------------------------- */

/* Members that do not tell times or other runs. Those of the first list make up what is checked of run.json. */
static const char *const settled[] = {"schema", "status", "data", "scores", "config", "config_hash"};

static int member_text(const json_value *root, const char *key, char **text) {
    struct json_writer w = {0};
    size_t length;
    json_put_value(&w, NULL, json_get(root, key));
    return json_take_text(&w, text, &length);
}

static int compare_member(const char *key, const json_value *theirs, const json_value *mine,
                          struct verified_file *out) {
    char *a = NULL, *b = NULL;
    int rc = GW_OK;
    if (!json_get(theirs, key)) {
        out->same = false;
        snprintf(out->text, sizeof out->text, "\"%s\" is missing", key);
        return GW_OK;
    }
    rc = member_text(theirs, key, &a);
    if (rc == GW_OK) rc = member_text(mine, key, &b);
    if (rc == GW_OK && strcmp(a, b) != 0) {
        size_t at = 0;
        while (a[at] && a[at] == b[at]) at++;
        size_t from = at > 24 ? at - 24 : 0;
        out->same = false;
        snprintf(out->where, sizeof out->where, "%s", key);
        snprintf(out->says, sizeof out->says, "%.56s", a + from);
        snprintf(out->is, sizeof out->is, "%.56s", b + from);
        text_clean(out->says);
        text_clean(out->is);
    }
    mem_free(a);
    mem_free(b);
    return rc;
}

/* The line that holds the first difference of a member: where the member begins. */
static size_t line_of(const char *path, const char *key) {
    char *text, quoted[80];
    size_t length, line = 1;
    if (file_read_own(path, (size_t)1 << 28, GW_ERR_DATA, &text, &length) < 0) return 0;
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *found = strstr(text, quoted);
    for (const char *at = text; found && at < found; at++) line += *at == '\n';
    mem_free(text);
    return found ? line : 0;
}

static int verify_run_json(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                           bool in_study, const char *scratch, struct verify_report *report) {
    struct json_document *theirs = NULL, *mine = NULL;
    struct phase_times times = {0};
    struct verified_file *out;
    char path[1200];
    TRY(write_run_json(e, p, fits, NULL, &times, 1, "finished", scratch));
    TRY(verify_note(report, GW_RUN_JSON, &out));
    TRY(path_join(path, sizeof path, scratch, GW_RUN_JSON));
    int rc = json_load(path, GW_ERR_DATA, &mine);
    if (unlink(path) != 0 && rc == GW_OK) rc = gw_error_set(GW_ERR_IO, "%s: cannot be removed", path);
    if (rc == GW_OK) rc = path_join(path, sizeof path, report->dir, GW_RUN_JSON);
    if (rc == GW_OK) rc = json_load(path, GW_ERR_DATA, &theirs);
    out->same = rc == GW_OK;
    for (size_t i = 0; rc == GW_OK && out->same && i < COUNT_OF(settled); i++) {
        /* A study's key is a hash of the study, which the run does not hold. */
        if (in_study && strcmp(settled[i], "config_hash") == 0) continue;
        rc = compare_member(settled[i], json_root(theirs), json_root(mine), out);
        if (!out->same) out->line = line_of(path, settled[i]);
    }
    json_free(theirs);
    json_free(mine);
    return rc;
}

/* ---- the run ------------------------------------------------------------------------------------------------------------- */

/* By whose sources the fits were made. */
static int read_run(const char *dir, struct verify_source *source, struct verify_report *report) {
    struct json_document *document;
    char path[1200];
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    TRY(json_load(path, GW_ERR_DATA, &document));
    const json_value *root = json_root(document);
    snprintf(source->hash, sizeof source->hash, "%s", text_of(json_get(root, "build"), "source_hash"));
    report->other_sources = strcmp(source->hash, gw_source_hash()) != 0;
    json_free(document);
    return GW_OK;
}

/* A study's variants count as trials; how many there were, only its summary says. */
static int read_searched(const char *dir, struct experiment *e, bool *in_study) {
    struct json_document *document;
    char path[1200];
    TRY(path_join(path, sizeof path, dir, GW_RUN_STUDY));
    *in_study = file_exists(path);
    TRY(path_join(path, sizeof path, dir, GW_RUN_SEARCH));
    *in_study |= file_exists(path);
    if (!*in_study) return GW_OK;
    TRY(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    TRY(json_load(path, GW_ERR_DATA, &document));
    const json_value *selection = json_get(json_root(document), "selection");
    double n = selection ? json_number(json_get(selection, "searched"), 0) : 0;
    e->n_searched = n >= 0 && n < 1e9 ? (size_t)n : 0;
    n = json_number(json_get(selection, "searched_traded"), 0);
    e->searched.n_sharpe = n >= 0 && n < 1e9 ? (size_t)n : 0;
    e->searched.mean = json_number(json_get(selection, "searched_sharpe_mean"), 0);
    e->searched.squares = json_number(json_get(selection, "searched_sharpe_squares"), 0);
    json_free(document);
    return GW_OK;
}

/* Where the run has them, its events are recomputed too. */
static int replay_all(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                      const char *scratch, struct verify_report *report, struct results *r) {
    struct event_log *events = NULL;
    char path[1200];
    TRY(path_join(path, sizeof path, report->dir, GW_RUN_EVENTS));
    if (!file_exists(path)) return results_replay(e, p, fits, NULL, r);
    TRY(path_join(path, sizeof path, scratch, GW_RUN_EVENTS));
    TRY(events_open(e, p, fits, path, NULL, &events));
    int rc = results_replay(e, p, fits, events, r);
    if (rc == GW_OK) rc = events_commit(events);
    events_free(events);
    return rc == GW_OK ? verify_file(report, GW_RUN_EVENTS, scratch) : rc;
}

static int compare_files(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                         const struct results *r, const char *scratch, struct verify_report *report) {
    static const char *const file[] = {
        GW_RUN_FOLDS,          GW_RUN_TRAINING, GW_RUN_SCORES,     GW_RUN_TRADES,
        GW_RUN_ORDERS,         GW_RUN_EQUITY,   GW_RUN_BREAKDOWN,  GW_RUN_BARS,
        GW_RUN_EQUITY_BANDS,   GW_RUN_CURVES,   GW_RUN_ATTENTION,  GW_RUN_ATTENTION_INDEX,
        GW_RUN_ATTENTION_MEAN, GW_RUN_SIGNALS,  GW_RUN_IMPORTANCE, GW_RUN_SUMMARY};
    static const char *const gradients[] = {GW_RUN_GRADIENTS, GW_RUN_GRADIENTS_INDEX, GW_RUN_GRADIENTS_MEAN};
    static const char *const forecasts[] = {GW_RUN_FORECASTS, GW_RUN_FORECAST_SIGNALS};
    TRY(write_tables(e, p, fits, r, scratch, 1));
    TRY(write_attention(e, p, fits, r, scratch));
    TRY(write_gradients(e, p, fits, r, scratch));
    TRY(write_forecasts(e, p, fits, r, scratch));
    TRY(write_summary(e, p, fits, r, scratch));
    for (size_t i = 0; i < COUNT_OF(file); i++) TRY(verify_file(report, file[i], scratch));
    for (size_t i = 0; e->verdict.gradients && i < COUNT_OF(gradients); i++)
        TRY(verify_file(report, gradients[i], scratch));
    for (size_t i = 0; p->n_paths && i < COUNT_OF(forecasts); i++) TRY(verify_file(report, forecasts[i], scratch));
    return GW_OK;
}

static int recompute(const struct experiment *e, const struct prepared *p, const struct verify_options *options,
                     const struct verify_source *source, bool in_study, const char *scratch,
                     struct verify_report *report) {
    size_t jobs = options->jobs ? options->jobs : (size_t)omp_get_max_threads();
    struct fit_list fits = {0};
    struct results r = {.baseline = SIZE_MAX};
    int rc;
    TRY_GOTO(fits_plan(e, p, p->plan.n_folds, report->dir, &fits), done);
    TRY_GOTO(verify_run_json(e, p, &fits, in_study, scratch, report), done);
    rc = verify_fits(e, p, source, scratch, &fits, report);
    if (rc == GW_ERR_DATA) { /* noted; without its models the rest cannot be computed */
        rc = GW_OK;
        goto done;
    }
    TRY_GOTO(rc, done);
    TRY_GOTO(replay_all(e, p, &fits, scratch, report, &r), done);
    TRY_GOTO(results_bounds(e, p, &r, 1), done);
    TRY_GOTO(results_measure(e, p, &r, 1), done);
    TRY_GOTO(results_verdict(e, p, &r, jobs), done);
    TRY_GOTO(results_selection(e, &r), done);
    TRY_GOTO(compare_files(e, p, &fits, &r, scratch, report), done);
    rc = verify_refits(e, p, options, scratch, &fits, report);
done:
    if (r.strategy) results_free(e, &r);
    fits_free(&fits);
    return rc;
}

/* A run's directory held, with its experiment and data. */
struct reopened {
    struct experiment *e;
    struct prepared *p;
    struct verify_source source;
    char scratch[1024];
    int lock, scratch_lock;
    bool in_study;
};

static void run_close(struct reopened *run) {
    verify_scratch_remove(run->scratch, &run->scratch_lock);
    prepared_free(run->p);
    experiment_free(run->e);
    dir_unlock(&run->lock);
}

/* run_close() follows in any case. */
static int run_reopen(const char *dir, struct reopened *run, struct verify_report *report) {
    char kernels[32];
    *run = (struct reopened){.lock = -1, .scratch_lock = -1};
    memset(report, 0, sizeof *report);
    if (strlen(dir) >= sizeof report->dir) FAIL(GW_ERR_USAGE, "%.60s…: the path is too long", dir);
    strcpy(report->dir, dir);
    TRY(dir_lock(dir, &run->lock));
    TRY(experiment_of_run(dir, &run->e, kernels));
    TRY(read_run(dir, &run->source, report));
    TRY(read_searched(dir, run->e, &run->in_study));
    TRY(gw_kernels_select(kernels[0] ? kernels : "auto"));
    TRY(prepare(run->e, &run->p));
    TRY(outside_prepare(run->e, run->p));
    return verify_scratch(dir, run->scratch, &run->scratch_lock);
}

int verify_run(const char *dir, const struct verify_options *options, struct verify_report *out) {
    struct reopened run;
    int rc = run_reopen(dir, &run, out);
    if (rc == GW_OK) rc = recompute(run.e, run.p, options, &run.source, run.in_study, run.scratch, out);
    run_close(&run);
    if (rc < 0) verify_report_free(out);
    return rc;
}

static int find_contestant(const struct experiment *e, const char *name) {
    for (size_t s = 0; s < e->n_strategies; s++)
        if (!name || strcmp(e->strategy[s].name, name) == 0) return GW_OK;
    FAIL(GW_ERR_USAGE, "--strategy %s: the run has no such contestant", name);
}

static int write_events(const struct reopened *run, const char *path, const char *only, struct verify_report *report) {
    struct fit_list fits = {0};
    struct results r = {.baseline = SIZE_MAX};
    struct event_log *events = NULL;
    int rc;
    TRY(find_contestant(run->e, only));
    TRY_GOTO(fits_plan(run->e, run->p, run->p->plan.n_folds, report->dir, &fits), done);
    TRY_GOTO(verify_fits(run->e, run->p, &run->source, run->scratch, &fits, report), done);
    if (report->n_models < fits.n)
        TRY_GOTO(gw_error_set(GW_ERR_DATA, "%s", report->file[report->n - 1].text), done); /* why it was the last one */
    TRY_GOTO(events_open(run->e, run->p, &fits, path, only, &events), done);
    TRY_GOTO(results_replay(run->e, run->p, &fits, events, &r), done);
    rc = events_commit(events);
done:
    events_free(events);
    if (r.strategy) results_free(run->e, &r);
    fits_free(&fits);
    return rc;
}

int verify_events(const char *dir, const char *path, const char *strategy) {
    struct reopened run;
    struct verify_report report;
    int rc = run_reopen(dir, &run, &report);
    if (rc == GW_OK) rc = write_events(&run, path, strategy, &report);
    run_close(&run);
    verify_report_free(&report);
    return rc;
}

void verify_report_free(struct verify_report *report) {
    mem_free(report->file);
    report->file = NULL;
    report->n = 0;
}
