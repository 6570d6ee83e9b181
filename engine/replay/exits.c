/* The exits of an entry: orders of their own as soon as it fills. */
#include "desk.h"
#include "engine/base/base.h"

#include "broker.h"

static int exit_add(struct desk *desk, const struct work *entry, enum gw_exit_reason exit, enum gw_order_kind kind,
                    double level, const struct fill *f, struct work **out) {
    const uint64_t parent = entry->id; /* adding may move the slots */
    const int direction = -entry->direction;
    struct work *w;
    TRY(desk_add(desk, &w));
    w->parent = parent;
    w->exit = exit;
    w->kind = kind;
    w->direction = direction;
    w->left = f->quantity;
    w->live_ns = INT64_MIN;
    w->resting = true;
    w->attached.probability = NAN;
    if (kind == GW_ORDER_LIMIT)
        w->limit = level;
    else
        w->stop = level;
    if (out) *out = w;
    return GW_OK;
}

static double target_level(const struct desk *desk, const struct gw_order *o, double price, double side) {
    const double tick = desk->instrument.tick, level = price * (1 + side * o->target);
    if (!(tick > 0)) return level;
    return (side > 0 ? ceil(level / tick - 1e-9) : floor(level / tick + 1e-9)) * tick;
}

int desk_create_exits(struct desk *desk, size_t k, const struct fill *f) {
    const struct gw_order o = desk->work[k].attached;
    const double side = desk->work[k].direction, price = desk->work[k].average_price;
    const uint64_t parent = desk->work[k].id;
    struct work *w = NULL;
    if (o.stop > 0) {
        const double level = tick_beyond(desk, price * (1 - side * o.stop), -desk->work[k].direction);
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_STOP, GW_ORDER_STOP, level, f, NULL));
    }
    if (o.target > 0)
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_TARGET, GW_ORDER_LIMIT, target_level(desk, &o, price, side), f,
                     NULL));
    if (o.trail_stop > 0 || o.trail_stop_distance > 0) {
        TRY(exit_add(desk, &desk->work[k], GW_EXIT_TRAIL, GW_ORDER_TRAILING, 0, f, &w));
        w->extreme = f->raw;
        w->trail = o.trail_stop;
        w->trail_distance = o.trail_stop_distance;
        w->stop = trail_level(desk, w, w->extreme);
    }
    for (size_t c = 0; desk->broker && c < desk->n_work; ++c)
        if (desk->work[c].parent == parent && !desk->work[c].id)
            TRY(broker_number(desk->broker, desk, &desk->work[c], f->at.ns));
    return GW_OK;
}

int desk_extend_exits(struct desk *desk, size_t k, const struct fill *f) {
    const struct work *entry = &desk->work[k];
    const double side = entry->direction, price = entry->average_price;
    bool any = false;
    for (size_t c = 0; c < desk->n_work; ++c) {
        struct work *w = &desk->work[c];
        if (w->parent != entry->id || w->exit == GW_EXIT_NONE) continue;
        any = true;
        w->left += f->quantity;
        if (w->exit == GW_EXIT_STOP)
            w->stop = tick_beyond(desk, price * (1 - side * entry->attached.stop), w->direction);
        if (w->exit == GW_EXIT_TARGET) w->limit = target_level(desk, &entry->attached, price, side);
        if (desk->broker) broker_changed(desk->broker, w);
    }
    return any ? GW_OK : desk_create_exits(desk, k, f);
}
