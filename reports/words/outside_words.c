/* What a reader must know of some contestants: whose scores come from outside, and what is known of the model that made them; whose
 * isolated trades end by the label. */
#include <math.h>
#include <string.h>

#include "sentences.h"

static const char *fold_words(const json_value *facts) {
    const char *state = json_string(json_get(facts, "out_of_fold"), "");
    if (strcmp(state, "by_fold") == 0) return "out of fold by the column fold";
    if (strcmp(state, "by_trained_until") == 0) return "out of fold by the column trained_until";
    if (strcmp(state, "by_both") == 0) return "out of fold by the columns fold and trained_until";
    return "not stated whether out of fold";
}

/* "thresholds as given", "thresholds from validation, in 2 of 5 folds rolling for want of validation scores". */
static void threshold_words(const json_value *facts, char out[160]) {
    const json_value *folds = json_get(facts, "threshold_folds");
    double given = member_number(folds, "given"), validation = member_number(folds, "validation"),
           rolling = member_number(folds, "rolling");
    if (given > 0 && validation + rolling == 0)
        snprintf(out, 160, "; thresholds as given");
    else if (given > 0)
        snprintf(out, 160, "; thresholds as given in %.0f of %.0f folds", given, given + validation + rolling);
    else if (rolling > 0)
        snprintf(out, 160, "; thresholds rolling in %.0f of %.0f folds, whose validation slices are not scored",
                 rolling, validation + rolling);
    else
        snprintf(out, 160, "; thresholds from the validation slices");
}

static const char *scale_words(const json_value *facts) {
    const json_value *probabilities = json_get(facts, "probabilities");
    bool gates[N_GATES_SHOWN];
    for (int g = 0; g < N_GATES_SHOWN; g++) gates[g] = json_bool(json_get(probabilities, gate_word[g]), true);
    if (gates[GW_GATE_LONG] && gates[GW_GATE_SHORT]) return "";
    if (!gates[GW_GATE_LONG] && !gates[GW_GATE_SHORT])
        return "; a ranking and no probabilities, so without calibration";
    return gates[GW_GATE_LONG] ? "; the short gate is a ranking and no probability, so without calibration"
                               : "; the long gate is a ranking and no probability, so without calibration";
}

void outside_words(const struct run_view *run, size_t strategy, char *out, size_t size) {
    const json_value *facts = run->strategy[strategy].outside;
    char thresholds[160], missing[80] = "", unmatched[120] = "";
    out[0] = '\0';
    if (!facts) return;
    double lost = member_number(facts, "test_missing"), no_bar = member_number(facts, "no_bar_rows");
    threshold_words(facts, thresholds);
    if (lost > 0) snprintf(missing, sizeof missing, " (on the other %.0f it never acts)", lost);
    if (no_bar > 0) snprintf(unmatched, sizeof unmatched, "; %.0f rows at no bar's time", no_bar);
    snprintf(out, size, "%.64s: scores from outside for %.0f of %.0f test bars%s%s; %s%s%s%s.",
             run->strategy[strategy].label, member_number(facts, "test_scored"), member_number(facts, "test_bars"),
             missing, unmatched, fold_words(facts), thresholds, scale_words(facts),
             json_bool(json_get(facts, "perhaps_shifted"), false)
                 ? "; its times fit the bars better with open and close exchanged"
                 : "");
    text_clean(out);
}

/* "", " (long)", " (short)": of which gates. */
static bool by_label(const struct strategy_view *s, const char **which) {
    bool found[N_GATES_SHOWN], all = true, any = false;
    for (int g = 0; g < N_GATES_SHOWN; g++) {
        found[g] = s->gate[g] && strcmp(json_string(json_get(s->gate[g], "isolated_exits"), ""), "label") == 0;
        all &= found[g];
        any |= found[g];
    }
    *which = all ? "" : found[GW_GATE_LONG] ? " (long)" : " (short)";
    return any;
}

void isolated_words(const struct run_view *run, char *out, size_t size) {
    size_t used = 0;
    const char *which;
    out[0] = '\0';
    for (size_t i = 0; i < run->n_strategies; i++) {
        if (!by_label(&run->strategy[i], &which)) continue;
        const int wrote =
            snprintf(out + used, size - used, "%s%.64s%s",
                     used ? ", " : "PnL@K ends trades by the label's bracket and horizon, not by exits of their own: ",
                     run->strategy[i].label, which);
        if (wrote < 0 || (size_t)wrote + 2 > size - used) { /* those named so far are enough */
            out[used] = '\0';
            break;
        }
        used += (size_t)wrote;
    }
    if (used) snprintf(out + used, size - used, ".");
    text_clean(out);
}
