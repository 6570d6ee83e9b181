/* A strict reader of JSON text (RFC 8259) that builds nothing: it finds the first mistake and says what it
 * is, or notes where each value begins. cJSON alone takes raw control characters, 01, 1., trailing commas
 * in places, and cuts strings at \u0000. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json_internal.h"

enum { LONGEST_NUMBER = 63 }; /* cJSON's own limit */

struct scan {
    const char *text;
    size_t at, length, depth;
    struct json_places *places;
    struct json_mistake *mistake;
};

static int scan_value(struct scan *scan, size_t key);

static int wrong(struct scan *scan, size_t offset, const char *what) {
    scan->mistake->offset = offset;
    snprintf(scan->mistake->what, sizeof scan->mistake->what, "%s", what);
    return GW_ERR_INTERNAL;
}

/* The byte here, '\0' at the end: a zero byte inside the text is refused before. */
static char here(const struct scan *scan) { return scan->at < scan->length ? scan->text[scan->at] : '\0'; }

static void skip_space(struct scan *scan) {
    while (here(scan) && strchr(" \t\r\n", here(scan))) scan->at++;
}

static size_t skip_digits(struct scan *scan) {
    size_t begin = scan->at;
    while (here(scan) >= '0' && here(scan) <= '9') scan->at++;
    return scan->at - begin;
}

static int note_place(struct scan *scan, size_t key) {
    struct json_places *places = scan->places;
    if (places->n == places->capacity) {
        size_t capacity = places->capacity ? 2 * places->capacity : 64;
        struct json_place *grown = mem_realloc(places->items, capacity, sizeof *grown);
        if (!grown) return GW_ERR_NOMEM;
        places->items = grown;
        places->capacity = capacity;
    }
    places->items[places->n++] = (struct json_place){(uint32_t)scan->at, (uint32_t)key};
    return GW_OK;
}

static int scan_number(struct scan *scan) {
    size_t begin = scan->at;
    if (here(scan) == '-') scan->at++;
    size_t whole = scan->at;
    if (!skip_digits(scan)) return wrong(scan, scan->at, "a digit must follow the minus sign");
    if (scan->text[whole] == '0' && scan->at - whole > 1)
        return wrong(scan, whole, "a number must not begin with a zero before other digits");
    if (here(scan) == '.') {
        scan->at++;
        if (!skip_digits(scan)) return wrong(scan, scan->at, "a digit must follow the decimal point");
    }
    if (here(scan) == 'e' || here(scan) == 'E') {
        scan->at++;
        if (here(scan) == '+' || here(scan) == '-') scan->at++;
        if (!skip_digits(scan)) return wrong(scan, scan->at, "a digit must follow the exponent's e");
    }
    char number[LONGEST_NUMBER + 1];
    size_t length = scan->at - begin;
    if (length > LONGEST_NUMBER) return wrong(scan, begin, "the number is longer than 63 characters");
    memcpy(number, scan->text + begin, length);
    number[length] = '\0';
    if (isinf(strtod(number, NULL))) return wrong(scan, begin, "the number is too large (at most 1.8e308)");
    return GW_OK;
}

/* The four hex digits behind "\u"; -1 when they are not there. */
static long hex4(const struct scan *scan, size_t at) {
    long value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = at + i < scan->length ? scan->text[at + i] : '\0';
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* scan->at stands on the backslash. */
static int scan_escape(struct scan *scan) {
    size_t begin = scan->at++;
    if (here(scan) && strchr("\"\\/bfnrt", here(scan))) {
        scan->at++;
        return GW_OK;
    }
    if (here(scan) != 'u')
        return wrong(scan, begin, "unknown escape; use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX");
    long unit = hex4(scan, scan->at + 1);
    if (unit < 0) return wrong(scan, begin, "\\u needs four hexadecimal digits");
    if (unit == 0) return wrong(scan, begin, "\\u0000 is not allowed in a string");
    scan->at += 5;
    if (unit < 0xD800 || unit > 0xDFFF) return GW_OK;
    bool pair = unit < 0xDC00 && here(scan) == '\\' && scan->at + 1 < scan->length && scan->text[scan->at + 1] == 'u';
    long low = pair ? hex4(scan, scan->at + 2) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return wrong(scan, begin, "half of a surrogate pair stands alone");
    scan->at += 6;
    return GW_OK;
}

static int scan_string(struct scan *scan) {
    size_t begin = scan->at++;
    for (;;) {
        unsigned char c = (unsigned char)here(scan);
        if (scan->at >= scan->length) return wrong(scan, begin, "the string is not closed: its \" is missing");
        if (c == '\n' || c == '\r')
            return wrong(scan, scan->at, "the string runs over the end of the line: close it with \" or write \\n");
        if (c < 0x20) return wrong(scan, scan->at, "a control character must be written as \\t or \\uXXXX in a string");
        if (c == '\\') {
            TRY(scan_escape(scan));
            continue;
        }
        scan->at++;
        if (c == '"') return GW_OK;
    }
}

/* true, false, null; and the words people write instead. */
static int scan_word(struct scan *scan) {
    static const char *const known[] = {"true", "false", "null"};
    static const char *const mistaken[] = {"True", "False", "None", "NaN", "nan", "Infinity", "undefined", "yes", "no"};
    size_t begin = scan->at, n = 0;
    while ((here(scan) | 0x20) >= 'a' && (here(scan) | 0x20) <= 'z') scan->at++;
    n = scan->at - begin;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strlen(known[i]) == n && memcmp(scan->text + begin, known[i], n) == 0) return GW_OK;
    for (size_t i = 0; i < COUNT_OF(mistaken); i++)
        if (strlen(mistaken[i]) == n && memcmp(scan->text + begin, mistaken[i], n) == 0)
            return wrong(scan, begin, "not a JSON word: write true, false, null or a number");
    return wrong(scan, begin, "a value was expected; text needs \"quotes\"");
}

