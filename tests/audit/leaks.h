/* Planted leaks: each is a mistake that people make, put where a hook of the audit lets it in. */
#ifndef GATEWALK_TEST_AUDIT_LEAKS_H
#define GATEWALK_TEST_AUDIT_LEAKS_H

#include "engine/audit/audit.h"
#include "models/api/gate_model.h"

/* ---- features and labels ----------------------------------------------------------------------------------------- */

static void leak_next_bar(const struct experiment *e, struct prepared *p) {
    const struct gw_bars *bars = &p->market.symbol[0];
    for (size_t t = 0; t + 1 < bars->n; t++)
        p->features[0].value[t * e->n_features] = (float)log(bars->bar[t + 1].close / bars->bar[t].close);
}

/* The hour's return, delivered from its first quarter on. */
static void leak_open_interval(const struct experiment *e, struct prepared *p) {
    const struct gw_bars *bars = &p->market.symbol[0];
    for (size_t t = p->features[0].warmup; t < bars->n; t++) {
        size_t end = t;
        while (end + 1 < bars->n && bars->bar[end + 1].open_ns / NS_PER_HOUR == bars->bar[t].open_ns / NS_PER_HOUR)
            end++;
        p->features[0].value[t * e->n_features + 2] = (float)log(bars->bar[end].close / bars->bar[t].open);
    }
}

static void leak_whole_history_mean(const struct experiment *e, struct prepared *p) {
    size_t F = e->n_features, from = p->features[0].warmup, n = p->market.symbol[0].n;
    double mean = 0;
    for (size_t t = from; t < n; t++) mean += (double)p->features[0].value[t * F + 1] / (double)(n - from);
    for (size_t t = from; t < n; t++) p->features[0].value[t * F + 1] -= (float)mean;
}

/* A day's volume from a side file that stamps it with the day's beginning, joined as if it had been known then. */
static void leak_early_column(const struct experiment *e, struct prepared *p) {
    const struct gw_bars *bars = &p->market.symbol[0];
    for (size_t t = p->features[0].warmup; t < bars->n; t++) {
        double sum = 0;
        for (size_t i = 0; i < bars->n; i++)
            if (bars->bar[i].open_ns / NS_PER_DAY == bars->bar[t].open_ns / NS_PER_DAY) sum += bars->bar[i].volume;
        p->features[0].value[t * e->n_features + 3] = (float)sum;
    }
}

/* The column that was not dropped before training. */
static void leak_label_as_feature(const struct experiment *e, struct prepared *p) {
    for (size_t t = p->features[0].warmup; t < p->market.symbol[0].n; t++)
        p->features[0].value[t * e->n_features + 4] = p->labels[0].gate[GW_GATE_LONG][t];
}

/* What was missing, filled from behind. */
static void leak_filled_backwards(const struct experiment *e, struct prepared *p) {
    const struct gw_bars *bars = &p->market.symbol[0];
    size_t F = e->n_features;
    for (size_t t = bars->n; t-- > p->features[0].warmup;)
        if (t % 50 == 49 && t + 1 < bars->n) p->features[0].value[t * F] = p->features[0].value[(t + 1) * F];
}

static void leak_labels_shifted(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (int g = 0; g < GW_N_GATES; g++) memmove(p->labels[0].gate[g], p->labels[0].gate[g] + 1, p->labels[0].n - 1);
}

static void leak_move_ahead(const struct experiment *e, struct prepared *p) {
    struct gw_labels *labels = &p->labels[0];
    for (size_t t = 0; t + e->labels.horizon < labels->n; t++) {
        const struct gw_bar *bar = &p->market.symbol[0].bar[t + e->labels.horizon];
        labels->min_move[t] = (bar->high - bar->low) / bar->close;
    }
}

/* ---- folds --------------------------------------------------------------------------------------------------------- */

static void leak_no_purge(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_TRAIN][0].end = p->plan.fold[f].bars[GW_SLICE_TRAIN][0].end;
}

static void leak_no_purge_before_test(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_VALIDATION][0].end = p->plan.fold[f].bars[GW_SLICE_VALIDATION][0].end;
}

