/* From files to audited folds: import, labels, features, fold plan. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/features/feature_set.h"
#include "fit_features.h"
#include "gatewalk/import.h"
#include "walk.h"

/* A source without volume (all zero) is not a market that never trades: NaN says "unknown" to features and broker. */
static void mark_unknown_volume(struct gw_bars *bars) {
    for (size_t t = 0; t < bars->n; t++)
        if (bars->bar[t].volume != 0) return;
    for (size_t t = 0; t < bars->n; t++) bars->bar[t].volume = NAN;
    if (bars->n) message("note: %s has no volume in its data; volume features cannot be used with it", bars->symbol);
}

static void tell_remarks(const struct gw_bars *bars, const struct gw_import_report *report) {
    char text[256];
    for (size_t i = report->has_volume ? 0 : 1; gw_import_remark(report, i, text);
         i++) /* mark_unknown_volume says it */
        message("note: %s: %s", bars->symbol, text);
}

/* To the import 0 means no limit; 1970 is a year like any other here. No bar opens in the nanosecond between. */
static int64_t limit_of(const struct experiment *e, int64_t time_ns) {
    bool limited = e->from_ns != 0 || e->to_ns != 0;
    return limited && time_ns == 0 ? -1 : time_ns;
}

/* A file of many symbols is read once for all of them that stand one after another. */
struct shared_file {
    size_t until; /* sources before this one are in it */
    struct gw_market market;
    struct gw_import_report *report;
};

static void shared_file_free(struct shared_file *shared) {
    gw_market_free(&shared->market);
    gw_import_reports_free(shared->report);
    *shared = (struct shared_file){.until = shared->until};
}

/* The same file, read in the same way. */
static bool is_same_file(const struct data_source *a, const struct data_source *b) {
    return *a->symbol && *b->symbol && strcmp(a->file, b->file) == 0 && a->format == b->format &&
           a->interval_ns == b->interval_ns && strcmp(a->timezone, b->timezone) == 0 &&
           strcmp(a->time_format, b->time_format) == 0 && a->repair == b->repair;
}

static int import_one(const struct experiment *e, size_t i, const struct gw_import_options *options,
                      struct shared_file *shared, struct gw_bars *bars, struct gw_import_report *report) {
    if (i >= shared->until) {
        struct gw_import_options all = *options;
        all.symbol = NULL;
        shared_file_free(shared);
        shared->until = i + 1;
        while (shared->until < e->n_data && is_same_file(&e->data[i], &e->data[shared->until])) shared->until++;
        if (shared->until > i + 1 && gw_market_import(e->data[i].file, &all, &shared->market, &shared->report) < 0)
            shared_file_free(shared); /* what is wrong with it is said below */
    }
    for (size_t k = 0; k < shared->market.n_symbols; k++) {
        struct gw_bars *found = &shared->market.symbol[k];
        if (!options->symbol || !found->bar || strcmp(found->symbol, options->symbol) != 0) continue;
        *bars = *found;
        *report = shared->report[k];
        *found = (struct gw_bars){.n = 0};
        return GW_OK;
    }
    return gw_bars_import(e->data[i].file, options, bars, report);
}

static int judge_symbol(const struct experiment *e, const struct prepared *p, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (strcmp(p->market.symbol[j].symbol, p->market.symbol[i].symbol) == 0)
            FAIL(GW_ERR_CONFIG, "%s: two data files are called \"%s\"; give each its own \"symbol\"", e->path,
                 p->market.symbol[i].symbol);
    if (p->market.symbol[i].interval_ns != p->market.symbol[0].interval_ns)
        FAIL(GW_ERR_CONFIG, "%s: all data files must share one interval; %s and %s differ", e->path,
             p->market.symbol[0].symbol, p->market.symbol[i].symbol);
    return GW_OK;
}

static int import_all(const struct experiment *e, struct prepared *p) {
    p->market.symbol = mem_calloc(e->n_data, sizeof *p->market.symbol);
    p->import = mem_calloc(e->n_data, sizeof *p->import);
    if (!p->market.symbol || !p->import) return GW_ERR_NOMEM;
    const char *column[GW_COLUMNS_MAX];
    size_t n_columns;
    TRY(prepare_column_names(e, p->set, column, &n_columns));
    struct shared_file shared = {.until = 0};
    int rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && i < e->n_data; i++) {
        struct gw_import_options options;
        config_import_options(&e->data[i], &options);
        options.from_ns = limit_of(e, e->from_ns);
        options.to_ns = limit_of(e, e->to_ns);
        options.column = column;
        options.n_columns = n_columns;
        rc = import_one(e, i, &options, &shared, &p->market.symbol[i], &p->import[i]);
        if (rc < 0) break;
        p->market.n_symbols = i + 1;
        tell_remarks(&p->market.symbol[i], &p->import[i]);
        mark_unknown_volume(&p->market.symbol[i]);
        rc = judge_symbol(e, p, i);
        if (rc == GW_OK) rc = interrupt_check();
    }
    shared_file_free(&shared);
    return rc;
}

