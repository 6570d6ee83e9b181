/* How far the work is, on stderr. One mutex guards the terminal line: workers report from any thread.
 * Example: fit 7/18 39% | ETA 01:20 | 12,431 windows/s | lstm seed 1 fold 3 epoch 004/050 */
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io.h"

enum { LINE_SIZE = 512, NOTE_SIZE = 256 };

struct progress {
    char what[64], unit[32], note[NOTE_SIZE];
    size_t total, done;
    bool expects; /* worked and left are known, and not what done and total say */
    size_t worked;
    double left;
    double begun, shown; /* clock_seconds */
};

/* The terminal is one for the whole process, and so is this. `live` is what stands on its last line. */
static struct {
    pthread_mutex_t lock;
    bool quiet, mute;
    double interval_seconds;
    char live[LINE_SIZE];
} screen = {.lock = PTHREAD_MUTEX_INITIALIZER, .interval_seconds = 5};

static const double live_interval_seconds = 0.1;

/* 12431 → "12,431". */
static void grouped(size_t value, char out[32]) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%zu", value);
    char *to = out;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
}

static void clock_text(double seconds, char out[32]) {
    size_t s = seconds < 1e9 ? (size_t)(seconds + 0.5) : (size_t)1e9;
    if (s >= 3600)
        snprintf(out, 32, "%zu:%02zu:%02zu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, 32, "%02zu:%02zu", s / 60, s % 60);
}

/* Whole numbers when fast, two digits when slow, per minute when slower than one in ten seconds. */
static void rate_text(double per_second, const char *unit, char *out, size_t size) {
    char number[32];
    if (per_second >= 10) {
        grouped((size_t)(per_second + 0.5), number);
        snprintf(out, size, "%s %s/s", number, unit);
    } else if (per_second >= 0.1)
        snprintf(out, size, "%.1f %s/s", per_second, unit);
    else
        snprintf(out, size, "%.1f %s/min", 60 * per_second, unit);
}

struct line {
    char text[LINE_SIZE];
    size_t used;
};

static void append(struct line *line, const char *separator, const char *text) {
    if (text[0] == '\0') return;
    int n = snprintf(line->text + line->used, sizeof line->text - line->used, "%s%s", separator, text);
    line->used += n < 0 ? 0 : (size_t)n;
    if (line->used >= sizeof line->text) line->used = sizeof line->text - 1;
}

static void compose(const struct progress *progress, double now, bool ended, struct line *line) {
    char done[32], total[32], part[128], clock[32];
    double elapsed = now - progress->begun;
    line->used = 0;
    append(line, "", progress->what);
    grouped(progress->done, done);
    append(line, " ", done);
    if (progress->total) {
        grouped(progress->total, total);
        append(line, "/", total);
    }
    append(line, " ", progress->unit);
    if (progress->total) {
        snprintf(part, sizeof part, "%.0f%%", 100 * (double)progress->done / (double)progress->total);
        append(line, " ", part);
    }
    double worked = (double)(progress->expects ? progress->worked : progress->done);
    double left = progress->expects ? progress->left : (double)(progress->total - progress->done);
    if (ended) {
        clock_text(elapsed, clock);
        append(line, " | took ", clock);
    } else if (progress->total > progress->done && worked > 0) {
        clock_text(elapsed / worked * left, clock);
        append(line, " | ETA ", clock);
    }
    if (progress->unit[0] && worked > 0 && elapsed > 0) {
        rate_text(worked / elapsed, progress->unit, part, sizeof part);
        append(line, " | ", part);
    }
    append(line, " | ", progress->note); /* last: what a narrow terminal has no room for */
    text_clean(line->text);
}

static bool on_terminal(void) { return isatty(STDERR_FILENO) == 1; }

/* To the width of the terminal, as a wrapped line could not be erased: whole parts are left out from the end on. How much is
 * done and the ETA behind it stay; where not even they fit they are cut, between characters. */
static void fit_width(char *text) {
    struct winsize size;
    size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    size_t columns = 0, parts = 0;
    char *part = NULL;
    for (char *at = text; *at; at++) {
        if (((unsigned char)*at & 0xC0) == 0x80) continue;
        if (strncmp(at, " | ", 3) == 0 && parts++ > 0) part = at;
        if (++columns >= width) {
            *(part ? part : at) = '\0';
            return;
        }
    }
}

/* The callers below hold the lock. */
static void erase_live(void) {
    if (screen.live[0]) fputs("\r\033[K", stderr);
}

static void draw_live(void) {
    if (screen.live[0]) fputs(screen.live, stderr);
}

static void show(struct progress *progress, bool ended) {
    struct line line;
    double now = clock_seconds(), waited = now - progress->shown;
    if (screen.quiet) return;
    if (!ended && waited < live_interval_seconds && waited < screen.interval_seconds) return; /* the cheap test first */
    bool terminal = on_terminal();
    if (!ended && waited < (terminal ? live_interval_seconds : screen.interval_seconds)) return;
    progress->shown = now;
    compose(progress, now, ended, &line);
    erase_live();
    screen.live[0] = '\0';
    if (terminal && !ended) {
        fit_width(line.text);
        memcpy(screen.live, line.text, sizeof screen.live);
        draw_live();
    } else
        fprintf(stderr, "%s\n", line.text);
    fflush(stderr);
}

bool progress_is_quiet(void) {
    pthread_mutex_lock(&screen.lock);
    bool quiet = screen.quiet;
    pthread_mutex_unlock(&screen.lock);
    return quiet;
}

int progress_begin(struct progress **progress, const char *what, size_t total, const char *unit) {
    *progress = NULL;
    if (progress_is_quiet()) return GW_OK; /* NULL is the silent progress */
    struct progress *fresh = mem_calloc(1, sizeof *fresh);
    if (!fresh) return GW_ERR_NOMEM;
    snprintf(fresh->what, sizeof fresh->what, "%s", what);
    snprintf(fresh->unit, sizeof fresh->unit, "%s", unit ? unit : "");
    fresh->total = total;
    fresh->begun = clock_seconds();
    fresh->shown = on_terminal() ? 0 : fresh->begun; /* a log gets its first line after one interval */
    *progress = fresh;
    pthread_mutex_lock(&screen.lock);
    show(fresh, false);
    pthread_mutex_unlock(&screen.lock);
    return GW_OK;
}

void progress_note(struct progress *progress, const char *format, ...) {
    if (!progress) return;
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&screen.lock);
    vsnprintf(progress->note, sizeof progress->note, format, arguments);
    show(progress, false);
    pthread_mutex_unlock(&screen.lock);
    va_end(arguments);
}

