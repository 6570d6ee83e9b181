#!/usr/bin/env bash
# `gatewalk fetch` against an archive on this machine that does what archives do wrong.
# usage: tests/fetch/test_fetch.sh   (from the project's root, once the program is built)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_CACHE=off no_proxy=127.0.0.1
program=${GATEWALK_BIN:-$PWD/gatewalk} root=$PWD
if ! command -v python3 >/dev/null; then
    echo "skip: no python3, so no archive to fetch from"
    n_skipped=1 && finish
fi
scratch=$(mktemp -d) || exit 1
cd "$scratch" || exit 1
python3 "$root/tests/fetch/archive.py" log >port &
server=$!
trap 'kill $server; rm -rf "$scratch"' EXIT
for _ in $(seq 100); do [ -s port ] && break; sleep .05; done
[ -s port ] || { echo "[  FAILED  ] the archive does not start"; exit 1; }
base=http://127.0.0.1:$(cat port)
checked() { : >log && check "$1"; } # a check, with only its own requests in the archive's log
fetch() { "$program" fetch binance "$@" --base "$base" --quiet >out 2>err; }
rights() { # folder, months: each is there whole, and nothing else
    (cd "$1" && for f in *.zip; do sha256sum -c "$f.CHECKSUM" --quiet || return 1; done) || return 1
    [ "$(ls "$1" | wc -l)" -eq $((2 * $2)) ] || fail "$1 holds $(ls "$1")"
}

months_come_in_and_absent_ones_are_told() {
    fetch AAA 1h 2023-11..2024-03 || fail "$(cat err)" || return
    grep -q "^AAA-1h: 3 months fetched" out && grep -q "^2 months are not in the archive, between 2023-11 and 2023-12" out &&
        rights AAA-1h 3 || return
    : >log
    fetch AAA 1h 2024-01..2024-03 && grep -q "0 months fetched (0.0 MB), 3 were here" out || return
    [ ! -s log ] || fail "asked again: $(cat log)"
}
files_are_data_as_they_stand() { # milliseconds and microseconds side by side
    fetch AAA 1h 2024-12..2025-01 --out both || return
    "$program" inspect both --json >found || return
    grep -q '"bars": *1000' found && grep -q '"symbol": *"AAA"' found && grep -q '"first": *"2024-12' found &&
        grep -q '"last": *"2025-01' found && grep -q '"refused": *null' found
}
what_breaks_off_is_continued() {
    fetch CUT 1h 2024-01..2024-02 || fail "$(cat err)" || return
    rights CUT-1h 2 && grep -q '^CUT-1h-2024-01.zip bytes=' log
}
a_part_of_before_is_continued() {
    mkdir -p PART-1h && head -c 1000 /dev/zero >PART-1h/PART-1h-2024-01.zip.part
    fetch PART 1h 2024-01 && rights PART-1h 1 || return # its beginning was wrong: fetched again as a whole
    grep -q '^PART-1h-2024-01.zip bytes=1000-' log && grep -q '^PART-1h-2024-01.zip $' log
}
damage_on_the_disk_is_mended() {
    echo damaged >AAA-1h/AAA-1h-2024-02.zip
    fetch AAA 1h 2024-01..2024-03 && grep -q "1 months fetched (0.0 MB), 2 were here" out && rights AAA-1h 3
}
a_busy_server_is_waited_for() { fetch BUSY 1h 2024-01 && rights BUSY-1h 1; }
a_wrong_sum_is_refused() {
    fetch WRONG 1h 2024-01
    [ $? -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "SHA-256 is not the one" err && [ ! -e WRONG-1h/WRONG-1h-2024-01.zip ] &&
        [ ! -e WRONG-1h/WRONG-1h-2024-01.zip.part ]
}
nothing_there_is_an_error() {
    fetch AAA 1h 2020-01..2020-02 --out none
    [ $? -eq 3 ] && grep -q "has none of these months of AAA 1h" err
}
wrong_requests_are_refused() {
    local bad
    for bad in "AAA 1h 2024-13" "AAA 1h 2024-03..2024-01" "AAA 1h 24-01" "../x 1h 2024-01" "AAA 1/h 2024-01" "AAA 1h"; do
        fetch $bad
        [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] || fail "$bad: $(cat err)" || return
    done
    "$program" fetch binance AAA 1h 2024-01 --base file:///etc 2>err
    [ $? -eq 2 ] && grep -q "an address begins with https:// or http://" err || return
    "$program" fetch kraken AAA 1h 2024-01 2>err
    [ $? -eq 2 ] && [ ! -s log ]
}
addresses_can_be_seen_first() {
    fetch AAA 1h 2024-01..2024-02 --dry-run && [ ! -s log ] &&
        [ "$(sed -n 2p out)" = "$base/data/spot/monthly/klines/AAA/1h/AAA-1h-2024-02.zip" ]
}

checked months_come_in_and_absent_ones_are_told
checked files_are_data_as_they_stand
checked what_breaks_off_is_continued
checked a_part_of_before_is_continued
checked damage_on_the_disk_is_mended
checked a_busy_server_is_waited_for
checked a_wrong_sum_is_refused
checked nothing_there_is_an_error
checked wrong_requests_are_refused
checked addresses_can_be_seen_first
finish
