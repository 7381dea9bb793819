/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv2's CPU interfaces (Arm IHI 0048B, chapter 4.4). */
#include "hw/intc/gicv2_impl.h"
#include "system/machine.h"
#include "util/log.h"

enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_IAR = 0x0c, GICC_EOIR = 0x10, GICC_RPR = 0x14,
       GICC_HPPIR = 0x18, GICC_ABPR = 0x1c, GICC_AIAR = 0x20, GICC_AEOIR = 0x24, GICC_AHPPIR = 0x28, GICC_APR = 0xd0,
       GICC_NSAPR = 0xe0, GICC_IIDR = 0xfc, GICC_DIR = 0x1000 };
enum { CTLR_ENABLE0 = 1, CTLR_ENABLE1 = 2, CTLR_ACKCTL = 4, CTLR_FIQEN = 8, CTLR_CBPR = 16, CTLR_EOI_MODE_S = 0x200,
       CTLR_EOI_MODE_NS = 0x400, CTLR_SECURE = 0x7ff };
/* The non-secure view: group 1's bits at the place of group 0's. */
enum { CTLR_NS_SHIFTED = 0x1e1 };

unsigned gicv2_running(const struct gicv2_iface *f)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t bits = f->apr[0][i] | f->apr[1][i];

        if (bits) {
            return (32 * i + __builtin_ctz(bits)) << 1;
        }
    }
    return 0x100;
}

void gicv2_activate_priority(struct gicv2_iface *f, uint8_t priority, bool group1)
{
    f->apr[group1][priority >> 6] |= 1u << (priority >> 1 & 31);
}

bool gicv2_drop_priority(struct gicv2_iface *f, bool *group1)
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t bits = f->apr[0][i] | f->apr[1][i];

        if (bits) {
            *group1 = !(f->apr[0][i] & (bits & -bits));
            f->apr[0][i] &= ~(bits & -bits);
            f->apr[1][i] &= ~(bits & -bits);
            return true;
        }
    }
    return false;
}

static uint8_t group_mask(const struct gicv2_iface *f, bool group1)
{
    return group1 && !(f->ctlr & CTLR_CBPR) ? gicv2_group_mask(f->abpr, true) : gicv2_group_mask(f->bpr, false);
}

/* The interrupt that the interface would signal. */
static struct gicv2_best signalled(struct gicv2 *s, unsigned cpu)
{
    const struct gicv2_iface *f = &s->cpu[cpu].phys;
    struct gicv2_best best = gicv2_best(s, cpu);

    if (best.irq != GIC_SPURIOUS &&
        (best.priority >= f->pmr || (best.priority & group_mask(f, best.group1)) >= gicv2_running(f))) {
        best.irq = GIC_SPURIOUS;
    }
    return best;
}

bool gicv2_signals(struct gicv2 *s, unsigned cpu, bool *irq, bool *fiq)
{
    const struct gicv2_iface *f = &s->cpu[cpu].phys;
    struct gicv2_best best = signalled(s, cpu);
    bool on = best.irq != GIC_SPURIOUS && (f->ctlr & (best.group1 ? CTLR_ENABLE1 : CTLR_ENABLE0));

    *fiq = on && !best.group1 && (f->ctlr & CTLR_FIQEN);
    *irq = on && !*fiq;
    return on;
}

/* Which interrupt a read of IAR or HPPIR names to this reader (tables 4-38, 4-44): alias is the register for group 1. */
static unsigned readable(const struct gicv2 *s, const struct gicv2_iface *f, struct gicv2_best best, bool ns, bool alias)
{
    if (best.irq == GIC_SPURIOUS || !(f->ctlr & (best.group1 ? CTLR_ENABLE1 : CTLR_ENABLE0))) {
        return GIC_SPURIOUS;
    }
    if (ns || alias) {
        return best.group1 ? best.irq : GIC_SPURIOUS;
    }
    return best.group1 && !(f->ctlr & CTLR_ACKCTL) ? GIC_OTHER_GROUP : best.irq;
}

static uint32_t acknowledge(struct gicv2 *s, unsigned cpu, bool ns, bool alias)
{
    struct gicv2_cpu *c = &s->cpu[cpu];
    struct gicv2_best best = signalled(s, cpu);
    unsigned irq = readable(s, &c->phys, best, ns, alias), from = 0;

    if (irq >= GIC_OTHER_GROUP) {
        return irq;
    }
    gicv2_activate_priority(&c->phys, best.priority & group_mask(&c->phys, best.group1), best.group1);
    gic_bank_activate(gicv2_bank(s, cpu, irq), irq % 32);
    if (irq < GIC_SGIS && c->sgi_from[irq]) {
        from = __builtin_ctz(c->sgi_from[irq]);
        c->sgi_from[irq] &= c->sgi_from[irq] - 1;
        if (c->sgi_from[irq]) {
            c->bank.latch |= 1u << irq;
        }
    }
    gicv2_update(s);
    return irq | from << 10;
}

void gicv2_deactivate(struct gicv2 *s, unsigned cpu, unsigned irq, bool ns)
{
    struct gic_bank *b;

    if (irq >= s->num_irqs) {
        return;
    }
    b = gicv2_bank(s, cpu, irq);
    if (!ns || b->group >> (irq % 32) & 1) {
        b->active &= ~(1u << (irq % 32));
    }
}

