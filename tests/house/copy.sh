# A copy of the tree to build and run changed sources in. Sourced by tests/house/test_*.sh, from the project's root:
# sets copy (a folder that goes with the script) and build (the folder of objects, in the tree and in the copy).
# shellcheck shell=bash
set -u
export LC_ALL=C
build=${BUILD:-.build}
case $build in /*) build=.build ;; esac # elsewhere: the copy builds everything anew
copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' INT TERM

# ---- checks: each a function whose name says what holds ---------------------------------------------------------

n_passed=0 n_failed=0
fail() {
    echo "$1" >&2
    bad=1
}
check() { # function
    echo "[ RUN      ] $1"
    bad=0
    $1 || bad=1
    if [ $bad = 0 ]; then n_passed=$((n_passed + 1)) && echo "[       OK ] $1"; else n_failed=$((n_failed + 1)) && echo "[  FAILED  ] $1"; fi
}
check_done() { # the closing lines that .ci/run-tests counts
    echo "[  PASSED  ] $n_passed test(s)."
    [ $n_failed = 0 ] || echo "[  FAILED  ] $n_failed test(s)."
    [ $n_failed = 0 ]
}

# ---- the copy -----------------------------------------------------------------------------------------------------

# The make that runs the tests may have set variables; its job server is not for the makes in here.
MAKEFLAGS=$(printf '%s' "${MAKEFLAGS:-}" | sed 's/--jobserver[^ ]*//; s/\(^\| \)-j[0-9]*//')
export MAKEFLAGS
unset MAKELEVEL MFLAGS
quiet_make() { make --no-print-directory -C "$copy" "$@"; }
build_copy() { # targets, by default the program
    [ $# -gt 0 ] || set -- gatewalk
    quiet_make -j2 "BUILD=$build" "$@" >"$copy/make.log" 2>&1 || { tail -n 20 "$copy/make.log" >&2 && return 1; }
}

copy_rooms="Makefile include engine models strategies reports"
# The sources with what is built of them, timestamps kept: only what changes is compiled again. Arguments are copied too.
copy_tree() {
    tar -cf - --exclude=reports/out $copy_rooms "$@" \
        $(for made in engine models strategies reports flags source_hash.h commit.c libgatewalk.a libgatewalk_f64.a \
            objects.a objects_f64.a; do
            [ -e "$build/$made" ] && echo "$build/$made"
        done) | tar -xf - -C "$copy"
}
copied_gatewalk() { (cd "$copy" && ./gatewalk "$@"); }
