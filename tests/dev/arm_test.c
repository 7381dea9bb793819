/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Arm boards' small devices: PL011, PL031, PL061 with the power button. */
#include <string.h>

#include "chardev/chardev.h"
#include "tests/dev/rig.h"
#include "util/options.h"

/* ---- PL011 ---- */

enum { DR = 0, FR = 0x18, IBRD = 0x24, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38, RIS = 0x3c, MIS = 0x40,
       ICR = 0x44 };
enum { RXIM = 0x10, TXIM = 0x20, RTIM = 0x40, RXFE = 0x10, TXFE = 0x80, FEN = 0x10, LBE = 0x80, BE = 0x400 };

static struct chardev *uart_init(struct rig *r)
{
    struct options *o = options_parse("-chardev", "ringbuf,id=c0", "backend", NULL);
    struct chardev *chr;

    rig_init(r, "pl011");
    r->m->chardevs = chardev_set_new();
    chr = chardev_new(r->m->chardevs, o, NULL);
    g_assert_nonnull(chr);
    options_free(o);
    device_set_pointer(r->d, "chardev", chr);
    rig_start(r);
    return chr;
}

static void uart_free(struct rig *r)
{
    struct chardev_set *set = r->m->chardevs;

    rig_free(r);
    chardev_set_free(set);
}

static void type_text(struct chardev *chr, const char *text)
{
    g_assert_true(chardev_ringbuf_write(chr, text, strlen(text), NULL));
    while (g_main_context_iteration(NULL, false)) {
    }
}

static void uart_transmits(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    struct chardev *chr;
    struct rig r;

    chr = uart_init(&r);
    rig_write(&r, IMSC, 4, TXIM);
    g_assert_false(r.irq[0]);
    rig_write(&r, DR, 4, 'A');
    rig_write(&r, DR, 1, 'b');
    g_assert_true(r.irq[0]);
    g_assert_cmphex(rig_read(&r, FR, 4) & 0xb8, ==, TXFE | RXFE);
    rig_write(&r, ICR, 4, TXIM);
    g_assert_false(r.irq[0]);
    g_assert_true(chardev_ringbuf_read(chr, 10, out, NULL));
    g_assert_cmpstr(out->str, ==, "Ab");
    uart_free(&r);
}

static void uart_receives_by_level_and_time_out(void)
{
    struct chardev *chr;
    struct rig r;

    chr = uart_init(&r);
    rig_write(&r, LCR_H, 4, FEN);
    rig_write(&r, IBRD, 4, 13);         /* 115200 baud: 32 bits are 278 us */
    rig_write(&r, IMSC, 4, RXIM | RTIM);
    type_text(chr, "abc");
    g_assert_false(r.irq[0]);
    rig_step(&r, 270000);
    g_assert_false(r.irq[0]);
    rig_step(&r, 10000);
    g_assert_true(r.irq[0]);
    g_assert_cmphex(rig_read(&r, MIS, 4), ==, RTIM);
    g_assert_cmphex(rig_read(&r, DR, 4), ==, 'a');
    g_assert_cmphex(rig_read(&r, DR, 4), ==, 'b');
    g_assert_cmphex(rig_read(&r, DR, 4), ==, 'c');
    g_assert_false(r.irq[0]);
    type_text(chr, "12345678");
    g_assert_cmphex(rig_read(&r, MIS, 4), ==, RXIM);
    g_assert_cmphex(rig_read(&r, DR, 4), ==, '1');
    g_assert_false(r.irq[0]);
    uart_free(&r);
}

static void uart_loops_back(void)
{
    struct rig r;

    uart_init(&r);
    rig_write(&r, LCR_H, 4, FEN);
    rig_write(&r, CR, 4, 0x301 | LBE);
    rig_write(&r, DR, 4, 0x5a);
    g_assert_cmphex(rig_read(&r, FR, 4) & RXFE, ==, 0);
    g_assert_cmphex(rig_read(&r, DR, 4), ==, 0x5a);
    g_assert_cmphex(rig_read(&r, FR, 4) & RXFE, ==, RXFE);
    uart_free(&r);
}

