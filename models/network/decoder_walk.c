/* One way of a decoder over its steps m = 1 … M, and back (Bahdanau et al. 2015, A.2; Luong et al. 2015, 3 and 3.3).
 *
 * With the window's states h_1 … h_T, attend(q) = Σ_t a_t h_t by the attention's own scores of q, s_0 = h_T, a zero cell,
 * y_0 = 0 (nothing has moved yet) and x_m the moves that step m + 1 is fed, what was said (y_m) or what came:
 *   bahdanau   c_m = attend(s_{m-1})              s_m = LSTM(s_{m-1}, [x_{m-1}; c_m])
 *   luong      s_m = LSTM(s_{m-1}, [x_{m-1}; r_{m-1}])   c_m = attend(s_m)          r_0 = 0   (input feeding)
 *   r_m = c_m, or with luong_combine of a Luong form h~_m = tanh([c_m; s_m] Wc)
 *   y_m = [c_m; s_m] Wy + by, or h~_m Wy + by
 * LSTM as everywhere, gates i, f, g, o: z = [x; r] W + s U + b, cell = f cell + i g, s = o tanh(cell).
 * The gate reads c_M; with luong_combine h~_M, or [c_M; s_M] of bahdanau: as without a decoder, with its state as q.
 *
 * Back, step by step from the last, with d of y_m, r_m and s_m from the loss, the gate and the step behind:
 *   dy_m += dx_m where it was fed    d[c; s] = dy Wyᵀ, or through h~: p = (dy Wyᵀ + dr)(1 - h~²), d[c; s] = p Wcᵀ
 *   da_t = dc · h_t   de = a (da - Σ a da)   dh_t += a_t dc, and by the scores to h and to the state that asked
 *   dg = di … as of any LSTM   [dx; dr] = dz Wᵀ   ds_{m-1} = dz Uᵀ;   ds_0 reaches h_T.
 * A step that was fed what it said sends its gradient on into that, so the gradient is that of the loss as it stands. */
#include <string.h>

#include "decoder.h"
#include "gate.h"

enum { W, U, BIAS, WY, BY };

struct place {
    const struct R(pass) *pass;
    const struct R(attention_run) *run;
    const struct R(decoder) *decoder;
    const struct R(decoder_walk) *walk;
    struct R(asked_run) asked;
    size_t n, M, H, T, I, Q; /* windows, steps, units, lookback, width of what a step takes, of a query */
};

static struct place place_of(const struct R(pass) *pass, const struct R(attention_run) *run,
                             const struct R(decoder_walk) *walk) {
    const struct R(decoder) *decoder = &pass->net->decoder;
    const size_t H = decoder->hidden;
    struct place at = {.pass = pass,
                       .run = run,
                       .decoder = decoder,
                       .walk = walk,
                       .asked = {.config = run->config,
                                 .k = run->k,
                                 .n = run->n,
                                 .h = run->h,
                                 .dh = run->dh,
                                 .memory = pass->ws->decoder.memory,
                                 .dmemory = pass->ws->decoder.dmemory},
                       .n = run->n,
                       .M = decoder->steps,
                       .H = H,
                       .T = run->config->lookback,
                       .I = GW_PATH_SIDES + H,
                       .Q = decoder->asked->query_size(run->config)};
    memcpy(at.asked.w, run->w, sizeof at.asked.w);
    memcpy(at.asked.g, run->g, sizeof at.asked.g);
    return at;
}

static const real *weight(const struct place *at, size_t i) { return R(tensor_of)(at->pass, at->decoder->first + i); }
static real *gradient(const struct place *at, size_t i) { return R(gradient_of)(at->pass, at->decoder->first + i); }
/* Of step m, from 0: slot m of the states is the one before it. */
static real *state_of(const struct place *at, size_t slot) { return at->walk->state + slot * at->n * at->H; }
static real *both_of(const struct place *at, size_t m) { return at->walk->both + m * at->n * 2 * at->H; }
static real *tilde_of(const struct place *at, size_t m) { return at->walk->tilde + m * at->n * at->H; }
static real *in_of(const struct place *at, size_t m) { return at->walk->in + m * at->n * at->I; }
static real *query_of(const struct place *at, size_t m) { return at->walk->query + m * at->n * at->Q; }
static bool is_told(const struct place *at, size_t b, size_t m) {
    return m > 0 && at->walk->told && at->walk->told[b * at->M + m] > 0;
}

/* ---- forward ------------------------------------------------------------------------------------------------------- */

