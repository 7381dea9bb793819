/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtqueues: split (Virtio 1.2, 2.7) and packed (2.8). Elements are taken with virtio_pop and given back with
 * virtio_push. Ring accesses are made in the order that the specification asks of the device; x86 and our own barriers
 * keep them in that order against other vCPUs.
 */
#include <string.h>

#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, DESC_AVAIL = 1 << 7, DESC_USED = 1 << 15 };
enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };
enum { EVENT_ENABLE, EVENT_DISABLE, EVENT_DESC };    /* packed: flags of an event suppression structure */

#define DESC_BYTES 16

struct desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;       /* packed: next is the id */
};

static struct mem_attrs attrs_of(const struct virtio_device *vd)
{
    return (struct mem_attrs) { .cpu = -1, .requester = vd->requester };
}

static uint16_t ld16(struct virtio_queue *vq, uint64_t addr)
{
    return as_ld16le(vq->dev->as, addr, attrs_of(vq->dev), NULL);
}

static void st16(struct virtio_queue *vq, uint64_t addr, uint16_t v)
{
    as_st16le(vq->dev->as, addr, v, attrs_of(vq->dev));
}

static bool is_packed(const struct virtio_queue *vq)
{
    return virtio_has(vq->dev, VIRTIO_F_RING_PACKED);
}

void virtio_broken(struct virtio_device *vd, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    log_guest("%s: %s", vd->dev.type->name, text);
    vd->started = false;
    if (vd->status & VIRTIO_STATUS_DRIVER_OK && virtio_has(vd, VIRTIO_F_VERSION_1)) {
        vd->status |= VIRTIO_STATUS_NEEDS_RESET;
        virtio_config_changed(vd);
    }
}

static void queue_broken(struct virtio_queue *vq, const char *what)
{
    vq->broken = true;
    virtio_broken(vq->dev, "queue %u: %s", vq->index, what);
}

static bool usable(const struct virtio_queue *vq)
{
    return vq->enabled && !vq->broken && vq->dev->started && vq->size && vq->desc;
}

/* ---- descriptors ---- */

static bool read_desc(struct virtio_queue *vq, uint64_t table, unsigned i, bool packed, struct desc *d)
{
    uint8_t raw[DESC_BYTES];

    if (as_read(vq->dev->as, table + (uint64_t)i * DESC_BYTES, raw, sizeof raw, attrs_of(vq->dev)) != MEM_OK) {
        queue_broken(vq, "a descriptor outside memory");
        return false;
    }
    memcpy(&d->addr, raw, 8);
    memcpy(&d->len, raw + 8, 4);
    memcpy(&d->flags, raw + (packed ? 14 : 12), 2);
    memcpy(&d->next, raw + (packed ? 12 : 14), 2);
    d->addr = GUINT64_FROM_LE(d->addr);
    d->len = GUINT32_FROM_LE(d->len);
    d->flags = GUINT16_FROM_LE(d->flags);
    d->next = GUINT16_FROM_LE(d->next);
    return true;
}

/* A chain being collected; the pieces live in growable arrays until the element is made. */
struct chain {
    struct as_mapping maps[VIRTIO_QUEUE_SIZE_MAX];
    unsigned count, out_num;
    uint64_t out_bytes, in_bytes;
};

static void chain_unmap(struct chain *c)
{
    while (c->count) {
        as_unmap(&c->maps[--c->count], 0);
    }
}

static bool chain_add(struct virtio_queue *vq, struct chain *c, const struct desc *d)
{
    bool write = d->flags & DESC_WRITE;
    uint64_t addr = d->addr, left = d->len;

    if (!write && c->count > c->out_num) {
        queue_broken(vq, "a device-readable buffer after a writable one");
        return false;
    }
    if (!left) {
        return true;    /* allowed by nobody, sent by some; no bytes, no harm */
    }
    if (write) {
        c->in_bytes += left;
    } else {
        c->out_bytes += left;
    }
    while (left) {
        if (c->count == VIRTIO_QUEUE_SIZE_MAX) {
            queue_broken(vq, "too many buffers in a chain");
            return false;
        }
        if (!as_map(vq->dev->as, addr, left, write, attrs_of(vq->dev), &c->maps[c->count])) {
            queue_broken(vq, "a buffer outside memory");
            return false;
        }
        addr += c->maps[c->count].len;
        left -= MIN(left, c->maps[c->count].len);
        c->count++;
        c->out_num += !write;
    }
    return true;
}

