/* Names, by hash, of what a run and its trials are: 16 hexadecimal digits each. */
#ifndef GATEWALK_RESULTS_RUN_KEY_H
#define GATEWALK_RESULTS_RUN_KEY_H

#include "engine/walk/walk.h"

enum { RUN_KEY_SIZE = 17 };
/* The bars: every symbol's fingerprint. */
void data_key(const struct prepared *p, char out[RUN_KEY_SIZE]);
/* All that decides the results, the bars among it. Not the run's name and title, nor where its files lie. */
void config_key(const struct experiment *e, const struct prepared *p, char out[RUN_KEY_SIZE]);
/* What decides the trades of one strategy on its test slices; its name and its neighbours do not. */
void trial_key(const struct experiment *e, const struct prepared *p, size_t strategy, char out[RUN_KEY_SIZE]);

#endif
