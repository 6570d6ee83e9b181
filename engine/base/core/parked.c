/* Large blocks that are only read from now and then, in files without a name: what they hold is read from there again, so that memory
 * need not keep it. Nothing is left of them, however the process ends. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"
#include "parked.h"

enum { SMALLEST_PAGE = 4096, MOST_PARKED = 8192 }; /* a process has so many maps, and others want some */

struct parked {
    void *map;
    size_t bytes;
    struct parked *next;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows */
static struct parked *first;
static atomic_size_t n_parked; /* read without it */
static int place = -1;
static size_t least;

void mem_park_in(const char *dir, size_t least_bytes) {
    pthread_mutex_lock(&lock);
    if (place >= 0) close(place);
    place = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    least = least_bytes;
    pthread_mutex_unlock(&lock);
}

static bool write_all(int fd, const char *bytes, size_t n) {
    while (n > 0) {
        const ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

/* Its pages are there before anybody reads them: a disk that is full says so here. Nobody may write to the map: what was changed
 * would be gone when it rests. */
static void *map_copy(const void *block, size_t bytes) {
    void *map = MAP_FAILED;
    const int fd = openat(place, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return NULL;
    if (write_all(fd, block, bytes)) map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

void *mem_park(void *block) {
    if (!block || parked_bytes(block)) return block;
    const size_t bytes = malloc_usable_size(block);
    pthread_mutex_lock(&lock);
    struct parked *parked = place >= 0 && bytes >= least && n_parked < MOST_PARKED ? malloc(sizeof *parked) : NULL;
    void *map = parked ? map_copy(block, bytes) : NULL;
    if (map) {
        *parked = (struct parked){map, bytes, first};
        first = parked;
        atomic_fetch_add(&n_parked, 1);
    }
    pthread_mutex_unlock(&lock);
    if (!map) {
        free(parked);
        return block;
    }
    mem_free(block);
    return map;
}

void mem_rest(void) {
    pthread_mutex_lock(&lock);
    for (const struct parked *p = first; p; p = p->next) (void)madvise(p->map, p->bytes, MADV_DONTNEED);
    pthread_mutex_unlock(&lock);
}

/* Blocks of the heap that begin a page are few. */
static bool can_be(const void *block) {
    return (uintptr_t)block % SMALLEST_PAGE == 0 && atomic_load_explicit(&n_parked, memory_order_relaxed) > 0;
}

static struct parked **find(const void *block) {
    struct parked **at = &first;
    while (*at && (*at)->map != block) at = &(*at)->next;
    return at;
}

size_t parked_bytes(const void *block) {
    if (!can_be(block)) return 0;
    pthread_mutex_lock(&lock);
    const struct parked *found = *find(block);
    const size_t bytes = found ? found->bytes : 0;
    pthread_mutex_unlock(&lock);
    return bytes;
}

bool parked_release(void *block) {
    if (!can_be(block)) return false;
    pthread_mutex_lock(&lock);
    struct parked **at = find(block), *found = *at;
    if (found) *at = found->next;
    if (found) atomic_fetch_sub(&n_parked, 1);
    pthread_mutex_unlock(&lock);
    if (!found) return false;
    (void)munmap(found->map, found->bytes);
    free(found);
    return true;
}
