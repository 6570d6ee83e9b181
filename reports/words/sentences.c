#include "sentences.h"
#include "engine/base/base.h"

#include <math.h>
#include <string.h>

#include "criteria.h"
#include "metric_words.h"

const char *interval_words(const struct run_view *run, char words[32]) {
    if (isfinite(run->confidence))
        snprintf(words, 32, "%g %% interval", 100 * run->confidence);
    else
        strcpy(words, "interval");
    return words;
}

static const char *text_of(const json_value *object, const char *key) { return json_string(json_get(object, key), ""); }
static bool says(const json_value *object, const char *key, const char *id) {
    return strcmp(text_of(object, key), id) == 0;
}

/* ---- the conclusion on a pair ------------------------------------------------------------------------------- */

/* "long P@1 %, short PR-AUC" of the significant differences. */
static int list_differences(struct run_view *run, const json_value *list, char out[300]) {
    out[0] = '\0';
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const char *gate = member_text(run, json_at(list, i), "gate");
        if (!gate) return GW_ERR_NOMEM;
        struct metric_words words = metric_words(json_string(json_get(json_at(list, i), "metric"), ""));
        size_t used = strlen(out);
        snprintf(out + used, 300 - used, "%s%.16s %s", used ? ", " : "", gate, words.spoken);
    }
    return GW_OK;
}

enum { OUTCOME_MAX = 1000 };

/* Who is better at what. */
static int outcome_words(struct run_view *run, const json_value *verdict, char out[OUTCOME_MAX]) {
    const json_value *conclusion = json_get(verdict, "conclusion");
    const char *a = member_text(run, verdict, "candidate"), *b = member_text(run, verdict, "baseline");
    const char *state = json_string(json_get(conclusion, "state"), "");
    char better[300], worse[300], level[40] = "", test[120];
    const double n = member_number(conclusion, "comparisons");
    if (!a || !b) return GW_ERR_NOMEM;
    TRY(list_differences(run, json_get(conclusion, "better"), better));
    TRY(list_differences(run, json_get(conclusion, "worse"), worse));
    if (isfinite(run->confidence)) snprintf(level, sizeof level, "at %g %%", run->confidence * 100);
    if (isfinite(n))
        snprintf(test, sizeof test, " (%s%scorrected for all %.0f comparisons)", level, level[0] ? ", " : "", n);
    else
        snprintf(test, sizeof test, "%s", "");
    if (strcmp(state, "better") == 0)
        snprintf(out, OUTCOME_MAX, "%.64s is significantly better than %.64s at %s%s.", a, b, better, test);
    else if (strcmp(state, "worse") == 0)
        snprintf(out, OUTCOME_MAX, "%.64s is significantly WORSE than %.64s at %s%s.", a, b, worse, test);
    else if (strcmp(state, "mixed") == 0)
        snprintf(out, OUTCOME_MAX, "Mixed: %.64s is significantly better than %.64s at %s, but worse at %s%s.", a, b,
                 better, worse, test);
    else if (strcmp(state, "no_difference") == 0)
        snprintf(out, OUTCOME_MAX, "No difference between %.64s and %.64s is significant%s.", a, b, test);
    else
        snprintf(out, OUTCOME_MAX,
                 "No difference between %.64s and %.64s has an interval: there are too few bars or positives.", a, b);
    return GW_OK;
}

/* "PnL@1 % (long), PR-AUC (both gates)" of the criteria on results that pass. */
static int list_passes(struct run_view *run, const json_value *verdict, char out[300], size_t n[2]) {
    struct criterion_list list;
    const json_value *rows = json_get(verdict, "criteria");
    TRY(criteria_read(run, verdict, &list));
    out[0] = '\0';
    n[0] = n[1] = 0;
    for (size_t i = 0; i < list.n; i++) {
        const struct criterion_view *view = &list.at[i];
        if (!view->of_results || view->state == CRITERION_UNMEASURED) continue;
        n[1]++;
        if (view->state < CRITERION_PASS) continue;
        n[0]++;
        const size_t used = strlen(out);
        const struct metric_words words = metric_words(json_string(json_get(json_at(rows, i), "metric"), ""));
        snprintf(out + used, 300 - used, "%s%s%s%s%s", used ? ", " : "", words.spoken, view->gates[0] ? " (" : "",
                 view->gates, view->gates[0] ? ")" : "");
    }
    return GW_OK;
}

/* How many criteria that is, and by which gates: a pass may stand beside a difference for the worse. */
static int count_words(struct run_view *run, const json_value *verdict, char out[500]) {
    char passes[300];
    size_t n[2];
    TRY(list_passes(run, verdict, passes, n));
    out[0] = '\0';
    if (n[1])
        snprintf(out, 500, " On point estimates it meets %zu of %zu criteria on results%s%s.", n[0], n[1],
                 n[0] ? ": " : "", passes);
    return GW_OK;
}

static const char *simpler_words(const json_value *verdict) {
    const char *state = json_string(json_get(json_get(verdict, "conclusion"), "simpler_gate"), "");
    if (strcmp(state, "behind") == 0) return "";
    if (strcmp(state, "as_good") == 0) return ": the simpler one does as well";
    return strcmp(state, "better") == 0 ? ": the simpler one does better" : NULL;
}

