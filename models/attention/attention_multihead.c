/* Self-attention with several heads (Vaswani et al. 2017), averaged over time:
 *   context = mean_t( [head_1 … head_n]_t Wo + bo ),  head_j,t = Σ_s A_j,ts v_j,s,
 *   A_j = softmax(Q_j K_jᵀ / √d), with Q, K, V = h Wq + bq, h Wk + bk, h Wv + bv.
 * The mean over t is linear, so with a_j,s = mean_t A_j,ts and p_j = Σ_s a_j,s h_s the same context is
 *   [p_1 Wv_1 + bv_1 … ] Wo + bo
 * and neither V over time nor A·V is ever formed. Backwards, with g_s = dp_j · h_s, the kernels give dQ and dK from g,
 * and dh_s += a_s dp_j. A row of softmax does not change when q_t · bk is added to all of it: bk has no effect and no
 * gradient, and is left out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attention_multihead.h"
#include "engine/base/base.h"

static const struct gw_choice positions[] = {
    [POSITION_NONE] = {.name = "none", .help = "the states alone"},
    [POSITION_SINUSOIDAL] = {.name = "sinusoidal", .help = "sines and cosines are added to the states"},
    [POSITION_LEARNED] = {.name = "learned", .help = "a learned vector for every place is added, zero at first"},
    [POSITION_ALIBI] = {.name = "alibi",
                        .help = "scores fall with distance, each head at its slope (Press et al. 2022)"},
};
static const struct gw_choices position_choices = {.row = positions, .n = COUNT_OF(positions)};

static const struct gw_param own_params[] = {
    HEADS_ROWS,
    GW_BOOL_PARAM(struct multihead_params, causal_mask, false, "multihead: a step attends only to steps before it"),
    GW_BOOL_PARAM(
        struct multihead_params, tiled, false,
        "multihead in windows: weights are made in tiles and again on the way back; memory grows with lookback, "
        "not with its square"),
    GW_CHOICE_PARAM(struct multihead_params, position, &position_choices, 0,
                    "how multihead in windows knows where a state stands"),
};
size_t R(heads_maps)(const struct gw_model_config *config) { return multihead(config)->heads; }
void R(heads_tensors)(const struct gw_model_config *config, struct tensor_list *list) {
    size_t H = config->hidden, D = multihead_width(config);
    tensor_add(list, "attention.query.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.query.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.key.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.key.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.value.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.value.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.output.W", D, H, INIT_GLOROT, false);
    tensor_add(list, "attention.output.b", 1, H, INIT_ZERO, false);
    if (multihead(config)->position == POSITION_LEARNED)
        tensor_add(list, "attention.position", config->lookback, H, INIT_ZERO, false);
}

/* ---- the set's own heads, which keep all weights ----------------------------------------------------------- */

static size_t whole_keep(const struct gw_model_config *config) {
    return R(kernels_active)()->head_keep_size(config->lookback);
}
/* Training may use another table of kernels than scoring. */
static size_t whole_scratch(const struct gw_model_config *config) {
    size_t size = R(kernels_active)()->head_scratch_size(config->lookback, multihead(config)->key_dim);
    size_t mixed = R(kernels_mixed)()->head_scratch_size(config->lookback, multihead(config)->key_dim);
    return size > mixed ? size : mixed;
}
static void whole_forward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, real *mean) {
    (void)slope;
    k->head_forward(run, mean);
}
static void whole_backward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, const real *g,
                           real *dquery, real *dkey) {
    (void)slope;
    k->head_backward(run, g, dquery, dkey);
}
static const struct R(head_engine) whole = {
    .keep_size = whole_keep, .scratch_size = whole_scratch, .forward = whole_forward, .backward = whole_backward};

/* ---- a tile between forward and backward ------------------------------------------------------------------- */

struct kept {
    real *qk;     /* [n·T × 2D] queries and keys side by side */
    real *heads;  /* [n × heads × engine's] */
    real *pooled; /* [n × heads × H] */
    real *value;  /* [n × D] */
    real *placed; /* [n × T × H] states with their position added, or NULL */
};

/* Whether positions are added to the states. */
static bool places(const struct gw_model_config *config) {
    return multihead(config)->position == POSITION_SINUSOIDAL || multihead(config)->position == POSITION_LEARNED;
}

/* What the set in use keeps of a head depends on it, not on the engine alone. */
static size_t head_keep(const struct R(attention_run) *run, const struct R(head_engine) *engine) {
    return engine == &whole ? run->k->head_keep_size(run->config->lookback) : engine->keep_size(run->config);
}

