/* Which metrics the tables show, from summary.json. */
#include "run_columns.h"

#include <math.h>
#include <string.h>

#include "run_view.h"

static const char *const format_word[] = {"fraction", "percent", "signed_percent", "loss", "ratio", "count", NULL};
static const char *const best_word[] = {"highest", "lowest", "none", NULL};

static int find_word(struct run_view *run, const json_value *from, const char *key, const char *const *words,
                     int *out) {
    const json_value *value = json_get(from, key);
    const char *text = value && json_kind(value) == JSON_STRING ? json_string(value, "") : "";
    for (*out = 0; words[*out]; ++*out)
        if (strcmp(words[*out], text) == 0) return GW_OK;
    return json_fail(run->document, value ? value : from, GW_ERR_DATA, "\"%s\" of a column is unknown", key);
}

static bool is_percentage(enum metric_format format) {
    return format == FORMAT_PERCENT || format == FORMAT_SIGNED_PERCENT || format == FORMAT_LOSS;
}

/* The words of the file, with what follows from K and unit. */
static int read_words(struct run_view *run, const json_value *from, struct metric_column *c) {
    char text[160], k[2][32] = {"", ""};
    const char *heading = member_text(run, from, "heading"), *title = member_text(run, from, "title");
    if (!heading || !title) return GW_ERR_NOMEM;
    if (!isnan(c->k)) {
        snprintf(k[0], sizeof k[0], "@%g%%", c->k);
        snprintf(k[1], sizeof k[1], "@%g %%", c->k);
    }
    snprintf(text, sizeof text, "%.40s%s", heading, *heading ? k[0] : "");
    c->heading = text_safe(&run->arena, text);
    snprintf(text, sizeof text, "%.40s%s%s", title, *title ? k[1] : "",
             *title && is_percentage(c->format) ? ", %" : "");
    c->title = text_safe(&run->arena, text);
    return c->heading && c->title ? GW_OK : GW_ERR_NOMEM;
}

static int read_column(struct run_view *run, const json_value *from, struct metric_column *c) {
    int format, best;
    const json_value *spread = json_get(from, "spread");
    c->metric = member_text(run, from, "metric");
    if (!c->metric) return GW_ERR_NOMEM;
    c->k = gw_metric_key_read(c->metric).k;
    TRY(find_word(run, from, "format", format_word, &format));
    TRY(find_word(run, from, "best", best_word, &best));
    c->format = (enum metric_format)format;
    c->best = (enum metric_best)best;
    c->spread = spread && json_bool(spread, true);
    double priority = member_number(from, "priority");
    c->priority = priority >= 0 && priority <= 1000 ? (int)priority : 0;
    return read_words(run, from, c);
}

static int read_columns(struct run_view *run, const json_value *columns, const char *key, struct metric_columns *out) {
    const json_value *list = columns ? json_get(columns, key) : NULL;
    if (!list) return GW_OK; /* no columns */
    for (size_t i = 0; i < json_size(list) && out->n < METRIC_COLUMNS_MAX; i++)
        TRY(read_column(run, json_at(list, i), &out->column[out->n++]));
    return GW_OK;
}

int run_columns_read(struct run_view *run) {
    const json_value *columns = json_get(run->root, "columns");
    TRY(read_columns(run, columns, "gates", &run->gate_columns));
    return read_columns(run, columns, "portfolio", &run->portfolio_columns);
}

bool column_is_best(const struct run_view *run, const struct metric_column *column, int gate, double value) {
    bool beats_one = false; /* where all are equal nobody is best */
    if (column->best == BEST_NONE || !isfinite(value)) return false;
    for (size_t i = 0; i < run->n_strategies; i++) {
        const struct strategy_view *s = &run->strategy[i];
        double other =
            gate < 0 ? portfolio_metric(s, "mean", column->metric) : gate_metric(s, gate, "mean", column->metric);
        if (!isfinite(other)) continue;
        if (column->best == BEST_LOWEST ? other < value : other > value) return false;
        beats_one |= other != value;
    }
    return beats_one;
}
