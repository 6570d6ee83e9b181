/* Features computed bar by bar. Building a whole history is the same stream fed in a loop, so both give
 * the same bits.
 *
 * A feature "@1h" is fed by a clock that gathers base bars into one-hour buckets, each into the one it closes in,
 * as gw_bars_resample does: off the grid a bar may open in an earlier one. A bucket is handed on when it is KNOWN to
 * be complete: with the bar that closes at its end, else with the first bar of a later bucket. Between those
 * moments the last value holds. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/base.h"
#include "feature_set.h"

struct clock {
    int64_t interval_ns;
    bool open; /* a bucket is being gathered */
    struct gw_bar bucket;
    double quote_volume, trade_count, taker_buy_base;
    double column[GW_COLUMNS_MAX]; /* as known last */
    /* Closed by the last push: at most the bucket left behind by a gap and the one this bar completes. */
    size_t n_closed;
    struct gw_bar closed_bar[2];
    struct gw_feature_input closed[2];
    double closed_column[2][GW_COLUMNS_MAX];
};

struct stream_item {
    const struct gw_feature_desc *desc;
    const void *own;     /* in the set */
    size_t column;       /* NO_COLUMN: it takes none */
    struct clock *clock; /* NULL: fed with every bar */
    void *state;
    float last;
};

static const size_t NO_COLUMN = SIZE_MAX;

struct gw_feature_stream {
    size_t n, n_clocks, n_columns;
    struct stream_item *item; /* [n] */
    struct clock *clock;      /* [n_clocks], one per distinct interval */
    char *state;              /* all states, each 64-byte aligned */
    size_t state_bytes;
};

/* ---- clock -------------------------------------------------------------------------------- */

static int64_t bucket_begin(int64_t close_ns, int64_t interval_ns) {
    int64_t last_ns = close_ns - 1, rest = last_ns % interval_ns;
    return last_ns - (rest < 0 ? rest + interval_ns : rest);
}

static void clock_close(struct clock *clock) {
    size_t k = clock->n_closed++;
    clock->closed_bar[k] = clock->bucket;
    clock->closed[k] = (struct gw_feature_input){
        .bar = &clock->closed_bar[k],
        .close_ns = clock->bucket.open_ns + clock->interval_ns,
        .quote_volume = clock->quote_volume,
        .trade_count = clock->trade_count,
        .taker_buy_base = clock->taker_buy_base,
        .columns = clock->closed_column[k],
    };
    memcpy(clock->closed_column[k], clock->column, sizeof clock->column);
    clock->open = false;
}

static void clock_gather(struct clock *clock, const struct gw_feature_input *in, size_t n_columns, int64_t begin_ns) {
    const struct gw_bar *bar = in->bar;
    if (n_columns) memcpy(clock->column, in->columns, n_columns * sizeof *clock->column);
    if (!clock->open) {
        clock->bucket = *bar;
        clock->bucket.open_ns = begin_ns;
        clock->quote_volume = in->quote_volume;
        clock->trade_count = in->trade_count;
        clock->taker_buy_base = in->taker_buy_base;
        clock->open = true;
        return;
    }
    struct gw_bar *bucket = &clock->bucket;
    if (bar->high > bucket->high) bucket->high = bar->high;
    if (bar->low < bucket->low) bucket->low = bar->low;
    bucket->close = bar->close;
    bucket->volume += bar->volume;
    clock->quote_volume += in->quote_volume;
    clock->trade_count += in->trade_count;
    clock->taker_buy_base += in->taker_buy_base;
}

static void clock_push(struct clock *clock, const struct gw_feature_input *in, size_t n_columns) {
    int64_t begin_ns = bucket_begin(in->close_ns, clock->interval_ns);
    clock->n_closed = 0;
    if (clock->open && clock->bucket.open_ns != begin_ns) clock_close(clock);
    clock_gather(clock, in, n_columns, begin_ns);
    if (in->close_ns >= begin_ns + clock->interval_ns) clock_close(clock);
}

/* ---- stream ------------------------------------------------------------------------------- */

static int check_intervals(const struct gw_feature_set *set, int64_t interval_ns) {
    char base[40], own[40];
    for (size_t i = 0; i < set->n; i++) {
        const struct feature_item *item = &set->item[i];
        if (item->interval_ns % interval_ns)
            FAIL(GW_ERR_CONFIG, "features: \"%s\": the interval %s is not a multiple of the bars' %s", item->name,
                 duration_format(item->interval_ns, own), duration_format(interval_ns, base));
        if (item->interval_ns != interval_ns) continue;
        for (size_t j = 0; j < set->n; j++)
            if (!set->item[j].interval_ns && set->item[j].desc == item->desc && set->item[j].column == item->column &&
                !memcmp(&set->item[j].own, &item->own, sizeof item->own))
                FAIL(GW_ERR_CONFIG, "features: \"%s\" is the same as \"%s\" on bars of %s; remove one", item->name,
                     set->item[j].name, duration_format(interval_ns, base));
    }
    return GW_OK;
}

