/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From video memory to the surface: which picture the registers describe, and its graphics modes. Only lines whose memory
 * has been written since the last refresh are drawn again, unless a register has changed that shapes them all.
 */
#include <string.h>

#include "hw/display/vga.h"

/* How a line of memory becomes pixels. */
enum format {
    PLANES_4,       /* four planes, a bit of each */
    PLANES_2,       /* CGA: two bits from a plane, two from another */
    INDEX_8,        /* a byte: an index of the DAC */
    RGB_15, RGB_16, RGB_24, RGB_32,
};

struct picture {
    enum format format;
    unsigned width, height;         /* of the surface */
    unsigned twice;                 /* 1: each pixel is drawn twice */
    uint32_t start, line_bytes;     /* in memory */
    unsigned repeat;                /* each line is shown so many times more */
    unsigned line_compare;          /* after this line on the screen, memory is read from its start */
    unsigned pan;                   /* pixels left out at the left */
    uint32_t colours[16];
    uint32_t mask;                  /* bytes of the planes that are shown */
    bool planar;                    /* format is one of the first two */
};

uint32_t vga_colour(const struct vga *s, unsigned index)
{
    const uint8_t *p = &s->palette[(index & s->dac_mask) * 3];
    uint32_t v = 0;

    for (unsigned i = 0; i < 3; i++) {
        unsigned c = p[i];

        if (!(vbe_on(s) && (s->vbe[VBE_ENABLE] & VBE_8BIT_DAC))) {
            c = (c & 0x3f) << 2 | (c & 1 ? 3 : 0);
        }
        v = v << 8 | c;
    }
    return v;
}

void vga_colours16(const struct vga *s, uint32_t colours[16])
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned v = s->ar[i] & 0x3f;

        if (s->ar[AR_MODE] & AR_MODE_COLOUR_SELECT) {
            v = (s->ar[AR_COLOUR] & 0xf) << 4 | (v & 0xf);
        } else {
            v = (s->ar[AR_COLOUR] & 0xc) << 4 | v;
        }
        colours[i] = vga_colour(s, v);
    }
}

unsigned vga_start(const struct vga *s)
{
    return s->cr[CR_START_HIGH] << 8 | s->cr[CR_START_LOW];
}

unsigned vga_height(const struct vga *s)
{
    unsigned o = s->cr[CR_OVERFLOW];

    return (s->cr[CR_V_END] | (o & 0x02) << 7 | (o & 0x40) << 3) + 1;
}

/* ---- single lines ---- */

/* Planes' words wrap at the end of memory, as the counter of a real one does at the end of its planes. */
static uint32_t plane_word(const struct vga *s, uint32_t at)
{
    uint32_t v;

    memcpy(&v, s->vram->host + (at & (s->vram_bytes - 1) & ~3u), 4);
    return GUINT32_FROM_LE(v);
}

/* The eight pixels of one word, as indices of 16 colours. */
static void planes_4(uint32_t v, uint8_t out[8])
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (v >> (7 - i) & 1) | (v >> (15 - i) & 1) << 1 | (v >> (23 - i) & 1) << 2 | (v >> (31 - i) & 1) << 3;
    }
}

/* Four pixels from planes 0 and 2, then four from 1 and 3. */
static void planes_2(uint32_t v, uint8_t out[8])
{
    for (unsigned half = 0; half < 2; half++, v >>= 8) {
        for (unsigned i = 0; i < 4; i++) {
            out[half * 4 + i] = (v >> (6 - 2 * i) & 3) | (v >> (22 - 2 * i) & 3) << 2;
        }
    }
}

static void draw_planes(const struct vga *s, const struct picture *p, uint32_t at, uint32_t *to)
{
    unsigned wanted = p->width >> p->twice, skip = p->pan;
    uint8_t pixels[8];

    for (unsigned x = 0; x < wanted; at += 4, skip = 0) {
        uint32_t v = plane_word(s, at) & p->mask;

        if (p->format == PLANES_4) {
            planes_4(v, pixels);
        } else {
            planes_2(v, pixels);
        }
        for (unsigned i = skip; i < 8 && x < wanted; i++, x++) {
            for (unsigned n = 0; n <= p->twice; n++) {
                *to++ = p->colours[pixels[i]];
            }
        }
    }
}

