/* Quantised in blocks and back. */
#include "quantise.h"

#include <math.h>

/* NF4, QLoRA (Dettmers et al. 2023), appendix E: half of the levels from each side of a normal distribution, one of them 0. */
static const float levels[16] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

size_t R(quantised_bytes)(enum lora_base kind, size_t n) {
    const size_t scales = (n + QUANTISE_BLOCK - 1) / QUANTISE_BLOCK * sizeof(float);
    switch (kind) {
    case LORA_BASE_INT8:
        return n + scales;
    case LORA_BASE_INT4:
        return (n + 1) / 2 + scales;
    case LORA_BASE_FLOAT32:
        break;
    }
    return n * sizeof(float);
}

/* The lower one where two are as near. */
static uint8_t nearest_level(float x) {
    uint8_t best = 0;
    for (uint8_t i = 1; i < 16; i++)
        if (fabsf(x - levels[i]) < fabsf(x - levels[best])) best = i;
    return best;
}

float R(quantise_block)(enum lora_base kind, size_t n, const real *w, uint8_t *code) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) largest = fmaxf(largest, fabsf((float)w[i]));
    for (size_t i = 0; i < n; i++) {
        const float x = largest > 0 ? (float)w[i] / largest : 0;
        code[i] = kind == LORA_BASE_INT4 ? nearest_level(x) : (uint8_t)(int8_t)rintf(127 * x);
    }
    return largest;
}

void R(dequantise_block)(enum lora_base kind, size_t n, const uint8_t *code, float largest, real *w) {
    for (size_t i = 0; i < n; i++)
        w[i] =
            (real)(kind == LORA_BASE_INT4 ? largest * levels[code[i] & 15] : largest * ((float)(int8_t)code[i] / 127));
}

void R(quantise_round)(enum lora_base kind, size_t n, real *w) {
    uint8_t code[QUANTISE_BLOCK];
    if (kind == LORA_BASE_FLOAT32) return;
    for (size_t i = 0; i < n; i += QUANTISE_BLOCK) {
        const size_t part = n - i < QUANTISE_BLOCK ? n - i : QUANTISE_BLOCK;
        const float largest = R(quantise_block)(kind, part, w + i, code);
        R(dequantise_block)(kind, part, code, largest, w + i);
    }
}
