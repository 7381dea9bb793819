/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio rings, the MMIO transport, the disk and the source of random numbers, seen by a driver: every kind of ring, and
 * drivers that break the rules, which get DEVICE_NEEDS_RESET (or, legacy, silence) and can start anew after a reset.
 */
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "tests/dev/virtio_rig.h"

#define DISK_BYTES (1u << 20)
#define HEADER VR_DATA
#define STATUS (VR_DATA + 0x10)
#define BUFFER (VR_DATA + 0x1000)

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };

struct disk {
    struct virtio_rig vr;
    struct block_backend *be;
    char *path;
};

static uint8_t pattern(uint64_t offset)
{
    return offset / 512 + offset * 7;
}

static void disk_open(struct disk *k, enum vr_kind kind, bool read_only)
{
    g_autofree uint8_t *bytes = g_malloc(DISK_BYTES);
    struct block_config c;
    GError *err = NULL;
    int fd = g_file_open_tmp("virtio-test-XXXXXX", &k->path, NULL);

    for (unsigned i = 0; i < DISK_BYTES; i++) {
        bytes[i] = pattern(i);
    }
    g_assert_cmpint(write(fd, bytes, DISK_BYTES), ==, DISK_BYTES);
    close(fd);
    block_config_defaults(&c);
    c.file = k->path;
    c.format = "raw";
    c.read_only = read_only;
    k->be = block_open(&c, &err);
    g_assert_no_error(err);
    vr_init(&k->vr, kind, "virtio-blk-device");
    device_set_pointer(&k->vr.vd->dev, "drive", k->be);
    device_set_text(&k->vr.vd->dev, "serial", "a disk of the test");
    vr_plug(&k->vr);
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

static void header(struct disk *k, uint32_t type, uint64_t sector)
{
    memcpy(at(k, HEADER), &type, 4);
    memset(at(k, HEADER + 4), 0, 4);
    memcpy(at(k, HEADER + 8), &sector, 8);
    *at(k, STATUS) = 0xee;
}

static void add_request(struct disk *k, uint32_t type, uint64_t sector, uint32_t len, bool indirect)
{
    bool to_guest = type == T_IN || type == T_GET_ID;
    struct vr_buf bufs[] = {
        { HEADER, 16, 0 }, { BUFFER, len, to_guest ? VR_WRITE : 0 }, { STATUS, 1, VR_WRITE },
    };
    struct vr_buf table = { VR_TABLE, 0, VR_INDIRECT };
    unsigned n = 3;

    if (!len) {
        bufs[1] = bufs[2];
        n = 2;
    }
    header(k, type, sector);
    if (!indirect) {
        vr_add(&k->vr, 0, bufs, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        vr_desc(&k->vr, VR_TABLE, i, bufs[i].addr, bufs[i].len, bufs[i].flags | (i + 1 < n && k->vr.kind != VR_PACKED ? VR_NEXT : 0), i + 1);
    }
    table.len = 16 * n;
    vr_add(&k->vr, 0, &table, 1);
}

/* The status byte of one request, 0xee: it was never answered. */
static unsigned request(struct disk *k, uint32_t type, uint64_t sector, uint32_t len)
{
    add_request(k, type, sector, len, false);
    vr_kick(&k->vr, 0);
    g_assert_cmpint(vr_wait(&k->vr, 0), >=, 1);
    return *at(k, STATUS);
}

static void check_pattern(struct disk *k, uint64_t offset, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        g_assert_cmphex(at(k, BUFFER)[i], ==, pattern(offset + i));
    }
}

/* ---- every kind of ring ---- */

static const struct mode {
    const char *name;
    enum vr_kind kind;
    bool event_idx, indirect;
} modes[] = {
    { "legacy", VR_LEGACY, false, false }, { "legacy_event_index", VR_LEGACY, true, false },
    { "legacy_indirect", VR_LEGACY, false, true }, { "modern", VR_MODERN, false, false },
    { "modern_event_index", VR_MODERN, true, true }, { "packed", VR_PACKED, false, false },
    { "packed_indirect", VR_PACKED, false, true }, { "packed_event_index", VR_PACKED, true, false },
};

/* More requests than entries, one by one, so that the ring wraps several times at odd places. */
static void ring_carries_requests(gconstpointer data)
{
    const struct mode *mode = data;
    struct disk k;

    disk_open(&k, mode->kind, false);
    vr_start(&k.vr, 1ull << VIRTIO_F_INDIRECT_DESC | (uint64_t)mode->event_idx << VIRTIO_F_EVENT_IDX, 1);
    for (unsigned i = 0; i < 50; i++) {
        add_request(&k, T_IN, i * 3, 1024, mode->indirect);
        vr_kick(&k.vr, 0);
        g_assert_cmpint(vr_wait(&k.vr, 0), ==, 1025);
        g_assert_cmphex(*at(&k, STATUS), ==, 0);
        check_pattern(&k, i * 3 * 512, 1024);
        if (!mode->event_idx) {     /* then the rig's driver would have to move its event index */
            g_assert_true(vr_irq(&k.vr));
        }
        memset(at(&k, BUFFER), 0, 1024);
    }
    disk_close(&k);
}

/* Several chains in one go; all are answered. */
static void ring_takes_a_batch(gconstpointer data)
{
    const struct mode *mode = data;
    unsigned batch = mode->indirect ? VR_SIZE : 4;
    struct disk k;

    disk_open(&k, mode->kind, false);
    vr_start(&k.vr, 1ull << VIRTIO_F_INDIRECT_DESC | (uint64_t)mode->event_idx << VIRTIO_F_EVENT_IDX, 1);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < batch; i++) {
            add_request(&k, T_FLUSH, 0, 0, mode->indirect);
        }
        vr_kick(&k.vr, 0);
        for (unsigned i = 0; i < batch; i++) {
            g_assert_cmpint(vr_wait(&k.vr, 0), ==, 1);
        }
        g_assert_cmpint(vr_used(&k.vr, 0), ==, -1);
    }
    disk_close(&k);
}

