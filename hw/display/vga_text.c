/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text modes: characters in plane 0, attributes in plane 1, fonts in plane 2. A text screen is small, and its fonts lie
 * in the same pages as its characters: all of it is drawn when anything has changed, and compared with what was there.
 */
#include <string.h>

#include "hw/display/vga.h"
#include "system/machine.h"

#define CELLS_MAX (160 * 100)
#define FONT_LINES 32
#define BLINK_NS (16 * 1000000000ll / 70)       /* the cursor changes every 16 frames, characters half as often */

struct text {
    unsigned columns, rows, cell_width, cell_height;
    uint32_t start, line_bytes;                 /* of characters in memory */
    uint32_t font[2];                           /* by bit 3 of the attribute */
    uint32_t colours[16];
    bool blink;                                 /* bit 7 of the attribute is not the background's */
    bool hidden;                                /* blinking characters are not seen now */
    bool line_graphics;                         /* the ninth column of 0xc0 to 0xdf is the eighth again */
    uint32_t cursor;                            /* byte in memory; UINT32_MAX: none */
    unsigned cursor_first, cursor_last;         /* lines */
};

/* SR_FONT has the three bits of each font's number scattered. */
static uint32_t font_start(unsigned low, unsigned high)
{
    return (high | low << 1) * 8192 * 4 + 2;
}

static void find_cursor(const struct vga *s, struct text *t, bool phase)
{
    t->cursor = UINT32_MAX;
    t->cursor_first = s->cr[CR_CURSOR_START] & 0x1f;
    t->cursor_last = MIN(s->cr[CR_CURSOR_END] & 0x1fu, t->cell_height - 1);
    if (!(s->cr[CR_CURSOR_START] & 0x20) && phase && t->cursor_first <= t->cursor_last) {
        t->cursor = (s->cr[CR_CURSOR_HIGH] << 8 | s->cr[CR_CURSOR_LOW]) * 4;
    }
}

static bool describe(const struct vga *s, struct text *t)
{
    unsigned phase = clock_now_ns(&s->m->virtual_clock) / BLINK_NS % 4;
    unsigned font = s->sr[SR_FONT], lines = s->cr[CR_V_TOTAL] == 100 ? 100 : vga_height(s);

    *t = (struct text) { .columns = s->cr[CR_H_END] + 1, .cell_height = (s->cr[CR_MAX_SCAN] & 0x1f) + 1 };
    t->cell_width = s->sr[SR_CLOCK] & SR_CLOCK_HALF ? 16 : s->sr[SR_CLOCK] & SR_CLOCK_8DOT ? 8 : 9;
    /* CGA's mode of 160x100 points is a text mode with cells of two lines. */
    t->rows = s->cr[CR_V_TOTAL] == 100 ? lines : lines / t->cell_height;
    t->start = vga_start(s) * 4;
    t->line_bytes = s->cr[CR_OFFSET] << 3;
    t->font[0] = font_start(font & 3, font >> 4 & 1);
    t->font[1] = font_start(font >> 2 & 3, font >> 5 & 1);
    t->line_graphics = s->ar[AR_MODE] & AR_MODE_LINE_GRAPHICS;
    vga_colours16(s, t->colours);
    t->blink = s->ar[AR_MODE] & AR_MODE_BLINK;
    t->hidden = t->blink && phase & 2;
    find_cursor(s, t, !(phase & 1));
    return t->rows && t->columns * t->rows > 1 && t->columns * t->rows <= CELLS_MAX;
}

/* One line of one cell. */
static uint32_t *draw_cell(const struct vga *s, const struct text *t, uint32_t at, unsigned line, uint32_t *to)
{
    uint32_t mask = s->vram_bytes - 1;
    unsigned ch = s->vram->host[at & mask & ~3u], attr = s->vram->host[(at & mask & ~3u) + 1];
    unsigned bits = s->vram->host[(t->font[attr >> 3 & 1] + (ch * FONT_LINES + line) * 4) & mask];
    uint32_t back = t->colours[attr >> 4 & (t->blink ? 7 : 15)];
    uint32_t fore = attr & 0x80 && t->hidden ? back : t->colours[attr & 0xf];
    bool cursor = (at & mask & ~3u) == t->cursor && line >= t->cursor_first && line <= t->cursor_last;

    bits = cursor ? 0x1ff : bits << 1;
    if (ch >= 0xb0 && ch <= 0xdf && t->line_graphics) {
        bits |= bits >> 1 & 1;
    }
    for (unsigned x = 0; x < t->cell_width; x++) {
        unsigned bit = t->cell_width == 16 ? x / 2 : x;

        *to++ = bits >> (8 - bit) & 1 ? fore : back;
    }
    return to;
}

/* Draws a row of the screen line by line; the range of lines that came out different is its damage. */
static void draw_row(struct vga *s, const struct text *t, unsigned row, struct surface *to)
{
    unsigned first = UINT_MAX, last = 0, y = row * t->cell_height;

    for (unsigned line = 0; line < t->cell_height; line++) {
        uint32_t *p = s->line;

        for (unsigned x = 0; x < t->columns; x++) {
            p = draw_cell(s, t, t->start + row * t->line_bytes + x * 4, line, p);
        }
        if (memcmp(surface_row(to, y + line), s->line, to->width * sizeof *p)) {
            memcpy(surface_row(to, y + line), s->line, to->width * sizeof *p);
            first = MIN(first, line);
            last = line;
        }
    }
    if (first <= last) {
        console_damage(s->console, 0, y + first, to->width, last - first + 1);
    }
}

void vga_draw_text(struct vga *s, bool all)
{
    struct surface *to;
    struct text t;
    uint32_t phase;

    if (!describe(s, &t)) {
        return;
    }
    phase = t.cursor ^ t.cursor_first << 24 ^ t.cursor_last << 18 ^ (uint32_t)t.hidden << 31;
    if (!all && phase == s->drawn_phase) {
        return;
    }
    s->drawn_phase = phase;
    to = console_resize(s->console, t.columns * t.cell_width, t.rows * t.cell_height);
    s->line = g_renew(uint32_t, s->line, to->width);
    for (unsigned row = 0; row < t.rows; row++) {
        draw_row(s, &t, row, to);
    }
}
