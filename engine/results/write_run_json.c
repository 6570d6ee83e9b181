/* run.json: how the run was made. The one file whose bytes may differ between equal runs: it holds times. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "gatewalk/import.h"
#include "gatewalk/version.h"
#include "models/api/adapters.h"
#include "run_key.h"
#include "write.h"

/* Names parted by line ends. */
static void put_names(struct json_writer *w, const char *key, const char *list) {
    char name[GW_COLUMN_NAME_MAX + 1];
    json_begin_array(w, key);
    for (const char *at = list; *at; at += *at == '\n') {
        const size_t length = strcspn(at, "\n");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        json_put_string(w, NULL, name);
        at += length;
    }
    json_end_array(w);
}

static void put_columns(struct json_writer *w, const struct experiment *e, const struct prepared *p, size_t s) {
    char text[40];
    json_put_string(w, "columns", p->import[s].columns_used);
    json_put_string(w, "columns_not_used", p->import[s].columns_ignored);
    json_begin_array(w, "extra");
    for (size_t k = 0; p->side && k < e->data[s].n_extra; k++) {
        const struct side_account *side = &p->side[s].file[k];
        json_begin_object(w, NULL);
        json_put_string(w, "file", e->data[s].extra[k].file);
        json_put_int(w, "rows", (int64_t)side->n_rows);
        put_names(w, "columns", side->used);
        put_names(w, "columns_not_used", side->ignored);
        json_put_int(w, "bars_before", (int64_t)side->n_before);
        json_put_int(w, "bars_stale", (int64_t)side->n_stale);
        snprintf(text, sizeof text, "%016" PRIx64, side->fingerprint);
        json_put_string(w, "fingerprint", text);
        json_end_object(w);
    }
    json_end_array(w);
    if (p->funding && p->funding[s].n) {
        snprintf(text, sizeof text, "%016" PRIx64,
                 hash_bytes(p->funding[s].event, p->funding[s].n * sizeof *p->funding[s].event, 0));
        json_put_string(w, "funding_fingerprint", text);
    }
    if (p->detail.n_symbols && p->detail.symbol[s].n) {
        snprintf(text, sizeof text, "%016" PRIx64, p->detail.symbol[s].fingerprint);
        json_put_string(w, "detail_fingerprint", text);
    }
}

static void put_data(struct json_writer *w, const struct experiment *e, const struct prepared *p) {
    char text[40];
    json_begin_array(w, "data");
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        const struct gw_import_report *report = &p->import[s];
        json_begin_object(w, NULL);
        json_put_string(w, "symbol", bars->symbol);
        char *file = realpath(e->data[s].file, NULL);
        json_put_string(w, "file", file ? file : e->data[s].file);
        free(file);
        json_put_string(w, "format", report->format);
        json_put_int(w, "bars", (int64_t)bars->n);
        json_put_string(w, "first", bars->n ? time_format(bars->bar[0].open_ns, text) : NULL);
        json_put_string(w, "last", bars->n ? time_format(bars->bar[bars->n - 1].open_ns, text) : NULL);
        json_put_string(w, "interval", duration_format(bars->interval_ns, text));
        json_put_int(w, "gaps", (int64_t)report->n_gaps);
        json_put_int(w, "missing_bars", (int64_t)report->n_missing_bars);
        json_put_int(w, "off_grid", (int64_t)report->n_off_grid);
        json_put_int(w, "zero_volume", (int64_t)report->n_zero_volume);
        snprintf(text, sizeof text, "%016" PRIx64, bars->fingerprint);
        json_put_string(w, "fingerprint", text);
        put_columns(w, e, p, s);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_build(struct json_writer *w) {
    json_begin_object(w, "build");
    json_put_string(w, "version", GW_VERSION);
    json_put_string(w, "commit", gw_build_commit());
    json_put_string(w, "source_hash", gw_source_hash());
    json_put_string(w, "compiler", __VERSION__);
    json_put_string(w, "date", NULL); /* left out so that a build repeats */
    json_end_object(w);
    json_put_string(w, "kernels", gw_kernels_selected());
    json_put_string(w, "kernels_bf16", gw_kernels_selected_bf16());
}

static void put_phases(struct json_writer *w, const struct phase_times *t) {
    json_begin_object(w, "phases");
    json_put_number(w, "import", t->import);
    json_put_number(w, "features", t->features);
    json_put_number(w, "fits", t->fits);
    json_put_number(w, "replay", t->replay);
    json_put_number(w, "metrics", t->metrics);
    json_put_number(w, "verdict", t->verdict);
    json_put_number(w, "files", t->files);
    json_end_object(w);
}

/* What training a strategy took in this run: by the clock, and of processor time, which does not depend on what else the machine
 * does and is what is compared. How long a stored model took is not known. */
struct training_cost {
    double seconds, processor, per_window;
    uint64_t windows;
    size_t n_reused;
};
static struct training_cost training_cost(const struct fit_list *fits, size_t strategy) {
    struct training_cost cost = {0};
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->strategy != strategy) continue;
        cost.n_reused += fit->reused;
        if (fit->reused) continue;
        cost.seconds += fit->log.seconds;
        cost.processor += fit->log.processor_seconds;
        cost.windows += fit->log.windows;
    }
    cost.per_window = cost.processor > 0 ? cost.processor / (double)cost.windows : NAN;
    return cost;
}

