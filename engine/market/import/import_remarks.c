/* What an import did that its user may not expect, in words. */
#include "engine/base/base.h"
#include "gatewalk/import.h"

static bool tell_volume(const struct gw_import_report *r, char *text) {
    if (r->has_volume) return false;
    snprintf(text, 256, "there is no volume column; volume is 0, and volume features cannot be used");
    return true;
}

static bool tell_empty_volume(const struct gw_import_report *r, char *text) {
    if (!r->n_empty_volume) return false;
    snprintf(text, 256, "the volume is empty in %zu of %zu rows; it is taken as 0 there", r->n_empty_volume, r->n_rows);
    return true;
}

static bool tell_empty_rows(const struct gw_import_report *r, char *text) {
    if (!r->n_empty_rows) return false;
    snprintf(text, 256, "%zu rows have a time but no prices; they are gaps", r->n_empty_rows);
    return true;
}

static bool tell_broker(const struct gw_import_report *r, char *text) {
    if (!r->zone_is_broker) return false;
    snprintf(text, 256,
             "times are the broker's and are taken as UTC; say whose they are with \"timezone\" (often "
             "\"America/New_York+7\")");
    return true;
}

bool gw_import_remark(const struct gw_import_report *report, size_t i, char text[256]) {
    static bool (*const tell[])(const struct gw_import_report *, char *) = {tell_volume, tell_empty_volume,
                                                                            tell_empty_rows, tell_broker};
    for (size_t k = 0; k < COUNT_OF(tell); k++)
        if (tell[k](report, text) && i-- == 0) return true;
    return false;
}
