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

#include "attention_band.h"

enum { WQ, BQ, WK, BK, WV, BV, WO, BO };
enum { TILE = 4 };

struct multihead_params {
    size_t heads, key_dim;
    bool causal_mask, luong_combine;
};
static const struct gw_param own_params[] = {
    GW_SIZE_PARAM(struct multihead_params, heads, "heads", 4, 1, 64, "heads of multihead"),
    GW_SIZE_PARAM(struct multihead_params, key_dim, "units", 32, 1, 512, "width of each head's keys and queries"),
    GW_BOOL_PARAM(struct multihead_params, causal_mask, false, "multihead: a step attends only to steps before it"),
    GW_BOOL_PARAM(struct multihead_params, luong_combine, false, LUONG_COMBINE_HELP),
};
static const struct multihead_params *multihead(const struct gw_model_config *config) {
    return own_of_attention(config);
}

static size_t width(const struct gw_model_config *config) {
    return multihead(config)->heads * multihead(config)->key_dim;
}
static size_t maps(const struct gw_model_config *config) { return multihead(config)->heads; }
/* The mean over time says little of the bar that asks; with luong_combine its own state stands behind it: [c; h_T]. */
static size_t context_size(const struct gw_model_config *config) {
    return multihead(config)->luong_combine ? 2 * config->hidden : config->hidden;
}

static void tensors(const struct gw_model_config *config, struct tensor_list *list) {
    size_t H = config->hidden, D = width(config);
    tensor_add(list, "attention.query.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.query.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.key.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.key.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.value.W", H, D, INIT_GLOROT, true);
    tensor_add(list, "attention.value.b", 1, D, INIT_ZERO, false);
    tensor_add(list, "attention.output.W", D, H, INIT_GLOROT, false);
    tensor_add(list, "attention.output.b", 1, H, INIT_ZERO, false);
}

/* A tile between forward and backward. */
struct kept {
    real *qk;     /* [n·T × 2D] queries and keys side by side */
    real *heads;  /* [n × heads × head_keep_size] */
    real *pooled; /* [n × heads × H] */
    real *value;  /* [n × D] */
};

static size_t keep_size(const struct gw_model_config *config) {
    size_t D = width(config), per_head = R(kernels_active)()->head_keep_size(config->lookback);
    return 2 * config->lookback * D + multihead(config)->heads * (per_head + config->hidden) + D;
}

static struct kept kept_of(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, D = width(run->config), heads = multihead(run->config)->heads;
    struct kept kept;
    kept.qk = run->keep;
    kept.heads = kept.qk + 2 * run->n * T * D;
    kept.pooled = kept.heads + run->n * heads * run->k->head_keep_size(T);
    kept.value = kept.pooled + run->n * heads * run->config->hidden;
    return kept;
}

/* Training may use another table of kernels than scoring. */
static size_t head_scratch(const struct gw_model_config *config) {
    size_t size = R(kernels_active)()->head_scratch_size(config->lookback, multihead(config)->key_dim);
    size_t mixed = R(kernels_mixed)()->head_scratch_size(config->lookback, multihead(config)->key_dim);
    return size > mixed ? size : mixed;
}

/* The kernel's own, gradients of the tile's queries and keys [n·T × 2D] and values [n × D], then of one window g
 * [heads × T] and dpooled [heads × H]. */
static size_t scratch_size(const struct gw_model_config *config) {
    size_t T = config->lookback, D = width(config);
    return head_scratch(config) + TILE * (2 * T * D + D) + multihead(config)->heads * (T + config->hidden);
}

static struct R(head_run) head_of(const struct R(attention_run) *run, const struct kept *kept, size_t b, size_t head) {
    size_t T = run->config->lookback, d = multihead(run->config)->key_dim, D = width(run->config);
    const real *query = kept->qk + b * T * 2 * D + head * d;
    return (struct R(head_run)){
        .steps = T,
        .key_dim = d,
        .causal = multihead(run->config)->causal_mask,
        .scale = (real)(1 / sqrt((double)d)),
        .query = query,
        .key = query + D,
        .ld = 2 * D,
        .keep = kept->heads + (b * multihead(run->config)->heads + head) * run->k->head_keep_size(T),
        .scratch = run->scratch,
    };
}

