/* summary.json against brute force on scores.csv, and the verdict against the summary. */
#include "engine/base/base.h"
#include "results.h"

/* ---- metrics ------------------------------------------------------------------------------------------------- */

/* Average precision by its definition: for every distinct threshold count everything again. */
static double brute_ap(const struct scored *x, size_t begin, size_t end) {
    double ap = 0, positives = 0;
    for (size_t i = begin; i < end; i++) positives += x->label[i];
    for (size_t i = begin; i < end; i++) {
        double above = 0, hits = 0, hits_here = 0;
        bool first = true;
        for (size_t j = begin; j < end; j++) {
            if (j < i && x->p[j] == x->p[i]) first = false;
            above += x->p[j] >= x->p[i];
            hits += x->p[j] >= x->p[i] && x->label[j];
            hits_here += x->p[j] == x->p[i] && x->label[j];
        }
        if (first) ap += hits_here / positives * (hits / above);
    }
    return positives > 0 ? ap : NAN;
}

/* How much of bar i is among the best k % of its fold: a tie group on the border shares what is left. */
static double brute_weight(const struct scored *x, size_t i, double k) {
    double n = 0, higher = 0, equal = 0;
    for (size_t j = 0; j < x->n; j++) {
        if (x->fold[j] != x->fold[i]) continue;
        n++;
        higher += x->p[j] > x->p[i];
        equal += x->p[j] == x->p[i];
    }
    double most = fmax(1, ceil(k / 100 * n - 1e-9));
    return fmin(1, fmax(0, (most - higher) / equal));
}

static void check_top_k(const json_value *metrics, const struct scored *x, size_t begin, size_t end, double k) {
    double selected = 0, hits = 0, positives = 0, sum[3] = {0}, entered[3] = {0}, wins = 0;
    char name[64];
    for (size_t i = begin; i < end; i++) {
        double w = brute_weight(x, i, k);
        selected += w;
        hits += w * x->label[i];
        positives += x->label[i];
        for (int c = 0; c < 3; c++) {
            if (w == 0 || isnan(x->pnl[c][i])) continue;
            sum[c] += w * x->pnl[c][i];
            entered[c] += w;
            if (c == 1) wins += w * (x->pnl[c][i] > 0);
        }
    }
    snprintf(name, sizeof name, "precision_at_%g", k);
    check_metric(metrics, name, hits / selected);
    snprintf(name, sizeof name, "recall_at_%g", k);
    check_metric(metrics, name, positives > 0 ? hits / positives : NAN);
    for (int c = 0; c < 3; c++) {
        snprintf(name, sizeof name, "pnl_mean_at_%g_%dx", k, c);
        check_metric(metrics, name, entered[c] > 0 ? sum[c] / entered[c] : NAN);
        snprintf(name, sizeof name, "pnl_sum_at_%g_%dx", k, c);
        check_metric(metrics, name, entered[c] > 0 ? sum[c] : NAN);
    }
    snprintf(name, sizeof name, "hit_rate_at_%g", k);
    check_metric(metrics, name, entered[1] > 0 ? wins / entered[1] : NAN);
}

static void check_metrics(const struct run_files *r, const json_value *metrics, const struct scored *x, size_t begin,
                          size_t end) {
    double n = (double)(end - begin), positives = 0, acted = 0, hits = 0, squares = 0;
    for (size_t i = begin; i < end; i++) {
        positives += x->label[i];
        acted += x->p[i] >= x->tau[i];
        hits += x->p[i] >= x->tau[i] && x->label[i];
        squares += (x->p[i] - x->label[i]) * (x->p[i] - x->label[i]);
    }
    check_metric(metrics, "n_bars", n);
    check_metric(metrics, "n_positives", positives);
    check_metric(metrics, "prevalence", positives / n);
    check_metric(metrics, "average_precision", brute_ap(x, begin, end));
    check_metric(metrics, "coverage", acted / n);
    check_metric(metrics, "acted_precision", acted > 0 ? hits / acted : NAN);
    check_metric(metrics, "acted_recall", positives > 0 ? hits / positives : NAN);
    check_metric(metrics, "brier", squares / n);
    for (size_t k = 0; k < r->e->signals.n_k; k++) check_top_k(metrics, x, begin, end, r->e->signals.k[k]);
}

