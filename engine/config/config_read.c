/* An experiment file, from text to a checked struct. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

/* Lean on purpose: near-duplicates (two moving averages of similar length) cost speed and accuracy. */
static const char *const default_features[] = {
    "log_return(1)", "log_return(4)",   "log_return(24)",     "ma_gap(10)",   "ma_gap(50)",       "rsi(14)",
    "atr(14)",       "bollinger_b(20)", "macd_hist(12,26,9)", "volume_z(96)", "realised_vol(96)", "range",
    "body",          "upper_wick",
};

void experiment_defaults(struct experiment *e) {
    for (size_t s = 0; s < config_n_sections; s++)
        gw_param_defaults(config_section[s].table, (char *)e + config_section[s].offset);
    e->common.trading.strategy = -1; /* none: what each contestant trades by is its own */
}

int config_timerange(const char *text, int64_t *from_ns, int64_t *to_ns) {
    char copy[96];
    if (strlen(text) >= sizeof copy)
        FAIL(GW_ERR_CONFIG, "timerange: \"%.40s…\" is too long; write 20200101-20221231", text);
    strcpy(copy, text);
    /* Dates may hold dashes themselves: the separator is the dash after 8 digits, or a lone one in the middle. */
    size_t length = strlen(copy), digits = strspn(copy, "0123456789");
    char *dash = digits == 8 || digits == 0 ? copy + digits : NULL;
    if (!dash && length == 21) dash = copy + 10;
    if (!dash || *dash != '-')
        FAIL(GW_ERR_CONFIG,
             "timerange: \"%s\" is not a range of dates; write 20200101-20221231 (either side may be empty)", text);
    *dash = '\0';
    const char *to = dash + 1;
    *from_ns = INT64_MIN;
    *to_ns = INT64_MAX;
    if (*copy && time_parse(copy, from_ns) < 0) return gw_error_prefix(GW_ERR_CONFIG, "timerange");
    if (*to) {
        if (time_parse(to, to_ns) < 0) return gw_error_prefix(GW_ERR_CONFIG, "timerange");
        *to_ns += NS_PER_DAY; /* the last day is included */
    }
    if ((*copy && *from_ns % NS_PER_DAY) || (*to && *to_ns % NS_PER_DAY))
        FAIL(GW_ERR_CONFIG, "timerange: \"%s\" must be whole days, such as 20200101-20221231", text);
    if (*from_ns >= *to_ns) FAIL(GW_ERR_CONFIG, "timerange: \"%s\" ends before it begins", text);
    return GW_OK;
}

static int add_feature(struct experiment *e, const char *spec) {
    e->feature[e->n_features] = mem_strdup(spec);
    if (!e->feature[e->n_features]) return GW_ERR_NOMEM;
    e->n_features++;
    return GW_OK;
}

static int read_features(const struct json_document *doc, const json_value *value, struct experiment *e) {
    if (!value) {
        for (size_t i = 0; i < COUNT_OF(default_features); i++) TRY(add_feature(e, default_features[i]));
        return GW_OK;
    }
    if (json_kind(value) != JSON_ARRAY || json_size(value) == 0 || json_size(value) > MAX_FEATURES)
        return json_fail(doc, value, GW_ERR_CONFIG, "features must be an array of 1 to %d names such as \"rsi(14)\"",
                         MAX_FEATURES);
    for (size_t i = 0; i < json_size(value); i++) {
        const json_value *item = json_at(value, i);
        if (json_kind(item) != JSON_STRING)
            return json_fail(doc, item, GW_ERR_CONFIG, "a feature must be a string such as \"rsi(14)\"");
        TRY(add_feature(e, json_string(item, "")));
        /* Parsed one by one here so that the mistake is pointed at; the whole set is parsed again later. */
        struct gw_feature_set *set;
        const char *spec = json_string(item, "");
        int rc = gw_feature_set_parse(&spec, 1, &set);
        if (rc < 0) {
            char why[512];
            snprintf(why, sizeof why, "%s", gw_error_message());
            return json_fail(doc, item, error_class(rc, GW_ERR_CONFIG), "%s", why);
        }
        gw_feature_set_free(set);
    }
    return GW_OK;
}

