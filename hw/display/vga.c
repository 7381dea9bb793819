/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA's registers (IBM Personal System/2 Hardware Interface Technical Reference, "Video Subsystem", 1992).
 *
 * Ports: 0x3b4, 0x3b5, 0x3ba or 0x3d4, 0x3d5, 0x3da (by bit 0 of the miscellaneous register), 0x3c0 to 0x3cf.
 * Not modelled: timing (each read of the status register says the opposite of the last one, so that whoever waits for a
 * retrace goes on), the vertical interrupt, monitor sense bits.
 */
#include "hw/display/vga.h"

#include <string.h>

#include "system/machine.h"
#include "util/log.h"

enum { MSR_COLOUR = 1 };
enum { ST01_RETRACE = 8, ST01_BLANK = 1 };
enum { CR_LOCK = 0x80 };        /* in CR_V_SYNC_END: registers 0 to 7 are read-only, but for bit 8 of the line compare */

/* Bits that exist. */
static const uint8_t sr_bits[VGA_SRS] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0xff };
static const uint8_t gr_bits[VGA_GRS] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };

static uint8_t ar_bits(unsigned n)
{
    return n < AR_MODE || n == AR_PLANES ? 0x3f : n == AR_MODE ? 0xef : n == AR_OVERSCAN ? 0xff : 0x0f;
}

/* ---- attribute controller: index and data share a port ---- */

static void write_attribute(struct vga *s, uint8_t v)
{
    unsigned n = s->ar_index & 0x1f;

    s->ar_data_next ^= 1;
    s->redraw = true;
    if (s->ar_data_next) {
        s->ar_index = v & 0x3f;
    } else if (n < VGA_ARS) {
        s->ar[n] = v & ar_bits(n);
    }
}

/* ---- DAC ---- */

static uint8_t read_dac(struct vga *s)
{
    uint8_t v = s->palette[s->dac_read * 3 + s->dac_component];

    if (++s->dac_component == 3) {
        s->dac_component = 0;
        s->dac_read++;
    }
    return v;
}

static void write_dac(struct vga *s, uint8_t v)
{
    s->dac_new[s->dac_component++] = v;
    if (s->dac_component == 3) {
        memcpy(&s->palette[s->dac_write * 3], s->dac_new, 3);
        s->dac_component = 0;
        s->dac_write++;
        s->redraw = true;
    }
}

/* ---- CRTC ---- */

static void write_crtc(struct vga *s, uint8_t v)
{
    unsigned n = s->cr_index;

    if (n > CR_LINE_COMPARE) {
        return;
    }
    if ((s->cr[CR_V_SYNC_END] & CR_LOCK) && n <= CR_OVERFLOW) {
        if (n == CR_OVERFLOW) {
            s->cr[n] = (s->cr[n] & ~0x10) | (v & 0x10);
            s->redraw = true;
        }
        return;
    }
    s->cr[n] = v;
    s->redraw |= n != CR_CURSOR_START && n != CR_CURSOR_END && n != CR_CURSOR_HIGH && n != CR_CURSOR_LOW;
}

static void write_sequencer(struct vga *s, uint8_t v)
{
    unsigned n = s->sr_index;

    s->sr[n] = v & sr_bits[n];
    s->redraw |= n == SR_CLOCK || n == SR_FONT;
    if (n == SR_MAP_MASK || n == SR_MEMORY) {
        vga_window_update(s);
    }
}

static void write_graphics(struct vga *s, uint8_t v)
{
    unsigned n = s->gr_index;

    s->gr[n] = v & gr_bits[n];
    s->redraw |= n == GR_MODE || n == GR_MISC;
    if (n == GR_MISC) {
        vga_window_update(s);
    }
}

/* Ports 0x3b0 and 0x3d0 on have the same meaning, but only one of the groups is there. */
static bool absent(const struct vga *s, unsigned port)
{
    return s->msr & MSR_COLOUR ? port < 0x10 : port >= 0x20;
}

uint8_t vga_port_read(struct vga *s, unsigned port)
{
    if (absent(s, port)) {
        return 0xff;
    }
    switch (port + VGA_PORTS) {
    case 0x3c0:
        return s->ar_data_next ? 0 : s->ar_index;
    case 0x3c1:
        return (s->ar_index & 0x1f) < VGA_ARS ? s->ar[s->ar_index & 0x1f] : 0;
    case 0x3c4:
        return s->sr_index;
    case 0x3c5:
        return s->sr[s->sr_index];
    case 0x3c6:
        return s->dac_mask;
    case 0x3c7:
        return s->dac_state;
    case 0x3c8:
        return s->dac_write;
    case 0x3c9:
        return read_dac(s);
    case 0x3ca:
        return s->fcr;
    case 0x3cc:
        return s->msr;
    case 0x3ce:
        return s->gr_index;
    case 0x3cf:
        return s->gr[s->gr_index];
    case 0x3b4: case 0x3d4:
        return s->cr_index;
    case 0x3b5: case 0x3d5:
        return s->cr_index < VGA_CRS ? s->cr[s->cr_index] : 0;
    case 0x3ba: case 0x3da:
        s->ar_data_next = 0;
        return s->st01 ^= ST01_RETRACE | ST01_BLANK;
    default:
        return 0;
    }
}

