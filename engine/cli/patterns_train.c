/* gatewalk patterns train: a library of the bars of one file, without a walk: for exploring, not for judging. */
#include "patterns_train.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/json.h"
#include "gatewalk/run_files.h"
#include "gatewalk/version.h"

static const double VALIDATION_SHARE = 0.15;
static const char CHECKPOINT[] = "training.safetensors"; /* as long as the training lasts */

static void default_settings(struct patterns_training *t) {
    gw_model_config_default(&t->model);
    gw_train_config_default(&t->train);
    gw_param_defaults(&gw_label_params, &t->labels);
}

/* "model.categories=300"; without a section the first table that knows the key. */
static int set_key(struct patterns_training *t, const char *text) {
    const struct {
        const char *section;
        const struct gw_param_table *table;
        void *base;
    } part[] = {{"model", &gw_model_params, &t->model},
                {"training", &gw_train_params, &t->train},
                {"labels", &gw_label_params, &t->labels}};
    char key[128];
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof key)
        FAIL(GW_ERR_USAGE, "--set %s: must be KEY=VALUE", text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    const char *dot = strchr(key, '.');
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        struct gw_param_key found = {0};
        const char *name = dot ? dot + 1 : key;
        if (dot &&
            (strlen(part[i].section) != (size_t)(dot - key) || strncmp(key, part[i].section, (size_t)(dot - key)) != 0))
            continue;
        if (!gw_param_find(part[i].table, name, &found)) continue;
        int rc = gw_param_set(part[i].table, part[i].base, name, equals + 1);
        return rc < 0 ? gw_error_prefix(GW_ERR_CONFIG, "--set %s", text) : GW_OK;
    }
    FAIL(GW_ERR_CONFIG, "--set %s: no such key; `gatewalk list keys` names those of model, training and labels", text);
}

static int settings(struct patterns_training *t, const struct patterns_train_options *o) {
    struct gw_model_report report;
    default_settings(t);
    /* What a library learns by, unless told otherwise: the study's, for fewer epochs. */
    static const char *const first[] = {"model.encoder=patterns",   "training.optimizer=adamw",
                                        "training.schedule=cosine", "training.learning_rate=1e-3",
                                        "training.epochs=60",       "training.patience=15"};
    for (size_t i = 0; i < COUNT_OF(first); i++) TRY(set_key(t, first[i]));
    for (size_t i = 0; i < o->n_set; i++) TRY(set_key(t, o->set[i]));
    t->model.n_features = 1;
    if (strcmp(gw_param_word(&gw_model_params, &t->model, "encoder"), "patterns") != 0)
        FAIL(GW_ERR_CONFIG, "model.encoder: only \"patterns\" makes a library");
    return gw_model_config_check(&t->model, &t->train, &report);
}

/* Whatever decides the fit: what is found of an earlier one is used under the same key only. */
static void make_key(struct patterns_training *t) {
    uint64_t hash = hash_bytes(gw_source_hash(), strlen(gw_source_hash()), 0);
    const char *const with[] = {gw_kernels_selected(), gw_kernels_build(),
                                t->train.precision == GW_PRECISION_BF16 ? gw_kernels_selected_bf16() : ""};
    for (size_t i = 0; i < COUNT_OF(with); i++) hash = hash_bytes(with[i], strlen(with[i]) + 1, hash);
    hash = gw_param_hash(&gw_model_params, &t->model, hash);
    hash = gw_param_hash(&gw_train_params, &t->train, hash);
    hash = gw_param_hash(&gw_label_params, &t->labels, hash);
    const uint64_t of[] = {t->seed, t->bars.fingerprint, t->n_train, t->n_validation};
    hash = hash_bytes(of, sizeof of, hash);
    snprintf(t->key, sizeof t->key, "%016" PRIx64, hash);
}

/* ---- the fit --------------------------------------------------------------------------------------- */

static void on_epoch(void *context, const struct gw_epoch_record *r, size_t epochs, double per_second) {
    struct patterns_training *t = context;
    char line[PATTERN_LINE];
    const struct patterns_epoch e = {.epoch = r->epoch,
                                     .learning_rate = r->learning_rate,
                                     .train = r->train_loss,
                                     .train_r = r->parts[0][0],
                                     .train_c = r->parts[0][1],
                                     .valid = r->validation_loss,
                                     .valid_r = r->parts[1][0],
                                     .valid_c = r->parts[1][1],
                                     .best = r->best};
    const uint32_t before = r->epoch - 1 - t->epochs; /* by an earlier call */
    if (t->epochs++ == 0 && before > 0) {
        progress_message("note: %s has epochs 1 to %u of this training; it goes on there", t->dir, before);
        progress_add(t->progress, before);
    }
    progress_note(t->progress, "%s | %.0f windows/s", patterns_epoch_line(&e, epochs, line), per_second);
    progress_expect(t->progress, t->epochs, (double)(epochs - r->epoch));
    progress_add(t->progress, 1);
}

