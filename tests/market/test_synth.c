/* Synthetic markets keep the promises made of them: seeds, bars, volatility, and what is planted. */
#include "engine/base/base.h"
#include "test.h"

#include <stdlib.h>

#include "base/scratch.h"
#include "gatewalk/labels.h"
#include "gatewalk/synth.h"

static const struct gw_label_config LABELS = {.horizon = 24, .ratio = 2, .min_move = 0.01, .atr_length = 14};

/* ---- all kinds -------------------------------------------------------------------------------- */

static void every_kind_makes_valid_bars(void **state) {
    (void)state;
    assert_int_equal(gw_synth_kind_count(), 4);
    for (size_t k = 0; k < gw_synth_kind_count(); k++) {
        struct gw_synth_options options = {.kind = gw_synth_kind_name(k), .n_bars = 20000, .seed = 3};
        struct gw_bars bars;
        assert_ok(gw_synth_generate(&options, &bars, NULL));
        assert_true(strlen(gw_synth_kind_help(k)) > 10);
        assert_int_equal(bars.n, 20000);
        assert_int_equal(bars.interval_ns, 15 * NS_PER_MINUTE);
        assert_true(name_is_safe(bars.symbol));
        for (size_t i = 0; i < bars.n; i++) {
            const struct gw_bar *b = &bars.bar[i];
            assert_true(b->low > 0 && b->low <= fmin(b->open, b->close) && b->high >= fmax(b->open, b->close));
            assert_true(b->volume > 0 && isfinite(b->high));
            assert_int_equal(b->open_ns, time_from_civil(2020, 1, 1) + (int64_t)i * bars.interval_ns);
            assert_true(i == 0 || b->open == bars.bar[i - 1].close);
        }
        gw_bars_free(&bars);
    }
}

static void a_seed_names_the_bytes(void **state) {
    (void)state;
    for (size_t k = 0; k < gw_synth_kind_count(); k++) {
        struct gw_synth_options options = {.kind = gw_synth_kind_name(k), .n_bars = 3000, .seed = 9};
        struct gw_bars a, b, c;
        struct gw_synth_truth truth_a, truth_b;
        assert_ok(gw_synth_generate(&options, &a, &truth_a));
        assert_ok(gw_synth_generate(&options, &b, &truth_b));
        options.seed++;
        assert_ok(gw_synth_generate(&options, &c, NULL));
        assert_memory_equal(a.bar, b.bar, a.n * sizeof *a.bar);
        assert_true(a.fingerprint == b.fingerprint && a.fingerprint != c.fingerprint);
        assert_int_equal(truth_a.n, truth_b.n);
        for (size_t i = 0; i < truth_a.n; i++)
            assert_true(truth_a.event[i].bar == truth_b.event[i].bar && truth_a.event[i].lag == truth_b.event[i].lag);
        gw_bars_free(&a);
        gw_bars_free(&b);
        gw_bars_free(&c);
        gw_synth_truth_free(&truth_a);
        gw_synth_truth_free(&truth_b);
    }
}

static void odd_sizes_and_wrong_options(void **state) {
    (void)state;
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct gw_synth_options options = {.kind = "planted"};
    static const char *const difficulties[] = {"easy", "default", "hard"};
    for (size_t d = 0; d < 3; d++)
        for (options.n_bars = 1; options.n_bars < 120; options.n_bars++) {
            options.difficulty = difficulties[d];
            assert_ok(gw_synth_generate(&options, &bars, &truth));
            for (size_t i = 0; i < truth.n; i++) assert_true(truth.event[i].bar < options.n_bars);
            gw_bars_free(&bars);
            gw_synth_truth_free(&truth);
        }
    options.n_bars = 0;
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "0 bars");
    options = (struct gw_synth_options){.kind = "plantd", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE,
                 "unknown synthetic market \"plantd\"; did you mean \"planted\"?");
    options = (struct gw_synth_options){.difficulty = "brutal", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "easy, default and hard");
    options = (struct gw_synth_options){.kind = "planted", .difficulty = "esy", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "\"esy\"; did you mean \"easy\"?");
    options = (struct gw_synth_options){.evidence = "1h", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "there are markets with evidence in 4h bars");
    options = (struct gw_synth_options){.evidence = "4h", .difficulty = "hard", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "has one only");
    options = (struct gw_synth_options){.kind = "garch", .evidence = "4h", .n_bars = 10};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "not in \"garch\"");
    options = (struct gw_synth_options){.kind = "garch", .n_bars = 10, .tail_df = 2};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "more than 2");
    options = (struct gw_synth_options){.kind = "random-walk", .n_bars = 10, .volatility = 0.5};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "volatility");
}

