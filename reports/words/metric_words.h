/* How a metric is called and shown, the same on every page and in every text. */
#ifndef GATEWALK_METRIC_WORDS_H
#define GATEWALK_METRIC_WORDS_H

#include "gatewalk/metric_key.h"

struct metric_words {
    char brief[GW_METRIC_KEY_MAX];  /* over a column: "AP", "P@5%" */
    char spoken[GW_METRIC_KEY_MAX]; /* in a sentence: "PR-AUC", "P@5 %" */
    char full[GW_METRIC_KEY_MAX];   /* "average precision", "precision @ 5 %" */
    double scale;                   /* 100 where it is shown in percent */
    int decimals;
    const char *unit; /* of a difference: " points", " %" or "" */
};
/* A metric that has no words goes by its key, with '?' for what is no letter, digit or any of "_.-". */
struct metric_words metric_words(const char *key);

#endif
