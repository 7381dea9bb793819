/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AArch32 state: modes and banked registers, CPSR and SPSRs, exceptions taken to AArch32 EL1, changes between the two
 * states (DDI 0487, chapter G1 "The AArch32 System Level Programmers' Model", and D1.20 for where AArch64 sees AArch32's
 * registers).
 *
 * R0 to R14 of the current mode are in cpu.r; the others wait in a32_sp, a32_lr and a32_r8_*. EL1 and EL0 can be AArch32;
 * Hyp and Monitor mode are not there.
 */
#include <inttypes.h>
#include <string.h>

#include "system/machine.h"
#include "system/semihost.h"
#include "target/arm/aarch32.h"
#include "target/arm/fp.h"
#include "util/log.h"

#define CPSR_Q (1u << 27)
#define CPSR_E (1u << 9)
#define CPSR_T (1u << 5)
#define CPSR_M 0x1fu

#define SCTLR_V (1u << 13)
#define SCTLR_TE (1u << 30)

/* ---- modes ---- */

static enum a32_bank bank_of(unsigned mode)
{
    switch (mode) {
    case A32_SVC:
        return A32_BANK_SVC;
    case A32_ABT:
        return A32_BANK_ABT;
    case A32_UND:
        return A32_BANK_UND;
    case A32_IRQ:
        return A32_BANK_IRQ;
    case A32_FIQ:
        return A32_BANK_FIQ;
    default:
        return A32_BANK_USR;
    }
}

bool a32_mode_exists(unsigned mode)
{
    return mode == A32_USR || mode == A32_SYS || bank_of(mode) != A32_BANK_USR;
}

/* Between cpu.r and the banks of a mode. */
static void put_away(struct arm_cpu *cpu, unsigned mode)
{
    enum a32_bank b = bank_of(mode);

    cpu->a32_sp[b] = cpu->cpu.r[13];
    cpu->a32_lr[b] = cpu->cpu.r[14];
    memcpy(mode == A32_FIQ ? cpu->a32_r8_fiq : cpu->a32_r8_usr, &cpu->cpu.r[8], sizeof cpu->a32_r8_usr);
}

static void bring(struct arm_cpu *cpu, unsigned mode)
{
    enum a32_bank b = bank_of(mode);

    cpu->cpu.r[13] = cpu->a32_sp[b];
    cpu->cpu.r[14] = cpu->a32_lr[b];
    memcpy(&cpu->cpu.r[8], mode == A32_FIQ ? cpu->a32_r8_fiq : cpu->a32_r8_usr, sizeof cpu->a32_r8_usr);
}

void a32_set_mode(struct arm_cpu *cpu, unsigned mode)
{
    if (mode != cpu->mode) {
        put_away(cpu, cpu->mode);
        bring(cpu, mode);
        cpu->mode = mode;
        cpu->el = mode != A32_USR;
    }
}

static uint64_t *spsr_slot(struct arm_cpu *cpu, enum a32_bank b)
{
    static const uint8_t at[A32_BANKS] = { [A32_BANK_ABT] = 0, [A32_BANK_UND] = 1, [A32_BANK_IRQ] = 2, [A32_BANK_FIQ] = 3 };

    return b == A32_BANK_SVC || b == A32_BANK_USR ? &cpu->spsr[1] : &cpu->spsr_irq[at[b]];
}

/* ---- CPSR ---- */

uint32_t a32_cpsr(const struct arm_cpu *cpu)
{
    uint32_t it = cpu->itstate;

    return arm_nzcv(cpu) | (cpu->qflag ? CPSR_Q : 0) | (it & 3) << 25 | (cpu->ssbs ? 1u << 23 : 0) |
           (cpu->pan ? PSTATE_PAN : 0) | (cpu->il ? PSTATE_IL : 0) | (uint32_t)(cpu->ge & 15) << 16 | (it >> 2) << 10 |
           (cpu->bigend ? CPSR_E : 0) | (uint32_t)(cpu->daif & (PSTATE_A | PSTATE_I | PSTATE_F)) |
           (cpu->thumb ? CPSR_T : 0) | cpu->mode;
}

