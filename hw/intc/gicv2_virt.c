/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2's virtualization extensions (Arm IHI 0048B, chapter 5): the hypervisor's list registers (GICH) and the virtual
 * CPU interface (GICV) that its guest takes for the physical one. Priorities have five bits.
 */
#include "hw/intc/gicv2_impl.h"
#include "system/cpu.h"
#include "system/cpu_arm.h"
#include "system/machine.h"
#include "util/log.h"

enum { GICH_HCR = 0x00, GICH_VTR = 0x04, GICH_VMCR = 0x08, GICH_MISR = 0x10, GICH_EISR0 = 0x20, GICH_ELRSR0 = 0x30,
       GICH_APR = 0xf0, GICH_LR = 0x100 };
enum { HCR_EN = 1, HCR_UIE = 2, HCR_LRENPIE = 4, HCR_NPIE = 8, HCR_VGRP0EIE = 16, HCR_VGRP0DIE = 32, HCR_VGRP1EIE = 64,
       HCR_VGRP1DIE = 128, HCR_EOICOUNT = 27 };
enum { CTLR_ENABLE0 = 1, CTLR_ENABLE1 = 2, CTLR_ACKCTL = 4, CTLR_FIQEN = 8, CTLR_CBPR = 16, CTLR_EOI_MODE = 0x200,
       CTLR_ALL = 0x21f };
enum { LR_PENDING = 1 << 28, LR_ACTIVE = 1 << 29, LR_GROUP1 = 1 << 30, LR_EOI = 1 << 19 };
#define LR_HW (1u << 31)
#define LR_STATE (LR_PENDING | LR_ACTIVE)

enum { BPR_MIN = 2, PPI_MAINTENANCE = 25 };

static uint8_t lr_priority(uint32_t lr)
{
    return lr >> 23 << 3;
}

static unsigned lr_irq(uint32_t lr)
{
    return lr & 0x3ff;
}

static uint8_t group_mask(const struct gicv2_iface *f, bool group1)
{
    return group1 && !(f->ctlr & CTLR_CBPR) ? gicv2_group_mask(f->abpr, true) : gicv2_group_mask(f->bpr, false);
}

/* The list register of the highest pending interrupt whose group is enabled; -1: none. */
static int best_lr(const struct gicv2_cpu *c)
{
    int best = -1;

    for (int i = 0; i < GICV2_LRS && (c->hcr & HCR_EN); i++) {
        bool group1 = c->lr[i] & LR_GROUP1;

        if ((c->lr[i] & LR_STATE) == LR_PENDING && (c->virt.ctlr & (group1 ? CTLR_ENABLE1 : CTLR_ENABLE0)) &&
            (best < 0 || lr_priority(c->lr[i]) < lr_priority(c->lr[best]))) {
            best = i;
        }
    }
    return best;
}

/* The one that the virtual interface would signal. */
static int signalled_lr(const struct gicv2_cpu *c)
{
    int n = best_lr(c);
    bool group1 = n >= 0 && c->lr[n] & LR_GROUP1;

    if (n >= 0 && (lr_priority(c->lr[n]) >= c->virt.pmr ||
                   (lr_priority(c->lr[n]) & group_mask(&c->virt, group1)) >= gicv2_running(&c->virt))) {
        n = -1;
    }
    return n;
}

/* ---- what the hypervisor is told ---- */

static uint32_t eisr(const struct gicv2_cpu *c)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < GICV2_LRS; i++) {
        v |= (uint32_t)(!(c->lr[i] & (LR_STATE | LR_HW)) && (c->lr[i] & LR_EOI)) << i;
    }
    return v;
}

static uint32_t elrsr(const struct gicv2_cpu *c)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < GICV2_LRS; i++) {
        v |= (uint32_t)(!(c->lr[i] & LR_STATE) && (c->lr[i] & LR_HW || !(c->lr[i] & LR_EOI))) << i;
    }
    return v;
}

static uint32_t misr(const struct gicv2_cpu *c)
{
    unsigned used = 0, pending = 0;

    for (unsigned i = 0; i < GICV2_LRS; i++) {
        used += (c->lr[i] & LR_STATE) != 0;
        pending += (c->lr[i] & LR_PENDING) != 0;
    }
    return (eisr(c) ? 1 : 0) | (c->hcr & HCR_UIE && used <= 1 ? 2 : 0) |
           (c->hcr & HCR_LRENPIE && c->hcr >> HCR_EOICOUNT ? 4 : 0) | (c->hcr & HCR_NPIE && !pending ? 8 : 0) |
           (c->hcr & HCR_VGRP0EIE && c->virt.ctlr & CTLR_ENABLE0 ? 16 : 0) |
           (c->hcr & HCR_VGRP0DIE && !(c->virt.ctlr & CTLR_ENABLE0) ? 32 : 0) |
           (c->hcr & HCR_VGRP1EIE && c->virt.ctlr & CTLR_ENABLE1 ? 64 : 0) |
           (c->hcr & HCR_VGRP1DIE && !(c->virt.ctlr & CTLR_ENABLE1) ? 128 : 0);
}

