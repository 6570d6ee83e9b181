/* Multi-head attention in a stream.
 *
 * Causal band: the output of row s attends to rows s-T+1 … s, and the context of a bar is the mean of the last T outputs.
 * The output projection is linear, so the mean is taken before it: with u_s = [Σ A_1,s· v_1 … ], the heads side by side,
 *   context_t = mean(u_t-T+1 … u_t) Wo + bo.
 * A row's memory is its key, value and u. Scores are made in tiles of BAND_TILE rows by the keys that any of them sees;
 * outside a row's own band its weights are zero. The map of a bar is the attention of its own output. */
#include <math.h>
#include <string.h>

#include "attention_multihead.h"

enum { BAND_TILE = 32 };

static size_t band_memory(const struct gw_model_config *config) { return 3 * multihead_width(config); }
/* The most keys a tile sees. */
static size_t band_width(const struct gw_model_config *config) { return config->lookback + BAND_TILE - 1; }

/* Queries [rows × D], weights [tiles × heads × BAND_TILE × width], means [queries × D], and ones [T]. */
static size_t band_keep(const struct gw_model_config *config, size_t rows, size_t queries) {
    size_t tiles = (rows + BAND_TILE - 1) / BAND_TILE;
    return (rows + queries) * multihead_width(config) +
           tiles * multihead(config)->heads * BAND_TILE * band_width(config) + config->lookback;
}

struct band_kept {
    size_t first; /* first row whose output anybody wants */
    real *query, *mean, *ones, *weight;
};

static struct band_kept band_kept_of(const struct R(band_run) *run) {
    size_t D = multihead_width(run->config), reach = R(band_first)(run, run->query);
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
    size_t D = multihead_width(run->config), d = multihead(run->config)->key_dim,
           number = (row - kept->first) / BAND_TILE;
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
    size_t d = multihead(run->config)->key_dim, D = multihead_width(run->config);
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
    size_t H = run->config->hidden, D = multihead_width(run->config);
    run->k->large_nn(run->n - first, D, H, run->h + first * H, H, run->w[w], D, out, ld, false);
}

static void band_forward(const struct R(band_run) *run) {
    size_t H = run->config->hidden, d = multihead(run->config)->key_dim, D = multihead_width(run->config),
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
    R(multihead_contexts)(run->config, run->k, n, run->w, kept.mean, run->h + run->query * H, H, run->context);
}

/* d query [rows × D], d mean [queries × D], d weight of a tile. */
static size_t band_scratch(const struct gw_model_config *config, size_t rows, size_t queries) {
    return (rows + queries) * multihead_width(config) + BAND_TILE * band_width(config);
}

/* From d u to d score in the place of the weights, and d value, d key, d query. */
static void band_tile_backward(const struct R(band_run) *run, const struct band_tile *tile,
                               const struct band_tile *grad, real *dquery, real *dweight) {
    size_t d = multihead(run->config)->key_dim, D = multihead_width(run->config), ld = tile->ld;
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
    size_t H = run->config->hidden, D = multihead_width(run->config), rows = run->n - first;
    run->k->large_tn(H, D, rows, run->h + first * H, H, dout, ld, run->g[w], D, true);
    run->k->large_nt(rows, H, D, dout, ld, run->w[w], D, run->dh + first * H, H, true);
}

static void band_backward(const struct R(band_run) *run) {
    size_t ld = R(multihead_context_size)(run->config), H = run->config->hidden, d = multihead(run->config)->key_dim,
           D = multihead_width(run->config), n = R(band_queries)(run);
    struct band_kept kept = band_kept_of(run);
    real *dquery = run->scratch, *dmean = dquery + (run->n - kept.first) * D, *dweight = dmean + n * D;
    run->k->sum_rows(n, H, run->dcontext, ld, run->g[BO]);
    run->k->large_tn(D, H, n, kept.mean, D, run->dcontext, ld, run->g[WO], H, true);
    run->k->large_nt(n, D, H, run->dcontext, ld, run->w[WO], H, dmean, D, false);
    R(multihead_take_gradients)(run->config, run->k, n, run->dcontext, run->dh + run->query * H, H);
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

const struct R(band_ops) R(multihead_band) = {
    .memory_size = band_memory,
    .keep_size = band_keep,
    .scratch_size = band_scratch,
    .forward = band_forward,
    .backward = band_backward,
};
