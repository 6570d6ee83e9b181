/* Every command as it is meant to be used: help, tables, round trips, equal bytes. */
#include "engine/base/base.h"
#include "engine/config/config.h"
#include "gatewalk/import.h"
#include "gatewalk/metrics.h"
#include "gatewalk/report.h"
#include "gatewalk/run_files.h"
#include "gatewalk/strategy.h"
#include "gatewalk/synth.h"
#include "gatewalk/version.h"
#include "program.h"
#include "run_tree.h"
#include <ctype.h>

enum { MAX_WORDS = 32 };

static int setup(void **state) {
    if (program_setup(state) != 0) return -1;
    struct run run;
    put_small_experiment();
    run_fine(&run, "run", "small.json", "--out", "done", "--no-report", "--quiet");
    run_free(&run);
    return 0;
}

static int forget_output(void **state) {
    (void)state;
    remove_tree(work("o"));
    remove_tree(work("p"));
    return 0;
}

/* ---- help ------------------------------------------------------------------------------------------------ */

/* The names in the table of `gatewalk --help`. */
static size_t command_names(char name[MAX_WORDS][32]) {
    struct run run;
    size_t n = 0;
    run_fine(&run, "--help");
    assert_int_equal(run.n_err, 0);
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, "  ", 2) == 0 && n < MAX_WORDS && sscanf(line, "  %31s", name[n]) == 1) n++;
    run_free(&run);
    return n;
}

static void test_help(void **state) {
    (void)state;
    char name[MAX_WORDS][32];
    size_t n = command_names(name);
    static const char *const promised[] = {"run",     "study", "report", "compare", "folds",
                                           "inspect", "synth", "list",   "bench"};
    for (size_t i = 0; i < COUNT_OF(promised); i++) {
        bool found = false;
        for (size_t c = 0; c < n; c++) found |= strcmp(name[c], promised[i]) == 0;
        if (!found) fail_msg("`gatewalk --help` does not show %s", promised[i]);
    }
    for (size_t i = 0; i < n; i++) {
        char want[100];
        struct run run;
        run_fine(&run, name[i], "--help");
        snprintf(want, sizeof want, "usage: gatewalk %s", name[i]);
        if (strncmp(run.out, want, strlen(want)) != 0) fail_msg("%s --help has no usage line: %s", name[i], run.out);
        snprintf(want, sizeof want, "\nexample: gatewalk %s ", name[i]);
        if (!strstr(run.out, want)) fail_msg("%s --help has no example: %s", name[i], run.out);
        assert_int_equal(run.n_err, 0);
        run_free(&run);
    }
}

/* One call of every command that must work. */
static const char *const call_of_command[][MAX_ARGS] = {
    {"run", "small.json", "--out", "o", "--no-report", "--quiet", "--strategies", "buy_and_hold"},
    {"study", "small-study.json", "--out", "p", "--no-report", "--quiet"},
    {"search", "small-search.json", "--out", "s", "--no-report", "--quiet"},
    {"report", "done", "--text"},
    {"merge", "done", "--out", "merged", "--no-report", "--quiet"},
    {"slurm", "small.json", "--array", "3"},
    {"plan", "small.json", "--ranks", "1,8"},
    {"compare", "done", "done"},
    {"runs"}, /* that of the first call */
    {"signal", "done", "--strategy", "lstm"},
    {"score", "done", "rw.csv", "--strategy", "bahdanau", "--out", "o.csv"},
    {"export", "done", "--strategy", "bahdanau", "--out", "o.onnx"},
    {"features", "small.json", "--scaled", "2", "--out", "o.csv"},
    {"patterns", "train", "rw.csv", "--out", "library", "--quiet", "--set", "pattern_bars=8", "--set",
     "pattern_width=8", "--set", "categories=4", "--set", "epochs=1"},
    {"folds", "small.json"},
    {"verify", "done", "--quiet"},
    {"replay", "done", "--at", "2020-01-09", "--quiet"},
    {"audit", "small.json", "--cuts", "4", "--refits", "1", "--quiet"},
    {"null", "small.json", "--refits", "2", "--quiet"},
    {"inspect", "rw.csv"},
    {"init", "rw.csv", "--out", "o.json", "--force", "--quiet"},
    {"fetch", "binance", "BTCUSDT", "15m", "2020-01..2020-03", "--dry-run"},
    {"synth", "garch", "--bars", "10", "--seed", "1", "--out", "o.csv"},
    {"list", "keys"},
    {"bench", "features", "--seconds", "0"},
    {"help", "run"},
};

