/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts: routing between exception levels, entry, return (DDI 0487, chapter D1 "The AArch64 System Level
 * Programmers' Model").
 */
#include <inttypes.h>

#include "system/machine.h"
#include "system/semihost.h"
#include "target/arm/aarch32.h"
#include "util/log.h"

/* ---- PSTATE ---- */

uint32_t arm_pstate(const struct arm_cpu *cpu)
{
    if (cpu->aarch32) {
        return a32_cpsr(cpu);
    }
    return arm_nzcv(cpu) | (cpu->dit ? PSTATE_DIT : 0) | (cpu->tco ? PSTATE_TCO : 0) | (cpu->uao ? PSTATE_UAO : 0) | (cpu->pan ? PSTATE_PAN : 0) |
           (cpu->ss ? PSTATE_SS : 0) | (cpu->il ? PSTATE_IL : 0) | (cpu->ssbs ? PSTATE_SSBS : 0) |
           (uint32_t)(cpu->btype & 3) << 10 | (uint32_t)(cpu->daif & PSTATE_DAIF) | (uint32_t)cpu->el << 2 | cpu->sp_sel;
}

void arm_set_el(struct arm_cpu *cpu, unsigned el, unsigned sp_sel)
{
    cpu->sp_el[cpu->sp_sel ? cpu->el : 0] = cpu->cpu.r[31];
    cpu->el = el;
    cpu->sp_sel = sp_sel;
    cpu->cpu.r[31] = cpu->sp_el[sp_sel ? el : 0];
}

/* All but the mode. */
static void set_pstate_bits(struct arm_cpu *cpu, uint32_t s)
{
    arm_set_nzcv(cpu, s);
    cpu->dit = arm_has(cpu, ARM_EXT_DIT) && (s & PSTATE_DIT);
    cpu->uao = arm_has(cpu, ARM_EXT_UAO) && (s & PSTATE_UAO);
    cpu->pan = arm_has(cpu, ARM_EXT_PAN) && (s & PSTATE_PAN);
    cpu->ssbs = arm_has(cpu, ARM_EXT_SSBS) && (s & PSTATE_SSBS);
    cpu->tco = arm_has(cpu, ARM_EXT_MTE) && (s & PSTATE_TCO);
    cpu->ss = (s & PSTATE_SS) != 0;
    cpu->il = (s & PSTATE_IL) != 0;
    cpu->btype = arm_has(cpu, ARM_EXT_BTI) ? s >> 10 & 3 : 0;
    cpu->daif = s & PSTATE_DAIF;
}

void arm_set_pstate(struct arm_cpu *cpu, uint32_t s)
{
    if (s & PSTATE_AARCH32) {
        a32_enter(cpu, s);
        return;
    }
    set_pstate_bits(cpu, s);
    arm_set_el(cpu, s >> 2 & 3, s & 1);
}

/* ---- entry ---- */

static const char *kind_name(unsigned offset)
{
    return offset == 0 ? "synchronous" : offset == 0x80 ? "IRQ" : offset == 0x100 ? "FIQ" : "SError";
}

void arm_take(struct arm_cpu *cpu, unsigned target, uint32_t esr, unsigned offset)
{
    uint64_t vector = cpu->vbar[target] + offset;
    uint64_t sctlr = cpu->sctlr[target];
    unsigned from = cpu->el;

    if (target == 1 && arm_el1_a32(cpu)) {
        a32_take(cpu, esr, offset);
        return;
    }
    vector += from < target ? (cpu->aarch32 ? 0x600 : 0x400) : cpu->sp_sel ? 0x200 : 0;
    if (log_on(LOG_INT)) {
        log_printf(LOG_INT, "cpu %u: %s exception, EL%u to EL%u, pc 0x%" PRIx64 ", ESR 0x%08x, FAR 0x%" PRIx64 "\n",
                   cpu->cpu.index, kind_name(offset), from, target, cpu->cpu.pc, offset ? 0 : esr,
                   offset ? 0 : cpu->far[target]);
    }
    cpu->spsr[target] = arm_pstate(cpu);
    cpu->elr[target] = cpu->cpu.pc;
    if (!offset) {
        cpu->esr[target] = esr;
    }
    if (cpu->aarch32) {
        a32_leave(cpu);
    }
    arm_set_el(cpu, target, 1);
    cpu->daif = PSTATE_DAIF;
    cpu->uao = cpu->ss = cpu->il = 0;
    cpu->tco = arm_has(cpu, ARM_EXT_MTE2) && cpu->cpu.tags;
    cpu->btype = 0;
    if ((target == 1 || (target == 2 && arm_host(cpu))) && arm_has(cpu, ARM_EXT_PAN) && !(sctlr & SCTLR_SPAN)) {
        cpu->pan = 1;
    }
    cpu->ssbs = arm_has(cpu, ARM_EXT_SSBS) && (sctlr & SCTLR_DSSBS);
    cpu->cpu.pc = vector;
    arm_update_key(cpu);
}

/* Who takes a synchronous exception that the current level causes. */
static unsigned target_of(const struct arm_cpu *cpu, unsigned least)
{
    unsigned target = MAX(MAX(cpu->el, 1), least);

    return target == 1 && cpu->el == 0 && (arm_hcr(cpu) & HCR_TGE) ? 2 : target;
}

void arm_raise(struct arm_cpu *cpu, uint32_t esr, unsigned least)
{
    arm_take(cpu, target_of(cpu, least), esr, 0);
    cpu_loop_exit(&cpu->cpu);
}

void arm_raise_undef(struct arm_cpu *cpu)
{
    arm_raise(cpu, (uint32_t)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL, 1);
}

void arm_helper_raise(struct arm_cpu *cpu, uint32_t esr)
{
    arm_raise(cpu, esr, 1);
}

void arm_helper_pc_unaligned(struct arm_cpu *cpu)
{
    cpu->far[target_of(cpu, 1)] = cpu->cpu.pc;
    arm_raise(cpu, (uint32_t)EC_PC_ALIGN << ESR_EC_SHIFT | ESR_IL, 1);
}

/* CPACR_EL1's and, in the host's format, CPTR_EL2's FPEN. */
static bool fpen_traps(uint64_t control, unsigned el)
{
    unsigned fpen = control >> 20 & 3;

    return !(fpen & 1) || (fpen == 1 && el == 0);
}

/* FPEXC.EN of AArch32's EL1. */
static bool a32_fp_off(const struct arm_cpu *cpu)
{
    return cpu->aarch32 && arm_el1_a32(cpu) && !(cpu->fpexc & A32_FPEXC_EN);
}

/* The lowest level that traps takes it. */
unsigned arm_fp_trap_level(const struct arm_cpu *cpu)
{
    if (a32_fp_off(cpu)) {
        return 1;
    }
    if (cpu->el <= 1 && !arm_host(cpu) && fpen_traps(cpu->cpacr, cpu->el)) {
        return 1;
    }
    if (cpu->el <= 2 && arm_el2_on(cpu) &&
        (arm_e2h(cpu) ? fpen_traps(cpu->cptr_el2, arm_host(cpu) ? cpu->el : 1)
                      : cpu->cptr_el2 >> 10 & 1)) {
        return 2;
    }
    return arm_has_el(cpu, 3) && (cpu->cptr_el3 >> 10 & 1) ? 3 : 0;
}

void arm_helper_fp_trap(struct arm_cpu *cpu)
{
    if (a32_fp_off(cpu)) {
        arm_raise_undef(cpu);
    }
    arm_raise(cpu, (uint32_t)EC_FP << ESR_EC_SHIFT | ESR_IL | 0x1e << 20, MAX(arm_fp_trap_level(cpu), 1));
}

/* DAIF at EL0 without SCTLR_ELx.UMA. */
void arm_helper_daif_trap(struct arm_cpu *cpu, uint32_t insn)
{
    arm_raise_sysreg(cpu, insn, 1);
}

/* ---- memory ---- */

static uint32_t abort_class(const struct arm_cpu *cpu, unsigned target, bool fetch)
{
    bool lower = cpu->el < target;

    return fetch ? (lower ? EC_IABORT_LOWER : EC_IABORT) : (lower ? EC_DABORT_LOWER : EC_DABORT);
}

/* AArch32's DFAR and IFAR are the halves of FAR_EL1. */
static void set_far(struct arm_cpu *cpu, unsigned target, uint64_t va, enum mmu_access access)
{
    if (target != 1 || !arm_el1_a32(cpu)) {
        cpu->far[target] = cpu->aarch32 ? (uint32_t)va : va;
    } else if (access == MMU_FETCH) {
        cpu->far[1] = (uint32_t)cpu->far[1] | va << 32;
    } else {
        cpu->far[1] = (cpu->far[1] & ~(uint64_t)UINT32_MAX) | (uint32_t)va;
    }
}

static G_NORETURN void raise_abort(struct arm_cpu *cpu, uint64_t va, enum mmu_access access, uint32_t iss, unsigned least)
{
    unsigned target = target_of(cpu, least);
    uint32_t esr = abort_class(cpu, target, access == MMU_FETCH) << ESR_EC_SHIFT | ESR_IL | iss;

    if (access == MMU_WRITE) {
        esr |= 1 << 6;
    }
    set_far(cpu, target, va, access);
    arm_take(cpu, target, esr, 0);
    cpu_loop_exit(&cpu->cpu);
}

static G_NORETURN void raise_watchpoint(struct arm_cpu *cpu, const struct mmu_fault *fault)
{
    unsigned target = arm_debug_level(cpu), class = cpu->el < target ? EC_WATCHPOINT_LOWER : EC_WATCHPOINT;

    cpu->far[target] = fault->va;
    arm_take(cpu, target, class << ESR_EC_SHIFT | ESR_IL | FSC_DEBUG | (fault->access == MMU_WRITE ? 1 << 6 : 0), 0);
    cpu_loop_exit(&cpu->cpu);
}

void arm_raise_mmu(struct cpu *c, const struct mmu_fault *fault)
{
    struct arm_cpu *cpu = arm_cpu(c);
    uint32_t iss = fault->code;
    unsigned least = 1;

    if (fault->code == FSC_DEBUG) {
        raise_watchpoint(cpu, fault);
    }
    if (fault->info & FAULT_STAGE2) {
        cpu->hpfar = (fault->info & ((1ull << 52) - 1)) >> 12 << 4;
        iss |= fault->info & FAULT_S1PTW ? 1 << 7 : 0;
        iss |= fault->access != MMU_FETCH && !(fault->info & FAULT_S1PTW) ? arm_access_syndrome(cpu) : 0;
        least = 2;
    } else {
        cpu->fault_domain = fault->info & 15;
    }
    raise_abort(cpu, fault->va, fault->access, iss, least);
}

void arm_raise_bus(struct cpu *c, uint64_t va, enum mmu_access access)
{
    raise_abort(arm_cpu(c), va, access, FSC_EXTERNAL, 1);
}

void arm_raise_unaligned(struct cpu *c, uint64_t va, enum mmu_access access)
{
    raise_abort(arm_cpu(c), va, access, FSC_ALIGNMENT, 1);
}

/* ---- calls and return ---- */

uint64_t arm_helper_svc(struct arm_cpu *cpu, uint32_t imm)
{
    cpu->cpu.pc += 4;
    cpu->ss = 0;                        /* a step of it is complete */
    arm_take(cpu, target_of(cpu, 1), (uint32_t)EC_SVC << ESR_EC_SHIFT | ESR_IL | imm, 0);
    return cpu->cpu.pc;
}

bool arm_firmware(struct arm_cpu *cpu, enum arm_conduit conduit, unsigned bytes)
{
    struct cpu_firmware_call call = { .conduit = conduit, .level = cpu->el };
    struct cpu *c = &cpu->cpu;

    if (!c->firmware || !cpu->el) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(call.arg); i++) {
        call.arg[i] = c->r[i];
    }
    c->pc += bytes;
    if (!c->firmware(c->firmware_opaque, c, &call)) {
        c->pc -= bytes;
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        c->r[i] = call.arg[i];
    }
    return true;
}

