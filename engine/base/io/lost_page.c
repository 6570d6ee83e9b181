/* A mapped file that somebody cuts short, or whose disk fails, has pages that cannot be read: the kernel says so by a signal,
 * which would end the process without a word. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

enum { CHUNK = 1024, LINE_BYTES = 2048 };

/* Only async-signal-safe calls from here on. */
static void put(const char *text, size_t length) {
    ssize_t ignored = write(STDERR_FILENO, text, length);
    (void)ignored; /* nothing can be done about it here */
}

static const char *read_hex(const char *at, uintptr_t *value) {
    for (*value = 0;; at++) {
        const char digit = *at;
        if (digit >= '0' && digit <= '9')
            *value = *value << 4 | (uintptr_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *value = *value << 4 | (uintptr_t)(digit - 'a' + 10);
        else
            return at;
    }
}

/* "BEGIN-END rwxp OFFSET MAJOR:MINOR INODE   /PATH": where the path begins, when the address lies there. */
static char *path_of(char *line, uintptr_t address) {
    uintptr_t begin, end;
    const char *at = read_hex(line, &begin);
    if (*at != '-') return NULL;
    read_hex(at + 1, &end);
    return address >= begin && address < end ? strchr(line, '/') : NULL;
}

/* Of the file that is mapped there; false: it cannot be known. What is too long is cut. */
static bool put_name(uintptr_t address) {
    char chunk[CHUNK], line[LINE_BYTES], *path = NULL;
    size_t length = 0;
    const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    for (ssize_t n; !path && (n = read(fd, chunk, sizeof chunk)) > 0;)
        for (ssize_t i = 0; i < n && !path; i++) {
            if (chunk[i] != '\n') {
                if (length < sizeof line - 1) line[length++] = chunk[i] < ' ' || chunk[i] > '~' ? '?' : chunk[i];
                continue;
            }
            line[length] = '\0';
            length = 0;
            path = path_of(line, address);
        }
    close(fd);
    if (path) put(path, strlen(path));
    return path != NULL;
}

/* The first thread that comes here speaks, and ends the process. */
static void on_lost_page(int number, siginfo_t *info, void *context) {
    static const char begin[] = "\ngatewalk: ", nameless[] = "a file",
                      end[] =
                          ": was cut short while it was read, or its disk cannot be read; what is finished is kept, "
                          "start the same command again to continue\n";
    static atomic_flag spoken = ATOMIC_FLAG_INIT;
    (void)context;
    if (info->si_code != BUS_ADRERR) { /* not a file's: the usual end, when the instruction is tried again */
        signal(number, SIG_DFL);
        return;
    }
    if (atomic_flag_test_and_set(&spoken))
        for (;;) pause();
    put(begin, sizeof begin - 1);
    if (!put_name((uintptr_t)info->si_addr)) put(nameless, sizeof nameless - 1);
    put(end, sizeof end - 1);
    _exit(gw_error_exit_code(GW_ERR_IO));
}

void lost_page_install(void) {
    struct sigaction action = {.sa_sigaction = on_lost_page, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
