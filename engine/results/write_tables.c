/* The CSV files of a run directory (columns: run_files.h). */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "write.h"

static const char *number(double value, char buffer[32]) {
    if (isnan(value)) return "";
    return number_format(value, buffer);
}

/* A threshold that nothing can reach is no threshold: empty. */
static const char *threshold(float tau, char buffer[32]) {
    if (!isfinite(tau)) return "";
    snprintf(buffer, 32, "%.9g", (double)tau);
    return buffer;
}

static int table_open(struct out_file *file, const char *dir, const char *name, const char *header) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, name));
    TRY(out_open(file, path));
    out_printf(file, "%s\n", header);
    return GW_OK;
}

/* A bar that was not scored is empty. */
static const char *probability(float p, char buffer[32]) {
    if (isnan(p)) return "";
    snprintf(buffer, 32, "%.9g", (double)p);
    return buffer;
}

int write_folds(const struct prepared *p, const char *dir) {
    struct out_file file;
    TRY(table_open(&file, dir, GW_RUN_FOLDS,
                   "fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged"));
    for (size_t f = 0; f < p->plan.n_folds; f++)
        for (int slice = 0; slice < GW_N_SLICES; slice++)
            for (size_t s = 0; s < p->market.n_symbols; s++) {
                const struct gw_fold *fold = &p->plan.fold[f];
                const struct gw_range *bars = &fold->bars[slice][s], *samples = &fold->samples[slice][s];
                char begin[40], end[40];
                out_printf(&file, "%zu,%s,%s,%s,%s,%zu,%zu,%zu,%zu,%zu\n", f + 1, gw_slice_name[slice],
                           p->market.symbol[s].symbol, time_format(fold->begin_ns[slice], begin),
                           time_format(fold->end_ns[slice], end), bars->begin, bars->end, samples->begin, samples->end,
                           slice < GW_SLICE_TEST ? bars->end - samples->end : 0);
            }
    return out_commit(&file);
}

static int write_scores(const struct experiment *e, const struct prepared *p, const struct results *r,
                        const char *dir) {
    struct out_file file;
    TRY(table_open(
        &file, dir, GW_RUN_SCORES,
        "time,open_time,symbol,strategy,seed,fold,p_long,p_short,label_long,label_short,tau_long,tau_short"));
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model) continue;
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            for (size_t i = 0; i < r->scores.n; i++, market_rest_at(&p->market, i)) {
                const struct test_bar *at = &r->scores.bar[i];
                const struct gw_score *score = &r->strategy[s].seed[k].scores.at[i];
                char time[40], open[40], p_text[GW_N_GATES][32];
                out_printf(&file, "%s,%s,%s,%s,%" PRIu64 ",%u,%s,%s,", time_format(at->close_ns, time),
                           time_format(p->market.symbol[at->symbol].bar[at->bar].open_ns, open),
                           p->market.symbol[at->symbol].symbol, e->strategy[s].name, r->strategy[s].seed[k].number,
                           at->fold + 1, probability(score->p[0], p_text[0]), probability(score->p[1], p_text[1]));
                if (at->labelled)
                    out_printf(&file, "%d,%d", p->labels[at->symbol].gate[0][at->bar],
                               p->labels[at->symbol].gate[1][at->bar]);
                else
                    out_write(&file, ",", 1);
                char tau[GW_N_GATES][32];
                out_printf(&file, ",%s,%s\n", threshold(score->tau[0], tau[0]), threshold(score->tau[1], tau[1]));
            }
    }
    return out_commit(&file);
}

static void trade_row(struct out_file *out, const struct experiment *e, const struct prepared *p, size_t s,
                      uint64_t seed, const struct gw_trade *t) {
    char signal[40], entry[40], exit[40], n[9][32];
    out_printf(out, "%s,%" PRIu64 ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%u,%s,", e->strategy[s].name, seed,
               p->market.symbol[t->symbol].symbol, t->side == GW_SIDE_LONG ? "long" : "short",
               time_format(t->signal_ns, signal), time_format(t->entry_ns, entry), time_format(t->exit_ns, exit),
               number(t->entry_price, n[0]), number(t->exit_price, n[1]), number(t->quantity, n[2]),
               number(t->fees, n[3]), number(t->slippage, n[4]), number(t->funding, n[5]), number(t->pnl, n[6]),
               number(t->return_fraction, n[7]), number(t->mae, n[8]), number(t->mfe, (char[32]){0}), t->bars_held,
               gw_exit_reason_name[t->reason]);
    if (!isnan(t->probability)) out_printf(out, "%.9g", (double)t->probability);
    out_printf(out, ",%d,%" PRIu64 ",%" PRIu64 "\n", t->ambiguous, t->entry_order, t->exit_order);
}

