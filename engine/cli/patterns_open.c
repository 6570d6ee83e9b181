/* Opening a library: the model, the bars that it was made from, and its windows. */
#include "patterns_open.h"

#include <omp.h>
#include <string.h>

#include "engine/base/json.h"
#include "gatewalk/import.h"
#include "gatewalk/run_files.h"

int patterns_parallel(size_t jobs, int (*work)(void *context), void *context) {
    const size_t threads = threads_startable(jobs ? jobs : (size_t)omp_get_max_threads());
    int rc = GW_ERR_INTERNAL;
#pragma omp parallel num_threads((int)threads)
#pragma omp single
    rc = work(context);
    return rc;
}

/* ---- of a run -------------------------------------------------------------------------------------- */

static bool has_patterns(const struct strategy_spec *spec) {
    return strategy_trains(spec) && strcmp(gw_param_word(&gw_model_params, &spec->model, "encoder"), "patterns") == 0;
}

static int choose_strategy(const struct experiment *e, const char *dir, const char *asked,
                           const struct strategy_spec **out) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (asked ? strcmp(spec->name, asked) != 0 : !has_patterns(spec)) continue;
        if (!has_patterns(spec))
            FAIL(GW_ERR_USAGE, "--strategy %s: its model has no patterns; it needs \"encoder\": \"patterns\"", asked);
        if (spec->models != MODELS_POOLED)
            FAIL(GW_ERR_USAGE, "--strategy %s: has a library for every symbol or group; train one of your own",
                 spec->name);
        *out = spec;
        return GW_OK;
    }
    if (asked) FAIL(GW_ERR_USAGE, "--strategy %s: the run has none of that name", asked);
    FAIL(GW_ERR_USAGE,
         "%s: no strategy of the run has \"encoder\": \"patterns\"; `gatewalk patterns train` makes a "
         "library without a run",
         dir);
}

static int choose_seed(const struct experiment *e, const struct live_choice *choice, uint64_t *seed) {
    *seed = choice->seed_given ? choice->seed : e->seed[0];
    for (size_t s = 0; s < e->n_seeds; s++)
        if (e->seed[s] == *seed) return GW_OK;
    FAIL(GW_ERR_USAGE, "--seed %zu: the run has %zu seeds, the first is %llu", choice->seed, e->n_seeds,
         (unsigned long long)e->seed[0]);
}

static int load_model(const char *path, const struct gw_meta_pair *expect, size_t n_expect, struct patterns_opened *o) {
    struct gw_training_log log = {0};
    TRY(gw_model_load(path, expect, n_expect, &o->model, &log, NULL, NULL));
    gw_training_log_free(&log);
    if (!gate_patterns(o->model) || !gate_pattern_categories(o->model))
        FAIL(GW_ERR_DATA, "%s: holds no library of patterns", path);
    o->library.model = gate_patterns(o->model);
    o->library.categories = gate_pattern_categories(o->model);
    o->library.log = gate_patterns_log(o->model);
    return GW_OK;
}

static int load_fold(const char *dir, const struct live_choice *choice, struct patterns_opened *o, size_t *fold) {
    const struct strategy_spec *spec = NULL;
    const size_t n_folds = o->prepared->plan.n_folds;
    uint64_t seed;
    char path[1024];
    TRY(choose_strategy(o->experiment, dir, choice->strategy, &spec));
    TRY(choose_seed(o->experiment, choice, &seed));
    if (choice->fold > n_folds) FAIL(GW_ERR_USAGE, "--fold %zu: the run has %zu folds", choice->fold, n_folds);
    *fold = (choice->fold ? choice->fold : n_folds) - 1;
    int n = snprintf(path, sizeof path, "%s/" GW_RUN_MODELS "/%s-s%llu-f%03zu.safetensors", dir, spec->name,
                     (unsigned long long)seed, *fold + 1);
    if (n < 0 || n >= (int)sizeof path) FAIL(GW_ERR_USAGE, "the run directory's path is too long");
    snprintf(o->name, sizeof o->name, "%s, seed %llu, fold %zu", spec->name, (unsigned long long)seed, *fold + 1);
    return load_model(path, NULL, 0, o);
}

static int build_of_run(struct patterns_opened *o, size_t fold, bool all) {
    const struct prepared *p = o->prepared;
    const size_t n = p->market.n_symbols;
    struct library_range *range = mem_calloc(2 * n, sizeof *range);
    if (!range) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n; s++) {
        const struct gw_fold *f = &p->plan.fold[fold];
        range[s] = (struct library_range){f->samples[GW_SLICE_TRAIN][s].begin, f->samples[GW_SLICE_TRAIN][s].end};
        range[n + s] = (struct library_range){f->bars[GW_SLICE_TEST][s].begin, p->market.symbol[s].n};
        if (all)
            range[s] = (struct library_range){0, p->market.symbol[s].n}, range[n + s] = (struct library_range){0, 0};
    }
    o->library.symbol = p->market.symbol;
    o->library.labels = p->labels;
    o->library.n_symbols = n;
    o->library.horizon = o->experiment->labels.horizon;
    int rc = library_build(&o->library, (const struct library_range *const[]){range, range + n});
    mem_free(range);
    return rc;
}

