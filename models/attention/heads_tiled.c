/* Heads whose weights are made in tiles of a few queries, used, and made again on the way back, as in FlashAttention (Dao et
 * al. 2022): of a head nothing is kept, so memory grows with T and not with T². Equations in kernels.h; with ALiBi
 * S_ts = scale q_t · k_s - slope |t - s| (Press et al. 2022; over both sides where no mask is). */
#include <string.h>

#include "attention_multihead.h"

enum { TILE_QUERIES = 32 };

static size_t keep_size(const struct gw_model_config *config) {
    (void)config;
    return 0;
}
/* A and dS of a tile. */
static size_t scratch_size(const struct gw_model_config *config) { return 2 * TILE_QUERIES * config->lookback; }

/* Queries first … first + rows - 1 by all keys that any of them sees. */
struct tile {
    size_t first, rows, keys;
};
static struct tile tile_at(const struct R(head_run) *run, size_t first) {
    const size_t left = run->steps - first, rows = left < TILE_QUERIES ? left : TILE_QUERIES;
    return (struct tile){first, rows, run->causal ? first + rows : run->steps};
}

static void lean(const struct R(head_run) *run, const struct tile *at, real slope, real *score) {
    const real fall = slope / run->scale; /* softmax multiplies with scale */
    for (size_t t = 0; t < at->rows; t++)
        for (size_t s = 0; s < at->keys; s++) {
            const size_t now = at->first + t;
            score[t * run->steps + s] -= fall * (real)(s < now ? now - s : s - now);
        }
}

/* a [rows × T], of which `keys` columns are made. */
static void weigh(const struct R(kernels) *k, const struct R(head_run) *run, const struct tile *at, real slope,
                  real *a) {
    const size_t T = run->steps;
    k->large_nt(at->rows, at->keys, run->key_dim, run->query + at->first * run->ld, run->ld, run->key, run->ld, a, T,
                false);
    if (slope > 0) lean(run, at, slope, a);
    if (!run->causal) {
        k->softmax_rows(at->rows, at->keys, T, run->scale, a, a);
        return;
    }
    for (size_t t = 0; t < at->rows; t++) {
        const size_t seen = at->first + t + 1;
        k->softmax_rows(1, seen, T, run->scale, a + t * T, a + t * T);
        memset(a + t * T + seen, 0, (at->keys - seen) * sizeof *a);
    }
}

static void forward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, real *mean) {
    const size_t T = run->steps;
    real *a = run->scratch;
    memset(mean, 0, T * sizeof *mean);
    for (size_t first = 0; first < T; first += TILE_QUERIES) {
        const struct tile at = tile_at(run, first);
        weigh(k, run, &at, slope, a);
        for (size_t t = 0; t < at.rows; t++) k->axpy(at.keys, 1 / (real)T, a + t * T, mean);
    }
}

static void backward(const struct R(kernels) *k, const struct R(head_run) *run, real slope, const real *g, real *dquery,
                     real *dkey) {
    const size_t T = run->steps, d = run->key_dim, ld = run->ld;
    real *a = run->scratch, *ds = a + TILE_QUERIES * T;
    for (size_t s = 0; s < T; s++) memset(dkey + s * ld, 0, d * sizeof *dkey);
    for (size_t first = 0; first < T; first += TILE_QUERIES) {
        const struct tile at = tile_at(run, first);
        weigh(k, run, &at, slope, a);
        memset(ds, 0, at.rows * T * sizeof *ds);
        for (size_t t = 0; t < at.rows; t++) k->axpy(at.keys, 1 / (real)T, g, ds + t * T);
        k->softmax_rows_backward(at.rows, at.keys, T, run->scale, a, ds);
        k->large_nn(at.rows, d, at.keys, ds, T, run->key, ld, dquery + first * ld, ld, false);
        k->large_tn(at.keys, d, at.rows, ds, T, run->query + first * ld, ld, dkey, ld, true);
    }
}

const struct R(head_engine)
    R(heads_tiled) = {.keep_size = keep_size, .scratch_size = scratch_size, .forward = forward, .backward = backward};
