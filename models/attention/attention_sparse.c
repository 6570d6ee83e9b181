/* Attention that leaves most bars out. Scores are bilinear, e_s = qᵀ W h_s with q = h_T; the rule makes weights of them:
 *   top_k     softmax over the sparse_keep highest scores, the later bar where two are equal
 *   strided   softmax over the last sparse_keep bars and every sparse_stride-th before them (Child et al. 2019)
 *   sparsemax a_s = max(0, e_s - τ), the projection of e onto the simplex (Martins & Astudillo 2016, algorithm 1)
 *   entmax15  a_s = max(0, e_s / 2 - τ)², halfway between softmax and sparsemax (Peters et al. 2019, algorithm 2)
 * Back, over the bars with a_s > 0: softmax's, or with w = 1 (sparsemax), w = √a (entmax15): de_s = w_s (da_s - Σ w da / Σ w). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attention_combine.h"
#include "engine/base/base.h"

enum { W, WC };
enum sparse_rule { RULE_TOP_K, RULE_STRIDED, RULE_SPARSEMAX, RULE_ENTMAX15 };

struct sparse_params {
    struct attention_params luong; /* first: luong_combine is looked for there */
    enum sparse_rule sparse_rule;
    size_t sparse_keep, sparse_stride;
};
static const struct gw_choice rules[] = {
    [RULE_TOP_K] = {.name = "top_k", .help = "softmax over the sparse_keep highest scores"},
    [RULE_STRIDED] = {.name = "strided", .help = "softmax over the last bars and every sparse_stride-th before them"},
    [RULE_SPARSEMAX] = {.name = "sparsemax", .help = "scores projected onto the simplex (Martins & Astudillo 2016)"},
    [RULE_ENTMAX15] = {.name = "entmax15", .help = "halfway between softmax and sparsemax (Peters et al. 2019)"},
};
static const struct gw_choices rule_choices = {.row = rules, .n = COUNT_OF(rules)};
static const struct gw_param own_params[] = {
    LUONG_COMBINE_ROW,
    GW_CHOICE_PARAM(struct sparse_params, sparse_rule, &rule_choices, 0, "which bars attention \"sparse\" leaves out"),
    GW_SIZE_PARAM(struct sparse_params, sparse_keep, "bars", 16, 1, 4096, "of rules top_k and strided"),
    GW_SIZE_PARAM(struct sparse_params, sparse_stride, "bars", 8, 1, 4096, "of rule strided"),
};
static const struct sparse_params *sparse(const struct gw_model_config *config) { return own_of_attention(config); }

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    tensor_add(list, "attention.W", config->hidden, config->hidden, INIT_GLOROT, true);
    R(luong_tensors)(config, list);
}

/* [c; q], and behind those of the tile q W */
static size_t keep_size(const struct gw_model_config *config) { return R(luong_keep)(config) + config->hidden; }
/* luong_end's, [n × T], d(q W) [n × H], sorted scores [T] */
static size_t scratch_size(const struct gw_model_config *config) {
    return R(luong_scratch)(config) + SHARD_WINDOWS * (config->lookback + config->hidden) + config->lookback;
}
static real *room(const struct R(attention_run) *run) { return run->scratch + R(luong_scratch)(run->config); }

/* ---- rules: e [T] becomes a --------------------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b) {
    const real x = *(const real *)a, y = *(const real *)b;
    return (x < y) - (x > y);
}

static real *sorted_scores(const struct R(attention_run) *run, const real *e) {
    const size_t T = run->config->lookback;
    real *sorted = room(run) + run->n * (T + run->config->hidden);
    memcpy(sorted, e, T * sizeof *sorted);
    qsort(sorted, T, sizeof *sorted, descending);
    return sorted;
}

/* Scores of bars that stay out become -∞, which softmax makes 0. */
static void mask_low(const struct R(attention_run) *run, real *e) {
    const size_t T = run->config->lookback, keep = sparse(run->config)->sparse_keep;
    if (keep >= T) return;
    const real least = sorted_scores(run, e)[keep - 1];
    size_t higher = 0, equal = 0;
    for (size_t s = 0; s < T; s++) higher += e[s] > least, equal += e[s] == least;
    size_t out = higher + equal - keep; /* so many of the equal ones, the earliest */
    for (size_t s = 0; s < T; s++) {
        const bool late = e[s] == least && out > 0;
        if (late) out--;
        if (late || e[s] < least) e[s] = -(real)INFINITY;
    }
}

static void mask_between(const struct R(attention_run) *run, real *e) {
    const struct sparse_params *own = sparse(run->config);
    const size_t T = run->config->lookback;
    for (size_t lag = own->sparse_keep; lag < T; lag++)
        if ((lag - own->sparse_keep + 1) % own->sparse_stride != 0) e[T - 1 - lag] = -(real)INFINITY;
}

