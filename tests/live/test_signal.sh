#!/usr/bin/env bash
# `gatewalk signal` and `gatewalk score` against the run that the fit comes from: to the last digit, over whole test slices,
# whatever is done to the input. usage: tests/live/test_signal.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
[ -w /dev/shm ] && TMPDIR=${TMPDIR:-/dev/shm}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cp tests/live/run.json "$scratch" && cd "$scratch" || exit 1

"$program" synth random-walk --bars 1150 --seed 5 --out ONE.csv >/dev/null &&
    "$program" synth garch --bars 1100 --seed 6 --out TWO.csv >/dev/null &&
    "$program" run run.json --out o --no-report --quiet >/dev/null || exit 1

# strategy seed fold: want (rows of scores.csv), history per symbol, in.csv from the slice's first bar on, to its end
slice_of() {
    awk -F, -v s="$1" -v d="$2" -v f="$3" '$4==s && $5==d && $6==f {print $1","$3","$7","$8","$11","$12}' o/scores.csv >want
    [ "$(wc -l <want)" -eq 300 ] || fail "the slice of $* has $(wc -l <want) rows" || return
    first=$(date -u -d "$(head -1 want | cut -d, -f1) 15 minutes ago" +%Y-%m-%dT%H:%M:%SZ)
    last=$(date -u -d "$(tail -1 want | cut -d, -f1) 15 minutes ago" +%Y-%m-%dT%H:%M:%SZ)
    for s in ONE TWO; do awk -F, -v t="$first" 'NR==1 || $1<t' $s.csv >"before-$s.csv"; done
    echo "symbol,Open Time,open,high,low,close,volume" >in.csv
    for s in ONE TWO; do awk -F, -v a="$first" -v b="$last" -v s=$s 'NR>1 && $1>=a && $1<=b {print s","$0}' $s.csv; done |
        sort -t, -k2,2 -k1,1 >>in.csv
}
signal() { "$program" signal o --strategy "$@"; }
history="--history ONE=before-ONE.csv --history TWO=before-TWO.csv"
numbers() { sed -E 's/^\{"time":"([^"]*)".*"symbol":"([^"]*)","p_long":([^,]*),"p_short":([^,]*),"tau_long":([^,]*),"tau_short":([^,]*),.*/\1,\2,\3,\4,\5,\6/' "$1"; }

# An hour's feature, an EMA, an ATR of the label, two symbols; windows, a carried state, adapters on adapters.
slices_have_the_bytes_of_the_run() {
    local fit
    for fit in "windowed 3 3" "windowed 4 1" "streaming 3 1" "streaming 4 3" "heads 3 2" "lora 4 3"; do
        set -- $fit
        slice_of "$@" || return
        signal "$1" --seed "$2" --fold "$3" $history <in.csv >out 2>err || fail "$fit: $(cat err)" || return
        [ ! -s err ] || fail "$fit: $(cat err)" || return
        cmp -s <(numbers out) want || fail "$fit: $(diff <(numbers out) want | head -4)" || return
        grep -q '"ready":false' out && fail "$fit: not ready"
        # What the run traded: a flat account does it too.
        awk -F, -v s="$1" -v d="$2" '$1==s && $2==d {print $5","$3","$4}' o/trades.csv | sort >trades
        sed -E 's/^\{"time":"([^"]*)".*"symbol":"([^"]*)".*"action":"([^"]*)".*/\1,\2,\3/' out | sort >acts
        awk -F, 'NR==FNR {act[$1","$2]=$3; next} ($1","$2) in act {n++; if (act[$1","$2]!=$3) bad=1} END {exit bad || n<3}' \
            acts trades || fail "$fit: acts otherwise than the run traded" || return
    done
}

# Stop and target lie where the label's move puts them, on the right sides of the close.
levels_are_prices() {
    slice_of streaming 3 1 && signal streaming --fold 1 $history <in.csv >out 2>/dev/null || return
    join -t, <(awk -F, 'NR>1 {print $1"/"$2","$6}' in.csv | sort) \
        <(sed -nE 's/.*"open_time":"([^"]*)","symbol":"([^"]*)".*"action":"(long|short)","stop":([^,]*),"target":([^,]*),.*/\2\/\1,\3,\4,\5/p' out | sort) |
        awk -F, '{side = $3=="long" ? 1 : -1; up = side*($5-$2); down = side*($2-$4); n++
                  if (!(up>0 && down>0) || (up/down-1.5)^2>1e-12) bad=1} END {exit bad || n<20}' ||
        fail "stops and targets are not ratio apart"
}

