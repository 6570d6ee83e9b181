/* A command, run in a folder that is the same each time, with a fault or without; and what may be left there afterwards. */
#ifndef GATEWALK_TEST_TRIAL_H
#define GATEWALK_TEST_TRIAL_H

#include "cli/program.h"

#include <sqlite3.h>
#include <sys/mman.h>

#include "plan.h"

enum begins { FRESH, AGAIN };
enum { DRAWS = 1, TIMES = 2, ANY_OUTPUT = 4, SLOW = 8, SUMS = 16, THREADS = 32, READS = 64, STORES = 128 };

struct row {
    const char *name;
    enum begins begins;
    unsigned may;
    const char *args[MAX_ARGS];
};

static const struct row rows[] = {
#define ROW(name, begins, may, ...) {name, begins, may, {__VA_ARGS__}},
#include "commands.def"
#undef ROW
};
enum { N_ROWS = COUNT_OF(rows) };

/* What each row begins with and comes to when nothing is refused; owned for the whole test. */
struct known {
    char *before, *after, *out; /* listings (list_state), and standard output */
    char *unrecorded;           /* standard output when there is no ledger to count trials in; NULL: it keeps none */
    uint64_t seen[N_CALLS], seen_but_memory;
    int64_t recorded_before, recorded; /* in the ledger (recorded_in) */
    double seconds;
};
static struct known known[N_ROWS];
static struct fault_plan *plan; /* of the programs that this process starts */
static char plan_path[2 * PATH_MAX], preload_path[PATH_MAX], all_dir[PATH_MAX];

/* The rows that `variable` names, parted by '|'; all where it is not set. What is not chosen is not run. */
static inline bool is_chosen_by(const char *variable, size_t row) {
    const char *only = getenv(variable);
    for (const char *at = only; at && *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == strlen(rows[row].name) && strncmp(at, rows[row].name, strlen(rows[row].name)) == 0)
            return true;
    return !only;
}

/* ---- the folder --------------------------------------------------------------------------------- */

static inline void copy_tree(const char *from, const char *to) {
    DIR *dir = opendir(from);
    if (!dir || mkdir(to, 0700) < 0) abort();
    for (struct dirent *entry; (entry = readdir(dir));) {
        char x[2 * PATH_MAX], y[2 * PATH_MAX];
        struct stat info;
        size_t length;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(x, sizeof x, "%.4000s/%s", from, entry->d_name);
        snprintf(y, sizeof y, "%.4000s/%s", to, entry->d_name);
        if (lstat(x, &info) == 0 && S_ISDIR(info.st_mode)) {
            copy_tree(x, y);
            continue;
        }
        char *text = get_file(x, &length);
        FILE *stream = fopen(y, "wb");
        if (!text || !stream || fwrite(text, 1, length, stream) != length || fclose(stream) != 0) abort();
        free(text);
    }
    closedir(dir);
}

/* run.json holds times, and library.json where the bars lie, which is another place in every trial: they are only whole or
 * not. */
static inline const char *state_of_record(const char *line, const char *holds) {
    char path[3 * PATH_MAX];
    size_t length;
    snprintf(path, sizeof path, "%s%.*s", work_dir, (int)strcspn(line, " "), line);
    char *text = get_file(path, &length);
    while (text && length > 0 && text[length - 1] == '\n') text[--length] = '\0';
    bool whole = text && length > 20 && strcmp(text + length - 2, "\n}") == 0 && strstr(text, holds);
    free(text);
    return whole ? "whole" : "broken";
}

static inline bool is_named(const char *line, const char *end, const char *name) {
    return (size_t)(end - line) == strlen(name) && strncmp(line, name, strlen(name)) == 0;
}

/* The page of a run's own report tells its training times, so it is only whole or not; that of a finished run has its bytes. */
static inline const char *state_of_page(void) {
    size_t length;
    char *text = get_file(work("out/report.html"), &length);
    bool whole = text && length > 20 && strcmp(text + length - 8, "</html>\n") == 0 && strstr(text, " id=facts>");
    free(text);
    return whole ? "whole" : "broken";
}

