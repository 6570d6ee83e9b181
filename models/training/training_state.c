/* A fit between two epochs as a safetensors file: one that goes on from it ends with the bytes of one that was never
 * interrupted. Every random number is keyed by the epoch or the update that draws it, so that weights, the optimiser's
 * moments, the counts and the log are all there is to keep. Whatever is wrong with the file only costs the epochs that it
 * holds. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/store/safetensors.h"
#include "training.h"

#define STATE_FORMAT "gatewalk-fit-state-1"

enum { COUNTS, LOG, WEIGHTS, BEST, OPTIMIZER, PARTS };
static const char *const part_name[PARTS] = {"counts", "log", "weights", "best", "optimizer"};
enum {
    UPDATES,
    WINDOWS,
    CYCLE_FIRST,
    CYCLE_UPDATES,
    CYCLE_WARMUP,
    SCALE_UPDATES,
    SCALE_SKIPPED,
    SCALE_SINCE,
    SCALE_NOW,
    N_COUNTS
};
enum { EPOCH, RATE, TRAIN_LOSS, VALIDATION_LOSS, AP_LONG, AP_SHORT, IS_BEST, HAS_PATHS, PATH_LOSS, N_COLUMNS };
_Static_assert(GW_N_GATES == 2, "an average precision each");

static void put_counts(const struct R(training) *fit, double count[N_COUNTS]) {
    count[UPDATES] = (double)fit->updates;
    count[WINDOWS] = (double)fit->windows;
    count[CYCLE_FIRST] = (double)fit->cycle.first;
    count[CYCLE_UPDATES] = (double)fit->cycle.updates;
    count[CYCLE_WARMUP] = (double)fit->cycle.warmup_updates;
    count[SCALE_UPDATES] = (double)fit->scale.updates;
    count[SCALE_SKIPPED] = (double)fit->scale.skipped;
    count[SCALE_SINCE] = (double)fit->scale.since;
    count[SCALE_NOW] = fit->scale.now;
}

static void take_counts(struct R(training) *fit, const double count[N_COUNTS]) {
    fit->updates = (uint64_t)count[UPDATES];
    fit->windows = (uint64_t)count[WINDOWS];
    fit->cycle.first = (uint64_t)count[CYCLE_FIRST];
    fit->cycle.updates = (uint64_t)count[CYCLE_UPDATES];
    fit->cycle.warmup_updates = (uint64_t)count[CYCLE_WARMUP];
    fit->scale.updates = (uint64_t)count[SCALE_UPDATES];
    fit->scale.skipped = (uint64_t)count[SCALE_SKIPPED];
    fit->scale.since = (size_t)count[SCALE_SINCE];
    fit->scale.now = count[SCALE_NOW];
}

static void put_record(const struct gw_epoch_record *record, double row[N_COLUMNS]) {
    row[EPOCH] = record->epoch;
    row[RATE] = record->learning_rate;
    row[TRAIN_LOSS] = record->train_loss;
    row[VALIDATION_LOSS] = record->validation_loss;
    row[AP_LONG] = record->validation_ap[0];
    row[AP_SHORT] = record->validation_ap[1];
    row[IS_BEST] = record->best;
    row[HAS_PATHS] = record->has_paths;
    row[PATH_LOSS] = record->path_loss;
}

static struct gw_epoch_record record_of(const double row[N_COLUMNS], size_t epoch) {
    return (struct gw_epoch_record){.epoch = (uint32_t)epoch,
                                    .learning_rate = row[RATE],
                                    .train_loss = row[TRAIN_LOSS],
                                    .validation_loss = row[VALIDATION_LOSS],
                                    .validation_ap = {row[AP_LONG], row[AP_SHORT]},
                                    .best = row[IS_BEST] != 0,
                                    .has_paths = row[HAS_PATHS] != 0,
                                    .path_loss = row[PATH_LOSS]};
}

/* What the optimiser moves is all of the network: adapters have no state (gw_model_resumes). */
static size_t optimizer_size(const struct R(training) *fit) {
    return fit->optimizer->state_blocks * fit->net.tensors.size;
}

