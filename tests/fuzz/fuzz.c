/* The fuzzer for as long as one likes:
 *
 *   make SAN=1 BUILD=.build/asan .build/asan/tests/fuzz/fuzz
 *   .build/asan/tests/fuzz/fuzz TARGET SECONDS [SEED]        look for findings (exit 1 at the first)
 *   .build/asan/tests/fuzz/fuzz TARGET --show SEED NUMBER    one input, on stdout
 *   .build/asan/tests/fuzz/fuzz TARGET --again SEED NUMBER   feed that input once more
 *
 * Run it from the project's root: the sound inputs are the fixtures of the tests. */
#include "engine/base/base.h"
#include "isolate.h"
#include "targets.h"

static int usage(void) {
    fprintf(stderr, "usage: fuzz TARGET SECONDS [SEED] | fuzz TARGET --show|--again SEED NUMBER\ntargets:");
    for (size_t i = 0; i < COUNT_OF(fuzz_targets); i++) fprintf(stderr, " %s", fuzz_targets[i]->name);
    fputc('\n', stderr);
    return 2;
}

static int search(const struct fuzz_target *target, double seconds, uint64_t seed) {
    struct fuzz_result result;
    fuzz_feed(target, seed, UINT64_MAX, seconds, &result);
    printf("%s seed %llu: %llu inputs, %llu accepted: %s\n", target->name, (unsigned long long)seed,
           (unsigned long long)result.n_inputs, (unsigned long long)result.n_accepted,
           result.finding[0] ? result.finding : "nothing found");
    return result.finding[0] ? 1 : 0;
}

static int one(const struct fuzz_target *target, bool show, uint64_t seed, uint64_t number) {
    struct fuzz_run run;
    struct fuzz_random random;
    bool good = true;
    if (!fuzz_begin(&run, target, seed)) return usage();
    fuzz_make(&run, number, &random);
    if (show)
        fwrite(run.input.bytes, 1, run.input.n, stdout);
    else {
        good = fuzz_step(&run, number);
        printf("%s (message \"%s\")\n", good ? "nothing found" : run.finding, gw_error_message());
    }
    fuzz_end(&run);
    return good ? 0 : 1;
}

int main(int argc, char **argv) {
    const struct fuzz_target *target = argc > 2 ? fuzz_find_target(argv[1]) : NULL;
    if (!target) return usage();
    fuzz_open_dir();
    int rc;
    if (argv[2][0] == '-')
        rc = argc == 5
                 ? one(target, strcmp(argv[2], "--show") == 0, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10))
                 : usage();
    else
        rc = search(target, strtod(argv[2], NULL), argc > 3 ? strtoull(argv[3], NULL, 10) : 1);
    fuzz_remove(fuzz_dir);
    return rc;
}
