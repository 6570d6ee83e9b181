/* trials.csv, the table of a finished search; and a file for each evaluation as soon as it is done, by which an interrupted
 * one goes on. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "search_private.h"

static const char *const state_name[] = {"open", "done", "failed", "invalid"};

/* A value as a cell: no quotes, no comma. */
static void put_cell(struct out_file *file, const char *json) {
    out_printf(file, ",");
    for (; *json; json++)
        if (*json != '"') out_printf(file, "%c", *json == ',' ? ';' : *json);
}

static void put_number(struct out_file *file, double value) {
    char text[32];
    out_printf(file, ",%s", isfinite(value) ? number_format(value, text) : "");
}

/* Whether it stands on the front of all that had the whole budget. */
static int mark_fronts(const struct search *s, bool *on_front) {
    size_t *index = mem_calloc(s->n ? s->n : 1, 2 * sizeof *index), *front = index + s->n, n = 0;
    double most = 0;
    if (!index) return GW_ERR_NOMEM;
    for (size_t i = 0; i < s->n; i++)
        if (!s->evaluation[i].reference) most = fmax(most, s->evaluation[i].budget);
    for (size_t i = 0; i < s->n; i++)
        if (!s->evaluation[i].reference && s->evaluation[i].budget == most && isfinite(s->evaluation[i].cost[0]))
            index[n++] = i;
    int rc = rank_evaluations(s->evaluation, s->n_objectives, index, n, front);
    for (size_t i = 0; rc == GW_OK && i < n; i++) on_front[index[i]] = front[i] == 0;
    mem_free(index);
    return rc;
}

static void put_evaluation(struct out_file *file, const struct search *s, size_t i, bool on_front) {
    const struct evaluation *v = &s->evaluation[i];
    char number[32], paid[32], room[VALUE_MAX];
    out_printf(file, "%zu,%zu,%zu,%s,%s,%d,%s,%d,%d", v->trial + 1, i + 1, v->rung + 1,
               number_format(v->budget, number), number_format(v->paid, paid), v->reference, state_name[v->state],
               i == s->chosen, on_front);
    for (size_t d = 0; d < s->space.n; d++)
        put_cell(file, isnan(v->point.u[d]) ? "" : dimension_text(&s->space.dim[d], v->point.u[d], room));
    for (size_t o = 0; o < s->n_objectives; o++) put_number(file, objective_value(&s->objective[o], v->cost[o]));
    put_number(file, v->returns.n_bars ? v->returns.sharpe : (double)NAN);
    out_printf(file, ",%s\n", v->key);
}

static int write_table(const struct search *s, const char *dir, const bool *on_front) {
    char path[1024];
    struct out_file file;
    TRY(path_join(path, sizeof path, dir, GW_RUN_TRIALS));
    TRY(out_open(&file, path));
    out_printf(&file, "trial,evaluation,rung,budget,paid,reference,state,chosen,front");
    for (size_t d = 0; d < s->space.n; d++) out_printf(&file, ",%s", s->space.dim[d].key);
    for (size_t o = 0; o < s->n_objectives; o++) out_printf(&file, ",%s", s->objective[o].name);
    out_printf(&file, ",sharpe_per_bar,key\n");
    for (size_t i = 0; i < s->n; i++)
        if (s->evaluation[i].state != EVALUATION_OPEN) put_evaluation(&file, s, i, on_front[i]);
    return out_commit(&file);
}

