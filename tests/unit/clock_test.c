/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks and timers: order, re-arming, stopping the clock, another driver of it, the main loop's wake-up. */
#include "system/clock.h"

struct log {
    GString *text;
    struct timer timer;
    char name;
};

static void note(void *opaque)
{
    struct log *l = opaque;

    g_string_append_c(l->text, l->name);
}

static void run_until(struct clock *c, int64_t now)
{
    clock_set_ns(c, now);
    clock_run_due(c);
}

static void timers_fire_once_in_order(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct big_lock lock;
    struct log logs[8];
    struct clock c;

    big_lock_init(&lock);
    clock_init(&c, CLOCK_KIND_VIRTUAL, &lock);
    for (unsigned i = 0; i < G_N_ELEMENTS(logs); i++) {
        logs[i].text = text;
        logs[i].name = 'a' + i;
        timer_init(&logs[i].timer, &c, note, &logs[i]);
        timer_set_ns(&logs[i].timer, 100 * ((i * 5) % 8));      /* of a to h: 0 500 200 700 400 100 600 300 */
    }
    timer_stop(&logs[4].timer);
    timer_set_ns(&logs[0].timer, 650);
    g_assert_cmpint(clock_deadline_ns(&c), ==, 100);
    run_until(&c, 99);
    g_assert_cmpstr(text->str, ==, "");
    run_until(&c, 300);
    g_assert_cmpstr(text->str, ==, "fch");
    run_until(&c, 5000);
    g_assert_cmpstr(text->str, ==, "fchbgad");
    g_assert_cmpint(clock_deadline_ns(&c), ==, CLOCK_NEVER);
    clock_free(&c);
    big_lock_free(&lock);
}

static void virtual_clock_stands_still_when_stopped(void)
{
    struct big_lock lock;
    struct clock c;
    int64_t then;

    big_lock_init(&lock);
    clock_init(&c, CLOCK_KIND_VIRTUAL, &lock);
    g_assert_cmpint(clock_now_ns(&c), ==, 0);
    clock_start(&c);
    g_usleep(2000);
    clock_stop(&c);
    then = clock_now_ns(&c);
    g_assert_cmpint(then, >=, 2000000);
    g_usleep(1000);
    g_assert_cmpint(clock_now_ns(&c), ==, then);
    clock_start(&c);
    g_assert_cmpint(clock_now_ns(&c), >=, then);
    clock_stop(&c);
    clock_free(&c);
    big_lock_free(&lock);
}

struct driver {
    int64_t now;
    unsigned changes;
};

static int64_t count_ns(void *opaque)
{
    return ((struct driver *)opaque)->now;
}

static void deadline_changed(void *opaque)
{
    ((struct driver *)opaque)->changes++;
}

static void driver_hears_of_nearer_deadlines(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct driver driver = { .now = 50 };
    struct log a = { .text = text, .name = 'a' }, b = { .text = text, .name = 'b' };
    struct big_lock lock;
    struct clock c;

    big_lock_init(&lock);
    clock_init(&c, CLOCK_KIND_VIRTUAL, &lock);
    clock_drive(&c, count_ns, deadline_changed, &driver);
    timer_init(&a.timer, &c, note, &a);
    timer_init(&b.timer, &c, note, &b);
    timer_set_ns(&a.timer, 1000);
    g_assert_cmpuint(driver.changes, ==, 1);
    timer_set_ns(&b.timer, 2000);
    g_assert_cmpuint(driver.changes, ==, 1);
    timer_set_ns(&b.timer, 500);
    g_assert_cmpuint(driver.changes, ==, 2);
    driver.now = 600;
    clock_run_due(&c);
    g_assert_cmpstr(text->str, ==, "b");
    timer_free(&a.timer);
    clock_free(&c);
    big_lock_free(&lock);
}

static void quit_loop(void *opaque)
{
    g_main_loop_quit(opaque);
}

/* The deadline moves nearer from another thread while the main loop sleeps. */
static void *arm_soon(void *opaque)
{
    struct timer *t = opaque;

    g_usleep(5000);
    timer_set_ns(t, clock_now_ns(t->clock) + 1000000);
    return NULL;
}

static void main_loop_runs_timers(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, false);
    struct big_lock lock;
    struct clock c;
    struct timer t;
    GThread *thread;
    bool ok;

    big_lock_init(&lock);
    clock_init(&c, CLOCK_KIND_VIRTUAL, &lock);
    ok = clock_attach(&c, NULL, NULL);
    g_assert_true(ok);
    timer_init(&t, &c, quit_loop, loop);
    timer_set_ns(&t, 3600ll * 1000000000);
    clock_start(&c);
    thread = g_thread_new("arm", arm_soon, &t);
    g_main_loop_run(loop);
    g_thread_join(thread);
    g_assert_cmpint(clock_now_ns(&c), <, 60ll * 1000000000);
    g_assert_false(timer_armed(&t));
    clock_stop(&c);
    clock_free(&c);
    big_lock_free(&lock);
    g_main_loop_unref(loop);
}

static void ticks_and_ns_agree(void)
{
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t ticks = (uint64_t)g_test_rand_int() << 20 | g_test_rand_int_range(0, 1 << 20);
        uint64_t hz = g_test_rand_int_range(1, 1000000000);
        int64_t ns = clock_ticks_to_ns(ticks, hz);

        if (ns != CLOCK_NEVER) {
            g_assert_cmpuint(clock_ns_to_ticks(ns, hz), ==, ticks);
        }
    }
    g_assert_cmpint(clock_ticks_to_ns(UINT64_MAX, 10000000), ==, CLOCK_NEVER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/timers_fire_once_in_order", timers_fire_once_in_order);
    g_test_add_func("/clock/virtual_clock_stands_still_when_stopped", virtual_clock_stands_still_when_stopped);
    g_test_add_func("/clock/driver_hears_of_nearer_deadlines", driver_hears_of_nearer_deadlines);
    g_test_add_func("/clock/main_loop_runs_timers", main_loop_runs_timers);
    g_test_add_func("/clock/ticks_and_ns_agree", ticks_and_ns_agree);
    return g_test_run();
}