static void test_every_command_works(void **state) {
    (void)state;
    char name[MAX_WORDS][32];
    put_text("small-study.json",
             "{\"name\": \"s\", \"experiment\": \"small.json\", \"search\": {\"folds\": 1, \"epochs\": 1}, \"stages\": "
             "[{\"name\": \"loss\", \"variants\": [{\"name\": \"bce\"}]}]}");
    put_text(
        "small-search.json",
        "{\"name\": \"s\", \"experiment\": \"small.json\", \"search\": {\"trials\": 2, \"epochs\": 1, \"strategy\": "
        "\"random\"}, \"space\": {\"training.learning_rate\": {\"log\": [0.001, 0.1]}}}");
    setenv("GATEWALK_STORE", "ledger.sqlite", 1);
    for (size_t i = 0, n = command_names(name); i < n; i++) {
        const char *const *call = NULL;
        for (size_t c = 0; c < COUNT_OF(call_of_command); c++)
            if (strcmp(call_of_command[c][0], name[i]) == 0) call = call_of_command[c];
        if (!call) fail_msg("command %s has no call that works: add one to call_of_command in " __FILE__, name[i]);
        struct run run;
        run_how(&run, &(struct how){0}, call);
        if (run.status != 0) fail_msg("%s ends with %d: %s", name[i], run.status, run.err);
        run_free(&run);
    }
    unlink(work("o.csv"));
    unlink(work("ledger.sqlite"));
    setenv("GATEWALK_STORE", "off", 1);
}

static void test_help_words(void **state) {
    (void)state;
    static const char *const word[] = {"--help", "-h", "help"};
    struct run run;
    for (size_t i = 0; i < COUNT_OF(word); i++) {
        run_fine(&run, word[i]);
        assert_int_equal(strncmp(run.out, "usage: gatewalk COMMAND", 23), 0);
        run_free(&run);
    }
    /* Also behind other arguments, and without doing anything. */
    run_fine(&run, "run", "small.json", "--out", "o", "--help");
    assert_int_equal(strncmp(run.out, "usage: gatewalk run", 19), 0);
    assert_false(is_there("o"));
    run_free(&run);
}

static void test_version(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "--version");
    /* The commit is the program's alone: the library, and so this test, does not know it. */
    char want[160];
    const char *open = strchr(run.out, '('), *comma = open ? strchr(open, ',') : NULL;
    assert_true(comma && comma > open + 1);
    snprintf(want, sizeof want, "gatewalk " GW_VERSION " (%.*s, sources %.12s)\n", (int)(comma - open - 1), open + 1,
             gw_source_hash());
    assert_string_equal(run.out, want);
    assert_int_equal(run.n_err, 0);
    run_free(&run);
}

/* ---- list -------------------------------------------------------------------------------------------------- */

/* A line of the list that begins with this word. */
static void assert_row(const struct run *run, const char *subject, const char *word) {
    size_t length = strlen(word);
    for (const char *line = run->out; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '(')) return;
    fail_msg("`gatewalk list %s` has no row %s:\n%s", subject, word, run->out);
}

static void assert_options(const char *subject, const char *kind) {
    struct run run;
    size_t n = 0;
    run_fine(&run, "list", subject);
    for (; gw_model_option_name(kind, n); n++) assert_row(&run, subject, gw_model_option_name(kind, n));
    assert_true(n > 0);
    run_free(&run);
}