static int write_trades(const struct experiment *e, const struct prepared *p, const struct results *r,
                        const char *dir) {
    struct out_file file;
    TRY(table_open(
        &file, dir, GW_RUN_TRADES,
        "strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,fees,"
        "slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous,entry_order,exit_order"));
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++) {
            const struct gw_replay_result *replay = &r->strategy[s].seed[k].replay;
            for (size_t i = 0; i < replay->n_trades; i++)
                trade_row(&file, e, p, s, r->strategy[s].seed[k].number, &replay->trade[i]);
        }
    return out_commit(&file);
}

static void order_row(struct out_file *out, const struct experiment *e, const struct prepared *p, size_t s,
                      uint64_t seed, const struct gw_order_record *o) {
    char put[40], end[40], n[4][32], parent[24] = "";
    if (o->parent) snprintf(parent, sizeof parent, "%" PRIu64, o->parent);
    out_printf(out, "%s,%" PRIu64 ",%" PRIu64 ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", e->strategy[s].name, seed,
               o->id, parent, p->market.symbol[o->symbol].symbol, gw_order_kind_name[o->kind],
               o->side == GW_SIDE_LONG ? "buy" : "sell", o->price > 0 ? number(o->price, n[0]) : "",
               o->quantity > 0 ? number(o->quantity, n[1]) : "", number(o->filled, n[2]),
               o->filled > 0 ? number(o->average_price, n[3]) : "", gw_order_state_name[o->state],
               gw_order_reason_name[o->reason], time_format(o->put_ns, put), time_format(o->end_ns, end));
}

static int write_orders(const struct experiment *e, const struct prepared *p, const struct results *r,
                        const char *dir) {
    struct out_file file;
    TRY(table_open(&file, dir, GW_RUN_ORDERS,
                   "strategy,seed,id,parent,symbol,kind,side,price,quantity,filled,average_price,state,reason,put_time,"
                   "end_time"));
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++) {
            const struct gw_replay_result *replay = &r->strategy[s].seed[k].replay;
            for (size_t i = 0; i < replay->n_records; i++)
                order_row(&file, e, p, s, r->strategy[s].seed[k].number, &replay->order[i]);
        }
    return out_commit(&file);
}

/* All symbols share one interval: what closes at a time has opened at one. */
static int write_equity(const struct experiment *e, const struct prepared *p, const struct results *r,
                        const char *dir) {
    struct out_file file;
    TRY(table_open(&file, dir, GW_RUN_EQUITY, "time,open_time,strategy,seed,equity,cash,exposure,drawdown"));
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++) {
            const struct gw_replay_result *replay = &r->strategy[s].seed[k].replay;
            double peak = e->broker.initial_cash;
            for (size_t i = 0; i < replay->n_equity; i++, market_rest_at(&p->market, i)) {
                const struct gw_equity_point *point = &replay->equity[i];
                char time[40], open[40], n[4][32];
                if (point->equity > peak) peak = point->equity;
                out_printf(&file, "%s,%s,%s,%" PRIu64 ",%s,%s,%s,%s\n", time_format(point->time_ns, time),
                           time_format(point->time_ns - p->market.symbol[0].interval_ns, open), e->strategy[s].name,
                           r->strategy[s].seed[k].number, number(point->equity, n[0]), number(point->cash, n[1]),
                           number(point->exposure, n[2]), number(point->equity / peak - 1, n[3]));
            }
        }
    return out_commit(&file);
}

static int write_training(const struct experiment *e, const struct fit_list *fits, const char *dir) {
    struct out_file file;
    bool apart = false;
    for (size_t s = 0; s < e->n_strategies; s++) apart |= e->strategy[s].models != MODELS_POOLED;
    TRY(table_open(&file, dir, GW_RUN_TRAINING,
                   apart ? "strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best,"
                           "model_of"
                         : "strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best"));
    for (size_t i = 0; i < fits->n; i++) {
        const struct fit *fit = &fits->fit[i];
        for (size_t k = 0; k < fit->log.n_epochs; k++) {
            const struct gw_epoch_record *record = &fit->log.epoch[k];
            char n[5][32];
            out_printf(&file, "%s,%" PRIu64 ",%zu,%u,%s,%s,%s,%s,%s,%d", e->strategy[fit->strategy].name,
                       e->seed[fit->seed], fit->fold + 1, record->epoch, number(record->learning_rate, n[0]),
                       number(record->train_loss, n[1]), number(record->validation_loss, n[2]),
                       number(record->validation_ap[0], n[3]), number(record->validation_ap[1], n[4]),
                       record->epoch == fit->log.best_epoch);
            out_printf(&file, "%s%s\n", apart ? "," : "", fit->label ? fit->label : "");
        }
    }
    return out_commit(&file);
}

enum { CURVE_POINTS = 400, RELIABILITY_BINS = 10, HISTOGRAM_BINS = 50 };

