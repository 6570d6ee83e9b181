/* Fuzz target: the files beside the bars: tables of further columns, funding as it was charged, finer bars, trials that a search
 * remembers. Packed as they may be, each goes to the reader that its first byte chooses. */
#ifndef GATEWALK_TEST_FUZZ_SIDE_H
#define GATEWALK_TEST_FUZZ_SIDE_H

#include <math.h>

#include "engine/search/search_private.h"
#include "engine/walk/walk.h"
#include "fuzz.h"
#include "gatewalk/run_files.h"
#include "gatewalk/synth.h"

static const char *const fuzz_side_words[] = {
    ",",
    "\n",
    "\"",
    "time,flow,known_at\n",
    "time,rate\n",
    "time,symbol,flow\n",
    "2020-01-02T00:00:00Z",
    "1577836800",
    "1577836800000",
    "9223372036854775807",
    "nan",
    "1e308",
    "-1",
    "0.0001",
    "{\"schema\":6,",
    "\"objectives\":[",
    "\"sum\":[",
    "\"state\":\"done\"",
    "\"bars\":1e300",
    "null",
    "\xFF",
    "\x1f\x8b",
    "PK\x03\x04",
};

enum fuzz_side_kind { FUZZ_KNOWN_AFTER, FUZZ_KNOWN_AT, FUZZ_FUNDING, FUZZ_DETAIL, FUZZ_TRIAL, N_FUZZ_SIDE };
static struct gw_bars fuzz_side_bars;
static struct experiment *fuzz_side_of[2]; /* one with funding, one with finer bars */
static struct search *fuzz_side_search;
static char fuzz_side_trial[100];

static struct experiment *fuzz_side_experiment(const char *more, const char *file) {
    char text[700];
    struct experiment *e;
    snprintf(text, sizeof text,
             "{\"name\":\"o\",\"data\":{\"file\":\"r.csv\",\"symbol\":\"R\",\"%s\":\"%s\"},\"features\":[\"range\"],"
             "\"labels\":{\"horizon\":4},\"folds\":{\"train\":80,\"validation\":40,\"test\":50},\"strategies\":["
             "\"buy_and_hold\"]}",
             more, file);
    fuzz_put(fuzz_path("o.json"), text, strlen(text));
    fuzz_put(fuzz_path(file), "", 0);
    if (experiment_load(fuzz_path("o.json"), NULL, &e) < 0) fuzz_die(gw_error_message());
    return e;
}

static const char fuzz_side_searched[] =
    "{\"name\":\"s\",\"experiment\":\"e.json\",\"search\":{\"strategy\":\"grid\",\"contestant\":\"none\","
    "\"objective\":[\"precision_at_1\",{\"min\":\"parameters\"}]},\"space\":{\"model.lookback\":{\"choice\":[2,4]}}}";
static const char fuzz_side_base[] = "{\"name\":\"e\",\"data\":\"r.csv\",\"folds\":{\"train\":90,\"validation\":30,"
                                     "\"test\":30},\"model\":{\"hidden\":4},"
                                     "\"strategies\":[{\"name\":\"none\",\"strategy\":\"gate\"}]}";

/* What a search that has done the trial would find, and its own bytes as a sound input. */
static struct fuzz_input fuzz_side_remembered(void) {
    struct evaluation v = {.state = EVALUATION_DONE, .key = "0123456789abcdef", .cost = {-.5, 100}};
    fuzz_put(fuzz_path("e.json"), fuzz_side_base, strlen(fuzz_side_base));
    fuzz_put(fuzz_path("search.json"), fuzz_side_searched, strlen(fuzz_side_searched));
    static char kept[400];
    snprintf(kept, sizeof kept, "%s", fuzz_path("search.json"));
    if (search_load(kept, NULL, &fuzz_side_search) < 0) fuzz_die(gw_error_message());
    v.returns.n_bars = 500;
    snprintf(fuzz_side_trial, sizeof fuzz_side_trial, GW_RUN_STAGES "/trials/%s.json", v.key);
    if (dir_make(fuzz_path(GW_RUN_STAGES "/trials")) < 0) fuzz_die(gw_error_message());
    if (trial_remember(fuzz_side_search, fuzz_dir, -1, &v) < 0) fuzz_die(gw_error_message());
    return fuzz_get(fuzz_path(fuzz_side_trial));
}

