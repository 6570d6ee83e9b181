/* latent(i), category_rate(long): a pattern library as features of other models. It is fitted per fold on the purged training slice, as
 * the gate with the encoder "patterns" is, but smaller and for a fixed number of epochs: nobody's validation slice is looked at.
 * A bar's values are those of the window that ends with it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/feature.h"
#include "patterns_model.h"

enum { WIDTH = 32, HEADS = 4, LAYERS = 2, EPOCHS = 20, BATCH = 64, WINDOWS_PER_EPOCH = 2048 };

struct library_own {
    size_t coordinate; /* of latent(), from 1; 0: it is category_rate() */
    int gate;          /* of that */
    size_t bars, latent, categories;
};

static struct patterns_params params_of(const struct library_own *own) {
    struct patterns_config config;
    patterns_config_default(&config);
    config.model.pattern_bars = own->bars;
    config.model.pattern_width = WIDTH;
    config.model.pattern_heads = HEADS;
    config.model.pattern_layers = LAYERS;
    config.model.latent = own->latent;
    config.model.categories = own->categories;
    return config.model;
}

/* ---- numbers: how many categories, the encoder's weights, centres, posteriors ------------------------------------------- */

struct packed {
    size_t weights, centres, posteriors, all;
};

static void lay_out(const struct library_own *own, struct autoencoder *net, struct packed *out) {
    const struct patterns_params params = params_of(own);
    const struct transformer_shape shape = patterns_shape(&params);
    R(autoencoder_init)(net, &shape, false);
    out->weights = 1;
    out->centres = out->weights + net->tensors.size;
    out->posteriors = out->centres + own->categories * own->latent;
    out->all = out->posteriors + own->categories * GW_N_GATES;
}

static size_t library_learnt(const void *own) {
    struct autoencoder net;
    struct packed at;
    lay_out(own, &net, &at);
    return at.all;
}

static const struct tensor *tensor_of(const struct tensor_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i].name, name) == 0) return &list->item[i];
    return NULL;
}

/* Of the weights the encoder's half. */
static void pack(const struct library_own *own, const struct patterns_model *model,
                 const struct pattern_categories *categories, double *learnt) {
    struct autoencoder net;
    struct packed at;
    lay_out(own, &net, &at);
    memset(learnt, 0, at.all * sizeof *learnt);
    learnt[0] = (double)categories->n;
    for (size_t i = 0; i < net.tensors.n; i++) {
        const struct tensor *to = &net.tensors.item[i], *from = tensor_of(&model->net.tensors, to->name);
        for (size_t k = 0; from && k < to->rows * to->columns; k++)
            learnt[at.weights + to->offset + k] = (double)model->weights[from->offset + k];
    }
    for (size_t k = 0; k < categories->n * own->latent; k++) learnt[at.centres + k] = (double)categories->centre[k];
    memcpy(learnt + at.posteriors, categories->posterior, categories->n * GW_N_GATES * sizeof *learnt);
}

struct library {
    struct patterns_model model;
    float *weights, *centre;
    const double *posterior;
    size_t categories;
};

static void library_free(struct library *library) {
    mem_free(library->weights);
    mem_free(library->centre);
}

static int unpack(const struct library_own *own, const double *learnt, struct library *out) {
    struct packed at;
    memset(out, 0, sizeof *out);
    out->model.config.model = params_of(own);
    lay_out(own, &out->model.net, &at);
    const size_t n = at.centres - at.weights, n_centres = own->categories * own->latent;
    out->weights = mem_calloc(n, sizeof *out->weights);
    out->centre = mem_calloc(n_centres, sizeof *out->centre);
    if (!out->weights || !out->centre) {
        library_free(out);
        return GW_ERR_NOMEM;
    }
    for (size_t k = 0; k < n; k++) out->weights[k] = (float)learnt[at.weights + k];
    for (size_t k = 0; k < n_centres; k++) out->centre[k] = (float)learnt[at.centres + k];
    out->posterior = learnt + at.posteriors;
    /* From a file it may be anything. */
    out->categories = learnt[0] >= 1 && learnt[0] <= (double)own->categories ? (size_t)learnt[0] : 1;
    out->model.weights = out->weights;
    out->model.borrowed = true;
    return GW_OK;
}

