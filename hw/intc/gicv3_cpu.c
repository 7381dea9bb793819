/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv3's CPU interface: the ICC_* system registers (Arm IHI 0069, 12.2). Calls come from the vCPU threads and take the
 * machine lock.
 */
#include <string.h>

#include "hw/intc/gicv3_impl.h"
#include "system/machine.h"

enum { BPR_MIN = 2, SRE_EL1 = 7, SRE_HIGHER = 15 };
/* ICC_CTLR: five priority bits, sixteen interrupt number bits. */
#define CTLR_FIXED (4u << 8 | 1u << 15)
#define CTLR_EL3_FIXED (CTLR_FIXED | 1u << 17)      /* nDS: there may be secure interrupts */
enum { CTLR_WRITABLE = CTLR_CBPR | CTLR_EOI_MODE };

/* One access: whose interface, and what the access may see. */
struct call {
    struct gicv3 *s;
    struct gicv3_cpu *c;
    unsigned cpu;
    bool ns;                    /* there are two security states and this is the non-secure one */
    enum gicv3_group group1;    /* which group 1 the access means */
};

void gicv3_cpu_reset(struct gicv3_cpu *c)
{
    struct gic_bank bank = c->bank;

    memset(c, 0, sizeof(*c));
    c->bank = bank;
    c->waker = 6;
    c->bpr[G0] = c->bpr[G1S] = BPR_MIN;
    c->bpr[G1NS] = BPR_MIN + 1;
    c->vbpr[0] = BPR_MIN;
    c->vbpr[1] = BPR_MIN + 1;
    c->best.irq = GIC_SPURIOUS;
}

/* ---- priorities ---- */

static bool common_bpr(const struct gicv3_cpu *c, unsigned group)
{
    return group != G0 && c->ctlr[group == G1NS] & CTLR_CBPR;
}

static uint8_t mask_of(const struct gicv3_cpu *c, unsigned group)
{
    return common_bpr(c, group) ? gicv3_group_mask(c->bpr[G0], false)
                                : gicv3_group_mask(c->bpr[group], group == G1NS);
}

/* The highest active priority, 0x100: none. */
static unsigned running(const struct gicv3_cpu *c)
{
    uint32_t bits = c->apr[G0] | c->apr[G1S] | c->apr[G1NS];

    return bits ? __builtin_ctz(bits) << 3 : 0x100;
}

bool gicv3_can_signal(const struct gicv3 *s, const struct gicv3_cpu *c, const struct gicv3_best *b)
{
    return b->irq != GIC_SPURIOUS && b->priority < c->pmr && (b->priority & mask_of(c, b->group)) < running(c);
}

/* ---- acknowledge and complete ---- */

static uint32_t acknowledge(struct call *k, bool group1)
{
    struct gicv3_best b;

    gicv3_update_cpu(k->s, k->cpu);
    b = k->c->best;
    if (!gicv3_can_signal(k->s, k->c, &b) || b.group != (group1 ? k->group1 : G0)) {
        return GIC_SPURIOUS;
    }
    k->c->apr[b.group] |= 1u << ((b.priority & mask_of(k->c, b.group)) >> 3);
    if (b.irq >= GICV3_LPI_FIRST) {
        gicv3_set_lpi(k->s, k->cpu, b.irq, false);
    } else {
        gic_bank_activate(gicv3_bank(k->s, k->cpu, b.irq), b.irq % 32);
    }
    gicv3_update_cpu(k->s, k->cpu);
    return b.irq;
}

static uint32_t highest_pending(struct call *k, bool group1)
{
    const struct gicv3_best *b = &k->c->best;

    return b->irq != GIC_SPURIOUS && b->group == (group1 ? k->group1 : G0) ? b->irq : GIC_SPURIOUS;
}

void gicv3_deactivate(struct gicv3 *s, unsigned cpu, uint32_t irq)
{
    if (irq < s->num_irqs) {
        gicv3_bank(s, cpu, irq)->active &= ~(1u << (irq % 32));
        /* An SPI may have been taken by another CPU than it goes to now. */
        gicv3_update_cpu(s, irq < GIC_INTERNAL ? cpu : MIN(gicv3_route(s, irq), s->num_cpus - 1));
    }
}

static void complete(struct call *k, uint32_t irq, bool group1)
{
    struct gicv3_cpu *c = k->c;
    uint32_t all = c->apr[G0] | c->apr[G1S] | c->apr[G1NS], top = all & -all;
    enum gicv3_group group = group1 ? k->group1 : G0;

    if ((irq >= 1020 && irq < GICV3_LPI_FIRST) || !(c->apr[group] & top)) {
        return;         /* nothing that this register may complete is active */
    }
    c->apr[group] &= ~top;
    if (!(c->ctlr[k->ns || gicv3_ds(k->s)] & CTLR_EOI_MODE)) {
        gicv3_deactivate(k->s, k->cpu, irq);
    }
    gicv3_update_cpu(k->s, k->cpu);
}

