/* Stored fits at work: what scores.c of a walk does, for one file and bars of anybody's. */
#include "gatewalk/scorer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/bars/closes.h"
#include "engine/market/features/feature_set.h"
#include "gate_model.h"
#include "models/store/safetensors.h"

struct gw_scorer {
    struct gw_gate_model *model;
    struct gw_feature_set *features;
    struct gw_scaler scaler;
    double *learnt; /* NULL: no feature is fitted */
    int64_t interval_ns;
    uint32_t *cross_column; /* the features of a second sequence's bars */
};

enum { FEATURES_MAX = 4096 };

/* ---- opening -------------------------------------------------------------------------------------------------- */

/* Names without blanks, one blank between them. */
static int parse_features(const char *path, const char *names, struct gw_scorer *scorer) {
    const char **spec = mem_calloc(FEATURES_MAX, sizeof *spec);
    char *text = mem_strdup(names), *rest = NULL;
    size_t n = 0;
    int rc = spec && text ? GW_OK : GW_ERR_NOMEM;
    for (char *name = text ? strtok_r(text, " ", &rest) : NULL; rc == GW_OK && name && n < FEATURES_MAX;
         name = strtok_r(NULL, " ", &rest))
        spec[n++] = name;
    if (rc == GW_OK) rc = gw_feature_set_parse(spec, n, &scorer->features);
    if (rc < 0 && spec && text) rc = gw_error_prefix(error_class(rc, GW_ERR_DATA), "%s", path);
    mem_free(text);
    mem_free(spec);
    return rc;
}

static int read_meta(const char *path, struct gw_scorer *scorer) {
    struct safetensors file;
    TRY(safetensors_read(path, &file));
    const char *features = safetensors_meta(&file, GW_META_FEATURES), *clip = safetensors_meta(&file, GW_META_CLIP);
    const char *interval = safetensors_meta(&file, GW_META_INTERVAL);
    char *end = NULL;
    int rc = GW_OK;
    if (clip) scorer->scaler.clip = strtod(clip, &end);
    if (interval) rc = duration_parse(interval, &scorer->interval_ns);
    if (rc == GW_OK && (!features || !clip || *end || !(scorer->scaler.clip > 0)))
        rc = gw_error_set(GW_ERR_DATA, "%s: does not say its features and their scaler; fit it again in a run", path);
    if (rc == GW_OK) rc = parse_features(path, features, scorer);
    safetensors_free(&file);
    return rc;
}

/* Takes the tensors of scaler and fitted features and releases the others. */
static int take_extra(const char *path, struct gw_extra_tensor *extra, size_t n_extra, struct gw_scorer *scorer) {
    struct gw_scaler *scaler = &scorer->scaler;
    const size_t n_learnt = gw_feature_set_learnt(scorer->features);
    for (size_t i = 0; i < n_extra; i++) {
        double **at = strcmp(extra[i].name, "scaler.center") == 0          ? &scaler->center
                      : strcmp(extra[i].name, "scaler.inverse_scale") == 0 ? &scaler->inverse_scale
                      : strcmp(extra[i].name, GW_TENSOR_LEARNT) == 0       ? &scorer->learnt
                                                                           : NULL;
        const size_t n = at == &scorer->learnt ? n_learnt : scaler->n;
        if (!at || *at || n == 0 || extra[i].n != n) continue;
        *at = extra[i].value;
        extra[i].value = NULL;
    }
    gw_extra_tensors_free(extra, n_extra);
    if (!scaler->center || !scaler->inverse_scale)
        FAIL(GW_ERR_DATA, "%s: its scaler is missing; fit it again in a run", path);
    if (n_learnt && !scorer->learnt)
        FAIL(GW_ERR_DATA, "%s: what its fitted features have learnt is missing; fit it again in a run", path);
    return GW_OK;
}

/* Which features the second sequence shows of its bars. */
static int open_cross(const char *path, struct gw_scorer *scorer) {
    const struct gw_model_config *config = gw_model_get_config(scorer->model);
    const int64_t interval_ns = gw_model_cross_interval(config);
    if (config->cross == GW_CROSS_NONE) return GW_OK;
    scorer->cross_column = mem_calloc(scorer->scaler.n ? scorer->scaler.n : 1, sizeof *scorer->cross_column);
    if (!scorer->cross_column) return GW_ERR_NOMEM;
    if (feature_set_of_interval(scorer->features, interval_ns, scorer->cross_column) != config->cross_features ||
        (interval_ns && (scorer->interval_ns <= 0 || interval_ns <= scorer->interval_ns)))
        FAIL(GW_ERR_DATA, "%s: its features are not those of its second sequence; fit it again in a run", path);
    return GW_OK;
}

static int open_scorer(const char *path, const struct gw_scorer *previous, struct gw_scorer *scorer) {
    struct gw_extra_tensor extra[8];
    size_t n_extra = COUNT_OF(extra);
    TRY(read_meta(path, scorer));
    TRY(gw_model_load_onto(path, previous ? previous->model : NULL, NULL, 0, &scorer->model, NULL, extra, &n_extra));
    scorer->scaler.n = gw_feature_set_size(scorer->features);
    TRY(take_extra(path, extra, n_extra, scorer));
    if (gw_model_get_config(scorer->model)->n_features != scorer->scaler.n)
        FAIL(GW_ERR_DATA, "%s: names %zu features, but its model takes %zu; fit it again in a run", path,
             scorer->scaler.n, gw_model_get_config(scorer->model)->n_features);
    return open_cross(path, scorer);
}

