#!/usr/bin/env bash
# One file and one row add a feature, an attention, a strategy, a metric, a plot (two files: its script too), an import format
# and a command. In a copy of the tree the pieces of tests/house/additions are added like that, used in one experiment, looked
# for wherever the program speaks of its kind, and taken away again. A row alone is not enough: the suite asks for its golden test.
# usage: tests/house/test_additions.sh   (from the project's root, once the program is built; BUILD names where)
. tests/house/copy.sh
pieces=tests/house/additions
tables= # rows added, one "table row" a line

# ---- the additions ------------------------------------------------------------------------------------------------

add() { # kind, folder, table, row, its files
    local kind=$1 folder=$2 table=$3 row=$4 file lines=0
    shift 4
    for file in "$@"; do
        cp "$pieces/$file" "$copy/$folder/" || return 1
        lines=$((lines + $(wc -l <"$pieces/$file")))
    done
    if [ "$kind" = 'import format' ]; then
        sed -i "0,/^IMPORT_FORMAT/s//$row\n&/" "$copy/$table" # the particular before the general
    else
        echo "$row" >>"$copy/$table"
    fi
    grep -qxF "$row" "$copy/$table" || return 1
    tables+="$table $row"$'\n'
    printf '%-14s %2d file%s %3d lines   1 row of %s\n' "$kind" $# "$([ $# = 1 ] && echo ' ' || echo s)" "$lines" "$table"
}
remove_rows() {
    local table row
    while read -r table row; do
        [ -z "$table" ] || sed -i "/^$row\$/d" "$copy/$table" || return 1
    done <<<"$tables"
    rm "$copy/engine/cli/command_clock.c" # a command's name is declared by its row
}

add_all() {
    add feature engine/market/features engine/market/features/features.def 'FEATURE(tilt)' tilt.c &&
        add attention models/attention models/attention/attention.def 'ATTENTION(attention_decay)' attention_decay.c &&
        add strategy strategies strategies/strategies.def 'STRATEGY(every)' strategy_every.c &&
        add metric engine/score engine/score/metrics.def 'METRIC(gini)' metric_gini.c &&
        add plot reports/plots reports/plots/plots.def 'PLOT(gini)' plot_gini.c plot_gini.gp &&
        add 'import format' engine/market/import/formats engine/market/import/formats.def 'IMPORT_FORMAT(pipes)' pipes.c &&
        add command engine/cli engine/cli/commands.def 'COMMAND(clock)' command_clock.c
}

make_market() {
    copied_gatewalk synth planted --bars 1500 --seed 1 --out bars.csv >/dev/null || return 1
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "time|close|open|high|low|volume"; next }
        { print $at["time"] "|" $at["close"] "|" $at["open"] "|" $at["high"] "|" $at["low"] "|" $at["volume"] }' \
        "$copy/bars.csv" >"$copy/bars.txt"
    cat >"$copy/added.json" <<'JSON'
{"name": "added", "data": ["bars.txt"], "features": ["log_return(1)", "tilt(4)"],
 "labels": {"horizon": 4, "min_move": 0.002}, "folds": {"train": 600, "validation": 200, "test": 200},
 "model": {"lookback": 4, "hidden": 4, "dense_units": 4}, "training": {"epochs": 1},
 "verdict": {"bootstrap": 100, "null_resamples": 5, "random_entries": 20, "importance": false}, "seeds": [1],
 "strategies": [
  {"name": "lstm", "strategy": "gate", "model": {"attention": "none"}},
  {"name": "fading", "strategy": "gate", "model": {"attention": "decay", "half_life": 3}},
  {"name": "timed", "strategy": "every", "trading": {"pause": 20}}]}
JSON
}

# ---- looking for them ---------------------------------------------------------------------------------------------

# Output of the program, runs of blanks as one, holds each of the texts.
shows() { # "arguments", texts
    local arguments=$1 said text
    shift
    # shellcheck disable=SC2086 # words
    said=$(copied_gatewalk $arguments 2>&1 | tr -s ' \n' '  ')
    for text in "$@"; do
        case $said in *"$text"*) ;; *) fail "gatewalk $arguments: \"$text\" is not in: ${said:0:600}" ;; esac
    done
}
holds() { # file of the copy, texts
    local file=$1 text said
    shift
    said=$(tr -s ' \n' '  ' <"$copy/$file") || fail "$file is missing"
    for text in "$@"; do
        case $said in *"$text"*) ;; *) fail "$file does not hold: $text" ;; esac
    done
}
run_added() { # further arguments; sets count and reused as run.json has them
    copied_gatewalk run added.json --out run --no-report --quiet --force "$@" >"$copy/said" 2>&1 || { fail "$(tail -n 3 "$copy/said")" && return 1; }
    count=$(sed -n '/"fits": *{/,/}/s/.*"count": *\([0-9]*\).*/\1/p' "$copy/run/run.json")
    reused=$(sed -n '/"fits": *{/,/}/s/.*"reused": *\([0-9]*\).*/\1/p' "$copy/run/run.json")
}

