/* The files of `gatewalk init`: an experiment with its reasons as comments, and the schema of its keys. */
#include "engine/base/json.h"

#include <string.h>

#include "engine/config/config.h"
#include "init_plan.h"

static const char schema_name[] = "gatewalk.schema.json";

static void put_text(struct out_file *to, const char *text) {
    out_printf(to, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            out_printf(to, "\\%c", c);
        else if (c < 0x20)
            out_printf(to, "\\u%04x", c);
        else
            out_printf(to, "%c", c);
    }
    out_printf(to, "\"");
}

static void put_data(struct out_file *to, const struct init_plan *p) {
    char interval[48], hours[160], remark[256];
    const struct gw_bars *bars = &p->market->symbol[0];
    calendar_words(&p->finding->calendar, hours);
    out_printf(to, "  // %zu bars of %s%s; open: %s; times: %s.\n", bars->n,
               duration_words(bars->interval_ns, interval), p->market->n_symbols > 1 ? " of the first symbol" : "",
               hours, p->finding->report.zone);
    for (size_t i = 0; gw_import_remark(&p->finding->report, i, remark); i++)
        out_printf(to, "  // Note: %s.\n", remark);
    out_printf(to, "  \"data\": [\n");
    for (size_t s = 0; s < p->market->n_symbols; s++) {
        out_printf(to, "    {\"file\": ");
        put_text(to, p->absolute);
        out_printf(to, ", \"symbol\": \"%s\"", p->market->symbol[s].symbol);
        if (p->import.timezone) out_printf(to, ", \"timezone\": "), put_text(to, p->import.timezone);
        if (p->import.time_format) out_printf(to, ", \"time_format\": "), put_text(to, p->import.time_format);
        out_printf(to, "}%s\n", s + 1 < p->market->n_symbols ? "," : "");
    }
    out_printf(to, "  ],\n");
}

static void put_features(struct out_file *to, const struct init_plan *p) {
    int64_t interval = p->market->symbol[0].interval_ns;
    out_printf(to,
               "\n  // What the models see: few and different, as near-duplicates cost time and precision.\n"
               "  // `gatewalk list features` explains them.%s\n  \"features\": [\n",
               p->volume ? "" : " The data have no volume: none of them needs it.");
    out_printf(to, "    \"log_return(1)\", \"log_return(4)\", \"log_return(24)\", \"ma_gap(10)\", \"ma_gap(%d)\",\n",
               p->brief ? 50 : 96);
    out_printf(to, "    \"rsi(14)\", \"atr(14)\", \"bollinger_b(20)\", \"macd_hist(12,26,9)\", \"realised_vol(%d)\",\n",
               p->brief ? 21 : 96);
    if (interval <= 15 * NS_PER_MINUTE && NS_PER_HOUR % interval == 0) out_printf(to, "    \"rsi(14)@1h\",\n");
    if (p->volume) out_printf(to, "    \"volume_z(%d)\",\n", p->brief ? 63 : 96);
    if (p->taker) out_printf(to, "    \"taker_buy_ratio\",\n");
    if (!p->daily) out_printf(to, "    \"hour_sin\", \"hour_cos\",\n");
    out_printf(to, "    \"range\", \"body\", \"upper_wick\"\n  ],\n");
}

static void put_span(struct out_file *to, const char *name, size_t bars, int64_t ns, const char *after) {
    if (ns)
        out_printf(to, "\"%s\": \"%lldd\"%s", name, (long long)(ns / NS_PER_DAY), after);
    else
        out_printf(to, "\"%s\": %zu%s", name, bars, after);
}

