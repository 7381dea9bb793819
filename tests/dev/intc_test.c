/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PLIC and ACLINT: gateways, priorities, claims; timer and software interrupts of two harts. */
#include "tests/dev/rig.h"

enum { SSIP = 1, MSIP = 3, MTIP = 7, SEIP = 9, MEIP = 11 };
enum { PRIORITY = 0, PENDING = 0x1000, ENABLE = 0x2000, THRESHOLD = 0x200000, CLAIM = 0x200004 };

static void plic_init(struct rig *r)
{
    rig_init(r, "riscv.sifive.plic");
    device_set_uint(r->d, "num-harts", 2);
    rig_start(r);
}

static void enable(struct rig *r, unsigned context, unsigned source, unsigned priority)
{
    uint64_t at = ENABLE + 0x80 * context + source / 32 * 4;

    rig_write(r, PRIORITY + 4 * source, 4, priority);
    rig_write(r, at, 4, rig_read(r, at, 4) | 1u << (source % 32));
}

static void input(struct rig *r, unsigned source, bool level)
{
    struct irq_line line = device_input(r->d, source);

    irq_set(&line, level);
}

static void plic_routes_to_contexts(void)
{
    struct rig r;

    plic_init(&r);
    enable(&r, 1, 10, 1);
    enable(&r, 2, 40, 1);
    input(&r, 10, true);
    g_assert_true(rig_line(&r, 0, SEIP));
    g_assert_false(rig_line(&r, 0, MEIP));
    g_assert_false(rig_line(&r, 1, MEIP));
    input(&r, 40, true);
    g_assert_true(rig_line(&r, 1, MEIP));
    g_assert_cmphex(rig_read(&r, PENDING + 4, 4), ==, 1u << 8);
    rig_free(&r);
}

static void plic_claims_by_priority_and_threshold(void)
{
    struct rig r;

    plic_init(&r);
    enable(&r, 0, 3, 2);
    enable(&r, 0, 5, 7);
    enable(&r, 0, 9, 7);
    for (unsigned s = 3; s <= 9; s += 2) {
        input(&r, s, true);
    }
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 5);
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 9);
    rig_write(&r, THRESHOLD, 4, 2);
    g_assert_false(rig_line(&r, 0, MEIP));
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 3);
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 0);
    rig_free(&r);
}

static void plic_gateway_waits_for_completion(void)
{
    struct rig r;

    plic_init(&r);
    enable(&r, 0, 4, 1);
    input(&r, 4, true);
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 4);
    input(&r, 4, false);
    input(&r, 4, true);
    g_assert_false(rig_line(&r, 0, MEIP));
    rig_write(&r, CLAIM, 4, 4);
    g_assert_true(rig_line(&r, 0, MEIP));
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 4);
    input(&r, 4, false);
    rig_write(&r, CLAIM, 4, 4);
    g_assert_false(rig_line(&r, 0, MEIP));
    rig_free(&r);
}

/* Section 9 of the specification. */
static void plic_ignores_completion_of_disabled_source(void)
{
    struct rig r;

    plic_init(&r);
    enable(&r, 0, 4, 1);
    input(&r, 4, true);
    g_assert_cmpuint(rig_read(&r, CLAIM, 4), ==, 4);
    rig_write(&r, ENABLE, 4, 0);
    rig_write(&r, CLAIM, 4, 4);
    enable(&r, 0, 4, 1);
    g_assert_false(rig_line(&r, 0, MEIP));
    rig_write(&r, CLAIM, 4, 4);
    g_assert_true(rig_line(&r, 0, MEIP));
    rig_free(&r);
}

static void plic_source_zero_is_never_enabled(void)
{
    struct rig r;

    plic_init(&r);
    rig_write(&r, ENABLE, 4, UINT32_MAX);
    rig_write(&r, ENABLE + 8, 4, UINT32_MAX);
    rig_write(&r, ENABLE + 12, 4, UINT32_MAX);
    g_assert_cmphex(rig_read(&r, ENABLE, 4), ==, 0xfffffffe);
    g_assert_cmphex(rig_read(&r, ENABLE + 8, 4), ==, UINT32_MAX);
    g_assert_cmphex(rig_read(&r, ENABLE + 12, 4), ==, 0);
    rig_free(&r);
}

/* ---- ACLINT ---- */