/* The work folder as lines "NAME KIND SIZE HASH"; free() it. */
static inline char *list_state(void) {
    char *all = list_tree(work_dir, true), *kept = calloc(strlen(all) + 4096, 1), *to = kept;
    if (!kept) abort();
    for (char *line = strtok(all, "\n"); line; line = strtok(NULL, "\n")) {
        const char *end = strchr(line, ' ');
        if (strncmp(line, "/ledger", 7) == 0) continue;
        bool run = end && end - line > 9 && strncmp(end - 9, "/run.json", 9) == 0;
        bool library = end && end - line > 13 && strncmp(end - 13, "/library.json", 13) == 0;
        const char *holds = run ? "\"status\": \"" : "\"fingerprint\": \"";
        if (end && is_named(line, end, "/out/report.html")) {
            to += sprintf(to, "%.*s %s\n", (int)(end - line), line, state_of_page());
            continue;
        }
        to += run || library ? sprintf(to, "%.*s %s\n", (int)(end - line), line, state_of_record(line, holds))
                             : sprintf(to, "%s\n", line);
    }
    free(all);
    return kept;
}

static inline bool has_line(const char *listing, const char *line) {
    size_t length = strcspn(line, "\n");
    for (const char *at = listing; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, line, length) == 0 && at[length] == '\n') return true;
    return false;
}

static inline bool has_name(const char *listing, const char *line) {
    char name[1024];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, " \n") + 1, line);
    for (const char *at = listing; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, name, strlen(name)) == 0) return true;
    return false;
}

/* `line` starts with `prefix`. */
static inline bool is_below(const char *line, const char *prefix) { return strncmp(line, prefix, strlen(prefix)) == 0; }

