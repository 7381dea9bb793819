/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPET: its counter, one-shot and periodic comparators by line, legacy replacement, and by message. */
#include "hw/timer/hpet.h"
#include "tests/dev/rig.h"

enum { CAP = 0x00, CFG = 0x10, ISR = 0x20, COUNTER = 0xf0, T0 = 0x100, T2 = 0x140 };
#define ROUTES 0x00ff0000u

struct hpet_rig {
    struct rig r;
    bool line[HPET_LINES];
    unsigned rises[HPET_LINES];
};

static void set_line(void *opaque, unsigned n, bool level)
{
    struct hpet_rig *h = opaque;

    h->rises[n] += level && !h->line[n];
    h->line[n] = level;
}

static void start(struct hpet_rig *h, bool msi)
{
    *h = (struct hpet_rig) { 0 };
    rig_init(&h->r, "hpet");
    device_set_uint(h->r.d, "hpet-intcap", ROUTES);
    device_set_uint(h->r.d, "msi", msi);
    rig_start(&h->r);
    for (unsigned i = 0; i < HPET_LINES; i++) {
        hpet_connect(h->r.d, i, (struct irq_line) { set_line, h, i });
    }
}

static void capabilities_and_counter(void)
{
    struct hpet_rig h;

    start(&h, false);
    g_assert_cmphex(rig_read(&h.r, CAP, 8), ==, 0x009896808086a201);
    g_assert_cmphex(rig_read(&h.r, CAP + 4, 4), ==, 10000000);
    g_assert_cmphex(rig_read(&h.r, T0, 8), ==, (uint64_t)ROUTES << 32 | 0x30);
    rig_step(&h.r, 1000);
    g_assert_cmphex(rig_read(&h.r, COUNTER, 8), ==, 0);
    rig_write(&h.r, COUNTER, 8, 0xfffffff0);
    rig_write(&h.r, CFG, 4, 1);
    rig_step(&h.r, 320);
    g_assert_cmphex(rig_read(&h.r, COUNTER, 8), ==, 0x100000010);
    g_assert_cmphex(rig_read(&h.r, COUNTER + 4, 4), ==, 1);
    rig_write(&h.r, CFG, 4, 0);
    rig_step(&h.r, 1000);
    g_assert_cmphex(rig_read(&h.r, COUNTER, 8), ==, 0x100000010);
    rig_free(&h.r);
}

static void one_shot_by_level(void)
{
    struct hpet_rig h;

    start(&h, false);
    rig_write(&h.r, T2, 4, 18 << 9 | 6);        /* line 18, level, enabled */
    rig_write(&h.r, T2 + 8, 8, 1000);
    rig_write(&h.r, CFG, 4, 1);
    rig_step(&h.r, 9990);
    g_assert_false(h.line[18]);
    rig_step(&h.r, 10);
    g_assert_true(h.line[18]);
    g_assert_cmphex(rig_read(&h.r, ISR, 4), ==, 4);
    rig_write(&h.r, ISR, 4, 4);
    g_assert_false(h.line[18]);
    rig_step(&h.r, 1000000);
    g_assert_cmpuint(h.rises[18], ==, 1);
    rig_write(&h.r, T2, 4, 3 << 9 | 4);         /* a line that it may not drive */
    rig_write(&h.r, T2 + 8, 8, rig_read(&h.r, COUNTER, 8) + 10);
    rig_step(&h.r, 1000);
    g_assert_cmpuint(h.rises[3], ==, 0);
    rig_free(&h.r);
}

/* As Linux starts its tick: value and period by two writes. */
static void periodic_in_place_of_the_old_timers(void)
{
    struct hpet_rig h;
    struct irq_line pit, rtc;

    start(&h, false);
    pit = device_input(h.r.d, 0);
    rtc = device_input(h.r.d, 1);
    irq_set(&pit, true);
    irq_set(&rtc, true);
    g_assert_true(h.line[0] && h.line[8]);      /* they pass through */
    rig_write(&h.r, T0, 4, 0x14c);              /* enabled, periodic, set value, 32 bits */
    rig_write(&h.r, T0 + 8, 4, 100000);
    rig_write(&h.r, T0 + 8, 4, 100000);
    rig_write(&h.r, CFG, 4, 3);
    g_assert_false(h.line[0] || h.line[8]);
    h.rises[0] = 0;
    for (unsigned i = 0; i < 10; i++) {
        rig_step(&h.r, 1000000);
    }
    g_assert_cmpuint(h.rises[0], ==, 10);
    rig_write(&h.r, CFG, 4, 1);
    g_assert_true(h.line[0] && h.line[8]);
    rig_free(&h.r);
}

static void short_periods_do_not_keep_us_busy(void)
{
    struct hpet_rig h;

    start(&h, false);
    rig_write(&h.r, T0, 4, 0x4c);
    rig_write(&h.r, T0 + 8, 8, 1);
    rig_write(&h.r, T0 + 8, 8, 1);
    rig_write(&h.r, CFG, 4, 3);
    for (unsigned i = 0; i < 100; i++) {
        rig_step(&h.r, 10000);
    }
    g_assert_cmpuint(h.rises[0], >=, 20);
    g_assert_cmpuint(h.rises[0], <=, 102);
    rig_free(&h.r);
}

static void by_message(void)
{
    struct hpet_rig h;

    start(&h, true);
    g_assert_cmphex(rig_read(&h.r, T0, 4) & 0x8000, ==, 0x8000);
    rig_write(&h.r, T0 + 0x10, 8, (RIG_RAM + 0x40) << 32 | 0x4041);
    rig_write(&h.r, T0, 4, 0x4004);
    rig_write(&h.r, T0 + 8, 8, 50);
    rig_write(&h.r, CFG, 4, 1);
    rig_step(&h.r, 500);
    g_assert_cmphex(h.r.ram_host[0x40] | h.r.ram_host[0x41] << 8, ==, 0x4041);
    rig_free(&h.r);
}

#define TEST(name) g_test_add_func("/hpet/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(capabilities_and_counter);
    TEST(one_shot_by_level);
    TEST(periodic_in_place_of_the_old_timers);
    TEST(short_periods_do_not_keep_us_busy);
    TEST(by_message);
    return g_test_run();
}
