/* The chart's data as elements of the page: facts as JSON, arrays as base64 of little-endian numbers. */
#include <math.h>
#include <string.h>

#include "chart.h"
#include "engine/base/json.h"
#include "html.h"

/* An array that is written behind the JSON, which names it by its number. */
struct blob {
    const void *bytes;
    size_t length;
};
struct blobs {
    struct json_writer w;
    struct arena *arena;
    struct blob *blob;
    size_t n, room;
    bool failed;
};

/* "key": ["f4", 12]: the array's type as numpy spells it, and its number. NULL bytes: null. */
static void put_array(struct blobs *b, const char *key, const char *type, const void *bytes, size_t n, size_t size) {
    if (!bytes) {
        json_put_number(&b->w, key, NAN);
        return;
    }
    if (b->n == b->room) {
        const size_t room = b->room ? 2 * b->room : 64;
        struct blob *grown = mem_realloc(b->blob, room, sizeof *grown);
        if (!grown) {
            b->failed = true;
            return;
        }
        b->blob = grown;
        b->room = room;
    }
    json_begin_array(&b->w, key);
    json_put_string(&b->w, NULL, type);
    json_put_int(&b->w, NULL, (int64_t)b->n);
    json_end_array(&b->w);
    b->blob[b->n++] = (struct blob){bytes, n * size};
}

static int64_t common_divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Open times as whole units after the first; the unit is the coarsest that all are multiples of. Only times that are off any
 * common grid for centuries would need a coarser one than that. */
static int put_times(struct blobs *b, const struct chart_axis *axis) {
    uint32_t *at = arena_alloc(b->arena, axis->n + 1, sizeof *at);
    int64_t unit = 0;
    if (!at) return GW_ERR_NOMEM;
    for (size_t t = 1; t < axis->n; t++) unit = common_divisor(axis->open_ns[t] - axis->open_ns[0], unit);
    if (unit == 0) unit = NS_PER_SECOND;
    const int64_t span = axis->n ? axis->open_ns[axis->n - 1] - axis->open_ns[0] : 0;
    if (span / unit > UINT32_MAX) unit = span / UINT32_MAX + 1;
    for (size_t t = 0; t < axis->n; t++) at[t] = (uint32_t)((axis->open_ns[t] - axis->open_ns[0]) / unit);
    json_put_number(&b->w, "begin_s", axis->n ? (double)axis->open_ns[0] / (double)NS_PER_SECOND : 0);
    json_put_number(&b->w, "unit_s", (double)unit / (double)NS_PER_SECOND);
    put_array(b, "time", "u4", at, axis->n, sizeof *at);
    return GW_OK;
}

static int put_axis(struct blobs *b, const struct chart_axis *axis) {
    static const char *const price[N_CHART_PRICES] = {"open", "high", "low", "close"};
    json_begin_object(&b->w, NULL);
    json_put_string(&b->w, "name", axis->name);
    json_put_int(&b->w, "bars", (int64_t)axis->n);
    if (axis->n == 0) { /* of a universe most are names alone */
        json_end_object(&b->w);
        return GW_OK;
    }
    TRY(put_times(b, axis));
    for (size_t i = 0; i < N_CHART_PRICES; i++) put_array(b, price[i], "f4", axis->price[i], axis->n, sizeof(float));
    put_array(b, "label", "u1", axis->label, axis->n, 1);
    put_array(b, "fold_at", "u4", axis->fold_at, axis->n_folds, sizeof *axis->fold_at);
    put_array(b, "fold", "u4", axis->fold, axis->n_folds, sizeof *axis->fold);
    json_end_object(&b->w);
    return GW_OK;
}

static void put_group(struct blobs *b, const struct chart *chart, const struct chart_group *g) {
    const size_t n = chart->axis[g->symbol].n;
    json_begin_object(&b->w, NULL);
    json_put_int(&b->w, "strategy", (int64_t)g->strategy);
    json_put_string(&b->w, "seed", g->seed);
    json_put_int(&b->w, "symbol", (int64_t)g->symbol);
    if (n == 0) { /* is not drawn: a row of the trades' table alone */
        json_end_object(&b->w);
        return;
    }
    put_array(b, "p_long", "f4", g->p[GW_GATE_LONG], n, sizeof(float));
    put_array(b, "p_short", "f4", g->p[GW_GATE_SHORT], n, sizeof(float));
    put_array(b, "tau_at", "u4", g->tau_at, g->n_tau, sizeof *g->tau_at);
    put_array(b, "tau_long", "f4", g->tau[GW_GATE_LONG], g->n_tau, sizeof(float));
    put_array(b, "tau_short", "f4", g->tau[GW_GATE_SHORT], g->n_tau, sizeof(float));
    json_end_object(&b->w);
}