static void mtimer_init(struct rig *r)
{
    rig_init(r, "riscv.aclint.mtimer");
    device_set_uint(r->d, "num-harts", 2);
    rig_start(r);
}

static void mtimer_compares(void)
{
    struct rig r;

    mtimer_init(&r);
    rig_step(&r, 1000000);
    g_assert_cmpuint(rig_read(&r, 0x7ff8, 8), ==, 10000);
    rig_write(&r, 8, 8, 10010);
    g_assert_false(rig_line(&r, 1, MTIP));
    rig_step(&r, 999);
    g_assert_false(rig_line(&r, 1, MTIP));
    rig_step(&r, 1);
    g_assert_true(rig_line(&r, 1, MTIP));
    g_assert_false(rig_line(&r, 0, MTIP));
    rig_write(&r, 12, 4, 1);
    g_assert_false(rig_line(&r, 1, MTIP));
    g_assert_cmphex(rig_read(&r, 8, 8), ==, 0x10000271a);
    rig_free(&r);
}

static void mtime_can_be_written(void)
{
    struct rig r;

    mtimer_init(&r);
    rig_write(&r, 0, 8, 5000);
    rig_write(&r, 0x7ff8, 8, 4990);
    g_assert_false(rig_line(&r, 0, MTIP));
    rig_step(&r, 1000);
    g_assert_cmpuint(rig_read(&r, 0x7ff8, 4), ==, 5000);
    g_assert_true(rig_line(&r, 0, MTIP));
    rig_write(&r, 0x7ffc, 4, 1);
    g_assert_cmphex(rig_read(&r, 0x7ff8, 8), ==, 0x100001388);
    rig_free(&r);
}

static unsigned due;

static void count_due(struct cpu *cpu)
{
    due++;
}

/* The hart's own comparator (stimecmp), through the interface of system/cpu.h. */
static void mtimer_wakes_harts_at_their_wish(void)
{
    struct cpu *cpu;
    struct rig r;

    mtimer_init(&r);
    r.cpu_type.timer_due = count_due;
    cpu = r.m->cpus->pdata[1];
    due = 0;
    cpu->time_arm(cpu->time_opaque, cpu, 100);
    rig_step(&r, 9999);
    g_assert_cmpuint(due, ==, 0);
    rig_step(&r, 1);
    g_assert_cmpuint(due, ==, 1);
    g_assert_cmpuint(cpu->time_read(cpu->time_opaque), ==, 100);
    cpu->time_arm(cpu->time_opaque, cpu, 50);
    clock_run_due(&r.m->virtual_clock);
    g_assert_cmpuint(due, ==, 2);
    cpu->time_arm(cpu->time_opaque, cpu, UINT64_MAX - 1);
    cpu->time_arm(cpu->time_opaque, cpu, UINT64_MAX);
    rig_step(&r, 1000000000);
    g_assert_cmpuint(due, ==, 2);
    rig_free(&r);
}

static void swi_sets_msip(void)
{
    struct rig r;

    rig_init(&r, "riscv.aclint.swi");
    device_set_uint(r.d, "num-harts", 2);
    rig_start(&r);
    rig_write(&r, 4, 4, UINT32_MAX);
    g_assert_true(rig_line(&r, 1, MSIP));
    g_assert_false(rig_line(&r, 0, MSIP));
    g_assert_cmpuint(rig_read(&r, 4, 4), ==, 1);
    rig_reset(&r);
    g_assert_false(rig_line(&r, 1, MSIP));
    rig_free(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plic/routes_to_contexts", plic_routes_to_contexts);
    g_test_add_func("/plic/claims_by_priority_and_threshold", plic_claims_by_priority_and_threshold);
    g_test_add_func("/plic/gateway_waits_for_completion", plic_gateway_waits_for_completion);
    g_test_add_func("/plic/ignores_completion_of_disabled_source", plic_ignores_completion_of_disabled_source);
    g_test_add_func("/plic/source_zero_is_never_enabled", plic_source_zero_is_never_enabled);
    g_test_add_func("/aclint/mtimer_compares", mtimer_compares);
    g_test_add_func("/aclint/mtime_can_be_written", mtime_can_be_written);
    g_test_add_func("/aclint/mtimer_wakes_harts_at_their_wish", mtimer_wakes_harts_at_their_wish);
    g_test_add_func("/aclint/swi_sets_msip", swi_sets_msip);
    return g_test_run();
}
