/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm Generic Interrupt Controller, architecture version 2.0 (Arm IHI 0048B), as a GIC-400: up to eight CPUs.
 *
 * Regions: distributor (the device's own, 4 KiB), CPU interfaces (8 KiB, banked by CPU), and with virtualization the
 * hypervisor's control registers and the virtual CPU interfaces: gicv2_map. Inputs: SPIs from 0 on, then 32 for each CPU,
 * of which 16 to 31 are its private interrupts: gic_ppi. Outputs: the CPUs' IRQ, FIQ and virtual lines.
 *
 * Not modelled: GICD_NSACR (non-secure software gets no secure interrupts), power management (wake-up signals).
 */
#include <string.h>

#include "hw/intc/gicv2_impl.h"
#include "system/cpu.h"
#include "system/cpu_arm.h"
#include "system/machine.h"
#include "util/log.h"

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IIDR = 0x008, GICD_ITARGETSR = 0x800, GICD_SGIR = 0xf00,
       GICD_CPENDSGIR = 0xf10, GICD_SPENDSGIR = 0xf20, GICD_ID = 0xfd0 };

#define IIDR_GIC400 0x0200143bu

unsigned gicv2_cpu_of(const struct gicv2 *s, struct mem_attrs attrs)
{
    return attrs.cpu >= 0 && (unsigned)attrs.cpu < s->num_cpus ? (unsigned)attrs.cpu : 0;
}

struct gic_bank *gicv2_bank(struct gicv2 *s, unsigned cpu, unsigned irq)
{
    return irq < GIC_INTERNAL ? &s->cpu[cpu].bank : &s->spi[irq / 32];
}

/* ---- which interrupt ---- */

/* SPIs of a bank that go to a CPU. With one CPU the targets are not there (4.3.12). */
static uint32_t targeted(const struct gicv2 *s, unsigned cpu, unsigned bank, uint32_t bits)
{
    uint32_t out = 0;

    if (!bank || s->num_cpus == 1) {
        return bits;
    }
    for (; bits; bits &= bits - 1) {
        unsigned n = __builtin_ctz(bits);

        if (s->targets[32 * bank + n] >> cpu & 1) {
            out |= 1u << n;
        }
    }
    return out;
}

struct gicv2_best gicv2_best(struct gicv2 *s, unsigned cpu)
{
    struct gicv2_best best = { .irq = GIC_SPURIOUS, .priority = 0xff };

    for (unsigned w = 0; w < s->num_irqs / 32; w++) {
        const struct gic_bank *b = gicv2_bank(s, cpu, 32 * w);
        uint32_t groups = (s->ctlr & 1 ? ~b->group : 0) | (s->ctlr & 2 ? b->group : 0);

        for (uint32_t bits = targeted(s, cpu, w, gic_bank_pending(b) & b->enabled & ~b->active & groups); bits;
             bits &= bits - 1) {
            unsigned n = __builtin_ctz(bits);

            if (b->priority[n] < best.priority) {
                best = (struct gicv2_best) { 32 * w + n, b->priority[n], b->group >> n & 1 };
            }
        }
    }
    return best;
}

void gicv2_update_cpu(struct gicv2 *s, unsigned cpu)
{
    struct cpu *c = s->dev.m->cpus->pdata[cpu];
    bool irq, fiq;

    gicv2_signals(s, cpu, &irq, &fiq);
    cpu_irq_set(c, ARM_LINE_IRQ, irq);
    cpu_irq_set(c, ARM_LINE_FIQ, fiq);
    if (s->virtualization) {
        gicv2_virt_update(s, cpu);
    }
}

void gicv2_update(struct gicv2 *s)
{
    for (unsigned i = 0; i < s->num_cpus; i++) {
        gicv2_update_cpu(s, i);
    }
}

