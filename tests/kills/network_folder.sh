#!/usr/bin/env bash
# Two processes that share a folder as two machines do: two FUSE mounts of it whose flock() knows nothing of the other, processes that
# cannot see each other, other host names, clocks that differ, a disk that is full on one side.
# usage: tests/kills/network_folder.sh ./gatewalk (as root; Debian: bindfs fuse3 faketime util-linux)
set -u
. tests/checks.sh
program=$(realpath "${1:-./gatewalk}") root=$PWD
for tool in bindfs faketime unshare fusermount3; do command -v $tool >/dev/null || { echo "skipped: $tool is missing" && exit 0; }; done
scratch=$(mktemp -d) && mkdir "$scratch"/{real,one,two,full} || exit 1
export GATEWALK_CACHE=off GATEWALK_STORE=off GATEWALK_LOCK_STALE=4 LC_ALL=C
trap 'cd /; for m in one two full; do umount -l "$scratch/$m" 2>/dev/null; done; rm -rf "$scratch"' EXIT
bindfs "$scratch/real" "$scratch/one" && bindfs "$scratch/real" "$scratch/two" || { echo "skipped: no FUSE mounts here" && exit 0; }
cp tests/cluster/run.json "$scratch" && cd "$scratch" || exit 1
"$program" synth random-walk --bars 460 --seed 5 --out ONE.csv >/dev/null && "$program" synth garch --bars 440 --seed 6 --out TWO.csv >/dev/null || exit 1
work=(run run.json --no-report --quiet --jobs 1 --set training.epochs=60)
"$program" "${work[@]}" --out whole >/dev/null || exit 1

# As on a machine of its own: NAME COMMAND…
elsewhere() { local name=$1 && shift && unshare --uts --pid --fork --kill-child --mount-proc bash -c 'hostname "$0" && "$@"' "$name" "$@"; }
program_of() { # a process that began elsewhere(): the program among its children's children
    local child
    for child in $(pgrep -P "$1"); do [ "$(cat /proc/$child/comm)" = "$(basename "$program")" ] && echo $child || program_of $child; done
}
begin() { # the first machine, at work in one/run; which is waited for
    rm -rf one/run; sleep 1.2 # what a mount knows of a folder it may know for a second
    elsewhere first "$@" "$program" "${work[@]}" --out one/run >first.out 2>first.err &
    first=$!
    for _ in $(seq 200); do [ -e real/run/.gatewalk.lock ] && [ -n "$(ls real/run/models 2>/dev/null)" ] && return; sleep 0.05; done
    fail "the first never began: $(cat first.err)"
}
same() {
    local file n=0
    for file in $(cd whole && find . -type f ! -name run.json ! -name '.*'); do
        cmp -s "whole/$file" "real/run/$file" || fail "$file differs" || return
        n=$((n + 1))
    done
    [ $n -gt 40 ] && ! ls -a real/run | grep -q lock || fail "$n files, or a lock is left: $(ls -a real/run)"
}
second() { elsewhere second "$@" "$program" "${work[@]}" --out two/run >second.out 2>second.err; }
refused() { [ "$1" -ne 0 ] && grep -q "is in use by another gatewalk (process [0-9]* on first" second.err || fail "status $1: $(cat second.err)"; }

two_machines_do_not_work_in_one_folder() {
    begin || return
    second
    refused $? && wait $first && same || fail "$(cat first.err)"
}
clocks_a_day_apart_change_nothing() {
    local at
    for at in "+1 day" "-1 day"; do
        begin || return
        sleep 5 # longer than a lock lives that nobody renews
        second env NO_FAKE_STAT=1 FAKE_UTIME=0 faketime "$at"
        refused $? && wait $first || fail "$(cat first.err)" || return
        begin env NO_FAKE_STAT=1 FAKE_UTIME=0 faketime "$at" || return
        sleep 5
        second
        refused $? && wait $first || fail "$(cat first.err)" || return
    done
    same
}
# The machine is gone: after its last sign its lock lives for as long as it says, then the other goes on with what it finds.
a_machine_that_is_gone_is_followed() {
    begin || return
    kill -9 $(program_of $first)
    wait $first 2>/dev/null
    second
    refused $? || return
    sleep 5
    second && grep -q "was not heard of" second.err && same || fail "$(cat second.err)"
}
# It only stood still: when it wakes its folder is another's, and it says so and writes nothing more.
a_machine_that_stood_still_notices() {
    begin || return
    local pid
    pid=$(program_of $first) && kill -STOP "$pid" || return
    sleep 5
    second || fail "$(cat second.err)" || return
    same || return
    kill -CONT "$pid"
    wait $first && fail "the first ended well" || grep -q "another gatewalk has taken this folder over" first.err && same || fail "$(cat first.err)"
}
# The disk of one side is full: what is finished stays, and with room the same command ends with the same bytes.
a_full_disk_loses_nothing() {
    mount -t tmpfs -o size=200k none full || { echo "skipped: no tmpfs"; return 0; }
    "$program" "${work[@]}" --out full/run >/dev/null 2>full.err
    [ $? -ne 0 ] && [ "$(wc -l <full.err)" -eq 1 ] && grep -q "No space left" full.err || fail "$(cat full.err)" || return
    ! find full -name '*.tmp' | grep -q . || fail "litter: $(find full)" || return
    local before=$(ls full/run/models | wc -l)
    [ "$before" -gt 0 ] || fail "nothing was kept" || return
    mount -o remount,size=20m full && "$program" "${work[@]}" --out full/run >/dev/null 2>full.err || fail "$(cat full.err)" || return
    local reused=$(sed -n 's/.*"reused": *\([0-9]*\).*/\1/p' full/run/run.json)
    [ "$reused" -ge "$before" ] || fail "$before were finished, $reused taken" || return
    rm -rf real/run && cp -r full/run real/run && same
}
check two_machines_do_not_work_in_one_folder
check clocks_a_day_apart_change_nothing
check a_machine_that_is_gone_is_followed
check a_machine_that_stood_still_notices
check a_full_disk_loses_nothing
finish