int gw_scorer_open(const char *path, const struct gw_scorer *previous, struct gw_scorer **out) {
    *out = NULL;
    struct gw_scorer *scorer = mem_calloc(1, sizeof *scorer);
    if (!scorer) return GW_ERR_NOMEM;
    int rc = open_scorer(path, previous, scorer);
    if (rc == GW_OK)
        *out = scorer;
    else
        gw_scorer_close(scorer);
    return rc;
}

void gw_scorer_close(struct gw_scorer *scorer) {
    if (!scorer) return;
    gw_model_free(scorer->model);
    gw_feature_set_free(scorer->features);
    gw_scaler_free(&scorer->scaler);
    mem_free(scorer->learnt);
    mem_free(scorer->cross_column);
    mem_free(scorer);
}

const struct gw_gate_model *gw_scorer_model(const struct gw_scorer *scorer) { return scorer->model; }
const struct gw_feature_set *gw_scorer_features(const struct gw_scorer *scorer) { return scorer->features; }
const double *gw_scorer_learnt(const struct gw_scorer *scorer) { return scorer->learnt; }
const struct gw_scaler *gw_scorer_scaler(const struct gw_scorer *scorer) { return &scorer->scaler; }
int64_t gw_scorer_interval_ns(const struct gw_scorer *scorer) { return scorer->interval_ns; }
const uint32_t *scorer_cross_column(const struct gw_scorer *scorer) { return scorer->cross_column; }

/* ---- scoring -------------------------------------------------------------------------------------------------- */

/* Bars first <= t < end have a full window of finite rows; x: their scaled rows from bar `from` on. */
static int score_range(const struct gw_scorer *scorer, const struct gw_bars *bars, const float *x, size_t from,
                       size_t first, size_t end, float *probability) {
    struct gw_series series = {.x = x, .n_rows = end - from, .bar = bars->bar + from};
    const size_t n = end - from;
    struct gw_sample *sample = mem_calloc(end - first, sizeof *sample);
    uint32_t *list = scorer->cross_column ? mem_calloc(2 * n, sizeof *list) : NULL;
    int rc = sample && (list || !scorer->cross_column) ? GW_OK : GW_ERR_NOMEM;
    struct gw_cross cross = {.row = list, .known = list ? list + n : NULL, .column = scorer->cross_column};
    if (rc == GW_OK && list) {
        cross.n = bars_closes(bars, from, n, gw_model_cross_interval(gw_model_get_config(scorer->model)), list);
        bars_known(bars, from, n, bars, from, list, cross.n, list + n);
        series.cross = &cross;
    }
    for (size_t t = first; rc == GW_OK && t < end; t++)
        sample[t - first] = (struct gw_sample){.row = (uint32_t)(t - from)};
    if (rc == GW_OK) rc = gw_model_score(scorer->model, &series, 1, sample, end - first, probability, NULL);
    mem_free(list);
    mem_free(sample);
    return rc;
}

int gw_scorer_score(const struct gw_scorer *scorer, const struct gw_bars *bars, size_t begin, size_t end,
                    float *probability) {
    struct gw_feature_matrix matrix;
    const size_t cross = gw_model_cross_reach(gw_model_get_config(scorer->model), bars->interval_ns);
    size_t lookback = gw_model_reach(gw_model_get_config(scorer->model));
    if (cross > lookback) lookback = cross;
    if (begin > end || end > bars->n || bars->n >= UINT32_MAX)
        FAIL(GW_ERR_USAGE, "bars %zu to %zu of %zu cannot be scored", begin, end, bars->n);
    if (scorer->interval_ns && bars->interval_ns != scorer->interval_ns) {
        char has[40], needs[40];
        FAIL(GW_ERR_CONFIG, "%s: bars of %s, but the model was trained on bars of %s", bars->symbol,
             duration_format(bars->interval_ns, has), duration_format(scorer->interval_ns, needs));
    }
    if (gw_model_get_config(scorer->model)->cross == GW_CROSS_SYMBOL) /* that of an interval is made of the same bars */
        FAIL(GW_ERR_USAGE,
             "%s: the model's cross-attention looks at the bars of another symbol, and bars are scored one symbol at a "
             "time; run the experiment on both",
             bars->symbol);
    TRY(gw_feature_set_build(scorer->features, bars, &matrix));
    size_t first = matrix.warmup + lookback - 1, from = matrix.warmup, history = gw_model_history(scorer->model);
    if (first < begin) first = begin;
    if (cross > history + 1) history = cross - 1;
    if (first > from + history) from = first - history;
    for (size_t i = 0; i < (end - begin) * GW_N_GATES; i++) probability[i] = NAN;
    int rc = GW_OK;
    if (first < end && scorer->learnt)
        rc = gw_feature_set_apply(scorer->features, scorer->learnt, bars, from, end,
                                  matrix.value + from * matrix.n_features);
    if (first < end && rc == GW_OK) {
        float *x = matrix.value + from * matrix.n_features;
        gw_scaler_apply(&scorer->scaler, x, end - from, x);
        rc = score_range(scorer, bars, x, from, first, end, probability + (first - begin) * GW_N_GATES);
    }
    gw_feature_matrix_free(&matrix);
    return rc;
}
