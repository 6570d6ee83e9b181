/* The sections of an experiment and the keys that nobody but the experiment knows. Other keys are declared beside the
 * struct they fill: labels, scaler, costs, models, trainings, strategies. */
#include <math.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"
#include "gatewalk/import.h"

#define CHOICES(name, ...)                                                                                             \
    static const struct gw_choice name##_rows[] = {__VA_ARGS__};                                                       \
    static const struct gw_choices name = {.row = name##_rows, .n = COUNT_OF(name##_rows)}

/* ---- data ---------------------------------------------------------------------------------------------------- */

static struct gw_choice format_at(size_t i) {
    if (i == 0) return (struct gw_choice){.name = "auto", .help = "found out from the file"};
    if (i > gw_import_format_count()) return (struct gw_choice){.name = NULL};
    return (struct gw_choice){.name = gw_import_format_name(i - 1), .help = gw_import_format_help(i - 1)};
}
static const struct gw_choices formats = {.at = format_at};

#define INSTRUMENT(field, unit_, initial_, low_, help_)                                                                \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_NUMBER, .offset = offsetof(struct data_source, instrument.field),             \
        .unit = unit_, .initial = initial_, .low = low_, .high = 1e12, .help = help_                                   \
    }
static const struct gw_param data_rows[] = {
    GW_TEXT_PARAM(struct data_source, file, GW_PARAM_TEXT,
                  "path, folder or pattern, relative to the experiment; - is standard input"),
    GW_TEXT_PARAM(
        struct data_source, symbol, GW_PARAM_NAME,
        "name of a file's symbol, or the one to take of several; default: all, as rows or file names call them"),
    GW_CHOICE_PARAM(struct data_source, format, &formats, 0, "`gatewalk list formats` explains them"),
    {.name = "interval",
     .type = GW_PARAM_DURATION,
     .offset = offsetof(struct data_source, interval_ns),
     .unit = "",
     .help = "of the bars; default: from the data"},
    GW_TEXT_PARAM(struct data_source, timezone, GW_PARAM_TEXT,
                  "of times that state none: Europe/Berlin, +02:00, America/New_York+7 (many brokers); default: UTC"),
    GW_TEXT_PARAM(struct data_source, time_format, GW_PARAM_TEXT,
                  "as strptime: %d.%m.%Y %H:%M; default: found out from the file"),
    GW_TEXT_PARAM(struct data_source, group, GW_PARAM_NAME,
                  "symbols that share models where a contestant's \"models\" is \"per_group\""),
    GW_BOOL_PARAM(struct data_source, repair, false, "leave bad rows out instead of failing"),
    INSTRUMENT(tick, "price", 0, 0, "grid of prices; 0 = none"),
    INSTRUMENT(lot, "contracts", 0, 0, "grid of quantities; 0 = none"),
    INSTRUMENT(min_notional, "quote currency", 0, 0, "least size of an entry; 0 = any"),
    INSTRUMENT(multiplier, "units", 1, 1e-9, "of a contract"),
    GW_TEXT_PARAM(struct data_source, quote, GW_PARAM_NAME,
                  "currency of its prices, where it is not broker.account_currency"),
    GW_TEXT_PARAM(
        struct data_source, rate, GW_PARAM_TEXT,
        "symbol of this experiment whose price is what one of quote is worth in account_currency; or 1/SYMBOL"),
    GW_TEXT_PARAM(struct data_source, funding, GW_PARAM_TEXT,
                  "file of time,rate: funding as it was charged, instead of funding_bps_per_day"),
    GW_TEXT_PARAM(struct data_source, detail, GW_PARAM_TEXT,
                  "file of bars of a shorter interval: they decide what came first within a bar"),
};
const struct gw_param_table data_params = GW_PARAM_TABLE(data_rows);

static const struct gw_param extra_rows[] = {
    GW_TEXT_PARAM(struct side_source, file, GW_PARAM_TEXT,
                  "CSV of time and further columns, for col(name); of rows with a symbol those of the source's count"),
    GW_TEXT_PARAM(struct side_source, known_after, GW_PARAM_TEXT,
                  "how long after its time a row was known, such as \"1h\", or \"0s\"; else a column known_at says it"),
    {.name = "stale",
     .type = GW_PARAM_DURATION,
     .offset = offsetof(struct side_source, stale_ns),
     .unit = "",
     .help = "a value older than this is missing; default: it holds until the next"},
};
const struct gw_param_table extra_params = GW_PARAM_TABLE(extra_rows);

/* ---- folds, signals, broker, verdict -------------------------------------------------------------------------- */

CHOICES(fold_modes, [FOLDS_ROLLING] = {.name = "rolling", .help = "the training slice keeps its length"},
        [FOLDS_EXPANDING] = {.name = "expanding", .help = "the training slice begins with the data"});
