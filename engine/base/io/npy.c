/* NumPy's .npy, version 1.0: magic, version, length of the header, a Python dict padded to 64 bytes, the data. */
#include <stdlib.h>
#include <string.h>

#include "io.h"

enum { MOST_DIMS = 32, PREAMBLE = 10, ALIGNMENT = 64 };

/* "<f4", "<i8", "|u1": the number must be the item's size, or numpy would read nonsense. */
static int check_dtype(const char *path, const char *dtype, size_t item_size) {
    bool shape = strlen(dtype) >= 3 && strchr("<|", dtype[0]) && strchr("fiub", dtype[1]);
    if (!shape || strspn(dtype + 2, "0123456789") != strlen(dtype + 2) || strtoul(dtype + 2, NULL, 10) != item_size)
        FAIL(GW_ERR_INTERNAL, "%s: dtype \"%s\" does not describe items of %zu bytes", path, dtype, item_size);
    return GW_OK;
}

static int shape_text(const char *path, const size_t *shape, size_t n_dims, size_t *count, char *text, size_t size) {
    size_t used = 0;
    *count = 1;
    if (n_dims > MOST_DIMS) FAIL(GW_ERR_INTERNAL, "%s: %zu dimensions, numpy allows %d", path, n_dims, MOST_DIMS);
    for (size_t i = 0; i < n_dims; i++) {
        used += (size_t)snprintf(text + used, size - used, i ? " %zu," : "%zu,", shape[i]);
        if (__builtin_mul_overflow(*count, shape[i], count)) FAIL(GW_ERR_INTERNAL, "%s: the shape overflows", path);
    }
    if (n_dims > 1) used--; /* only a single dimension keeps its comma */
    text[used] = '\0';
    return GW_OK;
}

int npy_write(const char *path, const char *dtype, size_t item_size, const size_t *shape, size_t n_dims,
              const void *data) {
    char dims[MOST_DIMS * 22 + 1], header[PREAMBLE + sizeof dims + 128];
    size_t count;
    struct out_file file;
    TRY(check_dtype(path, dtype, item_size));
    TRY(shape_text(path, shape, n_dims, &count, dims, sizeof dims));
    size_t used = PREAMBLE;
    used += (size_t)snprintf(header + used, sizeof header - used,
                             "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, dims);
    size_t total = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(header + used, ' ', total - used);
    header[total - 1] = '\n';
    size_t dict = total - PREAMBLE;
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)(dict & 0xFF);
    header[9] = (char)(dict >> 8);
    TRY(out_open(&file, path));
    fwrite(header, 1, total, file.stream);
    if (count) fwrite(data, item_size, count, file.stream); /* errors are sticky: commit reports them */
    return out_commit(&file);
}
