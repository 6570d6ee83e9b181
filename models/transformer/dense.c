/* A product with what stands around it, where the set has no such thing in one pass. */
#include <string.h>

#include "transformer.h"

static void begin(const struct R(dense_run) *run) {
    for (size_t i = 0; i < run->m && run->start; i++)
        memcpy(run->c + i * run->ldc, run->start + i * run->ld_start, run->n * sizeof *run->c);
}

static void finish(const struct R(kernels) *k, const struct R(dense_run) *run) {
    if (run->relu)
        k->add_row_relu(run->m, run->n, run->bias, run->c);
    else if (run->bias)
        k->add_row(run->m, run->n, run->bias, run->c, run->ldc);
    if (run->open) k->relu_backward(run->m * run->n, run->open, run->c);
}

void R(dense)(const struct R(kernels) *k, const struct R(dense_run) *run) {
    if (k->dense) {
        k->dense(run);
        return;
    }
    begin(run);
    if (run->transposed)
        k->large_nt(run->m, run->n, run->k, run->a, run->lda, run->b, run->ldb, run->c, run->ldc, run->start != NULL);
    else
        k->large_nn(run->m, run->n, run->k, run->a, run->lda, run->b, run->ldb, run->c, run->ldc, run->start != NULL);
    finish(k, run);
}
