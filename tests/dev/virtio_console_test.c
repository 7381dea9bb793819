/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-serial with a console and a named port, whose other ends are ring buffers: control messages and both streams. */
#include <string.h>

#include "chardev/chardev.h"
#include "tests/dev/virtio_rig.h"

#define BUFFER VR_DATA
#define MULTIPORT (1ull << 1)

enum { DEVICE_READY, DEVICE_ADD, DEVICE_REMOVE, PORT_READY, CONSOLE_PORT, RESIZE, PORT_OPEN, PORT_NAME };

struct serial {
    struct virtio_rig vr;
    struct chardev_set *set;
    struct chardev *chr[2];
};

static void plug_port(struct serial *s, unsigned i, const char *type, const char *name)
{
    struct device *d = device_new(s->vr.r.m, device_type_find(type), NULL, NULL);
    g_autofree char *text = g_strdup_printf("ringbuf,id=c%u", i);
    struct options *o = options_parse("-chardev", text, "backend", NULL);
    GError *err = NULL;

    s->chr[i] = chardev_new(s->set, o, NULL);
    options_free(o);
    device_set_pointer(d, "chardev", s->chr[i]);
    if (name) {
        device_set_text(d, "name", name);
    }
    device_realize(d, s->vr.r.m->buses->pdata[1], &err);
    g_assert_no_error(err);
}

static void set_up(struct serial *s, gconstpointer kind)
{
    s->set = chardev_set_new();
    vr_init(&s->vr, GPOINTER_TO_INT(kind), "virtio-serial-device");
    vr_plug(&s->vr);
    plug_port(s, 0, "virtconsole", NULL);
    plug_port(s, 1, "virtserialport", "org.test.0");
}

static void tear_down(struct serial *s, gconstpointer data)
{
    vr_free(&s->vr);
    chardev_set_free(s->set);
}

static uint8_t *at(struct serial *s, uint64_t addr)
{
    return s->vr.r.ram_host + (addr - RIG_RAM);
}

static void pump(void)
{
    while (g_main_context_iteration(NULL, false)) {
    }
}

static void tell(struct serial *s, uint32_t nr, uint16_t event, uint16_t value)
{
    struct vr_buf b = { BUFFER + 0x800, 8, 0 };

    memcpy(at(s, b.addr), &nr, 4);
    memcpy(at(s, b.addr + 4), &event, 2);
    memcpy(at(s, b.addr + 6), &value, 2);
    vr_add(&s->vr, 3, &b, 1);
    vr_kick(&s->vr, 3);
    g_assert_cmpint(vr_used(&s->vr, 3), ==, 0);
}

/* Gives a buffer and takes the next message; text: what follows it. */
static void expect(struct serial *s, uint32_t nr, uint16_t event, uint16_t value, const char *text)
{
    struct vr_buf b = { BUFFER + 0x900, 64, VR_WRITE };
    uint16_t got[2];

    memset(at(s, b.addr), 0, 64);
    vr_add(&s->vr, 2, &b, 1);
    vr_kick(&s->vr, 2);
    g_assert_cmpint(vr_used(&s->vr, 2), ==, 8 + strlen(text));
    memcpy(got, at(s, b.addr + 4), 4);
    g_assert_cmpuint(*at(s, b.addr), ==, nr);
    g_assert_cmpuint(got[0], ==, event);
    g_assert_cmpuint(got[1], ==, value);
    g_assert_cmpstr((char *)at(s, b.addr + 8), ==, text);
}

static void send(struct serial *s, unsigned queue, const char *text)
{
    struct vr_buf b = { BUFFER, strlen(text), 0 };

    memcpy(at(s, BUFFER), text, b.len);
    vr_add(&s->vr, queue, &b, 1);
    vr_kick(&s->vr, queue);
    g_assert_cmpint(vr_used(&s->vr, queue), ==, 0);
    pump();
}

static void check_sent(struct serial *s, unsigned i, const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_true(chardev_ringbuf_read(s->chr[i], 100, out, NULL));
    g_assert_cmpstr(out->str, ==, text);
}

