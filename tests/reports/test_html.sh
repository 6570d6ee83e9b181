#!/usr/bin/env bash
# report.html: what is in it, taken apart with Python's standard library, and what it does, in a headless Chromium where there is one.
# usage: tests/reports/test_html.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export LC_ALL=C.UTF-8 GATEWALK_CACHE=off GATEWALK_STORE=off
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD tests=$PWD/tests/reports
[ -w /dev/shm ] && TMPDIR=${TMPDIR:-/dev/shm}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
page() { (cd "$root" && python3 "$tests/page.py" "$@"); }
if ! command -v python3 >/dev/null || ! command -v gnuplot >/dev/null; then
    echo "skip: no python3 or no gnuplot here"
    n_skipped=1 && finish
fi

cd "$scratch" || exit 1
line_separator=$(printf '\342\200\250')
title="</script><script>hacked=1</script><img src=x onerror=hacked=1> & 'quoted' --> ]]>$line_separator."
cat >run.json <<EXPERIMENT
{"name": "page", "title": "$title",
 "data": [{"file": "ONE.csv", "symbol": "ONE"}, {"file": "TWO.csv", "symbol": "TWO"}],
 "features": ["log_return(1)", "rsi(14)", "range"], "labels": {"horizon": 8, "ratio": 1.5, "min_move": 0.003},
 "folds": {"mode": "rolling", "train": 400, "validation": 100, "test": 150}, "signals": {"k": [5, 10], "act_on": 10},
 "model": {"lookback": 12, "hidden": 4, "attention_units": 4}, "training": {"epochs": 1, "batch_size": 64},
 "verdict": {"bootstrap": 100, "null_resamples": 20, "random_entries": 20, "importance": false}, "seeds": 2,
 "strategies": [{"name": "plain", "strategy": "gate", "model": {"attention": "none"}},
                {"name": "looking", "strategy": "gate", "model": {"attention": "bahdanau"}}, "sma_cross"]}
EXPERIMENT
"$program" synth random-walk --bars 900 --seed 5 --out ONE.csv >/dev/null &&
    "$program" synth garch --bars 950 --seed 6 --out TWO.csv >/dev/null &&
    "$program" run run.json --out o --quiet >said || { cat said && exit 1; }
pictures=$(($(ls o/plots | grep -c '\.png$') - $(ls o/plots | grep -c '^summary')))

the_library_is_the_one_that_was_published() {
    (cd "$root/reports/html/vendor/uplot" && sha256sum --quiet --strict -c SHA256SUMS) || return
    [ "$(grep -vc '^#' "$root/reports/html/vendor/uplot/SHA256SUMS")" -eq 3 ]
}
a_run_leaves_the_page_and_says_where() { grep -q "^ *o/report.html$" said && [ -s o/report.html ]; }
nothing_in_it_loads_or_runs_but_its_own_script() { page structure "$scratch/o/report.html" "$pictures"; }
a_hostile_title_is_text() { page title "$scratch/o/report.html" "$title"; }
its_numbers_are_those_of_the_files() { page numbers "$scratch/o/report.html" "$scratch/o" ONE "$scratch/ONE.csv" TWO "$scratch/TWO.csv"; }

it_has_the_words_of_the_terminal() {
    "$program" report o --text >words
    python3 - <<'END'
import html, re
text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", open("o/report.html", encoding="utf-8").read().split("<div id=words>")[1].split("<section id=chart>")[0])))
said = open("words", encoding="utf-8").read()
answer = re.sub(r"\s+", " ", said.split("\n\n")[1])
assert len(answer) > 100 and answer in text, answer
shown = set(re.findall(r"[-+±]?\d+\.\d+", text))
missing = [n for n in re.findall(r"[-+±]?\d+\.\d+", said) if n not in shown]
assert len(shown) > 60 and not missing, missing
END
}

the_same_run_has_the_same_bytes_and_options_choose() {
    mv o/report.html first.html && rm o/report.pdf
    "$program" report o --no-html >out && [ ! -e o/report.html ] && [ -s o/report.pdf ] || return
    "$program" report o --only equity >out && [ ! -e o/report.html ] || return
    "$program" report o --html >out && cmp o/report.html first.html && [ "$(cat out)" = "report: o/report.html" ] || return
    [ -z "$(find o -name '*.tmp*' -o -name '.*' -type f)" ]
}

without_bars_it_says_so_and_has_everything_else() {
    cp -r o b && rm b/bars.csv && "$program" report b --html >out || return
    grep -q '"note":"Candles are missing: bars.csv is not there or lacks 2 of 2 symbols' b/report.html || return
    page numbers "$scratch/b/report.html" "$scratch/b" || return
    grep -v ',TWO,' o/bars.csv >b/bars.csv && "$program" report b --html >out && page numbers "$scratch/b/report.html" "$scratch/b" ONE "$scratch/ONE.csv" || return
    grep -q 'lacks 1 of 2 symbols' b/report.html
}

without_gnuplot_it_has_no_pictures() {
    mkdir -p none && cp -r o p && rm p/report.html
    PATH=$scratch/none "$program" report p >out 2>err && return 1
    /bin/grep -q "gnuplot is not installed" err && page structure "$scratch/p/report.html" &&
        grep -q "There are none: gnuplot was not installed" p/report.html && [ ! -e p/plots/none ]
}

# Names in a run directory are whatever somebody wrote there.
hostile_names_are_text() {
    cp -r o h && cd h || return
    sed -i "s/,ONE,/,<img\/src=x\/onerror=hacked=1>$line_separator,/; s/\(^\|,\)looking,/\1<\/script><svg\/onload=hacked=1>,/" *.csv
    sed -i "s/\"ONE\"/\"<img\/src=x\/onerror=hacked=1>$line_separator\"/"' ; s/"looking"/"<\/script><svg\/onload=hacked=1>"/' summary.json
    cd .. && "$program" report h --html >out && page structure "$scratch/h/report.html" "$pictures" || return
    page numbers "$scratch/h/report.html" "$scratch/h" TWO "$scratch/TWO.csv"
}

for name in the_library_is_the_one_that_was_published a_run_leaves_the_page_and_says_where nothing_in_it_loads_or_runs_but_its_own_script \
    a_hostile_title_is_text its_numbers_are_those_of_the_files it_has_the_words_of_the_terminal \
    the_same_run_has_the_same_bytes_and_options_choose without_bars_it_says_so_and_has_everything_else \
    without_gnuplot_it_has_no_pictures hostile_names_are_text; do
    check $name
done
# A browser says for itself what failed, how much passed, and whether there is one.
if python3 "$tests/look.py" o/report.html h/report.html >looked 2>&1; then :; else n_failed=$((n_failed + 1)); fi
grep -v "^passed" looked
n_passed=$((n_passed + $(grep -c "^passed" looked)))
grep -q "^skip" looked && n_skipped=1
finish