static int curve_rows(struct out_file *out, const struct experiment *e, const struct results *r, size_t s, size_t k,
                      int gate, struct sample_room *room) {
    static const char *const name[] = {"pr", "reliability", "histogram"};
    struct gw_gate_sample sample;
    struct gw_curve_point point[CURVE_POINTS];
    results_sample(r, &r->strategy[s], k, gate, 0, r->scores.n_labelled, false, room, &sample);
    if (sample.n == 0) return GW_OK;
    for (int curve = 0; curve < (sample.ranking_only ? 1 : 3); curve++) { /* the others are of probabilities */
        size_t n = HISTOGRAM_BINS;
        if (curve == 0) TRY(gw_curve_precision_recall(&sample, CURVE_POINTS, point, &n));
        if (curve == 1) TRY(gw_curve_reliability(&sample, RELIABILITY_BINS, point, &n));
        if (curve == 2) TRY(gw_curve_histogram(&sample, HISTOGRAM_BINS, point));
        for (size_t i = 0; i < n; i++) {
            char x[32], y[32], count[32];
            out_printf(out, "%s,%" PRIu64 ",%s,%s,%s,%s,%s\n", e->strategy[s].name, r->strategy[s].seed[k].number,
                       gw_gate_name[gate], name[curve], number(point[i].x, x), number(point[i].y, y),
                       number(point[i].count, count));
        }
    }
    return GW_OK;
}

/* Where shifted labels lie in 90 of 100 cases, over the same recalls. */
static void null_rows(struct out_file *file, const struct experiment *e, const struct results *r, size_t s, int gate) {
    static const char *const name[] = {"pr_null_low", "pr_null_high"};
    for (size_t side = 0; side < COUNT_OF(name); side++)
        for (size_t i = 0; i < NULL_RECALLS; i++) {
            const struct null_band *band = &r->strategy[s].null_bands[gate].curve[i];
            const double value = side ? band->high : band->low;
            char x[32], y[32];
            if (isnan(value) || !(value > 0)) continue;
            out_printf(file, "%s,%llu,%s,%s,%s,%s,\n", e->strategy[s].name,
                       (unsigned long long)r->strategy[s].seed[0].number, gw_gate_name[gate], name[side],
                       number_format(null_recall(i), x), number_format(value, y));
        }
}

static int write_curves(const struct experiment *e, const struct results *r, const char *dir) {
    struct out_file file;
    struct sample_room room;
    int rc = sample_room_make(r, &room);
    if (rc == GW_OK) rc = table_open(&file, dir, GW_RUN_CURVES, "strategy,seed,gate,curve,x,y,count");
    if (rc < 0) goto done;
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!e->strategy[s].desc->needs_model) continue;
        for (size_t k = 0; k < r->strategy[s].n_seeds; k++)
            for (int g = 0; rc == GW_OK && g < GW_N_GATES; g++) rc = curve_rows(&file, e, r, s, k, g, &room);
        for (int g = 0; rc == GW_OK && g < GW_N_GATES; g++) null_rows(&file, e, r, s, g);
    }
    if (rc == GW_OK)
        rc = out_commit(&file);
    else
        out_abort(&file);
done:
    sample_room_free(&room);
    return rc;
}

/* The tables of one run, each a file of its own; what takes longest is begun first. */
enum csv_table { SCORES, BARS, CURVES, ORDERS, TRADES, EQUITY, BREAKDOWN, BANDS, TRAINING, FOLDS, N_TABLES };

static int write_table(enum csv_table which, const struct experiment *e, const struct prepared *p,
                       const struct fit_list *fits, const struct results *r, const char *dir) {
    switch (which) {
    case SCORES:
        return write_scores(e, p, r, dir);
    case BARS:
        return write_bars(p, dir);
    case CURVES:
        return write_curves(e, r, dir);
    case ORDERS:
        return write_orders(e, p, r, dir);
    case TRADES:
        return write_trades(e, p, r, dir);
    case EQUITY:
        return write_equity(e, p, r, dir);
    case BREAKDOWN:
        return write_breakdown(e, p, r, dir);
    case BANDS:
        return write_equity_bands(e, p, r, dir);
    case TRAINING:
        return write_training(e, fits, dir);
    default:
        return write_folds(p, dir);
    }
}

int write_tables(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                 const struct results *r, const char *dir, size_t n_threads) {
    struct failure failure = {.code = GW_OK};
#pragma omp parallel for schedule(dynamic) num_threads((int)(n_threads ? n_threads : 1))
    for (int i = 0; i < N_TABLES; i++) {
        if (atomic_load(&failure.any)) continue;
        const int rc = write_table((enum csv_table)i, e, p, fits, r, dir);
        if (rc < 0) failure_note(&failure, (size_t)i, rc);
        market_rest(&p->market);
    }
    return failure_tell(&failure);
}
