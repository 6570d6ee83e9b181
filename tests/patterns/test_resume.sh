#!/usr/bin/env bash
# `gatewalk patterns train`, stopped and killed: its last epoch is kept, and the same command goes on to the same bytes.
# usage: tests/patterns/test_resume.sh (from the root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
"$program" synth shapes --bars 500 --seed 4 --out bars.csv >/dev/null || exit 1
train=(patterns train bars.csv --set pattern_bars=12 --set pattern_width=8 --set pattern_layers=1 --set latent=4 --set categories=5
    --set epochs=30 --set patience=0 --set batch_size=64 --jobs 1)
"$program" "${train[@]}" --out whole >/dev/null 2>&1 || exit 1

same() { # directory
    diff -r whole "$1" >difference || fail "$(head -3 difference)"
}
# Signal $1 once an epoch is there, $2 times; then to the end.
stopped() {
    local i at pid
    for ((i = 0; i < $2; i++)); do
        "$program" "${train[@]}" --out "of$1" >out 2>err &
        pid=$!
        for ((at = 0; at < 6000; at++)); do # a minute
            [ -e "of$1/training.safetensors" ] || [ -e "of$1/model.safetensors" ] && break
            sleep 0.01
        done
        sleep 0.0$((RANDOM % 10))
        kill "-$1" $pid 2>/dev/null
        wait $pid 2>/dev/null
        [ $i -gt 0 ] || [ ! -e "of$1/model.safetensors" ] || return 77 # it was too quick to be stopped in its training
    done
    "$program" "${train[@]}" --out "of$1" >out 2>err || fail "$(cat err)" || return
    grep -q "of$1 has epochs 1 to [0-9]* of this training; it goes on there\|of$1 has the model of this training" err || fail "$(cat err)" || return
    same "of$1"
}
ctrl_c_keeps_the_last_epoch() {
    stopped INT 2
}
a_kill_keeps_the_last_epoch() {
    stopped KILL 3
}
a_model_is_not_trained_twice() {
    cp -r whole again && echo left >again/training.safetensors && "$program" "${train[@]}" --out again >/dev/null 2>err &&
        grep -q "again has the model of this training" err && same again
}
another_library_is_replaced_only_if_told() {
    cp -r whole other && "$program" "${train[@]}" --set epochs=2 --out other >/dev/null 2>err
    [ $? -eq 2 ] && grep -q "other holds a library of other bars or settings.*--force" err && same other || fail "$(cat err)" || return
    "$program" "${train[@]}" --set epochs=2 --out other --force >/dev/null 2>err && ! grep -q "note:" err || fail "$(cat err)" || return
    ! cmp -s other/model.safetensors whole/model.safetensors && [ ! -e other/training.safetensors ]
}
what_is_not_finished_is_not_shown() {
    cp -r whole begun && rm begun/model.safetensors
    "$program" patterns find begun --at 2020-01-03 >/dev/null 2>err
    [ $? -eq 3 ] && grep -q "begun: its training is not finished" err || fail "$(cat err)" || return
    # a model of another training beside the mark of this one
    cp other/model.safetensors begun && ! "$program" patterns find begun --at 2020-01-03 >/dev/null 2>err && grep -q "is stale" err
}
two_at_a_time_are_refused() {
    flock whole "$program" "${train[@]}" --out whole >/dev/null 2>err
    [ $? -eq 1 ] && grep -q "whole: is in use by another gatewalk" err || fail "$(cat err)"
}

for f in ctrl_c_keeps_the_last_epoch a_kill_keeps_the_last_epoch a_model_is_not_trained_twice another_library_is_replaced_only_if_told \
    what_is_not_finished_is_not_shown two_at_a_time_are_refused; do check $f; done
finish
