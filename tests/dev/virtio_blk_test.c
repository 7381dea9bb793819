/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio disk beyond plain requests (virtio_test.c): what a reset leaves alone, errors that stop the machine, several
 * queues, block sizes.
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "block/block.h"
#include "tests/dev/virtio_rig.h"

#define DISK_BYTES (1u << 20)
#define HEADER VR_DATA
#define STATUS (VR_DATA + 0x10)
#define BUFFER (VR_DATA + 0x1000)

enum { T_IN = 0, T_OUT = 1 };
enum { S_OK = 0, S_IOERR = 1, S_NONE = 0xee };

struct disk {
    struct virtio_rig vr;
    struct block_backend *be;
    char *path;
};

/* Properties as pairs, ended by NULL. */
static bool disk_open(struct disk *k, const char *const *props, char **error)
{
    g_autofree uint8_t *bytes = g_malloc(DISK_BYTES);
    struct block_config c;
    GError *err = NULL;
    int fd = g_file_open_tmp("virtio-blk-test-XXXXXX", &k->path, NULL);

    memset(bytes, 0x11, DISK_BYTES);
    g_assert_cmpint(write(fd, bytes, DISK_BYTES), ==, DISK_BYTES);
    close(fd);
    block_config_defaults(&c);
    c.file = k->path;
    c.format = "raw";
    k->be = block_open(&c, &err);
    g_assert_no_error(err);
    vr_init(&k->vr, VR_MODERN, "virtio-blk-device");
    device_set_pointer(&k->vr.vd->dev, "drive", k->be);
    for (; props && *props; props += 2) {
        device_set_text(&k->vr.vd->dev, props[0], props[1]);
    }
    if (!error) {
        vr_plug(&k->vr);
        return true;
    }
    if (device_realize(&k->vr.vd->dev, k->vr.r.m->buses->pdata[0], &err)) {
        return true;
    }
    *error = g_strdup(err->message);
    g_error_free(err);
    device_delete(&k->vr.vd->dev);
    return false;
}

static void disk_close(struct disk *k)
{
    vr_free(&k->vr);
    block_close(k->be);
    unlink(k->path);
    g_free(k->path);
}

static uint8_t *at(struct disk *k, uint64_t addr)
{
    return k->vr.r.ram_host + (addr - RIG_RAM);
}

static void add_request(struct disk *k, unsigned queue, uint32_t type, uint64_t sector, uint32_t len)
{
    struct vr_buf bufs[] = {
        { HEADER, 16, 0 }, { BUFFER, len, type == T_IN ? VR_WRITE : 0 }, { STATUS, 1, VR_WRITE },
    };

    memcpy(at(k, HEADER), &type, 4);
    memset(at(k, HEADER + 4), 0, 4);
    memcpy(at(k, HEADER + 8), &sector, 8);
    *at(k, STATUS) = S_NONE;
    vr_add(&k->vr, queue, bufs, G_N_ELEMENTS(bufs));
    vr_kick(&k->vr, queue);
}

static unsigned request(struct disk *k, unsigned queue, uint32_t type, uint64_t sector, uint32_t len)
{
    add_request(k, queue, type, sector, len);
    g_assert_cmpint(vr_wait(&k->vr, queue), >=, 1);
    return *at(k, STATUS);
}

/* ---- reset ---- */

/* A read that is large enough for a worker: 32 times the same page. After the reset the page is the driver's again. */
static void reset_waits_for_reads(void)
{
    enum { PIECES = 32, PAGE = 4096 };
    const struct vr_buf table = { VR_TABLE, 16 * (PIECES + 2), VR_INDIRECT };
    uint32_t type = T_IN;
    struct disk k;

    disk_open(&k, NULL, NULL);
    for (unsigned round = 0; round < 30; round++) {
        vr_start(&k.vr, 1ull << VIRTIO_F_INDIRECT_DESC, 1);
        memcpy(at(&k, HEADER), &type, 4);
        memset(at(&k, HEADER + 4), 0, 12);
        vr_desc(&k.vr, VR_TABLE, 0, HEADER, 16, VR_NEXT, 1);
        for (unsigned i = 1; i <= PIECES; i++) {
            vr_desc(&k.vr, VR_TABLE, i, BUFFER, PAGE, VR_NEXT | VR_WRITE, i + 1);
        }
        vr_desc(&k.vr, VR_TABLE, PIECES + 1, STATUS, 1, VR_WRITE, 0);
        vr_add(&k.vr, 0, &table, 1);
        vr_kick(&k.vr, 0);
        vr_set(&k.vr, 0x70, 0);
        memset(at(&k, BUFFER), 0x77, PAGE);
        block_drain(k.be);
        for (unsigned i = 0; i < PAGE; i++) {
            g_assert_cmphex(at(&k, BUFFER)[i], ==, 0x77);
        }
    }
    disk_close(&k);
}

/* ---- errors ---- */

static void limit_files(rlim_t bytes)
{
    struct rlimit l;

    getrlimit(RLIMIT_FSIZE, &l);
    l.rlim_cur = bytes;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &l), ==, 0);
}

static void settle(struct disk *k)
{
    for (unsigned i = 0; i < 50; i++) {
        block_drain(k->be);
        g_main_context_iteration(NULL, false);
    }
}

