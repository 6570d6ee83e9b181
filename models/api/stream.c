/* A trained gate bar by bar. */
#include "gatewalk/stream.h"
#include "engine/base/base.h"
#include "stream_state.h"

#include <math.h>
#include <string.h>

static bool finite_row(const float *row, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(row[i])) return false;
    return true;
}

static int init_symbol(struct gw_stream *stream, struct stream_symbol *symbol) {
    if (stream->net->stream) return R(carry_init)(&symbol->carry, stream->net);
    symbol->row = mem_calloc(2 * stream->reach * stream->net->config.n_features, sizeof *symbol->row);
    return symbol->row ? GW_OK : GW_ERR_NOMEM;
}

static int init_stream(struct gw_stream *stream, size_t n_symbols) {
    const struct R(network) *net = stream->net;
    stream->packed = mem_calloc(net->pack_size, sizeof *stream->packed);
    stream->map = mem_calloc(net->maps * net->config.lookback, sizeof *stream->map);
    stream->symbol = mem_calloc(n_symbols, sizeof *stream->symbol);
    stream->columns = mem_calloc(stream->model->trees ? N_COLUMNS * net->config.n_features : 0, sizeof(float));
    if (!stream->packed || !stream->map || !stream->symbol || !stream->columns) return GW_ERR_NOMEM;
    R(network_pack)(net, stream->model->gate.weights, stream->packed);
    if (!net->stream && !stream->model->trees) TRY(R(team_init)(&stream->team, net, false));
    for (; stream->n_symbols < n_symbols; stream->n_symbols++)
        TRY(init_symbol(stream, &stream->symbol[stream->n_symbols]));
    return GW_OK;
}

int gw_stream_open(const struct gw_gate_model *model, size_t n_symbols, struct gw_stream **out) {
    *out = NULL;
    if (model->gate.net.encoder->reach)
        FAIL(GW_ERR_USAGE,
             "encoder \"%s\" looks at whole bars, and a stream takes rows of features; score files with it",
             model->gate.net.encoder->name);
    if (model->gate.net.cross.on)
        FAIL(GW_ERR_USAGE,
             "the model has cross-attention, and rows that come one by one do not say which of them close a bar "
             "of its second sequence; such models are for walks and gw_scorer");
    if (model->gate.n_snapshots)
        FAIL(
            GW_ERR_USAGE,
            "the model is a mixture of %zu snapshots (training.snapshots), and a stream carries one state; such models "
            "are for walks and gw_scorer",
            model->gate.n_snapshots);
    struct gw_stream *stream = mem_calloc(1, sizeof *stream);
    if (!stream) return GW_ERR_NOMEM;
    stream->model = model;
    stream->net = &model->gate.net;
    stream->reach = R(network_reach)(stream->net);
    int rc = init_stream(stream, n_symbols);
    if (rc < 0)
        gw_stream_close(stream);
    else
        *out = stream;
    return rc;
}

void gw_stream_close(struct gw_stream *stream) {
    if (!stream) return;
    for (size_t i = 0; stream->symbol && i < stream->n_symbols; i++) {
        if (stream->net->stream) R(carry_free)(&stream->symbol[i].carry);
        mem_free(stream->symbol[i].row);
    }
    R(team_free)(&stream->team);
    mem_free(stream->symbol);
    mem_free(stream->columns);
    mem_free(stream->map);
    mem_free(stream->packed);
    mem_free(stream);
}

size_t gw_stream_symbols(const struct gw_stream *stream) { return stream->n_symbols; }

size_t gw_stream_history(const struct gw_stream *stream) {
    return stream->net->stream ? R(network_warm)(stream->net) : stream->reach - 1;
}

/* ---- one bar ------------------------------------------------------------------------------------------------ */

/* The last T rows lie one behind the other: when the block is full they move to its front. */
static bool push_window(struct gw_stream *stream, struct stream_symbol *symbol, const float *row, double *logit) {
    size_t F = stream->net->config.n_features, reach = stream->reach;
    if (symbol->held == 2 * reach) {
        memmove(symbol->row, symbol->row + (reach + 1) * F, (reach - 1) * F * sizeof *row);
        symbol->held = reach - 1;
    }
    memcpy(symbol->row + symbol->held++ * F, row, F * sizeof *row);
    if (symbol->held < reach) return false;
    if (stream->model->trees) {
        boosted_gate_logit(stream->model->trees, &stream->net->config, symbol->row + (symbol->held - reach) * F,
                           stream->columns, logit);
        return true;
    }
    real out[GW_N_GATES];
    struct gw_series series = {.x = symbol->row, .n_rows = symbol->held};
    struct gw_sample sample = {0, (uint32_t)(symbol->held - 1)};
    struct gw_attention_out attention = {.n_maps = stream->net->maps, .time = stream->net->maps ? stream->map : NULL};
    R(score_logits)
    (stream->net, stream->model->gate.weights, stream->packed, &stream->team, &series, &sample, 1, out,
     attention.time ? &attention : NULL);
    for (size_t gate = 0; gate < GW_N_GATES; gate++) logit[gate] = (double)out[gate];
    return true;
}

/* True: logit and stream->map are those of this bar. */
static bool push_row(struct gw_stream *stream, struct stream_symbol *symbol, const float *row, double *logit) {
    if (!finite_row(row, stream->net->config.n_features)) {
        if (stream->net->stream) R(carry_reset)(&symbol->carry);
        symbol->bars = symbol->held = 0;
        return false;
    }
    symbol->bars++;
    if (!stream->net->stream) return push_window(stream, symbol, row, logit);
    real out[GW_N_GATES];
    R(carry_bars)
    (&symbol->carry, stream->model->gate.weights, stream->packed, row, 1, 1, out,
     stream->net->maps ? stream->map : NULL);
    for (size_t gate = 0; gate < GW_N_GATES; gate++) logit[gate] = (double)out[gate];
    return true;
}

int gw_stream_push(struct gw_stream *stream, size_t symbol, const float *row, struct gw_stream_bar *out) {
    if (symbol >= stream->n_symbols)
        FAIL(GW_ERR_USAGE, "symbol %zu of a stream that has %zu", symbol, stream->n_symbols);
    double logit[GW_N_GATES];
    struct stream_symbol *at = &stream->symbol[symbol];
    bool scored = push_row(stream, at, row, logit);
    *out = (struct gw_stream_bar){.bars = at->bars};
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        out->p[gate] = scored ? (float)calibration_apply(&stream->model->gate.calibration[gate], logit[gate]) : NAN;
    if (!scored) return GW_OK;
    out->ready = !stream->net->stream || at->bars > R(network_warm)(stream->net);
    out->n_maps = stream->net->maps;
    out->attention = out->n_maps ? stream->map : NULL;
    return GW_OK;
}

size_t gw_stream_top_lags(const struct gw_stream *stream, const struct gw_stream_bar *bar, size_t n, size_t *lag,
                          float *weight) {
    size_t T = stream->net->config.lookback, found = 0;
    if (bar->n_maps == 0) return 0;
    for (size_t s = 0; s < T; s++) {
        float mean = 0;
        for (size_t map = 0; map < bar->n_maps; map++) mean += bar->attention[map * T + s] / (float)bar->n_maps;
        if (!(mean > 0)) continue;
        size_t place = found < n ? found++ : n;
        for (; place > 0 && weight[place - 1] < mean; place--)
            if (place < n) {
                weight[place] = weight[place - 1];
                lag[place] = lag[place - 1];
            }
        if (place == n) continue;
        weight[place] = mean;
        lag[place] = T - 1 - s;
    }
    return found;
}
