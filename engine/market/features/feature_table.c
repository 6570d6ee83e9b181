/* The table of features: everything that iterates features starts here. */
#include <string.h>

#include "engine/base/base.h"
#include "feature_parts.h"

#define FEATURE(name) extern const struct gw_feature_desc feature_##name;
#include "features.def"
#undef FEATURE

static const struct gw_feature_desc *const table[] = {
#define FEATURE(name) &feature_##name,
#include "features.def"
#undef FEATURE
};

size_t gw_feature_count(void) { return COUNT_OF(table); }

const struct gw_feature_desc *gw_feature_at(size_t i) { return i < COUNT_OF(table) ? table[i] : NULL; }

const struct gw_feature_desc *gw_feature_find(const char *name) {
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (!strcmp(table[i]->name, name)) return table[i];
    return NULL;
}
