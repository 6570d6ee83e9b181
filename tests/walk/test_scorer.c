/* A stored fit alone gives the scores of its run, bit by bit: lora chains, calibrated models, markets with holes. */
#include "engine/base/base.h"
#include "gatewalk/import.h"
#include "gatewalk/scorer.h"
#include "rundir.h"

static const char text[] =
    "{'name':'scorer','data':['EARLY.csv','LATE.csv'],"
    "'features':['log_return(1)','rsi(6)','range@1h','bollinger_b(8,2)','regime(2,2)','regime(1,2,3)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},'scaler':{'kind':'robust','clip':1.5},"
    "'folds':{'train':150,'validation':60,'test':60},'signals':{'k':[20],'act_on':20},"
    "'model':{'lookback':8,'hidden':12,'attention':'bahdanau','attention_units':8,'dense_units':8},"
    "'training':{'epochs':2,'batch_size':96,'block':8,'learning_rate':0.01,'lora_rank':2},"
    "'verdict':{'bootstrap':100,'null_resamples':20,'random_entries':20,'confidence':0.9},'seeds':1,"
    "'strategies':[{'name':'platt','strategy':'gate','training':{'calibration':'platt'}},"
    "{'name':'lora','strategy':'gate','training':{'retrain':'lora'}},"
    "{'name':'patterns','strategy':'gate','model':{'encoder':'patterns','attention':'none','pattern_bars':6,"
    "'pattern_width':8,'pattern_heads':2,'pattern_layers':1,'latent':4,'categories':3},'training':{'retrain':'warm'}},"
    "{'name':'hours','strategy':'gate','model':{'attention':'none','cross':{'interval':'1h','lookback':3,'units':4}}},"
    "{'name':'stream','strategy':'gate','model':{'unroll':'stream'}}]}";

static const char *const symbol_name[] = {"EARLY", "LATE"};
enum { SYMBOLS = 2, FOLDS = 5 };
static struct gw_bars bars[SYMBOLS];

static const char *model_path(const char *strategy, int fold) {
    char file[128];
    snprintf(file, sizeof file, "run/" GW_RUN_MODELS "/%s-s1-f%03d.safetensors", strategy, fold);
    return scratch(file);
}

static size_t bar_closing_at(const struct gw_bars *b, int64_t close_ns) {
    for (size_t t = 0; t < b->n; t++)
        if (gw_bar_close_ns(b, t) == close_ns) return t;
    fail_msg("no bar of %s closes then", b->symbol);
    return 0;
}

/* Every row that scores.csv has of the fit; the first and the last bar of its slices when asked for. */
static size_t compare(const char *strategy, int fold, float *const p[SYMBOLS], size_t slice[SYMBOLS][2]) {
    FILE *file = fopen(scratch("run/" GW_RUN_SCORES), "r");
    char line[512], time[64], symbol[64], name[64];
    int seed, of;
    float want[GW_N_GATES];
    size_t n = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%63[^,],%*[^,],%63[^,],%63[^,],%d,%d,%f,%f", time, symbol, name, &seed, &of, &want[0],
                   &want[1]) != 7 ||
            strcmp(name, strategy) != 0 || of != fold)
            continue;
        int64_t close_ns;
        size_t s = strcmp(symbol, symbol_name[0]) == 0 ? 0 : 1;
        assert_ok(time_parse(time, &close_ns));
        size_t t = bar_closing_at(&bars[s], close_ns);
        const float *got = p[s] + t * GW_N_GATES;
        n++;
        if (slice) {
            if (t < slice[s][0]) slice[s][0] = t;
            if (t > slice[s][1]) slice[s][1] = t;
            continue;
        }
        if (got[0] != want[0] || got[1] != want[1])
            fail_msg("%s fold %d %s %s: %.9g %.9g, not %.9g %.9g", strategy, fold, symbol, time, (double)got[0],
                     (double)got[1], (double)want[0], (double)want[1]);
    }
    fclose(file);
    return n;
}

static void test_scores_of_the_run(void **state) {
    (void)state;
    static const char *const strategy[] = {"platt", "lora", "patterns", "hours"};
    float *p[SYMBOLS];
    for (size_t s = 0; s < SYMBOLS; s++) assert_non_null(p[s] = mem_calloc(bars[s].n * GW_N_GATES, sizeof(float)));
    for (size_t i = 0; i < COUNT_OF(strategy); i++) {
        struct gw_scorer *previous = NULL, *scorer;
        size_t n = 0;
        for (int fold = 1; fold <= FOLDS; fold++) {
            assert_ok(gw_scorer_open(model_path(strategy[i], fold), previous, &scorer));
            gw_scorer_close(previous);
            previous = scorer;
            assert_int_equal(gw_scorer_interval_ns(scorer), bars[0].interval_ns);
            assert_string_equal(gw_feature_set_name(gw_scorer_features(scorer), 3), "bollinger_b(8,2)");
            assert_true(gw_scorer_scaler(scorer)->clip == 1.5);
            for (size_t s = 0; s < SYMBOLS; s++) assert_ok(gw_scorer_score(scorer, &bars[s], 0, bars[s].n, p[s]));
            n += compare(strategy[i], fold, p, NULL);
        }
        assert_true(n > 300);
        gw_scorer_close(previous);
    }
    for (size_t s = 0; s < SYMBOLS; s++) mem_free(p[s]);
}

