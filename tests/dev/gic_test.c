/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arm's interrupt controllers: routing, priorities, preemption, groups, software interrupts, lists for virtual machines. */
#include <string.h>

#include "hw/intc/gic.h"
#include "system/cpu_arm.h"
#include "tests/dev/rig.h"

/* Distributor, both versions. */
enum { D_CTLR = 0, D_TYPER = 4, D_GROUP = 0x80, D_SET_ENABLE = 0x100, D_CLEAR_ENABLE = 0x180, D_SET_PENDING = 0x200,
       D_CLEAR_PENDING = 0x280, D_SET_ACTIVE = 0x300, D_CLEAR_ACTIVE = 0x380, D_PRIORITY = 0x400, D_TARGET = 0x800,
       D_CONFIG = 0xc00, D_SGIR = 0xf00, D_SPENDSGI = 0xf20, D_ROUTER = 0x6000 };
#define CPU_AT 0x20000000ull
#define HYP_AT 0x20010000ull
#define VCPU_AT 0x20020000ull
#define REDIST_AT 0x21000000ull
enum { SPURIOUS = 1023 };

static void spi(struct rig *r, unsigned n, bool level)
{
    struct irq_line line = device_input(r->d, n);

    irq_set(&line, level);
}

static void ppi(struct rig *r, unsigned cpu, unsigned n, bool level)
{
    struct irq_line line = gic_ppi(r->d, cpu, n);

    irq_set(&line, level);
}

/* An access by a CPU. */
static uint64_t get(struct rig *r, unsigned cpu, uint64_t at, unsigned size)
{
    return as_ld(&r->m->as, at, size, (struct mem_attrs) { .cpu = cpu }, NULL);
}

static void put(struct rig *r, unsigned cpu, uint64_t at, unsigned size, uint64_t v)
{
    as_st(&r->m->as, at, size, v, (struct mem_attrs) { .cpu = cpu });
}

/* ---- GICv2 ---- */

enum { C_CTLR = 0, C_PMR = 4, C_BPR = 8, C_IAR = 12, C_EOIR = 16, C_RPR = 20, C_HPPIR = 24, C_AIAR = 0x20, C_DIR = 0x1000 };

static void v2_init(struct rig *r, bool virtualization)
{
    rig_init(r, "arm_gic");
    device_set_uint(r->d, "num-cpu", 2);
    device_set_uint(r->d, "num-irq", 96);
    device_set_uint(r->d, "has-virtualization-extensions", virtualization);
    rig_start(r);
    gicv2_map(r->d, CPU_AT, HYP_AT, VCPU_AT);
    put(r, 0, RIG_BASE + D_CTLR, 4, 3);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        put(r, cpu, CPU_AT + C_PMR, 4, 0xf0);
        put(r, cpu, CPU_AT + C_CTLR, 4, 1);
    }
}

static void v2_enable(struct rig *r, unsigned irq, unsigned priority, unsigned targets)
{
    put(r, 0, RIG_BASE + D_PRIORITY + irq, 1, priority);
    put(r, 0, RIG_BASE + D_TARGET + irq, 1, targets);
    put(r, 0, RIG_BASE + D_SET_ENABLE + irq / 32 * 4, 4, 1u << (irq % 32));
}

static void v2_acknowledges_by_priority(void)
{
    struct rig r;

    v2_init(&r, false);
    v2_enable(&r, 40, 0xa0, 1);
    v2_enable(&r, 41, 0x80, 2);
    v2_enable(&r, 70, 0x90, 1);
    spi(&r, 8, true);
    spi(&r, 9, true);
    spi(&r, 38, true);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 70);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));      /* 40 is not above 70's priority */
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, SPURIOUS);
    g_assert_cmphex(get(&r, 0, CPU_AT + C_RPR, 4), ==, 0x90);
    spi(&r, 38, false);
    put(&r, 0, CPU_AT + C_EOIR, 4, 70);
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 40);
    g_assert_cmpuint(get(&r, 1, CPU_AT + C_IAR, 4), ==, 41);
    put(&r, 0, CPU_AT + C_EOIR, 4, 40);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));       /* its level is still high */
    spi(&r, 8, false);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    rig_free(&r);
}

