/* Which files: patterns with {seed}, {symbol} and the shell's wildcards. */
#include <glob.h>
#include <string.h>

#include "engine/base/base.h"
#include "outside_private.h"

/* Every `word` in pattern becomes `with`. */
static int fill_in(const char *pattern, const char *word, const char *with, char out[1024]) {
    size_t used = 0, length = strlen(word), more = strlen(with);
    for (const char *at = pattern; *at;) {
        bool here = strncmp(at, word, length) == 0;
        if (used + (here ? more : 1) >= 1024) FAIL(GW_ERR_DATA, "%s: is too long for a path", pattern);
        memcpy(out + used, here ? with : at, here ? more : 1);
        used += here ? more : 1;
        at += here ? length : 1;
    }
    out[used] = '\0';
    return GW_OK;
}

static int read_matches(struct reading *r, const char *pattern, int (*read)(struct reading *r, const char *path)) {
    if (file_exists(pattern) || !strpbrk(pattern, "*?[")) return read(r, pattern);
    glob_t found;
    int rc = glob(pattern, 0, NULL, &found);
    if (rc == GLOB_NOSPACE) FAIL(GW_ERR_NOMEM, "%s: out of memory while looking for files", pattern);
    if (rc != 0) FAIL(GW_ERR_DATA, "%s: no file fits this pattern; check it", pattern);
    rc = GW_OK;
    for (size_t i = 0; rc == GW_OK && i < found.gl_pathc; i++) rc = read(r, found.gl_pathv[i]);
    globfree(&found);
    return rc;
}

static int each_symbol(struct reading *r, const char *pattern, int (*read)(struct reading *r, const char *path)) {
    char path[1024];
    r->file_symbol = SIZE_MAX;
    if (!strstr(pattern, "{symbol}")) return read_matches(r, pattern, read);
    for (size_t s = 0; s < r->p->market.n_symbols; s++) {
        r->file_symbol = s;
        TRY(fill_in(pattern, "{symbol}", r->p->market.symbol[s].symbol, path));
        TRY(read_matches(r, path, read));
    }
    return GW_OK;
}

int outside_each_file(struct reading *r, int (*read)(struct reading *r, const char *path)) {
    for (size_t i = 0; i < r->spec->scores.n_files; i++) {
        const char *pattern = r->spec->scores.file[i];
        char path[1024], number[24];
        r->file_seed = SIZE_MAX;
        if (!strstr(pattern, "{seed}")) {
            TRY(each_symbol(r, pattern, read));
            continue;
        }
        for (size_t k = 0; k < r->e->n_seeds; k++) {
            r->file_seed = k;
            snprintf(number, sizeof number, "%llu", (unsigned long long)r->e->seed[k]);
            TRY(fill_in(pattern, "{seed}", number, path));
            TRY(each_symbol(r, path, read));
        }
    }
    return GW_OK;
}
