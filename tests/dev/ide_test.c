/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pc board's IDE function: PIO and DMA to a disk, packets to a CD, errors, reset in the midst of a command. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "hw/ide/piix.h"
#include "hw/pci/pc_host.h"
#include "tests/dev/pc_rig.h"

#define SECTORS 300
#define BM 0xc000

struct ide {
    struct pc_rig p;
    struct device *d;
    struct block_backend *disk, *cd;
    char *path[2];
    bool irq[2];
};

static void set_irq(void *opaque, unsigned n, bool level)
{
    ((struct ide *)opaque)->irq[n] = level;
}

static uint8_t pattern(uint64_t at)
{
    return at * 7 + at / 512;
}

static struct block_backend *image(struct ide *s, unsigned n, uint64_t bytes)
{
    g_autofree uint8_t *data = g_malloc(bytes);
    struct block_config c;
    struct block_backend *be;

    for (uint64_t i = 0; i < bytes; i++) {
        data[i] = pattern(i);
    }
    close(g_file_open_tmp("ideXXXXXX", &s->path[n], NULL));
    g_assert_true(g_file_set_contents(s->path[n], (char *)data, bytes, NULL));
    block_config_defaults(&c);
    c.file = s->path[n];
    c.format = "raw";
    c.read_only = n == 1;
    be = block_open(&c, NULL);
    g_assert_nonnull(be);
    return be;
}

static void config_write(struct ide *s, unsigned reg, unsigned size, uint32_t v)
{
    port_out(&s->p, 0xcf8, 4, 0x80000900 | (reg & 0xfc));
    port_out(&s->p, 0xcfc + (reg & 3), size, v);
}

static void ide_start(struct ide *s)
{
    g_autoptr(GError) err = NULL;

    memset(s, 0, sizeof(*s));
    pc_rig_new(&s->p, "i440FX-pcihost");
    g_assert_true(device_realize(s->p.r.d, NULL, NULL));
    mem_map(&s->p.r.m->io, 0xcf8, &s->p.r.d->mmio, 0);
    s->disk = image(s, 0, SECTORS * 512);
    s->cd = image(s, 1, 100 * 2048);
    s->d = device_new(s->p.r.m, device_type_find("piix3-ide"), NULL, NULL);
    device_set_text(s->d, "addr", "1.1");
    device_set_pointer(s->d, "drive0", s->disk);
    device_set_pointer(s->d, "drive2", s->cd);
    device_set_uint(s->d, "cd2", true);
    if (!device_realize(s->d, &((struct pc_host *)s->p.r.d)->bus.bus, &err)) {
        g_error("realize: %s", err->message);
    }
    piix_ide_connect(s->d, 0, (struct irq_line) { set_irq, s, 0 });
    piix_ide_connect(s->d, 1, (struct irq_line) { set_irq, s, 1 });
    device_reset(s->d);
    config_write(s, 0x20, 4, BM);
    config_write(s, 4, 2, 5);
}

static void ide_stop(struct ide *s)
{
    machine_unlock(s->p.r.m);
    block_drain(s->disk);
    block_drain(s->cd);
    machine_lock(s->p.r.m);
    pc_rig_free(&s->p);
    block_close(s->disk);
    block_close(s->cd);
    for (unsigned n = 0; n < 2; n++) {
        g_remove(s->path[n]);
        g_free(s->path[n]);
    }
}

/* Lets the disk work until the channel is not busy. */
static uint8_t wait_ready(struct ide *s, uint16_t base)
{
    for (unsigned i = 0; i < 5000 && (inb(&s->p, base + 0x206) & 0x80); i++) {
        machine_unlock(s->p.r.m);
        g_main_context_iteration(NULL, false);
        g_usleep(100);
        machine_lock(s->p.r.m);
    }
    return inb(&s->p, base + 7);
}

static void command(struct ide *s, uint16_t base, uint32_t lba, uint8_t count, uint8_t v)
{
    outb(&s->p, base + 6, 0xe0 | lba >> 24);
    outb(&s->p, base + 2, count);
    outb(&s->p, base + 3, lba);
    outb(&s->p, base + 4, lba >> 8);
    outb(&s->p, base + 5, lba >> 16);
    outb(&s->p, base + 7, v);
}

