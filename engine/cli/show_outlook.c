/* What a run or study would do: --dry-run. */
#include "show_outlook.h"

#include "cli.h"

void show_outlook(const struct walk_outlook *o) {
    printf("%zu bars of %zu symbol%s, %zu features, %zu folds, %zu fits (%zu stored already)\n", o->n_bars,
           o->n_symbols, o->n_symbols == 1 ? "" : "s", o->n_features, o->n_folds, o->n_fits, o->n_stored);
    printf("%s\ninto %s; nothing was done\n", o->estimate, CLI_SHOWN(o->dir));
}
