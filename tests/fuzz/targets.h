/* All targets. */
#ifndef GATEWALK_TEST_FUZZ_TARGETS_H
#define GATEWALK_TEST_FUZZ_TARGETS_H

#include "target_experiment.h"
#include "target_html.h"
#include "target_import.h"
#include "target_init.h"
#include "target_kinds.h"
#include "target_ledger.h"
#include "target_library.h"
#include "target_lines.h"
#include "target_model.h"
#include "target_pages.h"
#include "target_report.h"
#include "target_scores.h"
#include "target_script.h"
#include "target_search.h"
#include "target_side.h"
#include "target_state.h"
#include "target_study.h"
#include "target_tables.h"

static const struct fuzz_target *const fuzz_targets[] = {
#define TARGET(name) &fuzz_##name,
#include "targets.def"
#undef TARGET
};

static inline const struct fuzz_target *fuzz_find_target(const char *name) {
    for (size_t i = 0; name && i < COUNT_OF(fuzz_targets); i++)
        if (strcmp(fuzz_targets[i]->name, name) == 0) return fuzz_targets[i];
    return NULL;
}

/* One input that comes with no number: what else the call takes follows from its bytes. */
static inline const char *fuzz_check_alone(const struct fuzz_target *target, const char *bytes, size_t n) {
    struct fuzz_random random = {hash_bytes(bytes, n, 0)};
    return target->check(bytes, n, &random);
}

#endif