json_lines_are_bars_too() {
    slice_of streaming 4 2 && signal streaming --seed 4 --fold 2 $history <in.csv >out 2>/dev/null || return
    awk -F, 'NR>1 {cmd="date -u -d " $2 " +%s000"; cmd | getline t; close(cmd)
             printf "{\"symbol\":\"%s\",\"time\":%s,\"o\":%s,\"high\":\"%s\",\"low\":%s,\"close\":%s,\"volume\":%s,\"x\":[1]}\n", $1,t,$3,$4,$5,$6,$7}' \
        in.csv >in.jsonl
    signal streaming --seed 4 --fold 2 $history <in.jsonl >json 2>err || return
    cmp -s out json || fail "$(diff out json | head -3; head -3 err)"
}

state_is_saved_and_resumed() {
    local fit n
    for fit in "windowed 3 2" "streaming 3 2"; do
        set -- $fit
        slice_of "$@" && signal "$1" --seed "$2" --fold "$3" $history <in.csv >out 2>/dev/null || return
        rm -f state parts
        for n in 1 80 301; do # the first of them has no bar
            awk -v a="${from:=1}" -v b="$n" 'NR==1 || (NR>a && NR<=b)' in.csv >part.csv
            signal "$1" --seed "$2" --fold "$3" $history --state state <part.csv >>parts 2>err || fail "$(cat err)" || return
            from=$n
        done
        unset from
        cmp -s out parts || fail "$fit: $(diff out parts | head -4)" || return
        grep -q "going on from state" err || fail "nothing is said of the state" || return
        signal lora --state state <in.csv >none 2>err && fail "took the state of another model"
        grep -q "another model" err || fail "$(cat err)" || return
        sed 's/"live.key":"./"live.key":"x/' state >broken
        signal "$1" --seed "$2" --fold "$3" --state broken <in.csv >none 2>err && fail "took a damaged state"
        [ ! -s none ] || return
    done
}

# Nothing of a refused line stays, and the bars after it have their numbers.
bad_lines_are_left_out() {
    slice_of windowed 3 1 && signal windowed --seed 3 --fold 1 $history <in.csv >out 2>/dev/null || return
    {
        head -40 in.csv
        sed -n 40p in.csv                                        # repeated
        sed -n 20p in.csv                                        # late
        sed -n 41p in.csv | sed 's/,[0-9.]*$//'                  # cut off
        sed -n 41p in.csv | sed 's/^[A-Z]*/OTHER/'               # nobody's
        sed -n 41p in.csv | sed 's/^[A-Z]*/..\/x/'
        sed -n 41p in.csv | sed -E 's/,[0-9.]+,/,-1,/'
        sed -n 41p in.csv | sed -E 's/,[0-9.]+,/,1e999,/'
        sed -n 41p in.csv | sed -E 's/,[0-9.]+,/,nan,/'
        sed -n 41p in.csv | sed -E 's/[0-9]{4}-/9999-/'          # beyond all time
        printf 'ONE,\0,\0\n\n\n"unclosed\n\xff\xfe\x1b[2J\n{"time":1}\n'
        head -c 200000 /dev/zero | tr '\0' 9 && echo
        head -1 in.csv                                           # the header again is no bar and no fault
        tail -n +41 in.csv
    } >bad.csv
    signal windowed --seed 3 --fold 1 $history <bad.csv >bad 2>err || fail "ends: $(tail -1 err)" || return
    cmp -s out bad || fail "$(diff out bad | head -4)" || return
    [ "$(grep -c 'the line is left out$' err)" -eq 14 ] || fail "$(cat err)" || return
    for line in "input:41: .*repeats the bar" "input:42: .*comes after" "input:43:" "input:44: .*no symbol \"OTHER\""; do
        grep -q "$line" err || fail "no \"$line\" in: $(cat err)" || return
    done
    grep -q "$(printf '\033')" err && fail "control characters reach the terminal"
    printf 'a,b,c\n1,2,3\n' | signal windowed >none 2>err
    [ $? -eq 3 ] && grep -q "header" err || fail "a wrong header: $(cat err)"
}