/* Follows an indirect table, or (max entries from i on) the ring's own table. */
static bool split_chain(struct virtio_queue *vq, struct chain *c, uint64_t table, unsigned entries, unsigned i,
                        bool indirect)
{
    for (unsigned steps = 0; steps < entries; steps++) {
        struct desc d;

        if (i >= entries) {
            queue_broken(vq, "a descriptor index beyond the table");
            return false;
        }
        if (!read_desc(vq, table, i, false, &d)) {
            return false;
        }
        if (d.flags & DESC_INDIRECT) {
            if (indirect || (d.flags & DESC_NEXT) || d.len % DESC_BYTES || !d.len || d.len / DESC_BYTES > UINT16_MAX) {
                queue_broken(vq, "a bad indirect table");
                return false;
            }
            return split_chain(vq, c, d.addr, d.len / DESC_BYTES, 0, true);
        }
        if (!chain_add(vq, c, &d)) {
            return false;
        }
        if (!(d.flags & DESC_NEXT)) {
            return true;
        }
        i = d.next;
    }
    queue_broken(vq, "a loop in a chain");
    return false;
}

static struct virtio_element *element_new(struct virtio_queue *vq, struct chain *c, uint16_t head, uint16_t ndescs)
{
    size_t iov = c->count * sizeof(struct iovec), maps = c->count * sizeof(struct as_mapping);
    struct virtio_element *e = g_malloc(sizeof *e + iov + maps);

    *e = (struct virtio_element) { .vq = vq, .head = head, .ndescs = ndescs, .out_num = c->out_num,
                                   .in_num = c->count - c->out_num, .out_bytes = c->out_bytes,
                                   .in_bytes = c->in_bytes };
    e->maps = (struct as_mapping *)(e + 1);
    e->out = (struct iovec *)(e->maps + c->count);
    e->in = e->out + c->out_num;
    memcpy(e->maps, c->maps, maps);
    for (unsigned i = 0; i < c->count; i++) {
        e->out[i] = (struct iovec) { c->maps[i].host, c->maps[i].len };
    }
    vq->inuse++;
    return e;
}

/* ---- split ring ---- */

static uint64_t avail_entry(const struct virtio_queue *vq, unsigned i)
{
    return vq->driver + 4 + 2ull * i;
}

static uint64_t used_event(const struct virtio_queue *vq)
{
    return vq->driver + 4 + 2ull * vq->size;
}

static uint64_t avail_event(const struct virtio_queue *vq)
{
    return vq->device + 4 + 8ull * vq->size;
}

static bool split_available(struct virtio_queue *vq)
{
    uint16_t idx = ld16(vq, vq->driver + 2);

    if ((uint16_t)(idx - vq->last_avail) > vq->size) {
        queue_broken(vq, "an available index that is too far ahead");
        return false;
    }
    return idx != vq->last_avail;
}

/* The index at which the driver is to tell us. The caller looks for more buffers afterwards, and must not have looked
 * before: the driver adds, then reads the index; we write the index, then look. */
static void split_set_avail_event(struct virtio_queue *vq)
{
    if (virtio_has(vq->dev, VIRTIO_F_EVENT_IDX)) {
        st16(vq, avail_event(vq), vq->last_avail);
        atomic_thread_fence(memory_order_seq_cst);
    }
}

static struct virtio_element *split_pop(struct virtio_queue *vq)
{
    struct chain chain, *c = &chain;
    uint16_t head;

