/* What the two local attentions of Luong et al. (2015, section 3.2) share. */
#ifndef GATEWALK_MODELS_ATTENTION_LOCAL_H
#define GATEWALK_MODELS_ATTENTION_LOCAL_H

#include "attention_combine.h"

struct local_params {
    struct attention_params luong; /* first: luong_combine is looked for there */
    size_t local_span;
};
#define LOCAL_SPAN_ROW                                                                                                 \
    GW_SIZE_PARAM(struct local_params, local_span, "bars", 10, 1, 4096,                                                \
                  "half of a local attention's window (D); sigma of local_p is half of it")
static inline size_t local_span(const struct gw_model_config *config) {
    return ((const struct local_params *)own_of_attention(config))->local_span;
}

#endif
