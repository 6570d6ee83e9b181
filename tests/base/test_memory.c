/* Alignment, zeroing, overflow, counters; the arena's reuse. */
#include <signal.h>
#include <sys/resource.h>

#include "test.h"

#include "engine/base/base.h"

/* Under AddressSanitizer a refused allocation must be refused, not abort. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }

static int is_zero(const unsigned char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (bytes[i]) return 0;
    return 1;
}

static void calloc_is_aligned_and_zeroed(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 3, 63, 64, 65, 4096, 100000, 3000000};
    for (size_t round = 0; round < 2; round++) /* the second round meets used memory */
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            unsigned char *block = mem_calloc(sizes[i], 1);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % 64, 0);
            assert_true(is_zero(block, sizes[i]));
            memset(block, 0xA5, sizes[i]);
            mem_free(block);
        }
    mem_free(NULL);
}

static void refuses_overflow(void **state) {
    (void)state;
    assert_null(mem_calloc(SIZE_MAX / 2, 3));
    assert_non_null(strstr(gw_error_message(), "out of memory"));
    assert_null(mem_calloc((size_t)PTRDIFF_MAX + 1, 1));
    assert_null(mem_calloc((size_t)1 << 60, 1)); /* more than any machine maps */
    assert_non_null(strstr(gw_error_message(), "out of memory"));
    char *kept = mem_strdup("kept");
    assert_non_null(kept);
    assert_null(mem_realloc(kept, SIZE_MAX / 2, 3));
    assert_string_equal(kept, "kept"); /* a failed growth leaves the block */
    mem_free(kept);
}

static void realloc_keeps_bytes(void **state) {
    (void)state;
    size_t before = mem_live_bytes();
    uint32_t *items = NULL;
    for (size_t n = 1; n <= 100000; n *= 10) {
        items = mem_realloc(items, n, sizeof *items);
        assert_non_null(items);
        assert_int_equal((uintptr_t)items % 64, 0);
        for (size_t i = n / 10; i < n; i++) items[i] = (uint32_t)i;
    }
    items = mem_realloc(items, 500, sizeof *items);
    for (uint32_t i = 0; i < 500; i++) assert_int_equal(items[i], i);
    mem_free(items);
    assert_int_equal(mem_live_bytes(), before);
}

static void counters(void **state) {
    (void)state;
    size_t before = mem_live_bytes();
    char *block = mem_calloc(1 << 20, 1);
    assert_in_range(mem_live_bytes() - before, 1 << 20, (1 << 20) + 8192);
    mem_free(block);
    assert_int_equal(mem_live_bytes(), before);
    assert_true(mem_peak_live_bytes() >= before + (1 << 20));
    assert_true(mem_peak_bytes() > (100 << 10)); /* no process is smaller */
}

static void arena_gives_and_takes(void **state) {
    (void)state;
    size_t before = mem_live_bytes();
    struct arena arena = {0};
    size_t peak = 0;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 2000; i++) {
            size_t n = i % 97 * (i % 13 == 0 ? 50 : 1);
            unsigned char *block = arena_alloc(&arena, n, 3);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % 64, 0);
            assert_true(is_zero(block, 3 * n));
            memset(block, 0x5A, 3 * n);
        }
        if (round == 0) peak = arena.peak;
        assert_true(arena.used == peak && arena.peak == peak);
        arena_free(&arena);
        assert_int_equal(mem_live_bytes(), before);
    }
    arena_free(&arena);
}

static void arena_blocks_stay_apart(void **state) {
    (void)state;
    struct arena arena = {0};
    enum { N = 300 };
    unsigned char *blocks[N];
    for (size_t i = 0; i < N; i++) {
        blocks[i] = arena_alloc(&arena, 1000 * (i % 5) + 1, 1);
        memset(blocks[i], (int)(i & 0xFF), 1000 * (i % 5) + 1);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 1000 * (i % 5) + 1; k++) assert_int_equal(blocks[i][k], i & 0xFF);
    assert_string_equal(arena_strdup(&arena, "copied"), "copied");
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_non_null(arena_alloc(&arena, 5 << 20, 1)); /* larger than any block so far */
    assert_null(arena_alloc(&arena, SIZE_MAX / 4, 8));
    assert_null(arena_alloc(&arena, PTRDIFF_MAX, 1));
    assert_non_null(strstr(gw_error_message(), "out of memory"));
    arena_free(&arena);
}

/* What is parked has the same bytes, also after it has rested, leaves the heap, and is freed and grown like any block. */
static void parks_and_reads_again(void **state) {
    (void)state;
    enum { N = 300000 };
    const size_t before = mem_live_bytes();
    uint32_t *items = mem_calloc(N, sizeof *items), *small = mem_calloc(10, sizeof *small);
    assert_true(items && small);
    for (uint32_t i = 0; i < N; i++) items[i] = i * 2654435761U;
    const uint32_t *heap = items;
    assert_ptr_equal(mem_park(items), heap); /* there is no folder */
    mem_park_in("/proc/self", 1 << 20);
    assert_ptr_equal(mem_park(items), heap); /* nor one that takes files */
    mem_park_in(".", 1 << 20);
    assert_null(mem_park(NULL));
    assert_ptr_equal(mem_park(small), small);
    const struct rlimit small_files = {4096, RLIM_INFINITY}, any_files = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small_files), 0);
    assert_ptr_equal(mem_park(items), heap); /* nor a disk that is full */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &any_files), 0);
    items = mem_park(items);
    assert_ptr_not_equal(items, heap);
    assert_true(mem_live_bytes() < before + 1000);
    assert_ptr_equal(mem_park(items), items); /* it lies there */
    for (int rested = 0; rested < 2; rested++, mem_rest())
        for (uint32_t i = 0; i < N; i++)
            if (items[i] != i * 2654435761U) fail_msg("item %u is another", i);
    mem_park_in(NULL, 0); /* what lies there stays */
    items = mem_realloc(items, 2 * N, sizeof *items);
    assert_non_null(items);
    for (uint32_t i = 0; i < N; i++) assert_int_equal(items[i], i * 2654435761U);
    items[0] = 1; /* it is the heap's again */
    mem_free(items);
    mem_free(small);
    assert_int_equal(mem_live_bytes(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calloc_is_aligned_and_zeroed),
        cmocka_unit_test(refuses_overflow),
        cmocka_unit_test(realloc_keeps_bytes),
        cmocka_unit_test(parks_and_reads_again),
        cmocka_unit_test(counters),
        cmocka_unit_test(arena_gives_and_takes),
        cmocka_unit_test(arena_blocks_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
