/* Control: the largest value of every hidden unit over time; the gradient goes to the first step that reached it. */
#include <string.h>

#include "attention_band.h"
#include "engine/base/base.h"

static size_t nothing(const struct gw_model_config *config) {
    (void)config;
    return 0;
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    for (size_t b = 0; b < run->n; b++) {
        real *c = run->context + b * H;
        memcpy(c, run->h + b * T * H, H * sizeof *c);
        for (size_t s = 1; s < T; s++)
            for (size_t i = 0; i < H; i++)
                if (!(run->h[(b * T + s) * H + i] <= c[i])) c[i] = run->h[(b * T + s) * H + i]; /* lets NaN through */
    }
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memset(run->dh, 0, run->n * T * H * sizeof *run->dh);
    for (size_t b = 0; b < run->n; b++)
        for (size_t i = 0; i < H; i++) {
            size_t s = 0;
            while (s + 1 < T && run->h[(b * T + s) * H + i] != run->context[b * H + i]) s++;
            run->dh[(b * T + s) * H + i] = run->dcontext[b * H + i];
        }
}

/* ---- streaming --------------------------------------------------------------------------------------------- */

static void band_forward(const struct R(band_run) *run) {
    size_t H = run->config->hidden;
    real *c = run->context;
    for (size_t r = run->query; r < run->n; r++, c += H) {
        size_t first = R(band_first)(run, r);
        memcpy(c, run->h + first * H, H * sizeof *c);
        for (size_t s = first + 1; s <= r; s++)
            for (size_t i = 0; i < H; i++)
                if (!(run->h[s * H + i] <= c[i])) c[i] = run->h[s * H + i]; /* lets NaN through */
    }
}

static void band_backward(const struct R(band_run) *run) {
    size_t H = run->config->hidden;
    for (size_t r = run->query; r < run->n; r++)
        for (size_t i = 0; i < H; i++) {
            size_t s = R(band_first)(run, r), at = (r - run->query) * H + i;
            while (s < r && run->h[s * H + i] != run->context[at]) s++;
            run->dh[s * H + i] += run->dcontext[at];
        }
}

static const struct R(band_ops) band = {
    .memory_size = R(band_nothing),
    .keep_size = R(band_no_room),
    .scratch_size = R(band_no_room),
    .forward = band_forward,
    .backward = band_backward,
};

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const int64_t time[] = {1};
    const struct onnx_attribute attribute[] = {
        {.name = "axes", .kind = ONNX_SOME_INTEGERS, .integers = time, .n = 1},
        {.name = "keepdims", .integer = 0},
    };
    struct onnx_value out = {""};
    (void)model;
    onnx_node(graph, "ReduceMax", 1, &h, COUNT_OF(attribute), attribute, 1, &out);
    return out;
}

const struct R(attention_ops) R(attention_max_pool) = {
    .name = "max_pool",
    .help = "control: maximum of every unit over time",
    .band = &band,
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = nothing,
    .keep_size = nothing,
    .scratch_size = nothing,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
