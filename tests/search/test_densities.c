/* What searchers draw from, against implementations that are not ours: points, densities, Gaussian processes. */
#include "search_fixture.h"

#include "engine/search/gp.h"
#include "engine/search/sobol.h"
#include "engine/search/tpe.h"

/* ---- densities and points ------------------------------------------------------------------------------------------ */

static void test_sobol_is_scipys(void **state) {
    (void)state;
    struct table t;
    assert_ok(table_read("tests/golden/search_sobol.csv", &t));
    assert_int_equal(t.n_columns, SPACE_MAX);
    for (size_t i = 0; i < t.n_rows; i++)
        for (size_t d = 0; d < t.n_columns; d++)
            assert_int_equal(sobol_bits(d, (uint32_t)i) >> 26, atoi(t.cell[i * t.n_columns + d]));
    table_free(&t);
}

/* Scrambled, every power of two of its points still has one in each of as many equal parts, in every dimension; and in two
 * dimensions one in each of 4 × 4 squares of the first 16 where the unscrambled has. */
static void test_scrambled_points_fill_the_space(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (size_t d = 0; d < SPACE_MAX; d++) {
            bool hit[64] = {false};
            for (uint32_t i = 0; i < 64; i++) {
                const uint32_t part = sobol_scrambled(d, i, seed) >> 26;
                assert_false(hit[part]);
                hit[part] = true;
            }
        }
    bool square[4][4] = {{false}};
    for (uint32_t i = 0; i < 16; i++) square[sobol_scrambled(0, i, 9) >> 30][sobol_scrambled(1, i, 9) >> 30] = true;
    for (int i = 0; i < 16; i++) assert_true(square[i / 4][i % 4]);
    assert_true(sobol_scrambled(3, 5, 1) != sobol_scrambled(3, 5, 2));
}

static void test_densities_are_scipys(void **state) {
    (void)state;
    struct table t;
    assert_ok(table_read("tests/golden/search_parzen.csv", &t));
    for (size_t row = 0; row < t.n_rows; row++) {
        double seen[200], at = number(&t, row, "at");
        size_t n = (size_t)number(&t, row, "n"), k = 0;
        struct parzen p;
        for (const char *text = cell(&t, row, "seen"); k < n; k++) seen[k] = strtod(text, (char **)&text);
        assert_ok(parzen_make(seen, n, &p));
        const double density = number(&t, row, "density"), mass = number(&t, row, "mass");
        if (fabs(parzen_density(&p, at) - density) > 1e-9 * density ||
            fabs(parzen_mass(&p, at, fmin(at + 0.125, 1)) - mass) > 1e-9 * mass)
            fail_msg("row %zu: %.12g and %.12g, not %.12g and %.12g", row, parzen_density(&p, at),
                     parzen_mass(&p, at, fmin(at + 0.125, 1)), density, mass);
        parzen_free(&p);
    }
    table_free(&t);
}

/* Two numbers, a choice, a number for one of its values alone, a whole number of ten. */
static struct space mixed_space(void) {
    struct space space = {.n = 5};
    for (size_t d = 0; d < 5; d++)
        space.dim[d] = (struct dimension){.kind = SPACE_FLOAT, .low = -1, .high = 1, .parent = SIZE_MAX};
    space.dim[2].kind = SPACE_CHOICE;
    space.dim[2].n_choices = 3;
    space.dim[3].parent = 2;
    space.dim[3].when[1] = true;
    space.dim[4] = (struct dimension){.kind = SPACE_INT, .low = 1, .high = 10, .parent = SIZE_MAX};
    return space;
}

enum { JOINT_MOST = 50 };
static void read_point(const char **text, struct point *out) {
    *out = (struct point){0};
    for (size_t d = 0; d < 5; d++) out->u[d] = strtod(*text, (char **)text);
}

