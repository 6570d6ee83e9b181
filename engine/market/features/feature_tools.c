/* The small machines of feature.h. Their memory may come from a file (gw_feature_stream_take): where a number in it says
 * which element is meant, it is held against the length first. What was not written by us then gives wrong values, never
 * another's memory. */
#include "feature_parts.h"

/* ---- moments ------------------------------------------------------------------------------ */

/* Welford 1962. */
static struct moments moments_add(struct moments m, double x) {
    double delta = x - m.mean;
    m.n += 1;
    m.mean += delta / m.n;
    m.m2 += delta * (x - m.mean);
    return m;
}

static struct moments moments_join(struct moments a, struct moments b) {
    if (a.n == 0) return b;
    if (b.n == 0) return a;
    double n = a.n + b.n, delta = b.mean - a.mean, shift = delta * (b.n / n);
    return (struct moments){n, a.mean + shift, a.m2 + b.m2 + shift * delta * a.n};
}

double moments_sd(struct moments m) { return m.n > 0 ? sqrt(m.m2 / m.n) : 0; }

/* After the struct: `length` values of the current block, then `length` + 1 tails of the previous one
 * (the last of them empty). */
static double *window_values(struct window *w) { return (double *)(void *)(w + 1); }
static struct moments *window_tails(struct window *w, size_t length) {
    return (struct moments *)(void *)(window_values(w) + length);
}

size_t window_size(size_t length) {
    return sizeof(struct window) + length * sizeof(double) + (length + 1) * sizeof(struct moments);
}

struct window *window_at(void *first, size_t length, size_t k) {
    return (struct window *)(void *)((char *)first + k * window_size(length));
}

static void window_close_block(struct window *w, size_t length) {
    const double *value = window_values(w);
    struct moments *tail = window_tails(w, length), sum = {0};
    for (size_t k = length; k-- > 0;) {
        sum = moments_add(sum, value[k]);
        tail[k] = sum;
    }
    w->older = length;
    w->newer = 0;
    w->head = (struct moments){0};
}

bool window_push(struct window *w, size_t length, double x, struct moments *out) {
    if (w->newer > length) w->newer = length;
    if (w->newer == length) window_close_block(w, length);
    window_values(w)[w->newer++] = x;
    w->head = moments_add(w->head, x);
    if (w->newer + w->older < length) return false;
    *out = w->older ? moments_join(window_tails(w, length)[w->newer], w->head) : w->head;
    return true;
}

/* ---- ring --------------------------------------------------------------------------------- */

size_t ring_size(size_t length) { return sizeof(struct ring) + length * sizeof(double); }

double ring_push(struct ring *ring, size_t length, double x) {
    if (ring->next >= length) ring->next = 0;
    double displaced = ring->count == length ? ring->value[ring->next] : NAN;
    ring->value[ring->next] = x;
    ring->next = ring->next + 1 == length ? 0 : ring->next + 1;
    if (ring->count < length) ring->count++;
    return displaced;
}

double ring_at(const struct ring *ring, size_t length, size_t k) {
    size_t at = (ring->next < length ? ring->next : 0) + length - 1 - k;
    return ring->value[at >= length ? at - length : at];
}

/* ---- extreme ------------------------------------------------------------------------------ */

size_t extreme_size(size_t length) { return sizeof(struct extreme) + length * sizeof(struct extreme_item); }

struct extreme *extreme_at(void *first, size_t length, size_t k) {
    return (struct extreme *)(void *)((char *)first + k * extreme_size(length));
}

double extreme_push(struct extreme *e, size_t length, double x) {
    size_t now = e->now++;
    if (e->head >= length || e->count > length) e->head = e->count = 0;
    if (e->count && e->item[e->head].at + length <= now) {
        e->head = e->head + 1 == length ? 0 : e->head + 1;
        e->count--;
    }
    while (e->count) {
        size_t back = e->head + e->count - 1;
        if (e->item[back >= length ? back - length : back].value > x) break;
        e->count--;
    }
    size_t at = e->head + e->count++;
    e->item[at >= length ? at - length : at] = (struct extreme_item){x, now};
    return e->item[e->head].value;
}

/* ---- smoothing ---------------------------------------------------------------------------- */

double smooth_push(struct smooth *s, size_t length, double weight, double x) {
    s->count += s->count < length + 1;
    if (s->count <= length) {
        s->value += (x - s->value) / (double)s->count;
        return s->count == length ? s->value : NAN;
    }
    s->value += (x - s->value) * weight;
    return s->value;
}

/* ---- warm-ups ----------------------------------------------------------------------------- */

size_t warmup_none(const void *own) {
    (void)own;
    return 0;
}
size_t warmup_window(const void *own) { return length_of(own) - 1; }
size_t warmup_window_of_steps(const void *own) { return length_of(own); }
size_t state_none(const void *own) {
    (void)own;
    return 0;
}
