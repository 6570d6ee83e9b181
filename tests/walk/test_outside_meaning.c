/* What scores from outside mean: rankings, answers in words, and times that may
 * be one bar off. */
#include "outside_fixture.h"

/* ---- what scores mean
 * --------------------------------------------------------------------------------------
 */

/* An order without probabilities ranks as they do and has no calibration. */
static void put_ranking(FILE *to, const struct walked *w, const struct score_line *line) {
    float larger[GW_N_GATES] = {4 * line->p[0], 4 * line->p[1]};
    struct score_line other = *line;
    other.p = larger;
    put_share(to, w, &other);
}

static void test_ranking(void **state) {
    (void)state;
    struct walked a, b;
    every = 16;
    write_with("share.csv", "time,symbol,fold,p_long,p_short", put_share);
    write_with("ranking.csv", "time,symbol,fold,p_long,p_short", put_ranking);
    read_scores(&a, "", "'share.csv'");
    read_scores(&b, "", "'ranking.csv'");
    size_t undefined = 0, equal = 0;
    for (int g = 0; g < GW_N_GATES; g++)
        for (size_t m = 0; m < gw_metric_count(); m++) {
            double x = a.results.strategy[0].seed[0].pooled[g].value[m][0];
            double y = b.results.strategy[0].seed[0].pooled[g].value[m][0];
            const char *name = gw_metric_at(m)->name;
            bool calibration =
                !strcmp(name, "brier") || !strcmp(name, "log_loss") || !strcmp(name, "calibration_error");
            if (calibration && (isnan(x) || !isnan(y))) fail_msg("%s: %g and %g", name, x, y);
            if (!calibration && x != y && !(isnan(x) && isnan(y))) fail_msg("%s: %g and %g", name, x, y);
            undefined += calibration;
            equal += !calibration && x == y;
        }
    assert_true(undefined == 2 * 3 && equal > 20);
    assert_true(b.p->outside[0]->ranking_only[0] && !a.p->outside[0]->ranking_only[0]);
    assert_int_equal(a.results.strategy[0].seed[0].replay.n_trades, b.results.strategy[0].seed[0].replay.n_trades);
    walk_drop(&a);
    walk_drop(&b);
}

/* Words: what is no answer for a side never acts, however few answers there
 * are. */
static bool in_percent;
static void put_answer(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    static const char *const word[] = {"hold", "Buy", "SHORT", "flat", "long", "sell"};
    (void)w;
    if (line->seed != 0) return;
    size_t k = line->bar % 40 < 6 ? line->bar % 40 : 0;
    fprintf(to, "%s,%s,%zu,%s,%.9g\n", time_format(line->close_ns, time), symbol_of(line), line->fold + 1, word[k],
            (in_percent ? 100.0 : 1.0) * (double)(k + 1) / 8);
}

static void test_answers(void **state) {
    (void)state;
    struct walked w, percent;
    in_percent = false;
    write_with("words.csv", "time,symbol,fold,action,confidence", put_answer);
    in_percent = true;
    write_with("percent.csv", "time,symbol,fold,action,confidence", put_answer);
    read_scores(&w, "", "'words.csv'");
    read_scores(&percent, "", "{'files':'percent.csv','confidence':'percent'}");
    size_t buys = 0;
    for (size_t i = 0; i < w.results.scores.n; i++) {
        const struct gw_score *at = &scores_of(&w, 0)[i];
        size_t bar = w.results.scores.bar[i].bar % 40;
        float want[GW_N_GATES] = {bar == 1   ? 2.0f / 8
                                  : bar == 4 ? 5.0f / 8
                                             : 0,
                                  bar == 2   ? 3.0f / 8
                                  : bar == 5 ? 6.0f / 8
                                             : 0};
        assert_memory_equal(at->p, want, sizeof want);
        for (int g = 0; g < GW_N_GATES; g++) assert_true(at->p[g] > 0 || !(at->p[g] >= at->tau[g]));
        buys += at->p[0] >= at->tau[0];
    }
    assert_true(buys > 5);
    assert_memory_equal(scores_of(&w, 0), scores_of(&percent, 0), w.results.scores.n * sizeof(struct gw_score));
    walk_drop(&w);
    walk_drop(&percent);
}

/* ---- times one bar off
 * -----------------------------------------------------------------------------------
 */

static bool write_opens;
static void put_late(FILE *to, const struct walked *w, const struct score_line *line) {
    (void)w;
    if (taken(line) && line->symbol == 1) /* the one with gaps */
        fprintf(to, "%lld,LATE,%.9g\n", open_second(line) + (write_opens ? 0 : 15 * 60), (double)line->p[0]);
}

static void swapped(const char *column, bool opens, const char *part) {
    char header[64];
    struct experiment *e = outside_experiment("", "", "{'name':'mine','strategy':'gate','scores':'late.csv'}");
    struct prepared *p;
    snprintf(header, sizeof header, "%s,symbol,p_long", column);
    write_opens = opens;
    write_with("late.csv", header, put_late);
    assert_ok(prepare(e, &p));
    if (part)
        assert_fails(outside_prepare(e, p), GW_ERR_DATA, part);
    else
        assert_ok(outside_prepare(e, p));
    if (part) assert_non_null(strstr(gw_error_message(), "late.csv:"));
    prepared_free(p);
    experiment_free(e);
}

static void test_swapped_times(void **state) {
    (void)state;
    swapped("close_time", false, NULL);
    swapped("time", false, NULL);
    swapped("open_time", true, NULL);
    swapped("time", true, "call the column \"open_time\"");
    swapped("close_time", true, "call the column \"open_time\"");
    swapped("open_time", false, "call the column \"time\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_swapped_times),
    };
    return cmocka_run_group_tests(tests, inside_setup, inside_teardown);
}
