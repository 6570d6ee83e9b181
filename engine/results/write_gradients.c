/* What moved the surest signals: integrated gradients, how whole they are, and how far attention says the same. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "write.h"

static int open_table(struct out_file *file, const char *dir, const char *name, const char *header) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    TRY(out_open(file, path));
    out_printf(file, "%s\n", header);
    return GW_OK;
}

/* ---- rank correlation -------------------------------------------------------------------------------------------- */

struct ranked {
    double value, rank;
    size_t at;
};
static int by_value(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}
static int by_place(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Equal values share the mean of their ranks; the order is that of `at` again. */
static void rank(struct ranked *r, size_t n) {
    qsort(r, n, sizeof *r, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r[end].value == r[i].value;) end++;
        for (size_t k = i; k < end; k++) r[k].rank = (double)(i + end - 1) / 2;
    }
    qsort(r, n, sizeof *r, by_place);
}

/* Spearman (1904); NAN where one of the two is constant. */
static double rank_correlation(struct ranked *x, struct ranked *y, size_t n) {
    const double middle = ((double)n - 1) / 2;
    double xy = 0, xx = 0, yy = 0;
    rank(x, n);
    rank(y, n);
    for (size_t i = 0; i < n; i++) {
        xy += (x[i].rank - middle) * (y[i].rank - middle);
        xx += (x[i].rank - middle) * (x[i].rank - middle);
        yy += (y[i].rank - middle) * (y[i].rank - middle);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

/* Of a signal: attention, mean over its maps, against the size of the gradients, summed over features, lag by lag. */
static double agreement(const struct attention_row *row, size_t n_maps, size_t T, size_t F, struct ranked *work) {
    struct ranked *attention = work, *size = work + T;
    for (size_t s = 0; s < T; s++) {
        attention[s] = size[s] = (struct ranked){.at = s};
        for (size_t m = 0; m < n_maps; m++) attention[s].value += (double)row->weight[m * T + s];
        for (size_t f = 0; f < F; f++) size[s].value += fabs((double)row->gradient[s * F + f]);
    }
    return rank_correlation(attention, size, T);
}

/* ---- the signals ------------------------------------------------------------------------------------------------- */

struct gradient_maps {
    float *value; /* [n × T × F] */
    size_t n, T, F;
};

static void put_map(struct gradient_maps *maps, const struct attention_row *row, size_t T) {
    const size_t size = maps->T * maps->F, own = T * maps->F;
    float *to = maps->value + maps->n++ * size; /* shorter lookbacks are aligned at lag 0 */
    memcpy(to + (size - own), row->gradient, own * sizeof *to);
}

static int signal_line(struct out_file *out, const struct experiment *e, const struct fit *fit,
                       const struct attention_row *row, size_t attention_row, struct gradient_maps *maps) {
    const size_t T = e->strategy[fit->strategy].model.lookback;
    const struct gw_integrated *about = &row->integrated;
    char logit[32], baseline[32], sum[32], agree[32];
    struct ranked *work = mem_calloc(2 * T, sizeof *work);
    if (!work) return GW_ERR_NOMEM;
    const double correlation = agreement(row, fit->n_maps, T, maps->F, work);
    mem_free(work);
    out_printf(out, "%zu,%zu,%s,%" PRIu64 ",%zu,%s,%s,%s,%s,%zu,%d,%s\n", maps->n, attention_row,
               e->strategy[fit->strategy].name, e->seed[fit->seed], fit->fold + 1, gw_gate_name[row->gate],
               number_format(about->logit, logit), number_format(about->baseline, baseline),
               number_format(about->sum, sum), about->steps, about->complete,
               isnan(correlation) ? "" : number_format(correlation, agree));
    put_map(maps, row, T);
    return GW_OK;
}

/* attention.npy holds a signal's mean map, then those of its heads where it has several, then that of a second sequence. */
static int signal_lines(struct out_file *out, const struct experiment *e, const struct fit_list *fits,
                        struct gradient_maps *maps) {
    size_t attention_row = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        for (size_t k = 0; k < fit->n_rows; k++) {
            if (fit->row[k].gradient) TRY(signal_line(out, e, fit, &fit->row[k], attention_row, maps));
            attention_row += write_attention_rows(e, fit);
        }
    }
    return GW_OK;
}

static int write_signals(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                         const char *dir) {
    struct gradient_maps maps = {.T = p->lookback, .F = e->n_features};
    struct out_file index = {0};
    char path[1024];
    size_t n = 0;
    int rc;
    for (size_t i = 0; i < fits->n; i++)
        for (size_t k = 0; k < fits->fit[i].n_rows; k++) n += fits->fit[i].row[k].gradient != NULL;
    maps.value = mem_calloc(n * maps.T * maps.F + 1, sizeof *maps.value);
    if (!maps.value) return GW_ERR_NOMEM;
    TRY_GOTO(open_table(&index, dir, GW_RUN_GRADIENTS_INDEX,
                        "row,attention_row,strategy,seed,fold,gate,logit,baseline,sum,steps,complete,rank_correlation"),
             done);
    TRY_GOTO(signal_lines(&index, e, fits, &maps), done);
    TRY_GOTO(path_join(path, sizeof path, dir, GW_RUN_GRADIENTS), done);
    TRY_GOTO(npy_write(path, "<f4", sizeof(float), (size_t[]){n, maps.T, maps.F}, 3, maps.value), done);
    TRY_GOTO(out_commit(&index), done);
done:
    out_abort(&index);
    mem_free(maps.value);
    return rc;
}

/* ---- their means ------------------------------------------------------------------------------------------------- */

struct gradient_means {
    double *value, *size; /* [T × F] */
    size_t n;
};

static void add_fits(const struct fit_list *fits, size_t s, size_t k, int gate, size_t size,
                     struct gradient_means *means) {
    memset(means->value, 0, size * sizeof *means->value);
    memset(means->size, 0, size * sizeof *means->size);
    means->n = 0;
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        for (size_t r = 0; fit->strategy == s && fit->seed == k && r < fit->n_rows; r++) {
            const struct attention_row *row = &fit->row[r];
            if (!row->gradient || row->gate != gate) continue;
            means->n++;
            for (size_t j = 0; j < size; j++) {
                means->value[j] += (double)row->gradient[j];
                means->size[j] += fabs((double)row->gradient[j]);
            }
        }
    }
}