static int expected_in(struct scan *scan, char close) {
    if (scan->at >= scan->length)
        return wrong(scan, scan->at,
                     close == '}' ? "the text ends inside an object: a } is missing"
                                  : "the text ends inside an array: a ] is missing");
    return wrong(scan, scan->at, close == '}' ? "a comma or } was expected" : "a comma or ] was expected");
}

static int scan_key(struct scan *scan) {
    if (scan->at >= scan->length) return expected_in(scan, '}');
    if (here(scan) == '}') return wrong(scan, scan->at, "a comma must not stand before }");
    if (here(scan) != '"') return wrong(scan, scan->at, "a key in \"quotes\" was expected");
    TRY(scan_string(scan));
    skip_space(scan);
    if (here(scan) != ':') return wrong(scan, scan->at, "a colon was expected after the key");
    scan->at++;
    skip_space(scan);
    return GW_OK;
}

static int scan_members(struct scan *scan, char close) {
    scan->at++;
    skip_space(scan);
    if (here(scan) == close) {
        scan->at++;
        return GW_OK;
    }
    for (;;) {
        size_t key = scan->at;
        if (close == '}') TRY(scan_key(scan));
        if (close == ']' && here(scan) == ']') return wrong(scan, scan->at, "a comma must not stand before ]");
        if (close == ']' && scan->at >= scan->length) return expected_in(scan, close);
        TRY(scan_value(scan, key));
        skip_space(scan);
        if (here(scan) == close) {
            scan->at++;
            return GW_OK;
        }
        if (here(scan) != ',') return expected_in(scan, close);
        scan->at++;
        skip_space(scan);
    }
}

static int scan_container(struct scan *scan, char close) {
    if (++scan->depth > JSON_DEEPEST) return wrong(scan, scan->at, "nested more than 64 levels deep");
    TRY(scan_members(scan, close));
    scan->depth--;
    return GW_OK;
}

static int scan_value(struct scan *scan, size_t key) {
    TRY(note_place(scan, key));
    char c = here(scan);
    if (scan->at >= scan->length) return wrong(scan, scan->at, "the text ends where a value was expected");
    if (c == '{') return scan_container(scan, '}');
    if (c == '[') return scan_container(scan, ']');
    if (c == '"') return scan_string(scan);
    if (c == '\'') return wrong(scan, scan->at, "text needs double quotes, not single ones");
    if (c == '/' || c == '#') return wrong(scan, scan->at, "JSON has no comments: remove it");
    if (c == '-' || (c >= '0' && c <= '9')) return scan_number(scan);
    return scan_word(scan);
}

int json_scan(const char *text, size_t length, struct json_places *places, struct json_mistake *mistake) {
    struct scan scan = {.text = text, .length = length, .places = places, .mistake = mistake};
    size_t bad;
    const char *zero = memchr(text, '\0', length);
    if (length > INT32_MAX - 1) return wrong(&scan, 0, "the text is larger than 2 GiB");
    if (!utf8_valid(text, length, &bad)) return wrong(&scan, bad, "not valid UTF-8: save the file as UTF-8");
    if (zero) return wrong(&scan, (size_t)(zero - text), "a zero byte does not belong in JSON text");
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) scan.at = 3;
    skip_space(&scan);
    if (scan.at >= length) return wrong(&scan, scan.at, "no JSON value: the text is empty");
    TRY(scan_value(&scan, scan.at));
    skip_space(&scan);
    if (scan.at < length) return wrong(&scan, scan.at, "something follows the end of the JSON value");
    return GW_OK;
}
