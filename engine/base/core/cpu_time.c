/* Processor time of one piece of work, whoever does it: a thread that helps with a task of a fit works for that fit, and what
 * else the machine does meanwhile is nobody's. */
#include <stdatomic.h>
#include <time.h>

#include "engine/base/base.h"

static _Thread_local struct cpu_time *current;

static uint64_t thread_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * (uint64_t)NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

struct cpu_time *cpu_current(void) {
    return current;
}

struct cpu_span cpu_enter(struct cpu_time *work) {
    if (work == current) return (struct cpu_span){.counts = false};
    const struct cpu_span span = {.counts = true, .outer = current, .begun = thread_ns()};
    current = work;
    return span;
}

void cpu_leave(struct cpu_span span) {
    if (!span.counts) return;
    if (current) atomic_fetch_add(&current->ns, thread_ns() - span.begun);
    current = span.outer;
}

double cpu_seconds(struct cpu_time *work) { return 1e-9 * (double)atomic_load(&work->ns); }