/* ---- walks -------------------------------------------------------------------------------------- */

struct moments {
    double mean, sd, kurtosis, lag1, lag1_of_squares;
};

static struct moments return_moments(const struct gw_bars *bars) {
    struct moments m = {0};
    size_t n = bars->n;
    double *r = mem_calloc(n, sizeof *r), m2 = 0, m4 = 0, c1 = 0, s1 = 0, s2 = 0;
    assert_non_null(r);
    for (size_t i = 0; i < n; i++) m.mean += (r[i] = log(bars->bar[i].close / bars->bar[i].open)) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] - m.mean;
        m2 += d * d;
        m4 += d * d * d * d;
        if (i) c1 += d * (r[i - 1] - m.mean);
    }
    m.sd = sqrt(m2 / (double)n);
    m.kurtosis = m4 / (double)n / (m.sd * m.sd * m.sd * m.sd);
    m.lag1 = c1 / m2;
    for (size_t i = 0; i < n; i++) {
        double d = r[i] * r[i] - m.sd * m.sd;
        s2 += d * d;
        if (i) s1 += d * (r[i - 1] * r[i - 1] - m.sd * m.sd);
    }
    m.lag1_of_squares = s1 / s2;
    mem_free(r);
    return m;
}

static void random_walk_is_gaussian_and_independent(void **state) {
    (void)state;
    const double volatility[] = {0, 0.001};
    for (size_t v = 0; v < 2; v++) {
        struct gw_synth_options options = {
            .kind = "random-walk", .n_bars = 100000, .seed = 5, .volatility = volatility[v]};
        struct gw_bars bars;
        assert_ok(gw_synth_generate(&options, &bars, NULL));
        struct moments m = return_moments(&bars);
        assert_near(m.sd, v ? 0.001 : 0.002, 0.01, 0);
        assert_near(m.kurtosis, 3, 0.03, 0);
        assert_true(fabs(m.lag1) < 0.01 && fabs(m.lag1_of_squares) < 0.01);
        gw_bars_free(&bars);
    }
}

static void garch_clusters_and_has_fat_tails(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "garch", .n_bars = 200000, .seed = 5};
    struct gw_bars bars;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    struct moments student = return_moments(&bars);
    gw_bars_free(&bars);
    options.tail_df = INFINITY;
    assert_ok(gw_synth_generate(&options, &bars, NULL));
    struct moments normal = return_moments(&bars);
    gw_bars_free(&bars);
    assert_near(student.sd, 0.002, 0.1, 0);
    assert_near(normal.sd, 0.002, 0.05, 0);
    assert_true(fabs(student.lag1) < 0.03 && fabs(normal.lag1) < 0.02);
    assert_true(normal.lag1_of_squares > 0.08 && student.lag1_of_squares > 0.05);
    /* For normal innovations kurtosis is 3(1-(a+b)²)/(1-(a+b)²-2a²) = 4.43; Student's t adds to it. */
    assert_near(normal.kurtosis, 4.43, 0.1, 0);
    assert_true(student.kurtosis > 6);
}

/* ---- planted -------------------------------------------------------------------------------------- */

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

/* ---- shapes --------------------------------------------------------------------------------------- */

