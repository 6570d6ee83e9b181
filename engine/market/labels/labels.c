/* Gate labels by a sliding maximum and minimum: every bar enters and leaves each queue once, O(n).
 *
 * Bars are taken in time order and the label of t is written when bar t+h has been seen, so it cannot
 * depend on anything later. */
#include "gatewalk/labels.h"
#include "engine/base/base.h"

#include <math.h>

#include "gatewalk/feature.h"
#include "labels_atr.h"

const char *const gw_gate_name[GW_N_GATES] = {"long", "short"};

/* Indexes of candidates in time order, each better than all that follow it. */
struct queue {
    size_t head, count, length;
    size_t *at; /* [length] circular, owned */
};

static size_t *queue_slot(const struct queue *q, size_t k) {
    size_t at = q->head + k;
    return &q->at[at >= q->length ? at - q->length : at];
}

static void queue_expire(struct queue *q, size_t oldest) {
    while (q->count && *queue_slot(q, 0) < oldest) {
        q->head = q->head + 1 == q->length ? 0 : q->head + 1;
        q->count--;
    }
}

static void queue_push_high(struct queue *q, const struct gw_bar *bar, size_t i) {
    while (q->count && !(bar[*queue_slot(q, q->count - 1)].high > bar[i].high)) q->count--;
    *queue_slot(q, q->count++) = i;
}

static void queue_push_low(struct queue *q, const struct gw_bar *bar, size_t i) {
    while (q->count && !(bar[*queue_slot(q, q->count - 1)].low < bar[i].low)) q->count--;
    *queue_slot(q, q->count++) = i;
}

#define LABEL(kind, field, ...) GW_##kind##_PARAM(struct gw_label_config, field, __VA_ARGS__)
static const struct gw_param rows[] = {
    LABEL(SIZE, horizon, "bars", 24, 1, 100000, "bars the label looks ahead (h)"),
    LABEL(NUMBER, ratio, "", 2, 0, 1000, "upside must exceed ratio x downside"),
    LABEL(NUMBER, min_move, "fraction of close", .01, 0, 1, "smallest move that counts"),
    LABEL(NUMBER, min_move_atr, "ATR", 0, 0, 1000, "the same in ATR multiples; 0 = use min_move"),
    LABEL(SIZE, atr_length, "bars", 14, 1, 10000, "length of that ATR"),
};
const struct gw_param_table gw_label_params = GW_PARAM_TABLE(rows);

int labels_atr(const struct gw_bars *bars, size_t length, double *out) {
    const struct gw_feature_desc *atr = gw_feature_find("atr");
    struct gw_own_params own; /* its length and nothing else */
    char why[GW_PARAM_WHY];
    if (!atr || gw_param_put_number(&atr->own.param[0], (double)length, &own, why) < 0)
        FAIL(GW_ERR_INTERNAL, "labels: there is no feature \"atr\" of %zu bars", length);
    void *state = mem_calloc(1, atr->state_size(&own));
    if (!state) return GW_ERR_NOMEM;
    for (size_t t = 0; t < bars->n; t++) {
        struct gw_feature_input in = {.bar = &bars->bar[t], .close_ns = gw_bar_close_ns(bars, t)};
        out[t] = atr->push(state, &own, &in);
    }
    mem_free(state);
    return GW_OK;
}

/* The move that counts at each bar: a fixed fraction, or multiples of the ATR, which is a fraction of the
 * close already. NaN before the ATR exists. */
static int fill_min_move(const struct gw_bars *bars, const struct gw_label_config *config, double *min_move) {
    if (!(config->min_move_atr > 0)) {
        for (size_t t = 0; t < bars->n; t++) min_move[t] = config->min_move;
        return GW_OK;
    }
    TRY(labels_atr(bars, config->atr_length, min_move));
    for (size_t t = 0; t < bars->n; t++) min_move[t] *= config->min_move_atr;
    return GW_OK;
}

static void set_label(struct gw_labels *labels, size_t t, const struct gw_label_config *config, double close,
                      double top, double bottom) {
    double upside = fmax(top - close, 0), downside = fmax(close - bottom, 0), least = labels->min_move[t];
    if (!(close > 0) || isnan(least)) return;
    labels->gate[GW_GATE_LONG][t] = upside > config->ratio * downside && upside / close > least;
    labels->gate[GW_GATE_SHORT][t] = downside > config->ratio * upside && downside / close > least;
}

static int labels_alloc(struct gw_labels *labels, size_t n) {
    *labels = (struct gw_labels){.n = n};
    size_t count = n ? n : 1;
    labels->min_move = mem_calloc(count, sizeof *labels->min_move);
    if (!labels->min_move) return GW_ERR_NOMEM;
    for (int g = 0; g < GW_N_GATES; g++) {
        labels->gate[g] = mem_calloc(count, sizeof *labels->gate[g]);
        if (!labels->gate[g]) return GW_ERR_NOMEM;
        for (size_t t = 0; t < n; t++) labels->gate[g][t] = GW_LABEL_MISSING;
    }
    return GW_OK;
}

int gw_labels_build(const struct gw_bars *bars, const struct gw_label_config *config, struct gw_labels *out) {
    struct queue highs = {0}, lows = {0};
    const struct gw_bar *bar = bars->bar;
    size_t h = config->horizon;
    int rc;
    *out = (struct gw_labels){0};
    TRY(gw_param_check(&gw_label_params, "labels", config));
    TRY_GOTO(labels_alloc(out, bars->n), cleanup);
    TRY_GOTO(fill_min_move(bars, config, out->min_move), cleanup);
    if (bars->n <= h) goto cleanup; /* no bar has a whole horizon after it */
    highs.length = lows.length = h;
    highs.at = mem_calloc(h, sizeof *highs.at);
    lows.at = mem_calloc(h, sizeof *lows.at);
    if (!highs.at || !lows.at) {
        rc = GW_ERR_NOMEM;
        goto cleanup;
    }
    for (size_t last = 1; last < bars->n; last++) {
        size_t oldest = last >= h ? last - h + 1 : 0;
        queue_expire(&highs, oldest);
        queue_expire(&lows, oldest);
        queue_push_high(&highs, bar, last);
        queue_push_low(&lows, bar, last);
        if (last >= h)
            set_label(out, last - h, config, bar[last - h].close, bar[*queue_slot(&highs, 0)].high,
                      bar[*queue_slot(&lows, 0)].low);
    }
cleanup:
    mem_free(lows.at);
    mem_free(highs.at);
    if (rc < 0) gw_labels_free(out);
    return rc;
}

void gw_labels_free(struct gw_labels *labels) {
    for (int g = 0; g < GW_N_GATES; g++) mem_free(labels->gate[g]);
    mem_free(labels->min_move);
    *labels = (struct gw_labels){0};
}