/* An interrupt comes when the event index is passed and not before. */
static void event_index_holds_interrupts_back(void)
{
    struct disk k;
    uint16_t event = 2;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, 1ull << VIRTIO_F_EVENT_IDX, 1);
    for (unsigned i = 0; i < 3; i++) {
        memcpy(at(&k, VR_QUEUE(0) + 16 * VR_SIZE + 4 + 2 * VR_SIZE), &event, 2);
        request(&k, T_FLUSH, 0, 0);
        /* The first completion after a start is always told. */
        g_assert_cmpint(vr_irq(&k.vr), ==, i != 1);
    }
    disk_close(&k);
}

/* A packed ring used up in one batch ends at the place where it began: that must not look like nothing new. */
static void packed_full_lap_interrupts(void)
{
    struct vr_buf b = { BUFFER, 16, VR_WRITE };
    struct virtio_rig vr;
    uint16_t event[2] = { 3 | 1 << 15, 2 };

    vr_init(&vr, VR_PACKED, "virtio-rng-device");
    vr_plug(&vr);
    vr_start(&vr, 1ull << VIRTIO_F_EVENT_IDX, 1);
    vr_add(&vr, 0, &b, 1);
    vr_kick(&vr, 0);
    g_assert_cmpint(vr_used(&vr, 0), ==, 16);
    vr_irq(&vr);
    memcpy(vr.r.ram_host + 16 * VR_SIZE, event, 4);
    for (unsigned i = 0; i < VR_SIZE; i++) {
        vr_add(&vr, 0, &b, 1);
    }
    vr_kick(&vr, 0);
    g_assert_true(vr_irq(&vr));
    for (unsigned i = 0; i < VR_SIZE; i++) {
        g_assert_cmpint(vr_used(&vr, 0), ==, 16);
    }
    vr_free(&vr);
}

static void driver_turns_interrupts_off(void)
{
    uint16_t no_interrupt = 1;
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, 0, 1);
    memcpy(at(&k, VR_QUEUE(0) + 16 * VR_SIZE), &no_interrupt, 2);
    request(&k, T_FLUSH, 0, 0);
    g_assert_false(vr_irq(&k.vr));
    disk_close(&k);
}

/* ---- the disk ---- */

