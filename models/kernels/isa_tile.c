/* Register tiles of C = A·B: one instance per (rows, vectors), chosen at run time. */
#include "isa.h"
#include "tile.h"

VINLINE void tile_block(const size_t rows, const size_t vectors, const struct tile_job *job, const float *a, float *c,
                        const char *ahead) {
    vf acc[TILE_ROWS * TILE_VECTORS];
    const int whole = job->last_lanes == VW;
    const size_t lanes = job->last_lanes, last = vectors - 1;
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++) {
            vf *at = &acc[TILE_AT(i, j, vectors)];
            if (!job->accumulate)
                *at = vzero();
            else
                *at = vload_lanes(c + i * job->ldc + j * VW, lanes, whole || j < last);
        }
    }
    tile_run(acc, rows, vectors, job->depth, a, job->a_row, job->a_step, job->b, job->b_step, ahead, job->ahead_step);
    UNROLL
    for (size_t i = 0; i < rows; i++) {
        UNROLL
        for (size_t j = 0; j < vectors; j++)
            vstore_lanes(c + i * job->ldc + j * VW, acc[TILE_AT(i, j, vectors)], lanes, whole || j < last);
    }
}

#define INSTANCE(rows, vectors)                                                                                        \
    static void tile_##rows##x##vectors(const struct tile_job *job, const float *a, float *c, const char *ahead) {     \
        tile_block(rows, vectors, job, a, c, ahead);                                                                   \
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
#else
#define INSTANCES_OVER_4(vectors) INSTANCE(5, vectors) INSTANCE(6, vectors)
#define ROW(vectors)                                                                                                   \
    { tile_1x##vectors, tile_2x##vectors, tile_3x##vectors, tile_4x##vectors, tile_5x##vectors, tile_6x##vectors }
#endif

INSTANCES(1)
INSTANCES(2)
#if defined(GW_ISA_AVX512)
INSTANCES(3)
INSTANCES(4)
#endif

typedef void tile_function(const struct tile_job *job, const float *a, float *c, const char *ahead);
static tile_function *const tiles[TILE_VECTORS][TILE_ROWS] = {
    ROW(1),
    ROW(2),
#if defined(GW_ISA_AVX512)
    ROW(3),
    ROW(4),
#endif
};

void ISA(tile_multiply)(const struct tile_job *job) {
    tile_function *const *by_rows = tiles[job->n_vectors - 1];
    const char *ahead = job->ahead ? job->ahead : (const char *)job->a;
    for (size_t i = 0; i < job->rows;) {
        size_t rows = next_rows(job->rows - i, TILE_ROWS);
        by_rows[rows - 1](job, job->a + i * job->a_row, job->c + i * job->ldc, ahead);
        ahead += job->depth * job->ahead_step;
        i += rows;
    }
}
