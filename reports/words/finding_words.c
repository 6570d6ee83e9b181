/* The run in plain words, from summary.json's "finding": what a reader asks first, in that order. */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "metric_words.h"
#include "sentences.h"

static bool is(const json_value *object, const char *key, const char *id) {
    return strcmp(json_string(json_get(object, key), ""), id) == 0;
}

struct words {
    char *out;
    size_t size, used;
};
static void say(struct words *to, const char *format, ...) GW_PRINTF_LIKE(2, 3);
static void say(struct words *to, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int n = vsnprintf(to->out + to->used, to->size - to->used, format, list);
    va_end(list);
    if (n > 0) to->used += (size_t)n < to->size - to->used ? (size_t)n : to->size - to->used - 1;
}

enum { P_WORDS_MAX = 24 };
/* Near the level a decimal less would hide on which side of it a p lies: 0.0504 is not 0.050. */
static int p_decimals(double p) {
    const double percent = round(1000 * p) / 10;
    if (p >= 0.105) return 2;
    return fabs(percent - round(percent)) < 1e-6 && fabs(100 * p - percent) > 1e-9 ? 4 : 3;
}
static const char *p_words(double p, char out[P_WORDS_MAX]) {
    if (isnan(p))
        snprintf(out, P_WORDS_MAX, "p unknown");
    else if (p < 0.001)
        snprintf(out, P_WORDS_MAX, "p < 0.001");
    else
        snprintf(out, P_WORDS_MAX, "p %.*f", p_decimals(p), p);
    return out;
}

/* "Yes.", "No." to the question whether attention is better; without attention to whether there is anything at all. */
static void answer(struct words *to, const json_value *null, const json_value *attention) {
    if (is(attention, "state", "not_asked"))
        say(to, "%s", is(null, "state", "nothing") ? "No. " : "");
    else if (is(attention, "state", "better"))
        say(to, is(null, "state", "nothing") ? "No. " : "Yes. ");
    else if (is(attention, "state", "mixed"))
        say(to, "Mixed. ");
    else if (is(attention, "state", "not_measured"))
        say(to, "Nothing can be said. ");
    else
        say(to, "No. ");
}

static int null_words(struct run_view *run, struct words *to, const json_value *null) {
    const double asked = member_number(null, "asked"), found = member_number(null, "found");
    const char *strategy = member_text(run, null, "strategy"), *gate = member_text(run, null, "gate");
    char p[P_WORDS_MAX];
    if (!strategy || !gate) return GW_ERR_NOMEM;
    p_words(member_number(null, "p_holm"), p);
    if (is(null, "state", "nothing"))
        say(to,
            "There is nothing to be found: labels shifted in time, which no score can know, are ranked as well "
            "(least of %.0f, corrected: %s). ",
            asked, p);
    else if (is(null, "state", "something"))
        say(to,
            "There is something to find: %.0f of %.0f gates rank better than labels shifted in time, surest %.64s %.8s "
            "(average precision %.3f, by chance %.3f; %s, corrected). ",
            found, asked, strategy, gate, member_number(null, "observed"), member_number(null, "null_mean"), p);
    return GW_OK;
}

/* "bahdanau long P@1 %, p 0.012": the difference that a statement rests on, and the p of just that. */
static int surest_words(struct run_view *run, struct words *to, const json_value *one) {
    const char *candidate = member_text(run, one, "candidate"), *gate = member_text(run, one, "gate");
    char p[P_WORDS_MAX];
    if (!candidate || !gate) return GW_ERR_NOMEM;
    const struct metric_words words = metric_words(json_string(json_get(one, "metric"), ""));
    say(to, "%.64s %.8s %s, %s", candidate, gate, words.spoken, p_words(member_number(one, "p_holm"), p));
    return GW_OK;
}

