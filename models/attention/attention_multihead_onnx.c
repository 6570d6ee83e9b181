/* Multi-head attention in ONNX, softmax and linear: the equations of attention_multihead.c and attention_linear.c. Weights of every
 * bar on every other are formed here, whatever `tiled` says of training; the linear form has its prefix sums. */
#include <math.h>

#include "attention_multihead.h"
#include "engine/base/base.h"

/* Codes [T × H] that are added to the states, or none. */
static struct onnx_value placed(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    const size_t T = model->config->lookback, H = model->config->hidden, dims[2] = {T, H};
    if (multihead(model->config)->position == POSITION_LEARNED)
        return onnx_add(graph, h, onnx_weight(graph, model, WP));
    if (multihead(model->config)->position != POSITION_SINUSOIDAL) return h;
    float *code = mem_calloc(T * H, sizeof *code);
    for (size_t s = 0; code && s < T; s++)
        for (size_t i = 0; i < H; i++) code[s * H + i] = (float)R(multihead_code)(model->config, s, i);
    const struct onnx_value codes = onnx_floats(graph, "position", code, 2, dims);
    mem_free(code);
    return onnx_add(graph, h, codes);
}

/* [N × T × D] to [N × heads × T × d]. */
static struct onnx_value by_head(struct onnx *graph, const struct onnx_model *model, struct onnx_value x) {
    const int64_t dims[4] = {0, 0, (int64_t)multihead(model->config)->heads,
                             (int64_t)multihead(model->config)->key_dim};
    return onnx_transpose(graph, onnx_reshape(graph, x, 4, dims), 4, (const int64_t[]){0, 2, 1, 3});
}

/* What is added to the scores [heads or 1 × T × T]: -∞ where the mask is, ALiBi's slopes. */
static struct onnx_value leaning(struct onnx *graph, const struct onnx_model *model, struct onnx_value score) {
    const struct multihead_params *own = multihead(model->config);
    const size_t T = model->config->lookback, heads = own->position == POSITION_ALIBI ? own->heads : 1;
    const size_t dims[3] = {heads, T, T};
    if (!own->causal_mask && own->position != POSITION_ALIBI) return score;
    float *lean = mem_calloc(heads * T * T, sizeof *lean), *at = lean;
    for (size_t head = 0; lean && head < heads; head++)
        for (size_t t = 0; t < T; t++)
            for (size_t s = 0; s < T; s++, at++) {
                *at = -(float)R(multihead_slope)(model->config, head) * (float)(s < t ? t - s : s - t);
                if (own->causal_mask && s > t) *at = -INFINITY;
            }
    const struct onnx_value added = onnx_floats(graph, "lean", lean, 3, dims);
    mem_free(lean);
    return onnx_add(graph, score, added);
}

/* Mean over the queries of softmax(q kᵀ / √d): [N × heads × T]. */
static struct onnx_value softmax_mean(struct onnx *graph, const struct onnx_model *model, struct onnx_value query,
                                      struct onnx_value key) {
    const struct onnx_value turned = onnx_transpose(graph, key, 4, (const int64_t[]){0, 1, 3, 2});
    const struct onnx_value scale = onnx_float(graph, 1 / sqrt((double)multihead(model->config)->key_dim));
    const struct onnx_value score = onnx_mul(graph, onnx_matmul(graph, query, turned), scale);
    return onnx_mean(graph, onnx_softmax(graph, leaning(graph, model, score)), 2);
}

/* f(x) = elu(x) + 1 */
static struct onnx_value positive(struct onnx *graph, struct onnx_value x) {
    return onnx_add(graph, onnx_op(graph, "Elu", 1, &x), onnx_float(graph, 1));
}

static struct onnx_value linear_mean(struct onnx *graph, const struct onnx_model *model, struct onnx_value query,
                                     struct onnx_value key) {
    const struct onnx_value fq = positive(graph, query), fk = positive(graph, key);
    const struct onnx_value keys = onnx_prefix_sums(graph, fk, 2, false);
    const struct onnx_value z = onnx_sum(graph, onnx_mul(graph, fq, keys), 3, true);
    const struct onnx_value queries = onnx_prefix_sums(graph, onnx_div(graph, fq, z), 2, true);
    const struct onnx_value sum = onnx_sum(graph, onnx_mul(graph, fk, queries), 3, false);
    return onnx_mul(graph, sum, onnx_float(graph, 1 / (double)model->config->lookback));
}

/* Every head's p_j [N × heads × 1 × H] by its own columns of Wv. */
static struct onnx_value values(struct onnx *graph, const struct onnx_model *model, struct onnx_value pooled) {
    const int64_t heads = (int64_t)multihead(model->config)->heads, d = (int64_t)multihead(model->config)->key_dim;
    const int64_t apart[3] = {(int64_t)model->config->hidden, heads, d}, together[2] = {0, heads * d};
    const struct onnx_value wv = onnx_reshape(graph, onnx_weight(graph, model, WV), 3, apart);
    const struct onnx_value each = onnx_transpose(graph, wv, 3, (const int64_t[]){1, 0, 2});
    const struct onnx_value value = onnx_reshape(graph, onnx_matmul(graph, pooled, each), 2, together);
    return onnx_add(graph, value, onnx_weight(graph, model, BV));
}

struct onnx_value R(multihead_onnx)(struct onnx *graph, const struct onnx_model *model, struct onnx_value h,
                                    bool linear) {
    const struct onnx_value states = placed(graph, model, h);
    struct onnx_value query = onnx_matmul(graph, states, onnx_weight(graph, model, WQ));
    struct onnx_value key = onnx_matmul(graph, states, onnx_weight(graph, model, WK));
    query = by_head(graph, model, onnx_add(graph, query, onnx_weight(graph, model, BQ)));
    if (linear) key = onnx_add(graph, key, onnx_weight(graph, model, BK));
    key = by_head(graph, model, key);
    const struct onnx_value mean =
        linear ? linear_mean(graph, model, query, key) : softmax_mean(graph, model, query, key);
    const struct onnx_value pooled = onnx_matmul(graph, mean, states); /* [N × heads × H] */
    const struct onnx_value value = values(graph, model, onnx_wrap(graph, pooled, 2));
    const struct onnx_value context =
        onnx_affine(graph, value, onnx_weight(graph, model, WO), onnx_weight(graph, model, BO));
    return multihead(model->config)->luong_combine ? onnx_join(graph, context, onnx_last(graph, h), 1) : context;
}