uint64_t arm_helper_hvc(struct arm_cpu *cpu, uint32_t imm)
{
    bool off = arm_has_el(cpu, 3) ? !(cpu->scr & SCR_HCE) : (cpu->hcr & HCR_HCD) != 0;

    if (arm_firmware(cpu, ARM_CONDUIT_HVC, 4)) {
        return cpu->cpu.pc;
    }
    if (!cpu->el || !arm_has_el(cpu, 2) || off || (cpu->el < 2 && !arm_el2_on(cpu))) {
        arm_raise_undef(cpu);
    }
    cpu->cpu.pc += 4;
    cpu->ss = 0;                        /* a step of it is complete */
    arm_take(cpu, MAX(cpu->el, 2), (uint32_t)EC_HVC << ESR_EC_SHIFT | ESR_IL | imm, 0);
    return cpu->cpu.pc;
}

uint64_t arm_helper_smc(struct arm_cpu *cpu, uint32_t imm)
{
    uint32_t esr = (uint32_t)EC_SMC << ESR_EC_SHIFT | ESR_IL | imm;

    if (cpu->el == 1 && (arm_hcr(cpu) & HCR_TSC)) {
        arm_take(cpu, 2, esr, 0);
        return cpu->cpu.pc;
    }
    if (arm_firmware(cpu, ARM_CONDUIT_SMC, 4)) {
        return cpu->cpu.pc;
    }
    if (!cpu->el || !arm_has_el(cpu, 3) || (cpu->scr & SCR_SMD)) {
        arm_raise_undef(cpu);
    }
    cpu->cpu.pc += 4;
    cpu->ss = 0;                        /* a step of it is complete */
    arm_take(cpu, 3, esr, 0);
    return cpu->cpu.pc;
}

