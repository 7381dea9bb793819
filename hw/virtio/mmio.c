/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-mmio: a virtio device behind a page of registers (Virtio 1.2, 4.2; the legacy interface 4.2.4).
 *
 * Region: 0x200 bytes: registers to 0xff, then the device's configuration.
 * Output 0: interrupt (level, InterruptStatus).
 * Bus: virtio-mmio-bus.N, one place.
 * Properties: force-legacy: present version 1 (legacy) as QEMU's machines do unless told otherwise.
 */
#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

#define MAGIC 0x74726976        /* "virt" */
#define VENDOR 0x554d4551       /* "QEMU": drivers don't look, images' udev rules may */

enum {
    R_MAGIC = 0x00, R_VERSION = 0x04, R_DEVICE_ID = 0x08, R_VENDOR_ID = 0x0c, R_DEVICE_FEATURES = 0x10,
    R_DEVICE_FEATURES_SEL = 0x14, R_DRIVER_FEATURES = 0x20, R_DRIVER_FEATURES_SEL = 0x24, R_GUEST_PAGE_SIZE = 0x28,
    R_QUEUE_SEL = 0x30, R_QUEUE_NUM_MAX = 0x34, R_QUEUE_NUM = 0x38, R_QUEUE_ALIGN = 0x3c, R_QUEUE_PFN = 0x40,
    R_QUEUE_READY = 0x44, R_QUEUE_NOTIFY = 0x50, R_INTERRUPT_STATUS = 0x60, R_INTERRUPT_ACK = 0x64, R_STATUS = 0x70,
    R_QUEUE_DESC_LOW = 0x80, R_QUEUE_DESC_HIGH = 0x84, R_QUEUE_DRIVER_LOW = 0x90, R_QUEUE_DRIVER_HIGH = 0x94,
    R_QUEUE_DEVICE_LOW = 0xa0, R_QUEUE_DEVICE_HIGH = 0xa4, R_SHM_SEL = 0xac, R_SHM_LEN_LOW = 0xb0,
    R_SHM_LEN_HIGH = 0xb4,
    R_SHM_BASE_LOW = 0xb8, R_SHM_BASE_HIGH = 0xbc, R_QUEUE_RESET = 0xc0, R_CONFIG_GENERATION = 0xfc, R_CONFIG = 0x100,
};

struct virtio_mmio {
    struct device dev;
    bool force_legacy;
    uint32_t guest_page_size, queue_align;
    struct virtio_bus bus;
    struct virtio_device *vd;       /* plugged in, NULL: none */
};

static void update(struct device *d)
{
    struct virtio_mmio *s = (struct virtio_mmio *)d;

    irq_set(&d->irq[0], s->vd && s->vd->isr);
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    update(vd->transport_opaque);
}

static void plugged(void *transport, struct virtio_device *vd)
{
    struct virtio_mmio *s = transport;

    s->vd = vd;
    vd->force_modern = !s->force_legacy;
}

static void unplugged(void *transport)
{
    struct virtio_mmio *s = transport;

    s->vd = NULL;
    update(&s->dev);
}

static const struct virtio_transport_ops ops = { .plugged = plugged, .unplugged = unplugged, .notify = notify };

static bool modern_only(const struct virtio_mmio *s, uint64_t offset)
{
    if (!s->force_legacy) {
        return true;
    }
    log_guest("virtio-mmio: register %#" G_GINT64_MODIFIER "x of the modern interface on a legacy one", offset);
    return false;
}

static uint32_t read_queue(struct virtio_mmio *s, uint64_t offset)
{
    struct virtio_queue *vq = virtio_queue(s->vd, s->vd->queue_sel);

    if (!vq) {
        return 0;
    }
    switch (offset) {
    case R_QUEUE_NUM_MAX:
        return vq->size_max;
    case R_QUEUE_PFN:
        return s->force_legacy && s->guest_page_size ? vq->desc / s->guest_page_size : 0;
    case R_QUEUE_READY:
        return vq->enabled;
    default:
        return 0;
    }
}