static void leak_train_on_validation(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_TRAIN][0].end = p->plan.fold[f].bars[GW_SLICE_VALIDATION][0].end;
}

/* The walk begins where it suits: at a bar that the highest price of all time decides. */
static void leak_chosen_folds(const struct experiment *e, struct prepared *p) {
    size_t top = 0;
    (void)e;
    for (size_t t = 0; t < p->market.symbol[0].n; t++)
        if (p->market.symbol[0].bar[t].close > p->market.symbol[0].bar[top].close) top = t;
    p->plan.fold[0].samples[GW_SLICE_TEST][0].begin += 1 + top % 7;
}

/* ---- fitted features --------------------------------------------------------------------------------------------------- */

/* Bars of all slices are there to learn from. */
static int leak_fitted_on_all(const struct experiment *e, const struct prepared *p, size_t fold,
                              const struct fold_known *known, struct fold_data *out) {
    double learnt[64];
    if (known && known->learnt) return fold_data_build(e, p, fold, known, out);
    const struct gw_feature_slice slice = {.bars = &p->market.symbol[0],
                                           .samples = {p->features[0].warmup, p->market.symbol[0].n}};
    assert_true(gw_feature_set_learnt(p->set) <= COUNT_OF(learnt));
    TRY(gw_feature_set_learn(p->set, &slice, 1, 0, learnt));
    TRY(fold_data_build(e, p, fold, &(struct fold_known){.learnt = learnt}, out));
    /* Kept as the engine keeps its own: until the walk is over. */
    static double kept[64][64];
    static size_t n_kept;
    out->learnt = memcpy(kept[n_kept++ % COUNT_OF(kept)], learnt, sizeof learnt);
    return GW_OK;
}

/* The last feature of a bar knows the bar after it. */
static int smoothed(const struct experiment *e, const struct prepared *p, size_t fold, const struct fold_known *known,
                    struct fold_data *out, size_t end) {
    TRY(fold_data_build(e, p, fold, known, out));
    const size_t F = out->n_features;
    if (end > out->score_series[0].n_rows) end = out->score_series[0].n_rows;
    for (size_t t = 0; t + 1 < end; t++) {
        float *x = out->x[0] + t * F + F - 1;
        x[0] = (x[0] + x[F]) / 2;
    }
    return GW_OK;
}
static int leak_smoothed(const struct experiment *e, const struct prepared *p, size_t fold,
                         const struct fold_known *known, struct fold_data *out) {
    return smoothed(e, p, fold, known, out, SIZE_MAX);
}
/* As if what learns had been asked for its own training slice; everything behind it is filtered. */
static int leak_smoothed_in_training(const struct experiment *e, const struct prepared *p, size_t fold,
                                     const struct fold_known *known, struct fold_data *out) {
    struct fold_data plain;
    TRY(fold_data_build(e, p, fold, known, &plain));
    const size_t end = p->plan.fold[fold].samples[GW_SLICE_TRAIN][0].end - plain.first[0];
    fold_data_free(&plain);
    return smoothed(e, p, fold, known, out, end);
}

/* ---- fits ------------------------------------------------------------------------------------------------------------ */

/* The scaler is fitted over training and test slice. */
static int leak_scaler(const struct experiment *e, const struct prepared *p, size_t fold,
                       const struct fold_known *known, struct fold_data *out) {
    double zero[16] = {0}, one[16];
    for (size_t i = 0; i < COUNT_OF(one); i++) one[i] = 1;
    struct gw_scaler none = {GW_SCALER_NONE, e->n_features, zero, one, INFINITY}, scaler;
    struct fold_known fitted = {.scaler = &none, .learnt = known ? known->learnt : NULL};
    struct fold_data plain;
    size_t n = 0, F = e->n_features;
    if (known && known->scaler) return fold_data_build(e, p, fold, known, out);
    assert_true(F <= COUNT_OF(zero));
    TRY(fold_data_build(e, p, fold, &fitted, &plain));
    const float **row = mem_calloc(plain.score_series[0].n_rows, sizeof *row);
    int rc = row ? GW_OK : GW_ERR_NOMEM;
    for (int slice = 0; rc == GW_OK && slice < GW_N_SLICES; slice += GW_SLICE_TEST)
        for (size_t i = 0; i < plain.n[slice]; i++) row[n++] = plain.x[0] + plain.sample[slice][i].row * F;
    if (rc == GW_OK) rc = gw_scaler_fit(e->scaler.kind, e->scaler.clip, row, n, F, &scaler);
    mem_free(row);
    fold_data_free(&plain);
    if (rc < 0) return rc;
    fitted.scaler = &scaler;
    rc = fold_data_build(e, p, fold, &fitted, out);
    gw_scaler_free(&scaler);
    return rc;
}

