/* Nothing that was known at a bar may depend on a later bar, from features to equity.
 *
 * The first tests poison every bar after a cut and compare the bytes of what was known (audit.h). The last ones plant
 * leaks and demand that the same comparison catches each: an audit that cannot fail proves nothing. */
#include "audit.h"
#include "engine/base/base.h"

static const char one_symbol[] =
    "{'name':'audit','data':'none.csv',"
    "'features':['log_return(1)','rsi(6)','log_return(1)@1h','volume_z(8)','ma_gap(5)@30m'],"
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
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'training':{'calibration':'isotonic'}},"
    "{'name':'patterns','strategy':'gate','model':{'encoder':'patterns','pattern_bars':6,'pattern_width':8,"
    "'pattern_heads':2,'pattern_layers':1,'latent':4,'categories':3},'training':{'calibration':'platt'}},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':3,'slow':9}},'buy_and_hold']}";

static const char two_symbols[] =
    "{'name':'audit2','data':'none.csv',"
    "'features':['log_return(1)','realised_vol(6)','rsi(3)@1h','range','volume_z(8)'],"
    "'labels':{'horizon':5,'ratio':1.2,'min_move_atr':1.5,'atr_length':6},'scaler':{'kind':'robust','clip':4},"
    "'folds':{'mode':'expanding','train':'30h','validation':'15h','test':'15h','step':'16h','embargo':2},"
    "'signals':{'k':[5,14],'act_on':14,'rolling_bars':50,'pool':'each','threshold':'rolling'},"
    "'model':{'lookback':8,'hidden':4,'attention_units':4,'heads':2,'key_dim':4,'dense_units':4},"
    "'training':{'epochs':2,'batch_size':64,'block':8,'monitor':'average_precision','positive_fraction':0.4},"
    "'trading':{'size':0.4,'exit_on_opposite':true},'costs':{'slippage_volatility':0,'funding_bps_per_day':20},"
    "'verdict':{'importance':false},"
    "'strategies':["
    "{'name':'none','strategy':'gate','training':{'retrain':'warm'}},"
    "{'name':'bahdanau','strategy':'gate','model':{'attention':'bahdanau'},"
    "'training':{'retrain':'lora','lora_rank':2,'optimizer':'adamw'}},"
    "{'name':'multihead','strategy':'gate','model':{'attention':'multihead','causal_mask':true},"
    "'training':{'loss':'bce','pos_weight':2}},"
    "{'name':'logistic','strategy':'gate','model':{'encoder':'logistic'},'training':{'calibration':'platt'}},"
    "{'name':'patterns','strategy':'gate','model':{'encoder':'patterns','pattern_bars':6,'pattern_width':8,"
    "'pattern_heads':2,'pattern_layers':1,'latent':4,'categories':3,'contrastive':'nt_xent'},"
    "'training':{'retrain':'warm','positive_fraction':0}},"
    "{'name':'cross','strategy':'sma_cross','trading':{'fast':4,'slow':11}}]}";

static void market_one(struct gw_market *market) {
    market->n_symbols = 1;
    market->symbol = mem_calloc(1, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "ONE", 560, 11, 0, 0.01);
}

/* The second symbol starts later, ends earlier and has holes. */
static void market_two(struct gw_market *market) {
    market->n_symbols = 2;
    market->symbol = mem_calloc(2, sizeof *market->symbol);
    fixture_walk(&market->symbol[0], "EARLY", 490, 21, 0, 0);
    fixture_walk(&market->symbol[1], "LATE", 330, 22, 70, 0.08);
}

/* ---- cuts ------------------------------------------------------------------------------------------------------ */

enum { CUTS_MAX = 64 };
struct cuts {
    int64_t at[CUTS_MAX];
    size_t n;
};

static void add_cut(struct cuts *cuts, const struct gw_bars *bars, size_t i) {
    if (i >= bars->n || cuts->n == CUTS_MAX) return;
    int64_t cut_ns = gw_bar_close_ns(bars, i);
    for (size_t k = 0; k < cuts->n; k++)
        if (cuts->at[k] == cut_ns) return;
    cuts->at[cuts->n++] = cut_ns;
}