/* The first line of `a` that `b` lacks and that `excused` does not know; NULL: none. */
static inline const char *first_missing(const char *a, const char *b, bool (*excused)(const char *line)) {
    for (const char *at = a; *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (!has_line(b, at) && !(excused && excused(at))) return at;
    return NULL;
}

/* ---- the ledger --------------------------------------------------------------------------------- */

static inline int64_t ask_ledger(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Finished runs, tags and forgotten runs in a ledger that is whole, as one number; -1 when it is not. Half a transaction would be seen: a finished run has the
 * metrics of every contestant, a trial all its parts. */
static inline int64_t recorded_in(const char *path) {
    sqlite3 *db = NULL;
    int64_t n = -1;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        ask_ledger(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1 &&
        ask_ledger(db, "SELECT count(*) FROM pragma_foreign_key_check") == 0 &&
        ask_ledger(db, "SELECT count(*) FROM runs r, contestants c USING (run_id) WHERE r.status = 'finished' AND NOT"
                       " EXISTS (SELECT 1 FROM metrics m WHERE m.run_id = r.run_id AND m.contestant = c.contestant)") ==
            0 &&
        ask_ledger(db, "SELECT count(*) FROM trials t WHERE t.sharpe IS NOT NULL AND 16 <> (SELECT count(*) FROM"
                       " trial_parts p WHERE p.data_hash = t.data_hash AND p.trial = t.trial)") == 0)
        n = ask_ledger(db,
                       "SELECT count(*) + 1000 * (SELECT count(*) FROM tags) + 1000000 * (SELECT sum(forgotten) FROM"
                       " runs) FROM runs WHERE status = 'finished'");
    sqlite3_close(db);
    return n;
}

static const char ledger[] = "ledger.sqlite";

/* What the command did to the ledger, in which `others` that ended well have recorded as much; `said`: what it said on
 * stderr. */
static inline const char *judge_ledger(size_t row, bool succeeded, const char *said, int64_t others) {
    if (!(rows[row].may & STORES)) return NULL;
    const struct known *k = &known[row];
    int64_t each = k->recorded - k->recorded_before, n = recorded_in(work(ledger));
    if (n < 0) return "the ledger is not whole";
    n -= others * each;
    if (n != k->recorded_before && n != k->recorded) return "the ledger has lost something, or has it twice";
    if (succeeded && n != k->recorded && !strstr(said, "is not recorded")) return "silently not recorded";
    return NULL;
}

/* The same command again, after which `n` things stood there: it has recorded itself once. */
static inline const char *judge_ledger_again(size_t row, int64_t n) {
    if (!(rows[row].may & STORES)) return NULL;
    int64_t now = recorded_in(work(ledger));
    bool good = now >= 0 && (now == n + known[row].recorded - known[row].recorded_before ||
                             (!(rows[row].may & TIMES) && now == known[row].recorded));
    return good ? NULL : "given again: not recorded";
}

/* The lines that an earlier table has of a command. */
static inline void keep_counts(FILE *to, const char *table, size_t row) {
    char name[256];
    snprintf(name, sizeof name, "\"%s\",", rows[row].name);
    for (const char *at = table; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (strncmp(at, name, strlen(name)) == 0) fprintf(to, "%.*s\n", (int)strcspn(at, "\n"), at);
}

/* ---- running ------------------------------------------------------------------------------------ */

static inline void begin_with(size_t row) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/before-%zu", all_dir, row);
    remove_tree(work_dir);
    copy_tree(path, work_dir);
}

static inline void plan_nothing(void) { memset(plan, 0, sizeof *plan); }

static inline void set_surroundings(size_t row) {
    setenv("OMP_NUM_THREADS", rows[row].may & THREADS ? "2" : "1", 1);
    setenv("GATEWALK_STORE", rows[row].may & STORES ? ledger : "off", 1);
    setenv("GATEWALK_TEST_SUMS", rows[row].may & SUMS ? "1" : "", 1);
}

/* The program with what the plan says; with the plan's library before the C library. */
static inline void run_row(struct run *run, size_t row) {
    struct how how = {.seconds = 60, .in_file = rows[row].may & READS ? "rw.csv" : NULL};
    set_surroundings(row);
    run_how(run, &how, rows[row].args);
}

/* A work folder, plan and caught output of one's own: `name` below the test's folder. */
static inline void take_place(const char *name) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", all_dir, name);
    snprintf(base_dir, sizeof base_dir, "%.4000s", path);
    if (mkdir(base_dir, 0700) < 0) abort();
    snprintf(work_dir, sizeof work_dir, "%.4000s/work", base_dir);
    snprintf(plan_path, sizeof plan_path, "%.4000s/plan", base_dir);
    int fd = open(plan_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *plan) < 0) abort();
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (plan == MAP_FAILED) abort();
    close(fd);
    setenv(FAULT_PLAN_VARIABLE, plan_path, 1);
    setenv("HOME", work_dir, 1);
    snprintf(path, sizeof path, "%.4000s/cache", work_dir);
    setenv("GATEWALK_CACHE", path, 1);
    snprintf(path, sizeof path, "%.4000s/tmp", work_dir);
    setenv("TMPDIR", path, 1);
}

/* ---- what everything begins with --------------------------------------------------------------------- */

static const char tiny_experiment[] =
    "{\"name\":\"tiny\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\"}],\"features\":[\"log_return(1)\",\"rsi(6)\"],"
    "\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,\"test\":"
    "60},"
    "\"signals\":{\"k\":[5,20],\"act_on\":20},\"model\":{\"lookback\":4,\"hidden\":2,\"attention_units\":2,"
    "\"dense_units\":2},\"training\":{\"epochs\":1,\"batch_size\":64,\"block\":4,\"learning_rate\":0.01,"
    "\"calibration\":\"platt\"},\"verdict\":{\"bootstrap\":100,\"null_resamples\":5,\"random_entries\":20,"
    "\"confidence\":0.9,"
    "\"importance\":true},\"seeds\":1,\"strategies\":[{\"name\":\"none\",\"strategy\":\"gate\",\"model\":{"
    "\"attention\":"
    "\"none\"}},{\"name\":\"bahdanau\",\"strategy\":\"gate\",\"model\":{\"attention\":\"bahdanau\"}}]}\n";

static const char own_experiment[] =
    "{\"name\":\"own\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\"}],\"features\":[\"log_return(1)\"],"
    "\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,\"test\":"
    "60},"
    "\"verdict\":{\"bootstrap\":100,\"null_resamples\":5,\"random_entries\":20,\"confidence\":0.9},\"strategies\":["
    "{\"name\":\"rules\",\"enter_long\":\"rsi(4) < 50 and position == 0\",\"exit_long\":\"close > ago(close, 3)\"},"
    "{\"name\":\"script\",\"script\":\"own.lua\",\"parameters\":{\"n\":5}},"
    "{\"name\":\"both\",\"strategy\":\"ensemble\",\"members\":\"rules,script\"}]}\n";
