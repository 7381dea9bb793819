/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv3's virtualization: the hypervisor's ICH_* registers with their list registers, and the ICV_* registers that its
 * guest reaches under the names of ICC_* (Arm IHI 0069, chapter 6 and 12.5). Priorities have five bits.
 */
#include "hw/intc/gicv3_impl.h"
#include "system/machine.h"

enum { HCR_EN = 1, HCR_UIE = 2, HCR_LRENPIE = 4, HCR_NPIE = 8, HCR_VGRP0EIE = 16, HCR_VGRP0DIE = 32, HCR_VGRP1EIE = 64,
       HCR_VGRP1DIE = 128, HCR_EOICOUNT = 27 };
enum { BPR_MIN = 2, PPI_MAINTENANCE = 25 };
enum { VCTLR_WRITABLE = CTLR_CBPR | CTLR_EOI_MODE };
#define CTLR_FIXED (4u << 8 | 1u << 15)
#define LR_EOI ((uint64_t)1 << 41)
#define LR_GROUP1 ((uint64_t)1 << 60)
#define LR_HW ((uint64_t)1 << 61)
#define LR_PENDING ((uint64_t)1 << 62)
#define LR_ACTIVE ((uint64_t)1 << 63)
#define LR_STATE (LR_PENDING | LR_ACTIVE)
#define LR_BITS (LR_STATE | LR_HW | LR_GROUP1 | 0xff1fffffffffffull)

static uint8_t lr_priority(uint64_t lr)
{
    return lr >> 48 & GICV3_PRIORITY_MASK;
}

static bool lr_group1(uint64_t lr)
{
    return lr & LR_GROUP1;
}

static uint8_t mask_of(const struct gicv3_cpu *c, bool group1)
{
    return group1 && !(c->vctlr & CTLR_CBPR) ? gicv3_group_mask(c->vbpr[1], true) : gicv3_group_mask(c->vbpr[0], false);
}

static unsigned running(const struct gicv3_cpu *c)
{
    uint32_t bits = c->vapr[0] | c->vapr[1];

    return bits ? __builtin_ctz(bits) << 3 : 0x100;
}

/* The list register of the highest pending interrupt whose group is enabled; -1: none. */
static int best_lr(const struct gicv3_cpu *c)
{
    int best = -1;

    for (int i = 0; i < GICV3_LRS && c->hcr & HCR_EN; i++) {
        if ((c->lr[i] & LR_STATE) == LR_PENDING && c->venable[lr_group1(c->lr[i])] &&
            (best < 0 || lr_priority(c->lr[i]) < lr_priority(c->lr[best]))) {
            best = i;
        }
    }
    return best;
}

/* The one that the virtual interface would signal. */
static int signalled_lr(const struct gicv3_cpu *c)
{
    int n = best_lr(c);

    if (n >= 0 && (lr_priority(c->lr[n]) >= c->vpmr ||
                   (lr_priority(c->lr[n]) & mask_of(c, lr_group1(c->lr[n]))) >= running(c))) {
        n = -1;
    }
    return n;
}

/* ---- what the hypervisor is told ---- */

static uint32_t eisr(const struct gicv3_cpu *c)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < GICV3_LRS; i++) {
        v |= (uint32_t)(!(c->lr[i] & (LR_STATE | LR_HW)) && c->lr[i] & LR_EOI) << i;
    }
    return v;
}

static uint32_t elrsr(const struct gicv3_cpu *c)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < GICV3_LRS; i++) {
        v |= (uint32_t)(!(c->lr[i] & LR_STATE) && (c->lr[i] & LR_HW || !(c->lr[i] & LR_EOI))) << i;
    }
    return v;
}

static uint32_t misr(const struct gicv3_cpu *c)
{
    unsigned used = 0, pending = 0;

    for (unsigned i = 0; i < GICV3_LRS; i++) {
        used += (c->lr[i] & LR_STATE) != 0;
        pending += (c->lr[i] & LR_STATE) == LR_PENDING;
    }
    return (eisr(c) ? 1 : 0) | (c->hcr & HCR_UIE && used <= 1 ? 2 : 0) |
           (c->hcr & HCR_LRENPIE && c->hcr >> HCR_EOICOUNT ? 4 : 0) | (c->hcr & HCR_NPIE && !pending ? 8 : 0) |
           (c->hcr & HCR_VGRP0EIE && c->venable[0] ? 16 : 0) | (c->hcr & HCR_VGRP0DIE && !c->venable[0] ? 32 : 0) |
           (c->hcr & HCR_VGRP1EIE && c->venable[1] ? 64 : 0) | (c->hcr & HCR_VGRP1DIE && !c->venable[1] ? 128 : 0);
}

