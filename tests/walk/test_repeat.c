/* The same experiment gives the same bytes: for any number of threads, again, continued, from anywhere. */
#include "engine/base/base.h"
#include "rundir.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gatewalk/version.h"

static const char *program; /* to start itself as a child that is interrupted */

static const char text_format[] =
    "{'name':'repeat','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','rsi(6)','range@1h','bollinger_b(8,2)','regime(2,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':150,'validation':60,'test':60},'signals':{'k':[5,20],'act_on':20},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':%d,'patience':0,'batch_size':96,'block':8,'learning_rate':0.01,'calibration':'platt'},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'confidence':0.9,'importance':%s},'seeds':[3,7]"
    ","
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'warm','strategy':'gate','model':{'attention':'bahdanau'},'training':{'retrain':'warm'}},"
    "{'name':'lora','strategy':'gate','training':{'retrain':'lora','lora_rank':2}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'}},'buy_and_hold']}";

static struct experiment *experiment(int epochs, bool importance) {
    char text[2048];
    snprintf(text, sizeof text, text_format, epochs, importance ? "true" : "false");
    return fixture_experiment(text);
}

enum { MODELS = 5 * 2 * 5, TABLES = 16 }; /* strategies × seeds × folds; files but run.json and models */

static void expect_same(const char *a, const char *b) {
    assert_int_equal(rundir_compare(scratch(a), scratch(b)), MODELS + TABLES);
}

/* What run.json says under fits.`key`. */
static double fits_number(const char *name, const char *key) {
    char path[128];
    struct json_document *doc;
    snprintf(path, sizeof path, "%s/" GW_RUN_JSON, name);
    assert_ok(json_load(scratch(path), GW_ERR_DATA, &doc));
    assert_string_equal(json_string(json_get(json_root(doc), "status"), ""), "finished");
    double value = json_number(json_get(json_get(json_root(doc), "fits"), key), -1);
    json_free(doc);
    return value;
}

static const char *model_path(const char *name, const char *model) {
    char path[128];
    snprintf(path, sizeof path, "%s/" GW_RUN_MODELS "/%s.safetensors", name, model);
    return scratch(path);
}

/* ---- threads, places, again ---------------------------------------------------------------------------------- */

static void test_any_number_of_threads(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    assert_ok(rundir_run(e, "one", 1));
    assert_int_equal((int)fits_number("one", "count"), MODELS);
    assert_int_equal((int)fits_number("one", "reused"), 0);
    assert_ok(rundir_run(e, "two", 2));
    expect_same("one", "two");
    assert_ok(rundir_run(e, "four", 4));
    expect_same("one", "four");
    omp_set_num_threads(3); /* what OMP_NUM_THREADS sets */
    assert_ok(rundir_run(e, "three", 0));
    expect_same("one", "three");
    experiment_free(e);
}

