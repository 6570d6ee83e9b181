/* Scores from outside: the same scores give the same results, whoever made them; nothing is known before its time; a model
 * that has seen a bar may not score it. */
#include <stdlib.h>

#include "outside_fixture.h"

#define LSTM "{'name':'lstm','strategy':'gate'},{'name':'mean','strategy':'gate','ensemble_of':'lstm'}"
#define TWIN                                                                                                           \
    "{'name':'twin','strategy':'gate','scores':'twin.csv'},{'name':'twins','strategy':'gate','ensemble_of':'twin'}"

/* ---- the same numbers -------------------------------------------------------------------------------- */

static void put_line(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    fprintf(to, "%s,%s,%llu,%zu,%.9g,%.9g\n", time_format(line->close_ns, time),
            w->p->market.symbol[line->symbol].symbol, (unsigned long long)w->e->seed[line->seed], line->fold + 1,
            (double)line->p[0], (double)line->p[1]);
}

static void write_twin(const char *signals) {
    struct walked w;
    walk_through(&w, outside_experiment(signals, "", LSTM));
    FILE *to = score_file("twin.csv", "time,symbol,seed,fold,p_long,p_short");
    each_score(&w, put_line, to);
    assert_int_equal(fclose(to), 0);
    walk_drop(&w);
}

static void assert_same_seed(const struct walked *w, const struct seed_result *a, const struct seed_result *b) {
    assert_int_equal(a->number, b->number);
    assert_memory_equal(a->scores.at, b->scores.at, w->results.scores.n * sizeof *a->scores.at);
    assert_memory_equal(a->pooled, b->pooled, sizeof a->pooled);
    for (int g = 0; g < GW_N_GATES; g++)
        assert_memory_equal(a->fold[g], b->fold[g], w->p->plan.n_folds * sizeof *a->fold[g]);
    assert_memory_equal(a->portfolio, b->portfolio, sizeof a->portfolio);
    assert_memory_equal(a->optimistic, b->optimistic, sizeof a->optimistic);
    assert_int_equal(a->replay.n_trades, b->replay.n_trades);
    for (size_t i = 0; i < a->replay.n_trades; i++) {
        const struct gw_trade *x = &a->replay.trade[i], *y = &b->replay.trade[i];
        assert_true(x->entry_ns == y->entry_ns && x->exit_ns == y->exit_ns && x->pnl == y->pnl &&
                    x->probability == y->probability && x->reason == y->reason && x->symbol == y->symbol);
    }
    assert_memory_equal(a->replay.equity, b->replay.equity, a->replay.n_equity * sizeof *a->replay.equity);
}

static void assert_same_strategy(const struct walked *w, size_t a, size_t b) {
    const struct strategy_result *x = &w->results.strategy[a], *y = &w->results.strategy[b];
    assert_int_equal(x->n_seeds, y->n_seeds);
    for (size_t k = 0; k < x->n_seeds; k++) assert_same_seed(w, &x->seed[k], &y->seed[k]);
    assert_memory_equal(x->null, y->null, sizeof x->null);
}

static const struct pair_verdict *verdict_of(const struct walked *w, const char *candidate) {
    for (size_t v = 0; v < w->results.n_verdicts; v++)
        if (strcmp(w->e->strategy[w->results.verdict[v].candidate].name, candidate) == 0) return &w->results.verdict[v];
    fail_msg("no verdict on %s", candidate);
    return NULL;
}

