#!/usr/bin/env bash
# A walk shared out, by --shard and by MPI, has the bytes of one that was not. usage: tests/cluster/test_cluster.sh
# (from the project's root, once the program is built). The part on MPI is skipped where mpirun or the module is missing.
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
[ -w /dev/shm ] && export TMPDIR=${TMPDIR:-/dev/shm}
scratch=$(mktemp -d) && mkdir "$scratch/tmp" && export TMPDIR=$scratch/tmp || exit 1
trap 'rm -rf "$scratch"' EXIT
cp tests/cluster/run.json "$scratch" && cd "$scratch" || exit 1
run() { "$program" run run.json --no-report --quiet --jobs 1 "$@"; }

"$program" synth random-walk --bars 460 --seed 5 --out ONE.csv >/dev/null &&
    "$program" synth garch --bars 440 --seed 6 --out TWO.csv >/dev/null && run --out whole >/dev/null || exit 1

# Every file but run.json, which tells times.
same() { # directory
    local file n=0
    for file in $(cd whole && find . -type f ! -name run.json ! -name '.*'); do
        cmp -s "whole/$file" "$1/$file" || fail "$1/$file is not whole/$file" || return
        n=$((n + 1))
    done
    [ "$n" -gt 40 ] && [ -s whole/gradients.npy ] || fail "only $n files compared"
}

# ---- shares -----------------------------------------------------------------------------------------------

