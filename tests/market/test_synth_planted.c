/* The planted market keeps what is promised of it: how often, how much it foretells, and where its evidence lies. */
#include "synth_market.h"

/* Counts over one market for one gate. */
struct tally {
    double labelled, positive;      /* bars with a label, positive ones */
    double real, real_positive;     /* predictable bars of the gate's side */
    double marks, marks_positive;   /* all marks of the side */
    double decoys, decoys_positive; /* marks of the side that are not predictable */
    double other, other_positive;   /* predictable bars of the other side */
};

static void tally_market(const struct gw_bars *bars, const struct gw_synth_truth *truth, int gate,
                         struct tally *tally) {
    struct gw_labels labels;
    int8_t side = gate == GW_GATE_LONG ? 1 : -1;
    assert_ok(gw_labels_build(bars, &LABELS, &labels));
    for (size_t i = 0; i < bars->n; i++) {
        if (labels.gate[gate][i] == GW_LABEL_MISSING) continue;
        tally->labelled++;
        tally->positive += labels.gate[gate][i];
    }
    for (size_t i = 0; i < truth->n; i++) {
        const struct gw_synth_event *event = &truth->event[i];
        int8_t label = labels.gate[gate][event->bar];
        if (label == GW_LABEL_MISSING) continue;
        if (event->side != side) {
            tally->other += event->motif;
            tally->other_positive += event->motif && label;
            continue;
        }
        tally->marks++;
        tally->marks_positive += label;
        *(event->motif ? &tally->real : &tally->decoys) += 1;
        *(event->motif ? &tally->real_positive : &tally->decoys_positive) += label;
    }
    gw_labels_free(&labels);
}

static void planted_keeps_its_contract(void **state) {
    (void)state;
    enum { N = 60000, SEEDS = 4 };
    static const struct {
        const char *difficulty;
        double marks_share, mark_least, mark_most; /* marks per bar and side; P(label | mark) */
    } cases[] = {{"easy", 0.01, 0.92, 0.98}, {"default", 0.02, 0.45, 0.55}, {"hard", 0.04, 0.25, 0.36}};
    for (size_t c = 0; c < COUNT_OF(cases); c++)
        for (int gate = 0; gate < GW_N_GATES; gate++) {
            struct tally all = {0};
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct gw_synth_options options = {
                    .kind = "planted", .difficulty = cases[c].difficulty, .n_bars = N, .seed = seed};
                struct gw_bars bars;
                struct gw_synth_truth truth;
                struct tally one = {0};
                assert_ok(gw_synth_generate(&options, &bars, &truth));
                tally_market(&bars, &truth, gate, &one);
                /* Each market alone is near enough to be used alone. */
                assert_in_range((int)(1e4 * one.positive / one.labelled), 800, 1200);
                assert_in_range((int)(1e4 * one.real / N), 85, 115);
                assert_in_range((int)(1e3 * one.real_positive / one.real), 900, 990);
                tally_market(&bars, &truth, gate, &all);
                gw_bars_free(&bars);
                gw_synth_truth_free(&truth);
            }
            double prevalence = all.positive / all.labelled, real = all.real_positive / all.real;
            double mark = all.marks_positive / all.marks;
            print_message(
                "%s %s: prevalence %.4f, predictable %.2f %%, P(label | predictable) %.3f, P(label | mark) %.3f, "
                "P(label | decoy) %.3f\n",
                cases[c].difficulty, gw_gate_name[gate], prevalence, 100 * all.real / (SEEDS * N), real, mark,
                all.decoys ? all.decoys_positive / all.decoys : 0);
            assert_near(prevalence, 0.10, 0.1, 0);
            assert_near(all.real / (SEEDS * N), 0.01, 0.05, 0);
            assert_near(real, 0.95, 0.03, 0);
            assert_near(all.marks / (SEEDS * N), cases[c].marks_share, 0.05, 0);
            assert_true(mark >= cases[c].mark_least && mark <= cases[c].mark_most);
            /* After a decoy the label comes at the base rate; and never on the other side of a real mark. */
            if (all.decoys > 0) assert_true(all.decoys_positive / all.decoys < 0.12);
            assert_true(all.other_positive / all.other < 0.10);
        }
}

