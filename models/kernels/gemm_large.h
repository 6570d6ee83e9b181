/* One source for both precisions of kernels_gemm_large: read by gemm_large.c (float32) and reference.c (float64). */
enum { CHUNK_ROWS = 128 };

static void chunk_product(enum kernels_product product, const struct R(kernels) *set, size_t m, size_t n, size_t k,
                          const real *a, size_t lda, const real *b, size_t ldb, real *c, size_t ldc, bool accumulate) {
    if (product == KERNELS_NN) set->large_nn(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    if (product == KERNELS_TN) set->large_tn(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    if (product == KERNELS_NT) set->large_nt(m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}

/* Every call has the same shapes whoever makes it, so it gives the same bits. */
void R(kernels_gemm_large_by)(const struct R(kernels) *set, enum kernels_product product, size_t m, size_t n, size_t k,
                              const real *a, size_t lda, const real *b, size_t ldb, real *c, size_t ldc,
                              bool accumulate) {
    const size_t n_chunks = (m + CHUNK_ROWS - 1) / CHUNK_ROWS, a_row = product == KERNELS_TN ? 1 : lda;
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none)                                                                        \
    firstprivate(product, set, n_chunks, a_row, m, n, k, a, lda, b, ldb, c, ldc, accumulate)
    for (size_t i = 0; i < n_chunks; i++) {
#pragma GCC diagnostic pop
        const size_t row = i * CHUNK_ROWS, rows = m - row < CHUNK_ROWS ? m - row : CHUNK_ROWS;
        chunk_product(product, set, rows, n, k, a + row * a_row, lda, b, ldb, c + row * ldc, ldc, accumulate);
    }
}

void R(kernels_gemm_large)(enum kernels_product product, size_t m, size_t n, size_t k, const real *a, size_t lda,
                           const real *b, size_t ldb, real *c, size_t ldc, bool accumulate) {
    R(kernels_gemm_large_by)(R(kernels_active)(), product, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
}
