/* Files of scores from outside: whatever they are written like, they say the
 * same; the account says what became of the rows. */
#include <stdlib.h>

#include "outside_fixture.h"

/* ---- ways of writing
 * -------------------------------------------------------------------------------
 */

static void put_plain(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    (void)w;
    if (taken(line))
        fprintf(to, "%s,%s,%.9g,%.9g\n", time_format(line->close_ns, time), symbol_of(line), (double)line->p[0],
                (double)line->p[1]);
}
static void put_open(FILE *to, const struct walked *w, const struct score_line *line) {
    (void)w;
    if (taken(line))
        fprintf(to, "because;%.9g;\"%s\";%lld;%.9g\r\n", (double)line->p[1], symbol_of(line), 1000 * open_second(line),
                (double)line->p[0]);
}
static void put_json(FILE *to, const struct walked *w, const struct score_line *line) {
    (void)w;
    if (taken(line))
        fprintf(to,
                "{\"p_short\": %.9g, \"open_time\": %lld, \"why\": {\"a\": [1]}, "
                "\"symbol\": \"%s\", \"p_long\": %.9g}\n",
                (double)line->p[1], open_second(line), symbol_of(line), (double)line->p[0]);
}
static size_t one_symbol;
static void put_symbol(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    (void)w;
    if (taken(line) && line->symbol == one_symbol)
        fprintf(to, "%s,%.9g,%.9g\n", time_format(line->close_ns, time), (double)line->p[0], (double)line->p[1]);
}
static size_t one_fold;
static void put_fold(FILE *to, const struct walked *w, const struct score_line *line) {
    if (line->fold == one_fold) put_plain(to, w, line);
}

/* Of every bar of a symbol, NaN where there is none. */
static float *array_values;
static void put_array(FILE *to, const struct walked *w, const struct score_line *line) {
    (void)to, (void)w;
    if (taken(line) && line->symbol == one_symbol) memcpy(array_values + 2 * line->bar, line->p, 2 * sizeof(float));
}

static void write_all(void) {
    char name[64], command[2300];
    write_with("plain.csv", "time,symbol,p_long,p_short", put_plain);
    write_with("open.csv", "\xef\xbb\xbfwhy;P_Short;symbol;open_time;p_long\r", put_open);
    write_with("lines.jsonl", NULL, put_json);
    for (one_symbol = 0; one_symbol < 3; one_symbol++) {
        const struct gw_bars *bars = &inside.p->market.symbol[one_symbol];
        snprintf(name, sizeof name, "s-%s.csv", bars->symbol);
        write_with(name, "close_time,p_long,p_short", put_symbol);
        array_values = mem_calloc(bars->n, 2 * sizeof *array_values);
        assert_non_null(array_values);
        for (size_t i = 0; i < 2 * bars->n; i++) array_values[i] = NAN;
        each_score(&inside, put_array, NULL);
        snprintf(name, sizeof name, "a-%s.npy", bars->symbol);
        assert_ok(npy_write(scratch(name), "<f4", sizeof(float), (size_t[]){bars->n, 2}, 2, array_values));
        mem_free(array_values);
    }
    for (one_fold = 0; one_fold < inside.p->plan.n_folds; one_fold++) {
        snprintf(name, sizeof name, "part-%zu.csv", one_fold);
        write_with(name, "time,symbol,p_long,p_short", put_fold);
    }
    snprintf(command, sizeof command, "gzip -c '%s' >'%s'", scratch("plain.csv"), scratch("packed.csv.gz"));
    assert_int_equal(system(command), 0);
}

static void test_every_way_of_writing(void **state) {
    (void)state;
    static const char *const ways[] = {"'open.csv'",
                                       "'lines.jsonl'",
                                       "'s-{symbol}.csv'",
                                       "'a-{symbol}.npy'",
                                       "'packed.csv.gz'",
                                       "'part-*.csv'",
                                       "['part-0.csv','part-[1-9].csv']",
                                       "{'files':['plain.csv','plain.csv']}"};
    struct walked plain;
    write_all();
    read_scores(&plain, "", "'plain.csv'");
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct walked other;
        read_scores(&other, "", ways[i]);
        if (memcmp(scores_of(&plain, 0), scores_of(&other, 0), plain.results.scores.n * sizeof(struct gw_score)) != 0)
            fail_msg("%s says something else", ways[i]);
        assert_int_equal(other.p->outside[0]->account.test_scored, plain.p->outside[0]->account.test_bars);
        walk_drop(&other);
    }
    walk_drop(&plain);
}

/* ---- seeds
 * ------------------------------------------------------------------------------------------
 */

static size_t one_seed;
static void put_seed(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    if (line->test && (one_seed == SIZE_MAX || line->seed == one_seed))
        fprintf(to, "%s,%s,%llu,%.9g,%.9g\n", time_format(line->close_ns, time), symbol_of(line),
                (unsigned long long)w->e->seed[line->seed], (double)line->p[0], (double)line->p[1]);
}
static void put_side_by_side(FILE *to, const struct walked *w, const struct score_line *line) {
    char time[40];
    if (!taken(line)) return;
    for (size_t i = 0; i < w->fits.n; i++) {
        const struct fit *fit = &w->fits.fit[i];
        const struct fit *mine = fit;
        while (mine->fold != line->fold || mine->seed != 0)
            mine = &w->fits.fit[(size_t)(mine - w->fits.fit + 1) % w->fits.n];
        if (fit->fold != line->fold || fit->seed != 1) continue;
        const float *other = fit->probability + (size_t)(line->p - mine->probability);
        fprintf(to, "%s,%s,%.9g,%.9g,%.9g,%.9g\n", time_format(line->close_ns, time), symbol_of(line), (double)other[0],
                (double)other[1], (double)line->p[0], (double)line->p[1]);
    }
}

