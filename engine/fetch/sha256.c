/* SHA-256 of a file. */
#include <errno.h>
#include <string.h>

#include "fetch.h"

int sha256_file(const char *path, char hex[FETCH_DIGEST_HEX]) {
    struct sha256 hash;
    unsigned char chunk[4096], digest[32];
    FILE *stream;
    TRY(file_open(path, GW_ERR_IO, &stream));
    sha256_begin(&hash);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stream)) > 0;) sha256_add(&hash, chunk, n);
    bool bad = ferror(stream) != 0;
    fclose(stream);
    if (bad) FAIL(GW_ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    sha256_end(&hash, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return GW_OK;
}