/* All but the mode. */
static void set_cpsr_bits(struct arm_cpu *cpu, uint32_t v)
{
    arm_set_nzcv(cpu, v);
    cpu->qflag = (v & CPSR_Q) != 0;
    cpu->ge = v >> 16 & 15;
    cpu->itstate = (v >> 25 & 3) | (v >> 10 & 0x3f) << 2;
    cpu->bigend = (v & CPSR_E) != 0;
    cpu->thumb = (v & CPSR_T) != 0;
    cpu->il = (v & PSTATE_IL) != 0;
    cpu->pan = arm_has(cpu, ARM_EXT_PAN) && (v & PSTATE_PAN);
    cpu->daif = v & (PSTATE_A | PSTATE_I | PSTATE_F);
    if (!cpu->thumb) {
        cpu->itstate = 0;
    }
}

static void after_change(struct arm_cpu *cpu)
{
    arm_update_key(cpu);
    arm_irq_update(cpu);
}

/* ---- from and to AArch64 ---- */

/* X13 to X30 by the banks that they show. */
static uint64_t *bank_at(struct arm_cpu *cpu, unsigned x)
{
    static const uint8_t bank[] = { A32_BANK_IRQ, A32_BANK_SVC, A32_BANK_ABT, A32_BANK_UND };

    if (x == 13 || x == 14) {
        return x == 13 ? &cpu->a32_sp[A32_BANK_USR] : &cpu->a32_lr[A32_BANK_USR];
    }
    if (x >= 16 && x < 24) {
        return x & 1 ? &cpu->a32_sp[bank[(x - 16) / 2]] : &cpu->a32_lr[bank[(x - 16) / 2]];
    }
    if (x >= 24 && x < 29) {
        return &cpu->a32_r8_fiq[x - 24];
    }
    return x == 29 ? &cpu->a32_sp[A32_BANK_FIQ] : x == 30 ? &cpu->a32_lr[A32_BANK_FIQ] : NULL;
}

void a32_leave(struct arm_cpu *cpu)
{
    put_away(cpu, cpu->mode);
    memcpy(&cpu->cpu.r[8], cpu->a32_r8_usr, sizeof cpu->a32_r8_usr);
    for (unsigned x = 13; x <= 30; x++) {
        uint64_t *p = bank_at(cpu, x);

        cpu->cpu.r[x] = p ? *p : cpu->cpu.r[x];
    }
    cpu->aarch32 = cpu->thumb = cpu->bigend = false;
    cpu->itstate = 0;
}

void a32_enter(struct arm_cpu *cpu, uint32_t spsr)
{
    unsigned mode = spsr & CPSR_M;

    for (unsigned x = 0; x <= 30; x++) {
        uint64_t *p = bank_at(cpu, x);

        cpu->cpu.r[x] = (uint32_t)cpu->cpu.r[x];
        if (p) {
            *p = cpu->cpu.r[x];
        }
    }
    memcpy(cpu->a32_r8_usr, &cpu->cpu.r[8], sizeof cpu->a32_r8_usr);
    arm_set_el(cpu, mode != A32_USR, 0);
    cpu->aarch32 = true;
    cpu->mode = mode;
    bring(cpu, mode);
    set_cpsr_bits(cpu, spsr);
}

void a32_reset(struct arm_cpu *cpu)
{
    cpu->aarch32 = true;
    cpu->el = 1;
    cpu->sp_sel = 0;
    cpu->mode = A32_SVC;
    cpu->daif = PSTATE_A | PSTATE_I | PSTATE_F;
    cpu->sctlr[1] = A32_SCTLR_RES1;
    cpu->tcr[1] = 0;
    cpu->fpexc = 0;
}

/* ---- exceptions to AArch32 EL1 ---- */

