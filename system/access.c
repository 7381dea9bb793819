/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses to address spaces: look-up, MMIO dispatch, buffers, DMA mappings. */
#include <string.h>

#include "system/memory.h"
#include "util/log.h"

/* As many bytes may be in bounce buffers of one address space at a time; a device that maps more waits or fails. */
#define BOUNCE_BYTES_MAX (1u << 20)
#define BUSY_WAIT_US 100

const struct flat_range *as_lookup(struct address_space *as, paddr addr)
{
    const struct flat_view *view = atomic_load_explicit(&as->view, memory_order_acquire);
    unsigned lo = 0, hi = view->count;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct flat_range *f = &view->ranges[mid];

        if (addr < f->start) {
            hi = mid;
        } else if (addr - f->start >= f->size) {
            lo = mid + 1;
        } else {
            return f;
        }
    }
    return NULL;
}

/* ---- MMIO ---- */

static uint64_t low_bytes(uint64_t value, unsigned size)
{
    return size >= 8 ? value : value & (((uint64_t)1 << (8 * size)) - 1);
}

static uint64_t swap_bytes(uint64_t value, unsigned size)
{
    return GUINT64_SWAP_LE_BE(value) >> (64 - 8 * size);
}

/* How an access is cut to sizes that the callbacks take. */
struct pieces {
    uint64_t first;     /* offset of the first piece */
    unsigned size;      /* of each */
};

static struct pieces cut(const struct mmio_ops *ops, uint64_t offset, unsigned size)
{
    unsigned min = ops->impl_min ? ops->impl_min : 1, max = ops->impl_max ? ops->impl_max : 8;
    struct pieces p = { offset, CLAMP(size, min, max) };

    if (p.size > size) {
        p.first &= ~(uint64_t)(p.size - 1);
    }
    return p;
}

/* value << bits, or >> where bits is negative; bits may be beyond the width. */
static uint64_t shift(uint64_t value, int bits)
{
    if (bits <= -64 || bits >= 64) {
        return 0;
    }
    return bits < 0 ? value >> -bits : value << bits;
}

/* Bits by which the piece at pos is shifted in the value of the access at offset. */
static int piece_shift(const struct mmio_ops *ops, uint64_t pos, unsigned piece, uint64_t offset, unsigned size)
{
    int byte = (int)(int64_t)(pos - offset);

    return 8 * (ops->big_endian ? (int)size - (int)piece - byte : byte);
}

static enum mem_result read_pieces(const struct mmio_ops *ops, void *opaque, uint64_t offset, unsigned size,
                                   uint64_t *value, struct mem_attrs attrs)
{
    struct pieces p = cut(ops, offset, size);
    enum mem_result result = MEM_OK;

    *value = 0;
    for (uint64_t pos = p.first; pos < offset + size && result == MEM_OK; pos += p.size) {
        uint64_t part = 0;

        result = ops->read(opaque, pos, p.size, &part, attrs);
        *value |= shift(low_bytes(part, p.size), piece_shift(ops, pos, p.size, offset, size));
    }
    *value = low_bytes(*value, size);
    return result;
}

static enum mem_result write_pieces(const struct mmio_ops *ops, void *opaque, uint64_t offset, unsigned size,
                                    uint64_t value, struct mem_attrs attrs)
{
    struct pieces p = cut(ops, offset, size);
    enum mem_result result = MEM_OK;

    for (uint64_t pos = p.first; pos < offset + size && result == MEM_OK; pos += p.size) {
        uint64_t part = shift(value, -piece_shift(ops, pos, p.size, offset, size));

        result = ops->write(opaque, pos, p.size, low_bytes(part, p.size), attrs);
    }
    return result;
}

static bool acceptable(const struct flat_range *f, uint64_t offset, unsigned size, bool have_callback)
{
    const struct mmio_ops *ops = f->ops;
    unsigned min = ops->valid_min ? ops->valid_min : 1, max = ops->valid_max ? ops->valid_max : 8;

    return have_callback && size >= min && size <= max && offset <= f->region->size &&
           size <= f->region->size - offset && (ops->unaligned || !(offset & (size - 1)));
}