static uint32_t rgb15(unsigned v)
{
    unsigned r = v >> 10 & 0x1f, g = v >> 5 & 0x1f, b = v & 0x1f;

    return (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2);
}

static uint32_t rgb16(unsigned v)
{
    unsigned r = v >> 11, g = v >> 5 & 0x3f, b = v & 0x1f;

    return (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2);
}

/* Pixels of whole bytes; from has bytes enough. */
static void draw_chunky(const struct vga *s, const struct picture *p, const uint8_t *from, const uint32_t *dac, uint32_t *to)
{
    unsigned width = p->width >> p->twice;

    for (unsigned x = 0; x < width; x++) {
        switch (p->format) {
        case INDEX_8:
            *to = dac[*from++];
            if (p->twice) {
                to[1] = to[0];
                to++;
            }
            break;
        case RGB_15: case RGB_16: {
            unsigned v = from[0] | from[1] << 8;

            *to = p->format == RGB_15 ? rgb15(v) : rgb16(v);
            from += 2;
            break;
        }
        default:
            *to = from[0] | from[1] << 8 | from[2] << 16;
            from += 3;
        }
        to++;
    }
}

static unsigned bytes_of(const struct picture *p)
{
    static const uint8_t bytes[] = { [INDEX_8] = 1, [RGB_15] = 2, [RGB_16] = 2, [RGB_24] = 3, [RGB_32] = 4 };
    unsigned pixels = p->width >> p->twice;

    return p->planar ? (pixels + p->pan + 7) / 8 * 4 : pixels * bytes[p->format];
}

static void draw_line(const struct vga *s, const struct picture *p, uint32_t at, const uint32_t *dac, uint32_t *to)
{
    if (p->planar) {
        draw_planes(s, p, at, to);
        return;
    }
    at &= s->vram_bytes - 1;
    if (bytes_of(p) > s->vram_bytes - at) {
        memset(to, 0, p->width * sizeof *to);       /* beyond the memory */
    } else if (p->format == RGB_32 && G_BYTE_ORDER == G_LITTLE_ENDIAN) {
        memcpy(to, s->vram->host + at, p->width * sizeof *to);
    } else if (p->format == RGB_32) {
        for (unsigned x = 0; x < p->width; x++) {
            to[x] = plane_word(s, at + 4 * x);
        }
    } else {
        draw_chunky(s, p, s->vram->host + at, dac, to);
    }
}

/* ---- the mode ---- */

static void describe_vbe(const struct vga *s, struct picture *p)
{
    p->width = s->vbe[VBE_XRES];
    p->height = s->vbe[VBE_YRES];
    p->start = s->vbe_start;
    p->line_bytes = s->vbe_line_bytes;
    p->line_compare = UINT32_MAX;
    p->format = s->vbe[VBE_BPP] == 4 ? PLANES_4 : s->vbe[VBE_BPP] == 8 ? INDEX_8 : s->vbe[VBE_BPP] == 15 ? RGB_15
              : s->vbe[VBE_BPP] == 16 ? RGB_16 : s->vbe[VBE_BPP] == 24 ? RGB_24 : RGB_32;
}

/* The registers' modes. 256 colours count words of four pixels. With CGA's banks the line counter in the character is part of
 * the address, and repeats nothing. */
static void describe_vga(const struct vga *s, struct picture *p)
{
    unsigned shift = s->gr[GR_MODE] >> 5 & 3;

    p->width = (s->cr[CR_H_END] + 1) * 8;
    p->height = vga_height(s);
    p->start = vga_start(s) * 4;
    p->line_bytes = s->cr[CR_OFFSET] << 3;
    p->line_compare = s->cr[CR_LINE_COMPARE] | (s->cr[CR_OVERFLOW] & 0x10) << 4 | (s->cr[CR_MAX_SCAN] & 0x40) << 3;
    p->repeat = (((s->cr[CR_MODE] & 1 ? s->cr[CR_MAX_SCAN] & 0x1f : 0) + 1) << (s->cr[CR_MAX_SCAN] >> 7)) - 1;
    p->pan = s->ar[AR_PAN] & 7;
    if (shift >= 2) {
        p->format = INDEX_8;
        p->twice = 1;
        p->pan = 0;
    } else {
        p->format = shift ? PLANES_2 : PLANES_4;
        p->twice = (s->sr[SR_CLOCK] & SR_CLOCK_HALF) != 0;
        p->width <<= p->twice;
    }
}

