/* An allocator that refuses one chosen request. The C library takes a program's own malloc for its inner needs too, so
 * streams, formatting and other libraries are refused like our own code. */
#ifndef GATEWALK_TEST_REFUSE_H
#define GATEWALK_TEST_REFUSE_H

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime.h"

/* glibc's own, under the names that stay when the usual ones are replaced. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static size_t refuse_at, refuse_seen; /* the request with this number is refused, from 1; 0: none */
static bool refuse_foreign;           /* it was a runtime's that ends the process without it */

static bool refused(const void *caller) {
    if (refuse_at == 0 || ++refuse_seen != refuse_at) return false;
    refuse_foreign = is_runtime(caller);
    if (refuse_foreign) return false;
    errno = ENOMEM;
    return true;
}

#define REFUSED() refused(__builtin_return_address(0))

void *malloc(size_t bytes) { return REFUSED() ? NULL : __libc_malloc(bytes); }
void *calloc(size_t count, size_t size) { return REFUSED() ? NULL : __libc_calloc(count, size); }
void *realloc(void *block, size_t bytes) { return REFUSED() ? NULL : __libc_realloc(block, bytes); }
void *memalign(size_t alignment, size_t bytes) { return REFUSED() ? NULL : __libc_memalign(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return REFUSED() ? NULL : __libc_memalign(alignment, bytes); }

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    if (REFUSED()) return ENOMEM;
    *block = __libc_memalign(alignment, bytes);
    return *block ? 0 : ENOMEM;
}

#endif
