/* Features: what the models see. Each is a streaming machine fed one CLOSED bar at a time, so the
 * whole-history and the bar-by-bar computation are the same code and the same bits. */
#ifndef GATEWALK_FEATURES_H
#define GATEWALK_FEATURES_H

#include "bars.h"
#include "folds.h"
#include "labels.h"
#include "param.h"

GW_BEGIN_DECLS

enum { GW_FEATURE_PARAMS_MAX = 4, GW_FEATURE_NAME_MAX = 64, GW_FEATURE_LENGTH_MAX = 20000 };

/* A bar as a feature may see it: the record plus the optional columns (NaN when the source lacks them). */
struct gw_feature_input {
    const struct gw_bar *bar;
    int64_t close_ns;
    double quote_volume, trade_count, taker_buy_base;
    const double *columns; /* of the set's columns, in their order; NULL when the set has none */
    double column;         /* of the column that a feature was asked for: filled in for it, NaN when it is not known */
    const double *learnt;  /* of a fitted feature: what its fit has learnt, filled in for it; NULL: nothing yet */
    double *observed;      /* of a fitted feature: where it puts what its fit learns from; NULL: nobody asks */
};

/* One symbol's part of what a fit learns from. */
struct gw_feature_slice {
    const struct gw_bars *bars;      /* up to the last sample: what comes later is not there */
    struct gw_range samples;         /* the purged training slice's, as indexes of these bars */
    const int8_t *label[GW_N_GATES]; /* [bars->n] */
    const double *observed;          /* [n_observed × the fit's own number]: what the feature has put at the samples */
    size_t n_observed;
};

/* A FITTED feature's values depend on numbers that are learnt anew for every fold, from its purged training slice alone: from
 * bars before validation and test, and the labels there. With the numbers at hand it is a streaming machine like any other,
 * so that it cannot smooth: a bar's value is made of bars up to that one. */
struct gw_feature_fit {
    size_t
        n_picks; /* leading parameters that choose among what is learnt: features that differ in no other share the fit */
    /* Numbers that a push puts into in->observed whenever its value is finite; NULL: it observes nothing but the bars. */
    size_t (*n_observed)(const void *own);
    size_t (*n_learnt)(const void *own);
    /* A pure function: the same slices and seed, the same numbers. GW_ERR_CONFIG: too little to learn from. */
    int (*learn)(const void *own, const struct gw_feature_slice *slice, size_t n_symbols, uint64_t seed,
                 double *learnt);
    /* NULL: push gives the values. Else those of bars begin <= t < end, each made of bars up to t alone, for what is too much work
     * bar by bar: of n features that share the fit, feature k with the parameters own[k] into out[k][(t - begin) * stride], NaN during
     * the warm-up, which is all that push then tells. No stream has them, and no longer interval. */
    int (*values)(const void *const *own, size_t n, const double *learnt, const struct gw_bars *bars, size_t begin,
                  size_t end, float *const *out, size_t stride);
};

/* One feature: a file in engine/market/features/ + a row in features.def. */
struct gw_feature_desc {
    const char *name, *help, *source; /* source: paper, book and page */
    /* Its parameters in a struct of its own, `own` below: whole numbers, numbers and words, in the order of a spec's arguments.
     * Trailing arguments may be left out of a spec: defaults follow. */
    struct gw_param_table own;
    bool needs_volume, needs_taker_buy, needs_quote_volume, needs_trade_count;
    const char
        *of_column; /* the column of the data that it is always made of, "funding_rate"; NULL: none, or as asked for */
    bool takes_column; /* the first argument of a spec names a column of the data: "col(funding_rate)" */
    /* Of a feature across symbols: what is made of that argument. ".close": it names a symbol, whose close is the column; ".rank":
     * it is a number of bars, and the column the rank of the return over them. NULL: a column of the data. */
    const char *market;
    const char *column_word;               /* what help calls the argument; NULL: "column" */
    const struct gw_feature_fit *fit;      /* NULL: a function of the bars alone */
    const char *(*check)(const void *own); /* what is wrong with the parameters together, NULL = nothing; optional */
    /* Bars that must be pushed before the first finite value comes out (value number warmup, counted
     * from 0, is the first finite one). Exact. */
    size_t (*warmup)(const void *own);
    size_t (*state_size)(const void *own); /* bytes, zeroed before first push, no pointers inside */
    /* NaN during warm-up; finite from then on for finite bars, also without volume or on a flat price. A fitted feature that has
     * learnt nothing yet gives 0 for a value that it would have. */
    double (*push)(void *state, const void *own, const struct gw_feature_input *in);
};
size_t gw_feature_count(void);
const struct gw_feature_desc *gw_feature_at(size_t i);
const struct gw_feature_desc *gw_feature_find(const char *name); /* NULL when unknown */
/* "bollinger_b(n=20,k=2)": name with its parameters' names and defaults, for help. */
char *gw_feature_signature(const struct gw_feature_desc *desc, char buffer[GW_FEATURE_NAME_MAX + 32]);

/* Values of all features for all bars of one symbol. float32, not yet scaled. */
struct gw_feature_matrix {
    size_t n_bars, n_features;
    size_t
        warmup; /* first row with a value of every feature, n_bars when there is none; every later row is finite too */
    float *value; /* [n_bars × n_features] row-major, owned */
};

