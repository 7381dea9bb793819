/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every form of the x86 tables that user programs can execute, against the host CPU itself: random operands, registers,
 * flags and memory must be the same after one instruction, but for flags that the manual leaves undefined. Rows that this
 * host refuses (#UD) are named, not tested.
 *
 * Environment: DOPPEL_INSN_SEED repeats a run, DOPPEL_INSN_ONLY ("shl") chooses mnemonics, DOPPEL_INSN_ROUNDS (default 1)
 * multiplies the number of cases, DOPPEL_INSN_LOG ("op,op_opt,out_asm") shows the translation of each failing case.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target/x86/priv.h"
#include "target/x86/translate.h"
#include "tcg/host.h"
#include "tcg/interp.h"
#include "tcg/mxcsr.h"
#include "tests/insn/engine_jit.h"
#include "tests/insn/no_accel.h"
#include "tests/insn/x86_gen.h"
#include "util/log.h"

enum { PAGE = 4096, CASES = 60, TRIES = 400 };
enum { MXCSR_MM = 1 << 17 };

struct rig {
    struct x86_cpu *cpu;
    struct ir *ir;
    struct jit *jit;                    /* NULL: interpreter */
    struct interp_scratch *scratch;
    struct engine_memory memory;
    uint8_t data[X86_DATA_BYTES];
    int fault;
    unsigned passes;
};

static struct rig *current;

/* ---- what stands in for the exception machinery and for memory ---- */

G_NORETURN void x86_raise_code(struct x86_cpu *cpu, enum x86_vector vector, uint32_t code)
{
    current->fault = vector;
    siglongjmp(cpu->cpu.loop, 1);
}

void *engine_at(struct cpu *cpu, uint64_t addr, unsigned bytes)
{
    if (addr >= X86_DATA && addr + bytes <= X86_DATA + X86_DATA_BYTES) {
        return current->data + (addr - X86_DATA);
    }
    if (addr >= X86_CODE && addr + bytes <= X86_CODE + PAGE) {
        return (uint8_t *)x86_native_code() + (addr - X86_CODE);
    }
    x86_raise_code(x86_cpu(cpu), X86_PAGE, 0);
}

uint64_t engine_load(struct cpu *cpu, uint64_t addr, unsigned mem)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    uint64_t v = 0;

    memcpy(&v, engine_at(cpu, addr, bytes), bytes);
    return mem & IR_MEM_SIGN ? (uint64_t)((int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes)) : v;
}

void engine_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    memcpy(engine_at(cpu, addr, 1u << (mem & IR_MEM_SIZE)), &value, 1u << (mem & IR_MEM_SIZE));
}

void engine_slow(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2])
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    uint8_t *p = engine_at(cpu, addr, bytes);
    uint64_t old[2] = { 0, 0 }, new, want[2] = { 0, 0 };

    if (mem & IR_MEM_ALIGN && addr & (bytes - 1)) {
        x86_raise_code(x86_cpu(cpu), X86_GP, 0);
    }
    memcpy(old, p, bytes);
    new = value[0];
    switch (op) {
    case HOST_SLOW_PROBE:
    case HOST_SLOW_LOAD128:
        break;
    case HOST_SLOW_STORE128:
        memcpy(p, value, bytes);
        break;
    case HOST_SLOW_CAS:
        memcpy(want, expected, bytes);
        if (!memcmp(old, want, bytes)) {
            memcpy(p, value, bytes);
        }
        break;
    default:
        new = op == IR_RMW_ADD ? old[0] + new : op == IR_RMW_AND ? old[0] & new : op == IR_RMW_OR ? old[0] | new :
              op == IR_RMW_XOR ? old[0] ^ new : new;
        memcpy(p, &new, bytes);
    }
    value[0] = old[0];
    value[1] = old[1];
}

static uint64_t interp_load(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem)
{
    return engine_load(cpu, addr, mem);
}

static void interp_store(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    engine_store(cpu, addr, value, mem);
}

static void interp_slow(void *opaque, struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                        const uint64_t expected[2])
{
    engine_slow(cpu, addr, op, mem, value, expected);
}

static const struct interp_env interp_env = {
    .load = interp_load, .store = interp_store, .slow = interp_slow, .off_fpcr = offsetof(struct cpu, fpcr),
};

