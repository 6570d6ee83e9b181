/* Rates of import and features on made bars. */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_private.h"
#include "engine/base/base.h"
#include "gatewalk/feature.h"
#include "gatewalk/import.h"
#include "gatewalk/labels.h"
#include "gatewalk/rng.h"

static const char *const features[] = {
    "log_return(1)", "log_return(4)",   "log_return(24)",     "ma_gap(10)",   "ma_gap(50)",       "rsi(14)",
    "atr(14)",       "bollinger_b(20)", "macd_hist(12,26,9)", "volume_z(96)", "realised_vol(96)", "range",
    "body",          "upper_wick"};

/* One-minute bars of a random walk; plain enough to make ten million of them in a second. */
int bench_random_walk(size_t n_bars, struct gw_bars *out) {
    struct gw_rng rng;
    double price = 10000;
    *out = (struct gw_bars){.symbol = "WALK", .interval_ns = NS_PER_MINUTE, .n = n_bars};
    out->bar = mem_calloc(n_bars, sizeof *out->bar);
    if (!out->bar) return GW_ERR_NOMEM;
    gw_rng_key(&rng, 1, "bench walk", 0, 0, 0);
    for (size_t t = 0; t < n_bars; t++) {
        double step = price * 0.002 * (gw_rng_uniform(&rng) - 0.5), tail = price * 0.0005 * gw_rng_uniform(&rng);
        double close = round((price + step) * 100) / 100;
        out->bar[t] = (struct gw_bar){
            .open_ns = (int64_t)t * NS_PER_MINUTE,
            .open = price,
            .high = round((fmax(price, close) + tail) * 100) / 100,
            .low = round((fmin(price, close) - tail) * 100) / 100,
            .close = close,
            .volume = 1 + floor(100 * gw_rng_uniform(&rng)),
        };
        price = close;
    }
    return GW_OK;
}

static int feature_rate(const struct gw_bars *bars, const struct bench_options *o, double *best) {
    struct gw_feature_set *set;
    TRY(gw_feature_set_parse(features, COUNT_OF(features), &set));
    double begin = clock_seconds();
    int rc = GW_OK;
    *best = 0;
    do {
        struct gw_feature_matrix matrix;
        double start = clock_seconds();
        rc = gw_feature_set_build(set, bars, &matrix);
        if (rc < 0) break;
        *best = fmax(*best, (double)bars->n / (clock_seconds() - start));
        gw_feature_matrix_free(&matrix);
    } while (clock_seconds() - begin < o->seconds);
    gw_feature_set_free(set);
    return rc;
}

static int label_rate(const struct gw_bars *bars, const struct bench_options *o, double *best) {
    struct gw_label_config config = {.horizon = 24, .ratio = 2, .min_move = 0.01, .atr_length = 14};
    double begin = clock_seconds();
    *best = 0;
    do {
        struct gw_labels labels;
        double start = clock_seconds();
        TRY(gw_labels_build(bars, &config, &labels));
        *best = fmax(*best, (double)bars->n / (clock_seconds() - start));
        gw_labels_free(&labels);
    } while (clock_seconds() - begin < o->seconds);
    return GW_OK;
}

int bench_run_features(const struct bench_options *o, struct bench_list *list) {
    struct gw_bars bars;
    double rate = 0;
    TRY(bench_random_walk(200000, &bars));
    int rc = feature_rate(&bars, o, &rate);
    if (rc == GW_OK) bench_add(list, "features, default set of 14", "", rate, "bars/s", NAN);
    if (rc == GW_OK) rc = label_rate(&bars, o, &rate);
    if (rc == GW_OK) bench_add(list, "labels", "", rate, "bars/s", NAN);
    gw_bars_free(&bars);
    return rc;
}

/* ---- import ----------------------------------------------------------------------------------- */

