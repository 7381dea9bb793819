/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-blk: a disk (Virtio 1.2, 5.2).
 *
 * Queues: num-queues request queues. Properties: drive, serial, logical_block_size, ... (see props).
 * Not modelled: zoned storage, secure erase, lifetime.
 */
#include <string.h>

#include "block/block.h"
#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
enum { F_SEG_MAX = 2, F_GEOMETRY = 4, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_TOPOLOGY = 10, F_CONFIG_WCE = 11,
       F_MQ = 12, F_DISCARD = 13, F_WRITE_ZEROES = 14 };

#define ID_BYTES 20
#define HEADER_BYTES 16
#define RANGE_BYTES 16
#define CONFIG_BYTES 60
#define DISCARD_SECTORS_MAX 0x3fffff
#define SETTLE_LOOK_US 10000
#define QUEUES_AUTO UINT16_MAX

struct virtio_blk {
    struct virtio_device vd;
    /* properties */
    struct block_backend *be;
    char *serial;
    uint16_t num_queues, queue_size;
    uint32_t logical_block_size, physical_block_size, opt_io_size, discard_granularity;
    uint16_t min_io_size;
    bool write_zeroes, discard, config_wce;
    int write_cache, werror, rerror;
    /* host */
    GPtrArray *stopped;         /* struct request: to be submitted again when the machine goes on */
    struct request *active;     /* all that the driver waits for */
    unsigned under_way;         /* all that the image has not answered, those of before a reset too */
    GCond settled;              /* under_way is 0 */
    bool write_cache_default;
    struct machine_listener listener;
};

static const char *const on_off_auto[] = { "auto", "on", "off", NULL };
static const char *const error_policies[] = { "auto", "report", "ignore", "enospc", "stop", NULL };
static const enum block_on_error policies[] = {
    [1] = BLOCK_ON_ERROR_REPORT, BLOCK_ON_ERROR_IGNORE, BLOCK_ON_ERROR_ENOSPC, BLOCK_ON_ERROR_STOP,
};

struct request {
    struct virtio_blk *s;
    bool orphan;                /* the device was reset meanwhile */
    struct virtio_element *e;
    uint32_t type;
    uint64_t sector;
    struct iovec *iov;          /* data, without header and status */
    unsigned niov;
    uint64_t bytes;
    struct request *next, **link;
};

/* ---- requests ---- */

static void request_free(struct request *r)
{
    if (r->link) {
        *r->link = r->next;
        if (r->next) {
            r->next->link = r->link;
        }
    }
    g_free(r->iov);
    g_free(r);
}

static void finish(struct request *r, uint8_t status)
{
    struct virtio_element *e = r->e;

    /* The status comes last, so all counts as written, even where a failed read left the data as it was. */
    virtio_write_in(e, e->in_bytes - 1, &status, 1);
    virtio_push(e, e->in_bytes);
    request_free(r);
}

static void done(void *opaque, int ret)
{
    struct request *r = opaque;
    struct virtio_blk *s = r->s;
    struct machine *m = s->vd.dev.m;

    machine_lock(m);
    if (!--s->under_way) {
        g_cond_broadcast(&s->settled);
    }
    if (r->orphan) {
        virtio_drop(r->e);
        request_free(r);
    } else if (!ret) {
        finish(r, S_OK);
    } else {
        switch (block_error_action(s->be, r->type != T_IN, ret)) {
        case BLOCK_ACTION_IGNORE:
            finish(r, S_OK);
            break;
        case BLOCK_ACTION_STOP:
            g_ptr_array_add(s->stopped, r);
            machine_request_stop(m, RUN_IO_ERROR);
            break;
        default:
            finish(r, S_IOERR);
        }
    }
    machine_unlock(m);
}

/* The data part of a list of iovecs: bytes [skip, skip + len). */
static void slice(struct request *r, const struct iovec *iov, unsigned n, uint64_t skip, uint64_t len)
{
    r->iov = g_new(struct iovec, MAX(n, 1u));
    r->bytes = len;
    for (unsigned i = 0; i < n && len; i++) {
        uint64_t part;

        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        part = MIN(len, iov[i].iov_len - skip);
        r->iov[r->niov++] = (struct iovec) { (uint8_t *)iov[i].iov_base + skip, part };
        len -= part;
        skip = 0;
    }
}

