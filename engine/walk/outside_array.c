/* Scores as an array: .npy, float32 or float64, [bars × 2] with p_long and p_short of every bar of one symbol in time
 * order, NaN where there is none. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

/* float64 unless the array is float32; what both refuse is said by the second. */
static int load(const char *path, size_t shape[2], double **value) {
    void *data;
    if (npy_read(path, "<f4", sizeof(float), shape, 2, &data) == GW_OK) {
        size_t n = shape[0] * shape[1];
        *value = mem_calloc(n ? n : 1, sizeof **value);
        for (size_t i = 0; *value && i < n; i++) (*value)[i] = (double)((float *)data)[i];
        mem_free(data);
        return *value ? GW_OK : GW_ERR_NOMEM;
    }
    int rc = npy_read(path, "<f8", sizeof(double), shape, 2, &data);
    *value = data;
    if (rc != GW_ERR_DATA) return rc;
    char said[1024];
    snprintf(said, sizeof said, "%s", gw_error_message());
    FAIL(GW_ERR_DATA, "%s; scores are saved with np.save as float32 or float64, [bars x 2]", said);
}

static int put_bar(struct reading *r, const struct row *row, size_t t, const double value[GW_N_GATES],
                   const char *path) {
    struct said said = {.tau = {NAN, NAN}};
    for (int g = 0; g < GW_N_GATES; g++) {
        said.p[g] = (float)value[g];
        if (isinf(said.p[g]))
            FAIL(GW_ERR_DATA, "%s:%zu:%d: is %s; a score is any finite number, or NaN (row and column of the array)",
                 path, t + 1, g + 1, isinf(value[g]) ? "infinite" : "beyond single precision");
    }
    struct record record = {.path = path, .line = t + 1, .n = 1, .place = {1}};
    return outside_join_bar(r, row, t, &said, &record, 0);
}

int outside_read_array(struct reading *r, const char *path) {
    size_t shape[2], symbol = r->file_symbol != SIZE_MAX ? r->file_symbol : 0;
    const struct gw_bars *bars = &r->p->market.symbol[symbol];
    double *value;
    int rc = GW_OK;
    if (r->file_symbol == SIZE_MAX && r->p->market.n_symbols > 1)
        FAIL(GW_ERR_DATA, "%s: an array is of one symbol, and the run has %zu; write {symbol} in the files' name", path,
             r->p->market.n_symbols);
    TRY(load(path, shape, &value));
    if (shape[1] != GW_N_GATES)
        rc = gw_error_set(GW_ERR_DATA, "%s: has %zu columns; two are needed, p_long and p_short", path, shape[1]);
    else if (shape[0] != bars->n)
        rc = gw_error_set(GW_ERR_DATA,
                          "%s: has %zu rows, but %s has %zu bars in this run; give each bar a row, NaN where there is "
                          "no score",
                          path, shape[0], bars->symbol, bars->n);
    struct row row = {.symbol = symbol, .seed = r->file_seed != SIZE_MAX ? r->file_seed : r->e->n_seeds};
    for (size_t t = 0; rc == GW_OK && t < bars->n; t++) {
        if (isnan(value[2 * t]) && isnan(value[2 * t + 1])) continue;
        r->file->n_rows++;
        r->out->account.n_rows++;
        rc = put_bar(r, &row, t, value + 2 * t, path);
    }
    mem_free(value);
    return rc;
}
