/* Which fit of a run: its strategy, seed and fold, its model file, and the thresholds that stand in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "live_private.h"
#include "models/store/safetensors.h"

/* ---- the choice ---------------------------------------------------------------------------------- */

static int choose_strategy(const struct experiment *e, const char *name, const struct strategy_spec **out) {
    char names[512] = "";
    size_t n = 0;
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        if (name && strcmp(spec->name, name) == 0) {
            *out = spec;
            return GW_OK;
        }
        if (!strategy_trains(spec)) continue;
        if (n++ == 0) *out = spec;
        if (strlen(names) + strlen(spec->name) + 4 < sizeof names)
            sprintf(names + strlen(names), "%s%s", n > 1 ? ", " : "", spec->name);
    }
    if (n == 0) FAIL(GW_ERR_DATA, "%s: the run has no strategy with a model", e->path);
    if (name) FAIL(GW_ERR_USAGE, "--strategy %s: the run has none of that name; it has %s", name, names);
    if (n > 1) FAIL(GW_ERR_USAGE, "--strategy is missing: the run has %s", names);
    return GW_OK;
}

/* It has one model of its own. */
static int judge_model(const struct strategy_spec *spec) {
    if (!spec->desc->needs_model) FAIL(GW_ERR_USAGE, "--strategy %s: has no model to score bars with", spec->name);
    if (strategy_is_outside(spec))
        FAIL(GW_ERR_USAGE, "--strategy %s: has its scores from outside, and no model here that could make more",
             spec->name);
    if (spec->models != MODELS_POOLED)
        FAIL(GW_ERR_USAGE,
             "--strategy %s: has models of symbols or groups, which only a replay asks; run it with \"models\": "
             "\"pooled\"",
             spec->name);
    if (spec->ensemble_of[0])
        FAIL(GW_ERR_USAGE, "--strategy %s: is the mean of several fits; take one of them: --strategy %s --seed N",
             spec->name, spec->ensemble_of);
    return GW_OK;
}

static int judge_strategy(const struct experiment *e, const struct strategy_spec *spec) {
    if (spec->desc->state_size || spec->desc->per_symbol_state_size)
        FAIL(GW_ERR_CONFIG,
             "strategy \"%s\" trades by \"%s\", which keeps a state of its own between bars; that works "
             "in a replay only",
             spec->name, spec->desc->name);
    if (e->signals.threshold == THRESHOLD_ROLLING)
        FAIL(GW_ERR_CONFIG,
             "%s: signals.threshold \"rolling\" rests on every bar since the walk began; run the "
             "experiment with \"validation\" or \"fixed\"",
             e->path);
    if (e->signals.pool == POOL_CROSS_SECTION)
        FAIL(GW_ERR_CONFIG,
             "%s: signals.pool \"cross_section\" waits for all symbols of a time; run the experiment with "
             "\"all\" or \"each\"",
             e->path);
    return GW_OK;
}

static int choose_seed(const struct experiment *e, const struct live_choice *choice, uint64_t *seed) {
    *seed = e->seed[0];
    if (!choice->seed_given) return GW_OK;
    for (size_t s = 0; s < e->n_seeds; s++)
        if (e->seed[s] == choice->seed) {
            *seed = choice->seed;
            return GW_OK;
        }
    FAIL(GW_ERR_USAGE, "--seed %zu: the run has %zu seeds, the first is %llu", choice->seed, e->n_seeds,
         (unsigned long long)e->seed[0]);
}

/* ---- the model ----------------------------------------------------------------------------------- */

static int model_path(const struct live *live, const char *dir, size_t fold, char path[1024]) {
    int n = snprintf(path, 1024, "%s/" GW_RUN_MODELS "/%s-s%llu-f%03zu.safetensors", dir, live->spec->name,
                     (unsigned long long)live->seed, fold);
    if (n < 0 || n >= 1024) FAIL(GW_ERR_USAGE, "the run directory's path is too long");
    return GW_OK;
}

static int choose_fold(struct live *live, const char *dir, size_t asked) {
    char path[1024];
    size_t n = 0;
    for (;; n++) {
        FILE *stream;
        TRY(model_path(live, dir, n + 1, path));
        if (!file_exists(path)) break;
        TRY(file_open(path, GW_ERR_DATA, &stream));
        fclose(stream);
    }
    if (n == 0) FAIL(GW_ERR_DATA, "%s: is not there; run the experiment again", path);
    if (asked > n) FAIL(GW_ERR_USAGE, "--fold %zu: the run has %zu folds of \"%s\"", asked, n, live->spec->name);
    live->fold = asked ? asked : n;
    return GW_OK;
}