/* Specs such as "rsi(14)@1h": name, arguments, and optionally a longer interval. "@1h" feeds the feature
 * with CLOSED one-hour bars only, aligned to the epoch as gw_bars_resample: an hour closes with its last base
 * bar or, when that is missing, with the first later bar; its value holds until the next hour closes.
 * Parsed once; const afterwards. */
struct gw_feature_set;
/* `spec`: n texts. Errors (GW_ERR_CONFIG) name the spec: unknown feature (with the nearest known one), number
 * and range of arguments, bad interval, a feature given twice. */
int gw_feature_set_parse(const char *const *spec, size_t n, struct gw_feature_set **out) GW_MUST_USE;
void gw_feature_set_free(struct gw_feature_set *set);
size_t gw_feature_set_size(const struct gw_feature_set *set);
const char *gw_feature_set_name(const struct gw_feature_set *set, size_t i); /* canonical: "bollinger_b(20,2)@1h" */
/* Columns of the data that its features are made of, each once, at most GW_COLUMNS_MAX. */
size_t gw_feature_set_columns(const struct gw_feature_set *set);
const char *gw_feature_set_column(const struct gw_feature_set *set, size_t i);
/* Is it made of the other symbols' bars, not found in the data? */
bool gw_feature_set_column_of_market(const struct gw_feature_set *set, size_t i);
/* Checks needed columns and intervals against the bars (GW_ERR_CONFIG); then computes. Fitted features stay NaN, their warm-up
 * counts: gw_feature_set_apply fills them in. */
int gw_feature_set_build(const struct gw_feature_set *set, const struct gw_bars *bars,
                         struct gw_feature_matrix *out) GW_MUST_USE;
void gw_feature_matrix_free(struct gw_feature_matrix *matrix);

/* ---- fitted features: learn once per fold, then apply ------------------------------------------ */

bool gw_feature_set_fitted(const struct gw_feature_set *set, size_t i);
bool gw_feature_set_streams(const struct gw_feature_set *set, size_t i); /* false: no stream ever has a value of it */
size_t
gw_feature_set_learnt(const struct gw_feature_set *set); /* numbers that all fits of the set leave; 0: none is fitted */
/* One slice a symbol, bars, samples and labels filled in (bars whole or cut: nothing after the samples is looked at). learnt:
 * [gw_feature_set_learnt]. GW_ERR_CONFIG names the feature. */
int gw_feature_set_learn(const struct gw_feature_set *set, const struct gw_feature_slice *slice, size_t n_symbols,
                         uint64_t seed, double *learnt) GW_MUST_USE;
/* The fitted features of bars begin <= t < end into rows [(end - begin) × features], computed from the first bar on; the other
 * columns are left alone. */
int gw_feature_set_apply(const struct gw_feature_set *set, const double *learnt, const struct gw_bars *bars,
                         size_t begin, size_t end, float *rows) GW_MUST_USE;

/* Bar by bar, for tests and live use. row: [n_features], NaN where not warmed up. */
struct gw_feature_stream;
int gw_feature_stream_open(const struct gw_feature_set *set, int64_t interval_ns,
                           struct gw_feature_stream **out) GW_MUST_USE;
/* Fitted features are NaN without. `learnt` is the caller's, and outlives the stream. */
void gw_feature_stream_learnt(struct gw_feature_stream *stream, const double *learnt);
void gw_feature_stream_push(struct gw_feature_stream *stream, const struct gw_feature_input *in, float *row);
void gw_feature_stream_close(struct gw_feature_stream *stream);
/* All that a stream has gathered, as bytes for the same build and the same set on the same interval; a stream that takes
 * them goes on with the same bits. Bytes of anybody's are safe to take; false: they are another set's. */
size_t gw_feature_stream_state_size(const struct gw_feature_stream *stream); /* a multiple of 8 */
void gw_feature_stream_put(const struct gw_feature_stream *stream, void *bytes);
bool gw_feature_stream_take(struct gw_feature_stream *stream, const void *bytes);

/* ---- scaler ------------------------------------------------------------------------------- */

enum gw_scaler_kind { GW_SCALER_STANDARD, GW_SCALER_ROBUST, GW_SCALER_NONE };
struct gw_scaler_config {
    enum gw_scaler_kind kind;
    double clip;
};
extern const struct gw_param_table gw_scaler_params; /* defaults and ranges of struct gw_scaler_config */

/* y = (x - center) * inverse_scale, clipped to ±clip. Fitted on a fold's purged training rows only. */
struct gw_scaler {
    enum gw_scaler_kind kind;
    size_t n;
    double *center, *inverse_scale; /* [n] owned; a constant feature gets inverse_scale 0 */
    double clip;
};
/* rows[k] points at one feature row; n_rows of them. standard: mean and population sd in double;
 * robust: median and IQR/1.349. */
int gw_scaler_fit(enum gw_scaler_kind kind, double clip, const float *const *rows, size_t n_rows, size_t n_features,
                  struct gw_scaler *out) GW_MUST_USE;
/* In and out may be the same block: [n_rows × n]. NaN stays NaN. */
void gw_scaler_apply(const struct gw_scaler *scaler, const float *in, size_t n_rows, float *out);
void gw_scaler_free(struct gw_scaler *scaler);

GW_END_DECLS

#endif
