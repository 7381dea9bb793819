/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading and writing of single system registers does. */
#include "system/machine.h"
#include "target/arm/sysreg_impl.h"

/* The level that a register belongs to, by the op1 of its encoding. */
static unsigned level_of(const struct arm_sysreg *r)
{
    return r->op1 == 4 ? 2 : r->op1 == 6 ? 3 : 1;
}

/* ---- identification ---- */

ARM_READ(midr)
{
    return cpu->el == 1 && arm_el2_on(cpu) ? cpu->vpidr : cpu->midr;
}

#define MPIDR_RES1 (1ull << 31)

ARM_READ(mpidr)
{
    return cpu->el == 1 && arm_el2_on(cpu) ? cpu->vmpidr : cpu->cpu.hw_id | MPIDR_RES1;
}

ARM_READ(pfr0)
{
    uint64_t v = cpu->id[ARM_ID_PFR0] | (cpu->a32_levels & 1 ? 2 : 1) | (cpu->a32_levels & 2 ? 0x20 : 0x10);

    v |= arm_has_el(cpu, 2) ? 1 << 8 : 0;
    v |= arm_has_el(cpu, 3) ? 1 << 12 : 0;
    return v | (cpu->cpu.sysregs ? 1 << 24 : 0);
}

/* Sizes that software prints: 32 KiB of level 1, 1 MiB of level 2, lines of 64 bytes. */
ARM_READ(ccsidr)
{
    switch (cpu->csselr & 15) {
    case 0:
        return 0x700fe01a;
    case 1:
        return 0x201fe00a;
    case 2:
        return 0x707fe07a;
    default:
        return 0;
    }
}

ARM_READ(ctr)
{
    return cpu->ctr;
}

ARM_READ(dczid)
{
    bool prohibited = cpu->el == 0 && !(cpu->sctlr[arm_regime_el(cpu)] & SCTLR_DZE) &&
                      (arm_host(cpu) || !(arm_hcr(cpu) & HCR_TGE));

    return cpu->dczid | (prohibited ? 16 : 0);
}

ARM_READ(rvbar)
{
    return cpu->cpu.reset_pc;
}

/* ---- control ---- */

ARM_READ(sctlr)
{
    return cpu->sctlr[level_of(r)];
}

ARM_WRITE(sctlr)
{
    unsigned el = level_of(r);
    uint64_t old = cpu->sctlr[el], mask = SCTLR_M | SCTLR_WXN;

    v |= el == 1 || (el == 2 && arm_e2h(cpu)) ? SCTLR_RES1_EL1 & ~(arm_has(cpu, ARM_EXT_PAN) ? SCTLR_SPAN : 0u) : SCTLR_RES1_EL2;
    v &= arm_has(cpu, ARM_EXT_SSBS) ? ~0ull : ~SCTLR_DSSBS;
    cpu->sctlr[el] = v;
    if ((old ^ v) & mask) {
        arm_tlb_flush(cpu);
    }
    arm_update_key(cpu);
}

ARM_READ(cpacr)
{
    return cpu->cpacr;
}

ARM_WRITE(cpacr)
{
    cpu->cpacr = v & (3u << 20);
    arm_update_key(cpu);
}

ARM_READ(hcr)
{
    return cpu->hcr;
}

ARM_WRITE(hcr)
{
    uint64_t old = cpu->hcr;

    uint64_t mask = 0xffffffff;

    mask |= arm_has(cpu, ARM_EXT_VHE) ? HCR_E2H : 0;
    mask |= arm_has(cpu, ARM_EXT_PAuth) ? HCR_APK | HCR_API : 0;
    mask |= arm_has(cpu, ARM_EXT_MTE2) ? HCR_ATA : 0;
    cpu->hcr = (v & mask) | (cpu->a32_levels & 2 ? 0 : HCR_RW);
    if ((old ^ cpu->hcr) & (HCR_RW | HCR_VM | HCR_DC | HCR_TGE | HCR_E2H)) {
        arm_tlb_flush(cpu);
    }
    arm_update_key(cpu);
    arm_update_space(cpu);
    arm_irq_update(cpu);
}

ARM_READ(cptr_el2)
{
    return arm_e2h(cpu) ? cpu->cptr_el2 : cpu->cptr_el2 | 0x33ff;
}

ARM_WRITE(cptr_el2)
{
    cpu->cptr_el2 = v & (arm_e2h(cpu) ? 1u << 31 | 3 << 20 : 1u << 31 | 1 << 20 | 1 << 10);
    arm_update_key(cpu);
}

ARM_READ(scr)
{
    return cpu->scr;
}

ARM_WRITE(scr)
{
    uint64_t old = cpu->scr;

    cpu->scr = (v & (0x3f8f | (arm_has(cpu, ARM_EXT_PAuth) ? SCR_APK | SCR_API : 0) |
                     (arm_has(cpu, ARM_EXT_MTE2) ? SCR_ATA : 0))) | 0x30 | SCR_RW;
    if ((old ^ cpu->scr) & SCR_NS) {
        arm_tlb_flush(cpu);
    }
    arm_update_key(cpu);
    arm_update_space(cpu);
    arm_irq_update(cpu);
}

