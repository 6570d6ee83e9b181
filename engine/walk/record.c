/* Rows of the trial ledger, made of what the walk knows. The ledger is open for the moment of each use alone. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "engine/store/store.h"
#include "gatewalk/version.h"
#include "record.h"

_Static_assert((int)STORE_PARTS == (int)TRIAL_PARTS, "the ledger keeps the sums as they are made");

/* One transaction. The warning is said once: afterwards this run has no ledger. */
static void use_store(struct record *record, int (*job)(struct store *store, void *context), void *context) {
    struct store *store = NULL;
    char kept[1100];
    if (!record->path[0]) return;
    snprintf(kept, sizeof kept, "%s", gw_error_message());
    int rc = store_open(record->path, STORE_WRITE, &store);
    if (rc == GW_OK) rc = store_begin(store);
    if (rc == GW_OK) rc = job(store, context);
    if (rc == GW_OK) rc = store_commit(store);
    store_close(store);
    if (rc < 0) {
        message("warning: %s; the run goes on and is not recorded", gw_error_message());
        record->path[0] = '\0';
    }
    gw_error_adopt(kept);
}

/* ---- the row --------------------------------------------------------------------------------------------------- */

struct start {
    struct record *record;
    const struct experiment *e;
    const struct prepared *p;
    const char *dir, *command;
};

/* The texts of a row; mem_free() each. */
static int config_text(const struct start *s, char **out) {
    struct json_writer w = {.compact = true};
    experiment_write(s->e, &w, NULL);
    return json_take_text(&w, out, NULL);
}
static int seeds_text(const struct start *s, char **out) {
    struct json_writer w = {.compact = true};
    json_begin_array(&w, NULL);
    for (size_t k = 0; k < s->e->n_seeds; k++) json_put_int(&w, NULL, (int64_t)s->e->seed[k]);
    json_end_array(&w);
    return json_take_text(&w, out, NULL);
}
static int symbols_text(const struct start *s, char **out) {
    char *to = *out = mem_calloc(s->p->market.n_symbols, GW_SYMBOL_MAX + 1);
    if (!to) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->p->market.n_symbols; i++)
        to += sprintf(to, "%s%s", i ? " " : "", s->p->market.symbol[i].symbol);
    return GW_OK;
}

static int put_parts(struct store *store, const struct start *s) {
    const struct gw_fold_plan *plan = &s->p->plan;
    char time[4][40], fingerprint[RUN_KEY_SIZE];
    for (size_t i = 0; i < s->p->market.n_symbols; i++) {
        const struct gw_bars *bars = &s->p->market.symbol[i];
        char *file = realpath(s->e->data[i].file, NULL);
        snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, bars->fingerprint);
        int rc = store_put_data(store, s->record->run, i, bars->symbol, file ? file : s->e->data[i].file, fingerprint,
                                bars->n);
        free(file);
        TRY(rc);
    }
    for (size_t f = 0; f < plan->n_folds; f++) {
        const struct gw_fold *fold = &plan->fold[f];
        const char *const at[4] = {time_format(fold->begin_ns[GW_SLICE_TRAIN], time[0]),
                                   time_format(fold->begin_ns[GW_SLICE_VALIDATION], time[1]),
                                   time_format(fold->begin_ns[GW_SLICE_TEST], time[2]),
                                   time_format(fold->end_ns[GW_SLICE_TEST], time[3])};
        TRY(store_put_fold(store, s->record->run, f + 1, at));
    }
    return GW_OK;
}

static int put_run(struct store *store, const struct start *s, struct store_run *row) {
    const struct gw_fold_plan *plan = &s->p->plan;
    char begin[40], end[40], interval[40], config_hash[RUN_KEY_SIZE], data_hash[RUN_KEY_SIZE], dir[PATH_MAX];
    config_key(s->e, s->p, config_hash);
    data_key(s->p, data_hash);
    row->name = s->e->name;
    row->title = s->e->title;
    row->dir = realpath(s->dir, dir) ? dir : s->dir;
    row->command = s->command;
    row->config_hash = config_hash;
    row->data_hash = data_hash;
    row->interval = duration_format(s->p->market.symbol[0].interval_ns, interval);
    row->test_begin = time_format(plan->fold[0].begin_ns[GW_SLICE_TEST], begin);
    row->test_end = time_format(plan->fold[plan->n_folds - 1].end_ns[GW_SLICE_TEST], end);
    row->version = GW_VERSION;
    row->build = gw_build_commit();
    row->source_hash = gw_source_hash();
    row->kernels = gw_kernels_selected();
    row->n_folds = plan->n_folds;
    return store_put_run(store, row, &s->record->run);
}

