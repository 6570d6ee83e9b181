/* The final walk: the chosen values on later folds, beside what they were before and those that were not searched. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/metric_key.h"
#include "search_private.h"

static size_t find(const struct experiment *e, const char *name) {
    size_t i = 0;
    while (i < e->n_strategies && strcmp(e->strategy[i].name, name) != 0) i++;
    return i;
}

/* The contestant as the experiment has it can walk too when nothing else of the experiment was changed. */
static bool has_untuned(const struct search *s, const struct experiment *e, char name[80]) {
    snprintf(name, 80, "%s" UNTUNED, s->settings.contestant);
    return s->keeps_others && e->n_strategies < MAX_STRATEGIES && strlen(name) < sizeof e->strategy[0].name &&
           find(e, name) == e->n_strategies && !strategy_program(&s->experiment->strategy[s->contestant]);
}

int final_experiment(struct search *s, struct experiment **out) {
    struct experiment *e;
    TRY(trial_experiment(s, &s->evaluation[s->chosen].point, false, &e));
    const size_t skip = e->folds.skip + s->settings.folds - 1;
    char name[80];
    const bool untuned = has_untuned(s, e, name);
    /* What costs little is a yardstick; other gates are not what was asked about, but for one to compare with. */
    size_t n = 0;
    for (size_t i = 0; i < e->n_strategies; i++) {
        const struct strategy_spec *spec = &e->strategy[i];
        const bool floor =
            !spec->desc->needs_model || strategy_is_outside(spec) || !gw_model_is_recurrent(&spec->model);
        const bool ours = strcmp(spec->name, s->settings.contestant) == 0;
        const bool baseline = !untuned && strcmp(spec->name, e->verdict.baseline) == 0;
        if ((floor || ours || baseline) && !spec->ensemble_of[0]) e->strategy[n++] = *spec;
    }
    e->n_strategies = n;
    if (untuned) {
        e->strategy[n] = s->experiment->strategy[s->contestant];
        strcpy(e->strategy[n].name, name);
        e->n_strategies++;
        if (e->strategy[n].desc->needs_model) strcpy(e->verdict.baseline, name);
    }
    e->folds.skip = skip; /* test bars that no searched validation slice has touched */
    e->n_searched = search_trials(s);
    search_sharpes(s, &e->searched);
    e->study_key = s->experiment->study_key;
    e->study_key_has_bars = true;
    snprintf(e->name, sizeof e->name, "%s", s->name);
    snprintf(e->title, sizeof e->title, "%s", s->title);
    *out = e;
    return GW_OK;
}

int best_write(const struct experiment *e, const char *dir) {
    char path[1024];
    struct out_file file;
    struct experiment *copy = mem_calloc(1, sizeof *copy);
    if (!copy) return GW_ERR_NOMEM;
    *copy = *e; /* its texts are e's */
    int rc = experiment_own_data(copy);
    const bool own = rc == GW_OK;
    if (rc == GW_OK) rc = experiment_make_relative(copy, dir);
    if (rc == GW_OK) rc = path_join(path, sizeof path, dir, GW_RUN_BEST);
    if (rc == GW_OK) rc = out_open(&file, path);
    if (rc == GW_OK) {
        struct json_writer w = {.stream = file.stream};
        experiment_write(copy, &w, NULL);
        rc = out_commit(&file);
    }
    if (own) mem_free(copy->data);
    mem_free(copy);
    return rc;
}

/* ---- what came of it -------------------------------------------------------------------------------------------- */

static const json_value *strategy_named(const json_value *root, const char *name) {
    const json_value *list = json_get(root, "strategies");
    for (size_t i = 0; i < json_size(list); i++)
        if (strcmp(json_string(json_get(json_at(list, i), "name"), ""), name) == 0) return json_at(list, i);
    return NULL;
}

/* As a trial is measured: means over seeds and gates. The loss and the size are not of the test bars. */
static double value_of(const struct objective *o, const json_value *strategy) {
    double sum = 0, n = 0;
    if (o->of == OF_PORTFOLIO)
        return json_number(json_get(json_get(json_get(strategy, "portfolio"), "mean"), o->name), NAN);
    if (o->of == OF_PARAMETERS) return json_number(json_get(strategy, "parameters"), NAN);
    for (int g = 0; o->of == OF_GATES && g < GW_N_GATES; g++) {
        const json_value *gate = json_get(json_get(strategy, "gates"), gw_gate_name[g]);
        const double value = json_number(json_get(json_get(gate, "mean"), o->name), NAN);
        if (!isfinite(value)) continue;
        sum += value;
        n++;
    }
    return n > 0 ? sum / n : (double)NAN;
}

/* Does any gate of it beat the null control, corrected for all that were asked? */
static const char *null_state(const json_value *strategy) {
    bool asked = false;
    for (int g = 0; g < GW_N_GATES; g++) {
        const json_value *null = json_get(json_get(json_get(strategy, "gates"), gw_gate_name[g]), "null");
        const double p = json_number(json_get(null, "p_holm"), NAN);
        asked |= isfinite(p);
        if (p <= 0.05) return "something";
    }
    return asked ? "nothing" : "not_measured";
}

int final_read(const struct search *s, const char *dir, struct final_result *out) {
    struct json_document *summary;
    char path[1024], untuned[80];
    TRY(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    TRY(json_load(path, GW_ERR_DATA, &summary));
    const json_value *root = json_root(summary), *tuned = strategy_named(root, s->settings.contestant);
    snprintf(untuned, sizeof untuned, "%s" UNTUNED, s->settings.contestant);
    const json_value *before = strategy_named(root, untuned);
    *out = (struct final_result){.walked = true, .has_untuned = before != NULL};
    for (size_t o = 0; o < s->n_objectives; o++) {
        out->validation[o] = objective_value(&s->objective[o], s->evaluation[s->chosen].cost[o]);
        out->test[o] = value_of(&s->objective[o], tuned);
        out->untuned[o] = value_of(&s->objective[o], before);
    }
    strcpy(out->null_state, null_state(tuned));
    out->deflated_sharpe = json_number(json_get(json_get(root, "selection"), "deflated_sharpe"), NAN);
    const char *best = json_string(json_get(json_get(root, "selection"), "best"), "");
    const bool skill = strcmp(out->null_state, "something") == 0 ||
                       (strcmp(best, s->settings.contestant) == 0 && out->deflated_sharpe >= 0.95);
    const bool measured = strcmp(out->null_state, "not_measured") != 0 || isfinite(out->deflated_sharpe);
    out->state = skill ? "something" : measured ? "nothing" : "not_measured";
    json_free(summary);
    return GW_OK;
}
