/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small devices of the PC: timer, clock and CMOS, ACPI registers, host bridge and shadow RAM, firmware's ports. */
#include <string.h>

#include "chardev/chardev.h"
#include "hw/misc/fw_cfg.h"
#include "hw/pci/pc_host.h"
#include "hw/rtc/mc146818.h"
#include "tests/dev/pc_rig.h"
#include "util/options.h"

/* ---- i8254 ---- */

static void pit_ticks_in_mode_2(void)
{
    struct pc_rig p;
    unsigned v;

    pc_rig_init(&p, "i8254");
    outb(&p, 0x43, 0x34);
    outb(&p, 0x40, 1193 & 0xff);
    outb(&p, 0x40, 1193 >> 8);
    g_assert_true(p.r.irq[0]);
    rig_step(&p.r, 500000);
    outb(&p, 0x43, 0);                          /* latch */
    rig_step(&p.r, 100000);
    v = inb(&p, 0x40);
    v |= inb(&p, 0x40) << 8;
    g_assert_cmpuint(v, >=, 595);
    g_assert_cmpuint(v, <=, 598);
    rig_step(&p.r, 399300);                     /* in the last count */
    g_assert_false(p.r.irq[0]);
    rig_step(&p.r, 1000);
    g_assert_true(p.r.irq[0]);
    pc_rig_free(&p);
}

static void pit_one_shot_and_read_back(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8254");
    outb(&p, 0x43, 0x30);
    g_assert_false(p.r.irq[0]);
    outb(&p, 0x40, 100);
    outb(&p, 0x43, 0xe2);                       /* status of counter 0 */
    g_assert_cmphex(inb(&p, 0x40) & 0xc0, ==, 0x40);   /* no count yet */
    outb(&p, 0x40, 0);
    rig_step(&p.r, 50000);
    g_assert_false(p.r.irq[0]);
    rig_step(&p.r, 40000);
    g_assert_true(p.r.irq[0]);
    outb(&p, 0x43, 0xe2);
    g_assert_cmphex(inb(&p, 0x40), ==, 0xb0);
    pc_rig_free(&p);
}

static void pit_gate_starts_counter_2(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "i8254");
    outb(&p, 0x61, 0);
    outb(&p, 0x43, 0xb0);
    outb(&p, 0x42, 0xff);
    outb(&p, 0x42, 0x00);
    outb(&p, 0x61, 1);
    g_assert_cmphex(inb(&p, 0x61) & 0x21, ==, 0x01);
    rig_step(&p.r, 300000);
    g_assert_cmphex(inb(&p, 0x61) & 0x21, ==, 0x21);
    pc_rig_free(&p);
}

/* ---- mc146818 ---- */

static uint8_t cmos(struct pc_rig *p, uint8_t reg)
{
    outb(p, 0x70, reg);
    return inb(p, 0x71);
}

static void set_cmos(struct pc_rig *p, uint8_t reg, uint8_t v)
{
    outb(p, 0x70, reg);
    outb(p, 0x71, v);
}

static void rtc_init(struct pc_rig *p)
{
    pc_rig_new(p, "mc146818rtc");
    p->r.m->opt.rtc_vm_clock = true;
    p->r.m->opt.rtc_offset_ns = 1767225599ll * 1000000000;      /* 2025-12-31 23:59:59 UTC, a Wednesday */
    pc_rig_start(p);
}

static void rtc_shows_time_in_bcd(void)
{
    struct pc_rig p;

    rtc_init(&p);
    g_assert_cmphex(cmos(&p, 0), ==, 0x59);
    g_assert_cmphex(cmos(&p, 4), ==, 0x23);
    g_assert_cmphex(cmos(&p, 6), ==, 4);
    g_assert_cmphex(cmos(&p, 9), ==, 0x25);
    rig_step(&p.r, 1000000000);
    g_assert_cmphex(cmos(&p, 0), ==, 0x00);
    g_assert_cmphex(cmos(&p, 7), ==, 0x01);
    g_assert_cmphex(cmos(&p, 8), ==, 0x01);
    g_assert_cmphex(cmos(&p, 9), ==, 0x26);
    g_assert_cmphex(cmos(&p, 0x32), ==, 0x20);
    set_cmos(&p, 11, 0x04);                     /* binary, 12 hours */
    g_assert_cmphex(cmos(&p, 4), ==, 12);
    g_assert_cmphex(cmos(&p, 9), ==, 26);
    pc_rig_free(&p);
}

