#!/bin/sh
# Does `--kernels portable` give the same bytes whatever compiled it? Builds the runs of tests/walk/test_golden_run.c and
# test_golden_kinds.c with every compiler and level of optimisation, and compares all files that they leave (but run.json,
# which holds times).
#
#   tests/golden/compilers.sh [DIR]          (from the root of the repository; DIR keeps the builds, else they are removed)
#   VARIANTS="gcc:-O3 clang:-O1" JOBS=4 tests/golden/compilers.sh
#
# Prints a table of hashes, one line a file and one column a variant. Exit 1 when any two differ or a build fails.
set -eu
VARIANTS=${VARIANTS:-gcc:-O2 gcc:-O0 clang:-O2 clang:-O0}
tests="tests/walk/test_golden_run.c tests/walk/test_golden_kinds.c"
[ -f "${tests%% *}" ] || { echo "run this from the root of the repository" >&2; exit 2; }
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    work=$(cd "$1" && pwd)
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM
fi

# Hashes of the files of all runs in a folder, one "path hash" a line; the models of a run as one.
hashes() {
    (
        cd "$1"
        find . -type f ! -name run.json ! -path '*/models/*' | LC_ALL=C sort | while read -r file; do
            echo "${file#./} $(sha256sum <"$file" | cut -c1-12)"
        done
        find . -type d -name models | LC_ALL=C sort | while read -r dir; do
            echo "${dir#./}/* $(cd "$dir" && sha256sum * | sha256sum | cut -c1-12)"
        done
    )
}

first=
for variant in $VARIANTS; do
    cc=${variant%%:*} opt=${variant#*:}
    out=$work/$cc$opt # no colon: make would read a rule
    echo "building and running $cc $opt" >&2
    make -s -j"${JOBS:-1}" BUILD="$out/build" CC="$cc" OPT="$opt" TESTS="$tests" tests-build >"$out.log" 2>&1 || {
        tail -n 5 "$out.log" >&2
        exit 1
    }
    rm -rf "$out/files"
    mkdir -p "$out/files/runs"
    for test in $tests; do
        "$out/build/${test%.c}" "$out/files" 2>>"$out.log" || { tail -n 5 "$out.log" >&2; exit 1; }
        name=${test##*test_golden_}
        mv "$out/files/run" "$out/files/runs/${name%.c}"
    done
    hashes "$out/files/runs" >"$work/${variant%%:*}${variant#*:}.hashes"
    first=${first:-$variant}
done

printf '%-34s' file
for variant in $VARIANTS; do printf ' %-13s' "$variant"; done
echo
bad=0
for variant in $VARIANTS; do # a file that only one variant leaves is a difference too
    cut -d' ' -f1 "$work/${variant%%:*}${variant#*:}.hashes"
done | sort -u >"$work/names"
while read -r name; do
    printf '%-34s' "$name"
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