static const struct gw_param fold_rows[] = {
    GW_CHOICE_PARAM(struct fold_settings, mode, &fold_modes, 0, "rolling window or one that grows"),
    GW_SPAN_PARAM(struct fold_settings, train, 1, 1e9, "training length, bars or \"180d\""),
    GW_SPAN_PARAM(struct fold_settings, validation, 1, 1e9, "validation length"),
    GW_SPAN_PARAM(struct fold_settings, test, 1, 1e9, "test length"),
    GW_SPAN_PARAM(struct fold_settings, step, 0, 1e9, "distance between folds; 0 = test length"),
    GW_SIZE_PARAM(struct fold_settings, embargo, "bars", 0, 0, 1e6, "added to the purge"),
    GW_SIZE_PARAM(struct fold_settings, skip, "folds", 0, 0, 1e6,
                  "left out at the beginning, e.g. after a search on them"),
};
static const struct gw_param_table fold_params = GW_PARAM_TABLE(fold_rows);

CHOICES(thresholds, [THRESHOLD_VALIDATION] = {.name = "validation", .help = "quantile on the validation slice"},
        [THRESHOLD_ROLLING] = {.name = "rolling", .help = "quantile of the last rolling_bars probabilities"},
        [THRESHOLD_FIXED] = {.name = "fixed", .help = "fixed_long and fixed_short"});
CHOICES(pools, [POOL_ALL] = {.name = "all", .help = "K over all symbols together"},
        [POOL_EACH] = {.name = "each", .help = "K of every symbol by itself"},
        [POOL_CROSS_SECTION] = {.name = "cross_section", .help = "the best symbol of every bar"});
static const struct gw_param signal_rows[] = {
    {.name = "k",
     .type = GW_PARAM_NUMBERS,
     .offset = offsetof(struct signal_config, k),
     .unit = "% of bars",
     .low = 0.001,
     .high = 100,
     .text = "1 5 10",
     .capacity = MAX_K,
     .beside = offsetof(struct signal_config, n_k),
     .help = "shares that are reported, ascending"},
    GW_NUMBER_PARAM(struct signal_config, act_on, "% of bars", 1, 0.001, 100, "the K that is traded, one of k"),
    GW_CHOICE_PARAM(struct signal_config, threshold, &thresholds, 0, "where tau_K comes from"),
    GW_SIZE_PARAM(struct signal_config, rolling_bars, "bars", 2000, 10, 1e8, "probabilities in the rolling quantile"),
    GW_NUMBER_PARAM(struct signal_config, fixed_long, "probability", .5, 0, 1, "tau of the long gate, threshold fixed"),
    GW_NUMBER_PARAM(struct signal_config, fixed_short, "probability", .5, 0, 1,
                    "tau of the short gate, threshold fixed"),
    GW_CHOICE_PARAM(struct signal_config, pool, &pools, 0, "K over all symbols, each symbol, or best symbol per bar"),
};
static const struct gw_param_table signal_params = GW_PARAM_TABLE(signal_rows);

CHOICES(intrabars, [GW_INTRABAR_STOP_FIRST] = {.name = "stop_first", .help = "the pessimistic path"},
        [GW_INTRABAR_TARGET_FIRST] = {.name = "target_first", .help = "the optimistic path"});
CHOICES(accounts, [GW_ACCOUNT_FREE] = {.name = "free", .help = "buys and sells short whatever is asked"},
        [GW_ACCOUNT_CASH] = {.name = "cash", .help = "no shorts, and what is bought is paid for"},
        [GW_ACCOUNT_MARGIN] = {.name = "margin",
                               .help = "entries by the initial margin, liquidated below maintenance"});
#define BROKER(kind, field, ...) GW_##kind##_PARAM(struct broker_config, field, __VA_ARGS__)
static const struct gw_param broker_rows[] = {
    GW_CHOICE_PARAM(struct broker_config, intrabar, &intrabars, 0, "when stop and target lie in one bar"),
    GW_NUMBER_PARAM(struct broker_config, initial_cash, "account currency", 100000, 1, 1e15,
                    "cash at the first test bar"),
    GW_TEXT_PARAM(struct broker_config, account_currency, GW_PARAM_TEXT,
                  "of cash and equity, where data entries have another quote; default: everything is in one"),
    BROKER(NUMBER, participation, "of volume", 0, 0, 1, "share of a bar's volume that is filled at most; 0 = no limit"),
    BROKER(BOOL, limit_touch, false, "limit orders fill when touched, not only when traded through"),
    BROKER(BOOL, target_through, false, "targets fill only when traded through, not when touched"),
    BROKER(CHOICE, account, &accounts, 0, "what may be bought and sold short"),
    BROKER(NUMBER, initial_margin, "of notional", .1, 1e-6, 1, "account margin: equity an entry needs"),
    BROKER(NUMBER, maintenance_margin, "of notional", .05, 1e-6, 1, "account margin: liquidated below it"),
    BROKER(NUMBER, liquidation_fee_bps, "bps", 50, 0, 10000, "account margin: on top of the taker fee"),
    BROKER(NUMBER, interest_bps_per_year, "bps per year", 0, 0, 10000, "earned by cash"),
    BROKER(NUMBER, loan_bps_per_year, "bps per year", 0, 0, 10000, "paid on cash below zero"),
};
static const struct gw_param_table broker_params = GW_PARAM_TABLE(broker_rows);

