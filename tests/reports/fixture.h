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

static double fx_weight(const struct fx_strategy *s, int head, int lag, bool top) {
    double decay = exp(-lag / (6.0 + 9 * head)), event = exp(-pow((lag - 24 - 9 * head) / 5.0, 2));
    double flat = 1.0 / FX_LOOKBACK;
    if (strcmp(s->attention, "multihead") == 0) flat *= 1.5;
    return flat + (top ? 0.05 : 0.03) * decay + (top ? 0.025 : 0.004) * event;
}

/* The steps of its decoder, as maps behind all others; draws nothing, so that all else stays as it is. */
static bool fx_has_decoder(const struct fixture *f) {
    return f->n_models > FX_DECODER && !f->empty_tables && !f->no_attention && !f->no_trades;
}

static void fx_step_means(FILE *to, const struct fixture *f) {
    for (int gate = 0; gate < 2 && fx_has_decoder(f); gate++)
        for (int step = 1; step <= FX_STEPS; step++)
            for (int top = 0; top < 2; top++)
                for (int lag = 0; lag < FX_LOOKBACK; lag++)
                    fprintf(to, "%s,1,%s,%d,%s,%d,%.6f,%d\n", fx_models[FX_DECODER].name, fx_gate[gate], step,
                            top ? "top" : "rest", lag,
                            0.5 / FX_LOOKBACK + (top ? 0.05 : 0.01) * exp(-pow((lag - 12.0 * step) / 4, 2)),
                            top ? 300 : 29700);
}

/* Beside the signals that there are: a map for each step, behind all others, and what was forecast. */
struct fx_kept {
    size_t row, signal;
    int gate;
    double probability, bar;
};
static void fx_step_signal(FILE *index, FILE *to, float *weights, size_t row, const struct fixture *f,
                           const struct fx_kept *kept, int step) {
    char at[40], open[40];
    double sum = 0;
    const size_t mean = kept->row;
    fprintf(index, "%zu,%s,%s,%s,%s,%zu,%zu,%s,%.4f,%d,%d\n", row, fx_time(kept->bar, at), fx_time(kept->bar - 1, open),
            kept->signal % 3 ? "BTCUSDT" : "ETHUSDT", fx_models[FX_DECODER].name, 1 + kept->signal % f->n_seeds,
            1 + (size_t)kept->bar / f->bars_per_fold, fx_gate[kept->gate], kept->probability, kept->signal % 5 < 2,
            step);
    for (int lag = 0; lag < FX_LOOKBACK; lag++) {
        const double w = 0.1 + exp(-pow((lag - 12.0 * step) / 3, 2));
        weights[FX_LOOKBACK - 1 - lag] = (float)w;
        sum += w;
    }
    for (int lag = 0; lag < FX_LOOKBACK; lag++) weights[lag] /= (float)sum;
    for (int side = 0; side < 2; side++) {
        const double said = (side ? -1.3 : 1.1) * sqrt(step) * (1 + 0.1 * (double)(mean % 7));
        const double outer = side ? 0.2 : 3.0, inner = side ? 0.5 : 1.2;
        fprintf(to, "%zu,%d,%d,%s,%.4f,", mean, step, 6 * step, side ? "worst" : "best", said);
        fprintf(to, "%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,", side ? said * 3 : said * 0.1, side ? said * 2 : said * 0.2,
                said * (side ? 1.5 : 0.6), said, said * (side ? inner : inner), said * (side ? 0.3 : 2), said * outer);
        if (mean % 5 == 3)
            fputs("\n", to); /* too near the end to have come */
        else
            fprintf(to, "%.4f\n", said * (0.4 + 0.35 * (double)(mean % 4)));
    }
}

