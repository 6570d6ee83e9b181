/* Feature specs: text to a checked list of features with arguments.
 *
 *   spec = name [ "(" argument { "," argument } ")" ] [ "@" duration ]      blanks are allowed around each part
 *
 * where an argument is a number; only the first one of a feature that takes a column is that column's name.
 *
 * Arguments left out take their defaults; the canonical text always shows all of them, so that one feature
 * has one name however it was written. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "feature_set.h"

#define SPEC_FAIL(spec, ...) return spec_fail(spec, __VA_ARGS__)

/* features: "rsy(14)": what is wrong. */
static int GW_PRINTF_LIKE(2, 3) spec_fail(const char *spec, const char *format, ...) {
    char what[256];
    va_list list;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    return gw_error_set(GW_ERR_CONFIG, "features: \"%.80s\": %s", spec, what);
}

static const char *skip_blanks(const char *at) { return at + strspn(at, " \t"); }

/* ---- names -------------------------------------------------------------------------------- */

static int unknown_feature(const char *spec, const char *name) {
    const char *known[256];
    size_t n = gw_feature_count() < COUNT_OF(known) ? gw_feature_count() : COUNT_OF(known);
    for (size_t i = 0; i < n; i++) known[i] = gw_feature_at(i)->name;
    const char *near = nearest_word(name, known, n);
    if (near) SPEC_FAIL(spec, "unknown feature; did you mean \"%s\"?", near);
    SPEC_FAIL(spec, "unknown feature; \"list features\" shows all %zu", n);
}

static int parse_name(const char *spec, const char **at, struct feature_item *item) {
    char name[GW_FEATURE_NAME_MAX];
    *at = skip_blanks(*at);
    size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (length == 0) SPEC_FAIL(spec, "expected a feature name such as rsi(14)");
    if (length >= sizeof name) SPEC_FAIL(spec, "the feature name is too long");
    memcpy(name, *at, length);
    name[length] = '\0';
    *at = skip_blanks(*at + length);
    item->desc = gw_feature_find(name);
    return item->desc ? GW_OK : unknown_feature(spec, name);
}

/* ---- arguments ---------------------------------------------------------------------------- */

static double value_of(const struct gw_param *param, const void *own) {
    const void *field = (const char *)own + param->offset;
    if (param->type == GW_PARAM_CHOICE) return *(const int *)field;
    return param->type == GW_PARAM_SIZE ? (double)*(const size_t *)field : *(const double *)field;
}

/* "bollinger_b(20,2)", "col_z(funding,96)", or with names "bollinger_b(n=20,k=2)"; its length, which may exceed `size`. */
static size_t write_call(const struct gw_feature_desc *desc, const char *column, const void *own, bool named,
                         char *text, size_t size) {
    char number[32];
    size_t used = (size_t)snprintf(text, size, "%s", desc->name);
    bool any = desc->takes_column;
    if (any) used += (size_t)snprintf(text + used, size - used, "(%s", column);
    for (size_t k = 0; k < desc->own.n && used < size; k++, any = true) {
        const struct gw_param *param = &desc->own.param[k];
        used += (size_t)snprintf(
            text + used, size - used, "%c%s%s%s", any ? ',' : '(', named ? param->name : "", named ? "=" : "",
            param->type == GW_PARAM_CHOICE ? gw_choice_at(param->choices, (size_t)value_of(param, own)).name
                                           : number_format(value_of(param, own), number));
    }
    if (any && used < size) used += (size_t)snprintf(text + used, size - used, ")");
    return used;
}

char *gw_feature_signature(const struct gw_feature_desc *desc, char buffer[GW_FEATURE_NAME_MAX + 32]) {
    struct gw_own_params own;
    gw_param_defaults(&desc->own, &own);
    write_call(desc, desc->column_word ? desc->column_word : "column", &own, true, buffer, GW_FEATURE_NAME_MAX + 32);
    return buffer;
}

