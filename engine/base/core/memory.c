/* Checked allocation. Every block is aligned for the widest vector registers and for cache lines. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core.h"
#include "parked.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* Process-wide counters of what is live, for leak tests and the run's record. */
static atomic_size_t live_bytes, peak_live_bytes;

static void count_in(size_t bytes) {
    size_t now = atomic_fetch_add_explicit(&live_bytes, bytes, memory_order_relaxed) + bytes;
    size_t peak = atomic_load_explicit(&peak_live_bytes, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(&peak_live_bytes, &peak, now, memory_order_relaxed,
                                                                memory_order_relaxed)) {
    }
}

/* Clearing a large block costs more in page faults than in stores: ask for large pages. Advice may be refused. */
static void advise_huge(void *block, size_t bytes) {
    (void)madvise(block, bytes & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
}

static void *allocate(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX) {
        gw_error_set(GW_ERR_NOMEM, "out of memory: %zu items of %zu bytes are more than can be addressed", count, size);
        return NULL;
    }
    void *block = NULL;
    const bool large = bytes >= 2 * (size_t)HUGE_PAGE;
    if (posix_memalign(&block, large ? HUGE_PAGE : ALIGNMENT, bytes ? bytes : 1)) {
        gw_error_set(GW_ERR_NOMEM, "out of memory: %zu bytes were refused; free memory or use smaller settings", bytes);
        return NULL;
    }
    if (large) advise_huge(block, bytes);
    count_in(malloc_usable_size(block));
    return block;
}

void *mem_calloc(size_t count, size_t size) {
    void *block = allocate(count, size);
    if (block) memset(block, 0, count * size);
    return block;
}

/* realloc() keeps no 64-byte alignment, so growing moves. Callers grow geometrically. */
void *mem_realloc(void *block, size_t count, size_t size) {
    void *moved = allocate(count, size);
    if (!moved || !block) return moved;
    size_t old = parked_bytes(block), fresh = count * size;
    if (!old) old = malloc_usable_size(block);
    memcpy(moved, block, old < fresh ? old : fresh);
    mem_free(block);
    return moved;
}

char *mem_strdup(const char *text) {
    size_t length = strlen(text) + 1;
    char *copy = mem_calloc(length, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void mem_free(void *block) {
    if (!block || parked_release(block)) return;
    atomic_fetch_sub_explicit(&live_bytes, malloc_usable_size(block), memory_order_relaxed);
    free(block);
}

size_t mem_live_bytes(void) { return atomic_load_explicit(&live_bytes, memory_order_relaxed); }

size_t mem_peak_live_bytes(void) { return atomic_load_explicit(&peak_live_bytes, memory_order_relaxed); }

size_t mem_peak_bytes(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0 || usage.ru_maxrss < 0) return 0;
    return (size_t)usage.ru_maxrss * 1024; /* Linux counts in KiB */
}
