/* Every command works as its help says, and `list` shows every table. */
#include "commands.h"
#include "engine/base/base.h"
#include "engine/config/config.h"
#include "gatewalk/import.h"
#include "gatewalk/metrics.h"
#include "gatewalk/report.h"
#include "gatewalk/run_files.h"
#include "gatewalk/strategy.h"
#include "gatewalk/synth.h"
#include "gatewalk/version.h"

enum { MAX_WORDS = 32 };

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
    run_fine(&run, "list", "models"); /* every form with its exact parameters (66 features, H 64) */
    static const char *const sized[] = {"\nnone 37826 ",   "\nlinear 71042 ", "\nbahdanau 79876 an LSTM over steps ",
                                        "\nsymbol 83714 ", "\ngru 37738 ",    "\ntcn 36619 ",
                                        "\nlogistic 134 ", "\nxgboost - ",    "\ncausal_transformer 37022 "};
    for (size_t i = 0; i < COUNT_OF(sized); i++) assert_squeezed(run.out, sized[i]);
    for (size_t i = 1; gw_model_option_name("encoder", i); i++)
        assert_row(&run, "models", gw_model_option_name("encoder", i));
    run_free(&run);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_help),        TEST(test_every_command_works), TEST(test_help_words),      TEST(test_version),
        TEST(test_list_tables), TEST(test_list_subjects),       TEST(test_list_parameters),
    };
    return cmocka_run_group_tests(tests, setup_a_run, program_teardown);
}
