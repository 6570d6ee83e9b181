/* Are the tests of a run what they say? Markets without anything to find go through the engine as a run does, but for the
 * fits, which are filled with scores that know nothing or all know the same: every test at 5 % may reject in about 5 % of the
 * series, every statement that is corrected for a family in at most 5 % of them; and what is planted must be found.
 *   CALIBRATION_SERIES  series of each kind (8)
 *   CALIBRATION_CSV     a file for the rates (none)
 *   CALIBRATION_PLOT    a file for the same drawn in characters (none)
 *   CALIBRATION_DATA    files of real bars, a blank between, whose blocks are shuffled (the S&P 500 that ships with it)
 *   CALIBRATION_ONLY    one world alone, by its name (all) */
#include "scorers.h"
#include "tally.h"

#include "base/scratch.h"
#include "engine/score/null_bands.h"
#include "engine/walk/replays.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, QUICK_SERIES = 8 };

static const char experiment_text[] =
    "{'name':'calibration','data':[{'file':'x.csv','symbol':'WALK','interval':'15m'}],"
    "'features':['log_return(1)','log_return(5)','rsi(14)','ma_gap(10)','bollinger_b(20)','range','realised_vol(20)'],"
    "'labels':{'horizon':12,'ratio':2,'min_move':0.008},'folds':{'train':500,'validation':250,'test':800},"
    "'signals':{'k':[5],'act_on':5},'model':{'lookback':4,'hidden':4},"
    "'trading':{'target_moves':0,'stop_moves':0},"
    "'costs':{'taker_bps':0,'maker_bps':0,'half_spread_bps':0,'slippage_bps':0},"
    "'seeds':1,'verdict':{'bootstrap':%d,'null_resamples':399},"
    "'strategies':[{'name':'lstm','strategy':'gate'},"
    "{'name':'pool','strategy':'gate','model':{'attention':'mean_pool'}},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'}},"
    "{'name':'luong','strategy':'gate','model':{'attention':'luong_dot'}},"
    "{'name':'general','strategy':'gate','model':{'attention':'luong_general'}}]}";

struct world {
    const char *name, *market;
    enum knowledge knowledge;
    bool quick; /* in the suite, too */
};
static const struct world worlds[] = {
    {"walk_blind", "random-walk", BLIND, false},      {"walk_logistic", "random-walk", LOGISTIC, false},
    {"garch_blind", "garch", BLIND, false},           {"garch_volatility", "garch", VOLATILITY, false},
    {"shuffled_blind", "shuffled", BLIND, true},      {"shuffled_volatility", "shuffled", VOLATILITY, false},
    {"walk_planted", "random-walk", FORESIGHT, true},
};

/* In place of the engine's: grey bands of plots decide nothing and take a quarter of the time. */
int null_bands_make(const struct gw_gate_sample *sample, const float *const *score, size_t n_seeds, const double *k,
                    size_t n_k, size_t n_resamples, size_t min_shift, uint64_t seed, struct null_bands *out) {
    (void)sample, (void)score, (void)n_seeds, (void)k, (void)n_k, (void)n_resamples, (void)min_shift, (void)seed;
    memset(out, 0, sizeof *out);
    return GW_OK;
}

static struct real_markets real;
static struct experiment *experiment;
static size_t n_series = QUICK_SERIES, sharpe_row;

static void one_series(const struct world *world, uint64_t series, struct tally *tally) {
    struct prepared *p = mem_calloc(1, sizeof *p);
    struct fit_list fits;
    struct results r = {0};
    experiment->seed[0] = series + 1;
    p->market.n_symbols = 1;
    p->market.symbol = mem_calloc(1, sizeof *p->market.symbol);
    series_make(world->market, &real, series, &p->market.symbol[0]);
    assert_ok(prepare_inputs(experiment, p));
    assert_ok(fits_plan(experiment, p, p->plan.n_folds, "none", &fits));
    for (size_t i = 0; i < fits.n; i++) scorers_fill(experiment, p, world->knowledge, series, &fits.fit[i]);
    assert_ok(results_replay(experiment, p, &fits, NULL, &r));
    assert_ok(results_measure(experiment, p, &r, 1));
    assert_ok(results_verdict(experiment, p, &r, 1));
    assert_ok(results_selection(experiment, &r));
    tally_series(experiment, &r, sharpe_row, tally);
    results_free(experiment, &r);
    fits_free(&fits);
    prepared_free(p);
}