static void v2_preempts_above_the_group_priority(void)
{
    struct rig r;

    v2_init(&r, false);
    v2_enable(&r, 40, 0xa0, 1);
    v2_enable(&r, 41, 0x80, 1);
    v2_enable(&r, 42, 0x40, 1);
    put(&r, 0, CPU_AT + C_BPR, 4, 6);   /* one bit of group priority: 0x80 and 0xa0 are one group */
    spi(&r, 8, true);
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 40);
    spi(&r, 9, true);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_HPPIR, 4), ==, 41);
    spi(&r, 10, true);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 42);
    put(&r, 0, CPU_AT + C_EOIR, 4, 42);
    g_assert_cmphex(get(&r, 0, CPU_AT + C_RPR, 4), ==, 0x80);
    rig_free(&r);
}

static void v2_latches_edges(void)
{
    struct rig r;

    v2_init(&r, false);
    v2_enable(&r, 33, 0xa0, 1);
    put(&r, 0, RIG_BASE + D_CONFIG + 8, 4, 2 << 2);
    g_assert_cmphex(get(&r, 0, RIG_BASE + D_CONFIG + 8, 4), ==, 8);
    spi(&r, 1, true);
    spi(&r, 1, false);
    g_assert_cmphex(get(&r, 0, RIG_BASE + D_SET_PENDING + 4, 4), ==, 2);
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 33);
    spi(&r, 1, true);                   /* active and pending: comes again after completion */
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    put(&r, 0, CPU_AT + C_EOIR, 4, 33);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    put(&r, 0, RIG_BASE + D_CLEAR_PENDING + 4, 4, 2);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    rig_free(&r);
}

static void v2_sends_software_interrupts(void)
{
    struct rig r;

    v2_init(&r, false);
    put(&r, 0, RIG_BASE + D_SGIR, 4, 2 << 16 | 5);
    put(&r, 1, RIG_BASE + D_SGIR, 4, 2 << 24 | 5);      /* to itself */
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmphex(get(&r, 1, CPU_AT + C_IAR, 4), ==, 5);
    put(&r, 1, CPU_AT + C_EOIR, 4, 5);
    g_assert_cmphex(get(&r, 1, CPU_AT + C_IAR, 4), ==, 1 << 10 | 5);
    put(&r, 1, CPU_AT + C_EOIR, 4, 1 << 10 | 5);
    g_assert_false(rig_line(&r, 1, ARM_LINE_IRQ));
    put(&r, 0, RIG_BASE + D_SGIR, 4, 1 << 24 | 3);      /* all others */
    g_assert_cmphex(get(&r, 1, RIG_BASE + D_SPENDSGI, 4), ==, 1u << 24);
    rig_free(&r);
}

static void v2_private_interrupts_and_groups(void)
{
    struct rig r;

    v2_init(&r, false);
    put(&r, 1, RIG_BASE + D_SET_ENABLE, 4, 1u << 27);
    ppi(&r, 1, 27, true);
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    put(&r, 1, CPU_AT + C_CTLR, 4, 9);                  /* group 0 by FIQ */
    g_assert_true(rig_line(&r, 1, ARM_LINE_FIQ));
    g_assert_false(rig_line(&r, 1, ARM_LINE_IRQ));
    put(&r, 1, RIG_BASE + D_GROUP, 4, UINT32_MAX);
    g_assert_false(rig_line(&r, 1, ARM_LINE_FIQ));      /* group 1 is not enabled at the CPU */
    put(&r, 1, CPU_AT + C_CTLR, 4, 11);
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_cmpuint(get(&r, 1, CPU_AT + C_IAR, 4), ==, 1022);
    g_assert_cmpuint(get(&r, 1, CPU_AT + C_AIAR, 4), ==, 27);
    rig_free(&r);
}

