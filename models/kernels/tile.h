/* The innermost loop of every matrix product: `rows` × `vectors` accumulators in registers, one row of B and one
 * column of A per step. rows and vectors are constants at every call. */
#ifndef GATEWALK_KERNELS_TILE_H
#define GATEWALK_KERNELS_TILE_H

#include "simd.h"

#define TILE_AT(i, j, vectors) ((i) * (vectors) + (j))

VINLINE void tile_run(vf *acc, const size_t rows, const size_t vectors, size_t depth, const float *a, size_t a_row,
                      size_t a_step, const float *b, size_t b_step) {
    for (; depth > 0; depth--) {
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
        a += a_step;
        b += b_step;
    }
}

#endif
