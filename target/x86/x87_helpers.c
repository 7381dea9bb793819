/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions by the host's x87: the guest's registers, tags, control and status words are loaded (FRSTOR), the
 * very instruction runs with all exceptions masked, and the state is taken back (FNSAVE). So results, condition codes,
 * stack faults and transcendental functions are the processor's own.
 *
 * Exceptions that the guest has unmasked set ES; the next waiting instruction raises #MF. After an unmasked invalid
 * operation, denormal or division by zero the operands stay as they were (SDM vol. 1, "x87 FPU Floating-Point Exceptions").
 * Not modelled: the scaled results of unmasked overflow and underflow; FERR# where CR0.NE is clear.
 */
#include <string.h>

#include "target/x86/priv.h"
#include "target/x86/translate.h"
#include "util/log.h"

enum { SW_FLAGS = 0x3f, SW_SF = 0x40, SW_ES = 0x80, SW_TOP = 7 << 11, SW_B = 1 << 15, CW_MASKS = 0x3f };

/* ---- words ---- */

static uint16_t status(const struct x86_cpu *cpu)
{
    return (cpu->fpu_sw & ~SW_TOP) | cpu->fpu_top << 11;
}

static void set_status(struct x86_cpu *cpu, uint16_t sw)
{
    bool es = sw & ~cpu->fpu_cw & SW_FLAGS;

    cpu->fpu_top = sw >> 11 & 7;
    cpu->fpu_sw = (sw & ~(SW_TOP | SW_ES | SW_B)) | (es ? SW_ES | SW_B : 0);
}

/* The full tag word from what each register holds (SDM vol. 1, "x87 FPU Tag Word"). */
static uint16_t tags(const struct x86_cpu *cpu)
{
    uint16_t w = 0;

    for (unsigned i = 0; i < 8; i++) {
        const struct x86_fpreg *r = &cpu->st[i];
        unsigned e = r->exponent & 0x7fff, tag = 0;

        if (!(cpu->fpu_valid >> i & 1)) {
            tag = 3;
        } else if (e == 0 && r->mantissa == 0) {
            tag = 1;
        } else if (e == 0 || e == 0x7fff || !(r->mantissa >> 63)) {
            tag = 2;
        }
        w |= tag << (2 * i);
    }
    return w;
}

static void set_tags(struct x86_cpu *cpu, uint16_t w)
{
    cpu->fpu_valid = 0;
    for (unsigned i = 0; i < 8; i++) {
        cpu->fpu_valid |= ((w >> (2 * i) & 3) != 3) << i;
    }
}

static void check_pending(struct x86_cpu *cpu)
{
    if (!(cpu->fpu_sw & SW_ES)) {
        return;
    }
    if (cpu->cr0 & X86_CR0_NE) {
        x86_raise(cpu, X86_MF);
    }
    log_unimp("x86: an x87 exception with CR0.NE = 0 (FERR#)\n");
}

/* ---- the host's FPU ---- */

struct image {                          /* of FNSAVE, 32-bit protected mode format */
    uint32_t cw, sw, tw, ip, cs, dp, ds;
    uint8_t st[8][10];
} __attribute__((packed));

static void to_image(const struct x86_cpu *cpu, struct image *im)
{
    *im = (struct image) { .cw = cpu->fpu_cw | CW_MASKS, .sw = status(cpu) & ~(SW_ES | SW_B), .tw = tags(cpu) };
    for (unsigned i = 0; i < 8; i++) {
        const struct x86_fpreg *r = &cpu->st[(cpu->fpu_top + i) & 7];

        memcpy(im->st[i], &r->mantissa, 8);
        memcpy(im->st[i] + 8, &r->exponent, 2);
    }
}

static void from_image(struct x86_cpu *cpu, const struct image *im)
{
    set_status(cpu, im->sw);
    set_tags(cpu, im->tw);
    for (unsigned i = 0; i < 8; i++) {
        struct x86_fpreg *r = &cpu->st[(cpu->fpu_top + i) & 7];

        memcpy(&r->mantissa, im->st[i], 8);
        memcpy(&r->exponent, im->st[i] + 8, 2);
    }
}

