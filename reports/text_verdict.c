/* The verdict and the training times as text. */
#include <math.h>
#include <string.h>

#include "text_table.h"
#include "text_verdict.h"

static const char *member_text(struct run_view *run, const json_value *object, const char *key) {
    char *safe = text_safe(&run->arena, json_string(json_get(object, key), ""));
    return safe ? safe : "";
}

static double member_number(const json_value *object, const char *key) {
    const json_value *value = json_get(object, key);
    return value && json_kind(value) == JSON_NUMBER ? json_number(value, NAN) : (double)NAN;
}

/* "precision_at_5" to "P@5%". */
static void short_name(char out[64], const char *key) {
    const char *at = strstr(key, "_at_");
    bool pnl = strncmp(key, "pnl", 3) == 0, precision = strncmp(key, "precision", 9) == 0;
    if (strcmp(key, "average_precision") == 0)
        strcpy(out, "AP");
    else if (at && (pnl || precision))
        snprintf(out, 64, "%s@%.*s%%", pnl ? "PnL" : "P", (int)strcspn(at + 4, "_"), at + 4);
    else
        snprintf(out, 64, "%.60s", key);
}

/* Deltas of one gate, one row each. */
static int delta_rows(struct text_table *table, const json_value *block, const char *gate) {
    for (size_t i = 0; json_kind(block) == JSON_OBJECT && i < json_size(block); i++) {
        const json_value *d = json_at(block, i), *significant = json_get(d, "significant");
        if (json_kind(d) != JSON_OBJECT) continue;
        const char *key = json_key(d) ? json_key(d) : "";
        bool percent = strncmp(key, "pnl", 3) == 0 || strstr(key, "_at_");
        double scale = percent ? 100 : 1;
        int decimals = strncmp(key, "pnl", 3) == 0 ? 2 : percent ? 1 : 3;
        TRY(text_table_row(table));
        char name[64];
        short_name(name, key);
        TRY(text_table_cell(table, 0, "%s %s", gate, name));
        static const char *const field[] = {"baseline", "candidate", "delta", "lo", "hi"};
        for (size_t f = 0; f < COUNT_OF(field); f++) {
            double value = member_number(d, field[f]) * scale;
            if (!isfinite(value))
                TRY(text_table_cell(table, 1 + f, "—"));
            else
                TRY(text_table_cell(table, 1 + f, f < 2 ? "%.*f" : "%+.*f", decimals, value));
        }
        double p = member_number(d, "p_value");
        if (isfinite(p))
            TRY(text_table_cell(table, 6, "%.3f", p));
        else
            TRY(text_table_cell(table, 6, "—"));
        TRY(text_table_cell(table, 7, "%s", significant && json_bool(significant, false) ? "significant" : ""));
    }
    return OK;
}

int text_verdict(struct run_view *run, const json_value *verdict, FILE *stream, size_t width) {
    fprintf(stream, "\n%s against %s\n", member_text(run, verdict, "candidate"), member_text(run, verdict, "baseline"));
    static const char *const heading[] = {"difference", "baseline", "candidate", "delta", "low", "high", "p", ""};
    struct text_table table;
    text_table_begin(&table, &run->arena);
    for (size_t c = 0; c < COUNT_OF(heading); c++)
        text_table_column(&table, heading[c], c == 0 || c == 7, c == 1 || c == 2 ? 1 : 0);
    const json_value *gates = json_get(verdict, "gates");
    for (int gate = 0; gate < N_GATES_SHOWN; gate++) {
        const json_value *block = gates ? json_get(gates, gate_word[gate]) : NULL;
        if (block) TRY(delta_rows(&table, block, gate_word[gate]));
    }
    if (table.n_rows) TRY(text_table_print(&table, stream, width));
    const json_value *checks = json_get(verdict, "checks");
    for (size_t i = 0; checks && json_kind(checks) == JSON_ARRAY && i < json_size(checks); i++) {
        const json_value *check = json_at(checks, i), *pass = json_get(check, "pass");
        char line[700];
        snprintf(line, sizeof line, "%s: %s", member_text(run, check, "name"), member_text(run, check, "detail"));
        fprintf(stream, "  %s  ", pass && json_bool(pass, false) ? "pass" : "FAIL");
        text_print_wrapped(stream, line, 8, width);
    }
    fputs("  => ", stream);
    text_print_wrapped(stream, member_text(run, verdict, "conclusion"), 5, width);
    return OK;
}

/* Seconds belong to the machine, so they are kept out of report.pdf and shown here only. */
int text_training_time(struct run_view *run, FILE *stream, size_t width) {
    char path[1024], line[1200] = "";
    struct json_document *document;
    TRY(path_join(path, sizeof path, run->dir, RUN_JSON));
    if (!file_exists(path)) return OK;
    TRY(json_load(path, ERR_DATA, &document));
    const json_value *list = json_get(json_root(document), "training_time");
    for (size_t i = 0; list && json_kind(list) == JSON_ARRAY && i < json_size(list); i++) {
        const json_value *item = json_at(list, i);
        size_t used = strlen(line);
        double seconds = member_number(item, "seconds"), ratio = member_number(item, "ratio_to_baseline");
        snprintf(line + used, sizeof line - used, "%s %s %.0f s",
                 used ? "," : "training time:", member_text(run, item, "strategy"), seconds);
        used = strlen(line);
        if (isfinite(ratio)) snprintf(line + used, sizeof line - used, " (%.2fx)", ratio);
    }
    json_free(document);
    if (line[0]) text_print_wrapped(stream, line, 2, width);
    return OK;
}
