/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register tables: dispatch of MMIO accesses, reset, dumps. */
#include <string.h>

#include "system/device.h"
#include "system/reg_impl.h"
#include "util/log.h"

/* Register banks up to this size get an index by offset; larger ones are scanned (few rows, most of them arrays). */
#define INDEX_EXTENT_MAX 4096

static unsigned stride_of(const struct reg *r)
{
    return r->stride ? r->stride : r->width;
}

static unsigned count_of(const struct reg *r)
{
    return r->count ? r->count : 1;
}

static bool covers(const struct reg *r, uint64_t offset)
{
    return offset >= r->offset && (offset - r->offset) / stride_of(r) < count_of(r) &&
           (offset - r->offset) % stride_of(r) < r->width;
}

void reg_index_build(struct device *d)
{
    const struct device_type *t = d->type;
    uint32_t extent = 0;
    uint8_t *index;

    for (size_t i = 0; i < t->reg_count; i++) {
        extent = MAX(extent, t->regs[i].offset + stride_of(&t->regs[i]) * count_of(&t->regs[i]));
    }
    if (extent > INDEX_EXTENT_MAX || t->reg_count > UINT8_MAX) {
        return;
    }
    index = g_malloc0(extent);
    for (size_t i = 0; i < t->reg_count; i++) {
        for (uint32_t offset = t->regs[i].offset; offset < extent; offset++) {
            if (covers(&t->regs[i], offset)) {
                index[offset] = i + 1;
            }
        }
    }
    d->reg_index = index;
    d->reg_extent = extent;
}

static const struct reg *find(const struct device *d, uint64_t offset)
{
    if (d->reg_index) {
        return offset < d->reg_extent && d->reg_index[offset] ? &d->type->regs[d->reg_index[offset] - 1] : NULL;
    }
    for (size_t i = 0; i < d->type->reg_count; i++) {
        if (covers(&d->type->regs[i], offset)) {
            return &d->type->regs[i];
        }
    }
    return NULL;
}

static uint64_t field_get(const struct device *d, const struct reg *r, unsigned index)
{
    const uint8_t *at = (const uint8_t *)d + r->field + (size_t)index * r->field_size;

    switch (r->field_size) {
    case 1: return *at;
    case 2: return *(const uint16_t *)at;
    case 4: return *(const uint32_t *)at;
    default: return *(const uint64_t *)at;
    }
}

static void field_set(struct device *d, const struct reg *r, unsigned index, uint64_t v)
{
    uint8_t *at = (uint8_t *)d + r->field + (size_t)index * r->field_size;

    switch (r->field_size) {
    case 1: *at = v; break;
    case 2: *(uint16_t *)at = v; break;
    case 4: *(uint32_t *)at = v; break;
    default: *(uint64_t *)at = v; break;
    }
}

static void trace(struct device *d, const struct reg *r, unsigned index, const char *how, uint64_t v)
{
    if (log_on(LOG_TRACE)) {
        log_printf(LOG_TRACE, "%s: %s[%u] %s 0x%" G_GINT64_MODIFIER "x\n", d->id ? d->id : d->type->name, r->name,
                   index, how, v);
    }
}

static uint64_t reg_read(struct device *d, const struct reg *r, unsigned index, bool debug)
{
    uint64_t v = 0;

    if (r->read_fn && !(debug && r->has_field)) {
        v = debug ? 0 : r->read_fn(d, index);
    } else if (r->has_field) {
        v = field_get(d, r, index);
    }
    if (!debug) {
        trace(d, r, index, "->", v);
    }
    return v;
}

/* lanes: which bits the access carries. */
static void reg_write(struct device *d, const struct reg *r, unsigned index, uint64_t v, uint64_t lanes)
{
    trace(d, r, index, "<-", v);
    if (r->write_fn) {
        r->write_fn(d, index, v);
    } else if (r->has_field && (r->write | r->w1c)) {
        uint64_t old = field_get(d, r, index), mask = r->write & lanes;

        field_set(d, r, index, ((old & ~mask) | (v & mask)) & ~(v & r->w1c & lanes));
    } else {
        log_guest("%s: write of 0x%" G_GINT64_MODIFIER "x to read-only register %s", d->type->name, v, r->name);
        return;
    }
    if (r->wrote) {
        r->wrote(d);
    }
}

static uint64_t bytes_mask(unsigned bytes)
{
    return bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * bytes)) - 1;
}

/* The part of an access [offset, offset + size) that falls on the register at pos. */
struct part {
    const struct reg *r;
    unsigned index;
    unsigned skip;          /* bytes of the register before pos */
    unsigned len;           /* bytes of it in the access */
};

static bool part_at(const struct device *d, uint64_t pos, unsigned left, struct part *p)
{
    p->r = find(d, pos);
    if (!p->r) {
        return false;
    }
    p->index = (pos - p->r->offset) / stride_of(p->r);
    p->skip = (pos - p->r->offset) % stride_of(p->r);
    p->len = MIN(left, p->r->width - p->skip);
    return true;
}

static enum mem_result regs_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct device *d = opaque;
    bool any = false;
    struct part p;

    *value = 0;
    for (unsigned i = 0; i < size;) {
        if (!part_at(d, offset + i, size - i, &p)) {
            i++;
            continue;
        }
        any = true;
        *value |= ((reg_read(d, p.r, p.index, attrs.debug) >> (8 * p.skip)) & bytes_mask(p.len)) << (8 * i);
        i += d->type->one_reg ? size : p.len;
    }
    if (!any && !attrs.debug) {
        log_guest("%s: read of no register at offset 0x%" G_GINT64_MODIFIER "x", d->type->name, offset);
    }
    return MEM_OK;
}

static enum mem_result regs_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct device *d = opaque;
    bool any = false;
    struct part p;

    for (unsigned i = 0; i < size;) {
        if (!part_at(d, offset + i, size - i, &p)) {
            i++;
            continue;
        }
        any = true;
        reg_write(d, p.r, p.index, ((value >> (8 * i)) & bytes_mask(p.len)) << (8 * p.skip),
                  bytes_mask(p.len) << (8 * p.skip));
        i += d->type->one_reg ? size : p.len;
    }
    if (!any) {
        log_guest("%s: write to no register at offset 0x%" G_GINT64_MODIFIER "x", d->type->name, offset);
    }
    return MEM_OK;
}

const struct mmio_ops reg_mmio_ops = { .read = regs_read, .write = regs_write };

void regs_reset(struct device *d, const struct device_type *t)
{
    for (size_t i = 0; i < t->reg_count; i++) {
        const struct reg *r = &t->regs[i];

        for (unsigned n = 0; r->has_field && n < count_of(r); n++) {
            field_set(d, r, n, r->reset);
        }
    }
}

void regs_describe(const struct device *d, const struct device_type *t, GString *out)
{
    for (size_t i = 0; i < t->reg_count; i++) {
        const struct reg *r = &t->regs[i];

        for (unsigned n = 0; r->has_field && n < count_of(r); n++) {
            if (r->count > 1) {
                g_string_append_printf(out, "    %s[%u] = ", r->name, n);
            } else {
                g_string_append_printf(out, "    %s = ", r->name);
            }
            g_string_append_printf(out, "0x%0*" G_GINT64_MODIFIER "x\n", 2 * r->width, field_get(d, r, n));
        }
    }
}
