/* How many threads this process may have: a team of OpenMP that cannot start ends the program with a line of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "engine/base/base.h"

struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool open;
};

static void *wait_at(void *at) {
    struct gate *gate = at;
    pthread_mutex_lock(&gate->mutex);
    while (!gate->open) pthread_cond_wait(&gate->opened, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
    return NULL;
}

/* A thread and room for what malloc maps for it, 64 MB of addresses. */
struct probe {
    pthread_t thread;
    void *room;
};
enum { ROOM_BYTES = 64 << 20 };

static void *map_room(void) {
    return mmap(NULL, ROOM_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static bool probe_start(struct probe *probe, struct gate *gate) {
    probe->room = map_room();
    if (probe->room == MAP_FAILED) return false;
    if (pthread_create(&probe->thread, NULL, wait_at, gate) == 0) return true;
    munmap(probe->room, ROOM_BYTES);
    return false;
}

/* Starts up to n threads that exist at the same time, ends them again and returns their number. */
static size_t start_and_end(struct probe *probe, size_t n) {
    struct gate gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    size_t started = 0;
    while (started < n && probe_start(&probe[started], &gate)) started++;
    pthread_mutex_lock(&gate.mutex);
    gate.open = true;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.mutex);
    for (size_t i = 0; i < started; i++) {
        pthread_join(probe[i].thread, NULL);
        munmap(probe[i].room, ROOM_BYTES);
    }
    return started;
}

/* The caller and the team's bookkeeping need room, too. */
size_t threads_startable(size_t wanted) {
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (wanted < 2) return wanted;
    void *room = map_room();
    struct probe *probe = room == MAP_FAILED ? NULL : mem_calloc(wanted - 1, sizeof *probe);
    const size_t n = 1 + (probe ? start_and_end(probe, wanted - 1) : 0);
    mem_free(probe);
    if (room != MAP_FAILED) munmap(room, ROOM_BYTES);
    if (n < wanted && !atomic_flag_test_and_set(&told))
        message(
            "only %zu of %zu threads can be started within the limits on memory and processes (ulimit -a); going on "
            "with these",
            n, wanted);
    return n;
}
