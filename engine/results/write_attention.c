/* What the models looked at: attention of signal bars, its mean by lag, feature importance. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "write.h"

static size_t fit_lookback(const struct experiment *e, const struct fit *fit) {
    return e->strategy[fit->strategy].model.lookback;
}

static int csv_open(struct out_file *file, const char *dir, const char *name, const char *header) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    TRY(out_open(file, path));
    out_printf(file, "%s\n", header);
    return GW_OK;
}

/* Mean over seeds is left to the reader; the mean over folds is weighted by bars. */
static void mean_rows(struct out_file *out, const struct experiment *e, const struct fit_list *fits, size_t s, size_t k,
                      int gate, const char *group, bool top, size_t first, size_t T, size_t n_maps, const char *label) {
    for (size_t step = 0; step < T; step++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < fits->n; i++) {
            const struct fit *fit = &fits->fit[i];
            if (fit->strategy != s || fit->seed != k) continue;
            const struct attention_sums *sums = &fit->attention[gate];
            const double *values = top ? sums->top : sums->rest;
            if (!values) continue;
            n += top ? sums->n_top : sums->n_rest;
            for (size_t m = 0; m < n_maps; m++) sum += values[first + m * T + step] / (double)n_maps;
        }
        char text[32];
        if (n)
            out_printf(out, "%s,%" PRIu64 ",%s,%s,%s,%zu,%s,%zu\n", e->strategy[s].name, e->seed[k], gw_gate_name[gate],
                       label, group, T - 1 - step, number_format(sum / (double)n, text), n);
    }
}

static int write_means(const struct experiment *e, const struct fit_list *fits, const struct results *r,
                       const char *dir) {
    struct out_file file;
    TRY(csv_open(&file, dir, GW_RUN_ATTENTION_MEAN, "strategy,seed,gate,map,group,lag,weight,n"));
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct gw_model_config *model = &e->strategy[s].model;
        if (!strategy_trains(&e->strategy[s]) || !gw_model_attends(model)) continue;
        const size_t maps = gw_model_attention_maps(model), T = model->lookback;
        const size_t cross = gw_model_cross_lookback(model);
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            for (int g = 0; g < GW_N_GATES; g++)
                for (int top = 1; top >= 0; top--) {
                    const char *group = top ? "top" : "rest";
                    if (maps) mean_rows(&file, e, fits, s, k, g, group, top, 0, T, maps, "mean");
                    for (size_t m = 0; maps > 1 && m < maps; m++) {
                        char label[32];
                        snprintf(label, sizeof label, "%zu", m + 1);
                        mean_rows(&file, e, fits, s, k, g, group, top, m * T, T, 1, label);
                    }
                    if (cross) mean_rows(&file, e, fits, s, k, g, group, top, maps * T, cross, 1, GW_MAP_CROSS);
                }
    }
    return out_commit(&file);
}

struct maps {
    float *weight;
    size_t n, capacity, T;
};

static int push_map(struct maps *maps, const float *weight, size_t T) {
    if (maps->n == maps->capacity) {
        size_t capacity = maps->capacity ? 2 * maps->capacity : 256;
        float *grown = mem_realloc(maps->weight, capacity * maps->T, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        maps->weight = grown;
        maps->capacity = capacity;
    }
    float *row = maps->weight + maps->n++ * maps->T;
    memset(row, 0, maps->T * sizeof *row);
    memcpy(row + (maps->T - T), weight, T * sizeof *row); /* shorter lookbacks are aligned at lag 0 */
    return GW_OK;
}

const struct test_bar *write_find_bar(const struct prepared *p, const struct fit *fit, size_t test_row,
                                      struct test_bar *out) {
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        if (!fit_knows(p, fit, s)) continue;
        if (test_row < r->end - r->begin) {
            *out = (struct test_bar){
                .fold = (uint32_t)fit->fold, .symbol = (uint32_t)s, .bar = (uint32_t)(r->begin + test_row)};
            out->close_ns = gw_bar_close_ns(&p->market.symbol[s], out->bar);
            return out;
        }
        test_row -= r->end - r->begin;
    }
    return NULL;
}

size_t write_attention_rows(const struct experiment *e, const struct fit *fit) {
    const size_t cross = gw_model_cross_lookback(&e->strategy[fit->strategy].model);
    return (fit->n_maps > 0) + (fit->n_maps > 1 ? fit->n_maps : 0) + (cross > 0);
}

static void index_row(struct out_file *out, const struct experiment *e, const struct prepared *p, const struct fit *fit,
                      const struct attention_row *row, size_t n, const char *map) {
    struct test_bar at;
    char time[40], open[40];
    if (!write_find_bar(p, fit, row->test_row, &at)) return;
    int label = p->labels[at.symbol].gate[row->gate][at.bar];
    out_printf(out, "%zu,%s,%s,%s,%s,%" PRIu64 ",%zu,%s,%.9g,", n, time_format(at.close_ns, time),
               time_format(p->market.symbol[at.symbol].bar[at.bar].open_ns, open), p->market.symbol[at.symbol].symbol,
               e->strategy[fit->strategy].name, e->seed[fit->seed], fit->fold + 1, gw_gate_name[row->gate],
               (double)fit->probability[row->test_row * GW_N_GATES + (size_t)row->gate]);
    if (label != GW_LABEL_MISSING) out_printf(out, "%d", label);
    out_printf(out, ",%s\n", map);
}

