/* The autoencoder as a list of tensors, and the parts of its passes. */
#include "engine/base/base.h"
#include "transformer.h"

#include <string.h>

static size_t add_affine(struct tensor_list *list, const char *name, size_t inputs, size_t outputs) {
    char full[TENSOR_NAME_MAX];
    snprintf(full, sizeof full, "%s.W", name);
    const size_t first = tensor_add(list, full, inputs, outputs, INIT_GLOROT, false);
    snprintf(full, sizeof full, "%s.b", name);
    tensor_add(list, full, 1, outputs, INIT_ZERO, false);
    return first;
}

static size_t add_block(struct tensor_list *list, const char *name, size_t inputs, size_t outputs) {
    char full[TENSOR_NAME_MAX];
    const size_t first = add_affine(list, name, inputs, outputs);
    snprintf(full, sizeof full, "%s.g", name);
    tensor_add(list, full, 1, outputs, INIT_ONE, false);
    snprintf(full, sizeof full, "%s.n", name);
    tensor_add(list, full, 1, outputs, INIT_ZERO, false);
    return first;
}

static size_t add_layers(struct tensor_list *list, const struct transformer_shape *shape, const char *prefix) {
    const size_t first = list->n;
    for (size_t layer = 0; layer < shape->layers; layer++) R(layer_tensors)(list, shape, prefix, layer);
    return first;
}

void R(autoencoder_init)(struct autoencoder *net, const struct transformer_shape *shape, bool has_decoder) {
    struct tensor_list *list = &net->tensors;
    const size_t D = shape->width, flat = shape->steps * D;
    memset(net, 0, sizeof *net);
    net->shape = *shape;
    net->has_decoder = has_decoder;
    net->embed = add_affine(list, "embed", shape->channels, D);
    net->encoder = add_layers(list, shape, "encoder");
    if (has_decoder) {
        net->decoder = add_layers(list, shape, "decoder");
        net->rebuild = add_affine(list, "rebuild", D, shape->channels);
    }
    net->shared = list->size;
    net->narrow1 = add_block(list, "narrow1", flat, 2 * D);
    net->narrow2 = add_block(list, "narrow2", 2 * D, D);
    net->latent = add_affine(list, "latent", D, shape->latent);
    if (!has_decoder) return;
    net->widen1 = add_block(list, "widen1", shape->latent, D);
    net->widen2 = add_block(list, "widen2", D, 2 * D);
    net->unfold = add_affine(list, "unfold", 2 * D, flat);
}

