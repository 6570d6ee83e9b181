/* A fit that ends early and goes on: the bytes of one that was never interrupted, whatever the network, the loss, the optimiser,
 * the precision and the number of threads; a file that is not its own costs epochs and changes nothing. */
#include "base/scratch.h"
#include "engine/base/base.h"
#include "models/api/gate_model.h"
#include "toy.h"

enum { EPOCHS = 8, KEYS_MAX = 4 };

static const struct kind {
    const char *model[2 * KEYS_MAX], *training[2 * KEYS_MAX]; /* key, value, … NULL */
} kinds[] = {
    {{NULL}, {"schedule", "cosine", "cycles", "2", NULL}},
    {{"attention", "bahdanau", NULL}, {"optimizer", "adamw", "schedule", "linear", "warmup_epochs", "3", NULL}},
    {{"unroll", "stream", NULL}, {"optimizer", "sgd", "segments", "4", NULL}},
    {{"encoder", "gru", NULL}, {"loss", "self_paced_hard", "self_paced_start", ".3", "self_paced_epochs", "5", NULL}},
    {{"attention", "luong_dot", NULL}, {"precision", "bf16", "accumulate", "3", NULL}},
    {{NULL}, {"precision", "fp16", "loss_scale", "16777216", "loss_scale_updates", "20", NULL}},
    {{"encoder", "logistic", NULL}, {"positive_fraction", ".5", "schedule", "constant", NULL}},
};

static void build(struct toy *toy, const struct kind *kind) {
    toy_build(toy);
    toy->training.epochs = EPOCHS;
    for (size_t i = 0; kind->model[i]; i += 2) model_set(&toy->model, kind->model[i], kind->model[i + 1]);
    for (size_t i = 0; kind->training[i]; i += 2) train_set(&toy->training, kind->training[i], kind->training[i + 1]);
    toy->options.checkpoint = NULL;
    toy->options.stop_after = 0;
}

static void count_epoch(void *context, const struct gw_epoch_record *record, size_t epochs, double rate) {
    (void)record;
    (void)rate;
    assert_int_equal(epochs, EPOCHS);
    ++*(size_t *)context;
}

/* Epochs that were trained for it. */
static size_t fit_part(struct toy *toy, size_t stop, bool last, int threads, struct gw_gate_model **model,
                       struct gw_training_log *log) {
    size_t trained = 0;
    toy->options.stop_after = stop;
    toy->options.checkpoint = scratch("fit.state");
    toy->options.checkpoint_key = "0123456789abcdef";
    toy->options.checkpoint_is_last = last;
    toy->options.on_epoch = count_epoch;
    toy->options.context = &trained;
    toy_fit_on(toy, &toy->options, threads, model, log);
    toy->options.on_epoch = NULL;
    return trained;
}

static void release(struct gw_gate_model *model, struct gw_training_log *log) {
    gw_training_log_free(log);
    gw_model_free(model);
}

static void assert_same_fit(const struct gw_gate_model *a, const struct gw_training_log *log_a,
                            const struct gw_gate_model *b, const struct gw_training_log *log_b) {
    assert_int_equal(log_a->n_epochs, log_b->n_epochs);
    assert_int_equal(log_a->best_epoch, log_b->best_epoch);
    assert_int_equal(log_a->windows, log_b->windows);
    for (size_t e = 0; e < log_a->n_epochs; e++) {
        const struct gw_epoch_record *x = &log_a->epoch[e], *y = &log_b->epoch[e];
        assert_int_equal(x->epoch, y->epoch);
        assert_int_equal(x->best, y->best);
        assert_memory_equal(&x->learning_rate, &y->learning_rate, sizeof x->learning_rate);
        assert_memory_equal(&x->train_loss, &y->train_loss, sizeof x->train_loss);
        assert_memory_equal(&x->validation_loss, &y->validation_loss, sizeof x->validation_loss);
        assert_memory_equal(x->validation_ap, y->validation_ap, sizeof x->validation_ap);
    }
    assert_int_equal(a->gate.net.tensors.size, b->gate.net.tensors.size);
    assert_memory_equal(a->gate.weights, b->gate.weights, a->gate.net.tensors.size * sizeof(float));
    assert_memory_equal(a->gate.calibration, b->gate.calibration, sizeof a->gate.calibration);
    assert_int_equal(a->gate.scale.updates, b->gate.scale.updates);
    assert_int_equal(a->gate.scale.skipped, b->gate.scale.skipped);
    assert_true(a->gate.scale.now == b->gate.scale.now);
}

