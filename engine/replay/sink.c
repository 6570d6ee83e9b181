/* What a strategy puts its orders into: each is stamped with the moment at which it was decided. */
#include "replay_private.h"

static uint64_t put_order(struct gw_order_sink *base, const struct gw_order *order) {
    struct broker_sink *sink = (struct broker_sink *)base;
    struct gw_order stamped = *order;
    uint64_t id = 0;
    stamped.signal_ns = sink->now_ns;
    const int rc = broker_queue(sink->broker, &stamped, &id);
    if (rc < 0 && sink->rc >= 0) sink->rc = rc;
    return id;
}

static bool cancel_order(struct gw_order_sink *base, uint64_t id) {
    struct broker_sink *sink = (struct broker_sink *)base;
    return broker_cancel(sink->broker, id, sink->now_ns);
}

static uint64_t replace_order(struct gw_order_sink *base, uint64_t id, const struct gw_order *order) {
    struct broker_sink *sink = (struct broker_sink *)base;
    struct gw_order stamped = *order;
    uint64_t new_id = 0;
    stamped.signal_ns = sink->now_ns;
    const int rc = broker_replace(sink->broker, id, &stamped, &new_id);
    if (rc < 0 && sink->rc >= 0) sink->rc = rc;
    return new_id;
}

/* What the strategy says counts more than what its last order came to. */
static void fail_replay(struct gw_order_sink *base, int rc) { ((struct broker_sink *)base)->rc = rc; }

void broker_sink_open(struct broker_sink *sink, struct broker *broker) {
    *sink = (struct broker_sink){.base = {put_order, cancel_order, replace_order, fail_replay}, .broker = broker};
}