/* Semihosting: hlt #0xf000 with the operation in W0, its argument in X1 (Semihosting for AArch32 and AArch64). */
void arm_helper_semihost(struct arm_cpu *cpu)
{
    struct cpu *c = &cpu->cpu;
    struct semihost *sh = c->machine->semihost;
    uint64_t result;

    if (!sh || (cpu->el == 0 && !semihost_userspace(sh))) {
        arm_raise_undef(cpu);
    }
    if (!semihost_call(sh, c, c->r[0], c->r[1], 8, &result)) {
        g_usleep(1000);                 /* waits for the keyboard: the loop looks at requests and comes back here */
        cpu_loop_exit(c);
    }
    c->r[0] = result;
}

/* The same for AArch32: EL1 as its registers say, EL0 below it. */
static bool return_to_a32_legal(const struct arm_cpu *cpu, uint32_t s)
{
    unsigned mode = s & 0x1f;

    if (!a32_mode_exists(mode) || !(cpu->a32_levels & 1) || cpu->el == 0) {
        return false;
    }
    return mode == A32_USR || (arm_el1_a32(cpu) && cpu->el > 1 && !(arm_hcr(cpu) & HCR_TGE));
}

/* May ERET go to the state that s describes? DDI 0487, "Illegal return events from AArch64 state". */
static bool return_legal(const struct arm_cpu *cpu, uint32_t s)
{
    unsigned el = s >> 2 & 3;

    if (s & PSTATE_AARCH32) {
        return return_to_a32_legal(cpu, s);
    }
    if ((s & 0x12) || el > cpu->el || !arm_has_el(cpu, el) || (!el && (s & 1))) {
        return false;
    }
    if (el == 2 && arm_has_el(cpu, 3) && !(cpu->scr & SCR_NS)) {
        return false;
    }
    return !(el == 1 && arm_has_el(cpu, 2) && (!arm_has_el(cpu, 3) || (cpu->scr & SCR_NS)) && (cpu->hcr & HCR_TGE));
}

