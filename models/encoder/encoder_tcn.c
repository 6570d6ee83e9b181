/* Temporal convolutional network (Bai et al. 2018), without its weight normalisation and inner dropout. Level l = 0, 1 …:
 *   a_t = relu(b1 + Σ_j x_{t - j 2^l} W1_j)    c_t = relu(b2 + Σ_j a_{t - j 2^l} W2_j)    y_t = relu(c_t + x_t [R])
 * j = 0 … taps - 1; what lies before the window is 0; R where x and y differ in width, which is on level 0. There are as
 * many levels as it takes for y of the last bar to have seen the whole window, and that y is the context.
 *
 * Of level l's outputs only every second step from the last one back is ever read by the level above, whose steps lie
 * 2^(l + 1) apart. So level l works on a sequence of ceil(T / 2^l) steps in which its dilation is 1: the same numbers for
 * the price of about two levels. */
#include <string.h>

#include "control.h"
#include "engine/base/base.h"

enum { W1, B1, W2, B2, TENSORS_PER_LEVEL };
enum { LEVELS_MAX = 16 };

static const struct gw_param own_params[] = {
    CONTROL_WIDTH_ROW,
    GW_SIZE_PARAM(struct control_params, conv_taps, "taps", 3, 2, 16, "of every convolution of tcn"),
};

/* 1 + 2 (taps - 1) (2^levels - 1) ≥ T */
static size_t levels_of(const struct gw_model_config *config) {
    size_t levels = 1, taps = control_own(config)->conv_taps;
    while (1 + 2 * (taps - 1) * (((size_t)1 << levels) - 1) < config->lookback) levels++;
    return levels;
}

static void tensors_of(const struct gw_model_config *config, size_t C, struct tensor_list *list) {
    const size_t levels = levels_of(config), taps = control_own(config)->conv_taps;
    for (size_t level = 0; level < levels; level++) {
        tensor_add_layer(list, "tcn", level, "W1", taps * (level == 0 ? config->n_features : C), C, INIT_GLOROT, false);
        tensor_add_layer(list, "tcn", level, "b1", 1, C, INIT_ZERO, false);
        tensor_add_layer(list, "tcn", level, "W2", taps * C, C, INIT_GLOROT, false);
        tensor_add_layer(list, "tcn", level, "b2", 1, C, INIT_ZERO, false);
    }
    tensor_add(list, "tcn.R", config->n_features, C, INIT_GLOROT, false);
}

static size_t width(const struct gw_model_config *config) { return R(control_width)(config, 1, tensors_of); }
static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensors_of(config, width(config), list);
}

/* ---- its memory, cut from ws->extra --------------------------------------------------------------------------------- */

struct parts {
    size_t B, T, C, F, taps, levels;
    real *xw;                /* [rows × (taps + 1) C] every bar by every tap of level 0 and by R, and its gradient */
    real *x[LEVELS_MAX + 1]; /* [B × steps × C] what comes into a level; not of level 0; one behind the last is y */
    real *a[LEVELS_MAX];     /* [B × steps × C] */
    real *c[LEVELS_MAX];     /* [B × steps of the next × C] */
    real *dx[2], *da;        /* [T × C] gradients of one window on their way */
};

static size_t steps_of(const struct parts *at, size_t level) {
    if (level == at->levels) return 1;
    return ((at->T - 1) >> level) + 1;
}

static size_t lay_out(struct parts *at, const struct gw_model_config *config, real *memory) {
    const size_t B = SHARD_WINDOWS;
    size_t used = 0;
    *at = (struct parts){.T = config->lookback,
                         .C = width(config),
                         .F = config->n_features,
                         .taps = control_own(config)->conv_taps,
                         .levels = levels_of(config)};
    at->xw = R(workspace_cut)(memory, &used, R(rows_most)(config) * (at->taps + 1) * at->C);
    for (size_t level = 0; level < at->levels; level++) {
        at->x[level + 1] = R(workspace_cut)(memory, &used, B * steps_of(at, level + 1) * at->C);
        at->a[level] = R(workspace_cut)(memory, &used, B * steps_of(at, level) * at->C);
        at->c[level] = R(workspace_cut)(memory, &used, B * steps_of(at, level + 1) * at->C);
    }
    at->dx[0] = R(workspace_cut)(memory, &used, at->T * at->C);
    at->dx[1] = R(workspace_cut)(memory, &used, at->T * at->C);
    at->da = R(workspace_cut)(memory, &used, at->T * at->C);
    return used;
}

