/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The q35 board's SATA controller: commands by PIO, DMA and queued, packets to a CD, errors, resets, wild programming. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "tests/dev/pci_rig.h"

#define SECTORS 4096
#define ABAR 5
#define LIST 0x0000                     /* in RAM: port 0's command list, received FISes, tables of slots, data */
#define FIS 0x0400
#define SLOT_TABLES 0x1000
#define DATA 0x8000
#define AT(o) (RIG_RAM + (o))

enum { PORT0 = 0x100, PORT2 = 0x200, IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SCTL = 0x2c,
       SERR = 0x30, SACT = 0x34, CI = 0x38 };

struct sata {
    struct pci_rig p;
    struct block_backend *disk, *cd;
    char *path[2];
};

static uint8_t pattern(uint64_t at)
{
    return at * 7 + at / 512;
}

static struct block_backend *image(struct sata *s, unsigned n, uint64_t bytes)
{
    g_autofree uint8_t *data = g_malloc(bytes);
    struct block_config c;
    struct block_backend *be;

    for (uint64_t i = 0; i < bytes; i++) {
        data[i] = pattern(i);
    }
    close(g_file_open_tmp("ahciXXXXXX", &s->path[n], NULL));
    g_assert_true(g_file_set_contents(s->path[n], (char *)data, bytes, NULL));
    block_config_defaults(&c);
    c.file = s->path[n];
    c.format = "raw";
    c.read_only = n == 1;
    be = block_open(&c, NULL);
    g_assert_nonnull(be);
    return be;
}

static uint32_t reg(struct sata *s, unsigned offset)
{
    return pci_rig_read(&s->p, ABAR, offset, 4);
}

static void set(struct sata *s, unsigned offset, uint32_t v)
{
    pci_rig_write(&s->p, ABAR, offset, 4, v);
}

static uint8_t *ram(struct sata *s, unsigned offset)
{
    return s->p.r.ram_host + offset;
}

static void start_port(struct sata *s, unsigned port)
{
    set(s, port, AT(LIST));
    set(s, port + 8, AT(FIS));
    set(s, port + CMD, 0x10);
    set(s, port + SERR, UINT32_MAX);
    set(s, port + IE, UINT32_MAX);
    set(s, port + CMD, 0x11);
}

static void sata_start(struct sata *s)
{
    memset(s, 0, sizeof(*s));
    pci_rig_new(&s->p, "ich9-ahci", true);
    s->disk = image(s, 0, SECTORS * 512);
    s->cd = image(s, 1, 100 * 2048);
    device_set_pointer(&s->p.d->dev, "drive0", s->disk);
    device_set_pointer(&s->p.d->dev, "drive2", s->cd);
    device_set_uint(&s->p.d->dev, "cd2", true);
    g_assert_true(pci_rig_start(&s->p, NULL));
    set(s, 4, 2);
}

static void sata_stop(struct sata *s)
{
    machine_unlock(s->p.r.m);
    block_drain(s->disk);
    block_drain(s->cd);
    machine_lock(s->p.r.m);
    pci_rig_free(&s->p);
    block_close(s->disk);
    block_close(s->cd);
    for (unsigned n = 0; n < 2; n++) {
        g_remove(s->path[n]);
        g_free(s->path[n]);
    }
}

/* A command in a slot: its FIS, and its data in one region of bytes (up to 0x2000) cut in two at cut. */
static uint8_t *prepare(struct sata *s, unsigned slot, uint8_t command, uint64_t lba, uint16_t count, uint32_t data,
                        uint32_t bytes, uint32_t cut, bool write)
{
    unsigned table = SLOT_TABLES + slot * 0x100, regions = !bytes ? 0 : cut ? 2 : 1;
    uint8_t *fis = ram(s, table), *prd = fis + 0x80;

    pci_put32(ram(s, LIST + slot * 32), 5 | (write ? 0x40 : 0) | regions << 16);
    pci_put32(ram(s, LIST + slot * 32 + 4), 0);
    pci_put32(ram(s, LIST + slot * 32 + 8), AT(table));
    memset(fis, 0, 0x100);
    fis[0] = 0x27;
    fis[1] = 0x80;
    fis[2] = command;
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = lba >> (8 * i);
        fis[8 + i] = lba >> (24 + 8 * i);
    }
    fis[7] = 0x40;
    fis[12] = count;
    fis[13] = count >> 8;
    pci_put32(prd, AT(data));
    pci_put32(prd + 12, (cut ? cut : bytes) - 1);
    pci_put32(prd + 16, AT(data + cut));
    pci_put32(prd + 28, bytes - cut - 1);
    return fis;
}

