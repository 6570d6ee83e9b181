/* Small runs with every kind of model, training, threshold and strategy, pinned: the bytes of every table and the weights
 * of every model. What test_golden_run looks into deeply, this one looks into broadly.
 *
 *   test_golden_kinds            compares runs with tests/golden/kinds_*
 *   test_golden_kinds DIR        leaves the data in DIR and the runs in DIR/run (see tests/golden/compilers.sh)
 *   test_golden_kinds --update   writes tests/golden/kinds_* anew; a change there is a change of somebody's results
 *
 * summary.json is left to test_golden_run. A row of a table that is in none of the experiments fails. */
#include "engine/base/base.h"
#include "gatewalk/synth.h"
#include "golden_numbers.h"

#include "models/store/safetensors.h"

#define GOLDEN_HASHES  "tests/golden/kinds_hashes.json"
#define GOLDEN_NUMBERS "tests/golden/kinds_numbers.csv"
#define NUMBERS        "numbers.csv"

enum { N_BARS = 330 };
static const struct market_kind {
    const char *kind, *file;
    uint64_t seed;
    size_t hole;
} market_kind[] = {
    {"planted", "PLANTED.csv", 21, 0},
    {"random-walk", "WALK.csv", 22, 53},
    {"garch", "GARCH.csv", 23, 71},
    {"shapes", "SHAPES.csv", 24, 0},
};

/* Each is tests/golden/kinds_NAME.json: the networks, with windows and streaming, the ways to train them, and what is made
 * of probabilities. */
static const char *const experiment_name[] = {"networks", "stream",    "training",  "rolling",  "fixed",
                                              "broker",   "cash",      "shapes",    "patterns", "own",
                                              "controls", "attention", "portfolio", "cross",    "decoder"};
enum { N_KINDS = COUNT_OF(experiment_name) };

/* Files whose bytes are pinned, their absence too. */
static const char *const pinned[] = {GW_RUN_FOLDS,          GW_RUN_SCORES,  GW_RUN_TRADES,    GW_RUN_EQUITY,
                                     GW_RUN_TRAINING,       GW_RUN_CURVES,  GW_RUN_ATTENTION, GW_RUN_ATTENTION_INDEX,
                                     GW_RUN_ATTENTION_MEAN, GW_RUN_SIGNALS, GW_RUN_IMPORTANCE};

static struct experiment *ran[N_KINDS];

static const char *run_name(size_t i) {
    static char run[64];
    snprintf(run, sizeof run, "run/%.50s", experiment_name[i]);
    return run;
}

static const char *made(size_t i, const char *name) { return golden_made(run_name(i), name); }

static int write_numbers(const char *path) {
    struct out_file out;
    TRY(out_open(&out, path));
    fputs(numbers_header, out.stream);
    for (size_t i = 0; i < N_KINDS; i++) numbers_put(out.stream, ran[i], run_name(i));
    return out_commit(&out);
}

/* ---- hashes -------------------------------------------------------------------------------------------------------- */

/* Names, shapes and bytes of all tensors, in whatever order they are stored. Metadata is not looked at. */
static void hash_weights(const char *path, char text[HASH_SIZE]) {
    struct safetensors file;
    struct stored_tensor tensor;
    uint64_t sum = 0;
    bool end = false;
    assert_ok(safetensors_read(path, &file));
    for (size_t i = 0;; i++) {
        assert_ok(safetensors_tensor(&file, path, i, &tensor, &end));
        if (end) break;
        uint64_t shape[] = {tensor.is_double, tensor.n_dims, tensor.shape[0], stored_count(&tensor)};
        uint64_t hash = hash_bytes(shape, sizeof shape, hash_bytes(tensor.name, strlen(tensor.name), 0));
        sum +=
            hash_bytes(tensor.data, stored_count(&tensor) * (tensor.is_double ? sizeof(double) : sizeof(float)), hash);
    }
    safetensors_free(&file);
    snprintf(text, HASH_SIZE, "%016" PRIx64, sum);
}