static void fx_attention_mean(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_ATTENTION_MEAN, "strategy,seed,gate,map,group,lag,weight,n\n");
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
    for (int gate = 0; gate < 2 && f->n_models > 1 && !f->empty_tables && !f->no_attention; gate++)
        for (int top = 0; top < 2; top++) /* the second model has a second sequence, too */
            for (int lag = 0; lag < FX_CROSS; lag++)
                fprintf(to, "%s,1,%s," GW_MAP_CROSS ",%s,%d,%.6f,%d\n", fx_models[1].name, fx_gate[gate],
                        top ? "top" : "rest", lag, 1.0 / FX_CROSS + (top ? 0.03 : 0) * exp(-pow((lag - 20) / 4.0, 2)),
                        top ? 300 : 29700);
    fx_step_means(to, f);
    fclose(to);
}

static void fx_signal(FILE *index, FILE *path, float *weights, size_t row, const struct fixture *f,
                      const struct fx_strategy *s, int gate, size_t signal, int map, double probability, double bar) {
    char at[40], open[40], which[16] = "mean";
    if (map >= 0) snprintf(which, sizeof which, "%d", map + 1);
    fprintf(index, "%zu,%s,%s,%s,%s,%zu,%zu,%s,%.4f,%d,%s\n", row, fx_time(bar, at), fx_time(bar - 1, open),
            signal % 3 ? "BTCUSDT" : "ETHUSDT", s->name, 1 + signal % f->n_seeds, 1 + (size_t)bar / f->bars_per_fold,
            fx_gate[gate], probability, signal % 5 < 2, which);
    double sum = 0, close = 43000;
    for (int lag = FX_LOOKBACK - 1; lag >= 0; lag--) {
        int shifted = lag + (int)(signal * 7 % 20);
        double w = fx_weight(s, map < 0 ? 1 : map, shifted, true) * (1 + 0.25 * fx_normal());
        weights[FX_LOOKBACK - 1 - lag] = (float)fmax(w, 1e-4);
        sum += fmax(w, 1e-4);
        close *= exp(0.002 * fx_normal() + (lag > 20 && lag < 30 ? (gate ? 0.003 : -0.003) : 0));
        if (map < 0)
            fprintf(path, "%zu,%d,%s,%s,%.2f\n", row, lag, fx_time(bar - lag, at), fx_time(bar - lag - 1, open), close);
    }
    for (int j = 0; j < FX_LOOKBACK; j++) weights[j] = (float)(weights[j] / sum);
}

/* What the second model's last state asked of a second sequence; draws nothing, so that all else stays as it is. */
static void fx_cross_signal(FILE *index, float *weights, size_t row, const struct fixture *f, int gate, size_t signal) {
    char at[40], open[40];
    const double bar = floor((double)(signal * 977 % 1000) / 1000 * (fx_bars(f) - 1));
    fprintf(index, "%zu,%s,%s,BTCUSDT,%s,1,%zu,%s,%.4f,%d," GW_MAP_CROSS "\n", row, fx_time(bar, at),
            fx_time(bar - 1, open), fx_models[1].name, 1 + (size_t)bar / f->bars_per_fold, fx_gate[gate],
            0.9 - 0.01 * (double)signal, signal % 4 > 0);
    double sum = 0;
    for (int lag = 0; lag < FX_CROSS; lag++) {
        const double w = 1 + 6 * exp(-pow((lag - 8.0 - (double)(signal * 5 % 30)) / 1.5, 2));
        weights[FX_LOOKBACK - 1 - lag] = (float)w;
        sum += w;
    }
    for (int lag = 0; lag < FX_CROSS; lag++) weights[FX_LOOKBACK - 1 - lag] /= (float)sum;
}

