/* gradients.npy and its tables: whole, of the surest signals, where attention.csv says, the same bytes for any threads. */
#include "engine/base/base.h"
#include "gatewalk/run_files.h"
#include "rundir.h"

enum { MOST = 3, T = 8, F = 3 };
static const char text_format[] =
    "{'name':'g','data':['EARLY.csv','LATE.csv'],'features':['log_return(1)','rsi(6)','bollinger_b(8,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'signals':{'k':[5,20],'act_on':20},"
    "'folds':{'train':150,'validation':60,'test':60,'embargo':3},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':3,'patience':2,'batch_size':96,'block':8,'learning_rate':0.01},"
    "'verdict':{'bootstrap':100,'null_resamples':0,'random_entries':20,'importance':false,'gradients':%d},'seeds':[3],"
    "'strategies':[{'name':'none','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau','lookback':5}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'}},"
    "{'name':'dual','strategy':'gate','model':{'attention':'dual_stage'}}]}";

static const char *const files[] = {GW_RUN_GRADIENTS, GW_RUN_GRADIENTS_INDEX, GW_RUN_GRADIENTS_MEAN};

static void file_of(char path[1024], const char *run, const char *name) {
    snprintf(path, 1024, "%.500s/%s/%s", scratch_dir, run, name);
}

static void run_with(int gradients, const char *name, size_t jobs) {
    char text[4096];
    snprintf(text, sizeof text, text_format, gradients);
    struct experiment *e = fixture_experiment(text);
    assert_ok(rundir_run(e, name, jobs));
    experiment_free(e);
}

static void open_table(struct table *t, const char *name) {
    char path[1024];
    file_of(path, "one", name);
    assert_ok(table_read(path, t));
}
static const char *cell(const struct table *t, size_t row, const char *name) {
    size_t column;
    assert_ok(table_column(t, name, &column));
    return t->cell[row * t->n_columns + column];
}
static double number(const struct table *t, size_t row, const char *name) { return strtod(cell(t, row, name), NULL); }

/* Of the same fit and gate there are fewer than MOST signals that are surer. */
static void check_surest(const struct table *attention, size_t row) {
    static const char *const same[] = {"strategy", "fold", "gate", "map"};
    size_t surer = 0;
    for (size_t i = 0; i < attention->n_rows; i++) {
        bool of_fit = true;
        for (size_t k = 0; k < COUNT_OF(same); k++)
            of_fit &= strcmp(cell(attention, i, same[k]), cell(attention, row, same[k])) == 0;
        surer += of_fit && number(attention, i, "probability") > number(attention, row, "probability");
    }
    assert_true(surer < MOST);
}

static void test_signals(void **state) {
    (void)state;
    struct table index, attention;
    size_t shape[3], multihead = 0, incomplete = 0;
    char path[1024];
    void *data;
    run_with(MOST, "one", 1);
    open_table(&index, GW_RUN_GRADIENTS_INDEX);
    open_table(&attention, GW_RUN_ATTENTION_INDEX);
    file_of(path, "one", GW_RUN_GRADIENTS);
    assert_ok(npy_read(path, "<f4", sizeof(float), shape, 3, &data));
    assert_int_equal(shape[0], index.n_rows);
    assert_int_equal(shape[1], T);
    assert_int_equal(shape[2], F);
    assert_true(index.n_rows > 20);
    for (size_t row = 0; row < index.n_rows; row++) {
        const float *value = (const float *)data + row * T * F;
        const size_t at = (size_t)number(&index, row, "attention_row");
        const double logit = number(&index, row, "logit"), difference = logit - number(&index, row, "baseline");
        double sum = 0;
        for (size_t j = 0; j < T * F; j++) sum += (double)value[j];
        for (size_t j = 0; j < 3 * F && !strcmp(cell(&index, row, "strategy"), "bahdanau"); j++)
            assert_true(value[j] == 0); /* its lookback is shorter */
        assert_near(sum, number(&index, row, "sum"), 1e-5, 1e-2);
        const bool complete = fabs(number(&index, row, "sum") - difference) <= 1e-3 * fabs(difference);
        assert_string_equal(cell(&index, row, "complete"), complete ? "1" : "0");
        incomplete += !complete;
        assert_true(at < attention.n_rows);
        assert_string_equal(cell(&attention, at, "map"), "mean");
        assert_string_equal(cell(&attention, at, "strategy"), cell(&index, row, "strategy"));
        assert_string_equal(cell(&attention, at, "fold"), cell(&index, row, "fold"));
        assert_string_equal(cell(&attention, at, "gate"), cell(&index, row, "gate"));
        assert_near(number(&attention, at, "probability"), 1 / (1 + exp(-logit)), 1e-4, 0);
        assert_true(fabs(number(&index, row, "rank_correlation")) <= 1);
        assert_string_not_equal(cell(&index, row, "strategy"), "dual");
        multihead += !strcmp(cell(&index, row, "strategy"), "multihead");
        check_surest(&attention, at);
    }
    assert_true(multihead > 10);
    assert_true(20 * incomplete <= index.n_rows); /* kinks at differences near zero */
    mem_free(data);
    table_free(&attention);
    table_free(&index);
}

static void test_means(void **state) {
    (void)state;
    struct table index, mean;
    double of_signals = 0, of_means = 0;
    open_table(&index, GW_RUN_GRADIENTS_INDEX);
    open_table(&mean, GW_RUN_GRADIENTS_MEAN);
    for (size_t i = 0; i < index.n_rows; i++) of_signals += number(&index, i, "sum");
    for (size_t i = 0; i < mean.n_rows; i++) {
        assert_true(fabs(number(&mean, i, "value")) <= number(&mean, i, "size") * (1 + 1e-9));
        of_means += number(&mean, i, "value") * number(&mean, i, "n");
    }
    assert_near(of_means, of_signals, 1e-5, 1);
    assert_int_equal(mean.n_rows, 2 * (5 + T) * F);
    table_free(&mean);
    table_free(&index);
}

/* Any number of threads gives the same bytes; without the key an earlier run's files do not stay. */
static void test_bytes(void **state) {
    (void)state;
    char a[1024], b[1024];
    run_with(MOST, "two", 2);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        size_t n, m;
        file_of(a, "one", files[i]);
        file_of(b, "two", files[i]);
        char *x = rundir_read(a, &n), *y = rundir_read(b, &m);
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n);
        mem_free(x);
        mem_free(y);
    }
    run_with(0, "two", 2);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        file_of(b, "two", files[i]);
        assert_false(file_exists(b));
    }
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_signals), cmocka_unit_test(test_means),
                                       cmocka_unit_test(test_bytes)};
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
