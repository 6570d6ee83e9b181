#include "run_view.h"
#include "engine/base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const gate_word[N_GATES_SHOWN] = {"long", "short"};

static const char *const table_file[N_RUN_TABLES] = {
    [TABLE_FOLDS] = GW_RUN_FOLDS,
    [TABLE_TRADES] = GW_RUN_TRADES,
    [TABLE_TRAINING] = GW_RUN_TRAINING,
    [TABLE_CURVES] = GW_RUN_CURVES,
    [TABLE_ATTENTION_INDEX] = GW_RUN_ATTENTION_INDEX,
    [TABLE_ATTENTION_MEAN] = GW_RUN_ATTENTION_MEAN,
    [TABLE_SIGNALS] = GW_RUN_SIGNALS,
    [TABLE_IMPORTANCE] = GW_RUN_IMPORTANCE,
    [TABLE_GRADIENTS_INDEX] = GW_RUN_GRADIENTS_INDEX,
    [TABLE_GRADIENTS_MEAN] = GW_RUN_GRADIENTS_MEAN,
    [TABLE_BREAKDOWN] = GW_RUN_BREAKDOWN,
    [TABLE_FORECAST_SIGNALS] = GW_RUN_FORECAST_SIGNALS,
};

/* ---- text ---------------------------------------------------------------------------------- */

static size_t utf8_length(unsigned char lead) { return lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2; }

char *text_safe(struct arena *arena, const char *text) {
    size_t length = strlen(text);
    char *out = arena_alloc(arena, 3 * length + 1, 1); /* the look-alikes take three bytes */
    if (!out) return NULL;
    char *to = out;
    bool quote_open = false;
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)text[i];
        size_t n = utf8_length(c);
        if (c < 0x20 || c == 0x7F) {
            *to++ = ' ';
            n = 1;
        } else if (c == 0xC2 && n <= length - i && (unsigned char)text[i + 1] < 0xA0) {
            *to++ = ' '; /* terminals obey these control characters too */
        } else if (c == '"') {
            to = stpcpy(to, quote_open ? "\u201D" : "\u201C");
            quote_open = !quote_open;
        } else if (c == '\\') {
            to = stpcpy(to, "\u2216");
        } else if (n > length - i || !utf8_valid(text + i, n, NULL)) {
            *to++ = '?';
            n = 1;
        } else {
            memcpy(to, text + i, n);
            to += n;
        }
        i += n;
    }
    *to = 0;
    return out;
}

int gate_find(const char *word) {
    for (int i = 0; i < N_GATES_SHOWN; i++)
        if (strcmp(word, gate_word[i]) == 0) return i;
    return -1;
}

/* ---- summary.json ---------------------------------------------------------------------------- */

static const json_value *member(const json_value *object, const char *key, enum json_kind kind) {
    const json_value *value = object ? json_get(object, key) : NULL;
    return value && json_kind(value) == kind ? value : NULL;
}

double member_number(const json_value *object, const char *key) {
    const json_value *value = member(object, key, JSON_NUMBER);
    return value ? json_number(value, NAN) : NAN;
}

/* A metric may be infinite, which JSON has a word for only. */
static double member_metric(const json_value *object, const char *key) {
    const json_value *word = member(object, key, JSON_STRING);
    if (!word) return member_number(object, key);
    const char *text = json_string(word, "");
    return strcmp(text, "inf") == 0 ? (double)INFINITY : strcmp(text, "-inf") == 0 ? -(double)INFINITY : (double)NAN;
}

static const char *raw_text(const json_value *object, const char *key) {
    const json_value *value = member(object, key, JSON_STRING);
    return value ? json_string(value, "") : "";
}

const char *member_text(struct run_view *run, const json_value *object, const char *key) {
    return text_safe(&run->arena, raw_text(object, key));
}