static struct fuzz_input fuzz_side_behind(char kind, const char *text, size_t n) {
    struct fuzz_input out = {malloc(n + 2), n + 1};
    if (!out.bytes) fuzz_die("memory");
    out.bytes[0] = kind;
    memcpy(out.bytes + 1, text, n);
    out.bytes[n + 1] = '\0';
    return out;
}

static size_t fuzz_side_setup(struct fuzz_input seed[MOST_SOUND]) {
    struct gw_synth_options synth = {.kind = "random-walk", .difficulty = "default", .n_bars = 260, .seed = 2};
    struct gw_synth_truth truth = {0};
    char after[4000], at[4000], funding[4000], detail[8000], time[40], known[40];
    size_t n[4];
    progress_quiet(true);
    if (gw_synth_generate(&synth, &fuzz_side_bars, &truth) < 0 ||
        gw_bars_write_csv(&fuzz_side_bars, fuzz_path("r.csv")) < 0)
        fuzz_die(gw_error_message());
    gw_synth_truth_free(&truth);
    fuzz_side_of[0] = fuzz_side_experiment("funding", "funding.csv");
    fuzz_side_of[1] = fuzz_side_experiment("detail", "detail.csv");
    n[0] = (size_t)sprintf(after, "time,flow,mood\n");
    n[1] = (size_t)sprintf(at, "time,known_at,symbol,flow\n");
    n[2] = (size_t)sprintf(funding, "time,rate\n");
    n[3] = (size_t)sprintf(detail, "time,open,high,low,close,volume\n");
    for (size_t t = 0; t < 60; t++) {
        const int64_t open_ns = fuzz_side_bars.bar[4 * t].open_ns;
        time_format(open_ns, time);
        time_format(open_ns + fuzz_side_bars.interval_ns, known);
        if (t < 40) n[0] += (size_t)sprintf(after + n[0], "%s,%zu,%s\n", time, t * 3, t % 5 ? "1.5" : "");
        if (t < 40) n[1] += (size_t)sprintf(at + n[1], "%s,%s,%s,%zu\n", time, known, t % 2 ? "S" : "T", t);
        if (t < 40) n[2] += (size_t)sprintf(funding + n[2], "%s,%g\n", time, t % 3 ? 1e-4 : -2e-4);
        time_format(fuzz_side_bars.bar[0].open_ns + (int64_t)t * fuzz_side_bars.interval_ns / 4, time);
        n[3] += (size_t)sprintf(detail + n[3], "%s,100,101,99,100.5,7\n", time);
    }
    seed[FUZZ_KNOWN_AFTER] = fuzz_side_behind('0', after, n[0]);
    seed[FUZZ_KNOWN_AT] = fuzz_side_behind('1', at, n[1]);
    seed[FUZZ_FUNDING] = fuzz_side_behind('2', funding, n[2]);
    seed[FUZZ_DETAIL] = fuzz_side_behind('3', detail, n[3]);
    struct fuzz_input trial = fuzz_side_remembered();
    seed[FUZZ_TRIAL] = fuzz_side_behind('4', trial.bytes, trial.n);
    free(trial.bytes);
    return N_FUZZ_SIDE;
}