nothing_else_changes() {
    local changed
    changed=$(for room in $copy_rooms; do diff -rq --exclude=out "$room" "$copy/$room"; done | wc -l)
    [ "$changed" = 15 ] || fail "$changed files differ from the tree, not 8 new ones and 7 tables"
    ! grep -q 'warning:' "$copy/make.log" || fail "$(grep -m 3 'warning:' "$copy/make.log")"
}

help_and_lists_name_them() {
    shows --help ' clock a time in nanoseconds since 1970'
    shows 'list features' 'tilt(6) mean of the last n' ' n whole number 6 bars in the mean [1 … 500]'
    shows 'list models' 'decay ' ' half_life number 8 decay: bars until a weight is halved [0.5 … 500]'
    shows 'list strategies' 'every buy at fixed times' ' pause whole number 48 every: bars from one entry to the next'
    shows 'list metrics' 'gini fraction 2 AUC - 1'
    shows 'list plots' 'gini Gini coefficient of every strategy'
    shows 'list formats' 'pipes time|close|open'
}

keys_and_schema_name_their_parameters() {
    shows 'list keys' 'model.half_life number bars 8 decay: bars until a weight is halved [0.5 … 500] [decay]' \
        'trading.pause whole number bars 48 every: bars from one entry to the next [1 … 1e+06] [every]' \
        ' data.format ' 'pipes'
    shows 'list schema' '"half_life": { "type": "number", "minimum": 0.5, "maximum": 500, "default": 8,' \
        '"pause": { "type": "integer", "minimum": 1, "maximum": 1000000, "default": 48,' '"decay"' '"every"' '"pipes"'
}

the_command_is_complete() {
    shows 'clock 2021-03-01T00:00:00Z' 1614556800000000000
    shows 'clock --seconds 2021-03-01T00:00:00Z' 1614556800
    shows 'clock --help' 'usage: gatewalk clock ' '--seconds whole seconds instead' 'example: gatewalk clock 2021'
    shows 'clok' 'did you mean "clock"'
    shows 'clock --secnods x' 'unknown option "--secnods"; did you mean "--seconds"?'
    shows 'help --man' 'gatewalk clock '
    for shell in bash zsh fish; do shows "help --completion $shell" clock seconds; done
}

wrong_values_are_named_with_their_place() {
    shows 'folds added.json --set model.half_life=0.1' half_life '0.1' '0.5' # is of an attention that only one strategy has
    sed 's/"half_life": 3/"half_life": 0.1/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:7:' 'half_life is 0.1' 'between 0.5 and 500'
    sed 's/"pause": 20/"pause": 0/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:8:' 'pause is 0' 'between 1 and 1000000'
    sed 's/"half_life"/"half_lif"/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:7:' 'half_lif' 'did you mean "half_life"'
    sed 's/"attention": "none"/"attention": "none", "half_life": 4/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:6:' half_life decay
    sed 's/"decay"/"decya"/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:7:' 'decay'
    sed 's/tilt(4)/tilt(0)/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:1:' 'tilt(0)' 'n (bars in the mean) is 0; it must lie between 1 and 500'
    sed 's/"every"/"evry"/' "$copy/added.json" >"$copy/wrong.json"
    shows 'folds wrong.json' 'wrong.json:8:' 'did you mean "every"'
    printf 'time|close|open|high|low|volume\n2021-03-01T00:00:00Z|1|1|x|1|1\n' >"$copy/wrong.txt"
    shows 'inspect wrong.txt --format pipes' 'wrong.txt:2:26' high
}

# ---- a run --------------------------------------------------------------------------------------------------------

a_run_records_and_shows_them() {
    run_added || return 1
    [ "${count:-0}" -gt 0 ] && [ "$reused" = 0 ] || fail "fits: ${count:-}, reused: ${reused:-}"
    holds run/run.json '"half_life": 3' '"pause": 20' '"tilt(4)"' '"attention": "decay"' '"strategy": "every"'
    holds run/summary.json '"attention": "decay"' '"metric": "gini"' '"gini":'
    grep -q '^timed,0,' "$copy/run/trades.csv" || fail "trades.csv has no trade of timed"
    holds said ' Gini' 'fading' 'timed'
    for model in "$copy"/run/models/fading-*.safetensors; do
        tr -d ' \\' <"$model" | grep -aq '"attention":"decay".*"half_life":3[,}]' || fail "$(basename "$model") does not hold half_life"
        grep -aq 'tilt(4)' "$model" || fail "$(basename "$model") does not hold tilt(4)"
    done
    ! grep -aq half_life "$copy"/run/models/lstm-*.safetensors || fail "a model without decay holds half_life"
}