static void test_the_bytes_of_an_uninterrupted_fit(void **state) {
    (void)state;
    static struct toy toy;
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        struct gw_gate_model *whole, *part;
        struct gw_training_log log_whole, log_part;
        build(&toy, &kinds[k]);
        toy_fit(&toy, &whole, &log_whole);
        unlink(scratch("fit.state"));
        assert_int_equal(fit_part(&toy, 2, false, 1, &part, &log_part), 2);
        assert_int_equal(log_part.n_epochs, 2);
        for (size_t e = 0; e < 2; e++) assert_true(log_part.epoch[e].train_loss == log_whole.epoch[e].train_loss);
        release(part, &log_part);
        assert_int_equal(fit_part(&toy, 5, false, 2, &part, &log_part), 3);
        release(part, &log_part);
        assert_int_equal(fit_part(&toy, 5, false, 1, &part, &log_part), 0); /* it stands there already */
        release(part, &log_part);
        assert_int_equal(fit_part(&toy, 0, true, 3, &part, &log_part), EPOCHS - 5);
        assert_same_fit(whole, &log_whole, part, &log_part);
        release(part, &log_part);
        /* The last one was not kept; what was is of five epochs, and of no use to a fit that ends before. */
        assert_int_equal(fit_part(&toy, 4, true, 1, &part, &log_part), 4);
        release(part, &log_part);
        assert_int_equal(fit_part(&toy, 6, true, 1, &part, &log_part), 1);
        release(part, &log_part);
        release(whole, &log_whole);
    }
}

static void test_patience_is_kept(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *whole, *part;
    struct gw_training_log log_whole, log_part;
    build(&toy, &kinds[0]);
    toy.training.learning_rate = .2; /* jumps about */
    toy.training.patience = 2;
    toy_fit(&toy, &whole, &log_whole);
    assert_true(log_whole.n_epochs < EPOCHS);
    unlink(scratch("fit.state"));
    fit_part(&toy, log_whole.n_epochs - 1, false, 1, &part, &log_part);
    release(part, &log_part);
    assert_int_equal(fit_part(&toy, 0, false, 1, &part, &log_part), 1);
    assert_same_fit(whole, &log_whole, part, &log_part);
    release(part, &log_part);
    assert_int_equal(fit_part(&toy, 0, false, 1, &part, &log_part), 0); /* given up is given up */
    assert_same_fit(whole, &log_whole, part, &log_part);
    release(part, &log_part);
    release(whole, &log_whole);
}

/* Another key, another shape, half a file: the fit begins anew. */
static void test_a_file_that_is_not_its_own(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *whole, *part;
    struct gw_training_log log_whole, log_part;
    build(&toy, &kinds[0]);
    toy_fit(&toy, &whole, &log_whole);
    for (int damage = 0; damage < 3; damage++) {
        unlink(scratch("fit.state"));
        if (damage == 1) toy.model.hidden += 1;
        fit_part(&toy, 3, false, 1, &part, &log_part);
        release(part, &log_part);
        if (damage == 1) toy.model.hidden -= 1;
        if (damage == 2) assert_int_equal(truncate(scratch("fit.state"), 1000), 0);
        size_t trained = 0;
        toy.options = (struct gw_fit_options){.seed = toy.options.seed,
                                              .checkpoint = scratch("fit.state"),
                                              .checkpoint_key = damage == 0 ? "another" : "0123456789abcdef",
                                              .on_epoch = count_epoch,
                                              .context = &trained};
        toy_fit(&toy, &part, &log_part);
        assert_int_equal(trained, EPOCHS);
        assert_same_fit(whole, &log_whole, part, &log_part);
        release(part, &log_part);
    }
    release(whole, &log_whole);
}

static void test_fits_that_cannot_end_early(void **state) {
    (void)state;
    static struct toy toy;
    struct gw_gate_model *model;
    struct gw_training_log log;
    static const struct kind mixture = {{NULL}, {"schedule", "cosine", "cycles", "2", "snapshots", "mean", NULL}};
    build(&toy, &mixture);
    toy.training.epochs = 6;
    toy.options.stop_after = 3;
    assert_false(gw_model_resumes(&toy.model, &toy.training));
    assert_fails(gw_model_fit(&toy.model, &toy.training, &toy.input, &toy.options, &model, &log), GW_ERR_USAGE,
                 "stop_after");
    build(&toy, &kinds[0]);
    assert_true(gw_model_resumes(&toy.model, &toy.training));
    model_set(&toy.model, "encoder", "patterns");
    assert_false(gw_model_resumes(&toy.model, &toy.training));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_bytes_of_an_uninterrupted_fit),
        cmocka_unit_test(test_patience_is_kept),
        cmocka_unit_test(test_a_file_that_is_not_its_own),
        cmocka_unit_test(test_fits_that_cannot_end_early),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
