/* search.json: what was searched, by whom, what was chosen, and what became of it. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "importance.h"
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

/* Of the rung that most trials have been on; what is not there counts as the middle. */
static int importance_of(const struct search *s, double share[SPACE_MAX]) {
    enum { MOST = 2000 };
    double *x = mem_calloc(s->n ? s->n : 1, (SPACE_MAX + 1) * sizeof *x), *y = x + s->n * SPACE_MAX, most = 0;
    size_t n = 0, rung = 0, on_rung[16] = {0};
    if (!x) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        if (s->evaluation[i].rung < COUNT_OF(on_rung)) on_rung[s->evaluation[i].rung]++;
    for (size_t r = 0; r < COUNT_OF(on_rung); r++)
        if ((double)on_rung[r] > most) most = (double)on_rung[r], rung = r;
    for (size_t i = 0; i < s->n && n < MOST; i++) {
        const struct evaluation *v = &s->evaluation[i];
        if (v->rung != rung || !isfinite(v->cost[0])) continue;
        for (size_t d = 0; d < s->space.n; d++) x[n * s->space.n + d] = isnan(v->point.u[d]) ? 0.5 : v->point.u[d];
        y[n++] = v->cost[0];
    }
    const int rc = key_importance(x, y, n, s->space.n, (uint64_t)s->settings.seed, share);
    mem_free(x);
    return rc;
}

static void put_importance(struct json_writer *w, const struct search *s, const double *share) {
    json_begin_array(w, "importance");
    for (size_t d = 0; d < s->space.n; d++) {
        json_begin_object(w, NULL);
        json_put_string(w, "key", s->space.dim[d].key);
        json_put_number(w, "share", share[d]);
        json_end_object(w);
    }
    json_end_array(w);
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
    double overfitting, share[SPACE_MAX];
    TRY(search_overfitting(s, &overfitting));
    TRY(importance_of(s, share));
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
    put_importance(&w, s, share);
    json_put_number(&w, "overfitting_probability", overfitting);
    put_final(&w, s, final);
    json_end_object(&w);
    return out_commit(&file);
}
