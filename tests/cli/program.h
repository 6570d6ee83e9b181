/* Runs the real program as a user does: in a folder of its own, with a time limit, its output caught.
 * GATEWALK_BIN names the binary (default ./gatewalk, seen from the project's root). */
#ifndef GATEWALK_TEST_PROGRAM_H
#define GATEWALK_TEST_PROGRAM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/base.h"
#include "test.h"

enum { MAX_ARGS = 40, TIMEOUT_SECONDS = 60 };

static char program_path[PATH_MAX]; /* the binary */
static char root_dir[PATH_MAX];     /* the project */
static char base_dir[PATH_MAX];     /* what is removed in the end: work/ and caught output */
static char work_dir[PATH_MAX];     /* where the program runs */

/* ---- files ---------------------------------------------------------------------------------- */

/* Path of `name` in the work folder; a few may be in use at a time. */
static inline const char *work(const char *name) {
    static char path[8][2 * PATH_MAX];
    static int turn;
    char *out = path[turn++ % 8];
    snprintf(out, sizeof path[0], "%s/%s", work_dir, name);
    return out;
}

static inline void put_bytes(const char *name, const void *bytes, size_t length) {
    FILE *stream = fopen(work(name), "wb");
    if (!stream || fwrite(bytes, 1, length, stream) != length || fclose(stream) != 0) fail_msg("cannot write %s", name);
}
static inline void put_text(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

/* NULL when there is none; free() it. */
static inline char *get_file(const char *path, size_t *length) {
    FILE *stream = fopen(path, "rb");
    size_t used = 0, room = 1 << 16;
    char *text = stream ? malloc(room + 1) : NULL;
    for (size_t got; text && (got = fread(text + used, 1, room - used, stream)) > 0;) {
        used += got;
        if (used < room) continue;
        char *wider = realloc(text, 2 * room + 1);
        if (!wider) abort();
        text = wider;
        room *= 2;
    }
    if (stream) fclose(stream);
    if (text) text[used] = '\0';
    if (length) *length = used;
    return text;
}

static inline void remove_tree(const char *path) {
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char child[2 * PATH_MAX];
        struct stat info;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(child, sizeof child, "%.4000s/%s", path, entry->d_name);
        if (lstat(child, &info) == 0 && S_ISDIR(info.st_mode))
            remove_tree(child);
        else
            unlink(child);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

static inline bool is_there(const char *name) {
    struct stat info;
    return lstat(work(name), &info) == 0;
}

static inline void list_into(FILE *to, const char *path, const char *shown, bool with_content) {
    struct dirent **entry;
    int n = scandir(path, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char child[2 * PATH_MAX], name[2 * PATH_MAX];
        struct stat info;
        bool dots = !strcmp(entry[i]->d_name, ".") || !strcmp(entry[i]->d_name, "..");
        snprintf(child, sizeof child, "%s/%s", path, entry[i]->d_name);
        snprintf(name, sizeof name, "%s/%s", shown, entry[i]->d_name);
        free(entry[i]);
        if (dots || lstat(child, &info) != 0) continue;
        fprintf(to, "%s %c", name, S_ISDIR(info.st_mode) ? 'd' : 'f');
        if (S_ISREG(info.st_mode)) fprintf(to, " %lld", (long long)info.st_size);
        if (S_ISREG(info.st_mode) && with_content) {
            uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
            size_t length;
            char *text = get_file(child, &length);
            for (size_t c = 0; text && c < length; c++)
                hash = (hash ^ (unsigned char)text[c]) * UINT64_C(1099511628211);
            free(text);
            fprintf(to, " %016llx", (unsigned long long)hash);
        }
        fputc('\n', to);
        if (S_ISDIR(info.st_mode)) list_into(to, child, name, with_content);
    }
    if (n >= 0) free(entry);
}

/* One line for each entry below `path`: name, kind, size and (with_content) a hash of the bytes. free() it. */
static inline char *list_tree(const char *path, bool with_content) {
    char *text = NULL;
    size_t length;
    FILE *to = open_memstream(&text, &length);
    if (!to) abort();
    list_into(to, path, "", with_content);
    fclose(to);
    return text;
}

/* ---- running -------------------------------------------------------------------------------- */

struct run {
    int status;      /* exit status, 128 + signal when killed, -1 when the time ran out */
    char *out, *err; /* owned: run_free */
    size_t n_out, n_err;
};

/* How a program is started beside its arguments; zero means the ordinary way. */
struct how {
    const char *path;             /* of PATH */
    size_t address_space_kb;      /* as after `ulimit -v`; 0: no limit */
    const char *out_file;         /* standard output goes there instead */
    const char *in_file;          /* standard input comes from there; NULL: is empty */
    bool close_out, close_err;    /* started without the stream */
    int seconds;                  /* 0: TIMEOUT_SECONDS */
    const char *interrupt_when;   /* SIGINT as soon as the work folder has a file so named below this folder … */
    const char *interrupt_suffix; /* … that ends in this */
    double interrupted_after;     /* out: seconds from the signal to the end */
};

static inline double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void run_free(struct run *run) {
    free(run->out);
    free(run->err);
    memset(run, 0, sizeof *run);
}

static inline void redirect(int fd, const char *path, bool closed) {
    if (closed) {
        close(fd);
        return;
    }
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0 || dup2(to, fd) < 0) _exit(126);
    if (to != fd) close(to);
}

static inline bool folder_has(const char *folder, const char *suffix) {
    DIR *dir = opendir(work(folder));
    bool found = false;
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        size_t n = strlen(entry->d_name), s = strlen(suffix);
        found = n >= s && strcmp(entry->d_name + n - s, suffix) == 0;
    }
    if (dir) closedir(dir);
    return found;
}

