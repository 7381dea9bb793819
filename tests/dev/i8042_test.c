/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller: its self-tests, the devices' answers and interrupts, A20, reset. */
#include "tests/dev/pc_rig.h"

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
    g_assert_cmphex(inb(&p, 0x60), ==, 0x83);
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
    TEST(a20_and_reset);
    return g_test_run();
}
