#!/usr/bin/env bash
# Questions that a user would ask, with tools of his own: the trial ledger in sqlite3, Python's sqlite3 and pandas as it stands, in
# DuckDB too where its sqlite extension is at hand (it is no part of DuckDB and comes from the net), and what `gatewalk runs --csv`
# and a run directory's CSVs say in pandas and DuckDB. A tool that is not here is a skip. DuckDB is @duckdb/node-api, by NODE_PATH.
# usage: tests/store/test_tools.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export LC_ALL=C OMP_NUM_THREADS=1 GATEWALK_CACHE=off
unset GATEWALK_STORE
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
python= # the first that has pandas
for one in python3 /usr/bin/python3; do
    [ -n "$python" ] || ! "$one" -c 'import pandas' 2>/dev/null || python=$one
done
duckdb() { node "$root/tests/golden/ask_duckdb.js" "$1"; }
has_duckdb() { node -e 'require("@duckdb/node-api")' 2>/dev/null; }

"$program" synth planted --bars 1600 --seed 3 --out bars.csv >/dev/null || exit 1
cat >small.json <<'JSON'
{"name": "small", "data": [{"file": "bars.csv", "symbol": "PL"}], "features": ["log_return(1)", "rsi(14)"],
 "labels": {"horizon": 12, "min_move": 0.004}, "folds": {"train": 600, "validation": 200, "test": 300},
 "model": {"encoder": "logistic", "lookback": 4}, "training": {"epochs": 2}, "seeds": 1,
 "verdict": {"bootstrap": 100, "null_resamples": 0, "importance": false, "random_entries": 0},
 "strategies": [{"name": "model", "strategy": "gate"}, {"name": "cross", "strategy": "sma_cross"}, "buy_and_hold"]}
JSON
"$program" run small.json --out r/one --no-report --quiet >/dev/null &&
    "$program" run small.json --out r/two --set training.epochs=3 --no-report --quiet >/dev/null || exit 1
ledger=r/trials.sqlite
"$program" runs --store $ledger tag 1 keep && "$program" runs --store $ledger note 1 'a "first", try' || exit 1

# The best of each strategy on the same data, and what was tagged and noted.
best="SELECT symbols, strategy, max(value) AS ap FROM results WHERE metric = 'average_precision' AND gate = 'long' GROUP BY data_hash, strategy"
tagged="SELECT r.name, t.tag, r.note FROM runs r JOIN tags t USING (run_id)"
told() { # SQL: what gatewalk itself answers, in sqlite3's form
    "$program" runs --store $ledger --csv --sql "$1" | tail -n +2 | sed 's/""/\x01/g; s/"//g; s/\x01/"/g' | tr ',' '|'
}
same_numbers() { # two answers, column by column; numbers to 1e-9
    [ -n "$1" ] && paste -d '#' <(tr '|' '\n' <<<"$1") <(tr '|' '\n' <<<"$2") | awk -F '#' '
        $1 == $2 { n++; next } $1 + 0 != 0 && ($1 - $2) ^ 2 <= 1e-18 * $1 ^ 2 { n++; next } { bad = 1 } END { exit bad || !n }' ||
        fail "\"$1\" is not \"$2\""
}