static void check_gate(const struct run_files *r, const json_value *gate_value, const char *strategy, int gate) {
    static struct scored x;
    const json_value *seeds = json_get(gate_value, "seeds");
    double sum = 0, squares = 0;
    assert_int_equal(json_size(seeds), r->e->n_seeds);
    for (size_t k = 0; k < r->e->n_seeds; k++) {
        const json_value *seed = json_at(seeds, k), *pooled_value = json_get(seed, "pooled");
        char text[24];
        snprintf(text, sizeof text, "%d", (int)json_number(json_get(seed, "seed"), -1));
        load_scored(r, strategy, text, gate, &x);
        assert_true(x.n > 300);
        check_metrics(r, pooled_value, &x, 0, x.n);
        double ap = json_number(json_get(pooled_value, "average_precision"), NAN);
        sum += ap, squares += ap * ap;
        const json_value *folds = json_get(seed, "folds");
        assert_int_equal(json_size(folds), r->p->plan.n_folds);
        for (size_t f = 0, begin = 0; f < json_size(folds); f++) {
            size_t end = begin;
            while (end < x.n && x.fold[end] == (int)f + 1) end++;
            assert_int_equal((int)json_number(json_get(json_at(folds, f), "fold"), -1), f + 1);
            if (end > begin) check_metrics(r, json_at(folds, f), &x, begin, end);
            begin = end;
        }
    }
    double n = (double)r->e->n_seeds;
    check_metric(json_get(gate_value, "mean"), "average_precision", sum / n);
    check_metric(json_get(gate_value, "sd"), "average_precision", sqrt((squares - sum * sum / n) / (n - 1)));
    assert_near(json_number(json_get(json_get(gate_value, "null"), "observed"), NAN), sum / n, 1e-9, 1e-9);
}

/* Fits, and fits whose best epoch is the last one they might have had, by training.csv. */
static size_t check_fits(const struct run_files *r, const json_value *strategy, size_t s) {
    const struct strategy_spec *spec = &r->e->strategy[s];
    size_t n = 0, last = 0;
    for (size_t row = 0; row < r->training.n_rows; row++) {
        if (!is(&r->training, row, "strategy", spec->name) || number(&r->training, row, "best") == 0) continue;
        n++;
        last += (size_t)number(&r->training, row, "epoch") == spec->train.epochs;
    }
    assert_int_equal(json_number(json_get(strategy, "fits"), -1), n);
    assert_int_equal(json_number(json_get(strategy, "fits_best_at_last_epoch"), -1), last);
    assert_int_equal(n, spec->desc->needs_model ? r->e->n_seeds * r->p->plan.n_folds : 0);
    return last;
}

static void test_summary_fits(void **state) {
    (void)state;
    size_t last = 0, all = 0;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const json_value *list = json_get(json_root(run[i].summary), "strategies");
        for (size_t s = 0; s < json_size(list); s++) {
            last += check_fits(&run[i], json_at(list, s), s);
            all += (size_t)json_number(json_get(json_at(list, s), "fits"), 0);
        }
    }
    assert_true(last > 0 && last < all); /* both kinds were there to be told apart */
}

static void test_summary_metrics(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(run); i++) {
        const json_value *list = json_get(json_root(run[i].summary), "strategies");
        assert_int_equal(json_size(list), run[i].e->n_strategies);
        for (size_t s = 0; s < json_size(list); s++) {
            const json_value *strategy = json_at(list, s), *gates = json_get(strategy, "gates");
            const char *name = json_string(json_get(strategy, "name"), "");
            assert_string_equal(name, run[i].e->strategy[s].name);
            if (!run[i].e->strategy[s].desc->needs_model) {
                assert_int_equal(json_kind(gates), JSON_NULL);
                continue;
            }
            for (int g = 0; g < GW_N_GATES; g++) check_gate(&run[i], json_get(gates, gw_gate_name[g]), name, g);
        }
    }
}

