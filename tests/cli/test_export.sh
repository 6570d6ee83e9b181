#!/usr/bin/env bash
# Exported graphs in another runtime: 1,050 windows of every form that can be exported, within 1e-5 of scores.csv.
# usage: tests/cli/test_export.sh   (from the root; needs node and onnxruntime-node, found by NODE_PATH, else it skips)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cp "$root"/tests/golden/export*.json "$scratch" && cd "$scratch" || exit 1
for seed in 7:bars 8:other; do "$program" synth planted --bars 1700 --seed "${seed%:*}" --out "${seed#*:}.csv" >/dev/null || exit 1; done
walk() { "$program" run export.json --out "$1" --no-report --quiet "${@:2}" >out 2>&1 || fail "$(cat out)"; }

what_has_no_graph_is_said() {
    walk few --strategies stream,transformer,none || return
    "$program" export few --strategy stream --out x.onnx 2>err
    [ $? -eq 2 ] && grep -q 'unroll "stream" cannot be exported: ' err && [ ! -e x.onnx ] || fail "$(cat err)" || return
    "$program" export few --strategy transformer --out x.onnx 2>err
    [ $? -eq 2 ] && grep -q 'encoder "transformer" cannot be exported: ' err && [ ! -e x.onnx ] || fail "$(cat err)" || return
    "$program" export few --strategy none 2>err
    [ $? -eq 2 ] && grep -q -- '--out FILE is missing' err
}
a_graph_says_where_it_is_from() {
    "$program" export few --strategy none --out none.onnx >out || return
    grep -q 'graph: none.onnx (none, seed 1, fold 1): features \[windows x 40 x 5\]' out || fail "$(cat out)" || return
    "$program" export few --strategy none --out again.onnx >/dev/null && cmp none.onnx again.onnx || return
    local text
    for text in gatewalk.features 'log_return(1) body volume_z(12) rsi(14) ma_gap(8)' gatewalk.tau bars: gatewalk.interval lstm0.W; do
        grep -aqF "$text" none.onnx || fail "none.onnx does not hold $text" || return
    done
}
a_second_sequence_is_a_second_input() {
    "$program" run export_cross.json --strategies leader_hours --out second --no-report --quiet >out 2>&1 || fail "$(cat out)" || return
    "$program" export second --out second.onnx >out || return
    grep -q 'features \[windows x 40 x 5\], second \[windows x 7 x 5\] to p_long' out || fail "$(cat out)" || return
    local text
    for text in gatewalk.second_interval gatewalk.second_symbol other cross.Wq; do
        grep -aqF "$text" second.onnx || fail "second.onnx does not hold $text" || return
    done
}
# EXPERIMENT HOW_MANY ROWS: every contestant of it that has a graph, one after another, and the rows that they agree on.
runtime_agrees() {
    local name
    "$program" run "$1.json" --out "all_$1" --no-report --quiet >out 2>&1 || fail "$(cat out)" || return
    "$program" features "$1.json" --out "features_$1.npy" >out || return
    mkdir -p "graphs_$1"
    for name in $(sed -n 's/^    {"name": "\([a-z0-9_]*\)".*/\1/p' "$1.json"); do
        case $name in stream | transformer) continue ;; esac
        "$program" export "all_$1" --strategy "$name" --out "graphs_$1/$name-s1-f001.onnx" >out || return
    done
    node "$root/tests/golden/check_onnx.js" "all_$1" "features_$1.npy" "graphs_$1"/*-s1-f001.onnx >out || fail "$(cat out)" || return
    [ "$(grep -c " $3 rows " out)" -eq "$2" ] || fail "$(cat out)"
}
another_runtime_gives_the_scores() {
    node -e 'require("onnxruntime-node")' 2>/dev/null || { echo "skipped: no node with onnxruntime-node" && return 77; }
    runtime_agrees export 30 1050 && runtime_agrees export_decoder 5 1050 && runtime_agrees export_cross 4 2100
}

check what_has_no_graph_is_said
check a_graph_says_where_it_is_from
check a_second_sequence_is_a_second_input
check another_runtime_gives_the_scores
finish
