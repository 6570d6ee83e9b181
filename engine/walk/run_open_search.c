/* The directory of a study or a search, whose choices come before its walk. */
#include "engine/base/base.h"
#include "engine/results/run_key.h"
#include "record.h"
#include "walk.h"

int run_open_search(const struct experiment *e, const struct prepared *p, const struct chosen_on *search,
                    const struct gw_run_options *options, struct record *record, char dir[1024], int *lock) {
    char key[RUN_KEY_SIZE];
    config_key(e, p, key);
    if (search->n_folds > p->plan.n_folds)
        FAIL(GW_ERR_CONFIG, "%s: search.folds is %zu, but there are only %zu folds; search fewer or give more data",
             search->path, search->n_folds, p->plan.n_folds);
    if (!options->out_dir && !options->force) TRY(run_directory_number(key, dir));
    TRY(run_claim_directory(dir, key, options->force, lock));
    record_begin(record, e, p, dir, search->command);
    return run_drop_results(dir, options, search->drop);
}
