/* What the C library can refuse is refused, at each place where it is asked for, once or from there on for good: a command then ends
 * with exactly the bytes that it has otherwise, or with one line that says why, with everything that was there before still
 * there and nothing half-done beside it; and the same command given again has the bytes that it has otherwise.
 *   FAULTS_EACH  places of one call and reason in one command, spread evenly (3; 0: all)
 *   FAULTS_MOST  trials in all, spread evenly (400; 0: all)
 *   FAULTS_ONLY  rows of commands.def alone, by their names, '|' between them (all)
 *   FAULTS_CSV   a file for the counts by command and call; commands that were not tried keep theirs */
#include "trial.h"

#include <sys/prctl.h>

enum { EACH = 3, MOST = 400, WORKERS = 2, MOST_SHOWN = 60 };

static const char *const call_name[N_CALLS] = {
#define CALL(name, reason, second) [CALL_##name] = #name,
#define SURVIVED(name, reason, second)
#include "calls.def"
#undef CALL
#undef SURVIVED
};

struct reason {
    enum fault_call call;
    int reason;
    bool survived; /* must be */
};
static const struct reason reasons[] = {
#define CALL(name, reason, second)     {CALL_##name, reason, false}, {CALL_##name, second, false},
#define SURVIVED(name, reason, second) {CALL_##name, reason, true}, {CALL_##name, second, true},
#include "calls.def"
#undef CALL
#undef SURVIVED
};

enum outcome { NOT_TRIED, SAME_BYTES, SAID_WHY, RUNTIMES_OWN, WRONG, N_OUTCOMES };

struct fault {
    uint16_t row;
    uint8_t reason, mode; /* of `reasons`; enum fault_mode */
    uint8_t outcome;
    uint32_t at;
};

struct shared {
    atomic_size_t next, n_shown;
    size_t n;
    struct fault fault[];
};

/* ---- judging ------------------------------------------------------------------------------------ */

static size_t n_own_lines(const char *err) {
    size_t n = strncmp(err, "gatewalk: ", 10) == 0;
    for (const char *at = err; (at = strstr(at, "\ngatewalk: ")); at++) n++;
    return n;
}

static bool is_cache_or_report(const char *line) { return is_cache(line) || is_report(line); }

/* What cannot be taken away stays, and whoever comes next takes it away. */
static bool may_litter(const struct fault *fault) {
    enum fault_call call = reasons[fault->reason].call;
    if (call == CALL_unlink || call == CALL_unlinkat || call == CALL_rmdir) return true;
    return fault->mode == FAULT_FOR_GOOD &&
           (call == CALL_open || call == CALL_fdopendir || call == CALL_readdir || call == CALL_malloc);
}

static const char *judge_success(const struct fault *fault, const struct run *run, const char *after) {
    static char text[1500];
    const struct known *k = &known[fault->row];
    bool undrawn = rows[fault->row].may & DRAWS && n_own_lines(run->err) == 1;
    if (n_own_lines(run->err) > 0 && !undrawn) return "complains and succeeds";
    if (!same_output(fault->row, run->out) && !same_but_unrecorded(fault->row, run)) return "other output";
    const char *lost = first_missing(k->after, after, undrawn ? is_cache_or_report : is_cache);
    snprintf(text, sizeof text, "lost or changed: %.*s", lost ? (int)strcspn(lost, "\n") : 0, lost ? lost : "");
    if (lost) return text;
    const char *more = may_litter(fault) ? NULL : first_missing(after, k->after, is_cache_entry);
    snprintf(text, sizeof text, "left: %.*s", more ? (int)strcspn(more, "\n") : 0, more ? more : "");
    return more ? text : NULL;
}

static const char *judge_failure(const struct fault *fault, const struct run *run, const char *after) {
    static char text[1500];
    const struct known *k = &known[fault->row];
    const struct reason *reason = &reasons[fault->reason];
    if (reason->survived) return "not survived";
    if (run->status < 1 || run->status > 3) return run->status < 0 ? "hangs" : "killed or an unknown exit status";
    if (reason->reason == ENOMEM && reason->call <= CALL_posix_memalign && run->status != 1)
        return "out of memory, and the exit status is not 1";
    if (!plan->foreign && (n_own_lines(run->err) != 1 || strncmp(last_line(run->err), "gatewalk: ", 10) != 0))
        return "no line or more than one says why";
    if (strlen(last_line(run->err)) < 20) return "the line says nothing";
    for (const char *at = after; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (has_line(k->before, at) || has_line(k->after, at) || is_refit(at)) continue;
        if (may_litter(fault) && !has_name(k->before, at) && !has_name(k->after, at)) continue;
        if (is_below(at, "/done/report.html ") && strstr(run->err, "gnuplot is not installed"))
            continue; /* no pictures */
        snprintf(text, sizeof text, "left: %.*s", (int)strcspn(at, "\n"), at);
        return text;
    }
    bool runs = strcmp(rows[fault->row].args[0], "run") == 0 || strcmp(rows[fault->row].args[0], "study") == 0 ||
                strcmp(rows[fault->row].args[0], "search") == 0;
    for (const char *at = k->before; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (has_name(after, at) || (runs && is_taken_away(at))) continue;
        snprintf(text, sizeof text, "lost: %.*s", (int)strcspn(at, "\n"), at);
        return text;
    }
    return NULL;
}

