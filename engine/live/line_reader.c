/* Lines from a file or a pipe, in memory of one size whatever comes. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "live.h"

enum { LINE_MAX_BYTES = 1 << 16, PAUSE_NS = 50000000, WAIT_MS = 1000 };

int line_reader_open(struct line_reader *reader, int fd, bool follow) {
    struct stat info;
    *reader = (struct line_reader){.fd = fd};
    reader->follow = follow && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    reader->buffer = mem_calloc(LINE_MAX_BYTES, 1);
    return reader->buffer ? GW_OK : GW_ERR_NOMEM;
}

void line_reader_close(struct line_reader *reader) {
    mem_free(reader->buffer);
    *reader = (struct line_reader){.fd = -1};
}

/* Until there is something to read, or the wish to stop. */
static void wait_for_bytes(const struct line_reader *reader) {
    struct pollfd poll_fd = {.fd = reader->fd, .events = POLLIN};
    while (!interrupt_requested() && poll(&poll_fd, 1, WAIT_MS) == 0) {
    }
}

static int fill(struct line_reader *reader) {
    memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
    if (reader->before_wait) reader->before_wait();
    while (!interrupt_requested()) {
        wait_for_bytes(reader);
        if (interrupt_requested()) break;
        ssize_t n = read(reader->fd, reader->buffer + reader->end, LINE_MAX_BYTES - reader->end);
        if (n > 0) {
            reader->end += (size_t)n;
            return GW_OK;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            FAIL(GW_ERR_IO, "standard input cannot be read: %s", strerror(errno));
        if (n == 0 && !reader->follow) break;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    reader->ended = true;
    return GW_OK;
}

/* What is left without a line end: a last line, unless more of it may yet have been coming. */
static void take_rest(struct line_reader *reader, const char **text, size_t *length, bool *more) {
    *more = reader->end > reader->begin && !interrupt_requested() && !reader->skipping;
    *text = reader->buffer + reader->begin;
    *length = reader->end - reader->begin;
    reader->begin = reader->end;
}

int line_reader_next(struct line_reader *reader, const char **text, size_t *length, bool *more) {
    size_t looked = 0;
    *more = true;
    for (;;) {
        char *begin = reader->buffer + reader->begin;
        size_t held = reader->end - reader->begin;
        char *stop = memchr(begin + looked, '\n', held - looked);
        if (interrupt_requested()) {
            *more = false;
            return GW_OK;
        }
        if (stop) {
            bool whole = !reader->skipping;
            *text = whole ? begin : NULL;
            *length = (size_t)(stop - begin);
            reader->begin += *length + 1;
            reader->skipping = false;
            return GW_OK;
        }
        looked = held;
        if (held == LINE_MAX_BYTES) { /* too long: forget it up to its end */
            reader->skipping = true;
            reader->begin = reader->end = looked = 0;
        }
        if (reader->ended) {
            take_rest(reader, text, length, more);
            return GW_OK;
        }
        TRY(fill(reader));
    }
}