ARM_READ(cptr_el3)
{
    return cpu->cptr_el3;
}

ARM_WRITE(cptr_el3)
{
    cpu->cptr_el3 = v & (1u << 31 | 1 << 20 | 1 << 10);
    arm_update_key(cpu);
}

/* ---- memory ---- */

ARM_READ(ttbr0)
{
    return cpu->ttbr0[level_of(r)];
}

ARM_READ(ttbr1)
{
    return cpu->ttbr1[level_of(r)];
}

/* EL1's tables are told apart by ASID, which is what TLBs may do; the others have none, so that a new base is a flush. */
ARM_WRITE(ttbr0)
{
    unsigned el = level_of(r);

    if ((el == 3 || (el == 2 && !arm_e2h(cpu))) && cpu->ttbr0[el] != v) {
        arm_tlb_flush(cpu);
    }
    cpu->ttbr0[el] = v;
    arm_update_space(cpu);
}

ARM_WRITE(ttbr1)
{
    cpu->ttbr1[level_of(r)] = v;
    arm_update_space(cpu);
}

ARM_READ(tcr)
{
    return cpu->tcr[level_of(r)];
}

ARM_WRITE(tcr)
{
    unsigned el = level_of(r);

    if (cpu->tcr[el] != v) {
        cpu->tcr[el] = v;
        arm_tlb_flush(cpu);
        arm_update_space(cpu);
    }
}

ARM_READ(vttbr)
{
    return cpu->vttbr;
}

ARM_WRITE(vttbr)
{
    cpu->vttbr = v;
    arm_update_space(cpu);
}

ARM_READ(vtcr)
{
    return cpu->vtcr;
}

ARM_WRITE(vtcr)
{
    if (cpu->vtcr != v) {
        cpu->vtcr = (v & 0xffffffff) | 1u << 31;
        arm_tlb_flush(cpu);
    }
}

/* ---- exceptions and process state ---- */

ARM_READ(isr)
{
    uint64_t lines = atomic_load(&cpu->cpu.lines), hcr = arm_hcr(cpu);
    bool irq, fiq;

    irq = cpu->el == 1 && (hcr & HCR_IMO) ? lines >> ARM_LINE_VIRQ & 1 || (hcr & HCR_VI) : lines >> ARM_LINE_IRQ & 1;
    fiq = cpu->el == 1 && (hcr & HCR_FMO) ? lines >> ARM_LINE_VFIQ & 1 || (hcr & HCR_VF) : lines >> ARM_LINE_FIQ & 1;
    return (irq ? PSTATE_I : 0) | (fiq ? PSTATE_F : 0);
}

/* While it is the stack pointer in use it can't be named so. */
ARM_READ(sp_el0)
{
    if (!cpu->sp_sel) {
        arm_raise_undef(cpu);
    }
    return cpu->sp_el[0];
}

ARM_WRITE(sp_el0)
{
    if (!cpu->sp_sel) {
        arm_raise_undef(cpu);
    }
    cpu->sp_el[0] = v;
}

ARM_READ(spsel)
{
    return cpu->sp_sel;
}

ARM_WRITE(spsel)
{
    arm_set_el(cpu, cpu->el, v & 1);
}

ARM_READ(currentel)
{
    return cpu->el << 2;
}

ARM_READ(pan)
{
    return cpu->pan ? PSTATE_PAN : 0;
}

ARM_WRITE(pan)
{
    cpu->pan = (v & PSTATE_PAN) != 0;
    arm_update_key(cpu);
}

ARM_READ(uao)
{
    return cpu->uao ? PSTATE_UAO : 0;
}

ARM_WRITE(uao)
{
    cpu->uao = (v & PSTATE_UAO) != 0;
    arm_update_key(cpu);
}

ARM_READ(daif)
{
    return cpu->daif;
}

ARM_WRITE(daif)
{
    cpu->daif = v & PSTATE_DAIF;
    arm_irq_update(cpu);
}

ARM_READ(dit)
{
    return cpu->dit ? PSTATE_DIT : 0;
}

ARM_WRITE(dit)
{
    cpu->dit = (v & PSTATE_DIT) != 0;
}

ARM_READ(ssbs)
{
    return cpu->ssbs ? PSTATE_SSBS : 0;
}

ARM_WRITE(ssbs)
{
    cpu->ssbs = (v & PSTATE_SSBS) != 0;
}

ARM_READ(fpcr)
{
    return arm_fpcr_read(cpu);
}

ARM_WRITE(fpcr)
{
    arm_fpcr_write(cpu, v);
}

ARM_READ(fpsr)
{
    return arm_fpsr_read(cpu);
}

ARM_WRITE(fpsr)
{
    arm_fpsr_write(cpu, v);
}

