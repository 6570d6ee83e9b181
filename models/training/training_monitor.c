/* What is measured between epochs: validation loss and average precision, and the pace of self-paced losses. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/base.h"
#include "gatewalk/metrics.h"
#include "training.h"

static int label_of(const struct R(training) *fit, const struct gw_sample *sample, size_t gate) {
    return fit->input->series[sample->series].label[gate][sample->row];
}

/* In full precision whatever training uses, as the finished gate will be asked. */
static void score(struct R(training) *fit, const struct gw_sample *sample, size_t n) {
    R(network_pack)(&fit->net, fit->weights, fit->packed);
    R(score_logits)(&fit->net, fit->weights, fit->packed, &fit->team, fit->input->series, sample, n, fit->logit, NULL);
    R(network_pack_for)(&fit->net, fit->k, fit->weights, fit->packed);
}

/* Mean over labelled samples of one gate, all samples in (lambda infinite). */
static double validation_loss(const struct R(training) *fit, size_t gate) {
    double sum = 0, dz;
    size_t labelled = 0;
    for (size_t i = 0; i < fit->input->n_validation; i++) {
        int label = label_of(fit, &fit->input->validation[i], gate);
        if (label == GW_LABEL_MISSING) continue;
        sum += fit->loss_ops->value(fit->loss.own, (double)fit->logit[i * GW_N_GATES + gate], label, HUGE_VAL, &dz);
        labelled++;
    }
    return labelled ? sum / (double)labelled : 0;
}

int R(training_validate)(struct R(training) *fit, struct gw_epoch_record *record) {
    if (fit->input->n_validation > 0) score(fit, fit->input->validation, fit->input->n_validation);
    return R(training_measure)(fit, record);
}

int R(training_measure)(struct R(training) *fit, struct gw_epoch_record *record) {
    size_t n = fit->input->n_validation;
    record->validation_loss = NAN;
    for (size_t gate = 0; gate < GW_N_GATES; gate++) record->validation_ap[gate] = NAN;
    if (n == 0) return GW_OK;
    float *gate_score = mem_calloc(n, sizeof *gate_score);
    int8_t *label = mem_calloc(n, sizeof *label);
    int rc = gate_score && label ? GW_OK : GW_ERR_NOMEM;
    if (rc < 0) goto end;
    record->validation_loss = 0;
    for (size_t gate = 0; gate < GW_N_GATES; gate++) {
        record->validation_loss += validation_loss(fit, gate) / GW_N_GATES;
        size_t labelled = 0;
        for (size_t i = 0; i < n; i++) {
            int is = label_of(fit, &fit->input->validation[i], gate);
            if (is == GW_LABEL_MISSING) continue;
            gate_score[labelled] = (float)fit->logit[i * GW_N_GATES + gate];
            label[labelled++] = (int8_t)is;
        }
        TRY_GOTO(gw_metric_average_precision(gate_score, label, labelled, &record->validation_ap[gate]), end);
    }
end:
    mem_free(label);
    mem_free(gate_score);
    return rc;
}

/* ---- self-paced learning ------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The loss below which `share` of the class lies. Per class, because one lambda for both would leave out every sample
 * of the rare class: at p = .1 a positive costs 2.30 and a negative .105. */
static double class_quantile(struct R(training) *fit, size_t gate, int class, double share) {
    size_t n = 0;
    double dz;
    for (size_t i = 0; i < fit->input->n_train; i++) {
        if (label_of(fit, &fit->input->train[i], gate) != class) continue;
        double z = (double)fit->logit[i * GW_N_GATES + gate];
        fit->loss_value[n++] = fit->loss_ops->value(fit->loss.own, z, class, HUGE_VAL, &dz);
    }
    if (n == 0) return HUGE_VAL;
    qsort(fit->loss_value, n, sizeof *fit->loss_value, ascending);
    size_t in = (size_t)ceil(share * (double)n);
    return in < n ? fit->loss_value[in] : HUGE_VAL;
}

/* Quantile `start` in the first epoch, growing linearly until all samples are in after self_paced_epochs. */
void R(training_pace)(struct R(training) *fit, uint64_t epoch) {
    const struct self_paced_params *paced = fit->loss.own;
    double start = paced->self_paced_start, span = paced->self_paced_epochs;
    double share = span > 0 ? start + (1 - start) * (double)(epoch - 1) / span : 1;
    if (share < 1) score(fit, fit->input->train, fit->input->n_train);
    for (size_t gate = 0; gate < GW_N_GATES; gate++)
        for (int class = 0; class < 2; class ++)
            fit->lambda[gate][class] = share < 1 ? class_quantile(fit, gate, class, share) : HUGE_VAL;
}
