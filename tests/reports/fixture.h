/* A plausible run directory as run_files.h describes it, made up from a fixed seed: what the report tests draw. */
#ifndef GATEWALK_TESTS_REPORTS_FIXTURE_H
#define GATEWALK_TESTS_REPORTS_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "json.h"
#include "run_files.h"

enum { FX_LOOKBACK = 96, FX_SIGNALS = 40, FX_MAPS_MAX = 9 };

struct fixture {
    const char *title, *name;
    size_t n_models, n_others, n_seeds, n_folds, bars_per_fold;
    bool no_trades, no_attention, undefined, constant_scores, no_verdict, empty_tables;
};

struct fx_strategy {
    const char *name, *strategy, *attention;
    int parameters, heads;
    double skill; /* lift of the top percent over prevalence */
    double drift; /* of equity per bar */
};

static const struct fx_strategy fx_models[] = {
    {"lstm", "gate", "none", 37826, 0, 1.5, 2e-6},
    {"bahdanau", "gate", "bahdanau", 46082, 1, 2.4, 9e-6},
    {"luong_general", "gate", "luong_general", 41922, 1, 1.8, 4e-6},
    {"multihead-4x32", "gate", "multihead", 71042, 4, 2.0, 6e-6},
    {"dual_stage", "gate", "dual_stage", 67020, 1, 1.6, 1e-6},
    {"multihead-8x16-causal-lora-r16-very_long_experiment_name", "gate", "multihead", 71042, 8, 1.9, 3e-6},
};
static const struct fx_strategy fx_others[] = {
    {"buy_and_hold", "buy_and_hold", NULL, 0, 0, 0, 5e-6},
    {"sma_cross", "sma_cross", NULL, 0, 0, 0, -2e-6},
};
static const char *const fx_gate[2] = {"long", "short"};
static const double fx_prevalence[2] = {0.104, 0.087};
static const int64_t fx_begin_s = 1609459200, fx_bar_s = 900; /* 2021-01-01, 15 minutes */

static uint64_t fx_state;
static double fx_uniform(void) {
    fx_state = fx_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(fx_state >> 11) * 0x1p-53;
}
static double fx_normal(void) {
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += fx_uniform();
    return sum;
}

static size_t fx_count(const struct fixture *f) { return f->n_models + f->n_others; }
static const struct fx_strategy *fx_at(const struct fixture *f, size_t i) {
    return i < f->n_models ? &fx_models[i] : &fx_others[i - f->n_models];
}
static const char *fx_time(double bar, char buffer[40]) {
    return time_format((fx_begin_s + (int64_t)bar * fx_bar_s) * NS_PER_SECOND, buffer);
}
static double fx_bars(const struct fixture *f) { return (double)(f->n_folds * f->bars_per_fold); }

static FILE *fx_open(const char *dir, const char *name, const char *header) {
    char path[1024];
    if (path_join(path, sizeof path, dir, name) < 0) abort();
    FILE *to = fopen(path, "w");
    if (!to) abort();
    fputs(header, to);
    return to;
}

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
    json_put_number(w, "profit_factor", f->no_trades ? NAN : 1.2 * scale);
    json_put_number(w, "exposure", 0.17 * scale);
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
    if (model) {
        json_begin_object(w, "gates");
        for (int gate = 0; gate < 2; gate++) fx_gate_block(w, f, s, gate);
        json_end_object(w);
    } else {
        json_put_string(w, "gates", NULL);
    }
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

static void fx_delta(struct json_writer *w, const char *name, double baseline, double delta, double half) {
    json_begin_object(w, name);
    json_put_number(w, "candidate", baseline + delta);
    json_put_number(w, "baseline", baseline);
    json_put_number(w, "delta", delta);
    json_put_number(w, "lo", delta - half);
    json_put_number(w, "hi", delta + half);
    json_put_number(w, "p_value", isnan(delta) ? NAN : fabs(delta) > half ? 0.012 : 0.31);
    json_put_bool(w, "significant", fabs(delta) > half);
    json_end_object(w);
}