static bool idle(void *opaque)
{
    struct sata *s = opaque;

    return (!reg(s, PORT0 + CI) && !reg(s, PORT0 + SACT)) || (reg(s, PORT0 + IS) & 1u << 30);
}

static bool cd_idle(void *opaque)
{
    struct sata *s = opaque;

    return !reg(s, PORT2 + CI) || (reg(s, PORT2 + IS) & 1u << 30);
}

static void issue(struct sata *s, uint32_t slots)
{
    set(s, PORT0 + CI, slots);
    g_assert_true(pci_rig_wait(&s->p, idle, s));
}

static void check_data(struct sata *s, uint32_t at, uint64_t from, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        g_assert_cmphex(*ram(s, at + i), ==, pattern(from + i));
    }
}

/* ---- tests ---- */

static void ports_show_their_drives(void)
{
    struct sata s;

    sata_start(&s);
    g_assert_cmphex(pci_rig_config(&s.p, 0, 4), ==, 0x29228086);
    g_assert_cmphex(reg(&s, 0) & 0xc0001f05, ==, 0xc0001f05);
    g_assert_cmphex(reg(&s, 0xc), ==, 0x3f);
    g_assert_cmphex(reg(&s, PORT0 + SSTS), ==, 0x113);
    g_assert_cmphex(reg(&s, PORT0 + 0x80 + SSTS), ==, 0);
    g_assert_cmphex(reg(&s, PORT0 + TFD) & 0xff, ==, 0x7f);     /* nothing received yet */
    start_port(&s, PORT0);
    start_port(&s, PORT2);
    g_assert_cmphex(reg(&s, PORT0 + SIG), ==, 0x00000101);
    g_assert_cmphex(reg(&s, PORT2 + SIG), ==, 0xeb140101);
    g_assert_cmphex(reg(&s, PORT0 + CMD) & 0xc000, ==, 0xc000);
    pci_rig_write(&s.p, 4, 0x10, 4, PORT0 + SIG);               /* by index and data ports */
    g_assert_cmphex(pci_rig_read(&s.p, 4, 0x14, 4), ==, 0x00000101);
    set(&s, 4, 1);
    g_assert_cmphex(reg(&s, PORT0 + SIG), ==, UINT32_MAX);
    g_assert_cmphex(reg(&s, PORT0 + CMD) & 0xc011, ==, 0);
    sata_stop(&s);
}

static void identify_by_pio(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    prepare(&s, 3, 0xec, 0, 0, DATA, 512, 100, false);
    issue(&s, 1 << 3);
    g_assert_cmphex(reg(&s, PORT0 + IS), ==, 2);                /* PIO setup */
    g_assert_true(pci_rig_pin(&s.p));
    g_assert_cmphex(reg(&s, 8), ==, 1);
    g_assert_cmphex(*ram(&s, FIS + 0x20), ==, 0x5f);
    g_assert_cmpuint(pci_get32(ram(&s, LIST + 3 * 32 + 4)), ==, 512);
    g_assert_cmpuint(pci_get32(ram(&s, DATA + 200)), ==, SECTORS);
    g_assert_cmphex(pci_get16(ram(&s, DATA + 152)) & 0x100, ==, 0x100);    /* takes queued commands */
    set(&s, PORT0 + IS, 2);
    g_assert_false(pci_rig_pin(&s.p));
    g_assert_cmphex(reg(&s, 8), ==, 0);
    sata_stop(&s);
}

static void dma_reads_and_writes(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    prepare(&s, 0, 0x25, 10, 8, DATA, 4096, 612, false);
    issue(&s, 1);
    check_data(&s, DATA, 10 * 512, 4096);
    g_assert_cmphex(reg(&s, PORT0 + IS), ==, 1);
    g_assert_cmphex(*ram(&s, FIS + 0x40), ==, 0x34);
    memset(ram(&s, DATA), 0x5a, 1024);
    prepare(&s, 1, 0x35, 20, 2, DATA, 1024, 0, true);
    issue(&s, 2);
    memset(ram(&s, DATA), 0, 4096);
    prepare(&s, 2, 0x25, 19, 4, DATA, 2048, 0, false);
    issue(&s, 4);
    check_data(&s, DATA, 19 * 512, 512);
    g_assert_cmphex(*ram(&s, DATA + 512), ==, 0x5a);
    g_assert_cmphex(*ram(&s, DATA + 1535), ==, 0x5a);
    check_data(&s, DATA + 1536, 22 * 512, 512);
    sata_stop(&s);
}

