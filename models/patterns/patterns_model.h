/* The inside of a trained autoencoder. */
#ifndef GATEWALK_MODELS_PATTERNS_MODEL_H
#define GATEWALK_MODELS_PATTERNS_MODEL_H

#include "models/transformer/transformer.h"
#include "patterns.h"

/* The rows of the two tables, for the encoders that declare them as their own. */
#define PATTERN_OWN(kind, field, ...) GW_##kind##_PARAM(struct patterns_params, field, __VA_ARGS__)
#define PATTERN_SHAPE_ROWS                                                                                             \
    PATTERN_OWN(SIZE, pattern_bars, "bars", 50, 4, 512,                                                                \
                "bars of a pattern's window (P); it reaches 9 further for ma10"),                                      \
        PATTERN_OWN(SIZE, pattern_width, "units", 64, 4, 512,                                                          \
                    "width of the transformer (D), a multiple of its heads"),                                          \
        PATTERN_OWN(SIZE, pattern_heads, "heads", 4, 1, 64, "heads of the transformer's self-attention"),              \
        PATTERN_OWN(SIZE, pattern_layers, "layers", 2, 1, TRANSFORMER_LAYERS_MAX, "transformer layers, on each side"), \
        PATTERN_OWN(SIZE, latent, "units", 32, 2, 512, "coordinates of a pattern on the unit sphere"),                 \
        PATTERN_OWN(NUMBER, pattern_dropout, "fraction", .1, 0, .95,                                                   \
                    "dropped share inside the bottleneck while training")
#define PATTERN_ROWS                                                                                                   \
    PATTERN_SHAPE_ROWS,                                                                                                \
        PATTERN_OWN(CHOICE, contrastive, &pattern_contrast_choices, 0,                                                 \
                    "what keeps the patterns of different windows apart (C)"),                                         \
        PATTERN_OWN(NUMBER, contrastive_weight, "", .01, 0, 100, "of C beside the error of the reconstruction (R)"),   \
        PATTERN_OWN(NUMBER, temperature, "", .5, .01, 100, "of contrastive nt_xent"),                                  \
        PATTERN_OWN(SIZE, pattern_stride, "windows", 1, 1, 1024, "an epoch visits one in so many, others each time"),  \
        PATTERN_OWN(SIZE, categories, "categories", 1000, 1, 65536,                                                    \
                    "of shapes; never fewer than 50 windows each on average"),                                         \
        PATTERN_OWN(CHOICE, category_rates, &pattern_rates_choices, 0, "whose posteriors are a bar's probabilities")
extern const struct gw_choices pattern_contrast_choices, pattern_rates_choices;

struct patterns_model {
    struct patterns_config config;
    struct autoencoder net;
    float *weights; /* [net.tensors.size] */
    bool borrowed;  /* the weights are somebody else's */
};
struct transformer_shape patterns_shape(const struct patterns_params *params);
/* A model around weights that belong to another and outlive it. */
int patterns_borrow(const struct patterns_config *config, float *weights, struct patterns_model **out) GW_MUST_USE;

#endif