/* A second sequence, a decoder and its forecasts: what they take room for and leave. */
static const char decoder_experiment[] =
    "{\"name\":\"asks\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\"}],\"features\":[\"log_return(1)\","
    "\"range@1h\"],\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":"
    "40,\"test\":60},\"model\":{\"lookback\":6,\"hidden\":4,\"attention_units\":4,\"dense_units\":4},\"training\":{"
    "\"epochs\":1},\"verdict\":{\"bootstrap\":100,\"null_resamples\":5,\"random_entries\":20,\"importance\":false},"
    "\"seeds\":1,\"strategies\":[{\"name\":\"path\",\"strategy\":\"gate\",\"model\":{\"attention\":\"bahdanau\","
    "\"decoder\":\"path\",\"decoder_steps\":2}},{\"name\":\"hours\",\"strategy\":\"gate\",\"model\":{\"cross\":{"
    "\"interval\":\"1h\",\"lookback\":3,\"units\":4}}}]}\n";
static const char plugin_experiment[] =
    "{\"name\":\"plugged\",\"data\":[{\"file\":\"rw.csv\",\"symbol\":\"RW\"}],\"features\":[\"log_return(1)\"],"
    "\"labels\":{\"horizon\":4,\"ratio\":1.2,\"min_move\":0.002},\"folds\":{\"train\":100,\"validation\":40,\"test\":"
    "60},\"verdict\":{\"bootstrap\":100,\"null_resamples\":5,\"random_entries\":20,\"confidence\":0.9},\"strategies\":["
    "{\"name\":\"plugin\",\"plugin\":\"./own_plugin.so\"},\"buy_and_hold\"]}\n";
static const char own_script[] =
    "local rsi = feature('rsi(4)')\nlocal n = parameter('n', 3, 1, 9)\n"
    "function on_bar(bar, history, score, position, orders)\n"
    "  local list = {}\n  for i = 0, n do list[#list + 1] = history.close(i) end\n  table.sort(list)\n"
    "  if position.quantity == 0 and rsi() < 50 and bar.close < list[#list] then orders.buy{max_bars = 6} end\nend\n";

static const char tiny_study[] =
    "{\"name\":\"tiny_study\",\"experiment\":\"e.json\",\"search\":{\"seeds\":1,\"folds\":1,\"epochs\":1},\"stages\":["
    "{\"name\":\"loss\",\"carry\":true,\"variants\":[{\"name\":\"bce\"},{\"name\":\"focal\",\"training\":{\"loss\":"
    "\"focal\"}}]},{\"name\":\"attention\",\"variants\":[{\"name\":\"dot\",\"model\":{\"attention\":\"luong_dot\"}}]}]}"
    "\n";

static const char tiny_search[] =
    "{\"name\":\"tiny_search\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"grid\",\"contestant\":\"none\"},"
    "\"space\":{\"training.learning_rate\":{\"log\":[0.01,0.1],\"points\":2},\"model.lookback\":{\"choice\":[2,4]}}}\n";

/* Fits that stop between epochs, lie in a folder for the rung above and go on from there. */
static const char tiny_rungs[] =
    "{\"name\":\"tiny_rungs\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"asha\",\"contestant\":\"none\","
    "\"trials\":4,\"rungs\":2,\"reduction\":2,\"epochs\":2,\"folds\":2,\"seed\":4},\"space\":{"
    "\"training.learning_rate\":{\"log\":[0.001,0.3]}}}\n";