static void queued_commands_run_together(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    for (unsigned slot = 0; slot < 8; slot++) {
        uint8_t *fis = prepare(&s, slot, 0x60, 100 * slot, slot << 3, DATA + slot * 0x800, 2048, 0, false);

        fis[3] = 4;
    }
    set(&s, PORT0 + SACT, 0xff);
    issue(&s, 0xff);
    for (unsigned slot = 0; slot < 8; slot++) {
        check_data(&s, DATA + slot * 0x800, 100 * slot * 512, 2048);
        g_assert_cmpuint(pci_get32(ram(&s, LIST + slot * 32 + 4)), ==, 2048);
    }
    g_assert_cmphex(reg(&s, PORT0 + IS), ==, 8);                /* set device bits */
    g_assert_cmphex(*ram(&s, FIS + 0x58), ==, 0xa1);
    memset(ram(&s, DATA), 0xa5, 512);
    prepare(&s, 31, 0x61, 7, 31 << 3, DATA, 512, 0, true)[3] = 1;
    set(&s, PORT0 + SACT, 1u << 31);
    issue(&s, 1u << 31);
    memset(ram(&s, DATA), 0, 512);
    prepare(&s, 0, 0x25, 7, 1, DATA, 512, 0, false);
    issue(&s, 1);
    g_assert_cmphex(*ram(&s, DATA + 511), ==, 0xa5);
    sata_stop(&s);
}

static void queued_error_is_logged(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    prepare(&s, 5, 0x60, SECTORS, 5 << 3, DATA, 512, 0, false)[3] = 1;
    set(&s, PORT0 + SACT, 1 << 5);
    issue(&s, 1 << 5);
    g_assert_cmphex(reg(&s, PORT0 + TFD), ==, 0x1041);
    g_assert_cmphex(reg(&s, PORT0 + SACT), ==, 1 << 5);
    set(&s, PORT0 + CMD, 0x10);
    set(&s, PORT0 + IS, UINT32_MAX);
    set(&s, PORT0 + CMD, 0x11);
    prepare(&s, 0, 0x2f, 0x10, 1, DATA, 512, 0, false);
    issue(&s, 1);
    g_assert_cmphex(*ram(&s, DATA), ==, 5);
    g_assert_cmphex(*ram(&s, DATA + 3), ==, 0x10);
    g_assert_cmphex(pci_get16(ram(&s, DATA + 4)), ==, SECTORS);
    sata_stop(&s);
}

static void errors_stop_the_list(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    prepare(&s, 0, 0xfe, 0, 0, 0, 0, 0, false);                 /* no such command */
    prepare(&s, 1, 0x25, 0, 1, DATA, 512, 0, false);
    set(&s, PORT0 + CI, 3);
    g_assert_cmphex(reg(&s, PORT0 + IS) & 1u << 30, ==, 1u << 30);
    g_assert_cmphex(reg(&s, PORT0 + TFD), ==, 0x0451);
    g_assert_cmphex(reg(&s, PORT0 + CI), ==, 3);
    g_assert_cmphex(reg(&s, PORT0 + CMD) >> 8 & 31, ==, 0);
    set(&s, PORT0 + CMD, 0x10);
    g_assert_cmphex(reg(&s, PORT0 + CI), ==, 0);
    set(&s, PORT0 + IS, UINT32_MAX);
    set(&s, PORT0 + CMD, 0x11);
    issue(&s, 2);
    check_data(&s, DATA, 0, 512);
    prepare(&s, 0, 0x25, 0, 8, DATA, 512, 0, false);            /* memory for one sector of eight */
    issue(&s, 1);
    g_assert_cmphex(reg(&s, PORT0 + IS) & 1u << 24, ==, 1u << 24);
    sata_stop(&s);
}

static void reset_of_the_link(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    prepare(&s, 0, 0x25, 0, 8, DATA, 4096, 0, false);
    set(&s, PORT0 + CI, 1);
    set(&s, PORT0 + SCTL, 1);
    set(&s, PORT0 + SCTL, 0);
    g_assert_cmphex(reg(&s, PORT0 + CI), ==, 0);
    g_assert_cmphex(reg(&s, PORT0 + SIG), ==, 0x101);
    g_assert_cmphex(reg(&s, PORT0 + SERR) & 1u << 26, ==, 1u << 26);
    /* by a FIS: SRST on, then off */
    prepare(&s, 0, 0, 0, 0, 0, 0, 0, false)[1] = 0;
    *ram(&s, SLOT_TABLES + 15) = 4;
    issue(&s, 1);
    *ram(&s, SLOT_TABLES + 15) = 0;
    memset(ram(&s, FIS), 0, 256);
    issue(&s, 1);
    g_assert_cmphex(*ram(&s, FIS + 0x40), ==, 0x34);
    g_assert_cmphex(reg(&s, PORT0 + TFD), ==, 0x0150);
    sata_stop(&s);
}

