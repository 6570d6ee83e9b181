/* The program is killed (SIGKILL) at each of its calls into the C library, at any moment in between, and while another one works beside
 * it: what is found afterwards is whole or not there, nothing goes on running, and the same command given again ends with
 * the bytes of one that nobody disturbed, the litter gone.
 *   KILLS_EACH  places of one command, spread evenly (5; 0: all, memory apart)
 *   KILLS_ANY   kills of one command at some moment (1)
 *   KILLS_PAIRS of two runs at once one is killed, so many times (6)
 *   KILLS_ONLY  rows of commands.def alone, by their names, '|' between them (all)
 *   KILLS_CSV   a file for the counts by command; commands that were not tried keep theirs */
#include "faults/trial.h"

#include <utime.h>

enum { EACH = 5, ANY = 1, PAIRS = 6, WORKERS = 2, MOST_SHOWN = 40 };

struct count {
    atomic_size_t tried, killed, wrong;
};
struct shared {
    atomic_size_t next;
    struct count of[N_ROWS];
};
static struct shared *shared;

static size_t setting(const char *name, size_t usual) {
    const char *text = getenv(name);
    size_t value = text ? strtoul(text, NULL, 10) : usual;
    return value ? value : SIZE_MAX;
}

/* ---- what a killed one leaves --------------------------------------------------------------------- */

static bool is_temporary(const char *line) {
    char name[1024];
    long pid;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " "), line);
    /* Of refits in work: models, which their end removes, and the figures of those that are done. */
    if (strstr(line, ".null/models") || strstr(line, ".null/null_refits.csv")) return true;
    if (is_below(name, "/out/stages/states"))
        return true; /* of trials that the rung above goes on from, until the end */
    if (strcmp(name, "/library/training.safetensors") == 0)
        return true; /* a training's last epoch, until its model is there */
    return is_below(line, "/tmp/") || out_is_leftover(strrchr(name, '/') + 1, &pid);
}

/* Half a file under its final name, or one of before that is gone. */
static const char *judge_remains(size_t row, const char *after) {
    static char text[1500];
    const struct known *k = &known[row];
    for (const char *at = after; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (has_line(k->before, at) || has_line(k->after, at) || is_temporary(at)) continue;
        snprintf(text, sizeof text, "half-done: %.*s", (int)strcspn(at, "\n"), at);
        return text;
    }
    bool runs = strcmp(rows[row].args[0], "run") == 0 || strcmp(rows[row].args[0], "study") == 0 ||
                strcmp(rows[row].args[0], "search") == 0;
    const char *lost = first_missing(k->before, after, runs ? is_taken_away : NULL);
    while (lost && has_name(after, lost)) lost = NULL; /* it has its new content already */
    snprintf(text, sizeof text, "lost: %.*s", lost ? (int)strcspn(lost, "\n") : 0, lost ? lost : "");
    return lost ? text : NULL;
}

/* Does a process work in our folder? gnuplot's stand-in does, in one of its own there. */
static bool somebody_works(void) {
    DIR *proc = opendir("/proc");
    bool found = false;
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        char link[300], where[PATH_MAX];
        snprintf(link, sizeof link, "/proc/%.200s/cwd", entry->d_name);
        ssize_t n = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? readlink(link, where, sizeof where - 1) : -1;
        if (n <= 0) continue;
        where[n] = '\0';
        found = strncmp(where, work_dir, strlen(work_dir)) == 0;
    }
    if (proc) closedir(proc);
    return found;
}