/* gnuplot's part: pictures of the right kind that hold a checksum of what there was to draw. */
static const char stand_in[] =
    "#!/bin/sh\n"
    "PATH=/usr/bin:/bin\n"
    "sum=; [ -z \"$GATEWALK_TEST_SUMS\" ] || sum=$(cat ./* | cksum)\n"
    "case $2 in\n"
    "*png*) sed -n \"s/^page_picture.*= '\\(.*\\)'/\\1/p\" report.set | while read -r name; do\n"
    "    printf '\\211PNG%0150d%s\\n' 0 \"$sum\" >\"$name\"; done ;;\n"
    "*svg*) sed -n \"s/^page_prefix.*= '\\(.*\\)'/\\1/p\" report.set | while read -r name; do\n"
    "    printf '<?xml %0150d%s</svg>\\n' 0 \"$sum\" >\"$name.svg\"; done ;;\n"
    "*) printf '%%PDF-%0150d%s\\n' 0 \"$sum\" >report.pdf ;;\n"
    "esac\n";

static inline void must_run(const char *const *args) {
    struct run run;
    run_how(&run, &(struct how){0}, args);
    if (run.status != 0) fail_msg("%s: exit %d: %s", args[0], run.status, run.err);
    run_free(&run);
}
#define MUST_RUN(...) must_run((const char *const[MAX_ARGS]){__VA_ARGS__})

/* Its output without the ledger. */
static inline void know_unrecorded(size_t row) {
    struct run run;
    begin_with(row);
    plan_nothing();
    set_surroundings(row);
    setenv("GATEWALK_STORE", "off", 1);
    run_how(&run, &(struct how){.seconds = 60}, rows[row].args);
    if (run.status != 0) fail_msg("%s without a ledger: exit %d: %s", rows[row].name, run.status, run.err);
    known[row].unrecorded = run.out;
    free(run.err);
}

/* The golden outcome of a row, and how much there is to refuse. */
static inline void know(size_t row) {
    struct run run;
    char path[2 * PATH_MAX], seed[2 * PATH_MAX];
    snprintf(seed, sizeof seed, "%.4000s/seed", all_dir);
    snprintf(path, sizeof path, "%.4000s/before-%zu", all_dir, row);
    remove_tree(work_dir);
    copy_tree(seed, work_dir);
    plan_nothing();
    if (rows[row].begins == AGAIN) {
        run_row(&run, row);
        if (run.status != 0) fail_msg("%s: exit %d: %s", rows[row].name, run.status, run.err);
        run_free(&run);
    }
    copy_tree(work_dir, path);
    plan_nothing();
    known[row].before = list_state();
    if (rows[row].may & STORES) known[row].recorded_before = recorded_in(work(ledger));
    double begin = now_seconds();
    run_row(&run, row);
    known[row].seconds = now_seconds() - begin;
    if (run.status != 0) fail_msg("%s: exit %d: %s", rows[row].name, run.status, run.err);
    known[row].after = list_state();
    if (rows[row].may & STORES) known[row].recorded = recorded_in(work(ledger));
    if (known[row].recorded_before < 0 || known[row].recorded < 0) fail_msg("%s: no ledger", rows[row].name);
    known[row].out = run.out;
    free(run.err);
    for (size_t i = 0; i < N_CALLS; i++) known[row].seen[i] = plan->seen[i];
    known[row].seen_but_memory = plan->seen_but_memory;
    if (rows[row].may & STORES && rows[row].may & TIMES) know_unrecorded(row);
    if (known[row].seen_but_memory < 2) fail_msg("%s: nothing was counted", rows[row].name);
}

static inline void put_stand_in(void) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/gnuplot", all_dir);
    FILE *stream = fopen(path, "w");
    if (!stream || fputs(stand_in, stream) < 0 || fclose(stream) != 0 || chmod(path, 0700) != 0) abort();
    setenv("PATH", all_dir, 1); /* and no other gnuplot */
}

/* preload.so lies beside the programs of tests/faults. */
static inline bool find_preload(char path[PATH_MAX]) {
    char self[PATH_MAX] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return false;
    for (int up = 0; up < 2; up++) *strrchr(self, '/') = '\0';
    snprintf(path, PATH_MAX, "%.4000s/faults/preload.so", self);
    return access(path, R_OK) == 0;
}

