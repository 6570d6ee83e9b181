/* The same settings give the same key whatever they are called; what is not in use has no part in it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/walk/outside.h"
#include "run_key.h"

#define MIX(value) hash = hash_bytes(&(value), sizeof(value), hash)

static uint64_t mix_text(const char *text, uint64_t hash) { return hash_bytes(text, strlen(text) + 1, hash); }

static uint64_t mix_data(const struct prepared *p, uint64_t hash) {
    for (size_t s = 0; s < p->market.n_symbols; s++) MIX(p->market.symbol[s].fingerprint);
    return hash;
}

/* What is said of the bars beside where and how they are written: tick and lot; what the files of funding, of finer bars and
 * of further columns hold, not where they lie. */
static uint64_t mix_sources(const struct experiment *e, const struct prepared *p, uint64_t hash) {
    for (size_t i = 0; i < e->n_data; i++) {
        struct data_source source = e->data[i];
        source.symbol[0] = source.file[0] = source.timezone[0] = source.time_format[0] = source.funding[0] =
            source.detail[0] = '\0';
        source.format = 0;
        source.interval_ns = 0;
        source.repair = false;
        hash = gw_param_hash(&data_params, &source, hash);
        if (p->market.symbol[i].n_columns) MIX(p->market.symbol[i].columns_fingerprint);
        if (p->funding && p->funding[i].n)
            hash = hash_bytes(p->funding[i].event, p->funding[i].n * sizeof *p->funding[i].event,
                              mix_text("funding", hash));
        if (p->detail.n_symbols && p->detail.symbol[i].n) MIX(p->detail.symbol[i].fingerprint);
    }
    return hash;
}

static uint64_t mix_features(const struct experiment *e, uint64_t hash) {
    for (size_t f = 0; f < e->n_features; f++) hash = mix_text(e->feature[f], hash);
    return hash;
}

static uint64_t mix_section(const struct experiment *e, const struct key_section *section, uint64_t hash) {
    return gw_param_hash(section->table, (const char *)e + section->offset, mix_text(section->name, hash));
}

/* Sections of the experiment's own: of those that entries may give too, the entry's stands. */
static uint64_t mix_sections(const struct experiment *e, bool per_strategy, const char *without, uint64_t hash) {
    for (size_t i = 0; i < config_n_sections; i++) {
        const struct key_section *section = &config_section[i];
        if (strcmp(section->name, without) == 0 || section->per_strategy > per_strategy) continue;
        hash = mix_section(e, section, hash);
    }
    return hash;
}

static uint64_t mix_strategy(const struct strategy_spec *spec, uint64_t hash) {
    hash = mix_text(spec->desc->name, hash);
    for (size_t i = 0; i < config_n_sections; i++) {
        const struct key_section *section = &config_section[i];
        const bool of_models = section->table == &gw_model_params || section->table == &gw_train_params;
        if (!section->per_strategy || (of_models && !spec->desc->needs_model)) continue;
        hash =
            gw_param_hash(section->table, (const char *)spec + section->common_offset, mix_text(section->name, hash));
    }
    if (spec->models != MODELS_POOLED) hash = mix_text(gw_param_word(&entry_params, spec, "models"), hash);
    if (strategy_program(spec)) MIX(strategy_program(spec)->hash);
    return hash;
}

/* What the files of scores from outside hold, not where they are; which rows of them, and in what scale. */
static uint64_t mix_scores(const struct experiment *e, const struct prepared *p, size_t strategy, uint64_t hash) {
    const struct score_source *source = &e->strategy[strategy].scores;
    if (!p->outside || !p->outside[strategy]) return hash;
    for (size_t i = 0; i < p->outside[strategy]->n_files; i++) MIX(p->outside[strategy]->file[i].hash);
    MIX(source->confidence);
    return mix_text(source->strategy, hash);
}

/* Its members' settings, not their name. */
static uint64_t mix_members(const struct experiment *e, const struct prepared *p, size_t strategy, uint64_t hash) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    hash = mix_scores(e, p, strategy, hash);
    size_t member;
    for (size_t i = 0; config_averaged(e, spec, i, strategy, &member); i++)
        if (member < strategy)
            hash = mix_scores(e, p, member, mix_strategy(&e->strategy[member], mix_text("ensemble", hash)));
    if (spec->weights == WEIGHTS_VALIDATION) hash = mix_text("weights of validation", hash);
    for (size_t i = 0; config_member(e, spec, i, strategy, &member); i++)
        if (member < strategy)
            hash = mix_members(e, p, member, mix_strategy(&e->strategy[member], mix_text("member", hash)));
    return hash;
}

static void show(uint64_t hash, char out[RUN_KEY_SIZE]) { snprintf(out, RUN_KEY_SIZE, "%016" PRIx64, hash); }

void data_key(const struct prepared *p, char out[RUN_KEY_SIZE]) { show(mix_data(p, mix_text("data 1", 0)), out); }

void config_key(const struct experiment *e, const struct prepared *p, char out[RUN_KEY_SIZE]) {
    uint64_t hash = mix_text("config 1", 0);
    if (!e->study_key_has_bars) hash = mix_data(p, hash);
    if (e->study_key) { /* what it chooses follows from it */
        MIX(e->study_key);
        show(hash, out);
        return;
    }
    hash = mix_sections(e, true, "", mix_features(e, mix_sources(e, p, hash)));
    for (size_t k = 0; k < e->n_seeds; k++) MIX(e->seed[k]);
    for (size_t s = 0; s < e->n_strategies; s++) {
        hash = mix_text(e->strategy[s].name, hash); /* results are told apart by it */
        hash = mix_members(e, p, s, mix_strategy(&e->strategy[s], hash));
    }
    show(hash, out);
}

void trial_key(const struct experiment *e, const struct prepared *p, size_t strategy, char out[RUN_KEY_SIZE]) {
    const struct strategy_spec *spec = &e->strategy[strategy];
    uint64_t hash = mix_data(p, mix_text("trial 1", 0));
    hash = mix_members(e, p, strategy, mix_strategy(spec, mix_sources(e, p, hash)));
    for (size_t f = 0; f < p->plan.n_folds; f++) {
        MIX(p->plan.fold[f].begin_ns[GW_SLICE_TEST]);
        MIX(p->plan.fold[f].end_ns[GW_SLICE_TEST]);
    }
    if (spec->desc->needs_model) {
        hash = mix_sections(e, false, "verdict", mix_features(e, hash));
        for (size_t k = 0; k < e->n_seeds; k++) MIX(e->seed[k]);
        MIX(p->reach); /* the longest of all contestants says which samples there are */
    } else {
        hash = mix_section(e, config_find_section("broker"), hash);
    }
    show(hash, out);
}