static void disk_reads_and_writes(void)
{
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, ~0ull & ~(1ull << VIRTIO_F_EVENT_IDX), 1);
    g_assert_cmphex(vr_reg(&k.vr, 0x100), ==, DISK_BYTES / 512);
    memset(at(&k, BUFFER), 0x5a, 2048);
    g_assert_cmphex(request(&k, T_OUT, 100, 2048), ==, 0);
    memset(at(&k, BUFFER), 0, 2048);
    g_assert_cmphex(request(&k, T_IN, 100, 2048), ==, 0);
    for (unsigned i = 0; i < 2048; i++) {
        g_assert_cmphex(at(&k, BUFFER)[i], ==, 0x5a);
    }
    g_assert_cmphex(request(&k, T_FLUSH, 0, 0), ==, 0);
    g_assert_cmphex(request(&k, T_IN, 104, 512), ==, 0);
    check_pattern(&k, 104 * 512, 512);
    g_assert_cmphex(request(&k, T_GET_ID, 0, 20), ==, 0);
    g_assert_cmpstr((char *)at(&k, BUFFER), ==, "a disk of the test");
    disk_close(&k);
}

static void disk_refuses_what_it_cannot_do(void)
{
    uint64_t sectors = DISK_BYTES / 512;
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, 0, 1);
    g_assert_cmphex(request(&k, T_IN, sectors, 512), ==, 1);
    g_assert_cmphex(request(&k, T_IN, sectors - 1, 1024), ==, 1);
    g_assert_cmphex(request(&k, T_OUT, UINT64_MAX, 512), ==, 1);
    g_assert_cmphex(request(&k, T_OUT, UINT64_MAX / 512 + 1, 512), ==, 1);
    g_assert_cmphex(request(&k, T_IN, 0, 100), ==, 1);
    g_assert_cmphex(request(&k, 99, 0, 512), ==, 2);
    g_assert_cmphex(request(&k, T_DISCARD, 0, 8), ==, 2);
    g_assert_cmphex(request(&k, T_IN, 0, 0), ==, 0);
    g_assert_cmphex(request(&k, T_IN, sectors - 1, 512), ==, 0);
    g_assert_false(vr_needs_reset(&k.vr));
    disk_close(&k);
}

static unsigned range_request(struct disk *k, uint32_t type, uint64_t sector, uint32_t count, uint32_t flags)
{
    memcpy(at(k, BUFFER), &sector, 8);
    memcpy(at(k, BUFFER + 8), &count, 4);
    memcpy(at(k, BUFFER + 12), &flags, 4);
    return request(k, type, 0, 16);
}

static void disk_discards_and_zeroes(void)
{
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, ~0ull & ~(1ull << VIRTIO_F_EVENT_IDX), 1);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, 8, 8, 0), ==, 0);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, 16, 8, 1), ==, 0);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, 8, 8, 2), ==, 2);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, DISK_BYTES / 512, 1, 0), ==, 1);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, 0, 0, 0), ==, 0);
    g_assert_cmphex(range_request(&k, T_DISCARD, 64, 8, 0), ==, 0);
    g_assert_cmphex(range_request(&k, T_DISCARD, 64, 8, 1), ==, 2);
    g_assert_cmphex(range_request(&k, T_DISCARD, 64, UINT32_MAX, 0), ==, 1);
    g_assert_cmphex(request(&k, T_IN, 7, 512), ==, 0);
    check_pattern(&k, 7 * 512, 512);
    for (unsigned sector = 8; sector < 24; sector++) {
        g_assert_cmphex(request(&k, T_IN, sector, 512), ==, 0);
        for (unsigned i = 0; i < 512; i++) {
            g_assert_cmphex(at(&k, BUFFER)[i], ==, 0);
        }
    }
    disk_close(&k);
}

static void read_only_disk_stays_as_it_is(void)
{
    struct disk k;

    disk_open(&k, VR_MODERN, true);
    g_assert_cmphex(vr_offered(&k.vr) >> 5 & 1, ==, 1);
    vr_start(&k.vr, 0, 1);
    g_assert_cmphex(request(&k, T_OUT, 0, 512), ==, 1);
    g_assert_cmphex(range_request(&k, T_WRITE_ZEROES, 0, 1, 0), ==, 1);
    g_assert_cmphex(range_request(&k, T_DISCARD, 0, 1, 0), ==, 1);
    g_assert_cmphex(request(&k, T_FLUSH, 0, 0), ==, 0);
    g_assert_cmphex(request(&k, T_IN, 0, 512), ==, 0);
    check_pattern(&k, 0, 512);
    disk_close(&k);
}

