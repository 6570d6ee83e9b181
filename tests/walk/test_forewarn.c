/* What spoils a result is said before the first fit. */
#include "engine/base/base.h"
#include "engine/walk/forewarn.h"
#include "fixture.h"

static const char shape[] =
    "{'name':'w','data':[{'file':'x.csv','symbol':'W','interval':'15m'}],'features':['range'],'labels':{'horizon':6},"
    "'folds':{'train':200,'validation':100,'test':90},'model':{'lookback':6,'hidden':4},'seeds':1,"
    "'signals':{'k':[%s],'act_on':50},'verdict':{'bootstrap':%d},'strategies':[{'name':'lstm','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'}}]}";

struct stage {
    struct experiment *e;
    struct prepared p;
    struct gw_fold fold[2];
    struct gw_range range[2][GW_N_SLICES];
    struct gw_labels labels;
    int8_t gate[GW_N_GATES][1000];
};

static void stage_make(struct stage *s, const char *ks, int bootstrap) {
    char text[1024];
    memset(s, 0, sizeof *s);
    snprintf(text, sizeof text, shape, ks, bootstrap);
    s->e = fixture_experiment(text);
    s->p.market.n_symbols = 1;
    s->p.plan.n_folds = 2;
    s->p.plan.fold = s->fold;
    s->p.labels = &s->labels;
    for (size_t f = 0; f < 2; f++)
        for (size_t slice = 0; slice < GW_N_SLICES; slice++) {
            s->range[f][slice] = (struct gw_range){f * 100 + slice * 100, f * 100 + slice * 100 + 100};
            s->fold[f].samples[slice] = &s->range[f][slice];
        }
    for (int g = 0; g < GW_N_GATES; g++) {
        s->labels.gate[g] = s->gate[g];
        for (size_t t = 0; t < 1000; t += 10) s->gate[g][t] = 1;
    }
}

static void expect(const struct stage *s, enum forewarning which, const char *says) {
    char text[FOREWARNING_MAX];
    const bool warned = forewarn(s->e, &s->p, which, text);
    assert_int_equal(warned, says != NULL);
    if (says && !strstr(text, says)) fail_msg("no \"%s\" in \"%s\"", says, text);
    if (!says) assert_string_equal(text, "");
}

static void test_nothing_to_warn_of(void **state) {
    (void)state;
    struct stage s;
    stage_make(&s, "20,50", 10000);
    for (int which = 0; which < N_FOREWARNINGS; which++) expect(&s, (enum forewarning)which, NULL);
    experiment_free(s.e);
}

static void test_no_positives(void **state) {
    (void)state;
    struct stage s;
    stage_make(&s, "20,50", 10000);
    for (size_t t = 0; t < 100; t++) s.gate[GW_GATE_SHORT][t] = 0; /* the first fold's training slice */
    expect(&s, FOREWARN_NO_POSITIVES_LONG, NULL);
    expect(&s, FOREWARN_NO_POSITIVES_SHORT,
           "short gate has no positive label in 1 of 2 training and 0 of 2 test slices");
    memset(s.gate[GW_GATE_LONG], 0, sizeof s.gate[GW_GATE_LONG]);
    expect(&s, FOREWARN_NO_POSITIVES_LONG, "2 of 2 training and 2 of 2 test");
    experiment_free(s.e);
}

static void test_few_bars(void **state) {
    (void)state;
    struct stage s;
    stage_make(&s, "5,19,50", 10000); /* of 100 bars */
    expect(&s, FOREWARN_FEW_BARS, "the best 5 % of a test fold are 5 bars, fewer than 20: P@5 % moves by 20 points");
    experiment_free(s.e);
    stage_make(&s, "19.5,50", 10000);
    expect(&s, FOREWARN_FEW_BARS, NULL); /* 20 bars */
    experiment_free(s.e);
}

/* Eight differences at 5 %: the lowest p, 1 in replicates + 1, has to be an eighth of 5 %. */
static void test_few_replicates(void **state) {
    (void)state;
    struct stage s;
    stage_make(&s, "20,50", 158);
    expect(&s, FOREWARN_REPLICATES,
           "none of 8 differences can be significant once corrected with verdict.bootstrap 158; it "
           "takes 159");
    experiment_free(s.e);
    stage_make(&s, "20,50", 159);
    expect(&s, FOREWARN_REPLICATES, NULL);
    experiment_free(s.e);
}

/* Two gates of two contestants at 5 %: 1 in resamples + 1 has to be a quarter of 5 %. */
static void test_few_nulls(void **state) {
    (void)state;
    struct stage s;
    stage_make(&s, "20,50", 10000);
    s.e->verdict.null_resamples = 78;
    expect(&s, FOREWARN_NULLS,
           "none of 4 gates can beat the null control once corrected with verdict.null_resamples 78; it takes 79");
    s.e->verdict.null_resamples = 79;
    expect(&s, FOREWARN_NULLS, NULL);
    s.e->verdict.null_resamples = 0; /* not asked */
    expect(&s, FOREWARN_NULLS, NULL);
    experiment_free(s.e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_warn_of), cmocka_unit_test(test_no_positives), cmocka_unit_test(test_few_bars),
        cmocka_unit_test(test_few_replicates),     cmocka_unit_test(test_few_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
