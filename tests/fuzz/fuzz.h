/* A small deterministic fuzzer: the same target, seed and number give the same input on every machine.
 *
 * A target owns a few sound inputs. Input number i is one of them with a handful of changes, all drawn from
 * (seed, i): flipped bits, odd numbers, words of the target, pieces of other inputs, lines moved, the end cut off.
 * The target feeds it to the code under test and says what it found wrong, or NULL. */
#ifndef GATEWALK_TEST_FUZZ_H
#define GATEWALK_TEST_FUZZ_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/base.h"

enum { MOST_SOUND = 64, LARGEST_INPUT = 1 << 20 };

struct fuzz_input {
    char *bytes; /* owned */
    size_t n;
};

struct fuzz_random {
    uint64_t state;
};

struct fuzz_target {
    const char *name;
    /* Fills `seed`; returns how many, 0 when the target cannot run here. */
    size_t (*setup)(struct fuzz_input seed[MOST_SOUND]);
    /* NULL when all is well. `random` decides whatever else the call takes. */
    const char *(*check)(const char *bytes, size_t n, struct fuzz_random *random);
    void (*teardown)(void); /* may be NULL */
    const char *const *words;
    size_t n_words;
    bool json;                                     /* half of the inputs stay JSON: only their values change */
    size_t (*text_end)(const struct fuzz_input *); /* of that JSON; NULL: all of the input */
    double slow_seconds;                           /* longer for one input is a finding */
};

/* ---- randomness -------------------------------------------------------------------------------------- */

/* SplitMix64. */
static inline uint64_t fuzz_next(struct fuzz_random *random) {
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}
static inline size_t fuzz_below(struct fuzz_random *random, size_t n) { return n ? fuzz_next(random) % n : 0; }
static inline bool fuzz_one_in(struct fuzz_random *random, size_t n) { return fuzz_below(random, n) == 0; }

/* ---- files ------------------------------------------------------------------------------------------- */

static uint64_t fuzz_accepted; /* inputs that the code under test took; targets count them */
static char fuzz_dir[256];     /* of our own, removed in the end */

static inline const char *fuzz_path(const char *name) {
    static char path[4][400];
    static int turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", fuzz_dir, name);
    return out;
}

static inline void fuzz_die(const char *what) {
    fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
    abort();
}

static inline void fuzz_put(const char *path, const char *bytes, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0) fuzz_die(path);
}

static inline struct fuzz_input fuzz_get(const char *path) {
    struct fuzz_input input = {NULL, 0};
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0) fuzz_die(path);
    input.n = (size_t)info.st_size;
    input.bytes = malloc(input.n + 1);
    if (!input.bytes || read(fd, input.bytes, input.n) != (ssize_t)input.n) fuzz_die(path);
    input.bytes[input.n] = '\0';
    close(fd);
    return input;
}

static inline struct fuzz_input fuzz_text(const char *text) {
    struct fuzz_input input = {strdup(text), strlen(text)};
    if (!input.bytes) fuzz_die("memory");
    return input;
}