/* `text` holds `part` when every run of blanks counts as one. */
static void assert_squeezed(const char *text, const char *part) {
    char *squeezed = malloc(strlen(text) + 1), *to = squeezed;
    assert_non_null(squeezed);
    for (const char *at = text; *at; at++)
        if (*at != ' ' || to == squeezed || to[-1] != ' ') *to++ = *at;
    *to = '\0';
    if (!strstr(squeezed, part)) fail_msg("\"%s\" is not in:\n%s", part, text);
    free(squeezed);
}

static void test_list_tables(void **state) {
    (void)state;
    struct run run;
    assert_options("models", "attention");
    assert_options("encoders", "encoder");
    assert_options("losses", "loss");
    assert_options("optimizers", "optimizer");
    assert_options("schedules", "schedule");
    run_fine(&run, "list", "strategies");
    for (size_t i = 0; i < gw_strategy_count(); i++) assert_row(&run, "strategies", gw_strategy_at(i)->name);
    static const char *const own[] = {"\n fast whole number 20 ", "\n slow whole number 50 "};
    for (size_t i = 0; i < COUNT_OF(own); i++) assert_squeezed(run.out, own[i]);
    run_free(&run);
    run_fine(&run, "list", "features");
    size_t lines = gw_feature_count();
    for (size_t i = 0; i < gw_feature_count(); i++) {
        assert_row(&run, "features", gw_feature_at(i)->name);
        lines += gw_feature_at(i)->own.n; /* a line each */
        for (size_t k = 0; k < gw_feature_at(i)->own.n; k++)
            assert_squeezed(run.out, gw_feature_at(i)->own.param[k].help);
    }
    assert_int_equal(count_lines(run.out), lines);
    static const char *const bands[] = {"\nbollinger_b(20,2) ",
                                        "\n n whole number 20 closes in the mean and in the deviation [2 … 20000]\n",
                                        "\n k number 2 standard deviations from the mean to a band [0.1 … 10]\n"};
    for (size_t i = 0; i < COUNT_OF(bands); i++) assert_squeezed(run.out, bands[i]);
    run_free(&run);
    run_fine(&run, "list", "metrics");
    for (size_t i = 0; i < gw_metric_count(); i++) assert_row(&run, "metrics", gw_metric_at(i)->name);
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        assert_row(&run, "metrics", gw_portfolio_metric_at(i)->name);
    run_free(&run);
    run_fine(&run, "list", "plots");
    for (size_t i = 0; i < gw_plot_count(); i++) assert_row(&run, "plots", gw_plot_name(i));
    assert_int_equal(count_lines(run.out), gw_plot_count());
    run_free(&run);
    run_fine(&run, "list", "formats");
    for (size_t i = 0; i < gw_import_format_count(); i++) assert_row(&run, "formats", gw_import_format_name(i));
    assert_int_equal(count_lines(run.out), gw_import_format_count());
    run_free(&run);
    run_fine(&run, "list", "kernels");
    for (size_t i = 0; gw_kernels_name(i); i++) assert_row(&run, "kernels", gw_kernels_name(i));
    run_free(&run);
    run_fine(&run, "list", "keys");
    for (size_t s = 0; s < config_n_sections; s++)
        for (struct gw_param_key key = {0}; gw_param_next(config_section[s].table, &key);) {
            char name[100];
            snprintf(name, sizeof name, "%s.%s", config_section[s].name, key.param->name);
            assert_row(&run, "keys", name);
        }
    for (struct gw_param_key key = {0}; gw_param_next(&data_params, &key);) {
        char name[100];
        snprintf(name, sizeof name, "data.%s", key.param->name);
        assert_row(&run, "keys", name);
    }
    for (struct gw_param_key key = {0}; gw_param_next(&extra_params, &key);) {
        char name[100];
        snprintf(name, sizeof name, "data.extra.%s", key.param->name);
        assert_row(&run, "keys", name);
    }
    for (size_t i = 0; i < config_n_specials; i++) assert_row(&run, "keys", config_special[i].name);
    static const char *const defaults[] = {"labels.min_move number fraction of close 0.01 ",
                                           "training.loss word - bce ",
                                           "training.clip_norm number - 1 ",
                                           "folds.train bars or duration bars - ",
                                           "signals.k list of numbers % of bars 1 5 10 ",
                                           "trading.trade_short true/false - true ",
                                           "costs.taker_bps number bps 5 ",
                                           "data.format word - auto ",
                                           "trading.fast whole number bars 20 ",
                                           "name name - - "};
    for (size_t i = 0; i < COUNT_OF(defaults); i++) assert_squeezed(run.out, defaults[i]);
    run_free(&run);
}

