/* What decoders are taught by and held against: paths of all bars, once for every number of steps that is asked for. */
#include "engine/base/base.h"
#include "walk.h"

static int add(const struct experiment *e, struct prepared *p, size_t steps) {
    struct path_set *set = mem_realloc(p->paths, p->n_paths + 1, sizeof *set);
    if (!set) return GW_ERR_NOMEM;
    p->paths = set;
    set += p->n_paths;
    *set = (struct path_set){.steps = steps, .of = mem_calloc(p->market.n_symbols, sizeof *set->of)};
    p->n_paths++;
    if (!set->of) return GW_ERR_NOMEM;
    for (size_t s = 0; s < p->market.n_symbols; s++)
        TRY(gw_paths_build(&p->market.symbol[s], &e->labels, steps, &set->of[s]));
    return GW_OK;
}

int prepare_paths(const struct experiment *e, struct prepared *p) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct strategy_spec *spec = &e->strategy[s];
        const size_t steps = strategy_trains(spec) ? gw_model_path_steps(&spec->model) : 0;
        if (steps == 0 || prepared_path(p, steps, 0)) continue;
        if (steps > e->labels.horizon)
            FAIL(GW_ERR_CONFIG,
                 "%s: strategy \"%s\": model.decoder_steps: %zu steps are more than labels.horizon has bars (%zu)",
                 e->path, spec->name, steps, e->labels.horizon);
        TRY(add(e, p, steps));
    }
    return GW_OK;
}

void prepared_free_paths(struct prepared *p) {
    for (size_t i = 0; i < p->n_paths; i++) {
        for (size_t s = 0; p->paths[i].of && s < p->market.n_symbols; s++) gw_paths_free(&p->paths[i].of[s]);
        mem_free(p->paths[i].of);
    }
    mem_free(p->paths);
}
