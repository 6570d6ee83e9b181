/* XGBoost's C library (Chen & Guestrin 2016), found when boosted trees are to be grown: who never asks for them needs none, and
 * trees that are grown already are read without it. What is declared here is as in its c_api.h. */
#ifndef GATEWALK_MODELS_XGBOOST_API_H
#define GATEWALK_MODELS_XGBOOST_API_H

#include <stdint.h>

#include "gatewalk/error.h"

/* Names of the library, what they take; all return 0 or -1. */
#define XGBOOST_FUNCTIONS(X)                                                                                           \
    X(XGDMatrixCreateFromMat, (const float *data, uint64_t rows, uint64_t columns, float missing, void **out))         \
    X(XGDMatrixSetFloatInfo, (void *matrix, const char *field, const float *value, uint64_t n))                        \
    X(XGDMatrixFree, (void *matrix))                                                                                   \
    X(XGBoosterCreate, (void *const matrix[], uint64_t n, void **out))                                                 \
    X(XGBoosterSetParam, (void *booster, const char *name, const char *value))                                         \
    X(XGBoosterUpdateOneIter, (void *booster, int round, void *matrix))                                                \
    X(XGBoosterPredictFromDMatrix,                                                                                     \
      (void *booster, void *matrix, const char *config, const uint64_t **shape, uint64_t *n_dims, const float **out))  \
    X(XGBoosterSaveModelToBuffer, (void *booster, const char *config, uint64_t *length, const char **out))             \
    X(XGBoosterFree, (void *booster))

struct xgboost_api {
#define XGBOOST_POINTER(name, arguments) int(*name) arguments;
    XGBOOST_FUNCTIONS(XGBOOST_POINTER)
#undef XGBOOST_POINTER
    const char *(*XGBGetLastError)(void);
    void (*XGBoostVersion)(int *major, int *minor, int *patch);
    char version[32]; /* "xgboost 1.7.4" */
};
/* Once a process finds it; GW_ERR_TOOL says what to install. */
int xgboost_api_load(const struct xgboost_api **api) GW_MUST_USE;

#endif