static void fx_attention(const char *dir, const struct fixture *f) {
    FILE *index = fx_open(dir, GW_RUN_ATTENTION_INDEX,
                          "row,time,open_time,symbol,strategy,seed,fold,gate,probability,label,map\n");
    FILE *path = fx_open(dir, GW_RUN_SIGNALS, "row,lag,time,open_time,close\n");
    FILE *forecast =
        fx_open(dir, GW_RUN_FORECAST_SIGNALS, "row,step,bars,side,said,q05,q10,q25,q50,q75,q90,q95,came\n");
    struct fx_kept kept[2 * FX_SIGNALS];
    size_t most = (f->n_models + 1) * 2 * FX_SIGNALS * (FX_MAPS_MAX + 1), row = 0, n_kept = 0;
    float *weights = calloc(most * FX_LOOKBACK + 1, sizeof *weights);
    if (!weights) abort();
    for (size_t i = 1; i < f->n_models && !f->empty_tables && !f->no_attention && !f->no_trades; i++)
        for (int gate = 0; gate < 2; gate++)
            for (size_t signal = 0; signal < FX_SIGNALS; signal++) {
                double p = 0.25 + 0.6 * fx_uniform(), bar = floor(fx_uniform() * (fx_bars(f) - 1));
                if (i == FX_DECODER) kept[n_kept++] = (struct fx_kept){row, signal, gate, p, bar};
                for (int map = -1; map < (fx_models[i].heads > 1 ? fx_models[i].heads : 0); map++, row++)
                    fx_signal(index, path, weights + row * FX_LOOKBACK, row, f, &fx_models[i], gate, signal, map, p,
                              bar);
            }
    for (int gate = 0; gate < 2 && row > 0; gate++)
        for (size_t signal = 0; signal < FX_SIGNALS; signal++, row++)
            fx_cross_signal(index, weights + row * FX_LOOKBACK, row, f, gate, signal);
    for (size_t k = 0; k < n_kept; k++)
        for (int step = 1; step <= FX_STEPS; step++, row++)
            fx_step_signal(index, forecast, weights + row * FX_LOOKBACK, row, f, &kept[k], step);
    fclose(forecast);
    char npy[1024];
    size_t shape[2] = {row, FX_LOOKBACK};
    if (path_join(npy, sizeof npy, dir, GW_RUN_ATTENTION) < 0 || npy_write(npy, "<f4", 4, shape, 2, weights) < 0)
        abort();
    free(weights);
    fclose(index);
    fclose(path);
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

static void fx_trades(const char *dir, const struct fixture *f) {
    static const char *const reason[] = {"target", "stop", "time", "signal"}, *const symbol[] = {"BTCUSDT", "ETHUSDT",
                                                                                                 "SOLUSDT"};
    FILE *to =
        fx_open(dir, GW_RUN_TRADES,
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
                fprintf(to, "%s,%zu,%s,%s,%s,%s,%s,43000,43100,2.3,%.2f,%.2f,0,%.2f,%.6f,%.6f,%.6f,%d,%s,%.3f,%d\n",
                        fx_at(f, i)->name, seed, symbol[n % 8 < 6 ? 0 : n % 8 - 5], n % 2 ? "long" : "short",
                        fx_time(bar, a), fx_time(bar, b), fx_time(bar + 9, c), fees, slippage, net, net / notional,
                        fmin(mae, gross), fmax(mfe, gross), 9, reason[why], 0.3 + 0.5 * u, u < 0.05);
            }
    fclose(to);
}

static void fx_equity_bands(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_EQUITY_BANDS, "time,open_time,strategy,low,high,random_low,random_high\n");
    for (size_t i = 0; i < fx_count(f) && !f->empty_tables; i++)
        for (int j = 0; j < 100; j++) {
            const double part = j / 99.0, spread = 0.15 * part * (1 + (double)i / 4);
            char at[40], open[40];
            fprintf(to, "%s,%s,%s,%.6f,%.6f,", fx_time(part * (fx_bars(f) - 1), at),
                    fx_time(part * (fx_bars(f) - 1) - 1, open), fx_at(f, i)->name, 1 - spread, 1 + 1.2 * spread);
            i < f->n_models ? fprintf(to, "%.6f,%.6f\n", 1 - 2 * spread, 1 + spread) : fprintf(to, ",\n");
        }
    fclose(to);
}

