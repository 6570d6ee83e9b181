/* What the saving and the loading of a model file agree on. */
#ifndef GATEWALK_MODELS_STORED_H
#define GATEWALK_MODELS_STORED_H

#include "models/api/gate_model.h"
#include "safetensors.h"
#include "settings.h"

#define STORED_FORMAT      "gatewalk-model-1"
#define STORED_CALIBRATION "calibration." /* then the gate, a dot and the kind */
static const char *const stored_gate[GW_N_GATES] = {"long", "short"};

#define STORED_PATTERNS "patterns." /* then what of the categories, or "log" */
/* Appends what a pattern gate has beside its weights; *memory is released with mem_free once written. */
int store_patterns(const struct pattern_gate *gate, struct stored_tensor *out, size_t *n, double **memory) GW_MUST_USE;
/* Takes one such tensor; load_patterns_end wants them all, and fitting. */
int load_patterns(const char *path, const struct stored_tensor *stored, struct gw_gate_model *model) GW_MUST_USE;
int load_patterns_end(const char *path, struct gw_gate_model *model) GW_MUST_USE;
/* R and C by epoch as a tensor, a row an epoch: [n × STORED_LOG_COLUMNS] doubles; and back into the same order, false where a
 * row is none. */
enum { STORED_LOG_COLUMNS = 10 };
void stored_log_put(const struct patterns_log *log, double *out);
bool stored_log_take(const double *row, struct patterns_epoch *epoch);

#define STORED_TREES "trees." /* then the gate and what of them */
int store_trees(const struct boosted_gate *gate, struct stored_tensor *out, size_t *n, double **memory) GW_MUST_USE;
int load_trees(const char *path, const struct stored_tensor *stored, struct gw_gate_model *model) GW_MUST_USE;
int load_trees_end(const char *path, const struct gw_gate_model *model) GW_MUST_USE;

/* Metadata of a fit in fp16: what its loss scale came to, from which a warm start goes on. */
#define STORED_LOSS_SCALE "loss_scale"

#define STORED_SNAPSHOT "snapshot" /* then its number from 1, a dot and the tensor; of the last the tensors alone */
#define STORED_MIX      "snapshots.weight"
/* Appends what a snapshot ensemble has beside the weights of its last snapshot. */
void store_snapshots(const struct R(gate) *gate, struct stored_tensor *out, size_t *n);
/* How many tensors these are; room for them as the settings have it; one of them; whether all were there. */
size_t stored_snapshots(const struct gw_train_config *train, size_t n_tensors);
int load_snapshots_begin(struct R(gate) *gate) GW_MUST_USE;
int load_snapshot(const char *path, const struct stored_tensor *stored, struct R(gate) *gate,
                  size_t *n_loaded) GW_MUST_USE;
int load_snapshots_end(const char *path, struct R(gate) *gate, size_t n_loaded) GW_MUST_USE;

/* What a file holds of the weights: every tensor, or A and B of every adapted matrix. */
struct stored_place {
    char name[48];
    size_t rows, columns;
    real *at; /* in the gate's own memory */
};
enum { STORED_PLACES_MAX = 2 * TENSORS_MAX, WEIGHTS_NAME_SIZE = 17 };
size_t stored_places(const struct R(gate) *gate, struct stored_place place[STORED_PLACES_MAX]);
/* Weights in metadata: their lora_hash in hex digits. */
void stored_weights_name(uint64_t hash, char name[WEIGHTS_NAME_SIZE]);

#endif