/* The last part of the bars decides the best epoch, after a gap as long as a label looks ahead. */
static int list_samples(struct patterns_training *t) {
    const size_t first = gw_model_reach(&t->model) - 1, n = t->bars.n, purge = t->labels.horizon;
    const size_t valid = (size_t)((1 - VALIDATION_SHARE) * (double)n);
    if (valid < first + purge + 2 || n < valid + 2)
        FAIL(GW_ERR_DATA, "%s: %zu bars are too few for windows of %zu", t->file, n, first + 1);
    t->learned_end = valid - purge;
    t->n_train = t->learned_end - first;
    t->n_validation = n > valid + purge ? n - valid - purge : 0; /* the last have no label */
    if (!(t->sample = mem_calloc(t->n_train + t->n_validation, sizeof *t->sample))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < t->n_train; i++) t->sample[i].row = (uint32_t)(first + i);
    for (size_t i = 0; i < t->n_validation; i++) t->sample[t->n_train + i].row = (uint32_t)(valid + i);
    return GW_OK;
}

static int fit(void *context) {
    struct patterns_training *t = context;
    struct gw_series series = {.n_rows = t->bars.n, .bar = t->bars.bar};
    for (int g = 0; g < GW_N_GATES; g++) series.label[g] = t->label.gate[g];
    const struct gw_fit_input input = {.n_series = 1,
                                       .n_features = 1,
                                       .series = &series,
                                       .train = t->sample,
                                       .validation = t->sample + t->n_train,
                                       .n_train = t->n_train,
                                       .n_validation = t->n_validation};
    const struct gw_fit_options options = {
        .seed = t->seed, .on_epoch = on_epoch, .context = t, .checkpoint = t->checkpoint, .checkpoint_key = t->key};
    return gw_model_fit(&t->model, &t->train, &input, &options, &t->gate, &t->log);
}

static int write_out(void *context) {
    struct patterns_training *t = context;
    return library_write(&t->library, &(struct library_rates_config){.seed = t->seed}, t->progress, t->dir);
}

/* ---- files ----------------------------------------------------------------------------------------- */

static int write_source(const struct patterns_training *t, const struct patterns_train_options *o) {
    char path[1024], text[24], *real = realpath(t->file, NULL);
    struct out_file file;
    TRY(path_join(path, sizeof path, t->dir, PATTERNS_SOURCE));
    int rc = out_open(&file, path);
    if (rc == GW_OK) {
        struct json_writer w = {.stream = file.stream};
        json_begin_object(&w, NULL);
        json_put_int(&w, "schema", GW_RUN_SCHEMA);
        json_put_string(&w, "key", t->key);
        json_put_string(&w, "file", real ? real : t->file);
        json_put_string(&w, "format", o->format);
        json_put_string(&w, "symbol", t->bars.symbol);
        snprintf(text, sizeof text, "%016llx", (unsigned long long)t->bars.fingerprint);
        json_put_string(&w, "fingerprint", text);
        json_put_int(&w, "learned_end", (int64_t)t->learned_end);
        json_begin_object(&w, "labels");
        json_put_params(&w, &gw_label_params, &t->labels, true);
        json_end_object(&w);
        json_end_object(&w);
        rc = out_commit(&file);
    }
    free(real);
    return rc;
}

static int write_latents(const struct patterns_training *t) {
    char path[1024], time[40];
    struct out_file file;
    const struct library *l = &t->library;
    TRY(path_join(path, sizeof path, t->dir, "latents.npy"));
    TRY(npy_write(path, "<f4", 4, (const size_t[]){l->n, library_latent(l)}, 2, l->latent));
    TRY(path_join(path, sizeof path, t->dir, "windows.csv"));
    TRY(out_open(&file, path));
    out_printf(&file, "time,slice,category,similarity,label_long,label_short\n");
    for (size_t i = 0; i < l->n; i++) {
        out_printf(&file, "%s,%s,%u,%.6f", time_format(library_time(l, (uint32_t)i), time),
                   library_slice_name[i >= l->first[LIBRARY_LATER]], l->category[i], 1 - (double)l->distance[i]);
        for (int g = 0; g < GW_N_GATES; g++) {
            const int label = library_label(l, (uint32_t)i, g);
            out_printf(&file, label == GW_LABEL_MISSING ? "," : label ? ",1" : ",0");
        }
        out_printf(&file, "\n");
    }
    return out_commit(&file);
}

static int save(const struct patterns_training *t) {
    const struct gw_meta_pair of = {PATTERNS_KEY, t->key};
    return gw_model_save(t->gate, &t->log, &of, 1, NULL, 0, t->model_path);
}

