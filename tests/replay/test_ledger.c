/* The ledger on its own: postings by hand, and that reconciliation finds every kind of planted error. */
#include "engine/base/base.h"
#include "fixture.h"

static void post(struct gw_ledger *ledger, uint32_t symbol, double quantity, double price, double fee) {
    assert_ok(
        gw_ledger_post(ledger, &(struct gw_fill){.symbol = symbol, .quantity = quantity, .price = price, .fee = fee}));
}

struct posting {
    uint32_t symbol;
    double quantity, price, fee;
    /* after it */
    double cash, held, average, realised, equity; /* equity with every position marked at its last fill */
};

/* Two symbols: build up, reduce, turn through zero, flatten. */
static const struct posting postings[] = {
    {0, 10, 100, 1, 8999, 10, 100, 0, 9999},
    {0, 10, 110, 1, 7898, 20, 105, 0, 10098},    /* marked at 110: 7898 + 2200 */
    {1, -5, 40, 2, 8096, -5, 40, 0, 10096},      /* + 200 short sale, marked -200 */
    {0, -5, 120, 0, 8696, 15, 105, 75, 10296},   /* 5 x (120 - 105) */
    {0, -25, 90, 3, 10943, -10, 90, -150, 9843}, /* 15 x (90 - 105); 10943 - 900 - 200 */
    {1, 5, 50, 0, 10693, 0, 0, -200, 9793},      /* short loses 5 x 10 */
    {0, 10, 80, 0, 9893, 0, 0, -100, 9893},
};

static void postings_by_hand(void **state) {
    (void)state;
    struct gw_ledger ledger;
    assert_ok(gw_ledger_init(&ledger, 2, 10000));
    for (size_t i = 0; i < COUNT_OF(postings); ++i) {
        const struct posting *p = &postings[i];
        post(&ledger, p->symbol, p->quantity, p->price, p->fee);
        const struct gw_ledger_position *held = &ledger.position[p->symbol];
        assert_near(ledger.cash, p->cash, 1e-14, 1);
        assert_near(held->quantity, p->held, 0, 1);
        assert_near(held->average_price, p->average, 1e-14, 1);
        assert_near(ledger.realised, p->realised, 1e-14, 1);
        assert_near(gw_ledger_equity(&ledger), p->equity, 1e-14, 1);
        assert_ok(gw_ledger_reconcile(&ledger));
    }
    assert_near(ledger.fees, 7, 1e-14, 1);
    gw_ledger_charge(&ledger, 12.5);
    gw_ledger_charge(&ledger, -2.5);
    assert_near(ledger.cash, 9883, 1e-14, 1);
    assert_near(ledger.funding, 10, 1e-14, 1);
    assert_ok(gw_ledger_reconcile(&ledger));
    gw_ledger_free(&ledger);
}

static void marks_move_equity_and_gross(void **state) {
    (void)state;
    struct gw_ledger ledger;
    assert_ok(gw_ledger_init(&ledger, 2, 1000));
    post(&ledger, 0, 3, 100, 0);
    post(&ledger, 1, -2, 50, 0);
    gw_ledger_mark(&ledger, 0, 110);
    gw_ledger_mark(&ledger, 1, 45);
    assert_near(gw_ledger_equity(&ledger), 1000 + 30 + 10, 1e-14, 1);
    assert_near(gw_ledger_gross(&ledger), 330 + 90, 1e-14, 1);
    assert_fails(gw_ledger_post(&ledger, &(struct gw_fill){.symbol = 2, .quantity = 1, .price = 1}), GW_ERR_INTERNAL,
                 "symbol 2");
    assert_ok(gw_ledger_reconcile(&ledger));
    gw_ledger_free(&ledger);
    assert_fails(gw_ledger_init(&ledger, 1, 0), GW_ERR_CONFIG, "initial_cash");
    assert_fails(gw_ledger_init(&ledger, 1, NAN), GW_ERR_CONFIG, "initial_cash");
}