static void fx_verdict_block(struct json_writer *w, const struct fixture *f, const struct fx_strategy *s) {
    double gain = f->undefined ? NAN : s->skill - 1.5;
    bool good = gain > 0.6;
    json_begin_object(w, NULL);
    json_put_string(w, "candidate", s->name);
    json_put_string(w, "baseline", "lstm");
    json_begin_object(w, "gates");
    for (int gate = 0; gate < 2; gate++) {
        double side = gate ? 0.6 : 1;
        json_begin_object(w, fx_gate[gate]);
        json_put_number(w, "block_length", 61.5);
        fx_delta(w, "average_precision", 0.158, 0.03 * gain * side, 0.012);
        fx_delta(w, "precision_at_1", 0.34, 0.16 * gain * side, 0.07);
        fx_delta(w, "precision_at_5", 0.24, 0.08 * gain * side, 0.03);
        fx_delta(w, "pnl_at_1", -0.0004, 0.0031 * gain * side, 0.0019);
        json_end_object(w);
    }
    json_end_object(w);
    static const char *const check[] = {"average precision better on at least one gate",
                                        "P@1 % at least 5 points above", "P@5 % at least 3 points above",
                                        "PnL@1 % better", "training time at most 2x"};
    json_begin_array(w, "checks");
    for (int i = 0; i < 5; i++) {
        json_begin_object(w, NULL);
        json_put_string(w, "name", check[i]);
        json_put_bool(w, "pass", good || i == 4);
        json_put_string(w, "detail",
                        i == 4 ? "1.31x the baseline"
                        : good ? "long +14.4 points, short +8.6 points"
                               : "long +1.6 points, short +1.0 points");
        json_end_object(w);
    }
    json_end_array(w);
    json_put_string(
        w, "conclusion",
        good ? "Attention is better than the baseline: average precision and precision at 1 % rise on both gates and "
               "the "
               "intervals exclude zero."
             : "Nothing is significant: every interval holds zero, so this run gives no reason to prefer attention.");
    json_end_object(w);
}

static void fx_summary(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, RUN_SUMMARY, "");
    struct json_writer w = {.stream = to};
    char begin[40], end[40];
    json_begin_object(&w, NULL);
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
    json_begin_object(&w, "prevalence");
    for (int gate = 0; gate < 2; gate++) json_put_number(&w, fx_gate[gate], fx_prevalence[gate]);
    json_end_object(&w);
    json_begin_array(&w, "strategies");
    for (size_t i = 0; i < fx_count(f); i++) fx_strategy_block(&w, f, i);
    json_end_array(&w);
    json_begin_array(&w, "verdict");
    for (size_t i = 1; i < f->n_models && !f->no_verdict; i++) fx_verdict_block(&w, f, &fx_models[i]);
    json_end_array(&w);
    json_end_object(&w);
    fclose(to);
    to = fx_open(dir, RUN_JSON, "");
    w = (struct json_writer){.stream = to};
    json_begin_object(&w, NULL);
    json_put_string(&w, "status", "finished");
    json_begin_array(&w, "training_time");
    for (size_t i = 0; i < f->n_models; i++) {
        json_begin_object(&w, NULL);
        json_put_string(&w, "strategy", fx_models[i].name);
        json_put_number(&w, "seconds", 100 + 30 * (double)i);
        json_put_number(&w, "ratio_to_baseline", 1 + 0.3 * (double)i);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    fclose(to);
}

/* ---- CSV files ---------------------------------------------------------------------------------------- */

static void fx_folds(const char *dir, const struct fixture *f) {
    FILE *to =
        fx_open(dir, RUN_FOLDS, "fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged\n");
    for (size_t fold = 0; fold < f->n_folds; fold++) {
        char a[40], b[40];
        double first = (double)(fold * f->bars_per_fold), end = (double)((fold + 1) * f->bars_per_fold);
        fprintf(to, "%zu,test,BTCUSDT,%s,%s,%.0f,%.0f,%.0f,%.0f,0\n", fold + 1, fx_time(first, a), fx_time(end, b),
                first, end, first, end);
    }
    fclose(to);
}