gatewalk_answers() {
    [[ $(told "$best") =~ ^PL\|model\|0\.[0-9]+$ ]] && [ "$("$program" runs --store $ledger --csv --sql "$tagged" | tail -1)" = 'small,keep,"a ""first"", try"' ] &&
        [ "$("$program" runs --store $ledger --csv | cut -d , -f 1-4 | tail -n +2)" = $'2,small,two,finished\n1,small,one,finished' ] &&
        "$program" runs --store $ledger --csv --sql "SELECT config FROM runs" >config.csv && [ "$(wc -c <config.csv)" -gt 4000 ] &&
        ! "$program" runs --store $ledger --csv --json 2>err && grep -q 'do not go together' err
}
sqlite3_answers() {
    command -v sqlite3 >/dev/null || return 77
    same_numbers "$(sqlite3 $ledger "$best")" "$(told "$best")" && [ "$(sqlite3 $ledger "$tagged")" = 'small|keep|a "first", try' ] &&
        [ "$(sqlite3 $ledger 'PRAGMA journal_mode; PRAGMA user_version; PRAGMA integrity_check' | tr '\n' ' ')" = 'wal 1 ok ' ]
}
pandas_answers() {
    [ -n "$python" ] || return 77
    "$python" - "$best" "$(told "$best")" "$tagged" <<'PY'
import io, sqlite3, subprocess, sys
import pandas as pd
best, told, tagged = sys.argv[1:]
ledger = sqlite3.connect("r/trials.sqlite")
answer = pd.read_sql(best, ledger)
want = told.split("|")
assert list(answer.iloc[0, :2]) == want[:2] and abs(answer.ap[0] - float(want[2])) < 1e-12, answer
assert pd.read_sql(tagged, ledger).iloc[0].tolist() == ["small", "keep", 'a "first", try']
listed = pd.read_csv("list.csv", parse_dates=["started"])
assert listed.run_id.tolist() == [2, 1] and listed.note[1] == 'a "first", try' and listed.started.dt.tz is not None, listed
# A run's own files: what each strategy earned, beside the equity; and scores on the bars they are of.
trades, equity = pd.read_csv("r/one/trades.csv"), pd.read_csv("r/one/equity.csv", parse_dates=["open_time"])
earned, last = trades.groupby("strategy").pnl.sum(), equity.groupby("strategy").last()
for name, pnl in earned.items():
    assert abs(last.equity[name] - 100000 - pnl) < 1e-6 * 100000, name
bars = pd.read_csv("bars.csv", parse_dates=["time"])
bars["time"] = bars.time.dt.tz_localize("UTC") if bars.time.dt.tz is None else bars.time
scores = pd.read_csv("r/one/scores.csv", parse_dates=["open_time"])
joined = scores.merge(bars, left_on="open_time", right_on="time")
assert len(joined) == len(scores) > 500
PY
}
# Of the ledger's rows as CSV and as JSON, and of a run's files: trades beside the equity, scores beside the bars they are of.
duckdb_answers() {
    has_duckdb || { echo "skipped: no node with @duckdb/node-api" && return 77; }
    "$program" runs --store $ledger --csv --sql "SELECT * FROM results" >results.csv || return
    local sql=${best/FROM results/FROM 'results.csv'}
    same_numbers "$(duckdb "${sql/SELECT symbols/SELECT any_value(symbols)}")" "$(told "$best")" || return
    "$program" runs --store $ledger --json --sql "SELECT * FROM results" >results.json || return
    sql=${best/FROM results/FROM read_json(\'results.json\')}
    same_numbers "$(duckdb "${sql/SELECT symbols/SELECT any_value(symbols)}")" "$(told "$best")" || return
    [ "$(duckdb "SELECT note, started::TIMESTAMPTZ > '2020-01-01' FROM 'list.csv' WHERE run_id = 1")" = 'a "first", try|true' ] || return
    [ "$(duckdb "SELECT count(*), bool_and(abs(e.equity - 100000 - t.earned) < 1e-6 * e.equity)
        FROM (SELECT strategy, sum(pnl) AS earned FROM 'r/one/trades.csv' GROUP BY strategy) t
        JOIN (SELECT strategy, max_by(equity, time) AS equity FROM 'r/one/equity.csv' GROUP BY strategy) e USING (strategy)")" = '3|true' ] || return
    [ "$(duckdb "SELECT count(*) = (SELECT count(*) FROM 'r/one/scores.csv') FROM 'r/one/scores.csv' s JOIN 'bars.csv' b ON s.open_time = b.time::TIMESTAMPTZ")" = true ]
}
duckdb_opens_the_ledger() {
    has_duckdb || return 77
    if ! duckdb "ATTACH '$ledger' AS ledger (TYPE sqlite)" >/dev/null 2>err; then
        grep -q 'sqlite_scanner' err || fail "$(cat err)" || return
        echo "skipped: DuckDB without its sqlite extension" && return 77
    fi
    local sql=${best/FROM results/FROM ledger.results}
    same_numbers "$(duckdb "ATTACH '$ledger' AS ledger (TYPE sqlite); ${sql/SELECT symbols/SELECT any_value(symbols)}")" "$(told "$best")"
}

"$program" runs --store $ledger --csv >list.csv || exit 1
check gatewalk_answers
check sqlite3_answers
check pandas_answers
check duckdb_answers
check duckdb_opens_the_ledger
finish