static void test_seeds(void **state) {
    (void)state;
    static const char *const ways[] = {"'seeds.csv'", "'side.csv'", "'seed-{seed}.csv'"};
    one_seed = SIZE_MAX;
    write_with("seeds.csv", "time,symbol,seed,p_long,p_short", put_seed);
    write_with("side.csv", "time,symbol,p_long_8,p_short_8,p_long_3,p_short_3", put_side_by_side);
    one_seed = 0;
    write_with("seed-3.csv", "time,symbol,number,p_long,p_short", put_seed);
    one_seed = 1;
    write_with("seed-8.csv", "time,symbol,number,p_long,p_short", put_seed);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct walked w;
        read_scores(&w, "", ways[i]);
        assert_true(w.p->outside[0]->seeded);
        assert_int_equal(w.results.strategy[0].n_seeds, 2);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(w.results.strategy[0].seed[k].number, w.e->seed[k]);
            for (size_t j = 0; j < w.results.scores.n; j++)
                assert_memory_equal(scores_of(&w, k)[j].p, inside.results.strategy[0].seed[k].scores.at[j].p,
                                    sizeof scores_of(&w, k)[j].p);
        }
        walk_drop(&w);
    }
}

/* ---- the account
 * ---------------------------------------------------------------------------------------
 */

static size_t n_lines, n_left_out;
static void put_holes(FILE *to, const struct walked *w, const struct score_line *line) {
    if (!taken(line)) return;
    n_lines++;
    if (n_lines % 10 == 3)
        n_left_out++;
    else
        put_plain(to, w, line);
}

static void test_account(void **state) {
    (void)state;
    struct walked w;
    const struct gw_bars *bars = &inside.p->market.symbol[0];
    char time[40];
    n_lines = n_left_out = 0;
    FILE *to = score_file("holes.csv", "time,symbol,p_long,p_short");
    each_score(&inside, put_holes, to);
    for (size_t t = 20; t < 24; t++) /* of the first training slice */
        for (int twice = 0; twice < 2; twice++)
            fprintf(to, "%s,EARLY,.5,.25\n", time_format(gw_bar_close_ns(bars, t), time));
    fprintf(to,
            "2031-01-01T00:00:00Z,EARLY,.5,.5\n2031-01-02T00:00:00Z,EARLY,.5,."
            "5\n%s,OTHER,.5,.5\n",
            time_format(bars->bar[200].open_ns, time));
    fclose(to);
    read_scores(&w, "", "'holes.csv'");
    const struct outside_account *a = &w.p->outside[0]->account;
    assert_true(n_left_out > 20);
    assert_int_equal(a->test_bars, n_lines);
    assert_int_equal(a->test_scored, n_lines - n_left_out);
    assert_int_equal(a->n_rows, n_lines - n_left_out + 8 + 3);
    assert_int_equal(a->n_duplicates, 4);
    assert_int_equal(a->n_unused, 8);
    assert_int_equal(a->n_no_bar, 2);
    assert_int_equal(a->n_other, 1);
    size_t missing = 0;
    for (size_t i = 0; i < w.results.scores.n; i++) {
        const struct gw_score *at = &scores_of(&w, 0)[i];
        missing += isnan(at->p[0]) != 0;
        assert_true(!isnan(at->p[0]) || !(at->p[0] >= at->tau[0])); /* what was not scored never acts */
    }
    assert_int_equal(missing, n_left_out);
    double n_bars = 0;
    for (size_t i = 0; i < w.results.scores.n_labelled; i++)
        n_bars += !isnan(scores_of(&w, 0)[w.results.scores.labelled[i]].p[0]);
    assert_near(w.results.strategy[0].seed[0].pooled[0].value[0][0], n_bars, 0, 1); /* n_bars is the first metric */
    assert_string_equal(gw_metric_at(0)->name, "n_bars");
    walk_drop(&w);
}

/* Thresholds come from a validation slice of which at least half is scored. */
static void test_half_of_the_validation(void **state) {
    (void)state;
    size_t validation[2];
    for (size_t i = 0; i < 2; i++) {
        struct walked w;
        every = i ? 11 : 5;
        write_with("share.csv", "time,symbol,fold,p_long,p_short", put_share);
        read_scores(&w, "", "'share.csv'");
        validation[i] = w.p->outside[0]->tau_folds[TAU_VALIDATION];
        assert_int_equal(validation[i] + w.p->outside[0]->tau_folds[TAU_ROLLING], w.p->plan.n_folds);
        /* the first fold's slice lies before all tests: nothing but its own rows
     * fills it */
        assert_int_equal(isnan(w.p->outside[0]->fits.fit[0].tau[0][0]), i == 0);
        walk_drop(&w);
    }
    assert_true(validation[1] > validation[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_of_writing),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_half_of_the_validation),
    };
    return cmocka_run_group_tests(tests, inside_setup, inside_teardown);
}
