/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traps and the instructions that make or end them (Privileged ISA, chapters "Machine-Level ISA" and "Supervisor-Level
 * ISA"): exceptions, interrupts, delegation, mret, sret, wfi, ecall, ebreak.
 */
#include "system/machine.h"
#include "system/semihost.h"
#include <inttypes.h>

#include "target/riscv/priv.h"
#include "util/log.h"

static unsigned xlen_of(const struct rv_cpu *cpu, enum rv_priv priv)
{
    if (cpu->mxlen == 32) {
        return 32;
    }
    return priv == RV_U && (cpu->mstatus & MSTATUS_UXL) >> MSTATUS_UXL_SHIFT == MXL_32 ? 32 : 64;
}

static unsigned data_idx(const struct rv_cpu *cpu)
{
    unsigned priv = cpu->priv;
    unsigned mxr = cpu->mstatus & MSTATUS_MXR ? RV_IDX_MXR : 0;

    if (priv == RV_M && (cpu->mstatus & MSTATUS_MPRV)) {
        priv = (cpu->mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;
    }
    switch (priv) {
    case RV_U:
        return RV_IDX_U | mxr;
    case RV_S:
        return (cpu->mstatus & MSTATUS_SUM ? RV_IDX_S_SUM : RV_IDX_S) | mxr;
    default:
        return RV_IDX_M;
    }
}

void rv_update_key(struct rv_cpu *cpu)
{
    unsigned fs = (cpu->mstatus & MSTATUS_FS) >> MSTATUS_FS_SHIFT;
    uint32_t key = cpu->priv | data_idx(cpu) << RV_KEY_IDX_SHIFT;

    key |= fs == 0 ? RV_KEY_FS_OFF : fs == FS_DIRTY ? RV_KEY_FS_DIRTY : RV_KEY_FS_CLEAN;
    key |= (uint32_t)cpu->frm << RV_KEY_FRM_SHIFT;
    key |= rv_envcfg_allows(cpu, ENVCFG_CBZE) ? RV_KEY_CBZE : 0;
    key |= xlen_of(cpu, cpu->priv) == 64 ? RV_KEY_XLEN64 : 0;
    if (key != cpu->cpu.key) {
        cpu_set_key(&cpu->cpu, key);
    }
}

/* ---- interrupts ---- */

uint64_t rv_mip(const struct rv_cpu *cpu)
{
    /* SSIP is not the line's level but what set_ssip latches: a pulse must not be seen before it can stay. */
    const uint64_t levels = MIP_ALL & ~((uint64_t)1 << RV_SSI);

    return cpu->mip | (atomic_load_explicit(&cpu->cpu.lines, memory_order_acquire) & levels);
}

static void set_ssip(struct cpu *c, void *opaque)
{
    rv_cpu(c)->mip |= (uint64_t)1 << RV_SSI;
    rv_irq_update(rv_cpu(c));
}

/* SSIP is the hart's own bit, which software clears; a rising edge of the line (ACLINT's SSWI) sets it. The bit belongs to
 * the vCPU's thread. */
void rv_line_changed(struct cpu *c, unsigned line, bool level)
{
    if (line == RV_SSI && level) {
        cpu_run_on(c, set_ssip, NULL);
    }
}

/* The interrupts that would be taken now: those of the most privileged mode that has any. */
static uint64_t deliverable(const struct rv_cpu *cpu)
{
    uint64_t pending = rv_mip(cpu) & cpu->mie, m = pending & ~cpu->mideleg, s = pending & cpu->mideleg;

    if (m && (cpu->priv < RV_M || (cpu->mstatus & MSTATUS_MIE))) {
        return m;
    }
    if (s && (cpu->priv < RV_S || (cpu->priv == RV_S && (cpu->mstatus & MSTATUS_SIE)))) {
        return s;
    }
    return 0;
}

bool rv_irq_pending(struct cpu *c)
{
    return deliverable(rv_cpu(c)) != 0;
}

void rv_irq_take(struct cpu *c)
{
    static const uint8_t order[] = { RV_MEI, RV_MSI, RV_MTI, RV_SEI, RV_SSI, RV_STI };  /* highest priority first */
    struct rv_cpu *cpu = rv_cpu(c);
    uint64_t ready = deliverable(cpu);

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (ready >> order[i] & 1) {
            rv_trap(cpu, true, order[i], 0);
            return;
        }
    }
}

bool rv_has_work(struct cpu *c)
{
    return (rv_mip(rv_cpu(c)) & rv_cpu(c)->mie) != 0;
}

void rv_irq_update(struct rv_cpu *cpu)
{
    if (deliverable(cpu)) {
        atomic_fetch_or(&cpu->cpu.request, CPU_REQ_IRQ);
    }
}

/* ---- traps ---- */

static const char *const exception_names[16] = {
    "fetch unaligned", "fetch access", "illegal instruction", "breakpoint", "load unaligned", "load access",
    "store unaligned", "store access", "ecall from U", "ecall from S", "10", "ecall from M", "fetch page",
    "load page", "14", "store page",
};

static void log_trap(const struct rv_cpu *cpu, bool interrupt, unsigned cause, uint64_t tval)
{
    log_printf(LOG_INT, "cpu %u: %s %u (%s), pc 0x%" PRIx64 ", tval 0x%" PRIx64 ", mode %u\n", cpu->cpu.index,
               interrupt ? "interrupt" : "exception", cause,
               interrupt ? "-" : exception_names[cause & 15], cpu->cpu.pc, tval, cpu->priv);
}

/* The handler's address: base of xtvec, plus four times the cause of an interrupt in vectored mode. */
static uint64_t handler(const struct rv_cpu *cpu, uint64_t tvec, bool interrupt, unsigned cause)
{
    uint64_t pc = (tvec & ~3ull) + (interrupt && (tvec & 1) ? 4 * cause : 0);

    return cpu->mxlen == 32 ? (uint32_t)pc : pc;
}

void rv_trap(struct rv_cpu *cpu, bool interrupt, unsigned cause, uint64_t tval)
{
    uint64_t deleg = interrupt ? cpu->mideleg : cpu->medeleg;
    uint64_t code = cause | (interrupt ? 1ull << (cpu->mxlen - 1) : 0);
    uint64_t pc = cpu->cpu.pc, s = cpu->mstatus;

    if (log_on(LOG_INT)) {
        log_trap(cpu, interrupt, cause, tval);
    }
    if (cpu->mxlen == 64 && rv_xlen(cpu) == 32) {
        pc = (uint64_t)(int32_t)pc;         /* what a narrower mode leaves in a wider register is sign-extended */
    }
    cpu->res_addr = RV_RES_NONE;
    if (cpu->priv <= RV_S && (deleg >> cause & 1)) {
        s = (s & ~(MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SIE)) | (s & MSTATUS_SIE ? MSTATUS_SPIE : 0);
        cpu->mstatus = s | (cpu->priv == RV_S ? MSTATUS_SPP : 0);
        cpu->scause = code;
        cpu->sepc = pc;
        cpu->stval = tval;
        cpu->cpu.pc = handler(cpu, cpu->stvec, interrupt, cause);
        cpu->priv = RV_S;
    } else {
        s = (s & ~(MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_MIE)) | (s & MSTATUS_MIE ? MSTATUS_MPIE : 0);
        cpu->mstatus = s | (uint64_t)cpu->priv << MSTATUS_MPP_SHIFT;
        cpu->mcause = code;
        cpu->mepc = pc;
        cpu->mtval = tval;
        cpu->cpu.pc = handler(cpu, cpu->mtvec, interrupt, cause);
        cpu->priv = RV_M;
    }
    rv_update_key(cpu);
}

void rv_raise(struct rv_cpu *cpu, unsigned cause, uint64_t tval)
{
    rv_trap(cpu, false, cause, tval);
    cpu_loop_exit(&cpu->cpu);
}

void rv_raise_illegal(struct rv_cpu *cpu, uint32_t insn)
{
    rv_raise(cpu, RV_EXC_ILLEGAL, insn);
}

static unsigned cause_for(enum mmu_access access, unsigned fetch, unsigned load, unsigned store)
{
    return access == MMU_FETCH ? fetch : access == MMU_READ ? load : store;
}

void rv_raise_mmu(struct cpu *c, const struct mmu_fault *fault)
{
    rv_raise(rv_cpu(c), fault->code, fault->va);
}

void rv_raise_bus(struct cpu *c, uint64_t va, enum mmu_access access)
{
    rv_raise(rv_cpu(c), cause_for(access, RV_EXC_FETCH_ACCESS, RV_EXC_LOAD_ACCESS, RV_EXC_STORE_ACCESS), va);
}

void rv_raise_unaligned(struct cpu *c, uint64_t va, enum mmu_access access)
{
    rv_raise(rv_cpu(c), cause_for(access, RV_EXC_FETCH_UNALIGNED, RV_EXC_LOAD_UNALIGNED, RV_EXC_STORE_UNALIGNED), va);
}

/* ---- instructions ---- */

void rv_helper_illegal(struct rv_cpu *cpu, uint32_t insn)
{
    rv_raise_illegal(cpu, insn);
}

void rv_helper_jump_unaligned(struct rv_cpu *cpu, uint64_t target)
{
    rv_raise(cpu, RV_EXC_FETCH_UNALIGNED, target);
}

uint64_t rv_helper_ecall(struct rv_cpu *cpu)
{
    if (rv_counted(cpu) && !(cpu->mcountinhibit & RV_COUNT_IR)) {
        cpu->minstret--;        /* the only exception that does not leave translated code: it does not retire either */
    }
    rv_trap(cpu, false, RV_EXC_ECALL_U + cpu->priv, 0);
    return cpu->cpu.pc;
}

/* Semihosting: an ebreak between two shifts of x0 that do nothing else (RISC-V Semihosting, "Semihosting Trap
 * Instruction Sequence"): slli x0, x0, 0x1f; ebreak; srai x0, x0, 7; uncompressed and in one page. */
static bool is_semihosting(struct rv_cpu *cpu, bool compressed)
{
    const struct semihost *sh = cpu->cpu.machine->semihost;
    uint64_t pc = cpu->cpu.pc;
    uint32_t around[3];

    if (!sh || compressed || (cpu->priv == RV_U && !semihost_userspace(sh))) {
        return false;
    }
    if ((pc - 4) >> 12 != (pc + 7) >> 12 || !cpu_debug_rw(&cpu->cpu, pc - 4, around, sizeof around, false)) {
        return false;
    }
    return around[0] == GUINT32_TO_LE(0x01f01013u) && around[2] == GUINT32_TO_LE(0x40705013u);
}

void rv_helper_ebreak(struct rv_cpu *cpu, uint32_t compressed)
{
    if (is_semihosting(cpu, compressed)) {
        bool narrow = rv_xlen(cpu) == 32;
        uint64_t arg = narrow ? (uint32_t)cpu->cpu.r[11] : cpu->cpu.r[11], result;

        if (!semihost_call(cpu->cpu.machine->semihost, &cpu->cpu, cpu->cpu.r[10], arg, narrow ? 4 : 8, &result)) {
            g_usleep(1000);                 /* waits for the keyboard: the loop looks at requests and comes back here */
            cpu_loop_exit(&cpu->cpu);
        }
        cpu->cpu.r[10] = narrow ? (uint64_t)(int32_t)result : result;
        return;
    }
    rv_raise(cpu, RV_EXC_BREAKPOINT, cpu->cpu.pc);
}

/* The common end of mret and sret: on with `priv` at epc. */
static uint64_t resume(struct rv_cpu *cpu, uint64_t epc, enum rv_priv priv)
{
    if (priv != RV_M) {
        cpu->mstatus &= ~MSTATUS_MPRV;
    }
    cpu->res_addr = RV_RES_NONE;
    cpu->priv = priv;
    cpu->cpu.pc = epc & (rv_has(cpu, RV_EXT_Zca) ? ~1ull : ~3ull);
    if (xlen_of(cpu, priv) == 32) {
        cpu->cpu.pc = (uint32_t)cpu->cpu.pc;
    }
    rv_update_key(cpu);
    rv_irq_update(cpu);
    return cpu->cpu.pc;
}

uint64_t rv_helper_mret(struct rv_cpu *cpu, uint32_t insn)
{
    uint64_t s = cpu->mstatus;
    enum rv_priv priv = (s & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT;

    if (cpu->priv != RV_M) {
        rv_raise_illegal(cpu, insn);
    }
    s = (s & ~(MSTATUS_MIE | MSTATUS_MPP)) | (s & MSTATUS_MPIE ? MSTATUS_MIE : 0) | MSTATUS_MPIE;
    s |= rv_has(cpu, RV_EXT_U) ? 0 : (uint64_t)RV_M << MSTATUS_MPP_SHIFT;
    cpu->mstatus = s;
    return resume(cpu, cpu->mepc, priv);
}

uint64_t rv_helper_sret(struct rv_cpu *cpu, uint32_t insn)
{
    uint64_t s = cpu->mstatus;
    enum rv_priv priv = s & MSTATUS_SPP ? RV_S : RV_U;

    if (cpu->priv == RV_U || (cpu->priv == RV_S && (s & MSTATUS_TSR))) {
        rv_raise_illegal(cpu, insn);
    }
    cpu->mstatus = (s & ~(MSTATUS_SIE | MSTATUS_SPP)) | (s & MSTATUS_SPIE ? MSTATUS_SIE : 0) | MSTATUS_SPIE;
    return resume(cpu, cpu->sepc, priv);
}

void rv_helper_wfi(struct rv_cpu *cpu, uint32_t insn)
{
    bool waits = cpu->priv == RV_M || (cpu->priv == RV_S && !(cpu->mstatus & MSTATUS_TW)) ||
                 (cpu->priv == RV_U && !rv_has(cpu, RV_EXT_S) && !(cpu->mstatus & MSTATUS_TW));

    if (!waits) {
        rv_raise_illegal(cpu, insn);
    }
}