/* ---- forward ------------------------------------------------------------------------------------------- */

static void fill_rows(size_t rows, size_t columns, const real *row, real *out, size_t ld) {
    for (size_t i = 0; i < rows; i++) memcpy(out + i * ld, row, columns * sizeof *row);
}

/* context = value Wo + bo, and behind it the asking states, every `stride` from `states` on, where they are wanted. */
static void contexts(const struct gw_model_config *config, const struct R(kernels) *k, size_t n, const real *const *w,
                     const real *value, const real *states, size_t stride, real *context) {
    size_t H = config->hidden, D = width(config), ld = context_size(config);
    fill_rows(n, H, w[BO], context, ld);
    k->gemm_nn(n, H, D, value, D, w[WO], H, context, ld, true);
    if (ld > H)
        for (size_t i = 0; i < n; i++) memcpy(context + i * ld + H, states + i * stride, H * sizeof *states);
}

/* What the asking states get from behind the contexts. */
static void take_state_gradients(const struct gw_model_config *config, const struct R(kernels) *k, size_t n,
                                 const real *dcontext, real *dstates, size_t stride) {
    size_t H = config->hidden, ld = context_size(config);
    if (ld > H)
        for (size_t i = 0; i < n; i++) k->axpy(H, 1, dcontext + i * ld + H, dstates + i * stride);
}

static void forward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = width(run->config);
    size_t n = run->n, heads = multihead(run->config)->heads;
    struct kept kept = kept_of(run);
    run->k->large_nn(n * T, D, H, run->h, H, run->w[WQ], D, kept.qk, 2 * D, false);
    run->k->add_row(n * T, D, run->w[BQ], kept.qk, 2 * D);
    run->k->large_nn(n * T, D, H, run->h, H, run->w[WK], D, kept.qk + D, 2 * D, false);
    for (size_t b = 0; b < n; b++) {
        real *mean = run->map + b * heads * T;
        for (size_t head = 0; head < heads; head++) {
            struct R(head_run) one = head_of(run, &kept, b, head);
            run->k->head_forward(&one, mean + head * T);
        }
        run->k->gemm_nn(heads, H, T, mean, T, run->h + b * T * H, H, kept.pooled + b * heads * H, H, false);
    }
    fill_rows(n, D, run->w[BV], kept.value, D);
    for (size_t head = 0; head < heads; head++)
        run->k->gemm_nn(n, d, H, kept.pooled + head * H, heads * H, run->w[WV] + head * d, D, kept.value + head * d, D,
                        true);
    contexts(run->config, run->k, n, run->w, kept.value, run->h + (T - 1) * H, T * H, run->context);
}

/* ---- backward ------------------------------------------------------------------------------------------ */