static const struct no_accel services = { engine_load, engine_store };

/* ---- our engines ---- */

static struct rig *rig_new(bool jit, unsigned passes)
{
    struct rig *g = g_new0(struct rig, 1);
    struct x86_cpu *cpu = x86_cpu(cpu_alloc(&x86_cpu_type));
    const uint16_t user = X86_SEG_P | X86_SEG_S | X86_SEG_DPL | X86_SEG_W | X86_SEG_A;

    no_accel = &services;
    memset(&cpu->feature, 0xff, sizeof cpu->feature);
    cpu->cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_ET | X86_CR0_NE | X86_CR0_MP;
    cpu->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXSAVE;
    cpu->xcr0 = 7;
    cpu->efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_SCE;
    for (unsigned i = 0; i < X86_SREGS; i++) {
        x86_seg_set(cpu, i, 0x2b, 0, UINT32_MAX, user | X86_SEG_G | (i == X86_CS ? X86_SEG_CODE | X86_SEG_L : X86_SEG_DB));
    }
    g->cpu = cpu;
    g->ir = ir_new();
    g->scratch = interp_scratch_new();
    g->passes = passes;
    if (jit) {
        g->jit = jit_new(&cpu->cpu, &x86_ir, &g->memory, ~0u);
        if (!g->jit) {
            return NULL;
        }
    }
    return g;
}

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    return NULL;
}

static bool at_end(struct tr_block *tb, uint64_t pc)
{
    return pc == *(const uint64_t *)tb->opaque;
}

static void show(const struct ir *ir, uint32_t item)
{
    if (log_on(item)) {
        g_autoptr(GString) text = g_string_new(NULL);

        ir_print(ir, text);
        log_printf(item, "%s\n", text->str);
    }
}

/* One block; true: it came to the end. */
static bool one_block(struct rig *g, uint64_t end)
{
    struct cpu *c = &g->cpu->cpu;
    struct tr_block tb = {
        .pc = c->pc, .key = c->key, .max_insns = 16, .next_page = next_page, .breakpoint = at_end, .opaque = &end, .cpu = c,
        .page = x86_native_code(),
    };
    GError *err = NULL;
    struct interp_left left;

    x86_translate(&tb, g->ir);
    show(g->ir, LOG_OP);
    if (!ir_verify(g->ir, &err)) {
        g_error("the verifier: %s", err->message);
    }
    ir_optimise(g->ir, g->passes);
    show(g->ir, LOG_OP_OPT);
    if (g->jit) {
        bool done = jit_run(g->jit, g->ir, &tb, &err);

        g_assert_no_error(err);
        return done;
    }
    left = interp_run(g->scratch, g->ir, c, &interp_env, 0);
    return left.exit && left.code == IR_EXIT_DEBUG;
}

/* The interpreter does not flush subnormals but in vector operations. */
static uint32_t mxcsr_in(const struct rig *g, const struct x86_case *k)
{
    return g->jit ? k->in.regs.mxcsr : k->in.regs.mxcsr & ~(uint32_t)(MXCSR_DAZ | MXCSR_FTZ);
}

static void ours(struct rig *g, const struct x86_case *k, struct x86_result *out)
{
    struct x86_cpu *cpu = g->cpu;
    uint64_t end = X86_CODE + X86_CODE_AT + k->n;

    current = g;
    g->fault = -1;
    memcpy(cpu->cpu.r, k->in.regs.r, sizeof k->in.regs.r);
    memcpy(g->data, k->in.data, sizeof g->data);
    x86_set_eflags(cpu, k->in.regs.flags, ~0ull);
    cpu->cpu.pc = X86_CODE + X86_CODE_AT;
    for (unsigned i = 0; i < 16; i++) {
        memcpy(cpu->zmm[i], k->in.regs.xmm[i], 32);
    }
    for (unsigned i = 0; i < 8; i++) {
        cpu->st[i].mantissa = k->in.regs.mm[i];
    }
    cpu->cpu.key = ~0u;
    x86_set_mxcsr(cpu, mxcsr_in(g, k));
    if (g->jit) {
        jit_reset(g->jit);
    }
    if (!sigsetjmp(cpu->cpu.loop, 0)) {
        for (unsigned i = 0; i < 10000 && !one_block(g, end); i++) {
        }
    }
    memcpy(out->regs.r, cpu->cpu.r, sizeof out->regs.r);
    out->regs.flags = x86_eflags(cpu);
    for (unsigned i = 0; i < 16; i++) {
        memcpy(out->regs.xmm[i], cpu->zmm[i], 32);
    }
    for (unsigned i = 0; i < 8; i++) {
        out->regs.mm[i] = cpu->st[i].mantissa;
    }
    out->regs.mxcsr = x86_mxcsr(cpu);
    memcpy(out->data, g->data, sizeof g->data);
    out->fault = g->fault;
}

