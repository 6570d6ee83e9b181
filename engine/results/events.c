/* Events of a replay as lines of JSON (events.h). */
#include "events.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/base/json.h"

struct event_log {
    const struct experiment *e;
    const struct prepared *p;
    const struct fit_list *fits;
    const char *only;
    char **symbol;    /* [n_symbols] as JSON, owned */
    char *contestant; /* of this replay: its name and seed as JSON members, owned */
    struct out_file file;
    struct gw_replay_watch watch;
    size_t strategy, k;
    size_t fold; /* that comes next, or is under way */
    bool in_fold;
    double equity, equity_before; /* now; when the fold began */
    size_t n_trades, n_trades_before;
};

/* ---- pieces ----------------------------------------------------------------------------------------------------------- */

static int quoted(const char *text, char **out) {
    struct json_writer w = {.compact = true};
    json_put_string(&w, NULL, text);
    return json_take_text(&w, out, NULL);
}

static void put_head(struct event_log *log, const char *event, int64_t time_ns) {
    char time[40];
    out_printf(&log->file, "{\"event\":\"%s\",\"time\":\"%s\",%s", event, time_format(time_ns, time), log->contestant);
}

static const char *number(double value, char text[32]) { return isfinite(value) ? number_format(value, text) : "null"; }

static const char *probability(float value, char text[32]) {
    if (!isfinite(value)) return "null";
    snprintf(text, 32, "%.9g", (double)value);
    return text;
}

/* ---- folds ------------------------------------------------------------------------------------------------------------ */

/* The fit that speaks from here on; contestants without one of this run have none. */
static const struct fit *fit_of(const struct event_log *log) {
    for (size_t i = 0; i < log->fits->n; i++) {
        const struct fit *fit = &log->fits->fit[i];
        if (fit->strategy == log->strategy && fit->seed == log->k && fit->fold == log->fold) return fit;
    }
    return NULL;
}

static void put_retrain(struct event_log *log) {
    const struct fit *fit = fit_of(log);
    const struct gw_fold *fold = &log->p->plan.fold[log->fold];
    char begin[40], end[40], n[3][32];
    if (!fit || fit->log.best_epoch < 1 || fit->log.best_epoch > fit->log.n_epochs) return;
    const struct gw_epoch_record *best = &fit->log.epoch[fit->log.best_epoch - 1];
    put_head(log, "retrain", fold->begin_ns[GW_SLICE_TEST]);
    out_printf(&log->file,
               ",\"fold\":%zu,\"train_begin\":\"%s\",\"train_end\":\"%s\",\"epochs\":%zu,\"best_epoch\":%zu,"
               "\"validation_loss\":%s,\"validation_ap_long\":%s,\"validation_ap_short\":%s}\n",
               log->fold + 1, time_format(fold->begin_ns[GW_SLICE_TRAIN], begin),
               time_format(fold->end_ns[GW_SLICE_TRAIN], end), fit->log.n_epochs, fit->log.best_epoch,
               number(best->validation_loss, n[0]), number(best->validation_ap[GW_GATE_LONG], n[1]),
               number(best->validation_ap[GW_GATE_SHORT], n[2]));
}

static void put_fold_end(struct event_log *log) {
    char n[2][32];
    put_head(log, "fold_end", log->p->plan.fold[log->fold].end_ns[GW_SLICE_TEST]);
    out_printf(&log->file, ",\"fold\":%zu,\"trades\":%zu,\"equity\":%s,\"return\":%s}\n", log->fold + 1,
               log->n_trades - log->n_trades_before, number(log->equity, n[0]),
               number(log->equity / log->equity_before - 1, n[1]));
    log->in_fold = false;
    log->fold++;
}

/* Everything below comes by here first: a fold ends before what happens after it. Bars between two test slices are of neither. */
static void advance(struct event_log *log, int64_t time_ns) {
    const struct gw_fold_plan *plan = &log->p->plan;
    if (log->in_fold && time_ns >= plan->fold[log->fold].end_ns[GW_SLICE_TEST]) put_fold_end(log);
    while (!log->in_fold && log->fold < plan->n_folds && time_ns >= plan->fold[log->fold].begin_ns[GW_SLICE_TEST]) {
        log->in_fold = true;
        log->equity_before = log->equity;
        log->n_trades_before = log->n_trades;
        put_retrain(log);
        if (time_ns >= plan->fold[log->fold].end_ns[GW_SLICE_TEST]) put_fold_end(log); /* no bar of it came */
    }
}

/* ---- what a replay tells ---------------------------------------------------------------------------------------------- */

static void on_bar(void *who, const struct gw_bar_event *event) {
    struct event_log *log = who;
    const struct gw_bar *bar = event->history.last;
    char open[40], n[10][32];
    advance(log, event->close_ns);
    put_head(log, "bar", event->close_ns);
    out_printf(&log->file,
               ",\"symbol\":%s,\"open_time\":\"%s\",\"open\":%s,\"high\":%s,\"low\":%s,\"close\":%s,\"volume\":%s",
               log->symbol[event->symbol], time_format(bar->open_ns, open), number(bar->open, n[0]),
               number(bar->high, n[1]), number(bar->low, n[2]), number(bar->close, n[3]), number(bar->volume, n[4]));
    if (event->score)
        out_printf(&log->file, ",\"p_long\":%s,\"p_short\":%s,\"tau_long\":%s,\"tau_short\":%s",
                   probability(event->score->p[GW_GATE_LONG], n[5]), probability(event->score->p[GW_GATE_SHORT], n[6]),
                   probability(event->score->tau[GW_GATE_LONG], n[7]),
                   probability(event->score->tau[GW_GATE_SHORT], n[8]));
    out_printf(&log->file, ",\"position\":%s}\n", number(event->position.quantity, n[9]));
}