static void feed_moves(const struct place *at, size_t m, const real *truth) {
    for (size_t b = 0; b < at->n; b++) {
        real *in = in_of(at, m) + b * at->I;
        const real *from = is_told(at, b, m) ? truth + (b * at->M + m - 1) * GW_PATH_SIDES
                           : m               ? at->walk->moves + ((m - 1) * at->n + b) * GW_PATH_SIDES
                                             : NULL;
        for (size_t i = 0; i < GW_PATH_SIDES; i++) in[i] = from ? from[i] : 0;
    }
}

/* What was answered goes into the step itself, or into the one behind. */
static void feed_context(const struct place *at, size_t m, const real *from, size_t ld) {
    for (size_t b = 0; b < at->n; b++) {
        real *in = in_of(at, m) + b * at->I + GW_PATH_SIDES;
        if (from)
            memcpy(in, from + b * ld, at->H * sizeof *in);
        else
            memset(in, 0, at->H * sizeof *in);
    }
}

/* State `slot` asks; its answer is the first half of [c; s]. */
static void ask(const struct place *at, size_t m, size_t slot) {
    const size_t T = at->T, H = at->H, ld = at->M * T;
    const struct R(kernels) *k = at->run->k;
    real *map = at->walk->map + m * T;
    at->decoder->asked->ask(&at->asked, state_of(at, slot), query_of(at, m), map, ld);
    for (size_t b = 0; b < at->n; b++) {
        k->softmax_rows(1, T, T, 1, map + b * ld, map + b * ld);
        k->gemm_nn(1, H, T, map + b * ld, T, at->run->h + b * T * H, H, both_of(at, m) + b * 2 * H, H, false);
    }
}

static void step(const struct place *at, size_t m) {
    const size_t n = at->n, H = at->H;
    const struct R(kernels) *k = at->run->k;
    real *z = at->walk->gates + m * n * 4 * H;
    k->gemm_nn(n, 4 * H, at->I, in_of(at, m), at->I, weight(at, W), 4 * H, z, 4 * H, false);
    k->gemm_nn(n, 4 * H, H, state_of(at, m), H, weight(at, U), 4 * H, z, 4 * H, true);
    k->add_row(n, 4 * H, weight(at, BIAS), z, 4 * H);
    for (size_t b = 0; b < n; b++) {
        real *restrict gate = z + b * 4 * H, *restrict s = state_of(at, m + 1) + b * H;
        real *restrict cell = at->walk->cell + ((m + 1) * n + b) * H;
        const real *restrict before = at->walk->cell + (m * n + b) * H;
        k->vsigmoid(2 * H, gate, gate);
        k->vtanh(H, gate + 2 * H, gate + 2 * H);
        k->vsigmoid(H, gate + 3 * H, gate + 3 * H);
#pragma omp simd
        for (size_t i = 0; i < H; i++) cell[i] = gate[H + i] * before[i] + gate[i] * gate[2 * H + i];
        k->vtanh(H, cell, s);
#pragma omp simd
        for (size_t i = 0; i < H; i++) s[i] *= gate[3 * H + i];
    }
}

static void say(const struct place *at, size_t m) {
    const size_t n = at->n, H = at->H, O = at->decoder->read;
    const struct R(kernels) *k = at->run->k;
    real *both = both_of(at, m), *moves = at->walk->moves + m * n * GW_PATH_SIDES;
    for (size_t b = 0; b < n; b++) memcpy(both + b * 2 * H + H, state_of(at, m + 1) + b * H, H * sizeof *both);
    const real *read = both;
    if (at->decoder->tilde) {
        real *tilde = tilde_of(at, m);
        k->gemm_nn(n, H, 2 * H, both, 2 * H, at->run->w[at->decoder->asked->wc], H, tilde, H, false);
        k->vtanh(n * H, tilde, tilde);
        read = tilde;
    }
    k->gemm_nn(n, GW_PATH_SIDES, O, read, O, weight(at, WY), GW_PATH_SIDES, moves, GW_PATH_SIDES, false);
    k->add_row(n, GW_PATH_SIDES, weight(at, BY), moves, GW_PATH_SIDES);
}

