/* libcurl, loaded when it is asked for: a program that fetches nothing does not carry it. */
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fetch.h"
#include "gatewalk/version.h"

enum { TRIES = 5 };
static const long largest = 512L << 20; /* bytes of a month: minutes of one symbol are 4 MB */

static struct {
    void *handle;
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    void (*easy_reset)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
} curl;

/* Called once, before any thread. */
int transfer_library_open(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    const struct {
        const char *name;
        void *to;
    } symbols[] = {
        {"curl_global_init", &curl.global_init},   {"curl_easy_init", &curl.easy_init},
        {"curl_easy_cleanup", &curl.easy_cleanup}, {"curl_easy_reset", &curl.easy_reset},
        {"curl_easy_setopt", &curl.easy_setopt},   {"curl_easy_perform", &curl.easy_perform},
        {"curl_easy_getinfo", &curl.easy_getinfo}, {"curl_easy_strerror", &curl.easy_strerror},
    };
    if (curl.handle) return GW_OK;
    void *handle = NULL;
    for (size_t i = 0; i < COUNT_OF(names) && !handle; i++) handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        FAIL(GW_ERR_TOOL,
             "libcurl is not installed, so nothing can be fetched; install it (Debian, Ubuntu: apt install "
             "libcurl4)");
    for (size_t i = 0; i < COUNT_OF(symbols); i++) {
        void *found = dlsym(handle, symbols[i].name);
        if (!found) FAIL(GW_ERR_TOOL, "libcurl lacks %s; install a newer one", symbols[i].name);
        memcpy(symbols[i].to, &found, sizeof found);
    }
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) FAIL(GW_ERR_TOOL, "libcurl cannot be started");
    curl.handle = handle;
    return GW_OK;
}

struct transfer {
    CURL *easy;
    FILE *to;
    uint64_t written;
    bool refused; /* the disk took no more */
    int reason;
};

int transfer_open(struct transfer **out) {
    struct transfer *t = mem_calloc(1, sizeof *t);
    *out = t;
    if (!t) return GW_ERR_NOMEM;
    t->easy = curl.easy_init();
    if (t->easy) return GW_OK;
    mem_free(t);
    *out = NULL;
    FAIL(GW_ERR_NOMEM, "not enough memory for a transfer");
}

void transfer_close(struct transfer *t) {
    if (!t) return;
    curl.easy_cleanup(t->easy);
    mem_free(t);
}

/* An error page is no data: only the body of an answer that is fine is kept. */
static size_t take(char *bytes, size_t size, size_t n, void *context) {
    struct transfer *t = context;
    long status = 0;
    curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206) return size * n;
    if (fwrite(bytes, size, n, t->to) != n) {
        t->refused = true;
        t->reason = errno;
        return 0;
    }
    t->written += size * n;
    return size * n;
}

static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return interrupt_requested();
}

static void set_up(struct transfer *t, const char *url, long long from) {
    curl.easy_reset(t->easy);
    curl.easy_setopt(t->easy, CURLOPT_URL, url);
    curl.easy_setopt(t->easy, CURLOPT_USERAGENT, "gatewalk/" GW_VERSION);
    curl.easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl.easy_setopt(t->easy, CURLOPT_MAXREDIRS, 3L);
    curl.easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L); /* threads */
    curl.easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, 20L);
    curl.easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 100L); /* bytes a second … */
    curl.easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, 30L);   /* … for so long: the line is dead */
    curl.easy_setopt(t->easy, CURLOPT_MAXFILESIZE, largest);
    curl.easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take);
    curl.easy_setopt(t->easy, CURLOPT_WRITEDATA, (void *)t);
    curl.easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
    curl.easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, watch);
    curl.easy_setopt(t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)from);
}

/* Half a second, then twice as long each time, or as long as the server asks for. */
static int wait_before(int attempt, long asked_s) {
    double seconds = .5 * (double)(1 << (attempt - 1));
    if (asked_s > 0 && asked_s < 120) seconds = (double)asked_s;
    for (double begun = clock_seconds(); clock_seconds() - begun < seconds;) {
        TRY(interrupt_check());
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return GW_OK;
}

static bool is_busy(long status) { return status == 429 || status == 408 || status >= 500; }

/* One attempt. *again: it may be tried once more; the bytes so far stay. */
static int attempt(struct transfer *t, const char *url, const char *path, long *status, bool *again, long *wait_s) {
    curl_off_t asked = 0;
    t->to = fopen(path, "ab");
    t->refused = false;
    if (!t->to) FAIL(GW_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    fseek(t->to, 0, SEEK_END);
    set_up(t, url, (long long)ftell(t->to));
    CURLcode code = curl.easy_perform(t->easy);
    bool closed = fclose(t->to) == 0;
    *status = 0;
    curl.easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, status);
    curl.easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &asked);
    *wait_s = (long)asked;
    *again = false;
    TRY(interrupt_check());
    if (t->refused || !closed)
        FAIL(GW_ERR_IO, "%s: cannot be written: %s; free some space", path, strerror(t->refused ? t->reason : errno));
    if (*status == 416 || code == CURLE_RANGE_ERROR ||
        code == CURLE_BAD_DOWNLOAD_RESUME) { /* the part is none of this file */
        *again = true;
        if (unlink(path) != 0 && errno != ENOENT) FAIL(GW_ERR_IO, "%s: cannot be removed: %s", path, strerror(errno));
        return GW_OK;
    }
    if (code == CURLE_OK && !is_busy(*status)) return GW_OK;
    *again = true;
    return gw_error_set(GW_ERR_IO, "%s: %s", url, code == CURLE_OK ? "the server is busy" : curl.easy_strerror(code));
}

int transfer_get(struct transfer *t, const char *url, const char *path, long *status, uint64_t *bytes) {
    int rc = GW_OK;
    t->written = 0;
    for (int n = 1; n <= TRIES; n++) {
        bool again = false;
        long wait_s = 0;
        rc = attempt(t, url, path, status, &again, &wait_s);
        *bytes = t->written;
        if (!again) return rc;
        if (n < TRIES) TRY(wait_before(n, wait_s));
    }
    return rc == GW_OK ? gw_error_set(GW_ERR_IO, "%s: cannot be fetched", url) : rc;
}
