/* What is put into a page becomes harmless here. */
#include <string.h>

#include "html.h"

void html_text(struct out_file *out, const char *text) {
    for (size_t plain; *text; text += plain) {
        plain = strcspn(text, "&<>\"'");
        out_write(out, text, plain);
        if (!text[plain]) return;
        out_printf(out, "&#%d;", text[plain]);
        plain++;
    }
}

/* In JSON these characters only ever stand inside strings, where their escapes mean the same. */
void html_data(struct out_file *out, const char *text, size_t length) {
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        const bool separator = i + 2 < length && memcmp(text + i, "\xE2\x80", 2) == 0 && (text[i + 2] & ~1) == '\xA8';
        if (!separator && !strchr("<>&", text[i])) continue;
        out_write(out, text + from, i - from);
        out_printf(out, "\\u%04x", separator ? (text[i + 2] == '\xA8' ? 0x2028u : 0x2029u) : (unsigned)text[i]);
        i += separator ? 2 : 0;
        from = i + 1;
    }
    out_write(out, text + from, length - from);
}

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void four(char to[4], const unsigned char *at, size_t n) {
    const unsigned bits = (unsigned)at[0] << 16 | (n > 1 ? (unsigned)at[1] << 8 : 0) | (n > 2 ? (unsigned)at[2] : 0);
    for (size_t i = 0; i < 4; i++) to[i] = i <= n ? digit[bits >> (18 - 6 * i) & 63] : '=';
}

void html_base64(struct out_file *out, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    char line[4096];
    size_t used = 0;
    for (size_t i = 0; i < length; i += 3) {
        four(line + used, at + i, length - i < 3 ? length - i : 3);
        used += 4;
        if (used < sizeof line && i + 3 < length) continue;
        out_write(out, line, used);
        used = 0;
    }
}

void html_hash(const char *const *part, size_t n, char out[HTML_HASH_SIZE]) {
    struct sha256 hash;
    unsigned char digest[32];
    sha256_begin(&hash);
    for (size_t i = 0; i < n; i++) sha256_add(&hash, part[i], strlen(part[i]));
    sha256_end(&hash, digest);
    char *to = stpcpy(out, "'sha256-");
    for (size_t i = 0; i < sizeof digest; i += 3, to += 4) four(to, digest + i, sizeof digest - i < 3 ? 2 : 3);
    strcpy(to, "'");
}
