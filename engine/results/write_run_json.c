/* run.json: how the run was made. The one file whose bytes may differ between equal runs: it holds times. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/walk/run_private.h"
#include "gatewalk/version.h"

static void put_data(struct json_writer *w, const struct experiment *e, const struct prepared *p) {
    char text[40];
    json_begin_array(w, "data");
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        const struct gw_import_report *report = &p->import[s];
        json_begin_object(w, NULL);
        json_put_string(w, "symbol", bars->symbol);
        json_put_string(w, "file", e->data[s].file);
        json_put_string(w, "format", report->format);
        json_put_int(w, "bars", (int64_t)bars->n);
        json_put_string(w, "first", bars->n ? time_format(bars->bar[0].open_ns, text) : NULL);
        json_put_string(w, "last", bars->n ? time_format(bars->bar[bars->n - 1].open_ns, text) : NULL);
        json_put_string(w, "interval", duration_format(bars->interval_ns, text));
        json_put_int(w, "gaps", (int64_t)report->n_gaps);
        json_put_int(w, "missing_bars", (int64_t)report->n_missing_bars);
        json_put_int(w, "off_grid", (int64_t)report->n_off_grid);
        json_put_int(w, "zero_volume", (int64_t)report->n_zero_volume);
        snprintf(text, sizeof text, "%016" PRIx64, bars->fingerprint);
        json_put_string(w, "fingerprint", text);
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_build(struct json_writer *w) {
    json_begin_object(w, "build");
    json_put_string(w, "version", GATEWALK_VERSION);
    json_put_string(w, "compiler", __VERSION__);
    json_put_string(w, "date", NULL); /* left out so that a build repeats */
    json_end_object(w);
    json_put_string(w, "kernels", gw_kernels_selected());
    json_put_string(w, "kernels_bf16", gw_kernels_selected_bf16());
}

static void put_phases(struct json_writer *w, const struct phase_times *t) {
    json_begin_object(w, "phases");
    json_put_number(w, "import", t->import);
    json_put_number(w, "features", t->features);
    json_put_number(w, "fits", t->fits);
    json_put_number(w, "replay", t->replay);
    json_put_number(w, "metrics", t->metrics);
    json_put_number(w, "verdict", t->verdict);
    json_put_number(w, "files", t->files);
    json_end_object(w);
}

/* Fits trained in this run: how long a stored model took is not known. */
static double training_seconds(const struct fit_list *fits, size_t strategy, uint64_t *windows) {
    double seconds = 0;
    *windows = 0;
    for (size_t i = 0; i < fits->n; i++)
        if (fits->fit[i].strategy == strategy && !fits->fit[i].reused) {
            seconds += fits->fit[i].log.seconds;
            *windows += fits->fit[i].log.windows;
        }
    return seconds;
}

/* What the strategy's models take on disk. */
static int64_t model_bytes(const struct fit_list *fits, size_t strategy) {
    int64_t bytes = 0;
    struct stat info;
    for (size_t i = 0; i < fits->n; i++)
        if (fits->fit[i].strategy == strategy && stat(fits->fit[i].model_path, &info) == 0) bytes += info.st_size;
    return bytes;
}

static void put_training_time(struct json_writer *w, const struct experiment *e, const struct fit_list *fits,
                              const struct results *r) {
    uint64_t base_windows = 0, windows;
    double base = r->baseline != SIZE_MAX ? training_seconds(fits, r->baseline, &base_windows) : NAN;
    double base_rate = base > 0 ? (double)base_windows / base : NAN;
    json_begin_array(w, "training_time");
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!strategy_trains(&e->strategy[s])) continue;
        double seconds = training_seconds(fits, s, &windows), rate = seconds > 0 ? (double)windows / seconds : NAN;
        json_begin_object(w, NULL);
        json_put_string(w, "strategy", e->strategy[s].name);
        json_put_number(w, "seconds", seconds);
        json_put_int(w, "windows", (int64_t)windows);
        json_put_number(w, "windows_per_second", rate);
        json_put_number(w, "ratio_to_baseline", base > 0 ? seconds / base : NAN);
        json_put_number(w, "ratio_per_window", base_rate / rate);
        json_put_int(w, "model_bytes", model_bytes(fits, s));
        json_end_object(w);
    }
    json_end_array(w);
}

int write_run_json(const struct experiment *e, const struct prepared *p, const struct fit_list *fits,
                   const struct results *r, const struct phase_times *times, size_t jobs, const char *status,
                   const char *dir) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_string(&w, "status", status);
    experiment_write(e, &w, "config");
    put_data(&w, e, p);
    put_build(&w);
    json_put_int(&w, "jobs", (int64_t)jobs);
    put_phases(&w, times);
    uint64_t windows = 0;
    for (size_t i = 0; i < fits->n; i++)
        if (!fits->fit[i].reused) windows += fits->fit[i].log.windows;
    json_begin_object(&w, "fits");
    json_put_int(&w, "count", (int64_t)fits->n);
    json_put_int(&w, "reused", (int64_t)fits->n_reused);
    json_put_int(&w, "windows", (int64_t)windows);
    json_put_number(&w, "windows_per_second", fits->seconds > 0 ? (double)windows / fits->seconds : NAN);
    json_end_object(&w);
    if (r) put_training_time(&w, e, fits, r);
    json_put_int(&w, "peak_memory_bytes", (int64_t)mem_peak_bytes());
    json_end_object(&w);
    fputc('\n', file.stream);
    return out_commit(&file);
}
