/* A search file, from text to a space, a searcher and an objective. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "search_private.h"

static struct gw_choice searcher_choice(size_t i) {
    const struct searcher *searcher = searcher_at(i);
    if (!searcher) return (struct gw_choice){.name = NULL};
    return (struct gw_choice){.name = searcher->name, .help = searcher->help, .own = searcher->own};
}
static const struct gw_choices searcher_choices = {.at = searcher_choice};

#define SIZE(field, unit, initial, low, high, help)                                                                    \
    GW_SIZE_PARAM(struct search_settings, field, unit, initial, low, high, help)
static const struct gw_param rows[] = {
    GW_CHOICE_PARAM(struct search_settings, strategy, &searcher_choices, offsetof(struct search_settings, own),
                    "who says what is tried next"),
    SIZE(trials, "trials", 0, 1, 100000, "configurations; default: 32, of a grid all its points"),
    SIZE(folds, "folds", 1, 1, 100000, "the first of the walk, whose validation slices are searched on"),
    SIZE(seeds, "seeds", 0, 1, MAX_SEEDS, "of a trial; default: 1"),
    SIZE(epochs, "epochs", 0, 1, 100000, "of a trial's fits; default: the training's"),
    SIZE(patience, "epochs", 0, 1, 100000, "of a trial's fits; default: the training's"),
    SIZE(lag, "evaluations", 4, 1, 4096,
         "that may be in work at once: a decision knows the results of those before them; for any number of workers"),
    SIZE(reference, "trials", 0, 0, 100000, "at random beside the search, to compare with"),
    GW_NUMBER_PARAM(struct search_settings, seed, "", 1, 0, 9e15, "of all that is drawn"),
    GW_TEXT_PARAM(struct search_settings, contestant, GW_PARAM_NAME,
                  "the experiment's strategy that is searched; default: the first that trains"),
};
const struct gw_param_table search_params = GW_PARAM_TABLE(rows);

static int read_settings(const struct json_document *doc, const json_value *value, struct search_settings *out) {
    gw_param_defaults(&search_params, out);
    if (!value) return GW_OK;
    if (json_kind(value) != JSON_OBJECT) return json_fail(doc, value, GW_ERR_CONFIG, "search must be an object { … }");
    for (size_t i = 0; i < json_size(value); i++) {
        const json_value *item = json_at(value, i);
        struct gw_param_key key;
        if (strcmp(json_key(item), "objective") == 0) continue;
        if (!gw_param_find(&search_params, json_key(item), &key)) {
            const char *known[64] = {"objective"};
            size_t n = 1;
            for (struct gw_param_key row = {0}; n < COUNT_OF(known) && gw_param_next(&search_params, &row);)
                known[n++] = row.param->name;
            return config_unknown_key(doc, item, known, n, "search");
        }
        TRY(json_read_param(doc, item, "search", &key, out));
    }
    const struct key_section section = {.name = "search", .table = &search_params};
    for (size_t i = 0; i < json_size(value); i++) {
        const json_value *item = json_at(value, i);
        struct gw_param_key key;
        char owners[256];
        if (!gw_param_find(section.table, json_key(item), &key) || gw_param_active(&key, out)) continue;
        return json_fail_key(doc, item, GW_ERR_CONFIG, "search.%s belongs to %s; the strategy is \"%s\"",
                             json_key(item), gw_param_owners(&key, owners),
                             gw_param_word(&search_params, out, "strategy"));
    }
    if (out->seed != floor(out->seed))
        return json_fail(doc, json_get(value, "seed"), GW_ERR_CONFIG, "search.seed must be a whole number");
    return GW_OK;
}

static int find_contestant(const struct json_document *doc, const json_value *value, struct search *s) {
    const struct experiment *e = s->experiment;
    const char *known[MAX_STRATEGIES];
    const json_value *place = json_get(value, "contestant");
    for (size_t i = 0; i < e->n_strategies; i++) known[i] = e->strategy[i].name;
    for (s->contestant = 0; s->contestant < e->n_strategies; s->contestant++)
        if (place ? strcmp(known[s->contestant], s->settings.contestant) == 0
                  : strategy_trains(&e->strategy[s->contestant]))
            break;
    if (s->contestant == e->n_strategies) {
        const char *near = place ? nearest_word(s->settings.contestant, known, e->n_strategies) : NULL;
        if (!place)
            return json_fail(doc, value ? value : json_root(doc), GW_ERR_CONFIG,
                             "the experiment has no strategy that trains; name one as search.contestant");
        return json_fail(doc, place, GW_ERR_CONFIG, "%s has no strategy \"%s\"%s%s%s", s->experiment_path,
                         s->settings.contestant, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    const struct strategy_spec *spec = &e->strategy[s->contestant];
    if (spec->ensemble_of[0] || strategy_is_outside(spec))
        return json_fail(doc, place ? place : value, GW_ERR_CONFIG,
                         "\"%s\" takes its scores from elsewhere; search the strategy that they come from", spec->name);
    snprintf(s->settings.contestant, sizeof s->settings.contestant, "%s", spec->name);
    return GW_OK;
}

/* The contestant's place in the file's list, in which a search sets its keys. */
static int entry_of_contestant(const struct search *s, const json_value *place, size_t *index) {
    struct json_document *base;
    TRY(json_load_commented(s->experiment_path, GW_ERR_CONFIG, &base));
    const json_value *list = json_get(json_root(base), "strategies");
    bool plain = false;
    for (*index = 0; *index < json_size(list); ++*index) {
        const json_value *entry = json_at(list, *index), *name = json_get(entry, "name");
        const char *text = json_string(name ? name : json_get(entry, "strategy"), json_string(entry, ""));
        plain = json_kind(entry) == JSON_STRING;
        if (strcmp(text, s->settings.contestant) == 0) break;
    }
    json_free(base);
    if (plain)
        return json_fail(s->document, place, GW_ERR_CONFIG,
                         "%s writes the strategy as \"%s\" alone; write {\"strategy\": \"%s\"} there, so that its keys "
                         "can be set",
                         s->experiment_path, s->settings.contestant, s->settings.contestant);
    return GW_OK;
}