static int begin_run(struct store *store, void *context) {
    const struct start *s = context;
    char *config = NULL, *seeds = NULL, *symbols = NULL;
    int rc = store_sweep(store);
    if (rc == GW_OK) rc = config_text(s, &config);
    if (rc == GW_OK) rc = seeds_text(s, &seeds);
    if (rc == GW_OK) rc = symbols_text(s, &symbols);
    struct store_run row = {.config = config, .seeds = seeds, .symbols = symbols};
    if (rc == GW_OK) rc = put_run(store, s, &row);
    if (rc == GW_OK) rc = put_parts(store, s);
    mem_free(config);
    mem_free(seeds);
    mem_free(symbols);
    return rc;
}

void record_begin(struct record *record, const struct experiment *e, const struct prepared *p, const char *dir,
                  const char *command) {
    struct start start = {record, e, p, dir, command};
    if (!record->asked && store_place(dir, record->path) < 0) {
        message("warning: %s; the run goes on and is not recorded", gw_error_message());
        record->path[0] = '\0';
    }
    record->asked = true;
    use_store(record, begin_run, &start);
}

/* ---- trials ----------------------------------------------------------------------------------------------------- */

struct scored {
    struct record *record;
    const struct experiment *e;
    const struct prepared *p;
    struct results *r;
};

static int put_contestants(struct store *store, const struct scored *s) {
    for (size_t i = 0; i < s->e->n_strategies; i++) {
        const struct strategy_spec *spec = &s->e->strategy[i];
        const bool model = spec->desc->needs_model;
        char key[RUN_KEY_SIZE];
        trial_key(s->e, s->p, i, key);
        TRY(store_put_contestant(
            store, s->record->run, i + 1,
            &(struct store_contestant){
                .name = spec->name,
                .strategy = spec->desc->name,
                .encoder = model ? gw_param_word(&gw_model_params, &spec->model, "encoder") : NULL,
                .attention = model ? gw_param_word(&gw_model_params, &spec->model, "attention") : NULL,
                .parameters = model ? gw_model_parameter_count(&spec->model) : 0,
                .trial = strategy_is_trial(spec) ? key : NULL,
            }));
    }
    return GW_OK;
}

static void describe_trial(const struct scored *s, const struct scored_trial *trial, struct store_trial *out) {
    const struct selection *selection = &s->r->selection;
    out->name = s->e->strategy[trial->strategy].name;
    out->n_seeds = s->r->strategy[trial->strategy].n_seeds;
    out->n_bars = selection->n_bars;
    out->sharpe = trial->sharpe;
    for (size_t b = 0; b < TRIAL_PARTS; b++) out->part_bars[b] = (size_t)selection->part_bars[b];
    memcpy(out->sum, trial->sum, sizeof out->sum);
    memcpy(out->square, trial->square, sizeof out->square);
}

static int judge_all(struct store *store, struct scored *s, const struct store_trial *like) {
    enum { MOST_ALIKE = 1000 }; /* 12,870 choices times these: a second */
    struct store_count count;
    double *sum = NULL, *square = NULL;
    size_t n;
    TRY(store_count(store, like->data_hash, &count));
    TRY(store_parts(store, like, MOST_ALIKE, &n, &sum, &square));
    int rc = results_selection_on_data(s->r, count.n_trials, count.variance, n, sum, square);
    s->r->selection.on_data.n_runs = count.n_runs;
    mem_free(sum);
    mem_free(square);
    return rc;
}