/* A fit as the engine does it, but for what `how` says. */
enum { HONEST, STOPS_ON_TEST, SEEDED_BY_DATA, TRAINS_ON_TEST };
static int leaky_fit(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                     struct fit *fit, struct gw_gate_model **model, int how) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    struct gw_series labelled = data->score_series[0];
    for (int g = 0; g < GW_N_GATES; g++) labelled.label[g] = p->labels[0].gate[g] + data->first[0];
    int validation = how == STOPS_ON_TEST ? GW_SLICE_TEST : GW_SLICE_VALIDATION,
        train = how == TRAINS_ON_TEST ? GW_SLICE_TEST : GW_SLICE_TRAIN;
    struct gw_fit_input input = {
        .n_series = 1,
        .n_features = data->n_features,
        .series = how == STOPS_ON_TEST || how == TRAINS_ON_TEST ? &labelled : data->fit_series,
        .train = data->sample[train],
        .n_train = data->n[train],
        .validation = data->sample[validation],
        .n_validation = data->n[validation],
    };
    uint64_t key[2] = {e->seed[fit->seed], fit->fold};
    struct gw_fit_options options = {.seed = hash_bytes(key, sizeof key, 0)};
    if (how == SEEDED_BY_DATA)
        options.seed ^= hash_bytes(p->market.symbol[0].bar, p->market.symbol[0].n * sizeof(struct gw_bar), 0);
    return gw_model_fit(&spec->model, &spec->train, &input, &options, model, &fit->log);
}
#define LEAKY_FIT(name, how)                                                                                           \
    static int name(const struct experiment *e, const struct prepared *p, const struct fold_data *data,                \
                    struct fit *fit, struct gw_gate_model **model) {                                                   \
        return leaky_fit(e, p, data, fit, model, how);                                                                 \
    }
LEAKY_FIT(honest_fit, HONEST)
LEAKY_FIT(leak_stops_on_test, STOPS_ON_TEST)
LEAKY_FIT(leak_seeded_by_data, SEEDED_BY_DATA)
LEAKY_FIT(leak_trains_on_test, TRAINS_ON_TEST)

/* ---- thresholds and probabilities ---------------------------------------------------------------------------------- */

static int leak_descending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static void leak_tau_from_test(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                               const struct gw_gate_model *model, struct fit *fit) {
    float *column = mem_calloc(fit->n_test + 1, sizeof *column);
    (void)p, (void)data, (void)model;
    assert_non_null(column);
    for (size_t g = 0; g < GW_N_GATES; g++) {
        for (size_t i = 0; i < fit->n_test; i++) column[i] = fit->probability[i * GW_N_GATES + g];
        qsort(column, fit->n_test, sizeof *column, leak_descending);
        fit->tau[0][g] = column[(size_t)(e->signals.act_on / 100 * (double)fit->n_test)];
    }
    mem_free(column);
}

static void leak_calibrated_on_test(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                                    const struct gw_gate_model *model, struct fit *fit) {
    const struct gw_range *r = &p->plan.fold[fit->fold].samples[GW_SLICE_TEST][0];
    double said = 0, hits = 0;
    (void)e, (void)data, (void)model;
    for (size_t t = r->begin; t < r->end; t++) hits += p->labels[0].gate[GW_GATE_LONG][t] == 1;
    for (size_t i = 0; i < fit->n_test; i++) said += (double)fit->probability[i * GW_N_GATES];
    for (size_t i = 0; i < fit->n_test; i++) fit->probability[i * GW_N_GATES] *= (float)(hits / said);
}