/* The model has taken its place. */
static int drop_checkpoint(const struct patterns_training *t) {
    if (unlink(t->checkpoint) != 0 && errno != ENOENT)
        FAIL(GW_ERR_IO, "%s: cannot be removed: %s", t->checkpoint, strerror(errno));
    return GW_OK;
}

static int build(struct patterns_training *t) {
    const struct library_range learned = {0, t->learned_end}, later = {t->learned_end + t->labels.horizon, t->bars.n};
    t->library = (struct library){.model = gate_patterns(t->gate),
                                  .categories = gate_pattern_categories(t->gate),
                                  .log = gate_patterns_log(t->gate),
                                  .symbol = &t->bars,
                                  .labels = &t->label,
                                  .n_symbols = 1,
                                  .horizon = t->labels.horizon,
                                  .name = t->bars.symbol};
    return library_build(&t->library, (const struct library_range *const[]){&learned, &later});
}

/* A directory of ours or an empty one, for this process alone. */
static int claim(const char *dir, int *lock) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, PATTERNS_SOURCE));
    if (!file_exists(path) && file_exists(dir) && !run_folder_is_empty(dir))
        FAIL(GW_ERR_USAGE, "%s is not empty and holds no library of patterns; give another --out", dir);
    TRY(dir_make(dir));
    TRY(dir_lock(dir, lock));
    return run_folder_sweep(dir, *lock >= 0); /* what a killed one has left half-written */
}

/* What another training left may have taken hours. */
static int spare_another(const struct patterns_training *t, bool force) {
    char path[1024];
    struct json_document *source = NULL;
    TRY(path_join(path, sizeof path, t->dir, PATTERNS_SOURCE));
    if (force || !file_exists(path) || !(file_exists(t->model_path) || file_exists(t->checkpoint))) return GW_OK;
    const bool ours = json_load(path, GW_ERR_DATA, &source) == GW_OK &&
                      strcmp(json_string(json_get(json_root(source), "key"), ""), t->key) == 0;
    json_free(source);
    if (!ours)
        FAIL(GW_ERR_USAGE,
             "%s holds a library of other bars or settings, or of another gatewalk; --force replaces it, --out DIR "
             "goes elsewhere",
             t->dir);
    return GW_OK;
}

static int fit_or_load(struct patterns_training *t, size_t jobs) {
    const struct gw_meta_pair of = {PATTERNS_KEY, t->key};
    if (file_exists(t->model_path) && gw_model_load(t->model_path, &of, 1, &t->gate, &t->log, NULL, NULL) == GW_OK) {
        if (gate_patterns(t->gate)) {
            progress_message("note: %s has the model of this training; what follows from it is made again", t->dir);
            return GW_OK;
        }
        gw_training_log_free(&t->log);
        gw_model_free(t->gate);
        t->gate = NULL;
    }
    TRY(progress_begin(&t->progress, "patterns", t->train.epochs, NULL));
    int rc = patterns_parallel(jobs, fit, t);
    progress_end(t->progress);
    t->progress = NULL;
    TRY(rc);
    if (t->epochs == 0)
        progress_message("note: %s has epochs 1 to %zu of this training; it goes on there", t->dir, t->log.n_epochs);
    return save(t);
}

static int train(struct patterns_training *t, const struct patterns_train_options *o, int *lock) {
    TRY(settings(t, o));
    TRY(gw_bars_import(t->file, &(struct gw_import_options){.format = o->format}, &t->bars, NULL));
    TRY(gw_labels_build(&t->bars, &t->labels, &t->label));
    TRY(list_samples(t));
    make_key(t);
    TRY(path_join(t->model_path, sizeof t->model_path, t->dir, PATTERNS_MODEL));
    TRY(path_join(t->checkpoint, sizeof t->checkpoint, t->dir, CHECKPOINT));
    TRY(claim(t->dir, lock));
    TRY(spare_another(t, o->force));
    TRY(write_source(t, o)); /* first of all: it says whose directory this is */
    TRY(fit_or_load(t, o->jobs));
    TRY(drop_checkpoint(t));
    TRY(build(t));
    TRY(write_latents(t));
    TRY(progress_begin(&t->progress, "map", 1000, "iterations"));
    int rc = patterns_parallel(o->jobs, write_out, t);
    progress_end(t->progress);
    t->progress = NULL;
    return rc;
}

int patterns_train(const char *file, const char *dir, const struct patterns_train_options *options) {
    struct patterns_training t = {.file = file, .dir = dir, .seed = options->seed};
    int lock = -1, rc = train(&t, options, &lock);
    dir_unlock(&lock);
    library_free(&t.library);
    gw_training_log_free(&t.log);
    gw_model_free(t.gate);
    mem_free(t.sample);
    gw_labels_free(&t.label);
    gw_bars_free(&t.bars);
    return rc;
}