static int read_seeds(const struct json_document *doc, const json_value *value, struct experiment *e) {
    e->n_seeds = 1;
    e->seed[0] = 1;
    if (!value) return GW_OK;
    bool list = json_kind(value) == JSON_ARRAY;
    size_t n = list ? json_size(value) : 1;
    if (n == 0 || n > MAX_SEEDS)
        return json_fail(doc, value, GW_ERR_CONFIG, "seeds must hold 1 to %d numbers", MAX_SEEDS);
    for (size_t i = 0; i < n; i++) {
        const json_value *item = list ? json_at(value, i) : value;
        double seed = json_kind(item) == JSON_NUMBER ? json_number(item, -1) : -1;
        double most = list ? 9e15 : MAX_SEEDS;
        if (!(seed >= (list ? 0 : 1) && seed <= most && seed == floor(seed)))
            return json_fail(doc, item, GW_ERR_CONFIG, "seeds must be how many (1 to %d) or an array of whole numbers",
                             MAX_SEEDS);
        if (!list) {
            e->n_seeds = (size_t)seed;
            for (size_t s = 0; s < e->n_seeds; s++) e->seed[s] = s + 1;
            return GW_OK;
        }
        for (size_t s = 0; s < i; s++)
            if (e->seed[s] == (uint64_t)seed)
                return json_fail(doc, item, GW_ERR_CONFIG, "seeds: %g stands there twice", seed);
        e->seed[i] = (uint64_t)seed;
    }
    e->n_seeds = n;
    return GW_OK;
}

static int check_top_keys(const struct json_document *doc, const json_value *root, const struct experiment *e) {
    const char *known[64];
    size_t n = 0;
    known[n++] = "$schema"; /* for editors */
    for (struct gw_param_key key = {0}; gw_param_next(&experiment_params, &key);) known[n++] = key.param->name;
    for (size_t i = 0; i < config_n_specials; i++) known[n++] = config_special[i].name;
    for (size_t i = 0; i < config_n_sections; i++) known[n++] = config_section[i].name;
    for (size_t i = 0; i < json_size(root); i++) {
        const json_value *value = json_at(root, i);
        const char *name = json_key(value);
        size_t k = 0;
        while (k < n && strcmp(known[k], name) != 0) k++;
        if (strcmp(name, "search") == 0 || strcmp(name, "space") == 0 ||
            (strcmp(name, "experiment") == 0 && json_get(root, "space")))
            return json_fail_key(doc, value, GW_ERR_CONFIG,
                                 "this is a search, not an experiment; use `gatewalk search %s` (with --dry-run it "
                                 "says how long that takes)",
                                 e->path);
        if (strcmp(name, "experiment") == 0 || strcmp(name, "stages") == 0)
            return json_fail_key(doc, value, GW_ERR_CONFIG,
                                 "this is a study, not an experiment; use `gatewalk study %s`", e->path);
        if (k == n) return config_unknown_key(doc, value, known, n, "the experiment");
    }
    return GW_OK;
}

static int read_top(const struct json_document *doc, const json_value *root, struct experiment *e) {
    if (json_kind(root) != JSON_OBJECT)
        return json_fail(doc, root, GW_ERR_CONFIG, "an experiment must be an object { … }, not %s",
                         json_kind_name(root));
    TRY(check_top_keys(doc, root, e));
    const json_value *value = json_get(root, "name");
    if (!value) return json_fail(doc, root, GW_ERR_CONFIG, "\"name\" is missing; it names the run's directory");
    for (struct gw_param_key key = {0}; gw_param_next(&experiment_params, &key);)
        if ((value = json_get(root, key.param->name))) TRY(json_read_param(doc, value, "", &key, e));
    if (!json_get(root, "title")) snprintf(e->title, sizeof e->title, "%s", e->name);
    if ((value = json_get(root, "timerange"))) {
        if (json_kind(value) != JSON_STRING)
            return json_fail(doc, value, GW_ERR_CONFIG, "timerange must be a string such as \"20200101-20221231\"");
        if (config_timerange(json_string(value, ""), &e->from_ns, &e->to_ns) < 0) {
            char why[512];
            snprintf(why, sizeof why, "%s", gw_error_message());
            return json_fail(doc, value, GW_ERR_CONFIG, "%s", why);
        }
    }
    for (size_t s = 0; s < config_n_sections; s++) {
        const struct key_section *section = &config_section[s];
        if ((value = json_get(root, section->name)))
            TRY(config_read_section(doc, value, section, (char *)e + section->offset));
    }
    return GW_OK;
}

