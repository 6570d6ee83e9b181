/* What a key holds when an experiment leaves it out, as text: for `list keys`. */
#include <math.h>
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static void put_span(const struct gw_span *span, char *out, size_t size) {
    char text[40];
    if (span->ns)
        snprintf(out, size, "%s", duration_format(span->ns, text));
    else if (span->bars)
        snprintf(out, size, "%zu", span->bars); /* none: it must be given */
}

static void put_percentages(const struct signal_config *signals, char *out, size_t size) {
    size_t used = 0;
    for (size_t i = 0; i < signals->n_k && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%g", i ? " " : "", signals->k[i]);
}

static void put_value(const struct key_desc *key, const void *base, char *out, size_t size) {
    const void *field = (const char *)base + key->offset;
    const size_t *whole = field;
    const double *number = field;
    switch ((enum key_type)key->type) {
    case KEY_SIZE:
        if (*whole != SIZE_MAX) snprintf(out, size, "%zu", *whole); /* SIZE_MAX, NaN: follows another key */
        break;
    case KEY_NUMBER:
        if (!isnan(*number)) snprintf(out, size, "%g", *number);
        break;
    case KEY_BOOL:
        snprintf(out, size, "%s", *(const bool *)field ? "true" : "false");
        break;
    case KEY_WORD:
    case KEY_TEXT48:
        snprintf(out, size, "%s", (const char *)field);
        break;
    case KEY_SPAN:
        put_span(field, out, size);
        break;
    case KEY_KS:
        put_percentages(base, out, size);
        break;
    }
}

int config_default_text(const struct key_section *section, size_t key, char out[48]) {
    struct experiment *e = mem_calloc(1, sizeof *e);
    if (!e) return GW_ERR_NOMEM;
    experiment_defaults(e);
    const char *base =
        section->per_strategy ? (const char *)&e->common + section->common_offset : (const char *)e + section->offset;
    out[0] = '\0';
    put_value(&section->key[key], base, out, 48);
    mem_free(e);
    return GW_OK;
}
