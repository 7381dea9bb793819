/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/dev/virtio_rig.h"

#include <string.h>

enum { PACKED_AVAIL = 1 << 7, PACKED_USED = 1 << 15 };

void vr_init(struct virtio_rig *vr, enum vr_kind kind, const char *type)
{
    memset(vr, 0, sizeof *vr);
    vr->kind = kind;
    rig_init(&vr->r, "virtio-mmio");
    device_set_text(vr->r.d, "force-legacy", kind == VR_LEGACY ? "on" : "off");
    rig_start(&vr->r);
    vr->vd = (struct virtio_device *)device_new(vr->r.m, device_type_find(type), "vdev", NULL);
    device_set_text(&vr->vd->dev, "packed", kind == VR_PACKED ? "on" : "off");
}

void vr_plug(struct virtio_rig *vr)
{
    g_autoptr(GError) err = NULL;

    if (!device_realize(&vr->vd->dev, vr->r.m->buses->pdata[0], &err)) {
        g_error("realize: %s", err->message);
    }
    device_reset(&vr->vd->dev);
    device_update(&vr->vd->dev);
}

void vr_free(struct virtio_rig *vr)
{
    rig_free(&vr->r);
}

uint32_t vr_reg(struct virtio_rig *vr, unsigned offset)
{
    return rig_read(&vr->r, offset, 4);
}

void vr_set(struct virtio_rig *vr, unsigned offset, uint32_t value)
{
    rig_write(&vr->r, offset, 4, value);
}

/* Any access beyond RAM is the test's own mistake. */
static uint8_t *ram(struct virtio_rig *vr, uint64_t addr, unsigned len)
{
    g_assert(addr >= RIG_RAM && addr + len <= RIG_RAM + RIG_RAM_BYTES);
    return vr->r.ram_host + (addr - RIG_RAM);
}

static void put16(struct virtio_rig *vr, uint64_t addr, uint16_t v)
{
    memcpy(ram(vr, addr, 2), &v, 2);
}

static uint16_t get16(struct virtio_rig *vr, uint64_t addr)
{
    uint16_t v;

    memcpy(&v, ram(vr, addr, 2), 2);
    return v;
}

uint64_t vr_offered(struct virtio_rig *vr)
{
    uint64_t f;

    vr_set(vr, 0x14, 1);
    f = (uint64_t)vr_reg(vr, 0x10) << 32;
    vr_set(vr, 0x14, 0);
    return f | vr_reg(vr, 0x10);
}

void vr_set_up_queue(struct virtio_rig *vr, unsigned n)
{
    uint64_t desc = VR_QUEUE(n), driver = desc + 16 * VR_SIZE, device = desc + 0x1000;

    memset(ram(vr, desc, VR_QUEUE_BYTES), 0, VR_QUEUE_BYTES);
    vr->q[n] = (struct vr_queue) { .avail_wrap = true, .used_wrap = true };
    vr_set(vr, 0x30, n);
    g_assert_cmpuint(vr_reg(vr, 0x34), >=, VR_SIZE);
    vr_set(vr, 0x38, VR_SIZE);
    if (vr->kind == VR_LEGACY) {
        vr_set(vr, 0x3c, 4096);
        vr_set(vr, 0x40, desc / 4096);
        g_assert_cmphex(vr_reg(vr, 0x40), ==, desc / 4096);
        return;
    }
    vr_set(vr, 0x80, desc);
    vr_set(vr, 0x84, desc >> 32);
    vr_set(vr, 0x90, driver);
    vr_set(vr, 0x94, driver >> 32);
    vr_set(vr, 0xa0, device);
    vr_set(vr, 0xa4, device >> 32);
    vr_set(vr, 0x44, 1);
}

