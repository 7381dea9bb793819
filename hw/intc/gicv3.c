/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm Generic Interrupt Controller, architecture version 3.0 (Arm IHI 0069), with affinity routing only: no legacy
 * operation, as most implementations since the GIC-600.
 *
 * Regions: distributor (the device's own, 64 KiB); redistributors, 128 KiB for each CPU, where gicv3_map_redist puts them.
 * CPU interfaces are system registers (cpu.sysregs). Inputs: SPIs from 0 on, then 32 for each CPU, of which 16 to 31 are
 * its private interrupts: gic_ppi. Outputs: the CPUs' IRQ, FIQ and virtual lines. With "has-lpi" an ITS may translate
 * messages to it.
 *
 * Not modelled: 1-of-N routing (GICD_TYPER.No1N says so), message-based SPIs, extended ranges (GICv3.1), GICv4's direct
 * injection, the power control of GICR_WAKER (it answers at once), traps by ICH_HCR_EL2. With two security states group 1
 * of the other state should come by FIQ (4.6.2); here group 1 always comes by IRQ.
 */
#include "hw/intc/gicv3_impl.h"

#include <string.h>

#include "system/machine.h"

/* ---- which interrupt ---- */

enum gicv3_group gicv3_group_of(const struct gicv3 *s, const struct gic_bank *b, unsigned n)
{
    if (b->group >> n & 1) {
        return G1NS;
    }
    return !gicv3_ds(s) && b->grpmod >> n & 1 ? G1S : G0;
}

struct gic_bank *gicv3_bank(struct gicv3 *s, unsigned cpu, unsigned irq)
{
    return irq < GIC_INTERNAL ? &gicv3_cpu(s, cpu)->bank : &s->spi[irq / 32];
}

struct gic_view gicv3_view(const struct gicv3 *s, const struct gic_bank *b, bool ns)
{
    return (struct gic_view) { .visible = ns ? b->group : UINT32_MAX, .ns = ns, .can_group = !ns,
                               .priority_mask = GICV3_PRIORITY_MASK };
}

uint32_t gicv3_affinity(const struct gicv3 *s, unsigned cpu)
{
    uint64_t id = ((struct cpu *)s->dev.m->cpus->pdata[cpu])->hw_id;

    return (id >> 32 & 0xff) << 24 | (id & 0xffffff);
}

unsigned gicv3_cpu_by_affinity(const struct gicv3 *s, uint32_t affinity)
{
    unsigned i = 0;

    while (i < s->num_cpus && gicv3_affinity(s, i) != affinity) {
        i++;
    }
    return i;
}

unsigned gicv3_route(const struct gicv3 *s, unsigned irq)
{
    uint64_t r = s->router[irq];

    return gicv3_cpu_by_affinity(s, (r >> 32 & 0xff) << 24 | (r & 0xffffff));
}

/* Bits of the groups that distributor and CPU interface enable. */
static uint32_t enabled_groups(const struct gicv3 *s, const struct gicv3_cpu *c, const struct gic_bank *b)
{
    uint32_t secure1 = gicv3_ds(s) ? 0 : b->grpmod & ~b->group;

    return (s->ctlr & GICD_ENABLE_G0 && c->enable[G0] ? ~b->group & ~secure1 : 0) |
           (s->ctlr & GICD_ENABLE_G1S && c->enable[G1S] ? secure1 : 0) |
           (s->ctlr & GICD_ENABLE_G1NS && c->enable[G1NS] ? b->group : 0);
}

static struct gicv3_best find_best(struct gicv3 *s, unsigned cpu)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    struct gicv3_best best = { .irq = GIC_SPURIOUS, .priority = 0xff };

    for (unsigned w = 0; w < s->num_irqs / 32; w++) {
        const struct gic_bank *b = gicv3_bank(s, cpu, 32 * w);

        for (uint32_t bits = gic_bank_pending(b) & b->enabled & ~b->active & enabled_groups(s, c, b); bits;
             bits &= bits - 1) {
            unsigned n = __builtin_ctz(bits);

            if (b->priority[n] < best.priority && (!w || gicv3_route(s, 32 * w + n) == cpu)) {
                best = (struct gicv3_best) { 32 * w + n, b->priority[n], gicv3_group_of(s, b, n) };
            }
        }
    }
    if (c->lpi_count && s->ctlr & GICD_ENABLE_G1NS && c->enable[G1NS]) {
        gicv3_best_lpi(s, cpu, &best);
    }
    return best;
}

void gicv3_update_cpu(struct gicv3 *s, unsigned cpu)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    struct cpu *to = s->dev.m->cpus->pdata[cpu];
    bool on, fiq;

    c->best = find_best(s, cpu);
    on = gicv3_can_signal(s, c, &c->best);
    fiq = on && c->best.group == G0;
    cpu_irq_set(to, ARM_LINE_FIQ, fiq);
    cpu_irq_set(to, ARM_LINE_IRQ, on && !fiq);
}

void gicv3_update(struct gicv3 *s)
{
    for (unsigned i = 0; i < s->num_cpus; i++) {
        gicv3_update_cpu(s, i);
    }
}

