/* "columns" of summary.json: which metrics the tables of reports show and how, from the metrics' own descriptors. */
#include "engine/base/base.h"
#include "gatewalk/metric_key.h"
#include "write.h"

static const char *const format_word[GW_N_SHOWS] = {
    [GW_SHOW_FRACTION] = "fraction", [GW_SHOW_PERCENT] = "percent", [GW_SHOW_SIGNED_PERCENT] = "signed_percent",
    [GW_SHOW_LOSS] = "loss",         [GW_SHOW_RATIO] = "ratio",     [GW_SHOW_COUNT] = "count",
};
static const char *const best_word[GW_N_BESTS] = {
    [GW_BEST_HIGHEST] = "highest", [GW_BEST_LOWEST] = "lowest", [GW_BEST_NONE] = "none"};

/* at: which K of a metric per K. */
static void put_column(struct json_writer *w, const char *metric, const struct gw_metric_column *c, size_t at,
                       bool on_terminal, bool on_page) {
    json_begin_object(w, NULL);
    json_put_string(w, "metric", metric);
    json_put_string(w, "heading", on_terminal ? c->heading : NULL);
    json_put_string(w, "title", on_page ? c->title : NULL);
    json_put_string(w, "format", format_word[c->format]);
    json_put_string(w, "best", best_word[c->best]);
    json_put_bool(w, "spread", !c->no_spread);
    json_put_int(w, "priority", c->priority[at]);
    json_end_object(w);
}

static void put_gate_columns(struct json_writer *w, const struct experiment *e) {
    char key[GW_METRIC_KEY_MAX];
    json_begin_array(w, "gates");
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_desc *metric = gw_metric_at(m);
        const struct gw_metric_column *c = &metric->column;
        if (!c->heading) continue;
        for (size_t k = 0; k < (metric->per_k ? e->signals.n_k : 1); k++) {
            bool on_terminal = !metric->per_k || k < c->n_terminal, on_page = !metric->per_k || k < c->n_page;
            if (!on_terminal && !on_page) continue;
            gw_metric_key_write(key, metric->name, e->signals.k[k]);
            put_column(w, key, c, k, on_terminal, on_page);
        }
    }
    json_end_array(w);
}

void write_columns(struct json_writer *w, const struct experiment *e) {
    json_begin_object(w, "columns");
    put_gate_columns(w, e);
    json_begin_array(w, "portfolio");
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) {
        const struct gw_portfolio_metric_desc *metric = gw_portfolio_metric_at(m);
        if (metric->column.heading) put_column(w, metric->name, &metric->column, 0, true, true);
    }
    json_end_array(w);
    json_end_object(w);
}