static int safe_text(struct run_view *run, const json_value *object, const char *key, const char **out) {
    *out = member_text(run, object, key);
    return *out ? GW_OK : GW_ERR_NOMEM;
}

/* "BTCUSDT", or "EURUSD, GBPUSD and 3 more". */
static int symbols_text(struct run_view *run) {
    const json_value *list = member(run->root, "symbols", JSON_ARRAY);
    size_t n = list ? json_size(list) : 0, shown = n > 4 ? 3 : n;
    char line[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < shown && used < 300; i++) {
        int wrote =
            snprintf(line + used, sizeof line - used, "%s%.60s", i ? ", " : "", json_string(json_at(list, i), "?"));
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (n > shown) snprintf(line + used, sizeof line - used, " and %zu more", n - shown);
    run->symbols = text_safe(&run->arena, line);
    return run->symbols ? GW_OK : GW_ERR_NOMEM;
}

static int read_facts(struct run_view *run) {
    const json_value *root = run->root;
    TRY(safe_text(run, root, "name", &run->name));
    TRY(safe_text(run, root, "title", &run->title));
    if (!run->title[0]) run->title = run->name;
    TRY(safe_text(run, root, "interval", &run->interval));
    TRY(safe_text(run, root, "begin", &run->begin));
    TRY(safe_text(run, root, "end", &run->end));
    TRY(symbols_text(run));
    run->n_bars = member_number(root, "n_bars");
    run->n_folds = member_number(root, "n_folds");
    run->horizon = member_number(root, "horizon");
    run->lookback = member_number(root, "lookback");
    run->act_on = member_number(root, "act_on");
    double confidence = member_number(root, "confidence");
    run->confidence = confidence > 0 && confidence < 1 ? confidence : (double)NAN;
    const json_value *prevalence = member(root, "prevalence", JSON_OBJECT);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) run->prevalence[gate] = member_number(prevalence, gate_word[gate]);
    const json_value *seeds = member(root, "seeds", JSON_ARRAY);
    run->n_seeds = seeds ? json_size(seeds) : 0;
    const json_value *ks = member(root, "ks", JSON_ARRAY);
    for (size_t i = 0; ks && i < json_size(ks) && run->n_ks < KS_SHOWN; i++) {
        double k = json_number(json_at(ks, i), NAN);
        if (k > 0 && k <= 100) run->k[run->n_ks++] = k;
    }
    const json_value *verdict = member(root, "verdict", JSON_ARRAY);
    run->verdict = verdict && json_size(verdict) > 0 ? verdict : NULL;
    return GW_OK;
}

static int read_strategy(struct run_view *run, const json_value *from, struct strategy_view *out) {
    out->name = raw_text(from, "name");
    TRY(safe_text(run, from, "name", &out->label));
    TRY(safe_text(run, from, "strategy", &out->kind));
    TRY(safe_text(run, from, "encoder", &out->encoder));
    TRY(safe_text(run, from, "attention", &out->attention));
    if (!out->label[0]) out->label = "(unnamed)";
    out->parameters = member_number(from, "parameters");
    const json_value *gates = member(from, "gates", JSON_OBJECT);
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) out->gate[gate] = member(gates, gate_word[gate], JSON_OBJECT);
    out->has_model = out->gate[GW_GATE_LONG] || out->gate[GW_GATE_SHORT];
    out->is_baseline = out->name[0] && strcmp(out->name, raw_text(run->root, "baseline")) == 0;
    out->portfolio = member(from, "portfolio", JSON_OBJECT);
    out->optimistic = member(from, "optimistic", JSON_OBJECT);
    out->breakdown = member(from, "breakdown", JSON_OBJECT);
    out->outside = member(from, "outside", JSON_OBJECT);
    out->forecast = member(from, "forecast", JSON_OBJECT);
    return GW_OK;
}

