/* The key of a fit: a hash of everything that decides its result, the sources it is computed by among it. A stored model
 * is used again only under the same key. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/base.h"
#include "fits.h"
#include "gatewalk/version.h"

#define MIX(value) hash = hash_bytes(&(value), sizeof(value), hash)

static uint64_t mix_text(const char *text, uint64_t hash) { return hash_bytes(text, strlen(text) + 1, hash); }

/* Structs with padding are hashed key by key, through the table that names them. */
static uint64_t mix_section(const struct key_section *section, const void *base, uint64_t hash) {
    for (size_t k = 0; k < section->n_keys; k++) {
        const struct key_desc *key = &section->key[k];
        const char *field = (const char *)base + key->offset;
        switch ((enum key_type)key->type) {
        case KEY_SIZE:
            hash = hash_bytes(field, sizeof(size_t), hash);
            break;
        case KEY_NUMBER:
            hash = hash_bytes(field, sizeof(double), hash);
            break;
        case KEY_BOOL:
            hash = hash_bytes(field, sizeof(bool), hash);
            break;
        case KEY_WORD:
        case KEY_TEXT48:
            hash = mix_text(field, hash);
            break;
        default:
            break; /* spans and percentages act through the fold's ranges */
        }
    }
    return hash;
}

void fit_key_of(const char *sources, const struct experiment *e, const struct prepared *p, struct fit *fit) {
    const struct strategy_spec *spec = &e->strategy[fit->strategy];
    const struct gw_fold *fold = &p->plan.fold[fit->fold];
    uint64_t hash = mix_text(sources, mix_text("gatewalk fit 1", 0));
    hash = mix_text(gw_kernels_selected(), hash);
    if (strcmp(spec->train.precision, "bf16") == 0) hash = mix_text(gw_kernels_selected_bf16(), hash);
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        if (strcmp(section->name, "model") == 0) hash = mix_section(section, &spec->model, hash);
        if (strcmp(section->name, "training") == 0) hash = mix_section(section, &spec->train, hash);
        if (strcmp(section->name, "labels") == 0) hash = mix_section(section, &e->labels, hash);
        if (strcmp(section->name, "scaler") == 0) hash = mix_section(section, &e->scaler, hash);
    }
    for (size_t f = 0; f < e->n_features; f++) hash = mix_text(e->feature[f], hash);
    MIX(e->seed[fit->seed]);
    MIX(fit->fold);
    for (size_t s = 0; s < p->market.n_symbols; s++) {
        MIX(p->market.symbol[s].fingerprint);
        for (int slice = 0; slice < GW_N_SLICES; slice++) {
            MIX(fold->samples[slice][s]);
            MIX(fold->bars[slice][s]);
        }
    }
    /* Warm starts depend on every fold before: their key chains through the fold's number and the ranges' origin. */
    if (strcmp(spec->train.retrain, "fresh") != 0)
        for (size_t f = 0; f < fit->fold; f++)
            for (size_t s = 0; s < p->market.n_symbols; s++) MIX(p->plan.fold[f].samples[GW_SLICE_TRAIN][s]);
    snprintf(fit->key, sizeof fit->key, "%016" PRIx64, hash);
}

void fit_key(const struct experiment *e, const struct prepared *p, struct fit *fit) {
    fit_key_of(gw_source_hash(), e, p, fit);
}
