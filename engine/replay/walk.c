/* From a bar's open to its close: the walk over its range. The rules are stated in desk.h. */
#include "desk.h"
#include "engine/base/base.h"

#include "broker.h"

/* Trailing stops move with the price that was reached; true when one did. */
static bool trails_moved(struct desk *desk, double price) {
    bool moved = false;
    for (size_t k = 0; k < desk->n_work; ++k) {
        struct work *w = &desk->work[k];
        if (w->kind != GW_ORDER_TRAILING || !w->resting || w->triggered) continue;
        if (!(w->direction < 0 ? price > w->extreme : price < w->extreme)) continue;
        w->extreme = price;
        w->stop = trail_level(desk, w, w->extreme);
        if (desk->broker) broker_changed(desk->broker, w);
        moved = true;
    }
    return moved;
}

void desk_follow(struct desk *desk, double price) { (void)trails_moved(desk, price); }

/* The first order on the way from a to b, and where it fills. */
static size_t first_between(const struct desk *desk, size_t i, double a, double b, double *price) {
    size_t best = NO_WORK;
    double nearest = INFINITY;
    for (size_t k = 0; k < desk->n_work; ++k) {
        const struct work *w = &desk->work[k];
        if (!w->resting || work_is_market(w) || !work_may(desk, w, i)) continue;
        double at = a;
        if (!work_reached(desk, w, a)) {
            if (!work_reached(desk, w, b) || work_below(w) != (b < a)) continue;
            at = work_level(w);
        }
        const double distance = fabs(at - a);
        if (distance > nearest || (distance == nearest && work_rank(w) >= work_rank(&desk->work[best]))) continue;
        nearest = distance;
        best = k;
        *price = at;
    }
    return best;
}

/* Order k is reached at `price` inside bar i. */
static int reached(struct desk *desk, size_t k, double price, struct moment at) {
    struct work *w = &desk->work[k];
    if (w->kind == GW_ORDER_STOP_LIMIT && !w->triggered) {
        w->triggered = true;
        if (!(work_below(w) ? price <= w->limit : price >= w->limit)) {
            w->tried = at.bar + 1; /* the price may come back to the limit in a later bar */
            return GW_OK;
        }
        return desk_fill(desk, k, price, false, at);
    }
    const bool maker = work_is_limit(w);
    if (!maker) w->triggered = true;
    return desk_fill(desk, k, price, maker, at);
}

struct path {
    double way[3];
    size_t n;
};

static void path_add(struct path *path, double price) { path->way[path->n++] = price; }

/* What is held since the bar's open meets both extremes, in the order of the rule. */
static struct path path_held(const struct desk *desk, const struct gw_bar *bar) {
    const bool is_long = desk->held.trade.side == GW_SIDE_LONG;
    const bool low_first = is_long == (desk->config->intrabar == GW_INTRABAR_STOP_FIRST);
    return (struct path){{low_first ? bar->low : bar->high, low_first ? bar->high : bar->low, bar->close}, 3};
}

/* What was entered inside: the rule says which extreme had gone before. */
static struct path path_entered(const struct desk *desk, const struct gw_bar *bar, bool by_limit) {
    const bool is_long = desk->held.trade.side == GW_SIDE_LONG;
    const bool stop_first = desk->config->intrabar == GW_INTRABAR_STOP_FIRST;
    const double adverse = is_long ? bar->low : bar->high, favourable = is_long ? bar->high : bar->low;
    struct path path = {.n = 0};
    if (stop_first) {
        path_add(&path, adverse);
        if (!by_limit) path_add(&path, favourable);
    } else {
        path_add(&path, favourable);
        if (by_limit) path_add(&path, adverse);
    }
    path_add(&path, bar->close);
    return path;
}

/* Would another order of events have ended the position elsewhere? */
static bool doubtful(const struct desk *desk, const struct gw_bar *bar, size_t i, bool from_open, bool by_limit) {
    const bool is_long = desk->held.trade.side == GW_SIDE_LONG;
    const double adverse = is_long ? bar->low : bar->high, favourable = is_long ? bar->high : bar->low;
    bool stop = false, target = false, trail = false;
    for (size_t k = 0; k < desk->n_work; ++k) {
        const struct work *w = &desk->work[k];
        if (w->exit == GW_EXIT_NONE || !w->resting || work_is_market(w) || !work_may(desk, w, i)) continue;
        if (work_is_limit(w)) {
            target |= work_reached(desk, w, favourable);
        } else {
            stop |= work_reached(desk, w, adverse);
            struct work moved = *w;
            moved.extreme = is_long ? fmax(w->extreme, favourable) : fmin(w->extreme, favourable);
            if (w->kind == GW_ORDER_TRAILING && moved.extreme != w->extreme) {
                moved.stop = trail_level(desk, &moved, moved.extreme);
                trail |= work_reached(desk, &moved, adverse);
            }
        }
    }
    if (trail) return true;
    return from_open ? stop && target : by_limit ? target : stop;
}