int R(training_state_store)(const struct R(training) *fit, const struct gw_training_log *log) {
    const bool wide = sizeof(real) == sizeof(double);
    const struct stored_meta meta[] = {{"format", STATE_FORMAT}, {"key", fit->options->checkpoint_key}};
    double counts[N_COUNTS], *rows = mem_calloc(log->n_epochs * N_COLUMNS, sizeof *rows);
    if (!rows) return GW_ERR_NOMEM;
    put_counts(fit, counts);
    for (size_t e = 0; e < log->n_epochs; e++) put_record(&log->epoch[e], rows + e * N_COLUMNS);
    const struct stored_tensor tensor[PARTS] = {
        [COUNTS] = stored_matrix(part_name[COUNTS], true, 1, N_COUNTS, counts),
        [LOG] = stored_matrix(part_name[LOG], true, log->n_epochs, N_COLUMNS, rows),
        [WEIGHTS] = stored_matrix(part_name[WEIGHTS], wide, 1, fit->net.tensors.size, fit->weights),
        [BEST] = stored_matrix(part_name[BEST], wide, 1, fit->net.tensors.size, fit->best),
        [OPTIMIZER] = stored_matrix(part_name[OPTIMIZER], wide, 1, optimizer_size(fit), fit->state),
    };
    int rc = safetensors_write(fit->options->checkpoint, meta, COUNT_OF(meta), tensor, PARTS);
    mem_free(rows);
    if (rc != GW_ERR_IO) return rc;
    message("%s; the fit will begin anew", gw_error_message()); /* it costs time, no result */
    gw_error_adopt("");
    return GW_OK;
}

/* ---- going on: nothing of the file is trusted ------------------------------------------------------------------- */

/* Epochs from 1 on, one behind the other. 0: one is none, or none is the best. */
static size_t take_log(const struct stored_tensor *stored, struct gw_training_log *log) {
    size_t best = 0;
    for (size_t e = 0; e < stored->shape[0]; e++) {
        double row[N_COLUMNS]; /* a file's tensors lie anywhere */
        memcpy(row, (const char *)stored->data + e * sizeof row, sizeof row);
        if (row[EPOCH] != (double)(e + 1)) return 0;
        log->epoch[e] = record_of(row, e + 1);
        if (log->epoch[e].best) best = e + 1;
    }
    return best;
}

static bool take(const struct safetensors *file, size_t epochs_most, struct R(training) *fit,
                 struct gw_training_log *log) {
    const bool wide = sizeof(real) == sizeof(double);
    const size_t size = fit->net.tensors.size;
    struct stored_tensor found[PARTS] = {0};
    double counts[N_COUNTS];
    if (!safetensors_find(file, fit->options->checkpoint, part_name, PARTS, found)) return false;
    const size_t epochs = found[LOG].shape[0];
    if (epochs < 1 || epochs > epochs_most || !stored_is(&found[LOG], true, epochs, N_COLUMNS) ||
        !stored_is(&found[COUNTS], true, 1, N_COUNTS) || !stored_is(&found[WEIGHTS], wide, 1, size) ||
        !stored_is(&found[BEST], wide, 1, size) || !stored_is(&found[OPTIMIZER], wide, 1, optimizer_size(fit)))
        return false;
    memcpy(counts, found[COUNTS].data, sizeof counts);
    for (size_t i = 0; i < N_COUNTS; i++)
        if (!(counts[i] >= 0 && counts[i] < 1e15)) return false;
    log->best_epoch = take_log(&found[LOG], log);
    if (log->best_epoch == 0) return false;
    log->n_epochs = epochs;
    take_counts(fit, counts);
    memcpy(fit->weights, found[WEIGHTS].data, size * sizeof *fit->weights);
    memcpy(fit->best, found[BEST].data, size * sizeof *fit->best);
    memcpy(fit->state, found[OPTIMIZER].data, optimizer_size(fit) * sizeof *fit->state);
    R(network_pack_for)(&fit->net, fit->k, fit->weights, fit->packed);
    return true;
}

void R(training_state_load)(struct R(training) *fit, size_t epochs_most, struct gw_training_log *log) {
    struct safetensors file;
    const char *path = fit->options->checkpoint;
    if (!file_exists(path) || safetensors_read(path, &file) < 0) return;
    const char *format = safetensors_meta(&file, "format"), *of = safetensors_meta(&file, "key");
    if (format && strcmp(format, STATE_FORMAT) == 0 && of && strcmp(of, fit->options->checkpoint_key) == 0)
        take(&file, epochs_most, fit, log);
    safetensors_free(&file);
}