/* From the context to the pooled states, all windows at once: dvalue = dcontext Woᵀ, dWv_j = pooled_jᵀ dvalue_j. */
static void values_backward(const struct R(attention_run) *run, const struct kept *kept, real *dvalue) {
    size_t H = run->config->hidden, d = multihead(run->config)->key_dim, D = width(run->config), n = run->n;
    size_t heads = multihead(run->config)->heads, ld = context_size(run->config);
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
static void window_backward(const struct R(attention_run) *run, const struct kept *kept, size_t b, const real *dvalue,
                            real *g, real *dqk) {
    size_t T = run->config->lookback, H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = width(run->config);
    size_t heads = multihead(run->config)->heads;
    const real *h = run->h + b * T * H, *mean = run->map + b * heads * T;
    real *dpooled = g + heads * T;
    for (size_t head = 0; head < heads; head++)
        run->k->gemm_nn(H, 1, d, run->w[WV] + head * d, D, dvalue + b * D + head * d, 1, dpooled + head * H, 1, false);
    run->k->gemm_nt(heads, T, H, dpooled, H, h, H, g, T, false);
    run->k->gemm_tn(T, H, heads, mean, T, dpooled, H, run->dh + b * T * H, H, false);
    for (size_t head = 0; head < heads; head++) {
        struct R(head_run) one = head_of(run, kept, b, head);
        real *dquery = dqk + b * T * 2 * D + head * d;
        run->k->head_backward(&one, g + head * T, dquery, dquery + D);
    }
}

static void project_backward(const struct R(attention_run) *run, size_t w, const real *dout) {
    size_t rows = run->n * run->config->lookback, H = run->config->hidden, D = width(run->config);
    run->k->large_tn(H, D, rows, run->h, H, dout, 2 * D, run->g[w], D, true);
    run->k->large_nt(rows, H, D, dout, 2 * D, run->w[w], D, run->dh, H, true);
}

static void backward(const struct R(attention_run) *run) {
    size_t T = run->config->lookback, H = run->config->hidden, D = width(run->config);
    struct kept kept = kept_of(run);
    real *dqk = run->scratch + head_scratch(run->config);
    real *dvalue = dqk + 2 * run->n * T * D, *g = dvalue + run->n * D;
    values_backward(run, &kept, dvalue);
    for (size_t b = 0; b < run->n; b++) window_backward(run, &kept, b, dvalue, g, dqk);
    take_state_gradients(run->config, run->k, run->n, run->dcontext, run->dh + (T - 1) * H, T * H);
    project_backward(run, WQ, dqk);
    run->k->sum_rows(run->n * T, D, dqk, 2 * D, run->g[BQ]);
    project_backward(run, WK, dqk + D);
}

/* ---- streaming ---------------------------------------------------------------------------------------------
 *
 * Causal band: the output of row s attends to rows s-T+1 … s, and the context of a bar is the mean of the last T outputs.
 * The output projection is linear, so the mean is taken before it: with u_s = [Σ A_1,s· v_1 … ], the heads side by side,
 *   context_t = mean(u_t-T+1 … u_t) Wo + bo.
 * A row's memory is its key, value and u. Scores are made in tiles of BAND_TILE rows by the keys that any of them sees;
 * outside a row's own band its weights are zero. The map of a bar is the attention of its own output. */

enum { BAND_TILE = 32 };

static size_t band_memory(const struct gw_model_config *config) { return 3 * width(config); }
/* The most keys a tile sees. */
static size_t band_width(const struct gw_model_config *config) { return config->lookback + BAND_TILE - 1; }

/* Queries [rows × D], weights [tiles × heads × BAND_TILE × width], means [queries × D], and ones [T]. */
static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    size_t tiles = (rows + BAND_TILE - 1) / BAND_TILE;
    return (rows + queries) * width(config) + tiles * multihead(config)->heads * BAND_TILE * band_width(config) +
           config->lookback;
}

struct band_kept {
    size_t first; /* first row whose output anybody wants */
    real *query, *mean, *ones, *weight;
};

static struct band_kept band_kept_of(const struct R(band_run) *run) {
    size_t D = width(run->config), reach = R(band_first)(run, run->query);
    struct band_kept kept = {.first = reach > run->fresh ? reach : run->fresh};
    kept.query = run->keep;
    kept.mean = kept.query + (run->n - kept.first) * D;
    kept.ones = kept.mean + R(band_queries)(run) * D;
    kept.weight = kept.ones + run->config->lookback;
    return kept;
}

/* One head over one tile of rows. */
struct band_tile {
    size_t row, rows, low, keys, ld; /* rows row … row+rows-1 by keys low … low+keys-1 */
    const real *query;               /* leading dimension D */
    real *key, *value, *u;           /* leading dimension 3D */
    real *weight;                    /* [rows × keys], leading dimension ld */
};

static struct band_tile band_tile_of(const struct R(band_run) *run, const struct band_kept *kept, size_t row,
                                     size_t head, real *memory) {
    size_t D = width(run->config), d = multihead(run->config)->key_dim, number = (row - kept->first) / BAND_TILE;
    struct band_tile tile = {.row = row, .low = R(band_first)(run, row), .ld = band_width(run->config)};
    tile.rows = run->n - row < BAND_TILE ? run->n - row : BAND_TILE;
    tile.keys = row + tile.rows - tile.low;
    tile.query = kept->query + (row - kept->first) * D + head * d;
    tile.key = memory + tile.low * 3 * D + head * d;
    tile.value = tile.key + D;
    tile.u = memory + row * 3 * D + 2 * D + head * d;
    tile.weight = kept->weight + (number * multihead(run->config)->heads + head) * BAND_TILE * tile.ld;
    return tile;
}