/* The machine pauses in place of an answer; each time it goes on the request is tried once more. */
static void write_error_stops_until_it_is_mended(void)
{
    const char *const props[] = { "werror", "stop", NULL };
    g_autoptr(GError) err = NULL;
    struct disk k;

    disk_open(&k, props, NULL);
    vr_start(&k.vr, 0, 1);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(512);
    memset(at(&k, BUFFER), 0x22, 4096);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(machine_cont(k.vr.r.m, &err));
        if (!i) {
            add_request(&k, 0, T_OUT, 8, 4096);
        }
        settle(&k);
        g_assert_cmpint(k.vr.r.m->stop_requested, ==, 1 + RUN_IO_ERROR);
        k.vr.r.m->stop_requested = 0;       /* the rig has no main loop that would serve it */
        machine_stop(k.vr.r.m, RUN_IO_ERROR);
        g_assert_cmphex(*at(&k, STATUS), ==, S_NONE);
        g_assert_cmpint(vr_used(&k.vr, 0), ==, -1);
    }
    limit_files(RLIM_INFINITY);
    g_assert_true(machine_cont(k.vr.r.m, &err));
    g_assert_cmpint(vr_wait(&k.vr, 0), ==, 1);
    g_assert_cmphex(*at(&k, STATUS), ==, S_OK);
    g_assert_cmpint(k.vr.r.m->stop_requested, ==, 0);
    memset(at(&k, BUFFER), 0, 4096);
    g_assert_cmphex(request(&k, 0, T_IN, 8, 4096), ==, S_OK);
    g_assert_cmphex(at(&k, BUFFER)[4095], ==, 0x22);
    machine_stop(k.vr.r.m, RUN_PAUSED);
    disk_close(&k);
}

static void policy_of_the_device_wins(gconstpointer data)
{
    const char *policy = data;
    const char *const props[] = { "werror", policy, NULL };
    struct disk k;

    disk_open(&k, props, NULL);
    vr_start(&k.vr, 0, 1);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(512);
    g_assert_cmphex(request(&k, 0, T_OUT, 8, 4096), ==, !strcmp(policy, "ignore") ? S_OK : S_IOERR);
    limit_files(RLIM_INFINITY);
    g_assert_cmpint(k.vr.r.m->stop_requested, ==, 0);
    disk_close(&k);
}

/* ---- queues, sizes ---- */

static void each_queue_serves(void)
{
    const char *const props[] = { "num-queues", "4", NULL };
    struct disk k;

    disk_open(&k, props, NULL);
    g_assert_cmphex(vr_offered(&k.vr) >> 12 & 1, ==, 1);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 34, 2), ==, 4);
    vr_start(&k.vr, 1ull << 12, 4);
    for (unsigned q = 0; q < 4; q++) {
        memset(at(&k, BUFFER), 0x40 + q, 512);
        g_assert_cmphex(request(&k, q, T_OUT, q, 512), ==, S_OK);
    }
    for (unsigned q = 0; q < 4; q++) {
        g_assert_cmphex(request(&k, 3 - q, T_IN, q, 512), ==, S_OK);
        g_assert_cmphex(at(&k, BUFFER)[511], ==, 0x40 + q);
    }
    disk_close(&k);
}

static void block_sizes_show_and_bind(void)
{
    const char *const props[] = {
        "logical_block_size", "4096", "physical_block_size", "8192", "min_io_size", "8192", "opt_io_size", "65536",
        "discard_granularity", "16384", NULL,
    };
    struct disk k;

    disk_open(&k, props, NULL);
    vr_start(&k.vr, ~0ull & ~(1ull << VIRTIO_F_EVENT_IDX), 1);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 20, 4), ==, 4096);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 24, 1), ==, 1);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 26, 2), ==, 2);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 28, 4), ==, 16);
    g_assert_cmpuint(rig_read(&k.vr.r, 0x100 + 44, 4), ==, 32);
    g_assert_cmphex(request(&k, 0, T_IN, 1, 4096), ==, S_IOERR);
    g_assert_cmphex(request(&k, 0, T_IN, 8, 512), ==, S_IOERR);
    g_assert_cmphex(request(&k, 0, T_IN, 8, 4096), ==, S_OK);
    disk_close(&k);
}

static void wrong_properties_are_named(void)
{
    static const struct {
        const char *props[5], *word;
    } rows[] = {
        { { "logical_block_size", "4096" }, "logical_block_size" }, { { "num-queues", "129" }, "num-queues" },
        { { "queue-size", "100" }, "queue-size" }, { { "physical_block_size", "513" }, "physical_block_size" },
        { { "opt_io_size", "100" }, "opt_io_size" }, { { "discard_granularity", "700" }, "discard_granularity" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *error = NULL;
        struct disk k;

        g_assert_false(disk_open(&k, rows[i].props, &error));
        g_assert_nonnull(strstr(error, rows[i].word));
        disk_close(&k);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-blk/reset_waits_for_reads", reset_waits_for_reads);
    g_test_add_func("/virtio-blk/write_error_stops_until_it_is_mended", write_error_stops_until_it_is_mended);
    g_test_add_data_func("/virtio-blk/policy_of_the_device_wins/report", "report", policy_of_the_device_wins);
    g_test_add_data_func("/virtio-blk/policy_of_the_device_wins/ignore", "ignore", policy_of_the_device_wins);
    g_test_add_func("/virtio-blk/each_queue_serves", each_queue_serves);
    g_test_add_func("/virtio-blk/block_sizes_show_and_bind", block_sizes_show_and_bind);
    g_test_add_func("/virtio-blk/wrong_properties_are_named", wrong_properties_are_named);
    return g_test_run();
}
