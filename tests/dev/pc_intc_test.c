/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's interrupt controllers by what the data sheets promise: priorities, edges and levels, cascades, messages. */
#include <string.h>

#include "tests/dev/pc_rig.h"

/* ---- i8259 ---- */

static void program_pics(struct pc_rig *p)
{
    outb(p, 0x20, 0x11);
    outb(p, 0x21, 0x20);
    outb(p, 0x21, 0x04);
    outb(p, 0x21, 0x01);
    outb(p, 0xa0, 0x11);
    outb(p, 0xa1, 0x28);
    outb(p, 0xa1, 0x02);
    outb(p, 0xa1, 0x01);
    outb(p, 0x21, 0);
    outb(p, 0xa1, 0);
}

static void raise_line(struct pc_rig *p, unsigned n, bool level)
{
    p->r.d->type->irq_in(p->r.d, n, level);
}

static int acknowledge(struct pc_rig *p)
{
    return p->r.d->type->acknowledge(p->r.d);
}

static void pic_gives_vectors_by_priority(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    raise_line(&p, 4, true);
    raise_line(&p, 1, true);
    g_assert_true(p.r.irq[0]);
    g_assert_cmphex(acknowledge(&p), ==, 0x21);
    g_assert_false(p.r.irq[0]);             /* line 4 is of lower priority than what is in service */
    outb(&p, 0x20, 0x20);
    g_assert_true(p.r.irq[0]);
    g_assert_cmphex(acknowledge(&p), ==, 0x24);
    raise_line(&p, 1, false);
    raise_line(&p, 1, true);                /* a higher one interrupts the service */
    g_assert_cmphex(acknowledge(&p), ==, 0x21);
    pc_rig_free(&p);
}

static void pic_cascade_needs_two_ends(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    raise_line(&p, 12, true);
    g_assert_cmphex(acknowledge(&p), ==, 0x2c);
    raise_line(&p, 14, true);
    g_assert_false(p.r.irq[0]);
    outb(&p, 0xa0, 0x20);
    g_assert_false(p.r.irq[0]);             /* the first chip still serves its line 2 */
    outb(&p, 0x20, 0x20);
    g_assert_true(p.r.irq[0]);
    g_assert_cmphex(acknowledge(&p), ==, 0x2e);
    pc_rig_free(&p);
}

static void pic_masks_and_reads(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    outb(&p, 0x21, 0x02);
    raise_line(&p, 1, true);
    g_assert_false(p.r.irq[0]);
    g_assert_cmphex(inb(&p, 0x21), ==, 0x02);
    outb(&p, 0x20, 0x0a);
    g_assert_cmphex(inb(&p, 0x20), ==, 0x02);   /* IRR */
    outb(&p, 0x21, 0);
    acknowledge(&p);
    outb(&p, 0x20, 0x0b);
    g_assert_cmphex(inb(&p, 0x20), ==, 0x02);   /* ISR */
    pc_rig_free(&p);
}

static void pic_request_that_goes_is_spurious(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    raise_line(&p, 3, true);
    raise_line(&p, 3, false);
    g_assert_cmphex(acknowledge(&p), ==, 0x27);
    outb(&p, 0x20, 0x0b);
    g_assert_cmphex(inb(&p, 0x20), ==, 0);
    pc_rig_free(&p);
}

static void pic_levels_come_again(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    outb(&p, 0x4d1, 0xff);
    g_assert_cmphex(inb(&p, 0x4d1), ==, 0xde);
    raise_line(&p, 11, true);
    g_assert_cmphex(acknowledge(&p), ==, 0x2b);
    outb(&p, 0xa0, 0x20);
    outb(&p, 0x20, 0x20);
    g_assert_true(p.r.irq[0]);
    raise_line(&p, 11, false);
    g_assert_false(p.r.irq[0]);
    pc_rig_free(&p);
}

static void pic_special_and_rotating_ends(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8259");
    program_pics(&p);
    raise_line(&p, 0, true);
    acknowledge(&p);
    outb(&p, 0x20, 0xa0);                   /* rotate on end: line 0 is the lowest now */
    raise_line(&p, 0, false);
    raise_line(&p, 0, true);
    raise_line(&p, 7, true);
    g_assert_cmphex(acknowledge(&p), ==, 0x27);
    outb(&p, 0x20, 0x67);                   /* end of line 7 by number */
    g_assert_cmphex(acknowledge(&p), ==, 0x20);
    pc_rig_free(&p);
}

/* ---- IOAPIC and local APICs together ---- */

struct apics {
    struct pc_rig p;
    struct device *bus, *apic[2], *pic;
};

#define APIC 0xfee00000ull

