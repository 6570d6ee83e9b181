/* Local attention, predictive (Luong et al. 2015, local-p, eq. 9 and 10): the query says where to look.
 *   u = tanh(q Wp)   p = (T - 1) sigmoid(u · vp)   b_s = softmax over s in [p - D, p + D] of qᵀ W h_s
 *   a_s = b_s exp(-(s - p)² / (2 σ²)), σ = D / 2;   context Σ a_s h_s
 * As in the paper the Gaussian is put on the softmax and a is not normalised again; the map that is reported is, since maps
 * sum to 1. The window's ends move in whole steps and have no gradient, p has it through the Gaussian:
 *   db_s = da_s g_s    dp = Σ da_s a_s (s - p) / σ²    d(u · vp) = dp (T - 1) y (1 - y), y = sigmoid */
#include <math.h>
#include <string.h>

#include "attention_local.h"
#include "engine/base/base.h"

enum { W, WP, VP, WC };

static const struct gw_param own_params[] = {LUONG_COMBINE_ROW, LOCAL_SPAN_ROW};

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W", config->hidden, config->hidden, INIT_GLOROT, true);
    tensor_add(list, "attention.Wp", config->hidden, config->hidden, INIT_GLOROT, true);
    tensor_add(list, "attention.vp", config->hidden, 1, INIT_GLOROT, false);
    R(luong_tensors)(config, list);
}

/* A tile between forward and backward. */
struct kept {
    real *both;        /* [n × 2H] */
    real *qw, *u;      /* [n × H] */
    real *a, *softmax; /* [n × T] */
    real *y;           /* [n] */
};
static size_t keep_size(const struct gw_model_config *config) {
    return R(luong_keep)(config) + 2 * config->hidden + 2 * config->lookback + 1;
}
static struct kept kept_of(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback, H = run->config->hidden, n = run->n;
    struct kept kept = {.both = run->keep, .qw = run->keep + n * R(luong_keep)(run->config)};
    kept.u = kept.qw + n * H;
    kept.a = kept.u + n * H;
    kept.softmax = kept.a + n * T;
    kept.y = kept.softmax + n * T;
    return kept;
}

/* luong_end_backward's, da [n × T], dqw and du [n × H] */
static size_t scratch_size(const struct gw_model_config *config) {
    return R(luong_scratch)(config) + SHARD_WINDOWS * (config->lookback + 2 * config->hidden);
}

struct window {
    size_t from, to;
    double p, inverse_variance; /* 1 / σ² */
};
static struct window window_of(const struct R(attention_run) *run, real y) {
    const double D = (double)local_span(run->config), last = (double)(run->config->lookback - 1);
    const double p = last * (double)y;
    return (struct window){.from = (size_t)ceil(fmax(p - D, 0)),
                           .to = (size_t)floor(fmin(p + D, last)) + 1,
                           .p = p,
                           .inverse_variance = 4 / (D * D)};
}

static void weigh(const struct R(attention_run) *run, const struct kept *kept, size_t b) {
    const size_t T = run->config->lookback;
    const struct window at = window_of(run, kept->y[b]);
    real *softmax = kept->softmax + b * T, *a = kept->a + b * T, *map = run->map + b * T, sum = 0;
    memset(a, 0, T * sizeof *a);
    memset(map, 0, T * sizeof *map);
    R(bilinear_scores)(run, kept->qw, b, at.from, at.to, softmax);
    run->k->softmax_rows(1, at.to - at.from, T, 1, softmax + at.from, softmax + at.from);
    for (size_t s = at.from; s < at.to; s++) {
        a[s] = softmax[s] * (real)exp(-.5 * ((double)s - at.p) * ((double)s - at.p) * at.inverse_variance);
        sum += a[s];
    }
    for (size_t s = at.from; s < at.to; s++) map[s] = a[s] / sum;
}

static void forward(const struct R(attention_run) *run) {
    const size_t H = run->config->hidden, n = run->n;
    const struct kept kept = kept_of(run);
    R(bilinear_query)(run, run->w[W], kept.qw);
    R(bilinear_query)(run, run->w[WP], kept.u);
    run->k->vtanh(n * H, kept.u, kept.u);
    for (size_t b = 0; b < n; b++) kept.y[b] = run->k->dot(H, kept.u + b * H, run->w[VP]);
    run->k->vsigmoid(n, kept.y, kept.y);
    for (size_t b = 0; b < n; b++) weigh(run, &kept, b);
    R(luong_end)(run, run->w[WC], kept.a, kept.both);
}

