/* What every plot of accounts begins and ends with. */
#include "account_plot.h"

#include "engine/base/base.h"

int account_plot(struct plot_job *job, int (*draw)(struct plot_job *job, const struct accounts *all)) {
    struct accounts all;
    int rc = accounts_read(job->run, &all);
    if (rc == GW_OK) rc = draw(job, &all);
    accounts_free(&all);
    return rc;
}
