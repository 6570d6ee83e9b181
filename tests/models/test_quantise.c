/* Weights in few bits: codes, scales and what comes back, beside numpy and the definition of NF4 (tests/golden/make_quantise.py). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "models/network/quantise.h"
#include "test.h"

enum { MOST = 200 };

/* The numbers of the line that begins with `name`. */
static size_t golden(const char *name, double value[MOST]) {
    char *text, *line;
    size_t length, n = 0;
    char begin[40];
    assert_int_equal(file_read_all("tests/golden/quantise.txt", 1 << 20, GW_ERR_DATA, &text, &length), GW_OK);
    snprintf(begin, sizeof begin, "%s ", name);
    for (line = text; strncmp(line, begin, strlen(begin)) != 0; line = strchr(line, '\n') + 1)
        assert_non_null(strchr(line, '\n'));
    char *at = line + strlen(begin), *end = strchr(at, '\n');
    for (*end = '\0'; *at;) {
        assert_true(n < MOST);
        value[n++] = strtod(at, &at);
        at += strspn(at, " ");
    }
    mem_free(text);
    return n;
}

static void check_kind(enum lora_base kind, const char *name) {
    double wide[MOST], code[MOST], scale[MOST], back[MOST];
    float w[MOST];
    char key[40];
    const size_t n = golden("w", wide);
    for (size_t i = 0; i < n; i++) w[i] = (float)wide[i];
    snprintf(key, sizeof key, "%s.code", name);
    assert_int_equal(golden(key, code), n);
    snprintf(key, sizeof key, "%s.scale", name);
    assert_int_equal(golden(key, scale), (n + QUANTISE_BLOCK - 1) / QUANTISE_BLOCK);
    snprintf(key, sizeof key, "%s.back", name);
    assert_int_equal(golden(key, back), n);
    for (size_t i = 0; i < n; i += QUANTISE_BLOCK) {
        uint8_t got[QUANTISE_BLOCK];
        float made[QUANTISE_BLOCK];
        const size_t part = n - i < QUANTISE_BLOCK ? n - i : QUANTISE_BLOCK;
        const float largest = R(quantise_block)(kind, part, w + i, got);
        R(dequantise_block)(kind, part, got, largest, made);
        assert_true(largest == (float)scale[i / QUANTISE_BLOCK]);
        for (size_t k = 0; k < part; k++) {
            assert_int_equal(kind == LORA_BASE_INT4 ? got[k] : (int8_t)got[k], (int)code[i + k]);
            assert_true(fabs((double)made[k] - back[i + k]) <= 2e-7 * (double)largest);
        }
    }
    /* In place, and a second time nothing moves. */
    float once[MOST], twice[MOST];
    memcpy(once, w, n * sizeof *once);
    R(quantise_round)(kind, n, once);
    for (size_t i = 0; i < n; i++) assert_true(fabs((double)once[i] - back[i]) <= 2e-7 * 2);
    memcpy(twice, once, n * sizeof *twice);
    R(quantise_round)(kind, n, twice);
    for (size_t i = 0; i < n; i++) assert_true(fabsf(twice[i] - once[i]) <= 1e-6f * fabsf(once[i]));
}

static void test_int8(void **state) {
    (void)state;
    check_kind(LORA_BASE_INT8, "int8");
}

static void test_int4(void **state) {
    (void)state;
    double want[MOST];
    uint8_t code[16];
    float level[16];
    check_kind(LORA_BASE_INT4, "int4");
    for (uint8_t i = 0; i < 16; i++) code[i] = i;
    R(dequantise_block)(LORA_BASE_INT4, 16, code, 1, level);
    assert_int_equal(golden("levels", want), 16);
    /* The published levels are of float32 arithmetic: an ulp at 1. */
    for (size_t i = 0; i < 16; i++) assert_true(fabs((double)level[i] - want[i]) <= 1.2e-7);
}

static void test_float32_is_left_alone(void **state) {
    (void)state;
    float w[3] = {.1f, -.7f, 3}, before[3];
    memcpy(before, w, sizeof w);
    R(quantise_round)(LORA_BASE_FLOAT32, 3, w);
    assert_memory_equal(w, before, sizeof w);
}

static void test_bytes(void **state) {
    (void)state;
    assert_int_equal(R(quantised_bytes)(LORA_BASE_FLOAT32, 130), 520);
    assert_int_equal(R(quantised_bytes)(LORA_BASE_INT8, 130), 130 + 12);
    assert_int_equal(R(quantised_bytes)(LORA_BASE_INT4, 130), 65 + 12);
    assert_int_equal(R(quantised_bytes)(LORA_BASE_INT4, 1), 1 + 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int8),
        cmocka_unit_test(test_int4),
        cmocka_unit_test(test_float32_is_left_alone),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