/* ---- learning --------------------------------------------------------------------------------------------------------- */

struct learning {
    struct gw_series *series;
    struct gw_sample *sample;
    float *latent;
    struct patterns_model *model;
    struct patterns_log log;
    struct pattern_categories categories;
};

static size_t list_windows(const struct library_own *own, const struct gw_feature_slice *slice, size_t n_symbols,
                           struct learning *w) {
    size_t n = 0;
    for (size_t s = 0; s < n_symbols; s++) {
        w->series[s] = (struct gw_series){.n_rows = slice[s].bars->n, .bar = slice[s].bars->bar};
        for (size_t g = 0; g < GW_N_GATES; g++) w->series[s].label[g] = slice[s].label[g];
        for (size_t t = slice[s].samples.begin; t < slice[s].samples.end; t++)
            if (t + 1 >= pattern_reach(own->bars)) w->sample[n++] = (struct gw_sample){(uint32_t)s, (uint32_t)t};
    }
    return n;
}

static int learn(const struct library_own *own, const struct gw_feature_slice *slice, size_t n_symbols, uint64_t seed,
                 struct learning *w, double *learnt) {
    struct patterns_config config;
    size_t room = 0;
    for (size_t s = 0; s < n_symbols; s++) room += slice[s].samples.end - slice[s].samples.begin;
    w->series = mem_calloc(n_symbols, sizeof *w->series);
    w->sample = mem_calloc(room + 1, sizeof *w->sample);
    if (!w->series || !w->sample) return GW_ERR_NOMEM;
    const size_t n = list_windows(own, slice, n_symbols, w);
    if (n < 2 * PATTERN_LEAST)
        FAIL(GW_ERR_CONFIG, "%zu windows of training are too few for a pattern library; give at least %d", n,
             2 * PATTERN_LEAST);
    patterns_config_default(&config);
    config.model = params_of(own);
    config.model.pattern_stride = n / WINDOWS_PER_EPOCH > 1 ? n / WINDOWS_PER_EPOCH : 1;
    config.training.epochs = EPOCHS;
    config.training.patience = 0;
    config.training.batch_size = BATCH;
    config.training.learning_rate = 1e-3;
    config.training.warmup_epochs = 1;
    const struct pattern_windows train = {w->series, w->sample, n}, none = {w->series, w->sample, 0};
    const struct patterns_options options = {.seed = seed};
    TRY(patterns_fit(&config, &train, &none, &options, &w->model, &w->log));
    w->latent = mem_calloc(n, own->latent * sizeof *w->latent);
    if (!w->latent) return GW_ERR_NOMEM;
    TRY(patterns_encode(w->model, &train, w->latent));
    TRY(pattern_categories_fit(&train, w->latent, own->latent, own->categories, seed, NULL, &w->categories));
    pack(own, w->model, &w->categories, learnt);
    return GW_OK;
}

static int library_learn(const void *own, const struct gw_feature_slice *slice, size_t n_symbols, uint64_t seed,
                         double *learnt) {
    struct learning w = {0};
    const int rc = learn(own, slice, n_symbols, seed, &w, learnt);
    pattern_categories_free(&w.categories);
    patterns_log_free(&w.log);
    patterns_free(w.model);
    mem_free(w.latent);
    mem_free(w.sample);
    mem_free(w.series);
    return rc;
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

static void put(const struct library_own *own, const struct library *library, const float *latent,
                const uint32_t *category, size_t n, float *out, size_t stride) {
    for (size_t i = 0; i < n; i++)
        out[i * stride] = own->coordinate == 0 ? (float)library->posterior[category[i] * GW_N_GATES + (size_t)own->gate]
                                               : latent[i * own->latent + own->coordinate - 1];
}

static int library_values(const void *const *own, size_t n_features, const double *learnt, const struct gw_bars *bars,
                          size_t begin, size_t end, float *const *out, size_t stride) {
    const struct library_own *first = own[0];
    const size_t least = pattern_reach(first->bars) - 1, from = begin > least ? begin : least < end ? least : end;
    const size_t n = end - from;
    struct library library;
    TRY(unpack(first, learnt, &library));
    const struct gw_series series = {.n_rows = bars->n, .bar = bars->bar};
    struct gw_sample *sample = mem_calloc(n + 1, sizeof *sample);
    float *latent = mem_calloc(n + 1, first->latent * sizeof *latent);
    uint32_t *category = mem_calloc(n + 1, sizeof *category);
    int rc = sample && latent && category ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n; i++) sample[i].row = (uint32_t)(from + i);
    if (rc == GW_OK && n) rc = patterns_encode(&library.model, &(struct pattern_windows){&series, sample, n}, latent);
    if (rc == GW_OK && n)
        rc = kmeans_assign(latent, n, first->latent, library.centre, library.categories, category, NULL);
    for (size_t k = 0; rc == GW_OK && k < n_features; k++) {
        for (size_t t = begin; t < from; t++) out[k][(t - begin) * stride] = NAN;
        put(own[k], &library, latent, category, n, out[k] + (from - begin) * stride, stride);
    }
    mem_free(category);
    mem_free(latent);
    mem_free(sample);
    library_free(&library);
    return rc;
}