static void ports_announce_themselves(struct serial *s, gconstpointer data)
{
    vr_start(&s->vr, MULTIPORT, 6);
    g_assert_cmpuint(vr_reg(&s->vr, 0x104), ==, 31);
    tell(s, 0, DEVICE_READY, 1);
    expect(s, 0, DEVICE_ADD, 1, "");
    expect(s, 1, DEVICE_ADD, 1, "");
    tell(s, 0, PORT_READY, 1);
    expect(s, 0, CONSOLE_PORT, 1, "");
    expect(s, 0, PORT_OPEN, 1, "");
    tell(s, 1, PORT_READY, 1);
    expect(s, 1, PORT_NAME, 1, "org.test.0");
    expect(s, 1, PORT_OPEN, 1, "");
    /* nonsense */
    tell(s, 30, PORT_READY, 1);
    tell(s, UINT32_MAX, PORT_OPEN, 1);
    tell(s, 0, 99, 1);
    g_assert_cmpint(vr_used(&s->vr, 2), ==, -1);
}

static void bytes_go_both_ways(struct serial *s, gconstpointer data)
{
    struct vr_buf b = { BUFFER + 0x100, 4, VR_WRITE };

    vr_start(&s->vr, MULTIPORT, 6);
    send(s, 1, "console");
    send(s, 5, "port");
    check_sent(s, 0, "console");
    check_sent(s, 1, "port");
    /* Nothing comes before the guest opens the port, then as much as its buffers hold. */
    vr_add(&s->vr, 4, &b, 1);
    vr_kick(&s->vr, 4);
    g_assert_false(chardev_ringbuf_write(s->chr[1], "answer", 6, NULL));
    g_assert_cmpint(vr_used(&s->vr, 4), ==, -1);
    tell(s, 1, PORT_OPEN, 1);
    g_assert_false(chardev_ringbuf_write(s->chr[1], "answer", 6, NULL));
    g_assert_cmpint(vr_used(&s->vr, 4), ==, 4);
    g_assert_cmpint(memcmp(at(s, b.addr), "answ", 4), ==, 0);
    vr_add(&s->vr, 4, &b, 1);
    vr_kick(&s->vr, 4);
    g_assert_true(chardev_ringbuf_write(s->chr[1], "er", 2, NULL));
    g_assert_cmpint(vr_used(&s->vr, 4), ==, 2);
    g_assert_cmpint(memcmp(at(s, b.addr), "er", 2), ==, 0);
}

static void old_driver_has_one_console(struct serial *s, gconstpointer data)
{
    struct vr_buf b = { BUFFER + 0x100, 16, VR_WRITE }, none = { BUFFER, 0, VR_WRITE };

    vr_start(&s->vr, 0, 2);
    send(s, 1, "hello");
    check_sent(s, 0, "hello");
    vr_add(&s->vr, 0, &none, 1);
    vr_add(&s->vr, 0, &b, 1);
    vr_kick(&s->vr, 0);
    chardev_ringbuf_write(s->chr[0], "x", 1, NULL);
    pump();
    g_assert_cmpint(vr_used(&s->vr, 0), ==, 0);
    g_assert_cmpint(vr_used(&s->vr, 0), ==, 1);
    g_assert_cmphex(*at(s, b.addr), ==, 'x');
    rig_write(&s->vr.r, 0x108, 4, '!');     /* emergency write */
    pump();
    check_sent(s, 0, "!");
}

static void wrong_places_are_refused(struct serial *s, gconstpointer data)
{
    static const struct { const char *type, *nr, *part; } rows[] = {
        { "virtserialport", "0", "port 0 is for a virtconsole" }, { "virtserialport", "1", "taken" },
        { "virtconsole", "31", "no such port" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct device *d = device_new(s->vr.r.m, device_type_find(rows[i].type), NULL, NULL);
        g_autoptr(GError) err = NULL;

        device_set_text(d, "nr", rows[i].nr);
        g_assert_false(device_realize(d, s->vr.r.m->buses->pdata[1], &err));
        g_assert_nonnull(strstr(err->message, rows[i].part));
        device_delete(d);
    }
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*fn)(struct serial *s, gconstpointer data); } tests[] = {
        { "ports_announce_themselves", ports_announce_themselves }, { "bytes_go_both_ways", bytes_go_both_ways },
        { "old_driver_has_one_console", old_driver_has_one_console }, { "wrong_places_are_refused", wrong_places_are_refused },
    };
    static const char *const kinds[] = { "legacy", "modern", "packed" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        for (int kind = VR_LEGACY; kind <= VR_PACKED; kind++) {
            g_autofree char *path = g_strdup_printf("/virtio-console/%s/%s", tests[i].name, kinds[kind]);

            g_test_add(path, struct serial, GINT_TO_POINTER(kind), set_up, tests[i].fn, tear_down);
        }
    }
    return g_test_run();
}