/* ---- comparison ---- */

static bool same_vectors(const struct x86_regs *a, const struct x86_regs *b)
{
    unsigned bytes = x86_native_avx() ? 32 : 16;
    bool ok = true;

    for (unsigned i = 0; i < 16; i++) {
        ok &= !memcmp(a->xmm[i], b->xmm[i], bytes);
    }
    return ok && !memcmp(a->mm, b->mm, sizeof a->mm);
}

/* mxcsr: the bits of it that count */
static bool same(const struct x86_case *k, const struct x86_result *a, const struct x86_result *b, uint32_t mxcsr)
{
    if (a->fault != b->fault) {
        return false;
    }
    if (a->fault >= 0) {
        return true;
    }
    return !memcmp(a->regs.r, b->regs.r, sizeof a->regs.r) && !((a->regs.flags ^ b->regs.flags) & X86_CC & ~k->undefined) &&
           !((a->regs.flags ^ b->regs.flags) & X86_DF) && !((a->regs.mxcsr ^ b->regs.mxcsr) & mxcsr) &&
           same_vectors(&a->regs, &b->regs) && !memcmp(a->data, b->data, sizeof a->data);
}

static void print_vector(GString *s, const char *who, unsigned n, const uint8_t *bytes)
{
    uint64_t v[4];

    memcpy(v, bytes, sizeof v);
    g_string_append_printf(s, " %s ymm%u %016" PRIx64 "_%016" PRIx64 "_%016" PRIx64 "_%016" PRIx64 "\n", who, n, v[3], v[2], v[1],
                           v[0]);
}

