/* Just enough of the .npy format to read our own float32 matrices back. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "run_view.h"

enum { NPY_PREFIX = 10 }; /* magic, version, header length */
static const size_t largest_npy = (size_t)1 << 30;

static int parse_header(const char *path, const char *header, size_t shape[2]) {
    if (!strstr(header, "'descr': '<f4'") || !strstr(header, "'fortran_order': False"))
        FAIL(GW_ERR_DATA, "%s: expected row-major float32 ('<f4')", path);
    const char *at = strstr(header, "'shape': (");
    if (!at) FAIL(GW_ERR_DATA, "%s: the header gives no shape", path);
    at += strlen("'shape': (");
    for (int i = 0; i < 2; i++) {
        char *end;
        shape[i] = strtoul(at, &end, 10);
        if (end == at) FAIL(GW_ERR_DATA, "%s: expected an array of two dimensions", path);
        at = end + strspn(end, ", ");
    }
    return GW_OK;
}

int npy_read_f32(const char *path, size_t shape[2], float **data) {
    *data = NULL;
    char *bytes = NULL;
    size_t length;
    TRY(file_read_all(path, largest_npy, GW_ERR_DATA, &bytes, &length));
    int rc;
    if (length < NPY_PREFIX || memcmp(bytes, "\x93NUMPY\x01", 7) != 0) {
        rc = gw_error_set(GW_ERR_DATA, "%s: not a version 1 .npy file", path);
        goto cleanup;
    }
    size_t header = (size_t)(unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
    if (NPY_PREFIX + header > length) {
        rc = gw_error_set(GW_ERR_DATA, "%s: cut short in the header", path);
        goto cleanup;
    }
    const char *body = bytes + NPY_PREFIX + header;
    char text[512] = "";
    memcpy(text, bytes + NPY_PREFIX, header < sizeof text ? header : sizeof text - 1);
    TRY_GOTO(parse_header(path, text, shape), cleanup);
    size_t n_bytes;
    if (__builtin_mul_overflow(shape[0], shape[1], &n_bytes) ||
        __builtin_mul_overflow(n_bytes, sizeof(float), &n_bytes) || n_bytes != length - NPY_PREFIX - header) {
        rc = gw_error_set(GW_ERR_DATA, "%s: %zu × %zu float32 do not make the %zu bytes that follow the header", path,
                          shape[0], shape[1], length - NPY_PREFIX - header);
        goto cleanup;
    }
    *data = mem_calloc(n_bytes + 1, 1);
    rc = *data ? GW_OK : GW_ERR_NOMEM;
    if (*data) memcpy(*data, body, n_bytes);
cleanup:
    mem_free(bytes);
    return rc;
}