static void fx_bars_file(const char *dir, const struct fixture *f) {
    FILE *to = fx_open(dir, GW_RUN_BARS, "time,open_time,symbol,open,high,low,close,volume\n");
    double close = 43000;
    for (double bar = 0; bar < fx_bars(f) && !f->empty_tables; bar++) {
        char at[40], open[40];
        const double before = close;
        close *= exp(0.002 * fx_normal());
        fprintf(to, "%s,%s,BTCUSDT,%.2f,%.2f,%.2f,%.2f,12.5\n", fx_time(bar + 1, at), fx_time(bar, open), before,
                fmax(before, close) * 1.001, fmin(before, close) * 0.999, close);
    }
    fclose(to);
}

/* Months follow the made-up clock, hours and sides are all there; the last strategies trade too little to be parted. */
static void fx_breakdown_line(FILE *to, const struct fx_strategy *s, size_t seed, const char *by, const char *group,
                              int trades, bool of_account) {
    const double pnl = 900 * fx_normal() + 40;
    fprintf(to, "%s,%zu,%s,%s,%d,%d,%.2f,%.2f,%.2f,%.6f,%.2f,%.2f,0,9.5,%d,", s->name, seed, by, group, trades,
            trades * 4 / 9, fmax(pnl, 0) + 100, fmax(-pnl, 0) + 100, pnl, pnl / 1e5 / fmax(trades, 1), 40.0 * trades,
            12.0 * trades, trades / 20);
    if (of_account)
        fprintf(to, "%.6f\n", 0.03 * fx_normal());
    else
        fputc('\n', to);
}

static void fx_breakdown(const char *dir, const struct fixture *f) {
    static const char *const side[] = {"long", "short"}, *const reason[] = {"stop", "target", "time"},
                             *const symbol[] = {"BTCUSDT",
                                                "ETHUSDT",
                                                "SOLUSDT",
                                                "XRPUSDT",
                                                "DOGEUSDT",
                                                "ADAUSDT",
                                                "an_instrument_with_a_very_long_name"};
    FILE *to =
        fx_open(dir, GW_RUN_BREAKDOWN,
                "strategy,seed,by,group,trades,wins,gains,losses,pnl,mean_return,fees,slippage,funding,bars_held,"
                "ambiguous,equity_return\n");
    for (size_t i = 0; i < fx_count(f) && !f->empty_tables; i++)
        for (size_t seed = 1; seed <= f->n_seeds; seed++) {
            const struct fx_strategy *s = fx_at(f, i);
            const int trades = f->no_trades ? 0 : i < f->n_models ? 160 : 3;
            char text[40];
            for (size_t j = 0; trades && j < COUNT_OF(side); j++)
                fx_breakdown_line(to, s, seed, "side", side[j], trades / 2, false);
            for (size_t j = 0; trades && j < COUNT_OF(reason); j++)
                fx_breakdown_line(to, s, seed, "reason", reason[j], trades / 3, false);
            for (size_t j = 0; trades && j < COUNT_OF(symbol); j++)
                fx_breakdown_line(to, s, seed, "symbol", symbol[j], trades / (int)COUNT_OF(symbol), false);
            for (int hour = 0; trades && hour < 24; hour++) {
                snprintf(text, sizeof text, "%02d", hour);
                fx_breakdown_line(to, s, seed, "hour", text, trades / 24, false);
            }
            for (int month = 0; month < 14; month++) {
                snprintf(text, sizeof text, "%d-%02d", 2021 + month / 12, month % 12 + 1);
                fx_breakdown_line(to, s, seed, "month", text, trades / 14, true);
            }
            for (size_t fold = 1; fold <= f->n_folds; fold++) {
                snprintf(text, sizeof text, "%zu", fold);
                fx_breakdown_line(to, s, seed, "fold", text, trades / (int)f->n_folds, true);
            }
        }
    fclose(to);
}

/* Writes the run into `dir`, which must exist. */
#include "fixture_patterns.h"
#include "fixture_search.h"

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