/* Series are shared out among processes: whatever they meet is counted by its number. */
static void count(const struct world *world, struct tally *out) {
    const bool few = world->knowledge == FORESIGHT && n_series > QUICK_SERIES; /* power is known sooner than size */
    const size_t n = few ? (n_series + 4) / 5 : n_series;
    int pipes[WORKERS][2];
    pid_t child[WORKERS];
    *out = (struct tally){0};
    for (int w = 0; w < WORKERS; w++) {
        assert_int_equal(pipe(pipes[w]), 0);
        child[w] = fork();
        assert_true(child[w] >= 0);
        if (child[w] > 0) {
            close(pipes[w][1]);
            continue;
        }
        struct tally own = {0};
        for (uint64_t i = (uint64_t)w; i < n; i += WORKERS) one_series(world, i, &own);
        _exit(write(pipes[w][1], &own, sizeof own) == sizeof own ? 0 : 1);
    }
    for (int w = 0; w < WORKERS; w++) {
        struct tally own;
        int status = 1;
        assert_int_equal(read(pipes[w][0], &own, sizeof own), sizeof own);
        assert_int_equal(waitpid(child[w], &status, 0), child[w]);
        assert_int_equal(status, 0);
        close(pipes[w][0]);
        tally_join(out, &own);
    }
}

/* ---- what is said of it ------------------------------------------------------------------------------------------- */

/* "|    ····*··" with a column for every quarter of a percent up to 12 %: the rate, two standard errors about it, and 5 %. */
static void draw(double rate, double error, char out[64]) {
    enum { COLUMNS = 49 };
    for (int c = 0; c < COLUMNS; c++) {
        const double low = (c - 0.5) / 400, high = (c + 0.5) / 400;
        const bool here = rate >= low && (rate < high || c == COLUMNS - 1);
        const bool near_it = rate + 2 * error >= low && rate - 2 * error < high;
        out[c] = here ? '*' : near_it ? '-' : c == 20 ? '|' : c % 4 ? ' ' : '.';
    }
    out[COLUMNS] = '\0';
}

static void write_rows(const struct world *world, const struct tally *tally, FILE *csv, FILE *plot) {
    char line[64];
    if (plot)
        fprintf(plot, "\n%s (label prevalence %.1f %%, mean probability of overfitting %.2f)\n", world->name,
                100 * tally->prevalence / tally->n_series, tally->overfitting / tally->n_overfitting);
    for (int i = 0; i < N_ROWS; i++) {
        const double rate = tally_rate(tally, i), error = tally_error(tally, i);
        const char *expected = expected_word[expected_of(world->knowledge, i)];
        if (csv) fprintf(csv, "%s,%s,%s,%.0f,%.4f,%.4f\n", world->name, row_id[i], expected, tally->n[i], rate, error);
        draw(rate, error, line);
        if (plot) fprintf(plot, "  %-21s %-11s %5.1f %%  %s\n", row_id[i], expected, 100 * rate, line);
    }
}

/* ---- the tests ---------------------------------------------------------------------------------------------------- */

/* Counted in a few series a rate is rough: what is held to is what a broken test exceeds by far, and with many series
 * what it should be, but for three standard errors. */
