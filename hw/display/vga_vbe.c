/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Bochs VBE extension (bochs, iodev/display: "VBE display API", version 0xb0c5): a mode is set by writing size and
 * depth and then VBE_ENABLE, whatever the VGA's own registers say.
 */
#include "hw/display/vga.h"

#include <string.h>

#include "system/memory.h"
#include "util/log.h"

uint16_t vbe_read(struct vga *s, unsigned reg)
{
    bool caps = s->vbe[VBE_ENABLE] & VBE_GETCAPS;

    switch (reg) {
    case VBE_XRES:
        return caps ? VBE_WIDTH_MAX : s->vbe[reg];
    case VBE_YRES:
        return caps ? VBE_HEIGHT_MAX : s->vbe[reg];
    case VBE_BPP:
        return caps ? 32 : s->vbe[reg];
    default:
        return reg < VBE_REGS ? s->vbe[reg] : 0;
    }
}

/* Bits of a pixel in memory: 15-bit pixels take two bytes. */
static unsigned pixel_bits(const struct vga *s)
{
    return s->vbe[VBE_BPP] == 15 ? 16 : s->vbe[VBE_BPP];
}

/* Sizes that fit each other and the memory, whatever the guest has written: the depth is one of those that exist, lines
 * are whole words, and all that is shown is memory. */
void vbe_settle(struct vga *s)
{
    uint16_t *r = s->vbe;
    unsigned bits, lines;

    if (!vbe_on(s)) {
        return;
    }
    if (r[VBE_BPP] != 4 && r[VBE_BPP] != 8 && r[VBE_BPP] != 15 && r[VBE_BPP] != 16 && r[VBE_BPP] != 24 &&
        r[VBE_BPP] != 32) {
        r[VBE_BPP] = 8;
    }
    bits = pixel_bits(s);
    r[VBE_XRES] = CLAMP(r[VBE_XRES] & ~7u, 8, VBE_WIDTH_MAX);
    r[VBE_VIRT_WIDTH] = MIN(MAX(r[VBE_VIRT_WIDTH] & ~7u, r[VBE_XRES]), VBE_WIDTH_MAX);
    s->vbe_line_bytes = r[VBE_VIRT_WIDTH] * bits / 8;
    lines = s->vram_bytes / s->vbe_line_bytes;
    r[VBE_YRES] = CLAMP(r[VBE_YRES], 1, MIN(VBE_HEIGHT_MAX, lines));
    r[VBE_VIRT_HEIGHT] = MIN(lines, UINT16_MAX);
    r[VBE_X_OFFSET] = MIN(r[VBE_X_OFFSET], r[VBE_VIRT_WIDTH] - r[VBE_XRES]);
    r[VBE_Y_OFFSET] = MIN(r[VBE_Y_OFFSET], r[VBE_VIRT_HEIGHT] - r[VBE_YRES]);
    s->vbe_start = r[VBE_Y_OFFSET] * s->vbe_line_bytes + r[VBE_X_OFFSET] * bits / 8;
}

/* Guests that look at the VGA's registers find the mode there as far as they can say it. */
static void mirror(struct vga *s)
{
    unsigned h = s->vbe[VBE_YRES] - 1, shift = s->vbe[VBE_BPP] == 4 ? 0 : 2;

    s->gr[GR_MISC] = (s->gr[GR_MISC] & ~0x0c) | 0x04 | GR_MISC_GRAPHICS;
    s->gr[GR_MODE] = (s->gr[GR_MODE] & ~0x60) | shift << 5;
    s->cr[CR_MODE] |= 3;
    s->cr[CR_OFFSET] = s->vbe_line_bytes >> 3;
    s->cr[CR_H_END] = (s->vbe[VBE_XRES] >> 3) - 1;
    s->cr[CR_V_END] = h;
    s->cr[CR_OVERFLOW] = (s->cr[CR_OVERFLOW] & ~0x42) | (h >> 7 & 2) | (h >> 3 & 0x40) | 0x10;
    s->cr[CR_LINE_COMPARE] = 0xff;
    s->cr[CR_MAX_SCAN] = (s->cr[CR_MAX_SCAN] & ~0x9f) | 0x40;
}

static void write_enable(struct vga *s, uint16_t v)
{
    bool was_on = vbe_on(s);

    s->vbe[VBE_ENABLE] = v;
    s->vbe[VBE_BANK] = 0;
    if (!vbe_on(s)) {
        return;
    }
    if (!was_on) {
        s->vbe[VBE_VIRT_WIDTH] = s->vbe[VBE_X_OFFSET] = s->vbe[VBE_Y_OFFSET] = 0;
    }
    vbe_settle(s);
    mirror(s);
    if (!was_on && !(v & VBE_KEEP_MEMORY)) {
        uint32_t bytes = s->vbe[VBE_YRES] * s->vbe_line_bytes;

        memset(s->vram->host, 0, bytes);
        ram_written(s->vram, 0, bytes);
    }
}

void vbe_write(struct vga *s, unsigned reg, uint16_t v)
{
    s->redraw = true;
    switch (reg) {
    case VBE_ID:
        if (v >= 0xb0c0 && v <= 0xb0c5) {
            s->vbe[reg] = v;
        }
        break;
    case VBE_ENABLE:
        write_enable(s, v);
        break;
    case VBE_BANK:
        s->vbe[reg] = v & ((s->vram_bytes >> 16) - 1);
        break;
    case VBE_XRES: case VBE_YRES: case VBE_BPP: case VBE_VIRT_WIDTH: case VBE_X_OFFSET: case VBE_Y_OFFSET:
        s->vbe[reg] = v;
        if (vbe_on(s)) {
            vbe_settle(s);
            mirror(s);
        }
        break;
    default:
        log_guest("vbe: write of 0x%04x to register %u, which is read-only or nothing", v, reg);
        return;
    }
    vga_window_update(s);
}
