/* Time zones by name, from the system's database (TZif, RFC 8536), read by this program itself: libc knows one zone a
 * process, and setting it is no thread's business. */
#ifndef GATEWALK_MARKET_IMPORT_TZ_H
#define GATEWALK_MARKET_IMPORT_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gatewalk/error.h"

struct import_tz;

/* "Europe/Berlin", "UTC", "+02:00", or a zone shifted by hours: "America/New_York+7" is the clock of many brokers, whose
 * trading day ends at New York's close. GW_ERR_CONFIG: there is no such zone. Zones lie in $TZDIR or /usr/share/zoneinfo. */
int import_tz_open(const char *name, struct import_tz **out) GW_MUST_USE;
void import_tz_close(struct import_tz *tz);
uint64_t import_tz_hash(const struct import_tz *tz); /* of its rules: a new database is another zone */

/* How far its clocks are ahead of UTC at a moment. */
int64_t import_tz_offset_ns(struct import_tz *tz, int64_t utc_ns);
/* The moments at which its clocks show this time: none where they were put forward, two where they were put back (the
 * earlier one first). */
size_t import_tz_to_utc(struct import_tz *tz, int64_t local_ns, int64_t utc_ns[2]);

#endif