static int put_trials(struct store *store, void *context) {
    struct scored *s = context;
    const struct gw_fold_plan *plan = &s->p->plan;
    char data_hash[RUN_KEY_SIZE], key[RUN_KEY_SIZE], begin[40], end[40];
    data_key(s->p, data_hash);
    struct store_trial trial = {.data_hash = data_hash,
                                .trial = key,
                                .test_begin = time_format(plan->fold[0].begin_ns[GW_SLICE_TEST], begin),
                                .test_end = time_format(plan->fold[plan->n_folds - 1].end_ns[GW_SLICE_TEST], end),
                                .n_bars = s->r->selection.n_bars};
    TRY(put_contestants(store, s));
    for (size_t i = 0; i < s->r->selection.n_traded; i++) {
        trial_key(s->e, s->p, s->r->selection.trial[i].strategy, key);
        describe_trial(s, &s->r->selection.trial[i], &trial);
        TRY(store_put_trial(store, s->record->run, &trial));
    }
    return judge_all(store, s, &trial);
}

void record_trials(struct record *record, const struct experiment *e, const struct prepared *p, struct results *r) {
    if (!record->run) return;
    use_store(record, put_trials, &(struct scored){record, e, p, r});
    if (!record->path[0]) r->selection.on_data.known = false; /* what was counted was not kept */
}

struct tried {
    int64_t run;
    const struct store_trial *trial;
    size_t n;
};

static int put_searched(struct store *store, void *context) {
    const struct tried *tried = context;
    for (size_t i = 0; i < tried->n; i++) TRY(store_put_trial(store, tried->run, &tried->trial[i]));
    return GW_OK;
}

void record_searched(struct record *record, const struct store_trial *trial, size_t n) {
    if (record->run) use_store(record, put_searched, &(struct tried){record->run, trial, n});
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

struct finish {
    struct record *record;
    const struct experiment *e;
    const struct results *r;
    size_t n_folds;
};

static int put_gate(struct store *store, const struct finish *f, struct store_metric row,
                    const struct gate_values *values) {
    char key[GW_METRIC_KEY_MAX];
    row.metric = key;
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_desc *desc = gw_metric_at(m);
        for (size_t k = 0; k < (desc->per_k ? f->e->signals.n_k : 1); k++) {
            gw_metric_key_write(key, desc->name, f->e->signals.k[k]);
            row.value = values->value[m][k];
            TRY(store_put_metric(store, f->record->run, &row));
        }
    }
    return GW_OK;
}

static int put_seed(struct store *store, const struct finish *f, size_t s, size_t k) {
    const struct strategy_spec *spec = &f->e->strategy[s];
    const struct seed_result *result = &f->r->strategy[s].seed[k];
    struct store_metric row = {.contestant = s + 1, .seed = (int64_t)result->number};
    for (int g = 0; spec->desc->needs_model && g < GW_N_GATES; g++) {
        row.gate = gw_gate_name[g];
        row.fold = 0;
        TRY(put_gate(store, f, row, &result->pooled[g]));
        for (row.fold = 1; row.fold <= f->n_folds; row.fold++)
            TRY(put_gate(store, f, row, &result->fold[g][row.fold - 1]));
    }
    row.fold = 0;
    row.gate = "portfolio";
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        row.metric = gw_portfolio_metric_at(m)->name;
        row.value = result->portfolio[m];
        TRY(store_put_metric(store, f->record->run, &row));
    }
    return GW_OK;
}

static int finish_run(struct store *store, void *context) {
    const struct finish *f = context;
    for (size_t s = 0; s < f->e->n_strategies; s++)
        for (size_t k = 0; k < f->r->strategy[s].n_seeds; k++) TRY(put_seed(store, f, s, k));
    return store_end_run(store, f->record->run, "finished", NULL);
}

void record_finished(struct record *record, const struct experiment *e, const struct results *r, size_t n_folds) {
    if (record->run) use_store(record, finish_run, &(struct finish){record, e, r, n_folds});
}

struct failed_run {
    int64_t run;
    int rc;
    char line[1100];
};

static int fail_run(struct store *store, void *context) {
    const struct failed_run *failed = context;
    return store_end_run(store, failed->run, failed->rc == GW_ERR_INTERRUPTED ? "interrupted" : "failed", failed->line);
}

void record_failed(struct record *record, int rc) {
    struct failed_run failed = {.run = record->run, .rc = rc};
    snprintf(failed.line, sizeof failed.line, "%s", gw_error_message());
    if (record->run) use_store(record, fail_run, &failed);
}