/* A fault status as the short-descriptor format has it: FS[4] in bit 10, FS[3:0]. */
uint32_t a32_short_fsc(uint32_t fsc)
{
    unsigned second = (fsc & 3) >= 2 ? 2 : 0;

    switch (fsc & 0x3c) {
    case FSC_TRANSLATION:
        return 5 + second;
    case FSC_ACCESS:
        return second ? 6 : 3;
    case FSC_PERMISSION:
        return 13 + second;
    case FSC_EXTERNAL_WALK:
        return 12 + second;
    case FSC_EXTERNAL:
        return 8;
    case FSC_DOMAIN & 0x3c:
        return 9 + ((fsc & 3) == 2 ? 2 : 0);
    default:
        return fsc == FSC_ALIGNMENT ? 1 : fsc == FSC_DEBUG ? 2 : 5;
    }
}

static uint32_t status(const struct arm_cpu *cpu, uint32_t esr)
{
    uint32_t fsc = esr & 0x3f;

    return a32_long_format(cpu) ? fsc | 1 << 9 : a32_short_fsc(fsc) | (cpu->fault_domain & 15) << 4;
}

struct vector {
    uint8_t offset, mode;
    uint8_t lr_arm, lr_thumb;       /* what is added to the preferred return address */
    uint32_t mask;                  /* of CPSR */
};

static struct vector vector_for(struct arm_cpu *cpu, uint32_t esr, unsigned kind)
{
    if (kind) {
        return kind == 0x100 ? (struct vector){ 0x1c, A32_FIQ, 4, 4, PSTATE_A | PSTATE_I | PSTATE_F }
                             : (struct vector){ 0x18, A32_IRQ, 4, 4, PSTATE_A | PSTATE_I };
    }
    switch (esr >> ESR_EC_SHIFT) {
    case EC_SVC32:
        return (struct vector){ 0x08, A32_SVC, 0, 0, PSTATE_I };
    case EC_BKPT32:
        cpu->ifsr = a32_long_format(cpu) ? FSC_DEBUG | 1 << 9 : a32_short_fsc(FSC_DEBUG);
        return (struct vector){ 0x0c, A32_ABT, 4, 4, PSTATE_A | PSTATE_I };
    case EC_IABORT:
    case EC_IABORT_LOWER:
    case EC_PC_ALIGN:
        cpu->ifsr = status(cpu, esr >> ESR_EC_SHIFT == EC_PC_ALIGN ? FSC_ALIGNMENT : esr) & ~0xf0u;
        return (struct vector){ 0x0c, A32_ABT, 4, 4, PSTATE_A | PSTATE_I };
    case EC_DABORT:
    case EC_DABORT_LOWER:
        cpu->esr[1] = status(cpu, esr) | (esr & 1 << 6 ? 1 << 11 : 0) | (esr & 1 << 8 ? 1 << 13 : 0);
        return (struct vector){ 0x10, A32_ABT, 8, 8, PSTATE_A | PSTATE_I };
    default:
        return (struct vector){ 0x04, A32_UND, 4, 2, PSTATE_I };
    }
}

void a32_take(struct arm_cpu *cpu, uint32_t esr, unsigned kind)
{
    struct vector v = vector_for(cpu, esr, kind);
    uint32_t sctlr = cpu->sctlr[1], cpsr = a32_cpsr(cpu), lr = cpu->cpu.pc + (cpu->thumb ? v.lr_thumb : v.lr_arm);

    if (log_on(LOG_INT)) {
        log_printf(LOG_INT, "cpu %u: exception to vector 0x%02x, pc 0x%08" PRIx64 ", CPSR 0x%08x, syndrome 0x%08x, "
                   "DFAR 0x%08x\n", cpu->cpu.index, v.offset, cpu->cpu.pc, cpsr, kind ? 0 : esr, (uint32_t)cpu->far[1]);
    }
    a32_set_mode(cpu, v.mode);
    *spsr_slot(cpu, bank_of(v.mode)) = cpsr;
    cpu->cpu.r[14] = lr;
    cpu->daif |= v.mask;
    cpu->itstate = 0;
    cpu->il = 0;
    cpu->bigend = (sctlr & SCTLR_EE) != 0;
    cpu->thumb = (sctlr & SCTLR_TE) != 0;
    if (arm_has(cpu, ARM_EXT_PAN) && !(sctlr & SCTLR_SPAN)) {
        cpu->pan = 1;
    }
    cpu->cpu.pc = (sctlr & SCTLR_V ? 0xffff0000 : (uint32_t)cpu->vbar[1]) + v.offset;
    arm_update_key(cpu);
}

