/* Messages as bytes. */
#include "wire.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/base.h"

enum { MESSAGE_MOST = 1 << 30 };

void wire_put(struct wire *w, const void *bytes, size_t length) {
    if (w->failed) return;
    if (w->length + length > w->room) {
        size_t room = 2 * (w->length + length) + 256;
        char *more = mem_realloc(w->bytes, room, 1);
        if (!more) {
            w->failed = true;
            return;
        }
        w->bytes = more;
        w->room = room;
    }
    if (length) memcpy(w->bytes + w->length, bytes, length);
    w->length += length;
}

void wire_put_size(struct wire *w, size_t value) { wire_put(w, &value, sizeof value); }

void wire_put_block(struct wire *w, const void *bytes, size_t length) {
    wire_put_size(w, bytes ? length : SIZE_MAX);
    if (bytes) wire_put(w, bytes, length);
}

void wire_get(struct wire *w, void *bytes, size_t length) {
    if (w->failed || w->length - w->at < length) {
        w->failed = true;
        memset(bytes, 0, length);
        return;
    }
    if (length) memcpy(bytes, w->bytes + w->at, length);
    w->at += length;
}

size_t wire_get_size(struct wire *w) {
    size_t value;
    wire_get(w, &value, sizeof value);
    return value;
}

void *wire_get_block(struct wire *w, size_t length, size_t *got) {
    size_t n = wire_get_size(w);
    if (got) *got = 0;
    if (w->failed || n == SIZE_MAX) return NULL;
    void *copy = (length == SIZE_MAX || length == n) && n <= w->length - w->at ? mem_calloc(n ? n : 1, 1) : NULL;
    if (!copy) {
        w->failed = true;
        return NULL;
    }
    wire_get(w, copy, n);
    if (got) *got = n;
    return copy;
}

void wire_free(struct wire *w) {
    mem_free(w->bytes);
    *w = (struct wire){0};
}

void wire_put_file(struct wire *w, const char *path) {
    char *text = NULL;
    size_t length = 0;
    if (file_exists(path) && file_read_own(path, MESSAGE_MOST, GW_ERR_IO, &text, &length) < 0) text = NULL;
    wire_put_block(w, text, length);
    mem_free(text);
}

int wire_get_file(struct wire *w, const char *path) {
    struct out_file file;
    size_t length;
    char *text = wire_get_block(w, SIZE_MAX, &length);
    if (!text) return GW_OK;
    int rc = out_open(&file, path);
    if (rc == GW_OK) {
        out_write(&file, text, length);
        rc = out_commit(&file);
    }
    mem_free(text);
    return rc;
}

int wire_send_ready(const struct cluster *c, const char *key) {
    struct wire w = {0};
    char own[CLUSTER_KEY_SIZE] = "", host[64] = "";
    snprintf(own, sizeof own, "%s", key);
    gethostname(host, sizeof host - 1);
    wire_put(&w, own, sizeof own);
    wire_put(&w, host, sizeof host);
    return wire_send(c, 0, TAG_READY, &w);
}

int wire_get_ready(struct wire *w, int from, const char *key, const char *what) {
    char own[CLUSTER_KEY_SIZE] = "", theirs[CLUSTER_KEY_SIZE], host[64];
    snprintf(own, sizeof own, "%s", key);
    wire_get(w, theirs, sizeof theirs);
    wire_get(w, host, sizeof host);
    host[sizeof host - 1] = '\0';
    if (!w->failed && memcmp(theirs, own, sizeof own) == 0) return GW_OK;
    FAIL(GW_ERR_DATA,
         "rank %d on %s has read another %s or other data, or is another gatewalk; give all nodes the same", from,
         text_clean(host), what);
}

int wire_send_failure(const struct cluster *c, int code, size_t fit) {
    struct wire w = {0};
    const char *text = gw_error_message();
    wire_put(&w, &code, sizeof code);
    wire_put_size(&w, fit);
    wire_put_block(&w, text, strlen(text));
    return wire_send(c, 0, TAG_FAILED, &w);
}

int wire_get_failure(struct wire *w, int from, size_t *fit) {
    int code = 0;
    size_t length;
    char text[900] = "";
    wire_get(w, &code, sizeof code);
    *fit = wire_get_size(w);
    if (w->failed) *fit = SIZE_MAX;
    char *said = wire_get_block(w, SIZE_MAX, &length);
    snprintf(text, sizeof text, "%.*s", said ? (int)length : 0, said ? said : "");
    mem_free(said);
    return gw_error_set(code < 0 ? code : GW_ERR_IO, "rank %d: %s", from, text_clean(text));
}

int wire_send(const struct cluster *c, int to, enum message_tag tag, struct wire *w) {
    int rc = GW_OK;
    if (w->failed)
        rc = GW_ERR_NOMEM;
    else if (w->length > MESSAGE_MOST || c->transport->send(to, (int)tag, w->bytes, w->length) != 0)
        rc = gw_error_set(GW_ERR_IO, "a message of %zu bytes to rank %d could not be sent", w->length, to);
    wire_free(w);
    return rc;
}

int wire_receive(const struct cluster *c, const struct message_head *head, struct wire *w) {
    *w = (struct wire){.length = head->length};
    w->bytes = mem_calloc(head->length ? head->length : 1, 1);
    if (!w->bytes) return GW_ERR_NOMEM;
    if (c->transport->receive(head, w->bytes) == 0) return GW_OK;
    wire_free(w);
    FAIL(GW_ERR_IO, "a message of rank %d was lost", head->from);
}
