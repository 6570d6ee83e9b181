/* One bar: features, scaler, model, thresholds, strategy. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/features/feature_set.h"
#include "gatewalk/import.h"
#include "live_private.h"

/* ---- opening ------------------------------------------------------------------------------------- */

/* Columns that no line may lack, because a feature is made of them. */
static void note_columns(struct live *live) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    for (size_t i = 0; i < set->n; i++) {
        const struct feature_item *item = &set->item[i];
        if (item->desc->needs_taker_buy) live->taker_buy_for = item->name;
        if (item->desc->needs_quote_volume) live->quote_volume_for = item->name;
        if (item->desc->needs_trade_count) live->trade_count_for = item->name;
    }
}

static int open_symbols(struct live *live) {
    const struct gw_label_config *labels = &live->experiment->labels;
    if (labels->min_move_atr > 0) {
        live->atr = gw_feature_find("atr");
        char why[GW_PARAM_WHY];
        if (!live->atr ||
            gw_param_put_number(&live->atr->own.param[0], (double)labels->atr_length, &live->atr_own, why) < 0)
            FAIL(GW_ERR_INTERNAL, "labels: there is no feature \"atr\" of %zu bars", labels->atr_length);
        live->atr_bytes = (live->atr->state_size(&live->atr_own) + 7) / 8 * 8;
    }
    for (size_t s = 0; s < live->n_symbols; s++) {
        struct live_symbol *symbol = &live->symbol[s];
        TRY(gw_feature_stream_open(gw_scorer_features(live->scorer), live->interval_ns, &symbol->features));
        gw_feature_stream_learnt(symbol->features, gw_scorer_learnt(live->scorer));
        if (live->atr && !(symbol->atr = mem_calloc(1, live->atr_bytes))) return GW_ERR_NOMEM;
    }
    return GW_OK;
}

/* Bar by bar another symbol's bar of the same time may come later, or never: nothing is guessed. */
static int refuse_other_symbols(const struct live *live) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    for (size_t c = 0; c < gw_feature_set_columns(set); c++)
        if (gw_feature_set_column_of_market(set, c))
            FAIL(GW_ERR_CONFIG,
                 "the model's features look at other symbols (%s), whose bar of the same time may come later or never; "
                 "`gatewalk score` takes such models, from files of all symbols",
                 gw_feature_set_column(set, c));
    return GW_OK;
}

static int refuse_batches(const struct live *live) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    for (size_t i = 0; i < gw_feature_set_size(set); i++)
        if (!gw_feature_set_streams(set, i))
            FAIL(GW_ERR_CONFIG,
                 "the model's feature \"%s\" comes from a pattern library, which looks at many windows at once and not "
                 "bar by bar; such models are for walks and gw_scorer",
                 gw_feature_set_name(set, i));
    return GW_OK;
}

static int open_all(const char *dir, const struct live_choice *choice, struct live *live) {
    TRY(live_find_fit(dir, choice, live));
    if (!choice->whole) TRY(refuse_other_symbols(live));
    TRY(refuse_batches(live));
    note_columns(live);
    TRY(open_symbols(live));
    live->row = mem_calloc(gw_feature_set_size(gw_scorer_features(live->scorer)), sizeof *live->row);
    if (!live->row) return GW_ERR_NOMEM;
    return gw_stream_open(gw_scorer_model(live->scorer), live->n_symbols, &live->stream);
}

int live_open(const char *dir, const struct live_choice *choice, struct live **out) {
    struct live *live = mem_calloc(1, sizeof *live);
    *out = NULL;
    if (!live) return GW_ERR_NOMEM;
    int rc = open_all(dir, choice, live);
    if (rc < 0)
        live_close(live);
    else
        *out = live;
    return rc;
}

void live_close(struct live *live) {
    if (!live) return;
    gw_stream_close(live->stream);
    for (size_t s = 0; s < live->n_symbols; s++) {
        gw_feature_stream_close(live->symbol[s].features);
        mem_free(live->symbol[s].atr);
    }
    gw_scorer_close(live->scorer);
    experiment_free(live->experiment);
    mem_free(live->symbol);
    mem_free(live->row);
    mem_free(live);
}