static void test_summary_header(void **state) {
    (void)state;
    const struct run_files *r = &run[0];
    const json_value *root = json_root(r->summary);
    size_t contestants = 0;
    double positives = 0, labelled = 0;
    for (size_t s = 0; s < r->e->n_strategies; s++)
        contestants += r->e->strategy[s].desc->needs_model ? r->e->n_seeds : 0;
    for (size_t row = 0; row < r->scores.n_rows / contestants; row++) {
        labelled += *cell(&r->scores, row, "label_long") != '\0';
        positives += is(&r->scores, row, "label_long", "1");
    }
    assert_int_equal((size_t)json_number(json_get(root, "n_bars"), 0), r->scores.n_rows / contestants);
    assert_near(json_number(json_get(json_get(root, "prevalence"), "long"), NAN), positives / labelled, 1e-12, 0);
    assert_string_equal(json_string(json_get(root, "title"), ""), "a title, with commas \n and `ticks`");
    assert_string_equal(json_string(json_get(root, "baseline"), ""), "none");
    assert_string_equal(json_key(json_at(root, 0)), "schema");
    assert_int_equal((int)json_number(json_get(root, "schema"), 0), GW_RUN_SCHEMA);
    assert_near(json_number(json_get(root, "confidence"), NAN), 0.9, 0, 0);
    assert_string_equal(json_string(json_get(root, "interval"), ""), "15m");
    assert_int_equal((int)json_number(json_get(root, "n_folds"), 0), r->p->plan.n_folds);
    assert_int_equal((int)json_number(json_get(root, "lookback"), 0), 8);
    assert_int_equal((int)json_number(json_get(root, "horizon"), 0), 6);
    const int64_t interval_ns = r->p->market.symbol[0].interval_ns;
    const size_t last = r->scores.n_rows / contestants - 1;
    char text[40];
    assert_string_equal(json_string(json_get(root, "begin"), ""),
                        time_format(time_of(&r->scores, 0, "time") - interval_ns, text));
    assert_string_equal(json_string(json_get(root, "end"), ""),
                        time_format(time_of(&r->scores, last, "time") - interval_ns, text));
}

/* Every column that a table is told to show is of a metric that the file holds, and no metric's is missing. */
static void test_columns_name_metrics(void **state) {
    (void)state;
    const json_value *root = json_root(run[0].summary), *columns = json_get(root, "columns");
    const json_value *first = json_at(json_get(root, "strategies"), 0);
    const json_value *mean[] = {json_get(json_get(json_get(first, "gates"), "long"), "mean"),
                                json_get(json_get(first, "portfolio"), "mean")};
    static const char *const list[] = {"gates", "portfolio"};
    size_t want = 0, n = 0;
    for (size_t i = 0; i < COUNT_OF(list); i++)
        for (size_t c = 0; c < json_size(json_get(columns, list[i])); c++, n++) {
            const json_value *column = json_at(json_get(columns, list[i]), c);
            const char *metric = json_string(json_get(column, "metric"), "?");
            if (!json_get(mean[i], metric)) fail_msg("%s: a column of %s, which is no metric", list[i], metric);
            assert_true(json_kind(json_get(column, "heading")) == JSON_STRING ||
                        json_kind(json_get(column, "title")) == JSON_STRING);
        }
    for (size_t m = 0; m < gw_metric_count(); m++) {
        const struct gw_metric_column *c = &gw_metric_at(m)->column;
        size_t most = c->n_terminal > c->n_page ? c->n_terminal : c->n_page, ks = run[0].e->signals.n_k;
        if (c->heading) want += !gw_metric_at(m)->per_k ? 1 : most < ks ? most : ks;
    }
    for (size_t m = 0; m < gw_portfolio_metric_count(); m++) want += gw_portfolio_metric_at(m)->column.heading != NULL;
    assert_int_equal(n, want);
}