static void update(struct device *d)
{
    gicv2_update((struct gicv2 *)d);
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct gicv2 *s = (struct gicv2 *)d;
    unsigned spis = s->num_irqs - GIC_INTERNAL, cpu = 0, irq = n + GIC_INTERNAL;

    if (n >= spis) {
        cpu = (n - spis) / 32;
        irq = (n - spis) % 32;
    }
    g_assert(cpu < s->num_cpus && (n < spis || irq >= GIC_SGIS));
    gic_bank_input(gicv2_bank(s, cpu, irq), irq % 32, level);
    if (n >= spis) {
        gicv2_update_cpu(s, cpu);
    } else {
        gicv2_update(s);
    }
}

struct irq_line gic_ppi(struct device *d, unsigned cpu, unsigned ppi)
{
    const struct prop *p = device_find_prop(d->type, "num-irq");
    uint32_t num_irqs = *(uint32_t *)((char *)d + p->offset);

    return device_input(d, num_irqs - GIC_INTERNAL + 32 * cpu + ppi);
}

/* ---- distributor ---- */

static struct gic_view view_of(const struct gicv2 *s, const struct gic_bank *b, unsigned irq, bool ns, uint64_t offset)
{
    struct gic_view v = { .visible = ns ? b->group : UINT32_MAX, .ns = ns, .can_group = !ns, .priority_mask = 0xff };

    if (irq >= s->num_irqs) {
        v.visible = 0;
        v.can_group = false;
    }
    /* SGIs' pending bits change by GICD_SPENDSGIR and CPENDSGIR, and they are always enabled (4.3.5, 4.3.7). */
    if (irq < GIC_INTERNAL && offset >= 0x100 && offset < 0x300) {
        v.visible &= 0xffff0000;
    }
    return v;
}

static uint32_t targets_read(struct gicv2 *s, unsigned cpu, unsigned irq, bool ns)
{
    uint32_t out = 0;

    for (unsigned i = irq; i < irq + 4 && i < s->num_irqs; i++) {
        uint8_t t = i < GIC_INTERNAL ? 1u << cpu : s->targets[i];

        if (s->num_cpus > 1 && (!ns || gicv2_bank(s, cpu, i)->group >> (i % 32) & 1)) {
            out |= (uint32_t)t << (8 * (i - irq));
        }
    }
    return out;
}

static void targets_write(struct gicv2 *s, unsigned irq, uint32_t value, uint32_t lanes, bool ns)
{
    for (unsigned i = MAX(irq, GIC_INTERNAL); i < irq + 4 && i < s->num_irqs; i++) {
        unsigned shift = 8 * (i - irq);

        if ((lanes >> shift & 1) && (!ns || s->spi[i / 32].group >> (i % 32) & 1)) {
            s->targets[i] = (value >> shift) & ((1u << s->num_cpus) - 1);
        }
    }
}

/* GICD_SGIR: sends an SGI to a list of CPUs, all others, or the sender (4.3.15). */
static void send_sgi(struct gicv2 *s, unsigned from, uint32_t v, bool ns)
{
    unsigned irq = v & 0xf, all = (1u << s->num_cpus) - 1;
    unsigned to = (v >> 24 & 3) == 0 ? v >> 16 & all : (v >> 24 & 3) == 1 ? all & ~(1u << from)
                : (v >> 24 & 3) == 2 ? 1u << from : 0;
    bool wants_group1 = ns || v >> 15 & 1;

    for (unsigned i = 0; i < s->num_cpus; i++) {
        struct gicv2_cpu *c = &s->cpu[i];

        if ((to >> i & 1) && (!s->security || (c->bank.group >> irq & 1) == wants_group1)) {
            c->sgi_from[irq] |= 1u << from;
            c->bank.latch |= 1u << irq;
            gicv2_update_cpu(s, i);
        }
    }
}

static uint32_t sgi_pending_read(struct gicv2 *s, unsigned cpu, unsigned first, bool ns)
{
    uint32_t out = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (!ns || s->cpu[cpu].bank.group >> (first + i) & 1) {
            out |= (uint32_t)s->cpu[cpu].sgi_from[first + i] << (8 * i);
        }
    }
    return out;
}