struct live_facts live_facts(const struct live *live) {
    return (struct live_facts){
        .experiment = live->experiment,
        .strategy = live->spec,
        .seed = live->seed,
        .fold = live->fold,
        .n_symbols = live->n_symbols,
        .interval_ns = live->interval_ns,
        .history =
            feature_set_warmup(gw_scorer_features(live->scorer), live->interval_ns) + gw_stream_history(live->stream),
    };
}

const char *live_symbol_name(const struct live *live, size_t symbol) { return live->symbol[symbol].name; }

size_t live_find_symbol(const struct live *live, const char *name) {
    size_t s = 0;
    while (s < live->n_symbols && strcmp(live->symbol[s].name, name) != 0) s++;
    return s;
}

int64_t live_last_open(const struct live *live, size_t symbol, uint64_t *n_bars) {
    *n_bars = live->symbol[symbol].n_bars;
    return live->symbol[symbol].last_open_ns;
}

/* Symbols stand in the order of the run's data. */
static void as_the_run_reads(const struct experiment *e, size_t symbol, struct gw_import_options *options) {
    if (symbol >= e->n_data) return;
    const char *name = options->symbol;
    config_import_options(&e->data[symbol], options);
    options->symbol = name;
}

size_t live_columns(const struct live *live, const char *name[GW_COLUMNS_MAX]) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    for (size_t c = 0; c < gw_feature_set_columns(set); c++) name[c] = gw_feature_set_column(set, c);
    return gw_feature_set_columns(set);
}

void live_bar_at(const struct live *live, const struct gw_bars *bars, size_t t, struct bar_line *out) {
    const char *name[GW_COLUMNS_MAX];
    const size_t n = live_columns(live, name);
    *out = (struct bar_line){
        .bar = bars->bar[t],
        .quote_volume = bars->quote_volume ? bars->quote_volume[t] : NAN,
        .trade_count = bars->trade_count ? bars->trade_count[t] : NAN,
        .taker_buy_base = bars->taker_buy_base ? bars->taker_buy_base[t] : NAN,
    };
    for (size_t c = 0; c < n; c++) {
        const double *value = gw_bars_column(bars, name[c]);
        out->column[c] = value ? value[t] : NAN;
    }
}

bool live_looks_across(const struct live *live) {
    const struct gw_feature_set *set = gw_scorer_features(live->scorer);
    for (size_t c = 0; c < gw_feature_set_columns(set); c++)
        if (gw_feature_set_column_of_market(set, c)) return true;
    return false;
}

int live_fill_across(const struct live *live, struct gw_market *market) {
    return feature_set_fill(gw_scorer_features(live->scorer), market);
}

/* What the file itself does not hold comes from the run's side files. */
static int complete_columns(const struct live *live, const char *path, const char *const *name, size_t n, size_t symbol,
                            struct gw_bars *bars) {
    const struct experiment *e = live->experiment;
    const struct gw_feature_set *set = gw_scorer_features(live->scorer); /* whose columns these are */
    struct side_account account;
    bool complete = true;
    for (size_t c = 0; c < n; c++)
        complete = complete && (gw_feature_set_column_of_market(set, c) || gw_bars_column(bars, name[c]));
    for (size_t k = 0; !complete && symbol < e->n_data && k < e->data[symbol].n_extra; k++)
        TRY(side_file_join(&e->data[symbol].extra[k], name, n, true, bars, &account));
    for (size_t c = 0; c < n; c++)
        if (!gw_feature_set_column_of_market(set, c) && !gw_bars_column(bars, name[c]))
            FAIL(GW_ERR_DATA, "%s: has no column \"%s\", which a feature of the model is made of", path, name[c]);
    return GW_OK;
}