size_t R(heads_keep)(const struct gw_model_config *config, const struct R(head_engine) *engine) {
    size_t T = config->lookback, H = config->hidden, D = multihead_width(config);
    return 2 * T * D + multihead(config)->heads * (engine->keep_size(config) + H) + D + (places(config) ? T * H : 0);
}

static struct kept kept_of(const struct R(attention_run) *run, const struct R(head_engine) *engine) {
    size_t T = run->config->lookback, D = multihead_width(run->config), heads = multihead(run->config)->heads;
    struct kept kept = {.placed = NULL};
    kept.qk = run->keep;
    kept.heads = kept.qk + 2 * run->n * T * D;
    kept.pooled = kept.heads + run->n * heads * head_keep(run, engine);
    kept.value = kept.pooled + run->n * heads * run->config->hidden;
    if (places(run->config)) kept.placed = kept.value + run->n * D;
    return kept;
}

/* The engine's own, gradients of the tile's queries and keys [n·T × 2D] and values [n × D], then of one window g
 * [heads × T] and dpooled [heads × H]. */
size_t R(heads_scratch)(const struct gw_model_config *config, const struct R(head_engine) *engine) {
    size_t T = config->lookback, D = multihead_width(config);
    return engine->scratch_size(config) + HEADS_TILE * (2 * T * D + D) +
           multihead(config)->heads * (T + config->hidden);
}

static struct R(head_run) head_of(const struct R(attention_run) *run, const struct R(head_engine) *engine,
                                  const struct kept *kept, size_t b, size_t head) {
    size_t T = run->config->lookback, d = multihead(run->config)->key_dim, D = multihead_width(run->config);
    const real *query = kept->qk + b * T * 2 * D + head * d;
    return (struct R(head_run)){
        .steps = T,
        .key_dim = d,
        .causal = multihead(run->config)->causal_mask,
        .scale = (real)(1 / sqrt((double)d)),
        .query = query,
        .key = query + D,
        .ld = 2 * D,
        .keep = kept->heads + (b * multihead(run->config)->heads + head) * head_keep(run, engine),
        .scratch = run->scratch,
    };
}

/* 2^(-8 (head + 1) / heads), as ALiBi has them. */
real R(multihead_slope)(const struct gw_model_config *config, size_t head) {
    const struct multihead_params *own = multihead(config);
    return own->position == POSITION_ALIBI ? (real)exp2(-8 * (double)(head + 1) / (double)own->heads) : 0;
}

double R(multihead_code)(const struct gw_model_config *config, size_t step, size_t unit) {
    const double angle = (double)step / pow(10000, (double)(unit / 2 * 2) / (double)config->hidden);
    return unit % 2 ? cos(angle) : sin(angle);
}

static void place(const struct R(attention_run) *run, real *placed) {
    size_t T = run->config->lookback, H = run->config->hidden;
    memcpy(placed, run->h, run->n * T * H * sizeof *placed);
    for (size_t s = 0; s < T; s++)
        for (size_t i = 0; i < H; i++) {
            const real code = multihead(run->config)->position == POSITION_LEARNED
                                  ? run->w[WP][s * H + i]
                                  : (real)R(multihead_code)(run->config, s, i);
            for (size_t b = 0; b < run->n; b++) placed[(b * T + s) * H + i] += code;
        }
}

/* ---- shared with the stream -------------------------------------------------------------------------------- */

void R(multihead_fill)(size_t rows, size_t columns, const real *row, real *out, size_t ld) {
    for (size_t i = 0; i < rows; i++) memcpy(out + i * ld, row, columns * sizeof *row);
}

void R(multihead_contexts)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                           const real *const *w, const real *value, const real *states, size_t stride, real *context) {
    size_t H = config->hidden, D = multihead_width(config), ld = R(multihead_context_size)(config);
    R(multihead_fill)(n, H, w[BO], context, ld);
    k->gemm_nn(n, H, D, value, D, w[WO], H, context, ld, true);
    if (ld > H)
        for (size_t i = 0; i < n; i++) memcpy(context + i * ld + H, states + i * stride, H * sizeof *states);
}

void R(multihead_take_gradients)(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                                 const real *dcontext, real *dstates, size_t stride) {
    size_t H = config->hidden, ld = R(multihead_context_size)(config);
    if (ld > H)
        for (size_t i = 0; i < n; i++) k->axpy(H, 1, dcontext + i * ld + H, dstates + i * stride);
}

/* ---- forward ------------------------------------------------------------------------------------------- */

