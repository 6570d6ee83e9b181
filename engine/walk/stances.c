/* Positions and market orders of a replay, watched and written down (stances.h). */
#include "stances.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"

struct stance_symbol {
    size_t bar;      /* that closes in this instant */
    bool closes;     /* one does */
    double held;     /* at its close */
    size_t n_close;  /* close orders that wait */
    size_t n_market; /* market orders that wait; the first of them: */
    int side;        /* 1 buys, -1 sells */
    double quantity; /* 0: not known yet, or all that is held */
};

static void on_bar(void *who, const struct gw_bar_event *event) {
    struct stance_watch *w = who;
    struct stance_symbol *at = &w->at[event->symbol];
    at->bar = event->history.n - 1;
    at->closes = true;
    at->held = event->position.quantity;
    if (w->next && w->next->bar) w->next->bar(w->next->who, event);
}

static void on_order(void *who, const struct gw_order_record *o) {
    struct stance_watch *w = who;
    struct stance_symbol *at = &w->at[o->symbol];
    const bool waits = o->state == GW_ORDER_WAITING;
    if (o->kind == GW_ORDER_CLOSE) at->n_close += waits ? 1 : (size_t)-1;
    if (o->kind == GW_ORDER_MARKET && waits && at->n_market++ == 0) {
        at->side = o->side == GW_SIDE_LONG ? 1 : -1;
        at->quantity = o->quantity;
    }
    if (o->kind == GW_ORDER_MARKET && !waits) at->n_market--;
    if (w->next && w->next->order) w->next->order(w->next->who, o);
}

static void on_fill(void *who, const struct gw_order_record *order, const struct gw_fill *fill) {
    const struct stance_watch *w = who;
    if (w->next && w->next->fill) w->next->fill(w->next->who, order, fill);
}

static signed char sign(double value) { return (signed char)((value > 0) - (value < 0)); }

/* A market order against what stays held can only reduce it. */
static signed char stance(const struct stance_symbol *at) {
    const double stays = at->n_close ? 0 : at->held;
    if (!at->n_market) return sign(stays);
    if (stays * at->side >= 0) return (signed char)at->side;
    const double rest = at->quantity > 0 ? stays + at->side * at->quantity : 0;
    return rest * stays > 0 ? sign(stays) : 0;
}

static void on_instant(void *who, const struct gw_replay_result *so_far) {
    struct stance_watch *w = who;
    for (size_t s = 0; s < w->out->n_symbols; s++) {
        if (w->at[s].closes) w->out->symbol[s][w->at[s].bar] = stance(&w->at[s]);
        w->at[s].closes = false;
    }
    if (w->next && w->next->instant) w->next->instant(w->next->who, so_far);
}

static int stances_make(const struct gw_market *market, size_t n, struct stances *out) {
    *out = (struct stances){.n_symbols = market->n_symbols};
    out->symbol = mem_calloc(market->n_symbols, sizeof *out->symbol);
    for (size_t s = 0; out->symbol && s < market->n_symbols; s++) {
        out->symbol[s] = mem_calloc(market->symbol[s].n * n + 1, sizeof **out->symbol);
        if (!out->symbol[s]) return GW_ERR_NOMEM;
    }
    return out->symbol ? GW_OK : GW_ERR_NOMEM;
}

void stances_free(struct stances *stances) {
    for (size_t s = 0; stances->symbol && s < stances->n_symbols; s++) mem_free(stances->symbol[s]);
    mem_free(stances->symbol);
    *stances = (struct stances){0};
}

int stance_watch_begin(struct stance_watch *watch, const struct gw_market *market, const struct gw_replay_watch *next,
                       struct stances *out) {
    *watch = (struct stance_watch){.watch = {watch, on_bar, on_order, on_fill, on_instant}, .next = next, .out = out};
    TRY(stances_make(market, 1, out));
    watch->at = mem_calloc(market->n_symbols, sizeof *watch->at);
    return watch->at ? GW_OK : GW_ERR_NOMEM;
}

void stance_watch_end(struct stance_watch *watch) {
    mem_free(watch->at);
    watch->at = NULL;
}

int stances_join(const struct gw_market *market, const struct stances *const *member, size_t n, struct stances *out) {
    TRY(stances_make(market, n, out));
    for (size_t s = 0; s < market->n_symbols; s++)
        for (size_t t = 0; t < market->symbol[s].n; t++)
            for (size_t i = 0; i < n; i++) out->symbol[s][t * n + i] = member[i]->symbol[s][t];
    return GW_OK;
}
