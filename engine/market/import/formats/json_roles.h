/* Which member of a JSON record is the time, which the open, and so on, by the names of CSV headers. */
#ifndef GATEWALK_MARKET_JSON_ROLES_H
#define GATEWALK_MARKET_JSON_ROLES_H

#include "json_scan.h"

enum { ROLES_MAX = N_COLUMN_ROLES + GW_COLUMNS_MAX };

/* Where each role's value stands among the members of a record. Names repeat from record to record. */
struct json_roles {
    int rank[ROLES_MAX];
    struct field name[ROLES_MAX];
    size_t n;
    struct {
        struct field key;
        uint8_t role;
    } member[IMPORT_COLUMNS_MAX];
};

void json_roles_learn(struct json_roles *roles, struct field key);
/* `guess`: the place of this member in the record before. */
unsigned json_roles_find(const struct json_roles *roles, struct field key, size_t guess);
bool json_roles_have_prices(const struct json_roles *roles);
/* Members that the caller asked for by name take the roles behind the bars' own. */
int json_roles_choose_extra(struct import_reader *reader, struct json_roles *roles) GW_MUST_USE;
/* Field k of a row has the k-th role, whether or not the file has it: the layout of every shape. */
int json_roles_lay_out(struct import_reader *reader, const struct json_roles *roles, bool with_time) GW_MUST_USE;
/* A row of that layout in which nothing stands yet. */
struct import_row json_empty_row(const struct json_scan *scan);

#endif