void progress_add(struct progress *progress, size_t done) {
    if (!progress) return;
    pthread_mutex_lock(&screen.lock);
    progress->done += done;
    show(progress, false);
    pthread_mutex_unlock(&screen.lock);
}

void progress_expect(struct progress *progress, size_t worked, double left) {
    if (!progress) return;
    pthread_mutex_lock(&screen.lock);
    progress->expects = true;
    progress->worked = worked;
    progress->left = left;
    pthread_mutex_unlock(&screen.lock);
}

void progress_end(struct progress *progress) {
    if (!progress) return;
    pthread_mutex_lock(&screen.lock);
    show(progress, true);
    pthread_mutex_unlock(&screen.lock);
    mem_free(progress);
}

void progress_quiet(bool quiet) {
    pthread_mutex_lock(&screen.lock);
    screen.quiet = quiet;
    pthread_mutex_unlock(&screen.lock);
}

void progress_interval(double seconds) {
    pthread_mutex_lock(&screen.lock);
    screen.interval_seconds = seconds;
    pthread_mutex_unlock(&screen.lock);
}

/* A thread that tries what others have been told of already. */
static _Thread_local bool hushed;
bool message_hush(bool hush) {
    const bool before = hushed;
    hushed = hush;
    return before;
}

static void put_line(bool unless_quiet, const char *format, va_list arguments) {
    char text[2048];
    if (hushed) return;
    vsnprintf(text, sizeof text, format, arguments);
    pthread_mutex_lock(&screen.lock);
    if (!screen.mute && (!unless_quiet || !screen.quiet)) {
        erase_live();
        fprintf(stderr, "%s\n", text_clean(text));
        draw_live();
        fflush(stderr);
    }
    pthread_mutex_unlock(&screen.lock);
}

void message_mute(void) {
    pthread_mutex_lock(&screen.lock);
    screen.mute = true;
    pthread_mutex_unlock(&screen.lock);
}

void message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_line(false, format, arguments);
    va_end(arguments);
}

void progress_message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_line(true, format, arguments);
    va_end(arguments);
}