shares_merge_to_the_same_bytes() {
    for i in 3 1 2; do run --out part --shard $i/3 >/dev/null || return; done
    local whole=$(ls whole/models | wc -l) all=0 n
    for i in 1 2 3; do
        n=$(ls part.shard-$i-of-3/models | wc -l)
        [ "$n" -gt 0 ] && [ ! -e part.shard-$i-of-3/summary.json ] || fail "share $i holds $n fits, or results" || return
        all=$((all + n))
    done
    [ $all -eq "$whole" ] || fail "$all fits in shares, $whole in the whole" || return
    "$program" merge part.shard-*-of-3 --no-report --quiet >/dev/null 2>err && same part && ! grep -qv "note: dual, .* has no integrated gradients" err || fail "$(cat err)"
}
# From elsewhere: the shares' folders copied, the merge done in another directory.
shares_may_be_copied() {
    mkdir -p other/a other/b && cp -r part.shard-1-of-3 other/a/x && cp -r part.shard-2-of-3 part.shard-3-of-3 other/b || return
    (cd other && "$program" merge a/x b/* --out ../copied --no-report --quiet --events >/dev/null) && same copied &&
        "$program" replay whole --events whole.jsonl --quiet >/dev/null && cmp whole.jsonl copied/events.jsonl
}
a_missing_or_damaged_share_is_done_again() {
    local model=$(ls part.shard-2-of-3/models/*.safetensors | head -1)
    printf 'x' | dd of="$model" bs=1 seek=300 conv=notrunc status=none
    "$program" merge part.shard-1-of-3 part.shard-2-of-3 --out again --no-report --quiet >/dev/null 2>err && same again || return
    grep -q "are in none of the shares and are done here" err && grep -q "done again" err || fail "not said: $(cat err)"
}
shares_of_another_run_are_refused() {
    run --set training.epochs=2 --out odd --shard 2/3 >/dev/null || return
    "$program" merge part.shard-1-of-3 odd.shard-2-of-3 --out no --no-report --quiet >/dev/null 2>err
    [ $? -eq 3 ] && grep -q "of another configuration" err && [ ! -e no ] || fail "$(cat err)" || return
    run --kernels portable --out port --shard 2/3 >/dev/null || return
    "$program" merge part.shard-1-of-3 port.shard-2-of-3 --out no --no-report --quiet >/dev/null 2>err
    local status=$?
    grep -q '"kernels": *"portable"' whole/run.json || { [ $status -eq 3 ] && grep -q "other kernels" err; } || fail "$(cat err)"
}
a_share_that_is_none_is_refused() {
    local text
    for text in 0/3 4/3 3 3/ /3 a/b 1/2/3 -1/3 1/0 ""; do
        run --shard "$text" >/dev/null 2>err
        [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] || fail "--shard \"$text\": $(cat err)" || return
    done
}
# Whatever has started several: mpirun, MPICH's, srun. One speaks, and one alone is fine.
commands_for_one_process_say_so() {
    local set command
    for set in "OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK" "PMI_SIZE=3 PMI_RANK" "SLURM_STEP_NUM_TASKS=3 SLURM_PROCID"; do
        for command in "study x.json" "folds run.json" "audit run.json"; do
            env ${set% *} ${set#* }=0 "$program" $command >out 2>err
            [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "${command% *}: is for one process, and 3 were started" err || fail "$set: $(cat err)" || return
            env ${set% *} ${set#* }=1 "$program" $command >out 2>err
            [ $? -eq 2 ] && [ ! -s err ] || fail "two speak: $(cat err)" || return
        done
        env ${set%%=*}=1 ${set#* }=0 "$program" folds run.json >/dev/null 2>err || fail "$(cat err)" || return
    done
}
check shares_merge_to_the_same_bytes
check commands_for_one_process_say_so
check shares_may_be_copied
check a_missing_or_damaged_share_is_done_again
check shares_of_another_run_are_refused
check a_share_that_is_none_is_refused

# ---- MPI ----------------------------------------------------------------------------------------------------

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
# -k: when a rank is killed, Open MPI 4's mpirun may wait for a lock of its own for ever.
mpi() { timeout -k 1 "${within:-120}" mpirun -n "$@"; }
mpi_run() { # ranks, options
    local n=$1 && shift
    mpi "$n" "$program" run run.json --no-report --quiet --jobs 1 "$@"
}

any_number_of_ranks_gives_the_same_bytes() {
    local n
    for n in 2 4; do mpi_run $n --out mpi-$n >/dev/null 2>err && same mpi-$n || fail "$n ranks: $(cat err)" || return; done
    ! ls -d "$TMPDIR"/gatewalk-rank-* 2>/dev/null | grep -q . || fail "folders of ranks are left"
}
a_second_run_fits_nothing_anew() {
    mpi_run 3 --out mpi-2 >/dev/null 2>err && same mpi-2 && grep -q "\"reused\": *$(ls whole/models | wc -l)" mpi-2/run.json
}
# What is somebody else's stays: a link, and the folder of a rank that lives.
folders_of_killed_ranks_go() {
    mkdir -p "$TMPDIR"/gatewalk-rank-dead/models "$TMPDIR"/gatewalk-rank-alive/models elsewhere && touch elsewhere/kept "$TMPDIR"/gatewalk-rank-{dead,alive}/models/x
    ln -s "$scratch/elsewhere" "$TMPDIR"/gatewalk-rank-link
    flock "$TMPDIR"/gatewalk-rank-alive "$BASH" -c 'mpirun -n 2 "$@"' - "$program" run run.json --no-report --quiet --jobs 1 --out mpi-2 >/dev/null 2>err || fail "$(cat err)" || return
    [ "$(cd "$TMPDIR" && echo gatewalk-rank-*)" = "gatewalk-rank-alive gatewalk-rank-link" ] && [ -e elsewhere/kept ] && [ -e "$TMPDIR"/gatewalk-rank-alive/models/x ] ||
        fail "$(ls -R "$TMPDIR")" || return
    rm -r "$TMPDIR"/gatewalk-rank-*
}
# Killed at any moment: what was finished is kept, the same command goes on.
killed_ranks_lose_nothing() {
    local i pid
    for i in 1 2 3 4; do
        within=8 mpi_run 3 --set training.epochs=40 --out killed >/dev/null 2>&1 &
        sleep "0.$((RANDOM % 8 + 1))"
        pid=$(pgrep -f -- "$scratch/killed|--out killed" | shuf -n 1)
        [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null
        wait
        pkill -9 -f -- "--out killed" 2>/dev/null
    done
    mpi_run 3 --set training.epochs=40 --out killed >/dev/null 2>err && run --set training.epochs=40 --out unkilled >/dev/null || fail "$(cat err)" || return
    local file
    for file in $(cd unkilled && find . -type f ! -name run.json ! -name '.*'); do
        cmp -s "unkilled/$file" "killed/$file" || fail "killed/$file differs" || return
    done
    ! ls -d "$TMPDIR"/gatewalk-rank-* 2>/dev/null | grep -q . || fail "folders of killed ranks are left"
}
errors_come_once_and_with_their_status() {
    mpi_run 3 --set model.lookbak=3 --out bad >/dev/null 2>err
    [ $? -eq 2 ] && [ "$(grep -c lookbak err)" -eq 1 ] || fail "$(cat err)" || return
    sed 's/^\([^,]*,\)[^,]*/\1x/' ONE.csv >broken.csv
    sed 's/"ONE.csv", "TWO.csv"/"broken.csv"/' run.json >broken.json
    timeout -k 1 60 mpirun -n 3 "$program" run broken.json --no-report --quiet --out bad >/dev/null 2>err
    [ $? -eq 3 ] && [ "$(grep -c broken.csv err)" -eq 1 ] || fail "$(cat err)"
}
# Rank 1 reads other bars than rank 0.
ranks_of_other_data_are_refused() {
    mkdir -p elsewhere && cp run.json TWO.csv elsewhere && sed '$d' ONE.csv >elsewhere/ONE.csv
    timeout -k 1 60 mpirun -n 1 "$program" run run.json --no-report --quiet --out odd-mpi : \
        -n 1 "$program" run elsewhere/run.json --no-report --quiet --out odd-mpi >/dev/null 2>err
    [ $? -eq 3 ] && grep -q "has read another experiment or other data" err || fail "$(cat err)"
}
# Trials of a search, wherever they are done: a searcher that looks at results, inputs that differ from trial to trial, and fits
# that go on where another rank ended them.
a_search_on_ranks_has_the_same_bytes() {
    local space file n=0 strategy='"tpe", "trials": 9'
    for space in '"training.learning_rate": {"log": [0.001, 0.1]}, "training.batch_size": {"choice": [32, 96]}' '"labels.horizon": {"int": [4, 7]}'; do
        echo '{"experiment": "run.json", "search": {"contestant": "none", "strategy": '"$strategy"', "folds": 2, "seeds": 1,
            "reference": 3, "objective": "average_precision"}, "space": {'"$space"'}}' >search.json
        rm -rf searched searched-mpi
        "$program" search search.json --no-report --quiet --jobs 1 --out searched >/dev/null 2>err || fail "$(cat err)" || return
        mpi 4 "$program" search search.json --no-report --quiet --jobs 1 --out searched-mpi >/dev/null 2>err || fail "$(cat err)" || return
        n=0
        for file in $(cd searched && find . -type f ! -name run.json ! -name '.*'); do
            cmp -s "searched/$file" "searched-mpi/$file" || fail "searched-mpi/$file is not searched/$file" || return
            n=$((n + 1))
        done
        [ "$n" -gt 20 ] || fail "only $n files compared" || return
        strategy='"asha", "trials": 9, "rungs": 2, "reduction": 2, "epochs": 4'
    done
    mpi 3 "$program" search search.json --no-report --quiet --set name=x --set seeds=nine --out bad >/dev/null 2>err
    [ $? -eq 2 ] && [ "$(grep -c "seeds must be" err)" -eq 1 ] || fail "$(cat err)"
}
if command -v mpirun >/dev/null && [ -e "$root/.build/gatewalk-mpi.so" ] && mpi 2 true >mpirun.log 2>&1; then
    check any_number_of_ranks_gives_the_same_bytes
    check a_search_on_ranks_has_the_same_bytes
    check a_second_run_fits_nothing_anew
    check folders_of_killed_ranks_go
    check killed_ranks_lose_nothing
    check errors_come_once_and_with_their_status
    check ranks_of_other_data_are_refused
else
    n_skipped=7
    echo "skipped: mpirun or gatewalk-mpi.so is missing (Debian: openmpi-bin libopenmpi-dev, then make), or starts nothing here: $(head -n 1 mpirun.log 2>/dev/null)"
fi

finish
