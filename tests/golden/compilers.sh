#!/bin/sh
# Does `--kernels portable` give the same bytes whatever compiled it? Builds the run of tests/run/test_golden_run.c with
# every compiler and level of optimisation, and compares all files that the run leaves (but run.json, which holds times).
#
#   tests/golden/compilers.sh [DIR]          (from the root of the repository; DIR keeps the builds, else they are removed)
#   VARIANTS="gcc:-O3 clang:-O1" JOBS=4 tests/golden/compilers.sh
#
# Prints a table of hashes, one line a file and one column a variant. Exit 1 when any two differ or a build fails.
set -eu
VARIANTS=${VARIANTS:-gcc:-O2 gcc:-O0 clang:-O2 clang:-O0}
test=tests/run/test_golden_run
[ -f $test.c ] || { echo "run this from the root of the repository" >&2; exit 2; }
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM
fi

# Hashes of a run's files, one "name hash" a line; the models as one.
hashes() {
    for file in "$1"/*; do
        name=${file##*/}
        case $name in run.json) continue ;; esac
        if [ -d "$file" ]; then
            echo "$name/* $(cd "$file" && sha256sum * | sha256sum | cut -c1-12)"
        else
            echo "$name $(sha256sum <"$file" | cut -c1-12)"
        fi
    done
}

first=
for variant in $VARIANTS; do
    cc=${variant%%:*} opt=${variant#*:}
    out=$work/$cc$opt # no colon: make would read a rule
    echo "building and running $cc $opt" >&2
    make -s -j"${JOBS:-1}" BUILD="$out/build" CC="$cc" OPT="$opt" TESTS=$test.c tests-build >"$out.log" 2>&1 || {
        tail -n 5 "$out.log" >&2
        exit 1
    }
    rm -rf "$out/files"
    "$out/build/$test" "$out/files" 2>>"$out.log" || { tail -n 5 "$out.log" >&2; exit 1; }
    hashes "$out/files/run" >"$work/${variant%%:*}${variant#*:}.hashes"
    first=${first:-$variant}
done

printf '%-22s' file
for variant in $VARIANTS; do printf ' %-13s' "$variant"; done
echo
bad=0
for variant in $VARIANTS; do # a file that only one variant leaves is a difference too
    cut -d' ' -f1 "$work/${variant%%:*}${variant#*:}.hashes"
done | sort -u >"$work/names"
while read -r name; do
    printf '%-22s' "$name"
    want=$(awk -v name="$name" '$1 == name {print $2}' "$work/${first%%:*}${first#*:}.hashes")
    note=
    for variant in $VARIANTS; do
        got=$(awk -v name="$name" '$1 == name {print $2}' "$work/${variant%%:*}${variant#*:}.hashes")
        printf ' %-13s' "${got:-none}"
        [ "$got" = "$want" ] || note=DIFFERS bad=1
    done
    echo " $note"
done <"$work/names"
[ $bad = 0 ] && echo "all the same" || echo "NOT the same"
exit $bad