the_report_draws_them() {
    command -v gnuplot >/dev/null 2>&1 || { echo "no gnuplot here: nothing to see" && return 0; }
    copied_gatewalk report run >/dev/null 2>"$copy/said" || fail "$(cat "$copy/said")"
    [ "$(head -c 4 "$copy/run/plots/gini.png" | tail -c 3)" = PNG ] || fail "no plots/gini.png"
    ! command -v pdftotext >/dev/null 2>&1 || pdftotext -layout -l 1 "$copy/run/report.pdf" - | grep -q Gini || fail "the report's table has no Gini"
}

a_parameter_decides_the_fits_it_is_of() {
    run_added || return 1
    [ "$reused" = "$count" ] || fail "again: $reused of $count fits are used again"
    sed -i 's/"pause": 20/"pause": 30/' "$copy/added.json"
    run_added || return 1
    [ "$reused" = "$count" ] || fail "another pause of a strategy without fits: $reused of $count fits are used again"
    sed -i 's/"half_life": 3/"half_life": 5/' "$copy/added.json"
    run_added || return 1
    [ "$reused" = $((count / 2)) ] || fail "another half_life: $reused of $count fits are used again, not the other half"
}

# ---- the suite's answer -------------------------------------------------------------------------------------------

asks_for() { # test program, the test in it, what it says
    local said
    said=$(cd "$copy" && GATEWALK_TEST_ONLY=$2 CMOCKA_MESSAGE_OUTPUT=STDOUT "$build/$1" 2>&1 </dev/null)
    [ $? != 0 ] || fail "$1 passes"
    case $said in *"$3"*) ;; *) fail "$1 does not say \"$3\": ${said:0:600}" ;; esac
}

a_row_without_its_golden_test_is_told_where_that_is_made() {
    asks_for tests/market/test_features test_every_row_has_a_golden_column 'feature tilt(6) has no golden column: add it to tests/golden/make_features.py'
    asks_for tests/models/test_golden_f32 test_every_row_has_a_golden 'attention "decay" has no golden case: add one to tests/golden/make_models.py'
    asks_for tests/score/test_metrics every_metric_has_golden_values 'metric gini has no golden values in tests/golden/metrics_gate.txt: add it to tests/golden/make_metrics.py'
    asks_for tests/market/test_import_formats every_format_has_a_fixture 'format pipes has no fixture: put a file of it into tests/market/fixtures/'
    asks_for tests/walk/test_golden_kinds 'test_every_*' 'no experiment of tests/golden/kinds_*.json has strategy every: add it to one'
    asks_for tests/reports/test_plots test_every_plot_has_something_to_show 'plot gini has nothing to show of the made-up run'
    asks_for tests/cli/test_commands test_every_command_works 'command clock has no call that works: add one to call_of_command in tests/cli/test_commands.c'
}
suite="tests/market/test_features tests/models/test_golden_f32 tests/score/test_metrics tests/market/test_import_formats
    tests/walk/test_golden_kinds tests/reports/test_plots tests/cli/test_commands"

without_their_rows_they_are_gone() {
    remove_rows || return 1
    local table row
    while read -r table row; do
        [ -z "$table" ] || cmp "$table" "$copy/$table" || return 1
    done <<<"$tables"
    # Those of the tree again, as is what was built of them there: only the additions themselves are left to take in.
    copy_tree && build_copy || return 1
    local subject
    for subject in --help 'list features' 'list models' 'list strategies' 'list metrics' 'list plots' 'list formats' 'list keys' 'list schema'; do
        # shellcheck disable=SC2086 # words
        ! copied_gatewalk $subject | grep -E '^ *(clock|decay|every|gini|pipes)\b|\btilt|half_life|\bpause\b|"(decay|every|pipes)"' >&2 ||
            fail "gatewalk $subject still shows it"
    done
    shows 'folds added.json' 'added.json:1:71: features: "tilt(4)": unknown feature'
    ! copied_gatewalk run added.json --out run --no-report --quiet >/dev/null 2>&1 || fail "the experiment still runs"
    shows 'clock 2021-03-01' 'unknown command'
}

copy_tree tests && add_all && build_copy gatewalk "TESTS=$(printf '%s.c ' $suite)" tests-build && make_market || exit 1
check nothing_else_changes
check help_and_lists_name_them
check keys_and_schema_name_their_parameters
check the_command_is_complete
check wrong_values_are_named_with_their_place
check a_run_records_and_shows_them
check the_report_draws_them
check a_parameter_decides_the_fits_it_is_of
check a_row_without_its_golden_test_is_told_where_that_is_made
check without_their_rows_they_are_gone
check_done