static bool in_range(const struct virtio_blk *s, uint64_t sector, uint64_t bytes)
{
    uint64_t sectors = block_length(s->be) / BLOCK_SECTOR;

    return !(bytes % s->logical_block_size) && sector * BLOCK_SECTOR % s->logical_block_size == 0 &&
           sector <= sectors && bytes / BLOCK_SECTOR <= sectors - sector;
}

/* Discard and write zeroes: one range of 16 bytes: sector, number of sectors, flags. */
static void submit_range(struct request *r)
{
    struct virtio_blk *s = r->s;
    uint8_t raw[RANGE_BYTES];
    uint64_t sector, bytes;
    uint32_t count, flags;

    if (r->bytes != RANGE_BYTES || virtio_read_out(r->e, HEADER_BYTES, raw, sizeof raw) != sizeof raw) {
        finish(r, S_UNSUPP);
        return;
    }
    memcpy(&sector, raw, 8);
    memcpy(&count, raw + 8, 4);
    memcpy(&flags, raw + 12, 4);
    sector = GUINT64_FROM_LE(sector);
    flags = GUINT32_FROM_LE(flags);
    bytes = (uint64_t)GUINT32_FROM_LE(count) * BLOCK_SECTOR;
    if (!in_range(s, sector, bytes) || bytes / BLOCK_SECTOR > DISCARD_SECTORS_MAX) {
        finish(r, S_IOERR);
    } else if (flags & ~1u || (r->type == T_DISCARD && flags)) {
        finish(r, S_UNSUPP);
    } else if (r->type == T_DISCARD) {
        s->under_way++;
        block_discard(s->be, sector * BLOCK_SECTOR, bytes, done, r);
    } else {
        s->under_way++;
        block_write_zeroes(s->be, sector * BLOCK_SECTOR, bytes, flags & 1, done, r);
    }
}

static void submit_id(struct request *r)
{
    char id[ID_BYTES] = { 0 };
    const char *serial = r->s->serial ? r->s->serial : "";

    memcpy(id, serial, MIN(strlen(serial), sizeof id));
    virtio_write_in(r->e, 0, id, MIN(sizeof id, r->e->in_bytes - 1));
    finish(r, S_OK);
}

static void submit(struct request *r)
{
    struct virtio_blk *s = r->s;
    uint64_t offset = r->sector * BLOCK_SECTOR;

    switch (r->type) {
    case T_IN:
    case T_OUT:
        if (!in_range(s, r->sector, r->bytes)) {
            finish(r, S_IOERR);
        } else if (r->type == T_IN) {
            s->under_way++;
            block_readv(s->be, offset, r->iov, r->niov, done, r);
        } else if (block_is_read_only(s->be)) {
            finish(r, S_IOERR);
        } else {
            s->under_way++;
            block_writev(s->be, offset, r->iov, r->niov, done, r);
        }
        break;
    case T_FLUSH:
        s->under_way++;
        block_flush(s->be, done, r);
        break;
    case T_GET_ID:
        submit_id(r);
        break;
    case T_DISCARD:
    case T_WRITE_ZEROES:
        if (block_is_read_only(s->be)) {
            finish(r, S_IOERR);
        } else {
            submit_range(r);
        }
        break;
    default:
        finish(r, S_UNSUPP);
    }
}