/* "BTCUSDT=file.csv": the file, its symbol stored. A file of that very name is meant itself. */
static const char *named_symbol(const char *data, char symbol[GW_SYMBOL_MAX]) {
    const char *equals = strchr(data, '=');
    if (!equals || equals == data || (size_t)(equals - data) >= GW_SYMBOL_MAX || file_exists(data)) return data;
    memcpy(symbol, data, (size_t)(equals - data));
    symbol[equals - data] = '\0';
    if (name_is_safe(symbol)) return equals + 1;
    symbol[0] = '\0';
    return data;
}

static int read_document(const struct json_document *doc, const struct gw_config_override *override,
                         struct experiment *e) {
    const json_value *root = json_root(doc);
    TRY(read_top(doc, root, e));
    const json_value *data = json_get(root, "data");
    if (override && override->data) {
        if (data && json_kind(data) == JSON_ARRAY && json_size(data) > 1)
            FAIL(GW_ERR_USAGE, "--data replaces a single file, but %s names %zu", e->path, json_size(data));
        if (data) TRY(config_read_data(doc, data, e)); /* keeps what is said beside the file */
        if (!data) TRY(config_reserve_data(e, 1));
        e->n_data = 1;
        if (!data) gw_param_defaults(&data_params, &e->data[0]);
        e->data[0].symbol[0] = '\0'; /* but for the name: another file is another symbol */
        const char *file = named_symbol(override->data, e->data[0].symbol);
        if (snprintf(e->data[0].file, sizeof e->data[0].file, "%s", file) >= (int)sizeof e->data[0].file)
            FAIL(GW_ERR_USAGE, "--data: the path is too long");
    } else if (data) {
        TRY(config_read_data(doc, data, e));
    } else {
        return json_fail(doc, root, GW_ERR_CONFIG, "\"data\" is missing: name a file here or give --data FILE");
    }
    if (data) TRY(config_check_quotes(doc, data, e));
    TRY(config_expand_data(e));
    TRY(read_features(doc, json_get(root, "features"), e));
    TRY(read_seeds(doc, json_get(root, "seeds"), e));
    const json_value *folds = json_get(root, "folds");
    static const char *const lengths[] = {"train", "validation", "test"};
    for (size_t i = 0; i < 3; i++)
        if (!folds || !json_get(folds, lengths[i]))
            return json_fail(doc, folds ? folds : root, GW_ERR_CONFIG,
                             "folds.%s is missing; give bars or a duration such as \"180d\"", lengths[i]);
    const json_value *list = json_get(root, "strategies");
    if (!list) return json_fail(doc, root, GW_ERR_CONFIG, "\"strategies\" is missing: an array of contestants");
    return config_read_strategies(doc, list, e);
}

