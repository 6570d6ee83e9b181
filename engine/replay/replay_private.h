/* A replay while it runs (replay.c). */
#ifndef GATEWALK_REPLAY_PRIVATE_H
#define GATEWALK_REPLAY_PRIVATE_H

#include "broker.h"
#include "ledger_private.h"

/* Where a symbol stands, and what each of its bars needs, looked up once. */
struct cursor {
    size_t bar, end;
    const struct gw_bar *bars;
    int64_t interval_ns;
    struct gw_ledger_position *position;
    bool opened; /* the bar's open is over: the next event is its close */
    bool more;   /* of its event more changes from bar to bar than every bar has */
};

/* Symbols stand in blocks with one time for all: that of their next event. An instant looks at the blocks that have one
 * then, so that symbols on clocks of their own do not wait on each other. */
enum { BLOCK = 64 };

/* What a strategy puts its orders into. */
struct broker_sink {
    struct gw_order_sink base; /* first: what a strategy sees of it */
    struct broker *broker;
    int64_t now_ns;
    int rc; /* the first failure, looked at after on_bar */
};

struct replay {
    const struct gw_market *market;
    const struct gw_replay_config *config;
    const struct gw_strategy_desc *strategy;
    struct gw_strategy_config parameters;
    const struct gw_score *const *scores;
    const double *const *min_move;
    struct gw_replay_result *result;
    struct broker broker;
    struct broker_sink sink;
    struct cursor *cursor; /* [n_symbols] */
    int64_t *next_ns;      /* [n_symbols] of the next event; INT64_MAX when the symbol is done */
    int64_t *soonest_ns;   /* [n_blocks] of these */
    size_t n_blocks;
    struct gw_bar_event *event; /* [n_symbols] as the strategy saw the newest bar */
    unsigned char *state;       /* the strategy's: one block, or one a symbol */
    size_t state_stride;        /* bytes from one symbol's state to the next; 0: shared */
    size_t n_states;            /* that were opened */
    const char **name;          /* [n_symbols] */
    size_t equity_capacity;
};

void broker_sink_open(struct broker_sink *sink, struct broker *broker);
/* Where every symbol begins and ends; room for the equity of as many instants. */
int replay_cursors_open(struct replay *r) GW_MUST_USE;
int replay_equity_grow(struct replay *r, size_t capacity) GW_MUST_USE;
int replay_states_open(struct replay *r) GW_MUST_USE;
void replay_states_close(struct replay *r);

#endif
