/* Cash and positions by double entry: every fill moves value between cash and a position at the fill price, fees
 * leave cash, and what a reducing fill earns against the average price is `realised`. So at every moment
 *
 *     cash + sum(quantity x average price x multiplier) = initial cash + realised - fees - funding + interest
 *
 * where prices are in the currency of the account, each at the rate of its fill. Cash and positions follow from the journal of fills
 * alone. gw_ledger_reconcile checks both. */
#include "engine/base/base.h"
#include "ledger_private.h"

#include <math.h>
#include <string.h>

static const double TOLERANCE = 1e-9;

int gw_ledger_init(struct gw_ledger *ledger, size_t n_symbols, double initial_cash) {
    memset(ledger, 0, sizeof *ledger);
    if (!(initial_cash > 0) || !isfinite(initial_cash))
        FAIL(GW_ERR_CONFIG, "initial_cash: %g is no starting capital; give a positive number", initial_cash);
    ledger->position = mem_calloc(n_symbols, sizeof *ledger->position);
    ledger->held = mem_calloc(n_symbols, sizeof *ledger->held);
    if (!ledger->position || !ledger->held) return GW_ERR_NOMEM;
    for (size_t s = 0; s < n_symbols; ++s) gw_ledger_contract(ledger, (uint32_t)s, 1);
    ledger->n_symbols = n_symbols;
    ledger->initial_cash = ledger->cash = initial_cash;
    return GW_OK;
}

/* Applies a fill to one position; returns what it realised. */
static double position_apply(struct gw_ledger_position *p, double quantity, double price) {
    const double before = p->quantity, after = before + quantity;
    double realised = 0;
    if (before * quantity >= 0) { /* opens or adds: the average moves */
        p->average_price = before == 0 ? price : (before * p->average_price + quantity * price) / after;
    } else {
        const bool turned = before * after < 0;
        const double closed = turned || after == 0 ? before : -quantity;
        realised = closed * (price - p->average_price) * p->multiplier;
        if (turned) p->average_price = price;
        if (after == 0) p->average_price = 0;
    }
    p->quantity = after;
    return realised;
}

void gw_ledger_contract(struct gw_ledger *ledger, uint32_t symbol, double multiplier) {
    ledger->position[symbol].multiplier = ledger->position[symbol].unit = multiplier;
}

void gw_ledger_rate(struct gw_ledger *ledger, uint32_t symbol, double rate) {
    ledger->position[symbol].unit = ledger->position[symbol].multiplier * rate;
}

/* In the currency of the account. */
static double price_of(const struct gw_fill *fill) { return fill->rate > 0 ? fill->price * fill->rate : fill->price; }

/* After a fill: the symbol joins or leaves the list of what is held, which stays in order. */
static void held_follow(struct gw_ledger *ledger, uint32_t symbol, bool was_held) {
    const bool is_held = ledger->position[symbol].quantity != 0;
    if (is_held == was_held) return;
    size_t at = ledger->n_held;
    while (at > 0 && ledger->held[at - 1] >= symbol) --at;
    uint32_t *place = &ledger->held[at];
    if (is_held) {
        memmove(place + 1, place, (ledger->n_held++ - at) * sizeof *place);
        *place = symbol;
    } else {
        memmove(place, place + 1, (--ledger->n_held - at) * sizeof *place);
    }
}

int ledger_reserve(struct gw_ledger *ledger, size_t capacity) {
    struct gw_fill *fill = mem_realloc(ledger->fill, capacity, sizeof *fill);
    if (!fill) return GW_ERR_NOMEM;
    ledger->fill = fill;
    ledger->fill_capacity = capacity;
    return GW_OK;
}

int gw_ledger_post(struct gw_ledger *ledger, const struct gw_fill *fill) {
    if (fill->symbol >= ledger->n_symbols)
        FAIL(GW_ERR_INTERNAL, "ledger: fill of symbol %u, but there are %zu", fill->symbol, ledger->n_symbols);
    if (ledger->n_fills == ledger->fill_capacity)
        TRY(ledger_reserve(ledger, ledger->fill_capacity ? 2 * ledger->fill_capacity : 256));
    ledger->fill[ledger->n_fills++] = *fill;
    struct gw_ledger_position *position = &ledger->position[fill->symbol];
    const double price = price_of(fill);
    const bool was_held = position->quantity != 0;
    ledger->realised += position_apply(position, fill->quantity, price);
    held_follow(ledger, fill->symbol, was_held);
    position->mark_price = fill->price; /* until the next mark, the fill is the newest price */
    ledger->cash -= fill->quantity * price * position->multiplier + fill->fee;
    ledger->fees += fill->fee;
    return GW_OK;
}

void gw_ledger_charge(struct gw_ledger *ledger, double funding) {
    ledger->cash -= funding;
    ledger->funding += funding;
}

