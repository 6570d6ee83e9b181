/* The tensor list and the initial values of its rows. */
#include "tensors.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gatewalk/rng.h"

size_t tensor_add(struct tensor_list *list, const char *name, size_t rows, size_t columns, enum tensor_init init,
                  bool adapt) {
    assert(list->n < TENSORS_MAX);
    struct tensor *tensor = &list->item[list->n];
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->rows = rows;
    tensor->columns = columns;
    tensor->offset = list->size;
    tensor->init = init;
    tensor->adapt = adapt;
    list->count += rows * columns;
    list->size += (rows * columns + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    return list->n++;
}

size_t tensor_add_layer(struct tensor_list *list, const char *prefix, size_t layer, const char *suffix, size_t rows,
                        size_t columns, enum tensor_init init, bool adapt) {
    char name[TENSOR_NAME_MAX];
    snprintf(name, sizeof name, "%.12s%zu.%.8s", prefix, layer, suffix);
    return tensor_add(list, name, rows, columns, init, adapt);
}

bool tensors_same_shape(const struct tensor_list *a, const struct tensor_list *b) {
    if (a->n != b->n || a->size != b->size) return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->item[i].name, b->item[i].name) != 0 || a->item[i].rows != b->item[i].rows ||
            a->item[i].columns != b->item[i].columns)
            return false;
    return true;
}

/* ---- initial values --------------------------------------------------------------------------- */

static void glorot(const struct tensor *tensor, struct gw_rng *rng, double *value) {
    double limit = sqrt(6.0 / (double)(tensor->rows + tensor->columns));
    for (size_t i = 0; i < tensor->rows * tensor->columns; i++) value[i] = (2 * gw_rng_uniform(rng) - 1) * limit;
}

static double row_dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Gram-Schmidt on normal rows: uniform over matrices with orthonormal rows, as a sign-corrected QR is. Two sweeps,
 * because one leaves rounding errors that grow with the number of rows. */
static void orthogonal(const struct tensor *tensor, struct gw_rng *rng, double *value) {
    size_t rows = tensor->rows, columns = tensor->columns;
    assert(rows <= columns);
    for (size_t r = 0; r < rows; r++) {
        double *row = value + r * columns;
        for (size_t i = 0; i < columns; i++) row[i] = gw_rng_normal(rng);
        for (int sweep = 0; sweep < 2; sweep++)
            for (size_t p = 0; p < r; p++) {
                double along = row_dot(row, value + p * columns, columns);
                for (size_t i = 0; i < columns; i++) row[i] -= along * value[p * columns + i];
            }
        double norm = sqrt(row_dot(row, row, columns));
        for (size_t i = 0; i < columns; i++) row[i] /= norm;
    }
}

/* Forget bias 1; chrono: b_f = log U(1, T_max - 1), b_i = -b_f, so that memories of up to T_max steps
 * survive from the start (Tallec & Ollivier 2018, eq. 16). */
static void lstm_bias(const struct tensor *tensor, size_t lookback, struct gw_rng *rng, double *value) {
    size_t hidden = tensor->columns / 4;
    for (size_t i = 0; i < tensor->columns; i++) value[i] = 0;
    bool chrono = tensor->init == INIT_LSTM_CHRONO;
    double span = lookback > 2 ? (double)lookback - 2 : 0;
    for (size_t i = 0; i < hidden; i++) {
        value[hidden + i] = chrono ? log(1 + span * gw_rng_uniform(rng)) : 1;
        if (chrono) value[i] = -value[hidden + i];
    }
}

void tensor_init_values(const struct tensor *tensor, const struct gw_model_config *config, uint64_t seed,
                        double *value) {
    struct gw_rng rng;
    gw_rng_key(&rng, seed, tensor->name, 0, 0, 0);
    switch (tensor->init) {
    case INIT_ZERO:
        memset(value, 0, tensor->rows * tensor->columns * sizeof *value);
        break;
    case INIT_ONE:
        for (size_t i = 0; i < tensor->rows * tensor->columns; i++) value[i] = 1;
        break;
    case INIT_GLOROT:
        glorot(tensor, &rng, value);
        break;
    case INIT_ORTHOGONAL:
        orthogonal(tensor, &rng, value);
        break;
    case INIT_LSTM_BIAS:
    case INIT_LSTM_CHRONO:
        lstm_bias(tensor, config->lookback, &rng, value);
        break;
    }
}