static inline pid_t start(const char *const *args, const struct how *how, const char *out, const char *err) {
    char *argv[MAX_ARGS + 2];
    size_t n = 0;
    argv[n++] = program_path;
    for (size_t i = 0; i < MAX_ARGS && args[i]; i++) argv[n++] = (char *)(uintptr_t)args[i];
    argv[n] = NULL;
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
    if (chdir(work_dir) < 0) _exit(126);
    redirect(STDOUT_FILENO, how->out_file ? how->out_file : out, how->close_out);
    redirect(STDERR_FILENO, err, how->close_err);
    int null_fd = open(how->in_file ? how->in_file : "/dev/null", O_RDONLY);
    if (null_fd > 0 && !how->close_out && !how->close_err) dup2(null_fd, STDIN_FILENO);
    if (null_fd > STDERR_FILENO || how->close_out || how->close_err) close(null_fd);
    if (how->path) setenv("PATH", how->path, 1);
    const rlim_t bytes = (rlim_t)how->address_space_kb * 1024;
    if (bytes && setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) < 0) _exit(126);
    execv(program_path, argv);
    _exit(127);
}

static inline int await(pid_t pid, struct how *how) {
    double begun = now_seconds(), signalled = 0, limit = how->seconds ? how->seconds : TIMEOUT_SECONDS;
    for (;;) {
        int status;
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid) {
            if (signalled > 0) how->interrupted_after = now_seconds() - signalled;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        if (how->interrupt_when && signalled <= 0 && folder_has(how->interrupt_when, how->interrupt_suffix)) {
            signalled = now_seconds();
            kill(pid, SIGINT);
        }
        if (now_seconds() - begun > limit) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static inline void run_how(struct run *run, struct how *how, const char *const *args) {
    char out[2 * PATH_MAX], err[2 * PATH_MAX];
    snprintf(out, sizeof out, "%s/out", base_dir);
    snprintf(err, sizeof err, "%s/err", base_dir);
    unlink(out);
    unlink(err);
    pid_t pid = start(args, how, out, err);
    if (pid < 0) fail_msg("cannot fork: %s", strerror(errno));
    run->status = await(pid, how);
    run->out = get_file(out, &run->n_out);
    run->err = get_file(err, &run->n_err);
    if (!run->out) run->out = calloc(1, 1);
    if (!run->err) run->err = calloc(1, 1);
    if (!run->out || !run->err) abort();
}

/* run_program(&run, "list", "models"): the ordinary way. */
#define run_program(run, ...) run_how((run), &(struct how){0}, (const char *const[MAX_ARGS]){__VA_ARGS__})

/* The same, and it must succeed. */
#define run_fine(run, ...)                                                                                             \
    do {                                                                                                               \
        run_program((run), __VA_ARGS__);                                                                               \
        if ((run)->status != 0) fail_msg("exit %d: %s", (run)->status, (run)->err);                                    \
    } while (0)

static inline size_t count_lines(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

/* The last line of stderr in a buffer of its own. */
static inline const char *last_line(const char *text) {
    static char line[4096];
    size_t length = strlen(text);
    if (length && text[length - 1] == '\n') length--;
    size_t begin = length;
    while (begin > 0 && text[begin - 1] != '\n') begin--;
    snprintf(line, sizeof line, "%.*s", (int)(length - begin), text + begin);
    return line;
}

/* ---- what every test program here starts and ends with ------------------------------------------ */

static inline int program_setup(void **state) {
    (void)state;
    const char *binary = getenv("GATEWALK_BIN"), *tmp = getenv("TMPDIR");
    setenv("GATEWALK_CACHE", "off", 1); /* what other runs have left must not help this one */
    setenv("GATEWALK_STORE", "off", 1); /* nor do these runs count anywhere */
    if (!getcwd(root_dir, sizeof root_dir)) return -1;
    if (!realpath(binary ? binary : "./gatewalk", program_path) || access(program_path, X_OK) != 0) {
        fprintf(stderr, "%s is not there: build it, or name one in GATEWALK_BIN\n", binary ? binary : "./gatewalk");
        return -1;
    }
    /* In memory when there is such a place: every result file is synced to disk. */
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
    snprintf(base_dir, sizeof base_dir, "%s/gatewalk-cli-XXXXXX", tmp ? tmp : memory);
    if (!mkdtemp(base_dir)) return -1;
    snprintf(work_dir, sizeof work_dir, "%.4000s/work", base_dir);
    return mkdir(work_dir, 0700);
}

static inline int program_teardown(void **state) {
    (void)state;
    remove_tree(base_dir);
    return 0;
}

/* ---- a small experiment that takes a fraction of a second ---------------------------------------- */

static const char small_experiment[] =
    "{\n"
    "  \"name\": \"small\",\n"
    "  \"title\": \"a small one\",\n"
    "  \"data\": [{\"file\": \"rw.csv\", \"symbol\": \"RW\"}],\n"
    "  \"features\": [\"log_return(1)\", \"rsi(14)\", \"range\"],\n"
    "  \"labels\": {\"horizon\": 5, \"ratio\": 2, \"min_move\": 0.002},\n"
    "  \"folds\": {\"train\": 400, \"validation\": 150, \"test\": 200},\n"
    "  \"signals\": {\"k\": [1, 5, 10], \"act_on\": 5},\n"
    "  \"model\": {\"lookback\": 16, \"hidden\": 8, \"attention_units\": 8, \"dense_units\": 8},\n"
    "  \"training\": {\"epochs\": 2, \"batch_size\": 64},\n"
    "  \"trading\": {\"size\": 1},\n"
    "  \"costs\": {\"taker_bps\": 1},\n"
    "  \"broker\": {\"initial_cash\": 1000},\n"
    "  \"scaler\": {\"kind\": \"robust\"},\n"
    "  \"verdict\": {\"baseline\": \"lstm\", \"bootstrap\": 100, \"null_resamples\": 10, \"random_entries\": 20},\n"
    "  \"seeds\": 1,\n"
    "  \"strategies\": [\n"
    "    {\"name\": \"lstm\", \"strategy\": \"gate\"},\n"
    "    {\"name\": \"bahdanau\", \"strategy\": \"gate\", \"model\": {\"attention\": \"bahdanau\"}},\n"
    "    \"buy_and_hold\"\n"
    "  ]\n"
    "}\n";

/* small.json and its data, rw.csv, in the work folder. */
static inline void put_small_experiment(void) {
    struct run run;
    put_text("small.json", small_experiment);
    run_fine(&run, "synth", "random-walk", "--bars", "1200", "--seed", "3", "--out", "rw.csv");
    run_free(&run);
}

#endif