static void test_verdict_agrees_with_the_metrics(void **state) {
    (void)state;
    static const char *const delta[] = {"average_precision", "precision_at_5"};
    const json_value *root = json_root(run[0].summary), *verdicts = json_get(root, "verdict");
    const json_value *strategies = json_get(root, "strategies");
    assert_int_equal(json_size(verdicts), 2); /* bahdanau and multihead against none */
    for (size_t v = 0; v < 2; v++) {
        const json_value *one = json_at(verdicts, v), *candidate = json_at(strategies, v + 1);
        assert_string_equal(json_string(json_get(one, "candidate"), ""), json_string(json_get(candidate, "name"), "?"));
        assert_string_equal(json_string(json_get(one, "baseline"), ""), "none");
        for (int g = 0; g < GW_N_GATES; g++)
            for (size_t d = 0; d < COUNT_OF(delta); d++) {
                const json_value *got = json_get(json_get(json_get(one, "gates"), gw_gate_name[g]), delta[d]);
                const json_value *a = json_get(json_get(candidate, "gates"), gw_gate_name[g]);
                const json_value *b = json_get(json_get(json_at(strategies, 0), "gates"), gw_gate_name[g]);
                double x = json_number(json_get(json_get(a, "mean"), delta[d]), NAN);
                double y = json_number(json_get(json_get(b, "mean"), delta[d]), NAN);
                assert_near(json_number(json_get(got, "candidate"), NAN), x, 1e-9, 1e-9);
                assert_near(json_number(json_get(got, "baseline"), NAN), y, 1e-9, 1e-9);
                assert_near(json_number(json_get(got, "delta"), NAN), x - y, 1e-9, 1e-9);
                double lo = json_number(json_get(got, "lo"), -1), hi = json_number(json_get(got, "hi"), 1);
                assert_true(lo <= x - y + 1e-12 && hi >= x - y - 1e-12);
            }
    }
}

/* The values that stand under these names in two objects are the same. */
static void assert_same_delta(const json_value *a, const json_value *b) {
    static const char *const name[] = {"candidate", "baseline", "delta", "lo", "hi", "p_value", "p_holm"};
    for (size_t i = 0; i < COUNT_OF(name); i++)
        assert_near(json_number(json_get(a, name[i]), NAN), json_number(json_get(b, name[i]), NAN), 0, 0);
    assert_int_equal(json_bool(json_get(a, "significant"), false), json_bool(json_get(b, "significant"), true));
}

static bool says(const json_value *object, const char *name, const char *text) {
    return strcmp(json_string(json_get(object, name), ""), text) == 0;
}

/* Do shifted labels do as well as this strategy's, corrected for all gates that were asked? */
static bool as_null(const char *strategy, const char *gate) {
    const json_value *all = json_get(json_root(run[0].summary), "strategies");
    for (size_t i = 0; i < json_size(all); i++) {
        if (!says(json_at(all, i), "name", strategy)) continue;
        const json_value *null = json_get(json_get(json_get(json_at(all, i), "gates"), gate), "null");
        return json_number(json_get(null, "p_holm"), NAN) > .1 + 1e-12; /* the confidence is 0.9 */
    }
    return false;
}

