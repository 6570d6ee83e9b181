/* The files of a library, as facts: whoever draws them reads nothing else. Columns: gatewalk/run_files.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "gatewalk/run_files.h"
#include "library_files.h"
#include "models/patterns/tsne.h"

enum { REBUILT = 5 };

int library_csv(struct out_file *file, const char *dir, const char *name, const char *header) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    TRY(out_open(file, path));
    out_printf(file, "%s\n", header);
    return GW_OK;
}

/* Empty where it is no number. */
void library_put(struct out_file *file, double value) {
    char text[32];
    out_printf(file, ",%s", isfinite(value) ? number_format(value, text) : "");
}

/* What every picture of it has in its heading. */
void library_heading(const struct library *l, struct json_writer *w) {
    char text[40];
    const struct gw_bars *bars = l->symbol;
    json_put_int(w, "schema", GW_RUN_SCHEMA);
    json_put_string(w, "name", l->name);
    json_put_string(w, "symbol", l->n_symbols == 1 ? bars->symbol : "several symbols");
    json_put_string(w, "interval", duration_format(bars->interval_ns, text));
    json_put_string(w, "begin", bars->n ? time_format(bars->bar[0].open_ns, text) : "");
    json_put_string(w, "end", bars->n ? time_format(bars->bar[bars->n - 1].open_ns, text) : "");
    json_put_int(w, "bars", (int64_t)library_bars(l));
    json_put_int(w, "horizon", (int64_t)l->horizon);
}

/* ---- training and categories ----------------------------------------------------------------------- */

static int write_training(const struct library *l, const char *dir) {
    struct out_file file;
    TRY(library_csv(&file, dir, GW_RUN_PATTERNS_TRAINING,
                    "epoch,learning_rate,train,train_r,train_c,valid,valid_r,valid_c,best"));
    for (size_t i = 0; l->log && i < l->log->n; i++) {
        const struct patterns_epoch *e = &l->log->epoch[i];
        out_printf(&file, "%u", e->epoch);
        const double value[] = {e->learning_rate, e->train, e->train_r, e->train_c, e->valid, e->valid_r, e->valid_c};
        for (size_t k = 0; k < COUNT_OF(value); k++) library_put(&file, value[k]);
        out_printf(&file, ",%d\n", e->epoch == l->log->best);
    }
    return out_commit(&file);
}

static size_t slice_size(const struct library *l, size_t slice) { return l->first[slice + 1] - l->first[slice]; }

static size_t category_size(const struct library *l, size_t slice, size_t category) {
    size_t n = 0;
    for (size_t i = l->first[slice]; i < l->first[slice + 1]; i++) n += l->category[i] == category;
    return n;
}

static int write_categories(const struct library *l, const struct library_rate *const rate[LIBRARY_SLICES],
                            const char *dir) {
    struct out_file file;
    TRY(library_csv(&file, dir, GW_RUN_PATTERNS_CATEGORIES,
                    "category,slice,gate,windows,share,labelled,hits,rate,lo,hi,z,p_value,posterior"));
    for (size_t c = 0; c < l->categories->n; c++)
        for (size_t slice = 0; slice < LIBRARY_SLICES; slice++) {
            const size_t n = category_size(l, slice, c);
            for (size_t g = 0; g < GW_N_GATES; g++) {
                const struct library_rate *r = &rate[slice][c * GW_N_GATES + g];
                out_printf(&file, "%zu,%s,%s,%zu", c, library_slice_name[slice], gw_gate_name[g], n);
                library_put(&file, slice_size(l, slice) ? (double)n / (double)slice_size(l, slice) : (double)NAN);
                out_printf(&file, ",%zu,%zu", r->n, r->hits);
                const double value[] = {r->rate, r->lo,      r->hi,
                                        r->z,    r->p_value, l->categories->posterior[c * GW_N_GATES + g]};
                for (size_t k = 0; k < COUNT_OF(value); k++) library_put(&file, value[k]);
                out_printf(&file, "\n");
            }
        }
    return out_commit(&file);
}

/* ---- reconstruction -------------------------------------------------------------------------------- */

static int write_rebuilt(const struct library *l, const char *dir) {
    const size_t bars = library_bars(l), size = bars * PATTERN_CHANNELS, n = slice_size(l, LIBRARY_LEARNED);
    const size_t shown = n < REBUILT ? n : REBUILT;
    float *x = mem_calloc(2 * size, sizeof *x);
    struct out_file file;
    char time[40];
    if (!x) return GW_ERR_NOMEM;
    int rc = library_csv(&file, dir, GW_RUN_PATTERNS_REBUILT,
                         "window,time,step,open,high,low,close,volume,average,rebuilt_open,rebuilt_high,rebuilt_low,"
                         "rebuilt_close,rebuilt_volume,rebuilt_average");
    if (rc < 0) goto end;
    for (size_t w = 0; w < shown && rc == GW_OK; w++) {
        const uint32_t window = (uint32_t)(l->first[LIBRARY_LEARNED] + (2 * w + 1) * n / (2 * shown));
        const struct gw_sample *sample = &l->sample[window];
        pattern_window(l->symbol[sample->series].bar, sample->row, bars, x);
        rc = patterns_decode(l->model, l->latent + window * library_latent(l), 1, x + size);
        for (size_t i = 0; rc == GW_OK && i < bars; i++) {
            out_printf(&file, "%zu,%s,%ld", w + 1, time_format(library_time(l, window), time),
                       (long)i - (long)bars + 1);
            for (size_t half = 0; half < 2; half++)
                for (size_t c = 0; c < PATTERN_CHANNELS; c++)
                    library_put(&file, (double)x[half * size + i * PATTERN_CHANNELS + c]);
            out_printf(&file, "\n");
        }
    }
    if (rc == GW_OK)
        rc = out_commit(&file);
    else
        out_abort(&file);
end:
    mem_free(x);
    return rc;
}

