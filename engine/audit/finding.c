/* The book of an audit. */
#include "finding.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

const char *const stage_id[N_STAGES] = {
    [STAGE_PLAN] = "plan",           [STAGE_FOLDS] = "folds",         [STAGE_FEATURES] = "features",
    [STAGE_LABELS] = "labels",       [STAGE_MIN_MOVE] = "min_move",   [STAGE_FITTED] = "fitted_features",
    [STAGE_SCALER] = "scaler",       [STAGE_TRAINING] = "training",   [STAGE_WEIGHTS] = "weights",
    [STAGE_LOG] = "training_log",    [STAGE_THRESHOLD] = "threshold", [STAGE_PROBABILITY] = "probabilities",
    [STAGE_ATTENTION] = "attention", [STAGE_SCORES] = "scores",       [STAGE_ISOLATED] = "isolated_trades",
    [STAGE_ORDERS] = "orders",       [STAGE_TRADES] = "trades",       [STAGE_FILLS] = "fills",
    [STAGE_EQUITY] = "equity",
};

static void keep(struct audit_difference *first, const struct audit_difference *other) {
    if (other->found && (!first->found || other->time_ns < first->time_ns ||
                         (other->time_ns == first->time_ns && other->cut_ns < first->cut_ns)))
        *first = *other;
}

static void put(struct audit *audit, enum audit_stage stage, const struct audit_place *place, const char *value,
                double clean, double dirty) {
    struct audit_difference d = {.found = true,
                                 .time_ns = place->time_ns,
                                 .fold = place->fold,
                                 .clean = clean,
                                 .dirty = dirty,
                                 .cut_ns = audit->cut_ns,
                                 .poison = audit->poison};
    snprintf(d.symbol, sizeof d.symbol, "%s", place->symbol ? place->symbol : "");
    snprintf(d.strategy, sizeof d.strategy, "%s", place->strategy ? place->strategy : "");
    snprintf(d.value, sizeof d.value, "%s", value);
    keep(&audit->first[stage], &d);
}

void audit_value(struct audit *audit, enum audit_stage stage, const struct audit_place *place, const char *value,
                 double clean, double dirty) {
    audit->n_compared[stage]++;
    if (memcmp(&clean, &dirty, sizeof clean) != 0) put(audit, stage, place, value, clean, dirty);
}

void audit_note(struct audit *audit, enum audit_stage stage, const struct audit_place *place, double clean,
                double dirty, const char *format, ...) {
    char value[sizeof audit->first->value];
    va_list list;
    va_start(list, format);
    vsnprintf(value, sizeof value, format, list);
    va_end(list);
    put(audit, stage, place, value, clean, dirty);
}

int audit_failure(struct audit *audit, enum audit_stage stage, const char *strategy, size_t fold, int rc) {
    struct audit_place place = {.time_ns = INT64_MAX, .strategy = strategy, .fold = fold + 1};
    if (rc >= 0 || rc == GW_ERR_NOMEM || rc == GW_ERR_INTERRUPTED || rc == GW_ERR_IO) return rc;
    audit_note(audit, stage, &place, 0, NAN, "%.95s", gw_error_message());
    return GW_OK;
}

void audit_merge(struct audit *into, const struct audit *from) {
    for (size_t i = 0; i < N_STAGES; i++) {
        into->n_compared[i] += from->n_compared[i];
        keep(&into->first[i], &from->first[i]);
    }
}

enum audit_stage audit_first(const struct audit *audit) {
    enum audit_stage stage = 0;
    while (stage < N_STAGES && !audit->first[stage].found) stage++;
    return stage;
}
