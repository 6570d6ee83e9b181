/* Weights kept in few bits, a block of 64 at a time, each block by its largest magnitude m (Dettmers et al. 2022, 2023):
 *   int8  code = round(127 w / m), half to even, w' = m code / 127
 *   int4  NormalFloat: the nearest of 16 levels, which are quantiles of a normal distribution, w' = m level
 * Plain arithmetic in a fixed order: the same bits on any instruction set. */
#ifndef GATEWALK_MODELS_QUANTISE_H
#define GATEWALK_MODELS_QUANTISE_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

enum lora_base { LORA_BASE_FLOAT32, LORA_BASE_INT8, LORA_BASE_INT4 };
enum { QUANTISE_BLOCK = 64 };

/* Bytes of n weights: codes, two to a byte in int4, and a float32 a block. */
size_t R(quantised_bytes)(enum lora_base kind, size_t n);
/* One block of n <= QUANTISE_BLOCK weights; codes stand one to a byte, int8 as two's complement. Returns m. */
float R(quantise_block)(enum lora_base kind, size_t n, const real *w, uint8_t *code);
void R(dequantise_block)(enum lora_base kind, size_t n, const uint8_t *code, float largest, real *w);
/* What n weights become on the way there and back, in place; float32 leaves them as they are. */
void R(quantise_round)(enum lora_base kind, size_t n, real *w);

#endif
