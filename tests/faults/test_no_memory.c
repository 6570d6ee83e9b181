/* Memory runs out at one place of a run, at each of them in turn: the run ends with the bytes that it has with enough
 * memory, or with one line that says so; never with another number, half a file, a temporary or a crash. */
#include "engine/base/base.h"
#include "walk/rundir.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__)
static size_t refuse_at, refuse_seen;
static bool refuse_foreign;
enum { HAS_ALLOCATOR = 0 }; /* the sanitizer's allocator cannot be replaced */
#else
#include "refuse.h"
enum { HAS_ALLOCATOR = 1 };
#endif

enum { TRIALS = 180, CRASHED = 99, MOST_SHOWN = 400 };

static const char text[] =
    "{'name':'faults','data':['NEW.csv'],'features':['log_return(1)','rsi(6)'],"
    "'labels':{'horizon':4,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':100,'validation':40,'test':60},'signals':{'k':[5,20],'act_on':20},"
    "'model':{'lookback':4,'hidden':2,'attention_units':2,'dense_units':2},"
    "'training':{'epochs':1,'batch_size':64,'block':4,'learning_rate':0.01,'calibration':'platt'},"
    "'verdict':{'bootstrap':100,'null_resamples':5,'random_entries':20,'confidence':0.9,'importance':true,'baseline':'"
    "none'},'seeds':2,"
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'}},'buy_and_hold']}";

struct trial {
    int rc; /* of the run, or CRASHED */
    size_t seen;
    bool foreign;
    char message[1024];
};

/* In a process of its own: what a refusal leaves in a library's state ends with it. */
static struct trial run_with(const struct experiment *e, const char *name, size_t at) {
    struct trial *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    shared->rc = CRASHED;
    pid_t pid = fork();
    if (pid == 0) {
        static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}; /* cmocka would go on in this process */
        for (size_t i = 0; i < COUNT_OF(fatal); i++) signal(fatal[i], SIG_DFL);
        progress_quiet(true);
        refuse_seen = 0;
        refuse_at = at;
        int rc = rundir_run(e, name, 1);
        refuse_at = 0;
        shared->seen = refuse_seen;
        shared->foreign = refuse_foreign;
        snprintf(shared->message, sizeof shared->message, "%s", rc < 0 ? gw_error_message() : "");
        shared->rc = rc;
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    struct trial outcome = *shared;
    munmap(shared, sizeof *shared);
    if (!WIFEXITED(status)) outcome.rc = CRASHED;
    return outcome;
}

static bool same_bytes(const char *a, const char *b) {
    size_t u, v;
    if (!file_exists(b)) return false;
    char *left = rundir_read(a, &u), *right = rundir_read(b, &v);
    bool same = u == v && memcmp(left, right, u) == 0;
    mem_free(left);
    mem_free(right);
    return same;
}

/* A temporary, or a file with other bytes than it has with enough memory; "" when there is none. Counts the files. */
static void find_wrong_file(const char *dir, const char *reference, size_t *n_files, char wrong[1200]) {
    char name[256][128];
    long pid;
    int n = rundir_names(dir, name);
    for (int i = 0; i < n; i++) {
        char x[1200], y[1200];
        struct stat info;
        snprintf(x, sizeof x, "%.1000s/%.127s", dir, name[i]);
        snprintf(y, sizeof y, "%.1000s/%.127s", reference, name[i]);
        bool folder = stat(x, &info) == 0 && S_ISDIR(info.st_mode), leftover = out_is_leftover(name[i], &pid);
        if (folder) find_wrong_file(x, y, n_files, wrong);
        if (folder || strcmp(name[i], GW_RUN_JSON) == 0) continue;
        ++*n_files;
        if (leftover || !same_bytes(x, y)) strcpy(wrong, x);
    }
}

/* What is wrong with how a run ended; NULL: nothing. */
static const char *complaint(const struct trial *trial, size_t n_whole, char text_of[1400]) {
    char wrong[1200] = "";
    size_t n_files = 0;
    if (file_exists(scratch("refused"))) find_wrong_file(scratch("refused"), scratch("whole"), &n_files, wrong);
    if (trial->rc == CRASHED) return "the program crashed";
    snprintf(text_of, 1400, "%d \"%s\"", trial->rc, trial->message);
    if (trial->rc < 0 && (gw_error_exit_code(trial->rc) != 1 || !strstr(trial->message, "emory"))) return text_of;
    snprintf(text_of, 1400, "%s is not what it must be", wrong);
    if (wrong[0]) return text_of;
    return trial->rc == GW_OK && n_files != n_whole ? "files are missing" : NULL;
}

/* So many refusals, spread evenly over the run: in a fresh folder, or in one that holds models already. */
static void refuse_each(const struct experiment *e, bool fresh, size_t n_whole) {
    char wrong[1400] = "";
    struct trial whole = run_with(e, fresh ? "counted" : "refused", SIZE_MAX);
    assert_ok(whole.rc);
    size_t n_failed = 0, n_tried = 0, n_wrong = 0;
    double begin = clock_seconds();
    /* GATEWALK_FAULTS=all takes each of them, a few minutes. */
    size_t stride = getenv("GATEWALK_FAULTS") ? 1 : whole.seen / TRIALS | 1;
    assert_true(whole.seen > 500);
    for (size_t at = 1; at <= whole.seen; at += stride) {
        if (fresh) scratch_delete(scratch("refused"));
        struct trial trial = run_with(e, "refused", at);
        const char *what = complaint(&trial, n_whole, wrong);
        if (what && n_wrong++ < MOST_SHOWN) print_message("request %zu refused: %s\n", at, what);
        n_tried++;
        n_failed += trial.rc < 0;
    }
    print_message("%zu of %zu requests refused, %zu runs failed, %zu wrong, %.1f s\n", n_tried, whole.seen, n_failed,
                  n_wrong, clock_seconds() - begin);
    assert_int_equal(n_wrong, 0);
    assert_true(n_failed > n_tried / 2);
}

static void every_refusal(void **state) {
    (void)state;
    if (!HAS_ALLOCATOR) {
        print_message("skip: the sanitizer's allocator cannot be replaced\n");
        skip();
    }
    struct experiment *e = fixture_experiment(text);
    char wrong[1200];
    size_t n_whole = 0;
    assert_ok(run_with(e, "whole", 0).rc);
    find_wrong_file(scratch("whole"), scratch("whole"), &n_whole, wrong);
    assert_true(n_whole > 10);
    refuse_each(e, true, n_whole);
    refuse_each(e, false, n_whole);
    experiment_free(e);
}

int main(void) {
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_refusal)};
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