/* Ends of slices exactly, bars within the horizon of borders, first and last bars, and a few from anywhere. */
static void choose_cuts(const struct prepared *p, struct cuts *cuts) {
    size_t last = p->plan.n_folds - 1, h = p->plan.config.horizon;
    struct gw_rng rng;
    cuts->n = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        const struct gw_fold *first = &p->plan.fold[0], *end = &p->plan.fold[last], *middle = &p->plan.fold[last / 2];
        add_cut(cuts, bars, first->bars[GW_SLICE_TRAIN][s].end - 1);
        add_cut(cuts, bars, first->bars[GW_SLICE_VALIDATION][s].end - 1);
        add_cut(cuts, bars, first->bars[GW_SLICE_TEST][s].begin);
        add_cut(cuts, bars, first->bars[GW_SLICE_TEST][s].begin + 1);
        add_cut(cuts, bars, first->bars[GW_SLICE_TEST][s].begin + h);
        add_cut(cuts, bars, first->bars[GW_SLICE_TEST][s].end - h);
        add_cut(cuts, bars, first->bars[GW_SLICE_TEST][s].end - 1);
        add_cut(cuts, bars, middle->bars[GW_SLICE_TRAIN][s].end - 1);
        add_cut(cuts, bars, middle->bars[GW_SLICE_TRAIN][s].end - 1 + h);
        add_cut(cuts, bars, middle->bars[GW_SLICE_VALIDATION][s].begin);
        add_cut(cuts, bars, middle->bars[GW_SLICE_VALIDATION][s].end - h);
        add_cut(cuts, bars, middle->bars[GW_SLICE_VALIDATION][s].end - 2);
        add_cut(cuts, bars, middle->bars[GW_SLICE_VALIDATION][s].end - 1);
        add_cut(cuts, bars, middle->bars[GW_SLICE_TEST][s].begin + 2);
        add_cut(cuts, bars, end->bars[GW_SLICE_VALIDATION][s].end - 1);
        add_cut(cuts, bars, end->bars[GW_SLICE_TEST][s].begin);
        add_cut(cuts, bars, end->bars[GW_SLICE_TEST][s].end - 2);
        add_cut(cuts, bars, p->market.symbol[s].n - 4);
        gw_rng_key(&rng, 5, "cuts", s, 0, 0);
        for (size_t k = 0; k < 6; k++) {
            size_t from = first->bars[GW_SLICE_TEST][s].begin;
            add_cut(cuts, bars, from + gw_rng_below(&rng, bars->n - from));
        }
    }
}

/* ---- the pipeline leaks nothing ----------------------------------------------------------------------------------- */

static const char *const poison_name[N_POISONS] = {"none", "NaN", "a million times", "shuffled"};

/* Takes every `step`-th cut. */
static void audit_market(const char *text, void (*make)(struct gw_market *), size_t step) {
    struct gw_market market;
    struct cuts cuts;
    struct run clean, dirty;
    static const struct leak engine = {.name = "none", .fit = FIT_ENGINE};
    size_t n_models = 0;
    struct experiment *e = fixture_experiment(text);
    make(&market);
    pipeline_run(e, &market, INT64_MAX, POISON_NONE, &engine, "clean", &clean);
    choose_cuts(clean.p, &cuts);
    assert_true(cuts.n >= 20);
    struct audit claims = {.cut_ns = INT64_MAX};
    audit_claims(&clean, &claims);
    if (claims.caught) fail_msg("%s", claims.first);
    for (size_t k = 0; k < e->n_strategies; k++)
        if (clean.results.strategy[k].seed[0].replay.n_trades == 0)
            fail_msg("%s never trades: the audit would prove nothing", e->strategy[k].name);
    for (size_t c = 0; c < cuts.n; c += step)
        for (int poison = POISON_NAN; poison < N_POISONS; poison++) {
            char when[40];
            struct audit audit = {.cut_ns = cuts.at[c], .poison = (enum poison)poison};
            pipeline_run(e, &market, cuts.at[c], (enum poison)poison, &engine, "dirty", &dirty);
            for (size_t i = 0; i < dirty.fits.n; i++) n_models += dirty.model[i] != NULL;
            audit_compare(&clean, &dirty, &audit);
            if (audit.caught)
                fail_msg("bars after %s %s: %s changes (stages %#x)", time_format(cuts.at[c], when),
                         poison_name[poison], audit.first, audit.caught);
            assert_true(audit.n_compared > 100);
            run_free(&dirty);
        }
    assert_true(n_models > 3 * cuts.n / step);
    run_free(&clean);
    gw_market_free(&market);
    experiment_free(e);
}

