/* Fits that several contestants share. */
#ifndef GATEWALK_WALK_FITS_SHARE_H
#define GATEWALK_WALK_FITS_SHARE_H

#include "fits.h"

/* Finds, for every planned fit, an earlier one with its key. */
void fits_share_plan(struct fit_list *fits);
/* Every fit for itself again. */
void fits_share_drop(struct fit_list *fits);
/* Before fits are done: models that lie under another's name. After it: results and models to all that share them. */
int fits_share_stored(const struct fit_list *fits) GW_MUST_USE;
int fits_share_results(struct fit_list *fits) GW_MUST_USE;

#endif