history_that_is_too_short_is_told() {
    slice_of streaming 3 1 && head -30 before-ONE.csv >short.csv || return
    signal streaming --fold 1 --history ONE=short.csv --history TWO=before-TWO.csv <in.csv >out 2>err || return
    grep -q "ONE: 29 bars of history are too few; with [0-9]* it is ready" err || fail "$(cat err)" || return
    need=$(sed -nE 's/.*with ([0-9]+) it is.*/\1/p' err)
    awk 'NR>1' before-TWO.csv | tail -"$need" | cat <(head -1 before-TWO.csv) - >enough.csv
    signal streaming --fold 1 --history ONE=before-ONE.csv --history TWO=enough.csv <in.csv >out 2>err || return
    [ ! -s err ] && ! grep -q '"ready":false' out || fail "$need bars are not enough: $(cat err)" || return
    # Without any history nothing is done until enough has come.
    signal streaming --fold 1 <in.csv >out 2>err && head -1 out | grep -q '"action":"none".*"ready":false'
}

# A pipe that stays open: a line out for a line in, and Ctrl-C saves and ends with 0.
follow_answers_at_once_and_saves_on_interrupt() {
    slice_of streaming 3 3 && signal streaming --fold 3 $history <in.csv >want.out 2>/dev/null || return
    rm -f state; mkfifo pipe
    "$program" signal o --strategy streaming --fold 3 $history --follow --state state <pipe >out 2>err &
    local pid=$! i status
    exec 9>pipe
    head -11 in.csv >&9
    for i in $(seq 100); do [ "$(wc -l <out)" -eq 10 ] && break; sleep 0.05; done
    kill -INT $pid
    wait $pid
    status=$?
    exec 9>&-
    [ $status -eq 0 ] || fail "ends with $status: $(cat err)" || return
    awk 'NR==1 || NR>11' in.csv >rest.csv
    signal streaming --fold 3 --state state <rest.csv >>out 2>/dev/null
    cmp -s out want.out || fail "$(diff out want.out | head -4)" || return
    # A file that grows.
    head -5 in.csv >growing; rm -f state
    "$program" signal o --strategy streaming --fold 3 $history --follow --state state <growing >out 2>err &
    pid=$!
    for i in $(seq 100); do [ "$(wc -l <out)" -eq 4 ] && break; sleep 0.05; done
    tail -n +6 in.csv >>growing
    for i in $(seq 100); do [ "$(wc -l <out)" -eq 300 ] && break; sleep 0.05; done
    kill -INT $pid && wait $pid || fail "$(cat err)" || return
    cmp -s out want.out || fail "a growing file: $(diff out want.out | head -4)"
}

score_has_the_bytes_of_the_run() {
    local fit
    for fit in "windowed 3 2" "streaming 4 1"; do
        set -- $fit
        slice_of "$@" || return
        "$program" score o ONE.csv TWO.csv --strategy "$1" --seed "$2" --fold "$3" --from "$first" --out scored.csv >out || return
        cmp -s <(awk -F, -v s="$1" -v d="$2" -v f="$3" 'NR==1 || ($4==s && $5==d && $6==f)' o/scores.csv) \
            <(head -301 scored.csv) || fail "$fit: $(head -3 scored.csv)" || return
    done
    # Without --from a window is a window, and what has none is left out.
    "$program" score o ONE.csv TWO.csv --strategy windowed --fold 2 --out all.csv >out || return
    "$program" score o ONE.csv TWO.csv --strategy windowed --fold 2 --from "2020-01-09" --out scored.csv >out || return
    cmp -s <(tail -200 all.csv) <(tail -200 scored.csv) && [ "$(wc -l <all.csv)" -gt "$(wc -l <scored.csv)" ]
}

choices_that_the_run_does_not_have_are_refused() {
    local n=0
    refused() { "$program" "${@:3}" </dev/null >out 2>err; [ $? -eq "$1" ] && grep -q -- "$2" err && n=$((n + 1)) || fail "$(cat err)"; }
    refused 2 "it has windowed, streaming" signal o --strategy other
    refused 2 "strategy is missing" signal o
    refused 2 "2 seeds" signal o --strategy windowed --seed 9
    refused 2 "3 folds" signal o --strategy windowed --fold 4
    refused 2 "no symbol \"NO\"" signal o --strategy windowed --history NO=ONE.csv
    refused 3 "run.json" signal . --strategy windowed
    refused 2 "no symbol" score o run.json=ONE.csv --strategy windowed --out x.csv
    "$program" synth random-walk --bars 20 --out FEW.csv >out && refused 3 "give more bars" score o ONE=FEW.csv --strategy windowed --out x.csv
    [ ! -e x.csv ] && [ $n -eq 8 ]
}