static void test_same_as_inside(void **state) {
    (void)state;
    static const char *const signals[] = {"",
                                          ",'threshold':'rolling','rolling_bars':40",
                                          ",'threshold':'fixed','fixed_long':0.4,'fixed_short':0.4",
                                          ",'pool':'each'",
                                          ",'pool':'cross_section'",
                                          ",'pool':'each','threshold':'rolling','rolling_bars':30"};
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        struct walked w;
        write_twin(signals[i]);
        walk_through(&w, outside_experiment(signals[i], ",'baseline':'lstm'", LSTM "," TWIN));
        assert_int_equal(w.fits.n, 2 * w.p->plan.n_folds); /* the twin trains nothing */
        assert_true(w.results.strategy[0].seed[0].replay.n_trades > 5);
        assert_same_strategy(&w, 0, 2);
        assert_same_strategy(&w, 1, 3);
        assert_memory_equal(verdict_of(&w, "mean")->gate, verdict_of(&w, "twins")->gate,
                            sizeof verdict_of(&w, "mean")->gate);
        walk_drop(&w);
    }
}

/* The mean beside the twin as baseline is the mean beside the model that the twin repeats. */
static void test_baseline_from_outside(void **state) {
    (void)state;
    struct walked ours, theirs;
    write_twin("");
    walk_through(&ours, outside_experiment("", ",'baseline':'lstm'", LSTM "," TWIN));
    walk_through(&theirs, outside_experiment("", ",'baseline':'twin'", LSTM "," TWIN));
    assert_memory_equal(verdict_of(&ours, "mean")->gate, verdict_of(&theirs, "mean")->gate,
                        sizeof verdict_of(&ours, "mean")->gate);
    assert_true(isfinite(verdict_of(&ours, "mean")->gate[0].delta[GW_DELTA_AP].p_value));
    walk_drop(&ours);
    walk_drop(&theirs);
}

/* What a run writes is a file of scores, thresholds and all: every file of the second run says the same of the twin. */
static char *only(const char *dir, const char *file, const char *strategy) {
    char path[1200], *line = NULL, *out = NULL, word[64];
    size_t room = 0, length = 0;
    snprintf(path, sizeof path, "%s/%s", dir, file);
    snprintf(word, sizeof word, "%s,", strategy);
    FILE *from = fopen(path, "r"), *to = open_memstream(&out, &length);
    assert_true(from && to);
    while (getline(&line, &room, from) > 0) {
        char *at = line;
        for (; *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : "") /* a cell that is the name */
            if (strncmp(at, word, strlen(word)) == 0) break;
        if (*at) fprintf(to, "%.*s*,%s", (int)(at - line), line, at + strlen(word));
    }
    free(line);
    fclose(from);
    fclose(to);
    return out;
}

static void test_scores_of_a_run(void **state) {
    (void)state;
    static const char *const files[] = {GW_RUN_SCORES, GW_RUN_TRADES, GW_RUN_EQUITY, GW_RUN_CURVES};
    static const char *const pairs[][2] = {{"lstm", "twin"}, {"mean", "twins"}};
    struct experiment *e = outside_experiment("", "", LSTM);
    char first[700], second[700];
    assert_ok(rundir_run(e, "first", 1));
    experiment_free(e);
    e = outside_experiment(
        "", "",
        LSTM ",{'name':'twin','strategy':'gate','scores':{'files':'first/scores.csv','strategy':'lstm'}},"
             "{'name':'twins','strategy':'gate','scores':{'files':'first/scores.csv','strategy':'mean'}}");
    assert_ok(rundir_run(e, "second", 1));
    experiment_free(e);
    snprintf(first, sizeof first, "%s/first", scratch_dir);
    snprintf(second, sizeof second, "%s/second", scratch_dir);
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        for (size_t f = 0; f < COUNT_OF(files); f++) {
            char *a = only(first, files[f], pairs[i][0]), *b = only(second, files[f], pairs[i][1]);
            if (strlen(a) < 1000 || strcmp(a, b) != 0) fail_msg("%s of %s differs", files[f], pairs[i][0]);
            free(a);
            free(b);
        }
}