/* What the strategy's models take on disk. */
static int64_t model_bytes(const struct fit_list *fits, size_t strategy) {
    int64_t bytes = 0;
    struct stat info;
    for (size_t i = 0; i < fits->n; i++)
        if (fits->fit[i].strategy == strategy && stat(fits->fit[i].model_path, &info) == 0) bytes += info.st_size;
    return bytes;
}

static void put_training_time(struct json_writer *w, const struct experiment *e, const struct fit_list *fits,
                              const struct results *r) {
    struct training_cost base = {.per_window = NAN};
    if (r->baseline != SIZE_MAX) base = training_cost(fits, r->baseline);
    json_begin_array(w, "training_time");
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!strategy_trains(&e->strategy[s])) continue;
        struct training_cost own = training_cost(fits, s);
        json_begin_object(w, NULL);
        json_put_string(w, "strategy", e->strategy[s].name);
        json_put_number(w, "seconds", own.seconds);
        json_put_number(w, "processor_seconds", own.processor);
        const size_t of = fits_share_of(fits, s);
        json_put_string(w, "fits_of", of == SIZE_MAX ? NULL : e->strategy[of].name);
        json_put_int(w, "windows", (int64_t)own.windows);
        json_put_number(w, "windows_per_second", own.seconds > 0 ? (double)own.windows / own.seconds : NAN);
        json_put_number(w, "ratio_to_baseline", base.processor > 0 ? own.processor / base.processor : NAN);
        json_put_number(w, "ratio_per_window", own.per_window / base.per_window);
        json_put_int(w, "model_bytes", model_bytes(fits, s));
        const size_t base_bytes = adapters_base_bytes(&e->strategy[s].model, &e->strategy[s].train);
        if (base_bytes > 0) json_put_int(w, "lora_base_bytes", (int64_t)base_bytes);
        json_end_object(w);
    }
    json_end_array(w);
}

/* The criteria that rest on times: a part of the fits taken from an earlier run makes the sum of the rest no training
 * time, and what trains nothing has none. */
static void put_criterion(struct json_writer *w, const struct experiment *e, const struct fit_list *fits,
                          const struct pair_verdict *v, const struct criterion *criterion) {
    struct training_cost a = training_cost(fits, v->candidate), b = training_cost(fits, v->baseline);
    bool whole = a.n_reused + b.n_reused == 0 && a.processor > 0 && b.processor > 0;
    double ratio = whole ? a.processor / b.processor : NAN;
    json_begin_object(w, NULL);
    json_put_string(w, "candidate", e->strategy[v->candidate].name);
    json_put_string(w, "baseline", e->strategy[v->baseline].name);
    write_criterion(w, criterion);
    json_put_string(w, "state", criterion_state_id[criterion_judge(criterion, ratio)]);
    json_put_number(w, "ratio", ratio);
    json_put_number(w, "ratio_per_window", whole ? a.per_window / b.per_window : NAN);
    json_put_number(w, "candidate_seconds", a.processor);
    json_put_number(w, "baseline_seconds", b.processor);
    json_put_int(w, "reused_fits", (int64_t)(a.n_reused + b.n_reused));
    json_end_object(w);
}