void gicv2_virt_update(struct gicv2 *s, unsigned cpu)
{
    struct gicv2_cpu *c = &s->cpu[cpu];
    struct cpu *to = s->dev.m->cpus->pdata[cpu];
    int n = signalled_lr(c);
    bool fiq = n >= 0 && !(c->lr[n] & LR_GROUP1) && c->virt.ctlr & CTLR_FIQEN;
    bool maintenance = c->hcr & HCR_EN && misr(c);

    cpu_irq_set(to, ARM_LINE_VIRQ, n >= 0 && !fiq);
    cpu_irq_set(to, ARM_LINE_VFIQ, fiq);
    if (maintenance != (c->bank.level >> PPI_MAINTENANCE & 1)) {
        gic_bank_input(&c->bank, PPI_MAINTENANCE, maintenance);
        gicv2_update_cpu(s, cpu);
    }
}

/* ---- GICH ---- */

static uint32_t vmcr_read(const struct gicv2_iface *f)
{
    return (f->ctlr & CTLR_ALL) | f->abpr << 18 | f->bpr << 21 | (f->pmr >> 3) << 27;
}

static void vmcr_write(struct gicv2_iface *f, uint32_t v)
{
    f->ctlr = v & CTLR_ALL;
    f->abpr = MAX(v >> 18 & 7, BPR_MIN + 1);
    f->bpr = MAX(v >> 21 & 7, BPR_MIN);
    f->pmr = v >> 27 << 3;
}

/* GICH_APR is one word, a bit for each of 32 priorities; the interface keeps two bits for each, in two groups. Which group
 * an active priority is in is not in the register: it makes no difference to the virtual interface. */
static uint32_t apr_read(const struct gicv2_iface *f)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 32; i++) {
        unsigned bit = 4 * i;

        v |= (uint32_t)((f->apr[0][bit / 32] | f->apr[1][bit / 32]) >> (bit % 32) & 1) << i;
    }
    return v;
}

static void apr_write(struct gicv2_iface *f, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++) {
        f->apr[0][i] = f->apr[1][i] = 0;
    }
    for (unsigned i = 0; i < 32; i++) {
        f->apr[0][i / 8] |= (v >> i & 1) << (4 * i % 32);
    }
}

static enum mem_result hyp_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    struct gicv2_cpu *c = &s->cpu[gicv2_cpu_of(s, attrs)];

    *value = 0;
    switch (offset) {
    case GICH_HCR: *value = c->hcr; break;
    case GICH_VTR: *value = 4u << 29 | 4u << 26 | (GICV2_LRS - 1); break;
    case GICH_VMCR: *value = vmcr_read(&c->virt); break;
    case GICH_MISR: *value = misr(c); break;
    case GICH_EISR0: *value = eisr(c); break;
    case GICH_ELRSR0: *value = elrsr(c); break;
    case GICH_APR: *value = apr_read(&c->virt); break;
    default:
        if (offset >= GICH_LR && offset < GICH_LR + 4 * GICV2_LRS) {
            *value = c->lr[(offset - GICH_LR) / 4];
        }
        break;
    }
    return MEM_OK;
}

static enum mem_result hyp_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned cpu = gicv2_cpu_of(s, attrs);
    struct gicv2_cpu *c = &s->cpu[cpu];

    switch (offset) {
    case GICH_HCR: c->hcr = value & 0xf80000ff; break;
    case GICH_VMCR: vmcr_write(&c->virt, value); break;
    case GICH_APR: apr_write(&c->virt, value); break;
    default:
        if (offset >= GICH_LR && offset < GICH_LR + 4 * GICV2_LRS) {
            c->lr[(offset - GICH_LR) / 4] = value;
        } else {
            log_guest("gicv2: write to no hypervisor register at offset 0x%" G_GINT64_MODIFIER "x", offset);
        }
        break;
    }
    gicv2_virt_update(s, cpu);
    return MEM_OK;
}

const struct mmio_ops gicv2_hyp_ops = { .read = hyp_read, .write = hyp_write, .valid_min = 4, .valid_max = 4 };

/* ---- GICV ---- */

