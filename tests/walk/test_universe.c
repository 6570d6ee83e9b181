/* Many symbols: what a pattern stands for is what a list would name, and nothing that is not in work need be kept. */
#include <unistd.h>

#include "engine/base/base.h"
#include "gatewalk/import.h"
#include "rundir.h"

enum { N_SYMBOLS = 5, N_BARS = 400 };

#define UNIVERSE(data, more)                                                                                           \
    "{'name':'universe','data':" data ",'features':['log_return(1)','range','rank(8)'],"                               \
    "'labels':{'horizon':6,'min_move':0.002},'folds':{'train':200,'validation':80,'test':60},"                         \
    "'signals':{'k':[5],'act_on':5},'model':{'encoder':'logistic'},'training':{'epochs':2,'batch_size':32}," more      \
    "'verdict':{'bootstrap':100,'null_resamples':0,'importance':true},"                                                \
    "'strategies':[{'name':'logit','strategy':'gate'},{'name':'basket','strategy':'cross_section'}]}"

static int make_bars(void **state) {
    if (rundir_setup(state) != 0) return -1;
    assert_int_equal(mkdir(scratch("bars"), 0755), 0);
    for (int s = 0; s < N_SYMBOLS; s++) {
        struct gw_bars bars;
        char name[GW_SYMBOL_MAX], file[64];
        snprintf(name, sizeof name, "U%d", s);
        fixture_walk(&bars, name, N_BARS, 70 + (uint64_t)s, (size_t)s, 0.01);
        snprintf(file, sizeof file, "bars/U%d.csv", s);
        assert_ok(gw_bars_write_csv(&bars, scratch(file)));
        gw_bars_free(&bars);
    }
    return 0;
}

/* A pattern and a list of its files are the same run. */
static void a_pattern_is_its_files(void **state) {
    (void)state;
    struct experiment *pattern = fixture_experiment(UNIVERSE("'bars/*.csv'", ""));
    struct experiment *list =
        fixture_experiment(UNIVERSE("['bars/U0.csv','bars/U1.csv','bars/U2.csv','bars/U3.csv','bars/U4.csv']", ""));
    assert_int_equal(pattern->n_data, N_SYMBOLS);
    assert_int_equal(list->n_data, N_SYMBOLS);
    for (size_t s = 0; s < N_SYMBOLS; s++) assert_string_equal(pattern->data[s].file, list->data[s].file);
    assert_string_equal(pattern->data[3].symbol, "U3");
    assert_ok(rundir_run(pattern, "pattern", 2));
    assert_ok(rundir_run(list, "list", 1));
    assert_true(rundir_compare(scratch("pattern"), scratch("list")) > 10);
    experiment_free(list);
    experiment_free(pattern);
}

/* Features that are made again for every fit give the bytes of those that were kept. */
static void features_in_work_alone(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(UNIVERSE("'bars/*.csv'", ""));
    struct prepared *p;
    assert_ok(rundir_run(e, "kept", 2));
    const size_t before = prepare_keep_at_most(0);
    assert_ok(prepare(e, &p));
    for (size_t s = 0; s < N_SYMBOLS; s++) {
        assert_null(p->features[s].value);
        assert_int_equal(p->features[s].n_bars, p->market.symbol[s].n);
    }
    assert_ok(prepared_keep_features(p));
    assert_non_null(p->features[N_SYMBOLS - 1].value);
    prepared_free(p);
    assert_ok(rundir_run(e, "made", 2));
    assert_int_equal(prepare_keep_at_most(before), 0);
    assert_true(rundir_compare(scratch("kept"), scratch("made")) > 10);
    experiment_free(e);
}

/* What is parked in files and read from there again gives the bytes of what stays in memory. */
static void parked_and_read_again(void **state) {
    (void)state;
    struct experiment *e = fixture_experiment(UNIVERSE("'bars/*.csv'", ""));
    assert_ok(rundir_run(e, "in_memory", 2));
    const size_t before = walk_park_from(0);
    assert_ok(rundir_run(e, "in_files", 2));
    assert_int_equal(walk_park_from(before), 0);
    assert_true(rundir_compare(scratch("in_memory"), scratch("in_files")) > 10);
    experiment_free(e);
}

/* All symbols in one file: read once, each the one that its rows name. */
static void one_file_of_all(void **state) {
    (void)state;
    FILE *stacked = fopen(scratch("stacked.csv"), "w");
    assert_non_null(stacked);
    fprintf(stacked, "time,open,high,low,close,volume,symbol\n");
    for (int s = 0; s < N_SYMBOLS; s++) {
        char name[64], line[512];
        snprintf(name, sizeof name, "bars/U%d.csv", s);
        FILE *in = fopen(scratch(name), "r");
        assert_non_null(in);
        assert_non_null(fgets(line, sizeof line, in));
        while (fgets(line, sizeof line, in)) fprintf(stacked, "%.*s,U%d\n", (int)strcspn(line, "\n"), line, s);
        fclose(in);
    }
    fclose(stacked);
    struct experiment *apart = fixture_experiment(UNIVERSE("'bars/*.csv'", ""));
    struct experiment *together = fixture_experiment(UNIVERSE("'stacked.csv'", ""));
    struct prepared *p, *q;
    assert_ok(prepare(apart, &p));
    assert_ok(prepare(together, &q));
    assert_int_equal(q->market.n_symbols, N_SYMBOLS);
    for (size_t s = 0; s < N_SYMBOLS; s++) {
        assert_string_equal(q->market.symbol[s].symbol, p->market.symbol[s].symbol);
        assert_true(q->market.symbol[s].fingerprint == p->market.symbol[s].fingerprint);
        assert_int_equal(q->import[s].n_bars, p->import[s].n_bars);
    }
    prepared_free(p);
    prepared_free(q);
    experiment_free(apart);
    experiment_free(together);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_its_files),
        cmocka_unit_test(features_in_work_alone),
        cmocka_unit_test(parked_and_read_again),
        cmocka_unit_test(one_file_of_all),
    };
    return cmocka_run_group_tests(tests, make_bars, scratch_remove);
}
