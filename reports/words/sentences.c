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

enum { OUTCOME_MAX = 900 };

/* Who is better at what. */
static int outcome_words(struct run_view *run, const json_value *verdict, char out[OUTCOME_MAX]) {
    const json_value *conclusion = json_get(verdict, "conclusion");
    const char *a = member_text(run, verdict, "candidate"), *b = member_text(run, verdict, "baseline");
    const char *state = json_string(json_get(conclusion, "state"), "");
    char better[300], worse[300], level[40] = "", test[120];
    if (!a || !b) return GW_ERR_NOMEM;
    TRY(list_differences(run, json_get(conclusion, "better"), better));
    TRY(list_differences(run, json_get(conclusion, "worse"), worse));
    if (isfinite(run->confidence)) snprintf(level, sizeof level, " at %g %%", run->confidence * 100);
    snprintf(test, sizeof test, "(%s%sintervals, not corrected for the %.0f comparisons)",
             level[0] ? level + strlen(" at ") : "", level[0] ? " " : "", member_number(conclusion, "comparisons"));
    if (strcmp(state, "better") == 0)
        snprintf(out, OUTCOME_MAX, "%.64s is significantly better than %.64s at %s %s.", a, b, better, test);
    else if (strcmp(state, "worse") == 0)
        snprintf(out, OUTCOME_MAX, "%.64s is significantly WORSE than %.64s at %s %s.", a, b, worse, test);
    else if (strcmp(state, "mixed") == 0)
        snprintf(out, OUTCOME_MAX, "Mixed: %.64s is significantly better than %.64s at %s, but worse at %s.", a, b,
                 better, worse);
    else if (strcmp(state, "no_difference") == 0)
        snprintf(out, OUTCOME_MAX, "No difference between %.64s and %.64s is significant%s.", a, b, level);
    else
        snprintf(out, OUTCOME_MAX,
                 "No difference between %.64s and %.64s has an interval: there are too few bars or positives.", a, b);
    return GW_OK;
}

/* How many criteria that is; beside a difference for the worse it says how that can be. */
static int count_words(struct run_view *run, const json_value *verdict, char out[160]) {
    const json_value *worse = json_get(json_get(verdict, "conclusion"), "worse");
    struct criterion_list list;
    TRY(criteria_read(run, verdict, &list));
    size_t n = 0, n_passed = 0, n_by_one = 0, n_unmeasured = 0;
    for (size_t i = 0; i < list.n; i++) {
        if (!list.at[i].of_results) continue;
        bool passed = list.at[i].state >= CRITERION_PASS;
        n += list.at[i].state != CRITERION_UNMEASURED;
        n_unmeasured += list.at[i].state == CRITERION_UNMEASURED;
        n_passed += passed;
        n_by_one += passed && list.at[i].one_gate_is_enough;
    }
    out[0] = '\0';
    if (n)
        snprintf(out, 160, " On point estimates%s it meets %zu of the %zu %scriteria on results.",
                 n_by_one && json_size(worse) > 0 ? ", where one gate is enough," : "", n_passed, n,
                 n_unmeasured ? "measured " : "");
    return GW_OK;
}

static const char *simpler_words(const json_value *verdict) {
    const char *state = json_string(json_get(json_get(verdict, "conclusion"), "simpler_gate"), "");
    if (strcmp(state, "behind") == 0) return "";
    if (strcmp(state, "as_good") == 0) return ": the simpler one does as well";
    return strcmp(state, "better") == 0 ? ": the simpler one does better" : NULL;
}

int conclusion_words(struct run_view *run, const json_value *verdict, char out[CONCLUSION_MAX]) {
    char outcome[OUTCOME_MAX], count[160];
    out[0] = '\0';
    if (json_kind(json_get(verdict, "conclusion")) != JSON_OBJECT) return GW_OK;
    TRY(outcome_words(run, verdict, outcome));
    TRY(count_words(run, verdict, count));
    const char *simpler = simpler_words(verdict);
    snprintf(out, CONCLUSION_MAX, "%s%s%s%s%s%s", outcome, count,
             run->n_seeds == 1 ? " One seed only: repeat with --seeds 3 or more before believing it." : "",
             simpler ? " They have the highest P@1 % of the gates with and without attention" : "",
             simpler ? simpler : "", simpler ? "." : "");
    text_clean(out); /* a long name may be cut within a character */
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
