/* A strategy asked about entries and positions that it has not made: states that nobody trades by, one a symbol. */
#ifndef GATEWALK_WALK_ISOLATED_ASKED_H
#define GATEWALK_WALK_ISOLATED_ASKED_H

#include "scores.h"

struct asked {
    const struct gw_strategy_desc *desc;
    struct gw_strategy_config config;
    unsigned char *state;
    size_t stride, n_opened;
    const char **name;
};
/* `asked_close` follows in any case. Without states there is nothing but the configuration. */
int asked_open(const struct prepared *prepared, const struct strategy_spec *spec, bool with_states,
               struct asked *out) GW_MUST_USE;
void asked_close(struct asked *asked);
static inline void *asked_state(const struct asked *asked, size_t symbol) {
    return asked->state + symbol * asked->stride;
}
/* As on_bar is told of it, but for scores and a position. */
struct gw_bar_event asked_event(const struct prepared *prepared, uint32_t symbol, size_t bar);

/* Whether it closes positions by what it sees at a close. */
bool strategy_leaves(const struct strategy_spec *spec);

#endif
