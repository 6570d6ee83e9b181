/* Synthetic markets: 15-minute bars from 2020-01-01 on, the same bytes for the same options. */
#include "synth.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#define SYNTH_KIND(kind) extern const struct synth_kind synth_kind_##kind;
#include "synth.def"
#undef SYNTH_KIND

static const struct synth_kind *const kinds[] = {
#define SYNTH_KIND(kind) &synth_kind_##kind,
#include "synth.def"
#undef SYNTH_KIND
};

static const double FIRST_PRICE = 10000;
static const int64_t INTERVAL_NS = 15 * NS_PER_MINUTE;
/* Ends in the year 2261, where int64 nanoseconds end. */
static const size_t N_BARS_MAX = 8000000;

size_t gw_synth_kind_count(void) { return COUNT_OF(kinds); }
const char *gw_synth_kind_name(size_t i) { return kinds[i]->name; }
const char *gw_synth_kind_help(size_t i) { return kinds[i]->help; }

/* ---- bars ---------------------------------------------------------------------------------- */

/* Seven significant digits. Dividing by a power of ten gives the double nearest to the decimal. */
static double quote(double price) {
    static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    int places = 6 - (int)floor(log10(price));
    if (places < 0) places = 0;
    if (places >= (int)COUNT_OF(power)) places = COUNT_OF(power) - 1;
    return round(price * power[places]) / power[places];
}

void synth_put(struct gw_bars *bars, size_t i, const struct synth_step *step) {
    struct gw_bar *bar = &bars->bar[i];
    bar->open_ns = time_from_civil(2020, 1, 1) + (int64_t)i * bars->interval_ns;
    bar->open = i ? bars->bar[i - 1].close : FIRST_PRICE;
    bar->close = quote(fmin(fmax(bar->open * exp(step->log_return), 1e-3), 1e12));
    bar->high = fmax(fmax(bar->open, bar->close), quote(fmax(bar->open, bar->close) * exp(step->reach_up)));
    bar->low = fmin(fmin(bar->open, bar->close), quote(fmin(bar->open, bar->close) * exp(-step->reach_down)));
    bar->volume = round(step->volume * 1000) / 1000;
}

/* ---- entry --------------------------------------------------------------------------------- */

static int find_kind(const char *name, const struct synth_kind **kind) {
    const char *names[COUNT_OF(kinds)];
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        names[i] = kinds[i]->name;
        *kind = kinds[i];
        if (strcmp(name, names[i]) == 0) return GW_OK;
    }
    const char *near = nearest_word(name, names, COUNT_OF(kinds));
    if (near) FAIL(GW_ERR_USAGE, "unknown synthetic market \"%s\"; did you mean \"%s\"?", name, near);
    FAIL(GW_ERR_USAGE, "unknown synthetic market \"%s\"; there are planted, shapes, random-walk and garch", name);
}

int gw_synth_generate(const struct gw_synth_options *options, struct gw_bars *out, struct gw_synth_truth *truth) {
    const struct synth_kind *kind;
    struct gw_synth_truth unwanted;
    *out = (struct gw_bars){0};
    if (!truth) truth = &unwanted;
    *truth = (struct gw_synth_truth){0};
    TRY(find_kind(options->kind ? options->kind : "planted", &kind));
    if (options->evidence && strcmp(kind->name, "planted") != 0)
        FAIL(GW_ERR_USAGE, "evidence in bars of \"%s\" is planted in a planted market only, not in \"%s\"",
             options->evidence, kind->name);
    if (options->n_bars < 1 || options->n_bars > N_BARS_MAX)
        FAIL(GW_ERR_USAGE, "%zu bars: ask for 1 to %zu", options->n_bars, N_BARS_MAX);
    if (!(options->volatility >= 0 && options->volatility <= 0.1))
        FAIL(GW_ERR_USAGE, "volatility %g: the standard deviation of a bar's return must lie in 0 to 0.1",
             options->volatility);
    snprintf(out->symbol, sizeof out->symbol, "%s", kind->name);
    out->interval_ns = INTERVAL_NS;
    out->n = options->n_bars;
    out->bar = mem_calloc(out->n, sizeof *out->bar);
    int rc = out->bar ? kind->fill(options, out, truth) : GW_ERR_NOMEM;
    if (rc == GW_OK) gw_bars_fingerprint(out);
    if (rc != GW_OK) gw_bars_free(out);
    if (rc != GW_OK || truth == &unwanted) gw_synth_truth_free(truth);
    return rc;
}

void gw_synth_truth_free(struct gw_synth_truth *truth) {
    if (!truth) return;
    mem_free(truth->event);
    mem_free(truth->shape);
    *truth = (struct gw_synth_truth){0};
}

static void write_events(const struct gw_bars *bars, const struct gw_synth_truth *truth, struct out_file *file) {
    char time[40];
    out_printf(file, "time,bar,trigger,motif,side,lag\n");
    for (size_t i = 0; i < truth->n; i++) {
        const struct gw_synth_event *event = &truth->event[i];
        out_printf(file, "%s,%zu,%d,%d,%d,%d\n", time_format(bars->bar[event->bar].open_ns, time), event->bar,
                   event->trigger, event->motif, event->side, event->lag);
    }
}

static void write_shapes(const struct gw_bars *bars, const struct gw_synth_truth *truth, struct out_file *file) {
    char time[40], amplitude[32];
    out_printf(file, "time,bar,kind,length,amplitude,side,followed\n");
    for (size_t i = 0; i < truth->n_shapes; i++) {
        const struct gw_synth_shape *shape = &truth->shape[i];
        out_printf(file, "%s,%zu,%u,%u,%s,%d,%d\n", time_format(bars->bar[shape->bar].open_ns, time), shape->bar,
                   shape->kind, shape->length, number_format(shape->amplitude, amplitude), shape->side,
                   shape->followed);
    }
}

int gw_synth_truth_write(const struct gw_bars *bars, const struct gw_synth_truth *truth, const char *path) {
    struct out_file file;
    TRY(out_open(&file, path));
    if (truth->shape)
        write_shapes(bars, truth, &file);
    else
        write_events(bars, truth, &file);
    return out_commit(&file);
}