#ifdef __x86_64__
/*
 * Each x87 instruction, followed by RET, in four bytes: of register forms 64 for each of the eight opcodes, of memory forms
 * eight, with their operand at [rax].
 */
__asm__(
    ".pushsection .text\n"
    ".balign 16\n"
    "x86_x87_stubs:\n"
    ".set op, 0xd8\n"
    ".rept 8\n"
    ".set form, 0xc0\n"
    ".rept 64\n"
    ".byte op, form, 0xc3, 0x90\n"
    ".set form, form + 1\n"
    ".endr\n"
    ".set op, op + 1\n"
    ".endr\n"
    "x86_x87_memory_stubs:\n"
    ".set op, 0xd8\n"
    ".rept 8\n"
    ".set form, 0\n"
    ".rept 8\n"
    ".byte op, form, 0xc3, 0x90\n"
    ".set form, form + 8\n"
    ".endr\n"
    ".set op, op + 1\n"
    ".endr\n"
    ".popsection\n");
extern const uint8_t x86_x87_stubs[], x86_x87_memory_stubs[];

/* Runs one instruction on the image; flags: arithmetic flags in and out. */
static void run(struct image *im, const uint8_t *stub, void *operand, uint64_t *flags)
{
    __asm__ volatile("frstor %[im]\n\t"
                     "sub $128, %%rsp\n\t"          /* past the red zone */
                     "push %[f]\n\t"
                     "popfq\n\t"
                     "call *%[stub]\n\t"
                     "pushfq\n\t"
                     "pop %[f]\n\t"
                     "add $128, %%rsp\n\t"
                     "fnsave %[im]\n\t"
                     : [im] "+m"(*im), [f] "+r"(*flags)
                     : [stub] "r"(stub), "a"(operand)
                     : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
}
#else
static void run(struct image *im, const uint8_t *stub, void *operand, uint64_t *flags)
{
    log_unimp("x86: x87 instructions on a host without an x87\n");
}
static const uint8_t x86_x87_stubs[2048], x86_x87_memory_stubs[256];
#endif

/* ---- memory operands ---- */

unsigned x86_x87_bytes(unsigned op, unsigned reg)
{
    switch (op) {
    case 0: case 1: case 2:
        return 4;
    case 3:
        return reg >= 4 ? 10 : 4;
    case 4: case 5:
        return 8;
    case 6:
        return 2;
    default:
        return reg == 4 || reg == 6 ? 10 : reg == 5 || reg == 7 ? 8 : 2;
    }
}

/* Opcodes D9, DB, DD, DF: forms 1 to 3, 6, 7 store. */
static bool stores(unsigned op, unsigned reg)
{
    return op & 1 && ((reg >= 1 && reg <= 3) || reg >= 6);
}

static void load_bytes(struct x86_cpu *cpu, uint64_t va, void *to, unsigned n)
{
    unsigned idx = x86_data_idx(&cpu->cpu);

    for (unsigned at = 0, step; at < n; at += step) {
        uint64_t v;

        step = n - at >= 8 ? 8 : n - at >= 4 ? 4 : n - at >= 2 ? 2 : 1;
        v = cpu_ld(&cpu->cpu, va + at, step, idx);
        memcpy((uint8_t *)to + at, &v, step);
    }
}

static void store_bytes(struct x86_cpu *cpu, uint64_t va, const void *from, unsigned n)
{
    unsigned idx = x86_data_idx(&cpu->cpu);

    /* Nothing is stored where a later page faults. */
    if ((va ^ (va + n - 1)) >> 12) {
        cpu_probe_write(&cpu->cpu, va, 1, idx);
        cpu_probe_write(&cpu->cpu, (va + n - 1) & ~(uint64_t)4095, 1, idx);
    }
    for (unsigned at = 0, step; at < n; at += step) {
        uint64_t v = 0;

        step = n - at >= 8 ? 8 : n - at >= 4 ? 4 : n - at >= 2 ? 2 : 1;
        memcpy(&v, (const uint8_t *)from + at, step);
        cpu_st(&cpu->cpu, va + at, v, step, idx);
    }
}

/* ---- instructions ---- */

/* form: the opcode's low three bits << 8 | ModRM */
void x86_helper_x87(struct x86_cpu *cpu, uint32_t form, uint64_t va, uint64_t pc)
{
    unsigned op = form >> 8, modrm = form & 0xff, reg = modrm >> 3 & 7, bytes = x86_x87_bytes(op, reg);
    bool memory = modrm < 0xc0, store = memory && stores(op, reg), compares = !memory && (op == 3 || op == 7) && (reg == 5 || reg == 6);
    uint64_t flags = x86_eflags(cpu) & X86_CC;
    struct image im;
    uint8_t operand[16] = { 0 };
    uint16_t before;

    check_pending(cpu);
    to_image(cpu, &im);
    before = im.sw;
    im.sw &= ~(uint32_t)SW_FLAGS;           /* so that this instruction's own flags can be told */
    if (memory && !store) {
        load_bytes(cpu, va, operand, bytes);
    }
    run(&im, memory ? x86_x87_memory_stubs + op * 32 + reg * 4 : x86_x87_stubs + op * 256 + (modrm & 63) * 4, operand, &flags);
    im.sw &= 0xffff;
    if (im.sw & ~(uint32_t)cpu->fpu_cw & 7) {
        /* an unmasked exception before the computation: only the status changes */
        set_status(cpu, (im.sw & ~SW_TOP) | (before & (SW_FLAGS | SW_TOP)) | (im.sw & SW_SF));
    } else {
        if (store) {
            store_bytes(cpu, va, operand, bytes);
        }
        im.sw |= before & SW_FLAGS;
        from_image(cpu, &im);
        if (compares) {
            x86_set_eflags(cpu, flags, X86_CC);
        }
    }
    cpu->fpu_ip = x86_ip(cpu, pc);
    cpu->fpu_cs = cpu->seg[X86_CS].sel;
    cpu->fpu_op = form & 0x7ff;
    if (memory) {
        cpu->fpu_dp = va;
        cpu->fpu_ds = cpu->seg[X86_DS].sel;
    }
}

void x86_helper_fldcw(struct x86_cpu *cpu, uint32_t v)
{
    check_pending(cpu);
    cpu->fpu_cw = (v & 0x1f3f) | 0x40;
    set_status(cpu, status(cpu));
}

uint32_t x86_helper_fstcw(struct x86_cpu *cpu)
{
    return cpu->fpu_cw;
}

uint32_t x86_helper_fstsw(struct x86_cpu *cpu)
{
    return status(cpu);
}

void x86_helper_fclex(struct x86_cpu *cpu)
{
    cpu->fpu_sw &= ~(SW_FLAGS | SW_SF | SW_ES | SW_B);
}

void x86_helper_finit(struct x86_cpu *cpu)
{
    cpu->fpu_cw = 0x37f;
    cpu->fpu_sw = cpu->fpu_top = cpu->fpu_valid = 0;
    cpu->fpu_op = cpu->fpu_cs = cpu->fpu_ds = 0;
    cpu->fpu_ip = cpu->fpu_dp = 0;
}

void x86_helper_fwait(struct x86_cpu *cpu)
{
    if ((cpu->cr0 & (X86_CR0_TS | X86_CR0_MP)) == (X86_CR0_TS | X86_CR0_MP)) {
        x86_raise(cpu, X86_NM);
    }
    check_pending(cpu);
}

/* ---- environment (SDM vol. 1, "x87 FPU Instruction and Data Pointers") ---- */

static unsigned env_bytes(unsigned size)
{
    return size == 2 ? 14 : 28;
}

static void put_words(uint8_t *p, const uint32_t *w, unsigned n, unsigned size)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t v = size == 4 ? w[i] | (i < 3 || i == 6 ? 0xffff0000 : 0) : w[i];

        memcpy(p + i * size, &v, size);
    }
}

