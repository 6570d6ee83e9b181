/* One record: whose it is, of which bar, and what it says. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

static const enum role p_role[GW_N_GATES] = {ROLE_P_LONG, ROLE_P_SHORT};
static const enum role tau_role[GW_N_GATES] = {ROLE_TAU_LONG, ROLE_TAU_SHORT};

#define SHOWN(cell) (int)((cell).length < 40 ? (cell).length : 40), (cell).text

static struct field cell_of(const struct reading *r, const struct record *record, enum role role) {
    size_t column = r->columns.of[role];
    return column == SIZE_MAX ? (struct field){"", 0} : record->cell[column];
}

/* ---- numbers --------------------------------------------------------------------------------------- */

/* Any finite number; NaN for an empty cell and for nan, which is how arrays write that there is nothing. */
static int take_score(const struct record *record, size_t column, float *out) {
    struct field cell = record->cell[column];
    double value;
    *out = NAN;
    if (cell.length == 0 || field_equals(cell, "nan") || field_equals(cell, "na")) return GW_OK;
    if (!number_parse(cell, &value))
        return record_fail(record, column, "\"%.*s\" %s; a score is any finite number, or empty", SHOWN(cell),
                           number_complaint(cell));
    if (!isfinite((float)value))
        return record_fail(record, column, "\"%.*s\" is beyond single precision, in which scores are kept",
                           SHOWN(cell));
    *out = (float)value;
    return GW_OK;
}

/* A whole number of at most 15 digits. */
static int take_whole(const struct record *record, size_t column, const char *what, uint64_t *out) {
    struct field cell = record->cell[column];
    double value;
    if (cell.length == 0)
        return record_fail(record, column, "the %s is empty; give every row one, or leave the column out", what);
    if (!number_parse(cell, &value) || value != floor(value) || value < 0 || value > 9e15)
        return record_fail(record, column, "\"%.*s\" is no %s; a whole number is needed", SHOWN(cell), what);
    *out = (uint64_t)value;
    return GW_OK;
}

static int take_time(struct reading *r, const struct record *record, enum role role, int64_t *out) {
    size_t column = r->columns.of[role];
    struct field cell = record->cell[column];
    enum time_style style;
    const char *wrong = import_time_parse(&r->times, cell, out, &style);
    if (wrong)
        return record_fail(record, column, "the time \"%.*s\" %s%s", SHOWN(cell), cell.length ? "cannot be read: " : "",
                           wrong);
    if (r->style[role] == TIME_UNSET) r->style[role] = style;
    if (style == r->style[role]) return GW_OK;
    return record_fail(record, column, "the time \"%.*s\" is in %s, those above are %s; write all of them one way",
                       SHOWN(cell), import_style_name(style), import_style_name(r->style[role]));
}

/* ---- whose ------------------------------------------------------------------------------------------- */

/* *ours false: a row of another strategy. */
static int judge_strategy(struct reading *r, const struct record *record, bool *ours) {
    const char *wanted = r->spec->scores.strategy;
    struct field cell = cell_of(r, record, ROLE_STRATEGY);
    *ours = !*wanted || (cell.length == strlen(wanted) && memcmp(cell.text, wanted, cell.length) == 0);
    if (*wanted || r->columns.of[ROLE_STRATEGY] == SIZE_MAX) return GW_OK;
    size_t length = cell.length < sizeof r->strategy ? cell.length : sizeof r->strategy - 1;
    if (!r->strategy[0]) memcpy(r->strategy, cell.text, length);
    if (strlen(r->strategy) == length && memcmp(r->strategy, cell.text, length) == 0) return GW_OK;
    return record_fail(record, r->columns.of[ROLE_STRATEGY],
                       "\"%.*s\" is another strategy than \"%s\" above; say which one is meant: \"scores\": "
                       "{\"files\": …, \"strategy\": \"%s\"}",
                       SHOWN(cell), r->strategy, r->strategy);
}