void vr_start(struct virtio_rig *vr, uint64_t want, unsigned queues)
{
    uint64_t f;

    vr_set(vr, 0x70, 0);
    vr_set(vr, 0x70, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    if (vr->kind == VR_LEGACY) {
        vr_set(vr, 0x28, 4096);
    } else {
        want |= 1ull << VIRTIO_F_VERSION_1;
    }
    if (vr->kind == VR_PACKED) {
        want |= 1ull << VIRTIO_F_RING_PACKED;
    }
    f = vr_offered(vr) & want;
    vr_set(vr, 0x24, 1);
    vr_set(vr, 0x20, f >> 32);
    vr_set(vr, 0x24, 0);
    vr_set(vr, 0x20, f);
    if (vr->kind != VR_LEGACY) {
        vr_set(vr, 0x70, 1 | 2 | VIRTIO_STATUS_FEATURES_OK);
        g_assert_cmphex(vr_reg(vr, 0x70), ==, 1 | 2 | VIRTIO_STATUS_FEATURES_OK);
    }
    for (unsigned n = 0; n < queues; n++) {
        vr_set_up_queue(vr, n);
    }
    vr_set(vr, 0x70, vr_reg(vr, 0x70) | VIRTIO_STATUS_DRIVER_OK);
}

void vr_desc(struct virtio_rig *vr, uint64_t table, unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
    uint8_t *d = ram(vr, table + 16 * i, 16);

    memcpy(d, &addr, 8);
    memcpy(d + 8, &len, 4);
    memcpy(d + (vr->kind == VR_PACKED ? 14 : 12), &flags, 2);
    memcpy(d + (vr->kind == VR_PACKED ? 12 : 14), &next, 2);
}

static unsigned add_packed(struct virtio_rig *vr, unsigned n, const struct vr_buf *bufs, unsigned count)
{
    struct vr_queue *q = &vr->q[n];
    uint16_t id = q->next_desc++ % G_N_ELEMENTS(q->chain);

    q->chain[id] = count;
    for (unsigned i = 0; i < count; i++) {
        uint16_t flags = bufs[i].flags | (i + 1 < count ? VR_NEXT : 0) | (q->avail_wrap ? PACKED_AVAIL : PACKED_USED);

        vr_desc(vr, VR_QUEUE(n), q->avail, bufs[i].addr, bufs[i].len, flags, id);
        if (++q->avail == VR_SIZE) {
            q->avail = 0;
            q->avail_wrap = !q->avail_wrap;
        }
    }
    return id;
}

void vr_offer(struct virtio_rig *vr, unsigned n, uint16_t head)
{
    struct vr_queue *q = &vr->q[n];
    uint64_t avail = VR_QUEUE(n) + 16 * VR_SIZE;

    put16(vr, avail + 4 + 2 * (q->avail % VR_SIZE), head);
    put16(vr, avail + 2, ++q->avail);
}

unsigned vr_add(struct virtio_rig *vr, unsigned n, const struct vr_buf *bufs, unsigned count)
{
    struct vr_queue *q = &vr->q[n];
    uint16_t head = q->next_desc;

    if (vr->kind == VR_PACKED) {
        return add_packed(vr, n, bufs, count);
    }
    for (unsigned i = 0; i < count; i++) {
        uint16_t at = q->next_desc, next = (at + 1) % VR_SIZE;

        vr_desc(vr, VR_QUEUE(n), at, bufs[i].addr, bufs[i].len, bufs[i].flags | (i + 1 < count ? VR_NEXT : 0), next);
        q->next_desc = next;
    }
    vr_offer(vr, n, head);
    return head;
}

void vr_kick(struct virtio_rig *vr, unsigned n)
{
    vr_set(vr, 0x50, n);
}

static int64_t used_packed(struct virtio_rig *vr, unsigned n)
{
    struct vr_queue *q = &vr->q[n];
    uint64_t at = VR_QUEUE(n) + 16 * q->used;
    uint16_t flags = get16(vr, at + 14);
    uint32_t len;

    if (!!(flags & PACKED_AVAIL) != q->used_wrap || !!(flags & PACKED_USED) != q->used_wrap) {
        return -1;
    }
    memcpy(&len, ram(vr, at + 8, 4), 4);
    q->used += q->chain[get16(vr, at + 12) % G_N_ELEMENTS(q->chain)];
    if (q->used >= VR_SIZE) {
        q->used -= VR_SIZE;
        q->used_wrap = !q->used_wrap;
    }
    return len;
}

int64_t vr_used(struct virtio_rig *vr, unsigned n)
{
    struct vr_queue *q = &vr->q[n];
    uint64_t used = VR_QUEUE(n) + 0x1000;
    uint32_t len;

    if (vr->kind == VR_PACKED) {
        return used_packed(vr, n);
    }
    if (get16(vr, used + 2) == q->used) {
        return -1;
    }
    memcpy(&len, ram(vr, used + 4 + 8 * (q->used++ % VR_SIZE) + 4, 4), 4);
    return len;
}

int64_t vr_wait(struct virtio_rig *vr, unsigned n)
{
    gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    int64_t len;

    while ((len = vr_used(vr, n)) < 0 && g_get_monotonic_time() < until) {
        if (!g_main_context_iteration(NULL, false)) {
            g_usleep(100);
        }
    }
    return len;
}

bool vr_irq(struct virtio_rig *vr)
{
    uint32_t isr = vr_reg(vr, 0x60);

    g_assert_cmpint(vr->r.irq[0], ==, isr != 0);
    vr_set(vr, 0x64, isr);
    return isr;
}

bool vr_needs_reset(struct virtio_rig *vr)
{
    return vr_reg(vr, 0x70) & VIRTIO_STATUS_NEEDS_RESET;
}