/* `only`: the variable that chooses. */
static inline int trial_setup_of(const char *only, void **state) {
    char seed[2 * PATH_MAX];
    if (program_setup(state) != 0 || !find_preload(preload_path)) return -1;
    strcpy(all_dir, base_dir);
    put_stand_in();
    take_place("first");
    snprintf(seed, sizeof seed, "%.4000s/seed", all_dir);
    if (mkdir(work_dir, 0700) < 0 || mkdir(work("tmp"), 0700) < 0) return -1;
    put_text("e.json", tiny_experiment);
    put_text("study.json", tiny_study);
    put_text("search.json", tiny_search);
    put_text("rungs.json", tiny_rungs);
    put_text("own.json", own_experiment);
    put_text("own.lua", own_script);
    put_text("plugin.json", plugin_experiment);
    put_text("asks.json", decoder_experiment);
    char compile[3 * PATH_MAX];
    snprintf(compile, sizeof compile,
             "PATH=/usr/bin:/bin cc -std=c17 -O1 -fPIC -shared -Iinclude tests/library/own_plugin.c -o '%s'",
             work("own_plugin.so"));
    if (system(compile) != 0) return -1;
    MUST_RUN("synth", "random-walk", "--bars", "300", "--seed", "3", "--out", "rw.csv");
    MUST_RUN("synth", "random-walk", "--bars", "1200", "--seed", "3", "--out", "big.csv");
    setenv("GATEWALK_STORE", ledger, 1);
    MUST_RUN("run", "e.json", "--kernels", "portable", "--quiet", "--no-report", "--out", "done");
    char gzip[3 * PATH_MAX];
    snprintf(gzip, sizeof gzip, "PATH=/usr/bin:/bin gzip -nk '%s'", work("big.csv"));
    if (system(gzip) != 0) return -1;
    copy_tree(work_dir, seed);
    setenv("LD_PRELOAD", preload_path, 1); /* of what is started from here on */
    for (size_t i = 0; i < N_ROWS; i++)
        if (is_chosen_by(only, i)) know(i);
    return 0;
}

static inline int trial_teardown(void **state) {
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        free(known[i].before), free(known[i].after), free(known[i].out), free(known[i].unrecorded);
    remove_tree(all_dir);
    return 0;
}

/* ---- what may be left ---------------------------------------------------------------------------------- */

/* Output up to where it tells seconds. */
static inline bool is_output(size_t row, const char *golden, const char *out) {
    const char *time = rows[row].may & TIMES ? strstr(golden, "\ntraining time") : NULL;
    if (!time && rows[row].may & TIMES) time = strstr(golden, " fits were taken");
    if (rows[row].may & ANY_OUTPUT) return true;
    if (!time) return strcmp(golden, out) == 0;
    /* how many were taken is no result either: to the line's begin */
    while (time > golden && time[-1] != '\n') time--;
    return strncmp(golden, out, (size_t)(time - golden)) == 0;
}
static inline bool same_output(size_t row, const char *out) { return is_output(row, known[row].out, out); }

/* One that says that it is not recorded knows nothing of the trials of others. */
static inline bool same_but_unrecorded(size_t row, const struct run *run) {
    return known[row].unrecorded && strstr(run->err, "is not recorded") &&
           is_output(row, known[row].unrecorded, run->out);
}

static inline bool is_cache(const char *line) { return is_below(line, "/cache"); }
/* A whole entry under another key is none's litter: whoever could not look into a file first has read it by its name. */
static inline bool is_cache_entry(const char *line) {
    const char *end = strpbrk(line, " \n");
    return is_cache(line) && end && end - line > 4 && strncmp(end - 4, ".npy", 4) == 0;
}

/* What a run takes away before it begins, so that nobody takes an earlier run's numbers for its own. */
static inline bool is_taken_away(const char *line) {
    return is_below(line, "/out/summary.json ") || is_below(line, "/out/study.json ") ||
           is_below(line, "/out/report.pdf ") || is_below(line, "/out/report.html ") || is_below(line, "/out/plots");
}
/* Refits that are done, and the fits of the one at work: the same command goes on from them. */
static inline bool is_refit(const char *line) {
    return is_below(line, "/reports/out/tiny.null/null_refits.csv ") || is_below(line, "/reports/out/tiny.null/models");
}
static inline bool is_report(const char *line) {
    return is_below(line, "/out/report.pdf ") || is_below(line, "/out/report.html ") || is_below(line, "/out/plots");
}

#endif