/* One look for one strategy on every page: the baseline is black, the others take colours in file order. */
static void give_styles(struct run_view *run) {
    size_t models = 0, others = 0;
    for (size_t i = 0; i < run->n_strategies; i++) {
        struct strategy_view *s = &run->strategy[i];
        if (s->is_baseline)
            s->style = 1;
        else if (s->has_model)
            s->style = 2 + models++ % (STYLES_MODEL - 1);
        else
            s->style = STYLES_MODEL + 1 + others++ % (STYLES_ALL - STYLES_MODEL);
    }
}

/* run.json, for what is no result: times. */
static int read_process(struct run_view *run) {
    char path[1024];
    TRY(path_join(path, sizeof path, run->dir, GW_RUN_JSON));
    if (!file_exists(path)) return GW_OK;
    TRY(run_file_load(path, &run->process_document));
    run->process = json_root(run->process_document);
    return GW_OK;
}

/* A run that was interrupted has its run.json already, but no results yet. */
static int no_summary(const char *summary, const char *dir) {
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_JSON));
    if (file_exists(path))
        FAIL(GW_ERR_DATA, "%s: not there: the run is not finished; give its command again to continue it", summary);
    FAIL(GW_ERR_DATA, "%s: not there; is %s the directory of a finished run?", summary, dir);
}

int run_view_open(const char *dir, struct run_view *run) {
    memset(run, 0, sizeof *run);
    run->dir = dir;
    char path[1024];
    TRY(path_join(path, sizeof path, dir, GW_RUN_SUMMARY));
    if (!file_exists(path)) return no_summary(path, dir);
    int rc;
    TRY_GOTO(run_file_load(path, &run->document), fail);
    run->root = json_root(run->document);
    if (!member(run->root, "strategies", JSON_ARRAY)) {
        rc = json_fail(run->document, run->root, GW_ERR_DATA, "\"strategies\" is missing; this is no summary of a run");
        goto fail;
    }
    TRY_GOTO(read_facts(run), fail);
    TRY_GOTO(run_columns_read(run), fail);
    TRY_GOTO(read_process(run), fail);
    const json_value *list = member(run->root, "strategies", JSON_ARRAY);
    run->n_strategies = list ? json_size(list) : 0;
    run->strategy = arena_alloc(&run->arena, run->n_strategies + 1, sizeof *run->strategy);
    rc = run->strategy ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < run->n_strategies; i++)
        rc = read_strategy(run, json_at(list, i), &run->strategy[i]);
    if (rc < 0) goto fail;
    give_styles(run);
    return GW_OK;
fail:
    run_view_close(run);
    return rc;
}

void run_view_close(struct run_view *run) {
    for (size_t i = 0; i < N_RUN_TABLES; i++)
        if (run->table_read[i]) table_free(&run->table[i]);
    if (run->document) json_free(run->document);
    if (run->process_document) json_free(run->process_document);
    arena_free(&run->arena);
    memset(run, 0, sizeof *run);
}

int run_view_table(struct run_view *run, enum run_table which, const struct table **table) {
    *table = NULL;
    if (!run->table_read[which]) {
        char path[1024];
        TRY(path_join(path, sizeof path, run->dir, table_file[which]));
        if (!file_exists(path)) return GW_OK;
        TRY(table_read(path, &run->table[which]));
        run->table_read[which] = true;
    }
    if (run->table[which].n_rows > 0) *table = &run->table[which];
    return GW_OK;
}

size_t run_strategy_find(const struct run_view *run, const char *name) {
    for (size_t i = 0; i < run->n_strategies; i++)
        if (strcmp(run->strategy[i].name, name) == 0) return i;
    return SIZE_MAX;
}

double gate_metric(const struct strategy_view *strategy, int gate, const char *part, const char *metric) {
    return member_metric(member(strategy->gate[gate], part, JSON_OBJECT), metric);
}

double portfolio_metric(const struct strategy_view *strategy, const char *part, const char *metric) {
    return member_metric(member(strategy->portfolio, part, JSON_OBJECT), metric);
}