/* The same command again, with nothing refused. */
static const char *judge_repeat(size_t row, const char *after) {
    static char text[1500];
    struct run run;
    if (strcmp(after, known[row].before) == 0 || strcmp(after, known[row].after) == 0) return NULL;
    int64_t recorded = rows[row].may & STORES ? recorded_in(work(ledger)) : 0;
    plan_nothing();
    run_row(&run, row);
    char *again = list_state();
    const char *lost = first_missing(known[row].after, again, NULL),
               *more = first_missing(again, known[row].after, is_cache_entry);
    const char *line = lost ? lost : more ? more : "";
    snprintf(text, sizeof text, "and again: exit %d, %s%.*s", run.status, lost ? "lost " : "left ",
             (int)strcspn(line, "\n"), line);
    bool good = run.status == 0 && !lost && !more && same_output(row, run.out);
    free(again);
    run_free(&run);
    return good ? judge_ledger_again(row, recorded) : text;
}

static void show(const struct fault *fault, const char *what, const char *err) {
    const struct reason *reason = &reasons[fault->reason];
    print_message("%s: %s %u%s, %s: %s; said \"%s\"\n", rows[fault->row].name, call_name[reason->call], fault->at,
                  fault->mode == FAULT_ONCE ? "" : " and later",
                  reason->reason == SHORT ? "cut short" : strerrorname_np(reason->reason), what, last_line(err));
}

static void try_one(struct shared *shared, struct fault *fault) {
    struct run run;
    begin_with(fault->row);
    plan_nothing();
    plan->call = reasons[fault->reason].call;
    plan->reason = reasons[fault->reason].reason;
    plan->at = fault->at;
    plan->mode = (enum fault_mode)fault->mode;
    run_row(&run, fault->row);
    plan->mode = FAULT_NONE;
    bool own = plan->foreign && !plan->done;
    char *after = list_state();
    const char *what = run.status == 0 ? judge_success(fault, &run, after) : judge_failure(fault, &run, after);
    fault->outcome = (uint8_t)(own ? RUNTIMES_OWN : run.status == 0 ? SAME_BYTES : SAID_WHY);
    if (!what) what = judge_ledger(fault->row, run.status == 0, run.err, 0);
    if (!what) what = judge_repeat(fault->row, after);
    if (what) {
        fault->outcome = WRONG;
        if (atomic_fetch_add(&shared->n_shown, 1) < MOST_SHOWN) show(fault, what, run.err);
    }
    free(after);
    run_free(&run);
}

/* ---- which, and how many -------------------------------------------------------------------------- */

static size_t setting(const char *name, size_t usual) {
    const char *text = getenv(name);
    size_t value = text ? strtoul(text, NULL, 10) : usual;
    return value ? value : SIZE_MAX;
}

/* At most `each` of the places of a row, reason and mode, from the first to the last. */
static size_t spread(struct fault *to, struct fault like, uint64_t n_places, size_t each) {
    size_t n = n_places < each ? (size_t)n_places : each;
    for (size_t i = 0; to && i < n; i++) {
        like.at = (uint32_t)(1 + (n > 1 ? i * (n_places - 1) / (n - 1) : 0));
        to[i] = like;
    }
    return n;
}

static bool is_chosen(size_t row) { return is_chosen_by("FAULTS_ONLY", row); }
static int setup(void **state) { return trial_setup_of("FAULTS_ONLY", state); }

/* A lock that nobody gives is asked for again for ten seconds: that is tried, but not often, and not by the sample. */
static size_t places(const struct fault *like, size_t each) {
    bool waits = reasons[like->reason].call == CALL_fcntl64 && like->mode == FAULT_FOR_GOOD;
    return !waits ? each : each <= EACH ? 0 : 2;
}

