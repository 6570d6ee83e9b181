/* Two thousand symbols in two thousand files: each is to be read once, not once for every other. */
#include "universe.h"

#include <fnmatch.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/base.h"
#include "import_private.h"

/* Which symbol a file holds; of a file of several there is one for each. */
struct held {
    char symbol[GW_SYMBOL_MAX];
    const char *file;
};
struct holdings {
    size_t n, room;
    struct held *held;
};

static int add_held(struct holdings *all, const char *symbol, const char *file) {
    if (all->n == all->room) {
        const size_t room = 2 * all->room + 64;
        struct held *grown = mem_realloc(all->held, room, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        all->held = grown;
        all->room = room;
    }
    struct held *held = &all->held[all->n++];
    snprintf(held->symbol, sizeof held->symbol, "%s", symbol);
    held->file = file;
    return GW_OK;
}

static int hold_file(const char *file, const struct gw_import_options *options, struct holdings *all) {
    char symbol[GW_SYMBOL_MAX];
    if (import_holds_one(file, options)) {
        import_symbol_of_path(file, symbol);
        return add_held(all, symbol, file);
    }
    struct import_found found = {0};
    struct gw_import_report failed;
    int rc = import_file(file, options, true, &found, &failed);
    for (size_t i = 0; i < found.n && rc == GW_OK; i++) rc = add_held(all, found.bars[i].symbol, file);
    import_found_free(&found);
    return rc;
}

/* "bars/BTC-*.csv" for bars/BTC-2021.csv and bars/BTC-2022.csv, unless it stands for files of others as well. */
static bool narrow(const struct holdings *all, const size_t *part, size_t n, char file[1024]) {
    const char *first = all->held[part[0]].file;
    size_t head = strlen(first), tail = head, shortest = head;
    for (size_t k = 1; k < n; k++) {
        const char *other = all->held[part[k]].file;
        const size_t length = strlen(other);
        size_t same = 0, back = 0;
        while (same < head && first[same] == other[same]) same++;
        while (back < tail && back < length && first[strlen(first) - 1 - back] == other[length - 1 - back]) back++;
        head = same;
        tail = back;
        shortest = length < shortest ? length : shortest;
    }
    if (head + tail > shortest) tail = shortest - head;
    const int written = snprintf(file, 1024, "%.*s*%s", (int)head, first, first + strlen(first) - tail);
    if (written < 0 || written >= 1024 || strcspn(file, "*") != head || strpbrk(file, "?[\\")) return false;
    if (strchr(file + head + 1, '*') || strchr(first + head, '/')) return false;
    size_t meant = 0, fits = 0;
    for (size_t i = 0; i < all->n; i++) {
        const bool before = i > 0 && strcmp(all->held[i].file, all->held[i - 1].file) == 0;
        fits += !before && fnmatch(file, all->held[i].file, FNM_PATHNAME | FNM_PERIOD) == 0;
    }
    for (size_t k = 0; k < n; k++) meant += fnmatch(file, all->held[part[k]].file, FNM_PATHNAME | FNM_PERIOD) == 0;
    return meant == n && fits == n;
}

static int gather(const struct holdings *all, struct universe *out) {
    size_t *part = mem_calloc(all->n ? all->n : 1, sizeof *part);
    bool *taken = mem_calloc(all->n ? all->n : 1, sizeof *taken);
    out->symbol = mem_calloc(all->n ? all->n : 1, sizeof *out->symbol);
    int rc = part && taken && out->symbol ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < all->n; i++) {
        size_t n = 0;
        if (taken[i]) continue;
        for (size_t j = i; j < all->n; j++)
            if (!taken[j] && strcmp(all->held[j].symbol, all->held[i].symbol) == 0) {
                taken[j] = true;
                part[n++] = j;
            }
        struct universe_symbol *symbol = &out->symbol[out->n++];
        strcpy(symbol->symbol, all->held[i].symbol);
        if (n == 1)
            snprintf(symbol->file, sizeof symbol->file, "%s", all->held[i].file);
        else if (!narrow(all, part, n, symbol->file))
            symbol->file[0] = '\0';
        if (strlen(all->held[i].file) >= sizeof symbol->file) symbol->file[0] = '\0';
    }
    mem_free(part);
    mem_free(taken);
    return rc;
}

static int list_many(const char *path, const struct gw_import_options *options, struct universe *out) {
    struct holdings all = {0};
    struct gw_import_options each = *options;
    glob_t files;
    each.symbol = NULL;
    each.from_ns = each.to_ns = 0;
    TRY(import_list_files(path, &files));
    int rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && i < files.gl_pathc; i++) {
        rc = hold_file(files.gl_pathv[i], &each, &all);
        if (rc == GW_OK) rc = interrupt_check();
    }
    if (rc == GW_OK) rc = gather(&all, out);
    mem_free(all.held);
    globfree(&files);
    return rc;
}

/* A file that may hold several. */
static int list_one(const char *path, const struct gw_import_options *options, struct universe *out) {
    struct gw_market market;
    TRY(gw_market_import(path, options, &market, NULL));
    out->symbol = mem_calloc(market.n_symbols ? market.n_symbols : 1, sizeof *out->symbol);
    const int rc = out->symbol ? GW_OK : GW_ERR_NOMEM;
    for (size_t i = 0; rc == GW_OK && i < market.n_symbols; i++)
        strcpy(out->symbol[out->n++].symbol, market.symbol[i].symbol);
    gw_market_free(&market);
    return rc;
}

int universe_list(const char *path, const struct gw_import_options *options, struct universe *out) {
    struct stat status;
    *out = (struct universe){0};
    const bool many = import_path_is_many(path), regular = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    if (strcmp(path, "-") != 0 && !many && !regular) return GW_OK; /* what a pipe says can be heard once */
    if (regular && !many && import_holds_one(path, options)) return GW_OK;
    const int rc = many ? list_many(path, options, out) : list_one(path, options, out);
    if (rc < 0) universe_free(out);
    return rc;
}

void universe_free(struct universe *universe) {
    mem_free(universe->symbol);
    *universe = (struct universe){0};
}