/* The motif must be there to be found: the matched filter over the window before a mark tells real marks from
 * decoys; and a mark must stick out by its volume. */
static double motif_evidence(const struct gw_bars *bars, size_t bar, int side, size_t lag_max) {
    double best = -1e9;
    for (size_t lag = 5; lag <= lag_max && bar > lag + 6; lag++) {
        double sum = 0;
        for (size_t k = 0; k < 6; k++) {
            const struct gw_bar *b = &bars->bar[bar - lag - 5 + k];
            sum += (k % 3 == 0 ? 2 : -1) * side * log(b->close / b->open);
        }
        if (sum > best) best = sum;
    }
    return best;
}

static void motifs_and_marks_can_be_seen(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "planted", .n_bars = 60000, .seed = 21};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    double right = 0, loud = 0;
    size_t n_real = 0, last_bar = 0;
    for (size_t i = 0; i < truth.n; i++) {
        const struct gw_synth_event *event = &truth.event[i];
        right += (motif_evidence(&bars, event->bar, event->side, 40) > 0.019) == event->motif;
        loud += bars.bar[event->bar].volume > 250;
        assert_true(event->trigger == 1);
        assert_true(event->motif ? event->lag >= 5 && event->lag <= 40 : event->lag == 0);
        assert_true(i == 0 || event->bar > last_bar);
        last_bar = event->bar;
        n_real += event->motif;
    }
    print_message("matched filter right on %.3f of the marks, volume sticks out on %.3f\n", right / (double)truth.n,
                  loud / (double)truth.n);
    assert_true(right / (double)truth.n > 0.9);
    assert_true(loud / (double)truth.n > 0.98);
    assert_near((double)n_real / (double)truth.n, 0.5, 0.05, 0);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
}

/* The same of evidence in 4h bars, which stands there and nowhere within a day of the mark: three loud ones, of which the
 * weakest step counts. */
static double evidence_4h(const struct gw_bars *hours, int64_t close_ns, int side, size_t least, size_t most) {
    double best = -1e9;
    size_t end = 0;
    while (end < hours->n && gw_bar_close_ns(hours, end) <= close_ns) end++;
    for (size_t lag = least; lag <= most && lag + 3 <= end; lag++) {
        double weakest = 1;
        for (size_t k = 0; k < 3; k++) {
            const struct gw_bar *b = &hours->bar[end - lag - 3 + k];
            weakest = fmin(weakest, b->volume < 2800 ? -1 : (k == 0 ? 0.5 : -1) * side * log(b->close / b->open));
        }
        if (weakest > best) best = weakest;
    }
    return best;
}

static void evidence_of_a_longer_interval(void **state) {
    (void)state;
    double marks = 0, right = 0, near_right = 0, followed = 0, real = 0, decoys = 0, decoys_positive = 0, positive = 0;
    double labelled = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct gw_synth_options options = {.kind = "planted", .evidence = "4h", .n_bars = 60000, .seed = seed};
        struct gw_bars bars, hours;
        struct gw_synth_truth truth;
        struct gw_labels labels;
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        assert_ok(gw_labels_build(&bars, &LABELS, &labels));
        assert_ok(gw_bars_resample(&bars, 4 * NS_PER_HOUR, &hours));
        for (size_t t = 0; t + 24 < bars.n; t++, labelled++) positive += labels.gate[GW_GATE_LONG][t];
        for (size_t i = 0; i < truth.n; i++) {
            const struct gw_synth_event *event = &truth.event[i];
            const int64_t now_ns = gw_bar_close_ns(&bars, event->bar);
            if (event->bar < 1000 || event->bar + 24 >= bars.n) continue;
            const int label = labels.gate[event->side > 0 ? GW_GATE_LONG : GW_GATE_SHORT][event->bar];
            marks++;
            assert_true(event->motif ? event->lag >= 112 && event->lag <= 624 : event->lag == 0);
            right += (evidence_4h(&hours, now_ns, event->side, 7, 39) > 0.001) == event->motif;
            near_right += (evidence_4h(&hours, now_ns, event->side, 0, 3) > 0.001) == event->motif;
            *(event->motif ? &real : &decoys) += 1;
            *(event->motif ? &followed : &decoys_positive) += label;
        }
        gw_labels_free(&labels);
        gw_bars_free(&hours);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
    print_message("4h: prevalence %.3f, P(label | armed) %.3f, P(label | decoy) %.3f of %.0f and %.0f marks; matched "
                  "filter right on "
                  "%.3f of them, within a day on %.3f\n",
                  positive / labelled, followed / real, decoys_positive / decoys, real, decoys, right / marks,
                  near_right / marks);
    assert_near(positive / labelled, 0.10, 0.12, 0);
    assert_near(followed / real, 0.95, 0.03, 0);
    assert_true(decoys_positive / decoys < 0.12);
    assert_near(real / marks, 0.48, 0.08, 0);
    assert_true(right / marks > 0.85);
    assert_true(near_right / marks < 0.6);
}

