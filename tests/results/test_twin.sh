#!/usr/bin/env bash
# A run with every kind of exit, recomputed by tests/golden/check_run.py from its files and bars alone: labels, metrics, PnL@K by each
# contestant's own exits, thresholds, stored models, trades, equity, verdict. Closes with the lines that .ci/run-tests reads.
# usage: tests/results/test_twin.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export OMP_NUM_THREADS=1 LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
python= # the first that has what the twin is made of
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import numpy, pandas, sklearn' 2>/dev/null || python=$one
done
if [ -z "$python" ]; then
    echo "skipped: python3 without numpy, pandas or sklearn"
    n_skipped=2 && finish
fi
./gatewalk synth planted --bars 2600 --seed 3 --out "$scratch/planted.csv" >/dev/null || exit 1
cat >"$scratch/exits.json" <<'JSON'
{"name": "exits", "data": ["planted.csv"], "features": ["log_return(1)", "rsi(14)"],
 "labels": {"horizon": 12, "min_move": 0.004}, "folds": {"train": 1000, "validation": 400, "test": 500},
 "model": {"encoder": "logistic", "lookback": 8}, "training": {"epochs": 3}, "seeds": 2,
 "verdict": {"bootstrap": 400, "null_resamples": 0, "importance": false},
 "costs": {"taker_bps": 2, "maker_bps": 1, "slippage_bps": 1, "funding_bps_per_day": 3},
 "strategies": [
  {"name": "ranges", "strategy": "gate", "trading": {"trail_atr": 1.2, "atr_length": 7}},
  {"name": "opposite", "strategy": "gate", "trading": {"exit_on_opposite": true}},
  {"name": "rules", "enter_long": "p_long >= tau_long", "exit_long": "p_long < 0.05 or bars_held > 3", "stop": "0.01"}]}
JSON
recomputed() {
    ./gatewalk run "$scratch/exits.json" --out "$scratch/run" --no-report --quiet >/dev/null &&
        (cd "$scratch" && "$python" "$OLDPWD/tests/golden/check_run.py" run --replicates 0 >"$scratch/twin.txt") &&
        grep -q '^not computed anew: rules long' "$scratch/twin.txt" && [ "$(tail -1 "$scratch/twin.txt" | cut -d ' ' -f 1)" -gt 2000 ] ||
        { tail -40 "$scratch/twin.txt" && return 1; }
}
# One digit of one isolated return's mean is enough.
a_digit_is_seen() {
    "$python" - "$scratch/run/summary.json" <<'PY'
import json, sys
summary = json.load(open(sys.argv[1]))
gate = [s for s in summary["strategies"] if s["name"] == "opposite"][0]["gates"]["short"]
gate["seeds"][1]["pooled"]["pnl_mean_at_5_1x"] *= 1.001
json.dump(summary, open(sys.argv[1], "w"))
PY
    ! "$python" tests/golden/check_run.py "$scratch/run" --only opposite --replicates 0 --models 0 >"$scratch/twin.txt" &&
        grep -q 'opposite s2 short pnl_mean_at_5_1x .*DIFFERS' "$scratch/twin.txt"
}
check recomputed
check a_digit_is_seen
finish
