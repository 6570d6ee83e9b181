/* What the columns of a scores file are, from their names. */
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

static const char *const role_name[N_ROLES] = {
    [ROLE_TIME] = "time",          [ROLE_OPEN_TIME] = "open_time", [ROLE_SYMBOL] = "symbol",
    [ROLE_SEED] = "seed",          [ROLE_FOLD] = "fold",           [ROLE_TRAINED_UNTIL] = "trained_until",
    [ROLE_STRATEGY] = "strategy",  [ROLE_ACTION] = "action",       [ROLE_CONFIDENCE] = "confidence",
    [ROLE_P_LONG] = "p_long",      [ROLE_P_SHORT] = "p_short",     [ROLE_TAU_LONG] = "tau_long",
    [ROLE_TAU_SHORT] = "tau_short"};

static void lower_case(struct field field, char out[64]) {
    size_t n = field.length < 63 ? field.length : 63;
    for (size_t i = 0; i < n; i++) {
        char c = field.text[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[n] = '\0';
}

/* "p_long_3" is p_long of seed 3. */
static enum role role_of(const char *name, uint64_t *seed) {
    *seed = UINT64_MAX;
    if (strcmp(name, "close_time") == 0) return ROLE_TIME;
    for (enum role role = ROLE_TIME; role < N_ROLES; role++) {
        size_t length = strlen(role_name[role]);
        if (strcmp(name, role_name[role]) == 0) return role;
        size_t digits = strncmp(name, role_name[role], length) == 0 && name[length] == '_'
                            ? strspn(name + length + 1, "0123456789")
                            : 0;
        if (role < ROLE_P_LONG || digits == 0 || digits > 15 || name[length + 1 + digits]) continue;
        *seed = 0;
        for (const char *at = name + length + 1; *at; at++) *seed = *seed * 10 + (uint64_t)(*at - '0');
        return role;
    }
    return ROLE_NONE;
}

static int note_role(struct columns *c, const struct record *header, size_t i, const char *name) {
    enum role role = role_of(name, &c->seed[i]);
    c->role[i] = role;
    if (role == ROLE_NONE) return GW_OK;
    for (size_t k = 0; k < i; k++)
        if (c->role[k] == role && c->seed[k] == c->seed[i])
            return record_fail(header, i, "column \"%s\" says what column %zu says already; leave one out", name,
                               k + 1);
    bool in_name = c->seed[i] != UINT64_MAX;
    if (role >= ROLE_P_LONG && c->of[role] != SIZE_MAX && in_name != (c->seed[c->of[role]] != UINT64_MAX))
        return record_fail(header, i, "\"%s\" stands beside \"%.*s\", which has %s; give all of them a seed or none",
                           name, (int)header->cell[c->of[role]].length, header->cell[c->of[role]].text,
                           in_name ? "no seed" : "one");
    c->seeds_in_names |= in_name;
    if (c->of[role] == SIZE_MAX) c->of[role] = i;
    return GW_OK;
}

/* A slip in a name would leave a gate or a check out without a word. */
static int judge_unknown(const struct columns *c, const struct record *header, size_t i, const char *name) {
    const char *missing[N_ROLES];
    size_t n = 0;
    for (enum role role = ROLE_TIME; role < N_ROLES; role++)
        if (c->of[role] == SIZE_MAX && !(role == ROLE_OPEN_TIME && c->of[ROLE_TIME] != SIZE_MAX) &&
            !(role == ROLE_TIME && c->of[ROLE_OPEN_TIME] != SIZE_MAX))
            missing[n++] = role_name[role];
    const char *near = nearest_word(name, missing, n);
    if (!near) return GW_OK;
    return record_fail(header, i, "unknown column \"%s\"; did you mean \"%s\"? Rename it, or leave it out", name, near);
}

static int judge_time(const struct columns *c, const struct record *header) {
    bool closing = c->of[ROLE_TIME] != SIZE_MAX, opening = c->of[ROLE_OPEN_TIME] != SIZE_MAX;
    if (closing || opening) return GW_OK;
    static const char *const unclear[] = {"timestamp", "date", "datetime", "ts", "index", ""};
    for (size_t i = 0; i < header->n; i++)
        for (size_t k = 0; k < COUNT_OF(unclear); k++)
            if (field_equals(header->cell[i], unclear[k]))
                return record_fail(header, i,
                                   "\"%s\" does not say which time it is; call it time when it is the bar's close, "
                                   "open_time when it is its open",
                                   unclear[k]);
    return record_fail(header, SIZE_MAX, "no column \"time\" (the bar's close) or \"open_time\"; add one");
}

static int judge_scores(const struct columns *c, const struct record *header) {
    bool words = c->of[ROLE_ACTION] != SIZE_MAX, numbers = false;
    for (enum role role = ROLE_P_LONG; role <= ROLE_P_SHORT; role++) numbers |= c->of[role] != SIZE_MAX;
    if (words && numbers)
        return record_fail(header, c->of[ROLE_ACTION],
                           "\"action\" beside p_long or p_short: two answers to one question; leave one out");
    if (!words && !numbers)
        return record_fail(header, SIZE_MAX, "no scores: a column p_long, p_short or action is needed");
    if (!words && c->of[ROLE_CONFIDENCE] != SIZE_MAX)
        return record_fail(header, c->of[ROLE_CONFIDENCE], "\"confidence\" needs the column action beside it");
    return GW_OK;
}

static int judge_seeds(const struct reading *r, const struct record *header) {
    const struct columns *c = &r->columns;
    bool in_rows = c->of[ROLE_SEED] != SIZE_MAX;
    if (in_rows && c->seeds_in_names)
        return record_fail(header, c->of[ROLE_SEED], "a column seed beside seeds in the columns' names; leave one out");
    if (r->file_seed != SIZE_MAX && (in_rows || c->seeds_in_names))
        return record_fail(header, in_rows ? c->of[ROLE_SEED] : SIZE_MAX,
                           "the file is one seed's by its name ({seed}), so its columns must not name seeds");
    return GW_OK;
}

static int judge_symbol(const struct reading *r, const struct record *header) {
    bool stated = r->columns.of[ROLE_SYMBOL] != SIZE_MAX;
    if (stated && r->file_symbol != SIZE_MAX)
        return record_fail(header, r->columns.of[ROLE_SYMBOL],
                           "the file is one symbol's by its name ({symbol}); leave this column out");
    if (!stated && r->file_symbol == SIZE_MAX && r->p->market.n_symbols > 1)
        return record_fail(header, SIZE_MAX,
                           "no column \"symbol\", and the run has %zu of them; add one, or give a file a symbol and "
                           "write {symbol} in its name",
                           r->p->market.n_symbols);
    if (r->columns.of[ROLE_STRATEGY] == SIZE_MAX && r->spec->scores.strategy[0])
        return record_fail(header, SIZE_MAX, "no column \"strategy\", but scores.strategy asks for \"%s\" in it",
                           r->spec->scores.strategy);
    return GW_OK;
}

static void note_times(struct reading *r, const struct record *header) {
    bool closing = r->columns.of[ROLE_TIME] != SIZE_MAX;
    size_t column = r->columns.of[closing ? ROLE_TIME : ROLE_OPEN_TIME];
    if (r->named.line == 0) {
        snprintf(r->named.path, sizeof r->named.path, "%s", header->path);
        r->named.line = header->line;
        r->named.column = header->document ? 1 : header->place[column];
    }
    r->by_close |= closing;
    r->by_open |= !closing;
    r->unclear |= field_equals(header->cell[column], "time") && r->columns.of[ROLE_OPEN_TIME] == SIZE_MAX;
}

int outside_columns(struct reading *r, const struct record *header) {
    struct columns *c = &r->columns;
    char name[64];
    *c = (struct columns){.n = header->n};
    for (enum role role = 0; role < N_ROLES; role++) c->of[role] = SIZE_MAX;
    for (size_t i = 0; i < header->n; i++) {
        lower_case(header->cell[i], name);
        TRY(note_role(c, header, i, name));
    }
    for (size_t i = 0; i < header->n; i++) {
        lower_case(header->cell[i], name);
        if (c->role[i] == ROLE_NONE) TRY(judge_unknown(c, header, i, name));
    }
    TRY(judge_time(c, header));
    r->out->answers |= c->of[ROLE_ACTION] != SIZE_MAX;
    note_times(r, header);
    TRY(judge_scores(c, header));
    TRY(judge_seeds(r, header));
    return judge_symbol(r, header);
}
