/* The keys of a table: its own rows, and behind every choice what the rows to choose from declare. */
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/param.h"

struct gw_choice gw_choice_at(const struct gw_choices *choices, size_t i) {
    if (choices->at) return choices->at(i);
    return i < choices->n ? choices->row[i] : (struct gw_choice){.name = NULL};
}

int gw_choice_find(const struct gw_choices *choices, const char *name) {
    struct gw_choice row;
    for (size_t i = 0; (row = gw_choice_at(choices, i)).name; i++)
        if (strcmp(row.name, name) == 0) return (int)i;
    return -1;
}

static const struct gw_param *own_find(const struct gw_choice *row, const char *name) {
    for (size_t k = 0; k < row->own.n; k++)
        if (strcmp(row->own.param[k].name, name) == 0) return &row->own.param[k];
    return NULL;
}

static bool declared_before(const struct gw_choices *choices, size_t row, const char *name) {
    for (size_t r = 0; r < row; r++) {
        struct gw_choice earlier = gw_choice_at(choices, r);
        if (own_find(&earlier, name)) return true;
    }
    return false;
}

/* Counts *left down over the keys that the rows of a choice declare; true at the one wanted. */
static bool own_at(const struct gw_param *by, size_t *left, struct gw_param_key *key) {
    struct gw_choice row;
    for (size_t r = 0; (row = gw_choice_at(by->choices, r)).name; r++)
        for (size_t k = 0; k < row.own.n; k++) {
            if (declared_before(by->choices, r, row.own.param[k].name) || (*left)-- > 0) continue;
            key->param = &row.own.param[k];
            key->by = by;
            key->row = r;
            return true;
        }
    return false;
}

bool gw_param_next(const struct gw_param_table *table, struct gw_param_key *key) {
    size_t left = key->index++;
    for (size_t i = 0; i < table->n; i++) {
        const struct gw_param *param = &table->param[i];
        if (param->name && left-- == 0) {
            key->param = param;
            key->by = NULL;
            return true;
        }
        if (param->type == GW_PARAM_CHOICE && param->beside && own_at(param, &left, key)) return true;
    }
    return false;
}

/* The first row of a choice that declares it. */
static bool own_named(const struct gw_param *by, const char *name, struct gw_param_key *key) {
    struct gw_choice row;
    for (size_t r = 0; (row = gw_choice_at(by->choices, r)).name; r++) {
        const struct gw_param *own = own_find(&row, name);
        if (!own) continue;
        *key = (struct gw_param_key){.param = own, .by = by, .row = r};
        return true;
    }
    return false;
}

bool gw_param_find(const struct gw_param_table *table, const char *name, struct gw_param_key *key) {
    *key = (struct gw_param_key){.param = NULL};
    for (size_t i = 0; i < table->n; i++) {
        const struct gw_param *param = &table->param[i];
        if (param->name && strcmp(param->name, name) == 0) {
            key->param = param;
            return true;
        }
        if (param->type == GW_PARAM_CHOICE && param->beside && own_named(param, name, key)) return true;
    }
    return false;
}

bool gw_param_active(struct gw_param_key *key, const void *base) {
    int row;
    if (!key->by) return true;
    memcpy(&row, (const char *)base + key->by->offset, sizeof row);
    if (row < 0) return false;
    struct gw_choice chosen = gw_choice_at(key->by->choices, (size_t)row);
    const struct gw_param *own = chosen.name ? own_find(&chosen, key->param->name) : NULL;
    if (!own) return false;
    key->param = own;
    key->row = (size_t)row;
    return true;
}

const void *gw_param_base_const(const struct gw_param_key *key, const void *base) {
    return key->by ? (const char *)base + key->by->beside + key->row * sizeof(struct gw_own_params) : base;
}

void *gw_param_base(const struct gw_param_key *key, void *base) {
    return key->by ? (char *)base + key->by->beside + key->row * sizeof(struct gw_own_params) : base;
}

char *gw_param_owners(const struct gw_param_key *key, char out[256]) {
    const char *name[GW_OWN_ROWS_MAX];
    size_t n = 0, used = 0;
    struct gw_choice row;
    for (size_t r = 0; key->by && n < GW_OWN_ROWS_MAX && (row = gw_choice_at(key->by->choices, r)).name; r++)
        if (own_find(&row, key->param->name)) name[n++] = row.name;
    out[0] = '\0';
    for (size_t i = 0; i < n && used < 256; i++)
        used += (size_t)snprintf(out + used, 256 - used, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", name[i]);
    return out;
}