static void start(struct virtio_blk *s, struct virtio_element *e)
{
    uint8_t header[HEADER_BYTES];
    struct request *r;
    uint32_t type;

    if (e->in_bytes < 1 || virtio_read_out(e, 0, header, sizeof header) != sizeof header) {
        virtio_drop(e);
        virtio_broken(&s->vd, "a request without header or status byte");
        return;
    }
    r = g_new0(struct request, 1);
    r->s = s;
    r->e = e;
    memcpy(&type, header, 4);
    memcpy(&r->sector, header + 8, 8);
    r->type = GUINT32_FROM_LE(type);
    r->sector = GUINT64_FROM_LE(r->sector);
    if (r->type == T_IN) {
        slice(r, e->in, e->in_num, 0, e->in_bytes - 1);
    } else {
        slice(r, e->out, e->out_num, HEADER_BYTES, e->out_bytes - HEADER_BYTES);
    }
    r->next = s->active;
    r->link = &s->active;
    if (r->next) {
        r->next->link = &r->next;
    }
    s->active = r;
    submit(r);
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;
    struct virtio_element *e;

    block_plug(s->be);
    do {
        virtio_want_notify(vq, false);
        while ((e = virtio_pop(vq))) {
            start(s, e);
        }
        virtio_want_notify(vq, true);
    } while (virtio_available(vq));
    block_unplug(s->be);
}

/*
 * Waits for the image's answers. A driver that has reset the device, and firmware that has reset the machine, use the
 * buffers for something else, so no read may still arrive there.
 *
 * The answers come on the main loop's thread: there we run them ourselves; a vCPU waits for them with the machine lock
 * released. It gives up where the main loop waits for vCPUs to stop, which runs no answers meanwhile; then the rest is
 * waited for before the machine goes on, see machine_event.
 */
static void settle(struct virtio_blk *s)
{
    struct machine *m = s->vd.dev.m;

    if (!s->under_way) {
        return;
    }
    if (g_main_context_acquire(NULL)) {
        block_drain(s->be);
        g_main_context_release(NULL);
        return;
    }
    while (s->under_way && !m->halting) {
        big_lock_wait(&m->lock, &s->settled, g_get_monotonic_time() + SETTLE_LOOK_US);
    }
}

static void machine_event(struct machine_listener *l, struct machine *m, enum machine_event event)
{
    struct virtio_blk *s = (struct virtio_blk *)((char *)l - offsetof(struct virtio_blk, listener));

    if (event == EVENT_STATE && m->state == RUN_RUNNING) {
        guint n = s->stopped->len;

        settle(s);
        for (; n; n--) {    /* those that fail again come back to its end */
            submit(g_ptr_array_steal_index(s->stopped, 0));
        }
    }
}

/* ---- features and configuration ---- */

static uint64_t features(struct virtio_device *vd)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;
    bool ro = block_is_read_only(s->be);

    return 1u << F_SEG_MAX | 1u << F_GEOMETRY | 1u << F_BLK_SIZE | 1u << F_FLUSH | 1u << F_TOPOLOGY |
           (uint32_t)s->config_wce << F_CONFIG_WCE | (uint32_t)(s->num_queues > 1) << F_MQ | (uint32_t)ro << F_RO |
           (uint32_t)(s->discard && !ro) << F_DISCARD | (uint32_t)(s->write_zeroes && !ro) << F_WRITE_ZEROES;
}

static void set_features(struct virtio_device *vd, uint64_t f)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;

    /* A driver that never flushes needs writes that are durable when they complete (5.2.6.2). The features come in two
     * halves, in any order, so each call decides anew. */
    if (vd->status) {
        block_set_write_cache(s->be, s->write_cache_default && (f >> F_FLUSH & 1 || f >> F_CONFIG_WCE & 1));
    }
}

static void put16(uint8_t *p, uint16_t v)
{
    v = GUINT16_TO_LE(v);
    memcpy(p, &v, 2);
}

static void put32(uint8_t *p, uint32_t v)
{
    v = GUINT32_TO_LE(v);
    memcpy(p, &v, 4);
}

static void put64(uint8_t *p, uint64_t v)
{
    v = GUINT64_TO_LE(v);
    memcpy(p, &v, 8);
}