/* The answers of requests under way when the driver resets the device go nowhere; it works again at once. */
static void reset_with_requests_under_way(void)
{
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    for (unsigned round = 0; round < 20; round++) {
        vr_start(&k.vr, 0, 1);
        for (unsigned i = 0; i < 2; i++) {
            add_request(&k, T_IN, i * 8, 4096, false);
        }
        vr_kick(&k.vr, 0);
        vr_set(&k.vr, 0x70, 0);
        g_assert_cmphex(vr_reg(&k.vr, 0x70), ==, 0);
    }
    block_drain(k.be);      /* their data still comes */
    vr_start(&k.vr, 0, 1);
    g_assert_cmphex(request(&k, T_IN, 5, 512), ==, 0);
    g_assert_cmpint(vr_used(&k.vr, 0), ==, -1);
    check_pattern(&k, 5 * 512, 512);
    disk_close(&k);
}

/* The machine goes away while requests are under way. */
static void unplug_with_requests_under_way(void)
{
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    vr_start(&k.vr, 0, 1);
    add_request(&k, T_IN, 0, 4096, false);
    add_request(&k, T_FLUSH, 0, 0, false);
    vr_kick(&k.vr, 0);
    disk_close(&k);
}

static void requests_without_their_parts(void)
{
    static const struct vr_buf bufs[][2] = {
        { { HEADER, 16, 0 }, { 0 } },                           /* no status */
        { { HEADER, 8, 0 }, { STATUS, 1, VR_WRITE } },          /* half a header */
        { { STATUS, 1, VR_WRITE }, { 0 } },                     /* no header */
        { { HEADER, 16, 0 }, { STATUS, 0, VR_WRITE } },         /* an empty status */
    };
    struct disk k;

    disk_open(&k, VR_MODERN, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(bufs); i++) {
        vr_start(&k.vr, 0, 1);
        header(&k, T_FLUSH, 0);
        vr_add(&k.vr, 0, bufs[i], bufs[i][1].addr ? 2 : 1);
        vr_kick(&k.vr, 0);
        g_assert_true(vr_needs_reset(&k.vr));
    }
    vr_start(&k.vr, 0, 1);
    g_assert_cmphex(request(&k, T_FLUSH, 0, 0), ==, 0);
    disk_close(&k);
}

/* ---- drivers that break the rules ---- */

enum wrong {
    WRONG_LOOP, WRONG_NEXT, WRONG_HEAD, WRONG_AHEAD, WRONG_NESTED, WRONG_TABLE_LENGTH, WRONG_TABLE_EMPTY, WRONG_TABLE_PLACE,
    WRONG_TABLE_NEXT, WRONG_ORDER, WRONG_BUFFER, WRONG_BUFFER_HUGE, WRONG_BUFFER_END, WRONGS,
};
static const char *const wrong_names[] = {
    "loop", "next_beyond_table", "head_beyond_table", "index_too_far_ahead", "nested_indirect", "table_length", "empty_table",
    "table_nowhere", "indirect_with_next", "readable_after_writable", "buffer_outside_memory", "buffer_too_long",
    "buffer_at_the_end_of_the_world",
};

static void one_desc(struct virtio_rig *vr, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
    vr_desc(vr, VR_QUEUE(0), 0, addr, len, flags, next);
    vr_offer(vr, 0, 0);
}

static void break_rule(struct virtio_rig *vr, enum wrong w)
{
    uint16_t far = VR_SIZE + 1;

    switch (w) {
    case WRONG_LOOP:
        one_desc(vr, BUFFER, 16, VR_WRITE | VR_NEXT, 0);
        break;
    case WRONG_NEXT:
        one_desc(vr, BUFFER, 16, VR_WRITE | VR_NEXT, VR_SIZE);
        break;
    case WRONG_HEAD:
        vr_offer(vr, 0, VR_SIZE);
        break;
    case WRONG_AHEAD:
        memcpy(vr->r.ram_host + 16 * VR_SIZE + 2, &far, 2);
        break;
    case WRONG_NESTED:
        vr_desc(vr, VR_TABLE, 0, VR_TABLE + 0x100, 16, VR_INDIRECT, 0);
        vr_desc(vr, VR_TABLE + 0x100, 0, BUFFER, 16, VR_WRITE, 0);
        one_desc(vr, VR_TABLE, 16, VR_INDIRECT, 0);
        break;
    case WRONG_TABLE_LENGTH:
        one_desc(vr, VR_TABLE, 17, VR_INDIRECT, 0);
        break;
    case WRONG_TABLE_EMPTY:
        one_desc(vr, VR_TABLE, 0, VR_INDIRECT, 0);
        break;
    case WRONG_TABLE_PLACE:
        one_desc(vr, 0x4000000000, 32, VR_INDIRECT, 0);
        break;
    case WRONG_TABLE_NEXT:
        one_desc(vr, VR_TABLE, 16, VR_INDIRECT | VR_NEXT, 1);
        break;
    case WRONG_ORDER:
        vr_desc(vr, VR_QUEUE(0), 1, BUFFER, 16, 0, 0);
        one_desc(vr, BUFFER, 16, VR_WRITE | VR_NEXT, 1);
        break;
    case WRONG_BUFFER:
        one_desc(vr, 0x4000000000, 16, VR_WRITE, 0);
        break;
    case WRONG_BUFFER_HUGE:
        one_desc(vr, BUFFER, UINT32_MAX, VR_WRITE, 0);
        break;
    case WRONG_BUFFER_END:
        one_desc(vr, UINT64_MAX - 7, 16, VR_WRITE, 0);
        break;
    default:
        break;
    }
}