static size_t extra_size(const struct gw_model_config *config) {
    struct parts parts;
    return lay_out(&parts, config, NULL);
}

static struct parts parts_of(const struct R(pass) *pass) {
    struct parts parts;
    lay_out(&parts, &pass->net->config, pass->ws->extra);
    parts.B = pass->ws->n_windows;
    return parts;
}

/* ---- a convolution that keeps every stride-th step, the last among them ------------------------------------------------ */

struct convolution {
    size_t in, out, stride, C, taps; /* steps in and out of one window */
};
/* The two of a level. */
static struct convolution first_of(const struct parts *at, size_t level) {
    return (struct convolution){steps_of(at, level), steps_of(at, level), 1, at->C, at->taps};
}
static struct convolution second_of(const struct parts *at, size_t level) {
    return (struct convolution){steps_of(at, level), steps_of(at, level + 1), 2, at->C, at->taps};
}
/* The first output step that tap j has an input for, and that input's step. */
static size_t first_out(const struct convolution *v, size_t j, size_t *from) {
    const size_t last = v->in - 1, reach = last < j ? 0 : (last - j) / v->stride + 1; /* outputs that have one */
    const size_t n = last < j ? 0 : reach < v->out ? reach : v->out;
    *from = n ? last - j - (n - 1) * v->stride : 0;
    return v->out - n;
}

static void convolve(const struct R(pass) *pass, const struct convolution *v, const real *w, const real *b,
                     const real *in, real *out) {
    const size_t C = v->C;
    memset(out, 0, v->out * C * sizeof(real));
    for (size_t j = 0; j < v->taps; j++) {
        size_t from, m = first_out(v, j, &from);
        if (m < v->out)
            pass->k->gemm_nn(v->out - m, C, C, in + from * C, v->stride * C, w + j * C * C, C, out + m * C, C, true);
    }
    pass->k->add_row_relu(v->out, C, b, out);
}

/* dout: of what ReLU left. din is added to. */
static void convolve_backward(const struct R(pass) *pass, const struct convolution *v, const real *w, const real *in,
                              const real *dout, real *din, real *dw, real *db) {
    const size_t C = v->C;
    pass->k->sum_rows(v->out, C, dout, C, db);
    for (size_t j = 0; j < v->taps; j++) {
        size_t from, m = first_out(v, j, &from), n = v->out - m;
        if (n == 0) continue;
        pass->k->gemm_tn(C, C, n, in + from * C, v->stride * C, dout + m * C, C, dw + j * C * C, C, true);
        pass->k->gemm_nt(n, C, C, dout + m * C, C, w + j * C * C, C, din + from * C, v->stride * C, true);
    }
}

/* ---- forward, window by window -------------------------------------------------------------------------------------- */

static const real *weight(const struct R(pass) *pass, size_t level, size_t i) {
    return R(tensor_of)(pass, level * TENSORS_PER_LEVEL + i);
}
static real *gradient(const struct R(pass) *pass, size_t level, size_t i) {
    return R(gradient_of)(pass, level * TENSORS_PER_LEVEL + i);
}
/* A window's part of an array of a level. */
static real *part(const struct parts *at, real *all, size_t steps, size_t b) { return all + b * steps * at->C; }
static real *bar_of(const struct R(pass) *pass, const struct parts *at, size_t b, size_t t, size_t tap) {
    return at->xw + ((pass->ws->first_row[b] + t) * (at->taps + 1) + tap) * at->C;
}

/* a of level 0: every bar has met every tap already. */
static void gather(const struct R(pass) *pass, const struct parts *at, size_t b, real *a) {
    for (size_t t = 0; t < at->T; t++) {
        real *to = a + t * at->C;
        memcpy(to, bar_of(pass, at, b, t, 0), at->C * sizeof(real));
        for (size_t j = 1; j < at->taps && j <= t; j++) pass->k->axpy(at->C, 1, bar_of(pass, at, b, t - j, j), to);
    }
    pass->k->add_row_relu(at->T, at->C, weight(pass, 0, B1), a);
}

