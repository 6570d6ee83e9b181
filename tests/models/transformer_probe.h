/* A small autoencoder whose weights and windows are those of tests/golden/make_transformer.py; for both precisions. */
#ifndef GATEWALK_TESTS_TRANSFORMER_PROBE_H
#define GATEWALK_TESTS_TRANSFORMER_PROBE_H

#include <omp.h>
#include <stdlib.h>

#include "engine/base/base.h"
#include "golden.h"
#include "models/transformer/transformer.h"

struct probe {
    struct autoencoder net;
    struct R(trainer) trainer;
    real *weights, *gradient;
    size_t n;
};

/* Multiples of 1/4096 in [-1/4, 1/4], as make_transformer.py draws them. */
static inline void draw(const char *name, size_t n, double scale, double shift, real *out) {
    uint64_t state = 0;
    for (size_t i = 0; name[i]; i++) state += (i + 1) * (unsigned char)name[i];
    for (size_t i = 0; i < n; i++) {
        state = (state * 1103515245 + 12345) % 2147483648u;
        out[i] = (real)(((double)((state >> 8) % 2049) - 1024) / 4096 * scale + shift);
    }
}

static inline void probe_build(struct probe *probe, const struct transformer_shape *shape,
                               const struct contrast *contrast, size_t n) {
    memset(probe, 0, sizeof *probe);
    R(autoencoder_init)(&probe->net, shape, true);
    assert_ok(R(trainer_init)(&probe->trainer, &probe->net, R(kernels_active)(), contrast, n));
    probe->weights = calloc(probe->net.tensors.size, sizeof(real));
    probe->gradient = calloc(probe->net.tensors.size, sizeof(real));
    for (size_t i = 0; i < probe->net.tensors.n; i++) {
        const struct tensor *tensor = &probe->net.tensors.item[i];
        draw(tensor->name, tensor->rows * tensor->columns, 2, tensor->init == INIT_ONE,
             probe->weights + tensor->offset);
    }
    probe->n = n;
    draw("x", n * shape->steps * shape->channels, 4, 0, probe->trainer.with.batch->x);
}

static inline void probe_free(struct probe *probe) {
    R(trainer_free)(&probe->trainer);
    free(probe->weights);
    free(probe->gradient);
}

static inline void probe_from_golden(struct probe *probe, const struct golden *golden) {
    const struct golden_array *settings = golden_get(golden, "number", "settings");
    const struct transformer_shape shape = {.steps = golden_size(golden, "steps"),
                                            .channels = golden_size(golden, "channels"),
                                            .width = golden_size(golden, "width"),
                                            .heads = golden_size(golden, "heads"),
                                            .layers = golden_size(golden, "layers"),
                                            .latent = golden_size(golden, "latent")};
    const struct contrast contrast = {strcmp(golden->name, "nt_xent") == 0, settings->value[0], settings->value[1]};
    probe_build(probe, &shape, &contrast, golden_size(golden, "n"));
}

/* Largest difference over the largest number wanted. */
static inline double worst(const struct golden_array *want, const real *got) {
    double size = 0, most = 0;
    for (size_t i = 0; i < want->rows * want->columns; i++) {
        size = fmax(size, fabs(want->value[i]));
        most = fmax(most, isnan((double)got[i]) ? HUGE_VAL : fabs((double)got[i] - want->value[i]));
    }
    return most / size;
}

/* Every value, loss and gradient of transformer.txt within `tolerance` of the array's largest number. */
static inline void check_golden(double tolerance) {
    FILE *file = golden_open_at("tests/golden/transformer.txt");
    struct golden golden;
    size_t cases = 0, gradients = 0;
    for (; golden_next(file, &golden) && strcmp(golden.kind, "case") == 0; cases++, golden_free(&golden)) {
        struct probe probe;
        probe_from_golden(&probe, &golden);
        const struct batch_loss loss = R(trainer_run)(&probe.trainer, probe.weights, probe.n, probe.gradient);
        const double *want = golden_get(&golden, "number", "loss")->value;
        assert_near(loss.r, want[0], tolerance, 0);
        assert_near(loss.c, want[1], tolerance, 1e-2);
        if (golden_find(&golden, "number", "z"))
            assert_true(worst(golden_get(&golden, "number", "z"), probe.trainer.with.batch->z) < tolerance);
        for (size_t i = 0; i < probe.net.tensors.n; i++) {
            const struct tensor *tensor = &probe.net.tensors.item[i];
            const struct golden_array *gradient = golden_find(&golden, "gradient", tensor->name);
            if (!gradient) continue;
            assert_int_equal(gradient->rows, tensor->rows);
            assert_int_equal(gradient->columns, tensor->columns);
            const double error = worst(gradient, probe.gradient + tensor->offset);
            /* A bias before a norm, and that of the keys, has no gradient but rounding. */
            if (!(error < tolerance)) fail_msg("%s %s: relative error %.3g", golden.name, tensor->name, error);
            gradients++;
        }
        /* Decoding alone gives the windows that the loss compared. */
        if (golden_find(&golden, "number", "rebuilt")) {
            real *rebuilt = calloc(probe.n * probe.net.shape.steps * probe.net.shape.channels, sizeof *rebuilt);
            R(widen_forward)(&probe.trainer.with, probe.n, false);
            R(decode_layers)(&probe.trainer.with, 0, probe.n, 1, NULL, probe.trainer.tile, rebuilt);
            assert_true(worst(golden_get(&golden, "number", "rebuilt"), rebuilt) < tolerance);
            free(rebuilt);
        }
        probe_free(&probe);
    }
    golden_free(&golden);
    fclose(file);
    assert_int_equal(cases, 2);
    assert_true(gradients > 100);
}

#endif
