/* A bar's open, and what ends by its time in force. The rules are stated in desk.h. */
#include "desk.h"
#include "engine/base/base.h"

#include "broker.h"

bool work_may(const struct desk *desk, const struct work *w, size_t i) {
    if (w->tried == i + 1 || w->live_ns > desk->bars->bar[i].open_ns) return false;
    if (w->exit != GW_EXIT_NONE) return desk->holding && w->direction != (int)desk->held.trade.side;
    /* An entry against what is held, or while that is being closed, waits. */
    return !desk->holding || (w->direction == (int)desk->held.trade.side && !desk_closing(desk));
}

int work_rank(const struct work *w) {
    if (w->exit == GW_EXIT_SIGNAL) return 0;
    if (w->exit == GW_EXIT_TIME) return 1;
    const bool market = work_is_market(w) && !w->triggered, limit = work_is_limit(w);
    if (w->exit != GW_EXIT_NONE) return limit ? 3 : 2;
    return market ? 4 : limit ? 6 : 5;
}

/* ---- at one price: an open ------------------------------------------------------------------ */

static bool fills_at(const struct desk *desk, const struct work *w, double price) {
    if (work_is_market(w)) return true;
    if (w->kind == GW_ORDER_STOP_LIMIT && !w->triggered) {
        struct work limit = *w;
        limit.triggered = true;
        return work_reached(desk, w, price) && (work_below(&limit) ? price <= w->limit : price >= w->limit);
    }
    return work_reached(desk, w, price);
}

static size_t first_at(const struct desk *desk, size_t i, double price) {
    size_t best = NO_WORK;
    for (size_t k = 0; k < desk->n_work; ++k) {
        const struct work *w = &desk->work[k];
        if (!work_may(desk, w, i) || !fills_at(desk, w, price)) continue;
        if (best == NO_WORK || work_rank(w) < work_rank(&desk->work[best])) best = k;
    }
    return best;
}

/* Everything that fills at this price, and then everything whose stop it reached and that did not. */
int desk_fill_all(struct desk *desk, double price, struct moment at) {
    for (;;) {
        const size_t k = first_at(desk, at.bar, price);
        if (k == NO_WORK) break;
        struct work *w = &desk->work[k];
        /* A limit that rested in the book is hit; one that comes to a better market takes. A target always rests. */
        const bool maker = work_is_limit(w) && (w->resting || (w->exit == GW_EXIT_TARGET && w->parent));
        if (!work_is_limit(w) && !work_is_market(w)) w->triggered = true;
        TRY(desk_fill(desk, k, price, maker, at));
    }
    for (size_t k = 0; k < desk->n_work; ++k) {
        struct work *w = &desk->work[k];
        if (w->kind == GW_ORDER_STOP_LIMIT && !w->triggered && work_may(desk, w, at.bar) &&
            work_reached(desk, w, price))
            w->triggered = true;
    }
    return GW_OK;
}

static bool lapsed(const struct work *w, const void *bar) {
    return w->exit == GW_EXIT_NONE && w->due_bar < *(const size_t *)bar;
}

static bool immediate(const struct work *w, const void *unused) {
    (void)unused;
    return w->immediate && w->resting;
}

static bool time_exit_works(const struct desk *desk) {
    for (size_t k = 0; k < desk->n_work; ++k)
        if (desk->work[k].exit == GW_EXIT_TIME) return true;
    return false;
}

static bool close_order_fills(const struct desk *desk, size_t i) {
    for (size_t k = 0; k < desk->n_work; ++k)
        if (desk->work[k].exit == GW_EXIT_SIGNAL && work_may(desk, &desk->work[k], i)) return true;
    return false;
}

int desk_leave_by_time(struct desk *desk, double price, struct moment at) {
    desk->held.due_index = SIZE_MAX; /* what cannot be filled now waits as an order */
    return desk_leave(desk, GW_EXIT_TIME, price, at);
}

int desk_open_touched(struct desk *desk, size_t i) {
    const struct gw_bar *bar = &desk->bars->bar[i];
    const struct moment at = {.bar = i, .ns = bar->open_ns};
    desk->doubt = false;
    if (bar->open_ns >= desk->expire_ns) desk_expire(desk, SIZE_MAX, bar->open_ns);
    if (!bar_trades(bar)) {
        desk_band(desk);
        return GW_OK;
    }
    desk_remove_all(desk, lapsed, &i, GW_ORDER_EXPIRED, GW_REASON_HORIZON, bar->open_ns);
    if (desk->holding && i > desk->held.due_index && !close_order_fills(desk, i) && !time_exit_works(desk))
        TRY(desk_leave_by_time(desk, bar->open, at));
    TRY(desk_fill_all(desk, bar->open, at));
    if (desk->holding && i > desk->held.due_index && !time_exit_works(desk))
        TRY(desk_leave_by_time(desk, bar->open, at));
    for (size_t k = 0; k < desk->n_work; ++k) {
        if (desk->work[k].live_ns <= bar->open_ns) desk->work[k].resting = true;
    }
    desk_follow(desk, bar->open);
    desk_remove_all(desk, immediate, NULL, GW_ORDER_EXPIRED, GW_REASON_TIME_IN_FORCE, bar->open_ns);
    desk_band(desk);
    return GW_OK;
}

/* ---- time in force -------------------------------------------------------------------------- */

void desk_expire(struct desk *desk, size_t i, int64_t now_ns) {
    for (size_t k = desk->n_work; k-- > 0;) {
        const struct work *w = &desk->work[k];
        if (w->expire_ns <= now_ns || (i != SIZE_MAX && w->expire_bar <= i))
            desk_remove(desk, k, GW_ORDER_EXPIRED, GW_REASON_TIME_IN_FORCE, now_ns);
    }
    desk_band(desk);
}