/* y = relu(c + x [R]) */
static void join(const struct R(pass) *pass, const struct parts *at, size_t level, size_t b, const real *c, real *y) {
    const struct convolution v = second_of(at, level);
    size_t from;
    first_out(&v, 0, &from);
    for (size_t m = 0; m < v.out; m++, from += v.stride, y += at->C, c += at->C) {
        const real *x =
            level == 0 ? bar_of(pass, at, b, from, at->taps) : part(at, at->x[level], v.in, b) + from * at->C;
        for (size_t i = 0; i < at->C; i++) y[i] = c[i] + x[i] <= 0 ? 0 : c[i] + x[i];
    }
}

static void forward(const struct R(pass) *pass) {
    const struct parts at = parts_of(pass);
    const size_t C = at.C, ld = (at.taps + 1) * C;
    for (size_t j = 0; j < at.taps; j++) R(rows_times)(pass, weight(pass, 0, W1) + j * at.F * C, C, at.xw + j * C, ld);
    R(rows_times)(pass, weight(pass, at.levels, 0), C, at.xw + at.taps * C, ld);
    for (size_t b = 0; b < at.B; b++)
        for (size_t level = 0; level < at.levels; level++) {
            const struct convolution one = first_of(&at, level), two = second_of(&at, level);
            real *a = part(&at, at.a[level], one.out, b), *c = part(&at, at.c[level], two.out, b);
            if (level == 0)
                gather(pass, &at, b, a);
            else
                convolve(pass, &one, weight(pass, level, W1), weight(pass, level, B1),
                         part(&at, at.x[level], one.in, b), a);
            convolve(pass, &two, weight(pass, level, W2), weight(pass, level, B2), a, c);
            join(pass, &at, level, b, c, part(&at, at.x[level + 1], two.out, b));
        }
    memcpy(pass->ws->context, at.x[at.levels], at.B * C * sizeof(real));
}

/* ---- backward --------------------------------------------------------------------------------------------------------- */

/* dy of a level reaches x past the convolutions. */
static void join_backward(const struct R(pass) *pass, const struct parts *at, size_t level, size_t b, const real *dy,
                          real *dx) {
    const struct convolution v = second_of(at, level);
    size_t from;
    first_out(&v, 0, &from);
    for (size_t m = 0; m < v.out; m++, from += v.stride)
        pass->k->axpy(at->C, 1, dy + m * at->C, level == 0 ? bar_of(pass, at, b, from, at->taps) : dx + from * at->C);
}

static void level_backward(const struct R(pass) *pass, const struct parts *at, size_t level, size_t b, real *dy,
                           real *dx) {
    const struct convolution one = first_of(at, level), two = second_of(at, level);
    const real *a = part(at, at->a[level], one.out, b);
    if (level > 0) memset(dx, 0, one.in * at->C * sizeof(real));
    pass->k->relu_backward(two.out * at->C, part(at, at->x[level + 1], two.out, b), dy);
    join_backward(pass, at, level, b, dy, dx);
    pass->k->relu_backward(two.out * at->C, part(at, at->c[level], two.out, b), dy);
    memset(at->da, 0, one.out * at->C * sizeof(real));
    convolve_backward(pass, &two, weight(pass, level, W2), a, dy, at->da, gradient(pass, level, W2),
                      gradient(pass, level, B2));
    pass->k->relu_backward(one.out * at->C, a, at->da);
    if (level > 0) {
        convolve_backward(pass, &one, weight(pass, level, W1), part(at, at->x[level], one.in, b), at->da, dx,
                          gradient(pass, level, W1), gradient(pass, level, B1));
        return;
    }
    pass->k->sum_rows(at->T, at->C, at->da, at->C, gradient(pass, 0, B1));
    for (size_t t = 0; t < at->T; t++)
        for (size_t j = 0; j < at->taps && j <= t; j++)
            pass->k->axpy(at->C, 1, at->da + t * at->C, bar_of(pass, at, b, t - j, j));
}