static void rtc_can_be_set(void)
{
    struct pc_rig p;

    rtc_init(&p);
    set_cmos(&p, 11, 0x82);
    set_cmos(&p, 0, 0x30);
    set_cmos(&p, 2, 0x15);
    set_cmos(&p, 4, 0x08);
    rig_step(&p.r, 5000000000);                 /* it stands still */
    g_assert_cmphex(cmos(&p, 0), ==, 0x30);
    set_cmos(&p, 11, 0x02);
    rig_step(&p.r, 2000000000);
    g_assert_cmphex(cmos(&p, 0), ==, 0x32);
    g_assert_cmphex(cmos(&p, 2), ==, 0x15);
    g_assert_cmphex(cmos(&p, 4), ==, 0x08);
    pc_rig_free(&p);
}

static void rtc_interrupts(void)
{
    struct pc_rig p;

    rtc_init(&p);
    set_cmos(&p, 11, 0x12);                     /* update ended */
    rig_step(&p.r, 999999999);
    g_assert_false(p.line[8]);
    rig_step(&p.r, 2);
    g_assert_true(p.line[8]);
    g_assert_cmphex(cmos(&p, 12) & 0x90, ==, 0x90);
    g_assert_false(p.line[8]);
    set_cmos(&p, 11, 0x42);                     /* periodic, 1024 Hz */
    cmos(&p, 12);
    rig_step(&p.r, 976563);
    g_assert_true(p.line[8]);
    g_assert_cmphex(cmos(&p, 12) & 0xc0, ==, 0xc0);
    set_cmos(&p, 1, 0x05);
    set_cmos(&p, 3, 0xff);
    set_cmos(&p, 5, 0xff);
    set_cmos(&p, 11, 0x22);                     /* alarm at second 5 */
    cmos(&p, 12);
    rig_step(&p.r, 3000000000);
    g_assert_false(p.line[8]);
    rig_step(&p.r, 2000000000);
    g_assert_true(p.line[8]);
    pc_rig_free(&p);
}

static void cmos_outlives_reset(void)
{
    struct pc_rig p;

    rtc_init(&p);
    mc146818_set16(p.r.d, 0x34, 0x1234);
    set_cmos(&p, 0x40, 0x77);
    set_cmos(&p, 11, 0x72);
    rig_reset(&p.r);
    g_assert_cmphex(cmos(&p, 0x34), ==, 0x34);
    g_assert_cmphex(cmos(&p, 0x35), ==, 0x12);
    g_assert_cmphex(cmos(&p, 0x40), ==, 0x77);
    g_assert_cmphex(cmos(&p, 11), ==, 0x02);
    pc_rig_free(&p);
}

/* ---- host bridge ---- */

struct host {
    struct pc_rig p;
    struct ram_block *ram;
    struct mem_region low;
};

static void config_write(struct host *h, unsigned devfn, unsigned reg, unsigned size, uint32_t v)
{
    port_out(&h->p, 0xcf8, 4, 0x80000000 | devfn << 8 | (reg & 0xfc));
    port_out(&h->p, 0xcfc + (reg & 3), size, v);
}

static uint32_t config_read(struct host *h, unsigned devfn, unsigned reg, unsigned size)
{
    port_out(&h->p, 0xcf8, 4, 0x80000000 | devfn << 8 | (reg & 0xfc));
    return port_in(&h->p, 0xcfc + (reg & 3), size);
}

static void host_init(struct host *h, const char *type)
{
    pc_rig_new(&h->p, type);
    h->ram = ram_block_new(&h->p.r.m->memory, "low", 2 << 20, NULL);
    mem_ram_init(&h->low, "low", h->ram, 0, h->ram->size);
    mem_map(&h->p.r.m->root, 0, &h->low, 0);
    pc_host_set_ram(h->p.r.d, h->ram, h->ram->size);
    device_realize(h->p.r.d, NULL, NULL);
    mem_map(&h->p.r.m->io, 0xcf8, &h->p.r.d->mmio, 0);
    for (guint i = 0; i < h->p.r.m->devices->len; i++) {
        device_reset(h->p.r.m->devices->pdata[i]);
        device_update(h->p.r.m->devices->pdata[i]);
    }
}

static void host_free(struct host *h)
{
    mem_region_free(&h->low);
    pc_rig_free(&h->p);
}

static bool at(struct host *h, paddr addr, bool write)
{
    const struct flat_range *f = as_lookup(&h->p.r.m->as, addr);

    return f && f->host && (!write || f->writable);
}

