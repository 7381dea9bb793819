/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller: its self-tests, the devices' answers and interrupts, A20, reset. */
#include "tests/dev/pc_rig.h"
#include "ui/display.h"

static void controller_and_keyboard_test_themselves(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    g_assert_cmphex(inb(&p, 0x64) & 0x21, ==, 0);
    outb(&p, 0x64, 0xaa);
    g_assert_cmphex(inb(&p, 0x64) & 0x25, ==, 0x05);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x55);
    outb(&p, 0x60, 0xff);
    g_assert_true(p.line[1]);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xfa);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xaa);
    g_assert_false(p.line[1]);
    pc_rig_free(&p);
}

static void command_byte_masks(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    outb(&p, 0x64, 0x60);
    outb(&p, 0x60, 0x44);
    outb(&p, 0x64, 0x20);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x44);
    outb(&p, 0x60, 0xf2);
    g_assert_false(p.line[1]);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xfa);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xab);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x41);      /* 0x83, translated */
    pc_rig_free(&p);
}

static void mouse_write(struct pc_rig *p, uint8_t v)
{
    outb(p, 0x64, 0xd4);
    outb(p, 0x60, v);
}

static void mouse_answers_on_its_own_line(void)
{
    static const uint8_t knock[] = { 200, 100, 80 };
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    mouse_write(&p, 0xf2);
    g_assert_true(p.line[12]);
    g_assert_cmphex(inb(&p, 0x64) & 0x21, ==, 0x21);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xfa);
    g_assert_cmphex(inb(&p, 0x60), ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        mouse_write(&p, 0xf3);
        mouse_write(&p, knock[i]);
        inb(&p, 0x60);
        inb(&p, 0x60);
    }
    mouse_write(&p, 0xf2);
    inb(&p, 0x60);
    g_assert_cmphex(inb(&p, 0x60), ==, 3);
    pc_rig_free(&p);
}

static void key(struct pc_rig *p, const char *name, bool down)
{
    input_key(&p->r.m->display->input, input_key_find(name), down);
}

static void expect_bytes(struct pc_rig *p, const char *bytes, uint8_t status)
{
    for (; *bytes; bytes++) {
        g_assert_cmphex(inb(p, 0x64) & 0x21, ==, status);
        g_assert_cmphex(inb(p, 0x60), ==, (uint8_t)*bytes);
    }
    g_assert_cmphex(inb(p, 0x64) & 0x01, ==, 0);
}

static void keys_are_scan_codes_of_the_set(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    key(&p, "a", true);
    g_assert_true(p.line[1]);
    key(&p, "a", false);
    key(&p, "up", true);
    key(&p, "up", false);
    expect_bytes(&p, "\x1c\xf0\x1c\xe0\x75\xe0\xf0\x75", 1);
    outb(&p, 0x64, 0x60);
    outb(&p, 0x60, 0x45);               /* translated */
    key(&p, "a", true);
    key(&p, "a", false);
    key(&p, "delete", true);
    key(&p, "delete", false);
    expect_bytes(&p, "\x1e\x9e\xe0\x53\xe0\xd3", 1);
    key(&p, "pause", true);
    key(&p, "pause", false);
    key(&p, "print", true);
    expect_bytes(&p, "\xe1\x1d\x45\xe1\x9d\xc5\xe0\x2a\xe0\x37", 1);
    outb(&p, 0x60, 0xf0);
    outb(&p, 0x60, 3);                  /* no such set */
    expect_bytes(&p, "\xfa\xfe", 1);
    outb(&p, 0x60, 0xf5);
    expect_bytes(&p, "\xfa", 1);
    key(&p, "a", true);
    g_assert_false(p.line[1]);
    outb(&p, 0x60, 0xf4);
    expect_bytes(&p, "\xfa", 1);
    for (unsigned i = 0; i < 100; i++) {        /* forgotten whole, not in part */
        key(&p, "down", true);
    }
    expect_bytes(&p, "\xe0\x50\xe0\x50\xe0\x50\xe0\x50\xe0\x50\xe0\x50\xe0\x50", 1);
    outb(&p, 0x60, 0xed);
    outb(&p, 0x60, 5);
    g_assert_cmphex(p.r.m->display->input.leds, ==, INPUT_LED_CAPS | INPUT_LED_SCROLL);
    pc_rig_free(&p);
}