/* Windows that end one bar late. */
static void leak_window_ahead(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                              const struct gw_gate_model *model, struct fit *fit) {
    struct gw_sample *sample = mem_calloc(fit->n_test + 1, sizeof *sample);
    (void)e, (void)p;
    assert_non_null(sample);
    memcpy(sample, data->sample[GW_SLICE_TEST], fit->n_test * sizeof *sample);
    for (size_t i = 0; i < fit->n_test; i++)
        if (sample[i].row + 1 < data->score_series[0].n_rows) sample[i].row++;
    assert_ok(gw_model_score(model, data->score_series, 1, sample, fit->n_test, fit->probability, NULL));
    mem_free(sample);
}

/* Ranked over the whole test slice, as a percentile. */
static void leak_ranked_on_test(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                                const struct gw_gate_model *model, struct fit *fit) {
    float *old = mem_calloc(fit->n_test * GW_N_GATES + 1, sizeof *old);
    (void)e, (void)p, (void)data, (void)model;
    assert_non_null(old);
    memcpy(old, fit->probability, fit->n_test * GW_N_GATES * sizeof *old);
    for (size_t i = 0; i < fit->n_test; i++) {
        size_t below = 0;
        for (size_t k = 0; k < fit->n_test; k++) below += old[k * GW_N_GATES] < old[i * GW_N_GATES];
        fit->probability[i * GW_N_GATES] = (float)below / (float)fit->n_test;
    }
    mem_free(old);
}

/* ---- a decoder's paths ------------------------------------------------------------------------------------------------- */

/* A path goes on beyond the label's horizon. */
static void leak_longer_paths(const struct experiment *e, struct prepared *p) {
    struct gw_paths *paths = &p->paths[0].of[0];
    const size_t width = paths->steps * GW_PATH_SIDES, h = e->labels.horizon;
    memmove(paths->move, paths->move + h * width, (paths->n - h) * width * sizeof *paths->move);
}

/* Paths are as they should be, but training takes those of later bars. */
static int leak_later_paths(const struct experiment *e, const struct prepared *p, size_t fold,
                            const struct fold_known *known, struct fold_data *out) {
    TRY(fold_data_build(e, p, fold, known, out));
    out->cross[0].fit[0].path += e->labels.horizon * p->paths[0].steps * GW_PATH_SIDES;
    return GW_OK;
}

/* Teacher forcing while scoring: the gate reads a decoder whose steps are told what came. */
static void leak_told_while_scoring(const struct experiment *e, const struct prepared *p, const struct fold_data *data,
                                    const struct gw_gate_model *model, struct fit *fit) {
    const struct R(network) *net = &model->gate.net;
    const size_t M = net->decoder.steps, width = M * GW_PATH_SIDES;
    const float *path = prepared_path(p, M, 0) + data->first[0] * width;
    struct R(workspace) ws;
    real *packed = mem_calloc(net->pack_size, sizeof *packed), truth[64];
    (void)e;
    assert_true(packed && width <= COUNT_OF(truth));
    assert_ok(R(workspace_init)(&ws, net, true));
    R(network_pack)(net, model->gate.weights, packed);
    const struct R(pass) pass = {net, R(network_scorer)(net), model->gate.weights, packed, NULL, &ws};
    struct R(attention_run) run = {.config = &net->config, .k = pass.k, .n = 1, .h = ws.tile_h, .context = ws.context};
    for (size_t i = 0; i < net->attention_n; i++) run.w[i] = R(tensor_of)(&pass, net->attention_first + i);
    for (uint32_t i = 0; i < fit->n_test; i++) {
        const struct gw_sample *sample = &data->sample[GW_SLICE_TEST][i];
        struct R(shard) shard = {
            .series = data->score_series, .sample = sample, .index = (const uint32_t[]){0}, .n = 1};
        R(shard_run)(&pass, &shard); /* leaves the window's states and keys */
        for (size_t k = 0; k < width; k++) {
            truth[k] = path[sample->row * width + k];
            ws.decoder.told[k / GW_PATH_SIDES] = (real)!isnan(truth[k]);
        }
        ws.decoder.forced.told = ws.decoder.told;
        R(decoder_walk)(&pass, &run, &ws.decoder.forced, truth);
        R(decoder_read)(&pass, &ws.decoder.forced, 1, ws.context);
        R(head_forward)(&pass, 1, false, ws.logit);
        for (size_t g = 0; g < GW_N_GATES; g++) fit->probability[i * GW_N_GATES + g] = 1 / (1 + expf(-ws.logit[g]));
    }
    R(workspace_free)(&ws);
    mem_free(packed);
}

