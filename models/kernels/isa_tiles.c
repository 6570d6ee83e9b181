/* Emulated tile registers, see amx_tiles.h. One row of a tile is one vector of AVX-512; there is no other instruction
 * set that could have the real ones. */
#include "isa.h"

#if defined(GW_ISA_AVX512)
#include <stdio.h>
#include <stdlib.h>

#include "amx_tiles.h"

struct tile_file {
    struct tile_shapes shapes; /* palette 0: not configured */
    uint32_t row[TILES][TILE_SIDE][TILE_ROW_BYTES / 4] __attribute__((aligned(64)));
};

/* As in the hardware every thread has its own, and nothing outlives the release. */
static _Thread_local struct tile_file file;

/* An instruction that faults is a defect of the code that issued it: the hardware would end the program, too. */
static void require(const char *fault) {
    if (!fault) return;
    fprintf(stderr, "emulated AMX: %s\n", fault);
    abort();
}

const char *tiles_soft_config_fault(const struct tile_shapes *shapes) {
    if (shapes->palette == 0) return NULL; /* back to the initial state */
    if (shapes->palette != 1) return "#GP: unknown palette";
    for (size_t i = 0; i < sizeof shapes->reserved; i++)
        if (shapes->reserved[i] != 0) return "#GP: reserved bytes are not zero";
    for (size_t t = 0; t < 16; t++) {
        if (t >= TILES && (shapes->rows[t] || shapes->row_bytes[t])) return "#GP: palette 1 has eight tiles";
        if (shapes->rows[t] > TILE_SIDE || shapes->row_bytes[t] > TILE_ROW_BYTES) return "#GP: tile too large";
        if (!shapes->rows[t] != !shapes->row_bytes[t]) return "#GP: tile with only one side";
    }
    return NULL;
}

static const char *tile_fault(size_t tile) {
    if (file.shapes.palette == 0) return "#UD: tiles are not configured";
    if (tile >= TILES || file.shapes.rows[tile] == 0) return "#UD: no such tile";
    return file.shapes.start_row ? "#UD: start row is not zero" : NULL;
}

const char *tiles_soft_dp_fault(size_t c, size_t a, size_t b) {
    const size_t tile[] = {c, a, b};
    for (size_t i = 0; i < 3; i++)
        if (tile_fault(tile[i])) return tile_fault(tile[i]);
    if (c == a || c == b || a == b) return "#UD: a tile twice";
    const struct tile_shapes *s = &file.shapes;
    if (s->row_bytes[c] % 4 || s->row_bytes[a] % 4 || s->row_bytes[b] % 4) return "#UD: part of a pair";
    if (s->rows[c] != s->rows[a]) return "#UD: rows of C and A differ";
    if (s->row_bytes[a] / 4 != s->rows[b]) return "#UD: terms of A and B differ";
    return s->row_bytes[c] != s->row_bytes[b] ? "#UD: columns of C and B differ" : NULL;
}

void tiles_soft_config(const struct tile_shapes *shapes) {
    require(tiles_soft_config_fault(shapes));
    memset(&file, 0, sizeof file);
    if (shapes->palette) file.shapes = *shapes;
}

void tiles_soft_release(void) { memset(&file, 0, sizeof file); }

void tiles_soft_zero(size_t tile) {
    require(tile_fault(tile));
    memset(file.row[tile], 0, sizeof file.row[tile]);
}

void tiles_soft_load(size_t tile, const void *from, size_t stride_bytes) {
    tiles_soft_zero(tile);
    for (size_t r = 0; r < file.shapes.rows[tile]; r++)
        memcpy(file.row[tile][r], (const char *)from + r * stride_bytes, file.shapes.row_bytes[tile]);
}

void tiles_soft_store(size_t tile, void *to, size_t stride_bytes) {
    require(tile_fault(tile));
    for (size_t r = 0; r < file.shapes.rows[tile]; r++)
        memcpy((char *)to + r * stride_bytes, file.row[tile][r], file.shapes.row_bytes[tile]);
}

/* A function of its own, so that no sum leaves the stretch in which denormals are zero. */
static __attribute__((noinline)) void multiply_rows(size_t c, size_t a, size_t b) {
    const size_t terms = file.shapes.row_bytes[a] / 4u, columns = file.shapes.row_bytes[c] / 4u;
    for (size_t m = 0; m < file.shapes.rows[c]; m++) {
        vf firsts = vzero(), seconds = vzero();
        for (size_t k = 0; k < terms; k++) {
            vp x = vp_set1(file.row[a][m][k]), y = vp_load(file.row[b][k]);
            firsts = vfma(vp_first(x), vp_first(y), firsts);
            seconds = vfma(vp_second(x), vp_second(y), seconds);
        }
        vf sum = vadd(vload((const float *)(const void *)file.row[c][m]), vadd(firsts, seconds));
        vp_store(file.row[c][m], _mm512_castps_si512(vkeep(sum, columns)));
    }
}

void tiles_soft_dp(size_t c, size_t a, size_t b) {
    require(tiles_soft_dp_fault(c, a, b));
    const unsigned before = _mm_getcsr();
    _mm_setcsr(_MM_MASK_MASK | _MM_ROUND_NEAREST | _MM_FLUSH_ZERO_ON | 0x40 /* denormals are zero */);
    multiply_rows(c, a, b);
    _mm_setcsr(before);
}
#endif
