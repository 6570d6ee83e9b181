#!/usr/bin/env bash
# Scripts of `gatewalk slurm`: what they are told is data and no command, and a Slurm on this machine runs them to the same
# bytes. usage: tests/cluster/test_slurm.sh   (from the project's root, once the program is built). What needs Slurm is skipped
# without it (Debian: slurm-wlm munge), what needs MPI besides without mpirun or the module.
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
[ -w /dev/shm ] && export TMPDIR=${TMPDIR:-/dev/shm}
scratch=$(mktemp -d) || exit 1
. tests/cluster/slurm_here.sh
trap 'slurm_end; rm -rf "$scratch"' EXIT
cp tests/cluster/run.json "$scratch" && cd "$scratch" || exit 1
skip() { # how many, why
    n_skipped=$((n_skipped + $1))
    echo "SKIP: $2"
}
"$program" synth random-walk --bars 460 --seed 5 --out ONE.csv >/dev/null &&
    "$program" synth garch --bars 440 --seed 6 --out TWO.csv >/dev/null || exit 1

# ---- the script alone ----------------------------------------------------------------------------------------

# Names that would be commands, directives or ends of quotes anywhere else. None holds a '/', which no name can.
hostile=('a b' "it's" '$(touch HIT)' '`touch HIT`' '"; touch HIT; "' "'; touch HIT; '" $'x\n#SBATCH --comment=HIT\ntouch HIT\n' \
    $'\'$(touch HIT)\n' '\' '-rf' '*' '!!' $'tab\tand\x01' $'\xff\xfe' $'\xe2\x80\xa8touch HIT' '%j' '~' '&' '#' '$HOME' '\x27;touch HIT')

# Stand-ins for what a script calls keep what they were told.
stand_ins() {
    mkdir -p bin
    for name in srun scancel scontrol sbatch; do
        printf '#!/bin/bash\nprintf "%%s\\0" "$@" >>"$TOLD"\n[ "$(basename "$0")" != sbatch ] || echo 7\n' >bin/$name && chmod +x bin/$name
    done
}
names_are_never_commands() {
    local name told=$scratch/told here=$scratch
    stand_ins
    for name in "${hostile[@]}"; do
        mkdir -p -- "$here/work/$name" && cp run.json ONE.csv TWO.csv "$here/work/$name/" && cp run.json "$here/work/$name/$name" || return
        for form in --ranks=2 --array=2; do
            : >"$told"
            (cd -- "$here/work/$name" && "$program" slurm "$form" --out "$name" -- "$name") >job.sh 2>err || fail "refused $name: $(cat err)" || return
            bash -n job.sh || fail "no script: $(cat job.sh)" || return
            [ "$(sed '/^set -u$/q' job.sh | grep -c '^#SBATCH')" -eq "$(grep -c '^#SBATCH' job.sh)" ] || fail "a directive came in: $name" || return
            ! grep -q '^#.*HIT' job.sh || fail "in a comment: $name" || return
            if [ $form = --ranks=2 ]; then
                TOLD=$told SLURM_JOB_ID=7 PATH=$here/bin:$PATH bash job.sh >out 2>&1 || fail "$(cat out)" || return
                printf '%s\0' --mpi=pmix --cpus-per-task=1 --kill-on-bad-exit=1 "$program" run --jobs 1 --out "$name" -- "$name" >want
                cmp -s want "$told" || fail "srun was told $(tr '\0' '|' <"$told")" || return
            else
                sed "s|^program=.*|program='$here/bin/srun'|" job.sh >array.sh
                SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 TOLD=$told PATH=$here/bin:$PATH bash array.sh >out 2>&1 || fail "$(cat out)" || return
                SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=0 TOLD=$told PATH=$here/bin:$PATH bash array.sh >out 2>&1 || fail "$(cat out)" || return
                printf '%s\0' run --jobs 1 --out "$name" --shard 2/2 -- "$name" \
                    merge --jobs 1 --out "$name" -- "$name.shard-1-of-2" "$name.shard-2-of-2" >want
                cmp -s want "$told" || fail "the program was told $(tr '\0' '|' <"$told")" || return
            fi
        done
    done
    ! find "$scratch" "$root" -maxdepth 3 -name 'HIT*' 2>/dev/null | grep -q . || fail "a name became a command"
}
options_of_run_are_handed_on() {
    local told=$scratch/told
    : >"$told"
    "$program" slurm run.json --seeds 2 --strategies 'none,warm' --set 'title="a $(touch HIT) '"'"'b"' --timerange 20200101- --kernels portable >job.sh || return
    TOLD=$told SLURM_JOB_ID=7 PATH=$scratch/bin:$PATH bash job.sh >out 2>&1 || fail "$(cat out)" || return
    printf '%s\0' --mpi=pmix --cpus-per-task=1 --kill-on-bad-exit=1 "$program" run --jobs 1 --out reports/out/cluster --seeds 2 --strategies 'none,warm' \
        --set 'title="a $(touch HIT) '"'"'b"' --timerange 20200101- --kernels portable -- run.json >want
    cmp -s want "$told" && [ ! -e HIT ] || fail "srun was told $(tr '\0' '|' <"$told")"
}
words_of_slurm_are_checked() {
    local bad
    for bad in --partition='a b' --partition=$'a\n#SBATCH -x' --account='$(x)' --account= --memory='2G;x' --mpi=-x --time=x --time=1:2:3:4 \
        --time=$'1\n2' --time=-1 --nodes=0 --ranks=x --array=0 --lead=0; do
        "$program" slurm "$bad" run.json >out 2>err
        [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] || fail "$bad: $(cat err)" || return
    done
    for good in 90 90:00 12:00:00 2-12 2-12:30 2-00:00:00; do
        "$program" slurm --time $good run.json | grep -qx -- "#SBATCH --time=$good" || fail "--time $good" || return
    done
    "$program" slurm run.json --set model.lookbak=3 >out 2>err
    [ $? -eq 2 ] && [ ! -s out ] && grep -q lookback err || fail "$(cat err)"
}
# Killed: queued again. Refused: not, as the next time would be refused as well.
only_what_was_cut_short_is_queued_again() {
    local status form
    for form in "--ranks=3 12" "--array=3 7_2"; do
        "$program" slurm ${form% *} run.json | sed "s/sleep 60/true/; s|^program=.*|program=$scratch/bin/srun|" >job.sh || return
        for status in 0 1 2 3 137 143; do
            printf '#!/bin/bash\nexit %d\n' $status >bin/srun
            : >told
            TOLD=$scratch/told SLURM_JOB_ID=12 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 PATH=$scratch/bin:$PATH bash job.sh >out 2>&1
            [ $? -eq $status ] || fail "ends with another status than $status" || return
            [ "$(tr '\0' ' ' <told)" = "$([ $status -lt 128 ] || echo "requeue ${form#* } ")" ] || fail "$status: $(cat -v told)" || return
        done
    done
}
check names_are_never_commands
check options_of_run_are_handed_on
check words_of_slurm_are_checked
check only_what_was_cut_short_is_queued_again

# ---- a Slurm that runs them ------------------------------------------------------------------------------------

until_so() { # seconds, command
    local end=$((SECONDS + $1)) && shift
    until "$@"; do [ $SECONDS -lt $end ] && sleep 0.1 || return 1; done
}
state_is() { [ "$(timeout 5 squeue -h -j "$1" -o %T 2>/dev/null | head -1)" = "$2" ]; }
is_over() { [ -z "$(timeout 5 squeue -h -t all -j "$1" -o %T 2>/dev/null | grep -vE 'COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL')" ]; }
has_fits() { [ "$(ls "$1"/models/*.safetensors 2>/dev/null | wc -l)" -ge "$2" ]; }
same() { # directory
    local file n=0
    for file in $(cd whole && find . -type f ! -name run.json ! -name '.*'); do
        cmp -s "whole/$file" "$1/$file" || fail "$1/$file is not whole/$file: $(tail -n 3 gatewalk-*.log 2>/dev/null)" || return
        n=$((n + 1))
    done
    [ "$n" -gt 25 ] || fail "only $n files compared"
}
# Not the two minutes that a job queued anew waits, but long enough for the nodes to tell its new credential from the old one.
soon() { state_is "$1" PENDING && timeout 5 scontrol update JobId="$1" StartTime=now+2 2>/dev/null; }
goes_on() { grep -q "ended with status $2.*; the job goes on" gatewalk-cluster-"$1".log 2>/dev/null; } # job, status
some=(--set training.epochs=150 --strategies none,warm --kernels portable --no-report)

# A rank is killed in the midst of it.
an_mpi_job_survives_a_killed_rank() {
    local job pid
    "$program" slurm run.json --ranks 3 --time 10 --out mpi "${some[@]}" >mpi.sh && job=$(sbatch --parsable mpi.sh) || return
    until_so 30 has_fits mpi 2 || fail "no fits: $(cat gatewalk-cluster-"$job".log)" || return
    pid=$(timeout 5 scontrol listpids "$job".0 | awk '$4 == 1 {print $1}') && kill -9 "$pid" || fail "no rank 1" || return
    until_so 20 goes_on "$job" 137 || fail "not queued again" || return
    until_so 20 soon "$job" && until_so 60 is_over "$job" || fail "does not end" || return
    same mpi && ! grep -q '"reused": *0[,}]' mpi/run.json || fail "nothing was kept: $(cat gatewalk-cluster-"$job".log)"
}
# A share is told that its time is nearly over.
shares_that_make_room_are_merged() {
    local job merge
    "$program" slurm run.json --array 2 --time 10 --out array "${some[@]}" >array.sh && merge=$(timeout 20 bash array.sh | grep -o '[0-9]*$') || return
    job=$((merge - 1))
    until_so 30 has_fits array.shard-2-of-2 1 || fail "no fits: $(cat gatewalk-cluster-*.log)" || return
    timeout 5 scancel --batch --signal=USR1 ${job}_2 || fail "has ended too soon" || return
    until_so 20 goes_on ${job}_2 1 || fail "USR1 is not obeyed: $(cat gatewalk-cluster-${job}_2.log)" || return
    until_so 20 soon ${job}_2 && until_so 60 is_over "$merge" || fail "does not end: $(squeue -t all)" || return
    same array
}
nothing_is_left_behind() {
    slurm_end
    ! ps ax -o args= | grep -v grep | grep -q -- "$scratch" || fail "$(ps ax -o args= | grep -- "$scratch")"
}
if slurm_begin "$scratch/slurm"; then
    "$program" run run.json --quiet --jobs 2 --out whole "${some[@]}" >/dev/null || exit 1
    check shares_that_make_room_are_merged
    if command -v mpirun >/dev/null && [ -e "$root/.build/gatewalk-mpi.so" ] && srun --mpi=list 2>&1 | grep -q pmix; then
        check an_mpi_job_survives_a_killed_rank
    else
        skip 1 "Slurm with MPI: mpirun, gatewalk-mpi.so or Slurm's pmix is missing (Debian: openmpi-bin libopenmpi-dev, then make)"
    fi
    check nothing_is_left_behind
else
    skip 3 "no Slurm: $slurm_why"
fi

finish
