#!/usr/bin/env bash
# What others build on: an installation in a scratch directory, programs compiled against it with pkg-config alone and
# outside the tree, and an uninstall that leaves nothing. Closes with the lines that .ci/run-tests reads.
# usage: tests/library/test_library.sh   (from the project's root; BUILD names the build directory)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off
build=${BUILD:-.build}
root=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
MAKEFLAGS=$(printf '%s' "${MAKEFLAGS:-}" | sed 's/--jobserver[^ ]*//; s/\(^\| \)-j[0-9]*//')
export MAKEFLAGS
unset MAKELEVEL MFLAGS
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config" && n_skipped=1 && finish; }

# Packagers install below a DESTDIR what will live in PREFIX; then it is moved there.
prefix=$scratch/usr
install_it() { make -s BUILD="$build" PREFIX="$prefix" DESTDIR="$1" install; }
listing() { (cd "$1" && find . \( -type f -o -type l \) | sort); }
mkdir "$scratch/away" "$scratch/programs" && install_it "$scratch/stage" >/dev/null || exit 1
mv "$scratch/stage$prefix" "$prefix" || exit 1
cp tests/library/own_strategy.c tests/library/score_model.cpp "$scratch/programs/"
cd "$scratch/programs" || exit 1
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
# A library with sanitizers wants programs with them.
flags="-O1 -Wall -Wextra -Werror"
nm -D "$prefix/lib/libgatewalk.so" | grep -q __asan_init && flags="$flags -fsanitize=address,undefined"

everything_is_installed() {
    local file
    for file in bin/gatewalk include/gatewalk/bars.h lib/libgatewalk.a lib/libgatewalk.so lib/pkgconfig/gatewalk.pc \
        share/man/man1/gatewalk.1 share/bash-completion/completions/gatewalk share/zsh/site-functions/_gatewalk \
        share/fish/vendor_completions.d/gatewalk.fish share/doc/gatewalk/README.md share/doc/gatewalk/LICENSE; do
        [ -s "$prefix/$file" ] || { echo "not installed: $file" >&2 && return 1; }
    done
    ! grep -rl "$scratch/stage" "$prefix/lib/pkgconfig" && [ "$("$prefix/bin/gatewalk" --version | cut -d ' ' -f 2)" = "$(pkg-config --modversion gatewalk)" ]
}
c_program_with_the_shared_library() {
    ${CC:-cc} -std=c17 $flags own_strategy.c $(pkg-config --cflags --libs gatewalk) -lm -o own_shared &&
        readelf -d own_shared | grep -q 'NEEDED.*libgatewalk\.so\.[0-9]' && ./own_shared >shared.txt
}
# Names of the inside that the program has too meet nothing here.
c_program_with_the_static_library() {
    ${CC:-cc} -std=c17 $flags own_strategy.c $(pkg-config --cflags gatewalk) "$prefix/lib/libgatewalk.a" \
        $(pkg-config --static --libs gatewalk | sed 's/-lgatewalk//') -o own_static &&
        ! readelf -d own_static | grep -q 'NEEDED.*libgatewalk' && ./own_static >static.txt && cmp shared.txt static.txt
}
cxx_program_scores_a_stored_model() {
    command -v "${CXX:-g++}" >/dev/null || { echo "skipped: no C++ compiler" && return 77; }
    cat >small.json <<'END'
{"name": "small", "data": [{"file": "bars.csv"}], "features": ["log_return(1)", "rsi(14)", "rsi(7)@1h", "volume_z(24)"],
 "labels": {"horizon": 12, "min_move": 0.004}, "scaler": {"kind": "robust", "clip": 4},
 "folds": {"train": 800, "validation": 200, "test": 300},
 "model": {"lookback": 16, "hidden": 8, "dense_units": 8}, "training": {"epochs": 2, "calibration": "platt"},
 "seeds": 1, "strategies": [{"name": "plain", "strategy": "gate"},
    {"name": "sight", "strategy": "gate", "model": {"attention": "bahdanau"}}]}
END
    "$prefix/bin/gatewalk" synth garch --bars 2500 --seed 3 --out bars.csv >/dev/null &&
        "$prefix/bin/gatewalk" run small.json --out run --no-report --quiet >/dev/null &&
        ${CXX:-g++} -std=c++17 $flags score_model.cpp $(pkg-config --cflags --libs gatewalk) -o score_model || return
    scores plain 1 && scores sight 2 || return
    # It can tell: another fold's model gives other scores.
    ! ./score_model bars.csv run/models/plain-s1-f002.safetensors run/scores.csv plain,1,1 >/dev/null
}
scores() { ./score_model bars.csv "run/models/$1-s1-f00$2.safetensors" run/scores.csv "$1,1,$2"; }
a_damaged_model_is_refused_by_name() {
    [ -x score_model ] || { echo "skipped: no C++ compiler" && return 77; }
    sed 's/rsi(14)/rsi(15)/' run/models/sight-s1-f001.safetensors >run/models/forged.safetensors
    ./score_model bars.csv run/models/forged.safetensors run/scores.csv sight,1,1 2>err && return 1
    grep -q 'forged.safetensors' err
}
installing_again_changes_nothing() {
    local before after
    before=$(listing "$prefix") && (cd "$root" && install_it "" >/dev/null) && after=$(listing "$prefix") && [ "$before" = "$after" ]
}
uninstalling_leaves_nothing() {
    (cd "$root" && make -s BUILD="$build" PREFIX="$prefix" uninstall) && [ -z "$(listing "$prefix")" ] &&
        ! find "$prefix" -name '*gatewalk*' | grep -q .
}

check everything_is_installed
check c_program_with_the_shared_library
check c_program_with_the_static_library
check cxx_program_scores_a_stored_model
check a_damaged_model_is_refused_by_name
check installing_again_changes_nothing
check uninstalling_leaves_nothing
finish