static const char *judge_processes(void) {
    for (double begin = now_seconds(); now_seconds() - begin < 3;) {
        if (!somebody_works()) return NULL;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return "something goes on running";
}

/* Temporaries of the cache, which others may be writing just now, go after an hour. */
static void let_an_hour_pass(const char *folder) {
    DIR *dir = opendir(work(folder));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[3 * PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", work(folder), entry->d_name);
        if (strstr(entry->d_name, ".tmp")) utime(path, &(struct utimbuf){time(NULL) - 7200, time(NULL) - 7200});
    }
    if (dir) closedir(dir);
}

/* One that had saved everything goes on from there, and may have less to say. What another has put into the cache is not saved
 * again, and only who saves takes old temporaries away. */
static const char *judge_repeat(size_t row, const char *after, bool beside) {
    static char text[1500];
    struct run run;
    int64_t recorded = rows[row].may & STORES ? recorded_in(work(ledger)) : 0;
    let_an_hour_pass("cache");
    plan_nothing();
    run_row(&run, row);
    char *again = list_state();
    const char *lost = first_missing(known[row].after, again, NULL),
               *more = first_missing(again, known[row].after, beside ? is_cache : NULL);
    const char *line = lost ? lost : more ? more : "";
    snprintf(text, sizeof text, "given again: exit %d, %s%.*s%s", run.status, lost ? "lost " : "left ",
             (int)strcspn(line, "\n"), line, run.status ? run.err : "");
    bool complete = strcmp(after, known[row].after) == 0;
    bool good = run.status == 0 && !lost && !more && (complete || same_output(row, run.out));
    free(again);
    run_free(&run);
    return good ? judge_ledger_again(row, recorded) : text;
}

/* `others`: so many have recorded themselves in the same ledger. */
static void judge(size_t row, const char *how, uint64_t at, bool killed, int64_t others) {
    struct count *count = &shared->of[row];
    char *after = list_state();
    const char *what = judge_remains(row, after);
    if (!what) what = judge_ledger(row, false, "", others);
    if (!what) what = judge_processes();
    if (!what) what = judge_repeat(row, after, strstr(how, "beside") != NULL);
    free(after);
    count->tried++;
    count->killed += killed;
    if (what && count->wrong++ < MOST_SHOWN)
        print_message("%s: killed %s %ju: %s\n", rows[row].name, how, (uintmax_t)at, what);
}

/* ---- kills ---------------------------------------------------------------------------------------- */

static void kill_at_call(size_t row, uint64_t at) {
    struct run run;
    begin_with(row);
    plan_nothing();
    plan->at = at;
    plan->mode = FAULT_KILL;
    run_row(&run, row);
    judge(row, "at call", at, run.status == 128 + SIGKILL, 0);
    run_free(&run);
}

static int end_of(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid) abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t start_beside(size_t row, const char *name) {
    char out[2 * PATH_MAX], err[2 * PATH_MAX];
    snprintf(out, sizeof out, "%.4000s/%s.out", base_dir, name);
    snprintf(err, sizeof err, "%.4000s/%s.err", base_dir, name);
    pid_t pid = start(rows[row].args, &(struct how){.in_file = rows[row].may & READS ? "rw.csv" : NULL}, out, err);
    if (pid < 0) abort();
    return pid;
}

static void kill_some_time(size_t row, uint64_t microseconds) {
    begin_with(row);
    plan_nothing();
    set_surroundings(row);
    pid_t pid = start_beside(row, "some_time");
    nanosleep(&(struct timespec){.tv_sec = (time_t)(microseconds / 1000000),
                                 .tv_nsec = (long)(microseconds % 1000000) * 1000},
              NULL);
    kill(pid, SIGKILL);
    judge(row, "after microseconds", microseconds, end_of(pid) == 128 + SIGKILL, 0);
}

/* ---- two at once ------------------------------------------------------------------------------------- */

/* The other one, in `folder`, without a fault. */
static pid_t start_other(const char *folder, size_t row) {
    char here[PATH_MAX];
    strcpy(here, work_dir);
    strcpy(work_dir, folder);
    unsetenv("LD_PRELOAD");
    pid_t pid = start_beside(row, "other");
    setenv("LD_PRELOAD", preload_path, 1);
    strcpy(work_dir, here);
    return pid;
}

static const char *judge_other(const char *folder, size_t row) {
    static char text[1500];
    char here[PATH_MAX];
    strcpy(here, work_dir);
    strcpy(work_dir, folder);
    char *state = list_state();
    const char *lost = first_missing(known[row].after, state, is_cache),
               *more = first_missing(state, known[row].after, NULL);
    const char *line = lost ? lost : more ? more : "";
    snprintf(text, sizeof text, "%s%.*s", lost ? "lost " : "left ", (int)strcspn(line, "\n"), line);
    free(state);
    strcpy(work_dir, here);
    return lost || more ? text : NULL;
}

/* Two runs share the cache and, where they keep one, the ledger, or even the folder; one is killed. The other does not notice, or says that the folder is in use. */
static void kill_one_of_two(size_t row, uint64_t at, bool same_folder) {
    char twin[PATH_MAX], before[2 * PATH_MAX];
    snprintf(twin, sizeof twin, "%.4000s/twin", base_dir);
    snprintf(before, sizeof before, "%.4000s/before-%zu", all_dir, row);
    begin_with(row);
    remove_tree(twin);
    copy_tree(before, twin);
    plan_nothing();
    set_surroundings(row);
    if (rows[row].may & STORES) setenv("GATEWALK_STORE", work(ledger), 1);
    plan->at = at;
    plan->mode = FAULT_KILL;
    pid_t one = start_beside(row, "one"), other = start_other(same_folder ? work_dir : twin, row);
    int end_of_one = end_of(one), end_of_other = end_of(other);
    const char *what = NULL;
    if (end_of_other != 0 && !(same_folder && end_of_other == 1)) what = "the other one fails";
    if (!what && !same_folder) what = judge_other(twin, row);
    if (what) {
        shared->of[row].wrong++;
        print_message("%s: killed beside another at call %ju: %s\n", rows[row].name, (uintmax_t)at, what);
    }
    judge(row, "beside another at call", at, end_of_one == 128 + SIGKILL, end_of_other == 0);
}

/* ---- all ---------------------------------------------------------------------------------------------- */

struct job {
    enum { AT_CALL, SOME_TIME, BESIDE, IN_THE_SAME } kind;
    size_t row;
    uint64_t at;
};

/* A bench leaves no results, and is as slow as it was asked to be. */
static bool is_killed(size_t row) { return !(rows[row].may & SLOW) && is_chosen_by("KILLS_ONLY", row); }
static int setup(void **state) { return trial_setup_of("KILLS_ONLY", state); }

static size_t choose(struct job *to, size_t each, size_t any, size_t pairs) {
    size_t n = 0;
    for (size_t row = 0; row < N_ROWS; row++) {
        uint64_t calls = is_killed(row) ? known[row].seen_but_memory : 0;
        size_t n_row = calls < each ? (size_t)calls : each;
        for (size_t i = 0; i < n_row; i++, n++)
            if (to) to[n] = (struct job){AT_CALL, row, 1 + (n_row > 1 ? i * (calls - 1) / (n_row - 1) : 0)};
        for (size_t i = 0; i < any && calls; i++, n++)
            if (to)
                to[n] = (struct job){SOME_TIME, row,
                                     (uint64_t)(known[row].seconds * 1e6 * ((double)i + 0.5) / (double)any)};
        bool shares = calls && (strstr(rows[row].name, "import") || strstr(rows[row].name, "on record"));
        for (size_t i = 0; i < pairs && shares; i++, n++)
            if (to) to[n] = (struct job){i % 4 == 3 ? IN_THE_SAME : BESIDE, row, 1 + i * (calls - 1) / pairs};
    }
    return n;
}

static void work_on(const struct job *job, size_t n, size_t worker) {
    char name[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof name, "worker-%zu", worker);
    take_place(name);
    for (size_t i; (i = atomic_fetch_add(&shared->next, 1)) < n;) {
        if (job[i].kind == AT_CALL) kill_at_call(job[i].row, job[i].at);
        if (job[i].kind == SOME_TIME) kill_some_time(job[i].row, job[i].at);
        if (job[i].kind >= BESIDE) kill_one_of_two(job[i].row, job[i].at, job[i].kind == IN_THE_SAME);
    }
    fflush(stdout);
    _exit(0);
}

static void print_counts(FILE *to, const char *old) {
    fprintf(to, "command,calls,tried,killed,wrong\n");
    for (size_t row = 0; row < N_ROWS; row++)
        if (shared->of[row].tried)
            fprintf(to, "\"%s\",%ju,%zu,%zu,%zu\n", rows[row].name, (uintmax_t)known[row].seen_but_memory,
                    shared->of[row].tried, shared->of[row].killed, shared->of[row].wrong);
        else
            keep_counts(to, old, row);
}

static void test_every_kill(void **state) {
    (void)state;
    size_t each = setting("KILLS_EACH", EACH), any = setting("KILLS_ANY", ANY), pairs = setting("KILLS_PAIRS", PAIRS);
    size_t n = choose(NULL, each, any, pairs), tried = 0, killed = 0, wrong = 0;
    struct job *job = calloc(n, sizeof *job);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(job && shared != MAP_FAILED);
    choose(job, each, any, pairs);
    double begin = now_seconds();
    fflush(stdout);
    for (size_t i = 0; i < WORKERS; i++)
        if (fork() == 0) work_on(job, n, i);
    for (int status, i = 0; i < WORKERS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (size_t row = 0; row < N_ROWS; row++)
        tried += shared->of[row].tried, killed += shared->of[row].killed, wrong += shared->of[row].wrong;
    print_message("%zu of %zu kills, %zu met the program alive, %zu wrong; %.1f s\n", tried,
                  choose(NULL, SIZE_MAX, any, pairs), killed, wrong, now_seconds() - begin);
    char *old = getenv("KILLS_CSV") ? get_file(getenv("KILLS_CSV"), NULL) : NULL;
    FILE *csv = getenv("KILLS_CSV") ? fopen(getenv("KILLS_CSV"), "w") : NULL;
    if (csv) print_counts(csv, old);
    if (csv) fclose(csv);
    free(old);
    assert_int_equal(wrong, 0);
    assert_int_equal(tried, n);
    assert_true(killed > tried * 3 / 4);
    munmap(shared, sizeof *shared);
    free(job);
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__)
    print_message("skip: the sanitizer wants to come first itself\n");
    return print_message("[  PASSED  ] 0 test(s).\n[  SKIPPED ] 1 test(s)\n"), 0;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_kill)};
    return cmocka_run_group_tests(tests, setup, trial_teardown);
}