int R(autoencoder_start)(const struct autoencoder *net, uint64_t seed, real *weights) {
    memset(weights, 0, net->tensors.size * sizeof *weights);
    for (size_t i = 0; i < net->tensors.n; i++) {
        const struct tensor *tensor = &net->tensors.item[i];
        const size_t n = tensor->rows * tensor->columns;
        double *value = mem_calloc(n, sizeof *value);
        if (!value) return GW_ERR_NOMEM;
        tensor_init_values(tensor, NULL, seed, value);
        for (size_t j = 0; j < n; j++) weights[tensor->offset + j] = (real)value[j];
        mem_free(value);
    }
    return GW_OK;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static real *cut(real *memory, size_t *used, size_t n) {
    real *piece = memory ? memory + *used : NULL;
    *used += (n + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
    return piece;
}

static void cut_block(struct R(block) *block, size_t n, size_t inputs, size_t outputs, size_t first, real *memory,
                      size_t *used) {
    *block = (struct R(block)){.inputs = inputs, .outputs = outputs, .first = first};
    block->linear = cut(memory, used, n * outputs);
    block->moments = cut(memory, used, n * 2);
    block->out = cut(memory, used, n * outputs);
}

static size_t cut_batch(struct R(batch) *batch, const struct autoencoder *net) {
    const struct transformer_shape *shape = &net->shape;
    const size_t n = batch->most, D = shape->width, flat = shape->steps * D;
    size_t used = 0;
    real *memory = batch->memory;
    batch->x = cut(memory, &used, n * shape->steps * shape->channels);
    batch->mask = cut(memory, &used, batch->train ? n * autoencoder_mask(shape) : 0);
    batch->code = cut(memory, &used, flat);
    used += R(stack_cut)(&batch->encoder, shape, n, batch->train, memory ? memory + used : NULL);
    cut_block(&batch->narrow[0], n, flat, 2 * D, net->narrow1, memory, &used);
    cut_block(&batch->narrow[1], n, 2 * D, D, net->narrow2, memory, &used);
    cut_block(&batch->widen[0], n, shape->latent, D, net->widen1, memory, &used);
    cut_block(&batch->widen[1], n, D, 2 * D, net->widen2, memory, &used);
    batch->raw = cut(memory, &used, n * shape->latent);
    batch->length = cut(memory, &used, n);
    batch->z = cut(memory, &used, n * shape->latent);
    batch->dz = cut(memory, &used, n * shape->latent);
    batch->flat = cut(memory, &used, n * flat);
    batch->wide = cut(memory, &used, n * 2 * D);
    batch->thin = cut(memory, &used, n * D);
    return used;
}

static void place_masks(struct R(batch) *batch, const struct transformer_shape *shape) {
    const size_t D = shape->width;
    struct R(block) *block[] = {&batch->narrow[0], &batch->narrow[1], &batch->widen[0], &batch->widen[1]};
    const size_t at[] = {0, 2 * D, 3 * D, 4 * D};
    for (size_t i = 0; i < COUNT_OF(block); i++) {
        block[i]->mask = batch->mask + at[i];
        block[i]->mask_ld = autoencoder_mask(shape);
    }
}

size_t R(batch_place)(struct R(batch) *batch, const struct autoencoder *net, size_t most, bool train, real *memory) {
    memset(batch, 0, sizeof *batch);
    batch->most = most;
    batch->train = train;
    batch->memory = memory;
    const size_t size = cut_batch(batch, net);
    if (!memory) return size;
    if (train) place_masks(batch, &net->shape);
    if (batch->code[1] == 0) R(position_code)(&net->shape, batch->code); /* a cosine of 0 is 1 */
    return size;
}

int R(batch_init)(struct R(batch) *batch, const struct autoencoder *net, size_t most, bool train) {
    const size_t size = R(batch_place)(batch, net, most, train, NULL);
    real *memory = mem_calloc(size, sizeof *memory);
    if (!memory) return GW_ERR_NOMEM;
    R(batch_place)(batch, net, most, train, memory);
    return GW_OK;
}

void R(batch_free)(struct R(batch) *batch) {
    mem_free(batch->memory);
    memset(batch, 0, sizeof *batch);
}

size_t R(tile_place)(struct R(tile) *tile, const struct autoencoder *net, bool train, real *memory) {
    const struct transformer_shape *shape = &net->shape;
    const size_t rows = TRANSFORMER_TILE * shape->steps;
    size_t used = 0;
    memset(tile, 0, sizeof *tile);
    tile->memory = memory;
    if (net->has_decoder)
        used += R(stack_cut)(&tile->decoder, shape, TRANSFORMER_TILE, train, memory ? memory + used : NULL);
    tile->dh = cut(memory, &used, rows * shape->width);
    tile->rebuilt = cut(memory, &used, rows * shape->channels);
    tile->scratch = cut(memory, &used, train ? R(layer_scratch)(shape) : 0);
    return used;
}

int R(tile_init)(struct R(tile) *tile, const struct autoencoder *net, bool train) {
    memset(tile, 0, sizeof *tile);
    tile->memory = mem_calloc(R(tile_place)(tile, net, train, NULL), sizeof *tile->memory);
    if (!tile->memory) return GW_ERR_NOMEM;
    R(tile_place)(tile, net, train, tile->memory);
    return GW_OK;
}

void R(tile_free)(struct R(tile) *tile) {
    mem_free(tile->memory);
    memset(tile, 0, sizeof *tile);
}

/* ---- layers: a shard's part ---------------------------------------------------------------------------------------- */

static const real *weight(const struct R(pieces) *with, size_t i) {
    return with->weights + with->net->tensors.item[i].offset;
}

static struct R(layer_run) layers(const struct R(pieces) *with, size_t first, real *gradient) {
    return (struct R(layer_run)){.shape = &with->net->shape,
                                 .k = with->k,
                                 .weights = with->weights,
                                 .gradient = gradient,
                                 .tensors = &with->net->tensors,
                                 .first = first};
}

static size_t tile_of(size_t at, size_t end) { return end - at < TRANSFORMER_TILE ? end - at : TRANSFORMER_TILE; }

void R(encode_layers)(const struct R(pieces) *with, size_t at, size_t n) {
    const struct transformer_shape *shape = &with->net->shape;
    const struct R(batch) *batch = with->batch;
    const struct R(layer_run) run = layers(with, with->net->encoder, NULL);
    const size_t P = shape->steps, C = shape->channels, D = shape->width, end = at + n;
    for (size_t tile; at < end; at += tile) {
        tile = tile_of(at, end);
        real *h = batch->encoder.keep[0].in + at * P * D;
        for (size_t b = 0; b < tile; b++) memcpy(h + b * P * D, batch->code, P * D * sizeof *h);
        with->k->large_nn(tile * P, D, C, batch->x + at * P * C, C, weight(with, with->net->embed), D, h, D, true);
        with->k->add_row(tile * P, D, weight(with, with->net->embed + 1), h, D);
        R(stack_forward)(&run, &batch->encoder, at, tile);
    }
}

void R(encode_layers_backward)(const struct R(pieces) *with, size_t at, size_t n, real *gradient, struct R(tile) *ws) {
    const struct transformer_shape *shape = &with->net->shape;
    const struct R(batch) *batch = with->batch;
    const struct R(layer_run) run = layers(with, with->net->encoder, gradient);
    const struct tensor *embed = &with->net->tensors.item[with->net->embed];
    const size_t P = shape->steps, C = shape->channels, D = shape->width, end = at + n;
    for (size_t tile; at < end; at += tile) {
        tile = tile_of(at, end);
        real *dh = batch->flat + at * P * D;
        R(stack_backward)(&run, &batch->encoder, at, tile, dh, ws->scratch);
        with->k->large_tn(C, D, tile * P, batch->x + at * P * C, C, dh, D, gradient + embed[0].offset, D, true);
        with->k->sum_rows(tile * P, D, dh, D, gradient + embed[1].offset);
    }
}

/* rebuilt becomes 2 scale (rebuilt - x); Σ (rebuilt - x)² in double. */
static double compare(size_t n, const real *x, double scale, real *rebuilt) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)rebuilt[i] - (double)x[i];
        sum += d * d;
        rebuilt[i] = (real)(2 * scale * d);
    }
    return sum;
}

