/* How long rank 0 rests between looks for messages, while its own fits want the processor that it looks with. */
#ifndef GATEWALK_CLUSTER_REST_H
#define GATEWALK_CLUSTER_REST_H

struct rest {
    double gap, heard; /* seconds between messages, smoothed; when the last one came (clock_seconds) */
};

void rest_begin(struct rest *rest);
void rest_heard(struct rest *rest); /* a message came */
double rest_seconds(const struct rest *rest);
void rest_nap(const struct rest *rest);

#endif