/* Each criterion from its own facts: the gates' states from bound and need, the whole from the gates'. */
static void test_criteria_follow_from_the_deltas(void **state) {
    (void)state;
    const json_value *verdicts = json_get(json_root(run[0].summary), "verdict");
    for (size_t v = 0; v < json_size(verdicts); v++) {
        const json_value *one = json_at(verdicts, v), *criteria = json_get(one, "criteria");
        assert_int_equal(json_size(criteria), 5);
        for (size_t i = 0; i < 4; i++) {
            const json_value *row = json_at(criteria, i), *gates = json_get(row, "gates");
            const char *metric = json_string(json_get(row, "metric"), "?");
            double need = json_number(json_get(row, "need"), NAN);
            bool passed = false, sure = false, measured = false, nulled = false;
            assert_int_equal(json_size(gates), GW_N_GATES);
            for (size_t g = 0; g < GW_N_GATES; g++) {
                const json_value *gate = json_at(gates, g);
                assert_true(says(gate, "gate", gw_gate_name[g]));
                assert_same_delta(gate, json_get(json_get(json_get(one, "gates"), gw_gate_name[g]), metric));
                double value = json_number(json_get(gate, "delta"), NAN);
                bool met = says(row, "bound", "at_least") ? value >= need : value > need;
                const bool null = met && as_null(json_string(json_get(one, "candidate"), ""), gw_gate_name[g]);
                assert_true(says(gate, "state",
                                 isnan(value) ? "not_measured"
                                 : null       ? "as_null"
                                 : met        ? "pass"
                                              : "fail"));
                measured |= !isnan(value);
                nulled |= null;
                met &= !null;
                passed |= met;
                sure |= met && json_bool(json_get(gate, "significant"), false);
            }
            assert_true(says(row, "on", "any"));
            assert_true(says(row, "state", passed ? "pass" : nulled ? "as_null" : measured ? "fail" : "not_measured"));
            assert_int_equal(json_bool(json_get(row, "significant"), !sure), sure);
        }
        assert_true(says(json_at(criteria, 4), "id", "training_time") &&
                    says(json_at(criteria, 4), "state", "see_run"));
    }
}

/* The conclusion lists exactly the significant differences. */
static void test_conclusion_follows_from_the_deltas(void **state) {
    (void)state;
    const json_value *verdicts = json_get(json_root(run[0].summary), "verdict");
    size_t n_all = 0;
    double comparisons[2] = {0};
    assert_int_equal(json_size(verdicts), 2);
    for (size_t v = 0; v < json_size(verdicts); v++) {
        const json_value *one = json_at(verdicts, v), *conclusion = json_get(one, "conclusion");
        const json_value *list[] = {json_get(conclusion, "worse"), json_get(conclusion, "better")};
        size_t n[2] = {0};
        for (size_t g = 0; g < GW_N_GATES; g++) {
            const json_value *block = json_get(json_get(one, "gates"), gw_gate_name[g]);
            for (size_t i = 0; i < json_size(block); i++) {
                const json_value *delta = json_at(block, i);
                if (json_kind(delta) != JSON_OBJECT) continue;
                n_all += isnan(json_number(json_get(delta, "p_value"), NAN)) ? 0 : 1;
                if (!json_bool(json_get(delta, "significant"), false)) continue;
                size_t better = json_number(json_get(delta, "delta"), NAN) > 0;
                const json_value *named = json_at(list[better], n[better]++);
                assert_true(says(named, "gate", gw_gate_name[g]) && says(named, "metric", json_key(delta)));
            }
        }
        assert_int_equal(json_size(list[0]), n[0]);
        assert_int_equal(json_size(list[1]), n[1]);
        comparisons[v] = json_number(json_get(conclusion, "comparisons"), -1);
        assert_true(says(conclusion, "state",
                         n[0] && n[1] ? "mixed"
                         : n[0]       ? "worse"
                         : n[1]       ? "better"
                                      : "no_difference"));
    }
    for (size_t v = 0; v < 2; v++) assert_int_equal(comparisons[v], n_all); /* one family */
    const json_value *family = json_get(json_root(run[0].summary), "family"), *best = json_get(family, "best");
    assert_int_equal(json_number(json_get(family, "comparisons"), -1), n_all);
    assert_int_equal(json_number(json_get(best, "differences"), -1), n_all);
    assert_true(json_number(json_get(best, "p_lower"), 2) <= json_number(json_get(best, "p_upper"), -1));
}