/* *symbol is SIZE_MAX when the run has it not. */
static int take_symbol(const struct reading *r, const struct record *record, size_t *symbol) {
    struct field cell = cell_of(r, record, ROLE_SYMBOL);
    *symbol = r->file_symbol != SIZE_MAX ? r->file_symbol : 0;
    if (r->columns.of[ROLE_SYMBOL] == SIZE_MAX) return GW_OK;
    if (cell.length == 0) return record_fail(record, r->columns.of[ROLE_SYMBOL], "the symbol is empty; name it");
    *symbol = outside_symbol(r, cell.text, cell.length);
    return GW_OK;
}

static void note_stranger(struct reading *r, uint64_t seed) {
    for (size_t i = 0; i < r->n_strangers; i++)
        if (r->stranger[i] == seed) return;
    if (r->n_strangers < COUNT_OF(r->stranger)) r->stranger[r->n_strangers++] = seed;
}

/* SIZE_MAX: a seed that the experiment has not. What a run writes of a contestant without seeds has seed 0. */
static size_t seed_index(struct reading *r, uint64_t seed) {
    for (size_t k = 0; k < r->e->n_seeds; k++)
        if (r->e->seed[k] == seed) return k;
    if (seed == 0) {
        r->wrote_zero = true;
        return r->e->n_seeds;
    }
    note_stranger(r, seed);
    return SIZE_MAX;
}

static int take_seed(struct reading *r, const struct record *record, size_t *seed) {
    uint64_t number;
    *seed = r->file_seed != SIZE_MAX ? r->file_seed : r->e->n_seeds;
    if (r->columns.of[ROLE_SEED] == SIZE_MAX) return GW_OK;
    TRY(take_whole(record, r->columns.of[ROLE_SEED], "seed", &number));
    *seed = seed_index(r, number);
    return GW_OK;
}

/* ---- which model ---------------------------------------------------------------------------------------- */

static int take_training(struct reading *r, const struct record *record, struct row *row) {
    row->has_fold = r->columns.of[ROLE_FOLD] != SIZE_MAX;
    row->has_trained_until = r->columns.of[ROLE_TRAINED_UNTIL] != SIZE_MAX;
    if (row->has_fold) {
        uint64_t fold;
        TRY(take_whole(record, r->columns.of[ROLE_FOLD], "fold", &fold));
        if (fold < 1 || fold > r->p->plan.n_folds)
            return record_fail(record, r->columns.of[ROLE_FOLD],
                               "there is no fold %llu: the walk has folds 1 to %zu, as `gatewalk folds` lists them",
                               (unsigned long long)fold, r->p->plan.n_folds);
        row->fold = (size_t)fold;
    }
    if (row->has_trained_until) TRY(take_time(r, record, ROLE_TRAINED_UNTIL, &row->trained_until_ns));
    r->some_fold |= row->has_fold;
    r->some_time |= row->has_trained_until;
    return GW_OK;
}

/* ---- what it says ------------------------------------------------------------------------------------------ */

/* buy, long: p_long is the confidence, p_short 0; sell, short: the other way round; hold, flat: both 0. */
static int take_answer(const struct reading *r, const struct record *record, struct said *said) {
    static const struct {
        const char *word;
        int gate;
    } known[] = {{"buy", GW_GATE_LONG},    {"long", GW_GATE_LONG}, {"sell", GW_GATE_SHORT},
                 {"short", GW_GATE_SHORT}, {"hold", -1},           {"flat", -1}};
    size_t column = r->columns.of[ROLE_ACTION], sure = r->columns.of[ROLE_CONFIDENCE], k = 0;
    struct field cell = record->cell[column];
    double most = r->spec->scores.confidence == CONFIDENCE_PERCENT ? 100 : 1, confidence = most;
    while (k < COUNT_OF(known) && !field_equals(cell, known[k].word)) k++;
    if (cell.length == 0) return GW_OK; /* no answer: not scored */
    if (k == COUNT_OF(known))
        return record_fail(record, column, "\"%.*s\" is no action; one of buy, long, sell, short, hold, flat is",
                           SHOWN(cell));
    if (sure != SIZE_MAX) {
        struct field text = record->cell[sure];
        if (!number_parse(text, &confidence))
            return record_fail(record, sure, "the confidence \"%.*s\" %s; a number from 0 to %g is needed", SHOWN(text),
                               number_complaint(text), most);
        if (!(confidence >= 0 && confidence <= most))
            return record_fail(record, sure, "the confidence %g lies outside 0 to %g%s", confidence, most,
                               most == 1 && confidence <= 100 && confidence > 1
                                   ? "; when it is in percent, set scores.confidence to \"percent\""
                                   : "");
    }
    for (int g = 0; g < GW_N_GATES; g++) said->p[g] = known[k].gate == g ? (float)(confidence / most) : 0;
    return GW_OK;
}

