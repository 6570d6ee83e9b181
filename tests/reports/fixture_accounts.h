/* What the made-up run traded: trades, bands of equity, bars, profit and loss taken apart. Part of fixture.h. */
#ifndef GATEWALK_TESTS_REPORTS_FIXTURE_ACCOUNTS_H
#define GATEWALK_TESTS_REPORTS_FIXTURE_ACCOUNTS_H

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

#endif
