/* The state of a stream as a safetensors file: for every symbol the bars so far, and the carried state or the rows of its
 * window. */
#include <string.h>

#include "engine/base/base.h"
#include "models/api/stream_state.h"
#include "stored.h"
#include "stream_file.h"

#define STREAM_FORMAT "gatewalk-stream-1"

/* Numbers of one symbol. */
static size_t state_size(const struct R(network) *net, size_t reach) {
    return net->stream ? R(carry_state_size)(net) : (reach - 1) * net->config.n_features;
}

/* A window's last T-1 rows, the oldest first; fewer of them at the beginning, and zeros behind. */
static void put_symbol(const struct gw_stream *stream, const struct stream_symbol *symbol, float *state) {
    size_t F = stream->net->config.n_features;
    if (stream->net->stream) {
        R(carry_put)(&symbol->carry, state);
        return;
    }
    size_t kept = symbol->held < stream->reach ? symbol->held : stream->reach - 1;
    if (kept > 0) memcpy(state, symbol->row + (symbol->held - kept) * F, kept * F * sizeof *state);
}

static void take_symbol(const struct gw_stream *stream, struct stream_symbol *symbol, uint64_t bars,
                        const float *state) {
    size_t F = stream->net->config.n_features;
    symbol->bars = bars;
    if (stream->net->stream) {
        R(carry_take)(&symbol->carry, bars, state);
        return;
    }
    symbol->held = bars < stream->reach ? (size_t)bars : stream->reach - 1;
    if (symbol->held > 0) memcpy(symbol->row, state, symbol->held * F * sizeof *state);
}

static void model_name(const struct gw_gate_model *model, char name[WEIGHTS_NAME_SIZE]) {
    stored_weights_name(R(lora_hash)(&model->gate.net.tensors, model->gate.weights), name);
}

int gw_stream_save(const struct gw_stream *stream, const char *path) {
    return stream_save_with(stream, NULL, NULL, path);
}

int stream_save_with(const struct gw_stream *stream, const struct stored_meta *more_meta,
                     const struct stored_tensor *more, const char *path) {
    size_t size = state_size(stream->net, stream->reach), n = stream->n_symbols;
    double *bars = mem_calloc(n, sizeof *bars);
    float *state = mem_calloc(n * size, sizeof *state);
    char name[WEIGHTS_NAME_SIZE];
    int rc = bars && state ? GW_OK : GW_ERR_NOMEM;
    if (rc == GW_OK) {
        struct stored_tensor tensor[3] = {
            {.name = "bars", .is_double = true, .n_dims = 2, .shape = {n, 1}, .data = bars}};
        size_t n_tensors = 1;
        if (more) tensor[n_tensors++] = *more;
        if (size > 0)
            tensor[n_tensors++] =
                (struct stored_tensor){.name = "state", .n_dims = 2, .shape = {n, size}, .data = state};
        model_name(stream->model, name);
        struct stored_meta meta[] = {{"format", STREAM_FORMAT},
                                     {"model", name},
                                     {"unroll", gw_model_option_name("unroll", stream->net->config.unroll)},
                                     {"kernels", gw_kernels_selected()},
                                     more_meta ? *more_meta : (struct stored_meta){NULL, NULL}};
        for (size_t i = 0; i < n; i++) {
            bars[i] = (double)stream->symbol[i].bars;
            put_symbol(stream, &stream->symbol[i], state + i * size);
        }
        rc = safetensors_write(path, meta, COUNT_OF(meta) - !more_meta, tensor, n_tensors);
    }
    mem_free(state);
    mem_free(bars);
    return rc;
}

static int check_meta(const struct safetensors *file, const char *path, const struct gw_gate_model *model) {
    char name[WEIGHTS_NAME_SIZE];
    const char *format = safetensors_meta(file, "format"), *of = safetensors_meta(file, "model");
    const char *unroll = safetensors_meta(file, "unroll"), *kernels = safetensors_meta(file, "kernels");
    model_name(model, name);
    if (!format || strcmp(format, STREAM_FORMAT) != 0)
        FAIL(GW_ERR_DATA, "%s: is not a %s file; start the stream anew", path, STREAM_FORMAT);
    if (!of || strcmp(of, name) != 0 || !unroll ||
        strcmp(unroll, gw_model_option_name("unroll", model->gate.net.config.unroll)) != 0)
        FAIL(GW_ERR_DATA, "%s: is the state of another model (%.16s, not %s); start the stream anew", path,
             of ? of : "none", name);
    /* Prepared keys lie in the kernels' own layout, and sums in their order. */
    if (!kernels || strcmp(kernels, gw_kernels_selected()) != 0)
        FAIL(GW_ERR_DATA,
             "%s: was saved with kernels \"%.16s\", these are \"%s\"; select them or start the stream anew", path,
             kernels ? kernels : "", gw_kernels_selected());
    return GW_OK;
}

static int find_tensors(const struct safetensors *file, const char *path, struct stored_tensor *bars,
                        struct stored_tensor *state) {
    bool end = false;
    for (size_t i = 0; !end; i++) {
        struct stored_tensor tensor;
        TRY(safetensors_tensor(file, path, i, &tensor, &end));
        if (end) break;
        if (tensor.data && strcmp(tensor.name, "bars") == 0) *bars = tensor;
        if (tensor.data && strcmp(tensor.name, "state") == 0) *state = tensor;
    }
    return GW_OK;
}

/* Nothing of the file is trusted: shapes must be those of the model. */
static int take_all(const char *path, const struct stored_tensor *bars, const struct stored_tensor *state,
                    struct gw_stream *stream) {
    size_t size = state_size(stream->net, stream->reach), n = stream->n_symbols;
    bool state_fits = size == 0 || (state->data && !state->is_double && state->n_dims == 2 && state->shape[0] == n &&
                                    state->shape[1] == size);
    if (!state_fits) FAIL(GW_ERR_DATA, "%s: its state is not %zu x %zu float32; start the stream anew", path, n, size);
    for (size_t i = 0; i < n; i++) {
        double count;
        memcpy(&count, (const char *)bars->data + i * sizeof count, sizeof count);
        if (!(count >= 0 && count <= 0x1p53))
            FAIL(GW_ERR_DATA, "%s: %g is not a number of bars; start the stream anew", path, count);
        take_symbol(stream, &stream->symbol[i], (uint64_t)count, size ? (const float *)state->data + i * size : NULL);
    }
    return GW_OK;
}

int gw_stream_load(const struct gw_gate_model *model, const char *path, struct gw_stream **out) {
    struct safetensors file;
    struct stored_tensor bars = {.data = NULL}, state = {.data = NULL};
    int rc;
    *out = NULL;
    TRY(safetensors_read(path, &file));
    TRY_GOTO(check_meta(&file, path, model), end);
    TRY_GOTO(find_tensors(&file, path, &bars, &state), end);
    if (!bars.data || !bars.is_double || bars.n_dims != 2 || bars.shape[1] != 1) {
        rc = gw_error_set(GW_ERR_DATA, "%s: its bars are missing; start the stream anew", path);
        goto end;
    }
    TRY_GOTO(gw_stream_open(model, bars.shape[0], out), end);
    TRY_GOTO(take_all(path, &bars, &state, *out), end);
end:
    if (rc < 0) {
        gw_stream_close(*out);
        *out = NULL;
    }
    safetensors_free(&file);
    return rc;
}