static void fx_equity(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, RUN_EQUITY, "time,strategy,seed,equity,cash,exposure,drawdown\n");
    for (size_t i = 0; i < fx_count(f); i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++) {
            const struct fx_strategy *s = fx_at(f, i);
            double log_equity = 0, peak = 0, volatility = i < f->n_models ? 0.0011 : 0.0026;
            for (double bar = 0; bar < fx_bars(f) && !f->empty_tables; bar++) {
                char at[40];
                if (!f->no_trades || i >= f->n_models)
                    log_equity += s->drift + volatility * fx_normal() * (fx_uniform() < 0.3);
                peak = fmax(peak, log_equity);
                fprintf(to, "%s,%s,%zu,%.2f,%.2f,0.2,%.6f\n", fx_time(bar + 1, at), s->name, seed,
                        1e5 * exp(log_equity), 1e5 * exp(log_equity), expm1(log_equity - peak));
            }
        }
    fclose(to);
}

static void fx_training(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, RUN_TRAINING,
                       "strategy,seed,fold,epoch,learning_rate,train_loss,validation_loss,ap_long,ap_short,best\n");
    for (size_t i = 0; i < f->n_models && !f->empty_tables; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++)
            for (size_t fold = 0; fold < f->n_folds; fold++) {
                size_t epochs = 8 + (size_t)(fx_uniform() * 22);
                double level = 0.30 + 0.02 * fx_normal();
                for (size_t epoch = 1; epoch <= epochs; epoch++) {
                    double e = (double)epoch, train = level + 0.12 * exp(-e / 4) - 0.001 * e + 0.002 * fx_normal();
                    double valid = level + 0.012 + 0.09 * exp(-e / 5) + 0.00015 * e * e + 0.004 * fx_normal();
                    if (f->undefined) train = valid = NAN;
                    fprintf(to, "%s,%zu,%zu,%zu,0.001,", fx_models[i].name, seed, fold, epoch);
                    if (!f->undefined)
                        fprintf(to, "%.5f,%.5f,0.21,0.19,%d\n", train, valid, epoch + 3 == epochs);
                    else
                        fputs(",,,,0\n", to);
                }
            }
    fclose(to);
}

static void fx_curves(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, RUN_CURVES, "strategy,seed,gate,curve,x,y,count\n");
    for (size_t i = 0; i < f->n_models && !f->empty_tables && !f->undefined; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++)
            for (int gate = 0; gate < 2; gate++) {
                const struct fx_strategy *s = &fx_models[i];
                double base = fx_prevalence[gate], noise = 0.1 * fx_normal();
                for (int j = 0; j < 300; j++) {
                    double part = j / 299.0, x = part * part,
                           y = base * (1 + (1.9 * s->skill + noise) * exp(-6 * x) * (1 - x));
                    y += 0.25 * fx_normal() * base / sqrt(1 + 900 * x);
                    if (f->constant_scores) {
                        if (j != 299) continue;
                        y = base;
                    }
                    fprintf(to, "%s,%zu,%s,pr,%.6f,%.6f,%d\n", s->name, seed, fx_gate[gate], x, fmin(fmax(y, 0), 1),
                            1 + j * j);
                }
                for (int b = 0; b < (f->constant_scores ? 1 : 10); b++) {
                    double p = f->constant_scores ? 0.1 : 0.03 + 0.008 * b + 0.003 * b * b;
                    fprintf(to, "%s,%zu,%s,reliability,%.5f,%.5f,%.0f\n", s->name, seed, fx_gate[gate], p,
                            fmax(0, p * (0.85 + 0.06 * s->skill) + 0.008 * fx_normal()), fx_bars(f) / 10);
                }
                for (int b = 0; b < 50; b++) {
                    double p = (b + 0.5) / 50, density = p * exp(-p * (18 - 2 * s->skill)) * 250;
                    if (f->constant_scores) density = b == 5 ? 50 : 0;
                    fprintf(to, "%s,%zu,%s,histogram,%.4f,%.6f,%.0f\n", s->name, seed, fx_gate[gate], p, density,
                            floor(density * p * fx_bars(f) / 50));
                }
            }
    fclose(to);
}

static double fx_weight(const struct fx_strategy *s, int head, int lag, bool top) {
    double decay = exp(-lag / (6.0 + 9 * head)), event = exp(-pow((lag - 24 - 9 * head) / 5.0, 2));
    double flat = 1.0 / FX_LOOKBACK;
    if (strcmp(s->attention, "multihead") == 0) flat *= 1.5;
    return flat + (top ? 0.05 : 0.03) * decay + (top ? 0.025 : 0.004) * event;
}