static void primecells_name_themselves(void)
{
    static const struct {
        const char *type;
        uint32_t part;
    } cells[] = { { "pl011", 0x11 }, { "pl031", 0x31 }, { "pl061", 0x61 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
        uint32_t pid = 0, cid = 0;
        struct rig r;

        rig_init(&r, cells[i].type);
        rig_start(&r);
        for (unsigned n = 0; n < 4; n++) {
            pid |= rig_read(&r, 0xfe0 + 4 * n, 4) << (8 * n);
            cid |= rig_read(&r, 0xff0 + 4 * n, 4) << (8 * n);
        }
        g_assert_cmphex(pid & 0xfffff, ==, 0x41000 | cells[i].part);
        g_assert_cmphex(cid, ==, 0xb105f00d);
        rig_free(&r);
    }
}

/* ---- PL031 ---- */

enum { RTC_MR = 4, RTC_LR = 8, RTC_IMSC = 0x10, RTC_RIS = 0x14, RTC_ICR = 0x1c };

static void rtc_counts_and_rings(void)
{
    struct rig r;

    rig_init(&r, "pl031");
    r.m->opt.rtc_vm_clock = true;
    r.m->opt.rtc_offset_ns = 1704067200000000000ll;
    rig_start(&r);
    g_assert_cmpuint(rig_read(&r, 0, 4), ==, 1704067200);
    rig_step(&r, 2500000000ll);
    g_assert_cmpuint(rig_read(&r, 0, 4), ==, 1704067202);
    rig_write(&r, RTC_IMSC, 4, 1);
    rig_write(&r, RTC_MR, 4, 1704067204);
    rig_step(&r, 1400000000ll);
    g_assert_false(r.irq[0]);
    rig_step(&r, 100000000ll);
    g_assert_true(r.irq[0]);
    rig_write(&r, RTC_ICR, 4, 1);
    g_assert_false(r.irq[0]);
    rig_write(&r, RTC_LR, 4, 100);
    g_assert_cmpuint(rig_read(&r, 0, 4), ==, 100);
    rig_free(&r);
}

/* ---- PL061 ---- */

enum { GPIO_DIR = 0x400, IS = 0x404, IBE = 0x408, IEV = 0x40c, IE = 0x410, GPIO_RIS = 0x414, IC = 0x41c };

static void pin(struct rig *r, unsigned n, bool level)
{
    struct irq_line line = device_input(r->d, n);

    irq_set(&line, level);
}

static void gpio_data_is_masked_by_address(void)
{
    struct rig r;

    rig_init(&r, "pl061");
    rig_start(&r);
    rig_write(&r, GPIO_DIR, 4, 0x0f);
    rig_write(&r, 0x3fc, 4, 0xff);
    g_assert_cmphex(rig_read(&r, 0x3fc, 4), ==, 0x0f);
    rig_write(&r, 4 * 0x02, 4, 0);
    g_assert_cmphex(rig_read(&r, 0x3fc, 4), ==, 0x0d);
    g_assert_cmphex(rig_read(&r, 4 * 0x04, 4), ==, 0x04);
    pin(&r, 7, true);
    g_assert_cmphex(rig_read(&r, 0x3fc, 4), ==, 0x8d);
    g_assert_true(r.irq[1]);
    g_assert_false(r.irq[2]);
    rig_free(&r);
}

static void gpio_interrupts_by_edge_and_level(void)
{
    struct rig r;

    rig_init(&r, "pl061");
    rig_start(&r);
    rig_write(&r, IE, 4, 0x0b);
    rig_write(&r, IEV, 4, 0x0a);
    rig_write(&r, IS, 4, 0x02);
    pin(&r, 3, true);               /* rising edge */
    g_assert_true(r.irq[0]);
    pin(&r, 3, false);
    g_assert_true(r.irq[0]);
    rig_write(&r, IC, 4, 8);
    g_assert_false(r.irq[0]);
    pin(&r, 1, true);               /* high level */
    g_assert_true(r.irq[0]);
    rig_write(&r, IC, 4, 0xff);
    g_assert_true(r.irq[0]);
    pin(&r, 1, false);
    g_assert_false(r.irq[0]);
    pin(&r, 0, true);
    g_assert_false(r.irq[0]);
    pin(&r, 0, false);              /* falling edge */
    g_assert_true(r.irq[0]);
    g_assert_cmphex(rig_read(&r, GPIO_RIS, 4), ==, 1);
    rig_free(&r);
}

static void button_is_held_for_a_while(void)
{
    struct rig r;

    rig_init(&r, "gpio-key");
    rig_start(&r);
    pin(&r, 0, true);
    pin(&r, 0, false);
    rig_step(&r, 99999999);
    g_assert_true(r.irq[0]);
    rig_step(&r, 1);
    g_assert_false(r.irq[0]);
    rig_free(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pl011/transmits", uart_transmits);
    g_test_add_func("/pl011/receives_by_level_and_time_out", uart_receives_by_level_and_time_out);
    g_test_add_func("/pl011/loops_back", uart_loops_back);
    g_test_add_func("/primecell/name_themselves", primecells_name_themselves);
    g_test_add_func("/pl031/counts_and_rings", rtc_counts_and_rings);
    g_test_add_func("/pl061/data_is_masked_by_address", gpio_data_is_masked_by_address);
    g_test_add_func("/pl061/interrupts_by_edge_and_level", gpio_interrupts_by_edge_and_level);
    g_test_add_func("/gpio-key/is_held_for_a_while", button_is_held_for_a_while);
    return g_test_run();
}
