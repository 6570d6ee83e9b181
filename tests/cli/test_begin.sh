#!/usr/bin/env bash
# The way from a file to an experiment: init, comments, $schema, --dry-run. usage: tests/cli/test_begin.sh (from the root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
"$program" synth planted --bars 3000 --seed 4 --out bars.csv >/dev/null && rm -f bars.truth.csv || exit 1

an_experiment_is_made_and_is_valid() {
    "$program" init >out 2>err || fail "$(cat err)" || return # the one file that lies here
    grep -q "^bars.json: 3000 bars of bars, positive [19]*[0-9]\.[0-9] % of the first" out && grep -q "folds; expected: " out || return
    "$program" folds bars.json >/dev/null && "$program" run bars.json --dry-run >ahead || return
    grep -q "^3000 bars of 1 symbol, .* folds, .* fits (0 stored already)$" ahead && [ ! -e reports ] || return
    grep -q '"forget_init": "chrono"' bars.json && grep -q '"luong_combine": true' bars.json &&
        grep -q '"\$schema": "gatewalk.schema.json"' bars.json && cmp -s <("$program" list schema) gatewalk.schema.json
}
nothing_is_overwritten_unasked() {
    cp bars.json before && ! "$program" init bars.csv 2>err && grep -q "is there already" err && cmp -s bars.json before &&
        "$program" init bars.csv --force --quiet >/dev/null
}
without_volume_nothing_wants_it() {
    cut -d, -f1-5 bars.csv >still.csv && "$program" init still.csv --quiet >/dev/null && ! grep -q volume_z still.json &&
        "$program" run still.json --dry-run >/dev/null 2>&1 || return
    sed 's/"range"/"volume_z(20)", "range"/' still.json >wants.json && ! "$program" run wants.json --dry-run 2>err &&
        grep -q "volume_z(20)" err
}
symbols_of_one_file_are_several() {
    { echo "ticker,$(head -1 bars.csv)" && sed '1d; s/^/AAA,/' bars.csv && sed '1d; s/^/BBB,/' bars.csv; } >stacked.csv
    sed 's/"bars.csv", "symbol": "bars"/"stacked.csv"/' bars.json >two.json && "$program" run two.json --dry-run >ahead &&
        grep -q "^6000 bars of 2 symbols" ahead
}
comments_leave_places_alone() {
    printf '{ // one\n "name": "x", "title": "x//y", // two "\n "folds": {"train": 9, "validaton": 9}}\n' >wrong.json
    "$program" folds wrong.json --data bars.csv 2>err
    [ $? -eq 2 ] && grep -q 'wrong.json:3:24: unknown key "validaton"' err || fail "$(cat err)" || return
    printf '{"name": "x", / "folds": 1}\n' >wrong.json
    ! "$program" folds wrong.json 2>err && grep -q 'wrong.json:1:15:' err || fail "$(cat err)"
}
unknown_keys_are_still_refused() {
    sed 's/"signals"/"signal"/' bars.json >wrong.json && ! "$program" folds wrong.json 2>err &&
        grep -q 'unknown key "signal".*"signals"' err || fail "$(cat err)" || return
    sed 's/"\$schema"/"$schemes"/' bars.json >wrong.json && ! "$program" folds wrong.json 2>err && grep -q 'schemes' err
}
a_study_looks_ahead_too() {
    echo '{"$schema": "x", "name": "s", "experiment": "bars.json", // as it is
 "stages": [{"name": "loss", "variants": [{"name": "bce"}]}]}' >study.json
    "$program" study study.json --dry-run >ahead && grep -q "^search: 1 stages, 1 variants on 1 folds: 1 fits" ahead &&
        grep -q "into reports/out/s; nothing was done" ahead && [ ! -e reports ]
}
standard_input_is_a_file() {
    "$program" inspect - --json <bars.csv >found && grep -q '"bars": *3000' found && grep -q '"refused": *null' found || return
    gzip -c bars.csv | "$program" inspect - | grep -q "^  symbol            stdin$"
}
a_picture_is_drawn() {
    command -v gnuplot >/dev/null || return 0
    "$program" inspect bars.csv --picture p.png >/dev/null && [ "$(head -c 4 p.png | tail -c 3)" = PNG ] &&
        "$program" inspect bars.csv --picture p.pdf >/dev/null && [ "$(head -c 4 p.pdf)" = %PDF ] || return
    ! "$program" inspect bars.csv --picture p.svg >/dev/null 2>err && grep -q "ends in .png or .pdf" err
}
a_named_file_names_the_symbol() {
    mv bars.csv ETH-15m.csv
    run() { "$program" run bars.json --data "$1" --strategies buy_and_hold --no-report --quiet --out "$2" >/dev/null; }
    run ETH-15m.csv one && cut -d, -f3 one/scores.csv one/trades.csv one/run.json | grep -q ETH || grep -q '"symbol": *"ETH"' one/run.json &&
        run MY=ETH-15m.csv two && grep -q '"symbol": *"MY"' two/run.json
    local status=$?
    mv ETH-15m.csv bars.csv && return $status
}

check an_experiment_is_made_and_is_valid
check nothing_is_overwritten_unasked
check without_volume_nothing_wants_it
check symbols_of_one_file_are_several
check comments_leave_places_alone
check unknown_keys_are_still_refused
check a_study_looks_ahead_too
check standard_input_is_a_file
check a_picture_is_drawn
check a_named_file_names_the_symbol
finish
