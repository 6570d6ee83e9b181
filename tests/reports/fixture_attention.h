/* Where the made-up run looked: maps over the lookback, of heads, of a second sequence, of a decoder's steps. Part of fixture.h. */
#ifndef GATEWALK_TESTS_REPORTS_FIXTURE_ATTENTION_H
#define GATEWALK_TESTS_REPORTS_FIXTURE_ATTENTION_H

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

#endif
