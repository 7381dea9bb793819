/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv3's distributor (Arm IHI 0069, 12.9). */
#include "hw/intc/gicv3_impl.h"
#include "system/machine.h"
#include "util/log.h"

enum { GICD_CTLR = 0x0000, GICD_TYPER = 0x0004, GICD_IIDR = 0x0008, GICD_IROUTER = 0x6000, GICD_ID = 0xffd0 };
enum { ENABLES = GICD_ENABLE_G0 | GICD_ENABLE_G1NS | GICD_ENABLE_G1S };
#define ROUTER_BITS 0xff00ffffffull

static uint32_t ctlr_read(const struct gicv3 *s, bool ns)
{
    if (ns) {   /* EnableGrp1A, ARE_NS */
        return (s->ctlr & GICD_ENABLE_G1NS) | (s->ctlr & GICD_ARE_NS) >> 1;
    }
    return s->ctlr;
}

static void ctlr_write(struct gicv3 *s, uint32_t v, bool ns)
{
    if (ns) {
        s->ctlr = (s->ctlr & ~GICD_ENABLE_G1NS) | (v & GICD_ENABLE_G1NS);
    } else if (gicv3_ds(s)) {
        s->ctlr = (s->ctlr & ~(GICD_ENABLE_G0 | GICD_ENABLE_G1NS)) | (v & (GICD_ENABLE_G0 | GICD_ENABLE_G1NS));
    } else {
        s->ctlr = (s->ctlr & ~ENABLES) | (v & ENABLES);
        if (v & GICD_DS) {      /* one way, until a reset */
            s->ctlr = (s->ctlr & ~(GICD_ENABLE_G1S | GICD_ARE_NS)) | GICD_DS;
        }
    }
    gicv3_update(s);
}

static uint32_t typer(const struct gicv3 *s)
{
    return (s->num_irqs / 32 - 1) | (uint32_t)!gicv3_ds(s) << 10 | (uint32_t)s->lpis << 17 | (GICV3_ID_BITS - 1) << 19 |
           1u << 25;        /* No1N */
}

/* Is there an SPI that this access may see? */
static bool reachable(const struct gicv3 *s, unsigned irq, bool ns)
{
    return irq >= GIC_INTERNAL && irq < s->num_irqs && (!ns || s->spi[irq / 32].group >> (irq % 32) & 1);
}

static uint64_t dist_read(struct gicv3 *s, uint64_t offset, bool ns)
{
    static const uint8_t ids[] = { 0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
    int irq = gic_bank_of(offset);

    if (offset >= GICD_ID) {
        return ids[(offset - GICD_ID) / 4];
    }
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 0x2000) {
        unsigned n = (offset - GICD_IROUTER) / 8;

        return reachable(s, n, ns) ? s->router[n] >> (offset & 4 ? 32 : 0) : 0;
    }
    if (irq >= 0) {
        struct gic_view v;

        if (irq < GIC_INTERNAL || (unsigned)irq >= s->num_irqs) {
            return 0;       /* the redistributors' */
        }
        v = gicv3_view(s, &s->spi[irq / 32], ns);
        return gic_bank_read(&s->spi[irq / 32], &v, offset);
    }
    switch (offset) {
    case GICD_CTLR: return ctlr_read(s, ns);
    case GICD_TYPER: return typer(s);
    case GICD_IIDR: return 0x43b;
    default: return 0;      /* reserved, and what affinity routing makes so */
    }
}

static void dist_write(struct gicv3 *s, uint64_t offset, uint32_t value, uint32_t lanes, bool ns)
{
    int irq = gic_bank_of(offset);

    if (offset >= GICD_IROUTER && offset < GICD_IROUTER + 0x2000) {
        unsigned n = (offset - GICD_IROUTER) / 8, shift = offset & 4 ? 32 : 0;

        if (reachable(s, n, ns)) {
            s->router[n] = ((s->router[n] & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value << shift) & ROUTER_BITS;
            gicv3_update(s);
        }
    } else if (irq >= GIC_INTERNAL && (unsigned)irq < s->num_irqs) {
        struct gic_view v = gicv3_view(s, &s->spi[irq / 32], ns);

        gic_bank_write(&s->spi[irq / 32], &v, offset, value, lanes);
        gicv3_update(s);
    } else if (offset == GICD_CTLR) {
        ctlr_write(s, value, ns);
    } else {
        log_guest("gicv3: write to no register, or a read-only one, at offset 0x%" G_GINT64_MODIFIER "x", offset);
    }
}

static enum mem_result mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gicv3 *s = opaque;
    bool ns = gicv3_ns(s, attrs);

    *value = dist_read(s, offset & ~3ull, ns) >> (8 * (offset & 3));
    if (size == 8) {
        *value = (uint32_t)*value | dist_read(s, offset + 4, ns) << 32;
    }
    return MEM_OK;
}

static enum mem_result mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gicv3 *s = opaque;
    unsigned shift = 8 * (offset & 3);
    uint32_t lanes = (size >= 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift;
    bool ns = gicv3_ns(s, attrs);

    dist_write(s, offset & ~3ull, (uint32_t)value << shift, lanes, ns);
    if (size == 8) {
        dist_write(s, offset + 4, value >> 32, UINT32_MAX, ns);
    }
    return MEM_OK;
}

const struct mmio_ops gicv3_dist_ops = { .read = mmio_read, .write = mmio_write };
