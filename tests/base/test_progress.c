/* Progress in a log and on a terminal, and the two strokes of Ctrl-C. Children write, the test reads. */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/base.h"

struct heard {
    char text[1 << 18];
    int status;
};

/* Runs `speak` in a child whose stderr is `write_end`; the parent gets all it said. */
static void listen_to(void (*speak)(void), int read_end, int write_end, struct heard *heard) {
    size_t used = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
        dup2(write_end, STDERR_FILENO);
        close(read_end);
        close(write_end);
        speak();
        _exit(0);
    }
    close(write_end);
    for (ssize_t got; used + 1 < sizeof heard->text; used += (size_t)got) {
        got = read(read_end, heard->text + used, sizeof heard->text - 1 - used);
        if (got <= 0) break; /* a terminal ends with an error */
    }
    heard->text[used] = '\0';
    close(read_end);
    assert_int_equal(waitpid(child, &heard->status, 0), child);
}

static void in_a_log(void (*speak)(void), struct heard *heard) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    listen_to(speak, ends[0], ends[1], heard);
}

/* 0 when there are no pseudo-terminals here. */
static int on_a_terminal(void (*speak)(void), unsigned short width, struct heard *heard) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return 0;
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0) return 0;
    struct winsize size = {.ws_row = 24, .ws_col = width};
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    setenv("TERM", "xterm", 1);
    listen_to(speak, master, slave, heard);
    return 1;
}

static int lines_in(const char *text) {
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void begin(struct progress **progress, const char *what, size_t total, const char *unit) {
    if (progress_begin(progress, what, total, unit) != GW_OK) _exit(9);
}

static void say_often(void) {
    struct progress *progress;
    begin(&progress, "import", 12000, "bars");
    for (int i = 0; i < 12000; i++) {
        progress_note(progress, "row %d", i);
        progress_add(progress, 1);
    }
    message("said\nbetween");
    progress_end(progress);
}

static void a_log_gets_few_lines(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(say_often, &heard);
    assert_int_equal(lines_in(heard.text), 2); /* the message and the end: five seconds have not passed */
    assert_ptr_equal(strstr(heard.text, "said?between\nimport 12,000/12,000 bars 100% | took 00:0"), heard.text);
    assert_non_null(strstr(heard.text, " bars/s | row 11999\n"));
    assert_null(strchr(heard.text, '\r'));
    assert_null(strchr(heard.text, '\033'));
}

static void say_each_step(void) {
    struct progress *progress;
    progress_interval(0);
    begin(&progress, "fit", 4, NULL);
    usleep(20000);
    progress_add(progress, 1);
    progress_note(progress, "lstm seed %d fold %d\033[31m", 1, 3);
    progress_end(progress);
    begin(&progress, "scan", 0, "rows");
    progress_add(progress, 1234567);
    progress_end(progress);
}

/* Ten of 100,000 units done in a tenth of a second, but only ten more are to come. */
static void say_what_is_left(void) {
    struct progress *progress;
    progress_interval(0);
    begin(&progress, "training", 100000, "epochs");
    usleep(100000);
    progress_add(progress, 10);
    progress_expect(progress, 10, 10);
    progress_add(progress, 0);
    progress_expect(progress, 0, 10); /* all of it stored: nothing can be said */
    progress_add(progress, 90);
    progress_expect(progress, 20, 0);
    progress_add(progress, 99900);
    progress_end(progress);
}

static void eta_follows_what_is_left(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(say_what_is_left, &heard);
    unsigned hours, minutes, seconds;
    const char *by_total = strstr(heard.text, "training 10/100,000 epochs 0% | ");
    const char *by_rest = by_total ? strchr(by_total, '\n') + 1 : NULL;
    assert_non_null(by_rest);
    const char *eta = strstr(by_total, "ETA ");
    assert_true(eta && eta < by_rest && sscanf(eta, "ETA %u:%u:%u", &hours, &minutes, &seconds) >= 2);
    if (hours < 10) fail_msg("%s", by_total); /* over 16 minutes: 9,999 tenths of a second */
    assert_ptr_equal(strstr(by_rest, "training 10/100,000 epochs 0% | "), by_rest); /* these are as before */
    eta = strstr(by_rest, "ETA ");
    assert_int_equal(sscanf(eta, "ETA %u:%u", &minutes, &seconds), 2);
    if (minutes > 0 || seconds > 5) fail_msg("%s", by_rest);
    const char *unknown = strchr(by_rest, '\n') + 1, *last = strchr(unknown, '\n') + 1;
    assert_ptr_equal(strstr(unknown, "training 100/100,000 epochs 0%\n"), unknown);
    assert_ptr_equal(strstr(last, "training 100,000/100,000 epochs 100% | "), last);
    unsigned rate;
    assert_int_equal(sscanf(strchr(last, '|'), "| %u epochs/s", &rate), 1);
    assert_in_range(rate, 1, 200); /* 20 in a tenth of a second, not 100,000 */
}

static void lines_have_their_parts(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(say_each_step, &heard);
    char *line = heard.text;
    static const char *const want[] = {
        "fit 0/4 0%",
        "fit 1/4 25% | ETA 00:00",
        "fit 1/4 25% | ETA 00:00 | lstm seed 1 fold 3?[31m",
        "fit 1/4 25% | took 00:00 | lstm seed 1 fold 3?[31m",
        "scan 0 rows",
    };
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_string_equal(line, want[i]);
        line = end + 1;
    }
    assert_ptr_equal(strstr(line, "scan 1,234,567 rows | "), line); /* no total: no percent, no ETA */
    assert_null(strchr(line, '%'));
    assert_null(strstr(line, "ETA"));
}

