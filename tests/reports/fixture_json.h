/* The JSON files of the made-up run: summary.json, run.json and study.json. Part of fixture.h, which declares what they
 * are made of. */
#ifndef GATEWALK_TESTS_REPORTS_FIXTURE_JSON_H
#define GATEWALK_TESTS_REPORTS_FIXTURE_JSON_H

/* ---- summary.json ---------------------------------------------------------------------------------- */

static void fx_metrics(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s, int gate,
                       double noise, bool sd) {
    double prevalence = fx_prevalence[gate], wobble = sd ? 0 : noise;
    double ap = prevalence * (1 + 0.35 * s->skill) * (1 + 0.1 * wobble);
    double p1 = fmin(0.95, prevalence * (1 + 1.6 * s->skill) * (1 + 0.12 * wobble));
    if (f->undefined) ap = p1 = NAN;
    const double scale = sd ? 0.06 : 1;
    json_put_number(w, "n_bars", f->undefined ? NAN : fx_bars(f));
    json_put_number(w, "prevalence", (sd ? 0 : prevalence * (1 + 0.2 * noise)));
    json_put_number(w, "average_precision", ap * scale);
    json_put_number(w, "ap_lift", ap / prevalence * scale);
    json_put_number(w, "brier", 0.09 * scale);
    json_put_number(w, "calibration_error", 0.02 * scale);
    static const char *const k[] = {"1", "5", "10"};
    static const double fade[] = {1, 0.7, 0.55};
    for (int i = 0; i < 3; i++) {
        char key[64];
        snprintf(key, sizeof key, "precision_at_%s", k[i]);
        json_put_number(w, key, p1 * fade[i] * scale);
        snprintf(key, sizeof key, "lift_at_%s", k[i]);
        json_put_number(w, key, p1 * fade[i] / prevalence * scale);
        for (int cost = 0; cost < 3; cost++) {
            snprintf(key, sizeof key, "pnl_mean_at_%s_%dx", k[i], cost);
            double pnl = 0.0035 * fade[i] * (s->skill - 1.4) + 0.0005 - 0.0009 * cost + 0.0011 * wobble;
            json_put_number(w, key, f->undefined ? NAN : sd ? 0.0004 : pnl);
        }
    }
    json_put_number(w, "coverage", f->undefined ? NAN : (0.0115 + 0.002 * wobble) * scale);
    json_put_number(w, "acted_precision", p1 * 0.9 * scale);
}