static uint32_t apic_read(struct apics *a, unsigned cpu, unsigned reg)
{
    return as_ld(&a->p.r.m->as, APIC + reg, 4, (struct mem_attrs) { .cpu = cpu }, NULL);
}

static void apic_write(struct apics *a, unsigned cpu, unsigned reg, uint32_t v)
{
    as_st(&a->p.r.m->as, APIC + reg, 4, v, (struct mem_attrs) { .cpu = cpu });
}

static struct cpu *cpu_of(struct apics *a, unsigned n)
{
    return a->p.r.m->cpus->pdata[n];
}

static struct device *make(struct apics *a, const char *type)
{
    struct device *d = device_new(a->p.r.m, device_type_find(type), NULL, NULL);

    return d;
}

static void finish(struct device *d)
{
    g_autoptr(GError) err = NULL;

    if (!device_realize(d, NULL, &err)) {
        g_error("realize: %s", err->message);
    }
    device_reset(d);
    device_update(d);
}

static void apics_init(struct apics *a)
{
    pc_rig_init(&a->p, "ioapic");
    a->bus = make(a, "apic-bus");
    device_set_pointer(a->bus, "ioapic", a->p.r.d);
    finish(a->bus);
    mem_map(&a->p.r.m->root, APIC, &a->bus->mmio, 0);
    a->pic = make(a, "i8259");
    finish(a->pic);
    for (unsigned i = 0; i < 2; i++) {
        a->apic[i] = make(a, "apic");
        device_set_uint(a->apic[i], "index", i);
        device_set_pointer(a->apic[i], "bus-device", a->bus);
        device_set_pointer(a->apic[i], "pic", a->pic);
        finish(a->apic[i]);
        apic_write(a, i, 0xf0, 0x1ff);
    }
}

static void ioapic_write(struct apics *a, unsigned reg, uint32_t v)
{
    rig_write(&a->p.r, 0, 4, reg);
    rig_write(&a->p.r, 0x10, 4, v);
}

static uint32_t ioapic_read(struct apics *a, unsigned reg)
{
    rig_write(&a->p.r, 0, 4, reg);
    return rig_read(&a->p.r, 0x10, 4);
}

static bool intr(struct apics *a, unsigned n)
{
    return rig_line(&a->p.r, n, X86_LINE_INTR);
}

static int take(struct apics *a, unsigned n)
{
    struct cpu *cpu = cpu_of(a, n);

    return cpu->intc->acknowledge(cpu->intc);
}

static void level_waits_for_the_end_of_interrupt(void)
{
    struct apics a;

    apics_init(&a);
    ioapic_write(&a, 0x10 + 2 * 10 + 1, 1u << 24);          /* to CPU 1 */
    ioapic_write(&a, 0x10 + 2 * 10, 0x8000 | 0x50);
    raise_line(&a.p, 10, true);
    g_assert_false(intr(&a, 0));
    g_assert_true(intr(&a, 1));
    g_assert_cmphex(take(&a, 1), ==, 0x50);
    g_assert_false(intr(&a, 1));
    g_assert_cmphex(ioapic_read(&a, 0x10 + 2 * 10) & 0x4000, ==, 0x4000);
    apic_write(&a, 1, 0xb0, 0);
    g_assert_true(intr(&a, 1));                              /* the line is still up */
    g_assert_cmphex(take(&a, 1), ==, 0x50);
    raise_line(&a.p, 10, false);
    apic_write(&a, 1, 0xb0, 0);
    g_assert_false(intr(&a, 1));
    g_assert_cmphex(ioapic_read(&a, 0x10 + 2 * 10) & 0x4000, ==, 0);
    pc_rig_free(&a.p);
}

static void edge_comes_once(void)
{
    struct apics a;

    apics_init(&a);
    ioapic_write(&a, 0x10 + 2 * 4, 0x40);
    raise_line(&a.p, 4, true);
    g_assert_cmphex(take(&a, 0), ==, 0x40);
    apic_write(&a, 0, 0xb0, 0);
    g_assert_false(intr(&a, 0));
    g_assert_cmpint(take(&a, 0), ==, -1);
    raise_line(&a.p, 4, false);
    raise_line(&a.p, 4, true);
    g_assert_true(intr(&a, 0));
    pc_rig_free(&a.p);
}

static void priorities_hold_back(void)
{
    struct apics a;
    struct cpu_intc *c;

    apics_init(&a);
    c = cpu_of(&a, 0)->intc;
    c->set_priority(c, 5);
    g_assert_cmphex(apic_read(&a, 0, 0x80), ==, 0x50);
    as_st(&a.p.r.m->as, APIC, 4, 0x55, MEM_ATTRS_NONE);      /* a device's message */
    g_assert_false(intr(&a, 0));
    as_st(&a.p.r.m->as, APIC, 4, 0x61, MEM_ATTRS_NONE);
    g_assert_true(intr(&a, 0));
    g_assert_cmphex(take(&a, 0), ==, 0x61);
    c->set_priority(c, 0);
    g_assert_false(intr(&a, 0));                             /* 0x61 is in service */
    apic_write(&a, 0, 0xb0, 0);
    g_assert_cmphex(take(&a, 0), ==, 0x55);
    pc_rig_free(&a.p);
}

