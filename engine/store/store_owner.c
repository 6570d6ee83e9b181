/* Whose run it is: a process that is gone has not finished what is still said to be running. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_private.h"

/* When it started, in clock ticks since the host did; 0 when it cannot be known. Field 22 of /proc/PID/stat, counted after
 * the name, which may hold anything. */
static int64_t started_at(int64_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    FILE *stream = fopen(path, "re");
    if (!stream) return 0;
    size_t n = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[n] = '\0';
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? strtoll(at, NULL, 10) : 0;
}

void store_owner_self(struct store_owner *out) {
    if (gethostname(out->host, sizeof out->host) != 0) out->host[0] = '\0';
    out->host[sizeof out->host - 1] = '\0';
    out->pid = getpid();
    out->started = started_at(out->pid);
}

bool store_owner_is_gone(const struct store_owner *owner) {
    struct store_owner self;
    store_owner_self(&self);
    if (strcmp(self.host, owner->host) != 0) return false; /* another host's: it cannot be seen from here */
    if (kill((pid_t)owner->pid, 0) != 0 && errno == ESRCH) return true;
    int64_t started = started_at(owner->pid);
    return started && owner->started && started != owner->started;
}

struct gone {
    struct store_owner owner;
    int64_t run;
    bool found;
};

static int look(void *context, const struct store_row *row) {
    struct gone *gone = context;
    if (gone->found) return GW_OK;
    gone->run = strtoll(row->value[0], NULL, 10);
    snprintf(gone->owner.host, sizeof gone->owner.host, "%s", row->value[1]);
    gone->owner.pid = strtoll(row->value[2], NULL, 10);
    gone->owner.started = strtoll(row->value[3], NULL, 10);
    gone->found = store_owner_is_gone(&gone->owner);
    return GW_OK;
}

int store_sweep(struct store *store) {
    for (;;) {
        struct gone gone = {.found = false};
        TRY(store_ask(store, "SELECT run_id, host, pid, pid_started FROM runs WHERE status = 'running'", NULL, 0,
                      &(struct store_reader){look, &gone}));
        if (!gone.found) return GW_OK;
        TRY(store_do(store, "UPDATE runs SET status = 'interrupted' WHERE run_id = ?1 AND status = 'running'",
                     BOUND(BIND_INT(gone.run))));
    }
}
