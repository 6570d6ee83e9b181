/* Both searches are one: the largest x · q - |x|² / 2 is the nearest, and for rows of length 1 the most alike. A query's
 * best so far are kept as a heap with the worst of them on top, so that almost every candidate costs one comparison. */
#include "neighbours.h"

#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/kernels/kernels.h"

enum { ROWS = 64, COLUMNS = 256 }; /* of a block of products: 64 KB */

struct found {
    float score;
    uint32_t index;
};

struct search {
    const float *x, *query;
    size_t n, m, d, top;
    const float *half_square; /* [n] |x|² / 2, NULL: all alike */
    bool of_each;             /* query is x, and a row is not its own neighbour */
    struct found *best;       /* [m × top] */
};

static bool worse(const struct found *a, const struct found *b) {
    return a->score < b->score || (a->score == b->score && a->index > b->index);
}

/* Takes the top's place and sinks to where it belongs. */
static void sift(struct found *heap, size_t n, struct found item) {
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && worse(&heap[child + 1], &heap[child])) child++;
        if (!worse(&heap[child], &item)) break;
        heap[at] = heap[child];
    }
    heap[at] = item;
}

static void offer_row(const struct search *search, size_t row, size_t column, size_t columns, const float *product) {
    struct found *heap = search->best + row * search->top;
    for (size_t j = 0; j < columns; j++) {
        struct found item = {product[j], (uint32_t)(column + j)};
        if (search->half_square) item.score -= search->half_square[column + j];
        if (search->of_each && item.index == row) continue;
        if (worse(&heap[0], &item)) sift(heap, search->top, item);
    }
}

/* Best first: the worst goes to the end, again and again. */
static void sort_row(struct found *heap, size_t n) {
    for (size_t left = n; left > 1; left--) {
        const struct found worst = heap[0];
        sift(heap, left - 1, heap[left - 1]);
        heap[left - 1] = worst;
    }
}

static void search_block(const struct search *search, const struct kernels_f32 *set, size_t block) {
    float product[ROWS * COLUMNS];
    const size_t first = block * ROWS, rows = search->m - first < ROWS ? search->m - first : ROWS, d = search->d;
    struct found *best = search->best + first * search->top;
    for (size_t i = 0; i < rows * search->top; i++) best[i] = (struct found){-INFINITY, UINT32_MAX};
    for (size_t j = 0; j < search->n; j += COLUMNS) {
        const size_t columns = search->n - j < COLUMNS ? search->n - j : COLUMNS;
        set->large_nt(rows, columns, d, search->query + first * d, d, search->x + j * d, d, product, COLUMNS, false);
        for (size_t r = 0; r < rows; r++) offer_row(search, first + r, j, columns, product + r * COLUMNS);
    }
    for (size_t r = 0; r < rows; r++) sort_row(best + r * search->top, search->top);
}

static void search_all(const struct search *search) {
    const struct kernels_f32 *set = kernels_active_f32();
    const size_t n_blocks = (search->m + ROWS - 1) / ROWS;
/* clang warns of the sign of its own arithmetic on a task loop, whatever the loop's type is. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma omp taskloop grainsize(1) default(none) firstprivate(search, set, n_blocks)
    for (size_t b = 0; b < n_blocks; b++) {
#pragma GCC diagnostic pop
        search_block(search, set, b);
    }
}

int neighbours_by_cosine(const float *x, size_t n, size_t d, const float *query, size_t m, size_t top, uint32_t *index,
                         float *cosine) {
    struct search search = {.x = x, .query = query, .n = n, .m = m, .d = d, .top = top};
    if (top == 0 || m == 0) return GW_OK;
    if (!(search.best = mem_calloc(m * top, sizeof *search.best))) return GW_ERR_NOMEM;
    search_all(&search);
    for (size_t i = 0; i < m * top; i++) {
        index[i] = search.best[i].index;
        cosine[i] = search.best[i].score;
    }
    mem_free(search.best);
    return GW_OK;
}

int neighbours_of_each(const float *x, size_t n, size_t d, size_t k, uint32_t *index, float *distance2) {
    struct search search = {.x = x, .query = x, .n = n, .m = n, .d = d, .top = k, .of_each = true};
    float *half_square = mem_calloc(n, sizeof *half_square);
    search.best = mem_calloc(n * k, sizeof *search.best);
    const bool room = half_square && search.best;
    for (size_t i = 0; room && i < n; i++)
        half_square[i] = (float)(kernels_active_f32()->sum_squares(d, x + i * d) / 2);
    search.half_square = half_square;
    if (room) search_all(&search);
    for (size_t i = 0; room && i < n * k; i++) {
        const float distance = 2 * (half_square[i / k] - search.best[i].score);
        index[i] = search.best[i].index;
        distance2[i] = distance > 0 ? distance : 0;
    }
    mem_free(search.best);
    mem_free(half_square);
    return room ? GW_OK : GW_ERR_NOMEM;
}