void R(heads_forward)(const struct R(attention_run) *run, const struct R(head_engine) *engine) {
    size_t T = run->config->lookback, H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = multihead_width(run->config);
    size_t n = run->n, heads = multihead(run->config)->heads;
    struct kept kept = kept_of(run, engine);
    if (kept.placed) place(run, kept.placed);
    const real *h = kept.placed ? kept.placed : run->h;
    run->k->large_nn(n * T, D, H, h, H, run->w[WQ], D, kept.qk, 2 * D, false);
    run->k->add_row(n * T, D, run->w[BQ], kept.qk, 2 * D);
    run->k->large_nn(n * T, D, H, h, H, run->w[WK], D, kept.qk + D, 2 * D, false);
    if (engine->key_bias) run->k->add_row(n * T, D, run->w[BK], kept.qk + D, 2 * D);
    for (size_t b = 0; b < n; b++) {
        real *mean = run->map + b * heads * T;
        for (size_t head = 0; head < heads; head++) {
            struct R(head_run) one = head_of(run, engine, &kept, b, head);
            engine->forward(run->k, &one, R(multihead_slope)(run->config, head), mean + head * T);
        }
        run->k->gemm_nn(heads, H, T, mean, T, h + b * T * H, H, kept.pooled + b * heads * H, H, false);
    }
    R(multihead_fill)(n, D, run->w[BV], kept.value, D);
    for (size_t head = 0; head < heads; head++)
        run->k->gemm_nn(n, d, H, kept.pooled + head * H, heads * H, run->w[WV] + head * d, D, kept.value + head * d, D,
                        true);
    R(multihead_contexts)(run->config, run->k, n, run->w, kept.value, run->h + (T - 1) * H, T * H, run->context);
}

/* ---- backward ------------------------------------------------------------------------------------------ */

/* From the context to the pooled states, all windows at once: dvalue = dcontext Woᵀ, dWv_j = pooled_jᵀ dvalue_j. */
static void values_backward(const struct R(attention_run) *run, const struct kept *kept, real *dvalue) {
    size_t H = run->config->hidden, d = multihead(run->config)->key_dim, D = multihead_width(run->config), n = run->n;
    size_t heads = multihead(run->config)->heads, ld = R(multihead_context_size)(run->config);
    run->k->sum_rows(n, H, run->dcontext, ld, run->g[BO]);
    run->k->gemm_tn(D, H, n, kept->value, D, run->dcontext, ld, run->g[WO], H, true);
    for (size_t b = 0; b < n; b++) /* a matrix times a vector, without transposing the matrix */
        run->k->gemm_nn(D, 1, H, run->w[WO], H, run->dcontext + b * ld, 1, dvalue + b * D, 1, false);
    run->k->sum_rows(n, D, dvalue, D, run->g[BV]);
    for (size_t head = 0; head < heads; head++)
        run->k->gemm_tn(H, d, n, kept->pooled + head * H, heads * H, dvalue + head * d, D, run->g[WV] + head * d, D,
                        true);
}

/* dQ and dK of one window, and what of dh does not come through them. */
static void window_backward(const struct R(attention_run) *run, const struct R(head_engine) *engine,
                            const struct kept *kept, size_t b, const real *dvalue, real *g, real *dqk) {
    size_t T = run->config->lookback, H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = multihead_width(run->config);
    size_t heads = multihead(run->config)->heads;
    const real *h = (kept->placed ? kept->placed : run->h) + b * T * H, *mean = run->map + b * heads * T;
    real *dpooled = g + heads * T;
    for (size_t head = 0; head < heads; head++)
        run->k->gemm_nn(H, 1, d, run->w[WV] + head * d, D, dvalue + b * D + head * d, 1, dpooled + head * H, 1, false);
    run->k->gemm_nt(heads, T, H, dpooled, H, h, H, g, T, false);
    run->k->gemm_tn(T, H, heads, mean, T, dpooled, H, run->dh + b * T * H, H, false);
    for (size_t head = 0; head < heads; head++) {
        struct R(head_run) one = head_of(run, engine, kept, b, head);
        real *dquery = dqk + b * T * 2 * D + head * d;
        engine->backward(run->k, &one, R(multihead_slope)(run->config, head), g + head * T, dquery, dquery + D);
    }
}

static void project_backward(const struct R(attention_run) *run, const real *h, size_t w, const real *dout) {
    size_t rows = run->n * run->config->lookback, H = run->config->hidden, D = multihead_width(run->config);
    run->k->large_tn(H, D, rows, h, H, dout, 2 * D, run->g[w], D, true);
    run->k->large_nt(rows, H, D, dout, 2 * D, run->w[w], D, run->dh, H, true);
}