# Thresholds follow signals.act_on, which makes no fit anew: the kept models must still say this run's.
thresholds_of_kept_models_are_this_run() {
    "$program" run run.json --out o --force --no-report --quiet --set signals.act_on=5 >/dev/null || return
    slice_of windowed 3 1 && signal windowed --seed 3 --fold 1 $history <in.csv >out 2>/dev/null || return
    cmp -s <(numbers out) want || fail "$(diff <(numbers out) want | head -4)"
}

# Labels are those of scores.csv, a scaled row is the scaler's of its fold, and from features and a stored fit PyTorch comes to
# the same scores.
features_are_what_the_models_see() {
    "$program" features run.json --fold 2 --out f.csv >out && "$program" features run.json --scaled 2 --out s.csv >out &&
        "$program" features run.json --fold 2 --out g.npy >out && "$program" features run.json --out n.npy --scaled 2 >out || return
    [ "$(wc -l <s.csv)" -eq 2251 ] && head -1 s.csv | grep -q '^time,symbol,log_return(1),.*macd_hist(12;26;9),.*,label_long,label_short$' ||
        fail "$(head -2 s.csv)" || return
    join -t, <(awk -F, 'NR>1 {print $2"/"$1","$(NF-1)","$NF}' s.csv | sort) \
        <(awk -F, '$4=="windowed" && $5==3 {print $3"/"$1","$9","$10}' o/scores.csv | sort) |
        awk -F, '{n++; if ($2!=$4 || $3!=$5) bad=1} END {exit bad || n!=900}' || fail "labels differ" || return
    center=$(tr -d ' \n' <n.json | sed -E 's/.*"center":\[([^,]*),.*/\1/') scale=$(tr -d ' \n' <n.json | sed -E 's/.*"inverse_scale":\[([^,]*),.*/\1/')
    paste -d, <(cut -d, -f3 f.csv) <(cut -d, -f3 s.csv) | awk -F, -v c="$center" -v k="$scale" \
        'NR>2 {y=($1-c)*k; n+=$1!=""; if ($1!="" && (y-$2)^2>1e-8 && $2<10 && $2>-10) bad=1} END {exit bad || n!=2248}' ||
        fail "scaled otherwise than $center $scale" || return
    "$program" features run.json --out x.csv 2>err && fail "of no fold" || grep -q 'say which, --fold 1 to 3' err || fail "$(cat err)" || return
    /usr/bin/python3 -c 'import numpy, pandas, torch' 2>/dev/null || return 0
    /usr/bin/python3 "$root/tests/golden/reproduce_scores.py" o g.npy >out && grep -q '^2 fits' out || fail "$(cat out)"
}

# Features across symbols: from files of all symbols at once, not bar by bar.
features_across_symbols_are_scored() {
    sed -E 's/"features": \[.*\],/"features": ["log_return(1)", "excess(ONE,8)", "beta(TWO,12)", "rank(5)"],/' run.json >across.json
    "$program" run across.json --strategies windowed --seeds 1 --out x --no-report --quiet >/dev/null || return
    "$program" score x ONE=ONE.csv TWO=TWO.csv --out scored.csv >out || return
    fold=$(tail -1 scored.csv | cut -d, -f6)
    join -t, <(awk -F, -v f="$fold" 'NR>1 && $6==f {print $1"/"$3","$7","$8}' x/scores.csv | sort) \
        <(awk -F, 'NR>1 {print $1"/"$3","$7","$8}' scored.csv | sort) |
        awk -F, '{n++; if ($2!=$4 || $3!=$5) bad=1} END {exit bad || n<300}' || fail "other scores" || return
    "$program" score x ONE=ONE.csv --out y.csv >out 2>err && fail "of one symbol alone" || grep -q 'TWO is missing' err || fail "$(cat err)" || return
    "$program" signal x --history ONE=ONE.csv <TWO.csv >out 2>err && fail "bar by bar" || grep -q 'look at other symbols' err || fail "$(cat err)"
}

check slices_have_the_bytes_of_the_run
check features_across_symbols_are_scored
check levels_are_prices
check json_lines_are_bars_too
check state_is_saved_and_resumed
check bad_lines_are_left_out
check history_that_is_too_short_is_told
check follow_answers_at_once_and_saves_on_interrupt
check score_has_the_bytes_of_the_run
check features_are_what_the_models_see
check choices_that_the_run_does_not_have_are_refused
check thresholds_of_kept_models_are_this_run
finish