static void put_criteria(struct json_writer *w, const struct experiment *e, const struct fit_list *fits,
                         const struct results *r) {
    json_begin_array(w, "criteria");
    for (size_t v = 0; v < r->n_verdicts; v++)
        for (size_t i = 0; i < N_CRITERIA; i++)
            if (success_test[i].compares == TRAINING_TIME) put_criterion(w, e, fits, &r->verdict[v], &success_test[i]);
    json_end_array(w);
}

/* What depends on other runs: it may not stand in summary.json. */
static int put_on_data(struct json_writer *w, const struct experiment *e, const struct results *r) {
    const struct trials_on_data *all = &r->selection.on_data;
    if (!all->known) return GW_OK;
    json_begin_object(w, "selection");
    json_put_int(w, "trials_here", (int64_t)r->selection.n_trials);
    json_put_int(w, "trials_on_data", (int64_t)all->n_trials);
    json_put_int(w, "runs_on_data", (int64_t)all->n_runs);
    json_put_number(w, "deflated_sharpe", all->deflated_sharpe);
    json_put_number(w, "overfitting_probability", all->overfitting);
    TRY(write_still_significant(w, e, r));
    json_end_object(w);
    return GW_OK;
}

int write_run_json(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   const struct results *r, const struct phase_times *times, size_t jobs, const char *status,
                   const char *dir) {
    char path[1024], key[RUN_KEY_SIZE];
    struct out_file file;
    struct experiment *found = mem_calloc(1, sizeof *found); /* from wherever the record is read */
    if (!found) return GW_ERR_NOMEM;
    *found = *e;
    int rc = experiment_own_data(found);
    const bool own = rc == GW_OK;
    if (rc == GW_OK) experiment_make_absolute(found);
    config_key(e, p, key);
    if (rc == GW_OK) rc = path_join(path, sizeof path, dir, GW_RUN_JSON);
    if (rc == GW_OK) rc = out_open(&file, path);
    if (rc < 0) {
        if (own) mem_free(found->data);
        mem_free(found);
        return rc;
    }
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "status", status);
    json_put_string(&w, "config_hash", key);
    experiment_write(found, &w, "config");
    put_data(&w, found, p);
    mem_free(found->data);
    mem_free(found);
    write_score_files(&w, e, p);
    write_programs(&w, e);
    put_build(&w);
    json_put_int(&w, "jobs", (int64_t)jobs);
    put_phases(&w, times);
    uint64_t windows = 0;
    for (size_t i = 0; i < fits->n; i++)
        if (!fits->fit[i].reused && !fits->fit[i].source) windows += fits->fit[i].log.windows;
    json_begin_object(&w, "fits");
    json_put_int(&w, "count", (int64_t)fits->n);
    json_put_int(&w, "reused", (int64_t)fits->n_reused);
    json_put_int(&w, "shared", (int64_t)fits->n_shared);
    json_put_int(&w, "windows", (int64_t)windows);
    json_put_number(&w, "windows_per_second", fits->seconds > 0 ? (double)windows / fits->seconds : NAN);
    json_end_object(&w);
    if (r) {
        put_training_time(&w, e, fits, r);
        put_criteria(&w, e, fits, r);
        rc = put_on_data(&w, e, r);
        if (rc < 0) {
            out_abort(&file);
            return rc;
        }
    }
    json_put_int(&w, "peak_memory_bytes", (int64_t)mem_peak_bytes());
    json_end_object(&w);
    out_write(&file, "\n", 1);
    return out_commit(&file);
}
