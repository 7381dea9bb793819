/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the CPU sees from 0xa0000 to 0xbffff: the graphics controller's data path (IBM PS/2 Hardware Interface Technical
 * Reference, "Graphics Controller", data flow diagrams). Where chaining makes it plain memory, an alias of the memory
 * lies over the window, and accesses cost what RAM costs.
 */
#include "hw/display/vga.h"

#include <string.h>

#include "system/machine.h"

enum { GR_FUNCTION_SHIFT = 3 };

/* Bit p of v to all bits of byte p. */
static uint32_t plane_bytes(unsigned v)
{
    return (v & 1 ? 0x000000ffu : 0) | (v & 2 ? 0x0000ff00u : 0) | (v & 4 ? 0x00ff0000u : 0) | (v & 8 ? 0xff000000u : 0);
}

static uint32_t four_times(uint8_t v)
{
    return v * 0x01010101u;
}

bool vga_chained(const struct vga *s)
{
    return (vbe_on(s) && s->vbe[VBE_BPP] != 4) || (s->sr[SR_MEMORY] & SR_MEMORY_CHAIN4);
}

static unsigned map_mask(const struct vga *s)
{
    return vbe_on(s) && s->vbe[VBE_BPP] != 4 ? 0xf : s->sr[SR_MAP_MASK];
}

/* Which part of the window answers, by GR_MISC: first byte, and length. */
static void area(const struct vga *s, unsigned *first, unsigned *bytes)
{
    static const struct {
        uint32_t first, bytes;
    } areas[4] = { { 0, 0x20000 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 } };
    unsigned n = s->gr[GR_MISC] >> 2 & 3;

    *first = areas[n].first;
    *bytes = areas[n].bytes;
}

/* Where the area's first byte is in memory: only the area of 64 KiB is a bank. */
static uint32_t bank_start(const struct vga *s)
{
    return (s->gr[GR_MISC] >> 2 & 3) == 1 ? s->vbe[VBE_BANK] * VGA_BANK_BYTES : 0;
}

void vga_window_update(struct vga *s)
{
    bool on = vga_chained(s) && map_mask(s) == 0xf;
    unsigned first, bytes;

    area(s, &first, &bytes);
    if (on == s->linear.enabled && (!on || (s->linear.addr == first && s->linear.size == bytes &&
                                            s->linear.target_start == bank_start(s)))) {
        return;
    }
    mem_begin(&s->m->memory);
    mem_set_enabled(&s->linear, on);
    if (on) {
        mem_move(&s->linear, first);
        mem_set_size(&s->linear, bytes);
        mem_set_alias_start(&s->linear, bank_start(s));
    }
    mem_commit(&s->m->memory);
}

/* ---- the data path ---- */

static uint32_t load(const struct vga *s, uint32_t word)
{
    uint32_t v;

    memcpy(&v, s->vram->host + word * 4, 4);
    return GUINT32_FROM_LE(v);
}

static void store(struct vga *s, uint32_t word, uint32_t v)
{
    v = GUINT32_TO_LE(v);
    memcpy(s->vram->host + word * 4, &v, 4);
    ram_written(s->vram, word * 4, 4);
}

static uint8_t read_planes(struct vga *s, uint32_t word)
{
    s->latch = load(s, word);
    if (s->gr[GR_MODE] & GR_MODE_READ1) {      /* colour compare: a bit is set where all planes that matter agree */
        uint32_t differ = (s->latch ^ plane_bytes(s->gr[GR_COMPARE])) & plane_bytes(s->gr[GR_DONT_CARE]);

        return ~(differ | differ >> 8 | differ >> 16 | differ >> 24);
    }
    return s->latch >> (s->gr[GR_READ_MAP] * 8);
}

static uint8_t rotated(const struct vga *s, uint8_t v)
{
    unsigned n = s->gr[GR_ROTATE] & 7;

    return v >> n | v << (8 - n);
}

/* The latches combined with v by the function, for the bits of mask; the latches for the others. */
static uint32_t combined(const struct vga *s, uint32_t v, uint32_t mask)
{
    switch (s->gr[GR_ROTATE] >> GR_FUNCTION_SHIFT & 3) {
    case 1:
        v &= s->latch;
        break;
    case 2:
        v |= s->latch;
        break;
    case 3:
        v ^= s->latch;
        break;
    }
    return (v & mask) | (s->latch & ~mask);
}

static void write_planes(struct vga *s, uint32_t word, uint8_t byte)
{
    uint32_t mask = four_times(s->gr[GR_BIT_MASK]), reset = plane_bytes(s->gr[GR_SET_RESET]), v;
    uint32_t planes = plane_bytes(map_mask(s));

    switch (s->gr[GR_MODE] & 3) {
    case 0: {
        uint32_t fixed = plane_bytes(s->gr[GR_SET_ENABLE]);

        v = combined(s, (four_times(rotated(s, byte)) & ~fixed) | (reset & fixed), mask);
        break;
    }
    case 1:
        v = s->latch;
        break;
    case 2:
        v = combined(s, plane_bytes(byte & 0xf), mask);
        break;
    default:
        v = combined(s, reset, four_times(rotated(s, byte)) & mask);
    }
    store(s, word, (load(s, word) & ~planes) | (v & planes));
}

/* ---- a byte of the window ---- */

static bool in_area(const struct vga *s, uint64_t offset, uint32_t *at)
{
    unsigned first, bytes;

    area(s, &first, &bytes);
    if (offset < first || offset - first >= bytes) {
        return false;
    }
    *at = offset - first + bank_start(s);
    return true;
}

/* Odd and even addresses are planes 0 and 1, or 2 and 3; there the picture's generator counts characters. */
static bool odd_even_byte(const struct vga *s, uint32_t at, unsigned plane, uint32_t *byte)
{
    *byte = (at & ~1u) * 2 + plane;
    return *byte < s->vram_bytes;
}

static enum mem_result window_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct vga *s = opaque;
    uint32_t at, byte;

    *value = 0xff;
    if (!in_area(s, offset, &at)) {
        return MEM_OK;
    }
    if (vga_chained(s)) {
        *value = at < s->vram_bytes ? s->vram->host[at] : 0xff;
    } else if (s->gr[GR_MODE] & GR_MODE_ODD_EVEN) {
        *value = odd_even_byte(s, at, (s->gr[GR_READ_MAP] & 2) | (at & 1), &byte) ? s->vram->host[byte] : 0xff;
    } else if ((uint64_t)at * 4 < s->vram_bytes) {
        *value = read_planes(s, at);
    }
    return MEM_OK;
}

static void put_byte(struct vga *s, uint32_t byte, uint8_t v)
{
    s->vram->host[byte] = v;
    ram_written(s->vram, byte, 1);
}

static enum mem_result window_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct vga *s = opaque;
    uint32_t at, byte;

    if (!in_area(s, offset, &at)) {
        return MEM_OK;
    }
    if (vga_chained(s)) {
        if (at < s->vram_bytes && (map_mask(s) & 1u << (at & 3))) {
            put_byte(s, at, value);
        }
    } else if (s->gr[GR_MODE] & GR_MODE_ODD_EVEN) {
        unsigned plane = (s->gr[GR_READ_MAP] & 2) | (at & 1);

        if ((map_mask(s) & 1u << plane) && odd_even_byte(s, at, plane, &byte)) {
            put_byte(s, byte, value);
        }
    } else if ((uint64_t)at * 4 < s->vram_bytes) {
        write_planes(s, at, value);
    }
    return MEM_OK;
}

const struct mmio_ops vga_window_ops = { .read = window_read, .write = window_write, .impl_max = 1, .unaligned = true };
