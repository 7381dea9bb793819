/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UART against its data sheet, with a ring buffer at the other end. */
#include <string.h>

#include "chardev/chardev.h"
#include "tests/dev/rig.h"

enum { RBR = 0, THR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

struct uart {
    struct rig r;
    struct chardev_set *set;
    struct chardev *chr;
};

static void set_up(struct uart *u, gconstpointer data)
{
    struct options *o = options_parse("-chardev", "ringbuf,id=c", "backend", NULL);

    u->set = chardev_set_new();
    u->chr = chardev_new(u->set, o, NULL);
    g_assert_nonnull(u->chr);
    options_free(o);
    rig_init(&u->r, "ns16550a");
    device_set_pointer(u->r.d, "chardev", u->chr);
    rig_start(&u->r);
}

static void tear_down(struct uart *u, gconstpointer data)
{
    rig_free(&u->r);
    chardev_set_free(u->set);
}

static uint8_t rd(struct uart *u, unsigned reg)
{
    return rig_read(&u->r, reg, 1);
}

static void wr(struct uart *u, unsigned reg, uint8_t value)
{
    rig_write(&u->r, reg, 1, value);
}

static void pump(void)
{
    while (g_main_context_iteration(NULL, false)) {
    }
}

/* Host to guest, as far as the UART takes it. */
static void type(struct uart *u, const char *text)
{
    chardev_ringbuf_write(u->chr, text, strlen(text), NULL);
    pump();
}

static void sent_bytes_come_out(struct uart *u, gconstpointer data)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (const char *c = "hello"; *c; c++) {
        g_assert_true(rd(u, LSR) & 0x20);
        wr(u, THR, *c);
    }
    pump();
    chardev_ringbuf_read(u->chr, 100, out, NULL);
    g_assert_cmpstr(out->str, ==, "hello");
}

static void received_bytes_interrupt(struct uart *u, gconstpointer data)
{
    wr(u, IER, 1);
    type(u, "x");
    g_assert_true(u->r.irq[0]);
    g_assert_cmphex(rd(u, IIR), ==, 0x04);
    g_assert_cmphex(rd(u, LSR) & 1, ==, 1);
    g_assert_cmpint(rd(u, RBR), ==, 'x');
    g_assert_false(u->r.irq[0]);
    g_assert_cmphex(rd(u, LSR) & 1, ==, 0);
}

static void fifo_has_trigger_level_and_timeout(struct uart *u, gconstpointer data)
{
    wr(u, FCR, 0x81);       /* 8 bytes */
    wr(u, IER, 1);
    type(u, "abc");
    g_assert_false(u->r.irq[0]);
    rig_step(&u->r, 100000000);
    g_assert_cmphex(rd(u, IIR), ==, 0xcc);
    g_assert_cmpint(rd(u, RBR), ==, 'a');
    g_assert_false(u->r.irq[0]);
    type(u, "defghijklmnopq");
    g_assert_cmphex(rd(u, IIR), ==, 0xc4);
    for (char c = 'b'; c <= 'q'; c++) {
        g_assert_cmpint(rd(u, RBR), ==, c);
        pump();
    }
    g_assert_cmphex(rd(u, LSR), ==, 0x60);
}

static void empty_holding_register_interrupts_once(struct uart *u, gconstpointer data)
{
    wr(u, IER, 2);
    g_assert_true(u->r.irq[0]);
    g_assert_cmphex(rd(u, IIR), ==, 0x02);
    g_assert_false(u->r.irq[0]);
    g_assert_cmphex(rd(u, IIR), ==, 0x01);
    wr(u, THR, 'a');
    g_assert_true(u->r.irq[0]);
}

static void divisor_hides_behind_dlab(struct uart *u, gconstpointer data)
{
    wr(u, LCR, 0x83);
    wr(u, 0, 0x34);
    wr(u, 1, 0x12);
    g_assert_cmphex(rd(u, 0), ==, 0x34);
    g_assert_cmphex(rd(u, 1), ==, 0x12);
    wr(u, LCR, 0x03);
    g_assert_cmphex(rd(u, IER), ==, 0);
    wr(u, SCR, 0x5a);
    g_assert_cmphex(rd(u, SCR), ==, 0x5a);
}

static void loopback_connects_modem_lines_and_data(struct uart *u, gconstpointer data)
{
    g_autoptr(GString) out = g_string_new(NULL);

    rd(u, MSR);
    wr(u, MCR, 0x10 | 0x0a);        /* RTS and OUT2 */
    g_assert_cmphex(rd(u, MSR) & 0xf0, ==, 0x90);
    g_assert_cmphex(rd(u, MSR) & 0x0f, ==, 0);
    wr(u, MCR, 0x10 | 0x05);        /* DTR and OUT1 */
    g_assert_cmphex(rd(u, MSR), ==, 0x6b);
    wr(u, THR, 'z');
    g_assert_cmpint(rd(u, RBR), ==, 'z');
    pump();
    chardev_ringbuf_read(u->chr, 100, out, NULL);
    g_assert_cmpuint(out->len, ==, 0);
}

static void wide_access_reaches_one_register(struct uart *u, gconstpointer data)
{
    type(u, "q");
    g_assert_cmphex(rig_read(&u->r, 4, 4), ==, 0x08);
    g_assert_cmpint(rd(u, RBR), ==, 'q');
}

static void reset_empties_it(struct uart *u, gconstpointer data)
{
    wr(u, IER, 1);
    type(u, "x");
    g_assert_true(u->r.irq[0]);
    rig_reset(&u->r);
    g_assert_false(u->r.irq[0]);
    g_assert_cmphex(rd(u, LSR), ==, 0x60);
    g_assert_cmphex(rd(u, IER), ==, 0);
}

#define TEST(name) g_test_add("/ns16550a/" #name, struct uart, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(sent_bytes_come_out);
    TEST(received_bytes_interrupt);
    TEST(fifo_has_trigger_level_and_timeout);
    TEST(empty_holding_register_interrupts_once);
    TEST(divisor_hides_behind_dlab);
    TEST(loopback_connects_modem_lines_and_data);
    TEST(wide_access_reaches_one_register);
    TEST(reset_empties_it);
    return g_test_run();
}