int experiment_load(const char *path, const struct gw_config_override *override, struct experiment **out) {
    struct json_document *doc = NULL;
    struct experiment *e = mem_calloc(1, sizeof *e);
    if (!e) return GW_ERR_NOMEM;
    int rc = GW_OK;
    if (strlen(path) >= sizeof e->path) {
        rc = gw_error_set(GW_ERR_USAGE, "the experiment's path is too long");
        goto done;
    }
    strcpy(e->path, path);
    experiment_defaults(e);
    TRY_GOTO(json_load_commented(path, GW_ERR_CONFIG, &doc), done);
    for (size_t i = 0; override && i < override->n_set; i++) {
        char key[256];
        const char *equals = strchr(override->set[i], '=');
        if (!equals || equals == override->set[i] || (size_t)(equals - override->set[i]) >= sizeof key) {
            rc = gw_error_set(GW_ERR_USAGE, "--set %s: write key=value, e.g. training.epochs=10", override->set[i]);
            goto done;
        }
        memcpy(key, override->set[i], (size_t)(equals - override->set[i]));
        key[equals - override->set[i]] = '\0';
        TRY_GOTO(json_set_path(doc, key, equals + 1), done);
    }
    TRY_GOTO(read_document(doc, override, e), done);
    if (override && override->timerange) TRY_GOTO(config_timerange(override->timerange, &e->from_ns, &e->to_ns), done);
    if (override && override->n_seeds) {
        if (override->n_seeds > MAX_SEEDS) {
            rc = gw_error_set(GW_ERR_USAGE, "--seeds %zu: at most %d", override->n_seeds, MAX_SEEDS);
            goto done;
        }
        e->n_seeds = override->n_seeds;
        for (size_t s = 0; s < e->n_seeds; s++) e->seed[s] = s + 1;
    }
    TRY_GOTO(experiment_check(doc, e, override ? override->strategies : NULL), done);
    *out = e;
    e = NULL;
done:
    json_free(doc);
    experiment_free(e);
    return rc;
}

/* The member "config" of run.json as a document of its own, since it is read like an experiment's file. */
static int config_of_run(const char *path, bool share_too, struct json_document **out, char kernels[32]) {
    struct json_document *run;
    struct json_writer w = {0};
    char *text = NULL;
    size_t length = 0;
    TRY(json_load(path, GW_ERR_DATA, &run));
    const json_value *config = json_get(json_root(run), "config");
    int rc = GW_OK;
    const char *status = json_string(json_get(json_root(run), "status"), "");
    if (!config || (strcmp(status, "finished") != 0 && !(share_too && strcmp(status, "shard") == 0))) {
        rc = gw_error_set(GW_ERR_DATA, "%s: is not the record of a finished run; give its command again to continue it",
                          path);
    } else {
        snprintf(kernels, 32, "%s", json_string(json_get(json_root(run), "kernels"), ""));
        json_put_value(&w, NULL, config);
        rc = json_take_text(&w, &text, &length);
    }
    if (rc == GW_OK) rc = json_parse(path, text, length, GW_ERR_DATA, out);
    mem_free(text);
    json_free(run);
    return rc;
}

static int read_record(const char *dir, bool share_too, struct experiment **out, char kernels[32]) {
    struct json_document *doc = NULL;
    struct experiment *e = mem_calloc(1, sizeof *e);
    if (!e) return GW_ERR_NOMEM;
    int rc;
    TRY_GOTO(path_join(e->path, sizeof e->path, dir, GW_RUN_JSON), done);
    e->is_record = true;
    experiment_defaults(e);
    TRY_GOTO(config_of_run(e->path, share_too, &doc, kernels), done);
    TRY_GOTO(read_document(doc, NULL, e), done);
    TRY_GOTO(experiment_check(doc, e, NULL), done);
    *out = e;
    e = NULL;
done:
    json_free(doc);
    experiment_free(e);
    return rc == GW_ERR_CONFIG ? GW_ERR_DATA : rc; /* nobody wrote it by hand */
}

int experiment_of_run(const char *dir, struct experiment **out, char kernels[32]) {
    return read_record(dir, false, out, kernels);
}

int experiment_of_share(const char *dir, struct experiment **out, char kernels[32]) {
    return read_record(dir, true, out, kernels);
}

void experiment_free(struct experiment *e) {
    if (!e) return;
    for (size_t i = 0; i < e->n_features; i++) mem_free(e->feature[i]);
    for (size_t i = 0; i < e->n_programs; i++) program_free(e->program[i]);
    mem_free(e->data);
    mem_free(e->group);
    mem_free(e);
}
