/* While inputs are fed, warnings of the code under test go nowhere; a crash still says which input it was. */
#ifndef GATEWALK_TEST_FUZZ_QUIET_H
#define GATEWALK_TEST_FUZZ_QUIET_H

#include "fuzz.h"

static int quiet_real_stderr = -1;
static char quiet_where[200]; /* the input in work */

/* The sanitizers' own hook; absent in ordinary builds. */
extern void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

static inline void quiet_on_crash(int number) {
    ssize_t ignored = write(quiet_real_stderr, quiet_where, strlen(quiet_where));
    (void)ignored;
    signal(number, SIG_DFL);
    raise(number);
}

static inline void quiet_begin(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    fflush(stderr);
    quiet_real_stderr = dup(STDERR_FILENO);
    int null_fd = open("/dev/null", O_WRONLY);
    if (quiet_real_stderr < 0 || null_fd < 0 || dup2(null_fd, STDERR_FILENO) < 0) fuzz_die("cannot silence stderr");
    close(null_fd);
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)quiet_real_stderr); /* a sanitizer handles signals itself */
    else
        for (size_t i = 0; i < COUNT_OF(signals); i++) signal(signals[i], quiet_on_crash);
}

static inline void quiet_note(const struct fuzz_run *run, uint64_t i) {
    snprintf(quiet_where, sizeof quiet_where, "\nfuzz: died in %s seed %llu input %llu\n", run->target->name,
             (unsigned long long)run->seed_number, (unsigned long long)i);
}

static inline void quiet_end(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    fflush(stderr);
    dup2(quiet_real_stderr, STDERR_FILENO);
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
    else
        for (size_t i = 0; i < COUNT_OF(signals); i++) signal(signals[i], SIG_DFL);
    close(quiet_real_stderr);
}

#endif
