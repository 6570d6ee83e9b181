#!/usr/bin/env bash
# Runs on three markets through the broker, every trade, order and point of equity against an independent simulator, to
# the cent: market orders, limit entries, brackets, trailing stops; costs and funding on, once with fills limited to a
# share of the volume. Closes with the lines that .ci/run-tests reads.
# usage: tests/replay/test_simulated.sh   (from the project's root, once the program is built)
set -u
export LC_ALL=C GATEWALK_CACHE=off
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n_passed=0 n_failed=0
check() { # name, bars file, interval, bars of train, validation and test, more keys
    cat >"$scratch/$1.json" <<JSON
{"name": "$1", "data": [{"file": "$2", "symbol": "X", "interval": "$3"}],
 "features": ["log_return(1)", "rsi(14)", "realised_vol(20)"],
 "labels": {"horizon": 10, "ratio": 1.5, "min_move": 0.006},
 "folds": {"train": $4, "validation": $5, "test": $6}, "signals": {"k": [1, 5, 10], "act_on": 10},
 "costs": {"taker_bps": 4, "maker_bps": 1, "half_spread_bps": 0.5, "slippage_bps": 1, "slippage_volatility": 0.05,
           "funding_bps_per_day": 3, "borrow_bps_per_day": 2},
 "model": {"encoder": "logistic", "lookback": 10}, "training": {"epochs": 3, "learning_rate": 0.05},
 "verdict": {"bootstrap": 100, "null_resamples": 0, "random_entries": 20, "importance": false}, "seeds": [1]$7,
 "strategies": ["sma_cross", "rsi_reversion", {"name": "rsi_trails", "strategy": "rsi_reversion",
   "trading": {"trail_atr": 2, "stop_atr": 1.5}},
  {"name": "brackets", "strategy": "gate"},
  {"name": "limits", "strategy": "gate", "trading": {"limit_atr": 0.3, "limit_bars": 2}},
  {"name": "trails", "strategy": "gate", "trading": {"limit_offset": 0.001, "trail_atr": 1.2, "stop_moves": 2}}]}
JSON
    if ./gatewalk run "$scratch/$1.json" --out "$scratch/$1" --no-report --quiet >/dev/null &&
        python3 tests/golden/check_simulated.py "$scratch/$1"; then
        n_passed=$((n_passed + 1))
    else
        n_failed=$((n_failed + 1))
        echo "[  FAILED  ] $1"
    fi
}
if command -v python3 >/dev/null; then
    ./gatewalk synth planted --bars 4000 --seed 5 --out "$scratch/planted.csv" >/dev/null
    ./gatewalk synth garch --bars 4000 --seed 6 --out "$scratch/garch.csv" >/dev/null
    check daily "$PWD/datasets/sp500_daily.csv" 1d 1000 300 400 ""
    check planted "$scratch/planted.csv" 15m 1000 300 400 ""
    check garch "$scratch/garch.csv" 15m 1000 300 400 ', "broker": {"intrabar": "target_first", "limit_touch": true}'
    check thin "$scratch/planted.csv" 15m 1000 300 400 ', "broker": {"participation": 0.01}'
    echo "[  PASSED  ] $n_passed test(s)."
else
    echo "skipped: no python3"
    echo "[  SKIPPED ] 1 test(s)."
fi
[ $n_failed -eq 0 ] || echo "[  FAILED  ] $n_failed test(s)."
[ $n_failed -eq 0 ]