static int parse_features(const struct experiment *e, struct prepared *p) {
    return gw_feature_set_parse((const char *const *)e->feature, e->n_features, &p->set);
}

/* What features, own rules and scripts look at across symbols; again for other futures, which have their own. */
static int fill_across(const struct experiment *e, struct prepared *p) {
    int rc = feature_set_fill(p->set, &p->market);
    for (size_t s = 0; rc == GW_OK && s < e->n_strategies; s++) {
        const struct program *program = strategy_program(&e->strategy[s]);
        if (program && program->set) rc = feature_set_fill(program->set, &p->market);
    }
    return rc < 0 ? gw_error_prefix(rc, "%s", e->path) : GW_OK;
}

/* A run of a few symbols never makes a feature twice. */
static size_t kept_bytes = (size_t)512 << 20;

size_t prepare_keep_at_most(size_t bytes) {
    const size_t before = kept_bytes;
    kept_bytes = bytes;
    return before;
}

int prepared_rows(const struct prepared *p, size_t s, size_t begin, size_t end, float *out) {
    const struct gw_feature_matrix *kept = &p->features[s];
    if (!kept->value) return feature_set_rows(p->set, &p->market.symbol[s], begin, end, out, NULL);
    memcpy(out, kept->value + begin * kept->n_features, (end - begin) * kept->n_features * sizeof *out);
    return GW_OK;
}

int prepared_keep_features(struct prepared *p) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        if (p->features[s].value) continue;
        TRY(gw_feature_set_build(p->set, &p->market.symbol[s], &p->features[s]));
        TRY(interrupt_check());
    }
    return GW_OK;
}

void prepared_drop_features(struct prepared *p) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        mem_free(p->features[s].value);
        p->features[s].value = NULL;
        p->labels[s].min_move = mem_park(p->labels[s].min_move);
        for (int g = 0; g < GW_N_GATES; g++) p->labels[s].gate[g] = mem_park(p->labels[s].gate[g]);
    }
    market_rest(&p->market);
}

/* Without values where they would be too many: then what is wrong with them and when they begin is known. */
static int build_features(const struct prepared *p, size_t s, bool keep) {
    const struct gw_bars *bars = &p->market.symbol[s];
    struct gw_feature_matrix *matrix = &p->features[s];
    if (keep) return gw_feature_set_build(p->set, bars, matrix);
    *matrix = (struct gw_feature_matrix){.n_bars = bars->n, .n_features = gw_feature_set_size(p->set)};
    return feature_set_rows(p->set, bars, bars->n, bars->n, NULL, &matrix->warmup);
}

static int build_inputs(const struct experiment *e, struct prepared *p) {
    size_t n = p->market.n_symbols;
    p->labels = mem_calloc(n, sizeof *p->labels);
    p->features = mem_calloc(n, sizeof *p->features);
    if (!p->labels || !p->features) return GW_ERR_NOMEM;
    if (!p->set) TRY(parse_features(e, p));
    TRY(fill_across(e, p));
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) bytes += p->market.symbol[i].n * gw_feature_set_size(p->set) * sizeof(float);
    for (size_t i = 0; i < n; i++) {
        TRY(gw_labels_build(&p->market.symbol[i], &e->labels, &p->labels[i]));
        int rc = build_features(p, i, bytes <= kept_bytes);
        if (rc < 0) return gw_error_prefix(rc, "%s", e->path);
        TRY(interrupt_check());
    }
    return GW_OK;
}

/* What own rules, scripts and plugins look at, before hours are spent on models. */
static int check_programs(const struct experiment *e, const struct prepared *p) {
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t i = 0; strategy_program(&e->strategy[s]) && i < p->market.n_symbols; i++) {
            const int rc = program_check_bars(strategy_program(&e->strategy[s]), &p->market.symbol[i]);
            if (rc < 0) return gw_error_prefix(rc, "%s: strategy \"%s\"", e->path, e->strategy[s].name);
        }
    return GW_OK;
}

