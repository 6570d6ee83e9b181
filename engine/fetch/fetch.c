/* The months of one symbol from Binance's public archive. */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { URL_MAX = FETCH_URL_MAX, NAME_MAX_FILE = 160, TRIES = 2 };

/* ---- months -------------------------------------------------------------------------------------------- */

static bool take_month(const char **text, int *month) {
    int y, m, n = 0;
    if (sscanf(*text, "%4d-%2d%n", &y, &m, &n) != 2 || n != 7 || y < 2010 || y > 2200 || m < 1 || m > 12) return false;
    *month = 12 * y + m - 1;
    *text += n;
    return true;
}

static int last_month(void) {
    int year, month;
    time_to_civil((int64_t)time(NULL) * NS_PER_SECOND, &year, &month, NULL, NULL, NULL);
    return 12 * year + month - 2;
}

int fetch_parse_months(const char *text, int *from_month, int *to_month) {
    const char *at = text;
    bool good = take_month(&at, from_month);
    *to_month = *from_month;
    if (good && strncmp(at, "..", 2) == 0) {
        at += 2;
        *to_month = last_month();
        if (*at) good = take_month(&at, to_month);
    }
    if (!good || *at || *to_month < *from_month)
        FAIL(GW_ERR_USAGE, "months \"%.40s\": write 2020-01..2024-12, or 2020-01.. for all until now", text);
    return GW_OK;
}

/* ---- one month ----------------------------------------------------------------------------------------- */

struct work {
    const struct fetch_request *request;
    struct fetch_outcome *out;
    struct progress *progress;
    pthread_mutex_t lock;
    int next, rc; /* the month nobody has begun; the first failure, which ends the others */
    char error[512];
};

enum month_state { MONTH_KEPT, MONTH_FETCHED, MONTH_ABSENT };

static void month_name(const struct fetch_request *r, int month, char name[NAME_MAX_FILE]) {
    snprintf(name, NAME_MAX_FILE, "%s-%s-%04d-%02d.zip", r->symbol, r->interval, month / 12, month % 12 + 1);
}

/* The sum that a .CHECKSUM file states: "hex  name". */
static bool read_sum(const char *path, char hex[FETCH_DIGEST_HEX]) {
    char line[256] = "";
    FILE *stream;
    if (file_open(path, GW_ERR_IO, &stream) != GW_OK) return false;
    size_t n = fread(line, 1, sizeof line - 1, stream);
    fclose(stream);
    line[n] = '\0';
    if (strspn(line, "0123456789abcdefABCDEF") != 64) return false;
    for (size_t i = 0; i < 64; i++) hex[i] = (char)(line[i] >= 'A' && line[i] <= 'F' ? line[i] | 0x20 : line[i]);
    hex[64] = '\0';
    return true;
}

static bool is_right(const char *path, const char *sum) {
    char hex[FETCH_DIGEST_HEX];
    return file_exists(path) && sha256_file(path, hex) == GW_OK && strcmp(hex, sum) == 0;
}

