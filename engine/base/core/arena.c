/* A bump allocator: blocks grow geometrically, so a handful of them serves any run. */
#include <string.h>

#include "core.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
/* Neighbours in a block lie a gap apart, so that the sanitizer sees a step over the end. */
enum { GAP = 64 };
#define POISON(address, bytes)   __asan_poison_memory_region((address), (bytes))
#define UNPOISON(address, bytes) __asan_unpoison_memory_region((address), (bytes))
#else
enum { GAP = 0 };
#define POISON(address, bytes)   ((void)0)
#define UNPOISON(address, bytes) ((void)0)
#endif

enum { ALIGNMENT = 64, FIRST_BLOCK = 64 << 10, LARGEST_GROWTH = 64 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t capacity, used;
    _Alignas(ALIGNMENT) unsigned char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t bytes) {
    size_t capacity = arena->head ? 2 * arena->head->capacity : FIRST_BLOCK;
    if (capacity > LARGEST_GROWTH) capacity = LARGEST_GROWTH;
    if (capacity < bytes) capacity = bytes;
    struct arena_block *block = mem_calloc(1, sizeof *block + capacity);
    if (!block) return NULL;
    block->capacity = capacity;
    block->next = arena->head;
    arena->head = block;
    POISON(block->data, capacity);
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
    size_t asked, bytes;
    if (__builtin_mul_overflow(count, size, &asked) || asked > PTRDIFF_MAX - 2 * ALIGNMENT - GAP) {
        gw_error_set(GW_ERR_NOMEM, "out of memory: %zu items of %zu bytes are more than can be addressed", count, size);
        return NULL;
    }
    bytes = ((asked ? asked : 1) + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = arena->head;
    while (block && block->capacity - block->used < bytes) block = block->next;
    if (!block) block = add_block(arena, bytes);
    if (!block) return NULL;
    unsigned char *place = block->data + block->used;
    block->used += bytes;
    arena->used += bytes;
    if (arena->used > arena->peak) arena->peak = arena->used;
    UNPOISON(place, asked);
    memset(place, 0, asked); /* the block may be on its second life */
    return place;
}

char *arena_strdup(struct arena *arena, const char *text) {
    size_t length = strlen(text) + 1;
    char *copy = arena_alloc(arena, length, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *arena) {
    while (arena->head) {
        struct arena_block *next = arena->head->next;
        UNPOISON(arena->head->data, arena->head->capacity);
        mem_free(arena->head);
        arena->head = next;
    }
    arena->used = 0;
}