static void test_one_symbol(void **state) {
    (void)state;
    audit_market(one_symbol, market_one, 1);
}

static void test_two_symbols(void **state) {
    (void)state;
    audit_market(two_symbols, market_two, 1);
}

/* Whatever stands in the table of attentions. */
static void test_every_attention(void **state) {
    (void)state;
    char text[8192];
    const char *name;
    int used = snprintf(text, sizeof text, "%.*s'strategies':[", (int)(strstr(one_symbol, "'strategies'") - one_symbol),
                        one_symbol);
    for (size_t i = 0; (name = gw_model_option_name("attention", i)); i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "%s{'name':'%s','strategy':'gate','model':{'attention':'%s'%s}}", i ? "," : "", name, name,
                         strncmp(name, "luong", 5) == 0 ? ",'luong_combine':true" : "");
    snprintf(text + used, sizeof text - (size_t)used, "]}");
    audit_market(text, market_one, 5);
}

/* ---- leaks in the inputs ----------------------------------------------------------------------------------------- */

static void leak_next_bar(const struct experiment *e, struct prepared *p) {
    for (size_t t = 0; t + 1 < p->market.symbol[0].n; t++)
        p->features[0].value[t * e->n_features] =
            (float)log(p->market.symbol[0].bar[t + 1].close / p->market.symbol[0].bar[t].close);
}

/* The hour's return, delivered from its first quarter on. */
static void leak_open_bucket(const struct experiment *e, struct prepared *p) {
    const struct gw_bars *bars = &p->market.symbol[0];
    for (size_t t = p->features[0].warmup; t < bars->n; t++) {
        size_t end = t;
        while (end + 1 < bars->n && bars->bar[end + 1].open_ns / NS_PER_HOUR == bars->bar[t].open_ns / NS_PER_HOUR)
            end++;
        p->features[0].value[t * e->n_features + 2] = (float)log(bars->bar[end].close / bars->bar[t].open);
    }
}

static void leak_whole_history_mean(const struct experiment *e, struct prepared *p) {
    size_t F = e->n_features, from = p->features[0].warmup, n = p->market.symbol[0].n;
    double mean = 0;
    for (size_t t = from; t < n; t++) mean += (double)p->features[0].value[t * F + 1] / (double)(n - from);
    for (size_t t = from; t < n; t++) p->features[0].value[t * F + 1] -= (float)mean;
}

static void leak_labels_shifted(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (int g = 0; g < GW_N_GATES; g++) memmove(p->labels[0].gate[g], p->labels[0].gate[g] + 1, p->labels[0].n - 1);
}

static void leak_move_ahead(const struct experiment *e, struct prepared *p) {
    struct gw_labels *labels = &p->labels[0];
    for (size_t t = 0; t + e->labels.horizon < labels->n; t++) {
        const struct gw_bar *bar = &p->market.symbol[0].bar[t + e->labels.horizon];
        labels->min_move[t] = (bar->high - bar->low) / bar->close;
    }
}

static void leak_no_purge(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_TRAIN][0].end = p->plan.fold[f].bars[GW_SLICE_TRAIN][0].end;
}

static void leak_no_purge_before_test(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_VALIDATION][0].end = p->plan.fold[f].bars[GW_SLICE_VALIDATION][0].end;
}

