/* search.json: what was searched, by whom, what was chosen, and what became of it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "search_private.h"

static void put_values(struct json_writer *w, const struct search *s, const char *key, const double *value) {
    json_begin_array(w, key);
    for (size_t o = 0; o < s->n_objectives; o++) json_put_number(w, NULL, value[o]);
    json_end_array(w);
}

static void put_objectives(struct json_writer *w, const struct search *s) {
    json_begin_array(w, "objectives");
    for (size_t o = 0; o < s->n_objectives; o++) {
        json_begin_object(w, NULL);
        json_put_string(w, "name", s->objective[o].name);
        json_put_string(w, "goal", s->objective[o].max ? "max" : "min");
        json_end_object(w);
    }
    json_end_array(w);
}

static void put_chosen(struct json_writer *w, const struct search *s) {
    if (s->chosen == SIZE_MAX) {
        json_put_string(w, "chosen", NULL);
        return;
    }
    const struct evaluation *v = &s->evaluation[s->chosen];
    double value[OBJECTIVES_MAX];
    char room[VALUE_MAX];
    for (size_t o = 0; o < s->n_objectives; o++) value[o] = objective_value(&s->objective[o], v->cost[o]);
    json_begin_object(w, "chosen");
    json_put_int(w, "trial", (int64_t)v->trial + 1);
    put_values(w, s, "validation", value);
    json_begin_array(w, "values");
    for (size_t d = 0; d < s->space.n; d++) {
        if (isnan(v->point.u[d])) continue;
        json_begin_object(w, NULL);
        json_put_string(w, "key", s->space.dim[d].key);
        json_put_string(w, "value", dimension_text(&s->space.dim[d], v->point.u[d], room));
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void put_counts(struct json_writer *w, const struct search *s) {
    size_t failed = 0, reference = 0;
    for (size_t i = 0; i < s->n; i++) {
        failed += s->evaluation[i].state != EVALUATION_DONE;
        reference += s->evaluation[i].reference;
    }
    json_put_int(w, "trials", (int64_t)search_trials(s));
    json_put_int(w, "evaluations", (int64_t)s->n);
    json_put_int(w, "reference", (int64_t)reference);
    json_put_int(w, "failed", (int64_t)failed);
}

static void put_final(struct json_writer *w, const struct search *s, const struct final_result *final) {
    json_begin_object(w, "final");
    put_values(w, s, "validation", final->validation);
    put_values(w, s, "test", final->test);
    if (final->has_untuned)
        put_values(w, s, "untuned", final->untuned);
    else
        json_put_string(w, "untuned", NULL);
    json_put_string(w, "null", final->null_state);
    json_put_number(w, "deflated_sharpe", final->deflated_sharpe);
    json_put_string(w, "state", final->state);
    json_end_object(w);
}

int search_write(const struct search *s, const struct final_result *final, const char *dir) {
    char path[1024];
    struct out_file file;
    double overfitting;
    TRY(search_overfitting(s, &overfitting));
    TRY(path_join(path, sizeof path, dir, GW_RUN_SEARCH));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "name", s->name);
    json_put_string(&w, "title", s->title);
    json_put_string(&w, "strategy", s->searcher->name);
    json_put_int(&w, "seed", (int64_t)s->settings.seed);
    json_put_string(&w, "contestant", s->settings.contestant);
    json_put_int(&w, "folds", (int64_t)s->settings.folds);
    json_put_int(&w, "seeds", (int64_t)s->settings.seeds);
    put_objectives(&w, s);
    space_write(&w, &s->space, "space");
    put_counts(&w, s);
    put_chosen(&w, s);
    json_put_number(&w, "overfitting_probability", overfitting);
    put_final(&w, s, final);
    json_end_object(&w);
    return out_commit(&file);
}