/* A copy of the bars takes the columns, and no column has a value from the future of the table. */
static int fuzz_join(bool after, const char *bytes, size_t n, const char **complaint) {
    static const char *const asked[] = {"flow", "mood"};
    struct side_source source = {.stale_ns = after ? 0 : 3 * fuzz_side_bars.interval_ns};
    struct side_account account = {.n_rows = 0};
    struct gw_bars bars = {.interval_ns = fuzz_side_bars.interval_ns, .n = fuzz_side_bars.n};
    snprintf(source.file, sizeof source.file, "%s", fuzz_path("side.csv"));
    snprintf(source.known_after, sizeof source.known_after, "%s", after ? "1h" : "");
    snprintf(bars.symbol, sizeof bars.symbol, "S");
    fuzz_put(source.file, bytes, n);
    bars.bar = mem_calloc(bars.n, sizeof *bars.bar);
    if (!bars.bar) fuzz_die("memory");
    memcpy(bars.bar, fuzz_side_bars.bar, bars.n * sizeof *bars.bar);
    const int rc = side_file_join(&source, asked, after ? 2 : 1, true, &bars, &account);
    if (rc == GW_OK && (account.n_before > bars.n || account.n_stale > bars.n)) *complaint = "more bars than there are";
    for (size_t c = 0; rc == GW_OK && c < bars.n_columns; c++)
        for (size_t t = 0; t < bars.n; t++)
            if (isinf(bars.column[c].value[t])) *complaint = "an infinite value";
    gw_bars_free(&bars);
    return rc;
}

static int fuzz_beside(struct experiment *e, const char *file, const char *bytes, size_t n, const char **complaint) {
    struct prepared *p = NULL;
    fuzz_put(fuzz_path(file), bytes, n);
    const int rc = prepare(e, &p);
    if (rc == GW_OK && p->funding)
        for (size_t i = 0; i < p->funding[0].n; i++)
            if (!(fabs(p->funding[0].event[i].rate) < 1)) *complaint = "a rate that is none";
    if (rc == GW_OK) prepared_free(p);
    return rc;
}

static int fuzz_recall(const char *bytes, size_t n, const char **complaint) {
    struct evaluation v = {.key = "0123456789abcdef"};
    bool found;
    fuzz_put(fuzz_path(fuzz_side_trial), bytes, n);
    const int rc = trial_recall(fuzz_side_search, fuzz_dir, &v, &found);
    if (rc < 0) return rc;
    if (found && v.state != EVALUATION_DONE && v.state != EVALUATION_FAILED) *complaint = "a trial in no state";
    return GW_OK;
}

static const char *fuzz_side_check(const char *bytes, size_t n, struct fuzz_random *random) {
    const char *complaint = NULL;
    (void)random;
    if (n == 0) return NULL;
    const enum fuzz_side_kind kind = (enum fuzz_side_kind)((unsigned char)(bytes[0] - '0') % N_FUZZ_SIDE);
    bytes++, n--;
    int rc = GW_OK;
    if (kind <= FUZZ_KNOWN_AT) rc = fuzz_join(kind == FUZZ_KNOWN_AFTER, bytes, n, &complaint);
    if (kind == FUZZ_FUNDING) rc = fuzz_beside(fuzz_side_of[0], "funding.csv", bytes, n, &complaint);
    if (kind == FUZZ_DETAIL) rc = fuzz_beside(fuzz_side_of[1], "detail.csv", bytes, n, &complaint);
    if (kind == FUZZ_TRIAL) rc = fuzz_recall(bytes, n, &complaint);
    fuzz_accepted += rc == GW_OK;
    if (rc == GW_OK || complaint) return complaint;
    if (rc != GW_ERR_DATA && rc != GW_ERR_CONFIG) return "neither success nor ERR_DATA nor ERR_CONFIG";
    return fuzz_judge_message(rc);
}

static void fuzz_side_teardown(void) {
    gw_bars_free(&fuzz_side_bars);
    for (size_t i = 0; i < COUNT_OF(fuzz_side_of); i++) experiment_free(fuzz_side_of[i]);
    search_free(fuzz_side_search);
}

static const struct fuzz_target fuzz_side = {
    .name = "side",
    .setup = fuzz_side_setup,
    .check = fuzz_side_check,
    .teardown = fuzz_side_teardown,
    .words = fuzz_side_words,
    .n_words = COUNT_OF(fuzz_side_words),
    .slow_seconds = 5,
};

#endif
