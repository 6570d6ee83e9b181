#!/usr/bin/env bash
# A stored fit is used again only under the sources and flags that it was made with: in a copy of the tree sources are
# changed, the program is built again and run into the same directory. Also what the hash of the sources must not hang on.
# usage: tests/house/test_source_hash.sh   (from the project's root, once the program is built; BUILD names where)
. tests/house/copy.sh

hash_in() { # folder, below the copy's, and flags
    quiet_make -s "BUILD=$1" "${@:2}" "$1/source_hash.h" && sed 's/.*"\(.*\)"/\1/' "$copy/$1/source_hash.h"
}

make_copy() {
    copy_tree || return 1
    build_copy || return 1
    "$copy/gatewalk" synth planted --bars 1500 --seed 1 --out "$copy/bars.csv" >/dev/null || return 1
    cat >"$copy/tiny.json" <<'JSON'
{"name": "tiny", "data": ["bars.csv"], "features": ["log_return(1)", "body"],
 "labels": {"horizon": 4, "min_move": 0.002}, "folds": {"train": 600, "validation": 200, "test": 200},
 "model": {"lookback": 4, "hidden": 4, "dense_units": 4}, "training": {"epochs": 1},
 "verdict": {"bootstrap": 100, "null_resamples": 5, "random_entries": 20, "importance": false}, "seeds": [1],
 "strategies": [{"name": "lstm", "strategy": "gate", "model": {"attention": "none"}}]}
JSON
}

# Runs into the same directory again; sets count and reused as run.json has them.
run_copy() {
    "$copy/gatewalk" run "$copy/tiny.json" --out "$copy/run" --no-report --quiet >/dev/null || return 1
    count=$(sed -n '/"fits": *{/,/}/s/.*"count": *\([0-9]*\).*/\1/p' "$copy/run/run.json")
    reused=$(sed -n '/"fits": *{/,/}/s/.*"reused": *\([0-9]*\).*/\1/p' "$copy/run/run.json")
    [ "${count:-0}" -gt 0 ] || fail "run.json counts no fits"
}
# Bytes of everything that two equal runs leave alike.
results() { (cd "$copy/run" && find . -type f ! -name run.json | sort | xargs sha256sum); }

# ---- what the hash hangs on -----------------------------------------------------------------------------------

the_hash_knows_no_place_and_no_time() {
    # The program in the tree, the one in the copy, another build directory, other timestamps.
    here=$(hash_in "$build")
    [ ${#here} = 64 ] || fail "not a SHA-256: $here"
    case $("$copy/gatewalk" --version) in *"sources $(echo "$here" | cut -c1-12))") ;; *) fail "--version does not say $here" ;; esac
    if [ "$build" = "${BUILD:-.build}" ] && [ -f "$build/source_hash.h" ]; then
        grep -q "\"$here\"" "$build/source_hash.h" || fail "the copy's hash $here is not that of the tree"
    fi
    [ "$(hash_in other)" = "$here" ] || fail "another build directory, another hash"
    cp "$copy/models/kernels/select.c" "$copy/kept" && cp "$copy/kept" "$copy/models/kernels/select.c"
    touch -d 2001-01-01 "$copy/models/kernels/kernels.h"
    [ "$(hash_in other)" = "$here" ] || fail "other timestamps, another hash"
}

every_deciding_room_counts() {
    here=$(hash_in other)
    for file in include/gatewalk/model.h engine/base/core/rng.c engine/market/bars/bars.c engine/market/features/wilder.c \
        engine/market/features/features.def engine/market/labels/labels.c engine/market/folds/folds_plan.c \
        engine/market/import/import_clean_row.c models/api/model.c models/attention/attention_none.c \
        models/encoder/encoder_lstm.c models/loss/loss.def models/optimizer/optimizer_adam.c \
        models/schedule/schedule_cosine.c models/network/network.c models/training/training.c models/store/load.c \
        models/kernels/isa_lstm.c models/kernels/simd_math.h engine/score/average_precision.c engine/walk/fit.c engine/walk/fit_key.c \
        engine/walk/fold_data.c engine/walk/fold_cross.c engine/walk/prepare.c; do
        cp -p "$copy/$file" "$copy/kept" || fail "$file has moved: name another file of its room"
        echo "/* another comment */" >>"$copy/$file"
        [ "$(hash_in other)" != "$here" ] || fail "$file does not count"
        cp -p "$copy/kept" "$copy/$file"
    done
    mv "$copy/models/loss/loss_focal.c" "$copy/kept"
    [ "$(hash_in other)" != "$here" ] || fail "a file may be taken away"
    mv "$copy/kept" "$copy/models/loss/loss_focal.c"
    [ "$(hash_in other)" = "$here" ] || fail "the hash does not come back"
}

flags_count_if_they_can_change_a_bit() {
    here=$(hash_in other CFLAGS=-O2)
    [ "$(hash_in other "CFLAGS=-O0 -g3 -fsanitize=address")" = "$here" ] || fail "-O0 -g3 -fsanitize=address count"
    for flag in -Ofast -march=native -mfma -funsafe-math-optimizations -DX=1; do
        [ "$(hash_in other "CFLAGS=-O2 $flag")" != "$here" ] || fail "$flag does not count"
    done
    [ "$(hash_in other CFLAGS=-O2 "FLOAT=-ffp-contract=fast")" != "$here" ] || fail "FLOAT does not count"
    [ "$(hash_in other CFLAGS=-O2 ISA_AVX2=-mavx2)" != "$here" ] || fail "the kernels' flags do not count"
}