static size_t choose(struct fault *to, size_t each) {
    size_t n = 0;
    for (uint16_t row = 0; row < N_ROWS; row++)
        for (uint8_t i = 0; i < COUNT_OF(reasons); i++)
            for (uint8_t mode = FAULT_ONCE; mode <= FAULT_FOR_GOOD; mode++) {
                if (!is_chosen(row)) continue;
                if (reasons[i].reason == NEVER || (reasons[i].survived && mode != FAULT_ONCE)) continue;
                struct fault like = {.row = row, .reason = i, .mode = mode};
                n += spread(to ? to + n : NULL, like, known[row].seen[reasons[i].call], places(&like, each));
            }
    return n;
}

/* `most` of them, evenly. */
static size_t thin_out(struct fault *fault, size_t n, size_t most) {
    if (n <= most) return n;
    for (size_t i = 0; i < most; i++) fault[i] = fault[i * n / most];
    return most;
}

static void work_on(struct shared *shared, size_t worker) {
    char name[32];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof name, "worker-%zu", worker);
    take_place(name);
    for (size_t i; (i = atomic_fetch_add(&shared->next, 1)) < shared->n;) try_one(shared, &shared->fault[i]);
    fflush(stdout);
    _exit(0);
}

static void print_counts(FILE *to, const struct shared *shared, size_t row) {
    for (size_t call = 0; call < N_CALLS; call++) {
        size_t n[N_OUTCOMES] = {0}, tried = 0;
        for (size_t i = 0; i < shared->n; i++) {
            const struct fault *fault = &shared->fault[i];
            if (fault->row == row && reasons[fault->reason].call == call) n[fault->outcome]++, tried++;
        }
        if (tried)
            fprintf(to, "\"%s\",%s,%ju,%zu,%zu,%zu,%zu,%zu\n", rows[row].name, call_name[call],
                    (uintmax_t)known[row].seen[call], tried, n[SAME_BYTES], n[SAID_WHY], n[RUNTIMES_OWN], n[WRONG]);
    }
}

static void write_counts(const char *path, const struct shared *shared) {
    char *old = get_file(path, NULL);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fprintf(to, "command,call,requests,faults,same_bytes,said_why,runtimes_own,wrong\n");
    for (size_t row = 0; row < N_ROWS; row++)
        is_chosen(row) ? print_counts(to, shared, row) : keep_counts(to, old, row);
    assert_int_equal(fclose(to), 0);
    free(old);
}

static void test_every_refusal(void **state) {
    (void)state;
    size_t each = setting("FAULTS_EACH", EACH), n = choose(NULL, each), n_of[N_OUTCOMES] = {0};
    struct shared *shared = mmap(NULL, sizeof *shared + n * sizeof shared->fault[0], PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    choose(shared->fault, each);
    shared->n = thin_out(shared->fault, n, setting("FAULTS_MOST", MOST));
    double begin = now_seconds();
    fflush(stdout);
    for (size_t i = 0; i < WORKERS; i++)
        if (fork() == 0) work_on(shared, i);
    for (int status, i = 0; i < WORKERS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    for (size_t i = 0; i < shared->n; i++) n_of[shared->fault[i].outcome]++;
    print_message("%zu of %zu faults: %zu without a trace, %zu with a line, %zu a runtime's own, %zu wrong; %.1f s\n",
                  shared->n, choose(NULL, SIZE_MAX), n_of[SAME_BYTES], n_of[SAID_WHY], n_of[RUNTIMES_OWN], n_of[WRONG],
                  now_seconds() - begin);
    if (getenv("FAULTS_CSV")) write_counts(getenv("FAULTS_CSV"), shared);
    assert_int_equal(n_of[NOT_TRIED], 0);
    assert_int_equal(n_of[WRONG], 0);
    assert_true(n_of[SAID_WHY] > shared->n / 4);
    munmap(shared, sizeof *shared);
}

static void test_every_command_has_a_row(void **state) {
    (void)state;
    static const char *const command[] = {
#define COMMAND(name) #name,
#include "engine/cli/commands.def"
#undef COMMAND
    };
    for (size_t c = 0; c < COUNT_OF(command); c++) {
        bool found = false;
        for (size_t i = 0; i < N_ROWS; i++) found |= strcmp(rows[i].args[0], command[c]) == 0;
        if (!found) fail_msg("%s has no row in tests/faults/commands.def", command[c]);
    }
}

int main(void) {
#if defined(__SANITIZE_ADDRESS__)
    print_message("skip: the sanitizer wants to come first itself\n");
    return print_message("[  PASSED  ] 0 test(s).\n[  SKIPPED ] 2 test(s)\n"), 0;
#endif
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_command_has_a_row),
                                       cmocka_unit_test(test_every_refusal)};
    return cmocka_run_group_tests(tests, setup, trial_teardown);
}
