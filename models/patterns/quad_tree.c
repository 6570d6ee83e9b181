/* The quad-tree of a picture's points, built anew for every iteration. Points are sorted along the Morton curve, so that
 * a cell is a stretch of them; cells are laid out in the order in which a walk meets them. */
#include <math.h>
#include <string.h>

#include "engine/base/base.h"
#include "tsne.h"

enum { LEVELS = 24, LEAF = 6 }; /* of the curve; a cell of so few points is not divided */

int quad_tree_init(struct quad_tree *tree, size_t n) {
    *tree = (struct quad_tree){.n = n, .capacity = 2 * n + 64};
    if ((tree->cell = mem_calloc(tree->capacity, sizeof *tree->cell)) &&
        (tree->order = mem_calloc(n, sizeof *tree->order)) && (tree->key = mem_calloc(n, sizeof *tree->key)) &&
        (tree->spare = mem_calloc(n, sizeof *tree->spare)) && (tree->point = mem_calloc(2 * n, sizeof *tree->point)))
        return GW_OK;
    quad_tree_free(tree);
    return GW_ERR_NOMEM;
}

void quad_tree_free(struct quad_tree *tree) {
    mem_free(tree->point);
    mem_free(tree->spare);
    mem_free(tree->key);
    mem_free(tree->order);
    mem_free(tree->cell);
    *tree = (struct quad_tree){0};
}

/* The bits of a coordinate, every second place free. */
static uint64_t spread_bits(uint64_t v) {
    v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
    v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v | v << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v | v << 2) & UINT64_C(0x3333333333333333);
    return (v | v << 1) & UINT64_C(0x5555555555555555);
}

struct square {
    double low[2], width;
};

static struct square bounds(const double *xy, size_t n) {
    struct square s = {.low = {INFINITY, INFINITY}};
    double high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < 2; a++) {
            s.low[a] = fmin(s.low[a], xy[2 * i + a]);
            high[a] = fmax(high[a], xy[2 * i + a]);
        }
    s.width = fmax(fmax(high[0] - s.low[0], high[1] - s.low[1]), 1e-30);
    return s;
}

/* By 48 bits of curve in four digits of 12; the point's number stands in the low 16 bits. */
static void sort_keys(struct quad_tree *tree) {
    uint64_t *from = tree->key, *to = tree->spare;
    for (int digit = 0; digit < 4; digit++) {
        uint32_t count[4096 + 1] = {0};
        const int shift = 16 + 12 * digit;
        for (size_t i = 0; i < tree->n; i++) count[(from[i] >> shift & 4095) + 1]++;
        for (size_t b = 0; b < 4096; b++) count[b + 1] += count[b];
        for (size_t i = 0; i < tree->n; i++) to[count[from[i] >> shift & 4095]++] = from[i];
        uint64_t *held = from;
        from = to, to = held;
    }
}

static void sort_points(struct quad_tree *tree, const double *xy, const struct square *square) {
    const double cells = (double)(1u << LEVELS), scale = cells / square->width;
    for (size_t i = 0; i < tree->n; i++) {
        uint64_t place[2];
        for (size_t a = 0; a < 2; a++) place[a] = (uint64_t)fmin((xy[2 * i + a] - square->low[a]) * scale, cells - 1);
        tree->key[i] = (spread_bits(place[0]) | spread_bits(place[1]) << 1) << 16 | i;
    }
    sort_keys(tree);
    for (size_t i = 0; i < tree->n; i++) {
        tree->order[i] = (uint32_t)(tree->key[i] & 0xffff);
        tree->point[2 * i] = (float)xy[2 * tree->order[i]];
        tree->point[2 * i + 1] = (float)xy[2 * tree->order[i] + 1];
    }
}

static int add_cell(struct quad_tree *tree, size_t *index) {
    if (tree->n_cells == tree->capacity) {
        struct quad_cell *more = mem_realloc(tree->cell, 2 * tree->capacity, sizeof *more);
        if (!more) return GW_ERR_NOMEM;
        tree->cell = more;
        tree->capacity *= 2;
    }
    *index = tree->n_cells++;
    return GW_OK;
}

/* The stretch first … end, which lies in one square of this level. A square with one occupied quarter is passed over:
 * its quarter stands for it. */
static int build_cell(struct quad_tree *tree, size_t first, size_t end, int level, double width) {
    size_t index;
    int shift = 16 + 2 * (LEVELS - 1 - level);
    while (level < LEVELS && tree->key[first] >> shift == tree->key[end - 1] >> shift) level++, shift -= 2, width /= 2;
    const bool leaf = level >= LEVELS || end - first <= LEAF;
    TRY(add_cell(tree, &index));
    double sum[2] = {0, 0};
    for (size_t i = first; i < end; i++) sum[0] += (double)tree->point[2 * i], sum[1] += (double)tree->point[2 * i + 1];
    const double n = (double)(end - first);
    for (size_t at = first; !leaf && at < end;) {
        size_t stop = at + 1;
        while (stop < end && tree->key[stop] >> shift == tree->key[at] >> shift) stop++;
        TRY(build_cell(tree, at, stop, level + 1, width / 2));
        at = stop;
    }
    tree->cell[index] = (struct quad_cell){
        .x = (float)(sum[0] / n),
        .y = (float)(sum[1] / n),
        .width2 = leaf ? 0 : (float)(width * width),
        .n = (uint32_t)(end - first),
        .skip = (uint32_t)tree->n_cells,
        .first = (uint32_t)first,
    };
    return GW_OK;
}

int quad_tree_build(struct quad_tree *tree, const double *xy) {
    const struct square square = bounds(xy, tree->n);
    sort_points(tree, xy, &square);
    tree->n_cells = 0;
    return build_cell(tree, 0, tree->n, 0, square.width);
}

struct pull {
    float sum, x, y;
};

static void add_pull(struct pull *pull, float dx, float dy, float n) {
    const float q = 1 / (1 + dx * dx + dy * dy), nq = n * q, nq2 = nq * q;
    pull->sum += nq;
    pull->x += nq2 * dx;
    pull->y += nq2 * dy;
}

double quad_tree_repulsion(const struct quad_tree *tree, size_t at, float angle2, double force[2]) {
    const float x = tree->point[2 * at], y = tree->point[2 * at + 1];
    struct pull pull = {0};
    for (size_t c = 0; c < tree->n_cells;) {
        const struct quad_cell *cell = &tree->cell[c];
        const float dx = x - cell->x, dy = y - cell->y;
        if (cell->width2 == 0) {
            for (size_t i = cell->first; i < cell->first + cell->n; i++)
                if (i != at) add_pull(&pull, x - tree->point[2 * i], y - tree->point[2 * i + 1], 1);
            c = cell->skip;
        } else if (cell->width2 < angle2 * (dx * dx + dy * dy)) {
            add_pull(&pull, dx, dy, (float)cell->n);
            c = cell->skip;
        } else {
            c++;
        }
    }
    force[0] = (double)pull.x;
    force[1] = (double)pull.y;
    return (double)pull.sum;
}
