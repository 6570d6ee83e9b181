/* What moved a fit's surest signals, beside what it attended to. */
#ifndef GATEWALK_RUN_FIT_GRADIENTS_H
#define GATEWALK_RUN_FIT_GRADIENTS_H

#include "fold_data.h"

/* Integrated gradients of each gate's `most` surest signals among fit->row, into their rows; 0: of none. A model that has
 * no gradients says so in fit->advice. */
int fit_keep_gradients(size_t most, const struct fold_data *data, const struct gw_gate_model *model,
                       struct fit *fit) GW_MUST_USE;

#endif
