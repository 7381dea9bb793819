/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a GICv3: gicv3.c (which interrupt, life), gicv3_dist.c, gicv3_redist.c (with LPIs), gicv3_cpu.c (the CPU
 * interface in system registers), gicv3_virt.c (its virtual twin and the hypervisor's registers).
 */
#ifndef HW_INTC_GICV3_IMPL_H
#define HW_INTC_GICV3_IMPL_H

#include "hw/intc/gic.h"
#include "hw/intc/gic_bank.h"
#include "system/cpu.h"
#include "system/cpu_arm.h"
#include "system/device.h"

enum { GICV3_BANKS = 32, GICV3_LRS = 4, GICV3_ID_BITS = 16, GICV3_LPI_FIRST = 8192, GIC_SPURIOUS = 1023 };
enum { GICV3_PRIORITY_MASK = 0xf8 };                /* five bits */
#define GICV3_LPI_WORDS (1u << (GICV3_ID_BITS - 6))

/* Interrupt groups, and the index of what is banked by them. */
enum gicv3_group { G0, G1S, G1NS, GROUPS };

/* GICD_CTLR, as secure software sees it (or everybody, with one security state). */
enum { GICD_ENABLE_G0 = 1, GICD_ENABLE_G1NS = 2, GICD_ENABLE_G1S = 4, GICD_ARE_S = 0x10, GICD_ARE_NS = 0x20,
       GICD_DS = 0x40 };

/* ICC_CTLR. */
enum { CTLR_CBPR = 1, CTLR_EOI_MODE = 2 };

struct gicv3_best {
    uint32_t irq;                           /* GIC_SPURIOUS: none */
    uint8_t priority;
    uint8_t group;
};

/* One CPU's redistributor and CPU interface. A multiple of eight bytes: the state list sees an array of words. */
struct gicv3_cpu {
    struct gic_bank bank;                   /* SGIs and PPIs */
    uint64_t propbaser, pendbaser;
    uint32_t redist_ctlr, waker;
    /* CPU interface */
    uint32_t ctlr[2];                       /* secure, non-secure */
    uint32_t pmr, bpr[GROUPS], apr[GROUPS], enable[GROUPS];
    uint32_t lpi_count;                     /* bits in the pending bitmap */
    /* virtual */
    uint64_t lr[GICV3_LRS];
    uint32_t hcr, vctlr, vpmr, vbpr[2], vapr[2], venable[2];
    uint32_t pad;
    struct gicv3_best best;
};
_Static_assert(sizeof(struct gicv3_cpu) % 8 == 0, "the state list counts words");

struct gicv3_redist_region {
    struct gicv3 *s;
    unsigned first, count;                  /* CPUs */
    struct mem_region region;
};

struct gicv3 {
    struct device dev;
    uint32_t ctlr;
    struct gic_bank spi[GICV3_BANKS];       /* [0] is not used: those are the CPUs' */
    uint64_t router[32 * GICV3_BANKS];
    uint64_t *cpu_words;                    /* struct gicv3_cpu [num_cpus] */
    uint64_t *lpi_pending;                  /* GICV3_LPI_WORDS for each CPU */
    uint32_t num_cpu_words, num_lpi_words;
    uint32_t num_cpus, num_irqs;
    bool security, lpis;
    struct gicv3_redist_region redist[2];
    unsigned num_redists;
    struct cpu_sysregs sysregs;
};

static inline struct gicv3_cpu *gicv3_cpu(const struct gicv3 *s, unsigned cpu)
{
    return (struct gicv3_cpu *)s->cpu_words + cpu;
}

static inline bool gicv3_ds(const struct gicv3 *s)
{
    return s->ctlr & GICD_DS;
}

/* Is this a non-secure access that secure interrupts are hidden from? */
static inline bool gicv3_ns(const struct gicv3 *s, struct mem_attrs attrs)
{
    return !gicv3_ds(s) && !attrs.secure;
}

/* ---- gicv3.c ---- */
enum gicv3_group gicv3_group_of(const struct gicv3 *s, const struct gic_bank *b, unsigned n);
struct gic_bank *gicv3_bank(struct gicv3 *s, unsigned cpu, unsigned irq);
/* What an access sees of a bank. */
struct gic_view gicv3_view(const struct gicv3 *s, const struct gic_bank *b, bool ns);
/* Which CPU an SPI goes to; num_cpus: none. */
unsigned gicv3_route(const struct gicv3 *s, unsigned irq);
unsigned gicv3_cpu_by_affinity(const struct gicv3 *s, uint32_t affinity);
uint32_t gicv3_affinity(const struct gicv3 *s, unsigned cpu);   /* Aff3.Aff2.Aff1.Aff0 */
void gicv3_update_cpu(struct gicv3 *s, unsigned cpu);
void gicv3_update(struct gicv3 *s);

/* ---- gicv3_dist.c ---- */
extern const struct mmio_ops gicv3_dist_ops;

/* ---- gicv3_redist.c ---- */
extern const struct mmio_ops gicv3_redist_ops;
/* Software interrupt: pending if it is configured in that group. */
void gicv3_redist_sgi(struct gicv3 *s, unsigned cpu, unsigned irq, enum gicv3_group group, bool ns);
/* The best pending LPI of a CPU, into best where it is better. */
void gicv3_best_lpi(struct gicv3 *s, unsigned cpu, struct gicv3_best *best);
void gicv3_set_lpi(struct gicv3 *s, unsigned cpu, uint32_t irq, bool pending);
/* Moves all pending LPIs of one CPU, or one, to another (ITS: MOVALL, MOVI). */
void gicv3_move_lpis(struct gicv3 *s, unsigned from, unsigned to);
bool gicv3_lpi_is_pending(struct gicv3 *s, unsigned cpu, uint32_t irq);

/* ---- gicv3_cpu.c ---- */
void gicv3_cpu_reset(struct gicv3_cpu *c);
bool gicv3_reg_read(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t *value);
bool gicv3_reg_write(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t value);
/* May this interrupt be signalled: priority mask, running priority, group enabled? */
bool gicv3_can_signal(const struct gicv3 *s, const struct gicv3_cpu *c, const struct gicv3_best *b);
void gicv3_deactivate(struct gicv3 *s, unsigned cpu, uint32_t irq);

/* ---- gicv3_virt.c ---- */
bool gicv3_virt_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value);     /* ICV_*, by ICC_*'s numbers */
bool gicv3_virt_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value);
bool gicv3_hyp_read(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t *value);      /* ICH_* */
bool gicv3_hyp_write(struct gicv3 *s, unsigned cpu, uint32_t reg, uint64_t value);
void gicv3_virt_update(struct gicv3 *s, unsigned cpu);