static int put_arg(const char *spec, const struct gw_param *param, double value, struct feature_item *item) {
    char why[GW_PARAM_WHY];
    if (param->type == GW_PARAM_CHOICE) return GW_OK; /* put_word() has */
    if (gw_param_put_number(param, value, &item->own, why) < 0)
        SPEC_FAIL(spec, "%s (%s)%s", param->name, param->help, why);
    return GW_OK;
}

/* "(funding_rate": up to the ',' or ')' behind it. */
static int parse_column(const char *spec, const char **at, struct feature_item *item, char name[GW_COLUMN_NAME_MAX]) {
    char signature[GW_FEATURE_NAME_MAX + 32];
    if (!item->desc->takes_column) return GW_OK;
    if (**at != '(')
        SPEC_FAIL(spec, "needs a %s; write %s",
                  item->desc->column_word ? item->desc->column_word : "column of the data",
                  gw_feature_signature(item->desc, signature));
    const char *begin = skip_blanks(*at + 1);
    size_t length = strcspn(begin, ",) \t");
    const char *end = skip_blanks(begin + length);
    if (length >= GW_COLUMN_NAME_MAX)
        SPEC_FAIL(spec, "the column's name is longer than %d characters", GW_COLUMN_NAME_MAX - 1);
    memcpy(name, begin, length);
    name[length] = '\0';
    if (!name_is_safe(name) || (*end != ',' && *end != ')'))
        SPEC_FAIL(
            spec,
            "a column's name is letters, digits, '_', '-' and '.'; for \"Open Interest\" write open_interest, and "
            "rename what has other letters");
    *at = end;
    return GW_OK;
}

/* "long" where a parameter is a word. */
static int put_word(const char *spec, const char **at, const struct gw_param *param, struct feature_item *item) {
    char word[32], why[GW_PARAM_WHY];
    const size_t length = strcspn(*at, ",) \t");
    if (length >= sizeof word) SPEC_FAIL(spec, "%s: the word is too long", param->name);
    memcpy(word, *at, length);
    word[length] = '\0';
    if (gw_param_put_text(param, word, &item->own, why) < 0) SPEC_FAIL(spec, "%s%s", param->name, why);
    *at += length;
    return GW_OK;
}

/* The numbers and words from the '(' or ',' at *at on. */
static int parse_numbers(const char *spec, const char **at, struct feature_item *item) {
    const struct gw_feature_desc *desc = item->desc;
    char signature[GW_FEATURE_NAME_MAX + 32];
    double value[GW_FEATURE_PARAMS_MAX] = {0};
    size_t n = 0;
    do {
        const char *begin = skip_blanks(*at + 1);
        char *end = NULL;
        if (n < desc->own.n && desc->own.param[n].type == GW_PARAM_CHOICE) {
            TRY(put_word(spec, &begin, &desc->own.param[n++], item));
            *at = skip_blanks(begin);
            continue;
        }
        /* strtod alone would also take "inf", "nan" and hexadecimal. */
        double number = strspn(begin, "0123456789.+-") ? strtod(begin, &end) : 0;
        if (!end || end == begin || memchr(begin, 'x', (size_t)(end - begin)) ||
            memchr(begin, 'X', (size_t)(end - begin)))
            SPEC_FAIL(spec, "argument %zu is not a number; write %s", n + 1, gw_feature_signature(desc, signature));
        if (n < COUNT_OF(value)) value[n] = number;
        n++;
        *at = skip_blanks(end);
    } while (**at == ',');
    if (**at != ')') SPEC_FAIL(spec, "expected ',' or ')' after argument %zu", n);
    *at = skip_blanks(*at + 1);
    /* Their number first: with one too many, what the others would have to be is beside the point. */
    if (n > desc->own.n)
        SPEC_FAIL(spec, "takes at most %zu argument%s: %s", desc->own.n, desc->own.n == 1 ? "" : "s",
                  gw_feature_signature(desc, signature));
    for (size_t k = 0; k < n; k++) TRY(put_arg(spec, &desc->own.param[k], value[k], item));
    return GW_OK;
}