static void test_same_bytes_on_any_threads(void **state) {
    (void)state;
    write_twin("");
    struct experiment *e = outside_experiment("", "", LSTM "," TWIN);
    assert_ok(rundir_run(e, "one", 1));
    assert_ok(rundir_run(e, "three", 3));
    assert_true(rundir_compare(scratch("one"), scratch("three")) > 10);
    assert_ok(rundir_run(e, "one", 2)); /* again, with the fits that are there */
    assert_true(rundir_compare(scratch("one"), scratch("three")) > 10);
    experiment_free(e);
}

/* ---- nothing before its time ---------------------------------------------------------------------------- */

static int64_t poisoned_from_ns;
static void put_poisoned(FILE *to, const struct walked *w, const struct score_line *line) {
    float spoiled[GW_N_GATES] = {1 - line->p[0], line->p[1] * 0.5f + (float)(line->bar % 7)};
    struct score_line other = *line;
    if (line->close_ns >= poisoned_from_ns) other.p = spoiled;
    if (line->close_ns >= poisoned_from_ns && line->bar % 5 == 0) return;
    put_line(to, w, &other);
}

static void check_poison(const char *signals) {
    struct walked w, clean, poisoned;
    static const char name[] = "{'name':'twin','strategy':'gate','scores':'twin.csv'}";
    walk_through(&w, outside_experiment(signals, "", LSTM));
    FILE *to = score_file("twin.csv", "time,symbol,seed,fold,p_long,p_short");
    each_score(&w, put_line, to);
    fclose(to);
    walk_through(&clean, outside_experiment(signals, "", name));
    for (size_t part = 1; part < 8; part++) {
        const struct score_set *set = &clean.results.scores;
        poisoned_from_ns = set->bar[set->n * part / 8].close_ns;
        to = score_file("twin.csv", "time,symbol,seed,fold,p_long,p_short");
        each_score(&w, put_poisoned, to);
        fclose(to);
        walk_through(&poisoned, outside_experiment(signals, "", name));
        size_t same = 0, changed = 0;
        for (size_t k = 0; k < 2; k++) {
            const struct seed_result *a = &clean.results.strategy[0].seed[k],
                                     *b = &poisoned.results.strategy[0].seed[k];
            for (size_t i = 0; i < set->n; i++) {
                bool equal = memcmp(&a->scores.at[i], &b->scores.at[i], sizeof a->scores.at[i]) == 0;
                if (set->bar[i].close_ns < poisoned_from_ns && !equal) fail_msg("bar %zu of %zu changed", i, set->n);
                same += equal;
                changed += !equal;
            }
            for (size_t i = 0; i < a->replay.n_equity && a->replay.equity[i].time_ns < poisoned_from_ns; i++)
                assert_memory_equal(&a->replay.equity[i], &b->replay.equity[i], sizeof a->replay.equity[i]);
        }
        assert_true(same > 0 && changed > 0);
        walk_drop(&poisoned);
    }
    walk_drop(&clean);
    walk_drop(&w);
}

static void test_poison(void **state) {
    (void)state;
    check_poison("");
    check_poison(",'threshold':'rolling','rolling_bars':40");
    check_poison(",'pool':'cross_section'");
}