static void price_rows(struct out_file *out, const struct prepared *p, const struct fit *fit,
                       const struct attention_row *row, size_t n, size_t T) {
    struct test_bar at;
    char text[32], close[40], open[40];
    if (!write_find_bar(p, fit, row->test_row, &at)) return;
    const struct gw_bars *bars = &p->market.symbol[at.symbol];
    for (size_t lag = T; lag-- > 0;) {
        if (lag > at.bar) continue;
        size_t t = at.bar - lag;
        out_printf(out, "%zu,%zu,%s,%s,%s\n", n, lag, time_format(gw_bar_close_ns(bars, t), close),
                   time_format(bars->bar[t].open_ns, open), number_format(bars->bar[t].close, text));
    }
}

static int write_signal(const struct experiment *e, const struct prepared *p, const struct fit *fit,
                        const struct attention_row *row, struct out_file *index, struct out_file *prices,
                        struct maps *maps) {
    size_t T = fit_lookback(e, fit);
    float *mean = mem_calloc(T, sizeof *mean);
    if (!mean) return GW_ERR_NOMEM;
    for (size_t m = 0; m < fit->n_maps; m++)
        for (size_t s = 0; s < T; s++) mean[s] += row->weight[m * T + s] / (float)fit->n_maps;
    const size_t cross = gw_model_cross_lookback(&e->strategy[fit->strategy].model);
    int rc = GW_OK;
    if (fit->n_maps) {
        index_row(index, e, p, fit, row, maps->n, "mean");
        price_rows(prices, p, fit, row, maps->n, T);
        rc = push_map(maps, mean, T);
    }
    mem_free(mean);
    for (size_t m = 0; rc == GW_OK && fit->n_maps > 1 && m < fit->n_maps; m++) {
        char label[32];
        snprintf(label, sizeof label, "%zu", m + 1);
        index_row(index, e, p, fit, row, maps->n, label);
        rc = push_map(maps, row->weight + m * T, T);
    }
    if (rc == GW_OK && cross) {
        index_row(index, e, p, fit, row, maps->n, GW_MAP_CROSS);
        rc = push_map(maps, row->weight + fit->n_maps * T, cross);
    }
    return rc;
}

static int write_signals(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                         const char *dir) {
    struct out_file index = {0}, prices = {0};
    struct maps maps = {.T = p->lookback};
    char path[1024];
    int rc;
    TRY_GOTO(csv_open(&index, dir, GW_RUN_ATTENTION_INDEX,
                      "row,time,open_time,symbol,strategy,seed,fold,gate,probability,label,map"),
             done);
    TRY_GOTO(csv_open(&prices, dir, GW_RUN_SIGNALS, "row,lag,time,open_time,close"), done);
    for (size_t i = 0; i < fits->n; i++)
        for (size_t k = 0; k < fits->fit[i].n_rows; k++)
            TRY_GOTO(write_signal(e, p, &fits->fit[i], &fits->fit[i].row[k], &index, &prices, &maps), done);
    TRY_GOTO(path_join(path, sizeof path, dir, GW_RUN_ATTENTION), done);
    TRY_GOTO(npy_write(path, "<f4", sizeof(float), (size_t[]){maps.n, maps.T}, 2, maps.weight), done);
    TRY_GOTO(out_commit(&index), done);
    TRY_GOTO(out_commit(&prices), done);
done:
    out_abort(&index);
    out_abort(&prices);
    mem_free(maps.weight);
    return rc;
}

/* Mean over folds of one (strategy, seed): permutation drop per gate, or input attention (the same for both gates). */
static void importance_rows(struct out_file *out, const struct experiment *e, const struct fit_list *fits, size_t s,
                            size_t k, int gate, bool attention) {
    const struct gw_model_config *model = &e->strategy[s].model;
    const size_t n_inputs = gw_model_inputs(model);
    for (size_t f = 0; f < n_inputs; f++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < fits->n; i++) {
            const struct fit *fit = &fits->fit[i];
            const double *values = attention ? fit->feature_attention : fit->permutation;
            if (fit->strategy != s || fit->seed != k || !values) continue;
            double value = attention ? values[f] : values[(size_t)gate * n_inputs + f];
            if (isnan(value)) continue;
            sum += value;
            n++;
        }
        char text[32], *comma, name[GW_FEATURE_NAME_MAX];
        if (n == 0) continue;
        const char *channel = gw_model_input_name(model, f);
        snprintf(name, sizeof name, "%s", channel ? channel : e->feature[f]);
        while ((comma = strchr(name, ','))) *comma = ';'; /* the tables have no quotes */
        out_printf(out, "%s,%" PRIu64 ",%s,%s,%s,%s\n", e->strategy[s].name, e->seed[k], gw_gate_name[gate],
                   attention ? "attention" : "permutation", name, number_format(sum / (double)n, text));
    }
}

static int write_importance(const struct experiment *e, const struct fit_list *fits, const struct results *r,
                            const char *dir) {
    struct out_file file;
    TRY(csv_open(&file, dir, GW_RUN_IMPORTANCE, "strategy,seed,gate,kind,feature,value"));
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!strategy_trains(&e->strategy[s])) continue;
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            for (int g = 0; g < GW_N_GATES; g++)
                for (int attention = 0; attention < 2; attention++) importance_rows(&file, e, fits, s, k, g, attention);
    }
    return out_commit(&file);
}

int write_attention(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) {
    TRY(write_means(e, fits, r, dir));
    TRY(write_signals(e, p, fits, dir));
    return write_importance(e, fits, r, dir);
}