static inline void fuzz_remove(const char *path) {
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char child[1024];
        struct stat info;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(child, sizeof child, "%.700s/%s", path, entry->d_name);
        if (lstat(child, &info) == 0 && S_ISDIR(info.st_mode))
            fuzz_remove(child);
        else
            unlink(child);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* In memory when the system has such a place: a file is written for every input. */
static inline void fuzz_open_dir(void) {
    const char *tmp = getenv("TMPDIR"), *asked = getenv("GATEWALK_FUZZ_BASE");
    setenv("GATEWALK_CACHE", "off", 1);
    snprintf(fuzz_dir, sizeof fuzz_dir, "%.200s/gatewalk-fuzz-XXXXXX",
             asked                           ? asked
             : access("/dev/shm", W_OK) == 0 ? "/dev/shm"
             : tmp                           ? tmp
                                             : "/tmp");
    if (!mkdtemp(fuzz_dir)) fuzz_die(fuzz_dir);
}

/* ---- changes ----------------------------------------------------------------------------------------- */

static inline void fuzz_insert(struct fuzz_input *input, size_t at, const char *bytes, size_t n) {
    if (input->n + n > LARGEST_INPUT) return;
    memmove(input->bytes + at + n, input->bytes + at, input->n - at);
    memcpy(input->bytes + at, bytes, n);
    input->n += n;
}

static inline void fuzz_delete(struct fuzz_input *input, size_t at, size_t n) {
    if (n > input->n - at) n = input->n - at;
    memmove(input->bytes + at, input->bytes + at + n, input->n - at - n);
    input->n -= n;
}

static inline void fuzz_odd_number(struct fuzz_random *random, char out[32]) {
    static const char *const odd[] = {"0",
                                      "-0",
                                      "-1",
                                      "1",
                                      "00",
                                      "1e999",
                                      "-1e999",
                                      "1e-400",
                                      "nan",
                                      "inf",
                                      "0x10",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "4294967296",
                                      "2147483648",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "18446744073709551616",
                                      "1e15",
                                      "1e18",
                                      "-9223372036854775808",
                                      "0.1",
                                      "1e-9",
                                      "99999999999999999999",
                                      "1_000",
                                      "1,5",
                                      "2020-02-30",
                                      "9999-12-31",
                                      "1677-09-21",
                                      "2262-04-11",
                                      "2262-04-12"};
    if (fuzz_one_in(random, 3))
        snprintf(out, 32, "%lld", (long long)fuzz_next(random) >> fuzz_below(random, 64));
    else
        snprintf(out, 32, "%s", odd[fuzz_below(random, COUNT_OF(odd))]);
}

/* A run of digits becomes another number. */
static inline void fuzz_replace_number(struct fuzz_input *input, struct fuzz_random *random) {
    char number[32];
    size_t at = fuzz_below(random, input->n), length = 0;
    while (at < input->n && !(input->bytes[at] >= '0' && input->bytes[at] <= '9')) at++;
    while (at + length < input->n && input->bytes[at + length] >= '0' && input->bytes[at + length] <= '9') length++;
    fuzz_odd_number(random, number);
    fuzz_delete(input, at, length);
    fuzz_insert(input, at, number, strlen(number));
}

/* A line, or what lies between two of the same separators. */
static inline void fuzz_piece(const struct fuzz_input *input, struct fuzz_random *random, char separator, size_t *begin,
                              size_t *n) {
    size_t at = fuzz_below(random, input->n), end = at;
    while (at > 0 && input->bytes[at - 1] != separator) at--;
    while (end < input->n && input->bytes[end] != separator) end++;
    *begin = at;
    *n = end - at + (end < input->n);
    if (*n > 4096) *n = 4096;
}

static inline void fuzz_move_piece(struct fuzz_input *input, struct fuzz_random *random) {
    static const char separators[] = "\n\n,;\"}]";
    char copy[4096];
    size_t begin, n;
    fuzz_piece(input, random, separators[fuzz_below(random, sizeof separators - 1)], &begin, &n);
    memcpy(copy, input->bytes + begin, n);
    if (!fuzz_one_in(random, 3)) fuzz_delete(input, begin, n);
    if (!fuzz_one_in(random, 3)) fuzz_insert(input, fuzz_below(random, input->n + 1), copy, n);
}

/* Where the JSON value that begins at `at` ends, near enough. */
static inline size_t fuzz_value_end(const struct fuzz_input *input, size_t at, size_t end) {
    size_t depth = 0;
    bool quoted = false;
    for (; at < end; at++) {
        char c = input->bytes[at];
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\') at++;
        if (quoted) continue;
        if ((c == ',' || c == '}' || c == ']') && depth == 0) break;
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
    }
    return at < end ? at : end;
}

/* Behind a colon. false when there is none. */
static inline bool fuzz_find_value(const struct fuzz_input *input, const struct fuzz_target *target,
                                   struct fuzz_random *random, size_t *begin, size_t *n) {
    size_t end = target->text_end ? target->text_end(input) : input->n, from = fuzz_below(random, end), at = from;
    while (at < end && input->bytes[at] != ':') at++;
    if (at == end) /* round to the beginning */
        for (at = 0; at < from && input->bytes[at] != ':';) at++;
    if (at >= end || input->bytes[at] != ':') return false;
    *begin = at + 1;
    *n = fuzz_value_end(input, *begin, end) - *begin;
    if (*n > 4096) *n = 4096;
    return true;
}

/* Another value, of the same text or of another input or of a list, takes the place of a value. Objects and arrays are
 * mostly left alone, or little but their absence would be tried. */
static inline void fuzz_replace_value(struct fuzz_input *input, const struct fuzz_target *target,
                                      const struct fuzz_input *other, struct fuzz_random *random) {
    static const char *const value[] = {"null",  "true",     "false", "0",     "-1",
                                        "1",     "2.5",      "1e30",  "1e308", "-1e-300",
                                        "4096",  "65",       "100",   "0.5",   "9007199254740993",
                                        "[]",    "{}",       "[[]]",  "[1]",   "\"\"",
                                        "\"x\"", "{\"x\":1}"};
    char copy[4096];
    size_t begin, n, at, length;
    for (int tries = 0;; tries++) {
        if (!fuzz_find_value(input, target, random, &begin, &n)) return;
        char first = input->bytes[begin + (n > 1 && input->bytes[begin] == ' ')];
        if (tries == 5 || fuzz_one_in(random, 6) || (first != '{' && first != '[')) break;
    }
    /* JSON inside a string of JSON: no quotes may come in. */
    bool inside = begin > 2 && input->bytes[begin - 3] == '\\';
    const struct fuzz_input *donor = fuzz_one_in(random, 2) ? input : other;
    const char *from = value[fuzz_below(random, COUNT_OF(value) - (inside ? 3 : 0))];
    length = strlen(from);
    if (!inside && fuzz_one_in(random, 2) && fuzz_find_value(donor, target, random, &at, &length))
        from = donor->bytes + at;
    if (inside)
        for (n = 0; begin + n < input->n && !strchr(",}]", input->bytes[begin + n]);) n++;
    memcpy(copy, from, length);
    fuzz_delete(input, begin, n);
    fuzz_insert(input, begin, copy, length);
}

static inline void fuzz_change(struct fuzz_input *input, const struct fuzz_target *target,
                               const struct fuzz_input *other, struct fuzz_random *random) {
    size_t at = fuzz_below(random, input->n), n = 1 + fuzz_below(random, fuzz_one_in(random, 4) ? 300 : 6);
    char bytes[8];
    uint64_t noise = fuzz_next(random);
    memcpy(bytes, &noise, sizeof bytes);
    if (input->n == 0) {
        fuzz_insert(input, 0, bytes, sizeof bytes);
        return;
    }
    switch (fuzz_below(random, 12)) {
    case 0:
        input->bytes[at] = (char)(input->bytes[at] ^ (1 << fuzz_below(random, 8)));
        break;
    case 1:
        input->bytes[at] = bytes[0];
        break;
    case 2:
        fuzz_insert(input, at, bytes, 1 + fuzz_below(random, sizeof bytes));
        break;
    case 3:
        fuzz_delete(input, at, n);
        break;
    case 4:
    case 5:
        fuzz_replace_number(input, random);
        break;
    case 6:
    case 7:
        fuzz_move_piece(input, random);
        break;
    case 8: { /* a word in place of as many bytes, or between them */
        const char *word = target->words[fuzz_below(random, target->n_words)];
        if (fuzz_one_in(random, 2)) fuzz_delete(input, at, strlen(word));
        fuzz_insert(input, at < input->n ? at : input->n, word, strlen(word));
        break;
    }
    case 9: { /* a part of another input */
        size_t from = fuzz_below(random, other->n), length = other->n - from;
        fuzz_insert(input, at, other->bytes + from, n < length ? n : length);
        break;
    }
    case 10: /* the same byte many times */
        memset(input->bytes + at, bytes[0], n < input->n - at ? n : input->n - at);
        break;
    default:
        if (fuzz_one_in(random, 4)) input->n = at;
        break;
    }
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

struct fuzz_run {
    const struct fuzz_target *target;
    struct fuzz_input seed[MOST_SOUND], input;
    size_t n_seeds;
    uint64_t seed_number;
    char finding[2048]; /* "" when nothing was found */
};

static inline bool fuzz_begin(struct fuzz_run *run, const struct fuzz_target *target, uint64_t seed) {
    memset(run, 0, sizeof *run);
    run->target = target;
    run->seed_number = seed;
    run->n_seeds = target->setup(run->seed);
    run->input.bytes = malloc(LARGEST_INPUT + 1);
    if (!run->input.bytes) fuzz_die("memory");
    for (size_t i = 0; i < run->n_seeds; i++)
        if (run->seed[i].n > LARGEST_INPUT / 2) fuzz_die("a seed is too large");
    return run->n_seeds > 0;
}

static inline void fuzz_end(struct fuzz_run *run) {
    for (size_t i = 0; i < run->n_seeds; i++) free(run->seed[i].bytes);
    free(run->input.bytes);
    if (run->target->teardown) run->target->teardown();
}

/* Input number i of this seed, in run->input. */
static inline void fuzz_make(struct fuzz_run *run, uint64_t i, struct fuzz_random *random) {
    random->state = run->seed_number * UINT64_C(0xD1342543DE82EF95) + i;
    fuzz_next(random);
    const struct fuzz_input *seed = &run->seed[fuzz_below(random, run->n_seeds)];
    memcpy(run->input.bytes, seed->bytes, seed->n);
    run->input.n = seed->n;
    if (fuzz_one_in(random, 50)) return; /* also sound as it is */
    bool tame = run->target->json && fuzz_one_in(random, 2);
    for (size_t n = 1 + fuzz_below(random, fuzz_one_in(random, 5) ? 20 : 4); n > 0; n--) {
        const struct fuzz_input *other = &run->seed[fuzz_below(random, run->n_seeds)];
        if (tame)
            fuzz_replace_value(&run->input, run->target, other, random);
        else
            fuzz_change(&run->input, run->target, other, random);
    }
}

/* false when the input number i is a finding. */
static inline bool fuzz_step(struct fuzz_run *run, uint64_t i) {
    struct fuzz_random random;
    fuzz_make(run, i, &random);
    double begun = clock_seconds();
    size_t live = mem_live_bytes();
    const char *complaint = run->target->check(run->input.bytes, run->input.n, &random);
    char text[64];
    if (!complaint && mem_live_bytes() != live) {
        snprintf(text, sizeof text, "%zd bytes were not released", (ssize_t)(mem_live_bytes() - live));
        complaint = text;
    }
    if (!complaint && clock_seconds() - begun > run->target->slow_seconds) {
        snprintf(text, sizeof text, "took %.1f seconds", clock_seconds() - begun);
        complaint = text;
    }
    if (!complaint) return true;
    snprintf(run->finding, sizeof run->finding, "%s seed %llu input %llu: %s", run->target->name,
             (unsigned long long)run->seed_number, (unsigned long long)i, complaint);
    return false;
}

/* What a failing call left as its message: one clean line that says something. NULL when it is. */
static inline const char *fuzz_judge_message(int rc) {
    static char why[1200];
    const char *line = gw_error_message();
    size_t n = strlen(line);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F) {
            snprintf(why, sizeof why, "a control character in the message \"%s\"", line);
            return why;
        }
    if (!utf8_valid(line, n, NULL)) return "the message is not UTF-8";
    if (n >= 10) return NULL;
    snprintf(why, sizeof why, "code %d with the message \"%s\"", rc, line);
    return why;
}

#endif