static void hash_file(size_t i, const char *name, char text[HASH_SIZE]) {
    if (file_exists(made(i, name)))
        golden_hash(made(i, name), text);
    else
        snprintf(text, HASH_SIZE, "absent");
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static size_t model_names(size_t i, char name[256][128]) {
    size_t n = (size_t)rundir_names(made(i, GW_RUN_MODELS), name);
    qsort(name, n, sizeof *name, by_name);
    return n;
}

static const char *model_path(size_t i, const char *name) {
    char path[200];
    snprintf(path, sizeof path, GW_RUN_MODELS "/%.128s", name);
    return made(i, path);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

static struct json_document *golden;

static void test_numbers(void **state) {
    (void)state;
    struct table want;
    const struct golden_table table = {NUMBERS, GOLDEN_NUMBERS, "mean_probability average_precision", 1};
    assert_ok(table_read(GOLDEN_NUMBERS, &want));
    assert_ok(write_numbers(scratch(NUMBERS)));
    compare_table(&table, scratch(NUMBERS), (double)want.n_rows);
    table_free(&want);
    expect_nothing();
}

static void compare_hash(size_t i, const char *name, const char *got, const json_value *pins) {
    char where[256];
    const char *want = json_string(json_get(pins, name), "nothing");
    snprintf(where, sizeof where, "%s/%.128s", experiment_name[i], name);
    if (strcmp(got, want) != 0) differs(where, got, want);
}

static void test_bytes(void **state) {
    (void)state;
    char text[HASH_SIZE];
    golden_need_libm(json_root(golden));
    for (size_t i = 0; i < N_KINDS; i++)
        for (size_t k = 0; k < COUNT_OF(pinned); k++) {
            hash_file(i, pinned[k], text);
            compare_hash(i, pinned[k], text, json_get(json_get(json_root(golden), experiment_name[i]), "files"));
        }
    expect_nothing();
}

static void test_weights(void **state) {
    (void)state;
    static char name[256][128];
    char text[HASH_SIZE];
    golden_need_libm(json_root(golden));
    for (size_t i = 0; i < N_KINDS; i++) {
        const json_value *pins = json_get(json_get(json_root(golden), experiment_name[i]), "weights");
        size_t n = model_names(i, name);
        assert_int_equal(n, json_size(pins));
        for (size_t k = 0; k < n; k++) {
            hash_weights(model_path(i, name[k]), text);
            compare_hash(i, name[k], text, pins);
        }
    }
    expect_nothing();
}

/* Does a contestant, or the experiment (spec NULL), hold this value, and does it matter there? */
static bool holds(const struct experiment *e, const struct strategy_spec *spec, const struct key_section *section,
                  struct gw_param_key key, const char *value) {
    char text[GW_PARAM_SHOWN];
    bool trading = section->table == &gw_strategy_params;
    /* Common keys of trading matter to gates at least; a strategy's own ones wherever they are active. */
    if (spec && (trading ? !spec->desc->needs_model && !key.by : !strategy_trains(spec))) return false;
    const void *base = spec ? (const char *)spec + section->common_offset : (const char *)e + section->offset;
    if (!gw_param_active(&key, base)) return false;
    return strcmp(gw_param_show(key.param, gw_param_base_const(&key, base), text), value) == 0;
}

static const char add_one[] = "add it to one, then test_golden_kinds --update pins what comes of it";

static void need_kind(const char *kind, const char *name) {
    print_error("no experiment of tests/golden/kinds_*.json has %s %s: %s\n", kind, name, add_one);
    n_differences++;
}

static void need_option(const struct key_section *section, const struct gw_param_key *key, const char *value) {
    for (size_t i = 0; i < N_KINDS; i++) {
        if (!section->per_strategy && holds(ran[i], NULL, section, *key, value)) return;
        for (size_t s = 0; section->per_strategy && s < ran[i]->n_strategies; s++)
            if (holds(ran[i], &ran[i]->strategy[s], section, *key, value)) return;
    }
    print_error("no experiment of tests/golden/kinds_*.json has %s.%s %s: %s\n", section->name, key->param->name, value,
                add_one);
    n_differences++;
}

static void test_every_option(void **state) {
    (void)state;
    size_t n = 0;
    for (size_t s = 0; s < config_n_sections; s++)
        for (struct gw_param_key key = {0}; gw_param_next(config_section[s].table, &key);) {
            const char *word;
            for (size_t i = 0; key.param->choices && (word = gw_choice_at(key.param->choices, i).name); i++, n++)
                if (strcmp(word, "xgboost") != 0) /* its bytes are its library's: tests/models/test_boosting.c */
                    need_option(&config_section[s], &key, word);
            for (int flag = 0; key.param->type == GW_PARAM_BOOL && flag < 2; flag++, n++)
                need_option(&config_section[s], &key, flag ? "true" : "false");
        }
    assert_in_range(n, 40, 1000); /* the tables were found */
    expect_nothing();
}

static bool strategy_held(const char *name) {
    for (size_t i = 0; i < N_KINDS; i++)
        for (size_t s = 0; s < ran[i]->n_strategies; s++)
            if (strcmp(ran[i]->strategy[s].desc->name, name) == 0) return true;
    return false;
}

static bool market_held(const char *kind) {
    for (size_t m = 0; m < COUNT_OF(market_kind); m++)
        for (size_t i = 0; strcmp(market_kind[m].kind, kind) == 0 && i < N_KINDS; i++)
            for (size_t d = 0; d < ran[i]->n_data; d++)
                if (strstr(ran[i]->data[d].file, market_kind[m].file)) return true;
    return false;
}

static void test_every_strategy_and_market(void **state) {
    (void)state;
    for (size_t i = 0; i < gw_strategy_count(); i++)
        if (strcmp(gw_strategy_at(i)->name, "plugin") != 0 && /* needs a compiler: tests/own/test_plugin.sh */
            !strategy_held(gw_strategy_at(i)->name))
            need_kind("strategy", gw_strategy_at(i)->name);
    for (size_t i = 0; i < gw_synth_kind_count(); i++)
        if (!market_held(gw_synth_kind_name(i))) need_kind("market", gw_synth_kind_name(i));
    expect_nothing();
}

/* ---- runs and new pins ----------------------------------------------------------------------------------------------- */

/* Data are looked for beside the experiment, so that must lie in the scratch folder too. */
static struct experiment *load(const char *name) {
    char path[128];
    size_t n;
    struct experiment *e = NULL;
    snprintf(path, sizeof path, "tests/golden/kinds_%.50s.json", name);
    char *text = rundir_read(path, &n);
    scratch_write("experiment.json", text, n);
    mem_free(text);
    text = rundir_read("tests/golden/kinds_own.lua", &n);
    scratch_write("kinds_own.lua", text, n);
    mem_free(text);
    assert_ok(experiment_load(scratch("experiment.json"), NULL, &e));
    return e;
}

static void run_all(void) {
    char dir[1024];
    for (size_t m = 0; m < COUNT_OF(market_kind); m++)
        golden_market(market_kind[m].kind, N_BARS, market_kind[m].seed, market_kind[m].file, market_kind[m].hole);
    assert_ok(gw_kernels_select("portable"));
    assert_ok(dir_make(scratch("run")));
    for (size_t i = 0; i < N_KINDS; i++) {
        ran[i] = load(experiment_name[i]);
        assert_ok(run_experiment(ran[i], &(struct gw_run_options){.out_dir = made(i, ""), .jobs = 2}, dir));
    }
}

static int update(void) {
    static char name[256][128];
    char text[HASH_SIZE];
    struct out_file out;
    TRY(write_numbers(GOLDEN_NUMBERS));
    TRY(out_open(&out, GOLDEN_HASHES));
    struct json_writer w = {.stream = out.stream};
    json_begin_object(&w, NULL);
    golden_libm(text);
    json_put_string(&w, "libm", text);
    for (size_t i = 0; i < N_KINDS; i++) {
        json_begin_object(&w, experiment_name[i]);
        json_begin_object(&w, "files");
        for (size_t k = 0; k < COUNT_OF(pinned); k++) {
            hash_file(i, pinned[k], text);
            json_put_string(&w, pinned[k], text);
        }
        json_end_object(&w);
        json_begin_object(&w, "weights");
        size_t n = model_names(i, name);
        for (size_t k = 0; k < n; k++) {
            hash_weights(model_path(i, name[k]), text);
            json_put_string(&w, name[k], text);
        }
        json_end_object(&w);
        json_end_object(&w);
    }
    json_end_object(&w);
    return out_commit(&out);
}

static int setup(void **state) {
    if (golden_scratch(state) != 0) return -1;
    run_all();
    return json_load(GOLDEN_HASHES, GW_ERR_DATA, &golden);
}

static int teardown(void **state) {
    json_free(golden);
    for (size_t i = 0; i < N_KINDS; i++) experiment_free(ran[i]);
    return scratch_remove(state);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_every_strategy_and_market),
    };
    progress_quiet(true);
    return argc == 2 ? golden_make(argv[1], run_all, update) : cmocka_run_group_tests(tests, setup, teardown);
}
