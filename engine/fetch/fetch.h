/* Market data from the net: monthly files of an exchange's public archive, in parallel, resumed, verified. The only room that
 * knows libcurl, which is loaded when it is asked for. */
#ifndef GATEWALK_FETCH_H
#define GATEWALK_FETCH_H

#include "engine/base/base.h"

struct fetch_request {
    const char *base; /* "https://data.binance.vision"; http and https only */
    const char *symbol, *interval;
    int from_month, to_month; /* 12 * year + month - 1 */
    const char *dir;          /* made when it is missing */
    size_t jobs;              /* transfers at a time */
};
struct fetch_outcome {
    size_t n_fetched, n_kept, n_absent; /* months: newly here, here and verified already, unknown to the archive */
    uint64_t bytes;                     /* that travelled */
    int first_absent, last_absent;      /* months; meaningful when n_absent */
};

/* BASE/data/spot/monthly/klines/SYMBOL/INTERVAL/SYMBOL-INTERVAL-2020-01.zip, each with its .CHECKSUM beside it, which stays
 * beside the file. A file appears under its name only when its SHA-256 is right; what came of it before stays as .part and is
 * continued. GW_ERR_TOOL without libcurl; GW_ERR_DATA when a sum is wrong twice or no month is there; GW_ERR_IO when the net
 * or the disk fails; GW_ERR_INTERRUPTED. */
int fetch_binance(const struct fetch_request *request, struct fetch_outcome *out) GW_MUST_USE;

enum { FETCH_URL_MAX = 1024 };
/* Where a month lies; GW_ERR_USAGE for a request that cannot be one. */
int fetch_address(const struct fetch_request *request, int month, char url[FETCH_URL_MAX]) GW_MUST_USE;

/* "2020-01..2024-12", "2020-01", "2020-01.." (to the last month that is over): GW_ERR_USAGE. */
int fetch_parse_months(const char *text, int *from_month, int *to_month) GW_MUST_USE;

/* ---- inside ----------------------------------------------------------------------------------------- */

enum { FETCH_DIGEST_HEX = 65 };
/* SHA-256 (FIPS 180-4) of a file in hexadecimal. */
int sha256_file(const char *path, char hex[FETCH_DIGEST_HEX]) GW_MUST_USE;

/* One address into one file. *status is HTTP's; 0 when there was no answer at all. A body that ends early, a server that is
 * busy and a connection that breaks are tried again, from where they ended. */
struct transfer;
int transfer_library_open(void) GW_MUST_USE;
int transfer_open(struct transfer **out) GW_MUST_USE;
void transfer_close(struct transfer *transfer);
int transfer_get(struct transfer *transfer, const char *url, const char *path, long *status,
                 uint64_t *bytes) GW_MUST_USE;

#endif