static void leak_train_on_validation(const struct experiment *e, struct prepared *p) {
    (void)e;
    for (size_t f = 0; f < p->plan.n_folds; f++)
        p->plan.fold[f].samples[GW_SLICE_TRAIN][0].end = p->plan.fold[f].bars[GW_SLICE_VALIDATION][0].end;
}

/* Folds cut where it suits: the walk begins at a bar that the highest price of all time decides. */
static void leak_chosen_folds(const struct experiment *e, struct prepared *p) {
    size_t top = 0;
    (void)e;
    for (size_t t = 0; t < p->market.symbol[0].n; t++)
        if (p->market.symbol[0].bar[t].close > p->market.symbol[0].bar[top].close) top = t;
    p->plan.fold[0].samples[GW_SLICE_TEST][0].begin += 1 + top % 7;
}

/* ---- leaks in scores and replay ------------------------------------------------------------------------------------ */

static void leak_early_scores(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                              struct gw_score *at) {
    (void)e, (void)p;
    for (size_t i = 0; i + 1 < set->n; i++) memcpy(at[i].p, at[i + 1].p, sizeof at[i].p);
}

static void leak_rolling_now(const struct experiment *e, const struct prepared *p, const struct score_set *set,
                             struct gw_score *at) {
    (void)p;
    size_t most = e->signals.rolling_bars;
    float *last = mem_calloc(most, sizeof *last);
    for (size_t i = most; i < set->n; i++)
        for (size_t g = 0; g < GW_N_GATES; g++) {
            for (size_t k = 0; k < most; k++) last[k] = at[i - k].p[g];
            at[i].tau[g] = pipeline_quantile(last, most, e->signals.act_on);
        }
    mem_free(last);
}

/* Opens when a bar that is still to come closes higher. Where the history ends it must not look. */
static int64_t peek_end_ns;
static size_t peek_ahead;
static void leak_peek(void *state, const struct gw_strategy_config *config, const struct gw_bar_event *event,
                      struct gw_order_sink *orders) {
    (void)state;
    if (event->position.quantity != 0 || event->position.pending || event->close_ns >= peek_end_ns) return;
    if (!(event->history.last[peek_ahead].close > event->history.last[0].close)) return;
    gw_order_put(orders, &(struct gw_order){.symbol = event->symbol,
                                            .kind = GW_ORDER_MARKET,
                                            .side = GW_SIDE_LONG,
                                            .size = config->size,
                                            .max_bars = 2,
                                            .probability = NAN});
}

static void leak_peek_one(const struct experiment *e, struct prepared *p) {
    (void)e, (void)p;
    peek_ahead = 1;
}

static void leak_peek_two(const struct experiment *e, struct prepared *p) {
    (void)e, (void)p;
    peek_ahead = 2;
}

static const struct gw_bar *bar_of_signal(const struct prepared *p, const struct gw_trade *t) {
    const struct gw_bars *bars = &p->market.symbol[t->symbol];
    size_t i = known_bars(bars, t->signal_ns);
    return &bars->bar[i - 1];
}

static void leak_fill_at_close(const struct prepared *p, struct gw_replay_result *replay) {
    for (size_t i = 0; i < replay->n_trades; i++)
        replay->trade[i].entry_price = bar_of_signal(p, &replay->trade[i])->close;
}

static void leak_fill_at_open(const struct prepared *p, struct gw_replay_result *replay) {
    for (size_t i = 0; i < replay->n_trades; i++) {
        replay->trade[i].entry_ns = bar_of_signal(p, &replay->trade[i])->open_ns;
        replay->trade[i].entry_price = bar_of_signal(p, &replay->trade[i])->open;
    }
}

static void leak_scaled_equity(const struct prepared *p, struct gw_replay_result *replay) {
    (void)p;
    double end = replay->equity[replay->n_equity - 1].equity;
    for (size_t i = 0; i < replay->n_equity; i++) replay->equity[i].equity /= end;
}

/* ---- every leak is caught -------------------------------------------------------------------------------------------- */