static void sparsemax(const struct R(attention_run) *run, real *e) {
    const size_t T = run->config->lookback;
    const real *sorted = sorted_scores(run, e);
    double sum = 0, tau = 0;
    for (size_t k = 0; k < T; k++) { /* relative to the highest, which keeps the digits */
        const double z = (double)sorted[k] - (double)sorted[0];
        if (1 + (double)(k + 1) * z <= sum + z) break;
        sum += z;
        tau = (sum - 1) / (double)(k + 1);
    }
    const double most = (double)sorted[0];
    for (size_t s = 0; s < T; s++) e[s] = (real)fmax((double)e[s] - most - tau, 0);
}

/* τ of k bars: mean - √((1 - k variance) / k); the largest k that reaches its own τ. */
static void entmax15(const struct R(attention_run) *run, real *e) {
    const size_t T = run->config->lookback;
    const real *sorted = sorted_scores(run, e);
    const double most = (double)sorted[0];
    double sum = 0, squares = 0, tau = 0;
    for (size_t k = 0; k < T; k++) {
        const double z = .5 * ((double)sorted[k] - most), n = (double)(k + 1);
        sum += z;
        squares += z * z;
        const double mean = sum / n, left = (1 - (squares - n * mean * mean)) / n;
        const double now = mean - sqrt(fmax(left, 0));
        if (now > z) break;
        tau = now;
    }
    for (size_t s = 0; s < T; s++) {
        const double above = fmax(.5 * ((double)e[s] - most) - tau, 0);
        e[s] = (real)(above * above);
    }
}

static void weigh(const struct R(attention_run) *run, real *e) {
    const size_t T = run->config->lookback;
    switch (sparse(run->config)->sparse_rule) {
    case RULE_SPARSEMAX:
        sparsemax(run, e);
        return;
    case RULE_ENTMAX15:
        entmax15(run, e);
        return;
    case RULE_TOP_K:
        mask_low(run, e);
        break;
    case RULE_STRIDED:
        mask_between(run, e);
        break;
    }
    run->k->softmax_rows(1, T, T, 1, e, e);
}

static void forward(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback;
    real *qw = run->keep + run->n * R(luong_keep)(run->config);
    R(bilinear_query)(run, run->w[W], qw);
    for (size_t b = 0; b < run->n; b++) {
        R(bilinear_scores)(run, qw, b, 0, T, run->map + b * T);
        weigh(run, run->map + b * T);
    }
    R(luong_end)(run, run->w[WC], run->map, run->keep);
}

static void weigh_backward(const struct R(attention_run) *run, const real *a, real *d) {
    const size_t T = run->config->lookback;
    const enum sparse_rule rule = sparse(run->config)->sparse_rule;
    if (rule == RULE_TOP_K || rule == RULE_STRIDED) {
        R(softmax_backward)(run->k, T, a, d);
        return;
    }
    double sum = 0, all = 0;
    for (size_t s = 0; s < T; s++) {
        const double w = a[s] <= 0 ? 0 : rule == RULE_SPARSEMAX ? 1 : sqrt((double)a[s]);
        sum += w * (double)d[s];
        all += w;
    }
    for (size_t s = 0; s < T; s++) {
        const double w = a[s] <= 0 ? 0 : rule == RULE_SPARSEMAX ? 1 : sqrt((double)a[s]);
        d[s] = (real)(w * ((double)d[s] - sum / all));
    }
}

static void backward(const struct R(attention_run) *run) {
    const size_t T = run->config->lookback, H = run->config->hidden;
    const real *qw = run->keep + run->n * R(luong_keep)(run->config);
    real *da = room(run), *dqw = da + run->n * T;
    R(luong_end_backward)(run, run->w[WC], run->g[WC], run->map, run->keep, run->scratch, da);
    memset(dqw, 0, run->n * H * sizeof *dqw);
    for (size_t b = 0; b < run->n; b++) {
        weigh_backward(run, run->map + b * T, da + b * T);
        R(bilinear_scores_backward)(run, qw, b, 0, T, da + b * T, dqw);
    }
    R(bilinear_query_backward)(run, run->w[W], dqw, run->g[W]);
}

/* ---- in ONNX -------------------------------------------------------------------------------------------------------------- */

/* The k highest of every row and where they stood, the first where two are equal. */
static struct onnx_value onnx_highest(struct onnx *graph, struct onnx_value e, size_t k, struct onnx_value *at) {
    const int64_t count = (int64_t)k;
    struct onnx_value out[2] = {{""}, {""}};
    onnx_node(graph, "TopK", ONNX_IN(e, onnx_integers(graph, &count, 1)), 0, NULL, 2, out);
    *at = out[1];
    return out[0];
}

/* Backwards in time, so that the later bar is the first of equal ones. */
static struct onnx_value onnx_backwards(struct onnx *graph, struct onnx_value e) {
    return onnx_op(graph, "Slice",
                   ONNX_IN(e, onnx_integers(graph, (const int64_t[]){-1}, 1),
                           onnx_integers(graph, (const int64_t[]){INT64_MIN}, 1),
                           onnx_integers(graph, (const int64_t[]){1}, 1),
                           onnx_integers(graph, (const int64_t[]){-1}, 1)));
}