static void packet(struct sata *s, const uint8_t *cdb, bool dma, uint32_t bytes)
{
    uint8_t *fis = prepare(s, 0, 0xa0, 0, 0, DATA, bytes, 0, false);

    fis[3] = dma;
    fis[5] = 0xfe;
    fis[6] = 0xff;
    memcpy(fis + 0x40, cdb, 12);
    *ram(s, LIST) |= 0x20;
    set(s, PORT2 + CI, 1);
    g_assert_true(pci_rig_wait(&s->p, cd_idle, s));
}

static void cd_reads_by_packets(void)
{
    static const uint8_t capacity[12] = { 0x25 }, read10[12] = { 0x28, 0, 0, 0, 0, 3, 0, 0, 2 },
                         beyond[12] = { 0x28, 0, 0, 0, 0, 99, 0, 0, 2 };
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT2);
    packet(&s, capacity, false, 8);
    g_assert_cmphex(*ram(&s, DATA + 3), ==, 99);
    packet(&s, read10, false, 4096);
    check_data(&s, DATA, 3 * 2048, 4096);
    memset(ram(&s, DATA), 0, 4096);
    packet(&s, read10, true, 4096);
    check_data(&s, DATA, 3 * 2048, 4096);
    g_assert_cmpuint(pci_get32(ram(&s, LIST + 4)), ==, 4096);
    packet(&s, beyond, true, 4096);
    g_assert_cmphex(reg(&s, PORT2 + TFD), ==, 0x5451);
    sata_stop(&s);
}

static void message_for_each_interrupt(void)
{
    struct sata s;

    sata_start(&s);
    start_port(&s, PORT0);
    pci_rig_set_config(&s.p, 0x84, 4, AT(0xf000));
    pci_rig_set_config(&s.p, 0x8c, 2, 0x1234);
    pci_rig_set_config(&s.p, 0x82, 2, 1);
    prepare(&s, 0, 0x25, 0, 1, DATA, 512, 0, false);
    issue(&s, 1);
    g_assert_false(pci_rig_pin(&s.p));
    g_assert_cmphex(pci_get32(ram(&s, 0xf000)), ==, 0x1234);
    sata_stop(&s);
}

/* Random registers and memory, with the right shape often enough to get somewhere. */
static void wild_programming(void)
{
    static const uint8_t commands[] = { 0x20, 0x25, 0x30, 0x35, 0x60, 0x61, 0xa0, 0xec, 0xa1, 0xc4, 0xef, 0x2f, 0xe7 };
    struct sata s;

    sata_start(&s);
    for (unsigned i = 0; i < 6000; i++) {
        unsigned port = g_test_rand_bit() ? PORT0 : PORT2, slot = g_test_rand_int_range(0, 8);

        switch (g_test_rand_int_range(0, 4)) {
        case 0:
            prepare(&s, slot, commands[g_test_rand_int_range(0, G_N_ELEMENTS(commands))],
                    g_test_rand_int_range(0, SECTORS + 4), slot << 3, g_test_rand_int_range(0, 0xe000),
                    g_test_rand_int_range(1, 0x2000), g_test_rand_bit() ? 64 : 0, g_test_rand_bit())[3] =
                        g_test_rand_int_range(0, 5);
            break;
        case 1:
            *ram(&s, g_test_rand_int_range(0, 0x2000)) = g_test_rand_int();
            break;
        case 2:
            set(&s, port + 4 * g_test_rand_int_range(0, 16), g_test_rand_bit() ? (uint32_t)g_test_rand_int() : 1u << slot);
            break;
        default:
            start_port(&s, port);
            set(&s, port + SACT, 1u << slot);
            set(&s, port + CI, 1u << slot);
        }
        if (i % 16 == 0) {
            machine_unlock(s.p.r.m);
            g_main_context_iteration(NULL, false);
            machine_lock(s.p.r.m);
        }
    }
    sata_stop(&s);
}

#define TEST(name) g_test_add_func("/ahci/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(ports_show_their_drives);
    TEST(identify_by_pio);
    TEST(dma_reads_and_writes);
    TEST(queued_commands_run_together);
    TEST(queued_error_is_logged);
    TEST(errors_stop_the_list);
    TEST(reset_of_the_link);
    TEST(cd_reads_by_packets);
    TEST(message_for_each_interrupt);
    TEST(wild_programming);
    return g_test_run();
}
