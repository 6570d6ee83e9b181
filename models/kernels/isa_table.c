/* The functions of one instruction set as a table. */
#include "isa.h"

const struct kernels_f32 ISA(kernels_f32);
const struct kernels_f32 ISA(kernels_f32) = {
#if defined(GW_ISA_AVX512)
    .name = "avx512",
#elif defined(GW_ISA_AVX2)
    .name = "avx2",
#else
    .name = "portable",
#endif
    KERNELS_PRODUCTS,
    KERNELS_ELEMENTS,
    .large_nn = ISA(gemm_nn),
    .large_tn = ISA(gemm_tn),
    .large_nt = ISA(gemm_nt),
    .dense = ISA(dense),
    .lstm_pack_size = ISA(lstm_pack_size),
    .lstm_pack = ISA(lstm_pack),
    .lstm_forward = ISA(lstm_forward),
    .lstm_scratch_size = ISA(lstm_scratch_size),
    .lstm_backward = ISA(lstm_backward),
    .head_keep_size = ISA(head_keep_size),
    .head_scratch_size = ISA(head_scratch_size),
    .head_forward = ISA(head_forward),
    .head_backward = ISA(head_backward),
};