static struct clock *stream_clock(struct gw_feature_stream *stream, int64_t interval_ns) {
    for (size_t k = 0; k < stream->n_clocks; k++)
        if (stream->clock[k].interval_ns == interval_ns) return &stream->clock[k];
    struct clock *clock = &stream->clock[stream->n_clocks++];
    clock->interval_ns = interval_ns;
    return clock;
}

static size_t aligned_state(const struct feature_item *item) {
    return (item->desc->state_size(&item->own) + 63) / 64 * 64;
}

int gw_feature_stream_open(const struct gw_feature_set *set, int64_t interval_ns, struct gw_feature_stream **out) {
    *out = NULL;
    if (interval_ns <= 0) FAIL(GW_ERR_CONFIG, "features: the bars have no interval");
    TRY(check_intervals(set, interval_ns));
    size_t bytes = 0;
    for (size_t i = 0; i < set->n; i++) bytes += aligned_state(&set->item[i]);
    struct gw_feature_stream *stream = mem_calloc(1, sizeof *stream);
    if (!stream) return GW_ERR_NOMEM;
    stream->n = set->n;
    stream->n_columns = set->n_columns;
    stream->item = mem_calloc(set->n, sizeof *stream->item);
    stream->clock = mem_calloc(set->n, sizeof *stream->clock);
    stream->state = mem_calloc(bytes ? bytes : 1, 1);
    stream->state_bytes = bytes;
    if (!stream->item || !stream->clock || !stream->state) {
        gw_feature_stream_close(stream);
        return GW_ERR_NOMEM;
    }
    for (size_t i = 0, offset = 0; i < set->n; offset += aligned_state(&set->item[i]), i++) {
        const struct feature_item *item = &set->item[i];
        stream->item[i] = (struct stream_item){.desc = item->desc, .own = &item->own, .last = NAN};
        stream->item[i].state = stream->state + offset;
        stream->item[i].column = item->desc->takes_column ? item->column : NO_COLUMN;
        if (item->interval_ns) stream->item[i].clock = stream_clock(stream, item->interval_ns);
    }
    *out = stream;
    return GW_OK;
}

/* To float32; a number too large for it becomes the largest one rather than infinity. */
static float narrow(double value) {
    if (value > FLT_MAX) return FLT_MAX;
    if (value < -FLT_MAX) return -FLT_MAX;
    return (float)value;
}

static float push_item(struct stream_item *item, const struct gw_feature_input *in) {
    if (item->column == NO_COLUMN) return narrow(item->desc->push(item->state, item->own, in));
    struct gw_feature_input own = *in;
    own.column = in->columns[item->column];
    return narrow(item->desc->push(item->state, item->own, &own));
}

void gw_feature_stream_push(struct gw_feature_stream *stream, const struct gw_feature_input *in, float *row) {
    for (size_t k = 0; k < stream->n_clocks; k++) clock_push(&stream->clock[k], in, stream->n_columns);
    for (size_t i = 0; i < stream->n; i++) {
        struct stream_item *item = &stream->item[i];
        if (!item->clock) {
            row[i] = push_item(item, in);
            continue;
        }
        for (size_t k = 0; k < item->clock->n_closed; k++) item->last = push_item(item, &item->clock->closed[k]);
        row[i] = item->last;
    }
}

/* ---- state as bytes ----------------------------------------------------------------------- */

/* Every number of a stream that is not of the set: states, clocks, values that hold. */
struct stream_head {
    uint64_t n, n_clocks, state_bytes;
};

size_t gw_feature_stream_state_size(const struct gw_feature_stream *stream) {
    return sizeof(struct stream_head) + stream->state_bytes + stream->n_clocks * sizeof *stream->clock +
           (stream->n * sizeof(float) + 7) / 8 * 8;
}

void gw_feature_stream_put(const struct gw_feature_stream *stream, void *bytes) {
    struct stream_head head = {stream->n, stream->n_clocks, stream->state_bytes};
    char *at = bytes;
    memset(bytes, 0, gw_feature_stream_state_size(stream));
    memcpy(at, &head, sizeof head);
    memcpy(at += sizeof head, stream->state, stream->state_bytes);
    at += stream->state_bytes;
    for (size_t k = 0; k < stream->n_clocks; k++, at += sizeof(struct clock)) {
        struct clock clock = stream->clock[k];
        clock.n_closed = 0; /* what a push closed is its own, with pointers in it */
        memset(clock.closed, 0, sizeof clock.closed);
        memset(clock.closed_column, 0, sizeof clock.closed_column);
        memcpy(at, &clock, sizeof clock);
    }
    for (size_t i = 0; i < stream->n; i++, at += sizeof(float)) memcpy(at, &stream->item[i].last, sizeof(float));
}

