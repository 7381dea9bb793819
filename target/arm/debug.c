/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Self-hosted debug (DDI 0487, chapter D2): software step, breakpoints, watchpoints.
 *
 * Breakpoints: while one is enabled, every instruction asks first (ARM_KEY_BREAK). Watchpoints: pages with watched bytes have no
 * entries under the MMU indices of checked accesses, so that each access to one is looked at in front of it. Software step:
 * blocks of one instruction (ARM_KEY_SS), whose end takes the exception.
 *
 * Not modelled: matching of VMIDs and of CONTEXTIDR_EL2.
 */
#include "system/machine.h"
#include "target/arm/mte.h"
#include "target/arm/priv.h"

enum { BREAKPOINTS = 6, WATCHPOINTS = 4 };

/* ---- where and when ---- */

unsigned arm_debug_level(const struct arm_cpu *cpu)
{
    unsigned target = arm_el2_on(cpu) && ((cpu->mdcr_el2 >> 8 & 1) || (cpu->hcr & HCR_TGE)) ? 2 : 1;

    if ((cpu->oslsr & OSLSR_LOCKED) || (cpu->osdlr & 1) || cpu->el > target) {
        return 0;
    }
    if (arm_secure(cpu) && (cpu->mdcr_el3 >> 16 & 1)) {
        return 0;                       /* MDCR_EL3.SDD */
    }
    return cpu->el == target && (!(cpu->mdscr & MDSCR_KDE) || (cpu->daif & PSTATE_D)) ? 0 : target;
}

unsigned arm_step_level(const struct arm_cpu *cpu)
{
    return cpu->mdscr & MDSCR_SS ? arm_debug_level(cpu) : 0;
}

static bool any_enabled(const uint64_t *control, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (control[i] & 1) {
            return true;
        }
    }
    return false;
}

bool arm_breaking(const struct arm_cpu *cpu)
{
    return (cpu->mdscr & MDSCR_MDE) && any_enabled(cpu->dbgbcr, BREAKPOINTS) && arm_debug_level(cpu);
}

bool arm_watching(const struct arm_cpu *cpu)
{
    return (cpu->mdscr & MDSCR_MDE) && any_enabled(cpu->dbgwcr, WATCHPOINTS) && arm_debug_level(cpu);
}

static G_NORETURN void take(struct arm_cpu *cpu, unsigned lower, uint32_t iss)
{
    unsigned target = arm_debug_level(cpu);

    arm_take(cpu, target, (lower + (cpu->el == target)) << ESR_EC_SHIFT | ESR_IL | iss | FSC_DEBUG, 0);
    cpu_loop_exit(&cpu->cpu);
}

/* ---- software step ---- */

void arm_helper_step_due(struct arm_cpu *cpu)
{
    take(cpu, EC_STEP_LOWER, 0);
}

void arm_helper_step_done(struct arm_cpu *cpu, uint32_t exclusive, uint64_t pc)
{
    cpu->cpu.pc = pc;
    if (arm_step_level(cpu) && cpu->ss) {
        cpu->ss = 0;
        take(cpu, EC_STEP_LOWER, 1 << 24 | exclusive << 6);
    }
    arm_update_key(cpu);
    cpu_loop_exit(&cpu->cpu);
}

/* ---- breakpoints and watchpoints ---- */

/* The controls SSC, HMC and PxC at bits 15:14, 13 and 2:1 of both kinds of registers: do they take in this state? */
static bool state_matches(const struct arm_cpu *cpu, uint64_t control, unsigned el)
{
    bool secure = arm_secure(cpu);
    unsigned ssc = control >> 14 & 3, pac = control >> 1 & 3;

    if ((ssc == 1 && secure) || (ssc == 2 && !secure)) {
        return false;
    }
    if (el >= 2) {
        return control >> 13 & 1;       /* HMC */
    }
    return pac >> (el == 0 ? 1 : 0) & 1;
}

static bool context_matches(const struct arm_cpu *cpu, unsigned n)
{
    unsigned type = n < BREAKPOINTS ? cpu->dbgbcr[n] >> 20 & 15 : 15;

    return (type == 2 || type == 3) && cpu->contextidr[1] == (uint32_t)cpu->dbgbvr[n];
}

static bool linked_matches(const struct arm_cpu *cpu, uint64_t control, bool linked)
{
    unsigned n = control >> 16 & 15;

    return !linked || (n < BREAKPOINTS && (cpu->dbgbcr[n] & 1) && context_matches(cpu, n));
}