static unsigned readable(const struct gicv2_cpu *c, int n, bool alias)
{
    if (n < 0) {
        return GIC_SPURIOUS;
    }
    if (alias) {
        return c->lr[n] & LR_GROUP1 ? lr_irq(c->lr[n]) : GIC_SPURIOUS;
    }
    return c->lr[n] & LR_GROUP1 && !(c->virt.ctlr & CTLR_ACKCTL) ? GIC_OTHER_GROUP : lr_irq(c->lr[n]);
}

static uint32_t acknowledge(struct gicv2_cpu *c, bool alias)
{
    int n = signalled_lr(c);
    unsigned irq = readable(c, n, alias);
    bool group1;

    if (irq >= GIC_OTHER_GROUP) {
        return irq;
    }
    group1 = c->lr[n] & LR_GROUP1;
    gicv2_activate_priority(&c->virt, lr_priority(c->lr[n]) & group_mask(&c->virt, group1), group1);
    c->lr[n] = (c->lr[n] & ~LR_STATE) | LR_ACTIVE;
    /* A software interrupt of the guest's: the number of the virtual CPU that sent it. */
    return irq < GIC_SGIS && !(c->lr[n] & LR_HW) ? irq | (c->lr[n] >> 10 & 7) << 10 : irq;
}

static void deactivate(struct gicv2 *s, unsigned cpu, unsigned irq)
{
    struct gicv2_cpu *c = &s->cpu[cpu];

    for (unsigned i = 0; i < GICV2_LRS; i++) {
        if (c->lr[i] & LR_ACTIVE && lr_irq(c->lr[i]) == irq) {
            c->lr[i] &= ~LR_ACTIVE;
            if (c->lr[i] & LR_HW) {
                unsigned phys = c->lr[i] >> 10 & 0x3ff;

                if (phys >= GIC_SGIS) {
                    gicv2_deactivate(s, cpu, phys, s->security);
                    gicv2_update(s);
                }
            }
            return;
        }
    }
    /* No list register has it: the hypervisor counts (5.3.1). */
    c->hcr += 1u << HCR_EOICOUNT;
}

static void complete(struct gicv2 *s, unsigned cpu, uint32_t v)
{
    struct gicv2_cpu *c = &s->cpu[cpu];
    bool group1;

    if ((v & 0x3ff) >= GIC_OTHER_GROUP) {
        return;
    }
    if (gicv2_drop_priority(&c->virt, &group1) && !(c->virt.ctlr & CTLR_EOI_MODE)) {
        deactivate(s, cpu, v & 0x3ff);
    }
}

static enum mem_result vcpu_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned cpu = gicv2_cpu_of(s, attrs);
    struct gicv2_cpu *c = &s->cpu[cpu];
    struct gicv2_iface *f = &c->virt;

    *value = 0;
    switch (offset) {
    case 0x00: *value = f->ctlr; break;
    case 0x04: *value = f->pmr; break;
    case 0x08: *value = f->bpr; break;
    case 0x0c: *value = attrs.debug ? 0 : acknowledge(c, false); break;
    case 0x14: *value = MIN(gicv2_running(f), 0xff); break;
    case 0x18: *value = readable(c, best_lr(c), false); break;
    case 0x1c: *value = f->abpr; break;
    case 0x20: *value = attrs.debug ? 0 : acknowledge(c, true); break;
    case 0x28: *value = readable(c, best_lr(c), true); break;
    case 0xd0: *value = apr_read(f); break;
    case 0xfc: *value = 0x0202143b; break;
    default: log_guest("gicv2: read of no virtual interface register at offset 0x%" G_GINT64_MODIFIER "x", offset); break;
    }
    gicv2_virt_update(s, cpu);
    return MEM_OK;
}

static enum mem_result vcpu_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned cpu = gicv2_cpu_of(s, attrs);
    struct gicv2_iface *f = &s->cpu[cpu].virt;

    switch (offset) {
    case 0x00: f->ctlr = value & CTLR_ALL; break;
    case 0x04: f->pmr = value & 0xf8; break;
    case 0x08: f->bpr = MAX(value & 7, BPR_MIN); break;
    case 0x10: case 0x24: complete(s, cpu, value); break;
    case 0x1c: f->abpr = MAX(value & 7, BPR_MIN + 1); break;
    case 0xd0: apr_write(f, value); break;
    case 0x1000: deactivate(s, cpu, value & 0x3ff); break;
    default:
        log_guest("gicv2: write to no virtual interface register at offset 0x%" G_GINT64_MODIFIER "x", offset);
        break;
    }
    gicv2_virt_update(s, cpu);
    return MEM_OK;
}

const struct mmio_ops gicv2_vcpu_ops = { .read = vcpu_read, .write = vcpu_write, .valid_min = 4, .valid_max = 4 };
