#!/usr/bin/env bash
# Plugins built outside of the tree against the headers alone: they trade like anybody, are refused by name when they are
# no such thing, change nobody's numbers, and one that looks ahead is caught. Closes with the lines that .ci/run-tests reads.
# usage: tests/own/test_plugin.sh   (from the project's root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
gatewalk=$PWD/gatewalk
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cp -r include tests/library/own_plugin.c tests/own/cheat.c "$scratch/" && cd "$scratch" || exit 1
build() { # out, source, flags
    local out=$1 source=$2
    shift 2
    ${CC:-cc} -std=c17 -O2 -Wall -Wextra -Werror -fPIC -shared -Iinclude "$@" "$source" -o "$out"
}
build mine.so own_plugin.c && build fast.so own_plugin.c -ffast-math && build cheat.so cheat.c -DWRONG_ABI=0 -DBY_COLUMN=0 &&
    build old.so cheat.c -DWRONG_ABI=1 -DBY_COLUMN=0 && build column.so cheat.c -DWRONG_ABI=0 -DBY_COLUMN=1 -DHONEST=0 &&
    build honest.so cheat.c -DWRONG_ABI=0 -DBY_COLUMN=1 -DHONEST=1 || exit 1
echo 'int nothing;' >empty.c && ${CC:-cc} -fPIC -shared empty.c -o empty.so || exit 1
"$gatewalk" synth garch --bars 900 --seed 3 --out bars.csv >/dev/null || exit 1

experiment() { # file, entries of "strategies"
    cat >"$1" <<END
{"name": "own", "data": "bars.csv", "features": ["log_return(1)"], "labels": {"horizon": 10, "min_move": 0.004},
 "folds": {"train": 200, "validation": 100, "test": 150}, "verdict": {"bootstrap": 100, "random_entries": 20, "confidence": 0.9}, "strategies": [$2]}
END
}
run() { "$gatewalk" run "$1" --no-report --quiet --out "$2" >out 2>err; }
of() { grep "^$2," "$1/trades.csv" | cut -d , -f 2-; } # a contestant's trades

# The same decisions as a script's; objects of -ffast-math give the same bytes.
a_plugin_trades_like_a_script() {
    cat >mine.lua <<'END'
local last
function on_bar(bar, history, score, position, orders)
  local fast, slow = history.mean(5), history.mean(12)
  if not slow then return end
  local side, before = fast > slow and 1 or -1, last
  last = side
  if not before or side == before then return end
  if side < 0 and position.quantity > 0 then orders.close() end
  if side > 0 and position.quantity == 0 then orders.buy{size = 1, stop = 0.1} end
end
END
    experiment same.json '{"name": "a", "plugin": "mine.so", "parameters": {"fast": 5, "slow": 12}}, {"name": "b", "script": "mine.lua"},
        {"name": "c", "plugin": "./fast.so", "parameters": {"fast": 5, "slow": 12}}'
    run same.json same && of same a >a && of same b >b && of same c >c && [ "$(wc -l <a)" -gt 10 ] && cmp a b && cmp a c
}
# -ffast-math has the processor flush numbers below 1e-308 when the object is loaded.
floating_point_is_put_back() {
    experiment plain.json '{"name": "small", "enter_long": "0.5 ^ 1060 > 0 and bar % 20 == 0", "max_bars": 3}'
    experiment beside.json '{"name": "c", "plugin": "./fast.so"}, {"name": "small", "enter_long": "0.5 ^ 1060 > 0 and bar % 20 == 0", "max_bars": 3}'
    run plain.json plain && run beside.json beside && of plain small >a && of beside small >b && [ "$(wc -l <a)" -gt 10 ] && cmp a b
}
refused() { # entry, what the line says
    experiment bad.json "$1"
    run bad.json bad && return 1
    [ "$(grep -c . err)" = 1 ] && grep -q "$2" err || { cat err && return 1; }
}
what_is_no_plugin_is_refused_by_name() {
    refused '{"name": "a", "plugin": "none.so"}' 'bad.json:2:.*none.so' &&
        refused '{"name": "a", "plugin": "bars.csv"}' 'bars.csv: cannot be loaded' &&
        refused '{"name": "a", "plugin": "empty.so"}' 'empty.so: has no gw_plugin_descriptor' &&
        refused '{"name": "a", "plugin": "old.so"}' 'old.so: was built for version 2' &&
        refused '{"name": "a", "plugin": "mine.so", "parameters": {"fats": 3}}' 'did you mean "fast"' &&
        refused '{"name": "a", "plugin": "mine.so", "parameters": {"fast": 0}}' 'parameter fast is 0' &&
        refused '{"name": "a", "plugin": "mine.so", "model": {}}' 'asks for no scores' &&
        refused '{"name": "a", "plugin": "mine.so", "parameters": {"fast": 60}}' 'mine.so: parameter fast must be less than slow (.*at the close of'
}
# Its bytes are part of the run's key.
another_object_is_another_run() {
    experiment key.json '{"name": "a", "plugin": "key.so"}'
    cp mine.so key.so && run key.json key && run key.json key && cp fast.so key.so && ! run key.json key && grep -q 'another configuration' err
}
one_that_looks_ahead_is_caught() {
    experiment honest.json '{"name": "a", "plugin": "mine.so", "parameters": {"fast": 5, "slow": 12}}'
    experiment cheat.json '{"name": "a", "plugin": "cheat.so"}'
    "$gatewalk" audit honest.json --cuts 12 --quiet >out 2>err || { cat out err && return 1; }
    "$gatewalk" audit cheat.json --cuts 12 --quiet >out 2>err
    [ $? = 1 ] && grep -qi 'order' out
}
# The same through a column of a side file, which is poisoned like the bars.
one_that_looks_ahead_in_a_column_is_caught() {
    awk -F, 'NR == 1 { print "time,flow"; next } { print $1 "," ((NR * 7919) % 23) - 11 }' bars.csv >flow.csv
    for plugin in honest column; do
        experiment $plugin.json '{"name": "a", "plugin": "'$plugin'.so"}'
        sed -i 's|"data": "bars.csv"|"data": [{"file": "bars.csv", "extra": [{"file": "flow.csv", "known_after": "0s"}]}]|' $plugin.json
    done
    "$gatewalk" audit honest.json --cuts 12 --quiet >out 2>err || { cat out err && return 1; }
    "$gatewalk" audit column.json --cuts 12 --quiet >out 2>err
    [ $? = 1 ] && grep -qi 'order' out && grep -q 'a' out || { cat out err && return 1; }
}
# A run directory may be anybody's: the code that it names is not loaded.
a_record_loads_no_code() {
    experiment record.json '{"name": "a", "plugin": "record.so"}, {"name": "g", "strategy": "gate", "model": {"encoder": "logistic"}, "training": {"epochs": 1}}'
    cp mine.so record.so && run record.json record && rm record.so &&
        "$gatewalk" score record bars.csv --strategy g --out scores.csv >out 2>err || { cat err && return 1; }
}

check a_plugin_trades_like_a_script
check floating_point_is_put_back
check what_is_no_plugin_is_refused_by_name
check another_object_is_another_run
check one_that_looks_ahead_is_caught
check one_that_looks_ahead_in_a_column_is_caught
check a_record_loads_no_code
finish
