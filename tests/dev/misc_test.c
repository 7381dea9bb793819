/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTC, fw_cfg, flash and test finisher. */
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "hw/misc/fw_cfg.h"
#include "tests/dev/rig.h"

/* ---- Goldfish RTC ---- */

enum { TIME_LOW = 0, TIME_HIGH = 4, ALARM_LOW = 8, ALARM_HIGH = 12, IRQ_ENABLED = 16, CLEAR_ALARM = 20,
       ALARM_STATUS = 24, CLEAR_IRQ = 28 };

#define YEAR_2024_NS 1704067200000000000ll

static void rtc_init(struct rig *r)
{
    rig_init(r, "goldfish_rtc");
    r->m->opt.rtc_vm_clock = true;
    r->m->opt.rtc_offset_ns = YEAR_2024_NS;
    rig_start(r);
}

static uint64_t rtc_time(struct rig *r)
{
    uint64_t low = rig_read(r, TIME_LOW, 4);

    return rig_read(r, TIME_HIGH, 4) << 32 | low;
}

static void rtc_alarm(struct rig *r, uint64_t at)
{
    rig_write(r, ALARM_HIGH, 4, at >> 32);
    rig_write(r, ALARM_LOW, 4, (uint32_t)at);
}

static void rtc_shows_and_takes_time(void)
{
    struct rig r;

    rtc_init(&r);
    rig_step(&r, 12345);
    g_assert_cmpuint(rtc_time(&r), ==, YEAR_2024_NS + 12345);
    rig_write(&r, TIME_HIGH, 4, 1);
    rig_write(&r, TIME_LOW, 4, 0);
    rig_step(&r, 10);
    g_assert_cmpuint(rtc_time(&r), ==, ((uint64_t)1 << 32) + 10);
    rig_reset(&r);
    g_assert_cmpuint(rtc_time(&r), ==, ((uint64_t)1 << 32) + 10);
    rig_free(&r);
}

static void rtc_alarm_rings_once(void)
{
    struct rig r;

    rtc_init(&r);
    rig_write(&r, IRQ_ENABLED, 4, 1);
    rtc_alarm(&r, YEAR_2024_NS + 1000);
    g_assert_cmpuint(rig_read(&r, ALARM_STATUS, 4), ==, 1);
    rig_step(&r, 999);
    g_assert_false(r.irq[0]);
    rig_step(&r, 1);
    g_assert_true(r.irq[0]);
    g_assert_cmpuint(rig_read(&r, ALARM_STATUS, 4), ==, 0);
    rig_write(&r, CLEAR_IRQ, 4, 1);
    g_assert_false(r.irq[0]);
    rtc_alarm(&r, 5);
    g_assert_true(r.irq[0]);
    rig_write(&r, CLEAR_IRQ, 4, 1);
    rtc_alarm(&r, UINT64_MAX);
    rig_write(&r, CLEAR_ALARM, 4, 1);
    g_assert_cmpuint(rig_read(&r, ALARM_STATUS, 4), ==, 0);
    rig_free(&r);
}

/* ---- fw_cfg ---- */

static void select_key(struct rig *r, uint16_t key)
{
    rig_write(r, 8, 2, GUINT16_SWAP_LE_BE(key));
}

static void fw_cfg_reads_bytes(void)
{
    struct rig r;

    rig_init(&r, "fw_cfg_mem");
    rig_start(&r);
    select_key(&r, 0);
    g_assert_cmphex(rig_read(&r, 0, 4), ==, 'Q' | 'E' << 8 | 'M' << 16 | 'U' << 24);
    g_assert_cmphex(rig_read(&r, 0, 8), ==, 0);
    select_key(&r, 0x3fff);
    g_assert_cmphex(rig_read(&r, 0, 1), ==, 0);
    g_assert_cmphex(GUINT64_SWAP_LE_BE(rig_read(&r, 16, 8)), ==, 0x51454d5520434647);
    rig_free(&r);
}

static void fw_cfg_lists_files(void)
{
    g_autofree char *long_name = g_strnfill(60, 'x');
    g_autoptr(GError) err = NULL;
    struct rig r;
    uint8_t dir[8 + 2 * 64];

    rig_init(&r, "fw_cfg_mem");
    rig_start(&r);
    g_assert_true(fw_cfg_add_file(r.d, "opt/b", g_strdup("two"), 3, NULL));
    g_assert_true(fw_cfg_add_file(r.d, "opt/a", g_strdup("first"), 5, NULL));
    g_assert_false(fw_cfg_add_file(r.d, "opt/a", g_strdup("x"), 1, &err));
    g_clear_error(&err);
    g_assert_false(fw_cfg_add_file(r.d, long_name, g_strdup("x"), 1, &err));
    select_key(&r, FW_CFG_FILE_DIR);
    for (unsigned i = 0; i < sizeof(dir); i++) {
        dir[i] = rig_read(&r, 0, 1);
    }
    g_assert_cmpint(dir[3], ==, 2);
    g_assert_cmpint(dir[7], ==, 5);
    g_assert_cmpstr((char *)dir + 12, ==, "opt/a");
    select_key(&r, dir[8] << 8 | dir[9]);
    g_assert_cmphex(rig_read(&r, 0, 4), ==, 'f' | 'i' << 8 | 'r' << 16 | 's' << 24);
    rig_free(&r);
}