/* dh so far is what comes through the placed states, and so the gradient of their places. */
static void places_backward(const struct R(attention_run) *run) {
    size_t size = run->config->lookback * run->config->hidden;
    for (size_t b = 0; b < run->n; b++) run->k->axpy(size, 1, run->dh + b * size, run->g[WP]);
}

void R(heads_backward)(const struct R(attention_run) *run, const struct R(head_engine) *engine) {
    size_t T = run->config->lookback, H = run->config->hidden, D = multihead_width(run->config);
    struct kept kept = kept_of(run, engine);
    const real *h = kept.placed ? kept.placed : run->h;
    real *dqk = run->scratch + engine->scratch_size(run->config);
    real *dvalue = dqk + 2 * run->n * T * D, *g = dvalue + run->n * D;
    values_backward(run, &kept, dvalue);
    for (size_t b = 0; b < run->n; b++) window_backward(run, engine, &kept, b, dvalue, g, dqk);
    /* What the asking state gets is no gradient of its place. */
    const bool learned = multihead(run->config)->position == POSITION_LEARNED;
    real *asking = run->dh + (T - 1) * H;
    if (!learned) R(multihead_take_gradients)(run->config, run->k, run->n, run->dcontext, asking, T * H);
    project_backward(run, h, WQ, dqk);
    run->k->sum_rows(run->n * T, D, dqk, 2 * D, run->g[BQ]);
    project_backward(run, h, WK, dqk + D);
    if (engine->key_bias) run->k->sum_rows(run->n * T, D, dqk + D, 2 * D, run->g[BK]);
    if (!learned) return;
    places_backward(run);
    R(multihead_take_gradients)(run->config, run->k, run->n, run->dcontext, asking, T * H);
}

/* ---- the row -------------------------------------------------------------------------------------------- */

/* ALiBi is for tiles, whose scores are at hand. */
static const struct R(head_engine) *engine_of(const struct gw_model_config *config) {
    return multihead(config)->tiled || multihead(config)->position == POSITION_ALIBI ? &R(heads_tiled) : &whole;
}
static size_t keep_size(const struct gw_model_config *config) { return R(heads_keep)(config, engine_of(config)); }
static size_t scratch_size(const struct gw_model_config *config) { return R(heads_scratch)(config, engine_of(config)); }
static void forward(const struct R(attention_run) *run) { R(heads_forward)(run, engine_of(run->config)); }
static void backward(const struct R(attention_run) *run) { R(heads_backward)(run, engine_of(run->config)); }

static int check(const struct gw_model_config *config) {
    if (config->unroll == GW_UNROLL_STREAM && multihead(config)->position != POSITION_NONE)
        FAIL(GW_ERR_CONFIG,
             "model.position: \"%s\" counts within a window, and with model.unroll \"stream\" there is none; use "
             "\"none\"",
             positions[multihead(config)->position].name);
    return GW_OK;
}

static void advise(const struct gw_model_config *config, char advice[256]) {
    const struct multihead_params *own = multihead(config);
    if (own->key_dim < 16)
        snprintf(advice, 256, "model.key_dim: %zu dimensions a head are few; 16 or more tell bars apart better",
                 own->key_dim);
    else if (config->lookback >= 1024 && engine_of(config) == &whole && config->unroll == GW_UNROLL_WINDOW)
        snprintf(
            advice, 256,
            "model.lookback: %zu² weights of every head are kept; with model.tiled memory grows with lookback alone",
            config->lookback);
    else if (own->heads > 4 && own->heads * 16 > config->hidden)
        snprintf(advice, 256, "model.heads: %zu heads share %zu hidden units; raise model.hidden with them", own->heads,
                 config->hidden);
}

static struct onnx_value onnx(struct onnx *graph, const struct onnx_model *model, struct onnx_value h) {
    return R(multihead_onnx)(graph, model, h, false);
}

const struct R(attention_ops) R(attention_multihead) = {
    .name = "multihead",
    .help = "self-attention with several heads, averaged over time (Vaswani et al. 2017)",
    .own = GW_PARAM_TABLE(own_params),
    .check = check,
    .advise = advise,
    .band = &R(multihead_band),
    .tile = HEADS_TILE,
    .context_size = R(multihead_context_size),
    .maps = R(heads_maps),
    .tensors = R(heads_tensors),
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
    .onnx = onnx,
};