static void say_live(void) {
    struct progress *progress;
    begin(&progress, "fit", 300,
          "f\xC3\xBC\xC3\xBC"
          "ts");
    progress_add(progress, 100);
    message("a warning");
    usleep(150000);
    progress_note(progress, "a note that is far too long for a narrow terminal \xC3\xA9\xC3\xA9\xC3\xA9");
    usleep(150000);
    for (int i = 0; i < 1000; i++) progress_add(progress, 0); /* at most ten lines a second */
    progress_end(progress);
}

/* Characters from the last newline or erased line to `end`. */
static int columns_before(const char *text, const char *end) {
    int n = 0;
    while (end > text && end[-1] != '\n' && (end - text < 4 || memcmp(end - 4, "\r\033[K", 4) != 0))
        n += ((unsigned char)*--end & 0xC0) != 0x80;
    return n;
}

static void a_terminal_gets_one_live_line(void **state) {
    (void)state;
    static struct heard heard;
    if (!on_a_terminal(say_live, 30, &heard)) {
        print_message("skipped: no pseudo-terminal here\n");
        skip();
    }
    const char *text = heard.text; /* the terminal itself turns \n into \r\n */
    assert_ptr_equal(strstr(text, "fit 0/300 f\xC3\xBC\xC3\xBCts 0%\r\033[Ka warning\r\nfit 0/300"), text);
    assert_int_equal(lines_in(text), 2); /* the warning and the end */
    int erased = 0;
    for (const char *at = text; (at = strstr(at, "\r\033[K")); at++) erased++;
    assert_in_range(erased, 3, 6);
    for (const char *at = text; (at = strstr(at, "\r\033[K")); at += 4) /* what was erased fitted the width */
        assert_in_range(columns_before(text, at), 1, 29);
    assert_non_null(strstr(text, "33% | ETA")); /* what matters is never what is cut */
    const char *last = strstr(text, "fit 100/300 f\xC3\xBC\xC3\xBCts 33% | took 00:0");
    assert_non_null(last); /* whole at the end */
    assert_non_null(strstr(last, " | a note that is far too long for a narrow terminal"));
    assert_true(utf8_valid(text, strlen(text), NULL));
}