static uint32_t read_reg(struct virtio_mmio *s, uint64_t offset)
{
    struct virtio_device *vd = s->vd;

    switch (offset) {
    case R_MAGIC:
        return MAGIC;
    case R_VERSION:
        return s->force_legacy ? 1 : 2;
    case R_VENDOR_ID:
        return VENDOR;
    case R_DEVICE_ID:
        return vd ? virtio_desc_of(vd)->id : 0;
    }
    if (!vd) {
        return 0;       /* an empty place reads as zeroes (4.2.2) */
    }
    switch (offset) {
    case R_DEVICE_FEATURES:
        return vd->host_features_sel > 1 ? 0 : virtio_features(vd) >> (32 * vd->host_features_sel);
    case R_QUEUE_NUM_MAX:
    case R_QUEUE_PFN:
    case R_QUEUE_READY:
        return read_queue(s, offset);
    case R_INTERRUPT_STATUS:
        return vd->isr;
    case R_STATUS:
        return vd->status;
    case R_SHM_LEN_LOW:
    case R_SHM_LEN_HIGH:
    case R_SHM_BASE_LOW:
    case R_SHM_BASE_HIGH:
        return UINT32_MAX;      /* no shared memory regions */
    case R_QUEUE_RESET:
        return 0;
    case R_CONFIG_GENERATION:
        return vd->config_generation;
    default:
        log_guest("virtio-mmio: read of register %#" G_GINT64_MODIFIER "x", offset);
        return 0;
    }
}

static enum mem_result mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct virtio_mmio *s = opaque;

    if (offset >= R_CONFIG) {
        *value = s->vd ? virtio_config_read(s->vd, offset - R_CONFIG, MIN(size, 4u)) : 0;
        return MEM_OK;
    }
    if (size != 4 || (offset & 3)) {
        log_guest("virtio-mmio: read of %u bytes at %#" G_GINT64_MODIFIER "x; registers take 4", size, offset);
        *value = 0;
        return MEM_OK;
    }
    *value = read_reg(s, offset);
    return MEM_OK;
}

static void set_low(uint64_t *v, uint32_t part)
{
    *v = (*v & 0xffffffff00000000) | part;
}

static void set_high(uint64_t *v, uint32_t part)
{
    *v = (uint32_t)*v | (uint64_t)part << 32;
}

static void write_queue(struct virtio_mmio *s, uint64_t offset, uint32_t v)
{
    struct virtio_queue *vq = virtio_queue(s->vd, s->vd->queue_sel);

    if (!vq) {
        log_guest("virtio-mmio: queue %u does not exist", s->vd->queue_sel);
        return;
    }
    switch (offset) {
    case R_QUEUE_NUM:
        if (!v || v > vq->size_max) {
            log_guest("virtio-mmio: queue size %u", v);
            return;
        }
        vq->size = v;
        break;
    case R_QUEUE_PFN:
        if (!s->force_legacy) {
            log_guest("virtio-mmio: register QueuePFN of the legacy interface on a modern one");
        } else if (!v) {
            virtio_reset(s->vd);
            update(&s->dev);
        } else {
            virtio_queue_set_legacy(vq, (uint64_t)v * s->guest_page_size, s->queue_align);
        }
        break;
    case R_QUEUE_READY:
        if (modern_only(s, offset)) {
            virtio_queue_enable(vq, v & 1);
        }
        break;
    case R_QUEUE_DESC_LOW:
        set_low(&vq->desc, v);
        break;
    case R_QUEUE_DESC_HIGH:
        set_high(&vq->desc, v);
        break;
    case R_QUEUE_DRIVER_LOW:
        set_low(&vq->driver, v);
        break;
    case R_QUEUE_DRIVER_HIGH:
        set_high(&vq->driver, v);
        break;
    case R_QUEUE_DEVICE_LOW:
        set_low(&vq->device, v);
        break;
    case R_QUEUE_DEVICE_HIGH:
        set_high(&vq->device, v);
        break;
    case R_QUEUE_RESET:
        if ((v & 1) && modern_only(s, offset)) {
            virtio_queue_reset(vq);
        }
        break;
    }
}