void R(decoder_walk)(const struct R(pass) *pass, const struct R(attention_run) *run, const struct R(decoder_walk) *walk,
                     const real *truth) {
    const struct place at = place_of(pass, run, walk);
    const size_t H = at.H, T = at.T;
    for (size_t b = 0; b < at.n; b++) memcpy(walk->state + b * H, run->h + (b * T + T - 1) * H, H * sizeof(real));
    memset(walk->cell, 0, at.n * H * sizeof(real));
    for (size_t m = 0; m < at.M; m++) {
        feed_moves(&at, m, truth);
        if (at.decoder->asked->before) {
            ask(&at, m, m);
            feed_context(&at, m, both_of(&at, m), 2 * H);
            step(&at, m);
        } else {
            const bool tilde = at.decoder->tilde;
            feed_context(&at, m, m == 0 ? NULL : tilde ? tilde_of(&at, m - 1) : both_of(&at, m - 1), tilde ? H : 2 * H);
            step(&at, m);
            ask(&at, m, m + 1);
        }
        say(&at, m);
    }
}

void R(decoder_read)(const struct R(pass) *pass, const struct R(decoder_walk) *walk, size_t n, real *context) {
    const struct R(decoder) *decoder = &pass->net->decoder;
    const size_t H = decoder->hidden, last = decoder->steps - 1, C = (decoder->joined ? 2 : 1) * H;
    const real *from = decoder->tilde ? walk->tilde + last * n * H : walk->both + last * n * 2 * H;
    for (size_t b = 0; b < n; b++)
        memcpy(context + b * C, from + b * (decoder->tilde ? 1 : 2) * H, C * sizeof *context);
}

/* ---- backward ------------------------------------------------------------------------------------------------------ */

/* dcontext meets the last step only. Leaves d[c; s] of the step in dboth; of h~ what the step behind has fed, dfed. */
static void say_backward(const struct place *at, size_t m, const real *dmoves, const real *dcontext) {
    const size_t n = at->n, H = at->H, O = at->decoder->read;
    const struct R(kernels) *k = at->run->k;
    const struct R(decoder_space) *space = &at->pass->ws->decoder;
    const bool tilde = at->decoder->tilde, gate = dcontext && m + 1 == at->M;
    const real *read = tilde ? tilde_of(at, m) : both_of(at, m);
    real *dread = tilde ? space->dtilde : space->dboth;
    k->gemm_tn(O, GW_PATH_SIDES, n, read, O, dmoves, GW_PATH_SIDES, gradient(at, WY), GW_PATH_SIDES, true);
    k->sum_rows(n, GW_PATH_SIDES, dmoves, GW_PATH_SIDES, gradient(at, BY));
    k->gemm_nt(n, O, GW_PATH_SIDES, dmoves, GW_PATH_SIDES, weight(at, WY), GW_PATH_SIDES, dread, O, false);
    const size_t C = (at->decoder->joined ? 2 : 1) * H;
    for (size_t b = 0; b < n; b++) {
        if (!at->decoder->asked->before) k->axpy(H, 1, space->dfed + b * H, dread + b * O);
        if (gate) k->axpy(C, 1, dcontext + b * C, dread + b * O);
    }
    if (!tilde) return;
    for (size_t i = 0; i < n * H; i++) dread[i] *= 1 - read[i] * read[i];
    k->gemm_tn(2 * H, H, n, both_of(at, m), 2 * H, dread, H, at->run->g[at->decoder->asked->wc], H, true);
    k->gemm_nt(n, 2 * H, H, dread, H, at->run->w[at->decoder->asked->wc], H, space->dboth, 2 * H, false);
}

/* From dc, the first half of dboth, to the states and to the one that asked. */
static void ask_backward(const struct place *at, size_t m, size_t slot) {
    const size_t T = at->T, H = at->H, ld = at->M * T;
    const struct R(kernels) *k = at->run->k;
    const struct R(decoder_space) *space = &at->pass->ws->decoder;
    for (size_t b = 0; b < at->n; b++) {
        const real *map = at->walk->map + b * ld + m * T, *dc = space->dboth + b * 2 * H;
        real *dscore = space->dscore + b * T;
        k->gemm_tn(T, H, 1, map, T, dc, H, at->run->dh + b * T * H, H, true);
        k->gemm_nn(T, 1, H, at->run->h + b * T * H, H, dc, 1, dscore, 1, false);
        R(softmax_backward)(k, T, map, dscore);
    }
    at->decoder->asked->ask_backward(&at->asked, state_of(at, slot), query_of(at, m), space->dscore, space->dquery,
                                     space->dstate);
}

