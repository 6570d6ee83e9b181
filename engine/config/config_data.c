/* An experiment's data: which files, and what is said of each. */
#include <string.h>
#include <unistd.h>

#include "config_private.h"
#include "engine/base/base.h"
#include "engine/market/import/universe.h"

int config_resolve_path(const struct json_document *doc, const json_value *value, const char *experiment_path,
                        const char *key, char file[1024]) {
    char given[1024];
    const char *slash = file[0] == '/' || strcmp(file, "-") == 0 ? NULL : strrchr(experiment_path, '/');
    size_t folder = slash ? (size_t)(slash - experiment_path) + 1 : 0, length = strlen(file);
    if (folder + length >= sizeof given)
        return json_fail(doc, value, GW_ERR_CONFIG, "%s: \"%.60s…\" is too long for a path", key, file);
    strcpy(given, file);
    memcpy(file, experiment_path, folder);
    memcpy(file + folder, given, length + 1);
    return GW_OK;
}

static void make_absolute(char path[1024]) {
    char folder[1024];
    if (!*path || *path == '/' || strcmp(path, "-") == 0 || !getcwd(folder, sizeof folder)) return;
    size_t n = strlen(folder), length = strlen(path);
    if (n + 1 + length >= 1024) return;
    memmove(path + n + 1, path, length + 1);
    memcpy(path, folder, n);
    path[n] = '/';
}

/* Every file that it names, by `change`. */
static int change_files(struct experiment *e, int (*change)(char path[1024], const char *dir), const char *dir) {
    for (size_t i = 0; i < e->n_data; i++) {
        TRY(change(e->data[i].file, dir));
        TRY(change(e->data[i].funding, dir));
        TRY(change(e->data[i].detail, dir));
        for (size_t k = 0; k < e->data[i].n_extra; k++) TRY(change(e->data[i].extra[k].file, dir));
    }
    for (size_t s = 0; s < e->n_strategies; s++)
        for (size_t i = 0; i < e->strategy[s].scores.n_files; i++) TRY(change(e->strategy[s].scores.file[i], dir));
    return GW_OK;
}

static int change_to_absolute(char path[1024], const char *dir) {
    (void)dir;
    make_absolute(path);
    return GW_OK;
}

void experiment_make_absolute(struct experiment *e) { (void)change_files(e, change_to_absolute, NULL); }

/* The next part of a path, without "." and double slashes; its length, 0 at the end. */
static size_t next_part(const char **at) {
    for (;;) {
        *at += strspn(*at, "/");
        const size_t n = strcspn(*at, "/");
        if (n != 1 || **at != '.') return n;
        *at += n;
    }
}

static int change_to_relative(char path[1024], const char *dir) {
    char from[1024], file[1024], to[1024] = "";
    const char *a = from, *b = file;
    size_t n = 0, m = 0, used = 0;
    if (!*path || strcmp(path, "-") == 0 || strlen(dir) >= sizeof from) return GW_OK;
    strcpy(from, dir);
    strcpy(file, path);
    if ((*from == '/') != (*file == '/')) { /* both from the same place */
        make_absolute(from);
        make_absolute(file);
        if (*from != '/' || *file != '/') FAIL(GW_ERR_IO, "the folder that this was started in cannot be told");
    }
    while ((n = next_part(&a)) > 0 && (m = next_part(&b)) == n && memcmp(a, b, n) == 0) a += n, b += m;
    for (; (n = next_part(&a)) > 0; a += n) {
        if (n == 2 && memcmp(a, "..", 2) == 0) return change_to_absolute(path, dir); /* whose name is not known */
        if (used + 3 >= sizeof to) return GW_OK;
        used += (size_t)sprintf(to + used, "../");
    }
    (void)next_part(&b);
    if (used + strlen(b) < sizeof to) sprintf(path, "%s%s", to, b);
    return GW_OK;
}

int experiment_make_relative(struct experiment *e, const char *dir) { return change_files(e, change_to_relative, dir); }

static int read_file(const struct json_document *doc, const json_value *value, struct data_source *source) {
    struct gw_param_key key;
    if (!gw_param_find(&data_params, "file", &key)) return GW_ERR_INTERNAL;
    return json_read_param(doc, value, "data", &key, source);
}

int config_reserve_data(struct experiment *e, size_t n) {
    struct data_source *grown = mem_realloc(e->data, n, sizeof *grown);
    if (!grown) return GW_ERR_NOMEM;
    e->data = grown;
    if (n > e->n_data) memset(grown + e->n_data, 0, (n - e->n_data) * sizeof *grown);
    return GW_OK;
}

int experiment_own_data(struct experiment *copy) {
    struct data_source *own = mem_calloc(copy->n_data ? copy->n_data : 1, sizeof *own);
    if (!own) return GW_ERR_NOMEM;
    if (copy->n_data) memcpy(own, copy->data, copy->n_data * sizeof *own);
    copy->data = own;
    return GW_OK;
}