/* ---- return ---- */

static uint64_t return_to(struct arm_cpu *cpu, uint64_t pc, uint32_t cpsr)
{
    unsigned mode = cpsr & CPSR_M;

    if (a32_mode_exists(mode)) {
        a32_set_mode(cpu, mode);
    } else {
        cpsr |= PSTATE_IL;              /* DDI 0487, "Illegal changes to PSTATE.M" */
    }
    set_cpsr_bits(cpu, cpsr);
    cpu->excl_addr = ARM_EXCL_NONE;
    cpu->cpu.pc = (uint32_t)pc & (cpu->thumb ? ~1u : ~3u);
    after_change(cpu);
    return cpu->cpu.pc;
}

uint64_t arm_helper_a32_return(struct arm_cpu *cpu, uint64_t pc, uint64_t cpsr)
{
    return return_to(cpu, pc, cpsr);
}

uint64_t arm_helper_a32_return_spsr(struct arm_cpu *cpu, uint64_t pc)
{
    return return_to(cpu, pc, *spsr_slot(cpu, bank_of(cpu->mode)));
}

/* ---- calls ---- */

/* The call is over: pc and ITSTATE are those behind it. */
static void step_over(struct arm_cpu *cpu, uint32_t after)
{
    cpu->cpu.pc = (uint32_t)(cpu->cpu.pc + (after & 0xff));
    cpu->itstate = after >> 8 & 0xff;
}

static uint32_t call_esr(enum arm_ec ec, uint32_t imm, uint32_t after)
{
    return (uint32_t)ec << ESR_EC_SHIFT | ((after & 0xff) == 4 ? ESR_IL : 0) | (imm & 0xffff);
}

/* Operation in R0, argument in R1; false: the call is no such. */
static bool semihost(struct arm_cpu *cpu)
{
    struct cpu *c = &cpu->cpu;
    struct semihost *sh = c->machine ? c->machine->semihost : NULL;
    uint64_t result;

    if (!sh || (cpu->el == 0 && !semihost_userspace(sh))) {
        return false;
    }
    if (!semihost_call(sh, c, c->r[0], c->r[1], 4, &result)) {
        g_usleep(1000);                 /* waits for the keyboard: the loop looks at requests and comes back here */
        cpu_loop_exit(c);
    }
    c->r[0] = (uint32_t)result;
    return true;
}

void arm_helper_a32_semihost(struct arm_cpu *cpu)
{
    if (!semihost(cpu)) {
        arm_raise_undef(cpu);
    }
}

uint64_t arm_helper_a32_svc(struct arm_cpu *cpu, uint32_t imm, uint32_t after)
{
    if (imm == (cpu->thumb ? 0xab : 0x123456) && semihost(cpu)) {
        step_over(cpu, after);
        return cpu->cpu.pc;
    }
    step_over(cpu, after);
    arm_take(cpu, cpu->el == 0 && (arm_hcr(cpu) & HCR_TGE) ? 2 : 1, call_esr(EC_SVC32, imm, after), 0);
    return cpu->cpu.pc;
}