/* ---- map ------------------------------------------------------------------------------------------- */

int library_map(const struct library *l, struct progress *progress, uint32_t **window, double **xy, size_t *n,
                double *kl) {
    const size_t d = library_latent(l);
    *n = l->n < TSNE_POINTS_MAX ? l->n : TSNE_POINTS_MAX;
    *window = mem_calloc(*n, sizeof **window);
    *xy = mem_calloc(2 * *n, sizeof **xy);
    float *latent = mem_calloc(*n * d, sizeof *latent);
    int rc = *window && *xy && latent ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < *n; i++) {
        (*window)[i] = (uint32_t)(i * l->n / *n);
        memcpy(latent + i * d, l->latent + (*window)[i] * d, d * sizeof *latent);
    }
    if (rc == GW_OK) rc = tsne(latent, *n, d, &(struct tsne_config){0}, progress, *xy, kl);
    mem_free(latent);
    if (rc == GW_OK) return GW_OK;
    mem_free(*window);
    mem_free(*xy);
    *window = NULL;
    *xy = NULL;
    return rc;
}

int library_write_map(const struct library *l, const uint32_t *window, const double *xy, size_t n, const char *dir) {
    struct out_file file;
    char time[40];
    TRY(library_csv(&file, dir, GW_RUN_PATTERNS_MAP, "time,symbol,x,y,category,label_long,label_short"));
    for (size_t i = 0; i < n; i++) {
        out_printf(&file, "%s,%s", time_format(library_time(l, window[i]), time),
                   l->symbol[l->sample[window[i]].series].symbol);
        library_put(&file, xy[2 * i]);
        library_put(&file, xy[2 * i + 1]);
        out_printf(&file, ",%u", l->category[window[i]]);
        for (int g = 0; g < GW_N_GATES; g++) library_put_label(&file, library_label(l, window[i], g));
        out_printf(&file, "\n");
    }
    return out_commit(&file);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static int write_facts(const struct library *l, const struct library_rate *rate, double kl, const char *dir) {
    char path[1024], advice[PATTERN_ADVICE] = "";
    struct out_file file;
    size_t largest = 0, significant = 0;
    const double n = (double)slice_size(l, LIBRARY_LEARNED);
    for (size_t c = 0; c < l->categories->n; c++) {
        const size_t size = category_size(l, LIBRARY_LEARNED, c);
        largest = size > largest ? size : largest;
        for (size_t g = 0; g < GW_N_GATES; g++) significant += rate[c * GW_N_GATES + g].p_value <= 0.05;
    }
    TRY(path_join(path, sizeof path, dir, GW_RUN_PATTERNS));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    library_heading(l, &w);
    json_put_int(&w, "latent", (int64_t)library_latent(l));
    json_put_int(&w, "categories", (int64_t)l->categories->n);
    for (size_t slice = 0; slice < LIBRARY_SLICES; slice++)
        json_put_int(&w, slice == LIBRARY_LEARNED ? "windows_learned" : "windows_later", (int64_t)slice_size(l, slice));
    json_begin_object(&w, "prevalence");
    for (size_t g = 0; g < GW_N_GATES; g++) json_put_number(&w, gw_gate_name[g], l->categories->prevalence[g]);
    json_end_object(&w);
    json_put_number(&w, "largest_share", n > 0 ? (double)largest / n : (double)NAN);
    json_put_string(&w, "balance", library_balance_name[library_balance(n > 0 ? (double)largest / n : 0)]);
    json_put_int(&w, "beyond_null", (int64_t)significant);
    json_put_number(&w, "map_divergence", kl);
    if (l->log && l->log->best >= 1 && l->log->best <= l->log->n) {
        const struct patterns_epoch *best = &l->log->epoch[l->log->best - 1];
        const double r = isnan(best->valid_r) ? best->train_r : best->valid_r;
        json_put_int(&w, "best_epoch", (int64_t)l->log->best);
        json_put_number(&w, "valid_r", r);
        json_put_string(&w, "learnt", pattern_learnt_word(pattern_learnt(r)));
        json_put_string(&w, "advice", patterns_advice(patterns_config_of(l->model), l->log, advice));
    }
    json_end_object(&w);
    return out_commit(&file);
}

int library_write(const struct library *l, const struct library_rates_config *config, struct progress *progress,
                  const char *dir) {
    const size_t cells = l->categories->n * GW_N_GATES;
    struct library_rate *rate = mem_calloc(LIBRARY_SLICES * cells, sizeof *rate);
    uint32_t *window = NULL;
    double *xy = NULL, kl = NAN;
    size_t n = 0;
    int rc = rate ? GW_OK : GW_ERR_NOMEM;
    const struct library_rate *const slices[LIBRARY_SLICES] = {rate, rate ? rate + cells : NULL};
    for (size_t slice = 0; slice < LIBRARY_SLICES && rc == GW_OK; slice++)
        rc = library_rates(l, slice, config, rate + slice * cells);
    if (rc == GW_OK) rc = write_training(l, dir);
    if (rc == GW_OK) rc = write_categories(l, slices, dir);
    if (rc == GW_OK) rc = library_gallery(l, rate, dir);
    if (rc == GW_OK) rc = write_rebuilt(l, dir);
    if (rc == GW_OK && l->n >= 4) rc = library_map(l, progress, &window, &xy, &n, &kl);
    if (rc == GW_OK && xy) rc = library_write_map(l, window, xy, n, dir);
    if (rc == GW_OK) rc = write_facts(l, rate, kl, dir);
    mem_free(xy);
    mem_free(window);
    mem_free(rate);
    return rc;
}
