/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio devices: features, status, queues, configuration; what every transport does the same way. */
#include "hw/virtio/virtio.h"

#include <string.h>

#include "system/machine.h"
#include "util/log.h"

static bool attach(struct bus *bus, struct device *d, GError **err)
{
    struct virtio_bus *vb = (struct virtio_bus *)bus;
    struct virtio_device *vd = (struct virtio_device *)d;

    vd->transport = vb->ops;
    vd->transport_opaque = vb->transport;
    vd->as = &d->m->as;
    vb->ops->plugged(vb->transport, vd);
    return true;
}

static void detach(struct bus *bus, struct device *d)
{
    struct virtio_bus *vb = (struct virtio_bus *)bus;

    vb->ops->unplugged(vb->transport);
}

const struct bus_type virtio_bus_type = { .name = "virtio-bus", .attach = attach, .detach = detach };

void virtio_bus_init(struct virtio_bus *vb, struct device *owner, const char *name,
                     const struct virtio_transport_ops *ops)
{
    bus_init(&vb->bus, owner->m, &virtio_bus_type, owner, name);
    vb->bus.max = 1;
    vb->ops = ops;
    vb->transport = owner;
}

static const struct prop props[] = {
    PROP_BOOL(struct virtio_device, indirect_desc, "indirect_desc", true, "offer indirect descriptors"),
    PROP_BOOL(struct virtio_device, event_idx, "event_idx", true, "offer the event index"),
    PROP_BOOL(struct virtio_device, packed, "packed", false, "offer packed rings"),
    PROP_BOOL(struct virtio_device, notify_on_empty, "notify_on_empty", true, "offer notification on empty (legacy)"),
    PROP_BOOL(struct virtio_device, any_layout, "any_layout", true, "offer any layout of descriptors (legacy)"),
    PROP_BOOL(struct virtio_device, iommu_platform, "iommu_platform", false,
              "offer access through the platform's IOMMU"),
};

static const struct field queue_state[] = {
    FIELD(struct virtio_queue, size_max), FIELD(struct virtio_queue, size), FIELD(struct virtio_queue, vector),
    FIELD(struct virtio_queue, enabled), FIELD(struct virtio_queue, broken), FIELD(struct virtio_queue, desc),
    FIELD(struct virtio_queue, driver), FIELD(struct virtio_queue, device), FIELD(struct virtio_queue, last_avail),
    FIELD(struct virtio_queue, used_idx), FIELD(struct virtio_queue, avail_wrap), FIELD(struct virtio_queue, used_wrap),
    FIELD(struct virtio_queue, signalled_used), FIELD(struct virtio_queue, signalled_valid),
    FIELD(struct virtio_queue, notify_on), FIELD(struct virtio_queue, inuse),
};

static const struct field state[] = {
    FIELD(struct virtio_device, guest_features), FIELD(struct virtio_device, host_features_sel),
    FIELD(struct virtio_device, guest_features_sel), FIELD(struct virtio_device, status),
    FIELD(struct virtio_device, isr),
    FIELD(struct virtio_device, queue_sel), FIELD(struct virtio_device, config_vector),
    FIELD(struct virtio_device, config_generation), FIELD(struct virtio_device, started),
    FIELD(struct virtio_device, legacy), FIELD_STRUCTS(struct virtio_device, queues, nqueues, queue_state),
};

static const struct host_field host[] = {
    HOST(struct virtio_device, transport), HOST(struct virtio_device, transport_opaque), HOST(struct virtio_device, as),
    HOST(struct virtio_device, requester), HOST(struct virtio_device, force_modern),
    HOST(struct virtio_device, nqueues),
};

static void unrealize(struct device *d)
{
    virtio_queues_free((struct virtio_device *)d);
}

static void reset(struct device *d)
{
    virtio_reset((struct virtio_device *)d);
}

const struct device_type virtio_device_type = {
    .name = "virtio-device", .abstract = true, .help = "common part of virtio devices",
    .size = sizeof(struct virtio_device), .bus = &virtio_bus_type, STATE(state), PROPS(props), HOSTS(host),
    .unrealize = unrealize, .reset = reset,
};

/* ---- queues ---- */