static void rule_is_enforced(gconstpointer data)
{
    struct vr_buf good = { BUFFER, 16, VR_WRITE };
    enum wrong w = GPOINTER_TO_UINT(data);
    struct virtio_rig vr;

    for (enum vr_kind kind = VR_LEGACY; kind <= VR_MODERN; kind++) {
        vr_init(&vr, kind, "virtio-rng-device");
        vr_plug(&vr);
        vr_start(&vr, 1ull << VIRTIO_F_INDIRECT_DESC, 1);
        break_rule(&vr, w);
        vr_kick(&vr, 0);
        g_assert_cmpint(vr_used(&vr, 0), ==, -1);
        g_assert_cmpint(vr_needs_reset(&vr), ==, kind == VR_MODERN);
        /* It stays silent ... */
        vr_kick(&vr, 0);
        g_assert_cmpint(vr_used(&vr, 0), ==, -1);
        /* ... until it is reset. */
        vr_start(&vr, 1ull << VIRTIO_F_INDIRECT_DESC, 1);
        vr_add(&vr, 0, &good, 1);
        vr_kick(&vr, 0);
        g_assert_cmpint(vr_used(&vr, 0), ==, 16);
        vr_free(&vr);
    }
}

static void packed_rule_is_enforced(gconstpointer data)
{
    unsigned which = GPOINTER_TO_UINT(data);
    struct vr_buf bufs[] = {
        { BUFFER, 16, VR_WRITE | VR_NEXT }, { VR_TABLE, 17, VR_INDIRECT }, { VR_TABLE, 16, VR_INDIRECT },
        { 0x4000000000, 16, VR_WRITE },
    };
    struct virtio_rig vr;

    vr_init(&vr, VR_PACKED, "virtio-rng-device");
    vr_plug(&vr);
    vr_start(&vr, 1ull << VIRTIO_F_INDIRECT_DESC, 1);
    vr_desc(&vr, VR_TABLE, 0, VR_TABLE + 0x100, 16, VR_INDIRECT, 0);
    for (unsigned i = 0; i < (which ? 1 : VR_SIZE); i++) {
        vr_add(&vr, 0, &bufs[which], 1);        /* 0: every entry says that there is a next one */
    }
    vr_kick(&vr, 0);
    g_assert_cmpint(vr_used(&vr, 0), ==, -1);
    g_assert_true(vr_needs_reset(&vr));
    vr_start(&vr, 0, 1);
    g_assert_false(vr_needs_reset(&vr));
    vr_free(&vr);
}

/* Rings that lie nowhere, in the device's own registers, or at the end of the address space. */
static void rings_in_odd_places(void)
{
    static const uint64_t places[] = { 0x4000000000, RIG_BASE, UINT64_MAX - 0xfff, RIG_RAM + RIG_RAM_BYTES - 16 };

    for (enum vr_kind kind = VR_MODERN; kind <= VR_PACKED; kind++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
            struct virtio_rig vr;

            vr_init(&vr, kind, "virtio-rng-device");
            vr_plug(&vr);
            vr_start(&vr, ~0ull, 1);
            for (unsigned reg = 0x80; reg <= 0xa0; reg += 0x10) {
                vr_set(&vr, reg, places[i]);
                vr_set(&vr, reg + 4, places[i] >> 32);
            }
            vr_kick(&vr, 0);
            vr_free(&vr);
        }
    }
}