/* Share of positives among the shape's last bar and the three behind it. */
static double share_positive(const struct gw_bars *bars, const struct gw_synth_truth *truth, const int8_t *label,
                             int side) {
    double n = 0, positive = 0;
    for (size_t i = 0; i < truth->n_shapes; i++)
        for (size_t lag = 0; truth->shape[i].side == side && lag < 4; lag++) {
            const size_t bar = truth->shape[i].bar + lag;
            if (bar >= bars->n || label[bar] == GW_LABEL_MISSING) continue;
            n++;
            positive += label[bar];
        }
    return positive / n;
}

static void shapes_keep_their_contract(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct gw_synth_options options = {.kind = "shapes", .n_bars = 60000, .seed = seed};
        struct gw_bars bars;
        struct gw_synth_truth truth;
        struct gw_labels labels;
        double side[2] = {0, 0}, kinds[20] = {0};
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        assert_ok(gw_labels_build(&bars, &LABELS, &labels));
        for (size_t i = 0; i < truth.n_shapes; i++) {
            const struct gw_synth_shape *shape = &truth.shape[i];
            assert_true(shape->kind < 20 && shape->bar < bars.n && shape->length <= shape->bar);
            assert_true(i == 0 || shape->bar >= truth.shape[i - 1].bar + shape->length + 15);
            assert_int_equal(shape->side, shape->kind % 4 == 0 ? 1 : shape->kind % 4 == 1 ? -1 : 0);
            assert_true(shape->length >= 38 && shape->length <= 46 && shape->amplitude <= 0.0079);
            kinds[shape->kind]++;
            if (shape->side) side[shape->side < 0]++;
        }
        for (size_t k = 0; k < 20; k++) assert_in_range((int)kinds[k], 20, 75);
        for (int gate = 0; gate < GW_N_GATES; gate++) {
            const int its = gate == GW_GATE_LONG ? 1 : -1;
            const double told = share_positive(&bars, &truth, labels.gate[gate], its);
            const double untold = share_positive(&bars, &truth, labels.gate[gate], 0);
            const double other = share_positive(&bars, &truth, labels.gate[gate], -its);
            print_message("seed %d %s: P(label | foretold) %.3f, after other shapes %.3f, %.3f; %.2f %% of the bars\n",
                          (int)seed, gw_gate_name[gate], told, untold, other, 400 * side[gate] / (double)bars.n);
            assert_true(told > 0.85 && told < 0.97 && untold < 0.05 && other < 0.05);
            assert_true(4 * side[gate] > 0.0105 * (double)bars.n); /* the top 1 % can be such bars */
        }
        gw_labels_free(&labels);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
}

enum { SHAPE_POINTS = 30 };

/* A shape's closes at evenly spaced places, about their mean and of length 1. */
static void course_of(const struct gw_bars *bars, const struct gw_synth_shape *shape, double out[SHAPE_POINTS]) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < SHAPE_POINTS; i++) {
        const size_t back = (size_t)round((double)shape->length * (double)(SHAPE_POINTS - 1 - i) / (SHAPE_POINTS - 1));
        mean += out[i] = log(bars->bar[shape->bar - back].close) / SHAPE_POINTS;
    }
    for (size_t i = 0; i < SHAPE_POINTS; i++) out[i] = out[i] * SHAPE_POINTS - mean, square += out[i] * out[i];
    for (size_t i = 0; i < SHAPE_POINTS; i++) out[i] /= sqrt(square);
}