int live_import(const struct live *live, const char *name, struct gw_bars *out, size_t *symbol) {
    char given[GW_SYMBOL_MAX] = "";
    const char *equals = strchr(name, '='), *path = name;
    if (equals && (size_t)(equals - name) < sizeof given) {
        memcpy(given, name, (size_t)(equals - name));
        path = equals + 1;
        if (live_find_symbol(live, given) == live->n_symbols)
            FAIL(GW_ERR_USAGE, "%s: the run has no symbol \"%s\"", name, given);
    } else if (live->n_symbols == 1) {
        snprintf(given, sizeof given, "%s", live->symbol[0].name);
    }
    struct gw_import_options options = {.symbol = *given ? given : NULL};
    const char *column[GW_COLUMNS_MAX];
    as_the_run_reads(live->experiment, live_find_symbol(live, given), &options);
    options.n_columns = live_columns(live, column);
    options.column = column;
    TRY(gw_bars_import(path, &options, out, NULL));
    *symbol = live_find_symbol(live, out->symbol);
    char has[40], needs[40];
    int rc = GW_OK;
    if (*symbol == live->n_symbols)
        rc = gw_error_set(GW_ERR_USAGE, "%s: the run has no symbol \"%s\"; write SYMBOL=FILE", path, out->symbol);
    else if (out->n > 1 && out->interval_ns != live->interval_ns)
        rc = gw_error_set(GW_ERR_DATA, "%s: bars of %s, but the model was trained on bars of %s", path,
                          duration_format(out->interval_ns, has), duration_format(live->interval_ns, needs));
    if (rc == GW_OK) rc = complete_columns(live, path, column, options.n_columns, *symbol, out);
    if (rc < 0) gw_bars_free(out);
    return rc;
}

/* ---- a bar --------------------------------------------------------------------------------------- */

/* What a bar is worth to the label: a fraction of its close. */
static double min_move_of(const struct live *live, const struct live_symbol *symbol, const struct bar_line *in) {
    const struct gw_label_config *labels = &live->experiment->labels;
    if (!live->atr) return labels->min_move;
    struct gw_feature_input input = {.bar = &in->bar, .close_ns = in->bar.open_ns + live->interval_ns};
    return labels->min_move_atr * live->atr->push(symbol->atr, &live->atr_own, &input);
}

/* Features and min_move of a bar that is known to come next; live->row gets the scaled row. */
static double take_bar(struct live *live, struct live_symbol *symbol, const struct bar_line *in) {
    struct gw_feature_input input = {.bar = &in->bar,
                                     .close_ns = in->bar.open_ns + live->interval_ns,
                                     .quote_volume = in->quote_volume,
                                     .trade_count = in->trade_count,
                                     .taker_buy_base = in->taker_buy_base,
                                     .columns = in->column};
    gw_feature_stream_push(symbol->features, &input, live->row);
    gw_scaler_apply(gw_scorer_scaler(live->scorer), live->row, 1, live->row);
    symbol->last_open_ns = in->bar.open_ns;
    symbol->n_bars++;
    return min_move_of(live, symbol, in);
}

static int judge_columns(const struct live *live, const struct bar_line *in) {
    const char *needs = live->taker_buy_for && isnan(in->taker_buy_base)    ? "taker-buy volume"
                        : live->quote_volume_for && isnan(in->quote_volume) ? "quote volume"
                        : live->trade_count_for && isnan(in->trade_count)   ? "trade count"
                                                                            : NULL;
    if (needs) FAIL(GW_ERR_DATA, "the bar has no %s, which a feature of the model is made of", needs);
    return GW_OK;
}

/* Half an interval: days in local time may be 23 hours long, but bars of another length are not what was trained on. */
static int judge_order(const struct live *live, const struct live_symbol *symbol, const struct bar_line *in) {
    char now[40], last[40], interval[40];
    int64_t open_ns = in->bar.open_ns;
    if (open_ns > INT64_MAX - live->interval_ns) FAIL(GW_ERR_DATA, "the bar closes after the year 2262");
    if (symbol->n_bars == 0) return GW_OK;
    time_format(open_ns, now);
    time_format(symbol->last_open_ns, last);
    if (open_ns == symbol->last_open_ns) FAIL(GW_ERR_DATA, "%s repeats the bar of %s", symbol->name, now);
    if (open_ns < symbol->last_open_ns)
        FAIL(GW_ERR_DATA, "%s: the bar of %s comes after that of %s", symbol->name, now, last);
    if ((uint64_t)open_ns - (uint64_t)symbol->last_open_ns <= (uint64_t)live->interval_ns / 2)
        FAIL(GW_ERR_DATA, "%s: the bar of %s opens too soon after that of %s; bars of %s are needed", symbol->name, now,
             last, duration_format(live->interval_ns, interval));
    return GW_OK;
}