static void moves(struct pc_rig *p, int dx, int dy)
{
    struct input *in = &p->r.m->display->input;

    input_send(in, &(struct input_event) { .kind = INPUT_REL, .code = AXIS_X, .value = dx });
    input_send(in, &(struct input_event) { .kind = INPUT_REL, .code = AXIS_Y, .value = dy });
    input_sync(in);
}

static void click(struct pc_rig *p, unsigned button, bool down)
{
    struct input *in = &p->r.m->display->input;

    input_send(in, &(struct input_event) { .kind = INPUT_BUTTON, .code = button, .down = down });
    input_sync(in);
}

static void movements_are_packets(void)
{
    static const uint8_t knock[] = { 200, 100, 80 };
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    moves(&p, 5, 5);
    g_assert_false(p.line[12]);         /* not enabled yet */
    mouse_write(&p, 0xf4);
    expect_bytes(&p, "\xfa", 0x21);
    moves(&p, 3, -2);
    g_assert_true(p.line[12]);
    expect_bytes(&p, "\x08\x03\x02", 0x21);
    click(&p, BUTTON_RIGHT, true);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x0a);
    inb(&p, 0x60);
    inb(&p, 0x60);
    moves(&p, -200, 0);                 /* more than one packet can say */
    for (unsigned i = 0; i < 6; i++) {
        g_assert_cmphex(inb(&p, 0x60), ==, (uint8_t)"\x1a\x81\0\x1a\xb7\0"[i]);
    }
    click(&p, BUTTON_RIGHT, false);
    for (unsigned i = 0; i < 3; i++) {
        inb(&p, 0x60);
    }
    for (unsigned i = 0; i < 3; i++) {
        mouse_write(&p, 0xf3);
        mouse_write(&p, knock[i]);
        inb(&p, 0x60);
        inb(&p, 0x60);
    }
    click(&p, BUTTON_WHEEL_UP, true);
    click(&p, BUTTON_WHEEL_UP, false);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x08);
    inb(&p, 0x60);
    inb(&p, 0x60);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xff);
    for (unsigned i = 0; i < 1000; i++) {       /* what finds no room is added up */
        moves(&p, 1, 0);
    }
    for (unsigned i = 0, sum = 0; sum < 1000; i++) {
        g_assert_cmpuint(i, <, 1000);
        g_assert_cmphex(inb(&p, 0x60), ==, 0x08);
        sum += inb(&p, 0x60);
        inb(&p, 0x60);
        inb(&p, 0x60);
    }
    g_assert_cmphex(inb(&p, 0x64) & 1, ==, 0);
    pc_rig_free(&p);
}

/* A byte that the guest was told of is the one it gets, though the other device speaks meanwhile. */
static void bytes_shown_stay(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    mouse_write(&p, 0xf4);
    g_assert_cmphex(inb(&p, 0x64) & 0x21, ==, 0x21);
    key(&p, "a", true);
    g_assert_true(p.line[12] && !p.line[1]);
    g_assert_cmphex(inb(&p, 0x64) & 0x21, ==, 0x21);
    g_assert_cmphex(inb(&p, 0x60), ==, 0xfa);
    g_assert_true(p.line[1] && !p.line[12]);
    g_assert_cmphex(inb(&p, 0x60), ==, 0x1c);
    pc_rig_free(&p);
}

static void a20_and_reset(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8042");
    g_assert_false(rig_line(&p.r, 0, X86_LINE_A20M));
    outb(&p, 0x92, 0);
    g_assert_true(rig_line(&p.r, 0, X86_LINE_A20M));
    outb(&p, 0x64, 0xd1);
    outb(&p, 0x60, 0x03);
    g_assert_false(rig_line(&p.r, 0, X86_LINE_A20M));
    g_assert_cmphex(inb(&p, 0x92), ==, 2);
    g_assert_cmpint(p.r.m->reset_requested, ==, CAUSE_NONE);
    outb(&p, 0x64, 0xfe);
    g_assert_cmpint(p.r.m->reset_requested, ==, CAUSE_GUEST_RESET);
    pc_rig_free(&p);
}

#define TEST(name) g_test_add_func("/i8042/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(controller_and_keyboard_test_themselves);
    TEST(command_byte_masks);
    TEST(mouse_answers_on_its_own_line);
    TEST(keys_are_scan_codes_of_the_set);
    TEST(movements_are_packets);
    TEST(bytes_shown_stay);
    TEST(a20_and_reset);
    return g_test_run();
}