/* Every number of the ledger, off by a little, one at a time; then mended. */
static void planted_errors_are_found(void **state) {
    (void)state;
    struct gw_ledger ledger;
    assert_ok(gw_ledger_init(&ledger, 2, 10000));
    for (size_t i = 0; i < 5; ++i)
        post(&ledger, postings[i].symbol, postings[i].quantity, postings[i].price, postings[i].fee);
    gw_ledger_charge(&ledger, 5);
    const struct {
        double *field;
        double error;
        const char *says;
    } plants[] = {
        {&ledger.cash, 1e-3, "cash"},
        {&ledger.cash, NAN, "cash"},
        {&ledger.fees, 1e-3, "fees"},
        {&ledger.realised, -1e-3, "realised"},
        {&ledger.funding, 1e-3, "cash"},
        {&ledger.position[0].quantity, 1e-4, "symbol 0 holds"},
        {&ledger.position[1].quantity, 1e-4, "symbol 1 holds"},
        {&ledger.position[1].average_price, 1e-3, "average price"},
        {&ledger.initial_cash, 1, "cash"},
        {&ledger.fill[2].quantity, 1e-3, "cash"},
        {&ledger.fill[3].price, 1e-3, "cash"},
        {&ledger.fill[4].fee, 1e-3, "cash"},
    };
    assert_ok(gw_ledger_reconcile(&ledger));
    for (size_t i = 0; i < COUNT_OF(plants); ++i) {
        const double right = *plants[i].field;
        *plants[i].field = right + plants[i].error;
        assert_fails(gw_ledger_reconcile(&ledger), GW_ERR_INTERNAL, plants[i].says);
        *plants[i].field = right;
        assert_ok(gw_ledger_reconcile(&ledger));
    }
    ledger.fill[0].symbol = 1; /* a fill booked to the wrong symbol leaves cash as it was */
    assert_fails(gw_ledger_reconcile(&ledger), GW_ERR_INTERNAL, "");
    ledger.fill[0].symbol = 9;
    assert_fails(gw_ledger_reconcile(&ledger), GW_ERR_INTERNAL, "fill 0 is of symbol 9");
    ledger.fill[0].symbol = 0;
    ledger.n_fills--; /* a lost fill */
    assert_fails(gw_ledger_reconcile(&ledger), GW_ERR_INTERNAL, "cash");
    ledger.n_fills++;
    assert_ok(gw_ledger_reconcile(&ledger));
    gw_ledger_free(&ledger);
}

static void many_fills_stay_exact(void **state) {
    (void)state;
    struct gw_ledger ledger;
    struct gw_rng rng;
    gw_rng_key(&rng, 5, "ledger", 0, 0, 0);
    assert_ok(gw_ledger_init(&ledger, 3, 1e6));
    for (size_t i = 0; i < 20000; ++i)
        post(&ledger, (uint32_t)gw_rng_below(&rng, 3), 20 * gw_rng_normal(&rng), 10 + 90 * gw_rng_uniform(&rng),
             gw_rng_uniform(&rng));
    assert_int_equal(ledger.n_fills, 20000);
    assert_ok(gw_ledger_reconcile(&ledger));
    gw_ledger_free(&ledger);
}

/* What is held is a list in the order of the symbols, and equity is the sum over all of them, whatever came and went. */
static void what_is_held_is_summed(void **state) {
    (void)state;
    enum { SYMBOLS = 200, FILLS = 3000 };
    struct gw_ledger ledger;
    struct gw_rng rng;
    size_t most = 0, least = SYMBOLS;
    gw_rng_key(&rng, 1, "held", 0, 0, 0);
    assert_ok(gw_ledger_init(&ledger, SYMBOLS, 1e6));
    for (size_t f = 0; f < FILLS; ++f) {
        const uint32_t s = (uint32_t)gw_rng_below(&rng, SYMBOLS);
        const double held = ledger.position[s].quantity, any = (double)gw_rng_below(&rng, 5) - 2;
        const struct gw_fill fill = {.symbol = s,
                                     .quantity = held != 0 && gw_rng_below(&rng, 2) ? -held : any,
                                     .price = 1 + gw_rng_uniform(&rng)};
        assert_ok(gw_ledger_post(&ledger, &fill));
        double equity = ledger.cash, gross = 0;
        size_t n = 0;
        for (uint32_t k = 0; k < SYMBOLS; ++k) {
            const struct gw_ledger_position *p = &ledger.position[k];
            equity += p->quantity * p->mark_price;
            gross += fabs(p->quantity) * p->mark_price;
            if (p->quantity != 0) assert_int_equal(ledger.held[n++], k);
        }
        assert_int_equal(ledger.n_held, n);
        assert_true(gw_ledger_equity(&ledger) == equity); /* to the bit */
        assert_true(gw_ledger_gross(&ledger) == gross);
        if (n > most) most = n;
        if (f > FILLS / 2 && n < least) least = n;
    }
    assert_in_range(least, 1, most - 1);
    assert_ok(gw_ledger_reconcile(&ledger));
    gw_ledger_free(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(postings_by_hand),         cmocka_unit_test(marks_move_equity_and_gross),
        cmocka_unit_test(planted_errors_are_found), cmocka_unit_test(many_fills_stay_exact),
        cmocka_unit_test(what_is_held_is_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
