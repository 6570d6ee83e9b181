/* What the interactive chart of report.html shows, gathered from a run's files. It is
 * bounded: what does not fit is left out, and said to be (chart.note). */
#ifndef GATEWALK_CHART_H
#define GATEWALK_CHART_H

#include "reports/data/name_index.h"
#include "reports/data/run_view.h"

enum { CHART_GROUPS_MAX = 65535, CHART_NOTE_SIZE = 600 };
enum { CHART_OPEN, CHART_HIGH, CHART_LOW, CHART_CLOSE, N_CHART_PRICES };
/* Bits of chart_axis.label: is the label of that gate known, and is it positive? */
enum { LABEL_LONG_KNOWN = 1, LABEL_LONG = 2, LABEL_SHORT_KNOWN = 4, LABEL_SHORT = 8 };

/* The bars of one symbol. */
struct chart_axis {
    const char *name;             /* as in the files; borrowed */
    size_t n;                     /* 0: is not drawn */
    int64_t *open_ns;             /* [n] rising */
    float *price[N_CHART_PRICES]; /* [n] each; NULL: the run has no bars */
    unsigned char *label;         /* [n] */
    uint32_t *fold_at, *fold;     /* [n_folds] the bar with which the scores of a fold begin, and its number */
    size_t n_folds;
};

/* What one contestant with one seed said and did of one symbol. */
struct chart_group {
    size_t strategy, symbol;
    char seed[24];
    float *p[N_GATES_SHOWN]; /* [n of its axis], NAN where there is none; NULL: has no scores, or they did not fit */
    uint32_t *tau_at;        /* [n_tau] the bars from which on these thresholds held */
    float *tau[N_GATES_SHOWN];
    size_t n_tau, tau_room, last; /* last: the bar of the row read before */
    size_t rank;                  /* which of its contestant's seeds, from 0 in the order of the files */
};
/* A contestant with one seed: its groups by symbol. */
struct chart_seed {
    size_t strategy, rank;
    char seed[24];
    uint16_t *group; /* [n_axes] the group's number and one, 0: none */
};

struct chart_trades {
    size_t n, n_left_out;
    uint16_t *group;
    unsigned char *side, *reason; /* side 1: short; reason: index of the names below */
    double *entry_s, *exit_s;     /* seconds since 1970 */
    float *number[8];             /* in the order of chart_trade_number */
    char reason_name[32][24];
    size_t n_reasons;
};
enum { N_TRADE_NUMBERS = 8 };
extern const char *const chart_trade_number[N_TRADE_NUMBERS]; /* columns of trades.csv */

/* Attention of the bars that a gate acted on. */
struct chart_attention {
    size_t n, n_left_out, n_lags;
    uint32_t *at;        /* [n] the bar on its group's axis */
    uint16_t *group;     /* [n] */
    unsigned char *gate; /* [n] */
    float *largest;      /* [n] of the row's weights */
    uint16_t *weight;    /* [n × n_lags] in 65535ths of the largest; from the oldest lag to 0 */
};

struct chart {
    struct run_view *run;
    size_t n_axes, n_groups, groups_room, n_seeds, seeds_kept;
    struct chart_axis *axis;
    struct chart_group *group;
    struct chart_seed *seed;
    struct name_index symbol; /* numbers of the axes */
    struct chart_trades trades;
    struct chart_attention attention;
    char note[CHART_NOTE_SIZE]; /* what is missing, and why; "" for nothing */
};

int chart_build(struct chart *chart, struct run_view *run) GW_MUST_USE;
void chart_free(struct chart *chart);

/* ---- inside ------------------------------------------------------------------------------------------ */

int chart_axes(struct chart *chart) GW_MUST_USE;
int chart_scores(struct chart *chart) GW_MUST_USE;
int chart_read_trades(struct chart *chart) GW_MUST_USE;
int chart_read_attention(struct chart *chart) GW_MUST_USE;
/* Position of the group, made when it is new; SIZE_MAX when the run has no such strategy or symbol, or too many groups. */
int chart_group_of(struct chart *chart, const char *strategy, const char *seed, const char *symbol,
                   size_t *group) GW_MUST_USE;
/* The last bar that opened at or before that time; SIZE_MAX when there is none. */
size_t chart_bar_at(const struct chart_axis *axis, int64_t time_ns);
void chart_note(struct chart *chart, const char *format, ...) GW_PRINTF_LIKE(2, 3);
/* scores.csv row by row, with the places of columns by name. */
int chart_open(const struct chart *chart, const char *file, const char *const *column, size_t *place,
               struct table_stream *stream, bool *there) GW_MUST_USE;

#endif
