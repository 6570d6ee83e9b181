/* The tile registers of AMX, emulated: what one instruction does to numbers, and what the hardware would refuse. */
#include <fenv.h>

#include "kernel_tiles.h"

static uint16_t half(double x) { /* of numbers that bf16 has */
    float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    assert_int_equal(bits & 0xffff, 0);
    return (uint16_t)(bits >> 16);
}
/* ---- one instruction ------------------------------------------------------------------------- */

/* Σ over the terms of a[k] b[k], pairs beginning at even k, added to c by one TDPBF16PS: in element [0,0]. */
static float one_sum_of_halves(float c, size_t terms, const uint16_t *a, const uint16_t *b) {
    static float out[TILE_SIDE][TILE_SIDE];
    uint16_t left[TILE_SIDE][2 * TILE_SIDE] = {{0}}, right[TILE_SIDE][2 * TILE_SIDE] = {{0}};
    memset(out, 0, sizeof out);
    out[0][0] = c;
    for (size_t k = 0; k < terms; k++) left[0][k] = a[k], right[k / 2][k % 2] = b[k];
    tiles_soft_config(&whole_tiles);
    tiles_soft_load(0, out, TILE_ROW_BYTES);
    tiles_soft_load(1, left, TILE_ROW_BYTES);
    tiles_soft_load(2, right, TILE_ROW_BYTES);
    tiles_soft_dp(0, 1, 2);
    tiles_soft_store(0, out, TILE_ROW_BYTES);
    tiles_soft_release();
    for (size_t i = 1; i < TILE_SIDE * TILE_SIDE; i++) {
        const float other = out[i / TILE_SIDE][i % TILE_SIDE];
        assert_true(other == 0 || isnan(other)); /* infinity times the zeros beside it */
    }
    return out[0][0];
}
static float one_sum(double c, size_t terms, const double *a, const double *b) {
    uint16_t left[2 * TILE_SIDE], right[2 * TILE_SIDE];
    for (size_t k = 0; k < terms; k++) left[k] = half(a[k]), right[k] = half(b[k]);
    return one_sum_of_halves((float)c, terms, left, right);
}

/* 2^24 + 1 is half way between two floats and falls back to 2^24. */
static void test_order_of_sums(void **state) {
    NEEDS_EMULATION();
    const double big = 0x1p12, none[6] = {0};
    /* firsts (2^24 + 1) - 2^24 = 0, seconds 1; one chain through both would lose the 1 too */
    assert_true(one_sum(0, 6, (double[]){big, 1, 1, 0, big, 0}, (double[]){big, 1, 1, 0, -big, 0}) == 1);
    /* in the order of the terms: (2^24 - 2^24) + 1 */
    assert_true(one_sum(0, 6, (double[]){big, 0, big, 0, 1, 0}, (double[]){big, 0, -big, 0, 1, 0}) == 1);
    assert_true(one_sum(0, 6, (double[]){0, big, 0, 1, 0, big}, (double[]){0, big, 0, 1, 0, -big}) == 0);
    /* C comes last: 2^24 + (1 + 1), not (2^24 + 1) + 1; and with both halves: 2^24 + ((1 + 0) + (1 + 0)) */
    assert_true(one_sum(0x1p24, 4, (double[]){1, 0, 1, 0}, (double[]){1, 0, 1, 0}) == 0x1p24f + 2);
    assert_true(one_sum(0x1p24, 2, (double[]){1, 1}, (double[]){1, 1}) == 0x1p24f + 2);
    assert_true(one_sum(0x1p24, 2, (double[]){1, 0}, (double[]){1, 0}) == 0x1p24f);
    assert_true(one_sum(3.25, 6, none, none) == 3.25f);
    /* products enter whole: (1 + 2^-7)^2 = 1 + 2^-6 + 2^-14, less 1 + 2^-6 */
    assert_true(one_sum(0, 4, (double[]){-1 - 0x1p-6, 0, 1 + 0x1p-7, 0}, (double[]){1, 0, 1 + 0x1p-7, 0}) == 0x1p-14f);
    /* and are not rounded by themselves: 2^24 + 1.0078125 rounds up, 2^24 + 1 would not */
    assert_true(one_sum(0, 4, (double[]){big, 0, 1 + 0x1p-7, 0}, (double[]){big, 0, 1, 0}) == 0x1p24f + 2);
}

static void test_denormals(void **state) {
    NEEDS_EMULATION();
    const double a = 0x1p-64, none[2] = {0};
    /* four times 2^-128 would be 2^-126 */
    assert_true(one_sum(0, 8, (double[]){a, 0, a, 0, a, 0, a, 0}, (double[]){a, 0, a, 0, a, 0, a, 0}) == 0);
    /* the product itself may be small: 2^-126 + 2^-128 is normal */
    assert_true(one_sum(0, 4, (double[]){0x1p-63, 0, a, 0}, (double[]){0x1p-63, 0, a, 0}) == 0x1.4p-126f);
    /* the sum of both halves: 1.5 * 2^-126 - 2^-126 */
    assert_true(one_sum(0, 2, (double[]){1.5 * 0x1p-63, 0x1p-63}, (double[]){0x1p-63, -0x1p-63}) == 0);
    /* what enters: C and both operands */
    assert_true(one_sum(0x1p-127, 2, none, none) == 0);
    assert_true(one_sum(0x1p-127, 2, (double[]){0x1p-63, 0}, (double[]){0x1p-63, 0}) == 0x1p-126f);
    const uint16_t small = 0x0040 /* 2^-127 */, large = half(0x1p100);
    assert_true(one_sum_of_halves(0, 1, &small, &large) == 0 && one_sum_of_halves(0, 1, &large, &small) == 0);
    /* what leaves: 2^-126 - 1.5 * 2^-126 with C */
    assert_true(one_sum(0x1p-126, 2, (double[]){-1.5 * 0x1p-63, 0}, (double[]){0x1p-63, 0}) == 0);
    const uint16_t infinity = 0x7f80, zero = 0, one = 0x3f80;
    assert_true(isnan(one_sum_of_halves(0, 1, &infinity, &zero)));
    assert_true(isinf(one_sum_of_halves(1, 1, &infinity, &one)));
    assert_true(isnan(one_sum_of_halves(from_bits(0x7fc00000), 1, &one, &one)));
}