/* The board's firmware sees the lower halves, and answers in them. */
static bool firmware(struct arm_cpu *cpu, enum arm_conduit conduit, uint32_t after)
{
    if (!arm_firmware(cpu, conduit, after & 0xff)) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        cpu->cpu.r[i] = (uint32_t)cpu->cpu.r[i];
    }
    cpu->itstate = after >> 8 & 0xff;
    return true;
}

uint64_t arm_helper_a32_hvc(struct arm_cpu *cpu, uint32_t imm, uint32_t after)
{
    bool off = arm_has_el(cpu, 3) ? !(cpu->scr & SCR_HCE) : (cpu->hcr & HCR_HCD) != 0;

    if (firmware(cpu, ARM_CONDUIT_HVC, after)) {
        return cpu->cpu.pc;
    }
    if (!cpu->el || off || !arm_el2_on(cpu)) {
        arm_raise_undef(cpu);
    }
    step_over(cpu, after);
    arm_take(cpu, 2, call_esr(EC_HVC32, imm, after), 0);
    return cpu->cpu.pc;
}

uint64_t arm_helper_a32_smc(struct arm_cpu *cpu, uint32_t imm, uint32_t after)
{
    uint32_t esr = (uint32_t)EC_SMC32 << ESR_EC_SHIFT | ESR_IL;

    if (cpu->el == 1 && (arm_hcr(cpu) & HCR_TSC)) {
        arm_take(cpu, 2, esr, 0);
        return cpu->cpu.pc;
    }
    if (firmware(cpu, ARM_CONDUIT_SMC, after)) {
        return cpu->cpu.pc;
    }
    if (!cpu->el || !arm_has_el(cpu, 3) || (cpu->scr & SCR_SMD)) {
        arm_raise_undef(cpu);
    }
    step_over(cpu, after);
    arm_take(cpu, 3, esr, 0);
    return cpu->cpu.pc;
}

/* ---- changes of CPSR by instructions ---- */

void arm_helper_a32_set_thumb(struct arm_cpu *cpu, uint32_t on)
{
    cpu->thumb = on;
    arm_update_key(cpu);
}

void arm_helper_a32_sync_key(struct arm_cpu *cpu)
{
    arm_update_key(cpu);
}

uint64_t arm_helper_a32_cpsr(struct arm_cpu *cpu)
{
    /* Execution state reads as zero, and EL0 sees neither masks nor PAN. */
    return a32_cpsr(cpu) & (cpu->el ? 0xf8dfffdf & ~0x0600fc00u : 0xf80f0210u);
}

uint64_t arm_helper_a32_spsr(struct arm_cpu *cpu)
{
    return *spsr_slot(cpu, bank_of(cpu->mode));
}

/* MSR's mask: a byte of the register for each bit. */
static uint32_t bytes_of(uint32_t mask)
{
    return (mask & 1 ? 0xff : 0) | (mask & 2 ? 0xff00 : 0) | (mask & 4 ? 0xff0000 : 0) | (mask & 8 ? 0xff000000 : 0);
}

void arm_helper_a32_msr_cpsr(struct arm_cpu *cpu, uint64_t v, uint32_t mask)
{
    uint32_t bits = bytes_of(mask), old = a32_cpsr(cpu), new;

    bits &= cpu->el ? 0xf80f0200 | PSTATE_A | PSTATE_I | PSTATE_F | CPSR_M : 0xf80f0200;
    bits |= cpu->el && arm_has(cpu, ARM_EXT_PAN) ? bytes_of(mask) & PSTATE_PAN : 0;
    new = (old & ~bits) | (v & bits);
    if ((new & CPSR_M) != cpu->mode) {
        if (a32_mode_exists(new & CPSR_M)) {
            a32_set_mode(cpu, new & CPSR_M);
        } else {
            new |= PSTATE_IL;
        }
    }
    set_cpsr_bits(cpu, new);
    after_change(cpu);
}

void arm_helper_a32_msr_spsr(struct arm_cpu *cpu, uint64_t v, uint32_t mask)
{
    uint64_t *spsr = spsr_slot(cpu, bank_of(cpu->mode));
    uint32_t bits = bytes_of(mask);

    *spsr = (*spsr & ~bits) | (v & bits);
}