/* What the keys of the space leave alone. */
static void look_at_keys(struct search *s) {
    static const char *const inputs[] = {"data", "features", "timerange", "labels.", "folds.", "scaler."};
    s->shares_inputs = s->keeps_others = true;
    for (size_t d = 0; d < s->space.n; d++) {
        s->keeps_others &= s->space.dim[d].own;
        for (size_t i = 0; i < COUNT_OF(inputs); i++)
            if (strncmp(s->space.dim[d].key, inputs[i], strlen(inputs[i])) == 0) s->shares_inputs = false;
    }
}

static int check_settings(struct search *s, const json_value *search) {
    struct search_settings *settings = &s->settings;
    if (!settings->trials && !s->searcher->finite) settings->trials = 32;
    if (!settings->seeds) settings->seeds = 1;
    if (s->searcher->sequential) settings->lag = 1;
    if (s->searcher->one_objective && s->n_objectives > 1)
        return json_fail(s->document, json_get(search, "objective"), GW_ERR_CONFIG,
                         "\"%s\" takes one objective; give one, or another strategy", s->searcher->name);
    for (size_t d = 0; s->searcher->halving && d < s->space.n; d++)
        if (strcmp(s->space.dim[d].key, "training.epochs") == 0)
            return json_fail_key(s->document, s->space.dim[d].place, GW_ERR_CONFIG,
                                 "\"%s\" decides on the epochs itself; leave them out of the space", s->searcher->name);
    if (s->searcher->begin) TRY(s->searcher->begin());
    if (s->searcher->halving && !strategy_trains(&s->experiment->strategy[s->contestant]))
        return json_fail(s->document, search, GW_ERR_CONFIG,
                         "\"%s\" shares out epochs or folds of training; \"%s\" has none", s->searcher->name,
                         settings->contestant);
    return GW_OK;
}

static int load_experiment(struct search *s, const json_value *root) {
    char file[900] = "";
    TRY(config_text_field(s->document, root, "experiment", false, file, sizeof file));
    if (!*file)
        return json_fail(s->document, root, GW_ERR_CONFIG,
                         "\"experiment\" is missing: the file whose keys are searched");
    const char *slash = file[0] == '/' ? NULL : strrchr(s->path, '/');
    snprintf(s->experiment_path, sizeof s->experiment_path, "%.*s%s", slash ? (int)(slash - s->path) + 1 : 0, s->path,
             file);
    return experiment_load(s->experiment_path, s->override, &s->experiment);
}

static int read_search(struct search *s) {
    static const char *const known[] = {"$schema", "name", "title", "experiment", "search", "space"};
    const json_value *root = json_root(s->document), *search = json_get(root, "search");
    size_t index = 0;
    if (json_kind(root) != JSON_OBJECT)
        return json_fail(s->document, root, GW_ERR_CONFIG, "a search must be an object { … }");
    if (json_get(root, "strategies"))
        return json_fail_key(s->document, json_get(root, "strategies"), GW_ERR_CONFIG,
                             "this is an experiment, not a search; use `gatewalk run %s`", s->path);
    if (json_get(root, "stages"))
        return json_fail_key(s->document, json_get(root, "stages"), GW_ERR_CONFIG,
                             "this is a study, not a search; use `gatewalk study %s`", s->path);
    TRY(config_known_keys(s->document, root, known, COUNT_OF(known), "the search"));
    TRY(load_experiment(s, root));
    snprintf(s->name, sizeof s->name, "%.50s-search", s->experiment->name);
    TRY(config_text_field(s->document, root, "name", true, s->name, sizeof s->name));
    bool titled = strcmp(s->experiment->title, s->experiment->name) != 0;
    snprintf(s->title, sizeof s->title, "%s", titled ? s->experiment->title : s->name);
    TRY(config_text_field(s->document, root, "title", false, s->title, sizeof s->title));
    TRY(read_settings(s->document, search, &s->settings));
    s->searcher = searcher_at((size_t)s->settings.strategy);
    TRY(find_contestant(s->document, search, s));
    TRY(entry_of_contestant(s, search ? search : root, &index));
    TRY(objectives_read(s->document, json_get(search, "objective"), s->experiment,
                        &s->experiment->strategy[s->contestant], s->objective, &s->n_objectives));
    TRY(space_read(s->document, json_get(root, "space"), index, &s->space));
    look_at_keys(s);
    TRY(check_settings(s, search ? search : root));
    return trials_check(s);
}

int search_load(const char *path, const struct gw_config_override *override, struct search **out) {
    struct search *s = mem_calloc(1, sizeof *s);
    if (!s) return GW_ERR_NOMEM;
    s->path = path;
    s->override = override;
    s->chosen = SIZE_MAX;
    int rc = json_load_commented(path, GW_ERR_CONFIG, &s->document);
    if (rc == GW_OK) rc = read_search(s);
    if (rc < 0) {
        search_free(s);
        return rc;
    }
    *out = s;
    return GW_OK;
}

void search_free(struct search *s) {
    if (!s) return;
    json_free(s->document);
    experiment_free(s->experiment);
    space_free(&s->space);
    mem_free(s->evaluation);
    mem_free(s);
}
