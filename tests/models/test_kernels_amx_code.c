/* The machine code of the AMX table on a CPU without AMX: every tile instruction raises SIGILL, whose handler decodes
 * its bytes, takes addresses and strides from the registers as they are, and has the emulation do it. So encodings,
 * operands and shapes are those that the hardware will see. With AMX the hardware itself runs. */
#include "engine/base/base.h"
#include "kernel_layer.h"
#include "kernel_mixed.h"

#include "models/kernels/amx.h"

#if defined(KERNELS_HAVE_AMX) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

/* ---- the handler --------------------------------------------------------------------------------- */

static volatile size_t traps, products, releases;

/* Hardware number of a general register to its place in the context. */
static uint64_t value_of(const ucontext_t *context, unsigned number) {
    static const int place[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return (uint64_t)context->uc_mcontext.gregs[place[number]];
}

struct operand {
    uint64_t address, index; /* the index, scaled, is the stride of a tile load and no part of the address */
    size_t length;           /* from the ModRM byte on */
};

static int64_t displacement(const uint8_t *code, size_t bytes) {
    int32_t d = 0;
    if (bytes == 1) return (int8_t)code[0];
    if (bytes == 4) memcpy(&d, code, 4);
    return d;
}

static struct operand operand_at(const ucontext_t *context, const uint8_t *modrm, unsigned high_base,
                                 unsigned high_index) {
    const unsigned mod = modrm[0] >> 6, rm = modrm[0] & 7;
    struct operand at = {.length = 1};
    unsigned base = rm;
    if (rm == 4) {
        const unsigned index = (modrm[1] >> 3 & 7) | high_index;
        base = modrm[1] & 7;
        if (index != 4) at.index = value_of(context, index) << (modrm[1] >> 6);
        at.length = 2;
    }
    const bool no_base = mod == 0 && base == 5;
    const size_t bytes = mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0;
    at.address = (uint64_t)displacement(modrm + at.length, bytes);
    at.length += bytes;
    if (!no_base)
        at.address += value_of(context, base | high_base);
    else if (rm == 5) /* relative to the next instruction; four bytes of VEX and opcode stand before */
        at.address += (uint64_t)(uintptr_t)(modrm + at.length);
    return at;
}

enum prefix { NONE, P66, PF3, PF2 };

/* VEX.128.0F38.W0; see the encodings in the manual under each name. Gives the length, 0 when it is something else. */
static size_t run_tile_instruction(const ucontext_t *context, const uint8_t *code) {
    if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84) != 0) return 0;
    const enum prefix prefix = code[2] & 3;
    const uint8_t opcode = code[3], *modrm = code + 4;
    const size_t reg = (modrm[0] >> 3 & 7), rm = modrm[0] & 7, third = (size_t)(~code[2] >> 3 & 15);
    const bool registers = modrm[0] >> 6 == 3;
    struct operand at = {.length = 1};
    if (!registers) at = operand_at(context, modrm, code[1] & 0x20 ? 0 : 8, code[1] & 0x40 ? 0 : 8);
    void *memory = (void *)(uintptr_t)at.address;
    if (opcode == 0x5c && prefix == PF3 && registers) /* TDPBF16PS: reg += rm · vvvv */
        tiles_soft_dp(reg, rm, third), products++;
    else if (third != 0)
        return 0; /* the others have no third operand */
    else if (opcode == 0x49 && prefix == NONE && registers && modrm[0] == 0xc0)
        tiles_soft_release(), releases++;
    else if (opcode == 0x49 && prefix == NONE && !registers && reg == 0)
        tiles_soft_config(memory);
    else if (opcode == 0x49 && prefix == PF2 && registers && rm == 0)
        tiles_soft_zero(reg);
    else if (opcode == 0x4b && prefix == PF2 && !registers && rm == 4)
        tiles_soft_load(reg, memory, at.index);
    else if (opcode == 0x4b && prefix == PF3 && !registers && rm == 4)
        tiles_soft_store(reg, memory, at.index);
    else
        return 0;
    return 4 + at.length;
}

static void on_illegal(int number, siginfo_t *info, void *p) {
    ucontext_t *context = p;
    size_t length = run_tile_instruction(context, (const uint8_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP]);
    (void)info;
    if (length == 0) {
        signal(number, SIG_DFL); /* an illegal instruction after all */
        return;
    }
    traps++;
    context->uc_mcontext.gregs[REG_RIP] += (greg_t)length;
}