/* The lock and the guard against re-entry around a callback. */
static bool enter(struct memory *mem, const struct flat_range *f)
{
    if (f->ops->own_lock) {
        return true;
    }
    big_lock(mem->lock);
    /* At depth 1 it is not we who are in there, but a thread that waits with the lock released (a disk's reset). */
    while (*f->region->busy && mem->lock->depth == 1) {
        big_unlock(mem->lock);
        g_usleep(BUSY_WAIT_US);
        big_lock(mem->lock);
    }
    if (*f->region->busy) {
        big_unlock(mem->lock);
        log_guest("%s: access from within its own access refused", f->region->name);
        return false;
    }
    *f->region->busy = true;
    return true;
}

static void leave(struct memory *mem, const struct flat_range *f)
{
    if (!f->ops->own_lock) {
        *f->region->busy = false;
        big_unlock(mem->lock);
    }
}

enum mem_result mmio_dispatch_read(struct memory *mem, const struct flat_range *range, uint64_t offset, unsigned size,
                                   uint64_t *value, struct mem_attrs attrs)
{
    const struct mmio_ops *ops = range->ops;
    uint64_t at = range->offset + offset;
    enum mem_result result;

    *value = 0;
    if (!ops || !acceptable(range, at, size, ops->read)) {
        log_guest("%s: unsupported read of %u bytes at offset 0x%" G_GINT64_MODIFIER "x", range->region->name, size,
                  at);
        return MEM_DECODE_ERROR;
    }
    if (!enter(mem, range)) {
        return MEM_DEVICE_ERROR;
    }
    result = read_pieces(ops, range->opaque, at, size, value, attrs);
    leave(mem, range);
    if (ops->big_endian) {
        *value = swap_bytes(*value, size);
    }
    return result;
}

enum mem_result mmio_dispatch_write(struct memory *mem, const struct flat_range *range, uint64_t offset, unsigned size,
                                    uint64_t value, struct mem_attrs attrs)
{
    const struct mmio_ops *ops = range->ops;
    uint64_t at = range->offset + offset;
    enum mem_result result;

    if (!ops && range->region->kind == MEM_ROM) {
        log_guest("%s: write to ROM at offset 0x%" G_GINT64_MODIFIER "x", range->region->name, at);
        return MEM_OK;
    }
    if (!ops || !acceptable(range, at, size, ops->write)) {
        log_guest("%s: unsupported write of %u bytes at offset 0x%" G_GINT64_MODIFIER "x", range->region->name, size,
                  at);
        return MEM_DECODE_ERROR;
    }
    if (!enter(mem, range)) {
        return MEM_DEVICE_ERROR;
    }
    value = low_bytes(value, size);
    result = write_pieces(ops, range->opaque, at, size, ops->big_endian ? swap_bytes(value, size) : value, attrs);
    leave(mem, range);
    return result;
}

/* ---- buffers ---- */

/* The largest power of two, at most 8, that fits len and the alignment of addr. */
static unsigned mmio_step(paddr addr, uint64_t len)
{
    unsigned size = 8;

    while (size > len || (addr & (size - 1))) {
        size /= 2;
    }
    return size;
}

static enum mem_result first_error(enum mem_result a, enum mem_result b)
{
    return a == MEM_OK ? b : a;
}

static enum mem_result mmio_read_bytes(struct address_space *as, const struct flat_range *f, uint64_t offset,
                                       uint8_t *buf, uint64_t len, struct mem_attrs attrs)
{
    enum mem_result result = MEM_OK;

    while (len) {
        unsigned size = mmio_step(f->start + offset, len);
        uint64_t value = 0;

        if (f->ops && f->ops->valid_max) {
            size = MIN(size, f->ops->valid_max);
        }
        result = first_error(result, mmio_dispatch_read(as->memory, f, offset, size, &value, attrs));
        value = GUINT64_TO_LE(value);
        memcpy(buf, &value, size);
        buf += size;
        offset += size;
        len -= size;
    }
    return result;
}

