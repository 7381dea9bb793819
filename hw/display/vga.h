/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA and its Bochs extension, as QEMU's "VGA" device has them: registers (vga.c), the window at 0xa0000
 * (vga_window.c), the picture (vga_draw.c). The device around it (vga_pci.c) owns memory regions and properties.
 *
 * Video memory holds the four planes side by side: the 32-bit word n has plane p's byte n in its byte p. Chained and
 * linear modes see the same memory byte by byte. Machine lock.
 */
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "system/device.h"
#include "ui/display.h"

#define VGA_PORTS 0x3b0         /* first port; the index in struct vga's functions counts from here */
#define VGA_PORT_COUNT 0x30
#define VGA_WINDOW 0xa0000u
#define VGA_WINDOW_BYTES 0x20000u
#define VGA_BANK_BYTES 0x10000u
#define VBE_PORTS 0x1ce         /* index, data, data again */

enum vga_sr { SR_RESET, SR_CLOCK, SR_MAP_MASK, SR_FONT, SR_MEMORY, VGA_SRS = 8 };
enum vga_gr { GR_SET_RESET, GR_SET_ENABLE, GR_COMPARE, GR_ROTATE, GR_READ_MAP, GR_MODE, GR_MISC, GR_DONT_CARE, GR_BIT_MASK,
              VGA_GRS = 16 };
enum vga_ar { AR_MODE = 0x10, AR_OVERSCAN, AR_PLANES, AR_PAN, AR_COLOUR, VGA_ARS };
enum vga_cr { CR_H_TOTAL, CR_H_END, CR_V_TOTAL = 6, CR_OVERFLOW, CR_PRESET, CR_MAX_SCAN, CR_CURSOR_START, CR_CURSOR_END,
              CR_START_HIGH, CR_START_LOW, CR_CURSOR_HIGH, CR_CURSOR_LOW, CR_V_SYNC_START, CR_V_SYNC_END, CR_V_END, CR_OFFSET,
              CR_UNDERLINE, CR_MODE = 0x17, CR_LINE_COMPARE, VGA_CRS = 0x20 };
enum { SR_CLOCK_8DOT = 1, SR_CLOCK_HALF = 8, SR_MEMORY_CHAIN4 = 8 };
enum { GR_MODE_ODD_EVEN = 0x10, GR_MODE_READ1 = 8, GR_MISC_GRAPHICS = 1 };
enum { AR_INDEX_VIDEO_ON = 0x20, AR_MODE_LINE_GRAPHICS = 4, AR_MODE_BLINK = 8, AR_MODE_COLOUR_SELECT = 0x80 };

enum vbe_reg { VBE_ID, VBE_XRES, VBE_YRES, VBE_BPP, VBE_ENABLE, VBE_BANK, VBE_VIRT_WIDTH, VBE_VIRT_HEIGHT, VBE_X_OFFSET,
               VBE_Y_OFFSET, VBE_MEMORY, VBE_REGS };
enum { VBE_ENABLED = 1, VBE_GETCAPS = 2, VBE_8BIT_DAC = 0x20, VBE_LFB = 0x40, VBE_KEEP_MEMORY = 0x80 };

struct vga {
    /* state */
    uint8_t sr_index, sr[VGA_SRS];
    uint8_t gr_index, gr[VGA_GRS];
    uint8_t ar_index, ar_data_next, ar[VGA_ARS];
    uint8_t cr_index, cr[VGA_CRS];
    uint8_t msr, fcr, st01;
    uint8_t dac_state, dac_component, dac_read, dac_write, dac_mask, dac_new[3], palette[768];
    uint16_t vbe_index, vbe[VBE_REGS];
    uint32_t latch;
    /* host */
    struct machine *m;
    struct ram_block *vram;
    uint32_t vram_bytes;
    uint32_t vbe_line_bytes, vbe_start;     /* of the mode that is set; start in bytes */
    struct mem_region vram_region, window, planes, linear, ports, vbe_ports;
    struct console *console;
    bool redraw;                            /* a register that shapes the picture has changed */
    uint32_t drawn_phase;                   /* what blinks in the last text picture: place and shape of the cursor */
    uint8_t *dirty;                         /* of each page of the screen */
    uint32_t *line;                         /* a row of a text screen being drawn */
};

