/* The training loop itself in float64: the same code as in float32 walks the same way to within rounding. */
#define GW_REAL_F64
#include "models/training/training.h"
#include "toy.h"

static void test_both_precisions_agree(void **state) {
    (void)state;
    static struct toy toy;
    for (size_t a = 0; gw_model_option_name("attention", a); a++) {
        struct gw_gate_model *narrow;
        struct R(gate) wide;
        struct gw_training_log narrow_log, wide_log;
        static float p[TOY_VALIDATION * GW_N_GATES];
        static double z[TOY_VALIDATION * GW_N_GATES];
        toy_build(&toy);
        toy.training.epochs = 2;
        toy.training.learning_rate = 2e-3;
        model_set(&toy.model, "attention", gw_model_option_name("attention", a));
        toy_fit(&toy, &narrow, &narrow_log);
        assert_ok(R(gw_model_fit)(&toy.model, &toy.training, &toy.input, &toy.options, NULL, &wide, &wide_log));
        for (size_t e = 0; e < 2; e++) {
            assert_near(narrow_log.epoch[e].train_loss, wide_log.epoch[e].train_loss, 1e-4, 0);
            assert_near(narrow_log.epoch[e].validation_loss, wide_log.epoch[e].validation_loss, 1e-4, 0);
        }
        toy_scores(&toy, narrow, p);
        assert_ok(R(gate_logits)(&wide, &toy.series, toy.validation, TOY_VALIDATION, z, NULL));
        for (size_t i = 0; i < TOY_VALIDATION * GW_N_GATES; i++)
            assert_near((double)p[i], 1 / (1 + exp(-z[i])), 2e-3, .05);
        gw_training_log_free(&narrow_log);
        gw_training_log_free(&wide_log);
        R(gate_free)(&wide);
        gw_model_free(narrow);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_precisions_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