/* Bars from..to-1 with a wick against the side, such as a stretch is made of. */
static size_t dips(const struct gw_bars *bars, size_t from, size_t to, int side) {
    size_t n = 0;
    for (size_t t = from; t < to; t++) {
        const struct gw_bar *b = &bars->bar[t];
        n += side > 0 ? log(fmin(b->open, b->close) / b->low) > 0.003 : log(b->high / fmax(b->open, b->close)) > 0.003;
    }
    return n;
}

/* Of runs of marks: how many, how many armed, of how many the stretch is seen 500 to 1,500 bars back, or something like it
 * nearer, and of how many the run of the side before was of the same kind. */
struct far_tally {
    double runs, armed, right, near[2], before, as_before, labels[2], marks[2], spread[2];
};

static void tally_far(const struct gw_bars *bars, const struct gw_synth_truth *truth, struct far_tally *far) {
    const struct gw_synth_event *last[2] = {NULL};
    struct gw_labels labels;
    assert_ok(gw_labels_build(bars, &LABELS, &labels));
    for (size_t i = 0; i < truth->n; i++) {
        const struct gw_synth_event *event = &truth->event[i], **before = &last[event->side > 0];
        const size_t t = event->bar;
        if (t < 1600 || t + 24 >= bars->n) continue;
        far->marks[event->motif]++;
        far->labels[event->motif] += labels.gate[event->side > 0 ? GW_GATE_LONG : GW_GATE_SHORT][t];
        assert_true(event->motif ? event->lag >= 500 && event->lag <= 1500 : event->lag == 0);
        if (*before && t - (*before)->bar < 15) continue;
        far->runs++;
        far->armed += event->motif;
        if (event->motif) far->spread[event->lag > 900]++;
        far->right += (dips(bars, t - 1500, t - 500, event->side) > 30) == event->motif;
        far->near[event->motif] += dips(bars, t - 500, t, event->side) > 30;
        if (*before) {
            assert_true(t - (*before)->bar >= 512); /* its last bar, its move and 500 more */
            far->before++;
            far->as_before += (*before)->motif == event->motif;
        }
        *before = event;
    }
    gw_labels_free(&labels);
}

