/* Feeds inputs in a process of its own: whatever it dies of, the parent knows which input it was. */
#ifndef GATEWALK_TEST_FUZZ_ISOLATE_H
#define GATEWALK_TEST_FUZZ_ISOLATE_H

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fuzz.h"

struct fuzz_result {
    uint64_t n_inputs, n_accepted; /* n_inputs - 1 is the last one */
    char finding[2048];            /* "": nothing */
};

/* A size read from a damaged file must not bring the machine down: beyond this, memory is refused. */
enum { FUZZ_MEMORY_MB = 4096 };
#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1:max_allocation_size_mb=2048"; }
static inline void fuzz_limit_memory(void) {} /* it maps terabytes itself */
#else
static inline void fuzz_limit_memory(void) {
    struct rlimit limit = {(rlim_t)FUZZ_MEMORY_MB << 20, (rlim_t)FUZZ_MEMORY_MB << 20};
    if (setrlimit(RLIMIT_AS, &limit) != 0) fuzz_die("setrlimit");
}
#endif

static inline _Noreturn void fuzz_child(const struct fuzz_target *target, uint64_t seed, uint64_t n, double seconds,
                                        struct fuzz_result *shared) {
    struct fuzz_run run;
    bool good = true;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
    fuzz_limit_memory();
    if (!fuzz_begin(&run, target, seed)) fuzz_die("no sound inputs; run it from the project's root");
    /* Warnings of the code under test go nowhere. Sanitizers write to the descriptor, which stays. */
    FILE *real = stderr, *nowhere = fopen("/dev/null", "w");
    if (nowhere) stderr = nowhere;
    double begun = clock_seconds();
    for (uint64_t i = 0; good && i < n && clock_seconds() - begun < seconds; i++) {
        shared->n_inputs = i + 1;
        good = fuzz_step(&run, i);
        shared->n_accepted = fuzz_accepted;
    }
    stderr = real;
    if (nowhere) fclose(nowhere);
    memcpy(shared->finding, run.finding, sizeof shared->finding);
    fuzz_end(&run);
    exit(0); /* not _exit: leaks are told on the way out */
}

/* At most `n` inputs and `seconds`. */
static inline void fuzz_feed(const struct fuzz_target *target, uint64_t seed, uint64_t n, double seconds,
                             struct fuzz_result *result) {
    int status = 0;
    struct fuzz_result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fuzz_die("shared memory");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) fuzz_die("fork");
    if (pid == 0) fuzz_child(target, seed, n, seconds, shared);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    *result = *shared;
    munmap(shared, sizeof *shared);
    if (status && !result->finding[0])
        snprintf(result->finding, sizeof result->finding, "%s seed %llu input %lld: died of %s %d", target->name,
                 (unsigned long long)seed, (long long)result->n_inputs - 1, WIFSIGNALED(status) ? "signal" : "exit",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

#endif
