/* A fit between two epochs as a safetensors file: a training that was stopped, or killed, goes on from it to the same bytes.
 * Whatever is wrong with the file only costs the epochs that it holds. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/store/stored.h"
#include "patterns_fit.h"

#define CHECKPOINT_FORMAT "gatewalk-patterns-fit-1"

enum { COUNTS, LOG, WEIGHTS, BEST, OPTIMIZER, PARTS };
enum { UPDATES, WINDOWS, N_COUNTS };
static const char *const part_name[PARTS] = {"counts", "log", "weights", "best", "optimizer"};

int patterns_state_store(const struct patterns_state *state, const char *path, const char *key) {
    const struct stored_meta meta[] = {{"format", CHECKPOINT_FORMAT}, {"key", key}};
    const double counts[N_COUNTS] = {[UPDATES] = (double)state->updates, [WINDOWS] = (double)state->windows};
    double *log = mem_calloc(state->log->n * STORED_LOG_COLUMNS, sizeof *log);
    if (!log) return GW_ERR_NOMEM;
    stored_log_put(state->log, log);
    const struct stored_tensor tensor[PARTS] = {
        [COUNTS] = stored_matrix(part_name[COUNTS], true, 1, N_COUNTS, counts),
        [LOG] = stored_matrix(part_name[LOG], true, state->log->n, STORED_LOG_COLUMNS, log),
        [WEIGHTS] = stored_matrix(part_name[WEIGHTS], false, 1, state->n, state->weights),
        [BEST] = stored_matrix(part_name[BEST], false, 1, state->n, state->best),
        [OPTIMIZER] = stored_matrix(part_name[OPTIMIZER], false, 1, state->n_optimizer, state->optimizer),
    };
    int rc = safetensors_write(path, meta, COUNT_OF(meta), tensor, PARTS);
    mem_free(log);
    return rc;
}

/* ---- going on: nothing of the file is trusted ------------------------------------------------------------------- */

/* Epochs from 1 on, one behind the other, of which one is the best. */
static bool take_log(const struct stored_tensor *stored, struct patterns_log *log) {
    log->best = 0;
    for (log->n = 0; log->n < stored->shape[0]; log->n++) {
        struct patterns_epoch *epoch = &log->epoch[log->n];
        double row[STORED_LOG_COLUMNS];
        memcpy(row, (const char *)stored->data + log->n * sizeof row, sizeof row);
        if (!stored_log_take(row, epoch) || epoch->epoch != log->n + 1) return false;
        if (epoch->best) log->best = epoch->epoch;
    }
    return log->best > 0;
}

static bool is_finite(const struct stored_tensor *tensor) {
    for (size_t i = 0; i < tensor->shape[1]; i++) {
        float value; /* a file's tensors lie anywhere */
        memcpy(&value, (const char *)tensor->data + i * sizeof value, sizeof value);
        if (!isfinite(value)) return false;
    }
    return true;
}

static bool take(const struct safetensors *file, const char *path, struct patterns_state *state) {
    struct stored_tensor found[PARTS] = {0};
    double counts[N_COUNTS];
    if (!safetensors_find(file, path, part_name, PARTS, found)) return false;
    const size_t epochs = found[LOG].shape[0];
    if (epochs < 1 || epochs > state->n_epochs || !stored_is(&found[LOG], true, epochs, STORED_LOG_COLUMNS) ||
        !stored_is(&found[COUNTS], true, 1, N_COUNTS) || !stored_is(&found[WEIGHTS], false, 1, state->n) ||
        !stored_is(&found[BEST], false, 1, state->n) || !stored_is(&found[OPTIMIZER], false, 1, state->n_optimizer))
        return false;
    memcpy(counts, found[COUNTS].data, sizeof counts);
    for (size_t i = 0; i < N_COUNTS; i++)
        if (!(counts[i] >= 1 && counts[i] < 1e15)) return false;
    if (!is_finite(&found[WEIGHTS]) || !is_finite(&found[BEST]) || !is_finite(&found[OPTIMIZER])) return false;
    if (!take_log(&found[LOG], state->log)) {
        state->log->n = state->log->best = 0;
        return false;
    }
    state->updates = (uint64_t)counts[UPDATES];
    state->windows = (uint64_t)counts[WINDOWS];
    memcpy(state->weights, found[WEIGHTS].data, state->n * sizeof *state->weights);
    memcpy(state->best, found[BEST].data, state->n * sizeof *state->best);
    memcpy(state->optimizer, found[OPTIMIZER].data, state->n_optimizer * sizeof *state->optimizer);
    return true;
}

bool patterns_state_load(struct patterns_state *state, const char *path, const char *key) {
    struct safetensors file;
    if (!file_exists(path) || safetensors_read(path, &file) < 0) return false;
    const char *format = safetensors_meta(&file, "format"), *of = safetensors_meta(&file, "key");
    const bool whole =
        format && strcmp(format, CHECKPOINT_FORMAT) == 0 && of && strcmp(of, key) == 0 && take(&file, path, state);
    safetensors_free(&file);
    return whole;
}