/* struct virtio_blk_config (5.2.4), by offset. */
static void get_config(struct virtio_device *vd, uint8_t *c)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;
    uint64_t sectors = block_length(s->be) / BLOCK_SECTOR;
    unsigned exp = 0;

    while (s->logical_block_size << exp < s->physical_block_size) {
        exp++;
    }
    put64(c, sectors);
    put32(c + 12, s->queue_size - 2);                               /* seg_max */
    put16(c + 16, MIN(sectors / (16 * 63), 65535u));                /* geometry: cylinders, heads, sectors */
    c[18] = 16;
    c[19] = 63;
    put32(c + 20, s->logical_block_size);
    c[24] = exp;                                                    /* topology */
    put16(c + 26, MAX(s->min_io_size / s->logical_block_size, 1u));
    put32(c + 28, s->opt_io_size / s->logical_block_size);
    c[32] = block_write_cache(s->be);
    put16(c + 34, s->num_queues);
    put32(c + 36, DISCARD_SECTORS_MAX);
    put32(c + 40, 1);                                               /* max_discard_seg */
    put32(c + 44, s->discard_granularity / BLOCK_SECTOR);           /* discard_sector_alignment */
    put32(c + 48, DISCARD_SECTORS_MAX);
    put32(c + 52, 1);
    c[56] = 1;                                                      /* write_zeroes_may_unmap */
}

static void set_config(struct virtio_device *vd, const uint8_t *c, unsigned offset, unsigned size)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;

    if (offset <= 32 && offset + size > 32) {
        block_set_write_cache(s->be, c[32] & 1);
    }
}

static void reset(struct virtio_device *vd)
{
    struct virtio_blk *s = (struct virtio_blk *)vd;

    settle(s);
    while (s->active) {
        struct request *r = s->active;

        s->active = r->next;
        if (r->next) {
            r->next->link = &s->active;
        }
        r->link = NULL;
        r->next = NULL;
        r->orphan = true;
    }
    while (s->stopped && s->stopped->len) {
        struct request *r = g_ptr_array_steal_index(s->stopped, 0);

        virtio_drop(r->e);
        request_free(r);
    }
    block_set_write_cache(s->be, s->write_cache_default);
}

static const struct virtio_desc desc = {
    .id = VIRTIO_ID_BLOCK, .config_size = CONFIG_BYTES, .transitional_pci_id = 0x1001, .pci_class = 0x0100,
    .features = features, .set_features = set_features, .get_config = get_config, .set_config = set_config,
    .notify = notify, .reset = reset,
};

/* ---- device ---- */

static bool is_block_size(uint32_t n)
{
    return n >= 512 && n <= 32768 && !(n & (n - 1));
}

/* NULL: all is well. */
static const char *wrong_with(const struct virtio_blk *s)
{
    if (!s->be) {
        return "drive= is missing: it names a -drive with if=none";
    }
    if (!is_block_size(s->logical_block_size) || !is_block_size(s->physical_block_size)) {
        return "logical_block_size and physical_block_size: accepted: powers of two from 512 to 32768";
    }
    if (s->logical_block_size > s->physical_block_size) {
        return "logical_block_size: accepted: up to physical_block_size";
    }
    if (s->min_io_size % s->logical_block_size || s->opt_io_size % s->logical_block_size ||
        s->discard_granularity % s->logical_block_size) {
        return "min_io_size, opt_io_size, discard_granularity: accepted: multiples of logical_block_size";
    }
    if (s->num_queues < 1 || s->num_queues > VIRTIO_QUEUES_MAX) {
        return "num-queues: accepted: 1 to 128";
    }
    if (s->queue_size < 4 || s->queue_size > VIRTIO_QUEUE_SIZE_MAX || (s->queue_size & (s->queue_size - 1))) {
        return "queue-size: accepted: powers of two from 4 to 1024";
    }
    return NULL;
}

/* One queue for each CPU behind PCI, where it may have an interrupt of its own; one elsewhere. */
static void choose_defaults(struct virtio_blk *s)
{
    if (s->num_queues == QUEUES_AUTO) {
        s->num_queues = s->vd.dev.parent_bus->owner->child == &s->vd.dev ? MIN(s->vd.dev.m->cpus->len, VIRTIO_QUEUES_MAX) : 1;
    }
    if (s->discard_granularity == UINT32_MAX) {
        s->discard_granularity = s->logical_block_size;
    }
    if (s->write_cache && s->be) {
        block_set_write_cache(s->be, s->write_cache == 1);
    }
}

