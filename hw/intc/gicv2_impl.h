/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a GICv2, shared by gicv2.c (distributor), gicv2_cpu.c (CPU interfaces) and gicv2_virt.c (virtual ones). */
#ifndef HW_INTC_GICV2_IMPL_H
#define HW_INTC_GICV2_IMPL_H

#include "hw/intc/gic.h"
#include "hw/intc/gic_bank.h"
#include "system/device.h"

enum { GICV2_CPUS = 8, GICV2_BANKS = 32, GICV2_LRS = 4, GIC_SPURIOUS = 1023, GIC_OTHER_GROUP = 1022 };

/* One CPU's interface: physical, or the one that a virtual machine sees. Priorities have eight bits physically and five
 * virtually. */
struct gicv2_iface {
    uint32_t ctlr, pmr, bpr, abpr;
    uint32_t apr[2][4];         /* active priorities: group 0, group 1; a bit for each group priority */
};

struct gicv2_cpu {
    struct gic_bank bank;       /* SGIs and PPIs */
    uint8_t sgi_from[16];       /* CPUs that have sent this one an SGI */
    struct gicv2_iface phys, virt;
    uint32_t hcr, lr[GICV2_LRS];
};

struct gicv2 {
    struct device dev;
    uint32_t ctlr;
    struct gic_bank spi[GICV2_BANKS];   /* [0] is not used: those are the CPUs' */
    uint8_t targets[32 * GICV2_BANKS];
    struct gicv2_cpu cpu[GICV2_CPUS];
    uint32_t num_cpus, num_irqs;
    bool security, virtualization;
    struct mem_region cpu_region, hyp_region, vcpu_region;
};

/* The highest pending, enabled interrupt of a CPU whose priority is below `below`; *priority is its own. */
struct gicv2_best {
    unsigned irq;               /* GIC_SPURIOUS: none */
    uint8_t priority;
    bool group1;
};

struct gic_bank *gicv2_bank(struct gicv2 *s, unsigned cpu, unsigned irq);
struct gicv2_best gicv2_best(struct gicv2 *s, unsigned cpu);
/* Recomputes the lines of one CPU, or of all. */
void gicv2_update_cpu(struct gicv2 *s, unsigned cpu);
void gicv2_update(struct gicv2 *s);
/* Which CPU makes an access. */
unsigned gicv2_cpu_of(const struct gicv2 *s, struct mem_attrs attrs);
static inline bool gicv2_ns(const struct gicv2 *s, struct mem_attrs attrs)
{
    return s->security && !attrs.secure;
}

/* gicv2_cpu.c */
extern const struct mmio_ops gicv2_cpu_ops;
bool gicv2_signals(struct gicv2 *s, unsigned cpu, bool *irq, bool *fiq);
/* EOI and DIR on an interrupt's active state, for the virtual interface's hardware interrupts too. */
void gicv2_deactivate(struct gicv2 *s, unsigned cpu, unsigned irq, bool ns);

/* The group priority field of a priority under a binary point. */
static inline uint8_t gicv2_group_mask(unsigned bpr, bool group1)
{
    return (uint8_t)(0xffu << (group1 ? bpr : bpr + 1));
}
/* The highest active priority; 0x100: none. */
unsigned gicv2_running(const struct gicv2_iface *f);
void gicv2_activate_priority(struct gicv2_iface *f, uint8_t priority, bool group1);
/* Drops the running priority; which group it was in. False: none was active. */
bool gicv2_drop_priority(struct gicv2_iface *f, bool *group1);

/* gicv2_virt.c */
extern const struct mmio_ops gicv2_hyp_ops, gicv2_vcpu_ops;
void gicv2_virt_update(struct gicv2 *s, unsigned cpu);

#endif