uint64_t arm_helper_eret(struct arm_cpu *cpu)
{
    uint32_t s = cpu->spsr[cpu->el];
    uint64_t pc = cpu->elr[cpu->el];

    cpu->excl_addr = ARM_EXCL_NONE;
    if (return_legal(cpu, s)) {
        arm_set_pstate(cpu, s);
    } else {
        set_pstate_bits(cpu, s | PSTATE_IL);
    }
    if (cpu->aarch32) {
        pc = (uint32_t)pc & (cpu->thumb ? ~1u : ~3u);
    }
    cpu->cpu.pc = pc;
    cpu->ss = cpu->ss && arm_step_level(cpu);
    arm_update_key(cpu);
    arm_update_space(cpu);
    arm_irq_update(cpu);
    return pc;
}

uint64_t arm_helper_ereta(struct arm_cpu *cpu, uint32_t key, uint64_t modifier)
{
    uint64_t target = arm_helper_aut(cpu, key, cpu->elr[cpu->el], modifier);

    arm_helper_eret(cpu);
    cpu->cpu.pc = target;
    return target;
}

void arm_helper_wfx(struct arm_cpu *cpu, uint32_t wfe)
{
    uint32_t esr = (uint32_t)EC_WFX << ESR_EC_SHIFT | ESR_IL | 0x1e << 20 | wfe;

    if (cpu->el == 0 && (arm_host(cpu) || !(arm_hcr(cpu) & HCR_TGE)) &&
        !(cpu->sctlr[arm_regime_el(cpu)] & (wfe ? SCTLR_NTWE : SCTLR_NTWI))) {
        arm_raise(cpu, esr, 1);
    }
    if (cpu->el < 2 && !arm_host(cpu) && (arm_hcr(cpu) & (wfe ? HCR_TWE : HCR_TWI))) {
        arm_raise(cpu, esr, 2);
    }
    if (cpu->el < 3 && arm_has_el(cpu, 3) && (cpu->scr & (wfe ? 1 << 13 : 1 << 12))) {
        arm_raise(cpu, esr, 3);
    }
}