/* Who knows where a shape stands can tell its kind: the mean course of its kind in the first half of the market. */
static double recognised(size_t n_kinds, double noise) {
    struct gw_synth_options options = {.kind = "shapes", .n_bars = 60000, .seed = 5, .kinds = n_kinds, .noise = noise};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    double(*mean)[SHAPE_POINTS] = calloc(n_kinds, sizeof *mean), course[SHAPE_POINTS], right = 0;
    assert_non_null(mean);
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    const size_t half = truth.n_shapes / 2;
    for (size_t i = 0; i < half; i++) {
        course_of(&bars, &truth.shape[i], course);
        for (size_t p = 0; p < SHAPE_POINTS; p++) mean[truth.shape[i].kind][p] += course[p];
    }
    for (size_t i = half; i < truth.n_shapes; i++) {
        double best = -INFINITY;
        size_t kind = 0;
        course_of(&bars, &truth.shape[i], course);
        for (size_t k = 0; k < n_kinds; k++) {
            double dot = 0, square = 0;
            for (size_t p = 0; p < SHAPE_POINTS; p++) dot += course[p] * mean[k][p], square += mean[k][p] * mean[k][p];
            if (dot / sqrt(square) > best) best = dot / sqrt(square), kind = k;
        }
        right += kind == truth.shape[i].kind;
    }
    right /= (double)(truth.n_shapes - half);
    print_message("%zu kinds, noise %g: recognised %.3f\n", n_kinds, noise, right);
    free(mean);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    return right;
}
static void shapes_can_be_told_apart(void **state) {
    (void)state;
    assert_true(recognised(20, 0) > 0.98);
    assert_true(recognised(6, 0.3) > 0.9);
    assert_true(recognised(20, 1) < 0.9); /* noise as large as the shape hides it */
}

static void shapes_are_written_as_csv(void **state) {
    (void)state;
    struct gw_synth_options options = {.kind = "shapes", .n_bars = 3000, .seed = 1};
    struct gw_bars bars;
    struct gw_synth_truth truth;
    struct table table;
    assert_ok(gw_synth_generate(&options, &bars, &truth));
    assert_ok(gw_synth_truth_write(&bars, &truth, scratch("shapes.csv")));
    assert_ok(table_read(scratch("shapes.csv"), &table));
    const char *const names[] = {"time", "bar", "kind", "length", "amplitude", "side", "followed"};
    assert_true(truth.n_shapes > 30 && table.n_rows == truth.n_shapes && truth.n == 0);
    for (size_t c = 0; c < 7; c++) assert_string_equal(table.header[c], names[c]);
    for (size_t i = 0; i < truth.n_shapes; i++) {
        const struct gw_synth_shape *shape = &truth.shape[i];
        assert_true(table_number(&table, i, 1) == (double)shape->bar && table_number(&table, i, 2) == shape->kind);
        assert_true(table_number(&table, i, 3) == shape->length && table_number(&table, i, 4) == shape->amplitude);
        assert_true(table_number(&table, i, 5) == shape->side && table_number(&table, i, 6) == shape->followed);
    }
    table_free(&table);
    gw_bars_free(&bars);
    gw_synth_truth_free(&truth);
    options.kinds = 1;
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "1 kinds of shapes: ask for 2 to 500");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .noise = 2};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "noise 2");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .stretch = 0.6};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "stretch 0.6");
    options = (struct gw_synth_options){.kind = "shapes", .n_bars = 100, .amplitude = -1};
    assert_fails(gw_synth_generate(&options, &bars, NULL), GW_ERR_USAGE, "amplitude -1");
    for (options = (struct gw_synth_options){.kind = "shapes"}; options.n_bars++ < 150;) {
        assert_ok(gw_synth_generate(&options, &bars, &truth));
        for (size_t i = 0; i < truth.n_shapes; i++) assert_true(truth.shape[i].bar < options.n_bars);
        gw_bars_free(&bars);
        gw_synth_truth_free(&truth);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_makes_valid_bars),      cmocka_unit_test(a_seed_names_the_bytes),
        cmocka_unit_test(odd_sizes_and_wrong_options),      cmocka_unit_test(random_walk_is_gaussian_and_independent),
        cmocka_unit_test(garch_clusters_and_has_fat_tails), cmocka_unit_test(planted_keeps_its_contract),
        cmocka_unit_test(motifs_and_marks_can_be_seen),     cmocka_unit_test(evidence_of_a_longer_interval),
        cmocka_unit_test(a_motif_alone_means_little),       cmocka_unit_test(truth_is_written_as_csv),
        cmocka_unit_test(shapes_keep_their_contract),       cmocka_unit_test(shapes_can_be_told_apart),
        cmocka_unit_test(shapes_are_written_as_csv),
    };
    return cmocka_run_group_tests_name("synth", tests, scratch_make, scratch_remove);
}