/* The gradient of the context lies in ws->dcontext, of all windows: a shard is one tile here. xw becomes its own gradient. */
static void backward(const struct R(pass) *pass, bool use_dh, bool use_dh_last) {
    const struct parts at = parts_of(pass);
    const size_t C = at.C, ld = (at.taps + 1) * C;
    (void)use_dh, (void)use_dh_last;
    memset(at.xw, 0, pass->ws->n_rows * ld * sizeof(real));
    for (size_t b = 0; b < at.B; b++) {
        real *dy = at.dx[0], *dx = at.dx[1];
        memcpy(dy, pass->ws->dcontext + b * C, C * sizeof(real));
        for (size_t level = at.levels; level-- > 0;) {
            level_backward(pass, &at, level, b, dy, dx);
            real *other = dy;
            dy = dx;
            dx = other;
        }
    }
    for (size_t j = 0; j < at.taps; j++)
        R(rows_times_backward)(pass, C, at.xw + j * C, ld, gradient(pass, 0, W1) + j * at.F * C);
    R(rows_times_backward)(pass, C, at.xw + at.taps * C, ld, gradient(pass, at.levels, 0));
}

/* ---- in ONNX: all steps of every level, [N × C × T] ------------------------------------------------------------------- */

/* Taps of a level's tensor [taps·inputs × C], the last one first, as a convolution's kernel [C × inputs × taps]. */
static struct onnx_value onnx_kernel(struct onnx *graph, const struct onnx_model *model, size_t tensor, size_t taps,
                                     size_t inputs, size_t C) {
    const size_t dims[3] = {C, inputs, taps};
    const float *from = onnx_data(model, tensor);
    float *kernel = mem_calloc(C * inputs * taps, sizeof *kernel);
    for (size_t j = 0; kernel && j < taps; j++)
        for (size_t k = 0; k < inputs; k++)
            for (size_t i = 0; i < C; i++)
                kernel[(i * inputs + k) * taps + taps - 1 - j] = from[(j * inputs + k) * C + i];
    const struct onnx_value out = onnx_floats(graph, model->tensors->item[model->first + tensor].name, kernel, 3, dims);
    mem_free(kernel);
    return out;
}

static struct onnx_value onnx_convolve(struct onnx *graph, struct onnx_value x, struct onnx_value w,
                                       struct onnx_value b, size_t taps, size_t level) {
    const int64_t dilation = (int64_t)1 << level, pads[2] = {dilation * (int64_t)(taps - 1), 0};
    const struct onnx_attribute attribute[] = {
        {.name = "dilations", .kind = ONNX_SOME_INTEGERS, .integers = &dilation, .n = 1},
        {.name = "pads", .kind = ONNX_SOME_INTEGERS, .integers = pads, .n = 2},
    };
    struct onnx_value out = {""};
    onnx_node(graph, "Conv", ONNX_IN(x, w, b), COUNT_OF(attribute), attribute, 1, &out);
    return onnx_op(graph, "Relu", 1, &out);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    const size_t levels = levels_of(model->config), taps = control_own(model->config)->conv_taps;
    const size_t C = width(model->config), F = model->config->n_features;
    const struct onnx_value wide = onnx_matmul(graph, x, onnx_weight(graph, model, levels * TENSORS_PER_LEVEL));
    struct onnx_value y = onnx_swap(graph, x), past = onnx_swap(graph, wide);
    for (size_t level = 0; level < levels; level++) {
        const size_t first = level * TENSORS_PER_LEVEL;
        const struct onnx_value w1 = onnx_kernel(graph, model, first + W1, taps, level == 0 ? F : C, C),
                                w2 = onnx_kernel(graph, model, first + W2, taps, C, C);
        const struct onnx_value a = onnx_convolve(graph, y, w1, onnx_weight(graph, model, first + B1), taps, level);
        const struct onnx_value c = onnx_convolve(graph, a, w2, onnx_weight(graph, model, first + B2), taps, level);
        const struct onnx_value sum = onnx_add(graph, c, past);
        y = past = onnx_op(graph, "Relu", 1, &sum);
    }
    return onnx_last(graph, onnx_swap(graph, y));
}

const struct R(encoder_ops) R(encoder_tcn) = {
    .name = "tcn",
    .help = "dilated causal convolutions over the window, read at its last bar: a control",
    .own = GW_PARAM_TABLE(own_params),
    .window = true,
    .windowed_only = "its convolutions begin with the window",
    .tensors = tensors,
    .context_size = width,
    .extra_size = extra_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
