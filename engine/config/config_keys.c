/* The table of configuration keys. A key is one row: reading, range checks, the resolved copy and the help follow. */
#include <math.h>
#include <string.h>

#include "config.h"
#include "engine/base/base.h"

#define ROW(type_struct, field, kind, low, high, option_kind, text)                                                    \
    { #field, kind, offsetof(struct type_struct, field), low, high, option_kind, text }

static const struct key_desc label_keys[] = {
    ROW(gw_label_config, horizon, KEY_SIZE, 1, 100000, NULL, "bars the label looks ahead (h)"),
    ROW(gw_label_config, ratio, KEY_NUMBER, 0, 1000, NULL, "upside must exceed ratio x downside"),
    ROW(gw_label_config, min_move, KEY_NUMBER, 0, 1, NULL, "smallest move that counts, fraction of close"),
    ROW(gw_label_config, min_move_atr, KEY_NUMBER, 0, 1000, NULL, "the same in ATR multiples; 0 = use min_move"),
    ROW(gw_label_config, atr_length, KEY_SIZE, 1, 10000, NULL, "bars of that ATR"),
};

static const struct key_desc scaler_keys[] = {
    ROW(scaler_config, kind, KEY_WORD, 0, 0, "scaler", "fitted on the purged training slice only"),
    ROW(scaler_config, clip, KEY_NUMBER, 0.1, 1e9, NULL, "scaled values are clipped to +-clip"),
};

static const struct key_desc fold_keys[] = {
    ROW(fold_settings, mode, KEY_WORD, 0, 0, "fold_mode", "rolling window or one that grows"),
    ROW(fold_settings, train, KEY_SPAN, 1, 1e9, NULL, "training length, bars or \"180d\""),
    ROW(fold_settings, validation, KEY_SPAN, 1, 1e9, NULL, "validation length"),
    ROW(fold_settings, test, KEY_SPAN, 1, 1e9, NULL, "test length"),
    ROW(fold_settings, step, KEY_SPAN, 0, 1e9, NULL, "distance between folds; 0 = test length"),
    ROW(fold_settings, embargo, KEY_SIZE, 0, 1e6, NULL, "bars added to the purge"),
    ROW(fold_settings, skip, KEY_SIZE, 0, 1e6, NULL, "folds left out at the beginning, e.g. after a search on them"),
};

static const struct key_desc signal_keys[] = {
    ROW(signal_config, k, KEY_KS, 0.001, 100, NULL, "percentages of bars that are reported, ascending"),
    ROW(signal_config, act_on, KEY_NUMBER, 0.001, 100, NULL, "the K that is traded, one of k"),
    ROW(signal_config, threshold, KEY_WORD, 0, 0, "threshold", "where tau_K comes from"),
    ROW(signal_config, rolling_bars, KEY_SIZE, 10, 1e8, NULL, "emitted probabilities in the rolling quantile"),
    ROW(signal_config, fixed_long, KEY_NUMBER, 0, 1, NULL, "tau of the long gate when threshold is fixed"),
    ROW(signal_config, fixed_short, KEY_NUMBER, 0, 1, NULL, "tau of the short gate when threshold is fixed"),
    ROW(signal_config, pool, KEY_WORD, 0, 0, "pool", "K over all symbols, each symbol, or best symbol per bar"),
};

static const struct key_desc model_keys[] = {
    ROW(gw_model_config, encoder, KEY_WORD, 0, 0, "encoder", "what turns a window into a state"),
    ROW(gw_model_config, attention, KEY_WORD, 0, 0, "attention", "how the context vector is formed"),
    ROW(gw_model_config, lookback, KEY_SIZE, 1, 4096, NULL, "steps per window (T)"),
    ROW(gw_model_config, hidden, KEY_SIZE, 1, 1024, NULL, "LSTM units (H)"),
    ROW(gw_model_config, layers, KEY_SIZE, 1, 8, NULL, "stacked LSTM layers"),
    ROW(gw_model_config, attention_units, KEY_SIZE, 1, 1024, NULL, "units of additive attention"),
    ROW(gw_model_config, heads, KEY_SIZE, 1, 64, NULL, "heads of multihead"),
    ROW(gw_model_config, key_dim, KEY_SIZE, 1, 512, NULL, "width of each head's keys and queries"),
    ROW(gw_model_config, luong_combine, KEY_BOOL, 0, 0, NULL, "context becomes tanh(Wc[c;q])"),
    ROW(gw_model_config, causal_mask, KEY_BOOL, 0, 0, NULL, "multihead: a step attends only to steps before it"),
    ROW(gw_model_config, dense_units, KEY_SIZE, 1, 4096, NULL, "units of the dense layer"),
    ROW(gw_model_config, dropout, KEY_NUMBER, 0, 0.95, NULL, "dropped share of the context while training"),
    ROW(gw_model_config, forget_init, KEY_WORD, 0, 0, "forget_init", "initial bias of the forget gate"),
};

static const struct key_desc training_keys[] = {
    ROW(gw_train_config, loss, KEY_WORD, 0, 0, "loss", "what is minimised"),
    ROW(gw_train_config, pos_weight, KEY_NUMBER, 1e-6, 1e6, NULL, "weight of positives in bce"),
    ROW(gw_train_config, focal_gamma, KEY_NUMBER, 0, 20, NULL, "focusing exponent"),
    ROW(gw_train_config, focal_alpha, KEY_NUMBER, 0, 1, NULL, "weight of positives in focal"),
    ROW(gw_train_config, bootstrap_beta, KEY_NUMBER, 0, 1, NULL, "share of the given label; 0 = .95 soft, .8 hard"),
    ROW(gw_train_config, self_paced_start, KEY_NUMBER, 0.01, 1, NULL, "share of each class in at first"),
    ROW(gw_train_config, self_paced_epochs, KEY_NUMBER, 0, 1e6, NULL, "epochs until all samples are in"),
    ROW(gw_train_config, optimizer, KEY_WORD, 0, 0, "optimizer", "update rule"),
    ROW(gw_train_config, learning_rate, KEY_NUMBER, 1e-9, 10, NULL, "peak learning rate"),
    ROW(gw_train_config, weight_decay, KEY_NUMBER, 0, 1, NULL, "decoupled decay of adamw"),
    ROW(gw_train_config, momentum, KEY_NUMBER, 0, 0.9999, NULL, "momentum of sgd"),
    ROW(gw_train_config, schedule, KEY_WORD, 0, 0, "schedule", "learning rate over the epochs"),
    ROW(gw_train_config, warmup_epochs, KEY_NUMBER, 0, 1e6, NULL, "linear warm-up before the schedule"),
    ROW(gw_train_config, schedule_power, KEY_NUMBER, 0.01, 20, NULL, "exponent of polynomial"),
    ROW(gw_train_config, clip_norm, KEY_NUMBER, 0, 1e6, NULL, "clip of the gradient's global norm; 0 = off"),
    ROW(gw_train_config, batch_size, KEY_SIZE, 1, 65536, NULL, "windows per gradient"),
    ROW(gw_train_config, block, KEY_SIZE, 1, 4096, NULL, "contiguous windows that share their input; 1 = full shuffle"),
    ROW(gw_train_config, accumulate, KEY_SIZE, 1, 4096, NULL, "gradients per update"),
    ROW(gw_train_config, epochs, KEY_SIZE, 1, 100000, NULL, "passes over the training slice at most"),
    ROW(gw_train_config, patience, KEY_SIZE, 0, 100000, NULL, "epochs without improvement before stopping; 0 = never"),
    ROW(gw_train_config, monitor, KEY_WORD, 0, 0, "monitor", "what decides the best epoch, on validation"),
    ROW(gw_train_config, positive_fraction, KEY_NUMBER, 0, 0.95, NULL, "class-balanced sampling; 0 = off"),
    ROW(gw_train_config, retrain, KEY_WORD, 0, 0, "retrain", "how a fold starts"),
    ROW(gw_train_config, lora_on, KEY_WORD, 0, 0, "lora_on", "matrices that get adapters"),
    ROW(gw_train_config, lora_rank, KEY_SIZE, 1, 1024, NULL, "rank of the adapters"),
    ROW(gw_train_config, lora_alpha, KEY_NUMBER, 1e-6, 1e6, NULL, "scale of the adapters"),
    ROW(gw_train_config, lora_dropout, KEY_NUMBER, 0, 0.95, NULL, "dropout of the adapters' input"),
    ROW(gw_train_config, calibration, KEY_WORD, 0, 0, "calibration", "of the probabilities, fitted on validation"),
    ROW(gw_train_config, precision, KEY_WORD, 0, 0, "precision", "arithmetic of the large products"),
};

static const struct key_desc trading_keys[] = {
    ROW(gw_strategy_config, size, KEY_NUMBER, 1e-6, 100, NULL, "fraction of equity per trade; default 1 / symbols"),
    ROW(gw_strategy_config, target_moves, KEY_NUMBER, 0, 1000, NULL, "target in multiples of min_move; 0 = none"),
    ROW(gw_strategy_config, stop_moves, KEY_NUMBER, 0, 1000, NULL,
        "stop in multiples of min_move; default 1/ratio; 0 = none"),
    ROW(gw_strategy_config, horizon, KEY_SIZE, 0, 1e6, NULL,
        "time exit in bars after the signal; default the label's; 0 = none"),
    ROW(gw_strategy_config, exit_on_opposite, KEY_BOOL, 0, 0, NULL, "close when the other gate fires"),
    ROW(gw_strategy_config, trade_long, KEY_BOOL, 0, 0, NULL, "take long signals"),
    ROW(gw_strategy_config, trade_short, KEY_BOOL, 0, 0, NULL, "take short signals"),
    ROW(gw_strategy_config, fast, KEY_SIZE, 1, 1e6, NULL, "sma_cross: bars of the fast mean"),
    ROW(gw_strategy_config, slow, KEY_SIZE, 2, 1e6, NULL, "sma_cross: bars of the slow mean"),
};

static const struct key_desc cost_keys[] = {
    ROW(gw_cost_config, taker_bps, KEY_NUMBER, 0, 1000, NULL, "fee of market and stop fills"),
    ROW(gw_cost_config, maker_bps, KEY_NUMBER, -100, 1000, NULL, "fee of target fills"),
    ROW(gw_cost_config, half_spread_bps, KEY_NUMBER, 0, 1000, NULL, "half the quoted spread"),
    ROW(gw_cost_config, slippage_bps, KEY_NUMBER, 0, 1000, NULL, "fixed slippage"),
    ROW(gw_cost_config, slippage_volatility, KEY_NUMBER, 0, 10, NULL,
        "multiples of the previous bar's range added to it"),
    ROW(gw_cost_config, funding_bps_per_day, KEY_NUMBER, -1000, 1000, NULL, "paid by longs, received by shorts"),
    ROW(gw_cost_config, borrow_bps_per_day, KEY_NUMBER, 0, 1000, NULL, "paid by shorts"),
    ROW(gw_cost_config, multiplier, KEY_NUMBER, 0, 100, NULL, "scales all costs of the traded result"),
};

static const struct key_desc broker_keys[] = {
    ROW(broker_config, intrabar, KEY_WORD, 0, 0, "intrabar", "when stop and target lie in one bar"),
    ROW(broker_config, initial_cash, KEY_NUMBER, 1, 1e15, NULL, "cash at the first test bar"),
};

static const struct key_desc verdict_keys[] = {
    ROW(verdict_settings, baseline, KEY_TEXT48, 0, 0, NULL, "strategy the others are compared with"),
    ROW(verdict_settings, bootstrap, KEY_SIZE, 100, 1e6, NULL, "bootstrap replicates"),
    ROW(verdict_settings, null_resamples, KEY_SIZE, 0, 1e6, NULL, "label resamples of the null control; 0 = off"),
    ROW(verdict_settings, block, KEY_SIZE, 0, 1e6, NULL, "mean block length, bars; 0 = automatic"),
    ROW(verdict_settings, confidence, KEY_NUMBER, 0.5, 0.9999, NULL, "of the intervals"),
    ROW(verdict_settings, importance, KEY_BOOL, 0, 0, NULL, "permutation importance on the validation slices"),
};

#define SECTION(text, keys, place, per, common_place)                                                                  \
    { text, keys, COUNT_OF(keys), offsetof(struct experiment, place), common_place, per }

const struct key_section config_section[] = {
    SECTION("labels", label_keys, labels, false, 0),
    SECTION("scaler", scaler_keys, scaler, false, 0),
    SECTION("folds", fold_keys, folds, false, 0),
    SECTION("signals", signal_keys, signals, false, 0),
    SECTION("model", model_keys, common.model, true, offsetof(struct strategy_spec, model)),
    SECTION("training", training_keys, common.train, true, offsetof(struct strategy_spec, train)),
    SECTION("trading", trading_keys, common.trading, true, offsetof(struct strategy_spec, trading)),
    SECTION("costs", cost_keys, costs, false, 0),
    SECTION("broker", broker_keys, broker, false, 0),
    SECTION("verdict", verdict_keys, verdict, false, 0),
};
const size_t config_n_sections = COUNT_OF(config_section);

const char *key_type_name(int type) {
    static const char *const name[] = {"whole number", "number",           "true/false", "word",
                                       "text",         "bars or duration", "list of %"};
    return name[type];
}

/* Words that live outside models/: each list ends with NULL. */
static const struct {
    const char *kind, *word[4];
} own_options[] = {
    {"scaler", {"standard", "robust", "none", NULL}},        {"fold_mode", {"rolling", "expanding", NULL}},
    {"threshold", {"validation", "rolling", "fixed", NULL}}, {"pool", {"all", "each", "cross_section", NULL}},
    {"intrabar", {"stop_first", "target_first", NULL}},
};

const char *config_option_name(const char *kind, size_t i) {
    for (size_t k = 0; k < COUNT_OF(own_options); k++)
        if (strcmp(own_options[k].kind, kind) == 0) return i < 4 ? own_options[k].word[i] : NULL;
    return gw_model_option_name(kind, i);
}