static void describe(const struct vga *s, struct picture *p)
{
    *p = (struct picture) { 0 };
    if (vbe_on(s)) {
        describe_vbe(s, p);
    } else {
        describe_vga(s, p);
    }
    p->planar = p->format <= PLANES_2;
    if (p->planar) {
        for (unsigned i = 0; i < 4; i++) {
            p->mask |= s->ar[AR_PLANES] & 1u << i ? 0xffu << (8 * i) : 0;
        }
        vga_colours16(s, p->colours);
    }
}

/* The counters of the CRTC: where line y's memory is. CGA's banks, and Hercules', are bits of the line number. */
static uint32_t banked(const struct vga *s, uint32_t at, unsigned line)
{
    if (!vbe_on(s) && !(s->cr[CR_MODE] & 1)) {
        unsigned bit = 14 + (s->cr[CR_MODE] >> 6 & 1);

        at = (at & ~(1u << bit)) | (line & 1) << bit;
    }
    if (!vbe_on(s) && !(s->cr[CR_MODE] & 2)) {
        at = (at & ~0x8000u) | (line & 2) << 14;
    }
    return at;
}

static bool line_dirty(const struct vga *s, uint32_t at, uint32_t bytes)
{
    uint32_t first = (at & (s->vram_bytes - 1)) >> MEM_PAGE_BITS;
    uint32_t last = MIN(((at & (s->vram_bytes - 1)) + bytes - 1) >> MEM_PAGE_BITS, (s->vram_bytes >> MEM_PAGE_BITS) - 1);

    for (uint32_t page = first; page <= last; page++) {
        if (s->dirty[page]) {
            return true;
        }
    }
    return at + (uint64_t)bytes > s->vram_bytes;       /* it wraps: rare, and not worth a second look */
}

/* Runs of drawn lines become rectangles of damage. */
static void draw_graphics(struct vga *s, bool all)
{
    struct picture p;
    struct surface *to;
    uint32_t at, bytes, dac[256];
    unsigned repeat, line = 0, banks = vbe_on(s) ? 0 : ~s->cr[CR_MODE] & 3, from = 0;

    describe(s, &p);
    to = console_resize(s->console, p.width, p.height);
    bytes = bytes_of(&p);
    at = p.start;
    repeat = p.repeat;
    for (unsigned i = 0; i < 256 && p.format == INDEX_8; i++) {
        dac[i] = vga_colour(s, i);
    }
    for (unsigned y = 0; y < p.height; y++) {
        uint32_t here = banked(s, at, line);

        if (all || line_dirty(s, here, bytes)) {
            draw_line(s, &p, here, dac, surface_row(to, y));
        } else {
            console_damage(s->console, 0, from, p.width, y - from);
            from = y + 1;
        }
        if (repeat) {
            repeat--;
        } else {
            if ((line & banks) == banks) {
                at += p.line_bytes;
            }
            line++;
            repeat = p.repeat;
        }
        if (y == p.line_compare) {
            at = 0;
            p.pan = s->ar[AR_MODE] & 0x20 ? 0 : p.pan;
        }
    }
    console_damage(s->console, 0, from, p.width, p.height - from);
}

static void blank(struct vga *s)
{
    const struct surface *to = s->console->surface;

    memset(to->pixels, 0, (size_t)to->width * to->height * sizeof(uint32_t));
    console_damage(s->console, 0, 0, to->width, to->height);
}

void vga_refresh(void *opaque)
{
    struct vga *s = opaque;
    bool written = ram_take_dirty(s->vram, 0, s->vram_bytes, RAM_PAGE_DIRTY_DISPLAY, s->dirty);
    bool all = s->redraw;

    s->redraw = false;
    if (!(s->ar_index & AR_INDEX_VIDEO_ON)) {
        if (all) {
            blank(s);
        }
    } else if (vbe_on(s) || (s->gr[GR_MISC] & GR_MISC_GRAPHICS)) {
        if (all || written) {
            draw_graphics(s, all);
        }
    } else {
        vga_draw_text(s, all || written);
    }
}