static void put_rules(struct out_file *to, const struct init_plan *p) {
    out_printf(
        to,
        "\n  // A bar is positive when the price moves by more than min_move within the next %zu bars, and more than\n"
        "  // ratio times what it moves the other way. %g times the average true range of %zu bars (%.2g %% of the "
        "price,\n"
        "  // usually) makes %.0f %% of the first training slice positive: rare enough to be worth a trade, frequent "
        "enough\n"
        "  // to learn. In multiples of that range it stays so when the market calms down; \"min_move\": 0.01 would be "
        "a\n"
        "  // fixed share of the price. Later bars were not looked at.\n"
        "  \"labels\": {\"horizon\": %zu, \"ratio\": 2, \"min_move_atr\": %.10g},\n",
        p->horizon, p->min_move_atr, (size_t)14, 100 * p->usual_move, 100 * p->share, p->horizon, p->min_move_atr);
    out_printf(to,
               "\n  // Each fold trains, stops early and sets its thresholds on validation, and is judged on the test "
               "slice behind;\n"
               "  // then all three move on by one test slice.%s\n  \"folds\": {\"mode\": \"rolling\", ",
               p->train_ns ? "" : " Lengths are bars.");
    put_span(to, "train", p->train, p->train_ns, ", ");
    put_span(to, "validation", p->validation, p->validation_ns, ", ");
    put_span(to, "test", p->test, p->test_ns, "},\n");
    out_printf(to,
               "\n  // The share of bars, in percent, that is acted on; the others are reported beside it.\n"
               "  \"signals\": {\"k\": [1, 5, 10], \"act_on\": %d},\n",
               p->daily ? 5 : 1);
    out_printf(to,
               "\n  // A guess for %s. Put in what you pay: it decides more than any model.\n"
               "  \"costs\": {\"taker_bps\": %g, \"half_spread_bps\": %g, \"slippage_bps\": %g},\n",
               p->market_words, p->taker_bps, p->half_spread_bps, p->slippage_bps);
}

static void put_contestants(struct out_file *to, const struct init_plan *p) {
    out_printf(to,
               "\n  \"model\": {\"lookback\": %d, \"hidden\": %d},\n"
               "  \"training\": {\"optimizer\": \"adamw\", \"epochs\": 30, \"patience\": 5},\n",
               p->brief ? (p->market->symbol[0].n < 3000 ? 32 : 64) : 96, p->brief ? 32 : 64);
    out_printf(to,
               "\n  // More seeds say how much of a difference is luck: 3 before you believe one.\n  \"seeds\": 1,\n");
    out_printf(to,
               "\n  \"strategies\": [\n"
               "    // An LSTM whose memory begins as long as the window.\n"
               "    {\"name\": \"lstm\", \"strategy\": \"gate\", \"model\": {\"attention\": \"none\", \"forget_init\": "
               "\"chrono\"}},\n"
               "    // Attention whose context stands beside the last state; alone, the context learns far less.\n"
               "    {\"name\": \"bahdanau\", \"strategy\": \"gate\",\n"
               "     \"model\": {\"attention\": \"bahdanau\", \"luong_combine\": true, \"forget_init\": \"chrono\"}},\n"
               "    // The floor: what the last bar's features say without any memory.\n"
               "    {\"name\": \"logistic\", \"strategy\": \"gate\", \"model\": {\"encoder\": \"logistic\"}, "
               "\"training\": {\"learning_rate\": "
               "0.01}},\n"
               "    // What doing nothing clever earns.\n"
               "    \"buy_and_hold\"\n  ]\n}\n");
}

static int write_experiment(const struct init_plan *p) {
    struct out_file to = {0};
    char name[GW_SYMBOL_MAX + 8], interval[40];
    out_sweep(p->path);
    TRY(out_open(&to, p->path));
    snprintf(name, sizeof name, "%.24s", p->market->n_symbols > 1 ? "symbols" : p->market->symbol[0].symbol);
    out_printf(
        &to,
        "// Made by `gatewalk init` from a look at the data. What stands behind // is for you; change anything.\n");
    out_printf(&to, "// Every key, its unit and default: gatewalk list keys\n{\n  \"$schema\": \"%s\",\n", schema_name);
    out_printf(&to, "  \"name\": \"%s-%s\",\n\n", name, duration_format(p->market->symbol[0].interval_ns, interval));
    put_data(&to, p);
    put_features(&to, p);
    put_rules(&to, p);
    put_contestants(&to, p);
    return out_commit(&to);
}

static int write_schema(const struct init_plan *p) {
    struct out_file to = {0};
    char path[1100];
    const char *slash = strrchr(p->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - p->path) + 1 : 0, p->path, schema_name);
    out_sweep(path);
    TRY(out_open(&to, path));
    struct json_writer w = {.stream = to.stream};
    int rc = config_write_schema(&w);
    if (rc == GW_OK) rc = out_commit(&to);
    out_abort(&to);
    return rc;
}

int init_write(const struct init_plan *plan) {
    TRY(write_schema(plan));
    return write_experiment(plan); /* last: where it is, nothing is missing beside it */
}