/* ---- the transport ---- */

static void rng_fills_buffers(void)
{
    static const uint8_t zeroes[64];
    struct vr_buf bufs[] = { { BUFFER, 20, VR_WRITE }, { BUFFER + 32, 30, VR_WRITE } };
    struct virtio_rig vr;

    vr_init(&vr, VR_LEGACY, "virtio-rng-device");
    vr_plug(&vr);
    g_assert_cmphex(vr_reg(&vr, 0), ==, 0x74726976);
    g_assert_cmphex(vr_reg(&vr, 4), ==, 1);
    g_assert_cmphex(vr_reg(&vr, 8), ==, 4);
    vr_start(&vr, 0, 1);
    vr_add(&vr, 0, bufs, 2);
    vr_kick(&vr, 0);
    g_assert_cmpint(vr_used(&vr, 0), ==, 50);
    g_assert_true(memcmp(vr.r.ram_host + (BUFFER - RIG_RAM), zeroes, 20));
    g_assert_true(memcmp(vr.r.ram_host + (BUFFER + 32 - RIG_RAM), zeroes, 30));
    vr_free(&vr);
}

/* Registers of the other version, queues that there are not, sizes and features that are not allowed. */
static void transport_refuses_nonsense(void)
{
    struct virtio_rig vr;
    struct vr_buf b = { BUFFER, 8, VR_WRITE };

    vr_init(&vr, VR_MODERN, "virtio-rng-device");
    vr_plug(&vr);
    vr_start(&vr, 0, 1);
    vr_set(&vr, 0x40, 0);       /* QueuePFN is legacy: 0 there would reset the device */
    vr_set(&vr, 0xc0, 1);       /* QueueReset was not negotiated */
    vr_set(&vr, 0x30, 7);
    vr_set(&vr, 0x44, 1);
    g_assert_cmphex(vr_reg(&vr, 0x34), ==, 0);
    vr_set(&vr, 0x50, 7);
    vr_set(&vr, 0x50, 0xffffffff);
    vr_set(&vr, 0x30, 0);
    vr_set(&vr, 0x38, 0);
    vr_set(&vr, 0x38, 4096);
    vr_set(&vr, 0x20, ~0u);     /* after FEATURES_OK */
    vr_add(&vr, 0, &b, 1);
    vr_kick(&vr, 0);
    g_assert_cmpint(vr_used(&vr, 0), ==, 8);
    vr_set(&vr, 0x70, 0);
    /* Without VERSION_1 a modern device does not take FEATURES_OK. */
    vr_set(&vr, 0x70, 1 | 2);
    vr_set(&vr, 0x70, 1 | 2 | VIRTIO_STATUS_FEATURES_OK);
    g_assert_cmphex(vr_reg(&vr, 0x70), ==, 3);
    g_assert_cmphex(rig_read(&vr.r, 0x100, 4), ==, 0xffffffff);     /* no configuration */
    vr_free(&vr);
}

/* ---- the balloon ---- */

static void balloon_gives_pages_back(void)
{
    uint32_t pfns[] = { (RIG_RAM + 0xe000) >> 12, 0xfffffff0, RIG_BASE >> 12 };
    struct vr_buf b = { VR_DATA, sizeof pfns, 0 }, free_range = { RIG_RAM + 0xe000, 0x2000, VR_WRITE };
    struct machine_balloon *m;
    struct virtio_rig vr;

    vr_init(&vr, VR_MODERN, "virtio-balloon-device");
    device_set_text(&vr.vd->dev, "free-page-reporting", "on");
    vr.r.m->opt.ram_size = 64 << 20;
    vr_plug(&vr);
    m = &vr.r.m->balloon;
    vr_start(&vr, 1ull << 5, 3);
    m->set_target(m->opaque, 48 << 20);
    g_assert_true(vr_irq(&vr));
    g_assert_cmphex(vr_reg(&vr, 0x100), ==, (16 << 20) >> 12);
    memset(vr.r.ram_host + 0xe000, 0x77, 0x2000);
    memcpy(vr.r.ram_host + (VR_DATA - RIG_RAM), pfns, sizeof pfns);
    vr_add(&vr, 0, &b, 1);
    vr_kick(&vr, 0);
    g_assert_cmpint(vr_used(&vr, 0), ==, 0);
    g_assert_cmphex(vr.r.ram_host[0xe000], ==, 0);
    g_assert_cmphex(vr.r.ram_host[0xefff], ==, 0);
    g_assert_cmphex(vr.r.ram_host[0xf000], ==, 0x77);
    vr_set(&vr, 0x104, 256);
    g_assert_cmpuint(m->guest_bytes(m->opaque), ==, 63 << 20);
    vr_add(&vr, 1, &b, 1);
    vr_kick(&vr, 1);
    g_assert_cmpint(vr_used(&vr, 1), ==, 0);
    vr_add(&vr, 2, &free_range, 1);
    vr_kick(&vr, 2);
    g_assert_cmpint(vr_used(&vr, 2), ==, 0);
    g_assert_cmphex(vr.r.ram_host[0xf000], ==, 0);
    vr_free(&vr);
}