static void shadow_ram_follows_pam(void)
{
    struct host h;

    host_init(&h, "i440FX-pcihost");
    g_assert_cmphex(config_read(&h, 0, 0, 4), ==, 0x12378086);
    g_assert_false(at(&h, 0xf0000, false));
    g_assert_true(at(&h, 0x9f000, true));
    config_write(&h, 0, 0x59, 1, 0x10);
    g_assert_true(at(&h, 0xf0000, false));
    g_assert_false(at(&h, 0xf0000, true));
    config_write(&h, 0, 0x59, 1, 0x30);
    g_assert_true(at(&h, 0xf0000, true));
    g_assert_false(at(&h, 0xc4000, false));
    config_write(&h, 0, 0x5a, 1, 0x30);         /* the high half: 0xc4000 */
    g_assert_true(at(&h, 0xc4000, true));
    g_assert_false(at(&h, 0xc0000, false));
    g_assert_false(at(&h, 0xa0000, false));
    config_write(&h, 0, 0x72, 1, 0x4a);         /* SMRAM open */
    g_assert_true(at(&h, 0xa0000, true));
    host_free(&h);
}

static void configuration_ports_and_reset_control(void)
{
    struct host h;

    host_init(&h, "i440FX-pcihost");
    g_assert_cmphex(config_read(&h, 0x18, 0, 4), ==, UINT32_MAX);
    g_assert_cmphex(config_read(&h, 0, 2, 2), ==, 0x1237);
    port_out(&h.p, 0xcf8, 4, 0x80000000);
    outb(&h.p, 0xcf9, 2);
    g_assert_cmphex(port_in(&h.p, 0xcf8, 4), ==, 0x80000000);
    g_assert_cmpint(h.p.r.m->reset_requested, ==, CAUSE_NONE);
    outb(&h.p, 0xcf9, 6);
    g_assert_cmpint(h.p.r.m->reset_requested, ==, CAUSE_GUEST_RESET);
    host_free(&h);
}

static void q35_has_configuration_space_in_memory(void)
{
    struct host h;

    host_init(&h, "q35-pcihost");
    config_write(&h, 0, 0x64, 4, 0);
    config_write(&h, 0, 0x60, 4, 0xb0000001);
    g_assert_cmphex(as_ld(&h.p.r.m->as, 0xb0000000, 4, MEM_ATTRS_NONE, NULL), ==, 0x29c08086);
    config_write(&h, 0, 0x60, 4, 0xe0000003);   /* 128 MiB elsewhere */
    g_assert_cmphex(as_ld(&h.p.r.m->as, 0xe0000000, 4, MEM_ATTRS_NONE, NULL), ==, 0x29c08086);
    g_assert_null(as_lookup(&h.p.r.m->as, 0xb0000000));
    host_free(&h);
}

/* ---- south bridge ---- */

static void pirq_routes_lead_to_isa_lines(void)
{
    struct host h;
    struct pc_host *host;
    struct device *d;

    host_init(&h, "i440FX-pcihost");
    host = (struct pc_host *)h.p.r.d;
    d = device_new(h.p.r.m, device_type_find("PIIX3"), NULL, NULL);
    device_set_text(d, "addr", "1");
    g_assert_true(device_realize(d, &host->bus.bus, NULL));
    device_reset(d);
    d->type->irq_in(d, 1, true);
    config_write(&h, 8, 0x61, 1, 0x0b);
    g_assert_cmphex(config_read(&h, 8, 0x61, 1), ==, 0x0b);
    config_write(&h, 8, 0x61, 1, 0x8b);
    host_free(&h);
}

static void acpi_registers(void)
{
    struct host h;
    struct pc_host *host;
    struct device *d;
    uint32_t then;

    host_init(&h, "i440FX-pcihost");
    host = (struct pc_host *)h.p.r.d;
    d = device_new(h.p.r.m, device_type_find("PIIX4_PM"), NULL, NULL);
    device_set_text(d, "addr", "1.3");
    g_assert_true(device_realize(d, &host->bus.bus, NULL));
    device_reset(d);
    config_write(&h, 0x0b, 0x40, 4, 0x601);
    config_write(&h, 0x0b, 0x80, 1, 1);
    then = port_in(&h.p, 0x608, 4);
    rig_step(&h.p.r, 1000000000);
    g_assert_cmpuint(port_in(&h.p, 0x608, 4) - then, ==, 3579545);
    outb(&h.p, 0xb2, 0xf1);
    g_assert_cmphex(port_in(&h.p, 0x604, 2), ==, 1);
    port_out(&h.p, 0x602, 2, 0x100);
    g_assert_cmphex(port_in(&h.p, 0x602, 2), ==, 0x100);
    port_out(&h.p, 0x604, 2, 0x2001);           /* soft off */
    g_assert_cmpint(h.p.r.m->shutdown_requested, ==, CAUSE_GUEST_SHUTDOWN);
    host_free(&h);
}