void arm_helper_a32_cps(struct arm_cpu *cpu, uint32_t what)
{
    unsigned imod = what >> 9 & 3, mode = what & 31;
    uint32_t mask = (what >> 5 & 7) << 6;

    if (imod == 2) {
        cpu->daif &= ~(uint64_t)mask;
    } else if (imod == 3) {
        cpu->daif |= mask;
    }
    if (what >> 8 & 1) {
        if (a32_mode_exists(mode)) {
            a32_set_mode(cpu, mode);
        } else {
            cpu->il = 1;
        }
    }
    after_change(cpu);
}

void arm_helper_a32_setend(struct arm_cpu *cpu, uint32_t big)
{
    cpu->bigend = big;
    arm_update_key(cpu);
}

void arm_helper_a32_setpan(struct arm_cpu *cpu, uint32_t on)
{
    cpu->pan = on;
    arm_update_key(cpu);
}

/* ---- registers of other modes ---- */

static uint64_t *reg_of(struct arm_cpu *cpu, unsigned mode, unsigned n)
{
    bool here = n < 8 || (n < 13 ? (mode == A32_FIQ) == (cpu->mode == A32_FIQ) : bank_of(mode) == bank_of(cpu->mode));

    if (here) {
        return &cpu->cpu.r[n];
    }
    if (n < 13) {
        return mode == A32_FIQ ? &cpu->a32_r8_fiq[n - 8] : &cpu->a32_r8_usr[n - 8];
    }
    return n == 13 ? &cpu->a32_sp[bank_of(mode)] : &cpu->a32_lr[bank_of(mode)];
}

uint64_t arm_helper_a32_get_user(struct arm_cpu *cpu, uint32_t n)
{
    return *reg_of(cpu, A32_USR, n);
}

void arm_helper_a32_set_user(struct arm_cpu *cpu, uint32_t n, uint64_t v)
{
    *reg_of(cpu, A32_USR, n) = (uint32_t)v;
}

uint64_t arm_helper_a32_get_sp(struct arm_cpu *cpu, uint32_t mode)
{
    return *reg_of(cpu, mode, 13);
}

void arm_helper_a32_set_sp(struct arm_cpu *cpu, uint32_t mode, uint64_t v)
{
    *reg_of(cpu, mode, 13) = (uint32_t)v;
}

/* DDI 0487, "Accessing registers of banked modes": R in bit 5, M:M1 below. NULL: none. */
static uint64_t *banked(struct arm_cpu *cpu, uint32_t sysm)
{
    static const uint8_t modes[8] = { A32_IRQ, A32_SVC, A32_ABT, A32_UND };
    unsigned low = sysm & 31;

    if (sysm >> 5) {
        return low == 0x0e ? spsr_slot(cpu, A32_BANK_FIQ)
               : low >= 16 && low < 24 && !(low & 1) ? spsr_slot(cpu, bank_of(modes[(low - 16) / 2])) : NULL;
    }
    if (low < 7) {
        return reg_of(cpu, A32_USR, low + 8);
    }
    if (low >= 8 && low < 15) {
        return reg_of(cpu, A32_FIQ, low);
    }
    return low >= 16 && low < 24 ? reg_of(cpu, modes[(low - 16) / 2], low & 1 ? 13 : 14) : NULL;
}

uint64_t arm_helper_a32_get_bank(struct arm_cpu *cpu, uint32_t sysm)
{
    uint64_t *p = banked(cpu, sysm);

    if (!p) {
        arm_raise_undef(cpu);
    }
    return *p;
}

void arm_helper_a32_set_bank(struct arm_cpu *cpu, uint32_t sysm, uint64_t v)
{
    uint64_t *p = banked(cpu, sysm);

    if (!p) {
        arm_raise_undef(cpu);
    }
    *p = (uint32_t)v;
}
