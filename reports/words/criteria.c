#include "criteria.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "metric_words.h"

const char *const criterion_word[N_CRITERION_VIEW_STATES] = {[CRITERION_FAIL] = "FAIL",
                                                             [CRITERION_UNMEASURED] = "not measured",
                                                             [CRITERION_NULL] = "FAIL (as null)",
                                                             [CRITERION_PASS] = "pass",
                                                             [CRITERION_UNSURE] = "pass (not significant)",
                                                             [CRITERION_SIGNIFICANT] = "pass (significant)"};

static const char *text_of(const json_value *object, const char *key) { return json_string(json_get(object, key), ""); }
static bool says(const json_value *object, const char *key, const char *id) {
    return strcmp(text_of(object, key), id) == 0;
}
static bool is_significant(const json_value *object) { return json_bool(json_get(object, "significant"), false); }

/* Appends what fits. */
static void append(char *out, size_t size, const char *text) {
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

/* ---- what is asked ------------------------------------------------------------------------------------------ */

static void name_of(const json_value *row, char out[200]) {
    double need = member_number(row, "need");
    const char *bound = says(row, "bound", "at_least") ? "at least" : says(row, "bound", "at_most") ? "at most" : NULL;
    if (says(row, "id", "training_time")) {
        snprintf(out, 200, "training time %s %g× the baseline", bound ? bound : "more than", need);
        return;
    }
    struct metric_words words = metric_words(text_of(row, "metric")[0] ? text_of(row, "metric") : text_of(row, "id"));
    if (!bound && !(need != 0))
        snprintf(out, 200, "%s better", words.spoken);
    else
        snprintf(out, 200, "%s %s %g%s better", words.spoken, bound ? bound : "more than", need * words.scale,
                 words.unit);
}

/* ---- what the gates answered -------------------------------------------------------------------------------- */

/* "long +4.9 points [-13.3, +23.1]", without the interval where there is none. */
static void describe(const json_value *gate, const char *name, const struct metric_words *w, char out[128]) {
    double value = member_number(gate, "delta") * w->scale, lo = member_number(gate, "lo") * w->scale,
           hi = member_number(gate, "hi") * w->scale;
    char interval[64] = "";
    if (!isfinite(value)) {
        snprintf(out, 128, "%s undefined", name);
        return;
    }
    if (isfinite(lo) && isfinite(hi))
        snprintf(interval, sizeof interval, " [%+.*f, %+.*f]", w->decimals, lo, w->decimals, hi);
    snprintf(out, 128, "%s %+.*f%s%s%s", name, w->decimals, value, w->unit, interval,
             is_significant(gate) && value < 0 ? " significantly worse"
             : says(gate, "state", "as_null")  ? " (its scores are as the null)"
                                               : "");
}

static const json_value *gate_row(const json_value *row, int gate) {
    const json_value *list = json_get(row, "gates");
    for (size_t i = 0; list && json_kind(list) == JSON_ARRAY && i < json_size(list); i++)
        if (says(json_at(list, i), "gate", gate_word[gate])) return json_at(list, i);
    return NULL;
}

static void read_gates(const json_value *row, struct criterion_view *view, char detail[400]) {
    struct metric_words words = metric_words(text_of(row, "metric"));
    char part[128];
    bool measured = false;
    detail[0] = '\0';
    for (int g = 0; g < N_GATES_SHOWN; g++) {
        const json_value *gate = gate_row(row, g);
        if (!gate) continue;
        if (detail[0]) append(detail, 400, "; ");
        describe(gate, gate_word[g], &words, part);
        append(detail, 400, part);
        double value = member_number(gate, "delta") * words.scale;
        if (!isfinite(value)) continue;
        snprintf(part, sizeof part, "%s%s %s%.*f", measured ? ", " : "", gate_word[g], value < 0 ? "−" : "+",
                 words.decimals, fabs(value));
        append(view->brief, sizeof view->brief, part);
        measured = true;
    }
    if (measured)
        append(view->brief, sizeof view->brief, words.unit);
    else if (detail[0]) /* no positive label, nothing to enter: that is no failure of the candidate's */
        strcpy(detail, "undefined on both gates");
}

/* A pass by one gate says by which, and does not hide that the other is surely worse. */
static void note_pass(const json_value *row, struct criterion_view *view) {
    const char *by = NULL, *worse = NULL;
    size_t n_passed = 0, n = 0;
    for (int g = 0; g < N_GATES_SHOWN; g++) {
        const json_value *gate = gate_row(row, g);
        if (!gate) continue;
        n++;
        if (says(gate, "state", "pass")) {
            n_passed++;
            by = gate_word[g];
        }
        if (is_significant(gate) && member_number(gate, "delta") < 0) worse = gate_word[g];
    }
    snprintf(view->gates, sizeof view->gates, "%s", !by ? "" : n_passed > 1 ? "both gates" : by);
    snprintf(view->note, sizeof view->note, "%s%s%ssignificant%s%s%s", n_passed < n && by ? by : "",
             n_passed < n && by ? " only, " : "", view->state == CRITERION_UNSURE ? "not " : "", worse ? "; " : "",
             worse ? worse : "", worse ? " significantly worse" : "");
}

/* ---- training time ------------------------------------------------------------------------------------------ */

static const json_value *row_of_run(const struct run_view *run, const json_value *verdict, const json_value *row) {
    const json_value *list = json_get(run->process, "criteria");
    for (size_t i = 0; list && json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const json_value *own = json_at(list, i);
        if (says(own, "id", text_of(row, "id")) && says(own, "candidate", text_of(verdict, "candidate")) &&
            says(own, "baseline", text_of(verdict, "baseline")))
            return own;
    }
    return NULL;
}

static void read_time(const json_value *row, struct criterion_view *view, char detail[400]) {
    double ratio = member_number(row, "ratio"), each = member_number(row, "ratio_per_window");
    char per_window[40] = "";
    if (view->state == CRITERION_UNMEASURED) {
        bool reused = member_number(row, "reused_fits") > 0;
        strcpy(detail, reused ? "fits were taken from an earlier run" : "no training times recorded");
        return;
    }
    if (isfinite(each)) snprintf(per_window, sizeof per_window, "; per window %.2f×", each);
    snprintf(detail, 400, "%.2f× (%.1f s, baseline %.1f s)%s", ratio, member_number(row, "candidate_seconds"),
             member_number(row, "baseline_seconds"), per_window);
    snprintf(view->brief, sizeof view->brief, "%.2f×%s", ratio, per_window);
}

/* ---- the list ------------------------------------------------------------------------------------------------- */

static enum criterion_view_state state_of(const json_value *row) {
    if (says(row, "state", "fail")) return CRITERION_FAIL;
    if (says(row, "state", "as_null")) return CRITERION_NULL;
    if (!says(row, "state", "pass")) return CRITERION_UNMEASURED;
    if (json_size(json_get(row, "gates")) == 0) return CRITERION_PASS;
    return is_significant(row) ? CRITERION_SIGNIFICANT : CRITERION_UNSURE;
}

static int read_criterion(struct run_view *run, const json_value *verdict, const json_value *row,
                          struct criterion_view *view) {
    char name[200], detail[400] = "";
    const json_value *answer = says(row, "state", "see_run") ? row_of_run(run, verdict, row) : row;
    view->of_results = answer == row;
    view->one_gate_is_enough = says(row, "on", "any");
    view->where = view->one_gate_is_enough ? " on at least one gate" : says(row, "on", "each") ? " on each gate" : "";
    view->state = state_of(answer);
    name_of(row, name);
    if (view->of_results)
        read_gates(row, view, detail);
    else
        read_time(answer, view, detail);
    if (view->state == CRITERION_UNSURE || view->state == CRITERION_SIGNIFICANT) note_pass(row, view);
    if (view->state == CRITERION_NULL) strcpy(view->note, "scores that do not beat the null control cannot pass");
    view->name = text_safe(&run->arena, name);
    view->detail = text_safe(&run->arena, detail);
    return view->name && view->detail ? GW_OK : GW_ERR_NOMEM;
}

int criteria_read(struct run_view *run, const json_value *verdict, struct criterion_list *list) {
    memset(list, 0, sizeof *list);
    const json_value *from = json_get(verdict, "criteria");
    size_t n = from && json_kind(from) == JSON_ARRAY ? json_size(from) : 0;
    for (size_t i = 0; i < n && list->n < CRITERIA_MAX; i++) {
        struct criterion_view *view = &list->at[list->n++];
        TRY(read_criterion(run, verdict, json_at(from, i), view));
        list->n_passed += view->state >= CRITERION_PASS;
        list->n_significant += view->state == CRITERION_SIGNIFICANT;
        list->n_unmeasured += view->state == CRITERION_UNMEASURED;
    }
    return GW_OK;
}