/* xorshift64*, seeded from the host's generator. */
ARM_READ(rndr)
{
    while (!cpu->rng) {
        cpu->rng = (uint64_t)g_random_int() << 32 | g_random_int();
    }
    cpu->rng ^= cpu->rng >> 12;
    cpu->rng ^= cpu->rng << 25;
    cpu->rng ^= cpu->rng >> 27;
    return cpu->rng * 0x2545f4914f6cdd1dull;
}

/* ---- generic timer ---- */

ARM_READ(cntfrq)
{
    return cpu->cntfrq;
}

/* What firmware tells its successors; it changes no rate. */
ARM_WRITE(cntfrq)
{
    if (cpu->el < 3 && arm_has_el(cpu, 3)) {
        arm_raise_undef(cpu);
    }
    cpu->cntfrq = (uint32_t)v;
}

ARM_READ(cntpct)
{
    return arm_count(cpu);
}

ARM_READ(cntvct)
{
    bool whole = (cpu->el == 2 && arm_e2h(cpu)) || arm_host_el0(cpu);

    return arm_count(cpu) - (whole ? 0 : cpu->cntvoff);
}

static enum arm_timer timer_of(const struct arm_sysreg *r)
{
    if (r->op1 == 4) {
        return (r->number >> 3 & 15) == 3 ? ARM_TIMER_HYPVIRT : ARM_TIMER_HYP;
    }
    if (r->op1 == 7) {
        return ARM_TIMER_SEC;
    }
    return (r->number >> 3 & 15) == 3 ? ARM_TIMER_VIRT : ARM_TIMER_PHYS;
}

ARM_READ(tval)
{
    enum arm_timer n = timer_of(r);

    return (uint32_t)(cpu->timer[n].cval - (arm_count(cpu) - arm_timer_offset(cpu, n)));
}

ARM_WRITE(tval)
{
    enum arm_timer n = timer_of(r);

    cpu->timer[n].cval = arm_count(cpu) - arm_timer_offset(cpu, n) + (int64_t)(int32_t)v;
    arm_timer_update(cpu, n);
}

ARM_READ(tctl)
{
    enum arm_timer n = timer_of(r);
    bool due = arm_count(cpu) - arm_timer_offset(cpu, n) >= cpu->timer[n].cval;

    return cpu->timer[n].ctl | (due && (cpu->timer[n].ctl & 1) ? 4 : 0);
}

ARM_WRITE(tctl)
{
    enum arm_timer n = timer_of(r);

    cpu->timer[n].ctl = v & 3;
    arm_timer_update(cpu, n);
}

ARM_READ(cval)
{
    return cpu->timer[timer_of(r)].cval;
}

ARM_WRITE(cval)
{
    enum arm_timer n = timer_of(r);

    cpu->timer[n].cval = v;
    arm_timer_update(cpu, n);
}

ARM_READ(cntvoff)
{
    return cpu->cntvoff;
}

ARM_WRITE(cntvoff)
{
    cpu->cntvoff = v;
    arm_timer_update(cpu, ARM_TIMER_VIRT);
}

/* ---- debug ---- */

ARM_READ(tco)
{
    return cpu->tco ? PSTATE_TCO : 0;
}

ARM_WRITE(tco)
{
    cpu->tco = (v & PSTATE_TCO) != 0;
    arm_update_key(cpu);
}

/* Without tag memory the instructions are there, and no more. */
ARM_READ(pfr1)
{
    uint64_t v = cpu->id[ARM_ID_PFR1];

    return !cpu->cpu.tags && (v >> 8 & 15) > 1 ? (v & ~(15ull << 8)) | 1 << 8 : v;
}

/* Breakpoint and watchpoint registers. */
ARM_READ(dbg)
{
    return *(uint64_t *)((char *)cpu + r->offset);
}

ARM_WRITE(dbg)
{
    *(uint64_t *)((char *)cpu + r->offset) = v & r->mask;
    arm_tlb_flush(cpu);                 /* watched pages have no entries */
    arm_update_key(cpu);
}

ARM_READ(mair)
{
    return cpu->mair[level_of(r)];
}

/* It says which pages have tags. */
ARM_WRITE(mair)
{
    if (cpu->mair[level_of(r)] != v) {
        cpu->mair[level_of(r)] = v;
        arm_tlb_flush(cpu);
    }
}

ARM_READ(mdscr)
{
    return cpu->mdscr;
}

ARM_WRITE(mdscr)
{
    cpu->mdscr = v & 0xffffffff;
    arm_update_key(cpu);
}

ARM_READ(zero)
{
    return 0;
}

ARM_WRITE(oslar)
{
    cpu->oslsr = (cpu->oslsr & ~(uint64_t)OSLSR_LOCKED) | (v & 1 ? OSLSR_LOCKED : 0);
    arm_update_key(cpu);
}

ARM_READ(claimset)
{
    return 0xff;
}

ARM_WRITE(claimset)
{
    cpu->dbgclaim |= v & 0xff;
}

ARM_READ(claim)
{
    return cpu->dbgclaim;
}

ARM_WRITE(claimclr)
{
    cpu->dbgclaim &= ~v;
}
