#include "search_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct key_facts {
    const json_value *choices;
    double low, high;
    bool logarithm;
};

/* As trials.csv writes a value. */
static void cell_text(const char *json, char *out, size_t size) {
    size_t n = 0;
    for (; *json && n + 1 < size; json++)
        if (*json != '"') out[n++] = *json == ',' ? ';' : *json;
    out[n] = '\0';
}

static double position_of(const struct key_facts *k, const char *cell) {
    const size_t n = json_size(k->choices);
    if (!*cell) return NAN;
    for (size_t i = 0; i < n; i++) {
        char text[600];
        cell_text(json_string(json_at(k->choices, i), ""), text, sizeof text);
        if (strcmp(text, cell) == 0) return n > 1 ? (double)i / (double)(n - 1) : 0.5;
    }
    const double value = strtod(cell, NULL);
    if (n > 0 || !(k->high > k->low)) return n > 0 ? (double)NAN : 0.5;
    return k->logarithm ? log(value / k->low) / log(k->high / k->low) : (value - k->low) / (k->high - k->low);
}

static const char *show_number(struct run_view *run, double value) {
    char text[40];
    snprintf(text, sizeof text, "%g", value);
    return text_safe(&run->arena, text);
}

static const char *show_choice(struct run_view *run, const json_value *choices, size_t i) {
    char text[64];
    cell_text(json_string(json_at(choices, i), ""), text, sizeof text);
    return text_safe(&run->arena, text);
}

static int read_keys(struct run_view *run, const json_value *root, struct search_view_data *v,
                     struct key_facts *facts) {
    const json_value *space = json_get(root, "space"), *importance = json_get(root, "importance");
    for (size_t d = 0; d < json_size(space) && d < SEARCH_KEYS_MAX; d++) {
        const json_value *dim = json_at(space, d), *choices = json_get(dim, "choices");
        struct search_key_view *key = &v->key[v->n_keys++];
        facts[d] = (struct key_facts){.choices = choices,
                                      .low = member_number(dim, "low"),
                                      .high = member_number(dim, "high"),
                                      .logarithm = strncmp(json_string(json_get(dim, "kind"), ""), "log", 3) == 0};
        const size_t n = json_size(choices);
        key->name = member_text(run, dim, "key");
        key->low = n ? show_choice(run, choices, 0) : show_number(run, facts[d].low);
        key->high = n ? show_choice(run, choices, n - 1) : show_number(run, facts[d].high);
        key->share = member_number(json_at(importance, d), "share");
        if (!key->name || !key->low || !key->high) return GW_ERR_NOMEM;
    }
    return GW_OK;
}

static const char *cell_at(const struct table *t, size_t row, const char *column) {
    for (size_t c = 0; c < t->n_columns; c++)
        if (strcmp(t->header[c], column) == 0) return t->cell[row * t->n_columns + c];
    return "";
}
static double number_at(const struct table *t, size_t row, const char *column) {
    const char *text = cell_at(t, row, column);
    return *text ? strtod(text, NULL) : (double)NAN;
}

static int read_trials(struct run_view *run, const json_value *root, const struct table *t,
                       const struct key_facts *facts, struct search_view_data *v) {
    const json_value *space = json_get(root, "space"), *objectives = json_get(root, "objectives");
    v->trial = arena_alloc(&run->arena, t->n_rows ? t->n_rows : 1, sizeof *v->trial);
    if (!v->trial) return GW_ERR_NOMEM;
    for (size_t row = 0; row < t->n_rows; row++) {
        struct search_trial_view *trial = &v->trial[v->n++];
        trial->number = number_at(t, row, "trial");
        trial->budget = number_at(t, row, "budget");
        trial->paid = number_at(t, row, "paid");
        if (isnan(trial->paid)) trial->paid = trial->budget;
        trial->reference = number_at(t, row, "reference") == 1;
        trial->chosen = number_at(t, row, "chosen") == 1;
        trial->front = number_at(t, row, "front") == 1;
        trial->done = strcmp(cell_at(t, row, "state"), "done") == 0;
        for (size_t d = 0; d < v->n_keys; d++)
            trial->position[d] =
                position_of(&facts[d], cell_at(t, row, json_string(json_get(json_at(space, d), "key"), "")));
        for (size_t o = 0; o < v->n_objectives; o++)
            trial->value[o] = number_at(t, row, json_string(json_get(json_at(objectives, o), "name"), ""));
    }
    return GW_OK;
}