void vga_port_write(struct vga *s, unsigned port, uint8_t v)
{
    if (absent(s, port)) {
        return;
    }
    switch (port + VGA_PORTS) {
    case 0x3c0:
        write_attribute(s, v);
        break;
    case 0x3c2:
        s->msr = v & ~0x10;
        break;
    case 0x3c4:
        s->sr_index = v & 7;
        break;
    case 0x3c5:
        write_sequencer(s, v);
        break;
    case 0x3c6:
        s->dac_mask = v;
        s->redraw = true;
        break;
    case 0x3c7:
        s->dac_read = v;
        s->dac_component = 0;
        s->dac_state = 3;
        break;
    case 0x3c8:
        s->dac_write = v;
        s->dac_component = 0;
        s->dac_state = 0;
        break;
    case 0x3c9:
        write_dac(s, v);
        break;
    case 0x3ce:
        s->gr_index = v & 0xf;
        break;
    case 0x3cf:
        write_graphics(s, v);
        break;
    case 0x3b4: case 0x3d4:
        s->cr_index = v;
        break;
    case 0x3b5: case 0x3d5:
        write_crtc(s, v);
        break;
    case 0x3ba: case 0x3da:
        s->fcr = v & 0x10;
        break;
    default:
        log_guest("vga: write of 0x%02x to port 0x%03x, which is read-only or nothing", v, port + VGA_PORTS);
    }
}

/* ---- regions ---- */

static enum mem_result ports_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = vga_port_read(opaque, offset);
    return MEM_OK;
}

static enum mem_result ports_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    vga_port_write(opaque, offset, value);
    return MEM_OK;
}

static const struct mmio_ops ports_ops = {
    .read = ports_read, .write = ports_write, .valid_max = 4, .impl_max = 1, .unaligned = true,
};

/* Port 0: the index; 1 and 2: the register. Words at odd ports are what the interface asks for. */
static enum mem_result vbe_ports_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                      struct mem_attrs attrs)
{
    struct vga *s = opaque;

    *value = offset ? vbe_read(s, s->vbe_index) : s->vbe_index;
    return MEM_OK;
}

static enum mem_result vbe_ports_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                       struct mem_attrs attrs)
{
    struct vga *s = opaque;

    if (offset) {
        vbe_write(s, s->vbe_index, value);
    } else {
        s->vbe_index = value;
    }
    return MEM_OK;
}

static const struct mmio_ops vbe_ports_ops = {
    .read = vbe_ports_read, .write = vbe_ports_write, .valid_max = 2, .impl_max = 2, .unaligned = true,
};

static const struct console_ops console_ops = { .refresh = vga_refresh };

bool vga_init(struct vga *s, struct device *d, uint32_t vram_bytes, GError **err)
{
    struct memory *mem = &d->m->memory;

    s->m = d->m;
    s->vram_bytes = vram_bytes;
    s->vram = machine_new_ram(d->m, "vga.vram", vram_bytes, err);
    if (!s->vram) {
        return false;
    }
    s->vram->tracked |= RAM_PAGE_DIRTY_DISPLAY;
    s->dirty = g_malloc(vram_bytes >> MEM_PAGE_BITS);
    mem_ram_init(&s->vram_region, "vga.vram", s->vram, 0, vram_bytes);
    mem_container_init(&s->window, mem, "vga-window", VGA_WINDOW_BYTES);
    mem_mmio_init(&s->planes, mem, "vga-lowmem", VGA_WINDOW_BYTES, &vga_window_ops, s);
    mem_alias_init(&s->linear, "vga-linear", &s->vram_region, 0, VGA_BANK_BYTES);
    mem_mmio_init(&s->ports, mem, "vga", VGA_PORT_COUNT, &ports_ops, s);
    mem_mmio_init(&s->vbe_ports, mem, "vbe", 4, &vbe_ports_ops, s);
    s->planes.busy = s->ports.busy = s->vbe_ports.busy = &d->in_mmio;
    mem_map(&s->window, 0, &s->planes, 0);
    mem_map(&s->window, 0, &s->linear, 1);
    mem_set_enabled(&s->linear, false);
    s->console = console_new(d->m->display, d->type->name, d->id, &console_ops, s);
    return true;
}

void vga_free(struct vga *s)
{
    if (s->console) {
        console_free(s->console);
    }
    mem_region_free(&s->linear);
    mem_region_free(&s->planes);
    mem_region_free(&s->window);
    mem_region_free(&s->ports);
    mem_region_free(&s->vbe_ports);
    mem_region_free(&s->vram_region);
    g_free(s->dirty);
    g_free(s->line);
    *s = (struct vga) { 0 };
}

void vga_reset(struct vga *s)
{
    memset(&s->sr_index, 0, offsetof(struct vga, vbe_index) - offsetof(struct vga, sr_index));
    memset(s->vbe, 0, sizeof s->vbe);
    s->vbe_index = 0;
    s->vbe[VBE_ID] = 0xb0c5;
    s->vbe[VBE_MEMORY] = s->vram_bytes >> 16;
    s->dac_mask = 0xff;
    s->latch = 0;
    vga_loaded(s);
}

void vga_loaded(struct vga *s)
{
    s->sr_index %= VGA_SRS;
    s->gr_index %= VGA_GRS;
    s->dac_component %= 3;
    s->redraw = true;
    vbe_settle(s);
    vga_window_update(s);
}
