/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture in host memory, and files made from it. There is one pixel format, so that neither devices nor front ends
 * convert between formats of each other: devices draw into surfaces, front ends copy from them.
 */
#ifndef UI_SURFACE_H
#define UI_SURFACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SURFACE_SIDE_MAX 16384

/* Row-major, without gaps; a pixel is 0x__RRGGBB, its highest byte means nothing. */
struct surface {
    unsigned width, height;     /* pixels, 1 to SURFACE_SIDE_MAX */
    uint32_t *pixels;
};

/* A black picture. */
struct surface *surface_new(unsigned width, unsigned height);
void surface_free(struct surface *s);

static inline uint32_t *surface_row(const struct surface *s, unsigned y)
{
    return s->pixels + (size_t)y * s->width;
}

/* The picture as a file of its own: 8-bit RGB PNG (ISO/IEC 15948), or binary PPM (P6). */
GByteArray *surface_png(const struct surface *s);
GByteArray *surface_ppm(const struct surface *s);

#endif
