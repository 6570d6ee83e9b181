/* NumPy's .npy, version 1.0: magic, version, length of the header, a Python dict padded to 64 bytes, the data. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

enum { MOST_DIMS = 32, PREAMBLE = 10, ALIGNMENT = 64, DIMS_MAX = MOST_DIMS * 22 + 1, HEADER_MAX = DIMS_MAX + 256 };
static const char magic[8] = "\x93NUMPY\x01"; /* and a minor version of 0 */
static const size_t largest_array = (size_t)1 << 30;

size_t npy_header(char *header, size_t size, const char *descr, const char *shape) {
    assert(size > PREAMBLE);
    int length = snprintf(header + PREAMBLE, size - PREAMBLE, "{'descr': %s, 'fortran_order': False, 'shape': (%s), }",
                          descr, shape);
    size_t used = PREAMBLE + (size_t)length, total = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t dict = total - PREAMBLE;
    assert(length > 0 && total <= size && dict <= UINT16_MAX);
    memset(header + used, ' ', total - used);
    header[total - 1] = '\n';
    memcpy(header, magic, sizeof magic);
    header[8] = (char)(dict & 0xFF);
    header[9] = (char)(dict >> 8);
    return total;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* "<f4", "<i8", "|u1": the number must be the item's size, or numpy would read nonsense. */
static int check_dtype(const char *path, const char *dtype, size_t item_size) {
    bool shape = strlen(dtype) >= 3 && strchr("<|", dtype[0]) && strchr("fiub", dtype[1]);
    if (!shape || strspn(dtype + 2, "0123456789") != strlen(dtype + 2) || strtoul(dtype + 2, NULL, 10) != item_size)
        FAIL(GW_ERR_INTERNAL, "%s: dtype \"%s\" does not describe items of %zu bytes", path, dtype, item_size);
    return GW_OK;
}

static int shape_text(const char *path, const size_t *shape, size_t n_dims, size_t *count, char text[DIMS_MAX]) {
    size_t used = 0;
    *count = 1;
    if (n_dims > MOST_DIMS) FAIL(GW_ERR_INTERNAL, "%s: %zu dimensions, numpy allows %d", path, n_dims, MOST_DIMS);
    for (size_t i = 0; i < n_dims; i++) {
        used += (size_t)snprintf(text + used, DIMS_MAX - used, i ? " %zu," : "%zu,", shape[i]);
        if (__builtin_mul_overflow(*count, shape[i], count)) FAIL(GW_ERR_INTERNAL, "%s: the shape overflows", path);
    }
    if (n_dims > 1) used--; /* only a single dimension keeps its comma */
    text[used] = '\0';
    return GW_OK;
}

int npy_write(const char *path, const char *dtype, size_t item_size, const size_t *shape, size_t n_dims,
              const void *data) {
    char dims[DIMS_MAX], descr[32], header[HEADER_MAX];
    size_t count;
    struct out_file file;
    TRY(check_dtype(path, dtype, item_size));
    TRY(shape_text(path, shape, n_dims, &count, dims));
    snprintf(descr, sizeof descr, "'%s'", dtype);
    size_t length = npy_header(header, sizeof header, descr, dims);
    TRY(out_open(&file, path));
    out_write(&file, header, length);
    out_write(&file, data, item_size * count); /* errors are sticky: commit reports them */
    return out_commit(&file);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* "'shape': (2, 3)", with as many numbers as asked for. */
static int parse_shape(const char *path, const char *dict, size_t *shape, size_t n_dims) {
    const char *at = strstr(dict, "'shape': (");
    if (!at) FAIL(GW_ERR_DATA, "%s: the header gives no shape", path);
    at += strlen("'shape': (");
    size_t n = 0;
    while (n < n_dims && isdigit((unsigned char)*at)) {
        char *end;
        shape[n++] = strtoul(at, &end, 10);
        at = end + strspn(end, ", ");
    }
    if (n < n_dims || *at != ')') FAIL(GW_ERR_DATA, "%s: expected an array of %zu dimensions", path, n_dims);
    return GW_OK;
}

/* The header's dict, NUL-terminated, and where the data begin. */
static int parse_header(const char *path, const char *bytes, size_t length, char dict[HEADER_MAX], size_t *begin) {
    if (length < PREAMBLE || memcmp(bytes, magic, sizeof magic) != 0)
        FAIL(GW_ERR_DATA, "%s: not a version 1.0 .npy file", path);
    size_t size = (size_t)(unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
    if (size > length - PREAMBLE) FAIL(GW_ERR_DATA, "%s: cut short in the header", path);
    if (size >= HEADER_MAX) FAIL(GW_ERR_DATA, "%s: a header of %zu bytes describes no plain array", path, size);
    memcpy(dict, bytes + PREAMBLE, size);
    dict[size] = '\0';
    *begin = PREAMBLE + size;
    return GW_OK;
}

static int parse_array(const char *path, const char *bytes, size_t length, const char *dtype, size_t item_size,
                       size_t *shape, size_t n_dims, void **data) {
    char dict[HEADER_MAX], descr[48];
    size_t begin = 0, size = item_size;
    TRY(parse_header(path, bytes, length, dict, &begin));
    snprintf(descr, sizeof descr, "'descr': '%s'", dtype);
    if (!strstr(dict, descr) || !strstr(dict, "'fortran_order': False"))
        FAIL(GW_ERR_DATA, "%s: expected a row-major array of '%s'", path, dtype);
    TRY(parse_shape(path, dict, shape, n_dims));
    for (size_t i = 0; i < n_dims; i++)
        if (__builtin_mul_overflow(size, shape[i], &size)) FAIL(GW_ERR_DATA, "%s: the shape overflows", path);
    if (size != length - begin)
        FAIL(GW_ERR_DATA, "%s: the header describes %zu bytes, %zu follow it: the file was damaged or cut short", path,
             size, length - begin);
    *data = mem_calloc(size ? size : 1, 1);
    if (!*data) return GW_ERR_NOMEM;
    memcpy(*data, bytes + begin, size);
    return GW_OK;
}

int npy_read(const char *path, const char *dtype, size_t item_size, size_t *shape, size_t n_dims, void **data) {
    char *bytes;
    size_t length;
    *data = NULL;
    TRY(check_dtype(path, dtype, item_size));
    TRY(file_read_own(path, largest_array, GW_ERR_DATA, &bytes, &length));
    int rc = parse_array(path, bytes, length, dtype, item_size, shape, n_dims, data);
    mem_free(bytes);
    return rc;
}
