/* A table of the functions that the templates have made. */
#ifndef GATEWALK_KERNELS_MIXED_TABLE_H
#define GATEWALK_KERNELS_MIXED_TABLE_H

/* Heads have products too small for tiles: their functions are those of the way `heads`. */
#define MIXED_TABLE(symbol, text, heads) MIXED_TABLE_OF(symbol, text, heads, KERNELS_PRODUCTS)
#define MIXED_TABLE_OF(symbol, text, heads, ...)                                                                       \
    const struct kernels_f32 symbol;                                                                                   \
    const struct kernels_f32 symbol = {                                                                                \
        .name = text,                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        KERNELS_ELEMENTS,                                                                                              \
        .large_nn = MIXED(large_nn),                                                                                   \
        .large_tn = MIXED(large_tn),                                                                                   \
        .large_nt = MIXED(large_nt),                                                                                   \
        .lstm_pack_size = MIXED(lstm_pack_size),                                                                       \
        .lstm_pack = MIXED(lstm_pack),                                                                                 \
        .lstm_forward = MIXED(lstm_forward),                                                                           \
        .lstm_scratch_size = MIXED(lstm_scratch_size),                                                                 \
        .lstm_backward = MIXED(lstm_backward),                                                                         \
        .head_keep_size = ISA(head_keep_size),                                                                         \
        .head_scratch_size = head_scratch_size_##heads,                                                                \
        .head_forward = head_forward_##heads,                                                                          \
        .head_backward = head_backward_##heads,                                                                        \
    }

#endif