static void put_trades(struct blobs *b, const struct chart_trades *t) {
    json_begin_object(&b->w, "trades");
    json_put_int(&b->w, "n", (int64_t)t->n);
    json_begin_array(&b->w, "reasons");
    for (size_t i = 0; i < t->n_reasons; i++) json_put_string(&b->w, NULL, t->reason_name[i]);
    json_end_array(&b->w);
    put_array(b, "group", "u2", t->group, t->n, sizeof *t->group);
    put_array(b, "side", "u1", t->side, t->n, 1);
    put_array(b, "reason", "u1", t->reason, t->n, 1);
    put_array(b, "entry_s", "f8", t->entry_s, t->n, sizeof *t->entry_s);
    put_array(b, "exit_s", "f8", t->exit_s, t->n, sizeof *t->exit_s);
    for (size_t i = 0; i < N_TRADE_NUMBERS; i++)
        put_array(b, chart_trade_number[i], "f4", t->number[i], t->n, sizeof(float));
    json_end_object(&b->w);
}

static void put_attention(struct blobs *b, const struct chart_attention *a) {
    json_begin_object(&b->w, "attention");
    json_put_int(&b->w, "n", (int64_t)a->n);
    json_put_int(&b->w, "lags", (int64_t)a->n_lags);
    put_array(b, "at", "u4", a->at, a->n, sizeof *a->at);
    put_array(b, "group", "u2", a->group, a->n, sizeof *a->group);
    put_array(b, "gate", "u1", a->gate, a->n, 1);
    put_array(b, "largest", "f4", a->largest, a->n, sizeof *a->largest);
    put_array(b, "weight", "u2", a->weight, a->n * a->n_lags, sizeof *a->weight);
    json_end_object(&b->w);
}

static int put_facts(struct blobs *b, const struct chart *chart) {
    const struct run_view *run = chart->run;
    json_begin_object(&b->w, NULL);
    json_put_string(&b->w, "interval", run->interval);
    json_put_number(&b->w, "lookback", run->lookback);
    json_put_number(&b->w, "act_on", run->act_on);
    json_put_string(&b->w, "note", chart->note);
    json_begin_array(&b->w, "strategies");
    for (size_t i = 0; i < run->n_strategies; i++) {
        json_begin_object(&b->w, NULL);
        json_put_string(&b->w, "name", run->strategy[i].label);
        json_put_string(&b->w, "attention", run->strategy[i].attention);
        json_put_bool(&b->w, "model", run->strategy[i].has_model);
        json_end_object(&b->w);
    }
    json_end_array(&b->w);
    json_begin_array(&b->w, "symbols");
    for (size_t s = 0; s < chart->n_axes; s++) TRY(put_axis(b, &chart->axis[s]));
    json_end_array(&b->w);
    json_begin_array(&b->w, "groups");
    for (size_t i = 0; i < chart->n_groups; i++) put_group(b, chart, &chart->group[i]);
    json_end_array(&b->w);
    put_trades(b, &chart->trades);
    TRY(html_symbols(&b->w, chart->run));
    put_attention(b, &chart->attention);
    json_end_object(&b->w);
    return b->failed ? GW_ERR_NOMEM : GW_OK;
}

int html_chart(struct out_file *out, const struct chart *chart) {
    struct blobs b = {.w.compact = true, .arena = &chart->run->arena};
    char *text = NULL;
    size_t length;
    int rc = put_facts(&b, chart), taken = json_take_text(&b.w, &text, &length);
    if (rc == GW_OK) rc = taken;
    if (rc == GW_OK) {
        out_printf(out, "<script type=\"application/json\" id=facts>");
        html_data(out, text, length);
        out_printf(out, "</script>\n");
    }
    for (size_t i = 0; rc == GW_OK && i < b.n; i++) {
        out_printf(out, "<script type=\"text/plain\" id=a%zu>", i);
        html_base64(out, b.blob[i].bytes, b.blob[i].length);
        out_printf(out, "</script>\n");
    }
    mem_free(text);
    mem_free(b.blob);
    return rc;
}