void gicv3_virt_update(struct gicv3 *s, unsigned cpu)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    struct cpu *to = s->dev.m->cpus->pdata[cpu];
    int n = signalled_lr(c);
    bool maintenance = c->hcr & HCR_EN && misr(c);

    cpu_irq_set(to, ARM_LINE_VIRQ, n >= 0 && lr_group1(c->lr[n]));
    cpu_irq_set(to, ARM_LINE_VFIQ, n >= 0 && !lr_group1(c->lr[n]));
    if (maintenance != (c->bank.level >> PPI_MAINTENANCE & 1)) {
        gic_bank_input(&c->bank, PPI_MAINTENANCE, maintenance);
        gicv3_update_cpu(s, cpu);
    }
}

/* ---- ICV ---- */

static uint32_t acknowledge(struct gicv3_cpu *c, bool group1)
{
    int n = signalled_lr(c);

    if (n < 0 || lr_group1(c->lr[n]) != group1) {
        return GIC_SPURIOUS;
    }
    c->vapr[group1] |= 1u << ((lr_priority(c->lr[n]) & mask_of(c, group1)) >> 3);
    /* LPIs have no active state. */
    c->lr[n] = (c->lr[n] & ~LR_STATE) | ((uint32_t)c->lr[n] < GICV3_LPI_FIRST ? LR_ACTIVE : 0);
    return c->lr[n];
}

static uint32_t highest_pending(const struct gicv3_cpu *c, bool group1)
{
    int n = best_lr(c);

    return n >= 0 && lr_group1(c->lr[n]) == group1 ? (uint32_t)c->lr[n] : GIC_SPURIOUS;
}

static void deactivate(struct gicv3 *s, unsigned cpu, uint32_t irq)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    for (unsigned i = 0; i < GICV3_LRS; i++) {
        if (c->lr[i] & LR_ACTIVE && (uint32_t)c->lr[i] == irq) {
            c->lr[i] &= ~LR_ACTIVE;
            if (c->lr[i] & LR_HW) {
                gicv3_deactivate(s, cpu, c->lr[i] >> 32 & 0x1fff);
            }
            return;
        }
    }
    if (irq < GICV3_LPI_FIRST) {
        c->hcr += 1u << HCR_EOICOUNT;       /* no list register has it: the hypervisor counts */
    }
}

static void complete(struct gicv3 *s, unsigned cpu, uint32_t irq, bool group1)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    uint32_t all = c->vapr[0] | c->vapr[1], top = all & -all;

    if ((irq >= 1020 && irq < GICV3_LPI_FIRST) || !(c->vapr[group1] & top)) {
        return;
    }
    c->vapr[group1] &= ~top;
    if (!(c->vctlr & CTLR_EOI_MODE)) {
        deactivate(s, cpu, irq);
    }
}

static uint32_t bpr1_read(const struct gicv3_cpu *c)
{
    return c->vctlr & CTLR_CBPR ? MIN(c->vbpr[0] + 1, 7) : c->vbpr[1];
}

bool gicv3_virt_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    switch (reg) {
    case ICC_PMR: *value = c->vpmr; break;
    case ICC_IAR0: *value = acknowledge(c, false); break;
    case ICC_IAR1: *value = acknowledge(c, true); break;
    case ICC_HPPIR0: *value = highest_pending(c, false); break;
    case ICC_HPPIR1: *value = highest_pending(c, true); break;
    case ICC_BPR0: *value = c->vbpr[0]; break;
    case ICC_BPR1: *value = bpr1_read(c); break;
    case ICC_AP0R0: *value = c->vapr[0]; break;
    case ICC_AP1R0: *value = c->vapr[1]; break;
    case ICC_RPR: *value = MIN(running(c), 0xff); break;
    case ICC_CTLR: *value = CTLR_FIXED | c->vctlr; break;
    case ICC_IGRPEN0: *value = c->venable[0]; break;
    case ICC_IGRPEN1: *value = c->venable[1]; break;
    default: return false;
    }
    gicv3_virt_update(s, cpu);
    return true;
}