static void band_weights(const struct R(band_run) *run, const struct band_tile *tile) {
    size_t d = multihead(run->config)->key_dim, D = width(run->config);
    real scale = (real)(1 / sqrt((double)d));
    run->k->gemm_nt(tile->rows, tile->keys, d, tile->query, D, tile->key, 3 * D, tile->weight, tile->ld, false);
    for (size_t i = 0; i < tile->rows; i++) {
        size_t begin = R(band_first)(run, tile->row + i) - tile->low, end = tile->row + i + 1 - tile->low;
        real *row = tile->weight + i * tile->ld;
        memset(row, 0, begin * sizeof *row);
        memset(row + end, 0, (tile->keys - end) * sizeof *row);
        run->k->softmax_rows(1, end - begin, end - begin, scale, row + begin, row + begin);
    }
}

static void band_put_map(const struct R(band_run) *run, const struct band_tile *tile, size_t head) {
    size_t T = run->config->lookback;
    for (size_t i = 0; i < tile->rows; i++) {
        size_t r = tile->row + i, first = R(band_first)(run, r), m = r + 1 - first;
        if (r < run->query) continue;
        real *row = run->map + ((r - run->query) * multihead(run->config)->heads + head) * T;
        memset(row, 0, (T - m) * sizeof *row);
        memcpy(row + T - m, tile->weight + i * tile->ld + first - tile->low, m * sizeof *row);
    }
}

/* Rows [first, n) times a projection. */
static void band_project(const struct R(band_run) *run, size_t first, size_t w, real *out, size_t ld) {
    size_t H = run->config->hidden, D = width(run->config);
    run->k->large_nn(run->n - first, D, H, run->h + first * H, H, run->w[w], D, out, ld, false);
}

static void band_forward(const struct R(band_run) *run) {
    size_t H = run->config->hidden, d = multihead(run->config)->key_dim, D = width(run->config),
           n = R(band_queries)(run);
    struct band_kept kept = band_kept_of(run);
    real *fresh = run->memory + run->fresh * 3 * D;
    band_project(run, kept.first, WQ, kept.query, D);
    run->k->add_row(run->n - kept.first, D, run->w[BQ], kept.query, D);
    band_project(run, run->fresh, WK, fresh, 3 * D);
    band_project(run, run->fresh, WV, fresh + D, 3 * D);
    run->k->add_row(run->n - run->fresh, D, run->w[BV], fresh + D, 3 * D);
    for (size_t row = kept.first; row < run->n; row += BAND_TILE)
        for (size_t head = 0; head < multihead(run->config)->heads; head++) {
            struct band_tile tile = band_tile_of(run, &kept, row, head, run->memory);
            band_weights(run, &tile);
            run->k->gemm_nn(tile.rows, d, tile.keys, tile.weight, tile.ld, tile.value, 3 * D, tile.u, 3 * D, false);
            if (run->want_map) band_put_map(run, &tile, head);
        }
    R(band_mean)(run, D, run->memory + 2 * D, 3 * D, kept.mean, kept.ones);
    contexts(run->config, run->k, n, run->w, kept.mean, run->h + run->query * H, H, run->context);
}

/* d query [rows × D], d mean [queries × D], d weight of a tile. */
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return (rows + queries) * width(config) + BAND_TILE * band_width(config);
}

