/* Numbers as tables of pages spell them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "plot.h"

void figure_signed(char out[FIGURE_SIZE], double value, int decimals) {
    char digits[FIGURE_SIZE - 4];
    if (!isfinite(value)) {
        strcpy(out, isnan(value) ? "—" : value > 0 ? "+∞" : "−∞");
        return;
    }
    snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
    const bool nothing = strspn(digits, "0.") == strlen(digits); /* to these digits: no sign either */
    snprintf(out, FIGURE_SIZE, "%s%s", nothing ? "" : value < 0 ? "−" : "+", digits);
}

void figure_percent(char out[FIGURE_SIZE], double fraction) {
    const double percent = 100 * fraction, size = fabs(percent);
    figure_signed(out, percent, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

void figure_span(char out[FIGURE_SIZE], double seconds) {
    const double hours = seconds / 3600, days = hours / 24;
    if (!isfinite(seconds))
        strcpy(out, "—");
    else if (hours < 1)
        snprintf(out, FIGURE_SIZE, "%.0f min", seconds / 60);
    else if (days < 2)
        snprintf(out, FIGURE_SIZE, "%.3g h", hours);
    else
        snprintf(out, FIGURE_SIZE, days < 10 ? "%.1f d" : "%.0f d", days);
}