/* The priority drops even if the number names no active interrupt: software may complete out of order (3.2.1). */
static void complete(struct gicv2 *s, unsigned cpu, uint32_t v, bool ns)
{
    struct gicv2_iface *f = &s->cpu[cpu].phys;
    unsigned irq = v & 0x3ff;
    bool group1;

    if (irq >= s->num_irqs) {
        return;
    }
    gicv2_drop_priority(f, &group1);
    if (!(f->ctlr & (ns ? CTLR_EOI_MODE_NS : CTLR_EOI_MODE_S))) {
        gicv2_deactivate(s, cpu, irq, ns);
    }
    gicv2_update(s);
}

static uint32_t pmr_read(const struct gicv2_iface *f, bool ns)
{
    return !ns ? f->pmr : f->pmr & 0x80 ? (f->pmr << 1) & 0xff : 0;
}

static void pmr_write(struct gicv2_iface *f, uint32_t v, bool ns)
{
    if (!ns) {
        f->pmr = v & 0xff;
    } else if (f->pmr & 0x80) {
        f->pmr = 0x80 | (v & 0xff) >> 1;
    }
}

static uint32_t running_read(const struct gicv2_iface *f, bool ns)
{
    unsigned p = MIN(gicv2_running(f), 0xff);

    return !ns ? p : p & 0x80 ? (p << 1) & 0xff : 0;
}

static uint32_t ctlr_read(const struct gicv2_iface *f, bool ns)
{
    return ns ? (f->ctlr >> 1 & CTLR_NS_SHIFTED) : f->ctlr;
}

static void ctlr_write(struct gicv2_iface *f, uint32_t v, bool ns)
{
    f->ctlr = ns ? (f->ctlr & ~(CTLR_NS_SHIFTED << 1)) | (v & CTLR_NS_SHIFTED) << 1 : v & CTLR_SECURE;
}

static enum mem_result read_reg(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned cpu = gicv2_cpu_of(s, attrs);
    struct gicv2_iface *f = &s->cpu[cpu].phys;
    bool ns = gicv2_ns(s, attrs);

    *value = 0;
    switch (offset) {
    case GICC_CTLR: *value = ctlr_read(f, ns); break;
    case GICC_PMR: *value = pmr_read(f, ns); break;
    case GICC_BPR: *value = ns ? f->abpr : f->bpr; break;
    case GICC_ABPR: *value = ns ? 0 : f->abpr; break;
    case GICC_IAR: *value = attrs.debug ? 0 : acknowledge(s, cpu, ns, false); break;
    case GICC_AIAR: *value = attrs.debug || ns ? 0 : acknowledge(s, cpu, ns, true); break;
    case GICC_RPR: *value = running_read(f, ns); break;
    case GICC_HPPIR: *value = readable(s, f, gicv2_best(s, cpu), ns, false); break;
    case GICC_AHPPIR: *value = readable(s, f, gicv2_best(s, cpu), ns, true); break;
    case GICC_APR: case GICC_APR + 4: case GICC_APR + 8: case GICC_APR + 12:
        *value = ns ? 0 : f->apr[0][(offset - GICC_APR) / 4];
        break;
    case GICC_NSAPR: case GICC_NSAPR + 4: case GICC_NSAPR + 8: case GICC_NSAPR + 12:
        *value = f->apr[1][(offset - GICC_NSAPR) / 4];
        break;
    case GICC_IIDR: *value = 0x0202143b; break;
    default: log_guest("gicv2: read of no CPU interface register at offset 0x%" G_GINT64_MODIFIER "x", offset); break;
    }
    return MEM_OK;
}

static enum mem_result write_reg(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned cpu = gicv2_cpu_of(s, attrs);
    struct gicv2_iface *f = &s->cpu[cpu].phys;
    bool ns = gicv2_ns(s, attrs);

    switch (offset) {
    case GICC_CTLR: ctlr_write(f, value, ns); break;
    case GICC_PMR: pmr_write(f, value, ns); break;
    case GICC_BPR:
        if (ns) {
            f->abpr = MAX(value & 7, 1);
        } else {
            f->bpr = value & 7;
        }
        break;
    case GICC_ABPR: f->abpr = ns ? f->abpr : MAX(value & 7, 1); break;
    case GICC_EOIR: complete(s, cpu, value, ns); break;
    case GICC_AEOIR: complete(s, cpu, value, true); break;
    case GICC_APR: case GICC_APR + 4: case GICC_APR + 8: case GICC_APR + 12:
        f->apr[0][(offset - GICC_APR) / 4] = ns ? f->apr[0][(offset - GICC_APR) / 4] : value;
        break;
    case GICC_NSAPR: case GICC_NSAPR + 4: case GICC_NSAPR + 8: case GICC_NSAPR + 12:
        f->apr[1][(offset - GICC_NSAPR) / 4] = value;
        break;
    case GICC_DIR:
        gicv2_deactivate(s, cpu, value & 0x3ff, ns);
        gicv2_update(s);
        break;
    default:
        log_guest("gicv2: write to no CPU interface register, or a read-only one, at offset 0x%" G_GINT64_MODIFIER "x",
                  offset);
        break;
    }
    gicv2_update_cpu(s, cpu);
    return MEM_OK;
}

const struct mmio_ops gicv2_cpu_ops = { .read = read_reg, .write = write_reg, .valid_min = 4, .valid_max = 4 };
