/* Parameters: what a struct of settings holds, said once.
 *
 * A row names a field, its type, unit, default, range and meaning; whoever owns the struct owns its table. Defaults,
 * range checks, reading and writing, the settings in a model file, the key of a fit, `gatewalk list keys` and the schema
 * of an experiment all walk these tables, so a new row is all that a new parameter takes.
 *
 * A field may choose a row of another table (an attention, a loss). Such rows may declare parameters of their own, with
 * a struct of their own; the chooser's struct has room for the structs of all rows at once, so that settings can be
 * copied and a value can be given before the choice is made. Only the chosen row's count. */
#ifndef GATEWALK_PARAM_H
#define GATEWALK_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

GW_BEGIN_DECLS

enum gw_param_type {
    GW_PARAM_SIZE,     /* size_t */
    GW_PARAM_NUMBER,   /* double */
    GW_PARAM_BOOL,     /* bool */
    GW_PARAM_CHOICE,   /* int (or an enum): a row of `choices`; the default is the first */
    GW_PARAM_TEXT,     /* char [capacity] */
    GW_PARAM_NAME,     /* char [capacity]: letters, digits, '_', '.', '-' */
    GW_PARAM_DURATION, /* int64_t nanoseconds, written "15m"; 0: not given */
    GW_PARAM_SPAN,     /* struct gw_span, written as bars or "180d" */
    GW_PARAM_NUMBERS,  /* double [capacity], ascending; their number is the size_t at `beside` */
};

/* A length in bars of the clock or as a duration; exactly one is set. */
struct gw_span {
    size_t bars;
    int64_t ns;
};

struct gw_choices;
struct gw_param {
    const char *name; /* NULL: a choice that is made elsewhere, whose rows' parameters belong here */
    enum gw_param_type type;
    size_t offset;
    const char *unit;          /* "" for none */
    double initial, low, high; /* default and range; a default of NAN follows other keys */
    const char *text;          /* default of texts and lists of numbers; NULL: empty */
    size_t capacity;
    const struct gw_choices *choices;
    size_t beside; /* offset of the own structs of the choice's rows (0: they have none), or of a list's length */
    const char *help;
};
struct gw_param_table {
    const struct gw_param *param;
    size_t n;
};

/* One row of a table that settings choose from. */
struct gw_choice {
    const char *name, *help;
    struct gw_param_table own; /* offsets in the row's own struct */
};
struct gw_choices {
    const struct gw_choice *row;
    size_t n;
    struct gw_choice (*at)(size_t i); /* instead of `row`; its name is NULL past the end */
};
struct gw_choice gw_choice_at(const struct gw_choices *choices, size_t i); /* name NULL past the end */
int gw_choice_find(const struct gw_choices *choices, const char *name);    /* -1: unknown */

/* Room for the own struct of one row. */
enum { GW_OWN_PARAMS_SIZE = 96, GW_OWN_ROWS_MAX = 16 };
struct gw_own_params {
    unsigned char bytes[GW_OWN_PARAMS_SIZE] __attribute__((aligned(8)));
};

/* Rows of a table. `type` is a struct with its keyword: GW_SIZE_PARAM(struct gw_model_config, hidden, …). */
#define GW_SIZE_PARAM(struct_type, field, unit_, initial_, low_, high_, help_)                                         \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_SIZE, .offset = offsetof(struct_type, field), .unit = unit_,                  \
        .initial = initial_, .low = low_, .high = high_, .help = help_                                                 \
    }
#define GW_NUMBER_PARAM(struct_type, field, unit_, initial_, low_, high_, help_)                                       \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_NUMBER, .offset = offsetof(struct_type, field), .unit = unit_,                \
        .initial = initial_, .low = low_, .high = high_, .help = help_                                                 \
    }
#define GW_BOOL_PARAM(struct_type, field, initial_, help_)                                                             \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_BOOL, .offset = offsetof(struct_type, field), .unit = "",                     \
        .initial = initial_, .help = help_                                                                             \
    }
