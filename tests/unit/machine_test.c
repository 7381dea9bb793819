/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's life: run, requests from other threads, reset, events; device properties and -global; registry. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "system/board.h"
#include "system/fdt.h"
#include "tests/dev/rig.h"

struct events {
    struct machine_listener l;
    GString *text;
};

static void note(struct machine_listener *l, struct machine *m, enum machine_event event)
{
    static const char letters[] = { [EVENT_STATE] = 's', [EVENT_RESET] = 'r', [EVENT_POWERDOWN] = 'p',
                                    [EVENT_SHUTDOWN] = 'q', [EVENT_WAKEUP] = 'w' };

    g_string_append_c(((struct events *)l)->text, letters[event]);
}

static void *ask(void *opaque)
{
    struct machine *m = opaque;

    g_usleep(1000);
    machine_request_powerdown(m);
    g_usleep(1000);
    machine_request_reset(m, CAUSE_GUEST_RESET);
    g_usleep(20000);
    machine_request_shutdown(m, CAUSE_GUEST_SHUTDOWN, 7);
    machine_request_shutdown(m, CAUSE_HOST_SIGNAL, 9);
    return NULL;
}

static void requests_come_from_any_thread(void)
{
    struct events e = { .l.event = note, .text = g_string_new(NULL) };
    struct machine *m = machine_new();
    int status = -1;
    GThread *thread;

    machine_listener_add(m, &e.l);
    thread = g_thread_new("ask", ask, m);
    g_assert_true(machine_run(m, &status, NULL));
    g_thread_join(thread);
    g_assert_cmpint(status, ==, 7);
    g_assert_cmpstr(e.text->str, ==, "sprq");
    machine_delete(m);
    g_string_free(e.text, true);
}

static void no_reboot_turns_reset_into_shutdown(void)
{
    struct machine *m = machine_new();
    int status = -1;

    m->opt.no_reboot = true;
    machine_request_reset(m, CAUSE_GUEST_RESET);
    g_assert_true(machine_run(m, &status, NULL));
    g_assert_cmpint(status, ==, 0);
    machine_delete(m);
}

static void stop_and_cont_carry_the_clock(void)
{
    struct machine *m = machine_new();
    int64_t then;

    machine_lock(m);
    g_assert_true(machine_cont(m, NULL));
    g_usleep(1000);
    machine_stop(m, RUN_PAUSED);
    then = clock_now_ns(&m->virtual_clock);
    g_assert_cmpint(then, >=, 1000000);
    g_assert_cmpint(machine_state(m), ==, RUN_PAUSED);
    machine_stop(m, RUN_SHUTDOWN);
    g_assert_false(machine_cont(m, NULL));
    machine_reset(m, CAUSE_HOST);
    g_assert_true(machine_cont(m, NULL));
    machine_stop(m, RUN_PAUSED);
    g_assert_cmpint(clock_now_ns(&m->virtual_clock), >=, then);
    machine_unlock(m);
    machine_delete(m);
}

static void same_seed_gives_same_bytes(void)
{
    uint8_t a[32], b[32];

    for (unsigned i = 0; i < 2; i++) {
        struct machine *m = machine_new();

        m->opt.has_seed = true;
        m->opt.seed = 0x123456789abcull;
        machine_random(m, i ? b : a, sizeof(a));
        machine_delete(m);
    }
    g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
}

/* ---- devices ---- */

static void properties_are_checked(void)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(GString) help = g_string_new(NULL);
    struct rig r;

    rig_init(&r, "cfi.pflash01");
    g_assert_false(device_set_prop(r.d, "colour", "red", &err));
    g_assert_nonnull(strstr(err->message, "sector-length"));
    g_clear_error(&err);
    g_assert_false(device_set_prop(r.d, "num-blocks", "many", &err));
    g_assert_nonnull(strstr(err->message, "num-blocks"));
    g_clear_error(&err);
    g_assert_false(device_set_prop(r.d, "drive", "nodrive", &err));
    g_assert_nonnull(strstr(err->message, "no -drive"));
    g_assert_true(device_set_prop(r.d, "num-blocks", "0x10", NULL));
    device_help(r.d->type, help);
    g_assert_nonnull(strstr(help->str, "num-blocks=<uint32>"));
    device_delete(r.d);
    rig_free(&r);
}