static void v2_gives_virtual_interrupts(void)
{
    struct rig r;

    v2_init(&r, true);
    put(&r, 0, HYP_AT + 0x8, 4, 0xf8000001);            /* GICH_VMCR: priority mask 0xf8, group 0 enabled */
    put(&r, 0, HYP_AT + 0x0, 4, 1);
    v2_enable(&r, 50, 0x80, 1);
    spi(&r, 18, true);
    g_assert_cmpuint(get(&r, 0, CPU_AT + C_IAR, 4), ==, 50);
    put(&r, 0, CPU_AT + C_CTLR, 4, 0x201);              /* drop the priority only; the guest deactivates */
    put(&r, 0, CPU_AT + C_EOIR, 4, 50);
    put(&r, 0, HYP_AT + 0x100, 4, 1u << 31 | 1u << 28 | 0x10u << 23 | 50 << 10 | 60);
    g_assert_true(rig_line(&r, 0, ARM_LINE_VIRQ));
    g_assert_cmphex(get(&r, 0, HYP_AT + 0x30, 4), ==, 0xe);
    g_assert_cmpuint(get(&r, 0, VCPU_AT + C_IAR, 4), ==, 60);
    g_assert_false(rig_line(&r, 0, ARM_LINE_VIRQ));
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmphex(get(&r, 0, HYP_AT + 0xf0, 4), ==, 1u << 16);
    put(&r, 0, VCPU_AT + C_EOIR, 4, 60);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));       /* deactivated, and its level is still high */
    put(&r, 0, HYP_AT + 0x0, 4, 3);                     /* underflow interrupt */
    put(&r, 0, RIG_BASE + D_SET_ENABLE, 4, 1u << 25);
    g_assert_cmphex(get(&r, 0, HYP_AT + 0x10, 4), ==, 2);
    g_assert_cmphex(get(&r, 0, RIG_BASE + D_SET_PENDING, 4), ==, 1u << 25);
    rig_free(&r);
}

/* ---- GICv3 ---- */

#define ICC(crm, op2) ARM_SYSREG(3, 0, 12, crm, op2)
#define ICH(crm, op2) ARM_SYSREG(3, 4, 12, crm, op2)
enum { PMR = ARM_SYSREG(3, 0, 4, 6, 0), IAR0 = ICC(8, 0), EOIR0 = ICC(8, 1), IDIR = ICC(11, 1), RPR = ICC(11, 3),
       SGI1R = ICC(11, 5), IAR1 = ICC(12, 0), EOIR1 = ICC(12, 1), HPPIR1 = ICC(12, 2), BPR1 = ICC(12, 3),
       CTLR = ICC(12, 4), IGRPEN0 = ICC(12, 6), IGRPEN1 = ICC(12, 7), HCR = ICH(11, 0), VTR = ICH(11, 1),
       ELRSR = ICH(11, 5), VMCR = ICH(11, 7), LR0 = ICH(12, 0) };
enum { R_CTLR = 0, R_TYPER = 8, R_WAKER = 0x14, R_PROP = 0x70, R_PEND = 0x78, R_SGI = 0x10000 };

static uint64_t rd(struct rig *r, unsigned n, uint32_t reg, uint8_t flags)
{
    struct cpu *cpu = r->m->cpus->pdata[n];
    struct cpu_reg_access a = { .reg = reg, .level = 1, .flags = flags | ARM_ACCESS_NS };
    uint64_t v = 0;

    g_assert_true(cpu->sysregs->reg_read(cpu->sysregs->opaque, cpu, &a, &v));
    return v;
}

static void wr(struct rig *r, unsigned n, uint32_t reg, uint64_t v, uint8_t flags)
{
    struct cpu *cpu = r->m->cpus->pdata[n];
    struct cpu_reg_access a = { .reg = reg, .level = 1, .flags = flags | ARM_ACCESS_NS };

    g_assert_true(cpu->sysregs->reg_write(cpu->sysregs->opaque, cpu, &a, v));
}

static void v3_init(struct rig *r)
{
    rig_init(r, "arm-gicv3");
    for (unsigned i = 0; i < 2; i++) {
        ((struct cpu *)r->m->cpus->pdata[i])->hw_id = i;
    }
    device_set_uint(r->d, "num-cpu", 2);
    device_set_uint(r->d, "num-irq", 96);
    device_set_uint(r->d, "has-lpi", true);
    rig_start(r);
    gicv3_map_redist(r->d, REDIST_AT, 0, 2);
    rig_write(r, D_CTLR, 4, 3);
    for (unsigned i = 0; i < 2; i++) {
        rig_write(r, D_GROUP + 4 + 4 * i, 4, UINT32_MAX);
        put(r, i, REDIST_AT + GICV3_REDIST_BYTES * i + R_SGI + D_GROUP, 4, UINT32_MAX);
        wr(r, i, PMR, 0xf0, 0);
        wr(r, i, IGRPEN1, 1, 0);
    }
}

static void v3_enable(struct rig *r, unsigned irq, unsigned priority, unsigned cpu)
{
    rig_write(r, D_PRIORITY + irq, 1, priority);
    rig_write(r, D_ROUTER + 8 * irq, 8, cpu);
    rig_write(r, D_SET_ENABLE + irq / 32 * 4, 4, 1u << (irq % 32));
}