    if (!split_available(vq)) {
        return NULL;
    }
    atomic_thread_fence(memory_order_acquire);
    if (vq->inuse >= vq->size) {
        queue_broken(vq, "more chains than entries");
        return NULL;
    }
    head = ld16(vq, avail_entry(vq, vq->last_avail % vq->size));
    c->count = c->out_num = 0;
    c->out_bytes = c->in_bytes = 0;
    if (head >= vq->size) {
        queue_broken(vq, "a head beyond the table");
        return NULL;
    }
    if (!split_chain(vq, c, vq->desc, vq->size, head, false)) {
        chain_unmap(c);
        return NULL;
    }
    vq->last_avail++;
    if (vq->notify_on) {
        split_set_avail_event(vq);
    }
    return element_new(vq, c, head, 1);
}

static void split_fill(struct virtio_queue *vq, const struct virtio_element *e, uint32_t written)
{
    uint64_t entry = vq->device + 4 + 8ull * ((vq->used_idx + vq->used_pending) % vq->size);

    as_st(vq->dev->as, entry, 8, e->head | (uint64_t)written << 32, attrs_of(vq->dev));
    vq->used_pending++;
}

static void split_flush(struct virtio_queue *vq)
{
    uint16_t old = vq->used_idx;

    atomic_thread_fence(memory_order_release);
    vq->used_idx += vq->used_pending;
    st16(vq, vq->device + 2, vq->used_idx);
    if ((int16_t)(vq->used_idx - vq->signalled_used) < (uint16_t)(vq->used_idx - old)) {
        vq->signalled_valid = false;
    }
}