static const struct gw_param verdict_rows[] = {
    GW_TEXT_PARAM(struct verdict_settings, baseline, GW_PARAM_TEXT,
                  "strategy the others are compared with; default: the first gate without attention"),
    GW_SIZE_PARAM(struct verdict_settings, bootstrap, "replicates", 10000, 100, 1e6,
                  "of the block bootstrap; 10000 give an interval's width to about 2 %, 1000 to 6 %"),
    GW_SIZE_PARAM(struct verdict_settings, null_resamples, "resamples", 1000, 0, 1e6,
                  "labels of the null control, enough to correct for 50 gates; 0 = off"),
    GW_SIZE_PARAM(struct verdict_settings, block, "bars", 0, 0, 1e6, "mean block length; 0 = automatic"),
    GW_NUMBER_PARAM(struct verdict_settings, confidence, "fraction", .95, .5, .9999, "of the intervals"),
    GW_BOOL_PARAM(struct verdict_settings, importance, true, "permutation importance on the validation slices"),
    GW_SIZE_PARAM(struct verdict_settings, gradients, "signals", 0, 0, 4096,
                  "of each fit and gate, the surest, whose integrated gradients stand beside attention; 0 = off"),
    GW_SIZE_PARAM(struct verdict_settings, random_entries, "replays", 200, 0, 10000,
                  "with entries at random, beside each account; fewer where a replay is long; 0 = off"),
};
static const struct gw_param_table verdict_params = GW_PARAM_TABLE(verdict_rows);

/* ---- the experiment --------------------------------------------------------------------------------------------- */

static const struct gw_param experiment_rows[] = {
    GW_TEXT_PARAM(struct experiment, name, GW_PARAM_NAME, "names the run's directory; must be given"),
    GW_TEXT_PARAM(struct experiment, title, GW_PARAM_TEXT, "of the report; default: the name"),
};
const struct gw_param_table experiment_params = GW_PARAM_TABLE(experiment_rows);

static const struct gw_choice ensemble_weights[] = {
    [WEIGHTS_EQUAL] = {.name = "equal", .help = "the plain mean"},
    [WEIGHTS_VALIDATION] = {.name = "validation",
                            .help = "those of the likeliest mixture on each fold's validation slice, for each gate"},
};
static const struct gw_choices ensemble_weights_choices = {.row = ensemble_weights, .n = COUNT_OF(ensemble_weights)};

CHOICES(fit_models, [MODELS_POOLED] = {.name = "pooled", .help = "one for all symbols"},
        [MODELS_PER_SYMBOL] = {.name = "per_symbol", .help = "each symbol its own"},
        [MODELS_PER_GROUP] = {.name = "per_group", .help = "one for the symbols of the same data.group"});
static const struct gw_param entry_rows[] = {
    GW_TEXT_PARAM(struct strategy_spec, name, GW_PARAM_NAME, "unique; default: the strategy's"),
    GW_TEXT_PARAM(
        struct strategy_spec, ensemble_of, GW_PARAM_TEXT,
        "earlier contestants, \"lstm\" or \"lstm,gru\": the mean of their seeds' probabilities instead of a model"),
    GW_CHOICE_PARAM(struct strategy_spec, weights, &ensemble_weights_choices, 0, "of ensemble_of's mean"),
    GW_CHOICE_PARAM(
        struct strategy_spec, models, &fit_models, 0,
        "whose bars a model is trained on in each fold, with its own scaler and thresholds, and whose it scores"),
    GW_TEXT_PARAM(struct strategy_spec, members, GW_PARAM_TEXT,
                  "strategy ensemble: earlier contestants whose positions it follows, such as \"sma,rsi,lstm\""),
};
const struct gw_param_table entry_params = GW_PARAM_TABLE(entry_rows);

#define RULE(which, text_, help_)                                                                                      \
    {                                                                                                                  \
        .name = #which, .type = GW_PARAM_TEXT, .offset = offsetof(struct own_keys, rules.text[text_]), .unit = "",     \
        .capacity = RULE_TEXT_MAX, .help = help_                                                                       \
    }