/* ICC_DIR: only what this security state may see. */
static void deactivate(struct call *k, uint32_t irq)
{
    if (irq < k->s->num_irqs &&
        (!k->ns || gicv3_group_of(k->s, gicv3_bank(k->s, k->cpu, irq), irq % 32) == G1NS)) {
        gicv3_deactivate(k->s, k->cpu, irq);
    }
}

/* ---- software interrupts ---- */

static void send_sgi(struct call *k, uint64_t v, enum gicv3_group group)
{
    unsigned irq = v >> 24 & 15;
    uint32_t cluster = (v >> 48 & 0xff) << 24 | (v >> 32 & 0xff) << 16 | (v >> 16 & 0xff) << 8;

    for (unsigned i = 0; i < k->s->num_cpus; i++) {
        uint32_t affinity = gicv3_affinity(k->s, i), aff0 = affinity & 0xff;
        bool to = v >> 40 & 1 ? i != k->cpu
                              : (affinity & ~0xffu) == cluster && aff0 / 16 == (v >> 44 & 15) && v >> (aff0 % 16) & 1;

        if (to) {
            gicv3_redist_sgi(k->s, i, irq, group, k->ns);
        }
    }
}

/* ---- registers with views ---- */

static uint32_t pmr_read(const struct call *k)
{
    return !k->ns ? k->c->pmr : k->c->pmr & 0x80 ? (k->c->pmr << 1) & 0xff : 0;
}

static void pmr_write(struct call *k, uint32_t v)
{
    if (!k->ns) {
        k->c->pmr = v & GICV3_PRIORITY_MASK;
    } else if (k->c->pmr & 0x80) {
        k->c->pmr = (0x80 | (v & 0xff) >> 1) & GICV3_PRIORITY_MASK;
    }
}

static uint32_t running_read(const struct call *k)
{
    unsigned p = MIN(running(k->c), 0xff);

    return !k->ns || p == 0xff ? p : p & 0x80 ? (p << 1) & 0xff : 0;
}

static uint32_t bpr1_read(const struct call *k)
{
    if (common_bpr(k->c, k->group1)) {
        return k->ns ? MIN(k->c->bpr[G0] + 1, 7) : k->c->bpr[G0];
    }
    return k->c->bpr[k->group1];
}

static void bpr1_write(struct call *k, uint32_t v)
{
    if (common_bpr(k->c, k->group1)) {
        if (!k->ns) {
            k->c->bpr[G0] = MAX(v & 7, BPR_MIN);
        }
        return;
    }
    k->c->bpr[k->group1] = MAX(v & 7, (unsigned)(k->group1 == G1NS ? BPR_MIN + 1 : BPR_MIN));
}

/* Which of the two ICC_CTLRs: with one security state they are one. */
static uint32_t *ctlr_of(const struct call *k)
{
    return &k->c->ctlr[k->group1 == G1NS];
}

static uint64_t ctlr_el3_read(const struct call *k)
{
    const uint32_t *ctlr = k->c->ctlr;

    return CTLR_EL3_FIXED | (ctlr[0] & CTLR_CBPR) | (ctlr[1] & CTLR_CBPR) << 1 | (ctlr[0] & CTLR_EOI_MODE) << 2 |
           (ctlr[1] & CTLR_EOI_MODE) << 3 | (ctlr[0] & CTLR_EOI_MODE) << 1;
}

static void ctlr_el3_write(struct call *k, uint64_t v)
{
    k->c->ctlr[0] = (v & CTLR_CBPR) | (v >> 2 & CTLR_EOI_MODE);
    k->c->ctlr[1] = (v >> 1 & CTLR_CBPR) | (v >> 3 & CTLR_EOI_MODE);
}

/* ---- dispatch ---- */

static struct call call_of(struct gicv3 *s, struct cpu *cpu, const struct cpu_reg_access *a)
{
    bool two = cpu->levels & 8;         /* EL3: there are two security states */

    return (struct call) { .s = s, .cpu = cpu->index, .c = gicv3_cpu(s, cpu->index),
                           .ns = two && !gicv3_ds(s) && !(a->flags & ARM_ACCESS_SECURE),
                           .group1 = !two || a->flags & ARM_ACCESS_NS ? G1NS : G1S };
}

/* Does the access go to the virtual interface? Registers of both groups do if either group is virtual. */
static bool is_virtual(const struct cpu_reg_access *a)
{
    bool irq = a->flags & ARM_ACCESS_VIRT_IRQ, fiq = a->flags & ARM_ACCESS_VIRT_FIQ;

    switch (a->reg) {
    case ICC_IAR0: case ICC_EOIR0: case ICC_HPPIR0: case ICC_BPR0: case ICC_IGRPEN0:
        return fiq;
    case ICC_IAR1: case ICC_EOIR1: case ICC_HPPIR1: case ICC_BPR1: case ICC_IGRPEN1:
        return irq;
    case ICC_PMR: case ICC_DIR: case ICC_RPR: case ICC_CTLR:
        return irq || fiq;
    default:
        return (a->reg >= ICC_AP0R0 && a->reg <= ICC_AP0R3 && fiq) || (a->reg >= ICC_AP1R0 && a->reg <= ICC_AP1R3 && irq);
    }
}