static enum mem_result mmio_write_bytes(struct address_space *as, const struct flat_range *f, uint64_t offset,
                                        const uint8_t *buf, uint64_t len, struct mem_attrs attrs)
{
    enum mem_result result = MEM_OK;

    while (len) {
        unsigned size = mmio_step(f->start + offset, len);
        uint64_t value = 0;

        if (f->ops && f->ops->valid_max) {
            size = MIN(size, f->ops->valid_max);
        }
        memcpy(&value, buf, size);
        value = GUINT64_FROM_LE(value);
        result = first_error(result, mmio_dispatch_write(as->memory, f, offset, size, value, attrs));
        buf += size;
        offset += size;
        len -= size;
    }
    return result;
}

/* Where direct writes may go: RAM, and for the debugger and the loader also ROM. */
static bool write_direct(const struct flat_range *f, struct mem_attrs attrs)
{
    return f->host && (f->writable || attrs.debug);
}

/* Bytes from addr (of at most len) that one step handles: to the end of the range, or of the hole. */
static uint64_t step_len(struct address_space *as, const struct flat_range *f, paddr addr, uint64_t len)
{
    const struct flat_view *view;

    if (f) {
        return MIN(len, f->size - (addr - f->start));
    }
    len = MIN(len, UINT64_MAX - addr ? UINT64_MAX - addr : 1);
    view = atomic_load_explicit(&as->view, memory_order_acquire);
    for (unsigned i = 0; i < view->count; i++) {
        if (view->ranges[i].start > addr) {
            return MIN(len, view->ranges[i].start - addr);
        }
    }
    return len;
}

enum mem_result as_read(struct address_space *as, paddr addr, void *buf, uint64_t len, struct mem_attrs attrs)
{
    enum mem_result result = MEM_OK;
    uint8_t *to = buf;

    while (len) {
        const struct flat_range *f = as_lookup(as, addr);
        uint64_t n = step_len(as, f, addr, len);

        if (!f) {
            memset(to, 0, n);
            result = first_error(result, MEM_DECODE_ERROR);
        } else if (f->host) {
            memcpy(to, f->host + (addr - f->start), n);
        } else {
            result = first_error(result, mmio_read_bytes(as, f, addr - f->start, to, n, attrs));
        }
        to += n;
        addr += n;
        len -= n;
    }
    return result;
}

enum mem_result as_write(struct address_space *as, paddr addr, const void *buf, uint64_t len, struct mem_attrs attrs)
{
    enum mem_result result = MEM_OK;
    const uint8_t *from = buf;

    while (len) {
        const struct flat_range *f = as_lookup(as, addr);
        uint64_t n = step_len(as, f, addr, len);

        if (!f) {
            result = first_error(result, MEM_DECODE_ERROR);
        } else if (write_direct(f, attrs)) {
            memcpy(f->host + (addr - f->start), from, n);
            ram_written(f->ram, f->ram_start + (addr - f->start), n);
        } else {
            result = first_error(result, mmio_write_bytes(as, f, addr - f->start, from, n, attrs));
        }
        from += n;
        addr += n;
        len -= n;
    }
    return result;
}

enum mem_result as_fill(struct address_space *as, paddr addr, uint8_t byte, uint64_t len, struct mem_attrs attrs)
{
    enum mem_result result = MEM_OK;
    uint8_t chunk[MEM_PAGE_SIZE];

    memset(chunk, byte, sizeof(chunk));
    while (len) {
        const struct flat_range *f = as_lookup(as, addr);
        uint64_t n = step_len(as, f, addr, len);

        if (f && write_direct(f, attrs)) {
            memset(f->host + (addr - f->start), byte, n);
            ram_written(f->ram, f->ram_start + (addr - f->start), n);
        } else {
            n = MIN(n, sizeof(chunk));
            result = first_error(result, as_write(as, addr, chunk, n, attrs));
        }
        addr += n;
        len -= n;
    }
    return result;
}

/* ---- single values ---- */