static void mean_lines(struct out_file *out, const struct experiment *e, size_t s, size_t k, int gate,
                       const struct gradient_means *means) {
    const size_t T = e->strategy[s].model.lookback, F = e->n_features;
    for (size_t f = 0; means->n && f < F; f++) {
        char name[GW_FEATURE_NAME_MAX], value[32], size[32], *comma;
        snprintf(name, sizeof name, "%s", e->feature[f]);
        while ((comma = strchr(name, ','))) *comma = ';'; /* the tables have no quotes */
        for (size_t step = 0; step < T; step++)
            out_printf(out, "%s,%" PRIu64 ",%s,%s,%zu,%s,%s,%zu\n", e->strategy[s].name, e->seed[k], gw_gate_name[gate],
                       name, T - 1 - step, number_format(means->value[step * F + f] / (double)means->n, value),
                       number_format(means->size[step * F + f] / (double)means->n, size), means->n);
    }
}

static int write_means(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                       const struct results *r, const char *dir) {
    const size_t most = p->lookback * e->n_features;
    struct gradient_means means = {.value = mem_calloc(most + 1, sizeof(double)),
                                   .size = mem_calloc(most + 1, sizeof(double))};
    struct out_file file = {0};
    int rc = means.value && means.size ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) rc = open_table(&file, dir, GW_RUN_GRADIENTS_MEAN, "strategy,seed,gate,feature,lag,value,size,n");
    for (size_t s = 0; rc == GW_OK && s < e->n_strategies; s++) {
        if (!strategy_trains(&e->strategy[s])) continue;
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            for (int g = 0; g < GW_N_GATES; g++) {
                add_fits(fits, s, k, g, e->strategy[s].model.lookback * e->n_features, &means);
                mean_lines(&file, e, s, k, g, &means);
            }
    }
    if (rc == GW_OK) rc = out_commit(&file);
    out_abort(&file);
    mem_free(means.value);
    mem_free(means.size);
    return rc;
}

int write_gradients(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) {
    if (e->verdict.gradients == 0) return GW_OK;
    TRY(write_means(e, p, fits, r, dir));
    return write_signals(e, p, fits, dir);
}
