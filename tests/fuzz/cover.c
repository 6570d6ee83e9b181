/* The targets under libFuzzer or AFL++, which look for inputs that reach code that none has reached: `make fuzz`, and the same with
 * ENGINE=afl.
 *   GATEWALK_FUZZ_TARGET   a row of targets.def
 *   GATEWALK_FUZZ_BASE     where the folder for its files is made; AFL++ ends it without a chance to remove that
 *   GATEWALK_FUZZ_SEEDS    a folder: writes the target's sound inputs there and ends */
#include "engine/base/base.h"
#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct fuzz_target *target;

/* AFL++ forks what was set up here, again and again; what its children end with is not the end. */
static pid_t owner;

static void remove_own(void) {
    if (getpid() == owner) fuzz_remove(fuzz_dir);
}

static void write_seeds(const char *folder, const struct fuzz_input *seed, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%.900s/seed-%02zu", folder, i);
        fuzz_put(path, seed[i].bytes, seed[i].n);
    }
    exit(0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    struct fuzz_input seed[MOST_SOUND] = {{NULL, 0}};
    (void)argc;
    (void)argv;
    target = fuzz_find_target(getenv("GATEWALK_FUZZ_TARGET"));
    if (!target) fuzz_die("GATEWALK_FUZZ_TARGET names no target of tests/fuzz/targets.def");
    fuzz_open_dir();
    owner = getpid();
    atexit(remove_own);
    progress_quiet(true);
    size_t n = target->setup(seed);
    if (n == 0) fuzz_die("no sound inputs; run it from the project's root");
    if (getenv("GATEWALK_FUZZ_SEEDS")) write_seeds(getenv("GATEWALK_FUZZ_SEEDS"), seed, n);
    for (size_t i = 0; i < n; i++) free(seed[i].bytes);
    /* Notes of the code under test would drown what the fuzzer says, which writes to the descriptor. */
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere) stderr = nowhere;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n > LARGEST_INPUT) return -1;
    size_t live = mem_live_bytes();
    const char *complaint = fuzz_check_alone(target, (const char *)bytes, n);
    char text[64];
    if (!complaint && mem_live_bytes() > live) {
        snprintf(text, sizeof text, "%zu bytes were not released", mem_live_bytes() - live);
        complaint = text;
    }
    if (!complaint) return 0;
    dprintf(STDERR_FILENO, "FINDING: %s: %s\n", target->name, complaint);
    abort();
}
