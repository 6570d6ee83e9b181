/* The innermost loop of every matrix product: `rows` × `vectors` accumulators in registers, one row of B and one
 * column of A per step. rows and vectors are constants at every call. While the multipliers are busy, one line per step
 * may be asked for from `ahead` on: memory that comes next.
 *
 * The shorter side of the tile waits in registers, the longer one comes through one register at a time. */
#ifndef GATEWALK_KERNELS_TILE_H
#define GATEWALK_KERNELS_TILE_H

#include "simd.h"

#define TILE_AT(i, j, vectors) ((i) * (vectors) + (j))

VINLINE void tile_run(vf *acc, const size_t rows, const size_t vectors, size_t depth, const float *a, size_t a_row,
                      size_t a_step, const float *b, size_t b_step, const char *ahead, size_t ahead_step) {
    for (; depth > 0; depth--) {
        __builtin_prefetch(ahead, 0, 2);
        ahead += ahead_step;
        if (rows < vectors) {
            vf x[4];
            UNROLL
            for (size_t i = 0; i < rows; i++) x[i] = vset1(a[i * a_row]);
            UNROLL
            for (size_t j = 0; j < vectors; j++) {
                vf row = vload(b + j * VW);
                UNROLL
                for (size_t i = 0; i < rows; i++)
                    acc[TILE_AT(i, j, vectors)] = vfma(x[i], row, acc[TILE_AT(i, j, vectors)]);
            }
        } else {
            vf row[4];
            UNROLL
            for (size_t j = 0; j < vectors; j++) row[j] = vload(b + j * VW);
            UNROLL
            for (size_t i = 0; i < rows; i++) {
                vf x = vset1(a[i * a_row]);
                UNROLL
                for (size_t j = 0; j < vectors; j++)
                    acc[TILE_AT(i, j, vectors)] = vfma(x, row[j], acc[TILE_AT(i, j, vectors)]);
            }
        }
        a += a_step;
        b += b_step;
    }
}

/* The same for a single vector of columns. Its many rows are found from three pointers: a register for each row there is not. */
VINLINE void tile_run_tall(vf *acc, const size_t rows, size_t depth, const float *a, const size_t a_row, size_t a_step,
                           const float *b, size_t b_step) {
    const float *quarter[3] = {a, a + (rows > 4 ? 4 * a_row : 0), a + (rows > 8 ? 8 * a_row : 0)};
    const size_t step[4] = {0, a_row, 2 * a_row, 3 * a_row};
    for (; depth > 0; depth--) {
        const vf row = vload(b);
        UNROLL
        for (size_t i = 0; i < rows; i++) acc[i] = vfma(vset1(quarter[i / 4][step[i % 4]]), row, acc[i]);
        UNROLL
        for (size_t i = 0; i < 3; i++) quarter[i] += a_step;
        b += b_step;
    }
}

/* Up to VW terms of up to VW rows as VW-lane columns: r[i] holds term i of every row, zero where there is no row. */
VINLINE void load_transposed(const float *rows, size_t ld, size_t n_rows, size_t terms, vf r[VW]) {
    for (size_t i = 0; i < VW; i++)
        r[i] = i >= n_rows ? vzero() : terms == VW ? vload(rows + i * ld) : vload_n(rows + i * ld, terms);
    vtranspose(r);
}

#endif