/* Every subject that the help names can be listed. */
static void test_list_subjects(void **state) {
    (void)state;
    struct run help, run;
    size_t n = 0;
    run_fine(&help, "list", "--help");
    char *line = strstr(help.out, "\nSUBJECT: ");
    assert_non_null(line);
    line += strlen("\nSUBJECT: ");
    *strchr(line, '\n') = '\0';
    for (char *subject = strtok(line, " "); subject; subject = strtok(NULL, " "), n++) {
        run_fine(&run, "list", subject);
        if (!run.n_out || run.n_err) fail_msg("list %s prints nothing, or complains: %s", subject, run.err);
        run_free(&run);
    }
    assert_in_range(n, 12, 40);
    run_free(&help);
}

/* Published facts of the reference study. */
static void test_list_parameters(void **state) {
    (void)state;
    static const struct {
        const char *attention;
        unsigned long parameters;
    } fact[] = {{"none", 37826}, {"bahdanau", 46082}, {"multihead", 71042}};
    struct run run;
    run_fine(&run, "list", "models", "--inputs", "66");
    for (size_t i = 0; i < COUNT_OF(fact); i++) {
        char word[40];
        unsigned long parameters = 0;
        snprintf(word, sizeof word, "\n%s ", fact[i].attention);
        const char *row = strstr(run.out, word);
        assert_non_null(row);
        assert_int_equal(sscanf(row + strlen(word), "%lu", &parameters), 1);
        assert_int_equal(parameters, fact[i].parameters);
    }
    run_free(&run);
    /* 4 H more weights for each input more. */
    run_fine(&run, "list", "models", "--inputs", "67");
    assert_non_null(strstr(run.out, " 38082 "));
    run_free(&run);
}

/* ---- synth and inspect ---------------------------------------------------------------------------------------- */

static struct json_document *inspect(const char *file) {
    struct run run;
    struct json_document *document;
    run_fine(&run, "inspect", file, "--json");
    assert_int_equal(run.n_err, 0);
    assert_ok(json_parse("stdout", run.out, run.n_out, GW_ERR_DATA, &document));
    run_free(&run);
    return document;
}

static double number_of(const struct json_document *document, const char *key) {
    const json_value *value = json_get(json_root(document), key);
    if (!value || json_kind(value) != JSON_NUMBER) fail_msg("no number %s", key);
    return json_number(value, NAN);
}

static void test_synth_inspect(void **state) {
    (void)state;
    static const char *const count[] = {"gaps",     "missing_bars",    "duplicates", "backward",
                                        "off_grid", "ohlc_violations", "bad_rows"};
    assert_true(gw_synth_kind_count() >= 3);
    for (size_t i = 0; i < gw_synth_kind_count(); i++) {
        struct run run;
        run_fine(&run, "synth", gw_synth_kind_name(i), "--bars", "3000", "--seed", "7", "--out", "s.csv");
        assert_non_null(strstr(run.out, "bars: s.csv (3000 bars)\n"));
        run_free(&run);
        struct json_document *document = inspect("s.csv");
        const json_value *root = json_root(document), *prevalence = json_get(root, "label_prevalence");
        assert_true(number_of(document, "rows") == 3000);
        assert_true(number_of(document, "bars") == 3000);
        for (size_t c = 0; c < COUNT_OF(count); c++) assert_true(number_of(document, count[c]) == 0);
        assert_string_equal(json_string(json_get(root, "symbol"), ""), "s");
        assert_string_equal(json_string(json_get(root, "file"), ""), "s.csv");
        for (int g = 0; g < 2; g++) {
            double share = json_number(json_get(prevalence, g ? "short" : "long"), -1);
            assert_true(share >= 0 && share < 0.6);
        }
        json_free(document);
        unlink(work("s.csv"));
        unlink(work("s.truth.csv"));
    }
}