void gw_ledger_pay_interest(struct gw_ledger *ledger, double interest) {
    ledger->cash += interest;
    ledger->interest += interest;
}

void gw_ledger_mark(struct gw_ledger *ledger, uint32_t symbol, double price) {
    ledger->position[symbol].mark_price = price;
}

double gw_ledger_equity(const struct gw_ledger *ledger) {
    double gross;
    return ledger_value(ledger, &gross);
}

double gw_ledger_gross(const struct gw_ledger *ledger) {
    double gross;
    (void)ledger_value(ledger, &gross);
    return gross;
}

/* NaN never agrees. */
static bool agree(double a, double b, double flow) { return fabs(a - b) <= TOLERANCE * flow; }

static int compare(const struct gw_ledger *ledger, const struct gw_ledger *rebuilt, double flow) {
    if (!agree(ledger->cash, rebuilt->cash, flow))
        FAIL(GW_ERR_INTERNAL, "ledger: cash %.17g, but its %zu fills leave %.17g", ledger->cash, ledger->n_fills,
             rebuilt->cash);
    if (!agree(ledger->fees, rebuilt->fees, flow))
        FAIL(GW_ERR_INTERNAL, "ledger: fees %.17g, but its fills paid %.17g", ledger->fees, rebuilt->fees);
    if (!agree(ledger->realised, rebuilt->realised, flow))
        FAIL(GW_ERR_INTERNAL, "ledger: realised %.17g, but its fills realised %.17g", ledger->realised,
             rebuilt->realised);
    double booked = ledger->cash;
    for (size_t s = 0; s < ledger->n_symbols; ++s) {
        const struct gw_ledger_position *got = &ledger->position[s], *want = &rebuilt->position[s];
        /* want->mark_price is the last fill's price at its rate here: it turns quantities into cash. */
        const double price = (want->mark_price > 0 ? want->mark_price : 1) * got->multiplier;
        if (!agree(got->quantity * price, want->quantity * price, flow))
            FAIL(GW_ERR_INTERNAL, "ledger: symbol %zu holds %.17g, but its fills add up to %.17g", s, got->quantity,
                 want->quantity);
        if (!agree(got->average_price * want->quantity * got->multiplier,
                   want->average_price * want->quantity * got->multiplier, flow))
            FAIL(GW_ERR_INTERNAL, "ledger: symbol %zu has average price %.17g, but its fills average %.17g", s,
                 got->average_price, want->average_price);
        booked += got->quantity * got->average_price * got->multiplier;
    }
    const double owed = ledger->initial_cash + ledger->realised - ledger->fees - ledger->funding + ledger->interest;
    if (!agree(booked, owed, flow))
        FAIL(GW_ERR_INTERNAL, "ledger: cash and positions at cost are %.17g, capital and results are %.17g", booked,
             owed);
    return GW_OK;
}

int gw_ledger_reconcile(const struct gw_ledger *ledger) {
    struct gw_ledger rebuilt = {.initial_cash = ledger->initial_cash, .cash = ledger->initial_cash};
    rebuilt.position = mem_calloc(ledger->n_symbols, sizeof *rebuilt.position);
    if (!rebuilt.position) return GW_ERR_NOMEM;
    for (size_t i = 0; i < ledger->n_symbols; ++i) rebuilt.position[i].multiplier = ledger->position[i].multiplier;
    double flow = ledger->initial_cash + fabs(ledger->funding) + fabs(ledger->interest);
    int rc = GW_OK;
    for (size_t i = 0; i < ledger->n_fills; ++i) {
        const struct gw_fill *fill = &ledger->fill[i];
        if (fill->symbol >= ledger->n_symbols) {
            rc = gw_error_set(GW_ERR_INTERNAL, "ledger: fill %zu is of symbol %u of %zu", i, fill->symbol,
                              ledger->n_symbols);
            break;
        }
        struct gw_ledger_position *position = &rebuilt.position[fill->symbol];
        const double price = price_of(fill);
        rebuilt.realised += position_apply(position, fill->quantity, price);
        position->mark_price = price; /* of the account: see compare() */
        rebuilt.cash -= fill->quantity * price * position->multiplier + fill->fee;
        rebuilt.fees += fill->fee;
        flow += fabs(fill->quantity * price * position->multiplier) + fabs(fill->fee);
    }
    rebuilt.cash += ledger->interest - ledger->funding;
    if (rc == GW_OK) rc = compare(ledger, &rebuilt, flow);
    mem_free(rebuilt.position);
    return rc;
}

void gw_ledger_free(struct gw_ledger *ledger) {
    mem_free(ledger->position);
    mem_free(ledger->held);
    mem_free(ledger->fill);
    memset(ledger, 0, sizeof *ledger);
}