/* The caller's rounding does not matter, and comes back. */
static void test_rounds_to_nearest(void **state) {
    NEEDS_EMULATION();
    assert_int_equal(fesetround(FE_UPWARD), 0);
    float sum = one_sum(0x1p24, 2, (double[]){1, 0}, (double[]){1, 0});
    int after = fegetround();
    fesetround(FE_TONEAREST);
    assert_int_equal(after, FE_UPWARD);
    assert_true(sum == 0x1p24f);
}

/* C 3 × 2, A 3 × 2 pairs, B 2 pairs × 2: nothing else is read or written, and what a load or a product does not fill
 * is zero. */
static void test_partial_tiles(void **state) {
    NEEDS_EMULATION();
    const struct tile_shapes shapes = {.palette = 1, .row_bytes = {8, 8, 8}, .rows = {3, 3, 2}};
    float c[4][5];
    uint16_t a[3][4], b[2][4];
    for (size_t i = 0; i < 20; i++) c[i / 5][i % 5] = 100 * (float)(1 + i / 5 + i % 5);
    for (size_t i = 0; i < 12; i++) a[i / 4][i % 4] = half(1 + (double)i);
    for (size_t i = 0; i < 8; i++) b[i / 4][i % 4] = half((double)(i + 1) / 2);
    /* row 0: 1·0.5 + 2·1 + 3·2.5 + 4·3 = 22 and 1·1.5 + 2·2 + 3·3.5 + 4·4 = 32 */
    tiles_soft_config(&shapes);
    tiles_soft_load(0, c, sizeof c[0]);
    tiles_soft_load(1, a, sizeof a[0]);
    tiles_soft_load(2, b, sizeof b[0]);
    tiles_soft_dp(0, 1, 2);
    tiles_soft_store(0, c, sizeof c[0]);
    static const float want[3][2] = {{122, 232}, {250, 376}, {378, 520}};
    for (size_t i = 0; i < 6; i++) assert_true(c[i / 2][i % 2] == want[i / 2][i % 2]);
    for (size_t i = 0; i < 20; i++)
        if (i / 5 == 3 || i % 5 > 1) assert_true(c[i / 5][i % 5] == 100 * (float)(1 + i / 5 + i % 5));
    tiles_soft_zero(0);
    tiles_soft_store(0, c, sizeof c[0]);
    assert_true(c[2][1] == 0 && c[2][2] == 500 && c[3][1] == 500);
    tiles_soft_release();
}

/* ---- what the hardware would refuse ----------------------------------------------------------- */

static void assert_refused(struct tile_shapes shapes, const char *why) {
    const char *fault = tiles_soft_config_fault(&shapes);
    assert_non_null(fault);
    assert_non_null(strstr(fault, why));
}
static void test_shapes_refused(void **state) {
    NEEDS_EMULATION();
    assert_null(tiles_soft_config_fault(&whole_tiles));
    assert_null(tiles_soft_config_fault(&(struct tile_shapes){0}));
    assert_refused((struct tile_shapes){.palette = 2}, "palette");
    assert_refused((struct tile_shapes){.palette = 1, .reserved = {[13] = 1}}, "reserved");
    assert_refused((struct tile_shapes){.palette = 1, .rows = {17}, .row_bytes = {64}}, "large");
    assert_refused((struct tile_shapes){.palette = 1, .rows = {16}, .row_bytes = {68}}, "large");
    assert_refused((struct tile_shapes){.palette = 1, .rows = {16}}, "side");
    assert_refused((struct tile_shapes){.palette = 1, .row_bytes = {[7] = 64}}, "side");
    assert_refused((struct tile_shapes){.palette = 1, .rows = {[8] = 16}, .row_bytes = {[8] = 64}}, "eight");

    const struct tile_shapes shapes = {.palette = 1, .row_bytes = {8, 8, 8, 12, 12, 6}, .rows = {3, 3, 2, 3, 2, 3}};
    assert_non_null(tiles_soft_dp_fault(0, 1, 2)); /* not configured */
    tiles_soft_config(&shapes);
    assert_null(tiles_soft_dp_fault(0, 1, 2));
    assert_non_null(tiles_soft_dp_fault(0, 0, 2));
    assert_non_null(tiles_soft_dp_fault(0, 1, 7));
    assert_non_null(tiles_soft_dp_fault(0, 3, 2)); /* three pairs, two rows */
    assert_non_null(tiles_soft_dp_fault(0, 1, 4)); /* three columns for two */
    assert_non_null(tiles_soft_dp_fault(2, 1, 4)); /* two rows for three */
    assert_non_null(tiles_soft_dp_fault(5, 1, 2)); /* half a column */
    tiles_soft_release();
    assert_non_null(tiles_soft_dp_fault(0, 1, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_sums),     cmocka_unit_test(test_denormals),
        cmocka_unit_test(test_rounds_to_nearest), cmocka_unit_test(test_partial_tiles),
        cmocka_unit_test(test_shapes_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