static void identify_names_and_sizes(void)
{
    struct ide s;
    uint16_t w[256];

    ide_start(&s);
    outb(&s.p, 0x1f6, 0xa0);
    outb(&s.p, 0x1f7, 0xec);
    g_assert_true(s.irq[0]);
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0x58);
    g_assert_false(s.irq[0]);
    for (unsigned i = 0; i < 256; i++) {
        w[i] = port_in(&s.p, 0x1f0, 2);
    }
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0x50);
    g_assert_cmpuint(w[60] | w[61] << 16, ==, SECTORS);
    g_assert_cmpuint(w[100], ==, SECTORS);
    g_assert_cmphex(w[27], ==, 'Q' << 8 | 'E');
    outb(&s.p, 0x1f6, 0xb0);                    /* no slave */
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0);
    outb(&s.p, 0x176, 0xa0);
    outb(&s.p, 0x177, 0xec);                    /* a CD refuses, and shows what it is */
    g_assert_cmphex(inb(&s.p, 0x177) & 1, ==, 1);
    g_assert_cmphex(inb(&s.p, 0x174), ==, 0x14);
    g_assert_cmphex(inb(&s.p, 0x175), ==, 0xeb);
    ide_stop(&s);
}

static void pio_reads_and_writes(void)
{
    struct ide s;
    uint8_t sector[512];

    ide_start(&s);
    command(&s, 0x1f0, 5, 2, 0x20);
    for (unsigned n = 0; n < 2; n++) {
        g_assert_cmphex(wait_ready(&s, 0x1f0), ==, 0x58);
        for (unsigned i = 0; i < 512; i += 2) {
            g_assert_cmphex(port_in(&s.p, 0x1f0, 2), ==,
                            pattern((5 + n) * 512 + i) | pattern((5 + n) * 512 + i + 1) << 8);
        }
    }
    g_assert_cmphex(wait_ready(&s, 0x1f0), ==, 0x50);
    command(&s, 0x1f0, 7, 1, 0x30);
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0x58);
    for (unsigned i = 0; i < 512; i += 4) {
        port_out(&s.p, 0x1f0, 4, 0x11111111 * (i / 4 % 15));
    }
    g_assert_cmphex(wait_ready(&s, 0x1f0), ==, 0x50);
    machine_unlock(s.p.r.m);
    g_assert_cmpint(block_pread(s.disk, 7 * 512, sector, 512), ==, 0);
    machine_lock(s.p.r.m);
    g_assert_cmphex(sector[4], ==, 0x11);
    g_assert_cmphex(sector[511], ==, 0x11 * (127 % 15));
    ide_stop(&s);
}

static void dma_scatters(void)
{
    struct ide s;

    ide_start(&s);
    pci_put32(s.p.r.ram_host, RIG_RAM + 0x1000);
    pci_put32(s.p.r.ram_host + 4, 512 + 100);
    pci_put32(s.p.r.ram_host + 8, RIG_RAM + 0x4000);
    pci_put32(s.p.r.ram_host + 12, 0x80000000 | (1024 - 612));
    port_out(&s.p, BM + 4, 4, RIG_RAM);
    command(&s, 0x1f0, 10, 2, 0xc8);
    outb(&s.p, BM, 9);
    g_assert_cmphex(wait_ready(&s, 0x1f0), ==, 0x50);
    g_assert_cmphex(inb(&s.p, BM + 2) & 7, ==, 4);
    for (unsigned i = 0; i < 1024; i++) {
        uint64_t at = i < 612 ? 0x1000 + i : 0x4000 + i - 612;

        g_assert_cmphex(s.p.r.ram_host[at], ==, pattern(10 * 512 + i));
    }
    outb(&s.p, BM, 0);
    outb(&s.p, BM + 2, 4);
    /* a table that is too short is an error, and the end */
    command(&s, 0x1f0, 0, 8, 0xc8);
    outb(&s.p, BM, 9);
    g_assert_cmphex(wait_ready(&s, 0x1f0) & 1, ==, 1);
    g_assert_cmphex(inb(&s.p, BM + 2) & 3, ==, 2);
    ide_stop(&s);
}

static void wrong_addresses_are_errors(void)
{
    struct ide s;

    ide_start(&s);
    command(&s, 0x1f0, SECTORS - 1, 2, 0x20);
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0x51);
    g_assert_cmphex(inb(&s.p, 0x1f1), ==, 0x10);
    command(&s, 0x1f0, 0, 1, 0xfe);             /* no such command */
    g_assert_cmphex(inb(&s.p, 0x1f1), ==, 0x04);
    ide_stop(&s);
}

