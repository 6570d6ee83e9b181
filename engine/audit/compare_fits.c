/* What a fit leaves behind, twice. */
#include "compare.h"

#include <string.h>

#include "engine/market/features/feature_set.h"
#include "models/store/differ.h"

void compare_scaler(struct audit *audit, const struct prepared *p, size_t fold, const struct gw_scaler *a,
                    const struct gw_scaler *b) {
    struct audit_place place = {.time_ns = p->plan.fold[fold].end_ns[GW_SLICE_TRAIN], .fold = fold + 1};
    for (size_t f = 0; f < a->n; f++) {
        char center[96], scale[96];
        snprintf(center, sizeof center, "center of %.64s", gw_feature_set_name(p->set, f));
        snprintf(scale, sizeof scale, "scale of %.64s", gw_feature_set_name(p->set, f));
        audit_value(audit, STAGE_SCALER, &place, center, a->center[f], b->center[f]);
        audit_value(audit, STAGE_SCALER, &place, scale, a->inverse_scale[f], b->inverse_scale[f]);
    }
}

void compare_learnt(struct audit *audit, const struct prepared *p, size_t fold, const double *a, const double *b) {
    struct audit_place place = {.time_ns = p->plan.fold[fold].end_ns[GW_SLICE_TRAIN], .fold = fold + 1};
    for (size_t i = 0; i < p->set->n; i++) {
        const struct feature_item *item = &p->set->item[i];
        if (!item->desc->fit || item->fit_of != i) continue;
        for (size_t k = 0; k < item->desc->fit->n_learnt(&item->own); k++) {
            char value[96];
            snprintf(value, sizeof value, "learnt by %.60s [%zu]", item->name, k);
            audit_value(audit, STAGE_FITTED, &place, value, a[item->learnt + k], b[item->learnt + k]);
        }
    }
}

static void compare_fitted_symbol(struct audit *audit, const struct prepared *p, size_t fold, size_t s,
                                  const struct fold_data *a, const struct fold_data *b) {
    const struct gw_bars *bars = &p->market.symbol[s];
    const size_t known = known_bars(bars, audit->cut_ns), F = a->n_features;
    for (size_t t = a->first[s]; t < known && t - a->first[s] < a->score_series[s].n_rows; t++) {
        const float *x = a->x[s] + (t - a->first[s]) * F, *y = b->x[s] + (t - a->first[s]) * F;
        struct audit_place place = {gw_bar_close_ns(bars, t), bars->symbol, NULL, fold + 1};
        for (size_t f = 0; f < F; f++)
            if (gw_feature_set_fitted(p->set, f))
                audit_value(audit, STAGE_FITTED, &place, gw_feature_set_name(p->set, f), (double)x[f], (double)y[f]);
    }
}

void compare_fitted(struct audit *audit, const struct prepared *p, size_t fold, const struct fold_data *a,
                    const struct fold_data *b) {
    for (size_t s = 0; s < p->market.n_symbols; s++) compare_fitted_symbol(audit, p, fold, s, a, b);
}

void compare_model(struct audit *audit, enum audit_stage stage, const char *strategy, size_t fold,
                   const struct gw_gate_model *a, const struct gw_gate_model *b) {
    struct audit_place place = {.time_ns = INT64_MIN, .strategy = strategy, .fold = fold + 1};
    struct model_difference d;
    audit->n_compared[stage] += gw_model_parameter_count(gw_model_get_config(a));
    if (model_differs(a, b, &d))
        audit_note(audit, stage, &place, d.value[0], d.value[1], "%s[%zu,%zu]", d.tensor, d.row, d.column);
}

void compare_log(struct audit *audit, const char *strategy, size_t fold, const struct gw_training_log *a,
                 const struct gw_training_log *b) {
    struct audit_place place = {.time_ns = INT64_MIN, .strategy = strategy, .fold = fold + 1};
    audit_value(audit, STAGE_LOG, &place, "epochs", (double)a->n_epochs, (double)b->n_epochs);
    audit_value(audit, STAGE_LOG, &place, "best epoch", (double)a->best_epoch, (double)b->best_epoch);
    audit_value(audit, STAGE_LOG, &place, "windows", (double)a->windows, (double)b->windows);
    for (size_t i = 0; i < a->n_epochs && i < b->n_epochs; i++) {
        const struct gw_epoch_record *x = &a->epoch[i], *y = &b->epoch[i];
        audit_value(audit, STAGE_LOG, &place, "learning_rate", x->learning_rate, y->learning_rate);
        audit_value(audit, STAGE_LOG, &place, "train_loss", x->train_loss, y->train_loss);
        audit_value(audit, STAGE_LOG, &place, "validation_loss", x->validation_loss, y->validation_loss);
        audit_value(audit, STAGE_LOG, &place, "ap_long", x->validation_ap[0], y->validation_ap[0]);
        audit_value(audit, STAGE_LOG, &place, "ap_short", x->validation_ap[1], y->validation_ap[1]);
        audit_value(audit, STAGE_LOG, &place, "best", x->best, y->best);
    }
}

void compare_threshold(struct audit *audit, const struct prepared *p, const char *strategy, const struct fit *a,
                       const struct fit *b) {
    struct audit_place place = {
        .time_ns = p->plan.fold[a->fold].end_ns[GW_SLICE_VALIDATION], .strategy = strategy, .fold = a->fold + 1};
    for (size_t s = 0, k = 0; s < p->market.n_symbols; s++) {
        if (!fit_knows(p, a, s)) continue;
        place.symbol = p->market.symbol[s].symbol;
        audit_value(audit, STAGE_THRESHOLD, &place, "tau_long", (double)a->tau[k][0], (double)b->tau[k][0]);
        audit_value(audit, STAGE_THRESHOLD, &place, "tau_short", (double)a->tau[k][1], (double)b->tau[k][1]);
        k++;
    }
    place.symbol = NULL;
    for (size_t i = 0; i < a->path_width; i++) /* a decoder's fan is of the validation slice, as tau is */
        for (size_t l = 0; l < PATH_LEVELS; l++) {
            audit_value(audit, STAGE_THRESHOLD, &place, "fan", a->fan[i].residual[l], b->fan[i].residual[l]);
            audit_value(audit, STAGE_THRESHOLD, &place, "fan_naive", a->fan[i].naive[l], b->fan[i].naive[l]);
        }
}

void compare_probability(struct audit *audit, const struct prepared *p, const char *strategy, const struct fit *a,
                         const struct fit *b) {
    size_t row = 0;
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        const struct gw_bars *bars = &p->market.symbol[s];
        const struct gw_range *r = &p->plan.fold[a->fold].samples[GW_SLICE_TEST][s];
        for (size_t t = r->begin; fit_knows(p, a, s) && t < r->end; t++, row++) {
            struct audit_place place = {gw_bar_close_ns(bars, t), bars->symbol, strategy, a->fold + 1};
            const float *x = a->probability + row * GW_N_GATES, *y = b->probability + row * GW_N_GATES;
            if (place.time_ns > audit->cut_ns) continue;
            audit_value(audit, STAGE_PROBABILITY, &place, "p_long", (double)x[0], (double)y[0]);
            audit_value(audit, STAGE_PROBABILITY, &place, "p_short", (double)x[1], (double)y[1]);
            for (size_t i = 0; i < a->path_width; i++)
                audit_value(audit, STAGE_PROBABILITY, &place, "path", (double)a->path[row * a->path_width + i],
                            (double)b->path[row * b->path_width + i]);
        }
    }
}