/* Of one seed; UINT64_MAX: columns without a seed in their names. *column is the first that says something. */
static int take_said(const struct reading *r, const struct record *record, uint64_t seed, struct said *said,
                     size_t *column) {
    const struct columns *c = &r->columns;
    for (int g = 0; g < GW_N_GATES; g++) said->p[g] = said->tau[g] = NAN;
    *column = c->of[ROLE_ACTION];
    if (*column != SIZE_MAX) TRY(take_answer(r, record, said));
    for (size_t i = 0; i < c->n; i++) {
        if (c->role[i] < ROLE_P_LONG || c->seed[i] != seed) continue;
        for (int g = 0; g < GW_N_GATES; g++) {
            if (c->role[i] == p_role[g]) {
                TRY(take_score(record, i, &said->p[g]));
                if (*column == SIZE_MAX) *column = i;
            } else if (c->role[i] == tau_role[g]) {
                TRY(take_score(record, i, &said->tau[g]));
                if (isnan(said->tau[g])) said->tau[g] = INFINITY; /* none in force: nothing acts */
            }
        }
    }
    return GW_OK;
}

static int join_named_seeds(struct reading *r, struct row *row, const struct record *record, size_t time_column) {
    const struct columns *c = &r->columns;
    for (size_t i = 0; i < c->n; i++) {
        bool first = c->role[i] != ROLE_NONE && c->seed[i] != UINT64_MAX;
        for (size_t k = 0; k < i; k++) first &= c->role[k] == ROLE_NONE || c->seed[k] != c->seed[i];
        if (!first) continue;
        struct said said;
        size_t column;
        TRY(take_said(r, record, c->seed[i], &said, &column));
        row->seed = seed_index(r, c->seed[i]);
        if (row->seed != SIZE_MAX) TRY(outside_join(r, row, &said, record, time_column, column));
    }
    return GW_OK;
}

/* Of a file that has both: its close time counts, and the other must be the same bar's. */
static int check_open_time(struct reading *r, const struct record *record, int64_t close_ns) {
    int64_t open_ns, interval_ns = r->p->market.symbol[0].interval_ns;
    char interval[40];
    if (r->columns.of[ROLE_TIME] == SIZE_MAX || r->columns.of[ROLE_OPEN_TIME] == SIZE_MAX) return GW_OK;
    TRY(take_time(r, record, ROLE_OPEN_TIME, &open_ns));
    if (close_ns - interval_ns == open_ns) return GW_OK;
    return record_fail(record, r->columns.of[ROLE_OPEN_TIME],
                       "the open time does not lie one interval (%s) before the close time; leave one of them out",
                       duration_format(interval_ns, interval));
}

int outside_row(struct reading *r, const struct record *record) {
    enum role time_role = r->columns.of[ROLE_TIME] != SIZE_MAX ? ROLE_TIME : ROLE_OPEN_TIME;
    size_t time_column = r->columns.of[time_role];
    struct row row = {0};
    r->file->n_rows++;
    r->out->account.n_rows++;
    bool ours;
    TRY(judge_strategy(r, record, &ours));
    if (!ours) {
        r->out->account.n_other++;
        return GW_OK;
    }
    TRY(take_symbol(r, record, &row.symbol));
    TRY(take_seed(r, record, &row.seed));
    TRY(take_time(r, record, time_role, &row.time_ns));
    TRY(check_open_time(r, record, row.time_ns));
    TRY(take_training(r, record, &row));
    if (row.symbol == SIZE_MAX || row.seed == SIZE_MAX) {
        r->out->account.n_other++;
        return GW_OK;
    }
    if (r->columns.seeds_in_names) return join_named_seeds(r, &row, record, time_column);
    struct said said;
    size_t column;
    TRY(take_said(r, record, UINT64_MAX, &said, &column));
    return outside_join(r, &row, &said, record, time_column, column);
}
