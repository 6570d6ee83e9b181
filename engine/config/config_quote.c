/* Currencies: that of the account, those that prices are quoted in, and who says what these are worth. */
#include <string.h>

#include "config_private.h"
#include "engine/base/base.h"

static int check_source(const struct json_document *doc, const json_value *entry, struct data_source *source,
                        const char *account) {
    const json_value *quote = json_get(entry, "quote"), *rate = json_get(entry, "rate");
    json_place(doc, rate, &source->rate_line, &source->rate_column);
    if (rate && !*source->quote)
        return json_fail(doc, rate, GW_ERR_CONFIG, "data.rate says what a currency is worth; say which as \"quote\"");
    if (!*source->quote) return GW_OK;
    if (!*account)
        return json_fail(doc, quote, GW_ERR_CONFIG,
                         "data.quote is \"%s\", but the account has no currency; name it as broker.account_currency",
                         source->quote);
    const bool same = strcmp(source->quote, account) == 0;
    if (same && rate)
        return json_fail(doc, rate, GW_ERR_CONFIG, "data.rate is not needed: %s is the account's own currency",
                         account);
    if (!same && !*source->rate)
        return json_fail(
            doc, rate ? rate : quote, GW_ERR_CONFIG,
            "data.quote is \"%s\" and the account's currency \"%s\"; give \"rate\", the symbol whose price "
            "is one %s in %s, or 1/SYMBOL",
            source->quote, account, source->quote, account);
    return GW_OK;
}

int config_check_quotes(const struct json_document *doc, const json_value *data, struct experiment *e) {
    const bool list = json_kind(data) == JSON_ARRAY;
    for (size_t i = 0; i < e->n_data; i++) {
        const json_value *entry = list ? json_at(data, i) : data;
        if (json_kind(entry) == JSON_OBJECT) TRY(check_source(doc, entry, &e->data[i], e->broker.account_currency));
    }
    return GW_OK;
}
