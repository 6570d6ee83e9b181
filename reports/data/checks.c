#include "checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const check_word[N_CHECK_STATES] = {[CHECK_FAIL] = "FAIL",
                                                [CHECK_UNMEASURED] = "not measured",
                                                [CHECK_PASS] = "pass",
                                                [CHECK_UNSURE] = "pass (not significant)",
                                                [CHECK_SIGNIFICANT] = "pass (significant)"};

static const double MOST_TRAINING_TIME = 2; /* times the baseline's: the reference study's fifth criterion */

/* ---- criteria on results ---------------------------------------------------------------------------------- */

/* What a check is about, read from the beginning of its name. */
struct measure {
    const char *word, *key; /* key: how the difference is called in summary.json, up to the K */
    double scale;
    int decimals;
    const char *unit;
};
static const struct measure measures[] = {{"PR-AUC", "average_precision", 1, 3, ""},
                                          {"P@", "precision_at_", 100, 1, " points"},
                                          {"PnL@", "pnl_mean_at_", 100, 2, " %"}};

static const struct measure *measure_of(const char *name, char key[64]) {
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        size_t length = strlen(measures[i].word);
        if (strncmp(name, measures[i].word, length) != 0) continue;
        int digits = measures[i].word[length - 1] == '@' ? (int)strspn(name + length, "0123456789.") : 0;
        snprintf(key, 64, "%s%.*s", measures[i].key, digits < 16 ? digits : 16, name + length);
        return &measures[i];
    }
    return NULL;
}

/* "P@1 % at least 5 points better" asks for 0.05, a name without such a number for more than nothing. */
static double needed(const char *name, double scale) {
    static const char words[] = "at least ";
    const char *at = strstr(name, words);
    return at ? strtod(at + strlen(words), NULL) / scale : 0;
}

/* A gate meets the criterion on its point estimate; the pass is significant when such a gate's difference is. */
static void judge(struct check_view *check, const json_value *verdict) {
    char key[64];
    const struct measure *measure = measure_of(check->name, key);
    const json_value *gates = json_get(verdict, "gates");
    if (!measure) return;
    size_t used = 0, n = 0;
    double need = needed(check->name, measure->scale);
    bool met = false, significant = false;
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        const json_value *delta = json_get(json_get(gates, gate_word[gate]), key);
        double value = member_number(delta, "delta");
        if (!isfinite(value)) continue;
        int wrote = snprintf(check->brief + used, sizeof check->brief - used, "%s%s %s%.*f", n++ ? ", " : "",
                             gate_word[gate], value < 0 ? "−" : "+", measure->decimals, fabs(value * measure->scale));
        if (wrote > 0 && (size_t)wrote < sizeof check->brief - used) used += (size_t)wrote;
        if (value <= 0 || value < need) continue;
        met = true;
        significant |= json_bool(json_get(delta, "significant"), false);
    }
    if (n == 0) { /* no positive label, nothing to enter: that is no failure of the candidate's */
        check->state = CHECK_UNMEASURED;
        check->detail = "undefined on both gates";
        return;
    }
    snprintf(check->brief + used, sizeof check->brief - used, "%s", measure->unit);
    if (check->state == CHECK_PASS && met) check->state = significant ? CHECK_SIGNIFICANT : CHECK_UNSURE;
}

/* ---- training time ------------------------------------------------------------------------------------------ */

static const json_value *time_of(const struct run_view *run, const char *strategy) {
    const json_value *list = json_get(run->process, "training_time");
    for (size_t i = 0; list && json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const char *name = json_string(json_get(json_at(list, i), "strategy"), NULL);
        if (name && strcmp(name, strategy) == 0) return json_at(list, i);
    }
    return NULL;
}

/* A part of the fits taken from an earlier run makes the sum of the rest no training time. */
static bool times_are_whole(const struct run_view *run) {
    return !(member_number(json_get(run->process, "fits"), "reused") > 0);
}