static const struct leak leaks[] = {
    {.name = "a feature reads the next bar",
     .inputs = leak_next_bar,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FEATURES | STAGE_PROBABILITY | STAGE_ATTENTION | STAGE_SCORES},
    {.name = "an hourly feature reads the open hour",
     .inputs = leak_open_bucket,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FEATURES | STAGE_PROBABILITY},
    {.name = "a feature is centred over the whole history",
     .inputs = leak_whole_history_mean,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FEATURES | STAGE_SCALER},
    {.name = "labels are shifted by a bar",
     .inputs = leak_labels_shifted,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_LABELS},
    {.name = "min_move comes from the future",
     .inputs = leak_move_ahead,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_MIN_MOVE | STAGE_ISOLATED | STAGE_TRADES},
    {.name = "no purge before validation",
     .inputs = leak_no_purge,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FOLD_AUDIT | STAGE_TRAIN_ONLY},
    {.name = "no purge before test",
     .inputs = leak_no_purge_before_test,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FOLD_AUDIT | STAGE_MODEL_FILE | STAGE_LOG},
    {.name = "training goes on into validation",
     .inputs = leak_train_on_validation,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FOLD_AUDIT | STAGE_TRAIN_ONLY | STAGE_SCALER | STAGE_MODEL_FILE},
    {.name = "folds are cut by a later price", .inputs = leak_chosen_folds, .fit = FIT_ENGINE, .caught_by = STAGE_PLAN},
    {.name = "the scaler sees the test slice",
     .fit = FIT_SCALER_SEES_TEST,
     .caught_by = STAGE_SCALER | STAGE_MODEL_FILE | STAGE_PROBABILITY},
    {.name = "the validation slice is the test slice",
     .fit = FIT_VALIDATION_IS_TEST,
     .caught_by = STAGE_MODEL_FILE | STAGE_LOG},
    {.name = "tau comes from test probabilities", .fit = FIT_TAU_FROM_TEST, .caught_by = STAGE_TAU | STAGE_SCORES},
    {.name = "probabilities are calibrated on the test slice",
     .fit = FIT_CALIBRATED_ON_TEST,
     .caught_by = STAGE_PROBABILITY},
    {.name = "a later fold's model scores earlier bars",
     .fit = FIT_NEXT_MODEL,
     .caught_by = STAGE_MODEL_FILE | STAGE_PROBABILITY},
    {.name = "windows end one bar late", .fit = FIT_WINDOW_AHEAD, .caught_by = STAGE_PROBABILITY},
    {.name = "random numbers are keyed by all data", .fit = FIT_SEED_FROM_DATA, .caught_by = STAGE_MODEL_FILE},
    {.name = "the better seed is chosen on the test slice", .fit = FIT_BEST_ON_TEST, .caught_by = STAGE_PROBABILITY},
    {.name = "scores arrive one bar early", .scores = leak_early_scores, .fit = FIT_ENGINE, .caught_by = STAGE_SCORES},
    {.name = "the rolling tau holds the current bar",
     .scores = leak_rolling_now,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_ROLLING},
    {.name = "a strategy peeks at the next bar",
     .inputs = leak_peek_one,
     .on_bar = leak_peek,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_ORDERS},
    {.name = "a strategy peeks at the bar after the next",
     .inputs = leak_peek_two,
     .on_bar = leak_peek,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_ORDERS | STAGE_EQUITY | STAGE_FILLS},
    {.name = "fills happen at the signal bar's close",
     .replay = leak_fill_at_close,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FILL_RULES},
    {.name = "fills happen at the signal bar's open",
     .replay = leak_fill_at_open,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_FILL_RULES},
    {.name = "equity is scaled by its own end",
     .replay = leak_scaled_equity,
     .fit = FIT_ENGINE,
     .caught_by = STAGE_EQUITY},
};