/* Flat: the entry nearest to the open is the first event of the bar. True when it opened a position. */
static int enter_inside(struct desk *desk, const struct gw_bar *bar, struct moment at, double *price, bool *by_limit,
                        bool *entered) {
    *entered = false;
    for (;;) {
        double low_price = 0, high_price = 0;
        const size_t low = first_between(desk, at.bar, *price, bar->low, &low_price);
        const size_t high = first_between(desk, at.bar, *price, bar->high, &high_price);
        if (low == NO_WORK && high == NO_WORK) return GW_OK;
        const bool down = high == NO_WORK ||
                          (low != NO_WORK && (fabs(low_price - *price) < fabs(high_price - *price) ||
                                              (fabs(low_price - *price) == fabs(high_price - *price) && low < high)));
        const size_t k = down ? low : high;
        const double level = down ? low_price : high_price;
        *by_limit = desk->work[k].kind == GW_ORDER_LIMIT ||
                    (desk->work[k].kind == GW_ORDER_STOP_LIMIT && desk->work[k].triggered);
        TRY(reached(desk, k, level, at));
        if (!desk->holding) continue;
        *price = level;
        *entered = true;
        return GW_OK;
    }
}

static int walk(struct desk *desk, const struct gw_bar *bar, struct moment at) {
    const bool from_open = desk->holding;
    bool by_limit = false, entered = false;
    double now = bar->open;
    struct path path;
    desk_follow(desk, bar->open); /* the first price of the path */
    if (!from_open) {
        TRY(enter_inside(desk, bar, at, &now, &by_limit, &entered));
        if (!entered) {
            desk_follow(desk, bar->low);
            desk_follow(desk, bar->high);
            return GW_OK;
        }
        path = path_entered(desk, bar, by_limit);
    } else {
        path = path_held(desk, bar);
        held_saw(&desk->held, bar->open);
    }
    desk->doubt |= doubtful(desk, bar, at.bar, from_open, by_limit);
    for (size_t leg = 0; leg < path.n; ++leg) {
        double price = 0;
        for (size_t k; (k = first_between(desk, at.bar, now, path.way[leg], &price)) != NO_WORK; now = price)
            TRY(reached(desk, k, price, at));
        now = path.way[leg];
        const bool followed = trails_moved(desk, now);
        if (desk->holding && (followed || desk->held.inside_bar == at.bar + 1)) held_saw(&desk->held, now);
    }
    if (desk->holding && desk->held.inside_bar != at.bar + 1) {
        held_saw(&desk->held, bar->low);
        held_saw(&desk->held, bar->high);
    }
    return GW_OK;
}

/* The bars of the shorter interval inside bar i, one by one; an open of theirs may gap. */
static int walk_detail(struct desk *desk, size_t i, bool *walked) {
    const struct gw_bars *detail = desk->detail;
    const int64_t begin_ns = desk->bars->bar[i].open_ns, end_ns = gw_bar_close_ns(desk->bars, i);
    while (desk->detail_at < detail->n && detail->bar[desk->detail_at].open_ns < begin_ns) desk->detail_at++;
    size_t j = desk->detail_at;
    *walked = j < detail->n && gw_bar_close_ns(detail, j) <= end_ns;
    for (; j < detail->n && gw_bar_close_ns(detail, j) <= end_ns; ++j) {
        const struct gw_bar *bar = &detail->bar[j];
        if (!bar_trades(bar)) continue;
        TRY(desk_fill_all(desk, bar->open, (struct moment){.bar = i, .ns = bar->open_ns, .inside = true}));
        desk_follow(desk, bar->open);
        if (!(bar->low <= bar->high)) continue;
        TRY(walk(desk, bar, (struct moment){.bar = i, .ns = gw_bar_close_ns(detail, j), .inside = true}));
    }
    desk->detail_at = j;
    return GW_OK;
}

/* A trailing stop that no path through this bar reaches only moves. */
static bool only_trails(struct desk *desk, const struct gw_bar *bar, size_t i) {
    if (!desk->trails || !desk->holding || i >= desk->due_index || desk->detail) return false;
    if (!(bar->low > desk->low_level && bar->high < desk->high_level)) return false;
    for (size_t k = 0; k < desk->n_work; ++k) {
        const struct work *w = &desk->work[k];
        if (w->kind != GW_ORDER_TRAILING) continue;
        const bool sells = w->direction < 0;
        const double level = trail_level(desk, w, sells ? fmax(w->extreme, bar->high) : fmin(w->extreme, bar->low));
        if (sells ? !(bar->low > level) : !(bar->high < level)) return false;
    }
    held_saw(&desk->held, bar->open);
    held_saw(&desk->held, bar->low);
    held_saw(&desk->held, bar->high);
    if (trails_moved(desk, bar->high) | trails_moved(desk, bar->low)) desk_band(desk);
    return true;
}

int desk_range_touched(struct desk *desk, size_t i) {
    const struct gw_bar *bar = &desk->bars->bar[i];
    const struct moment at = {.bar = i, .ns = gw_bar_close_ns(desk->bars, i), .inside = true};
    if (only_trails(desk, bar, i)) return GW_OK;
    bool walked = false;
    desk->doubt = false;
    if (desk->detail) TRY(walk_detail(desk, i, &walked));
    if (!walked && bar->low <= bar->high)
        TRY(walk(desk, bar, at));
    else if (!walked && desk->holding)
        held_saw(&desk->held, bar->open);
    if (desk->doubt && desk->broker) broker_doubted(desk->broker);
    desk->doubt = desk->doubt && !desk->holding; /* it was the exit that depended on the rule */
    if (desk->holding && i >= desk->held.due_index) TRY(desk_leave_by_time(desk, bar->close, at));
    desk_band(desk);
    return GW_OK;
}
