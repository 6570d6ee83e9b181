/* Fuzz target: a strategy that somebody wrote, in Lua or as rules. What is read must trade to the end or be stopped with a line
 * that names its place, and twice the same. An input that begins with '=' is a rule for entries, any other a script. */
#ifndef GATEWALK_TEST_FUZZ_SCRIPT_H
#define GATEWALK_TEST_FUZZ_SCRIPT_H

#include "engine/base/base.h"
#include "fuzz.h"
#include "gatewalk/replay.h"
#include "gatewalk/synth.h"
#include "strategies/own/lua_api.h"
#include "strategies/own/rule.h"
#include "strategies/strategies.h"

static const char *const fuzz_script_words[] = {
    "function on_bar(bar, history, score, position, orders)",
    "end",
    "local ",
    "return ",
    "for i = 1, 3 do ",
    "while true do ",
    "if ",
    " then ",
    "feature('rsi(14)')",
    "parameter('n', 3, 1, 9)",
    "use_scores()",
    "history.close(0)",
    "history.high(3)",
    "bar.close",
    "position.quantity",
    "orders.buy{",
    "orders.sell{",
    "orders.close()",
    "max_bars = 6",
    "table.sort(t)",
    "table.concat(t)",
    "string.rep('x', 1e6)",
    "('x'):rep(1e9)",
    "math.random()",
    "pairs(t)",
    "setmetatable",
    "_G",
    "load",
    "0/0",
    "1e308",
    "nil",
    "{}",
    "..",
    "#",
    "goto again ::again::",
    "rsi(14)",
    " and ",
    "not ",
    "crosses_above(",
    "ago(close, 3)",
    "highest(high, 20)",
    "position == 0",
    "\\u{7FFFFFFF}",
    "[==[",
};

static struct gw_market fuzz_script_market;

static size_t fuzz_script_setup(struct fuzz_input seed[MOST_SOUND]) {
    static const char *const sound[] = {
        "local rsi = feature('rsi(4)')\nlocal n = parameter('n', 3, 1, 9)\n"
        "function on_bar(bar, history, score, position, orders)\n"
        "  local list = {}\n  for i = 0, n do list[#list + 1] = history.close(i) end\n  table.sort(list)\n"
        "  if position.quantity == 0 and rsi() < 50 and bar.close < list[#list] then orders.buy{max_bars = 6} "
        "end\nend\n",
        "local last = {}\nfunction on_bar(bar, history, score, position, orders)\n"
        "  last[#last + 1] = bar.high - bar.low\n  if #last > 5 then table.remove(last, 1) end\n"
        "  local sum = 0\n  for _, r in ipairs(last) do sum = sum + r end\n"
        "  if math.random() < 0.2 then orders.sell{size = 0.5, stop = 0.01, target = 0.02} end\n"
        "  if position.quantity ~= 0 and sum > 1 then orders.close() end\nend\n",
        "function on_bar(bar, history, score, position, orders)\n"
        "  local t = {b = 1, a = 2}\n  for k, v in pairs(t) do t[k] = v .. 'x' end\n"
        "  if bar.close > bar.open then orders.buy{limit_price = bar.close * 0.99, max_bars = 2} end\nend\n",
        "=rsi(4) < 50 and position == 0",
        "=close > ago(close, 3) or range > 0.01",
    };
    struct gw_synth_options synth = {.kind = "random-walk", .difficulty = "default", .n_bars = 120, .seed = 2};
    struct gw_synth_truth truth = {0};
    if (lua_api_load() < 0) fuzz_die(gw_error_message());
    fuzz_script_market.n_symbols = 1;
    fuzz_script_market.symbol = mem_calloc(1, sizeof *fuzz_script_market.symbol);
    if (!fuzz_script_market.symbol || gw_synth_generate(&synth, fuzz_script_market.symbol, &truth) < 0)
        fuzz_die(gw_error_message());
    gw_synth_truth_free(&truth);
    for (size_t i = 0; i < COUNT_OF(sound); i++) seed[i] = fuzz_text(sound[i]);
    return COUNT_OF(sound);
}

static int fuzz_script_replay(const struct program *program, struct gw_replay_result *out) {
    struct gw_replay_config config;
    struct gw_strategy_config trading;
    gw_replay_config_default(&config);
    gw_strategy_config_default(&trading);
    config.check_ledger = true;
    trading.program = program;
    trading.strategy = gw_strategy_row(program->desc);
    if (program->kind == PROGRAM_SCRIPT) TRY(gw_strategy_config_set(&trading, "max_steps", "2000"));
    return gw_replay_run(&fuzz_script_market, &config, program->desc, &trading, NULL, NULL, out);
}

static const char *fuzz_script_trade(const struct program *program) {
    struct gw_replay_result once = {0}, again = {0};
    const char *complaint = NULL;
    int rc = fuzz_script_replay(program, &once), second;
    char said[1024];
    snprintf(said, sizeof said, "%s", rc < 0 ? gw_error_message() : "");
    second = fuzz_script_replay(program, &again);
    if (rc != second || (rc < 0 && strcmp(said, gw_error_message()) != 0))
        complaint = "ends otherwise when it trades again";
    if (rc < 0 && rc != GW_ERR_CONFIG) complaint = "a replay fails with neither success nor ERR_CONFIG";
    if (rc < 0 && !complaint) complaint = fuzz_judge_message(rc);
    if (rc == GW_OK && second == GW_OK &&
        (once.n_records != again.n_records || once.n_equity != again.n_equity ||
         memcmp(once.equity, again.equity, once.n_equity * sizeof *once.equity) != 0))
        complaint = "trades otherwise when it trades again";
    gw_replay_result_free(&once);
    gw_replay_result_free(&again);
    return complaint;
}

static int fuzz_script_read(const char *bytes, size_t n, struct program **program) {
    struct rule_text text = {0};
    enum rule which;
    const char *bad;
    if (n == 0 || bytes[0] != '=') return program_of_script_text(bytes, n, "fuzz.lua", NULL, 0, &bad, program);
    snprintf(text.text[RULE_ENTER_LONG], RULE_TEXT_MAX, "%.*s", (int)(n - 1 < RULE_TEXT_MAX ? n - 1 : RULE_TEXT_MAX),
             bytes + 1);
    return program_of_rules(&text, &which, program);
}

static const char *fuzz_script_check(const char *bytes, size_t n, struct fuzz_random *random) {
    struct program *program = NULL;
    (void)random;
    int rc = fuzz_script_read(bytes, n, &program);
    if (rc < 0 && rc != GW_ERR_CONFIG) return "neither success nor ERR_CONFIG";
    if (rc < 0) return fuzz_judge_message(rc);
    fuzz_accepted++;
    const char *complaint = program->desc->needs_model ? NULL : fuzz_script_trade(program);
    program_free(program);
    return complaint;
}

static void fuzz_script_teardown(void) {
    gw_bars_free(fuzz_script_market.symbol);
    mem_free(fuzz_script_market.symbol);
}

static const struct fuzz_target fuzz_script = {
    .name = "script",
    .setup = fuzz_script_setup,
    .check = fuzz_script_check,
    .teardown = fuzz_script_teardown,
    .words = fuzz_script_words,
    .n_words = COUNT_OF(fuzz_script_words),
    .slow_seconds = 10,
};

#endif
