/* The files of a library of patterns that never was: bumps of several phases, some of which foretell. Read by fixture.h. */
#ifndef GATEWALK_TEST_FIXTURE_PATTERNS_H
#define GATEWALK_TEST_FIXTURE_PATTERNS_H

enum { FX_CATEGORIES = 40, FX_BARS = 50, FX_HORIZON = 24, FX_MEMBERS = 8 };

static void fx_patterns_json(const char *dir) {
    FILE *to = fx_open(dir, GW_RUN_PATTERNS, "");
    fprintf(
        to,
        "{\"schema\": %d, \"name\": \"patterns, seed 1, fold 8\", \"title\": \"category 17\", \"symbol\": \"BTCUSDT\", "
        "\"interval\": \"15m\", \"begin\": \"2021-01-01T00:00:00Z\", \"end\": \"2021-03-01T00:00:00Z\", \"bars\": %d, "
        "\"horizon\": %d, \"latent\": 32, \"categories\": %d, \"windows_learned\": 20000, \"windows_later\": 3000, "
        "\"windows\": %d, \"prevalence\": {\"long\": 0.104, \"short\": 0.087}, \"largest_share\": 0.062, "
        "\"balance\": \"uneven\", \"beyond_null\": 3, \"best_epoch\": 90, \"valid_r\": 0.0421, \"learnt\": \"good\", "
        "\"advice\": \"\"}\n",
        GW_RUN_SCHEMA, FX_BARS, FX_HORIZON, FX_CATEGORIES, FX_MEMBERS);
    fclose(to);
}

static void fx_patterns_training(const char *dir) {
    FILE *to = fx_open(dir, GW_RUN_PATTERNS_TRAINING,
                       "epoch,learning_rate,train,train_r,train_c,valid,valid_r,valid_c,best\n");
    for (int e = 1; e <= 100; e++) {
        const double r = 0.04 + 0.9 * exp(-e / 14.0), c = 0.9 * exp(-e / 25.0) + 0.01 * fx_normal();
        fprintf(to, "%d,1e-4,%g,%g,%g,%g,%g,%g,%d\n", e, r + 0.01 * c, r, c, 1.05 * r, 1.05 * r, c + 0.02, e == 90);
    }
    fclose(to);
}

static void fx_patterns_categories(const char *dir) {
    FILE *to = fx_open(dir, GW_RUN_PATTERNS_CATEGORIES,
                       "category,slice,gate,windows,share,labelled,hits,rate,lo,hi,z,p_value,posterior\n");
    for (int c = 0; c < FX_CATEGORIES; c++)
        for (int slice = 0; slice < 2; slice++)
            for (int gate = 0; gate < 2; gate++) {
                const double share = (1 + c % 7) / 180.0, z = 6 * cos(c + 2.0 * gate), rate = 0.1 + 0.012 * z;
                const int n = (int)(share * (slice ? 3000 : 20000));
                fprintf(to, "%d,%s,%s,%d,%g,%d,%d,%g,%g,%g,%g,%g,%g\n", c, slice ? "later" : "learned", fx_gate[gate],
                        n, share, n, (int)(n * rate), rate, rate - 0.03, rate + 0.03, z, z > 5 ? 0.004 : 0.7, rate);
            }
    fclose(to);
}

static double fx_shape(int category, double step) {
    return sin(0.09 * step + category) - sin(category) + (step > 0 ? 0.02 * step * cos(category) : 0);
}

static void fx_patterns_paths(const char *dir) {
    char time[40];
    FILE *to =
        fx_open(dir, GW_RUN_PATTERNS_MEMBERS, "category,member,time,similarity,label_long,label_short,step,value\n");
    for (int c = 0; c < FX_CATEGORIES; c++)
        for (int m = 0; m < FX_MEMBERS; m++)
            for (int step = 1 - FX_BARS; step <= FX_HORIZON; step++)
                fprintf(to, "%d,%d,%s,%g,%d,%d,%d,%g\n", c, m + 1, fx_time(300 * m + 17 * c, time), 0.99 - 0.01 * m,
                        m % 3 == 0, m % 3 == 1, step, step ? fx_shape(c, step) + 0.12 * fx_normal() : 0);
    fclose(to);
    to = fx_open(dir, GW_RUN_PATTERNS_NEXT,
                 "category,step,q10,q25,q50,q75,q90,return_q10,return_q25,return_q50,return_q75,return_q90\n");
    for (int c = 0; c < FX_CATEGORIES; c++)
        for (int step = 1; step <= FX_HORIZON; step++) {
            fprintf(to, "%d,%d", c, step);
            for (int part = 0; part < 2; part++)
                for (int q = -2; q <= 2; q++)
                    fprintf(to, ",%g", (part ? 0.01 : 1) * (fx_shape(c, step) + 0.1 * q * sqrt(step)));
            fputs("\n", to);
        }
    fclose(to);
}

static void fx_patterns_map(const char *dir) {
    char time[40];
    FILE *to = fx_open(dir, GW_RUN_PATTERNS_MAP, "time,symbol,x,y,category,label_long,label_short\n");
    for (int i = 0; i < 3000; i++) {
        const int c = i % FX_CATEGORIES, hit = fx_uniform() < (c == 3 ? 0.8 : 0.08), low = !hit && fx_uniform() < 0.08;
        fprintf(to, "%s,BTCUSDT,%g,%g,%d,%d,%d\n", fx_time(i, time), 40 * cos(c) + 4 * fx_normal(),
                30 * sin(1.7 * c) + 4 * fx_normal(), c, hit, low);
    }
    fclose(to);
}

static void fx_patterns_rebuilt(const char *dir) {
    char time[40];
    FILE *to = fx_open(dir, GW_RUN_PATTERNS_REBUILT,
                       "window,time,step,open,high,low,close,volume,average,rebuilt_open,rebuilt_high,rebuilt_low,"
                       "rebuilt_close,rebuilt_volume,rebuilt_average\n");
    for (int w = 0; w < 5; w++) {
        double open = 0;
        for (int step = 1 - FX_BARS; step <= 0; step++) {
            const double smooth = 0.8 * fx_shape(w, step), close = smooth + 0.1 * fx_normal();
            fprintf(to, "%d,%s,%d", w + 1, fx_time(5000 * w + 99, time), step);
            for (int half = 0; half < 2; half++) {
                const double a = half ? fx_shape(w, step - 1) * 0.8 : open, b = half ? smooth : close;
                fprintf(to, ",%g,%g,%g,%g,%g,%g", a, fmax(a, b) + 0.05, fmin(a, b) - 0.05, b,
                        0.5 * sin(step / 5.0) + (half ? 0 : 0.2 * fx_normal()), smooth);
            }
            fputs("\n", to);
            open = close;
        }
    }
    fclose(to);
}

static void fx_patterns(const char *dir) {
    fx_patterns_json(dir);
    fx_patterns_training(dir);
    fx_patterns_categories(dir);
    fx_patterns_paths(dir);
    fx_patterns_map(dir);
    fx_patterns_rebuilt(dir);
}

#endif