static void test_second_run_reuses_everything(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    struct stat before, after;
    assert_int_equal(stat(model_path("two", "warm-s7-f003"), &before), 0);
    assert_ok(rundir_run(e, "two", 1));
    expect_same("one", "two");
    assert_int_equal((int)fits_number("two", "reused"), MODELS);
    assert_int_equal(stat(model_path("two", "warm-s7-f003"), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* not even written anew */
    experiment_free(e);
}

static void test_another_working_directory(void **state) {
    (void)state;
    char here[1024], dir[1024];
    struct experiment *e = experiment(2, true), *moved;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(scratch_dir), 0);
    int rc = experiment_load("experiment.json", NULL, &moved);
    if (rc == GW_OK) rc = run_experiment(moved, &(struct gw_run_options){.out_dir = "deep/er/there", .jobs = 2}, dir);
    int back = chdir(here);
    assert_ok(rc);
    assert_int_equal(back, 0);
    expect_same("one", "deep/er/there");
    experiment_free(moved);
    experiment_free(e);
}

/* ---- what a fold starts from -------------------------------------------------------------------------------- */

static void expect_file(const char *path, const char *want, bool same) {
    size_t n, m;
    char *x = rundir_read(path, &n), *y = rundir_read(want, &m);
    if ((n == m && memcmp(x, y, n) == 0) != same) fail_msg("%s %s %s", path, same ? "is not" : "is", want);
    mem_free(x);
    mem_free(y);
}

/* Fits of one strategy and seed by hand, fold after fold, each given `previous` or nothing. */
static void chain_by_hand(const struct experiment *e, const struct prepared *p, size_t strategy, bool chained) {
    struct fit_context context = {.experiment = e, .prepared = p};
    struct gw_gate_model *previous = NULL, *model;
    for (size_t f = 0; f < p->plan.n_folds; f++) {
        struct fit fit = {.strategy = strategy, .seed = 1, .fold = f};
        char want[64];
        snprintf(fit.model_path, sizeof fit.model_path, "%s", scratch("by hand.safetensors"));
        unlink(fit.model_path);
        fit_key(e, p, &fit);
        assert_ok(fit_execute(&context, chained ? previous : NULL, &fit, &model));
        snprintf(want, sizeof want, "%s-s7-f%03zu", e->strategy[strategy].name, f + 1);
        expect_file(fit.model_path, model_path("one", want), chained || f == 0);
        fit_release(&fit);
        gw_model_free(previous);
        previous = model;
    }
    gw_model_free(previous);
}

/* Warm and lora folds start from the fold before, of the same strategy and seed. */
static void test_a_chain_passes_models_on(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    struct prepared *p;
    assert_ok(prepare(e, &p));
    for (size_t s = 1; s <= 2; s++) {
        chain_by_hand(e, p, s, true);
        chain_by_hand(e, p, s, false); /* which is not the same */
    }
    chain_by_hand(e, p, 3, true); /* "fresh" takes nothing from the fold before */
    prepared_free(p);
    experiment_free(e);
}

/* ---- models that are gone, old or broken --------------------------------------------------------------------------- */

static void continue_and_compare(const struct experiment *e, const char *name, int reused) {
    assert_ok(rundir_run(e, name, 2));
    expect_same("one", name);
    assert_int_equal((int)fits_number(name, "reused"), reused);
}

/* A few fits' seconds are no training time of a strategy whose other fits are an earlier run's. */
static void expect_no_training_time(const char *name) {
    char path[128];
    struct json_document *doc;
    snprintf(path, sizeof path, "%s/" GW_RUN_JSON, name);
    assert_ok(json_load(scratch(path), GW_ERR_DATA, &doc));
    const json_value *criteria = json_get(json_root(doc), "criteria");
    size_t n_timed = 0;
    for (size_t i = 0; i < json_size(criteria); i++) {
        const json_value *row = json_at(criteria, i);
        assert_string_equal(json_string(json_get(row, "state"), ""), "not_measured");
        assert_int_equal(json_kind(json_get(row, "ratio")), JSON_NULL);
        assert_true(json_number(json_get(row, "reused_fits"), 0) > 0);
        n_timed += json_number(json_get(row, "candidate_seconds"), 0) > 0 &&
                   json_number(json_get(row, "baseline_seconds"), 0) > 0;
    }
    assert_true(n_timed >= 3); /* warm, lora and logistic against none: all trained a part */
    json_free(doc);
}

static void test_missing_models_are_fitted_again(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    static const char *const gone[] = {"none-s3-f001", "warm-s3-f002", "warm-s7-f004", "lora-s3-f003",
                                       "logistic-s7-f002"};
    for (size_t i = 0; i < COUNT_OF(gone); i++) assert_int_equal(unlink(model_path("two", gone[i])), 0);
    assert_int_equal(unlink(scratch("two/" GW_RUN_SUMMARY)), 0);
    continue_and_compare(e, "two", MODELS - (int)COUNT_OF(gone));
    expect_no_training_time("two");
    experiment_free(e);
}

/* The bytes of `to` become those of `from`: a model of another seed, fold or strategy under a wrong name. */
static void plant(const char *from, const char *to) {
    size_t n;
    char *bytes = rundir_read(model_path("two", from), &n);
    FILE *stream = fopen(model_path("two", to), "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
    mem_free(bytes);
}

static void test_stale_models_are_fitted_again(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    plant("none-s3-f002", "none-s3-f001");      /* another fold */
    plant("none-s3-f004", "none-s7-f004");      /* another seed */
    plant("lora-s3-f001", "none-s3-f003");      /* another strategy of the same shape */
    plant("warm-s7-f001", "multihead-s7-f001"); /* another shape */
    continue_and_compare(e, "two", MODELS - 4);
    experiment_free(e);
}

static void damage(const char *model, size_t cut, size_t flip) {
    size_t n;
    const char *path = model_path("two", model);
    char *bytes = rundir_read(path, &n);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    if (flip) bytes[flip % n] ^= 0x10;
    n = cut ? n * cut / 100 : n;
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
    mem_free(bytes);
}

/* Other sources may do the same sums differently, whatever their version says. */
static void test_models_of_other_sources_are_fitted_again(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    struct prepared *p;
    struct gw_gate_model *model;
    char sources[80];
    assert_ok(prepare(e, &p));
    struct fit here = {.strategy = 0, .seed = 0, .fold = 0}, other = here, same = here;
    fit_key(e, p, &here);
    fit_key_of(gw_source_hash(), e, p, &same);
    snprintf(sources, sizeof sources, "%s", gw_source_hash());
    assert_int_equal(strlen(sources), 64);
    sources[63] = sources[63] == '0' ? '1' : '0';
    fit_key_of(sources, e, p, &other);
    assert_string_equal(here.key, same.key);
    assert_string_not_equal(here.key, other.key);
    struct fit *fit[] = {&here, &other};
    struct fit_context context = {.experiment = e, .prepared = p};
    for (size_t i = 0; i < 2; i++) {
        snprintf(fit[i]->model_path, sizeof fit[i]->model_path, "%s", model_path("two", "none-s3-f001"));
        assert_ok(fit_execute(&context, NULL, fit[i], &model));
        assert_int_equal(fit[i]->reused, i == 0);
        fit_release(fit[i]);
        gw_model_free(model);
    }
    prepared_free(p);
    continue_and_compare(e, "two", MODELS - 1); /* the one of other sources, back in these */
    experiment_free(e);
}

static void test_damaged_models_are_fitted_again(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    damage("none-s3-f001", 99, 0);
    damage("none-s3-f002", 50, 0);
    damage("none-s7-f001", 0, 3);   /* the header's length */
    damage("none-s7-f002", 0, 200); /* inside the header */
    damage("warm-s3-f001", 0, 1900);
    damage("warm-s3-f002", 0, 1000003); /* anywhere: modulo the size */
    damage("warm-s7-f003", 0, 999983);
    damage("logistic-s3-f001", 1, 0);
    FILE *stream = fopen(model_path("two", "lora-s7-f002"), "wb");
    assert_int_equal(fclose(stream), 0); /* empty */
    continue_and_compare(e, "two", MODELS - 9);
    experiment_free(e);
}

/* Every byte of a stored model matters: one flipped bit anywhere and it is not loaded. */
static void test_no_flipped_bit_is_loaded(void **state) {
    (void)state;
    size_t n;
    const char *path = model_path("two", "logistic-s3-f001");
    char *bytes = rundir_read(path, &n);
    for (size_t at = 0; at < n; at += 1 + at % 3) {
        struct gw_gate_model *model = NULL;
        FILE *stream = fopen(scratch("flipped.safetensors"), "wb");
        assert_non_null(stream);
        bytes[at] ^= (char)(1 << at % 8);
        assert_int_equal(fwrite(bytes, 1, n, stream), n);
        assert_int_equal(fclose(stream), 0);
        bytes[at] ^= (char)(1 << at % 8);
        if (gw_model_load(scratch("flipped.safetensors"), NULL, 0, &model, NULL, NULL, NULL) == GW_OK)
            fail_msg("byte %zu of %zu may be flipped", at, n);
    }
    mem_free(bytes);
}

/* ---- another experiment in the same directory ------------------------------------------------------------------------ */

static void test_changed_experiment_is_fitted_anew(void **state) {
    (void)state;
    struct experiment *longer = experiment(3, true), *plain = experiment(2, false);
    assert_ok(rundir_run(longer, "three epochs", 2));
    assert_ok(rundir_run(longer, "two", 2)); /* over the run of two epochs */
    assert_int_equal(rundir_compare(scratch("three epochs"), scratch("two")), MODELS + TABLES);
    assert_int_equal((int)fits_number("two", "reused"), 0);
    /* Without importance the models hold less; with it again they must be fitted again. */
    assert_ok(rundir_run(plain, "plain", 2));
    struct experiment *e = experiment(2, true);
    assert_ok(rundir_run(e, "plain", 2));
    expect_same("one", "plain");
    experiment_free(e);
    experiment_free(longer);
    experiment_free(plain);
}

static void test_foreign_directory_is_not_written_into(void **state) {
    (void)state;
    struct experiment *e = experiment(2, true);
    assert_ok(dir_make(scratch("foreign")));
    scratch_write("foreign/thesis.txt", "years", 5);
    assert_fails(rundir_run(e, "foreign", 1), GW_ERR_USAGE, "holds no gatewalk run");
    char name[256][128];
    assert_int_equal(rundir_names(scratch("foreign"), name), 1);
    experiment_free(e);
}

/* ---- interruption ------------------------------------------------------------------------------------------------------ */

static int count_models(const char *dir) {
    int n = 0;
    DIR *stream = opendir(dir);
    while (stream) {
        struct dirent *entry = readdir(stream);
        if (!entry) break;
        n += strstr(entry->d_name, ".safetensors") != NULL && entry->d_name[0] != '.';
    }
    if (stream) closedir(stream);
    return n;
}

/* Child: once a few models are stored, Ctrl-C. */
static atomic_bool child_done;
static void *interrupt_soon(void *models) {
    while (count_models(models) < 5 && !atomic_load(&child_done)) usleep(200);
    if (!atomic_load(&child_done)) raise(SIGINT);
    return NULL;
}

static int child(const char *path, const char *out) {
    struct experiment *e;
    char dir[1024], models[1024];
    pthread_t thread;
    progress_quiet(true);
    interrupt_install();
    snprintf(models, sizeof models, "%.900s/" GW_RUN_MODELS, out);
    if (experiment_load(path, NULL, &e) < 0 || pthread_create(&thread, NULL, interrupt_soon, models) != 0) return 90;
    int rc = run_experiment(e, &(struct gw_run_options){.out_dir = out, .jobs = 2}, dir);
    bool says = strstr(gw_error_message(), "run the same command again") != NULL;
    atomic_store(&child_done, true);
    pthread_join(thread, NULL);
    experiment_free(e);
    return rc == GW_ERR_INTERRUPTED && says ? 77 : 91;
}

static void test_interrupted_run_is_continued(void **state) {
    (void)state;
    enum { EPOCHS = 60 }; /* long enough to be interrupted for sure */
    struct experiment *e = experiment(EPOCHS, false);
    char json[700], out[700];
    snprintf(json, sizeof json, "%s", scratch("experiment.json"));
    snprintf(out, sizeof out, "%s", scratch("interrupted"));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* must not outlive a killed test */
        if (!freopen("/dev/null", "w", stderr)) _exit(92);
        execl(program, program, "child", json, out, (char *)NULL);
        _exit(93);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 77);
    int kept = count_models(scratch("interrupted/" GW_RUN_MODELS));
    assert_in_range(kept, 5, MODELS - 1);
    assert_false(file_exists(scratch("interrupted/" GW_RUN_SUMMARY)));
    char name[256][128];
    assert_int_equal(rundir_names(scratch("interrupted/" GW_RUN_MODELS), name), kept); /* no half-written file */
    assert_ok(rundir_run(e, "interrupted", 2));
    assert_in_range((int)fits_number("interrupted", "reused"), kept, MODELS - 1);
    assert_ok(rundir_run(e, "at once", 2));
    assert_int_equal(rundir_compare(scratch("at once"), scratch("interrupted")), MODELS + TABLES);
    experiment_free(e);
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 4 && strcmp(argv[1], "child") == 0) return child(argv[2], argv[3]);
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_second_run_reuses_everything),
        cmocka_unit_test(test_another_working_directory),
        cmocka_unit_test(test_a_chain_passes_models_on),
        cmocka_unit_test(test_missing_models_are_fitted_again),
        cmocka_unit_test(test_stale_models_are_fitted_again),
        cmocka_unit_test(test_models_of_other_sources_are_fitted_again),
        cmocka_unit_test(test_damaged_models_are_fitted_again),
        cmocka_unit_test(test_no_flipped_bit_is_loaded),
        cmocka_unit_test(test_changed_experiment_is_fitted_anew),
        cmocka_unit_test(test_foreign_directory_is_not_written_into),
        cmocka_unit_test(test_interrupted_run_is_continued),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
