/* Register tiles of C = A·B: one instance per (rows, vectors), chosen at run time. */
#include <float.h>

#include "isa.h"
#include "tile.h"

/* body for every accumulator, whose row in C, vector and wholeness are i, j and all. */
#define EACH_SUM(body)                                                                                                 \
    UNROLL for (size_t i = 0; i < rows; i++) {                                                                         \
        UNROLL for (size_t j = 0; j < vectors; j++) {                                                                  \
            vf *sum = &acc[TILE_AT(i, j, vectors)];                                                                    \
            const int all = whole || j + 1 < vectors;                                                                  \
            body;                                                                                                      \
        }                                                                                                              \
    }

VINLINE void tile_block(const size_t rows, const size_t vectors, const struct tile_job *job, size_t first,
                        const char *ahead) {
    static const struct tile_edges none;
    const struct tile_edges *edges = job->edges ? job->edges : &none;
    const float *bias = edges->bias, *start = edges->start, *open = edges->open;
    vf acc[TILE_ROWS * TILE_VECTORS > TILE_TALL ? TILE_ROWS * TILE_VECTORS : TILE_TALL];
    float *c = job->c + first * job->ldc;
    const int whole = job->last_lanes == VW;
    const size_t lanes = job->last_lanes, ldc = job->ldc, ld_start = edges->ld_start, ld_open = edges->ld_open;
    if (job->accumulate) {
        EACH_SUM(*sum = vload_lanes(c + i * ldc + j * VW, lanes, all))
    } else if (start) {
        start += first * ld_start;
        EACH_SUM(*sum = vload_lanes(start + i * ld_start + j * VW, lanes, all))
    } else {
        EACH_SUM((void)all; *sum = vzero())
    }
    const float *a = job->a + first * job->a_row;
    if (vectors == 1)
        tile_run_tall(acc, rows, job->depth, a, job->a_row, job->a_step, job->b, job->b_step);
    else
        tile_run(acc, rows, vectors, job->depth, a, job->a_row, job->a_step, job->b, job->b_step, ahead,
                 job->ahead_step);
    if (bias) EACH_SUM(*sum = vadd(*sum, vload_lanes(bias + j * VW, lanes, all)))
    if (edges->relu) EACH_SUM((void)all; *sum = vmax(vzero(), *sum))
    if (open) { /* nothing positive is smaller than the least */
        open += first * ld_open;
        EACH_SUM(*sum = vkeep_from(vset1(FLT_TRUE_MIN), vload_lanes(open + i * ld_open + j * VW, lanes, all), *sum))
    }
    EACH_SUM(vstore_lanes(c + i * ldc + j * VW, *sum, lanes, all))
}

#define INSTANCE(rows, vectors)                                                                                        \
    static void tile_##rows##x##vectors(const struct tile_job *job, size_t first, const char *ahead) {                 \
        tile_block(rows, vectors, job, first, ahead);                                                                  \
    }
#define INSTANCES(vectors)                                                                                             \
    INSTANCE(1, vectors)                                                                                               \
    INSTANCE(2, vectors)                                                                                               \
    INSTANCE(3, vectors)                                                                                               \
    INSTANCE(4, vectors)                                                                                               \
    INSTANCES_OVER_4(vectors)
#if defined(GW_ISA_PORTABLE)
#define INSTANCES_OVER_4(vectors)
#define ROW(vectors)                                                                                                   \
    { tile_1x##vectors, tile_2x##vectors, tile_3x##vectors, tile_4x##vectors }
#define TALL_ROW ROW(1)
#else
#define INSTANCES_OVER_4(vectors) INSTANCE(5, vectors) INSTANCE(6, vectors)
#define ROW(vectors)                                                                                                   \
    { tile_1x##vectors, tile_2x##vectors, tile_3x##vectors, tile_4x##vectors, tile_5x##vectors, tile_6x##vectors }
#define TALL_ROW                                                                                                       \
    {                                                                                                                  \
        tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1, tile_9x1, tile_10x1,           \
            tile_11x1, tile_12x1                                                                                       \
    }
INSTANCE(7, 1)
INSTANCE(8, 1)
INSTANCE(9, 1)
INSTANCE(10, 1)
INSTANCE(11, 1)
INSTANCE(12, 1)
#endif

INSTANCES(1)
INSTANCES(2)
#if defined(GW_ISA_AVX512)
INSTANCES(3)
INSTANCES(4)
#endif

typedef void tile_function(const struct tile_job *job, size_t first, const char *ahead);
static tile_function *const tall[TILE_TALL] = TALL_ROW;
static tile_function *const tiles[TILE_VECTORS][TILE_ROWS] = {
    ROW(1),
    ROW(2),
#if defined(GW_ISA_AVX512)
    ROW(3),
    ROW(4),
#endif
};

void ISA(tile_multiply)(const struct tile_job *job) {
    const size_t most = job->n_vectors == 1 ? TILE_TALL : TILE_ROWS;
    tile_function *const *by_rows = job->n_vectors == 1 ? tall : tiles[job->n_vectors - 1];
    const char *ahead = job->ahead ? job->ahead : (const char *)job->a;
    for (size_t i = 0; i < job->rows;) {
        size_t rows = next_rows(job->rows - i, most);
        by_rows[rows - 1](job, i, ahead);
        ahead += job->depth * job->ahead_step;
        i += rows;
    }
}