int live_warm(struct live *live, size_t symbol, const struct gw_bars *bars, size_t n, bool *ready) {
    size_t history = gw_stream_history(live->stream);
    struct gw_stream_bar scored = {.bars = 0};
    for (size_t t = 0; t < n; t++) {
        struct bar_line in;
        live_bar_at(live, bars, t, &in);
        if (t == 0) TRY(judge_columns(live, &in));
        take_bar(live, &live->symbol[symbol], &in);
        if (t + history >= n) TRY(gw_stream_push(live->stream, symbol, live->row, &scored));
        TRY(interrupt_check());
    }
    *ready = history == 0 || scored.bars >= history;
    return GW_OK;
}

/* ---- what to do ---------------------------------------------------------------------------------- */

/* Keeps the first order that opens something; there is nobody to fill it. */
struct catcher {
    struct gw_order_sink sink;
    struct gw_order order;
    bool caught;
};

static uint64_t catch_order(struct gw_order_sink *sink, const struct gw_order *order) {
    struct catcher *catcher = (struct catcher *)sink;
    if (catcher->caught || order->kind == GW_ORDER_CLOSE || order->reduce_only) return 0;
    catcher->caught = true;
    catcher->order = *order;
    return 1;
}
static bool catch_nothing(struct gw_order_sink *sink, uint64_t id) {
    (void)sink, (void)id;
    return false;
}
static uint64_t catch_no_other(struct gw_order_sink *sink, uint64_t id, const struct gw_order *order) {
    (void)sink, (void)id, (void)order;
    return 0;
}

/* The strategy's own decision at this bar, for an account that holds nothing. */
static void decide(const struct live *live, const struct bar_line *in, double min_move, struct live_signal *signal) {
    struct catcher catcher = {.sink = {catch_order, catch_nothing, catch_no_other}};
    struct gw_score score;
    memcpy(score.p, signal->p, sizeof score.p);
    memcpy(score.tau, signal->tau, sizeof score.tau);
    struct gw_bar_event event = {
        .symbol = (uint32_t)signal->symbol,
        .close_ns = signal->close_ns,
        .history = {.last = &in->bar, .n = 1},
        .score = &score,
        .min_move = min_move,
    };
    if (!signal->ready) return;
    live->spec->desc->on_bar(NULL, &live->spec->trading, &event, &catcher.sink);
    if (!catcher.caught) return;
    const struct gw_order *order = &catcher.order;
    signal->side = order->side;
    if (order->stop > 0) signal->stop = in->bar.close * (1 - signal->side * order->stop);
    if (order->target > 0) signal->target = in->bar.close * (1 + signal->side * order->target);
}

static int find_symbol(const struct live *live, const char *name, size_t *symbol) {
    *symbol = *name ? live_find_symbol(live, name) : 0;
    if (!*name && live->n_symbols > 1)
        FAIL(GW_ERR_DATA, "the bar names no symbol, and the run has %zu", live->n_symbols);
    if (*symbol == live->n_symbols) FAIL(GW_ERR_DATA, "the run has no symbol \"%s\"", name);
    return GW_OK;
}

int live_push(struct live *live, const struct bar_line *in, struct live_signal *out) {
    size_t s;
    struct gw_stream_bar scored;
    TRY(find_symbol(live, in->symbol, &s));
    struct live_symbol *symbol = &live->symbol[s];
    TRY(judge_columns(live, in));
    TRY(judge_order(live, symbol, in));
    double min_move = take_bar(live, symbol, in);
    TRY(gw_stream_push(live->stream, s, live->row, &scored));
    *out = (struct live_signal){
        .symbol = s,
        .open_ns = in->bar.open_ns,
        .close_ns = in->bar.open_ns + live->interval_ns,
        .stop = NAN,
        .target = NAN,
        .ready = scored.ready,
    };
    memcpy(out->p, scored.p, sizeof out->p);
    memcpy(out->tau, symbol->tau, sizeof out->tau);
    out->n_lags = gw_stream_top_lags(live->stream, &scored, LIVE_LAGS, out->lag, out->weight);
    decide(live, in, min_move, out);
    return GW_OK;
}