static const struct gw_param own_rows[] = {
    RULE(enter_long, RULE_ENTER_LONG,
         "rule: a long is entered when it holds, such as \"rsi(14) < 30 and position == 0\""),
    RULE(exit_long, RULE_EXIT_LONG, "rule: a long is closed when it holds"),
    RULE(enter_short, RULE_ENTER_SHORT, "rule: a short is entered when it holds"),
    RULE(exit_short, RULE_EXIT_SHORT, "rule: a short is closed when it holds"),
    RULE(size, RULE_SIZE, "rule: of an entry, as a fraction of equity; default: trading.size by trading.sizing"),
    RULE(stop, RULE_STOP, "rule: stop of an entry, as a fraction of its price, such as \"2 * atr(14)\"; 0 = none"),
    RULE(target, RULE_TARGET, "rule: target of an entry, as a fraction of its price; 0 = none"),
    RULE(trail, RULE_TRAIL, "rule: trailing stop of an entry, as a fraction of the best price; 0 = none"),
    RULE(limit, RULE_LIMIT, "rule: price of a limit order to enter by, such as \"close * 0.999\"; 0 = at the market"),
    RULE(trigger, RULE_TRIGGER, "rule: price of a stop order to enter by; 0 = at the market"),
    RULE(good_bars, RULE_GOOD_BARS, "rule: bars that a limit or trigger waits; default 1"),
    RULE(max_bars, RULE_MAX_BARS, "rule: bars after the signal at which an entry is closed; 0 = never"),
    GW_TEXT_PARAM(struct own_keys, script, GW_PARAM_TEXT, "instead of \"strategy\": a Lua file whose on_bar trades"),
    GW_TEXT_PARAM(struct own_keys, plugin, GW_PARAM_TEXT,
                  "instead of \"strategy\": a shared object that trades; trusted code, see gatewalk/plugin.h"),
};
const struct gw_param_table own_params = GW_PARAM_TABLE(own_rows);

static const struct gw_choice confidences_rows[] = {[CONFIDENCE_FRACTION] = {.name = "fraction", .help = "0 to 1"},
                                                    [CONFIDENCE_PERCENT] = {.name = "percent", .help = "0 to 100"}};
static const struct gw_choices confidences = {.row = confidences_rows, .n = COUNT_OF(confidences_rows)};
static const struct gw_param scores_rows[] = {
    {.name = "files",
     .type = GW_PARAM_TEXT,
     .offset = offsetof(struct score_source, file),
     .unit = "",
     .capacity = sizeof(((struct score_source *)0)->file[0]),
     .help =
         "instead of a model: probabilities from a file or a list of files, patterns such as \"p-*.csv\" among them; "
         "{seed} and {symbol} stand for each of the run's; \"scores\": \"p.csv\" says the same"},
    GW_TEXT_PARAM(struct score_source, strategy, GW_PARAM_TEXT,
                  "only the rows with this name in the column strategy, as in a run's scores.csv"),
    GW_CHOICE_PARAM(struct score_source, confidence, &confidences, 0, "scale of the column confidence beside action"),
};
const struct gw_param_table scores_params = GW_PARAM_TABLE(scores_rows);

#define SECTION(text, params, place, what)                                                                             \
    { .name = text, .table = &params, .offset = offsetof(struct experiment, place), .help = what }
#define SHARED(text, params, place, what)                                                                              \
    {                                                                                                                  \
        .name = text, .table = &params, .offset = offsetof(struct experiment, common.place), .per_strategy = true,     \
        .common_offset = offsetof(struct strategy_spec, place), .help = what                                           \
    }

const struct key_section config_section[] = {
    SECTION("labels", gw_label_params, labels, "what counts as a move"),
    SECTION("scaler", gw_scaler_params, scaler, "how features are scaled"),
    SECTION("folds", fold_params, folds, "how the walk is cut"),
    SECTION("signals", signal_params, signals, "which bars are acted on"),
    SHARED("model", gw_model_params, model, "the gate model"),
    SHARED("training", gw_train_params, train, "how it is trained"),
    SHARED("trading", gw_strategy_params, trading, "what a strategy does with its signals"),
    SHARED("costs", gw_cost_params, costs, "of every fill and of holding"),
    SECTION("broker", broker_params, broker, "how fills are made"),
    SECTION("verdict", verdict_params, verdict, "how contestants are compared"),
};
const size_t config_n_sections = COUNT_OF(config_section);

const struct key_section *config_find_section(const char *name) {
    for (size_t s = 0; s < config_n_sections; s++)
        if (strcmp(config_section[s].name, name) == 0) return &config_section[s];
    return NULL;
}