static void test_synth_repeats(void **state) {
    (void)state;
    struct run run;
    char *file[3];
    static const char *const seed[] = {"5", "5", "6"};
    for (size_t i = 0; i < 3; i++) {
        run_fine(&run, "synth", "planted", "--bars", "4000", "--seed", seed[i], "--out", "s.csv");
        assert_non_null(strstr(run.out, "truth: s.truth.csv ("));
        run_free(&run);
        char *bars = get_file(work("s.csv"), NULL), *truth = get_file(work("s.truth.csv"), NULL);
        assert_non_null(bars);
        assert_non_null(truth);
        if (asprintf(&file[i], "%s%s", bars, truth) < 0) abort();
        free(bars);
        free(truth);
    }
    assert_string_equal(file[0], file[1]);
    assert_string_not_equal(file[0], file[2]);
    for (size_t i = 0; i < 3; i++) free(file[i]);
}

/* A limit is told before it is met. */
static void test_limits_are_told(void **state) {
    (void)state;
    static const char *const told[][4] = {{"synth", "--help", "at most 8000000"}, {"run", "--help", "at most 64"},
                                          {"study", "--help", "at most 64"},      {"list", "keys", "1 to 32 names"},
                                          {"list", "keys", "at most 64"},         {"list", "keys", "at most 256"}};
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        struct run run;
        run_fine(&run, told[i][0], told[i][1]);
        if (!strstr(run.out, told[i][2])) fail_msg("%s %s does not say \"%s\"", told[i][0], told[i][1], told[i][2]);
        run_free(&run);
    }
}

/* What a run refuses, `inspect` refuses in the same words. */
static void test_inspect_judges_as_a_run_does(void **state) {
    (void)state;
    static const char *const text[] = {
        "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900000,1,2,1,1,1\n1600001800,1,2,1,1,1\n",
        "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900,1,2,1,1,1\n1600000900,1,2,1,1,1\n",
        "time,open,high,low,close,volume\n1600000900,1,2,1,1,1\n1600001800,1,2,1,1,1\n1600000000,1,2,1,1,1\n",
    };
    for (size_t i = 0; i < COUNT_OF(text); i++) {
        struct run run;
        put_text("judged.csv", text[i]);
        struct json_document *document = inspect("judged.csv");
        const char *refused = json_string(json_get(json_root(document), "refused"), "nothing");
        const char *const args[MAX_ARGS] = {"run", "small.json", "--data", "judged.csv", "--out", "judged"};
        run_how(&run, &(struct how){0}, args);
        assert_int_equal(run.status, 3);
        if (strncmp(run.err, "gatewalk: ", 10) != 0 || strncmp(run.err + 10, refused, strlen(refused)) != 0)
            fail_msg("inspect: %s; run: %s", refused, run.err);
        run_free(&run);
        run_fine(&run, "inspect", "judged.csv");
        if (!strstr(run.out, "refused") || !strstr(run.out, refused)) fail_msg("does not say so: %s", run.out);
        run_free(&run);
        if (i == 0) assert_true(number_of(document, "bad_rows") == 1);
        json_free(document);
        run_fine(&run, "inspect", "judged.csv", "--repair", "--json");
        assert_non_null(strstr(run.out, "\"refused\": null"));
        if (i == 0) assert_non_null(strstr(run.out, "\"mixed_units\": 1"));
        run_free(&run);
    }
    unlink(work("judged.csv"));
}