static void fx_attention_mean(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, RUN_ATTENTION_MEAN, "strategy,seed,gate,map,group,lag,weight,n\n");
    for (size_t i = 1; i < f->n_models && !f->empty_tables && !f->no_attention; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++)
            for (int gate = 0; gate < 2; gate++)
                for (int map = -1; map < (fx_models[i].heads > 1 ? fx_models[i].heads : 0); map++)
                    for (int top = 0; top < 2; top++)
                        for (int lag = 0; lag < FX_LOOKBACK; lag++) {
                            char which[16] = "mean";
                            if (map >= 0) snprintf(which, sizeof which, "%d", map + 1);
                            fprintf(to, "%s,%zu,%s,%s,%s,%d,%.6f,%d\n", fx_models[i].name, seed, fx_gate[gate], which,
                                    top ? "top" : "rest", lag,
                                    fx_weight(&fx_models[i], map < 0 ? 1 : map, lag, top) * (1 + 0.1 * fx_normal()),
                                    top ? 300 : 29700);
                        }
    fclose(to);
}

static void fx_signal(FILE *index, FILE *path, float *weights, size_t row, const struct fixture *f,
                      const struct fx_strategy *s, int gate, size_t signal, int map, double probability, double bar) {
    char at[40], which[16] = "mean";
    if (map >= 0) snprintf(which, sizeof which, "%d", map + 1);
    fprintf(index, "%zu,%s,%s,%s,%zu,%zu,%s,%.4f,%d,%s\n", row, fx_time(bar, at), signal % 3 ? "BTCUSDT" : "ETHUSDT",
            s->name, 1 + signal % f->n_seeds, 1 + (size_t)bar / f->bars_per_fold, fx_gate[gate], probability,
            signal % 5 < 2, which);
    double sum = 0, close = 43000;
    for (int lag = FX_LOOKBACK - 1; lag >= 0; lag--) {
        int shifted = lag + (int)(signal * 7 % 20);
        double w = fx_weight(s, map < 0 ? 1 : map, shifted, true) * (1 + 0.25 * fx_normal());
        weights[FX_LOOKBACK - 1 - lag] = (float)fmax(w, 1e-4);
        sum += fmax(w, 1e-4);
        close *= exp(0.002 * fx_normal() + (lag > 20 && lag < 30 ? (gate ? 0.003 : -0.003) : 0));
        if (map < 0) fprintf(path, "%zu,%d,%.2f\n", row, lag, close);
    }
    for (int j = 0; j < FX_LOOKBACK; j++) weights[j] = (float)(weights[j] / sum);
}

static void fx_attention(const char *dir, const struct fixture *f) {
    FILE *index = fx_open(dir, RUN_ATTENTION_INDEX, "row,time,symbol,strategy,seed,fold,gate,probability,label,map\n");
    FILE *path = fx_open(dir, RUN_SIGNALS, "row,lag,close\n");
    size_t most = f->n_models * 2 * FX_SIGNALS * FX_MAPS_MAX, row = 0;
    float *weights = calloc(most * FX_LOOKBACK + 1, sizeof *weights);
    if (!weights) abort();
    for (size_t i = 1; i < f->n_models && !f->empty_tables && !f->no_attention && !f->no_trades; i++)
        for (int gate = 0; gate < 2; gate++)
            for (size_t signal = 0; signal < FX_SIGNALS; signal++) {
                double p = 0.25 + 0.6 * fx_uniform(), bar = floor(fx_uniform() * (fx_bars(f) - 1));
                for (int map = -1; map < (fx_models[i].heads > 1 ? fx_models[i].heads : 0); map++, row++)
                    fx_signal(index, path, weights + row * FX_LOOKBACK, row, f, &fx_models[i], gate, signal, map, p,
                              bar);
            }
    char npy[1024];
    size_t shape[2] = {row, FX_LOOKBACK};
    if (path_join(npy, sizeof npy, dir, RUN_ATTENTION) < 0 || npy_write(npy, "<f4", 4, shape, 2, weights) < 0) abort();
    free(weights);
    fclose(index);
    fclose(path);
}