/* A streaming fit: slice by slice, because a slice says where the state begins. */
static void test_streaming_slices(void **state) {
    (void)state;
    float *p[SYMBOLS];
    size_t n = 0;
    for (size_t s = 0; s < SYMBOLS; s++) assert_non_null(p[s] = mem_calloc(bars[s].n * GW_N_GATES, sizeof(float)));
    for (int fold = 1; fold <= FOLDS; fold++) {
        size_t slice[SYMBOLS][2] = {{SIZE_MAX, 0}, {SIZE_MAX, 0}};
        struct gw_scorer *scorer;
        assert_ok(gw_scorer_open(model_path("stream", fold), NULL, &scorer));
        assert_int_equal(gw_model_history(gw_scorer_model(scorer)), 4 * 8);
        compare("stream", fold, p, slice);
        for (size_t s = 0; s < SYMBOLS; s++)
            if (slice[s][0] <= slice[s][1])
                assert_ok(
                    gw_scorer_score(scorer, &bars[s], slice[s][0], slice[s][1] + 1, p[s] + slice[s][0] * GW_N_GATES));
        n += compare("stream", fold, p, NULL);
        gw_scorer_close(scorer);
    }
    assert_true(n > 300);
    for (size_t s = 0; s < SYMBOLS; s++) mem_free(p[s]);
}

/* Bars after the range change nothing, and what has no full window is no number. */
static void test_ranges(void **state) {
    (void)state;
    struct gw_scorer *scorer;
    struct gw_bars shorter;
    float all[200 * GW_N_GATES], part[50 * GW_N_GATES];
    assert_ok(gw_scorer_open(model_path("platt", 1), NULL, &scorer));
    assert_ok(gw_bars_create("CUT", bars[0].interval_ns, bars[0].bar, 200, &shorter));
    assert_ok(gw_scorer_score(scorer, &shorter, 0, 200, all));
    assert_ok(gw_scorer_score(scorer, &bars[0], 150, 200, part));
    assert_memory_equal(part, all + 150 * GW_N_GATES, sizeof part);
    assert_true(isnan(all[0]) && isnan(all[2 * 7]) && isfinite(all[2 * 150]));
    assert_ok(gw_scorer_score(scorer, &shorter, 200, 200, part));
    gw_bars_free(&shorter);
    gw_scorer_close(scorer);
}

static void test_refusals(void **state) {
    (void)state;
    struct gw_scorer *scorer, *other, *wrong;
    struct gw_bars hourly;
    float p[2];
    assert_ok(gw_scorer_open(model_path("platt", 1), NULL, &scorer));
    assert_fails(gw_scorer_score(scorer, &bars[0], 5, 4, p), GW_ERR_USAGE, "5 to 4");
    assert_fails(gw_scorer_score(scorer, &bars[0], 0, bars[0].n + 1, p), GW_ERR_USAGE, "cannot be scored");
    assert_ok(gw_bars_resample(&bars[0], NS_PER_HOUR, &hourly));
    assert_fails(gw_scorer_score(scorer, &hourly, 0, 1, p), GW_ERR_CONFIG, "bars of 1h");
    assert_fails(gw_scorer_open(model_path("lora", 2), NULL, &wrong), GW_ERR_DATA, "f002");
    assert_ok(gw_scorer_open(model_path("platt", 2), NULL, &other));
    assert_fails(gw_scorer_open(model_path("lora", 2), other, &wrong), GW_ERR_DATA, "f002");
    gw_scorer_close(other);
    assert_fails(gw_scorer_open(scratch("run/" GW_RUN_SCORES), NULL, &wrong), GW_ERR_DATA, "scores.csv");
    assert_ok(gw_model_save(gw_scorer_model(scorer), NULL, NULL, 0, NULL, 0, scratch("bare.safetensors")));
    assert_fails(gw_scorer_open(scratch("bare.safetensors"), NULL, &wrong), GW_ERR_DATA, "does not say its features");
    const struct gw_meta_pair meta[] = {{GW_META_FEATURES, "rsi(6) range"}, {GW_META_CLIP, "10"}};
    assert_ok(gw_model_save(gw_scorer_model(scorer), NULL, meta, 2, NULL, 0, scratch("bare.safetensors")));
    assert_fails(gw_scorer_open(scratch("bare.safetensors"), NULL, &wrong), GW_ERR_DATA, "its scaler is missing");
    assert_null(wrong);
    gw_bars_free(&hourly);
    gw_scorer_close(scorer);
    gw_scorer_close(NULL);
}

static int make_run(void **state) {
    char file[32];
    if (rundir_setup(state) != 0) return -1;
    struct experiment *e = fixture_experiment(text);
    assert_ok(rundir_run(e, "run", 2));
    experiment_free(e);
    for (size_t s = 0; s < SYMBOLS; s++) {
        snprintf(file, sizeof file, "%s.csv", symbol_name[s]);
        assert_ok(gw_bars_import(scratch(file), &(struct gw_import_options){.no_cache = true}, &bars[s], NULL));
    }
    return 0;
}

static int remove_run(void **state) {
    for (size_t s = 0; s < SYMBOLS; s++) gw_bars_free(&bars[s]);
    return scratch_remove(state);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_of_the_run),
        cmocka_unit_test(test_streaming_slices),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