/* What the run comes to is what its tables say. */
static void test_finding_follows_from_the_tables(void **state) {
    (void)state;
    const json_value *root = json_root(run[0].summary), *finding = json_get(root, "finding");
    const json_value *null = json_get(finding, "null"), *traded = json_get(finding, "traded");
    const json_value *attention = json_get(finding, "attention"), *all = json_get(root, "strategies");
    size_t asked = 0, found = 0, n_traded = 0, gained = 0, better = 0, worse = 0;
    double lowest = 2, least = 2, best = -INFINITY;
    for (size_t i = 0; i < json_size(all); i++) {
        const json_value *one = json_at(all, i), *portfolio = json_get(json_get(one, "portfolio"), "mean");
        const double gain = json_number(json_get(portfolio, "total_return"), NAN);
        for (int g = 0; g < GW_N_GATES && json_kind(json_get(one, "gates")) == JSON_OBJECT; g++) {
            const json_value *control = json_get(json_get(json_get(one, "gates"), gw_gate_name[g]), "null");
            asked += isfinite(json_number(json_get(control, "p_value"), NAN)) ? 1 : 0;
            found += json_number(json_get(control, "p_holm"), NAN) <= .1 + 1e-12;
            lowest = fmin(lowest, json_number(json_get(control, "p_value"), NAN));
        }
        if (says(one, "strategy", "buy_and_hold") || !(json_number(json_get(portfolio, "n_trades"), 0) > 0)) continue;
        n_traded++;
        gained += gain > 0;
        best = fmax(best, gain);
    }
    assert_true(asked > 0 && n_traded > 0);
    assert_int_equal(json_number(json_get(null, "asked"), -1), asked);
    assert_int_equal(json_number(json_get(null, "found"), -1), found);
    assert_near(json_number(json_get(null, "p_value"), NAN), lowest, 0, 0);
    /* 1 in resamples + 1 is the least p: it may stand out by itself and yet have no chance once corrected. */
    const json_value *first = json_at(json_get(finding, "next"), 0);
    const bool too_few = !found && lowest <= .1 + 1e-12 && lowest * (double)asked > .1 + 1e-12;
    assert_true(says(null, "state", found ? "something" : too_few ? "not_measured" : "nothing"));
    assert_int_equal(says(first, "id", "more_nulls"), too_few);
    if (too_few) assert_near(json_number(json_get(first, "needed"), 0), (double)asked / .1 - 1, 1e-9, 1);
    assert_int_equal(json_number(json_get(traded, "traded"), -1), n_traded);
    assert_int_equal(json_number(json_get(traded, "gained"), -1), gained);
    assert_near(json_number(json_get(traded, "total_return"), NAN), best, 0, 0);
    const double market = json_number(json_get(traded, "market_return"), NAN);
    assert_true(isfinite(market) && says(traded, "state",
                                         best <= 0       ? "lost"
                                         : best > market ? "beat_market"
                                                         : "gained"));
    const json_value *verdicts = json_get(root, "verdict");
    for (size_t v = 0; v < json_size(verdicts); v++) {
        const json_value *conclusion = json_get(json_at(verdicts, v), "conclusion");
        if (!says(json_at(verdicts, v), "baseline", "none")) continue;
        for (int g = 0; g < GW_N_GATES; g++) {
            const json_value *gate = json_get(json_get(json_at(verdicts, v), "gates"), gw_gate_name[g]);
            for (size_t i = 0; i < json_size(gate); i++)
                least = fmin(least, json_number(json_get(json_at(gate, i), "p_holm"), NAN));
        }
        better += json_size(json_get(conclusion, "better"));
        worse += json_size(json_get(conclusion, "worse"));
    }
    assert_int_equal(json_number(json_get(attention, "worse"), -1), worse);
    assert_true(json_number(json_get(attention, "better"), -1) <= better);
    assert_near(json_number(json_get(json_get(attention, "surest"), "p_holm"), NAN), least, 0, 0);
    assert_int_equal(json_kind(json_get(attention, "surest_worse")), worse ? JSON_OBJECT : JSON_NULL);
    assert_true(says(attention, "state", worse ? "worse" : "no_difference") || better > 0);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_fits),
        cmocka_unit_test(test_summary_metrics),
        cmocka_unit_test(test_summary_header),
        cmocka_unit_test(test_columns_name_metrics),
        cmocka_unit_test(test_finding_follows_from_the_tables),
        cmocka_unit_test(test_verdict_agrees_with_the_metrics),
        cmocka_unit_test(test_criteria_follow_from_the_deltas),
        cmocka_unit_test(test_conclusion_follows_from_the_deltas),
    };
    return cmocka_run_group_tests(tests, results_setup, results_teardown);
}