static int judge_time(struct run_view *run, const json_value *verdict, struct check_view *check) {
    const json_value *own = time_of(run, json_string(json_get(verdict, "candidate"), "")),
                     *base = time_of(run, json_string(json_get(verdict, "baseline"), ""));
    double seconds = member_number(own, "seconds"), base_seconds = member_number(base, "seconds"),
           each = member_number(own, "ratio_per_window");
    char detail[200], per_window[40] = "";
    check->state = CHECK_UNMEASURED;
    check->name = "training time at most 2× the baseline";
    if (!own || !base) {
        snprintf(detail, sizeof detail, "no training times recorded");
    } else if (!times_are_whole(run) || !(seconds > 0) || !(base_seconds > 0)) {
        snprintf(detail, sizeof detail, "fits were taken from an earlier run");
    } else {
        double ratio = seconds / base_seconds;
        check->state = ratio <= MOST_TRAINING_TIME ? CHECK_PASS : CHECK_FAIL;
        if (isfinite(each)) snprintf(per_window, sizeof per_window, "; per window %.2f×", each);
        snprintf(detail, sizeof detail, "%.2f× (%.1f s, baseline %.1f s)%s", ratio, seconds, base_seconds, per_window);
        snprintf(check->brief, sizeof check->brief, "%.2f×%s", ratio, per_window);
    }
    check->detail = text_safe(&run->arena, detail);
    return check->detail ? GW_OK : GW_ERR_NOMEM;
}

/* ---- the list ------------------------------------------------------------------------------------------------- */

int selection_words(struct run_view *run, char *out, size_t size) {
    const json_value *selection = json_get(run->root, "selection");
    double trials = member_number(selection, "trials"), deflated = member_number(selection, "deflated_sharpe"),
           overfitting = member_number(selection, "overfitting_probability"),
           searched = member_number(selection, "searched");
    char more[64] = "", half[120] = "";
    out[0] = '\0';
    if (json_kind(selection) != JSON_OBJECT || !isfinite(trials) || !isfinite(deflated)) return GW_OK;
    const char *best = member_text(run, selection, "best");
    if (!best) return GW_ERR_NOMEM;
    if (searched > 0) snprintf(more, sizeof more, ", %.0f of them tried on validation only", searched);
    if (isfinite(overfitting))
        snprintf(half, sizeof half,
                 "; the best of one half of the time is below the median in the other with probability "
                 "%.2f",
                 overfitting);
    snprintf(out, size,
             "Selection: %.64s has the best Sharpe of %.0f trials (strategies × seeds%s); its deflated Sharpe, the "
             "probability "
             "that it is more than the best of as many unskilled trials that differ as much as these, is %.3f%s.",
             best, trials, more, deflated, half);
    return GW_OK;
}

int checks_read(struct run_view *run, const json_value *verdict, struct check_list *list) {
    memset(list, 0, sizeof *list);
    const json_value *from = json_get(verdict, "checks");
    size_t n = from && json_kind(from) == JSON_ARRAY ? json_size(from) : 0;
    for (size_t i = 0; i < n && list->n < CHECKS_MAX - 1; i++) {
        struct check_view *check = &list->check[list->n++];
        check->name = member_text(run, json_at(from, i), "name");
        check->detail = member_text(run, json_at(from, i), "detail");
        if (!check->name || !check->detail) return GW_ERR_NOMEM;
        check->state = json_bool(json_get(json_at(from, i), "pass"), false) ? CHECK_PASS : CHECK_FAIL;
        judge(check, verdict);
    }
    TRY(judge_time(run, verdict, &list->check[list->n++]));
    for (size_t i = 0; i < list->n; i++) {
        enum check_state state = list->check[i].state;
        list->n_passed += state >= CHECK_PASS;
        list->n_significant += state == CHECK_SIGNIFICANT;
        list->n_unmeasured += state == CHECK_UNMEASURED;
    }
    return GW_OK;
}

int unfinished_words(struct run_view *run, char *out, size_t size) {
    static const char end[] = ". More epochs or a higher learning rate may change who wins.";
    const json_value *list = json_get(run->root, "strategies");
    size_t used = 0, n = 0;
    out[0] = '\0';
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        double fits = member_number(json_at(list, i), "fits"),
               last = member_number(json_at(list, i), "fits_best_at_last_epoch");
        if (!(2 * last > fits)) continue;
        const char *name = member_text(run, json_at(list, i), "name");
        if (!name) return GW_ERR_NOMEM;
        int wrote = snprintf(out + used, size - used, "%s%.64s (%.0f of %.0f fits)",
                             n++ ? ", " : "Perhaps not trained to the end, best at the last epoch: ", name, last, fits);
        if (wrote < 0 || (size_t)wrote + sizeof end > size - used) { /* no room: those named so far are enough */
            out[used] = '\0';
            break;
        }
        used += (size_t)wrote;
    }
    if (used) snprintf(out + used, size - used, "%s", end);
    return GW_OK;
}
