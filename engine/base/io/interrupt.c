/* Ctrl-C asks the work to stop at its next safe point; a second one does not ask. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

/* Process-wide because a signal is. Only the handler writes it. */
static volatile sig_atomic_t stop;

static void write_quietly(const char *text, size_t length) {
    ssize_t ignored = write(STDERR_FILENO, text, length);
    (void)ignored; /* nothing can be done about it inside a handler */
}

/* Only async-signal-safe calls: write and _exit. */
static void on_signal(int number) {
    static const char notice[] = "\nstopping at the next safe point; once more stops at once\n";
    (void)number;
    if (stop) {
        write_quietly("\n", 1);
        _exit(130);
    }
    stop = 1;
    int saved = errno;
    write_quietly(notice, sizeof notice - 1);
    errno = saved;
}

void interrupt_install(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write (EFBIG) */
}

void interrupt_request(void) { stop = 1; }

bool interrupt_requested(void) { return stop != 0; }

int interrupt_check(void) {
    if (stop)
        FAIL(GW_ERR_INTERRUPTED, "interrupted; what is finished is kept, start the same command again to continue");
    return GW_OK;
}