int trials_write(const struct search *s, const char *dir) {
    bool *on_front = mem_calloc(s->n ? s->n : 1, sizeof *on_front);
    if (!on_front) return GW_ERR_NOMEM;
    int rc = mark_fronts(s, on_front);
    if (rc == GW_OK) rc = write_table(s, dir, on_front);
    mem_free(on_front);
    return rc;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static int path_of(const char *dir, const struct evaluation *v, char path[1024]) {
    const int n = snprintf(path, 1024, "%s/" GW_RUN_STAGES "/trials/%s.json", dir, v->key);
    if (n < 0 || n >= 1024) FAIL(GW_ERR_USAGE, "--out: the path is too long");
    return GW_OK;
}

enum { CHECK_DIGITS = 16 };

/* Of every figure that is remembered and of whose they are: one digit changed on the disk would choose another trial. As they are
 * read back, where a zero has no sign and what is undefined is null. */
static void check_of(const struct search *s, const struct evaluation *v, const double value[OBJECTIVES_MAX],
                     char check[CHECK_DIGITS + 1]) {
    const struct trial_returns *r = &v->returns;
    double figure[3 + OBJECTIVES_MAX + 2 * RETURN_PARTS] = {v->state, (double)r->n_bars, r->sharpe};
    size_t n = 3;
    for (size_t o = 0; o < s->n_objectives; o++) figure[n++] = value[o];
    for (size_t i = 0; i < RETURN_PARTS; i++) figure[n++] = r->sum[i];
    for (size_t i = 0; i < RETURN_PARTS; i++) figure[n++] = r->square[i];
    for (size_t i = 0; i < n; i++) figure[i] = isfinite(figure[i]) ? figure[i] + 0.0 : (double)NAN;
    snprintf(check, CHECK_DIGITS + 1, "%016" PRIx64,
             hash_bytes(figure, n * sizeof *figure, hash_bytes(v->key, strlen(v->key), 0)));
}

static void put_list(struct json_writer *w, const char *key, const double *value, size_t n) {
    json_begin_array(w, key);
    for (size_t i = 0; i < n; i++) json_put_number(w, NULL, value[i]);
    json_end_array(w);
}

int trial_remember(const struct search *s, const char *dir, int lock, const struct evaluation *v) {
    char path[1024];
    struct out_file file;
    double value[OBJECTIVES_MAX];
    char check[CHECK_DIGITS + 1];
    if (!v->key[0]) return GW_OK; /* one that cannot be made is not made again either */
    for (size_t o = 0; o < s->n_objectives; o++) value[o] = objective_value(&s->objective[o], v->cost[o]);
    check_of(s, v, value, check);
    TRY(path_of(dir, v, path));
    TRY(dir_lock_holds(dir, lock));
    TRY(out_open(&file, path));
    struct json_writer w = {.stream = file.stream, .compact = true};
    json_begin_object(&w, NULL);
    json_put_int(&w, "schema", GW_RUN_SCHEMA);
    json_put_string(&w, "state", state_name[v->state]);
    put_list(&w, "objectives", value, s->n_objectives);
    json_put_int(&w, "bars", (int64_t)v->returns.n_bars);
    json_put_number(&w, "sharpe", v->returns.sharpe);
    put_list(&w, "sum", v->returns.sum, RETURN_PARTS);
    put_list(&w, "square", v->returns.square, RETURN_PARTS);
    json_put_string(&w, "check", check);
    json_end_object(&w);
    return out_commit(&file);
}

static bool take_list(const json_value *list, double *value, size_t n) {
    for (size_t i = 0; i < n; i++) value[i] = json_number(json_at(list, i), NAN);
    return json_size(list) == n;
}

static bool read_memory(const struct search *s, const json_value *root, struct evaluation *v) {
    struct trial_returns r = {.sharpe = json_number(json_get(root, "sharpe"), NAN)};
    double value[OBJECTIVES_MAX];
    char check[CHECK_DIGITS + 1];
    const char *state = json_string(json_get(root, "state"), "");
    const double n = json_number(json_get(root, "bars"), -1);
    if (json_number(json_get(root, "schema"), 0) != GW_RUN_SCHEMA || !(n >= 0 && n < 1e15) ||
        !take_list(json_get(root, "objectives"), value, s->n_objectives) ||
        !take_list(json_get(root, "sum"), r.sum, RETURN_PARTS) ||
        !take_list(json_get(root, "square"), r.square, RETURN_PARTS))
        return false;
    if (strcmp(state, state_name[EVALUATION_DONE]) != 0 && strcmp(state, state_name[EVALUATION_FAILED]) != 0)
        return false;
    r.n_bars = (size_t)n;
    struct evaluation read = *v;
    read.state = strcmp(state, state_name[EVALUATION_DONE]) == 0 ? EVALUATION_DONE : EVALUATION_FAILED;
    read.returns = r;
    check_of(s, &read, value, check);
    if (strcmp(json_string(json_get(root, "check"), ""), check) != 0) return false;
    *v = read;
    for (size_t o = 0; o < s->n_objectives; o++) v->cost[o] = objective_cost(&s->objective[o], value[o]);
    return true;
}

int trial_recall(const struct search *s, const char *dir, struct evaluation *v, bool *found) {
    char path[1024];
    struct json_document *document;
    *found = false;
    if (!v->key[0]) return GW_OK;
    TRY(path_of(dir, v, path));
    if (!file_exists(path)) return GW_OK;
    const int rc = json_load(path, GW_ERR_DATA, &document);
    if (rc == GW_ERR_DATA) return GW_OK; /* damaged: the trial is done again */
    TRY(rc);
    *found = read_memory(s, json_root(document), v);
    json_free(document);
    return GW_OK;
}