/* From dstate (of s_m) and dcell to dz, what the step took, and dstate and dcell of the step before. */
static void step_backward(const struct place *at, size_t m) {
    const size_t n = at->n, H = at->H;
    const struct R(kernels) *k = at->run->k;
    const struct R(decoder_space) *space = &at->pass->ws->decoder;
    real *z = at->walk->gates + m * n * 4 * H;
    for (size_t b = 0; b < n; b++) {
        real *restrict gate = z + b * 4 * H, *restrict dcell = space->dcell + b * H;
        real *restrict ds = space->dstate + b * H;
        const real *restrict before = at->walk->cell + (m * n + b) * H, *restrict cell = before + n * H;
        real *restrict t = space->dtilde + b * H; /* free by now */
        k->vtanh(H, cell, t);
#pragma omp simd
        for (size_t i = 0; i < H; i++) {
            const real in = gate[i], forget = gate[H + i], g = gate[2 * H + i], out = gate[3 * H + i];
            const real dc = dcell[i] + ds[i] * out * (1 - t[i] * t[i]);
            gate[3 * H + i] = ds[i] * t[i] * out * (1 - out);
            gate[i] = dc * g * in * (1 - in);
            gate[H + i] = dc * before[i] * forget * (1 - forget);
            gate[2 * H + i] = dc * in * (1 - g * g);
            dcell[i] = dc * forget;
        }
    }
    k->gemm_nt(n, at->I, 4 * H, z, 4 * H, weight(at, W), 4 * H, space->din, at->I, false);
    k->gemm_nt(n, H, 4 * H, z, 4 * H, weight(at, U), 4 * H, space->dstate, H, false);
}

/* Through what was fed: a step's moves to the step that said them. */
static void moves_backward(const struct place *at, size_t m, const real *dmoves, real *out) {
    const struct R(decoder_space) *space = &at->pass->ws->decoder;
    for (size_t b = 0; b < at->n; b++)
        for (size_t i = 0; i < GW_PATH_SIDES; i++) {
            const size_t to = b * GW_PATH_SIDES + i;
            out[to] = dmoves ? dmoves[m * at->n * GW_PATH_SIDES + to] : 0;
            if (m + 1 < at->M && !is_told(at, b, m + 1)) out[to] += space->din[b * at->I + i];
        }
}

static void products_backward(const struct place *at) {
    const size_t rows = at->M * at->n, H = at->H;
    const struct R(kernels) *k = at->run->k;
    const real *dz = at->walk->gates;
    k->gemm_tn(at->I, 4 * H, rows, at->walk->in, at->I, dz, 4 * H, gradient(at, W), 4 * H, true);
    k->gemm_tn(H, 4 * H, rows, at->walk->state, H, dz, 4 * H, gradient(at, U), 4 * H, true);
    k->sum_rows(rows, 4 * H, dz, 4 * H, gradient(at, BIAS));
}

void R(decoder_walk_backward)(const struct R(pass) *pass, const struct R(attention_run) *run,
                              const struct R(decoder_walk) *walk, const real *dmoves, const real *dcontext) {
    const struct place at = place_of(pass, run, walk);
    const struct R(decoder_space) *space = &pass->ws->decoder;
    const struct R(kernels) *k = run->k;
    const size_t n = at.n, H = at.H;
    memset(space->dstate, 0, n * H * sizeof(real));
    memset(space->dcell, 0, n * H * sizeof(real));
    memset(space->dfed, 0, n * H * sizeof(real));
    for (size_t m = at.M; m-- > 0;) {
        real *dsaid = walk->moves + m * n * GW_PATH_SIDES; /* nobody reads what was said any more */
        moves_backward(&at, m, dmoves, dsaid);
        say_backward(&at, m, dsaid, dcontext);
        for (size_t b = 0; b < n; b++) k->axpy(H, 1, space->dboth + b * 2 * H + H, space->dstate + b * H);
        if (!at.decoder->asked->before) ask_backward(&at, m, m + 1);
        step_backward(&at, m);
        for (size_t b = 0; b < n; b++) {
            const real *dfed = space->din + b * at.I + GW_PATH_SIDES;
            if (at.decoder->asked->before)
                k->axpy(H, 1, dfed, space->dboth + b * 2 * H);
            else
                memcpy(space->dfed + b * H, dfed, H * sizeof(real));
        }
        if (at.decoder->asked->before) ask_backward(&at, m, m);
    }
    products_backward(&at);
    for (size_t b = 0; b < n; b++) k->axpy(H, 1, space->dstate + b * H, run->dh + (b * at.T + at.T - 1) * H);
}