/* 2.7.10: has the index passed event since it was old? */
static bool passed(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

static bool split_should_notify(struct virtio_queue *vq)
{
    uint16_t old = vq->signalled_used;
    bool valid = vq->signalled_valid;

    if (virtio_has(vq->dev, VIRTIO_F_NOTIFY_ON_EMPTY) && !vq->inuse && !split_available(vq)) {
        return true;
    }
    if (!virtio_has(vq->dev, VIRTIO_F_EVENT_IDX)) {
        return !(ld16(vq, vq->driver) & AVAIL_NO_INTERRUPT);
    }
    vq->signalled_valid = true;
    vq->signalled_used = vq->used_idx;
    return !valid || passed(ld16(vq, used_event(vq)), vq->used_idx, old);
}

/* ---- packed ring ---- */

static uint16_t packed_flags(struct virtio_queue *vq, unsigned i)
{
    return ld16(vq, vq->desc + (uint64_t)i * DESC_BYTES + 14);
}

static bool packed_available(struct virtio_queue *vq)
{
    uint16_t f = packed_flags(vq, vq->last_avail);
    bool avail = f & DESC_AVAIL, used = f & DESC_USED;

    return avail == vq->avail_wrap && used != vq->avail_wrap;
}

static void packed_advance(const struct virtio_queue *vq, uint16_t *index, uint8_t *wrap, unsigned n)
{
    *index += n;
    if (*index >= vq->size) {
        *index -= vq->size;
        *wrap ^= 1;
    }
}

static void packed_set_device_event(struct virtio_queue *vq)
{
    uint16_t off = vq->last_avail | vq->avail_wrap << 15, flags = EVENT_ENABLE;

    if (!vq->notify_on) {
        flags = EVENT_DISABLE;
    } else if (virtio_has(vq->dev, VIRTIO_F_EVENT_IDX)) {
        st16(vq, vq->device, off);
        flags = EVENT_DESC;
        atomic_thread_fence(memory_order_release);
    }
    st16(vq, vq->device + 2, flags);
    atomic_thread_fence(memory_order_seq_cst);      /* as for split rings: then look for more */
}

static bool packed_indirect(struct virtio_queue *vq, struct chain *c, const struct desc *head)
{
    if (head->len % DESC_BYTES || !head->len || head->len / DESC_BYTES > UINT16_MAX) {
        queue_broken(vq, "a bad indirect table");
        return false;
    }
    for (unsigned i = 0; i < head->len / DESC_BYTES; i++) {
        struct desc d;

        if (!read_desc(vq, head->addr, i, true, &d)) {
            return false;
        }
        if (d.flags & DESC_INDIRECT) {
            queue_broken(vq, "a bad indirect table");
            return false;
        }
        if (!chain_add(vq, c, &d)) {
            return false;
        }
    }
    return true;
}

static struct virtio_element *packed_pop(struct virtio_queue *vq)
{
    struct chain chain, *c = &chain;
    uint16_t i = vq->last_avail, id = 0, n = 0;
    uint8_t wrap = vq->avail_wrap;
    struct virtio_element *e;
    struct desc d;

    if (!packed_available(vq)) {
        return NULL;
    }
    atomic_thread_fence(memory_order_acquire);
    c->count = c->out_num = 0;
    c->out_bytes = c->in_bytes = 0;
    do {
        if (n == vq->size) {
            queue_broken(vq, "a loop in a chain");
            chain_unmap(c);
            return NULL;
        }
        n++;
        if (!read_desc(vq, vq->desc, i, true, &d) ||
            !(d.flags & DESC_INDIRECT ? packed_indirect(vq, c, &d) : chain_add(vq, c, &d))) {
            chain_unmap(c);
            return NULL;
        }
        id = d.next;
        packed_advance(vq, &i, &wrap, 1);
    } while ((d.flags & DESC_NEXT) && !(d.flags & DESC_INDIRECT));
    if (vq->inuse + n > vq->size) {
        queue_broken(vq, "more chains than entries");
        chain_unmap(c);
        return NULL;
    }
    packed_advance(vq, &vq->last_avail, &vq->avail_wrap, n);
    if (vq->notify_on) {
        packed_set_device_event(vq);
    }
    e = element_new(vq, c, id, n);
    vq->inuse += n - 1;
    return e;
}

/*
 * Packed used entries become visible one by one, flags last; the first of a batch last of all would be an optimisation.
 */
static void packed_fill(struct virtio_queue *vq, const struct virtio_element *e, uint32_t written)
{
    uint64_t at = vq->desc + (uint64_t)vq->used_idx * DESC_BYTES;
    uint16_t flags = (vq->used_wrap ? DESC_AVAIL | DESC_USED : 0) | (written ? DESC_WRITE : 0);
    uint16_t lap = vq->signalled_used > vq->used_idx ? vq->signalled_used - vq->used_idx
                                                     : vq->signalled_used - vq->used_idx + vq->size;

    as_st32le(vq->dev->as, at + 8, written, attrs_of(vq->dev));
    st16(vq, at + 12, e->head);
    atomic_thread_fence(memory_order_release);
    st16(vq, at + 14, flags);
    packed_advance(vq, &vq->used_idx, &vq->used_wrap, e->ndescs);
    if (e->ndescs >= lap) {
        vq->signalled_valid = false;    /* once around: the index alone no longer tells how much is new */
    }
    vq->used_pending++;
}

static bool packed_should_notify(struct virtio_queue *vq)
{
    uint16_t off = ld16(vq, vq->driver), flags = ld16(vq, vq->driver + 2) & 3;
    uint16_t old = vq->signalled_used, event = off & 0x7fff;
    bool valid = vq->signalled_valid;

    vq->signalled_used = vq->used_idx;
    vq->signalled_valid = true;
    if (flags != EVENT_DESC || !virtio_has(vq->dev, VIRTIO_F_EVENT_IDX)) {
        return flags != EVENT_DISABLE;
    }
    if (off >> 15 != vq->used_wrap) {
        event -= vq->size;
    }
    return !valid || passed(event, vq->used_idx, old > vq->used_idx ? old - vq->size : old);
}

/* ---- for devices ---- */

struct virtio_element *virtio_pop(struct virtio_queue *vq)
{
    if (!usable(vq)) {
        return NULL;
    }
    return is_packed(vq) ? packed_pop(vq) : split_pop(vq);
}

bool virtio_available(struct virtio_queue *vq)
{
    return usable(vq) && (is_packed(vq) ? packed_available(vq) : split_available(vq));
}

static void unmap(struct virtio_element *e, uint64_t written)
{
    for (unsigned i = 0; i < e->out_num; i++) {
        as_unmap(&e->maps[i], 0);
    }
    for (unsigned i = 0; i < e->in_num; i++) {
        uint64_t n = MIN(written, e->in[i].iov_len);

        as_unmap(&e->maps[e->out_num + i], n);
        written -= n;
    }
}

void virtio_fill(struct virtio_element *e, uint32_t written)
{
    struct virtio_queue *vq = e->vq;

    unmap(e, written);
    if (usable(vq)) {
        vq->inuse -= MIN(vq->inuse, (uint32_t)e->ndescs);
        if (is_packed(vq)) {
            packed_fill(vq, e, written);
        } else {
            split_fill(vq, e, written);
        }
    }
    g_free(e);
}

void virtio_flush(struct virtio_queue *vq)
{
    if (vq->used_pending && usable(vq) && !is_packed(vq)) {
        split_flush(vq);
    }
    vq->used_pending = 0;
}

void virtio_notify(struct virtio_queue *vq)
{
    if (!usable(vq)) {
        return;
    }
    atomic_thread_fence(memory_order_seq_cst);      /* used index before the driver's flags */
    if (is_packed(vq) ? packed_should_notify(vq) : split_should_notify(vq)) {
        vq->dev->isr |= 1;
        vq->dev->transport->notify(vq->dev, vq);
    }
}

void virtio_push(struct virtio_element *e, uint32_t written)
{
    struct virtio_queue *vq = e->vq;

    virtio_fill(e, written);
    virtio_flush(vq);
    virtio_notify(vq);
}

void virtio_unpop(struct virtio_element *e)
{
    struct virtio_queue *vq = e->vq;

    unmap(e, 0);
    vq->inuse -= MIN(vq->inuse, (uint32_t)e->ndescs);
    if (!is_packed(vq)) {
        vq->last_avail--;
    } else if (vq->last_avail < e->ndescs) {
        vq->last_avail += vq->size - e->ndescs;
        vq->avail_wrap ^= 1;
    } else {
        vq->last_avail -= e->ndescs;
    }
    g_free(e);
}

void virtio_drop(struct virtio_element *e)
{
    /* The host may have written to RAM (a disk's read that a reset overtook): code and dirty bits there must know. What
     * went to a bounce buffer is forgotten. */
    for (unsigned i = 0; i < e->out_num + e->in_num; i++) {
        as_unmap(&e->maps[i], e->maps[i].ram && e->maps[i].write ? e->maps[i].len : 0);
    }
    g_free(e);
}

void virtio_want_notify(struct virtio_queue *vq, bool on)
{
    vq->notify_on = on;
    if (!usable(vq)) {
        return;
    }
    if (is_packed(vq)) {
        packed_set_device_event(vq);
    } else if (virtio_has(vq->dev, VIRTIO_F_EVENT_IDX)) {
        if (on) {
            split_set_avail_event(vq);
        }
    } else {
        st16(vq, vq->device, on ? 0 : USED_NO_NOTIFY);
        atomic_thread_fence(memory_order_seq_cst);      /* then the caller looks once more */
    }
}

static size_t copy(const struct iovec *iov, unsigned n, size_t offset, void *buf, size_t len, bool to_guest)
{
    size_t done = 0;

    for (unsigned i = 0; i < n && done < len; i++) {
        size_t part;

        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        part = MIN(len - done, iov[i].iov_len - offset);
        if (to_guest) {
            memcpy((uint8_t *)iov[i].iov_base + offset, (uint8_t *)buf + done, part);
        } else {
            memcpy((uint8_t *)buf + done, (uint8_t *)iov[i].iov_base + offset, part);
        }
        done += part;
        offset = 0;
    }
    return done;
}

size_t virtio_read_out(const struct virtio_element *e, size_t offset, void *buf, size_t len)
{
    return copy(e->out, e->out_num, offset, buf, len, false);
}

size_t virtio_write_in(const struct virtio_element *e, size_t offset, const void *buf, size_t len)
{
    return copy(e->in, e->in_num, offset, (void *)buf, len, true);
}