static void make_env(const struct x86_cpu *cpu, unsigned size, uint8_t *p)
{
    bool real = x86_is_real(cpu);
    uint32_t ip = cpu->fpu_ip + (real ? cpu->fpu_cs << 4 : 0), dp = cpu->fpu_dp;
    uint32_t w[7] = { cpu->fpu_cw, status(cpu), tags(cpu), ip, cpu->fpu_cs | cpu->fpu_op << 16, dp, cpu->fpu_ds };

    if (real) {
        w[4] = (ip >> 16) << 12 | cpu->fpu_op;
        w[6] = (dp >> 16) << 12;
    }
    put_words(p, w, 7, size == 2 ? 2 : 4);
}

static void use_env(struct x86_cpu *cpu, unsigned size, const uint8_t *p)
{
    uint16_t w[7];

    for (unsigned i = 0; i < 7; i++) {
        memcpy(&w[i], p + i * (size == 2 ? 2 : 4), 2);
    }
    cpu->fpu_cw = (w[0] & 0x1f3f) | 0x40;
    set_tags(cpu, w[2]);
    set_status(cpu, w[1]);
    cpu->fpu_cs = w[4];
    cpu->fpu_ds = w[6];
    cpu->fpu_ip = w[3];
    cpu->fpu_dp = w[5];
    if (size != 2) {
        uint32_t ip, dp;

        memcpy(&ip, p + 12, 4);
        memcpy(&dp, p + 20, 4);
        cpu->fpu_ip = ip;
        cpu->fpu_dp = dp;
    }
}

