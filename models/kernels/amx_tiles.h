/* The tile registers of AMX in C: what LDTILECFG, TILEZERO, TILELOADD, TDPBF16PS, TILESTORED and TILERELEASE do
 * (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2), so that code written for tiles can be run
 * and checked on any CPU with AVX-512. What the hardware answers with a fault ends the program with a line here.
 *
 * TDPBF16PS adds to every element of C two sums that begin at zero: one over the first numbers of the pairs in order of
 * the terms, one over the second numbers. Every step is one fused multiply-add, rounded to nearest even, denormals being
 * zero on the way in and out; at the end second + first is added to C, again rounded twice.
 *
 * Like the registers themselves the emulated ones belong to a thread and mean nothing outside of a pair of
 * tiles_soft_config and tiles_soft_release. */
#ifndef GATEWALK_KERNELS_AMX_TILES_H
#define GATEWALK_KERNELS_AMX_TILES_H

#include <stddef.h>
#include <stdint.h>

/* The compiler knows the instructions: gcc from 11 on, clang from 12 on. */
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<amxbf16intrin.h>) || __has_include(<amxintrin.h>)
#define KERNELS_HAVE_AMX 1
#endif
#endif

enum { TILES = 8, TILE_SIDE = 16, TILE_ROW_BYTES = 64 }; /* of palette 1 */

/* The operand of LDTILECFG: 64 bytes, places of tiles that palette 1 does not have being zero. */
struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct tile_shapes) == 64 && offsetof(struct tile_shapes, row_bytes) == 16 &&
                   offsetof(struct tile_shapes, rows) == 48,
               "the layout is the hardware's");

/* All eight tiles at their full size, whatever the shape of a product: operands are padded with zeros. */
static const struct tile_shapes whole_tiles = {
    .palette = 1,
    .row_bytes = {TILE_ROW_BYTES, TILE_ROW_BYTES, TILE_ROW_BYTES, TILE_ROW_BYTES, TILE_ROW_BYTES, TILE_ROW_BYTES,
                  TILE_ROW_BYTES, TILE_ROW_BYTES},
    .rows = {TILE_SIDE, TILE_SIDE, TILE_SIDE, TILE_SIDE, TILE_SIDE, TILE_SIDE, TILE_SIDE, TILE_SIDE},
};

/* Why the hardware would refuse, NULL when it would not. tiles_soft_dp_fault: under the configuration in force. */
const char *tiles_soft_config_fault(const struct tile_shapes *shapes);
const char *tiles_soft_dp_fault(size_t c, size_t a, size_t b);

void tiles_soft_config(const struct tile_shapes *shapes);
void tiles_soft_release(void);
void tiles_soft_zero(size_t tile);
void tiles_soft_load(size_t tile, const void *from, size_t stride_bytes);
void tiles_soft_store(size_t tile, void *to, size_t stride_bytes);
void tiles_soft_dp(size_t c, size_t a, size_t b); /* C += A·B: A rows × pairs, B pairs × columns */

#endif