static void fx_gate_block(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s, int gate) {
    json_begin_object(w, fx_gate[gate]);
    json_begin_object(w, "mean");
    fx_metrics(w, f, s, gate, 0, false);
    json_end_object(w);
    json_begin_object(w, "sd");
    fx_metrics(w, f, s, gate, 0, true);
    json_end_object(w);
    json_begin_object(w, "null");
    json_put_number(w, "observed", f->undefined ? NAN : 0.16);
    json_put_number(w, "null_mean", f->undefined ? NAN : 0.11);
    json_put_number(w, "null_sd", 0.006);
    json_put_number(w, "p_value", f->undefined ? NAN : 0.002);
    json_put_number(w, "p_holm", f->undefined ? NAN : gate ? 0.164 : 0.012);
    json_end_object(w);
    json_begin_array(w, "seeds");
    for (size_t seed = 1; seed <= f->n_seeds; seed++) {
        json_begin_object(w, NULL);
        json_put_int(w, "seed", (int64_t)seed);
        json_begin_object(w, "pooled");
        fx_metrics(w, f, s, gate, 0.4 * fx_normal(), false);
        json_end_object(w);
        json_begin_array(w, "folds");
        for (size_t fold = 0; fold < f->n_folds; fold++) {
            json_begin_object(w, NULL);
            json_put_int(w, "fold", (int64_t)fold + 1);
            fx_metrics(w, f, s, gate, fx_normal(), false);
            json_end_object(w);
        }
        json_end_array(w);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void fx_portfolio_metrics(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s, bool sd) {
    double bars = fx_bars(f), scale = sd ? 0.08 : 1;
    json_put_number(w, "total_return", expm1(s->drift * bars) * scale);
    json_put_number(w, "cagr", expm1(s->drift * 35040) * scale);
    json_put_number(w, "sharpe", f->undefined ? NAN : s->drift * 1.6e5 * scale);
    json_put_number(w, "max_drawdown", (sd ? 0.02 : 0.11 + 0.02 * s->skill));
    json_put_number(w, "n_trades", (f->no_trades ? 0 : 180 + 40 * s->skill) * scale);
    json_put_number(w, "win_rate", f->no_trades ? NAN : 0.41 * scale);
    if (f->no_losses && !sd)
        json_put_string(w, "profit_factor", "inf");
    else
        json_put_number(w, "profit_factor", f->no_trades ? NAN : 1.2 * scale);
    json_put_number(w, "exposure", 0.17 * scale);
}

static void fx_forecast(struct json_writer *w, const struct fixture *f) {
    json_begin_object(w, "forecast");
    json_begin_array(w, "steps");
    for (int step = 1; step <= FX_STEPS; step++) {
        json_begin_object(w, NULL);
        json_put_int(w, "step", step);
        json_put_int(w, "bars", 6 * step);
        for (int side = 0; side < 2; side++) {
            const double naive = 0.3 * sqrt(step), skill = (side ? 0.02 : 0.06) * (3 - step);
            json_begin_object(w, side ? "worst" : "best");
            json_put_int(w, "n", 30000);
            json_put_number(w, "pinball", f->undefined ? NAN : naive * (1 - skill));
            json_put_number(w, "naive", f->undefined ? NAN : naive);
            json_put_number(w, "skill", f->undefined ? NAN : skill);
            json_put_number(w, "inside", f->undefined ? NAN : 0.93 - 0.015 * step);
            json_put_number(w, "error", f->undefined ? NAN : 2 * naive);
            json_end_object(w);
        }
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void fx_strategy_block(struct json_writer *w, const struct fixture *f, size_t i) {
    const struct fx_strategy *s = fx_at(f, i);
    bool model = i < f->n_models;
    json_begin_object(w, NULL);
    json_put_string(w, "name", s->name);
    json_put_string(w, "strategy", s->strategy);
    json_put_string(w, "encoder", model ? "lstm" : NULL);
    json_put_string(w, "attention", s->attention);
    json_put_number(w, "parameters", model ? (double)s->parameters : (double)NAN);
    json_put_int(w, "fits", model ? 6 : 0);
    json_put_int(w, "fits_best_at_last_epoch", model ? (int64_t)(2 + i) : 0); /* more than half from the third on */
    if (model) {
        json_begin_object(w, "gates");
        for (int gate = 0; gate < 2; gate++) fx_gate_block(w, f, s, gate);
        json_end_object(w);
    } else {
        json_put_string(w, "gates", NULL);
    }
    if (model && i == FX_DECODER) fx_forecast(w, f);
    json_begin_object(w, "portfolio");
    json_begin_object(w, "mean");
    fx_portfolio_metrics(w, f, s, false);
    json_end_object(w);
    json_begin_object(w, "sd");
    fx_portfolio_metrics(w, f, s, true);
    json_end_object(w);
    json_begin_array(w, "seeds");
    json_end_array(w);
    json_end_object(w);
    json_begin_object(w, "optimistic");
    fx_portfolio_metrics(w, f, s, false);
    json_end_object(w);
    json_end_object(w);
}

/* Of one criterion: its metric, what the baseline has, what one unit of skill adds, half its interval, what is asked. */
static const struct fx_criterion {
    const char *id, *metric, *unit;
    double baseline, per_skill, half, need;
} fx_criteria[] = {{"average_precision", "average_precision", "fraction", 0.158, 0.03, 0.012, 0},
                   {"precision_at_1", "precision_at_1", "fraction", 0.34, 0.16, 0.07, 0.05},
                   {"precision_at_5", "precision_at_5", "fraction", 0.24, 0.08, 0.03, 0.03},
                   {"pnl_at_1", "pnl_mean_at_1_1x", "return", -0.0004, 0.0031, 0.0019, 0}};

static double fx_delta(const struct fixture *f, const struct fx_strategy *s, const struct fx_criterion *c, int gate) {
    return f->undefined ? (double)NAN : c->per_skill * (s->skill - 1.5) * (gate ? 0.6 : 1);
}

static void fx_put_delta(struct json_writer *w, const struct fx_criterion *c, double delta) {
    json_put_number(w, "candidate", c->baseline + delta);
    json_put_number(w, "baseline", c->baseline);
    json_put_number(w, "delta", delta);
    json_put_number(w, "lo", delta - c->half);
    json_put_number(w, "hi", delta + c->half);
    json_put_number(w, "p_value", isnan(delta) ? NAN : fabs(delta) > c->half ? 0.012 : 0.31);
    json_put_number(w, "p_holm", isnan(delta) ? NAN : fabs(delta) > c->half ? 0.036 : 1);
    json_put_bool(w, "excludes_zero", fabs(delta) > c->half);
    json_put_bool(w, "significant", fabs(delta) > c->half);
}

static bool fx_met(const struct fx_criterion *c, double delta) { return delta > 0 && delta >= c->need; }
static const char *fx_answer(bool measured, bool met) { return !measured ? "not_measured" : met ? "pass" : "fail"; }

static void fx_put_criterion(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s,
                             const struct fx_criterion *c) {
    bool met = false, sure = false;
    for (int gate = 0; gate < 2; gate++) {
        double delta = fx_delta(f, s, c, gate);
        met |= fx_met(c, delta);
        sure |= fx_met(c, delta) && fabs(delta) > c->half;
    }
    json_begin_object(w, NULL);
    json_put_string(w, "id", c->id);
    json_put_string(w, "metric", c->metric);
    json_put_string(w, "bound", c->need > 0 ? "at_least" : "more_than");
    json_put_number(w, "need", c->need);
    json_put_string(w, "unit", c->unit);
    json_put_string(w, "on", "any");
    json_put_string(w, "state", fx_answer(!f->undefined, met));
    json_put_bool(w, "significant", sure);
    json_begin_array(w, "gates");
    for (int gate = 0; gate < 2; gate++) {
        double delta = fx_delta(f, s, c, gate);
        json_begin_object(w, NULL);
        json_put_string(w, "gate", fx_gate[gate]);
        json_put_string(w, "state", fx_answer(!isnan(delta), fx_met(c, delta)));
        fx_put_delta(w, c, delta);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

/* What stands in summary.json and, with the answer, in run.json. */
static void fx_put_time_criterion(struct json_writer *w) {
    json_put_string(w, "id", "training_time");
    json_put_string(w, "metric", NULL);
    json_put_string(w, "bound", "at_most");
    json_put_number(w, "need", 2);
    json_put_string(w, "unit", "ratio");
    json_put_string(w, "on", "none");
}

static size_t fx_put_significant(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s,
                                 const char *name, double sign) {
    size_t n = 0;
    json_begin_array(w, name);
    for (int gate = 0; gate < 2; gate++)
        for (size_t i = 0; i < COUNT_OF(fx_criteria); i++) {
            double delta = fx_delta(f, s, &fx_criteria[i], gate) * sign;
            if (!(delta > fx_criteria[i].half)) continue;
            json_begin_object(w, NULL);
            json_put_string(w, "gate", fx_gate[gate]);
            json_put_string(w, "metric", fx_criteria[i].metric);
            json_end_object(w);
            n++;
        }
    json_end_array(w);
    return n;
}

static void fx_verdict_block(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s) {
    json_begin_object(w, NULL);
    json_put_string(w, "candidate", s->name);
    json_put_string(w, "baseline", "lstm");
    json_begin_object(w, "gates");
    for (int gate = 0; gate < 2; gate++) {
        json_begin_object(w, fx_gate[gate]);
        json_put_number(w, "block_length", 61.5);
        for (size_t i = 0; i < COUNT_OF(fx_criteria); i++) {
            json_begin_object(w, fx_criteria[i].metric);
            fx_put_delta(w, &fx_criteria[i], fx_delta(f, s, &fx_criteria[i], gate));
            json_end_object(w);
        }
        json_end_object(w);
    }
    json_end_object(w);
    json_begin_array(w, "criteria");
    for (size_t i = 0; i < COUNT_OF(fx_criteria); i++) fx_put_criterion(w, f, s, &fx_criteria[i]);
    json_begin_object(w, NULL);
    fx_put_time_criterion(w);
    json_put_string(w, "state", "see_run");
    json_put_bool(w, "significant", false);
    json_begin_array(w, "gates");
    json_end_array(w);
    json_end_object(w);
    json_end_array(w);
    json_begin_object(w, "conclusion");
    size_t better = fx_put_significant(w, f, s, "better", 1), worse = fx_put_significant(w, f, s, "worse", -1);
    json_put_string(w, "state",
                    f->undefined      ? "not_measured"
                    : better && worse ? "mixed"
                    : better          ? "better"
                    : worse           ? "worse"
                                      : "no_difference");
    json_put_int(w, "comparisons", 8);
    json_put_string(w, "simpler_gate", NULL);
    json_end_object(w);
    json_end_object(w);
}

/* What the metrics' own descriptors say in a real run; a made-up one has its own columns. */
static void fx_columns(struct json_writer *w) {
    static const struct {
        const char *list, *metric, *heading, *title, *format, *best;
        bool no_spread;
        int priority;
    } columns[] = {
        {"gates", "average_precision", "AP", "Average precision", "fraction", "highest", false, 0},
        {"gates", "ap_lift", "lift", NULL, "ratio", "highest", true, 2},
        {"gates", "precision_at_1", "P", "P", "percent", "highest", false, 0},
        {"gates", "precision_at_5", "P", "P", "percent", "highest", false, 1},
        {"gates", "precision_at_10", "P", NULL, "percent", "highest", false, 6},
        {"gates", "pnl_mean_at_1_1x", "PnL", "PnL", "signed_percent", "highest", false, 1},
        {"gates", "pnl_mean_at_5_1x", "PnL", NULL, "signed_percent", "highest", false, 5},
        {"gates", "coverage", "coverage", "Coverage", "percent", "none", false, 4},
        {"portfolio", "total_return", "return %", "return", "percent", "highest", false, 0},
        {"portfolio", "sharpe", "Sharpe", "Sharpe", "ratio", "highest", false, 0},
        {"portfolio", "max_drawdown", "max DD %", "max. DD", "loss", "lowest", false, 0},
        {"portfolio", "n_trades", "trades", "trades", "count", "none", false, 1},
        {"portfolio", "win_rate", "win rate %", NULL, "percent", "highest", false, 3},
        {"portfolio", "profit_factor", "profit factor", NULL, "ratio", "highest", false, 2},
        {"portfolio", "exposure", "exposure %", NULL, "percent", "none", false, 4},
    };
    json_begin_object(w, "columns");
    json_begin_array(w, columns[0].list);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (i > 0 && strcmp(columns[i].list, columns[i - 1].list) != 0) {
            json_end_array(w);
            json_begin_array(w, columns[i].list);
        }
        json_begin_object(w, NULL);
        json_put_string(w, "metric", columns[i].metric);
        json_put_string(w, "heading", columns[i].heading);
        json_put_string(w, "title", columns[i].title);
        json_put_string(w, "format", columns[i].format);
        json_put_string(w, "best", columns[i].best);
        json_put_bool(w, "spread", !columns[i].no_spread);
        json_put_int(w, "priority", columns[i].priority);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void fx_summary(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_SUMMARY, "");
    struct json_writer w = {.stream = to};
    char begin[40], end[40];
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "name", f->name);
    json_put_string(&w, "title", f->title);
    json_begin_array(&w, "symbols");
    json_put_string(&w, NULL, "BTCUSDT");
    json_put_string(&w, NULL, "ETHUSDT");
    json_end_array(&w);
    json_put_string(&w, "interval", "15m");
    json_put_string(&w, "begin", fx_time(0, begin));
    json_put_string(&w, "end", fx_time(fx_bars(f), end));
    json_put_number(&w, "n_bars", fx_bars(f));
    json_put_number(&w, "n_folds", (double)f->n_folds);
    json_begin_array(&w, "seeds");
    for (size_t seed = 1; seed <= f->n_seeds; seed++) json_put_int(&w, NULL, (int64_t)seed);
    json_end_array(&w);
    json_begin_array(&w, "ks");
    json_put_int(&w, NULL, 1);
    json_put_int(&w, NULL, 5);
    json_put_int(&w, NULL, 10);
    json_end_array(&w);
    json_put_int(&w, "act_on", 1);
    json_put_int(&w, "horizon", 24);
    json_put_int(&w, "lookback", FX_LOOKBACK);
    json_put_string(&w, "baseline", "lstm");
    json_put_number(&w, "confidence", 0.9);
    json_begin_object(&w, "prevalence");
    for (int gate = 0; gate < 2; gate++) json_put_number(&w, fx_gate[gate], fx_prevalence[gate]);
    json_end_object(&w);
    fx_columns(&w);
    json_begin_array(&w, "strategies");
    for (size_t i = 0; i < fx_count(f); i++) fx_strategy_block(&w, f, i);
    json_end_array(&w);
    json_begin_array(&w, "verdict");
    for (size_t i = 1; i < f->n_models && !f->no_verdict; i++) fx_verdict_block(&w, f, &fx_models[i]);
    json_end_array(&w);
    json_begin_object(&w, "selection");
    json_put_int(&w, "trials_here", 28);
    json_put_int(&w, "searched", 21);
    json_put_string(&w, "best", "bahdanau");
    json_put_number(&w, "deflated_sharpe", f->undefined ? NAN : 0.4321);
    json_put_number(&w, "overfitting_probability", 0.55);
    json_end_object(&w);
    json_end_object(&w);
    fclose(to);
}

static void fx_run_json(const char *dir, const struct fixture *f) {
    if (f->no_run_json) return;
    FILE *to = fx_open(dir, GW_RUN_JSON, "");
    struct json_writer w = {.stream = to};
    size_t fits = f->n_models * f->n_seeds * f->n_folds;
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "status", "finished");
    json_begin_object(&w, "fits");
    json_put_int(&w, "count", (int64_t)fits);
    json_put_int(&w, "reused", f->reused ? (int64_t)fits : 0);
    json_end_object(&w);
    json_begin_array(&w, "training_time");
    for (size_t i = 0; i < f->n_models; i++) {
        double part = (double)i;
        json_begin_object(&w, NULL);
        json_put_string(&w, "strategy", fx_models[i].name);
        json_put_number(&w, "seconds", f->reused ? 0 : 100 + 60 * part);
        json_put_number(&w, "ratio_to_baseline", f->reused ? NAN : 1 + 0.6 * part);
        json_put_number(&w, "ratio_per_window", f->reused ? NAN : 1 + 0.5 * part);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_begin_array(&w, "criteria");
    for (size_t i = 1; i < f->n_models; i++) {
        double part = (double)i, ratio = 1 + 0.6 * part;
        json_begin_object(&w, NULL);
        json_put_string(&w, "candidate", fx_models[i].name);
        json_put_string(&w, "baseline", "lstm");
        fx_put_time_criterion(&w);
        json_put_string(&w, "state", fx_answer(!f->reused, ratio <= 2));
        json_put_number(&w, "ratio", f->reused ? NAN : ratio);
        json_put_number(&w, "ratio_per_window", f->reused ? NAN : 1 + 0.5 * part);
        json_put_number(&w, "candidate_seconds", f->reused ? 0 : 100 * ratio);
        json_put_number(&w, "baseline_seconds", f->reused ? 0 : 100);
        json_put_int(&w, "reused_fits", f->reused ? 8 : 0);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    fclose(to);
}

/* ---- study.json --------------------------------------------------------------------------------------- */

static const struct fx_variant {
    size_t stage;
    const char *name, *attention, *loss;
    double ap;
    int parameters;
    bool chosen;
} fx_variants[] = {{0, "bce", "none", "bce", 0.181, 37826, false},
                   {0, "focal", "none", "focal", 0.192, 37826, true},
                   {1, "bahdanau_64", "bahdanau", "focal", 0.214, 46082, true},
                   {1, "bahdanau_128_with_a_very_long_name_indeed", "bahdanau", "focal", NAN, 54338, false},
                   {2, "mean_pool", "mean_pool", "focal", 0.187, 37826, true}};

static void fx_study(const char *dir, const struct fixture *f) {
    static const char *const stage[] = {"loss", "bahdanau", "control"};
    if (!f->study) return;
    FILE *to = fx_open(dir, GW_RUN_STUDY, "");
    struct json_writer w = {.stream = to};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "criterion", "validation_average_precision");
    json_put_int(&w, "search_seeds", 2);
    json_begin_array(&w, "stages");
    for (size_t i = 0; i < COUNT_OF(stage); i++) {
        json_begin_object(&w, NULL);
        json_put_string(&w, "name", stage[i]);
        json_put_bool(&w, "carried", i == 0);
        json_put_bool(&w, "final", i > 0);
        json_begin_array(&w, "variants");
        for (size_t v = 0; v < COUNT_OF(fx_variants); v++) {
            const struct fx_variant *variant = &fx_variants[v];
            if (variant->stage != i) continue;
            json_begin_object(&w, NULL);
            json_put_string(&w, "name", variant->name);
            json_put_string(&w, "attention", variant->attention);
            json_put_string(&w, "loss", variant->loss);
            json_put_int(&w, "parameters", variant->parameters);
            json_put_int(&w, "fits", isnan(variant->ap) ? 0 : 4);
            json_put_number(&w, "validation_average_precision", variant->ap);
            json_put_bool(&w, "chosen", variant->chosen);
            json_end_object(&w);
        }
        json_end_array(&w);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_begin_array(&w, "final");
    for (size_t i = 0; i < 3; i++) json_put_string(&w, NULL, i == 0 ? "lstm" : i == 1 ? "bahdanau_64" : "buy_and_hold");
    json_end_array(&w);
    json_end_object(&w);
    fclose(to);
}

#endif