static void on_order(void *who, const struct gw_order_record *o) {
    struct event_log *log = who;
    const bool waits = o->state == GW_ORDER_WAITING;
    char n[4][32];
    advance(log, waits ? o->put_ns : o->end_ns);
    put_head(log, "order", waits ? o->put_ns : o->end_ns);
    out_printf(&log->file, ",\"id\":%" PRIu64 ",\"symbol\":%s,\"kind\":\"%s\",\"side\":\"%s\",\"state\":\"%s\"", o->id,
               log->symbol[o->symbol], gw_order_kind_name[o->kind], o->side == GW_SIDE_LONG ? "buy" : "sell",
               gw_order_state_name[o->state]);
    if (o->parent) out_printf(&log->file, ",\"parent\":%" PRIu64, o->parent);
    if (o->reason != GW_REASON_NONE) out_printf(&log->file, ",\"reason\":\"%s\"", gw_order_reason_name[o->reason]);
    if (o->price > 0) out_printf(&log->file, ",\"price\":%s", number(o->price, n[0]));
    if (o->quantity > 0) out_printf(&log->file, ",\"quantity\":%s", number(o->quantity, n[1]));
    if (o->filled > 0)
        out_printf(&log->file, ",\"filled\":%s,\"average_price\":%s", number(o->filled, n[2]),
                   number(o->average_price, n[3]));
    out_write(&log->file, "}\n", 2);
}

static void on_fill(void *who, const struct gw_order_record *o, const struct gw_fill *fill) {
    struct event_log *log = who;
    char n[3][32];
    advance(log, fill->time_ns);
    put_head(log, "fill", fill->time_ns);
    out_printf(&log->file,
               ",\"id\":%" PRIu64 ",\"symbol\":%s,\"side\":\"%s\",\"quantity\":%s,\"price\":%s,\"fee\":%s}\n", o->id,
               log->symbol[fill->symbol], fill->quantity > 0 ? "buy" : "sell", number(fabs(fill->quantity), n[0]),
               number(fill->price, n[1]), number(fill->fee, n[2]));
}

static void on_instant(void *who, const struct gw_replay_result *so_far) {
    struct event_log *log = who;
    log->equity = so_far->equity[so_far->n_equity - 1].equity;
    log->n_trades = so_far->n_trades;
}

/* ---- the file --------------------------------------------------------------------------------------------------------- */

int events_open(const struct experiment *e, const struct prepared *p, const struct fit_list *fits, const char *path,
                const char *only, struct event_log **out) {
    struct event_log *log = mem_calloc(1, sizeof *log);
    *out = log;
    if (!log) return GW_ERR_NOMEM;
    log->e = e;
    log->p = p;
    log->fits = fits;
    log->only = only;
    log->watch = (struct gw_replay_watch){log, on_bar, on_order, on_fill, on_instant};
    log->symbol = mem_calloc(p->market.n_symbols, sizeof *log->symbol);
    int rc = log->symbol ? GW_OK : GW_ERR_NOMEM;
    for (size_t s = 0; rc == GW_OK && s < p->market.n_symbols; s++)
        rc = quoted(p->market.symbol[s].symbol, &log->symbol[s]);
    if (rc == GW_OK) rc = out_open(&log->file, path);
    if (rc == GW_OK) return GW_OK;
    events_free(log);
    *out = NULL;
    return rc;
}

int events_begin(struct event_log *log, size_t strategy, size_t k, uint64_t seed, const struct gw_replay_watch **out) {
    char *name;
    *out = NULL;
    if (!log || (log->only && strcmp(log->only, log->e->strategy[strategy].name) != 0)) return GW_OK;
    TRY(quoted(log->e->strategy[strategy].name, &name));
    const size_t room = strlen(name) + 64;
    mem_free(log->contestant);
    log->contestant = mem_calloc(room, 1);
    if (log->contestant) snprintf(log->contestant, room, "\"strategy\":%s,\"seed\":%" PRIu64, name, seed);
    mem_free(name);
    if (!log->contestant) return GW_ERR_NOMEM;
    log->strategy = strategy;
    log->k = k;
    log->fold = log->n_trades = 0;
    log->in_fold = false;
    log->equity = log->e->broker.initial_cash;
    *out = &log->watch;
    return GW_OK;
}

void events_end(struct event_log *log, const struct gw_replay_result *replay) {
    if (replay->n_equity) on_instant(log, replay);
    advance(log, INT64_MAX);
}

int events_commit(struct event_log *log) { return out_commit(&log->file); }

void events_free(struct event_log *log) {
    if (!log) return;
    out_abort(&log->file);
    for (size_t s = 0; log->symbol && s < log->p->market.n_symbols; s++) mem_free(log->symbol[s]);
    mem_free(log->symbol);
    mem_free(log->contestant);
    mem_free(log);
}
