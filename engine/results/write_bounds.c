/* How far traded results rest on fills, costs and luck: equity_bands.csv, and facts of summary.json. */
#include <math.h>

#include "engine/base/base.h"
#include "write.h"

const char *const fill_path_id[N_FILL_PATHS] = {
    [FILL_WORST] = "worst", [FILL_DEFAULT] = "default", [FILL_OPTIMISTIC] = "optimistic"};

static const char *text_of(double value, char buffer[32]) { return isnan(value) ? "" : number_format(value, buffer); }

int write_equity_bands(const struct experiment *e, const struct prepared *p, const struct results *r, const char *dir) {
    struct out_file file;
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_EQUITY_BANDS));
    TRY(out_open(&file, path));
    out_printf(&file, "time,open_time,strategy,low,high,random_low,random_high\n");
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct traded_bounds *bounds = r->strategy[s].bounds;
        for (size_t i = 0; bounds && i < bounds->n_points; i++) {
            const struct bound_point *at = &bounds->point[i];
            const bool random = bounds->n_random > 0;
            char time[40], open[40], n[4][32];
            out_printf(&file, "%s,%s,%s,%s,%s,%s,%s\n", time_format(at->time_ns, time),
                       time_format(at->time_ns - p->market.symbol[0].interval_ns, open), e->strategy[s].name,
                       text_of(at->low, n[0]), text_of(at->high, n[1]), text_of(random ? at->random_low : NAN, n[2]),
                       text_of(random ? at->random_high : NAN, n[3]));
        }
    }
    return out_commit(&file);
}

void write_traded_bounds(struct json_writer *w, const struct traded_bounds *bounds) {
    if (!bounds) {
        json_put_string(w, "fills", NULL);
        json_put_string(w, "random_entry", NULL);
        return;
    }
    json_begin_object(w, "fills");
    for (int path = 0; path < N_FILL_PATHS; path++) {
        json_begin_array(w, fill_path_id[path]);
        for (int level = 0; level < COST_LEVELS; level++) json_put_number(w, NULL, bounds->total_return[path][level]);
        json_end_array(w);
    }
    json_end_object(w);
    if (bounds->n_random == 0) {
        json_put_string(w, "random_entry", NULL);
        return;
    }
    json_begin_object(w, "random_entry");
    json_put_int(w, "replays", (int64_t)bounds->n_random);
    json_put_number(w, "own", bounds->own_return);
    json_put_number(w, "mean", bounds->random_mean);
    json_put_number(w, "low", bounds->random_low);
    json_put_number(w, "high", bounds->random_high);
    json_put_number(w, "p_value", bounds->random_p);
    json_end_object(w);
}

static void put_band(struct json_writer *w, const char *key, const struct null_band *band) {
    json_begin_object(w, key);
    json_put_number(w, "mean", band->mean);
    json_put_number(w, "low", band->low);
    json_put_number(w, "high", band->high);
    json_end_object(w);
}

void write_null_bands(struct json_writer *w, const struct experiment *e, const struct null_bands *bands) {
    char key[GW_METRIC_KEY_MAX];
    json_begin_object(w, "null_bands");
    for (size_t k = 0; k < e->signals.n_k; k++) {
        put_band(w, gw_metric_key_write(key, "precision_at_k", e->signals.k[k]), &bands->precision[k]);
        put_band(w, gw_metric_key_write(key, "pnl_mean_at_k_1x", e->signals.k[k]), &bands->pnl[k]);
    }
    json_end_object(w);
}