/* Best megabytes of source per second; with the cache, after a first import has filled it. */
static int import_rate(const char *path, bool cached, const struct bench_options *o, double *best, double *best_ms) {
    struct gw_import_options options = {.no_cache = !cached};
    struct gw_bars bars;
    struct stat info;
    if (stat(path, &info) != 0) FAIL(GW_ERR_IO, "%s: cannot be read", path);
    if (cached) TRY(gw_bars_import(path, &options, &bars, NULL));
    if (cached) gw_bars_free(&bars);
    double begin = clock_seconds(), shortest = INFINITY;
    do {
        double start = clock_seconds();
        TRY(gw_bars_import(path, &options, &bars, NULL));
        shortest = fmin(shortest, clock_seconds() - start);
        gw_bars_free(&bars);
    } while (clock_seconds() - begin < o->seconds);
    *best = (double)info.st_size / shortest / 1e6;
    *best_ms = 1e3 * shortest;
    return GW_OK;
}

/* As the exchange's archives: unix milliseconds, prices to eight places, twelve columns. */
static int write_binance_csv(const struct gw_bars *bars, const char *path) {
    struct out_file file;
    TRY(out_open(&file, path));
    for (size_t t = 0; t < bars->n; t++) {
        const struct gw_bar *bar = &bars->bar[t];
        int64_t open_ms = bar->open_ns / 1000000 + INT64_C(1500000000000);
        double volume = bar->volume + 0.00012345 * (double)(t % 8000);
        out_printf(&file, "%lld,%.8f,%.8f,%.8f,%.8f,%.8f,%lld,%.8f,%zu,%.8f,%.8f,0\n", (long long)open_ms, bar->open,
                   bar->high, bar->low, bar->close, volume, (long long)open_ms + 59999, volume * bar->close, t % 997,
                   volume / 2, volume * bar->close / 2);
    }
    return out_commit(&file);
}

static int import_rows(const char *what, const char *path, const struct bench_options *o, struct bench_list *list) {
    char text[64];
    double rate, ms;
    TRY(import_rate(path, false, o, &rate, &ms));
    snprintf(text, sizeof text, "import %s, 1 thread", what);
    bench_add(list, text, "", rate, "MB/s", NAN);
    TRY(import_rate(path, true, o, &rate, &ms));
    if (!file_exists(getenv("GATEWALK_CACHE"))) return GW_OK; /* too small a file to be kept */
    snprintf(text, sizeof text, "import %s, from the cache", what);
    bench_add(list, text, "", rate, "MB/s", NAN);
    bench_add(list, text, "", ms, "ms", NAN);
    return interrupt_check();
}

static int import_made_files(const char *folder, const struct bench_options *o, struct bench_list *list) {
    char iso[64], binance[64];
    struct gw_bars bars;
    snprintf(iso, sizeof iso, "%s/iso.csv", folder);
    snprintf(binance, sizeof binance, "%s/binance.csv", folder);
    int rc = bench_random_walk(500000, &bars);
    if (rc == GW_OK) rc = gw_bars_write_csv(&bars, iso);
    if (rc == GW_OK) rc = write_binance_csv(&bars, binance);
    gw_bars_free(&bars);
    if (rc == GW_OK) rc = import_rows("CSV with a header, ISO times", iso, o, list);
    if (rc == GW_OK) rc = import_rows("CSV as of Binance", binance, o, list);
    unlink(iso);
    unlink(binance);
    return rc;
}

/* A folder without folders in it. */
static void remove_files(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));) (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(folder);
}

/* One folder for the files and for a cache of their own, which only this bench uses. */
int bench_run_import(const struct bench_options *o, struct bench_list *list) {
    char folder[] = "/tmp/gatewalk-bench-XXXXXX", cache[64], kept[1024];
    const char *before = getenv("GATEWALK_CACHE");
    if (!mkdtemp(folder)) FAIL(GW_ERR_IO, "cannot make a folder in /tmp: %s", strerror(errno));
    snprintf(cache, sizeof cache, "%s/cache", folder);
    snprintf(kept, sizeof kept, "%s", before ? before : "");
    int rc = setenv("GATEWALK_CACHE", cache, 1) == 0 ? GW_OK : gw_error_set(GW_ERR_NOMEM, "out of memory");
    if (rc == GW_OK) rc = o->file ? import_rows("file", o->file, o, list) : import_made_files(folder, o, list);
    before ? setenv("GATEWALK_CACHE", kept, 1) : unsetenv("GATEWALK_CACHE");
    remove_files(cache);
    rmdir(folder);
    return rc;
}