static bool is_hyp(uint32_t reg)
{
    return (reg >= ICH_AP0R0 && reg <= ICH_AP1R3) || (reg >= ICH_HCR && reg <= ICH_VMCR) ||
           (reg >= ICH_LR0 && reg <= ICH_LR15);
}

static bool phys_read(struct call *k, uint32_t reg, uint64_t *v)
{
    switch (reg) {
    case ICC_PMR: *v = pmr_read(k); return true;
    case ICC_IAR0: *v = k->ns ? GIC_SPURIOUS : acknowledge(k, false); return true;
    case ICC_IAR1: *v = acknowledge(k, true); return true;
    case ICC_HPPIR0: *v = k->ns ? GIC_SPURIOUS : highest_pending(k, false); return true;
    case ICC_HPPIR1: *v = highest_pending(k, true); return true;
    case ICC_BPR0: *v = k->ns ? 0 : k->c->bpr[G0]; return true;
    case ICC_BPR1: *v = bpr1_read(k); return true;
    case ICC_AP0R0: *v = k->ns ? 0 : k->c->apr[G0]; return true;
    case ICC_AP1R0: *v = k->c->apr[k->group1]; return true;
    case ICC_RPR: *v = running_read(k); return true;
    case ICC_CTLR: *v = CTLR_FIXED | *ctlr_of(k); return true;
    case ICC_SRE: *v = SRE_EL1; return true;
    case ICC_SRE_EL2: case ICC_SRE_EL3: *v = SRE_HIGHER; return true;
    case ICC_IGRPEN0: *v = k->ns ? 0 : k->c->enable[G0]; return true;
    case ICC_IGRPEN1: *v = k->c->enable[k->group1]; return true;
    case ICC_IGRPEN1_EL3: *v = k->c->enable[G1NS] | k->c->enable[G1S] << 1; return true;
    case ICC_CTLR_EL3: *v = ctlr_el3_read(k); return true;
    default: return false;
    }
}

static bool phys_write(struct call *k, uint32_t reg, uint64_t v)
{
    switch (reg) {
    case ICC_PMR: pmr_write(k, v); break;
    case ICC_EOIR0: if (!k->ns) { complete(k, v & 0xffffff, false); } break;
    case ICC_EOIR1: complete(k, v & 0xffffff, true); break;
    case ICC_BPR0: k->c->bpr[G0] = k->ns ? k->c->bpr[G0] : MAX(v & 7, BPR_MIN); break;
    case ICC_BPR1: bpr1_write(k, v); break;
    case ICC_AP0R0: k->c->apr[G0] = k->ns ? k->c->apr[G0] : v; break;
    case ICC_AP1R0: k->c->apr[k->group1] = v; break;
    case ICC_DIR: deactivate(k, v & 0xffffff); break;
    case ICC_SGI0R: send_sgi(k, v, G0); break;
    case ICC_SGI1R: send_sgi(k, v, k->group1); break;
    case ICC_ASGI1R: send_sgi(k, v, k->group1 == G1NS ? G1S : G1NS); break;
    case ICC_CTLR: *ctlr_of(k) = v & CTLR_WRITABLE; break;
    case ICC_SRE: case ICC_SRE_EL2: case ICC_SRE_EL3: break;    /* system registers only */
    case ICC_IGRPEN0: k->c->enable[G0] = k->ns ? k->c->enable[G0] : v & 1; break;
    case ICC_IGRPEN1: k->c->enable[k->group1] = v & 1; break;
    case ICC_IGRPEN1_EL3: k->c->enable[G1NS] = v & 1; k->c->enable[G1S] = v >> 1 & 1; break;
    case ICC_CTLR_EL3: ctlr_el3_write(k, v); break;
    default: return false;
    }
    gicv3_update_cpu(k->s, k->cpu);
    return true;
}

bool gicv3_reg_read(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t *value)
{
    struct gicv3 *s = opaque;
    struct call k = call_of(s, cpu, a);
    bool ok;

    *value = 0;
    machine_lock(s->dev.m);
    if (is_hyp(a->reg)) {
        ok = gicv3_hyp_read(s, cpu->index, a->reg, value);
    } else if (is_virtual(a)) {
        ok = gicv3_virt_read(s, cpu->index, a->reg, value);
    } else {
        ok = phys_read(&k, a->reg, value);
    }
    machine_unlock(s->dev.m);
    return ok;
}

bool gicv3_reg_write(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t value)
{
    struct gicv3 *s = opaque;
    struct call k = call_of(s, cpu, a);
    bool ok;

    machine_lock(s->dev.m);
    if (is_hyp(a->reg)) {
        ok = gicv3_hyp_write(s, cpu->index, a->reg, value);
    } else if (is_virtual(a)) {
        ok = gicv3_virt_write(s, cpu->index, a->reg, value);
    } else {
        ok = phys_write(&k, a->reg, value);
    }
    machine_unlock(s->dev.m);
    return ok;
}