/* Whose differences these are, and how they are corrected. */
static int difference_words(struct run_view *run, struct words *to, const json_value *a, const char *baseline) {
    const double n = member_number(a, "comparisons");
    char p[P_WORDS_MAX];
    if (is(a, "state", "better") || is(a, "state", "worse")) {
        const bool better = is(a, "state", "better");
        say(to, "Attention is %s than %.64s (surest: ", better ? "better" : "worse", baseline);
        TRY(surest_words(run, to, json_get(a, better ? "surest_better" : "surest_worse")));
    } else if (is(a, "state", "mixed")) {
        say(to, "Attention is better than %.64s in some ways and worse in others (surest better: ", baseline);
        TRY(surest_words(run, to, json_get(a, "surest_better")));
        say(to, "; surest worse: ");
        TRY(surest_words(run, to, json_get(a, "surest_worse")));
    } else {
        say(to, "Attention is not shown to be better or worse than %.64s (", baseline);
        if (member_number(a, "as_null") > 0) {
            say(to, "corrected for %.0f comparisons)", n);
            return GW_OK;
        }
        say(to, "least of its differences: %s", p_words(member_number(json_get(a, "surest"), "p_holm"), p));
    }
    say(to, ", corrected for %.0f comparisons)", n);
    return GW_OK;
}

/* A difference of scores that know nothing is none of skill, however sure it is. */
static int as_null_words(struct run_view *run, struct words *to, const json_value *a) {
    const double n = member_number(a, "as_null");
    const json_value *one = json_get(a, "surest_as_null");
    char p[P_WORDS_MAX];
    if (!(n > 0)) return GW_OK;
    say(to, "; %.0f difference%s for the better (surest: ", n, n > 1 ? "s" : "");
    TRY(surest_words(run, to, one));
    say(to, ") do%s not count, as the scores are no better than labels shifted in time (%s)", n > 1 ? "" : "es",
        p_words(member_number(one, "null_p"), p));
    return GW_OK;
}

static int simpler_words(struct run_view *run, struct words *to, const json_value *a) {
    const char *control = member_text(run, a, "control");
    char p[P_WORDS_MAX];
    if (!control) return GW_ERR_NOMEM;
    p_words(member_number(a, "control_p_holm"), p);
    if (is(a, "simpler_gate", "as_good") && !is(a, "state", "worse"))
        say(to, "; %.64s, without attention, does as well (least of their differences: %s)", control, p);
    else if (is(a, "simpler_gate", "better"))
        say(to, "; %.64s, without attention, does better (%s)", control, p);
    return GW_OK;
}

static int attention_words(struct run_view *run, struct words *to, const json_value *a) {
    const char *baseline = member_text(run, a, "baseline");
    if (!baseline) return GW_ERR_NOMEM;
    if (is(a, "state", "not_asked")) return GW_OK;
    if (is(a, "state", "not_measured")) {
        say(to, "Attention cannot be compared with %.64s: there are too few bars or positives. ", baseline);
        return GW_OK;
    }
    TRY(difference_words(run, to, a, baseline));
    TRY(as_null_words(run, to, a));
    TRY(simpler_words(run, to, a));
    say(to, ". ");
    return GW_OK;
}

static void percent(char out[24], double fraction) {
    snprintf(out, 24, fabs(fraction) < 0.1 ? "%+.2f %%" : "%+.1f %%", 100 * fraction);
}

static int traded_words(struct run_view *run, struct words *to, const json_value *t) {
    const char *strategy = member_text(run, t, "strategy");
    char gain[24], market[24], sd[24] = "";
    const double seeds = member_number(t, "seeds"), spread = member_number(t, "sd");
    if (!strategy) return GW_ERR_NOMEM;
    percent(gain, member_number(t, "total_return"));
    percent(market, member_number(t, "market_return"));
    if (isfinite(spread)) snprintf(sd, sizeof sd, " ±%.1f", 100 * spread);
    if (is(t, "state", "nothing_traded"))
        say(to, "Nothing was traded. ");
    else if (is(t, "state", "lost"))
        say(to, "Nothing traded made money after costs (best: %.64s %s%s; the market %s). ", strategy, gain, sd,
            market);
    else
        say(to, "After costs %.64s made %s%s in %.0f of %.0f seed%s, %s the market's %s. ", strategy, gain, sd,
            member_number(t, "seeds_gained"), seeds, seeds > 1 ? "s" : "",
            is(t, "state", "beat_market") ? "more than" : "less than", market);
    if (isfinite(member_number(t, "random_p")))
        say(to, "As many trades at random moments do as well in %.0f %% of cases. ",
            100 * member_number(t, "random_p"));
    return GW_OK;
}