/* Into the room that there is for one more. */
static int read_source(const struct json_document *doc, const json_value *value, struct experiment *e) {
    struct data_source *source = &e->data[e->n_data];
    gw_param_defaults(&data_params, source);
    source->n_extra = 0;
    const json_value *place = value;
    if (json_kind(value) == JSON_STRING) {
        TRY(read_file(doc, value, source));
    } else if (json_kind(value) == JSON_OBJECT) {
        for (size_t i = 0; i < json_size(value); i++) {
            const json_value *item = json_at(value, i);
            struct gw_param_key key;
            if (strcmp(json_key(item), "extra") == 0) {
                TRY(config_read_extra(doc, item, e->path, source));
                continue;
            }
            if (!gw_param_find(&data_params, json_key(item), &key))
                return config_unknown_param(doc, item, &data_params, "data");
            TRY(json_read_param(doc, item, "data", &key, source));
        }
        if (json_get(value, "file")) place = json_get(value, "file");
    } else {
        return json_fail(doc, value, GW_ERR_CONFIG, "data must hold file names or objects with a \"file\", not %s",
                         json_kind_name(value));
    }
    if (!*source->file) return json_fail(doc, place, GW_ERR_CONFIG, "data: a source needs a \"file\"");
    TRY(config_resolve_path(doc, place, e->path, "data.file", source->file));
    if (*source->funding)
        TRY(config_resolve_path(doc, json_get(value, "funding"), e->path, "data.funding", source->funding));
    if (*source->detail)
        TRY(config_resolve_path(doc, json_get(value, "detail"), e->path, "data.detail", source->detail));
    e->n_data++;
    return GW_OK;
}

void config_import_options(const struct data_source *source, struct gw_import_options *out) {
    *out = (struct gw_import_options){
        .symbol = *source->symbol ? source->symbol : NULL,
        .format = source->format ? gw_import_format_name((size_t)source->format - 1) : NULL,
        .interval_ns = source->interval_ns,
        .timezone = *source->timezone ? source->timezone : NULL,
        .time_format = *source->time_format ? source->time_format : NULL,
        .repair = source->repair,
    };
}

static int refuse_several(const struct experiment *e, const struct data_source *source, const struct universe *all) {
    if (all->n > MAX_SYMBOLS || e->n_data + all->n - 1 > MAX_SYMBOLS)
        FAIL(GW_ERR_CONFIG,
             "%s: %s holds %zu symbols, and a run takes at most %d; name those you want in \"data\", each as "
             "{\"file\": …, \"symbol\": \"%s\"}",
             e->path, source->file, all->n, MAX_SYMBOLS, all->symbol[0].symbol);
    if (*source->funding || *source->detail)
        FAIL(GW_ERR_CONFIG, "%s: %s holds %zu symbols; funding and detail belong to one: name the symbol", e->path,
             source->file, all->n);
    return GW_OK;
}

static int put_symbols(struct experiment *e, size_t which, const struct universe *all) {
    TRY(refuse_several(e, &e->data[which], all));
    TRY(config_reserve_data(e, e->n_data + all->n - 1));
    struct data_source *source = &e->data[which];
    memmove(source + all->n, source + 1, (e->n_data - which - 1) * sizeof *source);
    for (size_t i = all->n; i-- > 0;) { /* the first is what the others are made of */
        source[i] = source[0];
        strcpy(source[i].symbol, all->symbol[i].symbol);
        if (*all->symbol[i].file) strcpy(source[i].file, all->symbol[i].file);
    }
    e->n_data += all->n - 1;
    return GW_OK;
}

/* A file, folder or pattern of several symbols becomes a source a symbol. What cannot be read is left to the import, which
 * says why. */
static int expand_source(struct experiment *e, size_t which) {
    struct gw_import_options options;
    struct universe all;
    if (*e->data[which].symbol) return GW_OK;
    config_import_options(&e->data[which], &options);
    options.tolerant = true;
    int rc = universe_list(e->data[which].file, &options, &all);
    if (rc < 0) return rc == GW_ERR_NOMEM || rc == GW_ERR_INTERRUPTED ? rc : GW_OK;
    if (all.n >= 2) rc = put_symbols(e, which, &all); /* one: the import names it */
    universe_free(&all);
    return rc;
}

static int number_groups(struct experiment *e) {
    mem_free(e->group);
    if (!(e->group = mem_calloc(e->n_data ? e->n_data : 1, sizeof *e->group))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < e->n_data; i++)
        while (strcmp(e->data[e->group[i]].group, e->data[i].group) != 0) e->group[i]++;
    return GW_OK;
}

int config_expand_data(struct experiment *e) {
    for (size_t i = 0, n; i < e->n_data; i += n) {
        size_t before = e->n_data;
        TRY(expand_source(e, i));
        n = 1 + e->n_data - before;
    }
    return number_groups(e);
}

int config_read_data(const struct json_document *doc, const json_value *value, struct experiment *e) {
    if (json_kind(value) != JSON_ARRAY) {
        TRY(config_reserve_data(e, 1));
        return read_source(doc, value, e);
    }
    if (json_size(value) == 0 || json_size(value) > MAX_SYMBOLS)
        return json_fail(doc, value, GW_ERR_CONFIG, "data must name 1 to %d files", MAX_SYMBOLS);
    TRY(config_reserve_data(e, json_size(value)));
    for (size_t i = 0; i < json_size(value); i++) TRY(read_source(doc, json_at(value, i), e));
    return GW_OK;
}