static void rebuild_backward(const struct R(pieces) *with, size_t tile, real *flat, real *gradient,
                             struct R(tile) *ws) {
    const struct transformer_shape *shape = &with->net->shape;
    const struct R(layer_run) run = layers(with, with->net->decoder, gradient);
    const struct tensor *rebuild = &with->net->tensors.item[with->net->rebuild];
    const size_t rows = tile * shape->steps, C = shape->channels, D = shape->width;
    with->k->large_tn(D, C, rows, ws->decoder.out, D, ws->rebuilt, C, gradient + rebuild[0].offset, C, true);
    with->k->sum_rows(rows, C, ws->rebuilt, C, gradient + rebuild[1].offset);
    with->k->large_nt(rows, D, C, ws->rebuilt, C, weight(with, with->net->rebuild), C, flat, D, false);
    R(stack_backward)(&run, &ws->decoder, 0, tile, flat, ws->scratch);
}

double R(decode_layers)(const struct R(pieces) *with, size_t at, size_t n, double scale, real *gradient,
                        struct R(tile) *ws, real *out) {
    const struct transformer_shape *shape = &with->net->shape;
    const struct R(layer_run) run = layers(with, with->net->decoder, NULL);
    const size_t P = shape->steps, C = shape->channels, D = shape->width, end = at + n;
    double sum = 0;
    for (size_t tile; at < end; at += tile) {
        tile = tile_of(at, end);
        real *h = ws->decoder.keep[0].in, *flat = with->batch->flat + at * P * D,
             *to = out ? out + at * P * C : ws->rebuilt;
        memcpy(h, flat, tile * P * D * sizeof *h);
        with->k->add_row(tile, P * D, with->batch->code, h, P * D);
        R(stack_forward)(&run, &ws->decoder, 0, tile);
        with->k->large_nn(tile * P, C, D, ws->decoder.out, D, weight(with, with->net->rebuild), C, to, C, false);
        with->k->add_row(tile * P, C, weight(with, with->net->rebuild + 1), to, C);
        if (!out) sum += compare(tile * P * C, with->batch->x + at * P * C, scale, ws->rebuilt);
        if (gradient) rebuild_backward(with, tile, flat, gradient, ws);
    }
    return sum;
}