static void queue_init(struct virtio_queue *vq)
{
    unsigned size_max = vq->size_max, index = vq->index;
    struct virtio_device *vd = vq->dev;

    *vq = (struct virtio_queue) {
        .dev = vd, .index = index, .size_max = size_max, .size = size_max, .vector = VIRTIO_NO_VECTOR,
        .avail_wrap = 1, .used_wrap = 1, .notify_on = 1,
    };
}

struct virtio_queue *virtio_queue_add(struct virtio_device *vd, unsigned size)
{
    struct virtio_queue *vq;

    if (!vd->queues) {
        vd->queues = g_new0(struct virtio_queue, VIRTIO_QUEUES_MAX);    /* not moved: devices keep pointers */
    }
    g_assert(vd->nqueues < VIRTIO_QUEUES_MAX && size >= 2 && size <= VIRTIO_QUEUE_SIZE_MAX && !(size & (size - 1)));
    vq = &vd->queues[vd->nqueues];
    vq->dev = vd;
    vq->index = vd->nqueues++;
    vq->size_max = size;
    queue_init(vq);
    return vq;
}

void virtio_queues_free(struct virtio_device *vd)
{
    g_clear_pointer(&vd->queues, g_free);
    vd->nqueues = 0;
}

void virtio_queue_set_legacy(struct virtio_queue *vq, uint64_t addr, uint32_t align)
{
    vq->desc = addr;
    vq->driver = addr + 16ull * vq->size;
    align = align && !(align & (align - 1)) ? align : 4096;
    vq->device = (vq->driver + 6 + 2ull * vq->size + align - 1) & ~(uint64_t)(align - 1);
    vq->enabled = addr != 0;
}

void virtio_queue_enable(struct virtio_queue *vq, bool on)
{
    if (on && (vq->size < 1 || vq->size > vq->size_max ||
               (!virtio_has(vq->dev, VIRTIO_F_RING_PACKED) && (vq->size & (vq->size - 1))))) {
        virtio_broken(vq->dev, "queue %u: size %u is not allowed", vq->index, vq->size);
        return;
    }
    vq->enabled = on;
}

void virtio_queue_reset(struct virtio_queue *vq)
{
    struct virtio_device *vd = vq->dev;

    if (!virtio_has(vd, VIRTIO_F_RING_RESET)) {
        log_guest("%s: a queue is reset, but RING_RESET was not negotiated", vd->dev.type->name);
        return;
    }
    virtio_desc_of(vd)->queue_reset(vd, vq);
    queue_init(vq);
}

void virtio_queue_notify(struct virtio_device *vd, unsigned index)
{
    struct virtio_queue *vq = virtio_queue(vd, index);

    if (!vq) {
        log_guest("%s: notification of queue %u, which there is not", vd->dev.type->name, index);
        return;
    }
    if (vd->started && vq->enabled && !vq->broken) {
        virtio_desc_of(vd)->notify(vd, vq);
    }
}

/* ---- features and status ---- */

uint64_t virtio_features(struct virtio_device *vd)
{
    uint64_t f = virtio_desc_of(vd)->features ? virtio_desc_of(vd)->features(vd) : 0;

    f |= (uint64_t)vd->indirect_desc << VIRTIO_F_INDIRECT_DESC | (uint64_t)vd->event_idx << VIRTIO_F_EVENT_IDX;
    if (vd->legacy) {
        f |= (uint64_t)vd->notify_on_empty << VIRTIO_F_NOTIFY_ON_EMPTY |
             (uint64_t)vd->any_layout << VIRTIO_F_ANY_LAYOUT;
    } else {
        f |= 1ull << VIRTIO_F_VERSION_1 | (uint64_t)(virtio_desc_of(vd)->queue_reset != NULL) << VIRTIO_F_RING_RESET |
             (uint64_t)vd->packed << VIRTIO_F_RING_PACKED | (uint64_t)vd->iommu_platform << VIRTIO_F_ACCESS_PLATFORM;
    }
    return f;
}