static bool trapping; /* else the hardware runs */

static bool can_run(void) {
    if (!mixed_named("avx512 amx bf16 soft") || !mixed_named("avx512 bf16")) {
        print_message("this CPU has no AVX-512 with bf16, beside which tiles are used: skipped\n");
        return false;
    }
    if (amx_hardware() && !amx_usable()) {
        print_message("the tiles of this CPU sum in another way than the manual says and are not used: skipped\n");
        return false;
    }
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    trapping = !amx_usable();
    if (trapping) assert_int_equal(sigaction(SIGILL, &action, NULL), 0);
    traps = products = releases = 0;
    return true;
}

/* By tiles there were products, and nothing is left of them. */
static void check_traces(void) {
    if (!trapping) return;
    assert_true(products > 0 && traps > 2 * products);
    assert_true(releases > 0);
    assert_string_equal(tiles_soft_dp_fault(0, 1, 2), "#UD: tiles are not configured");
    signal(SIGILL, SIG_DFL);
}

/* ---- what it computes ----------------------------------------------------------------------------- */

static void same_product(int kind, size_t m, size_t n, size_t k, bool accumulate) {
    const size_t lda = (kind == 1 ? m : k) + 1, ldb = (kind == 2 ? k : n) + 3, ldc = n + 2;
    struct twin a = twin_make((kind == 1 ? k : m) * lda, 1), b = twin_make((kind == 2 ? n : k) * ldb, 1);
    struct twin c[2] = {twin_make(m * ldc, 1), twin_make(m * ldc, 0)};
    memcpy(c[1].f, c[0].f, c[0].n * sizeof(float));
    fast_set set[] = {&kernels_mixed_amx_soft, &kernels_mixed_amx};
    for (size_t i = 0; i < 2; i++)
        (kind == 0   ? set[i]->large_nn
         : kind == 1 ? set[i]->large_tn
                     : set[i]->large_nt)(m, n, k, a.f, lda, b.f, ldb, c[i].f, ldc, accumulate);
    assert_same_bits(c[0].f, c[1].f, c[0].n);
    twin_free(&a), twin_free(&b), twin_free(&c[0]), twin_free(&c[1]);
}
static void test_products(void **state) {
    (void)state;
    static const size_t shape[][3] = {{1, 1, 1},    {64, 256, 64}, {17, 15, 33}, {31, 80, 257},
                                      {16, 48, 32}, {33, 65, 100}, {300, 16, 40}};
    if (!can_run()) return;
    for (size_t i = 0; i < COUNT_OF(shape); i++)
        for (int kind = 0; kind < 3; kind++)
            same_product(kind, shape[i][0], shape[i][1], shape[i][2], (i + (size_t)kind) % 2);
    check_traces();
}

static void same_layer(size_t windows, size_t steps, size_t hidden) {
    random_state = 99;
    struct layer a = layer_make(windows, steps, hidden, 1, 1);
    random_state = 99;
    struct layer b = layer_make(windows, steps, hidden, 1, 1);
    run_fast(&kernels_mixed_amx_soft, &a, EVERY_STEP | LAST_STEP);
    run_fast(&kernels_mixed_amx, &b, EVERY_STEP | LAST_STEP);
    assert_same_bits(a.h.f, b.h.f, a.h.n);
    assert_same_bits(a.c.f, b.c.f, a.c.n);
    assert_same_bits(a.gates.f, b.gates.f, a.gates.n);
    assert_same_bits(a.du.f, b.du.f, a.du.n);
    assert_same_bits(a.dxw.f, b.dxw.f, a.dxw.n);
    layer_free(&a);
    layer_free(&b);
}
static void test_layers(void **state) {
    (void)state;
    if (!can_run()) return;
    same_layer(32, 12, 64);
    same_layer(5, 23, 17);
    same_layer(1, 3, 1);
    same_layer(67, 4, 96);
    check_traces();
}

static bool pretend(void) { return true; }
static void test_self_check_passes(void **state) {
    (void)state;
    if (!can_run()) return;
    assert_true(amx_accepts(pretend, &kernels_mixed_amx, &kernels_mixed_amx_soft));
    check_traces();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_self_check_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void) {
    printf("no AMX with this compiler or system: skipped\n");
    return 0;
}
#endif