/* Only what is whole and right gets the name that others read. */
static int publish(const char *part, const char *path) {
    int fd = open(part, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    if (good && rename(part, path) == 0) return GW_OK;
    FAIL(GW_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

static void address(const struct fetch_request *r, const char *name, const char *ending, char url[URL_MAX]) {
    size_t n = strlen(r->base);
    while (n && r->base[n - 1] == '/') n--;
    snprintf(url, URL_MAX, "%.*s/data/spot/monthly/klines/%s/%s/%s%s", (int)n, r->base, r->symbol, r->interval, name,
             ending);
}

static int get_sum(struct transfer *t, const struct fetch_request *r, const char *name, const char *path,
                   char hex[FETCH_DIGEST_HEX], long *status, uint64_t *bytes) {
    char url[URL_MAX], part[1200];
    snprintf(part, sizeof part, "%s.part", path);
    unlink(part);
    address(r, name, ".CHECKSUM", url);
    TRY(transfer_get(t, url, part, status, bytes));
    if (*status == 404) {
        unlink(part);
        return GW_OK;
    }
    if (*status != 200 || !read_sum(part, hex)) {
        unlink(part);
        FAIL(GW_ERR_DATA, "%s: is no checksum (HTTP %ld); try again later, or check --base", url, *status);
    }
    return publish(part, path);
}

static int get_body(struct transfer *t, const struct fetch_request *r, const char *name, const char *path,
                    const char *sum, long *status, uint64_t *bytes) {
    char url[URL_MAX], part[1200];
    uint64_t more = 0;
    snprintf(part, sizeof part, "%s.part", path);
    address(r, name, "", url);
    for (int n = 0; n < TRIES; n++) {
        if (!is_right(part, sum)) TRY(transfer_get(t, url, part, status, &more));
        *bytes += more;
        if (*status == 404) {
            unlink(part);
            return GW_OK;
        }
        if (*status != 200 && *status != 206) {
            unlink(part);
            FAIL(GW_ERR_IO, "%s: the server says %ld; try again later", url, *status);
        }
        if (is_right(part, sum)) return publish(part, path);
        unlink(part); /* wrong from its beginning, perhaps: once more as a whole */
    }
    FAIL(GW_ERR_DATA,
         "%s: its SHA-256 is not the one that its .CHECKSUM states, twice; nothing is kept, try again later", url);
}

static int get_month(struct work *w, struct transfer *t, int month, enum month_state *state, uint64_t *bytes) {
    const struct fetch_request *r = w->request;
    char name[NAME_MAX_FILE], path[1024], sum_path[1100], hex[FETCH_DIGEST_HEX];
    long status = 200;
    month_name(r, month, name);
    TRY(path_join(path, sizeof path, r->dir, name));
    snprintf(sum_path, sizeof sum_path, "%s.CHECKSUM", path);
    *state = MONTH_KEPT;
    if (read_sum(sum_path, hex) && is_right(path, hex)) return GW_OK;
    *state = MONTH_ABSENT;
    TRY(get_sum(t, r, name, sum_path, hex, &status, bytes));
    if (status == 404) return GW_OK;
    *state = MONTH_KEPT;
    if (is_right(path, hex)) return GW_OK;
    TRY(get_body(t, r, name, path, hex, &status, bytes));
    *state = status == 404 ? MONTH_ABSENT : MONTH_FETCHED;
    return GW_OK;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static void note(struct work *w, int month, enum month_state state, uint64_t bytes) {
    struct fetch_outcome *out = w->out;
    out->n_kept += state == MONTH_KEPT;
    out->n_fetched += state == MONTH_FETCHED;
    out->bytes += bytes;
    if (state != MONTH_ABSENT) return;
    if (!out->n_absent || month < out->first_absent) out->first_absent = month;
    if (!out->n_absent || month > out->last_absent) out->last_absent = month;
    out->n_absent++;
}

static void *work_on(void *context) {
    struct work *w = context;
    struct transfer *t = NULL;
    int rc = transfer_open(&t);
    for (;;) {
        pthread_mutex_lock(&w->lock);
        if (rc < 0 && w->rc == GW_OK) {
            w->rc = rc;
            snprintf(w->error, sizeof w->error, "%s", gw_error_message());
        }
        bool more = w->rc == GW_OK && w->next <= w->request->to_month;
        int month = more ? w->next++ : 0;
        pthread_mutex_unlock(&w->lock);
        if (!more) break;
        enum month_state state;
        uint64_t bytes = 0;
        rc = get_month(w, t, month, &state, &bytes);
        pthread_mutex_lock(&w->lock);
        if (rc == GW_OK) note(w, month, state, bytes);
        pthread_mutex_unlock(&w->lock);
        progress_add(w->progress, 1);
    }
    transfer_close(t);
    return NULL;
}

static int check(const struct fetch_request *r) {
    bool http = strncmp(r->base, "http://", 7) == 0 || strncmp(r->base, "https://", 8) == 0;
    if (!http || strlen(r->base) > 400 || strpbrk(r->base, " \t\r\n\"'<>"))
        FAIL(GW_ERR_USAGE, "--base \"%.60s\": an address begins with https:// or http://", r->base);
    if (!name_is_safe(r->symbol) || strlen(r->symbol) >= 32)
        FAIL(GW_ERR_USAGE, "symbol \"%.40s\": write it as the exchange does, BTCUSDT", r->symbol);
    if (!name_is_safe(r->interval) || strlen(r->interval) >= 8)
        FAIL(GW_ERR_USAGE, "interval \"%.40s\": write it as the exchange does, 15m", r->interval);
    return GW_OK;
}

int fetch_address(const struct fetch_request *r, int month, char url[FETCH_URL_MAX]) {
    char name[NAME_MAX_FILE];
    TRY(check(r));
    month_name(r, month, name);
    address(r, name, "", url);
    return GW_OK;
}

int fetch_binance(const struct fetch_request *r, struct fetch_outcome *out) {
    enum { MOST = 16 };
    pthread_t thread[MOST];
    struct work w = {.request = r, .out = out, .next = r->from_month, .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t months = (size_t)(r->to_month - r->from_month + 1),
           jobs = r->jobs < 1      ? 1
                  : r->jobs > MOST ? MOST
                                   : r->jobs,
           n = 0;
    *out = (struct fetch_outcome){0};
    TRY(check(r));
    TRY(transfer_library_open());
    TRY(dir_make(r->dir));
    TRY(progress_begin(&w.progress, "fetch", months, "months"));
    if (jobs > months) jobs = months;
    while (n < jobs && pthread_create(&thread[n], NULL, work_on, &w) == 0) n++;
    if (n == 0) work_on(&w); /* no thread to be had: alone, then */
    for (size_t i = 0; i < n; i++) pthread_join(thread[i], NULL);
    progress_end(w.progress);
    pthread_mutex_destroy(&w.lock);
    if (w.rc < 0) return gw_error_set(w.rc, "%s", w.error);
    if (out->n_absent == months)
        FAIL(GW_ERR_DATA, "%s: the archive has none of these months of %s %s; check symbol, interval and months",
             r->base, r->symbol, r->interval);
    return GW_OK;
}