/* Trials of other runs on the same data count as well, where they are on record. */
static void record_words(const struct run_view *run, const json_value *verdict, char out[200]) {
    const json_value *conclusion = json_get(verdict, "conclusion"), *on_data = json_get(run->process, "selection"),
                     *rest = json_get(on_data, "still_significant");
    const double trials = member_number(on_data, "trials_on_data"), here = member_number(on_data, "trials_here");
    out[0] = '\0';
    if (json_size(json_get(conclusion, "better")) + json_size(json_get(conclusion, "worse")) == 0) return;
    if (!(trials > here) || json_kind(rest) != JSON_ARRAY) return;
    size_t n = 0;
    for (size_t i = 0; i < json_size(rest); i++)
        n += says(json_at(rest, i), "candidate", text_of(verdict, "candidate")) &&
             says(json_at(rest, i), "baseline", text_of(verdict, "baseline"));
    if (n)
        snprintf(out, 200, " Counting all %.0f trials on record for these data, %zu of that remain%s.", trials, n,
                 n == 1 ? "s" : "");
    else
        snprintf(out, 200, " Counting all %.0f trials on record for these data, none of that remains significant.",
                 trials);
}

int conclusion_words(struct run_view *run, const json_value *verdict, char out[CONCLUSION_MAX]) {
    char outcome[OUTCOME_MAX], count[500], record[200];
    out[0] = '\0';
    if (json_kind(json_get(verdict, "conclusion")) != JSON_OBJECT) return GW_OK;
    TRY(outcome_words(run, verdict, outcome));
    TRY(count_words(run, verdict, count));
    record_words(run, verdict, record);
    const char *simpler = simpler_words(verdict);
    snprintf(out, CONCLUSION_MAX, "%s%s%s%s%s%s%s", outcome, record, count,
             run->n_seeds == 1 ? " One seed only: repeat with --seeds 3 or more before believing it." : "",
             simpler ? " They have the highest P@1 % of the gates with and without attention" : "",
             simpler ? simpler : "", simpler ? "." : "");
    text_clean(out); /* a long name may be cut within a character */
    return GW_OK;
}

int log_loss_words(const json_value *verdict, char *out, size_t size) {
    const json_value *gates = json_get(verdict, "log_loss");
    size_t used = 0;
    out[0] = '\0';
    for (int g = 0; g < N_GATES_SHOWN; g++) {
        const json_value *gate = json_get(gates, gate_word[g]);
        double delta = member_number(gate, "delta"), p = member_number(gate, "p_value");
        if (!isfinite(delta) || !isfinite(p)) continue;
        int n = snprintf(out + used, size - used, "%s%s %+.4f (p %s%.3f)",
                         used ? ", " : "Log loss, less is better: ", gate_word[g], delta, p < 0.001 ? "< " : "",
                         fmax(p, 0.001));
        used += (size_t)n < size - used ? (size_t)n : 0;
    }
    if (used) snprintf(out + used, size - used, "; Diebold-Mariano test.");
    return GW_OK;
}

/* ---- on the whole run --------------------------------------------------------------------------------------- */

int selection_words(struct run_view *run, char *out, size_t size) {
    const json_value *selection = json_get(run->root, "selection"), *on_data = json_get(run->process, "selection");
    double trials = member_number(selection, "trials_here"), searched = member_number(selection, "searched"),
           all = member_number(on_data, "trials_on_data");
    const json_value *judged =
        isfinite(all) ? on_data : selection; /* with the trials of other runs, where they are known */
    double deflated = member_number(judged, "deflated_sharpe"),
           overfitting = member_number(judged, "overfitting_probability");
    char more[64] = "", half[120] = "", recorded[80] = "";
    out[0] = '\0';
    if (json_kind(selection) != JSON_OBJECT || !isfinite(trials) || !isfinite(deflated)) return GW_OK;
    const char *best = member_text(run, selection, "best");
    if (!best) return GW_ERR_NOMEM;
    if (searched > 0) snprintf(more, sizeof more, ", %.0f of them tried on validation only", searched);
    if (isfinite(overfitting))
        snprintf(half, sizeof half,
                 "; the best of one half of the time is below the median in the other with probability %.2f",
                 overfitting);
    if (isfinite(all)) snprintf(recorded, sizeof recorded, "; on record for these data: %.0f", all);
    snprintf(
        out, size,
        "Selection: %.64s has the best Sharpe of %.0f trials (strategies over their seeds%s)%s. Its deflated Sharpe, "
        "the probability that it is more than the best of as many unskilled trials%s that differ as much as these, "
        "is %.3f%s.",
        best, trials, more, recorded, isfinite(all) ? " as are on record" : "", deflated, half);
    text_clean(out);
    return GW_OK;
}

int family_words(struct run_view *run, char *out, size_t size) {
    const json_value *family = json_get(run->root, "family"), *best = json_get(family, "best");
    double p = member_number(best, "p_value"), n = member_number(family, "comparisons");
    out[0] = '\0';
    if (!isfinite(p) || !isfinite(n)) return GW_OK;
    const char *candidate = member_text(run, best, "candidate"), *gate = member_text(run, best, "gate");
    if (!candidate || !gate) return GW_ERR_NOMEM;
    const struct metric_words words = metric_words(json_string(json_get(best, "metric"), ""));
    snprintf(
        out, size,
        "Best of all: of %.0f differences to the baseline %.64s at %.16s %s stands out most; the best of as many that "
        "are no better would stand out as much with probability %.3f (Hansen's test).",
        n, candidate, gate, words.spoken, p);
    text_clean(out);
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
    text_clean(out);
    return GW_OK;
}
