#!/usr/bin/env bash
# Contestants of every kind: each model of a run is trained again to the same bytes, and each learns from labels of noise, whatever
# is stored of it: windows and streams, trees, autoencoders, second sequences, decoders, snapshots, mixtures, models of each symbol.
# usage: tests/study/test_every_kind.sh (from the root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
for seed in 6 7; do "$program" synth random-walk --bars 800 --seed $seed --out w$seed.csv >/dev/null || exit 1; done
shape='"pattern_bars": 6, "pattern_width": 8, "pattern_heads": 2, "pattern_layers": 1, "latent": 4'
gates=(
    '"lstm"'
    '"stream", "model": {"unroll": "stream", "warm": 16}'
    '"gru", "model": {"encoder": "gru"}, "training": {"retrain": "warm"}'
    '"tcn", "model": {"encoder": "tcn"}'
    '"causal", "model": {"encoder": "causal_transformer"}'
    '"logistic", "model": {"encoder": "logistic"}, "training": {"calibration": "isotonic"}'
    '"patterns", "model": {"encoder": "patterns", "categories": 3, '"$shape"'}'
    '"twin", "model": {"encoder": "transformer", '"$shape"'}'
    '"cross", "model": {"cross": {"interval": "1h", "lookback": 4, "units": 3}}'
    '"other", "model": {"cross": {"symbol": "B", "lookback": 4, "units": 3}}'
    '"decoder", "model": {"attention": "bahdanau", "decoder": "path", "decoder_steps": 3}'
    '"snapshots", "training": {"schedule": "cosine", "cycles": 2, "snapshots": "validation", "epochs": 4, "patience": 0}'
    '"per_symbol", "models": "per_symbol"'
    '"lora", "training": {"retrain": "lora", "lora_rank": 2}'
    '"trees", "model": {"encoder": "xgboost"}'
    '"weighed", "ensemble_of": "lstm,gru,stream", "weights": "validation"')
put_experiment() {
    printf '%s\n' '{"name": "kinds", "data": [{"file": "w6.csv", "symbol": "A"}, {"file": "w7.csv", "symbol": "B"}],' \
        '"features": ["log_return(1)", "rsi(6)", "regime(2,2)", "log_return(1)@1h"], "labels": {"horizon": 8, "min_move": 0.003},' \
        '"folds": {"train": 300, "validation": 120, "test": 140}, "signals": {"k": [10], "act_on": 10}, "seeds": 1,' \
        '"model": {"lookback": 8, "hidden": 4, "attention_units": 4, "dense_units": 4}, "training": {"epochs": 2, "batch_size": 64},' \
        '"verdict": {"bootstrap": 100, "null_resamples": 20, "importance": false, "random_entries": 0}, "strategies": ['
    for gate in "${gates[@]}"; do printf '{"strategy": "gate", "name": %s},\n' "$gate"; done
    printf '%s\n' '{"name": "book", "strategy": "cross_section", "model": {"encoder": "logistic"}},' '"buy_and_hold"]}'
}
put_experiment >kinds.json
run() { "$program" run kinds.json --out run --no-report --kernels portable --quiet >/dev/null 2>err; }
if ! run && grep -q 'apt-get install libxgboost' err; then # trees are there where their library is
    mapfile -t gates < <(printf '%s\n' "${gates[@]}" | grep -v xgboost)
    put_experiment >kinds.json
    run
fi
[ -e run/summary.json ] || { cat err; exit 1; }

each_is_trained_again_to_the_same_bytes() {
    local files
    files=$(find run/models -type f | wc -l)
    "$program" verify run --refit all --quiet >said 2>err || fail "$(cat err)" || return
    [ "$files" -ge $((2 * ${#gates[@]})) ] && grep -q "same bytes: $files files, $files fitted again" said || fail "$(cat said)"
}
each_learns_from_noise() {
    "$program" null run --refits 1 --jobs 2 --kernels portable --quiet >/dev/null 2>err || fail "$(cat err)" || return
    local name
    for name in "${gates[@]}" '"book"'; do
        name=${name#\"} name=${name%%\"*}
        [ "$(grep -c "^[01],$name,long,average_precision," run.null/null_refits.csv)" = 2 ] || fail "$name: no figures" || return
    done
    # Other labels, other weights: nobody kept what was learnt from the market.
    awk -F, 'NR > 1 && $4 == "average_precision" && $3 == "long" {
        if ($2 in own) { if (own[$2] == $5) { print $2 " is as good on noise to the last digit"; bad = 1 } } else own[$2] = $5 }
        END { exit bad }' run.null/null_refits.csv
}
and_once_more_from_the_same_noise() {
    "$program" null run --refits 1 --jobs 1 --kernels portable --quiet --out again >/dev/null 2>err || fail "$(cat err)" || return
    cmp run.null/null_refits.csv again/null_refits.csv
}
check each_is_trained_again_to_the_same_bytes
check each_learns_from_noise
check and_once_more_from_the_same_noise
finish