static void test_joint_densities_are_scipys(void **state) {
    (void)state;
    static struct evaluation known[JOINT_MOST];
    const struct space space = mixed_space();
    struct table t;
    assert_ok(table_read("tests/golden/search_joint.csv", &t));
    assert_int_equal(t.n_rows, 32);
    for (size_t row = 0; row < t.n_rows; row++) {
        const struct search_view view = {.space = &space, .evaluation = known};
        const size_t n = (size_t)number(&t, row, "n");
        size_t index[JOINT_MOST];
        struct point at;
        const char *text = cell(&t, row, "trials");
        assert_true(n <= JOINT_MOST);
        for (size_t i = 0; i < n; i++) {
            index[i] = n - 1 - i; /* best first is not their order */
            read_point(&text, &known[n - 1 - i].point);
        }
        text = cell(&t, row, "at");
        read_point(&text, &at);
        const struct tpe_known k = {.view = &view, .index = index, .n = n, .n_good = (size_t)number(&t, row, "good")};
        const double good = joint_density(&k, true, &at), other = joint_density(&k, false, &at),
                     want_good = number(&t, row, "density_good"), want_other = number(&t, row, "density_other");
        if (fabs(good - want_good) > 1e-9 * want_good || fabs(other - want_other) > 1e-9 * want_other)
            fail_msg("row %zu: %.12g and %.12g, not %.12g and %.12g", row, good, other, want_good, want_other);
    }
    table_free(&t);
}

/* Importance sampling: the mean of 1 / density over what is drawn is the size of the space, choices and levels counted; so it is
 * for the parts with each choice. */
static void test_joint_draws_have_the_density(void **state) {
    (void)state;
    enum { DRAWS = 60000 };
    const struct space space = mixed_space();
    struct evaluation known[3] = {{.point.u = {0.1, 0.9, 0.2, NAN, 0.55}},
                                  {.point.u = {0.4, 0.7, 0.5, 0.3, 0.05}},
                                  {.point.u = {0.5, 0.5, 0.9, NAN, 0.95}}};
    const struct search_view view = {.space = &space, .evaluation = known};
    size_t index[3] = {1, 0, 2};
    const struct tpe_known k = {.view = &view, .index = index, .n = 3, .n_good = 2};
    struct gw_rng rng;
    double size[3] = {0};
    gw_rng_key(&rng, 3, "test joint draws", 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        struct point at;
        joint_draw(&k, &rng, &at);
        const size_t choice = dimension_choice(&space.dim[2], at.u[2]);
        assert_true(isnan(at.u[3]) == (choice != 1));
        size[choice] += 1 / joint_density(&k, true, &at) / DRAWS;
    }
    for (size_t c = 0; c < 3; c++)
        if (fabs(size[c] - 10) > 0.5) fail_msg("choice %zu has a size of %g, not 10", c, size[c]);
}

/* What is drawn has that density: shares of eighths over many draws. */
static void test_draws_have_the_density(void **state) {
    (void)state;
    enum { DRAWS = 40000 };
    const double seen[] = {0.02, 0.31, 0.33, 0.9};
    struct gw_rng rng;
    struct parzen p;
    double share[8] = {0};
    gw_rng_key(&rng, 3, "test draws", 0, 0, 0);
    assert_ok(parzen_make(seen, COUNT_OF(seen), &p));
    for (int i = 0; i < DRAWS; i++) share[(size_t)(8 * parzen_draw(&p, &rng))] += 1.0 / DRAWS;
    for (int i = 0; i < 8; i++) {
        const double want = parzen_mass(&p, i / 8.0, (i + 1) / 8.0);
        assert_true(fabs(share[i] - want) < 5 * sqrt(want / DRAWS));
    }
    parzen_free(&p);
}

/* ---- Gaussian processes ---------------------------------------------------------------------------------------------- */

enum { GP_KEYS = 4, GP_MOST = 60 };
static const bool gp_choice[GP_KEYS] = {false, false, true, false};

static void take_numbers(const char *text, double *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = strtod(text, (char **)&text);
}

static void read_process(const struct table *t, size_t row, struct gp *gp) {
    const size_t n = (size_t)number(t, row, "n");
    double x[GP_MOST * GP_KEYS], y[GP_MOST];
    assert_true(n <= GP_MOST);
    take_numbers(cell(t, row, "x"), x, n * GP_KEYS);
    take_numbers(cell(t, row, "y"), y, n);
    assert_ok(gp_make(n, GP_KEYS, gp_choice, gp));
    for (size_t i = 0; i < n; i++) gp_add(gp, x + i * GP_KEYS, y[i]);
}