static int read_values(struct run_view *run, const json_value *list, struct search_view_data *v) {
    char text[2000] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_size(list) && used + 1 < sizeof text; i++) {
        char value[200];
        cell_text(json_string(json_get(json_at(list, i), "value"), ""), value, sizeof value);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", i ? ", " : "",
                                 json_string(json_get(json_at(list, i), "key"), ""), value);
    }
    v->values = text_safe(&run->arena, text);
    return v->values ? GW_OK : GW_ERR_NOMEM;
}

static int read_facts(struct run_view *run, const json_value *root, struct search_view_data *v) {
    const json_value *final = json_get(root, "final"), *objectives = json_get(root, "objectives");
    v->strategy = member_text(run, root, "strategy");
    v->contestant = member_text(run, root, "contestant");
    v->state = member_text(run, final, "state");
    v->null_state = member_text(run, final, "null");
    v->n_trials = member_number(root, "trials");
    v->n_failed = member_number(root, "failed");
    v->n_folds = member_number(root, "folds");
    v->n_seeds = member_number(root, "seeds");
    v->overfitting = member_number(root, "overfitting_probability");
    v->deflated_sharpe = member_number(final, "deflated_sharpe");
    v->chosen = member_number(json_get(root, "chosen"), "trial");
    for (size_t o = 0; o < json_size(objectives) && o < SEARCH_OBJECTIVES_MAX; o++) {
        const json_value *objective = json_at(objectives, o);
        v->objective[v->n_objectives++] = member_text(run, objective, "name");
        v->max[o] = strcmp(json_string(json_get(objective, "goal"), ""), "max") == 0;
        v->validation[o] = json_number(json_at(json_get(final, "validation"), o), NAN);
        v->test[o] = json_number(json_at(json_get(final, "test"), o), NAN);
        v->untuned[o] = json_number(json_at(json_get(final, "untuned"), o), NAN);
        if (!v->objective[o]) return GW_ERR_NOMEM;
    }
    if (!v->strategy || !v->contestant || !v->state || !v->null_state) return GW_ERR_NOMEM;
    return read_values(run, json_get(json_get(root, "chosen"), "values"), v);
}

static int read_all(struct run_view *run, const json_value *root, struct search_view_data *v) {
    struct key_facts facts[SEARCH_KEYS_MAX];
    struct table table;
    char path[1024];
    TRY(read_facts(run, root, v));
    TRY(read_keys(run, root, v, facts));
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_TRIALS));
    TRY(table_read(path, &table));
    int rc = read_trials(run, root, &table, facts, v);
    table_free(&table);
    return rc;
}

int search_view_read(struct run_view *run, const struct search_view_data **search) {
    char path[1024];
    struct json_document *document;
    *search = NULL;
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_SEARCH));
    if (!file_exists(path)) return GW_OK;
    struct search_view_data *v = arena_alloc(&run->arena, 1, sizeof *v);
    if (!v) return GW_ERR_NOMEM;
    TRY(run_file_load(path, &document));
    int rc = json_kind(json_root(document)) == JSON_OBJECT
                 ? read_all(run, json_root(document), v)
                 : json_fail(document, json_root(document), GW_ERR_DATA, "is no search");
    json_free(document);
    if (rc == GW_OK) *search = v;
    return rc;
}

/* The best is the i-th of those sorted when it is drawn and all others drawn lie below it: C(i, k-1) / C(n, k). */
double expected_best(const double *sorted, size_t n, size_t k) {
    double sum = 0, chance; /* that the best is the last: k / n, then downwards by (i - k + 1) / i */
    if (k == 0 || n == 0) return NAN;
    if (k > n) k = n;
    chance = (double)k / (double)n;
    for (size_t i = n; i-- > 0 && chance > 0;) {
        sum += chance * sorted[i];
        chance *= i > 0 ? ((double)i - (double)k + 1) / (double)i : 0;
    }
    return sum;
}
