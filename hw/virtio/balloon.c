/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon: the guest lends memory to the host (Virtio 1.2, 5.5). A page in the balloon is given back to the host at
 * once; the guest may touch it again after deflating, and finds zeroes.
 *
 * Queues: 0 inflate, 1 deflate, 2 (free-page-reporting) ranges that the guest does not use now.
 * Not modelled: statistics, free page hints (they serve migration), page poison.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

enum { F_MUST_TELL_HOST = 0, F_DEFLATE_ON_OOM = 2, F_PAGE_REPORTING = 5 };

#define CONFIG_BYTES 8          /* num_pages, actual */
#define PAGE_SHIFT 12           /* of the device's numbers, whatever pages guest and host have */
#define PAGE_BYTES (1u << PAGE_SHIFT)
#define QUEUE_ENTRIES 128

struct virtio_balloon {
    struct virtio_device vd;
    /* properties */
    bool deflate_on_oom, free_page_reporting;
    /* guest-visible state */
    uint32_t num_pages, actual; /* wanted, in the balloon */
};

/* Gives the whole host pages in a mapped piece of RAM back; they read as zeroes from now on. */
static void discard(const struct as_mapping *map)
{
    uint64_t page = sysconf(_SC_PAGESIZE), start = ((uintptr_t)map->host + page - 1) & ~(page - 1);
    uint64_t end = ((uintptr_t)map->host + map->len) & ~(page - 1);

    if (!map->ram || start >= end) {
        return;
    }
    /* MADV_REMOVE frees the pages of a memfd; MADV_DONTNEED would only unmap them. */
    if (!madvise((void *)(uintptr_t)start, end - start, map->ram->shared ? MADV_REMOVE : MADV_DONTNEED)) {
        ram_written(map->ram, map->ram_start + (start - (uintptr_t)map->host), end - start);
    }
}

static void inflate_one(struct virtio_balloon *s, uint32_t pfn)
{
    struct mem_attrs attrs = { .cpu = -1, .requester = s->vd.requester };
    struct as_mapping map;

    if (!as_map(s->vd.as, (uint64_t)pfn << PAGE_SHIFT, PAGE_BYTES, true, attrs, &map)) {
        log_guest("virtio-balloon: page %#x is not memory", pfn);
        return;
    }
    discard(&map);
    as_unmap(&map, 0);
}

static void inflate(struct virtio_balloon *s, struct virtio_queue *vq)
{
    struct virtio_element *e;

    while ((e = virtio_pop(vq))) {
        uint32_t pfns[256];
        size_t at = 0, got;

        /* At most what a guest that keeps the rules sends in one chain; a longer list would hold the machine lock. */
        while (at < 64 * sizeof pfns && (got = virtio_read_out(e, at, pfns, sizeof pfns)) >= sizeof pfns[0]) {
            for (size_t i = 0; i < got / sizeof pfns[0]; i++) {
                inflate_one(s, GUINT32_FROM_LE(pfns[i]));
            }
            at += got;
        }
        virtio_push(e, 0);
    }
}

static void report(struct virtio_queue *vq)
{
    struct virtio_element *e;

    while ((e = virtio_pop(vq))) {
        for (unsigned i = 0; i < e->in_num; i++) {
            discard(&e->maps[e->out_num + i]);
        }
        virtio_push(e, 0);
    }
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_element *e;

    if (vq->index == 0) {
        inflate((struct virtio_balloon *)vd, vq);
    } else if (vq->index == 2) {
        report(vq);
    } else {
        while ((e = virtio_pop(vq))) {
            virtio_push(e, 0);      /* deflated pages come back when they are touched */
        }
    }
}

static uint64_t features(struct virtio_device *vd)
{
    struct virtio_balloon *s = (struct virtio_balloon *)vd;

    return 1u << F_MUST_TELL_HOST | (uint64_t)s->deflate_on_oom << F_DEFLATE_ON_OOM |
           (uint64_t)s->free_page_reporting << F_PAGE_REPORTING;
}

static void get_config(struct virtio_device *vd, uint8_t *c)
{
    struct virtio_balloon *s = (struct virtio_balloon *)vd;
    uint32_t v[2] = { GUINT32_TO_LE(s->num_pages), GUINT32_TO_LE(s->actual) };

    memcpy(c, v, sizeof v);
}

static void set_config(struct virtio_device *vd, const uint8_t *c, unsigned offset, unsigned size)
{
    struct virtio_balloon *s = (struct virtio_balloon *)vd;
    uint32_t v;

    memcpy(&v, c + 4, 4);       /* num_pages is the host's */
    s->actual = GUINT32_FROM_LE(v);
}

static void reset(struct virtio_device *vd)
{
    ((struct virtio_balloon *)vd)->actual = 0;
}

static const struct virtio_desc desc = {
    .id = VIRTIO_ID_BALLOON, .config_size = CONFIG_BYTES, .transitional_pci_id = 0x1002, .pci_class = 0x00ff,
    .features = features, .get_config = get_config, .set_config = set_config, .notify = notify, .reset = reset,
};

/* ---- for the monitor ---- */

static uint64_t guest_bytes(void *opaque)
{
    struct virtio_balloon *s = opaque;
    uint64_t lent = (uint64_t)s->actual << PAGE_SHIFT, all = s->vd.dev.m->opt.ram_size;

    return all - MIN(lent, all);
}

static void set_target(void *opaque, uint64_t bytes)
{
    struct virtio_balloon *s = opaque;
    uint64_t all = s->vd.dev.m->opt.ram_size;

    s->num_pages = (all - MIN(bytes, all)) >> PAGE_SHIFT;
    virtio_config_changed(&s->vd);
}

static bool realize(struct device *d, GError **err)
{
    struct virtio_balloon *s = (struct virtio_balloon *)d;

    if (d->m->balloon.opaque) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: a machine takes one balloon", d->type->name);
        return false;
    }
    d->m->balloon = (struct machine_balloon) { guest_bytes, set_target, s };
    for (unsigned i = 0; i < 2u + s->free_page_reporting; i++) {
        virtio_queue_add(&s->vd, QUEUE_ENTRIES);
    }
    return true;
}

static void unrealize(struct device *d)
{
    if (d->m->balloon.opaque == d) {
        d->m->balloon = (struct machine_balloon) { 0 };
    }
}

static const struct prop props[] = {
    PROP_BOOL(struct virtio_balloon, deflate_on_oom, "deflate-on-oom", false, "the guest may take pages back when it needs them"),
    PROP_BOOL(struct virtio_balloon, free_page_reporting, "free-page-reporting", false, "the guest tells which pages are free"),
};
static const struct field state[] = { FIELD(struct virtio_balloon, num_pages), FIELD(struct virtio_balloon, actual) };

const struct device_type virtio_balloon_type = {
    .name = "virtio-balloon-device", .help = "virtio memory balloon", .base = &virtio_device_type, .bus = &virtio_bus_type,
    .size = sizeof(struct virtio_balloon), STATE(state), PROPS(props), .realize = realize, .unrealize = unrealize, .desc = &desc,
};