static bool breakpoint_matches(const struct arm_cpu *cpu, unsigned n)
{
    uint64_t control = cpu->dbgbcr[n];
    unsigned type = control >> 20 & 15;

    if (!(control & 1) || !state_matches(cpu, control, cpu->el)) {
        return false;
    }
    switch (type) {
    case 0: case 1:
        return !((cpu->cpu.pc ^ cpu->dbgbvr[n]) & 0x1fffffffffffcull) && linked_matches(cpu, control, type);
    case 2:
        return context_matches(cpu, n);
    default:                            /* 3 is for others to link to */
        return false;
    }
}

void arm_helper_breakpoint(struct arm_cpu *cpu)
{
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        if (breakpoint_matches(cpu, i)) {
            take(cpu, EC_BREAKPOINT_LOWER, 0);
        }
    }
}

/* The bytes that a watchpoint names: by mask a naturally aligned range, else some of a doubleword. */
static void watched_range(const struct arm_cpu *cpu, unsigned n, uint64_t *first, uint64_t *last)
{
    uint64_t control = cpu->dbgwcr[n], value = cpu->dbgwvr[n] & 0x1fffffffffffcull;
    unsigned mask = control >> 24 & 31, bas = control >> 5 & 255;

    if (mask >= 3) {
        *first = value & ~((1ull << mask) - 1);
        *last = *first + (1ull << mask) - 1;
    } else if (!bas) {
        *first = 1;
        *last = 0;
    } else {
        *first = value + __builtin_ctz(bas);
        *last = value + 31 - __builtin_clz(bas);
    }
}

bool arm_page_watched(const struct arm_cpu *cpu, uint64_t va)
{
    uint64_t first, last;

    va &= 0x1ffffffffffffull;
    for (unsigned i = 0; i < WATCHPOINTS && (cpu->mdscr & MDSCR_MDE); i++) {
        if (cpu->dbgwcr[i] & 1) {
            watched_range(cpu, i, &first, &last);
            if (first >> 12 <= va >> 12 && va >> 12 <= last >> 12) {
                return true;
            }
        }
    }
    return false;
}

static bool watchpoint_matches(const struct arm_cpu *cpu, unsigned n, uint64_t va, unsigned size, enum mmu_access access,
                               unsigned el)
{
    uint64_t control = cpu->dbgwcr[n], first, last;

    if (!(control & 1) || !(control >> (access == MMU_WRITE ? 4 : 3) & 1) || !state_matches(cpu, control, el)) {
        return false;
    }
    watched_range(cpu, n, &first, &last);
    va &= 0x1ffffffffffffull;
    return va <= last && first < va + size && linked_matches(cpu, control, control >> 20 & 1);
}

bool arm_access_check(struct cpu *c, uint64_t va, const struct mmu_page *page, unsigned size, enum mmu_access access,
                      unsigned idx, struct mmu_fault *fault)
{
    struct arm_cpu *cpu = arm_cpu(c);
    unsigned base = idx & ~(unsigned)ARM_IDX_CHECKED, el = base == ARM_IDX_EL0 || base == ARM_IDX_EL20_0 ? 0 : cpu->el;

    for (unsigned i = 0; arm_watching(cpu) && i < WATCHPOINTS; i++) {
        if (watchpoint_matches(cpu, i, va, size, access, el)) {
            *fault = (struct mmu_fault){ .access = access, .va = va, .code = FSC_DEBUG };
            return false;
        }
    }
    return !(page->attr & ARM_ATTR_TAGGED) ||
           arm_mte_access(cpu, va, (page->paddr & ~0xfffull) | (va & 0xfff), size, access, fault);
}

/* ---- the syndrome of stage 2's data aborts ---- */

static uint32_t syndrome(unsigned size, bool sign, unsigned rt, bool sixty_four, bool ordered)
{
    return 1u << 24 | size << 22 | (uint32_t)sign << 21 | rt << 16 | (uint32_t)sixty_four << 15 | (uint32_t)ordered << 14;
}

/* One general register, and no writeback: the forms that hypervisors may emulate. */
uint32_t arm_access_syndrome(struct arm_cpu *cpu)
{
    uint8_t p[4];
    uint32_t insn;
    unsigned size, opc;

    if (!cpu_debug_rw(&cpu->cpu, cpu->cpu.pc, p, sizeof p, false)) {
        return 0;
    }
    insn = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
    size = insn >> 30;
    opc = insn >> 22 & 3;
    if ((insn & 0x3fa08000) == 0x08808000) {
        return syndrome(size, false, insn & 31, size == 3, true);       /* LDAR, STLR */
    }
    if ((insn & 0x3f000000) == 0x39000000 || (insn & 0x3f200400) == 0x38000000 || (insn & 0x3f200c00) == 0x38200800) {
        bool sign = opc >= 2;

        return size == 3 && sign ? 0 : syndrome(size, sign, insn & 31, sign ? opc == 2 : size == 3, false);
    }
    return 0;
}
