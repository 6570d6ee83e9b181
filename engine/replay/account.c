/* What the account allows: cash, margin, limits; and what it does of itself: interest, liquidation, halts. */
#include "broker.h"
#include "engine/base/base.h"

static const double YEAR_NS = 365.25 * (double)NS_PER_DAY, BPS = 1e-4;

static int64_t day_of(int64_t now_ns) { return now_ns / NS_PER_DAY - (now_ns % NS_PER_DAY < 0); }

static int not_negative(const char *name, double value) {
    if (!(value >= 0) || !isfinite(value)) FAIL(GW_ERR_CONFIG, "%s: %g must be 0 (off) or more", name, value);
    return GW_OK;
}

int account_check(const struct gw_replay_config *config) {
    const struct gw_limits *limits = &config->limits;
    TRY(not_negative("participation", config->participation));
    TRY(not_negative("liquidation_fee_bps", config->liquidation_fee_bps));
    TRY(not_negative("interest_bps_per_year", config->interest_bps_per_year));
    TRY(not_negative("loan_bps_per_year", config->loan_bps_per_year));
    TRY(not_negative("max_gross", limits->max_gross));
    TRY(not_negative("max_net", limits->max_net));
    TRY(not_negative("max_symbol", limits->max_symbol));
    TRY(not_negative("daily_loss", limits->daily_loss));
    TRY(not_negative("max_drawdown", limits->max_drawdown));
    if (config->account != GW_ACCOUNT_MARGIN) return GW_OK;
    if (!(config->initial_margin > 0) || !(config->maintenance_margin > 0) ||
        !(config->maintenance_margin <= config->initial_margin) || !isfinite(config->initial_margin))
        FAIL(GW_ERR_CONFIG, "margin: initial %g and maintenance %g must be positive, maintenance not above initial",
             config->initial_margin, config->maintenance_margin);
    return GW_OK;
}

void account_open(struct broker *broker) {
    const struct gw_replay_config *c = broker->config;
    const struct gw_limits *l = &c->limits;
    broker->guarded =
        c->account != GW_ACCOUNT_FREE || l->max_positions || l->max_gross > 0 || l->max_net > 0 || l->max_symbol > 0;
    broker->watched = c->account == GW_ACCOUNT_MARGIN || c->interest_bps_per_year > 0 || c->loan_bps_per_year > 0 ||
                      l->daily_loss > 0 || l->max_drawdown > 0;
    broker->halted_day = broker->day = INT64_MIN;
    broker->interest_ns = INT64_MIN;
    broker->peak = broker->day_equity = c->initial_cash;
}

enum gw_order_reason account_takes(const struct broker *broker, const struct desk *desk, int64_t now_ns) {
    const struct gw_limits *limits = &broker->config->limits;
    if (broker->halted || broker->halted_day == day_of(now_ns)) return GW_REASON_HALTED;
    if (!(desk->rate > 0)) return GW_REASON_NO_RATE;
    if (limits->cooldown_bars && desk->last_stop && desk->n_closed < desk->last_stop + limits->cooldown_bars)
        return GW_REASON_COOLDOWN;
    return GW_REASON_NONE;
}

/* Largest |now + direction x added| <= most; `added` and the answer are notionals. */
static double within(double now, double direction, double most, double added) {
    const double free_notional = direction > 0 ? most - now : most + now;
    return fmax(0, fmin(added, free_notional));
}

enum gw_order_reason broker_admit(struct broker *broker, const struct desk *desk, const struct work *w, double price,
                                  double *quantity) {
    if (!broker->guarded) return GW_REASON_NONE;
    const struct gw_replay_config *config = broker->config;
    const struct gw_ledger *ledger = &broker->result->ledger;
    const double unit = price * desk->instrument.multiplier, asked = *quantity * unit, direction = w->direction;
    const double equity = gw_ledger_equity(ledger), gross = gw_ledger_gross(ledger);
    double net = 0, own = ledger->position[desk->symbol].quantity * unit, notional = asked;
    size_t held = 0;
    for (size_t s = 0; s < broker->n_symbols; ++s) {
        const struct gw_ledger_position *p = &ledger->position[s];
        net += p->quantity * p->mark_price * p->unit;
        held += broker->desk[s].holding && s != desk->symbol;
    }
    if (config->account == GW_ACCOUNT_CASH) {
        if (w->direction < 0) return GW_REASON_CASH;
        const double fee = config->costs.taker_bps * BPS * config->costs.multiplier;
        notional = fmin(notional, fmax(0, ledger->cash) / (1 + fmax(0, fee)));
        if (!(desk_lots(desk, notional / unit) > 0)) return GW_REASON_CASH;
    }
    if (config->account == GW_ACCOUNT_MARGIN) {
        notional = within(gross, 1, equity / config->initial_margin, notional);
        if (!(desk_lots(desk, notional / unit) > 0)) return GW_REASON_MARGIN;
    }
    const struct gw_limits *limits = &config->limits;
    if (limits->max_positions && !desk->holding && held >= limits->max_positions) return GW_REASON_LIMIT;
    if (limits->max_gross > 0) notional = within(gross, 1, limits->max_gross * equity, notional);
    if (limits->max_net > 0) notional = within(net, direction, limits->max_net * equity, notional);
    if (limits->max_symbol > 0) notional = within(own, direction, limits->max_symbol * equity, notional);
    if (notional < asked) *quantity = desk_lots(desk, notional / unit);
    return *quantity > 0 ? GW_REASON_NONE : GW_REASON_LIMIT;
}