/* What a file or its name holds reaches the terminal without its control bytes. */
static void test_no_control_bytes_reach_the_terminal(void **state) {
    (void)state;
    static const char name[] = "e\x1b[31m\xc2\x9b.csv", shown[] = "e?[31m?.csv";
    static const char text[] = "time,open,high,low,close,volume\n1600000000,1,2,1,1,1\n1600000900,1,2,1,1,1\n"
                               "1600001800,1,2,1,\x1b]0;owned\x07,1\n1600002700,1,2,1,\xff\xfe,1\n";
    static const char *const args[][MAX_ARGS] = {{"inspect", name}, {"inspect", name, "--repair"}};
    put_text(name, text);
    for (size_t i = 0; i < COUNT_OF(args); i++) {
        struct run run;
        run_how(&run, &(struct how){0}, args[i]);
        assert_int_equal(run.status, 0);
        for (size_t c = 0; c < run.n_out; c++)
            if (run.out[c] != '\n' && iscntrl((unsigned char)run.out[c])) fail_msg("byte %d: %s", run.out[c], run.out);
        assert_true(utf8_valid(run.out, run.n_out, NULL));
        assert_true(strncmp(run.out, shown, sizeof shown - 1) == 0);
        assert_non_null(strstr(run.out, "close \"?]0;owned?\" "));
        run_free(&run);
    }
    unlink(work(name));
}

/* rw.csv with known damage: `inspect` names every kind and where it is first. */
static void test_inspect_counts(void **state) {
    (void)state;
    char *text = get_file(work("rw.csv"), NULL);
    FILE *to = fopen(work("damaged.csv"), "w");
    assert_true(text && to);
    size_t line = 0;
    for (char *row = strtok(text, "\n"); row; row = strtok(NULL, "\n")) {
        line++;
        if (line >= 101 && line <= 103) continue;                 /* a gap of 3 bars; line 101 is the next row */
        if (line == 400) fputs("2020-01-05T03:30:00Z,1,2\n", to); /* cut off: line 398 */
        fprintf(to, "%s\n", row);
        if (line == 300) fprintf(to, "%s\n", row);                       /* an exact duplicate: line 298 */
        if (line == 500) fputs("2020-01-06T04:52:00Z,10,5,9,9,1\n", to); /* high below low: line 500 */
    }
    fclose(to);
    free(text);
    struct json_document *document = inspect("damaged.csv");
    const json_value *root = json_root(document);
    assert_true(number_of(document, "rows") == 1200 - 3 + 3);
    assert_true(number_of(document, "bars") == 1200 - 3);
    assert_true(number_of(document, "gaps") == 1);
    assert_true(number_of(document, "missing_bars") == 3);
    assert_string_equal(json_string(json_get(root, "longest_gap_after"), ""), "2020-01-02T00:30:00Z");
    assert_true(number_of(document, "duplicates") == 1);
    assert_true(number_of(document, "bad_rows") == 2);
    assert_true(number_of(document, "ohlc_violations") == 1);
    assert_int_equal(strncmp(json_string(json_get(root, "first_problem"), ""), "398:", 4), 0);
    json_free(document);
    struct run run;
    run_fine(&run, "inspect", "damaged.csv");
    assert_non_null(strstr(run.out, "3 bars in 1 gaps while open, longest "));
    assert_non_null(strstr(run.out, "(first at line 298)"));
    assert_non_null(strstr(run.out, "(first at line 398)"));
    assert_non_null(strstr(run.out, "(first at line 500)"));
    run_free(&run);
}

/* ---- folds ------------------------------------------------------------------------------------------------------ */

static void test_folds(void **state) {
    (void)state;
    static const char *const slice[] = {"train", "validation", "test"};
    struct run run;
    size_t n_rows = 0, n_ok = 0;
    run_fine(&run, "folds", "small.json");
    assert_int_equal(run.n_err, 0);
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned fold, bars, samples, purged;
        char name[20], first[30], last[30];
        if (sscanf(line, " %u %19s %29s %29s %u %u %u", &fold, name, first, last, &bars, &samples, &purged) != 7)
            continue;
        assert_int_equal(fold, n_rows / 3 + 1);
        assert_string_equal(name, slice[n_rows % 3]);
        assert_int_equal(bars, n_rows % 3 == 0 ? 400 : n_rows % 3 == 1 ? 150 : 200);
        assert_int_equal(purged, n_rows % 3 == 2 ? 0 : 5); /* the horizon */
        assert_true(samples <= bars - purged);
        n_ok += strlen(line) > 4 && strcmp(line + strlen(line) - 4, "  ok") == 0;
        n_rows++;
    }
    assert_int_equal(n_rows, 9); /* 1200 bars: 550 for the first fit, then three tests of 200 */
    assert_int_equal(n_ok, 6);
    run_free(&run);
    run_fine(&run, "folds", "small.json", "--set", "folds.embargo=10");
    assert_non_null(strstr(run.out, "embargo: 10 bars"));
    run_free(&run);
}