void x86_helper_fstenv(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t env[28];

    make_env(cpu, size, env);
    store_bytes(cpu, va, env, env_bytes(size));
    cpu->fpu_cw |= CW_MASKS;
    set_status(cpu, status(cpu));
}

void x86_helper_fldenv(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t env[28];

    check_pending(cpu);
    load_bytes(cpu, va, env, env_bytes(size));
    use_env(cpu, size, env);
}

void x86_helper_fsave(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t all[108];
    unsigned n = env_bytes(size);

    make_env(cpu, size, all);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(all + n + 10 * i, &cpu->st[(cpu->fpu_top + i) & 7], 10);
    }
    store_bytes(cpu, va, all, n + 80);
    x86_helper_finit(cpu);
}

void x86_helper_frstor(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t all[108];
    unsigned n = env_bytes(size);

    check_pending(cpu);
    load_bytes(cpu, va, all, n + 80);
    use_env(cpu, size, all);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(&cpu->st[(cpu->fpu_top + i) & 7], all + n + 10 * i, 10);
    }
}

/* ---- FXSAVE, XSAVE (SDM vol. 1, "Managing State Using the XSAVE Feature Set") ---- */

enum { XSAVE_HEADER = 512, XSAVE_AVX = 576 };

static void make_legacy(const struct x86_cpu *cpu, unsigned size, uint8_t *p)
{
    uint16_t sw = status(cpu);
    uint32_t mask = 0xffff;

    memcpy(p, &cpu->fpu_cw, 2);
    memcpy(p + 2, &sw, 2);
    p[4] = cpu->fpu_valid;
    memcpy(p + 6, &cpu->fpu_op, 2);
    memcpy(p + 8, &cpu->fpu_ip, 8);
    memcpy(p + 16, &cpu->fpu_dp, 8);
    if (size != 8) {
        memcpy(p + 12, &cpu->fpu_cs, 2);
        memcpy(p + 20, &cpu->fpu_ds, 2);
        p[14] = p[15] = p[22] = p[23] = 0;
    }
    memcpy(p + 28, &mask, 4);
    for (unsigned i = 0; i < 8; i++) {
        memcpy(p + 32 + 16 * i, &cpu->st[(cpu->fpu_top + i) & 7], 10);
    }
}

