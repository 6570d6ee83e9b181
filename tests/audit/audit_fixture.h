/* The experiment and the markets that are audited, with and without something planted. */
#ifndef GATEWALK_TEST_AUDIT_FIXTURE_H
#define GATEWALK_TEST_AUDIT_FIXTURE_H

#include "engine/audit/audit.h"
#include "engine/walk/outside.h"
#include "walk/fixture.h"

static const char one_symbol[] =
    "{'name':'audit','data':'none.csv',"
    "'features':['log_return(1)','rsi(6)','log_return(1)@1h','volume_z(8)','ma_gap(5)@30m','regime(2,2)'],"
    "'labels':{'horizon':6,'ratio':1.2,'min_move':0.004},"
    "'folds':{'train':160,'validation':60,'test':60},"
    "'signals':{'k':[5,20],'act_on':20,'rolling_bars':40},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4,'dropout':0.2},"
    "'training':{'epochs':2,'batch_size':64,'block':8,'learning_rate':0.01},"
    "'verdict':{'importance':false},"
    "'strategies':["
    "{'name':'none','strategy':'gate'},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'},'training':{'calibration':'platt','epochs':"
    "3}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead'},'training':{'epochs':1}},"
    "{'name':'stream','strategy':'gate','model':{'unroll':'stream','warm':16},'training':{'epochs':1}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'training':{'calibration':'isotonic'}},"
    "{'name':'mean','strategy':'gate','ensemble_of':'bahdanau'},"
    "{'name':'rules','enter_long':'rsi(6) < 50 and close < ago(highest(high, 5), 1)','exit_long':'rsi(5)@30m > 50',"
    "'stop':'2 * atr(5)','limit':'close * 1.001'},"
    "{'name':'gru','strategy':'gate','model':{'encoder':'gru'},'training':{'epochs':1}},"
    "{'name':'tcn','strategy':'gate','model':{'encoder':'tcn'},'training':{'epochs':1}},"
    "{'name':'causal','strategy':'gate','model':{'encoder':'causal_transformer'},'training':{'epochs':1}},"
    "{'name':'weighed','strategy':'gate','ensemble_of':'none,gru,tcn','weights':'validation'},"
    "{'name':'script','script':'own.lua'},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':3,'slow':9}},'buy_and_hold',"
    "{'name':'chance','strategy':'random_entry','trading':{'match':'cross'}}]}";

static const char own_script[] =
    "local rsi = feature('rsi(4)@30m')\n"
    "function on_bar(bar, history, score, position, orders)\n"
    "  if position.pending then return end\n"
    "  if position.quantity == 0 and rsi() < 60 and history.close(3) and bar.close < history.highest(4) then\n"
    "    orders.buy{size = 0.4, stop = 0.01, max_bars = 1 + math.floor(random() * 9)}\n"
    "  elseif position.quantity > 0 and rsi() > 55 then orders.close() end\n"
    "end\n";

static void market_one(struct gw_market *market) {
    market->n_symbols = 1;
    market->symbol = mem_calloc(1, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "ONE", 560, 11, 0, 0.01);
}

/* With a column of one's own, which is poisoned like the bars. */
static void market_column(struct gw_market *market) {
    market_one(market);
    struct gw_bars *bars = &market->symbol[0];
    double *flow = mem_calloc(bars->n, sizeof *flow);
    assert_non_null(flow);
    for (size_t t = 0; t < bars->n; t++) flow[t] = bars->bar[t].close * (double)(t % 17);
    assert_ok(gw_bars_add_column(bars, "flow", flow));
    mem_free(flow);
}

static inline struct prepared *prepared_of(const struct experiment *e, void (*make)(struct gw_market *)) {
    struct prepared *p = mem_calloc(1, sizeof *p);
    assert_non_null(p);
    make(&p->market);
    if (p->market.n_symbols == 2) { /* the first is quoted in what the second prices, so that rates are poisoned too */
        assert_non_null(p->instrument = mem_calloc(2, sizeof *p->instrument));
        p->instrument[0].rate_symbol = 2;
    }
    assert_ok(prepare_inputs(e, p));
    assert_ok(outside_prepare(e, p));
    return p;
}

/* The audit finds nothing; left_out: stages that it has nothing to look at in. */
static void check_clean(const char *text, void (*make)(struct gw_market *), size_t n_cuts, size_t n_refits,
                        unsigned left_out) {
    scratch_write("own.lua", own_script, sizeof own_script - 1);
    struct experiment *e = fixture_experiment(text);
    struct prepared *p = prepared_of(e, make);
    struct audit_options options = {.n_cuts = n_cuts, .n_refits = n_refits, .jobs = 2, .models = ""};
    struct audit_report report;
    assert_ok(audit_experiment(e, p, &options, &report));
    enum audit_stage stage = audit_first(&report.found);
    const struct audit_difference *d = &report.found.first[stage < N_STAGES ? stage : 0];
    if (stage < N_STAGES)
        fail_msg("%s: %s of %s %s fold %zu: %.17g, %.17g", stage_id[stage], d->value, d->strategy, d->symbol, d->fold,
                 d->clean, d->dirty);
    assert_true(report.n_cuts >= n_cuts * 9 / 10);
    assert_int_equal(report.n_markets, 3 * report.n_cuts + 2 * report.n_refits);
    for (stage = 0; stage < N_STAGES; stage++)
        if (report.found.n_compared[stage] == 0 && !(left_out >> stage & 1))
            fail_msg("%s was not looked at", stage_id[stage]);
    audit_report_free(&report);
    prepared_free(p);
    experiment_free(e);
}

/* Decoders: paths are what labels are, and no part of a score. */
static inline char *decoder_text(char text[8192]) {
    snprintf(text, 8192,
             "%.*s'strategies':["
             "{'name':'told','strategy':'gate','model':{'attention':'bahdanau','decoder':'path','decoder_steps':3}},"
             "{'name':'free','strategy':'gate','model':{'attention':'luong_general','luong_combine':true,"
             "'decoder':'path','decoder_steps':2,'decoder_teacher':'none'},'training':{'retrain':'warm'}}]}",
             (int)(strstr(one_symbol, "'strategies'") - one_symbol), one_symbol);
    return text;
}

#endif
