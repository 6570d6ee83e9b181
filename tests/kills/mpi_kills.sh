#!/usr/bin/env bash
# One walk on MPI ranks, of which one, or mpirun itself, is killed (-9) at a random moment; given again, until it has been killed
# N times, then to the end: nothing is lost, and every file has the bytes of a run that nobody disturbed.
# usage: tests/kills/mpi_kills.sh [N] [SEED]   (from the project's root, once the program is built; `make kills` runs 200)
set -u
export LC_ALL=C GATEWALK_CACHE=off GATEWALK_STORE=off
n=${1:-200} RANDOM=${2:-1}
program=$PWD/gatewalk
command -v mpirun >/dev/null && [ -e .build/gatewalk-mpi.so ] || { echo "SKIP: no mpirun or no gatewalk-mpi.so (Debian: openmpi-bin libopenmpi-dev, then make)"; exit 0; }
[ -w /dev/shm ] && export TMPDIR=${TMPDIR:-/dev/shm}
scratch=$(mktemp -d) && mkdir "$scratch/tmp" && export TMPDIR=$scratch/tmp || exit 1
trap 'rm -rf "$scratch"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
cp tests/cluster/run.json "$scratch" && cd "$scratch" || exit 1
"$program" synth random-walk --bars 460 --seed 5 --out ONE.csv >/dev/null && "$program" synth garch --bars 440 --seed 6 --out TWO.csv >/dev/null || exit 1
run=(run run.json --no-report --quiet --jobs 1 --set training.epochs=30)
"$program" "${run[@]}" --out whole >/dev/null || exit 1
n_fits=$(ls whole/models | wc -l)

# Every file but run.json, which tells times.
compare() { # directory
    local file bad=0
    for file in $(cd whole && find . -type f ! -name run.json ! -name '.*'); do
        cmp -s "whole/$file" "$1/$file" || { echo "LOST: $1/$file is not whole/$file"; bad=1; }
    done
    return $bad
}
# The ranks are this script's own: they stand in a session of their own, whose members are known by its number.
kills=0 walks=0 bad=0 kept=0 midst=0
while [ $kills -lt "$n" ]; do
    setsid timeout -k 1 20 mpirun -n 3 "$program" "${run[@]}" --out killed >/dev/null 2>err &
    sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
    victims=($(pgrep -s "$!"))
    [ ${#victims[@]} -gt 0 ] && kill -9 "${victims[RANDOM % ${#victims[@]}]}" 2>/dev/null && kills=$((kills + 1))
    sleep 0.3
    [ ${#victims[@]} -gt 0 ] && kill -9 $(pgrep -s "$!") 2>/dev/null # Open MPI 4's mpirun may wait for a dead rank's lock
    wait 2>/dev/null
    now=$(ls killed/models/*.safetensors 2>/dev/null | wc -l)
    [ "$now" -ge $kept ] || { echo "LOST: $kept fits were kept, now $now"; bad=1; }
    [ "$now" -gt $kept ] && [ "$now" -lt "$n_fits" ] && midst=$((midst + 1))
    kept=$now
    if [ "$kept" -eq "$n_fits" ]; then
        walks=$((walks + 1))
        mpirun -n 3 "$program" "${run[@]}" --out killed >/dev/null 2>err && compare killed || { bad=1; cat err; }
        rm -rf killed && kept=0
    fi
done 2>/dev/null
mpirun -n 3 "$program" "${run[@]}" --out killed >/dev/null 2>err && compare killed || { bad=1; cat err; }
! ls -d "$TMPDIR"/gatewalk-rank-* 2>/dev/null | grep -q . || { echo "LOST: folders of ranks are left"; bad=1; }
echo "$kills kills over $((walks + 1)) walks of $n_fits fits on 3 ranks, $midst of them after new fits and before the last: $([ $bad -eq 0 ] && echo "nothing lost, same bytes" || echo "WRONG")"
exit $bad