/* For the lists of a device that has the struct as its member vga. */
#define VGA_STATE(type) \
    FIELD(type, vga.sr_index), FIELD_BYTES(type, vga.sr), FIELD(type, vga.gr_index), FIELD_BYTES(type, vga.gr), \
    FIELD(type, vga.ar_index), FIELD(type, vga.ar_data_next), FIELD_BYTES(type, vga.ar), FIELD(type, vga.cr_index), \
    FIELD_BYTES(type, vga.cr), FIELD(type, vga.msr), FIELD(type, vga.fcr), FIELD(type, vga.st01), FIELD(type, vga.dac_state), \
    FIELD(type, vga.dac_component), FIELD(type, vga.dac_read), FIELD(type, vga.dac_write), FIELD(type, vga.dac_mask), \
    FIELD_BYTES(type, vga.dac_new), FIELD_BYTES(type, vga.palette), FIELD(type, vga.vbe_index), FIELD_ARRAY(type, vga.vbe), \
    FIELD(type, vga.latch)
#define VGA_HOST(type) \
    HOST(type, vga.m), HOST(type, vga.vram), HOST(type, vga.vram_bytes), HOST(type, vga.vbe_line_bytes), \
    HOST(type, vga.vbe_start), HOST(type, vga.vram_region), HOST(type, vga.window), HOST(type, vga.planes), HOST(type, vga.linear), \
    HOST(type, vga.ports), HOST(type, vga.vbe_ports), HOST(type, vga.console), HOST(type, vga.redraw), \
    HOST(type, vga.drawn_phase), HOST(type, vga.dirty), HOST(type, vga.line)

/* Memory, regions (not mapped) and console; bytes of memory is a power of two from 1 MiB on. */
bool vga_init(struct vga *s, struct device *d, uint32_t vram_bytes, GError **err);
void vga_free(struct vga *s);
void vga_reset(struct vga *s);
/* After state has been loaded: what follows from it. */
void vga_loaded(struct vga *s);

/* ---- registers (vga.c, vga_vbe.c): port from 0 (0x3b0) to VGA_PORT_COUNT - 1 ---- */
uint8_t vga_port_read(struct vga *s, unsigned port);
void vga_port_write(struct vga *s, unsigned port, uint8_t v);
uint16_t vbe_read(struct vga *s, unsigned reg);
void vbe_write(struct vga *s, unsigned reg, uint16_t v);
/* The limits that VBE_GETCAPS shows. */
#define VBE_WIDTH_MAX 16000
#define VBE_HEIGHT_MAX 12000
static inline bool vbe_on(const struct vga *s)
{
    return s->vbe[VBE_ENABLE] & VBE_ENABLED;
}
/* Checks the mode's registers against each other and the memory, and computes line length and start. */
void vbe_settle(struct vga *s);

/* ---- the window (vga_window.c) ---- */
extern const struct mmio_ops vga_window_ops;
/* Maps the linear part over the window, or takes it away, as the registers say. */
void vga_window_update(struct vga *s);
/* Do the linear modes' rules hold: a byte of the window is a byte of memory? */
bool vga_chained(const struct vga *s);

/* ---- the picture (vga_draw.c, vga_text.c) ---- */
void vga_refresh(void *opaque);
/* What both draw with. */
uint32_t vga_colour(const struct vga *s, unsigned index);      /* of the DAC */
void vga_colours16(const struct vga *s, uint32_t colours[16]); /* through the attribute controller */
unsigned vga_start(const struct vga *s);                       /* CRTC start address */
unsigned vga_height(const struct vga *s);                      /* lines of the CRTC's display end */
void vga_draw_text(struct vga *s, bool all);                   /* all: memory or registers have changed */

#endif