static void packet(struct ide *s, const uint8_t *p, bool dma)
{
    outb(&s->p, 0x176, 0xa0);
    outb(&s->p, 0x171, dma);
    outb(&s->p, 0x174, 0xfe);
    outb(&s->p, 0x175, 0xff);
    outb(&s->p, 0x177, 0xa0);
    for (unsigned i = 0; i < 12; i += 2) {
        port_out(&s->p, 0x170, 2, p[i] | p[i + 1] << 8);
    }
}

static void cd_reads_by_packets(void)
{
    static const uint8_t capacity[12] = { 0x25 }, read10[12] = { 0x28, 0, 0, 0, 0, 3, 0, 0, 2 },
                         beyond[12] = { 0x28, 0, 0, 0, 0, 99, 0, 0, 2 }, sense[12] = { 3, 0, 0, 0, 18 };
    struct ide s;
    uint8_t b[18];

    ide_start(&s);
    packet(&s, capacity, false);
    g_assert_cmphex(wait_ready(&s, 0x170), ==, 0x58);
    for (unsigned i = 0; i < 8; i += 2) {
        pci_put16(b + i, port_in(&s.p, 0x170, 2));
    }
    g_assert_cmphex(b[3], ==, 99);
    g_assert_cmphex(b[6], ==, 0x08);
    packet(&s, read10, false);
    g_assert_cmphex(wait_ready(&s, 0x170), ==, 0x58);
    g_assert_cmphex(inb(&s.p, 0x174) | inb(&s.p, 0x175) << 8, ==, 4096);
    for (unsigned i = 0; i < 4096; i += 2) {
        g_assert_cmphex(port_in(&s.p, 0x170, 2), ==, pattern(3 * 2048 + i) | pattern(3 * 2048 + i + 1) << 8);
    }
    g_assert_cmphex(inb(&s.p, 0x177), ==, 0x50);
    packet(&s, beyond, false);
    g_assert_cmphex(inb(&s.p, 0x177) & 1, ==, 1);
    packet(&s, sense, false);
    for (unsigned i = 0; i < 18; i += 2) {
        pci_put16(b + i, port_in(&s.p, 0x170, 2));
    }
    g_assert_cmphex(b[2], ==, 5);
    g_assert_cmphex(b[12], ==, 0x21);
    pci_put32(s.p.r.ram_host, RIG_RAM + 0x1000);
    pci_put32(s.p.r.ram_host + 4, 0x80000000 | 4096);
    port_out(&s.p, BM + 12, 4, RIG_RAM);
    packet(&s, read10, true);
    outb(&s.p, BM + 8, 9);
    g_assert_cmphex(wait_ready(&s, 0x170), ==, 0x50);
    g_assert_cmphex(s.p.r.ram_host[0x1000 + 4095], ==, pattern(3 * 2048 + 4095));
    ide_stop(&s);
}

static void reset_forgets_the_command(void)
{
    struct ide s;

    ide_start(&s);
    command(&s, 0x1f0, 0, 1, 0x20);
    outb(&s.p, 0x3f6, 4);
    outb(&s.p, 0x3f6, 0);
    g_assert_cmphex(inb(&s.p, 0x1f7), ==, 0x50);
    g_assert_cmphex(inb(&s.p, 0x1f1), ==, 1);
    command(&s, 0x1f0, 3, 1, 0x20);
    g_assert_cmphex(wait_ready(&s, 0x1f0), ==, 0x58);
    g_assert_cmphex(port_in(&s.p, 0x1f0, 2), ==, pattern(3 * 512) | pattern(3 * 512 + 1) << 8);
    ide_stop(&s);
}

static void wild_ports(void)
{
    static const uint16_t bases[] = { 0x1f0, 0x170, BM };
    struct ide s;

    ide_start(&s);
    for (unsigned i = 0; i < 20000; i++) {
        uint16_t port = bases[g_test_rand_int_range(0, 3)] + g_test_rand_int_range(0, 16);

        if (g_test_rand_bit()) {
            port_out(&s.p, port, 1 << g_test_rand_int_range(0, 3), g_test_rand_int());
        } else {
            port_in(&s.p, port, 1 << g_test_rand_int_range(0, 3));
        }
        if (i % 64 == 0) {
            machine_unlock(s.p.r.m);
            g_main_context_iteration(NULL, false);
            machine_lock(s.p.r.m);
        }
    }
    ide_stop(&s);
}

#define TEST(name) g_test_add_func("/ide/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(identify_names_and_sizes);
    TEST(pio_reads_and_writes);
    TEST(dma_scatters);
    TEST(wrong_addresses_are_errors);
    TEST(cd_reads_by_packets);
    TEST(reset_forgets_the_command);
    TEST(wild_ports);
    return g_test_run();
}