static void check(const struct world *world, const struct tally *tally) {
    for (int i = 0; i < N_ROWS; i++) {
        const double rate = tally_rate(tally, i), error = fmax(tally_error(tally, i), 0.12 / sqrt(tally->n_series));
        const enum expected expected = expected_of(world->knowledge, i);
        const bool too_often = rate > 0.06 + 3 * error,
                   too_seldom = expected == FIVE_PERCENT && rate < 0.04 - 3 * error;
        if (expected == FIVE_PERCENT || expected == AT_MOST_FIVE) {
            if (too_often || too_seldom)
                fail_msg("%s: %s rejects %.1f %% ± %.1f", world->name, row_id[i], 100 * rate, 100 * error);
        }
    }
    if (world->knowledge != FORESIGHT) return;
    assert_true(tally_rate(tally, ROW_null_holm) > 0.9 && tally_rate(tally, ROW_average_precision) > 0.9);
    assert_true(tally_rate(tally, ROW_superior_ability) > 0.9 && tally_rate(tally, ROW_diebold_mariano) > 0.9);
    assert_true(tally_rate(tally, ROW_probabilistic_sharpe) > 0.9);
    assert_true(n_series <= QUICK_SERIES || tally_rate(tally, ROW_differences_holm) > 0.9);
}

static void all_worlds(void **state) {
    (void)state;
    const char *only = getenv("CALIBRATION_ONLY"), *path = getenv("CALIBRATION_CSV"),
               *text = getenv("CALIBRATION_PLOT");
    FILE *csv = path ? fopen(path, "w") : NULL, *plot = text ? fopen(text, "w") : NULL;
    struct tally tally[COUNT_OF(worlds)];
    if (csv) fprintf(csv, "world,test,expected,series,rejected,standard_error\n");
    if (plot)
        fprintf(plot,
                "How often a test rejects at 5 %%, of %zu series (make calibration); one . is one percent, | five, the "
                "line two standard errors either way.\n",
                n_series);
    for (size_t w = 0; w < COUNT_OF(worlds); w++) {
        if (only ? strcmp(only, worlds[w].name) != 0 : n_series <= QUICK_SERIES && !worlds[w].quick) continue;
        count(&worlds[w], &tally[w]);
        write_rows(&worlds[w], &tally[w], csv, plot);
        write_rows(&worlds[w], &tally[w], NULL, n_series > QUICK_SERIES ? stdout : NULL);
        fflush(stdout);
        if (csv) fflush(csv);
        if (plot) fflush(plot);
    }
    if (csv) assert_int_equal(fclose(csv), 0);
    if (plot) assert_int_equal(fclose(plot), 0);
    for (size_t w = 0; w < COUNT_OF(worlds); w++)
        if (only ? strcmp(only, worlds[w].name) == 0 : n_series > QUICK_SERIES || worlds[w].quick)
            check(&worlds[w], &tally[w]);
}

static int begin(void **state) {
    const char *series = getenv("CALIBRATION_SERIES"), *data = getenv("CALIBRATION_DATA");
    char files[4096], text[sizeof experiment_text + 32];
    if (scratch_make(state)) return -1;
    if (series) n_series = (size_t)strtoul(series, NULL, 10);
    snprintf(text, sizeof text, experiment_text, n_series > QUICK_SERIES ? 699 : 199);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    scratch_write("experiment.json", text, strlen(text));
    assert_ok(experiment_load(scratch("experiment.json"), NULL, &experiment));
    for (size_t i = 0; i < gw_portfolio_metric_count(); i++)
        if (strcmp(gw_portfolio_metric_at(i)->name, "probabilistic_sharpe") == 0) sharpe_row = i;
    snprintf(files, sizeof files, "%s", data && *data ? data : "datasets/sp500_daily.csv");
    progress_quiet(true);
    for (char *file = strtok(files, " "); file; file = strtok(NULL, " ")) real_markets_add(&real, file);
    return 0;
}

static int end(void **state) {
    real_markets_free(&real);
    experiment_free(experiment);
    return scratch_remove(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_worlds)};
    return cmocka_run_group_tests(tests, begin, end);
}