/* own_: offset of the array of struct gw_own_params, 0 when the rows have none. */
#define GW_CHOICE_PARAM(struct_type, field, choices_, own_, help_)                                                     \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_CHOICE, .offset = offsetof(struct_type, field), .unit = "",                   \
        .choices = choices_, .beside = own_, .help = help_                                                             \
    }
#define GW_TEXT_PARAM(struct_type, field, type_, help_)                                                                \
    {                                                                                                                  \
        .name = #field, .type = type_, .offset = offsetof(struct_type, field), .unit = "",                             \
        .capacity = sizeof(((struct_type *)0)->field), .help = help_                                                   \
    }
#define GW_SPAN_PARAM(struct_type, field, low_, high_, help_)                                                          \
    {                                                                                                                  \
        .name = #field, .type = GW_PARAM_SPAN, .offset = offsetof(struct_type, field), .unit = "bars", .low = low_,    \
        .high = high_, .help = help_                                                                                   \
    }
/* A table from an array of rows. */
#define GW_PARAM_TABLE(rows)                                                                                           \
    { rows, sizeof(rows) / sizeof((rows)[0]) }

/* ---- walking a table ---------------------------------------------------------------------------- */

/* One key: a row of the table, or a parameter that rows of one of its choices declare (all of them alike). */
struct gw_param_key {
    const struct gw_param *param;
    const struct gw_param *by; /* the choice whose rows declare it; NULL: always there */
    size_t row;                /* the first such row */
    size_t index;              /* of the key; starts at 0 */
};
/* Every key once: for (struct gw_param_key key = {0}; gw_param_next(table, &key);) */
bool gw_param_next(const struct gw_param_table *table, struct gw_param_key *key);
bool gw_param_find(const struct gw_param_table *table, const char *name, struct gw_param_key *key);
/* Whether the settings at `base` use it; then key->row is the chosen row. */
bool gw_param_active(struct gw_param_key *key, const void *base);
/* The struct that key->param's offset counts from: `base` itself, or the row's own. */
void *gw_param_base(const struct gw_param_key *key, void *base);
const void *gw_param_base_const(const struct gw_param_key *key, const void *base);
/* "bahdanau, luong_concat and dual_stage": the rows that declare it. */
char *gw_param_owners(const struct gw_param_key *key, char out[256]);

/* ---- values ------------------------------------------------------------------------------------- */

enum { GW_PARAM_WHY = 512, GW_PARAM_SHOWN = 64 };
const char *gw_param_type_name(const struct gw_param *param); /* "whole number" … */
void gw_param_defaults(const struct gw_param_table *table, void *base);
/* Into the struct at `own`. On failure GW_ERR_CONFIG, and `why` goes on behind the key's name: " is 0; it must …". */
int gw_param_put_number(const struct gw_param *param, double number, void *own, char why[GW_PARAM_WHY]) GW_MUST_USE;
int gw_param_put_text(const struct gw_param *param, const char *text, void *own, char why[GW_PARAM_WHY]) GW_MUST_USE;
/* The value just put, into every row that declares the key. */
void gw_param_spread(const struct gw_param_key *key, void *base);
/* One key by name from text ("bahdanau", "64", "true"): GW_ERR_CONFIG names it. */
int gw_param_set(const struct gw_param_table *table, void *base, const char *name, const char *text) GW_MUST_USE;
/* Copies one key's value between two structs of a table. */
void gw_param_copy(const struct gw_param_key *key, const void *from, void *to);
/* Every active key against its range: GW_ERR_CONFIG "section.key: …". */
int gw_param_check(const struct gw_param_table *table, const char *section, const void *base) GW_MUST_USE;
/* As it would be written; "" when there is none or it follows other keys. */
char *gw_param_show(const struct gw_param *param, const void *own, char out[GW_PARAM_SHOWN]);
/* The name of a chosen row: gw_param_word(&gw_model_params, config, "attention"). "" when there is no such choice. */
const char *gw_param_word(const struct gw_param_table *table, const void *base, const char *name);
/* Names and values of the active keys, and of nothing else. */
uint64_t gw_param_hash(const struct gw_param_table *table, const void *base, uint64_t seed);

GW_END_DECLS

#endif