/* From d u to d score in the place of the weights, and d value, d key, d query. */
static void band_tile_backward(const struct R(band_run) *run, const struct band_tile *tile,
                               const struct band_tile *grad, real *dquery, real *dweight) {
    size_t d = multihead(run->config)->key_dim, D = width(run->config), ld = tile->ld;
    real scale = (real)(1 / sqrt((double)d));
    run->k->gemm_nt(tile->rows, tile->keys, d, grad->u, 3 * D, tile->value, 3 * D, dweight, ld, false);
    run->k->gemm_tn(tile->keys, d, tile->rows, tile->weight, ld, grad->u, 3 * D, grad->value, 3 * D, true);
    for (size_t i = 0; i < tile->rows; i++) {
        real *a = tile->weight + i * ld, *da = dweight + i * ld, mean = run->k->dot(tile->keys, a, da);
        for (size_t s = 0; s < tile->keys; s++) a[s] *= (da[s] - mean) * scale;
    }
    run->k->gemm_nn(tile->rows, d, tile->keys, tile->weight, ld, tile->key, 3 * D, dquery, D, false);
    run->k->gemm_tn(tile->keys, d, tile->rows, tile->weight, ld, tile->query, D, grad->key, 3 * D, true);
}

static void band_project_backward(const struct R(band_run) *run, size_t first, size_t w, const real *dout, size_t ld) {
    size_t H = run->config->hidden, D = width(run->config), rows = run->n - first;
    run->k->large_tn(H, D, rows, run->h + first * H, H, dout, ld, run->g[w], D, true);
    run->k->large_nt(rows, H, D, dout, ld, run->w[w], D, run->dh + first * H, H, true);
}

static void band_backward(const struct R(band_run) *run) {
    size_t ld = context_size(run->config), H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = width(run->config), n = R(band_queries)(run);
    struct band_kept kept = band_kept_of(run);
    real *dquery = run->scratch, *dmean = dquery + (run->n - kept.first) * D, *dweight = dmean + n * D;
    run->k->sum_rows(n, H, run->dcontext, ld, run->g[BO]);
    run->k->large_tn(D, H, n, kept.mean, D, run->dcontext, ld, run->g[WO], H, true);
    run->k->large_nt(n, D, H, run->dcontext, ld, run->w[WO], H, dmean, D, false);
    take_state_gradients(run->config, run->k, n, run->dcontext, run->dh + run->query * H, H);
    memset(run->dmemory, 0, run->n * 3 * D * sizeof(real));
    R(band_mean_backward)(run, D, dmean, kept.first, run->dmemory + 2 * D, 3 * D, false, kept.ones);
    for (size_t row = kept.first; row < run->n; row += BAND_TILE)
        for (size_t head = 0; head < multihead(run->config)->heads; head++) {
            struct band_tile tile = band_tile_of(run, &kept, row, head, run->memory);
            struct band_tile grad = band_tile_of(run, &kept, row, head, run->dmemory);
            band_tile_backward(run, &tile, &grad, dquery + (row - kept.first) * D + head * d, dweight);
        }
    band_project_backward(run, kept.first, WQ, dquery, D);
    run->k->sum_rows(run->n - kept.first, D, dquery, D, run->g[BQ]);
    band_project_backward(run, 0, WK, run->dmemory, 3 * D);
    band_project_backward(run, 0, WV, run->dmemory + D, 3 * D);
    run->k->sum_rows(run->n, D, run->dmemory + D, 3 * D, run->g[BV]);
}

static const struct R(band_ops) band = {
    .memory_size = band_memory,
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};

static void advise(const struct gw_model_config *config, char advice[256]) {
    const struct multihead_params *own = multihead(config);
    if (own->key_dim < 16)
        snprintf(advice, 256, "model.key_dim: %zu dimensions a head are few; 16 or more tell bars apart better",
                 own->key_dim);
    else if (own->heads > 4 && own->heads * 16 > config->hidden)
        snprintf(advice, 256, "model.heads: %zu heads share %zu hidden units; raise model.hidden with them", own->heads,
                 config->hidden);
}

const struct R(attention_ops) R(attention_multihead) = {
    .name = "multihead",
    .help = "self-attention with several heads, averaged over time (Vaswani et al. 2017)",
    .own = GW_PARAM_TABLE(own_params),
    .advise = advise,
    .band = &band,
    .tile = TILE,
    .context_size = context_size,
    .maps = maps,
    .tensors = tensors,
    .keep_size = keep_size,
    .scratch_size = scratch_size,
    .forward = forward,
    .backward = backward,
};