/* ---- scores and replays ------------------------------------------------------------------------------------------------ */

static void leak_early_scores(const struct experiment *e, const struct prepared *p, struct results *r) {
    struct gw_score *at = r->strategy[0].seed[0].scores.at;
    (void)e, (void)p;
    for (size_t i = 0; i + 1 < r->scores.n; i++) memcpy(at[i].p, at[i + 1].p, sizeof at[i].p);
}

static void leak_scaled_equity(const struct experiment *e, const struct prepared *p, struct results *r) {
    struct gw_replay_result *replay = &r->strategy[0].seed[0].replay;
    double end = replay->equity[replay->n_equity - 1].equity;
    (void)e, (void)p;
    for (size_t i = 0; i < replay->n_equity; i++) replay->equity[i].equity /= end;
}

/* Strategies that look beyond the bar they were given, through its place in memory: at once, or kept from before. The last
 * bars of a market are left alone, for there is nothing behind them. */
static int64_t peek_end_ns;
static void peek(const struct gw_strategy_config *config, const struct gw_bar_event *event,
                 struct gw_order_sink *orders, const struct gw_bar *ahead) {
    if (event->position.quantity != 0 || event->position.pending || event->close_ns >= peek_end_ns) return;
    if (!(ahead->close > event->history.last->close)) return;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = GW_SIDE_LONG,
                                            .size = config->size,
                                            .max_bars = 2,
                                            .probability = NAN});
}
static void leak_peek_one(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                          struct gw_order_sink *orders) {
    (void)state;
    peek(config, event, orders, event->history.last + 1);
}
static void leak_peek_two(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                          struct gw_order_sink *orders) {
    (void)state;
    peek(config, event, orders, event->history.last + 2);
}
struct kept {
    const struct gw_bar *first; /* of the history, from the first call on */
    size_t n;
};
static void leak_kept_pointer(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                              struct gw_order_sink *orders) {
    struct kept *kept = state;
    if (!kept->first) kept->first = event->history.last, kept->n = event->history.n;
    peek(config, event, orders, kept->first + (event->history.n - kept->n) + 1);
}

/* ---- of a user's own: columns, scores, rules, scripts ------------------------------------------------------------------- */

/* A column is joined by the bar's open where its times are those of closes. */
static void leak_column_a_bar_early(const struct experiment *e, struct prepared *p) {
    const double *flow = gw_bars_column(&p->market.symbol[0], "flow");
    assert_non_null(flow);
    for (size_t t = p->features[0].warmup; t + 1 < p->market.symbol[0].n; t++)
        p->features[0].value[t * e->n_features] = (float)flow[t + 1];
}

/* A file's scores act from the highest of a whole fold on. */
static void leak_tau_of_all_scores(const struct experiment *e, const struct prepared *p, struct results *r) {
    struct gw_score *at = r->strategy[0].seed[0].scores.at;
    float highest = 0;
    (void)e, (void)p;
    for (size_t i = 0; i < r->scores.n; i++) highest = fmaxf(highest, at[i].p[GW_GATE_LONG]);
    for (size_t i = 0; i < r->scores.n; i++) at[i].tau[GW_GATE_LONG] = highest;
}

/* Rules and scripts are what they are, but for the bar that they are given: the one after. */
static const struct gw_strategy_desc *given_ahead;
static void leak_given_the_bar_after(void *state, const struct gw_strategy_config *config,
                                     const struct gw_bar_event *event, struct gw_order_sink *orders) {
    struct gw_bar_event ahead = *event;
    if (event->close_ns < peek_end_ns) {
        ahead.history.last++;
        ahead.history.n++;
    }
    given_ahead->on_bar(state, config, &ahead, orders);
}

#endif