static void globals_set_defaults(void)
{
    g_autofree char *unused = NULL;
    g_autofree char *text = NULL;
    struct rig r;
    struct device *d;

    rig_init(&r, "ns16550a");
    machine_add_global(r.m, "ns16550a", "baudbase", "115200");
    machine_add_global(r.m, "ns16550a", "baudrate", "1");
    d = device_new(r.m, r.d->type, NULL, NULL);
    text = prop_format(r.m, d, device_find_prop(d->type, "baudbase"));
    g_assert_cmpstr(text, ==, "115200");
    unused = machine_unused_global(r.m);
    g_assert_nonnull(strstr(unused, "baudrate"));
    device_delete(d);
    device_delete(r.d);
    rig_free(&r);
}

static void ids_are_unique(void)
{
    g_autoptr(GError) err = NULL;
    struct device *d;
    struct rig r;

    rig_init(&r, "ns16550a");
    rig_start(&r);
    d = device_new(r.m, r.d->type, "dut", NULL);
    g_assert_false(device_realize(d, NULL, &err));
    g_assert_nonnull(strstr(err->message, "'dut'"));
    device_delete(d);
    rig_free(&r);
}

/* Rows of a board must not overlap, and name types that exist. */
static void boards_are_sound(void)
{
    for (unsigned b = 0; boards[b]; b++) {
        const struct board *board = boards[b];

        for (size_t i = 0; i < board->place_count; i++) {
            const struct place *p = &board->places[i];
            const struct device_type *type = p->type ? device_type_find(p->type) : NULL;
            uint64_t size = p->size ? p->size : type ? type->mmio_size : 0;

            for (size_t j = 0; j < board->place_count; j++) {
                const struct place *q = &board->places[j];

                if (p->isa != q->isa) {
                    continue;
                }
                g_assert_true(i == j || q->addr < p->addr || q->addr - p->addr >= size);
                g_assert_true(i == j || strcmp(p->id, q->id));
                g_assert_true(i == j || !p->irq || p->irq != q->irq);
            }
        }
    }
}

static void device_trees_grow(void)
{
    g_autofree char *big = g_strnfill(100000, 'x');
    g_autoptr(GError) err = NULL;
    g_autofree char *path = NULL;
    struct fdt *f = dt_new();

    dt_node(f, "/chosen");
    dt_set_string(f, "/chosen", "bootargs", big);
    for (unsigned i = 0; i < 500; i++) {
        g_autofree char *node = g_strdup_printf("/n%u", i);

        dt_node(f, node);
        dt_set_reg(f, node, i, 0x100);
    }
    g_assert_cmpuint(dt_phandle(f, "/n7"), ==, dt_phandle(f, "/n7"));
    g_assert_cmpuint(dt_phandle(f, "/n7"), !=, dt_phandle(f, "/n8"));
    dt_finish(f);
    g_close(g_file_open_tmp("dtbXXXXXX", &path, NULL), NULL);
    g_assert_true(dt_write_file(f, path, NULL));
    dt_delete(f);
    f = dt_new_from_file(path, NULL);
    g_assert_nonnull(f);
    g_assert_true(dt_has_node(f, "/n499"));
    dt_delete(f);
    g_assert_true(g_file_set_contents(path, "\xd0\x0d\xfe\xed garbage", 12, NULL));
    g_assert_null(dt_new_from_file(path, &err));
    g_assert_nonnull(strstr(err->message, "-dtb"));
    remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/machine/requests_come_from_any_thread", requests_come_from_any_thread);
    g_test_add_func("/machine/no_reboot_turns_reset_into_shutdown", no_reboot_turns_reset_into_shutdown);
    g_test_add_func("/machine/stop_and_cont_carry_the_clock", stop_and_cont_carry_the_clock);
    g_test_add_func("/machine/same_seed_gives_same_bytes", same_seed_gives_same_bytes);
    g_test_add_func("/device/properties_are_checked", properties_are_checked);
    g_test_add_func("/device/globals_set_defaults", globals_set_defaults);
    g_test_add_func("/device/ids_are_unique", ids_are_unique);
    g_test_add_func("/board/boards_are_sound", boards_are_sound);
    g_test_add_func("/fdt/device_trees_grow", device_trees_grow);
    return g_test_run();
}