static void fx_importance(const char *dir, const struct fixture *f) {
    static const char *const feature[] = {
        "log_return(1)",    "rsi(14)",         "rsi(14)@1h",      "ma_gap(10)",     "volume_z(96)",   "hour_sin",
        "hour_cos",         "atr(14)",         "range",           "body",           "upper_wick",     "lower_wick",
        "realised_vol(96)", "bollinger_b(20)", "taker_buy_ratio", "log_return(24)", "close_location", "trend(48)"};
    FILE *to = fx_open(dir, RUN_IMPORTANCE, "strategy,seed,gate,kind,feature,value\n");
    for (size_t i = 0; i < f->n_models && !f->empty_tables; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++)
            for (int gate = 0; gate < 2; gate++)
                for (size_t j = 0; j < COUNT_OF(feature); j++) {
                    double value = 0.03 * exp(-(double)((j + i) % COUNT_OF(feature)) / 4) + 0.002 * fx_normal();
                    fprintf(to, "%s,%zu,%s,permutation,%s,%.6f\n", fx_models[i].name, seed, fx_gate[gate], feature[j],
                            value);
                    if (strcmp(fx_models[i].attention, "dual_stage") == 0)
                        fprintf(to, "%s,%zu,%s,attention,%s,%.6f\n", fx_models[i].name, seed, fx_gate[gate], feature[j],
                                (1 + 0.3 * fx_uniform()) / COUNT_OF(feature));
                }
    fclose(to);
}

static void fx_trades(const char *dir, const struct fixture *f) {
    static const char *const reason[] = {"target", "stop", "time", "signal"};
    FILE *to =
        fx_open(dir, RUN_TRADES,
                "strategy,seed,symbol,side,signal_time,entry_time,exit_time,entry_price,exit_price,quantity,fees,"
                "slippage,funding,pnl,return,mae,mfe,bars_held,reason,probability,ambiguous\n");
    for (size_t i = 0; i < fx_count(f) && !f->no_trades && !f->empty_tables; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++)
            for (int n = 0; n < (i < f->n_models ? 160 : 12); n++) {
                double mae = -0.004 * fabs(fx_normal()), mfe = 0.006 * fabs(fx_normal()), u = fx_uniform();
                int why = mfe > 0.01 ? 0 : mae < -0.005 ? 1 : u < 0.85 ? 2 : 3;
                double gross = why == 0 ? 0.01 : why == 1 ? -0.005 : mae + (mfe - mae) * u;
                double notional = 1e5, fees = 40 + 10 * u, slippage = 20 * u, net = gross * notional - fees - slippage;
                char a[40], b[40], c[40];
                double bar = floor(fx_uniform() * (fx_bars(f) - 30));
                fprintf(to,
                        "%s,%zu,BTCUSDT,%s,%s,%s,%s,43000,43100,2.3,%.2f,%.2f,0,%.2f,%.6f,%.6f,%.6f,%d,%s,%.3f,%d\n",
                        fx_at(f, i)->name, seed, n % 2 ? "long" : "short", fx_time(bar, a), fx_time(bar, b),
                        fx_time(bar + 9, c), fees, slippage, net, net / notional, fmin(mae, gross), fmax(mfe, gross), 9,
                        reason[why], 0.3 + 0.5 * u, u < 0.05);
            }
    fclose(to);
}

/* Writes the run into `dir`, which must exist. */
static void fixture_write(const char *dir, const struct fixture *f) {
    fx_state = 20240229;
    fx_summary(dir, f);
    fx_folds(dir, f);
    fx_equity(dir, f);
    fx_training(dir, f);
    fx_curves(dir, f);
    fx_attention_mean(dir, f);
    fx_attention(dir, f);
    fx_importance(dir, f);
    fx_trades(dir, f);
}

static const struct fixture fixture_rich = {.title = "Bitcoin and Ether, quarter-hour bars: does attention pay?",
                                            .name = "btc-eth-15m",
                                            .n_models = 6,
                                            .n_others = 2,
                                            .n_seeds = 3,
                                            .n_folds = 8,
                                            .bars_per_fold = 2880};

#endif