/* ---- firmware's ports ---- */

static void fw_cfg_by_ports(void)
{
    struct pc_rig p;
    char text[5] = "";

    pc_rig_new(&p, "fw_cfg_io");
    device_realize(p.r.d, NULL, NULL);
    mem_map(&p.r.m->io, 0x510, &p.r.d->mmio, 0);
    fw_cfg_add_u32(p.r.d, FW_CFG_X86_IRQ0_OVERRIDE, 1);
    rig_reset(&p.r);
    port_out(&p, 0x510, 2, FW_CFG_SIGNATURE);
    for (unsigned i = 0; i < 4; i++) {
        text[i] = inb(&p, 0x511);
    }
    g_assert_cmpstr(text, ==, "QEMU");
    g_assert_cmphex(inb(&p, 0x511), ==, 0);
    port_out(&p, 0x510, 2, FW_CFG_X86_IRQ0_OVERRIDE);
    g_assert_cmphex(inb(&p, 0x511), ==, 1);
    g_assert_cmphex(port_in(&p, 0x514, 4), ==, GUINT32_TO_BE(0x51454d55));
    /* DMA of the signature */
    port_out(&p, 0x510, 2, FW_CFG_SIGNATURE);
    memcpy(p.r.ram_host, (uint8_t[16]) { 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0x80, 0, 0x10, 0 }, 16);
    port_out(&p, 0x514, 4, 0);
    port_out(&p, 0x518, 4, GUINT32_SWAP_LE_BE(RIG_RAM));
    g_assert_cmpmem(p.r.ram_host + 0x1000, 4, "QEMU", 4);
    pc_rig_free(&p);
}

static void debugcon_answers_and_sends(void)
{
    struct pc_rig p;
    struct chardev_set *set = chardev_set_new();
    struct options *o = options_parse("-chardev", "ringbuf,id=c", "backend", NULL);
    struct chardev *chr = chardev_new(set, o, NULL);
    g_autoptr(GString) out = g_string_new(NULL);

    options_free(o);
    pc_rig_new(&p, "isa-debugcon");
    device_set_uint(p.r.d, "iobase", 0x402);
    device_set_pointer(p.r.d, "chardev", chr);
    pc_rig_start(&p);
    g_assert_cmphex(inb(&p, 0x402), ==, 0xe9);
    outb(&p, 0x402, 'o');
    outb(&p, 0x402, 'k');
    while (g_main_context_iteration(NULL, false)) {
    }
    chardev_ringbuf_read(chr, 10, out, NULL);
    g_assert_cmpstr(out->str, ==, "ok");
    pc_rig_free(&p);
    chardev_set_free(set);
}

static void debug_exit_ends_with_status(void)
{
    struct pc_rig p;

    pc_rig_init(&p, "isa-debug-exit");
    outb(&p, 0x501, 0x11);
    g_assert_cmpint(p.r.m->shutdown_requested, ==, CAUSE_GUEST_SHUTDOWN);
    g_assert_cmpint(p.r.m->exit_status, ==, 0x23);
    pc_rig_free(&p);
}

static void serial_port_drives_its_line(void)
{
    struct pc_rig p;

    pc_rig_new(&p, "isa-serial");
    device_set_uint(p.r.d, "index", 1);
    pc_rig_start(&p);
    for (guint i = 0; i < p.r.m->devices->len; i++) {
        device_reset(p.r.m->devices->pdata[i]);
    }
    g_assert_cmphex(inb(&p, 0x2fd), ==, 0x60);
    outb(&p, 0x2f9, 2);
    g_assert_true(p.line[3]);
    inb(&p, 0x2fa);
    g_assert_false(p.line[3]);
    pc_rig_free(&p);
}

#define TEST(name) g_test_add_func("/pc/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(pit_ticks_in_mode_2);
    TEST(pit_one_shot_and_read_back);
    TEST(pit_gate_starts_counter_2);
    TEST(rtc_shows_time_in_bcd);
    TEST(rtc_can_be_set);
    TEST(rtc_interrupts);
    TEST(cmos_outlives_reset);
    TEST(shadow_ram_follows_pam);
    TEST(configuration_ports_and_reset_control);
    TEST(q35_has_configuration_space_in_memory);
    TEST(pirq_routes_lead_to_isa_lines);
    TEST(acpi_registers);
    TEST(fw_cfg_by_ports);
    TEST(debugcon_answers_and_sends);
    TEST(debug_exit_ends_with_status);
    TEST(serial_port_drives_its_line);
    return g_test_run();
}