bool gw_feature_stream_take(struct gw_feature_stream *stream, const void *bytes) {
    struct stream_head head;
    const char *at = bytes;
    memcpy(&head, at, sizeof head);
    if (head.n != stream->n || head.n_clocks != stream->n_clocks || head.state_bytes != stream->state_bytes)
        return false;
    memcpy(stream->state, at += sizeof head, stream->state_bytes);
    at += stream->state_bytes;
    for (size_t k = 0; k < stream->n_clocks; k++, at += sizeof(struct clock)) {
        struct clock *own = &stream->clock[k], clock;
        unsigned char open;
        memcpy(&open, at + offsetof(struct clock, open), 1); /* any other byte is no bool */
        memcpy(&clock, at, sizeof clock);
        own->open = open == 1;
        own->bucket = clock.bucket;
        own->quote_volume = clock.quote_volume;
        own->trade_count = clock.trade_count;
        own->taker_buy_base = clock.taker_buy_base;
        memcpy(own->column, clock.column, sizeof own->column);
        own->n_closed = 0;
    }
    for (size_t i = 0; i < stream->n; i++, at += sizeof(float)) memcpy(&stream->item[i].last, at, sizeof(float));
    return true;
}

void gw_feature_stream_close(struct gw_feature_stream *stream) {
    if (!stream) return;
    mem_free(stream->state);
    mem_free(stream->clock);
    mem_free(stream->item);
    mem_free(stream);
}

/* ---- whole history ------------------------------------------------------------------------ */

int feature_set_check_columns(const struct gw_feature_set *set, const struct gw_bars *bars) {
    for (size_t i = 0; i < set->n; i++) {
        const struct gw_feature_desc *desc = set->item[i].desc;
        bool unknown = bars->n && isnan(bars->bar[0].volume); /* a source without volume */
        const char *lacks = desc->needs_volume && unknown                     ? "volume"
                            : desc->needs_taker_buy && !bars->taker_buy_base  ? "taker-buy volume"
                            : desc->needs_quote_volume && !bars->quote_volume ? "quote volume"
                            : desc->needs_trade_count && !bars->trade_count   ? "trade counts"
                                                                              : NULL;
        if (lacks)
            FAIL(GW_ERR_CONFIG, "features: \"%s\" needs %s, which the data of %s does not have; leave it out",
                 set->item[i].name, lacks, bars->symbol);
    }
    for (size_t i = 0; i < set->n; i++)
        if (set->item[i].desc->takes_column && !gw_bars_column(bars, set->column[set->item[i].column]))
            FAIL(GW_ERR_CONFIG,
                 set->item[i].desc->market
                     ? "features: \"%s\" looks at other symbols, and there are bars of %s alone (column \"%s\")"
                     : "features: \"%s\": the data of %s have no column \"%s\"",
                 set->item[i].name, bars->symbol, set->column[set->item[i].column]);
    return GW_OK;
}

static bool row_finite(const float *row, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(row[i])) return false;
    return true;
}

int gw_feature_set_build(const struct gw_feature_set *set, const struct gw_bars *bars, struct gw_feature_matrix *out) {
    struct gw_feature_stream *stream = NULL;
    *out = (struct gw_feature_matrix){.n_bars = bars->n, .n_features = set->n, .warmup = bars->n};
    TRY(feature_set_check_columns(set, bars));
    TRY(gw_feature_stream_open(set, bars->interval_ns, &stream));
    out->value = mem_calloc(bars->n ? bars->n * set->n : 1, sizeof *out->value);
    if (!out->value) {
        gw_feature_stream_close(stream);
        return GW_ERR_NOMEM;
    }
    const double *from[GW_COLUMNS_MAX];
    double columns[GW_COLUMNS_MAX];
    for (size_t c = 0; c < set->n_columns; c++) from[c] = gw_bars_column(bars, set->column[c]);
    for (size_t t = 0; t < bars->n; t++) {
        for (size_t c = 0; c < set->n_columns; c++) columns[c] = from[c][t];
        struct gw_feature_input in = {
            .bar = &bars->bar[t],
            .close_ns = gw_bar_close_ns(bars, t),
            .quote_volume = bars->quote_volume ? bars->quote_volume[t] : NAN,
            .trade_count = bars->trade_count ? bars->trade_count[t] : NAN,
            .taker_buy_base = bars->taker_buy_base ? bars->taker_buy_base[t] : NAN,
            .columns = columns,
        };
        float *row = out->value + t * set->n;
        gw_feature_stream_push(stream, &in, row);
        if (out->warmup == bars->n && row_finite(row, set->n)) out->warmup = t;
    }
    gw_feature_stream_close(stream);
    return GW_OK;
}

void gw_feature_matrix_free(struct gw_feature_matrix *matrix) {
    mem_free(matrix->value);
    *matrix = (struct gw_feature_matrix){0};
}