static bool realize(struct device *d, GError **err)
{
    struct virtio_blk *s = (struct virtio_blk *)d;
    const char *what;

    choose_defaults(s);
    what = wrong_with(s);
    if (what) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: %s", d->type->name, what);
        return false;
    }
    if (s->werror) {
        block_set_on_error(s->be, true, policies[s->werror]);
    }
    if (s->rerror) {
        block_set_on_error(s->be, false, policies[s->rerror]);
    }
    for (unsigned i = 0; i < s->num_queues; i++) {
        virtio_queue_add(&s->vd, s->queue_size);
    }
    s->write_cache_default = block_write_cache(s->be);
    s->stopped = g_ptr_array_new();
    g_cond_init(&s->settled);
    s->listener.event = machine_event;
    machine_listener_add(d->m, &s->listener);
    return true;
}

static void unrealize(struct device *d)
{
    struct virtio_blk *s = (struct virtio_blk *)d;

    block_drain(s->be);     /* the answers come here while there still is a machine */
    reset(&s->vd);
    machine_listener_remove(d->m, &s->listener);
    g_ptr_array_free(s->stopped, true);
    s->stopped = NULL;
    g_cond_clear(&s->settled);
}

static const struct prop props[] = {
    PROP_DRIVE(struct virtio_blk, be, "drive", "id of the -drive"),
    PROP_STRING(struct virtio_blk, serial, "serial", NULL, "serial number, up to 20 characters"),
    PROP_U16(struct virtio_blk, num_queues, "num-queues", QUEUES_AUTO,
             "request queues, up to 128; 65535: one for each CPU behind PCI, else one"),
    PROP_U16(struct virtio_blk, queue_size, "queue-size", 256, "entries of each queue"),
    PROP_U32(struct virtio_blk, logical_block_size, "logical_block_size", 512, "bytes"),
    PROP_U32(struct virtio_blk, physical_block_size, "physical_block_size", 512, "bytes"),
    PROP_U16(struct virtio_blk, min_io_size, "min_io_size", 0, "bytes, a hint for the driver"),
    PROP_U32(struct virtio_blk, opt_io_size, "opt_io_size", 0, "bytes, a hint for the driver"),
    PROP_U32(struct virtio_blk, discard_granularity, "discard_granularity", UINT32_MAX,
             "bytes that a discard is to start at multiples of; default: a logical block"),
    PROP_ENUM(struct virtio_blk, write_cache, "write-cache", on_off_auto, 0,
              "a write completes before it is on the disk; auto: as the drive's cache= says"),
    PROP_ENUM(struct virtio_blk, werror, "werror", error_policies, 0, "what a failed write does; auto: as the drive says"),
    PROP_ENUM(struct virtio_blk, rerror, "rerror", error_policies, 0, "what a failed read does; auto: as the drive says"),
    PROP_BOOL(struct virtio_blk, discard, "discard", true, "offer discard"),
    PROP_BOOL(struct virtio_blk, write_zeroes, "write-zeroes", true, "offer write zeroes"),
    PROP_BOOL(struct virtio_blk, config_wce, "config-wce", true, "the driver may switch the write cache"),
};

static const struct host_field host[] = {
    HOST(struct virtio_blk, stopped), HOST(struct virtio_blk, active), HOST(struct virtio_blk, under_way),
    HOST(struct virtio_blk, settled), HOST(struct virtio_blk, listener),
    HOST(struct virtio_blk, write_cache_default),
};

const struct device_type virtio_blk_type = {
    .name = "virtio-blk-device", .help = "virtio disk", .base = &virtio_device_type, .bus = &virtio_bus_type,
    .size = sizeof(struct virtio_blk), PROPS(props),
    HOSTS(host), .realize = realize, .unrealize = unrealize, .desc = &desc,
};