static struct onnx_value onnx_top_k(struct onnx *graph, const struct gw_model_config *config, struct onnx_value e) {
    const size_t keep = sparse(config)->sparse_keep;
    if (keep >= config->lookback) return onnx_softmax(graph, e);
    struct onnx_value at;
    const struct onnx_value high = onnx_highest(graph, onnx_backwards(graph, e), keep, &at);
    const struct onnx_value put = onnx_op_with(
        graph, "ScatterElements", ONNX_IN(onnx_zeros(graph, e, config->lookback), at, onnx_softmax(graph, high)),
        &(struct onnx_attribute){.name = "axis", .integer = 1});
    return onnx_backwards(graph, put);
}

static struct onnx_value onnx_strided(struct onnx *graph, const struct gw_model_config *config, struct onnx_value e) {
    const struct sparse_params *own = sparse(config);
    const size_t T = config->lookback;
    float *out = mem_calloc(T, sizeof *out);
    for (size_t lag = own->sparse_keep; out && lag < T; lag++)
        if ((lag - own->sparse_keep + 1) % own->sparse_stride != 0) out[T - 1 - lag] = -INFINITY;
    const struct onnx_value mask = onnx_floats(graph, NULL, out, 1, &T);
    mem_free(out);
    return onnx_softmax(graph, onnx_add(graph, e, mask));
}

/* Both thresholds in double. With z sorted and k = 1 … T, the support has as many bars as `holds` is true for. */
static struct onnx_value onnx_threshold(struct onnx *graph, const struct gw_model_config *config, struct onnx_value e,
                                        bool entmax) {
    const size_t T = config->lookback;
    double *number = mem_calloc(T, sizeof *number);
    for (size_t i = 0; number && i < T; i++) number[i] = (double)(i + 1);
    const struct onnx_value k = onnx_doubles(graph, NULL, number, 1, &T), one = onnx_double(graph, 1);
    struct onnx_value at, z = onnx_cast(graph, e, ONNX_FLOAT64), holds, tau;
    mem_free(number);
    if (entmax) z = onnx_mul(graph, z, onnx_double(graph, .5));
    const struct onnx_value sorted = onnx_highest(graph, z, T, &at);
    const struct onnx_value most = onnx_slice(graph, sorted, 1, 0, 1);
    const struct onnx_value high = onnx_sub(graph, sorted, most), sum = onnx_prefix_sums(graph, high, 1, false);
    if (entmax) {
        const struct onnx_value squares = onnx_prefix_sums(graph, onnx_mul(graph, high, high), 1, false);
        const struct onnx_value mean = onnx_div(graph, sum, k);
        const struct onnx_value spread = onnx_sub(graph, squares, onnx_mul(graph, sum, mean));
        const struct onnx_value left = onnx_div(graph, onnx_sub(graph, one, spread), k);
        const struct onnx_value root =
            onnx_op(graph, "Sqrt", ONNX_IN(onnx_op(graph, "Max", ONNX_IN(left, onnx_double(graph, 0)))));
        tau = onnx_sub(graph, mean, root);
        holds = onnx_op(graph, "LessOrEqual", ONNX_IN(tau, high));
    } else {
        tau = onnx_div(graph, onnx_sub(graph, sum, one), k);
        holds = onnx_op(graph, "Greater", ONNX_IN(onnx_add(graph, one, onnx_mul(graph, k, high)), sum));
    }
    const struct onnx_value count = onnx_sum(graph, onnx_cast(graph, holds, ONNX_INT64), 1, true);
    tau = onnx_op_with(graph, "GatherElements", ONNX_IN(tau, onnx_sub(graph, count, onnx_integer(graph, 1))),
                       &(struct onnx_attribute){.name = "axis", .integer = 1});
    const struct onnx_value over = onnx_sub(graph, onnx_sub(graph, z, most), tau);
    const struct onnx_value above = onnx_op(graph, "Max", ONNX_IN(over, onnx_double(graph, 0)));
    return onnx_cast(graph, entmax ? onnx_mul(graph, above, above) : above, ONNX_FLOAT32);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const struct onnx_value e = onnx_bilinear(graph, onnx_weight(graph, model, W), h);
    struct onnx_value a = e;
    switch (sparse(model->config)->sparse_rule) {
    case RULE_TOP_K:
        a = onnx_top_k(graph, model->config, e);
        break;
    case RULE_STRIDED:
        a = onnx_strided(graph, model->config, e);
        break;
    case RULE_SPARSEMAX:
    case RULE_ENTMAX15:
        a = onnx_threshold(graph, model->config, e, sparse(model->config)->sparse_rule == RULE_ENTMAX15);
        break;
    }
    return onnx_luong_end(graph, model, a, h, luong_combine(model->config), WC);
}

const struct R(attention_ops) R(attention_sparse) = {
    .name = "sparse",
    .help = "bilinear score that leaves most bars out: top-k, strided, sparsemax or entmax-1.5",
    .own = GW_PARAM_TABLE(own_params),
    .windowed_only = "which bars it keeps is a matter of one window",
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