static uint32_t fw_cfg_dma(struct rig *r, uint32_t control, uint32_t len, uint64_t addr)
{
    struct address_space *as = &r->m->as;

    as_st32be(as, RIG_RAM, control, MEM_ATTRS_NONE);
    as_st32be(as, RIG_RAM + 4, len, MEM_ATTRS_NONE);
    as_st64be(as, RIG_RAM + 8, addr, MEM_ATTRS_NONE);
    rig_write(r, 16, 4, 0);
    rig_write(r, 20, 4, GUINT32_SWAP_LE_BE((uint32_t)RIG_RAM));
    return as_ld32be(as, RIG_RAM, MEM_ATTRS_NONE, NULL);
}

static void fw_cfg_dma_copies_skips_and_fails(void)
{
    enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };
    struct rig r;

    rig_init(&r, "fw_cfg_mem");
    rig_start(&r);
    g_assert_true(fw_cfg_add_file(r.d, "opt/a", g_strdup("0123456789"), 10, NULL));
    g_assert_cmphex(fw_cfg_dma(&r, SELECT | READ | 0x20 << 16, 4, RIG_RAM + 0x100), ==, 0);
    g_assert_cmpmem(r.ram_host + 0x100, 4, "0123", 4);
    g_assert_cmphex(fw_cfg_dma(&r, SKIP, 2, 0), ==, 0);
    r.ram_host[0x104] = 0xff;
    g_assert_cmphex(fw_cfg_dma(&r, READ, 5, RIG_RAM + 0x100), ==, 0);
    g_assert_cmpmem(r.ram_host + 0x100, 5, "6789", 5);
    g_assert_cmphex(fw_cfg_dma(&r, READ, 1, RIG_BASE - 0x100000), ==, ERROR);
    g_assert_cmphex(fw_cfg_dma(&r, WRITE, 1, RIG_RAM + 0x100), ==, ERROR);
    g_assert_cmphex(fw_cfg_dma(&r, SELECT | READ, 16, RIG_BASE), ==, ERROR);    /* itself */
    rig_free(&r);
}

/* ---- flash ---- */

#define CHIPS(v) ((v) | (uint32_t)(v) << 16)

static void flash_init(struct rig *r, struct block_backend *be)
{
    rig_init(r, "cfi.pflash01");
    device_set_uint(r->d, "num-blocks", 4);
    device_set_uint(r->d, "sector-length", 0x2000);
    device_set_pointer(r->d, "drive", be);
    rig_start(r);
}

static void command(struct rig *r, uint64_t offset, uint8_t cmd)
{
    rig_write(r, offset, 4, CHIPS(cmd));
}

static void erase(struct rig *r, uint64_t offset)
{
    command(r, offset, 0x20);
    command(r, offset, 0xd0);
    g_assert_cmphex(rig_read(r, offset, 4), ==, CHIPS(0x80));
    command(r, offset, 0xff);
}

static void program(struct rig *r, uint64_t offset, uint32_t value)
{
    command(r, offset, 0x40);
    rig_write(r, offset, 4, value);
    command(r, offset, 0xff);
}

static void flash_identifies_itself(void)
{
    struct rig r;

    flash_init(&r, NULL);
    command(&r, 0x55 * 4, 0x98);
    g_assert_cmphex(rig_read(&r, 0x10 * 4, 4), ==, CHIPS('Q'));
    g_assert_cmphex(rig_read(&r, 0x12 * 4, 4), ==, CHIPS('Y'));
    g_assert_cmphex(rig_read(&r, 0x2d * 4, 2), ==, 3);
    g_assert_cmphex(rig_read(&r, 0x27 * 4, 1), ==, 14);
    command(&r, 0, 0x90);
    g_assert_cmphex(rig_read(&r, 0, 4), ==, CHIPS(0x89));
    g_assert_cmphex(rig_read(&r, 6, 2), ==, 0x18);
    rig_free(&r);
}

static void flash_programs_and_erases(void)
{
    struct rig r;

    flash_init(&r, NULL);
    erase(&r, 0x2000);
    g_assert_cmphex(rig_read(&r, 0x3ffc, 4), ==, UINT32_MAX);
    g_assert_cmphex(rig_read(&r, 0x1ffc, 4), ==, 0);
    program(&r, 0x2004, 0x12345678);
    program(&r, 0x2004, 0xffff0000);
    g_assert_cmphex(rig_read(&r, 0x2004, 4), ==, 0x12340000);
    rig_free(&r);
}