static int parse_args(const char *spec, const char **at, struct feature_item *item) {
    const struct gw_feature_desc *desc = item->desc;
    gw_param_defaults(&desc->own, &item->own);
    if (desc->takes_column && **at == ')')
        *at = skip_blanks(*at + 1);
    else if (**at == (desc->takes_column ? ',' : '('))
        return parse_numbers(spec, at, item);
    return GW_OK;
}
static int check_together(const char *spec, const struct feature_item *item) {
    const char *wrong = item->desc->check ? item->desc->check(&item->own) : NULL;
    if (wrong) SPEC_FAIL(spec, "%s", wrong);
    return GW_OK;
}

/* ---- interval ----------------------------------------------------------------------------- */

static int parse_interval(const char *spec, const char **at, struct feature_item *item) {
    char text[32];
    if (**at != '@') return GW_OK;
    *at = skip_blanks(*at + 1);
    size_t length = strcspn(*at, " \t");
    if (length == 0 || length >= sizeof text) SPEC_FAIL(spec, "expected an interval such as @1h");
    memcpy(text, *at, length);
    text[length] = '\0';
    if (duration_parse(text, &item->interval_ns) < 0 || item->interval_ns <= 0)
        SPEC_FAIL(spec, "\"%s\" is not an interval; write 15m, 4h, 1d …", text);
    if (item->desc->fit && item->desc->fit->values)
        SPEC_FAIL(spec, "is of the bars' own interval; leave @%s out", text);
    *at = skip_blanks(*at + length);
    return GW_OK;
}

/* ---- one spec, all specs ------------------------------------------------------------------- */

static int canonical_name(const char *spec, const char *column, struct feature_item *item) {
    char text[GW_FEATURE_NAME_MAX * 4], number[40];
    size_t size = sizeof text, used = write_call(item->desc, column, &item->own, false, text, size);
    if (item->interval_ns)
        used += (size_t)snprintf(text + used, size - used, "@%s", duration_format(item->interval_ns, number));
    if (used >= sizeof item->name) SPEC_FAIL(spec, "the name is longer than %d characters", GW_FEATURE_NAME_MAX - 1);
    memcpy(item->name, text, used + 1);
    return GW_OK;
}

/* Each column once, however many features are made of it. */
static int use_column(const char *spec, const char *name, struct gw_feature_set *set, struct feature_item *item) {
    const char *market = item->desc->market;
    char full[GW_COLUMN_NAME_MAX];
    if (!feature_has_column(item->desc)) return GW_OK;
    if (item->desc->of_column) name = item->desc->of_column;
    if ((size_t)snprintf(full, sizeof full, "%s%s", name, market ? market : "") >= sizeof full)
        SPEC_FAIL(spec, "the name \"%.60s\" is too long", name);
    for (item->column = 0; item->column < set->n_columns; item->column++) {
        if (strcmp(set->column[item->column], full) != 0) continue;
        if (set->of_market[item->column] == (market != NULL)) return GW_OK;
        SPEC_FAIL(spec, "a column of the data and one made of the symbols' bars are both called \"%.60s\"; rename it",
                  full);
    }
    if (set->n_columns == GW_COLUMNS_MAX) SPEC_FAIL(spec, "more than %d columns of the data are used", GW_COLUMNS_MAX);
    set->of_market[set->n_columns] = market != NULL;
    strcpy(set->column[set->n_columns++], full);
    return GW_OK;
}

static int parse_spec(const char *spec, struct gw_feature_set *set, struct feature_item *item) {
    const char *at = spec;
    char column[GW_COLUMN_NAME_MAX] = "";
    *item = (struct feature_item){0};
    TRY(parse_name(spec, &at, item));
    TRY(parse_column(spec, &at, item, column));
    TRY(parse_args(spec, &at, item));
    TRY(check_together(spec, item));
    TRY(parse_interval(spec, &at, item));
    if (*at) SPEC_FAIL(spec, "unexpected text \"%.20s\" after the feature", at);
    TRY(use_column(spec, column, set, item));
    return canonical_name(spec, column, item);
}