/* da of the window becomes the scores' gradient; returns that of u · vp. */
static real weigh_backward(const struct R(attention_run) *run, const struct kept *kept, size_t b, real *da) {
    const size_t T = run->config->lookback;
    const struct window at = window_of(run, kept->y[b]);
    const real *softmax = kept->softmax + b * T, *a = kept->a + b * T;
    const double y = (double)kept->y[b];
    double dp = 0;
    for (size_t s = at.from; s < at.to; s++) {
        dp += (double)(da[s] * a[s]) * ((double)s - at.p) * at.inverse_variance;
        da[s] *= softmax[s] > 0 ? a[s] / softmax[s] : 0; /* the Gaussian */
    }
    R(softmax_backward)(run->k, at.to - at.from, softmax + at.from, da + at.from);
    return (real)(dp * (double)(T - 1) * y * (1 - y));
}

static void backward(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback, H = run->config->hidden, n = run->n;
    const struct kept kept = kept_of(run);
    real *da = run->scratch + R(luong_scratch)(run->config), *dqw = da + n * T, *du = dqw + n * H;
    R(luong_end_backward)(run, run->w[WC], run->g[WC], kept.a, kept.both, run->scratch, da);
    memset(dqw, 0, n * H * sizeof *dqw);
    for (size_t b = 0; b < n; b++) {
        const struct window at = window_of(run, kept.y[b]);
        const real dz = weigh_backward(run, &kept, b, da + b * T);
        const real *u = kept.u + b * H;
        R(bilinear_scores_backward)(run, kept.qw, b, at.from, at.to, da + b * T, dqw);
        run->k->axpy(H, dz, u, run->g[VP]);
        for (size_t i = 0; i < H; i++) du[b * H + i] = dz * run->w[VP][i] * (1 - u[i] * u[i]);
    }
    R(bilinear_query_backward)(run, run->w[W], dqw, run->g[W]);
    R(bilinear_query_backward)(run, run->w[WP], du, run->g[WP]);
}

/* s - p of every step, [N × T], in double: what lies at the window's end must be in it or out of it as in window_of. */
static struct onnx_value onnx_distance(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const size_t T = model->config->lookback;
    double *step = mem_calloc(T, sizeof *step);
    for (size_t s = 0; step && s < T; s++) step[s] = (double)s;
    struct onnx_value u = onnx_matmul(graph, onnx_last(graph, h), onnx_weight(graph, model, WP));
    u = onnx_matmul(graph, onnx_op(graph, "Tanh", 1, &u), onnx_weight(graph, model, VP));
    const struct onnx_value y = onnx_cast(graph, onnx_op(graph, "Sigmoid", 1, &u), ONNX_FLOAT64);
    const struct onnx_value p = onnx_mul(graph, y, onnx_double(graph, (double)(T - 1)));
    const struct onnx_value steps = onnx_doubles(graph, NULL, step, 1, &T);
    mem_free(step);
    return onnx_sub(graph, steps, p);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const double D = (double)local_span(model->config);
    const struct onnx_value distance = onnx_distance(graph, model, h);
    const struct onnx_value inside =
        onnx_op(graph, "LessOrEqual", ONNX_IN(onnx_op(graph, "Abs", 1, &distance), onnx_double(graph, D)));
    const struct onnx_value e = onnx_bilinear(graph, onnx_weight(graph, model, W), h);
    const struct onnx_value softmax =
        onnx_softmax(graph, onnx_op(graph, "Where", ONNX_IN(inside, e, onnx_float(graph, -INFINITY))));
    const struct onnx_value squares = onnx_mul(graph, distance, distance);
    const struct onnx_value bell = onnx_mul(graph, squares, onnx_double(graph, -2 / (D * D)));
    const struct onnx_value fall = onnx_cast(graph, onnx_op(graph, "Exp", 1, &bell), ONNX_FLOAT32);
    return onnx_luong_end(graph, model, onnx_mul(graph, softmax, fall), h, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_local_p) = {
    .name = "local_p",
    .help = "the query says where to look: bilinear score under a Gaussian (Luong et al. 2015, local-p)",
    .own = GW_PARAM_TABLE(own_params),
    .windowed_only = "the place it looks at is a share of the window",
    .tile = 8,
    .context_size = R(context_hidden),
    .maps = R(one_map),
    .tensors = tensors,
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