static void flash_programs_by_buffer(void)
{
    struct rig r;

    flash_init(&r, NULL);
    erase(&r, 0);
    command(&r, 0x100, 0xe8);
    g_assert_cmphex(rig_read(&r, 0x100, 4) & 0x80, ==, 0x80);
    command(&r, 0x100, 3 - 1);
    for (unsigned i = 0; i < 3; i++) {
        rig_write(&r, 0x100 + 4 * i, 4, 0x11111111 * (i + 1));
    }
    g_assert_cmphex(rig_read(&r, 0x104, 4), !=, 0x22222222);
    command(&r, 0x100, 0xd0);
    g_assert_cmphex(rig_read(&r, 0x100, 4), ==, CHIPS(0x80));
    command(&r, 0, 0xff);
    g_assert_cmphex(rig_read(&r, 0x104, 4), ==, 0x22222222);
    g_assert_cmphex(rig_read(&r, 0x10c, 4), ==, UINT32_MAX);
    /* A buffer that is too long is an error in the status, cleared by command. */
    command(&r, 0, 0xe8);
    rig_write(&r, 0, 4, 0xffff);
    g_assert_cmphex(rig_read(&r, 0, 4), ==, CHIPS(0x90));
    command(&r, 0, 0x50);
    command(&r, 0, 0x70);
    g_assert_cmphex(rig_read(&r, 0, 4), ==, 0);       /* not even ready: OVMF looks for this */
    rig_free(&r);
}

static struct block_backend *open_file(const char *path)
{
    struct block_config c;

    block_config_defaults(&c);
    c.file = path;
    c.format = "raw";
    return block_open(&c, NULL);
}

static void flash_keeps_contents_in_its_drive(void)
{
    g_autofree char *path = NULL;
    struct block_backend *be;
    uint32_t word = 0;
    struct rig r;
    int fd = g_file_open_tmp("flashXXXXXX", &path, NULL);

    g_assert_cmpint(ftruncate(fd, 0x8000), ==, 0);
    be = open_file(path);
    flash_init(&r, be);
    erase(&r, 0x4000);
    program(&r, 0x4010, 0xcafebabe);
    machine_unlock(r.m);
    block_drain(be);
    block_drain(be);        /* what was programmed while the erased sector was being written */
    machine_lock(r.m);
    rig_free(&r);
    block_close(be);
    g_assert_cmpint(pread(fd, &word, 4, 0x4010), ==, 4);
    g_assert_cmphex(word, ==, 0xcafebabe);
    g_assert_cmpint(pread(fd, &word, 4, 0x4014), ==, 4);
    g_assert_cmphex(word, ==, UINT32_MAX);
    be = open_file(path);
    flash_init(&r, be);
    g_assert_cmphex(rig_read(&r, 0x4010, 4), ==, 0xcafebabe);
    rig_free(&r);
    block_close(be);
    close(fd);
    unlink(path);
}

static void flash_refuses_a_drive_of_another_size(void)
{
    g_autoptr(GError) err = NULL;
    g_autofree char *path = NULL;
    struct block_backend *be;
    struct rig r;
    int fd = g_file_open_tmp("flashXXXXXX", &path, NULL);

    g_assert_cmpint(ftruncate(fd, 0x7e00), ==, 0);
    be = open_file(path);
    rig_init(&r, "cfi.pflash01");
    device_set_pointer(r.d, "drive", be);
    g_assert_false(device_realize(r.d, NULL, &err));
    g_assert_nonnull(strstr(err->message, "32256"));
    device_delete(r.d);
    rig_free(&r);
    block_close(be);
    close(fd);
    unlink(path);
}

/* ---- test finisher ---- */

static void finisher_ends_or_resets_the_machine(void)
{
    struct rig r;

    rig_init(&r, "riscv.sifive.test");
    rig_start(&r);
    rig_write(&r, 0, 4, 0x1111);
    g_assert_cmpint(r.m->shutdown_requested, ==, CAUSE_NONE);
    rig_write(&r, 0, 4, 0x7777);
    g_assert_cmpint(r.m->reset_requested, ==, CAUSE_GUEST_RESET);
    rig_write(&r, 0, 4, 3 << 16 | 0x3333);
    g_assert_cmpint(r.m->shutdown_requested, ==, CAUSE_GUEST_PANIC);
    g_assert_cmpint(r.m->exit_status, ==, 3);
    rig_free(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtc/shows_and_takes_time", rtc_shows_and_takes_time);
    g_test_add_func("/rtc/alarm_rings_once", rtc_alarm_rings_once);
    g_test_add_func("/fw_cfg/reads_bytes", fw_cfg_reads_bytes);
    g_test_add_func("/fw_cfg/lists_files", fw_cfg_lists_files);
    g_test_add_func("/fw_cfg/dma_copies_skips_and_fails", fw_cfg_dma_copies_skips_and_fails);
    g_test_add_func("/flash/identifies_itself", flash_identifies_itself);
    g_test_add_func("/flash/programs_and_erases", flash_programs_and_erases);
    g_test_add_func("/flash/programs_by_buffer", flash_programs_by_buffer);
    g_test_add_func("/flash/keeps_contents_in_its_drive", flash_keeps_contents_in_its_drive);
    g_test_add_func("/flash/refuses_a_drive_of_another_size", flash_refuses_a_drive_of_another_size);
    g_test_add_func("/test/finisher_ends_or_resets_the_machine", finisher_ends_or_resets_the_machine);
    return g_test_run();
}