# Whatever a deciding source includes or calls must decide as well. Only engine/config/ is left out, which gives values,
# and the key holds each of them; and the headers of engine/results/, as long as no fit calls what they declare.
no_deciding_source_is_missing() {
    (
        cd "$copy" || exit 1
        awk '/^[0-9a-f]+  /{print "list", $2}' "$build/source_hash.h.list"
        find "$build/engine" "$build/models" "$build/strategies" "$build/reports" -name '*.d' -print0 |
            xargs -0 awk '{ sub(/\\$/, ""); for (i = 1; i <= NF; i++) if ($i ~ /:$/) o = $i; else print "includes", o, $i }'
        find "$build/engine" "$build/models" "$build/strategies" "$build/reports" -name '*.o' -print0 | xargs -0 nm -A -P |
            awk '{ sub(/:$/, "", $1); print ($3 ~ /[Uw]/ ? "calls" : $3 ~ /[A-Z]/ ? "has" : "own"), $1, $2 }'
    ) | awk -v build="$build/" '
        function source(object) {
            sub(/:$/, "", object)
            if (index(object, build) == 1) object = substr(object, length(build) + 1)
            sub(/(\.(f32|f64|portable|avx2|avx512|[a-z]+blas))?\.o$/, ".c", object)
            return object
        }
        function missing(by, what, how) {
            if (what == "" || what in decides || what ~ /^engine\/config\//) return
            if (how == "includes" && (what ~ /^\/|^engine\/results\// || index(what, build) == 1)) return
            print by " decides fits and " how " " what ", which is not among DECIDING in the Makefile"
            bad = 1
        }
        $1 == "list" { decides[$2] = 1; n++ }
        $1 == "includes" && source($2) in decides { n_included++; missing(source($2), $3, "includes") }
        $1 == "has" { home[$3] = source($2) }
        $1 == "calls" && source($2) in decides { symbol[++n_calls] = $3; caller[n_calls] = source($2) }
        END {
            for (i = 1; i <= n_calls; i++) missing(caller[i], home[symbol[i]], "calls " symbol[i] " of")
            if (n < 100 || n_included < 1000 || n_calls < 1000) { print "nothing to check: " n, n_included, n_calls; bad = 1 }
            exit bad
        }' >&2
}

# ---- fits -------------------------------------------------------------------------------------------------------

a_second_run_uses_every_fit_again() {
    run_copy || return 1
    [ "$reused" = 0 ] || fail "the first run finds $reused fits"
    results >"$copy/first"
    run_copy || return 1
    [ "$reused" = "$count" ] || fail "$reused of $count fits are used again"
}

a_report_decides_no_fit() {
    echo "/* another comment */" >>"$copy/reports/text/text_table.c"
    build_copy || return 1
    grep -q 'compile reports/text/text_table.c' "$copy/make.log" || fail "the report is not built again"
    run_copy || return 1
    [ "$reused" = "$count" ] || fail "after a change of a report $reused of $count fits are used again"
}

a_commit_links_again_and_changes_no_result() {
    "$copy/gatewalk" --version | grep -q '(unknown commit, ' || fail "a commit outside a checkout: $("$copy/gatewalk" --version)"
    command -v git >/dev/null 2>&1 || { echo "no git here: nothing more to see" && return 0; }
    git -C "$copy" init -q && git -C "$copy" add Makefile &&
        git -C "$copy" -c user.name=test -c user.email=test@localhost -c commit.gpgsign=false commit -q -m one || return 1
    commit=$(git -C "$copy" rev-parse --short HEAD)
    build_copy || return 1
    "$copy/gatewalk" --version | grep -q "($commit, " || fail "--version does not name commit $commit"
    [ "$(grep -c ^compile "$copy/make.log")" = 1 ] || fail "a commit compiles more than itself: $(cat "$copy/make.log")"
    run_copy || return 1
    [ "$reused" = "$count" ] || fail "after a commit $reused of $count fits are used again"
    grep -q "\"commit\": *\"$commit\"" "$copy/run/run.json" || fail "run.json does not name commit $commit"
    rm -r "$copy/run" # fits made anew: not a byte of them tells the commit
    run_copy || return 1
    [ "$reused" = 0 ] || fail "fits out of nothing"
    results | cmp - "$copy/first" || fail "a commit changes results"
}

a_changed_kernel_fits_anew() {
    file=$copy/models/kernels/isa_optimizer.c # quick to compile, and no fit goes without it
    cp "$copy/gatewalk" "$copy/gatewalk.before"
    cp "$file" "$copy/kept"
    sed -i 's/vset1(1 \/ bias1)/vset1(1.01f \/ bias1)/' "$file"
    ! cmp -s "$file" "$copy/kept" || fail "$file has no 1 / bias1 to change: change another constant"
    build_copy || return 1
    run_copy || return 1
    [ "$reused" = 0 ] || fail "$reused of $count stale fits are used"
    ! (results | cmp -s - "$copy/first") || fail "a longer step changes no result"
    mv "$copy/gatewalk.before" "$copy/gatewalk"
    run_copy || return 1
    [ "$reused" = 0 ] || fail "$reused of $count fits of the changed kernel are used by the old one"
    results | cmp - "$copy/first" || fail "the same sources give other bytes"
}

make_copy || exit 1
check the_hash_knows_no_place_and_no_time
check every_deciding_room_counts
check flags_count_if_they_can_change_a_bit
check no_deciding_source_is_missing
check a_second_run_uses_every_fit_again
check a_report_decides_no_fit
check a_commit_links_again_and_changes_no_result
check a_changed_kernel_fits_anew
check_done