static unsigned vectors(const struct x86_cpu *cpu)
{
    return x86_is_64(cpu) ? 16 : 8;
}

static void make_sse(const struct x86_cpu *cpu, uint8_t *p)
{
    uint32_t csr = x86_mxcsr(cpu), mask = 0xffff;

    memcpy(p + 24, &csr, 4);
    memcpy(p + 28, &mask, 4);
    for (unsigned i = 0; i < vectors(cpu); i++) {
        memcpy(p + 160 + 16 * i, cpu->zmm[i], 16);
    }
}

static void use_x87(struct x86_cpu *cpu, unsigned size, const uint8_t *p)
{
    uint16_t sw;

    memcpy(&cpu->fpu_cw, p, 2);
    cpu->fpu_cw = (cpu->fpu_cw & 0x1f3f) | 0x40;
    memcpy(&sw, p + 2, 2);
    set_status(cpu, sw);
    cpu->fpu_valid = p[4];
    memcpy(&cpu->fpu_op, p + 6, 2);
    memcpy(&cpu->fpu_ip, p + 8, 8);
    memcpy(&cpu->fpu_dp, p + 16, 8);
    if (size != 8) {
        cpu->fpu_cs = cpu->fpu_ip >> 32;
        cpu->fpu_ds = cpu->fpu_dp >> 32;
        cpu->fpu_ip = (uint32_t)cpu->fpu_ip;
        cpu->fpu_dp = (uint32_t)cpu->fpu_dp;
    }
    for (unsigned i = 0; i < 8; i++) {
        memcpy(&cpu->st[(cpu->fpu_top + i) & 7], p + 32 + 16 * i, 10);
    }
}

static void use_mxcsr(struct x86_cpu *cpu, const uint8_t *p)
{
    uint32_t csr;

    memcpy(&csr, p + 24, 4);
    x86_set_mxcsr(cpu, csr);
}

static void use_sse(struct x86_cpu *cpu, const uint8_t *p)
{
    for (unsigned i = 0; i < vectors(cpu); i++) {
        memcpy(cpu->zmm[i], p + 160 + 16 * i, 16);
    }
}

static void check_mxcsr(struct x86_cpu *cpu, const uint8_t *p)
{
    uint32_t csr;

    memcpy(&csr, p + 24, 4);
    if (csr >> 16) {
        x86_gp(cpu);
    }
}

static void check_aligned(struct x86_cpu *cpu, uint64_t va, unsigned n)
{
    if (va & (n - 1)) {
        x86_gp(cpu);
    }
}

void x86_helper_fxsave(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t p[416] = { 0 };

    check_aligned(cpu, va, 16);
    make_legacy(cpu, size, p);
    if (cpu->cr4 & X86_CR4_OSFXSR) {
        make_sse(cpu, p);
    }
    store_bytes(cpu, va, p, cpu->cr4 & X86_CR4_OSFXSR ? 160 + 16 * vectors(cpu) : 160);
}

void x86_helper_fxrstor(struct x86_cpu *cpu, uint64_t va, uint32_t size)
{
    uint8_t p[416];

    check_aligned(cpu, va, 16);
    load_bytes(cpu, va, p, sizeof p);
    if (cpu->cr4 & X86_CR4_OSFXSR) {
        check_mxcsr(cpu, p);
    }
    use_x87(cpu, size, p);
    if (cpu->cr4 & X86_CR4_OSFXSR) {
        use_mxcsr(cpu, p);
        use_sse(cpu, p);
    }
}

static void check_xsave(struct x86_cpu *cpu, uint64_t va)
{
    if (!(cpu->cr4 & X86_CR4_OSXSAVE)) {
        x86_raise(cpu, X86_UD);
    }
    if (cpu->cr0 & X86_CR0_TS) {
        x86_raise(cpu, X86_NM);
    }
    check_aligned(cpu, va, 64);
}

