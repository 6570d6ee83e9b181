/* What libFuzzer has found worth keeping, and every input that was a finding once, fed to the targets again without it: each file
 * of tests/fuzz/corpus/TARGET. */
#include "engine/base/base.h"
#include "isolate.h"
#include "targets.h"
#include "test.h"

static const char folder[] = "tests/fuzz/corpus";
enum { FEWEST = 5, MOST_BYTES = 300000 };

static size_t total_bytes;

/* In a process of its own, as the fuzzer does: "" or what was found. */
static void replay(const struct fuzz_target *target, const char *dir, struct fuzz_result *result) {
    struct fuzz_input sound[MOST_SOUND] = {{NULL, 0}};
    struct dirent **entry;
    fuzz_limit_memory();
    size_t n_sound = target->setup(sound);
    int n = scandir(dir, &entry, NULL, alphasort);
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere) stderr = nowhere;
    for (int i = 0; i < n && !result->finding[0]; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%.200s", dir, entry[i]->d_name);
        if (entry[i]->d_name[0] == '.') continue;
        struct fuzz_input input = fuzz_get(path);
        double begun = clock_seconds();
        const char *complaint = fuzz_check_alone(target, input.bytes, input.n);
        if (!complaint && clock_seconds() - begun > target->slow_seconds) complaint = "takes too long";
        if (complaint) snprintf(result->finding, sizeof result->finding, "%s: %s", path, complaint);
        result->n_inputs++;
        total_bytes += input.n;
        free(input.bytes);
        result->n_accepted = total_bytes;
    }
    for (int i = 0; i < n; i++) free(entry[i]);
    if (n >= 0) free(entry);
    /* Sound ones, too: a target that refuses all of them would only ever try refusals. */
    uint64_t accepted = fuzz_accepted;
    for (size_t i = 0; i < n_sound && !result->finding[0]; i++) {
        const char *complaint = fuzz_check_alone(target, sound[i].bytes, sound[i].n);
        if (complaint) snprintf(result->finding, sizeof result->finding, "sound input %zu: %s", i, complaint);
    }
    if (!result->finding[0] && fuzz_accepted == accepted)
        snprintf(result->finding, sizeof result->finding, "%s: none of %zu sound inputs is taken", target->name,
                 n_sound);
    for (size_t i = 0; i < n_sound; i++) free(sound[i].bytes);
    if (target->teardown) target->teardown();
}

static void test_every_corpus(void **state) {
    (void)state;
    size_t bytes = 0;
    struct fuzz_result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    for (size_t t = 0; t < COUNT_OF(fuzz_targets); t++) {
        char dir[300];
        int status = 0;
        snprintf(dir, sizeof dir, "%s/%s", folder, fuzz_targets[t]->name);
        memset(shared, 0, sizeof *shared);
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            replay(fuzz_targets[t], dir, shared);
            exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status)
            fail_msg("%s: file %ju of the corpus ends the process (%d)", dir, (uintmax_t)shared->n_inputs + 1, status);
        if (shared->finding[0]) fail_msg("%s", shared->finding);
        if (shared->n_inputs < FEWEST) fail_msg("%s: %ju files only", dir, (uintmax_t)shared->n_inputs);
        bytes += shared->n_accepted;
    }
    munmap(shared, sizeof *shared);
    assert_in_range(bytes, 1, MOST_BYTES); /* minimal ones: the repository holds no fuzzer's output */
}

static int setup(void **state) {
    (void)state;
    fuzz_open_dir();
    return 0;
}
static int teardown(void **state) {
    (void)state;
    fuzz_remove(fuzz_dir);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_corpus)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
