/* Decoders' forecasts: how good they were by step (forecasts.csv, summary.json), and those of the signals with what came of
 * them (forecast_signals.csv). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "forecasts.h"
#include "write.h"

static size_t steps_of(const struct experiment *e, size_t s) {
    return strategy_trains(&e->strategy[s]) ? gw_model_path_steps(&e->strategy[s].model) : 0;
}

/* ---- how good -------------------------------------------------------------------------------------------------------- */

/* (y - q) level where y is above q, else (q - y)(1 - level) (Koenker and Bassett 1978). */
static double pinball(double level, double quantile, double y) {
    return y >= quantile ? (y - quantile) * level : (quantile - y) * (1 - level);
}

static void add_bar(const struct fit *fit, size_t width, const float *said, const float *came,
                    struct forecast_score *out) {
    for (size_t k = 0; k < width && !isnan(came[0]); k++) {
        const struct path_fan *fan = &fit->fan[k];
        const size_t side = k % GW_PATH_SIDES;
        const double y = (double)came[k], point = (double)said[k];
        if (isnan(fan->naive[0])) continue; /* nothing to go by */
        for (size_t l = 0; l < PATH_LEVELS; l++) {
            out[k].pinball += pinball(path_level(l), path_quantile(fan, side, l, point), y) / PATH_LEVELS;
            out[k].naive += pinball(path_level(l), fan->naive[l], y) / PATH_LEVELS;
        }
        out[k].inside +=
            y >= path_quantile(fan, side, 0, point) && y <= path_quantile(fan, side, PATH_LEVELS - 1, point);
        out[k].error += fabs(y - point);
        out[k].n++;
    }
}

static void add_fit(const struct prepared *p, const struct fit *fit, size_t steps, struct forecast_score *out) {
    const size_t width = steps * GW_PATH_SIDES;
    const float *said = fit->path;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][s];
        const float *path = prepared_path(p, steps, s);
        if (!fit_knows(p, fit, s)) continue;
        for (size_t t = r->begin; t < r->end; t++, said += width) add_bar(fit, width, said, path + t * width, out);
    }
}

void forecast_scores(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, size_t s,
                     size_t seed, size_t fold, struct forecast_score *out) {
    const size_t width = steps_of(e, s) * GW_PATH_SIDES;
    memset(out, 0, width * sizeof *out);
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        if (fit->strategy == s && fit->seed == seed && fit->path && (fold == SIZE_MAX || fit->fold == fold))
            add_fit(p, fit, steps_of(e, s), out);
    }
    for (size_t k = 0; k < width; k++) {
        const double n = out[k].n ? (double)out[k].n : (double)NAN;
        out[k].pinball /= n;
        out[k].naive /= n;
        out[k].inside /= n;
        out[k].error /= n;
    }
}

static void score_rows(struct out_file *out, const struct experiment *e, size_t s, size_t seed, const char *fold,
                       const struct forecast_score *score) {
    const size_t steps = steps_of(e, s);
    for (size_t k = 0; k < steps * GW_PATH_SIDES; k++) {
        const size_t step = k / GW_PATH_SIDES + 1;
        char loss[32], naive[32], inside[32], error[32];
        if (score[k].n == 0) continue;
        out_printf(out, "%s,%" PRIu64 ",%s,%zu,%zu,%s,%zu,%s,%s,%s,%s\n", e->strategy[s].name, e->seed[seed], fold,
                   step, gw_path_bars(e->labels.horizon, steps, step), gw_path_side_name[k % GW_PATH_SIDES], score[k].n,
                   number_format(score[k].pinball, loss), number_format(score[k].naive, naive),
                   number_format(score[k].inside, inside), number_format(score[k].error, error));
    }
}

static int write_scores(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                        const struct results *r, const char *dir) {
    struct forecast_score score[GW_PATH_STEPS_MAX * GW_PATH_SIDES];
    struct out_file file;
    char path[1024], number[24];
    TRY(path_join(path, sizeof path, dir, GW_RUN_FORECASTS));
    TRY(out_open(&file, path));
    out_printf(&file, "strategy,seed,fold,step,bars,side,n,pinball,naive,inside,error\n");
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; steps_of(e, s) && k < r->strategy[s].n_seeds; k++)
            for (size_t f = 0; f <= p->plan.n_folds; f++) {
                const bool all = f == p->plan.n_folds;
                snprintf(number, sizeof number, "%zu", f + 1);
                forecast_scores(e, p, fits, s, k, all ? SIZE_MAX : f, score);
                score_rows(&file, e, s, k, all ? "all" : number, score);
            }
    return out_commit(&file);
}