static void write_features(struct virtio_mmio *s, uint32_t v)
{
    struct virtio_device *vd = s->vd;
    uint64_t f = vd->guest_features;

    if (vd->guest_features_sel > 1) {
        return;
    }
    if (vd->guest_features_sel) {
        set_high(&f, v);
    } else {
        set_low(&f, v);
    }
    virtio_set_features(vd, f);
}

static void write_reg(struct virtio_mmio *s, uint64_t offset, uint32_t v)
{
    struct virtio_device *vd = s->vd;

    switch (offset) {
    case R_DEVICE_FEATURES_SEL:
        vd->host_features_sel = v;
        break;
    case R_DRIVER_FEATURES:
        write_features(s, v);
        break;
    case R_DRIVER_FEATURES_SEL:
        vd->guest_features_sel = v;
        break;
    case R_GUEST_PAGE_SIZE:
        s->guest_page_size = v;
        break;
    case R_QUEUE_ALIGN:
        s->queue_align = v;
        break;
    case R_QUEUE_SEL:
        vd->queue_sel = MIN(v, 0xffffu);
        break;
    case R_QUEUE_NOTIFY:
        virtio_queue_notify(vd, v & 0xffff);
        break;
    case R_INTERRUPT_ACK:
        vd->isr &= ~v;
        update(&s->dev);
        break;
    case R_STATUS:
        virtio_set_status(vd, v);
        vd->legacy = s->force_legacy;
        update(&s->dev);
        break;
    case R_SHM_SEL:
        break;
    case R_QUEUE_NUM:
    case R_QUEUE_PFN:
    case R_QUEUE_READY:
    case R_QUEUE_RESET:
        write_queue(s, offset, v);
        break;
    default:
        if (offset >= R_QUEUE_DESC_LOW && offset <= R_QUEUE_DEVICE_HIGH && modern_only(s, offset)) {
            write_queue(s, offset, v);
        } else {
            log_guest("virtio-mmio: write of register %#" G_GINT64_MODIFIER "x", offset);
        }
    }
}

static enum mem_result mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct virtio_mmio *s = opaque;

    if (!s->vd) {
        return MEM_OK;
    }
    if (offset >= R_CONFIG) {
        virtio_config_write(s->vd, offset - R_CONFIG, MIN(size, 4u), value);
    } else if (size != 4 || (offset & 3)) {
        log_guest("virtio-mmio: write of %u bytes at %#" G_GINT64_MODIFIER "x; registers take 4", size, offset);
    } else {
        write_reg(s, offset, value);
    }
    return MEM_OK;
}

static const struct mmio_ops mmio = {
    .read = mmio_read, .write = mmio_write, .valid_max = 4, .impl_max = 4, .unaligned = true,
};

/* ---- the bus ---- */

static bool realize(struct device *d, GError **err)
{
    struct virtio_mmio *s = (struct virtio_mmio *)d;
    g_autofree char *name = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < d->m->buses->len; i++) {
        struct bus *b = d->m->buses->pdata[i];

        n += b->owner && b->owner->type == d->type;
    }
    name = g_strdup_printf("virtio-mmio-bus.%u", n);
    virtio_bus_init(&s->bus, d, name, &ops);
    return true;
}

static void unrealize(struct device *d)
{
    struct virtio_mmio *s = (struct virtio_mmio *)d;

    bus_free(&s->bus.bus, d->m);
}

static void reset(struct device *d)
{
    struct virtio_mmio *s = (struct virtio_mmio *)d;

    s->guest_page_size = 0;
    s->queue_align = 4096;
}

static const struct prop props[] = {
    PROP_BOOL(struct virtio_mmio, force_legacy, "force-legacy", true, "version 1 of the interface"),
};
static const struct field state[] = {
    FIELD(struct virtio_mmio, guest_page_size), FIELD(struct virtio_mmio, queue_align),
};
static const struct host_field host[] = { HOST(struct virtio_mmio, bus), HOST(struct virtio_mmio, vd) };

const struct device_type virtio_mmio_type = {
    .name = "virtio-mmio", .help = "virtio transport by memory-mapped registers", .fdt = "virtio,mmio",
    .size = sizeof(struct virtio_mmio), STATE(state), PROPS(props),
    HOSTS(host), .mmio_size = 0x200, .mmio = &mmio, .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update,
};