/* Folds on whose validation slices something was chosen before this run do not count as tests. */
static int skip_folds(const struct experiment *e, struct gw_fold_plan *plan) {
    if (e->folds.skip == 0) return GW_OK;
    if (e->folds.skip >= plan->n_folds)
        FAIL(GW_ERR_CONFIG, "%s: folds.skip is %zu, but there are only %zu folds; give more data or shorter slices",
             e->path, e->folds.skip, plan->n_folds);
    struct gw_fold_plan dropped = {.n_folds = e->folds.skip, .n_symbols = plan->n_symbols};
    dropped.fold = mem_calloc(dropped.n_folds, sizeof *dropped.fold);
    if (!dropped.fold) return GW_ERR_NOMEM;
    memcpy(dropped.fold, plan->fold, dropped.n_folds * sizeof *dropped.fold);
    memmove(plan->fold, plan->fold + e->folds.skip, (plan->n_folds - e->folds.skip) * sizeof *plan->fold);
    plan->n_folds -= e->folds.skip;
    gw_folds_free(&dropped);
    return GW_OK;
}

static int plan_folds(const struct experiment *e, struct prepared *p) {
    size_t warmup = 0;
    p->lookback = 1;
    for (size_t i = 0; i < p->market.n_symbols; i++)
        if (p->features[i].warmup > warmup) warmup = p->features[i].warmup;
    for (size_t s = 0; s < e->n_strategies; s++)
        if (e->strategy[s].desc->needs_model && !strategy_is_outside(&e->strategy[s]) &&
            gw_model_reach(&e->strategy[s].model) > p->lookback)
            p->lookback = gw_model_reach(&e->strategy[s].model);
    TRY(prepare_cross(e, p));
    struct gw_fold_config config = {
        .expanding = e->folds.mode == FOLDS_EXPANDING,
        .train = e->folds.train,
        .validation = e->folds.validation,
        .test = e->folds.test,
        .step = e->folds.step,
        .embargo = e->folds.embargo,
        .horizon = e->labels.horizon,
        .first_usable = warmup + p->reach - 1,
    };
    int rc = gw_folds_plan(&p->market, &config, &p->plan);
    if (rc < 0) return gw_error_prefix(error_class(rc, GW_ERR_CONFIG), "%s", e->path);
    TRY(gw_folds_audit(&p->market, &p->plan));
    return skip_folds(e, &p->plan);
}

int prepare(const struct experiment *e, struct prepared **out) {
    struct prepared *p = mem_calloc(1, sizeof *p);
    if (!p) return GW_ERR_NOMEM;
    double start = clock_seconds();
    int rc = parse_features(e, p);
    if (rc == GW_OK) rc = import_all(e, p);
    if (rc == GW_OK) rc = prepare_columns(e, p);
    if (rc == GW_OK) rc = prepare_broker(e, p);
    p->import_seconds = clock_seconds() - start;
    if (rc == GW_OK) rc = prepare_inputs(e, p);
    if (rc < 0) {
        prepared_free(p);
        return rc;
    }
    *out = p;
    return GW_OK;
}

int prepare_inputs(const struct experiment *e, struct prepared *p) {
    double start = clock_seconds();
    p->group = e->group;
    TRY(build_inputs(e, p));
    TRY(prepare_paths(e, p));
    TRY(check_programs(e, p));
    TRY(plan_folds(e, p));
    TRY(fitted_make(p));
    market_rest(&p->market);
    p->feature_seconds = clock_seconds() - start;
    return GW_OK;
}

void prepared_free(struct prepared *p) {
    if (!p) return;
    arena_free(&p->outside_memory);
    fitted_free(p->fitted);
    gw_folds_free(&p->plan);
    prepared_free_paths(p);
    for (size_t i = 0; i < p->market.n_symbols; i++) {
        if (p->labels) gw_labels_free(&p->labels[i]);
        if (p->features) gw_feature_matrix_free(&p->features[i]);
        if (p->funding) mem_free((void *)p->funding[i].event);
    }
    gw_feature_set_free(p->set);
    mem_free(p->labels);
    mem_free(p->features);
    mem_free(p->import);
    mem_free(p->instrument);
    mem_free(p->funding);
    mem_free(p->side);
    gw_market_free(&p->detail);
    gw_market_free(&p->market);
    mem_free(p);
}
