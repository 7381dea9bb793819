/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/display/edid.h"

#include <glib.h>
#include <string.h>

#define DPI 100
#define REFRESH_HZ 75

/* Established timings I and II (3.8): the bits of 640x480, 800x600 and 1024x768 at 60 Hz. */
enum { EST1_640 = 0x20, EST1_800 = 0x01, EST2_1024 = 0x08 };

/* 3.9: width / 8 - 31; aspect ratio (0: 16:10, 1: 4:3, 2: 5:4, 3: 16:9) and refresh rate - 60. */
static const struct {
    uint16_t width;
    uint8_t aspect;
} standard[8] = { { 1280, 0 }, { 1280, 2 }, { 1440, 0 }, { 1600, 1 }, { 1680, 0 }, { 1920, 3 }, { 1920, 0 }, { 2048, 1 } };

static void detailed_timing(uint8_t *p, unsigned width, unsigned height, unsigned mm_x, unsigned mm_y)
{
    /* Blanking as of a cathode ray tube: nobody has to keep to it. */
    unsigned front = width * 25 / 100, sync = width * 3 / 100, blank = width * 35 / 100;
    unsigned v_front = height * 5 / 1000, v_sync = height * 5 / 1000, v_blank = height * 35 / 1000;
    uint64_t clock = (uint64_t)REFRESH_HZ * (width + blank) * (height + v_blank) / 10000;

    clock = MIN(clock, 0xffff);
    p[0] = clock;
    p[1] = clock >> 8;
    p[2] = width;
    p[3] = blank;
    p[4] = (width >> 8 & 0xf) << 4 | (blank >> 8 & 0xf);
    p[5] = height;
    p[6] = v_blank;
    p[7] = (height >> 8 & 0xf) << 4 | (v_blank >> 8 & 0xf);
    p[8] = front;
    p[9] = sync;
    p[10] = (v_front & 0xf) << 4 | (v_sync & 0xf);
    p[11] = (front >> 8 & 3) << 6 | (sync >> 8 & 3) << 4 | (v_front >> 4 & 3) << 2 | (v_sync >> 4 & 3);
    p[12] = mm_x;
    p[13] = mm_y;
    p[14] = (mm_x >> 8 & 0xf) << 4 | (mm_y >> 8 & 0xf);
    p[17] = 0x18;                       /* digital, separate sync */
}

/* A descriptor of text (3.10.3), padded with spaces after a line feed. */
static void text_descriptor(uint8_t *p, uint8_t type, const char *text)
{
    p[3] = type;
    memset(p + 5, ' ', 13);
    memcpy(p + 5, text, strlen(text));
    p[5 + strlen(text)] = '\n';
}

void edid_make(uint8_t out[EDID_BYTES], unsigned width, unsigned height)
{
    static const uint8_t start[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
    static const uint8_t srgb[10] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
    unsigned mm_x, mm_y, sum = 0;

    width = MIN(width, 4095);           /* what a detailed timing can say */
    height = MIN(height, 4095);
    mm_x = width * 254 / DPI / 10;
    mm_y = height * 254 / DPI / 10;
    memset(out, 0, EDID_BYTES);
    memcpy(out, start, sizeof start);
    out[8] = ('R' - '@') << 2 | ('H' - '@') >> 3;       /* the maker that guests know this display by: RHT */
    out[9] = (('H' - '@') & 7) << 5 | ('T' - '@');
    out[10] = 0x34;
    out[11] = 0x12;
    out[16] = 42;                       /* week, and year since 1990 */
    out[17] = 2014 - 1990;
    out[18] = 1;
    out[19] = 4;
    out[20] = 0xa5;                     /* digital, 8 bits a colour, DisplayPort */
    out[21] = MIN(mm_x / 10, 255);
    out[22] = MIN(mm_y / 10, 255);
    out[23] = 220 - 100;                /* gamma 2.2 */
    out[24] = 0x06;                     /* sRGB, the first detailed timing is the native one */
    memcpy(out + 25, srgb, sizeof srgb);
    out[35] = EST1_640 | EST1_800;
    out[36] = EST2_1024;
    for (unsigned i = 0; i < G_N_ELEMENTS(standard); i++) {
        out[38 + 2 * i] = standard[i].width / 8 - 31;
        out[39 + 2 * i] = standard[i].aspect << 6;
    }
    detailed_timing(out + 54, width, height, mm_x, mm_y);
    text_descriptor(out + 72, 0xfc, "QEMU Monitor");
    out[90 + 3] = 0xfd;                 /* range limits: 50 to 125 Hz, 30 to 160 kHz, up to 2550 MHz, no formula */
    memcpy(out + 90 + 5, (const uint8_t[]) { 50, 125, 30, 160, 255, 1, '\n', ' ', ' ', ' ', ' ', ' ', ' ' }, 13);
    out[108 + 3] = 0x10;                /* nothing */
    for (unsigned i = 0; i < EDID_BYTES - 1; i++) {
        sum += out[i];
    }
    out[127] = -sum;
}