/* how: 1 compact (XSAVEC) | operand size << 8 */
void x86_helper_xsave(struct x86_cpu *cpu, uint64_t va, uint64_t wanted, uint32_t how)
{
    uint64_t bv = wanted & cpu->xcr0, header[8] = { 0 };
    uint8_t p[416] = { 0 };

    check_xsave(cpu, va);
    make_legacy(cpu, how >> 8, p);
    make_sse(cpu, p);
    if (!(how & 1)) {
        load_bytes(cpu, va + XSAVE_HEADER, header, 8);
    }
    if (bv & X86_XCR0_X87) {
        store_bytes(cpu, va, p, 24);
        store_bytes(cpu, va + 32, p + 32, 128);
    }
    if (bv & (X86_XCR0_SSE | X86_XCR0_AVX)) {
        store_bytes(cpu, va + 24, p + 24, 8);
    }
    if (bv & X86_XCR0_SSE) {
        store_bytes(cpu, va + 160, p + 160, 16 * vectors(cpu));
    }
    if (bv & X86_XCR0_AVX) {
        for (unsigned i = 0; i < vectors(cpu); i++) {
            store_bytes(cpu, va + XSAVE_AVX + 16 * i, &cpu->zmm[i][2], 16);
        }
    }
    header[0] = how & 1 ? bv : (header[0] & ~wanted) | bv;
    header[1] = bv | 1ull << 63;
    store_bytes(cpu, va + XSAVE_HEADER, header, how & 1 ? 64 : 8);
}

void x86_helper_xrstor(struct x86_cpu *cpu, uint64_t va, uint64_t wanted, uint32_t how)
{
    uint64_t header[8], load;
    static const uint8_t fresh[416] = { 0x7f, 3, [24] = 0x80, 0x1f };
    uint8_t p[416], avx[256] = { 0 };

    check_xsave(cpu, va);
    wanted &= cpu->xcr0;
    load_bytes(cpu, va, p, sizeof p);
    load_bytes(cpu, va + XSAVE_HEADER, header, sizeof header);
    if (header[0] & ~cpu->xcr0 || (header[1] >> 63 ? header[0] & ~header[1] || !x86_has(cpu, X86_FEAT_XSAVEC) : header[1] != 0) ||
        header[2]) {
        x86_gp(cpu);
    }
    load = wanted & header[0];
    if (wanted & (X86_XCR0_SSE | X86_XCR0_AVX)) {
        check_mxcsr(cpu, p);
    }
    if (load & X86_XCR0_AVX) {
        load_bytes(cpu, va + XSAVE_AVX, avx, 16 * vectors(cpu));
    }
    if (wanted & X86_XCR0_X87) {
        use_x87(cpu, how >> 8, load & X86_XCR0_X87 ? p : fresh);
    }
    if (wanted & (X86_XCR0_SSE | X86_XCR0_AVX)) {
        use_mxcsr(cpu, p);
    }
    if (wanted & X86_XCR0_SSE) {
        use_sse(cpu, load & X86_XCR0_SSE ? p : fresh);
    }
    if (wanted & X86_XCR0_AVX) {
        for (unsigned i = 0; i < vectors(cpu); i++) {
            memcpy(&cpu->zmm[i][2], avx + 16 * i, 16);
        }
    }
}

/* Behind an MMX instruction, which writes register n, or none. */
void x86_helper_mmx_done(struct x86_cpu *cpu, uint32_t n)
{
    cpu->fpu_top = 0;
    cpu->fpu_valid = 0xff;
    if (n < 8) {
        cpu->st[n].exponent = 0xffff;
    }
}

void x86_helper_emms(struct x86_cpu *cpu)
{
    check_pending(cpu);
    cpu->fpu_valid = 0;
}