static void assert_close(double value, double want, double tolerance, const char *what, size_t row) {
    if (!(fabs(value - want) <= tolerance)) fail_msg("row %zu: %s %.12g, not %.12g", row, what, value, want);
}

static void test_processes_are_sklearns(void **state) {
    (void)state;
    struct table t;
    assert_ok(table_read("tests/golden/search_gp.csv", &t));
    assert_int_equal(t.n_rows, 24);
    for (size_t row = 0; row < t.n_rows; row++) {
        struct gp gp;
        struct gp_scales scales;
        double at[GP_KEYS], value[6], want[6], scratch[GP_MOST * GP_MOST], mean, variance, slope[GP_KEYS + 2];
        read_process(&t, row, &gp);
        take_numbers(cell(&t, row, "scales"), value, 6);
        take_numbers(cell(&t, row, "at"), at, GP_KEYS);
        take_numbers(cell(&t, row, "gradient"), want, 6);
        memcpy(scales.length, value, GP_KEYS * sizeof *value);
        scales.signal = value[4];
        scales.noise = value[5];
        assert_true(gp_settle(&gp, &scales));
        gp_predict(&gp, at, scratch, &mean, &variance);
        assert_close(mean, number(&t, row, "mean"), 1e-8 * fabs(number(&t, row, "mean")), "mean", row);
        assert_close(variance, number(&t, row, "variance"), 1e-8 * number(&t, row, "variance"), "variance", row);
        const double likelihood = number(&t, row, "likelihood");
        assert_close(gp_log_likelihood(&gp, slope, scratch), likelihood, 1e-8 * fabs(likelihood), "likelihood", row);
        assert_true(gp_log_likelihood(&gp, NULL, NULL) == gp_log_likelihood(&gp, slope, scratch));
        for (size_t i = 0; i < 6; i++) assert_close(slope[i], want[i], 1e-8 * (1 + fabs(want[i])), "slope", row);
        gp_free(&gp);
    }
    table_free(&t);
}

/* Results that are no numbers say nothing, and end nothing. */
static void test_what_no_process_fits(void **state) {
    (void)state;
    const double x[2][GP_KEYS] = {{0.1, 0.2, 0, 0.3}, {0.4, 0.5, 1, 0.6}};
    struct gp gp;
    bool known = true;
    assert_ok(gp_make(2, GP_KEYS, gp_choice, &gp));
    gp_add(&gp, x[0], NAN);
    gp_add(&gp, x[1], 1);
    assert_ok(gp_learn(&gp, &known));
    assert_false(known);
    gp_free(&gp);
}

/* The top that other starts and another climber find. */
static void test_scales_are_the_likeliest(void **state) {
    (void)state;
    struct table t;
    assert_ok(table_read("tests/golden/search_gp_scales.csv", &t));
    assert_int_equal(t.n_rows, 3);
    for (size_t row = 0; row < t.n_rows; row++) {
        struct gp gp;
        bool known;
        double want[6];
        read_process(&t, row, &gp);
        take_numbers(cell(&t, row, "scales"), want, 6);
        assert_ok(gp_learn(&gp, &known));
        assert_true(known);
        double loss = -gp_log_likelihood(&gp, NULL, NULL);
        for (size_t i = 0; i < 6; i++) {
            const double at = log(i < GP_KEYS ? gp.at.length[i] : i == GP_KEYS ? gp.at.signal : gp.at.noise);
            const double z = i < GP_KEYS ? at + 0.5 : i == GP_KEYS ? at : (at + 4.6) / 1.5;
            assert_close(at, want[i], 5e-3, "scale", row);
            loss += 0.5 * z * z;
        }
        assert_close(loss, number(&t, row, "loss"), 1e-5, "loss", row);
        gp_free(&gp);
    }
    table_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sobol_is_scipys),
        cmocka_unit_test(test_scrambled_points_fill_the_space),
        cmocka_unit_test(test_densities_are_scipys),
        cmocka_unit_test(test_joint_densities_are_scipys),
        cmocka_unit_test(test_joint_draws_have_the_density),
        cmocka_unit_test(test_draws_have_the_density),
        cmocka_unit_test(test_processes_are_sklearns),
        cmocka_unit_test(test_what_no_process_fits),
        cmocka_unit_test(test_scales_are_the_likeliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
