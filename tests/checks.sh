# Checks of a test script: each is a function whose name says what holds. Sourced from the project's root, at the top.
# shellcheck shell=bash
n_passed=0 n_failed=0 n_skipped=0
check() { # function, arguments; 77 is a skip
    "$@"
    case $? in
    0) n_passed=$((n_passed + 1)) ;;
    77) n_skipped=$((n_skipped + 1)) ;;
    *) n_failed=$((n_failed + 1)) && echo "[  FAILED  ] $1" ;;
    esac
}
fail() { echo "$1" >&2 && return 1; }
finish() { # the closing lines that .ci/run-tests counts
    echo "[  PASSED  ] $n_passed test(s)."
    [ $n_skipped -eq 0 ] || echo "[  SKIPPED ] $n_skipped test(s)."
    [ $n_failed -eq 0 ] || echo "[  FAILED  ] $n_failed test(s)."
    [ $n_failed -eq 0 ]
    exit
}
