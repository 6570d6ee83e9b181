/* Integrated gradients of a fit's surest signals: the bars whose attention is kept. */
#include "fit_gradients.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"

struct chosen {
    size_t row; /* of fit->row */
    int gate;
    float probability;
};

/* Surest first, then the earlier one; the gates one after the other. */
static int by_probability(const void *a, const void *b) {
    const struct chosen *x = a, *y = b;
    if (x->gate != y->gate) return x->gate - y->gate;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

static size_t choose(const struct fit *fit, size_t most, struct chosen *chosen) {
    size_t n = 0, of_gate = 0;
    for (size_t i = 0; i < fit->n_rows; i++) {
        const struct attention_row *row = &fit->row[i];
        const float p = fit->probability[row->test_row * GW_N_GATES + (size_t)row->gate];
        chosen[i] = (struct chosen){.row = i, .gate = row->gate, .probability = p};
    }
    qsort(chosen, fit->n_rows, sizeof *chosen, by_probability);
    for (size_t i = 0; i < fit->n_rows; i++) {
        of_gate = i > 0 && chosen[i].gate == chosen[i - 1].gate ? of_gate + 1 : 0;
        if (of_gate < most) chosen[n++] = chosen[i];
    }
    return n;
}

static int keep(struct fit *fit, const struct chosen *chosen, size_t n, size_t size, const float *value,
                const struct gw_integrated *about) {
    for (size_t i = 0; i < n; i++) {
        struct attention_row *row = &fit->row[chosen[i].row];
        row->gradient = mem_calloc(size, sizeof *row->gradient);
        if (!row->gradient) return GW_ERR_NOMEM;
        memcpy(row->gradient, value + i * size, size * sizeof *row->gradient);
        row->integrated = about[i];
    }
    return GW_OK;
}

int fit_keep_gradients(size_t most, const struct fold_data *data, const struct gw_gate_model *model, struct fit *fit) {
    const struct gw_model_config *config = gw_model_get_config(model);
    const size_t size = config->lookback * config->n_features;
    const char *why = gw_model_mixes(model) ? "is a mixture of snapshots" : gw_model_no_gradients(config);
    if (most == 0 || fit->n_rows == 0) return GW_OK;
    if (why) {
        if (!*fit->advice) snprintf(fit->advice, sizeof fit->advice, "has no integrated gradients: it %s", why);
        return GW_OK;
    }
    struct chosen *chosen = mem_calloc(fit->n_rows, sizeof *chosen);
    size_t n = chosen ? choose(fit, most, chosen) : 0;
    struct gw_sample *sample = mem_calloc(n + 1, sizeof *sample);
    struct gw_integrated *about = mem_calloc(n + 1, sizeof *about);
    int *gate = mem_calloc(n + 1, sizeof *gate);
    float *value = mem_calloc(n * size + 1, sizeof *value);
    int rc = chosen && sample && about && gate && value ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < n; i++) {
        sample[i] = data->sample[GW_SLICE_TEST][fit->row[chosen[i].row].test_row];
        gate[i] = chosen[i].gate;
    }
    if (rc == GW_OK)
        rc = gw_model_integrated_gradients(model, data->score_series, data->n_symbols, sample, gate, n, value, about);
    if (rc == GW_OK) rc = keep(fit, chosen, n, size, value, about);
    mem_free(value);
    mem_free(gate);
    mem_free(about);
    mem_free(sample);
    mem_free(chosen);
    return rc;
}
