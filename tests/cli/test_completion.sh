#!/usr/bin/env bash
# What is made of the table of commands: --help, the man page and the completions name the same options, and bash
# completes with them. usage: tests/cli/test_completion.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export LC_ALL=C.UTF-8
program=$PWD/gatewalk
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

"$program" help --man >"$scratch/gatewalk.1" && "$program" help --completion bash >"$scratch/bash" &&
    "$program" help --completion zsh >"$scratch/zsh" && "$program" help --completion fish >"$scratch/fish" || exit 1
commands=$("$program" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
options_of() { "$program" "$1" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'; }

every_option_is_everywhere() {
    local command option n=0
    for command in $commands; do
        for option in $(options_of "$command"); do
            n=$((n + 1))
            grep -q -- "--$option " <(grep "^    $command:\*" "$scratch/bash") || fail "bash: $command lacks --$option" || return
            sed -n "/^$command)/,/;;/p" "$scratch/zsh" | grep -q -- "'\*--$option\[" || fail "zsh: $command lacks --$option" || return
            grep -q -- "from $command' -l $option " "$scratch/fish" || fail "fish: $command lacks --$option" || return
            sed -n "/^\.SS gatewalk $command /,/^\.SS/p" "$scratch/gatewalk.1" | tr -d '\\' | grep -q -- "^\.B --$option" ||
                fail "man page: $command lacks --$option" || return
        done
    done
    [ $n -ge 30 ] || fail "only $n options found in --help"
}
man_page_has_no_warning() {
    command -v groff >/dev/null || { echo "skipped: no groff" && return 77; }
    local said
    said=$(groff -man -ww -k -Tutf8 "$scratch/gatewalk.1" 2>&1 >"$scratch/man.txt")
    [ -z "$said" ] || fail "$said" || return
    [ "$(wc -l <"$scratch/man.txt")" -gt 100 ]
}
shells_can_read_them() {
    local shell
    bash -n "$scratch/bash" || return
    for shell in zsh fish; do
        command -v $shell >/dev/null || { echo "not read by $shell: it is not here" && continue; }
        $shell -n "$scratch/$shell" || return
    done
}
unknown_shell_is_refused() {
    "$program" help --completion tcsh >/dev/null 2>"$scratch/err"
    [ $? -eq 2 ] && grep -q 'tcsh.*bash' "$scratch/err"
}

# ---- bash, as readline would ask it ----------------------------------------------------------------------------

. "$scratch/bash"
offered() { # words of the line; prints what is offered for the last one, sorted
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _gatewalk
    printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd, -
}
expect() { # what, words...
    local got
    got=$(cd "$scratch/files" && offered "${@:2}")
    [ "$got" = "$1" ] || fail "${*:2}: offered \"$got\", not \"$1\""
}
mkdir -p "$scratch/files/folder" && touch "$scratch/files/"{"my experiment.json",bars.csv,small.json}
bash_completes() {
    expect run,runs gatewalk ru &&
        expect replay,report,run,runs gatewalk r &&
        expect --kernels gatewalk run --ker &&
        expect portable gatewalk run --kernels po &&
        expect sma_cross gatewalk run --strategies sm &&
        expect 'folder,my experiment.json,small.json' gatewalk run '' &&
        expect 'my experiment.json' gatewalk folds m &&
        expect 'bars.csv,folder,my experiment.json,small.json' gatewalk run small.json --data '' &&
        expect folder gatewalk report '' &&
        expect metrics,models gatewalk list m &&
        expect '' gatewalk run --seeds '' &&
        expect bash gatewalk help --completion b
}
subjects_are_offered() {
    local subject
    for subject in $("$program" list --help | sed -n 's/^SUBJECT: //p'); do
        expect "$subject" gatewalk list "$subject" || return
    done
}

check every_option_is_everywhere
check man_page_has_no_warning
check shells_can_read_them
check unknown_shell_is_refused
check bash_completes
check subjects_are_offered
finish
