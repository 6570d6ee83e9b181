/* What the user wrote that trades in a run: scripts as they were read, hashes of everything. */
#include <inttypes.h>

#include "engine/base/base.h"
#include "write.h"

int write_scripts(const struct experiment *e, const char *dir) {
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct program *program = strategy_program(&e->strategy[s]);
        char name[SCRIPT_NAME_MAX], path[1024];
        struct out_file file;
        if (!program || !program->text) continue;
        config_script_name(&e->strategy[s], name);
        TRY(path_join(path, sizeof path, dir, name));
        TRY(out_open(&file, path));
        out_write(&file, program->text, program->length);
        TRY(out_commit(&file));
    }
    return GW_OK;
}

void write_programs(struct json_writer *w, const struct experiment *e) {
    if (e->n_programs == 0) return;
    json_begin_array(w, "programs");
    for (size_t s = 0; s < e->n_strategies; s++) {
        const struct program *program = strategy_program(&e->strategy[s]);
        char hash[20];
        if (!program) continue;
        snprintf(hash, sizeof hash, "%016" PRIx64, program->hash);
        json_begin_object(w, NULL);
        json_put_string(w, "strategy", e->strategy[s].name);
        json_put_string(w, "kind", program_kind_name[program->kind]);
        if (*program->file) json_put_string(w, "file", program->file);
        json_put_string(w, "hash", hash);
        json_end_object(w);
    }
    json_end_array(w);
}