static void ipis_start_cpus(void)
{
    struct apics a;

    apics_init(&a);
    apic_write(&a, 0, 0x310, 1u << 24);
    apic_write(&a, 0, 0x300, 0x4500);
    g_assert_cmphex(atomic_load(&cpu_of(&a, 1)->request) & CPU_REQ_EVENTS, ==, CPU_REQ_INIT);
    apic_write(&a, 0, 0x300, 0x4608);
    g_assert_cmphex(atomic_load(&cpu_of(&a, 1)->request) & CPU_REQ_SIPI, ==, CPU_REQ_SIPI);
    g_assert_cmphex(atomic_load(&cpu_of(&a, 1)->sipi_vector), ==, 8);
    g_assert_cmphex(atomic_load(&cpu_of(&a, 0)->request) & CPU_REQ_EVENTS, ==, 0);
    apic_write(&a, 0, 0x300, 0xc0000 | 0x4077);              /* all others, fixed */
    g_assert_cmphex(take(&a, 1), ==, 0x77);
    apic_write(&a, 1, 0x300, 0x40000 | 0x4078);              /* itself */
    apic_write(&a, 1, 0xb0, 0);
    g_assert_cmphex(take(&a, 1), ==, 0x78);
    pc_rig_free(&a.p);
}

static void logical_destinations(void)
{
    struct apics a;

    apics_init(&a);
    apic_write(&a, 0, 0xd0, 1u << 24);
    apic_write(&a, 1, 0xd0, 2u << 24);
    as_st(&a.p.r.m->as, APIC | 2 << 12 | 4, 4, 0x44, MEM_ATTRS_NONE);
    g_assert_false(intr(&a, 0));
    g_assert_true(intr(&a, 1));
    apic_write(&a, 0, 0x80, 0x20);
    as_st(&a.p.r.m->as, APIC | 3 << 12 | 4, 4, 0x145, MEM_ATTRS_NONE);     /* lowest priority: not CPU 0 */
    g_assert_cmphex(apic_read(&a, 0, 0x220), ==, 0);
    g_assert_cmphex(apic_read(&a, 1, 0x220), ==, 1 << 4 | 1 << 5);
    pc_rig_free(&a.p);
}

static void timer_counts_and_repeats(void)
{
    struct apics a;

    apics_init(&a);
    apic_write(&a, 0, 0x3e0, 0xb);                           /* divide by 1 */
    apic_write(&a, 0, 0x320, 0x20000 | 0x33);
    apic_write(&a, 0, 0x380, 1000);
    rig_step(&a.p.r, 400);
    g_assert_cmpint(apic_read(&a, 0, 0x390), ==, 600);
    g_assert_false(intr(&a, 0));
    rig_step(&a.p.r, 600);
    g_assert_cmphex(take(&a, 0), ==, 0x33);
    apic_write(&a, 0, 0xb0, 0);
    rig_step(&a.p.r, 1000);
    g_assert_cmphex(take(&a, 0), ==, 0x33);
    apic_write(&a, 0, 0xb0, 0);
    apic_write(&a, 0, 0x320, 0x33);                          /* once */
    apic_write(&a, 0, 0x380, 50);
    rig_step(&a.p.r, 60);
    g_assert_cmphex(take(&a, 0), ==, 0x33);
    apic_write(&a, 0, 0xb0, 0);
    rig_step(&a.p.r, 1000);
    g_assert_false(intr(&a, 0));
    g_assert_cmpint(apic_read(&a, 0, 0x390), ==, 0);
    pc_rig_free(&a.p);
}