/* ---- run, report, compare ------------------------------------------------------------------------------------------ */

static void test_run_prints_its_report(void **state) {
    (void)state;
    struct run run, report;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
    assert_int_equal(run.n_err, 0);
    run_fine(&report, "report", "o", "--text");
    assert_int_equal(report.n_err, 0);
    static const char tail[] = "\nresults: o\n";
    assert_true(report.n_out > 500);
    assert_int_equal(run.n_out, report.n_out + strlen(tail));
    assert_memory_equal(run.out, report.out, report.n_out);
    assert_string_equal(run.out + report.n_out, tail);
    static const char *const part[] = {"a small one", "lstm",       "bahdanau", "buy_and_hold",
                                       "long gate",   "short gate", "traded"};
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (!strstr(report.out, part[i])) fail_msg("the table has no %s:\n%s", part[i], report.out);
    run_free(&run);
    run_free(&report);
}

static void test_report_takes_trades_apart(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "report", "done", "--breakdown", "side");
    assert_non_null(strstr(run.out, "by side\n"));
    assert_null(strstr(run.out, "by the hour"));
    static const char *const part[] = {"lstm", "buy_and_hold", "long", "mean return %", "profit factor"};
    for (size_t i = 0; i < COUNT_OF(part); i++)
        if (!strstr(run.out, part[i])) fail_msg("no %s:\n%s", part[i], run.out);
    run_free(&run);
    run_fine(&run, "report", "done", "--breakdown", "all");
    assert_non_null(strstr(run.out, "by symbol\n"));
    assert_non_null(strstr(run.out, "by the fold of the signal\n"));
    run_free(&run);
    run_fine(&run, "report", "done", "--json");
    size_t n;
    char *summary = get_file(work("done/" GW_RUN_SUMMARY), &n);
    assert_non_null(summary);
    assert_string_equal(run.out, summary);
    free(summary);
    run_free(&run);
    run_program(&run, "report", "done", "--breakdown", "sides");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "did you mean \"side\"?"));
    run_free(&run);
}

/* Groups by a column, the largest first. */
static void test_report_sorts_what_it_takes_apart(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "report", "done", "--breakdown", "hour", "--sort", "trades");
    double before = 0;
    size_t n = 0;
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        const bool first = line[0] != ' '; /* of a contestant */
        double hour, trades;
        if (sscanf(line, first ? "%*s %lf %lf" : "%lf %lf", &hour, &trades) != 2) continue;
        if (!first && trades > before) fail_msg("%g after %g: %s", trades, before, line);
        before = trades;
        n += !first;
    }
    run_free(&run);
    assert_true(n > 5);
    run_program(&run, "report", "done", "--sort", "pln");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "did you mean \"pnl\""));
    run_free(&run);
}

static void test_compare(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--set", "name=other", "--strategies", "lstm,buy_and_hold", "--out", "o",
             "--no-report", "--quiet");
    run_free(&run);
    run_fine(&run, "compare", "done", "o");
    assert_int_equal(run.n_err, 0);
    const char *first = strstr(run.out, "\nsmall "), *second = strstr(run.out, "\nother ");
    assert_true(first && second && first < second);
    const char *bahdanau = strstr(first, "bahdanau"), *words = strstr(run.out, "small: ");
    assert_true(words && words < first && strstr(words, "other: ") < first); /* in plain words before the numbers */
    assert_true(bahdanau > first && bahdanau < second); /* the other run was narrowed to two strategies */
    assert_null(strstr(second, "bahdanau"));
    assert_non_null(strstr(second, "buy_and_hold"));
    run_free(&run);
}