/* ---- the bottleneck: the batch's part -------------------------------------------------------------------------------- */

static struct R(flat_run) flat_run(const struct R(pieces) *with, size_t n, bool tasks, real *gradient) {
    return (struct R(flat_run)){
        .by = {with->k, tasks}, .weights = with->weights, .gradient = gradient, .tensors = &with->net->tensors, .n = n};
}

static struct R(block) masked(const struct R(pieces) *with, const struct R(block) *block) {
    struct R(block) out = *block;
    if (!with->batch->masked) out.mask = NULL;
    return out;
}

void R(narrow_forward)(const struct R(pieces) *with, size_t n, bool tasks) {
    const struct R(batch) *batch = with->batch;
    const struct R(flat_run) run = flat_run(with, n, tasks, NULL);
    const struct R(block) first = masked(with, &batch->narrow[0]), second = masked(with, &batch->narrow[1]);
    R(block_forward)(&run, &first, batch->encoder.out);
    R(block_forward)(&run, &second, first.out);
    R(affine_forward)(&run, with->net->latent, second.outputs, with->net->shape.latent, second.out, batch->raw);
    R(unit_forward)(n, with->net->shape.latent, batch->raw, batch->z, batch->length);
}

void R(narrow_backward)(const struct R(pieces) *with, size_t n, bool tasks, real *gradient) {
    const struct R(batch) *batch = with->batch;
    const struct R(flat_run) run = flat_run(with, n, tasks, gradient);
    const struct R(block) first = masked(with, &batch->narrow[0]), second = masked(with, &batch->narrow[1]);
    R(unit_backward)(n, with->net->shape.latent, batch->z, batch->length, batch->dz, batch->raw);
    R(affine_backward)(&run, with->net->latent, second.outputs, with->net->shape.latent, second.out, batch->raw,
                       batch->thin);
    R(block_backward)(&run, &second, first.out, batch->thin, batch->wide);
    R(block_backward)(&run, &first, batch->encoder.out, batch->wide, batch->flat);
}

void R(widen_forward)(const struct R(pieces) *with, size_t n, bool tasks) {
    const struct R(batch) *batch = with->batch;
    const struct R(flat_run) run = flat_run(with, n, tasks, NULL);
    const struct R(block) first = masked(with, &batch->widen[0]), second = masked(with, &batch->widen[1]);
    R(block_forward)(&run, &first, batch->z);
    R(block_forward)(&run, &second, first.out);
    R(affine_forward)(&run, with->net->unfold, second.outputs, with->net->shape.steps * with->net->shape.width,
                      second.out, batch->flat);
}

const real *R(widen_backward)(const struct R(pieces) *with, size_t n, bool tasks, real *gradient) {
    const struct R(batch) *batch = with->batch;
    const struct R(flat_run) run = flat_run(with, n, tasks, gradient);
    const struct R(block) first = masked(with, &batch->widen[0]), second = masked(with, &batch->widen[1]);
    R(affine_backward)(&run, with->net->unfold, second.outputs, with->net->shape.steps * with->net->shape.width,
                       second.out, batch->flat, batch->wide);
    R(block_backward)(&run, &second, first.out, batch->wide, batch->thin);
    /* raw is not needed any more before narrow_backward assigns it: dz of the decoder goes through it. */
    R(block_backward)(&run, &first, batch->z, batch->thin, batch->raw);
    with->k->axpy(n * with->net->shape.latent, 1, batch->raw, batch->dz);
    return batch->raw;
}