static uint64_t load_host(const void *p, unsigned size)
{
    switch (size) {
    case 1: return *(const uint8_t *)p;
    case 2: return GUINT16_FROM_LE(__atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED));
    case 4: return GUINT32_FROM_LE(__atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED));
    default: return GUINT64_FROM_LE(__atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED));
    }
}

static void store_host(void *p, unsigned size, uint64_t value)
{
    switch (size) {
    case 1: *(uint8_t *)p = value; break;
    case 2: __atomic_store_n((uint16_t *)p, GUINT16_TO_LE(value), __ATOMIC_RELAXED); break;
    case 4: __atomic_store_n((uint32_t *)p, GUINT32_TO_LE(value), __ATOMIC_RELAXED); break;
    default: __atomic_store_n((uint64_t *)p, GUINT64_TO_LE(value), __ATOMIC_RELAXED); break;
    }
}

/* May the access go to the range as one? Unaligned ones where the device takes them: a word at an odd port. */
static bool is_single(const struct flat_range *f, paddr addr, unsigned size)
{
    return f && f->size >= size && addr - f->start <= f->size - size &&
           (!(addr & (size - 1)) || (!f->host && f->ops && f->ops->unaligned));
}

uint64_t as_ld(struct address_space *as, paddr addr, unsigned size, struct mem_attrs attrs, enum mem_result *result)
{
    const struct flat_range *f = as_lookup(as, addr);
    enum mem_result r = MEM_OK;
    uint64_t value = 0;

    if (is_single(f, addr, size)) {
        if (f->host) {
            value = load_host(f->host + (addr - f->start), size);
        } else {
            r = mmio_dispatch_read(as->memory, f, addr - f->start, size, &value, attrs);
        }
    } else {
        r = as_read(as, addr, &value, size, attrs);
        value = GUINT64_FROM_LE(value);
    }
    if (result) {
        *result = r;
    }
    return value;
}

enum mem_result as_st(struct address_space *as, paddr addr, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    const struct flat_range *f = as_lookup(as, addr);

    if (is_single(f, addr, size)) {
        if (write_direct(f, attrs)) {
            store_host(f->host + (addr - f->start), size, value);
            ram_written(f->ram, f->ram_start + (addr - f->start), size);
            return MEM_OK;
        }
        return mmio_dispatch_write(as->memory, f, addr - f->start, size, value, attrs);
    }
    value = GUINT64_TO_LE(value);
    return as_write(as, addr, &value, size, attrs);
}

/* ---- DMA ---- */

bool as_map(struct address_space *as, paddr addr, uint64_t len, bool write, struct mem_attrs attrs,
            struct as_mapping *map)
{
    const struct flat_range *f = as_lookup(as, addr);

    *map = (struct as_mapping) { .as = as, .addr = addr, .write = write, .attrs = attrs };
    if (!f || !len) {
        return false;
    }
    map->len = MIN(len, f->size - (addr - f->start));
    if (f->host && (f->writable || !write)) {
        map->ram = f->ram;
        map->ram_start = f->ram_start + (addr - f->start);
        map->host = f->host + (addr - f->start);
        return true;
    }
    map->len = MIN(map->len, MEM_PAGE_SIZE);
    if (as->bounce_bytes + map->len > BOUNCE_BYTES_MAX) {
        log_guest("%s: too much DMA outside RAM at once", as->name);
        return false;
    }
    as->bounce_bytes += map->len;
    map->host = g_malloc0(map->len);
    if (!write && as_read(as, addr, map->host, map->len, attrs) != MEM_OK) {
        as_unmap(map, 0);
        return false;
    }
    return true;
}

void as_unmap(struct as_mapping *map, uint64_t done)
{
    if (!map->host) {
        return;
    }
    g_assert(done <= map->len);
    if (map->ram) {
        if (map->write && done) {
            ram_written(map->ram, map->ram_start, done);
        }
    } else {
        if (map->write && done) {
            as_write(map->as, map->addr, map->host, done, map->attrs);
        }
        map->as->bounce_bytes -= map->len;
        g_free(map->host);
    }
    map->host = NULL;
}
