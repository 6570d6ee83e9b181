/* What a pattern gate stores beside its weights: the categories' centres and counts, and R and C by epoch. Posteriors follow
 * from the counts. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "stored.h"

enum { COUNT_COLUMNS = 1 + 2 * GW_N_GATES };

/* size, then labels and hits of every gate. */
static void put_counts(const struct pattern_categories *all, double *out) {
    for (size_t c = 0; c < all->n; c++, out += COUNT_COLUMNS) {
        out[0] = all->size[c];
        for (size_t g = 0; g < GW_N_GATES; g++) {
            out[1 + 2 * g] = all->labels[c * GW_N_GATES + g];
            out[2 + 2 * g] = all->hits[c * GW_N_GATES + g];
        }
    }
}

void stored_log_put(const struct patterns_log *log, double *out) {
    for (size_t i = 0; i < log->n; i++, out += STORED_LOG_COLUMNS) {
        const struct patterns_epoch *e = &log->epoch[i];
        const double row[STORED_LOG_COLUMNS] = {e->epoch, e->learning_rate, e->train,   e->train_r, e->train_c,
                                                e->valid, e->valid_r,       e->valid_c, e->pull,    e->best};
        memcpy(out, row, sizeof row);
    }
}

static struct stored_tensor tensor(const char *name, bool is_double, size_t rows, size_t columns, const void *data) {
    struct stored_tensor out = {.is_double = is_double, .n_dims = 2, .shape = {rows, columns}, .data = data};
    snprintf(out.name, sizeof out.name, STORED_PATTERNS "%s", name);
    return out;
}

int store_patterns(const struct pattern_gate *gate, struct stored_tensor *out, size_t *n, double **memory) {
    const struct pattern_categories *all = &gate->categories;
    *memory = mem_calloc(all->n * COUNT_COLUMNS + gate->log.n * STORED_LOG_COLUMNS, sizeof **memory);
    if (!*memory) return GW_ERR_NOMEM;
    double *counts = *memory, *log = counts + all->n * COUNT_COLUMNS;
    put_counts(all, counts);
    stored_log_put(&gate->log, log);
    out[(*n)++] = tensor("counts", true, all->n, COUNT_COLUMNS, counts);
    out[(*n)++] = tensor("log", true, gate->log.n, STORED_LOG_COLUMNS, log);
    out[(*n)++] = tensor("centres", false, all->n, all->latent, all->centre);
    return GW_OK;
}

/* ---- loading: nothing of the file is trusted ------------------------------------------------------------------------ */

static int wrong(const char *path, const char *name) {
    FAIL(GW_ERR_DATA, "%s: tensor \"%s\" is not of a pattern library; train the model anew", path, name);
}

/* A count that was written is a whole number below 2^32. */
static bool is_count(double value) { return value >= 0 && value <= UINT32_MAX && value == floor(value); }

static int take_counts(const char *path, const struct stored_tensor *stored, struct pattern_gate *gate, size_t latent) {
    const size_t n = stored->shape[0];
    if (!stored->is_double || stored->shape[1] != COUNT_COLUMNS || n == 0 || gate->categories.n > 0)
        return wrong(path, stored->name);
    TRY(pattern_categories_make(n, latent, &gate->categories));
    struct pattern_categories *all = &gate->categories;
    for (size_t c = 0; c < n; c++) {
        double row[COUNT_COLUMNS];
        memcpy(row, (const char *)stored->data + c * sizeof row, sizeof row);
        for (size_t i = 0; i < COUNT_COLUMNS; i++)
            if (!is_count(row[i])) return wrong(path, stored->name);
        all->size[c] = (uint32_t)row[0];
        for (size_t g = 0; g < GW_N_GATES; g++) {
            if (row[2 + 2 * g] > row[1 + 2 * g]) return wrong(path, stored->name);
            all->labels[c * GW_N_GATES + g] = (uint32_t)row[1 + 2 * g];
            all->hits[c * GW_N_GATES + g] = (uint32_t)row[2 + 2 * g];
        }
    }
    pattern_categories_judge(all);
    return GW_OK;
}

bool stored_log_take(const double *row, struct patterns_epoch *epoch) {
    if (!is_count(row[0]) || !is_count(row[9])) return false;
    *epoch = (struct patterns_epoch){.epoch = (uint32_t)row[0],
                                     .learning_rate = row[1],
                                     .train = row[2],
                                     .train_r = row[3],
                                     .train_c = row[4],
                                     .valid = row[5],
                                     .valid_r = row[6],
                                     .valid_c = row[7],
                                     .pull = row[8],
                                     .best = row[9] > 0};
    return true;
}

static int take_log(const char *path, const struct stored_tensor *stored, struct patterns_log *log) {
    const size_t n = stored->shape[0];
    if (!stored->is_double || stored->shape[1] != STORED_LOG_COLUMNS || n == 0 || log->epoch)
        return wrong(path, stored->name);
    log->epoch = mem_calloc(n, sizeof *log->epoch);
    if (!log->epoch) return GW_ERR_NOMEM;
    for (; log->n < n; log->n++) {
        double row[STORED_LOG_COLUMNS];
        memcpy(row, (const char *)stored->data + log->n * sizeof row, sizeof row);
        if (!stored_log_take(row, &log->epoch[log->n])) return wrong(path, stored->name);
        if (log->epoch[log->n].best) log->best = log->n + 1;
    }
    return GW_OK;
}

static int take_centres(const char *path, const struct stored_tensor *stored, struct pattern_gate *gate) {
    struct pattern_categories *all = &gate->categories;
    if (stored->is_double || all->n == 0 || stored->shape[0] != all->n || stored->shape[1] != all->latent)
        return wrong(path, stored->name);
    memcpy(all->centre, stored->data, all->n * all->latent * sizeof *all->centre);
    for (size_t i = 0; i < all->n * all->latent; i++)
        if (!isfinite(all->centre[i])) return wrong(path, stored->name);
    return GW_OK;
}

/* Counts come before centres, as they were written. */
int load_patterns(const char *path, const struct stored_tensor *stored, struct gw_gate_model *model) {
    const struct gw_model_config *config = &model->gate.net.config;
    const char *what = stored->name + strlen(STORED_PATTERNS);
    if (model->gate.net.encoder->fits != FITS_PATTERNS || stored->n_dims != 2) return wrong(path, stored->name);
    if (!model->patterns) model->patterns = mem_calloc(1, sizeof *model->patterns);
    if (!model->patterns) return GW_ERR_NOMEM;
    if (strcmp(what, "counts") == 0)
        return take_counts(path, stored, model->patterns,
                           ((const struct patterns_params *)own_of_encoder(config))->latent);
    if (strcmp(what, "log") == 0) return take_log(path, stored, &model->patterns->log);
    if (strcmp(what, "centres") == 0) return take_centres(path, stored, model->patterns);
    return wrong(path, stored->name);
}

int load_patterns_end(const char *path, struct gw_gate_model *model) {
    if (model->gate.net.encoder->fits != FITS_PATTERNS) return GW_OK;
    bool whole = model->patterns && model->patterns->categories.n > 0 && model->patterns->log.n > 0;
    const struct pattern_categories *all = whole ? &model->patterns->categories : NULL;
    double length = 0;
    for (size_t i = 0; whole && i < all->latent; i++) length += pow((double)all->centre[i], 2);
    if (!whole || length == 0) FAIL(GW_ERR_DATA, "%s: its categories are missing; train the model anew", path);
    return pattern_gate_finish(&model->gate, model->patterns);
}
