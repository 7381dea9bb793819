/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio ("Virtual I/O Device (VIRTIO) Version 1.2", OASIS): what devices and transports share.
 *
 * A virtio device (hw/virtio/, hw/block/virtio_blk.c, ...) is a struct virtio_device with queues; it sits on the one-place
 * virtio bus of a transport: virtio-mmio (mmio.c) or a PCI function (pci.c). The rings are here once, split and packed.
 *
 * Nothing that a driver writes is trusted: sizes, indices, chains and addresses are checked. A driver that breaks the
 * rules gets DEVICE_NEEDS_RESET (2.1.1) and the device stops looking at its queues until it is reset.
 *
 * Threads: everything runs under the machine lock.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include <sys/uio.h>

#include "system/device.h"

#define VIRTIO_QUEUE_SIZE_MAX 1024
#define VIRTIO_QUEUES_MAX 128
#define VIRTIO_NO_VECTOR 0xffff

enum virtio_device_id {
    VIRTIO_ID_NET = 1, VIRTIO_ID_BLOCK = 2, VIRTIO_ID_CONSOLE = 3, VIRTIO_ID_RNG = 4, VIRTIO_ID_BALLOON = 5,
    VIRTIO_ID_SCSI = 8, VIRTIO_ID_9P = 9, VIRTIO_ID_GPU = 16, VIRTIO_ID_INPUT = 18,
};

/* Device status (2.1). */
enum {
    VIRTIO_STATUS_ACKNOWLEDGE = 1, VIRTIO_STATUS_DRIVER = 2, VIRTIO_STATUS_DRIVER_OK = 4, VIRTIO_STATUS_FEATURES_OK = 8,
    VIRTIO_STATUS_NEEDS_RESET = 64, VIRTIO_STATUS_FAILED = 128,
};

/* Feature bits of every device (6). */
enum {
    VIRTIO_F_NOTIFY_ON_EMPTY = 24, VIRTIO_F_ANY_LAYOUT = 27, VIRTIO_F_INDIRECT_DESC = 28, VIRTIO_F_EVENT_IDX = 29,
    VIRTIO_F_VERSION_1 = 32, VIRTIO_F_ACCESS_PLATFORM = 33, VIRTIO_F_RING_PACKED = 34, VIRTIO_F_IN_ORDER = 35,
    VIRTIO_F_ORDER_PLATFORM = 36, VIRTIO_F_SR_IOV = 37, VIRTIO_F_NOTIFICATION_DATA = 38, VIRTIO_F_RING_RESET = 40,
};

struct virtio_device;

/* One queue. Every field up to `dev` is guest-visible state (queue_state in virtio.c lists it). */
struct virtio_queue {
    uint16_t size_max, size;        /* entries; size is the driver's choice */
    uint16_t vector;                /* MSI-X vector, VIRTIO_NO_VECTOR */
    uint8_t enabled;
    uint8_t broken;                 /* the driver broke a rule */
    uint64_t desc, driver, device;  /* guest addresses: descriptor table or ring; available or driver area; used or device area */
    uint16_t last_avail;            /* next entry to take; packed: its index */
    uint16_t used_idx;              /* next entry to give back; packed: its index */
    uint8_t avail_wrap, used_wrap;  /* packed */
    uint16_t signalled_used;        /* used_idx when the driver was last told */
    uint8_t signalled_valid;
    uint8_t notify_on;              /* the device wants notifications */
    uint32_t inuse;                 /* elements taken and not given back */
    /* not saved */
    struct virtio_device *dev;
    unsigned index;
    unsigned used_pending;          /* elements filled by virtqueue_fill, not yet visible */
};

/* A chain of descriptors that the device has taken. */
struct virtio_element {
    struct virtio_queue *vq;
    uint16_t head;                  /* id to give back */
    uint16_t ndescs;                /* ring entries it took (packed) */
    unsigned out_num, in_num;       /* pieces that the device reads, writes */
    uint64_t out_bytes, in_bytes;   /* their sums */
    struct iovec *out, *in;
    struct as_mapping *maps;        /* out_num + in_num of them */
};

struct virtio_transport_ops {
    /* A device was plugged into the transport's bus: set what it needs of the host fields. */
    void (*plugged)(void *transport, struct virtio_device *vd);
    void (*unplugged)(void *transport);
    /* Tell the driver: a queue has used buffers (vector), or the configuration changed (vq NULL). */
    void (*notify)(struct virtio_device *vd, struct virtio_queue *vq);
};

/* What one kind of device is; device_type.desc of a virtio device's type. */
struct virtio_desc {
    uint16_t id;                    /* enum virtio_device_id */
    uint16_t config_size;           /* bytes of device-specific configuration */
    uint16_t transitional_pci_id;   /* 0x1000 + n, or 0: modern only */
    uint32_t pci_class;             /* class << 8 | subclass */
    uint16_t pci_vectors;           /* MSI-X vectors unless the user says otherwise; 0: queues and configuration */
    /* Adds the features that the device offers now. */
    uint64_t (*features)(struct virtio_device *vd);
    /* The driver's choice, a subset of those; before FEATURES_OK is accepted. NULL: nothing to do. */
    void (*set_features)(struct virtio_device *vd, uint64_t features);
    /* Fills buf with the configuration (config_size bytes, little-endian). */
    void (*get_config)(struct virtio_device *vd, uint8_t *buf);
    /* The driver wrote size bytes at offset; buf is the whole configuration with them in place. NULL: read-only. */
    void (*set_config)(struct virtio_device *vd, const uint8_t *buf, unsigned offset, unsigned size);
    /* The driver says that there is something in a queue. */
    void (*notify)(struct virtio_device *vd, struct virtio_queue *vq);
    void (*set_status)(struct virtio_device *vd, uint8_t status);   /* NULL: nothing to do */
    void (*queue_reset)(struct virtio_device *vd, struct virtio_queue *vq); /* NULL: RING_RESET is not offered */
    void (*reset)(struct virtio_device *vd);    /* drop all state; in-flight requests complete into nothing */
};