/* ---- the rows ------------------------------------------------------------------------------------------------------------- */

static size_t library_warmup(const void *own) { return pattern_reach(((const struct library_own *)own)->bars) - 1; }

static size_t library_state(const void *own) {
    (void)own;
    return sizeof(size_t);
}

static double library_push(void *state, const void *own, const struct gw_feature_input *in) {
    size_t *n_bars = state;
    (void)in;
    return ++*n_bars > library_warmup(own) ? 0 : (double)NAN;
}

static const struct gw_feature_fit library_fit = {
    .n_picks = 1, .n_learnt = library_learnt, .learn = library_learn, .values = library_values};

#define LIBRARY_ROWS                                                                                                   \
    GW_SIZE_PARAM(struct library_own, bars, "bars", 50, 4, 512, "bars of a pattern's window; it reaches 9 further"),   \
        GW_SIZE_PARAM(struct library_own, latent, "coordinates", 8, 2, 64,                                             \
                      "coordinates of a pattern on the unit sphere"),                                                  \
        GW_SIZE_PARAM(struct library_own, categories, "categories", 100, 1, 10000,                                     \
                      "of shapes; never fewer than 50 windows each on average")

static const char *latent_check(const void *own) {
    const struct library_own *o = own;
    return o->coordinate > o->latent ? "there is no such coordinate: the first number must not exceed latent" : NULL;
}

static const struct gw_param latent_params[] = {
    GW_SIZE_PARAM(struct library_own, coordinate, "coordinate", 1, 1, 64, "which coordinate of the pattern, from 1"),
    LIBRARY_ROWS,
};

const struct gw_feature_desc feature_latent = {
    .name = "latent",
    .help = "one coordinate of the bar's pattern on the unit sphere, by a pattern library that is fitted per fold on "
            "the training "
            "slice",
    .source = "transformer autoencoder (Vaswani et al. 2017, arXiv 1706.03762) of windows scaled by themselves",
    .own = GW_PARAM_TABLE(latent_params),
    .fit = &library_fit,
    .check = latent_check,
    .warmup = library_warmup,
    .state_size = library_state,
    .push = library_push,
};

static const struct gw_choice gates[] = {
    [GW_GATE_LONG] = {.name = "long", .help = "clean moves up"},
    [GW_GATE_SHORT] = {.name = "short", .help = "clean moves down"},
};
static const struct gw_choices gate_choices = {.row = gates, .n = COUNT_OF(gates)};

static const struct gw_param rate_params[] = {
    GW_CHOICE_PARAM(struct library_own, gate, &gate_choices, 0, "long or short: which moves are counted"),
    LIBRARY_ROWS,
};

const struct gw_feature_desc feature_category_rate = {
    .name = "category_rate",
    .help = "how often clean moves followed patterns of the bar's category in the training slice (a Beta posterior's "
            "mean), by a "
            "pattern library that is fitted there",
    .source =
        "spherical k-means (Dhillon & Modha 2001) of patterns; the prior is the slice's prevalence, 20 windows strong",
    .own = GW_PARAM_TABLE(rate_params),
    .fit = &library_fit,
    .warmup = library_warmup,
    .state_size = library_state,
    .push = library_push,
};