/* The ICC_* registers' numbers. */
#define ICC(crm, op2) ARM_SYSREG(3, 0, 12, crm, op2)
#define ICH(crm, op2) ARM_SYSREG(3, 4, 12, crm, op2)
enum gicv3_sysreg {
    ICC_PMR = ARM_SYSREG(3, 0, 4, 6, 0),
    ICC_IAR0 = ICC(8, 0), ICC_EOIR0 = ICC(8, 1), ICC_HPPIR0 = ICC(8, 2), ICC_BPR0 = ICC(8, 3), ICC_AP0R0 = ICC(8, 4),
    ICC_AP0R3 = ICC(8, 7), ICC_AP1R0 = ICC(9, 0), ICC_AP1R3 = ICC(9, 3), ICC_DIR = ICC(11, 1), ICC_RPR = ICC(11, 3),
    ICC_SGI1R = ICC(11, 5), ICC_ASGI1R = ICC(11, 6), ICC_SGI0R = ICC(11, 7), ICC_IAR1 = ICC(12, 0),
    ICC_EOIR1 = ICC(12, 1), ICC_HPPIR1 = ICC(12, 2), ICC_BPR1 = ICC(12, 3), ICC_CTLR = ICC(12, 4), ICC_SRE = ICC(12, 5),
    ICC_IGRPEN0 = ICC(12, 6), ICC_IGRPEN1 = ICC(12, 7),
    ICC_SRE_EL2 = ICH(9, 5), ICC_CTLR_EL3 = ARM_SYSREG(3, 6, 12, 12, 4), ICC_SRE_EL3 = ARM_SYSREG(3, 6, 12, 12, 5),
    ICC_IGRPEN1_EL3 = ARM_SYSREG(3, 6, 12, 12, 7),
    ICH_AP0R0 = ICH(8, 0), ICH_AP0R3 = ICH(8, 3), ICH_AP1R0 = ICH(9, 0), ICH_AP1R3 = ICH(9, 3), ICH_HCR = ICH(11, 0),
    ICH_VTR = ICH(11, 1), ICH_MISR = ICH(11, 2), ICH_EISR = ICH(11, 3), ICH_ELRSR = ICH(11, 5), ICH_VMCR = ICH(11, 7),
    ICH_LR0 = ICH(12, 0), ICH_LR15 = ICH(13, 7),
};

/* The group priority field under a binary point; group 1 non-secure counts one more (IHI 0069, 4.8.6). */
static inline uint8_t gicv3_group_mask(unsigned bpr, bool group1ns)
{
    return (uint8_t)(0xffu << (group1ns ? bpr : bpr + 1));
}

#endif