static void v3_acknowledges_and_preempts(void)
{
    struct rig r;

    v3_init(&r);
    v3_enable(&r, 40, 0xa0, 0);
    v3_enable(&r, 41, 0x80, 0);
    v3_enable(&r, 42, 0x80, 1);
    spi(&r, 8, true);
    spi(&r, 10, true);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_false(rig_line(&r, 0, ARM_LINE_FIQ));
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 40);
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xa0);
    spi(&r, 9, true);
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 41);
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, SPURIOUS);
    spi(&r, 8, false);
    spi(&r, 9, false);
    wr(&r, 0, EOIR1, 41, 0);
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xa0);
    wr(&r, 0, EOIR1, 40, 0);
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xff);
    g_assert_cmphex(rig_read(&r, D_SET_ACTIVE + 4, 4), ==, 0);
    rig_free(&r);
}

static void v3_group0_comes_by_fiq(void)
{
    struct rig r;

    v3_init(&r);
    v3_enable(&r, 40, 0xa0, 0);
    rig_write(&r, D_GROUP + 4, 4, ~(1u << 8));
    spi(&r, 8, true);
    g_assert_false(rig_line(&r, 0, ARM_LINE_FIQ));
    wr(&r, 0, IGRPEN0, 1, 0);
    g_assert_true(rig_line(&r, 0, ARM_LINE_FIQ));
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, SPURIOUS);
    g_assert_cmpuint(rd(&r, 0, IAR0, 0), ==, 40);
    wr(&r, 0, EOIR1, 40, 0);            /* the wrong one */
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xa0);
    wr(&r, 0, EOIR0, 40, 0);
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xff);
    rig_free(&r);
}

static void v3_splits_completion(void)
{
    struct rig r;

    v3_init(&r);
    v3_enable(&r, 40, 0xa0, 0);
    spi(&r, 8, true);
    wr(&r, 0, CTLR, 2, 0);              /* EOImode */
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 40);
    wr(&r, 0, EOIR1, 40, 0);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    wr(&r, 0, IDIR, 40, 0);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    rig_free(&r);
}

static void v3_sends_software_interrupts(void)
{
    struct rig r;
    uint64_t sgi = REDIST_AT + GICV3_REDIST_BYTES + R_SGI;

    v3_init(&r);
    wr(&r, 0, SGI1R, 5 << 24 | 2, 0);
    g_assert_false(rig_line(&r, 1, ARM_LINE_IRQ));
    put(&r, 1, sgi + D_SET_ENABLE, 4, 1 << 5);
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_cmpuint(rd(&r, 1, IAR1, 0), ==, 5);
    wr(&r, 1, EOIR1, 5, 0);
    wr(&r, 1, SGI1R, (uint64_t)1 << 40 | 5 << 24, 0);   /* all others */
    g_assert_false(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_cmphex(get(&r, 0, REDIST_AT + R_SGI + D_SET_PENDING, 4), ==, 1 << 5);
    rig_free(&r);
}

static void v3_redistributors_name_their_cpus(void)
{
    struct rig r;

    v3_init(&r);
    g_assert_cmphex(get(&r, 0, REDIST_AT + R_TYPER, 8), ==, 0x1000001);
    g_assert_cmphex(get(&r, 0, REDIST_AT + GICV3_REDIST_BYTES + R_TYPER, 8), ==, 0x101000111);
    g_assert_cmphex(get(&r, 0, REDIST_AT + R_WAKER, 4), ==, 6);
    put(&r, 0, REDIST_AT + R_WAKER, 4, 0);
    g_assert_cmphex(get(&r, 0, REDIST_AT + R_WAKER, 4), ==, 0);
    g_assert_cmphex(rig_read(&r, 0xffe8, 4) >> 4, ==, 3);
    rig_free(&r);
}

static void v3_private_interrupts(void)
{
    struct rig r;

    v3_init(&r);
    put(&r, 1, REDIST_AT + GICV3_REDIST_BYTES + R_SGI + D_SET_ENABLE, 4, 1 << 27);
    put(&r, 1, REDIST_AT + GICV3_REDIST_BYTES + R_SGI + D_PRIORITY + 27, 1, 0xf0);
    ppi(&r, 1, 27, true);
    g_assert_false(rig_line(&r, 1, ARM_LINE_IRQ));      /* masked */
    wr(&r, 1, PMR, 0xff, 0);
    g_assert_true(rig_line(&r, 1, ARM_LINE_IRQ));
    g_assert_cmpuint(rd(&r, 1, HPPIR1, 0), ==, 27);
    rig_free(&r);
}

/* Configuration and pending bits stand in the guest's memory. */
static void v3_takes_lpis_from_tables(void)
{
    struct rig r;

    v3_init(&r);
    r.ram_host[0] = 0xa0 | 1;                           /* LPI 8192: enabled, priority 0xa0 */
    r.ram_host[3] = 0x80 | 1;
    put(&r, 0, REDIST_AT + R_PROP, 8, RIG_RAM | 13);
    r.ram_host[8192 / 8] = 1 << 3;                      /* LPI 8195 is pending; the table lies at 0 of RAM, too */
    put(&r, 0, REDIST_AT + R_PEND, 8, RIG_RAM);
    put(&r, 0, REDIST_AT + R_CTLR, 4, 1);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    put(&r, 0, REDIST_AT + 0x40, 8, 8192);
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 8195);
    wr(&r, 0, EOIR1, 8195, 0);
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 8192);
    wr(&r, 0, EOIR1, 8192, 0);
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    put(&r, 0, REDIST_AT + 0x40, 8, 100);               /* no LPI */
    put(&r, 0, REDIST_AT + 0x40, 8, 70000);             /* beyond the table */
    g_assert_false(rig_line(&r, 0, ARM_LINE_IRQ));
    rig_free(&r);
}

