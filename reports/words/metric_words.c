#include "metric_words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/base.h"

static const struct row {
    const char *name, *brief, *spoken, *full;
    double scale;
    int decimals;
    const char *unit;
} rows[] = {{"average_precision", "AP", "PR-AUC", "average precision", 1, 3, ""},
            {"precision_at_k", "P", "P", "precision", 100, 1, " points"},
            {"pnl_mean_at_k_1x", "PnL", "PnL", "PnL", 100, 2, " %"}};

static struct metric_words unknown(const char *key) {
    struct metric_words words = {.scale = 1, .decimals = 3, .unit = ""};
    snprintf(words.brief, sizeof words.brief, "%s", key);
    for (char *c = words.brief; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_.-", *c)) *c = '?';
    strcpy(words.spoken, words.brief);
    strcpy(words.full, words.brief);
    return words;
}

struct metric_words metric_words(const char *key) {
    const struct gw_metric_key parts = gw_metric_key_read(key);
    const struct row *row = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].name, parts.name) == 0) row = &rows[i];
    if (!row) return unknown(key);
    struct metric_words words = {.scale = row->scale, .decimals = row->decimals, .unit = row->unit};
    char brief[32] = "", spoken[32] = "", full[32] = "";
    if (!isnan(parts.k)) {
        snprintf(brief, sizeof brief, "@%g%%", parts.k);
        snprintf(spoken, sizeof spoken, "@%g %%", parts.k);
        snprintf(full, sizeof full, " @ %g %%", parts.k);
    }
    snprintf(words.brief, sizeof words.brief, "%s%s", row->brief, brief);
    snprintf(words.spoken, sizeof words.spoken, "%s%s", row->spoken, spoken);
    snprintf(words.full, sizeof words.full, "%s%s", row->full, full);
    return words;
}
