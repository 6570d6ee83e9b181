#!/usr/bin/env bash
# What is infinite, what is undefined, and what happens between two closes: a market that only rises, traded by rules without a model.
# usage: tests/results/test_infinite.sh (from the root)
set -u
. tests/checks.sh
export LC_ALL=C.UTF-8 GATEWALK_CACHE=off
program=${GATEWALK_BIN:-$PWD/gatewalk}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export GATEWALK_STORE=$scratch/trials.sqlite
awk 'BEGIN {print "time,open,high,low,close,volume"; before = 100
    for (i = 0; i < 900; i++) { now = before * (1 + (i % 3 ? 0.0006 : 0.0002))
        printf "%d,%.6f,%.6f,%.6f,%.6f,1\n", 1577836800 + 900 * i, before, now * 1.0001, before * 0.9999, now
        before = now } }' >up.csv
cat >up.json <<'END'
{"name": "up", "data": [{"file": "up.csv", "symbol": "U"}], "features": ["log_return(1)"],
 "labels": {"horizon": 8, "min_move": 0.001}, "folds": {"train": 300, "validation": 100, "test": 200},
 "costs": {"taker_bps": 0, "maker_bps": 0, "half_spread_bps": 0, "slippage_bps": 0}, "verdict": {"random_entries": 10},
 "strategies": [{"name": "never", "enter_long": "close < 0", "exit_long": "close > 0"},
  {"name": "within", "enter_long": "close > 0", "exit_long": "close < 0", "target": "0.0002", "trading": {"size": 0.5}}, "buy_and_hold"]}
END
"$program" run up.json --out run --no-report --quiet >said 2>err || { cat err; exit 1; }

# A figure of one contestant's account, as it is spelt.
of() { # contestant, metric
    tr -d ' \n' <run/summary.json | grep -o "{\"name\":\"$1\".*" | sed 's/\(.\){"name":.*/\1/' | grep -o '"portfolio":{"mean":{[^}]*' |
        head -1 | sed 's/.*{//' | tr ',' '\n' | sed -n "s/^\"$2\"://p"
}
infinite_is_a_word_and_undefined_is_null() {
    [ "$(of buy_and_hold profit_factor)" = '"inf"' ] && [ "$(of never profit_factor)" = null ] && [ "$(of never n_trades)" = 0 ] ||
        fail "$(of buy_and_hold profit_factor), $(of never profit_factor)"
}
both_are_shown() {
    grep -q '^never .* —  ' said && grep -q '^buy_and_hold .*∞' said || fail "$(cat said)"
}
the_ledger_keeps_what_is_infinite() {
    "$program" runs --sql "SELECT count(*), min(value) FROM metrics WHERE metric = 'profit_factor'" --csv >asked || return
    [ "$(tail -1 asked)" = 2,inf ] || fail "$(cat asked)"
}
trades_between_closes_count_as_time() {
    local trades bars share exposure
    trades=$(of within n_trades) bars=$(grep -c ',within,' run/equity.csv)
    share=$(of within time_in_market) exposure=$(of within exposure)
    [ "$trades" -gt 100 ] && [ "$(of within max_bars_held)" = 1 ] && [ "$(of within max_exposure)" = 0 ] || fail "$trades trades, $(of within max_bars_held) bars, $(of within max_exposure)" || return
    # Each in a bar of its own; half of the money, less what was earned since.
    awk -v n="$trades" -v b="$bars" -v s="$share" -v e="$exposure" 'BEGIN {
        exit !(s > n / b - 1e-9 && s < n / b + 1e-9 && e > 0.499 * s && e < 0.501 * s) }' || fail "$trades of $bars bars: $share, $exposure"
}
check infinite_is_a_word_and_undefined_is_null
check both_are_shown
check the_ledger_keeps_what_is_infinite
check trades_between_closes_count_as_time
finish
