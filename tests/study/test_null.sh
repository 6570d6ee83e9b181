#!/usr/bin/env bash
# gatewalk null: every model again on labels of noise. usage: tests/study/test_null.sh (from the root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
# A wave, from whose slope the next bars follow.
awk 'BEGIN {print "time,open,high,low,close,volume"; srand(3); before = 100
    for (i = 0; i < 2600; i++) { now = 100 * exp(0.03 * sin(i / 9.5) + 0.004 * (rand() - 0.5))
        printf "%d,%.6f,%.6f,%.6f,%.6f,1\n", 1577836800 + 900 * i, before, (now > before ? now : before) * 1.0005, (now < before ? now : before) * 0.9995, now
        before = now } }' >bars.csv
cat >e.json <<'END'
{"name": "e", "data": [{"file": "bars.csv", "symbol": "X"}],
 "features": ["log_return(1)", "log_return(5)"],
 "labels": {"horizon": 8, "min_move": 0.009}, "folds": {"train": 600, "validation": 200, "test": 700},
 "signals": {"k": [5], "act_on": 5}, "model": {"lookback": 4, "hidden": 4, "dense_units": 4},
 "training": {"epochs": 6, "batch_size": 64}, "seeds": 1, "verdict": {"bootstrap": 200, "null_resamples": 100, "random_entries": 20},
 "strategies": [{"name": "lstm", "strategy": "gate"},
   {"name": "bahdanau", "strategy": "gate", "model": {"attention": "bahdanau"}},
   {"name": "logistic", "strategy": "gate", "model": {"encoder": "logistic"}, "training": {"learning_rate": 0.1, "epochs": 40}}]}
END
null() { "$program" null "$@" --kernels portable --quiet; }
"$program" run e.json --no-report --out run --kernels portable --quiet >/dev/null || exit 1
null run --refits 3 --jobs 2 >whole.txt || exit 1

one_table_of_the_experiment_and_of_noise() {
    grep -q "^Of 3 refits on labels of noise" whole.txt && [ ! -e run.null/models ] && [ ! -e run/null_refits.csv ] || return
    [ "$(cut -d, -f1 run.null/null_refits.csv | sed 1d | sort -u | tr '\n' ' ')" = "0 1 2 3 " ] || return
    [ "$(cut -d, -f2-5 run.null/null_refits.csv | sed 1d | sort | uniq -c | awk '$1 > 1' | grep -c average_precision)" = 0 ]
}
the_experiments_own_figures_are_the_runs() {
    /usr/bin/env awk -F, '$1 == 0 && $2 == "logistic" && $3 == "long" && $4 == "average_precision" {print $5}' run.null/null_refits.csv >own
    [ -s own ] && grep -qF "$(cut -c1-12 own)" run/summary.json || fail "$(cat own)"
}
what_is_there_stands_out_of_noise() {
    null run --refits 3 --json >figures.json || return
    grep -A8 '"logistic"' figures.json | grep -A7 '"gate": "long"' | grep -A5 '"average_precision"' | grep -q '"p_value": 0.25' ||
        fail "$(grep -A9 '"logistic"' figures.json | head -12)"
}
cut_in_pieces_it_has_the_same_bytes() {
    null run --refits 1 --jobs 1 --out pieces >/dev/null && [ "$(tail -1 pieces/null_refits.csv | cut -d, -f1)" = 1 ] &&
        null run --refits 3 --jobs 1 --out pieces >/dev/null && cmp run.null/null_refits.csv pieces/null_refits.csv
}
interrupted_it_goes_on() {
    local at
    for at in 0.05 0.3; do
        timeout -s INT $at "$program" null e.json --refits 3 --jobs 2 --kernels portable --quiet --out broken >/dev/null 2>err
    done
    null e.json --refits 3 --out broken >/dev/null && cmp run.null/null_refits.csv broken/null_refits.csv
}
# Figures that an earlier call left are the next one's: a digit that is another, or rows that are gone, and the refits are done again.
changed_figures_are_none() {
    local table=changed/null_refits.csv
    cp -r run.null changed && sed -i '0,/^1,logistic,long,average_precision,0[.]./s//1,logistic,long,average_precision,0.9/' $table &&
        ! cmp -s run.null/null_refits.csv $table || return
    null e.json --refits 3 --out changed >out 2>err && cmp run.null/null_refits.csv $table && grep -q "refits from 1 on are done again" err || fail "$(cat err)" || return
    sed -i '$d' $table && null e.json --refits 3 --out changed >out 2>err && cmp run.null/null_refits.csv $table
}
another_configuration_is_refused() {
    null e.json --set model.hidden=5 --out pieces 2>err
    [ $? -eq 2 ] && grep -q "pieces.*another configuration" err || fail "$(cat err)" || return
    null run --set model.hidden=5 2>err
    [ $? -eq 2 ] && grep -q "run is a run" err || fail "$(cat err)"
}
check one_table_of_the_experiment_and_of_noise
check the_experiments_own_figures_are_the_runs
check what_is_there_stands_out_of_noise
check cut_in_pieces_it_has_the_same_bytes
check interrupted_it_goes_on
check changed_figures_are_none
check another_configuration_is_refused
finish