static void timer_waits_for_a_deadline(void)
{
    struct apics a;
    struct cpu_intc *c;
    uint64_t v = 0;
    int64_t now;

    apics_init(&a);
    c = cpu_of(&a, 0)->intc;
    now = clock_now_ns(&a.p.r.m->virtual_clock);
    g_assert_true(c->msr_write(c, X86_MSR_TSC_DEADLINE, now + 100));     /* not in this mode: ignored */
    g_assert_true(c->msr_read(c, X86_MSR_TSC_DEADLINE, &v));
    g_assert_cmpuint(v, ==, 0);
    apic_write(&a, 0, 0x380, 50);
    apic_write(&a, 0, 0x320, 0x40000 | 0x33);                            /* the count is gone */
    apic_write(&a, 0, 0x380, 50);
    g_assert_cmpint(apic_read(&a, 0, 0x390), ==, 0);
    rig_step(&a.p.r, 1000);
    g_assert_false(intr(&a, 0));
    now = clock_now_ns(&a.p.r.m->virtual_clock);
    g_assert_true(c->msr_write(c, X86_MSR_TSC_DEADLINE, now + 100));
    g_assert_true(c->msr_read(c, X86_MSR_TSC_DEADLINE, &v));
    g_assert_cmpuint(v, ==, now + 100);
    rig_step(&a.p.r, 99);
    g_assert_false(intr(&a, 0));
    rig_step(&a.p.r, 1);
    g_assert_cmphex(take(&a, 0), ==, 0x33);
    apic_write(&a, 0, 0xb0, 0);
    g_assert_true(c->msr_read(c, X86_MSR_TSC_DEADLINE, &v));
    g_assert_cmpuint(v, ==, 0);
    g_assert_true(c->msr_write(c, X86_MSR_TSC_DEADLINE, now + 500));
    apic_write(&a, 0, 0x320, 0x33);                                      /* leaving the mode stops the timer */
    rig_step(&a.p.r, 1000);
    g_assert_false(intr(&a, 0));
    pc_rig_free(&a.p);
}

static void x2apic_has_wide_ids(void)
{
    struct apics a;
    struct cpu_intc *c;
    uint64_t v = 0;

    apics_init(&a);
    c = cpu_of(&a, 1)->intc;
    g_assert_false(c->msr_read(c, X86_MSR_X2APIC + 2, &v));
    g_assert_true(c->msr_write(c, X86_MSR_APIC_BASE, 0xfee00000 | 0xc00));
    g_assert_true(c->msr_read(c, X86_MSR_X2APIC + 2, &v));
    g_assert_cmphex(v, ==, 1);
    g_assert_true(c->msr_read(c, X86_MSR_X2APIC + 0xd, &v));
    g_assert_cmphex(v, ==, 2);
    g_assert_false(c->msr_write(c, X86_MSR_X2APIC + 0xb, 1));            /* EOI takes 0 alone */
    g_assert_false(c->msr_write(c, X86_MSR_APIC_BASE, 0xfee00800));      /* not straight back */
    g_assert_true(c->msr_write(c, X86_MSR_X2APIC + 0x3f, 0x99));
    g_assert_cmphex(take(&a, 1), ==, 0x99);
    g_assert_true(c->msr_write(c, X86_MSR_X2APIC + 0x30, 0x4000 | 0x66));     /* to CPU 0 */
    g_assert_cmphex(take(&a, 0), ==, 0x66);
    g_assert_cmphex(apic_read(&a, 1, 0x20), ==, UINT32_MAX);
    pc_rig_free(&a.p);
}

static void pic_reaches_the_cpu_through_lint0(void)
{
    struct apics a;

    apics_init(&a);
    as_st(&a.p.r.m->io_as, 0x20, 1, 0x11, MEM_ATTRS_NONE);
    as_st(&a.p.r.m->io_as, 0x21, 1, 0x20, MEM_ATTRS_NONE);
    as_st(&a.p.r.m->io_as, 0x21, 1, 0x04, MEM_ATTRS_NONE);
    as_st(&a.p.r.m->io_as, 0x21, 1, 0x01, MEM_ATTRS_NONE);
    device_connect(a.pic, 0, device_input(a.apic[0], 0));
    a.pic->type->irq_in(a.pic, 0, true);
    g_assert_true(intr(&a, 0));
    apic_write(&a, 0, 0x350, 0x10700);                       /* masked */
    g_assert_false(intr(&a, 0));
    apic_write(&a, 0, 0x350, 0x700);
    g_assert_cmphex(take(&a, 0), ==, 0x20);
    g_assert_false(intr(&a, 0));
    pc_rig_free(&a.p);
}

#define TEST(name) g_test_add_func("/pc-intc/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(pic_gives_vectors_by_priority);
    TEST(pic_cascade_needs_two_ends);
    TEST(pic_masks_and_reads);
    TEST(pic_request_that_goes_is_spurious);
    TEST(pic_levels_come_again);
    TEST(pic_special_and_rotating_ends);
    TEST(level_waits_for_the_end_of_interrupt);
    TEST(edge_comes_once);
    TEST(priorities_hold_back);
    TEST(ipis_start_cpus);
    TEST(logical_destinations);
    TEST(timer_counts_and_repeats);
    TEST(timer_waits_for_a_deadline);
    TEST(x2apic_has_wide_ids);
    TEST(pic_reaches_the_cpu_through_lint0);
    return g_test_run();
}