static void put_side(struct json_writer *w, const char *name, const struct forecast_score *mean) {
    json_begin_object(w, name);
    json_put_int(w, "n", (int64_t)mean->n);
    json_put_number(w, "pinball", mean->pinball);
    json_put_number(w, "naive", mean->naive);
    json_put_number(w, "skill", mean->naive > 0 ? 1 - mean->pinball / mean->naive : (double)NAN);
    json_put_number(w, "inside", mean->inside);
    json_put_number(w, "error", mean->error);
    json_end_object(w);
}

void write_forecast_facts(struct json_writer *w, const struct experiment *e, const struct prepared *p,
                          const struct fit_list *fits, const struct results *r, size_t s) {
    struct forecast_score score[GW_PATH_STEPS_MAX * GW_PATH_SIDES], mean[GW_PATH_STEPS_MAX * GW_PATH_SIDES] = {{0}};
    const size_t steps = steps_of(e, s), n_seeds = r->strategy[s].n_seeds;
    if (steps == 0) return;
    for (size_t k = 0; k < n_seeds; k++) {
        forecast_scores(e, p, fits, s, k, SIZE_MAX, score);
        for (size_t i = 0; i < steps * GW_PATH_SIDES; i++) {
            mean[i].n = score[i].n;
            mean[i].pinball += score[i].pinball / (double)n_seeds;
            mean[i].naive += score[i].naive / (double)n_seeds;
            mean[i].inside += score[i].inside / (double)n_seeds;
            mean[i].error += score[i].error / (double)n_seeds;
        }
    }
    json_begin_object(w, "forecast");
    json_begin_array(w, "levels");
    for (size_t l = 0; l < PATH_LEVELS; l++) json_put_number(w, NULL, path_level(l));
    json_end_array(w);
    json_begin_array(w, "steps");
    for (size_t m = 0; m < steps; m++) {
        json_begin_object(w, NULL);
        json_put_int(w, "step", (int64_t)m + 1);
        json_put_int(w, "bars", (int64_t)gw_path_bars(e->labels.horizon, steps, m + 1));
        for (size_t side = 0; side < GW_PATH_SIDES; side++)
            put_side(w, gw_path_side_name[side], &mean[m * GW_PATH_SIDES + side]);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* ---- the signals -------------------------------------------------------------------------------------------------------- */

static void signal_rows(struct out_file *out, const struct experiment *e, const struct prepared *p,
                        const struct fit *fit, const struct attention_row *row, size_t attention_row) {
    const size_t steps = steps_of(e, fit->strategy), width = steps * GW_PATH_SIDES;
    struct test_bar at;
    if (!write_find_bar(p, fit, row->test_row, &at)) return;
    const float *came = prepared_path(p, steps, at.symbol) + at.bar * width, *said = fit->path + row->test_row * width;
    for (size_t k = 0; k < width; k++) {
        const size_t step = k / GW_PATH_SIDES + 1;
        out_printf(out, "%zu,%zu,%zu,%s,%.9g", attention_row, step, gw_path_bars(e->labels.horizon, steps, step),
                   gw_path_side_name[k % GW_PATH_SIDES], (double)said[k]);
        for (size_t l = 0; l < PATH_LEVELS; l++) {
            char text[32];
            const double q = path_quantile(&fit->fan[k], k % GW_PATH_SIDES, l, (double)said[k]);
            out_printf(out, ",%s", isnan(q) ? "" : number_format(q, text));
        }
        if (isnan(came[k]))
            out_printf(out, ",\n");
        else
            out_printf(out, ",%.9g\n", (double)came[k]);
    }
}

static int write_signals(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                         const char *dir) {
    struct out_file file;
    char path[1024];
    size_t row = 0;
    TRY(path_join(path, sizeof path, dir, GW_RUN_FORECAST_SIGNALS));
    TRY(out_open(&file, path));
    out_printf(&file, "row,step,bars,side,said");
    for (size_t l = 0; l < PATH_LEVELS; l++) out_printf(&file, ",q%02.0f", 100 * path_level(l));
    out_printf(&file, ",came\n");
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        for (size_t k = 0; k < fit->n_rows; k++) {
            if (fit->path) signal_rows(&file, e, p, fit, &fit->row[k], row);
            row += write_attention_rows(e, fit);
        }
    }
    return out_commit(&file);
}

int write_forecasts(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                    const struct results *r, const char *dir) {
    if (p->n_paths == 0) return GW_OK;
    TRY(write_scores(e, p, fits, r, dir));
    return write_signals(e, p, fits, dir);
}
