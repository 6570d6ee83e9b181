/* Colours of cells by their value: blue for gains, orange for losses, paler the smaller they are. */
#include <math.h>
#include <stdlib.h>

#include "plot.h"

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double shade_full(double *size, size_t n) {
    if (!n) return 0;
    qsort(size, n, sizeof *size, ascending);
    return size[n * 9 / 10];
}

unsigned shade_of(double value, double full, enum shade shade) {
    static const unsigned strongest[][2] = {
        [SHADE_UNDER_DIGITS] = {0x6FB1E0, 0xF0A468}, [SHADE_ALONE] = {0x0072B2, 0xD55E00}};
    const unsigned to = strongest[shade][value < 0];
    const double part = full > 0 ? fmin(fabs(value) / full, 1) : 0;
    unsigned out = 0;
    for (int shift = 0; shift <= 16; shift += 8)
        out |= (unsigned)lround(255 + ((double)((to >> shift) & 0xFF) - 255) * part) << shift;
    return out;
}