static void sgi_pending_write(struct gicv2 *s, unsigned cpu, unsigned first, uint32_t v, bool set, bool ns)
{
    struct gicv2_cpu *c = &s->cpu[cpu];

    for (unsigned i = first; i < first + 4; i++, v >>= 8) {
        if (ns && !(c->bank.group >> i & 1)) {
            continue;
        }
        c->sgi_from[i] = set ? c->sgi_from[i] | (v & ((1u << s->num_cpus) - 1)) : c->sgi_from[i] & ~v;
        c->bank.latch = c->sgi_from[i] ? c->bank.latch | 1u << i : c->bank.latch & ~(1u << i);
    }
    gicv2_update_cpu(s, cpu);
}

static uint32_t dist_read(struct gicv2 *s, unsigned cpu, uint64_t offset, bool ns)
{
    /* PeriphID4-7, 0-3, CompID0-3 of a GIC-400: architecture version 2 in PeriphID2. */
    static const uint8_t ids[] = { 0x04, 0, 0, 0, 0x90, 0xb4, 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
    int irq = gic_bank_of(offset);

    if (offset >= GICD_ID) {
        return ids[(offset - GICD_ID) / 4];
    }
    if (offset >= GICD_ITARGETSR && offset < 0xc00) {
        return targets_read(s, cpu, offset - GICD_ITARGETSR, ns);
    }
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + 16) {
        return sgi_pending_read(s, cpu, offset & 0xc, ns);
    }
    if (irq >= 0 && offset < 0xd00) {
        const struct gic_bank *b = gicv2_bank(s, cpu, irq);
        struct gic_view v = view_of(s, b, irq, ns, offset);
        uint32_t value = gic_bank_read(b, &v, offset);

        if (irq || offset < 0x100 || offset >= 0x300) {
            return value;
        }
        return value | (offset < 0x200 ? 0xffff : b->latch & 0xffff & (ns ? b->group : UINT32_MAX));
    }
    switch (offset) {
    case GICD_CTLR:
        return ns ? s->ctlr >> 1 : s->ctlr;
    case GICD_TYPER:
        return (s->num_irqs / 32 - 1) | (s->num_cpus - 1) << 5 | (uint32_t)s->security << 10;
    case GICD_IIDR:
        return IIDR_GIC400;
    default:
        log_guest("gicv2: read of no register at offset 0x%" G_GINT64_MODIFIER "x", offset);
        return 0;
    }
}

static void dist_write(struct gicv2 *s, unsigned cpu, uint64_t offset, uint32_t value, uint32_t lanes, bool ns)
{
    int irq = gic_bank_of(offset);

    if (offset >= GICD_ITARGETSR && offset < 0xc00) {
        targets_write(s, offset - GICD_ITARGETSR, value, lanes, ns);
        gicv2_update(s);
    } else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR + 16) {
        sgi_pending_write(s, cpu, offset & 0xc, value & lanes, offset >= GICD_SPENDSGIR, ns);
    } else if (irq >= 0 && offset < 0xd00) {
        struct gic_bank *b = gicv2_bank(s, cpu, irq);
        struct gic_view v = view_of(s, b, irq, ns, offset);

        gic_bank_write(b, &v, offset, value, lanes);
        gicv2_update(s);
    } else if (offset == GICD_CTLR) {
        s->ctlr = ns ? (s->ctlr & 1) | (value & 1) << 1 : value & 3;
        gicv2_update(s);
    } else if (offset == GICD_SGIR) {
        send_sgi(s, cpu, value, ns);
    } else {
        log_guest("gicv2: write to no register, or a read-only one, at offset 0x%" G_GINT64_MODIFIER "x", offset);
    }
}

static enum mem_result dist_mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                      struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;

    *value = dist_read(s, gicv2_cpu_of(s, attrs), offset & ~3ull, gicv2_ns(s, attrs)) >> (8 * (offset & 3));
    return MEM_OK;
}