void arm_helper_msr_pstate(struct arm_cpu *cpu, uint32_t what)
{
    unsigned v = what & 15;

    switch (what >> 4) {
    case 0 << 3 | 3:
        cpu->uao = v & 1;
        break;
    case 0 << 3 | 4:
        cpu->pan = v & 1;
        break;
    case 0 << 3 | 5:
        arm_set_el(cpu, cpu->el, v & 1);
        break;
    case 3 << 3 | 1:
        cpu->ssbs = v & 1;
        break;
    case 3 << 3 | 4:
        cpu->tco = v & 1;
        break;
    default:
        cpu->dit = v & 1;
        break;
    }
    arm_update_key(cpu);
}

/* ---- interrupts ---- */

enum { NOBODY = 0 };

/* DDI 0487, "Asynchronous exception routing" and "masking": the level that takes a physical interrupt now. */
static unsigned physical(const struct arm_cpu *cpu, uint32_t scr_bit, uint64_t hcr_bit, uint32_t mask)
{
    unsigned target = 1;

    if (arm_has_el(cpu, 3) && (cpu->scr & scr_bit)) {
        target = 3;
    } else if (arm_hcr(cpu) & (hcr_bit | HCR_TGE)) {
        target = 2;
    }
    if (target < cpu->el) {
        return NOBODY;
    }
    return (target == cpu->el || target == 1 || (target == 2 && arm_host(cpu))) && (cpu->daif & mask) ? NOBODY : target;
}

static bool virtual_ready(const struct arm_cpu *cpu, uint64_t hcr_bit, uint32_t mask)
{
    return cpu->el < 2 && (arm_hcr(cpu) & hcr_bit) && !(cpu->hcr & HCR_TGE) && !(cpu->daif & mask);
}

/* The interrupt to be taken now: its vector offset and level. False: none. */
static bool best(const struct arm_cpu *cpu, unsigned *target, unsigned *offset)
{
    uint64_t lines = atomic_load_explicit(&cpu->cpu.lines, memory_order_acquire);
    uint64_t hcr = arm_hcr(cpu);

    if (lines >> ARM_LINE_FIQ & 1 && (*target = physical(cpu, SCR_FIQ, HCR_FMO, PSTATE_F)) != NOBODY) {
        *offset = 0x100;
        return true;
    }
    if (lines >> ARM_LINE_IRQ & 1 && (*target = physical(cpu, SCR_IRQ, HCR_IMO, PSTATE_I)) != NOBODY) {
        *offset = 0x80;
        return true;
    }
    *target = 1;
    *offset = 0x100;
    if ((lines >> ARM_LINE_VFIQ & 1 || (hcr & HCR_VF)) && virtual_ready(cpu, HCR_FMO, PSTATE_F)) {
        return true;
    }
    *offset = 0x80;
    return (lines >> ARM_LINE_VIRQ & 1 || (hcr & HCR_VI)) && virtual_ready(cpu, HCR_IMO, PSTATE_I);
}

static bool is_on(const struct arm_cpu *cpu)
{
    return atomic_load_explicit(&cpu->cpu.power, memory_order_relaxed) == CPU_POWER_ON;
}

bool arm_irq_pending(struct cpu *c)
{
    unsigned target, offset;

    return is_on(arm_cpu(c)) && best(arm_cpu(c), &target, &offset);
}

void arm_irq_take(struct cpu *c)
{
    unsigned target, offset;

    if (best(arm_cpu(c), &target, &offset)) {
        arm_take(arm_cpu(c), target, 0, offset);
    }
}

bool arm_has_work(struct cpu *c)
{
    const struct arm_cpu *cpu = arm_cpu(c);
    uint64_t lines = atomic_load_explicit(&c->lines, memory_order_acquire);

    if (!is_on(cpu)) {
        return false;
    }
    if (lines & (1 << ARM_LINE_IRQ | 1 << ARM_LINE_FIQ)) {
        return true;
    }
    return cpu->el < 2 && ((lines & (1 << ARM_LINE_VIRQ | 1 << ARM_LINE_VFIQ)) || (arm_hcr(cpu) & (HCR_VI | HCR_VF)));
}

void arm_irq_update(struct arm_cpu *cpu)
{
    if (arm_irq_pending(&cpu->cpu)) {
        atomic_fetch_or(&cpu->cpu.request, CPU_REQ_IRQ);
    }
}

void arm_helper_irq_check(struct arm_cpu *cpu)
{
    arm_irq_update(cpu);
}