static void evidence_far_back(void **state) {
    (void)state;
    struct far_tally far = {0};
    double positive = 0, labelled = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct gw_synth_options options = {.kind = "planted", .evidence = "500..1500", .n_bars = 200000, .seed = seed};
        struct gw_bars bars;
        struct gw_synth_truth truth;
        struct gw_labels labels;
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        assert_ok(gw_labels_build(&bars, &LABELS, &labels));
        for (size_t t = 0; t + 24 < bars.n; t++, labelled += 2)
            positive += labels.gate[GW_GATE_LONG][t] + labels.gate[GW_GATE_SHORT][t];
        tally_far(&bars, &truth, &far);
        gw_labels_free(&labels);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
    const double decoys = far.runs - far.armed;
    print_message(
        "500..1500: prevalence %.3f; %.0f runs, %.3f armed; P(label | armed) %.3f, P(label | decoy) %.3f; a stretch "
        "500 to 1,500 bars back tells %.3f of them, within 500 bars one stands before %.3f of the armed and %.3f "
        "of the decoys; %.3f are what the run before was\n",
        positive / labelled, far.runs, far.armed / far.runs, far.labels[1] / far.marks[1], far.labels[0] / far.marks[0],
        far.right / far.runs, far.near[1] / far.armed, far.near[0] / decoys, far.as_before / far.before);
    assert_near(positive / labelled, 0.10, 0.1, 0);
    assert_near((far.marks[0] + far.marks[1]) / (3 * 200000), 0.04, 0.05, 0);
    assert_near(far.armed / far.runs, 0.5, 0.05, 0);
    assert_near(far.labels[1] / far.marks[1], 0.93, 0.03, 0);
    assert_true(far.labels[0] / far.marks[0] < 0.10);
    assert_true(far.spread[0] > 0.3 * far.armed && far.spread[1] > 0.3 * far.armed);
    /* Who sees 1,500 bars knows, who sees 500 does not. */
    assert_true(far.right / far.runs > 0.9);
    assert_true(far.near[1] / far.armed < 0.02 && far.near[0] / decoys < 0.02);
    assert_near(far.as_before / far.before, 0.5, 0.12, 0);
}

/* "Predict a label wherever the motif was seen" must not work: bars after a motif without a mark. */
static void a_motif_alone_means_little(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "planted", .n_bars = 60000, .seed = 22};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct gw_labels labels;
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    assert_ok(gw_labels_build(&bars, &LABELS, &labels));
    uint8_t *marked = mem_calloc(bars.n, 1);
    assert_non_null(marked);
    for (size_t i = 0; i < truth.n; i++) marked[truth.event[i].bar] = 1;
    double seen = 0, positive = 0;
    for (size_t i = 100; i + 24 < bars.n; i++) {
        if (marked[i] || marked[i - 1] || motif_evidence(&bars, i, 1, 40) < 0.019) continue;
        seen++;
        positive += labels.gate[GW_GATE_LONG][i];
    }
    print_message("P(label | motif, no mark) %.3f on %.0f bars\n", positive / seen, seen);
    assert_true(seen > 5000);
    assert_true(positive / seen < 0.16);
    mem_free(marked);
    gw_labels_free(&labels);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
}

static void truth_is_written_as_csv(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "planted", .n_bars = 5000, .seed = 1};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct table table;
    char time[40];
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    assert_ok(gw_synth_truth_write(&bars, &truth, scratch("truth.csv")));
    assert_ok(table_read(scratch("truth.csv"), &table));
    const char *const names[] = {"time", "bar", "trigger", "motif", "side", "lag"};
    assert_int_equal(table.n_rows, truth.n);
    assert_int_equal(table.n_columns, 6);
    for (size_t c = 0; c < 6; c++) assert_string_equal(table.header[c], names[c]);
    for (size_t i = 0; i < truth.n; i++) {
        const struct gw_synth_event *event = &truth.event[i];
        assert_string_equal(table.cell[6 * i], time_format(bars.bar[event->bar].open_ns, time));
        assert_true(table_number(&table, i, 1) == (double)event->bar && table_number(&table, i, 2) == event->trigger);
        assert_true(table_number(&table, i, 3) == event->motif && table_number(&table, i, 4) == event->side);
        assert_true(table_number(&table, i, 5) == event->lag);
    }
    table_free(&table);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_keeps_its_contract),    cmocka_unit_test(motifs_and_marks_can_be_seen),
        cmocka_unit_test(evidence_of_a_longer_interval), cmocka_unit_test(evidence_far_back),
        cmocka_unit_test(a_motif_alone_means_little),    cmocka_unit_test(truth_is_written_as_csv),
    };
    return cmocka_run_group_tests_name("synth", tests, scratch_make, scratch_remove);
}
