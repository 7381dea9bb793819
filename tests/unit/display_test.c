/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Surfaces as files, consoles between a device and listeners, and which device an input event goes to. */
#include <string.h>
#include <zlib.h>

#include "ui/display.h"

static void ppm_is_header_and_bytes(void)
{
    struct surface *s = surface_new(2, 1);
    g_autoptr(GByteArray) out = NULL;

    s->pixels[0] = 0xff123456;
    s->pixels[1] = 0x00abcdef;
    out = surface_ppm(s);
    g_assert_cmpmem(out->data, out->len, "P6\n2 1\n255\n\x12\x34\x56\xab\xcd\xef", 17);
    surface_free(s);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Reads the PNG back: chunks' checksums, and the filters that we use. */
static void png_has_the_pixels(void)
{
    enum { W = 37, H = 5, ROW = 3 * W };
    struct surface *s = surface_new(W, H);
    g_autoptr(GByteArray) png = NULL;
    uint8_t raw[(ROW + 1) * H], above[ROW] = { 0 };
    const uint8_t *p;
    uLongf len = sizeof raw;

    for (unsigned i = 0; i < W * H; i++) {
        s->pixels[i] = g_test_rand_int();
    }
    png = surface_png(s);
    g_assert_cmpmem(png->data, 8, "\x89PNG\r\n\x1a\n", 8);
    p = png->data + 8;
    g_assert_cmpuint(be32(p), ==, 13);
    g_assert_cmpmem(p + 4, 17, "IHDR\0\0\0\x25\0\0\0\5\x08\2\0\0\0", 17);
    g_assert_cmphex(be32(p + 21), ==, crc32(0, p + 4, 17));
    p += 25;
    g_assert_cmpmem(p + 4, 4, "IDAT", 4);
    g_assert_cmphex(be32(p + 8 + be32(p)), ==, crc32(0, p + 4, 4 + be32(p)));
    g_assert_cmpint(uncompress(raw, &len, p + 8, be32(p)), ==, Z_OK);
    g_assert_cmpuint(len, ==, sizeof raw);
    for (unsigned y = 0; y < H; y++) {
        const uint8_t *row = raw + y * (ROW + 1);

        for (unsigned i = 0; i < ROW; i++) {
            above[i] = row[1 + i] + (row[0] == 2 ? above[i] : 0);
            g_assert_cmphex(above[i], ==, s->pixels[y * W + i / 3] >> (16 - i % 3 * 8) & 0xff);
        }
    }
    p += 12 + be32(p);
    g_assert_cmpmem(p, 12, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
    surface_free(s);
}

/* ---- consoles ---- */

struct watcher {
    struct display_listener l;
    unsigned added, removed, switched, damaged;
    unsigned last[4];
};

static void on_added(struct display_listener *l, struct console *c) { ((struct watcher *)l)->added++; }
static void on_removed(struct display_listener *l, struct console *c) { ((struct watcher *)l)->removed++; }
static void on_switched(struct display_listener *l, struct console *c) { ((struct watcher *)l)->switched++; }

static void on_damaged(struct display_listener *l, struct console *c, unsigned x, unsigned y, unsigned w, unsigned h)
{
    struct watcher *t = (struct watcher *)l;

    t->damaged++;
    memcpy(t->last, (unsigned[]) { x, y, w, h }, sizeof t->last);
}

static void refresh(void *opaque)
{
    struct console *c = *(struct console **)opaque;

    console_resize(c, 320, 200);
    console_damage(c, 1, 2, 3, 4);
    console_damage(c, 0, 0, 0, 0);
}

static void listeners_hear_of_consoles(void)
{
    static const struct console_ops ops = { .refresh = refresh };
    struct watcher w = { .l = { on_added, on_removed, on_switched, on_damaged } };
    struct display *d = display_new();
    struct console *a, *b;

    a = console_new(d, "A", NULL, &ops, &a);
    display_listener_add(d, &w.l);
    b = console_new(d, "B", "id", &ops, &b);
    g_assert_cmpuint(w.added, ==, 2);
    console_refresh(a);
    console_refresh(a);
    g_assert_cmpuint(w.switched, ==, 1);
    g_assert_cmpuint(w.damaged, ==, 2);
    g_assert_cmpmem(w.last, sizeof w.last, ((unsigned[]) { 1, 2, 3, 4 }), sizeof w.last);
    g_assert_true(display_console(d, 1) == b && !display_console(d, 2));
    console_free(b);
    g_assert_cmpuint(w.removed, ==, 1);
    display_listener_remove(d, &w.l);
    console_free(a);
    g_assert_cmpuint(w.removed, ==, 1);
    display_free(d);
}

/* ---- input ---- */

struct catcher {
    struct input_sink s;
    unsigned events, syncs;
    struct input_event last;
};

static void catch(struct input_sink *s, const struct input_event *e)
{
    ((struct catcher *)s)->events++;
    ((struct catcher *)s)->last = *e;
}

static void catch_sync(struct input_sink *s) { ((struct catcher *)s)->syncs++; }

static void events_go_to_the_device_in_use(void)
{
    struct catcher mouse = { .s = { "mouse", INPUT_TAKES_BUTTONS | INPUT_TAKES_REL, catch, catch_sync } };
    struct catcher tablet = { .s = { "tablet", INPUT_TAKES_BUTTONS | INPUT_TAKES_ABS, catch, catch_sync } };
    struct input_event left = { .kind = INPUT_BUTTON, .code = BUTTON_LEFT, .down = true };
    struct input in;

    input_init(&in);
    g_assert_false(input_has_pointer(&in));
    input_sink_add(&in, &mouse.s);
    input_sink_add(&in, &tablet.s);
    g_assert_false(input_is_absolute(&in));
    input_send(&in, &left);
    input_sync(&in);
    g_assert_cmpuint(mouse.events, ==, 1);
    g_assert_cmpuint(mouse.syncs, ==, 1);
    g_assert_cmpuint(tablet.syncs, ==, 0);
    input_sink_activate(&in, &tablet.s, true);
    g_assert_true(input_is_absolute(&in));
    input_send(&in, &left);
    g_assert_cmpuint(tablet.events, ==, 1);
    input_sink_activate(&in, &tablet.s, false);
    g_assert_false(input_is_absolute(&in));
    input_key(&in, 0, true);        /* nobody takes keys */
    input_sink_remove(&in, &mouse.s);
    input_sink_remove(&in, &tablet.s);
    input_free(&in);
}

static void held_keys_are_released(void)
{
    struct catcher keyboard = { .s = { "keyboard", INPUT_TAKES_KEYS, catch, NULL } };
    struct input in;

    input_init(&in);
    input_sink_add(&in, &keyboard.s);
    input_key(&in, input_key_find("ctrl"), true);
    input_key(&in, input_key_find("a"), true);
    input_key(&in, input_key_find("a"), false);
    input_release_keys(&in);
    g_assert_cmpuint(keyboard.events, ==, 4);
    g_assert_cmpint(keyboard.last.code, ==, input_key_find("ctrl"));
    g_assert_false(keyboard.last.down);
    input_release_keys(&in);
    g_assert_cmpuint(keyboard.events, ==, 4);
    input_free(&in);
}

static void keys_have_names_and_numbers(void)
{
    g_assert_cmpint(input_key_find("ret"), >=, 0);
    g_assert_cmpint(input_key_find("0x1c"), ==, input_key_find("ret"));
    g_assert_cmpint(input_key_find("0x9c"), ==, input_key_find("kp_enter"));
    g_assert_cmpint(input_key_find("nokey"), ==, -1);
    g_assert_cmpint(input_key_find("0xzz"), ==, -1);
    g_assert_cmpint(input_key_of_evdev(30), ==, input_key_find("a"));
    g_assert_cmpint(input_key_of_evdev(0), ==, -1);
    for (unsigned i = 0; i < input_key_count; i++) {
        g_assert_cmpint(input_key_find(input_keys[i].name), ==, i);    /* no name twice */
    }
}

#define TEST(name) g_test_add_func("/display/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(ppm_is_header_and_bytes);
    TEST(png_has_the_pixels);
    TEST(listeners_hear_of_consoles);
    TEST(events_go_to_the_device_in_use);
    TEST(held_keys_are_released);
    TEST(keys_have_names_and_numbers);
    return g_test_run();
}