/* How sure: seeds, trials, and what the best is worth as the best of them. */
static void sure_words(const struct run_view *run, struct words *to) {
    const json_value *here = json_get(run->root, "selection"), *all = json_get(run->process, "selection");
    const double on_data = member_number(all, "trials_on_data"), trials = member_number(here, "trials_here");
    const double deflated = member_number(isfinite(on_data) ? all : here, "deflated_sharpe");
    const double counted = isfinite(on_data) ? on_data : trials;
    const json_value *traded = json_get(json_get(run->root, "finding"), "traded");
    if (!isfinite(counted)) return;
    say(to, "That rests on %zu seed%s and %.0f trial%s on these data", run->n_seeds, run->n_seeds == 1 ? "" : "s",
        counted, counted > 1 ? "s" : "");
    if (isfinite(deflated) && (is(traded, "state", "gained") || is(traded, "state", "beat_market")))
        say(to, "; the best Sharpe is more than the luck of so many with probability %.2f", deflated);
    say(to, ". ");
}

static int next_words(struct run_view *run, struct words *to, const json_value *one) {
    const char *strategy = member_text(run, one, "strategy"), *gate = member_text(run, one, "gate");
    if (!strategy || !gate) return GW_ERR_NOMEM;
    if (is(one, "id", "no_positives"))
        say(to, "the %.8s gate has no positive at all (a lower min_move)", gate);
    else if (is(one, "id", "more_nulls"))
        say(to, "verdict.null_resamples %.0f, as %.0f cannot tell so many gates from luck",
            member_number(one, "needed"), member_number(one, "resamples"));
    else if (is(one, "id", "more_seeds"))
        say(to, "more seeds, one cannot be told from luck");
    else if (is(one, "id", "more_epochs"))
        say(to, "more epochs, %.0f contestant%s perhaps cut short", member_number(one, "strategies"),
            member_number(one, "strategies") > 1 ? "s were" : " was");
    else if (is(one, "id", "coverage"))
        say(to, "%.64s acted on %.1f %% of bars (%.8s) where %.3g %% was asked, so thresholds drift: %s", strategy,
            100 * member_number(one, "got"), gate, 100 * member_number(one, "asked"),
            json_bool(json_get(one, "rolling"), false) ? "a shorter signals.rolling_bars"
                                                       : "signals.threshold rolling");
    else if (is(one, "id", "few_bars"))
        say(to, "the best %g %% of a fold are %.0f bar%s: a larger K or longer test slices", member_number(one, "k"),
            member_number(one, "bars"), member_number(one, "bars") > 1 ? "s" : "");
    else if (is(one, "id", "more_data"))
        say(to, "more data, P@1 %% is known to ±%.0f points and %.0f would take about %.0f times the bars",
            100 * member_number(one, "half_width"), 100 * member_number(one, "need"),
            member_number(one, "times_the_bars"));
    return GW_OK;
}

int finding_words(struct run_view *run, char *out, size_t size) {
    const json_value *finding = json_get(run->root, "finding"), *next = json_get(finding, "next");
    struct words to = {out, size, 0};
    out[0] = '\0';
    if (json_kind(finding) != JSON_OBJECT) return GW_OK;
    const json_value *null = json_get(finding, "null"), *attention = json_get(finding, "attention");
    const bool nothing = is(null, "state", "nothing"); /* which is why, and comes first; else the answer does */
    answer(&to, null, attention);
    if (nothing) TRY(null_words(run, &to, null));
    TRY(attention_words(run, &to, attention));
    if (!nothing) TRY(null_words(run, &to, null));
    TRY(traded_words(run, &to, json_get(finding, "traded")));
    sure_words(run, &to);
    for (size_t i = 0; json_kind(next) == JSON_ARRAY && i < json_size(next); i++) {
        say(&to, i ? "; " : "What would help: ");
        TRY(next_words(run, &to, json_at(next, i)));
    }
    if (json_size(next) > 0) say(&to, ".");
    while (to.used && out[to.used - 1] == ' ') out[--to.used] = '\0';
    text_clean(out);
    return GW_OK;
}
