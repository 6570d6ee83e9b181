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
    size_t place;        /* in a row */
    struct clock *clock; /* NULL: fed with every bar */
    void *state;
    float last;
    /* Of a fitted feature: */
    size_t learnt_at;
    const double *learnt; /* NULL: nothing is learnt yet … */
    bool warm;            /* … and then whether there would be a value */
    double *observed;     /* [2 × its fit's number] owned, when somebody asks; of the last push */
    size_t n_observed;
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

/* Of a stream of fitted features alone others are left out. */
static bool takes_part(const struct gw_feature_set *set, size_t i, bool fitted_only, int item) {
    return (!fitted_only || set->item[i].desc->fit) && (item == FITTED_ALL || (size_t)item == i);
}

static size_t aligned_state(const struct feature_item *item) {
    return (item->desc->state_size(&item->own) + 63) / 64 * 64;
}

static void place_items(const struct gw_feature_set *set, bool fitted_only, int only,
                        struct gw_feature_stream *stream) {
    for (size_t i = 0, offset = 0; i < set->n; i++) {
        const struct feature_item *item = &set->item[i];
        if (!takes_part(set, i, fitted_only, only)) continue;
        struct stream_item *own = &stream->item[stream->n++];
        *own = (struct stream_item){.desc = item->desc, .own = &item->own, .last = NAN, .place = i};
        own->state = stream->state + offset;
        own->column = feature_has_column(item->desc) ? item->column : NO_COLUMN;
        own->learnt_at = item->learnt;
        if (item->interval_ns) own->clock = stream_clock(stream, item->interval_ns);
        offset += aligned_state(item);
    }
}

static int open_stream(const struct gw_feature_set *set, int64_t interval_ns, bool fitted_only, int only,
                       struct gw_feature_stream **out) {
    *out = NULL;
    if (interval_ns <= 0) FAIL(GW_ERR_CONFIG, "features: the bars have no interval");
    TRY(check_intervals(set, interval_ns));
    size_t bytes = 0;
    for (size_t i = 0; i < set->n; i++)
        if (takes_part(set, i, fitted_only, only)) bytes += aligned_state(&set->item[i]);
    struct gw_feature_stream *stream = mem_calloc(1, sizeof *stream);
    if (!stream) return GW_ERR_NOMEM;
    stream->n_columns = set->n_columns;
    stream->item = mem_calloc(set->n, sizeof *stream->item);
    stream->clock = mem_calloc(set->n, sizeof *stream->clock);
    stream->state = mem_calloc(bytes ? bytes : 1, 1);
    stream->state_bytes = bytes;
    if (!stream->item || !stream->clock || !stream->state) {
        gw_feature_stream_close(stream);
        return GW_ERR_NOMEM;
    }
    place_items(set, fitted_only, only, stream);
    *out = stream;
    return GW_OK;
}

int gw_feature_stream_open(const struct gw_feature_set *set, int64_t interval_ns, struct gw_feature_stream **out) {
    return open_stream(set, interval_ns, false, FITTED_ALL, out);
}

int feature_stream_open_fitted(const struct gw_feature_set *set, int64_t interval_ns, int item,
                               struct gw_feature_stream **out) {
    TRY(open_stream(set, interval_ns, true, item, out));
    if (item == FITTED_ALL) return GW_OK;
    struct stream_item *only = &(*out)->item[0];
    only->observed = mem_calloc(2 * only->desc->fit->n_observed(only->own), sizeof *only->observed);
    if (only->observed) return GW_OK;
    gw_feature_stream_close(*out);
    *out = NULL;
    return GW_ERR_NOMEM;
}

void gw_feature_stream_learnt(struct gw_feature_stream *stream, const double *learnt) {
    for (size_t i = 0; i < stream->n; i++)
        if (stream->item[i].desc->fit) stream->item[i].learnt = learnt ? learnt + stream->item[i].learnt_at : NULL;
}

const double *feature_stream_observed(const struct gw_feature_stream *stream, size_t *n) {
    *n = stream->item[0].n_observed;
    return stream->item[0].observed;
}

/* To float32; a number too large for it becomes the largest one rather than infinity. */
static float narrow(double value) {
    if (value > FLT_MAX) return FLT_MAX;
    if (value < -FLT_MAX) return -FLT_MAX;
    return (float)value;
}

static float push_fitted(struct stream_item *item, struct gw_feature_input *in) {
    in->learnt = item->learnt;
    in->observed = item->observed ? item->observed + item->n_observed * item->desc->fit->n_observed(item->own) : NULL;
    const float value = narrow(item->desc->push(item->state, item->own, in));
    item->warm = isfinite(value);
    item->n_observed += item->warm;
    return item->learnt && !item->desc->fit->values ? value : NAN;
}

static float push_item(struct stream_item *item, const struct gw_feature_input *in) {
    if (item->column == NO_COLUMN && !item->desc->fit) return narrow(item->desc->push(item->state, item->own, in));
    struct gw_feature_input own = *in;
    if (item->column != NO_COLUMN) own.column = in->columns[item->column];
    return item->desc->fit ? push_fitted(item, &own) : narrow(item->desc->push(item->state, item->own, &own));
}

void gw_feature_stream_push(struct gw_feature_stream *stream, const struct gw_feature_input *in, float *row) {
    for (size_t k = 0; k < stream->n_clocks; k++) clock_push(&stream->clock[k], in, stream->n_columns);
    for (size_t i = 0; i < stream->n; i++) {
        struct stream_item *item = &stream->item[i];
        item->n_observed = 0;
        if (!item->clock) {
            row[item->place] = push_item(item, in);
            continue;
        }
        for (size_t k = 0; k < item->clock->n_closed; k++) item->last = push_item(item, &item->clock->closed[k]);
        row[item->place] = item->last;
    }
}

bool feature_stream_complete(const struct gw_feature_stream *stream, const float *row) {
    for (size_t i = 0; i < stream->n; i++) {
        const struct stream_item *item = &stream->item[i];
        if (!isfinite(row[item->place]) && !item->warm) return false;
    }
    return true;
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
    for (size_t i = 0; stream->item && i < stream->n; i++) mem_free(stream->item[i].observed);
    mem_free(stream->state);
    mem_free(stream->clock);
    mem_free(stream->item);
    mem_free(stream);
}