static void test_default_directory_and_name(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--set", "name=elsewhere", "--no-report", "--quiet");
    assert_non_null(strstr(run.out, "results: reports/out/elsewhere\n"));
    assert_true(is_there("reports/out/elsewhere/summary.json"));
    run_free(&run);
    remove_tree(work("reports"));
}

static void test_report_files(void **state) {
    (void)state;
    struct run run;
    if (!has_gnuplot()) {
        print_message("skip: gnuplot is not installed, so no report is drawn\n");
        skip();
    }
    run_fine(&run, "run", "small.json", "--out", "o", "--quiet");
    assert_non_null(strstr(run.out, "\nreport: o/report.pdf\n"));
    run_free(&run);
    char *pdf = get_file(work("o/report.pdf"), NULL), *png = get_file(work("o/plots/equity.png"), NULL);
    assert_true(pdf && strncmp(pdf, "%PDF-", 5) == 0);
    assert_true(png && memcmp(png, "\x89PNG", 4) == 0);
    free(pdf);
    free(png);
    remove_tree(work("o/plots"));
    run_fine(&run, "report", "o", "--only", "equity");
    assert_string_equal(run.out, "plot: o/plots/equity.png\n");
    assert_true(is_there("o/plots/equity.png"));
    assert_false(is_there("o/plots/summary.png"));
    run_free(&run);
}

/* ---- the same bytes ------------------------------------------------------------------------------------------------- */

static void test_jobs_do_not_matter(void **state) {
    (void)state;
    struct run run;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--jobs", "1");
    run_free(&run);
    assert_same_runs("o", "done");
    run_fine(&run, "run", "small.json", "--out", "p", "--no-report", "--quiet", "--jobs", "5");
    run_free(&run);
    assert_same_runs("p", "done");
}

static void test_finished_run_again(void **state) {
    (void)state;
    struct run run;
    for (int i = 0; i < 2; i++) {
        run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet");
        run_free(&run);
        assert_same_runs("o", "done");
    }
}

/* The settings that run.json records are an experiment: run again, it gives the same results. */
static void test_recorded_experiment(void **state) {
    (void)state;
    struct run run;
    struct json_document *document;
    run_fine(&run, "run", "small.json", "--out", "o", "--no-report", "--quiet", "--seeds", "2", "--timerange",
             "20200102-", "--set", "training.loss=focal", "--set", "labels.ratio=1e-9");
    run_free(&run);
    assert_ok(json_load(work("o/run.json"), GW_ERR_DATA, &document));
    FILE *to = fopen(work("recorded.json"), "w");
    assert_non_null(to);
    struct json_writer w = {.stream = to};
    json_put_value(&w, NULL, json_get(json_root(document), "config"));
    fclose(to);
    json_free(document);
    run_fine(&run, "run", "recorded.json", "--out", "p", "--no-report", "--quiet");
    run_free(&run);
    assert_same_runs("o", "p");
    char *tree = list_tree(work("o/models"), false);
    assert_int_equal(count_lines(tree), 2 * 2 * 3); /* strategies with a model, seeds, folds */
    free(tree);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_output)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_help),
        TEST(test_every_command_works),
        TEST(test_help_words),
        TEST(test_version),
        TEST(test_list_tables),
        TEST(test_list_subjects),
        TEST(test_list_parameters),
        TEST(test_synth_inspect),
        TEST(test_synth_repeats),
        TEST(test_inspect_counts),
        TEST(test_no_control_bytes_reach_the_terminal),
        TEST(test_limits_are_told),
        TEST(test_inspect_judges_as_a_run_does),
        TEST(test_folds),
        TEST(test_run_prints_its_report),
        TEST(test_report_takes_trades_apart),
        TEST(test_report_sorts_what_it_takes_apart),
        TEST(test_compare),
        TEST(test_default_directory_and_name),
        TEST(test_report_files),
        TEST(test_jobs_do_not_matter),
        TEST(test_finished_run_again),
        TEST(test_recorded_experiment),
    };
    return cmocka_run_group_tests(tests, setup, program_teardown);
}