void virtio_set_features(struct virtio_device *vd, uint64_t features)
{
    uint64_t offered = virtio_features(vd);

    if (vd->status & VIRTIO_STATUS_FEATURES_OK) {
        log_guest("%s: features written after FEATURES_OK", vd->dev.type->name);
        return;
    }
    if (features & ~offered) {
        log_guest("%s: features %#" G_GINT64_MODIFIER "x were not offered", vd->dev.type->name, features & ~offered);
    }
    vd->guest_features = features & offered;
    if (virtio_desc_of(vd)->set_features) {
        virtio_desc_of(vd)->set_features(vd, vd->guest_features);
    }
}

void virtio_reset(struct virtio_device *vd)
{
    vd->started = false;
    if (virtio_desc_of(vd)->reset) {
        virtio_desc_of(vd)->reset(vd);
    }
    vd->status = vd->isr = 0;
    vd->guest_features = 0;
    vd->host_features_sel = vd->guest_features_sel = 0;
    vd->queue_sel = 0;
    vd->config_vector = VIRTIO_NO_VECTOR;
    vd->legacy = !vd->force_modern;
    for (unsigned i = 0; i < vd->nqueues; i++) {
        queue_init(&vd->queues[i]);
    }
    if (virtio_desc_of(vd)->set_features) {
        virtio_desc_of(vd)->set_features(vd, 0);
    }
}

void virtio_set_status(struct virtio_device *vd, uint8_t status)
{
    bool was = vd->status & VIRTIO_STATUS_DRIVER_OK;

    if (!status) {
        virtio_reset(vd);
        return;
    }
    /* A modern driver must have taken VERSION_1 before FEATURES_OK stays set (3.1.1). */
    if ((status & VIRTIO_STATUS_FEATURES_OK) && !vd->legacy && !virtio_has(vd, VIRTIO_F_VERSION_1)) {
        status &= ~VIRTIO_STATUS_FEATURES_OK;
    }
    vd->status = status | (vd->status & VIRTIO_STATUS_NEEDS_RESET);
    vd->started = (status & VIRTIO_STATUS_DRIVER_OK) && !(vd->status & VIRTIO_STATUS_NEEDS_RESET);
    if (virtio_desc_of(vd)->set_status) {
        virtio_desc_of(vd)->set_status(vd, status);
    }
    if (!was && vd->started) {
        /* Legacy drivers may have filled queues before DRIVER_OK. */
        for (unsigned i = 0; i < vd->nqueues && vd->started; i++) {
            if (vd->queues[i].enabled && virtio_available(&vd->queues[i])) {
                virtio_desc_of(vd)->notify(vd, &vd->queues[i]);
            }
        }
    }
}

/* ---- configuration ---- */

#define CONFIG_MAX 256

uint32_t virtio_config_read(struct virtio_device *vd, unsigned offset, unsigned size)
{
    const struct virtio_desc *desc = virtio_desc_of(vd);
    uint8_t buf[CONFIG_MAX] = { 0 };
    uint32_t v = 0;

    if (!desc->config_size || offset >= desc->config_size || size > desc->config_size - offset) {
        log_guest("%s: configuration read at %#x is beyond its end", vd->dev.type->name, offset);
        return UINT32_MAX >> (32 - size * 8);
    }
    g_assert(desc->config_size <= CONFIG_MAX);
    desc->get_config(vd, buf);
    memcpy(&v, buf + offset, size);
    return GUINT32_FROM_LE(v);
}

void virtio_config_write(struct virtio_device *vd, unsigned offset, unsigned size, uint32_t value)
{
    const struct virtio_desc *desc = virtio_desc_of(vd);
    uint8_t buf[CONFIG_MAX] = { 0 };

    if (!desc->set_config || offset >= desc->config_size || size > desc->config_size - offset) {
        log_guest("%s: configuration write at %#x", vd->dev.type->name, offset);
        return;
    }
    desc->get_config(vd, buf);
    value = GUINT32_TO_LE(value);
    memcpy(buf + offset, &value, size);
    desc->set_config(vd, buf, offset, size);
}

void virtio_config_changed(struct virtio_device *vd)
{
    if (!(vd->status & VIRTIO_STATUS_DRIVER_OK)) {
        return;
    }
    vd->isr |= 2;
    vd->config_generation++;
    vd->transport->notify(vd, NULL);
}