/* First member of each device's struct. */
struct virtio_device {
    struct device dev;
    /* properties */
    bool indirect_desc, event_idx, packed, iommu_platform, notify_on_empty, any_layout;
    /* guest-visible state */
    uint64_t guest_features;
    uint32_t host_features_sel, guest_features_sel;
    uint8_t status, isr;
    uint16_t queue_sel, config_vector;
    uint32_t config_generation;
    bool started;                   /* DRIVER_OK and not broken */
    bool legacy;                    /* driven through the legacy interface: guest-endian, no VERSION_1 */
    struct virtio_queue *queues;
    unsigned nqueues;
    /* host */
    const struct virtio_transport_ops *transport;
    void *transport_opaque;
    struct address_space *as;       /* what its DMA sees */
    uint16_t requester;
    bool force_modern;              /* the transport has no legacy interface */
};

/* The one place of a transport. */
struct virtio_bus {
    struct bus bus;
    const struct virtio_transport_ops *ops;
    void *transport;
};
extern const struct bus_type virtio_bus_type;
void virtio_bus_init(struct virtio_bus *vb, struct device *owner, const char *name, const struct virtio_transport_ops *ops);

/* Base of every virtio device's type: the common properties and state. */
extern const struct device_type virtio_device_type;

static inline const struct virtio_desc *virtio_desc_of(const struct virtio_device *vd)
{
    return vd->dev.type->desc;
}

static inline bool virtio_has(const struct virtio_device *vd, unsigned feature)
{
    return vd->guest_features >> feature & 1;
}

/* ---- for devices ---- */

/* In realize, once for each queue, in order. size: 2 to VIRTIO_QUEUE_SIZE_MAX, a power of two. */
struct virtio_queue *virtio_queue_add(struct virtio_device *vd, unsigned size);
void virtio_queues_free(struct virtio_device *vd);

/* Takes the next chain; NULL: there is none, or the driver broke a rule (the device is marked then). Free it by
 * virtio_push or virtio_drop. */
struct virtio_element *virtio_pop(struct virtio_queue *vq);
/* Gives it back with the number of bytes written to its `in` pieces, tells nobody; then virtio_flush makes the elements
 * filled since visible, and virtio_notify tells the driver if it wants to be told. */
void virtio_fill(struct virtio_element *e, uint32_t written);
void virtio_flush(struct virtio_queue *vq);
void virtio_notify(struct virtio_queue *vq);
/* All three. */
void virtio_push(struct virtio_element *e, uint32_t written);
/* Puts it back unused, as if it had not been taken: only the last one taken. */
void virtio_unpop(struct virtio_element *e);
/* Frees it without telling anybody (reset, shutdown). */
void virtio_drop(struct virtio_element *e);
/* Is there something to take? */
bool virtio_available(struct virtio_queue *vq);
/* Notifications from the driver on or off (while the device looks by itself). After turning them on, look once more. */
void virtio_want_notify(struct virtio_queue *vq, bool on);
/* The driver broke a rule: log, DEVICE_NEEDS_RESET. */
void virtio_broken(struct virtio_device *vd, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* The configuration changed: tell the driver. */
void virtio_config_changed(struct virtio_device *vd);

/* Bytes between the pieces of an element and a buffer; how many were there. */
size_t virtio_read_out(const struct virtio_element *e, size_t offset, void *buf, size_t len);
size_t virtio_write_in(const struct virtio_element *e, size_t offset, const void *buf, size_t len);

/* ---- for transports ---- */

uint64_t virtio_features(struct virtio_device *vd);     /* offered */
void virtio_set_features(struct virtio_device *vd, uint64_t features);
void virtio_set_status(struct virtio_device *vd, uint8_t status);   /* 0 resets */
void virtio_reset(struct virtio_device *vd);
uint32_t virtio_config_read(struct virtio_device *vd, unsigned offset, unsigned size);
void virtio_config_write(struct virtio_device *vd, unsigned offset, unsigned size, uint32_t value);
/* The driver wrote to the notification register. */
void virtio_queue_notify(struct virtio_device *vd, unsigned index);
/* Legacy: places all three areas of a split ring from the address of the first (2.7.2). addr 0: not in use. */
void virtio_queue_set_legacy(struct virtio_queue *vq, uint64_t addr, uint32_t align);
void virtio_queue_enable(struct virtio_queue *vq, bool on);
/* VIRTIO_F_RING_RESET (2.6.1): the queue alone goes back to its initial state. */
void virtio_queue_reset(struct virtio_queue *vq);
static inline struct virtio_queue *virtio_queue(struct virtio_device *vd, unsigned index)
{
    return index < vd->nqueues && vd->queues[index].size_max ? &vd->queues[index] : NULL;
}

#endif