/* ---- between the events --------------------------------------------------------------------- */

static void pay_interest(struct broker *broker, int64_t now_ns) {
    const struct gw_replay_config *config = broker->config;
    struct gw_ledger *ledger = &broker->result->ledger;
    const int64_t since_ns = broker->interest_ns;
    broker->interest_ns = now_ns;
    if (since_ns == INT64_MIN) return;
    const double rate = ledger->cash > 0 ? config->interest_bps_per_year : config->loan_bps_per_year;
    if (rate > 0) gw_ledger_pay_interest(ledger, ledger->cash * rate * BPS * (double)(now_ns - since_ns) / YEAR_NS);
}

static bool any_order(const struct work *w, const void *unused) {
    (void)w, (void)unused;
    return true;
}

static int liquidate(struct broker *broker, int64_t now_ns) {
    for (size_t s = 0; s < broker->n_symbols; ++s) {
        struct desk *desk = &broker->desk[s];
        if (!desk->active || !desk->n_closed) continue;
        const struct moment at = {.bar = desk->n_closed - 1, .ns = now_ns, .inside = true, .unlimited = true};
        desk->doubt = false;
        desk_remove_all(desk, any_order, NULL, GW_ORDER_CANCELLED, GW_REASON_LIQUIDATED, now_ns);
        if (desk->holding)
            TRY(desk_leave(desk, GW_EXIT_LIQUIDATION, broker->result->ledger.position[s].mark_price, at));
        desk_band(desk);
    }
    return GW_OK;
}

/* Entries are withdrawn, what is held is closed at the next open. */
static int close_all(struct broker *broker, int64_t now_ns) {
    for (size_t s = 0; s < broker->n_symbols; ++s) {
        struct desk *desk = &broker->desk[s];
        desk_remove_all(desk, work_is_entry, NULL, GW_ORDER_CANCELLED, GW_REASON_HALTED, now_ns);
        if (desk->holding && !desk_closing(desk)) {
            struct work *w;
            TRY(desk_add(desk, &w));
            w->kind = GW_ORDER_CLOSE;
            w->exit = GW_EXIT_SIGNAL;
            w->direction = -(int)desk->held.trade.side;
            w->left = INFINITY;
            w->live_ns = now_ns;
            w->attached.probability = NAN;
            TRY(broker_number(broker, desk, w, now_ns));
        }
        desk_band(desk);
    }
    return GW_OK;
}

int account_instant(struct broker *broker, int64_t now_ns) {
    const struct gw_replay_config *config = broker->config;
    const struct gw_limits *limits = &config->limits;
    const bool pays = config->interest_bps_per_year > 0 || config->loan_bps_per_year > 0;
    const bool halts = limits->daily_loss > 0 || limits->max_drawdown > 0;
    if (pays) pay_interest(broker, now_ns);
    if (config->account == GW_ACCOUNT_MARGIN) {
        const double gross = gw_ledger_gross(&broker->result->ledger);
        if (gross > 0 && broker_equity(broker) < config->maintenance_margin * gross) TRY(liquidate(broker, now_ns));
    }
    if (!halts) return GW_OK;
    const double equity = broker_equity(broker);
    if (day_of(now_ns) != broker->day) {
        broker->day = day_of(now_ns);
        broker->day_equity = equity;
    }
    broker->peak = fmax(broker->peak, equity);
    if (limits->daily_loss > 0 && broker->halted_day != broker->day &&
        equity <= broker->day_equity * (1 - limits->daily_loss)) {
        broker->halted_day = broker->day;
        TRY(close_all(broker, now_ns));
    }
    if (limits->max_drawdown > 0 && !broker->halted && equity <= broker->peak * (1 - limits->max_drawdown)) {
        broker->halted = true;
        TRY(close_all(broker, now_ns));
    }
    return GW_OK;
}