static int open_run(const char *dir, const struct live_choice *choice, bool all, struct patterns_opened *o) {
    char kernels[32];
    size_t fold = 0;
    TRY(experiment_of_run(dir, &o->experiment, kernels));
    if (gw_kernels_select(choice->kernels ? choice->kernels : kernels) < 0) {
        if (choice->kernels) return GW_ERR_USAGE;
        message("note: the kernels of the run are not there; the last digits may differ");
        TRY(gw_kernels_select("auto"));
    }
    TRY(prepare(o->experiment, &o->prepared));
    TRY(load_fold(dir, choice, o, &fold));
    return build_of_run(o, fold, all);
}

/* ---- of a trained directory ------------------------------------------------------------------------- */

/* 0 where the number is none that a count may be: a cast would make anything of it. */
static size_t count_of(const json_value *object, const char *key, size_t fallback) {
    const double number = json_number(json_get(object, key), (double)fallback);
    return number >= 0 && number < 1e9 ? (size_t)number : 0;
}

static int read_source(const struct json_document *document, struct patterns_opened *o, size_t *learned) {
    const json_value *root = json_root(document), *labels = json_get(root, "labels");
    struct gw_import_options import = {.symbol = json_string(json_get(root, "symbol"), NULL),
                                       .format = json_string(json_get(root, "format"), NULL)};
    struct gw_label_config config = {.horizon = count_of(labels, "horizon", 24),
                                     .ratio = json_number(json_get(labels, "ratio"), 2),
                                     .min_move = json_number(json_get(labels, "min_move"), 0.01),
                                     .min_move_atr = json_number(json_get(labels, "min_move_atr"), 0),
                                     .atr_length = count_of(labels, "atr_length", 14)};
    const char *file = json_string(json_get(root, "file"), "");
    const double end = json_number(json_get(root, "learned_end"), 0);
    if (!(config.horizon >= 1 && config.horizon <= 100000 && end >= 1 && end < 1e12))
        return json_fail(document, root, GW_ERR_DATA, "is no library that this gatewalk made; train it again");
    *learned = (size_t)end;
    if (!(o->market.symbol = mem_calloc(1, sizeof *o->market.symbol))) return GW_ERR_NOMEM;
    TRY(gw_bars_import(file, &import, o->market.symbol, NULL));
    o->market.n_symbols = 1;
    char print[24];
    snprintf(print, sizeof print, "%016llx", (unsigned long long)o->market.symbol->fingerprint);
    if (strcmp(json_string(json_get(root, "fingerprint"), ""), print) != 0)
        return json_fail(document, root, GW_ERR_DATA,
                         "the bars of %s are not those that it was made from; train it again", file);
    return gw_labels_build(o->market.symbol, &config, &o->labels);
}

/* The mark of a training comes first and its model last: in between, another's may lie there. */
static int load_trained(const char *dir, const struct json_document *document, struct patterns_opened *o) {
    char path[1024];
    const struct gw_meta_pair of = {PATTERNS_KEY, json_string(json_get(json_root(document), "key"), "")};
    TRY(path_join(path, sizeof path, dir, PATTERNS_MODEL));
    if (!file_exists(path))
        FAIL(GW_ERR_DATA, "%s: its training is not finished; the same `gatewalk patterns train` goes on with it", dir);
    return load_model(path, &of, 1, o);
}

static int open_trained(const char *dir, const char *source, bool all, const struct live_choice *choice,
                        struct patterns_opened *o) {
    struct json_document *document;
    size_t learned = 0;
    TRY(gw_kernels_select(choice->kernels ? choice->kernels : "auto"));
    if (choice->strategy || choice->seed_given || choice->fold)
        FAIL(GW_ERR_USAGE, "%s is no run: --strategy, --seed and --fold choose among fits of a run", dir);
    TRY(json_load(source, GW_ERR_DATA, &document));
    int rc = load_trained(dir, document, o);
    if (rc == GW_OK) rc = read_source(document, o, &learned);
    o->library.horizon = count_of(json_get(json_root(document), "labels"), "horizon", 24);
    snprintf(o->name, sizeof o->name, "%s", o->market.n_symbols ? o->market.symbol->symbol : "");
    json_free(document);
    TRY(rc);
    o->library.symbol = o->market.symbol;
    o->library.labels = &o->labels;
    o->library.n_symbols = 1;
    const size_t n = o->market.symbol->n;
    const struct library_range first = {0, all ? n : learned}, later = {all ? n : learned + o->library.horizon, n};
    return library_build(&o->library, (const struct library_range *const[]){&first, &later});
}

int patterns_open(const char *dir, const struct live_choice *choice, bool all, struct patterns_opened *o) {
    char source[1024];
    *o = (struct patterns_opened){0};
    o->library.name = o->name;
    TRY(path_join(source, sizeof source, dir, PATTERNS_SOURCE));
    int rc = file_exists(source) ? open_trained(dir, source, all, choice, o) : open_run(dir, choice, all, o);
    if (rc < 0) patterns_close(o);
    return rc;
}

void patterns_close(struct patterns_opened *o) {
    library_free(&o->library);
    gw_model_free(o->model);
    gw_labels_free(&o->labels);
    gw_market_free(&o->market);
    prepared_free(o->prepared);
    experiment_free(o->experiment);
    *o = (struct patterns_opened){0};
}