static void report(const struct x86_case *k, const struct x86_result *want, const struct x86_result *got)
{
    const struct x86_mode mode = { .bits = 64 };
    g_autoptr(GString) s = g_string_new(NULL);
    struct x86_insn in;

    for (unsigned at = 0; at < k->n; at += in.len) {
        x86_decode(&mode, k->bytes + at, k->n - at, &in);
        for (unsigned i = 0; i < in.len; i++) {
            g_string_append_printf(s, "%02x", k->bytes[at + i]);
        }
        g_string_append(s, "  ");
        x86_disas_insn(&in, &mode, X86_CODE + X86_CODE_AT + at + in.len, s);
        g_string_append_printf(s, "  (%s)\n", in.row->place);
    }
    if (want->fault != got->fault) {
        g_string_append_printf(s, "  fault: host %d, ours %d\n", want->fault, got->fault);
    }
    for (unsigned i = 0; i < 16; i++) {
        if (want->regs.r[i] != got->regs.r[i]) {
            g_string_append_printf(s, "  r%u: was %" PRIx64 ", host %" PRIx64 ", ours %" PRIx64 "\n", i, k->in.regs.r[i],
                                   want->regs.r[i], got->regs.r[i]);
        }
    }
    g_string_append_printf(s, "  flags: were %03x, host %03x, ours %03x, undefined %03x\n", (int)k->in.regs.flags & 0xfff,
                           (int)want->regs.flags & 0xfff, (int)got->regs.flags & 0xfff, (int)k->undefined);
    g_string_append_printf(s, "  mxcsr: was %x, host %x, ours %x\n", k->in.regs.mxcsr, want->regs.mxcsr, got->regs.mxcsr);
    for (unsigned i = 0; i < 16; i++) {
        print_vector(s, " ", i, k->in.regs.xmm[i]);
        if (memcmp(want->regs.xmm[i], got->regs.xmm[i], 32)) {
            print_vector(s, " host", i, want->regs.xmm[i]);
            print_vector(s, " ours", i, got->regs.xmm[i]);
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        if (want->regs.mm[i] != got->regs.mm[i]) {
            g_string_append_printf(s, " mm%u in %016" PRIx64 " host %016" PRIx64 " ours %016" PRIx64 "\n", i, k->in.regs.mm[i],
                                   want->regs.mm[i], got->regs.mm[i]);
        }
    }
    for (unsigned i = 0; i < X86_DATA_BYTES; i++) {
        if (want->data[i] != got->data[i]) {
            g_string_append_printf(s, "  [%x]: was %02x, host %02x, ours %02x\n", X86_DATA + i, k->in.data[i], want->data[i],
                                   got->data[i]);
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        g_string_append_printf(s, "  rax %" PRIx64 " rcx %" PRIx64 " rdx %" PRIx64 "\n", k->in.regs.r[0], k->in.regs.r[1],
                               k->in.regs.r[2]);
        break;
    }
    g_test_message("%s", s->str);
}

static unsigned env_number(const char *name, unsigned otherwise)
{
    const char *v = g_getenv(name);

    return v ? strtoul(v, NULL, 10) : otherwise;
}

static bool chosen(const struct x86_row *row)
{
    const char *only = g_getenv("DOPPEL_INSN_ONLY");

    return x86_gen_wanted(row) && (!only || !strcmp(only, row->name));
}

/* All cases of one row. False: one differed. */
static bool check_row(struct rig *g, GRand *rand, const struct x86_row *row, GString *refused, GString *never)
{
    unsigned done = 0, cases = CASES * env_number("DOPPEL_INSN_ROUNDS", 1);

    for (unsigned try = 0; done < cases && try < cases * TRIES; try++) {
        static struct x86_case k;
        static struct x86_result want, got;

        if (!x86_gen_case(rand, row, &k)) {
            continue;
        }
        done++;
        k.in.regs.mxcsr = mxcsr_in(g, &k);
        x86_native_run(k.bytes, k.n, &k.in, &want);
        if (want.fault == X86_UD) {
            g_string_append_printf(refused, " %s", row->name);
            return true;
        }
        if (want.regs.mxcsr & MXCSR_MM) {
            continue;               /* a bit that only AMD's processors have */
        }
        ours(g, &k, &got);
        if (!same(&k, &want, &got, g->jit ? ~0u : ~(uint32_t)MXCSR_DE)) {
            report(&k, &want, &got);
            if (g_getenv("DOPPEL_INSN_LOG")) {
                log_set(g_getenv("DOPPEL_INSN_LOG"), NULL);
                ours(g, &k, &got);
                log_mask = 0;
            }
            return false;
        }
    }
    if (!done) {
        g_string_append_printf(never, " %s(%s)", row->name, row->place);
    }
    return true;
}

static void same_as_host(gconstpointer data)
{
    unsigned how = GPOINTER_TO_UINT(data), seed = env_number("DOPPEL_INSN_SEED", (uint32_t)g_test_rand_int()), bad = 0;
    struct rig *g = rig_new(how & 1, how & 2 ? ~0u : 0);
    g_autoptr(GString) refused = g_string_new(NULL), never = g_string_new(NULL);
    GRand *rand = g_rand_new_with_seed(seed);

    if (!g) {
        g_test_skip("no back end for this host");
        return;
    }
    for (unsigned i = 0; i < x86_nrows && bad < 10; i++) {
        if (chosen(&x86_rows[i]) && !check_row(g, rand, &x86_rows[i], refused, never)) {
            bad++;
        }
    }
    if (refused->len) {
        g_test_message("this host has no%s", refused->str);
    }
    if (never->len) {
        g_test_message("no encoding found:%s", never->str);
        g_test_fail();
    }
    if (bad) {
        g_test_message("DOPPEL_INSN_SEED=%u", seed);
        g_test_fail();
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!x86_native_init()) {
        g_print("1..0 # SKIP address 0x%x is taken\n", X86_AREA);
        return 0;
    }
    g_test_add_data_func("/insn/x86/interpreted", GUINT_TO_POINTER(0), same_as_host);
    g_test_add_data_func("/insn/x86/interpreted_after_passes", GUINT_TO_POINTER(2), same_as_host);
    g_test_add_data_func("/insn/x86/compiled", GUINT_TO_POINTER(3), same_as_host);
    return g_test_run();
}
