/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtio device on a virtio-mmio transport without a CPU, and the smallest driver that can talk to it: one queue,
 * whose areas lie at fixed places of the rig's RAM, split or packed.
 */
#ifndef TESTS_DEV_VIRTIO_RIG_H
#define TESTS_DEV_VIRTIO_RIG_H

#include "hw/virtio/virtio.h"
#include "tests/dev/rig.h"

/* Places in RAM. A queue takes VR_QUEUE_BYTES: descriptors, then the driver's area; the device's a page later. */
#define VR_QUEUE(n) (RIG_RAM + (n) * VR_QUEUE_BYTES)
#define VR_QUEUE_BYTES 0x2000ull
#define VR_TABLE (RIG_RAM + 0xc000)     /* free for indirect tables */
#define VR_DATA (RIG_RAM + 0xd000)      /* free for buffers */

#define VR_SIZE 8       /* entries */

enum { VR_NEXT = 1, VR_WRITE = 2, VR_INDIRECT = 4 };

enum vr_kind { VR_LEGACY, VR_MODERN, VR_PACKED };

struct vr_buf {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;     /* VR_WRITE, VR_INDIRECT; VR_NEXT is set for all but the last */
};

struct virtio_rig {
    struct rig r;
    struct virtio_device *vd;
    enum vr_kind kind;
    /* the driver's side of queue n */
    struct vr_queue {
        uint16_t next_desc, avail, used;
        bool avail_wrap, used_wrap;     /* packed */
        uint8_t chain[2 * VR_SIZE];     /* packed: entries of each id's chain */
    } q[6];
};

/* The transport; then the caller makes and fills vr->vd = vr_device(...), and realizes it by vr_plug. */
void vr_init(struct virtio_rig *vr, enum vr_kind kind, const char *type);
void vr_plug(struct virtio_rig *vr);
void vr_free(struct virtio_rig *vr);

uint32_t vr_reg(struct virtio_rig *vr, unsigned offset);
void vr_set(struct virtio_rig *vr, unsigned offset, uint32_t value);

/* Feature negotiation (what is offered and in `want`), queues 0 to queues - 1, DRIVER_OK. */
void vr_start(struct virtio_rig *vr, uint64_t want, unsigned queues);
uint64_t vr_offered(struct virtio_rig *vr);
void vr_set_up_queue(struct virtio_rig *vr, unsigned n);

/* Writes a descriptor of a split ring or an indirect table (packed: id instead of next). */
void vr_desc(struct virtio_rig *vr, uint64_t table, unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next);
/* Makes a chain and its head available, without telling the device. The head or id. */
unsigned vr_add(struct virtio_rig *vr, unsigned n, const struct vr_buf *bufs, unsigned count);
/* Split: makes any head available. */
void vr_offer(struct virtio_rig *vr, unsigned n, uint16_t head);
void vr_kick(struct virtio_rig *vr, unsigned n);
/* Takes one used element: its length; -1: none. */
int64_t vr_used(struct virtio_rig *vr, unsigned n);
/* Runs the main loop until there is one. */
int64_t vr_wait(struct virtio_rig *vr, unsigned n);
/* Interrupt since the last call? Acknowledges. */
bool vr_irq(struct virtio_rig *vr);
bool vr_needs_reset(struct virtio_rig *vr);

#endif
