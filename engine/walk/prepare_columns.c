/* The columns that features are made of, col(name): which of the bars' files and of the side files holds them. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "engine/market/features/feature_set.h"
#include "gatewalk/import.h"
#include "strategies/own/program.h"
#include "walk.h"

static int add_names(const struct gw_feature_set *set, const char *name[GW_COLUMNS_MAX], size_t *n) {
    for (size_t c = 0; set && c < gw_feature_set_columns(set); c++) {
        const char *asked = gw_feature_set_column(set, c);
        size_t k = 0;
        if (gw_feature_set_column_of_market(set, c)) continue; /* made of the bars: prepare_inputs() fills it in */
        while (k < *n && strcmp(name[k], asked) != 0) k++;
        if (k < *n) continue;
        if (k == GW_COLUMNS_MAX) FAIL(GW_ERR_CONFIG, "more than %d columns of the data are used", GW_COLUMNS_MAX);
        name[(*n)++] = asked;
    }
    return GW_OK;
}

int prepare_column_names(const struct experiment *e, const struct gw_feature_set *set, const char *name[GW_COLUMNS_MAX],
                         size_t *n) {
    *n = 0;
    TRY(add_names(set, name, n));
    for (size_t s = 0; s < e->n_strategies; s++) {
        if (!strategy_program(&e->strategy[s])) continue;
        const int rc = add_names(strategy_program(&e->strategy[s])->set, name, n);
        if (rc < 0) return gw_error_prefix(rc, "%s: strategy \"%s\"", e->path, e->strategy[s].name);
    }
    return GW_OK;
}

/* "a, b and 3 more" of names parted by line ends. */
static const char *spoken(const char *list, char text[400]) {
    size_t used = 0, left = 0;
    text[0] = '\0';
    for (const char *at = list; *at; at += at[0] == '\n') {
        const size_t length = strcspn(at, "\n");
        if (left == 0 && used + length + 24 < 400)
            used += (size_t)snprintf(text + used, 400 - used, "%s%.*s", used ? ", " : "", (int)length, at);
        else
            left++;
        at += length;
    }
    if (left) snprintf(text + used, 400 - used, " and %zu more", left);
    return text;
}

/* "col(flow)", or the feature that is always made of that column. */
static const char *asked_by(const struct prepared *p, const char *name, char text[GW_FEATURE_NAME_MAX + 60]) {
    snprintf(text, GW_FEATURE_NAME_MAX + 60, "col(%.60s)", name);
    for (size_t i = 0; p->set && i < p->set->n; i++) {
        const char *of = p->set->item[i].desc->of_column;
        if (of && strcmp(of, name) == 0)
            snprintf(text, GW_FEATURE_NAME_MAX + 60, "%s, made of column %.30s", p->set->item[i].name, name);
    }
    return text;
}

static int not_there(const struct experiment *e, const struct prepared *p, size_t i, const char *name) {
    const struct data_source *source = &e->data[i];
    char files[600] = "";
    const char *list = p->import[i].columns_ignored;
    size_t used = 0;
    for (size_t k = 0; k < source->n_extra && used < sizeof files; k++) {
        char other[400];
        used += (size_t)snprintf(files + used, sizeof files - used, "; %s has %s", source->extra[k].file,
                                 spoken(p->side[i].file[k].ignored, other));
    }
    char by[GW_FEATURE_NAME_MAX + 60];
    FAIL(GW_ERR_CONFIG, "%s: %s: %s has no such column beside the bars' own (%s)%s", e->path, asked_by(p, name, by),
         source->file, *list ? list : "it names no others", files);
}

static int judge_column(const struct experiment *e, const struct prepared *p, size_t i, const char *name) {
    const struct gw_bars *bars = &p->market.symbol[i];
    const double *value = gw_bars_column(bars, name);
    if (!value) return not_there(e, p, i, name);
    for (size_t t = 0; t < bars->n; t++)
        if (!isnan(value[t])) return GW_OK;
    FAIL(GW_ERR_DATA, "%s: col(%s): no value is known at any bar of %s", e->path, name, bars->symbol);
}

/* Said whenever there was something to choose from. */
static void say(const struct experiment *e, const struct prepared *p, size_t i) {
    const struct gw_bars *bars = &p->market.symbol[i];
    const struct gw_import_report *report = &p->import[i];
    char used[400], ignored[400];
    if (!*report->columns_ignored && bars->n_columns == 0 && e->data[i].n_extra == 0) return;
    progress_message("columns of %s: %s%s%s", bars->symbol, report->columns_used,
                     *report->columns_ignored ? "; not used: " : "", report->columns_ignored);
    for (size_t k = 0; k < e->data[i].n_extra; k++) {
        const struct side_account *side = &p->side[i].file[k];
        progress_message(
            "  %s: %zu rows; %s%s%s; before its first row %zu bars, with a value too old %zu", e->data[i].extra[k].file,
            side->n_rows, *side->used ? spoken(side->used, used) : "nothing is used",
            *side->ignored ? "; not used: " : "", spoken(side->ignored, ignored), side->n_before, side->n_stale);
    }
}

int prepare_columns(const struct experiment *e, struct prepared *p) {
    const char *name[GW_COLUMNS_MAX];
    size_t n;
    TRY(prepare_column_names(e, p->set, name, &n));
    size_t n_extra = 0;
    for (size_t i = 0; i < e->n_data; i++) n_extra += e->data[i].n_extra;
    if (n_extra && !(p->side = mem_calloc(e->n_data, sizeof *p->side))) return GW_ERR_NOMEM;
    for (size_t i = 0; i < e->n_data; i++) {
        struct gw_bars *bars = &p->market.symbol[i];
        for (size_t k = 0; k < e->data[i].n_extra; k++) {
            int rc = side_file_join(&e->data[i].extra[k], name, n, false, bars, &p->side[i].file[k]);
            if (rc == GW_ERR_CONFIG) rc = gw_error_prefix(rc, "%s", e->path);
            TRY(rc);
            TRY(interrupt_check());
        }
        for (size_t c = 0; c < n; c++) TRY(judge_column(e, p, i, name[c]));
        say(e, p, i);
    }
    return GW_OK;
}
