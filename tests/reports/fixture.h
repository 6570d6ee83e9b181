/* A plausible run directory as run_files.h describes it, made up from a fixed seed: what the report tests draw. */
#ifndef GATEWALK_TESTS_REPORTS_FIXTURE_H
#define GATEWALK_TESTS_REPORTS_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/base/json.h"
#include "gatewalk/run_files.h"

enum { FX_LOOKBACK = 96, FX_CROSS = 48, FX_SIGNALS = 40, FX_MAPS_MAX = 9 };
enum { FX_STEPS = 4, FX_DECODER = 2 }; /* the third model has a decoder */

struct fixture {
    const char *title, *name;
    size_t n_models, n_others, n_seeds, n_folds, bars_per_fold;
    bool no_trades, no_losses, no_attention, undefined, constant_scores, no_verdict, empty_tables;
    bool study, reused, no_run_json; /* reused: every fit was taken from an earlier run */
    bool patterns;                   /* it has a library of patterns */
    bool search;                     /* its contestants come from a search of two objectives */
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

#include "fixture_json.h"

/* ---- CSV files ---------------------------------------------------------------------------------------- */

static void fx_folds(const char *dir, const struct fixture *f) {
    FILE *to =
        fx_open(dir, GW_RUN_FOLDS, "fold,slice,symbol,begin,end,first_bar,end_bar,first_sample,end_sample,purged\n");
    for (size_t fold = 0; fold < f->n_folds; fold++) {
        char a[40], b[40];
        double first = (double)(fold * f->bars_per_fold), end = (double)((fold + 1) * f->bars_per_fold);
        fprintf(to, "%zu,test,BTCUSDT,%s,%s,%.0f,%.0f,%.0f,%.0f,0\n", fold + 1, fx_time(first, a), fx_time(end, b),
                first, end, first, end);
    }
    fclose(to);
}

static void fx_equity(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_EQUITY, "time,open_time,strategy,seed,equity,cash,exposure,drawdown\n");
    for (size_t i = 0; i < fx_count(f); i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++) {
            const struct fx_strategy *s = fx_at(f, i);
            double log_equity = 0, peak = 0, volatility = i < f->n_models ? 0.0011 : 0.0026;
            for (double bar = 0; bar < fx_bars(f) && !f->empty_tables; bar++) {
                char at[40], open[40];
                if (!f->no_trades || i >= f->n_models)
                    log_equity += s->drift + volatility * fx_normal() * (fx_uniform() < 0.3);
                peak = fmax(peak, log_equity);
                fprintf(to, "%s,%s,%s,%zu,%.2f,%.2f,0.2,%.6f\n", fx_time(bar + 1, at), fx_time(bar, open), s->name,
                        seed, 1e5 * exp(log_equity), 1e5 * exp(log_equity), expm1(log_equity - peak));
            }
        }
    fclose(to);
}

static void fx_training(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_TRAINING,
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
    FILE *to = fx_open(dir, GW_RUN_CURVES, "strategy,seed,gate,curve,x,y,count\n");
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
                for (int j = 0; j < 80 && seed == 1; j++) {
                    const double recall = pow(10, -2.4 * (1 - (j % 40) / 39.0)), spread = 0.3 * sqrt(0.004 / recall);
                    fprintf(to, "%s,1,%s,pr_null_%s,%.6f,%.6f,\n", s->name, fx_gate[gate], j < 40 ? "low" : "high",
                            recall, base * (j < 40 ? 1 - spread : 1 + spread));
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

static void fx_importance(const char *dir, const struct fixture *f) {
    static const char *const feature[] = {
        "log_return(1)",    "rsi(14)",         "rsi(14)@1h",      "ma_gap(10)",     "volume_z(96)",   "hour_sin",
        "hour_cos",         "atr(14)",         "range",           "body",           "upper_wick",     "lower_wick",
        "realised_vol(96)", "bollinger_b(20)", "taker_buy_ratio", "log_return(24)", "close_location", "trend(48)"};
    FILE *to = fx_open(dir, GW_RUN_IMPORTANCE, "strategy,seed,gate,kind,feature,value\n");
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

/* The signals of one seed; what moves the gate lies further back than where attention rests. */
static void fx_gradients(const char *dir, const struct fixture *f) {
    static const char *const feature[] = {"log_return(1)", "rsi(14)", "bollinger_b(20;2)", "volume_z(96)", "hour_sin"};
    FILE *index =
        fx_open(dir, GW_RUN_GRADIENTS_INDEX,
                "row,attention_row,strategy,seed,fold,gate,logit,baseline,sum,steps,complete,rank_correlation\n");
    FILE *mean = fx_open(dir, GW_RUN_GRADIENTS_MEAN, "strategy,seed,gate,feature,lag,value,size,n\n");
    size_t attention_row = 0, row = 0;
    for (size_t i = 1; i < f->n_models && !f->empty_tables && !f->no_attention && !f->no_trades; i++)
        for (int gate = 0; gate < 2; gate++) {
            for (int signal = 0; signal < FX_SIGNALS; signal++) {
                if (signal < 16)
                    fprintf(index, "%zu,%zu,%s,1,1,%s,0.8,-2.4,3.2,%d,%d,%.4f\n", row++, attention_row,
                            fx_models[i].name, fx_gate[gate], 64 << signal % 3, i == 2 ? signal != 3 : 1,
                            0.4 + 0.02 * signal);
                attention_row += 1 + (fx_models[i].heads > 1 ? (size_t)fx_models[i].heads : 0);
            }
            for (size_t j = 0; j < COUNT_OF(feature); j++)
                for (int lag = 0; lag < FX_LOOKBACK; lag++) {
                    const double size = exp(-pow((lag - 40) / 6.0, 2)) / (double)(j + 1) + 0.02;
                    fprintf(mean, "%s,1,%s,%s,%d,%.6f,%.6f,16\n", fx_models[i].name, fx_gate[gate], feature[j], lag,
                            (j % 2 ? -0.1 : 0.1) * size, 0.12 * size);
                }
        }
    fclose(index);
    fclose(mean);
}

#include "fixture_accounts.h"
#include "fixture_attention.h"
#include "fixture_patterns.h"
#include "fixture_search.h"

/* Writes the run into `dir`, which must exist. */
static void fixture_write(const char *dir, const struct fixture *f) {
    fx_state = 20240229;
    fx_summary(dir, f);
    fx_run_json(dir, f);
    fx_study(dir, f);
    fx_folds(dir, f);
    fx_equity(dir, f);
    fx_training(dir, f);
    fx_curves(dir, f);
    fx_attention_mean(dir, f);
    fx_attention(dir, f);
    fx_importance(dir, f);
    fx_gradients(dir, f);
    fx_trades(dir, f);
    fx_breakdown(dir, f);
    fx_equity_bands(dir, f);
    fx_bars_file(dir, f);
    if (f->patterns) fx_patterns(dir);
    if (f->search) fx_search(dir);
}

static const struct fixture fixture_rich = {.title = "Bitcoin and Ether, quarter-hour bars: does attention pay?",
                                            .name = "btc-eth-15m",
                                            .n_models = 6,
                                            .n_others = 2,
                                            .n_seeds = 3,
                                            .n_folds = 8,
                                            .bars_per_fold = 2880};

#endif