/* A queue's part that the guest can see is in its list, byte for byte, but for what a compiler leaves between members. */
static void every_byte_of_a_queue_is_saved(void)
{
    uint8_t covered[offsetof(struct virtio_queue, dev)] = { 0 };
    const struct field *queues = NULL;
    unsigned gap = 0;

    for (size_t i = 0; i < virtio_device_type.state_count; i++) {
        if (virtio_device_type.state[i].kind == FIELD_KIND_STRUCTS) {
            queues = &virtio_device_type.state[i];
        }
    }
    g_assert_nonnull(queues);
    for (size_t i = 0; i < queues->nfields; i++) {
        memset(covered + queues->fields[i].offset, 1, queues->fields[i].size);
    }
    for (size_t i = 0; i < sizeof covered; i++) {
        gap = covered[i] ? 0 : gap + 1;
        g_assert_cmpuint(gap, <, 4);
    }
}

/* ---- the list ---- */

static void add(const char *group, const char *name, gconstpointer data, GTestDataFunc fn)
{
    g_autofree char *path = g_strdup_printf("/virtio/%s/%s", group, name);

    g_test_add_data_func(path, data, fn);
}

int main(int argc, char **argv)
{
    static const char *const packed_names[] = { "loop", "table_length", "nested_indirect", "buffer_outside_memory" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        add("ring_carries_requests", modes[i].name, &modes[i], ring_carries_requests);
        add("ring_takes_a_batch", modes[i].name, &modes[i], ring_takes_a_batch);
    }
    for (unsigned i = 0; i < WRONGS; i++) {
        add("rule_is_enforced", wrong_names[i], GUINT_TO_POINTER(i), rule_is_enforced);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(packed_names); i++) {
        add("packed_rule_is_enforced", packed_names[i], GUINT_TO_POINTER(i), packed_rule_is_enforced);
    }
    g_test_add_func("/virtio/event_index_holds_interrupts_back", event_index_holds_interrupts_back);
    g_test_add_func("/virtio/packed_full_lap_interrupts", packed_full_lap_interrupts);
    g_test_add_func("/virtio/driver_turns_interrupts_off", driver_turns_interrupts_off);
    g_test_add_func("/virtio/disk_reads_and_writes", disk_reads_and_writes);
    g_test_add_func("/virtio/disk_refuses_what_it_cannot_do", disk_refuses_what_it_cannot_do);
    g_test_add_func("/virtio/disk_discards_and_zeroes", disk_discards_and_zeroes);
    g_test_add_func("/virtio/read_only_disk_stays_as_it_is", read_only_disk_stays_as_it_is);
    g_test_add_func("/virtio/reset_with_requests_under_way", reset_with_requests_under_way);
    g_test_add_func("/virtio/unplug_with_requests_under_way", unplug_with_requests_under_way);
    g_test_add_func("/virtio/requests_without_their_parts", requests_without_their_parts);
    g_test_add_func("/virtio/rings_in_odd_places", rings_in_odd_places);
    g_test_add_func("/virtio/rng_fills_buffers", rng_fills_buffers);
    g_test_add_func("/virtio/transport_refuses_nonsense", transport_refuses_nonsense);
    g_test_add_func("/virtio/balloon_gives_pages_back", balloon_gives_pages_back);
    g_test_add_func("/virtio/every_byte_of_a_queue_is_saved", every_byte_of_a_queue_is_saved);
    return g_test_run();
}