/* Equal but for the parameters that pick one of the things learnt. */
static bool share_fit(const struct feature_item *a, const struct feature_item *b) {
    if (a->desc->fit != b->desc->fit || a->interval_ns != b->interval_ns || a->column != b->column) return false;
    for (size_t k = a->desc->fit->n_picks; k < a->desc->own.n; k++) {
        const double x = value_of(&a->desc->own.param[k], &a->own), y = value_of(&b->desc->own.param[k], &b->own);
        if (x < y || x > y) return false;
    }
    return true;
}

/* Of the set's last item. */
static void place_fit(struct gw_feature_set *set, size_t last) {
    struct feature_item *item = &set->item[last];
    if (!item->desc->fit) return;
    item->fit_of = last;
    item->learnt = set->n_learnt;
    for (size_t i = 0; i < last; i++)
        if (set->item[i].desc->fit && share_fit(&set->item[i], item)) {
            item->fit_of = i;
            item->learnt = set->item[i].learnt;
            return;
        }
    set->n_learnt += item->desc->fit->n_learnt(&item->own);
}

int gw_feature_set_parse(const char *const *spec, size_t n, struct gw_feature_set **out) {
    *out = NULL;
    if (n == 0) FAIL(GW_ERR_CONFIG, "features: the list is empty; name at least one, such as \"log_return(1)\"");
    struct gw_feature_set *set = mem_calloc(1, sizeof *set);
    int rc = GW_ERR_NOMEM;
    if (!set) return rc;
    set->item = mem_calloc(n, sizeof *set->item);
    if (!set->item) goto fail;
    for (; set->n < n; set->n++) {
        struct feature_item *item = &set->item[set->n];
        TRY_GOTO(parse_spec(spec[set->n], set, item), fail);
        for (size_t i = 0; i < set->n; i++) {
            if (strcmp(set->item[i].name, item->name)) continue;
            rc = spec_fail(spec[set->n], "given twice (entries %zu and %zu are both %s); remove one", i + 1, set->n + 1,
                           item->name);
            goto fail;
        }
        place_fit(set, set->n);
    }
    *out = set;
    return GW_OK;
fail:
    gw_feature_set_free(set);
    return rc;
}

void gw_feature_set_free(struct gw_feature_set *set) {
    if (!set) return;
    mem_free(set->item);
    mem_free(set);
}

size_t gw_feature_set_size(const struct gw_feature_set *set) { return set->n; }

const char *gw_feature_set_name(const struct gw_feature_set *set, size_t i) { return set->item[i].name; }

bool gw_feature_set_fitted(const struct gw_feature_set *set, size_t i) { return set->item[i].desc->fit != NULL; }

bool gw_feature_set_streams(const struct gw_feature_set *set, size_t i) {
    return !set->item[i].desc->fit || !set->item[i].desc->fit->values;
}

size_t gw_feature_set_learnt(const struct gw_feature_set *set) { return set->n_learnt; }

size_t gw_feature_set_columns(const struct gw_feature_set *set) { return set->n_columns; }

const char *gw_feature_set_column(const struct gw_feature_set *set, size_t i) { return set->column[i]; }

bool gw_feature_set_column_of_market(const struct gw_feature_set *set, size_t i) { return set->of_market[i]; }

size_t feature_set_warmup(const struct gw_feature_set *set, int64_t interval_ns) {
    size_t most = 0;
    for (size_t i = 0; i < set->n; i++) {
        const struct feature_item *item = &set->item[i];
        size_t bars = item->desc->warmup(&item->own);
        if (item->interval_ns) bars = (bars + 2) * (size_t)(item->interval_ns / interval_ns) - 2;
        if (bars > most) most = bars;
    }
    return most;
}

size_t feature_set_of_interval(const struct gw_feature_set *set, int64_t interval_ns, uint32_t *column) {
    size_t found = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (interval_ns && set->item[i].interval_ns != interval_ns) continue;
        if (column) column[found] = (uint32_t)i;
        found++;
    }
    return found;
}