/* What stores adapters alone needs the models of all folds before. */
static int open_scorer(struct live *live, const char *dir, char path[1024]) {
    size_t first = live->spec->train.retrain == GW_RETRAIN_LORA ? 1 : live->fold;
    for (size_t fold = first; fold <= live->fold; fold++) {
        struct gw_scorer *previous = live->scorer;
        TRY(model_path(live, dir, fold, path));
        int rc = gw_scorer_open(path, previous, &live->scorer);
        gw_scorer_close(previous);
        TRY(rc);
    }
    return GW_OK;
}

/* ---- thresholds ---------------------------------------------------------------------------------- */

/* "BTC:0.5123:0.4711" */
static bool read_threshold(char *text, struct live_symbol *symbol) {
    char *colon = strchr(text, ':'), *end;
    if (!colon || colon == text || (size_t)(colon - text) >= GW_SYMBOL_MAX) return false;
    memcpy(symbol->name, text, (size_t)(colon - text));
    for (size_t g = 0; g < GW_N_GATES; g++) {
        symbol->tau[g] = strtof(colon + 1, &end);
        if (end == colon + 1 || *end != (g + 1 < GW_N_GATES ? ':' : '\0') || isnan(symbol->tau[g])) return false;
        colon = end;
    }
    return name_is_safe(symbol->name);
}

static int read_thresholds(struct live *live, const char *path, char *text) {
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        struct live_symbol *symbol = &live->symbol[live->n_symbols];
        if (live->n_symbols == MAX_SYMBOLS || !read_threshold(word, symbol) ||
            live_find_symbol(live, symbol->name) < live->n_symbols)
            FAIL(GW_ERR_DATA, "%s: its thresholds cannot be read; run the experiment again", path);
        if (live->experiment->signals.threshold == THRESHOLD_FIXED) {
            symbol->tau[GW_GATE_LONG] = (float)live->experiment->signals.fixed_long;
            symbol->tau[GW_GATE_SHORT] = (float)live->experiment->signals.fixed_short;
        }
        live->n_symbols++;
    }
    if (live->n_symbols == 0) FAIL(GW_ERR_DATA, "%s: names no symbol; run the experiment again", path);
    return GW_OK;
}

static int take_thresholds(struct live *live, const char *path) {
    struct safetensors file;
    TRY(safetensors_read(path, &file));
    const char *stored = safetensors_meta(&file, GW_META_TAU);
    char *text = stored ? mem_strdup(stored) : NULL;
    safetensors_free(&file);
    if (!stored) FAIL(GW_ERR_DATA, "%s: does not hold its thresholds; run the experiment again", path);
    if (!text) return GW_ERR_NOMEM;
    int rc = read_thresholds(live, path, text);
    mem_free(text);
    return rc;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

/* Bytes follow the kernels: those of the run where this machine has them. */
static int select_kernels(const char *asked, const char *of_run) {
    if (asked) return gw_kernels_select(asked);
    if (*of_run && gw_kernels_select(of_run) == GW_OK) return GW_OK;
    message("note: the kernels of the run (\"%s\") are not there; the last digits may differ", of_run);
    return gw_kernels_select("auto");
}

/* Of an open experiment. */
static int find_model(const char *dir, const struct live_choice *choice, struct live *live, char path[1024]) {
    TRY(choose_seed(live->experiment, choice, &live->seed));
    TRY(choose_fold(live, dir, choice->fold));
    return open_scorer(live, dir, path);
}

int live_find_model(const char *dir, const struct live_choice *choice, struct live *live, char path[1024]) {
    char kernels[32];
    TRY(experiment_of_run(dir, &live->experiment, kernels));
    TRY(choose_strategy(live->experiment, choice->strategy, &live->spec));
    TRY(judge_model(live->spec));
    return find_model(dir, choice, live, path);
}

int live_find_fit(const char *dir, const struct live_choice *choice, struct live *live) {
    char path[1024], kernels[32];
    TRY(experiment_of_run(dir, &live->experiment, kernels));
    text_clean(kernels);
    TRY(select_kernels(choice->kernels, kernels));
    TRY(choose_strategy(live->experiment, choice->strategy, &live->spec));
    TRY(judge_model(live->spec));
    TRY(judge_strategy(live->experiment, live->spec));
    TRY(find_model(dir, choice, live, path));
    live->interval_ns = gw_scorer_interval_ns(live->scorer);
    if (live->interval_ns <= 0)
        FAIL(GW_ERR_DATA, "%s: does not say the interval of its bars; run the experiment again", path);
    live->symbol = mem_calloc(MAX_SYMBOLS + 1, sizeof *live->symbol);
    if (!live->symbol) return GW_ERR_NOMEM;
    return take_thresholds(live, path);
}
