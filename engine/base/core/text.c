/* Text that came from outside: is it UTF-8, is it safe in a file name, which known word was meant. */
#include <string.h>

#include "core.h"

/* Bytes of the well-formed sequence at `at` (Unicode 15, table 3-7), 0 when there is none. */
static size_t sequence_length(const unsigned char *at, size_t left) {
    unsigned char lead = at[0];
    if (lead < 0x80) return 1;
    size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
    if (length == 0 || length > left) return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    bool overlong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
    bool surrogate = lead == 0xED && at[1] > 0x9F;
    bool beyond = lead == 0xF4 && at[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

bool utf8_valid(const char *text, size_t length, size_t *bad_offset) {
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < length;) {
        uint64_t eight;
        for (; length - i >= sizeof eight; i += sizeof eight) { /* most text is ASCII */
            memcpy(&eight, bytes + i, sizeof eight);
            if (eight & 0x8080808080808080U) break;
        }
        if (i == length) break;
        size_t step = sequence_length(bytes + i, length - i);
        if (step == 0) {
            if (bad_offset) *bad_offset = i;
            return false;
        }
        i += step;
    }
    return true;
}

char *text_clean(char *text) {
    unsigned char *out = (unsigned char *)text;
    const unsigned char *in = out;
    size_t left = strlen(text);
    while (left > 0) {
        size_t step = sequence_length(in, left);
        bool control = step == 1 && (in[0] < 0x20 || in[0] == 0x7F);
        bool c1_control = step == 2 && in[0] == 0xC2 && in[1] < 0xA0; /* terminals obey these too */
        if (step == 0 || control || c1_control)
            *out++ = '?';
        else
            out = (unsigned char *)memmove(out, in, step) + step;
        in += step ? step : 1;
        left -= step ? step : 1;
    }
    *out = '\0';
    return text;
}

bool name_is_safe(const char *text) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    if (!text || text[0] == '\0' || text[0] == '-' || text[0] == '.') return false;
    return text[strspn(text, allowed)] == '\0';
}

enum { LONGEST_WORD = 63 };

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

/* Edit distance where a swap of neighbours counts once (optimal string alignment), ignoring case. */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++) last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last, last = now, now = spare;
    }
    return last[m];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t n) {
    size_t length = strlen(word), best = SIZE_MAX;
    const char *nearest = NULL;
    if (length == 0 || length > LONGEST_WORD) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(candidates[i]);
        if (other == 0 || other > LONGEST_WORD) continue;
        size_t steps = distance(word, length, candidates[i], other);
        size_t tolerated = (smaller(length, other) + 2) / 3; /* one slip in three letters is still a slip */
        if (steps <= tolerated && steps < smaller(length, other) && steps < best) {
            best = steps;
            nearest = candidates[i];
        }
    }
    /* Half a name is a slip as well: "taker" for "taker_bps". */
    for (size_t i = 0; !nearest && length >= 3 && i < n; i++)
        if (strncmp(candidates[i], word, length) == 0) nearest = candidates[i];
    return nearest;
}
