#!/usr/bin/env bash
# The cache's file of bars is written into or cut short while a run reads from it: the run ends with one line that says so, and
# never with other numbers. The hand that does it is a plugin's, so that it comes at a known moment. Closes with the lines that
# .ci/run-tests reads.
# usage: tests/market/test_cache_changed.sh   (from the project's root)
set -u
. tests/checks.sh
export LC_ALL=C GATEWALK_STORE=off
gatewalk=$PWD/gatewalk
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cp -r include "$scratch/" && cd "$scratch" || exit 1
export GATEWALK_CACHE=$scratch/cache
cat >hand.c <<'END'
#include <gatewalk/plugin.h>

#include <stdlib.h>
#include <fcntl.h>
#include <unistd.h>

/* At its first bar, what the variables say: a byte of a price in the middle of the file, or its end. */
static const char *on_bar(void *memory, const struct gw_plugin_setting *setting, const struct gw_plugin_bar *bar,
                          struct gw_order_sink *orders) {
    const char *entry = getenv("ENTRY"), *cut = getenv("CUT");
    static int done;
    (void)memory, (void)setting, (void)bar, (void)orders;
    if (done++ || !entry) return 0;
    if (cut) return truncate(entry, atol(cut)) == 0 ? 0 : "no truncation";
    int fd = open(entry, O_WRONLY);
    return fd >= 0 && pwrite(fd, "x", 1, lseek(fd, 0, SEEK_END) / 2) == 1 && close(fd) == 0 ? 0 : "no writing";
}

GW_PLUGIN_EXPORT = {.abi = GW_PLUGIN_ABI, GW_PLUGIN_SIZES, .help = "none", .state_size = 8, .on_bar = on_bar};
END
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -Wall -fPIC -shared -Iinclude hand.c -o hand.so || exit 1
"$gatewalk" synth garch --bars 4000 --seed 3 --out bars.csv >/dev/null || exit 1
cat >e.json <<'END'
{"name": "own", "data": "bars.csv", "features": ["log_return(1)"], "labels": {"horizon": 10, "min_move": 0.004},
 "folds": {"train": 1000, "validation": 400, "test": 1000}, "verdict": {"bootstrap": 100, "random_entries": 0, "confidence": 0.9},
 "strategies": [{"name": "hand", "plugin": "./hand.so"}, "sma_cross"]}
END
run() { "$gatewalk" run e.json --no-report --quiet --out "$1" >out 2>err; }
run filled && entry=$(echo cache/*.npy) && [ -f "$entry" ] && cp "$entry" kept || exit 1

left_alone_it_has_the_same_numbers() { run alone && cmp filled/summary.json alone/summary.json && cmp filled/equity.csv alone/equity.csv; }
ended() { # folder, what the line says
    local status=$?
    [ $status = 1 ] && [ "$(grep -c '^gatewalk: ' err)" = 1 ] && grep -q "$2" err && [ ! -e "$1/summary.json" ] || { echo "exit $status: $(cat err)" && return 1; }
}
written_into_it_ends_the_run() { cp kept "$entry" && ENTRY=$entry run written; ended written 'bars were changed in the import cache'; }
cut_short_it_ends_the_run() { cp kept "$entry" && ENTRY=$entry CUT=100 run cut; ended cut "^gatewalk: .*/$entry: was cut short"; }
# The rest of the last page reads as zeros, without a signal.
cut_within_a_page_it_ends_the_run() {
    local size
    size=$(stat -c %s kept) && cp kept "$entry" && ENTRY=$entry CUT=$((size / 4096 * 4096 - 4000)) run page
    [ $? = 1 ] && [ "$(grep -c '^gatewalk: ' err)" = 1 ] && [ ! -e page/summary.json ]
}
afterwards_it_is_imported_again() { cp kept "$entry" && truncate -s 100 "$entry" && run again && cmp filled/summary.json again/summary.json && cmp kept "$entry"; }

check left_alone_it_has_the_same_numbers
check written_into_it_ends_the_run
check cut_short_it_ends_the_run
check cut_within_a_page_it_ends_the_run
check afterwards_it_is_imported_again
finish