static void update(struct device *d)
{
    struct gicv3 *s = (struct gicv3 *)d;

    gicv3_update(s);
    for (unsigned i = 0; i < s->num_cpus; i++) {
        gicv3_virt_update(s, i);
    }
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct gicv3 *s = (struct gicv3 *)d;
    unsigned spis = s->num_irqs - GIC_INTERNAL, cpu, irq;

    if (n >= spis) {
        cpu = (n - spis) / 32;
        irq = (n - spis) % 32;
        g_assert(irq >= GIC_SGIS);
    } else {
        irq = n + GIC_INTERNAL;
        cpu = gicv3_route(s, irq);
    }
    gic_bank_input(gicv3_bank(s, cpu, irq), irq % 32, level);
    if (cpu < s->num_cpus) {
        gicv3_update_cpu(s, cpu);
    }
}

/* ---- life ---- */

static bool check(struct gicv3 *s, GError **err)
{
    if (!s->num_cpus || s->num_cpus > 512 || s->num_cpus > s->dev.m->cpus->len || s->num_irqs < 2 * GIC_INTERNAL ||
        s->num_irqs > 1020 || s->num_irqs % 32) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "gicv3: takes 1 to 512 CPUs that are there, and 64 to 992 interrupts in steps of 32");
        return false;
    }
    return true;
}

static bool realize(struct device *d, GError **err)
{
    struct gicv3 *s = (struct gicv3 *)d;

    if (!check(s, err)) {
        return false;
    }
    s->num_cpu_words = s->num_cpus * sizeof(struct gicv3_cpu) / 8;
    s->cpu_words = g_new0(uint64_t, s->num_cpu_words);
    s->num_lpi_words = s->lpis ? s->num_cpus * GICV3_LPI_WORDS : 1;
    s->lpi_pending = g_new0(uint64_t, s->num_lpi_words);
    s->sysregs = (struct cpu_sysregs) { .opaque = s, .reg_read = gicv3_reg_read, .reg_write = gicv3_reg_write };
    for (unsigned i = 0; i < s->num_cpus; i++) {
        ((struct cpu *)d->m->cpus->pdata[i])->sysregs = &s->sysregs;
    }
    return true;
}

static void unrealize(struct device *d)
{
    struct gicv3 *s = (struct gicv3 *)d;

    for (unsigned i = 0; i < s->num_cpus; i++) {
        ((struct cpu *)d->m->cpus->pdata[i])->sysregs = NULL;
    }
    for (unsigned i = 0; i < s->num_redists; i++) {
        mem_region_free(&s->redist[i].region);
    }
    s->num_redists = 0;
    g_clear_pointer(&s->cpu_words, g_free);
    g_clear_pointer(&s->lpi_pending, g_free);
}

void gicv3_map_redist(struct device *d, paddr addr, unsigned first, unsigned count)
{
    struct gicv3 *s = (struct gicv3 *)d;
    struct gicv3_redist_region *r = &s->redist[s->num_redists++];

    g_assert(s->num_redists <= G_N_ELEMENTS(s->redist) && first + count <= s->num_cpus);
    r->s = s;
    r->first = first;
    r->count = count;
    mem_mmio_init(&r->region, &d->m->memory, "gicv3_redist", (uint64_t)count * GICV3_REDIST_BYTES, &gicv3_redist_ops, r);
    r->region.busy = &d->in_mmio;
    mem_map(&d->m->root, addr, &r->region, 0);
}

static void reset(struct device *d)
{
    struct gicv3 *s = (struct gicv3 *)d;

    s->ctlr = s->security ? GICD_ARE_S | GICD_ARE_NS : GICD_DS | GICD_ARE_S;
    memset(s->router, 0, sizeof(s->router));
    memset(s->lpi_pending, 0, s->num_lpi_words * 8);
    for (unsigned w = 1; w < GICV3_BANKS; w++) {
        gic_bank_reset(&s->spi[w], 0);
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        struct gicv3_cpu *c = gicv3_cpu(s, i);

        gic_bank_reset(&c->bank, 0xffff);
        gicv3_cpu_reset(c);
    }
}

static const struct field state[] = {
    FIELD(struct gicv3, ctlr), FIELD_BYTES(struct gicv3, spi), FIELD_ARRAY(struct gicv3, router),
    FIELD_POINTER(struct gicv3, cpu_words, num_cpu_words), FIELD_POINTER(struct gicv3, lpi_pending, num_lpi_words),
};

static const struct host_field host[] = {
    HOST(struct gicv3, num_cpu_words), HOST(struct gicv3, num_lpi_words), HOST(struct gicv3, redist),
    HOST(struct gicv3, num_redists), HOST(struct gicv3, sysregs),
};

static const struct prop props[] = {
    PROP_U32(struct gicv3, num_cpus, "num-cpu", 1, "CPUs that it serves"),
    PROP_U32(struct gicv3, num_irqs, "num-irq", 288, "interrupts, with the 32 of each CPU"),
    PROP_BOOL(struct gicv3, security, "has-security-extensions", false, "two security states"),
    PROP_BOOL(struct gicv3, lpis, "has-lpi", false, "message-signalled interrupts by way of an ITS"),
};

const struct device_type gicv3_type = {
    .name = "arm-gicv3", .help = "Arm generic interrupt controller, version 3", .fdt = "arm,gic-v3",
    .size = sizeof(struct gicv3), STATE(state), PROPS(props), HOSTS(host), .mmio_size = GICV3_DIST_BYTES,
    .mmio = &gicv3_dist_ops, .realize = realize, .unrealize = unrealize, .reset = reset, .update = update,
    .irq_in = irq_in,
};