static void v3_gives_virtual_interrupts(void)
{
    enum { V = ARM_ACCESS_VIRT_IRQ };
    struct rig r;

    v3_init(&r);
    wr(&r, 0, VMCR, 0xf8000002, 0);
    wr(&r, 0, HCR, 1, 0);
    v3_enable(&r, 40, 0xa0, 0);
    spi(&r, 8, true);
    wr(&r, 0, CTLR, 2, 0);
    g_assert_cmpuint(rd(&r, 0, IAR1, 0), ==, 40);
    wr(&r, 0, EOIR1, 40, 0);
    wr(&r, 0, LR0, (uint64_t)7 << 60 | (uint64_t)0x80 << 48 | (uint64_t)40 << 32 | 77, 0);
    g_assert_true(rig_line(&r, 0, ARM_LINE_VIRQ));
    g_assert_cmpuint(rd(&r, 0, IAR1, V), ==, 77);
    g_assert_false(rig_line(&r, 0, ARM_LINE_VIRQ));
    g_assert_cmphex(rd(&r, 0, ELRSR, 0), ==, 0xe);
    g_assert_cmphex(rd(&r, 0, RPR, V), ==, 0x80);
    g_assert_cmphex(rd(&r, 0, RPR, 0), ==, 0xff);
    wr(&r, 0, EOIR1, 77, V);
    g_assert_true(rig_line(&r, 0, ARM_LINE_IRQ));
    g_assert_cmphex(rd(&r, 0, ELRSR, 0), ==, 0xf);
    rig_free(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gicv2/acknowledges_by_priority", v2_acknowledges_by_priority);
    g_test_add_func("/gicv2/preempts_above_the_group_priority", v2_preempts_above_the_group_priority);
    g_test_add_func("/gicv2/latches_edges", v2_latches_edges);
    g_test_add_func("/gicv2/sends_software_interrupts", v2_sends_software_interrupts);
    g_test_add_func("/gicv2/private_interrupts_and_groups", v2_private_interrupts_and_groups);
    g_test_add_func("/gicv2/gives_virtual_interrupts", v2_gives_virtual_interrupts);
    g_test_add_func("/gicv3/acknowledges_and_preempts", v3_acknowledges_and_preempts);
    g_test_add_func("/gicv3/group0_comes_by_fiq", v3_group0_comes_by_fiq);
    g_test_add_func("/gicv3/splits_completion", v3_splits_completion);
    g_test_add_func("/gicv3/sends_software_interrupts", v3_sends_software_interrupts);
    g_test_add_func("/gicv3/redistributors_name_their_cpus", v3_redistributors_name_their_cpus);
    g_test_add_func("/gicv3/private_interrupts", v3_private_interrupts);
    g_test_add_func("/gicv3/takes_lpis_from_tables", v3_takes_lpis_from_tables);
    g_test_add_func("/gicv3/gives_virtual_interrupts", v3_gives_virtual_interrupts);
    return g_test_run();
}
