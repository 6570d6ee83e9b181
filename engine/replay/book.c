/* The working orders of one symbol: slots that are reused, their levels, their ends. */
#include "desk.h"
#include "engine/base/base.h"

#include <string.h>

#include "broker.h"

bool work_reached(const struct desk *desk, const struct work *w, double price) {
    const double level = work_level(w);
    const bool bracket = w->exit == GW_EXIT_TARGET && w->parent;
    const bool through = work_is_limit(w) && (bracket ? desk->config->target_through : !desk->config->limit_touch);
    if (work_below(w)) return through ? price < level : price <= level;
    return through ? price > level : price >= level;
}

double trail_level(const struct desk *desk, const struct work *w, double extreme) {
    const double side = -w->direction; /* a seller's stop trails below */
    return tick_beyond(desk, extreme * (1 - side * w->trail) - side * w->trail_distance, w->direction);
}

double tick_beyond(const struct desk *desk, double price, int direction) {
    const double tick = desk->instrument.tick;
    if (!(tick > 0)) return price;
    return (direction > 0 ? ceil(price / tick - 1e-9) : floor(price / tick + 1e-9)) * tick;
}

int desk_add(struct desk *desk, struct work **out) {
    if (desk->n_work == desk->capacity) {
        const size_t capacity = desk->capacity ? 2 * desk->capacity : 8;
        struct work *grown = mem_realloc(desk->work, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        desk->work = grown;
        desk->capacity = capacity;
    }
    struct work *w = *out = &desk->work[desk->n_work++];
    memset(w, 0, sizeof *w);
    w->expire_ns = INT64_MAX;
    w->expire_bar = w->due_bar = SIZE_MAX;
    return GW_OK;
}

void desk_remove(struct desk *desk, size_t k, enum gw_order_state state, enum gw_order_reason reason, int64_t now_ns) {
    if (desk->broker) broker_ended(desk->broker, desk, &desk->work[k], state, reason, now_ns);
    desk->n_work--;
    memmove(&desk->work[k], &desk->work[k + 1], (desk->n_work - k) * sizeof *desk->work);
}

void desk_remove_all(struct desk *desk, bool (*which)(const struct work *, const void *), const void *with,
                     enum gw_order_state state, enum gw_order_reason reason, int64_t now_ns) {
    for (size_t k = desk->n_work; k-- > 0;)
        if (which(&desk->work[k], with)) desk_remove(desk, k, state, reason, now_ns);
}

bool work_is_entry(const struct work *w, const void *unused) {
    (void)unused;
    return w->exit == GW_EXIT_NONE;
}

bool desk_entry_waits(const struct desk *desk) {
    for (size_t k = 0; k < desk->n_work; ++k)
        if (work_is_entry(&desk->work[k], NULL)) return true;
    return false;
}

bool desk_closing(const struct desk *desk) {
    for (size_t k = 0; k < desk->n_work; ++k)
        if (desk->work[k].kind == GW_ORDER_CLOSE) return true;
    return false;
}

void desk_band(struct desk *desk) {
    desk->low_level = -INFINITY;
    desk->high_level = INFINITY;
    desk->attention = desk->trails = false;
    desk->view = (struct gw_position_view){.quantity = 0};
    desk->expire_ns = INT64_MAX;
    desk->expire_bar = SIZE_MAX;
    desk->due_index = desk->holding ? desk->held.due_index : SIZE_MAX;
    for (size_t k = 0; k < desk->n_work; ++k) {
        const struct work *w = &desk->work[k];
        if (w->expire_ns < desk->expire_ns) desk->expire_ns = w->expire_ns;
        if (w->expire_bar < desk->expire_bar) desk->expire_bar = w->expire_bar;
        if (w->exit == GW_EXIT_NONE && w->due_bar < desk->due_index) desk->due_index = w->due_bar; /* then it lapses */
        if (w->kind == GW_ORDER_TRAILING) desk->trails = true;
        if (w->exit == GW_EXIT_NONE || w->kind == GW_ORDER_CLOSE) desk->view.pending = true;
        if (!w->resting || work_is_market(w))
            desk->attention = true;
        else if (work_below(w))
            desk->low_level = fmax(desk->low_level, work_level(w));
        else
            desk->high_level = fmin(desk->high_level, work_level(w));
    }
    desk->active = desk->holding || desk->n_work > 0;
    if (!desk->holding) return;
    desk->view.quantity = (double)desk->held.trade.side * desk->held.quantity;
    desk->view.entry_price = desk->held.trade.entry_price;
}
