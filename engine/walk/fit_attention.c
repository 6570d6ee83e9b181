/* What a fit keeps of its attention: sums by lag over the fold's test bars, and the maps of its signals. */
#include <string.h>

#include "fit_attention.h"

static void add_weights(double *sum, const float *weight, size_t n) {
    for (size_t i = 0; i < n; i++) sum[i] += (double)weight[i];
}

static int push_row(struct fit *fit, size_t *room, size_t test_row, int gate, const float *weight, size_t width) {
    if (fit->n_rows == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct attention_row *row = mem_realloc(fit->row, more, sizeof *row);
        if (!row) return GW_ERR_NOMEM;
        fit->row = row;
        *room = more;
    }
    struct attention_row row = {.test_row = test_row, .gate = gate, .weight = mem_calloc(width, sizeof(float))};
    if (!row.weight) return GW_ERR_NOMEM;
    memcpy(row.weight, weight, width * sizeof(float));
    fit->row[fit->n_rows++] = row;
    return GW_OK;
}

/* column: room for n_test probabilities. A constant score would make every bar a signal: such maps say nothing and are
 * not kept. */
static int keep_gate(struct fit *fit, int gate, double k_percent, const float *weight, size_t width, float *column,
                     size_t *room) {
    struct attention_sums *sums = &fit->attention[gate];
    const float *p = fit->probability + gate;
    sums->top = mem_calloc(width, sizeof(double));
    sums->rest = mem_calloc(width, sizeof(double));
    if (!sums->top || !sums->rest) return GW_ERR_NOMEM;
    for (size_t i = 0; i < fit->n_test; i++) column[i] = p[i * GW_N_GATES];
    float border = fit_top_threshold(column, fit->n_test, k_percent);
    for (size_t i = 0; i < fit->n_test; i++) {
        bool top = p[i * GW_N_GATES] >= border;
        add_weights(top ? sums->top : sums->rest, weight + i * width, width);
        sums->n_top += top;
    }
    sums->n_rest = fit->n_test - sums->n_top;
    if (sums->n_top >= fit->n_test / 4 + 2) return GW_OK;
    for (size_t i = 0; i < fit->n_test; i++)
        if (p[i * GW_N_GATES] >= border) TRY(push_row(fit, room, i, gate, weight + i * width, width));
    return GW_OK;
}

int fit_keep_attention(struct fit *fit, double k_percent, const float *weight, size_t width) {
    float *column = mem_calloc(fit->n_test, sizeof *column);
    size_t room = 0;
    int rc = column ? GW_OK : GW_ERR_NOMEM;
    for (int g = 0; rc == GW_OK && g < GW_N_GATES; g++) rc = keep_gate(fit, g, k_percent, weight, width, column, &room);
    mem_free(column);
    return rc;
}