/* Without validation scores thresholds roll: of the scores before, never of the one at hand. */
static void put_test_only(FILE *to, const struct walked *w, const struct score_line *line) {
    if (line->test && line->seed == 0 && line->fold > 0) /* the first fold's are missing altogether */
        fprintf(to, "%lld,%s,%.9g,%.9g\n", (long long)(line->close_ns / NS_PER_SECOND),
                w->p->market.symbol[line->symbol].symbol, (double)line->p[0], (double)line->p[1]);
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static void test_rolling_without_validation(void **state) {
    (void)state;
    struct walked w, own;
    walk_through(&w, outside_experiment("", "", LSTM));
    FILE *to = score_file("twin.csv", "close_time,symbol,p_long,p_short");
    each_score(&w, put_test_only, to);
    fclose(to);
    walk_through(&own, outside_experiment("", "", "{'name':'twin','strategy':'gate','scores':'twin.csv'}"));
    const struct outside *o = own.p->outside[0];
    assert_int_equal(o->n_seeds, 1);
    assert_false(o->seeded);
    assert_true(o->tau_folds[TAU_ROLLING] >= 1);
    const struct score_set *set = &own.results.scores;
    const struct gw_score *at = own.results.strategy[0].seed[0].scores.at;
    float *seen = mem_calloc(set->n, sizeof *seen), *sorted = mem_calloc(set->n, sizeof *sorted);
    assert_true(seen && sorted);
    size_t n = 0, rolled = 0, silent = 0;
    for (size_t i = 0; i < set->n; i++) {
        const float *tau = o->fits.fit[set->bar[i].fold].tau[set->bar[i].symbol];
        if (isnan(tau[0])) {
            memcpy(sorted, seen, n * sizeof *seen);
            qsort(sorted, n, sizeof *sorted, by_value);
            size_t keep = (size_t)ceil(0.1 * (double)n);
            float want = n < 10 ? INFINITY : sorted[(keep ? keep : 1) - 1];
            assert_true(at[i].tau[0] == want);
            rolled += n >= 10;
            silent += n < 10;
        }
        if (set->bar[i].fold == 0) assert_true(isnan(at[i].p[0]));
        if (!isnan(at[i].p[0])) seen[n++] = at[i].p[0];
    }
    assert_true(rolled > 20 && silent > 20);
    mem_free(seen);
    mem_free(sorted);
    walk_drop(&own);
    walk_drop(&w);
}

/* ---- out of fold ------------------------------------------------------------------------------------------ */

/* One test bar scored by a model trained until `ago` bars before it. */
static int score_after(size_t bar, size_t ago, const struct gw_bars *bars) {
    char time[40], until[40];
    struct experiment *e;
    struct prepared *p = NULL;
    FILE *to = score_file("twin.csv", "open_time,p_long,trained_until");
    fprintf(to, "%s,0.5,%s\n", time_format(bars->bar[bar].open_ns, time),
            time_format(gw_bar_close_ns(bars, bar - ago), until));
    fclose(to);
    e = fixture_experiment("{'name':'one','data':{'file':'EARLY.csv','interval':'15m'},'features':['log_return(1)'],"
                           "'labels':{'horizon':6},'folds':{'train':150,'validation':60,'test':50,'embargo':3},"
                           "'strategies':[{'name':'twin','strategy':'gate','scores':'twin.csv'}]}");
    assert_ok(prepare(e, &p));
    int rc = outside_prepare(e, p);
    prepared_free(p);
    experiment_free(e);
    return rc;
}

/* A label of horizon 6 and an embargo of 3: what was trained on the bar 10 before knows no more than the bar before. */
static void test_purge_to_the_bar(void **state) {
    (void)state;
    struct gw_bars bars;
    fixture_walk(&bars, "EARLY", 480, 31, 0, 0);
    for (size_t bar = 215; bar < 400; bar += 37) {
        assert_ok(score_after(bar, 10, &bars));
        assert_fails(score_after(bar, 9, &bars), GW_ERR_DATA, "twin.csv:2:");
        assert_fails(score_after(bar, 1, &bars), GW_ERR_DATA, "has seen this bar");
        assert_fails(score_after(bar, 0, &bars), GW_ERR_DATA, "labels look 6 bars ahead and the embargo adds to that");
    }
    gw_bars_free(&bars);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_inside),   cmocka_unit_test(test_baseline_from_outside),
        cmocka_unit_test(test_scores_of_a_run),  cmocka_unit_test(test_same_bytes_on_any_threads),
        cmocka_unit_test(test_poison),           cmocka_unit_test(test_rolling_without_validation),
        cmocka_unit_test(test_purge_to_the_bar),
    };
    return cmocka_run_group_tests(tests, rundir_setup, scratch_remove);
}