static enum mem_result dist_mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                       struct mem_attrs attrs)
{
    struct gicv2 *s = opaque;
    unsigned shift = 8 * (offset & 3);
    uint32_t lanes = (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift;

    dist_write(s, gicv2_cpu_of(s, attrs), offset & ~3ull, (uint32_t)value << shift, lanes, gicv2_ns(s, attrs));
    return MEM_OK;
}

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct gicv2 *s = (struct gicv2 *)d;
    struct mem_region *more[] = { &s->cpu_region, &s->hyp_region, &s->vcpu_region };
    static const struct mmio_ops *const ops[] = { &gicv2_cpu_ops, &gicv2_hyp_ops, &gicv2_vcpu_ops };
    static const char *const names[] = { "gic_cpu", "gic_viface", "gic_vcpu" };
    static const uint64_t sizes[] = { GICV2_CPU_BYTES, 0x1000, GICV2_CPU_BYTES };

    if (!s->num_cpus || s->num_cpus > GICV2_CPUS || s->num_cpus > d->m->cpus->len || s->num_irqs < 2 * GIC_INTERNAL ||
        s->num_irqs > 1020 || s->num_irqs % 32) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "gicv2: takes 1 to %d CPUs that are there, and 64 to 992 interrupts in steps of 32", GICV2_CPUS);
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
        mem_mmio_init(more[i], &d->m->memory, names[i], sizes[i], ops[i], s);
        more[i]->busy = &d->in_mmio;
    }
    return true;
}

static void unrealize(struct device *d)
{
    struct gicv2 *s = (struct gicv2 *)d;

    mem_region_free(&s->cpu_region);
    mem_region_free(&s->hyp_region);
    mem_region_free(&s->vcpu_region);
}

void gicv2_map(struct device *d, paddr cpu, paddr hyp, paddr vcpu)
{
    struct gicv2 *s = (struct gicv2 *)d;

    mem_map(&d->m->root, cpu, &s->cpu_region, 0);
    if (s->virtualization) {
        mem_map(&d->m->root, hyp, &s->hyp_region, 0);
        mem_map(&d->m->root, vcpu, &s->vcpu_region, 0);
    }
}

static void reset(struct device *d)
{
    struct gicv2 *s = (struct gicv2 *)d;

    s->ctlr = 0;
    memset(s->targets, 0, sizeof(s->targets));
    for (unsigned w = 1; w < GICV2_BANKS; w++) {
        gic_bank_reset(&s->spi[w], 0);
    }
    for (unsigned i = 0; i < GICV2_CPUS; i++) {
        struct gicv2_cpu *c = &s->cpu[i];

        gic_bank_reset(&c->bank, 0xffff);
        c->bank.enabled = 0xffff;
        memset(c->sgi_from, 0, sizeof(c->sgi_from));
        c->phys = (struct gicv2_iface) { 0 };
        c->virt = (struct gicv2_iface) { 0 };
        memset(c->lr, 0, sizeof(c->lr));
        c->hcr = 0;
        c->phys.abpr = 1;
        c->virt.bpr = 2;
        c->virt.abpr = 3;
    }
}

static const struct field state[] = {
    FIELD(struct gicv2, ctlr), FIELD_BYTES(struct gicv2, spi), FIELD_BYTES(struct gicv2, targets),
    FIELD_BYTES(struct gicv2, cpu),
};

static const struct host_field host[] = {
    HOST(struct gicv2, cpu_region), HOST(struct gicv2, hyp_region), HOST(struct gicv2, vcpu_region),
};

static const struct prop props[] = {
    PROP_U32(struct gicv2, num_cpus, "num-cpu", 1, "CPUs that it serves"),
    PROP_U32(struct gicv2, num_irqs, "num-irq", 288, "interrupts, with the 32 of each CPU"),
    PROP_BOOL(struct gicv2, security, "has-security-extensions", false, "secure and non-secure views of the registers"),
    PROP_BOOL(struct gicv2, virtualization, "has-virtualization-extensions", false, "virtual CPU interfaces"),
};

static const struct mmio_ops ops = { .read = dist_mmio_read, .write = dist_mmio_write, .valid_max = 4 };

const struct device_type gicv2_type = {
    .name = "arm_gic", .help = "Arm generic interrupt controller, version 2", .fdt = "arm,cortex-a15-gic",
    .size = sizeof(struct gicv2), STATE(state), PROPS(props), HOSTS(host), .mmio_size = GICV2_DIST_BYTES, .mmio = &ops,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update, .irq_in = irq_in,
};