/* On 50 columns the note does not fit: all of it is left out, no half of it stays. */
static void a_part_that_does_not_fit_is_left_out(void **state) {
    (void)state;
    static struct heard heard;
    if (!on_a_terminal(say_live, 50, &heard)) skip();
    assert_non_null(strstr(heard.text, "33% | ETA 00:0"));
    for (const char *at = heard.text; (at = strstr(at, " | a note")); at++) {
        const char *end = strpbrk(at, "\r\n");
        assert_non_null(end);
        assert_memory_equal(end - 2, "\xC3\xA9", 2); /* whole, at the end of the work */
    }
}

static void say_nothing(void) {
    struct progress *progress = NULL;
    progress_interval(0);
    progress_quiet(true);
    progress_message("stage %d", 1);
    begin(&progress, "fit", 3, "fits");
    if (progress) _exit(1);
    progress_add(progress, 1);
    progress_note(progress, "x");
    progress_end(progress);
    progress_quiet(false);
    begin(&progress, "fit", 3, "fits");
    progress_end(NULL);
    progress_message("stage %d", 2);
    progress_quiet(true); /* also while one is open */
    progress_end(progress);
}

static void quiet_is_quiet(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(say_nothing, &heard);
    assert_int_equal(heard.status, 0);
    assert_string_equal(heard.text, "fit 0/3 fits 0%\nstage 2\n");
}

static void *worker(void *argument) {
    for (int i = 0; i < 300; i++) {
        progress_note(argument, "note %d", i);
        progress_add(argument, 1);
        if (i % 50 == 0) message("message");
    }
    return NULL;
}

static void say_from_threads(void) {
    struct progress *progress;
    pthread_t threads[4];
    progress_interval(0);
    begin(&progress, "fit", 1200, NULL);
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, worker, progress) != 0) _exit(8);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    progress_end(progress);
}

static void threads_do_not_tear_lines(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(say_from_threads, &heard);
    int n = 0;
    size_t length = strlen(heard.text);
    for (char *line = strtok(heard.text, "\n"); line; line = strtok(NULL, "\n"), n++) {
        bool last = line + strlen(line) >= heard.text + length - 1;
        if (strcmp(line, "message") != 0 && strncmp(line, "fit ", 4) != 0) fail_msg("torn: %s", line);
        if (last) assert_ptr_equal(strstr(line, "fit 1,200/1,200 100% | took 00:0"), line);
    }
    assert_in_range(n, 25, 2500);
}

static void stop_once(void) {
    interrupt_install();
    if (interrupt_requested() || interrupt_check() != GW_OK) _exit(1);
    raise(SIGINT);
    if (!interrupt_requested()) _exit(2);
    if (interrupt_check() != GW_ERR_INTERRUPTED || !strstr(gw_error_message(), "interrupted")) _exit(3);
    _exit(77);
}

static void stop_twice(void) {
    interrupt_install();
    raise(SIGTERM);
    raise(SIGINT);
    _exit(77); /* not reached */
}

static void the_first_stroke_asks_the_second_ends(void **state) {
    (void)state;
    static struct heard heard;
    in_a_log(stop_once, &heard);
    assert_true(WIFEXITED(heard.status));
    assert_int_equal(WEXITSTATUS(heard.status), 77);
    assert_non_null(strstr(heard.text, "stopping at the next safe point"));
    in_a_log(stop_twice, &heard);
    assert_true(WIFEXITED(heard.status));
    assert_int_equal(WEXITSTATUS(heard.status), 130);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_gets_few_lines),
        cmocka_unit_test(lines_have_their_parts),
        cmocka_unit_test(eta_follows_what_is_left),
        cmocka_unit_test(a_terminal_gets_one_live_line),
        cmocka_unit_test(a_part_that_does_not_fit_is_left_out),
        cmocka_unit_test(quiet_is_quiet),
        cmocka_unit_test(threads_do_not_tear_lines),
        cmocka_unit_test(the_first_stroke_asks_the_second_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