/* Cuts of the leak hunt: ends of slices and a few bars inside the test slice of the middle fold. */
static void leak_cuts(const struct prepared *p, struct cuts *cuts) {
    const struct gw_bars *bars = &p->market.symbol[0];
    const struct gw_fold *fold = &p->plan.fold[p->plan.n_folds / 2];
    cuts->n = 0;
    add_cut(cuts, bars, fold->bars[GW_SLICE_TRAIN][0].end - 1);
    add_cut(cuts, bars, fold->bars[GW_SLICE_VALIDATION][0].end - 1);
    for (size_t k = 1; k < 6; k++) add_cut(cuts, bars, fold->bars[GW_SLICE_TEST][0].begin + 9 * k);
}

static void only_strategy(struct experiment *e, size_t s) {
    e->strategy[0] = e->strategy[s];
    e->n_strategies = 1;
}

static unsigned hunt(const struct experiment *e, const struct gw_market *market, const struct leak *leak) {
    struct run clean, dirty;
    struct cuts cuts;
    unsigned caught = 0;
    pipeline_run(e, market, INT64_MAX, POISON_NONE, leak, "clean", &clean);
    struct audit claims = {.cut_ns = INT64_MAX};
    audit_claims(&clean, &claims);
    caught |= claims.caught;
    leak_cuts(clean.p, &cuts);
    for (size_t c = 0; c < cuts.n && (caught & leak->caught_by) != leak->caught_by; c++)
        for (int poison = POISON_MILLION; poison <= POISON_SHUFFLE; poison++) {
            struct audit audit = {.cut_ns = cuts.at[c], .poison = (enum poison)poison};
            pipeline_run(e, market, cuts.at[c], (enum poison)poison, leak, "dirty", &dirty);
            audit_compare(&clean, &dirty, &audit);
            caught |= audit.caught;
            run_free(&dirty);
        }
    run_free(&clean);
    return caught;
}

static void test_leaks_are_caught(void **state) {
    (void)state;
    struct gw_market market;
    struct experiment *e = fixture_experiment(one_symbol);
    unsigned all = 0;
    size_t missed = 0;
    market_one(&market);
    only_strategy(e, 1);
    peek_end_ns = gw_bar_close_ns(&market.symbol[0], market.symbol[0].n - 2);
    for (size_t i = 0; i < COUNT_OF(leaks); i++) {
        unsigned caught = hunt(e, &market, &leaks[i]);
        all |= caught;
        if ((caught & leaks[i].caught_by) == leaks[i].caught_by) continue;
        print_error("not caught: %s (stages %#x, of %#x)\n", leaks[i].name, caught, leaks[i].caught_by);
        missed++;
    }
    assert_int_equal(missed, 0);
    assert_int_equal(all, 2 * STAGE_ROLLING - 1); /* every stage has caught something */
    gw_market_free(&market);
    experiment_free(e);
}

/* The double without a leak is the engine, and audited like it: what the hunt finds is the leak, not the double. */
static void test_the_double_is_honest(void **state) {
    (void)state;
    static const struct leak engine = {.name = "none", .fit = FIT_ENGINE}, honest = {.name = "none", .fit = 0};
    struct gw_market market;
    struct run a, b;
    struct experiment *e = fixture_experiment(one_symbol);
    market_one(&market);
    only_strategy(e, 1);
    pipeline_run(e, &market, INT64_MAX, POISON_NONE, &engine, "clean", &a);
    pipeline_run(e, &market, INT64_MAX, POISON_NONE, &honest, "dirty", &b);
    struct audit audit = {.cut_ns = INT64_MAX};
    audit_compare(&a, &b, &audit);
    if (audit.caught) fail_msg("%s", audit.first);
    run_free(&a);
    run_free(&b);
    assert_int_equal(hunt(e, &market, &honest), 0);
    gw_market_free(&market);
    experiment_free(e);
}

/* Models are written with fsync, which costs nothing on a file system in memory. */
static int make_scratch(void **state) {
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    return scratch_make(state);
}

int main(void) {
    progress_quiet(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_symbol),           cmocka_unit_test(test_two_symbols),
        cmocka_unit_test(test_every_attention),      cmocka_unit_test(test_leaks_are_caught),
        cmocka_unit_test(test_the_double_is_honest),
    };
    return cmocka_run_group_tests(tests, make_scratch, scratch_remove);
}
