/* The key of a fit: a hash of everything that decides its result, the sources it is computed by among it. A stored model
 * is used again only under the same key. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/base.h"
#include "fits.h"
#include "gatewalk/version.h"

#define MIX(value) hash = hash_bytes(&(value), sizeof(value), hash)

static uint64_t mix_text(const char *text, uint64_t hash) { return hash_bytes(text, strlen(text) + 1, hash); }

void fit_key_of(const char *sources, const struct experiment *e, const struct prepared *p, struct fit *fit) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    uint64_t hash = mix_text(sources, mix_text("gatewalk fit 2", 0));
    hash = mix_text(gw_kernels_selected(), hash);
    if (*gw_kernels_build()) hash = mix_text(gw_kernels_build(), hash);
    if (spec->train.precision == GW_PRECISION_BF16) hash = mix_text(gw_kernels_selected_bf16(), hash);
    if (*gw_model_library(&spec->model)) hash = mix_text(gw_model_library(&spec->model), hash);
    /* Of the tables only what is in use: the chosen attention's parameters, the chosen loss's … */
    hash = gw_param_hash(&gw_model_params, &spec->model, hash);
    hash = gw_param_hash(&gw_train_params, &spec->train, hash);
    hash = gw_param_hash(&gw_label_params, &e->labels, hash);
    hash = gw_param_hash(&gw_scaler_params, &e->scaler, hash);
    for (size_t f = 0; f < e->n_features; f++) hash = mix_text(e->feature[f], hash);
    MIX(e->seed[fit->seed]);
    MIX(fit->fold);
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        if (!fit_knows(p, fit, s)) continue;
        MIX(p->market.symbol[s].fingerprint);
        if (p->market.symbol[s].n_columns) MIX(p->market.symbol[s].columns_fingerprint);
        for (int slice = 0; slice < GW_N_SLICES; slice++) {
            MIX(fold->samples[slice][s]);
            MIX(fold->bars[slice][s]);
        }
    }
    /* Warm starts depend on every fold before: their key chains through the fold's number and the ranges' origin. */
    if (spec->train.retrain != GW_RETRAIN_FRESH)
        for (size_t f = 0; f < fit->fold; f++)
            for (size_t s = 0; s < p->market.n_symbols; s++)
                if (fit_knows(p, fit, s)) MIX(p->plan.fold[f].samples[GW_SLICE_TRAIN][s]);
    snprintf(fit->key, sizeof fit->key, "%016" PRIx64, hash);
}

void fit_key(const struct experiment *e, const struct prepared *p, struct fit *fit) {
    fit_key_of(gw_source_hash(), e, p, fit);
}