bool gicv3_virt_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t v)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    switch (reg) {
    case ICC_PMR: c->vpmr = v & GICV3_PRIORITY_MASK; break;
    case ICC_EOIR0: complete(s, cpu, v & 0xffffff, false); break;
    case ICC_EOIR1: complete(s, cpu, v & 0xffffff, true); break;
    case ICC_BPR0: c->vbpr[0] = MAX(v & 7, BPR_MIN); break;
    case ICC_BPR1: c->vbpr[1] = c->vctlr & CTLR_CBPR ? c->vbpr[1] : MAX(v & 7, BPR_MIN + 1); break;
    case ICC_AP0R0: c->vapr[0] = v; break;
    case ICC_AP1R0: c->vapr[1] = v; break;
    case ICC_DIR: deactivate(s, cpu, v & 0xffffff); break;
    case ICC_CTLR: c->vctlr = v & VCTLR_WRITABLE; break;
    case ICC_IGRPEN0: c->venable[0] = v & 1; break;
    case ICC_IGRPEN1: c->venable[1] = v & 1; break;
    default: return false;
    }
    gicv3_virt_update(s, cpu);
    return true;
}

/* ---- ICH ---- */

/* ICH_VMCR: VPMR 31:24, VBPR0 23:21, VBPR1 20:18, VEOIM 9, VCBPR 4, VFIQEn 3 (always), VENG1 1, VENG0 0. */
static uint32_t vmcr_read(const struct gicv3_cpu *c)
{
    return c->vpmr << 24 | c->vbpr[0] << 21 | c->vbpr[1] << 18 | (c->vctlr & CTLR_EOI_MODE ? 1u << 9 : 0) |
           (c->vctlr & CTLR_CBPR ? 1u << 4 : 0) | 1u << 3 | c->venable[1] << 1 | c->venable[0];
}

static void vmcr_write(struct gicv3_cpu *c, uint32_t v)
{
    c->vpmr = v >> 24 & GICV3_PRIORITY_MASK;
    c->vbpr[0] = MAX(v >> 21 & 7, BPR_MIN);
    c->vbpr[1] = MAX(v >> 18 & 7, BPR_MIN + 1);
    c->vctlr = (v >> 9 & 1 ? CTLR_EOI_MODE : 0) | (v >> 4 & 1 ? CTLR_CBPR : 0);
    c->venable[1] = v >> 1 & 1;
    c->venable[0] = v & 1;
}

bool gicv3_hyp_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    switch (reg) {
    case ICH_AP0R0: *value = c->vapr[0]; return true;
    case ICH_AP1R0: *value = c->vapr[1]; return true;
    case ICH_HCR: *value = c->hcr; return true;
    case ICH_VTR: *value = 4u << 29 | 4u << 26 | 1u << 21 | 1u << 20 | (GICV3_LRS - 1); return true;  /* A3V, nV4 */
    case ICH_MISR: *value = misr(c); return true;
    case ICH_EISR: *value = eisr(c); return true;
    case ICH_ELRSR: *value = elrsr(c); return true;
    case ICH_VMCR: *value = vmcr_read(c); return true;
    default:
        if (reg >= ICH_LR0 && reg < ICH_LR0 + GICV3_LRS) {
            *value = c->lr[reg - ICH_LR0];
            return true;
        }
        return false;
    }
}

bool gicv3_hyp_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t v)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    switch (reg) {
    case ICH_AP0R0: c->vapr[0] = v; break;
    case ICH_AP1R0: c->vapr[1] = v; break;
    case ICH_HCR: c->hcr = v & 0xf80000ff; break;
    case ICH_VMCR: vmcr_write(c, v); break;
    default:
        if (reg < ICH_LR0 || reg >= ICH_LR0 + GICV3_LRS) {
            return false;
        }
        c->lr[reg - ICH_LR0] = v & LR_BITS;
        break;
    }
    gicv3_virt_update(s, cpu);
    return true;
}
