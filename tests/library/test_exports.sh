#!/usr/bin/env bash
# The libraries show what the public headers declare, and nothing else. Closes with the lines that .ci/run-tests reads.
set -u
passed=0 failed=0
check() { # what, command...
    if "${@:2}"; then passed=$((passed + 1)); else echo "FAILED $1" && failed=$((failed + 1)); fi
}
build=${BUILD:-.build}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
quietly() { "$@" >/dev/null 2>&1; }
not() { ! "$@"; }

make -s BUILD="$build" lib || exit 1
check "symbols are the declared ones" .ci/exports "$build"
check "the shared library has its soname" grep -q 'SONAME.*\[libgatewalk\.so\.[0-9]*\]' <(readelf -d "$build/lib/libgatewalk.so")

# The check can fail: a library that shows one name more, and one that lacks a name.
mkdir "$copy/lib" && cp "$build"/lib/libgatewalk.so "$copy/lib/"
echo 'int table_read(void); int table_read(void) { return 0; }' | ${CC:-cc} -x c -c -o "$copy/more.o" -
cp "$build/lib/libgatewalk.a" "$copy/lib/" && ar r "$copy/lib/libgatewalk.a" "$copy/more.o"
check "one name too many is found" not quietly .ci/exports "$copy"
cp "$build/lib/gatewalk.o" "$copy/" && objcopy --localize-symbol=gw_model_load "$copy/gatewalk.o"
rm "$copy/lib/libgatewalk.a" && ar rcs "$copy/lib/libgatewalk.a" "$copy/gatewalk.o"
check "a name too few is found" not quietly .ci/exports "$copy"

echo "[  PASSED  ] $passed test(s)."
[ $failed -eq 0 ] || echo "[  FAILED  ] $failed test(s)."
[ $failed -eq 0 ]
